//! The library's files, part of the compiler's own binary.

use crate::modules::Module;
use crate::session::Session;
use diag::{Diags, SourceFile, Symbol};
use std::collections::HashSet;
use std::sync::Arc;
use syntax::ast;

include!(concat!(env!("OUT_DIR"), "/library.rs"));

/// A file of the library. See `rooms.rs` beside the build script.
pub(crate) struct Room {
    name: &'static str,
    text: &'static str,
    outline: &'static str,
    always: bool,
    names: &'static [&'static str],
    needs: &'static [usize],
    /// Start and end of what is handed on, and from which room.
    hands_on: &'static [(usize, usize, usize)],
}

/// How much of the library to load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extent {
    /// What the program's words can mean.
    Needed,
    Whole,
}

/// By room, whether it is loaded.
fn needed(session: &Session, extent: Extent) -> Vec<bool> {
    if extent == Extent::Whole {
        return vec![true; ROOMS.len()];
    }
    let mut words: HashSet<&str> = HashSet::new();
    for source in session.sources.files().iter().filter(|source| !source.library) {
        words.extend(source.text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')));
    }
    // Loops may come to what the word stands for, though nobody wrote it.
    words.extend(session.auto_parallel.then_some("parallel"));
    let mut needed: Vec<bool> = ROOMS.iter().map(|room| room.always || room.names.iter().any(|name| words.contains(name))).collect();
    let mut work: Vec<usize> = (0..ROOMS.len()).filter(|&number| needed[number]).collect();
    while let Some(number) = work.pop() {
        for &other in ROOMS[number].needs {
            if !std::mem::replace(&mut needed[other], true) {
                work.push(other);
            }
        }
    }
    needed
}

/// The outline, without what it hands on from rooms that are not loaded.
fn outline(room: &Room, needed: &[bool]) -> String {
    let mut text = room.outline.to_owned();
    for &(start, end, _) in room.hands_on.iter().filter(|(_, _, of)| !needed[*of]) {
        text.replace_range(start..end, &" ".repeat(end - start));
    }
    text
}

/// Parses the library without the insides of its functions: those are parsed when they are reached. `core/option.aur` is
/// the module `std::core::option`, `std.aur` is `std` itself. Whether all of it was loaded is the second answer.
pub(crate) fn load(session: &mut Session, extent: Extent) -> (Vec<Module>, Extent) {
    let needed = needed(session, extent);
    let all = needed.iter().all(|needed| *needed);
    let sources: Vec<(Arc<SourceFile>, &Room)> = (ROOMS.iter().zip(&needed))
        .filter(|(_, needed)| **needed)
        .map(|(room, _)| (session.sources.add(format!("std/{}", room.name), room.text, true), room))
        .collect();
    // Every other file on another thread: there are two cores where there are few.
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(4));
    let mut parsed: Vec<(usize, ast::File, Diags)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let (sources, needed) = (&sources, &needed);
                scope.spawn(move || {
                    let mine = sources.iter().enumerate().filter(|(index, _)| index % threads == worker);
                    mine.map(|(index, (source, room))| {
                        let mut diags = Diags::new();
                        let file = syntax::parse(&source.seen_as(outline(room, needed)), &mut diags);
                        (index, file, diags)
                    })
                    .collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("the parser never panics")).collect()
    });
    parsed.sort_by_key(|(index, ..)| *index);
    let modules = parsed.into_iter().map(|(index, file, diags)| {
        session.diags.extend(diags);
        Module { path: module_path(sources[index].1.name), file: Arc::new(file), library: true }
    });
    (modules.collect(), if all { Extent::Whole } else { Extent::Needed })
}

fn module_path(name: &str) -> Vec<Symbol> {
    let stem = name.trim_end_matches(".aur");
    let inner = stem.split('/').filter(|_| stem != "std");
    std::iter::once("std").chain(inner).map(Symbol::intern).collect()
}
