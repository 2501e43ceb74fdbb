//! A thread's statements, and their steps.
//!
//! Locations that one thread alone touches, and never atomically, become registers of that thread: nobody could tell.

use super::lexer::Token;
use super::{Asked, Initial, Name, Parsed, Parser, Proposition, refuse};
use crate::program::*;
use std::collections::BTreeMap;

pub(crate) struct Param {
    pub at: usize,
    pub name: String,
    pub atomic: bool,
    /// It holds 0 or 1.
    pub truth: bool,
}

pub(crate) struct Function {
    pub params: Vec<Param>,
    pub body: Vec<Statement>,
}

/// With its place.
pub(crate) struct Statement {
    at: usize,
    kind: StatementKind,
}

enum StatementKind {
    /// Whether it holds 0 or 1 only.
    Declare(String, bool, Option<Expr>),
    Block(Vec<Statement>),
    Assign(String, Expr),
    /// `*x = e`
    Store(String, Expr),
    Expr(Expr),
    If(Expr, Vec<Statement>, Vec<Statement>),
}

struct Expr {
    at: usize,
    kind: ExprKind,
}

enum ExprKind {
    Number(i64),
    Register(String),
    /// `*x`
    Load(String),
    Address(String),
    Call(String, Vec<Expr>),
    Unary(Unary, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// To a type that holds 0 or 1.
    Truth(Box<Expr>),
    /// `a ? b : c`
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `&&`, `||`: the right side may not happen.
    Both(Box<Expr>, Box<Expr>),
    Either(Box<Expr>, Box<Expr>),
}

impl Expr {
    fn touches_memory(&self) -> bool {
        match &self.kind {
            ExprKind::Number(_) | ExprKind::Register(_) | ExprKind::Address(_) => false,
            ExprKind::Load(_) | ExprKind::Call(..) => true,
            ExprKind::Unary(_, operand) | ExprKind::Truth(operand) => operand.touches_memory(),
            ExprKind::Choice(condition, then, otherwise) => condition.touches_memory() || then.touches_memory() || otherwise.touches_memory(),
            ExprKind::Binary(_, left, right) | ExprKind::Both(left, right) | ExprKind::Either(left, right) => left.touches_memory() || right.touches_memory(),
        }
    }
}

/// What holds 0 or 1.
pub(crate) fn is_truth(word: &str) -> bool {
    matches!(word, "bool" | "_Bool" | "atomic_bool" | "atomic_flag")
}

/// Types of 64 bits.
pub(crate) fn is_wide(word: &str) -> bool {
    word.contains("long") || word.contains("64") || word.contains("ptr") || word.contains("max") || word.contains("size")
}

/// Types without a sign: they are only understood where nobody can tell.
pub(crate) fn is_unsigned(word: &str) -> bool {
    matches!(
        word,
        "unsigned"
            | "atomic_uint"
            | "atomic_ulong"
            | "atomic_ullong"
            | "uint32_t"
            | "uint64_t"
            | "atomic_uint32_t"
            | "atomic_uint64_t"
            | "size_t"
            | "atomic_size_t"
            | "uintptr_t"
            | "atomic_uintptr_t"
            | "uintmax_t"
            | "atomic_uintmax_t"
    )
}

/// Types of 32 and 64 bits, and the words around them.
pub(crate) fn is_type_word(word: &str) -> bool {
    is_unsigned(word) || is_truth(word) || matches!(
        word,
        "int"
            | "long"
            | "volatile"
            | "const"
            | "signed"
            | "atomic_int"
            | "atomic_long"
            | "atomic_llong"
            | "_Atomic"
            | "intptr_t"
            | "atomic_intptr_t"
            | "atomic_intmax_t"
            | "int32_t"
            | "int64_t"
            | "atomic_int32_t"
            | "atomic_int64_t"
            | "intmax_t"
    )
}

// Statements.

pub(crate) fn block(parser: &mut Parser) -> Parsed<Vec<Statement>> {
    parser.expect("{")?;
    let mut statements = Vec::new();
    while !parser.eat("}") {
        if parser.peek().is_none() {
            return refuse(parser.at(), "`}` is missing");
        }
        statement(parser, &mut statements)?;
    }
    Ok(statements)
}

fn branch(parser: &mut Parser) -> Parsed<Vec<Statement>> {
    if parser.peek() == Some(Token::Symbol("{")) {
        return block(parser);
    }
    let mut statements = Vec::new();
    statement(parser, &mut statements)?;
    Ok(statements)
}

fn statement(parser: &mut Parser, into: &mut Vec<Statement>) -> Parsed<()> {
    let at = parser.at();
    let kind = match (parser.peek(), parser.peek_second()) {
        (Some(Token::Symbol(";")), _) => {
            parser.expect(";")?;
            return Ok(());
        }
        (Some(Token::Symbol("{")), _) => {
            let inside = block(parser)?;
            into.push(Statement { at, kind: StatementKind::Block(inside) });
            return Ok(());
        }
        (Some(Token::Word("if")), _) => {
            parser.take();
            parser.expect("(")?;
            let condition = expr(parser)?;
            parser.expect(")")?;
            let then = branch(parser)?;
            let otherwise = if parser.peek() == Some(Token::Word("else")) {
                parser.take();
                branch(parser)?
            } else {
                Vec::new()
            };
            into.push(Statement {
                at,
                kind: StatementKind::If(condition, then, otherwise),
            });
            return Ok(());
        }
        (Some(Token::Word(word @ ("while" | "for" | "do" | "goto" | "switch" | "return"))), _) => {
            return refuse(at, format!("`{word}` is not supported in a litmus test"));
        }
        (Some(Token::Word(word)), Some(Token::Word(_))) if is_type_word(word) => {
            let mut truth = false;
            while let (Some(Token::Word(word)), Some(Token::Word(_))) = (parser.peek(), parser.peek_second())
                && is_type_word(word)
            {
                truth |= is_truth(word);
                if word.starts_with("atomic_") || word == "_Atomic" {
                    return refuse(parser.at(), "only parameters are atomic: a register is one thread's own");
                }
                parser.take();
            }
            loop {
                let at = parser.at();
                let name = parser.word("the name of a register")?.to_owned();
                let value = if parser.eat("=") {
                    Some(expr(parser)?)
                } else {
                    None
                };
                into.push(Statement {
                    at,
                    kind: StatementKind::Declare(name, truth, value),
                });
                if !parser.eat(",") {
                    break;
                }
            }
            return parser.expect(";");
        }
        (Some(Token::Word(word)), Some(Token::Symbol("*"))) if is_type_word(word) => {
            return refuse(at, "registers that hold addresses are not supported");
        }
        (Some(Token::Word(word)), Some(Token::Symbol("="))) => {
            parser.take();
            parser.take();
            StatementKind::Assign(word.into(), expr(parser)?)
        }
        (Some(Token::Word(word)), Some(Token::Symbol(operator))) if compound(operator).is_some() => {
            parser.take();
            parser.take();
            let left = Expr { at, kind: ExprKind::Register(word.into()) };
            let operator = compound(operator).expect("just found");
            let right = expr(parser)?;
            StatementKind::Assign(word.into(), Expr { at, kind: ExprKind::Binary(operator, Box::new(left), Box::new(right)) })
        }
        (Some(Token::Word(word)), Some(Token::Symbol(operator @ ("++" | "--")))) => {
            parser.take();
            parser.take();
            step_by_one(at, word, operator)
        }
        (Some(Token::Symbol(operator @ ("++" | "--"))), Some(Token::Word(word))) => {
            parser.take();
            parser.take();
            step_by_one(at, word, operator)
        }
        (Some(Token::Symbol("*")), Some(Token::Word(word))) => {
            parser.take();
            parser.take();
            parser.expect("=")?;
            StatementKind::Store(word.into(), expr(parser)?)
        }
        _ => StatementKind::Expr(expr(parser)?),
    };
    parser.expect(";")?;
    into.push(Statement { at, kind });
    Ok(())
}

/// `r += e` and its kin.
fn compound(operator: &str) -> Option<Binary> {
    Some(match operator {
        "+=" => Binary::Add,
        "-=" => Binary::Subtract,
        "*=" => Binary::Multiply,
        "&=" => Binary::And,
        "|=" => Binary::Or,
        "^=" => Binary::Xor,
        _ => return None,
    })
}

fn step_by_one(at: usize, word: &str, operator: &str) -> StatementKind {
    let left = Expr { at, kind: ExprKind::Register(word.into()) };
    let operator = if operator == "++" { Binary::Add } else { Binary::Subtract };
    let one = Expr { at, kind: ExprKind::Number(1) };
    StatementKind::Assign(word.into(), Expr { at, kind: ExprKind::Binary(operator, Box::new(left), Box::new(one)) })
}

// Expressions, by C's precedence.

const LEVELS: &[&[(&str, Binary)]] = &[
    &[("|", Binary::Or)],
    &[("^", Binary::Xor)],
    &[("&", Binary::And)],
    &[("==", Binary::Equal), ("!=", Binary::NotEqual)],
    &[
        ("<=", Binary::LessEqual),
        (">=", Binary::GreaterEqual),
        ("<", Binary::Less),
        (">", Binary::Greater),
    ],
    &[("<<", Binary::ShiftLeft), (">>", Binary::ShiftRight)],
    &[("+", Binary::Add), ("-", Binary::Subtract)],
    &[
        ("*", Binary::Multiply),
        ("/", Binary::Divide),
        ("%", Binary::Remainder),
    ],
];

fn expr(parser: &mut Parser) -> Parsed<Expr> {
    let at = parser.at();
    let condition = either(parser)?;
    if !parser.eat("?") {
        return Ok(condition);
    }
    let then = expr(parser)?;
    parser.expect(":")?;
    let otherwise = expr(parser)?;
    Ok(Expr { at, kind: ExprKind::Choice(Box::new(condition), Box::new(then), Box::new(otherwise)) })
}

fn either(parser: &mut Parser) -> Parsed<Expr> {
    let at = parser.at();
    let mut left = both(parser)?;
    while parser.eat("||") {
        left = Expr {
            at,
            kind: ExprKind::Either(Box::new(left), Box::new(both(parser)?)),
        };
    }
    Ok(left)
}

fn both(parser: &mut Parser) -> Parsed<Expr> {
    let at = parser.at();
    let mut left = binary(parser, 0)?;
    while parser.eat("&&") {
        left = Expr {
            at,
            kind: ExprKind::Both(Box::new(left), Box::new(binary(parser, 0)?)),
        };
    }
    Ok(left)
}

fn binary(parser: &mut Parser, level: usize) -> Parsed<Expr> {
    let Some(operators) = LEVELS.get(level) else {
        return unary(parser);
    };
    let at = parser.at();
    let mut left = binary(parser, level + 1)?;
    while let Some((_, operator)) = operators.iter().find(|(symbol, _)| parser.eat(symbol)) {
        let right = binary(parser, level + 1)?;
        left = Expr {
            at,
            kind: ExprKind::Binary(*operator, Box::new(left), Box::new(right)),
        };
    }
    Ok(left)
}

fn unary(parser: &mut Parser) -> Parsed<Expr> {
    let at = parser.at();
    let operators = [
        ("-", Unary::Negate),
        ("!", Unary::Not),
        ("~", Unary::Invert),
    ];
    if let Some((_, operator)) = operators.iter().find(|(symbol, _)| parser.eat(symbol)) {
        return Ok(Expr {
            at,
            kind: ExprKind::Unary(*operator, Box::new(unary(parser)?)),
        });
    }
    if parser.eat("+") {
        return unary(parser);
    }
    let kind = match parser.peek() {
        Some(Token::Symbol("(")) => {
            parser.take();
            if matches!(parser.peek(), Some(Token::Word(word)) if is_type_word(word) || word == "void") {
                let mut truth = false;
                while let Some(Token::Word(word)) = parser.peek() {
                    if !is_type_word(word) && word != "void" {
                        return refuse(parser.at(), format!("`{word}` is not a type that is understood here"));
                    }
                    truth |= is_truth(word);
                    parser.take();
                }
                if parser.peek() == Some(Token::Symbol("*")) {
                    return refuse(at, "casts to addresses are not supported");
                }
                parser.expect(")")?;
                let inner = unary(parser)?;
                return Ok(if truth { Expr { at, kind: ExprKind::Truth(Box::new(inner)) } } else { inner });
            }
            let inner = expr(parser)?;
            parser.expect(")")?;
            return Ok(inner);
        }
        Some(Token::Symbol("*")) => {
            parser.take();
            ExprKind::Load(parser.word("a location")?.into())
        }
        Some(Token::Symbol("&")) => {
            parser.take();
            ExprKind::Address(parser.word("a register or a location")?.into())
        }
        Some(Token::Number(number)) => {
            parser.take();
            ExprKind::Number(number)
        }
        Some(Token::Word(word)) => {
            parser.take();
            if parser.eat("(") {
                let mut args = Vec::new();
                while !parser.eat(")") {
                    args.push(expr(parser)?);
                    if parser.peek() != Some(Token::Symbol(")")) {
                        parser.expect(",")?;
                    }
                }
                ExprKind::Call(word.into(), args)
            } else {
                ExprKind::Register(word.into())
            }
        }
        _ => {
            return refuse(
                at,
                format!("an expression should stand here, not {}", parser.found()),
            );
        }
    };
    Ok(Expr { at, kind })
}

// Steps.

/// How a name of memory is reached from a thread.
#[derive(Clone, Copy)]
enum Memory {
    Shared {
        location: usize,
        atomic: bool,
        truth: bool,
    },
    /// A register: nobody else looks.
    Own {
        register: usize,
        truth: bool,
    },
}

/// Puts the parts together.
pub(crate) fn test(
    name: String,
    initial: Initial,
    functions: Vec<Function>,
    asked: Asked,
) -> Parsed<Test> {
    // Who has a location as a parameter, and whether atomically anywhere.
    let mut users: BTreeMap<&str, (Vec<usize>, bool)> = BTreeMap::new();
    let mut truths: BTreeMap<&str, bool> = BTreeMap::new();
    for (thread, function) in functions.iter().enumerate() {
        for param in &function.params {
            let entry = users.entry(&param.name).or_default();
            if entry.0.contains(&thread) {
                return refuse(param.at, format!("there are two parameters `{}`", param.name));
            }
            if *truths.entry(&param.name).or_insert(param.truth) != param.truth {
                return refuse(param.at, format!("`{}` has another type in another thread", param.name));
            }
            entry.0.push(thread);
            entry.1 |= param.atomic;
        }
    }
    let value_of = |name: &str| {
        let value = initial.memory.get(name).copied().unwrap_or(0);
        if truths.get(name) == Some(&true) { i64::from(value != 0) } else { value }
    };
    let mut locations = Vec::new();
    let mut shared = BTreeMap::new();
    for (name, (threads, atomic)) in &users {
        if *atomic || threads.len() > 1 {
            shared.insert(*name, locations.len());
            locations.push(Location {
                name: (*name).into(),
                initial: value_of(name),
            });
        }
    }
    let mut threads = Vec::new();
    let mut own = BTreeMap::new();
    for (number, function) in functions.iter().enumerate() {
        let mut lowering = Lowering {
            thread: Thread::default(),
            registers: BTreeMap::new(),
            memory: BTreeMap::new(),
            truths: Vec::new(),
            looked: Vec::new(),
            changed: Vec::new(),
            open: Vec::new(),
            accesses: 0,
        };
        for param in &function.params {
            let memory = match shared.get(param.name.as_str()) {
                Some(&location) => Memory::Shared {
                    location,
                    atomic: param.atomic,
                    truth: param.truth,
                },
                None => {
                    let register = lowering.temporary(value_of(&param.name));
                    own.insert(param.name.as_str(), (number, register));
                    Memory::Own { register, truth: param.truth }
                }
            };
            lowering.memory.insert(param.name.clone(), memory);
        }
        for ((thread, register), value) in &initial.registers {
            if *thread == number {
                lowering.declare(register, *value);
            }
        }
        lowering.statements(&function.body)?;
        threads.push(lowering);
    }
    let mut shown: Vec<Shown> = Vec::new();
    let mut column = |name: &Name, at: usize| -> Parsed<usize> {
        let (label, source) = match name {
            Name::Memory(name) => {
                let source = match (shared.get(name.as_str()), own.get(name.as_str())) {
                    (Some(&location), _) => Source::Memory(location),
                    (None, Some(&(thread, register))) => Source::Register { thread, register },
                    (None, None) if initial.memory.contains_key(name) => {
                        Source::Constant(value_of(name))
                    }
                    (None, None) => return refuse(at, format!("there is no location `{name}`")),
                };
                (name.clone(), source)
            }
            Name::Register(thread, register) => {
                let Some(lowering) = threads.get(*thread) else {
                    return refuse(at, format!("there is no thread {thread}"));
                };
                let Some(&number) = lowering.registers.get(register) else {
                    return refuse(at, format!("thread {thread} has no register `{register}`"));
                };
                (
                    format!("{thread}:{register}"),
                    Source::Register {
                        thread: *thread,
                        register: number,
                    },
                )
            }
        };
        Ok(shown
            .iter()
            .position(|shown| shown.label == label)
            .unwrap_or_else(|| {
                shown.push(Shown { label, source });
                shown.len() - 1
            }))
    };
    for (name, at) in &asked.shown {
        column(name, *at)?;
    }
    let condition = resolve(&asked.condition, &mut column)?;
    let filter = asked
        .filter
        .as_ref()
        .map(|(filter, _)| resolve(filter, &mut column))
        .transpose()?;
    let filter_text = asked.filter.map(|(_, text)| text);
    let threads = threads
        .into_iter()
        .map(|lowering| lowering.thread)
        .collect();
    Ok(Test {
        name,
        threads,
        locations,
        shown,
        filter,
        filter_text,
        quantifier: asked.quantifier,
        condition,
        question: asked.question,
    })
}

pub(super) fn resolve(
    proposition: &Proposition,
    column: &mut dyn FnMut(&Name, usize) -> Parsed<usize>,
) -> Parsed<Condition> {
    Ok(match proposition {
        Proposition::Always(answer) => Condition::Always(*answer),
        Proposition::Equal(name, value, at) => Condition::Equal(column(name, *at)?, *value),
        Proposition::NotEqual(name, value, at) => Condition::NotEqual(column(name, *at)?, *value),
        Proposition::Not(inner) => Condition::Not(Box::new(resolve(inner, column)?)),
        Proposition::And(left, right) => Condition::And(
            Box::new(resolve(left, column)?),
            Box::new(resolve(right, column)?),
        ),
        Proposition::Or(left, right) => Condition::Or(
            Box::new(resolve(left, column)?),
            Box::new(resolve(right, column)?),
        ),
    })
}

struct Lowering {
    thread: Thread,
    registers: BTreeMap<String, usize>,
    memory: BTreeMap<String, Memory>,
    /// Registers that hold 0 or 1.
    truths: Vec<usize>,
    /// What is declared in the blocks that are open.
    open: Vec<String>,
    /// Registers that the expression at hand looks at, and those that it changes.
    looked: Vec<usize>,
    changed: Vec<usize>,
    /// Of memory, in the expression at hand.
    accesses: usize,
}

impl Lowering {
    fn temporary(&mut self, value: i64) -> usize {
        self.thread.registers.push((None, value));
        self.thread.registers.len() - 1
    }
    fn declare(&mut self, name: &str, value: i64) -> usize {
        if let Some(&register) = self.registers.get(name) {
            return register;
        }
        self.thread.registers.push((Some(name.into()), value));
        self.registers
            .insert(name.into(), self.thread.registers.len() - 1);
        self.thread.registers.len() - 1
    }
    fn emit(&mut self, step: Step) -> usize {
        self.thread.steps.push(step);
        self.thread.steps.len() - 1
    }
    /// The step's target is what comes next.
    fn lands_here(&mut self, step: usize) {
        let here = self.thread.steps.len();
        match &mut self.thread.steps[step] {
            Step::Unless { to, .. } | Step::Jump(to) => *to = here,
            _ => unreachable!("only jumps land"),
        }
    }

