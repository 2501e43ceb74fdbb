//! What the head of an `.aur` test says: every outcome with what is to be thought of it, the number of executions, races.
//!
//! ```text
//! //: litmus MP+release+acquire
//! //: allow  1:r0=0 1:r1=0  nothing has come yet
//! //: expect 1:r0=1 1:r1=1  the flag brings the data
//! //: forbid 1:r0=1 1:r1=0  the data was written before the release
//! //: executions: 3
//! ```
//! An outcome names the columns that it is about; the others may be as they like. `allow` may come about, `expect` has to, `forbid`
//! must not. `exists (…)`, `~exists (…)` and `forall (…)` ask as in the C form. `race` says that there is one, `explorer` that
//! only the explorer can judge the test.

use crate::enumerate::Limits;
use crate::format::{Refusal, question};
use crate::outcome::{Outcome, State, judge};
use crate::program::{Condition, Order, Quantifier, Step, Test};
use std::fmt::Write;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    Allow,
    Expect,
    Forbid,
}

impl Mark {
    fn word(self) -> &'static str {
        match self {
            Mark::Allow => "allow",
            Mark::Expect => "expect",
            Mark::Forbid => "forbid",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub mark: Mark,
    /// `1:r0=0`, as they are printed.
    pub columns: Vec<String>,
    pub sentence: String,
}

impl Line {
    /// Whether an outcome, as it is printed, is meant.
    pub fn is_of(&self, outcome: &str) -> bool {
        self.columns.iter().all(|column| outcome.split_whitespace().any(|found| found == column))
    }
}

#[derive(Clone, Default, Debug)]
pub struct Wanted {
    pub name: String,
    pub lines: Vec<Line>,
    /// With its place in the text.
    pub question: Option<(String, usize)>,
    pub filter: Option<(String, usize)>,
    pub executions: Option<u64>,
    pub race: bool,
    pub explorer: bool,
}

impl Wanted {
    /// The head of a text; `None` if it is no litmus test.
    pub fn read(text: &str) -> Result<Option<Wanted>, Refusal> {
        let mut wanted = Wanted::default();
        let (mut named, mut at) = (false, 0);
        for line in text.split_inclusive('\n') {
            let here = at;
            at += line.len();
            let Some(said) = line.trim().strip_prefix("//:") else { continue };
            let said = said.trim();
            let place = here + line.len() - line.trim_start().len();
            let refuse = |message: &str| Err(Refusal { at: place, message: message.into() });
            let (word, rest) = said.split_once(char::is_whitespace).map_or((said, ""), |(word, rest)| (word, rest.trim()));
            match word {
                "litmus" if rest.is_empty() => return refuse("the test needs a name behind `litmus`"),
                "litmus" if named => return refuse("the test has a name already"),
                "litmus" => {
                    wanted.name = rest.into();
                    named = true;
                }
                _ if !named => return if word == "complete" || word == "finds" { Ok(None) } else { refuse("the first of these lines should be `//: litmus NAME`") },
                "allow" | "expect" | "forbid" => {
                    let mark = [Mark::Allow, Mark::Expect, Mark::Forbid].into_iter().find(|mark| mark.word() == word).expect("one of the three");
                    let is_column = |word: &&str| word.split_once('=').is_some_and(|(name, value)| !name.is_empty() && !value.is_empty());
                    let columns: Vec<String> = rest.split_whitespace().take_while(is_column).map(str::to_owned).collect();
                    if columns.is_empty() {
                        return refuse("an outcome such as `1:r0=1 x=2` should follow");
                    }
                    let sentence = rest.split_whitespace().skip(columns.len()).collect::<Vec<_>>().join(" ");
                    if sentence.is_empty() {
                        return refuse("a sentence should say why");
                    }
                    wanted.lines.push(Line { mark, columns, sentence });
                }
                "exists" | "~exists" | "forall" | "not" => {
                    if wanted.question.replace((said.into(), place)).is_some() {
                        return refuse("there is a question already");
                    }
                }
                "filter" => wanted.filter = Some((rest.into(), place)),
                "executions:" => match rest.parse() {
                    Ok(count) => wanted.executions = Some(count),
                    Err(_) => return refuse("a number of executions should follow"),
                },
                "race" => wanted.race = true,
                "explorer" => wanted.explorer = true,
                _ => return refuse("this is none of `allow`, `expect`, `forbid`, `executions: N`, `race`, `explorer`, `exists (…)`, `~exists (…)`, `forall (…)`"),
            }
        }
        if !named {
            return Ok(None);
        }
        if wanted.lines.is_empty() {
            return Err(Refusal { at: 0, message: "the head lists no outcome".into() });
        }
        Ok(Some(wanted))
    }

