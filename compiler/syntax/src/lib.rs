//! Text to tree: `SourceFile ─lex→ Tokens ─parse→ ast::File`. Never fails, never panics: what cannot be read is an
//! `Error` node with a diagnostic.

#![forbid(unsafe_code)]

pub mod ast;
mod balance;
mod errors;
mod format_spec;
pub mod independent;
mod layout;
mod lexer;
mod literal;
mod make;
mod outline;
mod parse;
pub mod print;
mod recover;
mod token;
mod validate;
pub mod walk;

pub use lexer::Token;
pub use outline::outline;
pub use parse::{Tokens, lex, parse, parse_function};
pub use token::Kind;

#[cfg(test)]
mod tests;
