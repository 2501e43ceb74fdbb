//! Expressions into a destination, statements and blocks.

use super::pattern::is_plain_binding;
use super::rvalue::binary_op;
use super::{Builder, DropKind};
use crate::body::*;
use diag::Span;
use hir::ids::{ExprId, PatId};
use hir::ty::{Ty, TyKind};
use hir::typed::{self, Callee as TypedCallee, ExprKind, PatKind, Stmt};

impl Builder<'_> {
    /// Evaluates an expression and puts its value into `dest`.
    pub(super) fn expr_into(&mut self, dest: Place, id: ExprId) {
        let typed = self.typed;
        let expr = typed.expr(id);
        let source = self.source(expr.span);
        match &expr.kind {
            ExprKind::Block(block) => self.block_into(dest, block, expr),
            ExprKind::Unsafe(inner) => self.expr_into(dest, *inner),
            ExprKind::Region(index) => self.region_into(dest, *index, expr.span),
            ExprKind::If { cond, then, or_else } => self.if_into(dest, id, *cond, *then, *or_else),
            ExprKind::And(..) | ExprKind::Or(..) | ExprKind::Let(..) => self.condition_into(dest, id),
            ExprKind::Match { scrutinee, arms } => self.match_into(dest, *scrutinee, arms, expr.span),
            ExprKind::Loop { id: label, body } => {
                let head = self.new_block();
                self.terminate(source, TerminatorKind::Goto(head));
                self.go_to(head);
                self.in_breakable(*label, Some(head), dest, |this| {
                    this.in_temp_scope(expr.span, |this| this.statement(*body));
                    if this.live {
                        this.goto(source, head);
                    }
                });
            }
            ExprKind::Labeled { id: label, body } => {
                self.in_breakable(*label, None, dest.clone(), |this| this.expr_into(dest, *body));
            }
            ExprKind::Call(callee, args) => self.call_into(dest, id, callee, args),
            ExprKind::Assign(..)
            | ExprKind::AssignOp(..)
            | ExprKind::Break { .. }
            | ExprKind::Continue { .. }
            | ExprKind::Propagate(_)
            | ExprKind::Return(_) => {
                self.statement(id);
                if self.live {
                    self.unit_into(source, dest);
                }
            }
            ExprKind::Cast(typed::Cast::Never, inner) => {
                self.statement(*inner);
                if self.live {
                    self.unreachable(source);
                }
            }
            ExprKind::Error => bug!("build", self.name; "a mistaken expression"),
            ExprKind::Const(_)
            | ExprKind::Local(_)
            | ExprKind::Static(_)
            | ExprKind::ConstItem(..)
            | ExprKind::ConstParam(_)
            | ExprKind::FnItem(..)
            | ExprKind::Field(..)
            | ExprKind::Index(..)
            | ExprKind::Deref(_)
            | ExprKind::Ref(..)
            | ExprKind::RawRef(..)
            | ExprKind::Binary(..)
            | ExprKind::Unary(..)
            | ExprKind::Tuple(_)
            | ExprKind::Array(_)
            | ExprKind::Repeat(_)
            | ExprKind::Adt { .. }
            | ExprKind::Closure(_)
            | ExprKind::Cast(..) => {
                let value = self.as_rvalue(id);
                if matches!(value, Rvalue::Use(Operand::Const(Const { kind: ConstKind::Zero, .. }))) && expr.ty.is_unit() {
                    self.unit_into(source, dest);
                } else {
                    self.assign(source, dest, value);
                }
                if expr.ty.is_never() && self.live {
                    self.unreachable(source);
                }
            }
        }
    }

    fn unit_into(&mut self, source: SourceId, dest: Place) {
        let local = dest.as_local();
        if local != Some(Local::RETURN) && (local.is_none() || local != self.sink) {
            self.assign(source, dest, Rvalue::Use(Operand::unit()));
        }
    }

    /// Evaluates an expression whose value nobody takes.
    pub(super) fn statement(&mut self, id: ExprId) {
        let typed = self.typed;
        let expr = typed.expr(id);
        let source = self.source(expr.span);
        match &expr.kind {
            ExprKind::Assign(place, value) => self.assignment(source, *place, *value),
            ExprKind::AssignOp(op, place, value) => {
                let ty = typed.expr(*place).ty;
                let value = self.as_operand(*value);
                let place = self.as_place(*place);
                let old = Operand::Copy(place.clone());
                self.assign(source, place, Rvalue::Binary(binary_op(*op, ty), old, value));
            }
            ExprKind::Break { target, value } => {
                let dest = self.breakable_dest(*target);
                match value {
                    Some(value) => self.expr_into(dest, *value),
                    None => self.unit_into(source, dest),
                }
                self.break_out(*target, source);
            }
            ExprKind::Continue { target } => self.continue_with(*target, source),
            ExprKind::Return(value) => {
                if let Some(value) = value {
                    self.expr_into(Place::RETURN, *value);
                }
                self.return_out(source);
            }
            ExprKind::Propagate(value) => {
                self.expr_into(Place::RETURN, *value);
                self.propagate_out(source);
            }
            ExprKind::Unsafe(inner) => self.statement(*inner),
            _ if expr.ty.is_unit() => {
                let sink = self.sink();
                self.expr_into(sink, id);
            }
            _ if expr.ty.is_never() => {
                let temp = self.new_temp(expr.ty, source);
                self.expr_into(Place::local(temp), id);
                if self.live {
                    self.unreachable(source);
                }
            }
            _ => {
                self.as_temp(id);
            }
        }
    }

    fn assignment(&mut self, source: SourceId, place: ExprId, value: ExprId) {
        let ty = self.typed.expr(place).ty;
        if self.types.needs_drop(ty) {
            let value = self.as_operand(value);
            let place = self.as_place(place);
            self.consumed(std::slice::from_ref(&value));
            self.replace(source, place, value);
            return;
        }
        if let ExprKind::Local(id) = self.typed.expr(place).kind {
            let variable = self.variable(id);
            if let Some(dest) = self.try_resolve(&variable)
                && dest.is_local()
            {
                return self.assign_whole(source, dest, value);
            }
        }
        let value = self.as_operand(value);
        let place = self.as_place(place);
        self.assign(source, place, Rvalue::Use(value));
    }

    /// Without a temporary; what is computed may read the old value, which stands until all of the new one does.
    fn assign_whole(&mut self, source: SourceId, dest: Place, value: ExprId) {
        match self.typed.expr(value).kind {
            ExprKind::Block(_)
            | ExprKind::If { .. }
            | ExprKind::Match { .. }
            | ExprKind::Loop { .. }
            | ExprKind::Labeled { .. }
            | ExprKind::And(..)
            | ExprKind::Or(..)
            | ExprKind::Let(..)
            | ExprKind::Region(_)
            | ExprKind::Unsafe(_) => {
                // The report of an assignment belongs to the assignment, not to one of the branches.
                let value = self.as_operand(value);
                self.assign(source, dest, Rvalue::Use(value));
            }
            ExprKind::Call(ref callee, ref args) => self.call_with_source(dest, value, callee, args, source),
            _ => {
                let never = self.typed.expr(value).ty.is_never();
                let value = self.as_rvalue(value);
                self.assign(source, dest, value);
                if never && self.live {
                    self.unreachable(source);
                }
            }
        }
    }

    fn if_into(&mut self, dest: Place, id: ExprId, cond: ExprId, then: ExprId, or_else: Option<ExprId>) {
        let span = self.typed.expr(id).span;
        let source = self.source(span);
        let join = self.new_block();
        let mut joined = false;
        let then_dest = dest.clone();
        let failed = self.in_if_scope(span, |this| {
            this.condition(cond);
            this.value_or_statement(then_dest, then, or_else.is_none());
        });
        if self.live {
            joined = true;
            self.goto(source, join);
        }
        if let Some(failed) = failed {
            self.go_to(failed);
            match or_else {
                Some(or_else) => self.in_temp_scope(span, |this| this.expr_into(dest, or_else)),
                None => self.unit_into(source, dest),
            }
            if self.live {
                joined = true;
                self.goto(source, join);
            }
        }
        if joined {
            self.go_to(join);
        } else {
            self.diverge();
        }
    }

    fn value_or_statement(&mut self, dest: Place, id: ExprId, dropped: bool) {
        let ty = self.typed.expr(id).ty;
        if dropped && !ty.is_unit() {
            self.statement(id);
            if self.live {
                let source = self.expr_source(id);
                self.unit_into(source, dest);
            }
        } else {
            self.expr_into(dest, id);
        }
    }

    fn call_into(&mut self, dest: Place, id: ExprId, callee: &TypedCallee, args: &[ExprId]) {
        let source = self.expr_source(id);
        self.call_with_source(dest, id, callee, args, source);
    }

    fn call_with_source(&mut self, dest: Place, id: ExprId, callee: &TypedCallee, args: &[ExprId], source: SourceId) {
        let typed = self.typed;
        let ty = typed.expr(id).ty;
        let unboxed;
        let args = match (callee, args.split_first()) {
            // What is called once out of a `Box` is called with its box: it has no size to be moved out.
            (TypedCallee::FnTrait(typed::ClosureKind::FnOnce), Some((&first, rest))) => match typed.expr(first).kind {
                ExprKind::Deref(of) if matches!(typed.expr(first).ty.kind(), TyKind::Dyn(_)) => {
                    unboxed = std::iter::once(of).chain(rest.iter().copied()).collect::<Vec<ExprId>>();
                    &unboxed[..]
                }
                _ => args,
            },
            _ => args,
        };
        let mut operands = self.arguments(callee, args);
        self.consumed(&operands);
        let callee = match callee {
            TypedCallee::Fn(id, args) => Callee::Fn(*id, *args),
            TypedCallee::FnTrait(kind) => Callee::FnTrait(*kind, typed.expr(args[0]).ty.peeled()),
            TypedCallee::Pointer => Callee::Pointer(operands.remove(0)),
        };
        self.call(source, callee, operands, dest, ty);
    }

    pub(super) fn call(&mut self, source: SourceId, callee: Callee, args: Vec<Operand>, dest: Place, ret: Ty) {
        let unwind = self.unwind_block();
        let target = (!ret.is_never()).then(|| self.new_block());
        self.terminate(source, TerminatorKind::Call { callee, args, dest, target, unwind });
        match target {
            Some(target) => self.go_to(target),
            None => self.diverge(),
        }
    }

    // Blocks and statements.

    fn block_into(&mut self, dest: Place, block: &typed::Block, expr: &typed::Expr) {
        let span = expr.span;
        self.in_scope(span, |this| {
            for stmt in &block.stmts {
                match stmt {
                    Stmt::Expr(id) => {
                        let span = this.typed.expr(*id).span;
                        this.in_temp_scope(span, |this| this.statement(*id));
                    }
                    Stmt::Let { pat, init, or_else, span } => this.let_statement(*pat, *init, *or_else, *span),
                    Stmt::Open(region) => this.open_region(*region, &dest),
                }
            }
            match block.tail {
                Some(tail) => {
                    // Temporaries of the tail die before the variables of the block.
                    let span = this.typed.expr(tail).span;
                    this.in_temp_scope(span, |this| this.value_or_statement(dest, tail, expr.ty.is_unit()));
                }
                None => {
                    if this.live {
                        let source = this.source(span.end());
                        this.unit_into(source, dest);
                    }
                }
            }
        });
    }

    fn let_statement(&mut self, pat: PatId, init: Option<ExprId>, or_else: Option<ExprId>, span: Span) {
        let scope = self.scopes.len() - 1;
        let Some(init) = init else {
            for id in self.bindings(pat) {
                let local = self.live_variable(id);
                self.schedule_variable(scope, local);
            }
            return;
        };
        let binds_by_ref = self.binds_by_ref(pat);
        self.extend_temporaries(init, scope, binds_by_ref);
        match or_else {
            None => self.in_temp_scope(span, |this| this.let_init(pat, init, scope)),
            Some(or_else) => self.let_else(pat, init, or_else, span, scope),
        }
    }

    fn let_init(&mut self, pat: PatId, init: ExprId, scope: usize) {
        let kind = &self.typed.pat(pat).kind;
        if let (Some(id), false) = (is_plain_binding(kind), self.typed.expr(init).ty.is_never()) {
            let local = self.live_variable(id);
            self.schedule(scope, local, DropKind::Storage);
            self.expr_into(Place::local(local), init);
            self.schedule_value(scope, local);
            return;
        }
        match kind {
            PatKind::Wild if self.is_place(init) => {
                // Neither read nor moved.
                let place = self.as_place_builder(init);
                self.try_resolve(&place);
            }
            PatKind::Wild => self.statement(init),
            _ => {
                let place = self.as_place_builder(init);
                self.bind_irrefutable(place, pat, scope);
            }
        }
    }

    fn let_else(&mut self, pat: PatId, init: ExprId, or_else: ExprId, span: Span, scope: usize) {
        let failed = self.in_if_scope(span, |this| {
            this.let_condition(pat, init, scope);
        });
        let source = self.source(span);
        let after = self.new_block();
        let reached = self.live;
        if reached {
            self.goto(source, after);
        }
        if let Some(failed) = failed {
            // What the pattern binds is scheduled on this path too, but was never given a value: nothing is dropped.
            self.go_to(failed);
            self.in_temp_scope(span, |this| this.statement(or_else));
            if self.live {
                self.unreachable(source);
            }
        }
        if reached {
            self.go_to(after);
        } else {
            self.diverge();
        }
    }

    /// `let x = &temp()`, also inside struct, tuple and array values and at the end of blocks: such temporaries live as
    /// long as the variable.
    fn extend_temporaries(&mut self, id: ExprId, scope: usize, binds_by_ref: bool) {
        if binds_by_ref {
            self.extend_operand(id, scope);
        }
        self.extend_values(id, scope);
    }

    fn extend_values(&mut self, id: ExprId, scope: usize) {
        let typed = self.typed;
        match &typed.expr(id).kind {
            ExprKind::Ref(_, of) | ExprKind::RawRef(_, of) => {
                self.extend_operand(*of, scope);
                self.extend_values(*of, scope);
            }
            ExprKind::Tuple(of) | ExprKind::Array(of) => of.iter().for_each(|id| self.extend_values(*id, scope)),
            ExprKind::Adt { fields, .. } => fields.iter().for_each(|(_, id)| self.extend_values(*id, scope)),
            ExprKind::Cast(_, of) | ExprKind::Unsafe(of) => self.extend_values(*of, scope),
            ExprKind::Block(block) => block.tail.iter().for_each(|id| self.extend_values(*id, scope)),
            ExprKind::If { then, or_else: Some(or_else), .. } => {
                self.extend_values(*then, scope);
                self.extend_values(*or_else, scope);
            }
            ExprKind::Match { arms, .. } => arms.iter().for_each(|arm| self.extend_values(arm.body, scope)),
            _ => {}
        }
    }

    /// The operand of a reference, and the values its path starts from.
    fn extend_operand(&mut self, id: ExprId, scope: usize) {
        match self.typed.expr(id).kind {
            // What a reference or a method call inside gives lives by its own rules.
            ExprKind::Field(of, _) | ExprKind::Index(of, _) | ExprKind::Deref(of) => {
                self.extend_values(of, scope);
                self.extend_operand(of, scope);
            }
            _ if !self.is_place(id) => {
                self.extended.insert(id, scope);
                // `&list()[0]`: what is indexed or dereferenced lives as long as the part.
                if let Some(owner) = self.automatic_access(id) {
                    self.extend_values(owner, scope);
                }
            }
            _ => {}
        }
    }
}
