//! The library's files, part of the compiler's own binary.

use crate::modules::Module;
use crate::session::Session;
use diag::{Diags, SourceFile, Symbol};
use std::sync::Arc;
use syntax::ast;

include!(concat!(env!("OUT_DIR"), "/library.rs"));

/// Parses the library without the insides of its functions: those are parsed when they are reached. `core/option.aur` is
/// the module `std::core::option`, `std.aur` is `std` itself.
pub(crate) fn load(session: &mut Session) -> Vec<Module> {
    let sources: Vec<(Arc<SourceFile>, &str)> = FILES
        .iter()
        .map(|(name, text, outline)| (session.sources.add(format!("std/{name}"), *text, true), *outline))
        .collect();
    // Every other file on another thread: there are two cores where there are few.
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(4));
    let mut parsed: Vec<(usize, ast::File, Diags)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let sources = &sources;
                scope.spawn(move || {
                    let mine = sources.iter().enumerate().filter(|(index, _)| index % threads == worker);
                    mine.map(|(index, (source, outline))| {
                        let mut diags = Diags::new();
                        let file = syntax::parse(&source.seen_as(*outline), &mut diags);
                        (index, file, diags)
                    })
                    .collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("the parser never panics")).collect()
    });
    parsed.sort_by_key(|(index, ..)| *index);
    parsed
        .into_iter()
        .map(|(index, file, diags)| {
            session.diags.extend(diags);
            Module { path: module_path(FILES[index].0), file: Arc::new(file), library: true }
        })
        .collect()
}

fn module_path(name: &str) -> Vec<Symbol> {
    let stem = name.trim_end_matches(".aur");
    let inner = stem.split('/').filter(|_| stem != "std");
    std::iter::once("std").chain(inner).map(Symbol::intern).collect()
}
