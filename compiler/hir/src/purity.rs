//! What a `pure fn` must not do, whoever it has it done by: no input or output, no state that others see change, no clock, no
//! chance. Its own arguments it may change, and what it makes. What it is handed to call is its caller's business: a caller that
//! knows the types answers for the methods by which they fulfil what is asked of them.

use crate::TypedProgram;
use crate::errors;
use diag::fast::{FastMap, FastSet};
use crate::ids::{AdtId, FnId, TraitId};
use crate::program::{FnDef, FnKind, Generics, ImplDef, Predicate, PredicateKind};
use crate::queries::Resolved;
use crate::ty::{Args, Mutable, Subst, Ty, TyKind};
use crate::typed::{Body, Callee, ExprKind};
use diag::{Diags, Span};

/// What was found of functions that were looked at.
#[derive(Default)]
struct Known {
    of: FastMap<FnId, Option<Found>>,
    /// Those of which nothing was found yet, in the order in which they were entered: what is still looked at may lead back to them.
    open: Vec<FnId>,
    depth: usize,
}

/// Something impure, what it is, and the functions on the way to it, the nearest first.
#[derive(Clone)]
struct Found {
    at: Span,
    what: String,
    through: Vec<diag::Symbol>,
}

pub(crate) fn check(program: &TypedProgram, diags: &mut Diags) {
    let mut known = Known::default();
    let hir = program.program();
    for def in hir.fns.iter().filter(|def| !hir.module(def.module).library) {
        let Some(promise) = promised_at(program, def) else { continue };
        let Some((at, next)) = uses(program, def.id).into_iter().find_map(|used| leads_to(program, used, &mut known)) else { continue };
        let through: Vec<&str> = next.through.iter().map(|name| name.as_str()).collect();
        diags.push(errors::impure(def.name.as_str(), promise, at, &next.what, (next.at != at).then_some(next.at), &through));
    }
}

/// Where a function, or the trait that it is a method of, says that it is pure.
fn promised_at(program: &TypedProgram, def: &FnDef) -> Option<Span> {
    if def.is_pure {
        return Some(def.name_span);
    }
    let hir = program.program();
    let FnKind::Impl(id) = def.kind else { return None };
    let (of, _) = hir.impl_def(id).of_trait?;
    let method = hir.trait_def(of).methods.iter().map(|method| hir.fn_def(*method)).find(|method| method.name == def.name)?;
    method.is_pure.then_some(method.name_span)
}

/// Why the rounds of a loop must keep their order, if they do: where, and what is done. The loop is found by its place.
pub fn impure_rounds(program: &TypedProgram, place: Span) -> Option<(Span, String)> {
    let hir = program.program();
    let mut known = Known::default();
    for def in hir.fns.iter().filter(|def| !hir.module(def.module).library) {
        let Some(body) = program.body(def.id).filter(|body| !body.poisoned) else { continue };
        let inside = |span: Span| span.file == place.file && place.lo <= span.lo && span.hi <= place.hi;
        if !body.exprs.iter().any(|expr| inside(expr.span)) {
            continue;
        }
        for used in uses(program, def.id) {
            // Where values end is looked at below, in words of its own.
            let (Used::Fn(at, _) | Used::Changing(at, _)) = used else { continue };
            if inside(at)
                && let Some((at, found)) = leads_to(program, used, &mut known)
            {
                return Some((at, format!("a round {}", found.what)));
            }
        }
        // What is called without being named, or runs where a value ends.
        for expr in body.exprs.iter().filter(|expr| inside(expr.span)) {
            if let ExprKind::Call(callee, args) = &expr.kind
                && let Some(what) = unknown_callee(program, &body, callee, args, place)
            {
                return Some((expr.span, what));
            }
            if let Some(name) = ends_with_effects(program, expr.ty, &mut known) {
                return Some((expr.span, format!("a round ends a `{name}`, whose destructor does more than free it")));
            }
        }
    }
    None
}

/// A callee of which only the running program knows what it does.
fn unknown_callee(program: &TypedProgram, body: &Body, callee: &Callee, args: &[crate::ids::ExprId], place: Span) -> Option<String> {
    match callee {
        Callee::Pointer => Some("a round calls a function that is known only when the program runs".to_owned()),
        Callee::FnTrait(_) => {
            let mut ty = body.exprs[args.first()?.index()].ty;
            while let TyKind::Ref(_, inner) = ty.kind() {
                ty = *inner;
            }
            match ty.kind() {
                TyKind::Closure(id, _) if body.closures.iter().any(|closure| closure.id == *id && place.lo <= closure.span.lo && closure.span.hi <= place.hi) => None,
                TyKind::FnDef(..) => None,
                _ => Some("a round calls a closure that was made elsewhere".to_owned()),
            }
        }
        Callee::Fn(function, args) => {
            let hir = program.program();
            let FnKind::Trait(of) = hir.fn_def(*function).kind else { return None };
            let is_unknown = if is_open(*args) { !is_of_the_library(program, of, *args) } else { matches!(program.resolve(*function, *args), Resolved::Virtual(_)) };
            let name = hir.fn_def(*function).name;
            is_unknown.then(|| match hir.lang.is_trait("into_iterator", of) {
                true => "what is gone through is of a type that is not known here".to_owned(),
                false => format!("a round calls `{name}` of a type that is not known here"),
            })
        }
    }
}

