//! What `build.rs` finds out about the library's files, so that a program loads only those it can need.
//!
//! A room is needed when the program mentions one of its names, or a needed room does. Names are those of its items, of
//! methods that it gives to types of other rooms, and, for what the language itself turns into calls of the library, the
//! keywords. Words are compared as text, so a room may be loaded in vain but not be missed; should one be missed all the
//! same, the driver compiles once more with the whole library before it complains.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// Rooms behind the keywords of tasks.
const OF_KEYWORDS: &[&str] = &["task/", "sync/", "parallel/"];
/// Rooms that are written with those keywords themselves, and what these come to there.
const WITH_KEYWORDS: &[&str] = &["jobs/", "parallel/"];
const THERE: &[&str] = &["task/", "parallel/run.aur", "parallel/split.aur"];
const KEYWORDS: &[&str] = &[
    "scope", "spawn", "join", "detach", "async", "await", "yield", "select", "channel", "shield", "timeout", "blocking", "with", "lock", "parallel",
    "task_local", "checkpoint", "sleep", "litmus", "pure",
];
/// Files that only hand on what others have: prelude, `std` itself, and those without an item.
fn is_facade(text: &str) -> bool {
    let only_modules = text.lines().all(|line| line.trim().is_empty() || line.starts_with([' ', '}']) || line.starts_with("pub use ") || line.starts_with("pub mod "));
    only_modules && text.contains("pub use ")
}

/// Always there: what the compiler speaks of on its own, and what every program prints with.
const ALWAYS: &[&str] = &["core/", "io/print.aur", "prelude.aur", "std.aur", "alloc/string.aur", "alloc/vec.aur", "alloc/boxed.aur", "alloc/cell.aur"];

#[derive(Default)]
pub struct Room {
    pub always: bool,
    pub names: BTreeSet<String>,
    /// Numbers of other rooms.
    pub needs: BTreeSet<usize>,
    /// In rooms that hand on names: which text goes when that room is not loaded.
    pub hands_on: Vec<(Range<usize>, usize)>,
}

/// By file, in the order given: path below `std/`, and text.
pub fn rooms(files: &[(String, String)]) -> Vec<Room> {
    let numbers: HashMap<String, usize> = files.iter().enumerate().map(|(number, (name, _))| (module(name), number)).collect();
    let texts: Vec<String> = files.iter().map(|(_, text)| without_comments(text)).collect();
    let mut rooms: Vec<Room> = Vec::new();
    for ((name, _), text) in files.iter().zip(&texts) {
        let mut room = Room { always: ALWAYS.iter().any(|start| name.starts_with(start)), names: names(text), ..Room::default() };
        if is_facade(text) {
            // A path through it names it.
            room.names = BTreeSet::from([name.trim_end_matches(".aur").rsplit('/').next().unwrap_or(name).to_owned()]);
        }
        if OF_KEYWORDS.iter().any(|start| name.starts_with(start)) {
            room.names.extend(KEYWORDS.iter().map(|word| (*word).to_owned()));
        }
        rooms.push(room);
    }
    // What the prelude hands on is used without a path, the rest by one that does not tell where it lies.
    let mut exported: HashMap<String, usize> = HashMap::new();
    let mut handed_on: HashMap<String, usize> = HashMap::new();
    for (number, (name, _)) in files.iter().enumerate() {
        if !is_facade(&texts[number]) {
            continue;
        }
        for (range, path) in uses(&texts[number]) {
            let Some(of) = owner(&path, &numbers) else { continue };
            let text = &texts[number][range.clone()];
            let (alias, list) = (text.rsplit_once(" as "), text.split_once('{'));
            let handed: Vec<&str> = match (alias, list) {
                (Some((_, alias)), _) => words(alias).collect(),
                (None, Some((_, list))) => words(list).collect(),
                (None, None) => path.rsplit("::").take(1).collect(),
            };
            for word in handed {
                rooms[of].names.insert(word.to_owned());
                handed_on.insert(word.to_owned(), of);
                // Another name for a whole file is for users: the library says where things lie.
                if name == "prelude.aur" && alias.is_none() {
                    exported.insert(word.to_owned(), of);
                }
            }
            rooms[number].hands_on.push((range, of));
        }
    }
    for number in 0..files.len() {
        if is_facade(&texts[number]) {
            continue;
        }
        let text = &texts[number];
        let mut needs: BTreeSet<usize> = paths(text).iter().filter_map(|path| owner(path, &numbers)).collect();
        let own = items(text);
        for word in words(text).filter(|word| !own.contains(*word)) {
            needs.extend(exported.get(word).copied());
        }
        for (_, path) in all_uses(text).filter(|(_, path)| owner(path, &numbers).is_none_or(|of| is_facade(&texts[of]))) {
            needs.extend(words(&path).filter_map(|word| handed_on.get(word)));
        }
        if WITH_KEYWORDS.iter().any(|start| files[number].0.starts_with(start)) {
            let there = files.iter().enumerate().filter(|(_, (other, _))| THERE.iter().any(|start| other.starts_with(start)));
            needs.extend(there.map(|(other, _)| other));
        }
        needs.remove(&number);
        rooms[number].needs = needs;
    }
    rooms
}

