//! One report a mistake, at its place, with the rest still read.

use super::parsed;

#[track_caller]
fn reports(text: &str, expected: &[&str]) {
    let (_, found) = parsed(text);
    let short: Vec<String> = found.iter().map(|report| report.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(short, expected, "{found:#?}");
}

/// One statement of a function, reported once with the code.
#[track_caller]
fn statement(text: &str, code: &str) {
    let text = format!("fn before() {{ a }}\nfn f() {{\n{text}\nlet good = 1\n}}\nfn behind() {{ b }}");
    reports(&text, &[&format!("3: {code}")]);
    let (tree, _) = parsed(&text);
    assert!(tree.contains("fn behind() {\n    b\n}"), "{tree}");
}

#[test]
fn five_mistakes_are_five_reports() {
    reports(
        "fn a() {\n    let = 3\n    let x = 1 let y = 2\n}\nstruct P { x int, y: int }\nfn b() => int {\n    foo(1, 2\n    let z = 3\n}\n",
        &["2: E0101", "3: E0106", "5: E0101", "6: E0101", "7: E0108"],
    );
}

#[test]
fn statements() {
    statement("let a = 1 let b = 2", "E0106");
    statement("foo() bar()", "E0106");
    statement("let = 3", "E0101");
    statement("let x int = 3", "E0101");
    statement("let x 3", "E0101");
    statement("mut x = 3", "E0101");
    statement("let scope = 3", "E0101");
    statement("x++", "E0101");
    statement("x := 3", "E0101");
    statement("if x = 3 { }", "E0101");
    statement("if Some(x) = y { }", "E0101");
    statement("if a < b < c { }", "E0101");
    statement("if p == P { x: 1 } { y }", "E0101");
    statement("if a and b { }", "E0101");
    statement("if a { } elif b { }", "E0101");
    statement("retrun 5", "E0101");
    statement("let q = a ? b : c", "E0101");
    statement("let f = (x) => x", "E0101");
    statement("match x { 1 -> 2, _ => 3 }", "E0101");
    statement("match x { 1 => 2 3 => 4 }", "E0101");
    statement("let p = P { x = 1 }", "E0101");
    statement("println!(\"x\")", "E0101");
    statement("let v = vec![1, 2]", "E0101");
    statement("a === b", "E0101");
    statement("f(1 2)", "E0101");
    statement("f(1, 2", "E0108");
    statement("f(1, 2]", "E0108");
    statement("f(1, 2))", "E0108");
    statement("if f(x {\n}", "E0108");
    statement("let x = _ + 1", "E0111");
    statement("x || let y = z", "E0111");
    statement("let x = 3 $ 4", "E0105");
    statement("`cmd`", "E0105");
    statement("f(“hi”)", "E0105");
    statement("let s = @", "E0101");
    statement("else { }", "E0101");
}

#[test]
fn literals() {
    statement("f(\"never closed)", "E0102");
    statement("f(\"a {b)", "E0102");
    statement("\"a \\q b\"", "E0103");
    statement("\"\\u{110000}\"", "E0103");
    statement("0b102", "E0104");
    statement("1e", "E0104");
    statement("1usize", "E0104");
    statement("5h", "E0104");
    statement("'ab'", "E0110");
    statement("''", "E0110");
    statement("\"a } b\"", "E0109");
    statement("\"a { b\"", "E0109");
    statement("\"{}\"", "E0109");
    statement("\"{x:zz}\"", "E0109");
    statement("\"{a b}\"", "E0101");
}

#[test]
fn items() {
    reports("fn f<'a>(x: &'a str) -> &'a str { x }\nfn g() {}", &["1: E0111"]);
    reports("async fn f() {}", &["1: E0111"]);
    reports("func f(x: int) {}", &["1: E0101"]);
    reports("fn f(x int) {}", &["1: E0101"]);
    reports("fn f(x: int): int { x }", &["1: E0101"]);
    reports("fn f()\n{\n    1\n}", &["2: E0101"]);
    reports("fn f( -> int { 1 }\nfn g() {}", &["1: E0108"]);
    reports("struct A { x: int; y: int }", &["1: E0101"]);
    reports("struct A {\n    x: int\n    y: int\n}", &["2: E0101"]);
    reports("class A { }\nfn g() {}", &["1: E0101"]);
    reports("let x = 3\nfn g() {}", &["1: E0111"]);
    reports("println(\"x\")\nfn g() {}", &["1: E0111"]);
    reports("fn f()\nfn g() {}", &["1: E0111"]);
    reports("litmus \"x\" { }", &["1: E0112"]);
    reports("fn f() { }};\nfn g() {}", &["1: E0108"]);
    reports("struct A {};\nfn g() {};", &[]);
}

#[test]
fn a_missing_closer_is_found_by_indentation() {
    reports("fn a() {\n    if x {\n        foo()\n}\nfn b() {\n    bar()\n}\n", &["2: E0108"]);
    reports("fn a() {\n    foo()\nfn b() {\n    bar()\n}\n", &["1: E0108"]);
    reports("fn a() {\n    foo(\n        1,\n    bar()\n}\nfn b() {}\n", &["2: E0108"]);
    reports("fn a() {\n    let x = [1, 2\n    let y = 3\n}\nfn b() { f(] }\n", &["2: E0108", "5: E0108"]);
}
