//! Arithmetic on constants, exactly as the program would do it.

use crate::body::{BinaryOp, Cast, ConstKind, Fault, UnaryOp, Wide};
use hir::ty::{FloatTy, IntTy, Ty, TyKind};

/// What an operation on constants comes to.
#[derive(Clone, PartialEq, Debug)]
pub enum Folded {
    Value(ConstKind),
    Raises(Fault),
}

/// How an integer, `bool`, `char` or address is stored.
fn int_of(ty: Ty) -> Option<IntTy> {
    match ty.kind() {
        TyKind::Int(int) => Some(*int),
        TyKind::Bool => Some(IntTy::U8),
        TyKind::Char => Some(IntTy::U32),
        TyKind::Ptr(..) => Some(IntTy::U64),
        _ => None,
    }
}

fn float_of(ty: Ty) -> Option<FloatTy> {
    match ty.kind() {
        TyKind::Float(float) => Some(*float),
        _ => None,
    }
}

fn int(value: i128) -> Option<Folded> {
    Some(Folded::Value(ConstKind::int(value)))
}

fn float(value: f64, ty: FloatTy) -> Option<Folded> {
    let rounded = match ty {
        FloatTy::F32 => f64::from(value as f32),
        FloatTy::F64 => value,
    };
    Some(Folded::Value(ConstKind::Float(rounded.to_bits())))
}

/// `ty` is the type of the left operand. `None` where the values do not say.
pub fn binary(op: BinaryOp, ty: Ty, left: &ConstKind, right: &ConstKind) -> Option<Folded> {
    match (left, right) {
        (ConstKind::Int(left), ConstKind::Int(right)) => int_binary(op, int_of(ty)?, ty.is_bool(), left.get(), right.get()),
        (ConstKind::Float(left), ConstKind::Float(right)) => {
            float_binary(op, float_of(ty)?, f64::from_bits(*left), f64::from_bits(*right))
        }
        _ => None,
    }
}

fn int_binary(op: BinaryOp, ty: IntTy, is_bool: bool, left: i128, right: i128) -> Option<Folded> {
    use hir::typed::BinaryOp as Written;
    let fits = |value: i128| ty.min() <= value && value <= ty.max();
    let checked = |value: Option<i128>, op: Written| match value {
        Some(value) if fits(value) => int(value),
        _ => Some(Folded::Raises(Fault::Overflow(op))),
    };
    let truth = |value: bool| int(i128::from(value));
    let amount = || u32::try_from(right).ok().filter(|amount| *amount < ty.bits());
    // Shifting right works on the value as it is: it is already extended by its sign or zeros.
    match op {
        BinaryOp::Add => int(ty.wrap(left + right)),
        BinaryOp::Sub => int(ty.wrap(left - right)),
        BinaryOp::Mul => int(ty.wrap(left.wrapping_mul(right))),
        BinaryOp::Div if right != 0 => int(ty.wrap(left / right)),
        BinaryOp::Rem if right != 0 => int(ty.wrap(left % right)),
        BinaryOp::Div | BinaryOp::Rem => None,
        BinaryOp::BitAnd => int(left & right),
        BinaryOp::BitOr => int(left | right),
        BinaryOp::BitXor if is_bool => truth(left != right),
        BinaryOp::BitXor => int(ty.wrap(left ^ right)),
        BinaryOp::Shl => int(ty.wrap(left << amount()?)),
        BinaryOp::Shr => int(left >> amount()?),
        BinaryOp::Eq => truth(left == right),
        BinaryOp::Ne => truth(left != right),
        BinaryOp::Lt => truth(left < right),
        BinaryOp::Le => truth(left <= right),
        BinaryOp::Gt => truth(left > right),
        BinaryOp::Ge => truth(left >= right),
        BinaryOp::AddChecked => checked(left.checked_add(right), Written::Add),
        BinaryOp::SubChecked => checked(left.checked_sub(right), Written::Sub),
        BinaryOp::MulChecked => checked(left.checked_mul(right), Written::Mul),
        BinaryOp::DivChecked if right == 0 => Some(Folded::Raises(Fault::DivideByZero)),
        BinaryOp::DivChecked => checked(left.checked_div(right), Written::Div),
        BinaryOp::RemChecked if right == 0 => Some(Folded::Raises(Fault::RemainderByZero)),
        BinaryOp::RemChecked if left == ty.min() && right == -1 => Some(Folded::Raises(Fault::Overflow(Written::Rem))),
        BinaryOp::RemChecked => int(left % right),
        BinaryOp::ShlChecked => match amount() {
            Some(amount) => int(ty.wrap(left << amount)),
            None => Some(Folded::Raises(Fault::Overflow(Written::Shl))),
        },
        BinaryOp::ShrChecked => match amount() {
            Some(amount) => int(left >> amount),
            None => Some(Folded::Raises(Fault::Overflow(Written::Shr))),
        },
        BinaryOp::Offset => None,
    }
}

