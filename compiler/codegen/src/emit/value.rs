//! Values: loading and storing their scalars, copying those that have too many, constants.

use super::place::{Address, At, Spot};
use super::Emitter;
use crate::convention::{clif, leaves};
use crate::unit::{Target, space};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value, types};
use hir::ty::{FloatTy, Ty, TyKind};
use mir::body::{Const, ConstKind, Operand};
use mir::layout::{Layout, LayoutRef, Scalar, Shape, Tag};

/// A value that was computed or found.
#[derive(Clone)]
pub enum Found {
    /// One for each leaf of the layout.
    Scalars(Vec<Value>),
    Memory(Address),
}

/// Copies up to this size are written out.
const INLINE_COPY_BYTES: u64 = 64;

impl Emitter<'_, '_> {
    pub fn load_leaves(&mut self, address: Address, layout: &Layout) -> Vec<Value> {
        leaves(layout).iter().map(|leaf| self.load(clif(leaf.scalar), address.plus(leaf.offset))).collect()
    }

    pub fn store_leaves(&mut self, address: Address, layout: &Layout, values: &[Value]) {
        for (leaf, &value) in leaves(layout).iter().zip(values) {
            self.store(value, address.plus(leaf.offset));
        }
    }

    /// The scalars of a place whose layout has leaves.
    pub fn load_spot(&mut self, spot: &Spot, layout: &LayoutRef) -> Vec<Value> {
        match &spot.at {
            At::Nothing => Vec::new(),
            At::Memory { address, .. } => self.load_leaves(*address, layout),
            At::Variables { variables, offset } => {
                let mut values = Vec::new();
                for leaf in leaves(layout) {
                    let (whole, variable) = find(variables, offset + leaf.offset);
                    let value = self.builder.use_var(variable);
                    values.push(self.convert(value, whole, leaf.scalar));
                }
                values
            }
        }
    }

    pub fn store_spot(&mut self, spot: &Spot, layout: &LayoutRef, values: &[Value]) {
        match &spot.at {
            At::Nothing => {}
            At::Memory { address, .. } => self.store_leaves(*address, layout, values),
            At::Variables { variables, offset } => {
                for (leaf, &value) in leaves(layout).iter().zip(values) {
                    let (whole, variable) = find(variables, offset + leaf.offset);
                    let value = self.convert(value, leaf.scalar, whole);
                    self.builder.def_var(variable, value);
                }
            }
        }
    }

    /// The same bits as a scalar of another kind: leaves of enums are shared by variants. Widening fills with zeros.
    pub fn convert(&mut self, value: Value, from: Scalar, to: Scalar) -> Value {
        let (from_ty, to_ty) = (clif(from), clif(to));
        if from_ty == to_ty {
            return value;
        }
        let bits = MemFlagsData::new();
        if from.size() > 8 && to.size() > 8 {
            let bits = bits.with_endianness(cranelift_codegen::ir::Endianness::Little);
            return self.builder.ins().bitcast(to_ty, bits, value);
        }
        let as_int = |size: u64| match size {
            4 => types::I32,
            _ => types::I64,
        };
        let value = if from.is_float() { self.builder.ins().bitcast(as_int(from.size()), bits, value) } else { value };
        let target = if to.is_float() { as_int(to.size()) } else { to_ty };
        let width = self.builder.func.dfg.value_type(value);
        let value = if width.bits() < target.bits() {
            self.builder.ins().uextend(target, value)
        } else if width.bits() > target.bits() {
            self.builder.ins().ireduce(target, value)
        } else {
            value
        };
        if to.is_float() { self.builder.ins().bitcast(to_ty, bits, value) } else { value }
    }

    pub fn found(&mut self, spot: &Spot) -> Found {
        let layout = self.layouts.of(spot.ty);
        match (&layout.leaves, &spot.at) {
            (Some(_), _) => Found::Scalars(self.load_spot(spot, &layout)),
            (None, At::Memory { address, .. }) => Found::Memory(*address),
            (None, At::Nothing | At::Variables { .. }) => Found::Scalars(Vec::new()),
        }
    }

    pub fn put(&mut self, spot: &Spot, found: &Found) {
        let layout = self.layouts.of(spot.ty);
        match (found, &spot.at) {
            (Found::Scalars(values), _) => self.store_spot(spot, &layout, values),
            (Found::Memory(from), At::Memory { address, .. }) => self.copy(*address, *from, &layout),
            (Found::Memory(_), At::Nothing) => {}
            (Found::Memory(_), At::Variables { .. }) => panic!("bug! memory for a value in variables"),
        }
    }

