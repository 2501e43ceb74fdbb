//! The step from one stack to another: what the C convention and Cranelift's `Tail` keep (the same registers), and a jump.
//!
//! It ends in a jump, not in `ret`: the processor's stack of return addresses belongs to the other stack, and a
//! mispredicted `ret` costs three times the switch. Only where both stacks stand in the same calls, as fibers do that wait, is
//! `ret` the better end: what lies on the processor's stack is right for those. Floating-point control words are nobody's to change.

use crate::prim::AtomicU64;

/// Leaves this stack and goes on where `to` was left; the way back is stored in `save`.
///
/// # Safety
/// `to` was stored by a switch or made by [`prepare`], and nobody else goes there.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
pub unsafe extern "C" fn switch(save: *mut usize, to: usize) {
    core::arch::naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov [rdi], rsp",
        "mov rsp, rsi",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "pop rcx",
        "jmp rcx",
    )
}

/// The same from one fiber to the next, and frees a lock that was taken for it: by whoever has the lock next, the fiber
/// that was left can be run.
///
/// # Safety
/// As [`switch`]; the lock is held by the calling thread.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
pub unsafe extern "C" fn switch_and_free(save: *mut usize, to: usize, lock: *mut u8) {
    core::arch::naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov [rdi], rsp",
        "mov rsp, rsi",
        "mov byte ptr [rdx], 0",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "pop rcx",
        "jmp rcx",
    )
}

/// The same, and parks the fiber that was left: its word goes from `armed` to `parked`, which is when others may run it. If the
/// word is another one by now, it has been woken, and [`super::woken_early`] is told.
///
/// # Safety
/// As [`switch`].
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
pub unsafe extern "C" fn switch_and_park(save: *mut usize, to: usize, word: *const AtomicU64, armed: u64, parked: u64) {
    core::arch::naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov [rdi], rsp",
        "mov rsp, rsi",
        "mov rax, rcx",
        "lock cmpxchg [rdx], r8",
        "jne 2f",
        "3:",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        "2:",
        "sub rsp, 8",
        "call {woken}",
        "add rsp, 8",
        "jmp 3b",
        woken = sym super::woken_early,
    )
}

/// Where a fresh fiber begins: calls its function with its argument, then the end, which may have another function for it. A zero
/// frame pointer and a zero return address mark the end for those who walk the stack.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "C" fn start() {
    core::arch::naked_asm!(
        "mov rax, r13",
        "mov rdx, r12",
        "2:",
        "mov rdi, rax",
        "call rdx",
        "mov rdi, r15",
        "movzx esi, al",
        "call {end}",
        "jmp 2b",
        end = sym super::end,
    )
}

/// Lays out a fresh stack so that a switch to the result calls `function(argument)` with the fiber in the pinned register.
///
/// # Safety
/// `top` is the end of an unused stack, aligned to 16.
#[cfg(target_arch = "x86_64")]
pub unsafe fn prepare(top: usize, fiber: usize, function: usize, argument: usize) -> usize {
    // r15, r14, r13, r12, rbx, rbp, the address to go on at, and the end marks.
    let words = [fiber, 0, argument, function, 0, 0, start as *const () as usize, 0, 0];
    let at = top - size_of_val(&words);
    // SAFETY: the caller's promise; aligned to 8.
    unsafe { (at as *mut [usize; 9]).write(words) };
    at
}

/// See above.
///
/// # Safety
/// As above.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
pub unsafe extern "C" fn switch(save: *mut usize, to: usize) {
    core::arch::naked_asm!(
        "sub sp, sp, #160",
        "stp x29, x30, [sp]",
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
        "str x9, [x0]",
        "mov sp, x1",
        "ldp x29, x9, [sp]",
        "ldp x19, x20, [sp, #16]",
        "ldp x21, x22, [sp, #32]",
        "ldp x23, x24, [sp, #48]",
        "ldp x25, x26, [sp, #64]",
        "ldp x27, x28, [sp, #80]",
        "ldp d8, d9, [sp, #96]",
        "ldp d10, d11, [sp, #112]",
        "ldp d12, d13, [sp, #128]",
        "ldp d14, d15, [sp, #144]",
        "add sp, sp, #160",
        "br x9",
    )
}

