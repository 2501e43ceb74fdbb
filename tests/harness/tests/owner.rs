//! Some seconds of made-up functions about ownership: what the checker accepts, the oracle must find without fault. `cargo x owner`
//! makes more, for so many seconds or so many functions; `AURORA_OWNER_SEED` begins elsewhere.

use harness::compiler::Folder;
use harness::fuzz::Chance;
use harness::ownership::{INPUTS, Verdict, function, judge, mend, reasons, smaller};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::{Duration, Instant};

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Judged together unless `AURORA_OWNER_TOGETHER` says otherwise: starting the compiler costs more than a function.
const TOGETHER: u64 = 100;
/// So often what is refused loses what the reports name.
const ROUNDS: usize = 8;
/// So many holes are made smaller.
const SMALLER_MAX: usize = 6;

/// What became of all of them.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<&'static str, u64>,
    /// Why some were refused to the end or could not be watched.
    others: BTreeMap<String, u64>,
    holes: Vec<String>,
}

struct Hunt {
    start: Instant,
    limit: Duration,
    next: AtomicU64,
    end: u64,
    together: u64,
    /// So many holes are enough.
    enough: usize,
    /// Functions refused with this code are printed.
    shown: Option<String>,
    tally: Mutex<Tally>,
}

#[test]
fn what_is_accepted_breaks_no_promise() {
    let seed = setting("AURORA_OWNER_SEED", 1);
    let hunt = Hunt {
        start: Instant::now(),
        limit: Duration::from_secs(setting("AURORA_OWNER_SECONDS", 10)),
        next: AtomicU64::new(seed),
        end: seed.saturating_add(setting("AURORA_OWNER_COUNT", u64::MAX)),
        together: setting("AURORA_OWNER_TOGETHER", TOGETHER),
        enough: setting("AURORA_OWNER_HOLES", 1) as usize,
        shown: std::env::var("AURORA_OWNER_SHOW").ok(),
        tally: Mutex::default(),
    };
    let workers = setting("AURORA_OWNER_WORKERS", 2);
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(|| hunt.work()))));
    let tally = hunt.tally.into_inner().expect("no worker panicked");
    println!("{:?} in {:?}; {:?}", tally.counts, hunt.start.elapsed(), tally.others);
    assert!(tally.holes.is_empty(), "{} holes\n{}", tally.holes.len(), tally.holes.join("\n"));
}

impl Hunt {
    fn work(&self) {
        let folder = Folder::new();
        loop {
            let first = self.next.fetch_add(self.together, Ordering::Relaxed);
            let is_enough = self.tally.lock().expect("no worker panicked").holes.len() >= self.enough;
            if first >= self.end || self.start.elapsed() > self.limit || is_enough {
                return;
            }
            self.round(&folder, first, self.together.min(self.end - first));
        }
    }

    /// Some functions: made, mended, judged.
    fn round(&self, folder: &Folder, first: u64, count: u64) {
        let mut made: Vec<String> = (first..first + count).map(|number| function(number, &mut Chance::new(number))).collect();
        let found = mend(folder, &mut made, ROUNDS).and_then(|mended| Ok((mended, judge(folder, &made, INPUTS)?)));
        let (mended, found) = match found {
            Ok(found) => found,
            // A busy machine is no fault of theirs.
            Err(done) if done.late => return,
            Err(done) => panic!("functions {first} to {}: the compiler ended with {}\n{}\n{}", first + count - 1, done.code, done.out, done.err),
        };
        let mut own = Tally::default();
        let mut add = |kind: &'static str, count: u64| *own.counts.entry(kind).or_default() += count;
        add("functions", count);
        add("reports", mended.reports as u64);
        add("accepted at once", mended.at_once as u64);
        for (name, verdict) in found {
            let number: u64 = name.trim_start_matches("made_").parse().unwrap_or(first);
            let text = &made[(number - first) as usize];
            match verdict {
                Verdict::Clean(borrows) => {
                    add("clean", 1);
                    add("borrows", borrows);
                }
                Verdict::Refused(why) => {
                    add("refused", 1);
                    let code = why.split(' ').next().unwrap_or("");
                    if self.shown.as_deref() == Some(code) {
                        println!("{why}\n{text}");
                    }
                    *own.others.entry(code.to_string()).or_default() += 1;
                }
                Verdict::Other(what) => {
                    add("other", 1);
                    if self.shown.as_ref().is_some_and(|shown| what.starts_with(shown.as_str())) {
                        println!("{what}\n{text}");
                    }
                    *own.others.entry(what).or_default() += 1;
                }
                Verdict::Violation(what) => {
                    add("violation", 1);
                    let small = if own.holes.len() < SMALLER_MAX { smaller(folder, text) } else { String::new() };
                    own.holes.push(format!("function {number}: {what}\n{small}"));
                }
            }
        }
        let mut tally = self.tally.lock().expect("no worker panicked");
        own.counts.into_iter().for_each(|(kind, count)| *tally.counts.entry(kind).or_default() += count);
        own.others.into_iter().for_each(|(kind, count)| *tally.others.entry(kind).or_default() += count);
        tally.holes.extend(own.holes);
    }
}

/// So many of those that are refused are looked at.
const SAMPLE: u64 = 30;

#[test]
fn what_is_refused_is_refused_with_reason() {
    let (seed, count) = (setting("AURORA_OWNER_SEED", 1), setting("AURORA_OWNER_SAMPLE", SAMPLE));
    let folder = Folder::new();
    let mut totals = [0; 4];
    let mut wrong = Vec::new();
    for first in (seed..seed + count).step_by(SAMPLE as usize) {
        let made: Vec<String> = (first..(first + SAMPLE).min(seed + count)).map(|number| function(number, &mut Chance::new(number))).collect();
        match reasons(&folder, &made) {
            Ok(found) => {
                totals = [totals[0] + found.functions, totals[1] + found.refused, totals[2] + found.reports, totals[3] + found.fixes];
                wrong.extend(found.wrong);
            }
            Err(done) if done.late => {}
            Err(done) => panic!("functions from {first} on: the compiler ended with {}\n{}\n{}", done.code, done.out, done.err),
        }
    }
    let [functions, refused, reports, fixes] = totals;
    println!("{functions} functions, {refused} refused, {reports} reports, {fixes} fixes applied");
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}
