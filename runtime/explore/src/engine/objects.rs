//! Uses of the library's objects, which are tried and may be missed; tasks that give up.

use super::*;

impl Engine {
    /// Whether the task stays where it is. The others go on: what they do may change what it saw before.
    pub fn gives_up(&mut self, task: Task) -> bool {
        let judges = self.mode == Mode::Exhaustive;
        if judges {
            self.tasks[task as usize].state = State::GivenUp;
        }
        if self.mode == Mode::Bounded {
            // There is a run for each choice, whatever the others do.
            self.prune();
            return true;
        }
        judges
    }

    /// Whether this run counts for nothing.
    pub fn has_given_up(&self) -> bool {
        self.tasks.iter().any(|run| run.state == State::GivenUp)
    }

    /// Whether a task may use an object now. It says afterwards whether it could, by a step or by [`Engine::misses`].
    pub fn begins(&mut self, task: Task, address: u64) -> Step {
        self.acts(task);
        let done = Step::Done(Outcome::default());
        if self.is_following() {
            let event = self.graph.event(self.script[self.cursor]);
            if event.task != task {
                return Step::Wait;
            }
            let same = event.accesses() && self.address(event.location) == address;
            return if same { done } else { Step::Diverged };
        }
        let is_turn = match self.mode {
            Mode::Exhaustive => true,
            Mode::Bounded => self.followed().is_none_or(|(next, _)| next == task),
            _ => self.is_turn(task),
        };
        if is_turn { done } else { Step::Wait }
    }

    /// It could not: the task waits until the object has changed.
    pub fn misses(&mut self, task: Task, address: u64) -> Missed {
        if self.is_following() {
            let id = self.script[self.cursor];
            if self.graph.turned == Some(id) {
                // It has to wait there, with all the rest of this graph.
                let event = *self.graph.event(id);
                let kept: Vec<Id> = (0..self.graph.events.len() as Id).filter(|&other| other != id).collect();
                let (mut graph, renamed) = self.graph.keep(Graph::default(), &kept);
                let write = if event.from == INITIAL { INITIAL } else { renamed[event.from as usize] };
                graph.miss(Miss { task, location: event.location, write, stamp: event.stamp, alone: true, settled: false });
                self.pending.push(graph);
            }
            return Missed::Void;
        }
        if self.mode == Mode::Bounded && self.followed().is_some() {
            self.prune();
            return Missed::Void;
        }
        if self.mode == Mode::Directed && self.directed < self.directions.len() {
            if !self.lenient {
                return Missed::Diverged;
            }
            self.directed += 1;
        }
        let use_of = Kind::Update(Order::AcquireRelease, Change::Add, 1);
        let request = Request { kind: use_of, address, size: 8, memory: None, site: 0 };
        let location = self.location(&request);
        let rank = self.graph.modifications(location).len();
        if self.mode == Mode::Exhaustive && place::kind(address) == place::STEP {
            // It may have been possible before somebody else made a step there.
            let stamp = self.graph.next_stamp();
            let event = self.next_event(task, &request, location, stamp);
            let lowest = self.lowest(task, location);
            self.read_older(event, self.graph.events.len() as Id, lowest..rank);
            if lowest <= rank {
                let write = self.graph.at_rank(location, rank);
                self.graph.miss(Miss { task, location, write, stamp, alone: true, settled: false });
            }
        }
        let value = self.graph.value(self.graph.at_rank(location, rank), self.locations[location as usize].initial);
        let run = &mut self.tasks[task as usize];
        run.looks_at.push((location, value));
        self.turn = None;
        Missed::Wait
    }
}
