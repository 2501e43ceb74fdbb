//! Counted loops without checks.
//!
//! In a loop that counts from `start` up to (or down to) a bound, the values computed from the counter and from what does
//! not change lie between two values that can be computed in front of the loop. If these say that no operation overflows
//! and every index is in range, a second copy of the loop runs, without the checks; if not, the old one, which raises when
//! and where it always did. Where nothing is left to be asked, the old loop itself loses its checks.

use super::Cx;
use super::loops::{Natural, enter_through, find_loops, unchecked};
use super::ssa::{self, Def, Dominators, Ssa};
use crate::body::*;
use crate::fast::{FastMap, FastSet};
use crate::place::Location;
use diag::Symbol;
use hir::ty::{Args, Ty, TyKind};

/// Of the loop, in statements: its copy costs as much again.
const SIZE_MAX: usize = 120;
/// Questions in front of a loop: each is paid for every time it is entered.
const QUESTIONS_MAX: usize = 16;

/// Finding loops anew for each of them costs the square of their number.
const LOOPS_MAX: usize = 24;

/// Whether anything changed.
pub(super) fn run(cx: &Cx, body: &mut Body) -> bool {
    let mut done: Vec<BlockId> = Vec::new();
    let mut changed = false;
    while done.len() < LOOPS_MAX {
        let loops = find_loops(body);
        let innermost = |natural: &&Natural| !loops.iter().any(|other| other.head != natural.head && natural.contains(other.head));
        let Some(natural) = loops.iter().filter(innermost).find(|natural| !done.contains(&natural.head)) else { break };
        done.push(natural.head);
        match version(cx, body, natural) {
            Some(Version::InPlace) => changed = true,
            Some(Version::Copy(head)) => {
                done.push(head);
                changed = true;
            }
            None => {}
        }
    }
    changed
}

enum Version {
    /// The checks were not needed at all.
    InPlace,
    /// The head of the loop without them.
    Copy(BlockId),
}

fn version(cx: &Cx, body: &mut Body, natural: &Natural) -> Option<Version> {
    let size: usize = natural.blocks.iter().map(|index| body.blocks[index].statements.len() + 1).sum();
    let checks = natural.blocks.iter().any(|index| body.blocks[index].statements.iter().any(Statement::raises));
    if !checks || size > SIZE_MAX {
        return None;
    }
    let facts = ssa::find(body);
    let assigned = assigned(body, natural);
    let counter = Counter::find(cx, body, &facts, natural, &assigned).or_else(|| Counter::find_guarded(cx, body, &facts, natural, &assigned))?;
    let source = body.block(natural.head).terminator.source;
    let mut asking = Asking {
        cx,
        body,
        facts: &facts,
        natural,
        dominators: &facts.dominators,
        assigned: &assigned,
        counter,
        source,
        blocks: Vec::new(),
        statements: Vec::new(),
        questions: 0,
        range: None,
        positive: FastSet::default(),
        known: FastMap::default(),
        below: FastMap::default(),
    };
    let unneeded = asking.unneeded();
    let (blocks, statements, questions) = (asking.blocks, asking.statements, asking.questions);
    if unneeded.is_empty() || questions > QUESTIONS_MAX {
        return None;
    }
    if blocks.is_empty() {
        // Nothing is left to be asked: what was computed for it is not needed either.
        for location in &unneeded {
            relax(&mut body.blocks[location.block.index()].statements[location.statement as usize]);
        }
        return Some(Version::InPlace);
    }
    let fast = copy(body, natural, &unneeded);
    install(body, natural, source, blocks, statements, fast);
    Some(Version::Copy(fast))
}

/// By local, how often the loop assigns it.
fn assigned(body: &Body, natural: &Natural) -> FastMap<Local, u32> {
    let mut counts: FastMap<Local, u32> = FastMap::default();
    for index in natural.blocks.iter() {
        let block = &body.blocks[index];
        let mut visit = |place: &Place| {
            if !place.is_indirect() {
                *counts.entry(place.local).or_default() += 1;
            }
        };
        for statement in &block.statements {
            if let StatementKind::Assign(place, _) | StatementKind::SetDiscriminant(place, _) = &statement.kind {
                visit(place);
            }
        }
        if let TerminatorKind::Call { dest, .. } = &block.terminator.kind {
            visit(dest);
        }
    }
    counts
}

