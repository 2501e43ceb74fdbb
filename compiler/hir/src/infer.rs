//! Types bodies: from the tree as written to [`typed::Body`], one body at a time.
//!
//! Expressions are checked in order with an expectation that only hints; where a type must fit, `coerce` makes it.
//! Bounds become obligations that are worked off as types become known; operators and casts whose operands are
//! still unknown wait in `deferred`.

mod assign;
mod block;
mod call;
mod captures;
mod closure;
mod coerce;
mod control;
mod crossing;
mod expr;
mod finish;
mod format;
mod method;
mod operator;
mod order;
mod pat;
mod path;
mod place;
mod select;
pub(crate) mod table;
mod tasks;

use crate::errors;
use diag::fast::{FastMap, FastSet};
use crate::ids::*;
use crate::lower::{TyCx, TyMode, lower_ty};
use crate::program::*;
use crate::traits::{Answer, ClosureFacts, Env, Obligation, ObligationKind, Projected, Solver};
use crate::ty::{Args, InferTy, Mutable, Ty, TyKind};
use crate::typed::{self, ClosureKind, Expr, ExprKind, Pat, PatKind};
use diag::{Diags, Span, Symbol};
use std::cell::RefCell;
use std::sync::Arc;
use syntax::ast;

/// Types one body. Always gives a value; `poisoned` says that a mistake was reported.
pub(crate) fn check_body(program: &Program, outer: &dyn ClosureFacts, owner: FnId, diags: &mut Diags) -> Option<typed::Body> {
    let def = program.fn_def(owner);
    let env = Env::new(program, &def.generics.predicates);
    let closures = ClosureTable { owner, outer, made: RefCell::default() };
    let mut cx = FnCx::new(program, owner, &env, &closures);
    let (params, root) = match &def.body {
        BodySource::None => return None,
        BodySource::Fn(item) => cx.function(&whole(program, item)),
        BodySource::Expr(value) => (Vec::new(), cx.root_value(value)),
        BodySource::Test(block) => (Vec::new(), cx.test(block)),
    };
    Some(cx.finish(params, root, diags))
}

/// A function of a library file was parsed without its inside: now it is needed.
fn whole(program: &Program, item: &Arc<ast::FnItem>) -> Arc<ast::FnItem> {
    let Some(file) = program.sources.file(item.span.file) else { return item.clone() };
    let is_outline = item.body.as_ref().is_some_and(|body| body.stmts.is_empty() && body.tail.is_none());
    if !file.library || !is_outline {
        return item.clone();
    }
    match syntax::parse_function(file, item.span) {
        Some(whole) => whole,
        None => panic!("bug! {} does not parse by itself", program.sources.place(item.span)),
    }
}

/// Signatures of the closures of the body being typed.
struct ClosureTable<'a> {
    owner: FnId,
    outer: &'a dyn ClosureFacts,
    made: RefCell<Vec<ClosureSketch>>,
}

struct ClosureSketch {
    params: Args,
    ret: Ty,
    kind: Option<ClosureKind>,
    fields: Option<Vec<Ty>>,
}

impl ClosureFacts for ClosureTable<'_> {
    fn signature(&self, id: ClosureId) -> Option<(Args, Ty, Option<ClosureKind>)> {
        if id.owner != self.owner {
            return self.outer.signature(id);
        }
        let made = self.made.borrow();
        let sketch = made.get(id.index as usize)?;
        Some((sketch.params, sketch.ret, sketch.kind))
    }
    fn fields(&self, id: ClosureId) -> Option<Vec<Ty>> {
        if id.owner != self.owner {
            return self.outer.fields(id);
        }
        self.made.borrow().get(id.index as usize)?.fields.clone()
    }
}

/// What waits for a type to become known.
enum Deferred {
    Binary { expr: ExprId, op: typed::BinaryOp, op_span: Span, lhs: ExprId, rhs: ExprId, assign: bool },
    Negate { expr: ExprId, op: typed::UnaryOp, operand: ExprId },
    Cast { expr: ExprId, operand: ExprId, to: Ty },
}

struct LoopCx {
    id: LoopId,
    label: Option<Symbol>,
    /// `loop` and labelled blocks have values; `while` and `for` have none.
    value: Option<Ty>,
    broken: bool,
    /// A labelled block: plain `break` and `continue` pass it by.
    is_block: bool,
    keyword: &'static str,
}

