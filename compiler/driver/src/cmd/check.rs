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
        if let Err(Stopped::NoFile(why)) = pipeline::check(&mut session, file) {
            eprintln!("error: {why}");
            code = exit::USER;
            continue;
        }
        code = code.max(session.finish());
    }
    code
}
