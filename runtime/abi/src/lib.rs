//! The bridge between compiled code and the runtime: one table of calls, the records both sides read, the codes of faults.
//!
//! Imports nothing. `codegen` makes its signatures from it, `rt` is type-checked against it, `std`'s `extern "runtime"`
//! lines are compared with it.
#![no_std]
#![forbid(unsafe_code)]

mod codes;
mod fns;
mod types;

pub use codes::{EXIT_DEADLOCK, EXIT_FATAL, EXIT_PANIC, Fault};
pub use fns::{AbiType, Effect, Kind, ROWS, Row, row};
pub use types::*;

/// Changes whenever a row or a record does: an image made for another runtime is refused instead of run.
pub const VERSION: u32 = 2;
