//! Text to raw tokens: words, numbers, strings taken apart at their `{ }`, comments put aside.
//!
//! Expects any text. Promises: spans lie in the text and follow one another; every literal is decoded; whatever
//! is malformed was reported once and leaves a token that can stand in its place. Line ends are only remembered
//! (`Token::line_start`): `layout` turns them into terminators.

use crate::ast::{FormatSpec, Lit};
use crate::errors;
use crate::format_spec;
use crate::literal;
use crate::token::Kind;
use diag::{Diags, SourceFile, Span, Symbol};
use logos::Logos;

/// One token. `data` is an index into the table that belongs to its kind.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub kind: Kind,
    /// The first on its line.
    pub line_start: bool,
    pub lo: u32,
    pub hi: u32,
    pub data: u32,
}

impl Token {
    pub(crate) fn new(kind: Kind, lo: usize, hi: usize) -> Token {
        Token { kind, line_start: false, lo: lo as u32, hi: hi as u32, data: 0 }
    }
}

/// What tokens hold, and the comments that document something.
#[derive(Default, Debug)]
pub struct Tables {
    pub literals: Vec<Lit>,
    pub texts: Vec<Symbol>,
    pub specs: Vec<FormatSpec>,
    /// `///` lines with the start of the token behind them, in order.
    pub docs: Vec<(u32, Symbol)>,
    /// `//!` lines in front of the first token.
    pub file_docs: Vec<Symbol>,
    /// Something swallowed a part of the text, so brackets may be missing without a mistake of their own.
    pub swallowed: bool,
    /// Where characters were left out, in order: a gap there is no mistake of its own.
    pub holes: Vec<u32>,
}

/// Strings in strings in strings: deeper than anybody can read.
const INTERPOLATION_DEPTH_MAX: u32 = 8;

pub(crate) fn raw_tokens(file: &SourceFile, diags: &mut Diags) -> (Vec<Token>, Tables) {
    let text = &*file.text;
    // `#!/usr/bin/env aurorac` is the system's line, `#![…]` is ours.
    let start = match text.starts_with("#!") && !text.starts_with("#![") {
        true => text.find('\n').unwrap_or(text.len()),
        false => 0,
    };
    tokens_within(file, start, text.len(), diags)
}

/// The tokens of a stretch that begins and ends between tokens.
pub(crate) fn tokens_within(file: &SourceFile, from: usize, to: usize, diags: &mut Diags) -> (Vec<Token>, Tables) {
    let text = &*file.text;
    let mut lexer = Lexer {
        file,
        text,
        diags,
        tokens: Vec::with_capacity((to - from) / 4 + 8),
        tables: Tables::default(),
        line_start: true,
        line_first: 0,
        pending_docs: Vec::new(),
        interpolations: 0,
        reported_until: None,
    };
    lexer.range(from, to);
    (lexer.tokens, lexer.tables)
}

struct Lexer<'a> {
    file: &'a SourceFile,
    text: &'a str,
    diags: &'a mut Diags,
    tokens: Vec<Token>,
    tables: Tables,
    line_start: bool,
    /// The first token of the line being read.
    line_first: usize,
    pending_docs: Vec<Symbol>,
    interpolations: u32,
    /// Where the last unknown character ended: a run of them is one mistake.
    reported_until: Option<usize>,
}

impl<'a> Lexer<'a> {
    fn span(&self, lo: usize, hi: usize) -> Span {
        Span::new(self.file.id, lo, hi)
    }

    fn push(&mut self, kind: Kind, lo: usize, hi: usize, data: u32) {
        if self.line_start {
            self.line_first = self.tokens.len();
        }
        if !self.pending_docs.is_empty() {
            let docs = std::mem::take(&mut self.pending_docs);
            self.tables.docs.extend(docs.into_iter().map(|doc| (lo as u32, doc)));
        }
        self.tokens.push(Token { kind, line_start: self.line_start, lo: lo as u32, hi: hi as u32, data });
        self.line_start = false;
    }

    fn push_literal(&mut self, literal: Lit, lo: usize, hi: usize) {
        let data = self.tables.literals.len() as u32;
        self.tables.literals.push(literal);
        self.push(Kind::Literal, lo, hi, data);
    }

    fn push_text(&mut self, kind: Kind, text: &str, lo: usize, hi: usize) {
        let data = self.tables.texts.len() as u32;
        self.tables.texts.push(Symbol::intern(text));
        self.push(kind, lo, hi, data);
    }

