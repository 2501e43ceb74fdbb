//! Names and types: `ast::File ─lower,resolve→ Program ─check_types→ TypedProgram`. Facts about types live here;
//! judgements about flow (moves, borrows) live in `mir`.
#![forbid(unsafe_code)]

mod errors;
mod exhaustive;
pub mod ids;
mod infer;
mod lang_items;
mod lower;
pub mod print;
pub mod program;
mod purity;
mod queries;
mod resolve;
mod traits;
pub mod ty;
pub mod typed;

pub use lang_items::{LangItem, LangItems};
pub use lower::{ModuleSource, lower};
pub use program::Program;
pub use purity::impure_rounds;
pub use queries::{Resolved, TypedProgram, check_types};
