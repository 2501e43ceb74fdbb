//! Items: what a file or module declares.

use super::{Attr, AttrArg, Block, Expr, Ident, Pat, Path, Ty};
use diag::{Span, Symbol};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Item {
    pub span: Span,
    pub docs: Vec<Symbol>,
    pub attrs: Vec<Attr>,
    pub public: bool,
    pub kind: ItemKind,
}

#[derive(Clone, Debug)]
pub enum ItemKind {
    Fn(Arc<FnItem>),
    Struct(StructItem),
    Enum(EnumItem),
    Trait(TraitItem),
    Impl(ImplItem),
    Const(ConstItem),
    Static(StaticItem),
    TypeAlias(TypeAliasItem),
    Use(UseTree),
    Mod(ModItem),
    Test(TestItem),
    /// `litmus "name" { ... }`: reserved, reported by `validate`.
    Litmus(TestItem),
    ExternBlock(ExternBlock),
    TaskLocal(TaskLocalItem),
    Error,
}

/// Functions, methods, trait methods (then `body` may be missing) and foreign declarations.
#[derive(Clone, Debug)]
pub struct FnItem {
    pub span: Span,
    pub name: Ident,
    pub is_pure: bool,
    pub is_unsafe: bool,
    /// `extern "C" fn`, also set for declarations in an extern block.
    pub is_extern: bool,
    pub generics: Generics,
    pub self_param: Option<SelfParam>,
    pub params: Vec<Param>,
    pub ret: Option<Ty>,
    /// `from a, *b`
    pub from: Vec<FromClause>,
    pub body: Option<Block>,
    /// From `fn` to the end of the result type.
    pub head_span: Span,
}

#[derive(Clone, Debug)]
pub struct SelfParam {
    pub span: Span,
    pub kind: SelfKind,
}

#[derive(Clone, Debug)]
pub enum SelfKind {
    /// `self`, `mut self`
    Value { mutable: bool },
    /// `&self`
    Ref,
    /// `&mut self`
    RefMut,
    /// `self: Box<Self>`
    Typed { mutable: bool, ty: Ty },
}

#[derive(Clone, Debug)]
pub struct Param {
    pub span: Span,
    pub attrs: Vec<Attr>,
    pub pat: Pat,
    pub ty: Ty,
}

