//! A litmus test that is written in Aurora, as the model's test: `main` makes atomics and registers, spawns the threads in one
//! scope, and prints the final state.
//!
//! Whatever else stands there is refused with its place: the model judges what it understands wholly, or nothing.

use diag::{Span, Symbol};
use ::litmus::program::*;
use ::litmus::{Refusal, Wanted};
use std::collections::HashMap;
use syntax::ast;
use syntax::ast::{BinaryOp, ExprKind, Lit, PatKind, StmtKind, StrPart, UnaryOp};

type Read<T> = Result<T, Refusal>;

fn refuse<T>(at: Span, message: impl Into<String>) -> Read<T> {
    Err(Refusal { at: at.lo as usize, message: message.into() })
}

/// The test of a file.
pub(super) fn read(file: &ast::File, wanted: &Wanted) -> Read<Test> {
    let mut main = None;
    for item in &file.items {
        match &item.kind {
            ast::ItemKind::Fn(function) if function.name.name.as_str() == "main" => main = Some(function),
            ast::ItemKind::Use(_) => {}
            _ => return refuse(item.span, "the model reads one function `main` and nothing else"),
        }
    }
    let Some(body) = main.and_then(|main| main.body.as_ref()) else {
        return Err(Refusal { at: 0, message: "there is no `fn main()`".into() });
    };
    let mut reader = Reader { locations: HashMap::new(), outer: HashMap::new(), test: empty(), shown: Vec::new() };
    let mut begun = 0;
    for statement in statements(body) {
        match statement {
            Statement::Let(binding) if begun == 0 => reader.shared(binding)?,
            Statement::Expr(expr) => match &expr.kind {
                ExprKind::Scope(scope) if begun == 0 => {
                    reader.threads(scope, expr.span)?;
                    begun = 1;
                }
                ExprKind::Call(..) if begun == 1 => {
                    reader.print(expr)?;
                    begun = 2;
                }
                _ => return refuse(expr.span, OUTLINE),
            },
            Statement::Let(binding) => return refuse(binding.pat.span, OUTLINE),
            Statement::Other(span) => return refuse(span, OUTLINE),
        }
    }
    if begun != 2 {
        return refuse(body.span.end(), "at its end `main` should print the final state, as in `println(\"0:r0={a} x={x.load(relaxed)}\")`");
    }
    let mut test = reader.finish()?;
    wanted.ask(&mut test)?;
    Ok(test)
}

const OUTLINE: &str = "the model reads `let x = Atomic::new(0)`, `let mut r = 0`, one `scope { spawn { … } … }` and one `println` of the final state, in this order; a test of other things is marked by `//: explorer`";

fn empty() -> Test {
    Test {
        name: String::new(),
        threads: Vec::new(),
        locations: Vec::new(),
        shown: Vec::new(),
        filter: None,
        filter_text: None,
        quantifier: Quantifier::Exists,
        condition: Condition::Always(true),
        question: String::new(),
    }
}

enum Statement<'a> {
    Let(&'a ast::Let),
    Expr(&'a ast::Expr),
    Other(Span),
}

fn statements(block: &ast::Block) -> impl Iterator<Item = Statement<'_>> {
    let all = block.stmts.iter().map(|statement| match &statement.kind {
        StmtKind::Let(binding) => Statement::Let(binding),
        StmtKind::Expr(expr) => Statement::Expr(expr),
        StmtKind::Item(_) | StmtKind::Error => Statement::Other(statement.span),
    });
    all.chain(block.tail.as_deref().map(Statement::Expr))
}

/// What is printed.
enum Column {
    Register(Symbol),
    Memory(usize),
    Constant(i64),
}

struct Reader {
    locations: HashMap<Symbol, usize>,
    /// Registers of `main`: their first value, and where they are used.
    outer: HashMap<Symbol, (i64, Option<(usize, usize)>)>,
    test: Test,
    shown: Vec<(String, Column)>,
}

