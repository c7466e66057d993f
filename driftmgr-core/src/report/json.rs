//! The machine form of results: stable, deterministic, described by the schemas in `schemas/`. Secrets are masked.

mod paths;
mod read;

use serde_json::{Map, Value as Json, json};

use crate::address::{InstanceAddress, InstanceKey, ResourceMode};
use crate::drift::{
    AttributeChange, Cause, Deduction, DriftReport, Effect, Finding, Group, Kind, Member,
    NotLookedAt, Score, SurveyedProvider, Verdict,
};
use crate::error::Error;
use crate::value::{Path, PathSet, Step, Value, json, mask, mask_at};

pub use read::read;

/// Version of the drift report's form. Fields are added within a major version, never renamed.
pub const FORMAT_VERSION: &str = "1.0";

/// A drift report. `resource_drift` has the entries of Terraform's plan JSON, with ours under `drift`.
pub fn drift(report: &DriftReport) -> Json {
    json!({
        "format_version": FORMAT_VERSION,
        "summary": report.summary,
        "score": score(&report.score()),
        "targets": report.targets,
        "resource_drift": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "groups": report.groups.iter().map(group).collect::<Vec<_>>(),
        "not_looked_at": report.not_looked_at.iter().map(not_looked_at).collect::<Vec<_>>(),
        "providers": report.providers.iter().map(provider).collect::<Vec<_>>(),
        "rules": report.rules,
        "problems": report.problems.iter().map(problem).collect::<Vec<_>>(),
    })
}

/// The answer of a check: `{"safe": true|false|null, "exit": N, "summary": {…}}`.
pub fn check(report: &DriftReport, verdict: Verdict) -> Json {
    json!({"safe": verdict.safe(), "exit": verdict.exit_code(), "summary": report.summary})
}

/// An error: `{"kind", "message", "place": {…}, "hints": […]}`.
pub fn problem(error: &Error) -> Json {
    let place: Map<String, Json> = error
        .context()
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone().into()))
        .collect();
    json!({"kind": error.kind(), "message": error.message(), "place": place, "hints": error.hints()})
}

/// An entry of `resource_drift`.
pub fn finding(finding: &Finding) -> Json {
    let resource = &finding.address.resource;
    let mut entry = Map::new();
    entry.insert("address".to_owned(), finding.address.to_string().into());
    if let Some(previous) = &finding.previous_address {
        entry.insert("previous_address".to_owned(), previous.to_string().into());
    }
    if !resource.module.is_root() {
        entry.insert(
            "module_address".to_owned(),
            resource.module.to_string().into(),
        );
    }
    let mode = match resource.mode {
        ResourceMode::Managed => "managed",
        ResourceMode::Data => "data",
    };
    entry.insert("mode".to_owned(), mode.into());
    entry.insert("type".to_owned(), resource.resource_type.clone().into());
    entry.insert("name".to_owned(), resource.name.clone().into());
    match &finding.address.key {
        Some(InstanceKey::Int(index)) => drop(entry.insert("index".to_owned(), (*index).into())),
        Some(InstanceKey::String(key)) => {
            drop(entry.insert("index".to_owned(), key.clone().into()))
        }
        None => {}
    }
    if let Some(deposed) = &finding.deposed {
        entry.insert("deposed".to_owned(), deposed.clone().into());
    }
    entry.insert(
        "provider_name".to_owned(),
        finding.provider.source.to_string().into(),
    );
    entry.insert("change".to_owned(), change(finding));
    entry.insert("drift".to_owned(), ours(finding));
    Json::Object(entry)
}

fn change(finding: &Finding) -> Json {
    let action = match finding.kind {
        Kind::Missing => "delete",
        Kind::Modified => "update",
        Kind::Moved => "no-op",
    };
    let side = |value: &Value| json::encode_plain(&mask(value, &finding.sensitive));
    let marks = |value: &Value| {
        marks(value, &finding.sensitive, &Path::root()).unwrap_or_else(|| json!({}))
    };
    json!({
        "actions": [action],
        "before": side(&finding.before),
        "after": finding.after.as_ref().map(side),
        "after_unknown": {},
        "before_sensitive": marks(&finding.before),
        "after_sensitive": finding.after.as_ref().map_or(Json::Bool(false), marks),
    })
}

/// Where the value is secret, as plan JSON says it: `true` in the place of a secret, in objects and lists of the same shape. It marks what
/// [`mask`] hides: a mark on a member of a list is one on all its members, and a mark inside a set hides the set.
fn marks(value: &Value, sensitive: &PathSet, at: &Path) -> Option<Json> {
    if sensitive.covers_anywhere(at) {
        return Some(Json::Bool(true));
    }
    match value {
        Value::Map(entries) => {
            let marked = entries.iter().filter_map(|(name, value)| {
                let mark = marks(value, sensitive, &at.join(Step::Attribute(name.clone())))?;
                Some((name.clone(), mark))
            });
            let marked: Map<String, Json> = marked.collect();
            (!marked.is_empty()).then_some(Json::Object(marked))
        }
        Value::List(items) => {
            let each = items
                .iter()
                .enumerate()
                .map(|(i, item)| marks(item, sensitive, &at.join(Step::Index(i))));
            let each: Vec<Option<Json>> = each.collect();
            each.iter().any(Option::is_some).then(|| {
                each.into_iter()
                    .map(|m| m.unwrap_or(Json::Bool(false)))
                    .collect()
            })
        }
        Value::Dynamic(inner) => marks(&inner.1, sensitive, at),
        // It holds nothing of what is marked below it.
        Value::Null => None,
        _ => (!at.steps().is_empty() && sensitive.hides(at)).then_some(Json::Bool(true)),
    }
}

