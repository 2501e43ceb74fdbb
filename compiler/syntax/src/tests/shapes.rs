//! What is grouped with what.

use super::parsed;

/// The statements of a function on one line, without the function.
fn body(text: &str) -> String {
    let (tree, reports) = parsed(&format!("fn f() {{\n{text}\n}}"));
    assert_eq!(reports, Vec::<String>::new(), "in `{text}`");
    let lines: Vec<&str> = tree.lines().map(str::trim).collect();
    lines[1..lines.len() - 1].join(" ")
}

#[test]
fn every_form_parses() {
    let (tree, reports) = parsed(include_str!("everything.aur"));
    assert_eq!(reports, Vec::<String>::new());
    assert!(!tree.contains("<error>"));
}

#[test]
fn operators_bind_as_in_rust() {
    assert_eq!(body("a + b * c - d"), "((a + (b * c)) - d)");
    assert_eq!(body("a || b && c == d | e ^ f & g << h + i"), "(a || (b && (c == (d | (e ^ (f & (g << (h + i))))))))");
    assert_eq!(body("-a.b()? as int * 2"), "(((-a.b()?) as int) * 2)");
    assert_eq!(body("a = b = c"), "(a = (b = c))");
    assert_eq!(body("a += 1..n - 1"), "(a += (1..(n - 1)))");
    assert_eq!(body("!a && *b"), "((!a) && (*b))");
    assert_eq!(body("a & &b"), "(a & (&b))");
    assert_eq!(body("a && &&b"), "(a && (&(&b)))");
    assert_eq!(body("a >> b >= c"), "((a >> b) >= c)");
    assert_eq!(body("total += join x + join y"), "(total += ((join x) + (join y)))");
    assert_eq!(body("a - |x| x + 1"), "(a - (|x| (x + 1)))");
}

#[test]
fn casts_compare_unless_they_point() {
    assert_eq!(body("x as int < y"), "((x as int) < y)");
    assert_eq!(body("x as u8 << 3"), "((x as u8) << 3)");
    assert_eq!(body("p as *mut Node<T> as *const u8"), "((p as *mut Node<T>) as *const u8)");
}

#[test]
fn ranges_have_any_end_open() {
    assert_eq!(body("v[..]"), "v[(..)]");
    assert_eq!(body("v[a..]"), "v[(a..)]");
    assert_eq!(body("v[..=b]"), "v[(..=b)]");
    assert_eq!(body("for i in 0.. { f() }"), "for i in (0..) { f() }");
    assert_eq!(body("1..n"), "(1..n)");
    assert_eq!(body("t.0.1 + 1.5"), "(t.0.1 + 1.5)");
}

#[test]
fn heads_take_no_struct_literal() {
    assert_eq!(body("if x == Foo { y }"), "if (x == Foo) { y }");
    assert_eq!(body("if (x == Foo { y }) { z }"), "if (x == Foo { y }) { z }");
    assert_eq!(body("match f(Foo { y: 1 }) { _ => 1 }"), "match f(Foo { y: 1 }) { _ => 1 }");
}

#[test]
fn blocks_end_statements() {
    assert_eq!(body("if a { b } (c)"), "if a { b }; c");
    assert_eq!(body("match x { _ => 1 }\n(a, b).c()"), "match x { _ => 1 }; (a, b).c()");
    assert_eq!(body("match x { _ => 1 }\n-1"), "match x { _ => 1 }; (-1)");
    assert_eq!(body("unsafe { a }.b()"), "unsafe { a }.b()");
    assert_eq!(body("spawn { a } spawn { b }"), "(spawn { a }); (spawn { b })");
    assert_eq!(body("match x { A => {} B => 1, C => if a { b } D => 2 }"), "match x { A => {} B => 1 C => if a { b } D => 2 }");
}

#[test]
fn line_ends_end_statements() {
    assert_eq!(body("a\n.b()\n+ c"), "(a.b() + c)");
    assert_eq!(body("a\n-c"), "a; (-c)");
    assert_eq!(body("a\n*c = 1"), "a; ((*c) = 1)");
    assert_eq!(body("f(a\n, b, |x| {\nlet y = x\ny\n})"), "f(a, b, (|x| { let y = x; y }))");
    assert_eq!(body("return\na"), "(return); a");
    assert_eq!(body("if a { b }\nelse { c }"), "if a { b } else { c }");
    assert_eq!(body("match x {\nA\n| B\nif c\n=> 1\n| C => 2\n}"), "match x { (A | B) if c => 1 C => 2 }");
}

