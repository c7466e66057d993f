//! A drift report for people.

use std::collections::{BTreeMap, HashSet};

use anstyle::Style as Ansi;

use super::page::{Page, count};
use super::style::paint;
use super::{TextOptions, check, finding, next, not_looked_at, problem, rules, safe, score};
use crate::address::{InstanceAddress, ModulePath};
use crate::drift::{DriftReport, Finding, Group, Member, SurveyedProvider, Verdict};

/// Findings by target and module, then what is hidden, which rules hide nothing, what was not looked at, who answered, what went wrong, the
/// verdict with the compliance score, and what to do next.
pub fn drift(report: &DriftReport, options: &TextOptions) -> String {
    let mut page = Page::new(options);
    let was_cut = findings(&mut page, report);
    related(&mut page, report);
    hidden(&mut page, report);
    rules::section(&mut page, report);
    not_looked_at::section(&mut page, report);
    providers(&mut page, &report.providers);
    problem::section(&mut page, &report.problems);
    page.gap();
    let style = *page.style();
    let sentence = check::check(report);
    let colour = match report.verdict() {
        Verdict::InSync => style.good,
        Verdict::Drift | Verdict::Incomplete => style.important,
    };
    page.prose(0, 0, colour, &sentence);
    score::section(&mut page, report);
    next::section(&mut page, report, was_cut);
    page.finish()
}

/// True when a value had to be cut.
fn findings(page: &mut Page<'_>, report: &DriftReport) -> bool {
    let mut by_target: BTreeMap<&str, BTreeMap<&ModulePath, Vec<&Finding>>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|f| f.hidden.is_none()) {
        by_target
            .entry(&finding.target)
            .or_default()
            .entry(&finding.address.resource.module)
            .or_default()
            .push(finding);
    }
    let mut was_cut = false;
    for (target, modules) in by_target {
        page.heading(0, &safe::one_line(target));
        let several = modules.len() > 1;
        for (module, findings) in modules {
            if several && !module.is_root() {
                page.gap();
                let title = safe::one_line(&module.to_string());
                page.line(2, paint(page.style().quiet, title));
            }
            for (i, finding) in findings.into_iter().enumerate() {
                if i > 0 {
                    page.gap();
                }
                was_cut |= finding::write(page, 2, finding);
            }
        }
    }
    was_cut
}

/// Visible findings with one cause, a line for each. What one object changes together is seen at the object.
fn related(page: &mut Page<'_>, report: &DriftReport) {
    let visible: HashSet<(&str, &InstanceAddress, &Option<String>)> = report
        .findings
        .iter()
        .filter(|f| f.hidden.is_none())
        .map(|f| (f.target.as_str(), &f.address, &f.deposed))
        .collect();
    let shown = |m: &&Member| visible.contains(&(m.target.as_str(), &m.address, &m.deposed));
    let groups: Vec<(usize, &Group)> = report
        .groups
        .iter()
        .map(|group| (group.members.iter().filter(shown).count(), group))
        .filter(|(members, _)| *members > 1)
        .collect();
    if groups.is_empty() {
        return;
    }
    page.heading(0, "Related");
    for (members, group) in groups {
        let text = format!("{members} × {}", group.reason);
        page.prose(2, 4, Ansi::new(), &text);
    }
}

fn hidden(page: &mut Page<'_>, report: &DriftReport) {
    let hidden: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|f| f.hidden.is_some())
        .collect();
    if hidden.is_empty() {
        return;
    }
    page.heading(0, "Hidden");
    let n = count(hidden.len() as u64, "object differs", "objects differ");
    page.line(2, format!("{n} only in ways that are not shown:"));
    let mut by_rule: BTreeMap<(&str, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in hidden {
        if let Some(h) = &finding.hidden {
            by_rule
                .entry((&h.rule, &h.reason))
                .or_default()
                .push(finding);
        }
    }
    for ((rule, reason), findings) in by_rule {
        let text = format!("{} × {rule}: {reason}", findings.len());
        page.prose(4, 2, page.style().hint, &text);
        if page.options.every_address {
            for finding in findings {
                finding::write(page, 8, finding);
            }
        }
    }
}

/// Which program's answers these are: a verdict from the wrong binary is worth nothing.
fn providers(page: &mut Page<'_>, providers: &[SurveyedProvider]) {
    if providers.is_empty() {
        return;
    }
    page.heading(0, "Answered by");
    let rows: Vec<Vec<String>> = providers
        .iter()
        .map(|p| {
            let from = match (p.origin, &p.path) {
                ("native", _) => "read by driftmgr itself".to_owned(),
                ("reattached", _) => "a provider that was already running".to_owned(),
                (_, Some(path)) => path.display().to_string(),
                (origin, None) => origin.to_owned(),
            };
            vec![
                safe::one_line(&p.address.to_string()),
                safe::one_line(p.version.as_deref().unwrap_or("")),
                safe::one_line(&from),
            ]
        })
        .collect();
    // Not cut: a path that is cut cannot be checked.
    page.table(2, &rows, false);
}

#[cfg(test)]
mod tests;
