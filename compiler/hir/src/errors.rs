//! What `hir` says to the user: one constructor a situation, all wording here.

use crate::program::{FnDef, Program};
use crate::resolve::Def;
use crate::ty::{Ty, TyKind};
use crate::typed::ClosureKind;
use diag::Code::*;
use diag::{Diagnostic, Span, Symbol};
use syntax::ast::{Attr, Ident};

// ---- Names

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

fn with_nearest(diagnostic: Diagnostic, name: Ident, candidates: &[Symbol]) -> Diagnostic {
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

pub(crate) fn not_supported(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(E0112, format!("{what} is not supported yet")).primary(span, "part of the language, but not of this compiler")
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

pub(crate) fn unknown_attribute(attr: &Attr) -> Diagnostic {
    let known: Vec<Symbol> = ["derive", "inline", "cold", "must_use", "repr", "cache_line", "nonblocking", "associative", "allow"]
        .iter()
        .map(|name| Symbol::intern(name))
        .collect();
    let diagnostic = Diagnostic::error(E0209, format!("there is no attribute `{}` for this", attr.name.name))
        .primary(attr.name.span, "unknown attribute");
    with_nearest(diagnostic, attr.name, &known)
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

// ---- Types

pub(crate) fn mismatched(program: &Program, wanted: Ty, found: Ty, span: Span, text: &str) -> Diagnostic {
    let (want, have) = (program.show(wanted), program.show(found));
    let diagnostic = Diagnostic::error(E0301, format!("this is a `{have}`, but a `{want}` is needed"))
        .primary(span, format!("`{want}` is needed here"));
    let is_string = |ty: Ty| matches!(ty.kind(), TyKind::Adt(id, _) if program.lang.is_adt("string", *id));
    let is_option = |ty: Ty| match ty.kind() {
        TyKind::Adt(id, args) if program.lang.is_adt("option", *id) => Some(args[0]),
        _ => None,
    };
    let number = |ty: Ty| ty.is_integer() || ty.is_float();
    let simple = !text.is_empty() && !text.contains('\n');
    let plain = simple && text.chars().all(|c| c.is_alphanumeric() || "_.()[]".contains(c));
    if let TyKind::Ref(_, to) = wanted.kind()
        && *to == found
        && simple
    {
        let sign = if want.starts_with("&mut") { "&mut " } else { "&" };
        return diagnostic.help(format!("borrow it: `{sign}{text}`")).fix(span.start(), sign);
    }
    if let TyKind::Ref(_, to) = wanted.kind()
        && to.is_str()
        && is_string(found)
        && simple
    {
        return diagnostic.help(format!("look at the text: `&{text}`")).fix(span.start(), "&");
    }
    if let TyKind::Ref(_, to) = found.kind() {
        if *to == wanted && plain {
            return diagnostic.help(format!("take what it points to: `*{text}`, or a copy of its own: `{text}.clone()`"));
        }
        if is_string(wanted) && to.is_str() && simple {
            let fix = format!("\"{{{text}}}\"");
            return if plain {
                diagnostic.help(format!("make an owned text of it: `{fix}`")).fix(span, fix)
            } else {
                diagnostic.help("make an owned text of it: `\"{…}\"`")
            };
        }
    }
    if let Some(inner) = is_option(found)
        && (inner == wanted || inner.peeled() == wanted)
    {
        return diagnostic.help("the value may be missing: `.unwrap_or(…)` gives one for that case, `?` hands the absence on, `match` looks");
    }
    if let Some(inner) = is_option(wanted)
        && inner == found
        && simple
    {
        return diagnostic.help(format!("wrap it: `Some({text})`")).fix(span, format!("Some({text})"));
    }
    if number(wanted) && number(found) && simple {
        if text.chars().all(|c| c.is_ascii_digit()) && wanted.is_float() {
            return diagnostic.help(format!("write it with a point: `{text}.0`")).fix(span, format!("{text}.0"));
        }
        let fix = if plain { format!("{text} as {want}") } else { format!("({text}) as {want}") };
        return diagnostic.help(format!("convert it: `{fix}`")).fix(span, fix);
    }
    diagnostic
}

pub(crate) fn missing_block_value(close: Span, wanted: &str, semicolon: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0301, format!("this block ends without a value, but a `{wanted}` is needed"))
        .primary(close, format!("a `{wanted}` is needed before this brace"));
    match semicolon {
        Some(span) => diagnostic.help("a block's value is its last expression without `;`: remove it").fix(span, ""),
        None => diagnostic.help("end the block with the value"),
    }
}

pub(crate) fn branches_differ(span: Span, first: Option<Span>, wanted: &str, found: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0301, format!("the branches have different types: `{wanted}` and `{found}`"))
        .primary(span, format!("this is a `{found}`"));
    match first {
        Some(first) => diagnostic.label(first, format!("this is a `{wanted}`")),
        None => diagnostic,
    }
    .help("give both branches the same type")
}

pub(crate) fn if_without_else(span: Span, found: &str) -> Diagnostic {
    Diagnostic::error(E0301, "this `if` has no value where its condition does not hold")
        .primary(span, format!("a `{found}` here, and nothing otherwise"))
        .help("add an `else` that gives a value too")
}

pub(crate) fn else_must_leave(span: Span) -> Diagnostic {
    Diagnostic::error(E0301, "the `else` of a `let` must not come back")
        .primary(span, "this block can reach its end")
        .help("end it with `return`, `break`, `continue` or `panic(…)`")
}

pub(crate) fn callback_result(span: Span, is_closure: bool, wanted: &str, found: &str) -> Diagnostic {
    let what = if is_closure { "closure" } else { "function" };
    Diagnostic::error(E0301, format!("this {what} gives a `{found}`, but one that gives a `{wanted}` is needed"))
        .primary(span, format!("`{wanted}` is needed as its result"))
}

pub(crate) fn callback_shape(span: Span, wanted: &str, found: &str) -> Diagnostic {
    Diagnostic::error(E0301, format!("this takes `{found}`, but something that takes `{wanted}` is needed"))
        .primary(span, format!("called with `{wanted}`"))
}

pub(crate) fn kind_name(kind: ClosureKind) -> &'static str {
    match kind {
        ClosureKind::Fn => "Fn",
        ClosureKind::FnMut => "FnMut",
        ClosureKind::FnOnce => "FnOnce",
    }
}

