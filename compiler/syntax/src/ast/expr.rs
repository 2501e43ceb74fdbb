//! Expressions, statements and blocks as written.

use super::{GenericArgs, Ident, Item, Mutable, Pat, Path, Ty};
use diag::{Span, Symbol};

#[derive(Clone, Debug)]
pub struct Expr {
    pub span: Span,
    pub kind: ExprKind,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub span: Span,
    pub stmts: Vec<Stmt>,
    /// The value: a last expression without `;`.
    pub tail: Option<Box<Expr>>,
}

#[derive(Clone, Debug)]
pub struct Stmt {
    pub span: Span,
    pub kind: StmtKind,
}

#[derive(Clone, Debug)]
pub enum StmtKind {
    Let(Box<Let>),
    Expr(Expr),
    Item(Box<Item>),
    /// What could not be parsed; a message was already given.
    Error,
}

#[derive(Clone, Debug)]
pub struct Let {
    pub pat: Pat,
    pub ty: Option<Ty>,
    pub init: Option<Expr>,
    pub or_else: Option<Block>,
}

#[derive(Clone, Debug)]
pub enum Lit {
    /// The value before any sign; the suffix as written (`u8`, `f64` for `1f64`).
    Int { value: u128, suffix: Option<Symbol> },
    /// The digits as written without `_`.
    Float { text: Symbol, suffix: Option<Symbol> },
    Bool(bool),
    Char(char),
    Byte(u8),
    /// Without interpolation, escapes resolved.
    Str(Symbol),
    /// b"bytes"
    ByteStr(std::sync::Arc<[u8]>),
    /// In nanoseconds.
    Duration(i64),
    Unit,
}

/// A piece of an interpolated string.
#[derive(Clone, Debug)]
pub enum StrPart {
    Text(Symbol),
    Expr { expr: Box<Expr>, spec: FormatSpec, span: Span },
}

/// `{x:*>+08.3x}`
#[derive(Clone, Debug, Default)]
pub struct FormatSpec {
    pub fill: Option<char>,
    pub align: Option<Align>,
    pub plus: bool,
    /// `#`
    pub alternate: bool,
    pub zero: bool,
    pub width: Option<SpecCount>,
    pub precision: Option<SpecCount>,
    pub kind: FormatKind,
    pub span: Option<Span>,
}