fn ours(finding: &Finding) -> Json {
    json!({
        "fingerprint": finding.fingerprint,
        "target": finding.target,
        "kind": finding.kind,
        "class": finding.class,
        "severity": finding.severity,
        "category": finding.category,
        "impact": finding.impact(),
        "reasons": finding.reasons,
        "changes": finding.changes.iter().map(|c| attribute(c, &finding.sensitive)).collect::<Vec<_>>(),
        "effect": finding.effect.as_ref().map(|e| effect(e, &finding.sensitive)),
        "declared": finding.declared.as_ref().map(|at| json!({"file": at.file.display().to_string(), "line": at.line})),
        "hidden": finding.hidden,
    })
}

fn attribute(change: &AttributeChange, sensitive: &PathSet) -> Json {
    let side = |value: &Value| {
        if change.sensitive && !is_nothing(value) {
            crate::redact::MASK.into()
        } else {
            json::encode_plain(&mask_at(value, &change.path, sensitive))
        }
    };
    json!({
        "fingerprint": change.fingerprint,
        "path": change.path.display_masked(sensitive),
        "before": change.before.as_ref().map(side),
        "after": change.after.as_ref().map(side),
        "sensitive": change.sensitive,
        "material": change.material,
        "severity": change.severity,
        "category": change.category,
        "reason": change.reason,
        "configured": change.configured,
        "noise": change.noise,
        "hidden": change.hidden,
    })
}

/// Null holds no secret, and so it can be told that one came or went.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Dynamic(inner) => is_nothing(&inner.1),
        value => value.is_null(),
    }
}

fn effect(effect: &Effect, sensitive: &PathSet) -> Json {
    let because: Vec<String> = effect
        .replace_because
        .iter()
        .map(|p| p.display_masked(sensitive))
        .collect();
    json!({"action": effect.action, "replace_because": because})
}

/// `score`.
pub fn score(score: &Score) -> Json {
    let deduction = |d: &Deduction| {
        let mut entry = named(&d.target, &d.address, d.deposed.as_deref());
        entry.insert("severity".to_owned(), json!(d.severity));
        entry.insert("points".to_owned(), d.points.into());
        entry.insert("reason".to_owned(), d.reason.clone().into());
        Json::Object(entry)
    };
    json!({
        "value": score.value,
        "at_most": score.at_most,
        "looked_at": {"objects": score.looked_at, "of": score.objects},
        "limits": score.limits,
        "deductions": score.deductions.iter().map(deduction).collect::<Vec<_>>(),
        "uncounted": score.uncounted,
    })
}

fn group(group: &Group) -> Json {
    let member = |m: &Member| Json::Object(named(&m.target, &m.address, m.deposed.as_deref()));
    let (cause, parent) = match &group.cause {
        Cause::DeletedParent(parent) => ("deleted_parent", Some(member(parent))),
        Cause::SameChange => ("same_change", None),
        Cause::MovesTogether => ("moves_together", None),
    };
    let paths = group.paths.iter();
    json!({
        "cause": cause,
        "reason": group.reason,
        "parent": parent,
        "members": group.members.iter().map(member).collect::<Vec<_>>(),
        "paths": paths.map(|p| p.display_masked(&PathSet::default())).collect::<Vec<_>>(),
    })
}

/// What a finding is found by again.
fn named(target: &str, address: &InstanceAddress, deposed: Option<&str>) -> Map<String, Json> {
    let mut entry = Map::new();
    entry.insert("target".to_owned(), target.into());
    entry.insert("address".to_owned(), address.to_string().into());
    if let Some(deposed) = deposed {
        entry.insert("deposed".to_owned(), deposed.into());
    }
    entry
}

/// An entry of `not_looked_at`.
pub fn not_looked_at(left_out: &NotLookedAt) -> Json {
    let mut entry = Map::new();
    entry.insert("address".to_owned(), left_out.address.to_string().into());
    if let Some(deposed) = &left_out.deposed {
        entry.insert("deposed".to_owned(), deposed.clone().into());
    }
    entry.insert("kind".to_owned(), json!(left_out.kind));
    entry.insert("reason".to_owned(), left_out.reason.clone().into());
    entry.insert("target".to_owned(), left_out.target.clone().into());
    Json::Object(entry)
}

/// An entry of `providers`.
pub fn provider(provider: &SurveyedProvider) -> Json {
    json!({
        "address": provider.address.to_string(),
        "version": provider.version,
        "origin": provider.origin,
        "path": provider.path.as_ref().map(|p| p.display().to_string()),
    })
}
