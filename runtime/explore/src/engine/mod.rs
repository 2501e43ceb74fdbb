//! The exploration: which graphs there are, and one run after the other through each of them once.
//!
//! This is the TruSt family (Kokologiannakis and others, POPL 2022). A run follows its graph to the end, in the order in which
//! the events were added, and then extends it, event by event. A read may read from every write that keeps the graph
//! consistent: the run goes on with the newest, the others become graphs of their own. A write may stand at several places
//! of its location's modification order, and earlier reads may read it instead: then what depended on them is taken back. It
//! is taken back only if it was added in the one way that every graph has ("maximally"), so that each graph is met once.
//! Reads that wait are re-pointed in place when the last value changes (Awamoche, CAV 2023).

mod access;
mod bounded;
mod drawn;
mod objects;
mod revisit;
mod rounds;

use crate::axioms;
use crate::clocks::{Clock, Clocks, Count};
use crate::draw::Draw;
use crate::graph::*;
use crate::program::Known;
use rt::observe::{Missed, place};
use std::collections::HashMap;

/// A step that a task asks for.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub kind: Kind,
    /// An address, or a made-up one; meaningless for fences and choices.
    pub address: u64,
    pub size: u8,
    /// What is in memory now, if the location is a real one.
    pub memory: Option<u64>,
    /// Where in the code.
    pub site: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Done(Outcome),
    /// Not now: ask again when the task is chosen.
    Wait,
    /// The task did something else than it had done before.
    Diverged,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    pub seen: u64,
    /// Whether it wrote.
    pub writes: bool,
    /// What memory has to hold now.
    pub memory: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    Run(Task),
    /// All tasks that have not ended wait.
    Stuck,
    Over,
    Diverged,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum State {
    #[default]
    Unborn,
    Ready,
    Waiting(Id),
    /// A task, which has not ended, by the location of its end. This is no event before it is over.
    Awaiting(u32),
    /// What it waited for has come; it does not know yet.
    Woken(Id),
    /// Another run comes to what it would do.
    GivenUp,
    Ended,
}

#[derive(Clone, Debug, Default)]
struct Run {
    state: State,
    done: usize,
    /// The last of its steps that did more than to look.
    acted: usize,
    spawned: u32,
    /// Steps of its code that it has made before.
    sites: Vec<u64>,
    /// Where it has gone round, after how many steps, and in which state.
    rounds: Vec<(u64, usize, Seen)>,
    /// Whom it begins, in order; the same in every run.
    children: Vec<Task>,
    /// It goes round without changing anything until one of these locations has another value.
    looks_at: Vec<(u32, u64)>,
}

/// What a task finds when it goes round: hashes of what is its own and of what is not, and how often another task has come
/// to act before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Seen {
    own: u64,
    rest: u64,
    turns: u64,
}

/// What becomes of a task that goes round a loop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Round {
    Goes,
    /// Not before something has changed.
    Wait,
    /// It went round without an effect though there was something newer to see.
    Unfair,
}

/// How the next step is chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Every graph once.
    Exhaustive,
    /// One walk for each seed: whoever has the highest priority goes on; they change so many times in a run but one (PCT). If
    /// that is 0, whoever at each step.
    Priorities(u64, u32),
    /// One run, as the choices of [`Engine::direct`] say.
    Directed,
    /// Every graph that needs no more than so many preemptions, few first; see `bounded`.
    Bounded,
}

/// Who makes a step, and how many writes before the last it reads from or is put before; of a choice, which.
pub type Direction = (Task, u32);

#[derive(Clone, Copy)]
struct Location {
    address: u64,
    /// Of this run.
    initial: u64,
    stored: u64,
    met_in: u64,
}

/// A power of two.
const RECENT: usize = 64;

