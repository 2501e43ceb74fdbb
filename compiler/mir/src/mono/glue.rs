//! Drop glue: for each type a function that takes a pointer to a value and ends it: its own destructor, then its parts.
//! If one part raises, the others are still dropped on the way out.

use super::made::Made;
use super::{Mono, lower};
use crate::body::*;
use diag::Span;
use hir::ty::{Mutable, Ty, TyKind};

impl Mono<'_> {
    pub(super) fn drop_glue(&mut self, ty: Ty) -> Body {
        let name = format!("drop {}", self.program.program().show(ty));
        let mut made = Made::new(&name, Span::NONE, &[Ty::pointer(Mutable::Yes, ty)], Ty::unit());
        let value = Place::local(Local(1)).deref();
        match ty.kind() {
            _ if self.types.boxed(ty).is_some() => self.drop_box(&mut made, ty, value),
            TyKind::Array(..) | TyKind::Slice(_) => drop_elements(&mut made, value),
            TyKind::Tuple(_) | TyKind::Closure(..) | TyKind::Adt(..) => {
                let parts = self.drop_own(&mut made, ty, &value);
                drop_parts(&mut made, parts);
            }
            _ => made.end(TerminatorKind::Return),
        }
        lower::finish(self, made.body)
    }

    /// The contents, then the memory.
    fn drop_box(&mut self, made: &mut Made, ty: Ty, value: Place) {
        let (free, on_raise, resume) = (made.block(), made.cleanup(), made.resume());
        made.end_into(TerminatorKind::Drop { place: value.deref(), target: free, unwind: Some(on_raise) }, free);
        let end = made.block();
        self.call_drop(made, ty, &value, end, None);
        made.current = on_raise;
        self.call_drop(made, ty, &value, resume, None);
        made.current = end;
        made.end(TerminatorKind::Return);
    }

    fn call_drop(&mut self, made: &mut Made, ty: Ty, value: &Place, target: BlockId, unwind: Option<BlockId>) {
        let Some((drop, args)) = self.program.drop_impl(ty) else {
            bug!("monomorphization", made.body.name; "a type without destructor of its own")
        };
        let (receiver, dest) = (made.temp(Ty::exclusive(ty)), made.temp(Ty::unit()));
        made.assign(receiver, Rvalue::reference(Mutable::Yes, value.clone()));
        made.end(TerminatorKind::Call {
            callee: Callee::Fn(drop, args),
            args: vec![Operand::take(receiver)],
            dest: Place::local(dest),
            target: Some(target),
            unwind,
        });
    }

    /// The type's own `drop`, if it has one. Gives the parts for each variant.
    fn drop_own(&mut self, made: &mut Made, ty: Ty, value: &Place) -> Parts {
        let parts = self.parts(ty, value);
        if self.program.drop_impl(ty).is_some() {
            let next = made.block();
            // The parts are dropped even if the destructor raises.
            let on_raise = made.cleanup();
            self.call_drop(made, ty, value, next, Some(on_raise));
            made.current = on_raise;
            drop_parts_in_cleanup(made, &parts);
            made.current = next;
        }
        parts
    }

    fn parts(&self, ty: Ty, value: &Place) -> Parts {
        let fields = |variant: u32, of: &Place| -> Vec<Place> {
            (0..self.types.field_count(ty, variant) as u32)
                .filter(|field| self.types.needs_drop(self.types.field(ty, variant, *field)))
                .map(|field| of.field(field))
                .collect()
        };
        match ty.kind() {
            TyKind::Adt(id, _) if self.program.program().adt(*id).is_enum => {
                let count = self.program.program().adt(*id).variants.len() as u32;
                Parts::Variants(
                    value.clone(),
                    (0..count)
                        .map(|variant| (variant, fields(variant, &value.downcast(variant))))
                        .filter(|(_, parts)| !parts.is_empty())
                        .collect(),
                )
            }
            _ => Parts::All(fields(0, value)),
        }
    }
}

enum Parts {
    All(Vec<Place>),
    /// Of an enum place: the variants that have any.
    Variants(Place, Vec<(u32, Vec<Place>)>),
}

