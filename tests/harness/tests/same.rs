//! The same text gives the same bytes and the same messages in the same order, however many cores work on it and whichever is
//! faster.

use harness::compiler::{Done, Folder, aurorac, finish};
use std::fmt::Write;
use std::process::Command;

const ROUNDS: usize = 4;

/// Calls the compiler; every other time on one core, where the system can say so.
fn call(args: &[&str], round: usize) -> Done {
    let done = if round % 2 == 1 {
        let pinned = finish(Command::new("taskset").args(["-c", "0"]).arg(aurorac()).args(args), b"");
        if pinned.err.starts_with("cannot start") { finish(Command::new(aurorac()).args(args), b"") } else { pinned }
    } else {
        finish(Command::new(aurorac()).args(args), b"")
    };
    assert_eq!(done.broken(), None, "{args:?}");
    done
}

/// Functions that call, inline and pass on one another: loops, closures, generic copies, tables of methods, circles.
fn many_functions() -> String {
    let mut text = String::from(
        "trait Shape { fn area(&self) -> int }
struct Square { side: int }
struct Pair<T> { a: T, b: T }
impl Shape for Square { fn area(&self) -> int { self.side * self.side } }
impl<T: Shape> Shape for Pair<T> { fn area(&self) -> int { self.a.area() + self.b.area() } }
fn twice<F: Fn(int) -> int>(f: F, n: int) -> int { f(f(n)) }
",
    );
    let mut calls = String::new();
    for i in 0..24 {
        let (small, next) = (i % 7 + 1, (i + 1) % 24);
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            "fn loop_{i}(list: &mut [int], n: int) -> int {{
    let mut sum = 0
    for k in 0..n {{
        let at = k % list.len()
        list[at] += k * {small}
        sum += if list[at] % 2 == 0 {{ list[at] }} else {{ -{i} }}
    }}
    twice(|x| x / 2 + {i}, sum)
}}
fn circle_{i}(n: int) -> int {{ if n <= 0 {{ {i} }} else {{ circle_{next}(n - {small}) + 1 }} }}
fn text_{i}(n: int) -> String {{
    let words = vec[\"a{i}\", \"b\", \"c\"]
    \"{{words[n % 3]}} {{n + {i}}} {{[n, {i}].iter().map(|x| x * 2).sum()}}\"
}}
",
        );
        let _ = write!(calls, "    total += loop_{i}(&mut list, {i} + 3) + circle_{i}({i}) + text_{i}(total % 9).len()\n    shapes.push(Box::new(Pair {{ a: Square {{ side: {i} }}, b: Square {{ side: {small} }} }}))\n");
    }
    text + "fn main() {\n    let mut list = vec[0; 16]\n    let mut total = 1\n    let mut shapes: Vec<Box<dyn Shape>> = vec[]\n"
        + &calls
        + "    for shape in &shapes { total += shape.area() }\n    println(\"{total}\")\n}\n"
}

#[test]
fn a_program_of_many_functions_is_always_the_same_bytes() {
    let folder = Folder::new();
    let source = folder.write("many.aur", &many_functions()).to_string_lossy().into_owned();
    let mut first: Option<(Vec<u8>, String)> = None;
    for round in 0..ROUNDS {
        let out = folder.write("many.o", "").to_string_lossy().into_owned();
        let done = call(&["compile", "--emit", "obj", &source, "-o", &out], round);
        assert_eq!(done.code, 0, "{}", done.err);
        let bytes = std::fs::read(&out).expect("it was written");
        let text = call(&["emit", "--stage", "mir", &source], round).out;
        match &first {
            None => first = Some((bytes, text)),
            Some((bytes_before, text_before)) => {
                assert!(text == *text_before, "round {round}: other code in the middle");
                assert!(bytes == *bytes_before, "round {round}: other bytes");
            }
        }
    }
}

/// Mistakes of one floor in every function, on known lines.
fn many_mistakes(mistake: &dyn Fn(usize) -> String) -> String {
    let functions: String = (0..80).map(mistake).collect();
    format!("{functions}fn main() {{}}\n")
}

fn same_messages(text: &str) {
    let folder = Folder::new();
    let source = folder.write("wrong.aur", text).to_string_lossy().into_owned();
    let mut first: Option<Done> = None;
    for round in 0..ROUNDS {
        let done = call(&["check", &source], round);
        assert_eq!(done.code, 1, "{}", done.err);
        assert!(done.err.lines().last().is_some_and(|last| last.starts_with("80 errors")), "{}", done.err);
        match &first {
            None => first = Some(done),
            Some(before) => assert!(done == *before, "round {round}: other messages"),
        }
    }
}

#[test]
fn messages_of_the_grammar_keep_their_order() {
    same_messages(&many_mistakes(&|i| format!("fn f{i}() {{\n    let x = = {i}\n    let y = 1\n}}\n")));
}

#[test]
fn messages_about_types_keep_their_order() {
    same_messages(&many_mistakes(&|i| match i % 3 {
        0 => format!("fn f{i}() -> int {{ \"no {{1 + 1}}\" }}\n"),
        1 => format!("fn f{i}(n: int) {{\n    let pair = (n, \"a\")\n    println(\"{{unknown_{i}}} {{pair.0}}\")\n}}\n"),
        _ => format!("fn f{i}(list: Vec<int>) -> int {{\n    let first = list.first_{i}()\n    first + {i}\n}}\n"),
    }));
}

#[test]
fn messages_about_ownership_keep_their_order() {
    same_messages(&many_mistakes(&|i| match i % 2 {
        0 => format!("fn f{i}(text: String) -> int {{\n    let kept = text\n    text.len() + kept.len() + {i}\n}}\n"),
        _ => format!("fn f{i}(list: &mut Vec<int>) -> int {{\n    let first = &list[0]\n    list.push({i})\n    *first\n}}\n"),
    }));
}
