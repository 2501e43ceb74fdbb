//! Texts that are read, and texts that are refused with a place.

use super::read;
use crate::{Limits, judge};

fn refused(text: &str) -> (usize, usize, String) {
    let refusal = read(text).expect_err("a refusal");
    let (line, column) = refusal.place(text);
    (line, column, refusal.message)
}

const SB: &str = "C SB\n{}\nP0 (atomic_int* x, atomic_int* y) {\n  atomic_store(x,1);\n  int r0 = atomic_load(y);\n}\nP1 (atomic_int* x, atomic_int* y) {\n  atomic_store(y,1);\n  int r0 = atomic_load(x);\n}\n";

#[test]
fn store_buffering_is_forbidden_in_one_order() {
    let outcome = judge(
        &read(&format!("{SB}exists (0:r0=0 /\\ 1:r0=0)")).unwrap(),
        Limits::default(),
    )
    .unwrap();
    assert_eq!(
        (
            outcome.states.len(),
            outcome.executions,
            outcome.holds,
            outcome.race
        ),
        (3, 3, false, false)
    );
    let relaxed = SB.replace("store(x,1)", "store_explicit(x,1,memory_order_relaxed)");
    let outcome = judge(
        &read(&format!("{relaxed}~exists (0:r0=0 /\\ 1:r0=0)")).unwrap(),
        Limits::default(),
    )
    .unwrap();
    assert_eq!((outcome.executions, outcome.holds), (4, false));
}

#[test]
fn what_is_not_understood_has_a_place() {
    assert_eq!(refused("X86 SB\n{}\n").0, 1);
    let asked = format!("{SB}exists (0:r0=0)");
    assert_eq!(
        refused(&asked.replace("atomic_store(y,1)", "while (1) atomic_store(y,1)")).0,
        8
    );
    assert_eq!(
        refused(&asked.replace("atomic_store(y,1)", "atomic_stare(y,1)")),
        (
            8,
            3,
            "`atomic_stare` is not a statement that is understood here".into()
        )
    );
    assert_eq!(refused(SB).0, 11);
    assert_eq!(
        refused(&format!("{SB}exists (2:r0=0)")),
        (11, 9, "there is no thread 2".into())
    );
    assert_eq!(
        refused(&format!("{SB}exists (z=0)")),
        (11, 9, "there is no location `z`".into())
    );
    assert_eq!(refused(&asked.replace("atomic_load(y)", "*y")).0, 5);
    assert_eq!(
        refused(&asked.replace("atomic_load(y)", "atomic_load(x) + atomic_load(y)")).0,
        5
    );
}

/// The value of `r` behind a thread's statements, over atomics `x` and `y` and a plain `p`, which begin with 0, 5 and 7.
fn value_of(statements: &str) -> Result<i64, String> {
    let text = format!("C one\n{{ x = 0; [y] = 5; int p = 7; }}\nP0 (atomic_int* x, atomic_int *y, int* p) {{\n{statements}\n}}\nexists (0:r=0)\n");
    let test = read(&text).map_err(|refusal| refusal.message)?;
    let outcome = judge(&test, Limits::default()).expect("a small test");
    let states: Vec<&Vec<i64>> = outcome.states.keys().collect();
    assert_eq!(states.len(), 1, "{statements}");
    Ok(states[0][0])
}

