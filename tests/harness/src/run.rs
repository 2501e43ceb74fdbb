//! Programs that must run: the same bytes from memory, from an executable, without optimisation and under a seeded schedule,
//! and those that were written down.
//!
//! What `tests/run/parallel` prints must not depend on the number of workers either, nor on the seed.
//!
//! Beside `x.aur` stand `x.stdout` and, where they matter, `x.exit` (0 if absent), `x.stdin`, `x.args` (one a line) and
//! `x.stderr-contains` (each line somewhere in what it complained). `AURORA_TEST_FOLDER` names a folder a program may write to.

use crate::compiler::{Done, Folder, aurorac, finish};
use crate::files::Program;
use crate::text::{difference, tail};
use std::path::PathBuf;
use std::process::Command;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    Memory,
    Executable,
    /// From memory, by code that is what was written and no more.
    Plain,
    /// In virtual time, one schedule of one seed.
    Repeatable,
    /// From memory, with plain loops as parallel ones.
    AutoParallel,
}

/// Whether warnings matter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Warnings {
    /// A program of our own has none.
    Refused,
    Welcome,
}

/// Runs a program all ways and judges what it did.
pub fn judge(program: &Program, warnings: Warnings) -> Result<(), String> {
    if program.beside("stdout").is_none() {
        return Err("there is no `.stdout` beside it".into());
    }
    judge_way(program, Way::Memory, warnings)?;
    if program.name.starts_with("parallel/") {
        return judge_workers(program, warnings);
    }
    judge_way(program, Way::Executable, warnings)?;
    judge_way(program, Way::Plain, warnings)?;
    judge_way(program, Way::Repeatable, warnings)
}

/// An executable, by the number of its workers and by the seeds of its schedules.
const WORKERS: &[(&str, &[&str])] = &[("AURORA_WORKERS", &["1", "2", "3", "8"]), ("AURORA_VIRTUAL", &["1", "2", "3"])];

fn judge_workers(program: &Program, warnings: Warnings) -> Result<(), String> {
    judge_way(program, Way::AutoParallel, warnings)?;
    let folder = Folder::new();
    let file = compile(&program.shown(), &folder)?;
    let args = program.beside("args").unwrap_or_default();
    for (name, values) in WORKERS {
        for value in *values {
            let mut command = Command::new(&file);
            command.args(args.lines()).env(name, value).env("AURORA_TEST_FOLDER", &folder.path);
            let done = finish(&mut command, program.beside("stdin").unwrap_or_default().as_bytes());
            compare(program, &done, warnings).map_err(|why| format!("with {name}={value}: {why}"))?;
        }
    }
    Ok(())
}

fn compile(path: &str, folder: &Folder) -> Result<PathBuf, String> {
    let program = folder.path.join("program");
    let made = finish(Command::new(aurorac()).args(["compile", path, "-o"]).arg(&program), b"");
    if let Some(why) = made.broken() {
        return Err(format!("compile: {why}"));
    }
    if made.code != 0 {
        return Err(format!("it does not compile\n{}", made.err));
    }
    Ok(program)
}

/// Runs a program one way and judges what it did.
fn judge_way(program: &Program, way: Way, warnings: Warnings) -> Result<(), String> {
    let what = match way {
        Way::Memory => "in memory",
        Way::Executable => "as an executable",
        Way::Plain => "with --opt none",
        Way::Repeatable => "with --seed 5",
        Way::AutoParallel => "with --auto-parallel",
    };
    let args: Vec<String> = program.beside("args").unwrap_or_default().lines().map(str::to_owned).collect();
    let done = run(&program.shown(), way, &args, program.beside("stdin").unwrap_or_default().as_bytes())?;
    compare(program, &done, warnings).map_err(|why| format!("{what}: {why}"))
}

/// Runs a program. `Err` if it does not compile.
pub fn run(path: &str, way: Way, args: &[String], input: &[u8]) -> Result<Done, String> {
    let folder = Folder::new();
    let mut command = match way {
        Way::Memory => {
            let mut command = Command::new(aurorac());
            command.args(["run", path]);
            command
        }
        Way::Plain => {
            let mut command = Command::new(aurorac());
            command.args(["run", "--opt", "none", path]);
            command
        }
        Way::Repeatable => {
            let mut command = Command::new(aurorac());
            command.args(["run", "--seed", "5", path]);
            command
        }
        Way::AutoParallel => {
            let mut command = Command::new(aurorac());
            command.args(["run", "--auto-parallel", path]);
            command
        }
        Way::Executable => Command::new(compile(path, &folder)?),
    };
    Ok(finish(command.args(args).env("AURORA_TEST_FOLDER", &folder.path), input))
}

fn compare(program: &Program, done: &Done, warnings: Warnings) -> Result<(), String> {
    if let Some(why) = done.broken() {
        return Err(why);
    }
    let code: i32 = match program.beside("exit") {
        Some(text) => text.trim().parse().map_err(|_| format!("`.exit` holds {text:?}"))?,
        None => 0,
    };
    if done.code != code {
        return Err(format!("it ended with {}, not {code}\n{}", done.code, tail(&done.err, 40)));
    }
    let wanted = program.beside("stdout").unwrap_or_default();
    if wanted != done.out {
        return Err(format!("its output is another: {}", difference(&wanted, &done.out)));
    }
    for line in program.beside("stderr-contains").unwrap_or_default().lines() {
        if !done.err.contains(line.trim()) {
            return Err(format!("its complaints lack {line:?}\n{}", tail(&done.err, 12)));
        }
    }
    if warnings == Warnings::Refused && code == 0 && !done.err.is_empty() && program.beside("stderr-contains").is_none() {
        return Err(format!("it complained without need\n{}", tail(&done.err, 40)));
    }
    Ok(())
}
