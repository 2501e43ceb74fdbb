//! `aurorac explore FILE`: a program under many schedules, each drawn by a seed.

use crate::args::{Explore, Global, MessageFormat};
use crate::cmd::build::{concrete, in_memory};
use crate::exit;
use crate::pipeline::Purpose;
use crate::session::Session;
use codegen::Options;
use std::collections::HashSet;

pub(crate) fn explore(request: &Explore, global: &Global) -> u8 {
    let mut session = Session::new(global, MessageFormat::Human);
    let program = match concrete(&mut session, &request.file, Purpose::Run) {
        Ok(program) => program,
        Err(code) => return code,
    };
    let code = match in_memory(&mut session, &program, &Options { observed: true, ..Options::default() }) {
        Ok(code) => code,
        Err(code) => return code,
    };
    let file = request.file.to_string_lossy().into_owned();
    let (mut schedules, mut failures) = (HashSet::new(), 0_u64);
    let mut first: Option<(u64, rt::Ended)> = None;
    for seed in (0..request.random).map(|number| request.seed.wrapping_add(number)) {
        let ended = match rt::run_apart(seed, &|| code.run_main(std::slice::from_ref(&file))) {
            Ok(ended) => ended,
            Err(error) => {
                eprintln!("error: a run cannot be started: {error}");
                return exit::USER;
            }
        };
        schedules.insert(ended.hash);
        if ended.code != 0 {
            failures += 1;
            first.get_or_insert((seed, ended));
        }
    }
    println!("{} schedules run, {} different, {failures} failed", request.random, schedules.len());
    let Some((seed, ended)) = first else {
        println!("random schedules found no failure, which is no proof that there is none");
        return exit::OK;
    };
    println!("the first failure, of seed {seed}, {}:", how(ended.code));
    for line in String::from_utf8_lossy(&ended.err).lines() {
        println!("  {line}");
    }
    println!("to repeat it: aurorac run --seed {seed} {file}");
    exit::USER
}

fn how(code: i32) -> String {
    match code {
        101 => "a panic (exit status 101)".into(),
        102 => "a deadlock (exit status 102)".into(),
        // SIGALRM
        142 => "which did not end".into(),
        code => format!("with exit status {code}"),
    }
}
