//! Whole programs through the middle, over a small library of their own.

use crate::{Level, Roots};
use diag::{Diags, SourceMap, Symbol};
use hir::{ModuleSource, TypedProgram};
use std::sync::Arc;

fn module(sources: &mut SourceMap, path: &[&str], text: &str, library: bool, diags: &mut Diags) -> ModuleSource {
    let name = if path.is_empty() { "main.aur".to_string() } else { format!("{}.aur", path.join("/")) };
    let file = sources.add(name, text, library);
    ModuleSource {
        path: path.iter().map(|part| Symbol::intern(part)).collect(),
        file: Arc::new(syntax::parse(&file, diags)),
        library,
    }
}

pub(crate) fn typed(text: &str, diags: &mut Diags) -> TypedProgram {
    let mut sources = SourceMap::new();
    let intrinsics = include_str!("../../../std/core/intrinsics.aur");
    let modules = vec![
        module(&mut sources, &[], text, false, diags),
        module(&mut sources, &["std"], "", true, diags),
        module(&mut sources, &["std", "core"], "", true, diags),
        module(&mut sources, &["std", "core", "intrinsics"], intrinsics, true, diags),
        module(&mut sources, &["std", "prelude"], include_str!("tests/prelude.aur"), true, diags),
    ];
    let program = hir::lower(sources, modules, diags);
    hir::check_types(program, diags)
}

fn show(program: &TypedProgram, diags: &Diags) -> String {
    let sources = &program.program().sources;
    let mut out = String::new();
    for d in diags.list() {
        out.push_str(&format!("{} {} {}\n", d.code.as_str(), sources.place(d.place()), d.message));
        for label in &d.labels {
            out.push_str(&format!("    {}: {}\n", sources.place(label.span), label.text));
        }
        if let Some(help) = &d.help {
            out.push_str(&format!("    help: {help}\n"));
        }
    }
    out
}

#[test]
fn play() {
    let Ok(path) = std::env::var("PLAY") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let mut diags = Diags::new();
    let program = typed(&text, &mut diags);
    println!("{}", show(&program, &diags));
    let checked = crate::check(&program, &mut diags);
    println!("{}", show(&program, &diags));
    for def in &program.program().fns {
        if !program.program().module(def.module).library {
            for body in checked.bodies(def.id).iter() {
                println!("{}", crate::print::body(&program, body));
            }
        }
    }
    if let Some(clean) = diags.finish() {
        let mono = crate::monomorphize(&program, &checked, clean, &Roots::main(&program)).unwrap();
        let late = program.take_late_diagnostics();
        println!("{}", show(&program, &late));
        let mono = crate::optimize(&program, mono, Level::Full);
        println!("{}", crate::print::program(&program, &mono));
    }
}
