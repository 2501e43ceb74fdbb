//! The wording of everything that can be wrong with a text, one constructor a mistake.

use crate::ast::Ident;
use crate::token::Kind;
use diag::{Code, Diagnostic, Span, Symbol};

fn unexpected_at(span: Span, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::E0101, message).primary(span, label)
}

fn misplaced(span: Span, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::E0111, message).primary(span, label)
}

// ---------------------------------------------------------------- Characters

pub(crate) fn unknown_character(span: Span, text: &str, in_string: bool) -> Diagnostic {
    let report = Diagnostic::error(Code::E0105, format!("{} belongs to no token of the language", quoted(text)))
        .primary(span, "this cannot be read");
    match text {
        "\\" if in_string => report.help("quotes inside `{ }` need no `\\`"),
        "‘" | "’" => report.help("characters stand between straight quotes: `'x'`").fix(span, "'"),
        _ if text.starts_with(['“', '”']) => report.help("strings stand between straight quotes: `\"text\"`"),
        "$" => report.help("variables are named without `$`, in strings too: `\"{name}\"`"),
        _ if text.starts_with('`') => report.help("strings stand between double quotes and interpolate by themselves: `\"{name}\"`"),
        "~" => report.help("the bits of a number are inverted by `!`").fix(span, "!"),
        _ => report,
    }
}

/// Between backticks, or in words where that would be hard to read.
fn quoted(text: &str) -> String {
    match text.chars().next() {
        Some('`') => "a backtick".into(),
        Some('“' | '”') => "a curly quote".into(),
        Some(other) if other.is_control() || other.is_whitespace() => format!("the character U+{:04X}", other as u32),
        _ => format!("`{text}`"),
    }
}

pub(crate) fn comment_without_end(span: Span) -> Diagnostic {
    Diagnostic::error(Code::E0107, "this comment does not end")
        .primary(span, "it begins here and swallows the rest of the file")
        .help("close it with `*/`; comments nest, so each `/*` needs its own")
}

pub(crate) fn string_without_end(span: Span) -> Diagnostic {
    Diagnostic::error(Code::E0102, "this string does not end on its line")
        .primary(span, "it begins here")
        .help("close it with `\"`; a line end inside is written `\\n`, and `r\"…\"` may span lines")
}

pub(crate) fn bad_escape(span: Span, why: String) -> Diagnostic {
    Diagnostic::error(Code::E0103, why)
        .primary(span, "no such escape")
        .help("the escapes are `\\n \\r \\t \\0 \\\\ \\\" \\' \\x41 \\u{1F600}`")
}

pub(crate) fn malformed_number(span: Span, why: String) -> Diagnostic {
    Diagnostic::error(Code::E0104, why).primary(span, "this number cannot be read")
}

pub(crate) fn malformed_char(span: Span, why: String, as_string: Option<String>) -> Diagnostic {
    let report = Diagnostic::error(Code::E0110, why).primary(span, "this is not one character");
    match as_string {
        Some(string) => report.help(format!("text stands between double quotes: `{string}`")).fix(span, string),
        None => report,
    }
}

// ---------------------------------------------------------------- Interpolation

pub(crate) fn lone_brace(span: Span) -> Diagnostic {
    Diagnostic::error(Code::E0109, "this `}` closes no interpolation")
        .primary(span, "nothing is open here")
        .help("a brace in a string is written twice: `}}`")
        .fix(span, "}}")
}

pub(crate) fn open_interpolation(span: Span) -> Diagnostic {
    Diagnostic::error(Code::E0109, "this `{` begins an interpolation that does not end")
        .primary(span, "its `}` is missing")
        .help("a brace in a string is written twice: `{{`")
}

pub(crate) fn empty_interpolation(span: Span) -> Diagnostic {
    Diagnostic::error(Code::E0109, "this interpolation is empty")
        .primary(span, "nothing to show here")
        .help("put what to show between the braces: `{name}`; braces themselves are written `{{}}`")
}

