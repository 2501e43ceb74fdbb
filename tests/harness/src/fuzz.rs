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

/// A program that compiles, ends, and prints what it computed. Its functions call only those before them, so that all end.
pub fn program(chance: &mut Chance) -> String {
    let mut maker = Maker { chance, out: String::new(), functions: 0, scope: Scope::default(), next: 0 };
    maker.out.push_str(DECLARATIONS);
    for _ in 0..1 + maker.chance.below(3) {
        maker.function();
    }
    maker.out.push_str(START);
    maker.scope = Scope { numbers: vec!["list.len()".into(), "text.len()".into(), "point.x".into(), "seen.get()".into()], in_task: false };
    for _ in 0..5 + maker.chance.below(9) {
        maker.step(1);
    }
    maker.out.push_str("    println(\"{list} {text} {items} {map} {point} {seen.get()}\")\n}\n");
    maker.out
}

/// What programs are made of: types, a generic one, a trait with objects, functions that take callbacks and channels.
const DECLARATIONS: &str = "\
#[derive(Clone, Show, Eq)]
enum Item { Empty, One(int), Pair { a: int, b: String }, Many(Vec<Item>) }

#[derive(Clone, Copy, Show, Eq, Ord, Hash, Default)]
struct Point { x: int, y: int }
impl Add for Point { type Output = Point; fn add(self, by: Point) -> Point { Point { x: self.x.wrapping_add(by.x), y: self.y.wrapping_add(by.y) } } }

trait Weigh {
    fn weigh(&self) -> int
    fn twice(&self) -> int { self.weigh().wrapping_mul(2) }
}
impl Weigh for Point { fn weigh(&self) -> int { self.x.wrapping_sub(self.y) } }
impl Weigh for Item {
    fn weigh(&self) -> int {
        match self {
            Item::Empty => 0,
            Item::One(n @ 0..=9) => *n,
            Item::One(n) => n % 100,
            Item::Pair { a, b } if b.len() > 3 => a.wrapping_add(b.len()),
            Item::Pair { a, .. } => *a,
            Item::Many(list) => list.iter().fold(0, |sum, item| sum.wrapping_add(item.weigh())),
        }
    }
    fn twice(&self) -> int { 1 }
}
struct Noted<T> { value: T, seen: Rc<Cell<int>> }
impl<T> Noted<T> {
    fn new(value: T, seen: &Rc<Cell<int>>) -> Noted<T> { Noted { value, seen: seen.clone() } }
    fn take(self) -> Option<T> where T: Clone { Some(self.value.clone()) }
}
impl<T> Drop for Noted<T> { fn drop(&mut self) { self.seen.set(self.seen.get() + 1) } }

