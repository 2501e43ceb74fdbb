//! Makes programs up: broken ones out of whole ones, which `check` must survive, and small well-typed ones, which must do the
//! same from memory and as executables. Every program follows from its number, so a failure names what brings it back.

/// A small generator of numbers that differ (xorshift64*).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

const PIECES: &[&str] = &[
    "{", "}", "(", ")", "[", "]", "<", ">", ",", ";", "\n", ":", "::", "..", "..=", "=>", "->", "=", "==", "+", "-", "*", "/", "&", "&mut ", "|", "||",
    "&&", "!", "?", ".", "@", "#", "'", "\"", "\"{", "}\"", "\\", "'a", "0", "1u8", "0x", "1e9", "9999999999999999999", "'x'", "\"text\"", "r#\"",
    "fn ", "let ", "mut ", "if ", "else ", "match ", "while ", "for ", "in ", "loop ", "break ", "return ", "struct ", "enum ", "trait ", "impl ",
    "where ", "use ", "mod ", "pub ", "const ", "static ", "self", "Self", "as ", "dyn ", "unsafe ", "extern ", "spawn ", "scope ", "join ", "select ",
    "view ", "move ", "type ", "test ", "main", "int", "String", "Vec<", "Option<", "Some(", "None", "Box::new(", "vec[", "#[derive(Clone)]", "é", "\u{0}",
    "//", "/*", "*/", "_",
];

/// A text with a few words taken out, doubled, swapped or put in.
pub fn broken(text: &str, chance: &mut Chance) -> String {
    let mut words = pieces(text);
    for _ in 0..1 + chance.below(4) {
        if words.is_empty() {
            break;
        }
        let at = chance.below(words.len());
        match chance.below(6) {
            0 => drop(words.remove(at)),
            1 => words.insert(at, words[at].clone()),
            2 => {
                let other = chance.below(words.len());
                words.swap(at, other);
            }
            3 => words[at] = chance.of(PIECES).into(),
            4 => words.truncate(at),
            _ => words.insert(at, chance.of(PIECES).into()),
        }
    }
    words.concat()
}

/// Nothing but pieces.
pub fn noise(chance: &mut Chance) -> String {
    (0..1 + chance.below(60)).map(|_| chance.of(PIECES)).collect()
}

/// Runs of letters and digits, and every other character by itself.
fn pieces(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut in_word = false;
    for letter in text.chars() {
        let is_word = letter.is_alphanumeric() || letter == '_';
        match found.last_mut() {
            Some(last) if is_word && in_word => last.push(letter),
            _ => found.push(letter.to_string()),
        }
        in_word = is_word;
    }
    found
}

/// A program that compiles, ends, and prints what it computed. Its functions call only those before them.
pub fn program(chance: &mut Chance) -> String {
    let mut maker = Maker { chance, out: String::new(), functions: 0, names: Vec::new(), next: 0 };
    maker.out.push_str("#[derive(Clone, Show, Eq)]\nenum Item { Empty, One(int), Pair { a: int, b: String } }\n\n");
    for _ in 0..1 + maker.chance.below(3) {
        maker.function();
    }
    maker.out.push_str("fn main() {\n    let mut list = vec[1, 2, 3]\n    let mut text = \"t\"\n    let mut items = Vec::new()\n");
    maker.names = vec!["list.len()".into(), "text.len()".into()];
    for _ in 0..4 + maker.chance.below(8) {
        maker.step(1);
    }
    maker.out.push_str("    println(\"{list} {text} {items}\")\n}\n");
    maker.out
}

struct Maker<'a> {
    chance: &'a mut Chance,
    out: String,
    functions: usize,
    /// Expressions of type `int` that may be read here.
    names: Vec<String>,
    next: usize,
}

