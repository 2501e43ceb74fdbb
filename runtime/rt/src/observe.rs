//! Runs in which somebody else decides: every step that other tasks can tell is asked for, and answered, one at a time.
//!
//! The program's code is made for it: atomics of the user's, what ends a wait, and the steps of the library's locks and
//! channels are calls of the `rt_observe_…` rows. All tasks are fibers of one thread; each has its own stack and its own
//! memory at addresses that are the same in every run, so that a run can be repeated up to any step and then go another way.
//! Between steps code runs natively. Memory that no step guards is really read and written: the observer lets events happen
//! only in an order in which everybody finds what he found.

use crate::fiber::{self, Record, Start};
use crate::prim::{AtomicBool, Ordering};
use crate::table::Tables;
use crate::plain::{Access, Plain, Verdict};
use crate::{cancel, clock, fault, process, scope, standard, wait};
use abi::*;
pub use crate::fault::StepPlace;
use std::collections::HashMap;
use std::ptr::null_mut;

/// What a task asks for. Orders are numbered as in compiled code.
#[derive(Clone, Copy, Debug)]
pub enum What {
    Load(u8),
    Store(u8, u64),
    Update(u8, Change, u64),
    Compare { success: u8, failure: u8, expected: u64, new: u64 },
    /// A read that is over when the value is this one.
    Await(u64),
    /// A read that is over when the value is another one.
    AwaitChange(u64),
    Fence(u8),
    Spawn(u32),
    Choice(u32),
}

#[derive(Clone, Copy, Debug)]
pub struct Ask {
    pub what: What,
    pub address: u64,
    pub size: u8,
    /// What stands there, if it is memory.
    pub memory: Option<u64>,
    /// Where in the code, 0 for steps of the runtime's own.
    pub site: u64,
}

#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Done { seen: u64, wrote: bool, memory: u64 },
    /// Not now: ask again when it is the task's turn.
    Wait,
    /// The run is over.
    Stop,
}

/// What becomes of a step that was begun and cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missed {
    /// The task is asked again when the object has changed.
    Wait,
    /// It was to be made: there is no such run.
    Void,
    /// A run that repeats another went another way.
    Diverged,
}

pub enum Turn {
    /// This task; the address of its next step, if that is known.
    Run(u32, Option<u64>),
    Stuck,
    Over,
    Stop,
}

/// Who decides. Tasks are numbered; 0 runs the program.
pub trait Observer {
    fn step(&mut self, task: u32, ask: &Ask) -> Answer;
    /// Whether it is the task's turn to use an object; it says afterwards whether it could, by a step or by `misses`.
    fn begins(&mut self, task: u32, address: u64) -> Answer;
    /// Nothing was to be done with the object as it is.
    fn misses(&mut self, task: u32, address: u64) -> Missed;
    /// How many steps of that task happen before what this one does now, and how many it has made itself.
    fn knows(&mut self, task: u32, other: u32) -> u32;
    /// The number of the task that this one begins next.
    fn child(&mut self, parent: u32) -> u32;
    /// The number under which timers act.
    fn clock(&mut self) -> u32;
    fn end(&mut self, task: u32);
    /// Whether to ask for [`Observer::round`]: the task has done something since it was there the last time.
    fn wants_round(&mut self, task: u32, place: u64) -> bool;
    /// A task goes round a loop: hashes of what is its own, and of all that others may change.
    fn round(&mut self, task: u32, place: u64, own: u64, rest: u64) -> Answer;
    /// Whether the task stays where it is, because another run comes to the same.
    fn gives_up(&mut self, task: u32) -> bool;
    fn next(&mut self) -> Turn;
    /// Another run does the same as this one: it is not to be counted.
    fn repeats(&mut self) {}
    /// Whether events are to be told with their places.
    fn wants_places(&self) -> bool {
        false
    }
    /// Whether the place of one of a task's accesses to memory is wanted, and what it is.
    fn wants_access(&self, _task: u32, _number: u64) -> bool {
        false
    }
    fn access_place(&mut self, _task: u32, _place: &StepPlace, _writes: bool, _size: u64) {}
    /// The place in the text of the step that the task is about to ask for.
    fn place(&mut self, _task: u32, _place: &StepPlace) {}
}

/// How a run ended.
#[derive(Debug)]
pub enum End {
    Returned,
    /// The report of a panic.
    Panicked(String),
    Exited(i32),
    /// Nobody can go on: what each waits for, and where.
    Stuck(Vec<Waiting>),
    /// The observer had enough.
    Stopped,
    /// Something was cancelled for the first time: from now on looking whether one is cancelled is a step, too.
    Cancels,
    /// Something needs the library's own code for waiting: from now on uses of its objects are not one step each.
    Divides,
    /// There is no such run, or it counts for nothing.
    Void,
    /// Two accesses to memory that nothing orders, or one to memory that is gone: for each its task, and the how-manieth of
    /// the task's accesses it was.
    Raced(Vec<(u32, u64)>),
}

#[derive(Debug)]
pub struct Waiting {
    pub task: u32,
    pub place: String,
}

pub struct Ended {
    pub end: End,
    pub out: Vec<u8>,
}

/// Locations that are no memory: the object's address with a mark.
pub mod place {
    const MARK: u64 = 1 << 56;
    /// The next number for who wants a lock.
    pub const NEXT: u64 = MARK;
    /// The number whose turn it is.
    pub const SERVING: u64 = 2 * MARK;
    /// The steps on an object of the library.
    pub const OBJECT: u64 = 3 * MARK;
    /// What is done with an object of the library, if each use is one step.
    pub const STEP: u64 = 7 * MARK;
    /// A task's end.
    pub const END: u64 = 4 * MARK;
    /// Whether anything is cancelled.
    pub const CANCEL: u64 = 5 * MARK;
    /// Whether a timer is set.
    pub const TIMER: u64 = 6 * MARK;
    pub fn kind(address: u64) -> u64 {
        address & !(MARK - 1)
    }
}

/// Address space for the memory of a task.
const ARENA_BYTES: usize = 256 << 20;
const RELAXED: u8 = 0;
const RELEASE: u8 = 2;
const ACQUIRE_RELEASE: u8 = 3;

#[derive(Clone, Copy, Default)]
struct Arena {
    start: usize,
    next: usize,
}

struct Task {
    record: *mut Record,
    arena: Arena,
    /// What it is to run, while it has not begun.
    head: *mut TaskHead,
    /// Its atomics belong to a step that was asked for.
    quiet: u32,
    /// Which of its waits cancellation may end; it may be over already.
    cancellable: Option<u64>,
    random: u64,
    now: i64,
    /// The number it has drawn for each lock that it holds.
    numbers: Vec<(u64, u64)>,
    /// It waits for one of several things, which it has chosen beforehand: 1, or 2 if one of them is a time.
    choosing: i64,
    /// It waits for an object to change.
    missed: bool,
    ended: bool,
}

