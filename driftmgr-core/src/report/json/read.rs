//! A report read back from its JSON: for other formats of an old run, for histories, for rules made from findings.
//!
//! What the JSON does not tell stays away: secrets are [`crate::redact::MASK`], sets are lists, and a provider configuration is the
//! default one of its source. Written again, it is the same JSON.

use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock};

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::paths;
use crate::address::{InstanceAddress, ProviderConfigAddress, ProviderSource};
use crate::configuration::Location;
use crate::drift::ignore::RuleOutcome;
use crate::drift::{
    AttributeChange, Category, Cause, Class, DriftReport, Effect, EffectAction, Finding, Group,
    Hidden, Kind, Member, Noise, NotLookedAt, NotLookedAtKind, Severity, Summary, SurveyedProvider,
    SurveyedTarget,
};
use crate::error::{Error, ErrorKind, Result};
use crate::value::Value;

#[derive(Deserialize)]
struct Head {
    format_version: Option<String>,
    resource_drift: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Report {
    summary: Summary,
    targets: Vec<SurveyedTarget>,
    resource_drift: Vec<Entry>,
    not_looked_at: Vec<LeftOut>,
    #[serde(default)]
    providers: Vec<Provider>,
    #[serde(default)]
    problems: Vec<Problem>,
    #[serde(default)]
    groups: Vec<Together>,
    #[serde(default)]
    rules: Vec<RuleOutcome>,
}

#[derive(Deserialize)]
struct Together {
    cause: String,
    reason: String,
    parent: Option<Named>,
    members: Vec<Named>,
    paths: Vec<String>,
}

#[derive(Deserialize)]
struct Named {
    target: String,
    address: InstanceAddress,
    deposed: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    address: InstanceAddress,
    previous_address: Option<InstanceAddress>,
    deposed: Option<String>,
    provider_name: String,
    change: Change,
    drift: Ours,
}

#[derive(Deserialize)]
struct Change {
    before: Json,
    after: Json,
    before_sensitive: Json,
    after_sensitive: Json,
}

#[derive(Deserialize)]
struct Ours {
    fingerprint: Option<String>,
    target: String,
    kind: Kind,
    class: Class,
    severity: Severity,
    category: Category,
    reasons: Vec<String>,
    changes: Vec<Attribute>,
    effect: Option<Applied>,
    declared: Option<Place>,
    hidden: Option<Hidden>,
}

#[derive(Deserialize)]
struct Attribute {
    fingerprint: Option<String>,
    path: String,
    before: Json,
    after: Json,
    sensitive: bool,
    material: bool,
    severity: Severity,
    category: Category,
    reason: String,
    configured: Option<bool>,
    noise: Option<Noise>,
    hidden: Option<Hidden>,
}

#[derive(Deserialize)]
struct Applied {
    action: EffectAction,
    replace_because: Vec<String>,
}

#[derive(Deserialize)]
struct Place {
    file: String,
    line: usize,
}

#[derive(Deserialize)]
struct LeftOut {
    address: InstanceAddress,
    deposed: Option<String>,
    kind: NotLookedAtKind,
    reason: String,
    target: String,
}

#[derive(Deserialize)]
struct Provider {
    address: String,
    version: Option<String>,
    origin: String,
    path: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    kind: Json,
    message: String,
    #[serde(default)]
    place: Map<String, Json>,
    #[serde(default)]
    hints: Vec<String>,
}

/// Reads what [`drift`](super::drift) wrote. Fields that this version does not know are left out.
///
/// # Errors
/// `InvalidInput` with line and column for a text that is no drift report; `Unsupported` for one of another major version.
pub fn read(text: &str) -> Result<DriftReport> {
    let head: Head = parse(text)?;
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    match head
        .format_version
        .filter(|_| head.resource_drift.is_some())
    {
        Some(version) if major(&version) == major(super::FORMAT_VERSION) => {}
        Some(version) => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the report has a format version that this program does not read",
            )
            .with("format_version", version)
            .with_hint("use the version of driftmgr that wrote it, or a newer one"));
        }
        None => return Err(not_a_report("it has no format_version and resource_drift")),
    }
    let report: Report = parse(text)?;
    let findings: Result<_> = report.resource_drift.into_iter().map(finding).collect();
    let providers: Result<_> = report.providers.into_iter().map(provider).collect();
    let findings: Vec<Finding> = findings?;
    let not_looked_at: Vec<NotLookedAt> = report.not_looked_at.into_iter().map(left_out).collect();
    Ok(DriftReport {
        summary: report.summary,
        targets: report.targets,
        groups: report
            .groups
            .into_iter()
            .filter_map(|group| together(group, &findings))
            .collect(),
        rules: report.rules,
        findings,
        not_looked_at,
        providers: providers?,
        problems: report.problems.into_iter().map(problem).collect(),
        made: None,
    })
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        not_a_report(&error.to_string())
            .with("line", error.line())
            .with("column", error.column())
    })
}

fn not_a_report(why: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("this is no JSON report of drift: {why}"),
    )
    .with_hint("driftmgr drift --output json=FILE writes one")
}

