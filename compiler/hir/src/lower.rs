//! `ast::File`s to a [`Program`]: collects definitions, resolves imports, lowers signatures. Bodies stay as written
//! until `infer` types them.

mod attributes;
mod collect;
mod columns;
mod consts;
mod derive;
mod header;
mod owners;
mod types;
mod written;

use diag::fast::FastMap;
use crate::ids::*;
use crate::lang_items::LangItems;
use crate::program::*;
use crate::resolve::scope::{Def, ModuleScope, Names};
use crate::resolve::{Namespace, imports};
use crate::ty::{Args, Ty};
use diag::{Diags, SourceMap, Span, Symbol};
use std::sync::Arc;
use syntax::ast;

pub(crate) use consts::evaluate_int;
pub(crate) use types::{
    TyCx, TyMode, find_assoc, lower_args, lower_const_arg, lower_trait_ref, lower_ty, names_in_scope, unknown_here, unknown_path,
};

/// One parsed file and where it stands: `[]` is the root, `["std", "core", "option"]` a room of the library.
pub struct ModuleSource {
    pub path: Vec<Symbol>,
    pub file: Arc<ast::File>,
    pub library: bool,
}

/// A `type` alias.
pub struct AliasDef {
    pub name: Symbol,
    pub module: ModId,
    pub generics: Generics,
    pub ty: Ty,
}

/// Collects, resolves and lowers everything but bodies.
pub fn lower(sources: SourceMap, modules: Vec<ModuleSource>, diags: &mut Diags) -> Program {
    let mut sources = sources;
    let derived = derive::expand_all(&modules, &mut sources, diags);
    let mut program = Program {
        sources,
        modules: Vec::new(),
        fns: Vec::new(),
        adts: Vec::new(),
        traits: Vec::new(),
        impls: Vec::new(),
        aliases: Vec::new(),
        lang: LangItems::default(),
        main: None,
        tests: Vec::new(),
        index: Default::default(),
        block_modules: FastMap::default(),
        prelude: None,
        std_root: None,
        file_notes: derived.notes,
    };
    let mut collected = collect::collect(&mut program, &modules, &derived.files, diags);
    let imports = std::mem::take(&mut collected.imports);
    imports::resolve_all(&mut program, imports, diags);
    header::lower_headers(&mut program, &collected, diags);
    program.index = crate::traits::ImplIndex::build(&program);
    header::check_impls(&mut program, diags);
    header::check_statics(&mut program, diags);
    written::check(&mut program, diags);
    header::check_views(&program, diags);
    program
}

impl Names for Program {
    fn modules(&self) -> &[Module] {
        &self.modules
    }
    fn variant(&self, adt: AdtId, name: Symbol) -> Option<u32> {
        let def = self.adt(adt);
        if !def.is_enum {
            return None;
        }
        def.variants.iter().position(|variant| variant.name == name).map(|index| index as u32)
    }
    fn prelude(&self) -> Option<ModId> {
        self.prelude
    }
    fn root(&self, from: ModId) -> ModId {
        if self.module(from).library { self.std_root.unwrap_or(ModId(0)) } else { ModId(0) }
    }
    fn std_root(&self) -> Option<ModId> {
        self.std_root
    }
}

impl imports::Scopes for Program {
    fn scope_mut(&mut self, module: ModId) -> &mut ModuleScope {
        &mut self.modules[module.index()].scope
    }
}

impl Program {
    /// What a plain name means at a module, in a namespace.
    pub(crate) fn lookup(&self, module: ModId, name: Symbol, namespace: Namespace) -> Option<Def> {
        crate::resolve::scope::lookup(self, module, name, namespace).map(|entry| entry.def)
    }

    /// The module of a block that declares items.
    pub(crate) fn block_module(&self, block: Span) -> Option<ModId> {
        self.block_modules.get(&block).copied()
    }

    /// The place of the user's text that a place in derived code stands for.
    pub(crate) fn users_span(&self, span: Span) -> Span {
        self.file_notes.get(&span.file).copied().unwrap_or(span)
    }

    /// `Self, A, B` of a definition as its own arguments.
    pub fn identity_args(&self, generics: &Generics) -> Args {
        let list: Vec<Ty> =
            generics.params.iter().enumerate().map(|(i, param)| Ty::param(i as u32, param.name)).collect();
        Args::new(&list)
    }
}
