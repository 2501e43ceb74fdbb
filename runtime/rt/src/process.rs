//! Arguments, environment, the end.

use crate::prim::{AtomicBool, Ordering};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use crate::prim::{Mutex, OnceLock};

static ARGS: Mutex<&'static [Vec<u8>]> = Mutex::new(&[]);

pub fn set_args(args: Vec<Vec<u8>>) {
    // Once a program: the bytes are handed out for good.
    *ARGS.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Box::leak(args.into_boxed_slice());
}

pub fn args() -> &'static [Vec<u8>] {
    *ARGS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

pub fn variable(name: &[u8]) -> Option<Vec<u8>> {
    // The system cannot look these up; Rust's library would panic.
    if name.is_empty() || name.contains(&b'=') || name.contains(&0) {
        return None;
    }
    std::env::var_os(std::ffi::OsStr::from_bytes(name)).map(OsString::into_vec)
}

pub fn wants_backtrace() -> bool {
    static WANTS: OnceLock<bool> = OnceLock::new();
    *WANTS.get_or_init(|| std::env::var_os("AURORA_BACKTRACE").is_some_and(|value| value != "0" && !value.is_empty()))
}

static ENDING: AtomicBool = AtomicBool::new(false);

/// Whether the process is about to end anyway.
pub fn is_ending() -> bool {
    ENDING.load(Ordering::Relaxed)
}

/// Ends the process; buffers were flushed.
pub fn end(code: i32) -> ! {
    ENDING.store(true, Ordering::Relaxed);
    crate::watch::end();
    std::process::exit(code)
}
