//! Tasks that go round a loop: whether that has an effect, and what they wait for if it has none.

use super::*;

impl Engine {
    /// Whether to look at the state of a task that comes to this place of a loop: not if it has done nothing since the last
    /// time, nor where nobody has ever gone round and only looked. The first who does makes the exploration begin again.
    pub fn wants_round(&mut self, task: Task, place: u64) -> bool {
        let run = &mut self.tasks[task as usize];
        if !run.looks_at.is_empty() {
            return true;
        }
        let (done, known) = (run.done, run.rounds.iter().position(|round| round.0 == place));
        if known.is_some_and(|at| run.rounds[at].1 == done) {
            return false;
        }
        if let Mode::Priorities(..) = self.mode {
            let Some(at) = known else {
                run.rounds.push((place, done, Seen::default()));
                return false;
            };
            if std::mem::replace(&mut run.rounds[at].1, done) >= run.acted {
                self.draw.lose_priority(task);
            }
            return false;
        }
        if self.mode == Mode::Directed || self.loops.contains(&place) {
            return true;
        }
        let now = (place, done, Seen::default());
        let Some(at) = known else {
            run.rounds.push(now);
            return false;
        };
        let since = std::mem::replace(&mut run.rounds[at], now).1;
        if since >= run.acted {
            self.loops.push(place);
            self.begins_again = true;
        }
        false
    }

    /// Whether [`Engine::wants_round`] may say so.
    pub fn wants_states(&self) -> bool {
        match self.mode {
            Mode::Exhaustive | Mode::Bounded => !self.loops.is_empty(),
            Mode::Directed => true,
            Mode::Priorities(..) => false,
        }
    }

    /// A task goes round a loop. If it has only looked since the last time, and its state is the same, what it did counts for
    /// nothing: it is taken back, and the task goes on when it would see something else.
    pub fn round(&mut self, task: Task, place: u64, own: u64, rest: u64) -> Round {
        self.acts(task);
        let state = Seen { own, rest, turns: self.turns };
        let run = &mut self.tasks[task as usize];
        if !run.looks_at.is_empty() {
            return Round::Wait;
        }
        let done = run.done;
        let at = run.rounds.iter().position(|round| round.0 == place).unwrap_or(run.rounds.len());
        if at == run.rounds.len() {
            run.rounds.push((place, done, state));
        }
        let (_, since, old) = run.rounds[at];
        if old != state {
            run.rounds[at] = (place, done, state);
            return Round::Goes;
        }
        // What is followed is judged when it is over.
        let judges = match self.mode {
            Mode::Exhaustive => !self.is_following(),
            Mode::Directed | Mode::Bounded => self.directed >= self.directions.len(),
            Mode::Priorities(..) => false,
        };
        if since == done || !judges {
            return Round::Goes;
        }
        let round: Vec<Id> = (0..self.graph.events.len() as Id)
            .filter(|&id| self.graph.event(id).task == task && self.graph.event(id).index as usize > since)
            .collect();
        if !round.iter().all(|&id| self.graph.event(id).only_looks()) {
            self.tasks[task as usize].rounds[at] = (place, done, state);
            return Round::Goes;
        }
        let looks = round.iter().map(|&id| self.graph.event(id)).filter(|event| event.accesses());
        let looks_at: Vec<(u32, Id)> = looks.map(|event| (event.location, event.from)).collect();
        let top = |location: u32| self.graph.at_rank(location, self.graph.modifications(location).len());
        if looks_at.iter().any(|&(location, from)| top(location) != from) {
            return Round::Unfair;
        }
        let first = round[0] as usize;
        let turned = self.graph.turned == round.last().copied();
        if turned || first + round.len() != self.graph.events.len() {
            if !turned {
                self.tasks[task as usize].rounds[at] = (place, done, state);
                return Round::Goes;
            }
            self.miss_round(&round);
            // An earlier read that was made to read a later write: it has to wait there, with all the rest of this graph.
            let kept: Vec<Id> = (0..self.graph.events.len() as Id).filter(|id| !round.contains(id)).collect();
            let (graph, _) = self.graph.keep(Graph::default(), &kept);
            self.pending.push(graph);
            return Round::Unfair;
        }
        self.miss_round(&round);
        let value = |&(location, from): &(u32, Id)| (location, self.graph.value(from, self.locations[location as usize].initial));
        let looks_at: Vec<(u32, u64)> = looks_at.iter().map(value).collect();
        self.graph.events.truncate(first);
        self.forget_path(first);
        self.happened.truncate(first);
        self.clocks.all(&self.graph);
        let run = &mut self.tasks[task as usize];
        run.done = since;
        run.looks_at = looks_at;
        run.rounds.remove(at);
        Round::Wait
    }

    /// What a task read in a round without an effect, it need not read again, nor what was there before.
    pub(super) fn miss_round(&mut self, round: &[Id]) {
        for &id in round {
            let event = *self.graph.event(id);
            if !event.accesses() {
                continue;
            }
            self.graph.miss(Miss { task: event.task, location: event.location, write: event.from, stamp: event.stamp, alone: round.len() == 1, settled: false });
        }
    }
}
