//! Arithmetic on primitives, with checks where the language asks for them.
//!
//! Measured choices: an addition of a constant is checked by one comparison with the operand; `sadd_overflow` costs four
//! instructions and hides the sum from the optimiser; a product with a constant is checked by comparing the operand with the
//! largest that fits.

use super::Emitter;
use super::raise::Raise;
use abi::Fault;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, InstructionData, Opcode, Type, Value, ValueDef, types};
use hir::ty::{FloatTy, IntTy, Ty, TyKind};
use mir::body::{BinaryOp, BlockId, Operand, UnaryOp};

/// How the bits of an operand are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Signed,
    Unsigned,
    Float,
}

pub fn class(ty: Ty) -> Class {
    match ty.kind() {
        TyKind::Int(int) if int.is_signed() => Class::Signed,
        TyKind::Float(_) => Class::Float,
        _ => Class::Unsigned,
    }
}

impl Emitter<'_, '_> {
    pub fn check(&mut self, cond: &Operand, expected: bool, fault: mir::body::Fault, unwind: Option<BlockId>) {
        let cond = self.scalar(cond);
        let wrong = if expected { self.not(cond) } else { cond };
        self.raise_if(wrong, Raise::Fault(fault_code(fault)), unwind);
    }

    pub fn bounds_check(&mut self, index: &Operand, len: &Operand, unwind: Option<BlockId>) {
        let (index, len) = (self.scalar(index), self.scalar(len));
        self.bounds_check_values(index, len, unwind);
    }

