//! Everything about one instance, in the order in which one asks: what it is, what the state says, who was asked, what is real.

use super::finding;
use super::page::Page;
use super::section::{self, Section};
use super::style::paint;
use super::{TextOptions, next, problem, rules, safe};
use crate::address::InstanceAddress;
use crate::drift::{DriftReport, Finding, NotLookedAtKind};

/// The facts known beforehand, then the verdict of a report that was made for this instance. Values are shown in full, and what a
/// rule hides with the rule.
pub fn explain(
    address: &InstanceAddress,
    facts: &[Section],
    report: &DriftReport,
    options: &TextOptions,
) -> String {
    // Who asks about one instance is told all of it, whatever a rule hides.
    let options = TextOptions {
        wide: true,
        every_address: true,
        ..options.clone()
    };
    let mut page = Page::new(&options);
    let style = *page.style();
    page.line(
        0,
        paint(style.heading, safe::one_line(&address.to_string())),
    );
    section::write(&mut page, facts);
    page.heading(0, "Verdict");
    let mut said = false;
    let concerns = |f: &&Finding| f.address == *address || f.state_address() == address;
    for finding in report.findings.iter().filter(concerns) {
        finding::write(&mut page, 2, finding);
        said = true;
    }
    for open in report
        .not_looked_at
        .iter()
        .filter(|n| n.address == *address)
    {
        let word = match open.kind {
            NotLookedAtKind::Unverifiable => "could not be looked at",
            NotLookedAtKind::Skipped => "not looked at",
        };
        let name = finding::address(&open.address, open.deposed.as_deref());
        page.line(2, format!("? {name}  {}", paint(style.important, word)));
        page.prose(6, 0, style.quiet, &open.reason);
        said = true;
    }
    if !said && report.summary.checked > 0 {
        page.line(
            2,
            format!(
                "= {}  {}",
                safe::one_line(&address.to_string()),
                paint(style.good, "as the state says")
            ),
        );
    }
    rules::refused(&mut page, report);
    problem::section(&mut page, &report.problems);
    next::of_instance(&mut page, report);
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::{NotLookedAt, Summary};

    fn facts() -> Vec<Section> {
        let mut state = Section::new("State");
        state
            .row("file", "infra/terraform.tfstate")
            .row("serial", "7");
        vec![state]
    }

    fn address() -> InstanceAddress {
        "module.a[\"x\"].aws_vpc.main".parse().unwrap()
    }

    #[test]
    fn an_instance_in_sync() {
        let report = DriftReport {
            summary: Summary {
                checked: 1,
                same: 1,
                ..Summary::default()
            },
            ..DriftReport::default()
        };
        insta::assert_snapshot!(explain(&address(), &facts(), &report, &TextOptions::plain()), @r#"
module.a["x"].aws_vpc.main

State
  file    infra/terraform.tfstate
  serial  7

Verdict
  = module.a["x"].aws_vpc.main  as the state says
"#);
    }

    #[test]
    fn what_rules_hide_is_shown_with_the_rule() {
        use crate::drift::{Hidden, Kind};
        use crate::report::testing::{attribute, change, finding};
        let rule = |reason: &str| {
            Some(Hidden {
                rule: "ignore".into(),
                reason: reason.into(),
            })
        };
        let mut size = change(attribute("size"), Some("1".into()), Some("2".into()));
        size.hidden = rule("the autoscaler sets it (driftmgr.yaml:7)");
        let name = change(attribute("name"), Some("a".into()), Some("b".into()));
        let mut part = finding("infra", &address().to_string(), Kind::Modified);
        part.changes = vec![size.clone(), name];
        let mut whole = part.clone();
        whole.changes = vec![size.clone()];
        whole.hidden = size.hidden;
        let report = |finding| DriftReport {
            findings: vec![finding],
            rules: crate::report::testing::full().rules,
            ..DriftReport::default()
        };
        let text = |finding| explain(&address(), &[], &report(finding), &TextOptions::plain());
        insta::assert_snapshot!(text(part), @r#"
module.a["x"].aws_vpc.main

Verdict
  ~ module.a["x"].aws_vpc.main  modified, important
      size: "1" → "2"  (hidden by rule ignore: the autoscaler sets it (driftmgr.yaml:7))
      name: "a" → "b"
      apply would update it in place

Rules
  driftmgr.yaml:7 (ignore) did not apply to aws_instance.web[0]: deletions, moves and critical
    changes are always shown

Next
  undo the drift  terraform apply (in the root module of infra)
  keep the drift  write it into the configuration, then terraform apply -refresh-only (in the root
                  module of infra)
"#);
        let whole = text(whole);
        assert!(whole.contains(r#"size: "1" → "2""#), "{whole}");
        let rule = "hidden by rule ignore: the autoscaler sets it (driftmgr.yaml:7)";
        assert_eq!(whole.matches(rule).count(), 1, "{whole}");
    }

    #[test]
    fn an_instance_that_nobody_could_ask_about() {
        let report = DriftReport {
            summary: Summary {
                unverifiable: 1,
                ..Summary::default()
            },
            not_looked_at: vec![NotLookedAt {
                target: "infra".into(),
                address: address(),
                deposed: None,
                kind: NotLookedAtKind::Unverifiable,
                reason: "access denied: ec2:DescribeVpcs".into(),
            }],
            ..DriftReport::default()
        };
        insta::assert_snapshot!(explain(&address(), &facts(), &report, &TextOptions::plain()), @r#"
module.a["x"].aws_vpc.main

State
  file    infra/terraform.tfstate
  serial  7

Verdict
  ? module.a["x"].aws_vpc.main  could not be looked at
      access denied: ec2:DescribeVpcs
"#);
    }
}