    /// Copies a value from memory to memory.
    pub fn copy(&mut self, to: Address, from: Address, layout: &Layout) {
        if self.plain && layout.size > 0 {
            let size = self.builder.ins().iconst(types::I64, layout.size as i64);
            self.tell(from, size, false);
            self.tell(to, size, true);
        }
        if layout.size > INLINE_COPY_BYTES {
            let (to, from) = (self.value_of(to), self.value_of(from));
            let size = self.builder.ins().iconst(types::I64, layout.size as i64);
            self.call_row("rt_memory_copy", &[to, from, size]);
            return;
        }
        // Words, not vectors: the processor forwards a stored word to a load of the same word only.
        let mut offset = 0;
        while offset < layout.size {
            let rest = layout.size - offset;
            let ty: Type = match rest.min(layout.align.max(1)) {
                _ if rest >= 8 => types::I64,
                4.. if rest >= 4 => types::I32,
                _ if rest >= 4 => types::I32,
                _ if rest >= 2 => types::I16,
                _ => types::I8,
            };
            let value = self.load_unaligned(ty, from.plus(offset));
            self.store_unaligned(value, to.plus(offset));
            offset += u64::from(ty.bytes());
        }
    }

    fn load_unaligned(&mut self, ty: Type, address: Address) -> Value {
        let start = self.value_of(address);
        self.builder.ins().load(ty, MemFlagsData::new().with_notrap(), start, 0)
    }

    fn store_unaligned(&mut self, value: Value, address: Address) {
        let start = self.value_of(address);
        self.builder.ins().store(MemFlagsData::new().with_notrap(), value, start, 0);
    }

    pub fn operand_ty(&self, operand: &Operand) -> Ty {
        match operand {
            Operand::Copy(place) | Operand::Move(place) => self.ty_of(place),
            Operand::Const(constant) => constant.ty,
        }
    }

    pub fn operand(&mut self, operand: &Operand) -> Found {
        match operand {
            Operand::Copy(place) | Operand::Move(place) => {
                let spot = self.place(place);
                self.found(&spot)
            }
            Operand::Const(constant) => Found::Scalars(self.const_scalars(constant)),
        }
    }

    /// The scalars of an operand whose type has leaves.
    pub fn scalars(&mut self, operand: &Operand) -> Vec<Value> {
        match self.operand(operand) {
            Found::Scalars(values) => values,
            Found::Memory(_) => panic!("bug! a large value where scalars are needed"),
        }
    }

    /// The one scalar of an operand.
    pub fn scalar(&mut self, operand: &Operand) -> Value {
        match self.scalars(operand).first() {
            Some(&value) => value,
            None => panic!("bug! a value without bytes ({}) where a scalar is needed", self.unit.show(self.operand_ty(operand))),
        }
    }

    fn const_scalars(&mut self, constant: &Const) -> Vec<Value> {
        let layout = self.layouts.of(constant.ty);
        match &constant.kind {
            ConstKind::Zero => leaves(&layout).to_vec().iter().map(|leaf| self.zero(clif(leaf.scalar))).collect(),
            ConstKind::Int(value) => match leaves(&layout).first() {
                Some(leaf) => vec![self.int(clif(leaf.scalar), value.get())],
                None => Vec::new(),
            },
            ConstKind::Float(bits) => vec![match constant.ty.kind() {
                TyKind::Float(FloatTy::F32) => self.builder.ins().f32const(f64::from_bits(*bits) as f32),
                _ => self.builder.ins().f64const(f64::from_bits(*bits)),
            }],
            ConstKind::Str(text) => {
                let at = self.constant(text.as_bytes());
                let mut len = Some(self.builder.ins().iconst(types::I64, text.len() as i64));
                let list = leaves(&layout).to_vec();
                // `&str`: address and length. `String`: the same, and no capacity.
                list.iter()
                    .map(|leaf| match leaf.scalar {
                        Scalar::Pointer => at,
                        Scalar::I64 => len.take().unwrap_or_else(|| self.builder.ins().iconst(types::I64, 0)),
                        other => self.zero(clif(other)),
                    })
                    .collect()
            }
            ConstKind::Bytes(bytes) => {
                let at = self.constant(bytes);
                if leaves(&layout).len() == 2 {
                    let len = self.builder.ins().iconst(types::I64, bytes.len() as i64);
                    return vec![at, len];
                }
                vec![at]
            }
            ConstKind::Function(id) => {
                let is_extern = matches!(constant.ty.kind(), TyKind::FnPtr(pointer) if pointer.is_extern);
                let space = if is_extern { space::WRAPPER } else { space::FUNCTION };
                vec![self.address_of(Target { space, index: id.0 })]
            }
            ConstKind::Static(id) => vec![self.address_of(self.unit.static_item(*id))],
            ConstKind::Vtable(index) => vec![self.address_of(Target { space: space::VTABLE, index: *index })],
            ConstKind::Param(_) | ConstKind::Item(..) => panic!("bug! a generic constant in a concrete body"),
        }
    }

