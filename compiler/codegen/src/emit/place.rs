//! Places: which variables or which memory a path of projections leads to.

use super::{Emitter, Home};
use crate::convention::leaves;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, StackSlot, Type, Value, types};
use cranelift_frontend::Variable;
use hir::ty::{Ty, TyKind};
use mir::body::{Place, Projection};
use mir::layout::{LayoutRef, Leaf, Metadata, Shape};

/// Beyond every frame.
const BESIDE: i32 = 1 << 30;

/// A place in memory.
#[derive(Clone, Copy)]
pub struct Address {
    base: Base,
    offset: i64,
}

#[derive(Clone, Copy)]
enum Base {
    Value(Value),
    Slot(StackSlot),
}

impl Address {
    pub fn at(value: Value) -> Address {
        Address { base: Base::Value(value), offset: 0 }
    }

    pub fn slot(slot: StackSlot) -> Address {
        Address { base: Base::Slot(slot), offset: 0 }
    }

    pub fn plus(self, offset: u64) -> Address {
        Address { offset: self.offset + offset as i64, ..self }
    }
}

/// Where a projected place is.
#[derive(Clone)]
pub struct Spot {
    pub ty: Ty,
    /// After `Downcast`.
    pub variant: u32,
    pub at: At,
}

#[derive(Clone)]
pub enum At {
    /// No bytes.
    Nothing,
    /// Part of a local that lives in variables: those of its scalars that lie from `offset` on.
    Variables { variables: Vec<(Leaf, Variable)>, offset: u64 },
    /// With the metadata if the type is unsized.
    Memory { address: Address, metadata: Option<Value> },
}

impl Emitter<'_, '_> {
    /// A memory access to an address that is known to be good.
    pub fn flags(&self) -> MemFlagsData {
        MemFlagsData::trusted()
    }

    /// Of a vector nothing is said of where it lies: it may be among the words of a frame.
    fn flags_for(&self, ty: Type) -> MemFlagsData {
        if ty.is_vector() { MemFlagsData::new().with_notrap() } else { self.flags() }
    }

    /// Tells the runtime of an access, where that is wanted and others could make one to the same place.
    pub fn tell(&mut self, address: Address, size: Value, writes: bool) {
        if !self.plain || matches!(address.base, Base::Slot(_)) {
            return;
        }
        let fiber = self.builder.ins().get_pinned_reg(types::I64);
        let at = self.value_of(address);
        let writes = self.builder.ins().iconst(types::I64, i64::from(writes));
        self.call_row("rt_observe_plain", &[fiber, at, size, writes]);
    }

    fn tell_access(&mut self, address: Address, ty: Type, writes: bool) {
        if self.plain {
            let size = self.builder.ins().iconst(types::I64, i64::from(ty.bytes()));
            self.tell(address, size, writes);
        }
    }

    pub fn load(&mut self, ty: Type, address: Address) -> Value {
        self.tell_access(address, ty, false);
        let (base, offset) = self.base(address);
        let flags = self.flags_for(ty);
        match base {
            Base::Value(base) => self.builder.ins().load(ty, flags, base, offset),
            Base::Slot(slot) => {
                let base = self.builder.ins().stack_addr(types::I64, slot, 0);
                self.builder.ins().load(ty, flags, base, offset)
            }
        }
    }

    pub fn store(&mut self, value: Value, address: Address) {
        self.tell_access(address, self.builder.func.dfg.value_type(value), true);
        let (base, offset) = self.base(address);
        let flags = self.flags_for(self.builder.func.dfg.value_type(value));
        match base {
            Base::Value(base) => self.builder.ins().store(flags, value, base, offset),
            Base::Slot(slot) => {
                let base = self.builder.ins().stack_addr(types::I64, slot, 0);
                self.builder.ins().store(flags, value, base, offset)
            }
        };
    }

