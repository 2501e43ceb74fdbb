//! Takes away assignments to locals that nobody reads.

use super::ssa;
use crate::body::*;

/// Whether any went.
pub(super) fn run(body: &mut Body) -> bool {
    let count = body.locals.len();
    let mut reads = vec![0u32; count];
    reads[0] = 1;
    // By local: the statements that assign it or a part of it.
    let mut assigned: Vec<Vec<(u32, u32)>> = vec![Vec::new(); count];
    for (block_index, block) in body.blocks.iter().enumerate() {
        for (index, statement) in block.statements.iter().enumerate() {
            ssa::each_read(statement, &mut |local| reads[local.index()] += 1);
            if let Some(local) = only_assigns(statement) {
                assigned[local.index()].push((block_index as u32, index as u32));
            }
        }
        ssa::each_terminator_read(&block.terminator.kind, &mut |local| reads[local.index()] += 1);
    }
    let mut work: Vec<usize> = (0..count).filter(|&local| reads[local] == 0).collect();
    let mut any = false;
    while let Some(local) = work.pop() {
        for (block, index) in std::mem::take(&mut assigned[local]) {
            let statement = &mut body.blocks[block as usize].statements[index as usize];
            let gone = std::mem::replace(&mut statement.kind, StatementKind::Nop);
            any = true;
            let gone = Statement { kind: gone, source: statement.source };
            ssa::each_read(&gone, &mut |read| {
                reads[read.index()] -= 1;
                if reads[read.index()] == 0 {
                    work.push(read.index());
                }
            });
        }
    }
    any
}

/// The local that the statement assigns, if it does nothing else.
fn only_assigns(statement: &Statement) -> Option<Local> {
    match &statement.kind {
        StatementKind::Assign(place, value) if !place.is_indirect() && !value.raises() => Some(place.local),
        StatementKind::SetDiscriminant(place, _) if !place.is_indirect() => Some(place.local),
        _ => None,
    }
}
