//! Makes drops true: afterwards every `Drop` drops a whole value that is there.
//!
//! Drops of what was moved go; drops of what may have been moved ask a flag, a local `bool` that follows the value; drops
//! of what was moved in part are opened into drops of the remaining parts. Expects a checked body: a part is only ever
//! moved out of a whole that has no destructor of its own.

use crate::body::*;
use crate::dataflow::Forward;
use crate::fast::FastMap;
use crate::init::{Init, InitAnalysis};
use crate::paths::{PathId, Paths};
use crate::place::Location;
use crate::types::{PlaceTy, Types};
use crate::visit::{Touch, each_terminator_touch, each_touch};
use hir::ty::{Mutable, Ty, TyKind};
use std::collections::BTreeMap;

pub fn elaborate(types: &Types, body: &mut Body) {
    let has_drops = body.blocks.iter().any(|block| matches!(block.terminator.kind, TerminatorKind::Drop { .. }));
    if !has_drops {
        return;
    }
    let paths = Paths::new(types, body);
    let mut entry = InitAnalysis { body, paths: &paths }.run();
    if step_over_dead_cleanup(&paths, body, &entry) {
        entry = InitAnalysis { body, paths: &paths }.run();
    }
    let sites = find_sites(&paths, body, &entry);
    let mut elaborator =
        Elaborator { types, paths: &paths, body, flags: FastMap::default(), order: BTreeMap::new(), tails: Vec::new(), resume: None };
    let original_blocks = elaborator.body.blocks.len();
    for site in sites {
        elaborator.site(site);
    }
    elaborator.reset_flags();
    elaborator.follow_values(original_blocks);
    crate::opt::simplify::tidy(body);
    crate::verify::debug_verify(types, body, "drop elaboration");
}

/// A drop that cannot stay as it is.
struct Site {
    block: BlockId,
    path: PathId,
    state: Init,
}

/// What is known to be gone where an unwind edge leaves need not be asked about in the cleanup: the edge skips it. Else
/// the cleanup, shared with edges where the value is still there, would need a flag.
fn step_over_dead_cleanup(paths: &Paths, body: &mut Body, entry: &[Option<Init>]) -> bool {
    let mut redirected = Vec::new();
    let analysis = InitAnalysis { body, paths };
    for id in body.block_ids() {
        let block = body.block(id);
        let Some(state) = &entry[id.index()] else { continue };
        if block.cleanup || (block.unwind.is_none() && block.terminator.kind.unwind().is_none()) {
            continue;
        }
        let mut state = state.clone();
        let mut raised: Option<Init> = None;
        for (index, statement) in block.statements.iter().enumerate() {
            if statement.raises() {
                match &mut raised {
                    Some(known) => {
                        analysis.join(known, &state, id);
                    }
                    None => raised = Some(state.clone()),
                }
            }
            analysis.statement(&mut state, Location::new(id, index), statement);
        }
        if let (Some(unwind), Some(state)) = (block.unwind, &raised) {
            redirected.push((id, true, first_live_cleanup(paths, body, unwind, state)));
        }
        if let Some(unwind) = block.terminator.kind.unwind() {
            let at = Location::new(id, block.statements.len());
            analysis.terminator(&mut state, at, &block.terminator);
            redirected.push((id, false, first_live_cleanup(paths, body, unwind, &state)));
        }
    }
    let mut changed = false;
    for (id, of_statements, to) in redirected {
        let block = &mut body.blocks[id.index()];
        let edge = match &mut block.terminator.kind {
            _ if of_statements => &mut block.unwind,
            TerminatorKind::Drop { unwind, .. } | TerminatorKind::Call { unwind, .. } => unwind,
            _ => continue,
        };
        changed |= *edge != Some(to);
        *edge = Some(to);
    }
    changed
}

