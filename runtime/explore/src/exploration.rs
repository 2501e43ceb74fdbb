//! One run after the other, until there is no other or one of them fails.

use crate::clocks::COUNT_MAX;
use crate::engine::{Direction, Engine, Mode};
use crate::graph::{Graph, Id, Task};
use crate::program::{Bounds, Failure, How, Known, MemoryAccess, Report, Run, Waits, again};
use crate::shrink::{Cost, Failing, shrink};
use crate::turns::Turns;
use crate::world::World;
use rt::observe::{self, End, Ended, Session, StepPlace, Waiting};

/// A program that does not end is not asked much more often.
const TOO_LONG_MAX: u64 = 20;
/// Of such a run it is told how it goes on after so many.
const TOLD_OF_LONG: usize = 1000;
/// So often is it told how far an exploration is.
const TELL_AFTER: u64 = 256;

/// Why no more is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    /// There is no other.
    Complete,
    /// The bounds, or enough for whoever asked.
    Enough,
    Failed,
    /// It has to begin again, which whoever asked does.
    Again,
}

pub(crate) struct Exploration<'a> {
    pub session: &'a Session,
    pub entry: u64,
    pub start: &'a dyn Fn() -> Engine,
    pub bounds: Bounds,
    pub known: Known,
    pub world: World,
    /// In its place, as long as turns are enough.
    turns: Option<Turns>,
    pub report: Report,
    /// Whether it begins again by itself when it has learnt something that it has to know from the beginning.
    pub restarts: bool,
    /// After so many runs it is told how far it is.
    pub tells_after: u64,
}

