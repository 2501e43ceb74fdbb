//! Orders and neighbours of a body's blocks.

use crate::body::*;
use crate::fast::BitSet;

/// Reachable blocks so that each comes before its successors, but for back edges.
pub fn reverse_postorder(body: &Body) -> Vec<BlockId> {
    let mut seen = BitSet::new(body.blocks.len());
    let mut order = Vec::with_capacity(body.blocks.len());
    // A block, its successors, and how many of them were visited.
    let mut stack: Vec<(BlockId, Vec<BlockId>)> = Vec::new();
    seen.insert(BlockId::START.index());
    stack.push((BlockId::START, successors(body, BlockId::START)));
    while let Some((block, rest)) = stack.last_mut() {
        match rest.pop() {
            Some(next) => {
                if seen.insert(next.index()) {
                    stack.push((next, successors(body, next)));
                }
            }
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order.reverse();
    order
}

/// All successors. Visited from the last, so that the first comes next in the order.
fn successors(body: &Body, block: BlockId) -> Vec<BlockId> {
    let mut list = Vec::new();
    body.block(block).each_successor(|to| list.push(to));
    list
}

/// For every block the blocks that lead to it, unwind edges included; one entry per edge.
pub fn predecessors(body: &Body) -> Vec<Vec<BlockId>> {
    let mut all = vec![Vec::new(); body.blocks.len()];
    for id in body.block_ids() {
        body.block(id).each_successor(|to| all[to.index()].push(id));
    }
    all
}
