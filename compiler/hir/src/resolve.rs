//! Names to definitions: module scopes, imports, paths.
//!
//! Two namespaces as in Rust: types (modules, types, traits, variants) and values (functions, constants, constructors).
//! A name is looked for in the blocks around it (their items), its module, the module's globs, the prelude.

pub(crate) mod imports;
pub(crate) mod scope;

pub(crate) use scope::{Def, ModuleScope, Namespace};
