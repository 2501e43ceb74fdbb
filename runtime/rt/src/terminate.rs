//! Ctrl-C and SIGTERM: the first cancels the program's root scope, so that everything unwinds; a second, or a program that
//! takes longer than its budget, ends at once.
//!
//! SIGQUIT only asks what all tasks do: they are told on standard error, and the program goes on.
//!
//! The handler only writes a byte into a pipe; a thread that reads it does the rest.

use crate::prim::{AtomicI32, Once, Ordering, thread};
use crate::system::{self, SIGINT, SIGQUIT, SIGTERM};
use crate::{cancel, clock, process, sched, scope, standard};
use std::ffi::c_int;

/// How long a program that is told to end may clean up.
const BUDGET: std::time::Duration = std::time::Duration::from_secs(3);

static PIPE: [AtomicI32; 2] = [AtomicI32::new(-1), AtomicI32::new(-1)];
static RECEIVED: AtomicI32 = AtomicI32::new(0);

/// The exit code that a signal asks for, if one came.
pub fn exit_code() -> Option<i32> {
    match RECEIVED.load(Ordering::SeqCst) {
        0 => None,
        signal => Some(128 + signal),
    }
}

extern "C" fn on_signal(signal: c_int) {
    let byte = signal as u8;
    // SAFETY: the pipe was made before the handler was set; a full pipe drops the byte, which others stand for.
    unsafe { system::write(PIPE[1].load(Ordering::Relaxed), (&raw const byte).cast(), 1) };
}

pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let mut pipe = [-1; 2];
        // SAFETY: room for two numbers.
        if unsafe { system::pipe(pipe.as_mut_ptr()) } != 0 {
            return;
        }
        PIPE[0].store(pipe[0], Ordering::Relaxed);
        PIPE[1].store(pipe[1], Ordering::Relaxed);
        let built = thread::Builder::new().name("aurora-signals".into()).stack_size(64 << 10).spawn(watch);
        if built.is_err() {
            return;
        }
        for signal in [SIGINT, SIGTERM, SIGQUIT] {
            let action = crate::signal::plain_handler(on_signal as *const () as usize);
            // SAFETY: a whole record and a handler of the right type.
            unsafe { system::sigaction(signal, &action, std::ptr::null_mut()) };
        }
    });
}

/// Waits for a signal that ends the program.
fn next() -> i32 {
    let mut byte = 0u8;
    loop {
        // SAFETY: one byte of room.
        if unsafe { system::read(PIPE[0].load(Ordering::Relaxed), (&raw mut byte).cast(), 1) } != 1 {
            continue;
        }
        let signal = i32::from(byte);
        if signal != SIGQUIT {
            return signal;
        }
        standard::complain(&sched::tree());
    }
}

fn watch() {
    let signal = next();
    RECEIVED.store(signal, Ordering::SeqCst);
    clock::outside(|| {
        // SAFETY: the root scope is a static.
        unsafe { cancel::cancel(&raw mut (*scope::root()).body, abi::REASON_SHUTDOWN) };
    });
    let built = thread::Builder::new().stack_size(64 << 10).spawn(move || {
        thread::sleep(BUDGET);
        end(signal);
    });
    drop(built);
    next();
    end(signal)
}

fn end(signal: i32) -> ! {
    standard::flush();
    process::end(128 + signal)
}
