//! Programs that lie in `../shared/programs` beside the repository, where they do: those that need no tasks.

use harness::compiler::{call, root};
use harness::files::Program;
use harness::suite::Case;
use harness::{files, marks, run, suite};
use std::process::ExitCode;

/// Words of programs that need what is not there yet.
const TASKS: &[&str] = &[
    "spawn", "scope", "join ", "channel", "select", "async", "await", "parallel", "detach", "task_local", "Mutex", "RwLock", "Condvar", "Atomic",
    "Semaphore", "Event", "blocking", "Shared", "Receiver", "Sender",
];

/// Programs that wait for loans to be checked.
const LATER: &[&str] = &[
    "e05_closure_holds_exclusive", "e05_conditional_return_then_write", "e05_element_kept_over_push", "e05_field_of_returned_view",
    "e05_filter_closure_capture", "e05_push_while_iterating", "e05_result_keeps_self_exclusive", "e05_return_view_of_local", "e05_smuggled_view",
    "e05_struct_argument_loan", "e05_two_elements", "e05_two_phase_conflict", "e05_view_in_cell",
];

fn main() -> ExitCode {
    let base = root().join("../shared/programs");
    let mut cases = Vec::new();
    for (folder, refused) in [("run", false), ("fail", true)] {
        for path in files::ending_with(&base.join(folder), ".aur") {
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            if TASKS.iter().any(|word| text.contains(word)) {
                continue;
            }
            let name = path.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
            if LATER.contains(&name.as_str()) {
                continue;
            }
            let program = Program { name: format!("shared/{folder}/{name}"), path };
            cases.push(Case::new(program.name.clone(), move || if refused { refuse(&program, &text) } else { run::judge(&program) }));
        }
    }
    suite::run(cases)
}

/// Their marks name the floor of a code, or two.
fn refuse(program: &Program, text: &str) -> Result<(), String> {
    let (index, mark) = text
        .lines()
        .enumerate()
        .find_map(|(index, line)| line.split_once("//~").map(|(_, mark)| (index, mark.trim())))
        .ok_or("it has no mark")?;
    let done = call(&["check", "--message-format", "json", &program.shown()]);
    if let Some(why) = done.broken() {
        return Err(why);
    }
    let found = marks::reported(&done.out)?;
    let errors: Vec<_> = found.keys().filter(|(_, _, code)| code.starts_with('E')).collect();
    let right = |(_, line, code): &&&(String, usize, String)| *line == index + 1 && mark.split('|').any(|floor| code.starts_with(floor));
    match errors.as_slice() {
        [one] if right(&one) => Ok(()),
        _ => Err(format!("wanted {mark} at line {}\n{}", index + 1, done.out)),
    }
}