impl Reader {
    /// `let (x, y) = (Atomic::new(0), Atomic::new(0))`, `let mut r = 0`
    fn shared(&mut self, binding: &ast::Let) -> Read<()> {
        let Some(value) = &binding.init else { return refuse(binding.pat.span, OUTLINE) };
        if binding.ty.is_some() || binding.or_else.is_some() {
            return refuse(binding.pat.span, "the model reads `let` without a type and without `else`");
        }
        match (&binding.pat.kind, &plain(value).kind) {
            (PatKind::Tuple(names), ExprKind::Tuple(values)) if names.len() == values.len() => {
                names.iter().zip(values).try_for_each(|(name, value)| self.shared_one(name, value))
            }
            _ => self.shared_one(&binding.pat, value),
        }
    }

    fn shared_one(&mut self, pattern: &ast::Pat, value: &ast::Expr) -> Read<()> {
        let PatKind::Bind { by_ref: None, name, sub: None, .. } = &pattern.kind else { return refuse(pattern.span, "a name should stand here") };
        if self.locations.contains_key(&name.name) || self.outer.contains_key(&name.name) {
            return refuse(name.span, format!("`{}` is there already", name.name.as_str()));
        }
        if let Some(initial) = number(value) {
            self.outer.insert(name.name, (initial, None));
            return Ok(());
        }
        if let ExprKind::Call(function, args) = &value.kind
            && let ExprKind::Path(path) = &function.kind
            && let [atomic, new] = path.segments.as_slice()
            && (atomic.ident.name.as_str(), new.ident.name.as_str()) == ("Atomic", "new")
            && (atomic.args.is_none() && new.args.is_none())
            && let [initial] = args.as_slice()
            && let Some(initial) = number(initial)
        {
            self.locations.insert(name.name, self.test.locations.len());
            self.test.locations.push(Location { name: name.name.as_str().to_string(), initial });
            return Ok(());
        }
        refuse(value.span, "`Atomic::new(0)` or a number should stand here, for a test that the model can read")
    }

    fn threads(&mut self, scope: &ast::Scope, at: Span) -> Read<()> {
        if !scope.options.is_empty() || scope.name.is_some() {
            return refuse(at, "the model reads a scope without a name and without options");
        }
        for statement in statements(&scope.body) {
            let spawn = match statement {
                Statement::Expr(ast::Expr { kind: ExprKind::Spawn(spawn), .. }) => spawn,
                Statement::Expr(other) => return refuse(other.span, "the model reads `spawn { … }` here"),
                Statement::Let(other) => return refuse(other.pat.span, "the model reads `spawn { … }` here"),
                Statement::Other(span) => return refuse(span, "the model reads `spawn { … }` here"),
            };
            if spawn.is_try || spawn.is_move || spawn.in_scope.is_some() {
                return refuse(spawn.head_span, "the model reads `spawn { … }` here");
            }
            let number = self.test.threads.len();
            self.test.threads.push(Thread::default());
            let mut body = Body { reader: self, thread: number, locals: Vec::new() };
            match &spawn.body.kind {
                ExprKind::Block(block) => body.block(block)?,
                ExprKind::Unsafe(_) => body.statement(&spawn.body)?,
                _ => body.statement(&spawn.body)?,
            }
        }
        Ok(())
    }

