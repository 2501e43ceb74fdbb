//! Drawn runs of programs whose atomics are all sequential: tasks take turns, and who reads sees what memory holds.
//!
//! As long as nothing is weaker than `seqcst`, every execution is one in which tasks take turns, so drawing whose turn it is
//! draws from all of them, and a run needs no graph and no clocks: a step is one look at memory. The first step that is
//! weaker, and the first who asks what a task knows of others, make the exploration begin again with the engine. A run that
//! fails is repeated by the engine, turn for turn, to be told.

use crate::draw::Draw;
use crate::engine::Direction;
use crate::graph::Task;
use rt::observe::{Answer, Ask, Missed, Numbers, Observer, Turn, What};
use std::collections::HashMap;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum State {
    #[default]
    Unborn,
    Ready,
    /// Until this location has this value, or another one.
    Waits(u64, bool, u64),
    /// Until somebody writes there.
    Missed(u64),
    Ended,
}

#[derive(Default)]
struct Run {
    state: State,
    /// Steps.
    done: usize,
    /// The last of them that did more than to look.
    acted: usize,
    spawned: usize,
    /// Whom it begins, in order; the same in every run.
    children: Vec<Task>,
    /// Where it has gone round a loop, and after how many steps.
    rounds: Vec<(u64, usize)>,
}

/// A step that was made.
#[derive(Clone, Copy)]
struct Made {
    task: Task,
    /// Of a choice, which.
    which: u32,
    /// Whom it began.
    child: Option<Task>,
}

pub(crate) struct Turns {
    seed: u64,
    depth: u32,
    /// Of one run.
    steps_max: usize,
    draw: Draw,
    tasks: Vec<Run>,
    /// Who acts when he is told to.
    clock: Option<Task>,
    turn: Option<Task>,
    made: Vec<Made>,
    /// Locations that are no memory: in which run each was written, and what.
    values: HashMap<u64, (u64, u64), Numbers>,
    /// How many wait for a write.
    waiting: usize,
    runs: u64,
    /// Turns are not enough.
    pub beyond: bool,
    pub too_long: bool,
    /// Another run does the same.
    pub repeats: bool,
}

/// How compiled code numbers `seqcst`.
const SEQUENTIAL: u8 = 4;

impl Turns {
    pub fn new(seed: u64, depth: u32, steps_max: usize) -> Turns {
        Turns {
            seed,
            depth,
            steps_max,
            draw: Draw::new(),
            tasks: Vec::new(),
            clock: None,
            turn: None,
            made: Vec::new(),
            values: HashMap::default(),
            waiting: 0,
            runs: 0,
            beyond: false,
            too_long: false,
            repeats: false,
        }
    }

    pub fn begin(&mut self) {
        self.draw.begin(self.seed, self.runs, self.depth, self.made.len());
        self.runs += 1;
        self.made.clear();
        (self.turn, self.waiting, self.repeats) = (None, 0, false);
        for run in &mut self.tasks {
            (run.state, run.done, run.acted, run.spawned) = (State::Unborn, 0, 0, 0);
            run.rounds.clear();
        }
        self.run_of(0).state = State::Ready;
    }

    /// What leads to the same run again. Tasks have the numbers that they get when they begin in it.
    pub fn directions(&self) -> Vec<Direction> {
        let mut numbers: HashMap<Task, Task> = HashMap::from([(0, 0)]);
        numbers.extend(self.clock.map(|clock| (clock, 1)));
        let mut all = Vec::new();
        for made in &self.made {
            all.push((numbers.get(&made.task).copied().unwrap_or(made.task), made.which));
            if let Some(child) = made.child {
                let next = numbers.len() as Task;
                numbers.insert(child, next);
            }
        }
        all
    }

    fn run_of(&mut self, task: Task) -> &mut Run {
        if self.tasks.len() <= task as usize {
            self.tasks.resize_with(task as usize + 1, Run::default);
        }
        &mut self.tasks[task as usize]
    }

    fn drawn(&mut self) -> Task {
        let tasks = &self.tasks;
        self.draw.first(tasks.len(), self.made.len(), |task| tasks[task].state == State::Ready)
    }

    /// Whether the task that asks makes the next step. If that was not drawn yet, it is now: whoever goes on need not be left.
    fn is_turn(&mut self, task: Task) -> bool {
        if self.turn.is_none() {
            self.turn = Some(self.drawn());
        }
        self.turn == Some(task)
    }

    fn value(&self, ask: &Ask) -> u64 {
        let known = || self.values.get(&ask.address).filter(|value| value.0 == self.runs).map_or(0, |value| value.1);
        ask.memory.unwrap_or_else(known)
    }

    /// Somebody has written: those go on who waited for that.
    fn awaken(&mut self, address: u64, value: u64) {
        for run in &mut self.tasks {
            let goes_on = match run.state {
                State::Waits(at, is, wanted) => at == address && (value == wanted) == is,
                State::Missed(at) => at == address,
                _ => false,
            };
            if goes_on {
                run.state = State::Ready;
                self.waiting -= 1;
            }
        }
    }

    fn waits(&mut self, task: Task, state: State) {
        self.turn = None;
        self.waiting += 1;
        self.tasks[task as usize].state = state;
    }
}

