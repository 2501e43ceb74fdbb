//! The bodies of the table's `rt_task_…` rows that are more than one call.

use crate::fault::{self, Panic};
use crate::fiber::Record;
use crate::sched;
use crate::{scope, wait};
use abi::*;

pub unsafe extern "C" fn park(fiber: *mut u8, deadline: i64, what: i64) -> i64 {
    // SAFETY: the row's contract: the running fiber, armed.
    unsafe { wait::park(fiber.cast(), deadline, what) }
}

pub unsafe extern "C" fn join(fiber: *mut u8, task: *mut u8, what: i64) -> i64 {
    // SAFETY: the row's contract: the running fiber has the task's handle.
    unsafe { scope::join(fiber.cast(), task.cast(), what) }
}

pub unsafe extern "C" fn wait_scope(fiber: *mut u8, scope: *mut u8, most: i64, what: i64) -> i64 {
    // SAFETY: the row's contract: the running fiber opened the scope.
    unsafe { scope::wait(fiber.cast(), scope.cast(), most as u64, what) }
}

pub unsafe extern "C" fn publish(fiber: *mut u8, task: *mut u8, main: *const u8) {
    // SAFETY: the row's contract: the running fiber, a pending task of an open scope.
    unsafe { scope::publish(fiber.cast(), task.cast(), main as usize) }
}

pub unsafe extern "C" fn publish_limited(fiber: *mut u8, task: *mut u8, main: *const u8) {
    // SAFETY: as above.
    unsafe { scope::publish_limited(fiber.cast(), task.cast(), main as usize) }
}

pub unsafe extern "C" fn fork(fiber: *mut u8, task: *mut u8, main: *const u8) {
    // SAFETY: as above.
    unsafe { scope::fork(fiber.cast(), task.cast(), main as usize) }
}

pub unsafe extern "C" fn yield_now(fiber: *mut u8) {
    // SAFETY: the row's contract: the running fiber.
    unsafe { sched::yield_now(fiber.cast()) }
}

/// Answers whoever raised the running fiber's limit; nothing to do if it is the stack that ends.
pub unsafe extern "C" fn poll(_: i64, _: i64, frame: *const usize, address: usize, record: *mut Record) {
    // SAFETY: the row's contract: the running fiber.
    unsafe {
        (*record).frame = frame as usize;
        (*record).address = address;
        sched::poll(record)
    }
}

/// # Safety
/// The record is the running fiber's, which has the task's handle and is armed with this epoch.
pub unsafe fn wait_for(record: *mut Record, head: *mut TaskHead, epoch: u64, value: u64) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        scope::publish_forks(record);
        scope::wait_for(record, head, epoch, value)
    }
}

/// # Safety
/// The record is the running fiber's, which carries what the task raised; the scope is open.
pub unsafe fn fail_scope(record: *mut Record, scope: *mut Scope) {
    // SAFETY: the caller's promise.
    unsafe {
        let fiber = &mut (*record).head;
        let Some(panic) = fault::take(fiber) else { return };
        if panic.reason.is_some() {
            fiber.panic = Box::into_raw(panic).cast();
            return;
        }
        let place = panic.place.clone();
        scope::fail(scope, panic);
        let message = "cancelled: a task that was joined has failed".into();
        let carried = Panic { message, place, reason: Some(REASON_SIBLING_FAILED), ..Panic::default() };
        fiber.panic = Box::into_raw(Box::new(carried)).cast();
    }
}

/// # Safety
/// A record of the table.
pub unsafe fn number(record: *mut Record) -> i64 {
    // SAFETY: the caller's promise.
    i64::from(unsafe { (*record).number })
}

/// # Safety
/// The record is the running fiber's.
pub unsafe fn carried(record: *mut Record) -> i64 {
    // SAFETY: the caller's promise; the field is null or a panic's box.
    unsafe {
        match (*record).head.panic.cast::<Panic>().as_ref() {
            None => -1,
            Some(panic) => panic.reason.map_or(-2, |reason| reason as i64),
        }
    }
}

/// # Safety
/// The record is the running fiber's.
pub unsafe fn drop_carried(record: *mut Record) {
    // SAFETY: the caller's promise.
    drop(fault::take(unsafe { &mut (*record).head }));
}

/// # Safety
/// A failure that was not dropped.
pub unsafe fn failure(failure: *mut Panic, at: *mut *const u8, len: *mut i64) -> i64 {
    // SAFETY: the caller's promise.
    unsafe {
        let failure = &*failure;
        at.write(failure.message.as_ptr());
        len.write(failure.message.len() as i64);
        failure.reason.map_or(-2, |reason| reason as i64)
    }
}

/// # Safety
/// A failure that was not dropped.
pub unsafe fn drop_failure(failure: *mut Panic) {
    // SAFETY: the caller's promise: it came from a box.
    drop(unsafe { Box::from_raw(failure) });
}

/// # Safety
/// The scope's tasks have ended.
pub unsafe fn take_failure(scope: *mut Scope) -> *mut u8 {
    // SAFETY: the caller's promise.
    let Some(mut failures) = (unsafe { scope::take_failures(scope) }) else { return std::ptr::null_mut() };
    let first = failures.0.remove(0);
    if !failures.0.is_empty() {
        // SAFETY: as above; nobody else adds any more.
        unsafe { scope::set_failures(scope, failures) };
    }
    Box::into_raw(first).cast()
}

/// # Safety
/// The record is the running fiber's.
pub unsafe fn blocking(record: *mut Record, begins: bool) {
    // SAFETY: the caller's promise.
    let depth = unsafe { &mut (*record).blocking };
    if begins {
        *depth += 1;
        sched::blocking_begins();
    } else {
        *depth -= 1;
        if *depth == 0 {
            sched::blocking_ends();
        }
    }
}