pub(crate) fn callback_kind(span: Span, wanted: ClosureKind, found: ClosureKind) -> Diagnostic {
    let (wanted, found) = (kind_name(wanted), kind_name(found));
    Diagnostic::error(E0305, format!("a `{wanted}` is needed, but this is only a `{found}`")).primary(span, format!("only a `{found}`"))
}

pub(crate) fn closure_kind(span: Span, at: Span, wanted: ClosureKind, found: ClosureKind, reason: Option<Span>) -> Diagnostic {
    let why = match found {
        ClosureKind::FnOnce => "gives away something that it captured, so it can run only once",
        ClosureKind::FnMut => "changes something that it captured",
        ClosureKind::Fn => "only looks",
    };
    let (wanted, found) = (kind_name(wanted), kind_name(found));
    let diagnostic = Diagnostic::error(E0305, format!("a `{wanted}` is needed, but this closure {why}: it is a `{found}`"))
        .primary(span, format!("`{wanted}` is asked for here"));
    let diagnostic = if at != span { diagnostic.label(at, "the closure") } else { diagnostic };
    match reason {
        Some(reason) => diagnostic.label(reason, "because of this"),
        None => diagnostic,
    }
}

pub(crate) fn pointer_captures(span: Span, closure: Span, capture: Span, name: Symbol) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0301, format!("this closure captures `{name}`, so it cannot be a plain `fn` pointer"))
        .primary(span, "a `fn` pointer has no room for what is captured");
    let diagnostic = if closure != span { diagnostic.label(closure, "the closure") } else { diagnostic };
    diagnostic
        .label(capture, format!("`{name}` is captured here"))
        .help(format!("ask for `impl Fn(…)` or `Box<dyn Fn(…)>`, or hand `{name}` over as an argument"))
}

pub(crate) fn assoc_mismatch(span: Span, owner: &str, name: Symbol, wanted: &str, found: &str) -> Diagnostic {
    Diagnostic::error(E0301, format!("`{name}` of `{owner}` is `{found}`, but `{wanted}` is needed"))
        .primary(span, format!("its `{name}` is `{found}`"))
}

/// As it is shown.
fn is_task(ty: &str) -> bool {
    ["Task<", "TryTask<", "&Task<", "&TryTask<"].iter().any(|start| ty.starts_with(start))
}

pub(crate) fn no_method(
    name: Ident,
    ty: &str,
    known: &[Symbol],
    traits: &[Symbol],
    unmet: Option<(String, Span)>,
    is_param: bool,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0302, format!("`{ty}` has no method `{}`", name.name)).primary(name.span, "no such method");
    if let Some((bound, span)) = unmet {
        let diagnostic = diagnostic.help(format!("the method needs `{bound}`, which does not hold"));
        return if span.is_none() { diagnostic } else { diagnostic.label(span, "the bound is asked for here") };
    }
    let instead = match name.name.as_str() {
        "to_string" => Some("`\"{x}\"` makes text of any value"),
        "to_owned" => Some("`.clone()` makes a value of its own; `\"{s}\"` an owned text"),
        "into_boxed" | "iter_mut" | "collect" => None,
        "length" | "size" => Some("the length is `.len()`"),
        "append" | "add" => Some("`.push(x)` adds at the end, `.extend(xs)` adds all"),
        "to_uppercase" => Some("it is called `to_upper`"),
        "to_lowercase" => Some("it is called `to_lower`"),
        "as_str" => Some("`&s` is a `&str` where one is needed"),
        "join" if is_task(ty) => Some("`join t` waits for the task and gives its value"),
        "unlock" => Some("a lock is given back where its guard ends; `drop(guard)` ends it at once"),
        _ => None,
    };
    if let Some(hint) = instead
        && !known.contains(&name.name)
    {
        return diagnostic.help(hint);
    }
    if let Some(near) = nearest(&name.name, known) {
        return diagnostic.help(format!("did you mean `{near}`?")).fix(name.span, near.as_str());
    }
    match traits {
        [] => diagnostic,
        [first, ..] if is_param => diagnostic.help(format!("ask for it where the parameter is declared: `{}`", with_bound(ty.trim_start_matches('&'), first))),
        [first, ..] => diagnostic.help(format!("it is a method of the trait `{first}`, which `{ty}` does not implement")),
    }
}

/// A type parameter, which may be written in place, with one more bound.
fn with_bound(ty: &str, bound: impl std::fmt::Display) -> String {
    let between = if ty.starts_with("impl ") { " +" } else { ":" };
    format!("{ty}{between} {bound}")
}

pub(crate) fn field_not_method(name: Ident, receiver: &str) -> Diagnostic {
    Diagnostic::error(E0302, format!("`{}` is a field, not a method", name.name))
        .primary(name.span, "a field that holds something to call")
        .help(format!("put it in parentheses to call it: `({receiver}.{})(…)`", name.name))
}

pub(crate) fn no_field(name: Ident, ty: &str, known: &[Symbol], is_method: bool) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0303, format!("`{ty}` has no field `{}`", name.name)).primary(name.span, "no such field");
    if name.name.as_str() == "await" && is_task(ty) {
        return diagnostic.help("`await t` or `join t` waits for the task and gives its value");
    }
    if let Some(near) = nearest(&name.name, known) {
        return diagnostic.help(format!("did you mean `{near}`?")).fix(name.span, near.as_str());
    }
    if is_method {
        return diagnostic.help(format!("a method is called with parentheses: `.{}()`", name.name)).fix(name.span.end(), "()");
    }
    if known.is_empty() {
        return diagnostic;
    }
    let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    diagnostic.help(format!("its fields are {}", names.join(", ")))
}

