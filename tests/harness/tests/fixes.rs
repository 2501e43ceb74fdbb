//! What messages about ownership and tasks offer to paste is pasted: the report has to be gone, and nothing new there.

use harness::suite::Case;
use harness::{files, suite, ui};
use std::process::ExitCode;

fn main() -> ExitCode {
    let floors = ["loans/", "ownership/", "tasks/"];
    let programs = files::programs("tests/ui").into_iter().filter(|program| floors.iter().any(|floor| program.name.starts_with(floor)));
    suite::run(programs.map(|program| Case::new(format!("fixes/{}", program.name), move || ui::fixes(&program))).collect())
}
