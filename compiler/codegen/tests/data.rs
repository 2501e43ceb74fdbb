//! Structs, enums, slices, tables, statics, strings.
mod common;
use common::*;
use hir::ty::{IntTy, Mutable, Ty, TyKind};
use mir::body::Projection::*;
use mir::body::*;
use mir::layout::AdtFacts;

fn adt_aggregate(ty: Ty, variant: u32) -> Aggregate {
    match ty.kind() {
        TyKind::Adt(id, _) => Aggregate::Adt(*id, variant),
        _ => Aggregate::Tuple,
    }
}

/// Passes a struct of `count` ints (and a byte) to a function that swaps the first and last, adds one, and returns it.
fn structs(count: usize) -> Program {
    let mut p = Program::new();
    let print = p.print_int();
    let mut fields = vec![u8_ty()];
    fields.extend(vec![int(); count]);
    let ty = p.adt(&[&fields], false);
    let last = count as u32;
    let change = p.function("change", &[ty, int(), ty], ty, |f| {
        let s = Local(1);
        let first = f.local(int());
        f.set(first, copy(project(s, &[Field(1)])));
        f.set(project(s, &[Field(1)]), copy(project(s, &[Field(last)])));
        f.set(project(s, &[Field(last)]), copy(first));
        f.assign(project(s, &[Field(1)]), Rvalue::Binary(BinaryOp::AddChecked, copy(project(s, &[Field(1)])), f.arg(2)));
        f.assign(project(s, &[Field(0)]), Rvalue::Binary(BinaryOp::AddChecked, copy(project(s, &[Field(0)])), copy(project(Local(3), &[Field(0)]))));
        f.set(Local::RETURN, mov(s));
        f.ret();
    });
    p.main(|f| {
        let s = f.local(ty);
        let mut values = vec![constant(u8_ty(), 7)];
        values.extend((1..=count as i64).map(|n| num(n * 10)));
        f.assign(s, Rvalue::Aggregate(adt_aggregate(ty, 0), values));
        let t = f.call_value(change, vec![copy(s), num(1), copy(s)], ty);
        let Operand::Move(t) = t else { panic!() };
        for field in 0..=last {
            for whole in [place(s), t.clone()] {
                let wide = f.local(int());
                let part = Place { projection: vec![Field(field)], ..whole };
                f.assign(wide, Rvalue::Cast(Cast::IntToInt, copy(part), int()));
                f.call_value(print, vec![copy(wide)], unit());
            }
        }
        f.ret();
    });
    p
}

#[test]
fn structs_travel_whole() {
    for count in [1, 2, 3, 4, 6, 7, 8, 12, 20] {
        let mut expected = String::new();
        for field in 0..=count as i64 {
            let old = if field == 0 { 7 } else { field * 10 };
            let mut new = if field == 0 { 14 } else { old };
            if count > 1 && field == 1 {
                new = count as i64 * 10 + 1;
            } else if count > 1 && field == count as i64 {
                new = 10;
            } else if count == 1 && field == 1 {
                new = 11;
            }
            expected.push_str(&format!("{old}\n{new}\n"));
        }
        prints(|| structs(count), &expected);
    }
}

/// An enum value through a function that matches on it and gives a number.
fn enums(p: &mut Program, ty: Ty, count: u32, read: impl Fn(&mut Function, u32)) -> InstanceId {
    let _ = &p;
    p.function("match", &[ty], int(), |f| {
        let tag = f.local(int());
        f.assign(tag, Rvalue::Discriminant(place(Local(1))));
        let blocks: Vec<BlockId> = (0..count).map(|_| f.block()).collect();
        let dead = f.block();
        let targets = blocks.iter().enumerate().map(|(i, &block)| (i as i128, block)).collect();
        f.end(TerminatorKind::Switch { value: copy(tag), targets, otherwise: dead });
        for (variant, &block) in blocks.iter().enumerate() {
            f.at(block);
            read(f, variant as u32);
            f.ret();
        }
    })
}