    fn base(&mut self, address: Address) -> (Base, i32) {
        match i32::try_from(address.offset) {
            Ok(offset) => (address.base, offset),
            Err(_) => {
                let start = self.value_of(Address { offset: 0, ..address });
                (Base::Value(self.builder.ins().iadd_imm_s(start, address.offset)), 0)
            }
        }
    }

    /// The address as a number.
    pub fn value_of(&mut self, address: Address) -> Value {
        match address.base {
            Base::Value(base) if address.offset == 0 => base,
            Base::Value(base) => self.builder.ins().iadd_imm_s(base, address.offset),
            // Written in another way on the way out of a panic: as the same value it would be kept for there from where it
            // was first made, through every call that may raise.
            Base::Slot(slot) if self.in_cleanup => {
                let beside = self.builder.ins().stack_addr(types::I64, slot, address.offset as i32 + BESIDE);
                self.builder.ins().iadd_imm_s(beside, -i64::from(BESIDE))
            }
            Base::Slot(slot) => self.builder.ins().stack_addr(types::I64, slot, address.offset as i32),
        }
    }

    pub fn ty_of(&self, place: &Place) -> Ty {
        let mut ty = self.body.locals[place.local.index()].ty;
        let mut variant = 0;
        for step in &place.projection {
            ty = match *step {
                Projection::Deref => self.layouts.pointee(ty),
                Projection::Field(field) => self.layouts.field(ty, variant, field),
                Projection::Index(_) | Projection::ConstIndex { .. } => self.layouts.element(ty),
                Projection::Subslice { from, to } => self.subslice_ty(ty, from, to),
                Projection::Downcast(_) => ty,
            };
            variant = if let Projection::Downcast(variant) = *step { variant } else { 0 };
        }
        ty
    }

    fn subslice_ty(&self, ty: Ty, from: u32, to: u32) -> Ty {
        match *ty.kind() {
            TyKind::Array(of, len) => match *len.kind() {
                TyKind::Const(len) => Ty::array(of, len - i64::from(from) - i64::from(to)),
                _ => panic!("bug! an array of unknown length"),
            },
            _ => ty,
        }
    }

    pub fn place(&mut self, place: &Place) -> Spot {
        let layout = self.local_layouts[place.local.index()].clone();
        let at = match self.homes[place.local.index()].clone() {
            Home::Nothing => At::Nothing,
            Home::Memory(address) => At::Memory { address, metadata: None },
            Home::Variables(variables) => {
                let variables = leaves(&layout).iter().copied().zip(variables).collect();
                At::Variables { variables, offset: 0 }
            }
        };
        let mut spot = Spot { ty: layout.ty, variant: 0, at };
        for step in &place.projection {
            spot = self.step(spot, *step);
        }
        spot
    }

    fn step(&mut self, spot: Spot, step: Projection) -> Spot {
        match step {
            Projection::Downcast(variant) => Spot { variant, ..spot },
            Projection::Deref => self.deref(&spot),
            Projection::Field(field) => self.field(spot, field),
            Projection::Index(local) => {
                let layout = self.local_layouts[local.index()].clone();
                let index = self.load_local(local, &layout)[0];
                self.element(spot, index)
            }
            Projection::ConstIndex { offset, from_end } => {
                let element = self.layouts.element(spot.ty);
                let size = self.layouts.of(element).size;
                match (from_end, self.array_len(spot.ty)) {
                    (false, _) => Spot { ty: element, variant: 0, at: part(spot.at, u64::from(offset) * size) },
                    (true, Some(len)) => {
                        Spot { ty: element, variant: 0, at: part(spot.at, (len - u64::from(offset)) * size) }
                    }
                    (true, None) => {
                        let len = metadata(&spot);
                        let index = self.builder.ins().iadd_imm_s(len, -i64::from(offset));
                        self.element(spot, index)
                    }
                }
            }
            Projection::Subslice { from, to } => {
                let size = self.layouts.of(self.layouts.element(spot.ty)).size;
                let ty = self.subslice_ty(spot.ty, from, to);
                let at = match spot.at {
                    At::Memory { address, metadata } => {
                        let cut = -i64::from(from) - i64::from(to);
                        let metadata = metadata.map(|len| self.builder.ins().iadd_imm_s(len, cut));
                        At::Memory { address: address.plus(u64::from(from) * size), metadata }
                    }
                    at => at,
                };
                Spot { ty, variant: 0, at }
            }
        }
    }

