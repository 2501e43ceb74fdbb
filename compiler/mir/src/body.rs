//! The one intermediate form. A body is a graph of blocks over typed places, in the manner of Rust's MIR.
//!
//! Two kinds of edges leave a block: its terminator's, and, from any statement that can raise (a checked operation),
//! the one to `Block::unwind`. Unwinding is a status carried by return values: a callee that raised returns with its
//! flag set, the caller goes to the call's `unwind` block, cleans up and ends in `Resume`, which returns with its own
//! flag set. No unwind block (`None`) means that there is nothing to clean up: leave the function at once.
//!
//! The same type serves generic and concrete bodies. Before monomorphisation types may hold parameters and callees are
//! `Callee::Fn`; afterwards (`concrete == true`) all types are concrete, layouts exist, and callees are `Callee::Instance`
//! and its kin.

use diag::{Span, Symbol};
use hir::ids::{AdtId, ClosureId, FnId};
use hir::ty::{Args, Mutable, Ty};
use std::sync::Arc;

macro_rules! index_types {
    ($($(#[$doc:meta])* $name:ident $prefix:literal)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    )*};
}

index_types! {
    /// 0 is the result, then the parameters, then variables and temporaries.
    Local "_"
    BlockId "b"
    /// Where in the text something came from: an entry of `Body::sources`.
    SourceId "@"
    /// A concrete function of the whole program: an entry of `MonoProgram::instances`.
    InstanceId "fn#"
}

impl Local {
    pub const RETURN: Local = Local(0);
}
impl BlockId {
    pub const START: BlockId = BlockId(0);
}

#[derive(Clone, Debug)]
pub struct Body {
    /// As a backtrace shows it.
    pub name: Symbol,
    pub origin: Origin,
    /// Parameters are locals 1 to `param_count`.
    pub param_count: u32,
    pub locals: Vec<LocalDecl>,
    pub blocks: Vec<Block>,
    pub sources: Vec<Source>,
    pub span: Span,
    /// After monomorphisation.
    pub concrete: bool,
    /// No statement, call or drop in it can raise: its callers need no flag. Filled by the may-raise analysis; `false` before.
    pub never_raises: bool,
    pub inline: InlineHint,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InlineHint {
    Auto,
    Always,
    Never,
}

/// What a body was made from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Origin {
    Fn(FnId),
    /// The first parameter is the closure: by value, `&` or `&mut` as its kind says.
    Closure(ClosureId),
    /// Made by the compiler: drop glue, shims.
    Made,
}

#[derive(Clone, Debug)]
pub struct LocalDecl {
    pub ty: Ty,
    /// The user's name for it; temporaries have none.
    pub name: Option<Symbol>,
    pub mutable: bool,
    pub source: SourceId,
}

/// A place in the text, and through which calls it was inlined.
#[derive(Clone, Debug)]
pub struct Source {
    pub span: Span,
    /// The function whose text it is, as a backtrace shows it.
    pub function: Symbol,
    /// The call that was replaced by the body this belongs to (an entry of the same table).
    pub inlined_at: Option<SourceId>,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub statements: Vec<Statement>,
    pub terminator: Terminator,
    /// Where statements that raise go. `None`: out of the function.
    pub unwind: Option<BlockId>,
    /// On the way out of a panic: cold.
    pub cleanup: bool,
}

#[derive(Clone, Debug)]
pub struct Statement {
    pub kind: StatementKind,
    pub source: SourceId,
}

#[derive(Clone, Debug)]
pub enum StatementKind {
    Assign(Place, Rvalue),
    /// Raises `fault` unless the operand equals `expected`.
    Check { cond: Operand, expected: bool, fault: Fault },
    /// Raises unless `0 <= index < len`.
    BoundsCheck { index: Operand, len: Operand },
    /// Writes the tag of an enum place.
    SetDiscriminant(Place, u32),
    /// The local's storage begins: it is uninitialised.
    StorageLive(Local),
    /// The local's storage ends.
    StorageDead(Local),
    Nop,
}

/// Why a checked operation raises. Rendered by the runtime; carries no operands (they would stay alive for nothing).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fault {
    /// `attempt to add with overflow`
    Overflow(hir::typed::BinaryOp),
    NegateOverflow,
    DivideByZero,
    RemainderByZero,
    /// A cast from a float that does not fit.
    CastOverflow,
    /// Reached what the program said cannot be.
    Unreachable,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Place {
    pub local: Local,
    pub projection: Vec<Projection>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Projection {
    /// Of a reference, raw pointer or `Box`.
    Deref,
    /// Of a struct, tuple, closure, or (after `Downcast`) variant.
    Field(u32),
    /// Of an array or slice; already checked.
    Index(Local),
    /// Of an array or slice pattern: from the start, or from the end (1 is the last).
    ConstIndex { offset: u32, from_end: bool },
    /// Of an array or slice pattern: without the first `from` and the last `to`. The result is a slice (array for an array).
    Subslice { from: u32, to: u32 },
    Downcast(u32),
}

#[derive(Clone, Debug)]
pub enum Operand {
    Copy(Place),
    Move(Place),
    Const(Const),
}

#[derive(Clone, Debug)]
pub struct Const {
    pub ty: Ty,
    pub kind: ConstKind,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ConstKind {
    /// Integers, `bool`, `char`; plain pointers as addresses.
    Int(Wide),
    /// The bits of an `f64` (widened for `f32`).
    Float(u64),
    /// `&str`, or `String` without allocation.
    Str(Symbol),
    /// `&[u8; n]`
    Bytes(Arc<[u8]>),
    /// A value without bytes: `()`, `FnDef`, empty structs and closures.
    Zero,
    /// The value of a const parameter, generic bodies only.
    Param(Ty),
    /// A `const` item, generic bodies only: monomorphisation evaluates or calls it.
    Item(FnId, Args),
    /// A function pointer, concrete bodies only.
    Function(InstanceId),
    /// The address of a `static`; the type is a raw pointer to it.
    Static(FnId),
    /// A pointer to the table of a `dyn` type, concrete bodies only: an entry of `MonoProgram::vtables`.
    Vtable(u32),
}

/// A number of any integer type: wider than each of them, so that results can be judged before they wrap. In two halves, since a
/// constant, and with it every statement, would else be half as long again.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wide {
    high: i64,
    low: u64,
}

impl Wide {
    pub const ZERO: Wide = Wide { high: 0, low: 0 };

    pub fn get(self) -> i128 {
        i128::from(self.high) << 64 | i128::from(self.low)
    }
}
impl From<i128> for Wide {
    fn from(value: i128) -> Wide {
        Wide { high: (value >> 64) as i64, low: value as u64 }
    }
}
impl std::fmt::Debug for Wide {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.get())
    }
}

impl ConstKind {
    pub fn int(value: i128) -> ConstKind {
        ConstKind::Int(value.into())
    }
}

#[derive(Clone, Debug)]
pub enum Rvalue {
    Use(Operand),
    /// `&place`; `two_phase` for the automatic `&mut` of a method call's receiver.
    Ref { mutable: Mutable, place: Place, two_phase: bool },
    RawRef(Mutable, Place),
    /// On primitives. Checked ones raise.
    Binary(BinaryOp, Operand, Operand),
    Unary(UnaryOp, Operand),
    Cast(Cast, Operand, Ty),
    /// The variant number of an enum place, as `int`.
    Discriminant(Place),
    /// The length of a slice or array place.
    Len(Place),
    Aggregate(Aggregate, Vec<Operand>),
    /// An array of `n` copies; the assigned place's type says `n`.
    Repeat(Operand),
    /// The second if the first, a `bool`, holds, else the third: scalars, both of which are there. Made by the optimiser.
    Select(Operand, Box<[Operand; 2]>),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    /// Integers: wraps. Floats: IEEE.
    Add,
    Sub,
    Mul,
    /// Integers: the divisor is not zero (and not -1 with the minimum): checked before.
    Div,
    Rem,
    BitAnd,
    BitOr,
    BitXor,
    /// The amount is below the width: checked or masked before.
    Shl,
    Shr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// Integers: raise `Overflow`.
    AddChecked,
    SubChecked,
    MulChecked,
    /// Raise `DivideByZero` / `RemainderByZero` and `Overflow` (minimum by -1).
    DivChecked,
    RemChecked,
    /// Raise `Overflow` when the amount is not below the width.
    ShlChecked,
    ShrChecked,
    /// A raw pointer and an `int` count of elements.
    Offset,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOp {
    Not,
    /// Integers: wraps.
    Neg,
    /// Integers: raises `NegateOverflow`.
    NegChecked,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cast {
    IntToInt,
    IntToFloat,
    /// Raises `CastOverflow` when the value does not fit.
    FloatToIntChecked,
    /// NaN is 0, out of range is the nearest.
    FloatToIntSaturating,
    FloatToFloat,
    PointerToPointer,
    PointerToInt,
    IntToPointer,
    /// Generic bodies: see `hir::typed::Cast::Unsize`. Concrete bodies: still this, with both types concrete;
    /// for `dyn` targets monomorphisation has put the table into `MonoProgram::vtables` and emission finds it by types.
    Unsize,
    /// Generic bodies only.
    ReifyFn,
    /// Generic bodies only.
    ReifyClosure,
    /// Same bits, another type of the same size.
    Transmute,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aggregate {
    Tuple,
    Array,
    /// All fields of the variant, in order. The assigned place's type is the type.
    Adt(AdtId, u32),
    /// The captures, in order.
    Closure(ClosureId),
    /// A wide pointer from a thin one and its metadata (length or table).
    WidePointer,
}

#[derive(Clone, Debug)]
pub struct Terminator {
    pub kind: TerminatorKind,
    pub source: SourceId,
}

#[derive(Clone, Debug)]
pub enum TerminatorKind {
    Goto(BlockId),
    /// By an integer, `bool` or `char`.
    Switch { value: Operand, targets: Vec<(i128, BlockId)>, otherwise: BlockId },
    Return,
    /// Goes on unwinding: returns with the flag set.
    Resume,
    Unreachable,
    /// Drops the value in the place: a no-op once moved out (drop elaboration makes this explicit).
    Drop { place: Place, target: BlockId, unwind: Option<BlockId> },
    /// `target` is `None` when it never returns normally.
    Call { callee: Callee, args: Vec<Operand>, dest: Place, target: Option<BlockId>, unwind: Option<BlockId> },
}

#[derive(Clone, Debug)]
pub enum Callee {
    /// Generic bodies: a function or trait method with its arguments.
    Fn(FnId, Args),
    /// Generic bodies: see `hir::typed::Callee::FnTrait`; the type is that of the callee value (references peeled).
    FnTrait(hir::typed::ClosureKind, Ty),
    /// Through a function pointer.
    Pointer(Operand),

    // Concrete bodies:
    Instance(InstanceId),
    /// The `slot`-th method of the table of the first argument, a wide pointer (only its data pointer is passed on).
    Virtual { slot: u32, params: Args, ret: Ty },
    /// A compiler intrinsic by name, with its type arguments.
    Intrinsic(Symbol, Args),
    /// A row of the bridge's table.
    Runtime(Symbol),
    /// `extern "C"` by its name, with its parameter and result types.
    Foreign { name: Symbol, params: Args, ret: Ty },
}

/// The concrete program: every function that is reached from `main` (or the tests, or exported functions).
pub struct MonoProgram {
    pub bodies: Vec<Arc<Body>>,
    /// By `InstanceId`.
    pub instances: Vec<Instance>,
    pub vtables: Vec<Vtable>,
    pub statics: Vec<StaticItem>,
    pub layouts: crate::layout::Layouts,
    pub main: Option<InstanceId>,
    /// Name and body of each test.
    pub tests: Vec<(Symbol, InstanceId)>,
}

pub struct Instance {
    /// Unique and stable: `module::Type<int>::name`.
    pub symbol: Symbol,
    pub origin: Origin,
    pub args: Args,
    /// The C convention under its plain name.
    pub exported: bool,
    pub span: Span,
}

pub struct Vtable {
    /// The concrete type and the `dyn` type.
    pub ty: Ty,
    pub dyn_ty: Ty,
    /// `None`: nothing to drop. Takes a pointer to the value.
    pub drop_glue: Option<InstanceId>,
    pub methods: Vec<InstanceId>,
}

pub struct StaticItem {
    pub id: FnId,
    pub ty: Ty,
    pub name: Symbol,
    pub mutable: bool,
    /// Computes the initial value. Constant-folded to bytes where possible, else run once before `main`, in order.
    pub init: InstanceId,
    pub span: Span,
}