#[test]
fn enums_and_niches() {
    let make = || {
        let mut p = Program::new();
        let print = p.print_int();
        // Option<int>, Option<&int>, Option<bool>, a mixed one whose variants share scalars, a large one.
        let opt_int = p.adt(&[&[], &[int()]], true);
        let opt_ref = p.adt(&[&[Ty::shared(int())], &[]], true);
        let three = p.adt(&[&[], &[Ty::bool()], &[]], true);
        let mixed = p.adt(&[&[Ty::f64()], &[int(), u8_ty()], &[u8_ty()], &[f32_ty(), Ty::bool()], &[]], true);
        let large = p.adt(&[&[int(); 12], &[Ty::f64()], &[]], true);
        let m_int = enums(&mut p, opt_int, 2, |f, v| match v {
            0 => f.set(Local::RETURN, num(-1)),
            _ => f.set(Local::RETURN, copy(project(Local(1), &[Downcast(1), Field(0)]))),
        });
        let m_ref = enums(&mut p, opt_ref, 2, |f, v| match v {
            1 => f.set(Local::RETURN, num(-1)),
            _ => f.set(Local::RETURN, copy(project(Local(1), &[Downcast(0), Field(0), Deref]))),
        });
        let m_three = enums(&mut p, three, 3, |f, v| match v {
            1 => {
                let b = copy(project(Local(1), &[Downcast(1), Field(0)]));
                f.assign(Local::RETURN, Rvalue::Cast(Cast::IntToInt, b, int()));
            }
            _ => f.set(Local::RETURN, num(100 + i64::from(v))),
        });
        let m_mixed = enums(&mut p, mixed, 5, |f, v| {
            let field = |n| copy(project(Local(1), &[Downcast(v), Field(n)]));
            match v {
                0 => f.assign(Local::RETURN, Rvalue::Cast(Cast::FloatToIntChecked, field(0), int())),
                1 => {
                    let byte = f.local(int());
                    f.assign(byte, Rvalue::Cast(Cast::IntToInt, field(1), int()));
                    f.assign(Local::RETURN, Rvalue::Binary(BinaryOp::AddChecked, field(0), copy(byte)));
                }
                2 => f.assign(Local::RETURN, Rvalue::Cast(Cast::IntToInt, field(0), int())),
                3 => {
                    let whole = f.local(int());
                    f.assign(whole, Rvalue::Cast(Cast::FloatToIntSaturating, field(0), int()));
                    let flag = f.local(int());
                    f.assign(flag, Rvalue::Cast(Cast::IntToInt, field(1), int()));
                    f.assign(Local::RETURN, Rvalue::Binary(BinaryOp::MulChecked, copy(whole), copy(flag)));
                }
                _ => f.set(Local::RETURN, num(-5)),
            }
        });
        let m_large = enums(&mut p, large, 3, |f, v| match v {
            0 => f.set(Local::RETURN, copy(project(Local(1), &[Downcast(0), Field(11)]))),
            1 => f.assign(Local::RETURN, Rvalue::Cast(Cast::FloatToIntChecked, copy(project(Local(1), &[Downcast(1), Field(0)])), int())),
            _ => f.set(Local::RETURN, num(-7)),
        });
        p.main(|f| {
            let x = f.local(int());
            f.set(x, num(77));
            let r = f.local(Ty::shared(int()));
            f.assign(r, Rvalue::Ref { mutable: Mutable::No, place: place(x), two_phase: false });
            let c = |n: i128| constant(u8_ty(), n);
            let f32_of = |n: f64| Operand::Const(Const { ty: f32_ty(), kind: ConstKind::Float(n.to_bits()) });
            let yes = || constant(Ty::bool(), 1);
            let cases: Vec<(InstanceId, Ty, u32, Vec<Operand>)> = vec![
                (m_int, opt_int, 0, vec![]),
                (m_int, opt_int, 1, vec![num(5)]),
                (m_ref, opt_ref, 1, vec![]),
                (m_ref, opt_ref, 0, vec![copy(r)]),
                (m_three, three, 0, vec![]),
                (m_three, three, 1, vec![yes()]),
                (m_three, three, 1, vec![constant(Ty::bool(), 0)]),
                (m_three, three, 2, vec![]),
                (m_mixed, mixed, 0, vec![float(12.5)]),
                (m_mixed, mixed, 1, vec![num(-300), c(200)]),
                (m_mixed, mixed, 2, vec![c(250)]),
                (m_mixed, mixed, 3, vec![f32_of(9.75), yes()]),
                (m_mixed, mixed, 4, vec![]),
                (m_large, large, 0, (0..12).map(num).collect()),
                (m_large, large, 1, vec![float(-3.0)]),
                (m_large, large, 2, vec![]),
            ];
            for (function, ty, variant, fields) in cases {
                let value = f.local(ty);
                f.assign(value, Rvalue::Aggregate(adt_aggregate(ty, variant), fields));
                let n = f.call_value(function, vec![copy(value)], int());
                f.call_value(print, vec![n], unit());
                // And through memory.
                let at = f.local(raw(ty));
                f.assign(at, Rvalue::RawRef(Mutable::Yes, place(value)));
                let n = f.call_value(function, vec![copy(project(at, &[Deref]))], int());
                f.call_value(print, vec![n], unit());
                let tag = f.local(int());
                f.assign(tag, Rvalue::Discriminant(project(at, &[Deref])));
                f.call_value(print, vec![copy(tag)], unit());
            }
            f.ret();
        });
        p
    };
    let values = [(-1, 0), (5, 1), (-1, 1), (77, 0), (100, 0), (1, 1), (0, 1), (102, 2), (12, 0), (-100, 1), (250, 2), (9, 3), (-5, 4), (11, 0), (-3, 1), (-7, 2)];
    let expected: String = values.iter().map(|(value, tag)| format!("{value}\n{value}\n{tag}\n")).collect();
    prints(make, &expected);
}

