//! Tasks and the blocks around them: `scope`, `spawn`, `join`, `detach`, `async`, `timeout`, `shield`, `blocking`, `with`.
//!
//! The bodies of tasks are closures, captured by use; all else here is a block: `return`, `break` and `?` leave the
//! function around. Everything becomes calls of functions in `std/task`; a [`typed::Region`] says which of them stand at
//! the ways in and out.

use super::*;
use crate::ty::Subst;
use crate::typed::{Block, Const, Region, RegionCall, Stmt, Task, TaskKind};
use ast::ExprKind as K;

/// A scope whose body is being checked.
pub(super) struct ScopeCx {
    region: u32,
    record: LocalId,
    /// Variables from here on are declared inside.
    inside: LocalId,
    /// Loops and closures around the scope.
    loops: usize,
    closures: usize,
    /// `&Scope`: the name it was given, or a hidden one for closures inside that start tasks.
    handle: Option<LocalId>,
    named: bool,
    limited: bool,
    /// Regions around what stands directly in it.
    regions: usize,
}

/// Memory of a task in its spawner's frame.
#[derive(Clone, Copy)]
pub(super) struct Placed {
    /// What `spawn` gave.
    spawn: ExprId,
    place: LocalId,
    record: LocalId,
    named: bool,
    regions: usize,
    /// The type arguments of its record.
    closure: Ty,
    value: Ty,
    closures: usize,
    /// Its number among all that were spawned, and how often its variable was joined.
    number: usize,
    joins: usize,
}

/// A block whose statement may hold an `async`.
pub(super) struct AsyncBlock {
    opened: Option<u32>,
    inside: LocalId,
    loops: usize,
    closures: usize,
}

/// Where a task is started.
#[derive(Clone, Copy)]
struct Site {
    region: u32,
    record: LocalId,
    inside: LocalId,
    in_loop: bool,
    named: bool,
    limited: bool,
    regions: usize,
}

