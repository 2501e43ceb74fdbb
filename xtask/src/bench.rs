//! `cargo x bench kernels`: the same algorithms in Aurora, C, Rust and Go, as far as they are there, timed in turn; a table of medians and ratios.
//!
//! All are built first. Then each round runs every program once, so that what else the machine does falls on all alike.
//! A kernel times itself and checks its result; only ratios within one run of this command mean anything.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const KERNELS: [&str; 10] =
    ["nbody", "spectral", "fannkuch", "mandelbrot", "trees", "matmul", "sieve", "words", "quicksort", "strings"];
const ROUNDS: usize = 5;

/// One way to run a kernel.
struct Way {
    name: &'static str,
    program: PathBuf,
    /// Whether the kernel's name is an argument; an Aurora kernel is a program of its own.
    named: bool,
}

pub fn run(args: &[String]) -> ExitCode {
    let done = match args {
        [group, rest @ ..] if group == "kernels" => measure(&rest.iter().map(String::as_str).collect::<Vec<_>>()),
        [group] if group == "compile" => super::bench_compile::measure(),
        [group, rest @ ..] if group == "tasks" => {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            super::bench_tasks::run(&root, rest.first().map_or("", String::as_str), 3)
        }
        [group, rest @ ..] if group == "parallel" => {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            super::bench_parallel::run(&root, &rest.iter().map(String::as_str).collect::<Vec<_>>())
        }
        [group, rest @ ..] if group == "explore" => {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            super::bench_explore::run(&root, &rest.iter().map(String::as_str).collect::<Vec<_>>())
        }
        _ => {
            eprintln!("usage: cargo x bench kernels [NAME…] | compile | explore [NAME…] | parallel [NAME…] | tasks [WORDS]");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn measure(wanted: &[&str]) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let kernels = root.join("benches/kernels");
    let out = root.join("target/bench");
    std::fs::create_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
    let aurorac = super::release_compiler(&root)?;
    let mut peers = Vec::new();
    if built(Command::new("gcc").arg("-O2").arg(kernels.join("kernels.c")).arg("-o").arg(out.join("c")).arg("-lm")) {
        peers.push(Way { name: "gcc -O2", program: out.join("c"), named: true });
    }
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "-C", "opt-level=3"]).arg(kernels.join("kernels.rs")).arg("-o").arg(out.join("rust"));
    if built(&mut rustc) {
        peers.push(Way { name: "rustc -O", program: out.join("rust"), named: true });
    }
    if built(Command::new("go").arg("build").arg("-o").arg(out.join("go")).arg(kernels.join("kernels.go"))) {
        peers.push(Way { name: "go", program: out.join("go"), named: true });
    }
    print!("{:<12}{:>12}", "kernel", "aurora ms");
    peers.iter().for_each(|way| print!("{:>12}{:>8}", way.name, "ratio"));
    println!();
    let mut logs = vec![(0.0f64, 0u32); peers.len()];
    for kernel in KERNELS.iter().filter(|name| wanted.is_empty() || wanted.contains(name)) {
        let program = out.join(kernel);
        let file = kernels.join(format!("{kernel}.aur"));
        if !built(Command::new(&aurorac).arg("compile").arg(file).arg("-o").arg(&program)) {
            println!("{kernel:<12}{:>12}", "-");
            continue;
        }
        let own = Way { name: "aurora", program, named: false };
        let mut times: Vec<Vec<f64>> = vec![Vec::new(); peers.len() + 1];
        for _ in 0..ROUNDS {
            for (way, times) in std::iter::once(&own).chain(&peers).zip(&mut times) {
                times.extend(once(way, kernel));
            }
        }
        let medians: Vec<Option<f64>> = times.into_iter().map(median).collect();
        print!("{kernel:<12}{:>12}", show(medians[0]));
        for (peer, log) in medians[1..].iter().zip(&mut logs) {
            let ratio = medians[0].zip(*peer).map(|(own, peer)| own / peer);
            if let Some(ratio) = ratio {
                *log = (log.0 + ratio.ln(), log.1 + 1);
            }
            print!("{:>12}{:>8}", show(*peer), ratio.map_or("-".into(), |ratio| format!("{ratio:.2}")));
        }
        println!();
    }
    print!("{:<24}", "geometric mean");
    for (sum, count) in logs {
        print!("{:>12}{:>8.2}", "", if count > 0 { (sum / f64::from(count)).exp() } else { f64::NAN });
    }
    println!();
    Ok(())
}

/// The milliseconds that the kernel reports; nothing if it failed.
fn once(way: &Way, kernel: &str) -> Option<f64> {
    let mut command = Command::new(&way.program);
    if way.named {
        command.arg(kernel);
    }
    let output = command.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let nanoseconds: f64 = text.lines().find_map(|line| line.strip_prefix("time "))?.trim().parse().ok()?;
    Some(nanoseconds / 1e6)
}

pub fn median(mut times: Vec<f64>) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}

fn show(time: Option<f64>) -> String {
    time.map_or("-".into(), |time| format!("{time:.1}"))
}

fn built(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

pub fn build(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(why) => Err(format!("{command:?}: {why}")),
    }
}
