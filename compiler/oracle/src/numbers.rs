//! Arithmetic and conversions.

use crate::eval::{Machine, Raises, Step, Stop};
use crate::memory::Value;
use hir::ty::{FloatTy, Ty, TyKind};
use mir::body::{BinaryOp, Cast, UnaryOp};
use mir::layout::{Metadata, Shape};

/// The number that a scalar stands for.
pub fn signed(ty: Ty, value: &Value) -> i128 {
    let bits = value.bits();
    match ty.kind() {
        TyKind::Int(int) if int.is_signed() => {
            let shift = 128 - int.bits() as u32;
            ((bits << shift) as i128) >> shift
        }
        _ => bits as i128,
    }
}

fn range(ty: Ty) -> (i128, i128) {
    match ty.kind() {
        TyKind::Int(int) if int.is_signed() => (-(1 << (int.bits() - 1)), (1 << (int.bits() - 1)) - 1),
        TyKind::Int(int) => (0, (1 << int.bits()) - 1),
        _ => (0, i128::from(u64::MAX)),
    }
}

fn float(ty: Ty, value: &Value) -> Option<f64> {
    match ty.kind() {
        TyKind::Float(FloatTy::F64) => Some(f64::from_bits(value.bits() as u64)),
        TyKind::Float(FloatTy::F32) => Some(f64::from(f32::from_bits(value.bits() as u32))),
        _ => None,
    }
}

fn from_float(ty: Ty, value: f64) -> Value {
    match ty.kind() {
        TyKind::Float(FloatTy::F32) => Value::int(u64::from((value as f32).to_bits()), 4),
        _ => Value::int(value.to_bits(), 8),
    }
}

pub fn unary(op: UnaryOp, ty: Ty, a: &Value) -> Option<Value> {
    let size = a.size();
    if let Some(x) = float(ty, a) {
        return Some(from_float(ty, -x));
    }
    match op {
        UnaryOp::Not if matches!(ty.kind(), TyKind::Bool) => Some(Value::int(u64::from(a.bits() == 0), 1)),
        UnaryOp::Not => Some(Value::wide(!a.bits(), size)),
        UnaryOp::Neg => Some(Value::wide(signed(ty, a).wrapping_neg() as u128, size)),
        UnaryOp::NegChecked => {
            let negated = -signed(ty, a);
            let (min, max) = range(ty);
            (min..=max).contains(&negated).then(|| Value::wide(negated as u128, size))
        }
    }
}

/// Those that stayed calls: of numbers alone.
pub fn intrinsic(name: &str, ty: Option<Ty>, args: &[Value]) -> Option<Value> {
    let ty = ty.unwrap_or(Ty::int());
    let a = args.first()?;
    let size = a.size();
    let bits = (size * 8) as u32;
    let number = |n: usize| signed(ty, &args[n]);
    let truth = |holds: bool| Some(Value::int(u64::from(holds), 1));
    let (min, max) = range(ty);
    let fits = |value: Option<i128>| value.is_some_and(|value| (min..=max).contains(&value));
    let amount = |n: usize| (args[n].bits() as u32) % bits;
    let whole = if bits >= 128 { u128::MAX } else { (1 << bits) - 1 };
    match name {
        "add_overflows" => truth(!fits(number(0).checked_add(number(1)))),
        "sub_overflows" => truth(!fits(number(0).checked_sub(number(1)))),
        "mul_overflows" => truth(!fits(number(0).checked_mul(number(1)))),
        "mul_high_u64" => Some(Value::int(((a.bits() * args[1].bits()) >> 64) as u64, 8)),
        "wrapping_shl" => Some(Value::wide(a.bits() << amount(1), size)),
        "wrapping_shr" => Some(Value::wide((number(0) >> amount(1)) as u128, size)),
        "rotate_left" => Some(Value::wide((a.bits() << amount(1)) | (a.bits() >> ((bits - amount(1)) % bits)), size)),
        "rotate_right" => Some(Value::wide((a.bits() >> amount(1)) | (a.bits() << ((bits - amount(1)) % bits)), size)),
        "count_ones" => Some(Value::int(u64::from((a.bits() & whole).count_ones()), 8)),
        "leading_zeros" => Some(Value::int(u64::from((a.bits() & whole).leading_zeros() - (128 - bits)), 8)),
        "trailing_zeros" => Some(Value::int(u64::from((a.bits() & whole).trailing_zeros().min(bits)), 8)),
        "swap_bytes" => {
            let mut turned = a.clone();
            turned.bytes.reverse();
            Some(turned)
        }
        "float_sqrt" => Some(from_float(ty, float(ty, a)?.sqrt())),
        "float_abs" => Some(from_float(ty, float(ty, a)?.abs())),
        "float_floor" => Some(from_float(ty, float(ty, a)?.floor())),
        "float_ceil" => Some(from_float(ty, float(ty, a)?.ceil())),
        "float_trunc" => Some(from_float(ty, float(ty, a)?.trunc())),
        _ => None,
    }
}