/// `from a` (the reference and what it holds) or `from *a` (only what it holds).
#[derive(Clone, Debug)]
pub struct FromClause {
    pub span: Span,
    pub name: Ident,
    pub contents_only: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Generics {
    pub params: Vec<GenericParam>,
    pub predicates: Vec<WherePredicate>,
}

#[derive(Clone, Debug)]
pub struct GenericParam {
    pub span: Span,
    pub name: Ident,
    pub bounds: Vec<Bound>,
    pub default: Option<Ty>,
    /// `const N: int`
    pub const_ty: Option<Ty>,
}

/// `Trait<A>`, `?Sized`
#[derive(Clone, Debug)]
pub struct Bound {
    pub span: Span,
    pub path: Path,
    pub maybe: bool,
}

impl Bound {
    /// `?Sized`, and `Sized`, which all types are that have a name.
    pub fn asks_nothing(&self) -> bool {
        self.maybe || matches!(self.path.segments.as_slice(), [one] if one.ident.name.as_str() == "Sized")
    }
}

/// `T: A + B`, `T::Item: C`
#[derive(Clone, Debug)]
pub struct WherePredicate {
    pub span: Span,
    pub ty: Ty,
    pub bounds: Vec<Bound>,
}

#[derive(Clone, Debug)]
pub struct StructItem {
    pub name: Ident,
    pub generics: Generics,
    pub is_view: bool,
    pub fields: Fields,
}

#[derive(Clone, Debug)]
pub enum Fields {
    Unit,
    Tuple(Vec<Field>),
    Named(Vec<Field>),
}

/// `name` is `0`, `1`, … in a tuple struct.
#[derive(Clone, Debug)]
pub struct Field {
    pub span: Span,
    pub docs: Vec<Symbol>,
    pub attrs: Vec<Attr>,
    pub public: bool,
    pub name: Ident,
    pub ty: Ty,
}

#[derive(Clone, Debug)]
pub struct EnumItem {
    pub name: Ident,
    pub generics: Generics,
    pub is_view: bool,
    pub variants: Vec<Variant>,
}

#[derive(Clone, Debug)]
pub struct Variant {
    pub span: Span,
    pub docs: Vec<Symbol>,
    pub attrs: Vec<Attr>,
    pub name: Ident,
    pub fields: Fields,
    /// `Red = 3`
    pub discriminant: Option<Expr>,
}

#[derive(Clone, Debug)]
pub struct TraitItem {
    pub name: Ident,
    pub is_unsafe: bool,
    pub generics: Generics,
    pub supers: Vec<Bound>,
    pub items: Vec<AssocItem>,
}

#[derive(Clone, Debug)]
pub struct ImplItem {
    pub is_unsafe: bool,
    /// `impl !Send for X {}`
    pub negative: bool,
    pub generics: Generics,
    /// `None` for an inherent impl.
    pub of_trait: Option<Path>,
    pub self_ty: Ty,
    pub items: Vec<AssocItem>,
    /// From `impl` to the self type.
    pub head_span: Span,
}

/// What stands in a trait or an impl.
#[derive(Clone, Debug)]
pub struct AssocItem {
    pub span: Span,
    pub docs: Vec<Symbol>,
    pub attrs: Vec<Attr>,
    pub public: bool,
    pub kind: AssocKind,
}

#[derive(Clone, Debug)]
pub enum AssocKind {
    Fn(Arc<FnItem>),
    /// `type Item: Bound = int`
    Type { name: Ident, bounds: Vec<Bound>, ty: Option<Ty> },
    /// `const N: int = 3`
    Const { name: Ident, ty: Ty, value: Option<Arc<Expr>> },
    Error,
}

#[derive(Clone, Debug)]
pub struct ConstItem {
    pub name: Ident,
    pub ty: Option<Ty>,
    pub value: Arc<Expr>,
}

#[derive(Clone, Debug)]
pub struct StaticItem {
    pub name: Ident,
    pub mutable: bool,
    pub ty: Ty,
    pub value: Arc<Expr>,
}

#[derive(Clone, Debug)]
pub struct TypeAliasItem {
    pub name: Ident,
    pub generics: Generics,
    pub ty: Ty,
}

/// `use a::b::{c as d, e::*, self}`
#[derive(Clone, Debug)]
pub struct UseTree {
    pub span: Span,
    /// Segments before the end of this node: `a::b`.
    pub prefix: Vec<Ident>,
    pub kind: UseKind,
}

#[derive(Clone, Debug)]
pub enum UseKind {
    /// The last segment of `prefix`, under its own or another name.
    Simple { rename: Option<Ident> },
    Glob,
    Nested(Vec<UseTree>),
}

#[derive(Clone, Debug)]
pub struct ModItem {
    pub name: Ident,
    /// `None` for `mod name` in a file of its own.
    pub items: Option<Vec<Item>>,
}

/// `test "name" { ... }`, `test(schedules: 100) "name" { ... }`
#[derive(Clone, Debug)]
pub struct TestItem {
    pub name: Symbol,
    pub name_span: Span,
    pub options: Vec<AttrArg>,
    pub body: Arc<Block>,
}

#[derive(Clone, Debug)]
pub struct ExternBlock {
    /// `"C"`, or `"intrinsic"` / `"runtime"` in std.
    pub abi: Symbol,
    pub fns: Vec<(Vec<Attr>, bool, Arc<FnItem>)>,
}

/// `task_local TRACE: TraceId = default`
#[derive(Clone, Debug)]
pub struct TaskLocalItem {
    pub name: Ident,
    pub ty: Ty,
    pub value: Option<Arc<Expr>>,
}
