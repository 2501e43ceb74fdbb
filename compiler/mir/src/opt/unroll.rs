//! Small loops in which variables change places go round four times in one: `held = a; a = b; b = c; c = d; d = held` costs five
//! moves a round, and nothing at all where the fourth round begins with each in its own place again. The sums of floats of a
//! `parallel for` are kept so.

use super::loops::{Natural, find_loops};
use crate::body::*;

/// Rounds in one: as many as variables that take turns.
const ROUNDS: usize = 4;
/// So many variables must be handed on in a round.
const MOVES_MIN: usize = 3;
const STATEMENTS_MAX: usize = 24;
const BLOCKS_MAX: usize = 8;

/// Whether anything changed.
pub(super) fn run(body: &mut Body) -> bool {
    let loops = find_loops(body);
    let is_innermost = |natural: &Natural| !loops.iter().any(|other| other.head != natural.head && natural.contains(other.head));
    let found: Vec<&Natural> = loops.iter().filter(|natural| is_innermost(natural) && fits(body, natural)).collect();
    for natural in &found {
        repeat(body, natural);
    }
    !found.is_empty()
}

fn fits(body: &Body, natural: &Natural) -> bool {
    let blocks = || natural.blocks.iter().map(|index| &body.blocks[index]);
    let is_plain = |block: &Block| match &block.terminator.kind {
        TerminatorKind::Goto(_) | TerminatorKind::Switch { .. } => true,
        TerminatorKind::Call { callee, .. } => matches!(callee, Callee::Intrinsic(..)),
        TerminatorKind::Return | TerminatorKind::Resume | TerminatorKind::Unreachable | TerminatorKind::Drop { .. } => false,
    };
    let statements: usize = blocks().map(|block| block.statements.len()).sum();
    statements <= STATEMENTS_MAX && natural.blocks.count() <= BLOCKS_MAX && blocks().all(is_plain) && blocks().any(|block| handed_on(body, natural, block) >= MOVES_MIN)
}

/// Variables that are given what another one had when the block began, and that the loop changes.
fn handed_on(body: &Body, natural: &Natural, block: &Block) -> usize {
    let writes = |statement: &Statement, local: Local| matches!(&statement.kind, StatementKind::Assign(to, _) if to.as_local() == Some(local));
    let changes = |local: Local| natural.blocks.iter().any(|index| body.blocks[index].statements.iter().any(|statement| writes(statement, local)));
    let moved = |at: usize| {
        let StatementKind::Assign(to, Rvalue::Use(from)) = &block.statements[at].kind else { return false };
        let (Some(to), Some(from)) = (to.as_local(), from.as_local()) else { return false };
        to != from && changes(from) && !block.statements[..at].iter().any(|statement| writes(statement, from))
    };
    (0..block.statements.len()).filter(|at| moved(*at)).count()
}

fn repeat(body: &mut Body, natural: &Natural) {
    let members: Vec<usize> = natural.blocks.iter().collect();
    let first = body.blocks.len();
    let copy_of = |round: usize, block: BlockId| match members.iter().position(|member| *member == block.index()) {
        Some(_) if round == 0 => block,
        Some(place) => BlockId((first + (round - 1) * members.len() + place) as u32),
        None => block,
    };
    for round in 1..ROUNDS {
        for &member in &members {
            let mut block = body.blocks[member].clone();
            block.each_successor_mut(|to| *to = copy_of(if *to == natural.head { (round + 1) % ROUNDS } else { round }, *to));
            body.blocks.push(block);
        }
    }
    for &member in &members {
        body.blocks[member].each_successor_mut(|to| {
            if *to == natural.head {
                *to = copy_of(1, *to);
            }
        });
    }
}