struct FnCx<'a> {
    program: &'a Program,
    owner: FnId,
    module: ModId,
    solver: Solver<'a>,
    closure_table: &'a ClosureTable<'a>,
    params: Vec<Symbol>,
    self_ty: Option<Ty>,
    impl_of: Option<(TraitId, Args)>,

    exprs: Vec<Expr>,
    pats: Vec<Pat>,
    locals: Vec<typed::Local>,
    closures: Vec<typed::Closure>,
    regions: Vec<typed::Region>,
    task_scopes: Vec<tasks::ScopeCx>,
    /// Regions that were opened and not closed: those of `async`, which last to the end of a block, stay counted.
    open_regions: usize,
    /// The last task that was spawned into its spawner's frame, until a `let` takes it.
    last_placed: Option<tasks::Placed>,
    /// Tasks that were spawned in scopes of this function: the scope's region, and the variable that holds the task for good.
    spawned: Vec<(u32, Option<LocalId>)>,
    /// Variables that hold such a task for good.
    placed: FastMap<LocalId, tasks::Placed>,
    /// Blocks being checked that a task of an `async` may end with.
    async_blocks: Vec<tasks::AsyncBlock>,
    /// The `if` that is checked next is what a variable is made of.
    is_kept: bool,
    /// The closure around each closure.
    closure_parents: Vec<Option<u32>>,
    /// Which `Fn` traits were asked of closures, checked when their kinds are known.
    closure_checks: Vec<(ClosureId, ClosureKind, Span)>,

    scopes: Vec<Vec<(Symbol, LocalId)>>,
    loops: Vec<LoopCx>,
    loop_count: u32,
    /// Result types: the function's, then those of the closures around.
    returns: Vec<Ty>,
    closure_stack: Vec<u32>,
    diverges: bool,
    unsafe_depth: u32,
    /// Whether the innermost `unsafe` block did something unsafe so far.
    unsafe_used: bool,

    obligations: Vec<Obligation>,
    /// Markers that were taken apart already: what a recursive type is made of leads back to it.
    taken_apart: FastSet<(TraitId, Args, Span)>,
    deferred: Vec<Deferred>,
    int_literals: Vec<ExprId>,
    /// Type arguments that were not written, and what they are unless something else decides, in the order of the text.
    fallbacks: Vec<(Ty, Ty, Span)>,
    diags: Diags,
    /// A type error was reported: silence what may only follow from it.
    tainted: bool,
    statement_results: Vec<ExprId>,
    /// Closures of which it was told what they cannot take along.
    crossed: Vec<u32>,
    /// Bounds that were reported.
    unmet: Vec<(TraitId, Args, Span)>,
    /// Types as they are written and functions that are named, without a receiver.
    makers: Vec<Span>,
}

