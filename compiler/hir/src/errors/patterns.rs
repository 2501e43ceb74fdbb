//! Of patterns: those that miss something, match nothing, or do not fit what they are held against.

use super::types::list;
use diag::Code::*;
use diag::{Diagnostic, Span, Symbol};

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