fn list(names: &[Symbol]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

pub(crate) fn missing_fields(span: Span, name: Symbol, missing: &[Symbol]) -> Diagnostic {
    let word = if missing.len() == 1 { "field" } else { "fields" };
    Diagnostic::error(E0303, format!("`{name}` is missing the {word} {}", list(missing)))
        .primary(span, format!("{} not given", list(missing)))
        .help("give every field a value, or end with `..other` to take the rest from another one")
}

pub(crate) fn field_twice(name: Ident, other: Span) -> Diagnostic {
    Diagnostic::error(E0303, format!("the field `{}` is given twice", name.name))
        .primary(name.span, "given again here")
        .label(other, "given first here")
}

pub(crate) fn needs_fields(span: Span, name: Symbol) -> Diagnostic {
    Diagnostic::error(E0303, format!("`{name}` has named fields"))
        .primary(span, "its fields are needed")
        .help(format!("write `{name} {{ field: value, … }}`"))
}

pub(crate) fn wrong_arguments(
    span: Span,
    name_span: Span,
    name: Symbol,
    wanted: usize,
    given: usize,
    declared: Option<(Span, Vec<Symbol>)>,
) -> Diagnostic {
    let plural = |n: usize| if n == 1 { "1 argument".to_string() } else { format!("{n} arguments") };
    let _ = span;
    let diagnostic = Diagnostic::error(E0304, format!("`{name}` takes {}, not {given}", plural(wanted)))
        .primary(name_span, format!("called with {}", plural(given)));
    match declared {
        Some((at, names)) if !at.is_none() => {
            let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            diagnostic.label(at, format!("declared here with ({})", names.join(", ")))
        }
        _ => diagnostic,
    }
}

pub(crate) fn argument_count(span: Span, name: Symbol, needed: usize, most: usize, given: usize) -> Diagnostic {
    let wanted = if needed == most { format!("{most}") } else { format!("{needed} to {most}") };
    let word = if most == 1 { "type argument" } else { "type arguments" };
    Diagnostic::error(E0312, format!("`{name}` takes {wanted} {word}, not {given}"))
        .primary(span, format!("{given} given here"))
}

#[allow(clippy::too_many_arguments)]
pub(crate) fn unmet_bound(
    span: Span,
    ty: &str,
    bound: &str,
    name: Symbol,
    is_param: bool,
    declared: Option<Span>,
    asked: Option<Span>,
) -> Diagnostic {
    let message = match name.as_str() {
        "Show" => format!("`{ty}` cannot be shown: it does not implement `Show`"),
        "Own" => format!("`{ty}` looks at something that others own: an owner is needed here"),
        "Send" => format!("`{ty}` cannot go to another task"),
        "Share" => format!("`{ty}` cannot be used by two tasks at once"),
        _ => format!("`{bound}` does not hold"),
    };
    let code = match name.as_str() {
        "Own" => E0509,
        "Send" | "Share" => E0601,
        _ => E0305,
    };
    let diagnostic = Diagnostic::error(code, message).primary(span, format!("`{ty}` does not implement `{name}`"));
    let diagnostic = match asked {
        Some(asked) if asked != span => diagnostic.label(asked, "asked for here"),
        _ => diagnostic,
    };
    match declared {
        Some(declared) => diagnostic
            .help(format!("put `#[derive({name})]` before the type, or write `impl {name} for {ty}`"))
            .fix(declared.start(), format!("#[derive({name})]\n")),
        None if is_param => diagnostic.help(format!("ask for it where `{ty}` is declared: `{}`", with_bound(ty, name))),
        None => diagnostic,
    }
}

pub(crate) fn wrong_order(span: Span, subject: &str, allowed: &str, found: &str, is_order: bool) -> Diagnostic {
    let message = if is_order { format!("{subject} cannot be `{found}`") } else { format!("a `{found}` is not an ordering") };
    let subject = subject.rsplit(": ").next().unwrap_or(subject);
    Diagnostic::error(E0701, message)
        .primary(span, "this ordering does not fit")
        .help(format!("{subject} may be {allowed}; left out, it is `seqcst`"))
}

pub(crate) fn not_implemented(span: Span, ty: &str, wanted: Symbol, bound: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0305, format!("`{ty}` does not implement `{wanted}`")).primary(span, format!("`{wanted}` is needed for `{ty}`"));
    match bound {
        Some(bound) => diagnostic.label(bound, "asked for here"),
        None => diagnostic,
    }
}

pub(crate) fn missing_super(span: Span, name: Symbol, above: Symbol, ty: &str) -> Diagnostic {
    Diagnostic::error(E0305, format!("`{ty}` implements `{name}` but not `{above}`, which `{name}` builds on"))
        .primary(span, format!("`{above}` is missing"))
        .help(format!("implement or derive `{above}` too"))
}

pub(crate) fn cannot_infer(span: Span, origin: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0306, "the type of this cannot be found out").primary(span, "say what type this is");
    let diagnostic = if origin.is_none() || origin == span { diagnostic } else { diagnostic.label(origin, "unknown since here") };
    diagnostic.help("write the type: `let x: Type = …`, or name it in the call: `f::<Type>(…)`")
}

pub(crate) fn infer_in_signature(span: Span) -> Diagnostic {
    Diagnostic::error(E0306, "`_` cannot stand in a declaration")
        .primary(span, "write the type")
        .help("types are inferred inside functions; what others see is written out")
}

pub(crate) fn const_without_type(span: Span) -> Diagnostic {
    Diagnostic::error(E0306, "the type of this constant must be written").primary(span, "not a plain literal").help("write `const NAME: Type = …`")
}

pub(crate) fn operator_mismatch(op: &str, op_span: Span, a: Span, b: Span, left: &str, right: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0307, format!("`{op}` does not apply to `{left}` and `{right}`"))
        .primary(op_span, "the two sides do not fit")
        .label(a, format!("`{left}`"))
        .label(b, format!("`{right}`"));
    let is_number = |ty: &str| matches!(ty, "int" | "i8" | "i16" | "i32" | "u8" | "u16" | "u32" | "u64" | "f64" | "f32");
    if is_number(left) && is_number(right) {
        diagnostic.help(format!("convert one side: `… as {left}`"))
    } else {
        diagnostic
    }
}

pub(crate) fn compare_reference(op_span: Span, span: Span, left: &str, right: &str, star: Span) -> Diagnostic {
    let _ = span;
    Diagnostic::error(E0307, format!("a `{left}` cannot be compared with a `{right}`"))
        .primary(op_span, "one side is a reference, the other is not")
        .label(star, "this is the reference")
        .help("compare what it points to: put `*` before it")
        .fix(star.start(), "*")
}

pub(crate) fn no_comparison(
    op_span: Span,
    span: Span,
    op: &str,
    ty: &str,
    name: Symbol,
    declared: Option<Span>,
    is_param: bool,
) -> Diagnostic {
    let _ = span;
    let diagnostic = Diagnostic::error(E0307, format!("values of type `{ty}` cannot be compared with `{op}`"))
        .primary(op_span, format!("`{ty}` does not implement `{name}`"));
    match declared {
        Some(declared) => diagnostic
            .help(format!("put `#[derive({name})]` before the type"))
            .fix(declared.start(), format!("#[derive({name})]\n")),
        None if is_param => diagnostic.help(format!("ask for it where `{ty}` is declared: `{}`", with_bound(ty, name))),
        None => diagnostic,
    }
}

