//! Rules of users that do not do what they seem to. Those that do are named where they hide something.

use super::page::{Page, count};
use crate::drift::DriftReport;
use crate::drift::ignore::{RuleOutcome, RuleStatus};

/// How many things one rule names without being asked for all.
const NAMED: usize = 3;

pub(super) fn section(page: &mut Page<'_>, report: &DriftReport) {
    let every = page.options.every_address;
    let lines = report.rules.iter().flat_map(|rule| remarks(rule, every));
    write(page, lines.collect());
}

/// Only the rules that speak of what is shown all the same: about one instance, the others have nothing to say.
pub(super) fn refused(page: &mut Page<'_>, report: &DriftReport) {
    let lines = report
        .rules
        .iter()
        .filter_map(|rule| not_applied(rule, true));
    write(page, lines.collect());
}

fn write(page: &mut Page<'_>, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    page.heading(0, "Rules");
    for line in lines {
        page.prose(2, 2, page.style().hint, &line);
    }
}

fn remarks(rule: &RuleOutcome, every: bool) -> Vec<String> {
    let name = format!("{} ({})", rule.origin, rule.rule);
    let mut remarks = Vec::new();
    match rule.status {
        RuleStatus::Active | RuleStatus::Refused => {}
        RuleStatus::Dead => remarks.push(format!(
            "{name} hides nothing: it fits no difference that was found"
        )),
        RuleStatus::Unseen => remarks.push(format!(
            "{name} hides nothing: it may be for what was not looked at"
        )),
        RuleStatus::Expired => remarks.push(format!(
            "{name} hides nothing any more: it held until {}",
            rule.until.as_deref().unwrap_or("an earlier day")
        )),
    }
    remarks.extend(not_applied(rule, every));
    if !rule.unneeded.is_empty() {
        let n = count(
            rule.unneeded.len() as u64,
            "entry is no longer needed",
            "entries are no longer needed",
        );
        remarks.push(format!("{name}: {n}: {}", list(&rule.unneeded, every)));
    }
    remarks
}

fn not_applied(rule: &RuleOutcome, every: bool) -> Option<String> {
    (!rule.refused.is_empty()).then(|| {
        format!(
            "{} ({}) did not apply to {}: deletions, moves and critical changes are always shown",
            rule.origin,
            rule.rule,
            list(&rule.refused, every)
        )
    })
}

fn list(names: &[String], every: bool) -> String {
    let shown = if every { names.len() } else { NAMED };
    let mut text = names
        .iter()
        .take(shown)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > shown {
        text.push_str(&format!(" and {} more", names.len() - shown));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::TextOptions;
    use super::*;
    use crate::drift::ignore::Origin;

    fn outcome(status: RuleStatus) -> RuleOutcome {
        RuleOutcome {
            rule: "ignore".to_owned(),
            origin: Origin::new("driftmgr.yaml", 7),
            hidden: 0,
            status,
            until: None,
            refused: Vec::new(),
            unneeded: Vec::new(),
        }
    }

    fn text(rules: Vec<RuleOutcome>, every_address: bool) -> String {
        let options = TextOptions {
            every_address,
            width: 200,
            ..TextOptions::plain()
        };
        let mut page = Page::new(&options);
        let report = DriftReport {
            rules,
            ..DriftReport::default()
        };
        section(&mut page, &report);
        page.finish()
    }

    #[test]
    fn a_rule_that_does_its_work_needs_no_remark() {
        assert_eq!(text(vec![outcome(RuleStatus::Active)], false), "");
    }

    #[test]
    fn each_way_to_hide_nothing_is_named() {
        let mut expired = outcome(RuleStatus::Expired);
        expired.until = Some("2026-06-30".to_owned());
        let mut refused = outcome(RuleStatus::Refused);
        refused.refused = ["a.a", "a.b", "a.c", "a.d", "a.e"]
            .map(str::to_owned)
            .to_vec();
        let mut known = outcome(RuleStatus::Active);
        known.unneeded = vec!["a.a size".to_owned()];
        let rules = vec![
            outcome(RuleStatus::Dead),
            outcome(RuleStatus::Unseen),
            expired,
            refused,
            known,
        ];
        let lines = [
            "Rules",
            "  driftmgr.yaml:7 (ignore) hides nothing: it fits no difference that was found",
            "  driftmgr.yaml:7 (ignore) hides nothing: it may be for what was not looked at",
            "  driftmgr.yaml:7 (ignore) hides nothing any more: it held until 2026-06-30",
            "  driftmgr.yaml:7 (ignore) did not apply to a.a, a.b, a.c and 2 more: deletions, moves and critical changes are always shown",
            "  driftmgr.yaml:7 (ignore): 1 entry is no longer needed: a.a size",
        ];
        assert_eq!(text(rules.clone(), false), lines.join("\n") + "\n");
        assert!(text(rules, true).contains("a.c, a.d, a.e:"));
    }
}
