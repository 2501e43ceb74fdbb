//! Programs that lie in `../shared/programs` beside the repository, where they do.

use harness::compiler::{call, root};
use harness::files::Program;
use harness::suite::Case;
use harness::{files, marks, run, suite};
use std::process::ExitCode;

fn main() -> ExitCode {
    let base = root().join("../shared/programs");
    let mut cases = Vec::new();
    for (folder, refused) in [("run", false), ("fail", true)] {
        for path in files::ending_with(&base.join(folder), ".aur") {
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let stem = path.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
            let name = format!("shared/{folder}/{stem}");
            let program = Program { name: name.clone(), path };
            let judge = move || if refused { refuse(&program, &text) } else { run::judge(&program, run::Warnings::Welcome) };
            cases.push(Case::new(name, judge));
        }
    }
    suite::run(cases)
}

/// Their marks name the floor of a code, or two.
fn refuse(program: &Program, text: &str) -> Result<(), String> {
    let (index, mark) = text
        .lines()
        .enumerate()
        .find_map(|(index, line)| line.split_once("//~").map(|(_, mark)| (index, mark.trim())))
        .ok_or("it has no mark")?;
    let done = call(&["check", "--message-format", "json", &program.shown()]);
    if let Some(why) = done.broken() {
        return Err(why);
    }
    let found = marks::reported(&done.out)?;
    let errors: Vec<_> = found.keys().filter(|(_, _, code)| code.starts_with('E')).collect();
    let right = |(_, line, code): &&&(String, usize, String)| *line == index + 1 && mark.split('|').any(|floor| code.starts_with(floor));
    match errors.as_slice() {
        [one] if right(&one) => Ok(()),
        _ => Err(format!("wanted {mark} at line {}\n{}", index + 1, done.out)),
    }
}
