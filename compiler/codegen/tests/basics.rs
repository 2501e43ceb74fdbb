//! Numbers, loops, calls, checks.
mod common;
use common::*;
use hir::ty::{IntTy, Ty};
use mir::body::*;

fn fib_program(n: i64) -> Program {
    let mut p = Program::new();
    let print = p.print_int();
    let fib = p.declare("fib", &[int()], int());
    p.define(fib, |f| {
        let (small, large) = (f.block(), f.block());
        let is_small = f.binary(BinaryOp::Lt, Ty::bool(), f.arg(1), num(2));
        f.branch(is_small, small, large);
        f.at(small);
        f.set(Local::RETURN, f.arg(1));
        f.ret();
        f.at(large);
        let a = f.binary(BinaryOp::SubChecked, int(), f.arg(1), num(1));
        let a = f.call_value(fib, vec![a], int());
        let b = f.binary(BinaryOp::SubChecked, int(), f.arg(1), num(2));
        let b = f.call_value(fib, vec![b], int());
        f.assign(Local::RETURN, Rvalue::Binary(BinaryOp::AddChecked, a, b));
        f.ret();
    });
    p.main(|f| {
        let value = f.call_value(fib, vec![num(n)], int());
        f.call_value(print, vec![value], unit());
        f.ret();
    });
    p
}

#[test]
fn fib() {
    prints(|| fib_program(20), "6765\n");
}

/// `let mut sum: T = start; let mut i = 0; while i < n { sum = sum op step; i += 1 }; print(sum)`
fn looped(op: BinaryOp, ty: Ty, start: i128, step: i128, n: i64) -> Program {
    let mut p = Program::new();
    let print = p.print_int();
    p.main(|f| {
        f.line(3, 5, 0);
        let (sum, i) = (f.local(ty), f.local(int()));
        let by = f.local(ty);
        f.set(sum, constant(ty, start));
        f.set(by, constant(ty, step));
        let by = f.intrinsic("black_box", &[ty], vec![copy(by)], ty);
        f.set(i, num(0));
        let (head, body, done) = (f.block(), f.block(), f.block());
        f.goto(head);
        f.at(head);
        let more = f.binary(BinaryOp::Lt, Ty::bool(), copy(i), num(n));
        f.branch(more, body, done);
        f.at(body);
        f.line(5, 9, 0);
        f.assign(sum, Rvalue::Binary(op, copy(sum), by));
        f.assign(i, Rvalue::Binary(BinaryOp::AddChecked, copy(i), num(1)));
        f.goto(head);
        f.at(done);
        let wide = f.local(int());
        f.assign(wide, Rvalue::Cast(Cast::IntToInt, copy(sum), int()));
        f.call_value(print, vec![copy(wide)], unit());
        f.ret();
    });
    p
}

#[test]
fn loops_and_overflow() {
    prints(|| looped(BinaryOp::AddChecked, int(), 0, 3, 1000), "3000\n");
    let add = "panicked at main.aur:5:9: attempt to add with overflow\n";
    panics(|| looped(BinaryOp::AddChecked, int(), i128::from(i64::MAX) - 10, 3, 1000), "", add);
    for ty in [IntTy::I8, IntTy::I16, IntTy::I32, IntTy::U8, IntTy::U16, IntTy::U32, IntTy::U64] {
        let ty_of = Ty::integer(ty);
        panics(|| looped(BinaryOp::AddChecked, ty_of, ty.max() - 10, 3, 1000), "", add);
        prints(|| looped(BinaryOp::AddChecked, ty_of, 100, 3, 5), "115\n");
        let sub = "panicked at main.aur:5:9: attempt to subtract with overflow\n";
        panics(|| looped(BinaryOp::SubChecked, ty_of, ty.min() + 10, 3, 1000), "", sub);
        let mul = "panicked at main.aur:5:9: attempt to multiply with overflow\n";
        panics(|| looped(BinaryOp::MulChecked, ty_of, 1, 3, 1000), "", mul);
        prints(|| looped(BinaryOp::MulChecked, ty_of, 1, 3, 4), "81\n");
    }
    prints(|| looped(BinaryOp::Sub, Ty::integer(IntTy::U8), 0, 1, 1), "255\n");
}

