//! `aurorac`: the only room that touches files, terminal and linker. Reads the command line and hands over to `cmd`.

mod args;
mod auto;
mod cmd;
mod folder;
mod memory;
mod modules;
mod pipeline;
mod session;
mod stdlib;
mod words;

use std::process::ExitCode;

/// What the process ends with.
pub(crate) mod exit {
    pub const OK: u8 = 0;
    /// The program that was given has mistakes, or a file cannot be read.
    pub const USER: u8 = 1;
    /// The command line cannot be understood.
    pub const USAGE: u8 = 2;
    /// Nothing that was explored fails, and it was not all.
    pub const UNFINISHED: u8 = 3;
    /// Nobody reads the output any more: what a signal would have said.
    pub const CLOSED: u8 = 141;
}

#[global_allocator]
static MEMORY: memory::Memory = memory::Memory;

/// Whoever reads our output may stop reading: that is no failure of ours, and the end.
fn end_with_the_reader() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str().is_some_and(|message| message.starts_with("failed printing to")) {
            std::process::exit(i32::from(exit::CLOSED));
        }
        usual(panic);
    }));
}

fn main() -> ExitCode {
    end_with_the_reader();
    let line: Vec<_> = std::env::args_os().skip(1).collect();
    let work = move || match args::parse(line) {
        Ok(request) => cmd::run(request),
        Err(usage) => {
            eprintln!("{usage}");
            exit::USAGE
        }
    };
    let thread = std::thread::Builder::new().name("aurorac".into()).stack_size(diag::cores::STACK_BYTES).spawn(work);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => ExitCode::from(code),
        // A bug of ours: the panic has told what it knows.
        Ok(Err(_)) => {
            eprintln!("error: the compiler failed on this program; please report it with the lines above");
            ExitCode::from(exit::USER)
        }
        Err(error) => {
            eprintln!("error: no memory for the compiler: {error}");
            ExitCode::from(exit::USER)
        }
    }
}
