//! What servers say, as part of an error.

use crate::error::Error;
use crate::redact::MASK;

/// A server's own words are cut after so many characters.
const LIMIT: usize = 300;

/// A server's text in one line, secrets masked. None when it repeats what was sent to it: that can be a state.
pub(in crate::backend) fn quoted(text: &str, secrets: &[String], sent: &[u8]) -> Option<String> {
    // Masked before it is cut: half a secret is not found.
    let masked = masked_text(text, secrets);
    let words: Vec<&str> = masked.split_whitespace().collect();
    let line = words.join(" ");
    let line: String = line
        .chars()
        .filter(|c| !c.is_control())
        .take(LIMIT)
        .collect();
    let repeated = line
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.len() >= 6)
        .any(|word| sent.windows(word.len()).any(|w| w == word.as_bytes()));
    (!line.is_empty() && !repeated).then_some(line)
}

/// A server's word for a cause, where it is one.
pub(in crate::backend) fn word(text: &str, secrets: &[String]) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '/');
    let secret = secrets.iter().any(|secret| text.contains(secret.as_str()));
    (!text.is_empty() && text.len() <= 100 && text.chars().all(fits) && !secret)
        .then(|| text.to_owned())
}

fn masked_text(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        text.replace(secret.as_str(), MASK)
    })
}

/// The same error without anything secret, whoever put it there.
pub(in crate::backend) fn masked(error: Error, secrets: &[String]) -> Error {
    error.map_text(|text| masked_text(text, secrets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_quoted_in_one_line_without_secrets() {
        let secrets = ["hunter2".to_owned()];
        for (text, sent, told) in [
            ("You have\n no right.", "", Some("You have no right.")),
            ("", "", None),
            (
                "key hunter2 is wrong",
                "",
                Some("key (sensitive value) is wrong"),
            ),
            ("cannot take planted-value", "{planted-value}", None),
        ] {
            let told = told.map(|t| t.replace("(sensitive value)", MASK));
            assert_eq!(quoted(text, &secrets, sent.as_bytes()), told, "{text}");
        }
        let late = format!("{} hunter2", "x".repeat(LIMIT - 4));
        assert!(!quoted(&late, &secrets, b"").unwrap().contains("hun"));
        assert_eq!(word("NoSuchKey", &secrets).as_deref(), Some("NoSuchKey"));
        for bad in ["", "two words", "a-hunter2", "<b>"] {
            assert_eq!(word(bad, &secrets), None);
        }
    }
}
