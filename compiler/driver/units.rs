//! Cuts the library's files into the smallest pieces that a program may do without: items, members of impls and traits, names in
//! `use` lines. `build.rs` puts the table into the compiler, whose `stdlib.rs` leaves out what no word leads to.
//!
//! Words are everything. A piece is needed when the words that it waits for are there; then its own words, those of its insides
//! included, are there too. Whoever reaches a thing of the library does so by a word: its name, or that of a thing whose
//! signature names it. What the language reaches without a word is marked `#[lang]` or stands in [`ALWAYS`].

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

/// What literals and derived impls speak of.
const ALWAYS: &[&str] = &[
    "int", "bool", "char", "str", "u8", "String", "Vec", "Option", "Some", "None", "Ordering", "clone", "eq", "cmp", "hash", "show", "write", "nested",
    "default", "discriminant", "Hasher", "Formatter", "panic", "drop", "print", "main",
];
/// Types that have no item in the library.
const BUILT_IN: &[&str] = &["i8", "i16", "i32", "i64", "u16", "u32", "u64", "usize", "isize", "f32", "f64"];

/// A piece. `parent` is what it lies in, by number.
pub struct Piece {
    pub room: usize,
    pub range: Range<usize>,
    pub parent: Option<usize>,
    /// One of these is enough; none: nothing is asked.
    pub any: BTreeSet<String>,
    /// And all of these.
    pub all: BTreeSet<String>,
    pub words: BTreeSet<String>,
}

/// The pieces of all files, parents first, and the words that are always there. `sketches` are the files without comments and
/// insides of functions, byte for byte, `texts` those without comments alone.
pub fn pieces(sketches: &[String], texts: &[String]) -> (Vec<Piece>, Vec<&'static str>) {
    let shapes: Vec<Vec<Shape>> = sketches.iter().map(|sketch| items(sketch)).collect();
    let all = || shapes.iter().flatten();
    let named: HashSet<String> = all().filter(|shape| shape.kind != Kind::Impl).filter_map(|shape| shape.name.clone()).collect();
    let is_thing = |word: &str| named.contains(word) || BUILT_IN.contains(&word);
    // Every impl has to have these.
    let asked: HashSet<String> = all()
        .filter(|shape| shape.kind == Kind::Trait)
        .flat_map(|shape| shape.members.iter().filter(|member| !member.has_body).map(|member| member.name.clone()))
        .collect();
    let mut pieces = Vec::new();
    for (room, (shapes, text)) in shapes.iter().zip(texts).enumerate() {
        for shape in shapes {
            let number = pieces.len();
            let own = own_text(text, shape);
            let mut piece = Piece { room, range: shape.range.clone(), parent: None, any: BTreeSet::new(), all: BTreeSet::new(), words: words(&own) };
            match shape.kind {
                _ if shape.is_lang => {}
                Kind::Impl => piece.all = words(&shape.head).into_iter().filter(|word| is_thing(word)).collect(),
                Kind::Trait | Kind::Plain => {
                    piece.any.extend(shape.name.clone());
                    piece.any.extend(shape.members.iter().filter(|_| shape.kind == Kind::Trait).map(|member| member.name.clone()));
                    piece.words.extend(shape.name.clone());
                }
                // What it brings is decided by name below; the line itself stays.
                Kind::Block => {}
            }
            if shape.kind != Kind::Block || !shape.members.is_empty() {
                pieces.push(piece);
            }
            for member in &shape.members {
                let must = shape.kind == Kind::Trait && !member.has_body || shape.kind == Kind::Impl && shape.is_of_trait && asked.contains(&member.name);
                let mut any = BTreeSet::from([member.name.clone()]);
                if must || member.is_lang {
                    any.clear();
                } else if let Some(arm) = member.name.strip_prefix("select_") {
                    // An arm of a `select` is made by the twin of the method that it names.
                    any.insert(arm.to_owned());
                }
                let words = words(&text[member.range.clone()]);
                pieces.push(Piece { room, range: member.range.clone(), parent: Some(number), any, all: BTreeSet::new(), words });
            }
        }
        for (line, names) in uses(text) {
            if names.iter().any(|(_, name, _)| !named.contains(name)) {
                continue;
            }
            let number = pieces.len();
            let any = names.iter().flat_map(|(_, name, alias)| [Some(name), alias.as_ref()]).flatten().cloned().collect();
            pieces.push(Piece { room, range: line, parent: None, any, all: BTreeSet::new(), words: BTreeSet::new() });
            for (range, name, alias) in names.iter().filter(|_| names.len() > 1) {
                let any = [Some(name), alias.as_ref()].into_iter().flatten().cloned().collect();
                let words = BTreeSet::from([name.clone()]);
                pieces.push(Piece { room, range: range.clone(), parent: Some(number), any, all: BTreeSet::new(), words });
            }
        }
    }
    (pieces, ALWAYS.to_vec())
}

