//! How concrete types lie in memory, and into which scalars they come apart.
//!
//! Every backend and every pass that needs a size asks here. Rules:
//! - fields of a struct or tuple are reordered by falling alignment unless `repr_c`; a last field that may be unsized stays
//!   last, so that a sized and an unsized instance of the struct agree; `cache_line` types are 64-aligned and padded;
//! - an enum without fields is its tag; the tag is the smallest integer that holds it (u8, u16, …), at offset 0; variants
//!   overlap behind it, their fields by rising alignment (small ones fit beside the tag);
//! - an enum with one variant has no tag; `Option`-like enums (one variant with data, the others without) use the niche of
//!   the data where it has one at a known offset: null for `Option<&T>`, `Option<Box<T>>`, `Option<Vec<T>>`, …; `bool`,
//!   `char` and enum tags have niches too;
//! - wide pointers (`&[T]`, `&str`, `&dyn T` and the same for raw ones) are two words: address, then length or table.

use crate::fast::FastMap;
use hir::ids::{AdtId, ClosureId};
use hir::ty::{Args, FloatTy, IntTy, Ty, TyKind};
use std::sync::{Arc, RwLock};

pub type LayoutRef = Arc<Layout>;

#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub ty: Ty,
    /// 0 for zero-sized types. For unsized types the size of the fixed part.
    pub size: u64,
    pub align: u64,
    pub unsized_tail: bool,
    pub shape: Shape,
    /// The scalars that make up the value, by rising offset, when it comes apart into at most [`LEAVES_MAX`] of them
    /// that cover all its variants without conflict (two variants may share a leaf of the same kind); `None`: memory only.
    pub leaves: Option<Vec<Leaf>>,
    /// A scalar with bit patterns that no value has.
    pub niche: Option<Niche>,
}

/// Values with at most this many scalars live in registers.
pub const LEAVES_MAX: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leaf {
    pub offset: u64,
    pub scalar: Scalar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
    /// 64 bits wide, holds an address.
    Pointer,
    /// 16 bytes of lanes.
    Vector(Lane),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
}

