//! Who owns what: values are used while they are there, moved once, changed where that is allowed. Works on generic
//! bodies right after `build`, so that spans and names are the user's.

mod moves;
mod mutability;
mod names;
mod unused;

use crate::body::*;
use crate::fast::FastSet;
use crate::types::Types;
use diag::Diags;
use hir::typed;

/// Reports the mistakes of one function and its closures.
pub fn check(types: &Types, typed: &typed::Body, bodies: &[Body], diags: &mut Diags) {
    let mut changed = FastSet::default();
    let before = diags.has_errors();
    for body in bodies {
        moves::check(types, typed, body, diags, &mut changed);
    }
    let clean = before || !diags.has_errors();
    unused::check(types, typed, &changed, clean, diags);
}