impl Machine<'_> {
    pub fn binary(&mut self, op: BinaryOp, ty: Ty, right: Ty, a: &Value, b: &Value) -> Step<Raises<Value>> {
        use BinaryOp::*;
        let truth = |holds: bool| Ok(Raises::Value(Value::int(u64::from(holds), 1)));
        let size = a.size();
        if op == Offset {
            let pointee = self.layouts().pointee(ty);
            let by = (b.bits() as u64).wrapping_mul(self.layouts().of(pointee).size);
            return Ok(Raises::Value(Value::pointer(a.as_pointer().plus(by))));
        }
        if let (Some(x), Some(y)) = (float(ty, a), float(ty, b)) {
            return match op {
                Eq => truth(x == y),
                Ne => truth(x != y),
                Lt => truth(x < y),
                Le => truth(x <= y),
                Gt => truth(x > y),
                Ge => truth(x >= y),
                Add | AddChecked => Ok(Raises::Value(from_float(ty, x + y))),
                Sub | SubChecked => Ok(Raises::Value(from_float(ty, x - y))),
                Mul | MulChecked => Ok(Raises::Value(from_float(ty, x * y))),
                Div | DivChecked => Ok(Raises::Value(from_float(ty, x / y))),
                _ => Ok(Raises::Value(from_float(ty, x % y))),
            };
        }
        // Addresses compare as they are; what a pair of words holds besides is compared, too.
        let (x, y) = (signed(ty, a), signed(right, b));
        let (min, max) = range(ty);
        let checked = |value: Option<i128>| match value {
            Some(value) if (min..=max).contains(&value) => Ok(Raises::Value(Value::wide(value as u128, size))),
            _ => Ok(Raises::Raised),
        };
        let wraps = |value: i128| Ok(Raises::Value(Value::wide(value as u128, size)));
        let bits = i128::from(size * 8);
        match op {
            Eq => truth(x == y),
            Ne => truth(x != y),
            Lt => truth(x < y),
            Le => truth(x <= y),
            Gt => truth(x > y),
            Ge => truth(x >= y),
            Add => wraps(x.wrapping_add(y)),
            Sub => wraps(x.wrapping_sub(y)),
            Mul => wraps(x.wrapping_mul(y)),
            Div | Rem if y == 0 => self.violation("divides by zero"),
            Div => wraps(x.wrapping_div(y)),
            Rem => wraps(x.wrapping_rem(y)),
            BitAnd => wraps(x & y),
            BitOr => wraps(x | y),
            BitXor => wraps(x ^ y),
            Shl => wraps(x << (y & (bits - 1))),
            Shr => wraps(x >> (y & (bits - 1))),
            AddChecked => checked(x.checked_add(y)),
            SubChecked => checked(x.checked_sub(y)),
            MulChecked => checked(x.checked_mul(y)),
            DivChecked | RemChecked if y == 0 => Ok(Raises::Raised),
            DivChecked => checked(x.checked_div(y)),
            RemChecked if x == min && y == -1 => Ok(Raises::Raised),
            RemChecked => checked(x.checked_rem(y)),
            ShlChecked | ShrChecked if y < 0 || y >= bits => Ok(Raises::Raised),
            ShlChecked => wraps(x << y),
            ShrChecked => wraps(x >> y),
            Offset => unreachable!("it was the first case"),
        }
    }

    pub fn cast(&mut self, cast: Cast, from: Ty, to: Ty, value: Value) -> Step<Raises<Value>> {
        let target = self.layouts().of(to);
        let give = |value| Ok(Raises::Value(value));
        match cast {
            Cast::IntToInt | Cast::IntToPointer | Cast::IntToFloat => {
                let number = self.as_integer(from, &value)?;
                match cast {
                    Cast::IntToFloat => give(from_float(to, number as f64)),
                    _ => give(Value::wide(number as u128, target.size)),
                }
            }
            Cast::FloatToIntChecked | Cast::FloatToIntSaturating => {
                let number = float(from, &value).unwrap_or(0.0);
                let (min, max) = range(to);
                let whole = number.trunc();
                let fits = !number.is_nan() && whole >= min as f64 && whole < (max + 1) as f64;
                if !fits && cast == Cast::FloatToIntChecked {
                    return Ok(Raises::Raised);
                }
                let near = if number.is_nan() { 0 } else { (whole as i128).clamp(min, max) };
                give(Value::wide(near as u128, target.size))
            }
            Cast::FloatToFloat => give(from_float(to, float(from, &value).unwrap_or(0.0))),
            Cast::PointerToPointer => give(value.part(0, target.size)),
            Cast::PointerToInt => give(Value::int(value.part(0, 8).bits() as u64, 8).part(0, target.size)),
            Cast::Transmute => {
                let mut whole = Value::unwritten(value.size().max(target.size));
                whole.put(0, &value);
                give(whole.part(0, target.size))
            }
            Cast::Unsize => give(self.unsize(from, to, value)?),
            Cast::ReifyFn | Cast::ReifyClosure => panic!("bug! a generic cast in a concrete body"),
        }
    }

    /// An integer, `bool`, `char`, or the discriminant of an enum without fields.
    fn as_integer(&mut self, ty: Ty, value: &Value) -> Step<i128> {
        if !value.is_written() {
            return self.violation("uses a number that was never given, or was moved away");
        }
        let is_enum = matches!(self.layouts().of(ty).shape, Shape::Enum { .. });
        if is_enum {
            let facts = self.layouts().adt(ty);
            let number = value.bits() as usize;
            return Ok(facts.discriminants.get(number).map_or(number as i128, |value| i128::from(*value)));
        }
        Ok(signed(ty, value))
    }

    /// Gives a pointer, or the one pointer in a struct, the metadata that its target's type needs.
    fn unsize(&mut self, from: Ty, to: Ty, value: Value) -> Step<Value> {
        let target = self.layouts().of(to);
        match (from.kind(), to.kind()) {
            (TyKind::Ref(_, a) | TyKind::Ptr(_, a), TyKind::Ref(_, b) | TyKind::Ptr(_, b)) => {
                if value.size() == target.size || self.layouts().metadata(*b) == Metadata::None {
                    return Ok(value);
                }
                let metadata = self.metadata_for(*a, *b)?;
                let mut wide = Value::unwritten(16);
                wide.put(0, &value);
                wide.put(8, &Value::int(metadata, 8));
                Ok(wide)
            }
            (TyKind::Adt(..), TyKind::Adt(..)) => {
                let source = self.layouts().of(from);
                let (Shape::Struct { offsets: old }, Shape::Struct { offsets: new }) = (&source.shape, &target.shape) else {
                    return Err(Stop::Unsupported(format!("`{}` as `{}`", self.show(from), self.show(to))));
                };
                let mut whole = Value::unwritten(target.size);
                let pairs = self.layouts().fields(from, 0).into_iter().zip(self.layouts().fields(to, 0));
                for (index, (a, b)) in pairs.enumerate() {
                    let part = value.part(old[index], self.layouts().of(a).size);
                    let part = if a == b || part.size() == 0 { part } else { self.unsize(a, b, part)? };
                    whole.put(new[index], &part);
                }
                Ok(whole)
            }
            _ => Err(Stop::Unsupported(format!("`{}` as `{}`", self.show(from), self.show(to)))),
        }
    }

    fn metadata_for(&mut self, from: Ty, to: Ty) -> Step<u64> {
        match (from.kind(), to.kind()) {
            (TyKind::Array(_, len), TyKind::Slice(_)) => match *len.kind() {
                TyKind::Const(len) => Ok(len as u64),
                _ => Err(Stop::Unsupported("an array of unknown length".into())),
            },
            (_, TyKind::Dyn(_)) => {
                let known = self.program.vtables.iter().position(|table| table.ty == from && table.dyn_ty == to);
                known.map(|index| index as u64).ok_or_else(|| Stop::Unsupported("a table that is not there".into()))
            }
            (TyKind::Adt(..), TyKind::Adt(..)) => {
                let last = |ty| self.layouts().fields(ty, 0).last().copied();
                match (last(from), last(to)) {
                    (Some(a), Some(b)) => self.metadata_for(a, b),
                    _ => Err(Stop::Unsupported("an unsized struct without fields".into())),
                }
            }
            _ => Err(Stop::Unsupported(format!("`{}` as `{}`", self.show(from), self.show(to)))),
        }
    }
}