/// Whether a trait is fulfilled by the library, whatever stands for the open parts of these types: it asks none of them for methods.
fn is_of_the_library(program: &TypedProgram, id: TraitId, args: Args) -> bool {
    let hir = program.program();
    let Some((of, args)) = program.impl_of(id, Args::new(&args[..hir.trait_def(id).generics.params.len()])) else { return false };
    let of = hir.impl_def(of);
    let asks = |predicate: &Predicate| match predicate.kind {
        PredicateKind::Trait(id, of) => {
            let of = of.subst(&args);
            !hir.trait_def(id).methods.is_empty() && is_open(of) && !is_of_the_library(program, id, of)
        }
        PredicateKind::Projection(..) => false,
    };
    hir.module(of.module).library && !of.generics.predicates.iter().any(asks)
}

/// A type of the user's whose destructor is not pure, in what this type holds.
fn ends_with_effects(program: &TypedProgram, ty: Ty, known: &mut Known) -> Option<diag::Symbol> {
    held(program, ty).into_iter().find(|id| destructors(program, *id).any(|method| leads_to(program, Used::Fn(Span::NONE, method), known).is_some())).map(|id| program.program().adt(id).name)
}

/// The types of the user's that values of this one own.
fn held(program: &TypedProgram, ty: Ty) -> Vec<AdtId> {
    let hir = program.program();
    let (mut found, mut seen, mut work) = (Vec::new(), FastSet::default(), vec![ty]);
    while let Some(ty) = work.pop() {
        match ty.kind() {
            TyKind::Adt(id, args) if seen.insert((*id, *args)) => {
                work.extend(args.iter());
                // A type that grows in itself is looked into once.
                if !hir.module(hir.adt(*id).module).library && !found.contains(id) {
                    found.push(*id);
                    work.extend(hir.adt(*id).variants.iter().flat_map(|variant| variant.fields.iter().map(|field| field.ty.subst(args))));
                }
            }
            TyKind::Tuple(parts) => work.extend(parts.iter()),
            TyKind::Array(of, _) | TyKind::Slice(of) => work.push(*of),
            _ => {}
        }
    }
    found
}

/// What is called where a value of this type ends.
fn destructors(program: &TypedProgram, id: AdtId) -> impl Iterator<Item = FnId> {
    let hir = program.program();
    let drop = hir.lang.trait_id("drop");
    let of = move |def: &&ImplDef| def.of_trait.is_some_and(|(of, _)| of == drop) && matches!(def.self_ty.kind(), TyKind::Adt(found, _) if *found == id);
    hir.impls.iter().filter(of).flat_map(|def| def.methods.iter().copied())
}

/// Destructors of what a body makes or takes over and neither gives back nor may have put where it was handed a way in.
fn ended(program: &TypedProgram, body: &Body) -> Vec<(Span, FnId)> {
    let kept: FastSet<AdtId> = std::iter::once(body.ret)
        .chain(body.params.iter().filter_map(|param| match param.ty.kind() {
            TyKind::Ref(Mutable::Yes, to) => Some(*to),
            _ => None,
        }))
        .flat_map(|ty| held(program, ty))
        .collect();
    let made = body.exprs.iter().filter(|expr| matches!(expr.kind, ExprKind::Adt { .. } | ExprKind::Call(..))).map(|expr| (expr.span, expr.ty));
    let taken = body.params.iter().map(|param| (param.span, param.ty));
    let mut out = Vec::new();
    for (at, ty) in made.chain(taken) {
        for id in held(program, ty).into_iter().filter(|id| !kept.contains(id)) {
            out.extend(destructors(program, id).map(|method| (at, method)));
        }
    }
    out
}

/// One thing that a body uses: a function, a destructor, or a `static` that changes.
enum Used {
    Fn(Span, FnId),
    Destructor(Span, FnId),
    Changing(Span, FnId),
}

