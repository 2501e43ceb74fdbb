//! Paths as values: variables, functions, constants, constructors, associated functions.

use super::*;
use crate::lower::{lower_args, lower_trait_ref, unknown_path};
use crate::resolve::scope::{Def, Entry, Namespace, Step, follow};
use crate::traits::MethodCandidate;
use crate::ty::Subst;

/// What a path names, with its type arguments.
pub(super) enum Value {
    Local(LocalId),
    Fn(FnId, Args),
    /// A tuple or unit constructor.
    Variant(AdtId, u32, Args),
    ConstParam(Ty),
    Error,
}

impl FnCx<'_> {
    pub(super) fn check_path(&mut self, path: &ast::Path, expect: Option<Ty>, span: Span) -> ExprId {
        match self.resolve_value(path) {
            Value::Local(local) => {
                let ty = self.locals[local.index()].ty;
                self.expr(ExprKind::Local(local), ty, span)
            }
            Value::ConstParam(ty) => self.expr(ExprKind::ConstParam(ty), Ty::int(), span),
            Value::Fn(id, args) => {
                let def = self.program.fn_def(id);
                self.makers.push(span);
                self.require_predicates(&def.generics.predicates, args, span);
                match def.kind {
                    FnKind::Const => {
                        let ty = self.normalize_at(def.ret.subst(&args), span);
                        self.expr(ExprKind::ConstItem(id, args), ty, span)
                    }
                    FnKind::Static { .. } if def.attrs.task_local => self.task_local(id, span),
                    FnKind::Static { mutable } => {
                        self.unsafe_used |= mutable;
                        if mutable && self.unsafe_depth == 0 {
                            self.report(errors::needs_unsafe(span, "use of a `static mut`"));
                        }
                        self.expr(ExprKind::Static(id), def.ret, span)
                    }
                    _ => self.expr(ExprKind::FnItem(id, args), Ty::new(TyKind::FnDef(id, args)), span),
                }
            }
            Value::Variant(adt, variant, args) => self.constructor(adt, variant, args, expect, span),
            Value::Error => self.error_expr(span),
        }
    }

    /// A unit variant is a value; a tuple constructor as a value is a function.
    fn constructor(&mut self, adt: AdtId, variant: u32, args: Args, expect: Option<Ty>, span: Span) -> ExprId {
        let def = self.program.adt(adt);
        let ty = Ty::adt(adt, args);
        match def.variants[variant as usize].kind {
            VariantKind::Unit => {
                if let Some(wanted) = expect {
                    let wanted = self.shallow(wanted);
                    if matches!(wanted.kind(), TyKind::Adt(id, _) if *id == adt) && self.could_equal(ty, wanted) {
                        self.hint_args(args, wanted);
                    }
                }
                self.expr(ExprKind::Adt { variant, fields: Vec::new(), base: None }, ty, span)
            }
            VariantKind::Tuple => self.constructor_closure(adt, variant, args, span),
            VariantKind::Named => {
                let name = def.variants[variant as usize].name;
                self.report(errors::needs_fields(span, name));
                self.error_expr(span)
            }
        }
    }

    /// `map(Some)`: `|a, b| Variant(a, b)`.
    fn constructor_closure(&mut self, adt: AdtId, variant: u32, args: Args, span: Span) -> ExprId {
        let def = self.program.adt(adt);
        let types: Vec<Ty> =
            def.variants[variant as usize].fields.iter().map(|field| field.ty.subst(&args)).collect();
        let types: Vec<Ty> = types.into_iter().map(|ty| self.normalize_at(ty, span)).collect();
        let ret = Ty::adt(adt, args);
        let index = self.closures.len() as u32;
        let id = ClosureId { owner: self.owner, index };
        self.closure_table.made.borrow_mut().push(ClosureSketch {
            params: Args::new(&types),
            ret,
            kind: Some(ClosureKind::Fn),
            fields: Some(Vec::new()),
        });
        self.closure_parents.push(self.closure_stack.last().copied());
        self.closure_stack.push(index);
        let mut params = Vec::new();
        let mut fields = Vec::new();
        for (i, &ty) in types.iter().enumerate() {
            let (pat, value) = self.bound_pat("field", ty, span);
            params.push(typed::Param { pat, ty, span });
            fields.push((i as u32, value));
        }
        self.closure_stack.pop();
        let body = self.expr(ExprKind::Adt { variant, fields, base: None }, ret, span);
        self.closures.push(typed::Closure {
            id,
            kind: ClosureKind::Fn,
            is_move: true,
            params,
            ret,
            body,
            captures: Vec::new(),
            task: None,
            span,
        });
        let identity = self.program.identity_args(&self.def().generics);
        self.expr(ExprKind::Closure(index), Ty::new(TyKind::Closure(id, identity)), span)
    }

    pub(super) fn resolve_value(&mut self, path: &ast::Path) -> Value {
        if let Some(qualified) = &path.qualified {
            return self.resolve_qualified(qualified, path);
        }
        let first = path.segments[0].ident;
        if path.segments.len() == 1 {
            if let Some(local) = self.find_local(first.name) {
                return Value::Local(local);
            }
            // What the compiler wrote itself.
            if let Some(name) = first.name.as_str().strip_prefix('#') {
                let id = self.program.lang.function(name);
                let args = self.solver.fresh_args(&self.program.fn_def(id).generics);
                return Value::Fn(id, args);
            }
            if first.name.as_str() == "Self" {
                return self.self_constructor(path);
            }
            if let Some(index) = self.params.iter().rposition(|name| *name == first.name) {
                if self.def().generics.params[index].is_const {
                    return Value::ConstParam(Ty::param(index as u32, first.name));
                }
                self.report(errors::wrong_kind(path.span, first.name, "type parameter", "a value"));
                return Value::Error;
            }
        }
        // `Self::new`, `T::default`
        let is_self = first.name.as_str() == "Self";
        let param = self.params.iter().rposition(|name| *name == first.name);
        if path.segments.len() > 1 && (is_self || param.is_some()) {
            let ty = match (is_self, param) {
                (true, _) => match self.self_ty {
                    Some(ty) => ty,
                    None => {
                        self.report(errors::self_outside(first.span));
                        return Value::Error;
                    }
                },
                (false, Some(index)) => Ty::param(index as u32, first.name),
                (false, None) => return Value::Error,
            };
            return self.associated_path(ty, path, 1);
        }
        let names: Vec<Symbol> = path.segments.iter().map(|segment| segment.ident.name).collect();
        match follow(self.program, self.module, &names, Namespace::Value) {
            Step::Found(entry) => self.value_of_entry(entry, path),
            Step::Private(at, entry) => {
                self.report(errors::private(path.segments[at].ident, entry.def.what(), entry.span));
                Value::Error
            }
            Step::Missing(at, inside) => {
                // Behind a type stands something associated with it.
                let type_def = match inside {
                    Some(def @ (Def::Adt(_) | Def::Prim(_) | Def::Alias(_) | Def::Trait(_))) => Some(def),
                    _ => None,
                };
                if let Some(def) = type_def {
                    return self.behind_type(def, path, at);
                }
                // A type where a value is needed: say so.
                if let Step::Found(Entry { def, .. }) = follow(self.program, self.module, &names, Namespace::Type) {
                    if def == Def::Prim(Ty::error()) {
                        self.tainted = true;
                        return Value::Error;
                    }
                    let last = path.segments.last().expect("a path has a segment").ident;
                    let hint = matches!(def, Def::Adt(_));
                    self.report(errors::type_as_value(path.span, last.name, def.what(), hint));
                    return Value::Error;
                }
                if path.segments.len() == 1 {
                    self.report_unknown_value(first);
                } else {
                    let cx = self.ty_cx(TyMode::Item);
                    let diagnostic = unknown_path(&cx, path, at, inside, Namespace::Value);
                    self.report(diagnostic);
                }
                Value::Error
            }
        }
    }

    fn report_unknown_value(&mut self, name: ast::Ident) {
        let mut candidates: Vec<Symbol> =
            self.scopes.iter().flatten().map(|(name, _)| *name).filter(|name| !name.is_empty()).collect();
        candidates.extend(crate::lower::names_in_scope(self.program, self.module, None, Namespace::Value));
        let is_field = match self.self_ty.map(|ty| ty.kind()) {
            Some(TyKind::Adt(id, _)) if !self.program.adt(*id).is_enum && self.find_local(Symbol::intern("self")).is_some() => {
                self.program.adt(*id).variants[0].fields.iter().any(|field| field.name == name.name)
            }
            _ => false,
        };
        // It may have been declared in a block that has ended.
        let ended = self.locals.iter().rev().find(|local| local.name == name.name).map(|local| local.span);
        if is_field {
            self.report(errors::field_without_self(name));
        } else if let Some(span) = ended {
            self.report(errors::out_of_scope(name, span));
        } else {
            let diagnostic = crate::lower::unknown_here(self.program, name, "name", Namespace::Value, &candidates);
            self.report(diagnostic);
        }
    }

    fn value_of_entry(&mut self, entry: Entry, path: &ast::Path) -> Value {
        let last = path.segments.last().expect("a path has a segment");
        match entry.def {
            Def::Fn(id) => {
                Value::Fn(id, self.fn_args(id, &[], last))
            }
            Def::Variant(adt, variant) => {
                let def = self.program.adt(adt);
                // `Option::<int>::None` or `None::<int>`.
                let with_args = match path.segments.len() {
                    n if n >= 2 && path.segments[n - 2].args.is_some() => &path.segments[n - 2],
                    _ => last,
                };
                let generics = &def.generics;
                let args = self.with_body_cx(last.ident.span, |cx, diags| {
                    lower_args(cx, generics, &[], with_args, def.name, diags)
                });
                Value::Variant(adt, variant, args)
            }
            Def::Prim(_) => {
                self.tainted = true;
                Value::Error
            }
            Def::Mod(_) | Def::Adt(_) | Def::Trait(_) | Def::Alias(_) => {
                self.report(errors::wrong_kind(path.span, last.ident.name, entry.def.what(), "a value"));
                Value::Error
            }
        }
    }

    fn self_constructor(&mut self, path: &ast::Path) -> Value {
        match self.self_ty.map(|ty| ty.kind()) {
            Some(TyKind::Adt(adt, args)) if !self.program.adt(*adt).is_enum => Value::Variant(*adt, 0, *args),
            Some(_) => {
                self.report(errors::wrong_kind(path.span, Symbol::intern("Self"), "type", "a value"));
                Value::Error
            }
            None => {
                self.report(errors::self_outside(path.span));
                Value::Error
            }
        }
    }

    /// `Vec::<int>::new`, `int::MAX`, `Shape::area`, `Default::default`.
    fn behind_type(&mut self, def: Def, path: &ast::Path, at: usize) -> Value {
        let segment = &path.segments[at - 1];
        match def {
            Def::Trait(id) => {
                let trait_def = self.program.trait_def(id);
                let self_ty = self.fresh(path.span);
                let generics = &trait_def.generics;
                let args = self.with_body_cx(segment.ident.span, |cx, diags| {
                    lower_args(cx, generics, &[self_ty], segment, trait_def.name, diags)
                });
                self.trait_member(id, args, path, at)
            }
            Def::Prim(ty) => self.associated_path(ty, path, at),
            Def::Adt(id) => {
                let adt = self.program.adt(id);
                let generics = &adt.generics;
                let args = self.with_body_cx(segment.ident.span, |cx, diags| {
                    lower_args(cx, generics, &[], segment, adt.name, diags)
                });
                self.associated_path(Ty::adt(id, args), path, at)
            }
            Def::Alias(index) => {
                let alias = &self.program.aliases[index as usize];
                let generics = &alias.generics;
                let args = self.with_body_cx(segment.ident.span, |cx, diags| {
                    lower_args(cx, generics, &[], segment, alias.name, diags)
                });
                self.associated_path(alias.ty.subst(&args), path, at)
            }
            _ => Value::Error,
        }
    }

    fn resolve_qualified(&mut self, qualified: &ast::Qualified, path: &ast::Path) -> Value {
        let ty = self.written_ty(&qualified.ty);
        match &qualified.as_trait {
            None => self.associated_path(ty, path, 0),
            Some(as_trait) => {
                let found = self.with_body_cx(path.span, |cx, diags| lower_trait_ref(cx, as_trait, ty, diags));
                match found {
                    Some((id, args, _)) => self.trait_member(id, args, path, 0),
                    None => Value::Error,
                }
            }
        }
    }

    fn trait_member(&mut self, id: TraitId, args: Args, path: &ast::Path, at: usize) -> Value {
        let segment = &path.segments[at];
        let name = segment.ident;
        let def = self.program.trait_def(id);
        let found = def.methods.iter().chain(&def.consts).find(|fn_id| self.program.fn_def(**fn_id).name == name.name);
        match found {
            Some(&fn_id) => self.with_own_args(fn_id, args, segment),
            None => {
                // A super trait's.
                for (above, above_args) in &def.supers {
                    let above_args = above_args.subst(&args);
                    let above_def = self.program.trait_def(*above);
                    if above_def.methods.iter().any(|fn_id| self.program.fn_def(*fn_id).name == name.name) {
                        return self.trait_member(*above, above_args, path, at);
                    }
                }
                let names: Vec<Symbol> = def.methods.iter().map(|fn_id| self.program.fn_def(*fn_id).name).collect();
                let place = format!("trait `{}`", def.name);
                self.report(errors::unknown_name(name, "function", Some(&place), &names));
                Value::Error
            }
        }
    }

    /// The arguments of the container, then the function's own, written or fresh.
    fn with_own_args(&mut self, id: FnId, container: Args, segment: &ast::Segment) -> Value {
        Value::Fn(id, self.fn_args(id, &container, segment))
    }

    /// The arguments of a function behind those of its container. What is not written is inferred, or else its fallback.
    pub(super) fn fn_args(&mut self, id: FnId, container: &[Ty], segment: &ast::Segment) -> Args {
        let def = self.program.fn_def(id);
        let args = self.with_body_cx(segment.ident.span, |cx, diags| {
            lower_args(cx, &def.generics, container, segment, def.name, diags)
        });
        for (param, &ty) in def.generics.params.iter().zip(args.iter()).skip(container.len()) {
            if let Some(fallback) = param.fallback
                && ty.is_infer()
            {
                self.fallbacks.push((ty, fallback.subst(&args), segment.ident.span));
            }
        }
        args
    }

    /// The segments from `at` on are associated with `ty`.
    fn associated_path(&mut self, ty: Ty, path: &ast::Path, at: usize) -> Value {
        let mut ty = ty;
        // `Self::Item::new`: all but the last are types.
        for segment in &path.segments[at..path.segments.len() - 1] {
            let ast_ty = ast::Ty {
                span: path.span,
                kind: ast::TyKind::Path(ast::Path {
                    span: path.span,
                    segments: path.segments[..path.segments.len() - 1].to_vec(),
                    qualified: path.qualified.clone(),
                }),
            };
            let _ = segment;
            ty = self.written_ty(&ast_ty);
            break;
        }
        let ty = self.normalize_at(ty, path.span);
        let segment = path.segments.last().expect("a path has a segment");
        let name = segment.ident;
        if ty.is_error() {
            return Value::Error;
        }
        // `Self::Variant`
        if let TyKind::Adt(adt, args) = ty.kind()
            && let Some(variant) = crate::resolve::scope::Names::variant(self.program, *adt, name.name)
        {
            return Value::Variant(*adt, variant, *args);
        }
        let mut traits = Vec::new();
        for &candidate in self.program.index.named(name.name) {
            match candidate {
                MethodCandidate::Inherent(fn_id, impl_id) => {
                    let def = self.program.impl_def(impl_id);
                    let (a, b) = (crate::traits::SimpleKey::of(def.self_ty), crate::traits::SimpleKey::of(ty));
                    if a.is_some() && b.is_some() && a != b {
                        continue;
                    }
                    let snapshot = self.solver.table.snapshot();
                    let fresh = self.solver.fresh_args(&def.generics);
                    let wanted = def.self_ty.subst(&fresh);
                    if self.solver.table.unify(wanted, ty) {
                        self.solver.table.commit(snapshot);
                        return self.with_own_args(fn_id, fresh, segment);
                    }
                    self.solver.table.rollback(snapshot);
                }
                MethodCandidate::Trait(fn_id, trait_id) => traits.push((fn_id, trait_id)),
            }
        }
        let mut fitting = Vec::new();
        for (fn_id, trait_id) in traits {
            let generics = &self.program.trait_def(trait_id).generics;
            let snapshot = self.solver.table.snapshot();
            let mut list = vec![ty];
            list.extend((1..generics.params.len()).map(|_| self.solver.table.fresh(name.span)));
            if self.may_hold(trait_id, &list) {
                fitting.push((fn_id, trait_id));
            }
            self.solver.table.rollback(snapshot);
        }
        if let [(fn_id, trait_id), ..] = fitting[..] {
            let generics = &self.program.trait_def(trait_id).generics;
            let mut list = vec![ty];
            list.extend((1..generics.params.len()).map(|_| self.solver.table.fresh(name.span)));
            return self.with_own_args(fn_id, Args::new(&list), segment);
        }
        let shown = self.show(ty);
        let names = self.associated_names(ty);
        self.report(errors::unknown_associated(name, &shown, &names));
        Value::Error
    }

    fn associated_names(&mut self, ty: Ty) -> Vec<Symbol> {
        let mut out = Vec::new();
        for def in self.program.impls.iter().filter(|def| def.of_trait.is_none()) {
            if crate::traits::SimpleKey::of(def.self_ty) == crate::traits::SimpleKey::of(ty) {
                out.extend(def.methods.iter().chain(&def.consts).map(|id| self.program.fn_def(*id).name));
            }
        }
        if let TyKind::Adt(adt, _) = ty.kind() {
            out.extend(self.program.adt(*adt).variants.iter().map(|variant| variant.name));
        }
        out
    }

    /// The struct or variant of a literal or pattern with named fields.
    pub(super) fn struct_path(&mut self, path: &ast::Path, _expect: Option<Ty>) -> Option<(AdtId, u32, Args)> {
        let names: Vec<Symbol> = path.segments.iter().map(|segment| segment.ident.name).collect();
        let first = path.segments[0].ident;
        if first.name.as_str() == "Self" {
            let Some(ty) = self.self_ty else {
                self.report(errors::self_outside(first.span));
                return None;
            };
            let TyKind::Adt(adt, args) = ty.kind() else {
                self.report(errors::wrong_kind(path.span, first.name, "type", "a struct"));
                return None;
            };
            return match path.segments.get(1) {
                None if !self.program.adt(*adt).is_enum => Some((*adt, 0, *args)),
                Some(segment) => {
                    let found = crate::resolve::scope::Names::variant(self.program, *adt, segment.ident.name);
                    if found.is_none() {
                        self.report_unknown_variant(*adt, segment.ident);
                    }
                    found.map(|variant| (*adt, variant, *args))
                }
                None => {
                    self.report(errors::wrong_kind(path.span, first.name, "enum", "a struct"));
                    None
                }
            };
        }
        match follow(self.program, self.module, &names, Namespace::Type) {
            Step::Found(Entry { def: Def::Adt(adt), .. }) if !self.program.adt(adt).is_enum => {
                let def = self.program.adt(adt);
                let segment = path.segments.last().expect("a path has a segment");
                let args = self.with_body_cx(segment.ident.span, |cx, diags| {
                    lower_args(cx, &def.generics, &[], segment, def.name, diags)
                });
                Some((adt, 0, args))
            }
            Step::Found(Entry { def: Def::Variant(adt, variant), .. }) => {
                let def = self.program.adt(adt);
                let n = path.segments.len();
                let segment =
                    if n >= 2 && path.segments[n - 2].args.is_some() { &path.segments[n - 2] } else { &path.segments[n - 1] };
                let args = self.with_body_cx(segment.ident.span, |cx, diags| {
                    lower_args(cx, &def.generics, &[], segment, def.name, diags)
                });
                Some((adt, variant, args))
            }
            Step::Found(Entry { def: Def::Alias(index), .. }) => {
                let alias = &self.program.aliases[index as usize];
                let segment = path.segments.last().expect("a path has a segment");
                let args = self.with_body_cx(segment.ident.span, |cx, diags| {
                    lower_args(cx, &alias.generics, &[], segment, alias.name, diags)
                });
                match alias.ty.subst(&args).kind() {
                    TyKind::Adt(adt, args) if !self.program.adt(*adt).is_enum => Some((*adt, 0, *args)),
                    _ => {
                        self.report(errors::wrong_kind(path.span, alias.name, "type alias", "a struct"));
                        None
                    }
                }
            }
            Step::Found(entry) => {
                if entry.def != Def::Prim(Ty::error()) {
                    let last = path.segments.last().expect("a path has a segment").ident;
                    self.report(errors::wrong_kind(path.span, last.name, entry.def.what(), "a struct"));
                } else {
                    self.tainted = true;
                }
                None
            }
            Step::Private(at, entry) => {
                self.report(errors::private(path.segments[at].ident, entry.def.what(), entry.span));
                None
            }
            Step::Missing(at, inside) => {
                if let Some(Def::Adt(adt)) = inside {
                    self.report_unknown_variant(adt, path.segments[at].ident);
                } else {
                    // The variant may be glob-imported as a value only.
                    if let Step::Found(Entry { def: Def::Variant(adt, variant), .. }) =
                        follow(self.program, self.module, &names, Namespace::Value)
                    {
                        let def = self.program.adt(adt);
                        let segment = path.segments.last().expect("a path has a segment");
                        let args = self.with_body_cx(segment.ident.span, |cx, diags| {
                            lower_args(cx, &def.generics, &[], segment, def.name, diags)
                        });
                        return Some((adt, variant, args));
                    }
                    let cx = self.ty_cx(TyMode::Item);
                    let diagnostic = unknown_path(&cx, path, at, inside, Namespace::Type);
                    self.report(diagnostic);
                }
                None
            }
        }
    }

    pub(super) fn report_unknown_variant(&mut self, adt: AdtId, name: ast::Ident) {
        let def = self.program.adt(adt);
        let names: Vec<Symbol> = def.variants.iter().map(|variant| variant.name).collect();
        let place = format!("`{}`", def.name);
        let what = if def.is_enum { "variant" } else { "item" };
        self.report(errors::unknown_name(name, what, Some(&place), &names));
    }
}
