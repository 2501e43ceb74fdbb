//! Chores.

mod bench;

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first() {
        Some((first, rest)) if first == "bench" => bench::run(rest),
        _ => {
            eprintln!("usage: cargo x bench kernels [NAME…]");
            std::process::ExitCode::from(2)
        }
    }
}
