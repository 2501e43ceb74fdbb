//! `cargo x bench explore`: the programs of `benches/explore` in all their executions, beside shuttle and loom on the same tests
//! where the peers' sources are: how many executions each needs, how long they take, and how fast schedules are drawn.

use std::path::Path;
use std::process::Command;

/// A program, and what the peers call it.
const TESTS: [(&str, &str); 17] = [
    ("sb", "sb"),
    ("sb_relaxed", "sb_relaxed"),
    ("sb_fence", "sb_fence"),
    ("cas2", "cas2"),
    ("cas3", "cas3"),
    ("cas4", ""),
    ("treiber", "treiber"),
    ("mpsc1", "mpsc1"),
    ("mpsc2", "mpsc2"),
    ("mpsc3", ""),
    ("peterson", "peterson"),
    ("readers3", "readers3"),
    ("readers4", "readers4"),
    ("readers8", ""),
    ("readers15", ""),
    ("ainc7", ""),
    ("ainc8", ""),
];
/// Schedules that are drawn to see how fast that goes.
const DRAWN: &str = "50000";
/// Executions of a peer before it is stopped.
const PEER_MAX: &str = "600000";

pub fn run(root: &Path, wanted: &[&str]) -> Result<(), String> {
    let (aurorac, folder) = (super::release_compiler(root)?, root.join("benches/explore"));
    let peers = peers(root);
    println!("{:<12}{:>12}{:>10}{:>12}{:>10}{:>12}{:>10}{:>14}{:>14}{:>8}", "", "aurora", "ms", "shuttle", "ms", "loom", "ms", "drawn/s", "shuttle/s", "ratio");
    for (test, peer) in TESTS.iter().filter(|(test, _)| wanted.is_empty() || wanted.iter().any(|word| test.contains(word))) {
        let file = folder.join(format!("{test}.aur"));
        let own = own(Command::new(&aurorac).arg("explore").arg(&file));
        let drawn = own_rate(Command::new(&aurorac).args(["explore", "--pct", "3", "--executions", DRAWN]).arg(&file));
        let of = |name: &str, args: &[&str]| peers.as_ref().filter(|_| !peer.is_empty()).and_then(|folder| theirs(Command::new(folder.join(name)).arg(peer).args(args)));
        let (shuttle, loom, pct) = (of("mc_shuttle", &["dfs", PEER_MAX]), of("mc_loom", &["10"]), of("mc_shuttle", &["pct", DRAWN]));
        print!("{test:<12}{}{}{}", shown(own), shown(shuttle), shown(loom));
        let rate = |rate: Option<f64>| rate.map_or("-".into(), |rate| format!("{rate:.0}"));
        let theirs = pct.map(|(_, rate)| rate);
        let ratio = drawn.zip(theirs).map_or("-".into(), |(own, theirs)| format!("{:.2}", own / theirs));
        println!("{:>14}{:>14}{ratio:>8}", rate(drawn), rate(theirs));
    }
    Ok(())
}

/// Executions and milliseconds.
fn shown(counted: Option<(f64, f64)>) -> String {
    counted.map_or(format!("{:>12}{:>10}", "-", "-"), |(count, rate)| format!("{count:>12.0}{:>10.1}", 1000.0 * count / rate))
}

/// Builds the peers, if their sources stand beside the project.
fn peers(root: &Path) -> Option<std::path::PathBuf> {
    let manifest = root.join("../shared/bench/peers/mc/Cargo.toml");
    let target = root.join("target/bench/explore");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--release", "--target-dir"]).arg(&target).arg("--manifest-path").arg(&manifest);
    (manifest.exists() && cargo.status().is_ok_and(|status| status.success())).then(|| target.join("release"))
}

/// The executions of a complete exploration and their number in a second.
fn own(command: &mut Command) -> Option<(f64, f64)> {
    let text = String::from_utf8(command.output().ok()?.stdout).ok()?;
    let first = text.lines().next()?;
    Some((first.split(' ').next()?.parse().ok().filter(|_| first.contains("complete ("))?, rate(first)?))
}

fn own_rate(command: &mut Command) -> Option<f64> {
    let text = String::from_utf8(command.output().ok()?.stdout).ok()?;
    rate(text.lines().next()?)
}

fn rate(line: &str) -> Option<f64> {
    line.split_once('(')?.1.split(' ').next()?.parse().ok()
}

/// Of a line `… executions=N… RATE exec/s`.
fn theirs(command: &mut Command) -> Option<(f64, f64)> {
    let text = String::from_utf8(command.output().ok()?.stdout).ok()?;
    let count = text.split_once("executions=")?.1;
    let digits = count.find(|c: char| !c.is_ascii_digit())?;
    let rate = text.trim_end().strip_suffix(" exec/s")?.rsplit(' ').next()?;
    Some((count[..digits].parse().ok()?, rate.parse().ok()?))
}
