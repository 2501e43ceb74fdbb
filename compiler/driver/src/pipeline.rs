//! The line: `SourceFile ─lex,parse→ ast ─lower→ hir ─check_types→ typed ─check→ mir ─monomorphize,optimize→ concrete`,
//! readable on one screen. `cmd` takes what it gives to memory, a file or the screen.

use crate::args::Effort;
use crate::modules::{self, Module};
use crate::session::Session;
use crate::stdlib::{self, Extent};
use diag::Clean;
use hir::{ModuleSource, TypedProgram};
use mir::body::MonoProgram;
use mir::{CheckedProgram, Grain, Level, Roots};
use std::path::Path;
use std::sync::Arc;

/// Why there is no program.
pub(crate) enum Stopped {
    /// The root file cannot be read: a sentence.
    NoFile(String),
    /// Reported into the session.
    Reported,
}

/// What a program is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// Its `main`.
    Run,
    /// Its `test` blocks.
    Test,
    /// Its `main`, every step of which is asked for.
    Explore(Grain),
    /// The same with its `test` blocks.
    ExploreTests(Grain),
}

/// Text to types. Stops behind the first phase that found a mistake.
pub(crate) fn types(session: &mut Session, root: &Path) -> Result<Arc<TypedProgram>, Stopped> {
    let modules = session.phase("parse", |s| modules::load(s, root)).map_err(Stopped::NoFile)?;
    // A text that cannot be read has names and types that nobody meant: stop before they are judged.
    session.diags.finish().ok_or(Stopped::Reported)?;
    Ok(types_of(session, &modules))
}

/// Trees to types.
pub(crate) fn types_of(session: &mut Session, modules: &[Module]) -> Arc<TypedProgram> {
    // What was told so far is told again when everything is done again.
    let (own, told) = (session.sources.clone(), session.diags.clone());
    let (typed, extent) = types_with(session, modules, Extent::Needed);
    if extent == Extent::Whole || session.diags.finish().is_some() {
        return typed;
    }
    // Messages name what the library has, not only what the program was thought to need.
    (session.sources, session.diags) = (own, told);
    types_with(session, modules, Extent::Whole).0
}

/// The library alone, all of it.
pub(crate) fn library(session: &mut Session) -> Arc<TypedProgram> {
    types_with(session, &[], Extent::Whole).0
}

/// With so much of the library; how much that was.
fn types_with(session: &mut Session, own: &[Module], extent: Extent) -> (Arc<TypedProgram>, Extent) {
    let name = if extent == Extent::Whole { "parse all std" } else { "parse std" };
    let (library, extent) = session.phase(name, |s| stdlib::load(s, extent));
    let all = own.iter().cloned().chain(library);
    let sources = all.map(|Module { path, file, library }| ModuleSource { path, file, library }).collect();
    let program = session.phase("lower", |s| hir::lower(s.sources.clone(), sources, &mut s.diags));
    // Files that were made on the way (derived impls) have places too.
    session.sources = program.sources.clone();
    let typed = session.phase("types", |s| hir::check_types(program, &mut s.diags));
    (Arc::new(typed), extent)
}

/// Ownership of every body. Bodies with type errors are left alone, so both kinds of mistakes show at once.
pub(crate) fn check<'a>(session: &mut Session, typed: &'a TypedProgram) -> Result<(CheckedProgram<'a>, Clean), Stopped> {
    let checked = session.phase("check", |s| mir::check(typed, &mut s.diags));
    let clean = session.diags.finish().ok_or(Stopped::Reported)?;
    mir::check_constants(typed, &checked, clean, &mut session.diags);
    let clean = session.diags.finish().ok_or(Stopped::Reported)?;
    Ok((checked, clean))
}

/// A concrete, optimised program, and what it was made from.
pub(crate) struct Concrete {
    pub typed: Arc<TypedProgram>,
    pub mono: MonoProgram,
}

/// All the way.
pub(crate) fn concrete(session: &mut Session, root: &Path, purpose: Purpose) -> Result<Concrete, Stopped> {
    let typed = if session.auto_parallel { crate::auto::types(session, root)?.0 } else { types(session, root)? };
    let roots = match purpose {
        Purpose::Run => Roots::main(&typed),
        Purpose::Test => Roots::tests(&typed),
        Purpose::Explore(grain) => Roots { observed: Some(grain), ..Roots::main(&typed) },
        Purpose::ExploreTests(grain) => Roots { observed: Some(grain), ..Roots::tests(&typed) },
    };
    let needs_main = matches!(purpose, Purpose::Run | Purpose::Explore(_)).then_some(root);
    concrete_of(session, typed, &roots, needs_main)
}

/// The same from types on; of a file that needs a `main`, if one does.
pub(crate) fn concrete_of(session: &mut Session, typed: Arc<TypedProgram>, roots: &Roots, needs_main: Option<&Path>) -> Result<Concrete, Stopped> {
    // What was rewritten was found right; who wrote the loops hears of their own text only, once.
    let told = session.auto_parallel.then(|| session.diags.clone());
    let (checked, clean) = check(session, &typed)?;
    if let Some(told) = told {
        session.diags = told;
    }
    if let Some(root) = needs_main
        && roots.main.is_none()
    {
        return Err(Stopped::NoFile(format!("`{}` has no `fn main()` to start with", root.display())));
    }
    let made = session.phase("monomorphize", |_| mir::monomorphize(&typed, &checked, clean, roots));
    let mono = match made {
        Ok(mono) => mono,
        Err(diagnostic) => {
            session.diags.push(*diagnostic);
            return Err(Stopped::Reported);
        }
    };
    session.diags.finish().ok_or(Stopped::Reported)?;
    // Where accesses are watched, they have to be those of the text.
    let watches = roots.observed.is_some() && !roots.observes_words && session.has_unsafe();
    let level = match session.effort {
        Effort::Full if watches => Level::Quick,
        Effort::Full => Level::Full,
        Effort::None => Level::Quick,
    };
    let mono = session.phase("optimize", |_| mir::optimize(&typed, mono, level));
    drop(checked);
    Ok(Concrete { typed, mono })
}