#[test]
fn slices_and_bounds() {
    let make = |index: i64| {
        let mut p = Program::new();
        let print = p.print_int();
        let slice = Ty::shared(Ty::slice(int()));
        let get = p.function("lib::get", &[slice, int()], int(), |f| {
            // Library code inlined into library code: the report steps over it.
            f.line(2, 1, 1);
            f.inlined("lib::index", 4, 1);
            let len = f.local(int());
            f.assign(len, Rvalue::Len(project(Local(1), &[Deref])));
            f.push(StatementKind::BoundsCheck { index: f.arg(2), len: copy(len) });
            f.set(Local::RETURN, copy(project(Local(1), &[Deref, Index(Local(2))])));
            f.ret();
        });
        p.main(|f| {
            let array = Ty::array(int(), 3);
            let a = f.local(array);
            f.assign(a, Rvalue::Aggregate(Aggregate::Array, vec![num(4), num(5), num(6)]));
            let r = f.local(Ty::shared(array));
            f.assign(r, Rvalue::Ref { mutable: Mutable::No, place: place(a), two_phase: false });
            let s = f.local(slice);
            f.assign(s, Rvalue::Cast(Cast::Unsize, copy(r), slice));
            let sub = f.local(slice);
            f.assign(sub, Rvalue::Ref { mutable: Mutable::No, place: project(s, &[Deref, Subslice { from: 1, to: 0 }]), two_phase: false });
            f.line(20, 7, 0);
            let x = f.call_value(get, vec![copy(sub), num(0)], int());
            f.call_value(print, vec![x], unit());
            let last = f.local(int());
            f.set(last, copy(project(s, &[Deref, ConstIndex { offset: 1, from_end: true }])));
            f.call_value(print, vec![copy(last)], unit());
            f.line(22, 9, 0);
            let x = f.call_value(get, vec![copy(s), num(index)], int());
            f.call_value(print, vec![x], unit());
            f.ret();
        });
        p
    };
    prints(|| make(2), "5\n6\n6\n");
    panics(|| make(7), "5\n6\n", "panicked at main.aur:22:9: index out of bounds: the length is 3 but the index is 7\n");
    panics(|| make(-1), "5\n6\n", "panicked at main.aur:22:9: index out of bounds: the length is 3 but the index is -1\n");
}