pub const VECTOR_BYTES: u64 = 16;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Niche {
    pub offset: u64,
    pub scalar: Scalar,
    /// The first bit pattern that no value has, and how many follow.
    pub start: u64,
    pub count: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A primitive or thin pointer.
    Scalar(Scalar),
    /// Address and metadata.
    WidePointer,
    /// Struct, tuple, closure: offset of each field in the order of declaration.
    Struct { offsets: Vec<u64> },
    Array { count: u64 },
    /// `variants[v]`: offsets of its fields.
    Enum { tag: Tag, variants: Vec<Vec<u64>> },
    /// No value exists (`!`, empty enums).
    Uninhabited,
    /// `str`, `[T]`, `dyn`.
    Unsized,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Tag {
    /// One variant only.
    None,
    /// The variant's number as an integer at an offset.
    Direct { offset: u64, scalar: Scalar },
    /// The empty variants are `start`, `start + 1`, … in a scalar of the payload variant (in order, skipping it).
    Niche { offset: u64, scalar: Scalar, payload: u32, start: u64 },
}

impl Layout {
    pub fn is_zero_sized(&self) -> bool {
        self.size == 0 && !self.unsized_tail
    }
    /// What to write where for an enum to hold a variant; `None` if there is nothing to write.
    pub fn tag_bits(&self, variant: u32) -> Option<(u64, Scalar, u64)> {
        let Shape::Enum { tag, .. } = &self.shape else { return None };
        match *tag {
            Tag::None => None,
            Tag::Direct { offset, scalar } => Some((offset, scalar, u64::from(variant))),
            Tag::Niche { payload, .. } if payload == variant => None,
            Tag::Niche { offset, scalar, payload, start } => {
                let number = if variant > payload { variant - 1 } else { variant };
                Some((offset, scalar, start.wrapping_add(u64::from(number)) & scalar.bits_max()))
            }
        }
    }
    /// The number of the variant whose tag was read.
    pub fn variant_of(&self, bits: u64) -> u64 {
        match &self.shape {
            Shape::Enum { tag: Tag::Niche { scalar, payload, start, .. }, variants } => {
                let payload = u64::from(*payload);
                match bits.wrapping_sub(*start) & scalar.bits_max() {
                    number if number < variants.len() as u64 - 1 => number + u64::from(number >= payload),
                    _ => payload,
                }
            }
            Shape::Enum { tag: Tag::Direct { .. }, .. } => bits,
            _ => 0,
        }
    }
}

impl Scalar {
    pub fn size(self) -> u64 {
        match self {
            Scalar::I8 => 1,
            Scalar::I16 => 2,
            Scalar::I32 | Scalar::F32 => 4,
            Scalar::I64 | Scalar::F64 | Scalar::Pointer => 8,
            Scalar::Vector(_) => VECTOR_BYTES,
        }
    }

    pub fn is_float(self) -> bool {
        matches!(self, Scalar::F32 | Scalar::F64)
    }

    /// The unsigned number that a scalar of this size can hold at most.
    pub fn bits_max(self) -> u64 {
        u64::MAX >> (64 - self.size().min(8) * 8)
    }

    /// As lanes of a vector.
    fn lane(self) -> Option<Lane> {
        Some(match self {
            Scalar::I8 => Lane::I8,
            Scalar::I16 => Lane::I16,
            Scalar::I32 => Lane::I32,
            Scalar::I64 => Lane::I64,
            Scalar::F32 => Lane::F32,
            Scalar::F64 => Lane::F64,
            Scalar::Pointer | Scalar::Vector(_) => return None,
        })
    }

    fn integer(size: u64) -> Scalar {
        match size {
            1 => Scalar::I8,
            2 => Scalar::I16,
            4 => Scalar::I32,
            _ => Scalar::I64,
        }
    }
}

impl From<IntTy> for Scalar {
    fn from(int: IntTy) -> Scalar {
        Scalar::integer(u64::from(int.bits() / 8))
    }
}

/// What layouts need to know about definitions; `hir` answers. Arguments are concrete, and so are the answers.
pub trait TypeFacts: Send + Sync {
    fn adt(&self, id: AdtId, args: Args) -> AdtFacts;
    /// The captures, in order.
    fn closure_fields(&self, id: ClosureId, args: Args) -> Vec<Ty>;
    /// As the user would write it.
    fn show(&self, ty: Ty) -> String;
    fn needs_drop(&self, ty: Ty) -> bool;
    /// Any bits are a value, and equal values have equal bits: integers and structs of them without padding.
    fn is_plain_bytes(&self, ty: Ty) -> bool;
}

#[derive(Clone, Debug, Default)]
pub struct AdtFacts {
    /// The types of the fields, with the type's arguments put in and normalised. One variant for a struct.
    pub variants: Vec<Vec<Ty>>,
    /// Of each variant of an enum, as `as int` gives it.
    pub discriminants: Vec<i64>,
    pub is_enum: bool,
    pub repr_c: bool,
    pub cache_line: bool,
    /// Its one field, an array, travels as a vector where it has that size.
    pub vector: bool,
    /// The declared type of the last field mentions a parameter that may be unsized.
    pub last_may_be_unsized: bool,
    /// The first field is a raw pointer that is never null (`Box`, and what `std` marks so).
    pub non_null: bool,
}

/// What a pointer to a type carries besides the address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Metadata {
    None,
    /// Of a slice or text.
    Length,
    /// Of a `dyn`.
    Table,
}

/// Layouts by type, computed once each; shared by threads.
pub struct Layouts {
    facts: Arc<dyn TypeFacts>,
    table: RwLock<FastMap<Ty, LayoutRef>>,
    adts: RwLock<FastMap<Ty, Arc<AdtFacts>>>,
}

impl Layouts {
    pub fn new(facts: Arc<dyn TypeFacts>) -> Layouts {
        Layouts { facts, table: RwLock::default(), adts: RwLock::default() }
    }

    pub fn facts(&self) -> &dyn TypeFacts {
        &*self.facts
    }

