//! Loops over slices, several elements at a time.
//!
//! A loop whose every round reads and writes elements at the place where it stands, and does nothing with them but arithmetic of
//! one type that cannot raise, is done in vectors of 128 bits as long as enough rounds are left, and then goes on as it was. It counts
//! up to a bound, or down what is left of slices that it walks by pointers. In front of it is asked whether what it writes lies
//! apart from what it reads (or is the same): all walk in step, so that is the same in every round.
//!
//! A loop that only adds the elements up is done in blocks, if they are integers of 64 bits; or gathers them by `&`, `|` or `^`.
//! A checked sum must raise where it would have: so a block counts only if its elements and the sum before it are so small
//! that no sum on the way can leave the type. The first block of which that does not hold, and what follows it, is left to the
//! old loop. Sums of floats stay as they are: they are rounded otherwise in another order.

use super::Cx;
use super::loops::{Natural, enter_through, find_loops_with};
use super::ssa::{self, Ssa};
use crate::body::*;
use crate::fast::FastMap;
use diag::Symbol;
use hir::LangItem;
use hir::ids::AdtId;
use hir::ty::{Args, FloatTy, IntTy, Mutable, Ty, TyKind};

const VECTOR_BYTES: u64 = 16;
/// Questions in front of a loop.
const PAIRS_MAX: usize = 8;
/// Of a loop, in statements.
const SIZE_MAX: usize = 60;
/// Vectors in a round, where a vector is few elements and the loop is short: what counts and asks is done half as often.
const VECTORS: i128 = 2;
const LANES_FEW: i128 = 4;
const STEPS_FEW: usize = 16;
/// Of a block whose elements are gathered.
const BLOCK_VECTORS: i128 = 8;

/// Whether any loop is done in vectors now.
pub(super) fn run(cx: &Cx, body: &mut Body) -> bool {
    let Some(LangItem::Adt(simd)) = cx.types.program.program().lang.get("simd") else { return false };
    let facts = ssa::find(body);
    let loops = find_loops_with(body, &facts.dominators);
    let innermost = |natural: &&Natural| !loops.iter().any(|other| other.head != natural.head && natural.contains(other.head));
    let mut found: Vec<(&Natural, Plan)> = Vec::new();
    for natural in loops.iter().filter(innermost) {
        if let Some(plan) = Reader::new(cx, body, &facts, natural).plan() {
            found.push((natural, plan));
        }
    }
    for (natural, plan) in &found {
        let source = body.block(natural.head).terminator.source;
        let writer = Writer { simd, source, body, plan, splats: Vec::new(), made: FastMap::default() };
        match plan.gathered {
            Some((into, op, _)) => writer.write_blocks(natural, into, op),
            None => writer.write(natural),
        }
    }
    !found.is_empty()
}

/// What a loop does in a round.
struct Plan {
    element: Ty,
    lanes: i128,
    /// A counter that goes up by one, and the bound that it stays below.
    counter: Option<(Local, Operand)>,
    /// What is left of slices: down by one.
    left: Vec<Local>,
    /// Pointers that walk.
    walkers: Vec<Local>,
    /// What is added to the loop's number, or taken from it, to index with.
    shifts: Vec<(BinaryOp, Operand)>,
    /// What all elements are gathered in, how, and the step that makes them.
    gathered: Option<(Local, BinaryOp, usize)>,
    steps: Vec<Step>,
}

/// The number of a step is the number of its value.
enum Step {
    Load(Where),
    Store(Where, Value),
    Binary(BinaryOp, Value, Value),
    /// By the name of a vector's intrinsic.
    Unary(&'static str, Value),
}

#[derive(Clone, PartialEq)]
enum Where {
    /// Where a pointer stands.
    Walker(Local),
    /// The element of the loop's number, of what this pointer leads to; or one that lies so far from it.
    Indexed(Place, Option<usize>),
}

#[derive(Clone)]
enum Value {
    Step(usize),
    /// The same in every round.
    Fixed(Operand),
}

/// What a local is while a round is read.
#[derive(Clone, Copy, PartialEq)]
enum Known {
    Counter,
    CounterNext,
    /// The counter and one of the shifts.
    Shifted(usize),
    Left(Local),
    LeftNext(Local),
    Walker(Local),
    WalkerNext(Local),
    Step(usize),
    /// What is gathered, before the round's element and behind it.
    Gathered,
    GatheredNext,
    /// What is left is nothing: the loop ends.
    Ends,
    /// The counter is below the bound: the loop goes on.
    GoesOn,
}

struct Reader<'a> {
    cx: &'a Cx<'a>,
    body: &'a Body,
    facts: &'a Ssa,
    natural: &'a Natural,
    known: FastMap<Local, Known>,
    element: Option<Ty>,
    plan: Plan,
}

