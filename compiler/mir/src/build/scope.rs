//! Scopes: which locals must be dropped when control leaves, on whatever edge.
//!
//! Each scope lists what was scheduled, oldest first. Leaving normally drops from the newest to the oldest. Leaving by
//! `break`, `continue`, `return` or a failed condition walks through several scopes at once; such exits to one target
//! share their tails in a drop tree. Raising walks through all scopes; these chains share one tree for the whole
//! function, whose nodes become cleanup blocks only when an edge needs them.
//!
//! Regions (see `hir::typed::Region`) are scheduled like drops: leaving calls what closes them. A region that catches ends
//! the chains of all raises inside: they go on at an ordinary block of the same function.

use super::Builder;
use crate::body::*;
use crate::fast::FastMap;
use diag::Span;
use hir::ids::LoopId;
use hir::ty::{Args, Mutable, Ty};
use hir::typed;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum DropKind {
    Value,
    Storage,
    /// A value on its way out of a region: dropped if leaving raises.
    Kept,
    /// Closing a region: an index into the typed body's.
    Region(u32),
    /// Raises inside end here, at an ordinary block.
    Catch(BlockId),
}

#[derive(Clone, Copy)]
struct Scheduled {
    /// Of no meaning for regions and catches.
    local: Local,
    kind: DropKind,
}

pub(super) struct Scope {
    drops: Vec<Scheduled>,
    /// The end of the text it stands for.
    end: SourceId,
    /// The node of the unwind tree that drops everything up to and including this scope, if known.
    unwind: Option<u32>,
}

/// Chains of drops that end at the same target, sharing tails. Node 0 is the target.
#[derive(Default)]
pub(super) struct ExitTree {
    nodes: Vec<ExitNode>,
    index: FastMap<(u32, u32, DropKind), u32>,
    /// A failure is on its way: scopes are told.
    failing: bool,
    /// Blocks that wait for their terminator, and the node they go to.
    entries: Vec<(BlockId, u32, SourceId)>,
}

struct ExitNode {
    local: Local,
    kind: DropKind,
    source: SourceId,
    next: u32,
    /// The node of the unwind tree for what remains.
    unwind: u32,
}

/// Chains of drops on the way out of a raise. Node 0 is `Resume`.
#[derive(Default)]
pub(super) struct UnwindTree {
    nodes: Vec<UnwindNode>,
    index: FastMap<(u32, u32, DropKind), u32>,
}

struct UnwindNode {
    local: Local,
    kind: DropKind,
    source: SourceId,
    next: u32,
    block: Option<BlockId>,
}

pub(super) struct Breakable {
    pub id: LoopId,
    depth: usize,
    pub dest: Place,
    breaks: ExitTree,
    /// `None` for labelled blocks.
    continues: Option<ExitTree>,
}

pub(super) struct IfScope {
    depth: usize,
    otherwise: ExitTree,
}

