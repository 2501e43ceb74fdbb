//! What a call, or a body, may put where: which types lead to places that take views in, what a signature says of who puts what
//! there, and which closures keep what they are handed.
//!
//! An exclusive reference to a value that holds views is a way in; so is anything with such a reference inside: a view, a tuple, a
//! closure that captured one. What goes in is what the signature allows. A method of a trait, seen from outside, keeps only what
//! its own parameters speak of: a plain `&T` is lent for the call. Impls of the library's traits are held to that. What impls of the
//! program's own traits keep besides is looked up in their bodies once, and holds for every call of the trait's method.

use super::loans::Loans;
use super::views::{Carries, Views, remembered};
use crate::body::*;
use crate::dataflow::{Forward, forward};
use crate::fast::FastMap;
use crate::place::Location;
use crate::types::Types;
use diag::Span;
use hir::TypedProgram;
use hir::ids::{ClosureId, FnId, TraitId};
use hir::program::{BodySource, FnDef, FnKind, Generics, PredicateKind};
use hir::ty::{Mutable, Ty, TyKind};
use std::cell::RefCell;
use std::rc::Rc;

/// What a call puts into what one of its arguments leads to: of each argument, and whether it may go behind further references.
pub(super) struct PutIn {
    pub carries: Vec<Carries>,
    pub deep: bool,
}

/// Whether what a closure's parameter is given is kept in what the closure captured, and where.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Kept {
    pub reference: Option<Span>,
    pub contents: Option<Span>,
}

/// What impls of the program's own traits put of what they are lent into what a parameter leads to: by method of the trait, and by
/// the number of that parameter.
#[derive(Default)]
pub(crate) struct Keeps(FastMap<(FnId, usize), Vec<Carries>>);

impl Keeps {
    /// Looks into the impls for types that can keep views, until nothing new is found: they may call each other.
    pub fn of(program: &TypedProgram) -> Keeps {
        let mut keeps = Keeps::default();
        let hir = program.program();
        let mut bodies: Vec<(FnId, FnId, Vec<usize>, Vec<Body>)> = Vec::new();
        for def in hir.fns.iter().filter(|def| def.params.len() > 1 && !hir.module(def.module).library) {
            let types = Types::new(program, def.id);
            let views = Views::new(&types, &keeps);
            let Some(of_trait) = views.trait_method(def.id).filter(|id| !hir.module(hir.fn_def(*id).module).library) else { continue };
            let takes = |target: &usize| views.leads_in(def.params[*target].ty) && (0..def.params.len()).any(|other| other != *target && views.holds(def.params[other].ty));
            let targets: Vec<usize> = (0..def.params.len()).filter(takes).collect();
            if targets.is_empty() {
                continue;
            }
            let Some(typed) = program.body(def.id).filter(|typed| !typed.poisoned) else { continue };
            bodies.push((def.id, of_trait, targets, crate::build::build(program, &typed)));
        }
        loop {
            let mut changed = false;
            for (id, of_trait, targets, bodies) in &bodies {
                for (target, found) in kept_by_body(program, *id, targets, bodies, &keeps) {
                    let known = keeps.0.entry((*of_trait, target)).or_insert_with(|| vec![Carries::Nothing; found.len()]);
                    for (known, found) in known.iter_mut().zip(found) {
                        let more = known.or(found);
                        changed |= more != *known;
                        *known = more;
                    }
                }
            }
            if !changed {
                return keeps;
            }
        }
    }
}

