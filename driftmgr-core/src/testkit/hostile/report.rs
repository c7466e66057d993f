//! Reports, read back.

use std::time::SystemTime;

use super::refused::{line, refused};
use crate::drift::DriftReport;
use crate::drift::ignore::{Candidate, DriftIgnore, IgnoreRule, IgnoreRules, suggest};
use crate::report::{Format, RenderOptions, json, render};

/// A report in JSON: written again it is the same report, every other format takes it, and rules made of it are rules.
pub fn report(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let report = match json::read(text) {
        Ok(report) => report,
        Err(error) => {
            refused(&error);
            line(&error, text);
            return;
        }
    };
    let written = json::drift(&report);
    let text = written.to_string();
    let again = json::read(&text).expect("what was written can be read");
    assert_eq!(json::drift(&again), written);
    formats(&report);
    suggestions(&Candidate::of(&report));
}

fn formats(report: &DriftReport) {
    let options = RenderOptions::new(SystemTime::UNIX_EPOCH);
    for format in Format::ALL {
        let written = render(report, *format, &options).expect("every report can be written");
        let Ok(text) = String::from_utf8(written) else {
            continue;
        };
        let one_document = || serde_json::from_str::<serde_json::Value>(&text);
        match format {
            // No escape sequences: a terminal would follow them.
            Format::Text => {
                let escape = text.chars().find(|c| c.is_control() && *c != '\n');
                assert_eq!(escape, None, "{text:?}");
            }
            Format::Json | Format::Sarif | Format::Gitlab => {
                one_document().expect("one document");
            }
            Format::Ndjson => {
                for line in text.lines() {
                    serde_json::from_str::<serde_json::Value>(line).expect("a document a line");
                }
            }
            // A line of its own could be any other command.
            Format::Github => {
                let command = |line: &str| {
                    ["::error", "::warning", "::notice"]
                        .iter()
                        .any(|word| line.starts_with(word))
                };
                let lines: Vec<&str> = text.lines().collect();
                let (sentence, commands) = lines.split_last().expect("a sentence");
                assert!(commands.iter().all(|line| command(line)), "{text:?}");
                assert!(!command(sentence), "{text:?}");
            }
            _ => {}
        }
    }
}

/// What is suggested is understood.
fn suggestions(candidates: &[Candidate]) {
    for suggestion in suggest(candidates) {
        let rule = IgnoreRule {
            address: suggestion.address,
            resource_type: suggestion.resource_type,
            path: Some(suggestion.path),
            reason: "why".to_owned(),
            ..IgnoreRule::default()
        };
        let read = IgnoreRules::new(&[rule], SystemTime::UNIX_EPOCH);
        assert!(read.is_complete(), "{:?}", read.problems);
        let lines = DriftIgnore::parse(&suggestion.driftignore.join("\n"), ".driftignore");
        assert!(lines.is_complete(), "{:?}", lines.problems);
    }
}
