//! Which locals matter where a loop goes round: those whose value may still be read, and those that something may point to.

use mir::BitSet;
use mir::body::{Block, BlockId, Body, Local, Projection, Statement, StatementKind, TerminatorKind};
use mir::visit::{Touch, each_terminator_touch, each_touch};

/// The locals that matter at the start of each block that is asked for.
pub fn at_starts(body: &Body, order: &[BlockId], wanted: impl Fn(BlockId) -> bool) -> Vec<Vec<Local>> {
    let (live, lent) = (live(body, order), lent(body));
    let matters = |block: usize, local: &usize| live[block].contains(*local) || lent[block].contains(*local);
    (0..body.blocks.len())
        .map(|block| {
            if !wanted(BlockId(block as u32)) {
                return Vec::new();
            }
            (0..body.locals.len()).filter(|local| matters(block, local)).map(|local| Local(local as u32)).collect()
        })
        .collect()
}

/// By block: what may be read after its start, before it is written as a whole. `order`: every block that is reached, those that
/// lead to others before them as far as there are no loops.
pub fn live(body: &Body, order: &[BlockId]) -> Vec<BitSet> {
    let mut at_start = vec![BitSet::new(body.locals.len()); body.blocks.len()];
    loop {
        let mut changed = false;
        for &id in order.iter().rev() {
            let block = body.block(id);
            let mut set = BitSet::new(body.locals.len());
            block.each_successor(|next| {
                set.unite(&at_start[next.index()]);
            });
            read_terminator(&block.terminator.kind, &mut set);
            for statement in block.statements.iter().rev() {
                read_statement(statement, &mut set);
            }
            // A statement may raise before the later ones have written anything.
            for unwind in block.unwind.iter().chain(&block.terminator.kind.unwind()) {
                set.unite(&at_start[unwind.index()]);
            }
            changed |= at_start[id.index()].unite(&set);
        }
        if !changed {
            return at_start;
        }
    }
}

/// By block: what may have been pointed to since its storage began.
fn lent(body: &Body) -> Vec<BitSet> {
    let mut at_start = vec![BitSet::new(body.locals.len()); body.blocks.len()];
    loop {
        let mut changed = false;
        for (index, block) in body.blocks.iter().enumerate() {
            let mut set = at_start[index].clone();
            lend_in(block, &mut set);
            block.each_successor(|next| changed |= at_start[next.index()].unite(&set));
        }
        if !changed {
            return at_start;
        }
    }
}

fn lend_in(block: &Block, set: &mut BitSet) {
    for statement in &block.statements {
        if let StatementKind::StorageLive(local) | StatementKind::StorageDead(local) = statement.kind {
            set.remove(local.index());
        }
        each_touch(statement, &mut |place, touch| {
            if matches!(touch, Touch::Ref { .. } | Touch::RawRef(_)) && !place.is_indirect() {
                set.insert(place.local.index());
            }
        });
    }
    // A destructor and a call by reference are over before control goes on.
}

fn read_statement(statement: &Statement, set: &mut BitSet) {
    match &statement.kind {
        StatementKind::StorageLive(local) | StatementKind::StorageDead(local) => set.remove(local.index()),
        StatementKind::Assign(place, _) if place.projection.is_empty() => set.remove(place.local.index()),
        _ => {}
    }
    each_touch(statement, &mut |place, touch| read(place, touch, set));
}

fn read_terminator(kind: &TerminatorKind, set: &mut BitSet) {
    if let TerminatorKind::Call { dest, .. } = kind
        && dest.projection.is_empty()
    {
        set.remove(dest.local.index());
    }
    if let TerminatorKind::Return = kind {
        set.insert(0);
    }
    each_terminator_touch(kind, &mut |place, touch| read(place, touch, set));
}

fn read(place: &mir::body::Place, touch: Touch, set: &mut BitSet) {
    for step in &place.projection {
        if let Projection::Index(local) = step {
            set.insert(local.index());
        }
    }
    let writes_whole = matches!(touch, Touch::Assign | Touch::CallResult) && place.projection.is_empty();
    if !writes_whole {
        set.insert(place.local.index());
    }
}
