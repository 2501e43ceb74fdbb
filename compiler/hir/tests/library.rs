//! The whole library is typed: every room under `std/`, every body. The tests beside the rooms are run, so not here.

use diag::{Diags, Severity, SourceMap, Symbol};
use hir::ModuleSource;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MAIN: &str = "fn main() { println(\"{1 + 2}\") }\n";

fn library_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../std")
}

/// Every `.aur` file below a folder with its path as names, in a fixed order.
fn files(folder: &Path, path: &[Symbol], out: &mut Vec<(Vec<Symbol>, PathBuf)>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the library is there").map(|entry| entry.expect("a readable folder").path()).collect();
    entries.sort();
    for place in entries {
        let name = Symbol::intern(&place.file_stem().expect("a name").to_string_lossy());
        let mut inner = path.to_vec();
        if place.is_dir() {
            inner.push(name);
            files(&place, &inner, out);
        } else if place.extension().is_some_and(|extension| extension == "aur") && !name.ends_with("_test") {
            // `std/std.aur` is the module `std` itself.
            if !(path.len() == 1 && name.as_str() == "std") {
                inner.push(name);
            }
            out.push((inner, place));
        }
    }
}

fn load(main: &str, sources: &mut SourceMap, diags: &mut Diags) -> Vec<ModuleSource> {
    let mut modules = Vec::new();
    let root = sources.add("main.aur", main.to_string(), false);
    modules.push(ModuleSource { path: Vec::new(), file: Arc::new(syntax::parse(&root, diags)), library: false });
    let mut found = Vec::new();
    files(&library_folder(), &[Symbol::intern("std")], &mut found);
    for (path, place) in found {
        let text = std::fs::read_to_string(&place).expect("readable text");
        let shown = place.strip_prefix(library_folder()).expect("below the library").display().to_string();
        let source = sources.add(format!("std/{shown}"), text, true);
        modules.push(ModuleSource { path, file: Arc::new(syntax::parse(&source, diags)), library: true });
    }
    modules
}

#[test]
fn every_body_of_the_library_has_types() {
    let mut sources = SourceMap::new();
    let mut diags = Diags::new();
    let modules = load(MAIN, &mut sources, &mut diags);
    let program = hir::lower(sources, modules, &mut diags);
    let typed = hir::check_types(program, &mut diags);
    for def in &typed.program().fns {
        typed.body_with(def.id, &mut diags);
    }
    let found: Vec<_> = diags.into_sorted().into_iter().filter(|d| d.severity == Severity::Error).collect();
    for diagnostic in &found {
        eprintln!("{}", diag::render::human(diagnostic, &typed.program().sources, false));
    }
    assert!(found.is_empty(), "{} errors in the library", found.len());
}
