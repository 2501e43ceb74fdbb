//! What a run asks, answered by the engine.

use crate::clocks::COUNT_MAX;
use crate::engine::{Engine, Next, Request, Round, Step};
use crate::graph::{Kind, Order, Task, Until};
use crate::program::{Bounds, MemoryAccess};
use rt::observe::{Answer, Ask, Missed, Observer, StepPlace, Turn, Use, What};

pub(crate) struct World {
    pub engine: Engine,
    pub bounds: Bounds,
    pub too_long: bool,
    pub unfair: bool,
    /// Another run does the same.
    pub repeats: bool,
    /// Places of the step that each task asks for, if they are wanted.
    pub asked: Option<Vec<StepPlace>>,
    pub places: Vec<StepPlace>,
    /// Accesses whose places are wanted: the task and the number among its own.
    pub wanted: Vec<(Task, u64)>,
    pub accesses: Vec<MemoryAccess>,
}

impl World {
    pub fn new(engine: Engine, bounds: Bounds) -> World {
        World { engine, bounds, too_long: false, unfair: false, repeats: false, asked: None, places: Vec::new(), wanted: Vec::new(), accesses: Vec::new() }
    }
}

fn order(number: u8) -> Order {
    Order::from_number(u64::from(number))
}

impl Observer for World {
    fn step(&mut self, task: u32, ask: &Ask) -> Answer {
        if self.engine.begins_again {
            return Answer::Stop;
        }
        if self.engine.graph.events.len() > self.bounds.steps.min(COUNT_MAX - 1) {
            self.too_long = true;
            return Answer::Stop;
        }
        let kind = match ask.what {
            What::Load(strength) => Kind::Read(order(strength)),
            What::Store(strength, value) => Kind::Write(order(strength), value),
            What::Update(strength, change, operand) => Kind::Update(order(strength), change, operand),
            What::Compare { success, failure, expected, new } => Kind::Compare(order(success), order(failure), expected, new),
            What::Await(value) => Kind::Await(Until::Is(value)),
            What::AwaitChange(value) => Kind::Await(Until::IsNot(value)),
            What::Fence(strength) => Kind::Fence(order(strength)),
            What::Spawn(child) => Kind::Spawn(child),
            What::Choice(count) => Kind::Choice(count, 0),
        };
        let request = Request { kind, address: ask.address, size: ask.size, memory: ask.memory, site: ask.site };
        match self.engine.step(task, &request) {
            Step::Done(outcome) => {
                if let Some(asked) = &self.asked
                    && let Some(place) = asked.get(task as usize)
                    && let Some(at) = self.engine.last_of(task)
                    && let Some(known) = self.places.get_mut(at as usize)
                {
                    known.clone_from(place);
                }
                Answer::Done { seen: outcome.seen, wrote: outcome.writes, memory: outcome.memory }
            }
            Step::Wait => Answer::Wait,
            Step::Diverged => Answer::Stop,
        }
    }

    fn begins(&mut self, task: u32, address: u64) -> Answer {
        match self.engine.begins(task, address) {
            Step::Done(_) => Answer::Done { seen: 0, wrote: false, memory: 0 },
            Step::Wait => Answer::Wait,
            Step::Diverged => Answer::Stop,
        }
    }

    fn misses(&mut self, task: u32, address: u64) -> Missed {
        self.engine.misses(task, address)
    }

    fn knows(&mut self, task: u32, other: u32) -> u32 {
        self.engine.knows(task, other)
    }

    fn child(&mut self, parent: u32) -> u32 {
        self.engine.child(parent)
    }

    fn clock(&mut self) -> u32 {
        self.engine.apart()
    }

    fn end(&mut self, task: u32) {
        self.engine.end(task);
    }

    fn wants_round(&mut self, task: u32, place: u64) -> bool {
        self.engine.wants_round(task, place)
    }

    fn wants_states(&self) -> bool {
        self.engine.wants_states()
    }

    fn round(&mut self, task: u32, place: u64, own: u64, rest: u64) -> Answer {
        match self.engine.round(task, place, own, rest) {
            Round::Goes => Answer::Done { seen: 0, wrote: false, memory: 0 },
            Round::Wait => Answer::Wait,
            Round::Unfair => {
                self.unfair = true;
                Answer::Stop
            }
        }
    }

    fn gives_up(&mut self, task: u32) -> bool {
        self.engine.gives_up(task)
    }

    fn next(&mut self) -> Turn {
        match self.engine.next() {
            Next::Run(task) => Turn::Run(task, self.engine.next_address(task)),
            Next::Stuck => Turn::Stuck,
            Next::Over => Turn::Over,
            Next::Diverged => Turn::Stop,
        }
    }

    fn repeats(&mut self) {
        self.repeats = true;
    }

    fn wants_places(&self) -> bool {
        self.asked.is_some()
    }

    fn wants_access(&self, task: u32, number: u64) -> bool {
        self.wanted.contains(&(task, number))
    }

    fn access_place(&mut self, task: u32, place: &StepPlace, what: Use, size: u64) {
        self.accesses.push(MemoryAccess { task, what, size, place: place.clone() });
    }

    fn place(&mut self, task: u32, place: &StepPlace) {
        if let Some(asked) = &mut self.asked {
            if asked.len() <= task as usize {
                asked.resize(task as usize + 1, StepPlace::default());
            }
            asked[task as usize] = place.clone();
        }
    }
}
