//! The one axiom that is not kept by construction: accesses and fences marked `seqcst` can be put in one order.
//!
//! Coherence and atomicity hold because reads and writes are only put where they may stand; nothing comes out of thin air
//! because an event is added behind all that it reads from.

use crate::clocks::Clocks;
use crate::graph::{Event, Graph, Id, Kind};

/// Whether the sequential events of the graph, of which the clocks know all, can be put in one order.
pub fn is_sequential(graph: &Graph, clocks: &Clocks) -> bool {
    let nodes: Vec<Id> = (0..graph.events.len() as Id).filter(|&id| is_node(graph.event(id))).collect();
    if nodes.len() < 2 {
        return true;
    }
    let accesses: Vec<Access> = (0..graph.events.len() as Id)
        .filter(|&id| graph.event(id).accesses() && !graph.event(id).blocked)
        .map(|id| Access::new(graph, id))
        .collect();
    // Where each node leaves to and is come to by an access: itself, or, for a fence, all that it is ordered with.
    let leaves: Vec<Vec<&Access>> = nodes
        .iter()
        .map(|&node| accesses.iter().filter(|access| if is_fence(graph, node) { clocks.before(access.id).knows(graph.event(node)) } else { access.id == node }).collect())
        .collect();
    let comes: Vec<Vec<&Access>> = nodes
        .iter()
        .map(|&node| accesses.iter().filter(|access| if is_fence(graph, node) { clocks.before(node).knows(graph.event(access.id)) } else { access.id == node }).collect())
        .collect();
    let words = nodes.len().div_ceil(64);
    let mut after = vec![0u64; nodes.len() * words];
    for (a, &from) in nodes.iter().enumerate() {
        for (b, &to) in nodes.iter().enumerate() {
            if a != b
                && (strongly_before(graph, clocks, from, to)
                    || leaves[a].iter().any(|x| comes[b].iter().any(|y| x.comes_before(y))))
            {
                after[a * words + b / 64] |= 1 << (b % 64);
            }
        }
    }
    is_acyclic(&mut after, nodes.len(), words)
}

fn is_node(event: &Event) -> bool {
    event.is_sequential() && (event.accesses() || matches!(event.kind, Kind::Fence(_)))
}

fn is_fence(graph: &Graph, id: Id) -> bool {
    matches!(graph.event(id).kind, Kind::Fence(_))
}

/// Program order, or program order into something that happens before what program order comes from.
fn strongly_before(graph: &Graph, clocks: &Clocks, from: Id, to: Id) -> bool {
    let (x, y) = (graph.event(from), graph.event(to));
    if x.task == y.task {
        return x.index < y.index;
    }
    // What `y` follows in its task knows of something behind `x` in its.
    let previous = graph.events.iter().position(|event| event.task == y.task && event.index + 1 == y.index);
    let known = match previous {
        Some(previous) => clocks.before(previous as Id).get(x.task),
        // The first event of a task: what its spawner knew.
        None => graph
            .events
            .iter()
            .position(|event| event.kind == Kind::Spawn(y.task))
            .map_or(0, |spawn| clocks.before(spawn as Id).get(x.task)),
    };
    known > x.index
}

/// An access by its place in its location: what it writes, or what it reads.
struct Access {
    id: Id,
    location: u32,
    rank: usize,
    writes: bool,
}

impl Access {
    fn new(graph: &Graph, id: Id) -> Access {
        let event = graph.event(id);
        let rank = graph.rank(event.location, if event.writes { id } else { event.from });
        Access { id, location: event.location, rank, writes: event.writes }
    }

    /// By reads-from, modification order, or because it reads what the other, or something before it, overwrites.
    fn comes_before(&self, other: &Access) -> bool {
        self.location == other.location
            && self.id != other.id
            && match (self.writes, other.writes) {
                (true, false) => self.rank <= other.rank,
                _ => self.rank < other.rank,
            }
    }
}

fn is_acyclic(after: &mut [u64], count: usize, words: usize) -> bool {
    for through in 0..count {
        for from in 0..count {
            if after[from * words + through / 64] >> (through % 64) & 1 != 0 {
                for word in 0..words {
                    after[from * words + word] |= after[through * words + word];
                }
            }
        }
    }
    (0..count).all(|node| after[node * words + node / 64] >> (node % 64) & 1 == 0)
}
