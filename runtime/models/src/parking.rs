//! `rt/src/wait.rs`, `std/task/wait.aur`: one word by which a fiber waits; the first of event, time and cancellation ends it, and who
//! sees it parked may run it.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering, fence};
use loom::thread;

const ARMED: usize = 1;
const PARKED: usize = 2;
const WOKEN: usize = 3;
const CANCELLABLE: usize = 4;
const STATE: usize = 3;

fn wake(word: &AtomicUsize, runs: &AtomicUsize, stack: &AtomicUsize) -> bool {
    let mut seen = word.load(Ordering::Relaxed);
    loop {
        if seen & STATE == 0 || seen & STATE == WOKEN {
            return false;
        }
        match word.compare_exchange(seen, WOKEN, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => {
                if seen & STATE == PARKED {
                    // It goes on: its stack must be whole.
                    assert_eq!(stack.load(Ordering::Relaxed), 1);
                    runs.fetch_add(1, Ordering::Relaxed);
                }
                return true;
            }
            Err(now) => seen = now,
        }
    }
}

/// The fiber leaves its worker, whose loop parks it; whether it goes on at once.
fn park(word: &AtomicUsize, stack: &AtomicUsize) -> bool {
    // Switched away from: the stack pointer is stored.
    stack.store(1, Ordering::Relaxed);
    let seen = word.load(Ordering::Relaxed);
    !(seen & STATE == ARMED
        && word.compare_exchange(seen, seen & !STATE | PARKED, Ordering::SeqCst, Ordering::Acquire).is_ok())
}

#[test]
fn one_of_two_wakers_ends_a_wait_and_the_fiber_runs_once() {
    loom::model(|| {
        let word = Arc::new(AtomicUsize::new(ARMED));
        let (runs, stack, won) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let wakers: Vec<_> = (0..2)
            .map(|_| {
                let (word, runs, stack, won) = (word.clone(), runs.clone(), stack.clone(), won.clone());
                thread::spawn(move || {
                    if wake(&word, &runs, &stack) {
                        won.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        if park(&word, &stack) {
            runs.fetch_add(1, Ordering::Relaxed);
        }
        wakers.into_iter().for_each(|waker| waker.join().expect("it only wakes"));
        assert_eq!((won.load(Ordering::Relaxed), runs.load(Ordering::Relaxed)), (1, 1));
    });
}

#[test]
fn cancellation_is_seen_by_the_fiber_or_sees_it() {
    loom::model(|| {
        let word = Arc::new(AtomicUsize::new(ARMED));
        let reason = Arc::new(AtomicUsize::new(0));
        let (runs, stack) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let canceller = {
            let (word, reason, runs, stack) = (word.clone(), reason.clone(), runs.clone(), stack.clone());
            thread::spawn(move || {
                reason.store(1, Ordering::SeqCst);
                fence(Ordering::SeqCst);
                let seen = word.load(Ordering::SeqCst);
                if seen & CANCELLABLE != 0 && matches!(seen & STATE, ARMED | PARKED) {
                    wake(&word, &runs, &stack);
                }
            })
        };
        // `wait::cancellable_now`, then the walk, then the way out.
        let open = word.compare_exchange(ARMED, ARMED | CANCELLABLE, Ordering::SeqCst, Ordering::Acquire).is_ok();
        fence(Ordering::SeqCst);
        if open && reason.load(Ordering::SeqCst) != 0 {
            wake(&word, &runs, &stack);
            runs.fetch_add(1, Ordering::Relaxed);
        } else if park(&word, &stack) {
            runs.fetch_add(1, Ordering::Relaxed);
        }
        canceller.join().expect("it only cancels");
        // Somebody has woken it, once.
        assert_eq!((word.load(Ordering::Relaxed) & STATE, runs.load(Ordering::Relaxed)), (WOKEN, 1));
    });
}
