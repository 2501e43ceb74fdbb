//! Explores a compiled program: runs it once for each graph, until there is no other or one of them fails.

use crate::clocks::COUNT_MAX;
use crate::engine::{Direction, Engine, Mode, Next, Request, Round, Step};
use crate::shrink::{Cost, Failing, shrink};
use crate::graph::{Graph, Id, Kind, Order, Task, Until};
use std::collections::BTreeMap;

use rt::observe::{self, Answer, Ask, End, Missed, Observer, Session, StepPlace, Turn, Waiting, What};

/// Where an exploration ends though there is more.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub executions: u64,
    /// Steps of one run.
    pub steps: usize,
    /// Goes on after a failure, and counts what comes of each execution.
    pub outcomes: bool,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { executions: u64::MAX, steps: 3_000, outcomes: false }
    }
}

#[derive(Debug)]
pub struct Report {
    /// Runs that came to their end.
    pub executions: u64,
    /// Whether these were all.
    pub complete: bool,
    /// Runs that were given up because they had too many steps.
    pub too_long: u64,
    /// All runs.
    pub runs: u64,
    pub failure: Option<Failure>,
    /// What a program wrote and how it ended, and how often; if that was asked for.
    pub outcomes: BTreeMap<String, u64>,
}

#[derive(Debug)]
pub struct Failure {
    pub how: How,
    /// What the program wrote in that run.
    pub out: Vec<u8>,
    /// Its events.
    pub graph: Graph,
    /// The place of each event in the text, by its id.
    pub places: Vec<StepPlace>,
    /// What leads to it again.
    pub directions: Vec<Direction>,
    pub stance: Stance,
    /// Addresses of the locations, in the order of their numbers.
    pub addresses: Vec<u64>,
}

/// What counts as a step. An exploration begins with the fewest and begins again where they are not enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stance {
    /// Looking whether one is cancelled is one.
    pub cancels: bool,
    /// Using an object of the library is more than one.
    pub divides: bool,
}

#[derive(Debug)]
pub enum How {
    Panicked(String),
    Exited(i32),
    /// Nobody can go on.
    Stuck(Vec<Waits>),
    /// Two accesses to memory, in the order in which they were made, that nothing orders; or one to memory that is gone.
    Raced(Vec<MemoryAccess>),
    /// A run that was to repeat another did something else.
    Diverged,
}

/// A task that waits for ever.
#[derive(Clone, Debug)]
pub struct Waits {
    pub task: Task,
    pub place: StepPlace,
    /// The address of what it waits for.
    pub at: Option<u64>,
}

/// A plain access to memory.
#[derive(Clone, Debug)]
pub struct MemoryAccess {
    pub task: Task,
    pub writes: bool,
    /// How many bytes.
    pub size: u64,
    pub place: StepPlace,
}

/// A run that came to its end.
pub struct Run<'a> {
    /// From 1 on. After another 1 all that was told before counts for nothing: it is explored in smaller steps.
    pub number: u64,
    /// What was written.
    pub out: &'a [u8],
    pub graph: &'a Graph,
    /// Two plain steps that nothing orders.
    pub race: Option<(Id, Id)>,
}

/// A program that does not end is not asked much more often.
const TOO_LONG_MAX: u64 = 20;

struct World {
    engine: Engine,
    bounds: Bounds,
    too_long: bool,
    unfair: bool,
    /// Another run does the same.
    repeats: bool,
    /// Places of the step that each task asks for, if they are wanted.
    asked: Option<Vec<StepPlace>>,
    places: Vec<StepPlace>,
    /// Accesses whose places are wanted: the task and the number among its own.
    wanted: Vec<(Task, u64)>,
    accesses: Vec<MemoryAccess>,
}

/// Explores `entry`.
pub fn explore(session: &Session, entry: u64, mode: Mode, stance: Stance, bounds: Bounds) -> Report {
    explore_with(session, entry, &|| Engine::new(mode), stance, bounds, None)
}

