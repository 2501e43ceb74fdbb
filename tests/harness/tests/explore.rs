//! Programs that are explored: the bugs of `tests/explore` are found, their mended twins are shown to be right, and programs
//! whose executions can be counted otherwise have as many.

use harness::compiler::{call, root};
use harness::files;
use harness::suite::{self, Case};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cases = files::ending_with(&root().join("tests/explore"), ".aur").into_iter().map(|path| {
        let name = path.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
        Case::new(name, move || judge(&path.display().to_string()))
    });
    suite::run(cases.collect())
}

fn judge(path: &str) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let mut wanted = text.lines().skip(1).map_while(|line| line.strip_prefix("//: ")).peekable();
    wanted.peek().ok_or("the second line does not say what is wanted")?;
    wanted.try_for_each(|wanted| judge_one(path, wanted))
}

/// One line that says what is wanted, of all executions or within a bound: `preemptions 1: counts 4`.
fn judge_one(path: &str, wanted: &str) -> Result<(), String> {
    let bound = wanted.strip_prefix("preemptions ").and_then(|rest| rest.split_once(": "));
    let (arguments, wanted) = match bound {
        Some((most, wanted)) => (vec!["explore", path, "--preemptions", most], wanted),
        None => (vec!["explore", path], wanted),
    };
    let done = call(&arguments);
    if let Some(why) = done.broken() {
        return Err(why);
    }
    let shown = format!("{} wanted: {wanted}\n{}{}", arguments.join(" "), done.out, done.err);
    if let Some(count) = wanted.strip_prefix("counts ") {
        let complete = match bound {
            Some((most, _)) => format!("complete up to {most} preemption"),
            None => "complete (".into(),
        };
        let executions = if count == "1" { "execution" } else { "executions" };
        return if done.code == 0 && done.out.starts_with(&format!("{count} {executions}, {complete}")) { Ok(()) } else { Err(shown) };
    }
    match wanted.strip_prefix("finds ") {
        None => if done.code == 0 && done.out.contains(", complete") { Ok(()) } else { Err(shown) },
        // A program that does not end within the bounds has no failing execution to repeat.
        Some("given up") => if done.code == 3 && done.out.contains("given up") { Ok(()) } else { Err(shown) },
        Some(found) if done.code != 1 || !done.out.contains(found) => Err(shown),
        Some(found) => {
            let replay = done.out.split("--replay ").nth(1).ok_or("nothing to repeat it with")?.trim();
            let again = call(&["explore", path, "--replay", replay]);
            if again.out.contains(found) { Ok(()) } else { Err(format!("{shown}repeated:\n{}{}", again.out, again.err)) }
        }
    }
}
