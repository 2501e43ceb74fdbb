//! Typed bodies: what the type checker makes of one function. Every expression has its type, every coercion,
//! dereference, reference and trait call stands where it happens; names are ids. No inference variable is left.
//!
//! Bodies are arenas: children are ids into `exprs` and `pats`. Closures share the arena and the locals of their owner.

use crate::ids::*;
use crate::ty::{Args, Mutable, Ty};
use diag::{Span, Symbol};
use std::sync::Arc;
pub use syntax::ast::{BinaryOp, UnaryOp};

#[derive(Clone, Debug)]
pub struct Body {
    pub owner: FnId,
    /// `self` first. Empty for constants, statics and tests.
    pub params: Vec<Param>,
    pub ret: Ty,
    pub root: ExprId,
    pub exprs: Vec<Expr>,
    pub pats: Vec<Pat>,
    pub locals: Vec<Local>,
    pub closures: Vec<Closure>,
    pub regions: Vec<Region>,
    pub span: Span,
    /// A mistake was reported in it: later phases leave it alone.
    pub poisoned: bool,
}

#[derive(Clone, Debug)]
pub struct Param {
    pub pat: PatId,
    pub ty: Ty,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Local {
    pub name: Symbol,
    pub ty: Ty,
    /// Declared `mut`.
    pub mutable: bool,
    pub span: Span,
    /// `None`: of the function itself; else the closure that declares it (as a parameter or inside).
    pub closure: Option<u32>,
}

#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub ty: Ty,
    pub span: Span,
}

/// A place expression is `Local`, `Static`, `Field`, `Index`, `Deref` or `Upvar`-free: closures name outer locals directly.
/// Where a place expression stands for a value it is copied if its type is `Copy`, else moved.
#[derive(Clone, Debug)]
pub enum ExprKind {
    Const(Const),
    Local(LocalId),
    /// A `static`, a place.
    Static(FnId),
    /// A `const` item or an associated constant: evaluated where it stands. `Args` as in `FnDef`.
    ConstItem(FnId, Args),
    /// The value of a const parameter: the type is `TyKind::Param` or `TyKind::Const`.
    ConstParam(Ty),
    /// A function as a value; zero-sized, its type is `FnDef`.
    FnItem(FnId, Args),

    /// Of a struct or tuple.
    Field(ExprId, u32),
    /// Of an array or slice place by an `int`: bounds are checked. Everything else is a call of `Index`.
    Index(ExprId, ExprId),
    /// Of a reference, raw pointer or `Box`.
    Deref(ExprId),

    /// `&place`; of a value expression it makes a temporary.
    Ref(Mutable, ExprId),
    RawRef(Mutable, ExprId),

    /// On primitive types; `And`/`Or` do not occur (see `And`, `Or`). `Eq`…`Ge` also on `char`, `bool`, raw pointers.
    /// Integer `Add Sub Mul Div Rem Neg Shl Shr` check and panic.
    Binary(BinaryOp, ExprId, ExprId),
    /// `Neg`, `Not` on primitive types.
    Unary(UnaryOp, ExprId),
    And(ExprId, ExprId),
    Or(ExprId, ExprId),

    Assign(ExprId, ExprId),
    /// On primitive types; checked as `Binary`. The right side is evaluated first.
    AssignOp(BinaryOp, ExprId, ExprId),

    Call(Callee, Vec<ExprId>),

    Tuple(Vec<ExprId>),
    Array(Vec<ExprId>),
    /// `[value; n]`: the type says `n`. The value is `Copy` or a constant, or n is 0 or 1.
    Repeat(ExprId),
    /// A struct or enum value: fields in the order in which they were written; `base` gives the missing ones.
    Adt { variant: u32, fields: Vec<(u32, ExprId)>, base: Option<ExprId> },
    /// An index into `Body::closures`.
    Closure(u32),

    Cast(Cast, ExprId),