#[derive(Clone, Copy)]
enum Timer {
    Wake { record: *mut Record, epoch: u64 },
    Cancel { serial: u64, node: usize },
}

impl Timer {
    /// Where it is told that it is set, and as what.
    fn place(self) -> (u64, u64) {
        match self {
            Timer::Wake { record, epoch } => (place::TIMER | wait_word(record) as u64, epoch),
            Timer::Cancel { serial, node } => (place::TIMER | node as u64, serial),
        }
    }
}

struct World {
    observer: Option<*mut dyn Observer>,
    home: usize,
    current: u32,
    tasks: Vec<Task>,
    /// By the fiber's number.
    by_fiber: HashMap<u32, u32>,
    by_head: HashMap<usize, u32>,
    /// The tasks of each open scope that were not waited for yet.
    scopes: HashMap<usize, Vec<u32>>,
    timers: Vec<(i64, Timer)>,
    firing: Option<(i64, Timer)>,
    clock: u32,
    clock_is_busy: bool,
    /// Memory from before the runs.
    base: Arena,
    out: Vec<u8>,
    over: Option<End>,
    cancelled: Vec<(*mut Record, u64)>,
    /// The how-manieth each context was to be cancelled.
    cancellations: HashMap<usize, u64>,
    looks_for_cancellation: bool,
    /// Uses of the library's objects are not one step each.
    divides: bool,
    /// The time up to which an object has been used.
    times: HashMap<u64, i64>,
    /// The run is over, and those who wait are let into the library's own waiting, without steps: whether one wakes another.
    probing: bool,
    woken: bool,
    plain: Plain,
    /// Where the program's statics lie, and end.
    data: (usize, usize),
    /// Weak exchanges may fail without a reason, and an update that changes nothing is a write all the same.
    without_loops: bool,
}

static ON: AtomicBool = AtomicBool::new(false);

/// Whether a run is observed. Only the thread that runs it asks.
pub fn is_on() -> bool {
    // ORDER: Relaxed; one thread.
    ON.load(Ordering::Relaxed)
}

struct Cell(std::cell::UnsafeCell<Option<World>>);
// SAFETY: observed runs and everything that asks for their state are on one thread.
unsafe impl Sync for Cell {}
static WORLD: Cell = Cell(std::cell::UnsafeCell::new(None));

/// The state of observed runs. No reference to it is kept over a call of the observer or a switch.
fn world() -> &'static mut World {
    // SAFETY: see `Cell`; references end before anything else asks.
    unsafe { (*WORLD.0.get()).get_or_insert_with(World::new) }
}

impl World {
    fn new() -> World {
        World {
            observer: None,
            home: 0,
            current: 0,
            tasks: Vec::new(),
            by_fiber: HashMap::new(),
            by_head: HashMap::new(),
            scopes: HashMap::new(),
            timers: Vec::new(),
            firing: None,
            clock: u32::MAX,
            clock_is_busy: false,
            base: Arena::default(),
            out: Vec::new(),
            over: None,
            cancelled: Vec::new(),
            cancellations: HashMap::new(),
            looks_for_cancellation: false,
            divides: false,
            times: HashMap::new(),
            probing: false,
            woken: false,
            plain: Plain::default(),
            data: (0, 0),
            without_loops: false,
        }
    }

    fn task(&mut self, number: u32) -> &mut Task {
        while self.tasks.len() <= number as usize {
            let record = if self.tasks.is_empty() { fiber::main() } else { fiber::take() };
            // SAFETY: a record of the table.
            let fiber = unsafe { (*record).number };
            self.by_fiber.insert(fiber, self.tasks.len() as u32);
            self.tasks.push(Task { record, arena: Arena::default(), head: null_mut(), quiet: 0, cancellable: None, random: 0, now: 0, numbers: Vec::new(), choosing: 0, missed: false, ended: false });
        }
        &mut self.tasks[number as usize]
    }
}

fn observer() -> &'static mut dyn Observer {
    let observer = world().observer.expect("bug! a step outside of an observed run");
    // SAFETY: the observer outlives the run; it is not called from within itself.
    unsafe { &mut *observer }
}

/// A program in memory, to be run again and again.
pub struct Session {
    image: *const Image,
    /// The program's variables as they were before the first run.
    data: Vec<u8>,
}

impl Session {
    /// Sets up the statics.
    ///
    /// # Safety
    /// The image is bound to [`symbol`] and stays.
    pub unsafe fn new(image: *const Image) -> Result<Session, String> {
        // SAFETY: the caller's promise.
        unsafe {
            let header = *image;
            crate::start::run_alone(image, header.init)?;
            let data = image.cast::<u8>().add(header.data.offset as usize);
            let data = std::slice::from_raw_parts(data, header.data.count as usize).to_vec();
            Ok(Session { image, data })
        }
    }

    /// `main`, or a test by its number.
    pub fn entry(&self, test: Option<usize>) -> u64 {
        // SAFETY: the image stays.
        let (tables, header) = unsafe { (Tables::new(self.image).expect("an image is not at null"), *self.image) };
        test.map_or(header.main, |test| tables.table::<Test>(header.tests)[test].entry)
    }

