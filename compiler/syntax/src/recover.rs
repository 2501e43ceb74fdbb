//! Mends the tokens of an item that does not parse, one mistake at a time, until it does.
//!
//! Each failure is first looked at as one of the mistakes people make, which a small change of the tokens mends: then the
//! rest of the statement is still read. Otherwise the statement, arm or field around it is cut out and replaced by one
//! `Bad` token. Promises: one report a mistake, and an end, because every step goes forward or removes tokens.

use crate::errors;
use crate::lexer::{Tables, Token};
use crate::parse::{Failure, Parsed, unreadable};
use crate::token::Kind;
use diag::{Diagnostic, Diags, SourceFile, Span};

/// Mistakes in one item before the rest of it is given up.
const MISTAKES_MAX: usize = 60;

pub(crate) fn recover(
    file: &SourceFile,
    tables: &Tables,
    tokens: Vec<Token>,
    failure: Failure,
    attempt: &dyn Fn(&[Token]) -> Result<Parsed, Failure>,
    diags: &mut Diags,
) -> Parsed {
    let whole = tokens.clone();
    let mut recovery = Recovery { file, tables, tokens, diags, mended: Vec::new() };
    let mut failure = failure;
    for _ in 0..MISTAKES_MAX {
        recovery.mistake(&failure);
        match attempt(&recovery.tokens) {
            Ok(parsed) => return parsed,
            Err(next) => failure = next,
        }
    }
    let item = unreadable(file, &whole);
    recovery.diags.push(errors::too_many(item.span.start()));
    Parsed { items: vec![item], attrs: Vec::new(), diags: Diags::new() }
}

struct Recovery<'a> {
    file: &'a SourceFile,
    tables: &'a Tables,
    tokens: Vec<Token>,
    diags: &'a mut Diags,
    /// Offsets where tokens were changed: a second failure at one of them means that the change did not help.
    mended: Vec<u32>,
}

impl<'a> Recovery<'a> {
    fn kind(&self, index: usize) -> Option<Kind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    fn span(&self, index: usize) -> Span {
        match self.tokens.get(index).or(self.tokens.last()) {
            Some(token) if index < self.tokens.len() => Span::new(self.file.id, token.lo as usize, token.hi as usize),
            Some(token) => Span::new(self.file.id, token.hi as usize, token.hi as usize),
            None => Span::NONE,
        }
    }