#[test]
fn values_need_no_semicolon() {
    assert_eq!(body("a"), "a");
    assert_eq!(body("a;"), "a;");
    assert_eq!(body("{ a }"), "{ a }");
    assert_eq!(body("{ a };"), "{ a };");
}

#[test]
fn contextual_words_are_names_elsewhere() {
    assert_eq!(body("let after = from + with + lock(a) + timeout(b)"), "let after = (((from + with) + lock(a)) + timeout(b));");
    assert_eq!(body("if timeout(3) { x }"), "if timeout(3) { x }");
    assert_eq!(body("match blocking { _ => 1 }"), "match blocking { _ => 1 }");
    assert_eq!(body("match timeout(1s) { f() } { _ => 1 }"), "match timeout(1000000000ns) { f() } { _ => 1 }");
    assert_eq!(body("x.match.join(test, view)"), "x.match.join(test, view)");
    assert_eq!(body("select { after = default => 1 }"), "select { after = default => 1 }");
    assert_eq!(body("let v = vec[1]; vec.push(2)"), "let v = vec[1]; vec.push(2)");
}

#[test]
fn strings_hold_expressions() {
    assert_eq!(body(r#""{a} {m["k"]:>4} {{}} {x::<int>()}""#), r#""{a} {m["k"]:>4} {{}} {x::<int>()}""#);
    assert_eq!(body(r#""{f("{g("{h}")}")}""#), r#""{f("{g("{h}")}")}""#);
    assert_eq!(body(r#""{x:*^+#08.3x}{y:w$.p$?}""#), r#""{x:*^+#08.3x}{y:w$.p$?}""#);
    assert_eq!(body(r#""{'}'} {Foo { a: 1 }.a}""#), r#""{'}'} {Foo { a: 1 }.a}""#);
    assert_eq!(body("\"{a:}>4}\""), "\"{a:}>4}\"");
}

#[test]
fn literals_have_their_values() {
    assert_eq!(body("[0xff, 0b1010, 0o17, 1_000, 7u8, 0xffu8]"), "[255, 10, 15, 1000, 7u8, 255u8]");
    assert_eq!(body("[1.5, 1e-9, 2.0f32, 1_0.0_1]"), "[1.5, 1e-9, 2.0f32, 10.01]");
    assert_eq!(body("[10ns, 5us, 2ms, 3s, 2min, 1.5s]"), "[10ns, 5000ns, 2000000ns, 3000000000ns, 120000000000ns, 1500000000ns]");
    assert_eq!(body(r"['\n', '\u{1F600}', '\x41', b'\xff', b'x']"), r"['\n', '😀', 'A', b'\xff', b'x']");
    assert_eq!(body(r##"[r"\n{x}", r#"a"b"#]"##), r##"["\\n{{x}}", "a\"b"]"##);
}

#[test]
fn spans_cover_what_was_written() {
    let text = "fn f() {\n    g(\"a {b + 1} c\")\n}";
    let mut sources = diag::SourceMap::new();
    let file = sources.add("test.aur", text.to_owned(), false);
    let tree = crate::parse(&file, &mut diag::Diags::new());
    let crate::ast::ItemKind::Fn(function) = &tree.items[0].kind else { panic!("no function") };
    let body = function.body.as_ref().expect("a body");
    let crate::ast::ExprKind::Call(_, args) = &body.tail.as_ref().expect("a value").kind else { panic!("no call") };
    assert_eq!(file.snippet(args[0].span), "\"a {b + 1} c\"");
    let crate::ast::ExprKind::Interpolated(parts) = &args[0].kind else { panic!("no interpolation") };
    let crate::ast::StrPart::Expr { expr, span, .. } = &parts[1] else { panic!("no expression") };
    assert_eq!((file.snippet(expr.span), file.snippet(*span)), ("b + 1", "{b + 1}"));
    assert_eq!(file.snippet(function.span), text);
}

#[test]
fn a_file_may_begin_with_the_systems_line() {
    let (tree, reports) = parsed("#!/usr/bin/env aurorac\nfn main() {}");
    assert_eq!((tree.as_str(), reports.len()), ("fn main() {}\n", 0));
}

#[test]
fn docs_belong_to_the_next_item() {
    let (tree, reports) = parsed("//! file\n/// one\n/// two\n#[inline]\nfn f() {}\nstruct S {\n    /// three\n    x: int,\n}");
    assert_eq!(reports, Vec::<String>::new());
    assert_eq!(tree, "/// one\n/// two\n#[inline]\nfn f() {}\nstruct S {\n    /// three\n    x: int\n}\n");
}
