//! What the compiler says to its user: sources, spans, codes, diagnostics and how they are drawn; and what all its phases share:
//! names, quick tables, and work for all cores.
//!
//! A cellar of the house: imports nothing of ours. Everything a phase reports is a plain [`Diagnostic`] pushed into
//! [`Diags`]; only `render` knows how one looks.

#![forbid(unsafe_code)]

mod codes;
pub mod cores;
mod diagnostic;
mod explain;
pub mod fast;
pub mod render;
mod sink;
mod source;
mod span;
mod symbol;

pub use codes::Code;
pub use diagnostic::{Diagnostic, Fix, Label, Severity};
pub use explain::explain;
pub use sink::{Clean, Diags};
pub use source::{FileId, LineColumn, SourceFile, SourceMap};
pub use span::Span;
pub use symbol::Symbol;