/// Prints `a op b` of a type, with `b` known to the compiler or not.
fn divided(op: BinaryOp, ty: IntTy, a: i128, b: i128, known: bool) -> Program {
    let mut p = Program::new();
    let print = p.print_int();
    let ty = Ty::integer(ty);
    p.main(|f| {
        f.line(7, 1, 0);
        let x = f.intrinsic("black_box", &[ty], vec![constant(ty, a)], ty);
        let y = if known { constant(ty, b) } else { f.intrinsic("black_box", &[ty], vec![constant(ty, b)], ty) };
        let z = f.binary(op, ty, x, y);
        let wide = f.local(int());
        f.assign(wide, Rvalue::Cast(Cast::IntToInt, z, int()));
        f.call_value(print, vec![copy(wide)], unit());
        f.ret();
    });
    p
}

#[test]
fn division() {
    let min = i128::from(i64::MIN);
    for known in [false, true] {
        for ty in IntTy::ALL {
            prints(|| divided(BinaryOp::DivChecked, ty, 100, 7, known), "14\n");
            prints(|| divided(BinaryOp::RemChecked, ty, 100, 7, known), "2\n");
            let zero = "panicked at main.aur:7:1: attempt to divide by zero\n";
            panics(|| divided(BinaryOp::DivChecked, ty, 100, 0, known), "", zero);
            let zero = "panicked at main.aur:7:1: attempt to calculate the remainder with a divisor of zero\n";
            panics(|| divided(BinaryOp::RemChecked, ty, 100, 0, known), "", zero);
            if ty.is_signed() {
                prints(|| divided(BinaryOp::DivChecked, ty, -100, 7, known), "-14\n");
                prints(|| divided(BinaryOp::RemChecked, ty, -100, 7, known), "-2\n");
                prints(|| divided(BinaryOp::DivChecked, ty, 100, -1, known), "-100\n");
                let over = "panicked at main.aur:7:1: attempt to divide with overflow\n";
                panics(|| divided(BinaryOp::DivChecked, ty, ty.min(), -1, known), "", over);
                let over = "panicked at main.aur:7:1: attempt to calculate the remainder with overflow\n";
                panics(|| divided(BinaryOp::RemChecked, ty, ty.min(), -1, known), "", over);
            }
        }
        let over = "panicked at main.aur:7:1: attempt to multiply with overflow\n";
        panics(|| divided(BinaryOp::MulChecked, IntTy::I64, min / 3 - 1, 3, known), "", over);
        panics(|| divided(BinaryOp::MulChecked, IntTy::I64, min, -1, known), "", over);
        prints(|| divided(BinaryOp::MulChecked, IntTy::I64, 1 << 40, 3, known), "3298534883328\n");
        let over = "panicked at main.aur:7:1: attempt to shift left with overflow\n";
        panics(|| divided(BinaryOp::ShlChecked, IntTy::I64, 1, 64, known), "", over);
        prints(|| divided(BinaryOp::ShlChecked, IntTy::I64, 1, 40, known), "1099511627776\n");
        prints(|| divided(BinaryOp::ShrChecked, IntTy::I64, -8, 1, known), "-4\n");
        prints(|| divided(BinaryOp::ShrChecked, IntTy::U8, 200, 1, known), "100\n");
    }
}

#[test]
fn stack_overflow_is_a_panic() {
    let make = || {
        let mut p = Program::new();
        let deep = p.declare("deep::down", &[int()], int());
        p.define(deep, |f| {
            f.line(9, 3, 0);
            let more = f.binary(BinaryOp::Add, int(), f.arg(1), num(1));
            let value = f.call_value(deep, vec![more], int());
            f.assign(Local::RETURN, Rvalue::Binary(BinaryOp::Add, value, num(1)));
            f.ret();
        });
        p.main(|f| {
            f.print("before\n");
            f.call_value(deep, vec![num(0)], int());
            f.ret();
        });
        p
    };
    let outcome = run(make);
    assert_eq!(outcome.code, 101);
    assert_eq!(outcome.stdout, "before\n");
    assert!(outcome.stderr.starts_with("panicked at main.aur:"), "{}", outcome.stderr);
    assert!(outcome.stderr.ends_with("stack overflow in deep::down\n"), "{}", outcome.stderr);
}

#[test]
#[ignore = "for looking at code"]
fn show() {
    let (program, _) = fib_program(20).finish();
    println!("{}", codegen::text::clif(&program, &options(), &|_| true));
    println!("{}", codegen::text::assembly(&program, &options(), &|_| true));
}
