//! Puts the bodies of small functions where they are called, callees first, so that what is inlined is already small.
//!
//! A small function that calls itself takes itself in once: half the calls are gone, and what they cost besides the work. A
//! function that can otherwise reach itself, is `cold` or `inline(never)`, or never returns is left alone. On the way out of a panic
//! only what is tiny is taken in: destructors that hand on a word, whose owner then needs no address. The text keeps its places: `Source::inlined_at` names the call that was replaced.

use super::{Cx, loops};
use crate::body::*;
use std::sync::Arc;

/// Bodies up to these sizes are put in place.
const SIZE_ALWAYS: usize = 400;
const SIZE_AUTO: usize = 24;
const SIZE_CLOSURE: usize = 80;
const SIZE_ONLY_CALL: usize = 200;
/// A function that has grown to this size takes in no function for being called nowhere else: the two are faster improved and
/// compiled apart, at the same time, and each with all registers.
const SIZE_CALLER_LARGE: usize = 500;
/// A function that has grown to this size only takes in what is tiny.
const SIZE_CALLER_MAX: usize = 2500;
const SIZE_TINY: usize = 8;
/// A function that calls itself, and how often at most.
const SIZE_SELF: usize = 40;
const SELF_CALLS_MAX: usize = 3;

/// What a call of each instance would put in its place.
pub(super) struct Candidates {
    pub size: Vec<usize>,
    /// How many calls there are in the whole program; addresses taken count twice.
    pub calls: Vec<u32>,
    pub recursive: Vec<bool>,
}

impl Candidates {
    fn allows(&self, mono: &MonoProgram, id: InstanceId, caller_size: usize) -> bool {
        let body = &mono.bodies[id.index()];
        let size = self.size[id.index()];
        if self.recursive[id.index()] || body.inline == InlineHint::Never || body.ret().is_never() {
            return false;
        }
        if caller_size > SIZE_CALLER_MAX {
            return size <= SIZE_TINY;
        }
        let most = match (body.inline, body.origin) {
            (InlineHint::Always, _) => SIZE_ALWAYS,
            _ if self.calls[id.index()] == 1 && caller_size <= SIZE_CALLER_LARGE => SIZE_ONLY_CALL,
            (_, Origin::Closure(_)) => SIZE_CLOSURE,
            (_, Origin::Fn(_) | Origin::Made) => SIZE_AUTO,
        };
        size <= most
    }
}

/// A rough count of the instructions on ordinary paths.
pub(super) fn size_of(body: &Body) -> usize {
    let blocks = body.blocks.iter().filter(|block| !block.cleanup);
    blocks
        .map(|block| {
            let statements = block.statements.iter().filter(|s| match &s.kind {
                StatementKind::Assign(to, Rvalue::Use(from)) => !to.is_local() || from.as_local().is_none(),
                StatementKind::Assign(..)
                | StatementKind::Check { .. }
                | StatementKind::BoundsCheck { .. }
                | StatementKind::SetDiscriminant(..) => true,
                StatementKind::StorageLive(_) | StatementKind::StorageDead(_) | StatementKind::Nop => false,
            });
            let end = match &block.terminator.kind {
                TerminatorKind::Call { target: None, .. } => 1,
                TerminatorKind::Call { callee: Callee::Intrinsic(..), .. } => 1,
                TerminatorKind::Call { args, .. } => 3 + args.len(),
                TerminatorKind::Switch { targets, .. } => targets.len(),
                TerminatorKind::Drop { .. } => 3,
                TerminatorKind::Goto(_) | TerminatorKind::Return | TerminatorKind::Resume | TerminatorKind::Unreachable => 0,
            };
            statements.count() + end
        })
        .sum()
}

