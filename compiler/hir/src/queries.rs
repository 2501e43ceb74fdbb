//! (stub: what later phases ask of a typed program)
#![allow(unused_variables)]

use crate::ids::*;
use crate::program::Program;
use crate::ty::{Args, Ty};
use crate::typed::{Body, ClosureKind};
use std::sync::Arc;

pub struct TypedProgram {
    program: Program,
}

pub enum Resolved {
    Fn(FnId, Args),
    Virtual(u32),
    CloneByCopy,
    FnTrait(ClosureKind),
}

impl TypedProgram {
    pub fn program(&self) -> &Program {
        &self.program
    }
    pub fn body(&self, id: FnId) -> Option<Arc<Body>> {
        todo!()
    }
    pub fn is_copy(&self, owner: FnId, ty: Ty) -> bool {
        todo!()
    }
    pub fn needs_drop(&self, owner: FnId, ty: Ty) -> bool {
        todo!()
    }
    pub fn implements(&self, owner: FnId, ty: Ty, trait_id: TraitId) -> bool {
        todo!()
    }
    pub fn normalize(&self, owner: FnId, ty: Ty) -> Ty {
        todo!()
    }
    pub fn field_ty(&self, owner: FnId, adt: AdtId, args: Args, variant: u32, field: u32) -> Ty {
        todo!()
    }
    pub fn drop_impl(&self, ty: Ty) -> Option<(FnId, Args)> {
        todo!()
    }
    pub fn resolve(&self, id: FnId, args: Args) -> Resolved {
        todo!()
    }
    pub fn dyn_methods(&self, dyn_ty: Ty) -> Vec<(FnId, Args)> {
        todo!()
    }
}
