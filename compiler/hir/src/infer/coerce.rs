//! Making a value fit a type: reborrows, dereferences, unsizing, function pointers, `!`.

use super::*;
use crate::typed::{Callee, Cast};

impl FnCx<'_> {
    pub(super) fn check_coerce(&mut self, expr: &ast::Expr, wanted: Ty) -> ExprId {
        let id = self.check_expr(expr, Some(wanted));
        self.coerce(id, wanted)
    }

    /// The same value as `wanted`, or a message.
    pub(super) fn coerce(&mut self, id: ExprId, wanted: Ty) -> ExprId {
        match self.try_coerce(id, wanted) {
            Some(id) => id,
            None => {
                let (found, span) = (self.ty_of(id), self.blame_span(id));
                self.mismatch(wanted, found, span);
                self.error_expr(span)
            }
        }
    }

    /// Where a mismatch is best shown: the last expression of a block.
    fn blame_span(&self, id: ExprId) -> Span {
        match &self.exprs[id.index()].kind {
            ExprKind::Block(block) => match block.tail {
                Some(tail) => self.blame_span(tail),
                None => self.span_of(id),
            },
            _ => self.span_of(id),
        }
    }

    pub(super) fn try_coerce(&mut self, id: ExprId, wanted: Ty) -> Option<ExprId> {
        let span = self.span_of(id);
        let found = self.structurally(self.ty_of(id));
        let target = self.shallow(wanted);
        if found == target {
            // An exclusive reference in a place is lent on, so that it can be used again.
            if let TyKind::Ref(Mutable::Yes, to) = found.kind()
                && self.is_place(id)
            {
                let place = self.expr(ExprKind::Deref(id), *to, span);
                return Some(self.expr(ExprKind::Ref(Mutable::Yes, place), found, span));
            }
            return Some(id);
        }
        if found.is_error() || target.is_error() {
            self.tainted = true;
            return Some(id);
        }
        if found.is_never() {
            if target.is_infer() {
                // A type for what never comes: whatever else decides.
                return Some(self.expr(ExprKind::Cast(Cast::Never, id), wanted, span));
            }
            return Some(self.expr(ExprKind::Cast(Cast::Never, id), target, span));
        }
        if target.is_infer() || found.is_infer() {
            return self.try_unify(found, target).then_some(id);
        }
        match (found.kind(), target.kind()) {
            (TyKind::Ref(have, from), TyKind::Ref(want, to)) => self.coerce_ref(id, *have, *from, *want, *to, span),
            (TyKind::Ref(have, from), TyKind::Ptr(want, to)) => {
                if want.is_yes() && !have.is_yes() {
                    return None;
                }
                if self.try_unify(*from, *to) {
                    return Some(self.expr(ExprKind::Cast(Cast::PointerToPointer, id), target, span));
                }
                let id = self.coerce_ref(id, *have, *from, *want, *to, span)?;
                Some(self.expr(ExprKind::Cast(Cast::PointerToPointer, id), target, span))
            }
            (TyKind::Ptr(have, from), TyKind::Ptr(want, to)) => {
                if want.is_yes() && !have.is_yes() || !self.try_unify(*from, *to) {
                    return None;
                }
                Some(if have == want { id } else { self.expr(ExprKind::Cast(Cast::PointerToPointer, id), target, span) })
            }
            (TyKind::FnDef(..), TyKind::FnPtr(f)) => {
                let callable = self.solver.callable(found)?;
                self.take_pending(span);
                let fits = self.solver.table.unify_args(&callable.params, &f.params)
                    && self.solver.table.unify(callable.ret, f.ret);
                fits.then(|| self.expr(ExprKind::Cast(Cast::ReifyFn, id), target, span))
            }
            (TyKind::Closure(..), TyKind::FnPtr(f)) => {
                let callable = self.solver.callable(found)?;
                let fits = self.solver.table.unify_args(&callable.params, &f.params)
                    && self.solver.table.unify(callable.ret, f.ret);
                fits.then(|| self.expr(ExprKind::Cast(Cast::ReifyClosure, id), target, span))
            }
            (TyKind::Adt(a, from), TyKind::Adt(b, to)) if a == b && self.is_smart_pointer(*a) => {
                let (from_inner, to_inner) = (self.shallow(from[0]), self.shallow(to[0]));
                if self.can_unsize(from_inner, to_inner, true, span) {
                    return Some(self.expr(ExprKind::Cast(Cast::Unsize, id), target, span));
                }
                self.try_unify(found, target).then_some(id)
            }
            _ => self.try_unify(found, target).then_some(id),
        }
    }

    pub(super) fn is_smart_pointer(&self, adt: AdtId) -> bool {
        ["box", "rc", "shared"].iter().any(|name| self.program.lang.is_adt(name, adt))
    }

    /// Whether a `to` can be made of a `from` behind a pointer; asks for the impl.
    fn can_unsize(&mut self, mut from: Ty, to: Ty, owned: bool, span: Span) -> bool {
        // A text literal behind an object owns its text. A number's type may stay open: the impl that is asked for, or in
        // the end what every literal is.
        if let (TyKind::Infer(InferTy::Text(_)), TyKind::Dyn(_)) = (from.kind(), to.kind()) {
            let string = self.string_ty();
            self.solver.table.unify(from, string);
            from = string;
        }
        match (from.kind(), to.kind()) {
            (TyKind::Array(of, _), TyKind::Slice(wanted)) => self.try_unify(*of, *wanted),
            (TyKind::Dyn(a), TyKind::Dyn(b)) => {
                // Dropping markers changes nothing in memory.
                a != b && a.trait_id == b.trait_id && b.markers.iter().all(|marker| a.markers.contains(marker))
            }
            (TyKind::Infer(InferTy::General(_)) | TyKind::Str | TyKind::Slice(_), TyKind::Dyn(_)) => false,
            (_, TyKind::Dyn(d)) => {
                if let Some(problem) = crate::queries::dyn_problem(self.program, d.trait_id) {
                    let name = self.program.trait_def(d.trait_id).name;
                    self.report(errors::not_dyn(span, name, &problem));
                    return true;
                }
                let mut args = vec![from];
                args.extend_from_slice(&d.args);
                let args = Args::new(&args);
                self.require(d.trait_id, args, span);
                for (name, ty) in &d.bindings {
                    if let Some((trait_id, assoc_args)) =
                        crate::lower::find_assoc(self.program, d.trait_id, args, *name)
                    {
                        let projection = crate::ty::ProjectionTy { trait_id, args: assoc_args, name: *name };
                        self.obligations.push(Obligation {
                            kind: ObligationKind::Projection(projection, *ty),
                            span,
                            bound: None,
                        });
                    }
                }
                for marker in &d.markers {
                    self.require(*marker, Args::new(&[from]), span);
                }
                // Behind a reference a view is safe: the reference is one itself. What owns a `dyn` may outlive it.
                if owned {
                    let own = self.program.lang.trait_id("own");
                    self.require(own, Args::new(&[from]), span);
                }
                true
            }
            _ => false,
        }
    }

    fn coerce_ref(
        &mut self,
        id: ExprId,
        have: Mutable,
        from: Ty,
        want: Mutable,
        to: Ty,
        span: Span,
    ) -> Option<ExprId> {
        if want.is_yes() && !have.is_yes() {
            return None;
        }
        let target = Ty::reference(want, to);
        if self.try_unify(from, to) {
            // A shared reference is copied; an exclusive one is reborrowed, so that it can be used again.
            if !have.is_yes() {
                return Some(id);
            }
            let place = self.expr(ExprKind::Deref(id), from, span);
            return Some(self.expr(ExprKind::Ref(want, place), target, span));
        }
        let (mut from, to) = (self.shallow(from), self.shallow(to));
        // A literal that is looked into is an owner.
        if let TyKind::Infer(InferTy::Text(_)) = from.kind() {
            let string = self.string_ty();
            self.solver.table.unify(from, string);
            from = string;
        }
        if self.can_unsize(from, to, false, span) {
            let place = self.expr(ExprKind::Deref(id), from, span);
            let reborrowed = self.expr(ExprKind::Ref(want, place), Ty::reference(want, from), span);
            return Some(self.expr(ExprKind::Cast(Cast::Unsize, reborrowed), target, span));
        }
        // `&String` to `&str`, `&Vec<T>` to `&[T]`, `&Box<T>` to `&T`: as many dereferences as it takes.
        let mut place = self.expr(ExprKind::Deref(id), from, span);
        for _ in 0..8 {
            place = self.deref_step(place)?;
            let ty = self.shallow(self.ty_of(place));
            if self.try_unify(ty, to) {
                if want.is_yes() && !self.make_mutable(place) {
                    return None;
                }
                return Some(self.expr(ExprKind::Ref(want, place), target, span));
            }
        }
        None
    }

    /// The place one dereference further: built in, or through the `Deref` trait.
    pub(super) fn deref_step(&mut self, place: ExprId) -> Option<ExprId> {
        let span = self.span_of(place);
        let ty = self.structurally(self.ty_of(place));
        match ty.kind() {
            TyKind::Ref(_, to) => Some(self.expr(ExprKind::Deref(place), *to, span)),
            TyKind::Adt(adt, args) if self.program.lang.is_adt("box", *adt) => {
                Some(self.expr(ExprKind::Deref(place), args[0], span))
            }
            TyKind::Adt(..) | TyKind::Param(_) | TyKind::Projection(_) => {
                let deref = self.program.lang.trait_id("deref");
                let key = crate::traits::SimpleKey::of(ty);
                if key.is_some() && self.program.index.impls(deref, key).next().is_none() {
                    return None;
                }
                let args = Args::new(&[ty]);
                if self.solver.evaluate(deref, args) == Answer::No {
                    return None;
                }
                let projection =
                    crate::ty::ProjectionTy { trait_id: deref, args, name: Symbol::intern("Target") };
                let to = self.normalize_at(Ty::new(TyKind::Projection(projection)), span);
                let method = self.program.trait_method("deref", "deref");
                let receiver = self.shared_ref(place, span);
                let call = ExprKind::Call(Callee::Fn(method, args), vec![receiver]);
                let call = self.expr(call, Ty::shared(to), span);
                Some(self.expr(ExprKind::Deref(call), to, span))
            }
            _ => None,
        }
    }

    /// Turns the overloaded dereferences and indexings of a place into their exclusive forms. False: there is none.
    pub(super) fn make_mutable(&mut self, place: ExprId) -> bool {
        match self.exprs[place.index()].kind.clone() {
            ExprKind::Field(base, _) | ExprKind::Index(base, _) => self.make_mutable(base),
            ExprKind::Deref(inner) => {
                let inner_ty = self.shallow(self.ty_of(inner));
                match self.exprs[inner.index()].kind.clone() {
                    ExprKind::Call(Callee::Fn(id, args), values) => {
                        let program = self.program;
                        let (mutable_trait, mutable_method) = if id == program.trait_method("deref", "deref") {
                            (program.lang.trait_id("deref_mut"), program.trait_method("deref_mut", "deref_mut"))
                        } else if id == program.trait_method("index", "index") {
                            (program.lang.trait_id("index_mut"), program.trait_method("index_mut", "index_mut"))
                        } else {
                            // A reference that some call gave.
                            return true;
                        };
                        if self.solver.evaluate(mutable_trait, args) == Answer::No {
                            return false;
                        }
                        let ExprKind::Ref(_, base) = self.exprs[values[0].index()].kind else { return false };
                        if !self.make_mutable(base) {
                            return false;
                        }
                        let base_ty = self.ty_of(base);
                        self.exprs[values[0].index()].kind = ExprKind::Ref(Mutable::Yes, base);
                        self.exprs[values[0].index()].ty = Ty::exclusive(base_ty);
                        if let Some((_, to)) = inner_ty.referent() {
                            self.exprs[inner.index()].ty = Ty::exclusive(to);
                        }
                        self.exprs[inner.index()].kind =
                            ExprKind::Call(Callee::Fn(mutable_method, args), values);
                        true
                    }
                    // An array seen as the slice that it is.
                    ExprKind::Cast(Cast::Unsize, borrowed) => {
                        let ExprKind::Ref(Mutable::No, base) = self.exprs[borrowed.index()].kind else { return true };
                        if self.span_of(borrowed) != self.span_of(inner) || !self.make_mutable(base) {
                            return self.span_of(borrowed) != self.span_of(inner);
                        }
                        let base_ty = self.ty_of(base);
                        self.exprs[borrowed.index()].kind = ExprKind::Ref(Mutable::Yes, base);
                        self.exprs[borrowed.index()].ty = Ty::exclusive(base_ty);
                        if let Some((_, to)) = inner_ty.referent() {
                            self.exprs[inner.index()].ty = Ty::exclusive(to);
                        }
                        true
                    }
                    // Through a box the owner decides; through a reference, what it is (`mir` tells the user).
                    _ if matches!(inner_ty.kind(), TyKind::Adt(..)) => self.make_mutable(inner),
                    _ => self.make_mutable_base(inner),
                }
            }
            _ => true,
        }
    }

    /// `*(a.b).c`: what leads to a reference must be exclusive too when that reference is.
    fn make_mutable_base(&mut self, inner: ExprId) -> bool {
        let ty = self.shallow(self.ty_of(inner));
        match ty.kind() {
            TyKind::Ref(Mutable::Yes, _) => self.make_mutable(inner),
            _ => true,
        }
    }
}
