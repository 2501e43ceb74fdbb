//! Only the executions that need no more than so many preemptions, with few first: iterative context bounding (Musuvathi and
//! Qadeer, PLDI 2007) over execution graphs.
//!
//! A preemption is that another task makes a step though the one that made the last step could have gone on; who waits or has
//! ended is not preempted. Reading an older value than the last, and putting a write before one that was there, costs one as
//! well. Runs with none come first; each notes where one more would lead another way, and those are the runs of the next
//! level. So orders of steps are gone through, not graphs, and it is plain which of them are within the bound. (Bounding what
//! the other walk goes through is not: a graph on the way to an execution may need more preemptions than the execution.)
//!
//! Orders that lead to one graph, with the same task at work, have the same future: whoever comes there later, having spent as
//! much or more, stops. Before a step that concerns only its own task nobody is preempted: it is the same to do so behind it.

use super::*;
use crate::preemptions::Preemptions;
use std::collections::HashSet;
use std::rc::Rc;

type Key = (u64, u64);
type Keys = HashSet<Key, rt::observe::Numbers>;

/// The first steps of a run, and a step that is made instead of the one that came next.
struct Fork {
    of: Rc<[Direction]>,
    length: usize,
    then: Direction,
}

pub(super) struct Bound {
    most: u32,
    /// How many preemptions the runs of now have.
    level: u32,
    /// There is something that needs more than `most`.
    left_out: bool,
    here: Vec<Fork>,
    next: Vec<Fork>,
    /// What happened in this run so far, an entry an event.
    path: Vec<Direction>,
    /// Forks of this run, and whether they cost one more.
    noted: Vec<(usize, Direction, bool)>,
    /// Graphs with who is at work, seen at a decision.
    met: Keys,
    /// Those of this run.
    own: Vec<Key>,
    /// Executions that were counted.
    ends: Keys,
    /// Of the first so many events, all of which stand in the order in which they came.
    hashed: usize,
    sum: Key,
    /// Nobody is preempted by the next step: so many events there were when it was chosen.
    free_at: Option<usize>,
    /// Another run comes to what this one would.
    pruned: bool,
    /// Who has used an address, as long as that is only one task.
    users: HashMap<u64, Task, rt::observe::Numbers>,
    shared: HashSet<u64, rt::observe::Numbers>,
    /// Nothing is to be learnt about that.
    all_shared: bool,
}

impl Bound {
    fn new(most: u32, shared: &[u64]) -> Bound {
        Bound {
            most,
            level: 0,
            left_out: false,
            here: vec![Fork { of: Rc::new([]), length: 0, then: (0, 0) }],
            next: Vec::new(),
            path: Vec::new(),
            noted: Vec::new(),
            met: Keys::default(),
            own: Vec::new(),
            ends: Keys::default(),
            hashed: 0,
            sum: (0, 0),
            free_at: None,
            pruned: false,
            users: HashMap::default(),
            shared: shared.iter().copied().collect(),
            all_shared: false,
        }
    }

    /// What was noted becomes runs to come: the path is about to change.
    fn settle(&mut self) {
        if self.noted.is_empty() {
            return;
        }
        let of: Rc<[Direction]> = self.path.as_slice().into();
        for (length, then, costs) in self.noted.drain(..) {
            let fork = Fork { of: of.clone(), length, then };
            if costs { self.next.push(fork) } else { self.here.push(fork) }
        }
    }

    fn note(&mut self, then: Direction, costs: bool) {
        if costs && self.level >= self.most {
            self.left_out = true;
        } else {
            self.noted.push((self.path.len(), then, costs));
        }
    }

    /// Comes to a decision. `None`: it was come to before; else whether what else can be done there was not noted yet.
    fn visit(&mut self, key: Key) -> Option<bool> {
        if self.met.insert(key) {
            self.own.push(key);
            return Some(true);
        }
        // A round that was taken back leads to where the run was before.
        self.own.contains(&key).then_some(false)
    }
}

