//! Facts that flow forward along the edges of a body until nothing changes.

use crate::body::*;
use crate::fast::BitSet;
use crate::graph::loop_order;
use crate::place::Location;

pub trait Forward {
    type State: Clone;

    /// What holds at the start of the body.
    fn start(&self) -> Self::State;
    /// Adds what comes to a block along another edge; whether anything changed.
    fn join(&self, into: &mut Self::State, from: &Self::State, to: BlockId) -> bool;
    /// What comes to a block first, without what it and all behind it have no use for.
    fn arrive(&self, from: &Self::State, _to: BlockId) -> Self::State {
        from.clone()
    }
    fn statement(&self, state: &mut Self::State, at: Location, statement: &Statement);
    /// What happens before control leaves, whatever the edge.
    fn terminator(&self, state: &mut Self::State, at: Location, terminator: &Terminator);
    /// How many parts a state has that joining looks at.
    fn weight(&self, state: &Self::State) -> usize;
    /// What happens on the edge to an ordinary successor only: the result of a call arrives, a switch has decided.
    fn edge(&self, state: &mut Self::State, at: Location, terminator: &Terminator, to: BlockId);
}

/// The state at the start of every block; `None` where control never comes.
pub fn forward<A: Forward>(body: &Body, analysis: &A) -> Vec<Option<A::State>> {
    let order = loop_order(body);
    let mut rank = vec![0u32; body.blocks.len()];
    for (index, block) in order.iter().enumerate() {
        rank[block.index()] = index as u32;
    }
    let mut entry: Vec<Option<A::State>> = vec![None; body.blocks.len()];
    entry[BlockId::START.index()] = Some(analysis.start());
    // Blocks to be looked at, by rank: the lowest first, so that loops settle before what follows them.
    let mut waiting = BitSet::new(order.len());
    waiting.insert(0);
    let mut targets = Vec::new();
    while let Some(next) = waiting.first() {
        waiting.remove(next);
        let id = order[next];
        let Some(mut state) = entry[id.index()].clone() else { continue };
        let block = body.block(id);
        let mut arrive = |to: BlockId, state: &A::State, entry: &mut Vec<Option<A::State>>| {
            let changed = match &mut entry[to.index()] {
                Some(known) => analysis.join(known, state, to),
                empty => {
                    *empty = Some(analysis.arrive(state, to));
                    true
                }
            };
            if changed {
                waiting.insert(rank[to.index()] as usize);
            }
        };
        crate::work::count(block.statements.len() + analysis.weight(&state));
        for (index, statement) in block.statements.iter().enumerate() {
            if let (Some(unwind), true) = (block.unwind, statement.raises()) {
                arrive(unwind, &state, &mut entry);
            }
            analysis.statement(&mut state, Location::new(id, index), statement);
        }
        let at = Location::new(id, block.statements.len());
        analysis.terminator(&mut state, at, &block.terminator);
        let unwind = block.terminator.kind.unwind();
        if let Some(unwind) = unwind {
            arrive(unwind, &state, &mut entry);
        }
        targets.clear();
        block.terminator.kind.each_successor(|to| targets.push(to));
        if unwind.is_some() {
            // It is visited last.
            targets.pop();
        }
        // The last one may have the state itself.
        let last = targets.pop();
        for &to in &targets {
            let mut state = state.clone();
            analysis.edge(&mut state, at, &block.terminator, to);
            arrive(to, &state, &mut entry);
        }
        if let Some(to) = last {
            analysis.edge(&mut state, at, &block.terminator, to);
            arrive(to, &state, &mut entry);
        }
    }
    entry
}