impl<'a> Reader<'a> {
    fn new(cx: &'a Cx<'a>, body: &'a Body, facts: &'a Ssa, natural: &'a Natural) -> Reader<'a> {
        let plan = Plan { element: Ty::unit(), lanes: 0, counter: None, left: Vec::new(), walkers: Vec::new(), shifts: Vec::new(), gathered: None, steps: Vec::new() };
        Reader { cx, body, facts, natural, known: FastMap::default(), element: None, plan }
    }

    fn plan(mut self) -> Option<Plan> {
        let mut at = self.natural.head;
        let mut blocks = 0;
        loop {
            let block = self.body.block(at);
            blocks += 1;
            if !self.natural.contains(at) || block.cleanup || blocks > self.natural.blocks.count() {
                return None;
            }
            for statement in &block.statements {
                self.statement(statement)?;
            }
            at = match &block.terminator.kind {
                TerminatorKind::Goto(to) => *to,
                TerminatorKind::Switch { value, targets, otherwise } => {
                    let [(0, on_false)] = targets[..] else { return None };
                    let (stays, on_true) = match (self.natural.contains(on_false), self.natural.contains(*otherwise)) {
                        (true, false) => (on_false, false),
                        (false, true) => (*otherwise, true),
                        _ => return None,
                    };
                    match (self.local(value)?, on_true) {
                        (Known::Ends, false) | (Known::GoesOn, true) => stays,
                        _ => return None,
                    }
                }
                TerminatorKind::Call { callee: Callee::Intrinsic(name, _), args, dest, target: Some(target), .. } => {
                    let name = match name.as_str() {
                        "float_sqrt" => "simd_sqrt",
                        "float_abs" => "simd_abs",
                        "float_floor" => "simd_floor",
                        "float_ceil" => "simd_ceil",
                        "float_trunc" => "simd_trunc",
                        _ => return None,
                    };
                    let value = self.value(&args[0])?;
                    self.define(dest.as_local()?, Step::Unary(name, value))?;
                    *target
                }
                _ => return None,
            };
            if at == self.natural.head {
                break;
            }
        }
        if blocks != self.natural.blocks.count() {
            return None;
        }
        self.finish()
    }

    fn finish(self) -> Option<Plan> {
        let plan = &self.plan;
        let now = |local: &Local| self.known.get(local).copied();
        let stepped = plan.left.iter().all(|local| now(local) == Some(Known::LeftNext(*local)))
            && plan.walkers.iter().all(|local| now(local) == Some(Known::WalkerNext(*local)))
            && plan.counter.as_ref().is_none_or(|(local, _)| now(local) == Some(Known::CounterNext));
        let stepped = stepped && plan.gathered.as_ref().is_none_or(|(local, ..)| now(local) == Some(Known::GatheredNext));
        let stores = plan.steps.iter().filter(|step| matches!(step, Step::Store(..))).count();
        let element = self.element?;
        // What a round computes is of no use outside; what moves on keeps its meaning there.
        let moves = |local: &Local| plan.left.contains(local) || plan.walkers.contains(local) || plan.counter.as_ref().is_some_and(|(counter, _)| counter == local)
            || plan.gathered.is_some_and(|(into, ..)| into == *local);
        let local_only = self.known.keys().filter(|local| !moves(local)).all(|local| !self.read_outside(*local));
        let size = self.natural.blocks.iter().map(|index| self.body.blocks[index].statements.len()).sum::<usize>();
        let counted = plan.counter.is_some() || !plan.left.is_empty();
        let gathers = plan.gathered.is_some_and(|(_, _, step)| step + 1 == plan.steps.len() && plan.steps.len() == 1);
        if !stepped || gathers == (stores > 0) || plan.gathered.is_some() != gathers || !local_only || size > SIZE_MAX || !counted {
            return None;
        }
        let lanes = i128::from(VECTOR_BYTES / self.cx.layouts.of(element).size);
        let touched = plan.steps.iter().filter(|step| matches!(step, Step::Load(_) | Step::Store(..))).count();
        (gathers || stores * touched <= PAIRS_MAX).then(|| Plan { element, lanes, ..self.plan })
    }

    fn read_outside(&self, local: Local) -> bool {
        if local == Local::RETURN {
            return true;
        }
        let mut read = false;
        for id in self.body.block_ids().filter(|id| !self.natural.contains(*id)) {
            let block = self.body.block(id);
            for statement in &block.statements {
                ssa::each_read(statement, &mut |found| read |= found == local);
            }
            ssa::each_terminator_read(&block.terminator.kind, &mut |found| read |= found == local);
        }
        read || self.facts.borrowed.contains(local.index())
    }

    fn statement(&mut self, statement: &Statement) -> Option<()> {
        let StatementKind::Assign(place, value) = &statement.kind else {
            return matches!(statement.kind, StatementKind::Nop).then_some(());
        };
        let Some(local) = place.as_local() else {
            let to = self.place(place)?;
            let value = match value {
                Rvalue::Use(operand) => self.value(operand)?,
                Rvalue::Binary(op, left, right) => Value::Step(self.binary(*op, left, right)?),
                Rvalue::Unary(op, operand) => Value::Step(self.unary(*op, operand)?),
                _ => return None,
            };
            self.plan.steps.push(Step::Store(to, value));
            return Some(());
        };
        let is_one = |operand: &Operand| operand.as_int() == Some(1);
        let is_zero = |operand: &Operand| operand.as_int() == Some(0);
        let known = match value {
            Rvalue::Binary(BinaryOp::Add, left, right) if is_one(right) && self.is_int(left) => match self.local(left)? {
                Known::Counter => Known::CounterNext,
                _ => return None,
            },
            Rvalue::Binary(op @ (BinaryOp::Add | BinaryOp::Sub), left, right) if self.is_counter(left) && self.is_fixed(right) => self.shifted(*op, right),
            Rvalue::Binary(BinaryOp::Add, left, right) if self.is_counter(right) && self.is_fixed(left) => self.shifted(BinaryOp::Add, left),
            Rvalue::Binary(BinaryOp::Sub, left, right) if is_one(right) && self.is_int(left) => match self.local(left)? {
                Known::Left(of) => Known::LeftNext(of),
                _ => return None,
            },
            Rvalue::Binary(BinaryOp::Offset, left, right) if is_one(right) => match self.local(left)? {
                Known::Walker(of) => Known::WalkerNext(of),
                _ => return None,
            },
            Rvalue::Binary(BinaryOp::Eq, left, right) if is_zero(right) => {
                let of = left.as_local().filter(|_| self.is_int(left))?;
                match self.known.get(&of) {
                    // The first look at it: it is what is left.
                    None if self.changes(of) => {
                        self.plan.left.push(of);
                        self.known.insert(of, Known::Left(of));
                    }
                    Some(Known::Left(_)) => {}
                    _ => return None,
                }
                Known::Ends
            }
            Rvalue::Binary(BinaryOp::Lt, left, right) => {
                let of = left.as_local().filter(|_| self.cx.types.operand(&self.body.locals, left) == Ty::int())?;
                if self.plan.counter.is_some() || self.known.contains_key(&of) || !self.changes(of) || !self.is_fixed(right) {
                    return None;
                }
                self.plan.counter = Some((of, right.as_copy()));
                self.known.insert(of, Known::Counter);
                Known::GoesOn
            }
            Rvalue::Binary(op, left, right) if gathers(*op) && self.may_gather(left) => self.gather(*op, left, right)?,
            Rvalue::Binary(op, left, right) if gathers(*op) && self.may_gather(right) => self.gather(*op, right, left)?,
            Rvalue::Binary(op, left, right) => Known::Step(self.binary(*op, left, right)?),
            Rvalue::Unary(op, operand) => Known::Step(self.unary(*op, operand)?),
            Rvalue::Use(operand) => match operand.as_local() {
                Some(_) => self.local(operand)?,
                None => match self.value(operand)? {
                    Value::Step(step) => Known::Step(step),
                    Value::Fixed(_) => return None,
                },
            },
            _ => return None,
        };
        self.known.insert(local, known);
        Some(())
    }

    /// A local that nobody spoke of yet, and that the loop changes.
    fn may_gather(&self, operand: &Operand) -> bool {
        let of = |ty: Ty| matches!(ty.kind(), TyKind::Int(IntTy::I64 | IntTy::U64));
        operand.as_local().is_some_and(|local| {
            self.plan.gathered.is_none() && !self.known.contains_key(&local) && of(self.body.locals[local.index()].ty) && self.changes(local)
        })
    }

    fn gather(&mut self, op: BinaryOp, into: &Operand, element: &Operand) -> Option<Known> {
        let into = into.as_local()?;
        let Value::Step(step) = self.value(element)? else { return None };
        if !self.is_element(self.body.locals[into.index()].ty) {
            return None;
        }
        self.plan.gathered = Some((into, op, step));
        self.known.insert(into, Known::Gathered);
        Some(Known::GatheredNext)
    }

    fn is_counter(&self, operand: &Operand) -> bool {
        operand.as_local().is_some_and(|local| self.known.get(&local) == Some(&Known::Counter))
    }

    fn shifted(&mut self, op: BinaryOp, by: &Operand) -> Known {
        let same = |known: &(BinaryOp, Operand)| known.0 == op && known.1.as_local() == by.as_local() && known.1.as_int() == by.as_int();
        let at = self.plan.shifts.iter().position(same).unwrap_or_else(|| {
            self.plan.shifts.push((op, by.as_copy()));
            self.plan.shifts.len() - 1
        });
        Known::Shifted(at)
    }

    fn is_int(&self, operand: &Operand) -> bool {
        self.cx.types.operand(&self.body.locals, operand) == Ty::int()
    }

    /// Whether the loop assigns it, and nobody has its address.
    fn changes(&self, local: Local) -> bool {
        !self.natural.knows(local, self.facts, self.body) && !self.facts.borrowed.contains(local.index())
    }

    /// What a local is by now: a pointer that nobody spoke of is one that walks.
    fn local(&mut self, operand: &Operand) -> Option<Known> {
        let local = operand.as_local()?;
        if let Some(known) = self.known.get(&local) {
            return Some(*known);
        }
        if !matches!(self.body.locals[local.index()].ty.kind(), TyKind::Ptr(..)) || !self.changes(local) {
            return None;
        }
        self.plan.walkers.push(local);
        self.known.insert(local, Known::Walker(local));
        Some(Known::Walker(local))
    }

    fn is_fixed(&self, operand: &Operand) -> bool {
        match operand {
            Operand::Const(_) => true,
            _ => operand.as_local().is_some_and(|local| self.natural.knows(local, self.facts, self.body)),
        }
    }

    fn value(&mut self, operand: &Operand) -> Option<Value> {
        if let Some(local) = operand.as_local()
            && let Some(known) = self.known.get(&local)
        {
            return match known {
                Known::Step(step) => Some(Value::Step(*step)),
                _ => None,
            };
        }
        if self.is_fixed(operand) {
            let ty = self.cx.types.operand(&self.body.locals, operand);
            return self.is_element(ty).then(|| Value::Fixed(operand.as_copy()));
        }
        let from = self.place(operand.place()?)?;
        self.plan.steps.push(Step::Load(from));
        Some(Value::Step(self.plan.steps.len() - 1))
    }

    fn define(&mut self, local: Local, step: Step) -> Option<()> {
        if !self.is_element(self.body.locals[local.index()].ty) {
            return None;
        }
        self.plan.steps.push(step);
        self.known.insert(local, Known::Step(self.plan.steps.len() - 1));
        Some(())
    }

    /// All elements are of one type, of which vectors are made.
    fn is_element(&mut self, ty: Ty) -> bool {
        let fits = matches!(ty.kind(), TyKind::Float(_) | TyKind::Int(IntTy::I32 | IntTy::U32 | IntTy::I64 | IntTy::U64 | IntTy::I16 | IntTy::U16));
        fits && *self.element.get_or_insert(ty) == ty
    }

    fn is_float(&self) -> bool {
        self.element.is_some_and(|ty| matches!(ty.kind(), TyKind::Float(FloatTy::F32 | FloatTy::F64)))
    }

    fn binary(&mut self, op: BinaryOp, left: &Operand, right: &Operand) -> Option<usize> {
        let (left, right) = (self.value(left)?, self.value(right)?);
        let fits = match op {
            BinaryOp::Add | BinaryOp::Sub => true,
            BinaryOp::Mul | BinaryOp::Div => self.is_float(),
            BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor => !self.is_float(),
            _ => false,
        };
        if !fits {
            return None;
        }
        self.plan.steps.push(Step::Binary(op, left, right));
        Some(self.plan.steps.len() - 1)
    }

    fn unary(&mut self, op: UnaryOp, operand: &Operand) -> Option<usize> {
        let value = self.value(operand)?;
        if op != UnaryOp::Neg || !self.is_float() {
            return None;
        }
        self.plan.steps.push(Step::Unary("simd_neg", value));
        Some(self.plan.steps.len() - 1)
    }

    /// An element where the loop stands.
    fn place(&mut self, place: &Place) -> Option<Where> {
        let ty = self.cx.types.place(&self.body.locals, place);
        if !self.is_element(ty) {
            return None;
        }
        match place.projection[..] {
            [Projection::Deref] => match self.local(&Operand::copy(place.local))? {
                Known::Walker(of) => Some(Where::Walker(of)),
                _ => None,
            },
            [Projection::Deref, Projection::Index(index)] => {
                let shift = match self.known.get(&index).copied()? {
                    Known::Counter => None,
                    Known::CounterNext => match self.shifted(BinaryOp::Add, &Operand::int(1)) {
                        Known::Shifted(shift) => Some(shift),
                        _ => return None,
                    },
                    Known::Shifted(shift) => Some(shift),
                    _ => return None,
                };
                let known = self.natural.knows(place.local, self.facts, self.body);
                known.then(|| Where::Indexed(Place { local: place.local, projection: vec![Projection::Deref] }, shift))
            }
            _ => None,
        }
    }
}

fn gathers(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Add | BinaryOp::AddChecked | BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor)
}

