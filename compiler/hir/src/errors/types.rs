//! Of types: values that do not fit, bounds that do not hold, impls and definitions that contradict themselves.

use super::names::nearest;
use crate::program::{FnDef, Program};
use crate::ids::TraitId;
use crate::ty::{Args, Ty, TyKind};
use crate::typed::ClosureKind;
use diag::Code::*;
use diag::{Diagnostic, Span, Symbol};
use syntax::ast::Ident;

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

pub(super) fn list(names: &[Symbol]) -> String {
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

/// `args[0]` does not implement the trait with the rest of `args`. `bound`: where that is asked for.
pub(crate) fn unmet_by(program: &Program, span: Span, id: TraitId, args: Args, bound: Option<Span>) -> Diagnostic {
    let of = args[0];
    if program.lang.is_trait("own", id) {
        return no_owner(program, span, of, bound);
    }
    let name = program.trait_def(id).name;
    let ty = program.show(of);
    let message = match name.as_str() {
        "Show" => format!("`{ty}` cannot be shown: it does not implement `Show`"),
        "Send" => format!("`{ty}` cannot go to another task"),
        "Share" => format!("`{ty}` cannot be used by two tasks at once"),
        _ => format!("`{}` does not hold", program.show_trait(of, id, &args[1..])),
    };
    let code = match name.as_str() {
        "Send" | "Share" => E0601,
        _ => E0305,
    };
    let diagnostic = Diagnostic::error(code, message).primary(span, format!("`{ty}` does not implement `{name}`"));
    let diagnostic = asked_at(diagnostic, span, bound);
    let is_param = matches!(of.kind(), TyKind::Param(_));
    let declared = match of.kind() {
        TyKind::Adt(adt, _)
            if !program.module(program.adt(*adt).module).library
                && matches!(name.as_str(), "Clone" | "Copy" | "Eq" | "Ord" | "Hash" | "Show" | "Default") =>
        {
            Some(program.adt(*adt).span)
        }
        _ => None,
    };
    implement(diagnostic, &ty, name, is_param, declared)
}

fn asked_at(diagnostic: Diagnostic, span: Span, bound: Option<Span>) -> Diagnostic {
    match bound {
        Some(bound) if bound != span => diagnostic.label(bound, "asked for here"),
        _ => diagnostic,
    }
}

/// A view, or what may be one, where it could outlive what it looks at.
fn no_owner(program: &Program, span: Span, of: Ty, bound: Option<Span>) -> Diagnostic {
    let ty = program.show(of);
    let name = Symbol::intern("Own");
    // What the library asks of its own types is no line to look at.
    let bound = bound.filter(|bound| !program.sources.is_library(*bound));
    if matches!(of.kind(), TyKind::Param(_) | TyKind::Projection(_)) {
        let diagnostic = Diagnostic::error(E0509, format!("`{ty}` may be a view: an owner is needed here"))
            .primary(span, format!("nothing says that `{ty}` is an owner"));
        return implement(asked_at(diagnostic, span, bound), &ty, name, true, None);
    }
    let mut part = of;
    of.any(&mut |inner| {
        let found = match inner.kind() {
            TyKind::Ref(..) => true,
            TyKind::Adt(adt, _) => program.adt(*adt).is_view,
            _ => false,
        };
        if found {
            part = inner;
        }
        found
    });
    let label = if part == of { format!("a `{ty}` is a view") } else { format!("a `{ty}` is a view: it holds a `{}`", program.show(part)) };
    let diagnostic = Diagnostic::error(E0509, format!("`{ty}` looks at something that others own: an owner is needed here"))
        .primary(span, label);
    asked_at(diagnostic, span, bound).help(match part.kind() {
        TyKind::Ref(_, to) => match to.kind() {
            TyKind::Str => "what may outlive what it looks at owns its text: a `String`, made by `.to_string()`".to_string(),
            TyKind::Slice(of) => format!("what may outlive what it looks at owns its elements: a `Vec<{}>`, made by `.to_vec()`", program.show(*of)),
            TyKind::Dyn(_) => "what may outlive what it looks at owns it: a `Box` or an `Rc` of the value".to_string(),
            _ => format!("give the `{}` itself, or a `.clone()` of it; what several own is an `Rc` or a `Shared`", program.show(*to)),
        },
        _ => "keep what it looks at instead, or an index or an `Id` that leads there".to_string(),
    })
}

/// How a type comes to implement a trait: of one of the program's own, and of a parameter.
fn implement(diagnostic: Diagnostic, ty: &str, name: Symbol, is_param: bool, declared: Option<Span>) -> Diagnostic {
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
    implement(diagnostic, ty, name, is_param, declared)
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
