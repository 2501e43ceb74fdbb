//! Runs that are drawn or repeated instead of enumerated.

use super::*;

impl Engine {
    /// One run that goes as a former one.
    pub fn direct(directions: Vec<Direction>) -> Engine {
        Engine { directions, pending: Vec::new(), ..Engine::new(Mode::Directed) }
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether it repeats a run.
    pub fn is_directed(&self) -> bool {
        self.mode == Mode::Directed
    }

    /// One run that goes as a former one as far as it can: what cannot be done is left out.
    pub fn suggest(directions: Vec<Direction>) -> Engine {
        Engine { lenient: true, ..Engine::direct(directions) }
    }

    /// What leads to the graph again, in this order. Tasks have the numbers that they get when they begin in it.
    pub fn directions(&self, order: &[Id]) -> Vec<Direction> {
        let mut written: HashMap<u32, Vec<Id>> = HashMap::new();
        let mut numbers: HashMap<Task, Task> = HashMap::from([(0, 0)]);
        if let Some(apart) = self.apart {
            numbers.insert(apart, 1);
        }
        let mut all = Vec::new();
        for &id in order {
            let event = self.graph.event(id);
            let mut back = 0;
            if let Kind::Choice(_, which) = event.kind {
                back = which;
            }
            if event.accesses() {
                let before = written.entry(event.location).or_default();
                let rank = |write: Id| self.graph.rank(event.location, write);
                let place = rank(if event.reads() { event.from } else { id });
                back = before.iter().filter(|&&other| rank(other) > place).count() as u32;
                if event.writes {
                    before.push(id);
                }
            }
            all.push((numbers.get(&event.task).copied().unwrap_or(event.task), back));
            if let Kind::Spawn(child) = event.kind {
                let next = numbers.len() as Task;
                numbers.insert(child, next);
            }
        }
        all
    }

    /// Whether the task that asks makes the next step. If that was not drawn yet, it is now: whoever goes on need not be left.
    pub(super) fn is_turn(&mut self, task: Task) -> bool {
        if let (None, Mode::Priorities(..)) = (self.turn, self.mode) {
            let chosen = self.first_by_priority();
            self.turn = Some(chosen);
            return chosen == task;
        }
        self.turn.is_some()
    }

    pub(super) fn first_by_priority(&mut self) -> Task {
        let tasks = &self.tasks;
        self.draw.first(tasks.len(), self.graph.events.len(), |task| tasks[task].is_ready())
    }

    /// What the run that is repeated did here.
    pub(super) fn direction(&mut self) -> Option<u32> {
        let follows = self.mode == Mode::Directed || self.mode == Mode::Bounded && self.followed().is_some();
        if !follows {
            return None;
        }
        let direction = self.directions.get(self.directed).map(|&(_, back)| back);
        self.directed += 1;
        Some(direction.unwrap_or(0))
    }

    pub(super) fn pick_choice(&mut self, count: u32) -> u32 {
        match self.direction() {
            Some(which) => which.min(count - 1),
            None => self.draw.below(count as usize) as u32,
        }
    }

    /// On a random walk: mostly the newest value.
    pub(super) fn read_any(&mut self, event: Event, id: Id, lowest: usize) {
        let (task, location) = (event.task, event.location);
        let initial = self.locations[location as usize].initial;
        let top = self.graph.modifications(location).len();
        if self.mode == Mode::Bounded && self.is_fresh() {
            self.note_older(event, id, lowest..top);
        }
        let mut tries: Vec<usize> = (lowest..top).collect();
        let mut wished = self.direction().map(|back| top.saturating_sub(back as usize));
        loop {
            let rank = match wished {
                Some(wished) => wished,
                None if matches!(self.mode, Mode::Directed | Mode::Bounded) || tries.is_empty() || self.draw.below(3) != 0 => top,
                None => tries.swap_remove(self.draw.below(tries.len())),
            };
            let mut event = event;
            let from = self.graph.at_rank(location, rank);
            event.see(from, self.graph.value(from, initial));
            let must = wished.take().is_some() && !self.lenient;
            if !must && rank < top && (rank < lowest || event.blocked || event.writes && self.graph.is_held(location, rank)) {
                continue;
            }
            self.clocks.mark(task);
            self.graph.events.push(event);
            self.clocks.add(&self.graph, id);
            if event.writes {
                self.graph.place(location, id, rank);
                if rank < top {
                    self.hash_anew();
                }
            }
            if rank == top || must || self.is_consistent(id) {
                if event.writes {
                    self.awaken(location);
                }
                return;
            }
            if event.writes {
                self.graph.unplace(location, id);
            }
            self.graph.events.pop();
            self.clocks.back(task);
        }
    }

    /// The other writes that a read may see, where that counts as a preemption.
    fn note_older(&mut self, event: Event, id: Id, ranks: std::ops::Range<usize>) {
        if ranks.is_empty() || !self.looks_back(&event) {
            return;
        }
        let (task, location, top) = (event.task, event.location, ranks.end);
        let initial = self.locations[location as usize].initial;
        let mut may = Vec::new();
        for rank in ranks {
            let mut event = event;
            let from = self.graph.at_rank(location, rank);
            event.see(from, self.graph.value(from, initial));
            if event.blocked || event.writes && self.graph.is_held(location, rank) {
                continue;
            }
            self.clocks.mark(task);
            self.graph.events.push(event);
            self.clocks.add(&self.graph, id);
            if event.writes {
                self.graph.place(location, id, rank);
            }
            if self.is_consistent(id) {
                may.push((top - rank) as u32);
            }
            if event.writes {
                self.graph.unplace(location, id);
            }
            self.graph.events.pop();
            self.clocks.back(task);
        }
        self.notes_ways(task, may.into_iter(), true);
    }
}
