//! `tests/ui`: one test a program that must be refused. `AURORA_BLESS=1` writes the texts down.

use harness::compiler::root;
use harness::suite::Case;
use harness::{files, suite, ui};
use std::process::ExitCode;

fn main() -> ExitCode {
    let bless = std::env::var_os("AURORA_BLESS").is_some();
    let programs = files::programs("tests/ui");
    let mut cases: Vec<Case> = programs
        .into_iter()
        .map(|program| Case::new(format!("ui/{}", program.name), move || ui::judge(&program, bless)))
        .collect();
    cases.push(Case::new("ui has no orphans", || {
        let orphans = ui::orphans(&root().join("tests/ui"));
        if orphans.is_empty() { Ok(()) } else { Err(orphans.join("\n")) }
    }));
    suite::run(cases)
}
