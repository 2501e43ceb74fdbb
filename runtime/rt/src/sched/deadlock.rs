//! When everything waits and nothing can wake it.

use super::{active, all, idle};
use crate::fiber::{self, Record};
use crate::prim::{AtomicBool, AtomicUsize, Ordering, thread};
use crate::{clock, fault, net, process, standard};
use std::fmt::Write;

/// Threads outside the workers that may wake somebody: blocking calls, the monitor, the poller.
static OUTSIDE: AtomicUsize = AtomicUsize::new(0);
/// How often one of them began.
static BEGUN: AtomicUsize = AtomicUsize::new(0);

pub fn outside_begins() {
    BEGUN.fetch_add(1, Ordering::SeqCst);
    OUTSIDE.fetch_add(1, Ordering::SeqCst);
}
pub fn outside_ends() {
    OUTSIDE.fetch_sub(1, Ordering::SeqCst);
}

/// Asked by a worker that has announced its sleep. While the list of sleepers is locked nobody comes back: if all workers
/// stand in it, no queue holds anything, no timer runs and nobody outside was under way meanwhile, nothing will ever happen
/// again.
pub fn is_certain() -> bool {
    let sleepers = idle::sleepers();
    let begun = BEGUN.load(Ordering::SeqCst);
    sleepers.len() == active()
        && OUTSIDE.load(Ordering::SeqCst) == 0
        && !all().iter().any(|worker| worker.has_work())
        && !clock::any_pending()
        && !net::any_waiting()
        && !super::MAIN_ENDED.load(Ordering::SeqCst)
        && BEGUN.load(Ordering::SeqCst) == begun
}

/// Ends the program with who waits for what, where.
pub fn report() -> ! {
    static REPORTED: AtomicBool = AtomicBool::new(false);
    // Several may have become certain at once; the process ends below the others.
    while REPORTED.swap(true, Ordering::SeqCst) {
        thread::park();
    }
    let mut text = String::from("deadlock: every task waits, and nothing can wake any of them\n");
    let mut count = 0;
    const SHOWN_MAX: usize = 20;
    fiber::each_live(&mut |record| {
        count += 1;
        if count <= SHOWN_MAX {
            // SAFETY: nothing runs, so the record stays as it is.
            let _ = writeln!(text, "  {}", unsafe { line(record) });
        }
    });
    if count > SHOWN_MAX {
        let _ = writeln!(text, "  … and {} more", count - SHOWN_MAX);
    }
    standard::flush();
    standard::complain(&text);
    process::end(abi::EXIT_DEADLOCK)
}

pub fn name(record: *const Record) -> String {
    // SAFETY: a record of the table.
    unsafe { if (*record).is_main { "main".into() } else { format!("task {}", (*record).number) } }
}

/// `task 3 waits to receive at src/main.aur:4:5`
///
/// # Safety
/// The fiber does not run.
pub unsafe fn line(record: *mut Record) -> String {
    // SAFETY: the caller's promise.
    let record = unsafe { &*record };
    let who = name(record);
    // ORDER: Relaxed; nothing runs.
    let what = waits_for(record.what.load(Ordering::Relaxed) as i64);
    let caller =
        fault::Caller { frame: record.frame as *const usize, address: record.address, fiber: (&raw const record.head).cast_mut() };
    format!("{who} waits {what} at {}", fault::place(caller))
}

/// The kinds of `Wait` in `std/task/wait.aur`, in its order.
pub fn waits_for(what: i64) -> &'static str {
    const KINDS: [&str; 17] = [
        "to receive", "to send", "for a lock", "to read a lock's value", "to write a lock's value", "for a task", "for a scope's tasks",
        "for a time", "in a select", "for an event", "for a condition", "at a barrier", "for a permit", "for an atomic's change",
        "for the first use", "for input or output", "for a place in its scope",
    ];
    KINDS.get((what & 0xffff) as usize).copied().unwrap_or("for something")
}
