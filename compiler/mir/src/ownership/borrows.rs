//! Conflicts between what is done to a place and the loans on it that are still alive.
//!
//! `loans` says which local holds which loan, `liveness` which local is still needed; an access to a place that overlaps
//! a loan held by a live local is the mistake. Signatures are all that is known of callees, and a body is held to its own.

use super::inward::{Closures, Keeps};
use super::liveness::Liveness;
use super::loans::{Held, Loan, LoanId, Loans, State};
use super::names::Names;
use super::views::{Carries, Views};
use crate::body::*;
use crate::dataflow::{Forward, forward};
use crate::errors::{self, BorrowConflict, Did, Owner};
use crate::place::Location;
use crate::types::Types;
use diag::{Diags, Span};
use hir::ids::ClosureId;
use hir::ty::{Mutable, TyKind};
use hir::typed;

pub(super) fn check(types: &Types, keeps: &Keeps, typed: &typed::Body, bodies: &[Body], body: &Body, diags: &mut Diags) {
    let views = Views::new(types, keeps);
    if let Origin::Fn(id) = body.origin
        && views.borrows_from_nothing(id)
    {
        let def = types.program.program().fn_def(id);
        diags.push(errors::borrows_from_nothing(def.span, &def.name));
        return;
    }
    let closures = Closures::new(types, bodies);
    let mut loans = Loans::new(types, &views, &closures, body);
    // Without a loan nothing can conflict.
    if loans.list.is_empty() {
        return;
    }
    let liveness = Liveness::new(body, &views, &loans.holds);
    loans.live = Some(&liveness);
    let loans = loans;
    let entry = forward(body, &loans);
    let names = Names { types, typed, body };
    let allowed = allowed_results(types, &loans, &views, body);
    let lent_only = lent_only(&loans, &views, body);
    let leads_out = |param: &Local| matches!(body.local_decl(*param).ty.kind(), TyKind::Ref(Mutable::Yes, to) if views.leads_out(*to));
    let ways_out = if let Origin::Fn(_) = body.origin { body.params().filter(leads_out).collect() } else { Vec::new() };
    let mut checker = Checker { names, loans: &loans, liveness: &liveness, allowed, lent_only, diags, reported: Vec::new(), told: Vec::new(), escapes: Vec::new(), ways_out };
    for (id, state) in body.block_ids().zip(entry) {
        // The way out of a panic does what the ordinary way does.
        if let Some(state) = state.filter(|_| !body.block(id).cleanup) {
            checker.block(id, state);
        }
    }
}

/// What of the caller's the result may carry; `None` where the signature says nothing (closures).
fn allowed_results(types: &Types, loans: &Loans, views: &Views, body: &Body) -> Option<Vec<LoanId>> {
    let Origin::Fn(id) = body.origin else { return None };
    let mut allowed = Vec::new();
    // Who calls a method of a trait knows what the trait says.
    let told = views.trait_method(id).unwrap_or(id);
    for (index, carries) in views.result_carries(told).into_iter().enumerate() {
        let param = Local(index as u32 + 1);
        match carries {
            Carries::Nothing => {}
            Carries::Contents => {
                allowed.push(loans.contents_of(param));
                // A value of a parameter's type cannot be the reference through which it was reached; and where the trait takes a
                // value, a reference is what it contains.
                let hir = types.program.program();
                let is_value = hir.fn_def(told).params.get(index).is_some_and(|param| !matches!(param.ty.kind(), TyKind::Ref(..)));
                if is_value || !views.spells_a_view(hir.fn_def(id).ret) {
                    allowed.push(loans.reference_of(param));
                }
            }
            Carries::All => {
                allowed.push(loans.reference_of(param));
                allowed.push(loans.contents_of(param));
            }
        }
    }
    // What the caller lent with the call may have been put into what an exclusive reference leads to, and come back with it.
    let lent_only = lent_only(loans, views, body);
    for param in body.params() {
        let takes_in = views.leads_in(body.local_decl(param).ty) && allowed.contains(&loans.contents_of(param));
        if takes_in {
            let others = body.params().filter(|other| *other != param).flat_map(|other| [loans.reference_of(other), loans.contents_of(other)]);
            allowed.extend(others.filter(|loan| !lent_only.iter().any(|(_, lent)| lent.contains(loan))));
        }
    }
    Some(allowed)
}