impl Builder<'_> {
    pub(super) fn push_scope(&mut self, span: Span) {
        let end = self.source(closing(span));
        self.scopes.push(Scope { drops: Vec::new(), end, unwind: None });
    }

    /// Drops what the innermost scope holds and leaves it.
    pub(super) fn pop_scope(&mut self) {
        let depth = self.scopes.len() - 1;
        if self.live {
            for index in (0..self.scopes[depth].drops.len()).rev() {
                let Scheduled { local, kind } = self.scopes[depth].drops[index];
                let source = self.scopes[depth].end;
                match kind {
                    DropKind::Storage => self.push(source, StatementKind::StorageDead(local)),
                    DropKind::Value => {
                        // A raise in this drop must still drop the rest.
                        self.scopes[depth].drops.truncate(index);
                        self.scopes[depth].unwind = None;
                        let unwind = self.unwind_block();
                        let target = self.new_block();
                        let place = Place::local(local);
                        self.terminate(source, TerminatorKind::Drop { place, target, unwind });
                        self.go_to(target);
                    }
                    DropKind::Region(region) => {
                        self.scopes[depth].drops.truncate(index);
                        self.scopes[depth].unwind = None;
                        let call = self.typed.regions[region as usize].leave;
                        let unwind = self.unwind_block();
                        self.region_call(source, region, call, unwind);
                    }
                    DropKind::Kept | DropKind::Catch(_) => {}
                }
            }
        }
        self.scopes.pop();
    }

    /// Calls one of a region's functions with the address of its record.
    fn region_call(&mut self, source: SourceId, region: u32, call: typed::RegionCall, unwind: Option<BlockId>) {
        let (function, given) = call;
        let args = self.region_args(source, region);
        let dest = Place::local(self.new_temp(Ty::unit(), source));
        let target = self.new_block();
        let callee = Callee::Fn(function, given);
        self.terminate(source, TerminatorKind::Call { callee, args, dest, target: Some(target), unwind });
        self.go_to(target);
    }

    fn region_args(&mut self, source: SourceId, region: u32) -> Vec<Operand> {
        let Some(record) = self.typed.regions[region as usize].record else { return Vec::new() };
        let record = self.declare(record);
        let pointer = self.new_temp(Ty::pointer(Mutable::Yes, self.locals[record.index()].ty), source);
        self.assign(source, pointer, Rvalue::RawRef(Mutable::Yes, Place::local(record)));
        vec![Operand::take(pointer)]
    }

    pub(super) fn in_scope<R>(&mut self, span: Span, inside: impl FnOnce(&mut Self) -> R) -> R {
        self.push_scope(span);
        let result = inside(self);
        self.pop_scope();
        result
    }

    /// A scope at whose end temporaries made inside die.
    pub(super) fn in_temp_scope<R>(&mut self, span: Span, inside: impl FnOnce(&mut Self) -> R) -> R {
        let outer = std::mem::replace(&mut self.temp_scope, self.scopes.len());
        let result = self.in_scope(span, inside);
        self.temp_scope = outer;
        result
    }

    pub(super) fn schedule(&mut self, scope: usize, local: Local, kind: DropKind) {
        self.scopes[scope].drops.push(Scheduled { local, kind });
        if kind != DropKind::Storage {
            self.forget_unwind(scope);
        }
    }

    pub(super) fn schedule_value(&mut self, scope: usize, local: Local) {
        if self.types.needs_drop(self.locals[local.index()].ty) {
            self.schedule(scope, local, DropKind::Value);
        }
    }

    /// A temporary was moved away where it was made: nothing is left to drop.
    pub(super) fn unschedule(&mut self, local: Local) {
        for scope in (0..self.scopes.len()).rev() {
            let drops = &mut self.scopes[scope].drops;
            if let Some(at) = drops.iter().rposition(|d| d.local == local && d.kind == DropKind::Value) {
                drops.remove(at);
                self.forget_unwind(scope);
                return;
            }
        }
    }

    /// Whether its value is dropped already when a raise passes, before any catch.
    pub(super) fn is_scheduled(&self, local: Local) -> bool {
        for scheduled in self.scopes.iter().rev().flat_map(|scope| scope.drops.iter().rev()) {
            match scheduled.kind {
                DropKind::Catch(_) => return false,
                DropKind::Value | DropKind::Kept if scheduled.local == local => return true,
                _ => {}
            }
        }
        false
    }

    fn forget_unwind(&mut self, from: usize) {
        for scope in &mut self.scopes[from..] {
            scope.unwind = None;
        }
    }

    // Raising.

    /// The node of the unwind tree that drops everything scheduled now.
    fn unwind_node(&mut self) -> u32 {
        let known = self.scopes.iter().rposition(|scope| scope.unwind.is_some());
        let mut node = known.and_then(|at| self.scopes[at].unwind).unwrap_or(0);
        for scope in known.map_or(0, |at| at + 1)..self.scopes.len() {
            for index in 0..self.scopes[scope].drops.len() {
                let scheduled = self.scopes[scope].drops[index];
                node = self.unwind.add(node, scheduled, self.scopes[scope].end);
            }
            self.scopes[scope].unwind = Some(node);
        }
        node
    }

    /// Where a raise here goes.
    pub(super) fn unwind_block(&mut self) -> Option<BlockId> {
        let node = self.unwind_node();
        self.unwind_block_of(node)
    }

    fn unwind_block_of(&mut self, node: u32) -> Option<BlockId> {
        if node == 0 {
            return None;
        }
        if let Some(block) = self.unwind.nodes[node as usize].block {
            return Some(block);
        }
        let block = self.new_cleanup_block();
        self.unwind.nodes[node as usize].block = Some(block);
        Some(block)
    }

    pub(super) fn resume_block(&mut self) -> BlockId {
        if let Some(block) = self.resume {
            return block;
        }
        let block = self.new_cleanup_block();
        self.blocks[block.index()].terminator = Some(Terminator { kind: TerminatorKind::Resume, source: SourceId::BODY });
        self.resume = Some(block);
        block
    }

    /// Fills the cleanup blocks that something raises to.
    pub(super) fn finish_unwind(&mut self) {
        for node in (1..self.unwind.nodes.len()).rev() {
            let UnwindNode { local, kind, source, next, block } = self.unwind.nodes[node];
            let Some(block) = block else { continue };
            if let DropKind::Catch(target) = kind {
                let caught = self.types.program.program().lang.function("caught");
                self.finish_cleanup(block, source, Callee::Fn(caught, Args::empty()), Vec::new(), target);
                continue;
            }
            let target = match self.unwind_block_of(next) {
                Some(target) => target,
                None => self.resume_block(),
            };
            if let DropKind::Region(region) = kind {
                let (function, given) = self.typed.regions[region as usize].unwind;
                self.current = block;
                let args = self.region_args(source, region);
                self.finish_cleanup(block, source, Callee::Fn(function, given), args, target);
                continue;
            }
            let kind = TerminatorKind::Drop { place: Place::local(local), target, unwind: None };
            self.blocks[block.index()].terminator = Some(Terminator { kind, source });
        }
    }

    fn finish_cleanup(&mut self, block: BlockId, source: SourceId, callee: Callee, args: Vec<Operand>, target: BlockId) {
        let dest = Place::local(self.new_temp(Ty::unit(), source));
        let kind = TerminatorKind::Call { callee, args, dest, target: Some(target), unwind: None };
        self.blocks[block.index()].terminator = Some(Terminator { kind, source });
    }

    /// `place = value` where the old value must go first. If its destructor raises, the new value is put in place all
    /// the same, so that whoever owns the place drops something whole.
    pub(super) fn replace(&mut self, source: SourceId, place: Place, value: Operand) {
        let cleanup = self.new_cleanup_block();
        let after = match self.unwind_block() {
            Some(block) => block,
            None => self.resume_block(),
        };
        let draft = &mut self.blocks[cleanup.index()];
        draft.statements.push(Statement::assign(source, place.clone(), Rvalue::Use(value.clone())));
        draft.terminator = Some(Terminator { kind: TerminatorKind::Goto(after), source });
        let target = self.new_block();
        self.terminate(source, TerminatorKind::Drop { place: place.clone(), target, unwind: Some(cleanup) });
        self.go_to(target);
        self.assign(source, place, Rvalue::Use(value));
    }

    // Leaving several scopes at once.

    /// Ends the current block on its way through the scopes from the innermost down to `depth`.
    fn exit(&mut self, depth: usize, tree: &mut ExitTree, source: SourceId) {
        if !self.live {
            return;
        }
        let mut unwind = match depth {
            0 => 0,
            _ => {
                self.unwind_node();
                self.scopes[depth - 1].unwind.unwrap_or(0)
            }
        };
        let mut node = 0;
        for scope in &self.scopes[depth..] {
            for &scheduled in &scope.drops {
                let Scheduled { local, kind } = scheduled;
                if !matches!(kind, DropKind::Kept | DropKind::Catch(_)) {
                    node = tree.add(ExitNode { local, kind, source: scope.end, next: node, unwind });
                }
                unwind = self.unwind.add(unwind, scheduled, scope.end);
            }
        }
        tree.entries.push((self.current, node, source));
        self.diverge();
    }

    /// Makes the blocks of a tree; its target is `target` or a new block. `None` if nothing leads there.
    fn finish_exits(&mut self, tree: ExitTree, target: Option<BlockId>) -> Option<BlockId> {
        if tree.entries.is_empty() {
            return target;
        }
        let target = target.unwrap_or_else(|| self.new_block());
        let mut needed = vec![false; tree.nodes.len() + 1];
        for &(_, node, _) in &tree.entries {
            let mut node = node;
            while node != 0 && !needed[node as usize] {
                needed[node as usize] = true;
                node = tree.nodes[node as usize - 1].next;
            }
        }
        let mut blocks = vec![target; tree.nodes.len() + 1];
        for (index, node) in tree.nodes.iter().enumerate() {
            if !needed[index + 1] {
                continue;
            }
            let next = blocks[node.next as usize];
            let block = self.new_block();
            let kind = match node.kind {
                DropKind::Storage => {
                    let kind = StatementKind::StorageDead(node.local);
                    self.blocks[block.index()].statements.push(Statement { kind, source: node.source });
                    TerminatorKind::Goto(next)
                }
                DropKind::Value => {
                    let unwind = self.unwind_block_of(node.unwind);
                    TerminatorKind::Drop { place: Place::local(node.local), target: next, unwind }
                }
                DropKind::Region(region) => {
                    let unwind = self.unwind_block_of(node.unwind);
                    let calls = &self.typed.regions[region as usize];
                    let (abandon, leave) = (calls.abandon.filter(|_| tree.failing), calls.leave);
                    self.go_to(block);
                    if let Some(abandon) = abandon {
                        self.region_call(node.source, region, abandon, unwind);
                    }
                    self.region_call(node.source, region, leave, unwind);
                    self.terminate(node.source, TerminatorKind::Goto(next));
                    blocks[index + 1] = block;
                    continue;
                }
                DropKind::Kept | DropKind::Catch(_) => TerminatorKind::Goto(next),
            };
            self.blocks[block.index()].terminator = Some(Terminator { kind, source: node.source });
            blocks[index + 1] = block;
        }
        for (block, node, source) in tree.entries {
            let kind = TerminatorKind::Goto(blocks[node as usize]);
            self.blocks[block.index()].terminator = Some(Terminator { kind, source });
        }
        Some(target)
    }

    /// Runs `inside` as something that `break` and `continue` with this id leave. Afterwards control stands behind it.
    pub(super) fn in_breakable(&mut self, id: LoopId, head: Option<BlockId>, dest: Place, inside: impl FnOnce(&mut Self)) {
        let depth = self.scopes.len();
        let continues = head.map(|_| ExitTree::default());
        self.breakables.push(Breakable { id, depth, dest, breaks: ExitTree::default(), continues });
        inside(self);
        let Some(Breakable { breaks, continues, .. }) = self.breakables.pop() else {
            unreachable!("pushed above");
        };
        if let (Some(tree), Some(head)) = (continues, head) {
            self.finish_exits(tree, Some(head));
        }
        let fall_through = self.live.then(|| {
            let after = self.new_block();
            self.terminate(SourceId::BODY, TerminatorKind::Goto(after));
            after
        });
        match self.finish_exits(breaks, fall_through) {
            Some(after) => self.go_to(after),
            None => self.diverge(),
        }
    }

    pub(super) fn breakable_dest(&self, id: LoopId) -> Place {
        self.breakables[self.breakable_index(id)].dest.clone()
    }

    fn breakable_index(&self, id: LoopId) -> usize {
        self.breakables.iter().rposition(|b| b.id == id).unwrap_or_else(|| bug!("build", self.name; "{id:?} encloses nothing"))
    }

    pub(super) fn break_out(&mut self, id: LoopId, source: SourceId) {
        let index = self.breakable_index(id);
        let depth = self.breakables[index].depth;
        let mut tree = std::mem::take(&mut self.breakables[index].breaks);
        self.exit(depth, &mut tree, source);
        self.breakables[index].breaks = tree;
    }

    pub(super) fn continue_with(&mut self, id: LoopId, source: SourceId) {
        let index = self.breakable_index(id);
        let depth = self.breakables[index].depth;
        let Some(mut tree) = self.breakables[index].continues.take() else {
            bug!("build", self.name; "`continue` of a labelled block")
        };
        self.exit(depth, &mut tree, source);
        self.breakables[index].continues = Some(tree);
    }

    pub(super) fn return_out(&mut self, source: SourceId) {
        let mut tree = std::mem::take(&mut self.returns);
        self.exit(0, &mut tree, source);
        self.returns = tree;
    }

    /// `?` leaves with a failure.
    pub(super) fn propagate_out(&mut self, source: SourceId) {
        let mut tree = std::mem::take(&mut self.failures);
        tree.failing = true;
        self.exit(0, &mut tree, source);
        self.failures = tree;
    }

    /// Joins the returns with the end of the body.
    pub(super) fn finish_returns(&mut self, end: SourceId) {
        let fall_through = self.live.then(|| {
            let after = self.new_block();
            self.terminate(end, TerminatorKind::Goto(after));
            after
        });
        let returns = std::mem::take(&mut self.returns);
        let failures = std::mem::take(&mut self.failures);
        let end_of_all = self.finish_exits(returns, fall_through);
        if let Some(block) = self.finish_exits(failures, end_of_all) {
            self.go_to(block);
            self.terminate(end, TerminatorKind::Return);
        }
        self.diverge();
    }

    /// Runs `inside` with a way out for failed conditions. Gives the block they arrive at, if any fails.
    pub(super) fn in_if_scope(&mut self, span: Span, inside: impl FnOnce(&mut Self)) -> Option<BlockId> {
        self.if_scopes.push(IfScope { depth: self.scopes.len(), otherwise: ExitTree::default() });
        self.in_temp_scope(span, inside);
        let Some(IfScope { otherwise, .. }) = self.if_scopes.pop() else { unreachable!("pushed above") };
        self.finish_exits(otherwise, None)
    }

    /// The condition failed.
    pub(super) fn fail_condition(&mut self, source: SourceId) {
        let Some(IfScope { depth, mut otherwise }) = self.if_scopes.pop() else {
            bug!("build", self.name; "a condition outside any")
        };
        self.exit(depth, &mut otherwise, source);
        self.if_scopes.push(IfScope { depth, otherwise });
    }
}

