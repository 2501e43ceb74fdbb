//! Litmus tests: those of `tests/litmus`. The second line of a `.litmus` says how often the condition is fulfilled, in how many
//! executions, and whether there is a race; all engines agree about it, and its Aurora twin, if it has one, is the one that
//! `--convert` makes. The head of an `.aur` lists its outcomes. And those that lie in `../shared/litmus`, where they do, with their
//! final states.

use harness::compiler::{Folder, call, root};
use harness::files;
use harness::json::Json;
use harness::suite::{self, Case};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut cases = Vec::new();
    let forms = files::ending_with(&root().join("tests/litmus"), ".litmus");
    let programs = files::ending_with(&root().join("tests/litmus"), ".aur");
    for path in &forms {
        let shown = path.display().to_string();
        cases.push(Case::new(name(path), move || own(&shown)));
        let (twin, shown) = (path.with_file_name(name(path) + ".aur"), path.display().to_string());
        if programs.contains(&twin) {
            cases.push(Case::new(format!("twin/{}", name(path)), move || is_fresh(&shown, &twin)));
        }
    }
    // The library is compiled once for many.
    for (part, list) in forms.chunks(60).map(|list| ("forms", list)).chain(programs.chunks(60).map(|list| ("programs", list))) {
        let list: Vec<String> = list.iter().map(|path| path.display().to_string()).collect();
        let first = list.first().map_or(String::new(), |first| name(&PathBuf::from(first)));
        cases.push(Case::new(format!("engines/{part}/{first}"), move || agree(&list)));
    }
    cases.push(Case::new("machine", machine));
    cases.push(Case::new("head/forbidden", || disagrees("allow  x=1 one way\n//: forbid x=2 not this way\n//: executions: 2", "x=2 came about, and is forbidden")));
    cases.push(Case::new("head/unlisted", || disagrees("allow  x=1 one way\n//: executions: 2", "x=2 came about, and is not in the list")));
    cases.push(Case::new("head/expected", || disagrees("allow  x=1 one way\n//: allow  x=2 other\n//: expect x=0 never", "x=0 was expected, and did not come about")));
    cases.push(Case::new("head/executions", || disagrees("allow  x=1 one way\n//: allow  x=2 other\n//: executions: 3", "3 executions were expected, and there are 2")));
    cases.push(Case::new("head/race", || disagrees("allow  x=1 one way\n//: allow  x=2 other\n//: race", "a race was expected, and there is none")));
    let shared = root().join("../shared/litmus");
    if let Ok(text) = std::fs::read_to_string(shared.join("expected.json")) {
        let expected = Json::parse(&text).expect("the expected outcomes are JSON");
        let Json::Object(expected) = expected else { panic!("the expected outcomes have no names") };
        for (name, expected) in expected {
            let shown = shared.join(format!("{name}.litmus")).display().to_string();
            cases.push(Case::new(format!("shared/{name}"), move || compare(&shown, &expected)));
        }
        let all = shared.display().to_string();
        cases.push(Case::new("engines/shared", move || agree(std::slice::from_ref(&all))));
    }
    suite::run(cases)
}

/// A few tests on the machine that is there.
fn machine() -> Result<(), String> {
    let paths = ["SB+relaxed.litmus", "MP+release+acquire.aur", "CoRR.litmus"].map(|name| root().join("tests/litmus").join(name).display().to_string());
    let mut line = vec!["litmus", "--hardware", "--iterations", "20000", "--json"];
    line.extend(paths.iter().map(String::as_str));
    let done = call(&line);
    let histograms = done.out.lines().filter(|line| Json::parse(line).is_ok_and(|json| matches!(json.get("histogram"), Some(Json::List(list)) if !list.is_empty())));
    if done.code == 0 && histograms.count() == paths.len() { Ok(()) } else { Err(format!("{}{}", done.out, done.err)) }
}

/// A test whose head says something wrong.
fn disagrees(head: &str, why: &str) -> Result<(), String> {
    let folder = Folder::new();
    let text = format!(
        "//: litmus two-writes\n//: {head}\n\nfn main() {{\n    let x = Atomic::new(0)\n    scope {{\n        spawn {{ x.store(1) }}\n        spawn {{ x.store(2) }}\n    }}\n    println(\"x={{x.load(relaxed)}}\")\n}}\n"
    );
    let path = folder.write("two.aur", &text).display().to_string();
    let done = call(&["litmus", &path]);
    if done.code == 1 && done.out.contains(why) { Ok(()) } else { Err(format!("wanted {why}\n{}{}", done.out, done.err)) }
}

/// The model, the explorer on compiled code, and the heads.
fn agree(paths: &[String]) -> Result<(), String> {
    let mut line = vec!["litmus", "--engine", "both"];
    line.extend(paths.iter().map(String::as_str));
    let done = call(&line);
    if let Some(why) = done.broken() {
        return Err(why);
    }
    let wrong: Vec<&str> = done.out.lines().filter(|line| line.contains("wrong:")).collect();
    if done.code == 0 { Ok(()) } else { Err(format!("{}\n{}", wrong.join("\n"), done.err)) }
}

fn is_fresh(form: &str, twin: &std::path::Path) -> Result<(), String> {
    let made = call(&["litmus", "--convert", form]);
    let there = std::fs::read_to_string(twin).map_err(|error| error.to_string())?;
    if made.out == there { Ok(()) } else { Err(format!("`aurorac litmus --convert {form} -o {}` makes another\n{}", twin.display(), made.err)) }
}

fn name(path: &std::path::Path) -> String {
    path.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned())
}

fn judge(path: &str) -> Result<Json, String> {
    let done = call(&["litmus", "--json", path]);
    if let Some(why) = done.broken() {
        return Err(why);
    }
    Json::parse(done.out.trim()).map_err(|at| format!("no JSON at byte {at}\n{}{}", done.out, done.err))
}

fn own(path: &str) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let wanted = text.lines().nth(1).unwrap_or("").trim_matches('"').to_owned();
    let found = judge(path)?;
    let race = if found.get("race") == Some(&Json::Bool(true)) { ", race" } else { "" };
    let observation = found.get("observation").and_then(Json::text).unwrap_or("?");
    let executions = found.get("executions").and_then(Json::number).unwrap_or_default();
    let found = format!("{observation}, {executions} executions{race}");
    if found == wanted { Ok(()) } else { Err(format!("wanted {wanted}\nfound  {found}")) }
}

fn compare(path: &str, expected: &Json) -> Result<(), String> {
    let found = judge(path)?;
    for field in ["verdict", "observation", "race", "executions"] {
        if found.get(field) != expected.get(field) {
            return Err(format!("{field}: wanted {:?}, found {:?}", expected.get(field), found.get(field)));
        }
    }
    let states = |json: &Json| -> BTreeSet<String> {
        let Some(Json::List(states)) = json.get("states") else { return BTreeSet::new() };
        states.iter().map(|state| format!("{state:?}")).collect()
    };
    let (wanted, found) = (states(expected), states(&found));
    if wanted == found { Ok(()) } else { Err(format!("states: wanted {wanted:#?}\nfound {found:#?}")) }
}
