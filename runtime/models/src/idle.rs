//! `rt/src/sched/idle.rs`: who puts work in a queue sees the sleeper, or the sleeper's second look sees the work.

use loom::sync::atomic::{AtomicUsize, Ordering, fence};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

struct Bed {
    sleepers: Mutex<Vec<usize>>,
    count: AtomicUsize,
    woken: Mutex<bool>,
    bell: Condvar,
}

#[test]
fn no_work_lies_in_a_queue_while_everybody_sleeps() {
    loom::model(|| {
        let bed = Arc::new(Bed { sleepers: Mutex::new(Vec::new()), count: AtomicUsize::new(0), woken: Mutex::new(false), bell: Condvar::new() });
        // The queue's length, which is looked at without its lock.
        let work = Arc::new(AtomicUsize::new(0));
        let notifier = {
            let (bed, work) = (bed.clone(), work.clone());
            thread::spawn(move || {
                work.store(1, Ordering::Relaxed);
                fence(Ordering::SeqCst);
                if bed.count.load(Ordering::Relaxed) == 0 {
                    return;
                }
                let mut sleepers = bed.sleepers.lock().expect("whole");
                if sleepers.pop().is_some() {
                    bed.count.store(sleepers.len(), Ordering::Relaxed);
                    drop(sleepers);
                    *bed.woken.lock().expect("whole") = true;
                    bed.bell.notify_one();
                }
            })
        };
        // `announce`, the second look, `stay` or `sleep`.
        {
            let mut sleepers = bed.sleepers.lock().expect("whole");
            sleepers.push(7);
            bed.count.store(sleepers.len(), Ordering::Relaxed);
        }
        fence(Ordering::SeqCst);
        let mut rings = work.load(Ordering::Relaxed) == 0;
        if !rings {
            let mut sleepers = bed.sleepers.lock().expect("whole");
            match sleepers.iter().position(|&sleeper| sleeper == 7) {
                Some(at) => {
                    sleepers.remove(at);
                    bed.count.store(sleepers.len(), Ordering::Relaxed);
                }
                // Somebody has taken this one off the list: his ring must not be left for the next sleep.
                None => rings = true,
            }
        }
        if rings {
            // Loom tells a deadlock should nobody ever ring.
            let mut woken = bed.woken.lock().expect("whole");
            while !*woken {
                woken = bed.bell.wait(woken).expect("whole");
            }
            *woken = false;
        }
        notifier.join().expect("it only notifies");
        assert!(work.load(Ordering::Relaxed) == 1 && !*bed.woken.lock().expect("whole"));
    });
}