impl Maker<'_> {
    fn function(&mut self) {
        self.names = vec!["a".into(), "b".into()];
        let (test, yes, no) = (self.condition(), self.number(2), self.number(2));
        let rest = self.number(3);
        self.out.push_str(&format!(
            "fn f{}(a: int, b: int) -> int {{\n    let c = if {test} {{ {yes} }} else {{ {no} }}\n    c.wrapping_mul(3).wrapping_add({rest}) % 10007\n}}\n\n",
            self.functions
        ));
        self.functions += 1;
    }

    fn step(&mut self, depth: usize) {
        let indent = "    ".repeat(depth);
        let line = match self.chance.below(if depth < 3 { 10 } else { 6 }) {
            0 => format!("list.push({})", self.number(2)),
            1 => format!("text += \"{{{}}}\"", self.number(2)),
            2 => format!("println(\"{{{}:>4}}\")", self.number(3)),
            3 => format!("items.push({})", self.item()),
            4 => format!("if let Some(last) = list.pop() {{ list.push(last.wrapping_sub({})) }}", self.number(1)),
            5 => format!("match items.last() {{ Some(Item::One(n)) if *n > {} => println(\"one {{n}}\"), Some(other) => println(\"{{other}}\"), None => println(\"none\") }}", self.number(1)),
            6 => {
                let name = format!("x{}", self.next);
                self.next += 1;
                let value = self.number(3);
                self.out.push_str(&format!("{indent}let {name} = {value}\n{indent}println(\"{{{name}}}\")\n"));
                self.names.push(name);
                return;
            }
            7 => {
                let head = format!("for i{} in 0..{}", self.next, 1 + self.chance.below(4));
                return self.block(head, depth, true);
            }
            8 => {
                let test = self.condition();
                return self.block(format!("if {test}"), depth, false);
            }
            _ => format!("println(\"{{list.iter().map(|n| n.wrapping_mul({})).filter(|n| n % 2 == 0).count()}}\")", self.number(1)),
        };
        self.out.push_str(&format!("{indent}{line}\n"));
    }

    fn block(&mut self, head: String, depth: usize, counts: bool) {
        let indent = "    ".repeat(depth);
        let before = self.names.len();
        if counts {
            self.names.push(format!("i{}", self.next));
            self.next += 1;
        }
        self.out.push_str(&format!("{indent}{head} {{\n"));
        if counts {
            let counter = self.names[before].clone();
            self.out.push_str(&format!("{indent}    print(\"{{{counter}}} \")\n"));
        }
        for _ in 0..1 + self.chance.below(3) {
            self.step(depth + 1);
        }
        self.out.push_str(&format!("{indent}}}\n"));
        self.names.truncate(before);
    }

    fn item(&mut self) -> String {
        match self.chance.below(3) {
            0 => "Item::Empty".into(),
            1 => format!("Item::One({})", self.number(2)),
            _ => format!("Item::Pair {{ a: {}, b: text.clone() }}", self.number(1)),
        }
    }

    fn condition(&mut self) -> String {
        let sign = self.chance.of(&["<", "<=", "==", "!=", ">", ">="]);
        let first = format!("{} {sign} {}", self.number(1), self.number(1));
        match self.chance.below(3) {
            0 => format!("({first}) && {} != 3", self.number(1)),
            1 => format!("({first}) || {} > 7", self.number(1)),
            _ => first,
        }
    }

    /// An expression of type `int` that cannot overflow.
    fn number(&mut self, depth: usize) -> String {
        let kind = self.chance.below(if depth == 0 { 2 } else { 7 });
        match kind {
            0 => self.chance.below(20).to_string(),
            1 => self.names[self.chance.below(self.names.len())].clone(),
            2 | 3 => {
                let method = self.chance.of(&["wrapping_add", "wrapping_sub", "wrapping_mul", "min", "max"]);
                format!("({}).{method}({})", self.number(depth - 1), self.number(depth - 1))
            }
            4 if self.functions > 0 => {
                let function = self.chance.below(self.functions);
                format!("f{function}({}, {})", self.number(depth - 1), self.number(depth - 1))
            }
            5 => format!("({} % {})", self.number(depth - 1), 2 + self.chance.below(9)),
            _ => format!("(if {} {{ {} }} else {{ {} }})", self.condition(), self.number(depth - 1), self.number(depth - 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_brings_the_same_program_back() {
        assert_eq!(program(&mut Chance::new(7)), program(&mut Chance::new(7)));
        assert_ne!(program(&mut Chance::new(7)), program(&mut Chance::new(8)));
        assert_eq!(pieces("ab1 + é").concat(), "ab1 + é");
        assert_ne!(broken("fn main() {}", &mut Chance::new(1)), "");
    }
}