    /// Gives the test its name and its question, whose columns it has.
    pub fn ask(&self, test: &mut Test) -> Result<(), Refusal> {
        test.name = self.name.clone();
        let labels: Vec<&str> = test.shown.iter().map(|shown| shown.label.as_str()).collect();
        let placed = |at: usize, refusal: Refusal| Refusal { at, message: refusal.message };
        if let Some((text, at)) = &self.question {
            let (quantifier, condition) = question(text, &labels).map_err(|refusal| placed(*at, refusal))?;
            (test.quantifier, test.condition, test.question) = (quantifier, condition, text.clone());
        } else {
            // Whether something comes about that has to.
            let mut condition = Condition::Always(false);
            for line in self.lines.iter().filter(|line| line.mark == Mark::Expect) {
                let part = line.columns.iter().fold(Condition::Always(true), |all, column| {
                    let (label, value) = column.split_once('=').unwrap_or((column, ""));
                    let one = match (labels.iter().position(|known| *known == label), value.parse()) {
                        (Some(column), Ok(value)) => Condition::Equal(column, value),
                        _ => Condition::Always(false),
                    };
                    Condition::And(Box::new(all), Box::new(one))
                });
                condition = Condition::Or(Box::new(condition), Box::new(part));
            }
            (test.quantifier, test.condition, test.question) = (Quantifier::Exists, condition, "exists an expected outcome".into());
        }
        if let Some((text, at)) = &self.filter {
            test.filter = Some(question(&format!("exists {text}"), &labels).map_err(|refusal| placed(*at, refusal))?.1);
        }
        Ok(())
    }

    /// What is wrong with what was found: outcomes as they are printed.
    pub fn differences<'a>(&self, found: impl Iterator<Item = &'a str> + Clone, executions: u64, race: bool) -> Vec<String> {
        let mut wrong = Vec::new();
        for outcome in found.clone() {
            for line in self.lines.iter().filter(|line| line.mark == Mark::Forbid && line.is_of(outcome)) {
                wrong.push(format!("{outcome} came about, and is forbidden: {}", line.sentence));
            }
            if !self.lines.iter().any(|line| line.is_of(outcome)) {
                wrong.push(format!("{outcome} came about, and is not in the list"));
            }
        }
        for line in self.lines.iter().filter(|line| line.mark == Mark::Expect) {
            if !found.clone().any(|outcome| line.is_of(outcome)) {
                wrong.push(format!("{} was expected, and did not come about: {}", line.columns.join(" "), line.sentence));
            }
        }
        if let Some(wanted) = self.executions
            && wanted != executions
        {
            wrong.push(format!("{wanted} executions were expected, and there are {executions}"));
        }
        match (self.race, race) {
            (true, false) => wrong.push("a race was expected, and there is none".into()),
            (false, true) => wrong.push("there is a race that was not expected".into()),
            _ => {}
        }
        wrong
    }

