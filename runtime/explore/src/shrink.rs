//! A failing execution made simpler: it is run again with one change or the other, and whatever still fails in the same way
//! and is simpler is kept.

use crate::engine::Direction;
use crate::graph::{Graph, INITIAL, Id};

/// An execution that fails as the first one did.
pub(crate) struct Failing {
    pub directions: Vec<Direction>,
    pub cost: Cost,
}

/// How hard it is to follow. The first that differs counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Cost {
    /// How often another task goes on though the one before could have.
    preemptions: usize,
    /// How often something is seen that is not the newest.
    stale: usize,
    events: usize,
    /// How often another task goes on.
    turns: usize,
}

impl Cost {
    pub(crate) fn of(graph: &Graph, directions: &[Direction]) -> Cost {
        let order = graph.story().0;
        let last_of = |task| order.iter().rposition(|&id: &Id| graph.event(id).task == task);
        let changes = (1..order.len()).filter(|&at| graph.event(order[at]).task != graph.event(order[at - 1]).task);
        let (mut preemptions, mut turns) = (0, 0);
        for at in changes {
            turns += 1;
            let task = graph.event(order[at - 1]).task;
            let goes_on = last_of(task).is_some_and(|last| last > at - 1);
            let waited = graph.events.iter().any(|event| event.task == task && event.index == graph.event(order[at - 1]).index + 1 && event.from != INITIAL && order[at..].contains(&event.from));
            preemptions += usize::from(goes_on && !waited);
        }
        Cost { preemptions, stale: directions.iter().filter(|direction| direction.1 > 0).count(), events: order.len(), turns }
    }
}

/// So many runs are spent on it.
const TRIES: usize = 600;

/// The simplest that was found. `fails` runs what is suggested as far as it can be.
pub(crate) fn shrink(mut best: Failing, fails: &mut dyn FnMut(&[Direction]) -> Option<Failing>) -> Failing {
    let mut tries = 0;
    'again: while tries < TRIES {
        for candidate in candidates(&best.directions) {
            tries += 1;
            if tries > TRIES {
                break 'again;
            }
            if let Some(found) = fails(&candidate)
                && found.cost < best.cost
            {
                best = found;
                continue 'again;
            }
        }
        break;
    }
    best
}

/// Simpler ones to try, the boldest first.
fn candidates(of: &[Direction]) -> Vec<Vec<Direction>> {
    let blocks: Vec<&[Direction]> = of.chunk_by(|a, b| a.0 == b.0).collect();
    let without = |range: std::ops::Range<usize>| -> Vec<Direction> {
        blocks.iter().enumerate().filter(|(at, _)| !range.contains(at)).flat_map(|(_, block)| block.iter().copied()).collect()
    };
    let mut all: Vec<Vec<Direction>> = Vec::new();
    if of.iter().any(|direction| direction.1 > 0) {
        all.push(of.iter().map(|&(task, _)| (task, 0)).collect());
    }
    // What comes at the end comes about by itself, often.
    let mut length = of.len() / 2;
    while length > 0 {
        all.push(of[..of.len() - length].to_vec());
        length /= 2;
    }
    // A turn left out, or taken later, or earlier.
    for at in 0..blocks.len() {
        all.push(without(at..at + 1));
    }
    for at in 1..blocks.len() {
        let mut moved: Vec<&[Direction]> = blocks.clone();
        moved.swap(at - 1, at);
        all.push(moved.concat());
    }
    for (at, block) in blocks.iter().enumerate() {
        // To where the task goes on.
        if let Some(next) = (at + 1..blocks.len()).find(|&next| blocks[next][0].0 == block[0].0) {
            let mut moved: Vec<&[Direction]> = blocks.clone();
            let taken = moved.remove(at);
            moved.insert(next - 1, taken);
            all.push(moved.concat());
            let mut moved: Vec<&[Direction]> = blocks.clone();
            let taken = moved.remove(next);
            moved.insert(at + 1, taken);
            all.push(moved.concat());
        }
    }
    for at in (0..of.len()).filter(|&at| of[at].1 > 0) {
        let mut newer = of.to_vec();
        newer[at].1 = 0;
        all.push(newer);
    }
    all
}
