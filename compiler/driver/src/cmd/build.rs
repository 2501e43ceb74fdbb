//! The commands that make machine code: `run`, `compile`, `test`.

use crate::args::{Compile, Global, MessageFormat, Run};
use crate::exit;
use crate::pipeline::{self, Purpose, Stopped};
use crate::session::Session;
use codegen::Options;
use mir::body::MonoProgram;
use std::path::{Path, PathBuf};

pub(crate) fn run(run: &Run, global: &Global) -> u8 {
    if run.replay.is_some() {
        eprintln!("error: `--replay` is not supported yet\n  help: a seed repeats a run: `--seed N`");
        return exit::USAGE;
    }
    let mut session = Session::new(global, MessageFormat::Human);
    let program = match concrete(&mut session, &run.file, Purpose::Run) {
        Ok(program) => program,
        Err(code) => return code,
    };
    let options = Options { observed: run.is_virtual, ..Options::default() };
    let code = match session.phase("emit", |s| codegen::jit::compile(&program, &s.sources, &rt::symbol, &options)) {
        Ok(code) => code,
        Err(missing) => {
            eprintln!("error: {missing}");
            return exit::USER;
        }
    };
    session.finish();
    if run.is_virtual {
        rt::repeatable(run.seed.unwrap_or(0));
    }
    let mut args = vec![run.file.to_string_lossy().into_owned()];
    args.extend(run.args.iter().cloned());
    // The program's own exit code, whatever it is.
    code.run_main(&args) as u8
}

pub(crate) fn compile(compile: &Compile, global: &Global) -> u8 {
    let mut session = Session::new(global, MessageFormat::Human);
    let program = match concrete(&mut session, &compile.file, Purpose::Run) {
        Ok(program) => program,
        Err(code) => return code,
    };
    if compile.object_only {
        eprintln!("error: `--emit obj` is not supported yet");
        return exit::USAGE;
    }
    let options = Options::default();
    let bytes = session.phase("emit", |s| codegen::aot::executable(&program, &s.sources, rt::STUB, &options));
    session.finish();
    match write_executable(&compile.out, &bytes) {
        Ok(()) => exit::OK,
        Err(error) => {
            eprintln!("error: `{}` cannot be written: {error}", compile.out.display());
            exit::USER
        }
    }
}

/// Under another name first: a running program of this name is not changed under its feet.
fn write_executable(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    std::fs::write(&beside, bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o755))?;
    }
    std::fs::rename(&beside, path).inspect_err(|_| {
        // What could not be put in place is of no use.
        let _ = std::fs::remove_file(&beside);
    })
}

pub(super) fn concrete(session: &mut Session, file: &Path, purpose: Purpose) -> Result<MonoProgram, u8> {
    pipeline::concrete(session, file, purpose).map(|made| made.mono).map_err(|stopped| match stopped {
        Stopped::NoFile(why) => {
            eprintln!("error: {why}");
            exit::USER
        }
        Stopped::Reported => session.finish(),
    })
}

pub(crate) fn test(path: &Path, filter: Option<&str>, global: &Global) -> u8 {
    let mut files = Vec::new();
    if path.is_dir() {
        collect(path, &mut files);
        files.sort();
        if files.is_empty() {
            eprintln!("error: there is no `.aur` file in `{}`", path.display());
            return exit::USER;
        }
    } else {
        files.push(path.to_path_buf());
    }
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let mut broken = false;
    for file in &files {
        let mut session = Session::new(global, MessageFormat::Human);
        let program = match concrete(&mut session, file, Purpose::Test) {
            Ok(program) => program,
            Err(_) => {
                broken = true;
                continue;
            }
        };
        if program.tests.is_empty() {
            continue;
        }
        let code = match codegen::jit::compile(&program, &session.sources, &rt::symbol, &Options::default()) {
            Ok(code) => code,
            Err(missing) => {
                eprintln!("error: {missing}");
                broken = true;
                continue;
            }
        };
        session.finish();
        for (index, (name, _)) in program.tests.iter().enumerate() {
            if filter.is_some_and(|wanted| !name.contains(wanted)) {
                skipped += 1;
                continue;
            }
            match code.run_test(index) {
                Ok(()) => {
                    passed += 1;
                    println!("ok    {}: {name}", file.display());
                }
                Err(message) => {
                    failed += 1;
                    println!("FAIL  {}: {name}", file.display());
                    for line in message.lines() {
                        println!("      {line}");
                    }
                }
            }
        }
    }
    let more = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    println!("{passed} passed, {failed} failed{more}");
    if failed > 0 || broken { exit::USER } else { exit::OK }
}

fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "aur") {
            out.push(path);
        }
    }
}
