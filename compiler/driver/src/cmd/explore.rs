//! `aurorac explore FILE`: a program under many schedules, each drawn by a seed.

use crate::args::{Explore, Global, MessageFormat};
use crate::cmd::build::{concrete, in_memory, with_symbols};
use crate::exit;
use crate::pipeline::Purpose;
use crate::session::Session;
use codegen::Options;
use mir::Grain;
use std::collections::HashSet;

pub(crate) fn explore(request: &Explore, global: &Global) -> u8 {
    match request.random {
        Some(count) => random(request, count, global),
        None => exhaustive(request, global),
    }
}

/// Every execution once.
fn exhaustive(request: &Explore, global: &Global) -> u8 {
    let mut session = Session::new(global, MessageFormat::Human);
    let grain = if request.atomics { Grain::Atomics } else { Grain::Steps };
    let program = match concrete(&mut session, &request.file, Purpose::Explore(grain)) {
        Ok(program) => program,
        Err(code) => return code,
    };
    let code = match with_symbols(&mut session, &program, &Options { rounds: true, ..Options::default() }, &rt::observe::symbol) {
        Ok(code) => code,
        Err(code) => return code,
    };
    // SAFETY: the code was bound to these symbols and lives until the end of this function.
    let observed = match unsafe { rt::observe::Session::new(code.header()) } {
        Ok(observed) => observed,
        Err(report) => {
            eprint!("{report}");
            return exit::USER;
        }
    };
    let bounds = explore::Bounds { executions: request.executions, ..explore::Bounds::default() };
    let began = std::time::Instant::now();
    let report =
        explore::explore(&observed, observed.entry(None), explore::Mode::Exhaustive, bounds, &mut |_, _| {});
    let seconds = began.elapsed().as_secs_f64();
    println!("{} executions of {} runs, complete {}, too long {}, {seconds}", report.executions, report.runs, report.complete, report.too_long);
    if let Some(failure) = &report.failure {
        println!("{:?}", failure.how);
        for id in failure.graph.script() {
            let event = failure.graph.event(id);
            println!("  {}.{} {:?} {:x} from {} blocked {}  {}", event.task, event.index, event.kind, failure.addresses.get(event.location as usize).copied().unwrap_or(0), event.from as i32, event.blocked, failure.places[id as usize]);
        }
    }
    if report.failure.is_some() { exit::USER } else { exit::OK }
}

fn random(request: &Explore, count: u64, global: &Global) -> u8 {
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
    for seed in (0..count).map(|number| request.seed.wrapping_add(number)) {
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
    println!("{} schedules run, {} different, {failures} failed", count, schedules.len());
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
