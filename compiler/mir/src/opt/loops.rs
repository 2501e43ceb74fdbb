//! Natural loops, and ways to put something in front of one.

use super::ssa::{Def, Dominators, Ssa};
use crate::body::*;
use crate::fast::BitSet;
use crate::graph::predecessors;

pub(super) struct Natural {
    pub head: BlockId,
    pub blocks: BitSet,
    /// The blocks outside that lead to the head.
    pub entries: Vec<BlockId>,
}

impl Natural {
    pub fn contains(&self, block: BlockId) -> bool {
        self.blocks.contains(block.index())
    }
    /// The local has one value, which is there before the loop begins.
    pub fn knows(&self, local: Local, facts: &Ssa, body: &Body) -> bool {
        match facts.def(local) {
            Def::Param => true,
            Def::At(at) => !self.contains(at.block) && !body.block(at.block).cleanup,
            Def::Never | Def::Many => false,
        }
    }
}

/// Outer loops first, so that what does not change in them either moves all the way at once.
pub(super) fn find_loops(body: &Body) -> Vec<Natural> {
    find_loops_with(body, &Dominators::of(body))
}

pub(super) fn find_loops_with(body: &Body, dominators: &Dominators) -> Vec<Natural> {
    let before = predecessors(body);
    let mut heads: Vec<(BlockId, Vec<BlockId>)> = Vec::new();
    for id in body.block_ids() {
        let latches: Vec<BlockId> = before[id.index()].iter().copied().filter(|from| dominators.dominates(id, *from)).collect();
        if !latches.is_empty() && !body.block(id).cleanup {
            heads.push((id, latches));
        }
    }
    let mut loops: Vec<Natural> = (heads.into_iter())
        .map(|(head, latches)| {
            let mut blocks = BitSet::new(body.blocks.len());
            blocks.insert(head.index());
            let mut work = latches;
            while let Some(block) = work.pop() {
                if blocks.insert(block.index()) {
                    work.extend(before[block.index()].iter().copied());
                }
            }
            let entries = before[head.index()].iter().copied().filter(|from| !blocks.contains(from.index())).collect();
            Natural { head, blocks, entries }
        })
        .collect();
    loops.sort_by_key(|natural| std::cmp::Reverse(natural.blocks.count()));
    loops
}

/// Everything from outside enters the loop through `front`.
pub(super) fn enter_through(body: &mut Body, natural: &Natural, front: BlockId) {
    for entry in &natural.entries {
        body.blocks[entry.index()].each_successor_mut(|to| {
            if *to == natural.head {
                *to = front;
            }
        });
    }
}

/// The operation without its check, the intrinsic that answers whether it is wrong, and what it then raises.
pub(super) fn unchecked(op: BinaryOp) -> Option<(BinaryOp, &'static str, Fault)> {
    use hir::typed::BinaryOp as Written;
    match op {
        BinaryOp::AddChecked => Some((BinaryOp::Add, "add_overflows", Fault::Overflow(Written::Add))),
        BinaryOp::SubChecked => Some((BinaryOp::Sub, "sub_overflows", Fault::Overflow(Written::Sub))),
        BinaryOp::MulChecked => Some((BinaryOp::Mul, "mul_overflows", Fault::Overflow(Written::Mul))),
        _ => None,
    }
}
