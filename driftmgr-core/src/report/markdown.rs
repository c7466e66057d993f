//! A comment on a pull request, in the markdown of GitHub and GitLab. A hidden marker in the first line lets the next run find its own
//! comment; findings are folded by target and module, and when a comment cannot hold all of them the least severe ones go first, and it
//! says so.

mod escape;

use std::collections::{BTreeMap, BTreeSet};

use similar::{ChangeTag, TextDiff};

use self::escape::{code, fence, html_text, prose};
use super::places;
use super::render::RenderOptions;
use super::shown::{self, Change, cut};
use super::text::{self, one_line};
use crate::address::ModulePath;
use crate::drift::{
    AttributeChange, DriftReport, Finding, Kind, NotLookedAt, NotLookedAtKind, Severity,
};

/// Characters of one value.
const VALUE: usize = 200;
/// Changes of one finding, and lines of one document.
const CHANGES: usize = 20;
const LINES: usize = 30;
/// Reasons and problems of one list.
const LISTED: usize = 10;
/// Characters that the note about what is left out may take, and a group's frame.
const RESERVED: usize = 400;

type Group<'a> = (&'a str, &'a ModulePath);

pub(super) fn comment(report: &DriftReport, options: &RenderOptions) -> String {
    let marker = options
        .comment
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    let marker: String = marker.collect();
    let head = format!(
        "<!-- driftmgr:{marker} -->\n## Drift\n\n{}\n\n",
        prose(&text::check(report))
    );
    let mut tail = String::new();
    hidden(&mut tail, report, options);
    not_looked_at(&mut tail, report);
    problems(&mut tail, report);
    tail.push_str(&format!(
        "<sub>driftmgr {}</sub>\n",
        env!("CARGO_PKG_VERSION")
    ));
    let room = options
        .markdown_characters
        .saturating_sub(length(&head) + length(&tail) + RESERVED);
    let (body, left_out) = findings(report, options, room);
    let note = match left_out {
        0 => String::new(),
        n => format!(
            "**{n} more** {} not in this comment, the least severe ones: it may have {} characters.\n\n",
            if n == 1 { "finding is" } else { "findings are" },
            options.markdown_characters
        ),
    };
    fit(
        format!("{head}{body}{note}{tail}"),
        options.markdown_characters,
    )
}

/// As code hosts count: never less than they do.
fn length(text: &str) -> usize {
    text.len()
}

/// The last resort for limits that not even the frame fits in.
fn fit(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        let mut end = limit;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

/// The findings that fit, in the order of the report, and how many do not.
fn findings(report: &DriftReport, options: &RenderOptions, room: usize) -> (String, usize) {
    let mut room = room;
    let mut kept: BTreeMap<Group<'_>, Vec<(&Finding, String)>> = BTreeMap::new();
    let mut left_out = 0;
    for finding in shown::worst_first(report, options.hidden) {
        let group = (finding.target.as_str(), &finding.address.resource.module);
        // Both lines of a group's frame, and what its summary counts.
        let frame = if kept.contains_key(&group) {
            0
        } else {
            length(&opening(group, &[finding], true)) + 40
        };
        let chunk = [full(finding, options), short(finding)]
            .into_iter()
            .find(|chunk| length(chunk) + frame <= room);
        // What is less severe does not take the place of what is more so.
        let Some(chunk) = chunk.filter(|_| left_out == 0) else {
            left_out += 1;
            continue;
        };
        room -= length(&chunk) + frame;
        kept.entry(group).or_default().push((finding, chunk));
    }
    let mut out = String::new();
    let alone = kept.len() == 1;
    for (group, mut chunks) in kept {
        chunks.sort_by(|(a, _), (b, _)| (&a.address, &a.deposed).cmp(&(&b.address, &b.deposed)));
        let members: Vec<&Finding> = chunks.iter().map(|(finding, _)| *finding).collect();
        out.push_str(&opening(group, &members, alone));
        for (_, chunk) in &chunks {
            out.push_str(chunk);
        }
        out.push_str("\n</details>\n\n");
    }
    (out, left_out)
}

fn opening((target, module): Group<'_>, members: &[&Finding], alone: bool) -> String {
    let critical = members
        .iter()
        .filter(|f| f.severity == Severity::Critical)
        .count();
    let open = if alone || critical > 0 { " open" } else { "" };
    let mut title = format!("<code>{}</code>", html_text(&one_line(target)));
    if !module.is_root() {
        let module = html_text(&one_line(&module.to_string()));
        title.push_str(&format!(" <code>{module}</code>"));
    }
    let mut count = format!("{} differing", members.len());
    if critical > 0 {
        count.push_str(&format!(", <b>{critical} critical</b>"));
    }
    format!("<details{open}><summary>{title}: {count}</summary>\n\n")
}

fn short(finding: &Finding) -> String {
    let severity = text::severity_word(finding.severity);
    let severity = match finding.severity {
        Severity::Critical => format!("**{severity}**"),
        _ => severity.to_owned(),
    };
    format!(
        "- {} {}, {severity}\n",
        code(&shown::address(finding)),
        text::kind_word(finding.kind)
    )
}

fn full(finding: &Finding, options: &RenderOptions) -> String {
    let mut out = short(finding);
    let mut item = |text: String| {
        out.push_str("  - ");
        out.push_str(&text);
        out.push('\n');
    };
    if let Some(previous) = &finding.previous_address {
        item(format!(
            "in the state as {}",
            code(&one_line(&previous.to_string()))
        ));
    }
    if finding.kind == Kind::Missing {
        item(prose(&cut(&text::identity(finding), VALUE)));
    }
    let visible: Vec<&AttributeChange> = shown::changes(finding, options.hidden).collect();
    for change in visible.iter().take(CHANGES) {
        item(change_item(finding, change));
    }
    if visible.len() > CHANGES {
        item(format!("and {} more changes", visible.len() - CHANGES));
    }
    if let Some(note) = text::hidden_note(finding).filter(|_| !options.hidden) {
        item(prose(&cut(&note, VALUE)));
    }
    let mut said = BTreeSet::new();
    for reason in finding.reasons.iter().take(LISTED) {
        if said.insert(reason) {
            item(prose(&cut(&one_line(reason), 2 * VALUE)));
        }
    }
    let mut effect = prose(&cut(&text::effect(finding), 2 * VALUE));
    if finding.declared.is_some() {
        let place = places::of_finding(finding, options);
        let at = format!("{}:{}", place.file, place.line.unwrap_or(1));
        effect.push_str(&format!("; declared in {}", code(&one_line(&at))));
    }
    item(effect);
    out
}

fn change_item(finding: &Finding, change: &AttributeChange) -> String {
    let shown = Change::of(finding, change);
    let mut notes = String::new();
    if shown.replaces {
        notes.push_str(" (forces replacement)");
    }
    if change.severity == Severity::Critical {
        notes.push_str(" **critical**");
    }
    let path = code(&cut(&shown.path, VALUE));
    if let Some((before, after)) = &shown.documents {
        return format!("{path}{notes}\n{}", document(before, after));
    }
    let [before, after] = shown.sides();
    if before == after {
        return format!("{path}: {} differs{notes}", code(before));
    }
    format!(
        "{path}: {} → {}{notes}",
        code(&cut(before, VALUE)),
        code(&cut(after, VALUE))
    )
}

/// A fenced block of the lines that differ, as part of the list above it.
fn document(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(2) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let line = one_line(change.value().trim_end_matches(['\n', '\r']));
            lines.push(format!("{sign} {}", cut(&line, VALUE)));
        }
    }
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    if more > 0 {
        lines.push(format!("  … {more} more lines"));
    }
    let fence = fence(&lines);
    let mut out = format!("    {fence}diff\n");
    for line in lines {
        out.push_str(&format!("    {line}\n"));
    }
    out.push_str("    ");
    out.push_str(&fence);
    out
}

