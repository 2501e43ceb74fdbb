//! `map.entry(text.to_string())` looks for the text itself: a copy is made only where there is none yet.
//!
//! It is done to checked bodies, so what may borrow what is judged as it was written.

use super::Mono;
use crate::body::*;
use crate::graph::predecessors;
use hir::ty::{Args, TyKind};

/// `body` is a copy that is about to be made concrete.
pub(super) fn look_without_copies(mono: &Mono, body: &mut Body) {
    let lang = &mono.types.program.program().lang;
    let is_entry = |block: &Block| matches!(&block.terminator.kind, TerminatorKind::Call { callee: Callee::Fn(id, _), .. } if lang.is_fn("map_entry", *id));
    if !body.blocks.iter().any(is_entry) {
        return;
    }
    let before = predecessors(body);
    for id in body.block_ids() {
        let TerminatorKind::Call { callee: Callee::Fn(entry, of), args, .. } = &body.block(id).terminator.kind else { continue };
        let (true, [_, Operand::Move(key)], [maker]) = (lang.is_fn("map_entry", *entry), &args[..], &before[id.index()][..]) else { continue };
        let (key, maker) = (key.clone(), *maker);
        let is_string = |ty: hir::ty::Ty| matches!(ty.kind(), TyKind::Adt(id, _) if lang.is_adt("string", *id));
        let TerminatorKind::Call { callee: Callee::Fn(copy, _), args: copied, dest, target: Some(target), .. } = &body.block(maker).terminator.kind else { continue };
        let makes_key = *target == id && *dest == key && key.is_local() && (lang.is_fn("str_to_string", *copy) || lang.is_fn("str_to_owned", *copy));
        let ([text], true, true) = (&copied[..], makes_key, is_string(of.as_slice()[0])) else { continue };
        let Some(ty) = text.as_local().map(|local| body.local_decl(local).ty) else { continue };
        let (text, source) = (text.clone(), body.block(maker).terminator.source);
        let values = Args::new(&of.as_slice()[1..]);
        let seen = Local(body.locals.len() as u32);
        body.locals.push(LocalDecl { ty, name: None, mutable: false, source });
        let made = &mut body.blocks[maker.index()];
        made.statements.push(Statement { kind: StatementKind::Assign(seen.into(), Rvalue::Use(text)), source });
        made.terminator.kind = TerminatorKind::Goto(id);
        let TerminatorKind::Call { callee, args, .. } = &mut body.blocks[id.index()].terminator.kind else { continue };
        *callee = Callee::Fn(lang.function("map_entry_text"), values);
        args[1] = Operand::Copy(seen.into());
    }
}
