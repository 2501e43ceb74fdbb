//! Kernels to measure and to look at: `cargo test -p codegen --test speed -- --ignored --nocapture`.
mod common;
use common::*;
use hir::ty::{Mutable, Ty};
use mir::body::*;
use std::time::Instant;

fn fib(n: i64) -> Program {
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

/// `for _ in 0..rounds { for i in 0..n { sum += a[i] } }`, all checked.
fn sums(n: i64, rounds: i64) -> Program {
    let mut p = Program::new();
    let print = p.print_int();
    let slice = Ty::shared(Ty::slice(int()));
    let sum = p.function("sum", &[slice], int(), |f| {
        let (total, i, len) = (f.local(int()), f.local(int()), f.local(int()));
        f.set(total, num(0));
        f.set(i, num(0));
        let (head, body, done) = (f.block(), f.block(), f.block());
        f.goto(head);
        f.at(head);
        f.assign(len, Rvalue::Len(project(Local(1), &[Projection::Deref])));
        let more = f.binary(BinaryOp::Lt, Ty::bool(), copy(i), copy(len));
        f.branch(more, body, done);
        f.at(body);
        f.push(StatementKind::BoundsCheck { index: copy(i), len: copy(len) });
        let at = project(Local(1), &[Projection::Deref, Projection::Index(i)]);
        f.assign(total, Rvalue::Binary(BinaryOp::AddChecked, copy(total), copy(at)));
        f.assign(i, Rvalue::Binary(BinaryOp::AddChecked, copy(i), num(1)));
        f.goto(head);
        f.at(done);
        f.set(Local::RETURN, copy(total));
        f.ret();
    });
    p.main(|f| {
        let array = Ty::array(int(), n);
        let a = f.local(array);
        f.assign(a, Rvalue::Repeat(num(3)));
        let r = f.local(Ty::shared(array));
        f.assign(r, Rvalue::Ref { mutable: Mutable::No, place: place(a), two_phase: false });
        let s = f.local(slice);
        f.assign(s, Rvalue::Cast(Cast::Unsize, copy(r), slice));
        let (total, i) = (f.local(int()), f.local(int()));
        f.set(total, num(0));
        f.set(i, num(0));
        let (head, body, done) = (f.block(), f.block(), f.block());
        f.goto(head);
        f.at(head);
        let more = f.binary(BinaryOp::Lt, Ty::bool(), copy(i), num(rounds));
        f.branch(more, body, done);
        f.at(body);
        let one = f.call_value(sum, vec![copy(s)], int());
        f.assign(total, Rvalue::Binary(BinaryOp::AddChecked, copy(total), one));
        f.assign(i, Rvalue::Binary(BinaryOp::AddChecked, copy(i), num(1)));
        f.goto(head);
        f.at(done);
        f.call_value(print, vec![copy(total)], unit());
        f.ret();
    });
    p
}

/// Two nested counting loops with a product and a remainder inside.
fn nested(n: i64) -> Program {
    let mut p = Program::new();
    let print = p.print_int();
    p.main(|f| {
        let (total, i, j) = (f.local(int()), f.local(int()), f.local(int()));
        f.set(total, num(0));
        f.set(i, num(0));
        let (head, inner, inner_body, next, done) = (f.block(), f.block(), f.block(), f.block(), f.block());
        f.goto(head);
        f.at(head);
        let more = f.binary(BinaryOp::Lt, Ty::bool(), copy(i), num(n));
        let start = f.block();
        f.branch(more, start, done);
        f.at(start);
        f.set(j, num(0));
        f.goto(inner);
        f.at(inner);
        let more = f.binary(BinaryOp::Lt, Ty::bool(), copy(j), num(n));
        f.branch(more, inner_body, next);
        f.at(inner_body);
        let product = f.binary(BinaryOp::MulChecked, int(), copy(i), copy(j));
        let masked = f.binary(BinaryOp::BitAnd, int(), product, num(1023));
        f.assign(total, Rvalue::Binary(BinaryOp::AddChecked, copy(total), masked));
        f.assign(j, Rvalue::Binary(BinaryOp::AddChecked, copy(j), num(1)));
        f.goto(inner);
        f.at(next);
        f.assign(i, Rvalue::Binary(BinaryOp::AddChecked, copy(i), num(1)));
        f.goto(head);
        f.at(done);
        f.call_value(print, vec![copy(total)], unit());
        f.ret();
    });
    p
}

/// Allocates and frees `n` blocks of 24 bytes, `k` alive at a time.
fn heap(n: i64) -> Program {
    let mut p = Program::new();
    p.main(|f| {
        let i = f.local(int());
        f.set(i, num(0));
        let (head, body, done) = (f.block(), f.block(), f.block());
        f.goto(head);
        f.at(head);
        let more = f.binary(BinaryOp::Lt, Ty::bool(), copy(i), num(n));
        f.branch(more, body, done);
        f.at(body);
        let at = f.local(raw(u8_ty()));
        f.call(Callee::Runtime("rt_alloc".into()), vec![num(24), num(8)], place(at));
        f.runtime("rt_free", vec![copy(at), num(24), num(8)]);
        f.assign(i, Rvalue::Binary(BinaryOp::AddChecked, copy(i), num(1)));
        f.goto(head);
        f.at(done);
        f.ret();
    });
    p
}

#[test]
#[ignore = "takes seconds"]
fn measure() {
    let fast = codegen::Options { verify: false, ..options() };
    for (name, make) in [
        ("fib(40)", &(|| fib(40)) as &dyn Fn() -> Program),
        ("sum 1000 x 1M", &|| sums(1000, 1_000_000)),
        ("nested 30000", &|| nested(30_000)),
        ("alloc+free 100M", &|| heap(100_000_000)),
    ] {
        let mut best = f64::MAX;
        let mut text = String::new();
        for _ in 0..3 {
            let start = Instant::now();
            let outcome = aot_with(make(), &fast);
            best = best.min(start.elapsed().as_secs_f64());
            text = outcome.stdout + &outcome.stderr;
        }
        println!("{name}: {best:.3} s, {}", text.trim_end());
    }
}

#[test]
#[ignore = "for looking at code"]
fn show() {
    for make in [fib(1), sums(1000, 1), nested(1)] {
        let (program, _) = make.finish();
        println!("{}", codegen::text::assembly(&program, &options(), &|name| name != "print_int"));
    }
}

#[test]
#[ignore = "writes executables for other tools"]
fn write() {
    let fast = codegen::Options { verify: false, ..options() };
    for (name, program) in [("fib", fib(40)), ("sum", sums(1000, 1_000_000)), ("nested", nested(30_000)), ("heap", heap(100_000_000))] {
        let (program, sources) = program.finish();
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, codegen::aot::executable(&program, &sources, rt::STUB, &fast)).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        println!("{}", path.display());
    }
}
