//! Plain accesses to memory in observed runs: whether two of them could happen at once, and whether the memory is still there.
//!
//! Time is counted in each task's own steps. An access lies between two steps of its task; it is ordered before what another
//! task does if that one knows of the later of the two.

use super::*;
use std::collections::{BTreeMap, HashMap};

#[derive(Clone, Copy)]
pub struct Access {
    pub at: u64,
    pub size: u64,
    pub writes: bool,
    pub task: u32,
    /// The how-manieth of its task's accesses.
    pub number: u64,
}

/// What is remembered of an access, in each of the words that it touches.
#[derive(Clone, Copy)]
struct Told {
    /// Which bytes of the word.
    bytes: u8,
    writes: bool,
    task: u32,
    /// The task's step that comes next.
    before: u32,
    number: u64,
}

pub enum Verdict {
    Ordered,
    /// With an earlier access: its task, and the how-manieth of the task's.
    Raced((u32, u64)),
    /// The memory was given back.
    Gone,
}

#[derive(Default)]
pub struct Plain {
    words: HashMap<u64, Vec<Told>, Numbers>,
    /// Memory that was given back, by where it begins: its end.
    gone: BTreeMap<u64, u64>,
    counts: Vec<u64>,
    /// Of things with several owners: what those knew who let go.
    owners: HashMap<u64, Vec<u32>, Numbers>,
    /// What tasks know because they were the last owner, beyond their steps.
    learnt: HashMap<u32, Vec<u32>, Numbers>,
}

impl Plain {
    pub fn clear(&mut self) {
        self.words.clear();
        self.gone.clear();
        self.counts.clear();
        self.owners.clear();
        self.learnt.clear();
    }

    /// The number of a task's next access.
    pub fn count(&mut self, task: u32) -> u64 {
        if self.counts.len() <= task as usize {
            self.counts.resize(task as usize + 1, 0);
        }
        self.counts[task as usize] += 1;
        self.counts[task as usize]
    }

    /// An access of a task whose next step is `before`, given how many steps of others it knows. If it could happen at once
    /// with an earlier one, that is told.
    pub fn tell(&mut self, access: &Access, before: u32, known: &dyn Fn(u32) -> u32) -> Verdict {
        // None of it is handed out again in a run: pieces do not overlap.
        let last = self.gone.range(..access.at + access.size).next_back();
        if last.is_some_and(|(_, &end)| access.at < end) {
            return Verdict::Gone;
        }
        let learnt = self.learnt.get(&access.task);
        let knows = |told: &Told| {
            told.task == access.task
                || known(told.task) >= told.before
                || learnt.is_some_and(|learnt| learnt.get(told.task as usize).is_some_and(|&count| count >= told.before))
        };
        let end = access.at + access.size;
        let mut word = access.at & !7;
        while word < end {
            let mut bytes = 0;
            for byte in word.max(access.at)..end.min(word + 8) {
                bytes |= 1 << (byte - word);
            }
            let told = self.words.entry(word).or_default();
            let clashes = |other: &&Told| other.bytes & bytes != 0 && (other.writes || access.writes) && !knows(other);
            if let Some(other) = told.iter().find(clashes) {
                return Verdict::Raced((other.task, other.number));
            }
            // What this one covers and follows need not be remembered.
            told.retain(|other| !(other.bytes & !bytes == 0 && knows(other) && (access.writes || other.task == access.task && !other.writes)));
            told.push(Told { bytes, writes: access.writes, task: access.task, before, number: access.number });
            word += 8;
        }
        Verdict::Ordered
    }

    pub fn free(&mut self, at: u64, size: u64) {
        if size > 0 {
            self.gone.insert(at, at + size);
        }
    }

    /// An owner with this knowledge lets go; the last one learns what all of them knew.
    pub fn owner(&mut self, at: u64, task: u32, known: Vec<u32>, last: bool) {
        let all = self.owners.entry(at).or_default();
        join(all, &known);
        if let Some(learnt) = self.learnt.get(&task) {
            join(all, learnt);
        }
        if last {
            let all = all.clone();
            join(self.learnt.entry(task).or_default(), &all);
        }
    }
}

fn join(into: &mut Vec<u32>, other: &[u32]) {
    if into.len() < other.len() {
        into.resize(other.len(), 0);
    }
    for (mine, theirs) in into.iter_mut().zip(other) {
        *mine = (*mine).max(*theirs);
    }
}

/// Memory is read or written in a way that others could tell.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn plain(fiber: *mut u8, at: *mut u8, size: i64, writes: i64) {
    let record: *mut Record = fiber.cast();
    if !is_on() || world().probing || size <= 0 {
        return;
    }
    let task = current(record);
    let number = world().plain.count(task);
    if observer().wants_access(task, number) {
        // SAFETY: the row's contract.
        let place = unsafe { fault::step_place(caller(record)) };
        observer().access_place(task, &place, writes != 0, size as u64);
    }
    if world().tasks[task as usize].quiet > 0 {
        return;
    }
    tell(record, Access { at: at as u64, size: size as u64, writes: writes != 0, task, number });
}

pub(super) fn tell(record: *mut Record, access: Access) {
    let now = observer().knows(access.task, access.task) + 1;
    let known = |other: u32| observer().knows(access.task, other);
    match world().plain.tell(&access, now, &known) {
        Verdict::Ordered => {}
        Verdict::Raced(earlier) => ends(record, End::Raced(vec![earlier, (access.task, access.number)])),
        Verdict::Gone => ends(record, End::Raced(vec![(access.task, access.number)])),
    }
}

/// An owner of something shared lets go of it.
pub fn owner(record: *mut Record, at: u64, last: bool) {
    if is_on() && !world().probing {
        let task = current(record);
        let now = observer().knows(task, task) + 1;
        let tasks = world().tasks.len() as u32;
        let known = (0..tasks).map(|other| if other == task { now } else { observer().knows(task, other) }).collect();
        world().plain.owner(at, task, known, last);
    }
}