/// What makes a loop a counted one.
struct Counter {
    local: Local,
    ty: Ty,
    /// Upwards as long as it is below (or at) the bound; else downwards as long as it is above (or at) it.
    rises: bool,
    bound: Operand,
    /// The bound itself belongs to the range.
    inclusive: bool,
    /// How far it goes in one turn: not negative.
    step: Operand,
    /// It is asked for the bound only before it takes a step, so that it never leaves the range if it begins there.
    guarded: bool,
    /// Where it is changed, and the operation that does it.
    changed: Location,
    operation: Location,
}

impl Counter {
    fn find(cx: &Cx, body: &Body, facts: &Ssa, natural: &Natural, assigned: &FastMap<Local, u32>) -> Option<Counter> {
        let head = body.block(natural.head);
        let TerminatorKind::Switch { value, targets, otherwise } = &head.terminator.kind else { return None };
        let [(0, on_false)] = targets[..] else { return None };
        let inside_on_true = match (natural.contains(*otherwise), natural.contains(on_false)) {
            (true, false) => true,
            (false, true) => false,
            _ => return None,
        };
        let condition = value.as_local()?;
        let (op, left, right) = head.statements.iter().rev().find_map(|statement| match &statement.kind {
            StatementKind::Assign(place, Rvalue::Binary(op, left, right)) if place.as_local() == Some(condition) => Some((*op, left, right)),
            _ => None,
        })?;
        let is_steady = |operand: &Operand| is_steady(operand, facts, assigned);
        let (mut op, variable, bound) = if is_steady(right) {
            (op, left, right)
        } else if is_steady(left) {
            (flipped(op)?, right, left)
        } else {
            return None;
        };
        if !inside_on_true {
            op = negated(op)?;
        }
        let (rises, inclusive) = match op {
            BinaryOp::Lt => (true, false),
            BinaryOp::Le => (true, true),
            BinaryOp::Gt => (false, false),
            BinaryOp::Ge => (false, true),
            _ => return None,
        };
        let local = variable.as_local()?;
        let ty = body.local_decl(local).ty;
        if !matches!(ty.kind(), TyKind::Int(_)) || assigned.get(&local) != Some(&1) || facts.borrowed.contains(local.index()) {
            return None;
        }
        let changed = natural.blocks.iter().find_map(|index| {
            let statements = &body.blocks[index].statements;
            let at = statements.iter().position(|statement| matches!(&statement.kind, StatementKind::Assign(place, _) if place.as_local() == Some(local)))?;
            Some(Location::new(BlockId(index as u32), at))
        })?;
        let operation = operation_of(body, facts, natural, changed)?;
        let StatementKind::Assign(_, Rvalue::Binary(op, left, right)) = &body.block(operation.block).statements[operation.statement as usize].kind else {
            return None;
        };
        let step = if left.as_local() == Some(local) { right } else { left };
        if left.as_local() != Some(local) && (right.as_local() != Some(local) || !matches!(op, BinaryOp::Add | BinaryOp::AddChecked)) {
            return None;
        }
        let step = match (op, step.as_int()) {
            (BinaryOp::Add | BinaryOp::AddChecked, Some(step)) if rises && step > 0 => constant(ty, step),
            (BinaryOp::Add | BinaryOp::AddChecked, Some(step)) if !rises && step < 0 => constant(ty, -step),
            (BinaryOp::Sub | BinaryOp::SubChecked, Some(step)) if !rises && step > 0 => constant(ty, step),
            (BinaryOp::Add | BinaryOp::AddChecked, None) if rises && is_steady(step) => step.as_copy(),
            (BinaryOp::Sub | BinaryOp::SubChecked, None) if !rises && is_steady(step) => step.as_copy(),
            _ => return None,
        };
        // Any other type would have to be widened first.
        (cx.types.operand(&body.locals, bound) == ty).then(|| Counter { local, ty, rises, bound: bound.as_copy(), inclusive, step, guarded: false, changed, operation })
    }

