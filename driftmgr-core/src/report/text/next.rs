//! What to do next, as commands that can be copied.

use super::not_looked_at;
use super::page::Page;
use super::safe::shell;
use crate::drift::{DriftReport, EffectAction, Finding, Kind, NotLookedAtKind};

/// Targets that commands are spelled out for.
const TARGETS: usize = 3;

pub(super) fn section(page: &mut Page<'_>, report: &DriftReport, was_cut: bool) {
    let asked = !page.options.elsewhere;
    let mut rows = Vec::new();
    if asked {
        rows = look_closer(page, report);
        of_targets(page, report, &mut rows);
    }
    if let Some(target) = open_target(report).filter(|_| asked) {
        rows.push((
            "find out why".to_owned(),
            format!(
                "driftmgr doctor {} shows which providers there are, and where they were looked for",
                shell(named(page, target).0)
            ),
        ));
    }
    let listed = !page.options.every_address && not_looked_at::leaves_out(report);
    match (was_cut, listed) {
        (true, _) => rows.push(("see everything".to_owned(), "add --wide".to_owned())),
        (false, true) => rows.push(("see each address".to_owned(), "add -v".to_owned())),
        (false, false) => {}
    }
    write(page, rows);
}

/// The same for a report about one instance.
pub(super) fn of_instance(page: &mut Page<'_>, report: &DriftReport) {
    let mut rows = Vec::new();
    of_targets(page, report, &mut rows);
    write(page, rows);
}

fn write(page: &mut Page<'_>, rows: Vec<(String, String)>) {
    if rows.is_empty() {
        return;
    }
    page.heading(0, "Next");
    let width = rows.iter().map(|(l, _)| l.len()).max().unwrap_or(0);
    for (label, text) in rows {
        page.row(2, width, &label, &text);
    }
}

fn visible(report: &DriftReport) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|f| f.hidden.is_none())
}

/// A target with something that could not be looked at.
fn open_target(report: &DriftReport) -> Option<&str> {
    report
        .not_looked_at
        .iter()
        .find(|n| n.kind == NotLookedAtKind::Unverifiable)
        .map(|n| n.target.as_str())
}

/// What a target is called on a command line. Of every workspace of a folder the name is `FOLDER (WORKSPACE)`.
fn named<'a>(page: &Page<'_>, target: &'a str) -> (&'a str, Option<&'a str>) {
    let folders = &page.options.folders;
    let inside = target.strip_suffix(')').and_then(|t| t.rsplit_once(" ("));
    match inside.filter(|(folder, _)| folders.iter().any(|f| f == folder)) {
        Some((folder, workspace)) if !folders.iter().any(|f| f == target) => {
            (folder, Some(workspace))
        }
        _ => (target, None),
    }
}

fn look_closer(page: &Page<'_>, report: &DriftReport) -> Vec<(String, String)> {
    visible(report)
        // The first of the most severe.
        .reduce(|first, next| {
            if next.severity > first.severity {
                next
            } else {
                first
            }
        })
        .map(|first| {
            let address = shell(&first.state_address().to_string());
            let (target, workspace) = named(page, &first.target);
            let workspace = workspace.map(|w| format!(" --workspace {}", shell(w)));
            let (target, workspace) = (shell(target), workspace.unwrap_or_default());
            (
                "look closer".to_owned(),
                format!("driftmgr explain {address} {target}{workspace}"),
            )
        })
        .into_iter()
        .collect()
}

fn of_targets(page: &Page<'_>, report: &DriftReport, rows: &mut Vec<(String, String)>) {
    let visible: Vec<&Finding> = visible(report).collect();
    let mut targets: Vec<&str> = Vec::new();
    for finding in &visible {
        if !targets.contains(&finding.target.as_str()) {
            targets.push(&finding.target);
        }
    }
    for target in targets.iter().take(TARGETS) {
        of_target(page, target, &visible, rows);
    }
    if targets.len() > TARGETS {
        let more = targets.len() - TARGETS;
        rows.push((String::new(), format!("and so on for {more} more targets")));
    }
}
fn of_target(
    page: &Page<'_>,
    target: &str,
    visible: &[&Finding],
    rows: &mut Vec<(String, String)>,
) {
    let here: Vec<&&Finding> = visible.iter().filter(|f| f.target == target).collect();
    let (target, workspace) = named(page, target);
    let program = match workspace {
        Some(name) => format!("TF_WORKSPACE={} {}", shell(name), program(&here)),
        None => program(&here).to_owned(),
    };
    let folder = page.options.folders.iter().any(|f| f == target);
    let (terraform, place) = match target {
        _ if !folder => (
            program,
            format!("  (in the root module of {})", shell(target)),
        ),
        "." => (program, String::new()),
        _ => (format!("{program} -chdir={}", shell(target)), String::new()),
    };
    let acts = |f: &&&Finding| {
        f.effect
            .as_ref()
            .is_none_or(|e| e.action != EffectAction::None)
    };
    if here.iter().any(acts) {
        rows.push((
            "undo the drift".to_owned(),
            format!("{terraform} apply{place}"),
        ));
        if here.iter().any(|f| f.kind != Kind::Missing) {
            rows.push((
                "keep the drift".to_owned(),
                format!(
                    "write it into the configuration, then {terraform} apply -refresh-only{place}"
                ),
            ));
        }
    } else {
        rows.push((
            "update the state".to_owned(),
            format!("{terraform} apply -refresh-only{place}"),
        ));
    }
    if let Some(gone) = here
        .iter()
        .find(|f| f.kind == Kind::Missing && f.deposed.is_none())
    {
        let address = shell(&gone.state_address().to_string());
        rows.push((
            "deleted on purpose".to_owned(),
            format!("{terraform} state rm {address}, and remove it from the configuration{place}"),
        ));
    }
}

/// Which program wrote the state, as its provider addresses tell.
fn program(findings: &[&&Finding]) -> &'static str {
    let tofu = findings
        .iter()
        .any(|f| f.provider.source.host == "registry.opentofu.org");
    if tofu { "tofu" } else { "terraform" }
}
