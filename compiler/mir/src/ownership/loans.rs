//! Which loans each local holds at each point: a forward dataflow over sets of loans, locals as wholes.
//!
//! A value keeps its loans in layers: those of its references, those of what they point to, and so on. A parameter begins
//! with two loans that stand for whatever the caller lent: its reference and its contents. What is stored through a
//! reference is added to what the reference may point to; what is stored through a parameter is kept under a stand-in
//! for the caller's value.
//!
//! What a task captured is held under a stand-in of its own from the call that starts it to the `join` of its handle, if
//! it is certain which one that is, else to the end of its scope: see `tasks`.

use super::inward::{Closures, Kept, PutIn, closure_in};
use super::liveness::Liveness;
use super::tasks::Tasks;
use super::views::{Carries, Views};
use crate::body::*;
use crate::dataflow::Forward;
use crate::fast::FastMap;
use crate::place::Location;
use crate::types::Types;
use hir::ty::{Mutable, Ty, TyKind};
use std::collections::BTreeMap;
use std::rc::Rc;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct LoanId(pub u32);

#[derive(Clone, Debug)]
pub(super) enum Loan {
    /// Lent by the caller: the reference of a parameter, or what it points to.
    Reference(Local),
    Contents(Local),
    /// Of a closure: what it captured, where `Contents` is what lies behind that.
    Captured(Local),
    /// Made here.
    Place { place: Place, mutable: Mutable, at: Location, two_phase: Option<Local> },
}

/// Loans in order, without doubles.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Set(Vec<LoanId>);

impl Set {
    pub fn one(loan: LoanId) -> Set {
        Set(vec![loan])
    }
    pub fn iter(&self) -> impl Iterator<Item = LoanId> + '_ {
        self.0.iter().copied()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Whether anything was new.
    pub fn add(&mut self, other: &Set) -> bool {
        let mut changed = false;
        for &loan in &other.0 {
            if let Err(at) = self.0.binary_search(&loan) {
                self.0.insert(at, loan);
                changed = true;
            }
        }
        changed
    }
    fn remove_all(&mut self, gone: &dyn Fn(LoanId) -> bool) {
        self.0.retain(|loan| !gone(*loan));
    }
}

/// The loans of a value, layer by layer: those of the references it consists of, then those of what these point to, and
/// so on. The last layer stands for all deeper ones. Apart from them: by closure what closures in it captured and never give.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Held(Vec<Set>, BTreeMap<u32, Set>);

/// Deeper layers are one.
const LAYERS_MAX: usize = 4;

impl Held {
    fn new(layers: Vec<Set>) -> Held {
        let mut held = Held(layers, BTreeMap::new());
        while held.0.len() > LAYERS_MAX {
            let last = held.0.pop().expect("more layers than the most");
            held.0.last_mut().expect("there are some left").add(&last);
        }
        held
    }

    pub fn all(&self) -> Set {
        let mut all = Set::default();
        self.0.iter().chain(self.1.values()).for_each(|layer| {
            all.add(layer);
        });
        all
    }

    pub fn iter(&self) -> impl Iterator<Item = LoanId> + '_ {
        self.0.iter().chain(self.1.values()).flat_map(Set::iter)
    }

    /// Those of the outermost references.
    pub fn outer(&self) -> Set {
        self.0.first().cloned().unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().chain(self.1.values()).all(Set::is_empty)
    }

    pub fn layers(&self) -> usize {
        self.0.len()
    }

    /// What lies behind that many references.
    pub fn behind(&self, references: usize) -> Held {
        let layers = match self.0.len() {
            0 => Vec::new(),
            len if references < len => self.0[references..].to_vec(),
            len => vec![self.0[len - 1].clone()],
        };
        Held(layers, self.1.clone())
    }

    /// Whether anything was new.
    pub fn add(&mut self, other: &Held) -> bool {
        self.add_at(0, other)
    }

    fn add_at(&mut self, depth: usize, other: &Held) -> bool {
        if other.is_empty() {
            return false;
        }
        let mut changed = false;
        for (closure, captured) in &other.1 {
            changed |= self.1.entry(*closure).or_default().add(captured);
        }
        let wanted = (depth + other.0.len()).min(LAYERS_MAX);
        let fill = self.0.last().cloned().unwrap_or_default();
        while self.0.len() < wanted {
            self.0.push(fill.clone());
            changed = true;
        }
        for (index, layer) in other.0.iter().enumerate() {
            let at = (depth + index).min(LAYERS_MAX - 1);
            changed |= self.0[at].add(layer);
        }
        // The other's last layer stands for its deeper ones too.
        if let Some(last) = other.0.last() {
            for layer in self.0.iter_mut().skip(depth + other.0.len()) {
                changed |= layer.add(last);
            }
        }
        changed
    }

    pub fn remove_all(&mut self, gone: &dyn Fn(LoanId) -> bool) {
        self.0.iter_mut().chain(self.1.values_mut()).for_each(|layer| layer.remove_all(gone));
    }

    /// What a closure captured and never gives, in what is made with it.
    fn add_captured(&mut self, closure: u32, captured: &Set) {
        self.1.entry(closure).or_default().add(captured);
    }

    /// What came out of a call may have been any depth further in: `fn(&mut View) -> &mut int`.
    pub fn come_up(&mut self) {
        for index in (1..self.0.len()).rev() {
            let (above, below) = self.0.split_at_mut(index);
            above[index - 1].add(&below[0]);
        }
    }
}

