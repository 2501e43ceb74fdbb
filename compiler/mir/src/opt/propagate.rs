//! Replaces locals that have one value by that value: copies, constants, parts of aggregates, and what a reference to a
//! known place leads to. `r = &mut it; (*r).start` becomes `it.start`, so `it` needs no address any more.
//!
//! A place behind a reference is only put in its stead if it stays the same place: its own local, or one pointer that has
//! one value itself. A pointer read from memory might have changed in between.

use super::Cx;
use super::fold::{self, Folded};
use super::ssa::{self, Def, Ssa};
use crate::body::*;
use hir::ty::TyKind;

/// What a local stands for.
#[derive(Clone, Debug)]
enum Known {
    /// Another local; `moved` if that one is not read afterwards.
    Same(Local, bool),
    Const(Const),
    /// It points there.
    To(Place),
    /// The parts of a struct, tuple or closure, or of a variant.
    Parts(Option<u32>, Vec<Operand>),
    /// A slice or text of this length.
    Wide(Operand),
}

/// Chains are as long as calls are deep; a longer one is a mistake of ours.
const STEPS_MAX: usize = 200;

/// Whether anything changed.
pub(super) fn run(cx: &Cx, body: &mut Body) -> bool {
    let ssa = ssa::find(body);
    let mut known: Vec<Option<Known>> = vec![None; body.locals.len()];
    let mut any = false;
    for local in (0..body.locals.len() as u32).map(Local) {
        if let Def::At(at) = ssa.def(local)
            && let Some(statement) = body.block(at.block).statements.get(at.statement as usize)
            && let StatementKind::Assign(_, value) = &statement.kind
        {
            known[local.index()] = learn(cx, body, &ssa, local, value);
            any |= known[local.index()].is_some();
        }
    }
    let mut rewriter = Rewriter { known, ssa, changed: false };
    if any {
        rewriter.body(body);
    }
    let mut changed = rewriter.changed;
    for index in 0..body.blocks.len() {
        changed |= fold_block(cx, body, index);
    }
    changed
}

fn learn(cx: &Cx, body: &Body, ssa: &Ssa, local: Local, value: &Rvalue) -> Option<Known> {
    let simple = |operand: &Operand| match operand {
        Operand::Const(_) => true,
        Operand::Copy(place) | Operand::Move(place) => place.as_local().is_some_and(|local| ssa.single(local)),
    };
    let ty = body.local_decl(local).ty;
    match value {
        Rvalue::Use(Operand::Const(constant)) => Some(Known::Const(constant.clone())),
        Rvalue::Use(operand @ (Operand::Copy(place) | Operand::Move(place))) => {
            let from = place.as_local().filter(|from| ssa.single(*from) && body.local_decl(*from).ty == ty)?;
            Some(Known::Same(from, matches!(operand, Operand::Move(_))))
        }
        Rvalue::Ref { place, .. } | Rvalue::RawRef(_, place) => {
            let steady = match place.projection.iter().rposition(|step| *step == Projection::Deref) {
                None => true,
                Some(0) => ssa.single(place.local),
                Some(_) => false,
            };
            let steady = steady && place.index_locals().all(|index| ssa.single(index));
            if let (true, [Projection::Deref]) = (steady, &place.projection[..])
                && body.local_decl(place.local).ty == ty
            {
                return Some(Known::Same(place.local, false));
            }
            steady.then(|| Known::To(place.clone()))
        }
        Rvalue::Aggregate(kind, operands) => {
            let variant = match kind {
                Aggregate::Tuple | Aggregate::Closure(_) => None,
                Aggregate::Adt(_, variant) => cx.is_enum(ty).then_some(*variant),
                Aggregate::WidePointer => {
                    return (simple(&operands[1]) && cx.is_sequence(ty)).then(|| Known::Wide(operands[1].clone()));
                }
                Aggregate::Array => return None,
            };
            Some(Known::Parts(variant, operands.clone()))
        }
        Rvalue::Cast(Cast::Unsize, operand, _) => {
            let array = cx.types.target(cx.types.operand(&body.locals, operand))?;
            match array.kind() {
                TyKind::Array(_, len) if cx.is_sequence(ty) => match len.kind() {
                    TyKind::Const(len) => Some(Known::Wide(Operand::int(i128::from(*len)))),
                    _ => None,
                },
                _ => None,
            }
        }
        Rvalue::Binary(..)
        | Rvalue::Unary(..)
        | Rvalue::Cast(..)
        | Rvalue::Discriminant(_)
        | Rvalue::Len(_)
        | Rvalue::Repeat(_)
        | Rvalue::Select(..) => None,
    }
}

struct Rewriter {
    known: Vec<Option<Known>>,
    ssa: Ssa,
    changed: bool,
}