    /// That of a loop which asks at the end of a round whether there is another, and takes one step if so.
    fn find_guarded(cx: &Cx, body: &Body, facts: &Ssa, natural: &Natural, assigned: &FastMap<Local, u32>) -> Option<Counter> {
        let before = crate::graph::predecessors(body);
        natural.blocks.iter().find_map(|index| {
            let TerminatorKind::Switch { value, targets, otherwise } = &body.blocks[index].terminator.kind else { return None };
            let [(0, on_false)] = targets[..] else { return None };
            if natural.contains(on_false) || before[otherwise.index()].len() != 1 {
                return None;
            }
            let condition = value.as_local()?;
            let (op, left, right) = body.blocks[index].statements.iter().rev().find_map(|statement| match &statement.kind {
                StatementKind::Assign(place, Rvalue::Binary(op, left, right)) if place.as_local() == Some(condition) => Some((*op, left, right)),
                _ => None,
            })?;
            let is_steady = |operand: &Operand| is_steady(operand, facts, assigned);
            let (op, variable, bound) = if is_steady(right) { (op, left, right) } else { (flipped(op)?, right, left) };
            let rises = match op {
                BinaryOp::Lt => true,
                BinaryOp::Gt => false,
                _ => return None,
            };
            let local = variable.as_local()?;
            let ty = body.local_decl(local).ty;
            let fits = matches!(ty.kind(), TyKind::Int(_)) && cx.types.operand(&body.locals, bound) == ty && is_steady(bound);
            if !fits || assigned.get(&local) != Some(&1) || facts.borrowed.contains(local.index()) {
                return None;
            }
            let next = body.block(*otherwise);
            let at = next.statements.iter().position(|statement| matches!(&statement.kind, StatementKind::Assign(place, _) if place.as_local() == Some(local)))?;
            let changed = Location::new(*otherwise, at);
            let operation = operation_of(body, facts, natural, changed)?;
            if operation.block != changed.block {
                return None;
            }
            let step = match &next.statements[operation.statement as usize].kind {
                StatementKind::Assign(_, Rvalue::Binary(BinaryOp::Add, left, right)) if rises && left.as_local() == Some(local) => right,
                StatementKind::Assign(_, Rvalue::Binary(BinaryOp::Sub, left, right)) if !rises && left.as_local() == Some(local) => right,
                _ => return None,
            };
            (step.as_int() == Some(1)).then(|| Counter {
                local,
                ty,
                rises,
                bound: bound.as_copy(),
                inclusive: true,
                step: constant(ty, 1),
                guarded: true,
                changed,
                operation,
            })
        })
    }
}

/// From `i = move t` to the operation that made `t`.
fn operation_of(body: &Body, facts: &Ssa, natural: &Natural, mut at: Location) -> Option<Location> {
    for _ in 0..4 {
        let StatementKind::Assign(_, value) = &body.block(at.block).statements.get(at.statement as usize)?.kind else { return None };
        match value {
            Rvalue::Use(operand) => {
                let Def::At(def) = facts.def(operand.as_local()?) else { return None };
                if !natural.contains(def.block) {
                    return None;
                }
                at = def;
            }
            Rvalue::Binary(..) => return Some(at),
            _ => return None,
        }
    }
    None
}

/// Has the same value in every turn: also a part of a struct that the loop leaves alone.
fn is_steady(operand: &Operand, facts: &Ssa, assigned: &FastMap<Local, u32>) -> bool {
    match operand.place() {
        None => operand.as_int().is_some(),
        Some(place) => {
            let in_place = place.projection.iter().all(|step| matches!(step, Projection::Field(_)));
            in_place && !assigned.contains_key(&place.local) && !facts.borrowed.contains(place.local.index())
        }
    }
}

fn constant(ty: Ty, value: i128) -> Operand {
    Operand::constant(ty, ConstKind::int(value))
}

fn flipped(op: BinaryOp) -> Option<BinaryOp> {
    Some(match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::Le => BinaryOp::Ge,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::Ge => BinaryOp::Le,
        _ => return None,
    })
}

fn negated(op: BinaryOp) -> Option<BinaryOp> {
    Some(match op {
        BinaryOp::Lt => BinaryOp::Ge,
        BinaryOp::Le => BinaryOp::Gt,
        BinaryOp::Gt => BinaryOp::Le,
        BinaryOp::Ge => BinaryOp::Lt,
        _ => return None,
    })
}

/// The least and the greatest value, as they are known in front of the loop.
type Interval = (Operand, Operand);

/// The counter's values.
#[derive(Clone)]
struct Range {
    start: Operand,
    /// Of the last turn, or beyond it.
    last: Operand,
    /// The step behind that.
    end: Operand,
}