impl<'a> Exploration<'a> {
    pub fn new(session: &'a Session, entry: u64, start: &'a dyn Fn() -> Engine, known: Known, bounds: Bounds) -> Exploration<'a> {
        let world = World::new(start(), bounds);
        let mut exploration = Exploration { session, entry, start, bounds, known, world, turns: None, report: Report::default(), restarts: true, tells_after: TELL_AFTER };
        exploration.begin_again();
        exploration
    }

    /// All over again, with what is known now.
    pub fn begin_again(&mut self) {
        observe::look_for_cancellation(self.known.stance.cancels);
        observe::look_everywhere(self.known.stance.everywhere);
        observe::divide(self.known.stance.divides);
        observe::order_uses(self.known.stance.one_order);
        self.world = World::new((self.start)(), self.bounds);
        self.world.engine.know(&self.known);
        self.world.engine.bind(&self.known, self.bounds.preemptions);
        self.turns = match self.world.engine.mode() {
            Mode::Priorities(seed, depth) if !self.known.beyond_turns => Some(Turns::new(seed, depth, self.bounds.steps)),
            _ => None,
        };
        self.report = Report { stance: self.known.stance, preemptions: self.bounds.preemptions, ..Report::default() };
    }

    /// Runs until something stops it. `tell` hears now and then how many runs there were and how many graphs wait, and says
    /// whether that is enough.
    pub fn go(&mut self, tell: &mut dyn FnMut(u64, usize) -> bool, mut each: Option<&mut dyn FnMut(&Run)>) -> Stop {
        loop {
            if self.report.runs >= self.bounds.executions || self.report.too_long >= TOO_LONG_MAX {
                return Stop::Enough;
            }
            if self.report.runs.is_multiple_of(self.tells_after) && tell(self.report.runs, self.world.engine.waiting_graphs()) {
                return Stop::Enough;
            }
            let Some(ended) = self.run() else {
                self.report.complete = self.report.too_long == 0;
                if !self.world.engine.leaves_out() {
                    // The bound was none.
                    self.report.preemptions = None;
                }
                return Stop::Complete;
            };
            if self.learns(&ended.end) {
                if !self.restarts {
                    return Stop::Again;
                }
                self.begin_again();
                continue;
            }
            let repeats = self.world.engine.is_directed();
            let Ended { end, out } = if self.bounds.outcomes { ended } else { self.with_graph(ended) };
            let mut raced = Vec::new();
            let how = match end {
                End::Returned | End::Exited(0) if std::mem::take(&mut self.world.repeats) => continue,
                End::Returned | End::Exited(0) if !self.world.engine.is_new() => continue,
                End::Returned | End::Exited(0) => {
                    self.report.executions += 1;
                    if let Some(each) = &mut each {
                        let race = self.world.engine.race();
                        each(&Run { number: self.report.executions, out: &out, graph: &self.world.engine.graph, race });
                    }
                    if self.bounds.outcomes {
                        *self.report.outcomes.entry(outcome(&out, None)).or_default() += 1;
                    }
                    continue;
                }
                End::Stopped if self.world.engine.is_pruned() => continue,
                // A fair run that finds the same is another one.
                End::Stopped if std::mem::take(&mut self.world.unfair) => continue,
                End::Stopped if std::mem::take(&mut self.world.too_long) => {
                    self.report.too_long += 1;
                    if self.report.long.is_none() {
                        self.report.long = Some(Box::new(self.long()));
                    }
                    continue;
                }
                End::Endless(Waiting { task, place }) => How::Endless(Waits { task, place, at: None }),
                End::Stopped => How::Diverged,
                End::Void | End::Cancels | End::CancelsAny | End::Divides | End::OneOrder => continue,
                End::Stuck(_) if self.world.engine.has_given_up() => continue,
                End::Raced(accesses) => {
                    raced = accesses;
                    How::Raced(Vec::new())
                }
                End::Exited(code) => How::Exited(code),
                End::Panicked(text) => How::Panicked(text),
                End::Stuck(waiting) => How::Stuck(self.who_waits(waiting)),
            };
            if !matches!(how, How::Diverged | How::Endless(_)) && !self.world.engine.is_new() {
                continue;
            }
            if self.bounds.outcomes && !matches!(how, How::Diverged) {
                self.report.executions += 1;
                *self.report.outcomes.entry(outcome(&out, Some(&how))).or_default() += 1;
                continue;
            }
            self.report.failure = Some(self.failure(how, out, raced, repeats));
            return Stop::Failed;
        }
    }

    /// The next run; `None`: there is no other.
    fn run(&mut self) -> Option<Ended> {
        let Some(turns) = &mut self.turns else {
            if !self.world.engine.begin() {
                return None;
            }
            self.report.runs += 1;
            self.world.repeats = false;
            return Some(self.session.run(self.entry, &mut self.world));
        };
        turns.begin();
        self.report.runs += 1;
        let ended = self.session.run(self.entry, turns);
        (self.world.repeats, self.world.too_long) = (turns.repeats, turns.too_long);
        Some(ended)
    }

    /// The same run with a graph of what has happened, if it fails.
    fn with_graph(&mut self, ended: Ended) -> Ended {
        let fails = matches!(ended.end, End::Panicked(_) | End::Stuck(_) | End::Endless(_)) || matches!(ended.end, End::Exited(code) if code != 0);
        let Some(turns) = self.turns.as_ref().filter(|_| fails) else { return ended };
        self.world = World::new(Engine::direct(turns.directions()), Bounds { steps: COUNT_MAX, ..self.bounds });
        self.world.engine.begin();
        let again = self.session.run(self.entry, &mut self.world);
        // What does not fail again has gone another way.
        if let End::Returned | End::Exited(0) | End::Void = again.end { Ended { end: End::Stopped, ..again } } else { again }
    }

    /// The first steps of a run that had too many.
    fn long(&self) -> Failure {
        let engine = &self.world.engine;
        let mut directions = self.turns.as_ref().map_or_else(|| engine.directions(&engine.graph.script()), Turns::directions);
        directions.truncate(TOLD_OF_LONG);
        let mut world = World::new(Engine::direct(directions.clone()), Bounds { steps: TOLD_OF_LONG, ..Bounds::default() });
        (world.asked, world.places) = (Some(Vec::new()), vec![StepPlace::default(); TOLD_OF_LONG + 2]);
        world.engine.begin();
        let out = self.session.run(self.entry, &mut world).out;
        let addresses = world.engine.addresses();
        Failure { how: How::Long, out, graph: world.engine.graph, places: world.places, directions, stance: self.known.stance, addresses }
    }

    /// Whether the run has shown something that an exploration has to know from its beginning.
    fn learns(&mut self, end: &End) -> bool {
        match end {
            // Who receives by number cannot leave. A run that is drawn has to be one that there is: whole steps have others, too,
            // which only an exhaustive search leaves out.
            End::Cancels => {
                let is_drawn = matches!(self.world.engine.mode(), Mode::Priorities(..));
                let stance = &mut self.known.stance;
                (stance.cancels, stance.one_order, stance.divides) = (true, true, stance.divides || is_drawn);
            }
            End::CancelsAny => self.known.stance.everywhere = true,
            End::Divides => self.known.stance.divides = true,
            End::OneOrder => self.known.stance.one_order = true,
            _ if self.turns.as_ref().is_some_and(|turns| turns.beyond) => self.known.beyond_turns = true,
            _ if self.world.engine.begins_again => self.world.engine.tell(&mut self.known),
            _ => return false,
        }
        true
    }

    fn who_waits(&self, waiting: Vec<Waiting>) -> Vec<Waits> {
        let engine = &self.world.engine;
        let who: Vec<Task> = engine.waiting().collect();
        let waits = |one: Waiting| Waits { task: one.task, place: one.place, at: engine.waits_at(one.task) };
        waiting.into_iter().filter(|one| who.contains(&one.task)).map(waits).collect()
    }

    fn failure(&self, how: How, out: Vec<u8>, raced: Vec<(Task, u64)>, repeats: bool) -> Failure {
        let (session, entry, engine, stance) = (self.session, self.entry, &self.world.engine, self.known.stance);
        // A run that is repeated is told as it is.
        // Nor is one that takes seconds.
        if !repeats && !matches!(how, How::Diverged | How::Endless(_)) {
            let simple = simplest(session, entry, engine, &how);
            if let Some(failure) = again(session, entry, &simple, stance).failure.filter(|failure| is_same(&failure.how, &how)) {
                return failure;
            }
        }
        let (graph, directions) = (engine.graph.clone(), engine.directions(&order_of(&engine.graph, &how)));
        let (places, addresses, accesses) = places(session, entry, engine, &graph, raced);
        let how = if let How::Raced(_) = how { How::Raced(accesses) } else { how };
        Failure { how, out, graph, places, directions, stance, addresses }
    }
}

