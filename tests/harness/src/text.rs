//! Shows how two texts differ, the way a reader of a failed test wants it.

/// The first line that differs with what stands around it. Empty if they are equal.
pub fn difference(wanted: &str, got: &str) -> String {
    if wanted == got {
        return String::new();
    }
    let (want, have): (Vec<&str>, Vec<&str>) = (wanted.split('\n').collect(), got.split('\n').collect());
    let at = (0..want.len().max(have.len())).find(|&at| want.get(at) != have.get(at)).unwrap_or(0);
    let mut out = format!("they differ at line {}\n", at + 1);
    for line in &want[at.saturating_sub(2).min(want.len())..at.min(want.len())] {
        out.push_str(&format!("      {line}\n"));
    }
    for (sign, lines) in [("want", &want), ("got ", &have)] {
        for line in lines.iter().skip(at).take(4) {
            out.push_str(&format!(" {sign} {line}\n"));
        }
        if lines.len() <= at {
            out.push_str(&format!(" {sign} (nothing more)\n"));
        }
    }
    out
}

/// The last lines of a long text.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.trim_end().lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// The first lines of a long text.
pub fn head(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.trim_end().lines().collect();
    let mut out = all[..all.len().min(lines)].join("\n");
    if all.len() > lines {
        out.push_str(&format!("\n… {} lines more", all.len() - lines));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_shown() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), "");
        let shown = difference("a\nb\nc", "a\nx\nc");
        assert!(shown.starts_with("they differ at line 2\n      a\n want b\n"), "{shown}");
        assert!(difference("a", "a\nb").contains(" want (nothing more)\n"));
        assert_eq!((tail("1\n2\n3\n", 2), head("1\n2\n3\n", 1)), ("2\n3".into(), "1\n… 2 lines more".into()));
    }
}
