//! What a report counts, of all its states and of each.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::model::{
    DriftReport, Finding, Kind, NotLookedAt, NotLookedAtKind, Summary, SurveyedTarget,
};

impl Summary {
    /// One object without a difference.
    pub(super) fn count_same(&mut self) {
        self.same += 1;
        self.checked += 1;
    }

    fn count_finding(&mut self, finding: &Finding) {
        self.checked += 1;
        match (&finding.hidden, finding.kind) {
            (Some(_), _) => self.hidden += 1,
            (None, Kind::Missing) => self.deleted += 1,
            (None, Kind::Modified | Kind::Moved) => self.drifted += 1,
        }
    }

    fn count_left_out(&mut self, left_out: &NotLookedAt) {
        match left_out.kind {
            NotLookedAtKind::Unverifiable => self.unverifiable += 1,
            NotLookedAtKind::Skipped => self.skipped += 1,
        }
    }
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.checked += other.checked;
        self.same += other.same;
        self.drifted += other.drifted;
        self.deleted += other.deleted;
        self.unmanaged += other.unmanaged;
        self.unverifiable += other.unverifiable;
        self.skipped += other.skipped;
        self.hidden += other.hidden;
    }
}

/// Counts what stands in the report, beside the objects of each target that were the same.
pub(super) fn count(report: &mut DriftReport, same: &BTreeMap<&str, Summary>) {
    let mut counts = same.clone();
    for finding in &report.findings {
        let of_target = counts.entry(&finding.target).or_default();
        of_target.count_finding(finding);
    }
    for left_out in &report.not_looked_at {
        let of_target = counts.entry(&left_out.target).or_default();
        of_target.count_left_out(left_out);
    }
    report.summary = Summary::default();
    report.targets = counts
        .into_iter()
        .map(|(target, summary)| {
            report.summary += summary;
            SurveyedTarget {
                target: target.to_owned(),
                summary,
            }
        })
        .collect();
}

impl DriftReport {
    /// A report for each of [`DriftReport::targets`], by its name. Providers, rules, and problems that belong to no single target stand in
    /// each; a group stays where all its members are of one target. A target that could not be opened has no report, only its problem in
    /// the whole.
    ///
    /// ```
    /// # use driftmgr_core::drift::DriftReport;
    /// # let report = DriftReport::default();
    /// for (target, part) in report.by_target() {
    ///     println!("{target}: {} of {} drifted", part.summary.drifted, part.summary.checked);
    /// }
    /// ```
    pub fn by_target(&self) -> BTreeMap<String, Self> {
        let mut findings = grouped(&self.findings, |each| Some(&*each.target));
        let mut left_out = grouped(&self.not_looked_at, |each| Some(&*each.target));
        let mut groups = grouped(&self.groups, |each| {
            let (first, others) = each.members.split_first()?;
            let together = others.iter().all(|other| other.target == first.target);
            together.then_some(&*first.target)
        });
        let mut problems = grouped(&self.problems, |each| each.context_value("target"));
        let shared = problems.remove(&None).unwrap_or_default();
        let parts = self.targets.iter().map(|surveyed| {
            let name = Some(&*surveyed.target);
            let mut problems = problems.remove(&name).unwrap_or_default();
            problems.extend_from_slice(&shared);
            let part = Self {
                summary: surveyed.summary,
                targets: vec![surveyed.clone()],
                findings: findings.remove(&name).unwrap_or_default(),
                groups: groups.remove(&name).unwrap_or_default(),
                not_looked_at: left_out.remove(&name).unwrap_or_default(),
                providers: self.providers.clone(),
                rules: self.rules.clone(),
                problems,
                made: self.made,
            };
            (surveyed.target.clone(), part)
        });
        parts.collect()
    }
}

/// Copies, by the target that each belongs to.
fn grouped<'a, T: Clone>(
    all: &'a [T],
    target: impl Fn(&'a T) -> Option<&'a str>,
) -> BTreeMap<Option<&'a str>, Vec<T>> {
    let mut found: BTreeMap<_, Vec<T>> = BTreeMap::new();
    for each in all {
        found.entry(target(each)).or_default().push(each.clone());
    }
    found
}
