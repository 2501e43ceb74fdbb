//! Makes the program concrete: `CheckedProgram ─monomorphize→ MonoProgram`.
//!
//! Starting from the roots, every function that is reached is copied once for each set of type arguments; only then are
//! library functions typed and built at all. Callees become instances, drops become calls of drop glue, intrinsics become
//! statements where a statement says the same, constants become values where they can be computed.
//!
//! Instances are numbered in the order in which they are first reached, so the same program gives the same numbers.

mod call;
mod consts;
mod entries;
mod glue;
mod intrinsics;
mod lower;
mod made;
mod shims;
pub(crate) mod vtables;

use crate::body::*;
use crate::check::CheckedProgram;
use crate::facts::Facts;
use crate::fast::{FastMap, FastSet};
use crate::layout::Layouts;
use crate::types::Types;
use diag::{Clean, Diagnostic, Diags, Span, Symbol, cores};
use hir::TypedProgram;
use hir::ids::{ClosureId, FnId};
use hir::program::FnKind;
use hir::ty::{Args, Ty, TyKind};
use hir::typed::ClosureKind;
use std::collections::VecDeque;
use std::sync::Arc;

/// Where the program begins.
#[derive(Clone, Default, Debug)]
pub struct Roots {
    pub main: Option<FnId>,
    pub tests: Vec<FnId>,
    /// `extern "C"` functions with a body.
    pub exported: Vec<FnId>,
    /// The runs are to be observed: every step that others can tell is asked for.
    pub observed: Option<Grain>,
    /// What the program reads and writes through a raw pointer, a word at a time, is such a step, too.
    pub observes_words: bool,
}

/// What a step is in runs that are observed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grain {
    /// Each use of a lock or a channel of the library.
    Steps,
    /// Each atomic that they are made of.
    Atomics,
}

impl Roots {
    /// To be run.
    pub fn main(program: &TypedProgram) -> Roots {
        Roots { main: program.program().main, tests: Vec::new(), exported: exported(program), observed: None, observes_words: false }
    }
    /// To be tested.
    pub fn tests(program: &TypedProgram) -> Roots {
        Roots { main: None, tests: program.program().tests.clone(), exported: exported(program), observed: None, observes_words: false }
    }
}

fn exported(program: &TypedProgram) -> Vec<FnId> {
    let fns = &program.program().fns;
    fns.iter().filter(|def| def.attrs.exported && def.generics.params.is_empty()).map(|def| def.id).collect()
}

/// Everything that is reached from the roots. The error is the one mistake that shows only here: a function that needs
/// endlessly many versions of itself.
pub fn monomorphize(
    program: &Arc<TypedProgram>,
    checked: &CheckedProgram,
    _clean: Clean,
    roots: &Roots,
) -> Result<MonoProgram, Box<Diagnostic>> {
    let mut mono = Mono::new(program, checked);
    mono.observed = roots.observed;
    mono.observes_words = roots.observes_words;
    let main = roots.main.map(|id| mono.start(id));
    let tests: Vec<(Symbol, InstanceId)> = (roots.tests.iter())
        .map(|&id| (program.program().fn_def(id).name, mono.instance(Key::Fn(id, Args::empty()))))
        .collect();
    for &id in &roots.exported {
        mono.instance(Key::Fn(id, Args::empty()));
    }
    mono.run();
    mono.finish(main, tests, Layouts::new(Arc::new(Facts(program.clone()))))
}

/// Computes the user's constants, used or not: one that always fails is a mistake.
pub fn check_constants(program: &TypedProgram, checked: &CheckedProgram, _clean: Clean, diags: &mut Diags) {
    let mut mono = Mono::new(program, checked);
    let hir = program.program();
    let is_own = |def: &&hir::program::FnDef| {
        let item = matches!(def.kind, FnKind::Const) && matches!(def.body, hir::program::BodySource::Expr(_));
        item && def.generics.params.is_empty() && !hir.module(def.module).library
    };
    for def in hir.fns.iter().filter(is_own) {
        mono.raised = None;
        mono.const_value(def.id, Args::empty());
        if let Some((span, why)) = mono.raised.take() {
            diags.push(crate::errors::failing_constant(def.name.as_str(), def.name_span, span, why.sentence()));
        }
    }
}

