//! The commands that need the phases behind `check`.

use crate::args::{Compile, Global, MessageFormat, Run, Stage};
use crate::exit;
use crate::pipeline::{self, Checked, Stopped};
use crate::session::Session;
use std::path::Path;

pub(crate) fn run(run: &Run, global: &Global) -> u8 {
    let _ = (&run.args, run.is_virtual, run.seed, &run.replay, run.workers);
    checked(&run.file, global, "run")
}

pub(crate) fn compile(compile: &Compile, global: &Global) -> u8 {
    let _ = (&compile.out, compile.object_only);
    checked(&compile.file, global, "compile")
}

pub(crate) fn test(path: &Path, filter: Option<&str>, global: &Global) -> u8 {
    let _ = filter;
    checked(path, global, "test")
}

pub(crate) fn emit(stage: Stage, file: &Path, function: Option<&str>, global: &Global) -> u8 {
    let _ = (stage, function);
    checked(file, global, "emit")
}

/// As far as the line goes today.
fn checked(file: &Path, global: &Global, command: &str) -> u8 {
    let mut session = Session::new(global, MessageFormat::Human);
    match pipeline::check(&mut session, file) {
        Err(Stopped::NoFile(why)) => {
            eprintln!("error: {why}");
            exit::USER
        }
        Err(Stopped::Reported) => session.finish(),
        Ok(Checked { .. }) => {
            session.finish();
            eprintln!("error: `aurorac {command}` is not built yet behind the checks, which found nothing wrong");
            exit::USER
        }
    }
}