#[allow(clippy::too_many_arguments)]
pub(crate) fn no_operator(
    op: &str,
    op_span: Span,
    a: Span,
    b: Span,
    left: &str,
    right: &str,
    name: Symbol,
    is_param: bool,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0307, format!("`{op}` does not apply to `{left}` and `{right}`"))
        .primary(op_span, "there is no such operation")
        .label(a, format!("`{left}`"))
        .label(b, format!("`{right}`"));
    if left.ends_with("str") && op == "+" {
        return diagnostic.help("put texts together with `\"{a}{b}\"`");
    }
    if is_param {
        return diagnostic.help(format!("ask for it where `{left}` is declared: `{left}: {name}<Output = {left}>`"));
    }
    diagnostic.help(format!("implement `{name}` for `{left}`"))
}

pub(crate) fn no_unary(op: &str, span: Span, ty: &str, name: Symbol, unsigned: bool) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0307, format!("`{op}` does not apply to `{ty}`")).primary(span, format!("`{ty}` does not implement `{name}`"));
    if unsigned && op == "-" { diagnostic.help(format!("`{ty}` has no negative values")) } else { diagnostic }
}

pub(crate) fn not_callable(span: Span, why: &str) -> Diagnostic {
    Diagnostic::error(E0308, "this cannot be called").primary(span, why)
}

pub(crate) fn not_in_trait(name: Ident, what: &str, trait_name: Symbol) -> Diagnostic {
    Diagnostic::error(E0309, format!("the trait `{trait_name}` has no {what} `{}`", name.name))
        .primary(name.span, "not part of the trait")
        .help("put it into an `impl` of the type itself")
}

pub(crate) fn missing_items(span: Span, name: Symbol, missing: &[Symbol], declared: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0309, format!("this impl of `{name}` lacks {}", list(missing))).primary(span, format!("{} missing", list(missing)));
    if declared.is_none() { diagnostic } else { diagnostic.label(declared, "the trait asks for it here") }
}

pub(crate) fn other_parameters(given: &FnDef, wanted: &FnDef, trait_name: Symbol) -> Diagnostic {
    let names = |def: &FnDef| def.params.iter().map(|param| param.name.to_string()).collect::<Vec<_>>().join(", ");
    Diagnostic::error(E0309, format!("`{}` takes other parameters than in the trait `{trait_name}`", given.name))
        .primary(given.span, format!("takes ({})", names(given)))
        .label(wanted.span, format!("the trait says ({})", names(wanted)))
}

pub(crate) fn other_generics(given: &FnDef, wanted: &FnDef, trait_name: Symbol) -> Diagnostic {
    Diagnostic::error(E0309, format!("`{}` has other type parameters than in the trait `{trait_name}`", given.name))
        .primary(given.span, "here")
        .label(wanted.span, "the trait's")
}

pub(crate) fn other_type(
    span: Span,
    place: &str,
    name: Symbol,
    trait_name: Symbol,
    wanted: &str,
    found: &str,
    declared: Span,
) -> Diagnostic {
    Diagnostic::error(E0309, format!("{place} of `{name}` is `{found}`, but the trait `{trait_name}` says `{wanted}`"))
        .primary(span, format!("must be `{wanted}`"))
        .label(declared, "as the trait declares it")
}

pub(crate) fn stricter_bound(span: Span, name: Symbol, trait_name: Symbol, bound: &str) -> Diagnostic {
    Diagnostic::error(E0309, format!("`{name}` asks for `{bound}`, which the trait `{trait_name}` does not"))
        .primary(span, "callers through the trait cannot know of this")
}

pub(crate) fn overlapping_impls(span: Span, first: Span, name: Symbol, ty: &str) -> Diagnostic {
    Diagnostic::error(E0310, format!("`{name}` is implemented twice for `{ty}`"))
        .primary(span, "implemented again here")
        .label(first, "first implemented here")
}

pub(crate) fn question_here(span: Span, wanted: &str, ret: &str, function: Span) -> Diagnostic {
    let example = if wanted == "Result" { "Result<…, E>" } else { "Option<…>" };
    Diagnostic::error(E0311, format!("`?` hands a failure to the caller, but this function gives `{ret}`"))
        .primary(span, format!("a function that gives a `{wanted}` is needed for this"))
        .label(function, format!("gives `{ret}`"))
        .help(format!("let it give `{example}`, or handle the failure here with `match`, `unwrap_or` or `let … else`"))
}

pub(crate) fn question_from(span: Span, wanted: &str, found: &str, function: Span) -> Diagnostic {
    Diagnostic::error(E0311, format!("`?` cannot make a `{wanted}` of a `{found}`"))
        .primary(span, format!("fails with a `{found}`"))
        .label(function, format!("fails with a `{wanted}`"))
        .help(format!("convert it: `.map_err(|e| …)?`, or write `impl From<{found}> for {wanted}`"))
}

pub(crate) fn question_on(span: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0311, format!("`?` needs a `Result` or an `Option`, and this is a `{ty}`"))
        .primary(span, format!("`{ty}` cannot fail"))
        .help("remove the `?`")
}

pub(crate) fn bad_cast(span: Span, from: &str, to: &str, is_char: bool, text_to_number: bool) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0313, format!("a `{from}` cannot be cast to a `{to}`")).primary(span, "not a conversion that `as` makes");
    if text_to_number {
        diagnostic.help(format!("read it: `.parse::<{to}>()` gives a `Result`"))
    } else if is_char {
        diagnostic.help("`char::from_u32(x)` gives an `Option<char>`; only a `u8` is always a character")
    } else if to == "bool" {
        diagnostic.help("compare: `x != 0`")
    } else {
        diagnostic
    }
}

pub(crate) fn infinite_type(span: Span, name: Symbol, field: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0314, format!("`{name}` would contain itself without end"))
        .primary(span, "this type has no size")
        .label(field, format!("`{ty}` holds it again"))
        .help(format!("put a box between: `Box<{name}>`, or `Vec<{name}>`"))
}

pub(crate) fn not_dyn(span: Span, name: Symbol, problem: &str) -> Diagnostic {
    Diagnostic::error(E0315, format!("`{name}` cannot be a `dyn {name}`")).primary(span, problem.to_string())
}

pub(crate) fn dyn_of_two(span: Span) -> Diagnostic {
    Diagnostic::error(E0315, "a `dyn` has one trait, beside `Send` and `Share`")
        .primary(span, "more than one trait with methods")
        .help("declare a trait that builds on both: `trait Both: A + B {}`")
}

