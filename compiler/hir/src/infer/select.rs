//! `select`, `lock` and `parallel for`: rewritten as text would be, over names that no text can spell.
//!
//! `select` makes an arm of each operation, asks the library which of them completes, and goes on in a `match` over the
//! answer whose arms take the operation's result. A value that is sent is only looked at until its arm is taken. What it asks
//! first, as long as the arms have their types: is there one alone that may complete, and does it?
//!
//! `parallel for` goes through each part of its source with a closure that has `reduce` variables of its own.

use super::*;
use crate::typed::{Block, Stmt};
use ast::{ExprKind as K, SelectKind};

/// Spells parts of a tree at one place of the text.
struct Writer {
    span: Span,
}

impl Writer {
    fn expr(&self, kind: K) -> ast::Expr {
        ast::Expr { span: self.span, kind }
    }
    fn ident(&self, name: &str) -> ast::Ident {
        ast::Ident { name: Symbol::intern(name), span: self.span }
    }
    fn path(&self, name: &str) -> ast::Path {
        ast::Path { span: self.span, segments: vec![ast::Segment { ident: self.ident(name), args: None }], qualified: None }
    }
    fn name(&self, name: &str) -> ast::Expr {
        self.expr(K::Path(self.path(name)))
    }
    fn call(&self, name: &str, args: Vec<ast::Expr>) -> ast::Expr {
        self.expr(K::Call(Box::new(self.name(name)), args))
    }
    fn method(&self, receiver: ast::Expr, name: ast::Ident, args: Vec<ast::Expr>) -> ast::Expr {
        self.expr(K::MethodCall(Box::new(ast::MethodCall { receiver, name, turbofish: None, args })))
    }
    fn reference(&self, mutable: Mutable, of: ast::Expr) -> ast::Expr {
        self.expr(K::Ref(mutable, Box::new(of)))
    }
    fn bool(&self, value: bool) -> ast::Expr {
        self.expr(K::Lit(ast::Lit::Bool(value)))
    }
    fn int_pat(&self, value: i128) -> ast::Pat {
        let digits = self.expr(K::Lit(ast::Lit::Int { value: value.unsigned_abs(), suffix: None }));
        let lit = if value < 0 { self.expr(K::Unary(ast::UnaryOp::Neg, Box::new(digits))) } else { digits };
        ast::Pat { span: self.span, kind: ast::PatKind::Lit(Box::new(lit)) }
    }
    fn bind(&self, name: &str, mutable: bool, value: ast::Expr) -> ast::Stmt {
        let pat = ast::PatKind::Bind { by_ref: None, mutable, name: self.ident(name), sub: None };
        self.let_(ast::Pat { span: self.span, kind: pat }, value)
    }
    fn let_(&self, pat: ast::Pat, value: ast::Expr) -> ast::Stmt {
        let kind = ast::StmtKind::Let(Box::new(ast::Let { pat, ty: None, init: Some(value), or_else: None }));
        ast::Stmt { span: self.span, kind }
    }
    fn stmt(&self, value: ast::Expr) -> ast::Stmt {
        ast::Stmt { span: self.span, kind: ast::StmtKind::Expr(value) }
    }
    fn block(&self, stmts: Vec<ast::Stmt>, tail: Option<ast::Expr>) -> ast::Block {
        // No block of the text has this place, so no items are taken for its own.
        ast::Block { span: self.span, stmts, tail: tail.map(Box::new) }
    }
}

fn at(span: Span) -> Writer {
    Writer { span }
}

/// A path of fields, which may be written again.
fn is_plain(expr: &ast::Expr) -> bool {
    match &expr.kind {
        K::Path(path) => path.as_ident().is_some(),
        K::Field(base, _) | K::TupleField(base, ..) | K::Paren(base) => is_plain(base),
        K::Unary(ast::UnaryOp::Deref, base) => is_plain(base),
        _ => false,
    }
}

