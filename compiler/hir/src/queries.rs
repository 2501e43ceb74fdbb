//! What later phases ask of a typed program.

use diag::fast::FastMap;
use crate::ids::*;
use crate::program::*;
use crate::traits::{Answer, ClosureFacts, Env, Selection, Solver};
use crate::ty::{Args, IntTy, Mutable, Subst, Ty, TyKind};
use crate::typed::{Body, ClosureKind};
use diag::{Diags, Symbol, cores};
use std::sync::{Arc, Mutex, OnceLock};

/// A program whose user-written bodies are all typed; those of `std` are typed when they are first asked for.
/// Shared by threads.
pub struct TypedProgram {
    program: Program,
    bodies: Vec<OnceLock<Option<Arc<Body>>>>,
    envs: Vec<OnceLock<Arc<Env>>>,
    resolved: Mutex<FastMap<(FnId, Args), Resolved>>,
}

/// What a method call becomes once all types are known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resolved {
    /// A function with a body, or a foreign, intrinsic or runtime one.
    Fn(FnId, Args),
    /// `Self` is `dyn`: the method of this number in [`TypedProgram::dyn_methods`].
    Virtual(u32),
    /// `Clone::clone` of a type that is cloned by copying its bits (closures, function items and pointers, references).
    CloneByCopy,
    /// `call`/`call_mut`/`call_once` of the `Fn` traits reached through generic code.
    FnTrait(ClosureKind),
}

/// Types every body the user wrote. Bodies of the library follow on demand.
pub fn check_types(program: Program, diags: &mut Diags) -> TypedProgram {
    let count = program.fns.len();
    let typed = TypedProgram {
        program,
        bodies: (0..count).map(|_| OnceLock::new()).collect(),
        envs: (0..count).map(|_| OnceLock::new()).collect(),
        resolved: Mutex::default(),
    };
    let users: Vec<FnId> = typed.program.fns.iter().filter(|def| !typed.program.module(def.module).library).map(|def| def.id).collect();
    let judge = |(): &mut (), id| {
        let mut own = Diags::new();
        typed.check_one(id, &mut own);
        own
    };
    let found = cores::map(users, |id| typed.program.fn_def(*id).weight(), || (), judge);
    found.into_iter().for_each(|own| diags.extend(own));
    crate::purity::check(&typed, diags);
    typed
}

impl TypedProgram {
    pub fn program(&self) -> &Program {
        &self.program
    }

    fn check_one(&self, id: FnId, diags: &mut Diags) -> Option<Arc<Body>> {
        if let Some(done) = self.bodies[id.index()].get() {
            return done.clone();
        }
        let mut found = Diags::new();
        let body = crate::infer::check_body(&self.program, self, id, &mut found).map(Arc::new);
        // Messages inside derived code point at the `derive`.
        for diagnostic in found.into_sorted() {
            diags.push(self.at_users_text(diagnostic));
        }
        let _ = self.bodies[id.index()].set(body.clone());
        body
    }

    fn at_users_text(&self, mut diagnostic: diag::Diagnostic) -> diag::Diagnostic {
        let mut moved = false;
        for label in &mut diagnostic.labels {
            if let Some(&at) = self.program.file_notes.get(&label.span.file) {
                label.span = at;
                moved = true;
            }
        }
        if moved {
            diagnostic.fix = None;
        }
        diagnostic
    }

    /// `None` when the definition has no body.
    pub fn body(&self, id: FnId) -> Option<Arc<Body>> {
        let mut found = Diags::new();
        let body = self.check_one(id, &mut found);
        if let Some(wrong) = found.list().iter().find(|diagnostic| diagnostic.severity == diag::Severity::Error) {
            let place = self.program.sources.place(wrong.place());
            panic!("bug! the library's own text is wrong: {place}: {}: {}", wrong.code.as_str(), wrong.message);
        }
        body
    }

    /// The same for one definition with its messages: for the tests of the library.
    pub fn body_with(&self, id: FnId, diags: &mut Diags) -> Option<Arc<Body>> {
        self.check_one(id, diags)
    }

    fn env(&self, owner: FnId) -> Arc<Env> {
        self.envs[owner.index()]
            .get_or_init(|| Arc::new(Env::new(&self.program, &self.program.fn_def(owner).generics.predicates)))
            .clone()
    }

