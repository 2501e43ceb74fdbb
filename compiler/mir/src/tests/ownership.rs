//! Mistakes of ownership, each at its line. `//~ E0501` marks the line of the primary span; programs without a mark
//! must pass.

use super::{codes_by_line, typed};
use diag::Diags;

#[track_caller]
fn judge(text: &str) {
    let mut diags = Diags::new();
    let program = typed(text, &mut diags);
    crate::check(&program, &mut diags);
    let found = codes_by_line(&program, &diags);
    let wanted: Vec<(u32, String)> = (text.lines().zip(1..))
        .filter_map(|(line, number)| line.split_once("//~ ").map(|(_, code)| (number, code.trim().to_string())))
        .collect();
    assert_eq!(found, wanted, "\n{}", super::show(&program, &diags));
}

const HELPERS: &str = "
struct P { name: String, n: int }
fn take(s: String) -> int { s.len() }
fn look(s: &String) -> int { s.len() }
fn flip() -> bool { true }
";

#[track_caller]
fn judge_main(body: &str) {
    judge(&format!("fn main() {{\n{body}\n}}\n{HELPERS}"));
}

#[test]
fn a_moved_value_is_gone() {
    judge_main("let s = \"a\"\n take(s)\n take(s) //~ E0501");
    judge_main("let s = \"a\"\n let t = s\n look(&s) //~ E0501\n take(t)");
    judge_main("let s = \"a\"\n take(s)\n let n = s.len() //~ E0501\n print_int(n)");
    judge_main("let s = \"a\"\n s.into_len()\n s.into_len() //~ E0501");
}

#[test]
fn one_mistake_is_one_message() {
    judge_main("let s = \"a\"\n take(s)\n take(s) //~ E0501\n take(s)\n look(&s)");
}

#[test]
fn a_move_in_a_loop_happens_again() {
    judge_main("let s = \"a\"\n for i in 0..3 {\n print_int(i)\n take(s) //~ E0501\n }");
    judge_main("let s = \"a\"\n loop {\n if flip() { break }\n take(s) //~ E0501\n }");
    judge_main("let s = \"a\"\n loop {\n take(s)\n break\n }");
    judge_main("let mut s = \"a\"\n loop {\n take(s)\n s = \"b\"\n if flip() { break }\n }");
}

#[test]
fn a_move_on_one_way_is_enough() {
    judge_main("let s = \"a\"\n if flip() { take(s); }\n take(s) //~ E0501");
    judge_main("let s = \"a\"\n if flip() { take(s)\n return }\n take(s)");
    judge_main("let s = \"a\"\n match flip() {\n true => take(s),\n false => 0,\n }\n look(&s) //~ E0501");
}

#[test]
fn parts_move_on_their_own() {
    judge_main("let p = P { name: \"a\", n: 1 }\n take(p.name)\n print_int(p.n)");
    judge_main("let p = P { name: \"a\", n: 1 }\n take(p.name)\n take(p.name) //~ E0501");
    judge_main("let p = P { name: \"a\", n: 1 }\n take(p.name)\n let q = p //~ E0501\n print_int(q.n)");
    judge_main("let mut p = P { name: \"a\", n: 1 }\n take(p.name)\n p.name = \"b\"\n let q = p\n print_int(q.n)");
    judge_main("let o = Some(\"a\")\n if let Some(s) = o { take(s); }\n match o { //~ E0501\n Some(s) => take(s),\n None => 0 }");
}

#[test]
fn closures_take_what_they_use_up() {
    judge_main("let s = \"a\"\n let f = move || s.len()\n print_int(f())\n look(&s) //~ E0501");
    judge_main("let s = \"a\"\n let f = || take(s)\n print_int(f())\n print_int(f()) //~ E0501");
    judge_main("let s = \"a\"\n let f = || s.len()\n print_int(f())\n look(&s)");
}

