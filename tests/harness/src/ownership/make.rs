//! Values out of what is there: places, calls of functions, and what is made from nothing.

use super::types::*;
use super::types::T::{Int, Mut, Named, Opt, Pair2, Ref, Slice, SliceMut, Str, Text};
use crate::fuzz::Chance;
use std::fmt::Write;

#[derive(Clone)]
pub(super) struct Variable {
    pub name: String,
    pub ty: T,
    /// Declared `mut`.
    pub change: bool,
    /// In how many blocks it stands: only there it may be moved away.
    pub level: usize,
}

/// A place: how it is written, its type, whether it can be changed and whether it can be moved out.
#[derive(Clone)]
pub(super) struct Spot {
    pub text: String,
    pub ty: T,
    /// Of which variable it is a part.
    pub root: usize,
    pub change: bool,
    pub take: bool,
    /// Behind a shared reference.
    pub shared: bool,
}

pub(super) struct Maker<'a> {
    pub chance: &'a mut Chance,
    pub out: String,
    pub variables: Vec<Variable>,
    pub next: usize,
    pub deep: usize,
    pub loops: usize,
    pub functions: Vec<(&'static str, Vec<T>, T)>,
    pub in_closure: bool,
    /// What is declared from this level on may be moved, though it stands outside: the body of a task takes it along.
    pub takes_from: usize,
    /// Variables that were moved away, by name.
    pub moved: Vec<String>,
    /// When there are so many lines, no more statements come: what goes wrong goes wrong in a few.
    pub lines_max: usize,
}

/// One function `made_N(bits: int)`; some have a function inside that hands views on.
pub fn function(number: u64, chance: &mut Chance) -> String {
    let mut maker = Maker { chance, out: String::new(), variables: Vec::new(), next: 0, deep: 1, loops: 0, functions: functions(), in_closure: false, takes_from: usize::MAX, moved: Vec::new(), lines_max: 12 };
    maker.out = format!("fn made_{number}(bits: int) {{\n");
    if maker.chance.below(3) == 0 {
        maker.aid();
    }
    maker.line("let mut acc = bits");
    maker.bind("acc", Int, true);
    for _ in 0..1 + maker.chance.below(3) {
        let ty = maker.owner();
        maker.binding(&ty);
    }
    maker.lines_max = maker.out.lines().count() + 4 + maker.chance.below(16);
    for _ in 0..2 + maker.chance.below(5) {
        maker.statement();
    }
    // What is there at the end is mostly looked at.
    for index in (0..maker.variables.len()).rev() {
        if maker.chance.below(3) > 0 {
            let variable = maker.variables[index].clone();
            maker.look(&variable.name, &variable.ty);
        }
    }
    maker.out.push_str("}\n\n");
    maker.out
}

