//! Runs concrete programs slowly, step by step, and watches every access to memory: what is read was written and is still
//! there, and whoever accesses a place may do so at that moment. Safe programs that the compiler accepts never fail here;
//! programs with `unsafe` blocks that fail here break the promises that those blocks make.
//!
//! `tags` says who may access a byte, `clocks` which accesses of tasks are ordered, `memory` holds the bytes, `place` and `value`
//! find them, `eval` walks the graphs, `tasks` runs what is spawned.
#![forbid(unsafe_code)]

mod calls;
mod clocks;
mod eval;
mod memory;
mod numbers;
mod place;
mod runtime;
mod tags;
mod tasks;
mod value;

use diag::Span;
use hir::TypedProgram;
use mir::body::{InstanceId, MonoProgram};

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Every step was allowed.
    Clean,
    /// Every step was allowed; a panic ended it.
    Panicked,
    Violation(Violation),
    /// It needs what only the runtime can do.
    Unsupported(String),
    /// It took more steps than it was given.
    Endless,
}

/// A step that memory did not allow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    pub what: String,
    /// Where, innermost first: the function and the place in its text.
    pub trace: Vec<(String, Span)>,
}

/// A run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    pub outcome: Outcome,
    /// So many references were made outside of the library.
    pub borrows: u64,
}

/// Runs a function whose parameters are integers. When its tasks run, the seed decides.
pub fn run(typed: &TypedProgram, program: &MonoProgram, root: InstanceId, args: &[i64], seed: u64, steps: u64) -> Report {
    let mut machine = eval::Machine::new(typed, program, seed, steps);
    let outcome = machine.run(root, args);
    Report { outcome, borrows: machine.borrows }
}