/// Every execution of `entry`; `each` hears of those that came to their end, which a race does not prevent.
pub fn explore_each(session: &Session, entry: u64, stance: Stance, bounds: Bounds, each: &mut dyn FnMut(&Run)) -> Report {
    explore_with(session, entry, &|| Engine::new(Mode::Exhaustive), stance, bounds, Some(each))
}

/// Repeats one execution.
pub fn again(session: &Session, entry: u64, directions: &[Direction], stance: Stance) -> Report {
    let bounds = Bounds { executions: 1, ..Bounds::default() };
    explore_with(session, entry, &|| Engine::direct(directions.to_vec()), stance, bounds, None)
}

fn explore_with(
    session: &Session,
    entry: u64,
    start: &dyn Fn() -> Engine,
    stance: Stance,
    bounds: Bounds,
    mut each: Option<&mut dyn FnMut(&Run)>,
) -> Report {
    let mut stance = stance;
    let take = |stance: Stance| {
        observe::look_for_cancellation(stance.cancels);
        observe::divide(stance.divides);
    };
    take(stance);
    let new = |engine: Engine| World::new(engine, bounds);
    let mut world = new(start());
    // A run that is repeated is told as it is.
    let simpler = !world.engine.is_directed();
    let mut report = Report { executions: 0, complete: false, too_long: 0, runs: 0, failure: None, outcomes: BTreeMap::new() };
    loop {
        if report.runs >= bounds.executions || report.too_long >= TOO_LONG_MAX {
            return report;
        }
        if !world.engine.begin() {
            report.complete = report.too_long == 0;
            return report;
        }
        report.runs += 1;
        world.repeats = false;
        let ended = session.run(entry, &mut world);
        if world.engine.begins_again {
            let (loops, looks_at_ends) = (std::mem::take(&mut world.engine.loops), world.engine.looks_at_ends);
            world = new(start());
            (world.engine.loops, world.engine.looks_at_ends) = (loops, looks_at_ends);
            (report.executions, report.runs, report.too_long) = (0, 0, 0);
            report.outcomes.clear();
            continue;
        }
        let mut raced = Vec::new();
        let how = match ended.end {
            End::Returned | End::Exited(0) if std::mem::take(&mut world.repeats) => continue,
            End::Returned | End::Exited(0) => {
                report.executions += 1;
                if let Some(each) = &mut each {
                    let race = world.engine.race();
                    each(&Run { number: report.executions, out: &ended.out, graph: &world.engine.graph, race });
                }
                if bounds.outcomes {
                    *report.outcomes.entry(outcome(&ended.out, None)).or_default() += 1;
                }
                continue;
            }
            End::Cancels | End::Divides => {
                // All over again, in smaller steps.
                stance = Stance { cancels: stance.cancels || matches!(ended.end, End::Cancels), divides: true };
                take(stance);
                world = new(start());
                (report.executions, report.runs, report.too_long) = (0, 0, 0);
                report.outcomes.clear();
                continue;
            }
            // A fair run that finds the same is another one.
            End::Stopped if std::mem::take(&mut world.unfair) => continue,
            End::Stopped if world.too_long => {
                world.too_long = false;
                report.too_long += 1;
                continue;
            }
            End::Stopped => How::Diverged,
            End::Void => continue,
            End::Stuck(_) if world.engine.has_given_up() => continue,
            End::Raced(accesses) => {
                raced = accesses;
                How::Raced(Vec::new())
            }
            End::Exited(code) => How::Exited(code),
            End::Panicked(text) => How::Panicked(text),
            End::Stuck(waiting) => {
                let who: Vec<Task> = world.engine.waiting().collect();
                let waits = |one: Waiting| Waits { task: one.task, place: one.place, at: world.engine.waits_at(one.task) };
                How::Stuck(waiting.into_iter().filter(|one| who.contains(&one.task)).map(waits).collect())
            }
        };
        if bounds.outcomes && !matches!(how, How::Diverged) {
            report.executions += 1;
            *report.outcomes.entry(outcome(&ended.out, Some(&how))).or_default() += 1;
            continue;
        }
        if simpler && !matches!(how, How::Diverged) {
            let simple = simplest(session, entry, &world.engine, &how);
            if let Some(failure) = again(session, entry, &simple, stance).failure.filter(|failure| is_same(&failure.how, &how)) {
                report.failure = Some(failure);
                return report;
            }
        }
        let (graph, directions) = (world.engine.graph.clone(), world.engine.directions());
        let (places, addresses, accesses) = places(session, entry, &world.engine, &graph, raced);
        let how = if let How::Raced(_) = how { How::Raced(accesses) } else { how };
        report.failure = Some(Failure { how, out: ended.out, graph, places, directions, stance, addresses });
        return report;
    }
}

