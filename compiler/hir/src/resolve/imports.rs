//! `use` declarations, resolved to a fixed point: an import may go through other imports.

use super::scope::*;
use crate::errors;
use crate::ids::*;
use diag::{Diags, Symbol};
use syntax::ast::{Ident, UseKind, UseTree};

/// One name, or all names, that a `use` brings in.
#[derive(Debug)]
pub(crate) struct Import {
    pub module: ModId,
    pub path: Vec<Ident>,
    /// `None` for a glob.
    pub name: Option<Ident>,
    pub public: bool,
    done: bool,
}

pub(crate) fn flatten(module: ModId, tree: &UseTree, prefix: &[Ident], public: bool, out: &mut Vec<Import>) {
    let mut path = prefix.to_vec();
    path.extend_from_slice(&tree.prefix);
    match &tree.kind {
        UseKind::Glob => out.push(Import { module, path, name: None, public, done: false }),
        UseKind::Simple { rename } => {
            // `use a::{self}` names `a`.
            if path.len() > 1 && path.last().is_some_and(|last| last.name.as_str() == "self") {
                path.pop();
            }
            let Some(&last) = path.last() else { return };
            let name = rename.unwrap_or(last);
            out.push(Import { module, path, name: Some(name), public, done: false });
        }
        UseKind::Nested(trees) => {
            for inner in trees {
                flatten(module, inner, &path, public, out);
            }
        }
    }
}

/// What the resolver may change: the scopes.
pub(crate) trait Scopes: Names {
    fn scope_mut(&mut self, module: ModId) -> &mut ModuleScope;
}

pub(crate) fn resolve_all(scopes: &mut dyn Scopes, mut imports: Vec<Import>, diags: &mut Diags) {
    // Globs first learn of modules found by named imports and the other way round: go on while anything was learnt.
    loop {
        let mut progress = false;
        for import in imports.iter_mut().filter(|import| !import.done) {
            let path: Vec<Symbol> = import.path.iter().map(|ident| ident.name).collect();
            match import.name {
                None => {
                    if let Step::Found(entry) = follow(scopes, import.module, &path, Namespace::Type) {
                        scopes.scope_mut(import.module).globs.push((entry.def, import.public));
                        import.done = true;
                        progress = true;
                    }
                }
                Some(name) => {
                    for namespace in [Namespace::Type, Namespace::Value] {
                        let Step::Found(entry) = follow(scopes, import.module, &path, namespace) else { continue };
                        let table = scopes.scope_mut(import.module).table_mut(namespace);
                        let new = Entry { def: entry.def, public: import.public, span: name.span, imported: true };
                        match table.get(&name.name) {
                            Some(old) if old.def == new.def => {}
                            Some(old) if !old.imported || !old.span.is_none() && old.span != new.span => {
                                diags.push(errors::defined_twice(name.name, new.span, old.span));
                            }
                            _ => {
                                table.insert(name.name, new);
                                progress = true;
                            }
                        }
                        import.done = true;
                    }
                }
            }
        }
        if !progress {
            break;
        }
    }
    // A name may exist in both namespaces through different imports: a last look for the second one.
    for import in imports.iter().filter(|import| !import.done) {
        let path: Vec<Symbol> = import.path.iter().map(|ident| ident.name).collect();
        // Where a value of this name is private, that is the reason.
        let by_value = follow(scopes, import.module, &path, Namespace::Value);
        let step = match by_value {
            Step::Private(..) => by_value,
            _ => follow(scopes, import.module, &path, Namespace::Type),
        };
        let (at, step) = match step {
            Step::Missing(at, _) => (at, errors::PathProblem::Missing),
            Step::Private(at, entry) => (at, errors::PathProblem::Private(entry.def, entry.span)),
            Step::Found(_) => continue,
        };
        let candidates = names_inside(scopes, import.module, &import.path, at);
        diags.push(errors::unknown_import(import.path[at], &import.path[..at], step, &candidates));
        // One message is enough: uses of the name stay silent.
        if let Some(name) = import.name {
            let error = Entry { def: Def::Prim(crate::ty::Ty::error()), public: true, span: name.span, imported: true };
            scopes.scope_mut(import.module).types.entry(name.name).or_insert(error);
            scopes.scope_mut(import.module).values.entry(name.name).or_insert(error);
        }
    }
}

/// The names that could have been meant at segment `at`.
fn names_inside(names: &dyn Names, from: ModId, path: &[Ident], at: usize) -> Vec<Symbol> {
    let prefix: Vec<Symbol> = path[..at].iter().map(|ident| ident.name).collect();
    let module = if at == 0 {
        names.root(from)
    } else {
        match follow(names, from, &prefix, Namespace::Type) {
            Step::Found(Entry { def: Def::Mod(module), .. }) => module,
            _ => return Vec::new(),
        }
    };
    let scope = &names.modules()[module.index()].scope;
    let mut all: Vec<Symbol> = scope.types.keys().chain(scope.values.keys()).copied().collect();
    all.sort();
    all.dedup();
    all
}
