//! A few seconds of made-up programs.
