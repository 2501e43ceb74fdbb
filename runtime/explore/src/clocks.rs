//! Who knows of what: happens-before, and program order with reads-from, as vectors of counts.
//!
//! An event of a task is known to another when its index is at most the other's count for that task. Four clocks are C++20's
//! synchronisation: what happens before, what an acquire fence would add, what a release fence has fixed, and for each write
//! what a reader that acquires it learns. All lie in two arrays, a row for each: a run allocates nothing.

use crate::graph::{Event, Graph, INITIAL, Id, Kind, Task};

/// How many events of a task: narrow and signed, because that is what vectors compare fastest. Runs are shorter than this.
pub type Count = i16;
pub const COUNT_MAX: usize = Count::MAX as usize;

/// Counts for as many tasks as were met.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'a>(pub &'a [Count]);

impl Clock<'_> {
    pub fn get(self, task: Task) -> u32 {
        self.0.get(task as usize).map_or(0, |&count| count as u32)
    }
    pub fn knows(self, event: &Event) -> bool {
        self.get(event.task) >= event.index
    }
}

/// The rows of a task: what happens before its next event, what that follows in program order and reads-from, what an acquire
/// fence would add, what a release fence has fixed.
const BEFORE: usize = 0;
const FROM: usize = 1;
const PENDING: usize = 2;
const RELEASED: usize = 3;
const TASK_ROWS: usize = 4;
/// The rows of an event: the first two as of a task, the event itself included; what a reader that acquires it learns.
const MESSAGE: usize = 2;
const EVENT_ROWS: usize = 3;
/// The first length of a row.
const WIDTH_MIN: usize = 8;

#[derive(Default)]
pub struct Clocks {
    /// The length of a row: a count for each task.
    width: usize,
    tasks: Vec<Count>,
    events: Vec<Count>,
    /// A task's rows before an event that may be taken back.
    saved: Vec<Count>,
    /// Sequential events so far.
    pub sequential: u32,
    saved_sequential: u32,
}

impl Clocks {
    pub fn clear(&mut self) {
        self.tasks.fill(0);
        self.sequential = 0;
    }

    /// Makes room for a task.
    #[inline]
    fn meet(&mut self, task: Task) {
        if (task as usize + 1) * TASK_ROWS * self.width > self.tasks.len() || self.width == 0 {
            self.widen(task as usize);
        }
    }

    #[cold]
    fn widen(&mut self, task: usize) {
        if task >= self.width {
            let width = (task + 1).next_power_of_two().max(WIDTH_MIN);
            self.tasks = widened(&self.tasks, self.width, width);
            self.events = widened(&self.events, self.width, width);
            self.saved = widened(&self.saved, self.width, width);
            self.width = width;
        }
        let needed = (task + 1) * TASK_ROWS * self.width;
        if self.tasks.len() < needed {
            self.tasks.resize(needed, 0);
        }
    }

    fn task_row(&self, task: Task, row: usize) -> usize {
        (task as usize * TASK_ROWS + row) * self.width
    }

    fn event_row(&self, id: Id, row: usize) -> usize {
        (id as usize * EVENT_ROWS + row) * self.width
    }

