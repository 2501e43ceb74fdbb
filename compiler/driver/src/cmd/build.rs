//! The commands that make machine code: `run`, `compile`, `test`.

use crate::args::{Compile, EXECUTIONS_MAX, Effort, Global, Make, MessageFormat, Run, SCHEDULES};
use crate::cmd::explore::{self, Observed};
use crate::exit;
use crate::folder;
use crate::memory;
use crate::pipeline::{self, Concrete, Purpose, Stopped};
use crate::session::Session;
use crate::stdlib;
use codegen::Options;
use codegen::jit::Code;
use diag::SourceMap;
use ::explore::Mode;
use hir::program::Exploration;
use mir::Grain;
use mir::body::MonoProgram;
use std::path::Path;

pub(crate) fn run(run: &Run, global: &Global) -> u8 {
    if let Some(replay) = &run.replay {
        return explore::again(&run.file, replay, global);
    }
    let mut session = Session::new(global, MessageFormat::Human);
    session.effort = run.effort;
    session.auto_parallel = run.auto_parallel;
    let program = match concrete(&mut session, &run.file, Purpose::Run) {
        Ok(program) => program,
        Err(code) => return code,
    };
    let options = Options { observed: run.is_virtual, ..options(run.effort) };
    let code = match in_memory(&mut session, &program, &options) {
        Ok(code) => code,
        Err(code) => return code,
    };
    if run.stats {
        rt::count();
    }
    if let Some(workers) = run.workers {
        rt::set_workers(workers);
    }
    if run.is_virtual {
        rt::repeatable(run.seed.unwrap_or(0));
    }
    let mut args = vec![run.file.to_string_lossy().into_owned()];
    args.extend(run.args.iter().cloned());
    // The program's own exit code, whatever it is.
    let status = code.run_main(&args) as u8;
    // The process ends: taking all apart would be work for nothing.
    std::mem::forget((session, program, code));
    status
}

/// The program's code, and what was reported on the way. The error is the exit code; it has been told.
pub(super) fn in_memory(session: &mut Session, program: &MonoProgram, options: &Options) -> Result<Code, u8> {
    with_symbols(session, program, options, &rt::symbol)
}

/// The same with other functions of the runtime.
pub(super) fn with_symbols(
    session: &mut Session,
    program: &MonoProgram,
    options: &Options,
    symbols: &dyn Fn(&str) -> Option<*const u8>,
) -> Result<Code, u8> {
    let code = session.phase("emit", |s| codegen::jit::compile(program, &s.sources, symbols, options)).map_err(|missing| {
        eprintln!("error: {missing}");
        exit::USER
    })?;
    session.finish();
    memory::compilation_is_over();
    Ok(code)
}

pub(crate) fn compile(compile: &Compile, global: &Global) -> u8 {
    let mut session = Session::new(global, MessageFormat::Human);
    session.effort = compile.effort;
    session.auto_parallel = compile.auto_parallel;
    let bytes = match &compile.make {
        Make::Executable(file) => machine_code(&mut session, file, |program, sources, options| {
            codegen::aot::executable(program, sources, rt::STUB, options)
        }),
        Make::Object(file) => machine_code(&mut session, file, codegen::aot::object),
        Make::Library => Ok(rt::LIBRARY.to_vec()),
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(code) => return code,
    };
    let mode = if matches!(compile.make, Make::Executable(_)) { 0o755 } else { 0o644 };
    match write_anew(&compile.out, &bytes, mode) {
        Ok(()) => exit::OK,
        Err(error) => {
            eprintln!("error: `{}` cannot be written: {error}", compile.out.display());
            exit::USER
        }
    }
}

/// A program as the bytes of a file.
fn machine_code(session: &mut Session, file: &Path, emit: impl FnOnce(&MonoProgram, &SourceMap, &Options) -> Vec<u8>) -> Result<Vec<u8>, u8> {
    let program = concrete(session, file, Purpose::Run)?;
    let bytes = session.phase("emit", |s| emit(&program, &s.sources, &options(s.effort)));
    session.finish();
    // Nothing follows but the file: taking the program apart would be work for nothing.
    std::mem::forget(program);
    Ok(bytes)
}

fn options(effort: Effort) -> Options {
    Options { opt: effort == Effort::Full, ..Options::default() }
}

/// Under another name first: a running program of this name is not changed under its feet.
fn write_anew(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    std::fs::write(&beside, bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(mode))?;
    }
    std::fs::rename(&beside, path).inspect_err(|_| {
        // What could not be put in place is of no use.
        let _ = std::fs::remove_file(&beside);
    })
}

pub(super) fn concrete(session: &mut Session, file: &Path, purpose: Purpose) -> Result<MonoProgram, u8> {
    whole(session, file, purpose).map(|made| {
        // Taking the trees apart would be work for nothing.
        std::mem::forget(made.typed);
        made.mono
    })
}

/// With what it was made from.
fn whole(session: &mut Session, file: &Path, purpose: Purpose) -> Result<Concrete, u8> {
    pipeline::concrete(session, file, purpose).map_err(|stopped| match stopped {
        Stopped::NoFile(why) => {
            eprintln!("error: {why}");
            exit::USER
        }
        Stopped::Reported => session.finish(),
    })
}

