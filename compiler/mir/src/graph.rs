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

/// Reachable blocks so that each comes before its successors, but for back edges, and all blocks of a loop stand together, its
/// head first: what flows through a body settles in a loop before it goes on behind it.
pub fn loop_order(body: &Body) -> Vec<BlockId> {
    let flat = reverse_postorder(body);
    let mut rank = vec![u32::MAX; body.blocks.len()];
    for (index, block) in flat.iter().enumerate() {
        rank[block.index()] = index as u32;
    }
    let mut order = Vec::with_capacity(flat.len());
    let mut finder = Knots { body, rank: &rank, level: vec![0; body.blocks.len()], number: vec![0; body.blocks.len()], low: vec![0; body.blocks.len()] };
    // Parts of the body still to be put in order, the first on top: a block alone, or blocks that may hold loops.
    let mut waiting = vec![(flat, 0)];
    let mut level = 0;
    while let Some((part, of_level)) = waiting.pop() {
        if let [block] = part[..] {
            order.push(block);
            continue;
        }
        debug_assert!(part.iter().all(|block| finder.level[block.index()] == of_level));
        for mut knot in finder.split(&part, of_level) {
            if knot.len() > 1 {
                // Without its head it comes apart.
                let head = knot.iter().copied().min_by_key(|block| rank[block.index()]).unwrap_or(knot[0]);
                knot.retain(|block| *block != head);
                knot.sort_unstable_by_key(|block| rank[block.index()]);
                level += 1;
                knot.iter().for_each(|block| finder.level[block.index()] = level);
                waiting.push((knot, level));
                waiting.push((vec![head], level));
            } else {
                waiting.push((knot, of_level));
            }
        }
    }
    order
}

/// Blocks that reach each other, after Tarjan.
struct Knots<'a> {
    body: &'a Body,
    rank: &'a [u32],
    /// Which part of the body a block belongs to.
    level: Vec<u32>,
    number: Vec<u32>,
    low: Vec<u32>,
}

impl Knots<'_> {
    /// The knots of a part, each before those that lead to it.
    fn split(&mut self, part: &[BlockId], level: u32) -> Vec<Vec<BlockId>> {
        const DONE: u32 = u32::MAX;
        part.iter().for_each(|block| self.number[block.index()] = 0);
        let (mut knots, mut path, mut next) = (Vec::new(), Vec::new(), 0);
        let mut stack: Vec<(BlockId, Vec<BlockId>)> = Vec::new();
        for &start in part {
            if self.number[start.index()] != 0 {
                continue;
            }
            stack.push((start, Vec::new()));
            while let Some((block, rest)) = stack.last_mut() {
                let block = *block;
                if self.number[block.index()] == 0 {
                    next += 1;
                    (self.number[block.index()], self.low[block.index()]) = (next, next);
                    path.push(block);
                    self.body.block(block).each_successor(|to| {
                        if self.level[to.index()] == level && self.rank[to.index()] != u32::MAX {
                            rest.push(to);
                        }
                    });
                }
                if let Some(to) = rest.pop() {
                    match self.number[to.index()] {
                        0 => stack.push((to, Vec::new())),
                        DONE => {}
                        number => self.low[block.index()] = self.low[block.index()].min(number),
                    }
                    continue;
                }
                let low = self.low[block.index()];
                if low == self.number[block.index()] {
                    let from = path.iter().rposition(|other| *other == block).unwrap_or(0);
                    let knot = path.split_off(from);
                    knot.iter().for_each(|block| self.number[block.index()] = DONE);
                    knots.push(knot);
                }
                stack.pop();
                if let Some((above, _)) = stack.last() {
                    self.low[above.index()] = self.low[above.index()].min(low);
                }
            }
        }
        knots
    }
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
