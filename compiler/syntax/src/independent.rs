//! Which loops of a file might be gone through by several tasks, as far as their text says; and the file with some of them
//! written as `parallel for`.
//!
//! A plan says what would be written: which variables are gathered by which operation, and which collections are indexed by the
//! loop's own number and nothing else, so that each round has elements of its own. Whether that is allowed is for types,
//! ownership and purity to say, about the program as it would be written: this here only finds what is worth asking.

use crate::ast::*;
use crate::walk::{each_body, each_in_block, each_inside, each_part, each_pattern, names_of};
use diag::{Span, Symbol};
use std::collections::{HashMap, HashSet};

/// A loop of the text.
#[derive(Clone, Debug)]
pub struct Loop {
    /// Of the whole loop: its name among others.
    pub span: Span,
    /// `for` to the source, or the word.
    pub head: Span,
    pub kind: LoopKind,
    pub plan: Result<Plan, Obstacle>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoopKind {
    For,
    ParallelFor,
    While,
    Endless,
}

/// Why the text alone says no.
#[derive(Clone, Debug)]
pub struct Obstacle {
    pub why: String,
    pub at: Option<Span>,
}

/// What would be written.
#[derive(Clone, Debug)]
pub struct Plan {
    pub reductions: Vec<(Symbol, Ident)>,
    /// Collections whose element of the loop's number each round has for itself.
    pub elements: Vec<Symbol>,
    /// How many steps a round takes, by a rough guess.
    pub steps: u64,
    /// How many rounds there are, where the text says it.
    pub rounds: Option<u64>,
    /// From so many rounds on it pays.
    pub least: u64,
}

/// Of a part, so that handing it over costs little beside it.
const STEPS_OF_A_PART: u64 = 20_000;
/// Of a loop that nobody knows the rounds of.
const ROUNDS_GUESSED: u64 = 16;
const STEPS_MAX: u64 = 1 << 40;

/// All loops of a program's files, in the order of the text.
pub fn loops(files: &[&File]) -> Vec<Loop> {
    let weights = Weights::of(files);
    files.iter().flat_map(|file| loops_of(file, &weights)).collect()
}

fn loops_of(file: &File, weights: &Weights) -> Vec<Loop> {
    let mut found = Vec::new();
    each_body(&mut file.clone().items, &mut |block| {
        each_in_block(block, &mut |expr| {
            each_inside(expr, &mut |inner| {
                let (head, kind) = match &inner.kind {
                    ExprKind::For(l) if l.parallel.is_some() => (inner.span.start().to(l.iter.span), LoopKind::ParallelFor),
                    ExprKind::For(l) => (inner.span.start().to(l.iter.span), LoopKind::For),
                    ExprKind::While(l) => (inner.span.start().to(l.cond.span), LoopKind::While),
                    ExprKind::Loop(_) => (inner.span.start(), LoopKind::Endless),
                    _ => return,
                };
                let plan = match (&inner.kind, kind) {
                    (ExprKind::For(l), LoopKind::For) => plan(l, weights),
                    (_, LoopKind::ParallelFor) => obstacle("it is written as one", None),
                    (_, LoopKind::While) => obstacle("whether there is another round is known only behind the one before", None),
                    _ => obstacle("it goes on until a round ends it", None),
                };
                found.push(Loop { span: inner.span, head, kind, plan });
            });
        });
    });
    found.sort_by_key(|l| (l.span.lo, std::cmp::Reverse(l.span.hi)));
    found
}

fn obstacle(why: &str, at: Option<Span>) -> Result<Plan, Obstacle> {
    Err(Obstacle { why: why.to_owned(), at })
}

/// The file with these loops as parallel ones, but for those inside others of them; and which those were.
pub fn rewrite(file: &File, chosen: &HashMap<Span, Plan>) -> (File, HashSet<Span>) {
    let mut file = file.clone();
    let mut done = HashSet::new();
    each_body(&mut file.items, &mut |block| each_in_block(block, &mut |expr| rewrite_in(expr, chosen, &mut done)));
    (file, done)
}

fn rewrite_in(expr: &mut Expr, chosen: &HashMap<Span, Plan>, done: &mut HashSet<Span>) {
    if let ExprKind::For(l) = &mut expr.kind
        && let Some(plan) = chosen.get(&expr.span)
    {
        done.insert(expr.span);
        let head = expr.span.start().to(l.iter.span);
        let reduce = plan.reductions.iter().map(|(op, variable)| Reduction { span: variable.span, op: *op, op_span: variable.span, variable: *variable });
        let parallel = Parallel { span: head, reduce: reduce.collect(), least: Some(plan.least) };
        if plan.elements.is_empty() {
            l.parallel = Some(parallel);
        } else {
            *expr = by_elements(l, plan, parallel, expr.span);
        }
        return;
    }
    each_part(expr, &mut |part| rewrite_in(part, chosen, done));
}

// ---------------------------------------------------------------- What a loop does

fn plan(l: &For, weights: &Weights) -> Result<Plan, Obstacle> {
    let mut body = Expr { span: l.body.span, kind: ExprKind::Block(Box::new(l.body.clone())) };
    leaves(&mut body)?;
    let mut own = Vec::new();
    names_of(&l.pat, &mut own);
    let number = match &l.pat.kind {
        PatKind::Bind { by_ref: None, sub: None, name, .. } => Some(name.name),
        _ => None,
    };
    each_pattern(&mut body, &mut |pat| names_of(pat, &mut own));
    let own: HashSet<Symbol> = own.into_iter().collect();

    let changes = changes(&mut body);
    let mut reductions: Vec<(Symbol, Ident)> = Vec::new();
    let mut elements: Vec<Symbol> = Vec::new();
    for change in &changes {
        if own.contains(&change.root.name) {
            // A name that the loop brings: its own, or one that hides another, of which the types will tell.
            continue;
        }
        if reductions.iter().any(|(_, known)| known.name == change.root.name) || elements.contains(&change.root.name) {
            continue;
        }
        let name = change.root.name;
        if change.is_variable {
            let op = gathered(&mut body, name).ok_or_else(|| Obstacle {
                why: format!("`{name}` is carried from round to round, in no way that parts could be put together by"),
                at: Some(change.root.span),
            })?;
            if matches!(op.as_str(), "max" | "min") && weights.functions.contains_key(&op) {
                return obstacle(&format!("`{op}` may be one of the program's own"), Some(change.root.span));
            }
            reductions.push((op, change.root));
        } else if let (true, Some(number)) = (is_counted(l), number) {
            if !only_by_number(&mut body, name, number) {
                return obstacle(&format!("`{name}` is changed, and used otherwise than as `{name}[{number}]`"), Some(change.root.span));
            }
            elements.push(name);
        } else {
            return obstacle(&format!("`{name}` is changed, which all rounds share"), Some(change.root.span));
        }
    }
    if let Some(number) = number.filter(|_| !elements.is_empty())
        && changes.iter().any(|change| change.root.name == number)
    {
        return obstacle(&format!("`{number}` is changed"), None);
    }
    let steps = weights.of_block(&mut l.body.clone()).max(1);
    let rounds = rounds(&l.iter);
    let least = (STEPS_OF_A_PART / steps).max(1);
    if let Some(rounds) = rounds.filter(|rounds| *rounds < 2 || rounds.saturating_mul(steps) < 2 * STEPS_OF_A_PART) {
        return obstacle(&format!("it does not pay: {rounds} rounds of about {steps} steps"), None);
    }
    Ok(Plan { reductions, elements, steps, rounds, least })
}

/// Whether a round can leave the loop.
fn leaves(body: &mut Expr) -> Result<(), Obstacle> {
    fn inside(expr: &mut Expr, depth: u32, labels: &mut Vec<Symbol>) -> Result<(), Obstacle> {
        let found = |word: &str, at: Span| Err(Obstacle { why: format!("`{word}` leaves it: which round is the last depends on those before"), at: Some(at) });
        let mut depth = depth;
        let before = labels.len();
        match &expr.kind {
            // Functions of their own.
            ExprKind::Closure(_) => return Ok(()),
            ExprKind::Return(_) => return found("return", expr.span),
            ExprKind::Try(_) => return found("?", expr.span),
            ExprKind::Break(None, _) if depth == 0 => return found("break", expr.span),
            ExprKind::Break(Some(label), _) if !labels.contains(&label.name) => return found("break", expr.span),
            ExprKind::Continue(Some(label)) if !labels.contains(&label.name) => return found("continue", expr.span),
            ExprKind::For(_) | ExprKind::While(_) | ExprKind::Loop(_) => {
                let label = match &expr.kind {
                    ExprKind::For(l) => l.label,
                    ExprKind::While(l) => l.label,
                    ExprKind::Loop(l) => l.label,
                    _ => None,
                };
                depth += 1;
                labels.extend(label.map(|label| label.name));
            }
            ExprKind::Labeled(label, _) => labels.push(label.name),
            ExprKind::Await(_) | ExprKind::Yield | ExprKind::Select(_) => {
                return Err(Obstacle { why: "a round waits for others".to_owned(), at: Some(expr.span) });
            }
            _ => {}
        }
        let mut result = Ok(());
        each_part(expr, &mut |part| {
            if result.is_ok() {
                result = inside(part, depth, labels);
            }
        });
        labels.truncate(before);
        result
    }
    inside(body, 0, &mut Vec::new())
}

/// A place that is assigned, or taken exclusively.
struct Change {
    root: Ident,
    /// The variable itself; else something in it.
    is_variable: bool,
}

/// What a body assigns or borrows to change, by its variable. What methods change is not seen here: the owners of such places
/// are looked at by those who know types.
fn changes(body: &mut Expr) -> Vec<Change> {
    let mut found = Vec::new();
    each_inside(body, &mut |expr| {
        let place = match &expr.kind {
            ExprKind::Assign(place, _) | ExprKind::AssignOp(_, _, place, _) | ExprKind::Ref(Mutable::Yes, place) => place,
            // `xs[i].push(1)`: what it does to its receiver is not known, but only an element can be meant to be a round's own.
            ExprKind::MethodCall(call) if matches!(strip(&call.receiver).kind, ExprKind::Index(..)) => {
                return;
            }
            _ => return,
        };
        if let Some((root, is_variable)) = root(place) {
            found.push(Change { root, is_variable });
        }
    });
    found
}

fn strip(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Paren(inner) => strip(inner),
        _ => expr,
    }
}

