//! Explores a compiled program: runs it once for each graph, until there is no other or one of them fails.

use crate::clocks::COUNT_MAX;
use crate::engine::{Direction, Engine, Mode};
use crate::exploration::Exploration;
use crate::graph::{Graph, Id, Task};
use rt::observe::{Session, StepPlace, Use};
use std::collections::BTreeMap;

/// Where an exploration ends though there is more.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub executions: u64,
    /// Steps of one run.
    pub steps: usize,
    /// Goes on after a failure, and counts what comes of each execution.
    pub outcomes: bool,
    /// Executions that need more preemptions are not looked at.
    pub preemptions: Option<u32>,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { executions: u64::MAX, steps: 3_000, outcomes: false, preemptions: None }
    }
}

#[derive(Debug, Default)]
pub struct Report {
    /// Runs that came to their end.
    pub executions: u64,
    /// Whether these were all: of those that need no more preemptions, if there is a bound.
    pub complete: bool,
    pub preemptions: Option<u32>,
    /// Runs that were given up because they had too many steps.
    pub too_long: u64,
    /// How the first of those went on.
    pub long: Option<Box<Failure>>,
    /// All runs.
    pub runs: u64,
    pub failure: Option<Failure>,
    /// What counted as a step in the end.
    pub stance: Stance,
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
    /// At every context, also of scopes that are cancelled only when something fails.
    pub everywhere: bool,
    /// Using an object of the library is more than one.
    pub divides: bool,
    /// Uses of a channel are all in one order, whoever makes them.
    pub one_order: bool,
}

/// What an exploration has to know from its beginning; what it learns later makes it begin again.
#[derive(Clone, Default, Debug)]
pub(crate) struct Known {
    pub stance: Stance,
    /// Where somebody goes round a loop and only looks.
    pub loops: Vec<u64>,
    /// Somebody looks whether a task has ended, without waiting.
    pub looks_at_ends: bool,
    /// Something is not told by whose turn it is: weaker atomics, or who knows of what.
    pub beyond_turns: bool,
    /// If preemptions are bounded: addresses that several tasks use.
    pub shared: Vec<u64>,
}

#[derive(Debug)]
pub enum How {
    Panicked(String),
    Exited(i32),
    /// Nobody can go on.
    Stuck(Vec<Waits>),
    /// A task goes round a loop, without any step, for so long that it is taken for ever.
    Endless(Waits),
    /// Two accesses to memory, in the order in which they were made, that nothing orders; or one to memory that is gone; or an
    /// allocation and a read of what nobody has written since.
    Raced(Vec<MemoryAccess>),
    /// It was given up after so many steps.
    Long,
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

/// A plain access to memory, or its allocation.
#[derive(Clone, Debug)]
pub struct MemoryAccess {
    pub task: Task,
    pub what: Use,
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

/// How far an exploration is: runs so far, and graphs that wait.
pub type Tell<'a> = &'a mut dyn FnMut(u64, usize);

/// Explores `entry`; `tell` hears now and then how far it is.
pub fn explore(session: &Session, entry: u64, mode: Mode, stance: Stance, bounds: Bounds, tell: Tell) -> Report {
    let start = || Engine::new(mode);
    let mut exploration = Exploration::new(session, entry, &start, Known { stance, ..Known::default() }, bounds);
    exploration.go(&mut |runs, waiting| {
        tell(runs, waiting);
        false
    }, None);
    exploration.report
}

/// Every execution of `entry`; `each` hears of those that came to their end, which a race does not prevent.
pub fn explore_each(session: &Session, entry: u64, stance: Stance, bounds: Bounds, each: &mut dyn FnMut(&Run)) -> Report {
    let start = || Engine::new(Mode::Exhaustive);
    let mut exploration = Exploration::new(session, entry, &start, Known { stance, ..Known::default() }, bounds);
    exploration.go(&mut |_, _| false, Some(each));
    exploration.report
}

/// Repeats one execution.
pub fn again(session: &Session, entry: u64, directions: &[Direction], stance: Stance) -> Report {
    let bounds = Bounds { executions: 1, steps: COUNT_MAX, ..Bounds::default() };
    let start = || Engine::direct(directions.to_vec());
    let mut exploration = Exploration::new(session, entry, &start, Known { stance, ..Known::default() }, bounds);
    exploration.go(&mut |_, _| false, None);
    exploration.report
}
