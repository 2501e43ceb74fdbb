//! Moves a small value to a place of its own where it is dropped on the way out of a panic. Only there its destructor is
//! called with its address; where that is all that needs one, the value need not lie in memory on ordinary paths: a
//! lock's guard, a task's handle, a counter's keeper dissolve into locals.

use super::{Cx, split};
use crate::body::*;
use hir::ty::Mutable;

/// Whether any was moved.
pub(super) fn run(cx: &Cx, body: &mut Body) -> bool {
    if !body.blocks.iter().any(|block| block.cleanup) {
        return false;
    }
    let mut may: Vec<bool> = body.locals.iter().map(|decl| split::is_small(cx, decl.ty)).collect();
    may[..=body.param_count as usize].fill(false);
    let mut used = vec![false; body.locals.len()];
    let mut found = Vec::new();
    for id in body.block_ids() {
        look(body, id, &mut may, &mut used, &mut found);
    }
    // What lives on ways out only is nothing to move.
    found.retain(|&(_, _, local)| may[local.index()] && used[local.index()]);
    for &(block, index, local) in found.iter().rev() {
        let aside = Local(body.locals.len() as u32);
        body.locals.push(LocalDecl { mutable: true, ..body.locals[local.index()].clone() });
        let statements = &mut body.blocks[block.index()].statements;
        let source = statements[index].source;
        if let StatementKind::Assign(_, Rvalue::RawRef(_, place)) = &mut statements[index].kind {
            *place = Place::local(aside);
        }
        statements.insert(index, Statement::assign(source, aside, Rvalue::Use(Operand::take(local))));
    }
    !found.is_empty()
}

/// Notes whose address is taken otherwise, who is used on ordinary paths, and the places to change.
fn look(body: &Body, id: BlockId, may: &mut [bool], used: &mut [bool], found: &mut Vec<(BlockId, usize, Local)>) {
    let block = body.block(id);
    let called_with = match &block.terminator.kind {
        TerminatorKind::Call { callee: Callee::Instance(_), args, .. } if args.len() == 1 => args[0].as_local(),
        _ => None,
    };
    for (index, statement) in block.statements.iter().enumerate() {
        let mut only_address = None;
        if let StatementKind::Assign(to, Rvalue::Ref { place, .. } | Rvalue::RawRef(_, place)) = &statement.kind
            && !place.is_indirect()
        {
            let is_drop = matches!(&statement.kind, StatementKind::Assign(_, Rvalue::RawRef(Mutable::Yes, _)));
            if is_drop && block.cleanup && place.is_local() && to.as_local().is_some() && to.as_local() == called_with {
                found.push((id, index, place.local));
                only_address = Some(place.local);
            } else {
                may[place.local.index()] = false;
            }
        }
        crate::visit::each_touch(statement, &mut |place, _| {
            if !block.cleanup {
                used[place.local.index()] = true;
            } else if only_address != Some(place.local) {
                may[place.local.index()] = false;
            }
        });
    }
    crate::visit::each_terminator_touch(&block.terminator.kind, &mut |place, _| {
        if !block.cleanup {
            used[place.local.index()] = true;
        } else {
            may[place.local.index()] = false;
        }
    });
}
