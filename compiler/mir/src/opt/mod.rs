//! Passes over concrete bodies, and the tidying that every builder of bodies ends with.
//!
//! Functions are taken callees first, on all cores. Each takes in the small functions that it calls; then copies, references and
//! aggregates are seen through until nothing changes, so that iterators and closures dissolve into locals.

mod apart;
mod aside;
mod calm;
mod choose;
mod dead;
mod direct;
mod enough;
pub(crate) mod fold;
mod hoist;
mod inclusive;
mod inline;
mod lanes;
mod lend;
mod loads;
mod local;
mod loops;
mod order;
mod propagate;
mod ranges;
mod remake;
pub(crate) mod simplify;
mod split;
mod ssa;
mod steady;
mod thread;
mod turn;
mod unroll;
mod version;
mod walk;

use crate::body::*;
use crate::layout::Layouts;
use crate::reach;
use crate::types::Types;
use diag::cores;
use hir::TypedProgram;
use hir::ids::FnId;
use hir::ty::{Ty, TyKind};
use std::sync::Arc;

/// How much time to spend.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// To run soon.
    Quick,
    /// To run fast.
    Full,
}

/// Enough for an iterator over an iterator over a closure; more rounds find nothing in practice.
const ROUNDS_MAX: usize = 6;

/// The same program, faster. Fills `never_raises`.
pub fn optimize(program: &TypedProgram, mut mono: MonoProgram, level: Level) -> MonoProgram {
    let types = Types::new(program, FnId(0));
    crate::raise::mark(&types, &mut mono);
    if level == Level::Full {
        enough::run(&types, &mut mono);
        improve_all(&types, &mut mono);
        apart::run(&types, &mut mono);
        reach::prune(&types, &mut mono);
        finish_all(&types, &mut mono);
        crate::raise::mark(&types, &mut mono);
    }
    if cfg!(debug_assertions) {
        crate::verify::verify_program(&types, &mono, "optimization");
    }
    mono
}

/// What the passes ask.
struct Cx<'a> {
    types: &'a Types<'a>,
    layouts: &'a Layouts,
}

impl Cx<'_> {
    fn is_enum(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Adt(id, _) => self.types.program.program().adt(*id).is_enum,
            _ => false,
        }
    }
    /// A pointer to a slice or text.
    fn is_sequence(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Ref(_, to) | TyKind::Ptr(_, to) => matches!(to.kind(), TyKind::Slice(_) | TyKind::Str),
            _ => false,
        }
    }
}

/// One statement takes about so many microseconds, until nothing changes any more.
const STATEMENT_WEIGHT: usize = 2;

/// About how many microseconds it takes to improve a body.
fn weight(body: &Body) -> usize {
    1 + body.statement_count() * STATEMENT_WEIGHT
}

fn improve_all(types: &Types, mono: &mut MonoProgram) {
    let order::Order { order, recursive } = order::bottom_up(mono);
    let size = mono.bodies.iter().map(|body| inline::size_of(body)).collect();
    let uses: Vec<reach::Uses> = mono.bodies.iter().map(|body| reach::uses(types, body)).collect();
    let mut candidates = inline::Candidates { size, calls: count_calls(mono, &uses), recursive };
    // A function that is passed on may come to be called.
    let used: Vec<Vec<InstanceId>> = uses.into_iter().map(|uses| uses.instances.into_iter().chain(uses.values).collect()).collect();
    for wave in order::waves(&order, &used) {
        // While they are worked on nobody looks at them: others stand in their places, so that they need not be copied.
        let other = hidden(&mono.bodies[wave[0].index()]);
        let taken: Vec<(InstanceId, Arc<Body>)> = wave.into_iter().map(|id| (id, std::mem::replace(&mut mono.bodies[id.index()], other.clone()))).collect();
        let (mono_now, candidates_now) = (&*mono, &candidates);
        let improve_one = |types: &mut Types, (id, body): (InstanceId, Arc<Body>)| {
            let cx = Cx { types, layouts: &mono_now.layouts };
            let body = improve_with_calls(&cx, mono_now, candidates_now, id, Arc::unwrap_or_clone(body));
            (id, inline::size_of(&body), Arc::new(body))
        };
        let done = cores::map(taken, |(_, body)| weight(body), || Types::new(types.program, FnId(0)), improve_one);
        for (id, size, body) in done {
            candidates.size[id.index()] = size;
            mono.bodies[id.index()] = body;
        }
    }
}

/// What stands for a body that is being worked on: nothing to be put anywhere.
fn hidden(any: &Body) -> Arc<Body> {
    let Body { name, param_count, span, concrete, never_raises, .. } = *any;
    Arc::new(Body { name, origin: Origin::Made, param_count, locals: Vec::new(), blocks: Vec::new(), sources: Vec::new(), span, concrete, never_raises, inline: InlineHint::Never })
}

