//! Reports of the parts of an exploration, and what they say together.

use super::{Observed, ends_with, outcomes, verdict};
use crate::args::Explore;
use crate::exit;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const TITLE: &str = "aurora exploration";

/// What a report says, a line each.
#[derive(Default)]
struct Told {
    program: String,
    /// What counts as a step: parts that differ in that are not parts of the same.
    steps: String,
    number: u64,
    of: u64,
    executions: u64,
    runs: u64,
    too_long: u64,
    complete: bool,
    preemptions: Option<u32>,
    fails: Option<String>,
    outcomes: BTreeMap<String, u64>,
}

/// Writes how an exploration, or a part of one, ended.
pub(super) fn write(to: &Path, request: &Explore, observed: &Observed, report: &explore::Report) -> Result<(), String> {
    let part = request.part.unwrap_or(explore::Part { number: 1, of: 1 });
    let stance = report.stance;
    let mut text = format!("{TITLE}\nprogram {:06x}\nsteps {}{}{}{}\npart {} of {}\n", observed.mark, name(stance.divides, "divided"), name(stance.cancels, " cancels"), name(stance.one_order, " one-order"), name(stance.everywhere, " everywhere"), part.number, part.of);
    let _ = writeln!(text, "executions {}\nruns {}\ntoo-long {}\ncomplete {}", report.executions, report.runs, report.too_long, report.complete);
    if let Some(preemptions) = report.preemptions {
        let _ = writeln!(text, "preemptions {preemptions}");
    }
    if let Some(failure) = &report.failure {
        let _ = writeln!(text, "fails {} --replay {}", request.file.display(), observed.replay(failure));
    }
    for (outcome, count) in &report.outcomes {
        let _ = writeln!(text, "outcome {count} {}", outcome.replace('\\', "\\\\").replace('\n', "\\n"));
    }
    std::fs::write(to, text).map_err(|why| format!("{}: {why}", to.display()))
}

fn name(is: bool, name: &str) -> &str {
    if is { name } else { "" }
}

fn read(path: &Path) -> Result<Told, String> {
    let text = std::fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))?;
    let mut lines = text.lines();
    if lines.next() != Some(TITLE) {
        return Err(format!("{} is no report that `explore --report` has written", path.display()));
    }
    let mut told = Told::default();
    for (at, line) in lines.enumerate() {
        let wrong = || format!("{}:{}: `{line}` is not understood", path.display(), at + 2);
        let (key, value) = line.split_once(' ').ok_or_else(wrong)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
        match key {
            "program" => told.program = value.into(),
            "steps" => told.steps = value.into(),
            "part" => {
                let (one, of) = value.split_once(" of ").ok_or_else(wrong)?;
                (told.number, told.of) = (number(one)?, number(of)?);
            }
            "executions" => told.executions = number(value)?,
            "runs" => told.runs = number(value)?,
            "too-long" => told.too_long = number(value)?,
            "complete" => told.complete = value == "true",
            "preemptions" => told.preemptions = Some(value.parse().map_err(|_| wrong())?),
            "fails" => told.fails = Some(value.into()),
            "outcome" => {
                let (count, text) = value.split_once(' ').ok_or_else(wrong)?;
                told.outcomes.insert(text.replace("\\n", "\n").replace("\\\\", "\\"), number(count)?);
            }
            _ => return Err(wrong()),
        }
    }
    Ok(told)
}

/// `aurorac explore --merge REPORT…`: what the parts of an exploration say together.
pub(crate) fn merge(paths: &[PathBuf]) -> u8 {
    match together(paths) {
        Ok(code) => code,
        Err(why) => {
            eprintln!("error: {why}");
            exit::USER
        }
    }
}

fn together(paths: &[PathBuf]) -> Result<u8, String> {
    let parts: Vec<Told> = paths.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    let first = parts.first().ok_or("there is no report to merge\n  help: `aurorac explore FILE --shard 1/2 --report one.txt` writes one")?;
    let mut seen: BTreeMap<u64, &Path> = BTreeMap::new();
    for (part, path) in parts.iter().zip(paths) {
        if part.program != first.program {
            return Err(format!("{} is of another program than {}", path.display(), paths[0].display()));
        }
        if (part.of, &part.steps, part.preemptions) != (first.of, &first.steps, first.preemptions) {
            return Err(format!("{} and {} do not share out the same work", path.display(), paths[0].display()));
        }
        if let Some(other) = seen.insert(part.number, path) {
            return Err(format!("{} and {} are the same part", other.display(), path.display()));
        }
    }
    let missing: Vec<String> = (1..=first.of).filter(|number| !seen.contains_key(number)).map(|number| number.to_string()).collect();
    let mut report = explore::Report { complete: missing.is_empty(), preemptions: first.preemptions, ..explore::Report::default() };
    for part in &parts {
        report.executions += part.executions;
        report.runs += part.runs;
        report.too_long += part.too_long;
        report.complete &= part.complete;
        for (outcome, count) in &part.outcomes {
            *report.outcomes.entry(outcome.clone()).or_default() += count;
        }
    }
    if !missing.is_empty() {
        println!("missing: part {} of {}", missing.join(", "), first.of);
    }
    if let Some(fails) = parts.iter().find_map(|part| part.fails.as_ref()) {
        println!("an execution fails; to repeat it: aurorac explore {fails}");
        return Ok(exit::USER);
    }
    if !report.outcomes.is_empty() {
        return Ok(outcomes(&report, false));
    }
    println!("{}", verdict(&report, false));
    println!("{}", if report.complete && report.preemptions.is_none() { "no execution fails" } else { "no execution of these fails; there are more" });
    Ok(ends_with(&report, false))
}