impl<'a> FnCx<'a> {
    fn new(program: &'a Program, owner: FnId, env: &'a Env, closures: &'a ClosureTable<'a>) -> FnCx<'a> {
        let def = program.fn_def(owner);
        let around = program.surroundings(owner);
        FnCx {
            program,
            owner,
            module: def.module,
            solver: Solver::new(program, env, closures),
            closure_table: closures,
            params: def.generics.params.iter().map(|param| param.name).collect(),
            self_ty: around.self_ty,
            impl_of: around.impl_of,
            exprs: Vec::new(),
            pats: Vec::new(),
            locals: Vec::new(),
            closures: Vec::new(),
            regions: Vec::new(),
            task_scopes: Vec::new(),
            open_regions: 0,
            last_placed: None,
            spawned: Vec::new(),
            placed: FastMap::default(),
            async_blocks: Vec::new(),
            is_kept: false,
            closure_parents: Vec::new(),
            closure_checks: Vec::new(),
            scopes: vec![Vec::new()],
            loops: Vec::new(),
            loop_count: 0,
            returns: Vec::new(),
            closure_stack: Vec::new(),
            diverges: false,
            unsafe_depth: u32::from(def.is_unsafe),
            unsafe_used: false,
            obligations: Vec::new(),
            taken_apart: FastSet::default(),
            deferred: Vec::new(),
            int_literals: Vec::new(),
            fallbacks: Vec::new(),
            diags: Diags::new(),
            tainted: false,
            statement_results: Vec::new(),
            crossed: Vec::new(),
            unmet: Vec::new(),
            makers: Vec::new(),
        }
    }

    fn def(&self) -> &'a FnDef {
        self.program.fn_def(self.owner)
    }

    // ---- The root.

    fn function(&mut self, item: &ast::FnItem) -> (Vec<typed::Param>, ExprId) {
        let def = self.def();
        let ret = self.normalize(def.ret);
        self.returns.push(ret);
        let mut params = Vec::new();
        let mut types = def.params.iter();
        if let Some(receiver) = &item.self_param
            && let Some(param) = types.next()
        {
            let mutable = match &receiver.kind {
                ast::SelfKind::Value { mutable } | ast::SelfKind::Typed { mutable, .. } => *mutable,
                ast::SelfKind::Ref | ast::SelfKind::RefMut => false,
            };
            let ty = self.normalize(param.ty);
            let local = self.declare(Symbol::intern("self"), ty, mutable, receiver.span);
            let pat = self.pat(PatKind::Bind { local, by_ref: None, sub: None }, ty, receiver.span);
            params.push(typed::Param { pat, ty, span: receiver.span });
        }
        for (param, lowered) in item.params.iter().zip(types) {
            let ty = self.normalize(lowered.ty);
            let pat = self.check_param_pat(&param.pat, ty);
            params.push(typed::Param { pat, ty, span: param.span });
        }
        let Some(body) = &item.body else {
            let root = self.expr(ExprKind::Error, Ty::error(), item.span);
            return (params, root);
        };
        let root = self.check_body_block(body, ret);
        (params, root)
    }

    fn root_value(&mut self, value: &ast::Expr) -> ExprId {
        let ret = self.normalize(self.def().ret);
        self.returns.push(ret);
        // A mistaken type was told; what its value is says nothing more.
        if ret.is_error() {
            return self.error_expr(value.span);
        }
        self.check_coerce(value, ret)
    }

    fn test(&mut self, block: &ast::Block) -> ExprId {
        self.returns.push(Ty::unit());
        self.check_body_block(block, Ty::unit())
    }

    // ---- Arena.

    fn expr(&mut self, kind: ExprKind, ty: Ty, span: Span) -> ExprId {
        // A type with a hole in it was reported where it is written.
        self.tainted |= ty.flags().error;
        let id = ExprId(self.exprs.len() as u32);
        self.exprs.push(Expr { kind, ty, span });
        id
    }

    fn pat(&mut self, kind: PatKind, ty: Ty, span: Span) -> PatId {
        let id = PatId(self.pats.len() as u32);
        self.pats.push(Pat { kind, ty, span });
        id
    }

    fn ty_of(&self, id: ExprId) -> Ty {
        self.exprs[id.index()].ty
    }

    fn span_of(&self, id: ExprId) -> Span {
        self.exprs[id.index()].span
    }

    fn error_expr(&mut self, span: Span) -> ExprId {
        self.tainted = true;
        self.expr(ExprKind::Error, Ty::error(), span)
    }

    // ---- Names.

    fn declare(&mut self, name: Symbol, ty: Ty, mutable: bool, span: Span) -> LocalId {
        let id = LocalId(self.locals.len() as u32);
        let closure = self.closure_stack.last().copied();
        self.locals.push(typed::Local { name, ty, mutable, span, closure });
        self.scopes.last_mut().expect("a body has a scope").push((name, id));
        id
    }

    fn find_local(&self, name: Symbol) -> Option<LocalId> {
        self.scopes
            .iter()
            .rev()
            .flat_map(|scope| scope.iter().rev())
            .find(|(known, _)| *known == name)
            .map(|(_, id)| *id)
    }

    fn in_scope<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        self.scopes.push(Vec::new());
        let result = work(self);
        self.scopes.pop();
        result
    }

    // ---- Types.

    fn fresh(&mut self, span: Span) -> Ty {
        self.solver.table.fresh(span)
    }

    fn shallow(&self, ty: Ty) -> Ty {
        self.solver.table.shallow(ty)
    }

    fn resolve(&self, ty: Ty) -> Ty {
        self.solver.table.resolve(ty)
    }

    /// The head of a type, after working off obligations if it is unknown.
    fn structurally(&mut self, ty: Ty) -> Ty {
        let found = self.shallow(ty);
        if !matches!(found.kind(), TyKind::Infer(InferTy::General(_))) {
            return found;
        }
        self.select_pending();
        let found = self.shallow(ty);
        if !matches!(found.kind(), TyKind::Infer(InferTy::General(_))) || !self.waits(ty) {
            return found;
        }
        // What it depends on may only wait for a literal to choose its type.
        if self.solver.table.default_texts() {
            self.select_pending();
        }
        self.shallow(ty)
    }

    /// Whether an obligation would bind this variable.
    fn waits(&self, ty: Ty) -> bool {
        let ty = self.shallow(ty);
        self.obligations.iter().any(|obligation| match obligation.kind {
            ObligationKind::Projection(_, found) => self.shallow(found) == ty,
            ObligationKind::Trait(..) => false,
        })
    }

    /// The head of a type where nothing can go on without it: fallbacks decide what nothing else did.
    fn known(&mut self, ty: Ty) -> Ty {
        loop {
            let found = self.structurally(ty);
            match found.kind() {
                // A literal that is looked into is an owner.
                TyKind::Infer(InferTy::Text(_)) => {
                    let string = self.string_ty();
                    self.solver.table.unify(found, string);
                    return string;
                }
                TyKind::Infer(InferTy::General(_)) if self.fall_back(found) => {}
                _ => return found,
            }
        }
    }

    /// Decides one open argument by its fallback: `wanted` if it has one, else the first in the text. False: none is left.
    fn fall_back(&mut self, wanted: Ty) -> bool {
        let table = &self.solver.table;
        self.fallbacks.retain(|(ty, ..)| table.shallow(*ty).is_infer());
        if self.fallbacks.is_empty() {
            return false;
        }
        let at = self.fallbacks.iter().position(|(ty, ..)| table.shallow(*ty) == wanted).unwrap_or(0);
        let (ty, fallback, span) = self.fallbacks.remove(at);
        // What a sum is depends on what is summed: a literal there is what it would be at the end.
        let fallback = self.resolve(fallback);
        fallback.any(&mut |part| {
            let default = match part.kind() {
                TyKind::Infer(InferTy::Int(_)) => Ty::int(),
                TyKind::Infer(InferTy::Float(_)) => Ty::f64(),
                TyKind::Infer(InferTy::Text(_)) => self.string_ty(),
                _ => return false,
            };
            self.solver.table.unify(part, default);
            false
        });
        let fallback = self.normalize_at(fallback, span);
        self.solver.table.unify(ty, fallback);
        true
    }

    fn normalize(&mut self, ty: Ty) -> Ty {
        if !ty.flags().projection {
            return ty;
        }
        let normal = self.solver.normalize(ty);
        self.take_pending(Span::NONE);
        normal
    }

    fn normalize_at(&mut self, ty: Ty, span: Span) -> Ty {
        if !ty.flags().projection {
            return ty;
        }
        let normal = self.solver.normalize(ty);
        self.take_pending(span);
        normal
    }

    fn take_pending(&mut self, span: Span) {
        for kind in std::mem::take(&mut self.solver.pending) {
            self.obligations.push(Obligation { kind, span, bound: None });
        }
    }

    /// A type as written in the body.
    fn written_ty(&mut self, ty: &ast::Ty) -> Ty {
        let table = RefCell::new(std::mem::take(&mut self.solver.table));
        let span = ty.span;
        let fresh = || table.borrow_mut().fresh(span);
        let mut diags = Diags::new();
        let lowered = lower_ty(&self.ty_cx(TyMode::Body(&fresh)), ty, &mut diags);
        self.solver.table = table.into_inner();
        self.report_all(diags);
        let lowered = self.normalize_at(lowered, span);
        self.makers.push(span);
        lowered.any(&mut |part| {
            if let TyKind::Adt(adt, args) = part.kind() {
                self.require_predicates(&self.program.adt(*adt).generics.predicates, *args, span);
            }
            false
        });
        lowered
    }

    fn ty_cx<'b>(&'b self, mode: TyMode<'b>) -> TyCx<'b> {
        TyCx {
            program: self.program,
            module: self.module,
            params: &self.params,
            self_ty: self.self_ty,
            predicates: &self.def().generics.predicates,
            impl_of: self.impl_of,
            mode,
        }
    }

    /// Runs something that lowers types with `_` allowed.
    fn with_body_cx<T>(&mut self, span: Span, work: impl FnOnce(&TyCx<'_>, &mut Diags) -> T) -> T {
        let table = RefCell::new(std::mem::take(&mut self.solver.table));
        let fresh = || table.borrow_mut().fresh(span);
        let mut diags = Diags::new();
        let result = work(&self.ty_cx(TyMode::Body(&fresh)), &mut diags);
        self.solver.table = table.into_inner();
        self.report_all(diags);
        result
    }

    fn show(&self, ty: Ty) -> String {
        self.program.show(self.resolve(ty))
    }

    // ---- Messages.

    fn report(&mut self, diagnostic: diag::Diagnostic) {
        self.tainted |= diagnostic.severity == diag::Severity::Error;
        self.diags.push(diagnostic);
    }

    fn report_all(&mut self, diags: Diags) {
        self.tainted |= diags.has_errors();
        self.diags.extend(diags);
    }

    // ---- Obligations.

    fn require(&mut self, id: TraitId, args: Args, span: Span) {
        self.obligations.push(Obligation { kind: ObligationKind::Trait(id, args), span, bound: None });
    }

    /// The predicates of a definition with its arguments put in.
    fn require_predicates(&mut self, predicates: &[Predicate], args: Args, span: Span) {
        for predicate in predicates {
            let kind = match crate::traits::subst_obligation(predicate.kind, &args) {
                ObligationKind::Trait(id, args) => {
                    ObligationKind::Trait(id, args.map(&mut |ty| self.normalize_at(ty, span)))
                }
                ObligationKind::Projection(p, ty) => {
                    let args = p.args.map(&mut |ty| self.normalize_at(ty, span));
                    let ty = self.normalize_at(ty, span);
                    ObligationKind::Projection(crate::ty::ProjectionTy { args, ..p }, ty)
                }
            };
            self.obligations.push(Obligation { kind, span, bound: Some(predicate.span) });
        }
    }

    /// Works off what can be worked off.
    fn select_pending(&mut self) {
        loop {
            let mut progress = false;
            for obligation in std::mem::take(&mut self.obligations) {
                progress |= self.step(obligation);
            }
            progress |= self.retry_deferred(false);
            if !progress {
                break;
            }
        }
    }

    /// Whether anything was learnt.
    fn step(&mut self, obligation: Obligation) -> bool {
        let span = obligation.span;
        match obligation.kind {
            ObligationKind::Trait(id, args) => {
                // A type in a circle asks for itself again. What could not be told yet was not taken apart.
                let mut parts_of = None;
                if self.program.trait_def(id).auto {
                    let args = self.solver.table.resolve_args(args);
                    let open = args.iter().any(|ty| ty.flags().infer);
                    if !open && self.taken_apart.contains(&(id, args, span)) {
                        return true;
                    }
                    parts_of = (!open).then_some((id, args, span));
                }
                let snapshot = self.solver.table.snapshot();
                match self.solver.select(id, args) {
                    Ok(None) => {
                        self.solver.table.rollback(snapshot);
                        self.solver.pending.clear();
                        self.obligations.push(obligation);
                        false
                    }
                    Ok(Some((_, nested))) => {
                        self.solver.table.commit(snapshot);
                        if self.closure_that_looks(id, args, span) {
                            return true;
                        }
                        self.taken_apart.extend(parts_of);
                        self.take_pending(span);
                        self.note_closure(id, args, span);
                        let bound = obligation.bound;
                        self.obligations.extend(nested.into_iter().map(|kind| Obligation { kind, span, bound }));
                        true
                    }
                    Err(()) => {
                        self.solver.table.rollback(snapshot);
                        self.solver.pending.clear();
                        self.report_unmet(id, args, &obligation);
                        true
                    }
                }
            }
            ObligationKind::Projection(projection, ty) => {
                let snapshot = self.solver.table.snapshot();
                match self.solver.project(projection) {
                    Projected::Ambiguous => {
                        self.solver.table.rollback(snapshot);
                        self.solver.pending.clear();
                        self.obligations.push(obligation);
                        false
                    }
                    Projected::Known(found, nested) => {
                        self.solver.table.commit(snapshot);
                        let found = self.solver.normalize(found);
                        self.take_pending(span);
                        self.obligations.extend(nested.into_iter().map(|kind| Obligation { kind, span, bound: obligation.bound }));
                        self.unify_projection(found, ty, projection, span);
                        true
                    }
                    Projected::Rigid => {
                        self.solver.table.commit(snapshot);
                        let rigid = self.resolve(Ty::new(TyKind::Projection(projection)));
                        self.unify_projection(rigid, ty, projection, span);
                        true
                    }
                    Projected::Failed => {
                        self.solver.table.rollback(snapshot);
                        self.solver.pending.clear();
                        self.report_unmet(projection.trait_id, projection.args, &obligation);
                        let _ = self.solver.table.unify(ty, Ty::error());
                        true
                    }
                }
            }
        }
    }

    fn note_closure(&mut self, id: TraitId, args: Args, span: Span) {
        let TyKind::Closure(closure, _) = self.shallow(args[0]).kind() else { return };
        for (name, wanted) in crate::traits::FN_TRAITS {
            if self.program.lang.is_trait(name, id) {
                self.closure_checks.push((*closure, wanted, span));
            }
        }
    }

    fn unify_projection(&mut self, found: Ty, wanted: Ty, projection: crate::ty::ProjectionTy, span: Span) {
        if !self.solver.table.unify(found, wanted) {
            let (found, wanted) = (self.show(found), self.show(wanted));
            let self_ty = self.resolve(projection.args[0]);
            if self.program.lang.is_trait("fn_once", projection.trait_id) {
                let is_closure = matches!(self_ty.kind(), TyKind::Closure(..));
                self.report(errors::callback_result(span, is_closure, &wanted, &found));
            } else {
                let owner = self.show(self_ty);
                self.report(errors::assoc_mismatch(span, &owner, projection.name, &wanted, &found));
            }
        }
    }

    /// A closure where an owner is needed, that borrowed what it uses: told at once, because `move` would mend it.
    fn closure_that_looks(&mut self, id: TraitId, args: Args, span: Span) -> bool {
        let TyKind::Closure(closure, _) = self.solver.table.resolve(args[0]).kind() else { return false };
        if closure.owner != self.owner || !self.program.lang.is_trait("own", id) {
            return false;
        }
        let captures = &self.closures[closure.index as usize].captures;
        let Some(capture) = captures.iter().find(|capture| capture.by != typed::CaptureBy::Value) else { return false };
        let (name, used) = (self.capture_name(capture), capture.span);
        self.tainted = true;
        let args = self.solver.table.resolve_args(args);
        if self.unmet.iter().any(|(known, of, _)| (*known, *of) == (id, args)) {
            return true;
        }
        self.unmet.push((id, args, span));
        self.report(errors::closure_that_looks(span, used, &name));
        true
    }

    fn report_unmet(&mut self, id: TraitId, args: Args, obligation: &Obligation) {
        let args = self.solver.table.resolve_args(args);
        if !args[0].flags().error && self.wrong_order(id, args[0], obligation.span) {
            return;
        }
        // What lacks a trait lacks it wherever it is asked for: one message does. A view may be put into many wrong places, though
        // not into two on a line; whatever uses such a value later asks again of what it was made of.
        let line = |span: Span| self.program.sources.file(span.file).map(|file| file.line_column(span.lo).line);
        let again = |span: Span| {
            !self.program.lang.is_trait("own", id) || !self.makers.contains(&obligation.span) || line(span) == line(obligation.span)
        };
        let told = self.unmet.iter().any(|(known, of, span)| (*known, *of) == (id, args) && again(*span));
        if args.iter().any(|ty| ty.flags().error) || told {
            self.tainted = true;
            return;
        }
        self.unmet.push((id, args, obligation.span));
        let self_ty = args[0];
        let bound = obligation.bound.filter(|span| !span.is_none());
        // A callback of the wrong shape says what is expected of it.
        for (lang, wanted) in crate::traits::FN_TRAITS {
            if self.program.lang.is_trait(lang, id)
                && let Some(callable) = self.solver.callable_or_bound(self_ty)
            {
                let expected = self.show(args[1]);
                let found = self.show(Ty::new(TyKind::Tuple(callable.params)));
                if callable.kind > wanted && expected == found {
                    self.report(errors::callback_kind(obligation.span, wanted, callable.kind));
                } else {
                    self.report(errors::callback_shape(obligation.span, &expected, &found));
                }
                return;
            }
        }
        if let TyKind::Adt(..) = self_ty.kind()
            && self.program.lang.is_trait("iterator", id)
        {
            let shown = self.show(self_ty);
            self.report(errors::not_iterable(obligation.span, &shown));
            return;
        }
        if self.program.lang.is_trait("split", id) {
            let shown = self.show(self_ty);
            self.report(errors::not_splittable(obligation.span, &shown));
            return;
        }
        let args = args.map(&mut |ty| self.resolve(ty));
        self.report(errors::unmet_by(self.program, obligation.span, id, args, bound));
    }

    /// Whether a bound holds now.
    fn holds(&mut self, id: TraitId, args: &[Ty]) -> bool {
        self.solver.evaluate(id, Args::new(args)) == Answer::Yes
    }

    fn may_hold(&mut self, id: TraitId, args: &[Ty]) -> bool {
        self.solver.evaluate(id, Args::new(args)) != Answer::No
    }

    fn is_copy(&mut self, ty: Ty) -> bool {
        let copy = self.program.lang.trait_id("copy");
        self.holds(copy, &[ty])
    }

    /// Equal now, or a message.
    fn must_equal(&mut self, wanted: Ty, found: Ty, span: Span) -> bool {
        let snapshot = self.solver.table.snapshot();
        if self.solver.table.unify(wanted, found) {
            self.solver.table.commit(snapshot);
            return true;
        }
        self.solver.table.rollback(snapshot);
        self.mismatch(wanted, found, span);
        false
    }

    fn try_unify(&mut self, a: Ty, b: Ty) -> bool {
        let snapshot = self.solver.table.snapshot();
        let fits = self.solver.table.unify(a, b);
        if fits {
            self.solver.table.commit(snapshot);
        } else {
            self.solver.table.rollback(snapshot);
        }
        fits
    }

    /// Could be equal; nothing is bound.
    fn could_equal(&mut self, a: Ty, b: Ty) -> bool {
        let snapshot = self.solver.table.snapshot();
        let fits = self.solver.table.unify(a, b);
        self.solver.table.rollback(snapshot);
        fits
    }

    fn mismatch(&mut self, wanted: Ty, found: Ty, span: Span) {
        let (wanted, found) = (self.resolve(wanted), self.resolve(found));
        if wanted.flags().error || found.flags().error {
            self.tainted = true;
            return;
        }
        let text = self.program.sources.snippet(span).to_string();
        let diagnostic = errors::mismatched(self.program, wanted, found, span, &text);
        self.report(diagnostic);
    }

    fn lang_adt(&self, name: &str, args: &[Ty]) -> Ty {
        Ty::adt(self.program.lang.adt(name), Args::new(args))
    }

    fn string_ty(&self) -> Ty {
        self.lang_adt("string", &[])
    }

    fn is_lang_adt(&self, ty: Ty, name: &str) -> Option<Args> {
        match ty.kind() {
            TyKind::Adt(adt, args) if self.program.lang.is_adt(name, *adt) => Some(*args),
            _ => None,
        }
    }

    /// A call of a lang function with its type arguments given.
    fn call_lang(&mut self, name: &str, args: &[Ty], values: Vec<ExprId>, span: Span) -> ExprId {
        let id = self.program.lang.function(name);
        let def = self.program.fn_def(id);
        let args = Args::new(args);
        self.require_predicates(&def.generics.predicates, args, span);
        let ret = self.normalize_at(crate::ty::Subst::subst(def.ret, &args), span);
        self.expr(ExprKind::Call(typed::Callee::Fn(id, args), values), ret, span)
    }

    fn mutable_ref(&mut self, place: ExprId, span: Span) -> ExprId {
        let ty = Ty::exclusive(self.ty_of(place));
        self.expr(ExprKind::Ref(Mutable::Yes, place), ty, span)
    }

    fn shared_ref(&mut self, place: ExprId, span: Span) -> ExprId {
        let ty = Ty::shared(self.ty_of(place));
        self.expr(ExprKind::Ref(Mutable::No, place), ty, span)
    }
}