fn finding(entry: Entry) -> Result<Finding> {
    let change = entry.change;
    let sensitive = paths::marked([
        (&change.before, &change.before_sensitive),
        (&change.after, &change.after_sensitive),
    ]);
    let before = value(change.before);
    // `false` stands where there is no object at all.
    let after = (!change.after.is_null() || change.after_sensitive != Json::Bool(false))
        .then(|| value(change.after));
    let source: ProviderSource = entry.provider_name.parse().map_err(Error::from)?;
    let ours = entry.drift;
    let objects = [Some(&before), after.as_ref()];
    let named = ours.fingerprint.is_some();
    let mut finding = Finding {
        fingerprint: ours.fingerprint.unwrap_or_default(),
        target: ours.target,
        address: entry.address,
        previous_address: entry.previous_address,
        deposed: entry.deposed,
        provider: ProviderConfigAddress::default_of(source),
        kind: ours.kind,
        class: ours.class,
        severity: ours.severity,
        category: ours.category,
        reasons: ours.reasons,
        effect: ours.effect.map(|effect| Effect {
            action: effect.action,
            replace_because: effect
                .replace_because
                .iter()
                .map(|path| paths::path(path, objects))
                .collect(),
        }),
        changes: ours
            .changes
            .into_iter()
            .map(|change| attribute(change, objects))
            .collect(),
        declared: ours.declared.map(|place| Location {
            file: place.file.into(),
            line: place.line,
            column: 1,
        }),
        hidden: ours.hidden,
        before,
        after,
        sensitive,
    };
    if !named {
        // Reports of earlier versions name neither findings nor lineages.
        let target = finding.target.clone();
        finding.assign_fingerprints(&target);
    }
    Ok(finding)
}

fn attribute(change: Attribute, objects: [Option<&Value>; 2]) -> AttributeChange {
    let side = |json: Json| (!json.is_null()).then(|| value(json));
    AttributeChange {
        fingerprint: change.fingerprint.unwrap_or_default(),
        path: paths::path(&change.path, objects),
        before: side(change.before),
        after: side(change.after),
        sensitive: change.sensitive,
        material: change.material,
        severity: change.severity,
        category: change.category,
        reason: change.reason,
        configured: change.configured,
        noise: change.noise,
        hidden: change.hidden,
    }
}

/// The value as it stands: unlike [`crate::value::json::untyped`] no text is changed.
fn value(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(b),
        Json::Number(n) => match n.as_str().parse() {
            Ok(n) => Value::Number(n),
            Err(_) => Value::String(n.as_str().to_owned()),
        },
        Json::String(text) => Value::String(text),
        Json::Array(items) => Value::List(items.into_iter().map(value).collect()),
        Json::Object(entries) => {
            Value::Map(entries.into_iter().map(|(k, v)| (k, value(v))).collect())
        }
    }
}

/// `None` for a cause that a later version knows.
fn together(group: Together, findings: &[Finding]) -> Option<Group> {
    let cause = match (group.cause.as_str(), group.parent) {
        ("deleted_parent", Some(parent)) => Cause::DeletedParent(member(parent)),
        ("same_change", _) => Cause::SameChange,
        ("moves_together", _) => Cause::MovesTogether,
        _ => return None,
    };
    let members: Vec<Member> = group.members.into_iter().map(member).collect();
    let first = findings.iter().find(|f| members.iter().any(|m| m.names(f)));
    let objects = [
        first.map(|f| &f.before),
        first.and_then(|f| f.after.as_ref()),
    ];
    Some(Group {
        cause,
        paths: group
            .paths
            .iter()
            .map(|path| paths::path(path, objects))
            .collect(),
        members,
        reason: group.reason,
    })
}

fn member(named: Named) -> Member {
    Member {
        target: named.target,
        address: named.address,
        deposed: named.deposed,
    }
}

fn left_out(item: LeftOut) -> NotLookedAt {
    NotLookedAt {
        target: item.target,
        address: item.address,
        deposed: item.deposed,
        kind: item.kind,
        reason: item.reason,
    }
}

fn provider(provider: Provider) -> Result<SurveyedProvider> {
    Ok(SurveyedProvider {
        address: provider.address.parse().map_err(Error::from)?,
        version: provider.version,
        origin: word(&provider.origin),
        path: provider.path.map(Into::into),
    })
}

fn problem(problem: Problem) -> Error {
    // A kind of a later version is none that a rule of this one foresaw.
    let kind = serde_json::from_value(problem.kind).unwrap_or(ErrorKind::Unexpected);
    let mut error = Error::new(kind, problem.message);
    for (key, value) in problem.place {
        error = match value {
            Json::String(text) => error.with(word(&key), text),
            other => error.with(word(&key), other),
        };
    }
    problem
        .hints
        .into_iter()
        .fold(error, |error, hint| error.with_hint(hint))
}

/// The word for as long as the program runs: errors and providers name places and origins by words of the program.
fn word(text: &str) -> &'static str {
    static KNOWN: OnceLock<Mutex<Words>> = OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    known
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .of(text)
}

/// Words that are kept for good, each once. Outside data cannot fill the memory with them: there is an end to their number and length.
#[derive(Default)]
struct Words(BTreeSet<&'static str>);

impl Words {
    const MOST: usize = 512;
    const LONGEST: usize = 64;

    fn of(&mut self, text: &str) -> &'static str {
        if let Some(word) = self.0.get(text) {
            return word;
        }
        if self.0.len() >= Self::MOST || text.len() > Self::LONGEST {
            return "place";
        }
        let word: &'static str = Box::leak(text.into());
        self.0.insert(word);
        word
    }
}

#[cfg(test)]
mod tests;
