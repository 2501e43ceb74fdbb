//! What is told about a judged test: a block of text for people, an object on one line for programs.

use crate::outcome::{Observation, Outcome};
use crate::picture;
use crate::program::{Quantifier, Test};
use crate::wanted::{Line, Mark, Wanted, printed};
use std::collections::BTreeMap;
use std::fmt::Write;

/// All that is known of a test.
#[derive(Debug)]
pub struct Answer {
    pub name: String,
    /// Whether the question's answer is yes, and everything else as it should be.
    pub holds: bool,
    pub observation: Observation,
    pub quantifier: &'static str,
    pub question: String,
    pub states: Vec<Final>,
    pub race: bool,
    pub executions: u64,
    /// What the machine showed: how often, and what.
    pub histogram: Option<Histogram>,
    /// Where the engines, or the head and they, disagree.
    pub differences: Vec<String>,
}

#[derive(Debug)]
pub struct Histogram {
    pub counts: Vec<(u64, Columns)>,
    pub seconds: f64,
}

/// Labels and values.
pub type Columns = Vec<(String, String)>;

#[derive(Debug)]
pub struct Final {
    pub columns: Columns,
    pub executions: u64,
    /// Whether the question is about it.
    pub is_asked: bool,
    /// An execution that leads there.
    pub picture: Vec<String>,
    /// The same for Graphviz.
    pub dot: String,
}

/// A final state as it is printed.
pub fn split(printed: &str) -> Columns {
    let pair = |word: &str| word.split_once('=').map_or_else(|| (word.to_owned(), String::new()), |(label, value)| (label.to_owned(), value.to_owned()));
    printed.split_whitespace().map(pair).collect()
}

impl Answer {
    pub fn of(test: &Test, outcome: &Outcome) -> Answer {
        let states = outcome.states.iter().map(|(state, &executions)| Final {
            columns: test.shown.iter().zip(state).map(|(shown, value)| (shown.label.clone(), value.to_string())).collect(),
            executions,
            is_asked: test.condition.holds(state),
            picture: outcome.examples.get(state).map(|graph| picture::text(test, graph)).unwrap_or_default(),
            dot: outcome.examples.get(state).map(|graph| picture::dot(test, graph, &format!("{}: {}", test.name, printed(test, state)))).unwrap_or_default(),
        });
        Answer {
            name: test.name.clone(),
            holds: outcome.holds,
            observation: outcome.observation,
            quantifier: match test.quantifier {
                Quantifier::Exists => "exists",
                Quantifier::NotExists => "~exists",
                Quantifier::ForAll => "forall",
            },
            question: test.question.clone(),
            states: states.collect(),
            race: outcome.race,
            executions: outcome.executions,
            histogram: None,
            differences: Vec::new(),
        }
    }

    /// Of a test that the model cannot read: the head's expected outcomes are what is asked for.
    pub fn explored(wanted: &Wanted, outcomes: &BTreeMap<String, u64>, executions: u64, race: bool) -> Answer {
        let is_asked = |outcome: &str| wanted.lines.iter().any(|line: &Line| line.mark == Mark::Expect && line.is_of(outcome));
        let states: Vec<Final> =
            outcomes.iter().map(|(outcome, &executions)| Final { columns: split(outcome), executions, is_asked: is_asked(outcome), picture: Vec::new(), dot: String::new() }).collect();
        let asked = states.iter().filter(|state| state.is_asked).count();
        let observation = match asked {
            0 => Observation::Never,
            count if count == states.len() => Observation::Always,
            _ => Observation::Sometimes,
        };
        Answer {
            name: wanted.name.clone(),
            holds: true,
            observation,
            quantifier: "exists",
            question: "exists an expected outcome".into(),
            states,
            race,
            executions,
            histogram: None,
            differences: Vec::new(),
        }
    }

    fn verdict(&self) -> &'static str {
        if self.holds { "Ok" } else { "No" }
    }

    /// One line, and with `states` a table of final states: how many executions lead there, those that are asked for marked.
    pub fn table(&self, states: bool) -> String {
        let mut text = String::new();
        let race = if self.race { "  race" } else { "" };
        let plural = |count: u64, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        let _ = writeln!(
            text,
            "{:<2}  {:<9}  {}  ({}, {}){race}",
            self.verdict(),
            self.observation.to_string(),
            self.name,
            plural(self.states.len() as u64, "state", "states"),
            plural(self.executions, "execution", "executions"),
        );
        if states {
            for state in &self.states {
                let mark = if state.is_asked { '*' } else { ' ' };
                let _ = writeln!(text, "    {mark} {:>6}  {}", state.executions, shown(&state.columns));
                for line in &state.picture {
                    let _ = writeln!(text, "               {line}");
                }
            }
            let _ = writeln!(text, "      {}", self.question);
        }
        if let Some(histogram) = &self.histogram {
            let total: u64 = histogram.counts.iter().map(|(count, _)| count).sum();
            let _ = writeln!(text, "      {total} runs on this machine, {:.1} million a second:", total as f64 / histogram.seconds.max(1e-9) / 1e6);
            for (count, columns) in &histogram.counts {
                let asked = self.states.iter().any(|state| state.is_asked && state.columns == *columns);
                let _ = writeln!(text, "    {} {count:>12}  {}", if asked { '*' } else { ' ' }, shown(columns));
            }
        }
        for difference in &self.differences {
            let _ = writeln!(text, "      wrong: {difference}");
        }
        text
    }

    /// Its states' executions for Graphviz.
    pub fn dot(&self) -> String {
        self.states.iter().map(|state| state.dot.as_str()).collect()
    }

    /// An object on one line.
    pub fn json(&self) -> String {
        let states: Vec<String> = self.states.iter().map(|state| object(&state.columns)).collect();
        let mut text = format!(
            "{{\"name\": {}, \"verdict\": \"{}\", \"observation\": \"{}\", \"quantifier\": \"{}\", \"condition\": {}, \"states\": [{}], \"race\": {}, \"executions\": {}",
            quote(&self.name),
            self.verdict(),
            self.observation,
            self.quantifier,
            quote(&self.question),
            states.join(", "),
            self.race,
            self.executions,
        );
        if let Some(histogram) = &self.histogram {
            let counts: Vec<String> = histogram.counts.iter().map(|(count, columns)| format!("{{\"state\": {}, \"count\": {count}}}", object(columns))).collect();
            let _ = write!(text, ", \"histogram\": [{}]", counts.join(", "));
        }
        if !self.differences.is_empty() {
            let list: Vec<String> = self.differences.iter().map(|difference| quote(difference)).collect();
            let _ = write!(text, ", \"differences\": [{}]", list.join(", "));
        }
        text.push('}');
        text
    }
}

fn shown(columns: &Columns) -> String {
    columns.iter().map(|(label, value)| format!("{label}={value}")).collect::<Vec<_>>().join("  ")
}

fn object(columns: &Columns) -> String {
    // What is no number is a text.
    let value = |value: &str| if value.parse::<i64>().is_ok() { value.to_owned() } else { quote(value) };
    let columns: Vec<String> = columns.iter().map(|(label, of)| format!("{}: {}", quote(label), value(of))).collect();
    format!("{{{}}}", columns.join(", "))
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