fn float_binary(op: BinaryOp, ty: FloatTy, left: f64, right: f64) -> Option<Folded> {
    let truth = |value: bool| int(i128::from(value));
    // An operation on two `f32` rounded once from its `f64` result is the operation on `f32`.
    match op {
        BinaryOp::Add => float(left + right, ty),
        BinaryOp::Sub => float(left - right, ty),
        BinaryOp::Mul => float(left * right, ty),
        BinaryOp::Div => float(left / right, ty),
        BinaryOp::Rem => float(left % right, ty),
        BinaryOp::Eq => truth(left == right),
        BinaryOp::Ne => truth(left != right),
        BinaryOp::Lt => truth(left < right),
        BinaryOp::Le => truth(left <= right),
        BinaryOp::Gt => truth(left > right),
        BinaryOp::Ge => truth(left >= right),
        BinaryOp::BitAnd
        | BinaryOp::BitOr
        | BinaryOp::BitXor
        | BinaryOp::Shl
        | BinaryOp::Shr
        | BinaryOp::AddChecked
        | BinaryOp::SubChecked
        | BinaryOp::MulChecked
        | BinaryOp::DivChecked
        | BinaryOp::RemChecked
        | BinaryOp::ShlChecked
        | BinaryOp::ShrChecked
        | BinaryOp::Offset => None,
    }
}

pub fn unary(op: UnaryOp, ty: Ty, value: &ConstKind) -> Option<Folded> {
    match (op, value) {
        (UnaryOp::Not, ConstKind::Int(value)) if ty.is_bool() => int(i128::from(*value == Wide::ZERO)),
        (UnaryOp::Not, ConstKind::Int(value)) => int(int_of(ty)?.wrap(!value.get())),
        (UnaryOp::Neg, ConstKind::Int(value)) => int(int_of(ty)?.wrap(-value.get())),
        (UnaryOp::NegChecked, ConstKind::Int(value)) => {
            let of = int_of(ty)?;
            match -value.get() {
                negated if of.min() <= negated && negated <= of.max() => int(negated),
                _ => Some(Folded::Raises(Fault::NegateOverflow)),
            }
        }
        (UnaryOp::Neg, ConstKind::Float(bits)) => float(-f64::from_bits(*bits), float_of(ty)?),
        _ => None,
    }
}

