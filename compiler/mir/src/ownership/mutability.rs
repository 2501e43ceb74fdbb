//! Changes of what may not change: variables without `mut`, anything behind a shared reference.

use super::moves::Checker;
use super::names::{Definition, Root};
use crate::body::*;
use crate::errors::{self, Change};
use crate::place::Location;
use crate::types::PlaceTy;
use hir::ty::{Mutable, TyKind};
use hir::typed::{CaptureBy, CaptureStep};

/// `again`: the local got a value before, so that this is a change and not its first value.
pub(super) fn check_assign(cx: &mut Checker, place: &Place, at: Location, again: bool) {
    if place.is_local() && (!again || cx.names.body.local_decl(place.local).name.is_none()) {
        return;
    }
    let change = if place.is_local() { Change::Again } else { Change::Assign };
    check(cx, place, at, change);
}

pub(super) fn check_borrow(cx: &mut Checker, place: &Place, at: Location) {
    check(cx, place, at, Change::Borrow(None));
}

/// From the end of the path to its root: the last pointer decides, but for a `Box`, which owns; an exclusive reference
/// must itself be reached without a shared one.
fn check(cx: &mut Checker, place: &Place, at: Location, change: Change) {
    let names = &cx.names;
    let mut tys = Vec::with_capacity(place.projection.len());
    let mut ty = PlaceTy { ty: names.body.local_decl(place.local).ty, variant: None };
    for step in &place.projection {
        tys.push(ty.ty);
        ty = names.types.step(ty, *step);
    }
    let root = names.root(place);
    let own = match root {
        Root::Local(_) => 0,
        // What leads to the capture is the closure's own business.
        Root::Captured { rest, .. } => rest,
    };
    let mut exclusive = false;
    for (index, step) in place.projection.iter().enumerate().skip(own).rev() {
        if *step != Projection::Deref {
            continue;
        }
        match tys[index].kind() {
            TyKind::Ref(Mutable::No, _) => return report_shared(cx, place, index, at, change),
            TyKind::Ref(Mutable::Yes, _) => exclusive = true,
            TyKind::Ptr(Mutable::Yes, _) => return,
            TyKind::Ptr(Mutable::No, _) => return report_shared(cx, place, index, at, change),
            _ => {}
        }
    }
    match root {
        Root::Local(local) => {
            let decl = names.body.local_decl(local);
            if exclusive || decl.name.is_none() {
                return;
            }
            if !decl.mutable {
                return report_local(cx, place, local, at, change);
            }
            if let Some(variable) = names.variable(local) {
                cx.changed.insert(variable);
            }
        }
        Root::Captured { capture, .. } => {
            let variable = names.typed.local(capture.local);
            match capture.by {
                CaptureBy::Shared if !exclusive => {
                    let name = names.describe_or(place, "this value");
                    let span = names.span_at(at);
                    cx.diags.push(errors::change_of_shared_capture(&name, span, variable.span));
                }
                // Whether the variable may change was asked where it was captured.
                CaptureBy::Shared | CaptureBy::Exclusive => {}
                CaptureBy::Value => {
                    let through_reference = exclusive || capture.path.contains(&CaptureStep::Deref);
                    if through_reference {
                        return;
                    }
                    if !variable.mutable {
                        let name = names.describe_or(place, "this value");
                        let span = names.span_at(at);
                        let diagnostic =
                            errors::change_of_immutable(&name, &variable.name, variable.span, span, change, false);
                        return cx.diags.push(diagnostic);
                    }
                    cx.changed.insert(capture.local);
                }
            }
        }
    }
}

fn report_local(cx: &mut Checker, place: &Place, local: Local, at: Location, change: Change) {
    let names = &cx.names;
    let decl = names.body.local_decl(local);
    let (Some(name), span) = (decl.name, names.span_at(at)) else { return };
    let declared = names.body.source(decl.source).span;
    let described = names.describe_or(place, "this value");
    let is_param = local.0 <= names.body.param_count;
    let change = with_method(cx, place, at, change);
    cx.diags.push(errors::change_of_immutable(&described, &name, declared, span, change, is_param));
}

/// The method for which an exclusive borrow was made.
fn with_method(cx: &Checker, place: &Place, at: Location, change: Change) -> Change {
    let (Change::Borrow(None), body) = (change, cx.names.body) else { return change };
    let Some(Statement { kind: StatementKind::Assign(temp, Rvalue::Ref { two_phase, place: of, .. }), .. }) =
        body.block(at.block).statements.get(at.statement as usize)
    else {
        return change;
    };
    if of != place {
        return change;
    }
    for block in &body.blocks {
        if let TerminatorKind::Call { callee: Callee::Fn(id, _), args, .. } = &block.terminator.kind
            && args.first().and_then(Operand::as_local) == temp.as_local()
        {
            let def = cx.names.types.program.program().fn_def(*id);
            if def.has_self && (*two_phase || args.len() == 1) {
                return Change::Borrow(Some(def.name));
            }
        }
    }
    change
}

fn report_shared(cx: &mut Checker, place: &Place, deref: usize, at: Location, change: Change) {
    let names = &cx.names;
    let span = names.span_at(at);
    let described = names.describe_or(place, "this value");
    let pointer = place.prefix(deref);
    let decl = names.body.local_decl(place.local);
    if deref == 0
        && decl.name.is_none()
        && let Some(Definition::Index(of)) = names.definition(place.local)
    {
        let whole = names.describe_or(of, "it");
        return cx.diags.push(errors::write_through_shared(&described, &whole, None, "", span, change, false));
    }
    let through = names.describe_or(&pointer, "");
    let declared = (deref == 0 && decl.name.is_some()).then(|| names.body.source(decl.source).span);
    let shown = names.show(names.types.place(&names.body.locals, &pointer));
    let is_self = decl.name.is_some_and(|name| name.as_str() == "self") && deref == 0;
    let change = with_method(cx, place, at, change);
    cx.diags.push(errors::write_through_shared(&described, &through, declared, &shown, span, change, is_self));
}
