//! Generic code that names `Box<T>` gets `T: Own` by itself: whoever names a type in a signature or a field promises what
//! that type asks of its arguments, as far as it asks for owners.
//!
//! `Own` means that no view stands anywhere inside, so `Box<Vec<T>>` and `Box<Node<T>>` ask for the same thing: an owner for
//! every parameter that they mention.

use super::*;
use crate::program::{Predicate, PredicateKind};
use crate::ty::{Subst, TyKind};

/// Types first: a field `next: Option<Box<Node<T>>>` makes `Node` itself ask for `T: Own`, and so on for who names `Node`.
pub(super) fn of_types(program: &mut Program) {
    loop {
        let mut changed = false;
        for index in 0..program.adts.len() {
            let def = &program.adts[index];
            let mut predicates = def.generics.predicates.clone();
            for field in def.variants.iter().flat_map(|variant| &variant.fields) {
                implied(program, field.ty, field.span, &mut predicates);
            }
            if predicates.len() > def.generics.predicates.len() {
                program.adts[index].generics.predicates = predicates;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// Adds what naming `ty` promises.
pub(super) fn implied(program: &Program, ty: Ty, span: Span, out: &mut Vec<Predicate>) {
    let Some(crate::LangItem::Trait(own)) = program.lang.get("own") else { return };
    ty.any(&mut |part| {
        if let TyKind::Adt(adt, args) = part.kind() {
            for predicate in &program.adt(*adt).generics.predicates {
                if let PredicateKind::Trait(id, subject) = predicate.kind
                    && id == own
                {
                    for owner in crate::traits::parts_to_own(subject[0].subst(args)) {
                        let kind = PredicateKind::Trait(own, Args::new(&[owner]));
                        if !out.iter().any(|known| known.kind == kind) {
                            out.push(Predicate { kind, span });
                        }
                    }
                }
            }
        }
        false
    });
}
