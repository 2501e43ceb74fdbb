//! Expressions: one arm a form.

use super::*;
use crate::typed::{Cast, Const};
use ast::ExprKind as K;

impl FnCx<'_> {
    /// Types an expression. `expect` only hints.
    pub(super) fn check_expr(&mut self, expr: &ast::Expr, expect: Option<Ty>) -> ExprId {
        let id = self.check_expr_inner(expr, expect);
        if self.shallow(self.ty_of(id)).is_never() {
            self.diverges = true;
        }
        id
    }

    fn check_expr_inner(&mut self, expr: &ast::Expr, expect: Option<Ty>) -> ExprId {
        let span = expr.span;
        match &expr.kind {
            K::Lit(lit) => self.literal(lit, expect, span),
            K::Interpolated(parts) => self.interpolated(parts, expect, span),
            K::Path(path) => self.check_path(path, expect, span),
            K::Paren(inner) => {
                let id = self.check_expr(inner, expect);
                if matches!(self.exprs[id.index()].kind, ExprKind::Const(_)) {
                    self.exprs[id.index()].span = span;
                }
                id
            }
            K::Unary(op, operand) => self.unary(*op, operand, expect, span),
            K::Binary(op, op_span, lhs, rhs) => self.binary(*op, *op_span, lhs, rhs, expect, span),
            K::Assign(place, value) => self.assign(place, value, span),
            K::AssignOp(op, op_span, place, value) => self.assign_op(*op, *op_span, place, value, span),
            K::Ref(mutable, operand) => self.reference(*mutable, operand, expect, span),
            K::RawRef(mutable, operand) => {
                let place = self.check_expr(operand, None);
                if mutable.is_yes() {
                    self.make_mutable(place);
                }
                let ty = Ty::pointer(*mutable, self.ty_of(place));
                self.expr(ExprKind::RawRef(*mutable, place), ty, span)
            }
            K::Call(callee, args) => self.call(callee, args, expect, span),
            K::MethodCall(call) => self.method_call(call, expect, span),
            K::Field(base, name) => self.field(base, *name, span),
            K::TupleField(base, index, index_span) => {
                let name = ast::Ident { name: Symbol::intern(&index.to_string()), span: *index_span };
                self.field(base, name, span)
            }
            K::Index(base, index) => self.index(base, index, span),
            K::Range { lo, hi, inclusive } => self.range(lo.as_deref(), hi.as_deref(), *inclusive, expect, span),
            K::Tuple(list) => self.tuple(list, expect, span),
            K::Array(list) => self.array(list, expect, span),
            K::Repeat(value, len) => self.repeat(value, len, expect, span),
            K::Vec(list) => self.vec_literal(list, expect, span),
            K::VecRepeat(value, len) => {
                let hint = self.element_hint(expect);
                let value = self.check_expr(value, hint);
                let value = match hint {
                    Some(wanted) => self.coerce(value, wanted),
                    None => value,
                };
                let len = self.check_coerce(len, Ty::int());
                let of = self.ty_of(value);
                self.call_lang("vec_repeat", &[of], vec![value, len], span)
            }
            K::Struct(s) => self.struct_literal(s, expect, span),
            K::Block(block) => self.check_block(block, expect),
            K::Labeled(label, block) => {
                let value = self.fresh(span);
                let loop_id = self.enter_loop(Some(label.name), Some(value), true, "block");
                let body = self.check_block_coerce(block, value);
                self.loops.pop();
                let ty = self.resolve(value);
                // A `break` may have reached the end even when the block's own end is not.
                self.diverges = false;
                self.expr(ExprKind::Labeled { id: loop_id, body }, ty, span)
            }
            K::Unsafe(block) => {
                self.unsafe_depth += 1;
                let around = std::mem::replace(&mut self.unsafe_used, false);
                let body = self.check_block(block, expect);
                self.unsafe_depth -= 1;
                let used = std::mem::replace(&mut self.unsafe_used, around);
                if !used && !self.tainted && !self.program.module(self.module).library {
                    let word = Span { hi: span.lo + "unsafe".len() as u32, ..span };
                    self.diags.push(errors::unneeded_unsafe(word));
                }
                let ty = self.ty_of(body);
                self.expr(ExprKind::Unsafe(body), ty, span)
            }
            K::If(i) => self.if_else(i, expect, span),
            K::Let(..) => {
                self.report(errors::let_here(span));
                self.error_expr(span)
            }
            K::Match(scrutinee, arms) => self.match_(scrutinee, arms, expect, span),
            K::Loop(l) => {
                // As a statement the value is not wanted but may exist.
                let value = match expect {
                    Some(wanted) if !self.shallow(wanted).is_unit() => wanted,
                    _ => self.solver.table.fresh(span),
                };
                let id = self.enter_loop(l.label.map(|label| label.name), Some(value), false, "loop");
                let body = self.check_block_coerce(&l.body, Ty::unit());
                let finished = self.loops.pop().expect("the loop was entered");
                let ty = if finished.broken { self.resolve(value) } else { Ty::never() };
                self.diverges = !finished.broken;
                self.expr(ExprKind::Loop { id, body }, ty, span)
            }
            K::While(w) => self.while_(w, span),
            K::For(f) => self.for_(f, span),
            K::Closure(c) => self.closure(c, expect, span),
            K::Return(value) => self.return_(value.as_deref(), span),
            K::Break(label, value) => self.break_(*label, value.as_deref(), span),
            K::Continue(label) => match self.find_loop(*label, span, "continue") {
                Some(index) => {
                    let target = self.loops[index].id;
                    self.expr(ExprKind::Continue { target }, Ty::never(), span)
                }
                None => self.error_expr(span),
            },
            K::Try(operand) => self.try_(operand, span),
            K::Cast(operand, ty) => self.cast(operand, ty, span),
            K::Scope(scope) => self.scope(scope, expect, span),
            K::Spawn(spawn) => self.spawn(spawn, expect, span),
            K::Join(operand) | K::Await(operand) => self.join(operand, span),
            K::Detach(block) => self.detach(block, span),
            K::Async(operand) => self.async_task(operand, expect, span),
            K::Yield => self.call_lang("yield_now", &[], Vec::new(), span),
            K::Select(select) => self.select(select, expect, span),
            K::Channel(ty, args) => self.channel(ty.as_deref(), args, expect, span),
            K::Shield(budget, block) => self.shield(budget.as_deref(), block, expect, span),
            K::Timeout(duration, block) => self.timeout(duration, block, expect, span),
            K::Blocking(block) => self.blocking(block, expect, span),
            K::With(name, value, block) => self.with(name, value, block, expect, span),
            K::Lock(locks, block) => self.lock(locks, block, expect, span),
            K::Error => self.error_expr(span),
        }
    }

    // ---- Literals.

    fn literal(&mut self, lit: &ast::Lit, expect: Option<Ty>, span: Span) -> ExprId {
        let hint = expect.map(|ty| self.shallow(ty));
        match lit {
            ast::Lit::Int { value, suffix } => {
                if let Some(suffix) = suffix {
                    let Some(ty) = crate::resolve::scope::primitive(suffix) else {
                        self.report(errors::bad_suffix(span, suffix));
                        return self.error_expr(span);
                    };
                    if ty.is_float() {
                        return self.expr(ExprKind::Const(Const::Float((*value as f64).to_bits())), ty, span);
                    }
                    return self.int_literal(*value, ty, span);
                }
                let ty = match hint {
                    Some(ty) if ty.is_integer() => ty,
                    _ => self.solver.table.fresh_int(span),
                };
                self.int_literal(*value, ty, span)
            }
            ast::Lit::Float { text, suffix } => {
                let value: f64 = text.parse().unwrap_or(f64::NAN);
                let ty = match (suffix, hint) {
                    (Some(suffix), _) => match crate::resolve::scope::primitive(suffix) {
                        Some(ty) if ty.is_float() => ty,
                        _ => {
                            self.report(errors::bad_suffix(span, suffix));
                            return self.error_expr(span);
                        }
                    },
                    (None, Some(ty)) if ty.is_float() => ty,
                    _ => self.solver.table.fresh_float(span),
                };
                self.expr(ExprKind::Const(Const::Float(value.to_bits())), ty, span)
            }
            ast::Lit::Bool(value) => self.expr(ExprKind::Const(Const::Int(*value as i128)), Ty::bool(), span),
            ast::Lit::Char(c) => self.expr(ExprKind::Const(Const::Int(*c as i128)), Ty::char(), span),
            ast::Lit::Byte(b) => {
                let ty = Ty::integer(crate::ty::IntTy::U8);
                self.expr(ExprKind::Const(Const::Int(*b as i128)), ty, span)
            }
            ast::Lit::Str(text) => {
                let asked = hint.filter(|ty| match ty.kind() {
                    TyKind::Ref(Mutable::No, to) => self.shallow(*to).is_str(),
                    _ => self.is_lang_adt(*ty, "string").is_some(),
                });
                let ty = asked.unwrap_or_else(|| self.solver.table.fresh_text(span));
                self.expr(ExprKind::Const(Const::Str(*text)), ty, span)
            }
            ast::Lit::ByteStr(bytes) => {
                let ty = Ty::shared(Ty::array(Ty::integer(crate::ty::IntTy::U8), bytes.len() as i64));
                self.expr(ExprKind::Const(Const::Bytes(bytes.clone())), ty, span)
            }
            ast::Lit::Duration(nanoseconds) => {
                let count = self.expr(ExprKind::Const(Const::Int(*nanoseconds as i128)), Ty::int(), span);
                let ty = self.lang_adt("duration", &[]);
                self.expr(ExprKind::Adt { variant: 0, fields: vec![(0, count)], base: None }, ty, span)
            }
            ast::Lit::Unit => self.expr(ExprKind::Tuple(Vec::new()), Ty::unit(), span),
        }
    }

    fn int_literal(&mut self, value: u128, ty: Ty, span: Span) -> ExprId {
        let value = i128::try_from(value).unwrap_or(i128::MAX);
        let id = self.expr(ExprKind::Const(Const::Int(value)), ty, span);
        self.int_literals.push(id);
        id
    }

    fn element_hint(&self, expect: Option<Ty>) -> Option<Ty> {
        let ty = self.shallow(expect?);
        let of = match ty.kind() {
            TyKind::Array(of, _) | TyKind::Slice(of) => *of,
            TyKind::Adt(_, args) if self.is_lang_adt(ty, "vec").is_some() => args[0],
            _ => return None,
        };
        let of = self.shallow(of);
        (!of.is_infer()).then_some(of)
    }

    /// Elements agree on the type of the first that has one, or on the expected one.
    fn elements(&mut self, list: &[ast::Expr], hint: Option<Ty>, span: Span) -> (Vec<ExprId>, Ty) {
        let mut of = hint.unwrap_or_else(|| self.fresh(span));
        let mut values = Vec::with_capacity(list.len());
        for e in list {
            let id = self.check_expr(e, Some(of));
            if hint.is_none()
                && let Some(pointer) = self.common_pointer(of, id)
            {
                values.iter().for_each(|&value| self.make_pointer(value, pointer));
                of = pointer;
            }
            values.push(self.coerce(id, of));
        }
        (values, of)
    }

    /// What functions and closures of different types have in common: a pointer to a function of the first one's shape.
    pub(super) fn common_pointer(&mut self, first: Ty, next: ExprId) -> Option<Ty> {
        let (first, next) = (self.shallow(first), self.structurally(self.ty_of(next)));
        let is_function = |ty: Ty| matches!(ty.kind(), TyKind::FnDef(..) | TyKind::Closure(..));
        if first == next || !is_function(first) || !is_function(next) {
            return None;
        }
        let shape = self.solver.callable(first)?;
        Some(Ty::new(TyKind::FnPtr(crate::ty::FnPtrTy { params: shape.params, ret: shape.ret, is_extern: false })))
    }

    /// Makes a function or closure a pointer where it stands.
    pub(super) fn make_pointer(&mut self, id: ExprId, pointer: Ty) {
        let was = self.exprs[id.index()].clone();
        let cast = if matches!(self.shallow(was.ty).kind(), TyKind::FnDef(..)) { Cast::ReifyFn } else { Cast::ReifyClosure };
        let span = was.span;
        let inner = self.expr(was.kind, was.ty, span);
        let place = &mut self.exprs[id.index()];
        (place.kind, place.ty) = (ExprKind::Cast(cast, inner), pointer);
    }

    fn tuple(&mut self, list: &[ast::Expr], expect: Option<Ty>, span: Span) -> ExprId {
        let hints: Vec<Option<Ty>> = match expect.map(|ty| self.shallow(ty)).map(|ty| ty.kind()) {
            Some(TyKind::Tuple(of)) if of.len() == list.len() => of.iter().map(|ty| Some(*ty)).collect(),
            _ => vec![None; list.len()],
        };
        let mut values = Vec::new();
        for (e, hint) in list.iter().zip(hints) {
            let id = self.check_expr(e, hint);
            // A hint that asks for another form of the same value: `(&[int], ...)` from `(&v, ...)`.
            let id = match hint {
                Some(wanted) if !self.shallow(wanted).is_infer() => self.try_coerce(id, wanted).unwrap_or(id),
                _ => id,
            };
            values.push(id);
        }
        let types: Vec<Ty> = values.iter().map(|&id| self.ty_of(id)).collect();
        self.expr(ExprKind::Tuple(values), Ty::tuple(&types), span)
    }

    fn array(&mut self, list: &[ast::Expr], expect: Option<Ty>, span: Span) -> ExprId {
        let hint = self.element_hint(expect);
        let (values, of) = self.elements(list, hint, span);
        self.expr(ExprKind::Array(values), Ty::array(of, list.len() as i64), span)
    }

    fn vec_literal(&mut self, list: &[ast::Expr], expect: Option<Ty>, span: Span) -> ExprId {
        let hint = self.element_hint(expect);
        let (values, of) = self.elements(list, hint, span);
        if values.is_empty() {
            return self.call_lang("vec_new", &[of], Vec::new(), span);
        }
        let len = Ty::new(TyKind::Const(list.len() as i64));
        let array = self.expr(ExprKind::Array(values), Ty::array(of, list.len() as i64), span);
        self.call_lang("vec_from_array", &[of, len], vec![array], span)
    }

    fn repeat(&mut self, value: &ast::Expr, len: &ast::Expr, expect: Option<Ty>, span: Span) -> ExprId {
        let hint = self.element_hint(expect);
        let value = match hint {
            Some(wanted) => self.check_coerce(value, wanted),
            None => self.check_expr(value, None),
        };
        let len = self.with_body_cx(len.span, |cx, diags| crate::lower::lower_const_arg(cx, len, diags));
        let of = self.ty_of(value);
        // A value that is written once and used n times is copied; a constant is made anew each time.
        let is_constant = matches!(self.exprs[value.index()].kind, ExprKind::Const(_) | ExprKind::ConstItem(..));
        let few = matches!(self.shallow(len).kind(), TyKind::Const(0 | 1));
        if !is_constant && !few {
            let copy = self.program.lang.trait_id("copy");
            let value_span = self.span_of(value);
            self.require(copy, Args::new(&[of]), value_span);
        }
        self.expr(ExprKind::Repeat(value), Ty::new(TyKind::Array(of, len)), span)
    }

    fn range(
        &mut self,
        lo: Option<&ast::Expr>,
        hi: Option<&ast::Expr>,
        inclusive: bool,
        expect: Option<Ty>,
        span: Span,
    ) -> ExprId {
        let name = match (lo, hi, inclusive) {
            (Some(_), Some(_), false) => "range",
            (Some(_), Some(_), true) => "range_inclusive",
            (Some(_), None, _) => "range_from",
            (None, Some(_), false) => "range_to",
            (None, Some(_), true) => "range_to_inclusive",
            (None, None, _) => {
                let ty = self.lang_adt("range_full", &[]);
                return self.expr(ExprKind::Adt { variant: 0, fields: Vec::new(), base: None }, ty, span);
            }
        };
        let hint = match expect.map(|ty| self.shallow(ty)).map(|ty| ty.kind()) {
            Some(TyKind::Adt(_, args)) if args.len() == 1 => Some(args[0]),
            _ => None,
        };
        let of = match hint.map(|ty| self.shallow(ty)) {
            Some(ty) if !ty.is_infer() => ty,
            _ => self.fresh(span),
        };
        // The second end helps with the type of the first when that is a bare literal: both unify.
        let mut fields = Vec::new();
        for (i, e) in lo.iter().chain(hi.iter()).enumerate() {
            let id = self.check_expr(e, Some(of));
            let id = self.coerce(id, of);
            fields.push((i as u32, id));
        }
        if name == "range_inclusive" {
            // `start..=end` and whether it is used up.
            let done = self.expr(ExprKind::Const(Const::Int(0)), Ty::bool(), span);
            fields.push((2, done));
        }
        let ty = self.lang_adt(name, &[of]);
        self.expr(ExprKind::Adt { variant: 0, fields, base: None }, ty, span)
    }

    // ---- References.

    fn reference(&mut self, mutable: Mutable, operand: &ast::Expr, expect: Option<Ty>, span: Span) -> ExprId {
        let hint = expect.map(|ty| self.shallow(ty)).and_then(|ty| match ty.kind() {
            TyKind::Ref(_, to) | TyKind::Ptr(_, to) => Some(self.shallow(*to)),
            _ => None,
        });
        // `&[1, 2]` for a slice: the elements may still be hinted at.
        let hint = match hint.map(|ty| ty.kind()) {
            // `&mut |n| …` for a `&mut dyn FnMut(int)`.
            Some(TyKind::Dyn(_)) if matches!(operand.kind, K::Closure(_)) => hint,
            Some(TyKind::Str | TyKind::Dyn(_)) => None,
            _ => hint,
        };
        let place = self.check_expr(operand, hint);
        if mutable.is_yes() && self.is_place(place) && !self.make_mutable(place) {
            let ty = self.show(self.ty_of(place));
            self.report(errors::not_mutable_place(operand.span, &ty));
        }
        let ty = Ty::reference(mutable, self.ty_of(place));
        self.expr(ExprKind::Ref(mutable, place), ty, span)
    }

    // ---- Fields and elements.

    fn field(&mut self, base: &ast::Expr, name: ast::Ident, span: Span) -> ExprId {
        let mut place = self.check_expr(base, None);
        let start = self.known(self.ty_of(place));
        if start.is_error() {
            return self.error_expr(span);
        }
        if matches!(start.kind(), TyKind::Infer(InferTy::General(_))) {
            self.report_unknown(start, base.span);
            return self.error_expr(span);
        }
        let mut private: Option<Span> = None;
        for _ in 0..16 {
            let ty = self.structurally(self.ty_of(place));
            match ty.kind() {
                TyKind::Adt(id, args) if !self.program.adt(*id).is_enum => {
                    let def = self.program.adt(*id);
                    let found = def.variants[0].fields.iter().position(|field| field.name == name.name);
                    if let Some(index) = found {
                        let field = &def.variants[0].fields[index];
                        if field.public || self.is_inside(def.module) {
                            let ty = crate::ty::Subst::subst(field.ty, args);
                            let ty = self.normalize_at(ty, span);
                            return self.expr(ExprKind::Field(place, index as u32), ty, span);
                        }
                        private.get_or_insert(field.span);
                    }
                }
                TyKind::Tuple(list) => {
                    if let Ok(index) = name.name.parse::<usize>()
                        && let Some(&ty) = list.get(index)
                    {
                        return self.expr(ExprKind::Field(place, index as u32), ty, span);
                    }
                }
                _ => {}
            }
            match self.deref_step(place) {
                Some(next) => place = next,
                None => break,
            }
        }
        self.report_no_field(start, name, private);
        self.error_expr(span)
    }

    fn is_inside(&self, module: ModId) -> bool {
        let outer = crate::resolve::scope::proper_module(self.program, module);
        crate::resolve::scope::is_inside(self.program, self.module, outer)
            || self.program.module(self.module).library && self.program.module(module).library
            // Code that was derived for a type sees its fields.
            || self.module == module
    }

    fn report_no_field(&mut self, ty: Ty, name: ast::Ident, private: Option<Span>) {
        let shown = self.show(ty);
        if let Some(declared) = private {
            self.report(errors::private_field(name, &shown, declared));
            return;
        }
        let ty = self.resolve(ty).peeled();
        let names: Vec<Symbol> = match ty.kind() {
            TyKind::Adt(id, _) if !self.program.adt(*id).is_enum => {
                self.program.adt(*id).variants[0].fields.iter().map(|field| field.name).collect()
            }
            _ => Vec::new(),
        };
        let is_method = self.program.index.named(name.name).iter().any(|candidate| {
            self.program.fn_def(candidate.fn_id()).has_self
        });
        self.report(errors::no_field(name, &shown, &names, is_method));
    }

    fn index(&mut self, base: &ast::Expr, index: &ast::Expr, span: Span) -> ExprId {
        let mut place = self.check_expr(base, None);
        let start = self.known(self.ty_of(place));
        if start.is_error() {
            self.check_expr(index, None);
            return self.error_expr(span);
        }
        if matches!(start.kind(), TyKind::Infer(InferTy::General(_))) {
            self.report_unknown(start, base.span);
            self.check_expr(index, None);
            return self.error_expr(span);
        }
        let index_id = self.check_expr(index, None);
        let index_ty = self.known(self.ty_of(index_id));
        if index_ty.is_error() {
            return self.error_expr(span);
        }
        let by_number = index_ty.is_integer();
        for _ in 0..16 {
            let ty = self.structurally(self.ty_of(place));
            if let TyKind::Array(of, _) | TyKind::Slice(of) = ty.kind()
                && by_number
            {
                let index_id = self.coerce(index_id, Ty::int());
                return self.expr(ExprKind::Index(place, index_id), *of, span);
            }
            if let TyKind::Array(of, _) = ty.kind() {
                // A range of an array is one of the slice that it is.
                let slice = Ty::slice(*of);
                let borrowed = self.shared_ref(place, span);
                let wide = self.expr(ExprKind::Cast(Cast::Unsize, borrowed), Ty::shared(slice), span);
                place = self.expr(ExprKind::Deref(wide), slice, span);
                continue;
            }
            if let Some(found) = self.overloaded_index(place, ty, index_id, span) {
                return found;
            }
            match self.deref_step(place) {
                Some(next) => place = next,
                None => break,
            }
        }
        let (shown, by) = (self.show(start), self.show(index_ty));
        self.report(errors::cannot_index(span, &shown, &by));
        self.error_expr(span)
    }

    fn overloaded_index(&mut self, place: ExprId, ty: Ty, index: ExprId, span: Span) -> Option<ExprId> {
        let id = self.program.lang.trait_id("index");
        // `Vec` indexes by number through the slice that it is.
        let key = crate::traits::SimpleKey::of(ty);
        if key.is_some() && self.program.index.impls(id, key).next().is_none() {
            return None;
        }
        let index_ty = self.ty_of(index);
        let args = Args::new(&[ty, index_ty]);
        let (args, index) = if self.may_hold(id, &args) {
            (args, index)
        } else {
            // `map["key"]`: the impl may ask for a reference where a value was written, or a literal for `&str`.
            let wanted = self.fresh(span);
            let args = Args::new(&[ty, wanted]);
            if !self.may_hold(id, &args) {
                return None;
            }
            self.require(id, args, span);
            self.select_pending();
            if self.shallow(wanted).is_infer() {
                return None;
            }
            let index = self.try_coerce_literal(index, wanted)?;
            (args, index)
        };
        self.require(id, args, span);
        let projection = crate::ty::ProjectionTy { trait_id: id, args, name: Symbol::intern("Output") };
        let to = self.normalize_at(Ty::new(TyKind::Projection(projection)), span);
        let method = self.program.trait_method("index", "index");
        let receiver = self.shared_ref(place, span);
        let call = ExprKind::Call(typed::Callee::Fn(method, args), vec![receiver, index]);
        let call = self.expr(call, Ty::shared(to), span);
        Some(self.expr(ExprKind::Deref(call), to, span))
    }

    /// A string literal already typed as `String` where `&str` is wanted.
    pub(super) fn try_coerce_literal(&mut self, id: ExprId, wanted: Ty) -> Option<ExprId> {
        let target = self.shallow(wanted);
        let is_literal = matches!(self.exprs[id.index()].kind, ExprKind::Const(Const::Str(_)));
        if is_literal && matches!(target.kind(), TyKind::Ref(Mutable::No, to) if self.shallow(*to).is_str()) {
            // Its type may have been chosen already; the literal itself can be either.
            self.exprs[id.index()].ty = Ty::shared(Ty::str());
            return Some(id);
        }
        self.try_coerce(id, wanted)
    }

    // ---- Structs.

    fn struct_literal(&mut self, s: &ast::StructExpr, expect: Option<Ty>, span: Span) -> ExprId {
        let Some((adt, variant, args)) = self.struct_path(&s.path, expect) else {
            for field in &s.fields {
                self.check_expr(&field.value, None);
            }
            return self.error_expr(span);
        };
        let def = self.program.adt(adt);
        let ty = Ty::adt(adt, args);
        // What is expected of the whole is expected of its parts.
        if let Some(wanted) = expect {
            let wanted = self.shallow(wanted);
            if matches!(wanted.kind(), TyKind::Adt(id, _) if *id == adt) && self.could_equal(ty, wanted) {
                self.hint_args(args, wanted);
            }
        }
        self.require_predicates(&def.generics.predicates, args, span);
        let variant_def = &def.variants[variant as usize];
        let mut fields: Vec<(u32, ExprId)> = Vec::new();
        for field in &s.fields {
            let found = variant_def.fields.iter().position(|known| known.name == field.name.name);
            let Some(index) = found else {
                let names: Vec<Symbol> = variant_def.fields.iter().map(|field| field.name).collect();
                let shown = self.show(ty);
                self.report(errors::no_field(field.name, &shown, &names, false));
                self.check_expr(&field.value, None);
                continue;
            };
            if let Some((_, old)) = fields.iter().find(|(known, _)| *known == index as u32) {
                let old = self.span_of(*old);
                self.report(errors::field_twice(field.name, old));
                continue;
            }
            let known = &variant_def.fields[index];
            if !known.public && !self.is_inside(def.module) && !def.is_enum {
                let shown = self.show(ty);
                self.report(errors::private_field(field.name, &shown, known.span));
            }
            let wanted = crate::ty::Subst::subst(known.ty, &args);
            let wanted = self.normalize_at(wanted, field.span);
            let value = self.check_coerce(&field.value, wanted);
            fields.push((index as u32, value));
        }
        let base = s.base.as_ref().map(|base| self.check_coerce(base, ty));
        if base.is_none() {
            let missing: Vec<Symbol> = variant_def
                .fields
                .iter()
                .enumerate()
                .filter(|(i, _)| !fields.iter().any(|(known, _)| *known == *i as u32))
                .map(|(_, field)| field.name)
                .collect();
            let mistaken = fields.len() < s.fields.len();
            if !missing.is_empty() && !mistaken {
                self.report(errors::missing_fields(s.path.span, variant_def.name, &missing));
            }
        }
        self.expr(ExprKind::Adt { variant, fields, base }, ty, span)
    }

    /// Copies what is known of an expected type into fresh arguments.
    pub(super) fn hint_args(&mut self, args: Args, wanted: Ty) {
        if let TyKind::Adt(_, expected) = wanted.kind() {
            for (&mine, &theirs) in args.iter().zip(expected.iter()) {
                let theirs = self.resolve(theirs);
                if !theirs.flags().infer && self.shallow(mine).is_infer() {
                    // Only where no coercion could make a difference: `dyn` and views decide for themselves.
                    self.try_unify(mine, theirs);
                }
            }
        }
    }

    fn cast(&mut self, operand: &ast::Expr, ty: &ast::Ty, span: Span) -> ExprId {
        let to = self.written_ty(ty);
        // `1 as f64` and `x as u8` must not make the literal a float or byte by hint.
        let operand = self.check_expr(operand, None);
        let id = self.expr(ExprKind::Cast(Cast::IntToInt, operand), to, span);
        self.deferred.push(Deferred::Cast { expr: id, operand, to });
        self.retry_deferred(false);
        id
    }

    pub(super) fn report_unknown(&mut self, ty: Ty, span: Span) {
        let origin = match self.shallow(ty).kind() {
            TyKind::Infer(infer) => self.solver.table.origin(*infer),
            _ => Span::NONE,
        };
        if !self.tainted {
            self.report(errors::cannot_infer(span, origin));
        }
        self.tainted = true;
    }
}

pub(super) const NONE: u32 = 0;
pub(super) const SOME: u32 = 1;
pub(super) const OK: u32 = 0;
pub(super) const ERR: u32 = 1;