    /// What happens before the next event of a task.
    pub fn before_next(&self, task: Task) -> Clock<'_> {
        let at = self.task_row(task, BEFORE);
        Clock(self.tasks.get(at..at + self.width).unwrap_or(&[]))
    }

    /// What happens before an event, and itself.
    pub fn before(&self, id: Id) -> Clock<'_> {
        let at = self.event_row(id, BEFORE);
        Clock(&self.events[at..at + self.width])
    }

    /// What an event follows in program order and reads-from, and itself.
    pub fn from(&self, id: Id) -> Clock<'_> {
        let at = self.event_row(id, FROM);
        Clock(&self.events[at..at + self.width])
    }

    /// Remembers the state of a task, for [`Clocks::back`].
    pub fn mark(&mut self, task: Task) {
        self.meet(task);
        let at = self.task_row(task, 0);
        self.saved.resize(TASK_ROWS * self.width, 0);
        copy(&mut self.saved, &self.tasks[at..at + TASK_ROWS * self.width]);
        self.saved_sequential = self.sequential;
    }

    /// The task has not done what it did since [`Clocks::mark`], which was one event.
    pub fn back(&mut self, task: Task) {
        let at = self.task_row(task, 0);
        copy(&mut self.tasks[at..at + TASK_ROWS * self.width], &self.saved);
        self.sequential = self.saved_sequential;
    }

    /// The event happens now: all that it reads from has.
    pub fn add(&mut self, graph: &Graph, id: Id) {
        let event = graph.event(id);
        self.meet(event.task);
        if let Kind::Spawn(child) = event.kind {
            self.meet(child);
        }
        let width = self.width;
        let needed = (id as usize + 1) * EVENT_ROWS * width;
        if self.events.len() < needed {
            self.events.resize(needed, 0);
        }
        let order = event.order();
        if event.is_sequential() {
            self.sequential += 1;
        }
        let at = self.task_row(event.task, 0);
        let known = &mut self.tasks[at..at + TASK_ROWS * width];
        known[BEFORE * width + event.task as usize] = event.index as Count;
        known[FROM * width + event.task as usize] = event.index as Count;
        // Who still waits has learnt nothing; when the value comes, it is added again.
        if event.reads() && event.from != INITIAL && !event.blocked {
            let source = event.from as usize * EVENT_ROWS * width;
            let source = &self.events[source..source + EVENT_ROWS * width];
            if order.acquires() {
                join(row(known, BEFORE, width), &source[MESSAGE * width..]);
            } else if !event.is_plain() {
                join(row(known, PENDING, width), &source[MESSAGE * width..]);
            }
            join(row(known, FROM, width), &source[FROM * width..]);
        }
        if let Kind::Fence(_) = event.kind {
            if order.acquires() {
                let (before, behind) = known.split_at_mut(PENDING * width);
                join(row(before, BEFORE, width), behind);
            }
            if order.releases() {
                let (before, behind) = known.split_at_mut(RELEASED * width);
                copy(behind, &before[BEFORE * width..(BEFORE + 1) * width]);
            }
        }
        let own = id as usize * EVENT_ROWS * width;
        if event.writes {
            let message = &mut self.events[own + MESSAGE * width..own + EVENT_ROWS * width];
            if order.releases() {
                copy(message, row(known, BEFORE, width));
            } else if event.is_plain() {
                message.fill(0);
            } else {
                copy(message, row(known, RELEASED, width));
            }
            if event.is_update() && event.from != INITIAL {
                let (source, to) = ((event.from as usize * EVENT_ROWS + MESSAGE) * width, own + MESSAGE * width);
                let (low, high) = self.events.split_at_mut(source.max(to));
                if source < to {
                    join(&mut high[..width], &low[source..source + width]);
                } else {
                    join(&mut low[to..to + width], &high[..width]);
                }
            }
        }
        copy(&mut self.events[own..own + 2 * width], &known[..2 * width]);
        if let Kind::Spawn(child) = event.kind {
            let child = self.task_row(child, 0);
            self.tasks.copy_within(at..at + 2 * width, child);
        }
    }

    /// All of a graph.
    pub fn all(&mut self, graph: &Graph) {
        self.clear();
        if graph.is_in_order() {
            (0..graph.events.len() as Id).for_each(|id| self.add(graph, id));
        } else {
            graph.script().into_iter().for_each(|id| self.add(graph, id));
        }
    }
}

fn row(rows: &mut [Count], row: usize, width: usize) -> &mut [Count] {
    &mut rows[row * width..(row + 1) * width]
}

/// Rows are a multiple of so many counts, which a vector compares at once.
const LANES: usize = WIDTH_MIN;

/// Rows are short: a call would cost more.
fn copy(to: &mut [Count], from: &[Count]) {
    for (to, from) in to.as_chunks_mut::<LANES>().0.iter_mut().zip(from.as_chunks::<LANES>().0) {
        *to = *from;
    }
}

fn join(mine: &mut [Count], theirs: &[Count]) {
    for (mine, theirs) in mine.as_chunks_mut::<LANES>().0.iter_mut().zip(theirs.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            mine[lane] = mine[lane].max(theirs[lane]);
        }
    }
}

/// The same rows, each longer.
fn widened(rows: &[Count], from: usize, to: usize) -> Vec<Count> {
    let mut wide = Vec::with_capacity(rows.len() / from.max(1) * to);
    for row in rows.chunks(from.max(1)) {
        wide.extend_from_slice(row);
        wide.resize(wide.len() + to - from, 0);
    }
    wide
}