#[derive(Clone, Debug)]
pub enum SpecCount {
    Literal(u32),
    /// `{x:width$}`: the variable's value.
    Name(Ident),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
    Left,
    Center,
    Right,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum FormatKind {
    #[default]
    Show,
    /// `?`: the quoted form.
    Debug,
    LowerHex,
    UpperHex,
    Binary,
    Octal,
    /// `e`
    Exponent,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    BitAnd,
    BitOr,
    BitXor,
    Shl,
    Shr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    And,
    Or,
}

impl BinaryOp {
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Rem => "%",
            BinaryOp::BitAnd => "&",
            BinaryOp::BitOr => "|",
            BinaryOp::BitXor => "^",
            BinaryOp::Shl => "<<",
            BinaryOp::Shr => ">>",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::And => "&&",
            BinaryOp::Or => "||",
        }
    }

    pub fn is_comparison(self) -> bool {
        matches!(self, BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOp {
    Neg,
    Not,
    Deref,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    Lit(Lit),
    /// A string with at least one `{ }`.
    Interpolated(Vec<StrPart>),
    Path(Path),
    Unary(UnaryOp, Box<Expr>),
    Binary(BinaryOp, Span, Box<Expr>, Box<Expr>),
    Assign(Box<Expr>, Box<Expr>),
    /// `a += b`; the span is the operator's.
    AssignOp(BinaryOp, Span, Box<Expr>, Box<Expr>),
    /// `&e`, `&mut e`
    Ref(Mutable, Box<Expr>),
    /// `&raw const e`, `&raw mut e`
    RawRef(Mutable, Box<Expr>),
    Call(Box<Expr>, Vec<Expr>),
    MethodCall(Box<MethodCall>),
    Field(Box<Expr>, Ident),
    /// `t.0`
    TupleField(Box<Expr>, u32, Span),
    Index(Box<Expr>, Box<Expr>),
    Range { lo: Option<Box<Expr>>, hi: Option<Box<Expr>>, inclusive: bool },
    Tuple(Vec<Expr>),
    Array(Vec<Expr>),
    Repeat(Box<Expr>, Box<Expr>),
    /// `vec[a, b]`
    Vec(Vec<Expr>),
    /// `vec[x; n]`
    VecRepeat(Box<Expr>, Box<Expr>),
    Struct(Box<StructExpr>),
    Paren(Box<Expr>),
    Block(Box<Block>),
    /// `'a: { ... break 'a v ... }`
    Labeled(Ident, Box<Block>),
    Unsafe(Box<Block>),
    If(Box<If>),
    /// `let p = e`: only inside conditions, joined by `&&`.
    Let(Box<Pat>, Box<Expr>),
    Match(Box<Expr>, Vec<Arm>),
    Loop(Box<Loop>),
    While(Box<While>),
    For(Box<For>),
    Closure(Box<Closure>),
    Return(Option<Box<Expr>>),
    Break(Option<Ident>, Option<Box<Expr>>),
    Continue(Option<Ident>),
    /// `e?`
    Try(Box<Expr>),
    Cast(Box<Expr>, Box<Ty>),

    // Tasks, §4-§7.
    Scope(Box<Scope>),
    Spawn(Box<Spawn>),
    Join(Box<Expr>),
    Detach(Box<Block>),
    Async(Box<Expr>),
    Await(Box<Expr>),
    Yield,
    Select(Box<Select>),
    /// `channel<T>(n)`
    Channel(Option<Box<Ty>>, Vec<Expr>),
    /// `shield { }`, `shield(1s) { }`
    Shield(Option<Box<Expr>>, Box<Block>),
    /// `timeout(300ms) { }`
    Timeout(Box<Expr>, Box<Block>),
    /// `blocking { }`
    Blocking(Box<Block>),
    /// `with NAME = value { }`
    With(Path, Box<Expr>, Box<Block>),
    /// `lock (a, b) { }`
    Lock(Vec<Expr>, Box<Block>),

    /// What could not be parsed; a message was already given.
    Error,
}

#[derive(Clone, Debug)]
pub struct MethodCall {
    pub receiver: Expr,
    pub name: Ident,
    pub turbofish: Option<Box<GenericArgs>>,
    pub args: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub struct StructExpr {
    pub path: Path,
    pub fields: Vec<FieldExpr>,
    /// `..base`
    pub base: Option<Expr>,
}

#[derive(Clone, Debug)]
pub struct FieldExpr {
    pub span: Span,
    pub name: Ident,
    /// For the short form `x` this is the path `x`.
    pub value: Expr,
    pub short: bool,
}

#[derive(Clone, Debug)]
pub struct If {
    pub cond: Expr,
    pub then: Block,
    /// A block or another `if`.
    pub or_else: Option<Expr>,
}

#[derive(Clone, Debug)]
pub struct Arm {
    pub span: Span,
    pub pat: Pat,
    pub guard: Option<Expr>,
    pub body: Expr,
}

#[derive(Clone, Debug)]
pub struct Loop {
    pub label: Option<Ident>,
    pub body: Block,
}

#[derive(Clone, Debug)]
pub struct While {
    pub label: Option<Ident>,
    pub cond: Expr,
    pub body: Block,
}

#[derive(Clone, Debug)]
pub struct For {
    pub label: Option<Ident>,
    pub pat: Pat,
    pub iter: Expr,
    pub body: Block,
    pub parallel: Option<Parallel>,
}

/// `parallel for … reduce(+: sum, max: peak)`
#[derive(Clone, Debug)]
pub struct Parallel {
    pub span: Span,
    pub reduce: Vec<Reduction>,
    /// Nobody wrote it: it was a plain loop, which is to be cut into parts of at least so many rounds.
    pub least: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct Reduction {
    pub span: Span,
    /// `+`, `*`, `&`, `|`, `^`, `&&`, `||` or a name.
    pub op: Symbol,
    pub op_span: Span,
    pub variable: Ident,
}

#[derive(Clone, Debug)]
pub struct Closure {
    pub is_move: bool,
    pub params: Vec<ClosureParam>,
    pub ret: Option<Ty>,
    pub body: Expr,
    /// The `|…|` with `move` and the result type.
    pub head_span: Span,
}

#[derive(Clone, Debug)]
pub struct ClosureParam {
    pub pat: Pat,
    pub ty: Option<Ty>,
}

/// `scope name(limit: n) { }`
#[derive(Clone, Debug)]
pub struct Scope {
    pub name: Option<Ident>,
    pub options: Vec<(Ident, Expr)>,
    pub body: Block,
}

/// `spawn e`, `spawn { }`, `spawn move { }`, `spawn try …`, `spawn in s …`
#[derive(Clone, Debug)]
pub struct Spawn {
    pub head_span: Span,
    pub is_try: bool,
    pub is_move: bool,
    pub in_scope: Option<Expr>,
    pub body: Expr,
}

#[derive(Clone, Debug)]
pub struct Select {
    pub biased: bool,
    pub arms: Vec<SelectArm>,
}

#[derive(Clone, Debug)]
pub struct SelectArm {
    pub span: Span,
    pub kind: SelectKind,
    pub body: Expr,
}

#[derive(Clone, Debug)]
pub enum SelectKind {
    /// `p = e =>` or `e =>`, where `e` is a `recv`, `send` or another waiting call.
    Operation { pat: Option<Pat>, expr: Expr },
    /// `p = join e =>`
    Join { pat: Option<Pat>, expr: Expr },
    After(Expr),
    Cancelled,
    Default,
}
