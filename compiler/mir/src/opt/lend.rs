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

/// A borrow that only serves the call at the end of a block.
#[derive(Clone)]
struct Loan {
    /// Where the borrow stands now.
    block: u32,
    statement: u32,
    /// The block that ends in the call.
    call: u32,
    place: Place,
    mutable: bool,
}

/// Whether any local was freed of its address.
pub(super) fn run(cx: &Cx, body: &mut Body) -> bool {
    // By local: whether some borrow is of another kind.
    let count = body.locals.len();
    let mut lost = vec![false; count];
    let mut loans: Vec<Loan> = Vec::new();
    lost[0] = true;
    let reads = read_counts(body);
    let (defs, taken) = pointers(body);
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
            let pointer = to.as_local().filter(|p| reads[p.index()] == 1 && defs[p.index()] == 1);
            let call = pointer.and_then(|pointer| taken[pointer.index()]);
            let fields = place.projection.iter().all(|step| matches!(step, Projection::Field(_)));
            match (pointer, call) {
                (Some(pointer), Some(call)) if fields && serves_call(cx, body, call, pointer, place.local) => {
                    // The address of a local is the same everywhere, so the borrow may move to its call.
                    loans.push(Loan { block: index as u32, statement: at as u32, call, place: place.clone(), mutable });
                }
                _ => lost[place.local.index()] = true,
            }
        }
        if let TerminatorKind::Drop { place, .. } = &block.terminator.kind {
            lost[place.local.index()] = true;
        }
    }
    for loan in &loans {
        if !worth(cx, cx.types.place(&body.locals, &loan.place)) {
            lost[loan.place.local.index()] = true;
        }
    }
    // Two loans for one call would be two copies of one value.
    let mut by_call: Vec<(u32, Local)> = loans.iter().map(|loan| (loan.call, loan.place.local)).collect();
    by_call.sort_unstable();
    for pair in by_call.windows(2) {
        if pair[0] == pair[1] {
            lost[pair[0].1.index()] = true;
        }
    }
    loans.retain(|loan| !lost[loan.place.local.index()]);
    for loan in &loans {
        lend(cx, body, loan);
    }
    !loans.is_empty()
}

/// By local: how often it is assigned, and the block whose call takes it as an argument.
fn pointers(body: &Body) -> (Vec<u32>, Vec<Option<u32>>) {
    let mut defs = vec![0; body.locals.len()];
    let mut taken = vec![None; body.locals.len()];
    body.params().for_each(|param| defs[param.index()] += 1);
    for (index, block) in body.blocks.iter().enumerate() {
        for statement in &block.statements {
            if let StatementKind::Assign(place, _) | StatementKind::SetDiscriminant(place, _) = &statement.kind
                && !place.is_indirect()
            {
                defs[place.local.index()] += 1;
            }
        }
        if let TerminatorKind::Call { args, dest, .. } = &block.terminator.kind {
            if !dest.is_indirect() {
                defs[dest.local.index()] += 1;
            }
            for local in args.iter().filter_map(Operand::as_local) {
                taken[local.index()] = Some(index as u32);
            }
        }
    }
    (defs, taken)
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

/// Whether the call gets at the lent value by this pointer only, and keeps no pointer to it.
fn serves_call(cx: &Cx, body: &Body, call: u32, pointer: Local, lent: Local) -> bool {
    let TerminatorKind::Call { callee, args, dest, .. } = &body.blocks[call as usize].terminator.kind else { return false };
    if !matches!(callee, Callee::Instance(_)) || holds_pointer(cx, cx.types.place(&body.locals, dest)) {
        return false;
    }
    let reaches = |place: &Place| place.local == lent || place.index_locals().any(|index| index == lent);
    if args.iter().any(|arg| arg.place().is_some_and(reaches)) || reaches(dest) {
        return false;
    }
    let mut others = args.iter().filter(|arg| arg.as_local() != Some(pointer));
    !others.any(|arg| may_keep(cx, cx.types.operand(&body.locals, arg)))
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

fn lend(cx: &Cx, body: &mut Body, loan: &Loan) {
    let ty = cx.types.place(&body.locals, &loan.place);
    let temp = body.add_local(ty, body.local_decl(loan.place.local).source);
    // The borrow moves to the end of the block of its call; its old place stays empty so that positions stay true.
    let statement = &mut body.blocks[loan.block as usize].statements[loan.statement as usize];
    let source = statement.source;
    let mut kind = std::mem::replace(&mut statement.kind, StatementKind::Nop);
    if let StatementKind::Assign(_, Rvalue::Ref { place, .. } | Rvalue::RawRef(_, place)) = &mut kind {
        *place = Place::local(temp);
    }
    let read = Rvalue::Use(Operand::Copy(loan.place.clone()));
    let block = &mut body.blocks[loan.call as usize];
    block.statements.push(Statement::assign(source, temp, read));
    block.statements.push(Statement { kind, source });
    let number = matches!(ty.kind(), TyKind::Bool | TyKind::Char | TyKind::Int(_) | TyKind::Float(_));
    if !loan.mutable && number {
        return;
    }
    let source = block.terminator.source;
    let TerminatorKind::Call { target, unwind, .. } = &block.terminator.kind else { return };
    let (target, unwind) = (*target, *unwind);
    let mut back = |to: Option<BlockId>| {
        let to = to?;
        let value = Rvalue::Use(Operand::Copy(Place::local(temp)));
        let cleanup = body.block(to).cleanup;
        Some(body.add_block(Block {
            statements: vec![Statement::assign(source, loan.place.clone(), value)],
            terminator: Terminator { kind: TerminatorKind::Goto(to), source },
            unwind: None,
            cleanup,
        }))
    };
    let (new_target, new_unwind) = (back(target), back(unwind));
    if let TerminatorKind::Call { target, unwind, .. } = &mut body.blocks[loan.call as usize].terminator.kind {
        *target = new_target;
        *unwind = new_unwind;
    }
}
