//! Types that are written in signatures, fields and heads of impls keep what they ask of their arguments: `Box<&int>` asks for an
//! owner and `Sorted<f64>` for an order wherever they are named, not only where a value is made. Expects headers and the index of
//! impls. Promises: where a written type was told of, it is poisoned, so nobody tells of it again. (Bodies: `infer::written_ty`.)

use super::*;
use crate::errors;
use crate::traits::{Answer, Env, NoClosures, ObligationKind, Solver, subst_obligation};
use crate::ty::TyKind;

/// A field, a parameter or a result that names what cannot be.
enum Place {
    Field(AdtId, usize, usize),
    Param(FnId, usize),
    Result(FnId),
}

pub(super) fn check(program: &mut Program, diags: &mut Diags) {
    let mut bad = Vec::new();
    for def in program.adts.iter().filter(|def| judged(program, def.module)) {
        let env = Env::new(program, &def.generics.predicates);
        for (v, variant) in def.variants.iter().enumerate() {
            for (f, field) in variant.fields.iter().enumerate() {
                if !keeps(program, &env, field.ty, field.span, diags) {
                    bad.push(Place::Field(def.id, v, f));
                }
            }
        }
    }
    for def in program.fns.iter().filter(|def| judged(program, def.module)) {
        let env = Env::new(program, &def.generics.predicates);
        for (i, param) in def.params.iter().enumerate().filter(|(_, param)| param.name.as_str() != "self") {
            if !keeps(program, &env, param.ty, param.span, diags) {
                bad.push(Place::Param(def.id, i));
            }
        }
        let written = match &def.body {
            BodySource::Fn(item) => item.ret.as_ref().map_or(def.name_span, |ty| ty.span),
            _ => def.name_span,
        };
        if !keeps(program, &env, def.ret, written, diags) {
            bad.push(Place::Result(def.id));
        }
    }
    for def in program.impls.iter().filter(|def| judged(program, def.module)) {
        keeps(program, &Env::new(program, &def.generics.predicates), def.self_ty, def.span, diags);
    }
    for place in bad {
        match place {
            Place::Field(id, v, f) => program.adts[id.index()].variants[v].fields[f].ty = Ty::error(),
            Place::Param(id, i) => program.fns[id.index()].params[i].ty = Ty::error(),
            Place::Result(id) => program.fns[id.index()].ret = Ty::error(),
        }
    }
}

/// The library's own types are judged in debug builds, and so by every test.
fn judged(program: &Program, module: ModId) -> bool {
    !program.module(module).library || cfg!(debug_assertions)
}

fn keeps(program: &Program, env: &Env, ty: Ty, span: Span, diags: &mut Diags) -> bool {
    let mut holds = true;
    ty.any(&mut |part| {
        if let TyKind::Adt(adt, args) = part.kind() {
            for predicate in &program.adt(*adt).generics.predicates {
                let ObligationKind::Trait(id, asked) = subst_obligation(predicate.kind, args) else { continue };
                let mut solver = Solver::new(program, env, &NoClosures);
                let asked = asked.map(&mut |ty| solver.normalize_known(ty));
                if solver.evaluate(id, asked) == Answer::No {
                    diags.push(errors::unmet_by(program, program.users_span(span), id, asked, Some(predicate.span)));
                    holds = false;
                    return true;
                }
            }
        }
        false
    });
    holds
}
