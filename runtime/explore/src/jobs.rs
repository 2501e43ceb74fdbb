//! An exploration shared out: among copies of this process, and among machines.
//!
//! It is explored in breadth until there are enough graphs to follow. Each of these is a piece of work of its own: no graph
//! is reached from two of them. Machines take every n-th piece, copies of a process the next one that nobody has.

use crate::engine::{Direction, Engine, Mode};
use crate::exploration::{Exploration, Stop};
use crate::graph::Graph;
use crate::program::{Bounds, How, Known, Report, Stance, Tell, again};
use rt::observe::Session;
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which part of the work is to be done here: of so many, the first being 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    pub number: u64,
    pub of: u64,
}

/// Pieces for each who takes some: they are of very different size.
const PIECES: usize = 64;

/// What copies of a process know of each other: the next piece, runs so far, and whether somebody has what ends it all.
struct Common {
    next: &'static AtomicU64,
    runs: &'static AtomicU64,
    over: &'static AtomicU64,
}

/// What one has done.
#[derive(Default)]
struct Done {
    report: Report,
    /// It has come to its bounds.
    bounded: bool,
    /// It has learnt something; all has to begin again.
    learnt: Option<Known>,
    /// What leads to a failure.
    fails: Option<(Vec<Direction>, Stance)>,
}

/// Every execution of `entry`, or those of one part, in so many copies of this process.
pub fn explore_in_jobs(session: &Session, entry: u64, stance: Stance, bounds: Bounds, jobs: usize, part: Option<Part>, tell: Tell) -> Result<Report, String> {
    let start = || {
        let mut engine = Engine::new(Mode::Exhaustive);
        engine.spreads = true;
        engine
    };
    // Parts have to be the same everywhere, so nothing is left to be learnt that one part might meet and another not.
    let mut known = Known { stance, loops: Vec::new(), looks_at_ends: part.is_some(), ..Known::default() };
    let takers = jobs.max(1).max(part.map_or(1, |part| part.of as usize));
    loop {
        let mut first = Exploration::new(session, entry, &start, known.clone(), bounds);
        first.tells_after = 1;
        let stop = first.go(&mut |_, waiting| waiting >= PIECES * takers, None);
        known = first.known.clone();
        let spread = stop == Stop::Enough && first.world.engine.waiting_graphs() > 0 && first.report.runs < bounds.executions && first.report.too_long == 0;
        let counts = part.is_none_or(|part| part.number == 1);
        if !spread {
            return Ok(if counts || first.report.failure.is_some() { first.report } else { Report { complete: first.report.complete, stance: first.report.stance, ..Report::default() } });
        }
        let pieces = first.world.engine.swap_waiting(Vec::new());
        let is_mine = |at: usize| part.is_none_or(|part| at as u64 % part.of == part.number - 1);
        let pieces: Vec<Graph> = pieces.into_iter().enumerate().filter(|&(at, _)| is_mine(at)).map(|(_, piece)| piece).collect();
        first.world.engine.spreads = false;
        first.restarts = false;
        let begun = std::mem::take(&mut first.report);
        let begun = if counts { begun } else { Report { stance: begun.stance, ..Report::default() } };
        let words = rt::shared_words(3).map_err(|error| error.to_string())?;
        let common = Common { next: &words[0], runs: &words[1], over: &words[2] };
        common.runs.store(begun.runs, Ordering::Relaxed);
        let exploration = RefCell::new(first);
        let all = if jobs <= 1 {
            vec![take_pieces(&mut exploration.borrow_mut(), &pieces, &common, tell)]
        } else {
            let work = |_: usize| take_pieces(&mut exploration.borrow_mut(), &pieces, &common, &mut |_, _| ()).to_bytes();
            let mut waits = || tell(common.runs.load(Ordering::Relaxed), pieces.len().saturating_sub(common.next.load(Ordering::Relaxed) as usize));
            let copies = rt::in_copies(jobs, &work, &mut waits).map_err(|error| error.to_string())?;
            let done = copies.into_iter().map(|bytes| bytes.and_then(|bytes| Done::from_bytes(&bytes)));
            done.collect::<Option<Vec<Done>>>().ok_or("a copy of this process ended before its work was done")?
        };
        if all.iter().any(|done| done.learnt.is_some()) {
            for learnt in all.into_iter().filter_map(|done| done.learnt) {
                known.stance.cancels |= learnt.stance.cancels;
                known.stance.everywhere |= learnt.stance.everywhere;
                known.stance.divides |= learnt.stance.divides;
                known.stance.one_order |= learnt.stance.one_order;
                known.looks_at_ends |= learnt.looks_at_ends;
                known.loops.extend(learnt.loops);
            }
            known.loops.sort_unstable();
            known.loops.dedup();
            continue;
        }
        let mut report = begun;
        report.complete = common.next.load(Ordering::Relaxed) >= pieces.len() as u64;
        for done in all {
            report.executions += done.report.executions;
            report.runs += done.report.runs;
            report.too_long += done.report.too_long;
            report.complete &= !done.bounded && done.report.too_long == 0;
            for (outcome, count) in done.report.outcomes {
                *report.outcomes.entry(outcome).or_default() += count;
            }
            if let Some((directions, stance)) = done.fails
                && report.failure.is_none()
            {
                report.failure = again(session, entry, &directions, stance).failure.filter(|failure| !matches!(failure.how, How::Diverged));
            }
        }
        report.complete &= report.failure.is_none();
        return Ok(report);
    }
}

