//! `aurorac explain CODE`: the page of a code.

use crate::args::distance;
use crate::exit;
use diag::Code;
use std::io::Write;

pub(crate) fn explain(code: &str) -> u8 {
    let wanted = code.trim().to_uppercase();
    if let Some(page) = diag::explain(&wanted) {
        let _ = std::io::stdout().lock().write_all(page.as_bytes());
        return exit::OK;
    }
    eprintln!("error: there is no code `{code}`");
    let near = Code::ALL.iter().map(|code| code.as_str()).min_by_key(|known| distance(&wanted, known));
    match near.filter(|known| distance(&wanted, known) == 1) {
        Some(near) => eprintln!("  help: did you mean `{near}`?"),
        None => eprintln!("  help: a code looks like `E0501`; the messages of the compiler show them"),
    }
    exit::USAGE
}