/// What a method keeps, in what some of its parameters lead to, of each of the others.
fn kept_by_body(program: &TypedProgram, id: FnId, targets: &[usize], bodies: &[Body], keeps: &Keeps) -> Vec<(usize, Vec<Carries>)> {
    let types = Types::new(program, id);
    let views = Views::new(&types, keeps);
    let closures = Closures::new(&types, bodies);
    let Some(body) = bodies.first() else { return Vec::new() };
    let loans = Loans::new(&types, &views, &closures, body);
    let mut found: Vec<(usize, Vec<Carries>)> = targets.iter().map(|&target| (target, vec![Carries::Nothing; body.param_count as usize])).collect();
    for (id, state) in body.block_ids().zip(forward(body, &loans)) {
        let block = body.block(id);
        // What is kept for a while only was there between its statements: a loan in the caller's hands never goes.
        let (Some(mut state), false) = (state, block.cleanup) else { continue };
        for (index, statement) in block.statements.iter().enumerate() {
            loans.statement(&mut state, Location::new(id, index), statement);
        }
        loans.terminator(&mut state, Location::new(id, block.statements.len()), &block.terminator);
        for (target, kept) in &mut found {
            let held = state.held(loans.stand_in(Local(*target as u32 + 1)));
            for ((number, param), kept) in body.params().enumerate().zip(kept) {
                for loan in held.iter().filter(|_| number != *target) {
                    if loan == loans.reference_of(param) {
                        *kept = Carries::All;
                    } else if loan == loans.contents_of(param) {
                        *kept = kept.or(Carries::Contents);
                    }
                }
            }
        }
    }
    found
}

/// What a closure does with what it is given and with what it captured.
#[derive(Default)]
pub(super) struct Summary {
    /// By parameter, those behind itself.
    pub kept: Vec<Kept>,
    /// Whether what it captured by reference comes out as a result, or through what it is called with.
    pub gives: Carries,
    /// Whether what it captured goes into what it captured.
    pub stirs: Carries,
}

/// The closures of one function, looked into when they are first asked for.
pub(super) struct Closures<'a> {
    types: &'a Types<'a>,
    bodies: &'a [Body],
    known: RefCell<FastMap<u32, Rc<Summary>>>,
    /// What `made` has found out: by closure, and by the type of an iterator.
    pub results: RefCell<FastMap<u32, Option<Carries>>>,
    pub made: RefCell<FastMap<Ty, Option<Carries>>>,
}

impl<'a> Closures<'a> {
    pub fn new(types: &'a Types<'a>, bodies: &'a [Body]) -> Closures<'a> {
        Closures { types, bodies, known: RefCell::default(), results: RefCell::default(), made: RefCell::default() }
    }

    pub fn body(&self, id: ClosureId) -> Option<&'a Body> {
        self.bodies.iter().find(|body| body.origin == Origin::Closure(id))
    }

    pub fn summary(&self, id: ClosureId, views: &Views) -> Rc<Summary> {
        if let Some(known) = self.known.borrow().get(&id.index) {
            return known.clone();
        }
        let summary = Rc::new(self.body(id).map_or_else(Summary::default, |body| self.look_into(body, views)));
        self.known.borrow_mut().insert(id.index, summary.clone());
        summary
    }