pub(crate) fn test(path: &Path, filter: Option<&str>, replay: Option<&str>, global: &Global) -> u8 {
    let files = match folder::files(path, "aur") {
        Ok(files) if files.is_empty() => {
            eprintln!("error: there is no `.aur` file in `{}`", path.display());
            return exit::USER;
        }
        Ok(files) => files,
        Err(why) => {
            eprintln!("error: {why}");
            return exit::USER;
        }
    };
    let mut broken = false;
    // Explorations first, of all files: they want a process that has not started threads.
    let mut prepared = Vec::new();
    for file in &files {
        if path.is_dir() && std::fs::read_to_string(file).is_ok_and(|text| stdlib::is_room(&text)) {
            continue;
        }
        match prepare(file, filter, replay, global) {
            Ok(Some(tests)) => prepared.push(tests),
            Ok(None) => {}
            Err(_) => broken = true,
        }
    }
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for Prepared { file, code, tests } in prepared {
        for (index, test) in tests.into_iter().enumerate() {
            let Some(Wanted { name, explored }) = test else {
                skipped += 1;
                continue;
            };
            let ended = match explored {
                None => code.run_test(index).map(|()| String::new()),
                Some(Ok(verdict)) => Ok(format!(" ({verdict})")),
                Some(Err((story, again))) => {
                    let file = file.display();
                    Err(format!("{}\nto repeat it: aurorac test {file} --filter \"{name}\" --replay {again}", story.trim_end()))
                }
            };
            match ended {
                Ok(more) => {
                    passed += 1;
                    println!("ok    {}: {name}{more}", file.display());
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

/// A file whose tests are made, and of which those that ask for it are explored.
struct Prepared<'f> {
    file: &'f Path,
    code: Code,
    /// `None`: left out by the filter.
    tests: Vec<Option<Wanted>>,
}
struct Wanted {
    name: String,
    explored: Option<Explored>,
}

/// `None` if the file has no tests.
fn prepare<'f>(file: &'f Path, filter: Option<&str>, replay: Option<&str>, global: &Global) -> Result<Option<Prepared<'f>>, u8> {
    let mut session = Session::new(global, MessageFormat::Human);
    let made = whole(&mut session, file, Purpose::Test)?;
    let program = made.mono;
    if program.tests.is_empty() {
        return Ok(None);
    }
    let hir = made.typed.program();
    let chosen: Vec<Option<Exploration>> = hir.tests.iter().map(|&id| hir.fn_def(id).attrs.exploration).collect();
    let code = in_memory(&mut session, &program, &Options::default())?;
    let wanted: Vec<bool> = program.tests.iter().map(|(name, _)| filter.is_none_or(|wanted| name.contains(wanted))).collect();
    let explored = explorations(file, &chosen, &wanted, replay, global)?;
    let tests = program.tests.iter().zip(&wanted).zip(explored);
    let tests = tests.map(|(((name, _), &is_wanted), explored)| is_wanted.then(|| Wanted { name: name.to_string(), explored }));
    let tests = tests.collect();
    Ok(Some(Prepared { file, code, tests }))
}

/// How an exploration of a test ended: its verdict, or the story of its failure and what repeats it.
type Explored = Result<String, (String, String)>;

/// Explores the tests that ask for it.
fn explorations(
    file: &Path,
    chosen: &[Option<Exploration>],
    wanted: &[bool],
    replay: Option<&str>,
    global: &Global,
) -> Result<Vec<Option<Explored>>, u8> {
    let mode = |index: usize| match chosen[index].filter(|_| wanted[index])? {
        Exploration::Exhaustive => Some((Mode::Exhaustive, EXECUTIONS_MAX)),
        Exploration::Priorities(depth) => Some((Mode::Priorities(0, depth), SCHEDULES)),
        Exploration::Schedules(count) => Some((Mode::Priorities(0, 0), count)),
    };
    let mut all: Vec<Option<Explored>> = chosen.iter().map(|_| None).collect();
    if (0..chosen.len()).all(|index| mode(index).is_none()) {
        return Ok(all);
    }
    // Their code asks for every step, so it is other code.
    let mut session = Session::new(global, MessageFormat::Human);
    session.repeats = true;
    let made = whole(&mut session, file, Purpose::ExploreTests(Grain::Steps))?;
    let observed = Observed::new(&mut session, &made.mono, Grain::Steps)?;
    for (index, explored) in all.iter_mut().enumerate() {
        let Some((mode, executions)) = mode(index) else { continue };
        let report = match replay {
            None => observed.explore(Some(index), mode, ::explore::Bounds { executions, ..explore::bounds(mode) }, &mut |_, _| ()),
            Some(text) => observed.again(Some(index), text).map_err(|why| {
                eprintln!("{why}");
                exit::USER
            })?,
        };
        *explored = Some(match &report.failure {
            Some(failure) => Err((explore::story(failure), observed.replay(failure))),
            None if replay.is_some() => Ok("repeated, and it did not fail".into()),
            None if report.complete || mode != Mode::Exhaustive && report.too_long == 0 => Ok(explore::verdict(&report, mode != Mode::Exhaustive)),
            None => {
                let long = report.long.as_ref().map_or(String::new(), |long| format!("\n{}", explore::going_on(long)));
                Err((format!("{}; a test has to be complete{long}", explore::verdict(&report, mode != Mode::Exhaustive)), "?".into()))
            }
        });
    }
    Ok(all)
}