/// What the locals hold; those that hold nothing are not there. Numbers beyond the body's locals stand for what the
/// caller's parameters point to, and for tasks. Behind them: which tasks a local is certain to be the handles of.
#[derive(Clone, Default, PartialEq, Debug)]
pub(super) struct State(pub BTreeMap<Local, Rc<Held>>, pub BTreeMap<Local, Vec<u32>>);

impl State {
    pub fn held(&self, local: Local) -> Rc<Held> {
        self.0.get(&local).cloned().unwrap_or_default()
    }

    pub fn entry(&mut self, local: Local) -> &mut Held {
        Rc::make_mut(self.0.entry(local).or_default())
    }

    /// Takes loans away from all who hold them.
    fn remove_all(&mut self, gone: &dyn Fn(LoanId) -> bool) {
        crate::work::count(self.0.len());
        for held in self.0.values_mut() {
            if held.iter().any(gone) {
                Rc::make_mut(held).remove_all(gone);
            }
        }
    }
}

pub(super) struct Loans<'a> {
    pub types: &'a Types<'a>,
    pub views: &'a Views<'a>,
    pub closures: &'a Closures<'a>,
    pub body: &'a Body,
    pub list: Vec<Loan>,
    by_location: FastMap<Location, LoanId>,
    /// Which closure a loan was made for.
    captures: FastMap<LoanId, u32>,
    pub holds: Vec<bool>,
    /// By local: whether anything is lent through it, as a reference.
    lent_through: Vec<bool>,
    /// By local: whether it or a part of it is lent.
    lent_itself: Vec<bool>,
    /// By local: whether it or a part of it is lent exclusively.
    lent_exclusively: Vec<bool>,
    /// Which locals are needed where; what the others hold is not looked at.
    pub live: Option<&'a Liveness<'a>>,
    pub tasks: Tasks,
}