/// Whether somebody could see something else than what memory holds. What the library does without memory happens in turn.
fn is_weak(ask: &Ask) -> bool {
    ask.memory.is_some()
        && match ask.what {
            What::Load(order) | What::Store(order, _) | What::Update(order, ..) => order != SEQUENTIAL,
            What::Compare { success, failure, .. } => success != SEQUENTIAL || failure != SEQUENTIAL,
            _ => false,
        }
        || matches!(ask.what, What::Fence(_))
}

impl Observer for Turns {
    fn step(&mut self, task: u32, ask: &Ask) -> Answer {
        self.beyond |= is_weak(ask);
        self.too_long = self.made.len() > self.steps_max;
        if self.beyond || self.too_long {
            return Answer::Stop;
        }
        if self.clock != Some(task) && !self.is_turn(task) {
            return Answer::Wait;
        }
        let mut made = Made { task, which: 0, child: None };
        let (mut seen, mut written) = (0, None);
        match ask.what {
            What::Load(_) => seen = self.value(ask),
            What::Store(_, value) => written = Some(value),
            What::Update(_, change, operand) => {
                seen = self.value(ask);
                written = Some(change.apply(seen, operand, ask.size));
            }
            What::Compare { expected, new, .. } => {
                seen = self.value(ask);
                written = (seen == expected).then_some(new);
            }
            What::Await(wanted) | What::AwaitChange(wanted) => {
                seen = self.value(ask);
                let is = matches!(ask.what, What::Await(_));
                if (seen == wanted) != is {
                    self.waits(task, State::Waits(ask.address, is, wanted));
                    return Answer::Wait;
                }
            }
            What::Choice(count) => {
                made.which = self.draw.below(count as usize) as u32;
                seen = u64::from(made.which);
            }
            What::Spawn(child) => {
                made.child = Some(child);
                self.run_of(child).state = State::Ready;
                self.tasks[task as usize].spawned += 1;
            }
            What::Fence(_) => unreachable!("bug! a fence is beyond turns"),
        }
        self.turn = None;
        self.made.push(made);
        let run = &mut self.tasks[task as usize];
        run.done += 1;
        let acts = match ask.what {
            What::Load(_) | What::Await(_) | What::AwaitChange(_) => false,
            // To put in what is there already is how a loop tries again.
            What::Update(..) | What::Compare { .. } => written.is_some_and(|value| ask.memory.is_none() || value != seen),
            _ => true,
        };
        if acts {
            run.acted = run.done;
        }
        if let Some(value) = written {
            if ask.memory.is_none() {
                self.values.insert(ask.address, (self.runs, value));
            }
            if self.waiting > 0 {
                self.awaken(ask.address, value);
            }
        }
        Answer::Done { seen, wrote: written.is_some(), memory: written.unwrap_or(seen) }
    }

    fn begins(&mut self, task: u32, _: u64) -> Answer {
        if self.beyond {
            Answer::Stop
        } else if self.is_turn(task) {
            Answer::Done { seen: 0, wrote: false, memory: 0 }
        } else {
            Answer::Wait
        }
    }

    fn misses(&mut self, task: u32, address: u64) -> Missed {
        self.waits(task, State::Missed(address));
        Missed::Wait
    }

    fn knows(&mut self, _: u32, _: u32) -> u32 {
        self.beyond = true;
        0
    }

    fn child(&mut self, parent: u32) -> u32 {
        let next = self.tasks.len() as Task;
        let run = &mut self.tasks[parent as usize];
        if run.spawned == run.children.len() {
            run.children.push(next);
        }
        let child = run.children[run.spawned];
        self.run_of(child);
        child
    }

    fn clock(&mut self) -> u32 {
        let next = self.tasks.len().max(1) as Task;
        let clock = *self.clock.get_or_insert(next);
        self.run_of(clock);
        clock
    }

    fn end(&mut self, task: u32) {
        self.tasks[task as usize].state = State::Ended;
    }

    fn wants_round(&mut self, task: u32, place: u64) -> bool {
        let run = &mut self.tasks[task as usize];
        let Some(at) = run.rounds.iter().position(|round| round.0 == place) else {
            run.rounds.push((place, run.done));
            return false;
        };
        let since = std::mem::replace(&mut run.rounds[at].1, run.done);
        if since >= run.acted && since < run.done {
            self.draw.lose_priority(task);
        }
        false
    }

    fn wants_states(&self) -> bool {
        false
    }

    fn round(&mut self, _: u32, _: u64, _: u64, _: u64) -> Answer {
        unreachable!("bug! a state that was not asked for")
    }

    fn gives_up(&mut self, _: u32) -> bool {
        false
    }

    fn next(&mut self) -> Turn {
        if self.beyond {
            return Turn::Stop;
        }
        if let Some(turn) = self.turn
            && self.tasks[turn as usize].state == State::Ready
        {
            return Turn::Run(turn, None);
        }
        self.turn = None;
        if !self.tasks.iter().any(|run| run.state == State::Ready) {
            return if self.waiting > 0 { Turn::Stuck } else { Turn::Over };
        }
        let turn = self.drawn();
        self.turn = Some(turn);
        Turn::Run(turn, None)
    }

    fn repeats(&mut self) {
        self.repeats = true;
    }
}
