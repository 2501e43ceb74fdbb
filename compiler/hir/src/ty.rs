//! Types as values: interned, compared by address, matched through [`Ty::kind`].

mod display;
mod fold;
mod intern;
mod kind;

pub use fold::Subst;
pub(crate) use fold::for_each_part;
pub use kind::*;