/// Replaces the calls of `id`'s body that are worth it. Whether there were any.
pub(super) fn calls_in(cx: &Cx, mono: &MonoProgram, candidates: &Candidates, id: InstanceId, body: &mut Body) -> bool {
    // What hardly ever runs had better be short: it is compiled all the same.
    let is_cold = is_cold(cx, body);
    let mut size = if is_cold { SIZE_CALLER_MAX + 1 } else { size_of(body) };
    let called = |block: &Block| match block.terminator.kind {
        TerminatorKind::Call { callee: Callee::Instance(callee), target: Some(_), .. } if callee != id => Some(callee),
        _ => None,
    };
    let worth = |at: BlockId| called(body.block(at)).filter(|callee| candidates.allows(mono, *callee, size)).map(|callee| (at, callee));
    let calls: Vec<(BlockId, InstanceId)> = body.block_ids().filter_map(worth).collect();
    if calls.is_empty() {
        return false;
    }
    let mut any = false;
    let doomed = if is_cold { Vec::new() } else { leads_to_panic(cx, mono, body) };
    for (at, callee) in calls {
        // It may have grown too much meanwhile.
        if !candidates.allows(mono, callee, size) {
            continue;
        }
        let is_tiny = || candidates.size[callee.index()] <= SIZE_TINY && !mono.bodies[callee.index()].blocks.iter().any(|b| b.cleanup);
        if (body.block(at).cleanup || doomed.get(at.index()) == Some(&true)) && !is_tiny() {
            continue;
        }
        size += candidates.size[callee.index()];
        // What only hands on to something that is always put in place is put in place with it: a guard's destructor.
        if body.origin == Origin::Made && candidates.size[id.index()] <= SIZE_TINY && mono.bodies[callee.index()].inline == InlineHint::Always {
            body.inline = InlineHint::Always;
        }
        put(cx, body, at, mono.bodies[callee.index()].clone());
        any = true;
    }
    any
}

fn is_cold(cx: &Cx, body: &Body) -> bool {
    matches!(body.origin, Origin::Fn(id) if cx.types.program.program().fn_def(id).attrs.cold)
}

/// Blocks behind which there is nothing but a panic: messages are made there. What is done in a loop before is no such block.
fn leads_to_panic(cx: &Cx, mono: &MonoProgram, body: &Body) -> Vec<bool> {
    let panics = |id: InstanceId| matches!(mono.bodies[id.index()].origin, Origin::Fn(id) if cx.types.program.program().fn_def(id).attrs.cold);
    let mut doomed: Vec<bool> = (body.blocks.iter())
        .map(|block| matches!(block.terminator.kind, TerminatorKind::Call { callee: Callee::Instance(callee), target: None, .. } if panics(callee)))
        .collect();
    if !doomed.contains(&true) {
        return doomed;
    }
    let loops = loops::find_loops(body);
    let repeats = |id: BlockId| loops.iter().any(|found| found.blocks.contains(id.index()));
    loop {
        let mut changed = false;
        for id in body.block_ids() {
            if doomed[id.index()] || repeats(id) {
                continue;
            }
            let (mut any, mut all) = (false, true);
            body.block(id).each_successor(|to| {
                if !body.block(to).cleanup {
                    any = true;
                    all &= doomed[to.index()];
                }
            });
            if any && all {
                doomed[id.index()] = true;
                changed = true;
            }
        }
        if !changed {
            return doomed;
        }
    }
}

/// Replaces the calls of itself that are worth it. Whether there were any.
pub(super) fn own_calls_in(cx: &Cx, id: InstanceId, body: &mut Body) -> bool {
    !is_cold(cx, body) && put_own(cx, id, body, Body::clone)
}

/// A small function that calls itself takes itself in once: `own`, which does the same. Whether it did.
pub(super) fn put_own(cx: &Cx, id: InstanceId, body: &mut Body, own: impl FnOnce(&Body) -> Body) -> bool {
    let calls_itself = |block: &Block| {
        !block.cleanup && matches!(block.terminator.kind, TerminatorKind::Call { callee: Callee::Instance(callee), target: Some(_), .. } if callee == id)
    };
    let calls: Vec<BlockId> = body.block_ids().filter(|&at| calls_itself(body.block(at))).collect();
    if calls.is_empty() || calls.len() > SELF_CALLS_MAX || body.inline == InlineHint::Never {
        return false;
    }
    let own = Arc::new(own(body));
    if size_of(&own) > SIZE_SELF {
        return false;
    }
    calls.into_iter().for_each(|at| put(cx, body, at, own.clone()));
    true
}