impl<'a> Loans<'a> {
    pub fn new(types: &'a Types<'a>, views: &'a Views<'a>, closures: &'a Closures<'a>, body: &'a Body) -> Loans<'a> {
        let holds = body.locals.iter().map(|decl| views.holds(decl.ty)).collect();
        let tasks = Tasks::new(types, body);
        let mut loans = Loans { types, views, closures, body, list: Vec::new(), by_location: FastMap::default(), captures: FastMap::default(), holds, lent_through: vec![false; body.locals.len()], lent_itself: vec![false; body.locals.len()], lent_exclusively: vec![false; body.locals.len()], live: None, tasks };
        for param in body.params() {
            loans.list.push(Loan::Reference(param));
            loans.list.push(Loan::Contents(param));
        }
        if matches!(body.origin, Origin::Closure(_)) {
            loans.list.push(Loan::Captured(Local(1)));
        }
        let mut taken: FastMap<Local, u32> = FastMap::default();
        for statement in body.blocks.iter().flat_map(|block| &block.statements) {
            if let StatementKind::Assign(_, Rvalue::Aggregate(Aggregate::Closure(id), operands)) = &statement.kind {
                taken.extend(operands.iter().filter_map(|operand| Some((operand.as_local()?, id.index))));
            }
        }
        for id in body.block_ids() {
            for (index, statement) in body.block(id).statements.iter().enumerate() {
                let StatementKind::Assign(dest, Rvalue::Ref { mutable, place, two_phase }) = &statement.kind else { continue };
                if loans.through_raw(place) || loans.is_nothing(place) {
                    continue;
                }
                let at = Location::new(id, index);
                loans.by_location.insert(at, LoanId(loans.list.len() as u32));
                let two_phase = dest.as_local().filter(|_| *two_phase);
                if let Some(closure) = dest.as_local().and_then(|local| taken.get(&local)) {
                    loans.captures.insert(LoanId(loans.list.len() as u32), *closure);
                }
                loans.list.push(Loan::Place { place: place.clone(), mutable: *mutable, at, two_phase });
            }
        }
        for loan in &loans.list {
            if let Loan::Place { place, mutable, .. } = loan {
                loans.lent_exclusively[place.local.index()] |= mutable.is_yes();
                let lent = if place.is_indirect() { &mut loans.lent_through } else { &mut loans.lent_itself };
                lent[place.local.index()] = true;
            }
        }
        // A handle looks at its scope.
        for site in &loans.tasks.sites {
            let at = Location::new(site.block, body.block(site.block).statements.len());
            loans.by_location.insert(at, LoanId(loans.list.len() as u32));
            let place = Place::local(site.record);
            loans.lent_itself[site.record.index()] = true;
            loans.list.push(Loan::Place { place, mutable: Mutable::No, at, two_phase: None });
        }
        loans
    }

    /// Who holds what a task captured.
    pub fn task_holder(&self, site: u32) -> Local {
        Local(self.body.locals.len() as u32 + self.body.param_count + 1 + site)
    }

    /// The task that a stand-in stands for.
    pub fn task_of(&self, holder: Local) -> Option<u32> {
        let first = self.task_holder(0);
        (holder >= first).then(|| holder.0 - first.0)
    }

    /// A task is started: it holds what its body captured, and the handle looks at the scope.
    fn start_task(&self, state: &mut State, site: u32, args: &[Operand], dest: &Place) {
        let holder = self.task_holder(site);
        let captured = args.last().map(|body| self.operand(state, body)).unwrap_or_default();
        let earlier = state.0.get(&holder).is_some_and(|held| !held.is_empty());
        if !captured.is_empty() {
            state.entry(holder).add(&captured);
        }
        let at = Location::new(self.tasks.sites[site as usize].block, self.body.block(self.tasks.sites[site as usize].block).statements.len());
        if let Some(&loan) = self.by_location.get(&at) {
            self.store(state, dest, Held::new(vec![Set::one(loan)]));
        }
        // With an earlier task of this place still running, the join of one says nothing of the other.
        if let (Some(handle), false) = (dest.as_local(), earlier) {
            state.1.insert(handle, vec![site]);
        }
    }

    /// Which tasks the new value of a local is the handle of.
    fn follow_handles(&self, state: &mut State, dest: &Place, value: &Rvalue) {
        let mut sites = Vec::new();
        match value {
            Rvalue::Use(operand) => sites.extend(self.taken_handles(state, operand)),
            Rvalue::Aggregate(Aggregate::Tuple | Aggregate::Array, operands) => {
                operands.iter().for_each(|operand| sites.extend(self.taken_handles(state, operand)));
            }
            _ => value.each_operand(|operand| {
                self.taken_handles(state, operand);
            }),
        }
        state.1.remove(&dest.local);
        if !sites.is_empty() && dest.is_local() {
            state.1.insert(dest.local, sites);
        }
    }

    fn taken_handles(&self, state: &mut State, operand: &Operand) -> Vec<u32> {
        match operand {
            Operand::Move(place) if place.is_local() => state.1.remove(&place.local).unwrap_or_default(),
            Operand::Move(place) => {
                // A part is gone: the rest is no longer all of it.
                state.1.remove(&place.local);
                Vec::new()
            }
            Operand::Copy(_) | Operand::Const(_) => Vec::new(),
        }
    }

    /// Whether any loan could stand in the way of looking at a local, or of changing it.
    pub fn may_hinder(&self, local: Local, looks_only: bool) -> bool {
        let index = local.index();
        if looks_only { self.lent_exclusively[index] } else { self.lent_itself[index] || self.lent_through[index] }
    }

    pub fn loan(&self, id: LoanId) -> &Loan {
        &self.list[id.0 as usize]
    }

    pub fn reference_of(&self, param: Local) -> LoanId {
        LoanId((param.0 - 1) * 2)
    }

    pub fn contents_of(&self, param: Local) -> LoanId {
        LoanId((param.0 - 1) * 2 + 1)
    }

    /// What a closure's captures are.
    pub fn captured(&self) -> Option<LoanId> {
        matches!(self.body.origin, Origin::Closure(_)).then_some(LoanId(self.body.param_count * 2))
    }

    /// What an operand may hand on to results and other arguments of a type: what closures in it captured comes with them, else
    /// only if they give it.
    fn handed_on(&self, state: &State, operand: &Operand, into: Ty) -> Held {
        let mut held = self.operand(state, operand);
        if held.is_empty() {
            return held;
        }
        if !held.1.is_empty() {
            let speaks_of = |ty: Ty, closure: u32| ty.any(&mut |part| matches!(part.kind(), TyKind::Closure(id, _) if id.index == closure));
            let own = self.types.operand(&self.body.locals, operand);
            // Behind a `dyn` it is there though nothing speaks of it.
            held.1.retain(|closure, _| speaks_of(into, *closure) || !speaks_of(own, *closure));
        }
        let ty = self.types.operand(&self.body.locals, operand);
        if let Some(closure) = closure_in(ty)
            && !into.any(&mut |of| of == ty.peeled())
            && let gives = self.closures.summary(closure, self.views).gives
            && gives != Carries::All
        {
            if gives == Carries::Nothing {
                return Held::default();
            }
            let (mut references, mut at) = (1, ty);
            while let TyKind::Ref(_, to) = at.kind() {
                (references, at) = (references + 1, *to);
            }
            return held.behind(references);
        }
        if self.captures.is_empty() {
            return held;
        }
        ty.any(&mut |part| {
            if let TyKind::Closure(id, _) = part.kind()
                && !into.any(&mut |of| of == part)
                && self.closures.summary(*id, self.views).gives != Carries::All
            {
                held.remove_all(&|loan| self.captures.get(&loan) == Some(&id.index));
            }
            false
        });
        held
    }

    /// What an operand that is a reference leads to holds.
    fn contents(&self, held: &Held, operand: &Operand) -> Held {
        match self.types.operand(&self.body.locals, operand).kind() {
            TyKind::Ref(_, to) if !self.views.holds(*to) && !matches!(to.kind(), TyKind::Dyn(_)) => Held::default(),
            _ => held.behind(1),
        }
    }

    /// What is held of what a block or one behind it still needs.
    fn each_needed(&self, from: &State, to: BlockId, visit: &mut dyn FnMut(Local, &Rc<Held>)) {
        let Some(live) = self.live else {
            crate::work::count(from.0.len());
            return from.0.iter().for_each(|(local, held)| visit(*local, held));
        };
        let needed = live.needed_in(to);
        crate::work::count(needed.len().min(from.0.len()));
        if needed.len() < from.0.len() {
            for local in needed {
                if let Some(held) = from.0.get(local) {
                    visit(*local, held);
                }
            }
        } else {
            let own = from.0.range(..Local(self.body.locals.len() as u32));
            own.filter(|(local, _)| live.is_live_into(**local, to)).for_each(|(local, held)| visit(*local, held));
        }
        from.0.range(Local(self.body.locals.len() as u32)..).for_each(|(local, held)| visit(*local, held));
    }

    /// What a parameter points to in the caller's hands.
    pub fn stand_in(&self, param: Local) -> Local {
        Local(self.body.locals.len() as u32 + param.0)
    }

    pub fn is_stand_in(&self, local: Local) -> bool {
        local.index() >= self.body.locals.len()
    }

    /// Behind a raw pointer nothing is known.
    pub fn through_raw(&self, place: &Place) -> bool {
        (0..place.projection.len()).any(|steps| {
            place.projection[steps] == Projection::Deref
                && matches!(self.types.place(&self.body.locals, &place.prefix(steps)).kind(), TyKind::Ptr(..))
        })
    }

    /// `&mut []`: there is nothing behind it that could end.
    fn is_nothing(&self, place: &Place) -> bool {
        let ty = place.as_local().map(|local| self.body.local_decl(local).ty);
        matches!(ty.map(Ty::kind), Some(TyKind::Array(_, len)) if matches!(len.kind(), TyKind::Const(0)))
    }

    fn is_reference(&self, local: Local) -> bool {
        !self.is_stand_in(local) && matches!(self.body.local_decl(local).ty.kind(), TyKind::Ref(..))
    }

    /// How many references a place passes through.
    pub fn references(&self, place: &Place) -> usize {
        if !place.is_indirect() {
            return 0;
        }
        (0..place.projection.len())
            .filter(|&steps| {
                place.projection[steps] == Projection::Deref
                    && matches!(self.types.place(&self.body.locals, &place.prefix(steps)).kind(), TyKind::Ref(..))
            })
            .count()
    }

    /// How many references a place passes through before the last shared one.
    fn last_shared(&self, place: &Place) -> usize {
        let (mut passed, mut last) = (0, 0);
        for steps in (0..place.projection.len()).filter(|&steps| place.projection[steps] == Projection::Deref) {
            if let TyKind::Ref(mutable, _) = self.types.place(&self.body.locals, &place.prefix(steps)).kind() {
                if !mutable.is_yes() {
                    last = passed;
                }
                passed += 1;
            }
        }
        last
    }

    pub fn operand(&self, state: &State, operand: &Operand) -> Held {
        let Some(place) = operand.place() else { return Held::default() };
        if !self.holds[place.local.index()] || !self.views.holds(self.types.place(&self.body.locals, place)) {
            return Held::default();
        }
        state.held(place.local).behind(self.references(place))
    }

    fn rvalue(&self, state: &State, at: Location, value: &Rvalue) -> Held {
        match value {
            Rvalue::Use(operand) | Rvalue::Cast(_, operand, _) | Rvalue::Repeat(operand) => self.operand(state, operand),
            Rvalue::Ref { place, .. } => {
                let Some(&loan) = self.by_location.get(&at) else { return Held::default() };
                let mut layers = vec![Set::one(loan)];
                let mut captured = BTreeMap::new();
                if self.holds[place.local.index()] {
                    let base = state.held(place.local);
                    let references = self.references(place);
                    // Lent on: as long as the new reference lives, so does what it came through; what comes out of a shared
                    // reference depends on nothing before it.
                    for layer in base.0.iter().take(references).skip(self.last_shared(place)) {
                        layers[0].add(layer);
                    }
                    if self.views.holds(self.types.place(&self.body.locals, place)) {
                        let behind = base.behind(references);
                        // Nothing is behind it: that the last layer stands for deeper ones must not make it something.
                        captured = behind.1;
                        layers.extend(if behind.0.is_empty() { vec![Set::default()] } else { behind.0 });
                    }
                }
                Held(Held::new(layers).0, captured)
            }
            Rvalue::Aggregate(_, operands) => {
                let mut held = Held::default();
                for operand in operands {
                    held.add(&self.operand(state, operand));
                }
                held
            }
            Rvalue::RawRef(..)
            | Rvalue::Binary(..)
            | Rvalue::Unary(..)
            | Rvalue::Discriminant(_)
            | Rvalue::Len(_)
            | Rvalue::Select(..) => Held::default(),
        }
    }

    fn store(&self, state: &mut State, place: &Place, mut held: Held) {
        let local = place.local;
        if place.projection.is_empty() {
            // What was lent through the old value of this reference no longer depends on it.
            self.forget_through(state, local, &mut held);
            if held.is_empty() || !self.holds[local.index()] {
                state.0.remove(&local);
            } else {
                state.0.insert(local, Rc::new(held));
            }
            return;
        }
        if !held.is_empty() {
            self.store_inside(state, place, &held, &mut Vec::new());
        }
    }

    fn forget_through(&self, state: &mut State, local: Local, new: &mut Held) {
        let gone = |id: LoanId| match self.loan(id) {
            Loan::Place { place, .. } => place.local == local && place.is_indirect(),
            Loan::Reference(_) | Loan::Contents(_) | Loan::Captured(_) => false,
        };
        if self.lent_through.get(local.index()).is_some_and(|lent| *lent) {
            state.remove_all(&gone);
            // A cursor that moved on holds what it came through no more: `at = &mut at.next`.
            new.remove_all(&gone);
        }
    }

    /// A view put into a place: whoever may own it holds the loans from now on.
    pub fn store_inside(&self, state: &mut State, place: &Place, new: &Held, seen: &mut Vec<LoanId>) {
        let references = self.references(place);
        let base = state.held(place.local);
        // What a raw pointer leads to, its user answers for.
        if self.holds[place.local.index()] {
            state.entry(place.local).add_at(references, new);
        }
        if references == 0 {
            return;
        }
        let last = references.min(base.0.len());
        let targets = if last == 0 { Set::default() } else { base.0[last - 1].clone() };
        for target in targets.iter() {
            if seen.contains(&target) {
                continue;
            }
            seen.push(target);
            match self.loan(target).clone() {
                Loan::Reference(param) | Loan::Contents(param) | Loan::Captured(param) => {
                    state.entry(self.stand_in(param)).add(new);
                }
                Loan::Place { place, .. } => self.store_inside(state, &place, new, seen),
            }
        }
    }

    /// What leads to places that take views in gets those of the other arguments, as far as the signature says.
    fn call_effects(&self, state: &mut State, callee: &Callee, args: &[Operand]) {
        for (index, arg) in args.iter().enumerate() {
            let Some(place) = arg.place() else { continue };
            let ty = self.types.place(&self.body.locals, place);
            if !self.views.leads_in(ty) {
                continue;
            }
            let Some(PutIn { carries, deep }) = self.put_in(callee, args, index, ty) else { continue };
            let declared = match callee {
                Callee::Fn(id, _) => Some(&self.types.program.program().fn_def(*id).params),
                _ => None,
            };
            let mut given = Held::default();
            for (other, operand) in args.iter().enumerate().filter(|(other, _)| *other != index) {
                let held = self.handed_on(state, operand, ty);
                let by_reference = match declared.and_then(|params| params.get(other)) {
                    Some(param) => matches!(param.ty.kind(), TyKind::Ref(..)),
                    None => matches!(self.types.operand(&self.body.locals, operand).kind(), TyKind::Ref(..)),
                };
                match carries.get(other).copied().unwrap_or(Carries::All) {
                    Carries::Nothing => {}
                    Carries::Contents if by_reference => {
                        given.add(&self.contents(&held, operand));
                    }
                    Carries::Contents | Carries::All => {
                        given.add(&held);
                    }
                }
            }
            if given.is_empty() {
                continue;
            }
            let reached = self.operand(state, arg);
            match ty.kind() {
                TyKind::Ref(..) => self.store_inside(state, &place.deref(), &given, &mut Vec::new()),
                // It comes back with the result, if that carries it.
                _ if self.holds[place.local.index()] => {
                    state.entry(place.local).add_at(1, &given);
                }
                _ => {}
            }
            if deep {
                self.store_beyond(state, &reached, &given, &mut Vec::new());
            }
        }
    }

    /// What a call may put into what an argument of this type leads to; `None`: nothing.
    fn put_in(&self, callee: &Callee, args: &[Operand], index: usize, ty: Ty) -> Option<PutIn> {
        let all = || PutIn { carries: vec![Carries::All; args.len()], deep: true };
        let closure = closure_in(ty).map(|id| self.closures.summary(id, self.views));
        match callee {
            Callee::Fn(id, _) => {
                let keeps_nothing = closure.is_some_and(|closure| closure.kept.iter().all(|kept| kept.reference.is_none() && kept.contents.is_none()));
                if keeps_nothing { None } else { Some(self.views.put_in(*id, index).unwrap_or_else(all)) }
            }
            Callee::FnTrait(..) if index == 0 => {
                // What it captured may go into what it is called with, but not into itself.
                // One that nobody here sees into keeps what its own type speaks of; who made it knows, and none of it is from here.
                let closure = closure?;
                let kept = |number: usize| match closure.kept.get(number).copied().unwrap_or_default() {
                    Kept { reference: Some(_), .. } => Carries::All,
                    Kept { contents: Some(_), .. } => Carries::Contents,
                    Kept { .. } => Carries::Nothing,
                };
                let carries = std::iter::once(Carries::Nothing).chain((1..args.len()).map(|arg| kept(arg - 1))).collect();
                Some(PutIn { carries, deep: true })
            }
            // Into what nobody sees into goes nothing here: whoever knows what it is knows the callback, too.
            Callee::FnTrait(..) if matches!(ty.peeled().kind(), TyKind::Param(_) | TyKind::Projection(_)) => None,
            Callee::FnTrait(..) => {
                let mut carries = all().carries;
                carries[0] = Carries::Contents;
                Some(PutIn { carries, deep: true })
            }
            _ => Some(all()),
        }
    }

    /// Views put somewhere behind the exclusive references that a value holds.
    fn store_beyond(&self, state: &mut State, held: &Held, new: &Held, seen: &mut Vec<LoanId>) {
        for id in held.iter() {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            match self.loan(id).clone() {
                Loan::Reference(param) | Loan::Contents(param) | Loan::Captured(param) => {
                    if self.views.leads_in(self.body.local_decl(param).ty) {
                        state.entry(self.stand_in(param)).add(new);
                    }
                }
                Loan::Place { place, mutable, .. } => {
                    let ty = self.types.place(&self.body.locals, &place);
                    if !mutable.is_yes() || !self.views.holds(ty) {
                        continue;
                    }
                    let inner = state.held(place.local).behind(self.references(&place));
                    self.store_inside(state, &place, new, &mut Vec::new());
                    self.store_beyond(state, &inner, new, seen);
                }
            }
        }
    }

    /// What the result of a call holds.
    pub fn call_result(&self, state: &State, callee: &Callee, args: &[Operand], dest: &Place) -> Held {
        let ty = self.types.place(&self.body.locals, dest);
        if !self.views.holds(ty) {
            return Held::default();
        }
        let mut held = Held::default();
        let carries = match callee {
            Callee::Fn(id, _) => self.views.result_carries(*id),
            // What a callable gives may come out of what it captured, and of what it is given, whole.
            Callee::FnTrait(..) => {
                // A result that is a parameter was chosen before the call: it cannot hold a reference made for it.
                let carries = if self.views.spells_a_view(ty) { Carries::All } else { Carries::Contents };
                let mut all = vec![carries; args.len()];
                all[0] = Carries::Contents;
                all
            }
            _ => vec![Carries::All; args.len()],
        };
        let called = match callee {
            Callee::Fn(id, _) => Some(self.types.program.program().fn_def(*id)),
            _ => None,
        };
        let declared = called.map(|def| &def.params);
        let made = self.made_by_closures(callee);
        for (index, arg) in args.iter().enumerate() {
            let from = self.handed_on(state, arg, ty);
            // A closure that becomes a part of the result, as in `filter(|x| …)`: what it captured does not come out of that again.
            let arg_ty = self.types.operand(&self.body.locals, arg);
            if let TyKind::Closure(id, _) = arg_ty.kind()
                && ty != arg_ty
                && carries.get(index).is_some_and(|carries| *carries != Carries::Nothing)
                && let gives = self.closures.summary(*id, self.views).gives
                && gives != Carries::All
            {
                held.add_captured(id.index, &from.all());
                if gives == Carries::Contents {
                    held.add(&from.behind(1));
                }
                continue;
            }
            let by_reference = match declared {
                Some(params) => params.get(index).is_none_or(|param| matches!(param.ty.kind(), TyKind::Ref(..))),
                None => matches!(self.types.operand(&self.body.locals, arg).kind(), TyKind::Ref(..)),
            };
            match carries.get(index).copied().unwrap_or(Carries::All) {
                Carries::Nothing => {}
                _ if made == Some(Carries::Nothing) => {}
                Carries::Contents => {
                    let inside = if by_reference { self.contents(&from, arg) } else { from };
                    let above = called.map_or(0, |def| self.references_above(def, def.params[index].ty));
                    held.add(&inside.behind(usize::from(made.is_some()).max(above.saturating_sub(usize::from(by_reference)))));
                }
                Carries::All => {
                    held.add(&from);
                }
            }
        }
        held.come_up();
        match called {
            Some(def) if !self.views.spells_a_view(def.ret) => self.items_of_lent(def, held, ty),
            _ => held,
        }
    }
}

impl Forward for Loans<'_> {
    type State = State;

