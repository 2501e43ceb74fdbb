//! What the explorer takes for one step of a channel, a lock or a semaphore, against the library's own code: random programs
//! have the same outcomes either way.
//!
//! `AURORA_STEPS_TESTS=1000 cargo test -p harness --test steps` asks more of them, `AURORA_STEPS_SEED` others.

use harness::compiler::call;
use harness::tasks::program;
use std::collections::BTreeSet;

const TESTS: u64 = 20;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// All outcomes; `None` if there are too many executions.
fn outcomes(path: &str, more: &[&str]) -> Result<Option<BTreeSet<String>>, String> {
    let done = call(&[&["explore", path, "--outcomes", "--executions", "20000"], more].concat());
    if let Some(why) = done.broken() {
        return Err(why);
    }
    let Some((table, verdict)) = done.out.trim_end().rsplit_once('\n') else { return Err(format!("no table:\n{}{}", done.out, done.err)) };
    if !verdict.contains(" outcomes of ") {
        return Err(format!("no verdict:\n{}{}", done.out, done.err));
    }
    let mut all: Vec<String> = Vec::new();
    for line in table.lines() {
        match line.split_at(9) {
            (count, text) if !count.trim().is_empty() => all.push(text.trim().to_string()),
            (_, text) => all.last_mut().expect("a table begins with a count").push_str(text),
        }
    }
    Ok(verdict.ends_with(", complete").then(|| all.into_iter().collect()))
}

#[test]
fn whole_steps_have_the_outcomes_of_the_library() {
    let first = setting("AURORA_STEPS_SEED", 1);
    let folder = std::env::temp_dir().join(format!("aurora-steps-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for programs");
    let (mut compared, mut wrong) = (0, Vec::new());
    for seed in first..first + setting("AURORA_STEPS_TESTS", TESTS) {
        let text = program(seed);
        let path = folder.join(format!("{seed}.aur"));
        std::fs::write(&path, &text).expect("written");
        let path = path.display().to_string();
        let both = outcomes(&path, &[]).and_then(|whole| outcomes(&path, &["--atomics"]).map(|divided| (whole, divided)));
        match both {
            Err(why) => wrong.push(format!("seed {seed}: {why}\n{text}")),
            Ok((Some(whole), Some(divided))) if whole != divided => {
                wrong.push(format!("seed {seed}: {whole:?}, but the library's own code has {divided:?}\n{text}"));
            }
            Ok((Some(_), Some(_))) => compared += 1,
            Ok((None, Some(_))) => wrong.push(format!("seed {seed}: too many executions\n{text}")),
            Ok((_, None)) => {}
        }
    }
    std::fs::remove_dir_all(&folder).expect("removed");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 0, "nothing was compared");
}