pub struct Engine {
    pub graph: Graph,
    clocks: Clocks,
    /// For graphs that are not followed yet.
    other_clocks: Clocks,
    order: axioms::Order,
    /// What the write that earlier reads may read instead follows; while that is looked at.
    behind: Vec<Count>,
    /// What is kept of the graph, and in which order; while that is looked at.
    kept: Vec<Id>,
    /// When each write was read first; while that is looked at.
    first_reads: Vec<u32>,
    script: Vec<Id>,
    cursor: usize,
    /// The cursor and the task that was let run there: it has to get further.
    promised: Option<usize>,
    /// Which events have happened in this run.
    happened: Vec<bool>,
    tasks: Vec<Run>,
    /// Who acts when he is told to.
    apart: Option<Task>,
    locations: Vec<Location>,
    by_address: HashMap<u64, u32, rt::observe::Numbers>,
    /// Some of these, found without looking for them.
    recent: [(u64, u32); RECENT],
    /// Graphs to follow.
    pending: Vec<Graph>,
    /// Graphs that were followed, for their memory.
    spare: Vec<Graph>,
    mode: Mode,
    draw: Draw,
    turn: Option<Task>,
    directions: Vec<Direction>,
    directed: usize,
    /// What cannot be done as they say is left out.
    lenient: bool,
    /// Who made the last step, and how often that was another one than before.
    actor: Task,
    turns: u64,
    /// Takes the oldest graph first, so that many come to wait.
    pub(crate) spreads: bool,
    /// Where somebody went round a loop and only looked.
    loops: Vec<u64>,
    /// Somebody looks whether a task has ended, without waiting.
    looks_at_ends: bool,
    /// There is a new one of these: what was explored so far counts for nothing.
    pub begins_again: bool,
    /// Only what needs no more than so many preemptions.
    bound: Option<Box<bounded::Bound>>,
    /// Runs begun.
    pub runs: u64,
}

impl Run {
    /// It makes a step of its code; whether it has made it before.
    fn passes(&mut self, site: u64) -> bool {
        let was_there = self.sites.contains(&site);
        if !was_there {
            self.sites.push(site);
        }
        was_there
    }

    fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready | State::Woken(_)) && self.looks_at.is_empty()
    }
}

impl Engine {
    pub fn new(mode: Mode) -> Engine {
        Engine {
            graph: Graph::default(),
            clocks: Clocks::default(),
            other_clocks: Clocks::default(),
            order: axioms::Order::default(),
            behind: Vec::new(),
            kept: Vec::new(),
            first_reads: Vec::new(),
            script: Vec::new(),
            cursor: 0,
            promised: None,
            happened: Vec::new(),
            tasks: Vec::new(),
            apart: None,
            locations: Vec::new(),
            by_address: HashMap::default(),
            recent: [(0, u32::MAX); RECENT],
            pending: vec![Graph::default()],
            spare: Vec::new(),
            mode,
            draw: Draw::new(),
            turn: None,
            directions: Vec::new(),
            directed: 0,
            lenient: false,
            actor: 0,
            turns: 0,
            spreads: false,
            loops: Vec::new(),
            looks_at_ends: false,
            begins_again: false,
            bound: None,
            runs: 0,
        }
    }

    /// The same tasks and locations with only this graph.
    pub fn follow(&self, graph: Graph) -> Engine {
        Engine {
            pending: vec![graph],
            apart: self.apart,
            loops: self.loops.clone(),
            looks_at_ends: self.looks_at_ends,
            tasks: self.tasks.iter().map(|run| Run { children: run.children.clone(), ..Run::default() }).collect(),
            locations: self.locations.iter().map(|known| Location { met_in: 0, ..*known }).collect(),
            by_address: self.by_address.clone(),
            ..Engine::new(Mode::Exhaustive)
        }
    }

    /// What an exploration knew before.
    pub(crate) fn know(&mut self, known: &Known) {
        self.loops.clone_from(&known.loops);
        self.looks_at_ends = known.looks_at_ends;
    }

    pub(crate) fn tell(&self, known: &mut Known) {
        known.loops.clone_from(&self.loops);
        known.looks_at_ends = self.looks_at_ends;
        self.tell_bound(known);
    }

