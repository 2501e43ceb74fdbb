//! What an inner loop computes anew in every round from values that stay moves in front of it, if it cannot raise.
//!
//! The code generator would do the same; but passes that look for loops over elements want to see that `i * n` in an index
//! and the slice made of a vector's parts are the same in every round.

use super::loops::{Natural, enter_through, find_loops};
use super::ssa;
use crate::body::*;
use crate::fast::FastSet;

/// Of a loop, in statements: larger ones need their registers.
const SIZE_MAX: usize = 60;

/// Whether anything moved.
pub(super) fn run(body: &mut Body) -> bool {
    let loops = find_loops(body);
    let innermost = |natural: &&Natural| !loops.iter().any(|other| other.head != natural.head && natural.contains(other.head));
    let mut any = false;
    for natural in loops.iter().filter(innermost) {
        any |= hoist(body, natural);
    }
    any
}

fn hoist(body: &mut Body, natural: &Natural) -> bool {
    let size: usize = natural.blocks.iter().map(|index| body.blocks[index].statements.len()).sum();
    if size > SIZE_MAX {
        return false;
    }
    let assigned = assigned(body, natural);
    if !natural.blocks.iter().any(|index| body.blocks[index].statements.iter().any(|statement| may_stay(statement, &assigned))) {
        return false;
    }
    let facts = ssa::find(body);
    let mut steady: FastSet<Local> = FastSet::default();
    let mut moved: Vec<Statement> = Vec::new();
    let mut found = true;
    // A value may be computed in a block that was looked at before that of its parts.
    while found {
        found = false;
        for index in natural.blocks.iter().filter(|index| !body.blocks[*index].cleanup).collect::<Vec<_>>() {
            for at in 0..body.blocks[index].statements.len() {
                let statement = &body.blocks[index].statements[at];
                let StatementKind::Assign(place, value) = &statement.kind else { continue };
                let Some(local) = place.as_local().filter(|local| facts.single(*local) && !steady.contains(local)) else { continue };
                let knows = |local: Local| steady.contains(&local) || !assigned.contains(&local) && !facts.borrowed.contains(local.index());
                let known = |operand: &Operand| match operand.place() {
                    None => true,
                    Some(place) => place.as_local().is_some_and(knows),
                };
                let stays = match value {
                    Rvalue::Binary(op, left, right) => computes(*op) && known(left) && known(right),
                    Rvalue::Cast(Cast::PointerToPointer | Cast::IntToInt, from, _) => known(from),
                    Rvalue::Aggregate(Aggregate::WidePointer, parts) => parts.iter().all(known),
                    Rvalue::Len(of) => of.projection == [Projection::Deref] && knows(of.local),
                    _ => false,
                };
                if !stays {
                    continue;
                }
                steady.insert(local);
                let nothing = Statement { kind: StatementKind::Nop, source: statement.source };
                let mut statement = std::mem::replace(&mut body.blocks[index].statements[at], nothing);
                // In a loop a value is there again in every round.
                if let StatementKind::Assign(_, value) = &mut statement.kind {
                    value.each_operand_mut(|operand| *operand = operand.as_copy());
                }
                moved.push(statement);
                found = true;
            }
        }
    }
    if moved.is_empty() {
        return false;
    }
    let source = body.block(natural.head).terminator.source;
    let front = body.add_block(Block { statements: moved, ..Block::new(source, TerminatorKind::Goto(natural.head)) });
    enter_through(body, natural, front);
    true
}

/// Whether it computes from what the loop does not assign: where no statement does, none moves.
fn may_stay(statement: &Statement, assigned: &FastSet<Local>) -> bool {
    let StatementKind::Assign(_, value) = &statement.kind else { return false };
    let known = |operand: &Operand| operand.place().is_none_or(|place| !assigned.contains(&place.local));
    match value {
        Rvalue::Binary(op, left, right) => computes(*op) && known(left) && known(right),
        Rvalue::Cast(Cast::PointerToPointer | Cast::IntToInt, from, _) => known(from),
        Rvalue::Aggregate(Aggregate::WidePointer, parts) => parts.iter().all(known),
        Rvalue::Len(of) => !assigned.contains(&of.local),
        _ => false,
    }
}

fn assigned(body: &Body, natural: &Natural) -> FastSet<Local> {
    let mut all: FastSet<Local> = FastSet::default();
    for index in natural.blocks.iter() {
        let block = &body.blocks[index];
        for statement in &block.statements {
            if let StatementKind::Assign(place, _) | StatementKind::SetDiscriminant(place, _) = &statement.kind {
                all.insert(place.local);
            }
        }
        if let TerminatorKind::Call { dest, .. } = &block.terminator.kind {
            all.insert(dest.local);
        }
        if let TerminatorKind::Drop { place, .. } = &block.terminator.kind {
            all.insert(place.local);
        }
    }
    all
}

/// Without raising, and cheaper than a place to keep it in would be dear.
fn computes(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor)
}