/// Follows one piece after the other that nobody has taken.
fn take_pieces(exploration: &mut Exploration, pieces: &[Graph], common: &Common, tell: Tell) -> Done {
    let mut done = Done::default();
    let mut told = 0;
    let most = exploration.bounds.executions;
    loop {
        if common.over.load(Ordering::Relaxed) != 0 {
            done.bounded = true;
            break;
        }
        let Some(piece) = pieces.get(common.next.fetch_add(1, Ordering::Relaxed) as usize) else { break };
        exploration.world.engine.swap_waiting(vec![piece.clone()]);
        exploration.tells_after = 64;
        let stop = exploration.go(
            &mut |runs, waiting| {
                let all = common.runs.fetch_add(runs - told, Ordering::Relaxed) + (runs - told);
                told = runs;
                tell(all, waiting);
                all >= most || common.over.load(Ordering::Relaxed) != 0
            },
            None,
        );
        match stop {
            Stop::Complete => continue,
            Stop::Enough => done.bounded = true,
            Stop::Again => done.learnt = Some(exploration.known.clone()),
            Stop::Failed => done.fails = exploration.report.failure.as_ref().map(|failure| (failure.directions.clone(), failure.stance)),
        }
        common.over.store(1, Ordering::Relaxed);
        break;
    }
    done.report = std::mem::take(&mut exploration.report);
    done
}

/// Numbers, each with its length known to who reads.
struct Bytes(Vec<u8>);

impl Bytes {
    fn put(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }
    fn put_all(&mut self, numbers: impl ExactSizeIterator<Item = u64>) {
        self.put(numbers.len() as u64);
        numbers.for_each(|number| self.put(number));
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*first))
    }
    fn all(&mut self) -> Option<Vec<u64>> {
        (0..self.number()?).map(|_| self.number()).collect()
    }
}

impl Done {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Bytes(Vec::new());
        let (report, flags) = (&self.report, |stance: Stance| u64::from(stance.cancels) | u64::from(stance.divides) << 1 | u64::from(stance.one_order) << 2 | u64::from(stance.everywhere) << 3);
        [report.executions, report.runs, report.too_long, u64::from(self.bounded)].into_iter().for_each(|number| bytes.put(number));
        let learnt = self.learnt.iter().flat_map(|known| [flags(known.stance), u64::from(known.looks_at_ends)].into_iter().chain(known.loops.iter().copied()));
        bytes.put_all(learnt.collect::<Vec<u64>>().into_iter());
        let fails = self.fails.iter().flat_map(|(directions, stance)| std::iter::once(flags(*stance)).chain(directions.iter().map(|&(task, back)| u64::from(task) << 32 | u64::from(back))));
        bytes.put_all(fails.collect::<Vec<u64>>().into_iter());
        bytes.put(report.outcomes.len() as u64);
        for (outcome, &count) in &report.outcomes {
            bytes.put(count);
            bytes.put(outcome.len() as u64);
            bytes.0.extend(outcome.as_bytes());
        }
        bytes.0
    }

    fn from_bytes(bytes: &[u8]) -> Option<Done> {
        let mut reader = Reader(bytes);
        let mut done = Done::default();
        let stance = |flags: u64| Stance { cancels: flags & 1 != 0, divides: flags & 2 != 0, one_order: flags & 4 != 0, everywhere: flags & 8 != 0 };
        (done.report.executions, done.report.runs, done.report.too_long) = (reader.number()?, reader.number()?, reader.number()?);
        done.bounded = reader.number()? != 0;
        if let [flags, ends, loops @ ..] = &reader.all()?[..] {
            done.learnt = Some(Known { stance: stance(*flags), looks_at_ends: *ends != 0, loops: loops.to_vec(), ..Known::default() });
        }
        if let [flags, directions @ ..] = &reader.all()?[..] {
            done.fails = Some((directions.iter().map(|&both| ((both >> 32) as u32, both as u32)).collect(), stance(*flags)));
        }
        for _ in 0..reader.number()? {
            let (count, length) = (reader.number()?, reader.number()? as usize);
            let (text, rest) = reader.0.split_at_checked(length)?;
            reader.0 = rest;
            done.report.outcomes.insert(String::from_utf8_lossy(text).into_owned(), count);
        }
        Some(done)
    }
}
