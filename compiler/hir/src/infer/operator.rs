//! Operators: built in on primitives, calls of the operator traits elsewhere. What is still unknown waits.

use super::*;
use crate::ty::{IntTy, ProjectionTy};
use crate::typed::{BinaryOp as B, Callee, Cast, Const, UnaryOp as U};

impl FnCx<'_> {
    pub(super) fn binary(
        &mut self,
        op: B,
        op_span: Span,
        lhs: &ast::Expr,
        rhs: &ast::Expr,
        expect: Option<Ty>,
        span: Span,
    ) -> ExprId {
        if matches!(op, B::And | B::Or) {
            let a = self.check_coerce(lhs, Ty::bool());
            let before = self.diverges;
            let b = self.check_coerce(rhs, Ty::bool());
            self.diverges = before;
            let kind = if op == B::And { ExprKind::And(a, b) } else { ExprKind::Or(a, b) };
            return self.expr(kind, Ty::bool(), span);
        }
        let comparison = is_comparison(op);
        // `x: u8 = 1 + 2`: literals take the expected type; shifts and comparisons tell nothing of the left side.
        let hint = expect.filter(|ty| !comparison && { let ty = self.shallow(*ty); ty.is_integer() || ty.is_float() });
        let a = self.check_expr(lhs, hint);
        let a_ty = self.structurally(self.ty_of(a));
        let shift = matches!(op, B::Shl | B::Shr);
        let rhs_hint = if shift { None } else { self.operand_hint(a_ty, op) };
        let b = self.check_expr(rhs, rhs_hint);
        let ty = if comparison { Ty::bool() } else { self.fresh(span) };
        let id = self.expr(ExprKind::Binary(op, a, b), ty, span);
        if !self.finish_binary(id, op, op_span, a, b, false, false) {
            self.deferred.push(Deferred::Binary { expr: id, op, op_span, lhs: a, rhs: b, assign: false });
        }
        id
    }

    /// The right side is hinted with the left one's type where they must agree.
    fn operand_hint(&self, lhs: Ty, op: B) -> Option<Ty> {
        let base = self.resolve(lhs).peeled();
        if matches!(base.kind(), TyKind::Infer(InferTy::General(_))) {
            return None;
        }
        // Text takes text of any form: `s + "…"` wants a view.
        if self.is_text(base) {
            return (op == B::Add || is_comparison(op)).then(|| Ty::shared(Ty::str()));
        }
        match base.kind() {
            TyKind::Int(_) | TyKind::Float(_) | TyKind::Infer(_) => Some(base),
            _ if is_comparison(op) => Some(self.resolve(lhs)),
            _ => None,
        }
    }

    fn is_text(&self, ty: Ty) -> bool {
        ty.is_str()
            || matches!(ty.kind(), TyKind::Infer(InferTy::Text(_)))
            || self.is_lang_adt(ty, "string").is_some()
    }

    fn is_builtin(ty: Ty) -> bool {
        ty.is_integer() || ty.is_float() || matches!(ty.kind(), TyKind::Bool | TyKind::Char)
    }

    /// A primitive operand behind references: `*x`, as often as needed.
    fn load(&mut self, id: ExprId) -> ExprId {
        let ty = self.shallow(self.ty_of(id));
        match ty.kind() {
            TyKind::Ref(_, to) => {
                let span = self.span_of(id);
                let inner = self.expr(ExprKind::Deref(id), *to, span);
                self.load(inner)
            }
            _ => id,
        }
    }

    /// Decides what an operator is. False: its operands are not known yet. `last`: then literals are at their defaults.
    fn finish_binary(&mut self, id: ExprId, op: B, op_span: Span, a: ExprId, b: ExprId, assign: bool, last: bool) -> bool {
        let (a_ty, b_ty) = (self.structurally(self.ty_of(a)), self.structurally(self.ty_of(b)));
        let span = self.span_of(id);
        if a_ty.is_error() || b_ty.is_error() {
            self.tainted = true;
            self.exprs[id.index()].kind = ExprKind::Error;
            let ty = self.ty_of(id);
            self.solver.table.unify(ty, Ty::error());
            return true;
        }
        if a_ty.is_never() || b_ty.is_never() {
            // One side never comes: the whole neither.
            let stmts = vec![typed::Stmt::Expr(a), typed::Stmt::Expr(b)];
            let block = self.expr(ExprKind::Block(typed::Block { stmts, tail: None }), Ty::never(), span);
            self.exprs[id.index()].kind = ExprKind::Cast(Cast::Never, block);
            return true;
        }
        let (mut a_ty, mut b_ty) = (a_ty, b_ty);
        // The left side of `+` is an owner; what is compared may be either.
        if let TyKind::Infer(InferTy::Text(_)) = a_ty.kind() {
            let string = self.string_ty();
            self.solver.table.unify(a_ty, string);
            (a_ty, b_ty) = (string, self.shallow(b_ty));
        }
        let (a_base, b_base) = (self.peel(a_ty), self.peel(b_ty));
        let unknown = |ty: Ty| matches!(ty.kind(), TyKind::Infer(InferTy::General(_)));
        if unknown(a_base) || unknown(b_base) {
            // A primitive on one side fixes the other, when there is nothing else it could be.
            let known = if unknown(a_base) { b_base } else { a_base };
            let other = if unknown(a_base) { a_base } else { b_base };
            if last && Self::is_builtin(known) && !matches!(op, B::Shl | B::Shr) {
                self.solver.table.unify(other, known);
                return self.finish_binary(id, op, op_span, a, b, assign, false);
            }
            return false;
        }
        if Self::is_builtin(a_base) && Self::is_builtin(b_base) && (!assign || !matches!(a_ty.kind(), TyKind::Ref(..))) {
            return self.builtin_binary(id, op, op_span, a, b, assign);
        }
        if matches!(a_ty.kind(), TyKind::Ptr(..)) && is_comparison(op) {
            let b = self.coerce(b, a_ty);
            self.exprs[id.index()].kind = ExprKind::Binary(op, a, b);
            return true;
        }
        if is_comparison(op) {
            return self.overloaded_comparison(id, op, op_span, a, b);
        }
        self.overloaded_binary(id, op, op_span, a, b, assign)
    }

    pub(super) fn peel(&self, ty: Ty) -> Ty {
        let mut at = self.shallow(ty);
        while let TyKind::Ref(_, to) = at.kind() {
            at = self.shallow(*to);
        }
        at
    }

    fn builtin_binary(&mut self, id: ExprId, op: B, op_span: Span, a: ExprId, b: ExprId, assign: bool) -> bool {
        // Comparing a reference with a value is a mistake, as in Rust.
        let depth = |cx: &Self, id: ExprId| {
            let mut at = cx.shallow(cx.ty_of(id));
            let mut depth = 0;
            while let TyKind::Ref(_, to) = at.kind() {
                at = cx.shallow(*to);
                depth += 1;
            }
            depth
        };
        if is_comparison(op) && depth(self, a) != depth(self, b) {
            let (a_shown, b_shown) = (self.show(self.ty_of(a)), self.show(self.ty_of(b)));
            let (a_span, b_span) = (self.span_of(a), self.span_of(b));
            let star = if depth(self, a) > depth(self, b) { a_span } else { b_span };
            self.report(errors::compare_reference(op_span, a_span.to(b_span), &a_shown, &b_shown, star));
            self.exprs[id.index()].kind = ExprKind::Error;
            return true;
        }
        let (left, right) = if assign { (a, self.load(b)) } else { (self.load(a), self.load(b)) };
        let (l, r) = (self.shallow(self.ty_of(left)), self.shallow(self.ty_of(right)));
        let shift = matches!(op, B::Shl | B::Shr);
        let applies = match op {
            B::Add | B::Sub | B::Mul | B::Div | B::Rem => l.is_integer() || l.is_float(),
            B::BitAnd | B::BitOr | B::BitXor => l.is_integer() || l.is_bool(),
            B::Shl | B::Shr => l.is_integer() && r.is_integer(),
            B::Eq | B::Ne | B::Lt | B::Le | B::Gt | B::Ge => true,
            B::And | B::Or => l.is_bool(),
        };
        let agrees = applies && (shift || self.try_unify(l, r));
        if !agrees {
            let (l, r) = (self.show(l), self.show(r));
            let (a_span, b_span) = (self.span_of(a), self.span_of(b));
            self.report(errors::operator_mismatch(op_text(op), op_span, a_span, b_span, &l, &r));
            self.exprs[id.index()].kind = ExprKind::Error;
            let ty = self.ty_of(id);
            self.solver.table.unify(ty, Ty::error());
            return true;
        }
        if !is_comparison(op) && !assign {
            let ty = self.ty_of(id);
            let span = self.span_of(id);
            self.must_equal(ty, l, span);
        }
        self.exprs[id.index()].kind =
            if assign { ExprKind::AssignOp(op, left, right) } else { ExprKind::Binary(op, left, right) };
        true
    }

    /// Both sides as places of one type that can be compared by reference; text of any form is compared as `str`.
    pub(super) fn comparable(&mut self, a: ExprId, b: ExprId, span: Span) -> (ExprId, ExprId, Ty) {
        let (a_ty, b_ty) = (self.structurally(self.ty_of(a)), self.structurally(self.ty_of(b)));
        let (a_base, b_base) = (self.peel(a_ty), self.peel(b_ty));
        if self.is_text(a_base) && self.is_text(b_base) && a_ty != b_ty {
            let (a, b) = (self.as_str_place(a), self.as_str_place(b));
            return (a, b, Ty::str());
        }
        let b = match self.try_coerce(b, a_ty) {
            Some(b) => b,
            None => {
                self.mismatch(a_ty, b_ty, self.span_of(b));
                self.error_expr(span)
            }
        };
        (a, b, a_ty)
    }

    /// The `str` place that a text value is or leads to.
    fn as_str_place(&mut self, id: ExprId) -> ExprId {
        let mut place = id;
        loop {
            let mut ty = self.structurally(self.ty_of(place));
            if let TyKind::Infer(InferTy::Text(_)) = ty.kind() {
                let string = self.string_ty();
                self.solver.table.unify(ty, string);
                ty = string;
            }
            if ty.is_str() {
                return place;
            }
            match self.deref_step(place) {
                Some(next) => place = next,
                None => return place,
            }
        }
    }

    fn overloaded_comparison(&mut self, id: ExprId, op: B, op_span: Span, a: ExprId, b: ExprId) -> bool {
        let span = self.span_of(id);
        let (a_ty, b_ty) = (self.shallow(self.ty_of(a)), self.shallow(self.ty_of(b)));
        let (a_base, b_base) = (self.peel(a_ty), self.peel(b_ty));
        let is_equality = matches!(op, B::Eq | B::Ne);
        let trait_name = if is_equality { "eq" } else { "ord" };
        let trait_id = self.program.lang.trait_id(trait_name);
        let (left, right, ty) = if self.is_text(a_base) && self.is_text(b_base) {
            (self.as_str_place(a), self.as_str_place(b), Ty::str())
        } else {
            let (mut left, mut right) = (a, b);
            let (mut l, mut r) = (a_ty, b_ty);
            // `&a == &b` compares what they point to.
            while let (TyKind::Ref(_, to_l), TyKind::Ref(_, to_r)) = (l.kind(), r.kind()) {
                let (l_span, r_span) = (self.span_of(left), self.span_of(right));
                left = self.expr(ExprKind::Deref(left), *to_l, l_span);
                right = self.expr(ExprKind::Deref(right), *to_r, r_span);
                (l, r) = (self.shallow(*to_l), self.shallow(*to_r));
            }
            match self.try_coerce(right, l) {
                Some(made) => right = made,
                None => {
                    let (l, r) = (self.show(l), self.show(r));
                    let (a_span, b_span) = (self.span_of(a), self.span_of(b));
                    self.report(errors::operator_mismatch(op_text(op), op_span, a_span, b_span, &l, &r));
                    self.exprs[id.index()].kind = ExprKind::Error;
                    return true;
                }
            }
            (left, right, l)
        };
        if self.solver.evaluate(trait_id, Args::new(&[ty])) == Answer::No {
            let shown = self.show(ty);
            let resolved = self.resolve(ty);
            let declared = match resolved.kind() {
                TyKind::Adt(adt, _) if !self.program.module(self.program.adt(*adt).module).library => {
                    Some(self.program.adt(*adt).span)
                }
                _ => None,
            };
            let is_param = matches!(resolved.kind(), TyKind::Param(_));
            let name = self.program.trait_def(trait_id).name;
            self.report(errors::no_comparison(op_span, span, op_text(op), &shown, name, declared, is_param));
            self.exprs[id.index()].kind = ExprKind::Error;
            return true;
        }
        let args = Args::new(&[ty]);
        self.require(trait_id, args, op_span);
        let method = match op {
            B::Eq | B::Ne => "eq",
            B::Lt => "lt",
            B::Le => "le",
            B::Gt => "gt",
            _ => "ge",
        };
        let method = self.program.trait_method(trait_name, method);
        let (l, r) = (self.shared_ref(left, span), self.shared_ref(right, span));
        let call = ExprKind::Call(Callee::Fn(method, args), vec![l, r]);
        if op == B::Ne {
            let call = self.expr(call, Ty::bool(), span);
            self.exprs[id.index()].kind = ExprKind::Unary(U::Not, call);
        } else {
            self.exprs[id.index()].kind = call;
        }
        true
    }

    fn overloaded_binary(&mut self, id: ExprId, op: B, op_span: Span, a: ExprId, b: ExprId, assign: bool) -> bool {
        let span = self.span_of(id);
        let (name, method) = operator_trait(op);
        if assign {
            let assign_name = format!("{name}_assign");
            if let Some(crate::LangItem::Trait(trait_id)) = self.program.lang.get(&assign_name) {
                let method_name = format!("{method}_assign");
                if let Some((args, b)) = self.operator_args(trait_id, a, b) {
                    let method = self.program.trait_method(&assign_name, &method_name);
                    self.require(trait_id, args, op_span);
                    let place = self.mutable_ref(a, span);
                    self.exprs[id.index()].kind = ExprKind::Call(Callee::Fn(method, args), vec![place, b]);
                    return true;
                }
            }
        }
        let trait_id = self.program.lang.trait_id(name);
        let Some((args, b)) = self.operator_args(trait_id, a, b) else {
            let (l, r) = (self.show(self.ty_of(a)), self.show(self.ty_of(b)));
            let (a_span, b_span) = (self.span_of(a), self.span_of(b));
            let base = self.peel(self.ty_of(a));
            let is_param = matches!(base.kind(), TyKind::Param(_));
            let trait_shown = self.program.trait_def(trait_id).name;
            let text = if assign { format!("{}=", op_text(op)) } else { op_text(op).to_string() };
            self.report(errors::no_operator(&text, op_span, a_span, b_span, &l, &r, trait_shown, is_param));
            self.exprs[id.index()].kind = ExprKind::Error;
            let ty = self.ty_of(id);
            self.solver.table.unify(ty, Ty::error());
            return true;
        };
        self.require(trait_id, args, op_span);
        let projection = ProjectionTy { trait_id, args, name: Symbol::intern("Output") };
        let output = self.normalize_at(Ty::new(TyKind::Projection(projection)), op_span);
        let method = self.program.trait_method(name, method);
        let call = ExprKind::Call(Callee::Fn(method, args), vec![a, b]);
        if assign {
            // `a += b` without its own trait is `a = a + b`, for what can be copied.
            let a_ty = self.ty_of(a);
            let value = self.expr(call, output, span);
            let value = self.coerce(value, a_ty);
            self.exprs[id.index()].kind = ExprKind::Assign(a, value);
        } else {
            let ty = self.ty_of(id);
            self.must_equal(ty, output, span);
            self.exprs[id.index()].kind = call;
        }
        true
    }

    /// The trait's arguments, and the right side as the impl wants it.
    fn operator_args(&mut self, trait_id: TraitId, a: ExprId, b: ExprId) -> Option<(Args, ExprId)> {
        let (a_ty, b_ty) = (self.resolve(self.ty_of(a)), self.resolve(self.ty_of(b)));
        let direct = Args::new(&[a_ty, b_ty]);
        if self.solver.evaluate(trait_id, direct) != Answer::No {
            return Some((direct, b));
        }
        // `s + "x"`, `s += &t`: the one impl says what it takes, and the value is made to fit.
        let wanted = self.fresh(self.span_of(b));
        let open = Args::new(&[a_ty, wanted]);
        let snapshot = self.solver.table.snapshot();
        let selected = self.solver.select(trait_id, open);
        self.solver.pending.clear();
        if !matches!(selected, Ok(Some(_))) {
            self.solver.table.rollback(snapshot);
            return None;
        }
        self.solver.table.commit(snapshot);
        if self.shallow(wanted).is_infer() {
            return None;
        }
        let b = self.try_coerce_literal(b, wanted)?;
        Some((Args::new(&[a_ty, wanted]), b))
    }

    pub(super) fn assign_op(&mut self, op: B, op_span: Span, place: &ast::Expr, value: &ast::Expr, span: Span) -> ExprId {
        // The value first: it may look at the place.
        let target = self.check_assignee(place);
        let ty = self.structurally(self.ty_of(target));
        let hint = if matches!(op, B::Shl | B::Shr) { None } else { self.operand_hint(ty, op) };
        let value = self.check_expr(value, hint);
        let id = self.expr(ExprKind::AssignOp(op, target, value), Ty::unit(), span);
        if matches!(op, B::And | B::Or) {
            let value = self.coerce(value, Ty::bool());
            self.exprs[id.index()].kind = ExprKind::AssignOp(op, target, value);
            return id;
        }
        if !self.finish_binary(id, op, op_span, target, value, true, false) {
            self.deferred.push(Deferred::Binary { expr: id, op, op_span, lhs: target, rhs: value, assign: true });
        }
        id
    }

    pub(super) fn unary(&mut self, op: U, operand: &ast::Expr, expect: Option<Ty>, span: Span) -> ExprId {
        match op {
            U::Deref => self.dereference(operand, expect, span),
            U::Neg | U::Not => {
                // `-5` is one literal: the minimum has no positive twin.
                let value = self.check_expr(operand, expect);
                if op == U::Neg
                    && let ExprKind::Const(Const::Int(n)) = self.exprs[value.index()].kind
                    && matches!(operand.kind, ast::ExprKind::Lit(_))
                    && self.shallow(self.ty_of(value)).is_integer()
                {
                    self.exprs[value.index()].kind = ExprKind::Const(Const::Int(-n));
                    self.exprs[value.index()].span = span;
                    return value;
                }
                if op == U::Neg
                    && let ExprKind::Const(Const::Float(bits)) = self.exprs[value.index()].kind
                {
                    self.exprs[value.index()].kind = ExprKind::Const(Const::Float((-f64::from_bits(bits)).to_bits()));
                    self.exprs[value.index()].span = span;
                    return value;
                }
                let ty = self.fresh(span);
                let id = self.expr(ExprKind::Unary(op, value), ty, span);
                if !self.finish_unary(id, op, value) {
                    self.deferred.push(Deferred::Negate { expr: id, op, operand: value });
                }
                id
            }
        }
    }

    fn finish_unary(&mut self, id: ExprId, op: U, operand: ExprId) -> bool {
        let ty = self.structurally(self.ty_of(operand));
        let base = self.peel(ty);
        let span = self.span_of(id);
        let result = self.ty_of(id);
        if base.is_error() || base.is_never() {
            self.tainted |= base.is_error();
            self.exprs[id.index()].kind = if base.is_never() { ExprKind::Cast(Cast::Never, operand) } else { ExprKind::Error };
            self.solver.table.unify(result, if base.is_never() { Ty::unit() } else { Ty::error() });
            return true;
        }
        if matches!(base.kind(), TyKind::Infer(InferTy::General(_))) {
            return false;
        }
        let builtin = match op {
            U::Neg => {
                base.is_float()
                    || match base.kind() {
                        TyKind::Int(int) => int.is_signed(),
                        _ => base.is_integer(),
                    }
            }
            U::Not => base.is_integer() || base.is_bool(),
            U::Deref => false,
        };
        if builtin {
            let value = self.load(operand);
            self.exprs[id.index()].kind = ExprKind::Unary(op, value);
            self.must_equal(result, base, span);
            return true;
        }
        let (name, text) = if op == U::Neg { ("neg", "-") } else { ("not", "!") };
        let trait_id = self.program.lang.trait_id(name);
        let args = Args::new(&[ty]);
        if self.solver.evaluate(trait_id, args) == Answer::No {
            let unsigned = matches!(base.kind(), TyKind::Int(_));
            let shown = self.show(ty);
            let trait_name = self.program.trait_def(trait_id).name;
            self.report(errors::no_unary(text, span, &shown, trait_name, unsigned));
            self.exprs[id.index()].kind = ExprKind::Error;
            self.solver.table.unify(result, Ty::error());
            return true;
        }
        self.require(trait_id, args, span);
        let projection = ProjectionTy { trait_id, args, name: Symbol::intern("Output") };
        let output = self.normalize_at(Ty::new(TyKind::Projection(projection)), span);
        self.must_equal(result, output, span);
        let method = self.program.trait_method(name, name);
        self.exprs[id.index()].kind = ExprKind::Call(Callee::Fn(method, args), vec![operand]);
        true
    }

    fn dereference(&mut self, operand: &ast::Expr, _expect: Option<Ty>, span: Span) -> ExprId {
        let value = self.check_expr(operand, None);
        let ty = self.known(self.ty_of(value));
        match ty.kind() {
            TyKind::Error => self.error_expr(span),
            TyKind::Ptr(_, to) => {
                self.unsafe_used = true;
                if self.unsafe_depth == 0 {
                    self.report(errors::needs_unsafe(span, "dereference of a raw pointer"));
                }
                self.expr(ExprKind::Deref(value), *to, span)
            }
            TyKind::Infer(InferTy::General(_)) => {
                self.report_unknown(ty, operand.span);
                self.error_expr(span)
            }
            _ => match self.deref_step(value) {
                Some(place) => {
                    self.exprs[place.index()].span = span;
                    place
                }
                None => {
                    let shown = self.show(ty);
                    self.report(errors::cannot_dereference(span, &shown));
                    self.error_expr(span)
                }
            },
        }
    }

    /// Tries what waited. Whether any of it was settled.
    pub(super) fn retry_deferred(&mut self, last: bool) -> bool {
        if self.deferred.is_empty() {
            return false;
        }
        let mut progress = false;
        for deferred in std::mem::take(&mut self.deferred) {
            let done = match &deferred {
                Deferred::Binary { expr, op, op_span, lhs, rhs, assign } => {
                    self.can_finish(*lhs, *rhs, last) && self.finish_binary(*expr, *op, *op_span, *lhs, *rhs, *assign, last)
                }
                Deferred::Negate { expr, op, operand } => {
                    !self.is_unknown(*operand) && self.finish_unary(*expr, *op, *operand)
                }
                Deferred::Cast { expr, operand, to } => self.finish_cast(*expr, *operand, *to, last),
            };
            if done {
                progress = true;
            } else {
                self.deferred.push(deferred);
            }
        }
        progress
    }

    /// Without `structurally`, which would come back here.
    fn is_unknown(&self, id: ExprId) -> bool {
        matches!(self.peel(self.ty_of(id)).kind(), TyKind::Infer(InferTy::General(_)))
    }

    fn can_finish(&self, a: ExprId, b: ExprId, last: bool) -> bool {
        last || !self.is_unknown(a) && !self.is_unknown(b)
    }

    fn finish_cast(&mut self, id: ExprId, operand: ExprId, to: Ty, last: bool) -> bool {
        let from = self.shallow(self.ty_of(operand));
        let to = self.shallow(to);
        let span = self.span_of(id);
        if from.is_error() || to.is_error() {
            self.tainted = true;
            self.exprs[id.index()].kind = ExprKind::Error;
            return true;
        }
        if from.is_never() {
            self.exprs[id.index()].kind = ExprKind::Cast(Cast::Never, operand);
            return true;
        }
        if to.is_infer() || matches!(from.kind(), TyKind::Infer(InferTy::General(_))) {
            if last && to.is_infer() {
                self.report_unknown(to, span);
                return true;
            }
            return false;
        }
        // A literal casts as what it is cast to, where it fits: `300 as u8` still wraps as an `int`.
        if let TyKind::Infer(_) = from.kind()
            && !last
        {
            return false;
        }
        let from_plain_enum = match from.kind() {
            TyKind::Adt(adt, _) => self.program.adt(*adt).is_plain_enum(),
            _ => false,
        };
        let u8_ty = Ty::integer(IntTy::U8);
        let cast = match (from.kind(), to.kind()) {
            (_, TyKind::Int(_)) if from.is_integer() => Some(Cast::IntToInt),
            (TyKind::Bool | TyKind::Char, TyKind::Int(_)) => Some(Cast::IntToInt),
            (TyKind::Adt(..), TyKind::Int(_)) if from_plain_enum => Some(Cast::IntToInt),
            (_, TyKind::Char) if from == u8_ty => Some(Cast::IntToInt),
            (TyKind::Char, TyKind::Char) | (TyKind::Bool, TyKind::Bool) => Some(Cast::IntToInt),
            (_, TyKind::Float(_)) if from.is_integer() => Some(Cast::IntToFloat),
            (_, TyKind::Int(_)) if from.is_float() => Some(Cast::FloatToInt),
            (_, TyKind::Float(_)) if from.is_float() => Some(Cast::FloatToFloat),
            (TyKind::Ptr(..), TyKind::Ptr(..)) => Some(Cast::PointerToPointer),
            (TyKind::Ptr(..) | TyKind::FnPtr(_), TyKind::Int(_)) => Some(Cast::PointerToInt),
            (_, TyKind::Ptr(..)) if from.is_integer() => Some(Cast::IntToPointer),
            _ => None,
        };
        if let Some(cast) = cast {
            self.exprs[id.index()].kind = ExprKind::Cast(cast, operand);
            return true;
        }
        // Whatever coerces may also be written as a cast.
        if let Some(made) = self.try_coerce(operand, to) {
            let made = self.exprs[made.index()].clone();
            self.exprs[id.index()].kind = made.kind;
            return true;
        }
        let (from_shown, to_shown) = (self.show(from), self.show(to));
        let is_char = matches!(to.kind(), TyKind::Char);
        let text_to_number = self.is_text(self.peel(from)) && (to.is_integer() || to.is_float());
        self.report(errors::bad_cast(span, &from_shown, &to_shown, is_char, text_to_number));
        self.exprs[id.index()].kind = ExprKind::Error;
        true
    }
}

