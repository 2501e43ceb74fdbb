//! Watching a run: counts at its end (`AURORA_STATS=1`, `aurorac run --stats`) and a timeline (`AURORA_TRACE=out.json`) that
//! Perfetto and Chrome open. Off, each place that could tell something reads one byte and passes.
//!
//! A run that is watched publishes every task it spawns: a task that its joiner calls is seen by nobody, and costs nothing
//! because of it. So counts are of all tasks, and times are those of tasks that go through the queues.

use crate::fault::{self, Caller};
use crate::fiber::Record;
use crate::prim::{AtomicU8, AtomicU64, LazyLock, Mutex, Ordering, lock};
use crate::{clock, process, sched, standard, virt};
use abi::TaskHead;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

const STATS: u8 = 1;
const TRACE: u8 = 2;
static ON: AtomicU8 = AtomicU8::new(0);

/// So many events are kept; a longer run tells how many are missing.
const EVENTS_MAX: usize = 2_000_000;
/// Callers that tell one waiting place from another.
const CALLERS: usize = 8;

static SPAWNED: AtomicU64 = AtomicU64::new(0);
static STOLEN: AtomicU64 = AtomicU64::new(0);
static STARTED: AtomicU64 = AtomicU64::new(0);

/// Where somebody waits: the return addresses, innermost first, and what for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Place {
    callers: [usize; CALLERS],
    what: u32,
    image: usize,
}

#[derive(Clone, Copy, Default)]
struct Waits {
    count: u64,
    nanoseconds: i64,
}

enum Event {
    /// A fiber ran on a worker.
    Ran { worker: usize, fiber: u32, from: i64, to: i64 },
    Waited { fiber: u32, place: Place, from: i64, to: i64 },
    Spawned { worker: usize, fiber: u32, at: i64 },
    Stolen { worker: usize, from: usize, at: i64 },
}

#[derive(Default)]
struct Log {
    waits: HashMap<Place, Waits>,
    /// Who waits since when.
    waiting: HashMap<u32, (Place, i64)>,
    /// Which fiber a worker has run since when.
    running: HashMap<usize, (u32, i64)>,
    events: Vec<Event>,
    missing: u64,
    path: String,
    is_told: bool,
}
static LOG: LazyLock<Mutex<Log>> = LazyLock::new(Mutex::default);

/// Whether anything is to be told. One byte, which does not change while tasks run.
#[inline]
pub fn is_on() -> bool {
    // ORDER: Relaxed; written before any task is.
    ON.load(Ordering::Relaxed) != 0
}

/// Asks for counts at the end. To be called before the program starts.
pub fn count() {
    ON.fetch_or(STATS, Ordering::Relaxed);
}

pub fn begin_if_asked() {
    if std::env::var_os("AURORA_STATS").is_some_and(|value| value != "0" && !value.is_empty()) {
        count();
    }
    if let Ok(path) = std::env::var("AURORA_TRACE")
        && !path.is_empty()
    {
        lock(&LOG).path = path;
        ON.fetch_or(TRACE, Ordering::Relaxed);
    }
}

impl Log {
    fn note(&mut self, event: impl FnOnce() -> Event) {
        // ORDER: Relaxed; as in `is_on`.
        if ON.load(Ordering::Relaxed) & TRACE == 0 {
            return;
        }
        if self.events.len() < EVENTS_MAX { self.events.push(event()) } else { self.missing += 1 }
    }
}

/// A task was handed to the queues.
#[cold]
pub fn spawned(record: *mut Record, _head: *mut TaskHead) {
    SPAWNED.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the running fiber's record and its worker.
    let (fiber, worker) = unsafe { ((*record).number, (*(*record).worker).index) };
    lock(&LOG).note(|| Event::Spawned { worker, fiber, at: clock::now() });
}

#[cold]
pub fn stolen(worker: usize, from: usize) {
    STOLEN.fetch_add(1, Ordering::Relaxed);
    lock(&LOG).note(|| Event::Stolen { worker, from, at: clock::now() });
}

/// A worker begins or goes on with a fiber.
#[cold]
pub fn runs(worker: usize, record: *mut Record) {
    STARTED.fetch_add(1, Ordering::Relaxed);
    // SAFETY: a record of the table.
    let fiber = unsafe { (*record).number };
    let now = clock::now();
    let mut log = lock(&LOG);
    log.running.insert(worker, (fiber, now));
    if let Some((place, from)) = log.waiting.remove(&fiber) {
        let waits = log.waits.entry(place).or_default();
        waits.count += 1;
        waits.nanoseconds += now - from;
        log.note(|| Event::Waited { fiber, place, from, to: now });
    }
}

/// The fiber has left the worker.
#[cold]
pub fn left(worker: usize) {
    let now = clock::now();
    let mut log = lock(&LOG);
    if let Some((fiber, from)) = log.running.remove(&worker) {
        log.note(|| Event::Ran { worker, fiber, from, to: now });
    }
}

/// The running fiber is about to wait.
#[cold]
pub fn waits(record: *mut Record, what: i64) {
    let mut callers = [0; CALLERS];
    // SAFETY: the running fiber's record, whose caller was noted by the row that parks.
    let (caller, number, image) = unsafe { (caller(record), (*record).number, (*record).head.image as usize) };
    let mut filled = 0;
    fault::callers(caller, &mut |address| {
        callers[filled] = address;
        filled += 1;
        filled < CALLERS
    });
    let place = Place { callers, what: what as u32 & 0xffff, image };
    lock(&LOG).waiting.insert(number, (place, clock::now()));
}