    pub fn of(&self, ty: Ty) -> LayoutRef {
        // A poisoned table is still whole: insertions are single steps.
        if let Some(found) = self.table.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&ty) {
            return found.clone();
        }
        // Two threads may compute the same; the first to finish is kept.
        let made = Arc::new(self.compute(ty));
        let mut table = self.table.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        table.entry(ty).or_insert(made).clone()
    }

    /// `ty` is an `Adt`.
    pub fn adt(&self, ty: Ty) -> Arc<AdtFacts> {
        if let Some(found) = self.adts.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&ty) {
            return found.clone();
        }
        let TyKind::Adt(id, args) = *ty.kind() else { panic!("bug! {} is no struct or enum", self.facts.show(ty)) };
        let made = Arc::new(self.facts.adt(id, args));
        let mut adts = self.adts.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        adts.entry(ty).or_insert(made).clone()
    }

    /// The types of the fields of a struct, tuple, closure or of one variant.
    pub fn fields(&self, ty: Ty, variant: u32) -> Vec<Ty> {
        match *ty.kind() {
            TyKind::Tuple(of) => of.to_vec(),
            TyKind::Closure(id, args) => self.facts.closure_fields(id, args),
            TyKind::Adt(..) => self.adt(ty).variants[variant as usize].clone(),
            _ => panic!("bug! {} has no fields", self.facts.show(ty)),
        }
    }

    pub fn field(&self, ty: Ty, variant: u32, field: u32) -> Ty {
        match *ty.kind() {
            TyKind::Tuple(of) => of[field as usize],
            TyKind::Adt(..) => self.adt(ty).variants[variant as usize][field as usize],
            _ => self.fields(ty, variant)[field as usize],
        }
    }

    /// What `Deref` of a reference, raw pointer or `Box` leads to.
    pub fn pointee(&self, ty: Ty) -> Ty {
        match *ty.kind() {
            TyKind::Ref(_, to) | TyKind::Ptr(_, to) => to,
            // `Box<T>`: one field, a pointer to its argument.
            TyKind::Adt(_, args) => args[0],
            _ => panic!("bug! {} is no pointer", self.facts.show(ty)),
        }
    }

    /// Of a slice or array.
    pub fn element(&self, ty: Ty) -> Ty {
        match *ty.kind() {
            TyKind::Array(of, _) | TyKind::Slice(of) => of,
            TyKind::Str => Ty::integer(IntTy::U8),
            _ => panic!("bug! {} has no elements", self.facts.show(ty)),
        }
    }

    /// The part of a type that makes it unsized, or the type itself.
    pub fn tail(&self, ty: Ty) -> Ty {
        match *ty.kind() {
            TyKind::Adt(..) => {
                let facts = self.adt(ty);
                // Without the mark recursion would go through every list and tree.
                if facts.is_enum || !facts.last_may_be_unsized {
                    return ty;
                }
                facts.variants[0].last().map_or(ty, |&last| self.tail(last))
            }
            _ => ty,
        }
    }

    pub fn metadata(&self, pointee: Ty) -> Metadata {
        match self.tail(pointee).kind() {
            TyKind::Str | TyKind::Slice(_) => Metadata::Length,
            TyKind::Dyn(_) => Metadata::Table,
            _ => Metadata::None,
        }
    }

    fn compute(&self, ty: Ty) -> Layout {
        match *ty.kind() {
            TyKind::Bool => scalar(ty, Scalar::I8, Some((2, 254))),
            TyKind::Char => scalar(ty, Scalar::I32, Some((0x11_0000, 0xFFFF_FFFF - 0x11_0000 + 1))),
            TyKind::Int(int) => scalar(ty, int.into(), None),
            TyKind::Float(FloatTy::F32) => scalar(ty, Scalar::F32, None),
            TyKind::Float(FloatTy::F64) => scalar(ty, Scalar::F64, None),
            TyKind::FnPtr(_) => scalar(ty, Scalar::Pointer, Some((0, 1))),
            TyKind::Ref(_, to) => self.pointer(ty, to, true),
            TyKind::Ptr(_, to) => self.pointer(ty, to, false),
            TyKind::Never => uninhabited(ty),
            TyKind::FnDef(..) => fields(ty, Vec::new(), Vec::new(), 0, 1),
            TyKind::Str | TyKind::Dyn(_) => unsized_part(ty, 1),
            TyKind::Slice(of) => unsized_part(ty, self.of(of).align),
            TyKind::Array(of, len) => self.array(ty, of, len),
            TyKind::Tuple(of) => self.structure(ty, &of, &AdtFacts::default()),
            TyKind::Closure(id, args) => self.structure(ty, &self.facts.closure_fields(id, args), &AdtFacts::default()),
            TyKind::Adt(..) => {
                let facts = self.adt(ty);
                if facts.is_enum { self.enumeration(ty, &facts) } else { self.structure(ty, &facts.variants[0], &facts) }
            }
            TyKind::Param(_) | TyKind::Projection(_) | TyKind::Const(_) | TyKind::Infer(_) | TyKind::Error => {
                panic!("bug! the layout of {}, which is not concrete, was asked for", self.facts.show(ty))
            }
        }
    }

    fn pointer(&self, ty: Ty, to: Ty, non_null: bool) -> Layout {
        let niche = non_null.then_some((0, 1));
        match self.metadata(to) {
            Metadata::None => scalar(ty, Scalar::Pointer, niche),
            metadata => {
                let second = if metadata == Metadata::Length { Scalar::I64 } else { Scalar::Pointer };
                let leaves = vec![Leaf { offset: 0, scalar: Scalar::Pointer }, Leaf { offset: 8, scalar: second }];
                Layout { size: 16, leaves: Some(leaves), shape: Shape::WidePointer, ..scalar(ty, Scalar::Pointer, niche) }
            }
        }
    }

    fn array(&self, ty: Ty, of: Ty, len: Ty) -> Layout {
        let TyKind::Const(count) = *len.kind() else { panic!("bug! {} has no known length", self.facts.show(ty)) };
        let count = count as u64;
        let element = self.of(of);
        let leaves = element.leaves.as_ref().filter(|leaves| leaves.len() as u64 * count <= LEAVES_MAX as u64);
        let stride = element.size;
        let leaves = leaves.map(|leaves| {
            let shifted = |i| leaves.iter().map(move |leaf| Leaf { offset: leaf.offset + i * stride, ..*leaf });
            (0..count).flat_map(shifted).collect()
        });
        Layout {
            ty,
            size: element.size.checked_mul(count).expect("bug! an array larger than the address space"),
            align: element.align,
            unsized_tail: false,
            shape: Shape::Array { count },
            leaves,
            niche: None,
        }
    }

    fn structure(&self, ty: Ty, types: &[Ty], facts: &AdtFacts) -> Layout {
        let parts: Vec<LayoutRef> = types.iter().map(|&field| self.of(field)).collect();
        let mut order: Vec<usize> = (0..parts.len()).collect();
        if !facts.repr_c {
            let free = if facts.last_may_be_unsized { parts.len() - 1 } else { parts.len() };
            order[..free].sort_by_key(|&i| std::cmp::Reverse(parts[i].align));
        }
        let (mut size, mut align, offsets) = place(&parts, &order, 0);
        if facts.cache_line {
            align = align.max(CACHE_LINE_BYTES);
        }
        let unsized_tail = parts.last().is_some_and(|last| last.unsized_tail);
        if !unsized_tail {
            size = size.next_multiple_of(align);
        }
        let mut leaves: Option<Vec<Leaf>> = (!unsized_tail).then(Vec::new);
        let mut niche: Option<Niche> = None;
        for (part, &offset) in parts.iter().zip(&offsets) {
            leaves = append(leaves, part, offset);
            niche = roomier(niche, part.niche.map(|niche| Niche { offset: niche.offset + offset, ..niche }));
        }
        if facts.non_null {
            niche = Some(Niche { offset: offsets[0], scalar: Scalar::Pointer, start: 0, count: 1 });
        }
        if let Some(leaves) = &mut leaves {
            leaves.sort_by_key(|leaf| leaf.offset);
        }
        if let (true, [array]) = (facts.vector, types)
            && size == VECTOR_BYTES
            && let TyKind::Array(of, _) = *array.kind()
            && let Shape::Scalar(scalar) = self.of(of).shape
            && let Some(lane) = scalar.lane()
        {
            let leaves = Some(vec![Leaf { offset: 0, scalar: Scalar::Vector(lane) }]);
            return Layout { leaves, ..fields(ty, offsets, Vec::new(), size, VECTOR_BYTES) };
        }
        Layout { niche, leaves, unsized_tail, ..fields(ty, offsets, Vec::new(), size, align) }
    }

    fn enumeration(&self, ty: Ty, facts: &AdtFacts) -> Layout {
        let variants: Vec<Vec<LayoutRef>> =
            facts.variants.iter().map(|types| types.iter().map(|&field| self.of(field)).collect()).collect();
        match variants.len() {
            0 => return uninhabited(ty),
            1 => {
                let only = self.structure(ty, &facts.variants[0], &AdtFacts { non_null: false, ..facts.clone() });
                let Shape::Struct { offsets } = only.shape else { panic!("bug! a structure of another shape") };
                return Layout { shape: Shape::Enum { tag: Tag::None, variants: vec![offsets] }, ..only };
            }
            _ => {}
        }
        self.with_niche(ty, facts, &variants).unwrap_or_else(|| self.with_tag(ty, facts, &variants))
    }

    /// One variant with data, whose niche tells the others.
    fn with_niche(&self, ty: Ty, facts: &AdtFacts, variants: &[Vec<LayoutRef>]) -> Option<Layout> {
        let has_data = |parts: &Vec<LayoutRef>| parts.iter().any(|part| part.size > 0);
        let payload = variants.iter().position(has_data)?;
        if variants.iter().skip(payload + 1).any(has_data) || facts.cache_line {
            return None;
        }
        let whole = self.structure(ty, &facts.variants[payload], &AdtFacts { repr_c: facts.repr_c, ..AdtFacts::default() });
        let niche = whole.niche?;
        let others = variants.len() as u64 - 1;
        if niche.count < others {
            return None;
        }
        let Shape::Struct { offsets } = &whole.shape else { panic!("bug! a structure of another shape") };
        let tag =
            Tag::Niche { offset: niche.offset, scalar: niche.scalar, payload: payload as u32, start: niche.start };
        let places = variants.iter().enumerate();
        let variants = places.map(|(v, parts)| if v == payload { offsets.clone() } else { vec![0; parts.len()] }).collect();
        let rest = Niche { start: niche.start + others, count: niche.count - others, ..niche };
        Some(Layout {
            shape: Shape::Enum { tag, variants },
            niche: (rest.count > 0).then_some(rest),
            ..whole
        })
    }

    fn with_tag(&self, ty: Ty, facts: &AdtFacts, variants: &[Vec<LayoutRef>]) -> Layout {
        let tag = match variants.len() {
            0..=0x100 => Scalar::I8,
            0x101..=0x1_0000 => Scalar::I16,
            _ => Scalar::I32,
        };
        let mut size = tag.size();
        let mut align = if facts.cache_line { CACHE_LINE_BYTES } else { tag.size() };
        let mut places = Vec::new();
        for parts in variants {
            let mut order: Vec<usize> = (0..parts.len()).collect();
            if !facts.repr_c {
                order.sort_by_key(|&i| parts[i].align);
            }
            let (end, needed, offsets) = place(parts, &order, tag.size());
            size = size.max(end);
            align = align.max(needed);
            places.push(offsets);
        }
        let leaves = merged(tag, variants, &places);
        let count = variants.len() as u64;
        let free = tag.bits_max() - (count - 1);
        Layout {
            ty,
            size: size.next_multiple_of(align),
            align,
            unsized_tail: false,
            shape: Shape::Enum { tag: Tag::Direct { offset: 0, scalar: tag }, variants: places },
            leaves,
            niche: (free > 0).then_some(Niche { offset: 0, scalar: tag, start: count, count: free }),
        }
    }
}

