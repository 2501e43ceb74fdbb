//! Makes a value where it is wanted: `a = …; b = move a`, where nobody else has `a`, becomes `b = …`.

use crate::body::*;

/// Whether anything changed.
pub(super) fn run(body: &mut Body) -> bool {
    let mut touched = vec![0u32; body.locals.len()];
    for block in &body.blocks {
        let mut count = |place: &Place, _| touched[place.local.index()] += 1;
        block.statements.iter().for_each(|statement| crate::visit::each_touch(statement, &mut count));
        crate::visit::each_terminator_touch(&block.terminator.kind, &mut count);
    }
    touched[..=body.param_count as usize].fill(u32::MAX);
    let mut any = false;
    for block in &mut body.blocks {
        for index in 1..block.statements.len() {
            let (before, here) = block.statements.split_at_mut(index);
            let (first, second) = (&mut before[index - 1], &mut here[0]);
            let StatementKind::Assign(from, Rvalue::Aggregate(_, parts)) = &mut first.kind else { continue };
            let StatementKind::Assign(to, Rvalue::Use(Operand::Move(moved))) = &second.kind else { continue };
            let (Some(a), Some(b)) = (from.as_local(), to.as_local()) else { continue };
            let mentions = |part: &Operand| part.place().is_some_and(|place| place.local == b);
            if moved.as_local() != Some(a) || touched[a.index()] != 2 || a == b || parts.iter().any(mentions) {
                continue;
            }
            *from = Place::local(b);
            second.kind = StatementKind::Nop;
            any = true;
        }
    }
    any
}
