//! The one word by which a fiber waits. `std/task/wait.aur` has the fast paths; this is what happens behind them.
//!
//! `Fiber::wait` holds an epoch, a value and a state. Arming begins a new epoch; a wait ends by the one exchange that takes
//! the word of this epoch from armed or parked to woken: event, timer and cancellation all try it, one succeeds. Fibers are
//! pooled and never unmapped, so a waker that comes late finds another epoch and nothing happens.

use crate::{barrier, cancel};
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
    // ORDER: Acquire; partner of the release with which a wait is armed: the mark of an earlier wait is gone behind it.
    let seen = wait.load(Ordering::Acquire);
    // SAFETY: as above.
    // ORDER: Relaxed; see `park`.
    let cancellable = unsafe { (*record).what.load(Ordering::Relaxed) } & CANCELLABLE as u32 != 0;
    if cancellable && matches!(seen & WAIT_STATE, WAIT_ARMED | WAIT_PARKED) {
        // SAFETY: as above. If that wait is over by now, nothing happens.
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
        let timed = deadline >= 0;
        // Destructors run shielded: no cancellation while another unwinding is under way.
        let cancellable = what & CANCELLABLE != 0 && fiber.head.panic.is_null();
        let what = if cancellable { what } else { what & !CANCELLABLE };
        // ORDER: Relaxed; reports read it when nothing runs, and what cancels behind a fence.
        fiber.what.store(what as u32, Ordering::Relaxed);
        if observe::is_on() {
            // SAFETY: the caller's promise.
            return value(unsafe { observe::park(record, deadline, epoch, cancellable) });
        }
        // SAFETY: the caller's promise.
        if cancellable && unsafe { is_cancelled(record) } {
            // SAFETY: as above. If somebody was faster, the word says so.
            unsafe { wake(record, epoch, WAIT_VALUE_CANCELLED) };
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
        // ORDER: Relaxed; released when the next wait is armed.
        fiber.what.store((what & !CANCELLABLE) as u32, Ordering::Relaxed);
    }
    // ORDER: Acquire; as above.
    value(wait.load(Ordering::Acquire))
}

/// Whether the fiber, whose wait is marked as one that cancellation may end, has been cancelled before that was seen.
///
/// # Safety
/// The record is the running fiber's.
unsafe fn is_cancelled(record: *mut Record) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        cancel::register(record);
        // Partner of the one in `cancel`: either the walk sees the reason, or who wrote it sees the mark.
        barrier::mine();
        cancel::reason((*record).head.node).is_some()
    }
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
    // ORDER: Release; partner of the acquire in `cancel`.
    wait.store(word(epoch, 0, WAIT_ARMED), Ordering::Release);
    epoch
}
