//! Every intrinsic that computes, against what Rust computes.
mod common;
use common::*;
use hir::ty::{IntTy, Ty};
use mir::body::*;

/// Prints each value as a number.
fn printing(make: impl FnOnce(&mut Function) -> Vec<(Operand, Ty)>) -> Program {
    let mut p = Program::new();
    let print = p.print_int();
    p.main(|f| {
        for (value, ty) in make(f) {
            let wide = f.local(int());
            let cast = if ty == Ty::f64() || ty == f32_ty() { Cast::FloatToIntSaturating } else { Cast::IntToInt };
            f.assign(wide, Rvalue::Cast(cast, value, int()));
            f.call_value(print, vec![copy(wide)], unit());
        }
        f.ret();
    });
    p
}

fn lines(values: &[i128]) -> String {
    values.iter().map(|value| format!("{value}\n")).collect()
}

#[test]
fn integers() {
    for ty in IntTy::ALL {
        let (bits, of) = (ty.bits(), Ty::integer(ty));
        let (a, b) = (ty.wrap(-77), ty.wrap(45));
        let make = || {
            printing(|f| {
                let mut all = Vec::new();
                let hidden = |f: &mut Function, value| f.intrinsic("black_box", &[of], vec![constant(of, value)], of);
                let (x, y) = (hidden(f, a), hidden(f, b));
                for name in ["wrapping_add", "wrapping_sub", "wrapping_mul", "unchecked_div", "unchecked_rem"] {
                    all.push((f.intrinsic(name, &[of], vec![x.clone(), y.clone()], of), of));
                }
                for name in ["add_overflows", "sub_overflows", "mul_overflows"] {
                    all.push((f.intrinsic(name, &[of], vec![x.clone(), y.clone()], Ty::bool()), Ty::bool()));
                }
                for name in ["wrapping_shl", "wrapping_shr", "rotate_left", "rotate_right"] {
                    for amount in [3, i64::from(bits) + 1] {
                        all.push((f.intrinsic(name, &[of], vec![x.clone(), num(amount)], of), of));
                    }
                }
                for name in ["count_ones", "leading_zeros", "trailing_zeros"] {
                    all.push((f.intrinsic(name, &[of], vec![y.clone()], int()), int()));
                }
                for name in ["swap_bytes", "reverse_bits"] {
                    all.push((f.intrinsic(name, &[of], vec![y.clone()], of), of));
                }
                all
            })
        };
        let mask = (1i128 << bits) - 1;
        let over = |value: i128| i128::from(ty.wrap(value) != value);
        let rotate = |value: i128, left: u32| {
            let low = value & mask;
            ty.wrap(low << (left % bits) | low >> ((bits - left % bits) % bits) & mask)
        };
        let shifted = 64 - bits;
        let low = (b & mask) as u64;
        let mut expected = vec![ty.wrap(a + b), ty.wrap(a - b), ty.wrap(a * b), a / b, a % b];
        expected.extend([over(a + b), over(a - b), over(a * b)]);
        expected.extend([ty.wrap(a << 3), ty.wrap(a << 1), a >> 3, a >> 1]);
        expected.extend([rotate(a, 3), rotate(a, 1), rotate(a, bits - 3), rotate(a, bits - 1)]);
        expected.extend([low.count_ones(), low.leading_zeros() - shifted, low.trailing_zeros()].map(i128::from));
        expected.push(ty.wrap(i128::from(low.swap_bytes() >> shifted)));
        expected.push(ty.wrap(i128::from(low.reverse_bits() >> shifted)));
        // Numbers are printed as `f64`: those beyond its exact integers are rounded alike here.
        let expected: Vec<i128> = expected.into_iter().map(|value| (value as u64 as i64) as f64 as i128).collect();
        prints(make, &lines(&expected));
    }
}