/// What an instance is a copy of, or what it does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Key {
    Fn(FnId, Args),
    Closure(ClosureId, Args),
    /// `fn(*mut T)`: drops the value.
    Drop(Ty),
    /// `fn(&T) -> T` for types cloned by copying their bits.
    Clone(Ty),
    /// An intrinsic, foreign, runtime or virtual function as one with a body, so that it has an address.
    Wrapper(FnId, Args),
    /// A closure without captures as a function that needs none.
    Plain(ClosureId, Args),
    /// `fn(T, args…)`: calls a value that is called by reference, or that is in a `Box`, and drops it. `args` is a tuple.
    Once { callee: Ty, args: Ty, ret: Ty },
    /// An entry of a table of `dyn Fn`, `dyn FnMut` or `dyn FnOnce`: `fn(pointer to T, args…)`.
    Entry { callee: Ty, kind: ClosureKind, args: Ty, ret: Ty },
    /// `main` with a result: reports an `Err`.
    Start(FnId),
}

struct Mono<'a> {
    program: &'a TypedProgram,
    checked: &'a CheckedProgram<'a>,
    types: Types<'a>,
    ids: FastMap<Key, InstanceId>,
    keys: Vec<Key>,
    instances: Vec<Instance>,
    bodies: Vec<Option<Arc<Body>>>,
    waiting: VecDeque<InstanceId>,
    symbols: FastMap<Symbol, u32>,
    vtables: Vec<Vtable>,
    vtable_ids: FastMap<(Ty, Ty), u32>,
    statics: Vec<StaticItem>,
    static_ids: FastMap<FnId, usize>,
    consts: FastMap<(FnId, Args), Option<consts::Value>>,
    /// Where the computation of a constant raised, and why.
    raised: Option<(Span, consts::Raised)>,
    /// The first function that goes on endlessly.
    endless: Option<Box<Diagnostic>>,
    too_deep: FastMap<Ty, bool>,
    observed: Option<Grain>,
    observes_words: bool,
}

/// To read a function of the library, type it and build its body takes so many times as long as to type it.
const PREPARE_WEIGHT: usize = 2;

/// Types nested deeper than this are taken for endless.
const DEPTH_MAX: u32 = 100;

