//! Method calls: which method, on which dereference of the receiver, taken how.

use super::*;
use crate::traits::{MethodCandidate, SimpleKey};
use crate::ty::Subst;
use crate::typed::Callee;

/// A method that fits: with the arguments of its impl or trait, and how the receiver is taken.
struct Pick {
    fn_id: FnId,
    container: Args,
    autoref: Option<Mutable>,
    /// An array receiver seen as a slice.
    unsize: bool,
}

impl FnCx<'_> {
    pub(super) fn method_call(&mut self, call: &ast::MethodCall, expect: Option<Ty>, span: Span) -> ExprId {
        let mut place = self.check_expr(&call.receiver, None);
        // A literal with a method of `str` is looked at where it lies; only what changes text needs an owner.
        if let ExprKind::Const(typed::Const::Str(_)) = self.exprs[place.index()].kind
            && matches!(self.shallow(self.ty_of(place)).kind(), TyKind::Infer(InferTy::Text(_)))
            && self.probe(Ty::str(), call.name.name).is_some()
        {
            let literal = self.ty_of(place);
            let owned = self.string_ty();
            let as_owner = expect.is_some_and(|wanted| self.is_made_of_owners_alone(wanted, call.name.name));
            self.solver.table.unify(literal, if as_owner { owned } else { Ty::shared(Ty::str()) });
        }
        let start = self.known(self.ty_of(place));
        self.settle_texts(start);
        if start.is_error() {
            self.check_all(&call.args);
            return self.error_expr(span);
        }
        if matches!(start.kind(), TyKind::Infer(InferTy::General(_))) {
            self.report_unknown(start, call.receiver.span);
            self.check_all(&call.args);
            return self.error_expr(span);
        }
        // A literal's method is that of `int`, `f64` or `String`.
        if let TyKind::Infer(infer) = start.kind() {
            let default = match infer {
                InferTy::Int(_) => Ty::int(),
                InferTy::Text(_) => self.string_ty(),
                InferTy::Float(_) | InferTy::General(_) => Ty::f64(),
            };
            self.solver.table.unify(start, default);
        }
        for _ in 0..16 {
            let ty = self.known(self.ty_of(place));
            // Behind a reference anything with such a method would fit what is not known yet.
            let behind = self.structurally(self.peel(ty));
            if matches!(behind.kind(), TyKind::Infer(InferTy::General(_))) {
                self.report_unknown(behind, call.receiver.span);
                self.check_all(&call.args);
                return self.error_expr(span);
            }
            if let Some(pick) = self.probe(ty, call.name.name) {
                return self.confirm(place, pick, call, expect, span);
            }
            if let TyKind::Array(of, _) = ty.kind() {
                let slice = Ty::slice(*of);
                if let Some(mut pick) = self.probe(slice, call.name.name) {
                    pick.unsize = true;
                    return self.confirm(place, pick, call, expect, span);
                }
            }
            match self.deref_step(place) {
                Some(next) => place = next,
                None => break,
            }
        }
        // A field that holds something to call.
        if let Some(diagnostic) = self.field_that_is_called(start, call) {
            self.report(diagnostic);
        } else {
            self.report_no_method(start, call);
        }
        self.check_all(&call.args);
        self.error_expr(span)
    }

    /// `"hi".into()` where `wanted` is made of a `String` and not of a `&str`: a literal is both.
    fn is_made_of_owners_alone(&mut self, wanted: Ty, method: Symbol) -> bool {
        if method.as_str() != "into" {
            return false;
        }
        let wanted = self.resolve(wanted);
        let from = self.program.lang.trait_id("from");
        let owned = self.string_ty();
        !wanted.flags().infer && self.holds(from, &[wanted, owned]) && !self.may_hold(from, &[wanted, Ty::shared(Ty::str())])
    }

    /// Text literals inside a receiver are owners: which method is meant may depend on it.
    fn settle_texts(&mut self, ty: Ty) {
        let ty = self.resolve(ty);
        if !ty.flags().infer {
            return;
        }
        let string = self.string_ty();
        ty.any(&mut |part| {
            if let TyKind::Infer(InferTy::Text(_)) = part.kind() {
                self.solver.table.unify(part, string);
            }
            false
        });
    }

    /// By value, then `&`, then `&mut`; a type's own methods before those of traits.
    fn probe(&mut self, ty: Ty, name: Symbol) -> Option<Pick> {
        let candidates = self.program.index.named(name);
        if candidates.is_empty() {
            return None;
        }
        let steps = [None, Some(Mutable::No), Some(Mutable::Yes)];
        for autoref in steps {
            let receiver = match autoref {
                None => ty,
                Some(mutable) => Ty::reference(mutable, ty),
            };
            for want_inherent in [true, false] {
                let mut found: Option<Pick> = None;
                for &candidate in candidates {
                    if matches!(candidate, MethodCandidate::Inherent(..)) != want_inherent {
                        continue;
                    }
                    if !self.program.fn_def(candidate.fn_id()).has_self {
                        continue;
                    }
                    let Some(container) = self.fits(candidate, ty, receiver) else { continue };
                    let pick = Pick { fn_id: candidate.fn_id(), container, autoref, unsize: false };
                    match &found {
                        None => found = Some(pick),
                        // Of two traits with such a method, one that surely holds wins.
                        Some(_) if !want_inherent => {
                            let MethodCandidate::Trait(_, trait_id) = candidate else { continue };
                            if self.holds(trait_id, &pick.container) && !self.sure(found.as_ref()) {
                                found = Some(pick);
                            }
                        }
                        Some(_) => {}
                    }
                }
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    fn sure(&mut self, pick: Option<&Pick>) -> bool {
        let Some(pick) = pick else { return false };
        match self.program.fn_def(pick.fn_id).kind {
            FnKind::Trait(trait_id) => self.holds(trait_id, &pick.container),
            _ => true,
        }
    }

    /// Whether a method takes this receiver; the arguments of its container, unified with nothing yet.
    fn fits(&mut self, candidate: MethodCandidate, base: Ty, receiver: Ty) -> Option<Args> {
        let def = self.program.fn_def(candidate.fn_id());
        let self_param = def.params[0].ty;
        match candidate {
            MethodCandidate::Inherent(_, impl_id) => {
                let impl_def = self.program.impl_def(impl_id);
                // Most candidates differ in their heads.
                let mut head = receiver;
                let mut wanted = self_param;
                while let (TyKind::Ref(_, a), TyKind::Ref(_, b)) = (wanted.kind(), head.kind()) {
                    wanted = *a;
                    head = self.shallow(*b);
                }
                if let (Some(a), Some(b)) = (SimpleKey::of(wanted), SimpleKey::of(head))
                    && a != b
                {
                    return None;
                }
                let snapshot = self.solver.table.snapshot();
                let fresh = self.solver.fresh_args(&impl_def.generics);
                let wanted = self_param.subst(&fresh);
                let wanted = if wanted.flags().projection { self.solver.normalize(wanted) } else { wanted };
                let mut fits = self.solver.table.unify(wanted, receiver);
                if fits {
                    // `impl Stack<int>` and bounds that surely fail keep a method out.
                    for predicate in &impl_def.generics.predicates {
                        if let PredicateKind::Trait(id, args) = predicate.kind {
                            let args = args.subst(&fresh);
                            fits &= self.solver.evaluate(id, args) != Answer::No;
                        }
                    }
                }
                self.solver.pending.clear();
                self.solver.table.rollback(snapshot);
                fits.then(|| self.solver.fresh_args(&impl_def.generics))
            }
            MethodCandidate::Trait(_, trait_id) => {
                let generics = &self.program.trait_def(trait_id).generics;
                let snapshot = self.solver.table.snapshot();
                let fresh = self.solver.fresh_args(generics);
                let wanted = self_param.subst(&fresh);
                let mut fits = self.solver.table.unify(wanted, receiver);
                if fits {
                    // An unknown `Self` would fit everything.
                    let self_ty = self.shallow(fresh[0]);
                    fits = !matches!(self_ty.kind(), TyKind::Infer(InferTy::General(_)))
                        && self.solver.evaluate(trait_id, fresh) != Answer::No;
                }
                self.solver.pending.clear();
                self.solver.table.rollback(snapshot);
                let _ = base;
                fits.then(|| self.solver.fresh_args(generics))
            }
        }
    }

    fn confirm(
        &mut self,
        place: ExprId,
        pick: Pick,
        call: &ast::MethodCall,
        expect: Option<Ty>,
        span: Span,
    ) -> ExprId {
        let name_span = call.name.span;
        let def = self.program.fn_def(pick.fn_id);
        if !def.public && !self.program.module(def.module).library && !self.sees_module(def.module) {
            self.report(errors::private(call.name, "method", def.name_span));
        }
        self.unsafe_used |= def.is_unsafe;
        if def.is_unsafe && self.unsafe_depth == 0 {
            self.report(errors::needs_unsafe(name_span, &format!("call of the unsafe method `{}`", def.name)));
        }
        let segment = ast::Segment { ident: call.name, args: call.turbofish.clone() };
        let args = self.fn_args(pick.fn_id, &pick.container, &segment);
        let receiver = self.adjust(place, &pick);
        let params: Vec<Ty> = def.params.iter().map(|param| param.ty.subst(&args)).collect();
        let self_param = self.normalize_at(params[0], name_span);
        let receiver_ty = self.ty_of(receiver);
        if !self.try_unify(self_param, receiver_ty) {
            self.mismatch(self_param, receiver_ty, call.receiver.span);
        }
        let asked = self.obligations.len();
        self.require_predicates(&def.generics.predicates, args, name_span);
        let params: Vec<Ty> = params[1..].iter().map(|&ty| self.normalize_at(ty, name_span)).collect();
        let ret = self.normalize_at(def.ret.subst(&args), name_span);
        let orders = self.left_out_orders(pick.fn_id, asked, &params, &call.args, span);
        if call.args.len() + orders.len() != params.len() {
            let declared = (def.name_span, def.params[1..].iter().map(|param| param.name).collect::<Vec<_>>());
            let (wanted, given) = (params.len(), call.args.len());
            self.report(errors::wrong_arguments(span, name_span, def.name, wanted, given, Some(declared)));
            self.check_all(&call.args);
            return self.expr(ExprKind::Error, ret, span);
        }
        let mut values = vec![receiver];
        values.extend(self.arguments(&params, ret, &call.args, expect));
        values.extend(orders);
        self.expr(ExprKind::Call(Callee::Fn(pick.fn_id, args), values), ret, span)
    }

    fn sees_module(&self, module: ModId) -> bool {
        let outer = crate::resolve::scope::proper_module(self.program, module);
        crate::resolve::scope::is_inside(self.program, self.module, outer)
    }

    fn adjust(&mut self, place: ExprId, pick: &Pick) -> ExprId {
        let span = self.span_of(place);
        let Some(mutable) = pick.autoref else {
            // An exclusive reference given as it is is lent, not given away.
            let ty = self.shallow(self.ty_of(place));
            if let TyKind::Ref(Mutable::Yes, to) = ty.kind()
                && self.is_place(place)
            {
                let target = self.expr(ExprKind::Deref(place), *to, span);
                self.make_mutable(target);
                return self.mutable_ref(target, span);
            }
            return place;
        };
        let mut place = place;
        if mutable.is_yes() && self.is_place(place) && !self.make_mutable(place) {
            let ty = self.show(self.ty_of(place));
            self.report(errors::not_mutable_place(span, &ty));
        }
        if pick.unsize {
            let TyKind::Array(of, _) = self.shallow(self.ty_of(place)).kind() else { return place };
            let array_ref = self.expr(ExprKind::Ref(mutable, place), Ty::reference(mutable, self.ty_of(place)), span);
            let slice = Ty::reference(mutable, Ty::slice(*of));
            return self.expr(ExprKind::Cast(typed::Cast::Unsize, array_ref), slice, span);
        }
        // `&*r` of a reference is that reference lent on.
        if let ExprKind::Deref(inner) = self.exprs[place.index()].kind
            && matches!(self.shallow(self.ty_of(inner)).kind(), TyKind::Ref(Mutable::No, _))
            && !mutable.is_yes()
        {
            place = inner;
            return place;
        }
        let ty = Ty::reference(mutable, self.ty_of(place));
        self.expr(ExprKind::Ref(mutable, place), ty, span)
    }

    fn field_that_is_called(&mut self, ty: Ty, call: &ast::MethodCall) -> Option<diag::Diagnostic> {
        let ty = self.resolve(ty).peeled();
        let TyKind::Adt(id, args) = ty.kind() else { return None };
        let def = self.program.adt(*id);
        if def.is_enum {
            return None;
        }
        let field = def.variants[0].fields.iter().find(|field| field.name == call.name.name)?;
        let field_ty = field.ty.subst(args);
        self.solver.callable_or_bound(field_ty)?;
        let receiver = self.program.sources.snippet(call.receiver.span).to_string();
        Some(errors::field_not_method(call.name, &receiver))
    }

    fn report_no_method(&mut self, ty: Ty, call: &ast::MethodCall) {
        let ty = self.resolve(ty);
        if ty.flags().error {
            self.tainted = true;
            return;
        }
        let shown = self.show(ty);
        if let Some(method) = call.name.name.as_str().strip_prefix("select_") {
            self.report(errors::not_selectable(call.name.span, method, &shown));
            return;
        }
        // A trait has it, but the type lacks the trait or a bound fails.
        let candidates = self.program.index.named(call.name.name);
        let mut traits: Vec<Symbol> = Vec::new();
        let mut unmet: Option<(String, Span)> = None;
        for &candidate in candidates {
            match candidate {
                MethodCandidate::Trait(_, trait_id) => traits.push(self.program.trait_def(trait_id).name),
                MethodCandidate::Inherent(_, impl_id) => {
                    let def = self.program.impl_def(impl_id);
                    let base = ty.peeled();
                    if SimpleKey::of(def.self_ty) == SimpleKey::of(base) && unmet.is_none() {
                        let snapshot = self.solver.table.snapshot();
                        let fresh = self.solver.fresh_args(&def.generics);
                        if self.solver.table.unify(def.self_ty.subst(&fresh), base) {
                            for predicate in &def.generics.predicates {
                                if let PredicateKind::Trait(id, args) = predicate.kind {
                                    let args = args.subst(&fresh);
                                    if self.solver.evaluate(id, args) == Answer::No {
                                        let args = self.solver.table.resolve_args(args);
                                        // Told where the value was made, now or soon.
                                        let asked = self.obligations.iter().any(|known| match known.kind {
                                            ObligationKind::Trait(other, list) => {
                                                other == id && self.solver.table.resolve_args(list) == args
                                            }
                                            ObligationKind::Projection(..) => false,
                                        });
                                        if asked || self.unmet.iter().any(|(known, of, _)| (*known, *of) == (id, args)) {
                                            self.solver.table.rollback(snapshot);
                                            self.tainted = true;
                                            return;
                                        }
                                        let bound = self.program.show_trait(args[0], id, &args[1..]);
                                        unmet = Some((bound, predicate.span));
                                    }
                                }
                            }
                        }
                        self.solver.table.rollback(snapshot);
                    }
                }
            }
        }
        let names = self.method_names_of(ty);
        let is_param = matches!(ty.peeled().kind(), TyKind::Param(_));
        self.report(errors::no_method(call.name, &shown, &names, &traits, unmet, is_param));
    }

    fn method_names_of(&mut self, ty: Ty) -> Vec<Symbol> {
        let mut keys = Vec::new();
        let mut at = ty.peeled();
        // What it dereferences to has methods too.
        for _ in 0..4 {
            keys.push(SimpleKey::of(at));
            let deref = self.program.lang.trait_id("deref");
            let args = Args::new(&[at]);
            if at.is_infer() || self.solver.evaluate(deref, args) != Answer::Yes {
                break;
            }
            let projection = crate::ty::ProjectionTy { trait_id: deref, args, name: Symbol::intern("Target") };
            at = self.normalize(Ty::new(TyKind::Projection(projection)));
        }
        let mut out: Vec<Symbol> = Vec::new();
        for def in &self.program.impls {
            let key = SimpleKey::of(def.self_ty);
            if key.is_some() && keys.contains(&key) {
                out.extend(def.methods.iter().map(|id| self.program.fn_def(*id)).filter(|f| f.has_self).map(|f| f.name));
                if let Some((trait_id, _)) = def.of_trait {
                    let methods = &self.program.trait_def(trait_id).methods;
                    out.extend(methods.iter().map(|id| self.program.fn_def(*id).name));
                }
            }
        }
        if let TyKind::Param(_) = ty.peeled().kind() {
            let env = self.solver.env;
            for (id, args) in &env.traits {
                if args[0] == ty.peeled() {
                    let methods = &self.program.trait_def(*id).methods;
                    out.extend(methods.iter().map(|id| self.program.fn_def(*id).name));
                }
            }
        }
        out.sort();
        out.dedup();
        out
    }
}