    fn statements(&mut self, statements: &[Statement]) -> Parsed<()> {
        for statement in statements {
            self.sequence_point();
            match &statement.kind {
                StatementKind::Block(inside) => self.block(inside)?,
                StatementKind::Declare(name, truth, value) => {
                    if self.memory.contains_key(name) {
                        return refuse(statement.at, format!("`{name}` is a location already"));
                    }
                    if self.open.contains(name) {
                        return refuse(statement.at, format!("there is a register `{name}` already: another one of this name could be meant by the question"));
                    }
                    self.open.push(name.clone());
                    let register = self.declare(name, 0);
                    match (truth, self.truths.contains(&register)) {
                        (true, false) => self.truths.push(register),
                        (false, true) => return refuse(statement.at, format!("`{name}` has two types")),
                        _ => {}
                    }
                    if let Some(value) = value {
                        self.set(register, value)?;
                    }
                }
                StatementKind::Assign(name, value) => {
                    if self.memory.contains_key(name) {
                        return refuse(statement.at, format!("`{name}` is a location: `*{name} = …` writes it"));
                    }
                    // The field's tools do not ask for declarations.
                    let register = self.declare(name, 0);
                    self.set(register, value)?;
                }
                StatementKind::Store(name, value) => {
                    let value = self.value(value)?;
                    match self.plain(name, statement.at)? {
                        Memory::Own { register, truth } => self.emit(Step::Set { register, value: as_truth_if(truth, value) }),
                        Memory::Shared { location, truth, .. } => self.emit(Step::Store {
                            location,
                            value: as_truth_if(truth, value),
                            order: Order::Plain,
                        }),
                    };
                }
                StatementKind::Expr(expr) => {
                    self.call_or_value(expr, false)?;
                }
                StatementKind::If(condition, then, otherwise) => {
                    let value = self.value(condition)?;
                    let skip = self.emit(Step::Unless { value, to: 0 });
                    self.block(then)?;
                    let end = self.emit(Step::Jump(0));
                    self.lands_here(skip);
                    self.block(otherwise)?;
                    self.lands_here(end);
                }
            }
        }
        Ok(())
    }

