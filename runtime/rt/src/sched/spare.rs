//! Spare workers: they take the place of those whose thread is held by a blocking call, and go when it has come back.

use super::{all, count, idle, notify};
use crate::prim::{AtomicUsize, Condvar, Mutex, Ordering, lock, thread};
use crate::signal;

pub const SPARES_MAX: usize = 256;

/// How many have a record.
static MADE: AtomicUsize = AtomicUsize::new(0);
/// How many run as workers.
static RUNNING: AtomicUsize = AtomicUsize::new(0);
/// How many of the others are called.
static CALLED: Mutex<usize> = Mutex::new(0);
static BELL: Condvar = Condvar::new();

pub fn made() -> usize {
    MADE.load(Ordering::Acquire)
}

pub fn running() -> usize {
    RUNNING.load(Ordering::SeqCst)
}

fn blocked() -> usize {
    all().iter().filter(|worker| worker.blocked.load(Ordering::Relaxed)).count()
}

/// Asked by the monitor: work lies about, nobody sleeps, and a thread has been held for a while.
pub fn send() {
    if running() >= blocked() {
        return;
    }
    // Counted at once, so that one is sent, not one a tick.
    let before = RUNNING.fetch_add(1, Ordering::SeqCst);
    if before < made() {
        *lock(&CALLED) += 1;
        BELL.notify_one();
        return;
    }
    let spare = made();
    if spare == SPARES_MAX {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        return;
    }
    MADE.store(spare + 1, Ordering::Release);
    crate::heap::threads::will_be_several();
    let built = thread::Builder::new().name(format!("aurora-spare-{spare}")).spawn(move || {
        signal::install();
        let worker = &all()[count() + spare];
        loop {
            worker.run(|| running() > blocked());
            RUNNING.fetch_sub(1, Ordering::SeqCst);
            // Somebody may have woken this one for work that it does not do any more.
            if all().iter().any(|worker| worker.has_queued()) {
                notify();
            }
            let mut called = lock(&CALLED);
            while *called == 0 {
                called = BELL.wait(called).unwrap_or_else(|poisoned| poisoned.into_inner());
            }
            *called -= 1;
        }
    });
    if built.is_err() {
        // It was only to help.
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        MADE.store(spare, Ordering::Release);
    }
}

/// Whether one should come.
pub fn is_wanted() -> bool {
    !idle::any() && all().iter().any(|worker| worker.has_queued()) && blocked() > running()
}