/// The variable of a place, and whether it is the place. What lies behind a `*` is not the variable's.
fn root(place: &Expr) -> Option<(Ident, bool)> {
    match &strip(place).kind {
        ExprKind::Path(_) => variable(place).map(|name| (name, true)),
        ExprKind::Field(of, _) | ExprKind::TupleField(of, ..) | ExprKind::Index(of, _) => root(of).map(|(name, _)| (name, false)),
        _ => None,
    }
}

/// A name alone.
fn variable(expr: &Expr) -> Option<Ident> {
    match &strip(expr).kind {
        ExprKind::Path(path) if path.qualified.is_none() && path.segments.len() == 1 && path.segments[0].args.is_none() => Some(path.segments[0].ident),
        _ => None,
    }
}

fn is_named(expr: &Expr, name: Symbol) -> bool {
    variable(expr).is_some_and(|found| found.name == name)
}

/// How often a name stands somewhere.
fn mentions(expr: &Expr, name: Symbol) -> usize {
    let mut count = 0;
    each_inside(&mut expr.clone(), &mut |inner| {
        count += usize::from(matches!(&inner.kind, ExprKind::Path(path) if path.segments.first().is_some_and(|first| first.ident.name == name)));
        if let ExprKind::Interpolated(parts) = &inner.kind {
            let counts = parts.iter().filter_map(|part| match part {
                StrPart::Expr { spec, .. } => Some([&spec.width, &spec.precision]),
                StrPart::Text(_) => None,
            });
            count += counts.flatten().filter(|found| matches!(found, Some(SpecCount::Name(ident)) if ident.name == name)).count();
        }
    });
    count
}