/// See above.
///
/// # Safety
/// As above.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
pub unsafe extern "C" fn switch_and_free(save: *mut usize, to: usize, lock: *mut u8) {
    core::arch::naked_asm!(
        "sub sp, sp, #160",
        "stp x29, x30, [sp]",
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
        "str x9, [x0]",
        "mov sp, x1",
        "stlrb wzr, [x2]",
        "ldp x29, x9, [sp]",
        "ldp x19, x20, [sp, #16]",
        "ldp x21, x22, [sp, #32]",
        "ldp x23, x24, [sp, #48]",
        "ldp x25, x26, [sp, #64]",
        "ldp x27, x28, [sp, #80]",
        "ldp d8, d9, [sp, #96]",
        "ldp d10, d11, [sp, #112]",
        "ldp d12, d13, [sp, #128]",
        "ldp d14, d15, [sp, #144]",
        "add sp, sp, #160",
        "br x9",
    )
}

/// See above.
///
/// # Safety
/// As above.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
pub unsafe extern "C" fn switch_and_park(save: *mut usize, to: usize, word: *const AtomicU64, armed: u64, parked: u64) {
    core::arch::naked_asm!(
        "sub sp, sp, #160",
        "stp x29, x30, [sp]",
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
        "str x9, [x0]",
        "mov sp, x1",
        "2:",
        "ldaxr x9, [x2]",
        "cmp x9, x3",
        "b.ne 4f",
        "stlxr w9, x4, [x2]",
        "cbnz w9, 2b",
        "dmb ish",
        "3:",
        "ldp x29, x9, [sp]",
        "ldp x19, x20, [sp, #16]",
        "ldp x21, x22, [sp, #32]",
        "ldp x23, x24, [sp, #48]",
        "ldp x25, x26, [sp, #64]",
        "ldp x27, x28, [sp, #80]",
        "ldp d8, d9, [sp, #96]",
        "ldp d10, d11, [sp, #112]",
        "ldp d12, d13, [sp, #128]",
        "ldp d14, d15, [sp, #144]",
        "add sp, sp, #160",
        "ret x9",
        "4:",
        "clrex",
        "bl {woken}",
        "b 3b",
        woken = sym super::woken_early,
    )
}

#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
unsafe extern "C" fn start() {
    core::arch::naked_asm!(
        "mov x0, x20",
        "mov x1, x19",
        "2:",
        "mov x29, xzr",
        "mov x30, xzr",
        "blr x1",
        "and x1, x0, #0xff",
        "mov x0, x21",
        "bl {end}",
        "b 2b",
        end = sym super::end,
    )
}

/// See above.
///
/// # Safety
/// As above.
#[cfg(target_arch = "aarch64")]
pub unsafe fn prepare(top: usize, fiber: usize, function: usize, argument: usize) -> usize {
    let mut words = [0usize; 22];
    words[1] = start as *const () as usize;
    words[2] = function;
    words[3] = argument;
    words[4] = fiber;
    let at = top - size_of_val(&words);
    // SAFETY: the caller's promise; aligned to 16.
    unsafe { (at as *mut [usize; 22]).write(words) };
    at
}

/// Calls an Aurora function `fn(data)` and gives its flag: 1 when it raised.
///
/// # Safety
/// The function is compiled code of that type, and a fiber of the image runs.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
pub unsafe extern "C" fn catch(function: usize, data: *mut u8) -> i64 {
    core::arch::naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "mov rax, rdi",
        "mov rdi, rsi",
        "call rax",
        "movzx eax, al",
        "pop rbp",
        "ret",
    )
}

/// See above.
///
/// # Safety
/// As above.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
pub unsafe extern "C" fn catch(function: usize, data: *mut u8) -> i64 {
    core::arch::naked_asm!(
        "stp x29, x30, [sp, #-16]!",
        "mov x29, sp",
        "mov x9, x0",
        "mov x0, x1",
        "blr x9",
        "and x0, x0, #0xff",
        "ldp x29, x30, [sp], #16",
        "ret",
    )
}
