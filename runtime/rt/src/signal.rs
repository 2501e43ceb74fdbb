//! Faults of unsafe code (a bad pointer, a guard page) end the program with a sentence instead of a bare signal.
//!
//! The handler runs on its own stack and touches only mapped tables and the stack: no locks, no allocation.

use crate::fiber;
use crate::system::*;
use crate::table::Tables;
use std::ffi::{c_int, c_void};
use std::fmt::Write;
use crate::prim::Once;

const HANDLER_STACK_BYTES: usize = 64 << 10;

pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let action = SignalAction::for_handler(on_fault as *const () as usize);
        for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE] {
            // SAFETY: a whole record and a handler of the right type.
            unsafe { sigaction(signal, &action, std::ptr::null_mut()) };
        }
    });
    // Each thread that runs Aurora code needs its own.
    thread_local! {
        static STACK: () = {
            let memory = Box::leak(vec![0u8; HANDLER_STACK_BYTES].into_boxed_slice());
            let stack = SignalStack { at: memory.as_mut_ptr().cast(), flags: 0, size: HANDLER_STACK_BYTES };
            // SAFETY: the memory is never freed.
            unsafe { sigaltstack(&stack, std::ptr::null_mut()) };
        };
    }
    STACK.with(|()| ());
}

/// Writing to a reader who went away is an error like others, as Rust's own start of a process has it.
pub fn ignore_broken_pipes() {
    let action = SignalAction { handler: SIG_IGN, ..SignalAction::default_action() };
    // SAFETY: a whole record.
    unsafe { sigaction(SIGPIPE, &action, std::ptr::null_mut()) };
}

/// For signals that interrupt nothing: calls of the system go on.
pub fn plain_handler(handler: usize) -> SignalAction {
    let mut action = SignalAction::for_handler(handler);
    action.flags = SA_ONSTACK | SA_RESTART;
    action
}

impl SignalAction {
    #[cfg(target_os = "linux")]
    fn for_handler(handler: usize) -> SignalAction {
        SignalAction { handler, mask: [0; 16], flags: SA_SIGINFO | SA_ONSTACK, restorer: 0 }
    }
    #[cfg(target_os = "macos")]
    fn for_handler(handler: usize) -> SignalAction {
        SignalAction { handler, mask: 0, flags: SA_SIGINFO | SA_ONSTACK }
    }
    #[cfg(target_os = "linux")]
    fn default_action() -> SignalAction {
        SignalAction { handler: 0, mask: [0; 16], flags: 0, restorer: 0 }
    }
    #[cfg(target_os = "macos")]
    fn default_action() -> SignalAction {
        SignalAction { handler: 0, mask: 0, flags: 0 }
    }
}

/// Text without allocation.
struct Line {
    bytes: [u8; 512],
    len: usize,
}
impl Write for Line {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = (self.bytes.len() - self.len).min(text.len());
        self.bytes[self.len..self.len + room].copy_from_slice(&text.as_bytes()[..room]);
        self.len += room;
        Ok(())
    }
}

/// Where the faulting instruction's address stands in the saved context.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
const CONTEXT_PC: usize = 168;
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
const CONTEXT_PC: usize = 440;

extern "C" fn on_fault(signal: c_int, info: *const u8, context: *const c_void) {
    let fiber = fiber::current();
    // SAFETY: null, or the fiber that runs on this thread.
    let Some(fiber) = (unsafe { fiber.as_ref() }) else {
        // Not ours: let it happen again without us.
        // SAFETY: a whole record.
        unsafe { sigaction(signal, &SignalAction::default_action(), std::ptr::null_mut()) };
        return;
    };
    // SAFETY: `si_addr` stands at 16 in the record of these signals (24 on macOS).
    let address = unsafe { *info.add(if cfg!(target_os = "macos") { 24 } else { 16 }).cast::<usize>() };
    let mut line = Line { bytes: [0; 512], len: 0 };
    let what = match signal {
        SIGILL => "an illegal instruction",
        SIGFPE => "an arithmetic exception",
        _ if fiber::is_overflow(fiber, address) => "stack overflow",
        _ => "a bad memory access",
    };
    let _ = write!(line, "fatal: {what}");
    if matches!(signal, SIGSEGV | SIGBUS) && what != "stack overflow" {
        let _ = write!(line, " at {address:#x}");
    }
    #[cfg(target_os = "linux")]
    {
        // SAFETY: the kernel's record; the offset is fixed by its interface.
        let pc = unsafe { *context.cast::<u8>().add(CONTEXT_PC).cast::<usize>() };
        // SAFETY: a running fiber's image is mapped.
        if let Some(tables) = unsafe { Tables::new(fiber.image) } {
            let mut first = true;
            tables.frames(pc, &mut |frame| {
                if std::mem::take(&mut first) {
                    let _ = write!(line, " in {}", frame.function);
                    if let Some((path, at, column)) = frame.place {
                        let _ = write!(line, " at {path}:{at}:{column}");
                    }
                }
            });
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = context;
    let _ = line.write_str("\n");
    // SAFETY: plain system calls.
    unsafe {
        crate::standard::flush_in_signal();
        write(2, line.bytes.as_ptr().cast(), line.len);
        _exit(abi::EXIT_FATAL)
    }
}
