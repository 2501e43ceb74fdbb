//! Which functions never raise: no checked operation, and no call of one that may. They need no flag beside their result,
//! and calls of them no cleanup.
//!
//! All start as harmless; what raises by itself passes that on to its callers until nothing changes. A function whose
//! address is taken counts as raising, because all function pointers and table entries share one signature.

use crate::body::*;
use crate::reach::{pass_on, uses};
use crate::types::Types;
use diag::Symbol;
use std::sync::Arc;

pub(crate) fn mark(types: &Types, program: &mut MonoProgram) {
    let count = program.bodies.len();
    let mut raises = vec![false; count];
    let mut callers: Vec<Vec<u32>> = vec![Vec::new(); count];
    for (index, body) in program.bodies.iter().enumerate() {
        raises[index] |= raises_itself(body);
        let uses = uses(types, body);
        uses.instances.iter().for_each(|callee| callers[callee.index()].push(index as u32));
        uses.values.iter().for_each(|value| raises[value.index()] = true);
    }
    for table in &program.vtables {
        table.methods.iter().chain(&table.drop_glue).for_each(|id| raises[id.index()] = true);
    }
    pass_on(&mut raises, callers);
    for index in 0..count {
        let body = &program.bodies[index];
        let idle = body.blocks.iter().any(|block| idle_edge(block, &raises));
        if !idle && body.never_raises != raises[index] {
            continue;
        }
        let body = Arc::make_mut(&mut program.bodies[index]);
        body.never_raises = !raises[index];
        if idle {
            drop_idle_edges(body, &raises);
            crate::opt::simplify::tidy(body);
        }
    }
}

fn raises_itself(body: &Body) -> bool {
    body.blocks.iter().any(|block| {
        block.raises()
            || match &block.terminator.kind {
                TerminatorKind::Call { callee, .. } => callee_raises(callee),
                TerminatorKind::Drop { .. } => true,
                TerminatorKind::Goto(_)
                | TerminatorKind::Switch { .. }
                | TerminatorKind::Return
                | TerminatorKind::Resume
                | TerminatorKind::Unreachable => false,
            }
    })
}

/// Whether a call of something other than an instance may raise.
pub(crate) fn callee_raises(callee: &Callee) -> bool {
    match callee {
        Callee::Instance(_) | Callee::Foreign { .. } => false,
        Callee::Intrinsic(name, _) => name.as_str() == "drop_in_place",
        Callee::Runtime(name) => runtime_raises(*name),
        Callee::Pointer(_) | Callee::Virtual { .. } | Callee::Fn(..) | Callee::FnTrait(..) => true,
    }
}

/// Calls into the runtime that only compute, store or ask. All others may raise a panic or a cancellation.
fn runtime_raises(name: Symbol) -> bool {
    const HARMLESS: [&str; 15] = [
        "rt_alloc", "rt_realloc", "rt_free", "rt_exit", "rt_std", "rt_file_", "rt_path_", "rt_dir_", "rt_error_", "rt_arg",
        "rt_env_", "rt_task_", "rt_clock_", "rt_float", "rt_char_",
    ];
    name.as_str() != "rt_random" && !HARMLESS.iter().any(|prefix| name.as_str().starts_with(prefix))
}

fn idle_edge(block: &Block, raises: &[bool]) -> bool {
    match &block.terminator.kind {
        TerminatorKind::Call { callee: Callee::Instance(id), unwind: Some(_), .. } => !raises[id.index()],
        TerminatorKind::Call { callee: Callee::Instance(_) | Callee::Fn(..) | Callee::FnTrait(..), .. } => false,
        TerminatorKind::Call { callee, unwind: Some(_), .. } => !callee_raises(callee),
        _ => false,
    }
}

fn drop_idle_edges(body: &mut Body, raises: &[bool]) {
    for block in &mut body.blocks {
        if idle_edge(block, raises)
            && let TerminatorKind::Call { unwind, .. } = &mut block.terminator.kind
        {
            *unwind = None;
        }
    }
}
