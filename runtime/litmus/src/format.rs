//! The field's own format: the C form of `.litmus` files.
//!
//! `lexer` cuts the text, `lower` turns a thread's statements into steps; here are the parts around them: header, initial
//! state, threads, what is shown, the question. What is not understood is refused with its place: a test is never guessed at.

mod lexer;
mod lower;

use crate::program::*;
use lexer::{Token, lex};
use lower::{Function, Param};
use std::collections::BTreeMap;

/// Why a text is no test that can be judged, and where (a byte).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    pub at: usize,
    pub message: String,
}

impl Refusal {
    /// Line and column, both from 1.
    pub fn place(&self, text: &str) -> (usize, usize) {
        let before = &text.as_bytes()[..self.at.min(text.len())];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let start = before
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        (line, before.len() - start + 1)
    }
}

pub(crate) type Parsed<T> = Result<T, Refusal>;

pub(crate) fn refuse<T>(at: usize, message: impl Into<String>) -> Parsed<T> {
    Err(Refusal {
        at,
        message: message.into(),
    })
}

/// Reads a test.
pub fn read(text: &str) -> Parsed<Test> {
    let (name, body) = header(text)?;
    let mut parser = Parser {
        tokens: lex(text, body)?,
        next: 0,
        end: text.len(),
    };
    parser.ranges()?;
    let initial = parser.initial()?;
    let mut functions = Vec::new();
    while let Some(function) = parser.thread(functions.len())? {
        functions.push(function);
        while parser.eat(";") {}
    }
    if functions.is_empty() {
        return refuse(parser.at(), "a thread `P0 (…) { … }` should follow");
    }
    let asked = parser.question(text)?;
    lower::test(name, initial, functions, asked)
}

/// The first line, `C name`, and where the initial state begins: texts and `Key=value` lines may stand between.
fn header(text: &str) -> Parsed<(String, usize)> {
    let start = text.len() - text.trim_start().len();
    let line = text[start..].lines().next().unwrap_or("");
    let mut words = line.splitn(2, char::is_whitespace);
    match words.next() {
        Some("C" | "C11") => {}
        Some(architecture) if !architecture.is_empty() => {
            return refuse(
                start,
                format!(
                    "only the C form is understood, and this test is for `{architecture}`: its first line should be `C name`"
                ),
            );
        }
        _ => return refuse(start, "a test begins with a line `C name`"),
    }
    let name = words.next().unwrap_or("").trim();
    if name.is_empty() {
        return refuse(start + line.len(), "the test needs a name behind the `C`");
    }
    let mut at = start + line.len();
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start();
        at = text.len() - trimmed.len();
        if trimmed.starts_with('{') {
            return Ok((name.into(), at));
        }
        if trimmed.starts_with("(*") {
            match lexer::nested_comment(trimmed) {
                Some(length) => at += length,
                None => return refuse(at, "this comment has no end"),
            }
            continue;
        }
        if trimmed.is_empty() {
            return refuse(text.len(), "the initial state `{ … }` is missing");
        }
        let line = trimmed.lines().next().unwrap_or("");
        if !(line.starts_with('"') || line.starts_with("//") || line.contains('=')) {
            return refuse(at, "an initial state `{ … }` should stand here");
        }
        at += line.len();
    }
}

/// What `{ … }` says: memory and registers, where it was said.
#[derive(Default)]
pub(crate) struct Initial {
    pub memory: BTreeMap<String, i64>,
    pub registers: BTreeMap<(usize, String), i64>,
}

/// A column by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Name {
    Register(usize, String),
    Memory(String),
}

/// What stands behind the threads.
pub(crate) struct Asked {
    pub shown: Vec<(Name, usize)>,
    pub filter: Option<(Proposition, String)>,
    pub quantifier: Quantifier,
    pub condition: Proposition,
    pub question: String,
}

pub(crate) enum Proposition {
    Always(bool),
    Equal(Name, i64, usize),
    NotEqual(Name, i64, usize),
    Not(Box<Proposition>),
    And(Box<Proposition>, Box<Proposition>),
    Or(Box<Proposition>, Box<Proposition>),
}

pub(crate) struct Parser<'a> {
    tokens: Vec<(Token<'a>, usize)>,
    next: usize,
    end: usize,
}

