//! What a `pure fn` must not do, whoever it has it done by: no input or output, no state that others see change, no clock, no
//! chance. Its own arguments it may change, and what it makes. What it is handed to call is its caller's business.

use crate::TypedProgram;
use crate::errors;
use crate::ids::FnId;
use crate::program::FnKind;
use crate::queries::Resolved;
use crate::ty::{Args, TyKind};
use crate::typed::{Callee, ExprKind};
use diag::{Diags, Span};
use std::collections::HashMap;

/// Something impure, and what it is.
#[derive(Clone)]
struct Found {
    at: Span,
    what: String,
}

pub(crate) fn check(program: &TypedProgram, diags: &mut Diags) {
    let mut known = HashMap::new();
    let hir = program.program();
    for def in hir.fns.iter().filter(|def| def.is_pure && !hir.module(def.module).library) {
        let Some((at, next)) = uses(program, def.id).into_iter().find_map(|used| leads_to(program, used, &mut known)) else { continue };
        diags.push(errors::impure(def.name.as_str(), def.name_span, at, &next.what, (next.at != at).then_some(next.at)));
    }
}

/// One thing that a body uses: a function, or a `static` that changes.
enum Used {
    Fn(Span, FnId),
    Changing(Span, FnId),
}

/// What a body mentions, in the order of the text, with what a call means where that is known.
fn uses(program: &TypedProgram, id: FnId) -> Vec<Used> {
    let hir = program.program();
    let Some(body) = program.body(id).filter(|body| !body.poisoned) else { return Vec::new() };
    let meant = |function: FnId, args: Args| match hir.fn_def(function).kind {
        FnKind::Trait(_) if args.iter().any(|ty| ty.any(&mut |part| matches!(part.kind(), TyKind::Param(_) | TyKind::Projection(_) | TyKind::Error))) => None,
        FnKind::Trait(_) => match program.resolve(function, args) {
            Resolved::Fn(function, _) => Some(function),
            Resolved::Virtual(_) | Resolved::CloneByCopy | Resolved::FnTrait(_) => None,
        },
        _ => Some(function),
    };
    let mut out: Vec<(Span, Used)> = Vec::new();
    for expr in &body.exprs {
        let used = match &expr.kind {
            ExprKind::Call(Callee::Fn(function, args), _) | ExprKind::FnItem(function, args) => {
                meant(*function, *args).map(|function| Used::Fn(expr.span, function))
            }
            ExprKind::Static(item) if matches!(hir.fn_def(*item).kind, FnKind::Static { mutable: true }) => Some(Used::Changing(expr.span, *item)),
            _ => None,
        };
        out.extend(used.map(|used| (expr.span, used)));
    }
    out.sort_by_key(|(span, _)| (span.lo, span.hi));
    out.into_iter().map(|(_, used)| used).collect()
}

/// Where something is used, and the impure thing that this comes to.
fn leads_to(program: &TypedProgram, used: Used, known: &mut HashMap<FnId, Option<Found>>) -> Option<(Span, Found)> {
    let hir = program.program();
    match used {
        Used::Changing(at, item) => Some((at, Found { at, what: format!("uses the changing `static` `{}`", hir.fn_def(item).name) })),
        Used::Fn(at, function) => {
            let def = hir.fn_def(function);
            if matches!(def.kind, FnKind::Foreign) {
                return Some((at, Found { at, what: format!("calls the foreign function `{}`", def.name) }));
            }
            if hir.module(def.module).library {
                return library(&def.path).map(|what| (at, Found { at, what: format!("{what}: `{}`", name_of(&def.path)) }));
            }
            if def.is_pure {
                return None;
            }
            if let Some(found) = known.get(&function) {
                return found.clone().map(|found| (at, found));
            }
            // Whatever a circle does is found where it was entered.
            known.insert(function, None);
            let found = uses(program, function).into_iter().find_map(|used| leads_to(program, used, known)).map(|(_, found)| found);
            known.insert(function, found.clone());
            found.map(|found| (at, found))
        }
    }
}

/// What a function of the library does that a pure one must not.
fn library(path: &str) -> Option<&'static str> {
    let name = path.rsplit("::").next().unwrap_or(path);
    let within = |room: &str| path.starts_with(room);
    if within("std::io::random::") {
        return (name == "thread").then_some("draws by chance");
    }
    if within("std::io::clock::") || within("std::task::wait::sleep") || name == "timeout_enter" || name == "scope_deadline" {
        return Some("asks the clock");
    }
    if within("std::io::") {
        return Some("reads or writes");
    }
    let makes = matches!(name, "new" | "into_inner" | "get_mut" | "drop" | "default");
    if (within("std::sync::") || within("std::alloc::cell::") || within("std::task::token::")) && !makes {
        return Some("uses state that others see change");
    }
    if within("std::task::local::") || name == "detach" || within("std::task::current::") {
        return Some("depends on the task that it runs in");
    }
    None
}

/// `Mutex::lock` of `std::sync::mutex::Mutex::lock`.
fn name_of(path: &str) -> &str {
    let mut parts = path.rmatch_indices("::").map(|(at, _)| at);
    let Some(last) = parts.next() else { return path };
    let owner = parts.next().map_or(0, |at| at + 2);
    if path[owner..].starts_with(|c: char| c.is_ascii_uppercase()) { &path[owner..] } else { &path[last + 2..] }
}