#[test]
fn floats() {
    for single in [false, true] {
        let ty = if single { f32_ty() } else { Ty::f64() };
        let value = |n: f64| Operand::Const(Const { ty, kind: ConstKind::Float(n.to_bits()) });
        let make = || {
            printing(|f| {
                let mut all = Vec::new();
                let x = f.intrinsic("black_box", &[ty], vec![value(-2.5)], ty);
                for name in ["float_abs", "float_floor", "float_ceil", "float_trunc", "float_round_even"] {
                    all.push((f.intrinsic(name, &[ty], vec![x.clone()], ty), ty));
                }
                all.push((f.intrinsic("float_sqrt", &[ty], vec![value(144.0)], ty), ty));
                all.push((f.intrinsic("float_copysign", &[ty], vec![value(9.0), x.clone()], ty), ty));
                all.push((f.intrinsic("float_fma", &[ty], vec![x.clone(), value(4.0), value(1.0)], ty), ty));
                all.push((f.binary(BinaryOp::Rem, ty, value(17.0), value(5.0)), ty));
                for (to, number) in [(IntTy::I8, 300.0), (IntTy::U8, -3.0), (IntTy::U32, 5e9), (IntTy::I64, f64::NAN), (IntTy::U16, 77.9)] {
                    let to = Ty::integer(to);
                    let number = f.intrinsic("black_box", &[ty], vec![value(number)], ty);
                    all.push((f.intrinsic("float_to_int_saturating", &[ty, to], vec![number], to), to));
                }
                for op in [BinaryOp::Eq, BinaryOp::Ne, BinaryOp::Lt, BinaryOp::Ge] {
                    let nan = f.intrinsic("black_box", &[ty], vec![value(f64::NAN)], ty);
                    let b = f.binary(op, Ty::bool(), nan, x.clone());
                    all.push((b.clone(), Ty::bool()));
                    // The inverse, which a branch uses.
                    let not = f.local(Ty::bool());
                    f.assign(not, Rvalue::Unary(UnaryOp::Not, b));
                    all.push((copy(not), Ty::bool()));
                }
                all
            })
        };
        let expected = [2, -3, -2, -2, -2, 12, -9, -9, 2, 127, 0, 4294967295, 0, 77, 0, 1, 1, 0, 0, 1, 0, 1];
        prints(make, &lines(&expected));
    }
}

#[test]
fn checked_casts_from_floats() {
    let make = |to: IntTy, number: f64, single: bool| {
        printing(|f| {
            f.line(4, 2, 0);
            let ty = if single { f32_ty() } else { Ty::f64() };
            let number = Operand::Const(Const { ty, kind: ConstKind::Float(number.to_bits()) });
            let number = f.intrinsic("black_box", &[ty], vec![number], ty);
            let value = f.local(Ty::integer(to));
            f.assign(value, Rvalue::Cast(Cast::FloatToIntChecked, number, Ty::integer(to)));
            vec![(copy(value), Ty::integer(to))]
        })
    };
    for single in [false, true] {
        for (to, number, wanted) in [
            (IntTy::I8, -128.9, Some(-128)),
            (IntTy::I8, -129.0, None),
            (IntTy::I8, 127.9, Some(127)),
            (IntTy::I8, 128.0, None),
            (IntTy::U8, -0.9, Some(0)),
            (IntTy::U8, -1.0, None),
            (IntTy::I64, -9223372036854775808.0, Some(i128::from(i64::MIN))),
            (IntTy::I64, 9223372036854775808.0, None),
            (IntTy::U64, 18446744073709551616.0, None),
            (IntTy::I32, f64::NAN, None),
        ] {
            match wanted {
                Some(wanted) => prints(|| make(to, number, single), &lines(&[wanted])),
                None => panics(
                    || make(to, number, single),
                    "",
                    "panicked at main.aur:4:2: attempt to convert a float to an integer that cannot hold it\n",
                ),
            }
        }
    }
}

#[test]
fn atomics() {
    for ty in [IntTy::U8, IntTy::I32, IntTy::I64] {
        let of = Ty::integer(ty);
        let make = || {
            printing(|f| {
                let mut all = Vec::new();
                let cell = f.local(of);
                let at = f.local(raw(of));
                f.set(cell, constant(of, 10));
                f.assign(at, Rvalue::RawRef(hir::ty::Mutable::Yes, place(cell)));
                for (name, value) in [("add", 5), ("sub", 1), ("and", 12), ("or", 3), ("xor", 1), ("max", 90), ("min", 20), ("swap", 7)] {
                    let name = format!("atomic_{name}");
                    all.push((f.intrinsic(&name, &[of], vec![copy(at), constant(of, value), num(4)], of), of));
                }
                for order in [0, 4] {
                    f.intrinsic("atomic_store", &[of], vec![copy(at), constant(of, 8), num(order)], unit());
                    all.push((f.intrinsic("atomic_load", &[of], vec![copy(at), num(order)], of), of));
                }
                let pair = Ty::tuple(&[of, Ty::bool()]);
                for old in [8, 8] {
                    let new = constant(of, 30);
                    let args = vec![copy(at), constant(of, old), new, num(4), num(0), constant(Ty::bool(), 0)];
                    let result = f.local(pair);
                    f.call(Callee::Intrinsic("atomic_compare_exchange".into(), hir::ty::Args::new(&[of])), args, place(result));
                    for (field, ty) in [(0, of), (1, Ty::bool())] {
                        let part = f.local(ty);
                        f.set(part, copy(project(result, &[Projection::Field(field)])));
                        all.push((copy(part), ty));
                    }
                }
                f.intrinsic("atomic_fence", &[], vec![num(4)], unit());
                all
            })
        };
        prints(make, &lines(&[10, 15, 14, 12, 15, 14, 90, 20, 8, 8, 8, 1, 30, 0]));
    }
}