    fn look_into(&self, body: &Body, views: &Views) -> Summary {
        let own = Local(1);
        let mut kept = vec![Kept::default(); body.param_count.saturating_sub(1) as usize];
        let (mut gives, mut stirs) = (Carries::Nothing, Carries::Nothing);
        if !views.holds(body.local_decl(own).ty) {
            return Summary { kept, gives, stirs };
        }
        let loans = Loans::new(self.types, views, self, body);
        let entry = forward(body, &loans);
        let out: Vec<Local> = std::iter::once(Local::RETURN).chain(body.params().skip(1).map(|param| loans.stand_in(param))).collect();
        for id in body.block_ids().filter(|id| !body.block(*id).cleanup) {
            let Some(mut state) = entry[id.index()].clone() else { continue };
            let block = body.block(id);
            for index in 0..=block.statements.len() {
                let at = Location::new(id, index);
                match block.statements.get(index) {
                    Some(statement) => loans.statement(&mut state, at, statement),
                    None => loans.terminator(&mut state, at, &block.terminator),
                }
                let held = state.held(loans.stand_in(own));
                for loan in held.iter() {
                    if loan == loans.reference_of(own) || Some(loan) == loans.captured() {
                        stirs = Carries::All;
                    } else if loan == loans.contents_of(own) {
                        stirs = stirs.or(Carries::Contents);
                    }
                }
                for (number, kept) in kept.iter_mut().enumerate() {
                    let param = Local(number as u32 + 2);
                    let span = || Some(body.span_at(at));
                    if kept.reference.is_none() && held.iter().any(|loan| loan == loans.reference_of(param)) {
                        kept.reference = span();
                    }
                    if kept.contents.is_none() && held.iter().any(|loan| loan == loans.contents_of(param)) {
                        kept.contents = span();
                    }
                }
                for local in &out {
                    for loan in state.held(*local).iter() {
                        if loan == loans.reference_of(own) || Some(loan) == loans.captured() {
                            gives = Carries::All;
                        } else if loan == loans.contents_of(own) {
                            gives = gives.or(Carries::Contents);
                        }
                    }
                }
            }
            // The result of a call arrives on its edge.
            if let TerminatorKind::Call { target: Some(target), .. } = block.terminator.kind {
                let at = Location::new(id, block.statements.len());
                loans.edge(&mut state, at, &block.terminator, target);
                for loan in state.held(Local::RETURN).iter() {
                    if loan == loans.reference_of(own) || Some(loan) == loans.captured() {
                        gives = Carries::All;
                    } else if loan == loans.contents_of(own) {
                        gives = gives.or(Carries::Contents);
                    }
                }
            }
        }
        Summary { kept, gives, stirs }
    }
}

/// The closure that a value, or what it refers to, is.
pub(super) fn closure_in(ty: Ty) -> Option<ClosureId> {
    match ty.kind() {
        TyKind::Closure(id, _) => Some(*id),
        TyKind::Ref(_, to) => closure_in(*to),
        _ => None,
    }
}

