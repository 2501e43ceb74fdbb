//! Between which values integers lie, and what need not be asked because of it.
//!
//! Every integer local has a range at every point: constants, lengths, remainders and masks begin one, branches and checks
//! narrow it, loops widen it until nothing changes. An operation whose exact result lies in its type needs no check; nor
//! does an index inside its bounds. What is not negative is divided by powers of two with a shift. A comparison whose
//! answer follows becomes that answer.

use super::Cx;
use super::ssa;
use crate::body::*;
use crate::fast::FastSet;
use crate::graph::{Edges, flat_order};
use hir::ty::{Ty, TyKind};

/// Both ends belong to it.
type Range = (i128, i128);

/// No sequence of things that have bytes is longer: addresses have no more bits.
const LEN_MAX: i128 = 1 << 48;
/// Ranges that are kept, all blocks together: more would take too long.
const STATES_MAX: usize = 1 << 18;
/// Looks at a block before its ranges are widened, and then narrowed again.
const PATIENCE: u32 = 3;
const NARROWINGS: usize = 2;
const NONE: u32 = u32::MAX;

/// Whether anything changed.
pub(super) fn run(cx: &Cx, body: &mut Body) -> bool {
    let changes = {
        let Some(mut ranges) = Ranges::new(cx, body) else { return false };
        let Some(states) = ranges.solve() else { return false };
        let mut changes = Vec::new();
        for id in body.block_ids() {
            if states.reached[id.index()] {
                ranges.enter(id, &states);
                ranges.improve(id, &mut changes);
            }
        }
        changes
    };
    let any = !changes.is_empty();
    for (block, at, kind) in changes {
        body.blocks[block.index()].statements[at].kind = kind;
    }
    any
}

struct Ranges<'a> {
    cx: &'a Cx<'a>,
    body: &'a Body,
    /// By local: the range of its type, for integers whose address nobody has.
    whole: Vec<Option<Range>>,
    /// Blocks of which nothing is known where they begin: the first, and where a panic arrives.
    unknown: Vec<bool>,
    /// Locals that a block takes over from another and that it, or one behind it, reads: of the first block, of the next, and so on.
    across: Vec<Local>,
    /// By block: where its locals begin; behind the last, how many there are.
    first: Vec<u32>,
    /// By local, where the block has come to.
    now: Vec<Range>,
    /// What was narrowed on the way out that is looked at.
    undo: Vec<(Local, Range)>,
    /// Comparisons made in the block, whose operands are still the same.
    compared: Vec<(Local, BinaryOp, Operand, Operand)>,
    /// Locals that hold the same, made so in the block.
    copies: Vec<(Local, Local)>,
    /// Remainders by a power of two that are only compared with 0.
    even: FastSet<Local>,
}

/// What is known where blocks begin.
struct States {
    /// By block: whether anything leads there.
    reached: Vec<bool>,
    /// As in `across`.
    ranges: Vec<Range>,
}

