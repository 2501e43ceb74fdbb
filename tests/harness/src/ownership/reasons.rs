//! Whether what is refused is refused with reason: each report has its place in the function, says the same to people and to
//! editors, names nothing that only the compiler knows, and goes when the statement that it names goes, or its fix is applied.

use super::PARTS;
use super::judge::{file, without};
use crate::compiler::{Done, Folder, call};
use crate::json::Json;
use std::collections::BTreeMap;

/// What was found about some functions.
#[derive(Default, Debug)]
pub struct Reasons {
    pub functions: usize,
    pub refused: usize,
    pub reports: usize,
    pub fixes: usize,
    pub wrong: Vec<String>,
}

/// One report, as editors see it.
struct Report {
    code: String,
    message: String,
    /// All its words.
    words: Vec<String>,
    line: usize,
    column: usize,
    /// What stands in the line.
    text: String,
    /// Line and column from and to, and what to put there.
    fix: Option<([usize; 4], String)>,
}

/// Asks the compiler about functions and looks at its reasons.
pub fn reasons(folder: &Folder, functions: &[String]) -> Result<Reasons, Done> {
    let mut found = Reasons { functions: functions.len(), ..Reasons::default() };
    let before = reports(folder, functions)?;
    found.reports = before.len();
    if let Some(wrong) = differences(folder, functions, &before) {
        found.wrong.push(wrong);
    }
    let owners = owners(functions);
    let mut first: BTreeMap<usize, &Report> = BTreeMap::new();
    for report in &before {
        for words in report.words.iter().filter(|words| names_internals(words)) {
            found.wrong.push(format!("{} {} names what only the compiler knows: {words}", report.code, report.line));
        }
        match owners.get(report.line) {
            Some(Some(owner)) => drop(first.entry(*owner).or_insert(report)),
            _ => found.wrong.push(format!("{} {}: `{}` has its place in no function", report.code, report.line, report.message)),
        }
    }
    found.refused = first.len();
    let start = |owner: usize| owners.iter().position(|of| *of == Some(owner)).unwrap_or(0);
    // What is named goes.
    let mut left = functions.to_vec();
    for (owner, report) in &first {
        left[*owner] = without(&functions[*owner], &[report.line - start(*owner)]);
    }
    let changed: BTreeMap<usize, &Report> = first.iter().filter(|(owner, _)| left[**owner] != functions[**owner]).map(|(owner, report)| (*owner, *report)).collect();
    found.wrong.extend(still_there(folder, functions, &before, &left, &changed, "without its line")?);
    // What is offered is done.
    let mut fixed = functions.to_vec();
    let mut offered: BTreeMap<usize, &Report> = BTreeMap::new();
    for (owner, report) in &first {
        if let Some((at, replacement)) = &report.fix {
            fixed[*owner] = replaced(&functions[*owner], start(*owner), at, replacement);
            offered.insert(*owner, report);
        }
    }
    found.fixes = offered.len();
    found.wrong.extend(still_there(folder, functions, &before, &fixed, &offered, "with its fix")?);
    Ok(found)
}

/// By line of the file, counted from 1: whose it is.
fn owners(functions: &[String]) -> Vec<Option<usize>> {
    let mut owners = vec![None; PARTS.lines().count() + 2];
    for (owner, function) in functions.iter().enumerate() {
        owners.extend(function.lines().map(|_| Some(owner)));
    }
    owners
}

fn reports(folder: &Folder, functions: &[String]) -> Result<Vec<Report>, Done> {
    let whole = file(functions);
    let path = folder.write("refused.aur", &whole);
    let lines: Vec<&str> = whole.lines().collect();
    let done = call(&["check", "--message-format", "json", &path.to_string_lossy()]);
    if done.broken().is_some() {
        return Err(done);
    }
    let mut all = Vec::new();
    for line in done.out.lines() {
        let Ok(message) = Json::parse(line) else { return Err(Done { err: format!("no JSON: {line}"), ..done }) };
        if message.get("severity").and_then(Json::text) == Some("error") {
            all.push(report(&message, &lines));
        }
    }
    Ok(all)
}

