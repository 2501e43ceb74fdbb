//! Which locals have one value for as long as they are read: assigned once as a whole, never in parts, never borrowed,
//! and every read behind the assignment. Such a local can stand for its value anywhere it is read.

use crate::body::*;
use crate::fast::BitSet;
use crate::graph::{Edges, flat_order};
use crate::place::Location;

pub(super) struct Ssa {
    /// By local: where its one value comes from. `None`: it has several, or is no such local.
    defs: Vec<Def>,
    /// By local: how often it is read, indices and bases of pointers included.
    pub reads: Vec<u32>,
    /// Its address is taken.
    pub borrowed: BitSet,
    pub dominators: Dominators,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Def {
    Never,
    Param,
    At(Location),
    Many,
}

impl Ssa {
    pub fn single(&self, local: Local) -> bool {
        matches!(self.defs[local.index()], Def::Param | Def::At(_))
    }
    pub fn def(&self, local: Local) -> Def {
        self.defs[local.index()]
    }
}

pub(super) fn find(body: &Body) -> Ssa {
    let count = body.locals.len();
    let mut facts = Ssa { defs: vec![Def::Never; count], reads: vec![0; count], borrowed: BitSet::new(count), dominators: Dominators::of(body) };
    for param in body.params() {
        facts.defs[param.index()] = Def::Param;
    }
    facts.defs[0] = Def::Many;
    facts.reads[0] = 1;
    // Reads that do not stand behind the definition in the same block, as far as it was seen.
    let mut far: Vec<(Local, BlockId)> = Vec::new();
    for id in body.block_ids() {
        let block = body.block(id);
        for (index, statement) in block.statements.iter().enumerate() {
            facts.statement(Location::new(id, index), statement, &mut far);
        }
        facts.terminator(Location::new(id, block.statements.len()), &block.terminator.kind, &mut far);
    }
    for local in facts.borrowed.iter() {
        facts.defs[local] = Def::Many;
    }
    for (local, block) in far {
        if let Def::At(def) = facts.defs[local.index()]
            && (def.block == block || !facts.dominators.dominates(def.block, block))
        {
            facts.defs[local.index()] = Def::Many;
        }
    }
    facts
}

impl Ssa {
    fn read(&mut self, local: Local, at: BlockId, far: &mut Vec<(Local, BlockId)>) {
        self.reads[local.index()] += 1;
        match self.defs[local.index()] {
            Def::At(def) if def.block == at => {}
            Def::Param | Def::Many => {}
            Def::At(_) | Def::Never => far.push((local, at)),
        }
    }

    fn statement(&mut self, at: Location, statement: &Statement, far: &mut Vec<(Local, BlockId)>) {
        each_read(statement, &mut |local| self.read(local, at.block, far));
        match &statement.kind {
            StatementKind::Assign(place, value) => {
                if let Rvalue::Ref { place, .. } | Rvalue::RawRef(_, place) = value
                    && !place.is_indirect()
                {
                    self.borrowed.insert(place.local.index());
                }
                self.define(place, at);
            }
            StatementKind::SetDiscriminant(place, _) if !place.is_indirect() => self.defs[place.local.index()] = Def::Many,
            StatementKind::SetDiscriminant(..)
            | StatementKind::Check { .. }
            | StatementKind::BoundsCheck { .. }
            | StatementKind::StorageLive(_)
            | StatementKind::StorageDead(_)
            | StatementKind::Nop => {}
        }
    }

    fn terminator(&mut self, at: Location, kind: &TerminatorKind, far: &mut Vec<(Local, BlockId)>) {
        each_terminator_read(kind, &mut |local| self.read(local, at.block, far));
        match kind {
            TerminatorKind::Call { dest, .. } => self.define(dest, at),
            TerminatorKind::Drop { place, .. } if !place.is_indirect() => {
                self.borrowed.insert(place.local.index());
            }
            TerminatorKind::Drop { .. }
            | TerminatorKind::Goto(_)
            | TerminatorKind::Switch { .. }
            | TerminatorKind::Return
            | TerminatorKind::Resume
            | TerminatorKind::Unreachable => {}
        }
    }