impl FnCx<'_> {
    // ---- Regions.

    pub(super) fn made_local(&mut self, ty: Ty, span: Span) -> LocalId {
        let local = LocalId(self.locals.len() as u32);
        let closure = self.closure_stack.last().copied();
        self.locals.push(typed::Local { name: Symbol::intern(""), ty, mutable: true, span, closure });
        local
    }

    fn next_local(&self) -> LocalId {
        LocalId(self.locals.len() as u32)
    }

    fn loop_depth(&self) -> usize {
        self.loops.iter().filter(|known| !known.is_block).count()
    }

    /// `&raw mut record`
    fn address(&mut self, record: LocalId, span: Span) -> ExprId {
        let ty = self.locals[record.index()].ty;
        let place = self.expr(ExprKind::Local(record), ty, span);
        self.expr(ExprKind::RawRef(Mutable::Yes, place), Ty::pointer(Mutable::Yes, ty), span)
    }

    fn lang_fn(&self, name: &str) -> RegionCall {
        (self.program.lang.function(name), Args::empty())
    }

    /// A region that does nothing yet: what stands inside may already name it.
    fn open_region(&mut self, record: Option<LocalId>, leave: RegionCall, unwind: RegionCall, span: Span) -> u32 {
        self.open_regions += 1;
        self.regions.push(Region {
            record,
            places: Vec::new(),
            enter: Vec::new(),
            leave,
            unwind,
            abandon: None,
            body: None,
            after: None,
            caught: None,
            span,
        });
        self.regions.len() as u32 - 1
    }

    /// A call of a lang function whose bounds are asked in other words than those of its signature.
    fn call_made(&mut self, name: &str, args: &[Ty], values: Vec<ExprId>, span: Span) -> ExprId {
        let id = self.program.lang.function(name);
        let args = Args::new(args);
        let ret = self.normalize_at(self.program.fn_def(id).ret.subst(&args), span);
        self.expr(ExprKind::Call(typed::Callee::Fn(id, args), values), ret, span)
    }

    /// What the block inside a `Result<T, _>` region is expected to give.
    fn inner_hint(&mut self, expect: Option<Ty>) -> Option<Ty> {
        let wanted = self.shallow(expect?);
        let inner = self.shallow(self.is_lang_adt(wanted, "result")?[0]);
        (!inner.is_infer()).then_some(inner)
    }

    /// The body of a task. A `spawn` at its end is a statement: no task gives away the handle of another.
    fn task_block(&mut self, block: &ast::Block, hint: Option<Ty>) -> ExprId {
        if hint.is_none() && ends_in_spawn(block) {
            return self.check_block_coerce(block, Ty::unit());
        }
        self.region_block(block, hint)
    }

    fn region_block(&mut self, block: &ast::Block, hint: Option<Ty>) -> ExprId {
        match hint {
            Some(wanted) => self.check_block_coerce(block, wanted),
            None => self.check_block(block, None),
        }
    }

    fn ok(&mut self, value: ExprId, result: Ty, span: Span) -> ExprId {
        self.expr(ExprKind::Adt { variant: super::expr::OK, fields: vec![(0, value)], base: None }, result, span)
    }

    fn err(&mut self, value: ExprId, result: Ty, span: Span) -> ExprId {
        self.expr(ExprKind::Adt { variant: super::expr::ERR, fields: vec![(0, value)], base: None }, result, span)
    }

    pub(super) fn some(&mut self, value: Option<ExprId>, of: Ty, span: Span) -> ExprId {
        let ty = self.lang_adt("option", &[of]);
        let (variant, fields) = match value {
            Some(value) => (super::expr::SOME, vec![(0, value)]),
            None => (super::expr::NONE, Vec::new()),
        };
        self.expr(ExprKind::Adt { variant, fields, base: None }, ty, span)
    }

    pub(super) fn blocking(&mut self, block: &ast::Block, expect: Option<Ty>, span: Span) -> ExprId {
        let leave = self.lang_fn("blocking_leave");
        let region = self.open_region(None, leave, leave, span);
        let enter = self.call_made("blocking_enter", &[], Vec::new(), span);
        let body = self.check_block(block, expect);
        self.close_region(region, vec![enter], body, span)
    }

    pub(super) fn shield(&mut self, budget: Option<&ast::Expr>, block: &ast::Block, expect: Option<Ty>, span: Span) -> ExprId {
        let duration = self.lang_adt("duration", &[]);
        let budget = budget.map(|budget| self.check_coerce(budget, duration));
        let ty = self.lang_adt("shield_guard", &[]);
        let record = self.made_local(ty, span);
        let leave = self.lang_fn("shield_leave");
        let region = self.open_region(Some(record), leave, leave, span);
        let at = self.address(record, span);
        let budget = self.some(budget, duration, span);
        let enter = self.call_made("shield_enter", &[], vec![at, budget], span);
        let body = self.check_block(block, expect);
        self.close_region(region, vec![enter], body, span)
    }

    /// `Ok` of the block's value, or `Err(Elapsed)` where its own deadline ended it.
    pub(super) fn timeout(&mut self, limit: &ast::Expr, block: &ast::Block, expect: Option<Ty>, span: Span) -> ExprId {
        let duration = self.lang_adt("duration", &[]);
        let limit = self.check_coerce(limit, duration);
        let ty = self.lang_adt("timeout_guard", &[]);
        let record = self.made_local(ty, span);
        let leave = self.lang_fn("timeout_leave");
        let region = self.open_region(Some(record), leave, leave, span);
        let at = self.address(record, span);
        let enter = self.call_made("timeout_enter", &[], vec![at, limit], span);
        let hint = self.inner_hint(expect);
        let before = self.diverges;
        let body = self.region_block(block, hint);
        self.diverges = before;
        let of = self.ty_of(body);
        let value = self.made_local(of, span);
        let at = self.address(record, span);
        let elapsed = self.call_made("timeout_elapsed", &[], vec![at], span);
        let result = self.lang_adt("result", &[of, self.ty_of(elapsed)]);
        let taken = self.expr(ExprKind::Local(value), of, span);
        let after = self.ok(taken, result, span);
        let caught = self.err(elapsed, result, span);
        let slot = &mut self.regions[region as usize];
        slot.after = Some((value, after));
        slot.caught = Some(caught);
        self.close_region(region, vec![enter], body, span)
    }

    fn close_region(&mut self, region: u32, enter: Vec<ExprId>, body: ExprId, span: Span) -> ExprId {
        self.open_regions -= 1;
        let slot = &mut self.regions[region as usize];
        slot.enter = enter;
        slot.body = Some(body);
        let value = slot.after.map_or(body, |(_, after)| after);
        let ty = self.ty_of(value);
        self.expr(ExprKind::Region(region), ty, span)
    }

    // ---- Scopes.

    /// Calls that open a scope at a record, and the region around it.
    fn open_scope(&mut self, named: bool, span: Span) -> (u32, LocalId, ExprId) {
        let ty = self.lang_adt("scope", &[]);
        let record = self.made_local(ty, span);
        let (leave, unwind) = (self.lang_fn("scope_leave"), self.lang_fn("scope_unwind"));
        let region = self.open_region(Some(record), leave, unwind, span);
        self.regions[region as usize].abandon = Some(self.lang_fn("scope_abandon"));
        let at = self.address(record, span);
        let enter = self.call_made(if named { "scope_enter" } else { "scope_enter_plain" }, &[], vec![at], span);
        (region, record, enter)
    }

    pub(super) fn scope(&mut self, scope: &ast::Scope, expect: Option<Ty>, span: Span) -> ExprId {
        let mut stmts = Vec::new();
        let (mut limit, mut deadline, mut collect) = (None, None, false);
        let duration = self.lang_adt("duration", &[]);
        for (name, value) in &scope.options {
            let (slot, wanted) = match name.name.as_str() {
                "limit" => (&mut limit, Ty::int()),
                "deadline" => (&mut deadline, duration),
                "on_failure" => {
                    match &value.kind {
                        K::Path(path) if path.as_ident().is_some_and(|ident| ident.name.as_str() == "collect") => collect = true,
                        K::Path(path) if path.as_ident().is_some_and(|ident| ident.name.as_str() == "cancel") => collect = false,
                        _ => self.report(errors::on_failure(value.span)),
                    }
                    continue;
                }
                _ => {
                    self.report(errors::scope_option(*name));
                    self.check_expr(value, None);
                    continue;
                }
            };
            let given = self.check_coerce(value, wanted);
            // Computed before the scope is there: it may raise.
            let (pat, value) = self.bound_pat("option", wanted, value.span);
            stmts.push(Stmt::Let { pat, init: Some(given), or_else: None, span });
            *slot = Some(value);
        }
        let (region, record, enter) = self.open_scope(scope.name.is_some(), span);
        let mut enter = vec![enter];
        let mut open = |cx: &mut Self, name: &str, values: Vec<ExprId>| {
            let at = cx.address(record, span);
            let call = cx.call_made(name, &[], std::iter::once(at).chain(values).collect(), span);
            enter.push(call);
        };
        if let Some(limit) = limit {
            open(self, "scope_limit", vec![limit]);
        }
        if let Some(deadline) = deadline {
            open(self, "scope_deadline", vec![deadline]);
        }
        if collect {
            open(self, "scope_collect", Vec::new());
        }

        let before = self.diverges;
        let (inside, first) = (self.next_local(), self.exprs.len());
        self.scopes.push(Vec::new());
        let handle_ty = Ty::shared(self.lang_adt("scope", &[]));
        let handle = scope.name.map(|name| self.declare(name.name, handle_ty, false, name.span));
        let (loops, closures) = (self.loop_depth(), self.closure_stack.len());
        self.task_scopes.push(ScopeCx { region, record, inside, loops, closures, handle, named: scope.name.is_some(), limited: limit.is_some(), regions: self.open_regions });
        let wrapped = deadline.is_some() || collect;
        let mut body = if wrapped {
            let mut hint = self.inner_hint(expect);
            if deadline.is_some() && collect {
                hint = self.inner_hint(hint);
            }
            self.task_block(&scope.body, hint)
        } else {
            self.check_block(&scope.body, expect)
        };
        let handle = self.task_scopes.pop().and_then(|cx| cx.handle);
        if self.all_placed(region, first) {
            self.regions[region as usize].leave = self.lang_fn("scope_leave_joined");
        }
        self.scopes.pop();
        let of = self.ty_of(body);
        if let Some(handle) = handle {
            let pat = self.pat(PatKind::Bind { local: handle, by_ref: None, sub: None }, handle_ty, self.locals[handle.index()].span);
            let place = self.expr(ExprKind::Local(record), self.locals[record.index()].ty, span);
            let itself = self.shared_ref(place, span);
            let block = Block { stmts: vec![Stmt::Let { pat, init: Some(itself), or_else: None, span }], tail: Some(body) };
            body = self.expr(ExprKind::Block(block), of, scope.body.span);
        }
        if wrapped {
            // A failure that the body ran into, or the deadline, ends at this region.
            self.diverges = before;
            let value = self.made_local(of, span);
            let taken = self.expr(ExprKind::Local(value), of, span);
            let at = self.address(record, span);
            let (result, caught) = if collect && deadline.is_some() {
                let outcome = self.call_made("scope_outcome", &[of], vec![at, taken], span);
                let at = self.address(record, span);
                let caught = self.call_made("scope_caught", &[of], vec![at], span);
                let whole = self.ty_of(caught);
                (self.ok(outcome, whole, span), caught)
            } else if collect {
                let outcome = self.call_made("scope_outcome", &[of], vec![at, taken], span);
                let at = self.address(record, span);
                let failures = self.call_made("scope_failures", &[], vec![at], span);
                let whole = self.ty_of(outcome);
                (outcome, self.err(failures, whole, span))
            } else {
                let elapsed = self.call_made("scope_elapsed", &[], vec![at], span);
                let whole = self.lang_adt("result", &[of, self.ty_of(elapsed)]);
                (self.ok(taken, whole, span), self.err(elapsed, whole, span))
            };
            let slot = &mut self.regions[region as usize];
            slot.after = Some((value, result));
            slot.caught = Some(caught);
        }
        let made = self.close_region(region, enter, body, span);
        if stmts.is_empty() {
            return made;
        }
        let ty = self.ty_of(made);
        self.expr(ExprKind::Block(Block { stmts, tail: Some(made) }), ty, span)
    }

    // ---- Tasks.

    pub(super) fn spawn(&mut self, spawn: &ast::Spawn, expect: Option<Ty>, span: Span) -> ExprId {
        if let Some(target) = &spawn.in_scope {
            let scope = self.scope_reference(target);
            return self.spawn_in(scope, spawn, expect, span);
        }
        let Some(cx) = self.task_scopes.last() else {
            self.report(errors::spawn_outside(spawn.head_span));
            return self.error_expr(span);
        };
        if cx.closures != self.closure_stack.len() {
            // From a closure or another task: whatever that one borrows may end before the new task does.
            let handle = self.scope_handle();
            let ty = self.locals[handle.index()].ty;
            let scope = self.expr(ExprKind::Local(handle), ty, spawn.head_span);
            return self.spawn_in(scope, spawn, expect, span);
        }
        let in_loop = self.loop_depth() > cx.loops;
        let site = Site { region: cx.region, record: cx.record, inside: cx.inside, in_loop, named: cx.named, limited: cx.limited, regions: cx.regions };
        let kind = if spawn.is_try { TaskKind::Try } else { TaskKind::Spawn };
        let task = Task { kind, inside: site.inside, head: spawn.head_span };
        self.spawn_at(site, task, spawn.is_move, &spawn.body, expect, span)
    }

    /// A task of a scope of this function.
    fn spawn_at(&mut self, site: Site, task: Task, is_move: bool, body: &ast::Expr, expect: Option<Ty>, span: Span) -> ExprId {
        let (lang, handle) = match task.kind {
            TaskKind::Try => ("spawn_try", "try_task"),
            _ if site.in_loop || site.limited => ("spawn", "task"),
            _ => ("spawn_here", "task"),
        };
        let hint = expect.and_then(|ty| self.is_lang_adt(self.shallow(ty), handle)).map(|args| args[0]);
        let (lets, closure, ret) = self.task_body(task, is_move, body, hint, span);
        if self.gives_view(closure, ret, task) {
            return self.error_expr(span);
        }
        let closure_ty = self.ty_of(closure);
        let record = self.address(site.record, span);
        let place_ty = self.lang_adt("task_record", &[closure_ty, ret]);
        let mut here = None;
        let place = if site.in_loop {
            self.expr(ExprKind::Const(Const::Int(0)), Ty::pointer(Mutable::Yes, place_ty), span)
        } else {
            let place = self.made_local(place_ty, span);
            self.regions[site.region as usize].places.push(place);
            here = Some(place);
            self.address(place, span)
        };
        let call = self.call_made(lang, &[closure_ty, ret], vec![record, place, closure], span);
        let spawn = self.after_lets(lets, call, span);
        let number = self.spawned.len();
        self.spawned.push((site.region, None));
        if let Some(place) = here.filter(|_| lang == "spawn_here") {
            let closures = self.closure_stack.len();
            self.last_placed = Some(Placed { spawn, place, record: site.record, named: site.named, regions: site.regions, closure: closure_ty, value: ret, closures, number, joins: 0 });
        }
        spawn
    }

    /// A view as a task's value is told here: its handle could not even be joined.
    fn gives_view(&mut self, closure: ExprId, ret: Ty, task: Task) -> bool {
        let ret = self.structurally(ret);
        let ExprKind::Closure(index) = self.exprs[closure.index()].kind else { return false };
        self.check_view_result(ret, self.closures[index as usize].body, task)
    }

    fn after_lets(&mut self, stmts: Vec<Stmt>, value: ExprId, span: Span) -> ExprId {
        if stmts.is_empty() {
            return value;
        }
        let ty = self.ty_of(value);
        self.expr(ExprKind::Block(Block { stmts, tail: Some(value) }), ty, span)
    }

    /// A task that owns what it takes, in a scope that may be any function's.
    fn spawn_in(&mut self, scope: ExprId, spawn: &ast::Spawn, expect: Option<Ty>, span: Span) -> ExprId {
        let (lang, handle) = if spawn.is_try { ("spawn_try_in", "try_task") } else { ("spawn_in", "task") };
        let hint = expect.and_then(|ty| self.is_lang_adt(self.shallow(ty), handle)).map(|args| args[0]);
        let task = Task { kind: TaskKind::In { caught: spawn.is_try }, inside: LocalId(0), head: spawn.head_span };
        let (lets, closure, ret) = self.task_body(task, true, &spawn.body, hint, span);
        if self.gives_view(closure, ret, task) {
            return self.error_expr(span);
        }
        let closure_ty = self.ty_of(closure);
        let call = self.call_made(lang, &[closure_ty, ret], vec![scope, closure], span);
        self.after_lets(lets, call, span)
    }

    /// The scope behind `spawn in`, as a reference.
    fn scope_reference(&mut self, target: &ast::Expr) -> ExprId {
        let wanted = Ty::shared(self.lang_adt("scope", &[]));
        let value = self.check_expr(target, None);
        let ty = self.known(self.ty_of(value));
        if self.is_lang_adt(ty, "scope").is_some() {
            return self.shared_ref(value, target.span);
        }
        self.coerce(value, wanted)
    }

    /// The innermost scope as a value that closures can take along.
    fn scope_handle(&mut self) -> LocalId {
        let cx = self.task_scopes.last().expect("asked for only inside one");
        if let Some(known) = cx.handle {
            return known;
        }
        let (depth, record) = (cx.closures, cx.record);
        let ty = Ty::shared(self.lang_adt("scope", &[]));
        let span = self.locals[record.index()].span;
        let local = self.made_local(ty, span);
        self.locals[local.index()].mutable = false;
        self.locals[local.index()].closure = depth.checked_sub(1).map(|at| self.closure_stack[at]);
        let cx = self.task_scopes.last_mut().expect("asked for only inside one");
        cx.handle = Some(local);
        local
    }

    pub(super) fn detach(&mut self, block: &ast::Block, span: Span) -> ExprId {
        let head = Span { hi: span.lo + "detach".len() as u32, ..span };
        let task = Task { kind: TaskKind::Detach, inside: LocalId(0), head };
        let (closure, ret) = self.task_closure(task, true, None, span, |cx, hint| cx.task_block(block, hint));
        let closure_ty = self.ty_of(closure);
        self.call_made("detach", &[closure_ty, ret], vec![closure], span)
    }

    pub(super) fn async_task(&mut self, operand: &ast::Expr, expect: Option<Ty>, span: Span) -> ExprId {
        let head = Span { hi: span.lo + "async".len() as u32, ..span };
        let depth = self.closure_stack.len();
        let Some(block) = self.async_blocks.last().filter(|block| block.closures == depth) else {
            self.report(errors::async_without_block(head));
            return self.error_expr(span);
        };
        let (inside, loops, opened) = (block.inside, block.loops, block.opened);
        let region = match opened {
            Some(region) => region,
            None => {
                let (region, _, enter) = self.open_scope(false, span);
                self.regions[region as usize].enter.push(enter);
                region
            }
        };
        if let Some(block) = self.async_blocks.last_mut() {
            block.opened = Some(region);
        }
        let record = self.regions[region as usize].record.expect("a scope has one");
        let site = Site { region, record, inside, in_loop: self.loop_depth() > loops, named: false, limited: false, regions: usize::MAX };
        let task = Task { kind: TaskKind::Async, inside, head };
        self.spawn_at(site, task, false, operand, expect, span)
    }

    /// Before each statement of a block.
    pub(super) fn enter_statement(&mut self) {
        let (inside, loops, closures) = (self.next_local(), self.loop_depth(), self.closure_stack.len());
        self.async_blocks.push(AsyncBlock { opened: None, inside, loops, closures });
    }

    /// Behind it: what its `async`s opened stands before it and lasts to the end of the block.
    pub(super) fn leave_statement(&mut self, stmts: &mut Vec<Stmt>, at: usize) {
        if let Some(region) = self.async_blocks.pop().and_then(|block| block.opened) {
            stmts.insert(at, Stmt::Open(region));
        }
    }

    /// The arguments of a call are the spawner's to compute; all else happens in the task.
    fn task_body(&mut self, task: Task, is_move: bool, body: &ast::Expr, hint: Option<Ty>, span: Span) -> (Vec<Stmt>, ExprId, Ty) {
        let mut inner = body;
        while let K::Paren(of) = &inner.kind {
            inner = of;
        }
        if !matches!(inner.kind, K::Call(..) | K::MethodCall(_)) {
            let (closure, ret) = self.task_closure(task, is_move, hint, span, |cx, hint| match &inner.kind {
                K::Block(block) => cx.task_block(block, hint),
                _ => match hint {
                    Some(wanted) => cx.check_coerce(inner, wanted),
                    None => cx.check_expr(inner, None),
                },
            });
            return (Vec::new(), closure, ret);
        }
        let (first_local, first_closure) = (self.locals.len(), self.closures.len());
        let before = self.diverges;
        let call = self.check_expr(inner, hint);
        self.diverges = before;
        let mut lets = Vec::new();
        let ExprKind::Call(callee, values) = self.exprs[call.index()].kind.clone() else {
            // A form of its own, such as `assert`: it moves into the task with all that it declares.
            let around = self.closure_stack.last().copied();
            let (locals, closures) = (first_local..self.locals.len(), first_closure..self.closures.len());
            let (closure, ret) = self.task_closure(task, is_move, hint, span, |cx, _| {
                let here = cx.closure_stack.last().copied();
                for local in locals {
                    if cx.locals[local].closure == around {
                        cx.locals[local].closure = here;
                    }
                }
                for closure in closures {
                    if cx.closure_parents[closure] == around {
                        cx.closure_parents[closure] = here;
                    }
                }
                call
            });
            return (lets, closure, ret);
        };
        let inside = if is_move { LocalId(0) } else { task.inside };
        let callable = matches!(callee, typed::Callee::FnTrait(_));
        let mut carried = Vec::new();
        for (index, &value) in values.iter().enumerate() {
            let itself = index == 0 && callable && matches!(self.shallow(self.ty_of(value)).kind(), TyKind::Closure(..));
            carried.push(if itself && self.is_place(value) { value } else { self.carry(value, inside, &mut lets) });
        }
        let (ty, call_span) = (self.ty_of(call), self.span_of(call));
        let (closure, ret) = self.task_closure(task, is_move, hint, span, |cx, hint| {
            let call = cx.expr(ExprKind::Call(callee, carried), ty, call_span);
            match hint {
                Some(wanted) => cx.coerce(call, wanted),
                None => call,
            }
        });
        (lets, closure, ret)
    }

    /// An argument as the task sees it: computed by the spawner, but what the text only looks at is moved whole and
    /// looked at in the task: a temporary, or a variable that ends before the task may.
    fn carry(&mut self, id: ExprId, inside: LocalId, lets: &mut Vec<Stmt>) -> ExprId {
        let (kind, ty, span) = (self.exprs[id.index()].kind.clone(), self.ty_of(id), self.span_of(id));
        match kind {
            // The scope itself may be captured, and is by its own name.
            ExprKind::Local(_) if self.is_scope_reference(ty) => id,
            ExprKind::Const(_) | ExprKind::ConstItem(..) | ExprKind::ConstParam(_) | ExprKind::FnItem(..) => id,
            ExprKind::Ref(mutable, place) => match self.carry_place(place, inside, lets) {
                Some(place) => self.expr(ExprKind::Ref(mutable, place), ty, span),
                None => self.carry_value(id, lets),
            },
            ExprKind::Cast(cast @ typed::Cast::Unsize, of) => {
                let of = self.carry(of, inside, lets);
                self.expr(ExprKind::Cast(cast, of), ty, span)
            }
            _ => self.carry_value(id, lets),
        }
    }

    fn is_scope_reference(&self, ty: Ty) -> bool {
        match self.shallow(ty).kind() {
            TyKind::Ref(Mutable::No, of) => self.is_lang_adt(self.shallow(*of), "scope").is_some(),
            _ => false,
        }
    }

    fn carry_value(&mut self, id: ExprId, lets: &mut Vec<Stmt>) -> ExprId {
        let (ty, span) = (self.ty_of(id), self.span_of(id));
        let (pat, value) = self.bound_pat("argument", ty, span);
        // The task's own: what is lent to be changed, as by `&mut vec[1]`, may be.
        if let Some(own) = self.locals.last_mut() {
            own.mutable = true;
        }
        lets.push(Stmt::Let { pat, init: Some(id), or_else: None, span });
        value
    }

    /// A place that is looked at, as the task sees it. `None`: the reference itself is what the task is given.
    fn carry_place(&mut self, id: ExprId, inside: LocalId, lets: &mut Vec<Stmt>) -> Option<ExprId> {
        let (kind, ty, span) = (self.exprs[id.index()].kind.clone(), self.ty_of(id), self.span_of(id));
        match kind {
            ExprKind::Local(local) => (local >= inside).then_some(id),
            ExprKind::Static(_) => None,
            ExprKind::Field(base, field) => {
                let base = self.carry_place(base, inside, lets)?;
                Some(self.expr(ExprKind::Field(base, field), ty, span))
            }
            ExprKind::Index(base, index) => {
                let base = self.carry_place(base, inside, lets)?;
                let index = self.carry(index, inside, lets);
                Some(self.expr(ExprKind::Index(base, index), ty, span))
            }
            ExprKind::Deref(base) => {
                let base_ty = self.shallow(self.ty_of(base));
                let base = match self.exprs[base.index()].kind.clone() {
                    // What the compiler put between a value and its use: `&*deref(&text)`.
                    ExprKind::Call(typed::Callee::Fn(method, args), values) if self.is_look(method) => {
                        let first = self.carry_reference(values[0], inside, lets)?;
                        let mut carried = vec![first];
                        for &value in &values[1..] {
                            carried.push(self.carry(value, inside, lets));
                        }
                        let span = self.span_of(base);
                        self.expr(ExprKind::Call(typed::Callee::Fn(method, args), carried), base_ty, span)
                    }
                    ExprKind::Ref(..) | ExprKind::Cast(typed::Cast::Unsize, _) => self.carry_reference(base, inside, lets)?,
                    _ if matches!(base_ty.kind(), TyKind::Adt(..)) => self.carry_place(base, inside, lets)?,
                    _ => return None,
                };
                Some(self.expr(ExprKind::Deref(base), ty, span))
            }
            ExprKind::Const(_) | ExprKind::ConstItem(..) => Some(id),
            _ => Some(self.carry_value(id, lets)),
        }
    }

    fn carry_reference(&mut self, id: ExprId, inside: LocalId, lets: &mut Vec<Stmt>) -> Option<ExprId> {
        let (kind, ty, span) = (self.exprs[id.index()].kind.clone(), self.ty_of(id), self.span_of(id));
        match kind {
            ExprKind::Ref(mutable, place) => {
                let place = self.carry_place(place, inside, lets)?;
                Some(self.expr(ExprKind::Ref(mutable, place), ty, span))
            }
            ExprKind::Cast(cast @ typed::Cast::Unsize, of) => {
                let of = self.carry_reference(of, inside, lets)?;
                Some(self.expr(ExprKind::Cast(cast, of), ty, span))
            }
            _ => None,
        }
    }

    /// `deref`, `index` and their exclusive forms.
    fn is_look(&self, method: FnId) -> bool {
        match self.program.fn_def(method).kind {
            FnKind::Trait(id) => {
                ["deref", "deref_mut", "index", "index_mut"].iter().any(|name| self.program.lang.is_trait(name, id))
            }
            _ => false,
        }
    }

    /// The body of a task as a closure without parameters; also its result's type.
    fn task_closure(
        &mut self,
        task: Task,
        is_move: bool,
        hint: Option<Ty>,
        span: Span,
        body: impl FnOnce(&mut Self, Option<Ty>) -> ExprId,
    ) -> (ExprId, Ty) {
        let ret = self.fresh(span);
        let hint = hint.filter(|ty| !self.shallow(*ty).is_infer());
        if let Some(hint) = hint {
            self.solver.table.unify(ret, hint);
        }
        let index = self.closures.len() as u32;
        let id = ClosureId { owner: self.owner, index };
        self.closure_table.made.borrow_mut().push(ClosureSketch { params: Args::empty(), ret, kind: None, fields: None });
        self.closure_parents.push(self.closure_stack.last().copied());
        self.closures.push(typed::Closure {
            id,
            kind: ClosureKind::FnOnce,
            is_move,
            params: Vec::new(),
            ret,
            body: ExprId(0),
            captures: Vec::new(),
            task: Some(task),
            span,
        });
        let before = std::mem::replace(&mut self.diverges, false);
        let loops = std::mem::take(&mut self.loops);
        self.returns.push(ret);
        self.closure_stack.push(index);
        self.scopes.push(Vec::new());
        let value = body(self, hint);
        let found = self.structurally(self.ty_of(value));
        let value = if found.is_never() && self.shallow(ret).is_infer() {
            self.solver.table.unify(ret, Ty::never());
            value
        } else {
            self.coerce(value, ret)
        };
        self.scopes.pop();
        self.closure_stack.pop();
        self.returns.pop();
        self.loops = loops;
        self.diverges = before;
        self.closures[index as usize].body = value;
        let identity = self.program.identity_args(&self.def().generics);
        let closure = self.expr(ExprKind::Closure(index), Ty::new(TyKind::Closure(id, identity)), span);
        (closure, ret)
    }

    pub(super) fn join(&mut self, operand: &ast::Expr, span: Span) -> ExprId {
        let value = self.check_expr(operand, None);
        if let Some(joined) = self.join_here(value, span) {
            return joined;
        }
        self.join_value_of(value, span)
    }

    /// `let task = spawn …`: joins of the variable know which task it is.
    pub(super) fn note_placed(&mut self, pat: PatId, init: Option<ExprId>) {
        let Some(placed) = self.last_placed.take() else { return };
        if let PatKind::Bind { local, by_ref: None, sub: None } = self.pats[pat.index()].kind
            && init == Some(placed.spawn)
            && !self.locals[local.index()].mutable
        {
            self.spawned[placed.number].1 = Some(local);
            self.placed.insert(local, placed);
        }
    }

    /// Whether the handles of all tasks of a scope are joined or dropped by the variables that were given them. `first` is the
    /// scope's first expression.
    fn all_placed(&self, region: u32, first: usize) -> bool {
        let uses = |local: LocalId| self.exprs[first..].iter().filter(|expr| matches!(expr.kind, ExprKind::Local(of) if of == local)).count();
        let mut all = self.spawned.iter().filter(|(of, _)| *of == region);
        all.all(|(_, local)| local.is_some_and(|local| self.placed.get(&local).is_some_and(|placed| placed.joins == uses(local))))
    }

    /// The task's record is in this function's frame and known: the compiler may call its body.
    fn join_here(&mut self, value: ExprId, span: Span) -> Option<ExprId> {
        let ExprKind::Local(local) = self.exprs[value.index()].kind else { return None };
        let (closures, regions) = (self.closure_stack.len(), self.open_regions);
        let fits = |placed: &&mut Placed| placed.closures == closures && (placed.named || placed.regions == regions);
        let placed = self.placed.get_mut(&local).filter(fits)?;
        placed.joins += 1;
        let placed = *placed;
        let place = self.address(placed.place, span);
        let within = self.address(placed.record, span);
        let named = self.expr(ExprKind::Const(Const::Int(i128::from(placed.named))), Ty::bool(), span);
        Some(self.call_made("join_here", &[placed.closure, placed.value], vec![value, place, within, named], span))
    }

    fn join_value_of(&mut self, value: ExprId, span: Span) -> ExprId {
        let ty = self.known(self.ty_of(value));
        if ty.is_error() {
            return self.error_expr(span);
        }
        let join = self.program.lang.trait_id("join");
        let args = Args::new(&[ty]);
        if self.solver.evaluate(join, args) == Answer::No {
            let shown = self.show(ty);
            self.report(errors::not_joinable(self.span_of(value), &shown));
            return self.error_expr(span);
        }
        self.require(join, args, span);
        let projection = crate::ty::ProjectionTy { trait_id: join, args, name: Symbol::intern("Output") };
        let output = self.normalize_at(Ty::new(TyKind::Projection(projection)), span);
        let method = self.program.trait_method("join", "join_now");
        let output = self.structurally(output);
        self.expr(ExprKind::Call(typed::Callee::Fn(method, args), vec![value]), output, span)
    }

    /// `channel<T>(n)`, `channel<T>()`
    pub(super) fn channel(&mut self, ty: Option<&ast::Ty>, args: &[ast::Expr], expect: Option<Ty>, span: Span) -> ExprId {
        self.makers.push(span);
        let of = match ty {
            Some(ty) => self.written_ty(ty),
            None => self.fresh(span),
        };
        // `let (tx, rx): (Sender<int>, Receiver<int>) = channel(1)`
        if ty.is_none()
            && let Some(wanted) = expect
            && let TyKind::Tuple(ends) = self.shallow(wanted).kind()
            && let Some(TyKind::Adt(_, known)) = ends.first().map(|end| self.shallow(*end)).map(|end| end.kind())
            && known.len() == 1
        {
            self.try_unify(of, known[0]);
        }
        match args {
            [] => self.call_lang("channel_unbounded", &[of], Vec::new(), span),
            [room] => {
                let room = self.check_coerce(room, Ty::int());
                self.call_lang("channel_bounded", &[of], vec![room], span)
            }
            more => {
                self.check_all(more);
                self.report(errors::wrong_arguments(span, span, Symbol::intern("channel"), 1, more.len(), None));
                self.error_expr(span)
            }
        }
    }

    /// `with NAME = value { … }`: bound for the block and the tasks started in it.
    pub(super) fn with(&mut self, name: &ast::Path, value: &ast::Expr, block: &ast::Block, expect: Option<Ty>, span: Span) -> ExprId {
        let id = match self.resolve_value(name) {
            super::path::Value::Fn(id, _) if self.program.fn_def(id).attrs.task_local => id,
            super::path::Value::Error => {
                self.check_expr(value, None);
                return self.error_expr(span);
            }
            _ => {
                self.report(errors::not_task_local(name.span));
                self.check_expr(value, None);
                return self.error_expr(span);
            }
        };
        let key_ty = self.program.fn_def(id).ret;
        let TyKind::Adt(_, of) = key_ty.kind() else { return self.error_expr(span) };
        let of = of[0];
        let value = self.check_coerce(value, of);
        let ty = self.lang_adt("local_guard", &[]);
        let record = self.made_local(ty, span);
        let leave = self.lang_fn("local_unbind");
        let region = self.open_region(Some(record), leave, leave, span);
        let at = self.address(record, span);
        let key = self.expr(ExprKind::Static(id), key_ty, name.span);
        let key = self.shared_ref(key, name.span);
        let enter = self.call_made("local_bind", &[of], vec![at, key, value], span);
        let body = self.check_block(block, expect);
        self.close_region(region, vec![enter], body, span)
    }

    /// A task-local named as a value: a copy of what is bound.
    pub(super) fn task_local(&mut self, id: FnId, span: Span) -> ExprId {
        let key_ty = self.program.fn_def(id).ret;
        let TyKind::Adt(_, of) = key_ty.kind() else { return self.error_expr(span) };
        let key = self.expr(ExprKind::Static(id), key_ty, span);
        let key = self.shared_ref(key, span);
        self.call_lang("local_get", &[of[0]], vec![key], span)
    }
}

/// Whether the value of a block is the handle of a task that it started last.
fn ends_in_spawn(block: &ast::Block) -> bool {
    block.tail.as_ref().is_some_and(|tail| matches!(tail.kind, K::Spawn(_)) || starts_and_ends(tail))
}

/// A scope whose value would be the handle of its last task: nobody can have that, so it has none.
pub(super) fn starts_and_ends(expr: &ast::Expr) -> bool {
    let tail = |block: &ast::Block| block.tail.as_ref().is_some_and(|tail| starts_and_ends(tail));
    match &expr.kind {
        K::Scope(scope) => scope.options.is_empty() && ends_in_spawn(&scope.body),
        K::With(_, _, block) | K::Shield(_, block) | K::Blocking(block) | K::Block(block) => tail(block),
        _ => false,
    }
}
