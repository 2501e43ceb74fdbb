//! What is told about a judged test: a block of text for people, an object on one line for programs.

use crate::outcome::Outcome;
use crate::program::{Quantifier, Test};
use std::fmt::Write;

fn verdict(outcome: &Outcome) -> &'static str {
    if outcome.holds { "Ok" } else { "No" }
}

/// One line, and with `states` a table of final states: how many executions lead there, the condition's states marked.
pub fn table(test: &Test, outcome: &Outcome, states: bool) -> String {
    let mut text = String::new();
    let race = if outcome.race { "  race" } else { "" };
    let plural = |count: u64, one: &str, many: &str| {
        format!("{count} {}", if count == 1 { one } else { many })
    };
    let _ = writeln!(
        text,
        "{:<2}  {:<9}  {}  ({}, {}){race}",
        verdict(outcome),
        outcome.observation.to_string(),
        test.name,
        plural(outcome.states.len() as u64, "state", "states"),
        plural(outcome.executions, "execution", "executions"),
    );
    if states {
        for (state, count) in &outcome.states {
            let mark = if test.condition.holds(state) {
                '*'
            } else {
                ' '
            };
            let columns: Vec<String> = test
                .shown
                .iter()
                .zip(state)
                .map(|(shown, value)| format!("{}={value}", shown.label))
                .collect();
            let _ = writeln!(text, "    {mark} {count:>6}  {}", columns.join("  "));
        }
        let _ = writeln!(text, "      {}", test.question);
    }
    text
}

/// An object on one line.
pub fn json(test: &Test, outcome: &Outcome) -> String {
    let states: Vec<String> = outcome
        .states
        .keys()
        .map(|state| {
            let columns: Vec<String> = test
                .shown
                .iter()
                .zip(state)
                .map(|(shown, value)| format!("{}: {value}", quote(&shown.label)))
                .collect();
            format!("{{{}}}", columns.join(", "))
        })
        .collect();
    let quantifier = match test.quantifier {
        Quantifier::Exists => "exists",
        Quantifier::NotExists => "~exists",
        Quantifier::ForAll => "forall",
    };
    format!(
        "{{\"name\": {}, \"verdict\": \"{}\", \"observation\": \"{}\", \"quantifier\": \"{quantifier}\", \"condition\": {}, \"states\": [{}], \"race\": {}, \"executions\": {}}}",
        quote(&test.name),
        verdict(outcome),
        outcome.observation,
        quote(&test.question),
        states.join(", "),
        outcome.race,
        outcome.executions,
    )
}

fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", c as u32);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
