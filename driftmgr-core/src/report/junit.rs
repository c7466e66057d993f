//! JUnit XML, as test dashboards read it: a suite for each target, a case for each instance that the report names. Drift is a failure, what
//! could not be looked at is an error, what was left out is skipped. The report counts objects without a difference and does not name them:
//! they are one case that passes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::render::RenderOptions;
use super::text::{self, one_line};
use super::{places, shown};
use crate::drift::{DriftReport, Finding, NotLookedAt, NotLookedAtKind};
use crate::error::{Error, Result};

/// The suite of what belongs to no target.
const OWN: &str = "driftmgr";

pub(super) fn suites(report: &DriftReport, options: &RenderOptions) -> Result<String> {
    let mut suites: BTreeMap<&str, Vec<Case>> = BTreeMap::new();
    for finding in shown::findings(report, options.hidden) {
        let case = of_finding(finding, options);
        suites.entry(&finding.target).or_default().push(case);
    }
    for item in &report.not_looked_at {
        suites
            .entry(&item.target)
            .or_default()
            .push(of_left_out(item));
    }
    for problem in &report.problems {
        let target = problem.context_value("target").unwrap_or(OWN);
        suites.entry(target).or_default().push(of_problem(problem));
    }
    let same = report.summary.same;
    if same > 0 {
        suites.entry(OWN).or_default().push(Case {
            name: format!("{same} without a difference"),
            place: None,
            outcome: None,
        });
    }
    let hidden = report.summary.hidden;
    if hidden > 0 && !options.hidden {
        suites.entry(OWN).or_default().push(Case {
            name: format!("{hidden} that differ only in ways that are not shown"),
            place: None,
            outcome: None,
        });
    }
    let time = options.second()?;
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    attribute(&mut out, "name", "driftmgr");
    counts(&mut out, suites.values().flatten());
    out.push_str(">\n");
    for (target, cases) in &suites {
        suite(&mut out, target, cases, time.trim_end_matches('Z'));
    }
    out.push_str("</testsuites>\n");
    Ok(out)
}

struct Case {
    name: String,
    place: Option<places::Place>,
    /// `None` for one that passes.
    outcome: Option<Outcome>,
}

struct Outcome {
    element: &'static str,
    kind: String,
    message: String,
    body: String,
}

fn of_finding(finding: &Finding, options: &RenderOptions) -> Case {
    let plain = text::TextOptions {
        every_address: options.hidden,
        ..text::TextOptions::plain()
    };
    Case {
        name: shown::address(finding),
        place: Some(places::of_finding(finding, options)),
        outcome: Some(Outcome {
            element: "failure",
            kind: shown::rule_id(finding),
            message: format!(
                "{}, {}",
                text::kind_word(finding.kind),
                text::severity_word(finding.severity)
            ),
            body: text::finding(finding, &plain),
        }),
    }
}

fn of_left_out(item: &NotLookedAt) -> Case {
    let (element, kind) = match item.kind {
        NotLookedAtKind::Unverifiable => ("error", "unverifiable"),
        NotLookedAtKind::Skipped => ("skipped", "skipped"),
    };
    Case {
        name: text::address(&item.address, item.deposed.as_deref()),
        place: None,
        outcome: Some(Outcome {
            element,
            kind: kind.to_owned(),
            message: item.reason.clone(),
            body: String::new(),
        }),
    }
}

fn of_problem(problem: &Error) -> Case {
    Case {
        name: problem.message().to_owned(),
        place: None,
        outcome: Some(Outcome {
            element: "error",
            kind: problem.kind().as_str().to_owned(),
            message: problem.to_string(),
            body: problem.hints().join("\n"),
        }),
    }
}

fn suite(out: &mut String, target: &str, cases: &[Case], time: &str) {
    out.push_str("  <testsuite");
    attribute(out, "name", target);
    counts(out, cases.iter());
    attribute(out, "timestamp", time);
    out.push_str(">\n");
    for case in cases {
        out.push_str("    <testcase");
        attribute(out, "name", &case.name);
        attribute(out, "classname", target);
        if let Some(place) = &case.place {
            attribute(out, "file", &place.file);
            if let Some(line) = place.line {
                attribute(out, "line", &line.to_string());
            }
        }
        let Some(outcome) = &case.outcome else {
            out.push_str("/>\n");
            continue;
        };
        // Writing to a string cannot fail.
        let _ = write!(out, ">\n      <{}", outcome.element);
        // Skipped cases have no type in the schemas of JUnit's readers.
        if outcome.element != "skipped" {
            attribute(out, "type", &outcome.kind);
        }
        attribute(out, "message", &outcome.message);
        if outcome.body.is_empty() {
            out.push_str("/>\n");
        } else {
            let _ = writeln!(out, ">{}</{}>", body(&outcome.body), outcome.element);
        }
        out.push_str("    </testcase>\n");
    }
    out.push_str("  </testsuite>\n");
}

fn counts<'a>(out: &mut String, cases: impl Iterator<Item = &'a Case>) {
    let outcomes: Vec<&str> = cases
        .map(|case| case.outcome.as_ref().map_or("passed", |o| o.element))
        .collect();
    let of = |element| outcomes.iter().filter(|o| **o == element).count();
    for (name, n) in [
        ("tests", outcomes.len()),
        ("failures", of("failure")),
        ("errors", of("error")),
        ("skipped", of("skipped")),
    ] {
        attribute(out, name, &n.to_string());
    }
}

fn attribute(out: &mut String, name: &str, value: &str) {
    let _ = write!(out, " {name}=\"{}\"", escaped(&one_line(value)));
}

fn body(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| escaped(&one_line(line))).collect();
    lines.join("\n")
}

/// Characters that XML 1.0 cannot hold even as references are spelled out; [`one_line`] has done so with control characters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::report::testing::{SECRET, full, hostile};

    fn written(report: &DriftReport) -> String {
        suites(report, &RenderOptions::new(SystemTime::UNIX_EPOCH)).unwrap()
    }

    #[test]
    fn a_whole_report() {
        let text = written(&full());
        assert!(!text.contains(SECRET));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn nothing_but_xml_comes_out() {
        let text = written(&hostile());
        let allowed = |c: char| c == '\n' || (c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}');
        assert!(text.chars().all(allowed));
        // Every `<` opens or closes one of these.
        for tag in text.split('<').skip(1) {
            let name: String = tag
                .trim_start_matches(['/', '?'])
                .chars()
                .take_while(char::is_ascii_lowercase)
                .collect();
            let known = [
                "xml",
                "testsuites",
                "testsuite",
                "testcase",
                "failure",
                "error",
                "skipped",
            ];
            assert!(known.contains(&name.as_str()), "<{tag}");
        }
    }
}
