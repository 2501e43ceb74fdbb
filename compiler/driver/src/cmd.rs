//! One function a command. Each gives the exit code of the process.

mod build;
mod check;
mod emit;
mod explain;
mod explore;
mod help;
mod litmus;
mod oracle;
mod timeline;
mod unsafe_places;

use crate::args::{Command, Request};
use crate::exit;

pub(crate) fn run(request: Request) -> u8 {
    let global = &request.global;
    match request.command {
        Command::Check { files, format } => check::check(&files, format, global),
        Command::UnsafePlaces { files, format } => unsafe_places::list(&files, format, global),
        Command::CheckLibrary { format } => check::check_library(format, global),
        Command::Emit { stage, file, function } => emit::emit(stage, &file, function.as_deref(), global),
        Command::Explore(request) => explore::explore(&request, global),
        Command::Merge(reports) => explore::parts::merge(&reports),
        Command::Explain { code } => explain::explain(&code),
        Command::ExplainLoops { file, format } => explain::loops(&file, format, global),
        Command::Oracle(request) => oracle::oracle(&request, global),
        Command::Run(run) => build::run(&run, global),
        Command::Compile(compile) => build::compile(&compile, global),
        Command::Litmus(request) => litmus::litmus(&request, global),
        Command::Test { path, filter, replay } => build::test(&path, filter.as_deref(), replay.as_deref(), global),
        Command::Help { command } => help::help(command.as_deref()),
        Command::Version => {
            println!("aurorac {}", env!("CARGO_PKG_VERSION"));
            exit::OK
        }
    }
}
