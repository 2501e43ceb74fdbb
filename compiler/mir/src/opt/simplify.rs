//! Straightens the graph: no unreachable blocks, no chains of jumps, no switch with one way, no unwind edge that only
//! resumes. Blocks come out in reverse postorder, cleanup last.

use crate::body::*;
use crate::graph::reverse_postorder;

pub(crate) fn tidy(body: &mut Body) {
    drop_idle_unwinds(body);
    thread_jumps(body);
    merge_chains(body);
    renumber(body);
}

fn placeholder() -> Terminator {
    Terminator { kind: TerminatorKind::Unreachable, source: SourceId::BODY }
}

/// Edges of statements that no longer raise, and edges to blocks that clean nothing up.
fn drop_idle_unwinds(body: &mut Body) {
    for block in &mut body.blocks {
        if block.unwind.is_some() && !block.raises() {
            block.unwind = None;
        }
    }
    let idle: Vec<bool> = body.block_ids().map(|id| only_resumes(body, id)).collect();
    let forget = |edge: &mut Option<BlockId>| {
        if edge.is_some_and(|to| idle[to.index()]) {
            *edge = None;
        }
    };
    for block in &mut body.blocks {
        forget(&mut block.unwind);
        match &mut block.terminator.kind {
            TerminatorKind::Drop { unwind, .. } | TerminatorKind::Call { unwind, .. } => forget(unwind),
            TerminatorKind::Goto(_)
            | TerminatorKind::Switch { .. }
            | TerminatorKind::Return
            | TerminatorKind::Resume
            | TerminatorKind::Unreachable => {}
        }
    }
}

fn only_resumes(body: &Body, mut id: BlockId) -> bool {
    for _ in 0..body.blocks.len() {
        let block = body.block(id);
        if !block.cleanup || block.statements.iter().any(|s| !matters_not(s)) {
            return false;
        }
        match block.terminator.kind {
            TerminatorKind::Resume => return true,
            TerminatorKind::Goto(next) => id = next,
            _ => return false,
        }
    }
    false
}

/// Nothing on the way out of a raise depends on it.
fn matters_not(statement: &Statement) -> bool {
    matches!(statement.kind, StatementKind::StorageDead(_) | StatementKind::StorageLive(_) | StatementKind::Nop)
}

/// Edges to empty blocks lead where those lead.
fn thread_jumps(body: &mut Body) {
    let mut goes_to: Vec<BlockId> = body.block_ids().collect();
    for start in body.block_ids() {
        let mut at = start;
        // A loop of empty blocks ends after as many steps as there are blocks.
        for _ in 0..body.blocks.len() {
            let block = body.block(at);
            match block.terminator.kind {
                TerminatorKind::Goto(next) if block.statements.is_empty() && next != at && at != BlockId::START => {
                    let known = goes_to[at.index()];
                    at = if known != at { known } else { next };
                }
                _ => break,
            }
        }
        goes_to[start.index()] = at;
    }
    let impossible: Vec<bool> = (body.blocks.iter())
        .map(|block| block.statements.is_empty() && matches!(block.terminator.kind, TerminatorKind::Unreachable))
        .collect();
    for block in &mut body.blocks {
        block.each_successor_mut(|to| *to = goes_to[to.index()]);
        fold_switch(&mut block.terminator.kind, &impossible);
    }
}

fn fold_switch(kind: &mut TerminatorKind, impossible: &[bool]) {
    let TerminatorKind::Switch { value, targets, otherwise } = kind else { return };
    if let Some(known) = value.as_int() {
        let target = targets.iter().find(|(n, _)| *n == known).map_or(*otherwise, |(_, to)| *to);
        *kind = TerminatorKind::Goto(target);
        return;
    }
    // A way that is never taken decides nothing.
    if impossible[otherwise.index()]
        && let Some((_, last)) = targets.pop()
    {
        *otherwise = last;
    }
    targets.retain(|(_, to)| to != otherwise && !impossible[to.index()]);
    if targets.is_empty() {
        *kind = TerminatorKind::Goto(*otherwise);
    }
}

