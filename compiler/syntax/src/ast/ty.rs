//! Types as written.

use super::{Expr, Path};
use diag::Span;

#[derive(Clone, Debug)]
pub struct Ty {
    pub span: Span,
    pub kind: TyKind,
}

#[derive(Clone, Debug)]
pub enum TyKind {
    Path(Path),
    /// `&T`, `&mut T`
    Ref(Mutable, Box<Ty>),
    /// `*const T`, `*mut T`
    Ptr(Mutable, Box<Ty>),
    Slice(Box<Ty>),
    Array(Box<Ty>, Box<Expr>),
    /// `()` is the empty one.
    Tuple(Vec<Ty>),
    /// `fn(A, B) -> C`; `extern "C" fn(A) -> B`
    Fn { is_unsafe: bool, is_extern: bool, params: Vec<Ty>, ret: Option<Box<Ty>> },
    /// `!`
    Never,
    /// `dyn A + B`
    Dyn(Vec<Path>),
    /// `impl A + B`
    Impl(Vec<Path>),
    /// `_`
    Infer,
    /// What could not be parsed; a message was already given.
    Error,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Mutable {
    No,
    Yes,
}

impl Mutable {
    pub fn is_yes(self) -> bool {
        self == Mutable::Yes
    }
}
