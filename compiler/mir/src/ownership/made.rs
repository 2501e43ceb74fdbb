//! What comes out of a call only as what a closure makes of what it is given, or as a copy of it.
//!
//! `refs.iter().map(|p| p.name.as_str()).collect()` goes through references to references, and what the closure makes of one looks
//! at what the inner reference leads to: the vector of references may go. A result is such a one if its type speaks of the
//! others only through what a closure gives, and the closure gives nothing that it captured, nor the reference itself. The same is
//! true of `copied` and `cloned`, and of results whose parameters stand behind references wherever they are given.

use super::inward::closure_in;
use super::loans::{Held, Loans, State};
use super::views::Carries;
use crate::body::{BlockId, Callee, Local, TerminatorKind};
use crate::dataflow::{Forward, forward};
use crate::place::Location;
use hir::ids::ClosureId;
use hir::program::{FnDef, PredicateKind};
use hir::ty::{Args, Mutable, ProjectionTy, Ty, TyKind};

enum Maker {
    Closure(ClosureId),
    /// The items of another iterator, which are references, are copied or cloned.
    Copy,
}

impl Loans<'_> {
    /// How many references stand above whatever an argument has of the parameters that a result speaks of.
    pub(super) fn references_above(&self, def: &FnDef, declared: Ty) -> usize {
        if !def.from.is_empty() || self.views.spells_a_view(def.ret) {
            return 0;
        }
        let mut wanted = Vec::new();
        parts(def.ret, &mut wanted);
        let is_plain = |ty: &Ty| {
            let spoken = |of: Ty| of.any(&mut |part| part == *ty);
            matches!(ty.kind(), TyKind::Param(_))
                && def.generics.predicates.iter().all(|predicate| match &predicate.kind {
                    PredicateKind::Trait(_, args) => args.len() < 2 || !args.iter().any(|of| spoken(*of)),
                    PredicateKind::Projection(projection, to) => !spoken(*to) && !projection.args.iter().any(|of| spoken(*of)),
                })
        };
        if !wanted.iter().all(is_plain) { 0 } else { least_above(declared, &wanted).unwrap_or(0) }
    }

    /// How much of what a call is given its result may hold, if all of that goes through a closure; `None`: it need not.
    pub(super) fn made_by_closures(&self, callee: &Callee) -> Option<Carries> {
        let Callee::Fn(id, given) = callee else { return None };
        let def = self.views.program().fn_def(*id);
        if !def.from.is_empty() || self.views.spells_a_view(def.ret) {
            return None;
        }
        let mut sources = Vec::new();
        self.sources(def, def.ret, &mut sources);
        if sources.is_empty() {
            return None;
        }
        let mut made = Carries::Nothing;
        for source in sources {
            made = made.or(self.made(def, source, given)?);
        }
        (made != Carries::All).then_some(made)
    }

    /// The parameters and projections that a result speaks of. What is collected speaks of what is gone through.
    fn sources(&self, def: &FnDef, ty: Ty, sources: &mut Vec<Ty>) {
        let mut found = Vec::new();
        parts(ty, &mut found);
        for part in found {
            if sources.contains(&part) {
                continue;
            }
            sources.push(part);
            for predicate in &def.generics.predicates {
                if let PredicateKind::Trait(bound, args) = &predicate.kind
                    && args[0] == part
                    && !self.views.is_callable(*bound)
                {
                    args[1..].iter().for_each(|ty| self.sources(def, *ty, sources));
                }
            }
        }
    }

    fn made(&self, def: &FnDef, source: Ty, given: &Args) -> Option<Carries> {
        let of = |ty: Ty| match ty.kind() {
            TyKind::Param(param) => given.get(param.index as usize).copied(),
            _ => None,
        };
        match source.kind() {
            TyKind::Param(_) => {
                if of(source).is_some_and(|ty| !self.views.holds(ty)) {
                    return Some(Carries::Nothing);
                }
                let mut made = None;
                for predicate in &def.generics.predicates {
                    match &predicate.kind {
                        PredicateKind::Projection(projection, to) if gives_only(*to, source) && self.views.is_callable(projection.trait_id) => {
                            let closure = closure_of(projection, &of)?;
                            made = Some(made.unwrap_or(Carries::Nothing).or(self.result_of(closure)?));
                        }
                        // Collected: what it is collected from says it.
                        PredicateKind::Trait(bound, args) if args[0] == source && args.len() > 1 && !self.views.is_callable(*bound) => {
                            made = made.or(Some(Carries::Nothing));
                        }
                        PredicateKind::Trait(_, args) if args[1..].contains(&source) => return None,
                        _ => {}
                    }
                }
                // One that an argument has, too, may come straight out of that.
                let is_given = def.params.iter().any(|param| param.ty.any(&mut |part| part == source));
                made.filter(|_| !is_given)
            }
            TyKind::Projection(projection) if self.views.program().lang.is_trait("iterator", projection.trait_id) => self.made_by(of(projection.args[0])?.peeled()),
            _ => None,
        }
    }

    /// The same of the items of an iterator of the library.
    fn made_by(&self, ty: Ty) -> Option<Carries> {
        if let Some(known) = self.closures.made.borrow().get(&ty) {
            return *known;
        }
        let made = self.look_into(ty);
        self.closures.made.borrow_mut().insert(ty, made);
        made
    }

    fn look_into(&self, ty: Ty) -> Option<Carries> {
        let program = self.views.program();
        let TyKind::Adt(id, args) = ty.kind() else { return None };
        let def = program.adt(*id);
        if def.is_view || !program.module(def.module).library {
            return None;
        }
        let mut gives = false;
        ty.any(&mut |part| {
            if let TyKind::Closure(id, _) = part.kind() {
                gives |= self.closures.summary(*id, self.views).gives != Carries::Nothing;
            }
            false
        });
        if gives {
            return None;
        }
        match self.maker(ty) {
            Some(Maker::Closure(closure)) => return self.result_of(closure),
            Some(Maker::Copy) => return Some(Carries::Contents),
            None => {}
        }
        let mut made = None;
        for arg in args.iter().filter(|arg| self.views.holds(**arg) && closure_in(**arg).is_none()) {
            made = Some(made.unwrap_or(Carries::Nothing).or(self.made_by(*arg)?));
        }
        made
    }

    /// What makes the items.
    fn maker(&self, ty: Ty) -> Option<Maker> {
        let program = self.views.program();
        let iterator = program.lang.trait_id("iterator");
        let TyKind::Adt(id, args) = ty.kind() else { return None };
        program.impls.iter().find_map(|def| {
            let (of_trait, _) = def.of_trait.as_ref()?;
            let TyKind::Adt(of, params) = def.self_ty.kind() else { return None };
            if *of_trait != iterator || of != id {
                return None;
            }
            let item = def.assoc_types.first()?.1;
            let of = |ty: Ty| params.iter().position(|param| *param == ty).and_then(|at| args.get(at).copied());
            def.generics.predicates.iter().find_map(|predicate| match &predicate.kind {
                PredicateKind::Projection(projection, to) if gives_only(*to, item) && self.views.is_callable(projection.trait_id) => closure_of(projection, &of).map(Maker::Closure),
                PredicateKind::Projection(projection, to) if projection.trait_id == iterator => {
                    matches!(to.kind(), TyKind::Ref(Mutable::No, of) if *of == item).then_some(Maker::Copy)
                }
                _ => None,
            })
        })
    }

    /// How much of what it is given a closure's result may hold; `None`: it gives what it captured.
    fn result_of(&self, closure: ClosureId) -> Option<Carries> {
        if let Some(known) = self.closures.results.borrow().get(&closure.index) {
            return *known;
        }
        let gives = self.closures.summary(closure, self.views).gives;
        let result = if gives == Carries::Nothing { self.result_of_body(closure) } else { None };
        self.closures.results.borrow_mut().insert(closure.index, result);
        result
    }

    fn result_of_body(&self, closure: ClosureId) -> Option<Carries> {
        let body = self.closures.body(closure)?;
        let loans = Loans::new(self.types, self.views, self.closures, body);
        let mut result = Carries::Nothing;
        for (id, state) in body.block_ids().zip(forward(body, &loans)) {
            let (Some(state), TerminatorKind::Return) = (state, &body.block(id).terminator.kind) else { continue };
            let held = loans.result_at_end(state, id);
            for param in body.params().skip(1) {
                let is_reference = matches!(body.local_decl(param).ty.kind(), TyKind::Ref(..));
                let contents = held.iter().any(|loan| loan == loans.contents_of(param));
                if contents && !is_reference || held.iter().any(|loan| loan == loans.reference_of(param)) {
                    return Some(Carries::All);
                }
                result = result.or(if contents { Carries::Contents } else { Carries::Nothing });
            }
        }
        Some(result)
    }

    fn result_at_end(&self, mut state: State, block: BlockId) -> Held {
        for (index, statement) in self.body.block(block).statements.iter().enumerate() {
            self.statement(&mut state, Location::new(block, index), statement);
        }
        (*state.held(Local::RETURN)).clone()
    }
}