fn put(_cx: &Cx, body: &mut Body, at: BlockId, callee: Arc<Body>) {
    let nothing = Terminator { kind: TerminatorKind::Unreachable, source: body.block(at).terminator.source };
    let call = std::mem::replace(&mut body.blocks[at.index()].terminator, nothing);
    let TerminatorKind::Call { args, dest, target: Some(target), unwind, .. } = call.kind else {
        bug!("inlining", body.name; "no call at the end of {at}")
    };
    let is_cleanup = body.block(at).cleanup;
    let mut copy = Copying {
        local_base: body.locals.len() as u32,
        block_base: body.blocks.len() as u32,
        call: call.source,
        unwind,
        sources: vec![None; callee.sources.len()],
        dest,
        target,
    };
    for decl in &callee.locals {
        let source = copy.source(body, &callee, decl.source);
        body.locals.push(LocalDecl { source, mutable: true, ..decl.clone() });
    }
    for (index, arg) in args.into_iter().enumerate() {
        let param = Local(copy.local_base + 1 + index as u32);
        let statement = Statement::assign(call.source, param, Rvalue::Use(arg));
        body.blocks[at.index()].statements.push(statement);
    }
    body.blocks[at.index()].terminator.kind = TerminatorKind::Goto(BlockId(copy.block_base));
    for block in &callee.blocks {
        let block = copy.block(body, &callee, block, is_cleanup);
        body.blocks.push(block);
    }
}

/// One body on its way into another.
struct Copying {
    local_base: u32,
    block_base: u32,
    call: SourceId,
    unwind: Option<BlockId>,
    /// By the callee's source: its number in the caller.
    sources: Vec<Option<SourceId>>,
    dest: Place,
    target: BlockId,
}

impl Copying {
    fn source(&mut self, body: &mut Body, callee: &Body, source: SourceId) -> SourceId {
        if let Some(known) = self.sources[source.index()] {
            return known;
        }
        let old = callee.source(source);
        let inlined_at = match old.inlined_at {
            Some(outer) => self.source(body, callee, outer),
            None => self.call,
        };
        body.sources.push(Source { inlined_at: Some(inlined_at), ..old.clone() });
        let id = SourceId(body.sources.len() as u32 - 1);
        self.sources[source.index()] = Some(id);
        id
    }

    fn block(&mut self, body: &mut Body, callee: &Body, from: &Block, is_cleanup: bool) -> Block {
        let mut block = from.clone();
        block.cleanup |= is_cleanup;
        for statement in &mut block.statements {
            statement.source = self.source(body, callee, statement.source);
            match &mut statement.kind {
                StatementKind::StorageLive(_) | StatementKind::StorageDead(_) => statement.kind = StatementKind::Nop,
                StatementKind::Assign(..)
                | StatementKind::Check { .. }
                | StatementKind::BoundsCheck { .. }
                | StatementKind::SetDiscriminant(..)
                | StatementKind::Nop => {}
            }
        }
        block.terminator.source = self.source(body, callee, block.terminator.source);
        crate::visit::each_place_mut(&mut block, &mut |place| {
            place.renumber(|local| Local(local.0 + self.local_base));
        });
        block.each_successor_mut(|to| to.0 += self.block_base);
        if !block.cleanup {
            // What left the callee at once now arrives where the call would have raised to.
            if block.unwind.is_none() && block.raises() {
                block.unwind = self.unwind;
            }
            match &mut block.terminator.kind {
                TerminatorKind::Call { unwind, .. } | TerminatorKind::Drop { unwind, .. } if unwind.is_none() => {
                    *unwind = self.unwind;
                }
                _ => {}
            }
        }
        match (&block.terminator.kind, self.unwind) {
            (TerminatorKind::Return, _) => {
                let result = Operand::take(Local(self.local_base));
                let statement = Statement::assign(self.call, self.dest.clone(), Rvalue::Use(result));
                block.statements.push(statement);
                block.terminator.kind = TerminatorKind::Goto(self.target);
            }
            (TerminatorKind::Resume, Some(unwind)) => block.terminator.kind = TerminatorKind::Goto(unwind),
            _ => {}
        }
        block
    }
}