    fn sequence_point(&mut self) {
        self.accesses = 0;
        self.looked.clear();
        self.changed.clear();
    }

    /// How much is known of the expression at hand.
    fn mark(&self) -> [usize; 3] {
        [self.accesses, self.looked.len(), self.changed.len()]
    }

    /// What was added since the mark comes before what follows.
    fn sequenced(&mut self, [accesses, looked, changed]: [usize; 3]) -> (usize, Vec<usize>, Vec<usize>) {
        let before = std::mem::replace(&mut self.accesses, accesses) - accesses;
        (before, self.looked.split_off(looked), self.changed.split_off(changed))
    }

    /// And belongs to what stands around.
    fn rejoin(&mut self, (accesses, looked, changed): (usize, Vec<usize>, Vec<usize>)) {
        self.accesses += accesses;
        self.looked.extend(looked);
        self.changed.extend(changed);
    }

    /// The expression looks at a register.
    fn look(&mut self, register: usize, at: usize) -> Parsed<Value> {
        if self.changed.contains(&register) {
            return refuse(at, "this is looked at and changed in one expression, in no order in C");
        }
        self.looked.push(register);
        Ok(Value::Register(register))
    }

    fn block(&mut self, statements: &[Statement]) -> Parsed<()> {
        let outside = self.open.len();
        self.statements(statements)?;
        self.open.truncate(outside);
        Ok(())
    }

