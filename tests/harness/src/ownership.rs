//! Makes up functions about ownership: well-typed, rich in references, views, closures, loops and drops, most of them on the edge
//! of what is allowed. Each is judged by the compiler, and what it accepts is run by the oracle: a step that the oracle forbids is
//! a hole in the checker. A find is made smaller line by line until nothing can go.
//!
//! `types` says what there is, `make` writes values, `statements` and `tasks` what is done with them, `judge` asks the compiler.

mod judge;
mod make;
mod reasons;
mod statements;
mod tasks;
mod types;

pub use judge::{INPUTS, Mended, Verdict, judge, mend, name_of, smaller};
pub use make::function;
pub use reasons::{Reasons, reasons};

/// Owners, views and functions that all of them use.
pub const PARTS: &str = include_str!("ownership/parts.aur");
