//! The program's definitions with their signatures resolved: what every phase may ask about a name.

use diag::fast::FastMap;
use crate::ids::*;
use crate::ty::{Args, Mutable, Ty};
use diag::{SourceMap, Span, Symbol};
use std::sync::Arc;
use syntax::ast;

/// All modules, `std` included. Made by `lower`; read-only afterwards.
pub struct Program {
    pub sources: SourceMap,
    pub modules: Vec<Module>,
    pub fns: Vec<FnDef>,
    pub adts: Vec<AdtDef>,
    pub traits: Vec<TraitDef>,
    pub impls: Vec<ImplDef>,
    pub lang: crate::lang_items::LangItems,
    pub main: Option<FnId>,
    /// In order of the text.
    pub tests: Vec<FnId>,
    pub(crate) aliases: Vec<crate::lower::AliasDef>,
    pub(crate) index: crate::traits::ImplIndex,
    /// Blocks that declare items, by their span.
    pub(crate) block_modules: FastMap<Span, ModId>,
    pub(crate) prelude: Option<ModId>,
    pub(crate) std_root: Option<ModId>,
    /// Texts that the compiler wrote (derived impls), and the place of the user's text that asked for them.
    pub(crate) file_notes: FastMap<diag::FileId, Span>,
}

pub struct Module {
    pub name: Symbol,
    /// `crate`-less: `a::b`; empty for the root, `std::…` for the library.
    pub path: String,
    pub parent: Option<ModId>,
    pub library: bool,
    pub(crate) scope: crate::resolve::ModuleScope,
}

/// A function, method, constant, static or test.
pub struct FnDef {
    pub id: FnId,
    pub name: Symbol,
    /// As a backtrace shows it: `module::Type::name`.
    pub path: String,
    pub module: ModId,
    pub kind: FnKind,
    pub generics: Generics,
    /// `self` first.
    pub params: Vec<ParamDef>,
    pub ret: Ty,
    pub has_self: bool,
    pub public: bool,
    pub is_unsafe: bool,
    pub is_pure: bool,
    /// The result borrows from these parameters: index and contents-only; empty where the elision rules decide.
    pub from: Vec<(u32, bool)>,
    /// The names behind `from`; without them the empty place behind the head, where they would stand.
    pub from_span: Span,
    pub attrs: FnAttrs,
    /// The head of the definition.
    pub span: Span,
    pub name_span: Span,
    pub body: BodySource,
}

impl FnDef {
    /// About how many microseconds it takes to type its body, or to judge it: by the length of its text.
    pub fn weight(&self) -> usize {
        let span = match &self.body {
            BodySource::None => return 0,
            BodySource::Fn(item) => item.span,
            BodySource::Expr(value) => value.span,
            BodySource::Test(block) => block.span,
        };
        1 + (span.hi - span.lo) as usize / 3
    }
}

