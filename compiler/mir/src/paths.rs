//! The places that can be moved and initialised on their own: a tree below each local, as deep as the body needs.

use crate::body::*;
use crate::fast::FastMap;
use crate::types::{PlaceTy, Types};
use hir::ty::TyKind;

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PathId(pub u32);

impl PathId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

pub struct Path {
    pub place: Place,
    pub parent: Option<PathId>,
    first_child: Option<PathId>,
    next_sibling: Option<PathId>,
}

/// The first paths are the locals, with the same numbers.
pub struct Paths {
    paths: Vec<Path>,
    children: FastMap<(PathId, Projection), PathId>,
}

impl Paths {
    /// Makes paths for what is moved, dropped, or assigned as a whole.
    pub fn new(types: &Types, body: &Body) -> Paths {
        let roots = (0..body.locals.len() as u32).map(|local| Path {
            place: Place::local(Local(local)),
            parent: None,
            first_child: None,
            next_sibling: None,
        });
        let mut paths = Paths { paths: roots.collect(), children: FastMap::default() };
        for block in &body.blocks {
            let mut touch = |place: &Place, touch: crate::visit::Touch| match touch {
                crate::visit::Touch::Move
                | crate::visit::Touch::Assign
                | crate::visit::Touch::CallResult
                | crate::visit::Touch::Drop => paths.make(types, body, place),
                crate::visit::Touch::Copy
                | crate::visit::Touch::Inspect
                | crate::visit::Touch::Ref { .. }
                | crate::visit::Touch::RawRef(_)
                | crate::visit::Touch::SetDiscriminant => {}
            };
            for statement in &block.statements {
                crate::visit::each_touch(statement, &mut touch);
            }
            crate::visit::each_terminator_touch(&block.terminator.kind, &mut touch);
        }
        paths
    }

    fn make(&mut self, types: &Types, body: &Body, place: &Place) {
        if place.projection.is_empty() {
            return;
        }
        // First whether all of it is owned: paths behind references would say nothing.
        let mut ty = PlaceTy { ty: body.local_decl(place.local).ty, variant: None };
        for step in &place.projection {
            if !owns(types, ty, *step) {
                return;
            }
            ty = types.step(ty, *step);
        }
        let mut at = PathId(place.local.0);
        for (index, step) in place.projection.iter().enumerate() {
            at = match self.children.get(&(at, *step)) {
                Some(&known) => known,
                None => {
                    let id = PathId(self.paths.len() as u32);
                    let sibling = self.paths[at.index()].first_child.replace(id);
                    self.paths.push(Path {
                        place: place.prefix(index + 1),
                        parent: Some(at),
                        first_child: None,
                        next_sibling: sibling,
                    });
                    self.children.insert((at, *step), id);
                    id
                }
            };
        }
    }

    pub fn len(&self) -> usize {
        self.paths.len()
    }
    pub fn path(&self, id: PathId) -> &Path {
        &self.paths[id.index()]
    }
    pub fn root(local: Local) -> PathId {
        PathId(local.0)
    }
    pub fn child(&self, id: PathId, step: Projection) -> Option<PathId> {
        self.children.get(&(id, step)).copied()
    }
    pub fn has_children(&self, id: PathId) -> bool {
        self.paths[id.index()].first_child.is_some()
    }
    pub fn children(&self, id: PathId) -> impl Iterator<Item = PathId> + '_ {
        std::iter::successors(self.paths[id.index()].first_child, |id| self.paths[id.index()].next_sibling)
    }

    /// The deepest path that holds the place, and whether it is the place itself.
    pub fn find(&self, place: &Place) -> (PathId, bool) {
        let mut at = PathId(place.local.0);
        for step in &place.projection {
            match self.children.get(&(at, *step)) {
                Some(&next) => at = next,
                None => return (at, false),
            }
        }
        (at, true)
    }

    pub fn exact(&self, place: &Place) -> Option<PathId> {
        let (path, exact) = self.find(place);
        exact.then_some(path)
    }

    /// The path and everything below it.
    pub fn each_below(&self, id: PathId, visit: &mut dyn FnMut(PathId)) {
        visit(id);
        for child in self.children(id) {
            self.each_below(child, visit);
        }
    }

    pub fn any_below(&self, id: PathId, wanted: &dyn Fn(PathId) -> bool) -> bool {
        wanted(id) || self.children(id).any(|child| self.any_below(child, wanted))
    }

    pub fn is_below(&self, id: PathId, above: PathId) -> bool {
        std::iter::successors(Some(id), |id| self.paths[id.index()].parent).any(|at| at == above)
    }
}

/// Whether this step stays within what the value owns and can be told apart from its siblings.
fn owns(types: &Types, ty: PlaceTy, step: Projection) -> bool {
    match step {
        Projection::Field(_) | Projection::Downcast(_) => true,
        Projection::Deref => types.boxed(ty.ty).is_some(),
        Projection::ConstIndex { .. } => matches!(ty.ty.kind(), TyKind::Array(..)),
        Projection::Index(_) | Projection::Subslice { .. } => false,
    }
}
