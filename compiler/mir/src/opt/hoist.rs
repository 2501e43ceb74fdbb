//! What a loop computes anew in every turn from values that do not change moves in front of it.
//!
//! Cranelift moves plain arithmetic itself; what it cannot move is an operation that may raise. Such a one is split: in
//! front of the loop the wrapped result and whether it is wrong, in its old place the check alone, so that it raises when
//! and where it did before, and not at all if the loop never gets there.

use super::Cx;
use super::loops::{Natural, enter_through, find_loops, unchecked};
use super::ssa;
use crate::body::*;
use crate::place::Location;
use diag::Symbol;
use hir::ty::{Args, Ty, TyKind};

/// A loop holds so many values in front of it, that there are registers left for the others.
const MOVED_MAX: usize = 4;
/// Finding loops anew for each of them costs the square of their number.
const LOOPS_MAX: usize = 24;

pub(super) fn run(cx: &Cx, body: &mut Body) {
    let wanted = |s: &Statement| matches!(&s.kind, StatementKind::Assign(_, Rvalue::Binary(op, ..)) if unchecked(*op).is_some());
    if !body.blocks.iter().any(|block| block.statements.iter().any(wanted)) {
        return;
    }
    // Blocks that are made on the way keep their numbers, but belong to loops that were found before: look again.
    let mut done: Vec<BlockId> = Vec::new();
    while let Some(natural) = find_loops(body).into_iter().find(|natural| !done.contains(&natural.head)) {
        done.push(natural.head);
        hoist(cx, body, &natural);
        if done.len() == LOOPS_MAX {
            break;
        }
    }
    super::simplify::tidy(body);
}

struct Found {
    at: Location,
    op: BinaryOp,
    left: Operand,
    right: Operand,
}

fn hoist(cx: &Cx, body: &mut Body, natural: &Natural) {
    let facts = ssa::find(body);
    let mut found: Vec<Found> = Vec::new();
    for index in natural.blocks.iter() {
        let block = &body.blocks[index];
        if block.cleanup {
            continue;
        }
        for (at, statement) in block.statements.iter().enumerate() {
            let StatementKind::Assign(_, Rvalue::Binary(op, left, right)) = &statement.kind else { continue };
            // Adding a constant is as cheap as asking for a flag.
            let cheap = !matches!(op, BinaryOp::MulChecked) && (left.as_int().is_some() || right.as_int().is_some());
            if unchecked(*op).is_none() || cheap || !is_int(cx.types.operand(&body.locals, left)) {
                continue;
            }
            let outside = |operand: &Operand| operand.place().is_none_or(|place| place.as_local().is_some_and(|local| natural.knows(local, &facts, body)));
            if outside(left) && outside(right) && found.len() < MOVED_MAX {
                let at = Location::new(BlockId(index as u32), at);
                found.push(Found { at, op: *op, left: left.as_copy(), right: right.as_copy() });
            }
        }
    }
    if found.is_empty() {
        return;
    }
    let mut front = natural.head;
    for moved in found.iter().rev() {
        front = split(cx, body, front, moved);
    }
    enter_through(body, natural, front);
}

fn is_int(ty: Ty) -> bool {
    matches!(ty.kind(), TyKind::Int(_))
}

/// Writes one operation into blocks in front of `front`; the new front.
fn split(cx: &Cx, body: &mut Body, front: BlockId, moved: &Found) -> BlockId {
    let Some((plain, asks, fault)) = unchecked(moved.op) else { return front };
    let ty = cx.types.operand(&body.locals, &moved.left);
    let source = body.source_at(moved.at);
    let (result, wrong) = (body.add_local(ty, source), body.add_local(Ty::bool(), source));
    let value = Rvalue::Binary(plain, moved.left.clone(), moved.right.clone());
    let compute = body.add_block(Block {
        statements: vec![Statement::assign(source, result, value)],
        ..Block::new(source, TerminatorKind::Goto(front))
    });
    let ask = body.add_block(Block::new(
        source,
        TerminatorKind::Call {
            callee: Callee::Intrinsic(Symbol::intern(asks), Args::new(&[ty])),
            args: vec![moved.left.clone(), moved.right.clone()],
            dest: Place::local(wrong),
            target: Some(compute),
            unwind: None,
        },
    ));
    let block = &mut body.blocks[moved.at.block.index()];
    let statement = &mut block.statements[moved.at.statement as usize];
    if let StatementKind::Assign(_, value) = &mut statement.kind {
        *value = Rvalue::Use(Operand::copy(result));
    }
    // In front of the assignment; positions before it stay true, and operations of one block are taken from its end.
    let check = StatementKind::Check { cond: Operand::copy(wrong), expected: false, fault };
    block.statements.insert(moved.at.statement as usize, Statement { kind: check, source });
    ask
}
