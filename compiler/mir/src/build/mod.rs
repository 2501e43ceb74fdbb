//! Builds MIR from typed bodies: evaluation order, temporaries, scopes and drops become explicit.
//!
//! One typed body gives several MIR bodies: the function, then its closures in order. They are generic as the function is.
//! What still stands for a choice afterwards: `Drop` of places that may be moved out (see `drops`), callees and constants
//! that only concrete types decide (see `mono`).

mod cond;
mod expr;
mod matches;
mod pattern;
mod place;
mod region;
mod rvalue;
mod scope;

use crate::body::*;
use crate::fast::{FastMap, FastSet};
use crate::types::Types;
use diag::{Span, Symbol};
use hir::TypedProgram;
use hir::ids::{ClosureId, ExprId, FnId, LocalId, PatId};
use hir::ty::{Args, Ty, TyKind};
use hir::typed::{self, ClosureKind};
use place::PlaceBuilder;
use scope::{Breakable, DropKind, ExitTree, IfScope, Scope, UnwindTree};

/// The function's body, then those of its closures.
pub fn build(program: &TypedProgram, body: &typed::Body) -> Vec<Body> {
    let types = Types::new(program, body.owner);
    let mut all = Vec::with_capacity(1 + body.closures.len());
    all.push(Builder::new(&types, body, None).run());
    for index in 0..body.closures.len() as u32 {
        all.push(Builder::new(&types, body, Some(index)).run());
    }
    for made in &all {
        crate::verify::debug_verify(&types, made, "build");
    }
    all
}

/// The arguments with which a generic function speaks of itself.
pub(crate) fn identity_args(program: &TypedProgram, id: FnId) -> Args {
    let params = &program.program().fn_def(id).generics.params;
    let list: Vec<Ty> = params.iter().enumerate().map(|(i, p)| Ty::param(i as u32, p.name)).collect();
    Args::new(&list)
}

/// What a variable of the typed body is here.
#[derive(Clone, Copy)]
enum Var {
    Local(Local),
    /// In a guard: behind a shared reference, because the guard may still fail.
    Behind(Local),
}

struct Draft {
    statements: Vec<Statement>,
    terminator: Option<Terminator>,
    unwind: Option<BlockId>,
    /// A statement raises: `unwind` is settled.
    raises: bool,
    cleanup: bool,
}

struct Builder<'a> {
    types: &'a Types<'a>,
    typed: &'a typed::Body,
    /// Which closure is built.
    closure: Option<u32>,
    /// Whether the text belongs to the library: then precise spans of operands do not matter.
    library: bool,
    name: Symbol,

    locals: Vec<LocalDecl>,
    blocks: Vec<Draft>,
    sources: Vec<Source>,
    source_of: FastMap<(u32, u32, u32), SourceId>,
    vars: Vec<Option<Var>>,
    /// Variables that a guard sees through references, and what they were before.
    guarded: Vec<(LocalId, Option<Var>)>,

    current: BlockId,
    /// Whether control can come to `current`, as far as is seen so far.
    live: bool,
    scopes: Vec<Scope>,
    /// The scope at whose end temporaries die.
    temp_scope: usize,
    /// Value expressions whose temporaries live longer: until the end of that scope.
    extended: FastMap<ExprId, usize>,
    breakables: Vec<Breakable>,
    if_scopes: Vec<IfScope>,
    returns: ExitTree,
    /// Ways out of the body by `?`.
    failures: ExitTree,
    unwind: UnwindTree,
    resume: Option<BlockId>,
    /// A place for results of type `()` that nobody reads.
    sink: Option<Local>,
    /// Operands that were made for one use.
    owned_temps: FastSet<Local>,
}