    /// How many graphs wait.
    pub fn waiting_graphs(&self) -> usize {
        self.pending.len() + self.waiting_forks()
    }

    /// The graphs that wait; or others to wait.
    pub(crate) fn swap_waiting(&mut self, graphs: Vec<Graph>) -> Vec<Graph> {
        std::mem::replace(&mut self.pending, graphs)
    }

    /// Takes the next graph. `false`: there is none left.
    pub fn begin(&mut self) -> bool {
        match self.mode {
            Mode::Exhaustive => {
                // The oldest leave the most graphs to others.
                let next = if self.spreads && !self.pending.is_empty() { Some(self.pending.remove(0)) } else { self.pending.pop() };
                let Some(graph) = next else { return false };
                self.spare.push(std::mem::replace(&mut self.graph, graph));
            }
            Mode::Priorities(seed, depth) => {
                self.draw.begin(seed, self.runs, depth, self.graph.events.len());
                self.graph.clear();
                self.turn = None;
            }
            Mode::Bounded => {
                if !self.begin_bounded() {
                    return false;
                }
            }
            Mode::Directed if self.runs > 0 => return false,
            Mode::Directed => {}
        }
        self.runs += 1;
        self.cursor = 0;
        self.promised = None;
        self.graph.script_into(&mut self.script);
        self.happened.clear();
        self.happened.resize(self.script.len(), false);
        self.clocks.clear();
        for run in &mut self.tasks {
            run.state = State::Unborn;
            run.done = 0;
            run.acted = 0;
            run.spawned = 0;
            run.rounds.clear();
            run.sites.clear();
            run.looks_at.clear();
        }
        run_of(&mut self.tasks, 0).state = State::Ready;
        true
    }

    fn is_following(&self) -> bool {
        self.cursor < self.script.len()
    }

    /// Who goes on.
    pub fn next(&mut self) -> Next {
        if self.is_following() {
            let task = self.graph.event(self.script[self.cursor]).task;
            if self.promised == Some(self.cursor) || self.tasks[task as usize].state == State::Ended {
                return Next::Diverged;
            }
            self.promised = Some(self.cursor);
            return Next::Run(task);
        }
        if self.mode == Mode::Bounded {
            return self.next_bounded();
        }
        if !self.tasks.iter().any(Run::is_ready) {
            let next = self.directions.get(self.directed).map(|direction| direction.0);
            if self.mode == Mode::Directed && next.is_some_and(|next| self.apart != Some(next)) && self.waiting().next().is_some() {
                if !self.lenient {
                    return Next::Diverged;
                }
                self.directed = self.directions.len();
            }
            return if self.waiting().next().is_some() || self.has_given_up() { Next::Stuck } else { Next::Over };
        }
        if let Some(turn) = self.turn.take()
            && self.tasks[turn as usize].is_ready()
        {
            self.turn = Some(turn);
            return Next::Run(turn);
        }
        while let Mode::Directed = self.mode
            && let Some(&(task, _)) = self.directions.get(self.directed)
        {
            // It may have to begin, or to be told what it waited for, before it can make the step.
            let gone = |run: &Run| run.state == State::Ended || run.state == State::Unborn && self.apart != Some(task);
            let run = self.tasks.get(task as usize);
            if run.is_none_or(|run| gone(run) || self.promised == Some(self.directed) && !run.is_ready()) {
                if self.lenient {
                    self.directed += 1;
                    continue;
                }
                return Next::Diverged;
            }
            self.promised = Some(self.directed);
            self.turn = Some(task);
            return Next::Run(task);
        }
        if let Mode::Priorities(..) = self.mode {
            let task = self.first_by_priority();
            self.turn = Some(task);
            return Next::Run(task);
        }
        let task = self.tasks.iter().position(Run::is_ready).expect("one is ready") as Task;
        if self.mode != Mode::Exhaustive {
            self.turn = Some(task);
        }
        Next::Run(task)
    }