fn hidden(out: &mut String, report: &DriftReport, options: &RenderOptions) {
    if options.hidden || report.summary.hidden == 0 {
        return;
    }
    let mut by_rule: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for hidden in report.findings.iter().filter_map(|f| f.hidden.as_ref()) {
        *by_rule.entry((&hidden.rule, &hidden.reason)).or_default() += 1;
    }
    let lines = by_rule.into_iter().map(|((rule, reason), n)| {
        format!("- {n} × {}: {}", prose(rule), prose(&cut(reason, VALUE)))
    });
    folded(
        out,
        &format!(
            "{} only in ways that are not shown",
            shown::differ(report.summary.hidden)
        ),
        lines,
    );
}

fn not_looked_at(out: &mut String, report: &DriftReport) {
    for (kind, title) in [
        (NotLookedAtKind::Unverifiable, "could not be looked at"),
        (NotLookedAtKind::Skipped, "skipped"),
    ] {
        let mut by_reason: BTreeMap<&str, Vec<&NotLookedAt>> = BTreeMap::new();
        for item in report.not_looked_at.iter().filter(|n| n.kind == kind) {
            by_reason.entry(&item.reason).or_default().push(item);
        }
        let all: usize = by_reason.values().map(Vec::len).sum();
        let mut groups: Vec<_> = by_reason.into_iter().collect();
        groups.sort_by_key(|(_, items)| std::cmp::Reverse(items.len()));
        let lines = groups.into_iter().map(|(reason, items)| {
            let first = items.first().map(|item| {
                let address = text::address(&item.address, item.deposed.as_deref());
                code(&cut(&address, VALUE))
            });
            let first = first.unwrap_or_default();
            let such = if items.len() > 1 { "such as " } else { "" };
            format!(
                "- {} × {} ({such}{first})",
                items.len(),
                prose(&cut(reason, VALUE))
            )
        });
        let noun = if all == 1 { "object" } else { "objects" };
        folded(out, &format!("{all} {noun} {title}"), lines);
    }
}

fn problems(out: &mut String, report: &DriftReport) {
    let n = report.problems.len();
    let lines = report.problems.iter().map(|problem| {
        let mut line = format!("- {}", prose(&cut(&problem.to_string(), 2 * VALUE)));
        for hint in problem.hints().iter().take(3) {
            line.push_str(&format!("\n  - {}", prose(&cut(&one_line(hint), VALUE))));
        }
        line
    });
    let noun = if n == 1 { "problem" } else { "problems" };
    folded(out, &format!("{n} {noun}"), lines);
}

/// A folded list; nothing for an empty one.
fn folded(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    out.push_str(&format!("<details><summary>{title}</summary>\n\n"));
    for line in lines.iter().take(LISTED) {
        out.push_str(line);
        out.push('\n');
    }
    if lines.len() > LISTED {
        out.push_str(&format!("- and {} more\n", lines.len() - LISTED));
    }
    out.push_str("\n</details>\n\n");
}

#[cfg(test)]
mod tests;
