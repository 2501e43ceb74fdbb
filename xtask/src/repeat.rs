//! `cargo x repeat [TIMES]`: every test program of tasks, channels, locks and data parallelism again and again, with 1, 2 and 8
//! workers, more of them at once than there are cores: what depends on who is faster shows sooner or later. Each must print and
//! end as its files say, every time.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const ROOMS: [&str; 4] = ["tasks", "sync", "parallel", "net"];
const WORKERS: [&str; 3] = ["1", "2", "8"];
const AT_ONCE: usize = 4;

struct Program {
    name: String,
    /// Made twice: with all and with no optimisation.
    made: Vec<PathBuf>,
    args: Vec<String>,
    input: Option<PathBuf>,
    output: Vec<u8>,
    exit: i32,
}

pub fn run(root: &Path, words: &[String]) -> bool {
    let times = words.first().map_or(Some(50), |word| word.parse().ok());
    let Some(times) = times else {
        eprintln!("usage: cargo x repeat [TIMES]");
        return false;
    };
    match repeat(root, times) {
        Ok((runs, failed)) => {
            println!("{runs} runs, {failed} failed");
            failed == 0
        }
        Err(why) => {
            eprintln!("error: {why}");
            false
        }
    }
}

fn repeat(root: &Path, times: usize) -> Result<(usize, usize), String> {
    let aurorac = super::compiler(root)?;
    let out = root.join("target/repeat");
    std::fs::create_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
    let mut programs = Vec::new();
    for room in ROOMS {
        let folder = root.join("tests/run").join(room);
        for entry in std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?.flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "aur") {
                programs.push(make(&aurorac, &out, room, &entry.path())?);
            }
        }
    }
    let total = programs.len() * WORKERS.len() * times;
    println!("{} programs, {total} runs", programs.len());
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let told = Mutex::new(std::collections::BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= total {
                        return;
                    }
                    let program = &programs[number % programs.len()];
                    let round = number / programs.len();
                    let workers = WORKERS[round % WORKERS.len()];
                    if let Err(why) = once(program, &program.made[round % program.made.len()], workers) {
                        failed.fetch_add(1, Ordering::Relaxed);
                        // Once a program and number of workers is enough to know where to look.
                        let is_new = told.lock().is_ok_and(|mut told| told.insert((program.name.clone(), workers)));
                        if is_new {
                            println!("{} with {workers} workers: {why}", program.name);
                        }
                    }
                }
            });
        }
    });
    Ok((total, failed.into_inner()))
}

fn make(aurorac: &Path, out: &Path, room: &str, source: &Path) -> Result<Program, String> {
    let stem = source.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let beside = |extension: &str| source.with_extension(extension);
    let text = |extension: &str| std::fs::read_to_string(beside(extension)).ok();
    let mut made = Vec::new();
    for effort in ["full", "none"] {
        let program = out.join(format!("{room}-{stem}-{effort}"));
        super::bench::build(Command::new(aurorac).args(["compile", "--opt", effort]).arg(source).arg("-o").arg(&program))?;
        made.push(program);
    }
    Ok(Program {
        name: format!("{room}/{stem}"),
        made,
        args: text("args").map_or(Vec::new(), |args| args.lines().map(String::from).collect()),
        input: Some(beside("stdin")).filter(|path| path.exists()),
        output: std::fs::read(beside("stdout")).unwrap_or_default(),
        exit: text("exit").and_then(|code| code.trim().parse().ok()).unwrap_or(0),
    })
}

fn once(program: &Program, made: &Path, workers: &str) -> Result<(), String> {
    let mut command = Command::new("timeout");
    command.arg("120").arg(made).args(&program.args).env("AURORA_WORKERS", workers);
    match &program.input {
        Some(path) => command.stdin(std::fs::File::open(path).map_err(|e| e.to_string())?),
        None => command.stdin(Stdio::null()),
    };
    let done = command.output().map_err(|e| e.to_string())?;
    if done.status.code() != Some(program.exit) {
        return Err(format!("{}\n{}", done.status, String::from_utf8_lossy(&done.stderr)));
    }
    if done.stdout != program.output {
        return Err(format!("prints\n{}", String::from_utf8_lossy(&done.stdout)));
    }
    Ok(())
}
