//! Choices, loops and ways out: `if`, `match`, `while`, `for`, `break`, `return`, `?`, and what their branches have in common.

use super::expr::{ERR, NONE, OK, SOME};
use super::select::{goes_over_a_part, is_called};
use super::*;
use crate::typed::Cast;
use ast::ExprKind as K;

impl FnCx<'_> {
    pub(super) fn enter_loop(
        &mut self,
        label: Option<Symbol>,
        value: Option<Ty>,
        is_block: bool,
        keyword: &'static str,
    ) -> LoopId {
        let id = LoopId(self.loop_count);
        self.loop_count += 1;
        self.loops.push(LoopCx { id, label, value, broken: false, is_block, keyword });
        id
    }

    /// A condition; bindings of `let` stay in the current scope.
    pub(super) fn condition(&mut self, expr: &ast::Expr) -> ExprId {
        let span = expr.span;
        match &expr.kind {
            K::Let(pat, value) => {
                let value = self.check_expr(value, None);
                let ty = self.ty_of(value);
                let pat = self.check_pat_of(pat, ty, value);
                self.expr(ExprKind::Let(pat, value), Ty::bool(), span)
            }
            K::Binary(ast::BinaryOp::And, _, a, b) => {
                let a = self.condition(a);
                let before = self.diverges;
                let b = self.condition(b);
                self.diverges = before;
                self.expr(ExprKind::And(a, b), Ty::bool(), span)
            }
            K::Paren(inner) if !matches!(inner.kind, K::Let(..)) => self.condition(inner),
            K::Assign(place, value) => {
                self.report(errors::assignment_as_condition(span, place.span.end().to(value.span.start())));
                self.error_expr(span)
            }
            _ => self.check_coerce(expr, Ty::bool()),
        }
    }

    pub(super) fn if_else(&mut self, i: &ast::If, expect: Option<Ty>, span: Span) -> ExprId {
        let is_kept = std::mem::take(&mut self.is_kept);
        self.scopes.push(Vec::new());
        let cond = self.condition(&i.cond);
        let after_cond = self.diverges;
        let discard = expect.is_some_and(|ty| self.shallow(ty).is_unit());
        let Some(other) = &i.or_else else {
            let then = if is_kept { self.only_branch(&i.then) } else { self.check_block_coerce(&i.then, Ty::unit()) };
            self.scopes.pop();
            self.diverges = after_cond;
            return self.expr(ExprKind::If { cond, then, or_else: None }, Ty::unit(), span);
        };
        let mut join = Join::new(expect);
        let then = self.check_block(&i.then, join.hint());
        self.scopes.pop();
        let then_ends = self.diverges;
        self.diverges = after_cond;
        let then = self.join_branch(&mut join, then, discard, None);
        let or_else = match &other.kind {
            K::Block(block) => self.check_block(block, join.hint()),
            _ => self.check_expr(other, join.hint()),
        };
        let else_ends = self.diverges;
        self.diverges = after_cond || then_ends && else_ends;
        let or_else = self.join_branch(&mut join, or_else, discard, Some(then));
        let ty = join.result();
        let then = self.finish_branch(then, ty);
        self.expr(ExprKind::If { cond, then, or_else: Some(or_else) }, ty, span)
    }

    /// The branch of an `if` without `else` whose value somebody takes: there must be none.
    fn only_branch(&mut self, block: &ast::Block) -> ExprId {
        let id = self.check_block(block, None);
        let ty = self.structurally(self.ty_of(id));
        let has_value = !matches!(ty.kind(), TyKind::Infer(crate::ty::InferTy::General(_))) && !ty.is_unit() && !ty.is_never() && !ty.is_error();
        if has_value {
            let (span, ty) = (self.blame(id), self.resolve(ty));
            let ty = self.show(ty);
            self.report(errors::if_without_else(span, &ty));
            return self.error_expr(span);
        }
        self.coerce(id, Ty::unit())
    }

    /// One branch more: its value made to fit those before.
    pub(super) fn join_branch(&mut self, join: &mut Join, id: ExprId, discard: bool, first: Option<ExprId>) -> ExprId {
        let ty = self.structurally(self.ty_of(id));
        if discard && !ty.is_unit() && !ty.is_never() && !ty.is_error() {
            // Nobody takes the values of a statement's branches.
            let span = self.span_of(id);
            self.statement_results.push(id);
            let block = typed::Block { stmts: vec![typed::Stmt::Expr(id)], tail: None };
            return self.join_value(join, block, span);
        }
        if ty.is_never() {
            return match join.ty {
                Some(wanted) => self.coerce(id, wanted),
                None => id,
            };
        }
        let Some(wanted) = join.ty else {
            // A branch that must become what is expected decides nothing else.
            if let Some(hint) = join.expected
                && let Some(made) = self.try_coerce(id, hint)
            {
                join.ty = Some(hint);
                return made;
            }
            join.ty = Some(ty);
            join.first = Some(id);
            return id;
        };
        let mut wanted = wanted;
        if let Some(first) = join.first
            && let Some(pointer) = self.common_pointer(wanted, id)
        {
            self.make_pointer(first, pointer);
            join.ty = Some(pointer);
            wanted = pointer;
        }
        match self.try_coerce(id, wanted) {
            Some(id) => id,
            None => {
                let first_span = first.map(|first| self.blame(first));
                let span = self.blame(id);
                let (wanted, found) = (self.resolve(wanted), self.resolve(ty));
                if wanted.flags().error || found.flags().error {
                    self.tainted = true;
                } else {
                    let (wanted, found) = (self.show(wanted), self.show(found));
                    self.report(errors::branches_differ(span, first_span, &wanted, &found));
                }
                // Which of them is wrong is told once; what the whole should be is no further mistake.
                join.ty = Some(Ty::error());
                self.error_expr(span)
            }
        }
    }

    fn join_value(&mut self, join: &mut Join, block: typed::Block, span: Span) -> ExprId {
        join.ty = Some(Ty::unit());
        self.expr(ExprKind::Block(block), Ty::unit(), span)
    }

    fn blame(&self, id: ExprId) -> Span {
        match &self.exprs[id.index()].kind {
            ExprKind::Block(block) => block.tail.map_or(self.span_of(id), |tail| self.blame(tail)),
            ExprKind::Cast(_, inner) => self.blame(*inner),
            _ => self.span_of(id),
        }
    }

    /// A branch that never ends takes the type of the others.
    pub(super) fn finish_branch(&mut self, id: ExprId, ty: Ty) -> ExprId {
        if self.shallow(self.ty_of(id)).is_never() && !ty.is_never() { self.coerce(id, ty) } else { id }
    }

    pub(super) fn match_(&mut self, scrutinee: &ast::Expr, arms: &[ast::Arm], expect: Option<Ty>, span: Span) -> ExprId {
        let value = self.check_expr(scrutinee, None);
        let after_value = self.diverges;
        let ty = self.structurally(self.ty_of(value));
        let discard = expect.is_some_and(|ty| self.shallow(ty).is_unit());
        let mut join = Join::new(expect);
        let mut out = Vec::new();
        let mut all_end = true;
        let mut first = None;
        for arm in arms {
            self.scopes.push(Vec::new());
            let pat = self.check_pat_of(&arm.pat, ty, value);
            self.diverges = after_value;
            let guard = arm.guard.as_ref().map(|guard| self.condition(guard));
            self.diverges = after_value;
            let body = self.check_expr(&arm.body, join.hint());
            all_end &= self.diverges;
            self.scopes.pop();
            let body = self.join_branch(&mut join, body, discard, first);
            if first.is_none() && !self.shallow(self.ty_of(body)).is_never() {
                first = Some(body);
            }
            out.push(typed::Arm { pat, guard, body, span: arm.span });
        }
        self.diverges = after_value || all_end;
        let result = join.result();
        for arm in &mut out {
            arm.body = self.finish_branch(arm.body, result);
        }
        self.expr(ExprKind::Match { scrutinee: value, arms: out }, result, span)
    }

    pub(super) fn while_(&mut self, w: &ast::While, span: Span) -> ExprId {
        let before = self.diverges;
        let id = self.enter_loop(w.label.map(|label| label.name), None, false, "while");
        self.scopes.push(Vec::new());
        let cond = self.condition(&w.cond);
        let then = self.check_block_coerce(&w.body, Ty::unit());
        self.scopes.pop();
        self.loops.pop();
        self.diverges = before;
        let leave = self.expr(ExprKind::Break { target: id, value: None }, Ty::never(), w.cond.span);
        let leave = self.expr(ExprKind::Cast(Cast::Never, leave), Ty::unit(), w.cond.span);
        let body = self.expr(ExprKind::If { cond, then, or_else: Some(leave) }, Ty::unit(), span);
        self.expr(ExprKind::Loop { id, body }, Ty::unit(), span)
    }

    /// `match into_iter(e) { mut iterator => loop { match next(&mut iterator) { None => break, Some(p) => body } } }`
    pub(super) fn for_(&mut self, f: &ast::For, span: Span) -> ExprId {
        if let Some(parallel) = &f.parallel {
            return self.parallel_for(f, parallel, span);
        }
        let before = self.diverges;
        let source = self.check_expr(&f.iter, None);
        let source_ty = self.known(self.ty_of(source));
        let iter_span = f.iter.span;
        let into = self.program.lang.trait_id("into_iterator");
        let args = Args::new(&[source_ty]);
        if !source_ty.is_error() && self.solver.evaluate(into, args) == Answer::No {
            let shown = self.show(source_ty);
            self.report(errors::not_iterable(iter_span, &shown));
            self.scopes.push(Vec::new());
            self.check_pat(&f.pat, Ty::error());
            self.enter_loop(f.label.map(|label| label.name), None, false, "for");
            self.check_block_coerce(&f.body, Ty::unit());
            self.loops.pop();
            self.scopes.pop();
            self.diverges = before;
            return self.error_expr(span);
        }
        self.require(into, args, iter_span);
        let project = |cx: &mut Self, trait_id, args, name: &str| {
            let projection = crate::ty::ProjectionTy { trait_id, args, name: Symbol::intern(name) };
            cx.normalize_at(Ty::new(TyKind::Projection(projection)), iter_span)
        };
        let iterator_ty = project(self, into, args, "Iter");
        let method = self.program.trait_method("into_iterator", "into_iter");
        let made = self.expr(ExprKind::Call(typed::Callee::Fn(method, args), vec![source]), iterator_ty, iter_span);
        let iterator = self.program.lang.trait_id("iterator");
        let iterator_args = Args::new(&[iterator_ty]);
        let item_ty = project(self, iterator, iterator_args, "Item");

        let local = LocalId(self.locals.len() as u32);
        self.locals.push(typed::Local {
            name: Symbol::intern(""),
            ty: iterator_ty,
            mutable: true,
            span: iter_span,
            closure: self.closure_stack.last().copied(),
        });
        let bind = self.pat(PatKind::Bind { local, by_ref: None, sub: None }, iterator_ty, iter_span);
        let id = self.enter_loop(f.label.map(|label| label.name), None, false, "for");
        let place = self.expr(ExprKind::Local(local), iterator_ty, iter_span);
        let receiver = self.mutable_ref(place, iter_span);
        let next_method = self.program.trait_method("iterator", "next");
        let option = self.lang_adt("option", &[item_ty]);
        let call = ExprKind::Call(typed::Callee::Fn(next_method, iterator_args), vec![receiver]);
        let next = self.expr(call, option, iter_span);

        self.scopes.push(Vec::new());
        let item_ty = self.structurally(item_ty);
        let pat = self.check_pat(&f.pat, item_ty);
        let body = self.check_block_coerce(&f.body, Ty::unit());
        self.scopes.pop();
        self.loops.pop();
        self.diverges = before;

        let some = PatKind::Variant { variant: SOME, fields: vec![(0, pat)] };
        let some = self.pat(some, option, f.pat.span);
        let none = self.pat(PatKind::Variant { variant: NONE, fields: Vec::new() }, option, iter_span);
        let leave = self.expr(ExprKind::Break { target: id, value: None }, Ty::never(), iter_span);
        let leave = self.expr(ExprKind::Cast(Cast::Never, leave), Ty::unit(), iter_span);
        let arms = vec![
            typed::Arm { pat: none, guard: None, body: leave, span: iter_span },
            typed::Arm { pat: some, guard: None, body, span: f.body.span },
        ];
        let matched = self.expr(ExprKind::Match { scrutinee: next, arms }, Ty::unit(), iter_span);
        let looped = self.expr(ExprKind::Loop { id, body: matched }, Ty::unit(), span);
        // A match keeps what the source was made from until the loop ends.
        let arms = vec![typed::Arm { pat: bind, guard: None, body: looped, span }];
        self.expr(ExprKind::Match { scrutinee: made, arms }, Ty::unit(), span)
    }

    pub(super) fn return_(&mut self, value: Option<&ast::Expr>, span: Span) -> ExprId {
        if self.in_parallel_body() {
            self.report(errors::leaves_parallel(span, "return"));
            return self.error_expr(span);
        }
        let wanted = *self.returns.last().expect("a body has a result type");
        if self.def().kind == FnKind::Const || matches!(self.def().kind, FnKind::Static { .. }) {
            self.report(errors::no_target(span, "return"));
            return self.error_expr(span);
        }
        let value = match value {
            Some(value) => Some(self.check_coerce(value, wanted)),
            None => {
                self.must_equal(wanted, Ty::unit(), span);
                None
            }
        };
        self.expr(ExprKind::Return(value), Ty::never(), span)
    }

    pub(super) fn find_loop(&mut self, label: Option<ast::Ident>, span: Span, word: &'static str) -> Option<usize> {
        let found = match label {
            Some(label) => {
                let found = self.loops.iter().rposition(|known| known.label.is_some_and(|known| is_called(known, label.name)));
                // A loop around the whole `parallel for` may be called so.
                if found.is_none() && self.in_parallel_body() {
                    self.report(errors::leaves_parallel(span, word));
                    return None;
                }
                if found.is_none() {
                    let names: Vec<Symbol> = self.loops.iter().filter_map(|known| known.label).collect();
                    self.report(errors::unknown_label(label, &names));
                    return None;
                }
                found
            }
            None => self.loops.iter().rposition(|known| !known.is_block),
        };
        match found {
            Some(index) if word == "continue" && self.loops[index].is_block => {
                self.report(errors::no_target(span, word));
                None
            }
            None => {
                self.report(errors::no_target(span, word));
                None
            }
            found => found,
        }
    }

    pub(super) fn break_(&mut self, label: Option<ast::Ident>, value: Option<&ast::Expr>, span: Span) -> ExprId {
        let Some(index) = self.find_loop(label, span, "break") else {
            if let Some(value) = value {
                self.check_expr(value, None);
            }
            return self.error_expr(span);
        };
        if self.loops[index].label.is_some_and(goes_over_a_part) {
            self.report(errors::leaves_parallel(span, "break"));
            return self.error_expr(span);
        }
        let (target, wanted, keyword) = (self.loops[index].id, self.loops[index].value, self.loops[index].keyword);
        self.loops[index].broken = true;
        let value = match (value, wanted) {
            (Some(value), Some(wanted)) => Some(self.check_coerce(value, wanted)),
            (Some(value), None) => {
                self.report(errors::break_with_value(value.span, keyword));
                self.check_expr(value, None);
                None
            }
            (None, Some(wanted)) => {
                self.must_equal(wanted, Ty::unit(), span);
                None
            }
            (None, None) => None,
        };
        self.expr(ExprKind::Break { target, value }, Ty::never(), span)
    }

    /// `match e { Ok(v) => v, Err(e) => return Err(From::from(e)) }`, the same for `Option`.
    pub(super) fn try_(&mut self, operand: &ast::Expr, span: Span) -> ExprId {
        let value = self.check_expr(operand, None);
        let ty = self.known(self.ty_of(value));
        if ty.is_error() {
            return self.error_expr(span);
        }
        let ret = self.returns.last().copied().expect("a body has a result type");
        let ret = self.structurally(ret);
        let question = Span { lo: span.hi - 1, ..span };
        if self.in_parallel_body() {
            self.report(errors::leaves_parallel(question, "?"));
            return self.error_expr(span);
        }
        if let Some(args) = self.is_lang_adt(ty, "result") {
            let (ok_ty, err_ty) = (args[0], args[1]);
            // In a closure whose result is not known yet, `?` decides that it is a `Result`.
            let wanted_err = match self.is_lang_adt(ret, "result") {
                Some(args) => args[1],
                None if ret.is_infer() => {
                    let (value_ty, error_ty) = (self.fresh(span), self.fresh(span));
                    let result = self.lang_adt("result", &[value_ty, error_ty]);
                    self.solver.table.unify(ret, result);
                    error_ty
                }
                None => {
                    let shown = self.show(ret);
                    self.report(errors::question_here(question, "Result", &shown, self.def().span));
                    return self.error_expr(span);
                }
            };
            let (ok_pat, ok_value) = self.bound_pat("value", ok_ty, span);
            let (err_pat, err_value) = self.bound_pat("error", err_ty, span);
            let error = if self.shallow(wanted_err).is_infer() || self.could_equal(wanted_err, err_ty) {
                self.solver.table.unify(wanted_err, err_ty);
                err_value
            } else {
                let from = self.program.lang.trait_id("from");
                let from_args = Args::new(&[wanted_err, err_ty]);
                if self.solver.evaluate(from, from_args) == Answer::No {
                    let (wanted, found) = (self.show(wanted_err), self.show(err_ty));
                    self.report(errors::question_from(question, &wanted, &found, self.def().span));
                    return self.error_expr(span);
                }
                self.require(from, from_args, question);
                let method = self.program.trait_method("from", "from");
                let call = ExprKind::Call(typed::Callee::Fn(method, from_args), vec![err_value]);
                self.expr(call, wanted_err, question)
            };
            let failed = self.expr(ExprKind::Adt { variant: ERR, fields: vec![(0, error)], base: None }, ret, question);
            let leave = self.expr(ExprKind::Propagate(failed), Ty::never(), question);
            let leave = self.expr(ExprKind::Cast(Cast::Never, leave), ok_ty, question);
            let ok = self.pat(PatKind::Variant { variant: OK, fields: vec![(0, ok_pat)] }, ty, span);
            let err = self.pat(PatKind::Variant { variant: ERR, fields: vec![(0, err_pat)] }, ty, span);
            let arms = vec![
                typed::Arm { pat: ok, guard: None, body: ok_value, span },
                typed::Arm { pat: err, guard: None, body: leave, span },
            ];
            return self.expr(ExprKind::Match { scrutinee: value, arms }, ok_ty, span);
        }
        if let Some(args) = self.is_lang_adt(ty, "option") {
            let some_ty = args[0];
            if self.is_lang_adt(ret, "option").is_none() {
                if ret.is_infer() {
                    let inner = self.fresh(span);
                    let option = self.lang_adt("option", &[inner]);
                    self.solver.table.unify(ret, option);
                } else {
                    let shown = self.show(ret);
                    self.report(errors::question_here(question, "Option", &shown, self.def().span));
                    return self.error_expr(span);
                }
            }
            let (some_pat, some_value) = self.bound_pat("value", some_ty, span);
            let nothing = self.expr(ExprKind::Adt { variant: NONE, fields: Vec::new(), base: None }, ret, question);
            let leave = self.expr(ExprKind::Propagate(nothing), Ty::never(), question);
            let leave = self.expr(ExprKind::Cast(Cast::Never, leave), some_ty, question);
            let some = self.pat(PatKind::Variant { variant: SOME, fields: vec![(0, some_pat)] }, ty, span);
            let none = self.pat(PatKind::Variant { variant: NONE, fields: Vec::new() }, ty, span);
            let arms = vec![
                typed::Arm { pat: some, guard: None, body: some_value, span },
                typed::Arm { pat: none, guard: None, body: leave, span },
            ];
            return self.expr(ExprKind::Match { scrutinee: value, arms }, some_ty, span);
        }
        if ty.is_infer() {
            self.report_unknown(ty, operand.span);
        } else {
            let shown = self.show(ty);
            self.report(errors::question_on(operand.span, &shown));
        }
        self.error_expr(span)
    }

    /// A pattern that binds a nameless local, and that local as a value.
    pub(super) fn bound_pat(&mut self, name: &str, ty: Ty, span: Span) -> (PatId, ExprId) {
        let local = LocalId(self.locals.len() as u32);
        let _ = name;
        let closure = self.closure_stack.last().copied();
        self.locals.push(typed::Local { name: Symbol::intern(""), ty, mutable: false, span, closure });
        let pat = self.pat(PatKind::Bind { local, by_ref: None, sub: None }, ty, span);
        let value = self.expr(ExprKind::Local(local), ty, span);
        (pat, value)
    }
}

/// What the branches of an expression have in common so far.
pub(super) struct Join {
    expected: Option<Ty>,
    ty: Option<Ty>,
    /// The branch that decided the type, where it is its own.
    first: Option<ExprId>,
}

impl Join {
    pub(super) fn new(expected: Option<Ty>) -> Join {
        Join { expected, ty: None, first: None }
    }
    pub(super) fn hint(&self) -> Option<Ty> {
        self.ty.or(self.expected)
    }
    pub(super) fn result(&self) -> Ty {
        self.ty.unwrap_or_else(Ty::never)
    }
}