/// Asks in front of the loop. Blocks are finished with a question; the statements belong to the next one.
struct Asking<'a> {
    cx: &'a Cx<'a>,
    body: &'a mut Body,
    facts: &'a Ssa,
    natural: &'a Natural,
    dominators: &'a Dominators,
    assigned: &'a FastMap<Local, u32>,
    counter: Counter,
    source: SourceId,
    blocks: Vec<(Vec<Statement>, Question)>,
    statements: Vec<Statement>,
    questions: usize,
    range: Option<Range>,
    /// Operands that are 0 or more.
    positive: FastSet<String>,
    /// What was computed or asked before, by its text.
    known: FastMap<(BinaryOp, String, String), Operand>,
    /// Locals that are one below an operand.
    below: FastMap<Local, Operand>,
}

/// How a block in front of the loop ends. The answer that speaks for the loop without checks leads on.
enum Question {
    /// Of two values, whether the exact result does not fit.
    Overflows(Symbol, Ty, Operand, Operand),
    /// A `bool` that should hold.
    Holds(Operand),
}

impl Asking<'_> {
    /// The counter's range; `None` if it cannot be trusted.
    fn count(&mut self) -> Option<Range> {
        let Counter { ty, rises, inclusive, .. } = self.counter;
        let (bound, step) = (self.counter.bound.clone(), self.counter.step.clone());
        if self.counter.guarded {
            let start = self.start();
            let (low, high) = if rises { (start.clone(), bound.clone()) } else { (bound.clone(), start.clone()) };
            return self.require(BinaryOp::Ge, high, low).then(|| Range { start, last: bound.clone(), end: bound });
        }
        if step.as_int().is_none() && !self.require(BinaryOp::Gt, step.clone(), constant(ty, 0)) {
            return None;
        }
        let last = if inclusive {
            bound.clone()
        } else {
            // A bound at the end of the type's range has no turn at all.
            let last = self.local(ty);
            let op = if rises { BinaryOp::Sub } else { BinaryOp::Add };
            self.statements.push(Statement::assign(self.source, last, Rvalue::Binary(op, bound.clone(), constant(ty, 1))));
            if rises {
                self.below.insert(last, bound.clone());
            }
            Operand::copy(last)
        };
        let op = if rises { BinaryOp::AddChecked } else { BinaryOp::SubChecked };
        let end = if step.as_int() == Some(1) && !inclusive { bound } else { self.compute(op, ty, &last, &step)? };
        Some(Range { start: self.start(), last, end })
    }

    /// The counter in front of the loop: a constant, if it is set to one there.
    fn start(&self) -> Operand {
        let counter = self.counter.local;
        let mut outside = (0..self.body.blocks.len()).filter(|&index| !self.natural.blocks.contains(index)).flat_map(|index| {
            let block = &self.body.blocks[index];
            let assigns = move |statement: &&Statement| matches!(&statement.kind, StatementKind::Assign(place, _) if place.local == counter);
            let called = matches!(&block.terminator.kind, TerminatorKind::Call { dest, .. } if dest.local == counter);
            let unknown = called.then_some(None);
            block.statements.iter().filter(assigns).map(move |statement| Some((index, statement))).chain(unknown)
        });
        if let (Some(Some((index, statement))), None) = (outside.next(), outside.next())
            && let StatementKind::Assign(place, Rvalue::Use(value)) = &statement.kind
            && place.is_local()
            && value.as_int().is_some()
            && self.dominators.dominates(BlockId(index as u32), self.natural.head)
            && counter.0 > self.body.param_count
        {
            return value.clone();
        }
        Operand::copy(counter)
    }

    fn is_positive(&self, operand: &Operand) -> bool {
        operand.as_int().is_some_and(|value| value >= 0) || self.positive.contains(&text(operand))
    }

    fn local(&mut self, ty: Ty) -> Local {
        self.body.add_local(ty, self.source)
    }

    /// The checks that are not needed if all questions are answered well.
    fn unneeded(&mut self) -> Vec<Location> {
        let mut found = Vec::new();
        self.range = self.count();
        if self.range.is_none() {
            return found;
        }
        for index in self.natural.blocks.iter() {
            for at in 0..self.body.blocks[index].statements.len() {
                let location = Location::new(BlockId(index as u32), at);
                let kind = self.body.blocks[index].statements[at].kind.clone();
                let before = (self.blocks.len(), self.statements.clone(), self.questions, self.known.clone(), self.positive.clone());
                if self.goes(&kind, location) {
                    found.push(location);
                } else {
                    // Nothing is asked in vain.
                    self.blocks.truncate(before.0);
                    (self.statements, self.questions, self.known, self.positive) = (before.1, before.2, before.3, before.4);
                }
                if self.questions > QUESTIONS_MAX {
                    return Vec::new();
                }
            }
        }
        found
    }

    fn goes(&mut self, kind: &StatementKind, at: Location) -> bool {
        match kind {
            StatementKind::Assign(place, Rvalue::Binary(op, left, right)) if unchecked(*op).is_some() => {
                let ty = self.cx.types.place(&self.body.locals, place);
                at == self.counter.operation || self.binary(*op, ty, left, right, at).is_some()
            }
            StatementKind::BoundsCheck { index, len } => self.in_range(index, len, at),
            StatementKind::Check { cond, expected, .. } if is_steady(cond, self.facts, self.assigned) => {
                self.require_bool(cond.as_copy(), *expected);
                true
            }
            _ => false,
        }
    }

    fn in_range(&mut self, index: &Operand, len: &Operand, at: Location) -> bool {
        let Some((lowest, highest)) = self.interval(index, at) else { return false };
        let Some((len, _)) = self.interval(len, at) else { return false };
        self.require(BinaryOp::Ge, lowest, Operand::int(0)) && self.require(BinaryOp::Lt, highest, len)
    }

    fn interval(&mut self, operand: &Operand, at: Location) -> Option<Interval> {
        if is_steady(operand, self.facts, self.assigned) {
            return Some((operand.as_copy(), operand.as_copy()));
        }
        let local = operand.as_local()?;
        if local == self.counter.local {
            return self.counter_at(at);
        }
        let Def::At(def) = self.facts.def(local) else { return None };
        if !self.natural.contains(def.block) {
            return None;
        }
        let StatementKind::Assign(place, value) = self.body.block(def.block).statements.get(def.statement as usize)?.kind.clone() else { return None };
        match value {
            Rvalue::Use(operand) => self.interval(&operand, def),
            Rvalue::Binary(op, left, right) => {
                let ty = self.cx.types.place(&self.body.locals, &place);
                matches!(ty.kind(), TyKind::Int(_)).then_some(())?;
                self.binary(op, ty, &left, &right, def)
            }
            Rvalue::Len(place) if place.projection == [Projection::Deref] => self.len(place.local),
            _ => None,
        }
    }

    /// Of a slice.
    fn len(&mut self, slice: Local) -> Option<Interval> {
        if let Def::At(def) = self.facts.def(slice)
            && let Some(statement) = self.body.block(def.block).statements.get(def.statement as usize)
            && let StatementKind::Assign(_, Rvalue::Aggregate(Aggregate::WidePointer, parts)) = &statement.kind
        {
            let len = parts[1].clone();
            return self.interval(&len, def);
        }
        if !is_steady(&Operand::copy(slice), self.facts, self.assigned) {
            return None;
        }
        let place = Place::local(slice).deref();
        if let Some(len) = self.asked_before(&place) {
            return Some((Operand::copy(len), Operand::copy(len)));
        }
        let key = (BinaryOp::Eq, format!("{place:?}"), String::new());
        if let Some(known) = self.known.get(&key) {
            return Some((known.clone(), known.clone()));
        }
        let len = self.local(Ty::int());
        self.statements.push(Statement::assign(self.source, len, Rvalue::Len(place)));
        self.known.insert(key, Operand::copy(len));
        Some((Operand::copy(len), Operand::copy(len)))
    }

    /// A local that holds the length already.
    fn asked_before(&self, slice: &Place) -> Option<Local> {
        self.body.block_ids().filter(|id| *id != self.natural.head && self.dominators.dominates(*id, self.natural.head)).find_map(|id| {
            self.body.block(id).statements.iter().find_map(|statement| match &statement.kind {
                StatementKind::Assign(place, Rvalue::Len(of)) if of == slice => place.as_local().filter(|local| self.facts.single(*local)),
                _ => None,
            })
        })
    }

    /// The counter's values where it is read.
    fn counter_at(&self, at: Location) -> Option<Interval> {
        let Range { start, last, end } = self.range.clone()?;
        let changed = self.counter.changed;
        let before_change = if at.block == changed.block {
            at.statement <= changed.statement
        } else {
            self.dominators.dominates(at.block, changed.block)
        };
        let far = if at.block != self.natural.head && before_change { last } else { end };
        Some(if self.counter.rises { (start, far) } else { (far, start) })
    }

    fn binary(&mut self, op: BinaryOp, ty: Ty, left: &Operand, right: &Operand, at: Location) -> Option<Interval> {
        let zero = constant(ty, 0);
        match op {
            BinaryOp::Add | BinaryOp::AddChecked => {
                let (a, b) = (self.interval(left, at)?, self.interval(right, at)?);
                let high = self.compute(BinaryOp::AddChecked, ty, &a.1, &b.1)?;
                Some((self.lower(BinaryOp::AddChecked, ty, &a.0, &b.0)?, high))
            }
            BinaryOp::Sub | BinaryOp::SubChecked => {
                let (a, b) = (self.interval(left, at)?, self.interval(right, at)?);
                Some((self.compute(BinaryOp::SubChecked, ty, &a.0, &b.1)?, self.compute(BinaryOp::SubChecked, ty, &a.1, &b.0)?))
            }
            BinaryOp::Mul | BinaryOp::MulChecked => {
                let (a, b) = (self.interval(left, at)?, self.interval(right, at)?);
                // One value each needs no signs.
                let single = text(&a.0) == text(&a.1) && text(&b.0) == text(&b.1);
                if !single && !(self.require(BinaryOp::Ge, a.0.clone(), zero.clone()) && self.require(BinaryOp::Ge, b.0.clone(), zero)) {
                    return None;
                }
                let high = self.compute(BinaryOp::MulChecked, ty, &a.1, &b.1)?;
                Some((self.lower(BinaryOp::MulChecked, ty, &a.0, &b.0)?, high))
            }
            BinaryOp::Div | BinaryOp::DivChecked => {
                let by = right.as_int().filter(|by| *by > 0)?;
                let a = self.interval(left, at)?;
                Some((self.divide(ty, &a.0, by), self.divide(ty, &a.1, by)))
            }
            BinaryOp::Shr | BinaryOp::ShrChecked => {
                let by = right.as_int().filter(|by| (0..63).contains(by))?;
                let a = self.interval(left, at)?;
                Some((self.shift(ty, &a.0, by), self.shift(ty, &a.1, by)))
            }
            BinaryOp::Rem | BinaryOp::RemChecked => {
                let by = right.as_int().filter(|by| *by > 0)?;
                let a = self.interval(left, at)?;
                self.require(BinaryOp::Ge, a.0, zero.clone()).then(|| (zero, constant(ty, by - 1)))
            }
            BinaryOp::BitAnd => {
                let mask = right.as_int().or(left.as_int()).filter(|mask| *mask >= 0)?;
                Some((zero, constant(ty, mask)))
            }
            _ => None,
        }
    }

    /// The result for the lower ends, once that for the upper ends is known to fit: between 0 and that everything fits.
    fn lower(&mut self, op: BinaryOp, ty: Ty, left: &Operand, right: &Operand) -> Option<Operand> {
        let positive = self.is_positive(left) && self.is_positive(right);
        let (plain, ..) = unchecked(op)?;
        let key = (plain, text(left), text(right));
        let folds = left.as_int().is_some() && right.as_int().is_some();
        let neutral = |operand: &Operand| operand.as_int() == Some(i128::from(plain == BinaryOp::Mul));
        if !positive || folds || neutral(left) || neutral(right) || self.known.contains_key(&key) {
            let result = self.compute(op, ty, left, right)?;
            if positive {
                self.positive.insert(text(&result));
            }
            return Some(result);
        }
        let result = self.local(ty);
        self.statements.push(Statement::assign(self.source, result, Rvalue::Binary(plain, left.clone(), right.clone())));
        self.known.insert(key, Operand::copy(result));
        self.positive.insert(text(&Operand::copy(result)));
        Some(Operand::copy(result))
    }

    /// Towards zero, which keeps the order of values.
    fn divide(&mut self, ty: Ty, value: &Operand, by: i128) -> Operand {
        match value.as_int() {
            Some(value) => constant(ty, value / by),
            None => self.smaller(BinaryOp::Div, ty, value, by),
        }
    }
    /// Downwards, which keeps it, too.
    fn shift(&mut self, ty: Ty, value: &Operand, by: i128) -> Operand {
        match value.as_int() {
            Some(value) => constant(ty, value >> by),
            None => self.smaller(BinaryOp::Shr, ty, value, by),
        }
    }
    fn smaller(&mut self, op: BinaryOp, ty: Ty, value: &Operand, by: i128) -> Operand {
        let key = (op, text(value), by.to_string());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let result = self.local(ty);
        self.statements.push(Statement::assign(self.source, result, Rvalue::Binary(op, value.clone(), constant(ty, by))));
        self.known.insert(key, Operand::copy(result));
        if self.is_positive(value) {
            self.positive.insert(text(&Operand::copy(result)));
        }
        Operand::copy(result)
    }

    /// The exact result, or a question that is answered badly.
    fn compute(&mut self, op: BinaryOp, ty: Ty, left: &Operand, right: &Operand) -> Option<Operand> {
        let (plain, asks, _) = unchecked(op)?;
        match (op, left.as_int(), right.as_int()) {
            (_, Some(a), Some(b)) => {
                let exact = match plain {
                    BinaryOp::Add => a.checked_add(b),
                    BinaryOp::Sub => a.checked_sub(b),
                    _ => a.checked_mul(b),
                };
                return exact.filter(|value| fits(ty, *value)).map(|value| constant(ty, value));
            }
            (BinaryOp::AddChecked | BinaryOp::SubChecked, _, Some(0)) | (BinaryOp::MulChecked, _, Some(1)) => return Some(left.clone()),
            (BinaryOp::AddChecked, Some(0), _) | (BinaryOp::MulChecked, Some(1), _) => return Some(right.clone()),
            (BinaryOp::AddChecked, _, Some(1)) => {
                // One below, and one on top.
                if let Some(bound) = left.as_local().and_then(|local| self.below.get(&local)) {
                    return Some(bound.clone());
                }
            }
            _ => {}
        }
        let key = (plain, text(left), text(right));
        if let Some(known) = self.known.get(&key) {
            return Some(known.clone());
        }
        self.ask(Question::Overflows(Symbol::intern(asks), ty, left.clone(), right.clone()));
        let result = self.local(ty);
        self.statements.push(Statement::assign(self.source, result, Rvalue::Binary(plain, left.clone(), right.clone())));
        self.known.insert(key, Operand::copy(result));
        Some(Operand::copy(result))
    }

    /// `false`: it never holds.
    fn require(&mut self, op: BinaryOp, left: Operand, right: Operand) -> bool {
        if let (Some(a), Some(b)) = (left.as_int(), right.as_int()) {
            return match op {
                BinaryOp::Ge => a >= b,
                BinaryOp::Gt => a > b,
                _ => a < b,
            };
        }
        let is_below = left.as_local().and_then(|local| self.below.get(&local)).is_some_and(|bound| text(bound) == text(&right));
        if op == BinaryOp::Lt && is_below {
            return true;
        }
        let is_sign = op == BinaryOp::Ge && right.as_int() == Some(0);
        if is_sign && self.is_positive(&left) {
            return true;
        }
        let key = (op, text(&left), text(&right));
        if self.known.contains_key(&key) {
            return true;
        }
        if is_sign {
            self.positive.insert(text(&left));
        }
        let answer = self.local(Ty::bool());
        self.statements.push(Statement::assign(self.source, answer, Rvalue::Binary(op, left, right)));
        self.ask(Question::Holds(Operand::copy(answer)));
        self.known.insert(key, Operand::bool(true));
        true
    }

    fn require_bool(&mut self, condition: Operand, expected: bool) {
        let key = (BinaryOp::Eq, text(&condition), expected.to_string());
        if self.known.contains_key(&key) {
            return;
        }
        self.known.insert(key, Operand::bool(true));
        if expected {
            self.ask(Question::Holds(condition));
            return;
        }
        let answer = self.local(Ty::bool());
        self.statements.push(Statement::assign(self.source, answer, Rvalue::Unary(UnaryOp::Not, condition)));
        self.ask(Question::Holds(Operand::copy(answer)));
    }

    fn ask(&mut self, question: Question) {
        self.questions += 1;
        self.blocks.push((std::mem::take(&mut self.statements), question));
    }
}