impl Views<'_> {
    /// Whether exclusive references in a value of the type lead to what views can be put into.
    pub fn leads_in(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Ref(Mutable::Yes, to) => matches!(to.kind(), TyKind::Dyn(_)) || self.holds(*to),
            TyKind::Tuple(list) => list.iter().any(|ty| self.leads_in(*ty)),
            TyKind::Array(of, _) | TyKind::Slice(of) => self.leads_in(*of),
            TyKind::Closure(id, args) => self.types.closure_fields(*id, *args).iter().any(|ty| self.leads_in(*ty)),
            TyKind::Adt(id, args) => remembered(&self.ways_in, ty, || {
                let def = self.program().adt(*id);
                let inside = || {
                    def.variants.iter().enumerate().any(|(v, variant)| {
                        (0..variant.fields.len()).any(|f| self.leads_in(self.types.field(ty, v as u32, f as u32)))
                    })
                };
                args.iter().any(|ty| self.leads_in(*ty)) || def.is_view && inside()
            }),
            TyKind::Param(_) | TyKind::Projection(_) => self.holds(ty),
            _ => false,
        }
    }

    /// What a call may put into what its argument `target` leads to. `None` where the signature does not tell: then anything.
    pub fn put_in(&self, id: FnId, target: usize) -> Option<PutIn> {
        let def = self.program().fn_def(id);
        let declared = def.params.get(target)?.ty;
        let bare = match declared.kind() {
            TyKind::Ref(Mutable::Yes, to) => *to,
            _ => declared,
        };
        if let TyKind::Param(param) = bare.kind() {
            if let Some(carries) = self.put_into_callable(def, param.index) {
                return Some(PutIn { carries, deep: true });
            }
        }
        // Impls of the library's traits are held to what is said here, see `lent_only`; those of the program's own are looked into.
        if matches!(def.kind, FnKind::Trait(_)) && self.stands_for_more(def, declared) {
            let kept = self.keeps.0.get(&(id, target));
            let of = |index: usize| kept.and_then(|kept| kept.get(index)).copied().unwrap_or(Carries::Nothing);
            let carries = def.params.iter().enumerate().map(|(index, other)| self.kept_by_self(def, other.ty).or(of(index))).collect();
            return Some(PutIn { carries, deep: true });
        }
        if let Some(carries) = self.put_into_dyn_callables(def, declared) {
            return Some(PutIn { carries, deep: true });
        }
        if !matches!(declared.kind(), TyKind::Ref(..)) && !self.spells_a_way(declared) {
            return self.put_through_bounds(def, declared).map(|carries| PutIn { carries, deep: true });
        }
        if let Some(carries) = self.put_into(id, target) {
            return Some(PutIn { carries, deep: false });
        }
        match declared.kind() {
            TyKind::Ref(Mutable::Yes, to) => self.put_by_bounds(def, *to).map(|carries| PutIn { carries, deep: true }),
            _ => None,
        }
    }

    /// Into what `&mut T` leads to, where all that is known of `T` are traits: what speaks of it, as far as their impls keep no more.
    fn put_by_bounds(&self, def: &FnDef, of: Ty) -> Option<Vec<Carries>> {
        let TyKind::Param(param) = of.kind() else { return None };
        if matches!(def.kind, FnKind::Trait(_)) {
            return None;
        }
        let mentions = |ty: Ty| ty.any(&mut |part| matches!(part.kind(), TyKind::Param(p) if p.index == param.index));
        let mut spoken = vec![of];
        for predicate in &def.generics.predicates {
            let (bound, args) = match &predicate.kind {
                PredicateKind::Trait(bound, args) => (*bound, *args),
                PredicateKind::Projection(projection, ty) if mentions(*ty) || projection.args.iter().any(|ty| mentions(*ty)) => {
                    spoken.push(*ty);
                    (projection.trait_id, projection.args)
                }
                PredicateKind::Projection(..) => continue,
            };
            if !args.iter().any(|ty| mentions(*ty)) {
                continue;
            }
            let own = |method: &FnId| !self.keeps_more(*method);
            if args[0] != of || self.is_callable(bound) || args[1..].iter().any(|ty| self.spells_a_view(*ty)) || !self.methods_all(bound, &own) {
                return None;
            }
            spoken.extend(args[1..].iter());
        }
        let speaks = |ty: Ty| ty.any(&mut |part| matches!(part.kind(), TyKind::Param(p) if spoken.iter().any(|of| of.any(&mut |part| matches!(part.kind(), TyKind::Param(q) if p.index == q.index)))));
        Some(def.params.iter().map(|param| if speaks(param.ty) { Carries::Contents } else { Carries::Nothing }).collect())
    }

    /// Whether something holds of all methods of a trait and of those above it.
    fn methods_all(&self, id: TraitId, of: &dyn Fn(&FnId) -> bool) -> bool {
        let def = self.program().trait_def(id);
        def.methods.iter().all(of) && def.supers.iter().all(|(above, _)| self.methods_all(*above, of))
    }

    /// Whether impls of a method keep more than its signature speaks of.
    fn keeps_more(&self, method: FnId) -> bool {
        let def = self.program().fn_def(method);
        let more = |kept: &[Carries]| kept.iter().zip(&def.params).any(|(kept, param)| *kept > self.kept_by_self(def, param.ty));
        self.keeps.0.iter().any(|((id, _), kept)| *id == method && more(kept))
    }

    /// Whether impls of a method's trait say what a type is, or what is in it.
    pub fn stands_for_more(&self, def: &FnDef, ty: Ty) -> bool {
        let own = def.generics.parent_count as u32;
        ty.any(&mut |part| match part.kind() {
            TyKind::Param(param) => param.index < own,
            TyKind::Projection(projection) => projection.args.iter().any(|of| of.any(&mut |part| matches!(part.kind(), TyKind::Param(param) if param.index < own))),
            _ => false,
        })
    }

    /// Whether impls of a method keep anything.
    fn keeps_any(&self, method: FnId) -> bool {
        self.keeps.0.iter().any(|((id, target), kept)| *id == method && (*target == 0 || kept.iter().any(|kept| *kept != Carries::Nothing)))
    }

    /// Whether a type, as it is written, leads somewhere whatever its parameters are.
    fn spells_a_way(&self, ty: Ty) -> bool {
        ty.any(&mut |part| match part.kind() {
            TyKind::Ref(mutable, _) => mutable.is_yes(),
            TyKind::Dyn(_) | TyKind::Closure(..) | TyKind::FnPtr(_) | TyKind::Projection(_) => true,
            TyKind::Adt(id, _) => self.program().adt(*id).is_view,
            _ => false,
        })
    }

    /// Into what only type parameters lead to goes what their bounds, or callbacks that are called with them, speak of.
    fn put_through_bounds(&self, def: &FnDef, declared: Ty) -> Option<Vec<Carries>> {
        let mentions = |ty: Ty, of: Ty| ty.any(&mut |part| matches!(part.kind(), TyKind::Param(p) if of.any(&mut |part| matches!(part.kind(), TyKind::Param(q) if p.index == q.index))));
        let mut spoken: Vec<Ty> = Vec::new();
        for predicate in &def.generics.predicates {
            match &predicate.kind {
                PredicateKind::Trait(bound, args) if mentions(args[0], declared) => {
                    if !self.is_callable(*bound) && self.takes_nothing(*bound) {
                        continue;
                    }
                    let is_kept = self.program().trait_def(*bound).methods.iter().any(|method| self.keeps_any(*method));
                    if is_kept || args[1..].iter().any(|ty| self.spells_a_view(*ty)) {
                        return None;
                    }
                    spoken.extend(args.iter());
                }
                PredicateKind::Projection(projection, ty) if mentions(projection.args[0], declared) && !self.takes_nothing(projection.trait_id) => {
                    spoken.push(*ty);
                }
                _ => {}
            }
        }
        let mut called_with = Vec::new();
        declared.any(&mut |part| {
            if let TyKind::Param(param) = part.kind() {
                called_with.push(param.index);
            }
            false
        });
        let carries = |ty: Ty| match ty {
            ty if called_with.iter().any(|index| self.is_called_with(def, ty, *index)) => Carries::Contents,
            ty if spoken.iter().any(|of| mentions(ty, *of)) => Carries::Contents,
            _ => Carries::Nothing,
        };
        Some(def.params.iter().map(|param| carries(param.ty)).collect())
    }

    /// Whether the methods that impls of a trait have to write take nothing in.
    pub fn takes_nothing(&self, id: TraitId) -> bool {
        let def = self.program().trait_def(id);
        let library = self.program().module(def.module).library;
        let takes = |method: &FnId| {
            if self.keeps_any(*method) {
                return true;
            }
            let method = self.program().fn_def(*method);
            let provided = library && !matches!(method.body, BodySource::None);
            !provided && method.params.iter().skip(usize::from(method.has_self)).any(|param| self.kept_by_self(method, param.ty) != Carries::Nothing)
        };
        !def.methods.iter().any(takes) && def.supers.iter().all(|(above, _)| self.takes_nothing(*above))
    }

    /// Whether a value of the type is a callback that is called with a value of the parameter's type.
    fn is_called_with(&self, def: &FnDef, ty: Ty, index: u32) -> bool {
        let mentions = |ty: Ty| ty.any(&mut |part| matches!(part.kind(), TyKind::Param(p) if p.index == index));
        let is_bound = def.generics.predicates.iter().any(|predicate| match &predicate.kind {
            PredicateKind::Trait(bound, args) => args[0] == ty.peeled() && self.is_callable(*bound) && args[1..].iter().any(|ty| mentions(*ty)),
            PredicateKind::Projection(..) => false,
        });
        is_bound || ty.any(&mut |part| matches!(part.kind(), TyKind::FnPtr(_) | TyKind::Dyn(_)) && mentions(part))
    }

    /// Into a callback goes what it is called with.
    fn put_into_callable(&self, def: &FnDef, index: u32) -> Option<Vec<Carries>> {
        let mut called_with: Vec<Ty> = Vec::new();
        let mut is_callable = false;
        for predicate in &def.generics.predicates {
            if let PredicateKind::Trait(bound, args) = &predicate.kind
                && matches!(args[0].kind(), TyKind::Param(p) if p.index == index)
            {
                if self.is_callable(*bound) {
                    is_callable = true;
                    called_with.extend(args.get(1).into_iter().flat_map(|tuple| match tuple.kind() {
                        TyKind::Tuple(list) => list.to_vec(),
                        _ => vec![*tuple],
                    }));
                } else if !self.only_looks(*bound, true) {
                    return None;
                }
            }
        }
        if !is_callable {
            return None;
        }
        let speaks_of = |ty: Ty| ty.any(&mut |part| matches!(part.kind(), TyKind::Param(p) if called_with.iter().any(|with| with.any(&mut |of| matches!(of.kind(), TyKind::Param(q) if p.index == q.index)))));
        let is_itself = |ty: Ty| matches!(ty.kind(), TyKind::Param(p) if p.index == index);
        let given = |ty: Ty| match ty.kind() {
            _ if is_itself(ty) => Carries::Nothing,
            _ if speaks_of(ty) || self.comes_out(def, ty, &called_with) => Carries::Contents,
            _ => Carries::Nothing,
        };
        Some(def.params.iter().map(|param| given(param.ty)).collect())
    }

    /// Into `&mut [&mut dyn FnMut(&mut T)]`, too, goes only what is inside of arguments that speak of what it is called with.
    fn put_into_dyn_callables(&self, def: &FnDef, declared: Ty) -> Option<Vec<Carries>> {
        let mut called_with = Vec::new();
        let mut only_callables = |part: Ty| match part.kind() {
            TyKind::Ref(..) | TyKind::Slice(_) | TyKind::Tuple(_) => true,
            TyKind::Dyn(object) if self.is_callable(object.trait_id) => {
                called_with.extend(object.args.iter().copied());
                true
            }
            _ => false,
        };
        fn all(ty: Ty, of: &mut dyn FnMut(Ty) -> bool) -> bool {
            of(ty)
                && match ty.kind() {
                    TyKind::Ref(_, to) => all(*to, of),
                    TyKind::Slice(element) => all(*element, of),
                    TyKind::Tuple(list) => list.iter().all(|ty| all(*ty, of)),
                    _ => true,
                }
        }
        if !all(declared, &mut only_callables) || called_with.is_empty() {
            return None;
        }
        let speaks_of = |ty: Ty| ty.any(&mut |part| matches!(part.kind(), TyKind::Param(p) if called_with.iter().any(|with| with.any(&mut |of| matches!(of.kind(), TyKind::Param(q) if p.index == q.index)))));
        Some(def.params.iter().map(|param| if param.ty != declared && speaks_of(param.ty) { Carries::Contents } else { Carries::Nothing }).collect())
    }

    /// Whether a bound of a parameter of this type lets something of these types come out of it.
    fn comes_out(&self, def: &FnDef, ty: Ty, wanted: &[Ty]) -> bool {
        let shares = |a: Ty| a.any(&mut |part| matches!(part.kind(), TyKind::Param(p) if wanted.iter().any(|with| with.any(&mut |of| matches!(of.kind(), TyKind::Param(q) if p.index == q.index)))));
        let mentions = |a: Ty| a.any(&mut |part| matches!(part.kind(), TyKind::Param(p) if ty.any(&mut |of| matches!(of.kind(), TyKind::Param(q) if p.index == q.index))));
        def.generics.predicates.iter().any(|predicate| match &predicate.kind {
            PredicateKind::Projection(projection, to) => mentions(projection.args[0]) && shares(*to),
            PredicateKind::Trait(..) => false,
        })
    }

    /// What a method of a trait may keep in `self` of an argument: what it speaks of in the trait's own parameters.
    pub fn kept_by_self(&self, def: &FnDef, ty: Ty) -> Carries {
        let own = def.generics.parent_count as u32;
        let of_trait = |ty: Ty| ty.any(&mut |part| matches!(part.kind(), TyKind::Param(p) if p.index < own));
        if of_trait(ty) {
            return Carries::Contents;
        }
        // A parameter of the method itself may be bound to what the trait speaks of.
        let mut methods = Vec::new();
        ty.any(&mut |part| {
            if let TyKind::Param(param) = part.kind() {
                methods.push(param.index);
            }
            false
        });
        let is_one = |ty: Ty| matches!(ty.kind(), TyKind::Param(p) if methods.contains(&p.index));
        let bound = def.generics.predicates.iter().any(|predicate| match &predicate.kind {
            PredicateKind::Projection(projection, to) => is_one(projection.args[0]) && of_trait(*to),
            PredicateKind::Trait(bound, args) => is_one(args[0]) && !self.is_callable(*bound) && args[1..].iter().any(|ty| of_trait(*ty)),
        });
        if bound { Carries::Contents } else { Carries::Nothing }
    }

    /// The method of the trait that a function of an impl is for.
    pub fn trait_method(&self, id: FnId) -> Option<FnId> {
        let def = self.program().fn_def(id);
        match def.kind {
            FnKind::Trait(_) => Some(id),
            FnKind::Impl(of) => {
                let (of_trait, _) = self.program().impl_def(of).of_trait?;
                let methods = &self.program().trait_def(of_trait).methods;
                methods.iter().copied().find(|method| self.program().fn_def(*method).name == def.name)
            }
            _ => None,
        }
    }

    /// The closures that are handed to where they are called with references made for the call: by parameter of the closure whether
    /// the reference, and what it holds, end with the call.
    pub fn lent_to(&self, generics: &Generics, given: &[Ty]) -> Vec<(ClosureId, Vec<(bool, bool)>)> {
        let mut found = Vec::new();
        for predicate in &generics.predicates {
            let PredicateKind::Trait(bound, args) = &predicate.kind else { continue };
            let TyKind::Param(param) = args[0].kind() else { continue };
            let Some(closure) = given.get(param.index as usize).copied().and_then(closure_in) else { continue };
            if self.is_callable(*bound) {
                found.extend(args.get(1).map(|tuple| (closure, self.ends_with_calls(*tuple))));
            }
        }
        found
    }

    /// The same for one that becomes a `dyn`.
    pub fn lent_to_dyn(&self, from: Ty, to: Ty) -> Option<(ClosureId, Vec<(bool, bool)>)> {
        let closure = closure_in(from)?;
        let TyKind::Ref(_, to) = to.kind() else { return None };
        match to.kind() {
            TyKind::Dyn(object) if self.is_callable(object.trait_id) => Some((closure, self.ends_with_calls(*object.args.first()?))),
            _ => None,
        }
    }

    fn ends_with_calls(&self, tuple: Ty) -> Vec<(bool, bool)> {
        match tuple.kind() {
            TyKind::Tuple(list) => list.iter().map(|ty| self.ends_with_call(*ty)).collect(),
            _ => Vec::new(),
        }
    }

    /// Of a callback's parameter: whether its reference, and what that holds, are lent for the call only.
    fn ends_with_call(&self, ty: Ty) -> (bool, bool) {
        match ty.kind() {
            TyKind::Ref(_, to) => (true, self.spells_a_view(*to)),
            TyKind::Param(_) | TyKind::Projection(_) => (false, false),
            _ => (false, self.spells_a_view(ty)),
        }
    }
}
