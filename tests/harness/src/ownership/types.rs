//! The types that made-up programs speak of, what is made of what, and the functions that all of them may call.

/// A type of the made-up programs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum T {
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
    /// A lazy iterator, whose type nobody writes, by its items.
    Iter(Box<T>),
    /// A closure without parameters, by its result.
    Call(Box<T>),
    /// A declared type by its name.
    Named(&'static str),
}

use T::{Int, Iter, Mut, Named, Opt, Pair2, Ref, Slice, SliceMut, Str, Text};

pub(super) fn vec_of(of: T) -> T {
    T::Vec(Box::new(of))
}
pub(super) fn opt(of: T) -> T {
    Opt(Box::new(of))
}
pub(super) fn shared(of: T) -> T {
    Ref(Box::new(of))
}
pub(super) fn exclusive(of: T) -> T {
    Mut(Box::new(of))
}
pub(super) fn lazy(of: T) -> T {
    Iter(Box::new(of))
}
pub(super) fn pair(a: T, b: T) -> T {
    Pair2(Box::new(a), Box::new(b))
}
pub(super) fn ints() -> T {
    vec_of(Int)
}

impl T {
    pub fn show(&self) -> String {
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
            Iter(_) | T::Call(_) => "_".into(),
            Named(name) => (*name).into(),
        }
    }

    pub fn is_copy(&self) -> bool {
        match self {
            Int | Ref(_) | Slice | Str => true,
            Opt(of) => of.is_copy(),
            Pair2(a, b) => a.is_copy() && b.is_copy(),
            _ => false,
        }
    }

    pub fn is_view(&self) -> bool {
        match self {
            Int | Text => false,
            T::Vec(of) | Opt(of) | T::Box(of) => of.is_view(),
            Ref(_) | Mut(_) | Slice | SliceMut | Str | Iter(_) | T::Call(_) => true,
            Pair2(a, b) => a.is_view() || b.is_view(),
            Named(name) => !OWNERS.contains(name),
        }
    }

    /// Name, type and whether it can be moved out.
    pub fn fields(&self) -> Vec<(&'static str, T, bool)> {
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
            Named("Bag<int>") => vec![("items", ints(), true)],
            Named("Bag<&int>") => vec![("items", vec_of(shared(Int)), true)],
            Named("Bag<&mut int>") => vec![("items", vec_of(exclusive(Int)), true)],
            Named("Late") => vec![("seen", shared(Int), false), ("to", exclusive(Int), false)],
            _ => Vec::new(),
        }
    }
}

/// Declared types that hold no views.
const OWNERS: [&str; 10] = ["Pair", "Node", "Noisy", "Kind", "Store", "Bag<int>", "Rc<Vec<int>>", "Map<int, Vec<int>>", "Vec<Pair>", "Set<int>"];

/// Declared types and a way to make one out of values of other types.
pub(super) fn things() -> Vec<(&'static str, &'static str, Vec<T>)> {
    let (r, m) = (|| shared(Int), || exclusive(Int));
    vec![
        ("Pair", "Pair { a: 4, b: vec[1, 2] }", vec![]),
        ("Node", "node(1, Some(Box::new(node(2, None))))", vec![]),
        ("Noisy", "Noisy(vec[3])", vec![]),
        ("Kind", "Kind::Many(vec[1])", vec![]),
        ("Kind", "Kind::One(3)", vec![]),
        ("Kind", "Kind::Deep(Box::new(Kind::One(2)))", vec![]),
        ("Kind", "Kind::Empty", vec![]),
        ("Peek", "Peek { x: _ }", vec![r()]),
        ("Hold", "Hold { v: _ }", vec![exclusive(ints())]),
        ("Cursor", "cursor(_)", vec![Slice]),
        ("Guard", "Guard { at: _ }", vec![m()]),
        ("Two", "Two { a: _, b: _ }", vec![shared(ints()), exclusive(ints())]),
        ("Words", "words(_)", vec![Str]),
        ("Sink", "Sink { out: _ }", vec![exclusive(vec_of(r()))]),
        ("Rows", "Rows { left: _ }", vec![SliceMut]),
        ("Store", "store(_)", vec![ints()]),
        ("Ref<Vec<int>>", "(_).peek()", vec![shared(Named("Store"))]),
        ("RefMut<Vec<int>>", "(_).poke()", vec![shared(Named("Store"))]),
        ("Rc<Vec<int>>", "Rc::new(_)", vec![ints()]),
        ("Bag<int>", "bag(_)", vec![ints()]),
        ("Bag<&int>", "bag(_)", vec![vec_of(r())]),
        ("Bag<&mut int>", "bag(_)", vec![vec_of(m())]),
        ("Map<int, Vec<int>>", "Map::new()", vec![]),
        ("Map<int, Vec<int>>", "mapped(_, _)", vec![Int, ints()]),
        ("Map<int, &int>", "mapped(_, _)", vec![Int, r()]),
        ("Map<int, &mut int>", "mapped(_, _)", vec![Int, m()]),
        ("Map<&str, int>", "mapped(_, _)", vec![Str, Int]),
        ("&mut dyn Keep", "as_keep(_)", vec![exclusive(Named("Sink"))]),
        ("Either<&int, &mut int>", "Either::Left(_)", vec![r()]),
        ("Either<&int, &mut int>", "Either::Right(_)", vec![m()]),
        ("Tree", "Tree::Leaf(_)", vec![r()]),
        ("Tree", "Tree::Many(vec[Tree::Leaf(_), Tree::Leaf(_)])", vec![r(), r()]),
        ("Late", "Late { seen: _, to: _ }", vec![r(), m()]),
    ]
}