fn is_comparison(op: B) -> bool {
    matches!(op, B::Eq | B::Ne | B::Lt | B::Le | B::Gt | B::Ge)
}

/// The lang name of an operator's trait, and its method.
fn operator_trait(op: B) -> (&'static str, &'static str) {
    match op {
        B::Add => ("add", "add"),
        B::Sub => ("sub", "sub"),
        B::Mul => ("mul", "mul"),
        B::Div => ("div", "div"),
        B::Rem => ("rem", "rem"),
        B::BitAnd => ("bitand", "bitand"),
        B::BitOr => ("bitor", "bitor"),
        B::BitXor => ("bitxor", "bitxor"),
        B::Shl => ("shl", "shl"),
        B::Shr => ("shr", "shr"),
        B::Eq | B::Ne | B::Lt | B::Le | B::Gt | B::Ge | B::And | B::Or => {
            panic!("bug! operator_trait: `{}` has no operator trait", op_text(op))
        }
    }
}

pub(super) fn op_text(op: B) -> &'static str {
    match op {
        B::Add => "+",
        B::Sub => "-",
        B::Mul => "*",
        B::Div => "/",
        B::Rem => "%",
        B::BitAnd => "&",
        B::BitOr => "|",
        B::BitXor => "^",
        B::Shl => "<<",
        B::Shr => ">>",
        B::Eq => "==",
        B::Ne => "!=",
        B::Lt => "<",
        B::Le => "<=",
        B::Gt => ">",
        B::Ge => ">=",
        B::And => "&&",
        B::Or => "||",
    }
}
