//! The end of a body: what is still open is decided or reported, types are written back, patterns and captures checked.

use super::*;
use crate::typed::{Body, Const};

impl FnCx<'_> {
    pub(super) fn finish(mut self, params: Vec<typed::Param>, root: ExprId, diags: &mut Diags) -> Body {
        self.select_pending();
        // Literals that nobody asked of, then operators that waited for them.
        for _ in 0..3 {
            if self.solver.table.default_literals() {
                self.select_pending();
            }
            while self.fall_back(Ty::error()) {
                self.select_pending();
            }
            if self.retry_deferred(true) {
                self.select_pending();
            }
        }
        self.write_back();
        self.finish_closures();
        self.select_pending();
        self.report_leftovers();
        self.check_literals();
        let def = self.def();
        let ret = self.returns.first().copied().unwrap_or(def.ret);
        let ret = self.resolve(ret);
        let params =
            params.into_iter().map(|param| typed::Param { ty: self.resolve(param.ty), ..param }).collect();
        let mut body = Body {
            owner: self.owner,
            params,
            ret,
            root,
            exprs: std::mem::take(&mut self.exprs),
            pats: std::mem::take(&mut self.pats),
            locals: std::mem::take(&mut self.locals),
            closures: std::mem::take(&mut self.closures),
            regions: std::mem::take(&mut self.regions),
            span: def.span,
            poisoned: self.tainted,
        };
        if !self.tainted {
            crate::exhaustive::check(self.program, &body, &mut self.diags);
            self.unused_results(&body);
        }
        body.poisoned |= self.diags.has_errors();
        diags.extend(std::mem::take(&mut self.diags));
        body
    }

    fn report_leftovers(&mut self) {
        for obligation in std::mem::take(&mut self.obligations) {
            if self.tainted {
                return;
            }
            let (id, args) = match obligation.kind {
                ObligationKind::Trait(id, args) => (id, args),
                ObligationKind::Projection(p, _) => (p.trait_id, p.args),
            };
            let args = self.solver.table.resolve_args(args);
            if args.iter().any(|ty| ty.flags().error) {
                continue;
            }
            let unknown = args.iter().find(|ty| ty.flags().infer).copied();
            match unknown {
                Some(ty) => {
                    let mut origin = Span::NONE;
                    ty.any(&mut |part| {
                        if let TyKind::Infer(infer) = part.kind() {
                            origin = self.solver.table.origin(*infer);
                        }
                        false
                    });
                    self.report(errors::cannot_infer(obligation.span, origin));
                }
                // Nothing unknown, yet undecided: two bounds would do. The first is as good as the second.
                None => {
                    let _ = id;
                }
            }
        }
        for deferred in std::mem::take(&mut self.deferred) {
            if self.tainted {
                return;
            }
            let (operand, expr) = match deferred {
                Deferred::Binary { expr, lhs, .. } => (lhs, expr),
                Deferred::Negate { expr, operand, .. } | Deferred::Cast { expr, operand, .. } => (operand, expr),
            };
            let span = self.span_of(expr);
            let ty = self.ty_of(operand);
            self.report_unknown(ty, span);
        }
    }

    fn write_back(&mut self) {
        let mut unknown: Option<(Span, Span)> = None;
        for i in 0..self.locals.len() {
            self.locals[i].ty = self.final_ty(self.locals[i].ty, self.locals[i].span, &mut unknown);
        }
        for i in 0..self.exprs.len() {
            let span = self.exprs[i].span;
            self.exprs[i].ty = self.final_ty(self.exprs[i].ty, span, &mut unknown);
            let resolve_args = |args: Args| self.solver.table.resolve_args(args);
            let kind = match &self.exprs[i].kind {
                ExprKind::FnItem(id, args) => Some(ExprKind::FnItem(*id, resolve_args(*args))),
                ExprKind::ConstItem(id, args) => Some(ExprKind::ConstItem(*id, resolve_args(*args))),
                ExprKind::Call(typed::Callee::Fn(id, args), values) => {
                    Some(ExprKind::Call(typed::Callee::Fn(*id, resolve_args(*args)), values.clone()))
                }
                _ => None,
            };
            if let Some(kind) = kind {
                let args = match &kind {
                    ExprKind::FnItem(_, args) | ExprKind::ConstItem(_, args) => *args,
                    ExprKind::Call(typed::Callee::Fn(_, args), _) => *args,
                    _ => Args::empty(),
                };
                for &ty in args.iter() {
                    self.final_ty(ty, span, &mut unknown);
                }
                self.exprs[i].kind = kind;
            }
        }
        for i in 0..self.pats.len() {
            self.pats[i].ty = self.final_ty(self.pats[i].ty, self.pats[i].span, &mut unknown);
        }
        for i in 0..self.closures.len() {
            self.closures[i].ret = self.resolve(self.closures[i].ret);
            for j in 0..self.closures[i].params.len() {
                self.closures[i].params[j].ty = self.resolve(self.closures[i].params[j].ty);
            }
            let made = self.closure_table.made.borrow();
            let (params, ret) = (made[i].params, made[i].ret);
            drop(made);
            let (params, ret) = (self.solver.table.resolve_args(params), self.resolve(ret));
            let mut made = self.closure_table.made.borrow_mut();
            made[i].params = params;
            made[i].ret = ret;
        }
        if let Some((span, origin)) = unknown
            && !self.tainted
        {
            self.report(errors::cannot_infer(span, origin));
        }
    }

    fn final_ty(&self, ty: Ty, span: Span, unknown: &mut Option<(Span, Span)>) -> Ty {
        let ty = self.resolve(ty);
        if !ty.flags().infer {
            return ty;
        }
        if unknown.is_none() {
            let mut origin = Span::NONE;
            ty.any(&mut |part| {
                if let TyKind::Infer(infer) = part.kind() {
                    origin = self.solver.table.origin(*infer);
                }
                false
            });
            *unknown = Some((span, origin));
        }
        Ty::error()
    }

    /// Literals must fit the type that they got.
    fn check_literals(&mut self) {
        for id in std::mem::take(&mut self.int_literals) {
            let expr = &self.exprs[id.index()];
            if let (ExprKind::Const(Const::Int(value)), TyKind::Int(int)) = (&expr.kind, expr.ty.kind())
                && (*value < int.min() || *value > int.max())
            {
                let diagnostic = errors::literal_range(expr.span, *value, int.name(), int.min(), int.max());
                self.report(diagnostic);
            }
        }
    }

    /// Values that should not be dropped unseen.
    fn unused_results(&mut self, body: &Body) {
        if self.program.module(self.module).library {
            return;
        }
        for id in std::mem::take(&mut self.statement_results) {
            let expr = body.expr(id);
            let called = match &expr.kind {
                ExprKind::Call(typed::Callee::Fn(id, _), _) => Some(self.program.fn_def(*id)),
                _ => None,
            };
            if let Some(def) = called
                && def.attrs.must_use
            {
                self.diags.push(errors::unused_value(expr.span, &format!("the result of `{}`", def.name), false));
                continue;
            }
            if let TyKind::Adt(adt, _) = expr.ty.kind()
                && self.program.adt(*adt).attrs.must_use
            {
                let name = self.program.adt(*adt).name;
                self.diags.push(errors::unused_value(expr.span, &format!("a `{name}`"), name.as_str() == "Result"));
            }
        }
    }
}
