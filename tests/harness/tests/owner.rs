//! Some seconds of made-up functions about ownership: what the checker accepts, the oracle must find without fault. `cargo x owner`
//! makes more, for so many seconds or so many functions; `AURORA_OWNER_SEED` begins elsewhere.

use harness::compiler::Folder;
use harness::fuzz::Chance;
use harness::ownership::{INPUTS, Verdict, function, judge, mend, smaller};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Judged together unless `AURORA_OWNER_TOGETHER` says otherwise: starting the compiler costs more than a function.
const TOGETHER: u64 = 100;
/// So often what is refused loses what the reports name.
const ROUNDS: usize = 8;

#[test]
fn what_is_accepted_breaks_no_promise() {
    let (start, limit) = (Instant::now(), Duration::from_secs(setting("AURORA_OWNER_SECONDS", 10)));
    let (seed, most) = (setting("AURORA_OWNER_SEED", 1), setting("AURORA_OWNER_COUNT", u64::MAX));
    let together = setting("AURORA_OWNER_TOGETHER", TOGETHER);
    let folder = Folder::new();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut others: BTreeMap<String, u64> = BTreeMap::new();
    let mut holes = Vec::new();
    for first in (seed..seed.saturating_add(most)).step_by(together as usize) {
        if start.elapsed() > limit {
            break;
        }
        let mut made: Vec<String> = (first..first + together).map(|number| function(number, &mut Chance::new(number))).collect();
        let found = match mend(&folder, &mut made, ROUNDS).and_then(|reports| Ok((reports, judge(&folder, &made, INPUTS)?))) {
            Ok((reports, found)) => {
                *counts.entry("reports").or_default() += reports as u64;
                found
            }
            // A busy machine is no fault of theirs.
            Err(done) if done.late => continue,
            Err(done) => panic!("functions {first} to {}: the compiler ended with {}\n{}\n{}", first + together - 1, done.code, done.out, done.err),
        };
        for (name, verdict) in found {
            let number: u64 = name.trim_start_matches("made_").parse().unwrap_or(first);
            let kind = match &verdict {
                Verdict::Refused(why) => {
                    let code = why.split(' ').next().unwrap_or("");
                    if std::env::var("AURORA_OWNER_SHOW").is_ok_and(|wanted| wanted == code) {
                        println!("{why}\n{}", made[(number - first) as usize]);
                    }
                    *others.entry(code.to_string()).or_default() += 1;
                    "refused"
                }
                Verdict::Clean => "clean",
                Verdict::Violation(_) => "violation",
                Verdict::Other(what) => {
                    *others.entry(what.clone()).or_default() += 1;
                    "other"
                }
            };
            *counts.entry(kind).or_default() += 1;
            if let Verdict::Violation(what) = verdict {
                let text = &made[(number - first) as usize];
                let small = if holes.len() < 6 { smaller(&folder, text) } else { String::new() };
                holes.push(format!("function {number}: {what}\n{small}"));
            }
        }
        if holes.len() >= setting("AURORA_OWNER_HOLES", 1) as usize {
            break;
        }
    }
    println!("{counts:?} in {:?}; {others:?}", start.elapsed());
    assert!(holes.is_empty(), "{} holes\n{}", holes.len(), holes.join("\n"));
}
