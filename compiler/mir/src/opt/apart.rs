//! What a function does while few tasks are pending goes into a function of its own, so that the other copy of its scope (see
//! `enough.rs`) is as small as the plain recursion and is optimised like it: a short frame, and itself put in place once.
//!
//! The function's text before the question is done again by the new one. So it must change nothing but variables, and leave the
//! parameters as they were.

use super::{Cx, enough, improve, inline, simplify};
use crate::body::*;
use crate::fast::BitSet;
use crate::types::Types;
use diag::Symbol;
use std::sync::Arc;

pub(super) fn run(types: &Types, mono: &mut MonoProgram) {
    for index in 0..mono.bodies.len() {
        let Some(asked) = asked(&mono.bodies[index]) else { continue };
        let id = InstanceId(index as u32);
        let forking = InstanceId(mono.bodies.len() as u32);
        let mut body = Body::clone(&mono.bodies[index]);
        let mut other = body.clone();
        other.blocks[asked.block.index()].terminator.kind = TerminatorKind::Goto(asked.few);
        other.inline = InlineHint::Never;
        hand_over(&mut body, &asked, forking);
        let of = &mono.instances[index];
        let symbol = Symbol::intern(&format!("{} (few pending)", of.symbol));
        let instance = Instance { symbol, origin: of.origin, args: of.args, exported: false, span: of.span };
        let cx = Cx { types, layouts: &mono.layouts };
        improve(&cx, &mut other);
        improve(&cx, &mut body);
        // What is put in place need not ask once more: an old answer is as good, for so short a time.
        let plain = |body: &Body| {
            let mut plain = body.clone();
            if let Some(asked) = self::asked(&plain) {
                plain.blocks[asked.block.index()].terminator.kind = TerminatorKind::Goto(asked.enough);
                improve(&cx, &mut plain);
            }
            plain
        };
        if inline::put_own(&cx, id, &mut body, plain) {
            improve(&cx, &mut body);
        }
        mono.instances.push(instance);
        mono.bodies.push(Arc::new(other));
        mono.bodies[index] = Arc::new(body);
    }
}

/// The only question of a body.
struct Asked {
    /// Ends in the question.
    block: BlockId,
    /// Goes on from the answer.
    choice: BlockId,
    few: BlockId,
    enough: BlockId,
}

fn asked(body: &Body) -> Option<Asked> {
    let mut all = body.block_ids().filter(|id| enough::asks(&body.block(*id).terminator.kind));
    let (block, None) = (all.next()?, all.next()) else { return None };
    let TerminatorKind::Call { target: Some(choice), .. } = body.block(block).terminator.kind else { return None };
    let TerminatorKind::Switch { otherwise: few, targets, .. } = &body.block(choice).terminator.kind else { return None };
    let asked = Asked { block, choice, few: *few, enough: targets.first()?.1 };
    asked.may_be_repeated(body).then_some(asked)
}

impl Asked {
    fn may_be_repeated(&self, body: &Body) -> bool {
        let mut before = BitSet::new(body.blocks.len());
        before.insert(self.block.index());
        let mut grows = true;
        while grows {
            grows = false;
            for id in body.block_ids() {
                let mut leads = false;
                body.block(id).each_successor(|to| leads |= before.contains(to.index()));
                grows |= leads && before.insert(id.index());
            }
        }
        let keeps = |statement: &Statement| match &statement.kind {
            StatementKind::Assign(to, _) | StatementKind::SetDiscriminant(to, _) => !to.is_indirect() && (to.local.0 == 0 || to.local.0 > body.param_count),
            StatementKind::Check { .. } | StatementKind::BoundsCheck { .. } | StatementKind::StorageLive(_) | StatementKind::StorageDead(_) | StatementKind::Nop => true,
        };
        // A way back to it would be one of the blocks before.
        !before.contains(self.choice.index())
            && before.iter().all(|id| {
                let block = &body.blocks[id];
                let goes_on = matches!(block.terminator.kind, TerminatorKind::Goto(_) | TerminatorKind::Switch { .. }) || id == self.block.index();
                goes_on && block.statements.iter().all(keeps) && block.unwind.is_none()
            })
    }
}

/// Where few are pending the function goes on as a call of the new one.
fn hand_over(body: &mut Body, asked: &Asked, forking: InstanceId) {
    // For whoever looks at frames both are one.
    let span = body.source(body.block(asked.choice).terminator.source).span;
    body.sources.push(Source { span, function: Symbol::intern(""), inlined_at: None });
    let source = SourceId(body.sources.len() as u32 - 1);
    let ends = |kind| Block { statements: Vec::new(), terminator: Terminator { kind, source }, unwind: None, cleanup: false };
    let leave = body.add_block(ends(TerminatorKind::Return));
    let args = (1..=body.param_count).map(|param| Operand::take(Local(param))).collect();
    let dest = Place::local(Local::RETURN);
    let call = body.add_block(ends(TerminatorKind::Call { callee: Callee::Instance(forking), args, dest, target: Some(leave), unwind: None }));
    if let TerminatorKind::Switch { otherwise, .. } = &mut body.blocks[asked.choice.index()].terminator.kind {
        *otherwise = call;
    }
    simplify::tidy(body);
}