impl Rewriter {
    fn body(&mut self, body: &mut Body) {
        for block in &mut body.blocks {
            for statement in &mut block.statements {
                self.statement(statement);
            }
            let kind = &mut block.terminator.kind;
            kind.each_operand_mut(|operand| self.operand(operand));
            match kind {
                TerminatorKind::Drop { place, .. } => self.target(place),
                TerminatorKind::Call { dest, .. } => self.target(dest),
                TerminatorKind::Goto(_)
                | TerminatorKind::Switch { .. }
                | TerminatorKind::Return
                | TerminatorKind::Resume
                | TerminatorKind::Unreachable => {}
            }
        }
    }

    fn statement(&mut self, statement: &mut Statement) {
        statement.each_operand_mut(|operand| self.operand(operand));
        match &mut statement.kind {
            StatementKind::Assign(place, value) => {
                self.rvalue(value);
                self.target(place);
            }
            StatementKind::SetDiscriminant(place, _) => self.target(place),
            StatementKind::Check { .. }
            | StatementKind::BoundsCheck { .. }
            | StatementKind::StorageLive(_)
            | StatementKind::StorageDead(_)
            | StatementKind::Nop => {}
        }
    }

    fn rvalue(&mut self, value: &mut Rvalue) {
        let new = match value {
            Rvalue::Discriminant(place) => match place.as_local().and_then(|local| self.whole(local)) {
                Some(Known::Parts(variant, _)) => Some(Operand::int(i128::from(variant.unwrap_or(0)))),
                _ => None,
            },
            Rvalue::Len(place) if place.projection == [Projection::Deref] => match self.whole(place.local) {
                Some(Known::Wide(len)) => Some(len.as_copy()),
                _ => None,
            },
            _ => None,
        };
        if let Some(mut operand) = new {
            self.operand(&mut operand);
            *value = Rvalue::Use(operand);
            self.changed = true;
        } else if let Some(place) = value.looked_at_mut() {
            self.place(place);
        }
    }

    /// What is known of a local, through copies.
    fn whole(&self, mut local: Local) -> Option<Known> {
        for _ in 0..STEPS_MAX {
            match &self.known[local.index()] {
                Some(Known::Same(from, _)) => local = *from,
                other => return other.clone(),
            }
        }
        None
    }

    /// A place that is written: only what it goes through is replaced.
    fn target(&mut self, place: &mut Place) {
        if place.is_indirect() || place.index_locals().next().is_some() {
            self.place(place);
        }
    }

    /// Whether the value that stands there is to be copied because it is read again.
    fn place(&mut self, place: &mut Place) -> bool {
        let mut copied = false;
        for _ in 0..STEPS_MAX {
            let Some(known) = &self.known[place.local.index()] else { break };
            let (local, skip, mut projection) = match (known, &place.projection[..]) {
                (Known::Same(from, moved), _) => {
                    copied |= !moved;
                    (*from, 0, Vec::new())
                }
                (Known::To(to), [Projection::Deref, ..]) => (to.local, 1, to.projection.clone()),
                (Known::Parts(variant, parts), steps) => {
                    let (field, skip) = match (variant, steps) {
                        (None, [Projection::Field(field), ..]) => (*field, 1),
                        (Some(variant), [Projection::Downcast(seen), Projection::Field(field), ..]) if seen == variant => (*field, 2),
                        _ => break,
                    };
                    match parts.get(field as usize) {
                        Some(Operand::Copy(part)) if part.as_local().is_some_and(|p| self.ssa.single(p)) => {
                            copied = true;
                            (part.local, skip, Vec::new())
                        }
                        Some(Operand::Move(part)) if part.as_local().is_some_and(|p| self.ssa.single(p)) => (part.local, skip, Vec::new()),
                        _ => break,
                    }
                }
                _ => break,
            };
            projection.extend_from_slice(&place.projection[skip..]);
            *place = Place { local, projection };
            self.changed = true;
        }
        for step in &mut place.projection {
            let Projection::Index(index) = step else { continue };
            for _ in 0..STEPS_MAX {
                match &self.known[index.index()] {
                    Some(Known::Same(from, _)) => {
                        *index = *from;
                        self.changed = true;
                    }
                    Some(Known::Const(Const { kind: ConstKind::Int(value), .. })) => {
                        // Only a small one fits; where it is out of bounds, a check before it raises.
                        if let Ok(offset) = u32::try_from(value.get()) {
                            *step = Projection::ConstIndex { offset, from_end: false };
                            self.changed = true;
                        }
                        break;
                    }
                    _ => break,
                }
            }
        }
        copied
    }

