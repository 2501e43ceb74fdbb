//! `std/sync/mutex.aur`: leaving a lock is a store of its word and a look whether anybody waits; who waits says so, has all others
//! pass a fence, and looks at the word again. One of the two sees the other. Loom has no fence that one thread makes another pass:
//! the model has it on both sides, which is what `rt_barrier` amounts to for each thread it interrupts.

use loom::sync::atomic::{AtomicUsize, Ordering, fence};
use loom::sync::{Arc, Mutex};
use loom::thread;

#[derive(Default)]
struct List {
    is_waiting: bool,
    woken: bool,
}

struct Lock {
    word: AtomicUsize,
    waiting: AtomicUsize,
    list: Mutex<List>,
}

impl Lock {
    fn wake_first(&self, list: &mut List) {
        if list.is_waiting {
            list.is_waiting = false;
            list.woken = true;
        }
        self.waiting.store(0, Ordering::Relaxed);
    }

    fn unlock(&self) {
        if self.waiting.load(Ordering::Relaxed) != 0 {
            let mut list = self.list.lock().expect("whole");
            self.wake_first(&mut list);
            self.word.fetch_and(0, Ordering::Release);
            return;
        }
        self.word.store(0, Ordering::Release);
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Relaxed) != 0 {
            let mut list = self.list.lock().expect("whole");
            if self.word.load(Ordering::Relaxed) == 0 {
                self.wake_first(&mut list);
            }
        }
    }

    /// One round of `lock_slowly`: whether the lock looked free, so that it need not wait.
    fn wait(&self) -> bool {
        let mut list = self.list.lock().expect("whole");
        self.waiting.store(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if self.word.load(Ordering::Relaxed) == 0 {
            self.waiting.store(0, Ordering::Relaxed);
            return true;
        }
        list.is_waiting = true;
        false
    }
}

#[test]
fn nobody_sleeps_at_a_lock_that_was_left() {
    loom::model(|| {
        let lock = Arc::new(Lock { word: AtomicUsize::new(1), waiting: AtomicUsize::new(0), list: Mutex::new(List::default()) });
        let holder = {
            let lock = lock.clone();
            thread::spawn(move || lock.unlock())
        };
        let free = lock.wait();
        holder.join().expect("it only leaves");
        let list = lock.list.lock().expect("whole");
        assert!(free || list.woken, "the lock is free, and who wants it sleeps");
    });
}

/// A third one takes the lock between being left and the look: then it is his to wake who waits.
#[test]
fn who_takes_the_lock_meanwhile_wakes_who_waits() {
    loom::model(|| {
        let lock = Arc::new(Lock { word: AtomicUsize::new(1), waiting: AtomicUsize::new(0), list: Mutex::new(List::default()) });
        let holder = {
            let lock = lock.clone();
            thread::spawn(move || lock.unlock())
        };
        let third = {
            let lock = lock.clone();
            thread::spawn(move || {
                if lock.word.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                    lock.unlock();
                }
            })
        };
        let free = lock.wait();
        holder.join().expect("it only leaves");
        third.join().expect("it only passes by");
        let list = lock.list.lock().expect("whole");
        assert!(free || list.woken, "the lock is free, and who wants it sleeps");
    });
}
