//! `tests/run` and `examples`: one test a program that must run, from memory and as an executable.

use harness::compiler::root;
use harness::suite::Case;
use harness::{files, run, suite, ui};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut cases = Vec::new();
    for (folder, name) in [("tests/run", "run"), ("examples", "examples")] {
        for program in files::programs(folder) {
            cases.push(Case::new(format!("{name}/{}", program.name), move || run::judge(&program, run::Warnings::Refused)));
        }
        cases.push(Case::new(format!("{name} has no orphans"), move || {
            let orphans = ui::orphans(&root().join(folder));
            if orphans.is_empty() { Ok(()) } else { Err(orphans.join("\n")) }
        }));
    }
    suite::run(cases)
}