/// The one operation by which a variable takes up what rounds find, if it has no other use in the body.
fn gathered(body: &mut Expr, name: Symbol) -> Option<Symbol> {
    let all = mentions(body, name);
    let (mut explained, mut op): (usize, Option<Symbol>) = (0, None);
    let mut mixed = false;
    each_inside(body, &mut |expr| {
        let Some((found, mentioned)) = gathers(expr, name) else { return };
        explained += mentioned;
        mixed |= op.is_some_and(|known| known != found);
        op = Some(found);
    });
    op.filter(|_| !mixed && explained == all)
}

/// Whether this puts something to the variable: by which operation, and how often it names it.
fn gathers(expr: &mut Expr, name: Symbol) -> Option<(Symbol, usize)> {
    use BinaryOp as B;
    let symbol = |op: BinaryOp| matches!(op, B::Add | B::Mul | B::BitAnd | B::BitOr | B::BitXor).then(|| Symbol::intern(op.symbol()));
    match &mut expr.kind {
        ExprKind::AssignOp(op, _, place, value) if is_named(place, name) && mentions(value, name) == 0 => symbol(*op).map(|op| (op, 1)),
        ExprKind::Assign(place, value) if is_named(place, name) && mentions(value, name) == 1 => {
            let op = match &strip(value).kind {
                ExprKind::Binary(op, _, a, b) if is_named(a, name) || is_named(b, name) && !matches!(op, B::Add) => symbol(*op),
                ExprKind::Binary(op @ B::Add, _, _, b) if is_named(b, name) => symbol(*op),
                ExprKind::Call(callee, args) if args.iter().any(|arg| is_named(arg, name)) => {
                    variable(callee).map(|ident| ident.name).filter(|callee| matches!(callee.as_str(), "max" | "min"))
                }
                ExprKind::MethodCall(call) if matches!(call.name.name.as_str(), "max" | "min") && is_named(&call.receiver, name) => Some(call.name.name),
                _ => None,
            };
            op.map(|op| (op, 2))
        }
        // `if x > best { best = x }`
        ExprKind::If(branch) if branch.or_else.is_none() => {
            let ExprKind::Binary(op, _, a, b) = &strip(&branch.cond).kind else { return None };
            let only = match (&branch.then.stmts[..], &branch.then.tail) {
                ([Stmt { kind: StmtKind::Expr(only), .. }], None) => only,
                ([], Some(only)) => only,
                _ => return None,
            };
            let ExprKind::Assign(place, value) = &strip(only).kind else { return None };
            let value = variable(value).filter(|_| is_named(place, name))?;
            let greater = if is_named(a, value.name) && is_named(b, name) {
                matches!(op, B::Gt | B::Ge)
            } else if is_named(a, name) && is_named(b, value.name) {
                matches!(op, B::Lt | B::Le)
            } else {
                return None;
            };
            matches!(op, B::Gt | B::Ge | B::Lt | B::Le).then(|| (Symbol::intern(if greater { "max" } else { "min" }), 2))
        }
        _ => None,
    }
}