    fn text(&self, index: usize) -> &'a str {
        match self.tokens.get(index) {
            Some(token) => &self.file.text[token.lo as usize..token.hi as usize],
            None => "",
        }
    }

    /// The token as the user wrote it, for a message.
    fn described(&self, index: usize) -> String {
        match self.kind(index) {
            None => "the end of it".into(),
            Some(Kind::Newline) => "the end of the line".into(),
            Some(Kind::Name | Kind::Label | Kind::Literal | Kind::TupleIndex) => {
                let text = self.text(index);
                if text.is_empty() { "this".into() } else { format!("`{text}`") }
            }
            Some(kind) => kind.described(),
        }
    }

    fn mistake(&mut self, failure: &Failure) {
        let at = failure.at.min(self.tokens.len());
        // What stands for a mistake that was reported says nothing new: take more around it.
        let around_bad = self.kind(at) == Some(Kind::Bad) || at > 0 && self.kind(at - 1) == Some(Kind::Bad);
        if around_bad {
            self.cut_out(at, true);
            return;
        }
        if self.behind_hole(at) {
            self.cut_out(at, false);
            return;
        }
        let offset = self.tokens.get(at).map_or(u32::MAX, |token| token.lo);
        if !self.mended.contains(&offset) {
            self.mended.push(offset);
            if self.known_mistake(at, failure) {
                return;
            }
        }
        let report = self.unknown_mistake(at, failure);
        self.diags.push(report);
        self.cut_out(at, false);
    }

    /// Whether characters that belong to no token were left out directly before or behind this one.
    fn behind_hole(&self, at: usize) -> bool {
        let lo = at.checked_sub(1).map_or(0, |before| self.tokens[before].hi);
        let hi = self.tokens.get(at + 1).or(self.tokens.get(at)).map_or(u32::MAX, |token| token.lo);
        let holes = &self.tables.holes;
        let first = holes.partition_point(|hole| *hole < lo);
        holes.get(first).is_some_and(|hole| *hole < hi)
    }

    fn insert(&mut self, at: usize, kind: Kind) {
        let end = if at > 0 { self.tokens[at - 1].hi } else { self.tokens[at].lo } as usize;
        self.tokens.insert(at, Token::new(kind, end, end));
    }

    /// Reports and mends. False where the mistake is none of these.
    fn known_mistake(&mut self, at: usize, failure: &Failure) -> bool {
        use Kind::*;
        let expects = |kind: Kind| failure.expected.contains(&kind);
        let Some(got) = self.kind(at) else { return false };
        let previous = at.checked_sub(1).and_then(|before| self.kind(before));
        let span = self.span(at);
        let next = self.kind(at + 1);

        // One token for another.
        let replacement = match got {
            Arrow if expects(FatArrow) => Some((FatArrow, errors::arrow_mixed_up(span, FatArrow))),
            FatArrow | Colon if expects(Arrow) && previous == Some(ParenClose) => {
                Some((Arrow, errors::arrow_mixed_up(span, Arrow)))
            }
            Eq if expects(Colon) && expects(Comma) && expects(BraceClose) => Some((Colon, errors::field_needs_colon(span))),
            Semi if expects(Comma) && expects(BraceClose) && expects(Newline) => {
                Some((Comma, errors::wrong_separator(span, "fields and arms")))
            }
            kind if expects(Name) && (kind.is_keyword() || kind == KwAs) && self.is_name_place(at) => {
                Some((Name, errors::keyword_as_name(span, self.text(at))))
            }
            _ => None,
        };
        if let Some((kind, report)) = replacement {
            self.diags.push(report);
            self.tokens[at].kind = kind;
            return true;
        }

        // A line end in front of `{`.
        if got == Newline && next == Some(BraceOpen) && expects(BraceOpen) {
            let brace = self.span(at + 1);
            self.diags.push(errors::brace_on_next_line(brace));
            self.tokens.remove(at);
            return true;
        }
        if got == BraceOpen && previous == Some(Newline) && !expects(BraceOpen) {
            self.diags.push(errors::brace_on_next_line(span));
            self.tokens.remove(at - 1);
            return true;
        }

        // `if x == Point { x: 1 } { … }`
        if matches!(got, Colon | Comma) && at >= 3 && self.kind(at - 2) == Some(BraceOpen) && previous == Some(Name)
            && matches!(self.kind(at - 3), Some(Name | Gt))
        {
            let close = self.closer_of(at - 2);
            if self.kind(close + 1) == Some(BraceOpen) {
                let mut first = at - 3;
                while first > 0 && matches!(self.kind(first - 1), Some(Name | PathSep)) {
                    first -= 1;
                }
                let brace = self.span(at - 2);
                self.diags.push(errors::struct_in_head(brace));
                self.insert(close + 1, ParenClose);
                self.insert(first, ParenOpen);
                return true;
            }
        }

        // Something is missing in front of the token.
        let let_name = previous == Some(Name) && at >= 2 && matches!(self.kind(at - 2), Some(KwLet | KwMut));
        if let_name && expects(Colon) && got == Name && matches!(next, Some(Eq | Lt)) {
            let name = self.text(at - 1);
            self.diags.push(errors::type_needs_colon(span, name));
            self.insert(at, Colon);
            return true;
        }
        if let_name && expects(Eq) && matches!(got, Literal | Str | StrBegin) {
            let name = self.text(at - 1);
            self.diags.push(errors::missing_equals(span, name));
            self.insert(at, Eq);
            return true;
        }
        if previous == Some(Name) && expects(Colon) && !expects(Newline) && !expects(Plus)
            && matches!(got, Name | And | BracketOpen | KwSelfType)
        {
            let name = self.text(at - 1);
            self.diags.push(errors::type_needs_colon(span, name));
            self.insert(at, Colon);
            return true;
        }
        if previous == Some(KwLet) && matches!(got, Eq | Colon) || previous == Some(KwMut) && got == Eq {
            self.diags.push(errors::needs_name(span, "`let`"));
            self.insert(at, Name);
            return true;
        }
        if previous == Some(KwFn) && got == ParenOpen && expects(Name) {
            self.diags.push(errors::needs_name(span, "a function"));
            self.insert(at, Name);
            return true;
        }
        if matches!(previous, Some(KwStruct | KwEnum | KwTrait)) && matches!(got, BraceOpen | ParenOpen) {
            self.diags.push(errors::needs_name(span, "a type"));
            self.insert(at, Name);
            return true;
        }

        // Two things in a row.
        let begins = got.begins_operand() && !matches!(got, And | AndAnd | Star | Minus | BraceOpen | ParenOpen | BracketOpen)
            || got.begins_item() && got != Hash
            || matches!(got, KwLet | KwReturn | KwBreak | KwContinue | KwFor | KwWhile | KwLoop | KwDetach | KwParallel);
        let follows = previous.is_some_and(Kind::ends_statement) && !self.tokens[at].line_start;
        // Among statements anything may follow, among items only an item.
        let may_follow = expects(Plus) || got.begins_item();
        if begins && follows && may_follow && expects(Newline) && expects(Semi) {
            let word = self.text(at - 1);
            if previous == Some(Question) && self.colon_follows(at) {
                return false;
            }
            if previous == Some(Name) && self.begins_statement(at - 1) {
                if let Some(keyword) = similar_keyword(word) {
                    let report = errors::misspelt_keyword(self.span(at - 1), word, keyword.spelling());
                    self.diags.push(report);
                    self.tokens[at - 1].kind = keyword;
                    return true;
                }
            }
            let report = errors::two_statements(span, self.span(at - 1), &self.described(at));
            self.diags.push(report);
            self.insert(at, Newline);
            return true;
        }
        if (begins || matches!(got, Underscore | Dot | DotDot)) && previous.is_some_and(Kind::ends_statement) && expects(Comma) && !expects(Semi) {
            let place = self.span(at - 1).end();
            self.diags.push(errors::missing_comma(place));
            self.insert(at, Comma);
            return true;
        }
        if begins && previous == Some(Name) && self.begins_statement(at - 1) {
            let word = self.text(at - 1);
            if let Some(keyword) = similar_keyword(word) {
                let report = errors::misspelt_keyword(self.span(at - 1), word, keyword.spelling());
                self.diags.push(report);
                self.tokens[at - 1].kind = keyword;
                return true;
            }
        }
        false
    }

    /// Whether a name and nothing else was meant here.
    fn is_name_place(&self, at: usize) -> bool {
        use Kind::*;
        let previous = at.checked_sub(1).and_then(|before| self.kind(before));
        match previous {
            Some(KwLet | KwMut | KwFn | KwStruct | KwEnum | KwTrait | KwMod | KwStatic | KwType | KwConst | KwTaskLocal) => true,
            Some(KwFor | Or | Comma | ParenOpen | BraceOpen | Newline | KwPub) => {
                matches!(self.kind(at + 1), Some(Colon | Comma | Or | KwIn | ParenClose | BraceClose | Eq))
            }
            _ => false,
        }
    }

    fn begins_statement(&self, at: usize) -> bool {
        at == 0 || matches!(self.kind(at - 1), Some(Kind::Newline | Kind::Semi | Kind::BraceOpen | Kind::BraceClose | Kind::FatArrow | Kind::KwPub))
    }

    fn colon_follows(&self, at: usize) -> bool {
        let line = self.tokens[at..].iter().take_while(|t| !matches!(t.kind, Kind::Newline | Kind::Semi) && !t.line_start);
        line.into_iter().any(|token| token.kind == Kind::Colon)
    }

    fn closer_of(&self, opener: usize) -> usize {
        let mut depth = 0usize;
        for (index, token) in self.tokens.iter().enumerate().skip(opener) {
            if token.kind.closer().is_some() {
                depth += 1;
            } else if token.kind.is_closer() {
                depth -= 1;
                if depth == 0 {
                    return index;
                }
            }
        }
        self.tokens.len()
    }

    fn unknown_mistake(&self, at: usize, failure: &Failure) -> Diagnostic {
        use Kind::*;
        let expects = |kind: Kind| failure.expected.contains(&kind);
        let span = self.span(at);
        let previous = at.checked_sub(1).and_then(|before| self.kind(before));
        let at_item = expects(KwStruct) && !expects(KwLet);
        match self.kind(at) {
            Some(Plus | Minus) if previous == self.kind(at) => {
                return errors::doubled_sign(self.span(at - 1).to(span), self.kind(at).map_or("", Kind::spelling));
            }
            Some(_) if previous == Some(Question) && self.colon_follows(at) => return errors::ternary(self.span(at - 1)),
            Some(FatArrow) => return errors::arrow_function(span),
            Some(KwElse | KwLetElse) => return errors::else_without_if(span),
            Some(StrBegin) if expects(Str) && expects(Literal) => return errors::interpolation_in_pattern(span),
            Some(KwLet) if at_item => return errors::let_outside_function(span),
            Some(Name) if at_item => {
                let word = self.text(at);
                if let Some(help) = foreign_item(word) {
                    return errors::foreign_item(span, word, help);
                }
                return errors::statement_outside_function(span, &self.described(at));
            }
            Some(kind) if at_item && kind.begins_operand() => {
                return errors::statement_outside_function(span, &self.described(at));
            }
            _ => {}
        }
        // The end of a line has no width: show it behind what stands before.
        let span = if self.kind(at) == Some(Newline) && at > 0 { self.span(at - 1).end() } else { span };
        errors::unexpected(span, &self.described(at), &expectation(&failure.expected))
    }

    /// Replaces what is around `at` by one `Bad`. `wider` skips what is nearest.
    fn cut_out(&mut self, at: usize, wider: bool) {
        // The braces around it, innermost last.
        let mut open = Vec::new();
        for (index, token) in self.tokens.iter().enumerate().take(at) {
            if token.kind.closer().is_some() {
                open.push(index);
            } else if token.kind.is_closer() {
                open.pop();
            }
        }
        let mut inside = at;
        let mut skip = wider;
        while let Some(opener) = open.pop() {
            if self.kind(opener) != Some(Kind::BraceOpen) {
                inside = opener;
                continue;
            }
            let closer = self.closer_of(opener);
            let (from, to) = self.stretch(opener, closer, inside.min(closer));
            let nothing = from >= to || to - from == 1 && self.kind(from) == Some(Kind::Bad);
            if !skip && !nothing {
                self.replace(from, to);
                return;
            }
            skip = false;
            inside = opener;
        }
        let end = self.tokens.len();
        if end == 1 && self.kind(0) == Some(Kind::Bad) {
            self.tokens.clear();
            return;
        }
        self.replace(0, end);
    }

    /// From separator to separator around `at`, directly between two braces.
    fn stretch(&self, opener: usize, closer: usize, at: usize) -> (usize, usize) {
        let commas = self.has_commas(opener, closer);
        let mut depth = 0usize;
        let mut from = opener + 1;
        for index in opener + 1..closer {
            let kind = self.tokens[index].kind;
            if kind.closer().is_some() {
                depth += 1;
            } else if kind.is_closer() {
                depth = depth.saturating_sub(1);
            }
            let separates = depth == 0 && (matches!(kind, Kind::Newline | Kind::Semi) || commas && kind == Kind::Comma);
            if separates && index >= at && index > from {
                return (from, index);
            }
            if separates && index < at {
                from = index + 1;
            }
        }
        if from >= closer {
            // The separator before the closer was the last thing: take what stands in front of it.
            from = opener + 1;
        }
        (from, closer)
    }

    /// Whether commas separate what stands between these braces: arms, fields, imports, but not statements.
    fn has_commas(&self, opener: usize, closer: usize) -> bool {
        use Kind::*;
        let mut depth = 0usize;
        for token in &self.tokens[opener + 1..closer] {
            if token.kind.closer().is_some() {
                depth += 1;
            } else if token.kind.is_closer() {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && token.kind == FatArrow {
                return true;
            } else if depth == 0 && matches!(token.kind, KwLet | KwFn) {
                return false;
            }
        }
        for token in self.tokens[..opener].iter().rev() {
            match token.kind {
                KwStruct | KwEnum | KwUse | KwMatch | KwSelect | PathSep => return true,
                KwFn | KwIf | KwFor | KwWhile | KwImpl | KwTrait | KwMod | KwScope | KwElse | KwIn | Arrow | ParenClose
                | Newline | Semi | BraceOpen | BraceClose => return false,
                Eq | FatArrow | KwReturn | ParenOpen | Comma => return true,
                _ => {}
            }
        }
        false
    }

    fn replace(&mut self, from: usize, to: usize) {
        let (lo, hi) = (self.tokens[from].lo as usize, self.tokens[to - 1].hi as usize);
        let mut bad = Token::new(Kind::Bad, lo, hi.max(lo));
        bad.line_start = self.tokens[from].line_start;
        self.tokens.splice(from..to, [bad]);
    }
}