    fn set(&mut self, register: usize, value: &Expr) -> Parsed<()> {
        let value = self.value(value)?;
        let value = as_truth_if(self.truths.contains(&register), value);
        self.emit(Step::Set { register, value });
        Ok(())
    }

    /// A location that is accessed without saying how.
    fn plain(&self, name: &str, at: usize) -> Parsed<Memory> {
        match self.memory.get(name) {
            Some(Memory::Shared { atomic: true, .. }) => refuse(
                at,
                format!(
                    "`{name}` is atomic: say how it is accessed, as in `atomic_load_explicit({name}, memory_order_seq_cst)`"
                ),
            ),
            Some(memory) => Ok(*memory),
            None => refuse(at, format!("`{name}` is not a location of this thread")),
        }
    }

    fn value(&mut self, expr: &Expr) -> Parsed<Value> {
        match self.call_or_value(expr, true)? {
            Some(value) => Ok(value),
            None => refuse(expr.at, "this has no value"),
        }
    }

    /// C leaves the order of two accesses in one expression open.
    fn access(&mut self, at: usize) -> Parsed<()> {
        self.accesses += 1;
        if self.accesses > 1 {
            return refuse(
                at,
                "two accesses of memory in one expression have no order in C: use a register for the first",
            );
        }
        Ok(())
    }

