//! Uses of values that are not there: moved away before, in an earlier round of a loop, or never given. Also moves that
//! no owner can allow: out of a borrow, an element, a captured variable, a type with a destructor.
//!
//! The facts come from `init`; where a value went is searched backwards, and only once something is wrong.

use super::mutability;
use super::names::{Definition, Names, Root};
use crate::body::*;
use crate::errors::{self, HowMoved};
use crate::fast::{BitSet, FastSet};
use crate::graph::{Edges, predecessors};
use crate::init::{Init, InitAnalysis};
use crate::paths::{PathId, Paths};
use crate::place::Location;
use crate::types::{PlaceTy, Types};
use crate::visit::{Touch, each_terminator_touch, each_touch};
use diag::{Diags, Span};
use hir::ids::LocalId;
use hir::ty::{Mutable, Ty, TyKind};
use hir::typed::{self, ClosureKind};

/// Adds to `changed` the variables that are changed and so must be `mut`.
pub(super) fn check(
    types: &Types,
    typed: &typed::Body,
    body: &Body,
    diags: &mut Diags,
    changed: &mut FastSet<LocalId>,
) {
    let paths = Paths::new(types, body);
    let analysis = InitAnalysis { body, paths: &paths };
    let entry = analysis.run();
    let names = Names { types, typed, body };
    Checker { names, paths: &paths, analysis: &analysis, diags, changed, reported: Vec::new(), preds: None }.run(entry);
}

pub(super) struct Checker<'a> {
    pub names: Names<'a>,
    paths: &'a Paths,
    analysis: &'a InitAnalysis<'a>,
    pub diags: &'a mut Diags,
    pub changed: &'a mut FastSet<LocalId>,
    /// Moves (or locals never given a value) of which a use was reported already.
    reported: Vec<Went>,
    preds: Option<Edges>,
}

/// How a place came to lack its value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Went {
    Moved(Location),
    NeverGiven(Local),
}

