//! No text makes the parser fail, hang or point outside the text. The texts come from one seed.

use diag::{Diags, SourceMap};

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn survives(text: &str) {
    let mut sources = SourceMap::new();
    let file = sources.add("test.aur", text.to_owned(), false);
    let mut diags = Diags::new();
    let tree = crate::parse(&file, &mut diags);
    let _ = crate::print::ast(&tree);
    for report in diags.list() {
        for label in &report.labels {
            let (lo, hi) = (label.span.lo as usize, label.span.hi as usize);
            assert!(lo <= hi && text.is_char_boundary(lo) && text.is_char_boundary(hi), "{report:?} in {text:?}");
        }
    }
}

const PIECES: [&str; 48] = [
    "(", ")", "{", "}", "[", "]", "\"", "'", "\\", "{{", ":", "::", "=>", "->", "..", "<", ">", ">>", "let ", "fn ", "match ",
    "if ", "select {", "spawn ", "in ", "#[", "/*", "*/", "//", "\n", "|", "||", "&&", "r#\"", "0x", "'a", "é", "\0", "@", ";",
    ",", "move ", "else ", "vec[", "as *mut T<", "after ", "timeout(1s) {", "= ",
];

#[test]
fn mutated_programs() {
    let mut random = Random(0x51f3_0001);
    let lines: Vec<&str> = include_str!("everything.aur").lines().collect();
    for _ in 0..400 {
        let from = random.below(lines.len());
        let to = (from + 1 + random.below(40)).min(lines.len());
        let mut text: Vec<char> = lines[from..to].join("\n").chars().collect();
        for _ in 0..random.below(8) {
            let at = random.below(text.len() + 1);
            let end = (at + random.below(12)).min(text.len());
            match random.below(4) {
                0 => drop(text.drain(at..end)),
                1 => {
                    let copied = text[at..end].to_vec();
                    let to = random.below(text.len() + 1);
                    text.splice(to..to, copied);
                }
                2 => drop(text.splice(at..at, PIECES[random.below(PIECES.len())].chars())),
                _ => drop(text.splice(at..end, char::from_u32(random.below(0x300) as u32))),
            }
        }
        survives(&text.into_iter().collect::<String>());
    }
}

#[test]
fn random_pieces() {
    let mut random = Random(0x51f3_0002);
    for _ in 0..300 {
        let text: String = (0..random.below(60)).map(|_| PIECES[random.below(PIECES.len())]).collect();
        survives(&text);
        survives(&format!("fn f() {{ {text} }}"));
    }
}

#[test]
fn random_bytes() {
    let mut random = Random(0x51f3_0003);
    for _ in 0..300 {
        let bytes: Vec<u8> = (0..random.below(80)).map(|_| random.below(256) as u8).collect();
        survives(&String::from_utf8_lossy(&bytes));
    }
}

/// Recursive phases follow the tree, so its depth is bounded however it nests. Test threads have small stacks.
#[test]
fn deep_nesting() {
    let deep = |open: &str, inside: &str, close: &str, count: usize| {
        format!("fn f() {{ {}{inside}{} }}", open.repeat(count), close.repeat(count))
    };
    for count in [200, 900, 20_000] {
        for (open, inside, close) in [
            ("(", "1", ")"), ("(", "", ""), ("{", "", "}"), ("[", "1", "]"), ("!", "x", ""), ("& ", "x", ""), ("1 + ", "1", ""),
            ("a = ", "1", ""), ("|x| ", "1", ""), ("spawn ", "f()", ""), ("return ", "1", ""), ("if a { } else ", "{}", ""),
            ("", "a", ".b"), ("", "a", "()"), ("", "a", "?"), ("", "a", " as int"), ("match x { a => ", "1", "}"),
            ("let x: ", "int", ""), ("a < b, ", "c", ""), ("\"{", "x", "}\""), ("'a: ", "loop {}", ""), ("#[a]", "fn g() {}", ""),
        ] {
            survives(&deep(open, inside, close, count));
        }
        survives(&format!("fn f(x: {}int{}) {{}}", "Vec<".repeat(count), ">".repeat(count)));
        survives(&format!("fn f(x: {}int{}) {{}}", "F < A, ".repeat(count), ">".repeat(count)));
        survives(&format!("fn f() {{ let {}x = 1 }}", "&".repeat(count)));
        survives(&format!("fn f() {{ let {}x = 1 }}", "y @ ".repeat(count)));
        survives(&"mod a { ".repeat(count));
    }
    for text in ["(", "\"", "{", "'", "/*", "let ", "$ ", "fn f() {} )", "foo bar\n"] {
        survives(&text.repeat(3_000));
    }
}