    fn define(&mut self, place: &Place, at: Location) {
        if place.is_indirect() {
            return;
        }
        let def = &mut self.defs[place.local.index()];
        *def = if *def == Def::Never && place.is_local() { Def::At(at) } else { Def::Many };
    }
}

fn place_reads(place: &Place, visit: &mut dyn FnMut(Local)) {
    visit(place.local);
    place.index_locals().for_each(visit);
}

/// The locals whose values a place needs when it is written: all but itself if it is a local or part of one.
fn target_reads(place: &Place, visit: &mut dyn FnMut(Local)) {
    if place.is_indirect() {
        visit(place.local);
    }
    place.index_locals().for_each(visit);
}

fn operand_reads(operand: &Operand, visit: &mut dyn FnMut(Local)) {
    if let Some(place) = operand.place() {
        place_reads(place, visit);
    }
}

pub(super) fn each_read(statement: &Statement, visit: &mut dyn FnMut(Local)) {
    statement.each_operand(|operand| operand_reads(operand, visit));
    match &statement.kind {
        StatementKind::Assign(place, value) => {
            if let Some(place) = value.looked_at() {
                place_reads(place, visit);
            }
            target_reads(place, visit);
        }
        StatementKind::SetDiscriminant(place, _) => target_reads(place, visit),
        StatementKind::Check { .. }
        | StatementKind::BoundsCheck { .. }
        | StatementKind::StorageLive(_)
        | StatementKind::StorageDead(_)
        | StatementKind::Nop => {}
    }
}

pub(super) fn each_terminator_read(kind: &TerminatorKind, visit: &mut dyn FnMut(Local)) {
    kind.each_operand(|operand| operand_reads(operand, visit));
    match kind {
        TerminatorKind::Drop { place, .. } => place_reads(place, visit),
        TerminatorKind::Call { dest, .. } => target_reads(dest, visit),
        TerminatorKind::Return => visit(Local::RETURN),
        TerminatorKind::Goto(_) | TerminatorKind::Switch { .. } | TerminatorKind::Resume | TerminatorKind::Unreachable => {}
    }
}

/// The nearest block through which every way to a block leads.
pub(super) struct Dominators {
    /// By block: its rank in reverse postorder; blocks that are not reached have none.
    rank: Vec<u32>,
    /// By rank.
    nearest: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Dominators {
    pub fn of(body: &Body) -> Dominators {
        let edges = Edges::of(body);
        let order = flat_order(&edges);
        let mut rank = vec![NONE; body.blocks.len()];
        for (index, block) in order.iter().enumerate() {
            rank[block.index()] = index as u32;
        }
        let predecessors = edges.backward();
        let nearest = vec![NONE; order.len()];
        let mut found = Dominators { rank, nearest };
        found.nearest[0] = 0;
        let mut again = true;
        while again {
            let Dominators { rank, nearest } = &mut found;
            let mut changed = false;
            for (index, block) in order.iter().enumerate().skip(1) {
                let mut new = NONE;
                for before in &predecessors[block.index()] {
                    let before = rank[before.index()];
                    if before == NONE || nearest[before as usize] == NONE {
                        continue;
                    }
                    new = if new == NONE { before } else { meet(nearest, new, before) };
                }
                if nearest[index] != new {
                    nearest[index] = new;
                    changed = true;
                }
            }
            // Edges that lead back change nothing where they lead to what dominates them: nearly always.
            again = changed && !order.iter().all(|block| {
                let leads_back = |to: &&BlockId| found.rank[to.index()] <= found.rank[block.index()];
                edges[block.index()].iter().filter(leads_back).all(|to| found.dominates(*to, *block))
            });
        }
        found
    }

    pub fn dominates(&self, above: BlockId, below: BlockId) -> bool {
        let (above, mut below) = (self.rank[above.index()], self.rank[below.index()]);
        if above == NONE || below == NONE {
            return false;
        }
        while below > above {
            below = self.nearest[below as usize];
        }
        below == above
    }
}

fn meet(nearest: &[u32], mut a: u32, mut b: u32) -> u32 {
    while a != b {
        while a > b {
            a = nearest[a as usize];
        }
        while b > a {
            b = nearest[b as usize];
        }
    }
    a
}