    /// What may be said of a test of which all is known.
    pub fn of(test: &Test, outcome: &Outcome) -> Wanted {
        let with = |change: &dyn Fn(Order) -> Order| judge(&reordered(test, change), Limits::default()).map(|outcome| outcome.states).unwrap_or_default();
        let by_turns = with(&|_| Order::SeqCst);
        let relaxed = with(&|_| Order::Relaxed);
        let unordered = with(&|order| if order == Order::SeqCst { Order::AcqRel } else { order });
        let show = |state: &State| columns(test, state);
        let mut lines = Vec::new();
        for state in outcome.states.keys() {
            let is_weak = !by_turns.contains_key(state);
            let mark = if is_weak || test.condition.holds(state) { Mark::Expect } else { Mark::Allow };
            let sentence = if is_weak { "no order of turns gives this; nothing here forbids it" } else { "an order of turns gives this" };
            lines.push(Line { mark, columns: show(state), sentence: sentence.into() });
        }
        let why = |unordered: bool, relaxed: bool| {
            match (unordered, relaxed) {
                (true, _) => "only the one order of `seqcst` forbids this",
                (false, true) => "what is released and acquired forbids this",
                (false, false) => "forbidden however weak the orderings are: by coherence, atomicity, or because nothing comes out of thin air",
            }
        };
        let passes = |state: &State| test.filter.as_ref().is_none_or(|filter| filter.holds(state));
        let lost: Vec<&State> = relaxed.keys().filter(|state| passes(state) && !outcome.states.contains_key(*state)).collect();
        if lost.len() <= 12 {
            for state in &lost {
                lines.push(Line { mark: Mark::Forbid, columns: show(state), sentence: why(unordered.contains_key(*state), true).into() });
            }
        }
        // What the question asks for, if nothing answers.
        for conjunct in conjuncts(&test.condition).unwrap_or_default() {
            let is_of = |state: &State| conjunct.iter().all(|&(column, value)| state[column] == value);
            if conjunct.is_empty() || outcome.states.keys().any(is_of) || lost.len() <= 12 && lost.iter().any(|state| is_of(state)) {
                continue;
            }
            let columns: Vec<String> = conjunct.iter().map(|&(column, value)| format!("{}={value}", test.shown[column].label)).collect();
            let sentence = why(unordered.keys().any(is_of), relaxed.keys().any(is_of));
            if !lines.iter().any(|line| line.mark == Mark::Forbid && line.columns == columns) {
                lines.push(Line { mark: Mark::Forbid, columns, sentence: sentence.into() });
            }
        }
        Wanted {
            name: test.name.clone(),
            lines,
            question: Some((test.question.split_whitespace().collect::<Vec<_>>().join(" "), 0)),
            filter: None,
            executions: Some(outcome.executions),
            race: outcome.race,
            explorer: false,
        }
    }

    /// As the first lines of a program.
    pub fn head(&self, test: &Test) -> String {
        let mut text = format!("//! {}, made of its C form.\n//: litmus {}\n", self.name, self.name);
        if let Some((question, _)) = &self.question {
            let _ = writeln!(text, "//: {question}");
        }
        if let Some(filter) = &test.filter_text {
            let _ = writeln!(text, "//: filter {filter}");
        }
        let width = self.lines.iter().map(|line| line.columns.join(" ").len()).max().unwrap_or(0);
        for line in &self.lines {
            let _ = writeln!(text, "//: {:<6} {:<width$}  {}", line.mark.word(), line.columns.join(" "), line.sentence);
        }
        if let Some(executions) = self.executions {
            let _ = writeln!(text, "//: executions: {executions}");
        }
        if self.race {
            text.push_str("//: race\n");
        }
        text
    }
}

/// A state as it is printed.
fn columns(test: &Test, state: &State) -> Vec<String> {
    test.shown.iter().zip(state).map(|(shown, value)| format!("{}={value}", shown.label)).collect()
}

/// A state as the twin prints it.
pub fn printed(test: &Test, state: &State) -> String {
    columns(test, state).join(" ")
}

/// The same steps with other orderings.
fn reordered(test: &Test, change: &dyn Fn(Order) -> Order) -> Test {
    let mut test = test.clone();
    for step in test.threads.iter_mut().flat_map(|thread| &mut thread.steps) {
        match step {
            // A load does not release; the model takes any order for what it acquires.
            Step::Load { order, .. } | Step::Store { order, .. } | Step::Update { order, .. } | Step::Fence(order) => *order = change(*order),
            Step::CompareExchange { success, failure, .. } => {
                *success = change(*success);
                *failure = change(*failure);
            }
            Step::Set { .. } | Step::Unless { .. } | Step::Jump(_) => {}
        }
    }
    test
}

/// The condition as alternatives of equalities, if it is one.
fn conjuncts(condition: &Condition) -> Option<Vec<Vec<(usize, i64)>>> {
    Some(match condition {
        Condition::Always(true) => vec![vec![]],
        Condition::Always(false) => vec![],
        Condition::Equal(column, value) => vec![vec![(*column, *value)]],
        Condition::Or(left, right) => conjuncts(left)?.into_iter().chain(conjuncts(right)?).collect(),
        Condition::And(left, right) => {
            let (left, right) = (conjuncts(left)?, conjuncts(right)?);
            if left.len() * right.len() > 8 {
                return None;
            }
            left.iter().flat_map(|a| right.iter().map(move |b| a.iter().chain(b).copied().collect())).collect()
        }
        Condition::NotEqual(..) | Condition::Not(_) => return None,
    })
}
