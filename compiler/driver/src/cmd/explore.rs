//! `aurorac explore FILE`: a program in every execution that it has, or under schedules that are drawn.

pub(super) mod parts;

use crate::args::{Explore, Global, MessageFormat};
use crate::cmd::build::{concrete, with_symbols};
use crate::cmd::timeline;
use crate::exit;
use crate::pipeline::Purpose;
use crate::session::Session;
use codegen::Options;
use codegen::jit::Code;
use explore::Mode;
use mir::Grain;
use mir::body::MonoProgram;
use std::io::IsTerminal;
use std::path::Path;
use std::time::Instant;

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
        rt::observe::watch_memory(plain);
        // SAFETY: the code was bound to these symbols and is kept beside the session.
        let made = unsafe { rt::observe::Session::new(code.header()) };
        match made {
            Ok(made) => Ok(Observed { _code: code, session: made, stance: explore::Stance { divides: grain == Grain::Atomics, ..explore::Stance::default() }, mark: mark(session) }),
            Err(report) => {
                eprint!("{report}");
                Err(exit::USER)
            }
        }
    }

    /// Explores `main`, or a test.
    pub(super) fn explore(&self, test: Option<usize>, mode: Mode, bounds: explore::Bounds, tell: explore::Tell) -> explore::Report {
        explore::explore(&self.session, self.session.entry(test), mode, self.stance, bounds, tell)
    }

    /// Every execution of `main`, in copies of this process; or those of one part.
    fn explore_in_jobs(&self, bounds: explore::Bounds, jobs: usize, part: Option<explore::Part>, tell: explore::Tell) -> Result<explore::Report, String> {
        explore::explore_in_jobs(&self.session, self.session.entry(None), self.stance, bounds, jobs, part, tell)
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
        let (one_order, directions) = directions.strip_prefix("o:").map_or((false, directions), |rest| (true, rest));
        let (everywhere, directions) = directions.strip_prefix("e:").map_or((false, directions), |rest| (true, rest));
        let stance = explore::Stance { cancels, divides, one_order, everywhere };
        let directions = timeline::decode(directions).ok_or("error: this is no schedule that `explore` has printed")?;
        Ok(explore::again(&self.session, self.session.entry(test), &directions, stance))
    }

    /// What repeats a failure.
    pub(super) fn replay(&self, failure: &explore::Failure) -> String {
        let explore::Stance { cancels, divides, one_order, everywhere } = failure.stance;
        let marks: String = [(divides, "d:"), (cancels, "c:"), (one_order, "o:"), (everywhere, "e:")].into_iter().filter(|mark| mark.0).map(|mark| mark.1).collect();
        format!("{:06x}:{marks}{}", self.mark, timeline::encode(&failure.directions))
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

/// How long a run may be: one that is drawn is not kept in mind, so it may be longer.
pub(super) fn bounds(mode: Mode) -> explore::Bounds {
    let steps = if mode == Mode::Exhaustive { explore::Bounds::default().steps } else { 30_000 };
    explore::Bounds { steps, ..explore::Bounds::default() }
}

/// A line that says how far it is, on a terminal.
struct Progress {
    began: Instant,
    told: Instant,
    shows: bool,
    is_shown: bool,
}

impl Progress {
    fn new(began: Instant) -> Progress {
        Progress { began, told: began, shows: std::io::stderr().is_terminal(), is_shown: false }
    }

    fn tell(&mut self, runs: u64, waiting: usize) {
        if self.shows && self.told.elapsed().as_millis() >= 500 {
            self.told = Instant::now();
            self.is_shown = true;
            let rate = runs as f64 / self.began.elapsed().as_secs_f64();
            eprint!("\r{runs} executions, {rate:.0} a second, {waiting} branches wait\x1b[K");
        }
    }

    fn end(&self) {
        if self.is_shown {
            eprint!("\r\x1b[K");
        }
    }
}

/// How many executions, and whether these are all.
pub(super) fn verdict(report: &explore::Report, drawn: bool) -> String {
    let one = if drawn { "schedule" } else { "execution" };
    let counted = if report.executions == 1 { format!("1 {one}") } else { format!("{} {one}s", report.executions) };
    if drawn && report.too_long == 0 {
        counted
    } else if let (true, Some(preemptions)) = (report.complete, report.preemptions) {
        format!("{counted}, complete up to {preemptions} preemption{}", if preemptions == 1 { "" } else { "s" })
    } else if report.complete {
        format!("{counted}, complete")
    } else if report.too_long > 0 {
        let mode = if drawn { Mode::Priorities(0, 0) } else { Mode::Exhaustive };
        let runs = if report.too_long == 1 { "1 run was".into() } else { format!("{} runs were", report.too_long) };
        format!("{counted}, not complete: {runs} given up after {} steps", bounds(mode).steps)
    } else {
        format!("{counted}, not complete")
    }
}

/// How a run went on that was given up: a livelock, or no more than many steps.
pub(super) fn going_on(long: &explore::Failure) -> String {
    format!("the first that was given up went on like this:\n{}", timeline::tell(long))
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
        seed: 0,
        executions: 1,
        atomics: false,
        outcomes: false,
        depth: None,
        preemptions: None,
        jobs: 1,
        part: None,
        report: None,
        trace: None,
        replay: Some(replay.into()),
    };
    explore(&request, global)
}