pub(crate) fn bad_format_spec(span: Span, why: String) -> Diagnostic {
    Diagnostic::error(Code::E0109, why).primary(span, "this is not a format")
}

// ---------------------------------------------------------------- Brackets and depth

pub(crate) fn unclosed(span: Span, kind: Kind) -> Diagnostic {
    let open = kind.spelling();
    let close = kind.closer().map_or("", Kind::spelling);
    let open = if kind == Kind::InterpolationOpen { "{" } else { open };
    let close = if kind == Kind::InterpolationOpen { "}" } else { close };
    Diagnostic::error(Code::E0108, format!("this `{open}` is not closed")).primary(span, format!("its `{close}` is missing"))
}

pub(crate) fn stray_closer(span: Span, kind: Kind, inside: Option<(Span, Kind)>) -> Diagnostic {
    let text = if kind == Kind::InterpolationClose { "}" } else { kind.spelling() };
    let report = Diagnostic::error(Code::E0108, format!("nothing is open that this `{text}` could close"));
    match inside {
        Some((open, open_kind)) => {
            let wanted = match open_kind.closer() {
                Some(Kind::InterpolationClose) | None => "}",
                Some(closer) => closer.spelling(),
            };
            report.primary(span, format!("here only a `{wanted}` fits")).label(open, "to close this")
        }
        None => report.primary(span, "one bracket too many"),
    }
}

pub(crate) fn wrong_closer(span: Span, kind: Kind, opener: Span, closer: Kind) -> Diagnostic {
    Diagnostic::error(Code::E0108, format!("a `{}` cannot close this", kind.spelling()))
        .primary(span, format!("here a `{}` belongs", closer.spelling()))
        .label(opener, "to close this")
        .fix(span, closer.spelling())
}

pub(crate) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(Code::E0112, "this is nested too deeply")
        .primary(span, "the limits are 256 brackets, and 8 strings inside strings")
        .help("name the inner parts with `let`")
}

pub(crate) fn too_long(span: Span) -> Diagnostic {
    Diagnostic::error(Code::E0112, "this expression is too long")
        .primary(span, "no end after 3000 tokens")
        .help("name parts of it with `let`")
}

pub(crate) fn unsupported(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(Code::E0112, format!("{what} is not supported yet")).primary(span, "here")
}

// ---------------------------------------------------------------- Words of other languages

pub(crate) fn foreign_keyword(span: Span, word: &str, ours: &str, why: &str) -> Diagnostic {
    unexpected_at(span, format!("`{word}` is no word of the language: {why}"), format!("write `{ours}`")).fix(span, ours)
}

pub(crate) fn macro_call(span: Span, name: &str) -> Diagnostic {
    let (message, fix) = match name {
        "vec" => ("a vector is written `vec[…]`, without `!`".to_owned(), "vec"),
        "format" => ("every string interpolates by itself: `\"{name}\"`".to_owned(), "format"),
        _ => (format!("Aurora calls functions: `{name}(…)`"), name),
    };
    let report = unexpected_at(span, message, "there are no macros");
    match name {
        "format" => report,
        "println" | "print" | "eprintln" | "eprint" => {
            report.help(format!("write `{name}(\"{{x}}\")`: values stand inside the string")).fix(span, fix)
        }
        _ => report.fix(span, fix),
    }
}

/// `parts`: the value and the pattern, as they are written.
pub(crate) fn pattern_question(span: Span, parts: Option<(String, String)>) -> Diagnostic {
    let report = unexpected_at(span, "a pattern is asked for by `if let` or `match`", "there are no macros");
    let Some((value, pattern)) = parts else {
        return report.help("write `match value { pattern => true, _ => false }`");
    };
    let (shape, guard) = match pattern.split_once(" if ") {
        Some((shape, guard)) => (shape.trim(), format!(" && {}", guard.trim())),
        None => (pattern.as_str(), String::new()),
    };
    let fix = format!("match {value} {{ {pattern} => true, _ => false }}");
    report
        .help(format!("write `{fix}`; as a condition with a block, `if let {shape} = {value}{guard} {{ … }}`"))
        .fix(span, fix)
}

