//! One run from its beginning to its end: the tasks, who goes on, and what is left of it.

use super::cancelled::{Canceller, waits_though_cancelled};
use super::*;

/// Address space for the memory of a task.
pub(super) const ARENA_BYTES: usize = 256 << 20;

#[derive(Clone, Copy, Default)]
pub(super) struct Arena {
    pub(super) start: usize,
    pub(super) next: usize,
}

pub(super) struct Task {
    pub(super) record: *mut Record,
    pub(super) arena: Arena,
    /// What it is to run, while it has not begun.
    pub(super) head: *mut TaskHead,
    /// Its atomics belong to a step that was asked for.
    pub(super) quiet: u32,
    /// Which of its waits cancellation may end; it may be over already.
    pub(super) cancellable: Option<u64>,
    pub(super) random: u64,
    pub(super) now: i64,
    /// The number it has drawn for each lock that it holds.
    pub(super) numbers: Vec<(u64, u64)>,
    /// How many calls it is in that stop an unwinding.
    pub(super) catches: i64,
    /// How often it has entered a list of those who wait.
    pub(super) waits: u64,
    /// Whom it has taken out of such lists and not told yet.
    pub(super) wakes: Vec<u64>,
    /// It waits for one of several things, which it has chosen beforehand: 1, or 2 if one of them is a time.
    pub(super) choosing: i64,
    /// It waits for an object to change.
    pub(super) missed: bool,
    pub(super) ended: bool,
    /// It waits though it may be cancelled; it saw nothing of that.
    pub(super) waits_uncancelled: bool,
    /// How many deadlines it has set.
    pub(super) deadlines: u64,
}

#[derive(Clone, Copy)]
pub(super) enum Timer {
    Wake { record: *mut Record, epoch: u64 },
    Cancel { serial: u64, node: usize },
}

impl Timer {
    /// Where it is told that it is set, and as what.
    pub(super) fn place(self) -> (u64, u64) {
        match self {
            Timer::Wake { record, epoch } => (place::TIMER | wait_word(record) as u64, epoch),
            Timer::Cancel { serial, node } => (place::TIMER | node as u64, serial),
        }
    }
}

pub(super) struct World {
    pub(super) observer: Option<*mut dyn Observer>,
    pub(super) home: usize,
    pub(super) current: u32,
    pub(super) tasks: Vec<Task>,
    /// By the fiber's number.
    pub(super) by_fiber: Vec<u32>,
    pub(super) by_head: HashMap<usize, u32, Numbers>,
    /// The tasks of each open scope that were not waited for yet.
    pub(super) scopes: HashMap<usize, Vec<u32>, Numbers>,
    pub(super) timers: Vec<(i64, Timer)>,
    pub(super) firing: Option<(i64, Timer)>,
    pub(super) clock: u32,
    pub(super) clock_is_busy: bool,
    /// Memory from before the runs.
    pub(super) base: Arena,
    pub(super) out: Vec<u8>,
    pub(super) over: Option<End>,
    pub(super) cancelled: Vec<(*mut Record, u64)>,
    /// The how-manieth each context was to be cancelled.
    pub(super) cancellations: HashMap<usize, u64, Numbers>,
    pub(super) looks_for_cancellation: bool,
    /// At every context, also of plain scopes.
    pub(super) looks_everywhere: bool,
    /// Who has cancelled each context.
    pub(super) cancellers: HashMap<usize, Vec<Canceller>, Numbers>,
    /// Uses of the library's objects are not one step each.
    pub(super) divides: bool,
    /// Uses of a channel are all in one order.
    pub(super) one_order: bool,
    /// The time up to which an object has been used.
    pub(super) times: HashMap<u64, i64, Numbers>,
    /// The run is over, and those who wait are let into the library's own waiting, without steps: whether one wakes another.
    pub(super) probing: bool,
    pub(super) woken: bool,
    /// States of loops are wanted.
    pub(super) looks_at_rounds: bool,
    /// How often tasks went round a loop since the last step.
    pub(super) idle_rounds: u64,
    pub(super) plain: Plain,
    /// Where the program's statics lie, and end.
    pub(super) data: (usize, usize),
    /// Weak exchanges may fail without a reason, and an update that changes nothing is a write all the same.
    pub(super) without_loops: bool,
}

pub(super) static ON: AtomicBool = AtomicBool::new(false);

/// Whether a run is observed. Only the thread that runs it asks.
pub fn is_on() -> bool {
    // ORDER: Relaxed; one thread.
    ON.load(Ordering::Relaxed)
}

pub(super) struct Cell(std::cell::UnsafeCell<Option<World>>);
// SAFETY: observed runs and everything that asks for their state are on one thread.
unsafe impl Sync for Cell {}
pub(super) static WORLD: Cell = Cell(std::cell::UnsafeCell::new(None));