    /// Runs it once, from its beginning.
    pub fn run(&self, entry: u64, observer: &mut dyn Observer) -> Ended {
        // SAFETY: the image is bound, its data segment writable; the observer is dropped from the world below.
        unsafe {
            let header = *self.image;
            let data = self.image.cast::<u8>().cast_mut().add(header.data.offset as usize);
            data.copy_from_nonoverlapping(self.data.as_ptr(), self.data.len());
            world().data = (data as usize, data as usize + self.data.len());
            let observer: *mut (dyn Observer + '_) = observer;
            let observer: *mut (dyn Observer + 'static) = std::mem::transmute(observer);
            let node = scope::begin(self.image);
            cancel::reset();
            {
                let world = world();
                for task in &mut world.tasks {
                    task.arena.next = task.arena.start;
                    task.head = null_mut();
                    task.quiet = 0;
                    task.random = 0;
                    task.now = 0;
                    task.cancellable = None;
                    task.numbers.clear();
                    (task.choosing, task.missed, task.ended) = (0, false, false);
                    (*task.record).registered = null_mut();
                    (*task.record).head.panic = null_mut();
                    (*task.record).head.wait.store(0, Ordering::Relaxed);
                }
                world.by_head.clear();
                world.scopes.clear();
                world.timers.clear();
                world.firing = None;
                world.clock_is_busy = false;
                world.out.clear();
                world.over = None;
                world.cancelled.clear();
                world.cancellations.clear();
                world.times.clear();
                world.plain.clear();
                (world.probing, world.woken) = (false, false);
                world.observer = Some(observer);
            }
            let clock = (*observer).clock();
            world().clock = clock;
            let main = world().task(0).record;
            let function = self.image as usize + entry as usize;
            fiber::start(main, &Start { image: self.image, function, argument: 0, task: null_mut(), node, locals: null_mut() });
            (*main).is_main = true;
            ON.store(true, Ordering::Relaxed);
            drive();
            ON.store(false, Ordering::Relaxed);
            let world = world();
            world.observer = None;
            let end = world.over.take().unwrap_or_else(|| crate::start::outcome(main).map_or_else(End::Panicked, |()| End::Returned));
            Ended { end, out: std::mem::take(&mut world.out) }
        }
    }
}

/// From now on (or no longer) looking whether one is cancelled is a step.
pub fn look_for_cancellation(looks: bool) {
    world().looks_for_cancellation = looks;
}

/// From now on (or no longer) uses of the library's objects are made of smaller steps.
pub fn divide(divides: bool) {
    world().divides = divides;
}

/// What runs from now on has no loops (or may have some): a weak exchange may fail though the value is the expected one, which in a
/// loop it could for ever, and an update that changes nothing is a write all the same, which in a loop it could be for ever.
pub fn without_loops(none: bool) {
    world().without_loops = none;
}

/// Lets one task after the other run until all have ended.
///
/// # Safety
/// The main fiber was started.
unsafe fn drive() {
    loop {
        if world().over.is_some() {
            return;
        }
        match observer().next() {
            Turn::Run(task, address) if task == world().clock => {
                // SAFETY: the caller's promise.
                unsafe { tick(address) };
            }
            // SAFETY: as above.
            Turn::Run(task, _) => unsafe { run(task) },
            // SAFETY: as above.
            Turn::Stuck if unsafe { tick(None) } => {}
            Turn::Stuck => {
                let waiting = who_waits();
                // SAFETY: as above.
                let end = if unsafe { could_go_on() } { End::Void } else { End::Stuck(waiting) };
                world().over = Some(end);
                return;
            }
            Turn::Over => return,
            Turn::Stop => {
                world().over.get_or_insert(End::Stopped);
                return;
            }
        }
    }
}

/// Whether somebody waits for one of several things though another of them is there: then this run is no deadlock, and
/// there is one in which it has chosen that. Everybody who waits enters the library's own lists: does one wake another?
///
/// # Safety
/// Called by `drive`, when nobody can go on.
unsafe fn could_go_on() -> bool {
    let waits: Vec<u32> = (0..world().tasks.len() as u32).filter(|&task| world().tasks[task as usize].missed).collect();
    let choosing = waits.iter().map(|&task| world().tasks[task as usize].choosing).max();
    if choosing.is_none_or(|choosing| choosing != 1) {
        return choosing == Some(2);
    }
    world().probing = true;
    for task in waits {
        // SAFETY: the caller's promise; it waits.
        unsafe { run(task) };
    }
    world().probing = false;
    world().woken
}

/// Pending forks are never kept: an array without room, with the null before its beginning.
struct Forks([*mut TaskHead; 3]);
// SAFETY: never written.
unsafe impl Sync for Forks {}
static FORKS: Forks = Forks([null_mut(); 3]);

/// Switches to a task until it leaves.
///
/// # Safety
/// The task was begun and has not ended.
unsafe fn run(number: u32) {
    // SAFETY: the caller's promise.
    unsafe {
        let task = world().task(number);
        let record = task.record;
        if !task.head.is_null() {
            let head = std::mem::replace(&mut task.head, null_mut());
            (*head).state.fetch_add(TASK_RUNNING - TASK_QUEUED, Ordering::Relaxed);
            scope::start_task(record, head);
        }
        let fiber = &raw mut (*record).head;
        (*record).worker = &raw const crate::sched::all()[0];
        let forks = FORKS.0.as_ptr().add(1).cast_mut();
        (*fiber).forks_base = forks;
        (*fiber).forks_top = forks;
        (*fiber).forks_end = forks;
        (*fiber).stack_limit.store((*fiber).limit, Ordering::Relaxed);
        world().current = number;
        fiber::set_current(fiber);
        fiber::switch(&raw mut world().home, (*record).stack_pointer);
        fiber::set_current(null_mut());
    }
}

/// Back to where it is decided who goes on.
///
/// # Safety
/// The record is the running fiber's.
unsafe fn leave(record: *mut Record) {
    // SAFETY: the caller's promise.
    unsafe { fiber::switch(&raw mut (*record).stack_pointer, world().home) };
}

/// The end of a fiber's function.
///
/// # Safety
/// The record is the running fiber's.
pub unsafe fn finish(record: *mut Record) -> ! {
    // SAFETY: the caller's promise.
    unsafe {
        if (*record).is_main && scope::any_detached() {
            cancel::cancel(scope::detached(), REASON_SHUTDOWN);
        }
        if world().looks_for_cancellation {
            // In one order with what cancels: it finds this task, or no longer.
            step(record, What::Update(ACQUIRE_RELEASE, Change::Add, 0), place::CANCEL, 8, None);
        }
        cancel::forget(record);
        let task = current(record);
        if task != 0 {
            step(record, What::Store(RELEASE, 1), place::END | u64::from(task), 8, None);
        }
        world().task(task).ended = true;
        observer().end(task);
        leave(record);
    }
    unreachable!("a task that ended went on")
}

fn current(record: *mut Record) -> u32 {
    // SAFETY: a record of the table.
    world().by_fiber[unsafe { &(*record).number }]
}

/// Where a fiber's code asked the runtime for something.
///
/// # Safety
/// A record of the table.
unsafe fn caller(record: *mut Record) -> fault::Caller {
    // SAFETY: the caller's promise.
    unsafe { fault::Caller { frame: (*record).frame as *const usize, address: (*record).address, fiber: &raw mut (*record).head } }
}

/// Asks until there is an answer; what was seen, and whether it was written.
///
/// # Safety
/// The record is the running fiber's; an address without a mark is memory of this size.
unsafe fn step(record: *mut Record, what: What, address: u64, size: u8, memory: Option<*mut u8>) -> (u64, bool) {
    // Whoever gets here while it is only looked at who wakes whom has been woken.
    while world().probing {
        // SAFETY: the caller's promise.
        unsafe { leave(record) };
    }
    let task = current(record);
    if observer().wants_places() {
        // SAFETY: the caller's promise.
        let place = unsafe { fault::step_place(caller(record)) };
        observer().place(task, &place);
    }
    loop {
        // SAFETY: the caller's promise.
        let now = memory.map(|at| unsafe { load(at, size) });
        // SAFETY: the caller's promise.
        let site = if memory.is_some() && !world().without_loops { unsafe { (*record).address as u64 } } else { 0 };
        match observer().step(task, &Ask { what, address, size, memory: now, site }) {
            Answer::Done { seen, wrote, memory: after } => {
                if let Some(at) = memory {
                    // SAFETY: as above.
                    unsafe { store(at, size, after) };
                }
                return (seen, wrote);
            }
            Answer::Wait => {}
            Answer::Stop => {
                world().over.get_or_insert(End::Stopped);
            }
        }
        // SAFETY: as above.
        unsafe { leave(record) };
    }
}

/// # Safety
/// Memory of this size.
unsafe fn load(at: *mut u8, size: u8) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        match size {
            1 => u64::from(at.read_volatile()),
            2 => u64::from(at.cast::<u16>().read_volatile()),
            4 => u64::from(at.cast::<u32>().read_volatile()),
            _ => at.cast::<u64>().read_volatile(),
        }
    }
}

