//! The stages `tokens` and `ast` as text to read.

use crate::parse::Tokens;
use diag::SourceFile;
use std::fmt::Write;

/// One token a line: place, kind, text.
pub fn tokens(file: &SourceFile, tokens: &Tokens) -> String {
    let mut out = String::new();
    for token in &tokens.list {
        let at = file.line_column(token.lo);
        let text = &file.text[token.lo as usize..token.hi as usize];
        let _ = writeln!(out, "{}:{}\t{}\t{text}", at.line, at.column, token.kind.spelling());
    }
    out
}