    fn start(&self) -> State {
        let mut state = State::default();
        for param in self.body.params() {
            if !self.holds[param.index()] {
                continue;
            }
            let contents = Set::one(self.contents_of(param));
            if let Some(captured) = self.captured().filter(|_| param == Local(1)) {
                let mut layers = vec![Set::one(captured), contents];
                if self.is_reference(param) {
                    layers.insert(0, Set::one(self.reference_of(param)));
                }
                state.0.insert(param, Rc::new(Held::new(layers)));
                continue;
            }
            let held = if self.is_reference(param) {
                Held::new(vec![Set::one(self.reference_of(param)), contents])
            } else {
                Held::new(vec![contents])
            };
            state.0.insert(param, Rc::new(held));
        }
        state
    }

    fn join(&self, into: &mut State, from: &State, to: BlockId) -> bool {
        let mut changed = false;
        self.each_needed(from, to, &mut |local, held| match into.0.get_mut(&local) {
            Some(known) if Rc::ptr_eq(known, held) || known == held => {}
            Some(known) => changed |= Rc::make_mut(known).add(held),
            None => {
                into.0.insert(local, held.clone());
                changed = true;
            }
        });
        // Handles are certain only where they are on every way.
        let before = into.1.len();
        into.1.retain(|local, sites| from.1.get(local) == Some(sites));
        changed || into.1.len() != before
    }

