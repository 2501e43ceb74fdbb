//! Litmus tests: small concurrent programs with a question about their final states.
//!
//! `format` reads them, `enumerate` finds every execution that `model` calls consistent, `outcome` answers the question,
//! `report` tells it to people and to programs.

mod enumerate;
mod format;
mod hardware;
mod model;
mod outcome;
mod picture;
pub mod program;
mod report;
mod twin;
mod walk;
mod wanted;

pub use enumerate::{Limits, TooLarge, enumerate};
pub use format::{Refusal, read};
pub use hardware::{BATCH, RELAX, TELL, program as hardware_program};
pub use outcome::{Observation, Outcome, State, judge, judge_with_examples};
pub use program::Test;
pub use report::{Answer, Columns, Final, Histogram, split};
pub use twin::twin;
pub use walk::{explore, walk, walk_within};
pub use wanted::{Line, Mark, Wanted, printed};