    fn array_len(&self, ty: Ty) -> Option<u64> {
        match self.layouts.of(ty).shape {
            Shape::Array { count } => Some(count),
            _ => None,
        }
    }

    fn deref(&mut self, spot: &Spot) -> Spot {
        let pointee = self.layouts.pointee(spot.ty);
        let layout = self.layouts.of(spot.ty);
        let scalars = self.load_spot(spot, &layout);
        // A wide pointer holds two, a `Box` may have more behind (an allocator of some size): the pointer comes first.
        let wide = self.layouts.metadata(pointee) != Metadata::None;
        self.pointed(pointee, scalars[0], wide.then(|| scalars[1]))
    }

    /// The place behind an address.
    pub fn pointed(&mut self, pointee: Ty, address: Value, metadata: Option<Value>) -> Spot {
        let layout = self.layouts.of(pointee);
        let at =
            if layout.is_zero_sized() { At::Nothing } else { At::Memory { address: Address::at(address), metadata } };
        Spot { ty: pointee, variant: 0, at }
    }

    pub fn field_of(&mut self, spot: &Spot, field: u32) -> Spot {
        self.field(spot.clone(), field)
    }

    fn field(&mut self, spot: Spot, field: u32) -> Spot {
        let ty = self.layouts.field(spot.ty, spot.variant, field);
        let layout = self.layouts.of(spot.ty);
        let offset = match &layout.shape {
            Shape::Struct { offsets } => offsets[field as usize],
            Shape::Enum { variants, .. } => variants[spot.variant as usize][field as usize],
            _ => 0,
        };
        let inner = self.layouts.of(ty);
        if inner.is_zero_sized() {
            return Spot { ty, variant: 0, at: At::Nothing };
        }
        let at = match spot.at {
            At::Memory { address, metadata: Some(metadata) } if inner.unsized_tail => {
                // Behind a fixed part whose end is known; a `dyn`'s alignment stands in its table.
                let address = match self.layouts.metadata(ty) {
                    Metadata::Table => {
                        let align = self.table_word(metadata, 2);
                        let start = self.value_of(address);
                        let unaligned = self.builder.ins().iadd_imm_s(start, offset as i64);
                        // The start is aligned for the whole, so rounding the address rounds the offset.
                        Address::at(self.round_up(unaligned, align))
                    }
                    Metadata::Length | Metadata::None => address.plus(offset),
                };
                At::Memory { address, metadata: Some(metadata) }
            }
            At::Memory { address, .. } => At::Memory { address: address.plus(offset), metadata: None },
            at => part(at, offset),
        };
        Spot { ty, variant: 0, at }
    }

    /// `value` up to a multiple of `align`, a power of two.
    pub fn round_up(&mut self, value: Value, align: Value) -> Value {
        let less = self.builder.ins().iadd_imm_s(align, -1);
        let sum = self.builder.ins().iadd(value, less);
        let mask = self.builder.ins().ineg(align);
        self.builder.ins().band(sum, mask)
    }

    pub fn element(&mut self, spot: Spot, index: Value) -> Spot {
        let ty = self.layouts.element(spot.ty);
        let size = self.layouts.of(ty).size;
        let at = match spot.at {
            At::Memory { address, .. } if size > 0 => {
                let start = self.value_of(address);
                At::Memory { address: Address::at(self.index_address(start, index, size)), metadata: None }
            }
            At::Memory { .. } | At::Nothing => At::Nothing,
            At::Variables { .. } => panic!("bug! an indexed array in variables"),
        };
        Spot { ty, variant: 0, at }
    }

