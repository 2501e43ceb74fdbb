//! What a loop reads again and again behind a reference moves in front of it, where nothing in the loop can change it: the
//! length of a vector, where its elements lie, a field of `self`.
//!
//! Only scalars behind a *reference* move. While one is alive, what it leads to is read or changed through it alone (or
//! through what was made from it), so that a store through a pointer from elsewhere changes something else. Loops with
//! calls are left alone, and so is everything inside an `UnsafeCell`.

use super::Cx;
use super::loops::{Natural, enter_through, find_loops};
use super::ssa::{self, Def, Ssa};
use crate::body::*;
use hir::ty::{Ty, TyKind};

/// Values that stay in registers through a loop should leave some for the others.
const MOVED_MAX: usize = 6;
const LOOPS_MAX: usize = 24;
/// Chains of references are as long as calls were deep.
const STEPS_MAX: usize = 50;

/// Whether anything moved.
pub(super) fn run(cx: &Cx, body: &mut Body) -> bool {
    let mut done: Vec<BlockId> = Vec::new();
    let mut changed = false;
    // Inner loops first: what moves out of them may then move on.
    while let Some(natural) = find_loops(body).into_iter().rev().find(|natural| !done.contains(&natural.head)) {
        done.push(natural.head);
        changed |= hoist(cx, body, &natural);
        if done.len() == LOOPS_MAX {
            break;
        }
    }
    changed
}

fn hoist(cx: &Cx, body: &mut Body, natural: &Natural) -> bool {
    let Some(stores) = stores(body, natural) else { return false };
    let facts = ssa::find(body);
    let mut moved: Vec<Place> = Vec::new();
    let mut consider = |place: &Place| {
        if moved.len() < MOVED_MAX && !moved.contains(place) && is_steady(cx, body, &facts, natural, place, &stores) {
            moved.push(place.clone());
        }
    };
    for index in natural.blocks.iter() {
        let block = &body.blocks[index];
        let mut visit = |operand: &Operand| {
            if let Operand::Copy(place) | Operand::Move(place) = operand
                && place.is_indirect()
            {
                consider(place);
            }
        };
        block.statements.iter().for_each(|statement| statement.each_operand(&mut visit));
        block.terminator.kind.each_operand(&mut visit);
    }
    if moved.is_empty() {
        return false;
    }
    let source = body.block(natural.head).terminator.source;
    let mut front = Block::new(source, TerminatorKind::Goto(natural.head));
    for place in moved {
        let ty = cx.types.place(&body.locals, &place);
        let local = body.add_local(ty, source);
        for index in natural.blocks.iter() {
            let mut replace = |operand: &mut Operand| {
                if operand.place() == Some(&place) {
                    *operand = Operand::copy(local);
                }
            };
            let block = &mut body.blocks[index];
            block.statements.iter_mut().for_each(|statement| statement.each_operand_mut(&mut replace));
            block.terminator.kind.each_operand_mut(&mut replace);
        }
        front.statements.push(Statement::assign(source, local, Rvalue::Use(Operand::Copy(place))));
    }
    let front = body.add_block(front);
    enter_through(body, natural, front);
    true
}

/// What the loop writes; `None` if it may write anything.
fn stores(body: &Body, natural: &Natural) -> Option<Vec<Place>> {
    let mut stores = Vec::new();
    for index in natural.blocks.iter() {
        let block = &body.blocks[index];
        for statement in &block.statements {
            match &statement.kind {
                StatementKind::Assign(place, _) | StatementKind::SetDiscriminant(place, _) => stores.push(place.clone()),
                StatementKind::Check { .. }
                | StatementKind::BoundsCheck { .. }
                | StatementKind::StorageLive(_)
                | StatementKind::StorageDead(_)
                | StatementKind::Nop => {}
            }
        }
        match &block.terminator.kind {
            TerminatorKind::Goto(_) | TerminatorKind::Switch { .. } => {}
            TerminatorKind::Call { callee: Callee::Intrinsic(name, _), dest, .. } if is_pure(name.as_str()) => stores.push(dest.clone()),
            TerminatorKind::Call { .. }
            | TerminatorKind::Drop { .. }
            | TerminatorKind::Return
            | TerminatorKind::Resume
            | TerminatorKind::Unreachable => return None,
        }
    }
    Some(stores)
}

