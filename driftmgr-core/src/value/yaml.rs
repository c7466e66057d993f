//! What a text must not hold to be YAML.

/// The byte of the first character that no YAML stream may hold (YAML 1.2.2, 5.1). The parser takes a zero for the end of the text, and what
/// follows it would be lost without a word.
pub(crate) fn forbidden(text: &str) -> Option<usize> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
    text.find(|c| !allowed(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_forbidden() {
        for text in ["", "a: 1\r\n\t", "ä\u{85}\u{a0}水\u{1f600}\u{feff}"] {
            assert_eq!(forbidden(text), None, "{text:?}");
        }
        for text in ["ab\0", "ab\u{1b}[0m", "ab\u{7f}", "ab\u{9b}", "ab\u{ffff}"] {
            assert_eq!(forbidden(text), Some(2), "{text:?}");
        }
    }
}
