//! The library's files, part of the compiler's own binary.

use crate::modules::Module;
use crate::session::Session;
use crate::words;
use diag::{Diags, SourceFile, Symbol, cores};
use diag::fast::FastBuild;
use std::collections::HashSet;
use std::sync::Arc;

#[path = "../number_types.rs"]
mod number_types;

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

/// Whether a text is a file of the library: no program by itself.
pub(crate) fn is_room(text: &str) -> bool {
    ROOMS.iter().any(|room| room.text == text)
}

/// A part of a room that a program may do without. See `units.rs` beside the build script. Words are numbers in `WORDS`.
pub(crate) struct Piece {
    room: u16,
    start: u32,
    end: u32,
    parent: Option<u16>,
    any: &'static [u16],
    all: &'static [u16],
    words: &'static [u16],
}

/// How much of the library to load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extent {
    /// What the program's words can mean.
    Needed,
    Whole,
}

type Words<'t> = HashSet<&'t str, FastBuild>;

/// By room, whether it is loaded.
fn needed(words: &Words) -> Vec<bool> {
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

/// The words of the program, and what its numbers stand for.
fn words_of(session: &Session) -> Words<'_> {
    let mut words = Words::default();
    for source in session.sources.files().iter().filter(|source| !source.library) {
        words::for_each(&source.text, &mut |word| {
            if word.starts_with(|c: char| c.is_ascii_digit()) {
                for name in number_types::of(word) {
                    words.insert(name);
                }
                // Half of a float, perhaps.
                words.insert("f64");
            } else {
                words.insert(word);
            }
        });
    }
    // Loops may come to what the word stands for, though nobody wrote it.
    if session.auto_parallel && words.contains("for") {
        words.insert("parallel");
    }
    words
}

/// By piece, whether some word leads to it.
fn pieces(words: &Words, rooms: &[bool]) -> Vec<bool> {
    let mut there = vec![false; WORDS.len()];
    ALWAYS.iter().for_each(|&word| there[usize::from(word)] = true);
    for word in words {
        if let Ok(number) = WORDS.binary_search(word) {
            there[number] = true;
        }
    }
    let mut needed = vec![false; PIECES.len()];
    let mut open: Vec<usize> = (0..PIECES.len()).filter(|&number| rooms[usize::from(PIECES[number].room)]).collect();
    loop {
        let before = open.len();
        open.retain(|&number| {
            let piece = &PIECES[number];
            let is_there = |word: &u16| there[usize::from(*word)];
            let is_needed = piece.parent.is_none_or(|parent| needed[usize::from(parent)])
                && (piece.any.is_empty() || piece.any.iter().any(is_there))
                && piece.all.iter().all(is_there);
            if is_needed {
                needed[number] = true;
                piece.words.iter().for_each(|&word| there[usize::from(word)] = true);
            }
            !is_needed
        });
        if open.len() == before {
            return needed;
        }
    }
}

/// The outline, without what it hands on from rooms that are not loaded, and without the pieces that no word leads to.
fn outline(number: usize, room: &Room, needed: &[bool], pieces: &[bool]) -> String {
    let mut text = room.outline.as_bytes().to_vec();
    let first = PIECES.partition_point(|piece| usize::from(piece.room) < number);
    for (piece, _) in PIECES[first..].iter().zip(&pieces[first..]).take_while(|(piece, _)| usize::from(piece.room) == number).filter(|(_, needed)| !**needed) {
        blank(&mut text[piece.start as usize..piece.end as usize]);
    }
    for &(start, end, _) in room.hands_on.iter().filter(|(_, _, of)| !needed[*of]) {
        blank(&mut text[start..end]);
    }
    // Whole pieces were replaced by spaces.
    String::from_utf8(text).expect("what is left of a text is text")
}

/// Lines stay: a newline ends what stands in front of it.
fn blank(text: &mut [u8]) {
    text.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

/// Parses the library without the insides of its functions: those are parsed when they are reached. `core/option.aur` is
/// the module `std::core::option`, `std.aur` is `std` itself. Whether all of it was loaded is the second answer.
pub(crate) fn load(session: &mut Session, extent: Extent) -> (Vec<Module>, Extent) {
    let (needed, pieces) = match extent {
        Extent::Whole => (vec![true; ROOMS.len()], vec![true; PIECES.len()]),
        Extent::Needed => {
            let words = words_of(session);
            let needed = needed(&words);
            let pieces = pieces(&words, &needed);
            (needed, pieces)
        }
    };
    let all = needed.iter().chain(&pieces).all(|needed| *needed);
    let sources: Vec<(Arc<SourceFile>, usize)> = (ROOMS.iter().enumerate())
        .filter(|(number, _)| needed[*number])
        .map(|(number, room)| (session.sources.add(format!("std/{}", room.name), room.text, true), number))
        .collect();
    // Ten characters of an outline, most of them blanks, take less than a microsecond.
    let parsed = cores::map(
        sources.clone(),
        |(source, _)| source.text.len() / 16,
        || (),
        |(), (source, number)| {
            let mut diags = Diags::new();
            let file = syntax::parse(&source.seen_as(outline(number, &ROOMS[number], &needed, &pieces)), &mut diags);
            (number, file, diags)
        },
    );
    let modules = parsed.into_iter().map(|(number, file, diags)| {
        session.diags.extend(diags);
        Module { path: module_path(ROOMS[number].name), file: Arc::new(file), library: true }
    });
    (modules.collect(), if all { Extent::Whole } else { Extent::Needed })
}

fn module_path(name: &str) -> Vec<Symbol> {
    let stem = name.trim_end_matches(".aur");
    let inner = stem.split('/').filter(|_| stem != "std");
    std::iter::once("std").chain(inner).map(Symbol::intern).collect()
}
