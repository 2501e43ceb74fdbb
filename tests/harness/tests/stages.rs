//! `tests/stages`: one test a page. `AURORA_BLESS=1` writes down what the phases print.

use harness::compiler::root;
use harness::suite::Case;
use harness::{files, stages, suite};
use std::process::ExitCode;

fn main() -> ExitCode {
    let bless = std::env::var_os("AURORA_BLESS").is_some();
    let base = root().join("tests/stages");
    let case = |page: std::path::PathBuf| {
        let name = page.strip_prefix(root()).unwrap_or(&page).to_string_lossy().into_owned();
        Case::new(name, move || stages::judge(&page, bless))
    };
    suite::run(files::ending_with(&base, ".md").into_iter().map(case).collect())
}