impl Maker<'_> {
    pub fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{}{text}", "    ".repeat(self.deep));
    }

    /// Something that sees all of a value.
    pub fn look(&mut self, text: &str, ty: &T) {
        let seen = match ty {
            // Looking at it moves it on.
            T::Iter(_) => format!("({text}).next().look()"),
            T::Call(_) => format!("{text}().look()"),
            _ => format!("({text}).look()"),
        };
        self.line(&format!("acc = acc.wrapping_add({seen})"));
    }

    /// `aid(…)`: takes views and gives one; what it may give, its signature says.
    fn aid(&mut self) {
        let ways = ["", "", "", " from a", " from b", " from *a", " from a, b"];
        let params = [self.view(), self.view()];
        let ret = match self.chance.below(3) {
            0 => self.view(),
            1 => T::Opt(Box::new(shared(Int))),
            _ => exclusive(Int),
        };
        let is_lazy = |ty: &T| matches!(ty, T::Iter(_));
        if params.iter().any(is_lazy) || is_lazy(&ret) {
            return;
        }
        let way = ways[self.chance.below(ways.len())];
        self.line(&format!("fn aid(mut a: {}, mut b: {}, bits: int) -> {}{way} {{", params[0].show(), params[1].show(), ret.show()));
        self.deep += 1;
        self.line("let mut acc = bits");
        self.bind("acc", Int, true);
        for (name, ty) in ["a", "b"].iter().zip(&params) {
            self.bind(name, ty.clone(), true);
        }
        for _ in 0..self.chance.below(4) {
            self.statement();
        }
        let value = self.value(&ret, 2);
        self.line(&format!("let aid_result: {} = {value}", ret.show()));
        self.line("aid_result");
        self.deep -= 1;
        self.line("}");
        self.variables.clear();
        let [a, b] = params;
        // Often enough to be called.
        for _ in 0..4 {
            self.functions.push(("aid(_, _, acc)", vec![a.clone(), b.clone()], ret.clone()));
        }
    }

    pub fn owner(&mut self) -> T {
        match self.chance.below(18) {
            0..3 => ints(),
            3 => Int,
            4 => Named("Pair"),
            5 => Named("Node"),
            6 => Named("Noisy"),
            7 => opt(T::Box(Box::new(Named("Node")))),
            8 => Named("Kind"),
            9 => Text,
            10 => vec_of(ints()),
            11 => Named("Store"),
            12 => Named("Rc<Vec<int>>"),
            13 | 14 => Named("Map<int, Vec<int>>"),
            15 => Named("Bag<int>"),
            16 => Text,
            _ => opt(Int),
        }
    }

    pub fn view(&mut self) -> T {
        match self.chance.below(48) {
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
            25 => Named("Rows"),
            26 => Named("Ref<Vec<int>>"),
            27 => Named("RefMut<Vec<int>>"),
            28 => Named("Bag<&int>"),
            29 => Named("Bag<&mut int>"),
            30 => Named("Map<int, &int>"),
            31 => Named("Map<int, &mut int>"),
            32 => Named("Map<&str, int>"),
            33 => Named("&mut dyn Keep"),
            34 => Named("Either<&int, &mut int>"),
            35 => Named("Tree"),
            36 => Named("Late"),
            37 => Str,
            38 => vec_of(Str),
            39 => opt(T::Pair2(Box::new(Str), Box::new(Str))),
            40 | 41 => lazy(shared(Int)),
            42 | 43 => lazy(exclusive(Int)),
            44 => lazy(Str),
            45 => lazy(SliceMut),
            46 => lazy(pair(shared(Int), exclusive(Int))),
            _ => exclusive(Named("Bag<&int>")),
        }
    }

    /// One that can be named.
    pub fn any_type(&mut self) -> T {
        let ty = if self.chance.below(4) == 0 { self.owner() } else { self.view() };
        if matches!(ty, T::Iter(_)) { shared(Int) } else { ty }
    }

    pub fn condition(&mut self) -> String {
        match self.chance.below(3) {
            0 => "acc % 2 == 0".into(),
            _ => format!("bits & {} != 0", 1 << self.chance.below(3)),
        }
    }

    pub fn fresh(&mut self) -> String {
        // Now and then a name again.
        if self.chance.below(12) == 0 && self.variables.len() > 3 {
            let at = 1 + self.chance.below(self.variables.len() - 1);
            return self.variables[at].name.clone();
        }
        self.next += 1;
        format!("v{}", self.next)
    }

    pub fn bind(&mut self, name: &str, ty: T, change: bool) {
        self.variables.retain(|variable| variable.name != name);
        self.variables.push(Variable { name: name.into(), ty, change, level: self.deep });
    }

    pub fn binding(&mut self, ty: &T) {
        let value = self.value(ty, 2);
        let name = self.fresh();
        self.line(&format!("let mut {name}: {} = {value}", ty.show()));
        self.bind(&name, ty.clone(), true);
    }

    /// Every place that can be named, up to a few steps deep.
    pub fn places(&self) -> Vec<Spot> {
        let mut found: Vec<Spot> = Vec::new();
        for (root, variable) in self.variables.iter().enumerate() {
            let take = variable.level >= self.deep.min(self.takes_from);
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
            let within = |of: &T| Spot { text: format!("*{}", spot.text), ty: of.clone(), take: false, ..spot.clone() };
            match &spot.ty {
                Ref(of) => found.push(Spot { change: false, shared: true, ..within(of) }),
                Mut(of) => found.push(Spot { change: !spot.shared, ..within(of) }),
                T::Box(of) => found.push(Spot { take: spot.take, ..within(of) }),
                T::Vec(of) => found.push(Spot { text: format!("{text}[0]"), ..within(of) }),
                SliceMut => found.push(Spot { text: format!("{text}[0]"), change: !spot.shared, ..within(&Int) }),
                Named(name) => {
                    if let Some((of, change)) = behind(name) {
                        found.push(Spot { change: change && spot.change, shared: spot.shared || !change, ..within(&of) });
                    }
                }
                Slice => found.push(Spot { text: format!("{text}[0]"), change: false, ..within(&Int) }),
                _ => {}
            }
        }
        found
    }

    /// A value taken out of a place is there no more.
    pub fn taken(&mut self, spot: Spot) -> String {
        if !spot.ty.is_copy() {
            self.moved.push(self.variables.remove(spot.root).name);
        }
        spot.text
    }

    pub fn place(&mut self, fits: impl Fn(&Spot) -> bool) -> Option<Spot> {
        let all: Vec<Spot> = self.places().into_iter().filter(|spot| fits(spot)).collect();
        // The later ones are more interesting.
        (!all.is_empty()).then(|| {
            let at = self.chance.below(all.len()).max(self.chance.below(all.len()));
            all[at].clone()
        })
    }

    pub fn value(&mut self, ty: &T, fuel: usize) -> String {
        if fuel > 0 {
            for _ in 0..3 {
                let made = match self.chance.below(8) {
                    0..3 => self.from_place(ty),
                    3..6 => self.from_function(ty, fuel),
                    6 if !matches!(ty, T::Iter(_)) => {
                        let inner = self.value(ty, fuel - 1);
                        Some(match self.chance.below(6) {
                            0 => format!("same({inner})"),
                            1 => format!("both({inner}, {}, {})", self.value(ty, fuel - 1), self.condition()),
                            2 => format!("match {} {{ true => {inner}, false => {} }}", self.condition(), self.value(ty, fuel - 1)),
                            3 => format!("loop {{ if {} {{ break {inner} }}; break {} }}", self.condition(), self.value(ty, fuel - 1)),
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

    pub fn from_place(&mut self, ty: &T) -> Option<String> {
        match ty {
            Ref(of) if self.chance.below(3) > 0 => self.place(|spot| spot.ty == **of).map(|spot| format!("&{}", spot.text)),
            Mut(of) if self.chance.below(3) > 0 => self.place(|spot| spot.change && spot.ty == **of).map(|spot| format!("&mut {}", spot.text)),
            _ => self.place(|spot| spot.ty == *ty && (spot.take || ty.is_copy())).map(|spot| self.taken(spot)),
        }
    }

    pub fn from_function(&mut self, ty: &T, fuel: usize) -> Option<String> {
        let calls: Vec<String> = self.variables.iter().filter(|variable| matches!(&variable.ty, T::Call(of) if **of == *ty)).map(|variable| variable.name.clone()).collect();
        if !calls.is_empty() && self.chance.below(2) == 0 {
            return Some(format!("{}()", calls[self.chance.below(calls.len())]));
        }
        let fit: Vec<(&'static str, Vec<T>, T)> = self.functions.iter().filter(|(_, _, result)| result == ty).cloned().collect();
        if fit.is_empty() {
            return None;
        }
        let (template, params, _) = fit[self.chance.below(fit.len())].clone();
        Some(self.fill(template, &params, fuel - 1))
    }

    /// `_` are values of the parameters' types, `?` a condition, `!` a number that can be changed.
    pub fn fill(&mut self, template: &str, params: &[T], fuel: usize) -> String {
        self.fill_with(template, params, &mut |maker, ty| maker.value(ty, fuel))
    }

    fn fill_plainly(&mut self, template: &str, params: &[T], fuel: usize) -> String {
        self.fill_with(template, params, &mut |maker, ty| maker.plain(ty, fuel))
    }

    fn fill_with(&mut self, template: &str, params: &[T], make: &mut dyn FnMut(&mut Maker, &T) -> String) -> String {
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
                    let value = make(self, param);
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
    pub fn plain(&mut self, ty: &T, fuel: usize) -> String {
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
            // Only looked for where there is one.
            T::Call(_) => "|| 0".into(),
            T::Iter(_) => {
                let sources: Vec<_> = self.functions.iter().filter(|(_, params, result)| result == ty && !params.iter().any(|param| matches!(param, T::Iter(_)))).cloned().collect();
                if sources.is_empty() {
                    // The one that is made of two.
                    return "(&vec[1, 2]).iter().zip((&mut vec[1, 2]).iter_mut())".into();
                }
                let (template, params, _) = sources[self.chance.below(sources.len())].clone();
                self.fill_plainly(template, &params, fuel)
            }
            Named(name) => {
                let ways: Vec<_> = things().into_iter().filter(|(of, ..)| of == name).collect();
                assert!(!ways.is_empty(), "nothing makes a `{name}`");
                let (_, template, params) = ways[self.chance.below(ways.len())].clone();
                self.fill_plainly(template, &params, fuel)
            }
        }
    }

    pub fn plain_or_place(&mut self, ty: &T, fuel: usize) -> String {
        if fuel > 0 && self.chance.below(2) == 0 { self.value(ty, fuel) } else { self.plain(ty, fuel) }
    }
}
