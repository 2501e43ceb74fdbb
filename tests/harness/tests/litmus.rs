//! Litmus tests: those of `tests/litmus`, whose second line says how often the condition is fulfilled, in how many executions,
//! and whether there is a race; and those that lie in `../shared/litmus`, where they do, with their final states.

use harness::compiler::{call, root};
use harness::files;
use harness::json::Json;
use harness::suite::{self, Case};
use std::collections::BTreeSet;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut cases = Vec::new();
    for path in files::ending_with(&root().join("tests/litmus"), ".litmus") {
        let shown = path.display().to_string();
        cases.push(Case::new(name(&path), move || own(&shown)));
    }
    let shared = root().join("../shared/litmus");
    if let Ok(text) = std::fs::read_to_string(shared.join("expected.json")) {
        let expected = Json::parse(&text).expect("the expected outcomes are JSON");
        let Json::Object(expected) = expected else { panic!("the expected outcomes have no names") };
        for (name, expected) in expected {
            let shown = shared.join(format!("{name}.litmus")).display().to_string();
            cases.push(Case::new(format!("shared/{name}"), move || compare(&shown, &expected)));
        }
    }
    suite::run(cases)
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
