//! The runtime: what a running Aurora program stands on. Depends on `std` and `abi` alone, because the stub of compiled
//! executables is built from these sources by plain `rustc` (`build.rs`).
//!
//! `entry` holds the only exported symbols; everything else is reached from there.

mod barrier;
mod cancel;
mod clock;
mod copies;
mod entry;
mod fault;
mod fiber;
mod file;
mod heap;
mod net;
mod number;
pub mod observe;
mod policy;
mod prim;
mod process;
mod sched;
mod scope;
mod signal;
mod standard;
mod start;
mod system;
mod table;
mod tasks;
mod terminate;
mod virt;
mod wait;
mod watch;
#[cfg(aurora_tsan)]
mod watched;

pub use copies::{in_copies, shared_words};
pub use entry::{address, symbol};
pub use start::{bind, run_appended, run_linked, run_main, run_test};

/// Makes the program that is about to run a repeatable one.
pub fn repeatable(seed: u64) {
    virt::begin(seed);
}

/// Has the program that is about to run tell its counts at its end.
pub fn count() {
    watch::count();
}

/// How many workers the program that is about to run has.
pub fn set_workers(count: u32) {
    sched::set_count(count as usize);
}

/// An executable without a program: `codegen::aot` appends one.
#[cfg(not(aurora_stub))]
pub static STUB: &[u8] = include_bytes!(env!("AURORA_STUB"));

/// The runtime for those who link themselves: an archive of objects.
#[cfg(not(aurora_stub))]
pub static LIBRARY: &[u8] = include_bytes!(env!("AURORA_LIBRARY"));