/// Whether two runs fail in the same way.
fn is_same(one: &How, other: &How) -> bool {
    // The place, but not the values that the message may hold.
    let place = |report: &str| report.lines().next().and_then(|line| line.split_once(": ")).map(|(place, _)| place.to_string());
    match (one, other) {
        (How::Panicked(one), How::Panicked(other)) => place(one) == place(other),
        (How::Exited(one), How::Exited(other)) => one == other,
        (How::Stuck(_), How::Stuck(_)) | (How::Endless(_), How::Endless(_)) | (How::Raced(_), How::Raced(_)) => true,
        _ => false,
    }
}

/// The order in which a run is repeated: as it is told; but whether memory is used after it was given back depends on what happens
/// between steps, so that has to happen as it did.
fn order_of(graph: &Graph, how: &How) -> Vec<Id> {
    if let How::Raced(_) = how { graph.script() } else { graph.story().0 }
}

/// What leads to the simplest execution that fails in the same way.
fn simplest(session: &Session, entry: u64, failed: &Engine, how: &How) -> Vec<Direction> {
    let failing = |engine: &Engine| {
        let directions = engine.directions(&order_of(&engine.graph, how));
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
        Some(How::Endless(_)) => "does not end".to_string(),
        Some(How::Long | How::Diverged) => unreachable!("a run that went another way has no outcome"),
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
