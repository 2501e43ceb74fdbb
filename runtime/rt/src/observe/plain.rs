//! Plain accesses to memory in observed runs: whether two of them could happen at once, whether the memory is still there, and
//! whether anybody has written it.
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
    /// Nobody has written it since it was allocated: by that task, the how-manieth of what it told.
    Unwritten((u32, u64)),
}

/// What one does with memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    Allocates,
    Reads,
    Writes,
}

/// What stands in memory that nobody has written, in each word of eight bytes. Copied, it still says so.
const UNWRITTEN: [u8; 8] = [0xa7, 0x5d, 0xc3, 0x19, 0xe6, 0x7b, 0x92, 0x4f];

#[derive(Default)]
pub struct Plain {
    words: HashMap<u64, Vec<Told>, Numbers>,
    /// Memory that was given back, by where it begins: its end.
    gone: BTreeMap<u64, u64>,
    /// Memory that was allocated, by where it begins: its end, by whom, the how-manieth of what he told.
    pieces: BTreeMap<u64, (u64, u32, u64)>,
    /// Whether it is looked at what is read without having been written.
    pub watches: bool,
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
        self.pieces.clear();
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
        let unwritten = if self.watches && !access.writes { self.unwritten(access) } else { None };
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
        unwritten.map_or(Verdict::Ordered, Verdict::Unwritten)
    }

    /// Who allocated what is read, if none of it was ever written.
    fn unwritten(&self, access: &Access) -> Option<(u32, u64)> {
        let end = access.at + access.size;
        let (_, &(last, task, number)) = self.pieces.range(..=access.at).next_back()?;
        // One or two bytes may be these by chance: there the word around them has to be.
        let (from, to) = if access.size < 4 { (access.at & !7, end.next_multiple_of(8)) } else { (access.at, end) };
        // SAFETY: the piece is as long, and so is what was filled.
        let is_unwritten = |at: u64| unsafe { (at as *const u8).read_volatile() } == UNWRITTEN[at as usize % 8];
        (end <= last && (from..to).all(is_unwritten)).then_some((task, number))
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
        observer().access_place(task, &place, if writes != 0 { Use::Writes } else { Use::Reads }, size as u64);
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
        Verdict::Unwritten(allocation) => ends(record, End::Raced(vec![allocation, (access.task, access.number)])),
        Verdict::Gone => ends(record, End::Raced(vec![(access.task, access.number)])),
    }
}

/// From now on (or no longer) memory says whether it was written.
pub fn watch_memory(watches: bool) {
    world().plain.watches = watches;
}

/// A piece of memory is somebody's, of which the first so many bytes are written.
///
/// # Safety
/// The piece is fresh, and nothing follows it up to the next multiple of eight; the caller is compiled code with this frame.
pub(super) unsafe fn allocated(at: *mut u8, size: i64, written: i64, frame: usize, address: usize) {
    if !is_on() || !world().plain.watches || size <= written {
        return;
    }
    for byte in at as u64 + written as u64..(at as u64 + size as u64).next_multiple_of(8) {
        // SAFETY: the caller's promise.
        unsafe { (byte as *mut u8).write(UNWRITTEN[byte as usize % 8]) };
    }
    let record = running();
    let task = current(record);
    let number = world().plain.count(task);
    world().plain.pieces.insert(at as u64, (at as u64 + size as u64, task, number));
    if observer().wants_access(task, number) {
        // SAFETY: the running fiber's record; the caller's promise.
        let place = unsafe {
            ((*record).frame, (*record).address) = (frame, address);
            fault::step_place(caller(record))
        };
        observer().access_place(task, &place, Use::Allocates, size as u64);
    }
}

/// An owner of something shared lets go of it.
pub fn owner(record: *mut Record, at: u64, last: bool) {
    if is_on() && world().plain.watches && !world().probing {
        let task = current(record);
        let now = observer().knows(task, task) + 1;
        let tasks = world().tasks.len() as u32;
        let known = (0..tasks).map(|other| if other == task { now } else { observer().knows(task, other) }).collect();
        world().plain.owner(at, task, known, last);
    }
}