    fn arrive(&self, from: &State, to: BlockId) -> State {
        let mut state = State(BTreeMap::new(), from.1.clone());
        self.each_needed(from, to, &mut |local, held| {
            state.0.insert(local, held.clone());
        });
        state
    }

    fn weight(&self, state: &State) -> usize {
        state.0.len()
    }

    fn statement(&self, state: &mut State, at: Location, statement: &Statement) {
        match &statement.kind {
            StatementKind::Assign(place, value) => {
                let held = self.rvalue(state, at, value);
                if let Rvalue::Aggregate(Aggregate::Closure(id), operands) = value {
                    self.stir_captures(state, *id, operands);
                }
                value.each_operand(|operand| forget_moved(state, operand));
                self.store(state, place, held);
                if !self.tasks.sites.is_empty() {
                    self.follow_handles(state, place, value);
                }
            }
            StatementKind::StorageDead(local) | StatementKind::StorageLive(local) => {
                state.0.remove(local);
                state.1.remove(local);
                // Whoever still looks at what is gone was told of it here.
                if self.lent_itself.get(local.index()).is_some_and(|lent| *lent) {
                    let gone = |id: LoanId| matches!(self.loan(id), Loan::Place { place, .. } if place.local == *local && !place.is_indirect());
                    state.remove_all(&gone);
                }
            }
            StatementKind::Check { .. }
            | StatementKind::BoundsCheck { .. }
            | StatementKind::SetDiscriminant(..)
            | StatementKind::Nop => {}
        }
    }