/// The state of observed runs. No reference to it is kept over a call of the observer or a switch.
pub(super) fn world() -> &'static mut World {
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
            by_fiber: Vec::new(),
            by_head: HashMap::default(),
            scopes: HashMap::default(),
            timers: Vec::new(),
            firing: None,
            clock: u32::MAX,
            clock_is_busy: false,
            base: Arena::default(),
            out: Vec::new(),
            over: None,
            cancelled: Vec::new(),
            cancellations: HashMap::default(),
            looks_for_cancellation: false,
            looks_everywhere: false,
            cancellers: HashMap::default(),
            divides: false,
            one_order: false,
            times: HashMap::default(),
            probing: false,
            woken: false,
            looks_at_rounds: true,
            idle_rounds: 0,
            plain: Plain::default(),
            data: (0, 0),
            without_loops: false,
        }
    }

    pub(super) fn task(&mut self, number: u32) -> &mut Task {
        while self.tasks.len() <= number as usize {
            let record = if self.tasks.is_empty() { fiber::main() } else { fiber::take() };
            // SAFETY: a record of the table.
            let fiber = unsafe { (*record).number };
            let fiber = fiber as usize;
            if self.by_fiber.len() <= fiber {
                self.by_fiber.resize(fiber + 1, u32::MAX);
            }
            self.by_fiber[fiber] = self.tasks.len() as u32;
            self.tasks.push(Task { record, arena: Arena::default(), head: null_mut(), quiet: 0, cancellable: None, random: 0, now: 0, numbers: Vec::new(), catches: 0, waits: 0, wakes: Vec::new(), choosing: 0, missed: false, ended: false, waits_uncancelled: false, deadlines: 0 });
        }
        &mut self.tasks[number as usize]
    }
}

pub(super) fn observer() -> &'static mut dyn Observer {
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
                    (task.catches, task.waits) = (0, 0);
                    task.wakes.clear();
                    (task.choosing, task.missed, task.ended) = (0, false, false);
                    (task.waits_uncancelled, task.deadlines) = (false, 0);
                    (*task.record).registered = null_mut::<u8>().into();
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
                world.cancellers.clear();
                world.cancellations.clear();
                world.times.clear();
                world.plain.clear();
                (world.probing, world.woken, world.idle_rounds) = (false, false, 0);
                world.observer = Some(observer);
            }
            let clock = (*observer).clock();
            world().clock = clock;
            world().looks_at_rounds = (*observer).wants_states();
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

/// From now on (or no longer) that is done at every context.
pub fn look_everywhere(everywhere: bool) {
    world().looks_everywhere = everywhere;
}

/// From now on (or no longer) uses of the library's objects are made of smaller steps.
pub fn divide(divides: bool) {
    world().divides = divides;
}

/// From now on (or no longer) uses of a channel are all in one order.
pub fn order_uses(one: bool) {
    world().one_order = one;
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
pub(super) unsafe fn drive() {
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
                let end = if unsafe { waits_though_cancelled() || could_go_on() } { End::Void } else { End::Stuck(waiting) };
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
pub(super) unsafe fn could_go_on() -> bool {
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
pub(super) struct Forks([*mut TaskHead; 3]);
// SAFETY: never written.
unsafe impl Sync for Forks {}
pub(super) static FORKS: Forks = Forks([null_mut(); 3]);

/// Switches to a task until it leaves.
///
/// # Safety
/// The task was begun and has not ended.
pub(super) unsafe fn run(number: u32) {
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
pub(super) unsafe fn leave(record: *mut Record) {
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
        if world().looks_for_cancellation && world().divides {
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

pub(super) fn current(record: *mut Record) -> u32 {
    let world = world();
    if world.tasks.get(world.current as usize).is_some_and(|task| task.record == record) {
        return world.current;
    }
    // SAFETY: a record of the table.
    world.by_fiber[unsafe { (*record).number } as usize]
}

/// Where a fiber's code asked the runtime for something.
///
/// # Safety
/// A record of the table.
pub(super) unsafe fn caller(record: *mut Record) -> fault::Caller {
    // SAFETY: the caller's promise.
    unsafe { fault::Caller { frame: (*record).frame as *const usize, address: (*record).address, fiber: &raw mut (*record).head } }
}

/// For a report of those who wait for ever.
pub(super) fn who_waits() -> Vec<Waiting> {
    let count = world().tasks.len();
    (0..count as u32)
        .map(|task| {
            let record = world().task(task).record;
            // SAFETY: the fiber does not run, and its frames are whole.
            let place = unsafe { fault::step_place(caller(record)) };
            Waiting { task, place }
        })
        .collect()
}
