//! Types as written to types as values.

use super::*;
use crate::errors;
use crate::program::Predicate;
use crate::resolve::scope::{Entry, Step, follow, lookup_in_module};
use crate::ty::{DynTy, FnPtrTy, ProjectionTy, Subst, TyKind};
use std::cell::RefCell;

/// Where a type is written: what its names mean there.
pub(crate) struct TyCx<'a> {
    pub program: &'a Program,
    pub module: ModId,
    /// Names of the parameters in scope; position is the index.
    pub params: &'a [Symbol],
    pub self_ty: Option<Ty>,
    /// What is known of the parameters, for `T::Item`.
    pub predicates: &'a [Predicate],
    /// In an impl of a trait: that trait with its arguments.
    pub impl_of: Option<(TraitId, Args)>,
    pub mode: TyMode<'a>,
}

/// What `_` and `impl Trait` mean.
pub(crate) enum TyMode<'a> {
    /// Neither is allowed.
    Item,
    /// Parameters of a function: `impl Trait` adds one.
    Signature(&'a RefCell<Vec<(Symbol, Vec<ast::Path>)>>),
    /// Inside a body: `_` and missing arguments are inferred.
    Body(&'a dyn Fn() -> Ty),
}

pub(crate) fn lower_ty(cx: &TyCx<'_>, ty: &ast::Ty, diags: &mut Diags) -> Ty {
    match &ty.kind {
        ast::TyKind::Path(path) => lower_path_ty(cx, path, diags),
        ast::TyKind::Ref(mutable, to) => Ty::reference(*mutable, lower_ty(cx, to, diags)),
        ast::TyKind::Ptr(mutable, to) => Ty::pointer(*mutable, lower_ty(cx, to, diags)),
        ast::TyKind::Slice(of) => Ty::slice(lower_ty(cx, of, diags)),
        ast::TyKind::Array(of, len) => {
            let of = lower_ty(cx, of, diags);
            let len = lower_const_arg(cx, len, diags);
            Ty::new(TyKind::Array(of, len))
        }
        ast::TyKind::Tuple(list) => {
            let list: Vec<Ty> = list.iter().map(|ty| lower_ty(cx, ty, diags)).collect();
            Ty::tuple(&list)
        }
        ast::TyKind::Fn { params, ret, is_extern, .. } => {
            let params: Vec<Ty> = params.iter().map(|ty| lower_ty(cx, ty, diags)).collect();
            let ret = ret.as_ref().map_or(Ty::unit(), |ty| lower_ty(cx, ty, diags));
            Ty::new(TyKind::FnPtr(FnPtrTy { params: Args::new(&params), ret, is_extern: *is_extern }))
        }
        ast::TyKind::Never => Ty::never(),
        ast::TyKind::Dyn(paths) => lower_dyn(cx, paths, ty.span, diags),
        ast::TyKind::Impl(paths) => match &cx.mode {
            TyMode::Signature(added) => {
                let mut added = added.borrow_mut();
                let index = cx.params.len() + added.len();
                // The name is what the user wrote; nothing can be looked up under it.
                let name = Symbol::intern(cx.program.sources.snippet(ty.span));
                added.push((name, paths.clone()));
                Ty::param(index as u32, name)
            }
            TyMode::Item | TyMode::Body(_) => {
                diags.push(errors::impl_trait_here(ty.span));
                Ty::error()
            }
        },
        ast::TyKind::Infer => match &cx.mode {
            TyMode::Body(fresh) => fresh(),
            TyMode::Item | TyMode::Signature(_) => {
                diags.push(errors::infer_in_signature(ty.span));
                Ty::error()
            }
        },
        ast::TyKind::Error => Ty::error(),
    }
}

/// The length of an array or another const argument.
pub(crate) fn lower_const_arg(cx: &TyCx<'_>, expr: &ast::Expr, diags: &mut Diags) -> Ty {
    if let ast::ExprKind::Path(path) = &expr.kind
        && let Some(ident) = path.as_ident()
    {
        if let Some(index) = cx.params.iter().rposition(|name| *name == ident.name) {
            return Ty::param(index as u32, ident.name);
        }
        if ident.name.as_str() == "_"
            && let TyMode::Body(fresh) = &cx.mode
        {
            return fresh();
        }
    }
    match super::consts::evaluate_int(cx.program, cx.module, expr) {
        Ok(value) => Ty::new(TyKind::Const(value)),
        Err(span) => {
            diags.push(errors::not_a_constant(span));
            Ty::error()
        }
    }
}

fn lower_path_ty(cx: &TyCx<'_>, path: &ast::Path, diags: &mut Diags) -> Ty {
    if let Some(qualified) = &path.qualified {
        return lower_qualified(cx, qualified, path, diags);
    }
    let first = &path.segments[0];
    // `Self`, `Self::Item`, `T`, `T::Item`.
    let head = if first.ident.name.as_str() == "Self" {
        match cx.self_ty {
            Some(ty) => Some(ty),
            None => {
                diags.push(errors::self_outside(first.ident.span));
                return Ty::error();
            }
        }
    } else if let Some(index) = cx.params.iter().rposition(|name| *name == first.ident.name) {
        Some(Ty::param(index as u32, first.ident.name))
    } else {
        None
    };
    if let Some(mut ty) = head {
        for segment in &path.segments[1..] {
            ty = assoc_ty(cx, ty, segment.ident, diags);
        }
        return ty;
    }
    let names: Vec<Symbol> = path.segments.iter().map(|segment| segment.ident.name).collect();
    let mut taken = names.len();
    // `Vec<int>::Item` style: a type, then an associated one.
    let entry = loop {
        match follow(cx.program, cx.module, &names[..taken], Namespace::Type) {
            Step::Found(entry) => break entry,
            Step::Private(at, entry) => {
                diags.push(errors::private(path.segments[at].ident, entry.def.what(), entry.span));
                return Ty::error();
            }
            Step::Missing(at, inside) => {
                if at > 0 && matches!(inside, Some(Def::Adt(_) | Def::Prim(_) | Def::Alias(_))) && taken > at {
                    taken = at;
                    continue;
                }
                // A name that exists but means something else.
                if let Step::Found(entry) = follow(cx.program, cx.module, &names, Namespace::Value) {
                    let last = path.segments[names.len() - 1].ident;
                    diags.push(errors::wrong_kind(path.span, last.name, entry.def.what(), "a type"));
                } else {
                    diags.push(unknown_path(cx, path, at, inside, Namespace::Type));
                }
                return Ty::error();
            }
        }
    };
    let last = &path.segments[taken - 1];
    let mut ty = ty_of_entry(cx, entry, last, path.span, diags);
    for segment in &path.segments[taken..] {
        ty = assoc_ty(cx, ty, segment.ident, diags);
    }
    ty
}

fn ty_of_entry(cx: &TyCx<'_>, entry: Entry, segment: &ast::Segment, span: Span, diags: &mut Diags) -> Ty {
    match entry.def {
        Def::Prim(ty) => ty,
        Def::Adt(id) => {
            let generics = &cx.program.adt(id).generics;
            let args = lower_args(cx, generics, &[], segment, cx.program.adt(id).name, diags);
            Ty::adt(id, args)
        }
        Def::Alias(index) => {
            let alias = &cx.program.aliases[index as usize];
            let args = lower_args(cx, &alias.generics, &[], segment, alias.name, diags);
            alias.ty.subst(&args)
        }
        Def::Trait(id) => {
            diags.push(errors::trait_as_type(span, cx.program.trait_def(id).name));
            Ty::error()
        }
        Def::Mod(_) | Def::Variant(..) | Def::Fn(_) => {
            diags.push(errors::wrong_kind(span, segment.ident.name, entry.def.what(), "a type"));
            Ty::error()
        }
    }
}

pub(crate) fn unknown_path(
    cx: &TyCx<'_>,
    path: &ast::Path,
    at: usize,
    inside: Option<Def>,
    namespace: Namespace,
) -> diag::Diagnostic {
    let ident = path.segments[at].ident;
    let mut candidates = names_in_scope(cx.program, cx.module, inside, namespace);
    if at == 0 {
        candidates.extend(cx.params.iter().copied());
    }
    let place = inside.map(|def| describe(cx.program, def));
    let what = if namespace == Namespace::Type && at + 1 == path.segments.len() { "type" } else { "name" };
    if inside.is_some() {
        return errors::unknown_name(ident, what, place.as_deref(), &candidates);
    }
    // In front of `::` stands what has names inside, whatever the whole path is.
    let namespace = if at + 1 < path.segments.len() { Namespace::Type } else { namespace };
    unknown_here(cx.program, ident, what, namespace, &candidates)
}

/// A name that nothing around it has; the library may.
pub(crate) fn unknown_here(
    program: &Program,
    name: ast::Ident,
    what: &str,
    namespace: Namespace,
    candidates: &[Symbol],
) -> diag::Diagnostic {
    let homes = library_homes(program, name.name, namespace);
    match homes.is_empty() {
        true => errors::unknown_name(name, what, None, candidates),
        false => errors::name_of_the_library(name, what, &homes),
    }
}

/// The whole paths by which users reach what the library calls `name`: its rooms, and what stands in them. One path a thing.
fn library_homes(program: &Program, name: Symbol, namespace: Namespace) -> Vec<String> {
    let Some(std_root) = program.std_root else { return Vec::new() };
    let rooms = &program.module(std_root).scope.types;
    let mut found: Vec<(String, Def)> = Vec::new();
    if let (Namespace::Type, Some(room)) = (namespace, rooms.get(&name).filter(|room| room.public && matches!(room.def, Def::Mod(_)))) {
        found.push((format!("std::{name}"), room.def));
    }
    for (room, entry) in rooms.iter().filter(|(_, entry)| entry.public) {
        let Def::Mod(module) = entry.def else { continue };
        if let Some(inside) = lookup_in_module(program, module, name, namespace, ModId(0)).filter(|inside| inside.public) {
            found.push((format!("std::{room}::{name}"), inside.def));
        }
    }
    found.sort_by(|a, b| (a.0.len(), &a.0).cmp(&(b.0.len(), &b.0)));
    let mut homes: Vec<(String, Def)> = Vec::new();
    for (path, def) in found {
        if homes.iter().all(|(_, known)| *known != def) {
            homes.push((path, def));
        }
    }
    homes.into_iter().map(|(path, _)| path).collect()
}

fn describe(program: &Program, def: Def) -> String {
    match def {
        Def::Mod(id) => format!("module `{}`", program.module(id).path),
        Def::Adt(id) => format!("`{}`", program.adt(id).name),
        Def::Trait(id) => format!("trait `{}`", program.trait_def(id).name),
        Def::Prim(ty) => format!("`{}`", program.show(ty)),
        Def::Variant(..) | Def::Alias(_) | Def::Fn(_) => def.what().to_string(),
    }
}

/// For "did you mean".
pub(crate) fn names_in_scope(
    program: &Program,
    from: ModId,
    inside: Option<Def>,
    namespace: Namespace,
) -> Vec<Symbol> {
    let mut out = Vec::new();
    let of_module = |module: ModId, out: &mut Vec<Symbol>| {
        let scope = &program.module(module).scope;
        out.extend(scope.table(namespace).keys().copied());
        out.extend(scope.types.keys().copied());
        for &(glob, _) in &scope.globs {
            match glob {
                Def::Mod(target) => out.extend(program.module(target).scope.table(namespace).keys().copied()),
                Def::Adt(adt) => out.extend(program.adt(adt).variants.iter().map(|variant| variant.name)),
                _ => {}
            }
        }
    };
    match inside {
        Some(Def::Mod(module)) => of_module(module, &mut out),
        Some(Def::Adt(adt)) => out.extend(program.adt(adt).variants.iter().map(|variant| variant.name)),
        Some(_) => {}
        None => {
            let mut at = Some(from);
            while let Some(module) = at {
                of_module(module, &mut out);
                at = program.module(module).parent.filter(|_| program.module(module).scope.is_block);
            }
            if let Some(prelude) = program.prelude {
                of_module(prelude, &mut out);
            }
        }
    }
    out.sort();
    out.dedup();
    out
}

/// Arguments for `generics`, of which `given` come from around (`Self`, the impl's).
pub(crate) fn lower_args(
    cx: &TyCx<'_>,
    generics: &Generics,
    given: &[Ty],
    segment: &ast::Segment,
    name: Symbol,
    diags: &mut Diags,
) -> Args {
    let mut list: Vec<Ty> = given.to_vec();
    let wanted = &generics.params[given.len()..];
    let written: Vec<Ty> = match segment.args.as_deref() {
        None => Vec::new(),
        Some(ast::GenericArgs::Angle { args, .. }) => args.iter().map(|arg| lower_arg(cx, arg, diags)).collect(),
        Some(ast::GenericArgs::Paren { inputs, .. }) => {
            let inputs: Vec<Ty> = inputs.iter().map(|ty| lower_ty(cx, ty, diags)).collect();
            vec![Ty::tuple(&inputs)]
        }
    };
    let visible = wanted.iter().filter(|param| !param.name.starts_with("impl ")).count();
    let optional = |param: &GenericParam| param.default.is_some() || param.fallback.is_some();
    let needed = wanted.iter().filter(|param| !optional(param) && !param.name.starts_with("impl ")).count();
    let inferred = matches!(cx.mode, TyMode::Body(_)) && written.is_empty();
    let of_trait = generics.params.first().is_some_and(|param| param.name.as_str() == "Self");
    if !inferred && (written.len() > visible || written.len() < needed) {
        diags.push(errors::argument_count(segment.ident.span, name, needed, visible, written.len()));
        list.resize(generics.params.len(), Ty::error());
        return Args::new(&list);
    }
    for (i, param) in wanted.iter().enumerate() {
        let ty = match (written.get(i), param.default) {
            (Some(&ty), _) => ty,
            // `Add` alone means `Add<Self>`: defaults may speak of what stands before them. In a body the arguments of a
            // type are found out.
            (None, Some(default))
                if !inferred || of_trait && default.any(&mut |ty| matches!(ty.kind(), TyKind::Param(_))) =>
            {
                default.subst(&list)
            }
            (None, _) => match &cx.mode {
                TyMode::Body(fresh) => fresh(),
                _ => Ty::error(),
            },
        };
        list.push(ty);
    }
    Args::new(&list)
}

pub(crate) fn lower_arg(cx: &TyCx<'_>, arg: &ast::GenericArg, diags: &mut Diags) -> Ty {
    match arg {
        ast::GenericArg::Ty(ty) => {
            // A bare name may be a constant: `Grid<WIDTH>`.
            if let ast::TyKind::Path(path) = &ty.kind
                && let Some(ident) = path.as_ident()
                && !cx.params.contains(&ident.name)
                && cx.program.lookup(cx.module, ident.name, Namespace::Type).is_none()
                && let Some(Def::Fn(_)) = cx.program.lookup(cx.module, ident.name, Namespace::Value)
            {
                let expr = ast::Expr { span: ty.span, kind: ast::ExprKind::Path(path.clone()) };
                return lower_const_arg(cx, &expr, diags);
            }
            lower_ty(cx, ty, diags)
        }
        ast::GenericArg::Const(expr) => lower_const_arg(cx, expr, diags),
    }
}

/// A bound `Trait<A, Item = B>` on `self_ty`: the trait with its arguments, and the bindings.
pub(crate) fn lower_trait_ref(
    cx: &TyCx<'_>,
    path: &ast::Path,
    self_ty: Ty,
    diags: &mut Diags,
) -> Option<(TraitId, Args, Vec<(Symbol, Ty, Span)>)> {
    let names: Vec<Symbol> = path.segments.iter().map(|segment| segment.ident.name).collect();
    let id = match follow(cx.program, cx.module, &names, Namespace::Type) {
        Step::Found(Entry { def: Def::Trait(id), .. }) => id,
        Step::Found(entry) => {
            if entry.def != Def::Prim(Ty::error()) {
                let last = path.segments.last().expect("a path has a segment");
                diags.push(errors::wrong_kind(path.span, last.ident.name, entry.def.what(), "a trait"));
            }
            return None;
        }
        Step::Private(at, entry) => {
            diags.push(errors::private(path.segments[at].ident, entry.def.what(), entry.span));
            return None;
        }
        Step::Missing(at, inside) => {
            let ident = path.segments[at].ident;
            let candidates = names_in_scope(cx.program, cx.module, inside, Namespace::Type);
            let diagnostic = match inside {
                Some(_) => errors::unknown_name(ident, "trait", None, &candidates),
                None => unknown_here(cx.program, ident, "trait", Namespace::Type, &candidates),
            };
            diags.push(diagnostic);
            return None;
        }
    };
    let def = cx.program.trait_def(id);
    let last = path.segments.last().expect("a path has a segment");
    let args = lower_args(cx, &def.generics, &[self_ty], last, def.name, diags);
    let mut bindings = Vec::new();
    match last.args.as_deref() {
        Some(ast::GenericArgs::Angle { bindings: written, .. }) => {
            for (name, ty) in written {
                if find_assoc(cx.program, id, args, name.name).is_none() {
                    let names: Vec<Symbol> = def.assoc_types.iter().map(|assoc| assoc.name).collect();
                    let place = format!("trait `{}`", def.name);
                    diags.push(errors::unknown_name(*name, "associated type", Some(&place), &names));
                    continue;
                }
                bindings.push((name.name, lower_ty(cx, ty, diags), name.span));
            }
        }
        Some(ast::GenericArgs::Paren { output, .. }) => {
            let ty = output.as_ref().map_or(Ty::unit(), |ty| lower_ty(cx, ty, diags));
            bindings.push((Symbol::intern("Output"), ty, last.ident.span));
        }
        None => {}
    }
    Some((id, args, bindings))
}

/// The trait (this one or a super trait) that declares an associated type, with its arguments.
pub(crate) fn find_assoc(program: &Program, id: TraitId, args: Args, name: Symbol) -> Option<(TraitId, Args)> {
    let def = program.trait_def(id);
    if def.assoc_types.iter().any(|assoc| assoc.name == name) {
        return Some((id, args));
    }
    def.supers.iter().find_map(|&(above, above_args)| find_assoc(program, above, above_args.subst(&args), name))
}

/// `ty::name`.
fn assoc_ty(cx: &TyCx<'_>, ty: Ty, name: ast::Ident, diags: &mut Diags) -> Ty {
    if ty.is_error() {
        return ty;
    }
    for predicate in cx.predicates {
        if let PredicateKind::Trait(id, args) = predicate.kind
            && args[0] == ty
            && let Some((trait_id, args)) = find_assoc(cx.program, id, args, name.name)
        {
            return Ty::new(TyKind::Projection(ProjectionTy { trait_id, args, name: name.name }));
        }
    }
    // `Self::Item` in an impl: the impl's own, or one of a super trait.
    if let Some((id, args)) = cx.impl_of
        && cx.self_ty == Some(ty)
        && let Some((trait_id, args)) = find_assoc(cx.program, id, args, name.name)
    {
        return Ty::new(TyKind::Projection(ProjectionTy { trait_id, args, name: name.name }));
    }
    // A projection whose trait bounds it: `T::Item::Name`.
    if let TyKind::Projection(p) = ty.kind() {
        let def = cx.program.trait_def(p.trait_id);
        if let Some(assoc) = def.assoc_types.iter().find(|assoc| assoc.name == p.name) {
            for bound in &assoc.bounds {
                if let PredicateKind::Trait(id, args) = bound.kind
                    && let args = args.subst(&p.args)
                    && let Some((trait_id, args)) = find_assoc(cx.program, id, args, name.name)
                {
                    return Ty::new(TyKind::Projection(ProjectionTy { trait_id, args, name: name.name }));
                }
            }
        }
    }
    // One trait of the program with such a type, without further arguments: `Vec<T>::Item` through its impl.
    let mut candidates = cx.program.traits.iter().filter(|def| {
        def.assoc_types.iter().any(|assoc| assoc.name == name.name) && def.generics.params.len() == 1
    });
    if let (Some(def), None) = (candidates.next(), candidates.next())
        && !matches!(ty.kind(), TyKind::Param(_))
    {
        let args = Args::new(&[ty]);
        return Ty::new(TyKind::Projection(ProjectionTy { trait_id: def.id, args, name: name.name }));
    }
    diags.push(errors::unknown_assoc_ty(name, &cx.program.show(ty)));
    Ty::error()
}

/// `<T as Trait>::Item`, `<T>::Item`.
fn lower_qualified(cx: &TyCx<'_>, qualified: &ast::Qualified, path: &ast::Path, diags: &mut Diags) -> Ty {
    let self_ty = lower_ty(cx, &qualified.ty, diags);
    let Some(segment) = path.segments.first() else { return self_ty };
    let Some(as_trait) = &qualified.as_trait else {
        return assoc_ty(cx, self_ty, segment.ident, diags);
    };
    let Some((id, args, _)) = lower_trait_ref(cx, as_trait, self_ty, diags) else { return Ty::error() };
    match find_assoc(cx.program, id, args, segment.ident.name) {
        Some((trait_id, args)) => {
            Ty::new(TyKind::Projection(ProjectionTy { trait_id, args, name: segment.ident.name }))
        }
        None => {
            diags.push(errors::unknown_assoc_ty(segment.ident, &cx.program.show(self_ty)));
            Ty::error()
        }
    }
}

fn lower_dyn(cx: &TyCx<'_>, paths: &[ast::Path], span: Span, diags: &mut Diags) -> Ty {
    let mut main: Option<(TraitId, Args, Vec<(Symbol, Ty)>)> = None;
    let mut markers = Vec::new();
    for path in paths {
        // `Self` of a `dyn` is itself; no argument may speak of it, so any type serves as a stand-in.
        let Some((id, args, bindings)) = lower_trait_ref(cx, path, Ty::error(), diags) else {
            return Ty::error();
        };
        if cx.program.trait_def(id).auto {
            markers.push(id);
        } else if main.is_some() {
            diags.push(errors::dyn_of_two(span));
            return Ty::error();
        } else {
            let bindings = bindings.into_iter().map(|(name, ty, _)| (name, ty)).collect();
            main = Some((id, Args::new(&args[1..]), bindings));
        }
    }
    let Some((trait_id, args, mut bindings)) = main else {
        diags.push(errors::dyn_of_nothing(span));
        return Ty::error();
    };
    bindings.sort_by_key(|(name, _)| *name);
    markers.sort();
    markers.dedup();
    Ty::new(TyKind::Dyn(DynTy { trait_id, args, bindings, markers }))
}
