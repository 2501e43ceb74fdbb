//! Makes up functions about ownership: well-typed, rich in references, views, closures, loops and drops, most of them on the edge
//! of what is allowed. Each is judged by the compiler, and what it accepts is run by the oracle: a step that the oracle forbids is
//! a hole in the checker. A find is made smaller line by line until nothing can go.

use crate::compiler::{Done, Folder, call};
use crate::fuzz::Chance;
use std::fmt::Write;

/// Owners, views and functions that all of them use.
pub const PARTS: &str = include_str!("ownership/parts.aur");

/// A type of the made-up programs.
#[derive(Clone, PartialEq, Eq, Debug)]
enum T {
    Int,
    Text,
    Vec(Box<T>),
    Opt(Box<T>),
    Box(Box<T>),
    Ref(Box<T>),
    Mut(Box<T>),
    Slice,
    SliceMut,
    Str,
    Pair2(Box<T>, Box<T>),
    /// A declared type by its name.
    Named(&'static str),
}

use T::{Int, Mut, Named, Opt, Pair2, Ref, Slice, SliceMut, Str, Text};

fn vec_of(of: T) -> T {
    T::Vec(Box::new(of))
}
fn opt(of: T) -> T {
    Opt(Box::new(of))
}
fn shared(of: T) -> T {
    Ref(Box::new(of))
}
fn exclusive(of: T) -> T {
    Mut(Box::new(of))
}
fn ints() -> T {
    vec_of(Int)
}

impl T {
    fn show(&self) -> String {
        match self {
            Int => "int".into(),
            Text => "String".into(),
            T::Vec(of) => format!("Vec<{}>", of.show()),
            Opt(of) => format!("Option<{}>", of.show()),
            T::Box(of) => format!("Box<{}>", of.show()),
            Ref(of) => format!("&{}", of.show()),
            Mut(of) => format!("&mut {}", of.show()),
            Slice => "&[int]".into(),
            SliceMut => "&mut [int]".into(),
            Str => "&str".into(),
            Pair2(a, b) => format!("({}, {})", a.show(), b.show()),
            Named(name) => (*name).into(),
        }
    }

    fn is_copy(&self) -> bool {
        match self {
            Int | Ref(_) | Slice | Str => true,
            Opt(of) => of.is_copy(),
            Pair2(a, b) => a.is_copy() && b.is_copy(),
            _ => false,
        }
    }

    fn is_view(&self) -> bool {
        match self {
            Int | Text => false,
            T::Vec(of) | Opt(of) | T::Box(of) => of.is_view(),
            Ref(_) | Mut(_) | Slice | SliceMut | Str => true,
            Pair2(a, b) => a.is_view() || b.is_view(),
            Named(name) => !matches!(*name, "Pair" | "Node" | "Noisy" | "Kind"),
        }
    }

