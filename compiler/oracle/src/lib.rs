//! Runs concrete programs slowly, step by step, and watches every access to memory: what is read was written and is still
//! there, and whoever accesses a place may do so at that moment. Safe programs that the compiler accepts never fail here;
//! programs with `unsafe` blocks that fail here break the promises that those blocks make.
//!
//! `tags` says who may access a byte, `memory` holds the bytes, `place` and `value` find them, `eval` walks the graphs.
#![forbid(unsafe_code)]

mod calls;
mod eval;
mod memory;
mod numbers;
mod place;
mod runtime;
mod tags;
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

/// Runs a function whose parameters are integers.
pub fn run(typed: &TypedProgram, program: &MonoProgram, root: InstanceId, args: &[i64], steps: u64) -> Outcome {
    eval::Machine::new(typed, program, steps).run(root, args)
}