pub(crate) fn dyn_of_nothing(span: Span) -> Diagnostic {
    Diagnostic::error(E0315, "a `dyn` needs a trait with methods").primary(span, "only markers here")
}

pub(crate) fn literal_range(span: Span, value: i128, ty: &str, min: i128, max: i128) -> Diagnostic {
    Diagnostic::error(E0316, format!("{value} does not fit into `{ty}`"))
        .primary(span, format!("`{ty}` goes from {min} to {max}"))
        .help("use a wider type, or a smaller number")
}

pub(crate) fn bad_suffix(span: Span, suffix: &str) -> Diagnostic {
    Diagnostic::error(E0316, format!("there is no number type `{suffix}`")).primary(span, "unknown suffix")
}

pub(crate) fn same_discriminant(span: Span, other: Span, value: i64) -> Diagnostic {
    Diagnostic::error(E0317, format!("two variants have the number {value}")).primary(span, "here").label(other, "and here")
}

pub(crate) fn not_a_constant(span: Span) -> Diagnostic {
    Diagnostic::error(E0317, "this is not known while compiling")
        .primary(span, "a constant is needed here")
        .help("use a literal, a `const`, or arithmetic on them")
}

pub(crate) fn not_a_place(span: Span) -> Diagnostic {
    Diagnostic::error(E0318, "only a variable, field, element or dereference can be assigned to")
        .primary(span, "this is a value, not a place")
}

pub(crate) fn assignment_as_condition(span: Span, between: Span) -> Diagnostic {
    Diagnostic::error(E0301, "a condition compares with `==`; a single `=` assigns")
        .primary(span, "this is an assignment")
        .help("write `==`")
        .fix(between, " == ")
}

pub(crate) fn no_target(span: Span, word: &str) -> Diagnostic {
    Diagnostic::error(E0319, format!("`{word}` has nothing to leave here")).primary(span, if word == "return" { "not inside a function" } else { "not inside a loop" })
}

pub(crate) fn break_with_value(span: Span, keyword: &str) -> Diagnostic {
    Diagnostic::error(E0319, format!("a `{keyword}` has no value, so `break` cannot give it one"))
        .primary(span, "this value goes nowhere")
        .help("only `loop` and labelled blocks have values; keep it in a variable declared before")
}

pub(crate) fn bad_spec(span: Span, wanted: &str, ty: &str) -> Diagnostic {
    Diagnostic::error(E0320, format!("this format is for {wanted}, and the value is a `{ty}`")).primary(span, "does not fit")
}

pub(crate) fn not_iterable(span: Span, ty: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0321, format!("`{ty}` cannot be iterated")).primary(span, "not an iterator, nor something that gives one");
    match ty {
        "int" => diagnostic.help("a range counts: `0..n`"),
        "String" | "&String" | "&str" | "str" => diagnostic.help("`.chars()` gives its characters, `.bytes()` its bytes, `.lines()` its lines"),
        _ => diagnostic,
    }
}

pub(crate) fn cannot_dereference(span: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0322, format!("a `{ty}` points to nothing")).primary(span, "only references and smart pointers can be dereferenced").help("remove the `*`")
}

pub(crate) fn cannot_index(span: Span, ty: &str, by: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0322, format!("a `{ty}` cannot be indexed by a `{by}`")).primary(span, "no such element");
    if ty.contains("str") || ty.contains("String") {
        return diagnostic.help("text is indexed by ranges of bytes: `s[a..b]`; `.chars().nth(i)` finds a character");
    }
    if matches!(by, "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32") {
        return diagnostic.help("indices are `int`: `… as int`");
    }
    diagnostic
}

pub(crate) fn impl_trait_here(span: Span) -> Diagnostic {
    Diagnostic::error(E0323, "`impl Trait` stands for the type of a parameter")
        .primary(span, "not a parameter")
        .help("name the type, use a type parameter, or a `Box<dyn Trait>`")
}

pub(crate) fn impl_on_foreign(span: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0323, format!("methods of `{ty}` can be added only through a trait"))
        .primary(span, "not a type of this program")
        .help("declare a trait with these methods and implement it for the type")
}

pub(crate) fn foreign_trait_on_foreign(span: Span, name: Symbol, ty: &str) -> Diagnostic {
    Diagnostic::error(E0323, format!("neither the trait `{name}` nor the type `{ty}` belongs to this program"))
        .primary(span, "such an impl could clash with another one")
        .help(format!("wrap the type: `struct Mine({ty})`"))
}

pub(crate) fn unconstrained_parameter(span: Span, name: Symbol) -> Diagnostic {
    Diagnostic::error(E0323, format!("nothing in the head of this impl says what `{name}` is"))
        .primary(span, "neither the type nor the trait names it")
        .help("remove it, or put it on the method that needs it")
}

pub(crate) fn bad_receiver(span: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0309, format!("`self` cannot be a `{ty}`"))
        .primary(span, "not a way to hold `Self`")
        .help("write `self`, `&self`, `&mut self`, or `self: Box<Self>`")
}

pub(crate) fn unknown_assoc_ty(name: Ident, ty: &str) -> Diagnostic {
    Diagnostic::error(E0201, format!("`{ty}` has no associated type `{}`", name.name))
        .primary(name.span, "no trait that it is known to implement declares this")
        .help(format!("ask for the trait: `{ty}: TheTrait`, or name it: `<{ty} as TheTrait>::{}`", name.name))
}

pub(crate) fn let_here(span: Span) -> Diagnostic {
    Diagnostic::error(diag::Code::E0111, "`let` as a condition stands only in `if`, `while` and guards, joined by `&&`")
        .primary(span, "not here")
}

// ---- Patterns

pub(crate) fn not_exhaustive(span: Span, missing: &[String]) -> Diagnostic {
    let shown: Vec<String> = missing.iter().map(|case| format!("`{case}`")).collect();
    Diagnostic::error(E0401, format!("this `match` does not cover {}", shown.join(", ")))
        .primary(span, "not every value is covered")
        .help(format!("add an arm: `{} => …`, or `_ => …` for all the rest", missing[0]))
}

pub(crate) fn may_not_match(span: Span, missing: &str, is_parameter: bool) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0402, format!("this pattern does not match `{missing}`")).primary(span, "may not match");
    if is_parameter { diagnostic } else { diagnostic.help("say what happens then: `let … else { … }`, or use `if let`, `match`") }
}

