//! Words, numbers and symbols of the C form. Comments are `(* … *)`, `/* … */` and `// …`.

use super::{Parsed, refuse};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Token<'a> {
    Word(&'a str),
    Number(i64),
    Symbol(&'a str),
}

impl std::fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Token::Word(text) | Token::Symbol(text) => f.write_str(text),
            Token::Number(number) => number.fmt(f),
        }
    }
}

const PAIRS: &[&str] = &[
    "/\\", "\\/", "&&", "||", "==", "!=", "<=", ">=", "<>", "<<", ">>", "=>", "->", "++", "--",
    "+=", "-=", "*=", "&=", "|=", "^=",
];
const SINGLES: &str = "{}()[];:,=<>+-*/%&|^!~?";

/// The tokens from byte `start` on, each with its place.
pub fn lex(text: &str, start: usize) -> Parsed<Vec<(Token<'_>, usize)>> {
    let mut tokens = Vec::new();
    let mut at = start;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = |keep: &dyn Fn(char) -> bool| rest.find(|c| !keep(c)).unwrap_or(rest.len());
        if first.is_whitespace() {
            at += first.len_utf8();
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            match rest[2..].find("*/") {
                Some(length) => at += length + 4,
                None => return refuse(at, "this comment has no end"),
            }
        } else if is_comment(rest) {
            at += nested_comment(rest).map_or_else(|| refuse(at, "this comment has no end"), Ok)?;
        } else if first.is_ascii_alphabetic() || first == '_' {
            let word = &rest[..length(&|c| c.is_ascii_alphanumeric() || c == '_')];
            tokens.push((Token::Word(word), at));
            at += word.len();
        } else if first.is_ascii_digit() {
            let word = &rest[..length(&|c| c.is_ascii_alphanumeric())];
            let digits = word.trim_end_matches(['l', 'L']);
            if digits.len() > 1 && digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.starts_with('0') {
                return refuse(at, format!("`{word}` would be octal in C and is not elsewhere: write it without the 0"));
            }
            if digits.ends_with(['u', 'U']) {
                return refuse(at, format!("`{word}` is unsigned, which is not understood here: write it without the `u`"));
            }
            let number = match digits
                .strip_prefix("0x")
                .or_else(|| digits.strip_prefix("0X"))
            {
                Some(hex) => i64::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            let Ok(number) = number else {
                return refuse(
                    at,
                    format!("`{word}` is not a number that is understood here"),
                );
            };
            tokens.push((Token::Number(number), at));
            at += word.len();
        } else if let Some(pair) = PAIRS.iter().find(|pair| rest.starts_with(**pair)) {
            tokens.push((Token::Symbol(pair), at));
            at += 2;
        } else if SINGLES.contains(first) {
            tokens.push((Token::Symbol(&rest[..1]), at));
            at += 1;
        } else {
            return refuse(at, format!("`{first}` is not understood here"));
        }
    }
    Ok(tokens)
}

/// The length of `(* … *)`, in which others may lie.
pub fn nested_comment(rest: &str) -> Option<usize> {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("(*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*)") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    None
}

/// `(*` opens a comment, but `(*x)` reads a location.
fn is_comment(rest: &str) -> bool {
    rest.starts_with("(*")
        && rest[2..]
            .chars()
            .next()
            .is_none_or(|c| c.is_whitespace() || c == '*')
}