    /// Lexes a stretch of the text; the whole file, or the expression of an interpolation.
    fn range(&mut self, lo: usize, hi: usize) {
        let mut lexer = Kind::lexer(&self.text[..hi]);
        lexer.bump(lo);
        while let Some(found) = lexer.next() {
            let span = lexer.span();
            let (start, end) = (span.start, span.end);
            let next = match found.unwrap_or(Kind::Unknown) {
                Kind::LineEnd => {
                    self.line_start = true;
                    end
                }
                Kind::LineComment => {
                    self.line_comment(start, end);
                    end
                }
                Kind::BlockComment => self.block_comment(start, hi),
                Kind::Literal => self.number(start, end, hi),
                Kind::Quote => self.string(start, end, hi),
                Kind::Apostrophe => self.character(start, end, hi),
                Kind::Label => self.label(start, end, hi),
                Kind::RawName => {
                    self.push(Kind::RawName, start, end, 0);
                    end
                }
                Kind::Unknown => self.unknown(start, end, hi),
                kind => {
                    self.push(kind, start, end, 0);
                    end
                }
            };
            if next > end {
                lexer.bump(next - end);
            }
        }
    }

    fn line_comment(&mut self, lo: usize, hi: usize) {
        let text = self.text[lo..hi].trim_end_matches('\r');
        if let Some(doc) = text.strip_prefix("///") {
            if !doc.starts_with('/') {
                self.pending_docs.push(Symbol::intern(doc.strip_prefix(' ').unwrap_or(doc)));
            }
        } else if let Some(doc) = text.strip_prefix("//!")
            && self.tokens.is_empty()
        {
            self.tables.file_docs.push(Symbol::intern(doc.strip_prefix(' ').unwrap_or(doc)));
        }
    }