    /// The task has ended.
    pub fn end(&mut self, task: Task) {
        self.tasks[task as usize].state = State::Ended;
    }

    /// The task that this one begins next.
    pub fn child(&mut self, parent: Task) -> Task {
        let next = self.tasks.len() as Task;
        let run = &mut self.tasks[parent as usize];
        let nth = run.spawned as usize;
        if nth == run.children.len() {
            run.children.push(next);
        }
        let child = run.children[nth];
        run_of(&mut self.tasks, child);
        child
    }

    /// A task that nobody begins and that never ends: it acts when it is told to.
    pub fn apart(&mut self) -> Task {
        let next = self.tasks.len().max(1) as Task;
        let task = *self.apart.get_or_insert(next);
        run_of(&mut self.tasks, task);
        task
    }

    /// How many steps of one task happen before the next one of another.
    pub fn knows(&mut self, task: Task, other: Task) -> u32 {
        self.clocks.before_next(task).get(other)
    }

    /// The last step that the task has made.
    pub fn last_of(&self, task: Task) -> Option<Id> {
        let index = self.tasks[task as usize].done as u32;
        self.graph.events.iter().position(|event| event.task == task && event.index == index).map(|id| id as Id)
    }

    /// The address of the step that a task makes next in the graph that is followed.
    pub fn next_address(&self, task: Task) -> Option<u64> {
        let event = self.graph.event(*self.script.get(self.cursor)?);
        debug_assert!(event.task == task, "bug! the next step is another task's");
        event.accesses().then(|| self.address(event.location))
    }

    pub fn addresses(&self) -> Vec<u64> {
        self.locations.iter().map(|location| location.address).collect()
    }

    /// Two accesses of one location by different tasks, one of them a write, one of them plain, in no order. All have happened.
    pub fn race(&self) -> Option<(Id, Id)> {
        let plain = |event: &Event| event.accesses() && event.is_plain();
        if !self.graph.events.iter().any(plain) {
            return None;
        }
        let accesses: Vec<Id> = (0..self.graph.events.len() as Id).filter(|&id| self.graph.event(id).accesses() && !self.graph.event(id).blocked).collect();
        for (at, &b) in accesses.iter().enumerate() {
            for &a in &accesses[..at] {
                let (one, other) = (self.graph.event(a), self.graph.event(b));
                if one.location == other.location
                    && one.task != other.task
                    && (one.writes || other.writes)
                    && (one.is_plain() || other.is_plain())
                    && !self.clocks.before(b).knows(one)
                    && !self.clocks.before(a).knows(other)
                {
                    return Some((a, b));
                }
            }
        }
        None
    }