/// What could have stood there, in groups: nobody reads a list of forty tokens.
fn expectation(expected: &[Kind]) -> String {
    use Kind::*;
    let has = |kind: Kind| expected.contains(&kind);
    let mut parts: Vec<String> = Vec::new();
    let mut swallowed: &[Kind] = &[];
    if has(KwLet) && has(KwStruct) {
        parts.push("a statement".into());
        swallowed = &[ParenOpen, BracketOpen, BraceOpen, Name, Str, Lt, KwFor, KwFn, Newline, Semi];
    } else if has(KwStruct) {
        parts.push("an item such as `fn`, `struct` or `use`".into());
        swallowed = &[Newline, Semi, KwFn];
    } else if has(KwRef) {
        parts.push("a pattern".into());
        swallowed = &[ParenOpen, BracketOpen, BraceOpen, Name, Str];
    } else if has(KwDyn) {
        parts.push("a type".into());
        swallowed = &[ParenOpen, BracketOpen, BraceOpen, Name, Lt, Gt, KwFn, BraceClose];
    } else if has(KwMatch) {
        parts.push("an expression".into());
        swallowed = &[ParenOpen, BracketOpen, BraceOpen, Name, Str, Lt, KwFor, KwFn];
    } else if has(Plus) && has(EqEq) {
        // Behind a whole expression: what goes on with it is not what was missed.
        swallowed = &[ParenOpen, BracketOpen, Name, Eq, Lt, Gt, Dot, Colon];
    }
    for kind in [
        Name, Str, BraceOpen, ParenOpen, BracketOpen, Colon, Eq, FatArrow, Arrow, Comma, ParenClose, BracketClose, BraceClose,
        InterpolationClose, Lt, Gt, KwIn, KwFor, KwFn, KwElse, Newline, Dot,
    ] {
        if has(kind) && !swallowed.contains(&kind) {
            parts.push(kind.described());
        }
    }
    if has(Semi) && !has(Newline) && !swallowed.contains(&Semi) {
        parts.push("`;`".into());
    }
    parts.truncate(4);
    match parts.len() {
        0 => String::new(),
        1 => parts.remove(0),
        length => {
            let last = parts.remove(length - 1);
            format!("{} or {last}", parts.join(", "))
        }
    }
}

