//! Text to tree: `SourceFile ─lex→ Tokens ─parse→ ast::File`. Never fails, never panics: what cannot be read is an
//! `Error` node with a diagnostic.

pub mod ast;