    /// `println("1:r0={a} x={x.load(relaxed)}")`
    fn print(&mut self, expr: &ast::Expr) -> Read<()> {
        let ExprKind::Call(function, args) = &expr.kind else { return refuse(expr.span, OUTLINE) };
        let is_println = matches!(&function.kind, ExprKind::Path(path) if path.as_ident().is_some_and(|name| name.name.as_str() == "println"));
        let ([text], true) = (args.as_slice(), is_println) else { return refuse(expr.span, OUTLINE) };
        let one;
        let parts = match &text.kind {
            ExprKind::Interpolated(parts) => parts,
            ExprKind::Lit(Lit::Str(text)) => {
                one = vec![StrPart::Text(*text)];
                &one
            }
            _ => return refuse(text.span, "a text should stand here"),
        };
        // The label of what comes next.
        let mut label = String::new();
        for part in parts {
            match part {
                StrPart::Text(text) => {
                    let text = text.as_str();
                    if !label.is_empty() && !text.starts_with(char::is_whitespace) && self.shown.last().is_none_or(|(last, _)| *last != label) {
                        return refuse(expr.span, "what is printed is `label=value` with spaces between");
                    }
                    let mut words = text.split_whitespace().peekable();
                    while let Some(word) = words.next() {
                        match word.split_once('=') {
                            Some((name, "")) if words.peek().is_none() && text.ends_with('=') && !name.is_empty() => label = name.into(),
                            Some((name, value)) if !name.is_empty() && value.parse::<i64>().is_ok() => {
                                self.show(name.to_owned(), Column::Constant(value.parse().unwrap_or(0)), expr.span)?;
                            }
                            _ => return refuse(expr.span, "what is printed is `label=value` with spaces between"),
                        }
                    }
                }
                StrPart::Expr { expr, spec, span } => {
                    if label.is_empty() || spec.span.is_some() {
                        return refuse(*span, "what is printed is `label=value` with spaces between");
                    }
                    let column = self.column(expr)?;
                    let name = std::mem::take(&mut label);
                    self.show(name, column, *span)?;
                }
            }
        }
        if self.shown.is_empty() || !label.is_empty() {
            return refuse(text.span, "what is printed is `label=value` with spaces between");
        }
        Ok(())
    }

    fn show(&mut self, label: String, column: Column, at: Span) -> Read<()> {
        if self.shown.iter().any(|(known, _)| *known == label) {
            return refuse(at, format!("`{label}` is printed already"));
        }
        self.shown.push((label, column));
        Ok(())
    }

    fn column(&self, expr: &ast::Expr) -> Read<Column> {
        match &plain(expr).kind {
            ExprKind::Path(path) => match path.as_ident() {
                Some(name) if self.outer.contains_key(&name.name) => Ok(Column::Register(name.name)),
                _ => refuse(expr.span, "a register or `x.load(relaxed)` should stand here"),
            },
            ExprKind::MethodCall(call) if call.name.name.as_str() == "load" => match self.location(&call.receiver) {
                Some(location) => Ok(Column::Memory(location)),
                None => refuse(expr.span, "this is none of the atomics"),
            },
            _ => refuse(expr.span, "a register or `x.load(relaxed)` should stand here"),
        }
    }

    fn location(&self, expr: &ast::Expr) -> Option<usize> {
        let ExprKind::Path(path) = &plain(expr).kind else { return None };
        self.locations.get(&path.as_ident()?.name).copied()
    }

    fn finish(mut self) -> Read<Test> {
        for (label, column) in self.shown {
            let source = match column {
                Column::Constant(value) => Source::Constant(value),
                Column::Memory(location) => Source::Memory(location),
                Column::Register(name) => match self.outer[&name] {
                    (_, Some((thread, register))) => Source::Register { thread, register },
                    (initial, None) => Source::Constant(initial),
                },
            };
            self.test.shown.push(Shown { label, source });
        }
        Ok(self.test)
    }
}

/// Without brackets.
fn plain(expr: &ast::Expr) -> &ast::Expr {
    match &expr.kind {
        ExprKind::Paren(inner) => plain(inner),
        _ => expr,
    }
}

fn number(expr: &ast::Expr) -> Option<i64> {
    match &plain(expr).kind {
        ExprKind::Lit(Lit::Int { value, suffix: None }) => i64::try_from(*value).ok(),
        ExprKind::Unary(UnaryOp::Neg, inner) => number(inner)?.checked_neg(),
        _ => None,
    }
}

/// A value with its type.
enum Typed {
    Int(Value),
    Bool(Value),
}