/// What a smart pointer leads to, and whether that may change.
pub(super) fn behind(name: &str) -> Option<(T, bool)> {
    match name {
        "Ref<Vec<int>>" | "Rc<Vec<int>>" => Some((ints(), false)),
        "RefMut<Vec<int>>" => Some((ints(), true)),
        _ => None,
    }
}

/// Functions of the parts: name, parameters, result.
pub(super) fn functions() -> Vec<(&'static str, Vec<T>, T)> {
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
        // Lazy iterators, some with closures that look at or change what is around them.
        ("_.iter()", vec![shared(ints())], lazy(r())),
        ("_.iter().filter(|x| **x > !)", vec![shared(ints())], lazy(r())),
        ("_.iter().skip(1)", vec![shared(ints())], lazy(r())),
        ("_.iter().rev().map(|x| { ! += 1; x })", vec![shared(ints())], lazy(r())),
        ("_.iter().take_while(|x| **x != !)", vec![Slice], lazy(r())),
        ("_.iter_mut()", vec![exclusive(ints())], lazy(m())),
        ("_.iter_mut().filter(|x| **x < !)", vec![exclusive(ints())], lazy(m())),
        ("_.iter_mut().map(|x| { *x += 1; x })", vec![SliceMut], lazy(m())),
        ("_.chunks_mut(2)", vec![SliceMut], lazy(SliceMut)),
        ("_.windows(2)", vec![Slice], lazy(Slice)),
        ("_.split(\" \")", vec![Str], lazy(Str)),
        ("_.zip(_)", vec![lazy(r()), lazy(m())], lazy(pair(r(), m()))),
        ("_.chain(_)", vec![lazy(r()), lazy(r())], lazy(r())),
        ("_.filter(|x| **x > !)", vec![lazy(r())], lazy(r())),
        ("_.map(|x| &*x)", vec![lazy(m())], lazy(r())),
        ("_.next()", vec![exclusive(lazy(r()))], opt(r())),
        ("_.next()", vec![exclusive(lazy(m()))], opt(m())),
        ("_.next()", vec![exclusive(lazy(Str))], opt(Str)),
        ("_.next().unwrap()", vec![exclusive(lazy(SliceMut))], SliceMut),
        ("_.next().unwrap()", vec![exclusive(lazy(Slice))], Slice),
        ("_.next().unwrap()", vec![exclusive(lazy(pair(r(), m())))], pair(r(), m())),
        ("_.last()", vec![lazy(r())], opt(r())),
        ("_.max()", vec![lazy(r())], opt(r())),
        ("_.min_by_key(|x| **x - !)", vec![lazy(r())], opt(r())),
        ("_.collect()", vec![lazy(r())], vec_of(r())),
        ("_.collect()", vec![lazy(m())], vec_of(m())),
        ("_.collect()", vec![lazy(Str)], vec_of(Str)),
        ("_.find(|x| **x > !)", vec![exclusive(lazy(r()))], opt(r())),
        ("_.fold(_, |a, b| if *a > *b { a } else { b })", vec![lazy(r()), r()], r()),
        ("_.iter().map(|x| x.len()).sum()", vec![shared(vec_of(Str))], Int),
        ("_.into_iter().rev().collect()", vec![vec_of(m())], vec_of(m())),
        ("_.drain(..).collect()", vec![exclusive(vec_of(r()))], vec_of(r())),
        // Texts.
        ("longer(_, _)", vec![Str, Str], Str),
        ("without(_, _)", vec![Str, Str], Str),
        ("_.split(\" \").collect()", vec![Str], vec_of(Str)),
        ("_.split_once(\" \")", vec![Str], opt(pair(Str, Str))),
        ("_.lines().next()", vec![Str], opt(Str)),
        ("_.iter().copied().max()", vec![shared(vec_of(Str))], opt(Str)),
        // Maps, bags, cells.
        ("_.get(&(_))", vec![shared(Named("Map<int, Vec<int>>")), Int], opt(shared(ints()))),
        ("_.get_mut(&(_))", vec![exclusive(Named("Map<int, Vec<int>>")), Int], opt(exclusive(ints()))),
        ("_.entry(_).or_default()", vec![exclusive(Named("Map<int, Vec<int>>")), Int], exclusive(ints())),
        ("_.entry(_).or_insert(_)", vec![exclusive(Named("Map<int, Vec<int>>")), Int, ints()], exclusive(ints())),
        ("_.values().next()", vec![shared(Named("Map<int, Vec<int>>"))], opt(shared(ints()))),
        ("_.values_mut().next()", vec![exclusive(Named("Map<int, Vec<int>>"))], opt(exclusive(ints()))),
        ("_.remove(&(_))", vec![exclusive(Named("Map<int, Vec<int>>")), Int], opt(ints())),
        ("_.get(&(_)).copied()", vec![shared(Named("Map<int, &int>")), Int], opt(r())),
        ("_.entry(_).or_insert(_)", vec![exclusive(Named("Map<int, &int>")), Int, r()], exclusive(r())),
        ("_.remove(&(_))", vec![exclusive(Named("Map<int, &mut int>")), Int], opt(m())),
        ("_.values().copied().collect()", vec![shared(Named("Map<int, &int>"))], vec_of(r())),
        ("_.keys().copied().collect()", vec![shared(Named("Map<&str, int>"))], vec_of(Str)),
        ("_.get_mut(_)", vec![exclusive(Named("Map<&str, int>")), Str], opt(m())),
        ("_.clone()", vec![shared(Named("Rc<Vec<int>>"))], Named("Rc<Vec<int>>")),
        ("_.best()", vec![shared(Named("Bag<int>"))], opt(r())),
        ("_.best().copied()", vec![shared(Named("Bag<&int>"))], opt(r())),
        ("_.take()", vec![exclusive(Named("Bag<&int>"))], opt(r())),
        ("_.take()", vec![exclusive(Named("Bag<&mut int>"))], opt(m())),
        ("_.top()", vec![exclusive(Named("Bag<int>"))], opt(m())),
        ("_.all()", vec![exclusive(Named("Bag<&int>"))], exclusive(vec_of(r()))),
        ("_.all()", vec![exclusive(Named("Bag<int>"))], exclusive(ints())),
        ("swapped(_, _)", vec![exclusive(Named("Store")), ints()], ints()),
        ("_.inside()", vec![exclusive(Named("Store"))], exclusive(ints())),
        ("either(_, _)", vec![opt(r()), opt(r())], opt(r())),
        ("deep(_, _)", vec![exclusive(vec_of(ints())), Int], opt(m())),
        ("chosen(_, _)", vec![exclusive(ints()), exclusive(ints())], exclusive(ints())),
        ("largest(_, _)", vec![r(), r()], r()),
        ("largest(_, _)", vec![shared(ints()), shared(ints())], shared(ints())),
        ("_.left()", vec![Named("Either<&int, &mut int>")], opt(r())),
        ("_.see()", vec![shared(Named("Either<&int, &mut int>"))], r()),
        ("_.first()", vec![shared(Named("Tree"))], r()),
        ("_.flat()", vec![shared(Named("Tree"))], vec_of(r())),
        ("_.seen()", vec![shared(Named("Late"))], r()),
    ]
}
