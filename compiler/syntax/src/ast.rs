//! The tree that `parse` makes: what was written, nothing concluded. Every node carries its span.

mod expr;
mod item;
mod pat;
mod ty;

pub use expr::*;
pub use item::*;
pub use pat::*;
pub use ty::*;

use diag::{Span, Symbol};

/// A name at a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ident {
    pub name: Symbol,
    pub span: Span,
}

/// One source file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// `//!` lines.
    pub docs: Vec<Symbol>,
    /// `#![name(...)]`.
    pub attrs: Vec<Attr>,
    pub items: Vec<Item>,
}

/// `#[name]`, `#[name(a, b = "c")]`, `#[name = "value"]`.
#[derive(Clone, Debug)]
pub struct Attr {
    pub span: Span,
    pub name: Ident,
    pub args: Vec<AttrArg>,
}

/// `word`, `word = literal` or a bare literal (then `name` is empty text).
#[derive(Clone, Debug)]
pub struct AttrArg {
    pub span: Span,
    pub name: Ident,
    pub value: Option<Lit>,
}

/// `a::b::<T>::c`. `global` is a leading `::`. The first segment may be `self`, `super`, `crate` or `Self`.
#[derive(Clone, Debug)]
pub struct Path {
    pub span: Span,
    pub segments: Vec<Segment>,
    /// `<T as Trait>::name`, `<T>::name`: the part in angle brackets; `segments` is what follows it.
    pub qualified: Option<Box<Qualified>>,
}

#[derive(Clone, Debug)]
pub struct Qualified {
    pub ty: Ty,
    pub as_trait: Option<Path>,
}

#[derive(Clone, Debug)]
pub struct Segment {
    pub ident: Ident,
    /// Boxed: names without them are nearly all.
    pub args: Option<Box<GenericArgs>>,
}

#[derive(Clone, Debug)]
pub enum GenericArgs {
    /// `<A, B, Item = C>`
    Angle { span: Span, args: Vec<GenericArg>, bindings: Vec<(Ident, Ty)> },
    /// `Fn(A, B) -> C`
    Paren { span: Span, inputs: Vec<Ty>, output: Option<Box<Ty>> },
}

#[derive(Clone, Debug)]
pub enum GenericArg {
    Ty(Ty),
    /// A literal or `{ expr }` for a const parameter.
    Const(Expr),
}

impl Path {
    /// The name, when the path is one plain name without arguments.
    pub fn as_ident(&self) -> Option<Ident> {
        match self.segments.as_slice() {
            [one] if one.args.is_none() && self.qualified.is_none() => Some(one.ident),
            _ => None,
        }
    }
}
