//! What a name in a module stands for, and how paths are followed.

use crate::ids::*;
use crate::program::{Module, NameMap};
use crate::ty::{FloatTy, IntTy, Ty, TyKind};
use diag::Symbol;

/// What a name may mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Def {
    Mod(ModId),
    Adt(AdtId),
    Variant(AdtId, u32),
    Trait(TraitId),
    /// An entry of `Program::aliases`.
    Alias(u32),
    /// Function, constant or static.
    Fn(FnId),
    Prim(Ty),
}

impl Def {
    pub(crate) fn what(self) -> &'static str {
        match self {
            Def::Mod(_) => "module",
            Def::Adt(_) => "type",
            Def::Variant(..) => "variant",
            Def::Trait(_) => "trait",
            Def::Alias(_) => "type alias",
            Def::Fn(_) => "function",
            Def::Prim(_) => "built-in type",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Namespace {
    Type,
    Value,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub def: Def,
    pub public: bool,
    pub span: diag::Span,
    /// Brought in by `use`.
    pub imported: bool,
}

#[derive(Default, Debug)]
pub(crate) struct ModuleScope {
    pub types: NameMap<Entry>,
    pub values: NameMap<Entry>,
    /// Modules and enums whose names are all visible here, with `pub use`.
    pub globs: Vec<(Def, bool)>,
    /// The items of a block see everything that its surroundings see.
    pub is_block: bool,
}

impl ModuleScope {
    pub(crate) fn table(&self, namespace: Namespace) -> &NameMap<Entry> {
        match namespace {
            Namespace::Type => &self.types,
            Namespace::Value => &self.values,
        }
    }
    pub(crate) fn table_mut(&mut self, namespace: Namespace) -> &mut NameMap<Entry> {
        match namespace {
            Namespace::Type => &mut self.types,
            Namespace::Value => &mut self.values,
        }
    }
}

/// What path walking needs of the tables, so that it works while they are being filled.
pub(crate) trait Names {
    fn modules(&self) -> &[Module];
    /// The variant of an enum by name.
    fn variant(&self, adt: AdtId, name: Symbol) -> Option<u32>;
    fn prelude(&self) -> Option<ModId>;
    fn root(&self, from: ModId) -> ModId;
    fn std_root(&self) -> Option<ModId>;
}

/// A module's own name, or one that it sees through globs. `from` decides what is visible.
pub(crate) fn lookup_in_module(
    names: &dyn Names,
    module: ModId,
    name: Symbol,
    namespace: Namespace,
    from: ModId,
) -> Option<Entry> {
    lookup_guarded(names, module, name, namespace, from, &mut Vec::new())
}

fn lookup_guarded(
    names: &dyn Names,
    module: ModId,
    name: Symbol,
    namespace: Namespace,
    from: ModId,
    seen: &mut Vec<ModId>,
) -> Option<Entry> {
    if seen.contains(&module) {
        return None;
    }
    seen.push(module);
    let scope = &names.modules()[module.index()].scope;
    if let Some(found) = scope.table(namespace).get(&name) {
        return Some(*found);
    }
    for &(glob, public) in &scope.globs {
        if !public && !is_inside(names, from, module) {
            continue;
        }
        let found = match glob {
            Def::Mod(target) => lookup_guarded(names, target, name, namespace, from, seen)
                .filter(|entry| entry.public || is_inside(names, from, target)),
            Def::Adt(adt) => names.variant(adt, name).map(|variant| Entry {
                def: Def::Variant(adt, variant),
                public: true,
                span: diag::Span::NONE,
                imported: true,
            }),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Whether `inner` is `outer` or lies in it.
pub(crate) fn is_inside(names: &dyn Names, inner: ModId, outer: ModId) -> bool {
    let mut at = Some(inner);
    while let Some(module) = at {
        if module == outer {
            return true;
        }
        at = names.modules()[module.index()].parent;
    }
    false
}

/// A plain name as seen from inside `module`.
pub(crate) fn lookup(names: &dyn Names, module: ModId, name: Symbol, namespace: Namespace) -> Option<Entry> {
    let mut at = module;
    loop {
        if let Some(found) = lookup_in_module(names, at, name, namespace, module) {
            return Some(found);
        }
        let here = &names.modules()[at.index()];
        match here.parent {
            Some(parent) if here.scope.is_block => at = parent,
            _ => break,
        }
    }
    if let Some(prelude) = names.prelude()
        && let Some(found) = lookup_in_module(names, prelude, name, namespace, prelude)
    {
        return Some(found);
    }
    if namespace == Namespace::Type {
        if let Some(ty) = primitive(&name) {
            return Some(Entry { def: Def::Prim(ty), public: true, span: diag::Span::NONE, imported: false });
        }
        // The modules beside the root and the library are named from everywhere.
        let root = names.root(module);
        if let Some(found) = names.modules()[root.index()].scope.types.get(&name)
            && matches!(found.def, Def::Mod(_))
        {
            return Some(*found);
        }
        if name.as_str() == "std"
            && let Some(std) = names.std_root()
        {
            return Some(Entry { def: Def::Mod(std), public: true, span: diag::Span::NONE, imported: false });
        }
        // `io::stdin()` without a `use`: the rooms of the library.
        if let Some(std) = names.std_root()
            && let Some(found) = names.modules()[std.index()].scope.types.get(&name)
            && matches!(found.def, Def::Mod(_))
            && found.public
        {
            return Some(*found);
        }
    }
    None
}

/// The nearest module that is not a block's.
pub(crate) fn proper_module(names: &dyn Names, module: ModId) -> ModId {
    let mut at = module;
    while names.modules()[at.index()].scope.is_block {
        at = names.modules()[at.index()].parent.expect("a block lies in a module");
    }
    at
}

pub(crate) fn primitive(name: &str) -> Option<Ty> {
    Some(match name {
        "int" | "i64" => Ty::int(),
        "i8" => Ty::integer(IntTy::I8),
        "i16" => Ty::integer(IntTy::I16),
        "i32" => Ty::integer(IntTy::I32),
        "u8" => Ty::integer(IntTy::U8),
        "u16" => Ty::integer(IntTy::U16),
        "u32" => Ty::integer(IntTy::U32),
        "u64" => Ty::integer(IntTy::U64),
        "f32" => Ty::new(TyKind::Float(FloatTy::F32)),
        "f64" => Ty::f64(),
        "bool" => Ty::bool(),
        "char" => Ty::char(),
        "str" => Ty::str(),
        _ => return None,
    })
}

/// A path's prefix of plain names followed as far as names go.
pub(crate) enum Step {
    Found(Entry),
    /// The segment of this number names nothing; the module or type looked in.
    Missing(usize, Option<Def>),
    Private(usize, Entry),
}

/// Follows module-like segments: `a::b::c` in `namespace` (for the last; types for those before).
pub(crate) fn follow(names: &dyn Names, from: ModId, segments: &[Symbol], namespace: Namespace) -> Step {
    let mut at: Option<Def> = None;
    for (i, &name) in segments.iter().enumerate() {
        let last = i + 1 == segments.len();
        let wanted = if last { namespace } else { Namespace::Type };
        let special = match name.as_str() {
            "crate" if i == 0 => Some(names.root(from)),
            "self" if i == 0 => Some(proper_module(names, from)),
            "super" => {
                let here = match at {
                    None => proper_module(names, from),
                    Some(Def::Mod(module)) => module,
                    Some(_) => return Step::Missing(i, at),
                };
                match names.modules()[here.index()].parent {
                    Some(parent) => Some(proper_module(names, parent)),
                    None => return Step::Missing(i, at),
                }
            }
            _ => None,
        };
        if let Some(module) = special {
            at = Some(Def::Mod(module));
            continue;
        }
        let found = match at {
            None => lookup(names, from, name, wanted),
            Some(Def::Mod(module)) => {
                match lookup_in_module(names, module, name, wanted, from) {
                    Some(entry) if !entry.public && !is_inside(names, from, module) => return Step::Private(i, entry),
                    other => other,
                }
            }
            Some(Def::Adt(adt)) => names.variant(adt, name).map(|variant| Entry {
                def: Def::Variant(adt, variant),
                public: true,
                span: diag::Span::NONE,
                imported: false,
            }),
            Some(_) => None,
        };
        match found {
            Some(entry) if last => return Step::Found(entry),
            Some(entry) => at = Some(entry.def),
            None => return Step::Missing(i, at),
        }
    }
    match at {
        Some(def) => Step::Found(Entry { def, public: true, span: diag::Span::NONE, imported: false }),
        None => Step::Missing(0, None),
    }
}
