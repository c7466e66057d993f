use std::time::SystemTime;

use proptest::prelude::*;

use super::*;
use crate::report::testing::{SECRET, full, hostile, many};

fn options() -> RenderOptions {
    RenderOptions::new(SystemTime::UNIX_EPOCH)
}

fn written(report: &DriftReport, options: &RenderOptions) -> String {
    comment(report, options).replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn a_whole_report() {
    let text = written(&full(), &options());
    assert!(!text.contains(SECRET));
    insta::assert_snapshot!(text);
}

#[test]
fn the_marker_is_the_comments_own() {
    let options = RenderOptions {
        comment: "prod --> <b>".to_owned(),
        ..options()
    };
    let text = comment(&full(), &options);
    assert!(
        text.starts_with("<!-- driftmgr:prod------b- -->\n"),
        "{text}"
    );
}

#[test]
fn no_text_of_the_report_becomes_markup() {
    let text = comment(&hostile(), &options());
    // Outside code, none of these is there as it stands in the report.
    let mut in_fence = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
            continue;
        }
        if in_fence {
            continue;
        }
        let outside: String = without_spans(line);
        for markup in ["<img", "</script", "@team", "#1 "] {
            let inside_tag = outside.contains("<code>");
            assert!(
                inside_tag || !outside.contains(markup),
                "{markup} in {line}"
            );
            assert!(!outside.contains("<img"), "{line}");
        }
    }
    assert!(!in_fence);
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
}

/// The line without its code spans, by CommonMark's rule: a run of backticks is closed by the next one of the same length.
fn without_spans(line: &str) -> String {
    let runs: Vec<(usize, usize)> = {
        let mut runs = Vec::new();
        let bytes = line.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            let start = i;
            while i < bytes.len() && bytes[i] == b'`' {
                i += 1;
            }
            if i > start {
                // An escaped backtick opens nothing.
                let escaped = start > 0 && bytes[start - 1] == b'\\';
                if !escaped {
                    runs.push((start, i - start));
                }
            }
            i += 1;
        }
        runs
    };
    let mut out = String::new();
    let mut at = 0;
    let mut i = 0;
    while i < runs.len() {
        let (start, length) = runs[i];
        let close = runs[i + 1..].iter().position(|(_, l)| *l == length);
        if let Some(close) = close {
            let (end, _) = runs[i + 1 + close];
            out.push_str(&line[at..start]);
            at = end + length;
            i += close + 2;
        } else {
            i += 1;
        }
    }
    out.push_str(&line[at..]);
    out
}

#[test]
fn the_worst_stay_when_there_is_no_room_for_all() {
    let report = many(2000);
    let text = comment(&report, &options());
    assert!(text.len() <= 65_536, "{}", text.len());
    let left_out: usize = text
        .split_once(" more** findings are not in this comment")
        .and_then(|(before, _)| before.rsplit_once("**"))
        .map(|(_, n)| n.parse().unwrap())
        .unwrap();
    let listed = |severity: &str| text.matches(&format!("modified, {severity}\n")).count();
    let critical = listed("**critical**");
    let all = critical + listed("important") + listed("informational");
    assert_eq!(all + left_out, 2000);
    assert!(critical > 0);
    if critical < 667 {
        assert_eq!(listed("important") + listed("informational"), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_comment_is_never_longer_than_it_may_be(n in 0usize..60, limit in 0usize..20_000) {
        let options = RenderOptions { markdown_characters: limit, ..options() };
        prop_assert!(comment(&many(n), &options).len() <= limit);
    }
}
