//! `cargo x bench tasks`: what tasks, channels and locks cost, beside Go, Rust and the machine itself; a table of ratios.
//!
//! Each round runs every program once, one after the other, so that what else the machine does falls on all alike; only
//! ratios of medians within one run mean anything. The Go programs are looked for in `$AURORA_PEERS`, else in
//! `../shared/bench/peers/go` beside the repository; without them, or without Go, rows that need them stay without a verdict.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program with its arguments, and how many workers it may have.
type Call = (Maker, &'static str, &'static [&'static str], u8);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Maker {
    Aurora,
    Go,
    Rust,
}

/// One number that a program prints.
type Number = (Call, &'static str);

struct Row {
    name: &'static str,
    own: Number,
    /// `None`: the bound is an absolute one, in nanoseconds or bytes.
    peer: Option<Number>,
    /// What the peer's number is multiplied with first.
    times: f64,
    bound: Bound,
    aim: f64,
}

#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    /// Of the peer's time by ours.
    AtLeast(f64),
}
use Bound::{AtLeast, AtMost};

const FIB_1: Call = (Maker::Aurora, "fib", &[], 1);
const FIB_2: Call = (Maker::Aurora, "fib", &[], 2);
const TREE: Call = (Maker::Aurora, "tree", &[], 2);
const SELECT: Call = (Maker::Aurora, "select", &[], 1);
const LOCK: Call = (Maker::Aurora, "lock", &[], 2);
const MANDELBROT: Call = (Maker::Aurora, "parallel", &["mandelbrot"], 2);
const MAP: Call = (Maker::Aurora, "parallel", &["map"], 2);
const SUM: Call = (Maker::Aurora, "parallel", &["sum"], 2);

/// What Go's programs print has no name of its own.
const ONLY: &str = "";

const ROWS: &[Row] = &[
    row("fib, a spawn at every level, 1 worker / plain", (FIB_1, "spawned"), Some((FIB_1, "plain")), AtMost(2.0), 1.1),
    row("the same on 2 workers, speedup over plain", (FIB_2, "spawned"), Some((FIB_2, "plain")), AtLeast(1.2), 1.8),
    row("tree of 1023 nodes, 2 workers / plain", (TREE, "spawned"), Some((TREE, "plain")), AtMost(1.5), 1.05),
    row("1 M trivial tasks / Go", ((Maker::Aurora, "spawn", &[], 2), "task"), go("spawn", &["1000000", "2"]), AtMost(0.5), 0.1),
    row("skynet 1 M / Go", ((Maker::Aurora, "skynet", &[], 2), "leaf"), go("skynet", &["1000000", "2"]), AtMost(0.5), 0.15),
    row("ping-pong on one worker / Go", ((Maker::Aurora, "pingpong", &[], 1), "round_trip"), go("pingpong", &["0", "500000", "1"]), AtMost(0.4), 0.1),
    Row {
        name: "ping-pong across workers / 2 cache-line transfers",
        own: ((Maker::Aurora, "across", &[], 2), "round_trip"),
        peer: Some(((Maker::Rust, "peers", &["transfer"], 2), "transfer")),
        times: 2.0,
        bound: AtMost(8.0),
        aim: 4.0,
    },
    row("task switch / Go's Gosched", ((Maker::Aurora, "switch", &[], 1), "switch"), go("ctxswitch", &["2000000"]), AtMost(0.2), 0.03),
    channel("SPSC, capacity 128, one worker, times Go", &["1", "1", "128", "4000000"], 1, &["1", "1", "128", "4000000", "1"], 5.0),
    channel("MPMC 4x4, capacity 128, times Go", &["4", "4", "128", "4000000"], 2, &["4", "4", "128", "4000000", "2"], 4.0),
    channel("rendezvous, times Go", &["1", "1", "0", "1000000"], 2, &["1", "1", "0", "1000000", "2"], 5.0),
    row("select over 8 / over 2", (SELECT, "eight"), Some((SELECT, "two")), AtMost(1.5), 1.1),
    row("select over 8 / Go", (SELECT, "long"), go("selects", &["ready", "8", "1000000", "1"]), AtMost(0.3), 0.08),
    row("lock+unlock, nobody else / two atomic steps", (LOCK, "alone"), Some((LOCK, "steps")), AtMost(1.15), 0.55),
    row("lock wanted by two / Go", (LOCK, "by_two"), go("lock", &["mutex", "2", "10000000"]), AtMost(1.2), 0.7),
    row("bytes of a task blocked on a channel / Go", ((Maker::Aurora, "live", &["100000"], 2), "bytes"), go("live", &["100000"]), AtMost(1.6), 0.4),
    row("parallel mandelbrot, 2 workers, speedup", (MANDELBROT, "parallel"), Some((MANDELBROT, "plain")), AtLeast(1.9), 1.97),
    row("parallel map, 2 workers, speedup", (MAP, "parallel"), Some((MAP, "plain")), AtLeast(1.9), 1.97),
    row("parallel map / plain threads", (MAP, "parallel"), Some(((Maker::Rust, "peers", &["map"], 2), "map")), AtMost(1.05), 1.0),
    row("parallel sum, 2 workers, speedup", (SUM, "parallel"), Some((SUM, "plain")), AtLeast(1.9), 1.97),
    row("parallel sum / the memory's limit", (SUM, "parallel"), Some(((Maker::Rust, "peers", &["sum"], 2), "sum")), AtMost(1.1), 1.0),
    row("parallel sort of 10 M / Rust's `sort_unstable`", ((Maker::Aurora, "sort", &[], 2), "sort"), Some(((Maker::Rust, "peers", &["sort"], 1), "sort")), AtMost(0.7), 0.52),
    row("panic and catch at a `spawn try`, ns", ((Maker::Aurora, "catch", &[], 1), "catch"), None, AtMost(5000.0), 1000.0),
];

const fn row(name: &'static str, own: Number, peer: Option<Number>, bound: Bound, aim: f64) -> Row {
    Row { name, own, peer, times: 1.0, bound, aim }
}

const fn go(program: &'static str, args: &'static [&'static str]) -> Option<Number> {
    Some(((Maker::Go, program, args, 0), ONLY))
}

/// Throughput against Go's, which is told in million messages a second.
const fn channel(name: &'static str, args: &'static [&'static str], workers: u8, peer: &'static [&'static str], aim: f64) -> Row {
    row(name, ((Maker::Aurora, "channel", args, workers), "message"), go("channel", peer), AtLeast(2.0), aim)
}

/// Measures; `filter` keeps rows whose name contains it.
pub fn run(root: &Path, filter: &str, rounds: usize) -> Result<(), String> {
    let sources = root.join("benches/tasks");
    let out = root.join("target/bench/tasks");
    std::fs::create_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
    let rows: Vec<&Row> = ROWS.iter().filter(|row| row.name.contains(filter)).collect();
    let mut calls: BTreeMap<Call, BTreeMap<String, Vec<f64>>> = BTreeMap::new();
    for row in &rows {
        calls.entry(row.own.0).or_default();
        row.peer.iter().for_each(|peer| {
            calls.entry(peer.0).or_default();
        });
    }
    let aurorac = super::release_compiler(root)?;
    for name in calls.keys().filter(|call| call.0 == Maker::Aurora).map(|call| call.1) {
        let source = sources.join(format!("{name}.aur"));
        super::bench::build(Command::new(&aurorac).arg("compile").arg(source).arg("-o").arg(out.join(name)))?;
    }
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "-C", "opt-level=3"]).arg(sources.join("peers.rs")).arg("-o").arg(out.join("peers"));
    super::bench::build(&mut rustc)?;
    let has_go = build_go(root, &out);
    if !has_go {
        println!("(no Go, or no Go programs: rows beside it stay open)");
    }
    for _ in 0..rounds {
        for (call, numbers) in &mut calls {
            if call.0 != Maker::Go || has_go {
                once(&out, call, numbers);
            }
        }
    }
    let number = |(call, name): &Number| calls.get(call).and_then(|numbers| numbers.get(*name)).cloned().and_then(super::bench::median);
    println!("| Measure | Aurora | Peer | Ratio | Must hold | Aim | Holds |\n|---|---|---|---|---|---|---|");
    for row in rows {
        let own = number(&row.own);
        let peer = row.peer.as_ref().map(|peer| number(peer).map(|value| value * row.times));
        let ratio = match (own, peer, row.bound) {
            (Some(own), Some(Some(peer)), AtMost(_)) => Some(own / peer),
            (Some(own), Some(Some(peer)), AtLeast(_)) => Some(peer / own),
            (Some(own), None, _) => Some(own),
            _ => None,
        };
        let (sign, bound, good) = match row.bound {
            AtMost(bound) => ("≤", bound, ratio.map(|ratio| ratio <= bound)),
            AtLeast(bound) => ("≥", bound, ratio.map(|ratio| ratio >= bound)),
        };
        let verdict = good.map_or("-", |good| if good { "yes" } else { "no" });
        let peer = peer.map_or(String::new(), |peer| show(peer));
        let ratio = ratio.map_or("-".into(), |ratio| if row.peer.is_some() { format!("{ratio:.2}x") } else { String::new() });
        println!("| {} | {} | {peer} | {ratio} | {sign} {bound} | {sign} {} | {verdict} |", row.name, show(own), row.aim);
    }
    Ok(())
}

/// Whether Go's programs could be made.
fn build_go(root: &Path, out: &Path) -> bool {
    let given = std::env::var_os("AURORA_PEERS").map(PathBuf::from);
    let sources = given.unwrap_or_else(|| root.join("../shared/bench/peers/go"));
    let venv = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/aurora-peers/venv/bin/go"));
    let tools = std::iter::once(PathBuf::from("go")).chain(venv);
    let target = out.join("go");
    sources.join("go.mod").exists()
        && std::fs::create_dir_all(&target).is_ok()
        && tools.into_iter().any(|go| {
            let mut build = Command::new(go);
            build.args(["build", "-o"]).arg(format!("{}/", target.display())).arg("./...").current_dir(&sources);
            build.output().is_ok_and(|done| done.status.success())
        })
}

/// Runs a program and notes what it prints; one that fails is told and leaves nothing.
fn once(out: &Path, call: &Call, numbers: &mut BTreeMap<String, Vec<f64>>) {
    let (maker, name, args, workers) = call;
    let program = if *maker == Maker::Go { out.join("go").join(name) } else { out.join(name) };
    let done = Command::new("timeout").arg("120").arg(program).args(*args).env("AURORA_WORKERS", workers.to_string()).output();
    let done = match done {
        Ok(done) if done.status.success() => done,
        Ok(done) => return eprintln!("{name} {}: {}\n{}", args.join(" "), done.status, String::from_utf8_lossy(&done.stderr)),
        Err(why) => return eprintln!("{name}: {why}"),
    };
    for line in String::from_utf8_lossy(&done.stdout).lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (maker, words.as_slice()) {
            // `bench peer metric value unit`; throughputs as nanoseconds a message.
            (Maker::Go, [_, _, _, value, unit]) => {
                if let Ok(value) = value.parse::<f64>() {
                    let value = if *unit == "Mmsg/s" { 1e3 / value } else { value };
                    numbers.entry(ONLY.into()).or_default().push(value);
                }
            }
            (_, [name, value]) => {
                if let Ok(value) = value.parse() {
                    numbers.entry((*name).into()).or_default().push(value);
                }
            }
            _ => {}
        }
    }
}

fn show(value: Option<f64>) -> String {
    match value {
        None => "-".into(),
        Some(value) if value >= 1e6 => format!("{:.1} ms", value / 1e6),
        Some(value) => format!("{value:.1}"),
    }
}
