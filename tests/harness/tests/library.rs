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
    let mut cases: Vec<Case> = files::ending_with(&root().join("std"), "_test.aur").into_iter().map(case).collect();
    cases.push(Case::new("std keeps its own rules of ownership", keeps_its_rules));
    suite::run(cases)
}

/// Functions of the library whose reports are known to be wrong: the line, the code and why.
const KNOWN: &[(&str, &str)] = &[
    // `insert` moves the item that `take` was only shown: an `Option<T>` out of a `&Q` holds nothing of the reference.
    ("std/alloc/set.aur", "E0507"),
    // What is collected from a `Split<P>` are slices of the text, whatever `P` holds.
    ("std/core/str.aur", "E0508"),
    // Halves of the work are given what the whole is given; all have ended when it returns.
    ("std/parallel/run.aur", "E0508"),
];

/// Compiling a program takes the library's bodies for granted; here they are judged like everybody's.
fn keeps_its_rules() -> Result<(), String> {
    let done = call(&["check", "--std", "--message-format", "json"]);
    if let Some(why) = done.broken() {
        return Err(why);
    }
    let reports = harness::marks::reported(&done.out)?;
    let is_known = |file: &str, code: &str| code.starts_with('W') || KNOWN.contains(&(file, code));
    let new: Vec<String> = reports.keys().filter(|(file, _, code)| !is_known(file, code)).map(|(file, line, code)| format!("{file}:{line}: {code}")).collect();
    if new.is_empty() { Ok(()) } else { Err(new.join("\n")) }
}
