//! Conditions: what decides an `if`, with `let` inside. Control goes on where they hold and leaves where they fail.

use super::Builder;
use crate::body::*;
use hir::ids::{ExprId, PatId};
use hir::typed::{ExprKind, UnaryOp};

impl Builder<'_> {
    /// Goes on if it holds; else leaves through the innermost `if` scope.
    pub(super) fn condition(&mut self, id: ExprId) {
        let expr = self.typed.expr(id);
        match expr.kind {
            ExprKind::And(left, right) => {
                self.condition(left);
                self.condition(right);
            }
            ExprKind::Or(left, right) => self.either(left, right),
            ExprKind::Let(pat, init) => {
                let scope = self.scopes.len() - 1;
                self.let_condition(pat, init, scope);
            }
            ExprKind::Unary(UnaryOp::Not, inner) => self.test(inner, false),
            _ => self.test(id, true),
        }
    }

    /// A plain condition. Its temporaries die before anything depends on it.
    fn test(&mut self, id: ExprId, wanted: bool) {
        let span = self.typed.expr(id).span;
        let source = self.source(span);
        if let Some(Operand::Const(Const { kind: ConstKind::Int(value), .. })) = self.as_constant(id) {
            // `while true` must not leave a way out.
            if (value != Wide::ZERO) != wanted {
                self.fail_condition(source);
            }
            return;
        }
        let value = self.in_temp_scope(span, |this| this.as_operands(&[id]).remove(0));
        if !self.live {
            return;
        }
        let (holds, fails) = (self.new_block(), self.new_block());
        let (if_false, otherwise) = if wanted { (fails, holds) } else { (holds, fails) };
        self.terminate(source, TerminatorKind::Switch { value, targets: vec![(0, if_false)], otherwise });
        self.go_to(fails);
        self.fail_condition(source);
        self.go_to(holds);
    }

    fn either(&mut self, left: ExprId, right: ExprId) {
        let span = self.typed.expr(left).span;
        let source = self.source(span);
        let join = self.new_block();
        let mut joined = false;
        let failed = self.in_if_scope(span, |this| this.condition(left));
        if self.live {
            joined = true;
            self.goto(source, join);
        }
        if let Some(failed) = failed {
            self.go_to(failed);
            self.condition(right);
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

    /// `let pat = init` as a condition. What it binds lives as long as `scope`.
    pub(super) fn let_condition(&mut self, pat: PatId, init: ExprId, scope: usize) {
        let place = self.as_place_builder(init);
        self.match_or_fail(place, pat, init);
        for id in self.bindings(pat) {
            let local = self.declare(id);
            self.schedule_variable(scope, local);
        }
    }

    /// A condition as a value.
    pub(super) fn condition_into(&mut self, dest: Place, id: ExprId) {
        let span = self.typed.expr(id).span;
        let source = self.source(span);
        let join = self.new_block();
        let mut joined = false;
        let holds = dest.clone();
        let failed = self.in_if_scope(span, |this| match this.typed.expr(id).kind {
            // The last part is the value.
            ExprKind::And(left, right) if !this.contains_let(right) => {
                this.condition(left);
                this.in_temp_scope(span, |this| this.expr_into(holds, right));
            }
            _ => {
                this.condition(id);
                this.assign(source, holds, Rvalue::Use(Operand::bool(true)));
            }
        });
        if self.live {
            joined = true;
            self.goto(source, join);
        }
        if let Some(failed) = failed {
            joined = true;
            self.go_to(failed);
            self.assign(source, dest, Rvalue::Use(Operand::bool(false)));
            self.goto(source, join);
        }
        if joined {
            self.go_to(join);
        } else {
            self.diverge();
        }
    }

    pub(super) fn contains_let(&self, id: ExprId) -> bool {
        match self.typed.expr(id).kind {
            ExprKind::Let(..) => true,
            ExprKind::And(left, right) | ExprKind::Or(left, right) => self.contains_let(left) || self.contains_let(right),
            _ => false,
        }
    }
}
