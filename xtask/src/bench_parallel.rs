//! `cargo x bench parallel`: the kernels of `benches/parallel` on one worker and on two, beside their plain loops, plain threads of
//! Rust and rayon, timed in turn. Peers that cannot be built are left out.

use std::path::{Path, PathBuf};
use std::process::Command;

const KERNELS: [&str; 9] = ["sum", "map", "mandelbrot", "matmul", "nbody", "black_scholes", "histogram", "words", "sort"];
const ROUNDS: usize = 5;

/// A column: a program, what it is called with, and which of its lines is meant.
struct Way {
    name: &'static str,
    command: Box<dyn Fn(&str) -> Command>,
    line: &'static str,
}

pub fn run(root: &Path, wanted: &[&str]) -> Result<(), String> {
    let (folder, out) = (root.join("benches/parallel"), root.join("target/bench/parallel"));
    std::fs::create_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
    let aurorac = super::release_compiler(root)?;
    let compile = |name: &str| -> Option<PathBuf> {
        let program = out.join(name);
        let made = Command::new(&aurorac).arg("compile").arg(folder.join(format!("{name}.aur"))).arg("-o").arg(&program).status();
        made.is_ok_and(|status| status.success()).then_some(program)
    };
    let own = |workers: &'static str, line: &'static str, name: &'static str| {
        let out = out.clone();
        let command = move |kernel: &str| {
            let mut command = Command::new(out.join(kernel));
            command.env("AURORA_WORKERS", workers);
            command
        };
        Way { name, command: Box::new(command), line }
    };
    let mut ways = vec![own("1", "plain", "loop"), own("1", "time", "aurora 1"), own("2", "time", "aurora 2")];
    let (threads, rayon) = (out.join("threads"), out.join("rayon/release/peer"));
    if quiet(Command::new("rustc").args(["--edition", "2024", "-O", "-o"]).arg(&threads).arg(folder.join("peer/src/main.rs"))) {
        ways.push(peer(&threads, "1", "threads 1"));
        ways.push(peer(&threads, "2", "threads 2"));
    }
    let manifest = folder.join("peer/Cargo.toml");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--release", "--features", "rayon", "--target-dir"]).arg(out.join("rayon")).arg("--manifest-path").arg(manifest);
    if quiet(&mut cargo) {
        ways.push(peer(&rayon, "2", "rayon 2"));
    }
    print!("{:<14}", "ms");
    ways.iter().for_each(|way| print!("{:>11}", way.name));
    println!("{:>11}{:>11}{:>11}", "1 / loop", "speedup", "2 / best");
    for kernel in KERNELS.iter().filter(|name| wanted.is_empty() || wanted.contains(name)) {
        if compile(kernel).is_none() {
            println!("{kernel:<14} does not compile");
            continue;
        }
        let mut best = vec![f64::INFINITY; ways.len()];
        for _ in 0..ROUNDS {
            for (way, best) in ways.iter().zip(&mut best) {
                *best = best.min(once(way, kernel));
            }
        }
        print!("{kernel:<14}");
        best.iter().for_each(|time| print!("{time:>11.1}"));
        let others = best[3..].iter().copied().fold(f64::INFINITY, f64::min);
        println!("{:>11.2}{:>11.2}{:>11.2}", best[1] / best[0], best[0] / best[2], best[2] / others);
    }
    if let Some(program) = compile("jobs") {
        let times: Vec<f64> = (0..ROUNDS).map(|_| lines(&mut Command::new(&program), "time")).collect();
        println!("a thousand empty jobs: {:.3} ms", times.into_iter().fold(f64::INFINITY, f64::min));
    }
    Ok(())
}

fn peer(program: &Path, workers: &'static str, name: &'static str) -> Way {
    let program = program.to_owned();
    let command = move |kernel: &str| {
        let mut command = Command::new(&program);
        command.args([kernel, workers]);
        command
    };
    Way { name, command: Box::new(command), line: "time" }
}

fn once(way: &Way, kernel: &str) -> f64 {
    lines(&mut (way.command)(kernel), way.line)
}

/// The least of a program's lines `name NANOSECONDS`, in milliseconds.
fn lines(command: &mut Command, name: &str) -> f64 {
    let Ok(done) = command.output() else { return f64::INFINITY };
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let times = text.lines().filter_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
    times.fold(f64::INFINITY, f64::min) / 1e6
}

fn quiet(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
