//! Selection and projection over inference variables.
//!
//! `select` finds the one way in which a bound may hold, or says that there is none, or that it is too early to say.
//! `evaluate` asks the same question deeply and takes everything back. `normalize` replaces projections by what they are;
//! where that is not known yet, by a variable with an obligation.

use super::*;
use crate::infer::table::Table;
use crate::typed::ClosureKind;
use diag::fast::FastMap;

/// What the solver must ask of closures: their bodies may still be being typed.
pub(crate) trait ClosureFacts {
    /// Parameters, result, and the kind where it is already known.
    fn signature(&self, id: ClosureId) -> Option<(Args, Ty, Option<ClosureKind>)>;
    /// The types of the captured fields; `None` while unknown.
    fn fields(&self, id: ClosureId) -> Option<Vec<Ty>>;
}

pub(crate) struct NoClosures;
impl ClosureFacts for NoClosures {
    fn signature(&self, _: ClosureId) -> Option<(Args, Ty, Option<ClosureKind>)> {
        None
    }
    fn fields(&self, _: ClosureId) -> Option<Vec<Ty>> {
        None
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    Yes,
    Maybe,
    No,
}

impl Answer {
    fn and(self, other: Answer) -> Answer {
        match (self, other) {
            (Answer::No, _) | (_, Answer::No) => Answer::No,
            (Answer::Maybe, _) | (_, Answer::Maybe) => Answer::Maybe,
            (Answer::Yes, Answer::Yes) => Answer::Yes,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Selection {
    Impl(ImplId, Args),
    /// A bound of the surrounding definition, or of a trait's associated type.
    Env,
    /// Known by the structure of the type.
    Builtin,
}

pub(crate) enum Projected {
    Known(Ty, Vec<ObligationKind>),
    /// A parameter's associated type: stays as it is.
    Rigid,
    Ambiguous,
    /// The bound does not hold at all.
    Failed,
}

pub(crate) struct Solver<'a> {
    pub program: &'a Program,
    pub env: &'a Env,
    pub closures: &'a dyn ClosureFacts,
    pub table: Table,
    /// Bounds being evaluated, against cycles.
    stack: Vec<(TraitId, Args)>,
    /// Bounds of the surrounding definition whose own types are being found out, against cycles.
    bounds_in_work: Vec<(TraitId, Args)>,
    /// Obligations that `normalize` leaves behind.
    pub pending: Vec<ObligationKind>,
    /// What projections without variables stand for, as far as nothing else has to hold for it: operators ask again and again.
    projected: FastMap<ProjectionTy, Ty>,
}

const DEPTH_MAX: usize = 96;

impl<'a> Solver<'a> {
    pub(crate) fn new(program: &'a Program, env: &'a Env, closures: &'a dyn ClosureFacts) -> Solver<'a> {
        let table = Table::new(program.lang.get("string").and_then(|item| match item {
            crate::LangItem::Adt(id) => Some(Ty::adt(id, Args::empty())),
            _ => None,
        }));
        Solver { program, env, closures, table, stack: Vec::new(), bounds_in_work: Vec::new(), pending: Vec::new(), projected: FastMap::default() }
    }

    /// The trait arguments of an impl and its predicates, with fresh variables for its parameters.
    pub(crate) fn fresh_impl(&mut self, id: ImplId, args: Args) -> (Args, Vec<PredicateKind>) {
        let def = self.program.impl_def(id);
        let fresh = self.fresh_args(&def.generics);
        let predicates = def.generics.predicates.iter().map(|predicate| subst_predicate(predicate.kind, &fresh)).collect();
        (args.subst(&fresh), predicates)
    }

    pub(crate) fn fresh_args(&mut self, generics: &Generics) -> Args {
        let list: Vec<Ty> = generics.params.iter().map(|_| self.table.fresh(Span::NONE)).collect();
        Args::new(&list)
    }

    /// Parameters replaced by fresh variables, the same for the same.
    pub(crate) fn with_fresh_params(&mut self, ty: Ty) -> Ty {
        let mut highest = 0;
        ty.any(&mut |part| {
            if let TyKind::Param(param) = part.kind() {
                highest = highest.max(param.index + 1);
            }
            false
        });
        let list: Vec<Ty> = (0..highest).map(|_| self.table.fresh(Span::NONE)).collect();
        ty.subst(&list)
    }

    /// What a closure captured, once that is known.
    pub(crate) fn closure_fields(&self, id: ClosureId) -> Option<Vec<Ty>> {
        self.closures.fields(id)
    }

    /// Whether a bound holds; leaves no trace.
    pub(crate) fn evaluate(&mut self, id: TraitId, args: Args) -> Answer {
        let args = self.table.resolve_args(args);
        if args.iter().any(|ty| ty.flags().error) {
            return Answer::Yes;
        }
        if self.stack.contains(&(id, args)) {
            // Structure may be recursive; what is decided by structure holds unless something speaks against it.
            return if self.program.trait_def(id).auto { Answer::Yes } else { Answer::No };
        }
        if self.stack.len() > DEPTH_MAX {
            return Answer::Maybe;
        }
        self.stack.push((id, args));
        let snapshot = self.table.snapshot();
        let kept = self.pending.len();
        let answer = match self.select(id, args) {
            Err(()) => Answer::No,
            Ok(None) => Answer::Maybe,
            Ok(Some((_, nested))) => {
                let mut todo = nested;
                todo.extend(self.pending.drain(kept..));
                self.evaluate_all(todo)
            }
        };
        self.pending.truncate(kept);
        self.table.rollback(snapshot);
        self.stack.pop();
        answer
    }

    /// All of them together: what one learns, the next knows.
    pub(crate) fn evaluate_all(&mut self, mut todo: Vec<ObligationKind>) -> Answer {
        let mut result = Answer::Yes;
        let kept = self.pending.len();
        // Bounds first that may bind something; what is ambiguous may be clear after the others.
        for _ in 0..4 {
            let mut later = Vec::new();
            let mut progress = false;
            for kind in todo {
                match kind {
                    ObligationKind::Trait(id, args) => match self.evaluate(id, args) {
                        Answer::No => return Answer::No,
                        Answer::Yes => {}
                        Answer::Maybe => later.push(kind),
                    },
                    ObligationKind::Projection(projection, ty) => match self.project(projection) {
                        Projected::Known(found, nested) => {
                            progress = true;
                            let found = self.normalize(found);
                            if !self.table.unify(found, ty) {
                                return Answer::No;
                            }
                            later.extend(nested);
                        }
                        Projected::Rigid => {
                            progress = true;
                            let rigid = Ty::new(TyKind::Projection(projection));
                            if !self.table.unify(self.table.resolve(rigid), ty) {
                                return Answer::No;
                            }
                        }
                        Projected::Ambiguous => later.push(kind),
                        Projected::Failed => return Answer::No,
                    },
                }
            }
            later.extend(self.pending.drain(kept..));
            todo = later;
            if todo.is_empty() {
                return result;
            }
            if !progress {
                break;
            }
        }
        if !todo.is_empty() {
            result = result.and(Answer::Maybe);
        }
        result
    }

    /// The one way in which the bound may hold, with what it needs; its unifications are done.
    /// `Ok(None)`: too early to say. `Err`: it does not hold.
    pub(crate) fn select(
        &mut self,
        id: TraitId,
        args: Args,
    ) -> Result<Option<(Selection, Vec<ObligationKind>)>, ()> {
        let args = self.table.resolve_args(args);
        let self_ty = args[0];
        if args.iter().any(|ty| ty.flags().error) {
            return Ok(Some((Selection::Builtin, Vec::new())));
        }
        if matches!(self_ty.kind(), TyKind::Infer(InferTy::General(_))) {
            // `Env` may still say it: a bound on the same unknown arguments cannot be chosen yet.
            return Ok(None);
        }
        match self.select_from_env(id, args) {
            EnvChoice::One => return Ok(Some((Selection::Env, Vec::new()))),
            EnvChoice::Several => return Ok(None),
            EnvChoice::None => {}
        }
        if let Some(result) = self.builtin(id, args) {
            return result.map(|nested| nested.map(|nested| (Selection::Builtin, nested)));
        }
        self.select_impl(id, args)
    }

    fn select_impl(&mut self, id: TraitId, args: Args) -> Result<Option<(Selection, Vec<ObligationKind>)>, ()> {
        let key = SimpleKey::of(args[0]);
        let candidates: Vec<ImplId> = if key.is_some() || is_rigid(args[0]) {
            self.program.index.impls(id, key).collect()
        } else {
            self.program.index.all_impls(id)
        };
        let mut fitting: Vec<ImplId> = Vec::new();
        for &candidate in &candidates {
            let Some((_, trait_args)) = self.program.impl_def(candidate).of_trait else { continue };
            let snapshot = self.table.snapshot();
            let kept = self.pending.len();
            let (wanted, _) = self.fresh_impl_head(candidate, trait_args);
            if self.unify_normalized(&wanted, &args) {
                fitting.push(candidate);
            }
            self.pending.truncate(kept);
            self.table.rollback(snapshot);
        }
        if fitting.len() > 1 {
            // Where clauses may leave just one.
            let mut left = Vec::new();
            for &candidate in &fitting {
                let Some((_, trait_args)) = self.program.impl_def(candidate).of_trait else { continue };
                let snapshot = self.table.snapshot();
                let kept = self.pending.len();
                let (wanted, fresh) = self.fresh_impl_head(candidate, trait_args);
                let fits = self.unify_normalized(&wanted, &args);
                let mut nested = self.impl_predicates(candidate, fresh);
                nested.extend(self.pending.drain(kept..));
                if fits && self.evaluate_all(nested) != Answer::No {
                    left.push(candidate);
                }
                self.table.rollback(snapshot);
            }
            fitting = left;
        }
        match fitting[..] {
            [] => Err(()),
            [one] => {
                let def = self.program.impl_def(one);
                if def.negative {
                    return Err(());
                }
                let (_, trait_args) = def.of_trait.expect("an impl of a trait");
                let (wanted, fresh) = self.fresh_impl_head(one, trait_args);
                let fits = self.unify_normalized(&wanted, &args);
                debug_assert!(fits);
                let nested = self.impl_predicates(one, fresh);
                Ok(Some((Selection::Impl(one, fresh), nested)))
            }
            _ => Ok(None),
        }
    }

    fn fresh_impl_head(&mut self, id: ImplId, trait_args: Args) -> (Args, Args) {
        let fresh = self.fresh_args(&self.program.impl_def(id).generics);
        (trait_args.subst(&fresh), fresh)
    }

    fn impl_predicates(&mut self, id: ImplId, fresh: Args) -> Vec<ObligationKind> {
        let predicates = &self.program.impl_def(id).generics.predicates;
        predicates
            .iter()
            .map(|predicate| match obligation_of(subst_predicate(predicate.kind, &fresh)) {
                ObligationKind::Trait(id, args) => ObligationKind::Trait(id, args.map(&mut |ty| self.normalize(ty))),
                ObligationKind::Projection(p, ty) => {
                    let args = p.args.map(&mut |ty| self.normalize(ty));
                    ObligationKind::Projection(ProjectionTy { args, ..p }, self.normalize(ty))
                }
            })
            .collect()
    }

    fn unify_normalized(&mut self, a: &[Ty], b: &[Ty]) -> bool {
        a.iter().zip(b).all(|(&x, &y)| {
            let x = if x.flags().projection { self.normalize(x) } else { x };
            self.table.unify(x, y)
        })
    }

    fn select_from_env(&mut self, id: TraitId, args: Args) -> EnvChoice {
        let mut found: Vec<Args> = Vec::new();
        for i in 0..self.env.traits.len() {
            let (env_id, env_args) = self.env.traits[i];
            if env_id == id && self.bound_could_be(env_id, env_args, args) && !found.contains(&env_args) {
                found.push(env_args);
            }
        }
        // What a trait promises of its associated types: `T::Item: Show`.
        if let TyKind::Projection(p) = args[0].kind() {
            for (bound_id, bound_args) in self.assoc_bounds(*p).traits {
                if bound_id == id && self.could_unify(bound_args, args) && !found.contains(&bound_args) {
                    found.push(bound_args);
                }
            }
        }
        match found[..] {
            [] => EnvChoice::None,
            [one] => {
                self.unify_bound(id, one, args);
                EnvChoice::One
            }
            _ => {
                // Exactly what was asked for is not ambiguous.
                if found.contains(&args) { EnvChoice::One } else { EnvChoice::Several }
            }
        }
    }

    fn bound_could_be(&mut self, id: TraitId, bound: Args, wanted: Args) -> bool {
        // Heads differ most of the time.
        if let (Some(x), Some(y)) = (SimpleKey::of(bound[0]), SimpleKey::of(wanted[0]))
            && x != y
        {
            return false;
        }
        let snapshot = self.table.snapshot();
        let kept = self.pending.len();
        let fits = self.unify_bound(id, bound, wanted);
        self.pending.truncate(kept);
        self.table.rollback(snapshot);
        fits
    }

    /// A bound on an associated type is what that type is; to find that out may take the same bound again, which then stands
    /// for itself.
    fn unify_bound(&mut self, id: TraitId, bound: Args, wanted: Args) -> bool {
        if !bound.iter().any(|ty| ty.flags().projection) {
            return self.table.unify_args(&bound, &wanted);
        }
        if self.bounds_in_work.contains(&(id, bound)) {
            return bound.iter().zip(wanted.iter()).all(|(a, b)| a == b);
        }
        self.bounds_in_work.push((id, bound));
        let fits = self.unify_normalized(&bound, &wanted);
        self.bounds_in_work.pop();
        fits
    }

    fn could_unify(&mut self, a: Args, b: Args) -> bool {
        // Heads differ most of the time.
        if let (Some(x), Some(y)) = (SimpleKey::of(a[0]), SimpleKey::of(b[0]))
            && x != y
        {
            return false;
        }
        let snapshot = self.table.snapshot();
        let kept = self.pending.len();
        let fits = self.unify_normalized(&a, &b);
        self.pending.truncate(kept);
        self.table.rollback(snapshot);
        fits
    }

    /// What a trait promises of an associated type.
    fn assoc_bounds(&self, p: ProjectionTy) -> Env {
        let mut env = Env::default();
        let def = self.program.trait_def(p.trait_id);
        let Some(assoc) = def.assoc_types.iter().find(|assoc| assoc.name == p.name) else { return env };
        for bound in &assoc.bounds {
            match subst_predicate(bound.kind, &p.args) {
                PredicateKind::Trait(id, args) => env.add_trait(self.program, id, args),
                PredicateKind::Projection(projection, ty) => env.projections.push((projection, ty)),
            }
        }
        env
    }

    /// What an associated type is.
    pub(crate) fn project(&mut self, p: ProjectionTy) -> Projected {
        let args = self.table.resolve_args(p.args);
        let p = ProjectionTy { args, ..p };
        if args.iter().any(|ty| ty.flags().error) {
            return Projected::Known(Ty::error(), Vec::new());
        }
        if matches!(args[0].kind(), TyKind::Infer(InferTy::General(_))) {
            return Projected::Ambiguous;
        }
        if let Some(&known) = self.projected.get(&p) {
            return Projected::Known(known, Vec::new());
        }
        let found = self.project_anew(p);
        // Inside of a circle the answer may be another.
        if let Projected::Known(ty, nested) = &found
            && nested.is_empty()
            && self.stack.is_empty()
            && self.bounds_in_work.is_empty()
            && !args.iter().any(|ty| ty.flags().infer)
        {
            let ty = self.table.resolve(*ty);
            if !ty.flags().infer {
                self.projected.insert(p, ty);
            }
        }
        found
    }

    /// Of resolved arguments.
    fn project_anew(&mut self, p: ProjectionTy) -> Projected {
        // Bounds of the surrounding definition: `S: Source<Item = int>`.
        let mut known = None;
        for i in 0..self.env.projections.len() {
            let (env, ty) = self.env.projections[i];
            if env.trait_id == p.trait_id && env.name == p.name && self.could_unify(env.args, p.args) {
                known = Some((env, ty));
                break;
            }
        }
        // What a trait promises of its associated types: `type Iter: Iterator<Item = Self::Item>`.
        if known.is_none()
            && let TyKind::Projection(outer) = p.args[0].kind()
        {
            let promised = self.assoc_bounds(*outer).projections;
            known = promised.into_iter().find(|(promise, _)| {
                promise.trait_id == p.trait_id && promise.name == p.name && self.could_unify(promise.args, p.args)
            });
        }
        if let Some((env, ty)) = known {
            self.unify_normalized(&env.args, &p.args);
            return Projected::Known(ty, Vec::new());
        }
        if let Some(result) = self.builtin_projection(p) {
            return result;
        }
        match self.select(p.trait_id, p.args) {
            Err(()) => Projected::Failed,
            Ok(None) => Projected::Ambiguous,
            Ok(Some((Selection::Env | Selection::Builtin, _))) => Projected::Rigid,
            Ok(Some((Selection::Impl(id, impl_args), nested))) => {
                let def = self.program.impl_def(id);
                match def.assoc_types.iter().find(|(name, _)| *name == p.name) {
                    Some((_, ty)) => Projected::Known(ty.subst(&impl_args), nested),
                    None => {
                        let trait_def = self.program.trait_def(p.trait_id);
                        let default = trait_def.assoc_types.iter().find(|assoc| assoc.name == p.name);
                        match default.and_then(|assoc| assoc.default) {
                            Some(ty) => Projected::Known(ty.subst(&p.args), nested),
                            // A message was given when the impl was checked.
                            None => Projected::Known(Ty::error(), Vec::new()),
                        }
                    }
                }
            }
        }
    }

    /// Every projection replaced: by its type, by itself where it is rigid, by a variable with a pending obligation
    /// where it is not known yet.
    pub(crate) fn normalize(&mut self, ty: Ty) -> Ty {
        let ty = self.table.resolve(ty);
        self.normalize_depth(ty, 0)
    }

    fn normalize_depth(&mut self, ty: Ty, depth: usize) -> Ty {
        if !ty.flags().projection || depth > DEPTH_MAX {
            return ty;
        }
        let TyKind::Projection(p) = ty.kind() else {
            return ty.map_parts(&mut |part| self.normalize_depth(part, depth + 1));
        };
        let args = p.args.map(&mut |part| self.normalize_depth(part, depth + 1));
        let p = ProjectionTy { args, ..*p };
        match self.project(p) {
            Projected::Known(found, nested) => {
                self.pending.extend(nested);
                let found = self.table.resolve(found);
                self.normalize_depth(found, depth + 1)
            }
            Projected::Rigid => Ty::new(TyKind::Projection(ProjectionTy { args: self.table.resolve_args(p.args), ..p })),
            Projected::Ambiguous => {
                let var = self.table.fresh(Span::NONE);
                self.pending.push(ObligationKind::Projection(p, var));
                var
            }
            // The bound itself is an obligation somewhere and will be reported there.
            Projected::Failed => {
                self.pending.push(ObligationKind::Trait(p.trait_id, p.args));
                Ty::error()
            }
        }
    }

    /// For types without variables: what can be known is replaced, the rest stays.
    pub(crate) fn normalize_known(&mut self, ty: Ty) -> Ty {
        let normal = self.normalize(ty);
        let pending = std::mem::take(&mut self.pending);
        self.evaluate_all_binding(pending);
        self.table.resolve(normal)
    }

    /// Works obligations off for their bindings.
    pub(crate) fn evaluate_all_binding(&mut self, mut todo: Vec<ObligationKind>) {
        for _ in 0..8 {
            let mut later = Vec::new();
            let before = todo.len();
            for kind in todo {
                match kind {
                    ObligationKind::Trait(id, args) => match self.select(id, args) {
                        Ok(Some((_, nested))) => later.extend(nested),
                        Ok(None) => later.push(kind),
                        Err(()) => {}
                    },
                    ObligationKind::Projection(p, ty) => match self.project(p) {
                        Projected::Known(found, nested) => {
                            let found = self.normalize(found);
                            self.table.unify(found, ty);
                            later.extend(nested);
                        }
                        Projected::Rigid => {
                            let rigid = self.table.resolve(Ty::new(TyKind::Projection(p)));
                            self.table.unify(rigid, ty);
                        }
                        Projected::Ambiguous => later.push(kind),
                        Projected::Failed => {}
                    },
                }
            }
            later.append(&mut self.pending);
            if later.is_empty() || later.len() == before && before == 0 {
                return;
            }
            todo = later;
        }
    }
}

enum EnvChoice {
    None,
    One,
    Several,
}

pub(crate) fn subst_predicate(kind: PredicateKind, args: &[Ty]) -> PredicateKind {
    match kind {
        PredicateKind::Trait(id, list) => PredicateKind::Trait(id, list.subst(args)),
        PredicateKind::Projection(p, ty) => {
            let p = ProjectionTy { trait_id: p.trait_id, args: p.args.subst(args), name: p.name };
            PredicateKind::Projection(p, ty.subst(args))
        }
    }
}

pub(crate) fn obligation_of(kind: PredicateKind) -> ObligationKind {
    match kind {
        PredicateKind::Trait(id, args) => ObligationKind::Trait(id, args),
        PredicateKind::Projection(p, ty) => ObligationKind::Projection(p, ty),
    }
}

use crate::ty::InferTy;
