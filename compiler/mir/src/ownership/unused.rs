//! Variables that nobody reads, and `mut` that nobody needs. Only in the user's own files.

use crate::errors;
use crate::fast::FastSet;
use crate::types::Types;
use diag::{Diags, Span};
use hir::ids::LocalId;
use hir::typed::{self, ExprKind};

/// `clean`: no mistake of ownership was found, so that `changed` is complete.
pub(super) fn check(types: &Types, typed: &typed::Body, changed: &FastSet<LocalId>, clean: bool, diags: &mut Diags) {
    let program = types.program.program();
    let def = program.fn_def(typed.owner);
    if program.module(def.module).library || program.sources.file(def.span.file).is_none_or(|file| file.library) {
        return;
    }
    let mut read = vec![false; typed.locals.len()];
    let mut written = vec![false; typed.locals.len()];
    // What stands alone on the left of `=` is not read there.
    let mut targets = FastSet::default();
    for expr in &typed.exprs {
        if let ExprKind::Assign(place, _) = expr.kind
            && let ExprKind::Local(local) = typed.expr(place).kind
        {
            targets.insert(place);
            written[local.index()] = true;
        }
    }
    for (index, expr) in typed.exprs.iter().enumerate() {
        if let ExprKind::Local(local) = expr.kind
            && !targets.contains(&hir::ids::ExprId(index as u32))
        {
            read[local.index()] = true;
        }
    }
    for (index, local) in typed.locals.iter().enumerate() {
        let name = local.name.as_str();
        let made = local.span.is_none() || program.sources.snippet(local.span) != name;
        if made || name.starts_with('_') || name == "self" {
            continue;
        }
        if !read[index] {
            diags.push(errors::unused_variable(name, local.span, written[index]));
        } else if local.mutable && clean && !changed.contains(&LocalId(index as u32)) {
            diags.push(errors::unneeded_mut(name, local.span, mut_before(types, local.span)));
        }
    }
}

/// The word `mut` and the space behind it.
fn mut_before(types: &Types, name: Span) -> Option<Span> {
    let file = types.program.program().sources.file(name.file)?;
    let before = file.text.get(..name.lo as usize)?;
    let start = before.trim_end().strip_suffix("mut")?.len();
    Some(Span { lo: start as u32, hi: name.lo, ..name })
}