impl Checker<'_> {
    fn run(mut self, entry: Vec<Option<Init>>) {
        let body = self.names.body;
        for (id, state) in body.block_ids().zip(entry) {
            let block = body.block(id);
            let Some(mut state) = state.filter(|_| !block.cleanup) else { continue };
            for (index, statement) in block.statements.iter().enumerate() {
                let at = Location::new(id, index);
                each_touch(statement, &mut |place, touch| self.touch(&mut state, place, touch, at));
                self.analysis.storage(&mut state, statement);
            }
            let at = Location::new(id, block.statements.len());
            each_terminator_touch(&block.terminator.kind, &mut |place, touch| self.touch(&mut state, place, touch, at));
        }
    }

    fn touch(&mut self, state: &mut Init, place: &Place, touch: Touch, at: Location) {
        for index in place.index_locals() {
            self.check_present(state, &Place::local(index), at);
        }
        match touch {
            Touch::Copy | Touch::Inspect => self.check_present(state, place, at),
            Touch::Move => {
                self.check_present(state, place, at);
                self.check_movable(place, at);
            }
            Touch::Ref { mutable, .. } | Touch::RawRef(mutable) => {
                self.check_present(state, place, at);
                if mutable.is_yes() {
                    mutability::check_borrow(self, place, at);
                }
            }
            Touch::Assign | Touch::CallResult => {
                self.check_assignable(state, place, at);
                let again = state.ever_init.contains(place.local.index());
                mutability::check_assign(self, place, at, again);
            }
            Touch::SetDiscriminant | Touch::Drop => {}
        }
        self.analysis.touch(state, place, touch);
    }

    fn check_present(&mut self, state: &Init, place: &Place, at: Location) {
        // Memory of a region is initialised in place, by the call that opens it.
        if self.names.types.is_record(self.names.body.local_decl(place.local).ty) {
            return;
        }
        let (path, exact) = self.paths.find(place);
        let lacks = |path: PathId| state.maybe_uninit.contains(path.index());
        if lacks(path) {
            self.report_absent(place, path, at, false);
        } else if exact && self.paths.any_below(path, &lacks) {
            let mut missing = Vec::new();
            self.paths.each_below(path, &mut |below| {
                if lacks(below) {
                    missing.push(below);
                }
            });
            self.report_absent(place, missing[0], at, true);
        }
    }

    /// `x.f = value` needs an `x`; `*r = value` an `r`.
    fn check_assignable(&mut self, state: &Init, place: &Place, at: Location) {
        let needed = match place.projection.iter().rposition(|step| *step == Projection::Deref) {
            Some(deref) => deref,
            None if place.projection.is_empty() => return,
            None => place.projection.len() - 1,
        };
        let (path, _) = self.paths.find(&place.prefix(needed));
        if state.maybe_uninit.contains(path.index()) {
            self.report_absent(&place.prefix(needed), path, at, false);
        }
    }

    fn report_absent(&mut self, place: &Place, path: PathId, at: Location, partly: bool) {
        let mut causes = self.causes(path, at);
        causes.sort_unstable();
        causes.dedup();
        let known = causes.iter().any(|cause| self.reported.contains(cause));
        self.reported.extend_from_slice(&causes);
        // If this use moves it again, that move is no news either.
        self.reported.push(Went::Moved(at));
        if known || causes.is_empty() {
            return;
        }
        let moved = causes.iter().find_map(|cause| match cause {
            Went::Moved(at) => Some(*at),
            Went::NeverGiven(_) => None,
        });
        let used = self.names.span_at(at);
        let Some(moved_at) = moved else {
            let decl = self.names.body.local_decl(place.local);
            let name = self.names.describe_or(place, "this value");
            let declared = self.names.body.source(decl.source).span;
            return self.diags.push(errors::maybe_uninitialised(&name, declared, used));
        };
        self.report_moved(place, path, partly, moved_at, at);
    }

    fn report_moved(&mut self, place: &Place, path: PathId, partly: bool, moved_at: Location, at: Location) {
        let lost = self.moved_place(moved_at, path);
        let name = self.names.describe_or(place, "this value");
        let part = self.names.describe_or(&lost, "a part of it");
        let ty = self.names.types.place(&self.names.body.locals, &lost);
        let earlier_round = moved_at == at || (self.reaches(at, moved_at) && !self.reaches_without_loop(moved_at, at));
        let (how, moved) = self.how_moved(moved_at, &lost);
        let can_clone = self.implements(ty, "clone");
        self.diags.push(errors::use_after_move(errors::UseAfterMove {
            name: &name,
            part: partly.then_some(&part),
            ty: &self.names.show(ty),
            used: self.names.span_at(at),
            moved,
            how,
            earlier_round,
            can_clone,
            moved_text: self.names.expression(moved),
        }));
    }

    /// Where the value at this path may have gone before `at`.
    fn causes(&mut self, path: PathId, at: Location) -> Vec<Went> {
        let body = self.names.body;
        let preds = self.preds.get_or_insert_with(|| predecessors(body));
        let paths = self.paths;
        let local = paths.path(path).place.local;
        let related = |other: PathId| paths.is_below(path, other) || paths.is_below(other, path);
        let mut causes = Vec::new();
        let mut seen = BitSet::new(body.blocks.len());
        // Blocks, and how many of their parts to look through from the back (the terminator is one).
        let mut work = vec![(at.block, at.statement as usize)];
        while let Some((id, upto)) = work.pop() {
            let block = body.block(id);
            let mut ended = false;
            for index in (0..upto).rev() {
                let mut verdict = None;
                let mut look = |place: &Place, touch: Touch| match touch {
                    Touch::Move => {
                        if paths.exact(place).is_some_and(related) {
                            verdict = Some(Some(Went::Moved(Location::new(id, index))));
                        }
                    }
                    Touch::Assign | Touch::CallResult => {
                        if paths.exact(place).is_some_and(|given| paths.is_below(path, given)) {
                            verdict = Some(None);
                        }
                    }
                    Touch::Copy
                    | Touch::Inspect
                    | Touch::Ref { .. }
                    | Touch::RawRef(_)
                    | Touch::SetDiscriminant
                    | Touch::Drop => {}
                };
                match block.statements.get(index) {
                    Some(statement) => {
                        each_touch(statement, &mut look);
                        if matches!(statement.kind, StatementKind::StorageLive(l) | StatementKind::StorageDead(l) if l == local)
                        {
                            verdict = Some(Some(Went::NeverGiven(local)));
                        }
                    }
                    None => each_terminator_touch(&block.terminator.kind, &mut look),
                }
                if let Some(cause) = verdict {
                    causes.extend(cause);
                    ended = true;
                    break;
                }
            }
            if ended {
                continue;
            }
            if id == BlockId::START && local.0 > body.param_count {
                causes.push(Went::NeverGiven(local));
            }
            for &pred in &preds[id.index()] {
                if !body.block(pred).cleanup && seen.insert(pred.index()) {
                    work.push((pred, body.block(pred).statements.len() + 1));
                }
            }
        }
        causes
    }

    /// What the move at this location took, of what belongs to the path.
    fn moved_place(&self, at: Location, path: PathId) -> Place {
        let mut found = self.paths.path(path).place.clone();
        let mut look = |place: &Place, touch: Touch| {
            if touch == Touch::Move
                && let Some(moved) = self.paths.exact(place)
                && (self.paths.is_below(path, moved) || self.paths.is_below(moved, path))
            {
                found = place.clone();
            }
        };
        let block = self.names.body.block(at.block);
        match block.statements.get(at.statement as usize) {
            Some(statement) => each_touch(statement, &mut look),
            None => each_terminator_touch(&block.terminator.kind, &mut look),
        }
        found
    }

    /// Whether control can come from behind `from` to `to`.
    fn reaches(&self, from: Location, to: Location) -> bool {
        if from.block == to.block && from.statement < to.statement {
            return true;
        }
        let body = self.names.body;
        let mut seen = BitSet::new(body.blocks.len());
        let mut work = vec![from.block];
        while let Some(id) = work.pop() {
            let mut found = false;
            body.block(id).each_successor(|next| {
                found |= next == to.block;
                if seen.insert(next.index()) {
                    work.push(next);
                }
            });
            if found {
                return true;
            }
        }
        false
    }

    /// Whether it does so without coming by `from` again: by the text, which is what a reader goes by.
    fn reaches_without_loop(&self, from: Location, to: Location) -> bool {
        self.names.span_at(from).lo < self.names.span_at(to).lo && self.reaches(from, to)
    }

    /// What took the value: the operand may be a temporary that only carries it to a call or a closure.
    fn how_moved(&self, at: Location, lost: &Place) -> (HowMoved, Span) {
        let body = self.names.body;
        let span = self.names.span_at(at);
        let block = body.block(at.block);
        match block.statements.get(at.statement as usize).map(|s| &s.kind) {
            Some(StatementKind::Assign(to, Rvalue::Use(_))) => {
                let Some(temp) = to.as_local() else { return (HowMoved::Assigned, span) };
                if let Some(name) = body.local_decl(temp).name {
                    return (HowMoved::Into(name), span);
                }
                if temp == Local::RETURN {
                    return (HowMoved::Returned, span);
                }
                (self.carried(temp).unwrap_or(HowMoved::Assigned), span)
            }
            Some(_) => (HowMoved::Assigned, span),
            None => {
                let place = lost.clone();
                (self.taken_by(&block.terminator.kind, &place).unwrap_or(HowMoved::Assigned), span)
            }
        }
    }

    fn carried(&self, temp: Local) -> Option<HowMoved> {
        for block in &self.names.body.blocks {
            for statement in &block.statements {
                let StatementKind::Assign(_, Rvalue::Aggregate(kind, operands)) = &statement.kind else { continue };
                if operands.iter().any(|operand| operand.as_local() == Some(temp)) {
                    return Some(match kind {
                        Aggregate::Closure(_) => HowMoved::Captured,
                        Aggregate::Tuple | Aggregate::Array | Aggregate::Adt(..) | Aggregate::WidePointer => {
                            HowMoved::Assigned
                        }
                    });
                }
            }
            if let Some(how) = self.taken_by(&block.terminator.kind, &Place::local(temp)) {
                return Some(how);
            }
        }
        None
    }

    fn taken_by(&self, kind: &TerminatorKind, place: &Place) -> Option<HowMoved> {
        let TerminatorKind::Call { callee, args, .. } = kind else { return None };
        let position = args.iter().position(|arg| matches!(arg, Operand::Move(p) if p == place))?;
        Some(match callee {
            Callee::Fn(id, _) => {
                let def = self.names.types.program.program().fn_def(*id);
                match def.has_self && position == 0 {
                    true if def.name.as_str() == "into_iter" => HowMoved::Iterated,
                    true => HowMoved::Receiver(def.name),
                    false => HowMoved::Argument(def.name),
                }
            }
            Callee::FnTrait(..) if position == 0 => HowMoved::Called,
            _ => HowMoved::Assigned,
        })
    }

    fn implements(&self, ty: Ty, lang: &str) -> bool {
        let program = self.names.types.program;
        match program.program().lang.get(lang) {
            Some(hir::LangItem::Trait(id)) => program.implements(self.names.types.owner, ty, id),
            Some(hir::LangItem::Fn(_) | hir::LangItem::Adt(_)) | None => false,
        }
    }

    /// Moves out of places that their owner cannot give up.
    fn check_movable(&mut self, place: &Place, at: Location) {
        let body = self.names.body;
        let types = self.names.types;
        let mut ty = PlaceTy { ty: body.local_decl(place.local).ty, variant: None };
        for (index, step) in place.projection.iter().enumerate() {
            match (step, ty.ty.kind()) {
                (Projection::Deref, TyKind::Ref(mutable, _)) => {
                    return self.report_move_out(place, index, Some(*mutable), at);
                }
                (Projection::Deref, TyKind::Ptr(..)) => return self.report_move_out(place, index, None, at),
                (Projection::Index(_), _) => return self.report_element(place, index, at),
                (Projection::ConstIndex { .. } | Projection::Subslice { .. }, TyKind::Slice(_)) => {
                    return self.report_element(place, index, at);
                }
                (Projection::Field(_), TyKind::Adt(..)) => {
                    if types.program.drop_impl(ty.ty).is_some() {
                        let name = self.spoken(place, at);
                        let whole = self.names.describe_or(&place.prefix(index), "it");
                        let span = self.names.span_at(at);
                        let shown = self.names.show(ty.ty);
                        let part = types.place(&body.locals, place);
                        let can_clone = self.implements(part, "clone");
                        let text = self.names.expression(span);
                        let diagnostic = errors::move_out_of_drop(&name, &whole, &shown, span, can_clone.then_some(text));
                        return self.diags.push(diagnostic);
                    }
                }
                _ => {}
            }
            ty = types.step(ty, *step);
        }
    }

    /// The text of the use if it is short, else the place's own description.
    fn spoken(&self, place: &Place, at: Location) -> String {
        let text = self.names.snippet(self.names.span_at(at));
        if !text.is_empty() && text.len() <= 40 && !text.contains(['\n', '(', '{', '=']) {
            return format!("`{text}`");
        }
        self.names.describe_or(place, "this value")
    }

    fn report_element(&mut self, place: &Place, index: usize, at: Location) {
        let whole = self.names.describe_or(&place.prefix(index), "it");
        self.report_out_of(place, at, errors::OutOf::Element(whole));
    }

    fn report_move_out(&mut self, place: &Place, deref: usize, mutable: Option<Mutable>, at: Location) {
        if let Root::Captured { capture, kind, rest } = self.names.root(place)
            && deref < rest
        {
            let variable = self.names.typed.local(capture.local);
            let kind = match kind {
                ClosureKind::Fn | ClosureKind::FnMut => errors::OutOf::Captured(variable.name.to_string(), variable.span),
                ClosureKind::FnOnce => errors::OutOf::Borrow(variable.name.to_string(), None, Mutable::Yes),
            };
            return self.report_out_of(place, at, kind);
        }
        let pointer = place.prefix(deref);
        let Some(mutable) = mutable else {
            return self.report_out_of(place, at, errors::OutOf::Pointer);
        };
        if deref == 0
            && self.names.body.local_decl(place.local).name.is_none()
            && let Some(Definition::Index(of)) = self.names.definition(place.local)
        {
            let whole = self.names.describe_or(of, "it");
            return self.report_out_of(place, at, errors::OutOf::Element(whole));
        }
        let decl = self.names.body.local_decl(place.local);
        let declared = decl.name.map(|_| self.names.body.source(decl.source).span);
        let of = match self.names.describe(&pointer) {
            Some(name) => name,
            None => String::new(),
        };
        self.report_out_of(place, at, errors::OutOf::Borrow(of, declared, mutable));
    }

    fn report_out_of(&mut self, place: &Place, at: Location, from: errors::OutOf) {
        let name = self.spoken(place, at);
        let ty = self.names.types.place(&self.names.body.locals, place);
        let span = self.names.span_at(at);
        let can_clone = self.implements(ty, "clone");
        let text = self.names.expression(span);
        let shown = self.names.show(ty);
        self.diags.push(errors::move_out_of_borrow(&name, &shown, span, from, can_clone, text));
    }
}
