//! The answer to a test's question.

use crate::model::Graph;
use crate::enumerate::{Limits, TooLarge, enumerate};
use crate::program::{Quantifier, Test};
use std::collections::BTreeMap;

/// Values of the columns of `Test::shown`.
pub type State = Vec<i64>;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Observation {
    Always,
    Sometimes,
    Never,
}

impl std::fmt::Display for Observation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Observation::Always => "Always",
            Observation::Sometimes => "Sometimes",
            Observation::Never => "Never",
        })
    }
}

#[derive(Debug)]
pub struct Outcome {
    /// Each possible final state and in how many executions it comes about.
    pub states: BTreeMap<State, u64>,
    pub executions: u64,
    /// Whether an execution has a data race.
    pub race: bool,
    /// Whether the question's answer is yes.
    pub holds: bool,
    /// How often the condition is fulfilled.
    pub observation: Observation,
    /// For each state an execution that leads there, if they were asked for.
    pub examples: BTreeMap<State, Graph>,
}

pub fn judge(test: &Test, limits: Limits) -> Result<Outcome, TooLarge> {
    judge_with(test, limits, false)
}

/// With an example of each state.
pub fn judge_with_examples(test: &Test, limits: Limits) -> Result<Outcome, TooLarge> {
    judge_with(test, limits, true)
}

fn judge_with(test: &Test, limits: Limits, keeps: bool) -> Result<Outcome, TooLarge> {
    let mut examples: BTreeMap<State, Graph> = BTreeMap::new();
    let mut states: BTreeMap<State, u64> = BTreeMap::new();
    let (mut executions, mut race) = (0, false);
    enumerate(test, limits, &mut |execution| {
        let state = execution.state();
        if test
            .filter
            .as_ref()
            .is_some_and(|filter| !filter.holds(&state))
        {
            return;
        }
        executions += 1;
        race |= execution.graph.has_race();
        if keeps && !examples.contains_key(&state) {
            examples.insert(state.clone(), execution.graph.clone());
        }
        *states.entry(state).or_default() += 1;
    })?;
    Ok(Outcome { examples, ..Outcome::new(test, states, executions, race) })
}

impl Outcome {
    /// The answer that these final states give.
    pub fn new(
        test: &Test,
        states: BTreeMap<State, u64>,
        executions: u64,
        race: bool,
    ) -> Outcome {
        let fulfilled = states
            .keys()
            .filter(|state| test.condition.holds(state))
            .count();
        let observation = match fulfilled {
            0 => Observation::Never,
            count if count == states.len() => Observation::Always,
            _ => Observation::Sometimes,
        };
        let holds = match test.quantifier {
            Quantifier::Exists => fulfilled > 0,
            Quantifier::NotExists => fulfilled == 0,
            Quantifier::ForAll => fulfilled == states.len(),
        };
        Outcome {
            states,
            executions,
            race,
            holds,
            observation,
            examples: BTreeMap::new(),
        }
    }
}