const CACHE_LINE_BYTES: u64 = 64;

fn scalar(ty: Ty, scalar: Scalar, niche: Option<(u64, u64)>) -> Layout {
    Layout {
        ty,
        size: scalar.size(),
        align: scalar.size(),
        unsized_tail: false,
        shape: Shape::Scalar(scalar),
        leaves: Some(vec![Leaf { offset: 0, scalar }]),
        niche: niche.map(|(start, count)| Niche { offset: 0, scalar, start, count }),
    }
}

fn uninhabited(ty: Ty) -> Layout {
    Layout { shape: Shape::Uninhabited, ..fields(ty, Vec::new(), Vec::new(), 0, 1) }
}

fn unsized_part(ty: Ty, align: u64) -> Layout {
    Layout { shape: Shape::Unsized, unsized_tail: true, leaves: None, ..fields(ty, Vec::new(), Vec::new(), 0, align) }
}

fn fields(ty: Ty, offsets: Vec<u64>, leaves: Vec<Leaf>, size: u64, align: u64) -> Layout {
    let shape = Shape::Struct { offsets };
    Layout { ty, size, align, unsized_tail: false, shape, leaves: Some(leaves), niche: None }
}

/// Puts fields one behind the other in this order: the end, the alignment, each field's offset.
fn place(parts: &[LayoutRef], order: &[usize], start: u64) -> (u64, u64, Vec<u64>) {
    let (mut end, mut align, mut offsets) = (start, 1, vec![0; parts.len()]);
    for &i in order {
        // The offset of a field behind a `dyn`'s unknown alignment is computed where it is used.
        end = end.next_multiple_of(parts[i].align);
        align = align.max(parts[i].align);
        offsets[i] = end;
        end += parts[i].size;
    }
    (end, align, offsets)
}

