//! Programs that must be refused: their marks, and the whole text that people read.

use crate::compiler::{Folder, aurorac, call, finish};
use crate::files::{Program, ending_with};
use crate::json::Json;
use crate::marks;
use crate::text::{difference, head};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Checks one program of `tests/ui`. With `bless` the text is written down instead of compared; marks always have to be right.
pub fn judge(program: &Program, bless: bool) -> Result<(), String> {
    let done = finish(Command::new(aurorac()).args(["check", &program.shown()]), b"");
    if let Some(why) = done.broken() {
        return Err(why);
    }
    let mut wanted = marks::Reports::new();
    for path in texts(program) {
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let shown = Program { name: String::new(), path }.shown();
        marks::marks(&shown, &text, &mut wanted);
    }
    if wanted.is_empty() {
        return Err("it has no `//~` mark".into());
    }
    let messages = call(&["check", "--message-format", "json", &program.shown()]).out;
    let only_warnings = wanted.keys().all(|(_, _, code)| code.starts_with('W'));
    marks::compare(&wanted, &marks::reported(&messages)?, true).map_err(|why| format!("{why}\n{}", head(&done.err, 60)))?;
    if done.code != i32::from(!only_warnings) || !done.out.is_empty() {
        return Err(format!("it ended with {} and printed {:?}", done.code, done.out));
    }
    let beside = program.path.with_extension("stderr");
    if bless {
        return std::fs::write(&beside, &done.err).map_err(|error| error.to_string());
    }
    let shown = Program { name: String::new(), path: beside.clone() }.shown();
    let Ok(text) = std::fs::read_to_string(&beside) else {
        return Err(format!("there is no `{shown}`; read this, then `cargo x bless`:\n{}", done.err));
    };
    match difference(&text, &done.err) {
        same if same.is_empty() => Ok(()),
        how => Err(format!("the text is another than in `{shown}`: {how}")),
    }
}

/// The files of a program: one, or all of its folder.
fn texts(program: &Program) -> Vec<std::path::PathBuf> {
    let is_folder = program.path.file_name().is_some_and(|name| name == "main.aur");
    match program.path.parent() {
        Some(folder) if is_folder => ending_with(folder, ".aur"),
        _ => vec![program.path.clone()],
    }
}

/// Texts of programs that are no longer there.
pub fn orphans(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for ending in [".stderr", ".stdout", ".exit", ".stdin", ".stderr-contains"] {
        for path in ending_with(folder, ending) {
            if !path.with_extension("aur").is_file() {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

/// Applies each fix of a program by itself and asks the compiler again: that report has to be gone, and no new one there.
pub fn fixes(program: &Program) -> Result<(), String> {
    if program.path.file_name().is_some_and(|name| name == "main.aur") {
        return Ok(());
    }
    let text = std::fs::read_to_string(&program.path).map_err(|error| error.to_string())?;
    let before = errors(&program.shown())?;
    let folder = Folder::new();
    let mut wrong = Vec::new();
    for report in &before {
        let Some((span, replacement)) = report.get("fix").and_then(|fix| Some((fix.get("span")?, fix.get("replacement")?.text()?))) else { continue };
        let number = |key: &str| span.get(key).and_then(Json::number).unwrap_or(1.0) as usize;
        let from = offset(&text, number("line"), number("column"));
        let to = offset(&text, number("end_line"), number("end_column"));
        let path = folder.write("fixed.aur", &format!("{}{replacement}{}", &text[..from], &text[to..]));
        let mut left = counts(&before);
        let code = report.get("code").and_then(Json::text).unwrap_or("?");
        left.entry(code.to_owned()).and_modify(|count| *count -= 1);
        let after = counts(&errors(&path.to_string_lossy())?);
        if after.iter().any(|(code, count)| left.get(code).unwrap_or(&0) < count) {
            wrong.push(format!("the fix of {code} in line {} (`{replacement}`) leaves {after:?}", number("line")));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn errors(path: &str) -> Result<Vec<Json>, String> {
    let messages = call(&["check", "--message-format", "json", path]).out;
    let parse = |line: &str| Json::parse(line).map_err(|at| format!("no JSON at byte {at}: {line}"));
    let all: Result<Vec<Json>, String> = messages.lines().map(parse).collect();
    Ok(all?.into_iter().filter(|report| report.get("severity").and_then(Json::text) == Some("error")).collect())
}

fn counts(reports: &[Json]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for report in reports {
        *counts.entry(report.get("code").and_then(Json::text).unwrap_or("?").to_owned()).or_default() += 1;
    }
    counts
}

/// The byte at a line and column, both counted from 1; columns are characters.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    text[start..].char_indices().nth(column - 1).map_or(text.len(), |(at, _)| start + at)
}