impl<'a> Parser<'a> {
    pub fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(_, at)| *at)
    }
    pub fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.next).map(|(token, _)| *token)
    }
    pub fn peek_second(&self) -> Option<Token<'a>> {
        self.tokens.get(self.next + 1).map(|(token, _)| *token)
    }
    pub fn take(&mut self) -> Option<Token<'a>> {
        let token = self.peek();
        self.next += 1;
        token
    }
    pub fn eat(&mut self, symbol: &str) -> bool {
        let found = self.peek() == Some(Token::Symbol(symbol));
        self.next += usize::from(found);
        found
    }
    pub fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.eat(symbol) {
            Ok(())
        } else {
            refuse(
                self.at(),
                format!("`{symbol}` should stand here, not {}", self.found()),
            )
        }
    }
    pub fn found(&self) -> String {
        self.peek()
            .map_or("the end".into(), |token| format!("`{token}`"))
    }
    pub fn word(&mut self, what: &str) -> Parsed<&'a str> {
        match self.peek() {
            Some(Token::Word(word)) => {
                self.next += 1;
                Ok(word)
            }
            _ => refuse(
                self.at(),
                format!("{what} should stand here, not {}", self.found()),
            ),
        }
    }
    fn number(&mut self) -> Parsed<i64> {
        let negative = self.eat("-");
        match self.peek() {
            Some(Token::Number(number)) => {
                self.next += 1;
                Ok(if negative { -number } else { number })
            }
            _ => refuse(
                self.at(),
                format!("a number should stand here, not {}", self.found()),
            ),
        }
    }

    /// Values here have 64 signed bits. Those of C's `int` have 32, and some have no sign: what could tell is refused.
    fn ranges(&self) -> Parsed<()> {
        let word = |token: &Token<'a>| if let Token::Word(word) = token { *word } else { "" };
        let is_wide = self.tokens.iter().any(|(token, _)| lower::is_wide(word(token)));
        for (token, at) in &self.tokens {
            if let Token::Number(number) = token
                && *number > i64::from(i32::MAX)
                && !is_wide
            {
                return refuse(*at, "this is no value of an `int`");
            }
        }
        let Some((unsigned, at)) = self.tokens.iter().find(|(token, _)| lower::is_unsigned(word(token))) else { return Ok(()) };
        // A star in front of a name may be a pointer's; between values it is a product.
        let value = |token: Option<&(Token<'a>, usize)>, open: &str| match token {
            Some((Token::Number(_), _)) => true,
            Some((Token::Word(word), _)) => !lower::is_type_word(word) && !lower::is_unsigned(word),
            Some((Token::Symbol(symbol), _)) => *symbol == open,
            None => false,
        };
        let risk = self.tokens.iter().enumerate().find(|(index, (token, _))| match token {
            Token::Symbol("*") => *index > 0 && value(self.tokens.get(index - 1), ")") && value(self.tokens.get(index + 1), "("),
            Token::Symbol(symbol) => matches!(*symbol, "-" | "~" | "-=" | "*=" | "--" | "<<" | "!"),
            Token::Word(word) => word.contains("_sub"),
            Token::Number(number) => *number > 1 << 20,
        });
        match risk {
            // `~exists` is no operator, nor is `~` or `-` in front of a condition's parts; a negative value is.
            Some((index, (Token::Symbol("~"), _))) if matches!(self.tokens.get(index + 1), Some((Token::Word("exists"), _))) => Ok(()),
            None => Ok(()),
            Some(_) => refuse(*at, format!("`{unsigned}` is understood only where nothing is subtracted, negated, multiplied or shifted left")),
        }
    }

    /// `x`, `[x]` or `1:r0`.
    fn name(&mut self) -> Parsed<Name> {
        if self.eat("[") {
            let name = self.word("the name of a location")?.to_owned();
            self.expect("]")?;
            return Ok(Name::Memory(name));
        }
        if let Some(Token::Number(thread)) = self.peek() {
            let at = self.at();
            self.next += 1;
            self.expect(":")?;
            let register = self.word("the name of a register")?;
            let Ok(thread) = usize::try_from(thread) else {
                return refuse(at, "a thread has a small number");
            };
            return Ok(Name::Register(thread, register.into()));
        }
        Ok(Name::Memory(self.word("a location or a register")?.into()))
    }

    /// Skips the words and stars of a type, as long as a name follows.
    fn skip_type(&mut self) -> Parsed<()> {
        while let (
            Some(Token::Word(word)),
            Some(Token::Word(_) | Token::Symbol("*" | "[") | Token::Number(_)),
        ) = (self.peek(), self.peek_second())
        {
            if !lower::is_type_word(word) {
                return refuse(
                    self.at(),
                    format!("`{word}` is not a type that is understood here"),
                );
            }
            self.next += 1;
            if self.peek() == Some(Token::Symbol("*")) {
                return refuse(self.at(), "locations that hold addresses are not supported");
            }
        }
        Ok(())
    }

    fn initial(&mut self) -> Parsed<Initial> {
        self.expect("{")?;
        let mut initial = Initial::default();
        while !self.eat("}") {
            if self.eat(";") {
                continue;
            }
            self.skip_type()?;
            let at = self.at();
            let name = self.name()?;
            let value = if self.eat("=") {
                let wrapped = matches!(self.peek(), Some(Token::Word("ATOMIC_VAR_INIT" | "ATOMIC_INIT"))) && self.peek_second() == Some(Token::Symbol("("));
                if wrapped {
                    self.next += 2;
                }
                if matches!(self.peek(), Some(Token::Symbol("&" | "{") | Token::Word(_))) {
                    return refuse(self.at(), "only numbers can be initial values");
                }
                let number = self.number()?;
                if wrapped {
                    self.expect(")")?;
                }
                number
            } else {
                0
            };
            let again = match name {
                Name::Register(thread, register) => initial
                    .registers
                    .insert((thread, register), value)
                    .is_some(),
                Name::Memory(location) => initial.memory.insert(location, value).is_some(),
            };
            if again {
                return refuse(at, "this has an initial value already");
            }
            if self.peek() != Some(Token::Symbol("}")) {
                self.expect(";")?;
            }
        }
        Ok(initial)
    }

    /// `P0 (atomic_int* x, int* y) { … }`
    fn thread(&mut self, number: usize) -> Parsed<Option<Function>> {
        let at = self.at();
        let is_thread = matches!(self.peek(), Some(Token::Word(word)) if word.strip_prefix('P').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())));
        if !is_thread {
            return Ok(None);
        }
        let name = self.word("a thread")?;
        if name != format!("P{number}") {
            return refuse(at, format!("the next thread should be `P{number}`"));
        }
        self.expect("(")?;
        let mut params = Vec::new();
        while !self.eat(")") {
            let (mut at, mut name, mut atomic, mut stars, mut truth) = (self.at(), "", false, 0, false);
            loop {
                match self.peek() {
                    // `_Atomic(int)`
                    Some(Token::Symbol("(" | ")")) if name == "_Atomic" || atomic && stars == 0 && self.peek() == Some(Token::Symbol(")")) && lower::is_type_word(name) => {
                        atomic = true;
                        if self.peek() == Some(Token::Symbol("(")) {
                            name = "";
                        }
                    }
                    Some(Token::Word(word)) => {
                        truth |= lower::is_truth(word);
                        if !name.is_empty() {
                            if !lower::is_type_word(name) {
                                return refuse(
                                    at,
                                    format!("`{name}` is not a type that is understood here"),
                                );
                            }
                            atomic |= name.starts_with("atomic_") || name == "_Atomic";
                        }
                        (at, name) = (self.at(), word);
                    }
                    Some(Token::Symbol("*")) => {
                        stars += 1;
                        if stars > 1 {
                            return refuse(
                                self.at(),
                                "locations that hold addresses are not supported",
                            );
                        }
                        if !lower::is_type_word(name) {
                            return refuse(
                                at,
                                format!("`{name}` is not a type that is understood here"),
                            );
                        }
                        atomic |= name.starts_with("atomic_") || name == "_Atomic";
                        name = "";
                    }
                    _ => break,
                }
                self.next += 1;
            }
            if name.is_empty() || lower::is_type_word(name) || stars != 1 {
                return refuse(
                    at,
                    "a parameter is a pointer to a shared location, as in `atomic_int* x`",
                );
            }
            params.push(Param {
                at,
                name: name.into(),
                atomic,
                truth,
            });
            if self.peek() != Some(Token::Symbol(")")) {
                self.expect(",")?;
            }
        }
        let body = lower::block(self)?;
        Ok(Some(Function { params, body }))
    }

    fn question(&mut self, text: &str) -> Parsed<Asked> {
        let mut shown = Vec::new();
        let mut filter = None;
        loop {
            let at = self.at();
            let quantifier = match self.peek() {
                Some(Token::Word("locations")) => {
                    self.next += 1;
                    self.expect("[")?;
                    while !self.eat("]") {
                        if self.eat(";") {
                            continue;
                        }
                        self.skip_type()?;
                        let at = self.at();
                        shown.push((self.name()?, at));
                        if self.peek() != Some(Token::Symbol("]")) {
                            self.expect(";")?;
                        }
                    }
                    continue;
                }
                Some(Token::Word("filter")) => {
                    self.next += 1;
                    let start = self.at();
                    let proposition = self.proposition()?;
                    let text = text[start..self.at()].split_whitespace().collect::<Vec<_>>().join(" ");
                    filter = Some((proposition, text));
                    continue;
                }
                Some(Token::Word("exists")) => Quantifier::Exists,
                Some(Token::Word("forall")) => Quantifier::ForAll,
                Some(Token::Symbol("~") | Token::Word("not")) => {
                    self.next += 1;
                    if self.peek() != Some(Token::Word("exists")) {
                        return refuse(
                            self.at(),
                            format!("`exists` should stand here, not {}", self.found()),
                        );
                    }
                    Quantifier::NotExists
                }
                _ => {
                    return refuse(
                        at,
                        format!(
                            "a question `exists (…)`, `~exists (…)` or `forall (…)` should stand here, not {}",
                            self.found()
                        ),
                    );
                }
            };
            self.next += 1;
            let condition = self.proposition()?;
            if self.peek().is_some() {
                return refuse(
                    self.at(),
                    format!(
                        "nothing should follow the question, and {} does",
                        self.found()
                    ),
                );
            }
            let question = text[at..].trim_end().into();
            return Ok(Asked {
                shown,
                filter,
                quantifier,
                condition,
                question,
            });
        }
    }

    /// `a /\ b \/ c => d`, loosest last.
    fn proposition(&mut self) -> Parsed<Proposition> {
        let left = self.disjunction()?;
        if self.eat("=>") {
            let right = self.proposition()?;
            return Ok(Proposition::Or(
                Box::new(Proposition::Not(Box::new(left))),
                Box::new(right),
            ));
        }
        Ok(left)
    }
    fn disjunction(&mut self) -> Parsed<Proposition> {
        let mut left = self.conjunction()?;
        while self.eat("\\/") {
            left = Proposition::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }
    fn conjunction(&mut self) -> Parsed<Proposition> {
        let mut left = self.negation()?;
        while self.eat("/\\") {
            left = Proposition::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }
    fn negation(&mut self) -> Parsed<Proposition> {
        let at = self.at();
        match self.peek() {
            Some(Token::Symbol("~") | Token::Word("not")) => {
                self.next += 1;
                Ok(Proposition::Not(Box::new(self.negation()?)))
            }
            Some(Token::Symbol("(")) => {
                self.next += 1;
                let inner = self.proposition()?;
                self.expect(")")?;
                Ok(inner)
            }
            Some(Token::Word(word @ ("true" | "false"))) => {
                self.next += 1;
                Ok(Proposition::Always(word == "true"))
            }
            _ => {
                let name = self.name()?;
                if self.eat("!=") || self.eat("<>") {
                    return Ok(Proposition::NotEqual(name, self.number()?, at));
                }
                if !self.eat("==") {
                    self.expect("=")?;
                }
                Ok(Proposition::Equal(name, self.number()?, at))
            }
        }
    }
}

/// A question of its own, over columns of these names.
pub(crate) fn question(text: &str, labels: &[&str]) -> Parsed<(Quantifier, Condition)> {
    let mut parser = Parser { tokens: lex(text, 0)?, next: 0, end: text.len() };
    let asked = parser.question(text)?;
    let mut column = |name: &Name, at: usize| {
        let label = match name {
            Name::Memory(name) => name.clone(),
            Name::Register(thread, register) => format!("{thread}:{register}"),
        };
        match labels.iter().position(|known| *known == label) {
            Some(column) => Ok(column),
            None => refuse(at, format!("`{label}` is not among what is printed")),
        }
    };
    Ok((asked.quantifier, lower::resolve(&asked.condition, &mut column)?))
}

#[cfg(test)]
mod tests;