/// What makes two operands the same value.
fn text(operand: &Operand) -> String {
    match operand {
        Operand::Copy(place) | Operand::Move(place) => format!("{place:?}"),
        Operand::Const(constant) => format!("{:?}", constant.kind),
    }
}

fn fits(ty: Ty, value: i128) -> bool {
    let TyKind::Int(int) = ty.kind() else { return false };
    (int.min()..=int.max()).contains(&value)
}

/// The statement without its check.
fn relax(statement: &mut Statement) {
    match &mut statement.kind {
        StatementKind::Assign(_, Rvalue::Binary(op, ..)) => {
            if let Some((plain, ..)) = unchecked(*op) {
                *op = plain;
            }
        }
        StatementKind::BoundsCheck { .. } | StatementKind::Check { .. } => statement.kind = StatementKind::Nop,
        _ => {}
    }
}

/// A second copy of the loop, without these checks; its head. Locals that only the loop knows get copies of their own.
fn copy(body: &mut Body, natural: &Natural, unneeded: &[Location]) -> BlockId {
    let mut inside = vec![0_u32; body.locals.len()];
    let mut everywhere = inside.clone();
    for (index, block) in body.blocks.iter_mut().enumerate() {
        let is_inside = natural.blocks.contains(index);
        crate::visit::each_place_mut(block, &mut |place| {
            let mut count = |local: Local| {
                everywhere[local.index()] += 1;
                inside[local.index()] += u32::from(is_inside);
            };
            count(place.local);
            place.index_locals().for_each(count);
        });
    }
    let mut number: Vec<Local> = (0..body.locals.len() as u32).map(Local).collect();
    for index in body.param_count as usize + 1..number.len() {
        if inside[index] > 0 && inside[index] == everywhere[index] {
            body.locals.push(body.locals[index].clone());
            number[index] = Local(body.locals.len() as u32 - 1);
        }
    }
    let mut place_of: FastMap<BlockId, BlockId> = FastMap::default();
    for (offset, index) in natural.blocks.iter().enumerate() {
        place_of.insert(BlockId(index as u32), BlockId((body.blocks.len() + offset) as u32));
    }
    for index in natural.blocks.iter() {
        let id = BlockId(index as u32);
        let mut block = body.blocks[index].clone();
        for location in unneeded.iter().filter(|location| location.block == id) {
            relax(&mut block.statements[location.statement as usize]);
        }
        block.each_successor_mut(|to| {
            if let Some(copy) = place_of.get(to) {
                *to = *copy;
            }
        });
        crate::visit::each_place_mut(&mut block, &mut |place| {
            place.renumber(|local| number[local.index()]);
        });
        body.blocks.push(block);
    }
    place_of[&natural.head]
}

