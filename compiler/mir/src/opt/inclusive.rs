//! Loops over `a..=b` without the flag that says that the end was given.
//!
//! Such an iterator cannot step behind its end, which may be the last value of its type; so it keeps a flag, and every
//! round asks for the flag, for the order and for the end. Where nobody else sees the iterator, the end is asked for at
//! the end of a round instead, and the counter takes its step only if there is another round: one question a round, and
//! a counter whose range is plain to see.

use super::loops::{Natural, find_loops};
use super::ssa;
use crate::body::*;
use hir::ty::TyKind;

/// Finding loops anew for each of them costs the square of their number.
const LOOPS_MAX: usize = 24;
/// How many blocks in front of a loop are looked at for the flag.
const STRAIGHT_MAX: usize = 8;

/// Whether any loop was changed.
pub(super) fn run(body: &mut Body) -> bool {
    let is_flag = |block: &Block| matches!(&block.terminator.kind, TerminatorKind::Switch { value, .. } if flag(body, value).is_some());
    if !body.blocks.iter().any(is_flag) {
        return false;
    }
    let mut any = false;
    for _ in 0..LOOPS_MAX {
        let found = find_loops(body).iter().find_map(|natural| Found::look(body, natural));
        let Some(found) = found else { break };
        found.straighten(body);
        any = true;
    }
    any
}

/// A `bool` that is looked at where it lies.
fn flag(body: &Body, value: &Operand) -> Option<Local> {
    value.as_local().filter(|local| body.local_decl(*local).ty.is_bool())
}

struct Found {
    /// Of the loop as it is: asks for the flag.
    head: BlockId,
    entries: Vec<BlockId>,
    latches: Vec<BlockId>,
    /// Asks whether the range has anything in it.
    order: BlockId,
    /// Takes the value, and asks whether it is the last.
    take: BlockId,
    /// Takes the step.
    step: BlockId,
    round: BlockId,
    exit: BlockId,
}

impl Found {
    fn look(body: &Body, natural: &Natural) -> Option<Found> {
        let head = natural.head;
        let (value, order, exit) = two_ways(body, head)?;
        let done = flag(body, value)?;
        let (asks, take, empty) = two_ways(body, order)?;
        let inside = [order, take].iter().all(|block| natural.contains(*block));
        if !body.block(head).statements.is_empty() || exit != empty || natural.contains(exit) || !inside || order == head {
            return None;
        }
        // start > end
        let [Statement { kind: StatementKind::Assign(place, Rvalue::Binary(order_op, start, end)), .. }] = &body.block(order).statements[..] else {
            return None;
        };
        if place.as_local() != asks.as_local() {
            return None;
        }
        // value = start; value < end
        let (asks, last, step) = two_ways(body, take)?;
        let [
            Statement { kind: StatementKind::Assign(value, Rvalue::Use(taken)), .. },
            Statement { kind: StatementKind::Assign(answer, Rvalue::Binary(more_op, low, high)), .. },
        ] = &body.block(take).statements[..]
        else {
            return None;
        };
        let value = value.as_local()?;
        if answer.as_local() != asks.as_local() || answer.as_local().is_none() {
            return None;
        }
        // done = true
        let [Statement { kind: StatementKind::Assign(set, Rvalue::Use(told)), .. }] = &body.block(last).statements[..] else { return None };
        let TerminatorKind::Goto(round) = body.block(last).terminator.kind else { return None };
        if set.as_local() != Some(done) || told.as_int() != Some(1) {
            return None;
        }
        // t = value + 1; start = t
        let [
            Statement { kind: StatementKind::Assign(sum, Rvalue::Binary(step_op, from, by)), .. },
            Statement { kind: StatementKind::Assign(moved, Rvalue::Use(next)), .. },
        ] = &body.block(step).statements[..]
        else {
            return None;
        };
        let goes_on = matches!(body.block(step).terminator.kind, TerminatorKind::Goto(to) if to == round);
        let counter = moved.as_local()?;
        let steps = from.as_local() == Some(value) && by.as_int() == Some(1) && next.as_local() == sum.as_local() && sum.is_local();
        if !goes_on || !steps || taken.as_local() != Some(counter) || value == counter {
            return None;
        }
        // The counter goes up from the start, or down from the end.
        let is = |operand: &Operand, local: Local| operand.as_local() == Some(local);
        let (other, fits) = match step_op {
            BinaryOp::Add => (end, is(start, counter) && (is(low, counter) || is(low, value)) && same(high, end)),
            BinaryOp::Sub => (start, is(end, counter) && (is(high, counter) || is(high, value)) && same(low, start)),
            _ => return None,
        };
        if !fits || *order_op != BinaryOp::Gt || *more_op != BinaryOp::Lt || !matches!(body.local_decl(counter).ty.kind(), TyKind::Int(_)) {
            return None;
        }
        // Nobody else sees the flag or the counter, and the other end stays.
        let facts = ssa::find(body);
        if facts.borrowed.contains(done.index()) || facts.borrowed.contains(counter.index()) || facts.reads[done.index()] != 1 {
            return None;
        }
        let mut alone = true;
        for id in body.block_ids() {
            let mut look = |place: &Place, is_write: bool| {
                let known = [order, take, step].contains(&id) || (is_write && !natural.contains(id));
                if place.local == counter && !known {
                    alone = false;
                }
                if is_write && natural.contains(id) && other.as_local() == Some(place.local) {
                    alone = false;
                }
            };
            let block = body.block(id);
            for statement in &block.statements {
                if let StatementKind::Assign(place, _) | StatementKind::SetDiscriminant(place, _) = &statement.kind {
                    look(place, true);
                }
                ssa::each_read(statement, &mut |local| look(&Place::local(local), false));
            }
            if let TerminatorKind::Call { dest, .. } = &block.terminator.kind {
                look(dest, true);
            }
            ssa::each_terminator_read(&block.terminator.kind, &mut |local| look(&Place::local(local), false));
            if id != last
                && block.statements.iter().any(|statement| {
                    matches!(&statement.kind, StatementKind::Assign(place, value)
                        if place.local == done && !(place.is_local() && matches!(value, Rvalue::Use(told) if told.as_int() == Some(0)) && !natural.contains(id)))
                })
            {
                alone = false;
            }
        }
        let steady = other.as_int().is_some() || other.as_local().is_some_and(|local| !facts.borrowed.contains(local.index()));
        if !alone || !steady || round == head {
            return None;
        }
        let predecessors = crate::graph::predecessors(body);
        let only = |block: BlockId, from: BlockId| predecessors[block.index()][..] == [from];
        if !only(order, head) || !only(take, order) || !only(last, take) || !only(step, take) {
            return None;
        }
        // Each way in says that the end was not given yet, a straight way before the loop at most.
        let says = |block: BlockId| {
            let writes = |statement: &Statement| matches!(&statement.kind, StatementKind::Assign(place, _) if place.as_local() == Some(done));
            body.block(block).statements.iter().any(writes)
        };
        let clear = |entry: &BlockId| {
            let mut at = *entry;
            for _ in 0..STRAIGHT_MAX {
                if says(at) {
                    return true;
                }
                match predecessors[at.index()][..] {
                    [from] if !natural.contains(from) => at = from,
                    _ => return false,
                }
            }
            false
        };
        if !natural.entries.iter().all(clear) {
            return None;
        }
        let latches = predecessors[head.index()].iter().copied().filter(|from| natural.contains(*from)).collect();
        Some(Found { head, entries: natural.entries.clone(), latches, order, take, step, round, exit })
    }