/// A function that prints a text when something is dropped.
fn noisy(p: &mut Program, ty: Ty, text: &'static str) -> InstanceId {
    p.function(&format!("drop {text}"), &[raw(ty)], unit(), |f| {
        f.print(text);
        f.ret();
    })
}

#[test]
fn dynamic_dispatch() {
    let make = || {
        let mut p = Program::new();
        let print = p.print_int();
        let object = dyn_ty(1);
        let big = p.adt(&[&[int(), int(), int()]], false);
        let drop_int = noisy(&mut p, int(), "int dropped\n");
        let of_int = p.function("int::area", &[Ty::shared(int()), int()], int(), |f| {
            f.assign(Local::RETURN, Rvalue::Binary(BinaryOp::AddChecked, copy(project(Local(1), &[Deref])), f.arg(2)));
            f.ret();
        });
        let of_big = p.function("big::area", &[Ty::shared(big), int()], int(), |f| {
            f.body.never_raises = true;
            f.assign(Local::RETURN, Rvalue::Binary(BinaryOp::Mul, copy(project(Local(1), &[Deref, Field(2)])), f.arg(2)));
            f.ret();
        });
        p.vtable(int(), object, Some(drop_int), &[of_int]);
        p.vtable(big, object, None, &[of_big]);
        let wide = Ty::shared(object);
        let show = p.function("show", &[wide], unit(), |f| {
            let value = f.local(int());
            let params = hir::ty::Args::new(&[wide, int()]);
            let callee = Callee::Virtual { slot: 0, params, ret: int() };
            f.call(callee, vec![f.arg(1), num(10)], place(value));
            f.call_value(print, vec![copy(value)], unit());
            let size = f.intrinsic("size_of_val", &[object], vec![f.arg(1)], int());
            f.call_value(print, vec![size], unit());
            let at = f.local(raw(object));
            f.assign(at, Rvalue::Cast(Cast::PointerToPointer, f.arg(1), raw(object)));
            f.intrinsic("drop_in_place", &[object], vec![copy(at)], unit());
            f.ret();
        });
        p.main(|f| {
            let n = f.local(int());
            f.set(n, num(32));
            let b = f.local(big);
            f.assign(b, Rvalue::Aggregate(adt_aggregate(big, 0), vec![num(1), num(2), num(3)]));
            for (local, ty) in [(n, int()), (b, big)] {
                let r = f.local(Ty::shared(ty));
                f.assign(r, Rvalue::Ref { mutable: Mutable::No, place: place(local), two_phase: false });
                let d = f.local(wide);
                f.assign(d, Rvalue::Cast(Cast::Unsize, copy(r), wide));
                f.call_value(show, vec![copy(d)], unit());
            }
            f.ret();
        });
        p
    };
    prints(make, "42\n8\nint dropped\n30\n24\n");
}