    Block(Block),
    If { cond: ExprId, then: ExprId, or_else: Option<ExprId> },
    /// `let p = e` in a condition (under `If`, `And`, guards). Bindings live in what the condition guards.
    Let(PatId, ExprId),
    Match { scrutinee: ExprId, arms: Vec<Arm> },
    /// `loop`, and what `while` and `for` become.
    Loop { id: LoopId, body: ExprId },
    /// A labelled block: `break` with this id leaves it.
    Labeled { id: LoopId, body: ExprId },
    Break { target: LoopId, value: Option<ExprId> },
    Continue { target: LoopId },
    /// From the function or the innermost closure.
    Return(Option<ExprId>),
    /// What `?` does with a failure: leaves like `Return`, and the scopes on the way are told that they failed.
    Propagate(ExprId),
    /// A block that is set right on every way out: an index into `Body::regions`.
    Region(u32),
    /// `unsafe { }`
    Unsafe(ExprId),

    /// A mistake stood here.
    Error,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub stmts: Vec<Stmt>,
    pub tail: Option<ExprId>,
}

#[derive(Clone, Debug)]
pub enum Stmt {
    /// `else` diverges. Without `init` the binding is declared only.
    Let { pat: PatId, init: Option<ExprId>, or_else: Option<ExprId>, span: Span },
    /// The value is dropped at the end of the statement.
    Expr(ExprId),
    /// A region that lasts to the end of this block: its body is what follows.
    Open(u32),
}

/// `scope`, `timeout`, `shield`, `blocking`, `with`, and the hidden scope of an `async`: opened, then closed on every edge
/// by which control leaves.
#[derive(Clone, Debug)]
pub struct Region {
    /// Its memory in the frame: initialised and ended in place, never moved or dropped.
    pub record: Option<LocalId>,
    /// Memory for the tasks that are started in it at most once, one for each place in the text.
    pub places: Vec<LocalId>,
    /// Calls that open it. They do not raise.
    pub enter: Vec<ExprId>,
    /// Calls on the way out: given the record's address, if there is one.
    pub leave: RegionCall,
    pub unwind: RegionCall,
    /// Before `leave` where a failure passes on its way.
    pub abandon: Option<RegionCall>,
    /// `None` for what a statement opened.
    pub body: Option<ExprId>,
    /// Takes the body's value and gives the region's, after it was left and while its memory still stands.
    pub after: Option<(LocalId, ExprId)>,
    /// The value where a raise ended here instead.
    pub caught: Option<ExprId>,
    pub span: Span,
}

pub type RegionCall = (FnId, Args);

