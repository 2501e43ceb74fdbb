//! Which locals that hold views may still be used: for each of them, backward from its uses to where it gets its value. Where it is
//! not needed it costs nothing, so that all of it takes about as long as the lives of views are.

use super::views::Views;
use crate::body::*;
use crate::fast::BitSet;
use crate::graph::predecessors;
use crate::place::Location;

pub(super) struct Liveness<'a> {
    body: &'a Body,
    views: &'a Views<'a>,
    /// By local: what happens to it, in the order of blocks and of statements in them. Of locals that hold nothing: nothing.
    events: Vec<Vec<Event>>,
    /// By block: the locals that are needed from its start on, in order.
    into: Vec<Vec<Local>>,
}

/// What a statement, or a terminator, does to a local.
#[derive(Clone, Copy)]
struct Event {
    at: Location,
    effect: Effect,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Effect {
    Uses,
    Ends,
}

impl<'a> Liveness<'a> {
    /// `holds`: by local, whether it matters.
    pub fn new(body: &'a Body, views: &'a Views<'a>, holds: &[bool]) -> Liveness<'a> {
        let mut all = Liveness { body, views, events: vec![Vec::new(); body.locals.len()], into: vec![Vec::new(); body.blocks.len()] };
        for id in body.block_ids() {
            let block = body.block(id);
            for (index, statement) in block.statements.iter().enumerate() {
                let at = Location::new(id, index);
                each_use(statement, &mut |local, effect| note(&mut all.events, holds, local, at, effect));
            }
            let at = Location::new(id, block.statements.len());
            let mut events = std::mem::take(&mut all.events);
            all.each_terminator_use(&block.terminator, &mut |local, effect| note(&mut events, holds, local, at, effect));
            all.events = events;
        }
        let preds = predecessors(body);
        // The first statement of each block that may leave it in the middle.
        let raises: Vec<Option<usize>> = body.blocks.iter().map(|block| block.unwind.and_then(|_| block.statements.iter().position(Statement::raises))).collect();
        let mut waiting: Vec<BlockId> = Vec::new();
        for local in (0..body.locals.len() as u32).map(Local) {
            let events = &all.events[local.index()];
            let first = |block: BlockId| {
                let from = events.partition_point(|event| event.at.block < block);
                events.get(from).filter(|event| event.at.block == block)
            };
            let mut at = 0;
            while let Some(event) = events.get(at) {
                if event.effect == Effect::Uses {
                    all.into[event.at.block.index()].push(local);
                    waiting.push(event.at.block);
                }
                at += events[at..].partition_point(|other| other.at.block == event.at.block);
            }
            while let Some(block) = waiting.pop() {
                crate::work::count(1);
                for &pred in &preds[block.index()] {
                    let into = &all.into[pred.index()];
                    if into.last() == Some(&local) {
                        continue;
                    }
                    let passes = match first(pred) {
                        None => true,
                        // It may leave before it ends there.
                        Some(end) => {
                            let leaves = body.block(pred).unwind == Some(block);
                            leaves && raises[pred.index()].is_some_and(|raises| raises <= end.at.statement as usize)
                        }
                    };
                    if passes {
                        all.into[pred.index()].push(local);
                        waiting.push(pred);
                    }
                }
            }
        }
        all
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

    /// The locals that are still used from the start of a block on, in order.
    pub fn needed_in(&self, block: BlockId) -> &[Local] {
        &self.into[block.index()]
    }

    /// Whether a local is still used from the start of a block on.
    pub fn is_live_into(&self, local: Local, block: BlockId) -> bool {
        self.into[block.index()].binary_search(&local).is_ok()
    }

    fn is_live_out(&self, local: Local, block: BlockId) -> bool {
        let mut live = false;
        self.body.block(block).each_successor(|to| live |= self.is_live_into(local, to));
        live
    }

    /// What happens to a local first, from a point on in its block.
    fn next_event(&self, local: Local, at: Location) -> Option<Event> {
        let events = &self.events[local.index()];
        let next = events.get(events.partition_point(|event| event.at < at))?;
        (next.at.block == at.block).then_some(*next)
    }

    /// Whether a local is used at this point or later, before it gets another value.
    pub fn is_live(&self, local: Local, at: Location) -> bool {
        match self.next_event(local, at) {
            Some(event) => event.effect == Effect::Uses,
            None => self.is_live_out(local, at.block),
        }
    }

    /// The first use of a local behind a point, nearest first.
    pub fn next_use(&self, local: Local, at: Location) -> Option<Location> {
        let mut seen = BitSet::new(self.body.blocks.len());
        let mut waiting = std::collections::VecDeque::from([at]);
        while let Some(at) = waiting.pop_front() {
            match self.next_event(local, at) {
                Some(Event { at, effect: Effect::Uses }) => return Some(at),
                Some(Event { effect: Effect::Ends, .. }) => continue,
                None => {}
            }
            self.body.block(at.block).each_successor(|to| {
                if self.is_live_into(local, to) && seen.insert(to.index()) {
                    waiting.push_back(Location::new(to, 0));
                }
            });
        }
        None
    }
}

/// Uses win: what is read and written by one statement was needed.
fn note(events: &mut [Vec<Event>], holds: &[bool], local: Local, at: Location, effect: Effect) {
    if !holds[local.index()] {
        return;
    }
    let events = &mut events[local.index()];
    match events.last_mut().filter(|last| last.at == at) {
        Some(last) if effect == Effect::Uses => last.effect = Effect::Uses,
        Some(_) => {}
        None => events.push(Event { at, effect }),
    }
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