fn foreign_item(word: &str) -> Option<&'static str> {
    Some(match word {
        "class" | "record" | "data" => "a type with fields is a `struct`; its methods stand in an `impl`",
        "interface" | "protocol" => "what types have in common is a `trait`",
        "import" | "include" | "using" | "require" | "open" => "names of other modules come in with `use a::b`",
        "package" | "namespace" | "module" => "a file is a module; an inner one is written `mod name { … }`",
        "public" | "export" => "what other modules may see begins with `pub`",
        "private" | "internal" | "protected" => "everything is private unless it begins with `pub`",
        "typedef" | "using_type" | "typealias" => "another name for a type is written `type Name = …`",
        "union" => "a value of several shapes is an `enum`",
        "macro_rules" | "macro" => "there are no macros; functions and generics do their work",
        "var" | "val" => "what lives as long as the program is a `static` or a `const`",
        _ => return None,
    })
}

/// The keyword that was probably meant.
fn similar_keyword(word: &str) -> Option<Kind> {
    use Kind::*;
    const CANDIDATES: [Kind; 14] = [
        KwReturn, KwLet, KwWhile, KwMatch, KwSpawn, KwStruct, KwBreak, KwFor, KwUse, KwEnum, KwImpl, KwConst, KwStatic, KwTrait,
    ];
    let limit = if word.len() >= 5 { 2 } else { 1 };
    CANDIDATES
        .into_iter()
        .map(|kind| (distance(word, kind.spelling()), kind))
        .filter(|(distance, _)| (1..=limit).contains(distance))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, kind)| kind)
}

/// Changes, insertions, removals and swaps of neighbours between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let change = usize::from(a[i - 1] != b[j - 1]);
                let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            }
        }
    }
    rows[a.len()][b.len()]
}
