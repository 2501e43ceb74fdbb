//! `aurorac explore FILE`: a program in every execution that it has, or under schedules that are drawn.

use crate::args::{Explore, Global, MessageFormat};
use crate::cmd::build::{concrete, in_memory, with_symbols};
use crate::cmd::timeline;
use crate::exit;
use crate::pipeline::Purpose;
use crate::session::Session;
use codegen::Options;
use codegen::jit::Code;
use explore::Mode;
use mir::Grain;
use mir::body::MonoProgram;
use std::path::Path;
use std::collections::HashSet;

pub(crate) fn explore(request: &Explore, global: &Global) -> u8 {
    match request.random {
        Some(count) => random(request, count, global),
        None => executions(request, global),
    }
}

/// A program in memory whose every step is asked for.
pub(super) struct Observed {
    /// What the session runs.
    _code: Code,
    session: rt::observe::Session,
    /// Where the exploration begins: with the library's own steps, if they were asked for.
    stance: explore::Stance,
    /// Of its own text: a repeated run is of the same program.
    mark: u32,
}

impl Observed {
    pub(super) fn new(session: &mut Session, program: &MonoProgram, grain: Grain) -> Result<Observed, u8> {
        let plain = session.has_unsafe();
        Observed::made(session, program, grain, plain)
    }

    /// Of a program whose words behind raw pointers are steps: races between them do not end a run.
    pub(super) fn of_words(session: &mut Session, program: &MonoProgram) -> Result<Observed, u8> {
        Observed::made(session, program, Grain::Steps, false)
    }

    fn made(session: &mut Session, program: &MonoProgram, grain: Grain, plain: bool) -> Result<Observed, u8> {
        let options = Options { rounds: true, plain, ..Options::default() };
        let code = with_symbols(session, program, &options, &rt::observe::symbol)?;
        // SAFETY: the code was bound to these symbols and is kept beside the session.
        let made = unsafe { rt::observe::Session::new(code.header()) };
        match made {
            Ok(made) => Ok(Observed { _code: code, session: made, stance: explore::Stance { cancels: false, divides: grain == Grain::Atomics }, mark: mark(session) }),
            Err(report) => {
                eprint!("{report}");
                Err(exit::USER)
            }
        }
    }

    /// Explores `main`, or a test.
    pub(super) fn explore(&self, test: Option<usize>, mode: Mode, bounds: explore::Bounds) -> explore::Report {
        explore::explore(&self.session, self.session.entry(test), mode, self.stance, bounds)
    }

    /// Every execution of a test; `each` hears of what it wrote, and of its events.
    pub(super) fn explore_each(&self, test: usize, each: &mut dyn FnMut(&explore::Run)) -> explore::Report {
        explore::explore_each(&self.session, self.session.entry(Some(test)), self.stance, explore::Bounds::default(), each)
    }

    /// Repeats one execution; `Err`: the text is not of this program.
    pub(super) fn again(&self, test: Option<usize>, text: &str) -> Result<explore::Report, String> {
        let (mark, directions) = text.split_once(':').ok_or("error: this is no schedule that `explore` has printed")?;
        if u32::from_str_radix(mark, 16) != Ok(self.mark) {
            return Err("error: the program has changed since this schedule was printed\n  help: explore it again".into());
        }
        let (divides, directions) = directions.strip_prefix("d:").map_or((false, directions), |rest| (true, rest));
        let (cancels, directions) = directions.strip_prefix("c:").map_or((false, directions), |rest| (true, rest));
        let stance = explore::Stance { cancels, divides };
        let directions = timeline::decode(directions).ok_or("error: this is no schedule that `explore` has printed")?;
        Ok(explore::again(&self.session, self.session.entry(test), &directions, stance))
    }

    /// What repeats a failure.
    pub(super) fn replay(&self, failure: &explore::Failure) -> String {
        let explore::Stance { cancels, divides } = failure.stance;
        let (divides, cancels) = (if divides { "d:" } else { "" }, if cancels { "c:" } else { "" });
        format!("{:06x}:{divides}{cancels}{}", self.mark, timeline::encode(&failure.directions))
    }
}

