//! Calls of functions, constructors and callable values.

use super::path::Value;
use super::*;
use crate::ty::Subst;
use crate::typed::Callee;

impl FnCx<'_> {
    pub(super) fn call(&mut self, callee: &ast::Expr, args: &[ast::Expr], expect: Option<Ty>, span: Span) -> ExprId {
        if let ast::ExprKind::Path(path) = &callee.kind {
            match self.resolve_value(path) {
                Value::Local(local) => {
                    let ty = self.locals[local.index()].ty;
                    let f = self.expr(ExprKind::Local(local), ty, callee.span);
                    return self.call_value(f, args, expect, span);
                }
                Value::Fn(id, generic_args) => {
                    let def = self.program.fn_def(id);
                    if matches!(def.kind, FnKind::Const | FnKind::Static { .. }) {
                        let f = self.check_path(path, None, callee.span);
                        return self.call_value(f, args, expect, span);
                    }
                    return self.call_fn(id, generic_args, args, expect, callee.span, span);
                }
                Value::Variant(adt, variant, generic_args) => {
                    return self.call_constructor(adt, variant, generic_args, args, expect, callee.span, span);
                }
                Value::ConstParam(_) | Value::Error => {
                    self.check_all(args);
                    return self.error_expr(span);
                }
            }
        }
        let f = self.check_expr(callee, None);
        self.call_value(f, args, expect, span)
    }

    pub(super) fn check_all(&mut self, args: &[ast::Expr]) {
        for arg in args {
            self.check_expr(arg, None);
        }
    }

    fn call_fn(
        &mut self,
        id: FnId,
        generic_args: Args,
        args: &[ast::Expr],
        expect: Option<Ty>,
        name_span: Span,
        span: Span,
    ) -> ExprId {
        let def = self.program.fn_def(id);
        if let Some(special) = self.special_call(id, args, name_span, span) {
            return special;
        }
        self.unsafe_used |= def.is_unsafe;
        if def.is_unsafe && self.unsafe_depth == 0 {
            self.report(errors::needs_unsafe(name_span, &format!("call of the unsafe function `{}`", def.name)));
        }
        let asked = self.obligations.len();
        self.makers.push(name_span);
        self.require_predicates(&def.generics.predicates, generic_args, name_span);
        let params: Vec<Ty> = def.params.iter().map(|param| param.ty.subst(&generic_args)).collect();
        let params: Vec<Ty> = params.into_iter().map(|ty| self.normalize_at(ty, name_span)).collect();
        let ret = self.normalize_at(def.ret.subst(&generic_args), name_span);
        let orders = self.left_out_orders(id, asked, &params, args, span);
        if args.len() + orders.len() != params.len() {
            let declared = (def.name_span, def.params.iter().map(|param| param.name).collect::<Vec<_>>());
            self.report(errors::wrong_arguments(span, name_span, def.name, params.len(), args.len(), Some(declared)));
            self.check_all(args);
            return self.expr(ExprKind::Error, ret, span);
        }
        let mut values = self.arguments(&params, ret, args, expect);
        values.extend(orders);
        self.expr(ExprKind::Call(Callee::Fn(id, generic_args), values), ret, span)
    }

    /// Checks arguments against parameter types: closures last, when the others have told what they can.
    pub(super) fn arguments(&mut self, params: &[Ty], ret: Ty, args: &[ast::Expr], expect: Option<Ty>) -> Vec<ExprId> {
        let hints = self.hints_from_result(params, ret, expect);
        let mut values: Vec<Option<ExprId>> = vec![None; args.len()];
        for round in 0..2 {
            if round == 1 && values.iter().any(Option::is_none) {
                self.select_pending();
            }
            for (i, arg) in args.iter().enumerate() {
                let is_closure = matches!(strip_parens(arg).kind, ast::ExprKind::Closure(_));
                if is_closure != (round == 1) {
                    continue;
                }
                let hint = hints.as_ref().map_or(params[i], |hints| hints[i]);
                let mut id = self.check_expr(arg, Some(hint));
                // Where the result says that a plain function is kept, a closure becomes one.
                if is_closure && matches!(self.shallow(hint).kind(), TyKind::FnPtr(_)) {
                    id = self.coerce(id, hint);
                }
                // `Ok(name)` where a `Result<&str, _>` is needed, of a `&String`.
                let wanted = self.resolve(hint);
                let is_pointer = matches!(wanted.kind(), TyKind::Ref(..)) || matches!(wanted.kind(), TyKind::Adt(adt, _) if self.is_smart_pointer(*adt));
                if hints.is_some() && is_pointer && !wanted.flags().infer {
                    id = self.try_coerce(id, wanted).unwrap_or(id);
                }
                values[i] = Some(self.coerce(id, params[i]));
            }
        }
        values.into_iter().flatten().collect()
    }

    /// What the expected result says of the parameters, as hints only.
    fn hints_from_result(&mut self, params: &[Ty], ret: Ty, expect: Option<Ty>) -> Option<Vec<Ty>> {
        let wanted = self.shallow(expect?);
        if wanted.is_infer() || !ret.flags().infer {
            return None;
        }
        let snapshot = self.solver.table.snapshot();
        let fits = self.solver.table.unify(ret, wanted);
        let hints = fits.then(|| params.iter().map(|&ty| self.resolve(ty)).collect());
        self.solver.table.rollback(snapshot);
        hints
    }

    fn call_constructor(
        &mut self,
        adt: AdtId,
        variant: u32,
        generic_args: Args,
        args: &[ast::Expr],
        expect: Option<Ty>,
        name_span: Span,
        span: Span,
    ) -> ExprId {
        let def = self.program.adt(adt);
        let variant_def = &def.variants[variant as usize];
        let ret = Ty::adt(adt, generic_args);
        match variant_def.kind {
            VariantKind::Tuple => {}
            VariantKind::Unit => {
                self.check_all(args);
                self.report(errors::not_callable(name_span, &format!("`{}` has no fields", variant_def.name)));
                return self.expr(ExprKind::Error, ret, span);
            }
            VariantKind::Named => {
                self.check_all(args);
                self.report(errors::needs_fields(name_span, variant_def.name));
                return self.expr(ExprKind::Error, ret, span);
            }
        }
        if let Some(field) = variant_def.fields.iter().find(|field| !field.public)
            && !def.is_enum
            && !self.program.module(def.module).library
            && !crate::resolve::scope::is_inside(self.program, self.module, def.module)
            && !crate::resolve::scope::is_inside(
                self.program,
                self.module,
                crate::resolve::scope::proper_module(self.program, def.module),
            )
        {
            let name = ast::Ident { name: field.name, span: name_span };
            let shown = self.show(ret);
            self.report(errors::private_field(name, &shown, field.span));
        }
        self.makers.push(name_span);
        self.require_predicates(&def.generics.predicates, generic_args, name_span);
        let params: Vec<Ty> = variant_def.fields.iter().map(|field| field.ty.subst(&generic_args)).collect();
        let params: Vec<Ty> = params.into_iter().map(|ty| self.normalize_at(ty, name_span)).collect();
        if args.len() != params.len() {
            let name = variant_def.name;
            self.report(errors::wrong_arguments(span, name_span, name, params.len(), args.len(), None));
            self.check_all(args);
            return self.expr(ExprKind::Error, ret, span);
        }
        let values = self.arguments(&params, ret, args, expect);
        let fields = values.into_iter().enumerate().map(|(i, value)| (i as u32, value)).collect();
        self.expr(ExprKind::Adt { variant, fields, base: None }, ret, span)
    }

    /// A value is called: closure, function pointer, function item, or a parameter with an `Fn` bound.
    pub(super) fn call_value(&mut self, f: ExprId, args: &[ast::Expr], expect: Option<Ty>, span: Span) -> ExprId {
        let f_span = self.span_of(f);
        let mut place = f;
        for _ in 0..8 {
            let ty = self.known(self.ty_of(place));
            match ty.kind() {
                TyKind::Error => {
                    self.check_all(args);
                    return self.error_expr(span);
                }
                TyKind::Infer(InferTy::General(_)) => {
                    self.report_unknown(ty, f_span);
                    self.check_all(args);
                    return self.error_expr(span);
                }
                TyKind::FnPtr(p) => {
                    let (params, ret) = (p.params, p.ret);
                    if !self.count_matches(params.len(), args, span, f_span) {
                        return self.expr(ExprKind::Error, ret, span);
                    }
                    let mut values = vec![place];
                    values.extend(self.arguments(&params, ret, args, expect));
                    return self.expr(ExprKind::Call(Callee::Pointer, values), ret, span);
                }
                TyKind::FnDef(id, generic_args) => {
                    return self.call_fn(*id, *generic_args, args, expect, f_span, span);
                }
                TyKind::Closure(..) | TyKind::Param(_) | TyKind::Projection(_) | TyKind::Dyn(_) => {
                    if let Some(callable) = self.solver.callable_or_bound(ty) {
                        self.take_pending(f_span);
                        if !self.count_matches(callable.params.len(), args, span, f_span) {
                            return self.expr(ExprKind::Error, callable.ret, span);
                        }
                        let mut values = vec![place];
                        values.extend(self.arguments(&callable.params, callable.ret, args, expect));
                        // How the callee is taken is known for bounds; for closures when their kind is.
                        let kind = callable.kind;
                        let is_closure = matches!(ty.kind(), TyKind::Closure(..));
                        if !is_closure {
                            values[0] = self.take_callee(place, kind, f_span);
                        }
                        let id = self.expr(ExprKind::Call(Callee::FnTrait(kind), values), callable.ret, span);
                        return id;
                    }
                }
                _ => {}
            }
            match self.deref_step(place) {
                Some(next) => place = next,
                None => break,
            }
        }
        let shown = self.show(self.ty_of(f));
        self.check_all(args);
        self.report(errors::not_callable(f_span, &format!("it is a `{shown}`")));
        self.error_expr(span)
    }

    fn take_callee(&mut self, place: ExprId, kind: ClosureKind, span: Span) -> ExprId {
        match kind {
            ClosureKind::Fn => self.shared_ref(place, span),
            ClosureKind::FnMut => {
                self.make_mutable(place);
                self.mutable_ref(place, span)
            }
            ClosureKind::FnOnce => place,
        }
    }

    /// Calls of closures get their receiver when the closure's kind is known.
    pub(super) fn finish_closure_call(&mut self, index: usize, kind: ClosureKind) {
        let ExprKind::Call(_, values) = self.exprs[index].kind.clone() else { return };
        let mut values = values;
        let span = self.span_of(values[0]);
        values[0] = self.take_callee(values[0], kind, span);
        self.exprs[index].kind = ExprKind::Call(Callee::FnTrait(kind), values);
    }

    fn count_matches(&mut self, wanted: usize, args: &[ast::Expr], span: Span, name_span: Span) -> bool {
        if wanted == args.len() {
            return true;
        }
        let name = Symbol::intern(self.program.sources.snippet(name_span));
        self.report(errors::wrong_arguments(span, name_span, name, wanted, args.len(), None));
        self.check_all(args);
        false
    }

    /// Functions of the prelude whose arguments are not like others': optional messages, operands that are only looked at.
    fn special_call(&mut self, id: FnId, args: &[ast::Expr], name_span: Span, span: Span) -> Option<ExprId> {
        let lang = &self.program.lang;
        let is = |name: &str| lang.is_fn(name, id);
        if is("assert") && (args.len() == 1 || args.len() == 2) {
            return Some(self.assert_call(args, span));
        }
        for (name, failed) in [("assert_eq", "assert_eq_failed"), ("assert_ne", "assert_ne_failed")] {
            if is(name) && (args.len() == 2 || args.len() == 3) {
                return Some(self.assert_pair(args, failed, name == "assert_eq", span));
            }
        }
        // The message of these may be left out.
        let optional = ["println", "eprintln", "todo", "unreachable"].iter().any(|name| is(name));
        if optional && args.is_empty() {
            let text = ExprKind::Const(typed::Const::Str(Symbol::intern("")));
            let text = self.expr(text, Ty::shared(Ty::str()), name_span);
            let def = self.program.fn_def(id);
            let call = ExprKind::Call(Callee::Fn(id, Args::empty()), vec![text]);
            return Some(self.expr(call, def.ret, span));
        }
        None
    }

    fn str_const(&mut self, text: &str, span: Span) -> ExprId {
        let text = ExprKind::Const(typed::Const::Str(Symbol::intern(text)));
        self.expr(text, Ty::shared(Ty::str()), span)
    }

    /// `if !cond { assert_failed("cond", message) }`
    fn assert_call(&mut self, args: &[ast::Expr], span: Span) -> ExprId {
        let cond = self.check_coerce(&args[0], Ty::bool());
        let negated = self.expr(ExprKind::Unary(typed::UnaryOp::Not, cond), Ty::bool(), args[0].span);
        let source = self.program.sources.snippet(args[0].span).to_string();
        let source = self.str_const(&source, args[0].span);
        let before = self.diverges;
        let mut values = vec![source];
        let name = if let Some(message) = args.get(1) {
            values.push(self.check_coerce(message, Ty::shared(Ty::str())));
            "assert_failed_with"
        } else {
            "assert_failed"
        };
        self.diverges = before;
        let failed = self.call_lang(name, &[], values, span);
        let failed = self.expr(ExprKind::Cast(typed::Cast::Never, failed), Ty::unit(), span);
        self.expr(ExprKind::If { cond: negated, then: failed, or_else: None }, Ty::unit(), span)
    }

    /// `match (&a, &b) { (l, r) => if !(l == r) { assert_eq_failed(l, r, message) } }`
    fn assert_pair(&mut self, args: &[ast::Expr], failed: &str, equal: bool, span: Span) -> ExprId {
        let a = self.check_expr(&args[0], None);
        let a_ty = self.structurally(self.ty_of(a));
        let b = self.check_expr(&args[1], Some(a_ty));
        let (a, b, ty) = self.comparable(a, b, span);
        let a = self.shared_ref(a, args[0].span);
        let b = self.shared_ref(b, args[1].span);
        let of = Ty::shared(ty);
        let (a_pat, a_value) = self.bound_pat("left", of, span);
        let (b_pat, b_value) = self.bound_pat("right", of, span);
        let pair_ty = Ty::tuple(&[of, of]);
        let pair = self.expr(ExprKind::Tuple(vec![a, b]), pair_ty, span);
        let eq = self.program.lang.trait_id("eq");
        self.require(eq, Args::new(&[ty]), span);
        let show = self.program.lang.trait_id("show");
        self.require(show, Args::new(&[ty]), span);
        let method = self.program.trait_method("eq", "eq");
        let call = ExprKind::Call(Callee::Fn(method, Args::new(&[ty])), vec![a_value, b_value]);
        let same = self.expr(call, Ty::bool(), span);
        let wrong = if equal {
            self.expr(ExprKind::Unary(typed::UnaryOp::Not, same), Ty::bool(), span)
        } else {
            same
        };
        let before = self.diverges;
        let message = match args.get(2) {
            Some(message) => self.check_coerce(message, Ty::shared(Ty::str())),
            None => self.str_const("", span),
        };
        self.diverges = before;
        let (a_again, b_again) = (self.exprs[a_value.index()].clone(), self.exprs[b_value.index()].clone());
        let a_again = self.expr(a_again.kind, of, span);
        let b_again = self.expr(b_again.kind, of, span);
        let call = self.call_lang(failed, &[ty], vec![a_again, b_again, message], span);
        let call = self.expr(ExprKind::Cast(typed::Cast::Never, call), Ty::unit(), span);
        let check = self.expr(ExprKind::If { cond: wrong, then: call, or_else: None }, Ty::unit(), span);
        let pat = self.pat(PatKind::Leaf(vec![(0, a_pat), (1, b_pat)]), pair_ty, span);
        let arms = vec![typed::Arm { pat, guard: None, body: check, span }];
        self.expr(ExprKind::Match { scrutinee: pair, arms }, Ty::unit(), span)
    }
}

pub(super) fn strip_parens(expr: &ast::Expr) -> &ast::Expr {
    match &expr.kind {
        ast::ExprKind::Paren(inner) => strip_parens(inner),
        _ => expr,
    }
}