/// `Rc<dyn Trait>`: a struct whose last field is unsized, behind a struct with the pointer.
#[test]
fn unsized_structs() {
    let make = || {
        let mut p = Program::new();
        let print = p.print_int();
        let object = dyn_ty(1);
        let line = p.adt_with(AdtFacts { variants: vec![vec![u8_ty()]], cache_line: true, ..AdtFacts::default() });
        let inner = |p: &mut Program, last: Ty| {
            p.adt_with(AdtFacts { variants: vec![vec![int(), u8_ty(), last]], last_may_be_unsized: true, ..AdtFacts::default() })
        };
        let (inner_line, inner_dyn) = (inner(&mut p, line), inner(&mut p, object));
        let rc = |p: &mut Program, inner: Ty| {
            p.adt_with(AdtFacts { variants: vec![vec![raw(inner)]], non_null: true, ..AdtFacts::default() })
        };
        let (rc_line, rc_dyn) = (rc(&mut p, inner_line), rc(&mut p, inner_dyn));
        let area = p.function("line::area", &[Ty::shared(line)], int(), |f| {
            f.assign(Local::RETURN, Rvalue::Cast(Cast::IntToInt, copy(project(Local(1), &[Deref, Field(0)])), int()));
            f.ret();
        });
        p.vtable(line, object, None, &[area]);
        p.main(|f| {
            let value = f.local(inner_line);
            let part = f.local(line);
            f.assign(part, Rvalue::Aggregate(adt_aggregate(line, 0), vec![constant(u8_ty(), 99)]));
            f.assign(value, Rvalue::Aggregate(adt_aggregate(inner_line, 0), vec![num(1), constant(u8_ty(), 2), copy(part)]));
            let at = f.local(raw(inner_line));
            f.assign(at, Rvalue::RawRef(Mutable::Yes, place(value)));
            let thin = f.local(rc_line);
            f.assign(thin, Rvalue::Aggregate(adt_aggregate(rc_line, 0), vec![copy(at)]));
            let wide = f.local(rc_dyn);
            f.assign(wide, Rvalue::Cast(Cast::Unsize, copy(thin), rc_dyn));
            let d = f.local(Ty::shared(object));
            f.assign(d, Rvalue::Ref { mutable: Mutable::No, place: project(wide, &[Field(0), Deref, Field(2)]), two_phase: false });
            let n = f.local(int());
            f.call(Callee::Virtual { slot: 0, params: hir::ty::Args::new(&[Ty::shared(object)]), ret: int() }, vec![copy(d)], place(n));
            f.call_value(print, vec![copy(n)], unit());
            let whole = f.local(Ty::shared(inner_dyn));
            f.assign(whole, Rvalue::Ref { mutable: Mutable::No, place: project(wide, &[Field(0), Deref]), two_phase: false });
            for name in ["size_of_val", "align_of_val"] {
                let size = f.intrinsic(name, &[inner_dyn], vec![copy(whole)], int());
                f.call_value(print, vec![size], unit());
            }
            f.ret();
        });
        p
    };
    prints(make, "99\n128\n64\n");
}

#[test]
fn cleanup_runs_in_order() {
    let make = |second: bool| {
        let mut p = Program::new();
        let drop_a = noisy(&mut p, int(), "a dropped\n");
        let drop_b = if second {
            p.function("drop b", &[raw(int())], unit(), |f| {
                f.line(40, 2, 0);
                f.panic("from a destructor");
            })
        } else {
            noisy(&mut p, int(), "b dropped\n")
        };
        let fail = p.function("fail", &[], unit(), |f| {
            f.line(30, 4, 0);
            f.panic("went wrong");
        });
        let middle = p.function("middle", &[], unit(), |f| {
            let a = f.local(int());
            let at = f.local(raw(int()));
            f.set(a, num(1));
            let cleanup = f.cleanup_block();
            let start = BlockId(0);
            f.at(cleanup);
            f.assign(at, Rvalue::RawRef(Mutable::Yes, place(a)));
            f.call_value(drop_b, vec![copy(at)], unit());
            f.call_value(drop_a, vec![copy(at)], unit());
            f.resume();
            f.at(start);
            f.unwind_to(Some(cleanup));
            f.call_value(fail, vec![], unit());
            f.print("not reached\n");
            f.ret();
        });
        p.main(|f| {
            f.print("start\n");
            f.line(50, 1, 0);
            f.call_value(middle, vec![], unit());
            f.print("not reached\n");
            f.ret();
        });
        p
    };
    panics(|| make(false), "start\nb dropped\na dropped\n", "panicked at main.aur:30:4: went wrong\n");
    let outcome = run(|| make(true));
    assert_eq!(outcome.code, 134);
    assert_eq!(outcome.stdout, "start\n");
    assert_eq!(
        outcome.stderr,
        "panicked at main.aur:30:4: went wrong\npanicked at main.aur:40:2: from a destructor\nfatal: a destructor panicked while the stack was unwound\n"
    );
}

