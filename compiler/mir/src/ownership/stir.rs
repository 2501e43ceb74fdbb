//! What moves about inside of one value: a call that is handed `view struct Pair { from: &int, to: &mut &int }` may put `from` into
//! what `to` leads to, and so may a closure that captured both. What the value holds is then held there, too.
//!
//! Which references could go where is a matter of types: what owns no `T` lends none.

use super::inward::closure_in;
use super::loans::{Held, Loan, LoanId, Loans, State};
use super::views::{Carries, Views};
use crate::body::*;
use hir::ids::{AdtId, ClosureId};
use hir::program::{FnDef, FnKind, PredicateKind};
use hir::ty::{Mutable, Ty, TyKind};

/// The references that stand in a type, those behind exclusive ones apart.
#[derive(Default)]
struct Positions {
    all: usize,
    /// What exclusive ones lead to, if that holds views.
    targets: Vec<Ty>,
}

impl Views<'_> {
    /// Whether a function that is given a value of this type, as it is declared, may put a part of it into another part.
    pub fn stirs(&self, def: &FnDef, declared: Ty, actual: Ty) -> bool {
        // What a parameter stands for is moved about by methods of its bounds only.
        let may_change = |index: u32| {
            matches!(def.kind, FnKind::Trait(_)) && index == 0
                || def.generics.predicates.iter().any(|predicate| match &predicate.kind {
                    PredicateKind::Trait(bound, args) => matches!(args[0].kind(), TyKind::Param(p) if p.index == index) && !self.is_callable(*bound) && self.changes_self(*bound),
                    PredicateKind::Projection(..) => false,
                })
        };
        let is_open = declared.any(&mut |part| matches!(part.kind(), TyKind::Param(p) if may_change(p.index)) || matches!(part.kind(), TyKind::Projection(_)));
        if is_open { self.stirs_by_method(actual) } else { self.has_two_ways(declared) }
    }

    /// Whether methods of traits that a type has may do so. The library's types leave what is inside of them alone, but call its
    /// methods.
    fn stirs_by_method(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Ref(Mutable::Yes, to) => self.stirs_by_method(*to),
            TyKind::Tuple(list) => list.iter().any(|ty| self.stirs_by_method(*ty)),
            TyKind::Array(of, _) | TyKind::Slice(of) => self.stirs_by_method(*of),
            TyKind::Adt(id, args) if self.program().module(self.program().adt(*id).module).library => {
                args.iter().any(|ty| !matches!(ty.kind(), TyKind::Ref(_, to) if !matches!(to.kind(), TyKind::Adt(..))) && self.stirs_by_method(*ty))
            }
            TyKind::Adt(..) => self.has_two_ways(ty),
            // What stands behind it is seen by those who made it; it may be anything.
            TyKind::Dyn(object) => !self.is_callable(object.trait_id),
            _ => false,
        }
    }

    fn changes_self(&self, id: hir::ids::TraitId) -> bool {
        let def = self.program().trait_def(id);
        let changes = |ty: Ty| !matches!(ty.kind(), TyKind::Ref(Mutable::No, _));
        def.methods.iter().map(|id| self.program().fn_def(*id)).any(|method| method.has_self && changes(method.params[0].ty))
            || def.supers.iter().any(|(above, _)| self.changes_self(*above))
    }

    /// Whether an exclusive reference to what holds views stands in it beside another reference.
    fn has_two_ways(&self, ty: Ty) -> bool {
        let mut positions = Positions::default();
        self.note_positions(ty, 1, &mut Vec::new(), &mut positions);
        // What stands behind an object may be anything that whoever made it could see.
        let is_object = |ty: &Ty| matches!(ty.kind(), TyKind::Dyn(object) if !self.is_callable(object.trait_id));
        !positions.targets.is_empty() && positions.all > 1 || positions.targets.iter().any(|ty| is_object(ty) || self.has_two_ways(*ty))
    }

    /// Whether a value of this type leads to something else that certainly holds views, as `view struct Keeper { all: &mut Vec<&str> }`
    /// does.
    pub fn leads_out(&self, ty: Ty) -> bool {
        let mut positions = Positions::default();
        if matches!(ty.kind(), TyKind::Adt(id, _) if self.program().adt(*id).is_view) {
            self.note_positions(ty, 1, &mut Vec::new(), &mut positions);
        }
        let is_view = |part: Ty| matches!(part.kind(), TyKind::Ref(..)) || matches!(part.kind(), TyKind::Adt(id, _) if self.program().adt(*id).is_view);
        positions.targets.iter().any(|target| target.any(&mut |part| is_view(part)))
    }

    /// `times`: how many values of the type there may be.
    fn note_positions(&self, ty: Ty, times: usize, seen: &mut Vec<Ty>, found: &mut Positions) {
        match ty.kind() {
            TyKind::Ref(Mutable::Yes, to) if self.may_hold(*to) => {
                found.all += times;
                found.targets.push(*to);
            }
            TyKind::Ref(..) | TyKind::Param(_) | TyKind::Projection(_) => found.all += times,
            TyKind::Tuple(list) => list.iter().for_each(|ty| self.note_positions(*ty, times, seen, found)),
            TyKind::Array(of, _) | TyKind::Slice(of) => self.note_positions(*of, 2, seen, found),
            TyKind::Adt(id, args) => {
                if seen.contains(&ty) {
                    return;
                }
                seen.push(ty);
                match self.program().adt(*id).is_view {
                    true => self.each_field(ty, *id, &mut |field| self.note_positions(field, times, seen, found)),
                    // A container of them.
                    false => args.iter().for_each(|ty| self.note_positions(*ty, 2, seen, found)),
                }
            }
            _ => {}
        }
    }

    fn each_field(&self, ty: Ty, id: AdtId, visit: &mut dyn FnMut(Ty)) {
        for (v, variant) in self.program().adt(id).variants.iter().enumerate() {
            (0..variant.fields.len()).for_each(|f| visit(self.types.field(ty, v as u32, f as u32)));
        }
    }

    /// Whether values of a type, as it is declared anywhere, may be views.
    fn may_hold(&self, ty: Ty) -> bool {
        // What a callback keeps of what it is called with, its own body says.
        if matches!(ty.kind(), TyKind::Dyn(object) if self.is_callable(object.trait_id)) {
            return false;
        }
        ty.any(&mut |part| match part.kind() {
            TyKind::Ref(..) | TyKind::Param(_) | TyKind::Projection(_) => true,
            TyKind::Dyn(object) => !self.is_callable(object.trait_id),
            TyKind::Adt(id, _) => self.program().adt(*id).is_view,
            _ => false,
        })
    }

    /// What references in a value of a type lead to.
    fn led_to(&self, ty: Ty, seen: &mut Vec<Ty>, found: &mut Vec<Ty>) {
        if seen.contains(&ty) {
            return;
        }
        seen.push(ty);
        match ty.kind() {
            TyKind::Ref(_, to) => {
                found.push(*to);
                self.led_to(*to, seen, found);
            }
            TyKind::Param(_) | TyKind::Projection(_) | TyKind::Dyn(_) | TyKind::Closure(..) => found.push(ty),
            TyKind::Tuple(list) => list.iter().for_each(|ty| self.led_to(*ty, seen, found)),
            TyKind::Array(of, _) | TyKind::Slice(of) => self.led_to(*of, seen, found),
            TyKind::Adt(id, args) => match self.program().adt(*id).is_view {
                true => self.each_field(ty, *id, &mut |field| self.led_to(field, seen, found)),
                false => args.iter().for_each(|ty| self.led_to(*ty, seen, found)),
            },
            _ => {}
        }
    }

    /// Whether a pointer or the handle of a task stands in a value of the type.
    fn points(&self, ty: Ty) -> bool {
        ty.any(&mut |part| match part.kind() {
            TyKind::Ptr(..) => true,
            TyKind::Adt(id, _) => {
                let def = self.program().adt(*id);
                let pointer = |field: Ty| matches!(field.kind(), TyKind::Ptr(..));
                self.holds_handle(part) || def.is_view && def.variants.iter().flat_map(|variant| &variant.fields).any(|field| pointer(field.ty))
            }
            _ => false,
        })
    }

    /// Whether something of the wanted type may lie in what a value of the type owns, or holds exclusively: what is lent on through
    /// an exclusive reference needs the place where that reference is.
    fn owns(&self, ty: Ty, wanted: Ty, seen: &mut Vec<Ty>) -> bool {
        let opaque = |ty: Ty| matches!(ty.kind(), TyKind::Param(_) | TyKind::Projection(_) | TyKind::Dyn(_) | TyKind::Closure(..));
        let library = |id: &AdtId| self.program().module(self.program().adt(*id).module).library;
        if ty == wanted || opaque(ty) || opaque(wanted) {
            return true;
        }
        if seen.contains(&ty) {
            return false;
        }
        seen.push(ty);
        // Texts and slices lie in what owns their parts.
        if let TyKind::Slice(of) | TyKind::Array(of, _) = wanted.kind()
            && self.owns(ty, *of, &mut seen.clone())
        {
            return true;
        }
        let bytes = matches!(wanted.kind(), TyKind::Str) || matches!(wanted.kind(), TyKind::Int(int) if int.bits() == 8);
        match ty.kind() {
            TyKind::Str => bytes,
            TyKind::Int(int) => int.bits() == 8 && bytes,
            TyKind::Tuple(list) => list.iter().any(|ty| self.owns(*ty, wanted, seen)),
            TyKind::Array(of, _) | TyKind::Slice(of) | TyKind::Ref(Mutable::Yes, of) => self.owns(*of, wanted, seen),
            // What it really leads to is not written there.
            TyKind::Ptr(..) => true,
            // The library lends nothing of its own but bytes.
            TyKind::Adt(id, args) if library(id) => {
                bytes && (args.is_empty() || !matches!(wanted.kind(), TyKind::Str)) || args.iter().any(|ty| self.owns(*ty, wanted, seen))
            }
            TyKind::Adt(id, args) => {
                let mut inside = args.iter().any(|ty| self.owns(*ty, wanted, seen));
                self.each_field(ty, *id, &mut |field| inside = inside || self.owns(field, wanted, seen));
                inside
            }
            _ => false,
        }
    }
}

