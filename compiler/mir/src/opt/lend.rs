//! A local that is only ever lent to calls does not have to live in memory: it is put into a temporary for the call and
//! taken back behind it.
//!
//! `r = &mut v; grow(r, n)` becomes `t = v; r = &mut t; grow(r, n); v = t`, on the way out of a panic as well. So a vector
//! that grows now and then, or is dropped at the end, stays in registers for the rest of the function. It is done for
//! small values whose every borrow is made right before a call that cannot keep it: nothing with a pointer comes back.

use super::Cx;
use crate::body::*;
use crate::layout::Scalar;
use hir::ty::{Mutable, Ty, TyKind};

/// Values of more scalars are left where they are.
const SCALARS_MAX: usize = 4;

/// A borrow that only serves the call at the end of its block.
#[derive(Clone, Copy)]
struct Loan {
    block: u32,
    statement: u32,
    local: Local,
    mutable: bool,
}

/// Whether any local was freed of its address.
pub(super) fn run(cx: &Cx, body: &mut Body) -> bool {
    // By local: the loans, or nothing if some borrow is of another kind.
    let count = body.locals.len();
    let mut lost = vec![false; count];
    let mut loans: Vec<Loan> = Vec::new();
    lost[0] = true;
    let reads = read_counts(body);
    for (index, block) in body.blocks.iter().enumerate() {
        for (at, statement) in block.statements.iter().enumerate() {
            let StatementKind::Assign(to, value) = &statement.kind else { continue };
            let (place, mutable) = match value {
                Rvalue::Ref { place, mutable, .. } => (place, mutable.is_yes()),
                Rvalue::RawRef(mutable, place) => (place, mutable.is_yes()),
                _ => continue,
            };
            if place.is_indirect() {
                continue;
            }
            let single = to.as_local().filter(|pointer| reads[pointer.index()] == 1);
            let served = single.is_some_and(|pointer| place.is_local() && serves_call(cx, body, block, at, pointer));
            if served {
                loans.push(Loan { block: index as u32, statement: at as u32, local: place.local, mutable });
            } else {
                lost[place.local.index()] = true;
            }
        }
        if let TerminatorKind::Drop { place, .. } = &block.terminator.kind {
            lost[place.local.index()] = true;
        }
    }
    loans.retain(|loan| !lost[loan.local.index()] && worth(cx, body.local_decl(loan.local).ty));
    if loans.is_empty() {
        return false;
    }
    // Two loans for one call would be two copies of one value.
    let mut by_block = loans.clone();
    by_block.sort_by_key(|loan| (loan.block, loan.local));
    for pair in by_block.windows(2) {
        if pair[0].block == pair[1].block && pair[0].local == pair[1].local {
            lost[pair[0].local.index()] = true;
        }
    }
    loans.retain(|loan| !lost[loan.local.index()]);
    // From the end of each block, so that positions before stay true.
    let any = !loans.is_empty();
    for loan in loans.into_iter().rev() {
        lend(body, loan);
    }
    any
}

fn read_counts(body: &Body) -> Vec<u32> {
    let mut reads = vec![0; body.locals.len()];
    for block in &body.blocks {
        for statement in &block.statements {
            super::ssa::each_read(statement, &mut |local| reads[local.index()] += 1);
        }
        super::ssa::each_terminator_read(&block.terminator.kind, &mut |local| reads[local.index()] += 1);
    }
    reads
}

fn worth(cx: &Cx, ty: Ty) -> bool {
    let layout = cx.layouts.of(ty);
    let small = layout.leaves.as_ref().is_some_and(|leaves| !leaves.is_empty() && leaves.len() <= SCALARS_MAX);
    small && has_no_address(cx, ty)
}

/// Nobody remembers where it stands: numbers, plain containers, and what users make of them. The library's other types
/// (locks, scopes, cells) may be known to the runtime or to other fibers by their address.
fn has_no_address(cx: &Cx, ty: Ty) -> bool {
    let program = cx.types.program.program();
    match ty.kind() {
        TyKind::Bool | TyKind::Char | TyKind::Int(_) | TyKind::Float(_) | TyKind::Ref(..) => true,
        TyKind::Tuple(of) => of.iter().all(|ty| has_no_address(cx, *ty)),
        TyKind::Closure(id, args) => cx.types.closure_fields(*id, *args).into_iter().all(|ty| has_no_address(cx, ty)),
        TyKind::Adt(id, _) if ["vec", "string", "box"].iter().any(|name| program.lang.is_adt(name, *id)) => true,
        TyKind::Adt(id, args) if program.lang.is_adt("option", *id) => args.iter().all(|ty| has_no_address(cx, *ty)),
        TyKind::Adt(id, _) => {
            let def = program.adt(*id);
            !program.module(def.module).library
                && (0..def.variants.len() as u32).all(|variant| {
                    let fields = cx.types.field_count(ty, variant) as u32;
                    (0..fields).all(|field| has_no_address(cx, cx.types.field(ty, variant, field)))
                })
        }
        _ => false,
    }
}