#[derive(Clone, Debug)]
pub struct Arm {
    pub pat: PatId,
    pub guard: Option<ExprId>,
    pub body: ExprId,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Callee {
    /// A function, method or trait method (then `Args[0]` is `Self`, and which impl it is may be known only later).
    /// Tuple struct and tuple variant constructors are `Adt` expressions, never calls.
    Fn(FnId, Args),
    /// A closure or any other value of an `Fn` trait: the first argument is the callee itself
    /// (`&f`, `&mut f` or `f` as the kind says), the others are its arguments, not tupled.
    FnTrait(ClosureKind),
    /// The first argument is the function pointer.
    Pointer,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ClosureKind {
    Fn,
    FnMut,
    FnOnce,
}

#[derive(Clone, Debug)]
pub enum Const {
    /// Also `bool` as 0 and 1, and `char`. The type says which.
    Int(i128),
    /// The bits of an `f64`; for an `f32` those of its exact widening.
    Float(u64),
    /// The type is `String` (a constant without allocation) or `&str`.
    Str(Symbol),
    /// `&[u8; n]`
    Bytes(Arc<[u8]>),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cast {
    /// Between integers, `bool`/`char`/field-less enum to integer, `u8` to `char`: wraps.
    IntToInt,
    IntToFloat,
    /// Panics when the value does not fit (NaN included).
    FloatToInt,
    FloatToFloat,
    /// Between raw pointers, reference to raw pointer.
    PointerToPointer,
    PointerToInt,
    IntToPointer,
    /// `&T` to `&dyn Trait`, `&[T; n]` to `&[T]`, the same for `&mut`, raw pointers, `Box`, `Rc`, `Shared`
    /// (any struct whose one pointer field changes so).
    Unsize,
    /// `FnDef` to `FnPtr`.
    ReifyFn,
    /// A closure without captures to `FnPtr`.
    ReifyClosure,
    /// `!` to anything.
    Never,
}

#[derive(Clone, Debug)]
pub struct Closure {
    pub id: ClosureId,
    pub kind: ClosureKind,
    pub is_move: bool,
    pub params: Vec<Param>,
    pub ret: Ty,
    pub body: ExprId,
    /// What it takes from outside, in the order of its fields.
    pub captures: Vec<Capture>,
    pub task: Option<Task>,
    pub span: Span,
}

/// A closure that is the body of a task.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    pub kind: TaskKind,
    /// Variables from this one on are declared inside the scope and may end before the task: they are moved in.
    pub inside: LocalId,
    /// The word that starts it.
    pub head: Span,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskKind {
    Spawn,
    /// Catches its failure.
    Try,
    /// In a scope of some function above: owns what it captures.
    In { caught: bool },
    Detach,
    Async,
    /// The body of a `parallel for`: runs in several tasks at once.
    Parallel,
}

/// A path of an outer local that a closure uses: `a.b.c`, with dereferences. As in Rust 2021: moves stop before a
/// dereference of a reference (the reference itself is reborrowed or copied), `move` closures capture whole
/// variables up to a dereference.
#[derive(Clone, Debug)]
pub struct Capture {
    pub local: LocalId,
    pub path: Vec<CaptureStep>,
    pub by: CaptureBy,
    /// The type of the place.
    pub ty: Ty,
    /// The use that decided.
    pub span: Span,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CaptureStep {
    Field(u32),
    Deref,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum CaptureBy {
    /// Copied or moved in.
    Value,
    Shared,
    Exclusive,
}

impl Capture {
    /// The type of the closure's field.
    pub fn field_ty(&self) -> Ty {
        match self.by {
            CaptureBy::Value => self.ty,
            CaptureBy::Shared => Ty::shared(self.ty),
            CaptureBy::Exclusive => Ty::exclusive(self.ty),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Pat {
    pub kind: PatKind,
    /// Of the value that is matched.
    pub ty: Ty,
    pub span: Span,
}

/// Default binding modes are spelled out: a reference matched by a constructor pattern is a `Deref` around it.
#[derive(Clone, Debug)]
pub enum PatKind {
    Wild,
    /// `by_ref`: the binding is a reference to the matched place; else it is copied or moved.
    Bind { local: LocalId, by_ref: Option<Mutable>, sub: Option<PatId> },
    /// Integers, `char`, `bool`, floats, `&str`, `String`.
    Const(Const),
    /// Ends of integers, chars (as `Int`) or floats; `None` is open.
    Range { lo: Option<Const>, hi: Option<Const>, inclusive: bool },
    /// Through `&`, `&mut` or `Box`.
    Deref(PatId),
    /// Tuple, struct: some of its fields.
    Leaf(Vec<(u32, PatId)>),
    Variant { variant: u32, fields: Vec<(u32, PatId)> },
    /// Of an array or slice. `rest`: `None` without `..`, `Some(None)` for `..`, `Some(Some(p))` for `p @ ..`.
    Slice { before: Vec<PatId>, rest: Option<Option<PatId>>, after: Vec<PatId> },
    Or(Vec<PatId>),
    Error,
}

impl Body {
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.index()]
    }
    pub fn pat(&self, id: PatId) -> &Pat {
        &self.pats[id.index()]
    }
    pub fn local(&self, id: LocalId) -> &Local {
        &self.locals[id.index()]
    }
}