impl<'a> Builder<'a> {
    fn new(types: &'a Types<'a>, typed: &'a typed::Body, closure: Option<u32>) -> Builder<'a> {
        let program = types.program.program();
        let def = program.fn_def(typed.owner);
        let name = match closure {
            None => Symbol::intern(&def.path),
            Some(_) => Symbol::intern(&format!("{}::{{closure}}", def.path)),
        };
        Builder {
            types,
            typed,
            closure,
            library: program.module(def.module).library,
            name,
            locals: Vec::new(),
            blocks: Vec::new(),
            sources: Vec::new(),
            source_of: FastMap::default(),
            vars: vec![None; typed.locals.len()],
            guarded: Vec::new(),
            current: BlockId::START,
            live: true,
            scopes: Vec::new(),
            temp_scope: 0,
            extended: FastMap::default(),
            breakables: Vec::new(),
            if_scopes: Vec::new(),
            returns: ExitTree::default(),
            failures: ExitTree::default(),
            unwind: UnwindTree::new(),
            resume: None,
            sink: None,
            owned_temps: FastSet::default(),
        }
    }

    fn run(mut self) -> Body {
        let typed = self.typed;
        let (params, ret, root, span) = match self.closure {
            None => (&typed.params, typed.ret, typed.root, typed.span),
            Some(index) => {
                let closure = &typed.closures[index as usize];
                (&closure.params, closure.ret, closure.body, closure.span)
            }
        };
        let body_source = self.source(span);
        self.current = self.new_block();
        self.locals.push(LocalDecl { ty: ret, name: None, mutable: true, source: body_source });
        let own = self.closure_param();
        self.locals.extend(own);
        let first = self.locals.len() as u32;
        for param in params {
            let source = self.source(param.span);
            self.locals.push(LocalDecl { ty: param.ty, name: None, mutable: true, source });
        }
        let param_count = self.locals.len() as u32 - 1;

        self.push_scope(span);
        if self.closure.is_some() {
            self.schedule_value(0, Local(1));
        }
        for (index, param) in params.iter().enumerate() {
            self.param(Local(first + index as u32), param.pat);
        }
        self.in_temp_scope(span, |this| this.expr_into(Place::RETURN, root));
        self.pop_scope();
        let end = self.source(span.end());
        self.finish_returns(end);
        self.finish_unwind();
        self.finish(param_count, span)
    }

    /// The closure itself, as its kind takes it.
    fn closure_param(&mut self) -> Option<LocalDecl> {
        let index = self.closure?;
        let closure = &self.typed.closures[index as usize];
        let args = identity_args(self.types.program, self.typed.owner);
        let own = Ty::new(TyKind::Closure(ClosureId { owner: self.typed.owner, index }, args));
        let ty = match closure.kind {
            ClosureKind::Fn => Ty::shared(own),
            ClosureKind::FnMut => Ty::exclusive(own),
            ClosureKind::FnOnce => own,
        };
        let source = self.source(closure.span);
        Some(LocalDecl { ty, name: None, mutable: true, source })
    }

    /// A parameter that is a plain name is that variable; another pattern takes the parameter apart.
    fn param(&mut self, local: Local, pat: PatId) {
        self.schedule_value(0, local);
        if let typed::PatKind::Bind { local: id, by_ref: None, sub: None } = self.typed.pat(pat).kind {
            let declared = self.typed.local(id);
            let source = self.source(declared.span);
            let decl = &mut self.locals[local.index()];
            decl.name = written_name(declared.name);
            decl.mutable = declared.mutable;
            decl.source = source;
            self.vars[id.index()] = Some(Var::Local(local));
        } else {
            self.bind_irrefutable(PlaceBuilder::local(local), pat, 0);
        }
    }

    fn finish(self, param_count: u32, span: Span) -> Body {
        let program = self.types.program.program();
        let attrs = program.fn_def(self.typed.owner).attrs;
        let (origin, inline) = match self.closure {
            None if attrs.inline_never || attrs.cold => (Origin::Fn(self.typed.owner), InlineHint::Never),
            None if attrs.inline => (Origin::Fn(self.typed.owner), InlineHint::Always),
            None => (Origin::Fn(self.typed.owner), InlineHint::Auto),
            Some(index) => {
                (Origin::Closure(ClosureId { owner: self.typed.owner, index }), InlineHint::Auto)
            }
        };
        let unreachable = Terminator { kind: TerminatorKind::Unreachable, source: SourceId::BODY };
        let blocks = (self.blocks.into_iter())
            .map(|draft| Block {
                statements: draft.statements,
                terminator: draft.terminator.unwrap_or_else(|| unreachable.clone()),
                unwind: draft.unwind.filter(|_| draft.raises),
                cleanup: draft.cleanup,
            })
            .collect();
        let mut body = Body {
            name: self.name,
            origin,
            param_count,
            locals: self.locals,
            blocks,
            sources: self.sources,
            span,
            concrete: false,
            never_raises: false,
            inline,
        };
        crate::opt::simplify::tidy(&mut body);
        body
    }

    // Sources, locals, blocks.

    fn source(&mut self, span: Span) -> SourceId {
        let function = self.name;
        let next = SourceId(self.sources.len() as u32);
        let id = *self.source_of.entry((span.file.0, span.lo, span.hi)).or_insert(next);
        if id == next {
            self.sources.push(Source { span, function, inlined_at: None });
        }
        id
    }

    fn expr_source(&mut self, id: ExprId) -> SourceId {
        let span = self.typed.expr(id).span;
        self.source(span)
    }

    fn new_temp(&mut self, ty: Ty, source: SourceId) -> Local {
        self.locals.push(LocalDecl { ty, name: None, mutable: true, source });
        Local(self.locals.len() as u32 - 1)
    }

    fn sink(&mut self) -> Place {
        let local = match self.sink {
            Some(local) => local,
            None => {
                let local = self.new_temp(Ty::unit(), SourceId::BODY);
                self.sink = Some(local);
                local
            }
        };
        Place::local(local)
    }

    /// The local of a variable declared here; made when it is first asked for.
    fn declare(&mut self, id: LocalId) -> Local {
        if let Some(Var::Local(local)) = self.vars[id.index()] {
            return local;
        }
        let declared = self.typed.local(id);
        let source = self.source(declared.span);
        self.locals.push(LocalDecl {
            ty: declared.ty,
            name: written_name(declared.name),
            mutable: declared.mutable,
            source,
        });
        let local = Local(self.locals.len() as u32 - 1);
        self.vars[id.index()] = Some(Var::Local(local));
        local
    }

    /// The storage of a variable begins.
    fn live_variable(&mut self, id: LocalId) -> Local {
        let local = self.declare(id);
        let source = self.locals[local.index()].source;
        self.push(source, StatementKind::StorageLive(local));
        local
    }

    fn new_block(&mut self) -> BlockId {
        self.blocks.push(Draft { statements: Vec::new(), terminator: None, unwind: None, raises: false, cleanup: false });
        BlockId(self.blocks.len() as u32 - 1)
    }

    fn new_cleanup_block(&mut self) -> BlockId {
        let block = self.new_block();
        self.blocks[block.index()].cleanup = true;
        block
    }

    fn push(&mut self, source: SourceId, kind: StatementKind) {
        let statement = Statement { kind, source };
        if statement.raises() {
            let unwind = self.unwind_block();
            let draft = &self.blocks[self.current.index()];
            if draft.raises && draft.unwind != unwind {
                let next = self.new_block();
                self.terminate(source, TerminatorKind::Goto(next));
                self.go_to(next);
            }
            let draft = &mut self.blocks[self.current.index()];
            draft.raises = true;
            draft.unwind = unwind;
        }
        self.blocks[self.current.index()].statements.push(statement);
    }

    fn assign(&mut self, source: SourceId, place: impl Into<Place>, value: Rvalue) {
        self.push(source, StatementKind::Assign(place.into(), value));
    }

    /// Ends the current block. Control stands nowhere until `go_to`.
    fn terminate(&mut self, source: SourceId, kind: TerminatorKind) {
        let terminator = &mut self.blocks[self.current.index()].terminator;
        if terminator.is_some() {
            bug!("build", self.name; "{} is terminated twice", self.current);
        }
        *terminator = Some(Terminator { kind, source });
        self.live = false;
    }

    fn goto(&mut self, source: SourceId, target: BlockId) {
        self.terminate(source, TerminatorKind::Goto(target));
        self.diverge();
    }

    fn go_to(&mut self, block: BlockId) {
        self.current = block;
        self.live = true;
    }

    /// What follows in the text is never reached; it goes to a block without predecessors.
    fn diverge(&mut self) {
        self.current = self.new_block();
        self.live = false;
    }

    /// A value without inhabitants was computed: nothing follows.
    fn unreachable(&mut self, source: SourceId) {
        self.terminate(source, TerminatorKind::Unreachable);
        self.diverge();
    }

    fn schedule_variable(&mut self, scope: usize, local: Local) {
        self.schedule(scope, local, DropKind::Storage);
        self.schedule_value(scope, local);
    }
}

/// Variables that the compiler made up have an empty name.
fn written_name(name: Symbol) -> Option<Symbol> {
    (!name.is_empty()).then_some(name)
}
