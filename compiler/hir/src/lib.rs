//! Names and types: `ast::File ─lower,resolve→ Program ─check_types→ TypedProgram`. Facts about types live here;
//! judgements about flow (moves, borrows) live in `mir`.
#![forbid(unsafe_code)]

pub mod ids;
mod lang_items;
mod queries;
mod resolve;
mod traits;
pub mod program;
pub mod ty;
pub mod typed;

pub use lang_items::{LangItem, LangItems};
pub use program::Program;
pub use queries::{Resolved, TypedProgram};
