//! The monitor: a thread that looks after workers that run one fiber for long.
//!
//! Every few milliseconds it looks whether a worker still runs the fiber it ran the last time. Then the fiber that waits in
//! its slot goes to the queue, where others can take it, its pending forks are asked for, and if anything waits in its queue,
//! the fiber gives its turn back at its next prologue. While all workers sleep, the monitor does, too.

use super::{active, all, deadlock, idle, notify, spare};
use crate::{barrier, clock};
use crate::prim::{AtomicBool, Condvar, Mutex, Once, Ordering, fence, lock, thread};
use std::time::Duration;

const TICK: Duration = Duration::from_millis(5);
const SHORTEST_TICK: Duration = Duration::from_millis(1);
/// So many ticks of nothing to do until it sleeps without a time.
const QUIET_TICKS_MAX: u32 = 20;

static ASLEEP: AtomicBool = AtomicBool::new(false);
static BED: Mutex<()> = Mutex::new(());
static BELL: Condvar = Condvar::new();

pub fn start() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let built = thread::Builder::new().name("aurora-monitor".into()).spawn(watch);
        if let Err(error) = built {
            crate::fault::fatal(&format!("cannot start a thread: {error}"));
        }
    });
}

/// A worker has come back from its sleep.
pub fn rouse() {
    // Partner of the fence in `watch`: it sees that somebody is awake, or this sees that it sleeps.
    fence(Ordering::SeqCst);
    if ASLEEP.load(Ordering::Relaxed) {
        let _bed = lock(&BED);
        ASLEEP.store(false, Ordering::Relaxed);
        BELL.notify_one();
    }
}

fn everybody_sleeps() -> bool {
    idle::sleepers().len() == active()
}

fn watch() {
    // Here nobody waits for it.
    barrier::prepare();
    let mut seen = Vec::new();
    let mut quiet = 0;
    loop {
        let next = clock::next().map_or(TICK, |time| Duration::from_nanos(time as u64).clamp(SHORTEST_TICK, TICK));
        thread::sleep(next);
        if everybody_sleeps() {
            quiet += 1;
            if quiet == 1 {
                // The last to go may not have been certain of a deadlock because of this very thread.
                notify();
            }
            if quiet >= QUIET_TICKS_MAX {
                let mut bed = lock(&BED);
                ASLEEP.store(true, Ordering::Relaxed);
                fence(Ordering::SeqCst);
                while ASLEEP.load(Ordering::Relaxed) && everybody_sleeps() {
                    bed = BELL.wait(bed).unwrap_or_else(|poisoned| poisoned.into_inner());
                }
                ASLEEP.store(false, Ordering::Relaxed);
                quiet = 0;
            }
            continue;
        }
        quiet = 0;
        // Workers that are busy do not look at the clock.
        deadlock::outside_begins();
        let any = clock::turn();
        deadlock::outside_ends();
        if any {
            notify();
        }
        seen.resize(all().len(), 0);
        for (worker, before) in all().iter().zip(&mut seen) {
            let runs = worker.runs.load(Ordering::Relaxed);
            let stuck = runs == *before && !worker.current.load(Ordering::Relaxed).is_null();
            *before = runs;
            if stuck {
                if worker.open_slot() {
                    notify();
                }
                worker.preempt();
            }
        }
        if spare::is_wanted() {
            spare::send();
        }
    }
}