pub(crate) fn unreachable_arm(span: Span) -> Diagnostic {
    Diagnostic::warning(W0401, "this arm can never be reached").primary(span, "the arms before it cover all of it").help("remove it, or move it up")
}

pub(crate) fn alternatives_differ(span: Span, first: Span, name: Symbol) -> Diagnostic {
    Diagnostic::error(E0403, format!("`{name}` is not bound in every alternative"))
        .primary(span, "the names here differ")
        .label(first, "from those here")
        .help("every alternative must bind the same names")
}

pub(crate) fn pattern_type(span: Span, wanted: &str, found: &str) -> Diagnostic {
    Diagnostic::error(E0301, format!("this pattern is for {wanted}, but the value is a `{found}`")).primary(span, format!("a `{found}` is matched"))
}

pub(crate) fn pattern_count(span: Span, what: &str, wanted: usize, given: usize) -> Diagnostic {
    Diagnostic::error(E0404, format!("this {what} has {wanted} parts, the pattern has {given}"))
        .primary(span, format!("{wanted} needed"))
        .help("`_` skips one part, `..` skips the rest")
}

pub(crate) fn pattern_needs_fields(span: Span, name: Symbol, count: usize, tuple: bool) -> Diagnostic {
    let shape = if tuple { format!("{name}({})", vec!["_"; count].join(", ")) } else { format!("{name} {{ .. }}") };
    Diagnostic::error(E0404, format!("`{name}` has fields")).primary(span, "the pattern leaves them out").help(format!("write `{shape}`"))
}

pub(crate) fn pattern_missing_fields(span: Span, name: Symbol, missing: &[Symbol]) -> Diagnostic {
    Diagnostic::error(E0404, format!("this pattern of `{name}` leaves out {}", list(missing)))
        .primary(span, "not every field is named")
        .help("add `..` to skip the rest")
}

pub(crate) fn rest_here(span: Span) -> Diagnostic {
    Diagnostic::error(E0404, "`..` stands once, inside a tuple, struct or slice pattern").primary(span, "not here").help("`_` matches anything")
}

pub(crate) fn empty_range_pattern(span: Span) -> Diagnostic {
    Diagnostic::error(E0404, "this range contains nothing").primary(span, "the end comes before the start")
}

pub(crate) fn slice_pattern(span: Span, ty: &str, is_vec: bool) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0404, format!("a list pattern is for arrays and slices, not for `{ty}`")).primary(span, format!("a `{ty}` is matched"));
    if is_vec { diagnostic.help("match on the slice: `match &v[..] { … }`") } else { diagnostic }
}

// ---- Ownership and the rest

pub(crate) fn view_field(span: Span, name: Symbol, declared: Span, word: &str, ty: &str) -> Diagnostic {
    let _ = declared;
    Diagnostic::error(E0509, format!("`{name}` has a field that looks at what others own, so it must be a `view {word}`"))
        .primary(span, format!("`{ty}` is a view"))
        .help(format!("own the value (`String` for `&str`, `Vec<T>` for `&[T]`), or declare `view {word} {name}`"))
}

pub(crate) fn not_mutable_place(span: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0511, "this cannot be changed: what leads to it is shared")
        .primary(span, format!("a `{ty}` behind something that only lends it for looking"))
        .help("a `Cell`, `RefCell` or `Mutex` inside can be changed through a shared owner")
}

pub(crate) fn unneeded_unsafe(word: Span) -> Diagnostic {
    Diagnostic::warning(W0701, "this `unsafe` block does nothing unsafe")
        .primary(word, "not needed")
        .help("leave out `unsafe`")
        .fix(word, "")
}

pub(crate) fn needs_unsafe(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(E0702, format!("{what} needs an `unsafe` block"))
        .primary(span, "the compiler cannot check this")
        .help("put it into `unsafe { … }`, and say in a comment why it is right")
}

pub(crate) fn unused_value(span: Span, what: &str, is_result: bool) -> Diagnostic {
    let diagnostic = Diagnostic::warning(W0301, format!("{what} is dropped without a look")).primary(span, "not used");
    if is_result {
        diagnostic.help("handle the failure, hand it on with `?`, or say that it does not matter: `let _ = …`")
    } else {
        diagnostic.help("use it, or say that it does not matter: `let _ = …`")
    }
}

pub(crate) fn spawn_outside(span: Span) -> Diagnostic {
    Diagnostic::error(E0602, "a task is started here, but no `scope` around it waits for its end")
        .primary(span, "not inside a `scope { … }` of this function")
        .help("put a `scope { … }` around it; a helper takes a `&Scope` and starts tasks with `spawn in s`, and `detach { … }` starts one that the whole program waits for")
}

/// A capture that cannot go to another task.
pub(crate) struct Crossing<'a> {
    pub used: Span,
    pub head: Span,
    pub name: &'a str,
    pub ty: &'a str,
    pub shared: bool,
    pub part: &'a str,
    pub marker: Symbol,
    pub chain: &'a [String],
    pub help: &'a str,
}

pub(crate) fn cannot_cross(c: Crossing) -> Diagnostic {
    let what = if c.shared { "cannot be used by two tasks at once" } else { "cannot go to another task" };
    let diagnostic = Diagnostic::error(E0601, format!("`{}` {what}: `{}` is not `{}`", c.name, c.part, c.marker))
        .primary(c.used, format!("the task {} `{}`, a `{}`", if c.shared { "looks at" } else { "takes" }, c.name, c.ty))
        .label(c.head, "this task is started here");
    with_chain(diagnostic, c.chain).help(c.help)
}

fn with_chain(diagnostic: Diagnostic, chain: &[String]) -> Diagnostic {
    if chain.is_empty() { diagnostic } else { diagnostic.note(chain.join(", ")) }
}

pub(crate) fn view_to_task(used: Span, head: Span, name: &str, ty: &str, part: &str, chain: &[String], detached: bool) -> Diagnostic {
    let (who, help) = if detached {
        ("a detached task may outlive this function, so it owns what it uses", "give it a copy (`.clone()`) or share the owner through `Shared`; a `spawn` in a `scope` here may borrow")
    } else {
        ("a task of a scope further out may outlive this block, so it owns what it uses", "give it a copy (`.clone()`) or share the owner through `Shared`; a `spawn` in a `scope { … }` of its own may borrow")
    };
    let diagnostic = Diagnostic::error(E0601, format!("`{name}` is borrowed, and {who}"))
        .primary(used, format!("`{name}` is a `{ty}`{}", if part == ty { String::new() } else { format!(": `{part}` is a view") }))
        .label(head, "this task is started here");
    with_chain(diagnostic, chain).help(help)
}

