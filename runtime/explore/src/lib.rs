//! Every schedule of a program, and every outcome that the memory model allows to its atomics, once each.

mod axioms;
mod clocks;
mod draw;
mod engine;
mod graph;

mod exploration;
mod jobs;
mod preemptions;
mod program;
mod shrink;
mod turns;
mod world;

pub use engine::{Direction, Engine, Mode, Next, Outcome, Request, Step};
pub use graph::{Change, Event, Graph, INITIAL, Id, Kind, Order, Task, Until};
pub use program::{Bounds, Failure, How, MemoryAccess, Report, Run, Stance, Tell, Waits, again, explore, explore_each};
pub use jobs::{Part, explore_in_jobs};
pub use rt::observe::{StepPlace, Use};
