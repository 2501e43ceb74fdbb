//! What `hir` says to the user: one constructor a situation, all wording here.

mod names;
mod ownership;
mod patterns;
mod types;

pub(crate) use names::*;
pub(crate) use ownership::*;
pub(crate) use patterns::*;
pub(crate) use types::*;
