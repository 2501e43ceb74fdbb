//! Of names: those that nothing has, that two things have, that stand where they mean nothing; and of words in attributes.

use crate::resolve::Def;
use diag::Code::*;
use diag::{Diagnostic, Span, Symbol};
use syntax::ast::{Attr, Ident};

/// The known name nearest to a mistyped one.
pub(crate) fn nearest(name: &str, candidates: &[Symbol]) -> Option<Symbol> {
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .iter()
        .filter(|candidate| !candidate.is_empty() && candidate.as_str() != name)
        .map(|candidate| {
            let same_letters = candidate.to_lowercase() == name.to_lowercase();
            (if same_letters { 0 } else { distance(name, candidate) }, *candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, candidate)| (*distance, *candidate))
        .map(|(_, candidate)| candidate)
}

/// Edits between two words; swapped neighbours are one edit.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for j in 0..=b.len() {
        rows[0][j] = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

pub(super) fn with_nearest(diagnostic: Diagnostic, name: Ident, candidates: &[Symbol]) -> Diagnostic {
    match nearest(&name.name, candidates) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(name.span, near.as_str()),
        None => diagnostic,
    }
}

pub(crate) fn unknown_name(name: Ident, what: &str, place: Option<&str>, candidates: &[Symbol]) -> Diagnostic {
    let inside = place.map(|place| format!(" in {place}")).unwrap_or_default();
    let diagnostic = Diagnostic::error(E0201, format!("there is no {what} `{}`{inside}", name.name))
        .primary(name.span, "nothing of this name is known here");
    let elsewhere = match name.name.as_str() {
        "string" => Some("the type of text is `String`; `&str` looks at text"),
        "usize" | "isize" => Some("lengths and indices are `int`"),
        "i128" | "u128" => Some("the widest integers are `i64` (`int`) and `u64`"),
        "float" | "double" => Some("floating point numbers are `f64` and `f32`"),
        "null" | "nil" => Some("a value that may be missing is an `Option`: `None`"),
        "printf" | "puts" | "echo" => Some("`println(\"{x}\")` prints a line"),
        "HashMap" | "Dictionary" => Some("the hash map is `Map`"),
        "HashSet" => Some("the hash set is `Set`"),
        "Arc" => Some("the shared owner is `Shared`"),
        "Debug" | "Display" => Some("what `{x}` prints with is `Show`"),
        "PartialEq" => Some("comparison for equality is `Eq`"),
        "PartialOrd" => Some("comparison by order is `Ord`"),
        "Sync" => Some("what several tasks may look at is `Share`"),
        "this" => Some("the receiver of a method is `self`"),
        _ => None,
    };
    match elsewhere {
        Some(hint) => diagnostic.help(hint),
        None => with_nearest(diagnostic, name, candidates),
    }
}

/// `homes`: the whole paths of what the library calls so.
pub(crate) fn name_of_the_library(name: Ident, what: &str, homes: &[String]) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0201, format!("there is no {what} `{}` in scope here", name.name))
        .primary(name.span, "the library has one, which nothing brings in");
    let lines: Vec<String> = homes.iter().map(|home| format!("`use {home}`")).collect();
    let diagnostic = diagnostic.help(format!("write {} above", lines.join(" or ")));
    match homes {
        [home] => diagnostic.fix(name.span, home.as_str()),
        _ => diagnostic,
    }
}

pub(crate) fn out_of_scope(name: Ident, declared: Span) -> Diagnostic {
    Diagnostic::error(E0201, format!("`{}` is not in scope here", name.name))
        .primary(name.span, "used outside the block that declares it")
        .label(declared, "declared here, and gone at the end of its block")
        .help("declare it before the block, or use it inside")
}

pub(crate) fn field_without_self(name: Ident) -> Diagnostic {
    Diagnostic::error(E0201, format!("there is no variable `{}`", name.name))
        .primary(name.span, "this is a field of `self`")
        .help(format!("write `self.{}`", name.name))
        .fix(name.span, format!("self.{}", name.name))
}

pub(crate) fn unknown_associated(name: Ident, ty: &str, candidates: &[Symbol]) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0201, format!("`{ty}` has nothing called `{}`", name.name))
        .primary(name.span, "no function, constant or variant of this name");
    with_nearest(diagnostic, name, candidates)
}

pub(crate) fn defined_twice(name: Symbol, again: Span, first: Span) -> Diagnostic {
    Diagnostic::error(E0202, format!("`{name}` is defined twice"))
        .primary(again, "defined again here")
        .label(first, "first defined here")
        .help("rename one of them")
}

pub(crate) enum PathProblem {
    Missing,
    Private(Def, Span),
}

pub(crate) fn unknown_import(name: Ident, before: &[Ident], problem: PathProblem, candidates: &[Symbol]) -> Diagnostic {
    let place: Vec<&str> = before.iter().map(|ident| ident.name.as_str()).collect();
    match problem {
        PathProblem::Missing => {
            let message = if place.is_empty() {
                format!("there is no module `{}`", name.name)
            } else {
                format!("there is no `{}` in `{}`", name.name, place.join("::"))
            };
            let diagnostic = Diagnostic::error(E0203, message).primary(name.span, "this cannot be imported");
            with_nearest(diagnostic, name, candidates)
        }
        PathProblem::Private(def, declared) => private(name, def.what(), declared),
    }
}

pub(crate) fn unknown_label(label: Ident, known: &[Symbol]) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0204, format!("no loop or block around this is labelled `'{}`", label.name.trim_start_matches('\'')))
        .primary(label.span, "unknown label");
    with_nearest(diagnostic, label, known)
}

