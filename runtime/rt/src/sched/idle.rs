//! Sleeping without missing a wake-up. The protocol, with its reasons, stands in `README.md`.

use crate::policy;
use crate::prim::{AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, fence, lock};
use std::time::Duration;

/// Workers that sleep or are about to, in the order in which they went.
static SLEEPERS: Mutex<Vec<usize>> = Mutex::new(Vec::new());
/// How many there are: looked at without the lock.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// One worker's bed.
pub struct Bed {
    woken: Mutex<bool>,
    bell: Condvar,
}

impl Bed {
    pub const fn new() -> Bed {
        Bed { woken: Mutex::new(false), bell: Condvar::new() }
    }

    fn ring(&self) {
        *lock(&self.woken) = true;
        self.bell.notify_one();
    }

    /// Until the bell rings or the time is over; whether it rang.
    fn sleep(&self, time: Option<Duration>) -> bool {
        let mut woken = lock(&self.woken);
        if let Some(time) = time {
            if !*woken {
                woken = self.bell.wait_timeout(woken, time).unwrap_or_else(|poisoned| poisoned.into_inner()).0;
            }
        } else {
            while !*woken {
                woken = self.bell.wait(woken).unwrap_or_else(|poisoned| poisoned.into_inner());
            }
        }
        std::mem::take(&mut *woken)
    }
}

/// Whether somebody sleeps.
pub fn any() -> bool {
    // ORDER: Relaxed; a hint. Where it matters `notify` fences.
    COUNT.load(Ordering::Relaxed) != 0
}

/// Says that a worker is about to sleep. It must look for work once more, then call [`sleep`] or [`stay`].
pub fn announce(worker: usize) {
    let mut sleepers = lock(&SLEEPERS);
    sleepers.push(worker);
    COUNT.store(sleepers.len(), Ordering::Relaxed);
    drop(sleepers);
    // Partner of the fence in `notify`: either the worker's second look sees the work, or the notifier sees the worker.
    fence(Ordering::SeqCst);
}

/// Takes the announcement back. False: somebody has already rung for this worker.
pub fn stay(worker: usize, bed: &Bed) -> bool {
    let mut sleepers = lock(&SLEEPERS);
    let found = sleepers.iter().position(|&sleeper| sleeper == worker);
    if let Some(at) = found {
        sleepers.remove(at);
        COUNT.store(sleepers.len(), Ordering::Relaxed);
        return true;
    }
    drop(sleepers);
    // The bell rings, or will in a moment: wait for it, so that it does not ring in the next sleep.
    bed.sleep(None);
    false
}

/// Sleeps after [`announce`].
pub fn sleep(worker: usize, bed: &Bed, time: Option<Duration>) {
    if !bed.sleep(time) {
        stay(worker, bed);
    }
}

/// Work was put where others can find it: wakes one who sleeps.
pub fn notify(beds: impl Fn(usize) -> &'static Bed) {
    fence(Ordering::SeqCst);
    if !any() {
        return;
    }
    let mut sleepers = lock(&SLEEPERS);
    let Some(at) = policy::sleeper_to_wake(&sleepers) else { return };
    let worker = sleepers.remove(at);
    COUNT.store(sleepers.len(), Ordering::Relaxed);
    drop(sleepers);
    beds(worker).ring();
}

/// Wakes this one if it sleeps.
pub fn rouse(worker: usize, bed: &Bed) {
    fence(Ordering::SeqCst);
    let mut sleepers = lock(&SLEEPERS);
    if let Some(at) = sleepers.iter().position(|&sleeper| sleeper == worker) {
        sleepers.remove(at);
        COUNT.store(sleepers.len(), Ordering::Relaxed);
        drop(sleepers);
        bed.ring();
    }
}

/// Those that sleep, while nobody can go or come.
pub fn sleepers() -> MutexGuard<'static, Vec<usize>> {
    lock(&SLEEPERS)
}
