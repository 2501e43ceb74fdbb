//! Expressions as right-hand sides and as operands.

use super::Builder;
use crate::body::*;
use hir::ids::{ExprId, LocalId};
use hir::ty::{Mutable, Ty, TyKind};
use hir::typed::{self, Callee as TypedCallee, ExprKind};

impl Builder<'_> {
    /// A value to be used once, right after.
    pub(super) fn as_operand(&mut self, id: ExprId) -> Operand {
        if let Some(constant) = self.as_constant(id) {
            return constant;
        }
        let temp = self.as_temp(id);
        Operand::take(temp)
    }

    /// Operands in the order of the text. A place that is only read may be read late when nothing behind it can change it.
    pub(super) fn as_operands(&mut self, ids: &[ExprId]) -> Vec<Operand> {
        let mut operands = Vec::with_capacity(ids.len());
        for (index, &id) in ids.iter().enumerate() {
            let operand = match self.late_place(id, &ids[index + 1..]) {
                Some(place) => place,
                None => self.as_operand(id),
            };
            operands.push(operand);
        }
        operands
    }

    /// Reading a plain path may wait until all operands stand, unless a later one does more than read.
    fn late_place(&mut self, id: ExprId, later: &[ExprId]) -> Option<Operand> {
        let root = self.plain_path(id)?;
        let ty = self.typed.expr(id).ty;
        // A move keeps the place of its own expression for the reports of ownership.
        if !self.types.is_copy(ty) && !self.library {
            return None;
        }
        let harmless = later.iter().all(|&other| match self.plain_path(other) {
            Some(other_root) => other_root != root || self.types.is_copy(ty),
            None => match self.typed.expr(other).kind {
                ExprKind::Const(_) | ExprKind::ConstItem(..) | ExprKind::ConstParam(_) | ExprKind::FnItem(..) => true,
                ExprKind::Ref(mutable, of) => {
                    self.plain_path(of).is_some_and(|other_root| {
                        other_root != root || (!mutable.is_yes() && self.types.is_copy(ty))
                    })
                }
                _ => false,
            },
        });
        if !harmless {
            return None;
        }
        let place = self.as_place(id);
        Some(self.types.read(place, ty))
    }

    /// The variable of a path of fields and dereferences.
    fn plain_path(&self, id: ExprId) -> Option<LocalId> {
        match self.typed.expr(id).kind {
            ExprKind::Local(local) => Some(local),
            ExprKind::Field(base, _) | ExprKind::Deref(base) => self.plain_path(base),
            _ => None,
        }
    }

    pub(super) fn as_constant(&mut self, id: ExprId) -> Option<Operand> {
        let expr = self.typed.expr(id);
        match &expr.kind {
            ExprKind::Const(value) => Some(Operand::constant(expr.ty, constant(value))),
            ExprKind::ConstItem(item, args) => Some(Operand::constant(expr.ty, ConstKind::Item(*item, *args))),
            ExprKind::ConstParam(ty) => Some(match ty.kind() {
                TyKind::Const(value) => Operand::constant(expr.ty, ConstKind::int(i128::from(*value))),
                _ => Operand::constant(expr.ty, ConstKind::Param(*ty)),
            }),
            ExprKind::FnItem(..) => Some(Operand::constant(expr.ty, ConstKind::Zero)),
            ExprKind::Tuple(of) if of.is_empty() => Some(Operand::unit()),
            // A literal's own sign belongs to it.
            ExprKind::Unary(typed::UnaryOp::Neg, of) => match (&self.typed.expr(*of).kind, expr.ty.kind()) {
                (ExprKind::Const(typed::Const::Int(value)), TyKind::Int(int)) => {
                    (int.min()..=int.max()).contains(&-value).then(|| Operand::constant(expr.ty, ConstKind::int(-value)))
                }
                (ExprKind::Const(typed::Const::Float(bits)), _) => {
                    Some(Operand::constant(expr.ty, ConstKind::Float((-f64::from_bits(*bits)).to_bits())))
                }
                _ => None,
            },
            ExprKind::Unsafe(inner) => self.as_constant(*inner),
            _ => None,
        }
    }

    /// A temporary for one use: without storage marks, dropped with the statement if the use never comes.
    pub(super) fn as_temp(&mut self, id: ExprId) -> Local {
        let expr = self.typed.expr(id);
        let source = self.source(expr.span);
        let temp = self.new_temp(expr.ty, source);
        self.expr_into(Place::local(temp), id);
        if self.live && self.types.needs_drop(expr.ty) {
            let scope = self.temp_scope;
            self.schedule_value(scope, temp);
            self.owned_temps.insert(temp);
        }
        temp
    }

    /// These operands were used up: what was scheduled for them is void.
    pub(super) fn consumed(&mut self, operands: &[Operand]) {
        for operand in operands {
            if let Operand::Move(place) = operand
                && place.is_local()
                && self.owned_temps.remove(&place.local)
            {
                self.unschedule(place.local);
            }
        }
    }

    pub(super) fn as_rvalue(&mut self, id: ExprId) -> Rvalue {
        if let Some(constant) = self.as_constant(id) {
            return Rvalue::Use(constant);
        }
        let expr = self.typed.expr(id);
        match &expr.kind {
            ExprKind::Local(_) | ExprKind::Static(_) | ExprKind::Field(..) | ExprKind::Index(..) | ExprKind::Deref(_) => {
                let place = self.as_place(id);
                Rvalue::Use(self.types.read(place, expr.ty))
            }
            ExprKind::Ref(mutable, of) => {
                let place = if mutable.is_yes() { self.as_place(*of) } else { self.as_looked_at(*of) };
                Rvalue::Ref { mutable: *mutable, place, two_phase: false }
            }
            ExprKind::RawRef(mutable, of) => {
                let place = self.as_place(*of);
                Rvalue::RawRef(*mutable, place)
            }
            ExprKind::Binary(op, left, right) => {
                let ty = self.typed.expr(*left).ty;
                let [left, right] = self.two_operands(*left, *right);
                if ty.is_unit() {
                    // All values of the type are equal.
                    let equal = matches!(op, typed::BinaryOp::Eq | typed::BinaryOp::Le | typed::BinaryOp::Ge);
                    return Rvalue::Use(Operand::bool(equal));
                }
                Rvalue::Binary(binary_op(*op, ty), left, right)
            }
            ExprKind::Unary(op, of) => {
                let ty = self.typed.expr(*of).ty;
                let operand = self.as_operands(&[*of]).remove(0);
                let op = match op {
                    typed::UnaryOp::Not => UnaryOp::Not,
                    typed::UnaryOp::Neg if ty.is_float() => UnaryOp::Neg,
                    typed::UnaryOp::Neg => UnaryOp::NegChecked,
                    typed::UnaryOp::Deref => bug!("build", self.name; "a dereference among the operators"),
                };
                Rvalue::Unary(op, operand)
            }
            ExprKind::Cast(cast, of) => self.cast(id, *cast, *of),
            ExprKind::Tuple(of) => {
                let operands = self.as_operands(of);
                self.consumed(&operands);
                Rvalue::Aggregate(Aggregate::Tuple, operands)
            }
            ExprKind::Array(of) => {
                let operands = self.as_operands(of);
                self.consumed(&operands);
                Rvalue::Aggregate(Aggregate::Array, operands)
            }
            ExprKind::Repeat(of) => {
                let operands = self.as_operands(&[*of]);
                self.consumed(&operands);
                Rvalue::Repeat(operands.into_iter().next().expect("one for one"))
            }
            ExprKind::Adt { variant, fields, base } => self.adt(expr.ty, *variant, fields, *base),
            ExprKind::Closure(index) => self.closure_value(*index),
            _ => {
                let operand = self.as_operand(id);
                self.consumed(std::slice::from_ref(&operand));
                Rvalue::Use(operand)
            }
        }
    }

    pub(super) fn two_operands(&mut self, left: ExprId, right: ExprId) -> [Operand; 2] {
        let mut operands = self.as_operands(&[left, right]).into_iter();
        let mut next = || operands.next().expect("two for two");
        [next(), next()]
    }

    fn adt(&mut self, ty: Ty, variant: u32, fields: &[(u32, ExprId)], base: Option<ExprId>) -> Rvalue {
        let TyKind::Adt(adt, _) = ty.kind() else {
            bug!("build", self.name; "a struct expression of another type")
        };
        let written: Vec<ExprId> = fields.iter().map(|(_, value)| *value).collect();
        let values = self.as_operands(&written);
        let count = self.types.program.program().adt(*adt).variants[variant as usize].fields.len();
        let mut all: Vec<Option<Operand>> = vec![None; count];
        for ((field, _), value) in fields.iter().zip(values) {
            all[*field as usize] = Some(value);
        }
        if let Some(base) = base {
            let base = self.as_place_builder(base);
            for (field, slot) in all.iter_mut().enumerate().filter(|(_, slot)| slot.is_none()) {
                let place = self.resolve(base.with(Projection::Field(field as u32)));
                *slot = Some(self.types.read(place, self.types.field(ty, variant, field as u32)));
            }
        }
        let operands: Vec<Operand> = (all.into_iter())
            .map(|slot| slot.unwrap_or_else(|| bug!("build", self.name; "a struct expression lacks a field")))
            .collect();
        self.consumed(&operands);
        Rvalue::Aggregate(Aggregate::Adt(*adt, variant), operands)
    }

    fn cast(&mut self, id: ExprId, cast: typed::Cast, of: ExprId) -> Rvalue {
        let ty = self.typed.expr(id).ty;
        let source = self.expr_source(id);
        let from = self.typed.expr(of).ty;
        let kind = match cast {
            typed::Cast::IntToInt => {
                if let TyKind::Adt(..) = from.kind() {
                    return self.enum_to_int(id, of);
                }
                Cast::IntToInt
            }
            typed::Cast::IntToFloat => Cast::IntToFloat,
            typed::Cast::FloatToInt => Cast::FloatToIntChecked,
            typed::Cast::FloatToFloat => Cast::FloatToFloat,
            typed::Cast::PointerToPointer => Cast::PointerToPointer,
            typed::Cast::PointerToInt => Cast::PointerToInt,
            typed::Cast::IntToPointer => Cast::IntToPointer,
            typed::Cast::Unsize => Cast::Unsize,
            typed::Cast::ReifyFn => Cast::ReifyFn,
            typed::Cast::ReifyClosure => Cast::ReifyClosure,
            typed::Cast::Never => {
                let temp = self.new_temp(ty, source);
                self.expr_into(Place::local(temp), id);
                return Rvalue::Use(Operand::take(temp));
            }
        };
        // A reference is made for the cast alone: reading its variable late would not spare anything.
        let operand = self.as_operands(&[of]).remove(0);
        self.consumed(std::slice::from_ref(&operand));
        // Who makes an address of an exclusive reference still has the reference.
        let operand = if kind == Cast::PointerToPointer { operand.as_copy() } else { operand };
        Rvalue::Cast(kind, operand, ty)
    }

    /// The declared number of the variant.
    fn enum_to_int(&mut self, id: ExprId, of: ExprId) -> Rvalue {
        let ty = self.typed.expr(id).ty;
        let source = self.expr_source(id);
        let place = self.as_place(of);
        let TyKind::Adt(adt, _) = self.typed.expr(of).ty.kind() else {
            bug!("build", self.name; "a variant's number of no enum")
        };
        let numbers: Vec<i64> =
            self.types.program.program().adt(*adt).variants.iter().map(|v| v.discriminant).collect();
        let number = self.new_temp(Ty::int(), source);
        self.assign(source, number, Rvalue::Discriminant(place));
        if numbers.iter().enumerate().any(|(index, &n)| n != index as i64) {
            let declared = self.new_temp(Ty::int(), source);
            let (join, impossible) = (self.new_block(), self.new_block());
            let arms: Vec<(i128, BlockId)> =
                (0..numbers.len()).map(|variant| (variant as i128, self.new_block())).collect();
            let kind = TerminatorKind::Switch {
                value: Operand::copy(number),
                targets: arms.clone(),
                otherwise: impossible,
            };
            self.terminate(source, kind);
            for ((_, block), value) in arms.into_iter().zip(numbers) {
                self.go_to(block);
                self.assign(source, declared, Rvalue::Use(Operand::int(i128::from(value))));
                self.terminate(source, TerminatorKind::Goto(join));
            }
            self.go_to(impossible);
            self.terminate(source, TerminatorKind::Unreachable);
            self.go_to(join);
            return Rvalue::Cast(Cast::IntToInt, Operand::copy(declared), ty);
        }
        Rvalue::Cast(Cast::IntToInt, Operand::copy(number), ty)
    }

    /// The arguments of a call. A method's automatic `&mut` is taken first but used only when the others stand; what is
    /// reached through an owner's dereference is taken last, so that the others may ask the owner.
    pub(super) fn arguments(&mut self, callee: &TypedCallee, args: &[ExprId]) -> Vec<Operand> {
        let method = match callee {
            TypedCallee::Fn(id, _) => self.types.program.program().fn_def(*id).has_self,
            TypedCallee::FnTrait(_) => true,
            TypedCallee::Pointer => false,
        };
        let Some((&first, rest)) = args.split_first() else { return Vec::new() };
        if method && !rest.is_empty() && self.is_part_of_owner(first) {
            let others = self.as_operands(rest);
            let mut operands = vec![self.as_operand(first)];
            operands.extend(others);
            return operands;
        }
        if let (true, ExprKind::Ref(Mutable::Yes, of)) = (method && !rest.is_empty(), &self.typed.expr(first).kind) {
            let source = self.expr_source(first);
            let place = self.as_place(*of);
            let temp = self.new_temp(self.typed.expr(first).ty, source);
            self.assign(source, temp, Rvalue::Ref { mutable: Mutable::Yes, place, two_phase: true });
            let mut operands = vec![Operand::take(temp)];
            operands.extend(self.as_operands(rest));
            return operands;
        }
        self.as_operands(args)
    }
}

