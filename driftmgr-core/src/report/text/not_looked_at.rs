//! What was not looked at, by reason. It is part of the answer, never a footnote that can get lost.

use std::collections::BTreeMap;

use super::finding;
use super::page::{Page, count};
use crate::drift::{DriftReport, NotLookedAt, NotLookedAtKind};

/// Addresses that are named without being asked for, when the answer is open.
const NAMED: usize = 3;

pub(super) fn section(page: &mut Page<'_>, report: &DriftReport) {
    let all = &report.not_looked_at;
    if all.is_empty() {
        return;
    }
    page.heading(0, "Not looked at");
    for (kind, title) in [
        (
            NotLookedAtKind::Unverifiable,
            "could not be looked at, so the answer is open",
        ),
        (NotLookedAtKind::Skipped, "skipped"),
    ] {
        let of_kind: Vec<&NotLookedAt> = all.iter().filter(|n| n.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        let objects = count(of_kind.len() as u64, "object", "objects");
        page.line(2, format!("{objects} {title}:"));
        let mut by_reason: BTreeMap<&str, Vec<&NotLookedAt>> = BTreeMap::new();
        for item in of_kind {
            by_reason.entry(&item.reason).or_default().push(item);
        }
        let mut groups: Vec<_> = by_reason.into_iter().collect();
        groups.sort_by_key(|(_, items)| std::cmp::Reverse(items.len()));
        for (reason, items) in groups {
            let n = items.len();
            page.prose(4, 2, page.style().hint, &format!("{n} × {reason}"));
            addresses(page, kind, &items);
        }
    }
}

/// Whether the section stays silent about some addresses, unless every address is wanted.
pub(super) fn leaves_out(report: &DriftReport) -> bool {
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    report.not_looked_at.iter().any(|item| match item.kind {
        NotLookedAtKind::Skipped => true,
        NotLookedAtKind::Unverifiable => {
            let n = open.entry(&item.reason).or_default();
            *n += 1;
            *n > NAMED
        }
    })
}

fn addresses(page: &mut Page<'_>, kind: NotLookedAtKind, items: &[&NotLookedAt]) {
    let shown = match kind {
        _ if page.options.every_address => items.len(),
        NotLookedAtKind::Unverifiable => NAMED,
        NotLookedAtKind::Skipped => 0,
    };
    for item in items.iter().take(shown) {
        page.line(8, finding::address(&item.address, item.deposed.as_deref()));
    }
    if shown > 0 && items.len() > shown {
        page.line(8, format!("and {} more", items.len() - shown));
    }
}
