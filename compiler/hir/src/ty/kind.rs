//! The kinds of types. `Ty` is one pointer; two equal types are the same pointer.

use super::intern;
use crate::ids::*;
use diag::Symbol;
pub use syntax::ast::Mutable;

/// An interned type. `Copy`, one word; equality and hash are the pointer's. Never order by it: see `Display`.
#[derive(Clone, Copy)]
pub struct Ty(pub(super) &'static TyData);

pub struct TyData {
    pub kind: TyKind,
    pub flags: Flags,
}

/// An interned list of types: the arguments of a generic definition, in the order of its parameters.
/// For a trait and its methods `Self` is the first.
#[derive(Clone, Copy)]
pub struct Args(pub(super) &'static [Ty]);

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IntTy {
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FloatTy {
    F32,
    F64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub enum TyKind {
    Bool,
    Char,
    /// `int` is `I64`.
    Int(IntTy),
    Float(FloatTy),
    /// Unsized text; `&str` is `Ref(No, Str)`.
    Str,
    Never,
    /// `()` is the empty one.
    Tuple(Args),
    /// The second is a `Const`, a const parameter or an inference variable.
    Array(Ty, Ty),
    Slice(Ty),
    Adt(AdtId, Args),
    Ref(Mutable, Ty),
    Ptr(Mutable, Ty),
    FnPtr(FnPtrTy),
    /// The zero-sized type of one function; `Args` are those of the function (for a method: of its impl or trait, then its own).
    FnDef(FnId, Args),
    /// `Args` are those of the function it stands in.
    Closure(ClosureId, Args),
    Dyn(DynTy),
    Param(ParamTy),
    /// `<args[0] as Trait<args[1..]>>::name`, not yet or not ever (in generic code) known.
    Projection(ProjectionTy),
    /// The value of a const argument.
    Const(i64),
    Infer(InferTy),
    /// What a mistake left; a message was already given.
    Error,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FnPtrTy {
    pub params: Args,
    pub ret: Ty,
    pub is_extern: bool,
}

/// `dyn Trait<A, Item = B>`: the arguments without `Self`, and the bound associated types by name.
/// `markers`: `Send`, `Share` written beside.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DynTy {
    pub trait_id: TraitId,
    pub args: Args,
    pub bindings: Vec<(Symbol, Ty)>,
    pub markers: Vec<TraitId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParamTy {
    /// Position in the `Args` of the definition that it belongs to.
    pub index: u32,
    pub name: Symbol,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ProjectionTy {
    pub trait_id: TraitId,
    /// `Self` first.
    pub args: Args,
    pub name: Symbol,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum InferTy {
    General(u32),
    /// An integer literal's type.
    Int(u32),
    /// A float literal's type.
    Float(u32),
    /// A text literal's type: `String` unless a `&str` is asked for.
    Text(u32),
}

/// What a type contains anywhere inside, known when it is made.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Flags {
    pub param: bool,
    pub infer: bool,
    pub projection: bool,
    pub error: bool,
}

impl Ty {
    pub fn new(kind: TyKind) -> Ty {
        intern::ty(kind)
    }
    pub fn kind(self) -> &'static TyKind {
        &self.0.kind
    }
    pub fn flags(self) -> Flags {
        self.0.flags
    }

    pub fn unit() -> Ty {
        Ty::new(TyKind::Tuple(Args::empty()))
    }
    pub fn bool() -> Ty {
        Ty::new(TyKind::Bool)
    }
    pub fn char() -> Ty {
        Ty::new(TyKind::Char)
    }
    pub fn int() -> Ty {
        Ty::new(TyKind::Int(IntTy::I64))
    }
    pub fn integer(int: IntTy) -> Ty {
        Ty::new(TyKind::Int(int))
    }
    pub fn f64() -> Ty {
        Ty::new(TyKind::Float(FloatTy::F64))
    }
    pub fn str() -> Ty {
        Ty::new(TyKind::Str)
    }
    pub fn never() -> Ty {
        Ty::new(TyKind::Never)
    }
    pub fn error() -> Ty {
        Ty::new(TyKind::Error)
    }
    pub fn reference(mutable: Mutable, to: Ty) -> Ty {
        Ty::new(TyKind::Ref(mutable, to))
    }
    pub fn shared(to: Ty) -> Ty {
        Ty::reference(Mutable::No, to)
    }
    pub fn exclusive(to: Ty) -> Ty {
        Ty::reference(Mutable::Yes, to)
    }
    pub fn pointer(mutable: Mutable, to: Ty) -> Ty {
        Ty::new(TyKind::Ptr(mutable, to))
    }
    pub fn slice(of: Ty) -> Ty {
        Ty::new(TyKind::Slice(of))
    }
    pub fn array(of: Ty, len: i64) -> Ty {
        Ty::new(TyKind::Array(of, Ty::new(TyKind::Const(len))))
    }
    pub fn tuple(of: &[Ty]) -> Ty {
        Ty::new(TyKind::Tuple(Args::new(of)))
    }
    pub fn adt(id: AdtId, args: Args) -> Ty {
        Ty::new(TyKind::Adt(id, args))
    }
    pub fn param(index: u32, name: Symbol) -> Ty {
        Ty::new(TyKind::Param(ParamTy { index, name }))
    }

    pub fn is_unit(self) -> bool {
        matches!(self.kind(), TyKind::Tuple(of) if of.is_empty())
    }
    pub fn is_never(self) -> bool {
        matches!(self.kind(), TyKind::Never)
    }
    pub fn is_error(self) -> bool {
        matches!(self.kind(), TyKind::Error)
    }
    pub fn is_bool(self) -> bool {
        matches!(self.kind(), TyKind::Bool)
    }
    pub fn is_str(self) -> bool {
        matches!(self.kind(), TyKind::Str)
    }
    /// An integer type, or the type of an integer literal.
    pub fn is_integer(self) -> bool {
        matches!(self.kind(), TyKind::Int(_) | TyKind::Infer(InferTy::Int(_)))
    }
    pub fn is_float(self) -> bool {
        matches!(self.kind(), TyKind::Float(_) | TyKind::Infer(InferTy::Float(_)))
    }
    pub fn is_infer(self) -> bool {
        matches!(self.kind(), TyKind::Infer(_))
    }
    /// The target of a reference.
    pub fn referent(self) -> Option<(Mutable, Ty)> {
        match *self.kind() {
            TyKind::Ref(mutable, to) => Some((mutable, to)),
            _ => None,
        }
    }
    /// The element, without references, of a slice behind a reference.
    pub fn peeled_slice(self) -> Option<Ty> {
        match *self.peeled().kind() {
            TyKind::Slice(of) => Some(of.peeled()),
            _ => None,
        }
    }
    /// Through all references.
    pub fn peeled(self) -> Ty {
        match *self.kind() {
            TyKind::Ref(_, to) => to.peeled(),
            _ => self,
        }
    }
}

impl Args {
    pub fn new(list: &[Ty]) -> Args {
        intern::args(list)
    }
    pub fn empty() -> Args {
        Args(&[])
    }
    pub fn as_slice(self) -> &'static [Ty] {
        self.0
    }
    /// `self`, then `more`.
    pub fn then(self, more: &[Ty]) -> Args {
        if more.is_empty() {
            return self;
        }
        let mut all = self.0.to_vec();
        all.extend_from_slice(more);
        Args::new(&all)
    }
}

impl std::ops::Deref for Args {
    type Target = [Ty];
    fn deref(&self) -> &[Ty] {
        self.0
    }
}

impl IntTy {
    pub const ALL: [IntTy; 8] =
        [IntTy::I8, IntTy::I16, IntTy::I32, IntTy::I64, IntTy::U8, IntTy::U16, IntTy::U32, IntTy::U64];

    pub fn name(self) -> &'static str {
        match self {
            IntTy::I8 => "i8",
            IntTy::I16 => "i16",
            IntTy::I32 => "i32",
            IntTy::I64 => "int",
            IntTy::U8 => "u8",
            IntTy::U16 => "u16",
            IntTy::U32 => "u32",
            IntTy::U64 => "u64",
        }
    }
    pub fn bits(self) -> u32 {
        match self {
            IntTy::I8 | IntTy::U8 => 8,
            IntTy::I16 | IntTy::U16 => 16,
            IntTy::I32 | IntTy::U32 => 32,
            IntTy::I64 | IntTy::U64 => 64,
        }
    }
    pub fn is_signed(self) -> bool {
        matches!(self, IntTy::I8 | IntTy::I16 | IntTy::I32 | IntTy::I64)
    }
    pub fn min(self) -> i128 {
        if self.is_signed() { -(1 << (self.bits() - 1)) } else { 0 }
    }
    pub fn max(self) -> i128 {
        if self.is_signed() { (1 << (self.bits() - 1)) - 1 } else { (1 << self.bits()) - 1 }
    }
    /// The value that these low bits mean.
    pub fn wrap(self, value: i128) -> i128 {
        let bits = self.bits();
        let low = value & ((1 << bits) - 1);
        if self.is_signed() && low >> (bits - 1) != 0 { low - (1 << bits) } else { low }
    }
}

impl FloatTy {
    pub fn name(self) -> &'static str {
        match self {
            FloatTy::F32 => "f32",
            FloatTy::F64 => "f64",
        }
    }
}

impl PartialEq for Ty {
    fn eq(&self, other: &Ty) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}
impl Eq for Ty {}
impl std::hash::Hash for Ty {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::ptr::hash(self.0, state);
    }
}
impl PartialEq for Args {
    fn eq(&self, other: &Args) -> bool {
        self.0.len() == other.0.len() && (self.0.is_empty() || std::ptr::eq(self.0.as_ptr(), other.0.as_ptr()))
    }
}
impl Eq for Args {}
impl std::hash::Hash for Args {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.len().hash(state);
        if !self.0.is_empty() {
            std::ptr::hash(self.0.as_ptr(), state);
        }
    }
}