    pub fn bounds_check_values(&mut self, index: Value, len: Value, unwind: Option<BlockId>) {
        // Lengths are not negative, so one unsigned comparison does for both ends.
        let outside = self.builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, index, len);
        self.raise_if(outside, Raise::Bounds(index, len), unwind);
    }

    pub fn binary(&mut self, op: BinaryOp, left: &Operand, right: &Operand, unwind: Option<BlockId>) -> Value {
        let ty = self.operand_ty(left);
        if op == BinaryOp::Offset {
            let size = self.layouts.of(self.layouts.pointee(ty)).size;
            let (start, count) = (self.scalar(left), self.scalar(right));
            return self.index_address(start, count, size);
        }
        let (a, b) = (self.scalars(left), self.scalars(right));
        if a.len() != 1 {
            return self.compare_many(op, &a, &b);
        }
        let (a, b) = (a[0], b[0]);
        let class = class(ty);
        if class == Class::Float {
            return self.float_binary(op, ty, a, b);
        }
        let fault = |fault| Raise::Fault(fault);
        match op {
            BinaryOp::Add => self.builder.ins().iadd(a, b),
            BinaryOp::Sub => self.builder.ins().isub(a, b),
            BinaryOp::Mul => self.builder.ins().imul(a, b),
            BinaryOp::Div if class == Class::Signed => self.builder.ins().sdiv(a, b),
            BinaryOp::Div => self.builder.ins().udiv(a, b),
            BinaryOp::Rem if class == Class::Signed => self.builder.ins().srem(a, b),
            BinaryOp::Rem => self.builder.ins().urem(a, b),
            BinaryOp::BitAnd => self.builder.ins().band(a, b),
            BinaryOp::BitOr => self.builder.ins().bor(a, b),
            BinaryOp::BitXor => self.builder.ins().bxor(a, b),
            BinaryOp::Shl => self.builder.ins().ishl(a, b),
            BinaryOp::Shr if class == Class::Signed => self.builder.ins().sshr(a, b),
            BinaryOp::Shr => self.builder.ins().ushr(a, b),
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                self.builder.ins().icmp(int_condition(op, class), a, b)
            }
            BinaryOp::AddChecked => {
                let (sum, over) = self.add_overflow(class, a, b);
                self.raise_if(over, fault(Fault::Add), unwind);
                sum
            }
            BinaryOp::SubChecked => {
                let (difference, over) = self.sub_overflow(class, a, b);
                self.raise_if(over, fault(Fault::Subtract), unwind);
                difference
            }
            BinaryOp::MulChecked => {
                let (product, over) = self.mul_overflow(class, a, b);
                self.raise_if(over, fault(Fault::Multiply), unwind);
                product
            }
            BinaryOp::DivChecked => self.divide_checked(class, a, b, true, unwind),
            BinaryOp::RemChecked => self.divide_checked(class, a, b, false, unwind),
            BinaryOp::ShlChecked | BinaryOp::ShrChecked => {
                let bits = self.builder.func.dfg.value_type(a).bits();
                let over = self.builder.ins().icmp_imm_u(IntCC::UnsignedGreaterThanOrEqual, b, i64::from(bits));
                let left = op == BinaryOp::ShlChecked;
                self.raise_if(over, fault(if left { Fault::ShiftLeft } else { Fault::ShiftRight }), unwind);
                match (left, class) {
                    (true, _) => self.builder.ins().ishl(a, b),
                    (false, Class::Signed) => self.builder.ins().sshr(a, b),
                    (false, _) => self.builder.ins().ushr(a, b),
                }
            }
            BinaryOp::Offset => panic!("bug! handled above"),
        }
    }

    /// Equality of wide pointers; `()` equals itself.
    fn compare_many(&mut self, op: BinaryOp, a: &[Value], b: &[Value]) -> Value {
        let mut all = self.builder.ins().iconst(types::I8, 1);
        for (&a, &b) in a.iter().zip(b) {
            let equal = self.builder.ins().icmp(IntCC::Equal, a, b);
            all = self.builder.ins().band(all, equal);
        }
        match op {
            BinaryOp::Eq | BinaryOp::Le | BinaryOp::Ge => all,
            BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Gt => self.not(all),
            _ => panic!("bug! {op:?} of values that are no scalars"),
        }
    }

    fn float_binary(&mut self, op: BinaryOp, ty: Ty, a: Value, b: Value) -> Value {
        match op {
            BinaryOp::Add | BinaryOp::Mul => {
                // On the right a constant is read by the operation itself, on the left it goes through two registers first.
                let (a, b) = if self.is_float_constant(a) { (b, a) } else { (a, b) };
                if op == BinaryOp::Add { self.builder.ins().fadd(a, b) } else { self.builder.ins().fmul(a, b) }
            }
            BinaryOp::Sub => self.builder.ins().fsub(a, b),
            BinaryOp::Div => self.builder.ins().fdiv(a, b),
            BinaryOp::Rem => {
                // The remainder is exact, so that of `f32` may be computed in `f64`.
                let is_single = matches!(ty.kind(), TyKind::Float(FloatTy::F32));
                let widen = |emitter: &mut Self, value| {
                    if is_single { emitter.builder.ins().fpromote(types::F64, value) } else { value }
                };
                let (a, b) = (widen(self, a), widen(self, b));
                let function = self.builder.ins().iconst(types::I64, 3);
                let Some(rest) = self.call_row("rt_float_math2", &[function, a, b]) else {
                    panic!("bug! a function of numbers without result")
                };
                if is_single { self.builder.ins().fdemote(types::F32, rest) } else { rest }
            }
            BinaryOp::Eq => self.builder.ins().fcmp(FloatCC::Equal, a, b),
            BinaryOp::Ne => self.builder.ins().fcmp(FloatCC::NotEqual, a, b),
            BinaryOp::Lt => self.builder.ins().fcmp(FloatCC::LessThan, a, b),
            BinaryOp::Le => self.builder.ins().fcmp(FloatCC::LessThanOrEqual, a, b),
            BinaryOp::Gt => self.builder.ins().fcmp(FloatCC::GreaterThan, a, b),
            BinaryOp::Ge => self.builder.ins().fcmp(FloatCC::GreaterThanOrEqual, a, b),
            _ => panic!("bug! {op:?} of floats"),
        }
    }

    fn is_float_constant(&self, value: Value) -> bool {
        let dfg = &self.builder.func.dfg;
        let ValueDef::Result(inst, _) = dfg.value_def(value) else { return false };
        matches!(dfg.insts[inst].opcode(), Opcode::F32const | Opcode::F64const)
    }

    /// The value of an integer constant, as its class reads it.
    pub fn known(&self, class: Class, value: Value) -> Option<i128> {
        let dfg = &self.builder.func.dfg;
        let ValueDef::Result(inst, _) = dfg.value_def(value) else { return None };
        let InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } = dfg.insts[inst] else { return None };
        let shift = 64 - dfg.value_type(value).bits();
        let bits = imm.bits() << shift;
        Some(match class {
            Class::Signed => i128::from(bits >> shift),
            Class::Unsigned | Class::Float => i128::from(bits as u64 >> shift),
        })
    }

    /// The wrapped sum, and whether it is wrong.
    pub fn add_overflow(&mut self, class: Class, a: Value, b: Value) -> (Value, Value) {
        if class == Class::Unsigned {
            let sum = self.builder.ins().iadd(a, b);
            return (sum, self.builder.ins().icmp(IntCC::UnsignedLessThan, sum, a));
        }
        let (a, b) = if self.known(class, a).is_some() { (b, a) } else { (a, b) };
        match self.known(class, b) {
            Some(step) => {
                let sum = self.builder.ins().iadd(a, b);
                let code = if step >= 0 { IntCC::SignedLessThan } else { IntCC::SignedGreaterThan };
                (sum, self.builder.ins().icmp(code, sum, a))
            }
            None => self.builder.ins().sadd_overflow(a, b),
        }
    }

    pub fn sub_overflow(&mut self, class: Class, a: Value, b: Value) -> (Value, Value) {
        if class == Class::Unsigned {
            let over = self.builder.ins().icmp(IntCC::UnsignedLessThan, a, b);
            return (self.builder.ins().isub(a, b), over);
        }
        match self.known(class, b) {
            Some(step) => {
                // As a sum it becomes one `lea`.
                let ty = self.builder.func.dfg.value_type(a);
                let back = self.int(ty, -step);
                let difference = self.builder.ins().iadd(a, back);
                let code = if step >= 0 { IntCC::SignedGreaterThan } else { IntCC::SignedLessThan };
                (difference, self.builder.ins().icmp(code, difference, a))
            }
            None => self.builder.ins().ssub_overflow(a, b),
        }
    }

    pub fn mul_overflow(&mut self, class: Class, a: Value, b: Value) -> (Value, Value) {
        let ty = self.builder.func.dfg.value_type(a);
        let (a, b) = if self.known(class, a).is_some() { (b, a) } else { (a, b) };
        if let Some(factor) = self.known(class, b)
            && factor > 0
        {
            let (min, max) = range(class, ty);
            // The operands that fit are one interval: one unsigned comparison.
            let (low, high) = (min / factor, max / factor);
            let product = self.builder.ins().imul(a, b);
            let from_low = if low == 0 {
                a
            } else {
                let low = self.int(ty, low);
                self.builder.ins().isub(a, low)
            };
            let width = self.int(ty, high - low);
            return (product, self.builder.ins().icmp(IntCC::UnsignedGreaterThan, from_low, width));
        }
        match class {
            Class::Signed => self.builder.ins().smul_overflow(a, b),
            Class::Unsigned | Class::Float => self.builder.ins().umul_overflow(a, b),
        }
    }

    /// Quotient or remainder. On the straight path one comparison tells 0 and -1 from the rest.
    fn divide_checked(&mut self, class: Class, a: Value, b: Value, quotient: bool, unwind: Option<BlockId>) -> Value {
        let by_zero = Raise::Fault(if quotient { Fault::DivideByZero } else { Fault::RemainderByZero });
        let overflow = Raise::Fault(if quotient { Fault::Divide } else { Fault::Remainder });
        let ty = self.builder.func.dfg.value_type(a);
        match (class, self.known(class, b)) {
            (_, Some(0)) => {
                self.raise_always(by_zero, unwind);
                let dead = self.builder.create_block();
                self.builder.seal_block(dead);
                self.builder.switch_to_block(dead);
                self.zero(ty)
            }
            (Class::Signed, Some(-1)) => {
                let min = self.int(ty, range(class, ty).0);
                let over = self.builder.ins().icmp(IntCC::Equal, a, min);
                self.raise_if(over, overflow, unwind);
                if quotient { self.builder.ins().ineg(a) } else { self.zero(ty) }
            }
            (Class::Signed, Some(_)) => self.signed_divide(a, b, quotient),
            (Class::Signed, None) => {
                let one = self.int(ty, 1);
                let shifted = self.builder.ins().iadd(b, one);
                let odd = self.builder.ins().icmp(IntCC::UnsignedLessThanOrEqual, shifted, one);
                let (rare, plain, done) =
                    (self.builder.create_block(), self.builder.create_block(), self.builder.create_block());
                let result = self.builder.append_block_param(done, ty);
                self.builder.set_cold_block(rare);
                self.builder.ins().brif(odd, rare, &[], plain, &[]);
                self.builder.seal_block(rare);
                self.builder.seal_block(plain);
                self.builder.switch_to_block(rare);
                let is_zero = self.builder.ins().icmp_imm_u(IntCC::Equal, b, 0);
                self.raise_if(is_zero, by_zero, unwind);
                let min = self.int(ty, range(class, ty).0);
                let over = self.builder.ins().icmp(IntCC::Equal, a, min);
                self.raise_if(over, overflow, unwind);
                let by_minus_one = if quotient { self.builder.ins().ineg(a) } else { self.zero(ty) };
                self.builder.ins().jump(done, &[by_minus_one.into()]);
                self.builder.switch_to_block(plain);
                let value = self.signed_divide(a, b, quotient);
                self.builder.ins().jump(done, &[value.into()]);
                self.builder.seal_block(done);
                self.builder.switch_to_block(done);
                result
            }
            (_, known) => {
                if known.is_none() {
                    let is_zero = self.builder.ins().icmp_imm_u(IntCC::Equal, b, 0);
                    self.raise_if(is_zero, by_zero, unwind);
                }
                if quotient { self.builder.ins().udiv(a, b) } else { self.builder.ins().urem(a, b) }
            }
        }
    }

    fn signed_divide(&mut self, a: Value, b: Value, quotient: bool) -> Value {
        if quotient { self.builder.ins().sdiv(a, b) } else { self.builder.ins().srem(a, b) }
    }

    pub fn unary(&mut self, op: UnaryOp, operand: &Operand, unwind: Option<BlockId>) -> Value {
        let ty = self.operand_ty(operand);
        let value = self.scalar(operand);
        match (op, ty.kind()) {
            (UnaryOp::Not, TyKind::Bool) => self.not(value),
            (UnaryOp::Not, _) => self.builder.ins().bnot(value),
            (UnaryOp::Neg | UnaryOp::NegChecked, TyKind::Float(_)) => self.builder.ins().fneg(value),
            (UnaryOp::Neg, _) => self.builder.ins().ineg(value),
            (UnaryOp::NegChecked, _) => {
                let width = self.builder.func.dfg.value_type(value);
                let class = class(ty);
                let over = if class == Class::Signed {
                    let min = self.int(width, range(class, width).0);
                    self.builder.ins().icmp(IntCC::Equal, value, min)
                } else {
                    self.builder.ins().icmp_imm_u(IntCC::NotEqual, value, 0)
                };
                self.raise_if(over, Raise::Fault(Fault::Negate), unwind);
                self.builder.ins().ineg(value)
            }
        }
    }
}