/// # Safety
/// Memory of this size.
unsafe fn store(at: *mut u8, size: u8, value: u64) {
    // SAFETY: the caller's promise.
    unsafe {
        match size {
            1 => at.write_volatile(value as u8),
            2 => at.cast::<u16>().write_volatile(value as u16),
            4 => at.cast::<u32>().write_volatile(value as u32),
            _ => at.cast::<u64>().write_volatile(value),
        }
    }
}

/// What an update makes of the old value; numbered as in the rows, behind 2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    Swap,
    Add,
    Subtract,
    And,
    Or,
    Xor,
    MaxSigned,
    MaxUnsigned,
    MinSigned,
    MinUnsigned,
}

impl Change {
    fn from_number(number: u8) -> Change {
        use Change::*;
        [Swap, Add, Subtract, And, Or, Xor, MaxSigned, MaxUnsigned, MinSigned, MinUnsigned][usize::from(number)]
    }

    /// The new value, of so many bytes.
    pub fn apply(self, old: u64, operand: u64, size: u8) -> u64 {
        let bits = u32::from(size) * 8;
        let signed = |value: u64| (value << (64 - bits)) as i64 >> (64 - bits);
        let new = match self {
            Change::Swap => operand,
            Change::Add => old.wrapping_add(operand),
            Change::Subtract => old.wrapping_sub(operand),
            Change::And => old & operand,
            Change::Or => old | operand,
            Change::Xor => old ^ operand,
            Change::MaxUnsigned => old.max(operand),
            Change::MinUnsigned => old.min(operand),
            Change::MaxSigned => if signed(old) >= signed(operand) { old } else { operand },
            Change::MinSigned => if signed(old) <= signed(operand) { old } else { operand },
        };
        if bits == 64 { new } else { new & ((1 << bits) - 1) }
    }
}

// The rows. Operations are numbered: 0 load, 1 store, 2 and on changes, 16 compare and exchange, 17 fence.

/// # Safety
/// See the row.
pub unsafe extern "C" fn access(fiber: *mut u8, what: i64, at: *mut u8, a: u64, b: u64) -> u64 {
    let record: *mut Record = fiber.cast();
    let (operation, size) = (what as u8, (what >> 8) as u8);
    let (order, failure) = ((what >> 16) as u8, (what >> 24) as u8);
    let mask = if size == 8 { u64::MAX } else { (1 << (8 * u32::from(size))) - 1 };
    let (a, b) = (a & mask, b & mask);
    let forced = what >> 32 & 1 != 0;
    // SAFETY: the row's contract.
    unsafe {
        let is_quiet = is_on() && world().tasks[current(record) as usize].quiet > 0;
        if !is_on() || is_quiet && !forced || world().probing {
            let seen = natively(operation, at, size, a, b);
            // Of all that is forced, only waking exchanges.
            if operation == 16 && forced && world().probing {
                world().woken |= seen == a;
            }
            return seen;
        }
        if is_quiet && !world().looks_for_cancellation && !world().divides {
            ends(record, End::Divides);
        }
        if what >> 33 & 1 != 0 {
            let (seen, _) = step(record, What::Load(failure), at as u64, size, Some(at));
            if seen != a {
                // It would have failed anyway, which another run shows.
                observer().repeats();
            }
            return seen;
        }
        let what = match operation {
            0 => What::Load(order),
            1 => What::Store(order, a),
            16 => What::Compare { success: order, failure, expected: a, new: b },
            17 => {
                step(record, What::Fence(order), 0, 0, None);
                return 0;
            }
            change => What::Update(order, Change::from_number(change - 2), a),
        };
        step(record, what, at as u64, size, Some(at)).0
    }
}

/// # Safety
/// See the row.
unsafe fn natively(operation: u8, at: *mut u8, size: u8, a: u64, b: u64) -> u64 {
    if operation == 17 {
        return 0;
    }
    // SAFETY: the caller's promise; nobody else runs meanwhile.
    unsafe {
        let old = load(at, size);
        match operation {
            0 => {}
            1 => store(at, size, a),
            16 => if old == a { store(at, size, b) },
            change => store(at, size, Change::from_number(change - 2).apply(old, a, size)),
        }
        old
    }
}

/// A step of the library on one of its objects begins: what it does there it does alone.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn begin(fiber: *mut u8, object: *mut u8) {
    // SAFETY: the row's contract.
    unsafe {
        if whole() == 0 {
            if is_on() && !world().probing {
                take_turn(fiber.cast(), object as u64);
            }
            return;
        }
        begin_whole(fiber, object);
    }
}

/// Waits until it is the task's turn to use an object.
///
/// # Safety
/// See the row.
unsafe fn begin_whole(fiber: *mut u8, object: *mut u8) {
    // SAFETY: the caller's promise.
    unsafe { begin_at(fiber.cast(), place::STEP | object as u64) };
    quiet(fiber);
}

/// Waits until it is the task's turn to look whether its next step is possible.
///
/// # Safety
/// The record is the running fiber's.
unsafe fn begin_at(record: *mut Record, address: u64) {
    let task = current(record);
    loop {
        match observer().begins(task, address) {
            Answer::Done { .. } => break,
            Answer::Wait => {}
            Answer::Stop => {
                world().over.get_or_insert(End::Stopped);
            }
        }
        // SAFETY: the caller's promise.
        unsafe { leave(record) };
    }
}