#[test]
fn statics_are_set_up_before_main() {
    let make = |fails: bool| {
        let mut p = Program::new();
        let print = p.print_int();
        let plain = p.function("PLAIN", &[], int(), |f| {
            f.set(Local::RETURN, num(5));
            f.ret();
        });
        let pair_ty = Ty::tuple(&[int(), u8_ty()]);
        let pair = p.function("PAIR", &[], pair_ty, |f| {
            f.line(8, 8, 0);
            f.print("computing\n");
            if fails {
                f.panic("no value");
                return;
            }
            f.assign(Local::RETURN, Rvalue::Aggregate(Aggregate::Tuple, vec![num(6), constant(u8_ty(), 7)]));
            f.ret();
        });
        let big_ty = Ty::array(int(), 30);
        let big = p.function("BIG", &[], big_ty, |f| {
            f.assign(Local::RETURN, Rvalue::Repeat(num(8)));
            f.ret();
        });
        let (plain, pair, big) = (p.static_item(int(), plain), p.static_item(pair_ty, pair), p.static_item(big_ty, big));
        let address = |ty, id| Operand::Const(Const { ty: raw(ty), kind: ConstKind::Static(id) });
        p.main(|f| {
            let (a, b, c) = (f.local(raw(int())), f.local(raw(pair_ty)), f.local(raw(big_ty)));
            f.set(a, address(int(), plain));
            f.set(b, address(pair_ty, pair));
            f.set(c, address(big_ty, big));
            let index = f.local(int());
            f.set(index, num(29));
            f.assign(project(a, &[Deref]), Rvalue::Binary(BinaryOp::AddChecked, copy(project(a, &[Deref])), num(1)));
            for at in [project(a, &[Deref]), project(b, &[Deref, Field(0)]), project(c, &[Deref, Index(index)])] {
                f.call_value(print, vec![copy(at)], unit());
            }
            f.ret();
        });
        p
    };
    prints(|| make(false), "computing\n6\n6\n8\n");
    panics(|| make(true), "computing\n", "panicked at main.aur:8:8: no value\n");
}

#[test]
fn heap_and_bytes() {
    let make = || {
        let mut p = Program::new();
        let print = p.print_int();
        p.main(|f| {
            let at = f.local(raw(u8_ty()));
            f.call(Callee::Runtime("rt_alloc".into()), vec![num(80), num(8)], place(at));
            let ints = f.local(raw(int()));
            f.assign(ints, Rvalue::Cast(Cast::PointerToPointer, copy(at), raw(int())));
            let i = f.local(int());
            for n in 0..10 {
                f.set(i, num(n));
                let slot = f.binary(BinaryOp::Offset, raw(int()), copy(ints), copy(i));
                f.intrinsic("write", &[int()], vec![slot, num(n * n)], unit());
            }
            let grown = f.local(raw(u8_ty()));
            f.call(Callee::Runtime("rt_realloc".into()), vec![copy(at), num(80), num(8), num(4000)], place(grown));
            let from = f.local(raw(int()));
            f.assign(from, Rvalue::Cast(Cast::PointerToPointer, copy(grown), raw(int())));
            let to = f.intrinsic("offset_mut", &[int()], vec![copy(from), num(3)], raw(int()));
            f.intrinsic("copy", &[int()], vec![copy(from), to.clone(), num(10)], unit());
            let last = f.intrinsic("offset", &[int()], vec![copy(from), num(12)], raw(int()));
            let value = f.intrinsic("read", &[int()], vec![last.clone()], int());
            f.call_value(print, vec![value], unit());
            let distance = f.intrinsic("distance", &[int()], vec![copy(from), last], int());
            f.call_value(print, vec![distance], unit());
            let same = f.intrinsic("compare_bytes", &[], vec![copy(grown), copy(grown), num(100)], int());
            f.call_value(print, vec![same], unit());
            f.runtime("rt_free", vec![copy(grown), num(4000), num(8)]);
            f.ret();
        });
        p
    };
    prints(make, "81\n12\n0\n");
}

