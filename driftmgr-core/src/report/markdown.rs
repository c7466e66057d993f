//! Markdown for a comment on a pull request: what matters first, folded by target, and never longer than a comment may be.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::row;
use crate::drift::{DriftReport, Finding, Kind, NotLookedAtKind, Verdict};

/// By this a later run finds its comment again, and replaces it.
pub const MARKER: &str = "<!-- driftmgr:drift-report -->";

/// GitHub takes comments of at most 65,536 characters; some room is left for what a caller puts around.
const LIMIT: usize = 64_000;

/// The report, hidden findings counted.
pub(super) fn drift(report: &DriftReport) -> String {
    let mut page = format!("{MARKER}\n## {}\n\n", title(report));
    let s = &report.summary;
    page.push_str("| checked | as they should be | drifted | deleted | not looked at | hidden |\n|---|---|---|---|---|---|\n");
    let _ = writeln!(
        page,
        "| {} | {} | {} | {} | {} | {} |",
        s.checked, s.same, s.drifted, s.deleted, s.unverifiable, s.hidden
    );
    let tail = tail(report);
    let mut by_target: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in row::by_severity(&report.findings) {
        by_target.entry(&finding.target).or_default().push(finding);
    }
    // The targets with the most severe findings come first.
    let mut targets: Vec<(&str, Vec<&Finding>)> = by_target.into_iter().collect();
    targets
        .sort_by_key(|(_, findings)| std::cmp::Reverse(findings.iter().map(|f| f.severity).max()));
    let mut left_out = 0_u64;
    for (target, findings) in targets {
        let open = if left_out == 0 { " open" } else { "" };
        let mut section = format!(
            "\n<details{open}><summary>{}: {}</summary>\n\n",
            html(target),
            count(findings.len() as u64, "finding")
        );
        for finding in findings {
            let text = one(finding);
            if page.len() + section.len() + text.len() + tail.len() + 200 > LIMIT {
                left_out += 1;
            } else {
                section.push_str(&text);
            }
        }
        section.push_str("\n</details>\n");
        if page.len() + section.len() + tail.len() + 100 <= LIMIT {
            page.push_str(&section);
        }
    }
    if left_out > 0 {
        let _ = writeln!(
            page,
            "\n**{} left out here, since a comment has only so much room.** The report itself has them.",
            count(left_out, "finding")
        );
    }
    page.push_str(&tail);
    page
}

fn title(report: &DriftReport) -> String {
    let s = &report.summary;
    match report.verdict() {
        Verdict::InSync => format!("No drift: {} checked", count(s.checked, "object")),
        Verdict::Drift => format!(
            "Drift: {} of {} differ",
            s.drifted + s.deleted,
            count(s.checked, "object")
        ),
        Verdict::Incomplete => "No drift found, but not everything could be looked at".to_owned(),
    }
}

fn one(finding: &Finding) -> String {
    let mut text = format!(
        "- **{}** {} {}",
        row::severity(finding.severity),
        match finding.kind {
            Kind::Missing => "deleted",
            Kind::Modified => "changed",
            Kind::Moved => "moved",
        },
        code(&row::address(finding))
    );
    if let Some(at) = &finding.declared {
        let _ = write!(
            text,
            " ({}:{})",
            escape(&at.file.display().to_string()),
            at.line
        );
    }
    text.push('\n');
    for change in row::visible(finding) {
        let side =
            |side: Option<String>| side.map_or_else(|| "nothing".to_owned(), |t| code(&cut(&t)));
        let _ = writeln!(
            text,
            "  - {}: {} → {}",
            code(&change.path),
            side(change.before),
            side(change.after)
        );
    }
    for reason in &finding.reasons {
        let _ = writeln!(text, "  - {}", escape(reason));
    }
    text
}

/// What was not seen or not shown.
fn tail(report: &DriftReport) -> String {
    const LINES: usize = 20;
    let mut text = String::new();
    let open: Vec<_> = report
        .not_looked_at
        .iter()
        .filter(|n| n.kind == NotLookedAtKind::Unverifiable)
        .collect();
    if !open.is_empty() {
        let _ = writeln!(
            text,
            "\n<details><summary>{} could not be looked at</summary>\n",
            count(open.len() as u64, "object")
        );
        for left_out in open.iter().take(LINES) {
            let _ = writeln!(
                text,
                "- {}: {}",
                code(&left_out.address.to_string()),
                escape(&cut(&left_out.reason))
            );
        }
        if open.len() > LINES {
            let _ = writeln!(text, "- and {} more", open.len() - LINES);
        }
        text.push_str("\n</details>\n");
    }
    for problem in report.problems.iter().take(LINES) {
        let _ = writeln!(text, "\n> **Problem:** {}", escape(&cut(problem.message())));
    }
    if report.summary.hidden > 0 {
        let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
        for hidden in report.findings.iter().filter_map(|f| f.hidden.as_ref()) {
            *rules.entry(&hidden.rule).or_default() += 1;
        }
        let rules: Vec<String> = rules
            .iter()
            .take(LINES)
            .map(|(rule, n)| format!("{n} by {}", escape(rule)))
            .collect();
        let _ = writeln!(
            text,
            "\n{} with nothing but hidden differences ({}).",
            count(report.summary.hidden, "object"),
            rules.join(", ")
        );
    }
    text
}

fn count(n: u64, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// Values can be documents; a comment needs their beginning.
fn cut(text: &str) -> String {
    const WIDTH: usize = 200;
    match text.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A code span around text that can hold backquotes.
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    if longest == 0 {
        format!("{fence}{text}{fence}")
    } else {
        format!("{fence} {text} {fence}")
    }
}

/// Text that means nothing to Markdown, and mentions nobody.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("@\u{200b}"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Text inside of HTML, which mentions nobody either.
fn html(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("@\u{200b}"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
        out
    })
}
