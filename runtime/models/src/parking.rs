//! `rt/src/wait.rs`, `std/task/wait.aur`: one word by which a fiber waits; the first of event, time and cancellation ends it, and who
//! sees it parked may run it. Loom has no fence that one thread makes another pass (`rt/src/barrier.rs`): the models have it on both
//! sides, which is what it amounts to for each thread it interrupts.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering, fence};
use loom::thread;

const ARMED: usize = 1;
const PARKED: usize = 2;
const WOKEN: usize = 3;
const STATE: usize = 3;
/// An epoch's beginning, above the state.
const EPOCH: usize = 8;

fn wake(word: &AtomicUsize, runs: &AtomicUsize, stack: &AtomicUsize) -> bool {
    let mut seen = word.load(Ordering::Relaxed);
    loop {
        if seen & STATE == 0 || seen & STATE == WOKEN {
            return false;
        }
        match word.compare_exchange(seen, seen & !STATE | WOKEN, Ordering::AcqRel, Ordering::Relaxed) {
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

/// What cancels, for one fiber: the reason, the fence, then the word and the mark.
fn cancel(fiber: &Fiber) {
    fiber.reason.store(1, Ordering::SeqCst);
    fence(Ordering::SeqCst);
    let seen = fiber.word.load(Ordering::Acquire);
    if fiber.cancellable.load(Ordering::Relaxed) == 1 && matches!(seen & STATE, ARMED | PARKED) {
        wake_epoch(fiber, seen / EPOCH);
    }
}

/// As `wake`, for a wait that may be over by now.
fn wake_epoch(fiber: &Fiber, epoch: usize) -> bool {
    let mut seen = fiber.word.load(Ordering::Relaxed);
    loop {
        if seen / EPOCH != epoch || !matches!(seen & STATE, ARMED | PARKED) {
            return false;
        }
        match fiber.word.compare_exchange(seen, epoch * EPOCH | WOKEN, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => {
                if seen & STATE == PARKED {
                    assert_eq!(fiber.stack.load(Ordering::Relaxed), 1);
                    fiber.runs.fetch_add(1, Ordering::Relaxed);
                }
                return true;
            }
            Err(now) => seen = now,
        }
    }
}

struct Fiber {
    word: AtomicUsize,
    cancellable: AtomicUsize,
    reason: AtomicUsize,
    runs: AtomicUsize,
    stack: AtomicUsize,
}

impl Fiber {
    fn armed() -> Arc<Fiber> {
        let zero = || AtomicUsize::new(0);
        Arc::new(Fiber { word: AtomicUsize::new(EPOCH | ARMED), cancellable: zero(), reason: zero(), runs: zero(), stack: zero() })
    }
}

#[test]
fn cancellation_is_seen_by_the_fiber_or_sees_it() {
    loom::model(|| {
        let fiber = Fiber::armed();
        let canceller = {
            let fiber = fiber.clone();
            thread::spawn(move || cancel(&fiber))
        };
        // `wait::park`: the mark, the walk, then the way out.
        fiber.cancellable.store(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if fiber.reason.load(Ordering::SeqCst) != 0 {
            wake_epoch(&fiber, 1);
            fiber.runs.fetch_add(1, Ordering::Relaxed);
        } else if park(&fiber.word, &fiber.stack) {
            fiber.runs.fetch_add(1, Ordering::Relaxed);
        }
        canceller.join().expect("it only cancels");
        // Somebody has woken it, once.
        assert_eq!((fiber.word.load(Ordering::Relaxed) & STATE, fiber.runs.load(Ordering::Relaxed)), (WOKEN, 1));
    });
}

/// The mark is beside the word: what cancels must not take that of an earlier wait for that of the next, which it may not end.
#[test]
fn a_wait_that_may_not_be_cancelled_is_not() {
    loom::model(|| {
        let fiber = Fiber::armed();
        fiber.cancellable.store(1, Ordering::Relaxed);
        let canceller = {
            let fiber = fiber.clone();
            thread::spawn(move || cancel(&fiber))
        };
        // The first wait has ended by itself, or is ended by the cancellation now.
        wake_epoch(&fiber, 1);
        fiber.cancellable.store(0, Ordering::Relaxed);
        fiber.word.store(2 * EPOCH | ARMED, Ordering::Release);
        canceller.join().expect("it only cancels");
        assert_eq!(fiber.word.load(Ordering::Relaxed), 2 * EPOCH | ARMED);
    });
}
