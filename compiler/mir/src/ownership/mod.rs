//! Who owns what: values are used while they are there, moved once, changed where that is allowed. Works on generic
//! bodies right after `build`, so that spans and names are the user's.

mod borrows;
mod inward;
mod liveness;
mod loans;
mod made;
mod moves;
mod mutability;
mod names;
mod stir;
mod tasks;
mod unused;
mod views;

use crate::body::*;
use crate::fast::FastSet;
use crate::types::Types;
use diag::Diags;
use hir::typed;

pub(crate) use inward::Keeps;

/// Reports the mistakes of one function and its closures.
pub fn check(types: &Types, keeps: &Keeps, typed: &typed::Body, bodies: &[Body], diags: &mut Diags) {
    let mut changed = FastSet::default();
    let before = diags.has_errors();
    for body in bodies {
        moves::check(types, typed, body, diags, &mut changed);
    }
    let clean = before || !diags.has_errors();
    // What was moved away by mistake would be missed again as a loan.
    if clean {
        for body in bodies {
            borrows::check(types, keeps, typed, bodies, body, diags);
        }
    }
    unused::check(types, typed, &changed, clean, diags);
}