    /// Tasks that wait, or go round and see nothing new.
    pub fn waiting(&self) -> impl Iterator<Item = Task> + '_ {
        let waits = |run: &Run| matches!(run.state, State::Waiting(_) | State::Awaiting(_)) || !run.looks_at.is_empty();
        self.tasks.iter().enumerate().filter(move |(_, run)| waits(run)).map(|(task, _)| task as Task)
    }

    /// Where a task waits.
    pub fn waits_at(&self, task: Task) -> Option<u64> {
        let run = &self.tasks[task as usize];
        let location = match run.state {
            State::Waiting(id) => self.graph.event(id).location,
            State::Awaiting(location) => location,
            _ => run.looks_at.first()?.0,
        };
        Some(self.address(location))
    }

    fn address(&self, location: u32) -> u64 {
        self.locations[location as usize].address
    }

    /// What is in memory now, if the location was met in this run.
    pub fn memory(&self, address: u64) -> Option<u64> {
        let known = &self.locations[*self.by_address.get(&address)? as usize];
        (known.met_in == self.runs).then_some(known.stored)
    }

    /// The last write of a location.
    pub fn last(&self, address: u64) -> Id {
        self.by_address.get(&address).map_or(INITIAL, |&location| {
            self.graph.at_rank(location, self.graph.modifications(location).len())
        })
    }

    fn location(&mut self, request: &Request) -> u32 {
        let recent = (request.address >> 3 ^ request.address >> 56) as usize % RECENT;
        let (address, mut location) = self.recent[recent];
        if address != request.address || location == u32::MAX {
            let next = self.locations.len() as u32;
            location = *self.by_address.entry(request.address).or_insert(next);
            if location == next {
                self.locations.push(Location { address: request.address, initial: 0, stored: 0, met_in: 0 });
            }
            self.recent[recent] = (request.address, location);
        }
        let known = &mut self.locations[location as usize];
        if known.met_in != self.runs {
            known.met_in = self.runs;
            known.initial = request.memory.unwrap_or(0);
            known.stored = known.initial;
        }
        location
    }

    fn acts(&mut self, task: Task) {
        if std::mem::replace(&mut self.actor, task) != task {
            self.turns += 1;
        }
    }

    /// A task's next step.
    pub fn step(&mut self, task: Task, request: &Request) -> Step {
        self.acts(task);
        if let State::Waiting(_) | State::Awaiting(_) = self.tasks[task as usize].state {
            return Step::Wait;
        }
        if let State::Woken(id) = self.tasks[task as usize].state {
            self.tasks[task as usize].state = State::Ready;
            return self.outcome(id);
        }
        if !request.kind.accesses() {
            return self.one_step(task, request, 0);
        }
        let location = self.location(request);
        if let Some(memory) = request.memory
            && memory != self.locations[location as usize].stored
        {
            // Somebody who had it for himself has written plainly, or it is something new in the same place.
            let write = Request { kind: Kind::Write(Order::Relaxed, memory), ..*request };
            match self.one_step(task, &write, location) {
                Step::Done(_) => {}
                other => return other,
            }
        }
        self.one_step(task, request, location)
    }

    fn one_step(&mut self, task: Task, request: &Request, location: u32) -> Step {
        if self.is_following() {
            let id = self.script[self.cursor];
            if self.graph.event(id).task != task {
                return Step::Wait;
            }
            return self.again(id, request, location);
        }
        if !matches!(self.mode, Mode::Exhaustive | Mode::Bounded) {
            if !self.acts_by_itself(task) && !self.is_turn(task) {
                return Step::Wait;
            }
            self.turn = None;
        }
        self.graph.turned = None;
        if !self.looks_at_ends && !matches!(request.kind, Kind::Await(_) | Kind::Write(..)) && request.kind.accesses() && place::kind(request.address) == place::END {
            self.looks_at_ends = true;
            self.begins_again = true;
        }
        let waits = matches!(request.kind, Kind::Await(_)) && self.only_awaited(location) && self.graph.modifications(location).is_empty();
        if waits {
            self.tasks[task as usize].state = State::Awaiting(location);
            return Step::Wait;
        }
        if self.mode == Mode::Bounded {
            if !self.may_step(task, request, location) {
                return if self.is_pruned() { Step::Diverged } else { Step::Wait };
            }
            if request.kind.accesses() {
                self.notes_user(task, request.address);
            }
            self.notes_step(task);
        }
        self.extend(task, request, location)
    }

    /// Whether it is a timer that comes because nobody else can go on.
    fn acts_by_itself(&self, task: Task) -> bool {
        let next = self.directions.get(self.directed).map(|direction| direction.0);
        self.apart == Some(task) && (self.mode != Mode::Directed || next.is_none_or(|next| next == task))
    }

    /// The event happens as it did when it was added.
    fn again(&mut self, id: Id, request: &Request, location: u32) -> Step {
        let event = self.graph.event(id);
        if event.kind != request.kind && !is_same_choice(event.kind, request.kind) || event.accesses() && event.location != location {
            return Step::Diverged;
        }
        if event.reads() {
            let value = self.graph.value(event.from, self.locations[location as usize].initial);
            let event = &mut self.graph.events[id as usize];
            let (blocked, writes) = (event.blocked, event.writes);
            event.see(event.from, value);
            if (event.blocked, event.writes) != (blocked, writes) {
                return Step::Diverged;
            }
        }
        let event = &mut self.graph.events[id as usize];
        event.site = request.site;
        let (task, kind, blocked) = (event.task, event.kind, event.blocked);
        self.tasks[task as usize].passes(request.site);
        self.clocks.add(&self.graph, id);
        self.happened[id as usize] = true;
        self.cursor += 1;
        let run = &mut self.tasks[task as usize];
        run.done += 1;
        if !self.graph.event(id).only_looks() {
            run.acted = run.done;
        }
        if let Kind::Spawn(child) = kind {
            run.spawned += 1;
            run_of(&mut self.tasks, child).state = State::Ready;
        }
        if !self.is_following()
            && let Some(fresh) = self.graph.fresh.take()
        {
            self.revisit(fresh);
        }
        if blocked {
            self.tasks[task as usize].state = State::Waiting(id);
            return Step::Wait;
        }
        self.outcome(id)
    }

    fn outcome(&mut self, id: Id) -> Step {
        let event = self.graph.event(id);
        if !event.accesses() {
            let seen = if let Kind::Choice(_, which) = event.kind { u64::from(which) } else { 0 };
            return Step::Done(Outcome { seen, ..Outcome::default() });
        }
        if place::kind(self.address(event.location)) != 0 {
            // No memory.
            return Step::Done(Outcome { seen: event.seen, writes: event.writes, memory: 0 });
        }
        // Of the writes that have happened in this run, the last in modification order.
        let initial = self.locations[event.location as usize].initial;
        let now = self.graph.modifications(event.location).iter().rev().find(|&&write| self.happened[write as usize]);
        let memory = now.map_or(initial, |&write| self.graph.event(write).written);
        self.locations[event.location as usize].stored = memory;
        Step::Done(Outcome { seen: event.seen, writes: event.writes, memory })
    }

    fn next_event(&mut self, task: Task, request: &Request, location: u32, stamp: u32) -> Event {
        let run = &mut self.tasks[task as usize];
        let was_there = run.passes(request.site);
        Event {
            task,
            index: run.done as u32 + 1,
            kind: request.kind,
            location,
            size: request.size,
            blocked: false,
            looks_if_same: request.site != 0 && (!request.kind.order().releases() || was_there),
            writes: matches!(request.kind, Kind::Write(..)),
            from: INITIAL,
            seen: 0,
            written: if let Kind::Write(_, value) = request.kind { value } else { 0 },
            stamp,
            site: request.site,
        }
    }

    /// Something new.
    fn extend(&mut self, task: Task, request: &Request, location: u32) -> Step {
        let stamp = self.graph.next_stamp();
        let event = self.next_event(task, request, location, stamp);
        let run = &mut self.tasks[task as usize];
        run.done += 1;
        let id = self.graph.events.len() as Id;
        self.happened.push(true);
        match request.kind {
            Kind::Fence(_) => {
                self.direction();
                self.graph.events.push(event);
                self.clocks.add(&self.graph, id);
            }
            Kind::Spawn(child) => {
                run.spawned += 1;
                self.direction();
                run_of(&mut self.tasks, child).state = State::Ready;
                self.graph.events.push(event);
                self.clocks.add(&self.graph, id);
            }
            Kind::Choice(count, _) => {
                self.graph.events.push(event);
                if self.mode == Mode::Bounded && self.is_fresh() {
                    self.direction();
                    self.notes_ways(task, 1..count, false);
                } else if self.mode == Mode::Exhaustive {
                    for which in 1..count {
                        self.keep_for_later().events[id as usize].kind = Kind::Choice(count, which);
                    }
                } else {
                    let which = self.pick_choice(count);
                    self.graph.events[id as usize].kind = Kind::Choice(count, which);
                }
                self.clocks.add(&self.graph, id);
            }
            Kind::Write(..) => self.write(event, id),
            Kind::Read(_) | Kind::Update(..) | Kind::Compare(..) | Kind::Await(_) => self.read(event, id),
        }
        if !self.graph.event(id).only_looks() {
            let run = &mut self.tasks[task as usize];
            run.acted = run.done;
        }
        if self.graph.event(id).blocked {
            self.tasks[task as usize].state = State::Waiting(id);
            return Step::Wait;
        }
        self.outcome(id)
    }

    /// The graph as it is now is to be followed another time.
    fn keep_for_later(&mut self) -> &mut Graph {
        let mut copy = self.spare.pop().unwrap_or_default();
        copy.copy(&self.graph);
        self.pending.push(copy);
        self.pending.last_mut().expect("one was pushed")
    }

    /// Whether it still is, after something was added.
    fn is_consistent(&mut self, added: Id) -> bool {
        self.clocks.sequential < 2 || self.order.exists(&self.graph, &self.clocks, &[added])
    }

    /// Those who wait see the location's last value.
    fn awaken(&mut self, location: u32) {
        let initial = self.locations[location as usize].initial;
        let mut waits = false;
        for run in &mut self.tasks {
            if run.state == State::Awaiting(location) {
                run.state = State::Ready;
            }
            waits |= matches!(run.state, State::Waiting(_)) || !run.looks_at.is_empty();
        }
        if !waits {
            return;
        }
        let value = self.graph.value(self.graph.at_rank(location, self.graph.modifications(location).len()), initial);
        for (task, run) in self.tasks.iter_mut().enumerate() {
            if run.looks_at.iter().any(|&(at, seen)| at == location && seen != value) {
                let missed = |miss: &Miss| miss.task == task as Task && run.looks_at.iter().any(|&(at, _)| at == miss.location);
                self.graph.misses.iter_mut().filter(|miss| missed(miss)).for_each(|miss| miss.settled = true);
                run.looks_at.clear();
            }
        }
        for id in settle(&mut self.graph, location, initial) {
            if !self.graph.event(id).blocked {
                self.hash_anew();
                // Now it has learnt what the writer knew.
                self.clocks.add(&self.graph, id);
                self.tasks[self.graph.event(id).task as usize].state = State::Woken(id);
            }
        }
    }
}