pub(crate) fn view_from_task(at: Span, head: Span, ty: &str, part: &str, chain: &[String], handle: bool) -> Diagnostic {
    if handle {
        return Diagnostic::error(E0604, format!("a task cannot give away the handle of another task, a `{part}`"))
            .primary(at, "this handle is of use in its own scope only")
            .label(head, "the value of this task")
            .help("`join` it inside and give its value");
    }
    let diagnostic = Diagnostic::error(E0601, format!("a task gives a value of its own, and `{part}` is a view"))
        .primary(at, format!("this value is a `{ty}`"))
        .label(head, "the value of this task");
    with_chain(diagnostic, chain).help("give an owned value: `.to_string()`, `.to_vec()`, `.clone()`, or an index")
}

pub(crate) fn result_of_task(at: Span, head: Span, ty: &str, part: &str, chain: &[String], help: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0601, format!("the value of a task goes to another one: `{part}` is not `Send`"))
        .primary(at, format!("this value is a `{ty}`"))
        .label(head, "the value of this task");
    with_chain(diagnostic, chain).help(help)
}

/// `borrowed`: changed in place; else the capture is or holds an exclusive reference.
pub(crate) fn exclusive_capture(used: Span, head: Span, name: &str, borrowed: bool, parallel: bool) -> Diagnostic {
    let what = if borrowed { "changes" } else { "takes the exclusive reference" };
    if parallel {
        return Diagnostic::error(E0605, format!("every round of a `parallel for` would change `{name}` at the same time"))
            .primary(used, format!("the body {what} `{name}` here"))
            .label(head, "its rounds run in several tasks")
            .help(format!("gather with `reduce(+: {name})`, write to the round's own element of `&mut xs`, or use an `Atomic` or a `Mutex`"));
    }
    Diagnostic::error(E0605, format!("a task that catches its failure may not change `{name}`: it could be left half changed"))
        .primary(used, format!("the task {what} `{name}` here"))
        .label(head, "`try` catches what goes wrong in it")
        .help("let the task give its result, and change things where it is joined; or `spawn` without `try`")
}

pub(crate) fn closure_that_looks(span: Span, used: Span, name: &str) -> Diagnostic {
    Diagnostic::error(E0509, format!("this closure borrows `{name}`, so it is a view: an owner is needed here"))
        .primary(span, "what is put here may outlive what it looks at")
        .label(used, format!("it uses `{name}` here"))
        .help("put `move` before the closure: then it owns what it uses")
}

/// `deeper`: where a function that is called does it.
pub(crate) fn impure(name: &str, name_span: Span, at: Span, what: &str, deeper: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0606, format!("`{name}` is `pure`, but it {what}"));
    let diagnostic = match deeper {
        Some(deeper) => diagnostic.primary(at, "this comes to it").label(deeper, "here"),
        None => diagnostic.primary(at, "here"),
    };
    diagnostic
        .label(name_span, "promised here")
        .help("take what it needs as arguments and give back what it finds; or leave out `pure`")
}

pub(crate) fn select_operation(span: Span) -> Diagnostic {
    Diagnostic::error(E0111, "an arm of `select` waits for an operation").primary(span, "not an operation that can be waited for").help(
        "an arm is `value = rx.recv() => …`, `tx.send(value) => …`, `value = join task => …`, `after 10ms => …`, `cancelled => …` or `default => …`",
    )
}

pub(crate) fn not_selectable(span: Span, method: &str, ty: &str) -> Diagnostic {
    Diagnostic::error(E0302, format!("`{method}` of `{ty}` cannot be an arm of a `select`"))
        .primary(span, "this cannot be waited for together with others")
        .help("arms are the waiting methods of channels, events and semaphores; a `Mutex` or a function of one's own is waited for in a task, whose handle can be: `value = join task => …`")
}

pub(crate) fn second_select_arm(span: Span, first: Span, word: &str) -> Diagnostic {
    Diagnostic::error(E0111, format!("a `select` has at most one `{word}` arm")).primary(span, "a second one").label(first, "the first one")
}

pub(crate) fn after_and_default(span: Span) -> Diagnostic {
    Diagnostic::error(E0111, "with a `default` arm a `select` never waits, so `after` can never come")
        .primary(span, "this arm can never be taken")
        .help("leave out `default` to wait, or `after` not to")
}

pub(crate) fn empty_select(span: Span) -> Diagnostic {
    Diagnostic::error(E0111, "a `select` without arms would wait for ever").primary(span, "no arm")
}

pub(crate) fn not_lockable(span: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0301, format!("`{ty}` is not a lock")).primary(span, "`lock` takes `Mutex`es").help("name the `Mutex` itself, not a guard of it")
}

pub(crate) fn not_task_local(span: Span) -> Diagnostic {
    Diagnostic::error(E0205, "`with` binds a task-local").primary(span, "this is none").help("declare it with `task_local NAME: Type = default`")
}

pub(crate) fn static_view(span: Span, name: Symbol, ty: &str, local: bool) -> Diagnostic {
    let what = if local { "a task-local is handed on to other tasks" } else { "a `static` lives as long as the program" };
    Diagnostic::error(E0509, format!("{what}, so it cannot hold a view"))
        .primary(span, format!("`{name}` would hold a `{ty}`"))
        .help("keep an owner: a `String` for a `&str`, a `Vec` for a slice")
}

pub(crate) fn static_share(span: Span, name: Symbol, ty: &str) -> Diagnostic {
    Diagnostic::error(E0601, format!("every task can use `{name}`, but `{ty}` is not `Share`"))
        .primary(span, "declared here")
        .help("what several tasks change belongs into a `Mutex` or an `Atomic`; what they share into a `Shared`")
}

pub(crate) fn parallel_takes(used: Span, head: Span, name: &str) -> Diagnostic {
    Diagnostic::error(E0501, format!("every round of a `parallel for` would take `{name}` away"))
        .primary(used, format!("`{name}` is moved here, and can be only once"))
        .label(head, "the body runs for every round")
        .help(format!("look at it (`&{name}`), or take a copy in each round (`{name}.clone()`)"))
}

pub(crate) fn reduce_variable(name: Ident) -> Diagnostic {
    Diagnostic::error(E0205, format!("`{}` is not a variable of this function", name.name))
        .primary(name.span, "`reduce` puts its result into a variable")
}

