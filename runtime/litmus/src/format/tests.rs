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