fn improve_with_calls(cx: &Cx, mono: &MonoProgram, candidates: &inline::Candidates, id: InstanceId, mut body: Body) -> Body {
    forget_storage(&mut body);
    simplify::tidy(&mut body);
    if inline::calls_in(cx, mono, candidates, id, &mut body) {
        check(cx, &body, "inlining");
    }
    improve(cx, &mut body);
    // Closures that came with what was taken in are known only now.
    if inline::calls_in(cx, mono, candidates, id, &mut body) | inline::own_calls_in(cx, id, &mut body) {
        check(cx, &body, "inlining once more");
        improve(cx, &mut body);
    }
    if lend::run(cx, &mut body) {
        check(cx, &body, "lending");
        improve(cx, &mut body);
    }
    body
}

/// What is left to do once everything is inlined: body by body.
fn finish_all(types: &Types, mono: &mut MonoProgram) {
    let bodies = std::mem::take(&mut mono.bodies);
    let layouts = &mono.layouts;
    let finish = |types: &mut Types, mut body: Arc<Body>| {
        improve_loops(&Cx { types, layouts }, &mut body);
        remake::run(Arc::make_mut(&mut body));
        body
    };
    mono.bodies = cores::map(bodies, |body| weight(body), || Types::new(types.program, FnId(0)), finish);
}

fn improve_loops(cx: &Cx, body: &mut Arc<Body>) {
    if loops::find_loops(body).is_empty() {
        return;
    }
    let body = Arc::make_mut(body);
    if inclusive::run(body) {
        check(cx, body, "ranges with their end");
        improve(cx, body);
    }
    if ranges::run(cx, body) {
        check(cx, body, "ranges");
        improve(cx, body);
    }
    if loads::run(cx, body) {
        check(cx, body, "moving loads");
        improve(cx, body);
    }
    if version::run(cx, body) {
        check(cx, body, "copying loops");
        improve(cx, body);
    }
    if steady::run(body) {
        simplify::tidy(body);
        check(cx, body, "moving what stays");
    }
    if lanes::run(cx, body) {
        simplify::tidy(body);
        check(cx, body, "vectors");
    }
    if walk::run(cx, body) {
        simplify::tidy(body);
        check(cx, body, "walking");
    }
    hoist::run(cx, body);
    check(cx, body, "hoisting");
    if choose::run(cx, body) {
        simplify::tidy(body);
        check(cx, body, "choices");
    }
    if unroll::run(body) {
        simplify::tidy(body);
        check(cx, body, "rounds in one");
    }
    turn::run(body);
}

fn count_calls(mono: &MonoProgram, uses: &[reach::Uses]) -> Vec<u32> {
    let mut calls = vec![0; mono.bodies.len()];
    for uses in uses {
        uses.instances.iter().for_each(|id| calls[id.index()] += 1);
        uses.values.iter().for_each(|id| calls[id.index()] += 2);
    }
    for table in &mono.vtables {
        table.methods.iter().chain(&table.drop_glue).for_each(|id| calls[id.index()] += 2);
    }
    calls
}

fn improve(cx: &Cx, body: &mut Body) {
    simplify::tidy(body);
    for _ in 0..ROUNDS_MAX {
        let mut changed = propagate::run(cx, body);
        check(cx, body, "propagation");
        changed |= local::run(cx, body);
        check(cx, body, "local propagation");
        changed |= dead::run(body);
        changed |= aside::run(cx, body);
        changed |= direct::run(body);
        changed |= split::run(cx, body);
        check(cx, body, "splitting");
        changed |= thread::run(body);
        simplify::tidy(body);
        check(cx, body, "simplification");
        if !changed {
            break;
        }
    }
    drop_unused_locals(body);
}

/// Nothing behind the checks asks when a local's storage begins or ends.
fn forget_storage(body: &mut Body) {
    for block in &mut body.blocks {
        block.statements.retain(|s| !matches!(s.kind, StatementKind::StorageLive(_) | StatementKind::StorageDead(_) | StatementKind::Nop));
    }
}

/// Renumbers the locals that are left, so that what is inlined elsewhere does not bring dead ones along.
fn drop_unused_locals(body: &mut Body) {
    let mut used = vec![false; body.locals.len()];
    used[..=body.param_count as usize].fill(true);
    for block in &mut body.blocks {
        crate::visit::each_place_mut(block, &mut |place| {
            used[place.local.index()] = true;
            place.index_locals().for_each(|index| used[index.index()] = true);
        });
    }
    let mut number = Vec::with_capacity(used.len());
    let mut next = 0;
    for used in &used {
        number.push(Local(next));
        next += u32::from(*used);
    }
    if next as usize == used.len() {
        return;
    }
    let mut index = 0;
    body.locals.retain(|_| {
        index += 1;
        used[index - 1]
    });
    for block in &mut body.blocks {
        crate::visit::each_place_mut(block, &mut |place| {
            place.renumber(|local| number[local.index()]);
        });
    }
}

fn check(cx: &Cx, body: &Body, pass: &str) {
    crate::verify::debug_verify(cx.types, body, pass);
}