    /// Name, type and whether it can be moved out.
    fn fields(&self) -> Vec<(&'static str, T, bool)> {
        match self {
            Pair2(a, b) => vec![("0", (**a).clone(), true), ("1", (**b).clone(), true)],
            Named("Pair") => vec![("a", Int, true), ("b", ints(), true)],
            Named("Node") => vec![("v", Int, true), ("next", opt(T::Box(Box::new(Named("Node")))), true)],
            Named("Noisy") => vec![("0", ints(), false)],
            Named("Peek") => vec![("x", shared(Int), true)],
            Named("Hold") => vec![("v", exclusive(ints()), true)],
            Named("Cursor") => vec![("items", Slice, true), ("at", Int, true)],
            Named("Guard") => vec![("at", exclusive(Int), false)],
            Named("Two") => vec![("a", shared(ints()), true), ("b", exclusive(ints()), true)],
            Named("Words") => vec![("text", Str, true)],
            Named("Sink") => vec![("out", exclusive(vec_of(shared(Int))), true)],
            _ => Vec::new(),
        }
    }
}

/// Functions of the parts: name, parameters, result.
fn functions() -> Vec<(&'static str, Vec<T>, T)> {
    let (r, m) = (|| shared(Int), || exclusive(Int));
    vec![
        ("pick(_, _, ?)", vec![r(), r()], r()),
        ("pick_mut(_, _, ?)", vec![m(), m()], m()),
        ("only_a(_, _)", vec![r(), r()], r()),
        ("first(_)", vec![shared(ints())], r()),
        ("first_mut(_)", vec![exclusive(ints())], m()),
        ("find_mut(_, 2)", vec![exclusive(ints())], m()),
        ("get(_, _)", vec![shared(ints()), Int], opt(r())),
        ("get_mut(_, _)", vec![exclusive(ints()), Int], opt(m())),
        ("take_out(_)", vec![exclusive(opt(r()))], opt(r())),
        ("take_mut(_)", vec![exclusive(opt(m()))], opt(m())),
        ("hold(_)", vec![exclusive(ints())], Named("Hold")),
        ("cursor(_)", vec![Slice], Named("Cursor")),
        ("peek(_)", vec![r()], Named("Peek")),
        ("guard(_)", vec![m()], Named("Guard")),
        ("words(_)", vec![Str], Named("Words")),
        ("last(_)", vec![exclusive(Named("Node"))], exclusive(Named("Node"))),
        ("halves(_)", vec![SliceMut], Pair2(Box::new(SliceMut), Box::new(SliceMut))),
        ("link(_)", vec![exclusive(opt(T::Box(Box::new(Named("Node")))))], exclusive(opt(T::Box(Box::new(Named("Node")))))),
        ("drain(_)", vec![exclusive(Named("Cursor"))], opt(r())),
        ("drain(_)", vec![exclusive(Named("Rows"))], opt(m())),
        ("_.a()", vec![exclusive(Named("Pair"))], m()),
        ("_.b()", vec![shared(Named("Pair"))], shared(ints())),
        ("_.both()", vec![exclusive(Named("Pair"))], Pair2(Box::new(m()), Box::new(exclusive(ints())))),
        ("_.get()", vec![shared(Named("Peek"))], r()),
        ("_.top()", vec![exclusive(Named("Hold"))], m()),
        ("_.see()", vec![shared(Named("Hold"))], opt(r())),
        ("_.all()", vec![Named("Hold")], exclusive(ints())),
        ("_.step()", vec![exclusive(Named("Cursor"))], opt(r())),
        ("_.rest()", vec![shared(Named("Cursor"))], Slice),
        ("_.word()", vec![exclusive(Named("Words"))], Str),
        ("_.pull()", vec![exclusive(Named("Cursor"))], opt(r())),
        ("_.pull()", vec![exclusive(Named("Rows"))], opt(m())),
        ("Sink { out: _ }", vec![exclusive(vec_of(r()))], Named("Sink")),
        ("Rows { left: _ }", vec![SliceMut], Named("Rows")),
        ("Two { a: _, b: _ }", vec![shared(ints()), exclusive(ints())], Named("Two")),
        ("choose(_, |x| *x > ! % 3)", vec![shared(ints())], opt(r())),
        ("_.iter().max()", vec![shared(ints())], opt(r())),
        ("_.iter().map(|x| x).collect()", vec![shared(ints())], vec_of(r())),
        ("_.iter().filter(|x| **x > 1).collect()", vec![shared(ints())], vec_of(r())),
        ("_.iter_mut().collect()", vec![exclusive(ints())], vec_of(m())),
        ("_.first()", vec![shared(ints())], opt(r())),
        ("_.last_mut()", vec![exclusive(ints())], opt(m())),
        ("&_[..]", vec![shared(ints())], Slice),
        ("&mut _[..]", vec![exclusive(ints())], SliceMut),
        ("&_[_ % 2..]", vec![Slice, Int], Slice),
        ("&mut _[1..]", vec![SliceMut], SliceMut),
        ("&_[0]", vec![Slice], r()),
        ("&mut _[0]", vec![SliceMut], m()),
        ("_.trim()", vec![Str], Str),
        ("&_[..]", vec![shared(Text)], Str),
        ("_.len()", vec![Slice], Int),
        ("node(_, None)", vec![Int], Named("Node")),
        ("Pair { a: _, b: _ }", vec![Int, ints()], Named("Pair")),
        ("Noisy(_)", vec![ints()], Named("Noisy")),
        ("Kind::Many(_)", vec![ints()], Named("Kind")),
        ("Kind::Deep(Box::new(_))", vec![Named("Kind")], Named("Kind")),
        ("_.as_ref()", vec![shared(opt(Int))], opt(r())),
        ("_.as_mut()", vec![exclusive(opt(Int))], opt(m())),
        ("_.unwrap()", vec![opt(r())], r()),
        ("_.unwrap()", vec![opt(m())], m()),
        ("_.to_upper()", vec![Str], Text),
        ("run(|| { ! += 1; _.look() })", vec![shared(Int)], Int),
        ("_.iter().sum()", vec![Slice], Int),
        ("_.iter().copied().fold(0, |a, b| a.wrapping_add(b))", vec![Slice], Int),
    ]
}

#[derive(Clone)]
struct Variable {
    name: String,
    ty: T,
    /// Declared `mut`.
    change: bool,
    /// In how many blocks it stands: only there it may be moved away.
    level: usize,
}

/// A place: how it is written, its type, whether it can be changed and whether it can be moved out.
#[derive(Clone)]
struct Spot {
    text: String,
    ty: T,
    /// Of which variable it is a part.
    root: usize,
    change: bool,
    take: bool,
    /// Behind a shared reference.
    shared: bool,
}

struct Maker<'a> {
    chance: &'a mut Chance,
    out: String,
    variables: Vec<Variable>,
    next: usize,
    deep: usize,
    loops: usize,
    functions: Vec<(&'static str, Vec<T>, T)>,
    in_closure: bool,
}

/// One function `made_N(bits: int)`.
pub fn function(number: u64, chance: &mut Chance) -> String {
    let mut maker = Maker { chance, out: String::new(), variables: Vec::new(), next: 0, deep: 1, loops: 0, functions: functions(), in_closure: false };
    maker.out = format!("fn made_{number}(bits: int) {{\n    let mut acc = bits\n");
    maker.bind("acc", Int, true);
    for _ in 0..2 + maker.chance.below(3) {
        let ty = maker.owner();
        maker.binding(&ty);
    }
    for _ in 0..3 + maker.chance.below(7) {
        maker.statement();
    }
    // What is there at the end is mostly looked at.
    for index in (0..maker.variables.len()).rev() {
        if maker.chance.below(3) > 0 {
            let name = maker.variables[index].name.clone();
            maker.line(&format!("acc = acc.wrapping_add({name}.look())"));
        }
    }
    maker.out.push_str("}\n\n");
    maker.out
}

impl Maker<'_> {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{}{text}", "    ".repeat(self.deep));
    }

    fn owner(&mut self) -> T {
        match self.chance.below(12) {
            0..3 => ints(),
            3 => Int,
            4 => Named("Pair"),
            5 => Named("Node"),
            6 => Named("Noisy"),
            7 => opt(T::Box(Box::new(Named("Node")))),
            8 => Named("Kind"),
            9 => Text,
            10 => vec_of(ints()),
            _ => opt(Int),
        }
    }

    fn view(&mut self) -> T {
        match self.chance.below(26) {
            0..3 => shared(Int),
            3..6 => exclusive(Int),
            6 => shared(ints()),
            7 => exclusive(ints()),
            8 => opt(shared(Int)),
            9 => opt(exclusive(Int)),
            10 => vec_of(shared(Int)),
            11 => vec_of(exclusive(Int)),
            12 => Slice,
            13 => SliceMut,
            14 => Named("Peek"),
            15 => Named("Hold"),
            16 => Named("Cursor"),
            17 => Named("Guard"),
            18 => Named("Two"),
            19 => Pair2(Box::new(shared(Int)), Box::new(exclusive(ints()))),
            20 => exclusive(shared(Int)),
            21 => exclusive(opt(shared(Int))),
            22 => Named("Words"),
            23 => exclusive(vec_of(shared(Int))),
            24 => Named("Sink"),
            _ => Named("Rows"),
        }
    }

    fn any_type(&mut self) -> T {
        if self.chance.below(4) == 0 { self.owner() } else { self.view() }
    }

    fn condition(&mut self) -> String {
        match self.chance.below(3) {
            0 => "acc % 2 == 0".into(),
            _ => format!("bits & {} != 0", 1 << self.chance.below(3)),
        }
    }

    fn fresh(&mut self) -> String {
        // Now and then a name again.
        if self.chance.below(12) == 0 && self.variables.len() > 3 {
            let at = 1 + self.chance.below(self.variables.len() - 1);
            return self.variables[at].name.clone();
        }
        self.next += 1;
        format!("v{}", self.next)
    }

    fn bind(&mut self, name: &str, ty: T, change: bool) {
        self.variables.retain(|variable| variable.name != name);
        self.variables.push(Variable { name: name.into(), ty, change, level: self.deep });
    }

    fn binding(&mut self, ty: &T) {
        let value = self.value(ty, 3);
        let name = self.fresh();
        self.line(&format!("let mut {name}: {} = {value}", ty.show()));
        self.bind(&name, ty.clone(), true);
    }

    /// Every place that can be named, up to a few steps deep.
    fn places(&self) -> Vec<Spot> {
        let mut found: Vec<Spot> = Vec::new();
        for (root, variable) in self.variables.iter().enumerate() {
            let take = variable.level == self.deep;
            found.push(Spot { text: variable.name.clone(), ty: variable.ty.clone(), root, change: variable.change, take, shared: false });
        }
        let mut next = 0;
        while next < found.len() && found.len() < 200 {
            let spot = found[next].clone();
            next += 1;
            if spot.text.len() > 24 {
                continue;
            }
            let text = if spot.text.starts_with('*') { format!("({})", spot.text) } else { spot.text.clone() };
            for (name, ty, take) in spot.ty.fields() {
                found.push(Spot { text: format!("{text}.{name}"), ty, take: spot.take && take, ..spot.clone() });
            }
            let behind = |of: &T| Spot { text: format!("*{}", spot.text), ty: of.clone(), take: false, ..spot.clone() };
            match &spot.ty {
                Ref(of) => found.push(Spot { change: false, shared: true, ..behind(of) }),
                Mut(of) => found.push(Spot { change: !spot.shared, ..behind(of) }),
                T::Box(of) => found.push(Spot { take: spot.take, ..behind(of) }),
                T::Vec(of) => found.push(Spot { text: format!("{text}[0]"), ..behind(of) }),
                SliceMut => found.push(Spot { text: format!("{text}[0]"), change: !spot.shared, ..behind(&Int) }),
                Slice => found.push(Spot { text: format!("{text}[0]"), change: false, ..behind(&Int) }),
                _ => {}
            }
        }
        found
    }

    /// A value taken out of a place is there no more.
    fn taken(&mut self, spot: Spot) -> String {
        if !spot.ty.is_copy() {
            self.variables.remove(spot.root);
        }
        spot.text
    }

    fn place(&mut self, fits: impl Fn(&Spot) -> bool) -> Option<Spot> {
        let all: Vec<Spot> = self.places().into_iter().filter(|spot| fits(spot)).collect();
        // The later ones are more interesting.
        (!all.is_empty()).then(|| {
            let at = self.chance.below(all.len()).max(self.chance.below(all.len()));
            all[at].clone()
        })
    }

    fn value(&mut self, ty: &T, fuel: usize) -> String {
        if fuel > 0 {
            for _ in 0..3 {
                let made = match self.chance.below(8) {
                    0..3 => self.from_place(ty),
                    3..6 => self.from_function(ty, fuel),
                    6 => {
                        let inner = self.value(ty, fuel - 1);
                        Some(match self.chance.below(3) {
                            0 => format!("same({inner})"),
                            1 => format!("both({inner}, {}, {})", self.value(ty, fuel - 1), self.condition()),
                            _ => format!("if {} {{ {inner} }} else {{ {} }}", self.condition(), self.value(ty, fuel - 1)),
                        })
                    }
                    _ => None,
                };
                if let Some(made) = made {
                    return made;
                }
            }
        }
        self.plain(ty, fuel)
    }

    fn from_place(&mut self, ty: &T) -> Option<String> {
        match ty {
            Ref(of) if self.chance.below(3) > 0 => self.place(|spot| spot.ty == **of).map(|spot| format!("&{}", spot.text)),
            Mut(of) if self.chance.below(3) > 0 => self.place(|spot| spot.change && spot.ty == **of).map(|spot| format!("&mut {}", spot.text)),
            _ => self.place(|spot| spot.ty == *ty && (spot.take || ty.is_copy())).map(|spot| self.taken(spot)),
        }
    }

    fn from_function(&mut self, ty: &T, fuel: usize) -> Option<String> {
        let fit: Vec<(&'static str, Vec<T>, T)> = self.functions.iter().filter(|(_, _, result)| result == ty).cloned().collect();
        if fit.is_empty() {
            return None;
        }
        let (template, params, _) = fit[self.chance.below(fit.len())].clone();
        Some(self.fill(template, &params, fuel - 1))
    }

    /// `_` are values of the parameters' types, `?` a condition, `!` a number that can be changed.
    fn fill(&mut self, template: &str, params: &[T], fuel: usize) -> String {
        let mut params = params.iter();
        let mut text = String::new();
        let receiver = template.starts_with("_.") || template.starts_with("_[");
        for (index, letter) in template.chars().enumerate() {
            match letter {
                '_' if template.as_bytes().get(index.wrapping_sub(1)).is_none_or(|before| !before.is_ascii_alphanumeric()) => {
                    let Some(param) = params.next() else {
                        text.push('_');
                        continue;
                    };
                    let value = self.value(param, fuel);
                    let wrapped = receiver && index == 0 || template[index..].starts_with("_[") || template[index..].starts_with("_.");
                    text.push_str(&if wrapped { format!("({value})") } else { value });
                }
                '?' => text.push_str(&self.condition()),
                '!' if !template[index..].starts_with("!=") => {
                    let number = self.place(|spot| spot.ty == Int && spot.change).map_or_else(|| "acc".into(), |spot| spot.text);
                    text.push_str(&number);
                }
                other => text.push(other),
            }
        }
        text
    }

    /// Without what is there, as far as that goes.
    fn plain(&mut self, ty: &T, fuel: usize) -> String {
        let fuel = fuel.saturating_sub(1);
        match ty {
            Int => self.chance.below(9).to_string(),
            Text => "\"some words here\".to_upper()".into(),
            T::Vec(of) => match self.chance.below(3) {
                0 if of.is_view() => "Vec::new()".into(),
                _ => format!("vec[{}, {}]", self.plain_or_place(of, fuel), self.plain_or_place(of, fuel)),
            },
            Opt(of) => match self.chance.below(3) {
                0 => "None".into(),
                _ => format!("Some({})", self.plain_or_place(of, fuel)),
            },
            T::Box(of) => format!("Box::new({})", self.value(of, fuel.min(1))),
            Ref(of) => self.place(|spot| spot.ty == **of).map_or_else(|| format!("&{}", self.plain(of, fuel)), |spot| format!("&{}", spot.text)),
            Mut(of) => self
                .place(|spot| spot.change && spot.ty == **of)
                .map_or_else(|| format!("&mut {}", self.plain(of, fuel)), |spot| format!("&mut {}", spot.text)),
            Slice => self.place(|spot| spot.ty == ints()).map_or_else(|| "&[1, 2]".into(), |spot| format!("&{}", spot.text)),
            SliceMut => self.place(|spot| spot.change && spot.ty == ints()).map_or_else(|| "&mut [1, 2]".into(), |spot| format!("&mut {}", spot.text)),
            Str => self.place(|spot| spot.ty == Text).map_or_else(|| "\"a b c\"".into(), |spot| format!("&{}", spot.text)),
            Pair2(a, b) => format!("({}, {})", self.plain_or_place(a, fuel), self.plain_or_place(b, fuel)),
            Named("Pair") => format!("Pair {{ a: {}, b: vec[1, 2] }}", self.chance.below(5)),
            Named("Node") => "node(1, Some(Box::new(node(2, None))))".into(),
            Named("Noisy") => "Noisy(vec[3])".into(),
            Named("Kind") => ["Kind::Empty", "Kind::One(3)", "Kind::Many(vec[1])", "Kind::Deep(Box::new(Kind::One(2)))"][self.chance.below(4)].into(),
            Named("Peek") => format!("Peek {{ x: {} }}", self.plain(&shared(Int), fuel)),
            Named("Hold") => format!("Hold {{ v: {} }}", self.plain(&exclusive(ints()), fuel)),
            Named("Cursor") => format!("cursor({})", self.plain(&Slice, fuel)),
            Named("Guard") => format!("Guard {{ at: {} }}", self.plain(&exclusive(Int), fuel)),
            Named("Two") => format!("Two {{ a: {}, b: {} }}", self.plain(&shared(ints()), fuel), self.plain(&exclusive(ints()), fuel)),
            Named("Words") => format!("words({})", self.plain(&Str, fuel)),
            Named("Sink") => format!("Sink {{ out: {} }}", self.plain(&exclusive(vec_of(shared(Int))), fuel)),
            Named("Rows") => format!("Rows {{ left: {} }}", self.plain(&SliceMut, fuel)),
            Named(other) => panic!("nothing makes a `{other}`"),
        }
    }

    fn plain_or_place(&mut self, ty: &T, fuel: usize) -> String {
        if fuel > 0 && self.chance.below(2) == 0 { self.value(ty, fuel) } else { self.plain(ty, fuel) }
    }

    /// Statements between brackets; what they declare is gone behind them.
    fn block(&mut self, count: usize) {
        let before = self.variables.clone();
        self.inner(count);
        self.variables = before;
    }

    fn inner(&mut self, count: usize) {
        self.deep += 1;
        for _ in 0..count {
            self.statement();
        }
        self.deep -= 1;
    }

    /// The same with names that are there inside only.
    fn block_with(&mut self, names: &[(&str, T)], count: usize) {
        let before = self.variables.clone();
        self.deep += 1;
        for (name, ty) in names {
            self.bind(name, ty.clone(), false);
        }
        self.deep -= 1;
        self.inner(count);
        self.variables = before;
    }

    fn statement(&mut self) {
        let limit = if self.deep > 3 { 13 } else { 24 };
        match self.chance.below(limit) {
            0..4 => {
                let ty = self.any_type();
                self.binding(&ty);
            }
            4 | 5 => {
                if let Some(spot) = self.place(|spot| spot.change && spot.text != "acc") {
                    let name = self.variables[spot.root].name.clone();
                    let value = self.value(&spot.ty, 2);
                    // Unless it went into its own new value.
                    if self.variables.iter().any(|variable| variable.name == name) {
                        self.line(&format!("{} = {value}", spot.text));
                    }
                }
            }
            6..9 => {
                if let Some(spot) = self.place(|_| true) {
                    self.line(&format!("acc = acc.wrapping_add(({}).look())", spot.text));
                }
            }
            9..12 => self.action(),
            12 => self.leave(),
            13 | 14 => {
                let condition = self.condition();
                self.line(&format!("if {condition} {{"));
                let count = 1 + self.chance.below(3);
                self.block(count);
                if self.chance.below(2) == 0 {
                    self.line("} else {");
                    self.block(count);
                }
                self.line("}");
            }
            15 | 16 => self.cycle(),
            17..20 => self.take_apart(),
            20 | 21 => self.closure(),
            22 => {
                self.line("{");
                let count = 1 + self.chance.below(4);
                self.block(count);
                self.line("}");
            }
            _ => {
                let names = ["Pair", "Node", "Kind"];
                let name = names[self.chance.below(3)];
                if let Some(spot) = self.place(|spot| spot.ty == Named(name)) {
                    let lent = self.lend(&spot);
                    let text = format!("{}{}", ["&", "&mut ", ""][lent], spot.text);
                    let lent = |ty: T| [shared(ty.clone()), exclusive(ty.clone()), ty][lent].clone();
                    match name {
                        "Pair" => {
                            self.line(&format!("let Pair {{ a, b }} = {text}"));
                            self.bind("a", lent(Int), false);
                            self.bind("b", lent(ints()), false);
                        }
                        "Node" => {
                            self.line(&format!("let Node {{ v, next }} = {text}"));
                            self.bind("v", lent(Int), false);
                            self.bind("next", lent(opt(T::Box(Box::new(Named("Node"))))), false);
                        }
                        _ => {
                            self.line(&format!("match {text} {{"));
                            self.deep += 1;
                            self.line("Kind::Many(m) => {");
                            self.block_with(&[("m", lent(ints()))], 2);
                            self.line("}");
                            self.line("Kind::One(n) => {");
                            self.block_with(&[("n", lent(Int))], 2);
                            self.line("}");
                            self.line("_ => {}");
                            self.deep -= 1;
                            self.line("}");
                        }
                    }
                }
            }
        }
    }

    /// A way out in the middle.
    fn leave(&mut self) {
        let condition = self.condition();
        let way = match self.chance.below(4) {
            0 | 1 if self.loops > 0 && !self.in_closure => ["break", "continue"][self.chance.below(2)],
            2 if !self.in_closure => "return",
            _ => "panic(\"out\")",
        };
        self.line(&format!("if {condition} {{ {way} }}"));
    }

    /// A call for what it does.
    fn action(&mut self) {
        let (r, m) = (|| shared(Int), || exclusive(Int));
        let choices: Vec<(&str, Vec<T>)> = vec![
            ("put(_, _)", vec![exclusive(opt(r())), r()]),
            ("put_in(_, _)", vec![exclusive(vec_of(r())), r()]),
            ("set_ref(_, _)", vec![exclusive(r()), r()]),
            ("swap_refs(_, _)", vec![exclusive(r()), exclusive(r())]),
            ("(_).push(_)", vec![exclusive(ints()), Int]),
            ("(_).push(_)", vec![exclusive(vec_of(r())), r()]),
            ("(_).push(_)", vec![exclusive(vec_of(m())), m()]),
            ("(_).clear()", vec![exclusive(ints())]),
            ("(_).pop()", vec![exclusive(ints())]),
            ("(_).give(_)", vec![exclusive(Named("Hold")), Int]),
            ("(_).turn(_)", vec![exclusive(Named("Two")), shared(ints())]),
            ("(_).keep(_)", vec![exclusive(Named("Sink")), r()]),
            ("(_).put(_)", vec![exclusive(Named("Sink")), r()]),
            ("keep_in(_, _)", vec![exclusive(Named("Sink")), r()]),
            ("keep_dyn(_, _)", vec![exclusive(Named("Sink")), r()]),
            ("with(_, |n| { *n += 1; ! = 2 })", vec![m()]),
            ("with(_, |n| { (_).push(*n) })", vec![m(), exclusive(ints())]),
            ("each(_, |x| { ! = *x })", vec![shared(ints())]),
            ("each(_, |x| { (_).push(*x) })", vec![shared(ints()), exclusive(ints())]),
            ("each(_, |x| { (_).push(x) })", vec![shared(ints()), exclusive(vec_of(r()))]),
            ("(_).iter().for_each(|x| { (_).push(x) })", vec![shared(ints()), exclusive(vec_of(r()))]),
            ("(_).iter_mut().for_each(|x| { *x += ! })", vec![exclusive(ints())]),
            ("(_).retain(|x| { ! += 1; *x > 1 })", vec![exclusive(ints())]),
            ("(_).append_all(_)", vec![exclusive(ints()), Slice]),
            ("(_).reverse()", vec![SliceMut]),
        ];
        match self.chance.below(10) {
            0 => {
                if let Some(spot) = self.place(|spot| spot.take && !spot.ty.is_copy()) {
                    let text = self.taken(spot);
                    self.line(&format!("drop({text})"));
                }
            }
            1 | 2 => {
                let ty = self.any_type();
                let (a, b) = (self.value(&exclusive(ty.clone()), 2), self.value(&exclusive(ty), 2));
                self.line(&format!("swap({a}, {b})"));
            }
            3 => {
                let ty = self.any_type();
                let (a, b) = (self.value(&exclusive(ty.clone()), 2), self.value(&ty, 2));
                let name = self.fresh();
                self.line(&format!("let mut {name}: {} = replace({a}, {b})", ty.show()));
                self.bind(&name, ty, true);
            }
            4 => {
                let Some(spot) = self.place(|spot| spot.change && matches!(spot.ty, Opt(_))) else { return };
                let name = self.fresh();
                self.line(&format!("let mut {name}: {} = ({}).take()", spot.ty.show(), spot.text));
                self.bind(&name, spot.ty, true);
            }
            _ => {
                let (template, params) = choices[self.chance.below(choices.len())].clone();
                let text = self.fill(template, &params, 2);
                self.line(&text);
            }
        }
    }

    fn cycle(&mut self) {
        self.loops += 1;
        let was = self.in_closure;
        let count = 1 + self.chance.below(4);
        match self.chance.below(5) {
            0 | 1 => {
                self.line("for i in 0..3 {");
                self.block_with(&[("i", Int)], count);
                self.line("}");
            }
            2 | 3 => {
                if let Some(spot) = self.place(|spot| matches!(spot.ty, T::Vec(_))) {
                    let T::Vec(of) = spot.ty.clone() else { return };
                    let way = self.lend(&spot);
                    let item = [shared((*of).clone()), exclusive((*of).clone()), *of][way].clone();
                    self.next += 1;
                    let name = format!("v{}", self.next);
                    self.line(&format!("for {name} in {}{} {{", ["&", "&mut ", ""][way], spot.text));
                    self.block_with(&[(&name, item)], count);
                    self.line("}");
                }
            }
            _ => {
                let node = opt(T::Box(Box::new(Named("Node"))));
                if let Some(spot) = self.place(|spot| spot.ty == node && spot.change) {
                    self.next += 1;
                    let (at, n) = (format!("at{}", self.next), format!("n{}", self.next));
                    self.line(&format!("let mut {at} = &mut {}", spot.text));
                    self.line(&format!("while let Some({n}) = {at} {{"));
                    self.block_with(&[(&n, exclusive(T::Box(Box::new(Named("Node")))))], count);
                    self.deep += 1;
                    if self.chance.below(3) == 0 {
                        self.line(&format!("if {n}.v > 1 {{ break }}"));
                    }
                    self.line(&format!("{at} = &mut {n}.next"));
                    self.deep -= 1;
                    self.line("}");
                    if self.chance.below(2) == 0 {
                        self.bind(&at, exclusive(node), true);
                    }
                }
            }
        }
        self.loops -= 1;
        self.in_closure = was;
    }

    /// How a place is looked into: 0 shared, 1 exclusively, 2 by taking it.
    fn lend(&mut self, spot: &Spot) -> usize {
        match self.chance.below(3) {
            1 if spot.change => 1,
            2 if spot.ty.is_copy() => 2,
            2 if spot.take => {
                self.variables.remove(spot.root);
                2
            }
            _ => 0,
        }
    }

    fn take_apart(&mut self) {
        let Some(spot) = self.place(|spot| matches!(spot.ty, Opt(_))) else { return };
        let Opt(of) = spot.ty.clone() else { return };
        let way = self.lend(&spot);
        let item = [shared((*of).clone()), exclusive((*of).clone()), (*of).clone()][way].clone();
        let text = format!("{}{}", ["&", "&mut ", ""][way], spot.text);
        self.next += 1;
        let name = format!("v{}", self.next);
        let count = 1 + self.chance.below(3);
        match self.chance.below(4) {
            0 | 1 => {
                self.line(&format!("if let Some({name}) = {text} {{"));
                self.block_with(&[(&name, item)], count);
                if self.chance.below(2) == 0 {
                    self.line("} else {");
                    self.block(count);
                }
                self.line("}");
            }
            2 => {
                let guard = match self.chance.below(3) {
                    0 => {
                        let number = self.place(|spot| spot.ty == Int && spot.change).map_or_else(|| "acc".into(), |spot| spot.text);
                        format!(" if {{ {number} += 1; acc > 3 }}")
                    }
                    1 => format!(" if {}", self.condition()),
                    _ => String::new(),
                };
                self.line(&format!("match {text} {{"));
                self.deep += 1;
                self.line(&format!("Some({name}){guard} => {{"));
                self.block_with(&[(&name, item)], count);
                self.line("}");
                self.line("_ => {");
                self.block(count);
                self.line("}");
                self.deep -= 1;
                self.line("}");
            }
            _ => {
                self.line(&format!("let Some({name}) = {text} else {{ return }}"));
                self.bind(&name, item, false);
            }
        }
    }

    /// A closure with a number, called once or twice.
    fn closure(&mut self) {
        let (was, loops) = (std::mem::replace(&mut self.in_closure, true), std::mem::replace(&mut self.loops, 0));
        self.next += 1;
        let name = format!("f{}", self.next);
        let keeps = self.chance.below(3);
        let (params, ty) = match keeps {
            0 => ("k: int", Int),
            1 => ("k: &int", shared(Int)),
            _ => ("k: &mut int", exclusive(Int)),
        };
        let moved = if self.chance.below(4) == 0 { "move " } else { "" };
        self.line(&format!("let mut {name} = {moved}|{params}| {{"));
        let count = 1 + self.chance.below(3);
        self.block_with(&[("k", ty.clone())], count);
        self.line("}");
        (self.in_closure, self.loops) = (was, loops);
        for _ in 0..1 + self.chance.below(2) {
            if self.chance.below(2) == 0 {
                self.statement();
            }
            let value = self.value(&ty, 2);
            self.line(&format!("{name}({value})"));
        }
    }
}