/// Puts the questions in front: badly answered ones lead to the old loop.
fn install(body: &mut Body, natural: &Natural, source: SourceId, blocks: Vec<(Vec<Statement>, Question)>, rest: Vec<Statement>, fast: BlockId) {
    let slow = natural.head;
    let mut next = body.add_block(Block { statements: rest, ..Block::new(source, TerminatorKind::Goto(fast)) });
    for (statements, question) in blocks.into_iter().rev() {
        let (answer, bad) = match &question {
            Question::Overflows(..) => (Operand::copy(body.add_local(Ty::bool(), source)), true),
            Question::Holds(answer) => (answer.clone(), false),
        };
        let (on_false, on_true) = if bad { (next, slow) } else { (slow, next) };
        let switch = TerminatorKind::Switch { value: answer.clone(), targets: vec![(0, on_false)], otherwise: on_true };
        next = match question {
            Question::Holds(_) => body.add_block(Block { statements, ..Block::new(source, switch) }),
            Question::Overflows(intrinsic, ty, left, right) => {
                let decide = body.add_block(Block::new(source, switch));
                let call = TerminatorKind::Call {
                    callee: Callee::Intrinsic(intrinsic, Args::new(&[ty])),
                    args: vec![left, right],
                    dest: answer.place().expect("made above").clone(),
                    target: Some(decide),
                    unwind: None,
                };
                body.add_block(Block { statements, ..Block::new(source, call) })
            }
        };
    }
    enter_through(body, natural, next);
}
