//! `aurorac check --unsafe FILE…`: where a program makes promises that nobody checks, and how many there are.

use crate::args::{Global, MessageFormat};
use crate::exit;
use crate::modules;
use crate::session::Session;
use diag::{Diags, SourceFile, Span};
use std::path::PathBuf;
use syntax::Kind;

/// The text of each program is enough: one that does not compile has them, too.
pub(crate) fn list(files: &[PathBuf], format: MessageFormat, global: &Global) -> u8 {
    let mut code = exit::OK;
    for file in files {
        let mut session = Session::new(global, format);
        if let Err(why) = modules::load(&mut session, file) {
            eprintln!("error: {why}");
            code = exit::USER;
            continue;
        }
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for source in session.sources.files().iter().filter(|source| !source.library) {
            for (kind, span) in places(source) {
                show(&session, kind, span, format);
                match counts.iter_mut().find(|(known, _)| *known == kind) {
                    Some((_, count)) => *count += 1,
                    None => counts.push((kind, 1)),
                }
            }
        }
        let total: usize = counts.iter().map(|(_, count)| count).sum();
        match format {
            MessageFormat::Json => println!("{{\"file\":{},\"unsafe\":{total}}}", quoted(&file.display().to_string())),
            MessageFormat::Human => {
                let parts: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} {kind}{}", if *count == 1 { "" } else { "s" })).collect();
                let of = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
                println!("{}: {total} unsafe{of}", file.display());
            }
        }
    }
    code
}

fn show(session: &Session, kind: &str, span: Span, format: MessageFormat) {
    let place = session.sources.place(span).to_string();
    match format {
        MessageFormat::Json => println!("{{\"unsafe\":{},\"place\":{}}}", quoted(kind), quoted(&place)),
        MessageFormat::Human => println!("{place}: unsafe {kind}"),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    diag::render::quote(&mut out, text);
    out
}

/// What each word `unsafe` of a file stands before.
fn places(file: &SourceFile) -> Vec<(&'static str, Span)> {
    // Mistakes in the text are told by `check` itself.
    let tokens = syntax::lex(file, &mut Diags::new()).list;
    let pairs = tokens.iter().zip(tokens.iter().skip(1));
    let found = pairs.filter(|(word, _)| word.kind == Kind::KwUnsafe).map(|(word, next)| {
        let kind = match next.kind {
            Kind::KwFn => "function",
            Kind::KwImpl => "impl",
            Kind::KwTrait => "trait",
            Kind::KwExtern => "extern block",
            _ => "block",
        };
        (kind, Span { file: file.id, lo: word.lo, hi: word.hi })
    });
    found.collect()
}