    /// `needed`: the value of an update that is thrown away needs no name.
    fn call_or_value(&mut self, expr: &Expr, needed: bool) -> Parsed<Option<Value>> {
        Ok(Some(match &expr.kind {
            ExprKind::Number(number) => Value::Constant(*number),
            ExprKind::Register(name) => match self.registers.get(name) {
                Some(&register) => self.look(register, expr.at)?,
                None if self.memory.contains_key(name) => {
                    return refuse(
                        expr.at,
                        format!("the address of `{name}` is no value here; `*{name}` reads it"),
                    );
                }
                None => return refuse(expr.at, format!("there is no register `{name}`")),
            },
            ExprKind::Load(name) => match self.plain(name, expr.at)? {
                Memory::Own { register, .. } => self.look(register, expr.at)?,
                Memory::Shared { location, .. } => {
                    self.access(expr.at)?;
                    let register = self.temporary(0);
                    self.emit(Step::Load {
                        register,
                        location,
                        order: Order::Plain,
                    });
                    Value::Register(register)
                }
            },
            ExprKind::Address(_) => return refuse(expr.at, "an address is no value here"),
            ExprKind::Unary(operator, operand) => {
                Value::Unary(*operator, Box::new(self.value(operand)?))
            }
            ExprKind::Binary(operator, left, right) => {
                let (left, by) = (self.value(left)?, self.value(right)?);
                match operator {
                    Binary::Divide | Binary::Remainder if !matches!(by, Value::Constant(by) if by > 0) => {
                        return refuse(right.at, "division by anything but a number above 0 is not supported");
                    }
                    Binary::ShiftLeft | Binary::ShiftRight if !matches!(by, Value::Constant(0..=30)) => {
                        return refuse(right.at, "shifts by anything but a number from 0 to 30 are not supported");
                    }
                    _ => {}
                }
                Value::Binary(*operator, Box::new(left), Box::new(by))
            }
            ExprKind::Truth(inner) => as_truth_if(true, self.value(inner)?),
            ExprKind::Choice(condition, then, otherwise) => {
                let register = self.temporary(0);
                let mark = self.mark();
                let value = self.value(condition)?;
                let skip = self.emit(Step::Unless { value, to: 0 });
                // What is chosen comes behind what was asked, and only one of both comes.
                let before = self.sequenced(mark);
                let value = self.value(then)?;
                self.emit(Step::Set { register, value });
                let end = self.emit(Step::Jump(0));
                self.lands_here(skip);
                let then = self.sequenced(mark);
                let value = self.value(otherwise)?;
                self.emit(Step::Set { register, value });
                self.lands_here(end);
                self.rejoin(then);
                self.rejoin(before);
                Value::Register(register)
            }
            ExprKind::Both(left, right) => self.shortcut(left, right, true)?,
            ExprKind::Either(left, right) => self.shortcut(left, right, false)?,
            ExprKind::Call(name, args) => return self.call(expr.at, name, args, needed),
        }))
    }