fn append(leaves: Option<Vec<Leaf>>, part: &Layout, offset: u64) -> Option<Vec<Leaf>> {
    let mut leaves = leaves?;
    leaves.extend(part.leaves.as_ref()?.iter().map(|leaf| Leaf { offset: leaf.offset + offset, ..*leaf }));
    (leaves.len() <= LEAVES_MAX).then_some(leaves)
}

fn roomier(a: Option<Niche>, b: Option<Niche>) -> Option<Niche> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.count > a.count { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// The leaves of a tagged enum: those of all variants laid over each other. Where two variants have different scalars at an
/// offset, the leaf is the integer of the larger size, and emission converts. `None` where they overlap otherwise.
fn merged(tag: Scalar, variants: &[Vec<LayoutRef>], places: &[Vec<u64>]) -> Option<Vec<Leaf>> {
    let mut each: Vec<Vec<Leaf>> = Vec::new();
    for (parts, offsets) in variants.iter().zip(places) {
        let mut own = Vec::new();
        for (part, &offset) in parts.iter().zip(offsets) {
            own.extend(part.leaves.as_ref()?.iter().map(|leaf| Leaf { offset: leaf.offset + offset, ..*leaf }));
        }
        each.push(own);
    }
    let mut all: Vec<Leaf> = each.iter().flatten().copied().collect();
    all.sort_by_key(|leaf| leaf.offset);
    let mut leaves = vec![Leaf { offset: 0, scalar: tag }];
    for leaf in all {
        let last = leaves.last_mut().expect("the tag is there");
        if last.offset == leaf.offset {
            if last.scalar != leaf.scalar {
                // No integer of a register holds a vector.
                if matches!(last.scalar, Scalar::Vector(_)) || matches!(leaf.scalar, Scalar::Vector(_)) {
                    return None;
                }
                last.scalar = Scalar::integer(last.scalar.size().max(leaf.scalar.size()));
            }
        } else if leaf.offset < last.offset + last.scalar.size() {
            return None;
        } else {
            leaves.push(leaf);
        }
    }
    // A widened leaf may have grown over its neighbour.
    let apart = leaves.windows(2).all(|pair| pair[0].offset + pair[0].scalar.size() <= pair[1].offset);
    (apart && leaves.len() <= LEAVES_MAX).then_some(leaves)
}