pub(crate) fn async_fn(span: Span) -> Diagnostic {
    misplaced(span, "functions have no colour: any function may wait", "`async` does not belong to a function")
        .help("leave `async` out; `async f()` at the call makes a task of it")
        .fix(span, "")
}

pub(crate) fn needless_move(span: Span, is_async: bool) -> Diagnostic {
    let message = match is_async {
        true => "`async` captures what it needs by itself",
        false => "`detach` moves what it captures anyway",
    };
    misplaced(span, message, "leave `move` out").fix(span, "")
}

pub(crate) fn const_fn(span: Span) -> Diagnostic {
    misplaced(span, "there is no `const fn`", "`const` does not belong to a function")
        .help("leave `const` out; `pure fn` is checked to have no effects")
        .fix(span, "")
}

pub(crate) fn increment(span: Span, kind: Kind) -> Diagnostic {
    let (twice, assign) = if kind == Kind::Plus { ("++", "+= 1") } else { ("--", "-= 1") };
    unexpected_at(span, format!("there is no `{twice}`"), format!("write `{assign}`")).fix(span, format!(" {assign}"))
}

pub(crate) fn mut_order(span: Span) -> Diagnostic {
    unexpected_at(span, "a variable that changes begins with `let mut`", "write `let mut`").fix(span, "let mut")
}

pub(crate) fn three_dots(span: Span) -> Diagnostic {
    unexpected_at(span, "there is no `...`", "`..=` includes the end, `..` does not").fix(span, "..=")
}

pub(crate) fn triple_equals(span: Span, kind: Kind) -> Diagnostic {
    let ours = kind.spelling();
    unexpected_at(span, format!("there is no `{ours}=`: values are compared by `{ours}`"), format!("write `{ours}`")).fix(span, ours)
}

pub(crate) fn colon_equals(span: Span, name: Option<&str>) -> Diagnostic {
    match name {
        Some(name) => unexpected_at(span, "a variable begins with `let`", format!("write `let {name} = …`")),
        None => unexpected_at(span, "there is no `:=`", "write `=`").fix(span, "="),
    }
}

pub(crate) fn lifetime(span: Span, text: &str) -> Diagnostic {
    misplaced(span, format!("nobody writes lifetimes: `{text}` is not needed"), "leave it out")
        .note("a result borrows from `self` or from every view parameter; `-> &T from name` says which one otherwise")
        .fix(span, "")
}

// ---------------------------------------------------------------- Statements

pub(crate) fn two_statements(span: Span, previous: Span, got: &str) -> Diagnostic {
    Diagnostic::error(Code::E0106, "two statements stand on one line")
        .primary(span, format!("a second statement begins at {got}"))
        .label(previous, "the first ends here")
        .help("put `;` between them or begin a new line")
        .fix(previous.end(), ";")
}

pub(crate) fn misspelt_keyword(span: Span, word: &str, keyword: &str) -> Diagnostic {
    unexpected_at(span, format!("`{word}` cannot stand here; did you mean `{keyword}`?"), format!("write `{keyword}`")).fix(span, keyword)
}

pub(crate) fn missing_comma(at: Span) -> Diagnostic {
    unexpected_at(at, "a `,` is missing", "put a `,` here").fix(at, ",")
}

pub(crate) fn wrong_separator(span: Span, what: &str) -> Diagnostic {
    unexpected_at(span, format!("{what} are separated by `,`"), "write `,`").fix(span, ",")
}