/// Only words that somebody waits for matter: their numbers, by word.
pub fn awaited(pieces: &[Piece]) -> BTreeMap<String, usize> {
    let names: BTreeSet<&String> = pieces.iter().flat_map(|piece| piece.any.iter().chain(&piece.all)).collect();
    names.into_iter().enumerate().map(|(number, word)| (word.clone(), number)).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Something with one name.
    Plain,
    Trait,
    Impl,
    /// `extern`, `mod`, `use`.
    Block,
}

struct Shape {
    range: Range<usize>,
    kind: Kind,
    is_lang: bool,
    name: Option<String>,
    /// Of an impl: the trait and the type, without parameters and conditions.
    head: String,
    is_of_trait: bool,
    members: Vec<Member>,
}

struct Member {
    range: Range<usize>,
    name: String,
    has_body: bool,
    is_lang: bool,
}

/// Without what lies in members, which are pieces of their own.
fn own_text(text: &str, shape: &Shape) -> String {
    let mut own = String::new();
    let mut at = shape.range.start;
    for member in &shape.members {
        own.push_str(&text[at..member.range.start]);
        at = member.range.end;
    }
    own.push_str(&text[at..shape.range.end]);
    own
}

/// Words, and what numbers stand for by their endings.
fn words(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let bytes = text.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut at = 0;
    while at < bytes.len() {
        if !is_word(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && is_word(bytes[at]) {
            at += 1;
        }
        let word = &text[start..at];
        if bytes[start].is_ascii_digit() {
            let is_float = bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) || word.contains('e');
            found.extend(super::number_types::of(word).map(str::to_owned));
            if is_float {
                found.insert("f64".into());
            }
        } else {
            found.insert(word.into());
        }
    }
    found
}

/// The items of a file: they begin at the left edge.
fn items(sketch: &str) -> Vec<Shape> {
    let start: usize = sketch.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum();
    let ranges = parts(sketch, start..sketch.len(), 0);
    ranges.into_iter().map(|range| shape(sketch, range)).collect()
}

/// Cuts a range into what begins at so many spaces. A part reaches from the end of the one before, so that what describes it
/// goes with it.
fn parts(sketch: &str, within: Range<usize>, indent: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut begin, mut at, mut depth) = (within.start, within.start, 0i64);
    let mut only_attributes = true;
    let mut lines = sketch[within.clone()].split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        at += line.len();
        depth += depth_of(line);
        let trimmed = line.trim();
        only_attributes &= trimmed.is_empty() || trimmed.starts_with('#');
        let mut ahead = lines.clone().skip_while(|line| line.trim().is_empty());
        let next = ahead.next().unwrap_or("");
        let is_edge = next.is_empty() || next.len() - next.trim_start().len() <= indent && !next.trim_start().starts_with(['}', ')', ']']) && !next.trim_start().starts_with("where");
        if depth == 0 && !only_attributes && is_edge {
            found.push(begin..at);
            (begin, only_attributes) = (at, true);
        }
    }
    found
}

fn depth_of(line: &str) -> i64 {
    let bytes = line.as_bytes();
    let (mut depth, mut at) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
            }
            b'\'' if bytes.get(at + 2) == Some(&b'\'') => at += 2,
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    depth
}

fn without_attributes(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with("#[") {
        let end = rest.find(']').map_or(rest.len(), |at| at + 1);
        rest = rest[end..].trim_start();
    }
    rest
}

