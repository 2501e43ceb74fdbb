//! `std/sync/queue.aur`, `channel.aur`: waiters in a list behind a gate. A value that is put into a waiter's slot stays there if the wake
//! won, and is taken back if the waiter's time ran out first: an operation is done or not done.

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

const ARMED: usize = 1;
const WOKEN: usize = 2;
const ELAPSED: usize = 3;

struct Channel {
    /// Behind the gate: whether somebody in the list waits to receive, its slot, and the value that nobody took yet.
    list: Mutex<(bool, usize, usize)>,
    wait: AtomicUsize,
}

impl Channel {
    fn gated<R>(&self, act: impl FnOnce(&mut (bool, usize, usize)) -> R) -> R {
        act(&mut self.list.lock().expect("whole"))
    }

    fn wake(&self, with: usize) -> bool {
        self.wait.compare_exchange(ARMED, with, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

#[test]
fn a_message_is_handed_over_or_kept() {
    loom::model(|| {
        let channel = Arc::new(Channel { list: Mutex::new((false, 0, 0)), wait: AtomicUsize::new(0) });
        channel.wait.store(ARMED, Ordering::Relaxed);
        channel.gated(|list| list.0 = true);
        let sender = {
            let channel = channel.clone();
            thread::spawn(move || {
                channel.gated(|list| {
                    if list.0 {
                        list.0 = false;
                        // Written before the wake: the receiver does not look at the gate again.
                        list.1 = 42;
                        if channel.wake(WOKEN) {
                            return;
                        }
                        list.1 = 0;
                    }
                    list.2 = 42;
                });
            })
        };
        // The timer, and the receiver once it has elapsed: it withdraws, and a message that comes later stays in the channel.
        if channel.wake(ELAPSED) {
            channel.gated(|list| list.0 = false);
        }
        let outcome = channel.wait.load(Ordering::Acquire);
        sender.join().expect("it only sends");
        if outcome == WOKEN {
            let got = channel.gated(|list| std::mem::take(&mut list.1));
            assert_eq!(got, 42);
        }
        let (slot, kept) = channel.gated(|list| (list.1, list.2));
        assert_eq!((slot, kept), if outcome == WOKEN { (0, 0) } else { (0, 42) });
    });
}
