//! Which locals may still be used: backward over blocks; inside a block it is asked for single points.

use super::views::Views;
use crate::body::*;
use crate::fast::BitSet;
use crate::graph::{predecessors, reverse_postorder};
use crate::place::Location;

pub(super) struct Liveness<'a> {
    body: &'a Body,
    views: &'a Views<'a>,
    /// At the end of each block.
    out: Vec<BitSet>,
    into: Vec<BitSet>,
}

/// What a statement does to a local, in the order of time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Uses,
    Ends,
    Nothing,
}

impl<'a> Liveness<'a> {
    pub fn new(body: &'a Body, views: &'a Views<'a>) -> Liveness<'a> {
        let count = body.locals.len();
        let mut all = Liveness {
            body,
            views,
            out: vec![BitSet::new(count); body.blocks.len()],
            into: vec![BitSet::new(count); body.blocks.len()],
        };
        let preds = predecessors(body);
        let mut waiting: Vec<BlockId> = reverse_postorder(body);
        let mut queued = BitSet::full(body.blocks.len());
        while let Some(id) = waiting.pop() {
            queued.remove(id.index());
            let mut live = BitSet::new(count);
            body.block(id).each_successor(|to| {
                live.unite(&all.into[to.index()]);
            });
            all.out[id.index()] = live.clone();
            let block = body.block(id);
            all.terminator_back(&block.terminator, &mut live);
            // A raising statement may leave from anywhere in the block.
            for statement in block.statements.iter().rev() {
                all.statement_back(statement, &mut live);
                if let (Some(unwind), true) = (block.unwind, statement.raises()) {
                    live.unite(&all.into[unwind.index()]);
                }
            }
            if live != all.into[id.index()] {
                all.into[id.index()] = live;
                for &pred in &preds[id.index()] {
                    if queued.insert(pred.index()) {
                        waiting.push(pred);
                    }
                }
            }
        }
        all
    }

    fn statement_back(&self, statement: &Statement, live: &mut BitSet) {
        each_use(statement, &mut |local, effect| match effect {
            Effect::Ends => live.remove(local.index()),
            Effect::Uses => {
                live.insert(local.index());
            }
            Effect::Nothing => {}
        });
    }

    fn terminator_back(&self, terminator: &Terminator, live: &mut BitSet) {
        self.each_terminator_use(terminator, &mut |local, effect| match effect {
            Effect::Ends => live.remove(local.index()),
            Effect::Uses => {
                live.insert(local.index());
            }
            Effect::Nothing => {}
        });
    }

    /// Ends first, then uses: a terminator reads before it writes.
    fn each_terminator_use(&self, terminator: &Terminator, visit: &mut dyn FnMut(Local, Effect)) {
        match &terminator.kind {
            TerminatorKind::Return => visit(Local::RETURN, Effect::Uses),
            TerminatorKind::Drop { place, .. } => {
                let ty = self.body.local_decl(place.local).ty;
                if place.is_indirect() || self.views.destructor_looks(ty) {
                    visit(place.local, Effect::Uses);
                }
            }
            TerminatorKind::Call { callee, args, dest, .. } => {
                write(dest, visit);
                if let Callee::Pointer(operand) = callee {
                    read(operand, visit);
                }
                args.iter().for_each(|arg| read(arg, visit));
            }
            TerminatorKind::Switch { value, .. } => read(value, visit),
            TerminatorKind::Goto(_) | TerminatorKind::Resume | TerminatorKind::Unreachable => {}
        }
    }

    /// Whether a local is still used from the start of a block on.
    pub fn is_live_into(&self, local: Local, block: BlockId) -> bool {
        self.into[block.index()].contains(local.index())
    }

    /// Whether a local is used at this point or later, before it gets another value.
    pub fn is_live(&self, local: Local, at: Location) -> bool {
        let block = self.body.block(at.block);
        for statement in block.statements.iter().skip(at.statement as usize) {
            match effect_on(local, &mut |visit| each_use(statement, visit)) {
                Effect::Uses => return true,
                Effect::Ends => return false,
                Effect::Nothing => {}
            }
        }
        match effect_on(local, &mut |visit| self.each_terminator_use(&block.terminator, visit)) {
            Effect::Uses => true,
            Effect::Ends => false,
            Effect::Nothing => self.out[at.block.index()].contains(local.index()),
        }
    }

    /// The first use of a local behind a point, nearest first.
    pub fn next_use(&self, local: Local, at: Location) -> Option<Location> {
        let mut seen = BitSet::new(self.body.blocks.len());
        let mut waiting = std::collections::VecDeque::from([(at.block, at.statement as usize)]);
        while let Some((id, from)) = waiting.pop_front() {
            let block = self.body.block(id);
            let mut ended = false;
            for (index, statement) in block.statements.iter().enumerate().skip(from) {
                match effect_on(local, &mut |visit| each_use(statement, visit)) {
                    Effect::Uses => return Some(Location::new(id, index)),
                    Effect::Ends => {
                        ended = true;
                        break;
                    }
                    Effect::Nothing => {}
                }
            }
            if ended {
                continue;
            }
            match effect_on(local, &mut |visit| self.each_terminator_use(&block.terminator, visit)) {
                Effect::Uses => return Some(Location::new(id, block.statements.len())),
                Effect::Ends => continue,
                Effect::Nothing => {}
            }
            block.each_successor(|to| {
                if self.into[to.index()].contains(local.index()) && seen.insert(to.index()) {
                    waiting.push_back((to, 0));
                }
            });
        }
        None
    }
}

/// Uses win: what is read and written by one statement was needed.
fn effect_on(local: Local, walk: &mut dyn FnMut(&mut dyn FnMut(Local, Effect))) -> Effect {
    let mut found = Effect::Nothing;
    walk(&mut |at, effect| {
        if at == local && (effect == Effect::Uses || found == Effect::Nothing) {
            found = effect;
        }
    });
    found
}

fn read(operand: &Operand, visit: &mut dyn FnMut(Local, Effect)) {
    if let Some(place) = operand.place() {
        look(place, visit);
    }
}

fn look(place: &Place, visit: &mut dyn FnMut(Local, Effect)) {
    visit(place.local, Effect::Uses);
    place.index_locals().for_each(|index| visit(index, Effect::Uses));
}

fn write(place: &Place, visit: &mut dyn FnMut(Local, Effect)) {
    if place.is_local() {
        visit(place.local, Effect::Ends);
    } else {
        if place.is_indirect() {
            visit(place.local, Effect::Uses);
        }
        place.index_locals().for_each(|index| visit(index, Effect::Uses));
    }
}

/// Ends first, then uses.
fn each_use(statement: &Statement, visit: &mut dyn FnMut(Local, Effect)) {
    match &statement.kind {
        StatementKind::Assign(place, value) => {
            write(place, visit);
            value.each_operand(|operand| read(operand, visit));
            if let Some(place) = value.looked_at() {
                look(place, visit);
            }
        }
        StatementKind::Check { cond, .. } => read(cond, visit),
        StatementKind::BoundsCheck { index, len } => {
            read(index, visit);
            read(len, visit);
        }
        StatementKind::SetDiscriminant(place, _) => write(place, visit),
        StatementKind::StorageLive(local) | StatementKind::StorageDead(local) => visit(*local, Effect::Ends),
        StatementKind::Nop => {}
    }
}
