//! `aurorac emit --stage STAGE FILE`: what a phase made of a program, as text on standard output.

use crate::args::{Global, MessageFormat, Stage};
use crate::exit;
use crate::pipeline::{self, Purpose, Stopped};
use crate::session::{Session, read_text};
use std::io::Write;
use std::path::Path;

pub(crate) fn emit(stage: Stage, file: &Path, function: Option<&str>, global: &Global) -> u8 {
    let mut session = Session::new(global, MessageFormat::Human);
    let text = match stage {
        Stage::Tokens | Stage::Ast => {
            let text = match read_text(file) {
                Ok(text) => text,
                Err(why) => {
                    eprintln!("error: {why}");
                    return exit::USER;
                }
            };
            let source = session.sources.add(file.to_string_lossy(), text, false);
            session.phase("parse", |session| match stage {
                Stage::Tokens => syntax::print::tokens(&source, &syntax::lex(&source, &mut session.diags)),
                _ => syntax::print::ast_of(&syntax::parse(&source, &mut session.diags), function),
            })
        }
        Stage::Hir | Stage::Mir | Stage::Clif | Stage::Asm => match concrete(&mut session, stage, file, function) {
            Ok(text) => text,
            Err(Stopped::NoFile(why)) => {
                eprintln!("error: {why}");
                return exit::USER;
            }
            Err(Stopped::Reported) => return session.finish(),
        },
    };
    // A reader that went away needs no text.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    session.finish()
}

/// What stands behind the type checker.
fn concrete(session: &mut Session, stage: Stage, file: &Path, function: Option<&str>) -> Result<String, Stopped> {
    let wanted = |name: &str| function.is_none_or(|function| name == function || name.ends_with(&format!("::{function}")));
    if stage == Stage::Hir {
        let typed = pipeline::types(session, file)?;
        return Ok(hir::print::program(&typed, &wanted));
    }
    let program = pipeline::concrete(session, file, Purpose::Run)?;
    let options = codegen::Options::default();
    Ok(match stage {
        Stage::Clif => codegen::text::clif(&program.mono, &options, &wanted),
        Stage::Asm => codegen::text::assembly(&program.mono, &options, &wanted),
        _ => mir::print::program(&program.typed, &program.mono, &wanted),
    })
}
