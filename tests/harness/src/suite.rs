//! Runs named cases and counts them as libtest does, so that one file of programs is one test in every summary.
//!
//! Understands what cargo and its friends pass: filters, `--exact`, `--skip`, `--list`, `--test-threads N`. Other options are
//! read over.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

type Check = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

pub struct Case {
    name: String,
    check: Check,
}

impl Case {
    /// `check` tells what is wrong, in as many lines as it takes.
    pub fn new(name: impl Into<String>, check: impl Fn() -> Result<(), String> + Send + Sync + 'static) -> Case {
        Case { name: name.into(), check: Box::new(check) }
    }
}

/// The `main` of a test target.
pub fn run(cases: Vec<Case>) -> ExitCode {
    let options = Options::read(std::env::args().skip(1));
    let all = cases.len();
    let cases: Vec<Case> = cases.into_iter().filter(|case| options.wants(&case.name)).collect();
    if options.list {
        for case in &cases {
            println!("{}: test", case.name);
        }
        return ExitCode::SUCCESS;
    }
    let start = Instant::now();
    println!("\nrunning {} tests", cases.len());
    let failures = run_all(&cases, options.threads);
    if !failures.is_empty() {
        println!("\nfailures:\n");
        for (name, why) in &failures {
            println!("---- {name} ----\n{}\n", why.trim_end());
        }
        println!("failures:");
        for (name, _) in &failures {
            println!("    {name}");
        }
    }
    println!(
        "\ntest result: {}. {} passed; {} failed; 0 ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        if failures.is_empty() { "ok" } else { "FAILED" },
        cases.len() - failures.len(),
        failures.len(),
        all - cases.len(),
        start.elapsed().as_secs_f64()
    );
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

/// The failures in the order of the cases.
fn run_all(cases: &[Case], threads: usize) -> Vec<(String, String)> {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.min(cases.len()) {
            scope.spawn(|| {
                while let Some((at, case)) = take(cases, &next) {
                    let result = catch_unwind(AssertUnwindSafe(|| (case.check)()));
                    let result = result.unwrap_or_else(|_| Err("the test itself panicked; see above".into()));
                    println!("test {} ... {}", case.name, if result.is_ok() { "ok" } else { "FAILED" });
                    if let Err(why) = result {
                        failures.lock().expect("no holder panics").push((at, case.name.clone(), why));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().expect("no holder panics");
    failures.sort();
    failures.into_iter().map(|(_, name, why)| (name, why)).collect()
}

fn take<'a>(cases: &'a [Case], next: &AtomicUsize) -> Option<(usize, &'a Case)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    cases.get(at).map(|case| (at, case))
}

struct Options {
    filters: Vec<String>,
    skips: Vec<String>,
    exact: bool,
    list: bool,
    threads: usize,
}

impl Options {
    fn read(words: impl Iterator<Item = String>) -> Options {
        let threads = std::thread::available_parallelism().map_or(2, |count| count.get());
        let mut options = Options { filters: Vec::new(), skips: Vec::new(), exact: false, list: false, threads };
        let mut words = words;
        while let Some(word) = words.next() {
            match word.as_str() {
                "--exact" => options.exact = true,
                "--list" => options.list = true,
                "--skip" => options.skips.extend(words.next()),
                "--test-threads" => options.threads = words.next().and_then(|word| word.parse().ok()).unwrap_or(threads),
                "--format" | "--color" | "--logfile" | "--report-time" | "-Z" => drop(words.next()),
                // Nothing here is ignored by default.
                "--ignored" => options.filters.push("\0".into()),
                _ if word.starts_with('-') => {}
                _ => options.filters.push(word),
            }
        }
        options
    }

    fn wants(&self, name: &str) -> bool {
        let fits = |part: &String| if self.exact { name == part } else { name.contains(part.as_str()) };
        (self.filters.is_empty() || self.filters.iter().any(fits)) && !self.skips.iter().any(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(line: &str, name: &str) -> bool {
        Options::read(line.split_whitespace().map(str::to_owned)).wants(name)
    }

    #[test]
    fn names_are_chosen_as_cargo_does() {
        assert!(wants("", "a/b"));
        assert!(wants("b", "a/b") && !wants("c", "a/b") && wants("c b", "a/b"));
        assert!(wants("--exact a/b", "a/b") && !wants("--exact a", "a/b"));
        assert!(!wants("--skip b", "a/b") && wants("--test-threads 1 --nocapture", "a/b"));
        assert!(!wants("--ignored", "a/b"));
    }

    #[test]
    fn failures_keep_the_order_of_the_cases() {
        let cases: Vec<Case> = (0..20)
            .map(|n| Case::new(n.to_string(), move || if n % 3 == 0 { Err(format!("{n} is bad")) } else { Ok(()) }))
            .collect();
        let failed: Vec<String> = run_all(&cases, 2).into_iter().map(|(name, _)| name).collect();
        assert_eq!(failed, ["0", "3", "6", "9", "12", "15", "18"]);
    }
}
