//! Orders and neighbours of a body's blocks.

use crate::body::*;
use crate::fast::BitSet;

/// Reachable blocks so that each comes before its successors, but for back edges.
pub fn reverse_postorder(body: &Body) -> Vec<BlockId> {
    flat_order(&Edges::of(body))
}

/// The same of edges that are there already.
pub fn flat_order(edges: &Edges) -> Vec<BlockId> {
    let mut seen = BitSet::new(edges.count());
    let mut order = Vec::with_capacity(edges.count());
    // A block, and how many of its successors were not yet visited: from the last, so that the first comes next in the order.
    let mut stack: Vec<(BlockId, usize)> = Vec::with_capacity(edges.count());
    seen.insert(BlockId::START.index());
    stack.push((BlockId::START, edges.from(BlockId::START).len()));
    while let Some((block, left)) = stack.last_mut() {
        match left.checked_sub(1) {
            Some(index) => {
                *left = index;
                let next = edges.from(*block)[index];
                if seen.insert(next.index()) {
                    stack.push((next, edges.from(next).len()));
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

/// By block: its neighbours on one side, one for each edge.
pub struct Edges {
    /// By block, where its edges begin; behind the last block, how many there are.
    first: Vec<u32>,
    to: Vec<BlockId>,
}

impl std::ops::Index<usize> for Edges {
    type Output = [BlockId];
    fn index(&self, block: usize) -> &[BlockId] {
        &self.to[self.first[block] as usize..self.first[block + 1] as usize]
    }
}

impl Edges {
    /// To where the edges of each block lead.
    pub fn of(body: &Body) -> Edges {
        let mut edges = Edges { first: Vec::with_capacity(body.blocks.len() + 1), to: Vec::with_capacity(body.blocks.len() * 2) };
        for block in &body.blocks {
            edges.first.push(edges.to.len() as u32);
            block.each_successor(|to| edges.to.push(to));
        }
        edges.first.push(edges.to.len() as u32);
        edges
    }
    fn count(&self) -> usize {
        self.first.len() - 1
    }
    fn from(&self, block: BlockId) -> &[BlockId] {
        &self[block.index()]
    }
    /// The same edges by the block to which they lead, in the order of those that they leave.
    pub fn backward(&self) -> Edges {
        let mut first = vec![0u32; self.first.len()];
        self.to.iter().for_each(|to| first[to.index() + 1] += 1);
        for index in 1..first.len() {
            first[index] += first[index - 1];
        }
        let mut next = first.clone();
        let mut to = vec![BlockId::START; self.to.len()];
        for block in 0..self.count() {
            for target in &self[block] {
                let place = &mut next[target.index()];
                to[*place as usize] = BlockId(block as u32);
                *place += 1;
            }
        }
        Edges { first, to }
    }
    pub fn lists(&self) -> Vec<Vec<BlockId>> {
        (0..self.count()).map(|block| self[block].to_vec()).collect()
    }
}

/// Reachable blocks so that each comes before its successors, but for back edges, and all blocks of a loop stand together, its
/// head first: what flows through a body settles in a loop before it goes on behind it.
pub fn loop_order(body: &Body) -> Vec<BlockId> {
    let edges = Edges::of(body);
    let flat = flat_order(&edges);
    let mut rank = vec![u32::MAX; body.blocks.len()];
    for (index, block) in flat.iter().enumerate() {
        rank[block.index()] = index as u32;
    }
    let mut order = Vec::with_capacity(flat.len());
    let mut finder = Knots { edges: &edges, rank: &rank, level: vec![0; body.blocks.len()], number: vec![0; body.blocks.len()], low: vec![0; body.blocks.len()] };
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
    edges: &'a Edges,
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
        // A block, and how many of its successors were not yet visited.
        let mut stack: Vec<(BlockId, usize)> = Vec::new();
        for &start in part {
            if self.number[start.index()] != 0 {
                continue;
            }
            stack.push((start, self.edges.from(start).len()));
            while let Some((block, left)) = stack.last_mut() {
                let block = *block;
                if self.number[block.index()] == 0 {
                    next += 1;
                    (self.number[block.index()], self.low[block.index()]) = (next, next);
                    path.push(block);
                }
                if let Some(index) = left.checked_sub(1) {
                    *left = index;
                    let to = self.edges.from(block)[index];
                    if self.level[to.index()] != level || self.rank[to.index()] == u32::MAX {
                        continue;
                    }
                    match self.number[to.index()] {
                        0 => stack.push((to, self.edges.from(to).len())),
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

/// For every block the blocks that lead to it, unwind edges included; one entry per edge.
pub fn predecessors(body: &Body) -> Edges {
    Edges::of(body).backward()
}
