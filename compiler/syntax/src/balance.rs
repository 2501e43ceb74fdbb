//! Makes brackets match: every opener gets its closer, a closer without opener goes.
//!
//! A missing closer is reported at the opener that lacks it. Which one that is, indentation tells: a `}` that begins a
//! line belongs to the `{` whose line is indented like it, and an item that begins a line stands inside no bracket whose
//! own line is indented as much or more. Balanced text is never judged by its indentation.

use crate::errors;
use crate::lexer::{Tables, Token};
use crate::token::Kind;
use diag::{Diags, SourceFile, Span};

/// Brackets in brackets: what recursive phases can follow.
pub(crate) const DEPTH_MAX: usize = 256;

/// What balanced tokens know of one another.
pub(crate) struct Balanced {
    pub tokens: Vec<Token>,
    /// For an opener its closer, for a closer its opener, else the token itself.
    pub partners: Vec<u32>,
    /// Where brackets nest too deeply.
    pub too_deep: Vec<u32>,
}

pub(crate) fn balance(file: &SourceFile, tokens: Vec<Token>, tables: &Tables, diags: &mut Diags) -> Balanced {
    let tokens = if is_balanced(&tokens) { tokens } else { Balancer::new(file, tables, diags).run(tokens) };
    let mut partners: Vec<u32> = (0..tokens.len() as u32).collect();
    let mut open = Vec::new();
    let mut too_deep = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.kind.closer().is_some() {
            if open.len() == DEPTH_MAX {
                too_deep.push(token.lo);
            }
            open.push(index);
        } else if token.kind.is_closer()
            && let Some(opener) = open.pop()
        {
            partners[opener] = index as u32;
            partners[index] = opener as u32;
        }
    }
    Balanced { tokens, partners, too_deep }
}

fn is_balanced(tokens: &[Token]) -> bool {
    let mut open = Vec::new();
    for token in tokens {
        if let Some(closer) = token.kind.closer() {
            open.push(closer);
        } else if token.kind.is_closer() && open.pop() != Some(token.kind) {
            return false;
        }
    }
    open.is_empty()
}

struct Open {
    /// In `out`.
    index: usize,
    token: Token,
    /// Of the line it stands on.
    indent: usize,
}

struct Balancer<'a> {
    file: &'a SourceFile,
    tables: &'a Tables,
    diags: &'a mut Diags,
    out: Vec<Token>,
    open: Vec<Open>,
}