/// What became of one function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    Refused(String),
    Clean,
    /// A hole: what memory did not allow.
    Violation(String),
    Other(String),
}

/// Has some functions judged; with inputs, those that are accepted are run.
pub fn judge(folder: &Folder, functions: &[String], inputs: u32) -> Result<Vec<(String, Verdict)>, Done> {
    let text = format!("{PARTS}\n{}fn main() {{}}\n", functions.concat());
    let path = folder.write("made.aur", &text).to_string_lossy().into_owned();
    let done = call(&["oracle", "--functions", "made_", "--inputs", &inputs.to_string(), "--steps", "200000", &path]);
    if done.broken().is_some() || done.out.is_empty() {
        return Err(done);
    }
    let verdict = |line: &str| {
        let (name, rest) = line.split_once(' ')?;
        let (kind, what) = rest.split_once(": ").unwrap_or((rest, ""));
        let verdict = match kind {
            "refused" => Verdict::Refused(what.into()),
            "clean" | "panics" => Verdict::Clean,
            "violation" => Verdict::Violation(what.into()),
            _ => Verdict::Other(rest.into()),
        };
        Some((name.to_string(), verdict))
    };
    Ok(done.out.lines().filter_map(verdict).collect())
}

/// So many inputs decide all their conditions but those on sums.
pub const INPUTS: u32 = 8;

