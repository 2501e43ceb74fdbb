//! The one word by which a fiber waits. `std/task/wait.aur` has the fast paths; this is what happens behind them.
//!
//! `Fiber::wait` holds an epoch, a value and a state. Arming begins a new epoch; a wait ends by the one exchange that takes
//! the word of this epoch from armed or parked to woken: event, timer and cancellation all try it, one succeeds. Fibers are
//! pooled and never unmapped, so a waker that comes late finds another epoch and nothing happens.

use crate::cancel;
use crate::fiber::Record;
use crate::prim::Ordering;
use crate::{clock, observe, sched, watch};
use abi::*;

pub fn word(epoch: u64, value: u64, state: u64) -> u64 {
    epoch << 32 | value << 8 | state
}

/// Whether a `Wait` of `std/task/wait.aur` may be ended by cancellation; its number has this bit then.
pub const CANCELLABLE: i64 = 1 << 16;

/// Ends a wait if it is still that wait; whether this call did it.
///
/// # Safety
/// The record is one of the table.
pub unsafe fn wake(record: *mut Record, epoch: u64, value: u64) -> bool {
    if observe::is_on() {
        // SAFETY: the caller's promise.
        return unsafe { observe::wake(record, epoch, value) };
    }
    // SAFETY: the caller's promise.
    let wait = unsafe { &(*record).head.wait };
    // ORDER: Relaxed; the exchange decides.
    let mut seen = wait.load(Ordering::Relaxed);
    loop {
        let state = seen & WAIT_STATE;
        if seen >> 32 != epoch || (state != WAIT_ARMED && state != WAIT_PARKED) {
            return false;
        }
        // Release: what the waker did comes before what the woken one does. Acquire: of the record's stack pointer.
        match wait.compare_exchange_weak(seen, word(epoch, value, WAIT_WOKEN), Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => {
                if state == WAIT_PARKED {
                    sched::ready(record);
                }
                return true;
            }
            Err(now) => seen = now,
        }
    }
}

/// Ends the wait of a fiber whose context was cancelled, if that may be.
///
/// # Safety
/// As [`wake`].
pub unsafe fn cancel(record: *mut Record) {
    // SAFETY: the caller's promise.
    let wait = unsafe { &(*record).head.wait };
    if observe::is_on() {
        return observe::cancel_later(record);
    }
    // SeqCst: partner of the exchange in `park`; see there.
    let seen = wait.load(Ordering::SeqCst);
    if seen & WAIT_CANCELLABLE != 0 && matches!(seen & WAIT_STATE, WAIT_ARMED | WAIT_PARKED) {
        // SAFETY: as above.
        unsafe { wake(record, seen >> 32, WAIT_VALUE_CANCELLED) };
    }
}

/// Waits on the current fiber with the ticket of this epoch: the waker's value, -1 elapsed, -2 cancelled.
///
/// # Safety
/// The record is the running fiber's, armed with this epoch.
pub unsafe fn park(record: *mut Record, deadline: i64, what: i64) -> i64 {
    // SAFETY: the caller's promise.
    let fiber = unsafe { &*record };
    let wait = &fiber.head.wait;
    // ORDER: Acquire; partner of the release in `wake`.
    let seen = wait.load(Ordering::Acquire);
    let epoch = seen >> 32;
    // An observed run does not go by what is in memory now: that it was woken is an event, too.
    if seen & WAIT_STATE == WAIT_ARMED || observe::is_on() {
        // ORDER: Relaxed; only reports read it, when nothing runs.
        fiber.what.store(what as u32, Ordering::Relaxed);
        let timed = deadline >= 0;
        // Destructors run shielded: no cancellation while another unwinding is under way.
        let cancellable = what & CANCELLABLE != 0 && fiber.head.panic.is_null();
        if observe::is_on() {
            // SAFETY: the caller's promise.
            return value(unsafe { observe::park(record, deadline, epoch, cancellable) });
        }
        if cancellable && !cancellable_now(record, epoch) {
            // Somebody was faster, or it is cancelled: the word says which.
        } else {
            if timed {
                clock::wake_at(deadline, record, epoch);
            }
            if watch::is_on() {
                watch::waits(record, what);
            }
            // SAFETY: the caller's promise; the word may be woken already, which the scheduler sees.
            unsafe { sched::park(record) };
        }
    }
    // ORDER: Acquire; as above.
    value(wait.load(Ordering::Acquire))
}

/// Makes the wait one that cancellation may end. False: it is over.
fn cancellable_now(record: *mut Record, epoch: u64) -> bool {
    // SAFETY: the running fiber's record and context.
    unsafe {
        let fiber = &*record;
        cancel::register(record);
        let (armed, open) = (word(epoch, 0, WAIT_ARMED), word(epoch, 0, WAIT_ARMED | WAIT_CANCELLABLE));
        // SeqCst, with the walk behind it: either the walk sees the reason, or who wrote it sees this word (in `cancel`).
        if fiber.head.wait.compare_exchange(armed, open, Ordering::SeqCst, Ordering::Acquire).is_err() {
            return false;
        }
        if cancel::reason(fiber.head.node).is_some() {
            wake(record, epoch, WAIT_VALUE_CANCELLED);
            return false;
        }
    }
    true
}

fn value(word: u64) -> i64 {
    debug_assert_eq!(word & WAIT_STATE, WAIT_WOKEN);
    match word >> 8 & 0xff_ffff {
        WAIT_VALUE_ELAPSED => -1,
        WAIT_VALUE_CANCELLED => -2,
        value => value as i64,
    }
}

/// Begins a wait of the runtime's own.
///
/// # Safety
/// The record is the running fiber's.
pub unsafe fn arm(record: *mut Record) -> u64 {
    if observe::is_on() {
        // SAFETY: the caller's promise.
        return unsafe { observe::arm(record) };
    }
    // SAFETY: the caller's promise.
    let wait = unsafe { &(*record).head.wait };
    // ORDER: Relaxed; only the fiber itself begins an epoch, and tickets are handed on by what is released later.
    let epoch = (wait.load(Ordering::Relaxed) >> 32).wrapping_add(1) & 0xffff_ffff;
    wait.store(word(epoch, 0, WAIT_ARMED), Ordering::Relaxed);
    epoch
}