#[test]
fn string_constants_own_nothing() {
    let make = || {
        let mut p = Program::new();
        let print = p.print_int();
        let vec = p.adt_with(AdtFacts { variants: vec![vec![raw(u8_ty()), int(), int()]], non_null: true, ..AdtFacts::default() });
        let string = p.adt(&[&[vec]], false);
        let option = p.adt(&[&[], &[string]], true);
        let len = p.function("len", &[option], int(), |f| {
            let tag = f.local(int());
            f.assign(tag, Rvalue::Discriminant(place(Local(1))));
            let (none, some) = (f.block(), f.block());
            f.end(TerminatorKind::Switch { value: copy(tag), targets: vec![(1, some)], otherwise: none });
            f.at(none);
            f.set(Local::RETURN, num(-1));
            f.ret();
            f.at(some);
            let path = |n| project(Local(1), &[Downcast(1), Field(0), Field(0), Field(n)]);
            f.assign(Local::RETURN, Rvalue::Binary(BinaryOp::SubChecked, copy(path(1)), copy(path(2))));
            f.ret();
        });
        p.main(|f| {
            let text = |text: &str| Operand::Const(Const { ty: string, kind: ConstKind::Str(text.into()) });
            for fields in [vec![], vec![text("")], vec![text("four")]] {
                let value = f.local(option);
                let variant = fields.len() as u32;
                f.assign(value, Rvalue::Aggregate(adt_aggregate(option, variant), fields));
                let n = f.call_value(len, vec![mov(value)], int());
                f.call_value(print, vec![n], unit());
            }
            let size = f.intrinsic("size_of", &[option], vec![], int());
            f.call_value(print, vec![size], unit());
            f.ret();
        });
        p
    };
    prints(make, "-1\n0\n4\n24\n");
}

#[test]
fn function_pointers_and_foreign_code() {
    let make = || {
        let mut p = Program::new();
        let print = p.print_int();
        let pointer = |params: &[Ty], ret, is_extern| {
            Ty::new(TyKind::FnPtr(hir::ty::FnPtrTy { params: hir::ty::Args::new(params), ret, is_extern }))
        };
        let quiet = p.function("quiet", &[int()], int(), |f| {
            f.body.never_raises = true;
            f.assign(Local::RETURN, Rvalue::Binary(BinaryOp::Mul, f.arg(1), num(2)));
            f.ret();
        });
        let i32_ty = Ty::integer(IntTy::I32);
        let compare = p.function("module::compare", &[raw(int()), raw(int())], i32_ty, |f| {
            let less = f.binary(BinaryOp::Lt, Ty::bool(), copy(project(Local(1), &[Deref])), copy(project(Local(2), &[Deref])));
            let (yes, no) = (f.block(), f.block());
            f.branch(less, yes, no);
            for (block, value) in [(yes, -1), (no, 1)] {
                f.at(block);
                f.set(Local::RETURN, constant(i32_ty, value));
                f.ret();
            }
        });
        p.exported.push(compare.0);
        let compare_ty = pointer(&[raw(int()), raw(int())], i32_ty, true);
        p.main(|f| {
            let n = f.local(int());
            let callee = Callee::Pointer(function_pointer(pointer(&[int()], int(), false), quiet));
            f.call(callee, vec![num(21)], place(n));
            f.call_value(print, vec![copy(n)], unit());
            // qsort(base, count, size, compare)
            let array = Ty::array(int(), 5);
            let a = f.local(array);
            f.assign(a, Rvalue::Aggregate(Aggregate::Array, [5, 3, -9, 8, 0].map(num).to_vec()));
            let at = f.local(raw(array));
            f.assign(at, Rvalue::RawRef(Mutable::Yes, place(a)));
            let nothing = f.local(unit());
            let params = hir::ty::Args::new(&[raw(array), int(), int(), compare_ty]);
            let callee = Callee::Foreign { name: "qsort".into(), params, ret: unit() };
            f.call(callee, vec![copy(at), num(5), num(8), function_pointer(compare_ty, compare)], place(nothing));
            let i = f.local(int());
            for index in 0..5 {
                f.set(i, num(index));
                f.call_value(print, vec![copy(project(a, &[Index(i)]))], unit());
            }
            f.ret();
        });
        p
    };
    prints(make, "42\n-9\n0\n3\n5\n8\n");
}

