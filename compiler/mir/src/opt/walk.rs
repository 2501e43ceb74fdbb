//! Loops that walk over elements by a pointer ask for the end by the pointer.
//!
//! An iterator over a slice keeps where it is and how many elements are left: two numbers that change in step. Where the second is only
//! asked whether it is nothing yet, the address behind the last element, computed in front of the loop, says the same.

use super::Cx;
use super::loops::{Natural, enter_through, find_loops_with};
use super::ssa::{self, Ssa};
use crate::body::*;
use hir::ty::TyKind;

/// Finding loops anew for each change costs the square of their number.
const CHANGES_MAX: usize = 24;

/// Whether anything changed.
pub(super) fn run(cx: &Cx, body: &mut Body) -> bool {
    let mut any = false;
    for _ in 0..CHANGES_MAX {
        let facts = ssa::find(body);
        let found = find_loops_with(body, &facts.dominators).into_iter().find_map(|natural| Walk::find(cx, body, &facts, &natural).map(|walk| (natural, walk)));
        let Some((natural, walk)) = found else { break };
        walk.write(body, &natural);
        any = true;
    }
    any
}

struct Walk {
    pointer: Local,
    left: Local,
    /// Where it is asked whether any are left.
    asks: (BlockId, usize),
    /// Where there is one less: the operation, and the assignment behind it.
    takes: (BlockId, usize, usize),
}

impl Walk {
    fn find(cx: &Cx, body: &Body, facts: &Ssa, natural: &Natural) -> Option<Walk> {
        let all = || natural.blocks.iter().flat_map(|index| body.blocks[index].statements.iter().enumerate().map(move |(at, s)| (BlockId(index as u32), at, s)));
        let assigns = |local: Local| {
            let calls = natural.blocks.iter().any(|index| matches!(&body.blocks[index].terminator.kind, TerminatorKind::Call { dest, .. } if dest.local == local));
            all().filter(|(_, _, s)| matches!(&s.kind, StatementKind::Assign(place, _) if place.local == local)).count() + usize::from(calls) * 2
        };
        // t = left - 1; left = t, where left is read nowhere else but in one question.
        let steps = |block: BlockId, wanted: BinaryOp| {
            let statements = &body.block(block).statements;
            (0..statements.len()).filter_map(move |at| {
                let StatementKind::Assign(made, Rvalue::Binary(op, from, by)) = &statements[at].kind else { return None };
                let (made, from) = (made.as_local()?, from.as_local()?);
                if *op != wanted || by.as_int() != Some(1) {
                    return None;
                }
                let moved = statements.iter().enumerate().skip(at + 1).find_map(|(to, s)| match &s.kind {
                    StatementKind::Assign(place, Rvalue::Use(value)) if place.as_local() == Some(from) && value.as_local() == Some(made) => Some(to),
                    _ => None,
                })?;
                (facts.reads[made.index()] == 1).then_some((from, at, moved))
            })
        };
        for (asked, at, statement) in all() {
            let StatementKind::Assign(_, Rvalue::Binary(BinaryOp::Eq, operand, zero)) = &statement.kind else { continue };
            let Some(left) = operand.as_local().filter(|_| zero.as_int() == Some(0)) else { continue };
            let is_count = matches!(body.local_decl(left).ty.kind(), TyKind::Int(_)) && left.0 > body.param_count;
            if !is_count || facts.reads[left.index()] != 2 || facts.borrowed.contains(left.index()) || assigns(left) != 1 {
                continue;
            }
            for index in natural.blocks.iter() {
                let block = BlockId(index as u32);
                let Some((_, takes, moved)) = steps(block, BinaryOp::Sub).find(|(from, ..)| *from == left) else { continue };
                if block == asked {
                    continue;
                }
                // A pointer that goes on where there is one less.
                let walks = |pointer: Local| {
                    let ty = body.local_decl(pointer).ty;
                    let sized = matches!(ty.kind(), TyKind::Ptr(_, to) if !cx.is_sequence(ty) && !matches!(to.kind(), TyKind::Dyn(_)) && cx.layouts.of(*to).size > 0);
                    sized && !facts.borrowed.contains(pointer.index()) && assigns(pointer) == 1
                };
                if let Some((pointer, ..)) = walkers(body, block).find(|(pointer, ..)| walks(*pointer)) {
                    return Some(Walk { pointer, left, asks: (asked, at), takes: (block, takes, moved) });
                }
            }
        }
        None
    }

    fn write(self, body: &mut Body, natural: &Natural) {
        let Walk { pointer, left, asks, takes } = self;
        let source = body.block(natural.head).terminator.source;
        let ty = body.local_decl(pointer).ty;
        let end = body.add_local(ty, source);
        if let StatementKind::Assign(_, value) = &mut body.blocks[asks.0.index()].statements[asks.1].kind {
            *value = Rvalue::Binary(BinaryOp::Eq, Operand::copy(pointer), Operand::copy(end));
        }
        for at in [takes.1, takes.2] {
            body.blocks[takes.0.index()].statements[at].kind = StatementKind::Nop;
        }
        let behind = Rvalue::Binary(BinaryOp::Offset, Operand::copy(pointer), Operand::copy(left));
        let statements = vec![Statement::assign(source, end, behind)];
        let front = body.add_block(Block { statements, ..Block::new(source, TerminatorKind::Goto(natural.head)) });
        enter_through(body, natural, front);
    }
}

/// t = pointer offset 1; pointer = t
fn walkers(body: &Body, block: BlockId) -> impl Iterator<Item = (Local, usize)> + '_ {
    let statements = &body.block(block).statements;
    statements.iter().enumerate().filter_map(move |(at, statement)| {
        let StatementKind::Assign(made, Rvalue::Binary(BinaryOp::Offset, from, by)) = &statement.kind else { return None };
        let (made, from) = (made.as_local()?, from.as_local()?);
        let moved = statements.iter().skip(at + 1).any(|s| {
            matches!(&s.kind, StatementKind::Assign(place, Rvalue::Use(value)) if place.as_local() == Some(from) && value.as_local() == Some(made))
        });
        (by.as_int() == Some(1) && moved).then_some((from, at))
    })
}