    fn with_solver<T>(&self, owner: FnId, concrete: bool, work: impl FnOnce(&mut Solver<'_>) -> T) -> T {
        if concrete {
            let env = Env::default();
            return work(&mut Solver::new(&self.program, &env, self));
        }
        let env = self.env(owner);
        work(&mut Solver::new(&self.program, &env, self))
    }

    pub fn is_copy(&self, owner: FnId, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Bool | TyKind::Char | TyKind::Int(_) | TyKind::Float(_) | TyKind::Never | TyKind::Ptr(..) => true,
            TyKind::FnPtr(_) | TyKind::FnDef(..) | TyKind::Ref(Mutable::No, _) => true,
            TyKind::Ref(Mutable::Yes, _) | TyKind::Str | TyKind::Slice(_) | TyKind::Dyn(_) => false,
            TyKind::Tuple(list) => list.iter().all(|&ty| self.is_copy(owner, ty)),
            TyKind::Array(of, _) => self.is_copy(owner, *of),
            _ => self.implements(owner, ty, self.program.lang.trait_id("copy")),
        }
    }

    /// Conservative for parameters: true unless `Copy`.
    pub fn needs_drop(&self, owner: FnId, ty: Ty) -> bool {
        self.needs_drop_inner(owner, ty, &mut Vec::new())
    }

    fn needs_drop_inner(&self, owner: FnId, ty: Ty, seen: &mut Vec<Ty>) -> bool {
        match ty.kind() {
            TyKind::Bool | TyKind::Char | TyKind::Int(_) | TyKind::Float(_) | TyKind::Never | TyKind::Str => false,
            TyKind::Ptr(..) | TyKind::Ref(..) | TyKind::FnPtr(_) | TyKind::FnDef(..) | TyKind::Const(_) => false,
            TyKind::Error | TyKind::Infer(_) => false,
            TyKind::Dyn(_) => true,
            TyKind::Tuple(list) => list.iter().any(|&ty| self.needs_drop_inner(owner, ty, seen)),
            TyKind::Array(of, len) => {
                !matches!(len.kind(), TyKind::Const(0)) && self.needs_drop_inner(owner, *of, seen)
            }
            TyKind::Slice(of) => self.needs_drop_inner(owner, *of, seen),
            TyKind::Param(_) | TyKind::Projection(_) => !self.is_copy(owner, ty),
            TyKind::Closure(id, args) => match self.fields(*id) {
                Some(fields) => fields.iter().any(|field| self.needs_drop_inner(owner, field.subst(args), seen)),
                None => true,
            },
            TyKind::Adt(adt, args) => {
                if self.program.lang.is_adt("manually_drop", *adt) {
                    return false;
                }
                if seen.contains(&ty) {
                    return false;
                }
                seen.push(ty);
                if self.drop_impl(ty).is_some() {
                    return true;
                }
                let def = self.program.adt(*adt);
                (0..def.variants.len()).any(|variant| {
                    (0..def.variants[variant].fields.len()).any(|field| {
                        let field_ty = self.field_ty(owner, *adt, *args, variant as u32, field as u32);
                        self.needs_drop_inner(owner, field_ty, seen)
                    })
                })
            }
        }
    }

    pub fn implements(&self, owner: FnId, ty: Ty, trait_id: TraitId) -> bool {
        let concrete = !ty.flags().param && !ty.flags().projection;
        self.with_solver(owner, concrete, |solver| solver.evaluate(trait_id, Args::new(&[ty])) == Answer::Yes)
    }

    /// Replaces projections that can be known.
    pub fn normalize(&self, owner: FnId, ty: Ty) -> Ty {
        if !ty.flags().projection {
            return ty;
        }
        let concrete = !ty.flags().param;
        self.with_solver(owner, concrete, |solver| solver.normalize_known(ty))
    }

    /// The type of a field with the type's arguments put in, normalised.
    pub fn field_ty(&self, owner: FnId, adt: AdtId, args: Args, variant: u32, field: u32) -> Ty {
        let def = &self.program.adt(adt).variants[variant as usize].fields[field as usize];
        self.normalize(owner, def.ty.subst(&args))
    }

    /// The `Drop` impl's method of a type, with its arguments.
    pub fn drop_impl(&self, ty: Ty) -> Option<(FnId, Args)> {
        let TyKind::Adt(adt, _) = ty.kind() else { return None };
        let drop = self.program.lang.trait_id("drop");
        let key = crate::traits::SimpleKey::Adt(*adt);
        for id in self.program.index.impls(drop, Some(key)) {
            let def = self.program.impl_def(id);
            let env = Env::default();
            let mut solver = Solver::new(&self.program, &env, self);
            let fresh = solver.fresh_args(&def.generics);
            if solver.table.unify(def.self_ty.subst(&fresh), ty) {
                let args = solver.table.resolve_args(fresh);
                return def.methods.first().map(|&method| (method, args));
            }
        }
        None
    }

    /// Captured types of a closure, with the parameters of the function around it.
    pub fn closure_fields(&self, id: ClosureId) -> Vec<Ty> {
        self.fields(id).unwrap_or_default()
    }

