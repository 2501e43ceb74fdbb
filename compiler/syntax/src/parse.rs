//! Tokens to a tree, item by item. The only file that knows `lalrpop_util`.
//!
//! A file is cut into its items before anything is parsed, so a mistake in one never touches another. An item that does not
//! parse goes to `recover`, which mends its tokens and has it parsed again.

use crate::ast::{Attr, File, FnItem, Item, ItemKind};
use crate::lexer::{Tables, Token};
use crate::make::Cx;
use crate::recover;
use crate::token::Kind;
use crate::{balance, layout, lexer, validate};
use diag::{Diags, SourceFile, Span, cores};
use lalrpop_util::{ParseError, lalrpop_mod};
use std::sync::Arc;

lalrpop_mod!(
    #[allow(clippy::all, dead_code, unused_imports, unused_parens, non_snake_case)]
    grammar
);

/// A file's tokens with what they hold.
#[derive(Debug)]
pub struct Tokens {
    pub list: Vec<Token>,
    pub tables: Tables,
    /// Offsets of what nests too deeply to be parsed; reported.
    pub(crate) too_deep: Vec<u32>,
}

pub fn lex(file: &SourceFile, diags: &mut Diags) -> Tokens {
    let (raw, tables) = lexer::raw_tokens(file, diags);
    laid_out(file, raw, tables, diags)
}

fn laid_out(file: &SourceFile, raw: Vec<Token>, tables: Tables, diags: &mut Diags) -> Tokens {
    let balanced = balance::balance(file, raw, &tables, diags);
    let laid_out = layout::lay_out(file, &balanced, diags);
    Tokens { list: laid_out.tokens, tables, too_deep: laid_out.too_deep }
}

/// A file's tree. Items are parsed on all cores: none depends on another.
pub fn parse(file: &SourceFile, diags: &mut Diags) -> File {
    let tokens = lex(file, diags);
    let mut items = Vec::new();
    let mut rest = tokens.list.as_slice();
    while !rest.is_empty() {
        let (item, behind) = rest.split_at(item_length(rest));
        items.push(item);
        rest = behind;
    }
    // Three tokens take about a microsecond.
    let parsed = cores::map(items, |item| item.len() / 3, grammar::ItemsParser::new, |parser, item| parse_item(parser, file, &tokens, item));
    let mut tree = File { docs: tokens.tables.file_docs.clone(), ..File::default() };
    for item in parsed {
        diags.extend(item.diags);
        tree.attrs.extend(item.attrs);
        tree.items.extend(item.items);
    }
    validate::validate(&tree, diags);
    tree
}

fn parse_item(parser: &grammar::ItemsParser, file: &SourceFile, tokens: &Tokens, item: &[Token]) -> Parsed {
    let mut diags = Diags::new();
    if is_too_deep(item, &tokens.too_deep) {
        return Parsed { items: vec![unreadable(file, item)], attrs: Vec::new(), diags };
    }
    let attempt = |tokens_of: &[Token]| run(parser, file, &tokens.tables, tokens_of);
    let mut parsed = match attempt(item) {
        Ok(parsed) => parsed,
        Err(failure) => recover::recover(file, &tokens.tables, item.to_vec(), failure, &attempt, &mut diags),
    };
    // What it took to make it readable comes first.
    diags.extend(std::mem::take(&mut parsed.diags));
    Parsed { diags, ..parsed }
}

/// One function of a library file that was parsed as an outline, whole. `None`: its text is no function.
pub fn parse_function(file: &SourceFile, span: Span) -> Option<Arc<FnItem>> {
    let mut diags = Diags::new();
    let (raw, tables) = lexer::tokens_within(file, span.lo as usize, span.hi as usize, &mut diags);
    let tokens = laid_out(file, raw, tables, &mut diags);
    let parsed = run(&grammar::ItemsParser::new(), file, &tokens.tables, &tokens.list).ok()?;
    parsed.items.into_iter().find_map(|item| match item.kind {
        ItemKind::Fn(function) => Some(function),
        _ => None,
    })
}

/// What one item's tokens became. A stretch may hold several items, or none.
pub(crate) struct Parsed {
    pub items: Vec<Item>,
    pub attrs: Vec<Attr>,
    pub diags: Diags,
}

/// The first token that fits nowhere, as an index, and what would.
pub(crate) struct Failure {
    pub at: usize,
    pub expected: Vec<Kind>,
}

fn run(parser: &grammar::ItemsParser, file: &SourceFile, tables: &Tables, tokens: &[Token]) -> Result<Parsed, Failure> {
    let mut cx = Cx::new(file, tables, tokens);
    let stream = tokens.iter().enumerate().map(|(index, token)| Ok((index as u32, token.kind, index as u32 + 1)));
    match parser.parse(&mut cx, stream) {
        Ok(items) => {
            cx.finish();
            Ok(Parsed { items, attrs: cx.file_attrs, diags: cx.diags })
        }
        Err(ParseError::UnrecognizedToken { token: (at, ..), expected }) => {
            Err(Failure { at: at as usize, expected: kinds(&expected) })
        }
        Err(ParseError::UnrecognizedEof { expected, .. }) => Err(Failure { at: tokens.len(), expected: kinds(&expected) }),
        Err(ParseError::ExtraToken { token: (at, ..) }) => Err(Failure { at: at as usize, expected: Vec::new() }),
        Err(ParseError::InvalidToken { .. } | ParseError::User { .. }) => Err(Failure { at: 0, expected: Vec::new() }),
    }
}

fn kinds(spellings: &[String]) -> Vec<Kind> {
    let kind = |text: &String| {
        let text = text.trim_start_matches('"').trim_end_matches('"');
        Kind::ALL.iter().copied().find(|kind| kind.spelling() == text)
    };
    spellings.iter().filter_map(kind).collect()
}

/// How many tokens the first item takes, with the separators behind it.
fn item_length(tokens: &[Token]) -> usize {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate() {
        if token.kind.closer().is_some() {
            depth += 1;
        } else if token.kind.is_closer() {
            depth = depth.saturating_sub(1);
        }
        if depth > 0 {
            continue;
        }
        let next = tokens.get(index + 1).map(|next| next.kind);
        let ends = match token.kind {
            // A body on a line of its own is still the item's: a mistake to be reported as one.
            Kind::Newline => next != Some(Kind::BraceOpen),
            Kind::Semi => true,
            Kind::BraceClose => next.is_some_and(Kind::begins_item),
            _ => false,
        };
        if ends {
            return index + 1;
        }
    }
    tokens.len()
}

fn is_too_deep(item: &[Token], too_deep: &[u32]) -> bool {
    match (item.first(), item.last()) {
        (Some(first), Some(last)) => too_deep.iter().any(|at| (first.lo..=last.hi).contains(at)),
        _ => false,
    }
}

pub(crate) fn unreadable(file: &SourceFile, item: &[Token]) -> Item {
    let lo = item.first().map_or(0, |token| token.lo);
    let hi = item.last().map_or(lo, |token| token.hi);
    Item {
        span: Span { file: file.id, lo, hi },
        docs: Vec::new(),
        attrs: Vec::new(),
        public: false,
        kind: crate::ast::ItemKind::Error,
    }
}
