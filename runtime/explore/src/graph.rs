//! What happened in an execution: events, what each read, and the order of the writes of each location.
//!
//! A graph is all that an exploration keeps of an execution. Clocks, values in memory and who waits follow from it and are
//! made anew by every run.

pub use rt::observe::Change;

/// An event by its place in [`Graph::events`].
pub type Id = u32;
/// What is there before anybody writes.
pub const INITIAL: Id = u32::MAX;
/// A task by the order in which the exploration first met it.
pub type Task = u32;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Order {
    /// Of memory that is not atomic: as relaxed, but it synchronises nothing, and may race.
    Plain,
    Relaxed,
    Acquire,
    Release,
    AcquireRelease,
    Sequential,
}

impl Order {
    /// As compiled code numbers them.
    pub fn from_number(number: u64) -> Order {
        match number {
            0 => Order::Relaxed,
            1 => Order::Acquire,
            2 => Order::Release,
            3 => Order::AcquireRelease,
            5 => Order::Plain,
            _ => Order::Sequential,
        }
    }
    pub fn acquires(self) -> bool {
        matches!(self, Order::Acquire | Order::AcquireRelease | Order::Sequential)
    }
    pub fn releases(self) -> bool {
        matches!(self, Order::Release | Order::AcquireRelease | Order::Sequential)
    }
}

/// What a waiting read waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// Exactly this value.
    Is(u64),
    /// Any value but this one.
    IsNot(u64),
    /// Any write but the one that was read before: the next round of a loop that waits by looking.
    Changes(Id),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Read(Order),
    Write(Order, u64),
    Update(Order, Change, u64),
    /// Success, failure, what is expected, what is put in.
    Compare(Order, Order, u64, u64),
    /// A read, with acquire order, that is over when the value is right.
    Await(Until),
    Fence(Order),
    /// The task begins another one.
    Spawn(Task),
    /// One of so many, and which.
    Choice(u32, u32),
}

