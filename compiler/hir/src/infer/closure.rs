//! Closures: parameters from what is expected of them, bodies in place, captures once everything is typed.

use super::*;
use crate::traits::FN_TRAITS;

impl FnCx<'_> {
    pub(super) fn closure(&mut self, c: &ast::Closure, expect: Option<Ty>, span: Span) -> ExprId {
        let expected = expect.and_then(|ty| self.expected_signature(ty, c.params.len()));
        let index = self.closures.len() as u32;
        let id = ClosureId { owner: self.owner, index };
        let (expected_params, expected_ret, wanted_kind) = match expected {
            Some(found) => (Some(found.0), found.1, found.2),
            None => (None, None, None),
        };
        let mut types = Vec::new();
        for (i, param) in c.params.iter().enumerate() {
            let written = param.ty.as_ref().map(|ty| self.written_ty(ty));
            let hinted = expected_params.and_then(|params: Args| params.get(i).copied());
            let ty = match (written, hinted) {
                (Some(written), Some(hinted)) => {
                    let span = param.ty.as_ref().map_or(param.pat.span, |ty| ty.span);
                    if !self.try_unify(hinted, written) {
                        self.mismatch(hinted, written, span);
                    }
                    written
                }
                (Some(ty), None) | (None, Some(ty)) => ty,
                (None, None) => self.fresh(param.pat.span),
            };
            types.push(ty);
        }
        let ret = match &c.ret {
            Some(ty) => self.written_ty(ty),
            None => match expected_ret {
                Some(ty) => ty,
                None => self.fresh(c.body.span),
            },
        };
        self.closure_table.made.borrow_mut().push(ClosureSketch {
            params: Args::new(&types),
            ret,
            kind: None,
            fields: None,
        });
        self.closure_parents.push(self.closure_stack.last().copied());
        if let Some(kind) = wanted_kind {
            self.closure_checks.push((id, kind, span));
        }
        // Reserve the place, so that closures inside get the next numbers.
        self.closures.push(typed::Closure {
            id,
            kind: ClosureKind::Fn,
            is_move: c.is_move,
            params: Vec::new(),
            ret,
            body: ExprId(0),
            captures: Vec::new(),
            task: None,
            span,
        });
        let before = self.diverges;
        self.diverges = false;
        let loops = std::mem::take(&mut self.loops);
        self.returns.push(ret);
        self.closure_stack.push(index);
        self.scopes.push(Vec::new());
        let mut params = Vec::new();
        for (param, &ty) in c.params.iter().zip(&types) {
            let pat = self.check_param_pat(&param.pat, ty);
            params.push(typed::Param { pat, ty, span: param.pat.span });
        }
        let body = match &c.body.kind {
            ast::ExprKind::Block(block) => self.check_block_coerce(block, ret),
            _ => {
                let hint = self.shallow(ret);
                if hint.is_unit() && c.ret.is_none() {
                    // A callback without a result may end in any value: it is dropped.
                    let value = self.check_expr(&c.body, None);
                    let ty = self.structurally(self.ty_of(value));
                    if ty.is_unit() || ty.is_never() || ty.is_error() || ty.is_infer() {
                        self.coerce(value, ret)
                    } else {
                        self.statement_results.push(value);
                        let block = typed::Block { stmts: vec![typed::Stmt::Expr(value)], tail: None };
                        self.expr(ExprKind::Block(block), Ty::unit(), c.body.span)
                    }
                } else {
                    self.check_coerce(&c.body, ret)
                }
            }
        };
        self.scopes.pop();
        self.closure_stack.pop();
        self.returns.pop();
        self.loops = loops;
        self.diverges = before;
        let slot = &mut self.closures[index as usize];
        slot.params = params;
        slot.body = body;
        let identity = self.program.identity_args(&self.def().generics);
        self.expr(ExprKind::Closure(index), Ty::new(TyKind::Closure(id, identity)), span)
    }

    /// Parameters, result and kind that the place where a closure stands asks for.
    #[allow(clippy::type_complexity)]
    fn expected_signature(&mut self, ty: Ty, count: usize) -> Option<(Args, Option<Ty>, Option<ClosureKind>)> {
        let ty = self.shallow(ty);
        match ty.kind() {
            TyKind::FnPtr(f) => Some((f.params, Some(f.ret), None)),
            TyKind::Dyn(_) => {
                let callable = self.solver.callable(ty)?;
                Some((callable.params, Some(callable.ret), Some(callable.kind)))
            }
            TyKind::Adt(_, args) if args.len() == 1 => {
                // `Box<dyn Fn(int)>` from `Box::new(|n| …)`.
                let inner = self.shallow(args[0]);
                if matches!(inner.kind(), TyKind::Dyn(_)) { self.expected_signature(inner, count) } else { None }
            }
            TyKind::Infer(InferTy::General(_)) | TyKind::Param(_) => {
                let mut params: Option<Args> = None;
                let mut ret = None;
                let mut kind = None;
                for i in 0..self.obligations.len() {
                    match self.obligations[i].kind {
                        ObligationKind::Trait(id, args) if self.shallow(args[0]) == ty => {
                            for (name, wanted) in FN_TRAITS {
                                if self.program.lang.is_trait(name, id) {
                                    if let TyKind::Tuple(list) = self.shallow(args[1]).kind()
                                        && list.len() == count
                                    {
                                        params = Some(*list);
                                    }
                                    kind = Some(wanted);
                                }
                            }
                        }
                        ObligationKind::Projection(p, found)
                            if self.program.lang.is_trait("fn_once", p.trait_id) && self.shallow(p.args[0]) == ty =>
                        {
                            ret = Some(found);
                        }
                        _ => {}
                    }
                }
                Some((params?, ret, kind))
            }
            _ => None,
        }
    }
}
