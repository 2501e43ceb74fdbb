//! `aurorac litmus PATH…`: judges litmus tests under the memory model, a line each.

use crate::args::{Engine, Litmus};
use crate::exit;
use crate::folder;
use ::litmus::{Limits, Refusal, Test};
use std::path::Path;

/// What became of the tests.
#[derive(Default)]
struct Tally {
    judged: usize,
    refused: usize,
}

pub(crate) fn litmus(request: &Litmus) -> u8 {
    let mut files = Vec::new();
    for path in &request.paths {
        match folder::files(path, "litmus") {
            Ok(found) => files.extend(found),
            Err(why) => {
                eprintln!("error: {why}");
                return exit::USER;
            }
        }
    }
    if files.is_empty() {
        eprintln!("error: there is no `.litmus` file in {}", request.paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", "));
        return exit::USER;
    }
    let mut tally = Tally::default();
    for file in &files {
        match judge(file, request) {
            Ok(text) => {
                print!("{text}");
                tally.judged += 1;
            }
            Err(why) => {
                eprintln!("error: {why}");
                tally.refused += 1;
            }
        }
    }
    if !request.json {
        let refused = if tally.refused > 0 { format!(", {} refused", tally.refused) } else { String::new() };
        println!("{} judged{refused}", tally.judged);
    }
    if tally.refused > 0 { exit::USER } else { exit::OK }
}

/// The report, or why there is none.
fn judge(file: &Path, request: &Litmus) -> Result<String, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("cannot read `{}`: {error}", file.display()))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1;
        format!("{}:{line}: this is not UTF-8", file.display())
    })?;
    let test: Test = ::litmus::read(&text).map_err(|refusal| place(file, &text, &refusal))?;
    let too_large = |why| format!("{}: `{}` is too large: {why}", file.display(), test.name);
    let outcome = match request.engine {
        Engine::Model => ::litmus::judge(&test, Limits::default()).map_err(too_large)?,
        Engine::Explore => ::litmus::explore(&test).map_err(too_large)?,
        Engine::Both => {
            let outcome = ::litmus::judge(&test, Limits::default()).map_err(too_large)?;
            let explored = ::litmus::explore(&test).map_err(too_large)?;
            if explored.states != outcome.states {
                return Err(format!("{}: the model and the explorer disagree about `{}`: this is a mistake of ours", file.display(), test.name));
            }
            outcome
        }
    };
    Ok(if request.json { ::litmus::json(&test, &outcome) + "\n" } else { ::litmus::table(&test, &outcome, request.verbose) })
}

fn place(file: &Path, text: &str, refusal: &Refusal) -> String {
    let (line, column) = refusal.place(text);
    let shown = text.lines().nth(line - 1).unwrap_or("");
    let number = line.to_string();
    let gap = " ".repeat(number.len());
    // Tabs stay tabs, so that the mark stands below its place.
    let indent: String = shown.bytes().take(column - 1).map(|byte| if byte == b'\t' { '\t' } else { ' ' }).collect();
    format!("{}\n {gap}--> {}:{line}:{column}\n {number} │ {shown}\n {gap} │ {indent}^", refusal.message, file.display())
}
