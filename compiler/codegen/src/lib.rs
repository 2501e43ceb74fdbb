//! The back end: `mir::MonoProgram ─emit→ machine code ─jit|aot→ memory or bytes of a file`.
//!
//! What emission expects of a concrete program stands in [`conventions`].

pub mod conventions;

pub mod aot;
mod compile;
mod convention;
mod emit;
mod image;
mod isa;
pub mod jit;
mod lines;
mod live;
mod loops;
mod memory;
mod settle;
pub mod text;
mod unit;

/// How to compile.
#[derive(Clone, Debug)]
pub struct Options {
    /// Cranelift's own optimisations.
    pub opt: bool,
    /// Check what emission hands to Cranelift: for tests and for hunting our own bugs.
    pub verify: bool,
    /// 0: as many as the machine has.
    pub threads: usize,
    /// Use all instructions of this machine, not only those that every machine of the last fifteen years has.
    pub native: bool,
    /// Before each atomic operation another task may go on: for repeatable and explored runs.
    pub observed: bool,
    /// Each round of a loop is told to the runtime: for runs in which waiting by looking again and again must come to an end.
    pub rounds: bool,
    /// Each access through a pointer is told to the runtime, but for those of the library's own rooms for tasks: for runs in
    /// which nothing orders what unsafe code does.
    pub plain: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { opt: true, verify: cfg!(debug_assertions), threads: 0, native: false, observed: false, rounds: false, plain: false }
    }
}
