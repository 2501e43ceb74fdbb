//! Which impl answers for which type: selection, projection, and the traits that the compiler knows by structure.

mod auto;
mod builtin;
mod index;
mod solve;

pub(crate) use builtin::FN_TRAITS;
pub(crate) use index::{ImplIndex, MethodCandidate, SimpleKey};
pub(crate) use solve::{Answer, ClosureFacts, NoClosures, Projected, Selection, Solver};

use crate::errors;
use crate::program::*;
use crate::ty::{Args, ProjectionTy, Subst, Ty, TyKind};
use crate::ids::*;
use diag::{Diags, Span};

/// What is known inside a generic definition: its predicates, those of super traits included.
#[derive(Default, Clone)]
pub(crate) struct Env {
    pub traits: Vec<(TraitId, Args)>,
    pub projections: Vec<(ProjectionTy, Ty)>,
}

impl Env {
    pub(crate) fn new(program: &Program, predicates: &[Predicate]) -> Env {
        let mut env = Env::default();
        for predicate in predicates {
            match predicate.kind {
                PredicateKind::Trait(id, args) => env.add_trait(program, id, args),
                PredicateKind::Projection(projection, ty) => env.projections.push((projection, ty)),
            }
        }
        env
    }

    fn add_trait(&mut self, program: &Program, id: TraitId, args: Args) {
        if self.traits.contains(&(id, args)) {
            return;
        }
        self.traits.push((id, args));
        // Who owns the whole owns its parts.
        if program.lang.is_trait("own", id) {
            for part in parts_to_own(args[0]) {
                self.add_trait(program, id, Args::new(&[part]));
            }
        }
        let def = program.trait_def(id);
        for &(above, above_args) in &def.supers {
            self.add_trait(program, above, above_args.subst(&args));
        }
        // `trait A: Iterator<Item = int>` and where clauses of the trait hold for who implements it.
        for predicate in &def.generics.predicates {
            match predicate.kind {
                PredicateKind::Projection(p, ty) => {
                    let p = ProjectionTy { trait_id: p.trait_id, args: p.args.subst(&args), name: p.name };
                    let entry = (p, ty.subst(&args));
                    if !self.projections.contains(&entry) {
                        self.projections.push(entry);
                    }
                }
                PredicateKind::Trait(..) => {}
            }
        }
    }
}

/// The parameters and associated types that must be owners for a type to be one.
pub(crate) fn parts_to_own(ty: Ty) -> Vec<Ty> {
    match ty.kind() {
        TyKind::Param(_) | TyKind::Projection(_) => vec![ty],
        TyKind::Tuple(list) | TyKind::Adt(_, list) => list.iter().flat_map(|&part| parts_to_own(part)).collect(),
        TyKind::Array(of, _) | TyKind::Slice(of) => parts_to_own(*of),
        _ => Vec::new(),
    }
}

/// Whether a bound follows from predicates alone.
pub(crate) fn holds_in(program: &Program, predicates: &[Predicate], id: TraitId, args: Args) -> bool {
    let env = Env::new(program, predicates);
    Solver::new(program, &env, &NoClosures).evaluate(id, args) == Answer::Yes
}

/// Projections that are known under predicates replaced.
pub(crate) fn normalize_in(program: &Program, predicates: &[Predicate], ty: Ty) -> Ty {
    if !ty.flags().projection {
        return ty;
    }
    let env = Env::new(program, predicates);
    Solver::new(program, &env, &NoClosures).normalize_known(ty)
}

/// Whether one type can be both.
pub(crate) fn may_overlap(program: &Program, a: Ty, b: Ty) -> bool {
    let env = Env::default();
    let mut solver = Solver::new(program, &env, &NoClosures);
    let (a, b) = (solver.with_fresh_params(a), solver.with_fresh_params(b));
    solver.table.unify(a, b)
}

/// An impl of a trait needs the impls of its super traits.
pub(crate) fn check_super_traits(program: &Program, def: &ImplDef, id: TraitId, args: Args, diags: &mut Diags) {
    if def.self_ty.is_error() {
        return;
    }
    let env = Env::new(program, &def.generics.predicates);
    for &(above, above_args) in &program.trait_def(id).supers {
        let wanted = above_args.subst(&args);
        let mut solver = Solver::new(program, &env, &NoClosures);
        if solver.evaluate(above, wanted) == Answer::No {
            let (name, above_name) = (program.trait_def(id).name, program.trait_def(above).name);
            diags.push(errors::missing_super(program.users_span(def.span), name, above_name, &program.show(def.self_ty)));
        }
    }
    for (name, ty) in &def.assoc_types {
        let trait_def = program.trait_def(id);
        let Some(assoc) = trait_def.assoc_types.iter().find(|assoc| assoc.name == *name) else { continue };
        for bound in &assoc.bounds {
            let PredicateKind::Trait(bound_id, bound_args) = bound.kind else { continue };
            let mut list = bound_args.subst(&args).to_vec();
            list[0] = *ty;
            let mut solver = Solver::new(program, &env, &NoClosures);
            if solver.evaluate(bound_id, Args::new(&list)) == Answer::No {
                let wanted = program.trait_def(bound_id).name;
                diags.push(errors::not_implemented(program.users_span(def.span), &program.show(*ty), wanted, Some(bound.span)));
            }
        }
    }
}

/// The head of a type as an impl would name it.
pub(crate) fn is_rigid(ty: Ty) -> bool {
    matches!(ty.kind(), TyKind::Param(_) | TyKind::Projection(_))
}

#[derive(Clone, Debug)]
pub(crate) struct Obligation {
    pub kind: ObligationKind,
    pub span: Span,
    /// Where the bound was asked for.
    pub bound: Option<Span>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum ObligationKind {
    Trait(TraitId, Args),
    Projection(ProjectionTy, Ty),
}

/// A predicate of a definition with arguments put in.
pub(crate) fn subst_obligation(kind: PredicateKind, args: &[Ty]) -> ObligationKind {
    solve::obligation_of(solve::subst_predicate(kind, args))
}
