//! What a server says to its refusal.

use serde_json::Value as Json;

use super::Answer;
use crate::redact::MASK;

/// A server's own words are cut after so many characters.
const WORDS_LIMIT: usize = 300;

/// The keys under which JSON answers have a sentence, RFC 9457 among them.
const SENTENCES: [&str; 6] = [
    "message",
    "error_description",
    "error",
    "detail",
    "title",
    "errors",
];

/// The server's sentence, in one line, secrets masked. None when it repeats what was sent to it: that can be a state.
pub(crate) fn words(answer: &Answer, secrets: &[String], sent: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(&answer.body).ok()?.trim();
    let text = match serde_json::from_str::<Json>(text) {
        Ok(json) => sentence(&json)?,
        // A page for people says less than the status.
        Err(_) if text.starts_with(['<', '{', '[']) => return None,
        Err(_) => text.to_owned(),
    };
    let line = text.lines().next().unwrap_or_default().trim();
    // Masked before it is cut: half a secret is not found.
    let masked = secrets.iter().fold(line.to_owned(), |text, secret| {
        text.replace(secret.as_str(), MASK)
    });
    let masked: String = masked
        .chars()
        .filter(|c| !c.is_control())
        .take(WORDS_LIMIT)
        .collect();
    let cut = |word: &&str| word.trim_matches(|c: char| !c.is_alphanumeric()).len() >= 6;
    let repeated = masked
        .split_whitespace()
        .filter(cut)
        .any(|word| contains(sent, word.trim_matches(|c: char| !c.is_alphanumeric())));
    (!masked.is_empty() && !repeated).then_some(masked)
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|w| w == word.as_bytes())
}

fn sentence(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Array(all) => all.first().and_then(sentence),
        Json::Object(map) => SENTENCES.iter().find_map(|key| sentence(map.get(*key)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    fn said(body: &str, sent: &str) -> Option<String> {
        let answer = Answer {
            status: StatusCode::FORBIDDEN,
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        words(&answer, &["hunter2".to_owned()], sent.as_bytes())
    }

    #[test]
    fn a_server_is_quoted_in_one_line() {
        for (body, quoted) in [
            ("", None),
            ("needs role Maintainer\nmore", Some("needs role Maintainer")),
            (r#"{"message":"403 Forbidden"}"#, Some("403 Forbidden")),
            (r#"{"errors":[{"detail":"no"}]}"#, Some("no")),
            (r#"{"error":{"message":"deep"}}"#, Some("deep")),
            (r#"{"other":"x"}"#, None),
            ("<html>No</html>", None),
            ("{broken", None),
            ("17", None),
        ] {
            assert_eq!(said(body, "").as_deref(), quoted, "{body}");
        }
        assert_eq!(said(&"x".repeat(999), "").unwrap().len(), WORDS_LIMIT);
    }

    #[test]
    fn nothing_secret_is_quoted() {
        assert_eq!(
            said("bad password hunter2!", "").unwrap(),
            format!("bad password {MASK}!")
        );
        let late = format!("{} hunter2", "x".repeat(WORDS_LIMIT - 4));
        assert!(!said(&late, "").unwrap().contains("hun"));
        let state = r#"{"outputs":{"key":"planted-value"}}"#;
        assert_eq!(said("cannot take 'planted-value'", state), None);
        assert_eq!(said("cannot take it", state).unwrap(), "cannot take it");
    }
}
