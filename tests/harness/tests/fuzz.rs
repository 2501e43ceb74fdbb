//! Some seconds of made-up programs; `cargo x fuzz 600` makes more. `AURORA_FUZZ_SEED` begins elsewhere.

use harness::compiler::{Folder, call};
use harness::files::programs;
use harness::fuzz::{Chance, broken, noise, program};
use harness::run::{Way, run};
use std::time::{Duration, Instant};

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Gives numbers until the time is over.
fn numbers(salt: u64) -> impl Iterator<Item = u64> {
    let (start, limit) = (Instant::now(), Duration::from_secs(setting("AURORA_FUZZ_SECONDS", 8)));
    let first = setting("AURORA_FUZZ_SEED", 1);
    (first..).take_while(move |_| start.elapsed() < limit).map(move |number| number * 10 + salt)
}

#[test]
fn made_up_texts_never_break_the_compiler() {
    let texts: Vec<String> = ["tests/run", "tests/ui", "examples"]
        .into_iter()
        .flat_map(programs)
        .filter_map(|program| std::fs::read_to_string(program.path).ok())
        .collect();
    let folder = Folder::new();
    for number in numbers(1) {
        let mut chance = Chance::new(number);
        // Many at once: starting the compiler costs more than reading a page.
        let made: Vec<(String, String)> = (0..8)
            .map(|index| {
                let text = match chance.below(8) {
                    0 => noise(&mut chance),
                    _ => broken(&texts[chance.below(texts.len())], &mut chance),
                };
                (folder.write(&format!("{index}.aur"), &text).to_string_lossy().into_owned(), text)
            })
            .collect();
        let mut args = vec!["check"];
        args.extend(made.iter().map(|(path, _)| path.as_str()));
        let done = call(&args);
        if done.broken().is_none() && done.code <= 1 {
            continue;
        }
        for (path, text) in &made {
            let done = call(&["check", path]);
            let why = done.broken().or_else(|| (done.code > 1).then(|| format!("it ended with {}", done.code)));
            assert!(why.is_none(), "program {number}:\n{text}\n----\n{}", why.unwrap_or_default());
        }
        panic!("programs of {number} break the compiler only together: {}", done.err);
    }
}

#[test]
fn made_up_programs_do_the_same_all_ways() {
    let folder = Folder::new();
    for number in numbers(2) {
        let text = program(&mut Chance::new(number));
        let path = folder.write("main.aur", &text).to_string_lossy().into_owned();
        let from_memory = run(&path, Way::Memory, &[], b"");
        let Ok(wanted) = &from_memory else { panic!("program {number}:\n{text}\n----\n{from_memory:?}") };
        assert_eq!(wanted.code, 0, "program {number}:\n{text}\n----\n{}", wanted.err);
        for way in [Way::Executable, Way::Plain, Way::Repeatable] {
            let done = run(&path, way, &[], b"");
            let Ok(done) = &done else { panic!("program {number}, {way:?}:\n{text}\n----\n{done:?}") };
            assert_eq!((wanted.code, &wanted.out), (done.code, &done.out), "program {number}, {way:?}:\n{text}\n----\n{}", done.err);
        }
    }
}