impl<'a> Balancer<'a> {
    fn new(file: &'a SourceFile, tables: &'a Tables, diags: &'a mut Diags) -> Balancer<'a> {
        Balancer { file, tables, diags, out: Vec::new(), open: Vec::new() }
    }

    fn run(mut self, tokens: Vec<Token>) -> Vec<Token> {
        for token in tokens {
            if token.line_start && token.kind.begins_item() {
                let indent = self.indent(token.lo);
                let keep = self.open.iter().position(|open| open.indent >= indent).unwrap_or(self.open.len());
                self.close_down_to(keep);
            }
            if token.kind.closer().is_some() {
                let indent = self.indent(token.lo);
                self.open.push(Open { index: self.out.len(), token, indent });
                self.out.push(token);
            } else if token.kind.is_closer() {
                self.closer(token);
            } else {
                self.out.push(token);
            }
        }
        self.close_down_to(0);
        self.out
    }

    fn closer(&mut self, token: Token) {
        let fits = |open: &Open| open.token.kind.closer() == Some(token.kind);
        let mut target = self.open.iter().rposition(fits);
        // A string's brackets stay inside it.
        if let Some(string) = self.open.iter().rposition(|open| open.token.kind == Kind::InterpolationOpen)
            && token.kind != Kind::InterpolationClose
        {
            target = target.filter(|target| *target > string);
        }
        if token.line_start && token.kind == Kind::BraceClose {
            let indent = self.indent(token.lo);
            if let Some(top) = target
                && self.open[top].indent > indent
                && let Some(like) = self.open.iter().rposition(|open| fits(open) && open.indent == indent)
            {
                target = Some(like);
            }
        }
        // `)` or `]` that would have to break through a block is the stray one.
        if token.kind != Kind::BraceClose
            && token.kind != Kind::InterpolationClose
            && let Some(found) = target
            && self.open[found + 1..].iter().any(|open| open.token.kind == Kind::BraceOpen)
        {
            target = None;
        }
        match target {
            Some(target) => {
                self.close_down_to(target + 1);
                self.open.pop();
                self.out.push(token);
            }
            None if self.tables.swallowed => {}
            None if self.closes_wrongly(token) => {
                let Some(open) = self.open.pop() else { return };
                let Some(closer) = open.token.kind.closer() else { return };
                let opener = Span::new(self.file.id, open.token.lo as usize, open.token.hi as usize);
                let span = Span::new(self.file.id, token.lo as usize, token.hi as usize);
                self.diags.push(errors::wrong_closer(span, token.kind, opener, closer));
                self.out.push(Token { kind: closer, ..token });
            }
            None => {
                let span = Span::new(self.file.id, token.lo as usize, token.hi as usize);
                let inside = self.open.last().map(|open| {
                    (Span::new(self.file.id, open.token.lo as usize, open.token.hi as usize), open.token.kind)
                });
                self.diags.push(errors::stray_closer(span, token.kind, inside));
            }
        }
    }

    /// `(1, 2]`
    fn closes_wrongly(&self, token: Token) -> bool {
        let list = |kind| matches!(kind, Kind::ParenOpen | Kind::BracketOpen);
        matches!(token.kind, Kind::ParenClose | Kind::BracketClose) && self.open.last().is_some_and(|open| list(open.token.kind))
    }

    /// Closes what stands above. Every list that was left open is a mistake of its own; of blocks only the innermost is,
    /// because its `}` was taken by the next.
    fn close_down_to(&mut self, keep: usize) {
        if self.open.len() <= keep {
            return;
        }
        if !self.tables.swallowed {
            let above = &self.open[keep..];
            let innermost_block = above.iter().rposition(|open| open.token.kind == Kind::BraceOpen);
            let any_list = above.iter().any(|open| open.token.kind != Kind::BraceOpen);
            let mut line = None;
            for (index, open) in above.iter().enumerate().take(DEPTH_MAX) {
                let is_block = open.token.kind == Kind::BraceOpen;
                if is_block && (any_list || innermost_block != Some(index)) {
                    continue;
                }
                let start = self.line_start(open.token.lo);
                if line == Some(start) {
                    continue;
                }
                line = Some(start);
                let span = Span::new(self.file.id, open.token.lo as usize, open.token.hi as usize);
                self.diags.push(errors::unclosed(span, open.token.kind));
            }
        }
        while self.open.len() > keep {
            let Some(open) = self.open.pop() else { return };
            let Some(closer) = open.token.kind.closer() else { continue };
            let at = match open.token.kind {
                Kind::BraceOpen => self.out.len(),
                // Deeper than anything that is parsed: not worth a search.
                _ if self.open.len() > DEPTH_MAX => self.out.len(),
                _ => self.end_of_list(&open),
            };
            let end = self.out[at - 1].hi as usize;
            self.out.insert(at, Token::new(closer, end, end));
        }
    }

    /// Where a `(` most likely ends: before the first line that is indented no deeper than its own, in a head before its block.
    fn end_of_list(&self, open: &Open) -> usize {
        let line = self.line_start(open.token.lo);
        let first = self.out[..open.index].iter().rposition(|token| token.lo < line).map_or(0, |index| index + 1);
        let parameters = self.out[..open.index].iter().rev().take(2).any(|token| token.kind == Kind::KwFn);
        let head = self.out[first..open.index].iter().any(|token| {
            matches!(token.kind, Kind::KwIf | Kind::KwWhile | Kind::KwFor | Kind::KwMatch | Kind::KwFn)
        });
        let mut depth = 0;
        for (index, token) in self.out.iter().enumerate().skip(open.index + 1) {
            if depth == 0 && token.line_start && self.indent(token.lo) <= open.indent {
                return index;
            }
            if depth == 0 && parameters && matches!(token.kind, Kind::Arrow | Kind::BraceOpen) {
                return index;
            }
            let ends_line = self.out.get(index + 1).is_none_or(|next| next.line_start);
            if depth == 0 && head && token.kind == Kind::BraceOpen && ends_line {
                return index;
            }
            if token.kind.closer().is_some() {
                depth += 1;
            } else if token.kind.is_closer() {
                depth -= 1;
            }
            if depth == 0 && token.kind == Kind::Semi && open.token.kind == Kind::ParenOpen {
                return index;
            }
        }
        self.out.len()
    }

    fn line_start(&self, lo: u32) -> u32 {
        self.file.text[..lo as usize].rfind('\n').map_or(0, |at| at as u32 + 1)
    }

    /// Columns of white space in front of the line that holds `lo`.
    fn indent(&self, lo: u32) -> usize {
        let line = self.line_start(lo) as usize;
        self.file.text[line..].bytes().take_while(|b| matches!(b, b' ' | b'\t')).count()
    }
}
