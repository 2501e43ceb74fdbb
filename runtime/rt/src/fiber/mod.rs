//! Fibers: stacks on which Aurora code runs, their records, and the step from one to another.

mod stack;
mod state;
mod switch;

pub use stack::reserve;
pub use state::{FIBERS_MAX, Record, by_address, by_number, each_live, give, main, retire, take};
pub use switch::{catch, switch, switch_and_free, switch_and_park};

use crate::prim::Ordering;
use abi::{Fiber, Image, TaskHead};
use std::cell::Cell;
use std::ptr::null_mut;

const GUARD_BYTES: usize = 64 << 10;

thread_local! {
    static CURRENT: Cell<*mut Fiber> = const { Cell::new(null_mut()) };
}

/// The fiber that runs on this thread, or null. Never asked by a function that switches: the address of a thread's own
/// variable must not live through a switch.
pub fn current() -> *mut Fiber {
    CURRENT.get()
}

pub fn set_current(fiber: *mut Fiber) {
    CURRENT.set(fiber);
}

/// Where this thread notes which fiber runs, for who changes that while on a fiber.
pub fn current_place() -> *const Cell<*mut Fiber> {
    CURRENT.with(|place| &raw const *place)
}

/// Whether an address lies in or just below this fiber's stack.
pub fn is_overflow(fiber: &Fiber, address: usize) -> bool {
    (fiber.stack_low.saturating_sub(GUARD_BYTES)..fiber.stack_low + 4096).contains(&address)
}

/// What a fresh fiber is to do.
pub struct Start {
    pub image: *const Image,
    /// Compiled code: `fn(argument) -> flag`.
    pub function: usize,
    pub argument: usize,
    pub task: *mut TaskHead,
    pub node: *mut abi::Node,
    pub locals: *mut u8,
}

/// Makes a fiber ready to run from the beginning of a function.
///
/// # Safety
/// The record was taken from the pool (or is `main`'s) and nobody else knows it; the function is compiled code.
pub unsafe fn start(record: *mut Record, start: &Start) {
    // SAFETY: the caller's promise.
    unsafe {
        begin(record, start);
        (*record).stack_pointer =
            switch::prepare((*record).head.stack_high, record as usize, start.function, start.argument);
    }
}

/// The same for a fiber that has come to the end of another function, and stands there.
///
/// # Safety
/// The record is the running fiber's; the function is compiled code.
pub unsafe fn begin(record: *mut Record, start: &Start) {
    // SAFETY: the caller's promise.
    unsafe {
        let fiber = &mut *record;
        fiber.head.panic = null_mut();
        fiber.head.image = start.image;
        fiber.head.node = start.node;
        fiber.head.locals = start.locals;
        fiber.raised = false;
        fiber.is_main = false;
        fiber.blocking = 0;
        fiber.address = 0;
        // ORDER: Relaxed; whoever runs it takes it from a queue.
        fiber.task.store(start.task, Ordering::Relaxed);
        fiber.life.store(state::LIVE, Ordering::Relaxed);
    }
}

/// The fiber that was left for another was woken before it had parked: it goes on soon. Runs on the other's stack, before that
/// goes on; `save` is where the left one's stack pointer was stored.
unsafe extern "C" fn woken_early(save: *mut usize) {
    let record = save.wrapping_byte_sub(std::mem::offset_of!(Record, stack_pointer)).cast();
    crate::sched::ready(record);
}

/// What a fiber calls that has come to the end of its function and has got another: in this order in the two registers of a result.
#[repr(C)]
pub struct Next {
    pub argument: usize,
    pub function: usize,
}

/// Where a fiber's function returns to, on the fiber's stack.
unsafe extern "C" fn end(record: *mut Record, raised: i64) -> Next {
    // SAFETY: the running fiber's record.
    unsafe { (*record).raised = raised != 0 };
    crate::sched::finish(record)
}
