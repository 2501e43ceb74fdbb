//! What all tasks do at a moment, asked for by SIGQUIT: who was spawned by whom, who waits for what and where.
//!
//! Nothing is stopped for it: a task may go on while it is looked at, and what is told of that one may be a little of
//! everything. Only memory that stays mapped is read: records, stacks, the heads of tasks that were alive a moment ago.

use super::{all, count, deadlock};
use crate::fault;
use crate::fiber::{self, Record};
use crate::prim::Ordering;
use abi::{TaskHead, WAIT_PARKED, WAIT_STATE};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Longer reports end with how many tasks are not shown.
const SHOWN_MAX: usize = 500;

struct Seen {
    parent: Option<u32>,
    line: String,
}

/// One line a task, those that it spawned behind it, indented.
pub fn report() -> String {
    let mut tasks: BTreeMap<u32, Seen> = BTreeMap::new();
    let mut more = 0usize;
    fiber::each_live(&mut |record| {
        if tasks.len() == SHOWN_MAX {
            more += 1;
            return;
        }
        // SAFETY: a record of the table.
        let (number, seen) = unsafe { ((*record).number, look(record)) };
        tasks.insert(number, seen);
    });
    let queued: usize = all().iter().map(super::Worker::queued).sum();
    let mut text = format!("{} tasks, {} workers, {queued} waiting for a worker\n", tasks.len() + more, count());
    let known: Vec<u32> = tasks.keys().copied().collect();
    for (&number, seen) in &tasks {
        if seen.parent.is_none_or(|parent| !known.contains(&parent)) {
            show(&tasks, number, 1, &mut text);
        }
    }
    if more > 0 {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "  … and {more} more");
    }
    text
}

fn show(tasks: &BTreeMap<u32, Seen>, number: u32, depth: usize, text: &mut String) {
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{:indent$}{}", "", tasks[&number].line, indent = 2 * depth);
    if depth > SHOWN_MAX {
        return;
    }
    for (&child, seen) in tasks {
        if seen.parent == Some(number) && child != number {
            show(tasks, child, depth + 1, text);
        }
    }
}

/// # Safety
/// A record of the table.
unsafe fn look(record: *mut Record) -> Seen {
    // SAFETY: the caller's promise; a task's head was alive when its fiber was, and stays readable.
    unsafe {
        // ORDER: Relaxed; a report of a moment.
        let head: *const TaskHead = (*record).task.load(Ordering::Relaxed);
        let (mut parent, mut spawned) = (None, String::new());
        if !head.is_null() {
            let (call, scope) = ((&raw const (*head).call).read_volatile(), (&raw const (*head).scope).read_volatile());
            // What is in nobody's stack is in `main`'s, or the program's own.
            parent = Some(fiber::by_address(scope as usize).map_or(0, |owner| (*owner).number));
            if let Some(place) = fault::spawned_at((*record).head.image, call) {
                spawned = format!(" (spawned at {place})");
            }
        }
        let is_parked = (*record).head.wait.load(Ordering::Relaxed) & WAIT_STATE == WAIT_PARKED;
        let runs_on = all().iter().find(|worker| worker.current.load(Ordering::Relaxed) == record);
        let line = match runs_on {
            _ if is_parked => deadlock::line(record),
            Some(worker) => format!("{} runs on worker {}", deadlock::name(record), worker.index),
            None => format!("{} waits for a worker", deadlock::name(record)),
        };
        Seen { parent: parent.filter(|&parent| parent != (*record).number), line: line + &spawned }
    }
}
