//! The one axiom that is not kept by construction: accesses and fences marked `seqcst` can be put in one order.
//!
//! Coherence and atomicity hold because reads and writes are only put where they may stand; nothing comes out of thin air
//! because an event is added behind all that it reads from.

use crate::clocks::{Clock, Clocks};
use crate::graph::{Event, Graph, INITIAL, Id, Kind};

/// Memory for [`Order::exists`], used again and again.
#[derive(Default)]
pub struct Order {
    nodes: Vec<Node>,
    accesses: Vec<Access>,
    /// The last event of each task so far, or what began it.
    last: Vec<Id>,
    /// For each node a row of bits: which nodes come after it.
    after: Vec<u64>,
}

/// A sequential event.
#[derive(Clone, Copy)]
struct Node {
    id: Id,
    /// What comes right before it in its task, or began the task.
    previous: Id,
    fence: bool,
    /// If it is no fence.
    access: Access,
}

/// An access by its place in its location: what it writes, or what it reads.
#[derive(Clone, Copy, Default)]
struct Access {
    id: Id,
    location: u32,
    rank: usize,
    writes: bool,
}

impl Order {
    /// Whether the sequential events of the graph, of which the clocks know all, can be put in one order.
    pub fn exists(&mut self, graph: &Graph, clocks: &Clocks) -> bool {
        self.collect(graph);
        if self.nodes.len() < 2 {
            return true;
        }
        let fences = self.nodes.iter().any(|node| node.fence);
        if fences {
            let accesses = (0..graph.events.len() as Id).filter(|&id| graph.event(id).accesses() && !graph.event(id).blocked);
            self.accesses.extend(accesses.map(|id| Access::new(graph, id)));
        }
        let (count, words) = (self.nodes.len(), self.nodes.len().div_ceil(64));
        self.after.clear();
        self.after.resize(count * words, 0);
        let (nodes, accesses) = (&self.nodes, &self.accesses);
        for (b, to) in nodes.iter().enumerate() {
            // What `to` follows in its task knows of.
            let known = if to.previous == INITIAL { Clock(&[]) } else { clocks.before(to.previous) };
            let task = graph.event(to.id).task;
            for (a, from) in nodes.iter().enumerate() {
                if a == b {
                    continue;
                }
                let event = graph.event(from.id);
                // Program order, or program order into something that happens before what program order comes from.
                let strongly = if event.task == task { a < b } else { known.get(event.task) > event.index };
                let then = || match (from.fence, to.fence) {
                    (false, false) => from.access.comes_before(&to.access),
                    _ => through(accesses, graph, clocks, from, to),
                };
                if strongly || then() {
                    self.after[a * words + b / 64] |= 1 << (b % 64);
                }
            }
        }
        is_acyclic(&mut self.after, count, words)
    }

    fn collect(&mut self, graph: &Graph) {
        self.nodes.clear();
        self.accesses.clear();
        self.last.clear();
        for (id, event) in graph.events.iter().enumerate() {
            let id = id as Id;
            let task = event.task as usize;
            let highest = if let Kind::Spawn(child) = event.kind { task.max(child as usize) } else { task };
            if self.last.len() <= highest {
                self.last.resize(highest + 1, INITIAL);
            }
            if is_node(event) {
                let fence = matches!(event.kind, Kind::Fence(_));
                let access = if fence { Access::default() } else { Access::new(graph, id) };
                self.nodes.push(Node { id, previous: self.last[task], fence, access });
            }
            self.last[task] = id;
            if let Kind::Spawn(child) = event.kind {
                self.last[child as usize] = id;
            }
        }
    }
}

/// Whether an access that `from` leaves by comes before one that `to` is come to by: the node itself, or, of a fence, all that
/// it is ordered with.
fn through(accesses: &[Access], graph: &Graph, clocks: &Clocks, from: &Node, to: &Node) -> bool {
    let leaves = |access: &Access| if from.fence { clocks.before(access.id).knows(graph.event(from.id)) } else { access.id == from.id };
    let comes = |access: &Access| if to.fence { clocks.before(to.id).knows(graph.event(access.id)) } else { access.id == to.id };
    accesses.iter().filter(|x| leaves(x)).any(|x| accesses.iter().any(|y| x.comes_before(y) && comes(y)))
}

fn is_node(event: &Event) -> bool {
    event.is_sequential() && (event.accesses() || matches!(event.kind, Kind::Fence(_)))
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