    fn straighten(self, body: &mut Body) {
        let Found { head, entries, latches, order, take, step, round, exit } = self;
        // The question for another round, behind it; the counter's new value is taken where the old one was.
        let source = body.block(take).terminator.source;
        let mut asks = body.block(take).statements[1].clone();
        let taken = body.block(take).statements[0].clone();
        let StatementKind::Assign(answer, Rvalue::Binary(_, low, high)) = &mut asks.kind else {
            bug!("loops over ranges", body.name; "no question at the end of {take}")
        };
        let (StatementKind::Assign(value, _), StatementKind::Assign(counter, _)) = (&taken.kind, &body.block(step).statements[1].kind) else {
            bug!("loops over ranges", body.name; "no counter in {step}")
        };
        let (value, counter) = (value.local, counter.local);
        let answer = answer.clone();
        for operand in [low, high] {
            if operand.as_local() == Some(value) {
                *operand = Operand::copy(counter);
            }
        }
        let more = TerminatorKind::Switch { value: Operand::Copy(answer), targets: vec![(0, exit)], otherwise: step };
        let latch = body.add_block(Block { statements: vec![asks], ..Block::new(source, more) });
        let front = &mut body.blocks[take.index()];
        front.statements = vec![taken];
        front.terminator.kind = TerminatorKind::Goto(round);
        let stepping = &mut body.blocks[step.index()];
        if let StatementKind::Assign(_, Rvalue::Binary(_, from, _)) = &mut stepping.statements[0].kind {
            *from = Operand::copy(counter);
        }
        stepping.terminator.kind = TerminatorKind::Goto(take);
        let redirect = |body: &mut Body, from: &[BlockId], to: BlockId| {
            for block in from {
                body.blocks[block.index()].each_successor_mut(|next| {
                    if *next == head {
                        *next = to;
                    }
                });
            }
        };
        redirect(body, &entries, order);
        redirect(body, &latches, latch);
    }
}

/// What a switch on a `bool` asks, where it goes when it is false, and where else.
fn two_ways(body: &Body, block: BlockId) -> Option<(&Operand, BlockId, BlockId)> {
    match &body.block(block).terminator.kind {
        TerminatorKind::Switch { value, targets, otherwise } => match targets[..] {
            [(0, on_false)] => Some((value, on_false, *otherwise)),
            _ => None,
        },
        _ => None,
    }
}

fn same(a: &Operand, b: &Operand) -> bool {
    match (a.as_local(), b.as_local()) {
        (Some(a), Some(b)) => a == b,
        (None, None) => a.as_int().is_some() && a.as_int() == b.as_int(),
        _ => false,
    }
}