pub(crate) fn arrow_mixed_up(span: Span, wanted: Kind) -> Diagnostic {
    let (message, wanted) = match wanted {
        Kind::FatArrow => ("a pattern and its result are joined by `=>`", "=>"),
        _ => ("the type of the result stands behind `->`", "->"),
    };
    unexpected_at(span, message, format!("write `{wanted}`")).fix(span, wanted)
}

pub(crate) fn field_needs_colon(span: Span) -> Diagnostic {
    unexpected_at(span, "a field gets its value with `:`", "write `:`").fix(span, ":")
}

pub(crate) fn type_needs_colon(span: Span, name: Span, text: &str) -> Diagnostic {
    unexpected_at(span, "a type stands behind `:`", format!("write `{text}: …`")).fix(name.end(), ":")
}

pub(crate) fn missing_equals(span: Span, name: Span, text: &str) -> Diagnostic {
    unexpected_at(span, "a value stands behind `=`", format!("write `let {text} = …`")).fix(name.end(), " =")
}

pub(crate) fn needs_name(span: Span, what: &str) -> Diagnostic {
    unexpected_at(span, format!("{what} needs a name"), "the name is missing here")
}

pub(crate) fn keyword_as_name(span: Span, word: &str) -> Diagnostic {
    unexpected_at(span, format!("`{word}` is a keyword and cannot be a name"), "choose another name").fix(span, format!("{word}_"))
}

pub(crate) fn brace_on_next_line(brace: Span) -> Diagnostic {
    unexpected_at(brace, "a line end stands in front of this `{`", "it belongs to the end of the line before")
        .help("a line end ends a statement, so `{` stands on the line of what it belongs to")
}

pub(crate) fn struct_in_head(span: Span) -> Diagnostic {
    unexpected_at(span, "this `{` was taken for the block", "a struct literal in front of a block needs parentheses")
        .help("write `(Name { … })`")
}

pub(crate) fn ternary(span: Span) -> Diagnostic {
    unexpected_at(span, "there is no `a ? b : c`", "`?` hands an error on").help("`if` has a value: `if a { b } else { c }`")
}

pub(crate) fn doubled_sign(span: Span, sign: &str) -> Diagnostic {
    unexpected_at(span, format!("there is no `{sign}{sign}`"), format!("write `x {sign}= 1` as a statement of its own"))
}

pub(crate) fn arrow_function(span: Span) -> Diagnostic {
    unexpected_at(span, "`=>` stands in the arms of `match` and `select` only", "not here").help("a closure is written `|x| …`")
}

pub(crate) fn else_without_if(span: Span) -> Diagnostic {
    unexpected_at(span, "this `else` belongs to no `if`", "not here")
        .help("`else` follows the `}` of its `if`; in `let … else` it follows the value")
}

pub(crate) fn let_outside_function(span: Span) -> Diagnostic {
    misplaced(span, "a `let` stands in a function", "not among items").help("what lives as long as the program is a `static` or a `const`")
}

pub(crate) fn foreign_item(span: Span, word: &str, help: &str) -> Diagnostic {
    unexpected_at(span, format!("`{word}` begins no item"), "this cannot be read").help(help)
}

pub(crate) fn statement_outside_function(span: Span, got: &str) -> Diagnostic {
    misplaced(span, format!("{got} cannot stand outside a function"), "here stand items: `fn`, `struct`, `enum`, `use` and the like")
}

pub(crate) fn unexpected(span: Span, got: &str, expected: &str) -> Diagnostic {
    let message = match expected {
        "" => format!("{got} does not fit here"),
        expected => format!("expected {expected}, found {got}"),
    };
    unexpected_at(span, message, "this does not fit")
}

pub(crate) fn interpolation_in_pattern(span: Span) -> Diagnostic {
    misplaced(span, "a string in a pattern cannot interpolate", "it has to be known beforehand")
        .help("compare in a guard: `s if s == \"{x}\" =>`; braces themselves are written `{{`")
}