/// A block that is only reached by one jump becomes part of the block that jumps.
fn merge_chains(body: &mut Body) {
    let mut incoming = vec![0u32; body.blocks.len()];
    incoming[BlockId::START.index()] = 1;
    for id in reverse_postorder(body) {
        body.block(id).each_successor(|to| incoming[to.index()] += 1);
    }
    for id in body.block_ids() {
        if incoming[id.index()] == 0 {
            continue;
        }
        while let TerminatorKind::Goto(next) = body.block(id).terminator.kind {
            if next == id || incoming[next.index()] != 1 || next == BlockId::START {
                break;
            }
            let (from, to) = (body.block(id), body.block(next));
            let compatible = from.cleanup == to.cleanup && (from.unwind == to.unwind || !from.raises() || !to.raises());
            if !compatible {
                break;
            }
            let unwind = if to.raises() { to.unwind } else { from.unwind };
            let empty = Block { statements: Vec::new(), terminator: placeholder(), unwind: None, cleanup: false };
            let taken = std::mem::replace(&mut body.blocks[next.index()], empty);
            incoming[next.index()] = 0;
            let block = &mut body.blocks[id.index()];
            block.statements.extend(taken.statements);
            block.terminator = taken.terminator;
            block.unwind = unwind;
        }
    }
}

fn renumber(body: &mut Body) {
    let order = reverse_postorder(body);
    let (normal, cleanup): (Vec<BlockId>, Vec<BlockId>) = order.into_iter().partition(|id| !body.block(*id).cleanup);
    let mut number = vec![BlockId::START; body.blocks.len()];
    let mut old: Vec<Option<Block>> = std::mem::take(&mut body.blocks).into_iter().map(Some).collect();
    let order: Vec<BlockId> = normal.into_iter().chain(cleanup).collect();
    for (index, id) in order.iter().enumerate() {
        number[id.index()] = BlockId(index as u32);
    }
    body.blocks.reserve(order.len());
    for id in order {
        let mut block = old[id.index()].take().expect("each block comes once");
        block.each_successor_mut(|to| *to = number[to.index()]);
        block.statements.retain(|s| !matches!(s.kind, StatementKind::Nop));
        body.blocks.push(block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diag::{Span, Symbol};
    use hir::ty::Ty;

    fn body(blocks: Vec<Block>) -> Body {
        let name = Symbol::intern("sample");
        let decl = |ty| LocalDecl { ty, name: None, mutable: true, source: SourceId::BODY };
        Body {
            name,
            origin: Origin::Made,
            param_count: 1,
            locals: vec![decl(Ty::int()), decl(Ty::bool()), decl(Ty::int())],
            blocks,
            sources: vec![Source { span: Span::NONE, function: name, inlined_at: None }],
            span: Span::NONE,
            concrete: true,
            never_raises: false,
            inline: InlineHint::Auto,
        }
    }

    fn block(kind: TerminatorKind) -> Block {
        Block::new(SourceId::BODY, kind)
    }

    fn set(local: u32, value: i128) -> Statement {
        Statement::assign(SourceId::BODY, Local(local), Rvalue::Use(Operand::int(value)))
    }

    #[test]
    fn jumps_to_empty_blocks_and_single_ways_vanish() {
        let mut sample = body(vec![
            block(TerminatorKind::Goto(BlockId(3))),
            Block { statements: vec![set(0, 1)], ..block(TerminatorKind::Goto(BlockId(2))) },
            block(TerminatorKind::Return),
            block(TerminatorKind::Switch {
                value: Operand::bool(true),
                targets: vec![(0, BlockId(4))],
                otherwise: BlockId(1),
            }),
            block(TerminatorKind::Unreachable),
        ]);
        tidy(&mut sample);
        assert_eq!(sample.blocks.len(), 1);
        assert_eq!(sample.blocks[0].statements.len(), 1);
        assert!(matches!(sample.blocks[0].terminator.kind, TerminatorKind::Return));
    }

    #[test]
    fn cleanup_that_only_resumes_is_no_cleanup() {
        let raise = Statement::assign(
            SourceId::BODY,
            Local(0),
            Rvalue::Binary(BinaryOp::AddChecked, Operand::copy(Local(2)), Operand::int(1)),
        );
        let mut sample = body(vec![
            Block { statements: vec![raise], unwind: Some(BlockId(1)), ..block(TerminatorKind::Return) },
            Block { cleanup: true, ..block(TerminatorKind::Goto(BlockId(2))) },
            Block { cleanup: true, ..block(TerminatorKind::Resume) },
        ]);
        tidy(&mut sample);
        assert_eq!(sample.blocks.len(), 1);
        assert_eq!(sample.blocks[0].unwind, None);
    }

    #[test]
    fn a_loop_of_empty_blocks_stays_a_loop() {
        let mut sample = body(vec![
            block(TerminatorKind::Goto(BlockId(1))),
            block(TerminatorKind::Goto(BlockId(2))),
            block(TerminatorKind::Goto(BlockId(1))),
        ]);
        tidy(&mut sample);
        assert!(!sample.blocks.is_empty());
        assert!(sample.blocks.iter().all(|b| matches!(b.terminator.kind, TerminatorKind::Goto(_))));
    }
}
