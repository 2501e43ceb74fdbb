//! `rt/src/scope.rs`: a task ends by one exchange of its state, which says whether a fiber waits for it and is to be woken, or the handle
//! is gone and the record is the runner's to free. The joiner writes whom to wake before it says that it waits. Once the handle is
//! gone nobody but the runner changes the state, so it does without exchanges.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

const RUNNING: usize = 2;
const DONE: usize = 3;
const PHASE: usize = 7;
const GONE: usize = 8;
const WAITED: usize = 16;
const VERSION: usize = 1 << 8;

/// `scope::end`: whom to wake, or that the record is to be freed.
fn end(state: &AtomicUsize, waiter: &AtomicUsize, result: &AtomicUsize) -> (Option<usize>, bool) {
    result.store(42, Ordering::Relaxed);
    let mut seen = state.load(Ordering::Acquire);
    if seen & GONE != 0 {
        return (None, true);
    }
    loop {
        let ticket = waiter.load(Ordering::Relaxed);
        match state.compare_exchange(seen, DONE, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) if seen & WAITED != 0 => return (Some(ticket), false),
            Ok(_) => return (None, seen & GONE != 0),
            Err(now) => seen = now,
        }
    }
}

/// `scope::wait_for`: false, it has ended.
fn wait_for(state: &AtomicUsize, waiter: &AtomicUsize, ticket: usize) -> bool {
    let mut seen = state.load(Ordering::Acquire);
    loop {
        if seen & PHASE >= DONE {
            return false;
        }
        waiter.store(ticket, Ordering::Relaxed);
        match state.compare_exchange(seen, (seen | WAITED).wrapping_add(VERSION), Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return true,
            Err(now) => seen = now,
        }
    }
}

fn unwait(state: &AtomicUsize) -> bool {
    state.fetch_and(!WAITED, Ordering::AcqRel) & PHASE < DONE
}

#[test]
fn the_end_wakes_whoever_waits_at_that_moment() {
    loom::model(|| {
        let (state, waiter, result) = (Arc::new(AtomicUsize::new(RUNNING)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let runner = {
            let (state, waiter, result) = (state.clone(), waiter.clone(), result.clone());
            thread::spawn(move || end(&state, &waiter, &result).0)
        };
        // Waits with one ticket, gives up (a select), waits with another.
        let mut ended = false;
        let mut last = 0;
        for ticket in [1, 2] {
            if !wait_for(&state, &waiter, ticket) {
                ended = true;
                break;
            }
            last = ticket;
            if ticket == 1 && !unwait(&state) {
                ended = true;
                break;
            }
        }
        let woken = runner.join().expect("it only ends");
        if ended {
            // Told at once: whoever was woken was that one's earlier ticket, if any.
            assert!(woken.is_none() || woken == Some(last));
            assert_eq!(state.load(Ordering::Acquire) & PHASE, DONE);
        } else {
            assert_eq!(woken, Some(2));
        }
        assert_eq!(result.load(Ordering::Relaxed), 42);
    });
}

/// `queue::advance`: a task becomes queued, or is claimed, by the one under whose lock it stands.
fn advance(state: &AtomicUsize) {
    let seen = state.load(Ordering::Acquire);
    if seen & GONE != 0 {
        state.store(seen + 1, Ordering::Release);
    } else {
        state.fetch_add(1, Ordering::Release);
    }
}

#[test]
fn a_record_without_a_handle_is_freed_once() {
    loom::model(|| {
        let (state, waiter, result) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let runner = {
            let (state, waiter, result) = (state.clone(), waiter.clone(), result.clone());
            thread::spawn(move || {
                // Published, claimed, run.
                advance(&state);
                advance(&state);
                assert_eq!(state.load(Ordering::Relaxed) & PHASE, RUNNING);
                end(&state, &waiter, &result).1
            })
        };
        // `abandon` of `std/task/task.aur`.
        let before = state.fetch_or(GONE, Ordering::AcqRel);
        let mine = before & PHASE >= DONE;
        if mine {
            assert_eq!(result.load(Ordering::Relaxed), 42);
        }
        let theirs = runner.join().expect("it only ends");
        assert!(mine != theirs);
    });
}