pub fn cast(cast: Cast, from: Ty, value: &ConstKind, to: Ty) -> Option<Folded> {
    match (cast, value) {
        (Cast::IntToInt | Cast::IntToPointer | Cast::PointerToInt, ConstKind::Int(value)) => int(int_of(to)?.wrap(value.get())),
        (Cast::PointerToPointer, ConstKind::Int(value)) if matches!(to.kind(), TyKind::Ptr(..)) => int(value.get()),
        (Cast::IntToFloat, ConstKind::Int(value)) => match float_of(to)? {
            // Through `f64` it would be rounded twice.
            FloatTy::F32 => Some(Folded::Value(ConstKind::Float(f64::from(value.get() as f32).to_bits()))),
            FloatTy::F64 => float(value.get() as f64, FloatTy::F64),
        },
        (Cast::FloatToFloat, ConstKind::Float(bits)) => float(f64::from_bits(*bits), float_of(to)?),
        (Cast::FloatToIntChecked, ConstKind::Float(bits)) => {
            let (value, of) = (f64::from_bits(*bits).trunc(), int_of(to)?);
            // Both ends are powers of two: exact as floats. `max + 1` is the first value that does not fit.
            if value >= of.min() as f64 && value < (of.max() + 1) as f64 {
                int(value as i128)
            } else {
                Some(Folded::Raises(Fault::CastOverflow))
            }
        }
        (Cast::FloatToIntSaturating, ConstKind::Float(bits)) => {
            let of = int_of(to)?;
            int((f64::from_bits(*bits) as i128).clamp(of.min(), of.max()))
        }
        (Cast::Transmute, ConstKind::Int(value)) => match to.kind() {
            TyKind::Int(of) if int_of(from)?.bits() == of.bits() => int(of.wrap(value.get())),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(op: BinaryOp, ty: IntTy, left: i128, right: i128) -> Option<Folded> {
        binary(op, Ty::integer(ty), &ConstKind::int(left), &ConstKind::int(right))
    }

    #[test]
    fn checked_operations_raise_at_the_edges() {
        let overflow = |op| Some(Folded::Raises(Fault::Overflow(op)));
        use hir::typed::BinaryOp as Written;
        assert_eq!(fold(BinaryOp::AddChecked, IntTy::U8, 250, 5), int(255));
        assert_eq!(fold(BinaryOp::AddChecked, IntTy::U8, 250, 6), overflow(Written::Add));
        assert_eq!(fold(BinaryOp::SubChecked, IntTy::U8, 0, 1), overflow(Written::Sub));
        assert_eq!(fold(BinaryOp::DivChecked, IntTy::I64, i128::from(i64::MIN), -1), overflow(Written::Div));
        assert_eq!(fold(BinaryOp::DivChecked, IntTy::I64, 1, 0), Some(Folded::Raises(Fault::DivideByZero)));
        assert_eq!(fold(BinaryOp::RemChecked, IntTy::I8, -128, -1), overflow(Written::Rem));
        assert_eq!(fold(BinaryOp::ShlChecked, IntTy::I32, 1, 32), overflow(Written::Shl));
        assert_eq!(fold(BinaryOp::ShlChecked, IntTy::I32, 1, 31), int(i128::from(i32::MIN)));
    }

    #[test]
    fn unchecked_operations_wrap() {
        assert_eq!(fold(BinaryOp::Add, IntTy::U8, 250, 6), int(0));
        assert_eq!(fold(BinaryOp::Mul, IntTy::U64, i128::from(u64::MAX), i128::from(u64::MAX)), int(1));
        assert_eq!(fold(BinaryOp::Shr, IntTy::I8, -128, 7), int(-1));
        assert_eq!(unary(UnaryOp::Not, Ty::integer(IntTy::U8), &ConstKind::int(0)), int(255));
    }

    #[test]
    fn casts_from_floats_are_exact_at_the_edges() {
        let to_int = |value: f64| cast(Cast::FloatToIntChecked, Ty::f64(), &ConstKind::Float(value.to_bits()), Ty::int());
        assert_eq!(to_int(-9_223_372_036_854_775_808.0), int(i128::from(i64::MIN)));
        assert_eq!(to_int(9_223_372_036_854_775_808.0), Some(Folded::Raises(Fault::CastOverflow)));
        assert_eq!(to_int(f64::NAN), Some(Folded::Raises(Fault::CastOverflow)));
        assert_eq!(to_int(-0.9), int(0));
    }
}
