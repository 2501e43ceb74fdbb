//! Litmus tests: small concurrent programs with a question about their final states.
//!
//! `format` reads them, `enumerate` finds every execution that `model` calls consistent, `outcome` answers the question,
//! `report` tells it to people and to programs.

mod enumerate;
mod format;
mod model;
mod outcome;
mod program;
mod report;
mod walk;

pub use enumerate::{Limits, TooLarge, enumerate};
pub use format::{Refusal, read};
pub use outcome::{Observation, Outcome, State, judge};
pub use program::Test;
pub use report::{json, table};
pub use walk::{explore, walk};
