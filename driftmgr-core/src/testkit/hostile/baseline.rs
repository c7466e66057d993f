//! Files of known differences.

use std::sync::Arc;

use super::refused::{line, refused};
use super::sample::{hidden, shown_with};
use crate::drift::ignore::{Baseline, Standpoint};

/// A baseline: written again it is the same, and what it does to a report does not rest on entries that are wrong.
pub fn baseline(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let standpoint = Standpoint {
        current_dir: "/w".into(),
        file: "known.json".into(),
    };
    let read = Baseline::parse(text, standpoint.clone());
    for problem in &read.problems {
        refused(problem);
        assert_eq!(problem.context_value("file"), Some("known.json"));
        line(problem, text);
    }
    let written = read.value.to_json();
    let again = Baseline::parse(&written, standpoint);
    assert!(again.is_complete(), "{:?}", again.problems);
    assert_eq!(again.value.to_json(), written);
    assert_eq!(again.value.len(), read.value.len());

    let is_empty = read.value.is_empty();
    let known = shown_with(vec![Arc::new(read.value)]);
    let unchanged = shown_with(vec![Arc::new(again.value)]);
    assert_eq!(hidden(&known), hidden(&unchanged));
    assert_eq!(known.rules, unchanged.rules);
    assert!(!is_empty || hidden(&known).is_empty());
}