fn is_counted(l: &For) -> bool {
    matches!(&strip(&l.iter).kind, ExprKind::Range { lo: Some(_), hi: Some(_), .. })
}

/// Whether a collection is used as `xs[i]` and in no other way.
fn only_by_number(body: &mut Expr, name: Symbol, number: Symbol) -> bool {
    let all = mentions(body, name);
    let mut elements = 0;
    each_inside(body, &mut |expr| {
        if let ExprKind::Index(of, index) = &expr.kind
            && is_named(of, name)
            && is_named(index, number)
        {
            elements += 1;
        }
    });
    all == elements
}

// ---------------------------------------------------------------- What it costs

/// A rough number of steps by function.
struct Weights {
    functions: HashMap<Symbol, u64>,
}

impl Weights {
    fn of(files: &[&File]) -> Weights {
        let mut bodies: Vec<(Symbol, Block)> = Vec::new();
        fn collect(items: &[Item], bodies: &mut Vec<(Symbol, Block)>) {
            for item in items {
                match &item.kind {
                    ItemKind::Fn(function) => bodies.extend(function.body.clone().map(|body| (function.name.name, body))),
                    ItemKind::Mod(ModItem { items: Some(items), .. }) => collect(items, bodies),
                    ItemKind::Impl(made) => {
                        for item in &made.items {
                            if let AssocKind::Fn(function) = &item.kind {
                                bodies.extend(function.body.clone().map(|body| (function.name.name, body)));
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        files.iter().for_each(|file| collect(&file.items, &mut bodies));
        let mut weights = Weights { functions: HashMap::new() };
        // Callees of callees: a few rounds settle what a guess needs.
        for _ in 0..4 {
            let next = bodies.iter_mut().map(|(name, body)| (*name, weights.of_block(body).min(STEPS_MAX))).collect();
            weights.functions = next;
        }
        weights
    }

    fn of_block(&self, block: &mut Block) -> u64 {
        let mut sum = 0u64;
        each_in_block(block, &mut |expr| sum = sum.saturating_add(self.of_expr(expr)));
        sum.min(STEPS_MAX)
    }

    fn of_expr(&self, expr: &mut Expr) -> u64 {
        let mut parts = 0u64;
        each_part(expr, &mut |part| parts = parts.saturating_add(self.of_expr(part)));
        let called = |name: Symbol, unknown: u64| self.functions.get(&name).copied().unwrap_or(unknown);
        let all = match &expr.kind {
            ExprKind::Lit(_) | ExprKind::Path(_) | ExprKind::Paren(_) | ExprKind::Block(_) => parts,
            ExprKind::For(l) => parts.saturating_mul(rounds(&l.iter).unwrap_or(ROUNDS_GUESSED)),
            ExprKind::While(_) | ExprKind::Loop(_) => parts.saturating_mul(ROUNDS_GUESSED),
            ExprKind::Interpolated(_) => parts + 50,
            ExprKind::Call(callee, _) => parts + variable(callee).map_or(10, |callee| called(callee.name, 5)),
            ExprKind::MethodCall(call) => {
                let known = match call.name.name.as_str() {
                    "sqrt" | "abs" | "max" | "min" | "len" => 4,
                    "sin" | "cos" | "tan" | "exp" | "ln" | "pow" | "powf" => 20,
                    _ => called(call.name.name, 10),
                };
                parts + known
            }
            _ => parts + 1,
        };
        all.min(STEPS_MAX)
    }
}

/// Of a source that says it.
fn rounds(iter: &Expr) -> Option<u64> {
    let ExprKind::Range { lo: Some(lo), hi: Some(hi), inclusive } = &strip(iter).kind else { return None };
    let number = |expr: &Expr| match &strip(expr).kind {
        ExprKind::Lit(Lit::Int { value, .. }) => u64::try_from(*value).ok(),
        _ => None,
    };
    Some(number(hi)?.saturating_sub(number(lo)?) + u64::from(*inclusive))
}

// ---------------------------------------------------------------- What is written instead

/// `{ let (lo, hi) = (a, b); if they lie in all collections { parallel for (at, (x, y)) in xs[lo..hi].iter_mut().zip(ys[lo..hi].iter_mut()).enumerate()
/// { let i = lo + at; … } } else { the loop } }`: what would raise does so where it always did.
fn by_elements(l: &For, plan: &Plan, parallel: Parallel, span: Span) -> Expr {
    use ExprKind as K;
    let at = l.iter.span;
    let make = |kind: K| Expr { span: at, kind };
    let ident = |name: &str| Ident { name: Symbol::intern(name), span: at };
    let path = |name: &str| make(K::Path(Path { span: at, segments: vec![Segment { ident: ident(name), args: None }], qualified: None }));
    let bind = |name: Ident, mutable: bool| Pat { span: name.span, kind: PatKind::Bind { by_ref: None, mutable, name, sub: None } };
    let call = |receiver: Expr, name: &str, args: Vec<Expr>| make(K::MethodCall(Box::new(MethodCall { receiver, name: ident(name), turbofish: None, args })));
    let binary = |op: BinaryOp, a: Expr, b: Expr| make(K::Binary(op, at, Box::new(a), Box::new(b)));
    let let_ = |pat: Pat, init: Expr| Stmt { span: at, kind: StmtKind::Let(Box::new(Let { pat, ty: None, init: Some(init), or_else: None })) };
    let K::Range { lo: Some(lo), hi: Some(hi), inclusive } = &strip(&l.iter).kind else { unreachable!("the plan has seen it") };
    let (from, to, number) = ("#from", "#to", "#at");
    // An end that belongs to it is made one that does not: no collection is that long.
    let end = if *inclusive { binary(BinaryOp::Add, (**hi).clone(), make(K::Lit(Lit::Int { value: 1, suffix: None }))) } else { (**hi).clone() };
    let mut stmts = vec![let_(bind(ident(from), false), (**lo).clone()), let_(bind(ident(to), false), end)];

    let mut fits = binary(BinaryOp::Le, path(from), path(to));
    let zero = make(K::Lit(Lit::Int { value: 0, suffix: None }));
    fits = binary(BinaryOp::And, fits, binary(BinaryOp::Le, zero, path(from)));
    let (mut source, mut pat): (Option<Expr>, Option<Pat>) = (None, None);
    for (index, name) in plan.elements.iter().enumerate() {
        let length = call(path(name.as_str()), "len", Vec::new());
        fits = binary(BinaryOp::And, fits, binary(BinaryOp::Le, path(to), length));
        let range = make(K::Range { lo: Some(Box::new(path(from))), hi: Some(Box::new(path(to))), inclusive: false });
        let part = make(K::Index(Box::new(path(name.as_str())), Box::new(range)));
        let items = call(part, "iter_mut", Vec::new());
        let slot = bind(ident(&format!("#element {index}")), false);
        (source, pat) = match (source, pat) {
            (Some(before), Some(known)) => (Some(call(before, "zip", vec![items])), Some(Pat { span: at, kind: PatKind::Tuple(vec![known, slot]) })),
            _ => (Some(items), Some(slot)),
        };
    }
    let (source, pat) = (source.expect("there are elements"), pat.expect("there are elements"));
    let source = call(source, "enumerate", Vec::new());
    let pat = Pat { span: at, kind: PatKind::Tuple(vec![bind(ident(number), false), pat]) };

    let PatKind::Bind { name: variable, .. } = &l.pat.kind else { unreachable!("the plan has seen it") };
    let mut body = l.body.clone();
    each_in_block(&mut body, &mut |expr| {
        each_inside(expr, &mut |inner| {
            let K::Index(of, index) = &inner.kind else { return };
            let place = plan.elements.iter().position(|name| is_named(of, *name));
            if let Some(place) = place.filter(|_| is_named(index, variable.name)) {
                let slot = Box::new(path(&format!("#element {place}")));
                // Parentheses: a field or a method of it is not that of the reference.
                let element = Expr { span: inner.span, kind: K::Unary(UnaryOp::Deref, slot) };
                inner.kind = K::Paren(Box::new(element));
            }
        });
    });
    body.stmts.insert(0, let_(l.pat.clone(), binary(BinaryOp::Add, path(from), path(number))));
    let whole = For { label: None, pat, iter: source, body, parallel: Some(parallel) };
    let range = make(K::Range { lo: Some(Box::new(path(from))), hi: Some(Box::new(path(to))), inclusive: false });
    let plain = For { iter: range, ..l.clone() };
    let block = |expr: Expr| Block { span: at, stmts: vec![Stmt { span: at, kind: StmtKind::Expr(expr) }], tail: None };
    let then = block(Expr { span, kind: K::For(Box::new(whole)) });
    let or_else = make(K::Block(Box::new(block(Expr { span, kind: K::For(Box::new(plain)) }))));
    stmts.push(Stmt { span: at, kind: StmtKind::Expr(make(K::If(Box::new(If { cond: fits, then, or_else: Some(or_else) })))) });
    Expr { span, kind: K::Block(Box::new(Block { span, stmts, tail: None })) }
}
