//! `cargo x stress [--minutes N]`: the programs of `tests/stress` again and again, each time with another seed, with fewer and
//! more workers than there are cores, as executables and in virtual time, several processes at once. Each checks itself: a
//! run that ends with anything but 0, or not within a minute, is told with what to type to see it again.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const AT_ONCE: u64 = 3;
const WORKERS: [u64; 5] = [1, 2, 8, 3, 2];

pub fn run(root: &Path, words: &[String]) -> bool {
    let minutes = match words {
        [] => 10.0,
        [flag, value] if flag == "--minutes" => value.parse().unwrap_or(10.0),
        _ => {
            eprintln!("usage: cargo x stress [--minutes N]");
            return false;
        }
    };
    match stress(root, Duration::from_secs_f64(minutes * 60.0)) {
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

fn stress(root: &Path, time: Duration) -> Result<(u64, u64), String> {
    let aurorac = super::compiler(root)?;
    let folder = root.join("tests/stress");
    let out = root.join("target/stress");
    std::fs::create_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
    let mut programs = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?.flatten() {
        let source = entry.path();
        if source.extension().is_some_and(|extension| extension == "aur") {
            let program = out.join(source.file_stem().unwrap_or_default());
            super::bench::build(Command::new(&aurorac).arg("compile").arg(&source).arg("-o").arg(&program))?;
            programs.push((source, program));
        }
    }
    programs.sort();
    let (next, failed) = (AtomicU64::new(0), AtomicU64::new(0));
    let end = Instant::now() + time;
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while Instant::now() < end {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let (source, program) = &programs[(number % programs.len() as u64) as usize];
                    let round = number / programs.len() as u64;
                    let workers = WORKERS[(round % WORKERS.len() as u64) as usize];
                    if !is_good(&aurorac, source, program, number, workers) {
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    Ok((next.load(Ordering::Relaxed), failed.load(Ordering::Relaxed)))
}

/// One run in ten is in virtual time, under the schedule of its seed.
fn is_good(aurorac: &Path, source: &Path, program: &Path, seed: u64, workers: u64) -> bool {
    let mut command = Command::new("timeout");
    command.arg("60");
    let seed_text = seed.to_string();
    if seed % 10 == 7 {
        command.arg(aurorac).args(["run", "--seed", &seed_text]).arg(source).arg(&seed_text);
    } else {
        command.arg(program).arg(&seed_text).env("AURORA_WORKERS", workers.to_string());
    }
    match command.output() {
        Ok(done) if done.status.success() => true,
        Ok(done) => {
            println!("AURORA_WORKERS={workers} {command:?}: {}", done.status);
            println!("{}", String::from_utf8_lossy(&done.stderr));
            false
        }
        Err(why) => {
            println!("{command:?}: {why}");
            false
        }
    }
}