/// What a method of a library's trait may not put into what `self`, or another parameter of which the trait does not say what it is,
/// leads to: who calls it knows only the trait.
fn lent_only(loans: &Loans, views: &Views, body: &Body) -> Vec<(Local, Vec<LoanId>)> {
    let Origin::Fn(id) = body.origin else { return Vec::new() };
    let Some(of_trait) = views.trait_method(id) else { return Vec::new() };
    let def = views.program().fn_def(of_trait);
    // What impls of the program's own traits keep is known to all who call them.
    if !views.program().module(def.module).library {
        return Vec::new();
    }
    let takes = |target: &Local| {
        let declared = &def.params[target.index() - 1];
        let open = *target == Local(1) && def.has_self || views.stands_for_more(def, declared.ty);
        open && views.leads_in(body.local_decl(*target).ty)
    };
    let lent = |target: Local| {
        let mut lent = Vec::new();
        for (param, declared) in body.params().zip(&def.params).filter(|(param, _)| *param != target) {
            let carries = views.kept_by_self(def, declared.ty);
            if carries == Carries::Nothing {
                lent.push(loans.contents_of(param));
            }
            if carries == Carries::Nothing || matches!(declared.ty.kind(), TyKind::Ref(..)) {
                lent.push(loans.reference_of(param));
            }
        }
        (target, lent)
    };
    body.params().filter(takes).map(lent).collect()
}

/// What happens to a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Access {
    Read,
    Move,
    /// Another value is put there.
    Write,
    /// The value that stood there before ends, its destructor with it.
    Replace,
    BorrowShared,
    BorrowExclusive,
    /// Its value ends with its scope.
    End,
    /// Its storage ends.
    StorageEnd,
}

struct Checker<'a> {
    names: Names<'a>,
    loans: &'a Loans<'a>,
    liveness: &'a Liveness<'a>,
    allowed: Option<Vec<LoanId>>,
    /// What may not be put into what a parameter leads to.
    lent_only: Vec<(Local, Vec<LoanId>)>,
    diags: &'a mut Diags,
    /// Loans of which a conflict was told already.
    reported: Vec<LoanId>,
    /// Uses of which a conflict was told.
    told: Vec<Span>,
    /// Closures that were told to keep what they may not.
    escapes: Vec<u32>,
    /// Parameters that lead to something that holds views, beside what they own.
    ways_out: Vec<Local>,
}

