//! Statements: bindings, changes, looks, calls, blocks, loops, patterns, closures, ways out.

use super::make::{Maker, Spot};
use super::types::*;
use super::types::T::{Int, Named, Opt, Slice, SliceMut, Str, Text};

impl Maker<'_> {
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

    pub fn statement(&mut self) {
        if self.out.lines().count() > self.lines_max {
            return;
        }
        let limit = if self.deep > 3 { 13 } else { 30 };
        match self.chance.below(limit) {
            24 | 25 => self.scope(),
            26 => self.giver(),
            27 => self.slice_pattern(),
            28 => {
                // Places change their values.
                let ty = if self.chance.below(2) == 0 { Int } else { self.view() };
                let (a, b) = (self.place(|spot| spot.change && spot.ty == ty), self.place(|spot| spot.change && spot.ty == ty));
                if let (Some(a), Some(b)) = (a, b) {
                    self.line(&format!("({}, {}) = ({}, {})", a.text, b.text, b.text, a.text));
                }
            }
            0..4 => {
                let ty = self.any_type();
                self.binding(&ty);
            }
            4 | 5 => {
                if let Some(spot) = self.place(|spot| spot.change && spot.text != "acc" && !matches!(spot.ty, T::Iter(_) | T::Call(_))) {
                    let name = self.variables[spot.root].name.clone();
                    let value = self.value(&spot.ty, 2);
                    // Unless it went into its own new value.
                    if self.variables.iter().any(|variable| variable.name == name) {
                        self.line(&format!("{} = {value}", spot.text));
                    }
                }
            }
            6..9 => {
                if let Some(spot) = self.place(|spot| spot.change || !matches!(spot.ty, T::Iter(_) | T::Call(_))) {
                    self.look(&spot.text, &spot.ty);
                }
            }
            9..12 => self.action(),
            12 => self.leave(),
            13 | 14 => {
                let condition = self.condition();
                self.line(&format!("if {condition} {{"));
                let count = 1 + self.chance.below(2);
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
                let count = 1 + self.chance.below(2);
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
            ("(_).push_str(_)", vec![exclusive(Text), Str]),
            ("(_).clear()", vec![exclusive(Text)]),
            ("(_).insert(_, _)", vec![exclusive(Named("Map<int, Vec<int>>")), Int, ints()]),
            ("(_).insert(_, _)", vec![exclusive(Named("Map<int, &int>")), Int, r()]),
            ("(_).insert(_, _)", vec![exclusive(Named("Map<int, &mut int>")), Int, m()]),
            ("(_).insert(_, _)", vec![exclusive(Named("Map<&str, int>")), Str, Int]),
            ("(_).retain(|_, x| { ! += 1; x.len() > 1 })", vec![exclusive(Named("Map<int, Vec<int>>"))]),
            ("(_).add(_)", vec![exclusive(Named("Bag<int>")), Int]),
            ("(_).add(_)", vec![exclusive(Named("Bag<&int>")), r()]),
            ("(_).add(_)", vec![exclusive(Named("Bag<&mut int>")), m()]),
            ("fill(_, _)", vec![exclusive(Named("Bag<&int>")), shared(ints())]),
            ("(_).keep(_)", vec![Named("&mut dyn Keep"), r()]),
            ("keep_dyn(_, _)", vec![Named("&mut dyn Keep"), r()]),
            ("(_).grow(_)", vec![exclusive(Named("Tree")), r()]),
            ("(_).set(_)", vec![exclusive(Named("Late")), r()]),
            ("(_).sort_by_key(|x| *x - !)", vec![exclusive(ints())]),
            ("(_).extend(_)", vec![exclusive(vec_of(r())), lazy(r())]),
            ("(_).extend(_)", vec![exclusive(vec_of(Str)), lazy(Str)]),
            ("(_).append(_)", vec![exclusive(vec_of(r())), exclusive(vec_of(r()))]),
            ("all_of(_, &mut [&mut |n: &mut int| { ! += *n }])", vec![m()]),
            ("(_).for_each(|x| { (_).push(x) })", vec![lazy(r()), exclusive(vec_of(r()))]),
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
        let count = 1 + self.chance.below(2);
        match self.chance.below(7) {
            5 | 6 => {
                if let Some(spot) = self.place(|spot| matches!(spot.ty, T::Iter(_)) && (spot.take || spot.change)) {
                    let T::Iter(item) = spot.ty.clone() else { return };
                    self.next += 1;
                    let name = format!("v{}", self.next);
                    if spot.take {
                        let text = self.taken(spot);
                        self.line(&format!("for {name} in {text} {{"));
                    } else {
                        self.line(&format!("while let Some({name}) = ({}).next() {{", spot.text));
                    }
                    self.block_with(&[(&name, *item)], count);
                    self.line("}");
                }
            }
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

    /// Half of the closures change no sum but their own.
    fn own_sum(&mut self) {
        if self.chance.below(2) == 0 {
            self.deep += 1;
            self.line("let mut acc = 1");
            self.deep -= 1;
        }
    }

    /// A closure that gives a value when it is called.
    fn giver(&mut self) {
        let ty = self.any_type();
        let (was, loops) = (std::mem::replace(&mut self.in_closure, true), std::mem::replace(&mut self.loops, 0));
        let before = self.variables.clone();
        self.next += 1;
        let name = format!("g{}", self.next);
        let moved = if self.chance.below(3) == 0 { "move " } else { "" };
        self.line(&format!("let mut {name} = {moved}|| {{"));
        self.own_sum();
        let count = self.chance.below(3);
        self.inner(count);
        self.deep += 1;
        let value = self.value(&ty, 2);
        self.line(&format!("let given: {} = {value}", ty.show()));
        self.line("given");
        self.deep -= 1;
        self.line("}");
        (self.in_closure, self.loops, self.variables) = (was, loops, before);
        self.bind(&name, T::Call(Box::new(ty)), true);
    }

    /// Several parts of a slice at once.
    fn slice_pattern(&mut self) {
        let Some(spot) = self.place(|spot| spot.ty == ints() || spot.ty == Slice || spot.ty == SliceMut) else { return };
        let can_change = spot.ty == SliceMut && !spot.shared || spot.ty == ints() && spot.change;
        let way = usize::from(can_change && self.chance.below(2) == 0);
        let (item, part) = if way == 1 { (exclusive(Int), SliceMut) } else { (shared(Int), Slice) };
        let text = format!("{}({})[..]", ["&", "&mut "][way], spot.text);
        self.next += 2;
        let (a, b) = (format!("v{}", self.next - 1), format!("v{}", self.next));
        let count = 1 + self.chance.below(2);
        match self.chance.below(3) {
            0 => {
                self.line(&format!("if let [{a}, .., {b}] = {text} {{"));
                self.block_with(&[(&a, item.clone()), (&b, item)], count);
                self.line("}");
            }
            1 => {
                self.line(&format!("match {text} {{"));
                self.deep += 1;
                let condition = self.condition();
                self.line(&format!("[{a}, {b} @ ..] if {condition} => {{"));
                self.block_with(&[(&a, item), (&b, part)], count);
                self.line("}");
                self.line("_ => {}");
                self.deep -= 1;
                self.line("}");
            }
            _ => {
                self.line(&format!("let [{a}, {b} @ ..] = {text} else {{ panic(\"short\") }}"));
                self.bind(&a, item, false);
                self.bind(&b, part, false);
            }
        }
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
        let count = 1 + self.chance.below(2);
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
        let count = 1 + self.chance.below(2);
        self.own_sum();
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
