//! The middle: control flow graphs over places, checked, made concrete, optimised.
//! `hir::TypedProgram ─build→ mir::Program ─check→ CheckedProgram ─monomorphize→ MonoProgram ─place,optimize→ PlacedProgram`.
#![forbid(unsafe_code)]

/// Our own mistake, with the phase and the function in which it showed.
macro_rules! bug {
    ($phase:expr, $function:expr; $($text:tt)*) => {
        panic!("bug! {} of `{}`: {}\nthis is a mistake of the compiler; please report it with the program", $phase, $function, format_args!($($text)*))
    };
}

pub mod body;
pub mod layout;
pub mod print;
pub mod types;
pub mod verify;
pub mod visit;

mod build;
mod check;
mod dataflow;
mod drops;
mod errors;
mod facts;
mod fast;
mod graph;
mod init;
mod mono;
mod opt;
mod ownership;
mod paths;
mod raise;
mod reach;
mod place;
mod work;

pub use build::build;
pub use check::{CheckedProgram, check, check_library};
pub use mono::{Grain, Roots, check_constants, monomorphize};
pub use opt::{Level, optimize};
pub use fast::{BitSet, FastMap, FastSet};
pub use place::Location;

#[cfg(test)]
mod tests;
