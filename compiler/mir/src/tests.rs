//! Whole programs through the middle, over a small library of their own.

mod growth;
mod ownership;

use crate::{Level, Roots};
use diag::{Diags, Severity, SourceMap, Symbol};
use hir::{ModuleSource, TypedProgram};
use std::sync::Arc;

fn module(sources: &mut SourceMap, path: &[&str], text: &str, library: bool, diags: &mut Diags) -> ModuleSource {
    let name = if path.is_empty() { "main.aur".to_string() } else { format!("{}.aur", path.join("/")) };
    let file = sources.add(name, text.to_owned(), library);
    ModuleSource {
        path: path.iter().map(|part| Symbol::intern(part)).collect(),
        file: Arc::new(syntax::parse(&file, diags)),
        library,
    }
}

pub(crate) fn typed(text: &str, diags: &mut Diags) -> Arc<TypedProgram> {
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
    Arc::new(hir::check_types(program, diags))
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

/// Prints what becomes of the program in the file that `PLAY` names.
#[test]
fn play() {
    let Ok(path) = std::env::var("PLAY") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let mut diags = Diags::new();
    let program = Arc::new(typed(&text, &mut diags));
    let checked = crate::check(&program, &mut diags);
    println!("{}", show(&program, &diags));
    for def in program.program().fns.iter().filter(|def| !program.program().module(def.module).library) {
        for body in checked.bodies(def.id).iter() {
            println!("{}", crate::print::body(&program, body));
        }
    }
    if let Some(mono) = concrete(&program, &mut diags) {
        println!("{}", crate::print::program(&program, &mono, &|_| true));
    }
}

fn concrete(program: &Arc<TypedProgram>, diags: &mut Diags) -> Option<crate::body::MonoProgram> {
    let checked = crate::check(program, diags);
    let clean = diags.finish()?;
    let mono = crate::monomorphize(program, &checked, clean, &Roots::main(program)).unwrap();
    Some(crate::optimize(program, mono, Level::Full))
}

/// Everything that the language has goes through all passes, each verified.
#[test]
fn a_program_of_everything_becomes_concrete() {
    let mut diags = Diags::new();
    let program = Arc::new(typed(include_str!("tests/everything.aur"), &mut diags));
    let mono = concrete(&program, &mut diags);
    assert!(mono.is_some(), "{}", show(&program, &diags));
}

/// Endless versions of one function are a message, not a hang.
#[test]
fn endless_instances_are_reported() {
    let text = "fn f<T>(n: int, x: T) { if n > 0 { f(n - 1, Some(x)) } }
fn main() { f(3, 1) }";
    let mut diags = Diags::new();
    let program = Arc::new(typed(text, &mut diags));
    let checked = crate::check(&program, &mut diags);
    let clean = diags.finish().unwrap();
    let Err(diagnostic) = crate::monomorphize(&program, &checked, clean, &Roots::main(&program)) else {
        panic!("it ended")
    };
    assert!(diagnostic.message.contains('f'));
}

/// Line and code of every error in the program's own file, in order.
fn codes_by_line(program: &TypedProgram, diags: &Diags) -> Vec<(u32, String)> {
    let sources = &program.program().sources;
    let mut found: Vec<(u32, String)> = (diags.list().iter())
        .filter(|d| d.severity == Severity::Error)
        .map(|d| {
            let place = d.place();
            let line = sources.file(place.file).map_or(0, |file| file.line_column(place.lo).line);
            (line, d.code.as_str().to_string())
        })
        .collect();
    found.sort();
    found
}
