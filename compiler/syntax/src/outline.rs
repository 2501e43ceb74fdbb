//! A text with the insides of its function bodies blanked out, byte for byte.
//!
//! The library is large and a program uses little of it: its files are parsed as outlines, and a body is parsed when a
//! function is first reached (`parse_function`). Expects a text that parses. Promises: every byte keeps its place, and
//! what is blanked are whole bodies. Shared with the driver's build script, so it uses nothing of this crate.

/// Blanks the bodies. A function's `{` stands on a line of its signature.
pub fn outline(text: &str) -> String {
    let mut outliner = Outliner { text: text.as_bytes(), out: text.as_bytes().to_vec() };
    let mut at = 0;
    while at < outliner.text.len() {
        at = outliner.step(at);
    }
    // Whole bodies were replaced by spaces, so what is left is text as before.
    String::from_utf8(outliner.out).unwrap_or_else(|_| text.to_string())
}

struct Outliner<'a> {
    text: &'a [u8],
    out: Vec<u8>,
}

impl Outliner<'_> {
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    fn is_word(byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 128
    }

    /// Over one token, or one whole function.
    fn step(&mut self, at: usize) -> usize {
        if !Self::is_word(self.byte(at)) {
            return self.skip(at);
        }
        let mut end = at;
        while Self::is_word(self.byte(end)) {
            end += 1;
        }
        if &self.text[at..end] != b"fn" {
            // `b'x'`, `r"…"`: the quote belongs to the word.
            return end;
        }
        let mut name = end;
        while self.byte(name) == b' ' {
            name += 1;
        }
        // `fn(int)` is a type.
        if Self::is_word(self.byte(name)) { self.function(name) } else { end }
    }

    /// Over a comment, a string, a character or a single byte.
    fn skip(&self, at: usize) -> usize {
        match (self.byte(at), self.byte(at + 1)) {
            (b'/', b'/') => (at..self.text.len()).find(|&i| self.text[i] == b'\n').unwrap_or(self.text.len()),
            (b'/', b'*') => {
                let (mut depth, mut i) = (1, at + 2);
                while depth > 0 && i < self.text.len() {
                    match (self.byte(i), self.byte(i + 1)) {
                        (b'/', b'*') => (depth, i) = (depth + 1, i + 2),
                        (b'*', b'/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                }
                i
            }
            (b'"', _) => self.string(at + 1),
            (b'\'', b'\\') => (at + 3..self.text.len()).find(|&i| self.text[i] == b'\'').map_or(self.text.len(), |i| i + 1),
            (b'\'', _) => {
                let length = (2..=5).find(|length| self.byte(at + length) == b'\'');
                length.map_or(at + 1, |length| at + length + 1)
            }
            _ => at + 1,
        }
    }

    /// Behind the closing quote; interpolations may hold strings of their own.
    fn string(&self, mut at: usize) -> usize {
        while at < self.text.len() {
            match (self.byte(at), self.byte(at + 1)) {
                (b'\\', b'u') => at += 2,
                (b'\\', _) => at += 2,
                (b'"', _) => return at + 1,
                (b'{', b'{') => at += 2,
                (b'{', _) if self.byte(at.wrapping_sub(1)) != b'u' || self.byte(at.wrapping_sub(2)) != b'\\' => {
                    at = self.braces(at + 1);
                }
                _ => at += 1,
            }
        }
        at
    }

    /// Behind the `}` that closes what was opened before `at`.
    fn braces(&self, mut at: usize) -> usize {
        let mut depth = 1;
        while at < self.text.len() {
            match self.byte(at) {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {
                    at = self.skip(at);
                    continue;
                }
            }
            at += 1;
            if depth == 0 {
                return at;
            }
        }
        at
    }

    fn function(&mut self, mut at: usize) -> usize {
        let mut depth = 0;
        while at < self.text.len() {
            match self.byte(at) {
                b'(' | b'[' => depth += 1,
                b')' | b']' => depth -= 1,
                b'\n' if depth == 0 => return at,
                b'{' if depth == 0 => {
                    let end = self.braces(at + 1);
                    self.out[at + 1..end - 1].fill(b' ');
                    return end;
                }
                b'}' if depth == 0 => return at,
                _ => {
                    at = self.skip(at);
                    continue;
                }
            }
            at += 1;
        }
        at
    }
}