fn report(message: &Json, lines: &[&str]) -> Report {
    let text = |of: &Json, key: &str| of.get(key).and_then(Json::text).unwrap_or("").to_string();
    let number = |of: &Json, key: &str| of.get(key).and_then(Json::number).unwrap_or(0.0) as usize;
    let spans = message.get("spans").map_or(&[][..], Json::list);
    let primary = spans.iter().find(|span| span.get("primary") == Some(&Json::Bool(true)));
    let mut words = vec![text(message, "message"), text(message, "help")];
    words.extend(spans.iter().map(|span| text(span, "label")));
    let fix = message.get("fix").and_then(|fix| Some((fix.get("span")?, fix.get("replacement")?.text()?)));
    let line = primary.map_or(0, |span| number(span, "line"));
    Report {
        code: text(message, "code"),
        message: text(message, "message"),
        words,
        line,
        text: lines.get(line.wrapping_sub(1)).map_or("", |line| line.trim()).to_string(),
        column: primary.map_or(0, |span| number(span, "column")),
        fix: fix.map(|(span, replacement)| (["line", "column", "end_line", "end_column"].map(|key| number(span, key)), replacement.to_string())),
    }
}

/// People read of the same mistakes at the same places.
fn differences(folder: &Folder, functions: &[String], reports: &[Report]) -> Option<String> {
    let path = folder.write("refused.aur", &file(functions));
    let done = call(&["check", &path.to_string_lossy()]);
    let mut told = Vec::new();
    let mut head = None;
    for line in done.err.lines() {
        if let Some(rest) = line.strip_prefix("error[") {
            head = rest.split_once("]: ").map(|(code, message)| (code.to_string(), message.to_string()));
        } else if line.contains("╭─[")
            && let Some((code, message)) = head.take()
        {
            let mut place = line.trim_end().trim_end_matches(']').rsplit(':');
            let (column, line) = (place.next().unwrap_or(""), place.next().unwrap_or(""));
            told.push((code, message, line.to_string(), column.to_string()));
        }
    }
    let wanted: Vec<_> = reports.iter().map(|report| (report.code.clone(), report.message.clone(), report.line.to_string(), report.column.to_string())).collect();
    let at = (0..wanted.len().max(told.len())).find(|at| wanted.get(*at) != told.get(*at))?;
    Some(format!("editors are told {:?}, people {:?}", wanted.get(at), told.get(at)))
}

/// `_12`, `{closure#0}` and the like.
fn names_internals(words: &str) -> bool {
    let letters: Vec<char> = words.chars().collect();
    let local = letters.windows(2).enumerate().any(|(at, pair)| {
        let stands_alone = at == 0 || !letters[at - 1].is_alphanumeric() && letters[at - 1] != '_';
        pair[0] == '_' && pair[1].is_ascii_digit() && stands_alone
    });
    let parts = ["{closure", "{error", "<error>", "Local(", "LoanId", "Param(", "AdtId", "?T", "{unknown"];
    local || parts.iter().any(|part| words.contains(part))
}

/// Reports that changed functions still have as often as before, on lines that read the same.
fn still_there(folder: &Folder, before: &[String], known: &[Report], after: &[String], changed: &BTreeMap<usize, &Report>, how: &str) -> Result<Vec<String>, Done> {
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    let count = |reports: &[Report], owners: &[Option<usize>], owner: usize, of: &Report| {
        reports.iter().filter(|report| owners.get(report.line) == Some(&Some(owner)) && (&report.code, &report.message, &report.text) == (&of.code, &of.message, &of.text)).count()
    };
    let (owners_before, owners_after) = (owners(before), owners(after));
    let now = reports(folder, after)?;
    // One that cannot be read any more hides the others.
    if let Some(broken) = now.iter().find(|report| report.code.starts_with("E01")) {
        let owner = owners_after.get(broken.line).copied().flatten();
        return Ok(vec![format!("{how} it cannot be read: {}\n{}", broken.message, owner.map_or("", |owner| after[owner].as_str()))]);
    }
    let mut wrong = Vec::new();
    for (owner, report) in changed {
        // Of statements that read the same the next is named then.
        let is_alone = before[*owner].lines().filter(|line| line.trim() == report.text).count() == 1;
        if is_alone && count(&now, &owners_after, *owner, report) >= count(known, &owners_before, *owner, report) {
            wrong.push(format!("{how} it still says {} `{}` (line {})\n{}", report.code, report.message, report.line, before[*owner]));
        }
    }
    Ok(wrong)
}

/// A function with another text at a place of the file.
fn replaced(function: &str, start: usize, at: &[usize; 4], replacement: &str) -> String {
    let offset = |line: usize, column: usize| {
        let head: usize = function.split_inclusive('\n').take(line.saturating_sub(start)).map(str::len).sum();
        function[head..].char_indices().nth(column.saturating_sub(1)).map_or(function.len(), |(at, _)| head + at)
    };
    let (from, to) = (offset(at[0], at[1]), offset(at[2], at[3]));
    format!("{}{replacement}{}", &function[..from], &function[to..])
}