#[test]
fn borrowed_values_stay_where_they_are() {
    judge(&format!("fn f(p: &P) -> String {{\n p.name //~ E0502\n}}\nfn main() {{ }}\n{HELPERS}"));
    judge_main("let v = vec[\"a\"]\n let s = v[0] //~ E0502\n take(s)");
    judge_main("let a = [\"a\", \"b\"]\n let i = 1\n let s = a[i] //~ E0502\n take(s)");
    judge_main("let p = P { name: \"a\", n: 1 }\n let r = &p\n let q = *r //~ E0502\n print_int(q.n)");
    judge_main("let o = Some(\"a\")\n let r = &o\n match *r {\n Some(s) => take(s), //~ E0502\n None => 0 }");
    judge_main("let o = Some(\"a\")\n let r = &o\n match r {\n Some(s) => look(s),\n None => 0 }");
    judge_main("let b = Box::new(P { name: \"a\", n: 1 })\n let p = *b\n take(p.name)");
}

#[test]
fn values_come_before_their_use() {
    judge_main("let x: int\n if flip() { x = 1 }\n print_int(x) //~ E0503");
    judge_main("let x: int\n if flip() { x = 1 } else { x = 2 }\n print_int(x)");
    judge_main("let x: int\n loop {\n if flip() { x = 3\n break }\n }\n print_int(x)");
}

#[test]
fn only_mut_changes() {
    judge_main("let x = 1\n x = 2 //~ E0504\n print_int(x)");
    judge_main("let mut x = 1\n x = 2\n print_int(x)");
    judge_main("let x = 1\n let r = &mut x //~ E0504\n *r = 2");
    judge_main("let s = \"a\"\n s.push('b') //~ E0504");
    judge_main("let p = P { name: \"a\", n: 1 }\n p.n = 2 //~ E0504\n print_int(p.n)");
    judge_main("let x = 1\n let mut f = |d: int| { x += d } //~ E0504\n f(1)\n print_int(x)");
    judge_main("let mut x = 1\n let r = &mut x\n *r += 1\n print_int(x)");
    judge_main("let x: int\n loop {\n x = 3 //~ E0504\n if flip() { break }\n }\n print_int(x)");
}

#[test]
fn shared_references_only_look() {
    judge(&format!("fn f(p: &P) {{\n p.n += 1 //~ E0511\n}}\nfn main() {{ }}\n{HELPERS}"));
    judge(&format!("fn f(p: &mut P) {{\n p.n += 1\n p.name.push('c')\n}}\nfn main() {{ }}\n{HELPERS}"));
    judge(&format!("fn f(p: &P) {{\n p.name.push('c') //~ E0511\n}}\nfn main() {{ }}\n{HELPERS}"));
    judge(&format!("fn f(p: & &mut P) {{\n p.n = 1 //~ E0511\n}}\nfn main() {{ }}\n{HELPERS}"));
}

#[test]
fn destructors_need_all_fields() {
    let file = "struct File { path: String, n: int }\nimpl Drop for File { fn drop(&mut self) { self.n = 0 } }\n";
    judge(&format!(
        "fn main() {{\n let f = File {{ path: \"a\", n: 1 }}\n let p = f.path //~ E0510\n take(p)\n}}\n{file}{HELPERS}"
    ));
}

#[test]
fn guards_only_look() {
    judge_main("let o = Some(\"a\")\n match o {\n Some(s) if take(s) > 1 => 1, //~ E0502\n _ => 2 }");
    judge_main("let o = Some(\"a\")\n match o {\n Some(s) if s.len() > 1 => take(s),\n _ => 2 }");
}

#[test]
fn warnings_name_what_is_idle() {
    let text = "fn main() {\n let x = 1\n let mut y = 2\n let _z = 3\n let mut w = 4\n w += 1\n print_int(y)\n print_int(w)\n}";
    let mut diags = Diags::new();
    let program = typed(text, &mut diags);
    crate::check(&program, &mut diags);
    let codes: Vec<&str> = diags.list().iter().map(|d| d.code.as_str()).collect();
    assert_eq!(codes, ["W0201", "W0501"], "\n{}", super::show(&program, &diags));
}