/// A thread's statements.
struct Body<'a> {
    reader: &'a mut Reader,
    thread: usize,
    /// In the order in which they came; later ones hide.
    locals: Vec<(Symbol, usize)>,
}

impl Body<'_> {
    fn thread(&mut self) -> &mut Thread {
        &mut self.reader.test.threads[self.thread]
    }
    fn emit(&mut self, step: Step) -> usize {
        self.thread().steps.push(step);
        self.thread().steps.len() - 1
    }
    fn fresh(&mut self, name: Option<String>, value: i64) -> usize {
        self.thread().registers.push((name, value));
        self.thread().registers.len() - 1
    }
    /// The step's target is what comes next.
    fn lands_here(&mut self, step: usize) {
        let here = self.thread().steps.len();
        match &mut self.thread().steps[step] {
            Step::Unless { to, .. } | Step::Jump(to) => *to = here,
            _ => unreachable!("only jumps land"),
        }
    }

    fn block(&mut self, block: &ast::Block) -> Read<()> {
        let outside = self.locals.len();
        for statement in statements(block) {
            match statement {
                Statement::Let(binding) => self.binding(binding)?,
                Statement::Expr(expr) => self.statement(expr)?,
                Statement::Other(span) => return refuse(span, "the model does not read this"),
            }
        }
        self.locals.truncate(outside);
        Ok(())
    }

    fn binding(&mut self, binding: &ast::Let) -> Read<()> {
        let Some(value) = &binding.init else { return refuse(binding.pat.span, "a value should follow") };
        if binding.ty.is_some() || binding.or_else.is_some() {
            return refuse(binding.pat.span, "the model reads `let` without a type and without `else`");
        }
        match &binding.pat.kind {
            PatKind::Wild => self.ignored(value),
            PatKind::Bind { by_ref: None, name, sub: None, .. } => {
                let value = self.int(value)?;
                let register = self.fresh(Some(name.name.as_str().to_string()), 0);
                self.emit(Step::Set { register, value });
                self.locals.push((name.name, register));
                Ok(())
            }
            _ => refuse(binding.pat.span, "a name should stand here"),
        }
    }

    /// An expression whose value nobody wants.
    fn ignored(&mut self, expr: &ast::Expr) -> Read<()> {
        match &plain(expr).kind {
            ExprKind::MethodCall(call) if is_exchange(call) => self.exchange(call).map(|_| ()),
            _ => self.value(expr).map(|_| ()),
        }
    }

    fn statement(&mut self, expr: &ast::Expr) -> Read<()> {
        match &expr.kind {
            ExprKind::Block(block) | ExprKind::Unsafe(block) => self.block(block),
            ExprKind::Assign(to, value) => match &plain(to).kind {
                ExprKind::Unary(UnaryOp::Deref, pointer) => {
                    let location = self.plain_cell(pointer)?;
                    let value = self.int(value)?;
                    self.emit(Step::Store { location, value, order: Order::Plain });
                    Ok(())
                }
                _ => {
                    let register = self.register(to)?;
                    let value = self.int(value)?;
                    self.emit(Step::Set { register, value });
                    Ok(())
                }
            },
            ExprKind::AssignOp(operator, at, to, value) => {
                let register = self.register(to)?;
                let value = self.int(value)?;
                let Some(operator) = arithmetic(*operator) else { return refuse(*at, "the model does not read this operator") };
                self.emit(Step::Set { register, value: Value::Binary(operator, Box::new(Value::Register(register)), Box::new(value)) });
                Ok(())
            }
            ExprKind::If(condition) => self.branch(condition),
            ExprKind::Match(of, arms) => self.arms(expr.span, of, arms),
            ExprKind::Call(function, args) => {
                let is_fence = matches!(&function.kind, ExprKind::Path(path) if path.as_ident().is_some_and(|name| name.name.as_str() == "fence" && !self.is_local(name.name)));
                let ([order], true) = (args.as_slice(), is_fence) else { return refuse(expr.span, "the model reads no calls but `fence`") };
                let order = self.order(order)?;
                if order == Order::Relaxed {
                    return refuse(expr.span, "a fence is not relaxed");
                }
                self.emit(Step::Fence(order));
                Ok(())
            }
            ExprKind::MethodCall(call) if call.name.name.as_str() == "store" => {
                let location = self.location(&call.receiver)?;
                let ([value, ..], order) = (call.args.as_slice(), self.last_order(call, 1)?) else { return refuse(expr.span, "a value should be stored") };
                let value = self.int(value)?;
                if matches!(order, Order::Acquire | Order::AcqRel) {
                    return refuse(expr.span, "a store cannot acquire");
                }
                self.emit(Step::Store { location, value, order });
                Ok(())
            }
            _ => self.ignored(expr),
        }
    }

    fn branch(&mut self, branch: &ast::If) -> Read<()> {
        if let ExprKind::Let(pattern, of) = &branch.cond.kind {
            let ExprKind::MethodCall(call) = &plain(of).kind else { return refuse(of.span, "an exchange should stand here") };
            let (done, seen) = self.exchange(call)?;
            let (wants_done, name) = result_pattern(pattern)?;
            let value = if wants_done { Value::Register(done) } else { Value::Unary(Unary::Not, Box::new(Value::Register(done))) };
            return self.two_ways(value, name.map(|name| (name, seen)), &branch.then, branch.or_else.as_ref());
        }
        let value = self.truth(&branch.cond)?;
        self.two_ways(value, None, &branch.then, branch.or_else.as_ref())
    }

    fn two_ways(&mut self, value: Value, known: Option<(Symbol, usize)>, then: &ast::Block, or_else: Option<&ast::Expr>) -> Read<()> {
        let skip = self.emit(Step::Unless { value, to: 0 });
        let outside = self.locals.len();
        self.locals.extend(known);
        self.block(then)?;
        self.locals.truncate(outside);
        let end = self.emit(Step::Jump(0));
        self.lands_here(skip);
        if let Some(otherwise) = or_else {
            self.statement(otherwise)?;
        }
        self.lands_here(end);
        Ok(())
    }

    /// `match x.compare_exchange(…) { Ok(_) => { … } Err(found) => { … } }`
    fn arms(&mut self, at: Span, of: &ast::Expr, arms: &[ast::Arm]) -> Read<()> {
        let ExprKind::MethodCall(call) = &plain(of).kind else { return refuse(of.span, "an exchange should stand here") };
        let [first, second] = arms else { return refuse(at, "two arms, `Ok` and `Err`, should follow") };
        if first.guard.is_some() || second.guard.is_some() {
            return refuse(at, "the model reads arms without `if`");
        }
        let (done, seen) = self.exchange(call)?;
        let (one, other) = (result_pattern(&first.pat)?, result_pattern(&second.pat)?);
        if one.0 == other.0 {
            return refuse(at, "two arms, `Ok` and `Err`, should follow");
        }
        let value = if one.0 { Value::Register(done) } else { Value::Unary(Unary::Not, Box::new(Value::Register(done))) };
        let outside = self.locals.len();
        let skip = self.emit(Step::Unless { value, to: 0 });
        self.locals.extend(one.1.map(|name| (name, seen)));
        self.statement(&first.body)?;
        self.locals.truncate(outside);
        let end = self.emit(Step::Jump(0));
        self.lands_here(skip);
        self.locals.extend(other.1.map(|name| (name, seen)));
        self.statement(&second.body)?;
        self.locals.truncate(outside);
        self.lands_here(end);
        Ok(())
    }

    /// Where it is told whether it was done, and what was found.
    fn exchange(&mut self, call: &ast::MethodCall) -> Read<(usize, usize)> {
        if !is_exchange(call) {
            return refuse(call.name.span, "an exchange should stand here");
        }
        let weak = call.name.name.as_str() == "compare_exchange_weak";
        let location = self.location(&call.receiver)?;
        let (expected, desired, success, failure) = match call.args.as_slice() {
            [expected, desired] => (expected, desired, Order::SeqCst, Order::SeqCst),
            [expected, desired, success, failure] => (expected, desired, self.order(success)?, self.order(failure)?),
            _ => return refuse(call.name.span, "the model reads exchanges with both orderings or none"),
        };
        if matches!(failure, Order::Release | Order::AcqRel) {
            return refuse(call.name.span, "a failed exchange cannot release");
        }
        let (expected, desired) = (self.int(expected)?, self.int(desired)?);
        let (done, seen) = (self.fresh(None, 0), self.fresh(None, 0));
        self.emit(Step::CompareExchange { done, seen, location, expected, desired, success, failure, weak });
        Ok((done, seen))
    }

    fn location(&self, expr: &ast::Expr) -> Read<usize> {
        if let ExprKind::Path(path) = &plain(expr).kind
            && let Some(name) = path.as_ident()
            && self.is_local(name.name)
        {
            return refuse(expr.span, "this is none of the atomics");
        }
        match self.reader.location(expr) {
            Some(location) => Ok(location),
            None => refuse(expr.span, "this is none of the atomics"),
        }
    }

    /// `x.as_ptr()`
    fn plain_cell(&self, expr: &ast::Expr) -> Read<usize> {
        match &plain(expr).kind {
            ExprKind::MethodCall(call) if call.name.name.as_str() == "as_ptr" && call.args.is_empty() => self.location(&call.receiver),
            _ => refuse(expr.span, "the model reads `*x.as_ptr()` for a plain access"),
        }
    }

    fn is_local(&self, name: Symbol) -> bool {
        self.locals.iter().any(|(local, _)| *local == name) || self.reader.outer.contains_key(&name)
    }

    fn register(&mut self, expr: &ast::Expr) -> Read<usize> {
        let name = match &plain(expr).kind {
            ExprKind::Path(path) => path.as_ident(),
            _ => None,
        };
        let Some(name) = name.map(|name| name.name) else { return refuse(expr.span, "a register should stand here") };
        if let Some((_, register)) = self.locals.iter().rev().find(|(local, _)| *local == name) {
            return Ok(*register);
        }
        let Some(&(initial, used)) = self.reader.outer.get(&name) else {
            return refuse(expr.span, format!("there is no register `{}`", name.as_str()));
        };
        match used {
            Some((thread, register)) if thread == self.thread => Ok(register),
            Some(_) => refuse(expr.span, format!("`{}` is another thread's register", name.as_str())),
            None => {
                let register = self.fresh(Some(name.as_str().to_string()), initial);
                self.reader.outer.insert(name, (initial, Some((self.thread, register))));
                Ok(register)
            }
        }
    }

    fn int(&mut self, expr: &ast::Expr) -> Read<Value> {
        match self.value(expr)? {
            Typed::Int(value) => Ok(value),
            Typed::Bool(_) => refuse(expr.span, "a number should stand here: the model's registers hold numbers"),
        }
    }

    fn truth(&mut self, expr: &ast::Expr) -> Read<Value> {
        match self.value(expr)? {
            Typed::Bool(value) => Ok(value),
            Typed::Int(_) => refuse(expr.span, "a condition should stand here"),
        }
    }

    fn value(&mut self, expr: &ast::Expr) -> Read<Typed> {
        if let Some(number) = number(expr) {
            return Ok(Typed::Int(Value::Constant(number)));
        }
        Ok(match &expr.kind {
            ExprKind::Paren(inner) => return self.value(inner),
            ExprKind::Unsafe(block) if block.stmts.is_empty() => match &block.tail {
                Some(inner) => return self.value(inner),
                None => return refuse(expr.span, "a value should stand here"),
            },
            ExprKind::Lit(Lit::Bool(truth)) => Typed::Bool(Value::Constant(i64::from(*truth))),
            ExprKind::Path(_) => Typed::Int(Value::Register(self.register(expr)?)),
            ExprKind::Unary(UnaryOp::Deref, pointer) => {
                let location = self.plain_cell(pointer)?;
                let register = self.fresh(None, 0);
                self.emit(Step::Load { register, location, order: Order::Plain });
                Typed::Int(Value::Register(register))
            }
            ExprKind::Unary(UnaryOp::Neg, operand) => Typed::Int(Value::Unary(Unary::Negate, Box::new(self.int(operand)?))),
            ExprKind::Unary(UnaryOp::Not, operand) => match self.value(operand)? {
                Typed::Int(value) => Typed::Int(Value::Unary(Unary::Invert, Box::new(value))),
                Typed::Bool(value) => Typed::Bool(Value::Unary(Unary::Not, Box::new(value))),
            },
            ExprKind::Binary(BinaryOp::And, _, left, right) => Typed::Bool(self.shortcut(left, right, true)?),
            ExprKind::Binary(BinaryOp::Or, _, left, right) => Typed::Bool(self.shortcut(left, right, false)?),
            ExprKind::Binary(operator, at, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                match (left, right) {
                    (Typed::Int(left), Typed::Int(right)) => {
                        if matches!(operator, BinaryOp::Div | BinaryOp::Rem) && !matches!(right, Value::Constant(by) if by != 0) {
                            return refuse(*at, "the model reads division by a number that is not 0");
                        }
                        let values = (Box::new(left), Box::new(right));
                        match (arithmetic(*operator), comparison(*operator)) {
                            (Some(operator), _) => Typed::Int(Value::Binary(operator, values.0, values.1)),
                            (None, Some(operator)) => Typed::Bool(Value::Binary(operator, values.0, values.1)),
                            (None, None) => return refuse(*at, "the model does not read this operator"),
                        }
                    }
                    _ => return refuse(*at, "the model compares and computes numbers"),
                }
            }
            ExprKind::Cast(inner, ty) => {
                let is_int = matches!(&ty.kind, ast::TyKind::Path(path) if path.as_ident().is_some_and(|name| name.name.as_str() == "int"));
                if !is_int {
                    return refuse(ty.span, "the model knows `int` only");
                }
                match self.value(inner)? {
                    Typed::Int(value) | Typed::Bool(value) => Typed::Int(value),
                }
            }
            ExprKind::MethodCall(call) => return self.method(call, expr.span),
            _ => return refuse(expr.span, "the model does not read this"),
        })
    }

    fn shortcut(&mut self, left: &ast::Expr, right: &ast::Expr, both: bool) -> Read<Value> {
        let register = self.fresh(None, 0);
        let value = self.truth(left)?;
        self.emit(Step::Set { register, value });
        let decided = Value::Register(register);
        let value = if both { decided } else { Value::Unary(Unary::Not, Box::new(decided)) };
        let skip = self.emit(Step::Unless { value, to: 0 });
        let value = self.truth(right)?;
        self.emit(Step::Set { register, value });
        self.lands_here(skip);
        Ok(Value::Register(register))
    }

    fn method(&mut self, call: &ast::MethodCall, at: Span) -> Read<Typed> {
        let name = call.name.name.as_str();
        if let ("is_ok" | "is_err", ExprKind::MethodCall(inner)) = (name, &plain(&call.receiver).kind)
            && is_exchange(inner)
            && call.args.is_empty()
        {
            let (done, _) = self.exchange(inner)?;
            let done = Value::Register(done);
            return Ok(Typed::Bool(if name == "is_ok" { done } else { Value::Unary(Unary::Not, Box::new(done)) }));
        }
        let operation = match name {
            "load" => {
                let location = self.location(&call.receiver)?;
                let order = self.last_order(call, 0)?;
                if matches!(order, Order::Release | Order::AcqRel) {
                    return refuse(at, "a load cannot release");
                }
                let register = self.fresh(None, 0);
                self.emit(Step::Load { register, location, order });
                return Ok(Typed::Int(Value::Register(register)));
            }
            "swap" => Update::Exchange,
            "fetch_add" => Update::Add,
            "fetch_sub" => Update::Sub,
            "fetch_and" => Update::And,
            "fetch_or" => Update::Or,
            "fetch_xor" => Update::Xor,
            _ => return refuse(at, format!("the model does not read `{name}`")),
        };
        let location = self.location(&call.receiver)?;
        let order = self.last_order(call, 1)?;
        let value = self.int(&call.args[0])?;
        let register = self.fresh(None, 0);
        self.emit(Step::Update { register, location, operation, value, order });
        Ok(Typed::Int(Value::Register(register)))
    }

    /// The ordering behind so many arguments; `seqcst` if there is none.
    fn last_order(&self, call: &ast::MethodCall, behind: usize) -> Read<Order> {
        match call.args.len().checked_sub(behind) {
            Some(0) => Ok(Order::SeqCst),
            Some(1) => self.order(&call.args[behind]),
            _ => refuse(call.name.span, "this has too few or too many arguments"),
        }
    }

    fn order(&self, expr: &ast::Expr) -> Read<Order> {
        let name = match &plain(expr).kind {
            ExprKind::Path(path) => path.as_ident().filter(|name| !self.is_local(name.name) && !self.reader.locations.contains_key(&name.name)),
            _ => None,
        };
        Ok(match name.as_ref().map_or("", |name| name.name.as_str()) {
            "relaxed" => Order::Relaxed,
            "acquire" => Order::Acquire,
            "release" => Order::Release,
            "acqrel" => Order::AcqRel,
            "seqcst" => Order::SeqCst,
            _ => return refuse(expr.span, "an ordering should stand here"),
        })
    }
}

