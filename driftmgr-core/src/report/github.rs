//! Annotations: workflow commands that GitHub Actions reads from a step's output. It shows ten errors, ten warnings and ten notices of a
//! step and drops the rest, so the worst come first and the last one of a level says how many there are.
//! Source: GitHub, "Workflow commands for GitHub Actions", and actions/toolkit for the escapes.

use super::render::RenderOptions;
use super::text::one_line;
use super::{places, shown, text};
use crate::drift::{DriftReport, Finding, NotLookedAtKind, Severity};

/// As many of each level as GitHub shows of one step.
const SHOWN: usize = 10;

pub(super) fn annotations(report: &DriftReport, options: &RenderOptions) -> String {
    let mut errors: Vec<Annotation> = Vec::new();
    let mut warnings = Vec::new();
    let mut notices = Vec::new();
    for finding in shown::worst_first(report, options.hidden) {
        let annotation = of_finding(finding, options);
        match finding.severity {
            Severity::Critical => errors.push(annotation),
            Severity::Important => warnings.push(annotation),
            Severity::Informational => notices.push(annotation),
        }
    }
    for problem in &report.problems {
        errors.push(Annotation {
            file: problem.context_value("file").map(str::to_owned),
            line: problem
                .context_value("line")
                .and_then(|line| line.parse().ok()),
            title: "driftmgr met a problem".to_owned(),
            message: one_line(&problem.to_string()),
        });
    }
    if report.summary.unverifiable > 0 {
        let reason = report
            .not_looked_at
            .iter()
            .find(|n| n.kind == NotLookedAtKind::Unverifiable)
            .map(|n| format!(", the first because: {}", one_line(&n.reason)));
        warnings.push(Annotation {
            file: None,
            line: None,
            title: "not looked at".to_owned(),
            message: format!(
                "{} objects could not be looked at{}",
                report.summary.unverifiable,
                reason.unwrap_or_default()
            ),
        });
    }
    let mut out = String::new();
    for (level, mut annotations) in [
        ("error", errors),
        ("warning", warnings),
        ("notice", notices),
    ] {
        if annotations.len() > SHOWN {
            let more = annotations.split_off(SHOWN - 1).len();
            annotations.push(Annotation {
                file: None,
                line: None,
                title: format!("{more} more"),
                message: format!("{more} more of this level are in the whole report"),
            });
        }
        for annotation in &annotations {
            out.push_str(&annotation.command(level));
        }
    }
    let sentence = text::check(report);
    if out.is_empty() {
        // A line that starts with a word is no command.
        return sentence + "\n";
    }
    out + &sentence + "\n"
}

fn of_finding(finding: &Finding, options: &RenderOptions) -> Annotation {
    let place = places::of_finding(finding, options);
    let kind = text::kind_word(finding.kind);
    Annotation {
        line: place.line,
        file: Some(place.file),
        title: format!("{} {kind}", shown::address(finding)),
        message: format!(
            "{}; {}",
            shown::headline(finding, options.hidden, 200),
            text::effect(finding)
        ),
    }
}

struct Annotation {
    file: Option<String>,
    line: Option<usize>,
    title: String,
    message: String,
}

impl Annotation {
    fn command(&self, level: &str) -> String {
        let mut properties = Vec::new();
        if let Some(file) = &self.file {
            properties.push(format!("file={}", property(&one_line(file))));
        }
        if let Some(line) = self.line {
            properties.push(format!("line={line}"));
        }
        properties.push(format!("title={}", property(&self.title)));
        format!(
            "::{level} {}::{}\n",
            properties.join(","),
            data(&self.message)
        )
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::report::testing::{SECRET, full, hostile, many};

    fn written(report: &DriftReport) -> String {
        annotations(report, &RenderOptions::new(SystemTime::UNIX_EPOCH))
    }

    #[test]
    fn findings_are_annotations_where_they_are_declared() {
        let text = written(&full());
        assert!(!text.contains(SECRET));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn no_text_makes_a_command_of_its_own() {
        let report = hostile();
        let text = written(&report);
        let commands = text.lines().filter(|l| l.starts_with("::")).count();
        assert_eq!(commands, 3 + 1 + 1);
        assert_eq!(text.lines().count(), commands + 1);
        for line in text.lines().filter(|l| l.starts_with("::")) {
            let (properties, _) = line[2..].split_once("::").unwrap();
            assert!(properties.matches(',').count() <= 2, "{line}");
        }
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let text = written(&many(100));
        for (level, more) in [("error", 24), ("warning", 24), ("notice", 25)] {
            let of_level: Vec<&str> = text
                .lines()
                .filter(|l| l.starts_with(&format!("::{level} ")))
                .collect();
            assert_eq!(of_level.len(), SHOWN, "{level}");
            assert!(
                of_level[SHOWN - 1].contains(&format!("{more} more")),
                "{level}"
            );
        }
    }
}