    /// `left && right` (`both`) or `left || right`.
    fn shortcut(&mut self, left: &Expr, right: &Expr, both: bool) -> Parsed<Value> {
        let truth = |value| as_truth_if(true, value);
        let mark = self.mark();
        if !right.touches_memory() {
            let left = truth(self.value(left)?);
            let before = self.sequenced(mark);
            let right = truth(self.value(right)?);
            self.rejoin(before);
            return Ok(Value::Binary(if both { Binary::And } else { Binary::Or }, Box::new(left), Box::new(right)));
        }
        let register = self.temporary(0);
        let value = truth(self.value(left)?);
        self.emit(Step::Set { register, value });
        let decided = Value::Register(register);
        let skip = self.emit(Step::Unless {
            value: if both {
                decided
            } else {
                Value::Unary(Unary::Not, Box::new(decided))
            },
            to: 0,
        });
        // What is on the right comes behind what is on the left.
        let before = self.sequenced(mark);
        let value = truth(self.value(right)?);
        self.emit(Step::Set { register, value });
        self.lands_here(skip);
        self.rejoin(before);
        Ok(Value::Register(register))
    }

    fn call(
        &mut self,
        at: usize,
        name: &str,
        args: &[Expr],
        needed: bool,
    ) -> Parsed<Option<Value>> {
        let (base, explicit) = match name.strip_suffix("_explicit") {
            Some(base) => (base, true),
            None => (name, false),
        };
        let count = |wanted: usize, orders: usize| {
            let wanted = wanted + if explicit { orders } else { 0 };
            if args.len() == wanted {
                Ok(())
            } else {
                refuse(
                    at,
                    format!("`{name}` takes {wanted} arguments, not {}", args.len()),
                )
            }
        };
        let order = |at: usize| {
            if explicit {
                order(&args[at])
            } else {
                Ok(Order::SeqCst)
            }
        };
        let update = match base {
            "atomic_exchange" => Some(Update::Exchange),
            "atomic_fetch_add" => Some(Update::Add),
            "atomic_fetch_sub" => Some(Update::Sub),
            "atomic_fetch_and" => Some(Update::And),
            "atomic_fetch_or" => Some(Update::Or),
            "atomic_fetch_xor" => Some(Update::Xor),
            _ => None,
        };
        if let Some(operation) = update {
            count(2, 1)?;
            let ((location, truth), order) = (self.atomic(&args[0])?, order(2)?);
            if truth && operation != Update::Exchange {
                return refuse(at, format!("`{name}` is not for what holds 0 or 1"));
            }
            let value = as_truth_if(truth, self.value(&args[1])?);
            self.access(at)?;
            let register = self.temporary(0);
            self.emit(Step::Update {
                register,
                location,
                operation,
                value,
                order,
            });
            return Ok(Some(Value::Register(register)));
        }
        match base {
            "atomic_flag_test_and_set" => {
                count(1, 1)?;
                let ((location, _), order) = (self.atomic(&args[0])?, order(1)?);
                self.access(at)?;
                let register = self.temporary(0);
                self.emit(Step::Update { register, location, operation: Update::Exchange, value: Value::Constant(1), order });
                Ok(Some(Value::Register(register)))
            }
            "atomic_flag_clear" => {
                count(1, 1)?;
                let ((location, _), order) = (self.atomic(&args[0])?, order(1)?);
                if matches!(order, Order::Acquire | Order::AcqRel) {
                    return refuse(args[1].at, "a store cannot acquire");
                }
                self.emit(Step::Store { location, value: Value::Constant(0), order });
                Ok(None)
            }
            "atomic_load" => {
                count(1, 1)?;
                let ((location, _), order) = (self.atomic(&args[0])?, order(1)?);
                if matches!(order, Order::Release | Order::AcqRel) {
                    return refuse(args[1].at, "a load cannot release");
                }
                self.access(at)?;
                let register = self.temporary(0);
                self.emit(Step::Load {
                    register,
                    location,
                    order,
                });
                Ok(Some(Value::Register(register)))
            }
            "atomic_store" => {
                count(2, 1)?;
                let ((location, truth), order) = (self.atomic(&args[0])?, order(2)?);
                if matches!(order, Order::Acquire | Order::AcqRel) {
                    return refuse(args[2].at, "a store cannot acquire");
                }
                let value = as_truth_if(truth, self.value(&args[1])?);
                self.emit(Step::Store {
                    location,
                    value,
                    order,
                });
                Ok(None)
            }
            "atomic_compare_exchange_strong" | "atomic_compare_exchange_weak" => {
                count(3, 2)?;
                let weak = base.ends_with("weak");
                let ((location, truth), success, failure) = (self.atomic(&args[0])?, order(3)?, order(4)?);
                if matches!(failure, Order::Release | Order::AcqRel) {
                    return refuse(
                        args[4].at,
                        "a failed exchange only loads: it cannot release",
                    );
                }
                let desired = as_truth_if(truth, self.value(&args[2])?);
                self.access(at)?;
                // What is expected stands in memory, and is replaced by what was found on failure.
                let place = match &args[1].kind {
                    ExprKind::Register(name) => self.plain(name, args[1].at)?,
                    ExprKind::Address(name) => match self.registers.get(name) {
                        Some(&register) => Memory::Own { register, truth: false },
                        None => self.plain(name, args[1].at)?,
                    },
                    _ => {
                        return refuse(
                            args[1].at,
                            "the address of the expected value should stand here",
                        );
                    }
                };
                let expected = match place {
                    Memory::Own { register, .. } => {
                        if self.looked.contains(&register) || self.changed.contains(&register) {
                            return refuse(args[1].at, "this is looked at and changed in one expression, in no order in C");
                        }
                        self.changed.push(register);
                        register
                    }
                    Memory::Shared { location, .. } => {
                        let register = self.temporary(0);
                        self.emit(Step::Load {
                            register,
                            location,
                            order: Order::Plain,
                        });
                        register
                    }
                };
                let (done, seen) = (self.temporary(0), self.temporary(0));
                self.emit(Step::CompareExchange {
                    done,
                    seen,
                    location,
                    expected: Value::Register(expected),
                    desired,
                    success,
                    failure,
                    weak,
                });
                let skip = self.emit(Step::Unless {
                    value: Value::Unary(Unary::Not, Box::new(Value::Register(done))),
                    to: 0,
                });
                match place {
                    Memory::Own { register, .. } => self.emit(Step::Set {
                        register,
                        value: Value::Register(seen),
                    }),
                    Memory::Shared { location, .. } => self.emit(Step::Store {
                        location,
                        value: Value::Register(seen),
                        order: Order::Plain,
                    }),
                };
                self.lands_here(skip);
                Ok(Some(Value::Register(done)))
            }
            "atomic_signal_fence" if !explicit => {
                let [order_arg] = args else {
                    return refuse(at, "`atomic_signal_fence` takes one argument");
                };
                // It orders a thread against its own signal handlers, which nobody has here.
                self::order(order_arg)?;
                Ok(None)
            }
            "atomic_thread_fence" if !explicit => {
                let [order_arg] = args else {
                    return refuse(at, "`atomic_thread_fence` takes one argument");
                };
                let order = self::order(order_arg)?;
                if order != Order::Relaxed {
                    self.emit(Step::Fence(order));
                }
                Ok(None)
            }
            _ if needed => refuse(
                at,
                format!("`{name}` is not a function that is understood here"),
            ),
            _ => refuse(
                at,
                format!("`{name}` is not a statement that is understood here"),
            ),
        }
    }

