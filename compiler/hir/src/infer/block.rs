//! Blocks and statements.

use super::tasks::starts_and_ends;
use super::*;
use crate::typed::{Block, Stmt};

impl FnCx<'_> {
    /// The body of a function, test or closure: its value is the result.
    pub(super) fn check_body_block(&mut self, block: &ast::Block, ret: Ty) -> ExprId {
        self.check_block_coerce(block, ret)
    }

    pub(super) fn check_block_coerce(&mut self, block: &ast::Block, wanted: Ty) -> ExprId {
        self.check_block_with(block, Some(wanted), true)
    }

    pub(super) fn check_block(&mut self, block: &ast::Block, expect: Option<Ty>) -> ExprId {
        self.check_block_with(block, expect, false)
    }

    fn check_block_with(&mut self, block: &ast::Block, expect: Option<Ty>, must: bool) -> ExprId {
        let outer = self.module;
        if let Some(module) = self.program.block_module(block.span) {
            self.module = module;
        }
        let result = self.in_scope(|cx| cx.block_inner(block, expect, must));
        self.module = outer;
        result
    }

    fn block_inner(&mut self, block: &ast::Block, expect: Option<Ty>, must: bool) -> ExprId {
        let mut stmts = Vec::new();
        for stmt in &block.stmts {
            let at = stmts.len();
            self.enter_statement();
            self.statement(stmt, &mut stmts);
            self.leave_statement(&mut stmts, at);
        }
        let at = stmts.len();
        self.enter_statement();
        let wanted = expect.map(|ty| self.shallow(ty));
        let open = wanted.is_none_or(Ty::is_infer);
        let is_unit = wanted.is_some_and(Ty::is_unit) || open && block.tail.as_ref().is_some_and(|tail| starts_and_ends(tail));
        let (tail, ty) = match &block.tail {
            // A block of type `()` drops its last value.
            Some(tail) if is_unit => {
                let value = self.check_discard(tail);
                let ty = self.shallow(self.ty_of(value));
                if ty.is_unit() || ty.is_never() || ty.is_error() {
                    (Some(value), ty)
                } else if matches!(ty.kind(), TyKind::Infer(InferTy::General(_))) && self.try_unify(ty, Ty::unit()) {
                    (Some(value), Ty::unit())
                } else {
                    self.statement_results.push(value);
                    stmts.push(Stmt::Expr(value));
                    (None, Ty::unit())
                }
            }
            Some(tail) => {
                let value = match expect {
                    Some(wanted) if must => self.check_coerce(tail, wanted),
                    _ => self.check_expr(tail, expect),
                };
                (Some(value), self.ty_of(value))
            }
            None if self.diverges => (None, Ty::never()),
            None => {
                if must && let Some(wanted) = expect {
                    let found = self.shallow(wanted);
                    if !self.try_unify(found, Ty::unit()) {
                        self.async_blocks.pop();
                        self.missing_value(block, wanted);
                        return self.error_expr(block.span);
                    }
                }
                (None, Ty::unit())
            }
        };
        self.leave_statement(&mut stmts, at);
        let id = self.expr(ExprKind::Block(Block { stmts, tail }), ty, block.span);
        match expect {
            Some(wanted) if must && tail.is_none() => self.coerce(id, wanted),
            _ => id,
        }
    }

    /// A block without a value where one is needed: often a `;` too many.
    fn missing_value(&mut self, block: &ast::Block, wanted: Ty) {
        let wanted = self.show(wanted);
        let close = Span { lo: block.span.hi.saturating_sub(1), ..block.span };
        let last = block.stmts.last().and_then(|stmt| match &stmt.kind {
            ast::StmtKind::Expr(e) => Some(e.span),
            _ => None,
        });
        // Text between the last expression and the brace holds the `;`.
        let semicolon = last.and_then(|span| {
            let file = self.program.sources.file(span.file)?;
            let rest = file.text.get(span.hi as usize..close.lo as usize)?;
            let at = rest.find(';')?;
            Some(Span { file: span.file, lo: span.hi + at as u32, hi: span.hi + at as u32 + 1 })
        });
        self.report(errors::missing_block_value(close, &wanted, semicolon));
    }

    pub(super) fn statement(&mut self, stmt: &ast::Stmt, out: &mut Vec<Stmt>) {
        match &stmt.kind {
            ast::StmtKind::Let(l) => {
                let annotated = l.ty.as_ref().map(|ty| self.written_ty(ty));
                let ty = annotated.unwrap_or_else(|| self.fresh(l.pat.span));
                let init = l.init.as_ref().map(|init| match annotated {
                    Some(ty) => self.check_coerce(init, ty),
                    None => {
                        self.is_kept = matches!(&init.kind, ast::ExprKind::If(i) if i.or_else.is_none());
                        let value = self.check_expr(init, None);
                        // A literal that nothing asks for otherwise keeps its own type.
                        let found = self.ty_of(value);
                        if self.shallow(found).is_never() {
                            self.coerce(value, ty)
                        } else {
                            self.solver.table.unify(ty, found);
                            value
                        }
                    }
                });
                let or_else = l.or_else.as_ref().map(|block| {
                    let before = self.diverges;
                    self.diverges = false;
                    let id = self.check_block(block, None);
                    let ends = self.diverges || self.shallow(self.ty_of(id)).is_never();
                    if !ends && !self.shallow(self.ty_of(id)).is_error() {
                        self.report(errors::else_must_leave(block.span));
                    }
                    self.diverges = before;
                    id
                });
                let pat = match init {
                    Some(init) => self.check_pat_of(&l.pat, ty, init),
                    None => self.check_pat(&l.pat, ty),
                };
                self.note_placed(pat, init);
                out.push(Stmt::Let { pat, init, or_else, span: stmt.span });
            }
            ast::StmtKind::Expr(e) => {
                let value = self.check_discard(e);
                self.statement_results.push(value);
                out.push(Stmt::Expr(value));
            }
            ast::StmtKind::Item(_) => {}
            ast::StmtKind::Error => self.tainted = true,
        }
    }

    /// A value that nobody takes. The branches of `if`, `match` and blocks need not agree then.
    fn check_discard(&mut self, expr: &ast::Expr) -> ExprId {
        use ast::ExprKind as K;
        if starts_and_ends(expr) {
            return self.check_expr(expr, Some(Ty::unit()));
        }
        let discards = matches!(expr.kind, K::If(_) | K::Match(..) | K::Block(_) | K::Unsafe(_) | K::Scope(_) | K::Select(_) | K::Lock(..) | K::With(..) | K::Shield(..) | K::Blocking(_));
        self.check_expr(expr, discards.then(Ty::unit))
    }
}