fn first_live_cleanup(paths: &Paths, body: &Body, mut at: BlockId, state: &Init) -> BlockId {
    loop {
        let block = body.block(at);
        let TerminatorKind::Drop { place, target, .. } = &block.terminator.kind else { return at };
        let Some(path) = paths.exact(place) else { return at };
        let live = paths.any_below(path, &|path| state.maybe_init.contains(path.index()));
        if live || !block.statements.is_empty() {
            return at;
        }
        at = *target;
    }
}

fn find_sites(paths: &Paths, body: &Body, entry: &[Option<Init>]) -> Vec<Site> {
    let analysis = InitAnalysis { body, paths };
    let mut sites = Vec::new();
    for id in body.block_ids() {
        let block = body.block(id);
        let TerminatorKind::Drop { place, .. } = &block.terminator.kind else { continue };
        // What is behind a reference is always whole.
        let (Some(path), Some(state)) = (paths.exact(place), &entry[id.index()]) else { continue };
        let mut state = state.clone();
        for statement in &block.statements {
            analysis.storage(&mut state, statement);
            each_touch(statement, &mut |place, touch| analysis.touch(&mut state, place, touch));
        }
        if paths.any_below(path, &|path| state.maybe_uninit.contains(path.index())) {
            sites.push(Site { block: id, path, state });
        }
    }
    sites
}

struct Elaborator<'a> {
    types: &'a Types<'a>,
    paths: &'a Paths,
    body: &'a mut Body,
    flags: FastMap<PathId, Local>,
    /// The flagged paths by local, in the order in which they were flagged.
    order: BTreeMap<Local, Vec<PathId>>,
    /// Blocks behind drops that asked flags, and what was dropped.
    tails: Vec<(BlockId, PathId, SourceId)>,
    resume: Option<BlockId>,
}

/// What every block of one site shares.
#[derive(Clone, Copy)]
struct Frame<'s> {
    state: &'s Init,
    source: SourceId,
    cleanup: bool,
}

/// Where control goes after a drop, normally and when it raises.
#[derive(Clone, Copy)]
struct Ways {
    target: BlockId,
    unwind: Option<BlockId>,
}

