//! What a program says will be reported about it, against what is: `//~ E0501` on the line of the primary span.
//!
//! Every report needs a mark and every mark a report. Warnings count where a program marks one or is asked to have none.

use crate::json::Json;
use std::collections::BTreeMap;

/// How often each code is expected or found on each line of each file.
pub type Reports = BTreeMap<(String, usize, String), usize>;

/// The marks of one text: `//~ E0501`, `//~ E0301 E0302` for two on one line.
pub fn marks(file: &str, text: &str, into: &mut Reports) {
    for (index, line) in text.lines().enumerate() {
        let Some((_, codes)) = line.split_once("//~") else { continue };
        for code in codes.split_whitespace().take_while(|word| is_code(word)) {
            *into.entry((file.into(), index + 1, code.into())).or_default() += 1;
        }
    }
}

/// The reports in the compiler's messages for editors: one object a line.
pub fn reported(messages: &str) -> Result<Reports, String> {
    let mut found = Reports::new();
    for line in messages.lines() {
        let message = Json::parse(line).map_err(|at| format!("no JSON at byte {at}: {line}"))?;
        let text = |key| message.get(key).and_then(Json::text).unwrap_or("?").to_owned();
        let spans = message.get("spans").map_or(&[][..], Json::list);
        let primary = spans.iter().find(|span| span.get("primary") == Some(&Json::Bool(true)));
        let line = primary.and_then(|span| span.get("line").and_then(Json::number));
        *found.entry((text("file"), line.unwrap_or(0.0) as usize, text("code"))).or_default() += 1;
    }
    Ok(found)
}

/// Which promises were kept. Warnings are only held against a text that marks some, or if `warnings` asks for it.
pub fn compare(wanted: &Reports, found: &Reports, warnings: bool) -> Result<(), String> {
    let marks_warnings = warnings || wanted.keys().any(|(_, _, code)| code.starts_with('W'));
    let mut wrong = String::new();
    for (key, count) in wanted {
        if found.get(key).unwrap_or(&0) < count {
            wrong.push_str(&format!("{}:{}: marked {}, not reported\n", key.0, key.1, key.2));
        }
    }
    for (key, count) in found {
        let counts = marks_warnings || key.2.starts_with('E');
        if counts && wanted.get(key).unwrap_or(&0) < count {
            wrong.push_str(&format!("{}:{}: {} reported, not marked\n", key.0, key.1, key.2));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn is_code(word: &str) -> bool {
    let mut letters = word.chars();
    matches!(letters.next(), Some('E' | 'W')) && word.len() == 5 && letters.all(|letter| letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str) -> Reports {
        let mut marks_found = Reports::new();
        marks("a.aur", text, &mut marks_found);
        marks_found
    }

    const MESSAGES: &str = r#"{"code":"E0501","file":"a.aur","spans":[{"line":1,"primary":false},{"line":2,"primary":true}]}
{"code":"W0201","file":"a.aur","spans":[{"line":1,"primary":true}]}
"#;

    #[test]
    fn every_report_needs_a_mark_and_every_mark_a_report() {
        let found = reported(MESSAGES).expect("messages");
        assert_eq!(found.len(), 2);
        assert_eq!(compare(&marked("let\nx //~ E0501"), &found, false), Ok(()));
        let all = "let //~ W0201 because\nx //~ E0501";
        assert_eq!(compare(&marked(all), &found, true), Ok(()));
        assert!(compare(&marked("let\nx //~ E0501"), &found, true).is_err());
        assert!(compare(&marked("let //~ E0501\nx"), &found, false).is_err_and(|why| why.contains("a.aur:1: marked E0501")));
        assert!(compare(&marked(""), &found, false).is_err_and(|why| why.contains("a.aur:2: E0501 reported, not marked")));
        assert!(compare(&marked("let\nx //~ E0501 E0501"), &found, false).is_err());
    }
}
