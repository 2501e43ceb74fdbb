//! Places: which bytes a path of projections leads to.

use crate::eval::{Machine, Step, Stop};
use crate::memory::{Pointer, Value};
use hir::ty::{Ty, TyKind};
use mir::body::{Body, Local, Place, Projection};
use mir::layout::{Metadata, Shape};

/// A place in memory, with the metadata if its type is unsized.
#[derive(Clone, Debug)]
pub struct Spot {
    pub ty: Ty,
    /// After `Downcast`.
    pub variant: u32,
    pub at: Pointer,
    pub metadata: Option<Value>,
}

impl Machine<'_> {
    pub fn local_spot(&mut self, body: &Body, local: Local) -> Step<Spot> {
        let at = self.local(local)?;
        Ok(Spot { ty: body.locals[local.index()].ty, variant: 0, at, metadata: None })
    }

    pub fn place(&mut self, body: &Body, place: &Place) -> Step<Spot> {
        let mut spot = self.local_spot(body, place.local)?;
        for step in &place.projection {
            spot = self.step(body, spot, *step)?;
        }
        Ok(spot)
    }

    /// The type of a place, found without looking at memory.
    pub fn ty_of(&self, body: &Body, place: &Place) -> Ty {
        let mut ty = body.locals[place.local.index()].ty;
        let mut variant = 0;
        for step in &place.projection {
            ty = match *step {
                Projection::Deref => self.layouts().pointee(ty),
                Projection::Field(field) => self.layouts().field(ty, variant, field),
                Projection::Index(_) | Projection::ConstIndex { .. } => self.layouts().element(ty),
                Projection::Subslice { from, to } => subslice_ty(ty, from, to),
                Projection::Downcast(_) => ty,
            };
            variant = if let Projection::Downcast(variant) = *step { variant } else { 0 };
        }
        ty
    }

    fn step(&mut self, body: &Body, spot: Spot, step: Projection) -> Step<Spot> {
        Ok(match step {
            Projection::Downcast(variant) => Spot { variant, ..spot },
            Projection::Deref => self.deref(&spot)?,
            Projection::Field(field) => self.field(spot, field),
            Projection::Index(local) => {
                let index = self.local_spot(body, local)?;
                let index = self.read_scalar(&index)?.bits() as u64;
                self.element(spot, index)
            }
            Projection::ConstIndex { offset, from_end } => {
                let index = if from_end { self.len(&spot)? - u64::from(offset) } else { u64::from(offset) };
                self.element(spot, index)
            }
            Projection::Subslice { from, to } => {
                let size = self.layouts().of(self.layouts().element(spot.ty)).size;
                let metadata = match &spot.metadata {
                    Some(len) => Some(Value::int(len.bits() as u64 - u64::from(from) - u64::from(to), 8)),
                    None => None,
                };
                Spot { ty: subslice_ty(spot.ty, from, to), variant: 0, at: spot.at.plus(u64::from(from) * size), metadata }
            }
        })
    }

    fn deref(&mut self, spot: &Spot) -> Step<Spot> {
        let pointee = self.layouts().pointee(spot.ty);
        let wide = self.layouts().metadata(pointee) != Metadata::None;
        // A `Box` may have more behind its pointer.
        let value = self.check(|memory| memory.read(spot.at, if wide { 16 } else { 8 }))?;
        if !value.is_written() {
            return self.violation("follows a pointer that was never given, or was moved away");
        }
        Ok(Spot { ty: pointee, variant: 0, at: value.as_pointer(), metadata: if wide { value.second_word() } else { None } })
    }

    pub fn field(&mut self, spot: Spot, field: u32) -> Spot {
        let ty = self.layouts().field(spot.ty, spot.variant, field);
        let layout = self.layouts().of(spot.ty);
        let offset = match &layout.shape {
            Shape::Struct { offsets } => offsets[field as usize],
            Shape::Enum { variants, .. } => variants[spot.variant as usize][field as usize],
            _ => 0,
        };
        Spot { ty, variant: 0, at: spot.at.plus(offset), metadata: None }
    }

    pub fn element(&mut self, spot: Spot, index: u64) -> Spot {
        let ty = self.layouts().element(spot.ty);
        let size = self.layouts().of(ty).size;
        Spot { ty, variant: 0, at: spot.at.plus(index.wrapping_mul(size)), metadata: None }
    }

    pub fn len(&mut self, spot: &Spot) -> Step<u64> {
        match (&self.layouts().of(spot.ty).shape, &spot.metadata) {
            (Shape::Array { count }, _) => Ok(*count),
            (_, Some(len)) => Ok(len.bits() as u64),
            _ => Err(Stop::Unsupported("the length of what has none".into())),
        }
    }

    /// How many bytes a place has.
    pub fn size_of(&self, ty: Ty, metadata: Option<&Value>) -> Step<(u64, u64)> {
        let layout = self.layouts().of(ty);
        match (ty.kind(), metadata) {
            (TyKind::Str | TyKind::Slice(_), Some(len)) => {
                let element = self.layouts().of(self.layouts().element(ty)).size;
                Ok(((len.bits() as u64).wrapping_mul(element), layout.align))
            }
            (TyKind::Dyn(_), Some(table)) => {
                let concrete = self.layouts().of(self.table(table)?.ty);
                Ok((concrete.size, concrete.align))
            }
            _ if layout.unsized_tail => Err(Stop::Unsupported(format!("the size of `{}`", self.show(ty)))),
            _ => Ok((layout.size, layout.align)),
        }
    }

    /// A pointer to a place, as a value.
    pub fn pointer_value(&self, spot: &Spot, at: Pointer) -> Value {
        let mut value = Value::pointer(at);
        if self.layouts().metadata(spot.ty) != Metadata::None
            && let Some(metadata) = &spot.metadata
        {
            value.bytes.extend_from_slice(&metadata.bytes);
            value.written.extend_from_slice(&metadata.written);
        }
        value
    }
}

fn subslice_ty(ty: Ty, from: u32, to: u32) -> Ty {
    match *ty.kind() {
        TyKind::Array(of, len) => match *len.kind() {
            TyKind::Const(len) => Ty::array(of, len - i64::from(from) - i64::from(to)),
            _ => ty,
        },
        _ => ty,
    }
}