pub(super) fn constant(value: &typed::Const) -> ConstKind {
    match value {
        typed::Const::Int(value) => ConstKind::int(*value),
        typed::Const::Float(bits) => ConstKind::Float(*bits),
        typed::Const::Str(text) => ConstKind::Str(*text),
        typed::Const::Bytes(bytes) => ConstKind::Bytes(bytes.clone()),
    }
}

/// The operation on operands whose left one has this type.
pub(super) fn binary_op(op: typed::BinaryOp, ty: Ty) -> BinaryOp {
    let checked = matches!(ty.kind(), TyKind::Int(_));
    match op {
        typed::BinaryOp::Add if checked => BinaryOp::AddChecked,
        typed::BinaryOp::Sub if checked => BinaryOp::SubChecked,
        typed::BinaryOp::Mul if checked => BinaryOp::MulChecked,
        typed::BinaryOp::Div if checked => BinaryOp::DivChecked,
        typed::BinaryOp::Rem if checked => BinaryOp::RemChecked,
        typed::BinaryOp::Add => BinaryOp::Add,
        typed::BinaryOp::Sub => BinaryOp::Sub,
        typed::BinaryOp::Mul => BinaryOp::Mul,
        typed::BinaryOp::Div => BinaryOp::Div,
        typed::BinaryOp::Rem => BinaryOp::Rem,
        typed::BinaryOp::BitAnd | typed::BinaryOp::And => BinaryOp::BitAnd,
        typed::BinaryOp::BitOr | typed::BinaryOp::Or => BinaryOp::BitOr,
        typed::BinaryOp::BitXor => BinaryOp::BitXor,
        typed::BinaryOp::Shl => BinaryOp::ShlChecked,
        typed::BinaryOp::Shr => BinaryOp::ShrChecked,
        typed::BinaryOp::Eq => BinaryOp::Eq,
        typed::BinaryOp::Ne => BinaryOp::Ne,
        typed::BinaryOp::Lt => BinaryOp::Lt,
        typed::BinaryOp::Le => BinaryOp::Le,
        typed::BinaryOp::Gt => BinaryOp::Gt,
        typed::BinaryOp::Ge => BinaryOp::Ge,
    }
}