/// Whether two runs fail in the same way.
fn is_same(one: &How, other: &How) -> bool {
    // The place, but not the values that the message may hold.
    let place = |report: &str| report.lines().next().and_then(|line| line.split_once(": ")).map(|(place, _)| place.to_string());
    match (one, other) {
        (How::Panicked(one), How::Panicked(other)) => place(one) == place(other),
        (How::Exited(one), How::Exited(other)) => one == other,
        (How::Stuck(_), How::Stuck(_)) | (How::Raced(_), How::Raced(_)) => true,
        _ => false,
    }
}

/// What leads to the simplest execution that fails in the same way.
fn simplest(session: &Session, entry: u64, failed: &Engine, how: &How) -> Vec<Direction> {
    let failing = |engine: &Engine| {
        let directions = engine.directions();
        Failing { cost: Cost::of(&engine.graph, &directions), directions }
    };
    let mut fails = |directions: &[Direction]| {
        let mut world = World::new(Engine::suggest(directions.to_vec()), Bounds::default());
        world.engine.begin();
        let ended = session.run(entry, &mut world);
        let found = match ended.end {
            End::Panicked(text) => How::Panicked(text),
            End::Exited(code) if code != 0 => How::Exited(code),
            End::Stuck(_) if !world.engine.has_given_up() => How::Stuck(Vec::new()),
            End::Raced(_) => How::Raced(Vec::new()),
            _ => return None,
        };
        is_same(&found, how).then(|| failing(&world.engine))
    };
    shrink(failing(failed), &mut fails).directions
}

/// What came of an execution, in a line or some.
fn outcome(out: &[u8], how: Option<&How>) -> String {
    let mut text = String::from_utf8_lossy(out).trim_end().to_string();
    let end = match how {
        None if text.is_empty() => "(nothing written)".to_string(),
        None => return text,
        Some(How::Panicked(report)) => report.lines().next().unwrap_or_default().to_string(),
        Some(How::Exited(code)) => format!("exit status {code}"),
        Some(How::Stuck(_)) => "deadlock".to_string(),
        Some(How::Raced(_)) => "data race".to_string(),
        Some(How::Diverged) => unreachable!("a run that went another way has no outcome"),
    };
    if !text.is_empty() {
        text.push('\n');
    }
    text + &end
}

/// Runs a graph once more to learn where in the text its events are.
fn places(session: &Session, entry: u64, of: &Engine, graph: &Graph, wanted: Vec<(Task, u64)>) -> (Vec<StepPlace>, Vec<u64>, Vec<MemoryAccess>) {
    let mut engine = of.follow(graph.clone());
    engine.begin();
    let bounds = Bounds { steps: graph.events.len(), ..Bounds::default() };
    let places = vec![StepPlace::default(); graph.events.len()];
    let mut world = World { asked: Some(Vec::new()), places, wanted, ..World::new(engine, bounds) };
    session.run(entry, &mut world);
    (world.places, world.engine.addresses(), world.accesses)
}

impl World {
    fn new(engine: Engine, bounds: Bounds) -> World {
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

    fn access_place(&mut self, task: u32, place: &StepPlace, writes: bool, size: u64) {
        self.accesses.push(MemoryAccess { task, writes, size, place: place.clone() });
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