/// Writes the loop in vectors in front of the old one.
struct Writer<'a> {
    simd: AdtId,
    source: SourceId,
    body: &'a mut Body,
    plan: &'a Plan,
    /// Fixed values in all lanes, and of which.
    splats: Vec<(Operand, Local)>,
    /// By step.
    made: FastMap<usize, Local>,
}

impl Writer<'_> {
    fn write(mut self, natural: &Natural) {
        let (element, lanes) = (self.plan.element, self.plan.lanes);
        let vectors = if lanes <= LANES_FEW && self.plan.steps.len() <= STEPS_FEW { VECTORS } else { 1 };
        let by = lanes * vectors;
        let count = Ty::new(TyKind::Const(lanes as i64));
        let vector = Ty::new(TyKind::Adt(self.simd, Args::new(&[element, count])));
        let types = Args::new(&[vector, element]);

        // In front: whether it can be, and what is the same in every round.
        let mut front = Vec::new();
        let apart = self.lie_apart(&mut front);
        let limit = self.plan.counter.as_ref().map(|(counter, bound)| {
            let limit = self.value(&mut front, Ty::int(), Rvalue::Binary(BinaryOp::Sub, bound.clone(), Operand::int(by - 1)));
            (*counter, limit, bound.clone())
        });
        let mut may = apart;
        if let Some((counter, _, bound)) = &limit {
            // Then the limit does not fall below the least number.
            let begun = self.value(&mut front, Ty::bool(), Rvalue::Binary(BinaryOp::Lt, Operand::copy(*counter), bound.clone()));
            let natural_number = self.value(&mut front, Ty::bool(), Rvalue::Binary(BinaryOp::Le, Operand::int(0), Operand::copy(*counter)));
            let both = self.value(&mut front, Ty::bool(), Rvalue::Binary(BinaryOp::BitAnd, Operand::copy(begun), Operand::copy(natural_number)));
            may = Some(match may {
                Some(apart) => self.value(&mut front, Ty::bool(), Rvalue::Binary(BinaryOp::BitAnd, Operand::copy(apart), Operand::copy(both))),
                None => both,
            });
        }

        // Slices that are walked together: the shortest counts for all, in one number.
        let fewest = if limit.is_none() { self.fewest(&mut front) } else { None };
        let rounds = fewest.map(|fewest| self.value(&mut front, Ty::int(), Rvalue::Use(Operand::copy(fewest))));

        // A round: its blocks are made from the last to the first.
        let head = self.body.add_block(Block::new(self.source, TerminatorKind::Unreachable));
        let mut calls: Vec<(Vec<Statement>, &'static str, Vec<Operand>, Local)> = Vec::new();
        let steps: Vec<&Step> = self.plan.steps.iter().collect();
        for (vector_at, (number, step)) in (0..vectors).flat_map(|vector| steps.iter().enumerate().map(move |step| (vector * lanes, step))) {
            let mut before = Vec::new();
            let (name, args, result) = match step {
                Step::Load(from) => ("simd_load", vec![self.pointer_behind(&mut before, from, Mutable::No, vector_at)], Some(number)),
                Step::Store(to, value) => {
                    let pointer = self.pointer_behind(&mut before, to, Mutable::Yes, vector_at);
                    ("simd_store", vec![pointer, self.operand(value, vector)], None)
                }
                Step::Binary(op, left, right) => {
                    let name = match op {
                        BinaryOp::Add => "simd_add",
                        BinaryOp::Sub => "simd_sub",
                        BinaryOp::Mul => "simd_mul",
                        BinaryOp::Div => "simd_div",
                        BinaryOp::BitAnd => "simd_and",
                        BinaryOp::BitOr => "simd_or",
                        _ => "simd_xor",
                    };
                    (name, vec![self.operand(left, vector), self.operand(right, vector)], Some(number))
                }
                Step::Unary(name, value) => (*name, vec![self.operand(value, vector)], Some(number)),
            };
            let dest = self.body.add_local(if result.is_some() { vector } else { Ty::unit() }, self.source);
            if let Some(number) = result {
                self.made.insert(number, dest);
            }
            calls.push((before, name, args, dest));
        }
        let mut last = Vec::new();
        let counts: Vec<Local> = rounds.into_iter().chain(self.plan.left.iter().copied().filter(|_| rounds.is_none())).collect();
        self.step_with(&mut last, &counts, by);
        let mut next = self.body.add_block(Block { statements: last, ..Block::new(self.source, TerminatorKind::Goto(head)) });
        for (before, name, args, dest) in calls.into_iter().rev() {
            next = self.call(before, name, types, args, dest, next);
        }

        // The head: whether enough is left.
        let mut asked = Vec::new();
        let mut enough: Option<Local> = None;
        let and = |writer: &mut Self, asked: &mut Vec<Statement>, enough: Option<Local>, more: Local| match enough {
            Some(before) => writer.value(asked, Ty::bool(), Rvalue::Binary(BinaryOp::BitAnd, Operand::copy(before), Operand::copy(more))),
            None => more,
        };
        for local in &counts {
            let more = self.value(&mut asked, Ty::bool(), Rvalue::Binary(BinaryOp::Le, Operand::int(by), Operand::copy(*local)));
            enough = Some(and(&mut self, &mut asked, enough, more));
        }
        if let Some((counter, limit, _)) = &limit {
            let more = self.value(&mut asked, Ty::bool(), Rvalue::Binary(BinaryOp::Lt, Operand::copy(*counter), Operand::copy(*limit)));
            enough = Some(and(&mut self, &mut asked, enough, more));
        }
        let enough = enough.expect("the loop counts something");
        let slow = natural.head;
        let mut behind = Vec::new();
        if let (Some(fewest), Some(rounds)) = (fewest, rounds) {
            let done = self.value(&mut behind, Ty::int(), Rvalue::Binary(BinaryOp::Sub, Operand::copy(fewest), Operand::copy(rounds)));
            for left in &self.plan.left {
                let now = self.value(&mut behind, Ty::int(), Rvalue::Binary(BinaryOp::Sub, Operand::copy(*left), Operand::copy(done)));
                behind.push(Statement::assign(self.source, *left, Rvalue::Use(Operand::copy(now))));
            }
        }
        let behind = self.body.add_block(Block { statements: behind, ..Block::new(self.source, TerminatorKind::Goto(slow)) });
        self.body.blocks[head.index()] = Block {
            statements: asked,
            ..Block::new(self.source, TerminatorKind::Switch { value: Operand::copy(enough), targets: vec![(0, behind)], otherwise: next })
        };

        // From the last to the first again: the old loop, or the splats and the head.
        let mut into = head;
        for (operand, local) in std::mem::take(&mut self.splats).into_iter().rev() {
            into = self.call(Vec::new(), "simd_splat", types, vec![operand], local, into);
        }
        let kind = match may {
            Some(may) => TerminatorKind::Switch { value: Operand::copy(may), targets: vec![(0, slow)], otherwise: into },
            None => TerminatorKind::Goto(into),
        };
        let front = self.body.add_block(Block { statements: front, ..Block::new(self.source, kind) });
        enter_through(self.body, natural, front);
    }

    /// Blocks of elements in front of the old loop, which does what is left.
    fn write_blocks(mut self, natural: &Natural, into: Local, op: BinaryOp) {
        let (element, lanes) = (self.plan.element, self.plan.lanes);
        let vector = Ty::new(TyKind::Adt(self.simd, Args::new(&[element, Ty::new(TyKind::Const(lanes as i64))])));
        let types = Args::new(&[vector, element]);
        let signed = element == Ty::int();
        let u64_ty = Ty::integer(IntTy::U64);
        let checked = op == BinaryOp::AddChecked;
        let name = match op {
            BinaryOp::Add | BinaryOp::AddChecked => "simd_add",
            BinaryOp::BitAnd => "simd_and",
            BinaryOp::BitOr => "simd_or",
            _ => "simd_xor",
        };
        let Some(Step::Load(from)) = self.plan.steps.first() else { panic!("bug! nothing is gathered") };
        let slow = natural.head;
        let size = BLOCK_VECTORS * lanes;

        // What a block holds goes through memory once, into locals of two lanes.
        let pair = Ty::new(TyKind::Array(element, Ty::new(TyKind::Const(lanes as i64))));
        let pointer_ty = Ty::new(TyKind::Ptr(Mutable::Yes, element));
        let spill = |writer: &mut Self, statements: &mut Vec<Statement>| {
            let (array, zero) = (writer.body.add_local(pair, writer.source), writer.body.add_local(Ty::int(), writer.source));
            statements.push(Statement::assign(writer.source, zero, Rvalue::Use(Operand::int(0))));
            let place = Place { local: array, projection: vec![Projection::Index(zero)] };
            (array, writer.value(statements, pointer_ty, Rvalue::RawRef(Mutable::Yes, place)))
        };
        let mut front = Vec::new();
        let total = spill(&mut self, &mut front);
        let size_of = checked.then(|| spill(&mut self, &mut front));
        let lane = |writer: &mut Self, statements: &mut Vec<Statement>, array: Local, number: i128| {
            let index = writer.value(statements, Ty::int(), Rvalue::Use(Operand::int(number)));
            let place = Place { local: array, projection: vec![Projection::Index(index)] };
            writer.value(statements, element, Rvalue::Use(Operand::Copy(place)))
        };
        let binary = |op: BinaryOp, a: Local, b: Operand| Rvalue::Binary(op, Operand::copy(a), b);

        // Behind a block: what it comes to, and whether it counts.
        let head = self.body.add_block(Block::new(self.source, TerminatorKind::Unreachable));
        let plain = if checked { BinaryOp::Add } else { op };
        let mut behind = Vec::new();
        let (a, b) = (lane(&mut self, &mut behind, total.0, 0), lane(&mut self, &mut behind, total.0, 1));
        let sum = self.value(&mut behind, element, binary(plain, a, Operand::copy(b)));
        let mut counts = Vec::new();
        let next = self.value(&mut counts, element, binary(plain, into, Operand::copy(sum)));
        counts.push(Statement::assign(self.source, into, Rvalue::Use(Operand::copy(next))));
        self.step(&mut counts, size);
        let counts = self.body.add_block(Block { statements: counts, ..Block::new(self.source, TerminatorKind::Goto(head)) });
        let end = match size_of {
            None => TerminatorKind::Goto(counts),
            Some((sizes, _)) => {
                // Elements below a 64th of the type's range to both sides, and a sum in the half around zero before them.
                let (a, b) = (lane(&mut self, &mut behind, sizes, 0), lane(&mut self, &mut behind, sizes, 1));
                let all = self.value(&mut behind, element, binary(BinaryOp::BitOr, a, Operand::copy(b)));
                let all = self.value(&mut behind, u64_ty, Rvalue::Cast(Cast::IntToInt, Operand::copy(all), u64_ty));
                let small = self.value(&mut behind, Ty::bool(), binary(BinaryOp::Lt, all, Operand::constant(u64_ty, ConstKind::int(1 << 58))));
                let moved = if signed { self.value(&mut behind, element, binary(BinaryOp::Add, into, Operand::constant(element, ConstKind::int(1 << 62)))) } else { into };
                let moved = self.value(&mut behind, u64_ty, Rvalue::Cast(Cast::IntToInt, Operand::copy(moved), u64_ty));
                let inside = self.value(&mut behind, Ty::bool(), binary(BinaryOp::Lt, moved, Operand::constant(u64_ty, ConstKind::int(1 << 63))));
                let both = self.value(&mut behind, Ty::bool(), binary(BinaryOp::BitAnd, small, Operand::copy(inside)));
                TerminatorKind::Switch { value: Operand::copy(both), targets: vec![(0, slow)], otherwise: counts }
            }
        };
        let mut at = self.body.add_block(Block { statements: behind, ..Block::new(self.source, end) });

        // A block, from its end.
        let unit = |writer: &mut Self| writer.body.add_local(Ty::unit(), writer.source);
        let fresh = |writer: &mut Self| writer.body.add_local(vector, writer.source);
        let mut calls: Vec<(Vec<Statement>, &'static str, Vec<Operand>, Local)> = Vec::new();
        let offset = signed.then(|| fresh(&mut self));
        let (mut sum, mut sizes): (Option<Local>, Option<Local>) = (None, None);
        for number in 0..BLOCK_VECTORS {
            let mut before = Vec::new();
            let first = self.pointer(&mut before, from, Mutable::No);
            let pointer = match number {
                0 => first,
                _ => {
                    let ty = Ty::new(TyKind::Ptr(Mutable::No, element));
                    Operand::copy(self.value(&mut before, ty, Rvalue::Binary(BinaryOp::Offset, first, Operand::int(number * lanes))))
                }
            };
            let loaded = fresh(&mut self);
            calls.push((before, "simd_load", vec![pointer], loaded));
            let next = fresh(&mut self);
            sum = Some(match sum {
                None => loaded,
                Some(before) => {
                    calls.push((Vec::new(), name, vec![Operand::copy(before), Operand::copy(loaded)], next));
                    next
                }
            });
            if checked {
                let moved = match offset {
                    Some(offset) => {
                        let moved = fresh(&mut self);
                        calls.push((Vec::new(), "simd_add", vec![Operand::copy(loaded), Operand::copy(offset)], moved));
                        moved
                    }
                    None => loaded,
                };
                let next = fresh(&mut self);
                sizes = Some(match sizes {
                    None => moved,
                    Some(before) => {
                        calls.push((Vec::new(), "simd_or", vec![Operand::copy(before), Operand::copy(moved)], next));
                        next
                    }
                });
            }
        }
        let stored = unit(&mut self);
        calls.push((Vec::new(), "simd_store", vec![Operand::copy(total.1), Operand::copy(sum.expect("a block has vectors"))], stored));
        if let (Some((_, pointer)), Some(sizes)) = (size_of, sizes) {
            let stored = unit(&mut self);
            calls.push((Vec::new(), "simd_store", vec![Operand::copy(pointer), Operand::copy(sizes)], stored));
        }
        for (before, name, args, dest) in calls.into_iter().rev() {
            at = self.call(before, name, types, args, dest, at);
        }

        // The head: whether a block is left.
        let mut asked = Vec::new();
        let mut enough: Option<Local> = None;
        let mut lefts: Vec<Local> = self.plan.left.clone();
        if let Some((counter, bound)) = self.plan.counter.clone() {
            lefts.push(self.value(&mut asked, Ty::int(), Rvalue::Binary(BinaryOp::Sub, bound, Operand::copy(counter))));
        }
        for left in lefts {
            let more = self.value(&mut asked, Ty::bool(), Rvalue::Binary(BinaryOp::Le, Operand::int(size), Operand::copy(left)));
            enough = Some(match enough {
                Some(before) => self.value(&mut asked, Ty::bool(), binary(BinaryOp::BitAnd, before, Operand::copy(more))),
                None => more,
            });
        }
        let enough = enough.expect("the loop counts something");
        self.body.blocks[head.index()] = Block {
            statements: asked,
            ..Block::new(self.source, TerminatorKind::Switch { value: Operand::copy(enough), targets: vec![(0, slow)], otherwise: at })
        };
        let mut into_head = head;
        if let Some(offset) = offset.filter(|_| checked) {
            let value = Operand::constant(element, ConstKind::int(1 << 57));
            into_head = self.call(Vec::new(), "simd_splat", types, vec![value], offset, into_head);
        }
        let kind = match &self.plan.counter {
            Some((counter, bound)) => {
                // Then what is left of it never leaves the type.
                let begun = self.value(&mut front, Ty::bool(), binary(BinaryOp::Lt, *counter, bound.clone()));
                let natural_number = self.value(&mut front, Ty::bool(), Rvalue::Binary(BinaryOp::Le, Operand::int(0), Operand::copy(*counter)));
                let both = self.value(&mut front, Ty::bool(), binary(BinaryOp::BitAnd, begun, Operand::copy(natural_number)));
                TerminatorKind::Switch { value: Operand::copy(both), targets: vec![(0, slow)], otherwise: into_head }
            }
            None => TerminatorKind::Goto(into_head),
        };
        let front = self.body.add_block(Block { statements: front, ..Block::new(self.source, kind) });
        enter_through(self.body, natural, front);
    }

    /// What is left of the shortest slice.
    fn fewest(&mut self, statements: &mut Vec<Statement>) -> Option<Local> {
        let (first, others) = self.plan.left.split_first()?;
        let mut fewest = *first;
        for left in others {
            let less = self.value(statements, Ty::bool(), Rvalue::Binary(BinaryOp::Lt, Operand::copy(*left), Operand::copy(fewest)));
            let either = Box::new([Operand::copy(*left), Operand::copy(fewest)]);
            fewest = self.value(statements, Ty::int(), Rvalue::Select(Operand::copy(less), either));
        }
        // A name of its own: the old loop counts on in the first one.
        Some(self.value(statements, Ty::int(), Rvalue::Use(Operand::copy(fewest))))
    }

    /// All that moves on does so by this many elements.
    fn step(&mut self, statements: &mut Vec<Statement>, by: i128) {
        let left = &self.plan.left;
        self.step_with(statements, left, by);
    }

    /// The same, with these to count down.
    fn step_with(&mut self, statements: &mut Vec<Statement>, counts: &[Local], by: i128) {
        let moved: Vec<(Local, BinaryOp)> = (counts.iter().map(|local| (*local, BinaryOp::Sub)))
            .chain(self.plan.walkers.iter().map(|local| (*local, BinaryOp::Offset)))
            .chain(self.plan.counter.iter().map(|(local, _)| (*local, BinaryOp::Add)))
            .collect();
        for (local, op) in moved {
            let ty = self.body.locals[local.index()].ty;
            let next = self.value(statements, ty, Rvalue::Binary(op, Operand::copy(local), Operand::int(by)));
            statements.push(Statement::assign(self.source, local, Rvalue::Use(Operand::copy(next))));
        }
    }

    /// A new local with this value.
    fn value(&mut self, statements: &mut Vec<Statement>, ty: Ty, value: Rvalue) -> Local {
        let local = self.body.add_local(ty, self.source);
        statements.push(Statement::assign(self.source, local, value));
        local
    }

    fn call(&mut self, statements: Vec<Statement>, name: &str, types: Args, args: Vec<Operand>, dest: Local, target: BlockId) -> BlockId {
        let callee = Callee::Intrinsic(Symbol::intern(name), types);
        let kind = TerminatorKind::Call { callee, args, dest: Place::local(dest), target: Some(target), unwind: None };
        self.body.add_block(Block { statements, ..Block::new(self.source, kind) })
    }

    fn operand(&mut self, value: &Value, vector: Ty) -> Operand {
        match value {
            Value::Step(step) => Operand::copy(self.made[step]),
            Value::Fixed(operand) => {
                let local = self.body.add_local(vector, self.source);
                self.splats.push((operand.clone(), local));
                Operand::copy(local)
            }
        }
    }

    /// A pointer so many elements behind those of a round.
    fn pointer_behind(&mut self, statements: &mut Vec<Statement>, place: &Where, mutable: Mutable, by: i128) -> Operand {
        let first = self.pointer(statements, place, mutable);
        if by == 0 {
            return first;
        }
        let ty = Ty::new(TyKind::Ptr(mutable, self.plan.element));
        Operand::copy(self.value(statements, ty, Rvalue::Binary(BinaryOp::Offset, first, Operand::int(by))))
    }

    /// A pointer to the elements of a round.
    fn pointer(&mut self, statements: &mut Vec<Statement>, place: &Where, mutable: Mutable) -> Operand {
        let ty = Ty::new(TyKind::Ptr(mutable, self.plan.element));
        match (place, &self.plan.counter) {
            (Where::Walker(local), _) => {
                let found = self.body.locals[local.index()].ty;
                if found == ty {
                    return Operand::copy(*local);
                }
                let cast = Rvalue::Cast(Cast::PointerToPointer, Operand::copy(*local), ty);
                Operand::copy(self.value(statements, ty, cast))
            }
            (Where::Indexed(place, shift), Some((counter, _))) => {
                let mut place = place.clone();
                let index = match shift {
                    None => *counter,
                    Some(shift) => {
                        let (op, by) = self.plan.shifts[*shift].clone();
                        let counter = Operand::copy(*counter);
                        self.value(statements, Ty::int(), Rvalue::Binary(op, counter, by))
                    }
                };
                place.projection.push(Projection::Index(index));
                Operand::copy(self.value(statements, ty, Rvalue::RawRef(mutable, place)))
            }
            (Where::Indexed(..), None) => panic!("bug! an index without a counter"),
        }
    }

    /// Whether what is written lies nowhere less than a vector beside what else is read or written. Nothing to ask: `None`.
    fn lie_apart(&mut self, statements: &mut Vec<Statement>) -> Option<Local> {
        let mut places: Vec<(Where, bool)> = Vec::new();
        for step in &self.plan.steps {
            let (place, written) = match step {
                Step::Load(place) => (place, false),
                Step::Store(place, _) => (place, true),
                Step::Binary(..) | Step::Unary(..) => continue,
            };
            match places.iter_mut().find(|(known, _)| known == place) {
                Some((_, known)) => *known |= written,
                None => places.push((place.clone(), written)),
            }
        }
        let mut addresses = Vec::new();
        if places.len() > 1 {
            for (place, _) in &places {
                let pointer = self.pointer(statements, place, Mutable::No);
                addresses.push(self.value(statements, Ty::int(), Rvalue::Cast(Cast::PointerToInt, pointer, Ty::int())));
            }
        }
        let u64_ty = Ty::integer(IntTy::U64);
        let number = |value: u64| Operand::constant(u64_ty, ConstKind::int(i128::from(value)));
        let mut all: Option<Local> = None;
        for i in 0..places.len() {
            for j in i + 1..places.len() {
                if !places[i].1 && !places[j].1 {
                    continue;
                }
                // 15 below to 15 above, but for the place itself.
                let distance = self.value(statements, Ty::int(), Rvalue::Binary(BinaryOp::Sub, Operand::copy(addresses[i]), Operand::copy(addresses[j])));
                let shifted = self.value(statements, Ty::int(), Rvalue::Binary(BinaryOp::Add, Operand::copy(distance), Operand::int(i128::from(VECTOR_BYTES) - 1)));
                let shifted = self.value(statements, u64_ty, Rvalue::Cast(Cast::IntToInt, Operand::copy(shifted), u64_ty));
                let far = self.value(statements, Ty::bool(), Rvalue::Binary(BinaryOp::Gt, Operand::copy(shifted), number(2 * VECTOR_BYTES - 2)));
                let same = self.value(statements, Ty::bool(), Rvalue::Binary(BinaryOp::Eq, Operand::copy(distance), Operand::int(0)));
                let apart = self.value(statements, Ty::bool(), Rvalue::Binary(BinaryOp::BitOr, Operand::copy(far), Operand::copy(same)));
                all = Some(match all {
                    Some(before) => self.value(statements, Ty::bool(), Rvalue::Binary(BinaryOp::BitAnd, Operand::copy(before), Operand::copy(apart))),
                    None => apart,
                });
            }
        }
        all
    }
}
