//! Embeds the library: a table of its files, in order of their paths, each whole and as an outline, with what decides whether
//! a program needs it.

#[path = "../syntax/src/outline.rs"]
mod outline;
#[path = "number_types.rs"]
mod number_types;
#[path = "rooms.rs"]
mod rooms;
#[path = "units.rs"]
mod units;

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package is")).join("../../std");
    let root = root.canonicalize().expect("the library lies in `std/` beside `compiler/`");
    println!("cargo::rerun-if-changed={}", root.display());
    println!("cargo::rerun-if-changed=../syntax/src/outline.rs");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let mut texts = Vec::new();
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&root).expect("found below the root").to_string_lossy().into_owned();
        texts.push((name, std::fs::read_to_string(&file).expect("a file of the library is text")));
    }
    let rooms = rooms::rooms(&texts);
    let mut table = String::from("pub(crate) static ROOMS: &[Room] = &[\n");
    for ((name, text), room) in texts.iter().zip(rooms) {
        let hands_on: Vec<(usize, usize, usize)> = room.hands_on.iter().map(|(range, of)| (range.start, range.end, *of)).collect();
        let (names, needs): (Vec<_>, Vec<_>) = (room.names.iter().collect(), room.needs.iter().collect());
        // Writing into a String cannot fail.
        let _ = writeln!(
            table,
            "    Room {{ name: {name:?}, text: {text:?}, outline: {:?}, always: {}, names: &{names:?}, needs: &{needs:?}, hands_on: &{hands_on:?} }},",
            outline::outline(text),
            room.always,
        );
    }
    table.push_str("];\n");
    units_table(&texts, &mut table);
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo says where to write")).join("library.rs");
    std::fs::write(out, table).expect("the build folder can be written");
}

fn units_table(texts: &[(String, String)], table: &mut String) {
    let plain: Vec<String> = texts.iter().map(|(_, text)| rooms::without_comments(text)).collect();
    let sketches: Vec<String> = texts.iter().map(|(_, text)| rooms::without_comments(&outline::outline(text))).collect();
    let (pieces, always) = units::pieces(&sketches, &plain);
    let numbers = units::awaited(&pieces);
    let list = |words: &std::collections::BTreeSet<String>| format!("{:?}", words.iter().filter_map(|word| numbers.get(word)).collect::<Vec<_>>());
    let words: Vec<&String> = numbers.keys().collect();
    let always: Vec<_> = always.iter().filter_map(|word| numbers.get(*word)).collect();
    // Writing into a String cannot fail.
    let _ = writeln!(table, "pub(crate) static WORDS: &[&str] = &{words:?};\npub(crate) static ALWAYS: &[u16] = &{always:?};");
    table.push_str("pub(crate) static PIECES: &[Piece] = &[\n");
    for piece in &pieces {
        let _ = writeln!(
            table,
            "    Piece {{ room: {}, start: {}, end: {}, parent: {:?}, any: &{}, all: &{}, words: &{} }},",
            piece.room,
            piece.range.start,
            piece.range.end,
            piece.parent,
            list(&piece.any),
            list(&piece.all),
            list(&piece.words),
        );
    }
    table.push_str("];\n");
}

/// Tests stand beside the rooms and are no part of what programs use.
fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in std::fs::read_dir(folder).expect("a folder of the library can be read").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            collect(&path, out);
        } else if name.ends_with(".aur") && !name.ends_with("_test.aur") {
            out.push(path);
        }
    }
}
