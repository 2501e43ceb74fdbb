//! The one axiom that is not kept by construction: accesses and fences marked `seqcst` can be put in one order.
//!
//! Coherence and atomicity hold because reads and writes are only put where they may stand; nothing comes out of thin air
//! because an event is added behind all that it reads from.

use crate::clocks::Clocks;
use crate::graph::{Event, Graph, INITIAL, Id, Kind, Task};

/// Memory for [`Order::exists`], used again and again.
#[derive(Default)]
pub struct Order {
    nodes: Vec<Node>,
    /// The last event of each task so far, or what began it.
    last: Vec<Id>,
    /// If there are fences: for each node and location, the first place that it leaves to by an access, and behind the last one
    /// from which it is come to.
    reach: Vec<(u32, u32)>,
    locations: usize,
    met: Vec<Met>,
    /// The way that led to a node, and where to look next at each.
    open: Vec<(usize, usize)>,
}

/// Whether the search has come to a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    Never,
    /// It is on the way to where the search is now.
    Open,
    Done,
}

/// A sequential event.
#[derive(Clone, Copy)]
struct Node {
    id: Id,
    task: Task,
    index: u32,
    /// What comes right before it in its task, or began the task.
    previous: Id,
    /// Its location and its place there, if it is an access.
    access: Option<(u32, u32)>,
}

impl Order {
    /// Whether the sequential events of the graph, of which the clocks know all, can be put in one order. They could before
    /// `changed` were added or came to read something else.
    pub fn exists(&mut self, graph: &Graph, clocks: &Clocks, changed: &[Id]) -> bool {
        let fences = self.collect(graph);
        if self.nodes.len() < 2 {
            return true;
        }
        if fences {
            self.measure(graph, clocks);
        }
        // Without fences only what has changed has new neighbours, and a circle goes through one of those.
        self.met.clear();
        self.met.resize(self.nodes.len(), Met::Never);
        self.open.clear();
        (0..self.nodes.len()).all(|node| !(fences || changed.contains(&self.nodes[node].id)) || !self.meets_circle(clocks, node))
    }

    /// Finds the nodes; whether some are fences.
    fn collect(&mut self, graph: &Graph) -> bool {
        self.nodes.clear();
        self.last.clear();
        let mut fences = false;
        for (id, event) in graph.events.iter().enumerate() {
            let id = id as Id;
            let task = event.task as usize;
            let highest = if let Kind::Spawn(child) = event.kind { task.max(child as usize) } else { task };
            if self.last.len() <= highest {
                self.last.resize(highest + 1, INITIAL);
            }
            if is_node(event) {
                let fence = matches!(event.kind, Kind::Fence(_));
                fences |= fence;
                let access = (!fence).then(|| (event.location, place(graph, id)));
                self.nodes.push(Node { id, task: event.task, index: event.index, previous: self.last[task], access });
            }
            self.last[task] = id;
            if let Kind::Spawn(child) = event.kind {
                self.last[child as usize] = id;
            }
        }
        fences
    }

    /// Where each node leaves to and is come to from: itself, or, of a fence, by all accesses that it is ordered with.
    fn measure(&mut self, graph: &Graph, clocks: &Clocks) {
        self.locations = graph.events.iter().filter(|event| event.accesses()).map(|event| event.location as usize + 1).max().unwrap_or(0);
        self.reach.clear();
        self.reach.resize(self.nodes.len() * self.locations, (u32::MAX, 0));
        for (node, reach) in self.nodes.iter().zip(self.reach.chunks_mut(self.locations.max(1))) {
            if let Some((location, place)) = node.access {
                reach[location as usize] = (place, place + 1);
                continue;
            }
            for (id, event) in graph.events.iter().enumerate().filter(|(_, event)| event.accesses() && !event.blocked) {
                let (leaves, comes) = (clocks.before(id as Id).knows(graph.event(node.id)), clocks.before(node.id).knows(event));
                if leaves || comes {
                    let place = place(graph, id as Id);
                    let (first, last) = &mut reach[event.location as usize];
                    if leaves {
                        *first = (*first).min(place);
                    }
                    if comes {
                        *last = (*last).max(place + 1);
                    }
                }
            }
        }
    }

    /// Whether there is a circle that one comes to from this node.
    fn meets_circle(&mut self, clocks: &Clocks, start: usize) -> bool {
        if self.met[start] != Met::Never {
            return false;
        }
        self.open.push((start, 0));
        while let Some((from, next)) = self.open.pop() {
            self.met[from] = Met::Open;
            let then = (next..self.nodes.len()).find(|&to| to != from && self.met[to] != Met::Done && self.is_before(clocks, from, to));
            match then {
                Some(to) if self.met[to] == Met::Open => return true,
                Some(to) => self.open.extend([(from, to + 1), (to, 0)]),
                None => self.met[from] = Met::Done,
            }
        }
        false
    }

    fn is_before(&self, clocks: &Clocks, from: usize, to: usize) -> bool {
        let (x, y) = (&self.nodes[from], &self.nodes[to]);
        if x.task == y.task {
            if x.index < y.index {
                return true;
            }
        } else if y.previous != INITIAL && clocks.before(y.previous).get(x.task) > x.index {
            // Program order into something that happens before what program order comes from.
            return true;
        }
        if let (Some(x), Some(y)) = (x.access, y.access) {
            return x.0 == y.0 && x.1 < y.1;
        }
        let reach = |node: usize| &self.reach[node * self.locations..(node + 1) * self.locations];
        reach(from).iter().zip(reach(to)).any(|(from, to)| from.0 != u32::MAX && from.0 + 1 < to.1)
    }
}

/// Where an access stands in the order of its location: a write between the reads of the one before and its own. One that
/// stands before another comes before it: by reads-from, modification order, or because it reads what the other, or something
/// before it, overwrites.
fn place(graph: &Graph, id: Id) -> u32 {
    let event = graph.event(id);
    let rank = graph.rank(event.location, if event.writes { id } else { event.from }) as u32;
    2 * rank + u32::from(!event.writes)
}

fn is_node(event: &Event) -> bool {
    event.is_sequential() && (event.accesses() || matches!(event.kind, Kind::Fence(_)))
}