fn best<T: Ord + Clone>(list: &[T]) -> Option<T> { list.iter().max().cloned() }
fn apply(n: int, f: impl Fn(int) -> int) -> int { f(f(n)) }
fn check(n: int) -> Result<int, String> { if n % 3 == 0 { Err(\"{n} is a third\") } else { Ok(n) } }
fn both(a: int, b: int) -> Result<int, String> { Ok(check(a)?.wrapping_add(check(b)?)) }
fn change(list: &mut Vec<int>, n: int) -> int { if let Some(first) = list.first_mut() { *first = first.wrapping_add(n); *first } else { list.push(n); n } }

";

const START: &str = "\
fn main() {
    let mut list = vec[1, 2, 3]
    let mut text = \"t\"
    let mut items: Vec<Item> = Vec::new()
    let mut map: Map<int, int> = Map::new()
    let mut point = Point::default()
    let seen = Rc::new(Cell::new(0))
";

#[derive(Clone, Default)]
struct Scope {
    /// Expressions of type `int` that may be read here.
    numbers: Vec<String>,
    /// Inside of a task only what it owns may be read.
    in_task: bool,
}

struct Maker<'a> {
    chance: &'a mut Chance,
    out: String,
    functions: usize,
    scope: Scope,
    next: usize,
}

impl Maker<'_> {
    fn function(&mut self) {
        self.scope = Scope { numbers: vec!["a".into(), "b".into()], in_task: true };
        let (test, yes, no) = (self.condition(), self.number(2), self.number(2));
        let rest = self.number(3);
        self.out.push_str(&format!(
            "fn f{}(a: int, b: int) -> int {{\n    let c = if {test} {{ {yes} }} else {{ {no} }}\n    c.wrapping_mul(3).wrapping_add({rest}) % 10007\n}}\n\n",
            self.functions
        ));
        self.functions += 1;
    }

    fn name(&mut self, start: &str) -> String {
        self.next += 1;
        format!("{start}{}", self.next)
    }

    fn step(&mut self, depth: usize) {
        let indent = "    ".repeat(depth);
        let kinds = if depth < 3 { 22 } else { 16 };
        let line = match self.chance.below(kinds) {
            0 => format!("list.push({})", self.number(2)),
            1 => format!("text += \"{{{}}}\"", self.number(2)),
            2 => format!("println(\"{{{}:>4}}\")", self.number(3)),
            3 => format!("items.push({})", self.item(2)),
            4 => format!("if let Some(last) = list.pop() {{ list.push(last.wrapping_sub({})) }}", self.number(1)),
            5 => format!("match items.last() {{ Some(Item::One(n)) if *n > {} => println(\"one {{n}}\"), Some(other) => println(\"{{other}} {{other.twice()}}\"), None => println(\"none\") }}", self.number(1)),
            6 => format!("println(\"{{list.iter().map(|n| n.wrapping_mul({})).filter(|n| n % 2 == 0).count()}}\")", self.number(1)),
            7 => format!("*map.entry({}).or_insert(0) += 1", self.number(1)),
            8 => format!("if let Some(n) = map.remove(&{}) {{ println(\"gone {{n}}\") }}", self.number(1)),
            9 => format!("point = point + Point {{ x: {}, ..point }}", self.number(1)),
            10 => {
                let (a, b) = (self.number(1), self.number(1));
                format!("match both({a}, {b}) {{ Ok(n) => println(\"{{n}}\"), Err(why) => println(\"{{why}}\") }}")
            }
            11 => {
                let (things, more) = (self.item(1), self.number(1));
                format!("{{ let things: Vec<Box<dyn Weigh>> = vec[Box::new(point), Box::new({things})]; println(\"{{things.iter().map(|thing| thing.twice()).fold({more}, |a, b| a.wrapping_add(b))}}\") }}")
            }
            12 => {
                let (value, test) = (self.item(1), self.condition());
                format!("{{ let noted = Noted::new({value}, &seen); let more = Noted::new(1, &seen); if {test} {{ println(\"{{noted.take()}}\") }} else {{ drop(more) }} }}")
            }
            13 => {
                let n = self.number(1);
                format!("{{ let n = {n}; println(\"{{change(&mut list, n)}} {{best(&list)}} {{best(&[point, Point {{ x: 1, y: 2 }}])}}\") }}")
            }
            14 => {
                let (n, by) = (self.number(1), self.number(1));
                format!("{{ let by = {by}; println(\"{{apply({n}, |n| n.wrapping_mul(3).wrapping_sub(by))}}\") }}")
            }
            15 => "list.sort(); list.dedup(); for (i, n) in list.iter_mut().enumerate() { *n = n.wrapping_add(i) }".into(),
            16 => {
                let (name, value) = (self.name("x"), self.number(3));
                self.out.push_str(&format!("{indent}let {name} = {value}\n{indent}println(\"{{{name}}}\")\n"));
                self.scope.numbers.push(name);
                return;
            }
            17 => {
                let counter = self.name("i");
                let range = if self.chance.below(2) == 0 { "0..=" } else { "1.." };
                let head = format!("for {counter} in {range}{}", 1 + self.chance.below(4));
                return self.block(head, depth, Some(counter));
            }
            18 => {
                let test = self.condition();
                return self.block(format!("if {test}"), depth, None);
            }
            19 => return self.tasks(&indent),
            20 => return self.channel(&indent),
            _ => {
                let label = self.name("x");
                let (start, limit) = (self.number(1), self.number(1));
                self.out.push_str(&format!(
                    "{indent}let {label} = {{ let mut left = {start} % 7; loop {{ left -= 1; if left < 0 {{ break left.wrapping_add({limit}) }} }} }}\n"
                ));
                self.scope.numbers.push(label);
                return;
            }
        };
        self.out.push_str(&format!("{indent}{line}\n"));
    }

    fn block(&mut self, head: String, depth: usize, counter: Option<String>) {
        let indent = "    ".repeat(depth);
        let before = self.scope.numbers.len();
        self.out.push_str(&format!("{indent}{head} {{\n"));
        if let Some(counter) = counter {
            self.out.push_str(&format!("{indent}    print(\"{{{counter}}} \")\n"));
            self.scope.numbers.push(counter);
        }
        for _ in 0..1 + self.chance.below(3) {
            self.step(depth + 1);
        }
        self.out.push_str(&format!("{indent}}}\n"));
        self.scope.numbers.truncate(before);
    }

    /// Numbers of which each task owns a copy, so that any order gives the same.
    fn tasks(&mut self, indent: &str) {
        let (a, b, whole) = (self.name("a"), self.name("b"), self.name("x"));
        let (first, second) = (self.number(2), self.number(2));
        let outer = std::mem::replace(&mut self.scope, Scope { numbers: vec![a.clone(), b.clone()], in_task: true });
        let (one, two) = (self.number(3), self.number(3));
        self.scope = outer;
        self.out.push_str(&format!(
            "{indent}let ({a}, {b}) = ({first}, {second})\n{indent}let {whole} = scope {{\n{indent}    let left = spawn {{ {one} }}\n{indent}    let right = spawn {{ {two} }}\n{indent}    let (l, r) = join (left, right)\n{indent}    l.wrapping_sub(r)\n{indent}}}\n"
        ));
        self.scope.numbers.push(whole);
    }

    fn channel(&mut self, indent: &str) {
        let (sum, capacity, count) = (self.name("x"), self.chance.below(3), 1 + self.chance.below(5));
        let outer = std::mem::replace(&mut self.scope, Scope { numbers: vec!["n".into()], in_task: true });
        let sent = self.number(2);
        self.scope = outer;
        self.out.push_str(&format!(
            "{indent}let {sum} = scope {{\n{indent}    let (tx, rx) = channel<int>({capacity})\n{indent}    spawn {{ for n in 0..{count} {{ if tx.send({sent}).is_err() {{ break }} }} }}\n{indent}    let mut sum = 0\n{indent}    for n in rx {{ sum = sum.wrapping_mul(31).wrapping_add(n) }}\n{indent}    sum\n{indent}}}\n"
        ));
        self.scope.numbers.push(sum);
    }

    fn item(&mut self, depth: usize) -> String {
        match self.chance.below(if depth == 0 { 3 } else { 4 }) {
            0 => "Item::Empty".into(),
            1 => format!("Item::One({})", self.number(2)),
            2 => format!("Item::Pair {{ a: {}, b: text.clone() }}", self.number(1)),
            _ => format!("Item::Many(vec[{}, {}])", self.item(depth - 1), self.item(depth - 1)),
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
        let kind = self.chance.below(if depth == 0 { 2 } else { 10 });
        match kind {
            0 => self.chance.below(20).to_string(),
            1 => self.scope.numbers[self.chance.below(self.scope.numbers.len())].clone(),
            2 | 3 => {
                let method = self.chance.of(&["wrapping_add", "wrapping_sub", "wrapping_mul", "min", "max"]);
                format!("({}).{method}({})", self.number(depth - 1), self.number(depth - 1))
            }
            4 if self.functions > 0 => {
                let function = self.chance.below(self.functions);
                format!("f{function}({}, {})", self.number(depth - 1), self.number(depth - 1))
            }
            5 => format!("({} % {})", self.number(depth - 1), 2 + self.chance.below(9)),
            6 if !self.scope.in_task => {
                let at = self.number(depth - 1);
                format!("list.get({at}).copied().unwrap_or({})", self.chance.below(9))
            }
            7 => format!("(match {} {{ 0 => 1, n @ 1..=9 => n, n if n < 0 => 3, _ => 2 }})", self.number(depth - 1)),
            8 => format!("(0..{}).map(|k| k.wrapping_mul({})).fold(0, |a, b| a.wrapping_add(b))", self.chance.below(5), self.number(depth - 1)),
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