/// It is not: waits until something else is there. `false`: the run is over.
///
/// # Safety
/// As [`begin_at`].
unsafe fn miss_at(record: *mut Record, address: u64) -> bool {
    let task = current(record);
    match observer().misses(task, address) {
        Missed::Wait => {}
        Missed::Void => ends(record, End::Void),
        Missed::Diverged => ends(record, End::Stopped),
    }
    world().task(task).missed = true;
    // SAFETY: the caller's promise.
    unsafe { leave(record) };
    world().task(task).missed = false;
    !world().probing
}

/// What was begun cannot be done with the object as it is: waits until it has changed, and begins again. `0`: the task has
/// to wait as it does in runs that nobody observes.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn miss(fiber: *mut u8, object: *mut u8) -> i64 {
    if whole() == 0 {
        return 0;
    }
    loud(fiber);
    // SAFETY: the row's contract.
    unsafe {
        let goes_on = miss_at(fiber.cast(), place::STEP | object as u64);
        if goes_on {
            begin_whole(fiber, object);
        }
        i64::from(goes_on)
    }
}

/// Waits until a task has ended.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn until_ended(fiber: *mut u8, head: *mut u8) -> i64 {
    let record: *mut Record = fiber.cast();
    let Some(&task) = world().by_head.get(&(head as usize)) else { return 1 };
    let address = place::END | u64::from(task);
    // SAFETY: the row's contract.
    unsafe {
        begin_at(record, address);
        while !world().task(task).ended {
            if !miss_at(record, address) {
                return 0;
            }
            begin_at(record, address);
        }
        step(record, What::Await(1), address, 8, None);
    }
    pass_time(task, current(record));
    1
}

/// The library's own code for waiting is needed.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn divides(fiber: *mut u8) {
    if whole() != 0 {
        ends(fiber.cast(), End::Divides);
    }
}

/// The task waits for one of several things, of which it has chosen one, or no longer.
pub fn choosing(fiber: *mut u8, is: i64) {
    if is_on() {
        let task = current(fiber.cast());
        world().task(task).choosing = is;
    }
}

/// The run ends here.
fn ends(record: *mut Record, end: End) -> ! {
    world().over.get_or_insert(end);
    // SAFETY: whoever ends a run runs. It is never switched to again.
    unsafe { leave(record) };
    unreachable!("a run that was over went on")
}

/// It ends.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn end(fiber: *mut u8, object: *mut u8) {
    // SAFETY: the row's contract.
    unsafe {
        if whole() == 0 {
            if is_on() && !world().probing {
                give_turn(fiber.cast(), object as u64);
            }
            return;
        }
        loud(fiber);
        let address = place::STEP | object as u64;
        step(fiber.cast(), What::Update(ACQUIRE_RELEASE, Change::Add, 1), address, 8, None);
        // Nothing that is taken from an object is earlier than what was put there.
        let task = current(fiber.cast());
        let time = world().times.get(&address).copied().unwrap_or(0).max(world().task(task).now);
        world().times.insert(address, time);
        world().task(task).now = time;
    }
}

/// Leaving a lock lets the next one in.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn unlock(fiber: *mut u8, object: *mut u8) {
    if is_on() && !world().probing {
        // SAFETY: the row's contract.
        unsafe { give_turn(fiber.cast(), object as u64) };
    }
}

/// What follows belongs to a step that was asked for.
pub fn quiet(fiber: *mut u8) {
    if is_on() {
        let task = current(fiber.cast()) as usize;
        world().tasks[task].quiet += 1;
    }
}

/// That was all that belonged to it.
pub fn loud(fiber: *mut u8) {
    if is_on() {
        let task = current(fiber.cast()) as usize;
        world().tasks[task].quiet -= 1;
    }
}

/// The task leaves whatever step it is in: it raises.
pub fn raises(record: *mut Record) {
    if is_on() {
        world().task(current(record)).quiet = 0;
    }
}

/// Whether using a lock is one step: not where waiting for one may be cancelled, which its own code knows how to do.
pub fn whole() -> i64 {
    i64::from(is_on() && !world().looks_for_cancellation && !world().divides && !world().probing)
}

/// Waits until the lock is this task's: in the order of asking.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn lock(fiber: *mut u8, object: *mut u8) {
    if is_on() {
        // SAFETY: the row's contract.
        unsafe { take_turn(fiber.cast(), object as u64) };
        quiet(fiber);
    }
}

/// Waits until it is the task's turn on an object; what follows, up to [`give_turn`], it does alone.
///
/// # Safety
/// The record is the running fiber's.
pub unsafe fn take_turn(record: *mut Record, object: u64) {
    // SAFETY: the caller's promise.
    unsafe {
        let (number, _) = step(record, What::Update(RELAXED, Change::Add, 1), place::NEXT | object, 8, None);
        step(record, What::Await(number), place::SERVING | object, 8, None);
        let task = current(record) as usize;
        world().tasks[task].numbers.push((object, number));
    }
}

/// Takes the lock if nobody has it.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn try_lock(fiber: *mut u8, object: *mut u8) -> i64 {
    let record: *mut Record = fiber.cast();
    if !is_on() {
        return 1;
    }
    // SAFETY: the row's contract.
    unsafe {
        let of = object as u64;
        let (serving, _) = step(record, What::Load(1), place::SERVING | of, 8, None);
        let compare = What::Compare { success: RELAXED, failure: RELAXED, expected: serving, new: serving + 1 };
        let (_, taken) = step(record, compare, place::NEXT | of, 8, None);
        if taken {
            let task = current(record) as usize;
            world().tasks[task].numbers.push((of, serving));
            quiet(fiber);
        }
        i64::from(taken)
    }
}

/// The next one's turn.
///
/// # Safety
/// The record is the running fiber's.
pub unsafe fn give_turn(record: *mut Record, object: u64) {
    let task = current(record) as usize;
    let numbers = &mut world().tasks[task].numbers;
    let Some(held) = numbers.iter().rposition(|(of, _)| *of == object) else { return };
    let (_, number) = numbers.remove(held);
    // SAFETY: the caller's promise.
    unsafe { step(record, What::Store(RELEASE, number + 1), place::SERVING | object, 8, None) };
}

/// One of `count`, each of which is possible; of -2, whether a weak exchange is to fail.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn choose(fiber: *mut u8, count: i64) -> i64 {
    if !is_on() {
        return 0;
    }
    let is_weak = count < 0;
    if is_weak && (!world().without_loops || world().tasks[current(fiber.cast()) as usize].quiet > 0) {
        return 0;
    }
    // SAFETY: the row's contract.
    unsafe { step(fiber.cast(), What::Choice(count.unsigned_abs() as u32), 0, 0, None).0 as i64 }
}

/// There is another run in which the task comes to the same without what it has done here.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn give_up(fiber: *mut u8) {
    let record: *mut Record = fiber.cast();
    while is_on() && observer().gives_up(current(record)) {
        // SAFETY: the row's contract.
        unsafe { leave(record) };
    }
}

