//! Repeatable runs: one thread, virtual time, and one seed from which every decision and every random word comes.
//!
//! The state machines are those of real runs; only the questions are answered here: which fiber or task goes next, whether one
//! gives its turn back at a prologue, what time it is. Every fiber's stack limit stays raised, so that every prologue asks, and code
//! that was made for such runs asks before each atomic operation.
//! Time stands still but for a little at each decision and each look at the clock; when all wait, it jumps to the next
//! timer. The same seed makes the same decisions, whose hash tells two runs apart.

use crate::clock::{mix, split_mix};
use crate::prim::{AtomicBool, Mutex, Ordering, lock};

/// Of those that may run, so many may go next.
pub const CHOICES_MAX: usize = 24;
/// One prologue or atomic operation in so many is left for somebody else.
const PROLOGUES_PER_TURN: u64 = 6;
const NANOSECONDS_PER_DECISION: i64 = 1_000;
const NANOSECONDS_PER_LOOK: i64 = 100;
/// The wall clock of repeatable runs begins here: the first second of 2026.
pub const WALL_START: i64 = 1_767_225_600_000_000_000;

struct Virtual {
    decisions: u64,
    words: u64,
    now: i64,
    made: u64,
    hash: u64,
}

static ON: AtomicBool = AtomicBool::new(false);
static STATE: Mutex<Virtual> = Mutex::new(Virtual { decisions: 0, words: 0, now: 0, made: 0, hash: 0 });

/// Whether this run is a repeatable one. Decided before any Aurora code runs.
pub fn is_on() -> bool {
    // ORDER: Relaxed; written before threads and programs begin.
    ON.load(Ordering::Relaxed)
}

/// Makes the run repeatable. To be called before the program starts.
pub fn begin(seed: u64) {
    let mut state = lock(&STATE);
    *state = Virtual { decisions: mix(seed), words: mix(!seed), now: 0, made: 0, hash: 0xcbf2_9ce4_8422_2325 };
    // ORDER: Relaxed; as above.
    ON.store(true, Ordering::Relaxed);
}

/// The same, if `AURORA_VIRTUAL` holds a seed.
pub fn begin_if_asked() {
    if let Some(seed) = std::env::var("AURORA_VIRTUAL").ok().and_then(|text| text.trim().parse().ok()) {
        begin(seed);
    }
}

/// How many decisions there were so far, and a hash of them all.
pub fn signature() -> (u64, u64) {
    let state = lock(&STATE);
    (state.made, state.hash)
}

impl Virtual {
    fn decide(&mut self, count: u64) -> u64 {
        let choice = split_mix(&mut self.decisions) % count;
        self.now += NANOSECONDS_PER_DECISION;
        self.made += 1;
        for word in [count, choice] {
            self.hash = (self.hash ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        }
        choice
    }
}

/// One of `count`.
pub fn choose(count: usize) -> usize {
    let mut state = lock(&STATE);
    if count < 2 {
        state.now += NANOSECONDS_PER_DECISION;
        state.made += 1;
        return 0;
    }
    state.decide(count as u64) as usize
}

/// Whether the fiber that is at a prologue leaves it to others.
pub fn gives_turn() -> bool {
    lock(&STATE).decide(PROLOGUES_PER_TURN) == 0
}

pub fn now() -> i64 {
    let mut state = lock(&STATE);
    state.now += NANOSECONDS_PER_LOOK;
    state.now
}

pub fn wall() -> i64 {
    WALL_START + now()
}

/// Everybody waits until then.
pub fn advance(nanoseconds: i64) {
    lock(&STATE).now += nanoseconds.max(0);
}

/// A random word of the program's.
pub fn random() -> u64 {
    split_mix(&mut lock(&STATE).words)
}
