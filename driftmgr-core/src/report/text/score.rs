//! The compliance score in a few lines.

use anstyle::Style as Ansi;

use super::finding;
use super::page::{Page, count};
use crate::drift::{Deduction, DriftReport};

/// Deductions that are named without being asked for all.
const NAMED: usize = 3;

/// The score, what takes most of it, and why no more can be claimed. Nothing where it is full, or nothing was there to look at.
pub(super) fn section(page: &mut Page<'_>, report: &DriftReport) {
    let score = report.score();
    if score.objects == 0 || score.value == 100 {
        return;
    }
    page.line(0, format!("Compliance score: {} of 100", score.value));
    let named = match page.options.every_address {
        true => score.deductions.len(),
        false => NAMED,
    };
    // The most severe come first, and take most.
    for deduction in score.deductions.iter().take(named) {
        page.prose(2, 4, Ansi::new(), &line(deduction));
    }
    let rest = score.deductions.get(named..).unwrap_or_default();
    let points: u64 = rest.iter().map(|d| d.points).sum();
    let more = (rest.len() as u64).saturating_add(score.uncounted);
    if more > 0 {
        let findings = count(more, "more finding", "more findings");
        page.line(
            2,
            match points {
                0 => format!("{findings} take nothing more"),
                _ => format!("-{points} for {findings}"),
            },
        );
    }
    for limit in &score.limits {
        let text = format!("at most {}: {limit}", score.at_most);
        page.prose(2, 2, Ansi::new(), &text);
    }
}

fn line(deduction: &Deduction) -> String {
    let address = finding::address(&deduction.address, deduction.deposed.as_deref());
    format!("-{} {address}: {}", deduction.points, deduction.reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::Summary;
    use crate::report::testing::{full, many};
    use crate::report::text::TextOptions;

    fn written(report: &DriftReport) -> String {
        let options = TextOptions::plain();
        let mut page = Page::new(&options);
        section(&mut page, report);
        page.finish()
    }

    #[test]
    fn the_biggest_deductions_are_named_and_the_others_counted() {
        insta::assert_snapshot!(written(&many(12)), @r"
Compliance score: 16 of 100
  -20 module.m1.aws_instance.web[8]: it differs from the state
  -20 module.m2.aws_instance.web[2]: it differs from the state
  -20 module.m4.aws_instance.web[11]: it differs from the state
  -24 for 9 more findings
");
    }

    #[test]
    fn what_is_open_limits_it() {
        insta::assert_snapshot!(written(&full()), @r#"
Compliance score: 62 of 100
  -20 aws_security_group.web: the group lets the whole internet in
  -5 module.db["eu"].aws_db_instance.main: it differs from the state
  -5 aws_instance.web[0] (deposed object deadbeef): the object no longer exists
  at most 62: 6 of 16 objects could not be looked at
  at most 62: 1 problem is open
"#);
    }

    #[test]
    fn in_sync_there_is_nothing_to_add() {
        let summary = Summary {
            checked: 2,
            same: 2,
            ..Summary::default()
        };
        let report = DriftReport {
            summary,
            ..DriftReport::default()
        };
        assert_eq!(written(&report), "");
        assert_eq!(written(&DriftReport::default()), "");
    }
}