/// `declared`: where the function or operator that is not declared stands.
pub(crate) fn not_associative(op: Span, name: &str, variable: Symbol, why: NotAssociative, declared: Option<Span>) -> Diagnostic {
    let (text, help) = match why {
        NotAssociative::Function => (
            format!("nothing says that `{name}` is associative"),
            format!("if `{name}({name}(a, b), c)` is `{name}(a, {name}(b, c))` and the default of its type changes nothing, say so: `#[associative] fn {name}`"),
        ),
        NotAssociative::Operator(ty) => (
            format!("nothing says that `{name}` of `{ty}` is associative"),
            format!("if `(a {name} b) {name} c` is `a {name} (b {name} c)` and `{ty}::default()` changes nothing, write `#[associative]` at the method of the operator's `impl`"),
        ),
        NotAssociative::Value => (
            format!("`{name}` is a value, of which nobody can say that it is associative"),
            "name a function that is declared as `#[associative]`".to_owned(),
        ),
        NotAssociative::Unknown(ty) => (
            format!("`{name}` of `{ty}` may be anything"),
            format!("reduce by a function that is declared as `#[associative]`, or by `max` or `min` where `{ty}` is `Ord`"),
        ),
    };
    let diagnostic = Diagnostic::error(E0607, text).primary(op, format!("puts together what the parts made of `{variable}`, wherever they were cut"));
    let diagnostic = match declared {
        Some(span) => diagnostic.label(span, "declared here"),
        None => diagnostic,
    };
    diagnostic.help(help)
}

/// Of a loop that nobody wrote as a parallel one.
pub(crate) fn gathered_unasked(variable: Ident, ty: &str, is_float: bool) -> Diagnostic {
    let name = variable.name;
    let text = if is_float {
        format!("`{name}` is a float: put together from parts it would be rounded otherwise")
    } else {
        format!("`{name}` is a `{ty}`: only integers are put together without being asked for")
    };
    Diagnostic::error(E0607, text)
        .primary(variable.span, "taken up in the order of the rounds")
        .help(format!("`parallel for … reduce(…: {name})` says that parts may be put together"))
}

pub(crate) fn no_reduction(op: Span, name: &str, ty: &str) -> Diagnostic {
    Diagnostic::error(E0307, format!("`{name}` does not apply to `{ty}` and `{ty}`"))
        .primary(op, "so it cannot put together what the parts made")
        .help("name a function that is declared as `#[associative]`")
}

pub(crate) enum NotAssociative {
    Function,
    /// Of this type.
    Operator(String),
    /// A closure, or a function that is known only when the program runs.
    Value,
    /// Of a type parameter.
    Unknown(String),
}

pub(crate) fn leaves_parallel(span: Span, word: &str) -> Diagnostic {
    Diagnostic::error(E0319, format!("`{word}` cannot leave a `parallel for`: other rounds run at the same time"))
        .primary(span, "there is no first round that could end the others")
        .help("gather what the rounds find: `reduce(||: found)`, `reduce(min: first)`, or a `Vec` behind a `Mutex`; `continue` ends a single round")
}

pub(crate) fn not_splittable(span: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0321, format!("a `{ty}` cannot be gone through in parallel"))
        .primary(span, "it does not fall into parts")
        .help("sources are ranges, `&xs`, `&mut xs`, `.chunks(n)`, `.chunks_mut(n)`, maps and sets, and these with `.enumerate()`, `.zip(…)`, `.rev()`, `.step_by(n)`")
}

pub(crate) fn scope_option(name: Ident) -> Diagnostic {
    Diagnostic::error(E0111, format!("a `scope` has no option `{}`", name.name))
        .primary(name.span, "not an option of a scope")
        .help("the options are `limit: n`, `deadline: duration` and `on_failure: collect`")
}

pub(crate) fn on_failure(span: Span) -> Diagnostic {
    Diagnostic::error(E0111, "a scope either cancels its tasks when one fails, or collects the failures")
        .primary(span, "neither `collect` nor `cancel`")
        .help("`on_failure: collect` lets every task finish and gives the failures; without it the first failure cancels the others")
}

pub(crate) fn async_without_block(span: Span) -> Diagnostic {
    Diagnostic::error(E0604, "this task would end with the closure that starts it, before anybody could await it")
        .primary(span, "an `async` lasts to the end of the block that it stands in")
        .help("start it where it is awaited: `for x in xs { tasks.push(spawn work(x)) }` inside a `scope { … }`, then `join tasks`")
}

pub(crate) fn not_joinable(span: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0305, format!("`{ty}` is not the handle of a task"))
        .primary(span, "nothing to wait for")
        .help("`join` and `await` take a `Task<T>`, a tuple of handles or a `Vec` of them; a function is simply called: it may wait without being marked")
}

pub(crate) fn own_by_hand(span: Span) -> Diagnostic {
    Diagnostic::error(E0323, "`Own` is decided by what a type contains").primary(span, "it cannot be implemented by hand")
}

pub(crate) fn needs_unsafe_impl(span: Span, name: Symbol) -> Diagnostic {
    Diagnostic::error(E0702, format!("`{name}` is a promise that the compiler cannot check, so its impl is `unsafe`"))
        .primary(span, "this impl does not say so")
        .help(format!("leave it out, where the parts of the type are `{name}` it holds by itself; else write `unsafe impl {name} for …`"))
}

pub(crate) fn unbounded_marker(span: Span, name: Symbol, param: Symbol, declared: Span) -> Diagnostic {
    Diagnostic::error(E0323, format!("this impl promises `{name}` whatever `{param}` is"))
        .primary(span, format!("an `Rc`, or a reference to a `Cell`, would pass as a `{param}`"))
        .label(declared, "nothing is asked of it")
        .help(format!("say what has to hold: `{param}: Send` for a value that is handed over, `{param}: Send + Share` for one that is shared"))
}

pub(crate) fn copy_with_destructor(span: Span, drop: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0323, format!("`{ty}` has a destructor, so it cannot be `Copy`"))
        .primary(span, "a copy would end twice")
        .label(drop, "its destructor")
        .help("implement `Clone` only")
}

pub(crate) fn field_not_copy(span: Span, field: Span, name: Symbol, ty: &str) -> Diagnostic {
    Diagnostic::error(E0305, format!("this type cannot be `Copy`: its field `{name}` is a `{ty}`"))
        .primary(span, "asked for here")
        .label(field, format!("`{ty}` is not `Copy`"))
        .help("remove `Copy`; `Clone` makes copies on request")
}
