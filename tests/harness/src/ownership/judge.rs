//! What became of made-up functions: the compiler's verdict, the oracle's, and smaller ones of which the same is true.

use super::PARTS;
use crate::compiler::{Done, Folder, call};

/// What became of one function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    Refused(String),
    /// So many references were made while it ran.
    Clean(u64),
    /// A hole: what memory did not allow.
    Violation(String),
    Other(String),
}

/// Has some functions judged; with inputs, those that are accepted are run.
pub fn judge(folder: &Folder, functions: &[String], inputs: u32) -> Result<Vec<(String, Verdict)>, Done> {
    let path = folder.write("made.aur", &file(functions)).to_string_lossy().into_owned();
    let done = call(&["oracle", "--functions", "made_", "--inputs", &inputs.to_string(), "--steps", "200000", &path]);
    if done.broken().is_some() || done.out.is_empty() {
        return Err(done);
    }
    let verdict = |line: &str| {
        let (name, rest) = line.split_once(' ')?;
        let (kind, what) = rest.split_once(": ").unwrap_or((rest, ""));
        let verdict = match kind {
            "refused" => Verdict::Refused(what.into()),
            "clean" | "panics" => Verdict::Clean(what.rsplit(' ').nth(1).and_then(|count| count.parse().ok()).unwrap_or(0)),
            "violation" => Verdict::Violation(what.into()),
            _ => Verdict::Other(rest.into()),
        };
        Some((name.to_string(), verdict))
    };
    Ok(done.out.lines().filter_map(verdict).collect())
}

/// A program of functions and what they use.
pub(super) fn file(functions: &[String]) -> String {
    format!("{PARTS}\n{}fn main() {{}}\n", functions.concat())
}

/// So many inputs decide all their conditions but those on sums.
pub const INPUTS: u32 = 8;

/// How functions were made acceptable.
#[derive(Clone, Copy, Default, Debug)]
pub struct Mended {
    /// Accepted as they were.
    pub at_once: usize,
    /// So many reports were looked at.
    pub reports: usize,
}

/// Makes functions acceptable: what is refused loses the statements that the reports name, again and again. What is left lies
/// on the edge of what is allowed.
pub fn mend(folder: &Folder, functions: &mut [String], rounds: usize) -> Result<Mended, Done> {
    let mut mended = Mended::default();
    let mut refused: Vec<usize> = (0..functions.len()).collect();
    for round in 0..rounds {
        let texts: Vec<String> = refused.iter().map(|index| functions[*index].clone()).collect();
        let found = judge(folder, &texts, 0)?;
        let mut line = PARTS.lines().count() + 2;
        let mut again = Vec::new();
        for index in refused {
            let function = &mut functions[index];
            let first = line;
            line += function.lines().count();
            let Some((_, Verdict::Refused(why))) = found.iter().find(|(name, _)| name == name_of(function)) else { continue };
            let mut lines: Vec<usize> = why.split(", ").filter_map(|report| report.rsplit(':').nth(1)?.parse::<usize>().ok()?.checked_sub(first)).collect();
            lines.sort_unstable();
            lines.dedup();
            mended.reports += lines.len();
            *function = without_aid(without(function, &lines), function, &lines);
            again.push(index);
        }
        if round == 0 {
            mended.at_once = functions.len() - again.len();
        }
        if again.is_empty() {
            break;
        }
        refused = again;
    }
    Ok(mended)
}

/// `made_17`
pub fn name_of(function: &str) -> &str {
    function.trim_start_matches("fn ").split('(').next().unwrap_or("")
}

/// A function without the statements that begin or lie on some lines; a block goes with its head.
pub(super) fn without(function: &str, gone: &[usize]) -> String {
    let lines: Vec<&str> = function.lines().collect();
    let is_open = |line: &str| line.trim_end().ends_with('{');
    let closes = |line: &str| line.trim_start().starts_with('}');
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut keep = vec![true; lines.len()];
    for &at in gone.iter().filter(|at| **at > 0 && **at + 1 < lines.len()) {
        let (mut from, mut to) = (at, at);
        if closes(lines[at]) {
            while from > 0 && (indent(lines[from]) > indent(lines[at]) || closes(lines[from])) {
                from -= 1;
            }
        }
        if is_open(lines[from]) {
            to = from + 1;
            while to < lines.len() && (indent(lines[to]) > indent(lines[from]) || is_open(lines[to]) && closes(lines[to])) {
                to += 1;
            }
        }
        if from > 0 && to + 1 < lines.len() {
            keep[from..=to].fill(false);
        }
    }
    let kept = lines.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(line, _)| format!("{line}\n"));
    kept.collect()
}

/// The function inside goes as a whole, with its calls, when its head or its result is refused.
fn without_aid(left: String, before: &str, gone: &[usize]) -> String {
    let is_head = |line: &str| line.contains("fn aid(") || line.contains("aid_result");
    let refused = before.lines().enumerate().any(|(number, line)| gone.contains(&number) && is_head(line));
    if !refused || !before.contains("fn aid(") {
        return left;
    }
    // Its lines are gone already where its head was named.
    let lines: Vec<usize> = left.lines().enumerate().filter(|(_, line)| line.contains("fn aid(") || line.contains("aid(")).map(|(number, _)| number).collect();
    without(&left, &lines)
}

/// The same function with fewer lines that is still a hole.
pub fn smaller(folder: &Folder, function: &str) -> String {
    let is_hole = |lines: &[String]| {
        let text = lines.concat();
        judge(folder, &[text], INPUTS).is_ok_and(|found| found.iter().any(|(_, verdict)| matches!(verdict, Verdict::Violation(_))))
    };
    let mut lines: Vec<String> = function.lines().map(|line| format!("{line}\n")).collect();
    let mut size = lines.len() / 2;
    while size > 0 {
        let mut at = 1;
        while at < lines.len() {
            let mut fewer = lines.clone();
            fewer.drain(at..(at + size).min(lines.len()));
            if is_hole(&fewer) {
                lines = fewer;
            } else {
                at += 1;
            }
        }
        size /= 2;
    }
    lines.concat()
}

