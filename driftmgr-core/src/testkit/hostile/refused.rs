//! What has to hold for what is refused.

use crate::error::{Error, ErrorKind};

/// A refusal says something, and is never one that nobody foresaw.
pub(super) fn refused(error: &Error) {
    assert!(!error.message().trim().is_empty(), "refused without a word");
    assert_ne!(error.kind(), ErrorKind::Unexpected, "{error}");
}

/// The line that a refusal names, which the text has.
pub(super) fn line(error: &Error, text: &str) -> Option<usize> {
    let line: usize = match error.context_value("line") {
        Some(line) => line.parse().expect("a line is a number"),
        None => return None,
    };
    within(line, text);
    Some(line)
}

/// Lines are counted from 1, and there is one after the last line break. To some formats `\r` is one by itself.
pub(super) fn within(line: usize, text: &str) {
    let lines = text.split(['\n', '\r']).count();
    assert!((1..=lines).contains(&line), "line {line} of {lines}");
}
