//! `rt/src/sched/queue.rs`, `scope::join`: a task in a queue is claimed once, by a worker that takes it out or by its joiner; the lock is
//! left by a plain store.

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

const QUEUED: usize = 1;
const RUNNING: usize = 2;
const DONE: usize = 3;

/// The lock by itself, tried once: loom follows a spinning thread without end.
struct Locked {
    held: AtomicBool,
    data: UnsafeCell<usize>,
}
// SAFETY: who looks at the data holds the lock, which is what is to be shown.
unsafe impl Sync for Locked {}
// SAFETY: as above.
unsafe impl Send for Locked {}

impl Locked {
    fn try_add(&self) -> usize {
        if self.held.swap(true, Ordering::Acquire) {
            return 0;
        }
        // SAFETY: the lock is held; loom tells if it is not.
        self.data.with_mut(|data| unsafe { *data += 1 });
        self.held.store(false, Ordering::Release);
        1
    }
}

#[test]
fn the_lock_is_one_threads_and_hands_on_what_was_done() {
    loom::model(|| {
        let lock = Arc::new(Locked { held: AtomicBool::new(false), data: UnsafeCell::new(0) });
        let others: Vec<_> = (0..2)
            .map(|_| {
                let lock = lock.clone();
                thread::spawn(move || lock.try_add() + lock.try_add())
            })
            .collect();
        let own = lock.try_add();
        let added: usize = others.into_iter().map(|other| other.join().expect("it only adds")).sum();
        // SAFETY: the others have ended.
        lock.data.with(|data| assert_eq!(unsafe { *data }, own + added));
    });
}

/// A queue behind that lock, which is loom's here.
struct Queue(Mutex<Vec<usize>>);

impl Queue {
    fn with<R>(&self, act: impl FnOnce(&mut Vec<usize>) -> R) -> R {
        act(&mut self.0.lock().expect("whole"))
    }
}

#[test]
fn a_queued_task_is_claimed_once() {
    loom::model(|| {
        let queue = Arc::new(Queue(Mutex::new(Vec::new())));
        let state = Arc::new(AtomicUsize::new(QUEUED));
        let (runs, result) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        queue.with(|queue| queue.push(5));
        let run = |runs: &AtomicUsize, result: &AtomicUsize, state: &AtomicUsize| {
            runs.fetch_add(1, Ordering::Relaxed);
            result.store(42, Ordering::Relaxed);
            state.store(DONE, Ordering::Release);
        };
        let thief = {
            let (queue, state, runs, result) = (queue.clone(), state.clone(), runs.clone(), result.clone());
            thread::spawn(move || {
                let claimed = queue.with(|queue| {
                    let task = queue.pop();
                    if task.is_some() {
                        state.fetch_add(RUNNING - QUEUED, Ordering::Relaxed);
                    }
                    task.is_some()
                });
                if claimed {
                    run(&runs, &result, &state);
                }
            })
        };
        // `join`: looks without the lock, then again under it.
        if state.load(Ordering::Acquire) == QUEUED {
            let claimed = queue.with(|queue| {
                let queued = state.load(Ordering::Relaxed) == QUEUED;
                if queued {
                    queue.retain(|&task| task != 5);
                    state.fetch_add(RUNNING - QUEUED, Ordering::Relaxed);
                }
                queued
            });
            if claimed {
                run(&runs, &result, &state);
            }
        }
        if state.load(Ordering::Acquire) == DONE {
            assert_eq!(result.load(Ordering::Relaxed), 42);
        }
        thief.join().expect("it only runs the task");
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        assert!(queue.with(|queue| queue.is_empty()));
    });
}