/// What stands in front of the word that says what it is.
fn keyword_of(text: &str) -> (&str, &str) {
    let mut rest = text;
    loop {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        if !["pub", "unsafe", "view", "pure"].contains(&word) {
            return (word, behind);
        }
        rest = behind.trim_start();
    }
}

fn first_word(text: &str) -> Option<String> {
    let text = text.trim_start();
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

fn shape(sketch: &str, range: Range<usize>) -> Shape {
    let text = &sketch[range.clone()];
    let plain = without_attributes(text);
    let is_lang = text[..text.len() - plain.len()].contains("lang =");
    let (keyword, behind) = keyword_of(plain);
    let kind = match keyword {
        "impl" => Kind::Impl,
        "trait" => Kind::Trait,
        "struct" | "enum" | "fn" | "const" | "static" | "type" => Kind::Plain,
        _ => Kind::Block,
    };
    let mut made = Shape { range: range.clone(), kind, is_lang, name: None, head: String::new(), is_of_trait: false, members: Vec::new() };
    if kind == Kind::Impl {
        let head = behind.split('{').next().unwrap_or(behind);
        let head = if head.starts_with('<') { &head[behind_generics(head)..] } else { head };
        made.head = head.split(" where ").next().unwrap_or(head).to_owned();
        made.is_of_trait = made.head.contains(" for ");
    } else if kind != Kind::Block {
        made.name = first_word(behind);
    }
    if kind == Kind::Impl || kind == Kind::Trait || keyword == "extern" {
        let open = range.end - plain.len() + plain.find('{').unwrap_or(plain.len());
        // A block on one line stays whole.
        if let Some(line_end) = sketch[open..range.end].find('\n').filter(|end| sketch[open + 1..open + end].trim().is_empty())
            && let Some(close) = sketch[..range.end].rfind('}').filter(|close| *close > open + line_end)
        {
            let inside = open + line_end + 1..close;
            made.members = parts(sketch, inside, 4).into_iter().filter_map(|range| member(sketch, range)).collect();
        }
    }
    made
}

/// Behind the `>` that closes the `<` at the start; `->` closes nothing.
fn behind_generics(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut depth = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' if at > 0 && bytes[at - 1] != b'-' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

fn member(sketch: &str, range: Range<usize>) -> Option<Member> {
    let text = &sketch[range.clone()];
    let plain = without_attributes(text);
    let (keyword, behind) = keyword_of(plain);
    let is_lang = text[..text.len() - plain.len()].contains("lang =");
    (keyword == "fn").then(|| first_word(behind).map(|name| Member { range, name, has_body: plain.contains('{'), is_lang })).flatten()
}

/// A name in a list: its place, with the comma behind it, the name, what it is called here.
type Named = (Range<usize>, String, Option<String>);

/// Every `use std::…` that names things: its place and the names.
fn uses(text: &str) -> Vec<(Range<usize>, Vec<Named>)> {
    let mut found = Vec::new();
    for (at, start) in text.match_indices("use std::") {
        let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let begin = if text[line_start..at].trim_end().ends_with("pub") { text[..at].rfind("pub").unwrap_or(at) } else { at };
        let rest = &text[at + start.len()..];
        let path = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
        let base = at + start.len();
        if rest[path..].starts_with('{') {
            let Some(close) = rest[path..].find('}') else { continue };
            let mut names = Vec::new();
            let mut from = base + path + 1;
            for part in rest[path + 1..path + close].split_inclusive(',') {
                let range = from..from + part.len();
                from = range.end;
                let mut steps = part.trim_end_matches(',').split(" as ").map(str::trim);
                if let Some(name) = steps.next().filter(|name| !name.is_empty()) {
                    names.push((range, name.to_owned(), steps.next().map(str::to_owned)));
                }
            }
            found.push((begin..base + path + close + 1, names));
        } else if !rest[path..].starts_with('*') {
            let name = rest[..path].rsplit("::").next().unwrap_or("").to_owned();
            let alias = rest[path..].strip_prefix(" as ").and_then(first_word);
            let end = base + path + alias.as_ref().map_or(0, |alias| alias.len() + 4);
            found.push((begin..end, vec![(begin..end, name, alias)]));
        }
    }
    found
}
