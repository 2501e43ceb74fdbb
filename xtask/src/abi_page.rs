//! Makes `docs/abi.md` of the table in `runtime/abi/src/fns.rs`: what compiled code may ask of the runtime.

use std::fmt::Write;
use std::path::Path;

/// One row of the table.
pub struct Row {
    pub effect: String,
    pub signature: String,
    pub sentence: String,
}

impl Row {
    pub fn name(&self) -> &str {
        self.signature.split('(').next().unwrap_or("")
    }
}

/// The rows in their order. A row is `/// Sentence.` lines and `effect fn name(…) -> T;`.
pub fn rows(root: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(root.join("runtime/abi/src/fns.rs")).unwrap_or_default();
    let mut found = Vec::new();
    let mut sentence: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            sentence.push(words.trim());
            continue;
        }
        let row = ["plain", "raises", "ends", "yields"].into_iter().find_map(|effect| {
            let signature = line.strip_prefix(effect)?.trim_start().strip_prefix("fn ")?.strip_suffix(';')?;
            Some(Row { effect: effect.into(), signature: signature.into(), sentence: sentence.join(" ") })
        });
        found.extend(row);
        sentence.clear();
    }
    found
}

pub fn page(root: &Path) -> String {
    let mut out = String::from(
        "# The bridge\n\nEvery call that compiled code may make into the runtime. Made by `cargo x bless` of `runtime/abi/src/fns.rs`.\n\n\
         A `plain` row returns. A `raises` row returns with a panic set in the fiber, and the caller goes on by unwinding. An `ends` row\n\
         never returns.\n\n| Call | Effect | What it does |\n|---|---|---|\n",
    );
    for row in rows(root) {
        // Writing into a String cannot fail.
        let _ = writeln!(out, "| `{}` | {} | {} |", row.signature, row.effect, row.sentence.replace('|', "\\|"));
    }
    out
}
