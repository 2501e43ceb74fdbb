//! Which places hold a value: may hold one, may lack one, ever held one. Runs over the move paths of a body.

use crate::body::*;
use crate::dataflow::{Forward, forward};
use crate::fast::SharedBits;
use crate::paths::{PathId, Paths};
use crate::place::Location;
use crate::visit::{Touch, each_terminator_touch, each_touch};

#[derive(Clone)]
pub struct Init {
    /// On some way here the path got a value that was not moved since.
    pub maybe_init: SharedBits,
    /// On some way here the path has none. Parts have bits of their own: a value lacks something if any part does.
    pub maybe_uninit: SharedBits,
    /// Locals that got a value since their storage began, on some way here.
    pub ever_init: SharedBits,
}

pub struct InitAnalysis<'a> {
    pub body: &'a Body,
    pub paths: &'a Paths,
}

impl InitAnalysis<'_> {
    pub fn run(&self) -> Vec<Option<Init>> {
        forward(self.body, self)
    }

    pub fn moved(&self, state: &mut Init, path: PathId) {
        self.paths.each_below(path, &mut |path| {
            state.maybe_init.remove(path.index());
            state.maybe_uninit.insert(path.index());
        });
    }

    pub fn given(&self, state: &mut Init, path: PathId) {
        self.paths.each_below(path, &mut |path| {
            state.maybe_init.insert(path.index());
            state.maybe_uninit.remove(path.index());
        });
        let place = &self.paths.path(path).place;
        if place.is_local() {
            state.ever_init.insert(place.local.index());
        }
    }

    pub fn touch(&self, state: &mut Init, place: &Place, touch: Touch) {
        match touch {
            Touch::Move | Touch::Drop => {
                if let Some(path) = self.paths.exact(place) {
                    self.moved(state, path);
                }
            }
            Touch::Assign => {
                if let Some(path) = self.paths.exact(place) {
                    self.given(state, path);
                }
            }
            // The result of a call arrives on one edge only.
            Touch::CallResult
            | Touch::Copy
            | Touch::Inspect
            | Touch::Ref { .. }
            | Touch::RawRef(_)
            | Touch::SetDiscriminant => {}
        }
    }

    pub fn storage(&self, state: &mut Init, statement: &Statement) {
        if let StatementKind::StorageLive(local) | StatementKind::StorageDead(local) = statement.kind {
            self.moved(state, Paths::root(local));
            state.ever_init.remove(local.index());
        }
    }

    /// The enum whose variant a switch at the end of this block decides.
    pub fn switched(&self, block: BlockId) -> Option<&Place> {
        let block = self.body.block(block);
        let TerminatorKind::Switch { value, .. } = &block.terminator.kind else { return None };
        let tag = value.as_local()?;
        block.statements.iter().rev().find_map(|statement| match &statement.kind {
            StatementKind::Assign(place, Rvalue::Discriminant(of)) if place.as_local() == Some(tag) => Some(of),
            _ => None,
        })
    }
}

impl Forward for InitAnalysis<'_> {
    type State = Init;

    fn start(&self) -> Init {
        let mut state = Init {
            maybe_init: SharedBits::new(self.paths.len()),
            maybe_uninit: SharedBits::full(self.paths.len()),
            ever_init: SharedBits::new(self.body.locals.len()),
        };
        for param in self.body.params() {
            self.given(&mut state, Paths::root(param));
        }
        state
    }

    fn join(&self, into: &mut Init, from: &Init, _to: BlockId) -> bool {
        let changed = into.maybe_init.unite(&from.maybe_init);
        let changed = into.maybe_uninit.unite(&from.maybe_uninit) || changed;
        into.ever_init.unite(&from.ever_init) || changed
    }

    fn weight(&self, state: &Init) -> usize {
        // Pieces that are shared cost a comparison of addresses each.
        state.maybe_init.pieces() / 8
    }

    fn statement(&self, state: &mut Init, _at: Location, statement: &Statement) {
        self.storage(state, statement);
        each_touch(statement, &mut |place, touch| self.touch(state, place, touch));
    }

    fn terminator(&self, state: &mut Init, _at: Location, terminator: &Terminator) {
        each_terminator_touch(&terminator.kind, &mut |place, touch| self.touch(state, place, touch));
    }

    fn edge(&self, state: &mut Init, at: Location, terminator: &Terminator, to: BlockId) {
        match &terminator.kind {
            TerminatorKind::Call { dest, .. } => {
                if let Some(path) = self.paths.exact(dest) {
                    self.given(state, path);
                }
            }
            TerminatorKind::Switch { targets, otherwise, .. } => {
                let Some(path) = self.switched(at.block).and_then(|place| self.paths.exact(place)) else { return };
                // Parts of a variant that it is not hold nothing.
                for child in self.paths.children(path) {
                    let Some(Projection::Downcast(variant)) = self.paths.path(child).place.projection.last() else {
                        continue;
                    };
                    let leads = |block: BlockId| {
                        targets.iter().any(|(n, target)| *target == block && *n == i128::from(*variant))
                    };
                    let listed = targets.iter().any(|(n, _)| *n == i128::from(*variant));
                    let possible = leads(to) || (to == *otherwise && !listed);
                    if !possible {
                        self.paths.each_below(child, &mut |path| state.maybe_init.remove(path.index()));
                    }
                }
            }
            TerminatorKind::Goto(_)
            | TerminatorKind::Return
            | TerminatorKind::Resume
            | TerminatorKind::Unreachable
            | TerminatorKind::Drop { .. } => {}
        }
    }
}
