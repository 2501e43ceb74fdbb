//! Natural loops, and ways to put something in front of one.

use super::ssa::Dominators;
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
}

/// Outer loops first, so that what does not change in them either moves all the way at once.
pub(super) fn find_loops(body: &Body) -> Vec<Natural> {
    let dominators = Dominators::of(body);
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
