//! The chores: `cargo x` lists them.

mod abi_page;
mod bench;
mod bench_compile;
mod bench_explore;
mod bench_parallel;
mod bench_tasks;
mod repeat;
mod stress;
mod tidy;
mod tsan;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const HELP: &str = "\
cargo x tidy         the rules of the house (also a test)
cargo x bless [F]    write down what messages and stages look like now, and docs/abi.md
cargo x ui [F]       the programs that must be refused whose name contains F
cargo x run [F]      the programs that must run whose name contains F
cargo x pages [F]    the programs on pages
cargo x fuzz [S]     programs made up for S seconds (60)
cargo x owner [S]    functions about ownership made up for S seconds (600), accepted ones run by the oracle
cargo x owner --count N        so many of them instead
cargo x bench kernels [NAME…]  how fast compiled code runs beside C and Rust
cargo x bench compile          how long the compiler takes beside gcc and Go
cargo x bench explore [NAME…]  all executions of small programs beside shuttle and loom
cargo x bench parallel [NAME…] data parallelism beside plain threads and rayon
cargo x bench tasks [WORDS]    what tasks, channels and locks cost beside Go and Rust
cargo x stress [--minutes N]   programs of tasks, channels and locks under many seeds and workers (10)
cargo x repeat [TIMES]           test programs of tasks, channels and locks that often (50), with 1, 2 and 8 workers
cargo x tsan [F]     the same programs over a runtime that ThreadSanitizer watches
cargo x models       the runtime's protocols under loom
cargo x ci           what the machine does
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let name = words.first().map_or("", String::as_str);
    let filter = words.get(1).map_or("", String::as_str);
    let good = match name {
        "tidy" => tidy::report(&root()),
        "bless" => bless(filter),
        "ui" | "run" | "pages" => harness(name, filter, &[]),
        "fuzz" => harness("fuzz", "made_up", &[("AURORA_FUZZ_SECONDS", if filter.is_empty() { "60" } else { filter })]),
        "owner" => owner(&words[1..]),
        "models" => models(),
        "stress" => stress::run(&root(), &words[1..]),
        "tsan" => tsan::run(&root(), filter),
        "repeat" => repeat::run(&root(), &words[1..]),
        "bench" => return bench::run(&words[1..]),
        "ci" => done(Command::new("bash").arg(".ci/run").current_dir(root())),
        _ => {
            print!("{HELP}");
            matches!(name, "" | "help" | "--help")
        }
    };
    ExitCode::from(u8::from(!good))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the chores lie one folder below the root")
}

fn bless(filter: &str) -> bool {
    let page = abi_page::page(&root());
    let written = std::fs::write(root().join("docs/abi.md"), page).is_ok();
    let settings = [("AURORA_BLESS", "1")];
    let (ui, stages) = (harness("ui", filter, &settings), harness("stages", filter, &settings));
    written && ui && stages
}

fn harness(target: &str, filter: &str, settings: &[(&str, &str)]) -> bool {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--quiet", "--package", "harness", "--test", target]).current_dir(root());
    if !filter.is_empty() {
        command.arg("--").arg(filter);
    }
    done(command.envs(settings.iter().copied()))
}

/// By time, or by number; the second is for the word behind `--count`.
fn owner(words: &[String]) -> bool {
    let settings = match words {
        [] => [("AURORA_OWNER_SECONDS", "600"), ("AURORA_OWNER_COUNT", "1000000000")],
        [option, count, ..] if option == "--count" => [("AURORA_OWNER_SECONDS", "1000000"), ("AURORA_OWNER_COUNT", count)],
        [seconds, ..] => [("AURORA_OWNER_SECONDS", seconds.as_str()), ("AURORA_OWNER_COUNT", "1000000000")],
    };
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--quiet", "--package", "harness", "--test", "owner", "--", "--nocapture"]).current_dir(root());
    done(command.envs(settings))
}

/// A workspace of its own: loom is needed nowhere else.
fn models() -> bool {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--quiet", "--manifest-path", "runtime/models/Cargo.toml", "--target-dir", "target/models"]);
    done(command.current_dir(root()).env("LOOM_MAX_PREEMPTIONS", "3"))
}

fn done(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

/// The compiler that `AURORAC` names, or a release build: what is measured.
fn release_compiler(root: &Path) -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("AURORAC") {
        return Ok(PathBuf::from(path));
    }
    bench::build(Command::new("cargo").args(["build", "--quiet", "--release", "-p", "driver"]).current_dir(root))?;
    Ok(root.join("target/release/aurorac"))
}

/// The compiler that `AURORAC` names, or a development build.
fn compiler(root: &Path) -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("AURORAC") {
        return Ok(PathBuf::from(path));
    }
    bench::build(Command::new("cargo").args(["build", "--quiet", "-p", "driver"]).current_dir(root))?;
    Ok(root.join("target/debug/aurorac"))
}
