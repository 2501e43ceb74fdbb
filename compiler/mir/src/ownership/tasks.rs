//! Where a body starts tasks, joins them, and ends the scopes that wait for them.

use crate::body::*;
use crate::fast::{FastMap, FastSet};
use crate::types::Types;
use diag::Span;

pub(super) struct Tasks {
    pub sites: Vec<Site>,
    by_block: FastMap<BlockId, u32>,
    /// Calls behind which all tasks of a scope have ended, by the scope's record.
    pub ends: FastMap<BlockId, Local>,
    pub joins: FastSet<BlockId>,
}

/// A call that starts a task in a scope of this body.
pub(super) struct Site {
    pub block: BlockId,
    /// The memory of its scope. Locals made later are declared inside the scope.
    pub record: Local,
    /// The end of the scope in the text.
    pub end: Span,
}

impl Tasks {
    pub fn new(types: &Types, body: &Body) -> Tasks {
        let mut tasks = Tasks { sites: Vec::new(), by_block: FastMap::default(), ends: FastMap::default(), joins: FastSet::default() };
        let program = types.program.program();
        let is = |name: &str, id: hir::ids::FnId| program.lang.is_fn(name, id);
        if !body.locals.iter().any(|decl| types.is_record(decl.ty)) {
            return tasks;
        }
        let mut records: FastMap<Local, Local> = FastMap::default();
        for statement in body.blocks.iter().flat_map(|block| &block.statements) {
            if let StatementKind::Assign(to, Rvalue::RawRef(_, of)) = &statement.kind
                && let (Some(pointer), Some(record)) = (to.as_local(), of.as_local())
            {
                records.insert(pointer, record);
            }
        }
        let mut ends: FastMap<Local, Span> = FastMap::default();
        for id in body.block_ids() {
            let block = body.block(id);
            let TerminatorKind::Call { callee: Callee::Fn(function, _), args, .. } = &block.terminator.kind else { continue };
            if is("join_here", *function) {
                tasks.joins.insert(id);
                continue;
            }
            if program.fn_def(*function).has_self {
                let is_join = matches!(program.fn_def(*function).kind, hir::program::FnKind::Trait(id) if program.lang.is_trait("join", id));
                if is_join {
                    tasks.joins.insert(id);
                }
                continue;
            }
            let Some(&record) = args.first().and_then(Operand::as_local).and_then(|pointer| records.get(&pointer)) else { continue };
            if ["spawn_here", "spawn", "spawn_try"].iter().any(|name| is(name, *function)) {
                tasks.by_block.insert(id, tasks.sites.len() as u32);
                tasks.sites.push(Site { block: id, record, end: Span::NONE });
            } else if ["scope_leave", "scope_leave_joined", "scope_unwind"].iter().any(|name| is(name, *function)) {
                tasks.ends.insert(id, record);
                let span = body.source(block.terminator.source).span;
                let known = ends.entry(record).or_insert(span);
                if known.lo < span.lo {
                    *known = span;
                }
            }
        }
        for site in &mut tasks.sites {
            site.end = ends.get(&site.record).copied().unwrap_or(Span::NONE);
        }
        tasks
    }

    pub fn site(&self, block: BlockId) -> Option<u32> {
        self.by_block.get(&block).copied()
    }
}
