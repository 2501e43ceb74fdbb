//! The library's files, part of the compiler's own binary.

use crate::modules::Module;
use crate::session::Session;
use diag::Symbol;
use std::sync::Arc;

include!(concat!(env!("OUT_DIR"), "/library.rs"));

/// Parses the library without the insides of its functions: those are parsed when they are reached. `core/option.aur` is the module `std::core::option`, `std.aur` is `std` itself.
pub(crate) fn load(session: &mut Session) -> Vec<Module> {
    FILES
        .iter()
        .map(|(name, text, outline)| {
            let source = session.sources.add(format!("std/{name}"), *text, true);
            let file = Arc::new(syntax::parse(&source.seen_as(*outline), &mut session.diags));
            Module { path: module_path(name), file, library: true }
        })
        .collect()
}

fn module_path(name: &str) -> Vec<Symbol> {
    let stem = name.trim_end_matches(".aur");
    let inner = stem.split('/').filter(|_| stem != "std");
    std::iter::once("std").chain(inner).map(Symbol::intern).collect()
}
