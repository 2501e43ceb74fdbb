//! How concrete types lie in memory, and into which scalars they come apart.
//!
//! Every backend and every pass that needs a size asks here. Rules:
//! - fields of a struct, tuple or variant are reordered by falling alignment unless `repr_c`; `cache_line` types are 64-aligned and padded;
//! - an enum without fields is its tag; the tag is the smallest integer that holds it (u8, u16, …), at offset 0, variants overlap behind it;
//! - an enum with one variant has no tag; `Option`-like enums (one payload variant, the others empty and just one) use the niche of a pointer
//!   (null) where the payload has one at a known offset: `Option<&T>`, `Option<Box<T>>`, `Option<Vec<T>>`, …; `bool` and `char` and enum tags have niches too;
//! - wide pointers (`&[T]`, `&str`, `&dyn T` and the same for raw ones) are two words: address, then length or table.

use hir::ty::Ty;
use std::collections::HashMap;
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
}

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

/// Layouts by type, computed once each; shared by threads.
#[derive(Default)]
pub struct Layouts {
    pub(crate) table: RwLock<HashMap<Ty, LayoutRef>>,
}