    fn operand(&mut self, operand: &mut Operand) {
        let (Operand::Copy(place) | Operand::Move(place)) = operand else { return };
        let copied = self.place(place);
        // A constant as a whole, or as a part.
        let constant = match (&self.known[place.local.index()], &place.projection[..]) {
            (Some(Known::Const(constant)), []) => Some(constant.clone()),
            (Some(Known::Parts(None, parts)), [Projection::Field(field)]) => const_part(parts, *field),
            (Some(Known::Parts(Some(variant), parts)), [Projection::Downcast(seen), Projection::Field(field)])
                if seen == variant =>
            {
                const_part(parts, *field)
            }
            _ => None,
        };
        if let Some(constant) = constant {
            self.changed = true;
            *operand = Operand::Const(constant);
        } else if copied && let Operand::Move(place) = operand {
            *operand = Operand::Copy(std::mem::replace(place, Place::RETURN));
        }
    }
}

fn const_part(parts: &[Operand], field: u32) -> Option<Const> {
    match parts.get(field as usize) {
        Some(Operand::Const(constant)) => Some(constant.clone()),
        _ => None,
    }
}

/// Computes what constants decide.
fn fold_block(cx: &Cx, body: &mut Body, index: usize) -> bool {
    let mut changed = false;
    let locals = &body.locals;
    let block = &mut body.blocks[index];
    for statement in &mut block.statements {
        match &mut statement.kind {
            StatementKind::Assign(_, value) => {
                if let Some(new) = fold_value(cx, locals, value) {
                    *value = new;
                    changed = true;
                }
            }
            StatementKind::Check { cond, expected, .. } if cond.as_int() == Some(i128::from(*expected)) => {
                statement.kind = StatementKind::Nop;
                changed = true;
            }
            StatementKind::BoundsCheck { index, len } => {
                if let (Some(index), Some(len)) = (index.as_int(), len.as_int())
                    && 0 <= index
                    && index < len
                {
                    statement.kind = StatementKind::Nop;
                    changed = true;
                }
            }
            _ => {}
        }
    }
    if let TerminatorKind::Call { callee: Callee::Intrinsic(name, args), dest, target: Some(target), .. } = &block.terminator.kind {
        let value = match name.as_str() {
            "size_of" => Some(cx.layouts.of(args[0]).size),
            "align_of" => Some(cx.layouts.of(args[0]).align),
            _ => None,
        };
        if let Some(value) = value {
            let statement = Statement::assign(block.terminator.source, dest.clone(), Rvalue::Use(Operand::int(i128::from(value))));
            let target = *target;
            block.statements.push(statement);
            block.terminator.kind = TerminatorKind::Goto(target);
            changed = true;
        }
    }
    changed
}

fn fold_value(cx: &Cx, locals: &[LocalDecl], value: &Rvalue) -> Option<Rvalue> {
    let made = |ty, folded| match folded {
        Folded::Value(kind) => Some(Rvalue::Use(Operand::constant(ty, kind))),
        Folded::Raises(_) => None,
    };
    match value {
        Rvalue::Binary(op, Operand::Const(left), Operand::Const(right)) => {
            let ty = if op.compares() { hir::ty::Ty::bool() } else { left.ty };
            made(ty, fold::binary(*op, left.ty, &left.kind, &right.kind)?)
        }
        Rvalue::Binary(op, left, right) => neutral(*op, left, right),
        Rvalue::Unary(op, Operand::Const(of)) => made(of.ty, fold::unary(*op, of.ty, &of.kind)?),
        Rvalue::Cast(cast, Operand::Const(of), to) => made(*to, fold::cast(*cast, of.ty, &of.kind, *to)?),
        // From a type to itself.
        Rvalue::Cast(Cast::IntToInt | Cast::PointerToPointer | Cast::Transmute, operand, to)
            if cx.types.operand(locals, operand) == *to =>
        {
            Some(Rvalue::Use(operand.clone()))
        }
        _ => None,
    }
}

/// Integers only: a float's zero has a sign.
fn neutral(op: BinaryOp, left: &Operand, right: &Operand) -> Option<Rvalue> {
    let same = match op {
        BinaryOp::Add | BinaryOp::AddChecked if left.as_int() == Some(0) => right,
        BinaryOp::Add | BinaryOp::AddChecked | BinaryOp::Sub | BinaryOp::SubChecked if right.as_int() == Some(0) => left,
        BinaryOp::Mul | BinaryOp::MulChecked if left.as_int() == Some(1) => right,
        BinaryOp::Mul | BinaryOp::MulChecked | BinaryOp::Div | BinaryOp::DivChecked if right.as_int() == Some(1) => left,
        _ => return None,
    };
    Some(Rvalue::Use(same.clone()))
}
