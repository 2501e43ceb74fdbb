//! Passes over concrete bodies, and the tidying that every builder of bodies ends with.

pub(crate) mod fold;
pub(crate) mod simplify;

use crate::body::MonoProgram;
use crate::types::Types;
use hir::TypedProgram;
use hir::ids::FnId;

/// How much time to spend.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// To run soon.
    Quick,
    /// To run fast.
    Full,
}

/// The same program, faster. Fills `never_raises`.
pub fn optimize(program: &TypedProgram, mut mono: MonoProgram, level: Level) -> MonoProgram {
    let types = Types::new(program, FnId(0));
    let _ = level;
    crate::raise::mark(&types, &mut mono);
    if cfg!(debug_assertions) {
        crate::verify::verify_program(&types, &mono, "optimization");
    }
    mono
}