    /// An integer constant from its value.
    pub fn int(&mut self, ty: Type, value: i128) -> Value {
        let bits = value as u64 & (u64::MAX >> (64 - ty.bits()));
        self.builder.ins().iconst(ty, bits as i64)
    }

    /// Writes which variant an enum place holds.
    pub fn write_tag(&mut self, spot: &Spot, variant: u32) {
        let layout = self.layouts.of(spot.ty);
        if let Some((offset, scalar, bits)) = layout.tag_bits(variant) {
            let value = self.int(clif(scalar), i128::from(bits));
            match &spot.at {
                At::Nothing => {}
                At::Memory { address, .. } => self.store(value, address.plus(offset)),
                At::Variables { variables, offset: start } => {
                    let (whole, variable) = find(variables, start + offset);
                    let value = self.convert(value, scalar, whole);
                    self.builder.def_var(variable, value);
                }
            }
        }
    }

    /// The number of the variant that an enum place holds, as `int`.
    pub fn read_tag(&mut self, spot: &Spot) -> Value {
        let layout = self.layouts.of(spot.ty);
        let Shape::Enum { tag, variants } = &layout.shape else {
            return self.builder.ins().iconst(types::I64, 0);
        };
        match *tag {
            Tag::None => self.builder.ins().iconst(types::I64, 0),
            Tag::Direct { offset, scalar } => {
                let value = self.load_scalar_at(spot, offset, scalar);
                if scalar == Scalar::I64 { value } else { self.builder.ins().uextend(types::I64, value) }
            }
            Tag::Niche { offset, scalar, payload, start } => {
                let value = self.load_scalar_at(spot, offset, scalar);
                self.niche_variant(value, scalar, payload, start, variants.len() as u32)
            }
        }
    }

    fn niche_variant(&mut self, value: Value, scalar: Scalar, payload: u32, start: u64, count: u32) -> Value {
        use cranelift_codegen::ir::condcodes::IntCC;
        let first = self.int(clif(scalar), i128::from(start));
        if count == 2 {
            // 0 or 1 straight from the comparison, so that a switch on it fuses.
            let code = if payload == 0 { IntCC::Equal } else { IntCC::NotEqual };
            let is = self.builder.ins().icmp(code, value, first);
            return self.builder.ins().uextend(types::I64, is);
        }
        let relative = self.builder.ins().isub(value, first);
        let relative = if clif(scalar) == types::I64 { relative } else { self.builder.ins().uextend(types::I64, relative) };
        let others = self.builder.ins().iconst(types::I64, i64::from(count) - 1);
        let is_other = self.builder.ins().icmp(IntCC::UnsignedLessThan, relative, others);
        // The empty variants are numbered without the payload's.
        let skip = self.builder.ins().iconst(types::I64, i64::from(payload));
        let behind = self.builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, relative, skip);
        let behind = self.builder.ins().uextend(types::I64, behind);
        let other = self.builder.ins().iadd(relative, behind);
        self.builder.ins().select(is_other, other, skip)
    }

    fn load_scalar_at(&mut self, spot: &Spot, offset: u64, scalar: Scalar) -> Value {
        match &spot.at {
            At::Nothing => panic!("bug! a tag in a value without bytes"),
            At::Memory { address, .. } => self.load(clif(scalar), address.plus(offset)),
            At::Variables { variables, offset: start } => {
                let (whole, variable) = find(variables, start + offset);
                let value = self.builder.use_var(variable);
                self.convert(value, whole, scalar)
            }
        }
    }
}

fn find(variables: &[(mir::layout::Leaf, cranelift_frontend::Variable)], offset: u64) -> (Scalar, cranelift_frontend::Variable) {
    match variables.iter().find(|(leaf, _)| leaf.offset == offset) {
        Some(&(leaf, variable)) => (leaf.scalar, variable),
        None => panic!("bug! no scalar at offset {offset}"),
    }
}