impl Checker<'_> {
    fn body(&self) -> &Body {
        self.names.body
    }

    fn block(&mut self, id: BlockId, mut state: State) {
        let count = self.names.body.block(id).statements.len();
        for index in 0..count {
            let at = Location::new(id, index);
            let statement = &self.names.body.block(id).statements[index];
            self.statement(&state, at, statement);
            self.loans.statement(&mut state, at, statement);
            self.kept_in_self(&state, at);
            self.put_into_itself(&state, at);
            if let StatementKind::Assign(dest, _) = &statement.kind
                && dest.as_local() == Some(Local::RETURN)
            {
                self.result(&state.held(Local::RETURN), at);
            }
        }
        let at = Location::new(id, count);
        let terminator = &self.names.body.block(id).terminator;
        self.terminator(&state, at, terminator);
        if !self.lent_only.is_empty() || !self.ways_out.is_empty() {
            let mut after = state.clone();
            self.loans.terminator(&mut after, at, terminator);
            self.kept_in_self(&after, at);
            self.put_into_itself(&after, at);
        }
        if let TerminatorKind::Call { callee, args, dest, target: Some(_), .. } = &terminator.kind
            && dest.as_local() == Some(Local::RETURN)
        {
            let held = self.loans.call_result(&state, callee, args, dest);
            self.result(&held, at);
        }
    }

    fn statement(&mut self, state: &State, at: Location, statement: &Statement) {
        match &statement.kind {
            StatementKind::Assign(place, value) => {
                value.each_operand(|operand| self.operand(state, at, operand));
                match value {
                    Rvalue::Ref { mutable, place, two_phase } => {
                        let access = match (mutable, two_phase) {
                            (Mutable::No, _) => Access::BorrowShared,
                            // Reserved only: the call that uses it decides.
                            (Mutable::Yes, true) => Access::BorrowShared,
                            (Mutable::Yes, false) => Access::BorrowExclusive,
                        };
                        self.access(state, at, place, access, None);
                    }
                    Rvalue::Discriminant(place) | Rvalue::Len(place) => self.access(state, at, place, Access::Read, None),
                    Rvalue::Cast(Cast::Unsize, operand, to) => {
                        let from = self.names.types.operand(&self.body().locals, operand);
                        let lent = self.loans.views.lent_to_dyn(from, *to);
                        self.escapes(lent.into_iter().collect(), at);
                    }
                    Rvalue::Aggregate(Aggregate::Adt(id, _), _) => {
                        if let TyKind::Adt(_, args) = self.names.types.place(&self.body().locals, place).kind() {
                            let generics = &self.loans.views.program().adt(*id).generics;
                            self.escapes(self.loans.views.lent_to(generics, args), at);
                        }
                    }
                    _ => {}
                }
                self.access(state, at, place, Access::Write, None);
            }
            StatementKind::Check { cond, .. } => self.operand(state, at, cond),
            StatementKind::BoundsCheck { index, len } => {
                self.operand(state, at, index);
                self.operand(state, at, len);
            }
            StatementKind::SetDiscriminant(place, _) => self.access(state, at, place, Access::Write, None),
            StatementKind::StorageDead(local) => self.access(state, at, &Place::local(*local), Access::StorageEnd, None),
            StatementKind::StorageLive(_) | StatementKind::Nop => {}
        }
    }

    fn terminator(&mut self, state: &State, at: Location, terminator: &Terminator) {
        match &terminator.kind {
            TerminatorKind::Switch { value, .. } => self.operand(state, at, value),
            TerminatorKind::Drop { place, target, .. } => {
                // A value that makes room for another one is changed; else its scope ends.
                let replaced = self.body().block(*target).statements.iter().find_map(|statement| match &statement.kind {
                    StatementKind::Assign(dest, _) => Some(dest == place),
                    _ => None,
                });
                let access = if replaced == Some(true) { Access::Replace } else { Access::End };
                if self.names.types.needs_drop(self.names.types.place(&self.body().locals, place)) {
                    self.access(state, at, place, access, None);
                }
            }
            TerminatorKind::Call { callee, args, dest, .. } => {
                if let Callee::Pointer(operand) = callee {
                    self.operand(state, at, operand);
                }
                for arg in args {
                    self.operand(state, at, arg);
                }
                for arg in args {
                    self.activate(state, at, arg);
                }
                if let Callee::Fn(id, args) = callee {
                    let generics = &self.loans.views.program().fn_def(*id).generics;
                    self.escapes(self.loans.views.lent_to(generics, args), at);
                }
                if let Some(site) = self.loans.tasks.site(at.block) {
                    self.captures(state, at, site, args);
                }
                self.access(state, at, dest, Access::Write, None);
            }
            TerminatorKind::Return => self.leave(state, at),
            TerminatorKind::Goto(_) | TerminatorKind::Resume | TerminatorKind::Unreachable => {}
        }
    }

    /// What is declared inside a scope may end before its tasks do: on the way out of a panic even if they are joined.
    fn captures(&mut self, state: &State, at: Location, site: u32, args: &[Operand]) {
        let Some(held) = args.last().map(|body| self.loans.operand(state, body)) else { return };
        let record = self.loans.tasks.sites[site as usize].record;
        for id in held.all().iter() {
            let Loan::Place { place, at: made, .. } = self.loans.loan(id) else { continue };
            let leads_out = place.is_indirect() && self.passes_reference(place) && !self.destructor_reaches(0, place);
            let inside = place.local > record && !leads_out;
            if !inside || self.reported.contains(&id) {
                continue;
            }
            let (place, made) = (place.clone(), *made);
            self.reported.push(id);
            let name = self.names.describe_or(&place, "this value");
            let (lent_at, here) = (self.body().span_at(made), self.body().span_at(at));
            let declared = self.body().source(self.body().local_decl(place.local).source).span;
            self.diags.push(errors::ends_before_task(&name, lent_at, here, declared));
            return;
        }
    }

    /// Closures that keep what they are lent for a call only.
    fn escapes(&mut self, lent: Vec<(ClosureId, Vec<(bool, bool)>)>, at: Location) {
        for (closure, params) in lent {
            let summary = self.loans.closures.summary(closure, self.loans.views);
            let kept = &summary.kept;
            let found = kept.iter().zip(params).position(|(kept, (reference, contents))| reference && kept.reference.is_some() || contents && kept.contents.is_some());
            let Some(number) = found.filter(|_| !self.escapes.contains(&closure.index)) else { continue };
            self.escapes.push(closure.index);
            let Some(span) = kept[number].reference.or(kept[number].contents) else { continue };
            let param = &self.names.typed.closures[closure.index as usize].params[number];
            self.diags.push(errors::escapes_closure(self.names.snippet(param.span), span, param.span, self.body().span_at(at)));
        }
    }

    /// What is lent to a method of a trait for the call only is not kept.
    fn kept_in_self(&mut self, state: &State, at: Location) {
        let found = self.lent_only.iter().find_map(|(target, lent)| {
            let held = state.held(self.loans.stand_in(*target));
            held.iter().find(|id| lent.contains(id)).map(|id| (*target, id))
        });
        let Some((target, id)) = found else { return };
        let (Loan::Reference(param) | Loan::Contents(param) | Loan::Captured(param)) = self.loans.loan(id) else { return };
        let name = |local: Local| self.body().local_decl(local).name.map_or_else(|| "a parameter".to_string(), |name| format!("`{name}`"));
        let (what, into) = (name(*param), name(target));
        let (here, declared) = (self.body().span_at(at), self.body().source(self.body().local_decl(*param).source).span);
        self.lent_only.clear();
        self.diags.push(errors::kept_by_trait(&what, &into, here, declared));
    }

    /// A view of what a parameter leads to is not put where that leads to in turn: there it would be longer than the caller lent it.
    fn put_into_itself(&mut self, state: &State, at: Location) {
        let itself = |param: &Local| state.held(self.loans.stand_in(*param)).iter().any(|loan| loan == self.loans.reference_of(*param));
        let Some(param) = self.ways_out.iter().copied().find(itself) else { return };
        let decl = self.body().local_decl(param);
        let name = decl.name.map_or_else(|| "a parameter".to_string(), |name| format!("`{name}`"));
        let (here, declared) = (self.body().span_at(at), self.body().source(decl.source).span);
        self.ways_out.clear();
        self.diags.push(errors::put_into_itself(&name, here, declared));
    }

    fn operand(&mut self, state: &State, at: Location, operand: &Operand) {
        match operand {
            Operand::Copy(place) => self.access(state, at, place, Access::Read, None),
            Operand::Move(place) => self.access(state, at, place, Access::Move, None),
            Operand::Const(_) => {}
        }
    }

    /// A reserved exclusive borrow becomes one when it is handed to the call.
    fn activate(&mut self, state: &State, at: Location, arg: &Operand) {
        let Some(temp) = arg.as_local() else { return };
        let held = state.held(temp);
        for id in held.outer().iter() {
            if let Loan::Place { place, two_phase: Some(reserved), .. } = self.loans.loan(id)
                && *reserved == temp
            {
                let place = place.clone();
                self.access(state, at, &place, Access::BorrowExclusive, Some(id));
            }
        }
    }

    /// Looks for a live loan that the access conflicts with.
    fn access(&mut self, state: &State, at: Location, place: &Place, access: Access, own: Option<LoanId>) {
        // What lies behind a raw pointer is its user's to answer for.
        if self.loans.through_raw(place) {
            return;
        }
        let looks_only = matches!(access, Access::Read | Access::BorrowShared);
        if !self.loans.may_hinder(place.local, looks_only) {
            return;
        }
        crate::work::count(state.0.len());
        for (&holder, held) in &state.0 {
            for (id, loan) in held.iter().map(|id| (id, self.loans.loan(id))) {
                let Loan::Place { place: lent, mutable, at: made, two_phase } = loan else { continue };
                if lent.local != place.local || Some(id) == own || self.reported.contains(&id) {
                    continue;
                }
                let reserved = *two_phase == Some(holder);
                let exclusive = mutable.is_yes() && !reserved;
                if !exclusive && matches!(access, Access::Read | Access::BorrowShared) {
                    continue;
                }
                if !self.overlaps(place, lent, access) {
                    continue;
                }
                let live = self.loans.is_stand_in(holder) || self.liveness.is_live(holder, at);
                if !live {
                    continue;
                }
                let (lent, mutable, made) = (lent.clone(), *mutable, *made);
                self.conflict(at, place, access, id, &lent, mutable, made, holder);
                return;
            }
        }
    }

    /// Whether an access to `place` touches what `lent` lends.
    fn overlaps(&self, place: &Place, lent: &Place, access: Access) -> bool {
        for (a, b) in place.projection.iter().zip(&lent.projection) {
            match (a, b) {
                (Projection::Field(a), Projection::Field(b)) if a != b => return false,
                (Projection::Downcast(a), Projection::Downcast(b)) if a != b => return false,
                (
                    Projection::ConstIndex { offset: a, from_end: x },
                    Projection::ConstIndex { offset: b, from_end: y },
                ) if x == y && a != b => return false,
                (Projection::ConstIndex { offset, from_end: false }, Projection::Subslice { from, .. })
                | (Projection::Subslice { from, .. }, Projection::ConstIndex { offset, from_end: false })
                    if offset < from =>
                {
                    return false;
                }
                (Projection::ConstIndex { offset, from_end: true }, Projection::Subslice { to, .. })
                | (Projection::Subslice { to, .. }, Projection::ConstIndex { offset, from_end: true })
                    if offset <= to =>
                {
                    return false;
                }
                // One from the start, the other from the end of what a pattern took apart: patterns never let them meet.
                (
                    Projection::ConstIndex { from_end: x, .. },
                    Projection::ConstIndex { from_end: y, .. },
                ) if x != y => return false,
                _ => {}
            }
        }
        // What a destructor may still change is not left alone by the end of the value.
        if matches!(access, Access::End | Access::Replace) && self.destructor_reaches(place.projection.len(), lent) {
            return true;
        }
        let beyond = &lent.projection[place.projection.len().min(lent.projection.len())..];
        let mut ty = self.names.types.place_full(&self.body().locals, place);
        for step in beyond {
            if *step == Projection::Deref {
                match ty.ty.kind() {
                    // Another reference put here, or its end, leaves what it pointed to alone.
                    TyKind::Ref(..) if matches!(access, Access::Write | Access::Replace | Access::StorageEnd | Access::End) => return false,
                    // What is behind a shared reference is not ours to move or change.
                    TyKind::Ref(Mutable::No, _) => return false,
                    // A box's content lives until the box's value ends.
                    TyKind::Adt(..) if access == Access::StorageEnd => return false,
                    _ => {}
                }
            }
            ty = self.names.types.step(ty, *step);
        }
        true
    }

    /// Whether a place lies behind an exclusive reference in a value with a destructor, which may change it: of the values that the
    /// place passes through from the given step on.
    fn destructor_reaches(&self, from: usize, place: &Place) -> bool {
        let mut ends = false;
        for steps in from..place.projection.len() {
            let ty = self.names.types.place(&self.body().locals, &place.prefix(steps));
            ends |= matches!(ty.kind(), TyKind::Adt(..)) && self.names.types.program.drop_impl(ty).is_some();
            if let (Projection::Deref, TyKind::Ref(mutable, _)) = (place.projection[steps], ty.kind()) {
                return ends && mutable.is_yes();
            }
        }
        false
    }

    #[allow(clippy::too_many_arguments)]
    fn conflict(
        &mut self,
        at: Location,
        place: &Place,
        access: Access,
        id: LoanId,
        lent: &Place,
        mutable: Mutable,
        made: Location,
        holder: Local,
    ) {
        self.reported.push(id);
        let here = self.body().span_at(at);
        // One use is one mistake, however many loans stand against it.
        if self.told.contains(&here) {
            return;
        }
        self.told.push(here);
        let lent_at = self.body().span_at(made);
        let next = Location { statement: at.statement + 1, ..at };
        let after = if (at.statement as usize) < self.body().block(at.block).statements.len() { next } else { at };
        let used = (!self.loans.is_stand_in(holder))
            .then(|| self.liveness.next_use(holder, if after == at { at } else { after }))
            .flatten()
            .filter(|used| *used != at)
            .map(|used| self.body().span_at(used))
            .filter(|span| *span != here || *span != lent_at);
        let name = self.names.describe_or(place, "this value");
        let lent_name = self.names.describe_or(lent, "this value");
        let outlives = matches!(access, Access::End | Access::StorageEnd);
        if outlives && self.names.types.is_record(self.body().local_decl(lent.local).ty) {
            let is_handle = self.loans.tasks.sites.iter().any(|site| site.block == made.block && self.is_call(made));
            self.diags.push(errors::leaves_scope(is_handle, lent_at, here, used));
            return;
        }
        if outlives && self.destructor_reaches(place.projection.len(), lent) {
            self.diags.push(errors::destructor_changes(&lent_name, &name, lent_at, here, used, self.loans.task_of(holder).is_some()));
            return;
        }
        if outlives {
            let owner = match self.owner_of(lent) {
                Owner::Variable | Owner::Temporary if holder == Local::RETURN => Owner::Function,
                owner => owner,
            };
            self.diags.push(errors::outlives(&lent_name, lent_at, here, used, owner));
            return;
        }
        let did = match access {
            Access::Read => Did::Used,
            Access::Move => Did::Moved,
            Access::Write | Access::Replace => Did::Changed,
            Access::BorrowShared => Did::Borrowed,
            Access::BorrowExclusive | Access::End | Access::StorageEnd => Did::BorrowedExclusively,
        };
        if let Some(site) = self.loans.task_of(holder) {
            let end = self.loans.tasks.sites[site as usize].end;
            let by_task = self.goes_to_task(at);
            self.diags.push(errors::task_conflict(errors::TaskConflict {
                name: &name,
                lent: &lent_name,
                did,
                exclusive: mutable.is_yes(),
                by_task,
                at: here,
                lent_at,
                end,
            }));
            return;
        }
        let is_loop = !self.loans.is_stand_in(holder) && self.is_gone_through(holder, here);
        let holder_name = if self.loans.is_stand_in(holder) { None } else { self.body().local_decl(holder).name };
        self.diags.push(errors::borrow_conflict(BorrowConflict {
            name: &name,
            lent: &lent_name,
            did,
            exclusive: mutable.is_yes(),
            at: here,
            lent_at,
            used,
            holder: holder_name,
            is_loop,
        }));
    }

    /// Whether a `for` loop, in which this stands, goes through what a nameless local holds.
    fn is_gone_through(&self, holder: Local, here: Span) -> bool {
        let decl = self.body().local_decl(holder);
        let head = self.body().source(decl.source).span;
        let iterator = self.names.types.program.program().lang.trait_id("iterator");
        decl.name.is_none() && here.lo > head.hi && !matches!(decl.ty.kind(), TyKind::Ref(..)) && self.names.types.program.implements(self.names.types.owner, decl.ty, iterator)
    }

    /// What it is that ends too early.
    fn owner_of(&self, lent: &Place) -> Owner {
        match lent.local {
            local if self.body().params().any(|param| param == local) => Owner::Parameter,
            local if self.body().local_decl(local).name.is_none() => Owner::Temporary,
            _ => Owner::Variable,
        }
    }

    fn is_call(&self, at: Location) -> bool {
        at.statement as usize == self.body().block(at.block).statements.len()
    }

    /// Whether a borrow is made for the body of another task.
    fn goes_to_task(&self, at: Location) -> bool {
        let block = self.body().block(at.block);
        let Some(Statement { kind: StatementKind::Assign(to, _), .. }) = block.statements.get(at.statement as usize) else { return false };
        block.statements.iter().any(|statement| match &statement.kind {
            StatementKind::Assign(_, Rvalue::Aggregate(Aggregate::Closure(id), operands)) => {
                operands.iter().any(|operand| operand.as_local() == to.as_local())
                    && self.names.typed.closures[id.index as usize].task.is_some()
            }
            _ => false,
        })
    }

    /// What the result carries against what the signature says it may.
    fn result(&mut self, held: &Held, at: Location) {
        let Some(allowed) = &self.allowed else { return };
        for id in held.all().iter() {
            let param = match self.loans.loan(id) {
                Loan::Reference(param) | Loan::Contents(param) | Loan::Captured(param) => *param,
                Loan::Place { .. } => continue,
            };
            if allowed.contains(&id) || self.reported.contains(&id) {
                continue;
            }
            self.reported.push(id);
            let span = self.body().span_at(at);
            let decl = self.body().local_decl(param);
            let declared = self.body().source(decl.source).span;
            let name = decl.name.map_or_else(|| "a parameter".to_string(), |name| format!("`{name}`"));
            let clause = self.from_clause(param, matches!(self.loans.loan(id), Loan::Contents(_)));
            self.diags.push(errors::undeclared_origin(&name, span, declared, clause));
            return;
        }
    }

    /// What would have to stand behind the result type for the result to look at a parameter, too.
    fn from_clause(&self, param: Local, contents: bool) -> errors::FromClause {
        let views = self.loans.views;
        let none = errors::FromClause { names: String::new(), at: None, in_trait: false };
        let Origin::Fn(id) = self.body().origin else { return none };
        let told = views.trait_method(id).unwrap_or(id);
        let def = views.program().fn_def(told);
        if told != id && views.program().module(def.module).library {
            return none;
        }
        let mut names = Vec::new();
        for (index, (declared, carries)) in def.params.iter().zip(views.result_carries(told)).enumerate() {
            // Only behind a reference there is a difference between the two.
            let is_reference = matches!(declared.ty.kind(), TyKind::Ref(..));
            match carries {
                _ if index + 1 == param.index() => names.push(if contents && is_reference { format!("*{}", declared.name) } else { declared.name.to_string() }),
                Carries::Nothing => {}
                Carries::Contents if is_reference => names.push(format!("*{}", declared.name)),
                Carries::Contents | Carries::All => names.push(declared.name.to_string()),
            }
        }
        let names = names.join(", ");
        let text = if def.from.is_empty() { format!(" from {names}") } else { names.clone() };
        errors::FromClause { names, at: (told == id).then_some((def.from_span, text)), in_trait: told != id }
    }

    /// At the end of the function: nothing that leaves may look at what stays.
    fn leave(&mut self, state: &State, at: Location) {
        for (&holder, held) in &state.0 {
            if holder != Local::RETURN && !self.loans.is_stand_in(holder) {
                continue;
            }
            for id in held.all().iter() {
                let Loan::Place { place, at: made, .. } = self.loans.loan(id) else { continue };
                if place.is_indirect() && self.passes_reference(place) || self.reported.contains(&id) {
                    continue;
                }
                let (place, made) = (place.clone(), *made);
                self.reported.push(id);
                let name = self.names.describe_or(&place, "this value");
                let owner = match self.owner_of(&place) {
                    Owner::Parameter => Owner::Parameter,
                    Owner::Variable | Owner::Temporary | Owner::Function => Owner::Function,
                };
                let (lent_at, here): (Span, Span) = (self.body().span_at(made), self.body().span_at(at));
                self.diags.push(errors::outlives(&name, lent_at, here, None, owner));
            }
        }
    }

    fn passes_reference(&self, place: &Place) -> bool {
        (0..place.projection.len()).any(|steps| {
            place.projection[steps] == Projection::Deref
                && matches!(self.names.types.place(&self.body().locals, &place.prefix(steps)).kind(), TyKind::Ref(..))
        })
    }
}