    fn terminator(&self, state: &mut State, at: Location, terminator: &Terminator) {
        if let TerminatorKind::Call { callee, args, .. } = &terminator.kind {
            self.call_effects(state, callee, args);
            self.stir_call(state, callee, args);
            // Whether a scope is left or unwound, its tasks have ended then.
            if let Some(record) = self.tasks.ends.get(&at.block) {
                for (site, _) in self.tasks.sites.iter().enumerate().filter(|(_, site)| site.record == *record) {
                    state.0.remove(&self.task_holder(site as u32));
                }
            }
        }
    }

    fn edge(&self, state: &mut State, at: Location, terminator: &Terminator, _to: BlockId) {
        let TerminatorKind::Call { callee, args, dest, .. } = &terminator.kind else { return };
        if let Some(site) = self.tasks.site(at.block) {
            self.start_task(state, site, args, dest);
            return;
        }
        let held = self.call_result(state, callee, args, dest);
        if self.tasks.joins.contains(&at.block)
            && let Some(handle) = args.first()
        {
            for site in self.taken_handles(state, handle) {
                state.0.remove(&self.task_holder(site));
            }
        }
        args.iter().for_each(|arg| {
            forget_moved(state, arg);
            self.taken_handles(state, arg);
        });
        self.store(state, dest, held);
        state.1.remove(&dest.local);
    }
}

/// A variable that was moved away whole holds nothing.
fn forget_moved(state: &mut State, operand: &Operand) {
    if let Operand::Move(place) = operand
        && place.is_local()
    {
        state.0.remove(&place.local);
    }
}
