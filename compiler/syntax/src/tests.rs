//! What the parser promises: shapes, one report a mistake, and no text that makes it fail.

mod mistakes;
mod robust;
mod shapes;

use diag::{Diags, SourceMap};

/// The tree as `print` shows it, and the reports as `line: code message`.
fn parsed(text: &str) -> (String, Vec<String>) {
    let mut sources = SourceMap::new();
    let file = sources.add("test.aur", text.to_owned(), false);
    let mut diags = Diags::new();
    let tree = crate::parse(&file, &mut diags);
    let reports = diags.into_sorted().into_iter().map(|d| {
        let line = file.line_column(d.place().lo).line;
        format!("{line}: {} {}", d.code.as_str(), d.message)
    });
    (crate::print::ast(&tree), reports.collect())
}