pub(crate) fn too_many(span: Span) -> Diagnostic {
    unexpected_at(span, "too much of this cannot be read", "the rest of this item is left out")
}

// ---------------------------------------------------------------- Items

pub(crate) fn function_without_body(span: Span, name: Ident) -> Diagnostic {
    misplaced(span, format!("the function `{}` has no body", name.name), "a `{ … }` is missing")
        .help("only traits and `extern` blocks declare functions without one")
}

pub(crate) fn self_outside_method(span: Span) -> Diagnostic {
    misplaced(span, "`self` is the receiver of a method", "this function belongs to no type").help("put the function into an `impl`")
}

pub(crate) fn self_not_first(span: Span) -> Diagnostic {
    misplaced(span, "`self` is the first parameter", "not here")
}

pub(crate) fn unknown_abi(span: Span, abi: Symbol) -> Diagnostic {
    Diagnostic::error(Code::E0112, format!("`extern \"{abi}\"` is not supported")).primary(span, "only `\"C\"` is")
}

pub(crate) fn needs_value(span: Span, what: &str) -> Diagnostic {
    misplaced(span, format!("{what} in an `impl` needs its value"), "`= …` is missing")
}

pub(crate) fn negative_inherent(span: Span) -> Diagnostic {
    misplaced(span, "`impl !` denies a trait", "no trait is named").help("write `impl !Send for Type {}`")
}

pub(crate) fn not_a_trait(span: Span) -> Diagnostic {
    misplaced(span, "in front of `for` stands a trait", "this is a type")
}

pub(crate) fn body_in_extern(span: Span, name: Ident) -> Diagnostic {
    misplaced(span, format!("`{}` is declared here and defined elsewhere", name.name), "so it has no body")
}

pub(crate) fn only_functions_in_extern(span: Span) -> Diagnostic {
    misplaced(span, "an `extern` block declares functions", "this is none")
}

pub(crate) fn arguments_twice(span: Span) -> Diagnostic {
    unexpected_at(span, "type arguments stand here twice", "leave one list out")
}

pub(crate) fn rest_not_last(span: Span) -> Diagnostic {
    unexpected_at(span, "`..` is the last thing in a struct pattern", "it stands before another field")
}

pub(crate) fn base_not_last(span: Span) -> Diagnostic {
    unexpected_at(span, "`..base` is the last thing in a struct literal", "fields follow it")
}

// ---------------------------------------------------------------- Expressions

pub(crate) fn wild_expression(span: Span) -> Diagnostic {
    misplaced(span, "`_` has no value", "it stands in patterns and types only").help("`let _ = e` drops a value")
}

pub(crate) fn let_outside_condition(span: Span) -> Diagnostic {
    misplaced(span, "this `let` is part of no condition", "not here")
        .help("`let p = e` may stand in the condition of `if` and `while`, joined by `&&`; else it is a statement of its own")
}

pub(crate) fn assignment_as_condition(span: Span, place: Span, pattern: bool) -> Diagnostic {
    let report = unexpected_at(span, "this assigns where a condition is needed", "`=` assigns, `==` compares");
    match pattern {
        true => report.help("a pattern is tested by `if let`").fix(place.start(), "let "),
        false => report.help("write `==`").fix(span, "=="),
    }
}

pub(crate) fn chained_comparison(span: Span, first: Span) -> Diagnostic {
    unexpected_at(span, "comparisons cannot be chained", "a second comparison of the same value")
        .label(first, "the first compares already")
        .help("write `a < b && b < c`")
}

pub(crate) fn chained_ranges(span: Span) -> Diagnostic {
    unexpected_at(span, "a range has two ends", "this would give it a third").help("put one range in parentheses")
}

// ---------------------------------------------------------------- Not yet

pub(crate) fn litmus(span: Span) -> Diagnostic {
    unsupported(span, "`litmus`").help("`test(exhaustive) \"name\" { … }` checks every schedule")
}
