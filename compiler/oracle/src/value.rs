//! Operands, constants, tags of enums.

use crate::eval::{Machine, Step};
use crate::memory::{Kind, Pointer, Value};
use crate::place::Spot;
use hir::ty::{FloatTy, Ty, TyKind};
use mir::body::{Body, Const, ConstKind, Operand};
use mir::layout::{Layout, Scalar, Shape, Tag};

impl Machine<'_> {
    /// The value of a place. One that is a single scalar has to be there; parts of larger ones may lack theirs.
    pub fn read(&mut self, spot: &Spot) -> Step<Value> {
        let layout = self.layouts().of(spot.ty);
        let value = self.check(|memory| memory.read(spot.at, layout.size))?;
        if matches!(layout.shape, Shape::Scalar(_) | Shape::WidePointer) && !value.is_written() {
            return self.violation(&format!("uses a `{}` that was never given, or was moved away", self.show(spot.ty)));
        }
        Ok(value)
    }

    pub fn read_scalar(&mut self, spot: &Spot) -> Step<Value> {
        let value = self.read(spot)?;
        if !value.is_written() {
            return self.violation("uses a value that was never given, or was moved away");
        }
        Ok(value)
    }

    pub fn write(&mut self, spot: &Spot, value: &Value) -> Step<()> {
        self.check(|memory| memory.write(spot.at, value))
    }

    pub fn operand_ty(&self, body: &Body, operand: &Operand) -> Ty {
        match operand {
            Operand::Copy(place) | Operand::Move(place) => self.ty_of(body, place),
            Operand::Const(constant) => constant.ty,
        }
    }

    pub fn operand(&mut self, body: &Body, operand: &Operand) -> Step<Value> {
        match operand {
            Operand::Copy(place) => {
                let spot = self.place(body, place)?;
                self.read(&spot)
            }
            Operand::Move(place) => {
                let spot = self.place(body, place)?;
                let value = self.read(&spot)?;
                // Without a destructor another copy of it does no harm: what it may still access, its tag says.
                if self.needs_drop(spot.ty) {
                    self.check(|memory| memory.forget(spot.at, value.size()))?;
                }
                Ok(value)
            }
            Operand::Const(constant) => Ok(self.constant(constant)),
        }
    }

    /// An operand that must be there whole.
    pub fn scalar(&mut self, body: &Body, operand: &Operand) -> Step<Value> {
        let value = self.operand(body, operand)?;
        if !value.is_written() {
            return self.violation("uses a value that was never given, or was moved away");
        }
        Ok(value)
    }

    fn constant(&mut self, constant: &Const) -> Value {
        let layout = self.layouts().of(constant.ty);
        let first = layout.leaves.iter().flatten().next().map_or(0, |leaf| leaf.scalar.size());
        match &constant.kind {
            ConstKind::Zero => Value { written: vec![true; layout.size as usize], ..Value::unwritten(layout.size) },
            ConstKind::Int(value) => Value::wide(value.get() as u128, first),
            ConstKind::Float(bits) => match constant.ty.kind() {
                TyKind::Float(FloatTy::F32) => Value::int(u64::from((f64::from_bits(*bits) as f32).to_bits()), 4),
                _ => Value::int(*bits, 8),
            },
            ConstKind::Str(text) => {
                let at = self.bytes(text.as_bytes());
                self.text(&layout, at, text.len() as u64)
            }
            ConstKind::Bytes(bytes) => {
                let at = self.bytes(bytes);
                self.text(&layout, at, bytes.len() as u64)
            }
            ConstKind::Function(id) => Value::pointer(Pointer::number(self.function_address(*id))),
            ConstKind::Static(id) => {
                let at = self.static_pointer(*id);
                Value::pointer(at)
            }
            ConstKind::Vtable(index) => Value::int(u64::from(*index), 8),
            ConstKind::Param(_) | ConstKind::Item(..) => panic!("bug! a generic constant in a concrete body"),
        }
    }

    /// `&str`: address and length. `String`: the same, and no capacity. A reference to an array: the address.
    fn text(&mut self, layout: &Layout, at: Pointer, len: u64) -> Value {
        let mut value = Value { written: vec![true; layout.size as usize], ..Value::unwritten(layout.size) };
        let mut len = Some(len);
        for leaf in layout.leaves.iter().flatten() {
            let part = match leaf.scalar {
                Scalar::Pointer => Value::pointer(at),
                Scalar::I64 => Value::int(len.take().unwrap_or(0), 8),
                other => Value::int(0, other.size()),
            };
            value.put(leaf.offset, &part);
        }
        value
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> Pointer {
        if let Some(&known) = self.constants.get(bytes) {
            return self.memory.owner(known);
        }
        let piece = self.memory.add(bytes.len() as u64, 1, Kind::Constant);
        self.memory.initialise(piece, &Value { bytes: bytes.to_vec(), written: vec![true; bytes.len()], pointers: Vec::new() });
        self.constants.insert(bytes.to_vec(), piece);
        self.memory.owner(piece)
    }

    /// Writes which variant an enum place holds.
    pub fn write_tag(&mut self, spot: &Spot, variant: u32) -> Step<()> {
        match self.layouts().of(spot.ty).tag_bits(variant) {
            Some((offset, scalar, bits)) => {
                let at = spot.at.plus(offset);
                self.check(|memory| memory.write(at, &Value::int(bits, scalar.size())))
            }
            None => Ok(()),
        }
    }

    /// The number of the variant that an enum place holds.
    pub fn read_tag(&mut self, spot: &Spot) -> Step<u64> {
        let layout = self.layouts().of(spot.ty);
        let Shape::Enum { tag, .. } = &layout.shape else { return Ok(0) };
        let (offset, scalar) = match *tag {
            Tag::None => return Ok(0),
            Tag::Direct { offset, scalar } | Tag::Niche { offset, scalar, .. } => (offset, scalar),
        };
        let value = self.check(|memory| memory.read_tag(spot.at.plus(offset), scalar.size()))?;
        if !value.is_written() {
            return self.violation("asks for the variant of a value that was never given");
        }
        Ok(layout.variant_of(value.bits() as u64))
    }
}