/// Every execution once, or some that are drawn, or one again.
pub(crate) fn explore(request: &Explore, global: &Global) -> u8 {
    let mut session = Session::new(global, MessageFormat::Human);
    let grain = if request.atomics { Grain::Atomics } else { Grain::Steps };
    let observed = concrete(&mut session, &request.file, Purpose::Explore(grain)).and_then(|program| Observed::new(&mut session, &program, grain));
    let observed = match observed {
        Ok(observed) => observed,
        Err(code) => return code,
    };
    let file = request.file.display();
    let began = Instant::now();
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
            let bounds = explore::Bounds { executions: request.executions, outcomes: request.outcomes, preemptions: request.preemptions, ..bounds(mode) };
            let mut progress = Progress::new(began);
            let report = if request.jobs > 1 || request.part.is_some() {
                observed.explore_in_jobs(bounds, request.jobs, request.part, &mut |runs, waiting| progress.tell(runs, waiting))
            } else {
                Ok(observed.explore(None, mode, bounds, &mut |runs, waiting| progress.tell(runs, waiting)))
            };
            progress.end();
            match report {
                Ok(report) => report,
                Err(why) => {
                    eprintln!("error: {why}");
                    return exit::USER;
                }
            }
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    if let Some(to) = &request.report
        && let Err(why) = parts::write(to, request, &observed, &report)
    {
        eprintln!("error: {why}");
        return exit::USER;
    }
    if request.outcomes && report.failure.is_none() {
        return outcomes(&report, request.depth.is_some());
    }
    let Some(failure) = &report.failure else {
        if request.replay.is_some() {
            println!("the execution was repeated and did not fail");
            return exit::OK;
        }
        let rate = report.runs as f64 / seconds.max(1e-9);
        let part = request.part.map_or(String::new(), |part| format!("part {} of {}: ", part.number, part.of));
        println!("{part}{} ({rate:.0} a second)", verdict(&report, request.depth.is_some()));
        if request.depth.is_some() {
            println!("schedules that were drawn found no failure, which is no proof that there is none");
        } else if let (true, Some(_)) = (report.complete, report.preemptions) {
            println!("no execution of these fails; those that need more preemptions were left out");
        } else if report.complete && request.part.is_some() {
            println!("no execution of this part fails");
        } else if report.complete {
            println!("no execution fails");
        } else {
            println!("no execution of these fails; there are more");
        }
        if let Some(long) = &report.long {
            print!("{}", going_on(long));
        }
        return ends_with(&report, request.depth.is_some());
    };
    if let Some(to) = &request.trace
        && let Err(why) = std::fs::write(to, timeline::trace(failure))
    {
        eprintln!("error: {}: {why}", to.display());
        return exit::USER;
    }
    if request.replay.is_none() {
        println!("{} {} fails:", if request.depth.is_some() { "schedule" } else { "execution" }, report.runs);
    }
    print!("{}", story(failure));
    println!("to repeat it: aurorac explore {file}{} --replay {}", if request.atomics { " --atomics" } else { "" }, observed.replay(failure));
    exit::USER
}

/// A table of what can come of a program: how many executions end that way, and what it wrote.
fn outcomes(report: &explore::Report, drawn: bool) -> u8 {
    for (text, count) in &report.outcomes {
        let mut lines = text.lines();
        println!("{count:9}  {}", lines.next().unwrap_or_default());
        for line in lines {
            println!("{:9}  {line}", "");
        }
    }
    println!("{} outcomes of {}", report.outcomes.len(), verdict(report, drawn));
    ends_with(report, drawn)
}

/// What the process ends with where nothing failed: whoever asks for a proof must not take the lack of one for it.
fn ends_with(report: &explore::Report, drawn: bool) -> u8 {
    if report.complete || drawn && report.too_long == 0 { exit::OK } else { exit::UNFINISHED }
}