/// `core/option.aur` is `core::option`.
fn module(name: &str) -> String {
    name.trim_end_matches(".aur").replace('/', "::")
}

/// The room in which a path below `std` ends.
fn owner(path: &str, numbers: &HashMap<String, usize>) -> Option<usize> {
    let mut path = path;
    loop {
        if let Some(&number) = numbers.get(path) {
            return Some(number);
        }
        path = path.rsplit_once("::")?.0;
    }
}

/// Line comments become spaces: every byte keeps its place.
pub fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.find("//") {
            Some(at) => {
                out.push_str(&line[..at]);
                let rest = line.len() - at - usize::from(line.ends_with('\n'));
                out.extend(std::iter::repeat_n(' ', rest));
                if line.ends_with('\n') {
                    out.push('\n');
                }
            }
            None => out.push_str(line),
        }
    }
    out
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

/// Every `std::a::b…`, without the `std`.
fn paths(text: &str) -> Vec<String> {
    let starts = text.match_indices("std::").map(|(at, found)| at + found.len());
    starts
        .map(|at| {
            let rest = &text[at..];
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
            rest[..end].trim_end_matches(':').to_owned()
        })
        .collect()
}

/// Every `pub use std::…`: its place and the path up to a list, a star or the end.
fn uses(text: &str) -> Vec<(Range<usize>, String)> {
    const START: &str = "pub use std::";
    let found = text.match_indices(START).map(|(at, _)| {
        let rest = &text[at + START.len()..];
        let path = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
        let behind = &rest[path..];
        let length = if behind.starts_with('{') {
            path + behind.find('}').map_or(behind.len(), |at| at + 1)
        } else if behind.starts_with('*') {
            path + 1
        } else if let Some(alias) = behind.strip_prefix(" as ") {
            path + 4 + alias.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(alias.len())
        } else {
            path
        };
        (at..at + START.len() + length, rest[..path].trim_end_matches(':').to_owned())
    });
    found.collect()
}

/// Every `use std::…` as it is written behind `std::`, with its place.
fn all_uses(text: &str) -> impl Iterator<Item = (usize, String)> + use<'_> {
    const START: &str = "use std::";
    text.match_indices(START).map(|(at, _)| {
        let rest = &text[at + START.len()..];
        let end = if let (Some(open), Some(close)) = (rest.find('{'), rest.find('}')) && rest.find('\n').is_none_or(|line| open < line) { close } else { rest.find('\n').unwrap_or(rest.len()) };
        (at, rest[..end].to_owned())
    })
}

const ITEMS: &[&str] = &["struct", "enum", "trait", "fn", "const", "static", "type", "mod"];

/// The names of items at the left edge.
fn items(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with([' ', '}', '#'])) {
        let words: Vec<&str> = words(line).collect();
        if let Some(at) = words.iter().position(|word| ITEMS.contains(word))
            && words[..at].iter().all(|word| ["pub", "unsafe", "view", "pure", "extern", "C"].contains(word))
            && let Some(name) = words.get(at + 1)
        {
            found.insert((*name).to_owned());
        }
    }
    found
}

/// Items, methods of traits, and methods that are given to types of other rooms.
fn names(text: &str) -> BTreeSet<String> {
    let own = items(text);
    let mut found = own.clone();
    let mut collects = false;
    for line in text.lines() {
        let is_edge = !line.starts_with([' ', '}', '#']) && !line.trim().is_empty();
        if is_edge {
            let head = line.split('{').next().unwrap_or(line);
            let first = words(head).find(|word| !["pub", "unsafe"].contains(word));
            collects = match first {
                Some("trait") => true,
                Some("impl") => {
                    let target = head.rsplit_once(" for ").map_or_else(|| head.split_once("> ").map_or(head, |(_, rest)| rest), |(_, rest)| rest);
                    !words(target).any(|word| own.contains(word))
                }
                _ => false,
            };
        }
        if collects {
            let words: Vec<&str> = words(line).collect();
            found.extend(words.windows(2).filter(|pair| pair[0] == "fn").map(|pair| pair[1].to_owned()));
        }
    }
    found
}