fn is_exchange(call: &ast::MethodCall) -> bool {
    matches!(call.name.name.as_str(), "compare_exchange" | "compare_exchange_weak")
}

/// `Ok(_)`, `Err(found)`: whether it is the first, and the name.
fn result_pattern(pattern: &ast::Pat) -> Read<(bool, Option<Symbol>)> {
    if let PatKind::TupleStruct(path, parts) = &pattern.kind
        && let Some(name) = path.as_ident()
        && let ("Ok" | "Err", [part]) = (name.name.as_str(), parts.as_slice())
    {
        let is_ok = name.name.as_str() == "Ok";
        match &part.kind {
            PatKind::Wild => return Ok((is_ok, None)),
            PatKind::Bind { by_ref: None, name, sub: None, .. } => return Ok((is_ok, Some(name.name))),
            _ => {}
        }
    }
    refuse(pattern.span, "`Ok(…)` or `Err(…)` with a name or `_` should stand here")
}

fn arithmetic(operator: BinaryOp) -> Option<Binary> {
    Some(match operator {
        BinaryOp::Add => Binary::Add,
        BinaryOp::Sub => Binary::Subtract,
        BinaryOp::Mul => Binary::Multiply,
        BinaryOp::Div => Binary::Divide,
        BinaryOp::Rem => Binary::Remainder,
        BinaryOp::BitAnd => Binary::And,
        BinaryOp::BitOr => Binary::Or,
        BinaryOp::BitXor => Binary::Xor,
        BinaryOp::Shl => Binary::ShiftLeft,
        BinaryOp::Shr => Binary::ShiftRight,
        _ => return None,
    })
}

fn comparison(operator: BinaryOp) -> Option<Binary> {
    Some(match operator {
        BinaryOp::Eq => Binary::Equal,
        BinaryOp::Ne => Binary::NotEqual,
        BinaryOp::Lt => Binary::Less,
        BinaryOp::Le => Binary::LessEqual,
        BinaryOp::Gt => Binary::Greater,
        BinaryOp::Ge => Binary::GreaterEqual,
        _ => return None,
    })
}
