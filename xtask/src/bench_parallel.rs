//! `cargo x bench parallel`: the kernels of `benches/parallel` on one worker and on two, beside their plain loops, plain threads of
//! Rust and rayon. Peers that cannot be built are left out.
//!
//! All are run in turn, `ROUNDS` times. A time is the best of all rounds. A ratio stands twice: of the best times, and as the median of
//! the ratios that the rounds have, each of times taken seconds apart: a machine that is slower for a while is so for both.

use std::path::{Path, PathBuf};
use std::process::Command;

const KERNELS: [&str; 9] = ["sum", "map", "mandelbrot", "matmul", "nbody", "black_scholes", "histogram", "words", "sort"];
const ROUNDS: usize = 7;

/// A program, what it is called with, and which lines of it are columns of their own.
struct Way {
    columns: Vec<(&'static str, &'static str)>,
    command: Box<dyn Fn(&str) -> Command>,
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
    let own = |workers: &'static str, columns: &[(&'static str, &'static str)]| {
        let out = out.clone();
        let command = move |kernel: &str| {
            let mut command = Command::new(out.join(kernel));
            command.env("AURORA_WORKERS", workers);
            command
        };
        Way { columns: columns.to_vec(), command: Box::new(command) }
    };
    let mut ways = vec![own("1", &[("loop", "plain"), ("aurora 1", "time")]), own("2", &[("aurora 2", "time")])];
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
    let names: Vec<&str> = ways.iter().flat_map(|way| way.columns.iter().map(|(name, _)| *name)).collect();
    print!("{:<14}", "ms");
    names.iter().for_each(|name| print!("{name:>11}"));
    println!("{:>14}{:>14}{:>14}{:>14}", "1 / loop", "speedup", "threads' own", "2 / best");
    for kernel in KERNELS.iter().filter(|name| wanted.is_empty() || wanted.contains(name)) {
        if compile(kernel).is_none() {
            println!("{kernel:<14} does not compile");
            continue;
        }
        let rounds: Vec<Vec<f64>> = (0..ROUNDS).map(|_| ways.iter().flat_map(|way| once(way, kernel)).collect()).collect();
        let best: Vec<f64> = (0..names.len()).map(|column| rounds.iter().map(|round| round[column]).fold(f64::INFINITY, f64::min)).collect();
        print!("{kernel:<14}");
        best.iter().for_each(|time| print!("{time:>11.1}"));
        let others = |times: &[f64]| times[3..].iter().copied().fold(f64::INFINITY, f64::min);
        let ratios: [&dyn Fn(&[f64]) -> f64; 4] = [
            &|times| times[1] / times[0],
            &|times| times[0] / times[2],
            &|times| times.get(3).zip(times.get(4)).map_or(f64::NAN, |(one, two)| one / two),
            &|times| times[2] / others(times),
        ];
        for ratio in ratios {
            let median = median(rounds.iter().map(|round| ratio(round)).collect());
            print!("{:>14}", format!("{:.2} ({median:.2})", ratio(&best)));
        }
        println!();
    }
    if let Some(program) = compile("jobs") {
        let times: Vec<f64> = (0..ROUNDS).map(|_| lines(&output(&mut Command::new(&program)), "time")).collect();
        let best = times.iter().copied().fold(f64::INFINITY, f64::min);
        println!("a thousand empty jobs: {best:.3} ms ({:.3})", median(times));
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
    Way { columns: vec![(name, "time")], command: Box::new(command) }
}

/// A time for each of its columns, of one run.
fn once(way: &Way, kernel: &str) -> Vec<f64> {
    let text = output(&mut (way.command)(kernel));
    way.columns.iter().map(|(_, line)| lines(&text, line)).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn output(command: &mut Command) -> String {
    command.output().map_or(String::new(), |done| String::from_utf8_lossy(&done.stdout).into_owned())
}

/// The least of the lines `name NANOSECONDS`, in milliseconds.
fn lines(text: &str, name: &str) -> f64 {
    let times = text.lines().filter_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
    times.fold(f64::INFINITY, f64::min) / 1e6
}

fn quiet(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