fn is_same_choice(recorded: Kind, asked: Kind) -> bool {
    matches!((recorded, asked), (Kind::Choice(a, _), Kind::Choice(b, _)) if a == b)
}

/// Re-points those who wait at a location to its last value; who they were.
fn settle(graph: &mut Graph, location: u32, initial: u64) -> Vec<Id> {
    let last = graph.at_rank(location, graph.modifications(location).len());
    let value = graph.value(last, initial);
    let mut settled = Vec::new();
    for id in 0..graph.events.len() as Id {
        let event = graph.event(id);
        if event.blocked && event.location == location && event.from != last {
            let stamp = graph.next_stamp();
            let event = &mut graph.events[id as usize];
            event.stamp = stamp;
            event.see(last, value);
            settled.push(id);
        }
    }
    settled
}

/// The lowest rank at which an event with this knowledge may read, or behind which it may write.
fn lower(graph: &Graph, location: u32, known: Clock, but: Id) -> usize {
    // From the last write down: the first that is known, or that somebody who is known has read.
    let modifications = graph.modifications(location);
    let mut lowest = modifications
        .iter()
        .rposition(|&id| id != but && known.knows(graph.event(id)))
        .map_or(0, |at| at + 1);
    if lowest == modifications.len() {
        return lowest;
    }
    for (id, event) in graph.events.iter().enumerate() {
        if event.location == location
            && event.from != INITIAL
            && id as Id != but
            && !event.writes
            && !event.blocked
            && event.reads()
            && known.knows(event)
        {
            lowest = lowest.max(graph.rank(location, event.from));
        }
    }
    lowest
}

fn run_of(tasks: &mut Vec<Run>, task: Task) -> &mut Run {
    while tasks.len() <= task as usize {
        tasks.push(Run::default());
    }
    &mut tasks[task as usize]
}