    fn block_comment(&mut self, lo: usize, hi: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut depth = 1;
        let mut at = lo + 2;
        while at < hi {
            match (bytes[at], bytes.get(at + 1)) {
                (b'/', Some(b'*')) if at + 1 < hi => {
                    depth += 1;
                    at += 2;
                }
                (b'*', Some(b'/')) if at + 1 < hi => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        return at;
                    }
                }
                (byte, _) => {
                    self.line_start |= byte == b'\n';
                    at += 1;
                }
            }
        }
        self.diags.push(errors::comment_without_end(self.span(lo, lo + 2)));
        self.tables.swallowed = true;
        hi
    }

    fn unknown(&mut self, lo: usize, hi: usize, limit: usize) -> usize {
        let text = &self.text[lo..hi];
        // Curly quotes and backticks around a text are one mistake.
        let closers: &[char] = match text {
            "`" => &['`'],
            "“" | "”" => &['”', '“', '"'],
            _ => &[],
        };
        let line = self.text[hi..limit].split('\n').next().unwrap_or("");
        if let Some(length) = line.find(closers) {
            let closer = line[length..].chars().next().map_or(0, char::len_utf8);
            let end = hi + length + closer;
            self.diags.push(errors::unknown_character(self.span(lo, end), &self.text[lo..end], self.interpolations > 0));
            let inside = self.text[hi..hi + length].to_owned();
            self.push_text(Kind::Str, &inside, lo, end);
            return end;
        }
        self.tables.holes.push(lo as u32);
        if self.reported_until != Some(lo) {
            self.diags.push(errors::unknown_character(self.span(lo, hi), text, self.interpolations > 0));
        }
        self.reported_until = Some(hi);
        hi
    }

    /// Takes the fraction and the exponent that belong to a number, save behind a `.`, where digits are a field.
    fn number(&mut self, lo: usize, word_end: usize, limit: usize) -> usize {
        let bytes = &self.text.as_bytes()[..limit];
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        if self.tokens.last().is_some_and(|t| t.kind == Kind::Dot && !self.line_start) {
            let mut end = lo;
            while digit(end) {
                end += 1;
            }
            if let Ok(index) = self.text[lo..end].parse::<u32>() {
                // What is stuck to the digits (`t.0abc`) is no name either.
                if end < word_end {
                    self.diags.push(errors::malformed_number(
                        self.span(lo, word_end),
                        "a field number has digits only".into(),
                    ));
                }
                self.push(Kind::TupleIndex, lo, word_end.max(end), index);
                return word_end.max(end);
            }
        }
        let word_is = |end: usize| end > lo + 1 && matches!(bytes[end - 1], b'e' | b'E');
        let decimal = !(bytes[lo] == b'0' && matches!(bytes.get(lo + 1), Some(b'x' | b'b' | b'o' | b'X' | b'B' | b'O')));
        let mut end = word_end;
        let word = |mut at: usize| {
            while bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
                at += 1;
            }
            at
        };
        if decimal {
            if bytes.get(end) == Some(&b'.') && digit(end + 1) {
                end = word(end + 1);
            }
            if word_is(end) && matches!(bytes.get(end), Some(b'+' | b'-')) && digit(end + 1) {
                end = word(end + 1);
            }
        }
        match literal::number(&self.text[lo..end]) {
            Ok(literal) => self.push_literal(literal, lo, end),
            Err(why) => {
                self.diags.push(errors::malformed_number(self.span(lo, end), why));
                self.push_literal(Lit::Int { value: 0, suffix: None }, lo, end);
            }
        }
        end
    }

    /// `'a`, or the character `'a'`.
    fn label(&mut self, lo: usize, end: usize, limit: usize) -> usize {
        if self.text.as_bytes()[..limit].get(end) != Some(&b'\'') {
            self.push(Kind::Label, lo, end, 0);
            return end;
        }
        let inside = &self.text[lo + 1..end];
        let mut chars = inside.chars();
        let first = chars.next().unwrap_or('\0');
        if chars.next().is_some() {
            self.diags.push(errors::malformed_char(
                self.span(lo, end + 1),
                "a character literal holds one character".into(),
                Some(format!("\"{inside}\"")),
            ));
        }
        self.push_literal(Lit::Char(first), lo, end + 1);
        end + 1
    }

    /// `'+'`, `'\n'`, `b'x'`: what no label could be.
    fn character(&mut self, lo: usize, open: usize, limit: usize) -> usize {
        let text = &self.text[..limit];
        let byte = text.as_bytes()[lo] == b'b';
        let mut at = open;
        let value = match text[at..].chars().next() {
            Some('\\') => match literal::escape(text, at) {
                Ok((value, next)) => {
                    at = next;
                    value
                }
                Err((next, why)) => {
                    self.diags.push(errors::bad_escape(self.span(at, next), why));
                    at = next;
                    Some('\0')
                }
            },
            Some('\n' | '\r') | None => None,
            Some('\'') if !text[at + 1..].starts_with('\'') => None,
            Some(found) => {
                at += found.len_utf8();
                Some(found)
            }
        };
        let value = match value {
            Some(value) if text.as_bytes().get(at) == Some(&b'\'') => {
                at += 1;
                value
            }
            value => {
                // Take what looks like the rest of it: to a quote on the line, else this character alone.
                let line = text[at..].split('\n').next().unwrap_or("");
                let close = line.find('\'').filter(|length| *length <= 12);
                let end = close.map_or(at, |length| at + length + 1);
                let (why, fix) = match (value, close) {
                    (None, Some(0)) => ("a character literal holds one character".into(), None),
                    (Some(_), Some(_)) => {
                        let inside = &text[open..end - 1];
                        ("a character literal holds one character".into(), Some(format!("\"{inside}\"")))
                    }
                    _ => ("this `'` begins a character that is not closed".into(), None),
                };
                let end = end.max(open);
                self.diags.push(errors::malformed_char(self.span(lo, end), why, fix.filter(|_| !byte)));
                at = end;
                value.unwrap_or('\0')
            }
        };
        if !byte {
            self.push_literal(Lit::Char(value), lo, at);
        } else if let Some(value) = u8::try_from(value as u32).ok().filter(|_| value.is_ascii() || text[lo..at].contains("\\x")) {
            self.push_literal(Lit::Byte(value), lo, at);
        } else {
            self.diags.push(errors::malformed_char(self.span(lo, at), "a byte literal holds one ASCII character".into(), None));
            self.push_literal(Lit::Byte(0), lo, at);
        }
        at
    }

    fn string(&mut self, lo: usize, open: usize, limit: usize) -> usize {
        let prefix = &self.text[lo..open];
        let raw = prefix.contains('r');
        let bytes = prefix.starts_with('b');
        if raw {
            return self.raw_string(lo, open, limit, prefix.bytes().filter(|b| *b == b'#').count(), bytes);
        }
        if bytes {
            return self.byte_string(lo, open, limit);
        }
        let source = self.text.as_bytes();
        let mut at = open;
        let mut text = String::new();
        let mut text_lo = open;
        let mut begun = false;
        loop {
            // The common stretch: nothing special up to the next mark.
            let plain = at;
            while at < limit && !matches!(source[at], b'"' | b'\\' | b'{' | b'}' | b'\n') {
                at += 1;
            }
            text.push_str(&self.text[plain..at]);
            if at >= limit || source[at] == b'\n' {
                if source[..at].last() == Some(&b'\r') {
                    text.pop();
                }
                return self.unterminated(lo, at, begun);
            }
            match source[at] {
                b'"' => {
                    if !begun {
                        self.push_text(Kind::Str, &text, lo, at + 1);
                    } else {
                        if !text.is_empty() {
                            self.push_text(Kind::StrText, &text, text_lo, at);
                        }
                        self.push(Kind::StrEnd, at, at + 1, 0);
                    }
                    return at + 1;
                }
                b'\\' => match literal::escape(&self.text[..limit], at) {
                    Ok((value, next)) => {
                        text.extend(value);
                        at = next;
                    }
                    Err((next, why)) => {
                        self.diags.push(errors::bad_escape(self.span(at, next), why));
                        at = next;
                    }
                },
                b'{' if source[..limit].get(at + 1) == Some(&b'{') => {
                    text.push('{');
                    at += 2;
                }
                b'}' if source[..limit].get(at + 1) == Some(&b'}') => {
                    text.push('}');
                    at += 2;
                }
                b'}' => {
                    self.diags.push(errors::lone_brace(self.span(at, at + 1)));
                    at += 1;
                }
                _ => {
                    let found = match find_interpolation(&source[..limit], at + 1, 0) {
                        Ok(found) => found,
                        Err(end) => {
                            // The `{` runs into the end of the line. If a quote closes the string before that, the
                            // brace is the mistake, else the string is.
                            let closing = (at..end).find(|i| source[*i] == b'"' && source[i - 1] != b'\\');
                            let Some(closing) = closing else { return self.unterminated(lo, end, begun) };
                            self.diags.push(errors::open_interpolation(self.span(at, at + 1)));
                            if begun {
                                self.push(Kind::StrEnd, closing, closing + 1, 0);
                            } else {
                                self.push_text(Kind::Str, &text, lo, closing + 1);
                            }
                            return closing + 1;
                        }
                    };
                    if !begun {
                        self.push(Kind::StrBegin, lo, open, 0);
                        begun = true;
                    }
                    if !text.is_empty() {
                        self.push_text(Kind::StrText, &text, text_lo, at);
                        text.clear();
                    }
                    self.interpolation(at, found);
                    at = found.close + 1;
                    text_lo = at;
                }
            }
        }
    }

    fn interpolation(&mut self, open: usize, found: Interpolation) {
        if self.text[open + 1..found.expr_end].trim().is_empty() {
            self.diags.push(errors::empty_interpolation(self.span(open, found.close + 1)));
            return;
        }
        if self.interpolations == INTERPOLATION_DEPTH_MAX {
            self.diags.push(errors::too_deep(self.span(open, found.close + 1)));
            return;
        }
        self.push(Kind::InterpolationOpen, open, open + 1, 0);
        self.interpolations += 1;
        let before = self.tokens.len();
        self.range(open + 1, found.expr_end);
        self.interpolations -= 1;
        if self.tokens.len() == before {
            self.push(Kind::Bad, open + 1, found.expr_end, 0);
        }
        if found.expr_end < found.close {
            let (lo, hi) = (found.expr_end + 1, found.close);
            match format_spec::parse(&self.text[lo..hi], self.span(lo, hi)) {
                Ok(spec) => {
                    let data = self.tables.specs.len() as u32;
                    self.tables.specs.push(spec);
                    self.push(Kind::FormatSpec, lo, hi, data);
                }
                Err(why) => self.diags.push(errors::bad_format_spec(self.span(lo - 1, hi), why)),
            }
        }
        self.push(Kind::InterpolationClose, found.close, found.close + 1, 0);
    }

    /// A string that the line end cut off. What was read stands for a whole string, and the brackets that were opened on
    /// the line are closed without a word: their closers are most likely inside.
    fn unterminated(&mut self, lo: usize, end: usize, begun: bool) -> usize {
        self.diags.push(errors::string_without_end(self.span(lo, end)));
        self.tables.swallowed = true;
        if begun {
            self.push(Kind::StrEnd, end, end, 0);
        } else {
            self.push_text(Kind::Str, "", lo, end);
        }
        let mut open = Vec::new();
        for token in &self.tokens[self.line_first..] {
            if matches!(token.kind, Kind::ParenOpen | Kind::BracketOpen) {
                open.extend(token.kind.closer());
            } else if open.last() == Some(&token.kind) {
                open.pop();
            }
        }
        for closer in open.into_iter().rev() {
            self.push(closer, end, end, 0);
        }
        end
    }

    fn byte_string(&mut self, lo: usize, open: usize, limit: usize) -> usize {
        let source = self.text.as_bytes();
        let mut bytes = Vec::new();
        let mut at = open;
        while at < limit && source[at] != b'\n' {
            match source[at] {
                b'"' => {
                    self.push_literal(Lit::ByteStr(bytes.into()), lo, at + 1);
                    return at + 1;
                }
                b'\\' => match literal::escape(&self.text[..limit], at) {
                    Ok((value, next)) => {
                        bytes.extend(value.map(|c| c as u32 as u8));
                        at = next;
                    }
                    Err((next, why)) => {
                        self.diags.push(errors::bad_escape(self.span(at, next), why));
                        at = next;
                    }
                },
                byte => {
                    bytes.push(byte);
                    at += 1;
                }
            }
        }
        self.unterminated(lo, at, false)
    }

    /// The one string that may hold line ends.
    fn raw_string(&mut self, lo: usize, open: usize, limit: usize, hashes: usize, bytes: bool) -> usize {
        let closer = format!("\"{}", "#".repeat(hashes));
        let Some(length) = self.text[open..limit].find(&closer) else {
            let line = self.text[open..limit].find('\n').map_or(limit, |length| open + length);
            return self.unterminated(lo, line, false);
        };
        let end = open + length + closer.len();
        let inside = &self.text[open..open + length];
        if bytes {
            self.push_literal(Lit::ByteStr(inside.as_bytes().into()), lo, end);
        } else {
            let inside = inside.to_owned();
            self.push_text(Kind::Str, &inside, lo, end);
        }
        end
    }
}