#[test]
fn bad_memory_ends_with_a_sentence() {
    let make = || {
        let mut p = Program::new();
        p.main(|f| {
            f.line(12, 3, 0);
            f.print("first\n");
            let at = f.intrinsic("null_mut", &[int()], vec![], raw(int()));
            f.intrinsic("write", &[int()], vec![at, num(1)], unit());
            f.ret();
        });
        p
    };
    let outcome = run(make);
    assert_eq!(outcome.code, 134);
    assert_eq!(outcome.stdout, "first\n");
    assert_eq!(outcome.stderr, "fatal: a bad memory access at 0x0 in main at main.aur:12:3\n");
}

#[test]
fn tests_run_one_by_one() {
    let mut p = Program::new();
    let init = p.function("N", &[], int(), |f| {
        let n = f.intrinsic("black_box", &[int()], vec![num(3)], int());
        f.set(Local::RETURN, n);
        f.ret();
    });
    let n = p.static_item(int(), init);
    for (name, wanted) in [("good", 3), ("bad", 4), ("good again", 3)] {
        p.test(name, |f| {
            let at = f.local(raw(int()));
            f.set(at, Operand::Const(Const { ty: raw(int()), kind: ConstKind::Static(n) }));
            let same = f.binary(BinaryOp::Eq, Ty::bool(), copy(project(at, &[Deref])), num(wanted));
            let (yes, no) = (f.block(), f.block());
            f.branch(same, yes, no);
            f.at(no);
            f.line(60, 6, 0);
            f.panic("not equal");
            f.at(yes);
            f.ret();
        });
    }
    let (program, sources) = p.finish();
    let code = codegen::jit::compile(&program, &sources, &rt::symbol, &options()).unwrap();
    assert_eq!(code.run_test(0), Ok(()));
    assert_eq!(code.run_test(1), Err("panicked at main.aur:60:6: not equal\n".into()));
    assert_eq!(code.run_test(2), Ok(()));
}

#[test]
fn backtraces_show_inlined_frames() {
    let mut p = Program::new();
    let inner = p.function("inner", &[], unit(), |f| {
        f.line(10, 5, 0);
        f.inlined("lib::expect", 3, 1);
        f.panic("nothing there");
    });
    p.main(|f| {
        f.line(20, 1, 0);
        f.call_value(inner, vec![], unit());
        f.ret();
    });
    let (program, sources) = p.finish();
    let path = scratch("backtrace");
    std::fs::write(&path, codegen::aot::executable(&program, &sources, rt::STUB, &options())).unwrap();
    let mut command = std::process::Command::new("/bin/sh");
    command.arg("-c").arg(format!("chmod +x {0} && AURORA_BACKTRACE=1 {0}", path.display()));
    let output = command.output().unwrap();
    let expected = "panicked at main.aur:10:5: nothing there\n   0: lib::expect at std/lib.aur:3:1\n   1: inner at main.aur:10:5\n   2: main at main.aur:20:1\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    let _ = std::fs::remove_file(path);
}
