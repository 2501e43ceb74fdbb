//! The record of a fiber, and the pool of records.
//!
//! Records lie in one reserved table: a number finds its record, a late wake finds memory. The pool hands out the most
//! recently used one, whose stack is warm.

use super::stack::{self, Stack};
use crate::prim::{AtomicPtr, AtomicU32, AtomicUsize, Mutex, OnceLock, Ordering, lock};
use crate::sched::Worker;
use abi::{Fiber, TaskHead};
use std::ptr::null_mut;

pub const FIBERS_MAX: usize = 4 << 20;

/// What compiled code sees, and the runtime's own part behind it.
#[repr(C, align(64))]
pub struct Record {
    pub head: Fiber,
    /// Where it goes on; valid while it does not run.
    pub stack_pointer: usize,
    /// The compiled frame that called what parks, for reports.
    pub frame: usize,
    pub address: usize,
    /// On which worker it runs.
    pub worker: *const Worker,
    pub number: u32,
    /// What it waits for: `Wait` of `std/task/wait.aur`.
    pub what: AtomicU32,
    /// In a queue, or in the pool.
    pub next: *mut Record,
    /// Which node's list of waiting fibers it stands in, and its neighbours there; changed under the registry's lock.
    pub registered: AtomicPtr<u8>,
    pub registered_next: *mut Record,
    pub registered_previous: *mut Record,
    /// The task it was started for; null for `main`.
    pub task: AtomicPtr<TaskHead>,
    /// [`FREE`], [`LIVE`]
    pub life: AtomicU32,
    /// Whether the function it was started for raised.
    pub raised: bool,
    pub is_main: bool,
    /// How many `blocking` blocks it is in.
    pub blocking: u32,
    /// How many tasks of the same scope have ended here in a row before the one that runs, and are still counted there.
    pub owed: u32,
}
const _: () = assert!(size_of::<Record>() == 192);

pub const FREE: u32 = 0;
pub const LIVE: u32 = 1;

/// How many records were ever made.
static MADE: AtomicUsize = AtomicUsize::new(0);

struct Pool(*mut Record);
// SAFETY: records in the pool belong to nobody else; the lock hands them over.
unsafe impl Send for Pool {}
static POOL: Mutex<Pool> = Mutex::new(Pool(null_mut()));

fn table() -> *mut Record {
    static TABLE: OnceLock<usize> = OnceLock::new();
    let at = *TABLE.get_or_init(|| {
        let at = stack::reserve(FIBERS_MAX * size_of::<Record>());
        if at == 0 {
            crate::fault::fatal("cannot reserve memory for tasks");
        }
        at
    });
    at as *mut Record
}

/// The record of a number that was handed out.
pub fn by_number(number: usize) -> *mut Record {
    table().wrapping_add(number)
}

/// The fiber on whose stack an address lies, but for `main`'s.
pub fn by_address(address: usize) -> Option<*mut Record> {
    stack::number_at(address).map(by_number)
}

/// Number 0 is `main`'s.
pub fn main() -> *mut Record {
    let record = table();
    // ORDER: Relaxed; only one thread starts programs.
    if MADE.load(Ordering::Relaxed) == 0 {
        MADE.store(1, Ordering::Relaxed);
    }
    set_stack(record, stack::main());
    record
}

fn set_stack(record: *mut Record, stack: Stack) {
    // SAFETY: the record is in nobody's hands yet.
    unsafe {
        (*record).head.stack_low = stack.low;
        (*record).head.stack_high = stack.high;
        (*record).head.limit = stack.limit;
        // ORDER: Relaxed; a request that is lost was meant for who ran here before.
        (*record).head.stack_limit.store(stack.limit, Ordering::Relaxed);
    }
}

/// A fiber out of the pool, or a new one.
pub fn take() -> *mut Record {
    {
        let mut pool = lock(&POOL);
        let record = pool.0;
        if !record.is_null() {
            // SAFETY: records in the pool are valid and ours now.
            pool.0 = unsafe { (*record).next };
            return record;
        }
    }
    // Number 0 is `main`'s whether or not it was made before.
    // ORDER: Relaxed; a number of one's own is all that is asked.
    let mut number = MADE.fetch_add(1, Ordering::Relaxed);
    if number == 0 {
        number = MADE.fetch_add(1, Ordering::Relaxed);
    }
    let stack = if number < FIBERS_MAX { stack::of(number - 1) } else { None };
    let Some(stack) = stack else {
        crate::fault::fatal(&format!("no room for another task: {number} are waiting"));
    };
    let record = by_number(number);
    // SAFETY: a record of our own, in zeroed memory.
    unsafe { (*record).number = number as u32 };
    set_stack(record, stack);
    record
}

/// The fiber has ended.
///
/// # Safety
/// Nobody is on its stack.
pub unsafe fn retire(record: *mut Record) {
    // SAFETY: the caller's promise.
    unsafe {
        (*record).task.store(null_mut(), Ordering::Relaxed);
        // ORDER: Relaxed; reports look at fibers while nothing runs.
        (*record).life.store(FREE, Ordering::Relaxed);
    }
}

/// # Safety
/// The fiber was retired.
pub unsafe fn give(record: *mut Record) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut pool = lock(&POOL);
        (*record).next = pool.0;
        pool.0 = record;
    }
}

/// All fibers that were started and have not ended.
pub fn each_live(visit: &mut dyn FnMut(*mut Record)) {
    // ORDER: Relaxed; a report of a moment.
    for number in 0..MADE.load(Ordering::Relaxed) {
        let record = by_number(number);
        // SAFETY: made records are valid.
        if unsafe { (*record).life.load(Ordering::Relaxed) } == LIVE {
            visit(record);
        }
    }
}
