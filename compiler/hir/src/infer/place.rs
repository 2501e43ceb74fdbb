//! Places: what can be assigned to or borrowed without a copy.

use super::*;

impl FnCx<'_> {
    pub(super) fn is_place(&self, id: ExprId) -> bool {
        match &self.exprs[id.index()].kind {
            ExprKind::Local(_) | ExprKind::Static(_) | ExprKind::Deref(_) | ExprKind::Error => true,
            ExprKind::Field(base, _) | ExprKind::Index(base, _) => self.is_place(*base),
            _ => false,
        }
    }

    /// The left side of an assignment.
    pub(super) fn check_assignee(&mut self, expr: &ast::Expr) -> ExprId {
        let id = self.check_expr(expr, None);
        if !self.is_place(id) {
            let base_is_call = matches!(
                self.exprs[id.index()].kind,
                ExprKind::Field(..) | ExprKind::Index(..)
            );
            if !base_is_call {
                self.report(errors::not_a_place(expr.span));
                // What would fit there says nothing more.
                return self.error_expr(expr.span);
            }
        }
        if !self.make_mutable(id) {
            let ty = self.show(self.ty_of(id));
            self.report(errors::not_mutable_place(expr.span, &ty));
        }
        id
    }
}
