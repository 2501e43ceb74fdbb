//! Two ways to the same answers: the axioms, and the explorer's runs.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/litmus");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "litmus"))
        .collect();
    files.sort();
    files
}

/// What is wrong with the explorer's answer.
fn difference(name: &str, text: &str) -> Option<String> {
    let test = litmus::read(text).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}\n{text}"));
    // What is too large for the one is not asked of the other.
    let model = litmus::judge(&test, litmus::Limits::default()).ok()?;
    let walked = litmus::walk(&test).expect("it ends");
    (walked != model.states).then(|| format!("{name}: {walked:?} instead of {:?}", model.states))
}

#[test]
fn the_explorer_finds_the_same_states_as_often() {
    let all = files();
    assert!(all.len() > 200);
    let read = |path: &PathBuf| std::fs::read_to_string(path).expect("readable");
    let wrong: Vec<String> = all.iter().filter_map(|path| difference(&path.display().to_string(), &read(path))).collect();
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

struct Random(u64);

impl Random {
    fn below(&mut self, count: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % count
    }
    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len() as u64) as usize]
    }
}

/// Two to four threads of one to four steps over two or three locations.
fn made(seed: u64) -> String {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let threads = 2 + random.below(3);
    let locations = ["x", "y", "z"];
    let count = 2 + (random.below(2)) as usize;
    let locations = &locations[..count];
    let longest = if threads == 4 { 2 } else { 4 };
    let mut text = format!("C random-{seed}\n{{ }}\n");
    for thread in 0..threads {
        write!(text, "\nP{thread} (atomic_int* x, atomic_int* y, atomic_int* z) {{\n").expect("memory");
        for step in 0..1 + random.below(longest) {
            let at = random.of(locations);
            let read = random.of(&["relaxed", "acquire", "seq_cst"]);
            let write = random.of(&["relaxed", "release", "seq_cst"]);
            let both = random.of(&["relaxed", "acquire", "release", "acq_rel", "seq_cst"]);
            let value = 1 + random.below(2);
            let line = match random.below(12) {
                0..=3 => format!("int r{step} = atomic_load_explicit({at}, memory_order_{read});"),
                4..=7 => format!("atomic_store_explicit({at}, {value}, memory_order_{write});"),
                8 => format!("int r{step} = atomic_fetch_add_explicit({at}, {value}, memory_order_{both});"),
                9 => format!("int r{step} = atomic_exchange_explicit({at}, {value}, memory_order_{both});"),
                10 => format!(
                    "int e{step} = {};\n  int r{step} = atomic_compare_exchange_strong_explicit({at}, &e{step}, {value}, memory_order_{both}, memory_order_{});",
                    random.below(2),
                    random.of(&["relaxed", "acquire", "seq_cst"]),
                ),
                _ => format!("atomic_thread_fence(memory_order_{});", random.of(&["acquire", "release", "acq_rel", "seq_cst"])),
            };
            writeln!(text, "  {line}").expect("memory");
        }
        text.push_str("}\n");
    }
    text.push_str("\nlocations [x; y; z]\nexists (x=1)\n");
    text
}

/// Without the steps that the difference does not need.
fn smallest(name: &str, text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        if lines[at].contains("memory_order") {
            let mut fewer = lines.clone();
            fewer.remove(at);
            if difference(name, &fewer.join("\n")).is_some() {
                lines = fewer;
                continue;
            }
        }
        at += 1;
    }
    lines.join("\n")
}

#[test]
fn they_agree_on_tests_made_by_chance() {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (first, count) = (number("AURORA_LITMUS_FIRST", 1), number("AURORA_LITMUS_TESTS", 1_500));
    for seed in first..first + count {
        if difference(&seed.to_string(), &made(seed)).is_some() {
            let text = smallest("", &made(seed));
            panic!("{}\n{text}", difference(&seed.to_string(), &text).expect("it still differs"));
        }
    }
}

/// Executions within a bound on preemptions: those of turns are exactly those that need no more, asked one by one; of others,
/// which may also be come to by seeing older values, none is missing. A large bound is none.
#[test]
fn no_execution_within_a_bound_is_left_out() {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (first, count) = (number("AURORA_LITMUS_FIRST", 1), number("AURORA_LITMUS_TESTS", 300));
    for seed in first..first + count {
        let made = made(seed);
        let is_of_turns = seed % 2 == 0;
        let text = if is_of_turns { in_turns(&made) } else { made };
        let test = litmus::read(&text).expect("it is read");
        let whole = litmus::walk(&test).expect("it ends");
        for most in [0, 1, 2, 3, 100] {
            let (bounded, _) = litmus::walk_within(&test, most, true).expect("it ends");
            let (filtered, _) = litmus::walk_within(&test, most, false).expect("it ends");
            if is_of_turns {
                assert_eq!(bounded, filtered, "{most} preemptions\n{text}");
            }
            for (state, count) in &filtered {
                assert!(bounded.get(state) >= Some(count), "{most} preemptions: {state:?} {bounded:?} {filtered:?} {whole:?}\n{text}");
            }
            for (state, count) in &bounded {
                assert!(whole.get(state) >= Some(count), "{most} preemptions: {state:?} {bounded:?} {filtered:?} {whole:?}\n{text}");
            }
            if most == 100 {
                assert_eq!(bounded, whole, "{text}");
            }
        }
    }
}

fn in_turns(text: &str) -> String {
    let mut text = text.to_string();
    for order in ["relaxed", "acquire", "release", "acq_rel"] {
        text = text.replace(&format!("memory_order_{order}"), "memory_order_seq_cst");
    }
    text
}