impl ExitTree {
    /// Nodes are numbered from 1.
    fn add(&mut self, node: ExitNode) -> u32 {
        let key = (node.next, node.local.0, node.kind);
        if let Some(&known) = self.index.get(&key) {
            return known;
        }
        self.nodes.push(node);
        let id = self.nodes.len() as u32;
        self.index.insert(key, id);
        id
    }
}

impl UnwindTree {
    pub(super) fn new() -> UnwindTree {
        let root = UnwindNode { local: Local::RETURN, kind: DropKind::Storage, source: SourceId::BODY, next: 0, block: None };
        UnwindTree { nodes: vec![root], index: FastMap::default() }
    }

    /// The chain that does what was scheduled, then `next`.
    fn add(&mut self, next: u32, scheduled: Scheduled, source: SourceId) -> u32 {
        let Scheduled { local, mut kind } = scheduled;
        let next = match kind {
            DropKind::Storage => return next,
            // What is outside learns nothing of it.
            DropKind::Catch(_) => 0,
            DropKind::Value | DropKind::Kept | DropKind::Region(_) => next,
        };
        if kind == DropKind::Kept {
            kind = DropKind::Value;
        }
        if let Some(&known) = self.index.get(&(next, local.0, kind)) {
            return known;
        }
        self.nodes.push(UnwindNode { local, kind, source, next, block: None });
        let id = self.nodes.len() as u32 - 1;
        self.index.insert((next, local.0, kind), id);
        id
    }
}

/// The closing bracket of a block's text.
fn closing(span: Span) -> Span {
    if span.is_none() { span } else { Span { lo: span.hi.saturating_sub(1).max(span.lo), ..span } }
}
