//! The middle: control flow graphs over places, checked, made concrete, optimised.
//! `hir::TypedProgram ─build→ mir::Program ─check→ CheckedProgram ─monomorphize→ MonoProgram ─place,optimize→ PlacedProgram`.
#![forbid(unsafe_code)]

pub mod body;
pub mod layout;
