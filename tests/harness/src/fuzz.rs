//! Makes programs up. Filled below.
