//! Cancellation where each use of an object is one step.
//!
//! A context that is cancelled is a word that was written. Who is about to wait looks at those of the contexts it is in: that is the
//! whole of the race between what it waits for and being cancelled. If it saw nothing, it waits, whatever is cancelled meanwhile,
//! and a run in which that lasts for ever, or longer than the cancelled time, counts for nothing. If it saw that it is
//! cancelled, it takes one step on the object: finding that it has to wait, it leaves by unwinding. If it could go on, that is a
//! run that counts for nothing, because the other one comes to the same, unless it could not but know: then it goes on.
//!
//! Only contexts that are cancelled for themselves are looked at (named scopes, handles, times, tokens), until in some run
//! another scope is, because something in it has failed.

use super::*;

/// What was found: nothing, or that it is cancelled; and whether it was known before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    Cancelled,
    Known,
}

/// Who has cancelled a context, after how many of its steps, and when.
#[derive(Clone, Copy)]
pub(super) struct Canceller {
    task: u32,
    steps: u32,
    at: i64,
}

/// Whether contexts are words of their own.
pub(super) fn is_in_words() -> bool {
    world().looks_for_cancellation && !world().divides
}

/// Looks at the context, and those it is in, up to a shield.
///
/// # Safety
/// The record is the running fiber's, the chain of contexts alive.
unsafe fn look_up(record: *mut Record, mut node: *mut Node) -> Found {
    let me = current(record);
    while !node.is_null() {
        // SAFETY: the caller's promise.
        let (state, parent) = unsafe { ((*node).state.load(Ordering::Relaxed), (*node).parent) };
        if state & NODE_MARKED != 0 || world().looks_everywhere {
            let known = world().cancellers.get(&(node as usize)).is_some_and(|all| all.iter().any(|by| observer().knows(me, by.task) >= by.steps));
            // SAFETY: as above.
            let (seen, _) = unsafe { step(record, What::Load(1), place::CANCEL | node as u64, 8, None) };
            if seen != 0 {
                return if known { Found::Known } else { Found::Cancelled };
            }
        }
        if state & NODE_SHIELD != 0 {
            return Found::Nothing;
        }
        node = parent;
    }
    Found::Nothing
}

/// Whether the running task sees that this context is cancelled.
///
/// # Safety
/// As [`look_up`].
pub(super) unsafe fn sees_cancelled(record: *mut Record, node: *mut Node) -> bool {
    // SAFETY: the caller's promise.
    unsafe { look_up(record, node) != Found::Nothing }
}

/// See the row.
///
/// # Safety
/// The fiber is the running one, in contexts that are alive.
pub unsafe extern "C" fn cancelling(fiber: *mut u8) -> i64 {
    let record: *mut Record = fiber.cast();
    // SAFETY: the row's contract. Destructors on the way out run shielded.
    unsafe {
        if !is_on() || world().probing || !is_in_words() || !(*record).head.panic.is_null() {
            return 0;
        }
        match look_up(record, (*record).head.node) {
            Found::Nothing => {
                let task = current(record);
                world().task(task).waits_uncancelled = true;
                0
            }
            Found::Cancelled => 1,
            Found::Known => 2,
        }
    }
}

/// A context is about to be cancelled. False: nobody can tell.
///
/// # Safety
/// Whoever cancels runs; the context is alive.
pub(super) unsafe fn cancels_in_words(node: *mut Node) -> bool {
    let record = running();
    // SAFETY: the caller's promise.
    unsafe {
        if (*node).state.load(Ordering::Relaxed) & NODE_MARKED == 0 {
            // A plain scope is its own context, which only its tasks are in when it is left.
            if world().scopes.get(&(node as usize)).is_none_or(Vec::is_empty) {
                return false;
            }
            if !world().looks_everywhere {
                ends(record, End::CancelsAny);
            }
        }
        step(record, What::Update(ACQUIRE_RELEASE, Change::MaxUnsigned, 1), place::CANCEL | node as u64, 8, None);
    }
    let me = current(record);
    let by = Canceller { task: me, steps: observer().knows(me, me), at: world().task(me).now };
    world().cancellers.entry(node as usize).or_default().push(by);
    true
}

/// A wait is over that was not to be cancelled. If that took longer than until somebody would have ended it, there is no such run.
pub(super) fn waited(record: *mut Record) {
    let number = current(record);
    let task = world().task(number);
    if !std::mem::take(&mut task.waits_uncancelled) {
        return;
    }
    let now = task.now;
    // SAFETY: the running fiber's contexts are alive.
    let cancelled = unsafe { cancel::cancelled((*record).head.node) };
    let late = |(node, _): (*mut Node, u64)| world().cancellers.get(&(node as usize)).is_some_and(|all| all.iter().all(|by| by.at < now));
    if cancelled.is_some_and(late) {
        // SAFETY: the record is the running fiber's.
        unsafe { give_up(record.cast()) };
    }
}

/// Whether somebody waits for ever who was cancelled: then this run counts for nothing.
///
/// # Safety
/// Called when nobody can go on.
pub(super) unsafe fn waits_though_cancelled() -> bool {
    is_in_words()
        && world().tasks.iter().any(|task| {
            // SAFETY: a record of the table; a task that waits is in contexts that are alive.
            task.waits_uncancelled && !task.ended && unsafe { cancel::cancelled((*task.record).head.node).is_some() }
        })
}

/// The number of the next deadline that the running task sets: the same whatever others set meanwhile.
pub fn serial() -> u64 {
    let number = world().current;
    let task = world().task(number);
    task.deadlines += 1;
    u64::from(number) << 32 | task.deadlines
}