/// # Safety
/// A fiber that parks or has parked.
unsafe fn caller(record: *mut Record) -> Caller {
    // SAFETY: the caller's promise.
    unsafe { Caller { frame: (*record).frame as *const usize, address: (*record).address, fiber: (&raw const (*record).head).cast_mut() } }
}

impl Place {
    fn shown(&self) -> String {
        let at = fault::first_of_users(self.image as *const abi::Image, &self.callers);
        format!("{} at {at}", sched::waits_for(i64::from(self.what)))
    }
}

/// The program ends: tells what was asked for, once.
pub fn end() {
    // ORDER: Relaxed; as in `is_on`.
    let on = ON.load(Ordering::Relaxed);
    if on == 0 {
        return;
    }
    let (stats, trace) = {
        let mut log = lock(&LOG);
        if std::mem::replace(&mut log.is_told, true) {
            return;
        }
        ((on & STATS != 0).then(|| log.stats()), (on & TRACE != 0).then(|| (log.path.clone(), log.timeline())))
    };
    standard::flush();
    if let Some(stats) = stats {
        standard::complain(&stats);
    }
    if let Some((path, text)) = trace
        && let Err(error) = std::fs::write(&path, text)
    {
        standard::complain(&format!("error: the timeline cannot be written to {path}: {error}\n"));
        if !process::is_ending() {
            process::end(1);
        }
    }
}

impl Log {
    /// Waiting places with the same text are one: inlined code has many addresses.
    fn stats(&self) -> String {
        let mut places: BTreeMap<String, Waits> = BTreeMap::new();
        for (place, waits) in &self.waits {
            let all = places.entry(place.shown()).or_default();
            all.count += waits.count;
            all.nanoseconds += waits.nanoseconds;
        }
        let parks: u64 = places.values().map(|waits| waits.count).sum();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut text = format!(
            "tasks: {} spawned, {} stolen, {} turns, {parks} waits, {} workers\n",
            read(&SPAWNED),
            read(&STOLEN),
            read(&STARTED),
            sched::count()
        );
        if virt::is_on() {
            let (decisions, hash) = virt::signature();
            let _ = writeln!(text, "schedule: {decisions} decisions, signature {hash:016x}");
        }
        let mut sorted: Vec<_> = places.into_iter().collect();
        sorted.sort_by_key(|(_, waits)| std::cmp::Reverse(waits.nanoseconds));
        for (place, waits) in sorted.iter().take(40) {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "  {:>8} x {:>10.3} ms  {place}", waits.count, waits.nanoseconds as f64 / 1e6);
        }
        text
    }

    /// Process 1 has the workers as its threads and what they run, process 2 the tasks and what they wait for.
    fn timeline(&self) -> String {
        let mut text = String::from("{\"traceEvents\":[\n");
        let name = |fiber: u32| if fiber == 0 { "main".to_string() } else { format!("task {fiber}") };
        let micros = |time: i64| time as f64 / 1e3;
        let mut places: HashMap<Place, String> = HashMap::new();
        for (process, title) in [(1, "workers"), (2, "tasks")] {
            let _ = writeln!(text, r#"{{"name":"process_name","ph":"M","pid":{process},"args":{{"name":"{title}"}}}},"#);
        }
        for event in &self.events {
            // Writing into a String cannot fail.
            let _ = match event {
                Event::Ran { worker, fiber, from, to } => writeln!(
                    text,
                    r#"{{"name":"{}","cat":"run","ph":"X","pid":1,"tid":{worker},"ts":{:.3},"dur":{:.3}}},"#,
                    name(*fiber),
                    micros(*from),
                    micros(to - from)
                ),
                Event::Waited { fiber, place, from, to } => {
                    let shown = places.entry(*place).or_insert_with(|| escaped(&place.shown()));
                    writeln!(
                        text,
                        r#"{{"name":"waits {shown}","cat":"wait","ph":"X","pid":2,"tid":{fiber},"ts":{:.3},"dur":{:.3}}},"#,
                        micros(*from),
                        micros(to - from)
                    )
                }
                Event::Spawned { worker, fiber, at } => writeln!(
                    text,
                    r#"{{"name":"spawn","cat":"spawn","ph":"i","s":"t","pid":1,"tid":{worker},"ts":{:.3},"args":{{"by":"{}"}}}},"#,
                    micros(*at),
                    name(*fiber)
                ),
                Event::Stolen { worker, from, at } => writeln!(
                    text,
                    r#"{{"name":"steal","cat":"steal","ph":"i","s":"t","pid":1,"tid":{worker},"ts":{:.3},"args":{{"from":"worker {from}"}}}},"#,
                    micros(*at)
                ),
            };
        }
        let _ = writeln!(text, r#"{{"name":"end","ph":"M","pid":1,"args":{{"missing events":{}}}}}"#, self.missing);
        text.push_str("]}\n");
        text
    }
}

/// As a part of a JSON string.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| if c == '"' || c == '\\' { vec!['\\', c] } else { vec![c] }).filter(|c| !c.is_control()).collect()
}
