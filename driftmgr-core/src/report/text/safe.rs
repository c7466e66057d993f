//! Outside strings made harmless for a terminal: a tag's value must not be able to move the cursor or to hide what stands beside it.

use std::fmt::Write as _;

/// True for characters that a terminal acts on, or that change how the text around them is read.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Marks, embeddings, overrides and isolates of writing direction.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line and paragraph separators, invisible characters.
            | '\u{2028}' | '\u{2029}' | '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// The text on one line: every control character is spelled as in a quoted string (`\n`, `\u001b`).
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        escape_into(&mut out, c);
    }
    out
}

/// The text with its line breaks; other control characters are spelled out, tabs become four spaces.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| one_line(&line.replace('\t', "    ")))
        .collect()
}

fn escape_into(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_active(c) => {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// A word for a POSIX shell, quoted only when it has to be.
pub fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", one_line(word).replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        let hostile = "a\u{1b}[2J\u{9b}31m\u{7}\u{202e}\r\nß→\u{7f}";
        let shown = one_line(hostile);
        assert_eq!(shown, "a\\u001b[2J\\u009b31m\\u0007\\u202e\\r\\nß→\\u007f");
        assert!(!shown.chars().any(is_active));
        assert!(lines(hostile).concat().chars().all(|c| !is_active(c)));
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(lines("a\n\tb\r\nc"), ["a", "    b", "c"]);
    }

    #[test]
    fn shell_words() {
        for (word, want) in [
            ("aws_vpc.main", "aws_vpc.main"),
            ("a.b[\"x\"]", "'a.b[\"x\"]'"),
            ("it's", "'it'\\''s'"),
            ("", "''"),
        ] {
            assert_eq!(shell(word), want);
        }
    }
}
