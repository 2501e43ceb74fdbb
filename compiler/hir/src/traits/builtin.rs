//! Traits that types have by their structure: `Copy` and `Clone` of what is copied as bits, the `Fn` traits, `dyn`.

use super::solve::*;
use super::*;
use crate::ty::{InferTy, Mutable};
use crate::typed::ClosureKind;
use diag::Symbol;

type Built = Result<Option<Vec<ObligationKind>>, ()>;

impl Solver<'_> {
    /// `None`: the compiler has no opinion, impls decide.
    pub(super) fn builtin(&mut self, id: TraitId, args: Args) -> Option<Built> {
        let self_ty = args[0];
        let lang = &self.program.lang;
        if let TyKind::Dyn(d) = self_ty.kind()
            && let Some(result) = self.dyn_trait(d, id, args)
        {
            return Some(result);
        }
        if lang.is_trait("copy", id) {
            return self.copy(id, self_ty);
        }
        if lang.is_trait("clone", id) {
            return self.clone_by_copy(id, self_ty);
        }
        for (name, kind) in FN_TRAITS {
            if lang.is_trait(name, id) {
                return self.fn_trait(kind, id, args);
            }
        }
        if self.program.trait_def(id).auto {
            return Some(self.auto_trait(id, self_ty));
        }
        // A value that never comes can do anything that is asked of a value.
        if self_ty.is_never() {
            let asked_of_a_value = |method: FnId| {
                let def = self.program.fn_def(method);
                def.has_self || !matches!(def.body, BodySource::None)
            };
            if self.program.trait_def(id).methods.iter().copied().all(asked_of_a_value) {
                return Some(Ok(Some(Vec::new())));
            }
        }
        None
    }

    fn copy(&mut self, id: TraitId, ty: Ty) -> Option<Built> {
        let each = |list: &[Ty]| {
            Some(Ok(Some(list.iter().map(|&ty| ObligationKind::Trait(id, Args::new(&[ty]))).collect())))
        };
        match ty.kind() {
            TyKind::Bool | TyKind::Char | TyKind::Int(_) | TyKind::Float(_) | TyKind::Never => each(&[]),
            TyKind::Infer(InferTy::Int(_) | InferTy::Float(_)) => each(&[]),
            TyKind::Ptr(..) | TyKind::FnPtr(_) | TyKind::FnDef(..) => each(&[]),
            TyKind::Ref(Mutable::No, _) => each(&[]),
            TyKind::Ref(Mutable::Yes, _) | TyKind::Str | TyKind::Slice(_) | TyKind::Dyn(_) => Some(Err(())),
            TyKind::Tuple(list) => each(list),
            TyKind::Array(of, _) => each(&[*of]),
            TyKind::Closure(closure, args) => match self.closures.fields(*closure) {
                Some(fields) => {
                    let fields: Vec<Ty> = fields.iter().map(|ty| ty.subst(args)).collect();
                    each(&fields)
                }
                None => Some(Ok(None)),
            },
            _ => None,
        }
    }

    fn clone_by_copy(&mut self, id: TraitId, ty: Ty) -> Option<Built> {
        match ty.kind() {
            TyKind::Bool | TyKind::Char | TyKind::Int(_) | TyKind::Float(_) | TyKind::Never => Some(Ok(Some(vec![]))),
            TyKind::Infer(InferTy::Int(_) | InferTy::Float(_)) => Some(Ok(Some(vec![]))),
            TyKind::Ptr(..) | TyKind::FnPtr(_) | TyKind::FnDef(..) | TyKind::Ref(Mutable::No, _) => {
                Some(Ok(Some(vec![])))
            }
            TyKind::Ref(Mutable::Yes, _) | TyKind::Str | TyKind::Slice(_) | TyKind::Dyn(_) => Some(Err(())),
            // Closures are cloned as bits, so only copyable ones are.
            TyKind::Closure(..) => {
                let copy = self.program.lang.trait_id("copy");
                let _ = id;
                self.copy(copy, ty)
            }
            _ => None,
        }
    }

    /// Parameters and result of something that can be called.
    pub(crate) fn callable(&mut self, ty: Ty) -> Option<Callable> {
        match ty.kind() {
            TyKind::Closure(id, args) => {
                let (params, ret, kind) = self.closures.signature(*id)?;
                Some(Callable { params: params.subst(args), ret: ret.subst(args), kind: kind.unwrap_or(ClosureKind::Fn) })
            }
            TyKind::FnPtr(f) => Some(Callable { params: f.params, ret: f.ret, kind: ClosureKind::Fn }),
            TyKind::FnDef(id, args) => {
                let def = self.program.fn_def(*id);
                if def.is_unsafe {
                    return None;
                }
                let params: Vec<Ty> = def.params.iter().map(|param| param.ty.subst(args)).collect();
                let params = Args::new(&params).map(&mut |ty| self.normalize(ty));
                let ret = self.normalize(def.ret.subst(args));
                Some(Callable { params, ret, kind: ClosureKind::Fn })
            }
            TyKind::Ref(mutable, to) => {
                let to = self.table.resolve(*to);
                let inner = self.callable_or_bound(to)?;
                match (mutable, inner.kind) {
                    (_, ClosureKind::Fn) => Some(inner),
                    (Mutable::Yes, ClosureKind::FnMut) => Some(inner),
                    _ => None,
                }
            }
            TyKind::Adt(adt, args) if self.program.lang.is_adt("box", *adt) => {
                let to = self.table.resolve(args[0]);
                self.callable_or_bound(to)
            }
            TyKind::Dyn(d) => {
                let (_, kind) = FN_TRAITS.iter().find(|(name, _)| self.program.lang.is_trait(name, d.trait_id))?;
                let TyKind::Tuple(params) = d.args.first()?.kind() else { return None };
                let ret = d.bindings.first().map_or(Ty::unit(), |(_, ty)| *ty);
                Some(Callable { params: *params, ret, kind: *kind })
            }
            _ => None,
        }
    }

    /// Also a parameter with an `Fn` bound.
    pub(crate) fn callable_or_bound(&mut self, ty: Ty) -> Option<Callable> {
        if let Some(found) = self.callable(ty) {
            return Some(found);
        }
        if !is_rigid(ty) {
            return None;
        }
        for (name, kind) in FN_TRAITS {
            let id = self.program.lang.trait_id(name);
            let bound = self.env.traits.iter().find(|(env_id, args)| *env_id == id && args[0] == ty).map(|(_, a)| *a);
            let Some(args) = bound else { continue };
            let params = self.table.resolve(args[1]);
            let TyKind::Tuple(params) = params.kind() else { continue };
            let once = self.program.lang.trait_id("fn_once");
            let projection = ProjectionTy { trait_id: once, args, name: Symbol::intern("Output") };
            let ret = self.normalize(Ty::new(TyKind::Projection(projection)));
            return Some(Callable { params: *params, ret, kind });
        }
        None
    }

    fn fn_trait(&mut self, wanted: ClosureKind, _id: TraitId, args: Args) -> Option<Built> {
        let self_ty = args[0];
        if let TyKind::Closure(id, _) = self_ty.kind() {
            // The kind of a closure still being typed is checked when it is known.
            if self.closures.signature(*id).is_none() {
                return Some(Ok(None));
            }
        }
        if self.calls_unknown(self_ty) {
            return Some(Ok(None));
        }
        let callable = match self_ty.kind() {
            TyKind::Closure(..) | TyKind::FnPtr(_) | TyKind::FnDef(..) | TyKind::Ref(..) | TyKind::Dyn(_) => {
                self.callable(self_ty)
            }
            TyKind::Adt(adt, _) if self.program.lang.is_adt("box", *adt) => self.callable(self_ty),
            _ => return None,
        };
        let Some(callable) = callable else { return Some(Err(())) };
        if callable.kind > wanted {
            return Some(Err(()));
        }
        if !self.table.unify(args[1], Ty::new(TyKind::Tuple(callable.params))) {
            return Some(Err(()));
        }
        Some(Ok(Some(Vec::new())))
    }

    /// A reference to, or a box of, something whose type is not known yet.
    fn calls_unknown(&self, ty: Ty) -> bool {
        let to = match ty.kind() {
            TyKind::Ref(_, to) => *to,
            TyKind::Adt(adt, args) if self.program.lang.is_adt("box", *adt) => args[0],
            _ => return false,
        };
        let to = self.table.resolve(to);
        to.is_infer() || self.calls_unknown(to)
    }

    /// `Output` of callables, associated types of `dyn`.
    pub(super) fn builtin_projection(&mut self, p: ProjectionTy) -> Option<Projected> {
        let self_ty = p.args[0];
        if self.program.lang.is_trait("fn_once", p.trait_id) && p.name.as_str() == "Output" {
            let is_box = matches!(self_ty.kind(), TyKind::Adt(adt, _) if self.program.lang.is_adt("box", *adt));
            let direct = matches!(
                self_ty.kind(),
                TyKind::Closure(..) | TyKind::FnPtr(_) | TyKind::FnDef(..) | TyKind::Ref(..) | TyKind::Dyn(_)
            );
            if is_box || direct {
                if let TyKind::Closure(id, _) = self_ty.kind()
                    && self.closures.signature(*id).is_none()
                {
                    return Some(Projected::Ambiguous);
                }
                if self.calls_unknown(self_ty) {
                    return Some(Projected::Ambiguous);
                }
                return Some(match self.callable(self_ty) {
                    Some(callable) => Projected::Known(callable.ret, Vec::new()),
                    None => Projected::Failed,
                });
            }
        }
        if let TyKind::Dyn(d) = self_ty.kind() {
            let found = d.bindings.iter().find(|(name, _)| *name == p.name);
            if let Some((_, ty)) = found
                && self.dyn_supers(d, self_ty).iter().any(|(id, _)| *id == p.trait_id)
            {
                return Some(Projected::Known(*ty, Vec::new()));
            }
        }
        None
    }

    fn dyn_supers(&self, d: &crate::ty::DynTy, self_ty: Ty) -> Vec<(TraitId, Args)> {
        let mut list = vec![self_ty];
        list.extend_from_slice(&d.args);
        let mut env = Env::default();
        env.add_trait(self.program, d.trait_id, Args::new(&list));
        env.traits
    }

    fn dyn_trait(&mut self, d: &'static crate::ty::DynTy, id: TraitId, args: Args) -> Option<Built> {
        if d.markers.contains(&id) {
            return Some(Ok(Some(Vec::new())));
        }
        for (above, above_args) in self.dyn_supers(d, args[0]) {
            if above == id {
                // The same trait may be asked with unknown arguments.
                if self.table.unify_args(&above_args[1..], &args[1..]) {
                    return Some(Ok(Some(Vec::new())));
                }
                return Some(Err(()));
            }
        }
        None
    }
}

pub(crate) struct Callable {
    pub params: Args,
    pub ret: Ty,
    pub kind: ClosureKind,
}

pub(crate) const FN_TRAITS: [(&str, ClosureKind); 3] =
    [("fn", ClosureKind::Fn), ("fn_mut", ClosureKind::FnMut), ("fn_once", ClosureKind::FnOnce)];
