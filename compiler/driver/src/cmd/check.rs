//! `aurorac check FILE…`: every report, no code.

use crate::args::{Global, MessageFormat};
use crate::pipeline::{self, Stopped};
use crate::session::Session;
use crate::exit;
use std::path::PathBuf;

/// Each file is a program of its own.
pub(crate) fn check(files: &[PathBuf], format: MessageFormat, global: &Global) -> u8 {
    let mut code = exit::OK;
    for file in files {
        let mut session = Session::new(global, format);
        match pipeline::types(&mut session, file) {
            Err(Stopped::NoFile(why)) => {
                eprintln!("error: {why}");
                code = exit::USER;
                continue;
            }
            Err(Stopped::Reported) => {}
            // What it finds stands in the session.
            Ok(typed) => drop(pipeline::check(&mut session, &typed)),
        }
        code = code.max(session.finish());
    }
    code
}

/// The library's own bodies: compiling a program takes them for granted, its tests do not.
pub(crate) fn check_library(format: MessageFormat, global: &Global) -> u8 {
    let mut session = Session::new(global, format);
    let typed = pipeline::library(&mut session);
    session.phase("check", |s| mir::check_library(&typed, &mut s.diags));
    session.finish()
}