/// Of the texts that are the user's.
fn mark(session: &Session) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in session.sources.files().iter().filter(|file| !file.library) {
        for byte in file.text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    (hash >> 40) as u32
}

/// How many executions, and whether these are all.
pub(super) fn verdict(report: &explore::Report) -> String {
    let counted = if report.executions == 1 { "1 execution".to_string() } else { format!("{} executions", report.executions) };
    if report.complete {
        format!("{counted}, complete")
    } else if report.too_long > 0 {
        format!("{counted}, not complete: {} runs were given up after {} steps", report.too_long, explore::Bounds::default().steps)
    } else {
        format!("{counted}, not complete")
    }
}

/// What failed, and how it came about.
pub(super) fn story(failure: &explore::Failure) -> String {
    let mut text = format!("{}\n", timeline::headline(&failure.how));
    text.push_str("how it came about:\n");
    text.push_str(&timeline::tell(failure));
    if !failure.out.is_empty() {
        text.push_str("what it had written:\n");
        for line in String::from_utf8_lossy(&failure.out).lines() {
            text.push_str(&format!("      {line}\n"));
        }
    }
    text
}

/// One execution of a program again.
pub(super) fn again(file: &Path, replay: &str, global: &Global) -> u8 {
    let request = Explore {
        file: file.into(),
        random: None,
        seed: 0,
        executions: 1,
        atomics: false,
        outcomes: false,
        depth: None,
        replay: Some(replay.into()),
    };
    executions(&request, global)
}

/// Every execution once, or one again.
fn executions(request: &Explore, global: &Global) -> u8 {
    let mut session = Session::new(global, MessageFormat::Human);
    let grain = if request.atomics { Grain::Atomics } else { Grain::Steps };
    let observed = concrete(&mut session, &request.file, Purpose::Explore(grain)).and_then(|program| Observed::new(&mut session, &program, grain));
    let observed = match observed {
        Ok(observed) => observed,
        Err(code) => return code,
    };
    let file = request.file.display();
    let began = std::time::Instant::now();
    let report = match &request.replay {
        Some(text) => match observed.again(None, text) {
            Ok(report) => report,
            Err(why) => {
                eprintln!("{why}");
                return exit::USER;
            }
        },
        None => {
            let mode = request.depth.map_or(Mode::Exhaustive, |depth| Mode::Priorities(request.seed, depth));
            observed.explore(None, mode, explore::Bounds { executions: request.executions, outcomes: request.outcomes, ..explore::Bounds::default() })
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    if request.outcomes && report.failure.is_none() {
        return outcomes(&report);
    }
    let Some(failure) = &report.failure else {
        if request.replay.is_some() {
            println!("the execution was repeated and did not fail");
            return exit::OK;
        }
        let rate = report.runs as f64 / seconds.max(1e-9);
        println!("{} ({rate:.0} a second)", verdict(&report));
        if request.depth.is_some() {
            println!("schedules that were drawn found no failure, which is no proof that there is none");
        } else if report.complete {
            println!("no execution fails");
        } else {
            println!("no execution of these fails; there are more");
        }
        return exit::OK;
    };
    if request.replay.is_none() {
        println!("execution {} fails:", report.runs);
    }
    print!("{}", story(failure));
    println!("to repeat it: aurorac explore {file}{} --replay {}", if request.atomics { " --atomics" } else { "" }, observed.replay(failure));
    exit::USER
}

/// A table of what can come of a program: how many executions end that way, and what it wrote.
fn outcomes(report: &explore::Report) -> u8 {
    for (text, count) in &report.outcomes {
        let mut lines = text.lines();
        println!("{count:9}  {}", lines.next().unwrap_or_default());
        for line in lines {
            println!("{:9}  {line}", "");
        }
    }
    println!("{} outcomes of {}", report.outcomes.len(), verdict(report));
    exit::OK
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