impl Elaborator<'_> {
    fn site(&mut self, site: Site) {
        let block = self.body.block(site.block);
        let source = block.terminator.source;
        let TerminatorKind::Drop { target, unwind, .. } = block.terminator.kind else {
            bug!("drop elaboration", self.body.name; "{} is no drop", site.block)
        };
        let cx = Frame { state: &site.state, source, cleanup: block.cleanup };
        // Whatever happens, nothing of it is there afterwards: in a loop the flags must say so.
        let tail = self.block(cx.cleanup, source, TerminatorKind::Goto(target));
        let entry = self.drop_path(cx, site.path, Ways { target: tail, unwind });
        self.tails.push((tail, site.path, source));
        self.body.blocks[site.block.index()].terminator.kind = TerminatorKind::Goto(entry);
    }

    fn reset_flags(&mut self) {
        for (block, path, source) in std::mem::take(&mut self.tails) {
            let gone: Vec<Local> = self.flagged_in(path).iter().filter(|flagged| self.paths.is_below(**flagged, path)).map(|flagged| self.flags[flagged]).collect();
            self.body.blocks[block.index()].statements.extend(gone.into_iter().map(|flag| set_flag(source, flag, false)));
        }
    }

    fn block(&mut self, cleanup: bool, source: SourceId, kind: TerminatorKind) -> BlockId {
        self.body.add_block(Block { cleanup, ..Block::new(source, kind) })
    }

    fn resume(&mut self) -> BlockId {
        match self.resume {
            Some(block) => block,
            None => {
                let block = self.block(true, SourceId::BODY, TerminatorKind::Resume);
                self.resume = Some(block);
                block
            }
        }
    }

    fn flag(&mut self, path: PathId) -> Local {
        if let Some(&flag) = self.flags.get(&path) {
            return flag;
        }
        let flag = self.body.add_local(Ty::bool(), SourceId::BODY);
        self.flags.insert(path, flag);
        self.order.entry(self.paths.path(path).place.local).or_default().push(path);
        flag
    }

    /// The flagged paths of the same local.
    fn flagged_in(&self, path: PathId) -> &[PathId] {
        self.order.get(&self.paths.path(path).place.local).map_or(&[], Vec::as_slice)
    }

    /// The first block of code that drops what is there of the path and goes on.
    fn drop_path(&mut self, cx: Frame, path: PathId, ways: Ways) -> BlockId {
        let may_be = self.paths.any_below(path, &|path| cx.state.maybe_init.contains(path.index()));
        let may_lack = self.paths.any_below(path, &|path| cx.state.maybe_uninit.contains(path.index()));
        let place = self.paths.path(path).place.clone();
        let ty = self.types.place_full(&self.body.locals, &place);
        if !may_be || !self.types.needs_drop(ty.ty) {
            return ways.target;
        }
        if !may_lack {
            return self.drop_whole(cx, place, ways);
        }
        if !self.paths.has_children(path) || self.is_indivisible(ty.ty) {
            let drop = self.drop_whole(cx, place, ways);
            return self.if_flagged(cx, path, drop, ways.target);
        }
        self.open(cx, path, &place, ty, ways)
    }

    /// Parts of it are never moved on their own, whatever paths there are for assignments.
    fn is_indivisible(&self, ty: Ty) -> bool {
        self.types.boxed(ty).is_none() && self.types.program.drop_impl(ty).is_some()
    }

    fn drop_whole(&mut self, cx: Frame, place: Place, ways: Ways) -> BlockId {
        let kind = TerminatorKind::Drop { place, target: ways.target, unwind: ways.unwind };
        self.block(cx.cleanup, cx.source, kind)
    }

    fn if_flagged(&mut self, cx: Frame, path: PathId, yes: BlockId, no: BlockId) -> BlockId {
        let flag = self.flag(path);
        let kind = TerminatorKind::Switch { value: Operand::copy(flag), targets: vec![(0, no)], otherwise: yes };
        self.block(cx.cleanup, cx.source, kind)
    }

    /// The flag is asked only where it can say no.
    fn if_there(&mut self, cx: Frame, path: PathId, yes: BlockId, no: BlockId) -> BlockId {
        match (cx.state.maybe_init.contains(path.index()), cx.state.maybe_uninit.contains(path.index())) {
            (false, _) => no,
            (true, false) => yes,
            (true, true) => self.if_flagged(cx, path, yes, no),
        }
    }

    fn open(&mut self, cx: Frame, path: PathId, place: &Place, ty: PlaceTy, ways: Ways) -> BlockId {
        if self.types.boxed(ty.ty).is_some() {
            return self.open_box(cx, path, place, ty.ty, ways);
        }
        match ty.ty.kind() {
            TyKind::Adt(id, _) if self.types.program.program().adt(*id).is_enum && ty.variant.is_none() => {
                self.open_enum(cx, path, place, ty.ty, ways)
            }
            TyKind::Array(_, len) => match len.kind() {
                TyKind::Const(len) => {
                    let element = |offset| Projection::ConstIndex { offset, from_end: false };
                    let steps: Vec<Projection> = (0..*len as u32).map(element).collect();
                    self.ladder(cx, path, place, &steps, ways)
                }
                _ => bug!("drop elaboration", self.body.name; "an array of unknown length was moved in part"),
            },
            _ => {
                let count = self.types.field_count(ty.ty, ty.variant.unwrap_or(0));
                let steps: Vec<Projection> = (0..count as u32).map(Projection::Field).collect();
                self.ladder(cx, path, place, &steps, ways)
            }
        }
    }

    /// The parts in order. If dropping one raises, the ones behind it are still dropped.
    fn ladder(&mut self, cx: Frame, path: PathId, place: &Place, steps: &[Projection], ways: Ways) -> BlockId {
        let mut ways = ways;
        for &step in steps.iter().rev() {
            let after = ways;
            ways.target = self.part(cx, path, place, step, after);
            if !cx.cleanup {
                let target = match after.unwind {
                    Some(block) => block,
                    None => self.resume(),
                };
                let on_the_way_out = Frame { cleanup: true, ..cx };
                ways.unwind = Some(self.part(on_the_way_out, path, place, step, Ways { target, unwind: None }));
            }
        }
        ways.target
    }

    fn part(&mut self, cx: Frame, path: PathId, place: &Place, step: Projection, ways: Ways) -> BlockId {
        if let Some(child) = self.paths.child(path, step) {
            return self.drop_path(cx, child, ways);
        }
        let part = place.project(step);
        if !self.types.needs_drop(self.types.place(&self.body.locals, &part)) {
            return ways.target;
        }
        let drop = self.drop_whole(cx, part, ways);
        self.if_there(cx, path, drop, ways.target)
    }

    fn open_enum(&mut self, cx: Frame, path: PathId, place: &Place, ty: Ty, ways: Ways) -> BlockId {
        let mut variants: Vec<(u32, PathId)> = (self.paths.children(path))
            .filter_map(|child| match self.paths.path(child).place.projection.last() {
                Some(Projection::Downcast(variant)) => Some((*variant, child)),
                _ => None,
            })
            .collect();
        variants.sort_unstable();
        let mut targets = Vec::with_capacity(variants.len());
        for &(variant, child) in &variants {
            let count = self.types.field_count(ty, variant);
            let steps: Vec<Projection> = (0..count as u32).map(Projection::Field).collect();
            let part = self.paths.path(child).place.clone();
            targets.push((i128::from(variant), self.ladder(cx, child, &part, &steps, ways)));
        }
        let otherwise = match self.other_variants_need_drop(ty, &variants) {
            true => self.drop_whole(cx, place.clone(), ways),
            false => ways.target,
        };
        if otherwise == ways.target && targets.iter().all(|(_, block)| *block == ways.target) {
            return ways.target;
        }
        let tag = self.body.add_local(Ty::int(), cx.source);
        let kind = TerminatorKind::Switch { value: Operand::copy(tag), targets, otherwise };
        let switch = self.block(cx.cleanup, cx.source, kind);
        let look = Statement::assign(cx.source, tag, Rvalue::Discriminant(place.clone()));
        self.body.blocks[switch.index()].statements.push(look);
        self.if_there(cx, path, switch, ways.target)
    }

    fn other_variants_need_drop(&self, ty: Ty, known: &[(u32, PathId)]) -> bool {
        let TyKind::Adt(id, _) = ty.kind() else { return false };
        let count = self.types.program.program().adt(*id).variants.len() as u32;
        (0..count).filter(|variant| known.iter().all(|(k, _)| k != variant)).any(|variant| {
            (0..self.types.field_count(ty, variant) as u32)
                .any(|field| self.types.needs_drop(self.types.field(ty, variant, field)))
        })
    }

    /// The contents if they are there, then the memory, which `Box`'s own destructor gives back.
    fn open_box(&mut self, cx: Frame, path: PathId, place: &Place, ty: Ty, ways: Ways) -> BlockId {
        let free = self.free_box(cx, path, place, ty, ways);
        let unwind = match cx.cleanup {
            true => None,
            false => {
                let target = match ways.unwind {
                    Some(block) => block,
                    None => self.resume(),
                };
                let on_the_way_out = Frame { cleanup: true, ..cx };
                Some(self.free_box(on_the_way_out, path, place, ty, Ways { target, unwind: None }))
            }
        };
        match self.paths.child(path, Projection::Deref) {
            Some(contents) => self.drop_path(cx, contents, Ways { target: free, unwind }),
            None => free,
        }
    }

    fn free_box(&mut self, cx: Frame, path: PathId, place: &Place, ty: Ty, ways: Ways) -> BlockId {
        let Some((drop, args)) = self.types.program.drop_impl(ty) else {
            bug!("drop elaboration", self.body.name; "`Box` has no `Drop` impl that frees its memory")
        };
        let pointer = self.body.add_local(Ty::exclusive(ty), cx.source);
        let dest = self.body.add_local(Ty::unit(), cx.source);
        let kind = TerminatorKind::Call {
            callee: Callee::Fn(drop, args),
            args: vec![Operand::take(pointer)],
            dest: Place::local(dest),
            target: Some(ways.target),
            unwind: ways.unwind,
        };
        let free = self.block(cx.cleanup, cx.source, kind);
        let take = Statement::assign(cx.source, pointer, Rvalue::reference(Mutable::Yes, place.clone()));
        self.body.blocks[free.index()].statements.push(take);
        self.if_there(cx, path, free, ways.target)
    }

    /// Sets the flags where values come and go.
    fn follow_values(&mut self, original_blocks: usize) {
        if self.order.is_empty() {
            return;
        }
        for index in 0..original_blocks {
            let mut statements = Vec::new();
            for statement in std::mem::take(&mut self.body.blocks[index].statements) {
                let mut changes = Vec::new();
                each_touch(&statement, &mut |place, touch| self.flag_changes(place, touch, &mut changes));
                let source = statement.source;
                statements.push(statement);
                statements.extend(changes.into_iter().map(|(flag, value)| set_flag(source, flag, value)));
            }
            let block = &self.body.blocks[index];
            let source = block.terminator.source;
            let mut changes = Vec::new();
            each_terminator_touch(&block.terminator.kind, &mut |place, touch| {
                if touch != Touch::CallResult {
                    self.flag_changes(place, touch, &mut changes);
                }
            });
            statements.extend(changes.into_iter().map(|(flag, value)| set_flag(source, flag, value)));
            let mut arrives = Vec::new();
            if let TerminatorKind::Call { dest, target: Some(target), .. } = &block.terminator.kind {
                let target = *target;
                self.flag_changes(dest, Touch::Assign, &mut arrives);
                if !arrives.is_empty() {
                    let cleanup = block.cleanup;
                    let between = self.block(cleanup, source, TerminatorKind::Goto(target));
                    self.body.blocks[between.index()].statements =
                        arrives.into_iter().map(|(flag, value)| set_flag(source, flag, value)).collect();
                    if let TerminatorKind::Call { target, .. } = &mut self.body.blocks[index].terminator.kind {
                        *target = Some(between);
                    }
                }
            }
            self.body.blocks[index].statements = statements;
        }
        let start: Vec<Statement> = (self.order.values().flatten())
            .map(|path| {
                let local = self.paths.path(*path).place.local;
                let given = (1..=self.body.param_count).contains(&local.0);
                set_flag(SourceId::BODY, self.flags[path], given)
            })
            .collect();
        self.body.blocks[0].statements.splice(0..0, start);
    }

    fn flag_changes(&self, place: &Place, touch: Touch, changes: &mut Vec<(Local, bool)>) {
        let value = match touch {
            Touch::Move | Touch::Drop => false,
            Touch::Assign => true,
            Touch::CallResult
            | Touch::Copy
            | Touch::Inspect
            | Touch::Ref { .. }
            | Touch::RawRef(_)
            | Touch::SetDiscriminant => return,
        };
        let Some(path) = self.paths.exact(place) else { return };
        for flagged in self.flagged_in(path) {
            if self.paths.is_below(*flagged, path) {
                changes.push((self.flags[flagged], value));
            }
        }
    }
}

fn set_flag(source: SourceId, flag: Local, value: bool) -> Statement {
    Statement::assign(source, flag, Rvalue::Use(Operand::bool(value)))
}