pub(crate) fn wrong_kind(span: Span, name: Symbol, what: &str, wanted: &str) -> Diagnostic {
    Diagnostic::error(E0205, format!("`{name}` is a {what}, not {wanted}")).primary(span, format!("{wanted} is needed here"))
}

pub(crate) fn type_as_value(span: Span, name: Symbol, what: &str, is_type: bool) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0205, format!("`{name}` is a {what}, not a value")).primary(span, "a value is needed here");
    if is_type { diagnostic.help(format!("make one: `{name} {{ … }}`, or with a function of the type: `{name}::new(…)`")) } else { diagnostic }
}

pub(crate) fn trait_as_type(span: Span, name: Symbol) -> Diagnostic {
    Diagnostic::error(E0205, format!("`{name}` is a trait, not a type"))
        .primary(span, "a type is needed here")
        .help(format!("a parameter may be `impl {name}`, an object `Box<dyn {name}>`, a reference to one `&dyn {name}`"))
}

pub(crate) fn self_outside(span: Span) -> Diagnostic {
    Diagnostic::error(E0205, "`Self` and `self` mean something only in a trait or an impl").primary(span, "there is no such type around this")
}

pub(crate) fn private(name: Ident, what: &str, declared: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0206, format!("the {what} `{}` is private", name.name))
        .primary(name.span, "cannot be used outside its module")
        .help("put `pub` before its declaration to open it");
    if declared.is_none() { diagnostic } else { diagnostic.label(declared, "declared here, without `pub`") }
}

pub(crate) fn private_field(name: Ident, ty: &str, declared: Span) -> Diagnostic {
    Diagnostic::error(E0206, format!("the field `{}` of `{ty}` is private", name.name))
        .primary(name.span, "cannot be used outside its module")
        .label(declared, "declared here, without `pub`")
        .help("put `pub` before the field, or use a method of the type")
}

pub(crate) fn no_columns(span: Span) -> Diagnostic {
    Diagnostic::error(E0209, "`#[soa]` makes a column of each named field")
        .primary(span, "this type has none")
        .help("put it at a `struct` with named fields that is no view")
}

pub(crate) fn unknown_test_option(name: Ident) -> Diagnostic {
    let known: Vec<Symbol> = ["schedules", "exhaustive", "pct"].iter().map(|name| Symbol::intern(name)).collect();
    let diagnostic = Diagnostic::error(E0209, format!("a test has no option `{}`", name.name)).primary(name.span, "unknown option");
    with_nearest(diagnostic, name, &known)
}

pub(crate) fn test_option_value(name: Ident, span: Span) -> Diagnostic {
    let (what, help) = match name.name.as_str() {
        "schedules" => ("this option needs a number of schedules", "write `test(schedules: 1000)`"),
        "pct" => ("this option needs a depth", "write `test(pct: 3)`"),
        _ => ("this option has no value", "write `test(exhaustive)`"),
    };
    Diagnostic::error(E0209, what).primary(span, "not like this").help(help)
}

pub(crate) fn second_test_option(span: Span) -> Diagnostic {
    Diagnostic::error(E0209, "a test chooses its schedules in one way").primary(span, "a second one")
}

/// `known`: what can stand there. `elsewhere`: on what this one can.
pub(crate) fn unknown_attribute(attr: &Attr, known: &[&str], elsewhere: &[&str]) -> Diagnostic {
    let known: Vec<Symbol> = known.iter().map(|name| Symbol::intern(name)).collect();
    let diagnostic = Diagnostic::error(E0209, format!("there is no attribute `{}` for this", attr.name.name))
        .primary(attr.name.span, if elsewhere.is_empty() { "unknown attribute" } else { "it has no meaning here" });
    match elsewhere {
        [] => with_nearest(diagnostic, attr.name, &known),
        places => diagnostic.help(format!("it can stand on {}", places.join(" and "))),
    }
}

pub(crate) fn unknown_repr(attr: &Attr) -> Diagnostic {
    Diagnostic::error(E0209, "the one layout that can be asked for is C's".to_string())
        .primary(attr.name.span, "unknown layout")
        .help("write `#[repr(C)]`")
}

pub(crate) fn unknown_derive(span: Span, name: &str, known: &[&str]) -> Diagnostic {
    let instead = match name {
        "Debug" | "Display" => Some("Show"),
        "PartialEq" => Some("Eq"),
        "PartialOrd" => Some("Ord"),
        _ => None,
    };
    let symbols: Vec<Symbol> = known.iter().map(|name| Symbol::intern(name)).collect();
    let near = instead.map(Symbol::intern).or_else(|| nearest(name, &symbols));
    let diagnostic = Diagnostic::error(E0209, format!("`{name}` cannot be derived")).primary(span, "unknown derive");
    match near {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(span, near.as_str()),
        None => diagnostic.help(format!("these can be: {}", known.join(", "))),
    }
}

pub(crate) fn no_default(span: Span, problem: &str) -> Diagnostic {
    Diagnostic::error(E0209, "`Default` cannot be derived for this type").primary(span, problem)
}

pub(crate) fn bad_main(span: Span) -> Diagnostic {
    Diagnostic::error(E0208, "`main` takes nothing and gives nothing, or a `Result<(), E>`")
        .primary(span, "this is another signature")
        .help("write `fn main()` or `fn main() -> Result<(), String>`; arguments are in `std::env::args()`")
}