/// Makes functions acceptable: what is refused loses the statements that the reports name, again and again. What is left lies
/// on the edge of what is allowed. Gives the number of reports that were looked at.
pub fn mend(folder: &Folder, functions: &mut [String], rounds: usize) -> Result<usize, Done> {
    let mut reports = 0;
    let mut refused: Vec<usize> = (0..functions.len()).collect();
    for _ in 0..rounds {
        let texts: Vec<String> = refused.iter().map(|index| functions[*index].clone()).collect();
        let found = judge(folder, &texts, 0)?;
        let mut line = PARTS.lines().count() + 2;
        let mut again = Vec::new();
        for index in refused {
            let function = &mut functions[index];
            let first = line;
            line += function.lines().count();
            let Some((_, Verdict::Refused(why))) = found.iter().find(|(name, _)| name == name_of(function)) else { continue };
            let mut lines: Vec<usize> = why.split(", ").filter_map(|report| report.rsplit(':').nth(1)?.parse::<usize>().ok()?.checked_sub(first)).collect();
            lines.sort_unstable();
            lines.dedup();
            reports += lines.len();
            *function = without(function, &lines);
            again.push(index);
        }
        if again.is_empty() {
            break;
        }
        refused = again;
    }
    Ok(reports)
}

/// `made_17`
pub fn name_of(function: &str) -> &str {
    function.trim_start_matches("fn ").split('(').next().unwrap_or("")
}

