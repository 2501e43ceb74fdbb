//! Making and asking places, operands and constants.

use crate::body::*;
use hir::ty::Ty;

impl Place {
    pub const RETURN: Place = Place { local: Local::RETURN, projection: Vec::new() };

    pub fn local(local: Local) -> Place {
        Place { local, projection: Vec::new() }
    }
    pub fn is_local(&self) -> bool {
        self.projection.is_empty()
    }
    pub fn as_local(&self) -> Option<Local> {
        self.projection.is_empty().then_some(self.local)
    }
    /// Whether a pointer is followed on the way.
    pub fn is_indirect(&self) -> bool {
        self.projection.contains(&Projection::Deref)
    }
    pub fn project(&self, step: Projection) -> Place {
        // One allocation of the right size.
        let mut projection = Vec::with_capacity(self.projection.len() + 1);
        projection.extend_from_slice(&self.projection);
        projection.push(step);
        Place { local: self.local, projection }
    }
    pub fn field(&self, field: u32) -> Place {
        self.project(Projection::Field(field))
    }
    pub fn deref(&self) -> Place {
        self.project(Projection::Deref)
    }
    pub fn downcast(&self, variant: u32) -> Place {
        self.project(Projection::Downcast(variant))
    }
    pub fn index(&self, index: Local) -> Place {
        self.project(Projection::Index(index))
    }
    /// The first `steps` steps of it.
    pub fn prefix(&self, steps: usize) -> Place {
        Place { local: self.local, projection: self.projection[..steps].to_vec() }
    }
    /// Whether `self` is `other` or inside it, as far as the steps tell.
    pub fn starts_with(&self, other: &Place) -> bool {
        self.local == other.local && self.projection.starts_with(&other.projection)
    }
    /// Gives all its locals other numbers.
    pub fn renumber(&mut self, number: impl Fn(Local) -> Local) {
        self.local = number(self.local);
        for step in &mut self.projection {
            if let Projection::Index(index) = step {
                *index = number(*index);
            }
        }
    }
    /// The locals that it reads besides its own: indices.
    pub fn index_locals(&self) -> impl Iterator<Item = Local> + '_ {
        self.projection.iter().filter_map(|step| match step {
            Projection::Index(index) => Some(*index),
            _ => None,
        })
    }
}

impl From<Local> for Place {
    fn from(local: Local) -> Place {
        Place::local(local)
    }
}

impl Operand {
    pub fn copy(local: Local) -> Operand {
        Operand::Copy(Place::local(local))
    }
    pub fn take(local: Local) -> Operand {
        Operand::Move(Place::local(local))
    }
    pub fn constant(ty: Ty, kind: ConstKind) -> Operand {
        Operand::Const(Const { ty, kind })
    }
    pub fn int(value: i128) -> Operand {
        Operand::constant(Ty::int(), ConstKind::int(value))
    }
    pub fn bool(value: bool) -> Operand {
        Operand::constant(Ty::bool(), ConstKind::int(value as i128))
    }
    pub fn unit() -> Operand {
        Operand::constant(Ty::unit(), ConstKind::Zero)
    }
    /// The same value, read once more.
    pub fn as_copy(&self) -> Operand {
        match self {
            Operand::Move(place) => Operand::Copy(place.clone()),
            other => other.clone(),
        }
    }
    pub fn place(&self) -> Option<&Place> {
        match self {
            Operand::Copy(place) | Operand::Move(place) => Some(place),
            Operand::Const(_) => None,
        }
    }
    pub fn as_int(&self) -> Option<i128> {
        match self {
            Operand::Const(Const { kind: ConstKind::Int(value), .. }) => Some(value.get()),
            _ => None,
        }
    }
    /// The whole local that it reads.
    pub fn as_local(&self) -> Option<Local> {
        self.place().and_then(Place::as_local)
    }
}

impl Rvalue {
    pub fn reference(mutable: hir::ty::Mutable, place: Place) -> Rvalue {
        Rvalue::Ref { mutable, place, two_phase: false }
    }
}

impl Statement {
    pub fn assign(source: SourceId, place: impl Into<Place>, value: Rvalue) -> Statement {
        Statement { kind: StatementKind::Assign(place.into(), value), source }
    }
}

impl Block {
    pub fn new(source: SourceId, kind: TerminatorKind) -> Block {
        Block { statements: Vec::new(), terminator: Terminator { kind, source }, unwind: None, cleanup: false }
    }
}

impl Body {
    pub fn local_decl(&self, local: Local) -> &LocalDecl {
        &self.locals[local.index()]
    }
    pub fn block(&self, block: BlockId) -> &Block {
        &self.blocks[block.index()]
    }
    pub fn source(&self, source: SourceId) -> &Source {
        &self.sources[source.index()]
    }
    pub fn block_ids(&self) -> impl Iterator<Item = BlockId> + use<> {
        (0..self.blocks.len() as u32).map(BlockId)
    }
    pub fn params(&self) -> impl Iterator<Item = Local> + use<> {
        (1..=self.param_count).map(Local)
    }
    pub fn ret(&self) -> Ty {
        self.locals[0].ty
    }
    pub fn add_local(&mut self, ty: Ty, source: SourceId) -> Local {
        self.locals.push(LocalDecl { ty, name: None, mutable: true, source });
        Local(self.locals.len() as u32 - 1)
    }
    pub fn add_block(&mut self, block: Block) -> BlockId {
        self.blocks.push(block);
        BlockId(self.blocks.len() as u32 - 1)
    }
    pub fn statement_count(&self) -> usize {
        self.blocks.iter().map(|block| block.statements.len() + 1).sum()
    }
}

/// Between the statements of a block: `statement == statements.len()` is the terminator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Location {
    pub block: BlockId,
    pub statement: u32,
}

impl Location {
    pub fn new(block: BlockId, statement: usize) -> Location {
        Location { block, statement: statement as u32 }
    }
}

impl Body {
    pub fn source_at(&self, at: Location) -> SourceId {
        let block = self.block(at.block);
        block.statements.get(at.statement as usize).map_or(block.terminator.source, |s| s.source)
    }
    pub fn span_at(&self, at: Location) -> diag::Span {
        self.source(self.source_at(at)).span
    }
}

impl SourceId {
    /// The entry that stands for the whole body.
    pub const BODY: SourceId = SourceId(0);
}
