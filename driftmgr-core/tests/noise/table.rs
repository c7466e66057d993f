//! The page `docs/noise.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::case::Label;
use super::faults::Blind;
use super::verdicts::{Judged, Share, hidden_share};

/// Whether a program shows a case's object.
type Shows = fn(&Judged) -> bool;

/// The classes, by number.
const CLASSES: &[(u8, &str)] = &[
    (
        1,
        "null, empty text, empty list and empty map swapped for each other",
    ),
    (2, "order inside a set"),
    (3, "JSON and policy text spelled differently"),
    (
        4,
        "timestamps, revisions and other values that only the provider sets",
    ),
    (
        5,
        "a provider's default tags in `tags`, in `tags_all` or in neither",
    ),
    (6, "system tags that a cloud or a cluster adds"),
    (7, "case, trailing dots and other spellings of one value"),
    (8, "an older schema version of the same object"),
    (9, "another sensitive mark on an equal value"),
    (
        10,
        "inline attribute and separate resource for the same thing",
    ),
    (12, "tags and descriptions"),
    (13, "tags that a policy requires"),
    (14, "exposure, encryption, permissions, logging, protection"),
    (
        15,
        "capacity, version, network, retention and other settings",
    ),
    (16, "deleted objects"),
    (17, "attributes under `ignore_changes`"),
    (18, "autoscaled values"),
];

pub(super) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/noise.md")
}

pub(super) fn page(labs: &[(&str, Vec<Judged>)], blind: &[Blind]) -> String {
    let all: Vec<&Judged> = labs.iter().flat_map(|(_, judged)| judged).collect();
    let mut page = String::from(
        "# Noise, measured\n\n\
         One fact is changed at a time, each on an object of its own, through the cloud's API; the label says beforehand whether that is real\n\
         drift, informational (tags, descriptions, autoscaled values) or noise. Then `terraform plan -refresh-only`, a full `terraform plan` and\n\
         driftmgr look at the same folder. `cargo xtask noise` repeats it and writes this page; the test suite holds it to what it finds. The cases\n\
         are one line each in `driftmgr-core/tests/noise/*.cases`.\n\n",
    );
    summary(&mut page, &all);
    classes(&mut page, &all);
    reasons(&mut page, &all);
    not_seen(&mut page, blind);
    for (name, judged) in labs {
        cases(&mut page, name, judged);
    }
    page
}

fn not_seen(page: &mut String, blind: &[Blind]) {
    page.push_str(
        "\n## What could not be seen\n\n\
         The same objects when the cloud cannot be seen as it is (classes 19 and 20). What is counted as deleted is deleted: its case did\n\
         so, and it was looked for where it was.\n\n\
         | what is wrong | same | drifted | deleted | not looked at | asked whether it is the wrong account or region |\n|---|---|---|---|---|---|\n",
    );
    for run in blind {
        let [same, drifted, deleted, open] =
            ["same", "drifted", "deleted", "unverifiable"].map(|name| run.count(name));
        let asked = if run.suspects() { "yes" } else { "" };
        let _ = writeln!(
            page,
            "| {} | {same} | {drifted} | {deleted} | {open} | {asked} |",
            run.fault
        );
    }
}

fn percent(share: Share) -> String {
    if share.of == 0 {
        return "-".to_owned();
    }
    format!(
        "{} of {} ({:.1} %)",
        share.part,
        share.of,
        share.part as f64 * 100.0 / share.of as f64
    )
}

fn share(judged: &[&Judged], label: Label, shown: impl Fn(&Judged) -> bool) -> Share {
    let of: Vec<&&Judged> = judged.iter().filter(|j| j.case.label == label).collect();
    Share {
        part: of.iter().filter(|j| shown(j)).count(),
        of: of.len(),
    }
}

fn summary(page: &mut String, all: &[&Judged]) {
    let programs: [(&str, Shows); 5] = [
        ("`plan -refresh-only`", |j| j.refresh_shows),
        ("full `plan`", |j| j.plan_shows),
        ("driftmgr, sensitivity low", |j| j.low.shown),
        ("driftmgr, sensitivity medium (default)", |j| j.medium.shown),
        ("driftmgr, sensitivity high", |j| j.high.shown),
    ];
    page.push_str(
        "| | real cases shown (recall) | informational cases shown | noise cases shown (false alarms) | precision |\n|---|---|---|---|---|\n",
    );
    for (name, shows) in programs {
        let real = share(all, Label::Real, shows);
        let informational = share(all, Label::Informational, shows);
        let noise = share(all, Label::Noise, shows);
        let precision = Share {
            part: real.part + informational.part,
            of: real.part + informational.part + noise.part,
        };
        let _ = writeln!(
            page,
            "| {name} | {} | {} | {} | {} |",
            percent(real),
            percent(informational),
            percent(noise),
            percent(precision)
        );
    }
    let _ = writeln!(
        page,
        "\nOf the changes of single attributes that no case has made, driftmgr hides {} by default, each with its reason.\n",
        percent(hidden_share(all))
    );
}

fn classes(page: &mut String, all: &[&Judged]) {
    page.push_str(
        "## By class\n\n| class | label | cases | `-refresh-only` shows | full plan shows | driftmgr shows | attribute noise hidden |\n|---|---|---|---|---|---|---|\n",
    );
    let mut groups: BTreeMap<(u8, Label), Vec<&Judged>> = BTreeMap::new();
    for judged in all {
        groups
            .entry((judged.case.class, judged.case.label))
            .or_default()
            .push(judged);
    }
    for ((class, label), judged) in &groups {
        let name = CLASSES
            .iter()
            .find(|(number, _)| number == class)
            .map_or("", |(_, name)| name);
        let count = |shows: Shows| judged.iter().filter(|j| shows(j)).count();
        let _ = writeln!(
            page,
            "| {class} {name} | {} | {} | {} | {} | {} | {} |",
            label.word(),
            judged.len(),
            count(|j| j.refresh_shows),
            count(|j| j.plan_shows),
            count(Judged::shown),
            percent(hidden_share(judged)),
        );
    }
    page.push('\n');
}

fn reasons(page: &mut String, all: &[&Judged]) {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, hidden) in all.iter().flat_map(|j| j.noise()) {
        *rules.entry(hidden.unwrap_or("(shown)")).or_default() += 1;
    }
    page.push_str("## Why attribute noise is hidden\n\n| rule | changes |\n|---|---|\n");
    for (rule, count) in rules {
        let _ = writeln!(page, "| {rule} | {count} |");
    }
    page.push('\n');
}

fn cases(page: &mut String, name: &str, judged: &[Judged]) {
    let _ = writeln!(
        page,
        "## {name}\n\n| case | class | label | object | `-refresh-only` | full plan | driftmgr | hidden by |\n|---|---|---|---|---|---|---|---|"
    );
    let said = |shown: bool| if shown { "shown" } else { "" };
    for each in judged {
        let mut rules: Vec<&str> = each
            .medium
            .changes
            .iter()
            .filter_map(|(_, hidden)| hidden.as_deref())
            .collect();
        rules.sort_unstable();
        rules.dedup();
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            each.case.name,
            each.case.class,
            each.case.label.word(),
            each.case.resource,
            said(each.refresh_shows),
            said(each.plan_shows),
            said(each.shown()),
            rules.join(", "),
        );
    }
    page.push('\n');
}
