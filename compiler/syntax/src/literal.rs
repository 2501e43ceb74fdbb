//! Values of literals from their text: numbers with suffixes, durations, escapes.

use crate::ast::Lit;
use diag::Symbol;

const INT_SUFFIXES: [&str; 9] = ["int", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"];
const FLOAT_SUFFIXES: [&str; 2] = ["f32", "f64"];
const DURATION_SUFFIXES: [(&str, u64); 5] =
    [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("min", 60_000_000_000)];

/// `Err` says in a sentence what is wrong.
pub(crate) fn number(text: &str) -> Result<Lit, String> {
    let bytes = text.as_bytes();
    let base = match (bytes[0], bytes.get(1)) {
        (b'0', Some(b'x' | b'X')) => 16,
        (b'0', Some(b'b' | b'B')) => 2,
        (b'0', Some(b'o' | b'O')) => 8,
        _ => return decimal(text),
    };
    let digits = &text[2..];
    // In hexadecimal a suffix must begin behind the digits, and `b8` is digits; only `i`, `u` start one.
    let end = digits.find(|c: char| !(c.is_digit(base) || c == '_' || (base < 16 && c.is_ascii_digit()))).unwrap_or(digits.len());
    let (digits, suffix) = digits.split_at(end);
    let name = match base {
        16 => "hexadecimal",
        8 => "octal",
        _ => "binary",
    };
    if let Some(bad) = digits.chars().find(|c| *c != '_' && !c.is_digit(base)) {
        return Err(format!("`{bad}` is not a digit of a {name} number"));
    }
    if !suffix.is_empty() && !INT_SUFFIXES.contains(&suffix) {
        return Err(suffix_error(suffix, base != 16));
    }
    if digits.bytes().all(|b| b == b'_') {
        return Err(format!("a {name} number needs digits behind `{}`", &text[..2]));
    }
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    let value = u128::from_str_radix(&plain, base).map_err(|_| "this number is larger than any integer type".to_owned())?;
    Ok(Lit::Int { value, suffix: (!suffix.is_empty()).then(|| Symbol::intern(suffix)) })
}

fn decimal(text: &str) -> Result<Lit, String> {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(|b| b.is_ascii_digit() || *b == b'_') {
            at += 1;
        }
        at
    };
    let mut end = digits(0);
    let mut float = false;
    if bytes.get(end) == Some(&b'.') {
        float = true;
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
            float = true;
            end = digits(end + 1 + sign);
        } else if end + 1 == bytes.len() {
            return Err("an exponent needs digits behind `e`".into());
        }
    }
    let (number, suffix) = text.split_at(end);
    if !float && suffix.is_empty() && end <= 18 && !number.contains('_') {
        // The common case, without a copy.
        let value = number.bytes().fold(0u64, |value, digit| value * 10 + u64::from(digit - b'0'));
        return Ok(Lit::Int { value: value.into(), suffix: None });
    }
    let plain: String = number.chars().filter(|c| *c != '_').collect();
    if let Some((_, unit)) = DURATION_SUFFIXES.iter().find(|(name, _)| *name == suffix) {
        return duration(&plain, *unit);
    }
    let symbol = (!suffix.is_empty()).then(|| Symbol::intern(suffix));
    if float || FLOAT_SUFFIXES.contains(&suffix) {
        if !suffix.is_empty() && !FLOAT_SUFFIXES.contains(&suffix) {
            return Err(match INT_SUFFIXES.contains(&suffix) {
                true => format!("a number with a fraction cannot have the integer type `{suffix}`"),
                false => suffix_error(suffix, true),
            });
        }
        return Ok(Lit::Float { text: Symbol::intern(&plain), suffix: symbol });
    }
    if !suffix.is_empty() && !INT_SUFFIXES.contains(&suffix) {
        return Err(suffix_error(suffix, true));
    }
    let value = plain.parse::<u128>().map_err(|_| "this number is larger than any integer type".to_owned())?;
    Ok(Lit::Int { value, suffix: symbol })
}

fn duration(number: &str, unit: u64) -> Result<Lit, String> {
    let too_long = || "a duration holds at most 292 years".to_owned();
    let nanoseconds = if number.bytes().all(|b| b.is_ascii_digit()) {
        let count = number.parse::<u64>().map_err(|_| too_long())?;
        count.checked_mul(unit).and_then(|value| i64::try_from(value).ok()).ok_or_else(too_long)?
    } else {
        let value = number.parse::<f64>().map_err(|_| "this is no number".to_owned())? * unit as f64;
        if value >= i64::MAX as f64 {
            return Err(too_long());
        }
        value.round() as i64
    };
    Ok(Lit::Duration(nanoseconds))
}

fn suffix_error(suffix: &str, decimal: bool) -> String {
    match suffix {
        "usize" | "isize" => format!("there is no `{suffix}`: lengths and indices are `int`"),
        "u128" | "i128" => format!("there is no `{suffix}`: the widest integers are `i64` and `u64`"),
        "h" | "hour" | "m" | "sec" | "d" if decimal => {
            format!("`{suffix}` is no unit of time: they are `ns`, `us`, `ms`, `s` and `min`")
        }
        _ if FLOAT_SUFFIXES.contains(&suffix) => format!("`{suffix}` does not go with this base"),
        _ => format!("`{suffix}` is not the suffix of a number"),
    }
}

/// The escape at `at`, which is a `\`. Gives its character (`None` for a `\` that joins two lines) and where it ends.
/// `Err` gives the end and a sentence.
pub(crate) fn escape(text: &str, at: usize) -> Result<(Option<char>, usize), (usize, String)> {
    let rest = &text[at + 1..];
    let Some(letter) = rest.chars().next() else {
        return Err((at + 1, "nothing stands behind this `\\`".into()));
    };
    let next = at + 1 + letter.len_utf8();
    let value = match letter {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        '\\' | '\'' | '"' => letter,
        'x' => {
            let digits: String = text[next..].chars().take_while(char::is_ascii_hexdigit).take(2).collect();
            let end = next + digits.len();
            return match u8::from_str_radix(&digits, 16) {
                Ok(value) if digits.len() == 2 => Ok((Some(char::from(value)), end)),
                _ => Err((end, "`\\x` needs two hexadecimal digits, as in `\\x41`".into())),
            };
        }
        'u' => return unicode_escape(text, next),
        '\r' | '\n' => {
            let skipped = text[next..].len() - text[next..].trim_start().len();
            return Ok((None, next + skipped));
        }
        '{' | '}' => return Err((next, format!("braces are written twice: `{letter}{letter}`"))),
        other => return Err((next, format!("there is no escape `\\{other}`; a `\\` itself is written `\\\\`"))),
    };
    Ok((Some(value), next))
}

fn unicode_escape(text: &str, at: usize) -> Result<(Option<char>, usize), (usize, String)> {
    let wanted = || "`\\u` needs braces and up to six hexadecimal digits, as in `\\u{1F600}`".to_owned();
    let Some(rest) = text[at..].strip_prefix('{') else { return Err((at, wanted())) };
    let length = rest.find(|c: char| !c.is_ascii_hexdigit() && c != '_').unwrap_or(rest.len());
    let end = at + 1 + length;
    if !rest[length..].starts_with('}') {
        return Err((end, wanted()));
    }
    let digits: String = rest[..length].chars().filter(|c| *c != '_').collect();
    let Some(value) = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() <= 6) else {
        return Err((end + 1, wanted()));
    };
    match char::from_u32(value) {
        Some(value) => Ok((Some(value), end + 1)),
        None => Err((end + 1, "there is no character of this number".into())),
    }
}
