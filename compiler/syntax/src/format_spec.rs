//! Reads what stands behind the `:` of an interpolation: `*>+#08.3x`.

use crate::ast::{Align, FormatKind, FormatSpec, Ident, SpecCount};
use diag::{Span, Symbol};

/// `span` is that of `text`. `Err` says in a sentence what is wrong.
pub(crate) fn parse(text: &str, span: Span) -> Result<FormatSpec, String> {
    let mut reader = Reader { text, at: 0, span };
    let mut spec = FormatSpec { span: Some(span), ..FormatSpec::default() };
    let mut chars = text.chars();
    if let (Some(fill), Some(align)) = (chars.next(), chars.next().and_then(align_of)) {
        spec.fill = Some(fill);
        spec.align = Some(align);
        reader.at = fill.len_utf8() + 1;
    } else if let Some(align) = text.chars().next().and_then(align_of) {
        spec.align = Some(align);
        reader.at = 1;
    }
    spec.plus = reader.take('+');
    spec.alternate = reader.take('#');
    // `0` alone is a width of no columns as well as a flag; Rust reads the flag.
    spec.zero = reader.take('0');
    spec.width = reader.count()?;
    if reader.take('.') {
        spec.precision = reader.count()?;
        if spec.precision.is_none() {
            return Err("a precision needs digits behind the `.`, as in `.2`".into());
        }
    }
    let rest = text[reader.at..].trim_end();
    spec.kind = match rest {
        "" => FormatKind::Show,
        "?" => FormatKind::Debug,
        "x" => FormatKind::LowerHex,
        "X" => FormatKind::UpperHex,
        "b" => FormatKind::Binary,
        "o" => FormatKind::Octal,
        "e" => FormatKind::Exponent,
        other => {
            return Err(format!(
                "`{other}` is no format: after fill, alignment, `+`, `#`, `0`, width and `.precision` stands one of `x X b o e ?`"
            ));
        }
    };
    Ok(spec)
}

fn align_of(letter: char) -> Option<Align> {
    match letter {
        '<' => Some(Align::Left),
        '^' => Some(Align::Center),
        '>' => Some(Align::Right),
        _ => None,
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    span: Span,
}

impl Reader<'_> {
    fn take(&mut self, letter: char) -> bool {
        let found = self.text[self.at..].starts_with(letter);
        self.at += usize::from(found);
        found
    }

    /// Digits, or `name$`.
    fn count(&mut self) -> Result<Option<SpecCount>, String> {
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if rest[length..].starts_with('$') && length > 0 {
            let lo = self.span.lo as usize + self.at;
            let ident = Ident { name: Symbol::intern(&rest[..length]), span: Span::new(self.span.file, lo, lo + length) };
            self.at += length + 1;
            return Ok(Some(SpecCount::Name(ident)));
        }
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if digits == 0 {
            return Ok(None);
        }
        self.at += digits;
        match rest[..digits].parse::<u32>().ok().filter(|count| *count <= 10_000) {
            Some(count) => Ok(Some(SpecCount::Literal(count))),
            None => Err("a width or precision of more than 10000 is too large".into()),
        }
    }
}