/// Whether a task has ended.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn ended(fiber: *mut u8, head: *mut u8) -> i64 {
    if !is_on() {
        // SAFETY: the row's contract.
        return i64::from(unsafe { (*head.cast::<TaskHead>()).state.load(Ordering::Acquire) } & TASK_PHASE >= TASK_DONE);
    }
    let Some(&task) = world().by_head.get(&(head as usize)) else { return 1 };
    // SAFETY: as above.
    unsafe { step(fiber.cast(), What::Load(1), place::END | u64::from(task), 8, None).0 as i64 }
}

/// Whether the task finds this context cancelled, which need not be its own.
///
/// # Safety
/// See the row; the context is alive.
pub unsafe extern "C" fn look_at(fiber: *mut u8, node: *mut u8) -> i64 {
    if !is_on() {
        return 1;
    }
    if !world().looks_for_cancellation {
        return 0;
    }
    // SAFETY: the row's contract.
    unsafe {
        let (seen, _) = step(fiber.cast(), What::Load(1), place::CANCEL, 8, None);
        i64::from(is_cancelled(node.cast(), seen))
    }
}

/// Whether the running task finds its context cancelled; looking is a step where anything ever is.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn look(fiber: *mut u8) -> i64 {
    if !is_on() {
        return 1;
    }
    if !world().looks_for_cancellation {
        return 0;
    }
    // SAFETY: the row's contract.
    unsafe {
        let (seen, _) = step(fiber.cast(), What::Load(1), place::CANCEL, 8, None);
        i64::from(finds_cancelled(fiber.cast(), seen))
    }
}

/// Whether the context was cancelled by one of the first so many that were.
///
/// # Safety
/// The record is the running fiber's.
unsafe fn finds_cancelled(record: *mut Record, seen: u64) -> bool {
    // SAFETY: the chain of the running fiber's contexts is alive.
    unsafe { is_cancelled((*record).head.node, seen) }
}

/// Whether a context, or one that it is in, was cancelled by one of the first so many that were.
///
/// # Safety
/// The chain of contexts is alive.
unsafe fn is_cancelled(node: *mut Node, seen: u64) -> bool {
    // SAFETY: the caller's promise.
    let node = unsafe { cancel::cancelled(node) };
    node.is_some_and(|(node, _)| world().cancellations.get(&(node as usize)).is_none_or(|&number| number <= seen))
}

/// A loop goes round: nothing may have changed since the last time.
///
/// # Safety
/// See the row; from the caller's frame on lies all that its callers' code goes by.
pub unsafe extern "C" fn round(fiber: *mut u8, place: i64, live: u64) {
    let record: *mut Record = fiber.cast();
    if !is_on() || world().probing {
        return;
    }
    let task = current(record);
    if world().tasks[task as usize].quiet > 0 || !observer().wants_round(task, place as u64) {
        return;
    }
    // SAFETY: the row's contract; the task runs.
    let Some((own, rest)) = (unsafe { state(record, live) }) else { return };
    loop {
        match observer().round(task, place as u64, own, rest) {
            Answer::Done { .. } => return,
            Answer::Wait => {}
            Answer::Stop => {
                world().over.get_or_insert(End::Stopped);
            }
        }
        // SAFETY: the row's contract.
        unsafe { leave(record) };
    }
}

/// Where there is more than this, it is not looked whether a round changes anything.
const STATE_BYTES_MAX: usize = 256 << 10;

/// Hashes of all that the program's code goes by: what is live in the task's function, what lies on the stack above that and
/// what the task has allocated; and stacks and memory of all others, with statics. `None`: too much.
///
/// # Safety
/// The record's task runs, and its caller's frame is known.
unsafe fn state(record: *mut Record, live: u64) -> Option<(u64, u64)> {
    let world = world();
    let mut left = STATE_BYTES_MAX;
    let mut add = |hash: &mut u64, from: usize, to: usize| {
        left = left.checked_sub(to.saturating_sub(from))?;
        // SAFETY: the upper ends of stacks, the used parts of arenas and the data of the image are mapped.
        *hash = unsafe { hash_words(from, to, *hash) };
        Some(())
    };
    let (mut own, mut rest) = (live, 0xcbf2_9ce4_8422_2325);
    for task in &world.tasks {
        // SAFETY: records of the table.
        let (high, saved) = unsafe { ((*task.record).head.stack_high, (*task.record).stack_pointer) };
        if task.record == record {
            // SAFETY: as above.
            add(&mut own, unsafe { (*record).frame } as usize, high)?;
            add(&mut own, task.arena.start, task.arena.next)?;
            continue;
        }
        let has_begun = task.head.is_null() && !task.ended && saved != 0;
        if has_begun && (high - STATE_BYTES_MAX..high).contains(&saved) {
            add(&mut rest, saved, high)?;
        }
        add(&mut rest, task.arena.start, task.arena.next)?;
    }
    add(&mut rest, world.data.0, world.data.1)?;
    Some((own, rest))
}

/// A hash with some bytes.
///
/// # Safety
/// See the row.
pub unsafe fn mix(hash: u64, at: *mut u8, size: usize) -> u64 {
    // SAFETY: the row's contract.
    let bytes = unsafe { std::slice::from_raw_parts(at, size) };
    bytes.chunks(8).fold(hash, |hash, part| {
        let mut word = [0; 8];
        word[..part.len()].copy_from_slice(part);
        (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    })
}

/// # Safety
/// The memory is mapped.
unsafe fn hash_words(from: usize, to: usize, mut hash: u64) -> u64 {
    for at in (from & !7..to & !7).step_by(8) {
        // SAFETY: the caller's promise; aligned.
        hash = (hash ^ unsafe { (at as *const u64).read_volatile() }).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
    hash
}

/// Memory is read or written in a way that others could tell.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn plain(fiber: *mut u8, at: *mut u8, size: i64, writes: i64) {
    let record: *mut Record = fiber.cast();
    if !is_on() || world().probing || size <= 0 {
        return;
    }
    let task = current(record);
    let number = world().plain.count(task);
    if observer().wants_access(task, number) {
        // SAFETY: the row's contract.
        let place = unsafe { fault::step_place(caller(record)) };
        observer().access_place(task, &place, writes != 0, size as u64);
    }
    if world().tasks[task as usize].quiet > 0 {
        return;
    }
    tell(record, Access { at: at as u64, size: size as u64, writes: writes != 0, task, number });
}

fn tell(record: *mut Record, access: Access) {
    let now = observer().knows(access.task, access.task) + 1;
    let known = |other: u32| observer().knows(access.task, other);
    match world().plain.tell(&access, now, &known) {
        Verdict::Ordered => {}
        Verdict::Raced(earlier) => ends(record, End::Raced(vec![earlier, (access.task, access.number)])),
        Verdict::Gone => ends(record, End::Raced(vec![(access.task, access.number)])),
    }
}

/// An owner of something shared lets go of it.
pub fn owner(record: *mut Record, at: u64, last: bool) {
    if is_on() && !world().probing {
        let task = current(record);
        let now = observer().knows(task, task) + 1;
        let tasks = world().tasks.len() as u32;
        let known = (0..tasks).map(|other| if other == task { now } else { observer().knows(task, other) }).collect();
        world().plain.owner(at, task, known, last);
    }
}

/// Waits for all tasks of a scope.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn scope(fiber: *mut u8, scope: *mut u8) {
    if !is_on() {
        return;
    }
    // Tasks may start further ones.
    let mut done = 0;
    while let Some(&task) = world().scopes.get(&(scope as usize)).and_then(|tasks| tasks.get(done)) {
        done += 1;
        // SAFETY: the row's contract.
        unsafe { step(fiber.cast(), What::Await(1), place::END | u64::from(task), 8, None) };
        pass_time(task, current(fiber.cast()));
    }
    world().scopes.remove(&(scope as usize));
}