/// What a body mentions, in the order of the text, with what a call means where that is known.
fn uses(program: &TypedProgram, id: FnId) -> Vec<Used> {
    let hir = program.program();
    let Some(body) = program.body(id).filter(|body| !body.poisoned) else { return Vec::new() };
    let meant = |function: FnId, args: Args| match hir.fn_def(function).kind {
        FnKind::Trait(_) if is_open(args) => None,
        FnKind::Trait(_) => match program.resolve(function, args) {
            Resolved::Fn(function, args) => Some((function, args)),
            Resolved::Virtual(_) | Resolved::CloneByCopy | Resolved::FnTrait(_) => None,
        },
        _ => Some((function, args)),
    };
    let mut out: Vec<(Span, Used)> = Vec::new();
    for expr in &body.exprs {
        match &expr.kind {
            ExprKind::Call(Callee::Fn(function, args), _) | ExprKind::FnItem(function, args) => {
                let Some((function, args)) = meant(*function, *args) else { continue };
                let all = std::iter::once(function).chain(called_back(program, function, args));
                out.extend(all.map(|function| (expr.span, Used::Fn(expr.span, function))));
            }
            ExprKind::Static(item) if matches!(hir.fn_def(*item).kind, FnKind::Static { mutable: true }) => {
                out.push((expr.span, Used::Changing(expr.span, *item)));
            }
            _ => {}
        }
    }
    out.extend(ended(program, &body).into_iter().map(|(at, method)| (at, Used::Destructor(at, method))));
    out.sort_by_key(|(span, _)| (span.lo, span.hi));
    out.into_iter().map(|(_, used)| used).collect()
}

fn is_open(args: Args) -> bool {
    args.iter().any(|ty| ty.any(&mut |part| matches!(part.kind(), TyKind::Param(_) | TyKind::Projection(_) | TyKind::Infer(_) | TyKind::Error)))
}

/// What a generic function may call of the program's own: the methods by which these types fulfil its bounds. `sort` compares.
fn called_back(program: &TypedProgram, function: FnId, args: Args) -> Vec<FnId> {
    let hir = program.program();
    let def = hir.fn_def(function);
    let bounds = |generics: &Generics, args: Args| -> Vec<(TraitId, Args)> {
        let of = |predicate: &Predicate| match predicate.kind {
            PredicateKind::Trait(id, of) => {
                let types: Vec<Ty> = of.iter().map(|ty| program.normalize(function, ty.subst(&args))).collect();
                Some((id, Args::new(&types)))
            }
            PredicateKind::Projection(..) => None,
        };
        generics.predicates.iter().filter_map(of).collect()
    };
    let mut work = bounds(&def.generics, args);
    if let FnKind::Trait(id) = def.kind {
        work.push((id, Args::new(&args[..hir.trait_def(id).generics.params.len()])));
    }
    let (mut found, mut seen) = (Vec::new(), FastSet::default());
    while let Some((id, args)) = work.pop() {
        if is_open(args) || !seen.insert((id, args)) {
            continue;
        }
        work.extend(hir.trait_def(id).supers.iter().map(|(above, of)| (*above, of.subst(&args))));
        let Some((of, args)) = program.impl_of(id, args) else { continue };
        let of = hir.impl_def(of);
        if hir.module(of.module).library {
            work.extend(bounds(&of.generics, args));
        } else {
            found.extend(&of.methods);
        }
    }
    found
}

/// Where something is used, and the impure thing that this comes to.
fn leads_to(program: &TypedProgram, used: Used, known: &mut Known) -> Option<(Span, Found)> {
    let hir = program.program();
    match used {
        Used::Changing(at, item) => Some((at, Found { at, what: format!("uses the changing `static` `{}`", hir.fn_def(item).name), through: Vec::new() })),
        Used::Fn(at, function) | Used::Destructor(at, function) => {
            let def = hir.fn_def(function);
            let here = |what: String| (at, Found { at, what, through: Vec::new() });
            if matches!(def.kind, FnKind::Foreign) {
                return Some(here(format!("calls the foreign function `{}`", def.name)));
            }
            if hir.module(def.module).library {
                return library(&def.path).map(|what| here(format!("{what}: `{}`", name_of(&def.path))));
            }
            if def.is_pure {
                return None;
            }
            if let Some(found) = known.of.get(&function) {
                return found.clone().map(|found| (at, found));
            }
            known.of.insert(function, None);
            known.open.push(function);
            known.depth += 1;
            let mut found = uses(program, function).into_iter().find_map(|used| leads_to(program, used, known)).map(|(_, found)| found);
            known.depth -= 1;
            if let Some(found) = &mut found {
                found.through.insert(0, def.name);
                known.of.insert(function, Some(found.clone()));
            }
            if known.depth == 0 {
                // What was cut short by a circle is known to do nothing only if nobody in it does.
                let open = std::mem::take(&mut known.open);
                if found.is_some() {
                    known.of.retain(|id, found| found.is_some() || !open.contains(id));
                }
            }
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
