//! Tests from outside: programs in, what people see out. Knows the compiler only as a command.
//!
//! `compiler` builds it once and calls it; `files` finds programs; `suite` runs named cases on two threads and counts them
//! as cargo does; `marks`, `ui`, `run`, `pages`, `stages` each judge one kind of file; `fuzz` and `tasks` make programs up.

pub mod compiler;
pub mod files;
pub mod fuzz;
pub mod json;
pub mod marks;
pub mod ownership;
pub mod pages;
pub mod run;
pub mod stages;
pub mod suite;
pub mod tasks;
pub mod text;
pub mod ui;
