//! The line: `SourceFile ─lex,parse→ ast ─lower→ hir ─check_types→ typed ─build,check→ mir ─…→ code`, readable on one screen.

use crate::modules::{self, Module};
use crate::session::Session;
use std::path::Path;

/// What passed every check.
pub(crate) struct Checked {
    /// The root first.
    #[allow(dead_code, reason = "read by the phases behind the parser")]
    pub modules: Vec<Module>,
}

/// Why there is no checked program.
pub(crate) enum Stopped {
    /// The root file cannot be read: a sentence.
    NoFile(String),
    /// Reported into the session.
    Reported,
}

/// Every phase up to the proof that the program is right, in order.
pub(crate) fn check(session: &mut Session, root: &Path) -> Result<Checked, Stopped> {
    let modules = modules::load(session, root).map_err(Stopped::NoFile)?;
    // A text that cannot be read has names and types that nobody meant: stop before they are judged.
    session.diags.finish().ok_or(Stopped::Reported)?;

    // ---- The phases behind the parser are called here, in this order:
    // let program = session.phase("lower", |s| hir::lower(s.sources.clone(), modules, &mut s.diags));
    // let typed = session.phase("types", |s| hir::check_types(program, &mut s.diags));
    // let built = session.phase("build", |s| mir::build(typed, &mut s.diags));
    // let checked = session.phase("check", |s| mir::check(built, &mut s.diags));

    session.diags.finish().ok_or(Stopped::Reported)?;
    Ok(Checked { modules })
}