// What the runtime's own rooms hand over in observed runs.

/// A task was published.
///
/// # Safety
/// The record is the running fiber's; the task is pending and its scope open.
pub unsafe fn spawned(record: *mut Record, head: *mut TaskHead) {
    // SAFETY: the caller's promise.
    unsafe {
        let parent = current(record);
        let child = observer().child(parent);
        (*head).state.fetch_add(TASK_QUEUED - TASK_PENDING, Ordering::Relaxed);
        let world = world();
        let now = world.task(parent).now;
        let task = world.task(child);
        (task.head, task.now) = (head, now);
        world.by_head.insert(head as usize, child);
        world.scopes.entry((*head).scope as usize).or_default().push(child);
        step(record, What::Spawn(child), 0, 0, None);
    }
}

/// Waits for a task to end.
///
/// # Safety
/// The record is the running fiber's, which has the task's handle.
pub unsafe fn join(record: *mut Record, head: *mut TaskHead) -> i64 {
    if let Some(&task) = world().by_head.get(&(head as usize)) {
        // SAFETY: the caller's promise.
        unsafe { step(record, What::Await(1), place::END | u64::from(task), 8, None) };
        pass_time(task, current(record));
    }
    0
}

/// Who has waited for a task is not earlier than it.
fn pass_time(from: u32, to: u32) {
    let now = world().task(from).now;
    let task = world().task(to);
    task.now = task.now.max(now);
}

/// A step on a record that several tasks may come to.
///
/// # Safety
/// The record is the running fiber's.
pub unsafe fn touch(record: *mut Record, object: usize) {
    // SAFETY: the caller's promise.
    unsafe { step(record, What::Update(ACQUIRE_RELEASE, Change::Add, 0), place::OBJECT | object as u64, 8, None) };
}

/// Who runs now.
pub fn running() -> *mut Record {
    let current = world().current;
    world().task(current).record
}

fn wait_word(record: *mut Record) -> *mut u8 {
    // SAFETY: a record of the table.
    unsafe { (&raw mut (*record).head.wait).cast() }
}

/// # Safety
/// The record is the running fiber's.
pub unsafe fn arm(record: *mut Record) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let epoch = ((*record).head.wait.load(Ordering::Relaxed) >> 32).wrapping_add(1) & 0xffff_ffff;
        let word = wait_word(record);
        step(record, What::Store(RELEASE, wait::word(epoch, 0, WAIT_ARMED)), word as u64, 8, Some(word));
        epoch
    }
}

/// # Safety
/// A record of the table.
pub unsafe fn wake(record: *mut Record, epoch: u64, value: u64) -> bool {
    let (expected, new) = (wait::word(epoch, 0, WAIT_ARMED), wait::word(epoch, value, WAIT_WOKEN));
    let word = wait_word(record);
    // SAFETY: the caller's promise.
    unsafe { step(running(), What::Compare { success: ACQUIRE_RELEASE, failure: RELAXED, expected, new }, word as u64, 8, Some(word)).1 }
}

/// Waits until the ticket of this epoch is woken: the word.
///
/// # Safety
/// The record is the running fiber's, armed.
pub unsafe fn park(record: *mut Record, deadline: i64, epoch: u64, cancellable: bool) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        if cancellable && world().looks_for_cancellation {
            // In one order with what cancels: it sees this task parked, or this task sees it.
            let (seen, _) = step(record, What::Update(ACQUIRE_RELEASE, Change::Add, 0), place::CANCEL, 8, None);
            cancel::register(record);
            if finds_cancelled(record, seen) {
                wake(record, epoch, WAIT_VALUE_CANCELLED);
            } else {
                world().task(current(record)).cancellable = Some(epoch);
            }
        }
        if deadline >= 0 {
            set_timer(deadline, Timer::Wake { record, epoch });
        }
        let word = wait_word(record);
        step(record, What::AwaitChange(wait::word(epoch, 0, WAIT_ARMED)), word as u64, 8, Some(word)).0
    }
}

/// Something is about to be cancelled. If nothing was looking for that yet, this run ends here.
pub fn cancels(node: *mut Node) {
    if world().looks_for_cancellation {
        // SAFETY: whoever cancels runs.
        let (before, _) = unsafe { step(running(), What::Update(ACQUIRE_RELEASE, Change::Add, 1), place::CANCEL, 8, None) };
        world().cancellations.entry(node as usize).or_insert(before + 1);
        return;
    }
    ends(running(), End::Cancels)
}

/// The fiber's wait is to be ended by [`wake_cancelled`], if cancellation may: the caller holds a lock.
pub fn cancel_later(record: *mut Record) {
    if let Some(epoch) = world().task(current(record)).cancellable {
        world().cancelled.push((record, epoch));
    }
}

/// Ends the waits of those who were cancelled.
pub fn wake_cancelled() {
    while let Some((record, epoch)) = (!world().cancelled.is_empty()).then(|| world().cancelled.remove(0)) {
        // SAFETY: a record of the table.
        unsafe { wake(record, epoch, WAIT_VALUE_CANCELLED) };
    }
}

pub fn cancel_at(at: i64, serial: u64) {
    set_timer(at, Timer::Cancel { serial, node: cancel::node_of(serial) as usize });
}

/// The timer stands there before it is told that it does: who repeats this run finds it when it comes.
fn set_timer(at: i64, timer: Timer) {
    world().timers.push((at, timer));
    let (address, value) = timer.place();
    // SAFETY: whoever sets it runs.
    unsafe { step(running(), What::Store(RELEASE, value), address, 8, None) };
}