impl Loans<'_> {
    /// What arguments hold goes into what they lead to, where the function may put it there.
    pub fn stir_call(&self, state: &mut State, callee: &Callee, args: &[Operand]) {
        for (index, arg) in args.iter().enumerate() {
            let ty = self.types.operand(&self.body.locals, arg);
            if !self.views.leads_in(ty) || closure_in(ty).is_some() {
                continue;
            }
            let stirs = match callee {
                Callee::Fn(id, _) => {
                    let def = self.types.program.program().fn_def(*id);
                    def.params.get(index).is_some_and(|param| self.views.stirs(def, param.ty, ty))
                }
                _ => self.views.has_two_ways(ty),
            };
            if stirs {
                let reached = self.operand(state, arg);
                // The reference itself goes nowhere: it is lent for the call.
                let given = match ty.kind() {
                    TyKind::Ref(..) if reached.layers() < 2 => Held::default(),
                    TyKind::Ref(..) => reached.behind(1),
                    _ => reached.clone(),
                };
                self.stir(state, &reached, given);
            }
        }
    }

    /// A closure that puts what it captured into what it captured has done so at any time from now on.
    pub fn stir_captures(&self, state: &mut State, closure: ClosureId, operands: &[Operand]) {
        let stirs = self.closures.summary(closure, self.views).stirs;
        if operands.len() < 2 || stirs == Carries::Nothing {
            return;
        }
        let (mut held, mut given) = (Held::default(), Held::default());
        for operand in operands {
            let captured = self.operand(state, operand);
            given.add(&if stirs == Carries::All || captured.layers() < 2 { captured.clone() } else { captured.behind(1) });
            held.add(&captured);
        }
        self.stir(state, &held, given);
    }

    /// Items of an iterator that is only lent, as by `by_ref`, come from what it looks at, not from where it is, as far as they can
    /// hold nothing that lies there.
    pub fn items_of_lent(&self, def: &FnDef, mut given: Held, ty: Ty) -> Held {
        let lang = &self.views.program().lang;
        if given.is_empty() || !matches!(def.kind, FnKind::Trait(of) if lang.is_trait("iterator", of)) {
            return given;
        }
        let mut wanted = Vec::new();
        self.views.led_to(ty, &mut Vec::new(), &mut wanted);
        // What the library made of it, or a pointer, may be anything.
        let unknown = |part: Ty| match part.kind() {
            TyKind::Adt(id, args) => args.is_empty() && self.views.program().module(self.views.program().adt(*id).module).library && !lang.is_adt("string", *id),
            _ => false,
        };
        if wanted.is_empty() || wanted.iter().any(|ty| ty.any(&mut |part| unknown(part))) || self.views.points(ty) {
            return given;
        }
        let iterator = lang.trait_id("iterator");
        let fits = |lent: Ty| wanted.iter().any(|wanted| self.views.owns(lent, *wanted, &mut Vec::new()));
        given.remove_all(&|loan| match self.loan(loan) {
            Loan::Place { place, mutable: Mutable::Yes, .. } => {
                let lent = self.types.place(&self.body.locals, place);
                self.types.program.implements(self.types.owner, lent, iterator) && !fits(lent)
            }
            _ => false,
        });
        given
    }

    /// Puts what is given, and what is held in all that can be reached, into all that can be reached.
    fn stir(&self, state: &mut State, reached: &Held, mut given: Held) {
        let mut waiting: Vec<LoanId> = reached.iter().collect();
        let mut seen: Vec<LoanId> = Vec::new();
        while let Some(id) = waiting.pop() {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            if let Loan::Place { place, mutable: Mutable::Yes, .. } = self.loan(id) {
                let inside = state.held(place.local).behind(self.references(place));
                waiting.extend(inside.iter());
                given.add(&inside);
            }
        }
        given.come_up();
        for id in seen {
            match self.loan(id) {
                Loan::Reference(param) | Loan::Contents(param) | Loan::Captured(param) => {
                    // What a caller's `dyn` is, is not known here.
                    let ty = self.body.local_decl(*param).ty;
                    if self.views.leads_in(ty) && !matches!(ty.peeled().kind(), TyKind::Dyn(_)) {
                        state.entry(self.stand_in(*param)).add(&given);
                    }
                }
                Loan::Place { place, mutable, .. } => {
                    let ty = self.types.place(&self.body.locals, place);
                    if !mutable.is_yes() || !self.views.holds(ty) {
                        continue;
                    }
                    let mut wanted = Vec::new();
                    self.views.led_to(ty, &mut Vec::new(), &mut wanted);
                    let mut fits = given.clone();
                    fits.remove_all(&|loan| match self.loan(loan) {
                        Loan::Place { place, .. } => {
                            let lent = self.types.place(&self.body.locals, place);
                            loan == id && !wanted.contains(&lent) || !wanted.iter().any(|wanted| self.views.owns(lent, *wanted, &mut Vec::new()))
                        }
                        Loan::Reference(_) | Loan::Contents(_) | Loan::Captured(_) => false,
                    });
                    if !fits.is_empty() {
                        let place = place.clone();
                        self.store_inside(state, &place, &fits, &mut Vec::new());
                    }
                }
            }
        }
    }
}
