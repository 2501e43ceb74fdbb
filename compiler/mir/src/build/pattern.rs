//! What patterns bind, and binding it.

use super::place::PlaceBuilder;
use super::{Builder, Var};
use crate::body::*;
use hir::ids::{LocalId, PatId};
use hir::ty::{Mutable, Ty, TyKind};
use hir::typed::{self, PatKind};

/// One variable that a pattern binds, and to what.
#[derive(Clone)]
pub(super) struct Binding {
    pub id: LocalId,
    pub by_ref: Option<Mutable>,
    pub place: PlaceBuilder,
    pub source: SourceId,
}

/// A name alone, taking the whole value.
pub(super) fn is_plain_binding(kind: &PatKind) -> Option<LocalId> {
    match kind {
        PatKind::Bind { local, by_ref: None, sub: None } => Some(*local),
        _ => None,
    }
}

impl Builder<'_> {
    /// All variables of a pattern, in order of the text; those of alternatives once.
    pub(super) fn bindings(&self, pat: PatId) -> Vec<LocalId> {
        let mut all = Vec::new();
        each_pattern(self.typed, pat, &mut |kind| {
            if let PatKind::Bind { local, .. } = kind
                && !all.contains(local)
            {
                all.push(*local);
            }
        });
        all
    }

    pub(super) fn binds_by_ref(&self, pat: PatId) -> bool {
        let mut found = false;
        each_pattern(self.typed, pat, &mut |kind| {
            found |= matches!(kind, PatKind::Bind { by_ref: Some(_), .. });
        });
        found
    }

    /// Takes apart what cannot fail to match.
    pub(super) fn bind_irrefutable(&mut self, place: PlaceBuilder, pat: PatId, scope: usize) {
        self.match_irrefutable(place, pat);
        for id in self.bindings(pat) {
            let local = self.declare(id);
            self.schedule_variable(scope, local);
        }
    }

    pub(super) fn bind_all(&mut self, bindings: &[Binding]) {
        for binding in bindings {
            self.bind(binding);
        }
    }

    fn bind(&mut self, binding: &Binding) {
        let local = self.live_variable(binding.id);
        let place = self.resolve(binding.place.clone());
        let value = match binding.by_ref {
            None => {
                let ty = self.locals[local.index()].ty;
                match self.elements_of(&place, ty) {
                    Some(elements) => Rvalue::Aggregate(Aggregate::Array, elements),
                    None => Rvalue::Use(self.types.read(place, ty)),
                }
            }
            Some(mutable) => self.lend_part(binding.source, mutable, place, self.locals[local.index()].ty),
        };
        self.assign(binding.source, local, value);
    }

    /// A reference to what a pattern found. The rest of an array behind a reference is bound as a slice.
    fn lend_part(&mut self, source: SourceId, mutable: Mutable, place: Place, wanted: Ty) -> Rvalue {
        let found = Ty::reference(mutable, self.types.place(&self.locals, &place));
        if found == wanted || !matches!(found.peeled().kind(), TyKind::Array(..)) {
            return Rvalue::reference(mutable, place);
        }
        let temp = self.new_temp(found, source);
        self.assign(source, temp, Rvalue::reference(mutable, place));
        Rvalue::Cast(Cast::Unsize, Operand::take(temp), wanted)
    }

    /// A part of an array that is moved goes element by element, so that what remains is known.
    fn elements_of(&self, place: &Place, ty: Ty) -> Option<Vec<Operand>> {
        let Some(Projection::Subslice { from, .. }) = place.projection.last() else { return None };
        let TyKind::Array(_, len) = ty.kind() else { return None };
        let TyKind::Const(len) = len.kind() else { return None };
        if self.types.is_copy(ty) {
            return None;
        }
        let array = place.prefix(place.projection.len() - 1);
        let element = |index| Operand::Move(array.project(Projection::ConstIndex { offset: from + index, from_end: false }));
        Some((0..*len as u32).map(element).collect())
    }

    /// A guard only looks at what it binds: should it fail, nothing has happened. Gives what must still be bound.
    pub(super) fn bind_for_guard(&mut self, bindings: &[Binding]) -> Vec<Binding> {
        let mut later = Vec::new();
        for binding in bindings {
            let ty = self.typed.local(binding.id).ty;
            let seen = match binding.by_ref {
                None if self.types.is_copy(ty) => {
                    self.bind(binding);
                    continue;
                }
                Some(Mutable::No) => {
                    self.bind(binding);
                    continue;
                }
                None => self.resolve(binding.place.clone()),
                Some(Mutable::Yes) => {
                    let place = self.resolve(binding.place.clone());
                    let temp = self.new_temp(ty, binding.source);
                    let value = self.lend_part(binding.source, Mutable::Yes, place, ty);
                    self.assign(binding.source, temp, value);
                    Place::local(temp)
                }
            };
            // The variable itself is made now, so that both meanings of the name exist.
            self.declare(binding.id);
            let behind = self.new_temp(Ty::shared(ty), binding.source);
            self.assign(binding.source, behind, Rvalue::reference(Mutable::No, seen));
            later.push(binding.clone());
            self.guarded.push((binding.id, std::mem::replace(&mut self.vars[binding.id.index()], Some(Var::Behind(behind)))));
        }
        later
    }

    /// Names mean the variables again.
    pub(super) fn end_guard(&mut self, before: usize) {
        for (id, var) in self.guarded.drain(before..) {
            self.vars[id.index()] = var;
        }
    }

    pub(super) fn variant_count(&self, ty: Ty) -> usize {
        match ty.kind() {
            TyKind::Adt(id, _) => self.types.program.program().adt(*id).variants.len(),
            _ => 1,
        }
    }
}

fn each_pattern(body: &typed::Body, id: PatId, visit: &mut dyn FnMut(&PatKind)) {
    let kind = &body.pat(id).kind;
    visit(kind);
    match kind {
        PatKind::Wild | PatKind::Const(_) | PatKind::Range { .. } | PatKind::Error => {}
        PatKind::Bind { sub, .. } => sub.iter().for_each(|sub| each_pattern(body, *sub, visit)),
        PatKind::Deref(inner) => each_pattern(body, *inner, visit),
        PatKind::Leaf(fields) | PatKind::Variant { fields, .. } => {
            fields.iter().for_each(|(_, field)| each_pattern(body, *field, visit));
        }
        PatKind::Slice { before, rest, after } => {
            let rest = rest.iter().flatten();
            before.iter().chain(rest).chain(after).for_each(|part| each_pattern(body, *part, visit));
        }
        PatKind::Or(alternatives) => alternatives.iter().for_each(|part| each_pattern(body, *part, visit)),
    }
}