pub fn int_condition(op: BinaryOp, class: Class) -> IntCC {
    let signed = class == Class::Signed;
    match op {
        BinaryOp::Eq => IntCC::Equal,
        BinaryOp::Ne => IntCC::NotEqual,
        BinaryOp::Lt if signed => IntCC::SignedLessThan,
        BinaryOp::Le if signed => IntCC::SignedLessThanOrEqual,
        BinaryOp::Gt if signed => IntCC::SignedGreaterThan,
        BinaryOp::Ge if signed => IntCC::SignedGreaterThanOrEqual,
        BinaryOp::Lt => IntCC::UnsignedLessThan,
        BinaryOp::Le => IntCC::UnsignedLessThanOrEqual,
        BinaryOp::Gt => IntCC::UnsignedGreaterThan,
        BinaryOp::Ge => IntCC::UnsignedGreaterThanOrEqual,
        _ => panic!("bug! {op:?} is no comparison"),
    }
}

/// The least and the greatest value.
pub fn range(class: Class, ty: Type) -> (i128, i128) {
    let int = match (ty.bits(), class == Class::Signed) {
        (8, true) => IntTy::I8,
        (16, true) => IntTy::I16,
        (32, true) => IntTy::I32,
        (64, true) => IntTy::I64,
        (8, false) => IntTy::U8,
        (16, false) => IntTy::U16,
        (32, false) => IntTy::U32,
        _ => IntTy::U64,
    };
    (int.min(), int.max())
}

pub fn fault_code(fault: mir::body::Fault) -> Fault {
    use hir::typed::BinaryOp as Written;
    use mir::body::Fault as Why;
    match fault {
        Why::Overflow(Written::Add) => Fault::Add,
        Why::Overflow(Written::Sub) => Fault::Subtract,
        Why::Overflow(Written::Mul) => Fault::Multiply,
        Why::Overflow(Written::Div) => Fault::Divide,
        Why::Overflow(Written::Rem) => Fault::Remainder,
        Why::Overflow(Written::Shl) => Fault::ShiftLeft,
        Why::Overflow(Written::Shr) => Fault::ShiftRight,
        Why::Overflow(_) => Fault::Overflow,
        Why::NegateOverflow => Fault::Negate,
        Why::DivideByZero => Fault::DivideByZero,
        Why::RemainderByZero => Fault::RemainderByZero,
        Why::CastOverflow => Fault::Cast,
        Why::Unreachable => Fault::Unreachable,
    }
}
