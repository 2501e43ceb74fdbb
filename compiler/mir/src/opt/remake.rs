//! Makes addresses of locals anew on the way out of a panic. Made once, they would be kept in registers through every call
//! that may raise, for blocks that hardly ever run.

use crate::body::*;

pub(super) fn run(body: &mut Body) {
    if !body.blocks.iter().any(|block| block.cleanup) {
        return;
    }
    let made = addresses(body);
    let mut fresh = Vec::new();
    let first = body.locals.len();
    for block in body.blocks.iter_mut().filter(|block| block.cleanup) {
        let mut here: Vec<(Local, Local)> = Vec::new();
        crate::visit::each_place_mut(block, &mut |place| {
            if made[place.local.index()].is_none() {
                return;
            }
            let known = here.iter().find(|(old, _)| *old == place.local).map(|(_, new)| *new);
            place.local = known.unwrap_or_else(|| {
                let new = Local((first + fresh.len()) as u32);
                fresh.push(place.local);
                here.push((place.local, new));
                new
            });
        });
        let source = block.terminator.source;
        let statements = here.into_iter().filter_map(|(old, new)| {
            let (mutable, place) = made[old.index()].clone()?;
            Some(Statement::assign(source, new, Rvalue::RawRef(mutable, place)))
        });
        block.statements.splice(0..0, statements.collect::<Vec<_>>());
    }
    for old in fresh {
        let decl = body.locals[old.index()].clone();
        body.locals.push(decl);
    }
}

/// By local: the place in this frame whose address it is, if it is assigned only once and on an ordinary path.
fn addresses(body: &Body) -> Vec<Option<(hir::ty::Mutable, Place)>> {
    let mut made = vec![None; body.locals.len()];
    let mut assigned = vec![0u32; body.locals.len()];
    assigned[..=body.param_count as usize].fill(1);
    for block in &body.blocks {
        for statement in &block.statements {
            match &statement.kind {
                StatementKind::Assign(to, value) if !to.is_indirect() => {
                    assigned[to.local.index()] += 1;
                    if let (Some(to), Rvalue::RawRef(mutable, place), false) = (to.as_local(), value, block.cleanup)
                        && !place.is_indirect()
                        && place.index_locals().next().is_none()
                    {
                        made[to.index()] = Some((*mutable, place.clone()));
                    }
                }
                StatementKind::SetDiscriminant(to, _) if !to.is_indirect() => assigned[to.local.index()] += 1,
                _ => {}
            }
        }
        if let TerminatorKind::Call { dest, .. } = &block.terminator.kind
            && !dest.is_indirect()
        {
            assigned[dest.local.index()] += 1;
        }
    }
    for (made, assigned) in made.iter_mut().zip(assigned) {
        if assigned != 1 {
            *made = None;
        }
    }
    made
}
