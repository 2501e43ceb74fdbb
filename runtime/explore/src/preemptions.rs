//! How many preemptions an execution needs.
//!
//! An execution is told as an order of its steps. Where another task goes on though the one before could have, that is a
//! preemption; who has ended is not preempted. An execution needs as many as the order with the fewest. If it is one
//! of those in which tasks take turns, only such orders count: every read sees the last write before it. Else a read that sees
//! an older write, or a write that stands before one that was there, counts as one too, and nothing of that kind happens before
//! the first step that is weaker than `seqcst`: an execution without such steps is one of turns.
//!
//! This is asked of a whole graph, by looking for that order. The exploration itself goes through orders (`engine/bounded.rs`); tests
//! hold one against the other.

use crate::graph::{Event, Graph, INITIAL, Id, Kind, Task};
use rt::observe::Numbers;
use std::collections::{HashMap, VecDeque};

/// Which orders count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Orders {
    /// Every read sees the last write.
    Turns,
    /// Behind the first weak step, older ones cost one each.
    Weak,
}

#[derive(Default)]
pub(crate) struct Preemptions {
    /// The events of each task that have happened, in their order.
    rows: Vec<Vec<Id>>,
    /// What begins each task.
    begins: Vec<Id>,
    /// Which are weaker than `seqcst`, and nothing of the library's that happens in turn.
    weak: Vec<bool>,
    /// What has to come before each event if tasks take turns: the first in the list, and then where the next one stands.
    first: Vec<u32>,
    needs: Vec<(Id, u32)>,
    /// The cheapest way so far to where one task after the other has come, the last number saying who goes on.
    met: HashMap<Box<[u16]>, u32, Numbers>,
    open: VecDeque<(Box<[u16]>, u32)>,
}

const NONE: u32 = u32::MAX;
/// Who goes on before anybody has begun.
const NOBODY: u16 = u16::MAX;

impl Preemptions {
    /// Whether an execution needs no more than so many.
    pub fn are_enough(&mut self, graph: &Graph, is_weak: &dyn Fn(&Event) -> bool, most: u32) -> bool {
        self.read(graph, is_weak);
        if self.takes_turns(graph) { self.reach(graph, most, Orders::Turns) } else { self.reach(graph, most, Orders::Weak) }
    }

    fn read(&mut self, graph: &Graph, is_weak: &dyn Fn(&Event) -> bool) {
        self.rows.iter_mut().for_each(Vec::clear);
        self.begins.clear();
        self.weak.clear();
        self.needs.clear();
        self.first.clear();
        self.first.resize(graph.events.len(), NONE);
        for (id, event) in graph.events.iter().enumerate() {
            let id = id as Id;
            let highest = if let Kind::Spawn(child) = event.kind { event.task.max(child) } else { event.task } as usize;
            if self.rows.len() <= highest {
                self.rows.resize_with(highest + 1, Vec::new);
            }
            if self.begins.len() <= highest {
                self.begins.resize(highest + 1, INITIAL);
            }
            self.weak.push(is_weak(event));
            if let Kind::Spawn(child) = event.kind {
                self.begins[child as usize] = id;
            }
            if event.blocked {
                continue;
            }
            self.rows[event.task as usize].push(id);
            if !event.accesses() {
                continue;
            }
            let list = graph.modifications(event.location);
            if event.reads() && event.from != INITIAL {
                self.need(id, event.from);
            }
            if event.writes {
                let rank = graph.rank(event.location, id);
                if rank > 1 {
                    self.need(id, list[rank - 2]);
                }
            } else if let Some(&next) = list.get(graph.rank(event.location, event.from)) {
                self.need(next, id);
            }
        }
        self.begins.resize(self.rows.len(), INITIAL);
    }

    fn need(&mut self, event: Id, other: Id) {
        let next = std::mem::replace(&mut self.first[event as usize], self.needs.len() as u32);
        self.needs.push((other, next));
    }

    fn is_done(&self, graph: &Graph, at: &[u16], id: Id) -> bool {
        let event = graph.event(id);
        u32::from(at[event.task as usize]) >= event.index
    }

    fn next(&self, at: &[u16], task: usize) -> Option<Id> {
        self.rows[task].get(usize::from(at[task])).copied()
    }

    /// Whether an event may be the next one where tasks take turns.
    fn is_next_in_turns(&self, graph: &Graph, at: &[u16], id: Id) -> bool {
        let mut need = self.first[id as usize];
        while need != NONE {
            let (other, next) = self.needs[need as usize];
            if !self.is_done(graph, at, other) {
                return false;
            }
            need = next;
        }
        self.has_begun(graph, at, graph.event(id).task)
    }

