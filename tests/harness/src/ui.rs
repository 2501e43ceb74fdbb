//! Programs that must be refused: their marks, and the whole text that people read.

use crate::compiler::{aurorac, call, finish};
use crate::files::{Program, ending_with};
use crate::marks;
use crate::text::{difference, head};
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
