//! Work handed out to all cores. Whoever does a piece of it, results come back in the order in which the pieces were given, so that
//! what is made of them (messages, code) does not depend on how many cores there are, or which was faster.
//!
//! Threads are started only where there is work for longer than it takes to start them, and end with it. Work inside of work is not
//! handed out again.

use std::cell::Cell;
use std::sync::{Mutex, OnceLock};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Trees are as deep as a text is nested, and phases follow them recursively, on whichever thread. Only touched pages cost anything.
pub const STACK_BYTES: usize = 512 << 20;
/// More share too little to be worth their start.
const THREADS_MAX: usize = 8;
/// Weights are about as many microseconds; less than so many are done before another thread has begun.
const WORTH_A_THREAD: usize = 400;

thread_local! {
    static IS_SHARE: Cell<bool> = const { Cell::new(false) };
}

/// How many threads work at a time, if there is enough to do.
pub fn count() -> usize {
    // The system is asked through files.
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX))
}

/// Whatever work is handed out meanwhile stays on this thread: for those who count what it does.
pub fn alone<T>(work: impl FnOnce() -> T) -> T {
    let _inside = Inside::begin();
    work()
}

/// What `work` makes of each item, in the order of the items. Heavy ones are begun first; what is last to be begun should be short.
/// `weight` says how many microseconds an item takes, more or less; `own` makes what a thread keeps at hand from item to item.
pub fn map<T: Send, Own, R: Send>(items: Vec<T>, weight: impl Fn(&T) -> usize, own: impl Fn() -> Own + Sync, work: impl Fn(&mut Own, T) -> R + Sync) -> Vec<R> {
    map_with(0, items, weight, own, work)
}

/// The same on so many threads at most; 0: on all cores.
pub fn map_with<T: Send, Own, R: Send>(
    threads: usize,
    items: Vec<T>,
    weight: impl Fn(&T) -> usize,
    own: impl Fn() -> Own + Sync,
    work: impl Fn(&mut Own, T) -> R + Sync,
) -> Vec<R> {
    let weights: Vec<usize> = items.iter().map(weight).collect();
    let worth = if IS_SHARE.get() { 1 } else { items.len().min(1 + weights.iter().sum::<usize>() / WORTH_A_THREAD) };
    let threads = match (worth, threads) {
        (..=1, _) => 1,
        (worth, 0) => worth.min(count()),
        (worth, threads) => worth.min(threads),
    };
    if threads == 1 {
        let mut own = own();
        return items.into_iter().map(|item| work(&mut own, item)).collect();
    }
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(weights[index]));
    let slots: Vec<Mutex<Option<T>>> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    let next = AtomicUsize::new(0);
    let share = || {
        let _inside = Inside::begin();
        let mut own = own();
        let mut done: Vec<(usize, R)> = Vec::new();
        loop {
            // ORDER: Relaxed; a counter that hands out numbers. Items travel through their locks, results with the end of the thread.
            let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) else { return done };
            let item = slots[index].lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
            done.extend(item.map(|item| (index, work(&mut own, item))));
        }
    };
    let mut results: Vec<Option<R>> = Vec::new();
    results.resize_with(slots.len(), || None);
    let mut keep = |done: Vec<(usize, R)>| done.into_iter().for_each(|(index, result)| results[index] = Some(result));
    std::thread::scope(|scope| {
        let start = |_| std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, share);
        // Where no thread can be started, the others do its work.
        let others: Vec<_> = (1..threads).map(start).filter_map(Result::ok).collect();
        keep(share());
        for other in others {
            // A panic over there is one here.
            keep(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    results.into_iter().flatten().collect()
}

/// A share of the work is being done on this thread; whether that was so before.
struct Inside(bool);

impl Inside {
    fn begin() -> Inside {
        Inside(IS_SHARE.replace(true))
    }
}
impl Drop for Inside {
    fn drop(&mut self) {
        IS_SHARE.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_whoever_made_them() {
        let numbers: Vec<usize> = (0..1000).collect();
        for threads in [1, 2, 5] {
            let squares = map_with(threads, numbers.clone(), |number| number * 7 % 13 * 100, || 0usize, |seen, number| {
                *seen += 1;
                assert!(*seen <= numbers.len());
                number * number
            });
            assert_eq!(squares, numbers.iter().map(|number| number * number).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_panic_of_any_thread_is_one_of_the_caller() {
        let caught = std::panic::catch_unwind(|| map_with(4, vec![1, 2, 3, 4], |_| WORTH_A_THREAD, || (), |(), number| assert_ne!(number, 3)));
        assert!(caught.is_err());
    }

    #[test]
    fn little_work_starts_no_thread() {
        let caller = std::thread::current().id();
        let threads = map_with(4, vec![1; 20], |weight| *weight, || (), |(), _| std::thread::current().id());
        assert!(threads.into_iter().all(|thread| thread == caller));
    }

    #[test]
    fn work_inside_of_work_stays_on_its_thread() {
        let inside = |_: &mut (), _| {
            let own = std::thread::current().id();
            let threads = map_with(4, vec![1; 20], |_| WORTH_A_THREAD, || (), |(), _| std::thread::current().id());
            threads.into_iter().all(|thread| thread == own)
        };
        assert_eq!(map_with(2, vec![1; 4], |_| WORTH_A_THREAD, || (), inside), [true; 4]);
        assert!(!IS_SHARE.get());
    }
}