/// A function without the statements that begin or lie on some lines; a block goes with its head.
fn without(function: &str, gone: &[usize]) -> String {
    let lines: Vec<&str> = function.lines().collect();
    let is_open = |line: &str| line.trim_end().ends_with('{');
    let closes = |line: &str| line.trim_start().starts_with('}');
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut keep = vec![true; lines.len()];
    for &at in gone.iter().filter(|at| **at > 0 && **at + 1 < lines.len()) {
        let (mut from, mut to) = (at, at);
        if closes(lines[at]) {
            while from > 0 && (indent(lines[from]) > indent(lines[at]) || closes(lines[from])) {
                from -= 1;
            }
        }
        if is_open(lines[from]) {
            to = from + 1;
            while to < lines.len() && (indent(lines[to]) > indent(lines[from]) || is_open(lines[to]) && closes(lines[to])) {
                to += 1;
            }
        }
        if from > 0 && to + 1 < lines.len() {
            keep[from..=to].fill(false);
        }
    }
    let kept = lines.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(line, _)| format!("{line}\n"));
    kept.collect()
}

/// The same function with fewer lines that is still a hole.
pub fn smaller(folder: &Folder, function: &str) -> String {
    let is_hole = |lines: &[String]| {
        let text = lines.concat();
        judge(folder, &[text], INPUTS).is_ok_and(|found| found.iter().any(|(_, verdict)| matches!(verdict, Verdict::Violation(_))))
    };
    let mut lines: Vec<String> = function.lines().map(|line| format!("{line}\n")).collect();
    let mut size = lines.len() / 2;
    while size > 0 {
        let mut at = 1;
        while at < lines.len() {
            let mut fewer = lines.clone();
            fewer.drain(at..(at + size).min(lines.len()));
            if is_hole(&fewer) {
                lines = fewer;
            } else {
                at += 1;
            }
        }
        size /= 2;
    }
    lines.concat()
}
