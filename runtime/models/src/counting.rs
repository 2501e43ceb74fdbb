//! `rt/src/scope.rs`: a scope's word counts published tasks; the last to leave wakes who waits, and nobody touches the scope after
//! that. Tasks that one fiber runs in a row leave together, behind the last of them (`rt/src/sched/mod.rs`, `finish`).

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

const TASK: usize = 256;
const WAITING: usize = 1;

struct Scope {
    word: AtomicUsize,
    epoch: AtomicUsize,
    woken: AtomicUsize,
    /// What tasks do, and what is only the owner's once they have ended.
    data: UnsafeCell<usize>,
}
// SAFETY: what is to be shown: loom tells if the data are touched at once.
unsafe impl Sync for Scope {}
// SAFETY: as above.
unsafe impl Send for Scope {}

fn leave(scope: &Scope, tasks: usize) {
    let mut seen = scope.word.load(Ordering::Acquire);
    loop {
        let epoch = scope.epoch.load(Ordering::Relaxed);
        match scope.word.compare_exchange(seen, seen - tasks * TASK, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => {
                if seen & WAITING != 0 && seen / TASK == tasks {
                    // Wakes a fiber of the table, not the scope: the release is that of the exchange on its word.
                    scope.woken.store(epoch, Ordering::Release);
                }
                return;
            }
            Err(now) => seen = now,
        }
    }
}

#[test]
fn the_owner_goes_on_behind_the_last_task() {
    owner_waits_for(&[1, 1]);
}

#[test]
fn the_owner_goes_on_behind_tasks_that_leave_together() {
    owner_waits_for(&[2, 1]);
}

/// Threads that run so many tasks of a scope each, all of which leave at once, and the owner.
fn owner_waits_for(together: &'static [usize]) {
    loom::model(move || {
        let all = together.iter().sum::<usize>();
        let scope = Arc::new(Scope { word: AtomicUsize::new(all * TASK), epoch: AtomicUsize::new(0), woken: AtomicUsize::new(0), data: UnsafeCell::new(0) });
        let tasks: Vec<_> = together
            .iter()
            .enumerate()
            .map(|(number, &tasks)| {
                let scope = scope.clone();
                thread::spawn(move || {
                    if number == 0 {
                        // SAFETY: only the tasks of this thread write.
                        (0..tasks).for_each(|_| scope.data.with_mut(|data| unsafe { *data += 1 }));
                    }
                    leave(&scope, tasks);
                })
            })
            .collect();
        let mut epoch = 0;
        while scope.word.load(Ordering::Acquire) / TASK > 0 {
            epoch += 1;
            scope.epoch.store(epoch, Ordering::Relaxed);
            if scope.word.fetch_or(WAITING, Ordering::AcqRel) / TASK > 0 {
                while scope.woken.load(Ordering::Acquire) != epoch {
                    thread::yield_now();
                }
            }
            scope.word.fetch_and(!WAITING, Ordering::AcqRel);
        }
        // SAFETY: all tasks have left.
        scope.data.with(|data| assert_eq!(unsafe { *data }, together[0]));
        tasks.into_iter().for_each(|task| task.join().expect("it only leaves"));
    });
}