    /// Concrete types only.
    pub fn resolve(&self, id: FnId, args: Args) -> Resolved {
        let def = self.program.fn_def(id);
        let trait_id = match def.kind {
            FnKind::Trait(trait_id) => trait_id,
            FnKind::Const => match self.program.surroundings(id).in_trait {
                Some(trait_id) => trait_id,
                None => return Resolved::Fn(id, args),
            },
            _ => return Resolved::Fn(id, args),
        };
        if let Some(found) = self.resolved.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&(id, args)) {
            return *found;
        }
        let found = self.resolve_in_trait(id, args, trait_id);
        self.resolved.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert((id, args), found);
        found
    }

    /// The impl by which concrete types fulfil a trait, with its arguments; `None` where the language does it for them, or nobody.
    pub fn impl_of(&self, id: TraitId, args: Args) -> Option<(ImplId, Args)> {
        let env = Env::default();
        let mut solver = Solver::new(&self.program, &env, self);
        let Ok(Some((Selection::Impl(impl_id, impl_args), nested))) = solver.select(id, args) else { return None };
        let pending = std::mem::take(&mut solver.pending);
        solver.evaluate_all_binding(nested.into_iter().chain(pending).collect());
        Some((impl_id, solver.table.resolve_args(impl_args)))
    }

    fn resolve_in_trait(&self, id: FnId, args: Args, trait_id: TraitId) -> Resolved {
        let def = self.program.fn_def(id);
        let count = self.program.trait_def(trait_id).generics.params.len();
        let trait_args = Args::new(&args[..count]);
        let own = &args[count..];
        if let TyKind::Dyn(_) = args[0].kind() {
            let methods = self.dyn_methods(args[0]);
            if let Some(slot) = methods.iter().position(|(method, _)| *method == id) {
                return Resolved::Virtual(slot as u32);
            }
        }
        for (name, kind) in crate::traits::FN_TRAITS {
            if self.program.lang.is_trait(name, trait_id) {
                return Resolved::FnTrait(kind);
            }
        }
        let env = Env::default();
        let mut solver = Solver::new(&self.program, &env, self);
        match solver.select(trait_id, trait_args) {
            Ok(Some((Selection::Impl(impl_id, impl_args), nested))) => {
                let pending = std::mem::take(&mut solver.pending);
                solver.evaluate_all_binding(nested.into_iter().chain(pending).collect());
                let impl_args = solver.table.resolve_args(impl_args);
                let impl_def = self.program.impl_def(impl_id);
                let members = impl_def.methods.iter().chain(&impl_def.consts);
                let found = members.copied().find(|method| self.program.fn_def(*method).name == def.name);
                match found {
                    Some(method) => Resolved::Fn(method, impl_args.then(own)),
                    // The trait's own body, with `Self` known.
                    None => Resolved::Fn(id, args),
                }
            }
            Ok(Some((Selection::Builtin | Selection::Env, _))) => {
                if self.program.lang.is_trait("clone", trait_id) && def.name.as_str() == "clone" {
                    Resolved::CloneByCopy
                } else {
                    Resolved::Fn(id, args)
                }
            }
            Ok(None) | Err(()) => {
                let shown = self.program.show_trait(args[0], trait_id, &trait_args[1..]);
                panic!("bug! resolve: no impl for `{shown}` (method `{}`)", def.name)
            }
        }
    }

    /// The methods of a `dyn` type's table, in order: those of super traits first; only those that a `dyn` can call.
    pub fn dyn_methods(&self, dyn_ty: Ty) -> Vec<(FnId, Args)> {
        let TyKind::Dyn(d) = dyn_ty.kind() else { return Vec::new() };
        let mut list = vec![dyn_ty];
        list.extend_from_slice(&d.args);
        let mut out = Vec::new();
        let mut seen = Vec::new();
        self.collect_dyn_methods(d.trait_id, Args::new(&list), &mut seen, &mut out);
        out
    }

    fn collect_dyn_methods(&self, id: TraitId, args: Args, seen: &mut Vec<TraitId>, out: &mut Vec<(FnId, Args)>) {
        if seen.contains(&id) {
            return;
        }
        seen.push(id);
        let def = self.program.trait_def(id);
        for &(above, above_args) in &def.supers {
            self.collect_dyn_methods(above, above_args.subst(&args), seen, out);
        }
        for &method in &def.methods {
            if is_dyn_callable(self.program.fn_def(method)) {
                out.push((method, args));
            }
        }
    }

    pub fn discriminants(&self, adt: AdtId) -> Vec<i64> {
        self.program.adt(adt).variants.iter().map(|variant| variant.discriminant).collect()
    }
}

