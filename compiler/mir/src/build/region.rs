//! Regions: memory in the frame, calls that open and close it, and values kept safe on their way out.

use super::{Builder, DropKind};
use crate::body::*;
use diag::Span;
use hir::ty::Ty;

impl Builder<'_> {
    /// A region as an expression: opened, its block, closed; then what it makes of the block's value.
    pub(super) fn region_into(&mut self, dest: Place, index: u32, span: Span) {
        let typed = self.typed;
        let region = &typed.regions[index as usize];
        let source = self.source(span);
        // The memory stands until the value is made.
        self.push_scope(span);
        self.region_memory(index);
        let body_dest = match region.after {
            Some((value, _)) => Place::local(self.live_variable(value)),
            // What a place outside holds must be known as a whole: it may have to be dropped.
            None if dest.is_local() => dest.clone(),
            None => Place::local(self.new_temp(self.region_ty(index), source)),
        };
        let caught = region.caught.map(|_| self.new_block());
        self.push_scope(span);
        let inner = self.scopes.len() - 1;
        if let Some(block) = caught {
            self.schedule(inner, Local::RETURN, DropKind::Catch(block));
        }
        self.close_later(index, inner, &[&body_dest, &dest]);
        if let Some(body) = region.body {
            self.in_temp_scope(span, |this| this.expr_into(body_dest.clone(), body));
        }
        self.pop_scope();
        if self.live {
            match region.after {
                Some((_, after)) => self.in_temp_scope(span, |this| this.expr_into(dest.clone(), after)),
                None if dest.is_local() => {}
                None => {
                    let ty = self.region_ty(index);
                    let value = self.types.read(body_dest, ty);
                    self.assign(source, dest.clone(), Rvalue::Use(value));
                }
            }
        }
        if let (Some(block), Some(caught)) = (caught, region.caught) {
            let join = self.new_block();
            if self.live {
                self.terminate(source, TerminatorKind::Goto(join));
            }
            self.go_to(block);
            // A variable that a `break` had given its value, on its way out, has none again.
            for local in self.outcomes(&[&dest]) {
                if local != Local::RETURN && self.locals[local.index()].name.is_some() {
                    self.push(source, StatementKind::StorageDead(local));
                    self.push(source, StatementKind::StorageLive(local));
                }
            }
            self.in_temp_scope(span, |this| this.expr_into(dest, caught));
            if self.live {
                self.terminate(source, TerminatorKind::Goto(join));
            }
            self.go_to(join);
        }
        self.pop_scope();
    }

    fn region_ty(&self, index: u32) -> Ty {
        let region = &self.typed.regions[index as usize];
        region.body.map_or(Ty::unit(), |body| self.typed.expr(body).ty)
    }

    /// A region that lasts to the end of the block that is being built.
    pub(super) fn open_region(&mut self, index: u32, dest: &Place) {
        self.region_memory(index);
        let scope = self.scopes.len() - 1;
        self.close_later(index, scope, &[dest]);
    }

    /// The record and the memory of the tasks: uninitialised, and never dropped.
    fn region_memory(&mut self, index: u32) {
        let region = &self.typed.regions[index as usize];
        let scope = self.scopes.len() - 1;
        for &place in region.record.iter().chain(&region.places) {
            let local = self.live_variable(place);
            self.schedule(scope, local, DropKind::Storage);
        }
    }

    /// Opens the region and sees to it that it is closed. Values that may be on their way out when closing raises are
    /// dropped then: the block's own, the function's result, and those of loops around.
    fn close_later(&mut self, index: u32, scope: usize, dests: &[&Place]) {
        let typed = self.typed;
        let region = &typed.regions[index as usize];
        for local in self.outcomes(dests) {
            // A variable that stands already is dropped where it was declared.
            if !self.is_scheduled(local) && self.types.needs_drop(self.locals[local.index()].ty) {
                self.schedule(scope, local, DropKind::Kept);
            }
        }
        for &call in &region.enter {
            self.in_temp_scope(region.span, |this| this.statement(call));
        }
        self.schedule(scope, Local::RETURN, DropKind::Region(index));
    }
    /// Where values may lie that are on their way out.
    fn outcomes(&self, dests: &[&Place]) -> Vec<Local> {
        let around = self.breakables.iter().map(|breakable| breakable.dest.as_local());
        let own = dests.iter().map(|dest| dest.as_local());
        let mut all: Vec<Local> = own.chain(around).chain([Some(Local::RETURN)]).flatten().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}