/// Computes from its arguments alone.
fn is_pure(intrinsic: &str) -> bool {
    intrinsic.ends_with("_overflows")
        || intrinsic.starts_with("float_")
        || intrinsic.starts_with("wrapping_")
        || intrinsic.starts_with("rotate_")
        || intrinsic.ends_with("_bits")
        || matches!(intrinsic, "count_ones" | "leading_zeros" | "trailing_zeros" | "swap_bytes" | "mul_high_u64" | "thin" | "distance")
}

/// The same scalar in every turn.
fn is_steady(cx: &Cx, body: &Body, facts: &Ssa, natural: &Natural, place: &Place, stores: &[Place]) -> bool {
    let [Projection::Deref, fields @ ..] = &place.projection[..] else { return false };
    if !fields.iter().all(|step| matches!(step, Projection::Field(_))) {
        return false;
    }
    let root = body.local_decl(place.local).ty;
    if !natural.knows(place.local, facts, body) || !matches!(root.kind(), TyKind::Ref(..)) {
        return false;
    }
    let is_scalar = |ty: Ty| matches!(ty.kind(), TyKind::Bool | TyKind::Char | TyKind::Int(_) | TyKind::Float(_) | TyKind::Ptr(..));
    if !is_scalar(cx.types.place(&body.locals, place)) {
        return false;
    }
    let in_cell = (1..place.projection.len()).any(|steps| cx.types.is_unsafe_cell(cx.types.place(&body.locals, &place.prefix(steps))));
    !in_cell && stores.iter().all(|store| !may_change(body, facts, store, place))
}

fn may_change(body: &Body, facts: &Ssa, store: &Place, place: &Place) -> bool {
    let (place, store) = (origin(body, facts, place), origin(body, facts, store));
    if store.local == place.local {
        return overlap(&store, &place);
    }
    if !store.is_indirect() {
        return facts.borrowed.contains(store.local.index());
    }
    if !place.is_indirect() {
        // Of this function itself; a pointer of unknown origin may lead there once its address was taken.
        return true;
    }
    // A pointer that has several values: one of them may have been made from the place itself.
    match facts.def(store.local) {
        Def::Param | Def::At(_) => false,
        Def::Never | Def::Many => is_exposed(body, facts, &place),
    }
}

/// The place as it is reached without locals that only hold references and pointers to it.
fn origin(body: &Body, facts: &Ssa, place: &Place) -> Place {
    let mut place = place.clone();
    for _ in 0..STEPS_MAX {
        let Def::At(at) = facts.def(place.local) else { break };
        let Some(StatementKind::Assign(_, value)) = body.block(at.block).statements.get(at.statement as usize).map(|s| &s.kind) else { break };
        match (value, &place.projection[..]) {
            (Rvalue::Ref { place: to, .. } | Rvalue::RawRef(_, to), [Projection::Deref, rest @ ..]) => {
                let mut whole = to.clone();
                whole.projection.extend_from_slice(rest);
                place = whole;
            }
            (Rvalue::Use(operand) | Rvalue::Cast(_, operand, _) | Rvalue::Binary(BinaryOp::Offset, operand, _), _) => {
                let Some(from) = operand.as_local() else { break };
                place.local = from;
            }
            (Rvalue::Aggregate(Aggregate::WidePointer, parts), _) => {
                let Some(from) = parts[0].as_local() else { break };
                place.local = from;
            }
            _ => break,
        }
    }
    place
}

/// Both begin at the same local.
fn overlap(store: &Place, place: &Place) -> bool {
    for (a, b) in store.projection.iter().zip(&place.projection) {
        match (a, b) {
            (a, b) if a == b => {}
            (Projection::Field(_), Projection::Field(_)) => return false,
            _ => return true,
        }
    }
    // What a pointer at the place leads to is not the pointer.
    !matches!(store.projection.get(place.projection.len()), Some(Projection::Deref))
}

/// Somebody made a pointer into the place, or to what contains it.
fn is_exposed(body: &Body, facts: &Ssa, place: &Place) -> bool {
    body.blocks.iter().flat_map(|block| &block.statements).any(|statement| {
        let StatementKind::Assign(_, value) = &statement.kind else { return false };
        match value {
            Rvalue::Ref { place: to, .. } | Rvalue::RawRef(_, to) => {
                let to = origin(body, facts, to);
                to.local == place.local && overlap(&to, place)
            }
            Rvalue::Cast(_, operand, _) | Rvalue::Use(operand) => {
                operand.as_local().is_some_and(|local| local == place.local)
            }
            _ => false,
        }
    })
}
