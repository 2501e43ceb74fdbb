//! `aurorac oracle FILE…`: runs programs step by step and watches every access to memory.

use crate::args::{Global, MessageFormat, Oracle};
use crate::exit;
use crate::pipeline::{self, Stopped};
use crate::session::Session;
use diag::{Diags, Severity, Span};
use hir::TypedProgram;
use hir::ids::FnId;
use hir::program::FnKind;
use mir::Roots;
use oracle::{Outcome, Report, Violation};
use std::path::Path;

pub(crate) fn oracle(request: &Oracle, global: &Global) -> u8 {
    let mut code = exit::OK;
    for file in &request.files {
        let mut session = Session::new(global, MessageFormat::Human);
        let found = match &request.functions {
            Some(prefix) => each(&mut session, file, prefix, request),
            None => main(&mut session, file, request.steps),
        };
        code = code.max(match found {
            Ok(code) => code,
            Err(Stopped::NoFile(why)) => {
                eprintln!("error: {why}");
                exit::USER
            }
            Err(Stopped::Reported) => session.finish(),
        });
    }
    code
}

fn main(session: &mut Session, file: &Path, steps: u64) -> Result<u8, Stopped> {
    let typed = pipeline::types(session, file)?;
    let (checked, clean) = pipeline::check(session, &typed)?;
    let roots = Roots::main(&typed);
    if roots.main.is_none() {
        return Err(Stopped::NoFile(format!("`{}` has no `fn main()` to start with", file.display())));
    }
    let mono = mir::monomorphize(&typed, &checked, clean, &roots).map_err(|diagnostic| {
        session.diags.push(*diagnostic);
        Stopped::Reported
    })?;
    let Some(root) = mono.main else { return Ok(exit::OK) };
    Ok(match oracle::run(&typed, &mono, root, &[], 1, steps).outcome {
        Outcome::Clean | Outcome::Panicked => exit::OK,
        Outcome::Violation(violation) => {
            eprintln!("error: the program {}", violation.what);
            for (function, span) in &violation.trace {
                eprintln!("  in {function} at {}", session.sources.place(*span));
            }
            exit::USER
        }
        Outcome::Unsupported(what) => {
            eprintln!("error: the program cannot be watched: it needs {what}");
            exit::USER
        }
        Outcome::Endless => {
            eprintln!("error: the program was given up after {steps} steps");
            exit::USER
        }
    })
}

/// One line for each function: what became of it. Those that are refused do not keep the others from running.
fn each(session: &mut Session, file: &Path, prefix: &str, request: &Oracle) -> Result<u8, Stopped> {
    let typed = pipeline::types(session, file)?;
    let checked = mir::check(&typed, &mut session.diags);
    let functions = functions(&typed, prefix);
    let all = std::mem::replace(&mut session.diags, Diags::new()).into_sorted();
    let mut refused: Vec<(FnId, String)> = Vec::new();
    for diagnostic in all {
        if diagnostic.severity != Severity::Error {
            continue;
        }
        let span = diagnostic.place();
        match functions.iter().find(|id| within(text_of(&typed, **id), span)) {
            Some(id) => refused.push((*id, format!("{} {}", diagnostic.code.as_str(), session.sources.place(span)))),
            None => session.diags.push(diagnostic),
        }
    }
    let clean = session.diags.finish().ok_or(Stopped::Reported)?;
    let accepted: Vec<FnId> = functions.iter().copied().filter(|id| !refused.iter().any(|(other, _)| other == id)).collect();
    let name = |id: FnId| typed.program().fn_def(id).name;
    for id in &functions {
        let why: Vec<&str> = refused.iter().filter(|(other, _)| other == id).map(|(_, why)| why.as_str()).collect();
        if !why.is_empty() {
            println!("{} refused: {}", name(*id), why.join(", "));
        }
    }
    // Asked for no input, it only judges.
    if request.inputs == 0 {
        accepted.iter().for_each(|id| println!("{} clean", name(*id)));
        return Ok(exit::OK);
    }
    let roots = Roots { tests: accepted.clone(), ..Roots::default() };
    let mono = mir::monomorphize(&typed, &checked, clean, &roots).map_err(|diagnostic| {
        session.diags.push(*diagnostic);
        Stopped::Reported
    })?;
    let mut code = exit::OK;
    for (id, (name, root)) in accepted.iter().zip(&mono.tests) {
        let params = typed.program().fn_def(*id).params.len();
        let runs = if params == 0 { 1 } else { request.inputs };
        let (mut panics, mut borrows) = (0, 0);
        let outcome = (0..runs as i64).find_map(|input| {
            let Report { outcome, borrows: made } = oracle::run(&typed, &mono, *root, &vec![input; params], input as u64 + 1, request.steps);
            panics += u64::from(outcome == Outcome::Panicked);
            borrows += made;
            (!matches!(outcome, Outcome::Clean | Outcome::Panicked)).then_some((input, outcome))
        });
        match outcome {
            None if panics > 0 => println!("{name} panics: {panics} of {runs}, {borrows} borrows"),
            None => println!("{name} clean: {borrows} borrows"),
            Some((input, Outcome::Violation(violation))) => {
                println!("{name} violation: {} (input {input}){}", violation.what, trace(session, &violation));
                code = exit::USER;
            }
            Some((_, Outcome::Unsupported(what))) => println!("{name} unsupported: {what}"),
            Some((input, _)) => println!("{name} endless (input {input})"),
        }
    }
    Ok(code)
}

fn trace(session: &Session, violation: &Violation) -> String {
    let places = violation.trace.iter().map(|(function, span)| format!(" < {function} at {}", session.sources.place(*span)));
    places.collect()
}

/// The user's functions of that name whose parameters are numbers.
fn functions(typed: &TypedProgram, prefix: &str) -> Vec<FnId> {
    let program = typed.program();
    let wanted = program.fns.iter().filter(|def| {
        let plain = matches!(def.kind, FnKind::Free) && def.generics.params.is_empty();
        plain && !program.module(def.module).library && def.name.as_str().starts_with(prefix) && def.params.iter().all(|param| param.ty == hir::ty::Ty::int())
    });
    wanted.map(|def| def.id).collect()
}

/// The text of a function, head and body.
fn text_of(typed: &TypedProgram, id: FnId) -> Span {
    let head = typed.program().fn_def(id).span;
    typed.body(id).map_or(head, |body| head.to(body.expr(body.root).span))
}

fn within(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.lo <= inner.lo && inner.hi <= outer.hi
}
