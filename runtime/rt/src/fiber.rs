//! The stack on which Aurora code runs, and the step onto it.

use crate::system::*;
use abi::{Fiber, Image};
use std::cell::Cell;

/// Address space only: pages come when they are touched.
pub const MAIN_STACK_BYTES: usize = 256 << 20;
/// Below the limit that prologues compare with: for the runtime's own functions, and for frames that were pushed before
/// their prologue could look.
const SLACK_BYTES: usize = 512 << 10;
const GUARD_BYTES: usize = 64 << 10;

thread_local! {
    static CURRENT: Cell<*mut Fiber> = const { Cell::new(std::ptr::null_mut()) };
}

/// The fiber that runs on this thread, or null.
pub fn current() -> *mut Fiber {
    CURRENT.get()
}

pub struct Stack {
    low: usize,
    high: usize,
}

impl Stack {
    pub fn new(bytes: usize) -> Stack {
        // SAFETY: a fresh private mapping; the guard is its lowest part.
        let low = unsafe {
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
            let at = mmap(std::ptr::null_mut(), bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
            if at as isize == -1 || mprotect(at, GUARD_BYTES, PROT_NONE) != 0 {
                crate::fault::fatal("cannot reserve memory for the stack");
            }
            at as usize
        };
        Stack { low: low + GUARD_BYTES, high: low + bytes }
    }
}

/// The stack of `main`, kept for the next test.
fn main_stack() -> &'static Stack {
    static STACK: std::sync::OnceLock<Stack> = std::sync::OnceLock::new();
    STACK.get_or_init(|| Stack::new(MAIN_STACK_BYTES))
}

/// A fresh fiber on the main stack; one at a time.
pub fn main_fiber(image: *const Image) -> Fiber {
    let stack = main_stack();
    Fiber {
        panic: std::ptr::null_mut(),
        stack_limit: stack.low + SLACK_BYTES,
        image,
        stack_low: stack.low,
        stack_high: stack.high,
    }
}

/// Whether an address lies in or just below this fiber's stack.
pub fn is_overflow(fiber: &Fiber, address: usize) -> bool {
    (fiber.stack_low - GUARD_BYTES..fiber.stack_low + 4096).contains(&address)
}

/// Runs `function` on the fiber's stack until it returns; whether it raised.
///
/// # Safety
/// `function` is compiled Aurora code of type `fn() -> flag` in the fiber's image, and the stack is not in use.
pub unsafe fn run(fiber: &mut Fiber, function: usize) -> bool {
    let before = CURRENT.replace(fiber);
    // SAFETY: the caller's promise; the stub saves and restores all registers that compiled code may change.
    let flag = unsafe { switch_and_call(fiber, fiber.stack_high, function) };
    CURRENT.set(before);
    flag != 0
}

/// Saves the callee-saved registers here, steps onto the other stack, pins the fiber and calls. A zero frame pointer marks
/// the end for those who walk the stack.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "C" fn switch_and_call(fiber: *mut Fiber, stack_top: usize, function: usize) -> u8 {
    core::arch::naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov rax, rsp",
        "mov r15, rdi",
        "mov rsp, rsi",
        "push rax",
        "push rax",
        "xor ebp, ebp",
        "call rdx",
        "pop rsp",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}

#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
unsafe extern "C" fn switch_and_call(fiber: *mut Fiber, stack_top: usize, function: usize) -> u8 {
    core::arch::naked_asm!(
        "stp x29, x30, [sp, #-176]!",
        "stp x19, x20, [sp, #16]",
        "stp x21, x22, [sp, #32]",
        "stp x23, x24, [sp, #48]",
        "stp x25, x26, [sp, #64]",
        "stp x27, x28, [sp, #80]",
        "stp d8, d9, [sp, #96]",
        "stp d10, d11, [sp, #112]",
        "stp d12, d13, [sp, #128]",
        "stp d14, d15, [sp, #144]",
        "mov x9, sp",
        "mov x21, x0",
        "mov sp, x1",
        "stp x9, xzr, [sp, #-16]!",
        "mov x29, xzr",
        "blr x2",
        "ldr x9, [sp]",
        "mov sp, x9",
        "ldp d14, d15, [sp, #144]",
        "ldp d12, d13, [sp, #128]",
        "ldp d10, d11, [sp, #112]",
        "ldp d8, d9, [sp, #96]",
        "ldp x27, x28, [sp, #80]",
        "ldp x25, x26, [sp, #64]",
        "ldp x23, x24, [sp, #48]",
        "ldp x21, x22, [sp, #32]",
        "ldp x19, x20, [sp, #16]",
        "ldp x29, x30, [sp], #176",
        "ret",
    )
}
