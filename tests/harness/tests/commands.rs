//! The command line as people and editors meet it: exit codes, help, shapes of messages, several files, panics.