#[test]
fn statements_compute_what_they_do_in_c() {
    for (statements, value) in [
        ("int r = 0x1F;", 31),
        ("int r = -3 + 2 * 4;", 5),
        ("int r = (1 + 2) * 4 - 6 / 4 % 2;", 11),
        ("int r = 1 << 3 | 5 & 4 ^ 1;", 8 | (5 & 4) ^ 1),
        ("int r = !0 + !5 + ~0 + +3;", 3),
        ("int r = 1 < 2 == 1;", 1),
        ("int r = 3 > 2 > 1;", 0),
        ("int r = 1 || 0 && 0;", 1),
        ("int r = 2 && 3;", 1),
        ("int r = 0 ? 1 : 2 ? 3 : 4;", 3),
        ("int a = 4; int r = (a ^ a) + 1;", 1),
        ("int r; r = 3; r += 4; r -= 1; r *= 2; r ^= 1; r |= 2; r &= 14;", 14),
        ("int r = 1; r++; ++r; r--;", 2),
        ("r = 4;", 4),
        ("const int a = 2, r = a + 1;", 3),
        ("long r = 3L;", 3),
        ("int r = (int) 3; (void) r;", 3),
        ("int r = (_Bool) 7;", 1),
        ("bool r = 7;", 1),
        ("volatile int r = 2;", 2),
        ("int r = atomic_load(y);", 5),
        ("int r = (int)atomic_load_explicit(y, memory_order_acquire) + 1;", 6),
        ("int r = *p;", 7),
        ("*p = 3; int r = *p + 1;", 4),
        ("int r = (*p);", 7),
        ("atomic_store(x, atomic_load(y) + 1); int r = atomic_load(x);", 6),
        ("int r = atomic_exchange(y, 9);", 5),
        ("atomic_exchange_explicit(y, 9, memory_order_acq_rel); int r = atomic_load(y);", 9),
        ("atomic_fetch_add(y, 2); atomic_fetch_sub(y, 1); atomic_fetch_or(y, 8); atomic_fetch_and(y, 12); atomic_fetch_xor(y, 1); int r = atomic_load(y);", 13),
        ("int e = 5; int r = atomic_compare_exchange_strong(y, &e, 6);", 1),
        ("int e = 4; int r = !atomic_compare_exchange_strong(y, &e, 6) && e == 5;", 1),
        ("int r = 4; atomic_compare_exchange_strong(y, &r, 6);", 5),
        ("int b = atomic_compare_exchange_strong(y, p, 6); int r = *p;", 5),
        ("int r = 1; if (atomic_load(y) == 5) r = 2; else r = 3;", 2),
        ("int r = 1; if (0) { r = 2; } else if (1) { r = 3; } else { r = 4; }", 3),
        ("int r = 0; if (*p && atomic_load(y) == 5) { r = 1; }", 1),
        ("int r = 0; if (!(atomic_load(y) != 5 || *p == 0)) { r = 1; }", 1),
        ("int r = atomic_load(x) ? 1 : atomic_load(y) ? 2 : 3;", 2),
        ("if (1) { int a = 1; } else { int a = 2; } int r = 3;", 3),
        ("{ int a = 1; } { int a = 2; } int r = 3;", 3),
        ("int r = 2;; ; /* nothing */ // nothing\n (* nothing (* at *) all *)", 2),
        ("atomic_signal_fence(memory_order_seq_cst); atomic_thread_fence(memory_order_relaxed); int r = 1;", 1),
    ] {
        assert_eq!(value_of(statements), Ok(value), "{statements}");
    }
}

#[test]
fn what_c_leaves_open_is_refused() {
    for statements in [
        "int r = atomic_load(x) + atomic_load(y);",
        "int r = atomic_compare_exchange_strong(y, p, 6) + *p;",
        "int e = 5; int r = atomic_compare_exchange_strong(y, &e, 6) + e;",
        "int e = 5; int r = e + atomic_compare_exchange_strong(y, &e, 6);",
        "int e = 5; int r = e + (1 ? atomic_compare_exchange_strong(y, &e, 6) : 0);",
        "int e = 5; int r = (1 && atomic_compare_exchange_strong(y, &e, 6)) + e;",
        "int r = atomic_load(x) + (*p && atomic_load(y));",
        "int r = (atomic_load(x) && atomic_load(y)) + atomic_load(x);",
        "int r = 010;",
        "int r = 1u;",
        "int r = 3000000000;",
        "int r = 1 / 0;",
        "int r = 4; r = r / r;",
        "int r = 1 << 40;",
        "int r = 1; r = 1 << r;",
        "int r = 0; if (1) { int r = 1; }",
        "int r = 0; int r = 1;",
        "int x = 1; int r = 1;",
        "x = 1; int r = 1;",
        "int r = x;",
        "int r = *q;",
        "int r = *x;",
        "*x = 1; int r = 1;",
        "int r = q;",
        "int* r = x;",
        "int r = (int*) 0;",
        "int r = atomic_load_explicit(y, memory_order_consume);",
        "int r = atomic_load_explicit(y, memory_order_release);",
        "int r = atomic_load_explicit(y);",
        "int r = atomic_load(y, memory_order_relaxed);",
        "atomic_store_explicit(y, 1, memory_order_acquire); int r = 1;",
        "int r = atomic_store(y, 1);",
        "int r = atomic_load(p);",
        "int e = 0; int r = atomic_compare_exchange_strong_explicit(y, &e, 1, memory_order_relaxed, memory_order_release);",
        "int r = atomic_compare_exchange_strong(y, 0, 1);",
        "int r = 0; while (r == 0) r = atomic_load(x);",
        "int r = 0; for (;;) { }",
        "int r = 0; do { r = 1; } while (0);",
        "int r = 0; goto end; end: ;",
        "int r = 0; return;",
        "int r = READ_ONCE(*p);",
        "int r = __atomic_load_n(y, 0);",
        "atomic_int r = 0;",
        "float r = 0;",
        "int r[2];",
        "int r = 0, ;",
        "int r = 'a';",
        "int r = \"a\";",
        "int r = 1 +;",
        "int r = (1;",
        "int r = 1",
        "if (1) int r = 1; }",
    ] {
        assert!(value_of(statements).is_err(), "{statements}: {:?}", value_of(statements));
    }
}