impl<'a> Mono<'a> {
    fn new(program: &'a TypedProgram, checked: &'a CheckedProgram<'a>) -> Mono<'a> {
        Mono {
            program,
            checked,
            types: Types::new(program, FnId(0)),
            ids: FastMap::default(),
            keys: Vec::new(),
            instances: Vec::new(),
            bodies: Vec::new(),
            waiting: VecDeque::new(),
            symbols: FastMap::default(),
            vtables: Vec::new(),
            vtable_ids: FastMap::default(),
            statics: Vec::new(),
            static_ids: FastMap::default(),
            consts: FastMap::default(),
            raised: None,
            endless: None,
            too_deep: FastMap::default(),
            observed: None,
            observes_words: false,
        }
    }

    fn run(&mut self) {
        while !self.waiting.is_empty() {
            self.prepare();
            for _ in 0..self.waiting.len() {
                let Some(id) = self.waiting.pop_front().filter(|_| self.endless.is_none()) else { return };
                self.make(id);
            }
        }
    }

    /// Makes the bodies ready, on all cores, that those who wait are copies of.
    fn prepare(&self) {
        let mut seen = FastSet::default();
        let copied = |id: &InstanceId| match self.keys[id.index()] {
            Key::Fn(function, args) if !self.is_asked_of_never(function, args) => Some(function),
            Key::Closure(closure, _) => Some(closure.owner),
            _ => None,
        };
        let missing = self.waiting.iter().filter_map(copied).filter(|id| seen.insert(*id) && !self.checked.is_ready(*id)).collect();
        let weight = |id: &FnId| PREPARE_WEIGHT * self.program.program().fn_def(*id).weight();
        cores::map(missing, weight, || (), |(), id| drop(self.checked.bodies(id)));
    }

    /// The body of an instance, made now if it waits.
    fn make(&mut self, id: InstanceId) -> Option<Arc<Body>> {
        if let Some(body) = &self.bodies[id.index()] {
            return Some(body.clone());
        }
        let key = self.keys[id.index()];
        self.watch_depth(key);
        if self.endless.is_some() {
            return None;
        }
        let mut body = match key {
            Key::Fn(function, args) if self.is_asked_of_never(function, args) => self.never_called(key),
            Key::Fn(function, args) => self.lower_fn(function, args, 0),
            Key::Closure(closure, args) => self.lower_fn(closure.owner, args, 1 + closure.index as usize),
            Key::Drop(ty) => self.drop_glue(ty),
            Key::Clone(ty) => self.clone_by_copy(ty),
            Key::Wrapper(function, args) => self.wrapper(function, args),
            Key::Plain(closure, args) => self.plain_closure(closure, args),
            Key::Once { callee, args, ret } => self.call_once(callee, args, ret),
            Key::Entry { callee, kind, args, ret } => self.table_entry(callee, kind, args, ret),
            Key::Start(main) => self.start_shim(main),
        };
        crate::opt::simplify::tidy(&mut body);
        crate::verify::debug_verify(&self.types, &body, "monomorphization");
        let body = Arc::new(body);
        self.bodies[id.index()] = Some(body.clone());
        Some(body)
    }

    fn lower_fn(&mut self, function: FnId, args: Args, index: usize) -> Body {
        let bodies = self.checked.bodies(function);
        let Some(generic) = bodies.get(index) else {
            let name = &self.program.program().fn_def(function).path;
            bug!("monomorphization", name; "it is called but has no body")
        };
        lower::lower(self, generic, args)
    }

    fn instance(&mut self, key: Key) -> InstanceId {
        if let Some(&known) = self.ids.get(&key) {
            return known;
        }
        let id = InstanceId(self.instances.len() as u32);
        let instance = self.describe(key);
        self.ids.insert(key, id);
        self.keys.push(key);
        self.instances.push(instance);
        self.bodies.push(None);
        self.waiting.push_back(id);
        id
    }

    fn describe(&mut self, key: Key) -> Instance {
        let program = self.program.program();
        let show = |ty: Ty| program.show(ty);
        let path = |id: FnId| &program.fn_def(id).path;
        let span = |id: FnId| program.fn_def(id).span;
        let (name, origin, args, span) = match key {
            Key::Fn(id, args) => {
                (format!("{}{}", path(id), program.show_args(&args)), Origin::Fn(id), args, span(id))
            }
            Key::Closure(id, args) => {
                let name = format!("{}{}::{{closure}}", path(id.owner), program.show_args(&args));
                (name, Origin::Closure(id), args, span(id.owner))
            }
            Key::Drop(ty) => (format!("drop {}", show(ty)), Origin::Made, Args::empty(), Span::NONE),
            Key::Clone(ty) => (format!("clone {}", show(ty)), Origin::Made, Args::empty(), Span::NONE),
            Key::Wrapper(id, args) => {
                let name = format!("{}{} (as a value)", path(id), program.show_args(&args));
                (name, Origin::Made, args, span(id))
            }
            Key::Plain(id, args) => {
                let name = format!("{}{}::{{closure}} (as a function)", path(id.owner), program.show_args(&args));
                (name, Origin::Made, args, span(id.owner))
            }
            Key::Once { callee, .. } => (format!("call once {}", show(callee)), Origin::Made, Args::empty(), Span::NONE),
            Key::Entry { callee, kind, .. } => {
                (format!("{} as dyn {kind:?}", show(callee)), Origin::Made, Args::empty(), Span::NONE)
            }
            Key::Start(id) => ("start".to_string(), Origin::Made, Args::empty(), span(id)),
        };
        let exported = matches!(key, Key::Fn(id, _) if program.fn_def(id).attrs.exported);
        Instance { symbol: self.unique(&name), origin, args, exported, span }
    }

    /// Two closures, or methods of two impls, may read the same.
    fn unique(&mut self, name: &str) -> Symbol {
        let plain = Symbol::intern(name);
        let count = self.symbols.entry(plain).or_insert(0);
        *count += 1;
        match *count {
            1 => plain,
            n => Symbol::intern(&format!("{name}#{n}")),
        }
    }

    fn watch_depth(&mut self, key: Key) {
        let (function, args) = match key {
            Key::Fn(function, args) => (function, args),
            Key::Closure(closure, args) => (closure.owner, args),
            Key::Drop(_)
            | Key::Clone(_)
            | Key::Wrapper(..)
            | Key::Plain(..)
            | Key::Once { .. }
            | Key::Entry { .. }
            | Key::Start(_) => return,
        };
        if args.iter().any(|ty| self.is_too_deep(*ty)) {
            let def = self.program.program().fn_def(function);
            self.endless = Some(Box::new(crate::errors::endless_instances(&def.path, def.name_span)));
        }
    }

    fn is_too_deep(&mut self, ty: Ty) -> bool {
        if let Some(&known) = self.too_deep.get(&ty) {
            return known;
        }
        let deep = depth_above(ty, DEPTH_MAX);
        self.too_deep.insert(ty, deep);
        deep
    }

    /// The function that runs first.
    fn start(&mut self, main: FnId) -> InstanceId {
        let def = self.program.program().fn_def(main);
        if def.ret.is_unit() || def.ret.is_never() {
            self.instance(Key::Fn(main, Args::empty()))
        } else {
            self.instance(Key::Start(main))
        }
    }

    /// The static's number; its initialiser becomes an instance.
    fn static_item(&mut self, id: FnId) {
        if self.static_ids.contains_key(&id) {
            return;
        }
        let def = self.program.program().fn_def(id);
        let mutable = matches!(def.kind, FnKind::Static { mutable: true });
        let init = self.instance(Key::Fn(id, Args::empty()));
        self.static_ids.insert(id, self.statics.len());
        let ty = self.program.normalize(id, def.ret);
        let item = StaticItem { id, ty, name: Symbol::intern(&def.path), mutable, init, span: def.name_span };
        self.statics.push(item);
    }

    fn finish(
        self,
        main: Option<InstanceId>,
        tests: Vec<(Symbol, InstanceId)>,
        layouts: Layouts,
    ) -> Result<MonoProgram, Box<Diagnostic>> {
        if let Some(endless) = self.endless {
            return Err(endless);
        }
        let bodies: Vec<Arc<Body>> = (self.bodies.into_iter().enumerate())
            .map(|(index, body)| {
                body.unwrap_or_else(|| bug!("monomorphization", self.instances[index].symbol; "its body was never made"))
            })
            .collect();
        let mut program = MonoProgram {
            bodies,
            instances: self.instances,
            vtables: self.vtables,
            statics: self.statics,
            layouts,
            main,
            tests,
        };
        crate::reach::order_statics(&self.types, &mut program);
        crate::reach::prune(&self.types, &mut program);
        if cfg!(debug_assertions) {
            crate::verify::verify_program(&self.types, &program, "monomorphization");
        }
        Ok(program)
    }
}

fn depth_above(ty: Ty, max: u32) -> bool {
    if max == 0 {
        return true;
    }
    let mut deep = false;
    let mut look = |part: Ty| deep = deep || depth_above(part, max - 1);
    match ty.kind() {
        TyKind::Tuple(args) | TyKind::Adt(_, args) | TyKind::FnDef(_, args) | TyKind::Closure(_, args) => {
            args.iter().for_each(|&ty| look(ty));
        }
        TyKind::Array(of, _) | TyKind::Slice(of) | TyKind::Ref(_, of) | TyKind::Ptr(_, of) => look(*of),
        TyKind::FnPtr(f) => {
            f.params.iter().for_each(|&ty| look(ty));
            look(f.ret);
        }
        TyKind::Dyn(d) => {
            d.args.iter().for_each(|&ty| look(ty));
            d.bindings.iter().for_each(|(_, ty)| look(*ty));
        }
        TyKind::Bool
        | TyKind::Char
        | TyKind::Int(_)
        | TyKind::Float(_)
        | TyKind::Str
        | TyKind::Never
        | TyKind::Param(_)
        | TyKind::Projection(_)
        | TyKind::Const(_)
        | TyKind::Infer(_)
        | TyKind::Error => {}
    }
    deep
}
