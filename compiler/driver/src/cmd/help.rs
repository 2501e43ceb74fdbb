//! `aurorac help`: what can be done, with an example each.

use crate::exit;

pub(crate) fn help(command: Option<&str>) -> u8 {
    print!("{}", command.and_then(page).unwrap_or(OVERVIEW));
    exit::OK
}

const OVERVIEW: &str = "\
aurorac, the compiler of Aurora

Usage: aurorac [OPTIONS] COMMAND …

Commands:
  run FILE [ARGS]        compile in memory and run
  compile FILE -o OUT    make an executable
  check FILE…            report mistakes, make nothing
  test FILE|DIR          run the `test` blocks
  explain CODE           what a code means, with a program that fails and the same mended
  emit --stage S FILE    show what a phase made of a program
  explore FILE           run a program in every execution that it has
  litmus PATH…           judge litmus tests by the memory model, on compiled code, on the machine
  oracle FILE…           run programs step by step, every access to memory watched
  help COMMAND           more about a command
  version                the version

Options of every command:
  --color auto|always|never
  --timings              how long each phase took
  -h, --help

Examples:
  aurorac run hello.aur
  aurorac compile server.aur -o server
  aurorac check main.aur --message-format json
  aurorac explain E0603
";

fn page(command: &str) -> Option<&'static str> {
    Some(match command {
        "run" => "\
Usage: aurorac run [OPTIONS] FILE [ARGS]

Compiles FILE and the modules it uses in memory and runs it. ARGS are the program's. Ends with the program's exit status:
101 when it panicked, 1 when it does not compile.

Options:
  --workers N      threads that run tasks (as many as the machine has)
  --stats          counts at the end: tasks, steals, and what was waited for where
  --virtual        virtual time and one repeatable schedule
  --seed N         the seed of that schedule (implies --virtual)
  --replay CHOICES the schedule that a failure printed (implies --virtual)
  --opt full|none  how much is done for the speed of the code
  --auto-parallel  several tasks go through loops that nobody can tell it from

Examples:
  aurorac run primes.aur 1000
  aurorac run --seed 7 bank.aur
",
        "compile" => "\
Usage: aurorac compile FILE [-o OUT] [--emit exe|obj]
       aurorac compile --emit runtime [-o libaurora.a]

Makes an executable of FILE and the modules it uses; no linker is needed. Without -o it is named like the file.

Who links with other code takes an object instead, and the runtime's library to link it with. The object asks for foreign
functions by name and offers those that are declared `extern \"C\"`. It starts `main` of FILE; a program with a `main` of its
own calls `int aurora_start(void *)` with the address of `char aurora_image[]`, once, on its first thread.

Options:
  -o, --output OUT
  --emit exe|obj|runtime
  --opt full|none    how much is done for the speed of the code
  --auto-parallel    several tasks go through loops that nobody can tell it from

Examples:
  aurorac compile server.aur -o server
  aurorac compile --emit obj server.aur -o server.o
  aurorac compile --emit runtime -o libaurora.a
  cc server.o helpers.c libaurora.a -lm -lpthread -ldl -o server
",
        "check" => "\
Usage: aurorac check [--unsafe] FILE… [--message-format human|json]

Reports every mistake and makes nothing. Each FILE is a program of its own. Text goes to standard error; with `json`
standard output has one object a line: code, severity, message, file, spans, help, notes, fix. Ends with 1 if there was a
mistake. `aurorac check --std` judges the library's own functions, which compiling a program takes for granted.
`aurorac check --unsafe FILE` lists each unsafe block, function, impl, trait and extern block of a program, and how many there are.

Examples:
  aurorac check main.aur
  aurorac check --message-format json main.aur
",
        "test" => "\
Usage: aurorac test FILE|DIR [--filter S]

Runs the `test` blocks of a file, or of every file under a folder. With --filter only those whose name contains S.

Examples:
  aurorac test queue.aur
  aurorac test src --filter \"fifo\"
",
        "explain" => "\
Usage: aurorac explain CODE
       aurorac explain --parallel FILE [--message-format human|json]

Shows the page of a code: what it means, a program that fails, and the same program mended. With --parallel it lists every loop of
FILE and the modules it uses: whether `--auto-parallel` has several tasks go through it, and why not.

Examples:
  aurorac explain E0501
  aurorac explain --parallel main.aur
",
        "emit" => "\
Usage: aurorac emit --stage tokens|ast|hir|mir|clif|asm FILE [--function NAME]

Shows what a phase made of a program, on standard output.

Examples:
  aurorac emit --stage ast main.aur
  aurorac emit --stage mir main.aur --function main
",
        "explore" => "\
Usage: aurorac explore FILE [--preemptions K] [--executions N] [--outcomes] [--atomics] [--jobs N] [--shard I/N] [--report OUT] [--trace OUT]
       aurorac explore FILE --pct DEPTH | --random N | --replay SCHEDULE [--seed S]
       aurorac explore --merge REPORT…

Runs `main` in every execution that it has, each once: every order of steps that can be told apart, and every outcome that the
memory model allows to its atomics. Time is virtual, each run starts from the beginning. Stops at the first that fails (a
panic, a deadlock, another exit status than 0), makes it simpler, tells how it came about, and prints the line that repeats
it. Says \"complete\" when there was no other execution. Ends with 1 if one failed, with 3 if none did and there are more:
runs were given up, there were too many, or the report of a part is missing.

  --exhaustive     every execution; so it is without this, too
  --preemptions K  only executions in which tasks are left up to K times though they could have gone on, those with few first
  --executions N   look at no more than N (10000000)
  --outcomes       go on after a failure, and show all that can come of the program and how often
  --atomics        locks and channels are not one step each; what they are made of is explored
  --pct DEPTH      draw 10000 schedules by priorities that change DEPTH - 1 times in a run
  --random N       draw N schedules: at each step whoever, and now and then an older value; no proof
  --seed S         the first seed to draw from (0)
  --replay …       one execution again, as it was printed
  --trace OUT      write the failing execution as a timeline that Perfetto opens
  --jobs N         share the executions out among N copies of this process
  --shard I/N      only the I-th of N parts of the work, such as 2/8: for N machines
  --report OUT     write down how it ended
  --merge          what the reports of all parts say together

Examples:
  aurorac explore bank.aur
  aurorac explore bank.aur --preemptions 2
  aurorac explore bank.aur --pct 3
  aurorac explore bank.aur --random 10000
  aurorac explore bank.aur --shard 1/2 --report one.txt
  aurorac explore --merge one.txt two.txt
",
        "litmus" => "\
Usage: aurorac litmus PATH… [--engine E] [--hardware [--iterations N]] [--verbose | --dot | --json]
       aurorac litmus --convert FILE.litmus [-o FILE.aur]

Judges litmus tests in the C form (`.litmus`) and in Aurora (`.aur` with a line `//: litmus NAME`), of a folder all below it: every
final state that the memory model allows, whether the question's answer is yes (Ok) or no (No), how often its condition is
fulfilled (Always, Sometimes, Never), the number of consistent executions, and whether one of them has a data race.

Ends with 1 if a test is not understood, which is told with its line, or if there is a disagreement: between the engines, with
what the head of an Aurora test lists, or with the machine.

Options:
  --engine model     by the axioms of the memory model (the C form, unless this is given)
  --engine explore   by running the compiled program, or the twin of the C form, once for each execution
  --engine both      by both, compared (Aurora's tests, unless this is given)
  --hardware         runs on this machine, too: what comes about must be allowed
  --iterations N     so often (1000000)
  --verbose          with the table of final states, and an execution that leads to each
  --dot              these executions for Graphviz
  --json             an object a test and line: name, verdict, observation, states, race, executions, histogram, differences
  --convert          writes the Aurora twin of a test in the C form, to the screen or with -o to a file or into a folder

Examples:
  aurorac litmus tests/litmus
  aurorac litmus --engine both --verbose SB.litmus
  aurorac litmus --hardware --iterations 10000000 SB.litmus
  aurorac litmus --convert SB.litmus -o SB.aur
",
        "oracle" => "\
Usage: aurorac oracle [OPTIONS] FILE…

Runs `main` of each FILE slowly and watches memory: what is read was written and is still there, and no reference is used
after another access took its right away. Safe programs have no such step; one with `unsafe` that has breaks the promise of
its block. What the program prints goes nowhere; tasks and files are beyond it. Ends with 1 if a step was not allowed.

Options:
  --functions PREFIX  instead of `main`, every function of integers whose name begins so, one line each
  --inputs N          with the numbers from 0 to N-1 for their parameters (1)
  --steps N           give a run up after so many steps (100000000)

Examples:
  aurorac oracle list.aur
  aurorac oracle made.aur --functions made_ --inputs 8
",
        "version" => "Usage: aurorac version\n",
        _ => return None,
    })
}