impl Kind {
    /// Whether it is of a location.
    pub fn accesses(self) -> bool {
        !matches!(self, Kind::Fence(_) | Kind::Spawn(_) | Kind::Choice(..))
    }
    /// Of a comparison, if it succeeds.
    pub fn order(self) -> Order {
        match self {
            Kind::Read(order) | Kind::Write(order, _) | Kind::Update(order, ..) | Kind::Compare(order, ..) | Kind::Fence(order) => order,
            Kind::Await(_) => Order::Acquire,
            Kind::Spawn(_) | Kind::Choice(..) => Order::Relaxed,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub task: Task,
    /// Its place among the task's events, from 1 on.
    pub index: u32,
    pub kind: Kind,
    /// An index into the exploration's table of locations; meaningless for fences, spawns and choices.
    pub location: u32,
    /// In bytes.
    pub size: u8,
    /// An await whose value is not there yet.
    pub blocked: bool,
    /// An update that puts in what is there already counts as a read: it waits by trying again and again, and without any
    /// release nobody can tell.
    pub looks_if_same: bool,
    /// Whether it wrote, which of an exchange only its value tells.
    pub writes: bool,
    pub from: Id,
    pub seen: u64,
    pub written: u64,
    /// When it was added. A read that was changed to read a later write keeps its own.
    pub stamp: u32,
    /// Where in the code, for reports.
    pub site: u64,
}

impl Event {
    pub fn reads(&self) -> bool {
        matches!(self.kind, Kind::Read(_) | Kind::Update(..) | Kind::Compare(..) | Kind::Await(_))
    }
    pub fn accesses(&self) -> bool {
        self.kind.accesses()
    }
    /// Whether nobody else can tell that it happened.
    pub fn only_looks(&self) -> bool {
        self.accesses() && !self.writes || matches!(self.kind, Kind::Fence(_))
    }
    pub fn is_update(&self) -> bool {
        self.writes && self.reads()
    }
    /// Of what it does to memory, given what it saw.
    pub fn order(&self) -> Order {
        match self.kind {
            Kind::Compare(_, failure, ..) if !self.writes => failure,
            kind => kind.order(),
        }
    }
    pub fn is_plain(&self) -> bool {
        self.order() == Order::Plain
    }
    pub fn is_sequential(&self) -> bool {
        self.order() == Order::Sequential
    }

    /// Reads this value: what it writes, if it does, and whether it goes on waiting.
    pub fn see(&mut self, from: Id, value: u64) {
        self.from = from;
        self.seen = value;
        match self.kind {
            Kind::Update(_, change, operand) => {
                self.written = change.apply(value, operand, self.size);
                self.writes = !(self.looks_if_same && self.written == value);
            }
            Kind::Compare(_, _, expected, new) => {
                self.writes = value == expected && !(self.looks_if_same && new == value);
                self.written = new;
            }
            Kind::Await(until) => self.blocked = !until.is_met(from, value),
            _ => {}
        }
    }
}

impl Until {
    pub fn is_met(self, from: Id, value: u64) -> bool {
        match self {
            Until::Is(wanted) => value == wanted,
            Until::IsNot(unwanted) => value != unwanted,
            Until::Changes(last) => from != last,
        }
    }
}

/// What a task wants to do next is not possible behind this write of an object's location, nor is it to be tried behind an
/// earlier one. It is like an event that reads the write and waits.
#[derive(Clone, Copy, Debug)]
pub struct Miss {
    pub task: Task,
    pub location: u32,
    pub write: Id,
    pub stamp: u32,
    /// Behind that write it would be the same again. Not so where it depends on other locations, too.
    pub alone: bool,
    /// There was something newer since, and it was tried again: as a read that waits, it reads that now.
    pub settled: bool,
}

#[derive(Clone, Default, Debug)]
pub struct Graph {
    pub events: Vec<Event>,
    /// The writes, sorted by location, and in each by modification order.
    writes: Vec<Id>,
    /// Where the writes of each location begin, and the last ones end.
    starts: Vec<u32>,
    /// An event that writes, and what that means for earlier reads was not looked at yet.
    pub fresh: Option<Id>,
    /// An earlier use of an object that was put behind a later one: whether it is possible there is not known yet.
    pub turned: Option<Id>,
    /// Those who wait until an object is in a state in which they can use it.
    pub misses: Vec<Miss>,
    stamps: u32,
}

impl Graph {
    /// Nothing has happened.
    pub fn clear(&mut self) {
        (self.events.clear(), self.writes.clear(), self.starts.clear(), self.misses.clear());
        (self.fresh, self.turned, self.stamps) = (None, None, 0);
    }

    /// Becomes the same as another one, in its own memory.
    pub fn copy(&mut self, other: &Graph) {
        self.events.clone_from(&other.events);
        self.writes.clone_from(&other.writes);
        self.starts.clone_from(&other.starts);
        self.misses.clone_from(&other.misses);
        (self.fresh, self.turned, self.stamps) = (other.fresh, other.turned, other.stamps);
    }

    pub fn next_stamp(&mut self) -> u32 {
        self.stamps += 1;
        self.stamps
    }

    /// A task has missed what it wanted behind a write. That it did stays when it has got it later.
    pub fn miss(&mut self, miss: Miss) {
        let same = |other: &Miss| (other.task, other.location, other.write) == (miss.task, miss.location, miss.write);
        if !self.misses.iter().any(same) {
            self.misses.push(miss);
        }
    }

    pub fn event(&self, id: Id) -> &Event {
        &self.events[id as usize]
    }

    fn range(&self, location: u32) -> std::ops::Range<usize> {
        let start = |location: usize| self.starts.get(location).copied().unwrap_or(self.writes.len() as u32) as usize;
        start(location as usize)..start(location as usize + 1)
    }

    /// The location's writes in modification order.
    pub fn modifications(&self, location: u32) -> &[Id] {
        &self.writes[self.range(location)]
    }

    /// How many writes come before and with this one: 0 for the initial one.
    pub fn rank(&self, location: u32, write: Id) -> usize {
        if write == INITIAL {
            return 0;
        }
        let list = self.modifications(location);
        list.iter().rposition(|&id| id == write).map_or_else(|| panic!("bug! a write without a place"), |at| at + 1)
    }

    /// The write at a rank.
    pub fn at_rank(&self, location: u32, rank: usize) -> Id {
        if rank == 0 { INITIAL } else { self.modifications(location)[rank - 1] }
    }

    /// Puts a write behind so many others.
    pub fn place(&mut self, location: u32, write: Id, behind: usize) {
        let location = location as usize;
        if self.starts.len() <= location + 1 {
            self.starts.resize(location + 2, self.writes.len() as u32);
        }
        self.writes.insert(self.starts[location] as usize + behind, write);
        self.starts[location + 1..].iter_mut().for_each(|start| *start += 1);
    }

    /// Takes a write out, if it is in.
    pub fn unplace(&mut self, location: u32, write: Id) {
        let range = self.range(location);
        if let Some(at) = self.writes[range.clone()].iter().position(|&id| id == write) {
            self.writes.remove(range.start + at);
            self.starts[location as usize + 1..].iter_mut().for_each(|start| *start -= 1);
        }
    }

    /// Whether the write of this rank is read by the update behind it, so that nothing may come between.
    pub fn is_held(&self, location: u32, rank: usize) -> bool {
        let list = self.modifications(location);
        list.get(rank).is_some_and(|&next| {
            let next = self.event(next);
            next.reads() && next.from == self.at_rank(location, rank)
        })
    }

    /// The value of a write, given the initial one.
    pub fn value(&self, write: Id, initial: u64) -> u64 {
        if write == INITIAL { initial } else { self.event(write).written }
    }

    /// Whether every event stands behind what it reads from, so that they can happen as they stand.
    pub fn is_in_order(&self) -> bool {
        self.events.iter().enumerate().all(|(id, event)| event.from == INITIAL || event.from < id as Id)
    }

    /// What is left when only these events are kept, in this order, none of which reads what goes, in the memory of another
    /// graph; and what each is called there.
    pub fn keep(&self, mut to: Graph, kept: &[Id]) -> (Graph, Vec<Id>) {
        let mut renamed = vec![INITIAL; self.events.len()];
        to.events.clear();
        for &id in kept {
            renamed[id as usize] = to.events.len() as Id;
            to.events.push(*self.event(id));
        }
        let rename = |id: Id| if id == INITIAL { INITIAL } else { renamed[id as usize] };
        for event in &mut to.events {
            event.from = rename(event.from);
            if let Kind::Await(Until::Changes(last)) = &mut event.kind {
                *last = rename(*last);
            }
        }
        (to.writes.clear(), to.starts.clear());
        for location in 0..self.starts.len() as u32 {
            to.starts.push(to.writes.len() as u32);
            to.writes.extend(self.modifications(location).iter().map(|&id| rename(id)).filter(|&id| id != INITIAL));
        }
        let stays = |miss: &&Miss| miss.write == INITIAL || rename(miss.write) != INITIAL;
        to.misses.clear();
        to.misses.extend(self.misses.iter().filter(stays).map(|miss| Miss { write: rename(miss.write), ..*miss }));
        (to.fresh, to.turned, to.stamps) = (None, None, self.stamps);
        (to, renamed)
    }

    /// What comes right before each event in its task, or began the task.
    fn previous(&self) -> Vec<Id> {
        let tasks = self.events.iter().map(|event| event.task as usize + 1).max().unwrap_or(0);
        let mut last = vec![INITIAL; tasks];
        for (id, event) in self.events.iter().enumerate() {
            if let Kind::Spawn(child) = event.kind
                && let Some(last) = last.get_mut(child as usize)
            {
                *last = id as Id;
            }
        }
        self.events.iter().enumerate().map(|(id, event)| std::mem::replace(&mut last[event.task as usize], id as Id)).collect()
    }

    /// Events as they happen when tasks take turns, each going on as long as it can, if this execution is one of those;
    /// else in the order of [`Graph::script`]. Whether it is.
    pub fn story(&self) -> (Vec<Id>, bool) {
        let previous = self.previous();
        let mut needs: Vec<Vec<Id>> = (0..self.events.len())
            .map(|id| [previous[id], self.events[id].from].into_iter().filter(|&need| need != INITIAL).collect())
            .collect();
        for (id, event) in self.events.iter().enumerate().filter(|(_, event)| event.accesses()) {
            // The write that follows what is read, or the one before: modification order, and reads before what overwrites.
            let rank = if event.writes { self.rank(event.location, id as Id) } else { self.rank(event.location, event.from) };
            let list = self.modifications(event.location);
            if event.writes && rank > 1 {
                needs[id].push(list[rank - 2]);
            } else if !event.writes && rank < list.len() {
                needs[list[rank] as usize].push(id as Id);
            }
        }
        let mut told = vec![false; self.events.len()];
        let mut story: Vec<Id> = Vec::with_capacity(told.len());
        while story.len() < told.len() {
            let ready = |id: &Id| !told[*id as usize] && needs[*id as usize].iter().all(|&need| told[need as usize]);
            let current = story.last().map(|&id| self.event(id).task);
            let all = 0..self.events.len() as Id;
            let next = all.clone().find(|id| Some(self.event(*id).task) == current && ready(id)).or_else(|| all.clone().find(ready));
            let Some(next) = next else { return (self.script(), false) };
            told[next as usize] = true;
            story.push(next);
        }
        (story, true)
    }

    /// Events in an order in which they can happen: as they stand, or as they were added, with what an event needs before it.
    pub fn script(&self) -> Vec<Id> {
        let mut script = Vec::new();
        self.script_into(&mut script);
        script
    }

    /// The same, in memory that is there.
    pub fn script_into(&self, script: &mut Vec<Id>) {
        script.clear();
        if self.is_in_order() {
            script.extend(0..self.events.len() as Id);
            return;
        }
        let previous = self.previous();
        let mut by_stamp: Vec<Id> = (0..self.events.len() as Id).collect();
        by_stamp.sort_unstable_by_key(|&id| self.event(id).stamp);
        let mut told = vec![false; self.events.len()];
        let mut open = Vec::new();
        for id in by_stamp {
            open.push(id);
            while let Some(&id) = open.last() {
                let needs = [previous[id as usize], self.event(id).from];
                let missing = needs.into_iter().find(|&need| need != INITIAL && !told[need as usize]);
                if let Some(missing) = missing {
                    open.push(missing);
                    continue;
                }
                open.pop();
                if !std::mem::replace(&mut told[id as usize], true) {
                    script.push(id);
                }
            }
        }
    }
}