    /// `start + index * size`
    pub fn index_address(&mut self, start: Value, index: Value, size: u64) -> Value {
        let distance = match size {
            1 => index,
            _ if size.is_power_of_two() => self.builder.ins().ishl_imm_u(index, i64::from(size.trailing_zeros())),
            _ => self.builder.ins().imul_imm_s(index, size as i64),
        };
        self.builder.ins().iadd(start, distance)
    }

    /// A word of a table: 0 the drop glue, 1 the size, 2 the alignment, then the methods.
    pub fn table_word(&mut self, table: Value, word: i32) -> Value {
        let flags = self.flags().with_readonly().with_can_move();
        self.builder.ins().load(types::I64, flags, table, word * 8)
    }

    /// Address and metadata of a place, as a pointer to it has them.
    pub fn pointer_to(&mut self, spot: &Spot) -> Vec<Value> {
        match &spot.at {
            At::Nothing => {
                // Nobody reads it; it must only look like an address.
                let align = self.layouts.of(spot.ty).align;
                vec![self.builder.ins().iconst(types::I64, align as i64)]
            }
            At::Memory { address, metadata } => {
                let mut pointer = vec![self.value_of(*address)];
                if self.layouts.metadata(spot.ty) != Metadata::None {
                    pointer.extend(*metadata);
                }
                pointer
            }
            At::Variables { .. } => panic!("bug! the address of a local in variables"),
        }
    }

    pub fn len_of(&mut self, place: &Place) -> Value {
        let ty = self.ty_of(place);
        match self.array_len(ty) {
            Some(len) => self.builder.ins().iconst(types::I64, len as i64),
            None => {
                let spot = self.place(place);
                metadata(&spot)
            }
        }
    }

    /// Size and alignment of a value behind a pointer.
    pub fn size_and_align(&mut self, ty: Ty, metadata: Option<Value>) -> (Value, Value) {
        let layout: LayoutRef = self.layouts.of(ty);
        let constant = |emitter: &mut Self, n: u64| emitter.builder.ins().iconst(types::I64, n as i64);
        match (ty.kind(), metadata) {
            (TyKind::Str | TyKind::Slice(_), Some(len)) => {
                let size = self.layouts.of(self.layouts.element(ty)).size;
                (self.builder.ins().imul_imm_s(len, size as i64), constant(self, layout.align))
            }
            (TyKind::Dyn(_), Some(table)) => (self.table_word(table, 1), self.table_word(table, 2)),
            (TyKind::Adt(..), Some(_)) if layout.unsized_tail => {
                let last = self.layouts.fields(ty, 0).len() as u32 - 1;
                let offset = match &layout.shape {
                    Shape::Struct { offsets } => offsets[last as usize],
                    _ => panic!("bug! an unsized value that is no struct"),
                };
                let (size, align) = self.size_and_align(self.layouts.field(ty, 0, last), metadata);
                let fixed = constant(self, layout.align);
                let larger = self.builder.ins().icmp(IntCC::UnsignedGreaterThan, align, fixed);
                let whole = self.builder.ins().select(larger, align, fixed);
                let start = constant(self, offset);
                let start = self.round_up(start, align);
                let end = self.builder.ins().iadd(start, size);
                (self.round_up(end, whole), whole)
            }
            _ => (constant(self, layout.size), constant(self, layout.align)),
        }
    }
}

/// The part of a place that begins at an offset.
fn part(at: At, by: u64) -> At {
    match at {
        At::Nothing => At::Nothing,
        At::Variables { variables, offset } => At::Variables { variables, offset: offset + by },
        At::Memory { address, metadata } => At::Memory { address: address.plus(by), metadata },
    }
}

fn metadata(spot: &Spot) -> Value {
    match &spot.at {
        At::Memory { metadata: Some(metadata), .. } => *metadata,
        _ => panic!("bug! an unsized place without metadata"),
    }
}
