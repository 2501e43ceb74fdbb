//! What the checks of ownership do grows with the length of a function: four times as long, little more than four times the
//! work, whatever it consists of. Counted in steps, so that a busy machine changes nothing.

use super::{show, typed};
use diag::Diags;
use std::fmt::Write;

const HELPERS: &str = "
fn touch(n: &mut int) -> int { *n = *n + 1\n *n }
fn see(n: &int) -> int { *n }
fn flip() -> bool { true }
fn take(s: String) -> int { s.len() }
";

fn steps(count: usize, part: &dyn Fn(usize) -> String, behind: &dyn Fn(usize) -> String) -> u64 {
    let mut text = String::from("fn main() {\n let mut acc = 0\n let mut x = 1\n");
    (0..count).for_each(|number| text.push_str(&part(number)));
    (0..count).for_each(|number| text.push_str(&behind(number)));
    let _ = writeln!(text, " print_int(acc + x)\n}}\n{HELPERS}");
    let mut diags = Diags::new();
    let program = typed(&text, &mut diags);
    let before = crate::work::steps();
    // Steps are counted by thread.
    diag::cores::alone(|| drop(crate::check(&program, &mut diags)));
    assert!(!diags.has_errors(), "{}\n{text}", show(&program, &diags));
    crate::work::steps() - before
}

#[track_caller]
fn grows_evenly(part: impl Fn(usize) -> String) {
    grows_evenly_with(part, |_| String::new());
}

#[track_caller]
fn grows_evenly_with(part: impl Fn(usize) -> String, behind: impl Fn(usize) -> String) {
    let (short, long) = (steps(60, &part, &behind), steps(240, &part, &behind));
    assert!(long < short * 6, "four times as long: {short} steps became {long}");
}

#[test]
fn loops_one_after_the_other() {
    grows_evenly(|n| format!(" while acc < {n} {{\n let r = &mut x\n acc = acc + touch(r)\n if flip() {{ break }}\n }}\n"));
}

#[test]
fn loops_over_iterators() {
    grows_evenly(|n| format!(" for i in 0..{n} {{\n if i == 2 {{ acc = acc + i }} else {{ acc = acc - 1 }}\n }}\n"));
}

#[test]
fn choices() {
    grows_evenly(|n| format!(" if acc == {n} {{ acc = touch(&mut x) }} else {{ acc = see(&x) }}\n"));
}

#[test]
fn straight_lines() {
    grows_evenly(|n| format!(" acc = acc + {n}\n x = x - acc\n"));
}

#[test]
fn owners_that_may_be_gone() {
    grows_evenly(|n| format!(" let s{n} = \"a\"\n if flip() {{ acc = acc + take(s{n}) }}\n"));
}

#[test]
fn loans_that_end_at_once() {
    grows_evenly(|n| format!(" let r{n} = &mut x\n acc = acc + touch(r{n})\n"));
}

#[test]
fn closures() {
    grows_evenly(|n| format!(" let f{n} = |k: int| k + see(&x)\n acc = f{n}({n})\n"));
}

#[test]
fn blocks_in_blocks() {
    let nest = |n: usize| {
        let depth = 4;
        let open: String = (0..depth).map(|level| format!(" while acc < {} {{\n if flip() {{\n acc = acc + {n}\n", level)).collect();
        format!("{open}{}", " }\n }\n".repeat(depth))
    };
    grows_evenly(nest);
}