    /// A location that is accessed atomically.
    fn atomic(&self, expr: &Expr) -> Parsed<(usize, bool)> {
        let ExprKind::Register(name) = &expr.kind else {
            return refuse(expr.at, "a location should stand here");
        };
        match self.memory.get(name) {
            Some(Memory::Shared {
                location,
                atomic: true,
                truth,
            }) => Ok((*location, *truth)),
            Some(_) => refuse(
                expr.at,
                format!("`{name}` is not atomic: declare the parameter as `atomic_int* {name}`"),
            ),
            None => refuse(
                expr.at,
                format!("`{name}` is not a location of this thread"),
            ),
        }
    }
}

/// What a type that holds 0 or 1 makes of a value.
fn as_truth_if(truth: bool, value: Value) -> Value {
    match value {
        value if !truth => value,
        Value::Constant(value) => Value::Constant(i64::from(value != 0)),
        value => Value::Binary(Binary::NotEqual, Box::new(value), Box::new(Value::Constant(0))),
    }
}

fn order(expr: &Expr) -> Parsed<Order> {
    let name = if let ExprKind::Register(name) = &expr.kind {
        name.as_str()
    } else {
        ""
    };
    Ok(match name {
        "memory_order_relaxed" => Order::Relaxed,
        "memory_order_acquire" => Order::Acquire,
        "memory_order_release" => Order::Release,
        "memory_order_acq_rel" => Order::AcqRel,
        "memory_order_seq_cst" => Order::SeqCst,
        "memory_order_consume" => {
            return refuse(
                expr.at,
                "`memory_order_consume` is not supported: nobody implements it; say `memory_order_acquire`",
            );
        }
        _ => return refuse(expr.at, "a memory order should stand here"),
    })
}