fn drop_parts(made: &mut Made, parts: Parts) {
    match parts {
        Parts::All(places) => drop_in_order(made, &places),
        Parts::Variants(place, variants) => {
            let end = made.block();
            for (block, places) in switch_variant(made, place, &variants, end, false) {
                made.current = block;
                drop_in_order(made, &places);
            }
            made.current = end;
            made.end(TerminatorKind::Return);
        }
    }
}

fn switch_variant(
    made: &mut Made,
    place: Place,
    variants: &[(u32, Vec<Place>)],
    otherwise: BlockId,
    cleanup: bool,
) -> Vec<(BlockId, Vec<Place>)> {
    let tag = made.temp(Ty::int());
    made.assign(tag, Rvalue::Discriminant(place));
    let mut targets = Vec::new();
    let mut blocks = Vec::new();
    for (variant, places) in variants {
        let block = if cleanup { made.cleanup() } else { made.block() };
        targets.push((i128::from(*variant), block));
        blocks.push((block, places.clone()));
    }
    made.end(TerminatorKind::Switch { value: Operand::copy(tag), targets, otherwise });
    blocks
}

fn drop_in_order(made: &mut Made, places: &[Place]) {
    // Built from the end: where each goes if it raises is the cleanup of those behind it.
    let mut after_raise = vec![None; places.len()];
    let mut next: Option<BlockId> = None;
    for index in (1..places.len()).rev() {
        let target = match next {
            Some(block) => block,
            None => made.resume(),
        };
        let block = made.cleanup();
        let kind = TerminatorKind::Drop { place: places[index].clone(), target, unwind: None };
        made.body.blocks[block.index()].terminator.kind = kind;
        next = Some(block);
        after_raise[index - 1] = next;
    }
    for (place, unwind) in places.iter().zip(after_raise) {
        let target = made.block();
        made.end_into(TerminatorKind::Drop { place: place.clone(), target, unwind }, target);
    }
    made.end(TerminatorKind::Return);
}

fn drop_parts_in_cleanup(made: &mut Made, parts: &Parts) {
    let resume = made.resume();
    let chain = |made: &mut Made, places: &[Place]| {
        for place in places {
            let target = made.cleanup();
            made.end_into(TerminatorKind::Drop { place: place.clone(), target, unwind: None }, target);
        }
        made.end(TerminatorKind::Goto(resume));
    };
    match parts {
        Parts::All(places) => chain(made, places),
        Parts::Variants(place, variants) => {
            for (block, places) in switch_variant(made, place.clone(), variants, resume, true) {
                made.current = block;
                chain(made, &places);
            }
        }
    }
}

/// `i` counts up before each drop, so that after a raise the loop goes on behind the one that raised.
fn drop_elements(made: &mut Made, value: Place) {
    let (len, index, next) = (made.temp(Ty::int()), made.temp(Ty::int()), made.temp(Ty::int()));
    made.assign(len, Rvalue::Len(value.clone()));
    made.assign(next, Rvalue::Use(Operand::int(0)));
    let (head, cleanup_head, end, resume) = (made.block(), made.cleanup(), made.block(), made.resume());
    made.end(TerminatorKind::Goto(head));
    for (head, cleanup, end, unwind) in [(head, false, end, Some(cleanup_head)), (cleanup_head, true, resume, None)] {
        made.current = head;
        let more = made.temp(Ty::bool());
        made.assign(more, Rvalue::Binary(BinaryOp::Lt, Operand::copy(next), Operand::copy(len)));
        let body = if cleanup { made.cleanup() } else { made.block() };
        let kind = TerminatorKind::Switch { value: Operand::copy(more), targets: vec![(0, end)], otherwise: body };
        made.end_into(kind, body);
        made.assign(index, Rvalue::Use(Operand::copy(next)));
        made.assign(next, Rvalue::Binary(BinaryOp::Add, Operand::copy(index), Operand::int(1)));
        made.end(TerminatorKind::Drop { place: value.index(index), target: head, unwind });
    }
    made.current = end;
    made.end(TerminatorKind::Return);
}