impl<'a> Ranges<'a> {
    fn new(cx: &'a Cx<'a>, body: &'a Body) -> Option<Ranges<'a>> {
        let facts = ssa::find(body);
        let whole: Vec<Option<Range>> = (body.locals.iter().enumerate())
            .map(|(index, decl)| range_of(decl.ty).filter(|_| !facts.borrowed.contains(index)))
            .collect();
        let mut unknown = vec![false; body.blocks.len()];
        unknown[0] = true;
        for block in &body.blocks {
            block.unwind.iter().chain(&block.terminator.kind.unwind()).for_each(|to| unknown[to.index()] = true);
        }
        let (first, across) = taken_over(body, &whole, &unknown)?;
        let now = whole.iter().map(|range| range.unwrap_or((0, 0))).collect();
        let mut ranges = Ranges { cx, body, whole, unknown, across, first, now, undo: Vec::new(), compared: Vec::new(), copies: Vec::new(), even: FastSet::default() };
        ranges.find_even(&facts);
        Some(ranges)
    }

    fn find_even(&mut self, facts: &ssa::Ssa) {
        for block in &self.body.blocks {
            for pair in block.statements.windows(2) {
                let StatementKind::Assign(rest, Rvalue::Binary(BinaryOp::Rem | BinaryOp::RemChecked, _, by)) = &pair[0].kind else { continue };
                let StatementKind::Assign(_, Rvalue::Binary(BinaryOp::Eq | BinaryOp::Ne, left, right)) = &pair[1].kind else { continue };
                if let Some(local) = rest.as_local()
                    && left.as_local() == Some(local)
                    && right.as_int() == Some(0)
                    && by.as_int().is_some_and(is_power)
                    && facts.reads[local.index()] == 1
                {
                    self.even.insert(local);
                }
            }
        }
    }

    // ---- Until nothing changes.

    fn solve(&mut self) -> Option<States> {
        let count = self.body.blocks.len();
        let edges = Edges::of(self.body);
        let order = flat_order(&edges);
        let mut rank = vec![NONE; count];
        order.iter().enumerate().for_each(|(index, block)| rank[block.index()] = index as u32);
        let before = edges.backward();
        let is_head: Vec<bool> = (0..count).map(|index| before[index].iter().any(|from| rank[from.index()] >= rank[index] && rank[from.index()] != NONE)).collect();
        let mut states = self.nothing_known();
        let mut looks = vec![0u32; count];
        let mut waiting = vec![false; count];
        order.iter().for_each(|block| waiting[block.index()] = states.reached[block.index()]);
        let mut budget = 24 * count;
        loop {
            let mut any = false;
            for &block in &order {
                let index = block.index();
                if !std::mem::take(&mut waiting[index]) {
                    continue;
                }
                budget = budget.checked_sub(1)?;
                self.enter(block, &states);
                self.walk(block);
                self.leave(block, &mut |ranges, to| {
                    let target = to.index();
                    if ranges.unknown[target] {
                        return;
                    }
                    let changed = if states.reached[target] {
                        looks[target] += 1;
                        let widen = looks[target] > PATIENCE && is_head[target] || looks[target] > 4 * PATIENCE;
                        let mut changed = false;
                        for (old, local) in states.ranges[ranges.slots(to)].iter_mut().zip(ranges.locals(to)) {
                            let new = ranges.now[local.index()];
                            let joined = (old.0.min(new.0), old.1.max(new.1));
                            if joined != *old {
                                *old = if widen { widened(*old, joined, ranges.whole_of(*local)) } else { joined };
                                changed = true;
                            }
                        }
                        changed
                    } else {
                        ranges.arrive_first(to, &mut states);
                        true
                    };
                    if changed {
                        waiting[target] = true;
                        any = true;
                    }
                });
            }
            if !any {
                break;
            }
        }
        // What was widened too far is narrowed by what leads there: still true, and sharper.
        for _ in 0..NARROWINGS {
            let mut next = self.nothing_known();
            for &block in &order {
                if !states.reached[block.index()] {
                    continue;
                }
                self.enter(block, &states);
                self.walk(block);
                self.leave(block, &mut |ranges, to| {
                    if ranges.unknown[to.index()] {
                        return;
                    }
                    if !next.reached[to.index()] {
                        return ranges.arrive_first(to, &mut next);
                    }
                    for (old, local) in next.ranges[ranges.slots(to)].iter_mut().zip(ranges.locals(to)) {
                        let new = ranges.now[local.index()];
                        *old = (old.0.min(new.0), old.1.max(new.1));
                    }
                });
            }
            states = next;
        }
        Some(states)
    }

    /// Where nothing leads but what brings nothing along.
    fn nothing_known(&self) -> States {
        States { reached: self.unknown.clone(), ranges: self.across.iter().map(|local| self.whole_of(*local)).collect() }
    }

    fn whole_of(&self, local: Local) -> Range {
        self.whole[local.index()].unwrap_or((0, 0))
    }

    fn slots(&self, block: BlockId) -> std::ops::Range<usize> {
        self.first[block.index()] as usize..self.first[block.index() + 1] as usize
    }

    fn locals(&self, block: BlockId) -> &[Local] {
        &self.across[self.slots(block)]
    }

    fn arrive_first(&self, to: BlockId, states: &mut States) {
        states.reached[to.index()] = true;
        for (range, local) in states.ranges[self.slots(to)].iter_mut().zip(self.locals(to)) {
            *range = self.now[local.index()];
        }
    }

    fn enter(&mut self, block: BlockId, states: &States) {
        self.compared.clear();
        self.copies.clear();
        self.undo.clear();
        let slots = self.slots(block);
        for (local, range) in self.across[slots.clone()].iter().zip(&states.ranges[slots]) {
            self.now[local.index()] = *range;
        }
    }

    fn walk(&mut self, block: BlockId) {
        let body = self.body;
        for statement in &body.block(block).statements {
            self.statement(&statement.kind);
        }
    }

    /// Goes each ordinary way out, with what is known there. Ways that cannot be taken are left out.
    fn leave(&mut self, block: BlockId, arrive: &mut dyn FnMut(&Self, BlockId)) {
        let body = self.body;
        let terminator = &body.block(block).terminator.kind;
        match terminator {
            TerminatorKind::Switch { value, targets, otherwise } => {
                self.undo.clear();
                for (number, to) in targets {
                    if self.is_value(value, *number) {
                        arrive(self, *to);
                    }
                    self.take_back();
                }
                let possible = match targets[..] {
                    [(number, _)] => self.is_other(value, number),
                    _ => true,
                };
                if possible {
                    arrive(self, *otherwise);
                }
                self.take_back();
            }
            TerminatorKind::Call { dest, target, .. } => {
                self.assign(dest, None);
                target.iter().for_each(|to| arrive(self, *to));
            }
            TerminatorKind::Goto(to) => arrive(self, *to),
            TerminatorKind::Drop { target, .. } => arrive(self, *target),
            TerminatorKind::Return | TerminatorKind::Resume | TerminatorKind::Unreachable => {}
        }
    }

    fn take_back(&mut self) {
        while let Some((local, range)) = self.undo.pop() {
            self.now[local.index()] = range;
        }
    }

    // ---- What is known.

    fn statement(&mut self, kind: &StatementKind) {
        match kind {
            StatementKind::Assign(place, value) => {
                let range = if place.is_local() && self.whole[place.local.index()].is_some() { self.value(value, place) } else { None };
                self.assign(place, range);
                if !place.is_local() {
                    return;
                }
                match value {
                    Rvalue::Binary(op, left, right) if op.compares() => {
                        let reads_itself = [left, right].iter().any(|operand| operand.place().is_some_and(|read| read.local == place.local));
                        if !reads_itself {
                            self.compared.push((place.local, *op, left.clone(), right.clone()));
                        }
                    }
                    Rvalue::Use(from) => {
                        if let Some(from) = from.as_local().filter(|from| *from != place.local) {
                            self.copies.push((place.local, from));
                        }
                    }
                    _ => {}
                }
            }
            StatementKind::SetDiscriminant(place, _) => self.assign(place, None),
            StatementKind::BoundsCheck { index, len } => {
                let most = self.range(len).map_or(LEN_MAX, |(_, most)| most);
                self.narrow(index, (0, most - 1));
                let least = self.range(index).map_or(0, |(least, _)| least);
                self.narrow(len, (least.max(0) + 1, i128::MAX));
            }
            StatementKind::Check { cond, expected, .. } => {
                self.is_value(cond, i128::from(*expected));
            }
            StatementKind::StorageLive(_) | StatementKind::StorageDead(_) | StatementKind::Nop => {}
        }
    }

    /// What was known of the place is not any more.
    fn assign(&mut self, place: &Place, range: Option<Range>) {
        if place.is_indirect() {
            return;
        }
        let local = place.local;
        if let Some(whole) = self.whole[local.index()] {
            self.now[local.index()] = range.unwrap_or(whole);
        }
        let mentions = |operand: &Operand| operand.place().is_some_and(|read| read.local == local);
        self.compared.retain(|(made, _, left, right)| *made != local && !mentions(left) && !mentions(right));
        self.copies.retain(|(a, b)| *a != local && *b != local);
    }

    fn tracked(&self, operand: &Operand) -> Option<Local> {
        operand.as_local().filter(|local| self.whole[local.index()].is_some())
    }

    /// Of an integer.
    fn range(&self, operand: &Operand) -> Option<Range> {
        if let Some(value) = operand.as_int() {
            return Some((value, value));
        }
        if let Some(local) = self.tracked(operand) {
            return Some(self.now[local.index()]);
        }
        range_of(self.cx.types.operand(&self.body.locals, operand))
    }

    /// `false`: it cannot be.
    fn narrow(&mut self, operand: &Operand, to: Range) -> bool {
        let Some(local) = self.tracked(operand) else {
            return self.range(operand).is_none_or(|range| range.0.max(to.0) <= range.1.min(to.1));
        };
        if !self.narrow_local(local, to) {
            return false;
        }
        for at in 0..self.copies.len() {
            let (a, b) = self.copies[at];
            let other = if a == local { b } else { a };
            if (a == local || b == local) && self.whole[other.index()].is_some() && !self.narrow_local(other, to) {
                return false;
            }
        }
        true
    }
    fn narrow_local(&mut self, local: Local, to: Range) -> bool {
        let now = &mut self.now[local.index()];
        let narrow = (now.0.max(to.0), now.1.min(to.1));
        if narrow.0 > narrow.1 {
            return false;
        }
        if narrow != *now {
            self.undo.push((local, *now));
            *now = narrow;
        }
        true
    }

    /// Takes in that a switch found this value. `false`: it cannot.
    fn is_value(&mut self, operand: &Operand, value: i128) -> bool {
        match operand.as_local() {
            Some(local) if self.body.local_decl(local).ty.is_bool() => self.holds(local, value != 0),
            Some(_) => self.narrow(operand, (value, value)),
            None => true,
        }
    }
    fn is_other(&mut self, operand: &Operand, value: i128) -> bool {
        match operand.as_local() {
            Some(local) if self.body.local_decl(local).ty.is_bool() => self.holds(local, value == 0),
            Some(_) => self.differs(operand, (value, value)),
            None => true,
        }
    }
    fn differs(&mut self, operand: &Operand, from: Range) -> bool {
        let Some(range) = self.range(operand).filter(|_| from.0 == from.1) else { return true };
        match (range.0 == from.0, range.1 == from.0) {
            (true, true) => false,
            (true, false) => self.narrow(operand, (from.0 + 1, range.1)),
            (false, true) => self.narrow(operand, (range.0, from.0 - 1)),
            (false, false) => true,
        }
    }
    fn holds(&mut self, condition: Local, truth: bool) -> bool {
        let Some((_, op, left, right)) = self.compared.iter().find(|(made, ..)| *made == condition).cloned() else { return true };
        let (Some(a), Some(b)) = (self.range(&left), self.range(&right)) else { return true };
        use BinaryOp::*;
        match (op, truth) {
            (Lt, true) | (Ge, false) => self.narrow(&left, (i128::MIN, b.1 - 1)) && self.narrow(&right, (a.0 + 1, i128::MAX)),
            (Le, true) | (Gt, false) => self.narrow(&left, (i128::MIN, b.1)) && self.narrow(&right, (a.0, i128::MAX)),
            (Gt, true) | (Le, false) => self.narrow(&left, (b.0 + 1, i128::MAX)) && self.narrow(&right, (i128::MIN, a.1 - 1)),
            (Ge, true) | (Lt, false) => self.narrow(&left, (b.0, i128::MAX)) && self.narrow(&right, (i128::MIN, a.1)),
            (Eq, true) | (Ne, false) => self.narrow(&left, b) && self.narrow(&right, a),
            (Eq, false) | (Ne, true) => self.differs(&left, b) && self.differs(&right, a),
            _ => true,
        }
    }

    /// Of what is computed, before it is put into its type.
    fn value(&self, value: &Rvalue, place: &Place) -> Option<Range> {
        let ty = self.body.local_decl(place.local).ty;
        let whole = range_of(ty)?;
        let inside = |range: Range| whole.0 <= range.0 && range.1 <= whole.1;
        match value {
            Rvalue::Use(operand) => self.range(operand).filter(|range| inside(*range)),
            Rvalue::Binary(op, left, right) => {
                let exact = self.exact(*op, left, right)?;
                // A checked one that goes on stayed inside.
                let range = if op.raises() { (exact.0.max(whole.0), exact.1.min(whole.1)) } else { exact };
                (range.0 <= range.1 && inside(range)).then_some(range)
            }
            Rvalue::Cast(Cast::IntToInt, operand, _) => {
                let from = self.cx.types.operand(&self.body.locals, operand);
                let range = match from.kind() {
                    TyKind::Bool => (0, 1),
                    TyKind::Char => (0, 0x10_FFFF),
                    _ => self.range(operand)?,
                };
                inside(range).then_some(range)
            }
            Rvalue::Len(of) => {
                let sequence = self.cx.types.place(&self.body.locals, of);
                match sequence.kind() {
                    TyKind::Str => Some((0, LEN_MAX)),
                    TyKind::Slice(element) if self.cx.layouts.of(*element).size > 0 => Some((0, LEN_MAX)),
                    _ => Some((0, whole.1)),
                }
            }
            Rvalue::Discriminant(_) => inside((0, i128::from(u32::MAX))).then_some((0, i128::from(u32::MAX))),
            _ => None,
        }
    }

    /// Without regard to a type.
    fn exact(&self, op: BinaryOp, left: &Operand, right: &Operand) -> Option<Range> {
        if op.compares() {
            return None;
        }
        let (a, b) = (self.range(left)?, self.range(right)?);
        Some(match op {
            BinaryOp::Add | BinaryOp::AddChecked => (a.0 + b.0, a.1 + b.1),
            BinaryOp::Sub | BinaryOp::SubChecked => (a.0 - b.1, a.1 - b.0),
            BinaryOp::Mul | BinaryOp::MulChecked => {
                let ends = [a.0.checked_mul(b.0)?, a.0.checked_mul(b.1)?, a.1.checked_mul(b.0)?, a.1.checked_mul(b.1)?];
                (*ends.iter().min()?, *ends.iter().max()?)
            }
            BinaryOp::Div | BinaryOp::DivChecked if b.0 > 0 => {
                let ends = [a.0 / b.0, a.0 / b.1, a.1 / b.0, a.1 / b.1];
                (*ends.iter().min()?, *ends.iter().max()?)
            }
            BinaryOp::Rem | BinaryOp::RemChecked if b.0 > 0 => {
                let most = b.1 - 1;
                (if a.0 < 0 { a.0.max(-most) } else { 0 }, if a.1 > 0 { a.1.min(most) } else { 0 })
            }
            BinaryOp::BitAnd => match (a.0 >= 0, b.0 >= 0) {
                (true, true) => (0, a.1.min(b.1)),
                (true, false) => (0, a.1),
                (false, true) => (0, b.1),
                (false, false) => return None,
            },
            BinaryOp::BitOr | BinaryOp::BitXor if a.0 >= 0 && b.0 >= 0 => {
                let bits = 128 - (a.1 | b.1).leading_zeros();
                (0, (1 << bits) - 1)
            }
            BinaryOp::Shr | BinaryOp::ShrChecked if b.0 >= 0 && b.1 < 64 => ((a.0 >> b.0).min(a.0 >> b.1), (a.1 >> b.0).max(a.1 >> b.1)),
            BinaryOp::Shl | BinaryOp::ShlChecked if a.0 >= 0 && b.0 >= 0 && b.1 < 63 => {
                let most = a.1.checked_mul(1 << b.1)?;
                // Bits that are pushed out are lost.
                let ty = range_of(self.cx.types.operand(&self.body.locals, left))?;
                if most > ty.1 {
                    return None;
                }
                (a.0 << b.0, most)
            }
            _ => return None,
        })
    }

    // ---- What follows.

    fn improve(&mut self, block: BlockId, changes: &mut Vec<(BlockId, usize, StatementKind)>) {
        let body = self.body;
        for (at, statement) in body.block(block).statements.iter().enumerate() {
            if let Some(kind) = self.better(&statement.kind) {
                changes.push((block, at, kind));
            }
            self.statement(&statement.kind);
        }
    }

    fn better(&self, kind: &StatementKind) -> Option<StatementKind> {
        match kind {
            StatementKind::Assign(place, Rvalue::Binary(op, left, right)) => {
                let value = self.better_binary(place, *op, left, right)?;
                Some(StatementKind::Assign(place.clone(), value))
            }
            StatementKind::Assign(place, Rvalue::Unary(UnaryOp::NegChecked, operand)) => {
                let ty = range_of(self.cx.types.operand(&self.body.locals, operand))?;
                (self.range(operand)?.0 > ty.0).then(|| StatementKind::Assign(place.clone(), Rvalue::Unary(UnaryOp::Neg, operand.clone())))
            }
            StatementKind::BoundsCheck { index, len } => {
                let (index, len) = (self.range(index)?, self.range(len)?);
                (index.0 >= 0 && index.1 < len.0).then_some(StatementKind::Nop)
            }
            _ => None,
        }
    }

    fn better_binary(&self, place: &Place, op: BinaryOp, left: &Operand, right: &Operand) -> Option<Rvalue> {
        let ty = self.cx.types.operand(&self.body.locals, left);
        let whole = range_of(ty)?;
        let (a, b) = (self.range(left)?, self.range(right)?);
        let with = |op: BinaryOp| Some(Rvalue::Binary(op, left.clone(), right.clone()));
        let by = |op: BinaryOp, value: i128| Some(Rvalue::Binary(op, left.clone(), Operand::constant(ty, ConstKind::int(value))));
        let fits = || self.exact(op, left, right).is_some_and(|exact| whole.0 <= exact.0 && exact.1 <= whole.1);
        let power = right.as_int().filter(|value| is_power(*value));
        match op {
            BinaryOp::AddChecked if fits() => with(BinaryOp::Add),
            BinaryOp::SubChecked if fits() => with(BinaryOp::Sub),
            BinaryOp::MulChecked if fits() => with(BinaryOp::Mul),
            BinaryOp::Rem | BinaryOp::RemChecked if power.is_some() && (a.0 >= 0 || place.as_local().is_some_and(|local| self.even.contains(&local))) => {
                by(BinaryOp::BitAnd, power? - 1)
            }
            BinaryOp::Div | BinaryOp::DivChecked if power.is_some() && a.0 >= 0 => by(BinaryOp::Shr, i128::from(power?.trailing_zeros())),
            BinaryOp::DivChecked | BinaryOp::RemChecked if b.0 > 0 || b.1 < -1 => {
                with(if op == BinaryOp::DivChecked { BinaryOp::Div } else { BinaryOp::Rem })
            }
            BinaryOp::ShlChecked | BinaryOp::ShrChecked if b.0 >= 0 && b.1 < bits_of(ty)? => {
                with(if op == BinaryOp::ShlChecked { BinaryOp::Shl } else { BinaryOp::Shr })
            }
            _ if op.compares() => {
                let answer = match op {
                    BinaryOp::Lt => answer(a.1 < b.0, a.0 >= b.1),
                    BinaryOp::Le => answer(a.1 <= b.0, a.0 > b.1),
                    BinaryOp::Gt => answer(a.0 > b.1, a.1 <= b.0),
                    BinaryOp::Ge => answer(a.0 >= b.1, a.1 < b.0),
                    BinaryOp::Eq => answer(a.0 == a.1 && a == b, a.1 < b.0 || b.1 < a.0),
                    BinaryOp::Ne => answer(a.1 < b.0 || b.1 < a.0, a.0 == a.1 && a == b),
                    _ => None,
                }?;
                Some(Rvalue::Use(Operand::bool(answer)))
            }
            _ => None,
        }
    }
}

/// The locals that each block takes over from another: backward from the blocks that read them to those that write them, or of which
/// nothing is known where they begin. `None`: too many.
fn taken_over(body: &Body, whole: &[Option<Range>], unknown: &[bool]) -> Option<(Vec<u32>, Vec<Local>)> {
    // By local: the blocks that read it before they write it, and those that write it first, in order.
    let mut readers: Vec<Vec<BlockId>> = vec![Vec::new(); whole.len()];
    let mut writers: Vec<Vec<BlockId>> = vec![Vec::new(); whole.len()];
    for id in body.block_ids() {
        let block = body.block(id);
        let read = |readers: &mut [Vec<BlockId>], writers: &[Vec<BlockId>], local: Local| {
            let index = local.index();
            if whole[index].is_some() && writers[index].last() != Some(&id) && readers[index].last() != Some(&id) {
                readers[index].push(id);
            }
        };
        let write = |readers: &[Vec<BlockId>], writers: &mut [Vec<BlockId>], place: &Place| {
            let index = place.local.index();
            if place.is_local() && whole[index].is_some() && writers[index].last() != Some(&id) && readers[index].last() != Some(&id) {
                writers[index].push(id);
            }
        };
        for statement in &block.statements {
            ssa::each_read(statement, &mut |local| read(&mut readers, &writers, local));
            if let StatementKind::Assign(place, _) = &statement.kind {
                write(&readers, &mut writers, place);
            }
        }
        ssa::each_terminator_read(&block.terminator.kind, &mut |local| read(&mut readers, &writers, local));
        if let TerminatorKind::Call { dest, .. } = &block.terminator.kind {
            write(&readers, &mut writers, dest);
        }
    }
    let before = Edges::of(body).backward();
    let mut needed: Vec<Vec<Local>> = vec![Vec::new(); body.blocks.len()];
    let mut count = 0;
    for local in (0..whole.len() as u32).map(Local) {
        let mut waiting = std::mem::take(&mut readers[local.index()]);
        waiting.iter().for_each(|block| needed[block.index()].push(local));
        count += waiting.len();
        while let Some(block) = waiting.pop() {
            if unknown[block.index()] {
                continue;
            }
            for &from in &before[block.index()] {
                if needed[from.index()].last() != Some(&local) && writers[local.index()].binary_search(&from).is_err() {
                    needed[from.index()].push(local);
                    waiting.push(from);
                    count += 1;
                }
            }
        }
        if count > STATES_MAX {
            return None;
        }
    }
    let mut first = Vec::with_capacity(needed.len() + 1);
    let mut across = Vec::with_capacity(count);
    for locals in needed {
        first.push(across.len() as u32);
        across.extend(locals);
    }
    first.push(across.len() as u32);
    Some((first, across))
}

fn answer(yes: bool, no: bool) -> Option<bool> {
    if yes { Some(true) } else { no.then_some(false) }
}

fn range_of(ty: Ty) -> Option<Range> {
    match ty.kind() {
        TyKind::Int(int) => Some((int.min(), int.max())),
        _ => None,
    }
}

fn bits_of(ty: Ty) -> Option<i128> {
    match ty.kind() {
        TyKind::Int(int) => Some(i128::from(int.bits())),
        _ => None,
    }
}

fn is_power(value: i128) -> bool {
    value > 0 && value & (value - 1) == 0
}

/// A growing end goes where it may stay: to zero, or to the end of the type.
fn widened(old: Range, new: Range, whole: Range) -> Range {
    let low = match new.0 {
        low if low == old.0 => low,
        0.. => 0,
        -1 => -1,
        _ => whole.0,
    };
    let high = if new.1 == old.1 { new.1 } else { whole.1 };
    (low.max(whole.0), high)
}
