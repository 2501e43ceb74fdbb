//! Who knows of what: happens-before, and program order with reads-from, as vectors of counts.
//!
//! An event of a task is known to another when its index is at most the other's count for that task. Four clocks are C++20's
//! synchronisation: what happens before, what an acquire fence would add, what a release fence has fixed, and for each write
//! what a reader that acquires it learns.

use crate::graph::{Event, Graph, Id, INITIAL, Kind, Task};

/// Counts for as many tasks as were met.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Clock(Vec<u32>);

impl Clock {
    pub fn get(&self, task: Task) -> u32 {
        self.0.get(task as usize).copied().unwrap_or(0)
    }
    fn set(&mut self, task: Task, count: u32) {
        if self.0.len() <= task as usize {
            self.0.resize(task as usize + 1, 0);
        }
        self.0[task as usize] = count;
    }
    fn join(&mut self, other: &Clock) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = (*mine).max(*theirs);
        }
    }
    fn copy(&mut self, other: &Clock) {
        self.0.clear();
        self.0.extend_from_slice(&other.0);
    }
    fn clear(&mut self) {
        self.0.clear();
    }
    pub fn knows(&self, event: &Event) -> bool {
        self.get(event.task) >= event.index
    }
}

/// What a task knows.
#[derive(Clone, Default, Debug)]
struct Known {
    before: Clock,
    from: Clock,
    pending: Clock,
    released: Clock,
}

/// What is remembered of an event.
#[derive(Clone, Default, Debug)]
struct Trace {
    /// Happens before it, itself included.
    before: Clock,
    /// Before it in program order and reads-from, itself included.
    from: Clock,
    message: Clock,
}

#[derive(Default)]
pub struct Clocks {
    tasks: Vec<Known>,
    traces: Vec<Trace>,
    /// Sequential events so far.
    pub sequential: u32,
}

impl Clocks {
    pub fn clear(&mut self) {
        for task in &mut self.tasks {
            task.before.clear();
            task.from.clear();
            task.pending.clear();
            task.released.clear();
        }
        self.sequential = 0;
    }

    fn task(&mut self, task: Task) -> &mut Known {
        if self.tasks.len() <= task as usize {
            self.tasks.resize_with(task as usize + 1, Known::default);
        }
        &mut self.tasks[task as usize]
    }

    /// What happens before the next event of a task.
    pub fn before_next(&mut self, task: Task) -> &Clock {
        &self.task(task).before
    }

    /// What happens before an event, and itself.
    pub fn before(&self, id: Id) -> &Clock {
        &self.traces[id as usize].before
    }

    /// What an event follows in program order and reads-from, and itself.
    pub fn from(&self, id: Id) -> &Clock {
        &self.traces[id as usize].from
    }

    /// The state of a task, to come back to.
    pub fn mark(&mut self, task: Task) -> Mark {
        Mark { task, known: self.task(task).clone(), sequential: self.sequential }
    }

    pub fn back(&mut self, mark: Mark) {
        self.sequential = mark.sequential;
        *self.task(mark.task) = mark.known;
    }

    /// The event happens now: all that it reads from has.
    pub fn add(&mut self, graph: &Graph, id: Id) {
        let event = *graph.event(id);
        if self.traces.len() <= id as usize {
            self.traces.resize_with(id as usize + 1, Trace::default);
        }
        let mut known = std::mem::take(self.task(event.task));
        let mut trace = std::mem::take(&mut self.traces[id as usize]);
        known.before.set(event.task, event.index);
        known.from.set(event.task, event.index);
        let order = event.order();
        if event.is_sequential() {
            self.sequential += 1;
        }
        // Who still waits has learnt nothing; when the value comes, it is added again.
        if event.reads() && event.from != INITIAL && !event.blocked {
            let source = &self.traces[event.from as usize];
            if order.acquires() {
                known.before.join(&source.message);
            } else if !event.is_plain() {
                known.pending.join(&source.message);
            }
            known.from.join(&source.from);
        }
        if let Kind::Fence(_) = event.kind {
            if order.acquires() {
                let Known { before, pending, .. } = &mut known;
                before.join(pending);
            }
            if order.releases() {
                let Known { before, released, .. } = &mut known;
                released.copy(before);
            }
        }
        if event.writes {
            if order.releases() {
                trace.message.copy(&known.before);
            } else if event.is_plain() {
                trace.message.clear();
            } else {
                trace.message.copy(&known.released);
            }
            if event.is_update() && event.from != INITIAL {
                let source = std::mem::take(&mut self.traces[event.from as usize].message);
                trace.message.join(&source);
                self.traces[event.from as usize].message = source;
            }
        }
        trace.before.copy(&known.before);
        trace.from.copy(&known.from);
        if let Kind::Spawn(child) = event.kind {
            let begun = self.task(child);
            begun.before.copy(&known.before);
            begun.from.copy(&known.from);
        }
        self.traces[id as usize] = trace;
        *self.task(event.task) = known;
    }

    /// All of a graph.
    pub fn all(&mut self, graph: &Graph) {
        self.clear();
        for id in graph.script() {
            self.add(graph, id);
        }
    }
}

pub struct Mark {
    task: Task,
    known: Known,
    sequential: u32,
}
