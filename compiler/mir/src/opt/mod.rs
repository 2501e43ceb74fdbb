//! Passes over concrete bodies, and the tidying that every builder of bodies ends with.
//!
//! Functions are taken callees first. Each takes in the small functions that it calls; then copies, references and
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
mod unroll;
mod version;
mod walk;

use crate::body::*;
use crate::layout::Layouts;
use crate::types::Types;
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
        crate::reach::prune(&types, &mut mono);
        improve_loops(&types, &mut mono);
        mono.bodies.iter_mut().for_each(|body| remake::run(Arc::make_mut(body)));
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

fn improve_all(types: &Types, mono: &mut MonoProgram) {
    let order::Order { order, recursive } = order::bottom_up(mono);
    let size = mono.bodies.iter().map(|body| inline::size_of(body)).collect();
    let mut candidates = inline::Candidates { size, calls: count_calls(types, mono), recursive };
    for id in order {
        let index = id.index();
        // While it is worked on nobody looks at it: any other body stands in its place, so that it need not be copied.
        let place = mono.bodies[if index == 0 { mono.bodies.len() - 1 } else { 0 }].clone();
        let mut body = Arc::unwrap_or_clone(std::mem::replace(&mut mono.bodies[index], place));
        let cx = Cx { types, layouts: &mono.layouts };
        forget_storage(&mut body);
        improve(&cx, &mut body);
        if inline::calls_in(&cx, mono, &candidates, id, &mut body) {
            check(&cx, &body, "inlining");
            improve(&cx, &mut body);
        }
        if lend::run(&cx, &mut body) {
            check(&cx, &body, "lending");
            improve(&cx, &mut body);
        }
        candidates.size[index] = inline::size_of(&body);
        mono.bodies[index] = Arc::new(body);
    }
}

/// What is left to do for loops once everything is inlined.
fn improve_loops(types: &Types, mono: &mut MonoProgram) {
    for index in 0..mono.bodies.len() {
        if loops::find_loops(&mono.bodies[index]).is_empty() {
            continue;
        }
        let body = Arc::make_mut(&mut mono.bodies[index]);
        let cx = Cx { types, layouts: &mono.layouts };
        if inclusive::run(body) {
            check(&cx, body, "ranges with their end");
            improve(&cx, body);
        }
        if ranges::run(&cx, body) {
            check(&cx, body, "ranges");
            improve(&cx, body);
        }
        if loads::run(&cx, body) {
            check(&cx, body, "moving loads");
            improve(&cx, body);
        }
        if version::run(&cx, body) {
            check(&cx, body, "copying loops");
            improve(&cx, body);
        }
        if steady::run(body) {
            simplify::tidy(body);
            check(&cx, body, "moving what stays");
        }
        if lanes::run(&cx, body) {
            simplify::tidy(body);
            check(&cx, body, "vectors");
        }
        if walk::run(&cx, body) {
            simplify::tidy(body);
            check(&cx, body, "walking");
        }
        hoist::run(&cx, body);
        check(&cx, body, "hoisting");
        if choose::run(&cx, body) {
            simplify::tidy(body);
            check(&cx, body, "choices");
        }
        if unroll::run(body) {
            simplify::tidy(body);
            check(&cx, body, "rounds in one");
        }
    }
}

fn count_calls(types: &Types, mono: &MonoProgram) -> Vec<u32> {
    let mut calls = vec![0; mono.bodies.len()];
    for body in &mono.bodies {
        let uses = crate::reach::uses(types, body);
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
