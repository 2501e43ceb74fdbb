//! Impls and methods by what is asked: trait and head of the type, or name.

use diag::fast::FastMap;
use crate::ids::*;
use crate::program::*;
use crate::ty::{FloatTy, IntTy, Mutable, Ty, TyKind};
use diag::Symbol;

/// The head of a type; `None` for parameters and unknowns, which fit all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum SimpleKey {
    Bool,
    Char,
    Int(IntTy),
    Float(FloatTy),
    Str,
    Never,
    Tuple(usize),
    Array,
    Slice,
    Adt(AdtId),
    Ref(Mutable),
    Ptr(Mutable),
    Fn,
    Closure,
    Dyn(TraitId),
}

impl SimpleKey {
    pub(crate) fn of(ty: Ty) -> Option<SimpleKey> {
        Some(match ty.kind() {
            TyKind::Bool => SimpleKey::Bool,
            TyKind::Char => SimpleKey::Char,
            TyKind::Int(int) => SimpleKey::Int(*int),
            TyKind::Float(float) => SimpleKey::Float(*float),
            TyKind::Str => SimpleKey::Str,
            TyKind::Never => SimpleKey::Never,
            TyKind::Tuple(list) => SimpleKey::Tuple(list.len()),
            TyKind::Array(..) => SimpleKey::Array,
            TyKind::Slice(_) => SimpleKey::Slice,
            TyKind::Adt(id, _) => SimpleKey::Adt(*id),
            TyKind::Ref(mutable, _) => SimpleKey::Ref(*mutable),
            TyKind::Ptr(mutable, _) => SimpleKey::Ptr(*mutable),
            TyKind::FnPtr(_) | TyKind::FnDef(..) => SimpleKey::Fn,
            TyKind::Closure(..) => SimpleKey::Closure,
            TyKind::Dyn(d) => SimpleKey::Dyn(d.trait_id),
            TyKind::Param(_) | TyKind::Projection(_) | TyKind::Const(_) | TyKind::Infer(_) | TyKind::Error => {
                return None;
            }
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MethodCandidate {
    Inherent(FnId, ImplId),
    Trait(FnId, TraitId),
}

impl MethodCandidate {
    pub(crate) fn fn_id(self) -> FnId {
        match self {
            MethodCandidate::Inherent(id, _) | MethodCandidate::Trait(id, _) => id,
        }
    }
}

#[derive(Default)]
pub(crate) struct ImplIndex {
    by_key: FastMap<(TraitId, SimpleKey), Vec<ImplId>>,
    blanket: FastMap<TraitId, Vec<ImplId>>,
    /// Methods (with and without `self`) and constants by name.
    by_name: FastMap<Symbol, Vec<MethodCandidate>>,
}

impl ImplIndex {
    pub(crate) fn build(program: &Program) -> ImplIndex {
        let mut index = ImplIndex::default();
        for def in &program.impls {
            if def.self_ty.is_error() {
                continue;
            }
            match def.of_trait {
                Some((id, _)) => match SimpleKey::of(def.self_ty) {
                    Some(key) => index.by_key.entry((id, key)).or_default().push(def.id),
                    None => index.blanket.entry(id).or_default().push(def.id),
                },
                None => {
                    for &method in def.methods.iter().chain(&def.consts) {
                        let name = program.fn_def(method).name;
                        index.by_name.entry(name).or_default().push(MethodCandidate::Inherent(method, def.id));
                    }
                }
            }
        }
        for def in &program.traits {
            for &method in def.methods.iter().chain(&def.consts) {
                let name = program.fn_def(method).name;
                index.by_name.entry(name).or_default().push(MethodCandidate::Trait(method, def.id));
            }
        }
        index
    }

    /// Impls of a trait that may fit a type with this head; without one, all.
    pub(crate) fn impls(&self, id: TraitId, key: Option<SimpleKey>) -> impl Iterator<Item = ImplId> + '_ {
        let keyed: &[ImplId] = match key {
            Some(key) => self.by_key.get(&(id, key)).map_or(&[], |list| list),
            None => &[],
        };
        let blanket: &[ImplId] = self.blanket.get(&id).map_or(&[], |list| list);
        keyed.iter().chain(blanket).copied()
    }

    pub(crate) fn all_impls(&self, id: TraitId) -> Vec<ImplId> {
        let mut all: Vec<ImplId> = self
            .by_key
            .iter()
            .filter(|((of, _), _)| *of == id)
            .flat_map(|(_, list)| list.iter().copied())
            .chain(self.blanket.get(&id).into_iter().flatten().copied())
            .collect();
        all.sort();
        all
    }

    pub(crate) fn named(&self, name: Symbol) -> &[MethodCandidate] {
        self.by_name.get(&name).map_or(&[], |list| list)
    }

    /// Pairs of impls of one trait that could answer for the same type; the second is the user's.
    pub(crate) fn overlapping(&self, program: &Program) -> Vec<(ImplId, ImplId)> {
        let mut out = Vec::new();
        for def in program.impls.iter().filter(|def| !program.module(def.module).library) {
            let Some((id, args)) = def.of_trait else { continue };
            let key = SimpleKey::of(def.self_ty);
            let others: Vec<ImplId> = match key {
                Some(_) => self.impls(id, key).collect(),
                None => self.all_impls(id),
            };
            for other in others {
                let other_def = program.impl_def(other);
                let both_users = !program.module(other_def.module).library;
                if other == def.id || both_users && other > def.id {
                    continue;
                }
                let Some((_, other_args)) = other_def.of_trait else { continue };
                let env = super::Env::default();
                let mut solver = super::Solver::new(program, &env, &super::NoClosures);
                let (mine, my_predicates) = solver.fresh_impl(def.id, args);
                let (theirs, their_predicates) = solver.fresh_impl(other, other_args);
                if !solver.table.unify_args(&mine, &theirs) {
                    continue;
                }
                // A bound that certainly fails keeps them apart.
                let apart = my_predicates.iter().chain(&their_predicates).any(|predicate| match predicate {
                    PredicateKind::Trait(id, args) => solver.evaluate(*id, *args) == super::Answer::No,
                    PredicateKind::Projection(..) => false,
                });
                if !apart {
                    out.push((other, def.id));
                }
            }
        }
        out
    }
}
