//! The library's own tests: one test a file `std/**/*_test.aur`.

use harness::compiler::{call, root};
use harness::suite::Case;
use harness::{files, suite};
use std::process::ExitCode;

fn main() -> ExitCode {
    let case = |path: std::path::PathBuf| {
        let name = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().into_owned();
        Case::new(name.clone(), move || {
            let done = call(&["test", &name]);
            if let Some(why) = done.broken() {
                return Err(why);
            }
            let ran = !done.out.contains("\n0 passed") && !done.out.starts_with("0 passed");
            if done.code == 0 && ran { Ok(()) } else { Err(format!("{}{}", done.out, done.err)) }
        })
    };
    suite::run(files::ending_with(&root().join("std"), "_test.aur").into_iter().map(case).collect())
}