/// Where the parts of `{expr:spec}` end. `expr_end` is `close` where there is no spec.
#[derive(Clone, Copy)]
struct Interpolation {
    expr_end: usize,
    close: usize,
}

/// From behind `{` to its `}`: brackets and quotes inside are balanced, the first single `:` outside them starts the spec.
/// `Err` is where the line, or the text, ended first.
fn find_interpolation(source: &[u8], from: usize, nested: u32) -> Result<Interpolation, usize> {
    let mut at = from;
    let mut depth = 0u32;
    let mut spec = None;
    while at < source.len() {
        match source[at] {
            b'\n' => return Err(at),
            b'}' if depth == 0 => return Ok(Interpolation { expr_end: spec.unwrap_or(at), close: at }),
            // A spec is no expression: a bracket or a quote in it is a fill.
            _ if spec.is_some() => {}
            b'}' | b')' | b']' => depth = depth.saturating_sub(1),
            b'(' | b'[' | b'{' => depth += 1,
            b'\\' => at += 1,
            b'"' => {
                at = skip_string(source, at + 1, nested)?;
                continue;
            }
            b'\'' => {
                // Character literals only; a label has no second quote.
                if source.get(at + 1) == Some(&b'\\') {
                    at += 3;
                    while at < source.len() && !matches!(source[at], b'\'' | b'\n') {
                        at += 1;
                    }
                } else if let Some(length) = (2..=5).find(|length| source.get(at + length) == Some(&b'\'')) {
                    at += length;
                }
            }
            b':' if depth == 0 => {
                if source.get(at + 1) == Some(&b':') {
                    at += 1;
                } else {
                    spec = Some(at);
                    // The fill may be a brace: `{x:}>4}`.
                    if source.get(at + 1) == Some(&b'}') && matches!(source.get(at + 2), Some(b'<' | b'>' | b'^')) {
                        at += 1;
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    Err(source.len())
}

/// From behind the opening quote to behind the closing one.
fn skip_string(source: &[u8], from: usize, nested: u32) -> Result<usize, usize> {
    let mut at = from;
    while at < source.len() {
        match source[at] {
            b'\n' => return Err(at),
            b'"' => return Ok(at + 1),
            b'\\' => at += 2,
            b'{' if source.get(at + 1) == Some(&b'{') => at += 2,
            // Past the limit the inner string counts as plain text: the limit is reported when it is lexed.
            b'{' if nested < INTERPOLATION_DEPTH_MAX => at = find_interpolation(source, at + 1, nested + 1)?.close + 1,
            _ => at += 1,
        }
    }
    Err(source.len())
}