/// Whether the pointer goes to the call at the end of the block and nowhere else, and neither the lent value nor
/// anything that could reach it is touched between.
fn serves_call(cx: &Cx, body: &Body, block: &Block, at: usize, pointer: Local) -> bool {
    let TerminatorKind::Call { callee, args, dest, .. } = &block.terminator.kind else { return false };
    if !matches!(callee, Callee::Instance(_)) || holds_pointer(cx, cx.types.place(&body.locals, dest)) {
        return false;
    }
    if !args.iter().any(|arg| arg.as_local() == Some(pointer)) {
        return false;
    }
    let StatementKind::Assign(_, Rvalue::Ref { place, .. } | Rvalue::RawRef(_, place)) = &block.statements[at].kind else {
        return false;
    };
    let lent = place.local;
    // The same call must not get at it in another way.
    if args.iter().any(|arg| arg.place().is_some_and(|place| place.local == lent)) || dest.local == lent {
        return false;
    }
    // Another argument that takes a pointer could be given this one to keep.
    let keeps = args.iter().filter(|arg| arg.as_local() != Some(pointer)).any(|arg| {
        may_keep(cx, cx.types.operand(&body.locals, arg))
    });
    if keeps {
        return false;
    }
    // A value with pointers of its own could be told to keep a pointer to itself only by unsafe code; it cannot be moved
    // then, and everything in Aurora can.
    block.statements[at + 1..].iter().all(|statement| {
        let mut touched = false;
        super::ssa::each_read(statement, &mut |local| touched |= local == lent || local == pointer);
        if let StatementKind::Assign(place, _) | StatementKind::SetDiscriminant(place, _) = &statement.kind {
            touched |= place.local == lent;
        }
        !touched && !statement.raises()
    })
}

/// Whether a callee that is given such an argument could put a pointer into what it leads to.
fn may_keep(cx: &Cx, ty: Ty) -> bool {
    match ty.kind() {
        TyKind::Ref(Mutable::Yes, to) => holds_pointer(cx, *to),
        TyKind::Ref(Mutable::No, to) => !has_no_address(cx, *to) && holds_pointer(cx, *to),
        TyKind::Tuple(of) => of.iter().any(|ty| may_keep(cx, *ty)),
        TyKind::Closure(id, args) => cx.types.closure_fields(*id, *args).into_iter().any(|ty| may_keep(cx, ty)),
        TyKind::Ptr(..) => true,
        _ => holds_pointer(cx, ty),
    }
}

/// Whether a value of the type might hold the address of another.
fn holds_pointer(cx: &Cx, ty: Ty) -> bool {
    let lang = &cx.types.program.program().lang;
    match ty.kind() {
        TyKind::Bool | TyKind::Char | TyKind::Int(_) | TyKind::Float(_) | TyKind::Never | TyKind::Str => return false,
        TyKind::Slice(of) | TyKind::Array(of, _) => return holds_pointer(cx, *of),
        TyKind::Tuple(of) => return of.iter().any(|ty| holds_pointer(cx, *ty)),
        TyKind::Adt(id, _) if lang.is_adt("string", *id) => return false,
        TyKind::Adt(id, args) if ["vec", "box", "option"].iter().any(|name| lang.is_adt(name, *id)) => {
            return args.iter().any(|ty| holds_pointer(cx, *ty));
        }
        _ => {}
    }
    let layout = cx.layouts.of(ty);
    match &layout.leaves {
        Some(leaves) => leaves.iter().any(|leaf| leaf.scalar == Scalar::Pointer),
        None => true,
    }
}

fn lend(body: &mut Body, loan: Loan) {
    let (ty, source) = {
        let decl = body.local_decl(loan.local);
        (decl.ty, decl.source)
    };
    let temp = body.add_local(ty, source);
    let copy_back = |body: &Body, block: &Block, to: BlockId, cleanup: bool| Block {
        statements: vec![Statement::assign(
            block.terminator.source,
            loan.local,
            Rvalue::Use(Operand::Copy(Place::local(temp))),
        )],
        terminator: Terminator { kind: TerminatorKind::Goto(to), source: block.terminator.source },
        unwind: None,
        cleanup: cleanup || body.block(to).cleanup,
    };
    let block = &body.blocks[loan.block as usize];
    let needs_back = loan.mutable || !matches!(ty.kind(), TyKind::Bool | TyKind::Char | TyKind::Int(_) | TyKind::Float(_));
    let TerminatorKind::Call { target, unwind, .. } = &block.terminator.kind else { return };
    let (target, unwind) = (*target, *unwind);
    let mut new_target = target;
    let mut new_unwind = unwind;
    if needs_back && let Some(to) = target {
        let back = copy_back(body, block, to, block.cleanup);
        new_target = Some(body.add_block(back));
    }
    if needs_back && let Some(to) = unwind {
        let block = &body.blocks[loan.block as usize];
        let back = copy_back(body, block, to, true);
        new_unwind = Some(body.add_block(back));
    }
    let block = &mut body.blocks[loan.block as usize];
    if let TerminatorKind::Call { target, unwind, .. } = &mut block.terminator.kind {
        *target = new_target;
        *unwind = new_unwind;
    }
    let statement = &mut block.statements[loan.statement as usize];
    if let StatementKind::Assign(_, Rvalue::Ref { place, .. } | Rvalue::RawRef(_, place)) = &mut statement.kind {
        *place = Place::local(temp);
    }
    let source = statement.source;
    let copy = Statement::assign(source, temp, Rvalue::Use(Operand::Copy(Place::local(loan.local))));
    block.statements.insert(loan.statement as usize, copy);
}
