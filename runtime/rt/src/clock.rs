//! Time and chance: the clock, what happens at a time, random words.

use crate::fiber::{self, Record};
use crate::prim::{AtomicI64, Mutex, Ordering, lock};
use crate::{cancel, observe, prim, sched, virt, wait};
use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub fn now() -> i64 {
    if observe::is_on() {
        return observe::now();
    }
    if virt::is_on() {
        return virt::now();
    }
    static START: crate::prim::OnceLock<Instant> = crate::prim::OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as i64
}

pub fn wall() -> i64 {
    if observe::is_on() {
        return virt::WALL_START + observe::now();
    }
    if virt::is_on() {
        return virt::wall();
    }
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64)
}

thread_local! {
    static STATE: Cell<u64> = Cell::new(seed());
}

/// The keys of Rust's hash maps come from the system; mixing one gives a word.
fn seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u64(wall() as u64);
    hasher.finish()
}

/// A moment of a busy wait: first the processor is told, then the system may run whoever is waited for, and then other
/// fibers: the one that is waited for may have had to give its turn back.
pub fn relax(round: i64) {
    if virt::is_on() {
        sched::give_turn();
    } else if round < 8 {
        for _ in 0..1 << round.max(0) {
            prim::spin();
        }
    } else if round % 4 == 0 {
        prim::thread::yield_now();
    } else {
        sched::give_turn();
    }
}

pub fn random() -> u64 {
    if virt::is_on() {
        return virt::random();
    }
    STATE.with(|state| {
        let mut word = state.get();
        let random = split_mix(&mut word);
        state.set(word);
        random
    })
}

/// SplitMix64: the next word of a sequence.
pub fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mix(*state)
}

/// Every bit of the result depends on every bit of the word.
pub fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// What happens at a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// Ends a wait of the fiber of this number.
    Wake { fiber: u32, epoch: u32 },
    /// Cancels a context.
    Cancel(u64),
    /// The program's own thread looks at the time.
    RouseMain,
}

impl Event {
    /// Waits that ended otherwise leave their timers behind.
    fn is_pending(self) -> bool {
        match self {
            Event::Wake { fiber: number, epoch } => {
                // SAFETY: numbers in timers are of records that exist.
                let word = unsafe { (*fiber::by_number(number as usize)).head.wait.load(Ordering::Relaxed) };
                word >> 32 == u64::from(epoch) && word & abi::WAIT_STATE != abi::WAIT_WOKEN
            }
            Event::Cancel(serial) => cancel::is_pending(serial),
            Event::RouseMain => true,
        }
    }

    fn happen(self) {
        match self {
            Event::Wake { fiber: number, epoch } => {
                // SAFETY: as above.
                unsafe { wait::wake(fiber::by_number(number as usize), u64::from(epoch), abi::WAIT_VALUE_ELAPSED) };
            }
            Event::Cancel(serial) => cancel::elapsed(serial),
            Event::RouseMain => sched::rouse_main(),
        }
    }
}

struct Timers {
    queue: BinaryHeap<Reverse<(i64, Event)>>,
    /// How many stood there when those that no longer matter were thrown out.
    kept: usize,
}
static TIMERS: Mutex<Timers> = Mutex::new(Timers { queue: BinaryHeap::new(), kept: 0 });
/// The earliest time in the queue.
static NEXT: AtomicI64 = AtomicI64::new(i64::MAX);

fn add(at: i64, event: Event) {
    let mut timers = lock(&TIMERS);
    if timers.queue.len() > 2 * timers.kept + 1024 {
        timers.queue.retain(|Reverse((_, event))| event.is_pending());
        timers.kept = timers.queue.len();
    }
    timers.queue.push(Reverse((at, event)));
    let earliest = timers.queue.peek().map_or(i64::MAX, |Reverse((at, _))| *at);
    // SeqCst: partner of the load in a worker that goes to sleep.
    let before = NEXT.swap(earliest, Ordering::SeqCst);
    drop(timers);
    if earliest < before {
        sched::earlier_timer();
    }
}

/// Ends a fiber's wait at a time, unless it ended before.
pub fn wake_at(at: i64, record: *mut Record, epoch: u64) {
    // SAFETY: a record of the table.
    let fiber = unsafe { (*record).number };
    add(at, Event::Wake { fiber, epoch: epoch as u32 });
}

pub fn cancel_at(at: i64, serial: u64) {
    if observe::is_on() {
        return observe::cancel_at(at, serial);
    }
    sched::watch_clock();
    add(at, Event::Cancel(serial));
}

pub fn rouse_main_at(at: i64) {
    add(at, Event::RouseMain);
}

/// Nanoseconds until the next timer; `None` without one.
pub fn next() -> Option<i64> {
    let next = NEXT.load(Ordering::SeqCst);
    (next != i64::MAX).then(|| (next - now()).max(0))
}

/// Lets everything happen whose time has come; whether there was anything.
pub fn turn() -> bool {
    // ORDER: Relaxed; a timer missed now is found at the next turn.
    let next = NEXT.load(Ordering::Relaxed);
    if next == i64::MAX || next > now() {
        return false;
    }
    let mut due = Vec::new();
    {
        let mut timers = lock(&TIMERS);
        let now = now();
        while let Some(&Reverse((at, event))) = timers.queue.peek() {
            if at > now && event.is_pending() {
                break;
            }
            timers.queue.pop();
            if at <= now {
                due.push(event);
            }
        }
        NEXT.store(timers.queue.peek().map_or(i64::MAX, |Reverse((at, _))| *at), Ordering::SeqCst);
    }
    due.iter().for_each(|event| event.happen());
    !due.is_empty()
}

/// Whether any timer will still wake or cancel somebody.
pub fn any_pending() -> bool {
    lock(&TIMERS).queue.iter().any(|Reverse((_, event))| event.is_pending())
}

/// Something that may wake fibers, done by a thread that is no worker: no deadlock is told meanwhile.
pub fn outside(act: impl FnOnce()) {
    sched::outside_begins();
    act();
    sched::outside_ends();
}