#[derive(Clone)]
pub enum BodySource {
    /// Declared only: foreign, intrinsic, runtime call, trait method without default.
    None,
    Fn(Arc<ast::FnItem>),
    Expr(Arc<ast::Expr>),
    Test(Arc<ast::Block>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FnKind {
    Free,
    /// In an inherent or trait impl.
    Impl(ImplId),
    /// In a trait; it has a default when it has a body.
    Trait(TraitId),
    /// `extern "C"`, called by its name. `extern "C" fn` with a body is `Free` with `attrs.exported`.
    Foreign,
    /// `extern "intrinsic"` in std: the compiler knows the name.
    Intrinsic,
    /// `extern "runtime"` in std: a row of the bridge's table.
    Runtime,
    /// `const X: T = …` (free, or associated: then `generics` has a parent).
    Const,
    Static { mutable: bool },
    Test,
}

#[derive(Clone, Copy, Default, Debug)]
pub struct FnAttrs {
    pub inline: bool,
    pub inline_never: bool,
    pub cold: bool,
    pub nonblocking: bool,
    /// Arguments of parameters that are references are taken by reference where the user wrote a value (`assert_eq`).
    pub auto_ref: bool,
    pub must_use: bool,
    /// `f(f(a, b), c)` is `f(a, f(b, c))`, and the type's default changes nothing: `reduce` may use it.
    pub associative: bool,
    /// A `static` that tasks bind: naming it gives a copy of what is bound.
    pub task_local: bool,
    /// Orderings at the end of the arguments may be left out: then they are `seqcst`.
    pub orders: bool,
    /// `extern "C" fn` with a body: visible under its plain name with the C convention.
    pub exported: bool,
    /// Of a test: how its schedules are chosen, if it says so.
    pub exploration: Option<Exploration>,
}

/// Which schedules a test is run under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exploration {
    /// So many, drawn by seeds.
    Schedules(u64),
    /// All, and all that the memory model allows to atomics.
    Exhaustive,
    /// Drawn by priorities that change so many times but one.
    Priorities(u32),
}

pub struct ParamDef {
    pub name: Symbol,
    pub ty: Ty,
    pub span: Span,
}

/// Parameters in the order of `Args`: those of the impl or trait (there `Self` is 0) first.
#[derive(Clone, Default)]
pub struct Generics {
    pub params: Vec<GenericParam>,
    /// How many belong to the impl or trait around it.
    pub parent_count: usize,
    /// Those of the impl or trait included.
    pub predicates: Vec<Predicate>,
}

#[derive(Clone)]
pub struct GenericParam {
    pub name: Symbol,
    pub span: Span,
    pub is_const: bool,
    /// What is meant where nothing is written.
    pub default: Option<Ty>,
    /// Of a function's parameter: what it is where neither the call nor its surroundings tell.
    pub fallback: Option<Ty>,
}

#[derive(Clone)]
pub struct Predicate {
    pub kind: PredicateKind,
    pub span: Span,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum PredicateKind {
    /// `args[0]: Trait<args[1..]>`
    Trait(TraitId, Args),
    /// `<args[0] as Trait<args[1..]>>::name == ty`
    Projection(crate::ty::ProjectionTy, Ty),
}

pub struct AdtDef {
    pub id: AdtId,
    pub name: Symbol,
    pub path: String,
    pub module: ModId,
    pub public: bool,
    pub is_enum: bool,
    /// Declared `view struct` / `view enum`.
    pub is_view: bool,
    pub generics: Generics,
    /// One for a struct.
    pub variants: Vec<VariantDef>,
    pub attrs: AdtAttrs,
    pub span: Span,
    pub name_span: Span,
}

#[derive(Clone, Copy, Default, Debug)]
pub struct AdtAttrs {
    pub must_use: bool,
    /// `#[cache_line]`: aligned and padded to 64 bytes.
    pub cache_line: bool,
    /// `#[repr(C)]`: fields stay in order.
    pub repr_c: bool,
}

pub struct VariantDef {
    pub name: Symbol,
    pub kind: VariantKind,
    pub fields: Vec<FieldDef>,
    pub discriminant: i64,
    pub span: Span,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VariantKind {
    Unit,
    Tuple,
    Named,
}

pub struct FieldDef {
    pub name: Symbol,
    /// With the type's parameters.
    pub ty: Ty,
    pub public: bool,
    pub span: Span,
}

pub struct TraitDef {
    pub id: TraitId,
    pub name: Symbol,
    pub path: String,
    pub module: ModId,
    pub public: bool,
    pub is_unsafe: bool,
    /// `Self` first.
    pub generics: Generics,
    /// With `Self` as first argument.
    pub supers: Vec<(TraitId, Args)>,
    pub methods: Vec<FnId>,
    pub assoc_types: Vec<AssocTy>,
    pub consts: Vec<FnId>,
    /// Decided by structure: `Send`, `Share`, `Own`.
    pub auto: bool,
    pub span: Span,
    pub name_span: Span,
}

pub struct AssocTy {
    pub name: Symbol,
    pub bounds: Vec<Predicate>,
    pub default: Option<Ty>,
    pub span: Span,
}

pub struct ImplDef {
    pub id: ImplId,
    pub module: ModId,
    pub generics: Generics,
    /// The trait with all its arguments, `Self` first; `None` for an inherent impl.
    pub of_trait: Option<(TraitId, Args)>,
    pub self_ty: Ty,
    pub negative: bool,
    pub is_unsafe: bool,
    pub methods: Vec<FnId>,
    pub assoc_types: Vec<(Symbol, Ty)>,
    pub consts: Vec<FnId>,
    pub span: Span,
}

impl Program {
    pub fn fn_def(&self, id: FnId) -> &FnDef {
        &self.fns[id.index()]
    }
    pub fn adt(&self, id: AdtId) -> &AdtDef {
        &self.adts[id.index()]
    }
    pub fn trait_def(&self, id: TraitId) -> &TraitDef {
        &self.traits[id.index()]
    }
    pub fn impl_def(&self, id: ImplId) -> &ImplDef {
        &self.impls[id.index()]
    }
    pub fn module(&self, id: ModId) -> &Module {
        &self.modules[id.index()]
    }
}

impl AdtDef {
    pub fn is_struct(&self) -> bool {
        !self.is_enum
    }
    /// An enum without any field.
    pub fn is_plain_enum(&self) -> bool {
        self.is_enum && self.variants.iter().all(|v| v.fields.is_empty())
    }
}

/// How a receiver is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SelfMode {
    Value,
    Ref(Mutable),
}

pub(crate) type NameMap<T> = FastMap<Symbol, T>;