/// The task's own time: that of the last timer which it has waited for.
pub fn now() -> i64 {
    let current = world().current;
    world().task(current).now
}

// Timers: when nobody can go on, the first one comes.

/// Lets a timer come, or the clock go on with one; `false` if there is none.
///
/// # Safety
/// Called by `drive`.
unsafe fn tick(address: Option<u64>) -> bool {
    // SAFETY: records of the table; the clock's fiber is started here.
    unsafe {
        let clock = world().clock;
        if !world().clock_is_busy {
            let pending = |timer: &Timer| match *timer {
                Timer::Wake { record, epoch } => (*record).head.wait.load(Ordering::Relaxed) == wait::word(epoch, 0, WAIT_ARMED),
                Timer::Cancel { serial, .. } => cancel::is_pending(serial),
            };
            let wanted = |timer: &Timer| address.is_none_or(|address| timer.place().0 == address);
            let world = world();
            world.timers.retain(|(_, timer)| pending(timer));
            let first = world.timers.iter().enumerate().filter(|(_, (_, timer))| wanted(timer)).min_by_key(|(at, (time, _))| (*time, *at));
            let Some((at, _)) = first else { return false };
            let (time, timer) = world.timers.remove(at);
            world.firing = Some((time, timer));
            world.clock_is_busy = true;
            let record = world.task(clock).record;
            let start = Start { image: std::ptr::null(), function: 0, argument: 0, task: null_mut(), node: null_mut(), locals: null_mut() };
            fiber::start(record, &Start { image: (*world.task(0).record).head.image, function: fire as *const () as usize, ..start });
        }
        run(clock);
        true
    }
}

/// The function of the clock's fiber.
extern "C" fn fire(_: usize) -> u8 {
    if let Some((time, timer)) = world().firing.take() {
        let (address, value) = timer.place();
        // SAFETY: the clock's own fiber runs; a record of the table.
        unsafe {
            step(running(), What::Await(value), address, 8, None);
            match timer {
                Timer::Wake { record, epoch } => {
                    let task = current(record);
                    if wake(record, epoch, WAIT_VALUE_ELAPSED) {
                        let task = world().task(task);
                        task.now = task.now.max(time);
                    }
                }
                Timer::Cancel { serial, .. } => cancel::elapsed(serial),
            }
        }
    }
    world().clock_is_busy = false;
    // SAFETY: the clock's own fiber; it is started anew for the next timer.
    unsafe { leave(running()) };
    unreachable!("a timer came twice")
}

/// For a report of those who wait for ever.
fn who_waits() -> Vec<Waiting> {
    let count = world().tasks.len();
    (0..count as u32)
        .map(|task| {
            let record = world().task(task).record;
            // SAFETY: the fiber does not run, and its frames are whole.
            let place = unsafe { fault::place(caller(record)) };
            Waiting { task, place }
        })
        .collect()
}

// Memory: each task's own, from the same address on in every run, never used twice.

fn arena() -> &'static mut Arena {
    let world = world();
    let arena = if is_on() { &mut world.tasks[world.current as usize].arena } else { &mut world.base };
    if arena.start == 0 {
        arena.start = fiber::reserve(ARENA_BYTES);
        if arena.start == 0 {
            fault::fatal("cannot reserve memory for a task");
        }
        arena.next = arena.start;
    }
    arena
}

unsafe extern "C" fn alloc(size: i64, align: i64) -> *mut u8 {
    let arena = arena();
    let at = arena.next.next_multiple_of(align.max(16) as usize);
    if at + size as usize > arena.start + ARENA_BYTES {
        return crate::heap::alloc(size as usize, align as usize);
    }
    arena.next = at + size as usize;
    at as *mut u8
}

unsafe extern "C" fn alloc_zeroed(size: i64, align: i64) -> *mut u8 {
    // SAFETY: fresh memory of this size.
    unsafe {
        let at = alloc(size, align);
        at.write_bytes(0, size as usize);
        at
    }
}

unsafe extern "C" fn realloc(at: *mut u8, old_size: i64, align: i64, new_size: i64) -> *mut u8 {
    if new_size <= old_size {
        return at;
    }
    // SAFETY: the row's contract; two blocks of at least the old size.
    unsafe {
        let to = alloc(new_size, align);
        to.copy_from_nonoverlapping(at, old_size as usize);
        to
    }
}

/// What is read here afterwards shows.
const FREED: u8 = 0xdd;

unsafe extern "C" fn free(at: *mut u8, size: i64, _: i64) {
    // SAFETY: the row's contract. The memory is not handed out again in this run.
    unsafe { at.write_bytes(FREED, size as usize) };
    if is_on() {
        world().plain.free(at as u64, size as u64);
    }
}

// Everything else that a repeatable run answers by itself.

unsafe extern "C" fn random() -> u64 {
    if !is_on() {
        return clock::mix(0);
    }
    let world = world();
    let current = world.current;
    let task = &mut world.tasks[current as usize];
    task.random += 1;
    clock::mix(u64::from(current) << 32 | task.random)
}

unsafe extern "C" fn stdout_write(at: *const u8, len: i64) {
    // SAFETY: the row's contract.
    unsafe {
        if len > 0 {
            world().out.extend_from_slice(std::slice::from_raw_parts(at, len as usize));
        }
    }
}

unsafe extern "C" fn nothing() {}

unsafe extern "C" fn no_input(_: *mut u8, _: i64) -> i64 {
    0
}

unsafe extern "C" fn relax(_: i64) {}

unsafe extern "C" fn exit(code: i64) -> ! {
    if !is_on() {
        standard::flush();
        process::end(code as i32);
    }
    ends(running(), End::Exited(code as i32))
}

/// A row or a foreign function for code that is to be observed.
pub fn symbol(name: &str) -> Option<*const u8> {
    let own = match name {
        "rt_alloc" => alloc as *const () as *const u8,
        "rt_alloc_zeroed" => alloc_zeroed as *const () as *const u8,
        "rt_realloc" => realloc as *const () as *const u8,
        "rt_free" => free as *const () as *const u8,
        "rt_random" => random as *const () as *const u8,
        "rt_stdout_write" | "rt_stderr_write" => stdout_write as *const () as *const u8,
        "rt_stdout_flush" => nothing as *const () as *const u8,
        "rt_stdin_read" | "rt_stdin_line" => no_input as *const () as *const u8,
        "rt_relax" => relax as *const () as *const u8,
        "rt_exit" => exit as *const () as *const u8,
        _ => return crate::entry::symbol(name),
    };
    Some(own)
}
