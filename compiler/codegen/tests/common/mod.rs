//! Programs written as MIR by hand, and a way to run them.
#![allow(dead_code)]

pub mod build;
pub mod run;

pub use build::*;
pub use run::*;
