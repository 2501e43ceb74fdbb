//! The words of a program's code: what stands in comments and in the text of strings says nothing to the compiler, what is
//! interpolated does.

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// In a word, or a number.
    Word,
    /// Begins or ends something.
    Mark,
    Nothing,
}

/// By byte: what it can be in code. Looking it up is much of the work.
const KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Nothing; 256];
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_' {
            kinds[byte] = Kind::Word;
        } else if matches!(byte as u8, b'/' | b'"' | b'\'' | b'{' | b'}') {
            kinds[byte] = Kind::Mark;
        }
        byte += 1;
    }
    kinds
};

/// Calls `each` with every word and number, in order.
pub(crate) fn for_each<'t>(text: &'t str, each: &mut dyn FnMut(&'t str)) {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let find = |from: usize, wanted: &str| text.get(from..).and_then(|rest| rest.find(wanted)).map_or(bytes.len(), |at| from + at + wanted.len());
    // Braces that are open in the code, and in that around each string that is being interpolated.
    let (mut depth, mut around): (usize, Vec<usize>) = (0, Vec::new());
    let mut in_text = false;
    let mut at = 0;
    while at < bytes.len() {
        if in_text {
            match (byte(at), byte(at + 1)) {
                (b'\\', _) | (b'{', b'{') | (b'}', b'}') => at += 2,
                (b'"', _) => (in_text, at) = (false, at + 1),
                (b'{', _) => {
                    around.push(depth);
                    (in_text, depth, at) = (false, 0, at + 1);
                }
                _ => at += 1,
            }
            continue;
        }
        if KINDS[usize::from(bytes[at])] == Kind::Nothing {
            at += 1;
            continue;
        }
        match (byte(at), byte(at + 1)) {
            (b'/', b'/') => at = find(at, "\n"),
            (b'/', b'*') => at = find(at, "*/"),
            (b'"', _) => (in_text, at) = (true, at + 1),
            (b'r', b'"') => at = find(at + 2, "\""),
            (b'r', b'#') => at = find(at + 2, "\"#"),
            (b'\'', b'\\') => at = find(at + 3, "'"),
            (b'\'', _) => at += (2..=5).find(|length| byte(at + length) == b'\'').unwrap_or(0) + 1,
            (b'{', _) => (depth, at) = (depth + 1, at + 1),
            (b'}', _) => {
                match (depth, around.pop()) {
                    (0, Some(outer)) => (in_text, depth) = (true, outer),
                    (0, None) => {}
                    (_, outer) => {
                        around.extend(outer);
                        depth -= 1;
                    }
                }
                at += 1;
            }
            (first, _) if KINDS[usize::from(first)] == Kind::Word => {
                let start = at;
                at += bytes[at..].iter().take_while(|byte| KINDS[usize::from(**byte)] == Kind::Word).count();
                each(&text[start..at]);
            }
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_code_speaks() {
        let mut found = Vec::new();
        let text = "// no\nlet a = \"no {b + f(\"no {c:>4}\")} {{no}} é\" /* no */ + 'n' + 20ms + r\"no {no}\"; g(b'n', '\\'', d)";
        super::for_each(text, &mut |word| found.push(word));
        assert_eq!(found, ["let", "a", "b", "f", "c", "4", "20ms", "g", "b", "d"]);
    }
}
