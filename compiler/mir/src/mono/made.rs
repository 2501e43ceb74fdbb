//! Bodies that the compiler writes itself, statement by statement.

use crate::body::*;
use diag::{Span, Symbol};
use hir::ty::Ty;

pub(super) struct Made {
    pub body: Body,
    pub current: BlockId,
}

const HERE: SourceId = SourceId::BODY;

impl Made {
    pub fn new(name: &str, span: Span, params: &[Ty], ret: Ty) -> Made {
        let name = Symbol::intern(name);
        let decl = |ty: Ty| LocalDecl { ty, name: None, mutable: true, source: HERE };
        let locals = std::iter::once(ret).chain(params.iter().copied()).map(decl).collect();
        let body = Body {
            name,
            origin: Origin::Made,
            param_count: params.len() as u32,
            locals,
            blocks: vec![Block::new(HERE, TerminatorKind::Unreachable)],
            sources: vec![Source { span, function: name, inlined_at: None }],
            span,
            concrete: true,
            never_raises: false,
            inline: InlineHint::Auto,
        };
        Made { body, current: BlockId::START }
    }

    pub fn temp(&mut self, ty: Ty) -> Local {
        self.body.add_local(ty, HERE)
    }

    pub fn block(&mut self) -> BlockId {
        self.body.add_block(Block::new(HERE, TerminatorKind::Unreachable))
    }

    pub fn cleanup(&mut self) -> BlockId {
        self.body.add_block(Block { cleanup: true, ..Block::new(HERE, TerminatorKind::Unreachable) })
    }

    pub fn resume(&mut self) -> BlockId {
        self.body.add_block(Block { cleanup: true, ..Block::new(HERE, TerminatorKind::Resume) })
    }

    pub fn assign(&mut self, place: impl Into<Place>, value: Rvalue) {
        self.body.blocks[self.current.index()].statements.push(Statement::assign(HERE, place, value));
    }

    pub fn end(&mut self, kind: TerminatorKind) {
        self.body.blocks[self.current.index()].terminator = Terminator { kind, source: HERE };
    }

    /// Ends the current block and goes on in `next`.
    pub fn end_into(&mut self, kind: TerminatorKind, next: BlockId) {
        self.end(kind);
        self.current = next;
    }

    pub fn params(&self) -> Vec<Operand> {
        self.body.params().map(Operand::take).collect()
    }
}