impl ClosureFacts for TypedProgram {
    fn signature(&self, id: ClosureId) -> Option<(Args, Ty, Option<ClosureKind>)> {
        let body = self.body(id.owner)?;
        let closure = body.closures.get(id.index as usize)?;
        let params: Vec<Ty> = closure.params.iter().map(|param| param.ty).collect();
        Some((Args::new(&params), closure.ret, Some(closure.kind)))
    }
    fn fields(&self, id: ClosureId) -> Option<Vec<Ty>> {
        let body = self.body(id.owner)?;
        let closure = body.closures.get(id.index as usize)?;
        Some(closure.captures.iter().map(|capture| capture.field_ty()).collect())
    }
}

/// A method that can be called on a `dyn`: with a receiver, without type parameters of its own.
pub(crate) fn is_dyn_callable(def: &FnDef) -> bool {
    def.has_self && def.generics.params.len() == def.generics.parent_count
}

/// Why a trait cannot be a `dyn`, if so.
pub(crate) fn dyn_problem(program: &Program, id: TraitId) -> Option<String> {
    let def = program.trait_def(id);
    for (above, _) in &def.supers {
        if let Some(problem) = dyn_problem(program, *above) {
            return Some(problem);
        }
    }
    let itself = Ty::param(0, Symbol::intern("Self"));
    for &method in &def.methods {
        let method = program.fn_def(method);
        if !is_dyn_callable(method) {
            // Default methods with type parameters (iterator adapters) are simply not callable on it.
            if matches!(method.body, BodySource::None) {
                return Some(format!("its method `{}` has no receiver or has type parameters of its own", method.name));
            }
            continue;
        }
        let names_self = |ty: Ty| ty.any(&mut |part| part == itself);
        let in_params = method.params[1..].iter().any(|param| names_self(param.ty));
        let in_result = names_self(method.ret) && !matches!(method.ret.kind(), TyKind::Adt(..) | TyKind::Projection(_));
        if in_params && matches!(method.body, BodySource::None) || in_result && method.ret == itself {
            return Some(format!("its method `{}` speaks of `Self`, whose size is not known then", method.name));
        }
    }
    None
}

/// What stands around a definition.
pub(crate) struct Surroundings {
    pub self_ty: Option<Ty>,
    pub impl_of: Option<(TraitId, Args)>,
    pub in_trait: Option<TraitId>,
}

impl Program {
    pub(crate) fn surroundings(&self, id: FnId) -> Surroundings {
        let nothing = Surroundings { self_ty: None, impl_of: None, in_trait: None };
        let of_impl = |impl_id: ImplId| {
            let def = self.impl_def(impl_id);
            Surroundings { self_ty: Some(def.self_ty), impl_of: def.of_trait, in_trait: None }
        };
        let of_trait = |trait_id: TraitId| Surroundings {
            self_ty: Some(Ty::param(0, Symbol::intern("Self"))),
            impl_of: None,
            in_trait: Some(trait_id),
        };
        match self.fn_def(id).kind {
            FnKind::Impl(impl_id) => of_impl(impl_id),
            FnKind::Trait(trait_id) => of_trait(trait_id),
            FnKind::Const => {
                if let Some(def) = self.impls.iter().find(|def| def.consts.contains(&id)) {
                    return of_impl(def.id);
                }
                if let Some(def) = self.traits.iter().find(|def| def.consts.contains(&id)) {
                    return of_trait(def.id);
                }
                nothing
            }
            _ => nothing,
        }
    }

    /// The method of a lang trait. A missing one is a bug of the library.
    #[track_caller]
    pub fn trait_method(&self, lang: &str, name: &str) -> FnId {
        let id = self.lang.trait_id(lang);
        let found = self.trait_def(id).methods.iter().find(|method| self.fn_def(**method).name.as_str() == name);
        match found {
            Some(&method) => method,
            None => panic!("bug! std's trait `{lang}` has no method `{name}`"),
        }
    }

    /// `T: Trait<A>`
    pub fn show_trait(&self, self_ty: Ty, id: TraitId, args: &[Ty]) -> String {
        format!("{}: {}{}", self.show(self_ty), self.trait_def(id).name, self.show_args(args))
    }

    /// The integer that holds an enum's tag: the smallest that has room for all discriminants.
    pub fn tag_ty(&self, adt: AdtId) -> IntTy {
        let values = self.adt(adt).variants.iter().map(|variant| variant.discriminant as i128);
        let (low, high) = values.fold((0, 0), |(low, high), value| (value.min(low), value.max(high)));
        let fits = |int: &IntTy| int.min() <= low && high <= int.max();
        [IntTy::U8, IntTy::I8, IntTy::U16, IntTy::I16, IntTy::U32, IntTy::I32, IntTy::I64]
            .into_iter()
            .find(fits)
            .unwrap_or(IntTy::U64)
    }
}