    fn has_begun(&self, graph: &Graph, at: &[u16], task: Task) -> bool {
        let begins = self.begins[task as usize];
        begins == INITIAL || self.is_done(graph, at, begins)
    }

    /// Whether an event may be the next one at all.
    fn is_next(&self, graph: &Graph, at: &[u16], id: Id) -> bool {
        let event = graph.event(id);
        self.has_begun(graph, at, event.task) && (!event.accesses() || event.from == INITIAL || self.is_done(graph, at, event.from))
    }

    /// Whether an event that is the next one sees, or stands before, something that is not the last.
    fn is_late(&self, graph: &Graph, at: &[u16], id: Id) -> bool {
        let event = graph.event(id);
        if !event.accesses() {
            return false;
        }
        let rank = graph.rank(event.location, if event.writes { id } else { event.from });
        graph.modifications(event.location)[rank..].iter().any(|&later| self.is_done(graph, at, later))
    }

    /// What leaving a task costs.
    fn leaving(&self, at: &[u16], task: u16) -> u32 {
        u32::from(task != NOBODY && self.next(at, usize::from(task)).is_some())
    }

    fn is_over(&self, at: &[u16]) -> bool {
        self.rows.iter().zip(at).all(|(row, &at)| row.len() == usize::from(at))
    }

    /// Whether it is an execution in which tasks take turns.
    fn takes_turns(&self, graph: &Graph) -> bool {
        let mut at = vec![0; self.rows.len()];
        loop {
            let mut moved = false;
            for task in 0..at.len() {
                while let Some(next) = self.next(&at, task)
                    && self.is_next_in_turns(graph, &at, next)
                {
                    at[task] += 1;
                    moved = true;
                }
            }
            if !moved {
                return self.is_over(&at);
            }
        }
    }

    /// Whether there is an order of all events that costs no more than so much.
    fn reach(&mut self, graph: &Graph, most: u32, orders: Orders) -> bool {
        let (mut met, mut open) = (std::mem::take(&mut self.met), std::mem::take(&mut self.open));
        (met.clear(), open.clear());
        let mut start = vec![0; self.rows.len() + 1];
        start[self.rows.len()] = NOBODY;
        open.push_back((start.into_boxed_slice(), 0));
        let found = self.walk(graph, most, orders, &mut met, &mut open);
        (self.met, self.open) = (met, open);
        found
    }

    fn walk(&self, graph: &Graph, most: u32, orders: Orders, met: &mut HashMap<Box<[u16]>, u32, Numbers>, open: &mut VecDeque<(Box<[u16]>, u32)>) -> bool {
        let tasks = self.rows.len();
        while let Some((mut at, cost)) = open.pop_front() {
            let current = at[tasks];
            // To go on is never worse than to come back later, if nobody has to be first and leaving costs one here, too.
            while self.leaving(&at, current) > 0
                && let Some(next) = self.next(&at, usize::from(current))
                && self.is_next_in_turns(graph, &at, next)
                && !self.is_late(graph, &at, next)
            {
                at[usize::from(current)] += 1;
            }
            if self.is_over(&at[..tasks]) {
                return true;
            }
            match met.get_mut(&at) {
                Some(known) if *known <= cost => continue,
                Some(known) => *known = cost,
                None => {
                    met.insert(at.clone(), cost);
                }
            }
            let leaving = self.leaving(&at, current);
            let may_be_late = match orders {
                Orders::Turns => false,
                Orders::Weak => self.rows.iter().zip(&at).any(|(row, &done)| row[..usize::from(done)].iter().any(|&id| self.weak[id as usize])),
            };
            for task in 0..tasks {
                let Some(next) = self.next(&at, task) else { continue };
                let fits = if orders == Orders::Turns { self.is_next_in_turns(graph, &at, next) } else { self.is_next(graph, &at, next) };
                let late = fits && self.is_late(graph, &at, next);
                if !fits || late && !may_be_late && !(orders == Orders::Weak && self.weak[next as usize]) {
                    continue;
                }
                let then = cost + u32::from(late) + if task == usize::from(current) { 0 } else { leaving };
                if then > most {
                    continue;
                }
                let mut to = at.clone();
                to[task] += 1;
                to[tasks] = task as u16;
                if then == cost { open.push_front((to, then)) } else { open.push_back((to, then)) }
            }
        }
        false
    }
}