/// `B` or `Option<B>`, and no reference.
fn gives_only(ty: Ty, wanted: Ty) -> bool {
    let mut found = Vec::new();
    parts(ty, &mut found);
    found == [wanted] && !ty.any(&mut |part| matches!(part.kind(), TyKind::Ref(..)))
}

/// How few references stand above one of the parameters in a type.
fn least_above(ty: Ty, wanted: &[Ty]) -> Option<usize> {
    match ty.kind() {
        TyKind::Ref(Mutable::No, to) => least_above(*to, wanted).map(|above| above + 1),
        TyKind::Tuple(list) => list.iter().filter_map(|ty| least_above(*ty, wanted)).min(),
        TyKind::Array(of, _) | TyKind::Slice(of) => least_above(*of, wanted),
        TyKind::Adt(_, args) => args.iter().filter_map(|ty| least_above(*ty, wanted)).min(),
        _ => ty.any(&mut |part| wanted.contains(&part)).then_some(0),
    }
}

/// The closure of `F: FnMut(T) -> U`, if what it is called with is not lent for the call.
fn closure_of(projection: &ProjectionTy, of: &dyn Fn(Ty) -> Option<Ty>) -> Option<ClosureId> {
    let mut lent = false;
    projection.args[1].any(&mut |part| {
        lent |= matches!(part.kind(), TyKind::Ref(..));
        false
    });
    if lent { None } else { closure_in(of(projection.args[0])?) }
}

/// The parameters and projections in a type, a projection as one.
fn parts(ty: Ty, found: &mut Vec<Ty>) {
    match ty.kind() {
        TyKind::Param(_) | TyKind::Projection(_) => found.push(ty),
        TyKind::Tuple(list) => list.iter().for_each(|ty| parts(*ty, found)),
        TyKind::Array(of, _) | TyKind::Slice(of) => parts(*of, found),
        TyKind::Adt(_, args) => args.iter().for_each(|ty| parts(*ty, found)),
        _ => {}
    }
}