/// Spreads each bit of a number over all of two.
fn mixed(parts: [u64; 4]) -> Key {
    let hash = |seed: u64| {
        parts.iter().fold(seed, |hash, &part| {
            let hash = (hash ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (hash ^ hash >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ hash >> 32
        })
    };
    (hash(0x243f_6a88_85a3_08d3), hash(0x1319_8a2e_0370_7344))
}

fn plus(one: Key, other: Key) -> Key {
    (one.0.wrapping_add(other.0), one.1.wrapping_add(other.1))
}

impl Engine {
    /// Only what needs no more than so many preemptions, where every address is taken for one that several tasks use.
    pub fn at_most(preemptions: u32) -> Engine {
        let mut engine = Engine::new(Mode::Bounded);
        engine.bind(&Known::default(), Some(preemptions));
        engine.bound().all_shared = true;
        engine
    }

    /// From the beginning of an exploration on.
    pub(crate) fn bind(&mut self, known: &Known, most: Option<u32>) {
        self.bound = most.map(|most| Box::new(Bound::new(most, &known.shared)));
        if self.bound.is_some() {
            self.mode = Mode::Bounded;
        }
    }

    pub(super) fn tell_bound(&self, known: &mut Known) {
        if let Some(bound) = &self.bound {
            known.shared = bound.shared.iter().copied().collect();
        }
    }

    /// Whether what has happened needs no more than so many preemptions, asked of the graph alone.
    pub fn needs_at_most(&self, most: u32) -> bool {
        Preemptions::default().are_enough(&self.graph, &|event| self.is_weak(event), most)
    }

    /// Whether there is something that needs more than the bound.
    pub fn leaves_out(&self) -> bool {
        self.bound.as_ref().is_some_and(|bound| bound.left_out)
    }

    /// Whether the run was stopped because another one comes to the same.
    pub fn is_pruned(&self) -> bool {
        self.bound.as_ref().is_some_and(|bound| bound.pruned)
    }

    pub(super) fn waiting_forks(&self) -> usize {
        self.bound.as_ref().map_or(0, |bound| bound.here.len() + bound.next.len())
    }

    fn bound(&mut self) -> &mut Bound {
        self.bound.as_mut().expect("bug! preemptions are counted without a bound")
    }

    /// Takes the next run. `false`: there is none left.
    pub(super) fn begin_bounded(&mut self) -> bool {
        let bound = self.bound.as_mut().expect("bug! preemptions are counted without a bound");
        bound.settle();
        if bound.here.is_empty() {
            std::mem::swap(&mut bound.here, &mut bound.next);
            bound.level += 1;
        }
        let Some(fork) = bound.here.pop() else { return false };
        self.directions.clear();
        self.directions.extend_from_slice(&fork.of[..fork.length]);
        // The first run has nothing to follow.
        if !fork.of.is_empty() {
            self.directions.push(fork.then);
        }
        self.directed = 0;
        bound.path.clear();
        bound.own.clear();
        (bound.hashed, bound.sum) = (0, (0, 0));
        (bound.free_at, bound.pruned) = (None, false);
        self.graph.clear();
        true
    }

    pub(super) fn prune(&mut self) {
        self.bound().pruned = true;
    }

    /// Whether the end of this run was not come to before.
    pub fn is_new(&mut self) -> bool {
        if self.mode != Mode::Bounded {
            return true;
        }
        let key = self.key(None);
        self.bound().ends.insert(key)
    }

    /// What has happened so far, whoever did it when, and who is at work. A task that waits where it has not got what it wants is
    /// as one that has not asked.
    fn key(&mut self, at_work: Option<Task>) -> Key {
        let bound = self.bound.as_ref().expect("bug! preemptions are counted without a bound");
        let (first, mut sum) = (bound.hashed, bound.sum);
        for event in &self.graph.events[first..] {
            if !event.blocked {
                sum = plus(sum, self.mark(event));
            }
        }
        let count = self.graph.events.len();
        let stays = !self.graph.events[first..].iter().any(|event| event.blocked);
        let bound = self.bound();
        if stays {
            (bound.hashed, bound.sum) = (count, sum);
        }
        plus(sum, mixed([u64::MAX, at_work.map_or(u64::MAX, u64::from), 0, 0]))
    }

    /// What an event is, by what it reads from, and, of a write, what it stands behind.
    fn mark(&self, event: &Event) -> Key {
        let name = |id: Id| if id == INITIAL { u64::MAX } else { u64::from(self.graph.event(id).task) << 32 | u64::from(self.graph.event(id).index) };
        let own = u64::from(event.task) << 32 | u64::from(event.index);
        let from = if event.reads() { name(event.from) } else { 0 };
        let which = if let Kind::Choice(_, which) = event.kind { u64::from(which) } else { 0 };
        let behind = if event.writes {
            let list = self.graph.modifications(event.location);
            let at = list.iter().rposition(|&id| (self.graph.event(id).task, self.graph.event(id).index) == (event.task, event.index));
            match at {
                Some(at) if at > 0 => name(list[at - 1]),
                _ => u64::MAX,
            }
        } else {
            0
        };
        mixed([own, from, behind, which])
    }

    /// Events that were hashed have changed.
    pub(super) fn hash_anew(&mut self) {
        if let Some(bound) = &mut self.bound {
            (bound.hashed, bound.sum) = (0, (0, 0));
        }
    }

    /// Only so many of the events stay.
    pub(super) fn forget_path(&mut self, from: usize) {
        if let Some(bound) = &mut self.bound {
            bound.settle();
            bound.path.truncate(from);
            (bound.hashed, bound.sum) = (0, (0, 0));
        }
    }

    /// The step that is to be made next, where an earlier run is followed.
    pub(super) fn followed(&self) -> Option<Direction> {
        self.directions.get(self.directed).copied()
    }

    /// Whether the step that is made now was never made here before, so that its other ways are still to be noted: whoever was
    /// put in somebody's place may have some, too.
    pub(super) fn is_fresh(&self) -> bool {
        match self.followed() {
            None => true,
            Some((_, way)) => way == 0 && self.directed + 1 == self.directions.len(),
        }
    }

    /// A timer is set that has not come.
    fn has_timer(&self) -> bool {
        let of_timer = |event: &&Event| event.accesses() && place::kind(self.address(event.location)) == place::TIMER;
        let timers = self.graph.events.iter().filter(of_timer);
        timers.fold(0, |open: i32, event| if event.writes { open + 1 } else { open - 1 }) > 0
    }

    /// Who makes the next step, where nobody is preempted by that.
    pub(super) fn next_bounded(&mut self) -> Next {
        if self.is_pruned() {
            return Next::Diverged;
        }
        if let Some((task, _)) = self.followed() {
            let run = self.tasks.get(task as usize);
            let gone = run.is_none_or(|run| run.state == State::Ended || run.state == State::Unborn && self.apart != Some(task));
            let is_ready = run.is_some_and(Run::is_ready);
            if gone || self.promised == Some(self.directed) && !is_ready {
                self.prune();
                return Next::Diverged;
            }
            self.promised = Some(self.directed);
            return Next::Run(task);
        }
        let mut others = (0..self.tasks.len()).filter(|&task| self.tasks[task].is_ready()).map(|task| task as Task);
        let Some(first) = others.next() else {
            return if self.waiting().next().is_some() || self.has_given_up() { Next::Stuck } else { Next::Over };
        };
        let others: Vec<Task> = others.chain(self.apart.filter(|_| self.has_timer())).collect();
        let now = self.graph.events.len();
        if !others.is_empty() {
            let key = self.key(None);
            match self.bound().visit(key) {
                None => {
                    self.prune();
                    return Next::Diverged;
                }
                Some(false) => {}
                Some(true) => others.iter().for_each(|&task| self.bound().note((task, 0), false)),
            }
        }
        self.bound().free_at = Some(now);
        Next::Run(first)
    }

    /// Whether a task makes the step that it asks for: it may, but somebody else might instead, which costs one.
    pub(super) fn may_step(&mut self, task: Task, request: &Request, location: u32) -> bool {
        if let Some((next, _)) = self.followed() {
            return next == task;
        }
        let now = self.graph.events.len();
        if self.bound().free_at == Some(now) || self.is_own(request) || self.has_to_wait(request, location) {
            return true;
        }
        let others: Vec<Task> = (0..self.tasks.len() as Task)
            .filter(|&other| other != task && self.tasks[other as usize].is_ready())
            .chain(self.apart.filter(|&apart| apart != task && self.has_timer()))
            .collect();
        if others.is_empty() {
            return true;
        }
        let key = self.key(Some(task));
        match self.bound().visit(key) {
            None => {
                self.prune();
                return false;
            }
            Some(false) => {}
            Some(true) => others.iter().for_each(|&other| self.bound().note((other, 0), true)),
        }
        true
    }

    /// Whether a step concerns nobody else. Who turns out to be a second one for an address makes the exploration begin again.
    fn is_own(&self, request: &Request) -> bool {
        match request.kind {
            Kind::Spawn(_) | Kind::Choice(..) => true,
            Kind::Fence(_) => false,
            _ => self.bound.as_ref().is_some_and(|bound| !bound.all_shared && !bound.shared.contains(&request.address)),
        }
    }

    /// Notes who uses an address.
    pub(super) fn notes_user(&mut self, task: Task, address: u64) {
        let Some(bound) = &mut self.bound else { return };
        if bound.all_shared {
            return;
        }
        if *bound.users.entry(address).or_insert(task) != task && bound.shared.insert(address) {
            self.begins_again = true;
        }
    }

    fn has_to_wait(&self, request: &Request, location: u32) -> bool {
        let Kind::Await(until) = request.kind else { return false };
        let last = self.graph.at_rank(location, self.graph.modifications(location).len());
        !until.is_met(last, self.graph.value(last, self.locations[location as usize].initial))
    }

    /// A step is made, in one of so many ways of the same kind.
    pub(super) fn notes_step(&mut self, task: Task) {
        let direction = self.followed().unwrap_or((task, 0));
        if let Some(bound) = &mut self.bound {
            bound.path.push(direction);
        }
    }

    /// The ways that a step could go as well: how far back of the last, or which choice.
    pub(super) fn notes_ways(&mut self, task: Task, ways: impl Iterator<Item = u32>, costs: bool) {
        let bound = self.bound();
        // The step is in the path already.
        let last = bound.path.pop();
        ways.for_each(|way| bound.note((task, way), costs));
        bound.path.extend(last);
    }

    /// Whether older values than the last are looked at: as long as all is `seqcst`, other orders of turns have them.
    pub(super) fn looks_back(&self, event: &Event) -> bool {
        self.is_weak(event) || self.graph.events.iter().any(|event| self.is_weak(event))
    }

    /// Steps of the library are none: each sees the last one, but for those that only look.
    pub(super) fn is_weak(&self, event: &Event) -> bool {
        if !event.accesses() {
            return matches!(event.kind, Kind::Fence(_)) && !event.is_sequential();
        }
        let looks = matches!(event.kind, Kind::Read(_) | Kind::Compare(..));
        let is_memory = place::kind(self.address(event.location)) == 0;
        !event.is_sequential() && !matches!(event.kind, Kind::Await(_)) && (is_memory || looks)
    }
}