#[test]
fn types_without_a_sign_are_read_where_nobody_can_tell() {
    let with = |ty: &str, body: &str, question: &str| {
        read(&format!("C t\n{{ }}\nP0 (atomic_{ty}* x, {} *y) {{ {body} }}\n{question}\n", ty.replace("uint", "unsigned int"))).map(|_| ()).map_err(|refusal| refusal.message)
    };
    assert_eq!(with("uint", "unsigned int r = atomic_fetch_add(x, 1); *y = 2;", "exists (0:r=0)"), Ok(()));
    assert_eq!(with("uint", "unsigned r = atomic_load(x);", "~exists (0:r=0)"), Ok(()));
    for (body, question) in [
        ("unsigned int r = atomic_fetch_sub(x, 1);", "exists (0:r=0)"),
        ("unsigned int r = 0 - 1;", "exists (0:r=0)"),
        ("unsigned int r = ~0;", "exists (0:r=0)"),
        ("unsigned int r = 2; r = r * r;", "exists (0:r=0)"),
        ("unsigned int r = 1;", "exists (0:r=-1)"),
    ] {
        assert!(with("uint", body, question).is_err(), "{body}");
    }
    let flag = "C t\n{ }\nP0 (atomic_flag* x) { int r = atomic_flag_test_and_set(x); atomic_flag_clear_explicit(x, memory_order_release); }\nP1 (atomic_flag* x) { int r = atomic_flag_test_and_set_explicit(x, memory_order_acquire); }\nexists (0:r=1 /\\ 1:r=1)\n";
    assert_eq!(judge(&read(flag).unwrap(), Limits::default()).unwrap().states.len(), 3);
    let truth = "C t\n{ x = 3; }\nP0 (atomic_bool* x) { int r = atomic_exchange(x, 5); }\nexists (0:r=1 /\\ x=1)\n";
    assert!(judge(&read(truth).unwrap(), Limits::default()).unwrap().holds);
}

#[test]
fn the_parts_around_threads_have_many_forms() {
    let threads = "P0 (atomic_int* x) { atomic_store(x, 1); }\nP1 (volatile int* y, atomic_int *x) { int r0 = atomic_load(x); *y = r0; }\n";
    for (before, after) in [
        ("C a\n{}\n", "exists (1:r0=1)"),
        ("C a-b.c+d\n\n{ }\n", "exists 1:r0=1"),
        ("C a\n\"A sentence\"\n{ x = 0 }\n", "exists (1:r0 = 1 /\\ y = 1)"),
        ("C a\n(* a comment (* in another *) *)\n{ [x] = 0; [y] = 0 }\n", "exists ([y]=1)"),
        ("C a\nHash=0123\nCycle=Rfe Fre\n{ int x = 0; atomic_int y = 0; }\n", "locations [x; y; 1:r0]\nexists (1:r0=0x1)"),
        ("C a\n{ x=ATOMIC_VAR_INIT(0); }\n", "locations [int x;]\n~exists (1:r0=2)"),
        ("C a\n{ 1:r0=0; x=0; }\n", "filter (x=1)\nforall (1:r0=1 \\/ 1:r0=0)"),
        ("C a\n{ int 1:r0=0; x=0; }\n", "not exists (1:r0=2)"),
        ("C a\n{ x=0;; y=0; }\n", "forall (1:r0=1 => x=1)"),
        ("C a\n{ x=0; }\n", "exists (~(1:r0=0) /\\ not (x=0) /\\ true) (* the end *)"),
        ("C a\n{ x=0; }\n", "exists (1:r0 != 0 \\/ (1:r0 <> 1 /\\ x == 1)) // the end"),
    ] {
        let text = format!("{before}{threads}{after}\n");
        assert!(read(&text).is_ok(), "{text}{:?}", read(&text).err());
    }
    for (before, after) in [
        ("C\n{}\n", "exists (1:r0=1)"),
        ("X86 a\n{}\n", "exists (1:r0=1)"),
        ("C a\n{ x = y; }\n", "exists (1:r0=1)"),
        ("C a\n{ x = &y; }\n", "exists (1:r0=1)"),
        ("C a\n{ int *x = 0; }\n", "exists (1:r0=1)"),
        ("C a\n{ x = 0; x = 1; }\n", "exists (1:r0=1)"),
        ("C a\n{ int x[2] = 0; }\n", "exists (1:r0=1)"),
        ("C a\n{ x = {1, 2}; }\n", "exists (1:r0=1)"),
        ("C a\n{ x = 1.5; }\n", "exists (1:r0=1)"),
        ("C a\n{}\n", "exists (1:r0=1) exists (x=1)"),
        ("C a\n{}\n", "exists (1:r0=x)"),
        ("C a\n{}\n", "exists (1:r0<1)"),
        ("C a\n{}\n", "exists (1:r0=1 /\\ )"),
        ("C a\n{}\n", "exists (2:r0=1)"),
        ("C a\n{}\n", "exists (1:r9=1)"),
        ("C a\n{}\n", "exists (z=1)"),
        ("C a\n{}\n", "forsome (x=1)"),
        ("C a\n{}\n", "locations [z;] exists (x=1)"),
        ("C a\n{}\n", ""),
    ] {
        let text = format!("{before}{threads}{after}\n");
        assert!(read(&text).is_err(), "{text}");
    }
}
