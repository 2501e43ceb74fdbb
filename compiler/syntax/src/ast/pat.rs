//! Patterns as written.

use super::{Expr, Ident, Mutable, Path};
use diag::Span;

#[derive(Clone, Debug)]
pub struct Pat {
    pub span: Span,
    pub kind: PatKind,
}

#[derive(Clone, Debug)]
pub enum PatKind {
    /// `_`
    Wild,
    /// `..` inside a tuple, tuple struct or slice pattern.
    Rest,
    /// `x`, `mut x`, `ref x`, `ref mut x`, `x @ p`. A plain name may turn out to be a constant or a unit variant.
    Bind { by_ref: Option<Mutable>, mutable: bool, name: Ident, sub: Option<Box<Pat>> },
    /// A literal, `-1`, or an interpolation-free string.
    Lit(Box<Expr>),
    /// `a..=b`, `a..b`, `a..`, `..=b`; ends are literals or paths.
    Range { lo: Option<Box<Expr>>, hi: Option<Box<Expr>>, inclusive: bool },
    /// `&p`, `&mut p`
    Ref(Mutable, Box<Pat>),
    Tuple(Vec<Pat>),
    /// `Shape::Unit`, `CONSTANT` (more than one segment, or with arguments)
    Path(Path),
    /// `Some(p)`
    TupleStruct(Path, Vec<Pat>),
    /// `Point { x, y: p, .. }`
    Struct { path: Path, fields: Vec<FieldPat>, rest: bool },
    Slice(Vec<Pat>),
    Or(Vec<Pat>),
    Error,
}

#[derive(Clone, Debug)]
pub struct FieldPat {
    pub span: Span,
    pub name: Ident,
    /// For the short form `x` this is `Bind { name: x, .. }` (with `ref` / `mut` if written).
    pub pat: Pat,
    pub short: bool,
}
