//! The programs in pages: every fenced block of `aur` in a Markdown file is checked as a program with its marks.
//!
//! A block is items; `fn main` may be missing. A block right behind it fenced as `output` is what the program prints.
//! A block fenced as `aur ignore` is only to be read; a page says why.

use crate::compiler::{Folder, call};
use crate::marks;
use crate::run::{Way, run};
use crate::text::{difference, head};

pub struct Block {
    /// Of its first line, counted from 1.
    pub line: usize,
    pub text: String,
    pub output: Option<String>,
    pub ignored: bool,
}

/// The programs of a page, in order.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix("```") else { continue };
        let indent = line.len() - line.trim_start().len();
        let mut text = String::new();
        for (_, line) in lines.by_ref() {
            if line.trim_start().starts_with("```") {
                break;
            }
            text.push_str(line.get(indent..).unwrap_or(""));
            text.push('\n');
        }
        match info.trim() {
            "aur" | "aur ignore" => found.push(Block { line: index + 2, text, output: None, ignored: info.contains("ignore") }),
            "output" => {
                if let Some(block) = found.last_mut() {
                    block.output = Some(text);
                }
            }
            _ => {}
        }
    }
    found
}

/// Checks one program of a page; runs it if the page says what it prints.
pub fn judge(block: &Block) -> Result<(), String> {
    if block.ignored {
        return Ok(());
    }
    let folder = Folder::new();
    let path = folder.write("main.aur", &block.text);
    let shown = path.to_string_lossy();
    let done = call(&["check", "--message-format", "json", &shown]);
    if let Some(why) = done.broken() {
        return Err(why);
    }
    let mut wanted = marks::Reports::new();
    marks::marks(&shown, &block.text, &mut wanted);
    marks::compare(&wanted, &marks::reported(&done.out)?, false).map_err(|why| {
        let text = format!("{why}\n{}", head(&call(&["check", &shown]).err, 60));
        text.replace(&*shown, &format!("block at line {}", block.line))
    })?;
    let Some(output) = &block.output else { return Ok(()) };
    let done = run(&shown, Way::Memory, &[], b"")?;
    match difference(output, &done.out) {
        same if same.is_empty() => Ok(()),
        how => Err(format!("it prints something else: {how}{}", done.err)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_with_their_output() {
        let page = "# x\n\n```aur\nfn main() {}\n```\n\n```output\n1\n```\n\n- a\n  ```aur ignore\n  x\n  ```\n```text\nno\n```\n";
        let found = blocks(page);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].line, found[0].text.as_str(), found[0].output.as_deref()), (4, "fn main() {}\n", Some("1\n")));
        assert!(found[1].ignored && found[1].text == "x\n");
    }
}