impl FnCx<'_> {
    pub(super) fn select(&mut self, select: &ast::Select, expect: Option<Ty>, span: Span) -> ExprId {
        let head = Span { hi: span.lo + "select".len() as u32, ..span };
        let w = at(head);
        let mut stmts = Vec::new();
        let mut operations = Vec::new();
        let mut arms: Vec<(i128, Span, ast::Expr)> = Vec::new();
        let (mut default, mut after, mut cancelled) = (None, None, None);
        for arm in &select.arms {
            let index = operations.len();
            let name = format!("#arm{index}");
            let body = |stmts: Vec<ast::Stmt>| {
                let block = at(arm.span).block(stmts, Some(arm.body.clone()));
                at(arm.body.span).expr(K::Block(Box::new(block)))
            };
            match &arm.kind {
                SelectKind::Operation { pat, expr } => {
                    let w = at(expr.span);
                    let K::MethodCall(call) = &expr.kind else {
                        self.report(errors::select_operation(expr.span));
                        return self.error_expr(span);
                    };
                    let method = ast::Ident { name: Symbol::intern(&format!("select_{}", call.name.name)), span: call.name.span };
                    let mut taken = Vec::new();
                    let mut args = call.args.clone();
                    if call.name.name.as_str() == "send" && args.len() == 1 {
                        let value = args.remove(0);
                        let (given, finished) = if is_plain(&value) {
                            (value.clone(), value)
                        } else {
                            let kept = format!("#value{index}");
                            stmts.push(at(value.span).bind(&kept, false, value));
                            (w.name(&kept), w.name(&kept))
                        };
                        args = vec![w.reference(Mutable::No, given), w.bool(pat.is_some())];
                        // The value went with the operation, or came back in its result.
                        taken.push(w.stmt(w.call("#forget", vec![finished])));
                    }
                    stmts.push(w.bind(&name, true, w.method(call.receiver.clone(), method, args)));
                    let finish = w.method(w.name(&name), w.ident("finish"), Vec::new());
                    let mut inside = vec![match pat {
                        Some(pat) => at(arm.span).let_(pat.clone(), finish),
                        None => w.let_(ast::Pat { span: expr.span, kind: ast::PatKind::Wild }, finish),
                    }];
                    inside.splice(1..1, taken);
                    arms.push((index as i128, arm.span, body(inside)));
                    operations.push(name);
                }
                SelectKind::Join { pat, expr } => {
                    let w = at(expr.span);
                    let handle = if is_plain(expr) {
                        expr.clone()
                    } else {
                        let kept = format!("#handle{index}");
                        stmts.push(w.bind(&kept, false, expr.clone()));
                        w.name(&kept)
                    };
                    let looked = w.reference(Mutable::No, handle.clone());
                    stmts.push(w.bind(&name, true, w.call("#select_join", vec![looked])));
                    let joined = w.expr(K::Join(Box::new(handle)));
                    let inside = match pat {
                        Some(pat) => at(arm.span).let_(pat.clone(), joined),
                        None => w.let_(ast::Pat { span: expr.span, kind: ast::PatKind::Wild }, joined),
                    };
                    arms.push((index as i128, arm.span, body(vec![inside])));
                    operations.push(name);
                }
                SelectKind::After(time) => {
                    if self.second_arm(&after, arm.span, "after") {
                        return self.error_expr(span);
                    }
                    stmts.push(at(time.span).bind("#after", false, time.clone()));
                    after = Some((-2, arm.span, body(Vec::new())));
                }
                SelectKind::Default => {
                    if self.second_arm(&default, arm.span, "default") {
                        return self.error_expr(span);
                    }
                    default = Some((-1, arm.span, body(Vec::new())));
                }
                SelectKind::Cancelled => {
                    if self.second_arm(&cancelled, arm.span, "cancelled") {
                        return self.error_expr(span);
                    }
                    let w = at(arm.body.span);
                    let farewell = w.block(vec![w.stmt(arm.body.clone())], None);
                    let shield = w.expr(K::Shield(None, Box::new(farewell)));
                    let block = at(arm.span).block(vec![w.stmt(shield)], Some(w.call("#resume_cancel", Vec::new())));
                    cancelled = Some((-3, arm.span, w.expr(K::Block(Box::new(block)))));
                }
            }
        }
        if let (Some((_, at, _)), Some(_)) = (&after, &default) {
            self.report(errors::after_and_default(*at));
            return self.error_expr(span);
        }
        let flags = [select.biased, default.is_some(), cancelled.is_some()];
        arms.extend([&default, &after, &cancelled].into_iter().flatten().cloned());
        if arms.is_empty() {
            self.report(errors::empty_select(head));
            return self.error_expr(span);
        }

        self.scopes.push(Vec::new());
        let mut made = Vec::new();
        let before = std::mem::replace(&mut self.tainted, false);
        for stmt in &stmts {
            self.statement(stmt, &mut made);
        }
        // What is no arm was told; nothing else follows from it.
        let bad = self.tainted;
        self.tainted |= before;
        if bad {
            self.scopes.pop();
            return self.error_expr(span);
        }
        let exclusive: Vec<ast::Expr> = operations.iter().map(|name| w.reference(Mutable::Yes, w.name(name))).collect();
        let list = w.reference(Mutable::Yes, w.expr(K::Array(exclusive)));
        let duration = self.lang_adt("duration", &[]);
        let time = after.as_ref().map(|(_, span, _)| {
            let name = at(*span).name("#after");
            self.check_coerce(&name, duration)
        });
        let mut chosen = self.choose(&list, flags, time, head);
        if !self.tainted && (1..=ARMS_ASKED).contains(&operations.len()) {
            chosen = self.ask_first(&operations, chosen, &mut made, head);
        }
        // What decides is an `int`; every answer that can come has an arm, the last of them takes the rest.
        let (pat, _) = self.bound_pat("chosen", Ty::int(), head);
        let PatKind::Bind { local, .. } = self.pats[pat.index()].kind else { unreachable!("it binds a name") };
        let hidden = Symbol::intern("#chosen");
        self.scopes.last_mut().expect("pushed above").push((hidden, local));
        made.push(Stmt::Let { pat, init: Some(chosen), or_else: None, span: head });
        let last = arms.len() - 1;
        let arms: Vec<ast::Arm> = arms
            .into_iter()
            .enumerate()
            .map(|(at_index, (index, span, body))| {
                let pat = if at_index == last { ast::Pat { span, kind: ast::PatKind::Wild } } else { at(span).int_pat(index) };
                ast::Arm { span, pat, guard: None, body }
            })
            .collect();
        let matched = at(span).expr(K::Match(Box::new(w.name("#chosen")), arms));
        let value = self.check_expr(&matched, expect);
        self.scopes.pop();
        let ty = self.ty_of(value);
        self.expr(ExprKind::Block(Block { stmts: made, tail: Some(value) }), ty, span)
    }

    /// `if #only is 0 && #arm0 completes || … { #only } else { … }`, where `#only` is the one arm that may complete.
    fn ask_first(&mut self, operations: &[String], otherwise: ExprId, made: &mut Vec<Stmt>, span: Span) -> ExprId {
        let w = at(span);
        let int = |value: usize| w.expr(K::Lit(ast::Lit::Int { value: value as u128, suffix: None }));
        let may = operations.iter().enumerate().map(|(index, name)| w.call("#select_may", vec![w.reference(Mutable::No, w.name(name)), int(index)]));
        let all = may.reduce(|all, one| w.expr(K::Binary(ast::BinaryOp::BitOr, w.span, Box::new(all), Box::new(one))));
        let only = w.call("#select_only", vec![all.expect("there are arms")]);
        self.statement(&w.bind("#only", false, only), made);
        let mut arms: Vec<ast::Arm> = Vec::new();
        for (index, name) in operations.iter().enumerate() {
            let body = w.call("#select_poll", vec![w.reference(Mutable::Yes, w.name(name))]);
            arms.push(ast::Arm { span, pat: w.int_pat(index as i128), guard: None, body });
        }
        arms.push(ast::Arm { span, pat: ast::Pat { span, kind: ast::PatKind::Wild }, guard: None, body: w.bool(false) });
        let completes = w.expr(K::Match(Box::new(w.name("#only")), arms));
        let cond = self.check_expr(&completes, Some(Ty::bool()));
        let then = self.check_expr(&w.name("#only"), Some(Ty::int()));
        self.expr(ExprKind::If { cond, then, or_else: Some(otherwise) }, Ty::int(), span)
    }

    fn second_arm(&mut self, known: &Option<(i128, Span, ast::Expr)>, span: Span, word: &str) -> bool {
        let Some((_, first, _)) = known else { return false };
        self.report(errors::second_select_arm(span, *first, word));
        true
    }

    /// The call that waits: `select(&mut [&mut a, …], biased, has_default, after, has_cancelled)`.
    fn choose(&mut self, list: &ast::Expr, [biased, default, cancelled]: [bool; 3], after: Option<ExprId>, span: Span) -> ExprId {
        let id = self.program.lang.function("select");
        let def = self.program.fn_def(id);
        let list = self.check_coerce(list, def.params[0].ty);
        let mut flag = |value: bool| self.expr(ExprKind::Const(typed::Const::Int(value as i128)), Ty::bool(), span);
        let (biased, default, cancelled) = (flag(biased), flag(default), flag(cancelled));
        let duration = self.lang_adt("duration", &[]);
        let after = self.some(after, duration, span);
        let values = vec![list, biased, default, after, cancelled];
        self.expr(ExprKind::Call(typed::Callee::Fn(id, Args::empty()), values), Ty::int(), span)
    }

    /// `lock (a, b) { … }`: all of them in an order that all agree on; inside, the names are the guards.
    pub(super) fn lock(&mut self, locks: &[ast::Expr], block: &ast::Block, expect: Option<Ty>, span: Span) -> ExprId {
        let head = Span { hi: span.lo + "lock".len() as u32, ..span };
        let w = at(head);
        let lock_all = self.program.lang.function("lock_all");
        let lockable = self.program.fn_def(lock_all).params[0].ty;
        let Some(object) = lockable.peeled_slice() else { panic!("bug! std's `lock_all` takes no slice of objects") };
        let TyKind::Dyn(object) = object.kind() else { panic!("bug! std's `lock_all` takes no objects") };
        self.scopes.push(Vec::new());
        let mut made = Vec::new();
        let mut names = Vec::new();
        for (index, lock) in locks.iter().enumerate() {
            let mut place = self.check_expr(lock, None);
            // Through `Shared` and references to the lock itself.
            loop {
                let ty = self.known(self.ty_of(place));
                // What is in the lock may not be known yet.
                let is_lock = match self.solver.evaluate(object.trait_id, Args::new(&[ty])) {
                    Answer::Yes => true,
                    Answer::Maybe => matches!(ty.kind(), TyKind::Adt(..)),
                    Answer::No => false,
                };
                if is_lock || ty.is_error() {
                    break;
                }
                match self.deref_step(place) {
                    Some(next) => place = next,
                    None => {
                        let shown = self.show(self.ty_of(place));
                        self.report(errors::not_lockable(lock.span, &shown));
                        self.scopes.pop();
                        return self.error_expr(span);
                    }
                }
            }
            let reference = self.shared_ref(place, lock.span);
            let (pat, _) = self.bound_pat("lock", self.ty_of(reference), lock.span);
            let PatKind::Bind { local, .. } = self.pats[pat.index()].kind else { unreachable!("it binds a name") };
            let name = format!("#lock{index}");
            self.scopes.last_mut().expect("pushed above").push((Symbol::intern(&name), local));
            made.push(Stmt::Let { pat, init: Some(reference), or_else: None, span: lock.span });
            names.push(name);
        }
        let list = w.expr(K::Array(names.iter().map(|name| w.name(name)).collect()));
        let all = w.call("#lock_all", vec![w.reference(Mutable::No, list)]);
        let mut stmts = vec![w.stmt(all)];
        for name in &names {
            let guard = w.method(w.name(name), w.ident("locked_guard"), Vec::new());
            stmts.push(w.bind(&format!("{name} guard"), true, guard));
        }
        for (lock, name) in locks.iter().zip(&names) {
            if let Some(ident) = last_name(lock) {
                // At the place of the word `lock`: nobody is asked to use it, or to leave a `mut` away.
                stmts.push(w.bind(ident.name.as_str(), true, w.name(&format!("{name} guard"))));
            }
        }
        for stmt in &stmts {
            self.statement(stmt, &mut made);
        }
        let value = self.check_block(block, expect);
        self.scopes.pop();
        let ty = self.ty_of(value);
        self.expr(ExprKind::Block(Block { stmts: made, tail: Some(value) }), ty, span)
    }

    /// `match parallel(source, |items| { let mut sum = 0; for p in items { … }; (sum,) }, |a, b| (a.0 + b.0,)) { … }`
    pub(super) fn parallel_for(&mut self, f: &ast::For, parallel: &ast::Parallel, span: Span) -> ExprId {
        let w = at(parallel.span);
        let mut inside = Vec::new();
        let (mut finals, mut combined, mut assigned) = (Vec::new(), Vec::new(), Vec::new());
        let mut turns = Vec::new();
        for (index, reduction) in parallel.reduce.iter().enumerate() {
            let v = at(reduction.variable.span);
            let name = reduction.variable.name;
            let variable = v.expr(K::Path(v.path(name.as_str())));
            let place = self.check_expr(&variable, None);
            if !matches!(self.exprs[place.index()].kind, ExprKind::Local(_)) {
                if !self.shallow(self.ty_of(place)).is_error() {
                    self.report(errors::reduce_variable(reduction.variable));
                }
                return self.error_expr(span);
            }
            let ty = self.structurally(self.ty_of(place));
            if parallel.least.is_some() {
                // Nobody asked for it: only what is the same in whatever way it is put together.
                let ty = self.known(ty);
                if !ty.is_integer() && ty != Ty::bool() {
                    let shown = self.show(ty);
                    self.report(errors::gathered_unasked(reduction.variable, &shown, ty.is_float()));
                    return self.error_expr(span);
                }
            }
            if let Some(diagnostic) = self.not_associative(reduction, ty) {
                self.report(diagnostic);
                return self.error_expr(span);
            }
            let op = reduction.op.as_str();
            // Of the variable's own type, which a method called on it in the rounds asks for.
            let suffix = match ty.kind() {
                TyKind::Int(_) | TyKind::Float(_) => Some(Symbol::intern(&self.show(ty))),
                _ => None,
            };
            let start = match op {
                "+" | "^" if ty.is_float() => w.expr(K::Lit(ast::Lit::Float { text: Symbol::intern("0.0"), suffix })),
                "*" if ty.is_float() => w.expr(K::Lit(ast::Lit::Float { text: Symbol::intern("1.0"), suffix })),
                "+" | "^" if ty.is_integer() => w.expr(K::Lit(ast::Lit::Int { value: 0, suffix })),
                "*" if ty.is_integer() => w.expr(K::Lit(ast::Lit::Int { value: 1, suffix })),
                // These do not mind that the start value counts in every part.
                "&" | "|" | "&&" | "||" | "max" | "min" => w.call("#reduce_same", vec![w.reference(Mutable::No, variable.clone())]),
                _ => w.call("#reduce_empty", vec![w.reference(Mutable::No, variable.clone())]),
            };
            inside.push(w.bind(name.as_str(), true, start.clone()));
            if ty.is_float() && matches!(op, "+" | "*") {
                // Four take turns within a part: each step waits for the fourth before it, not for the last one.
                let others: Vec<String> = (1..FLOATS_APART).map(|number| format!("#{name} {number}")).collect();
                let held = format!("#{name} held");
                turns.push(w.bind(&held, false, w.name(name.as_str())));
                for (to, from) in std::iter::once(name.as_str()).chain(others.iter().map(String::as_str)).zip(others.iter().chain([&held])) {
                    turns.push(w.stmt(w.expr(K::Assign(Box::new(w.name(to)), Box::new(w.name(from))))));
                }
                inside.extend(others.iter().map(|other| w.bind(other, true, start.clone())));
                let first = self.reduced(reduction, w.name(name.as_str()), w.name(&others[0]));
                finals.push(self.reduced(reduction, first, self.reduced(reduction, w.name(&others[1]), w.name(&others[2]))));
            } else {
                finals.push(w.name(name.as_str()));
            }
            let part = |of: &str| w.expr(K::TupleField(Box::new(w.name(of)), index as u32, w.span));
            // A text takes another's bytes in; it does not take it over.
            let is_text = op == "+" && self.structurally(ty) == self.string_ty();
            let later = |of: &str| if is_text { w.reference(Mutable::No, part(of)) } else { part(of) };
            combined.push(self.reduced(reduction, part("#a"), later("#b")));
            let whole = self.reduced(reduction, variable.clone(), later("#whole"));
            assigned.push(w.stmt(w.expr(K::Assign(Box::new(variable), Box::new(whole)))));
        }
        let looped = ast::For {
            label: Some(w.ident(&format!("{PARALLEL}{}", f.label.map_or("", |label| label.name.as_str())))),
            pat: f.pat.clone(),
            iter: at(f.iter.span).name("#items"),
            body: ast::Block { stmts: turns.into_iter().chain(f.body.stmts.iter().cloned()).collect(), ..f.body.clone() },
            parallel: None,
        };
        inside.push(w.stmt(at(span).expr(K::For(Box::new(looped)))));
        let leaf_body = at(f.body.span).block(inside, Some(w.expr(K::Tuple(finals))));
        let closure = |names: &[&str], body: ast::Expr| {
            let bind = |name: &&str| ast::ClosureParam {
                pat: ast::Pat { span: w.span, kind: ast::PatKind::Bind { by_ref: None, mutable: false, name: w.ident(name), sub: None } },
                ty: None,
            };
            let params = names.iter().map(bind).collect();
            w.expr(K::Closure(Box::new(ast::Closure { is_move: false, params, ret: None, body, head_span: w.span })))
        };
        let leaf = closure(&["#items"], w.expr(K::Block(Box::new(leaf_body))));
        let combine = closure(&["#a", "#b"], w.expr(K::Tuple(combined)));
        let (callee, mut args) = ("#parallel", vec![f.iter.clone(), leaf, combine]);
        let callee = match parallel.least {
            Some(least) => {
                args.push(w.expr(K::Lit(ast::Lit::Int { value: u128::from(least), suffix: None })));
                "#parallel_least"
            }
            None => callee,
        };
        let callee = Box::new(at(f.iter.span).name(callee));
        let call = w.expr(K::Call(callee, args));
        let some = ast::PatKind::Bind { by_ref: None, mutable: false, name: w.ident("#whole"), sub: None };
        let some = ast::PatKind::TupleStruct(w.path("Some"), vec![ast::Pat { span: w.span, kind: some }]);
        let cond = w.expr(K::Let(Box::new(ast::Pat { span: w.span, kind: some }), Box::new(call)));
        let then = at(span).block(assigned, None);
        let whole = at(span).expr(K::If(Box::new(ast::If { cond, then, or_else: None })));

        let first = self.closures.len();
        let around = self.closure_stack.last().copied();
        let inside = LocalId(u32::MAX);
        let value = self.check_expr(&whole, Some(Ty::unit()));
        // What the closures may take along is asked of their captures, in words of its own.
        let markers = [self.program.lang.trait_id("send"), self.program.lang.trait_id("share")];
        let solver = &self.solver;
        self.obligations.retain(|obligation| match obligation.kind {
            ObligationKind::Trait(id, args) if markers.contains(&id) => {
                !matches!(solver.table.shallow(args[0]).kind(), TyKind::Closure(id, _) if id.index as usize >= first)
            }
            _ => true,
        });
        for index in first..self.closures.len() {
            if self.closure_parents[index] == around && self.closures[index].span == w.span {
                let kind = typed::TaskKind::Parallel;
                self.closures[index].task = Some(typed::Task { kind, inside, head: parallel.span });
            }
        }
        value
    }

    /// What is wrong with putting parts together by this operation, wherever they were cut.
    fn not_associative(&mut self, reduction: &ast::Reduction, ty: Ty) -> Option<diag::Diagnostic> {
        use errors::NotAssociative as Why;
        let op = reduction.op.as_str();
        let name = |why: Why, declared: Option<Span>| Some(errors::not_associative(reduction.op_span, op, reduction.variable.name, why, declared));
        let lang = match op {
            "+" => "add",
            "*" => "mul",
            "&" => "bitand",
            "|" => "bitor",
            "^" => "bitxor",
            "&&" | "||" | "max" | "min" => return None,
            _ => {
                let function = self.check_expr(&at(reduction.op_span).name(op), None);
                let ty = self.structurally(self.ty_of(function));
                return match ty.kind() {
                    TyKind::FnDef(id, _) => {
                        let def = self.program.fn_def(*id);
                        if def.attrs.associative { None } else { name(Why::Function, Some(def.name_span).filter(|_| !self.program.module(def.module).library)) }
                    }
                    _ if ty.is_error() => None,
                    _ => name(Why::Value, None),
                };
            }
        };
        let arithmetic = matches!(op, "+" | "*");
        if ty.is_integer() || ty.is_error() || ty.is_float() && arithmetic || ty == Ty::bool() && !arithmetic {
            return None;
        }
        if ty.is_float() || ty == Ty::bool() {
            return Some(errors::no_reduction(reduction.op_span, op, &self.show(ty)));
        }
        let trait_id = self.program.lang.trait_id(lang);
        let ty = self.known(ty);
        let shown = self.show(ty);
        let TyKind::Adt(adt, _) = ty.kind() else { return name(Why::Unknown(shown), None) };
        let mut declared = None;
        for def in self.program.impls.iter().filter(|def| def.of_trait.is_some_and(|(id, _)| id == trait_id)) {
            if !matches!(def.self_ty.kind(), TyKind::Adt(of, _) if of == adt) {
                continue;
            }
            for &method in &def.methods {
                if self.program.fn_def(method).attrs.associative {
                    return None;
                }
                declared = Some(self.program.fn_def(method).name_span);
            }
        }
        if declared.is_none() {
            return Some(errors::no_reduction(reduction.op_span, op, &shown));
        }
        name(Why::Operator(shown), declared)
    }

    /// Two parts of a `reduce` variable put together.
    fn reduced(&self, reduction: &ast::Reduction, a: ast::Expr, b: ast::Expr) -> ast::Expr {
        use ast::BinaryOp as B;
        let w = at(reduction.op_span);
        let binary = |op: B, a: ast::Expr, b: ast::Expr| w.expr(K::Binary(op, w.span, Box::new(a), Box::new(b)));
        let choose = |op: B| {
            let block = |value: &ast::Expr| w.block(Vec::new(), Some(value.clone()));
            let or_else = w.expr(K::Block(Box::new(block(&a))));
            w.expr(K::If(Box::new(ast::If { cond: binary(op, a.clone(), b.clone()), then: block(&b), or_else: Some(or_else) })))
        };
        match reduction.op.as_str() {
            "+" => binary(B::Add, a, b),
            "*" => binary(B::Mul, a, b),
            "&" => binary(B::BitAnd, a, b),
            "|" => binary(B::BitOr, a, b),
            "^" => binary(B::BitXor, a, b),
            "&&" => binary(B::And, a, b),
            "||" => binary(B::Or, a, b),
            "max" => choose(B::Lt),
            "min" => choose(B::Gt),
            name => w.call(name, vec![a, b]),
        }
    }

    /// Whether the closure being checked is the body of a `parallel for`.
    pub(super) fn in_parallel_body(&self) -> bool {
        self.loops.first().is_some_and(|known| known.label.is_some_and(goes_over_a_part))
    }
}

/// Of so many operations of a `select` it is looked at where it stands whether one alone may complete.
const ARMS_ASKED: usize = 32;

/// So many variables stand for one that floats are put together in.
const FLOATS_APART: usize = 4;

/// The label of the loop over a part begins so; that of the `parallel for` follows.
const PARALLEL: &str = "#parallel loop ";

pub(super) fn goes_over_a_part(label: Symbol) -> bool {
    label.as_str().starts_with(PARALLEL)
}

/// Whether a loop with this label is meant by that name.
pub(super) fn is_called(label: Symbol, name: Symbol) -> bool {
    label == name || label.as_str().strip_prefix(PARALLEL) == Some(name.as_str())
}

/// The name by which a lock is known: the last of its path.
fn last_name(expr: &ast::Expr) -> Option<ast::Ident> {
    match &expr.kind {
        K::Path(path) => path.segments.last().map(|segment| segment.ident),
        K::Field(_, name) => Some(*name),
        K::Paren(inner) | K::Ref(_, inner) | K::Unary(_, inner) => last_name(inner),
        _ => None,
    }
}
