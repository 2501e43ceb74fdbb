//! The programs in `specs`, `docs`, the README and the pages of the codes: one test a program.

use harness::compiler::root;
use harness::suite::Case;
use harness::{files, pages, suite};
use std::path::PathBuf;
use std::process::ExitCode;

/// Programs that are not judged as their page says, yet: the page and the number of the program on it. One that turns right
/// has to leave this list.
const LATER: &[(&str, &[usize])] = &[
];

fn main() -> ExitCode {
    let mut files: Vec<PathBuf> = vec![root().join("README.md")];
    for folder in ["specs", "docs", "std", "compiler/diag/explain"] {
        files.extend(files::ending_with(&root().join(folder), ".md"));
    }
    let mut cases = Vec::new();
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let name = file.strip_prefix(root()).unwrap_or(&file).to_string_lossy().into_owned();
        let stem = file.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
        let later = LATER.iter().find(|(page, _)| *page == stem).map_or(&[][..], |(_, numbers)| numbers);
        for (index, block) in pages::blocks(&text).into_iter().enumerate() {
            let name = format!("{name}:{}", block.line);
            cases.push(match later.contains(&(index + 1)) {
                false => Case::new(name, move || pages::judge(&block)),
                true => Case::new(format!("{name} (later)"), move || match pages::judge(&block) {
                    Err(_) => Ok(()),
                    Ok(()) => Err("it is judged right now: strike it from LATER".into()),
                }),
            });
        }
    }
    suite::run(cases)
}
