//! Typed rules: `{address, type, path, tags, reason, until}`.

use std::time::SystemTime;

use jiff::civil::Date;
use serde::Deserialize;

use super::glob::Glob;
use super::outcome::{Origin, RuleOutcome, RuleStatus, Tally, is_managed};
use super::path::PathPattern;
use super::tags;
use crate::address::InstanceAddress;
use crate::drift::model::{AttributeChange, DriftReport, Finding, Hidden, NotLookedAt};
use crate::drift::noise::Silencer;
use crate::error::{Error, Partial};

/// A rule as it is written. It speaks of what fits all that it names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IgnoreRule {
    /// Addresses, as the configuration spells them; `*` for any run of characters, `|` between alternatives. A resource stands for its
    /// instances, a module for all below it.
    pub address: Option<String>,
    /// Resource types, with `*` and `|`.
    #[serde(rename = "type")]
    pub resource_type: Option<String>,
    /// Attributes: `tags["env"]`, `ingress[*].cidr_blocks`, with `*` in names and `|`. One stands for everything below it; positions that
    /// are not named do not matter.
    pub path: Option<String>,
    /// Keys of tags and labels, with `*` and `|`: changes of those alone.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Why, for people. Required.
    #[serde(default)]
    pub reason: String,
    /// The last day on which the rule holds, in UTC, as `2026-12-31`; without it, for good.
    pub until: Option<String>,
    /// Where it is written; set by whoever read the file.
    #[serde(skip)]
    pub origin: Origin,
}

/// The name of the rule in reports.
const RULE: &str = "ignore";

/// Rules that were understood.
#[derive(Debug, Clone, Default)]
pub struct IgnoreRules(Vec<Compiled>);

#[derive(Debug, Clone)]
struct Compiled {
    address: Option<Glob>,
    resource_type: Option<Glob>,
    path: Option<PathPattern>,
    tags: Vec<Glob>,
    reason: String,
    until: Option<Date>,
    expired: bool,
    origin: Origin,
}

impl IgnoreRules {
    /// Reads the rules. One that is wrong hides nothing and is a problem that names file, line and what was expected.
    ///
    /// `now` decides which rules have expired; take it from [`crate::Context::now`].
    pub fn new(rules: &[IgnoreRule], now: SystemTime) -> Partial<Self> {
        let today = day(now);
        let mut read = Partial::complete(Self::default());
        for rule in rules {
            match compile(rule, today) {
                Ok(rule) => read.value.0.push(rule),
                Err(error) => read.problems.push(error),
            }
        }
        read
    }
}

fn compile(rule: &IgnoreRule, today: Option<Date>) -> Result<Compiled, Error> {
    let wrong = |message: String| rule.origin.error(message);
    let glob = |key: &str, text: &Option<String>, read: fn(&str) -> Option<Glob>| match text {
        None => Ok(None),
        Some(text) => read(text).map(Some).ok_or_else(|| {
            wrong(format!(
                "`{key}: {text}` of an ignore rule is empty: expected a pattern"
            ))
        }),
    };
    if rule.reason.trim().is_empty() {
        return Err(wrong("an ignore rule has no reason".to_owned())
            .with_hint("say in `reason` why the difference is expected"));
    }
    if rule.address.is_none()
        && rule.resource_type.is_none()
        && rule.path.is_none()
        && rule.tags.is_empty()
    {
        return Err(wrong(
            "an ignore rule speaks of everything: expected `address`, `type`, `path` or `tags`"
                .to_owned(),
        ));
    }
    let path = rule.path.as_deref().map(PathPattern::new).transpose();
    let tags = rule.tags.iter().map(|text| {
        Glob::new(text).ok_or_else(|| {
            wrong(format!(
                "`{text}` in `tags` of an ignore rule is empty: expected a key"
            ))
        })
    });
    let until = rule.until.as_ref().map(|text| {
        text.parse::<Date>().map_err(|_| {
            wrong(format!(
                "`until: {text}` of an ignore rule is no day: expected one such as 2026-12-31"
            ))
        })
    });
    let until = until.transpose()?;
    Ok(Compiled {
        address: glob("address", &rule.address, Glob::of_addresses)?,
        resource_type: glob("type", &rule.resource_type, Glob::new)?,
        path: path.map_err(|what| wrong(format!("`path` of an ignore rule: {what}")))?,
        tags: tags.collect::<Result<_, _>>()?,
        reason: rule.reason.trim().to_owned(),
        // A clock that tells no day ends no rule early and none late: a rule with an end does not hide.
        expired: until.is_some_and(|until| today.is_none_or(|today| until < today)),
        until,
        origin: rule.origin.clone(),
    })
}

/// The day in UTC; `None` for a time outside of the calendar.
pub(super) fn day(now: SystemTime) -> Option<Date> {
    let now = jiff::Timestamp::try_from(now).ok()?;
    Some(now.to_zoned(jiff::tz::TimeZone::UTC).date())
}

impl Compiled {
    fn covers(&self, addresses: &[&InstanceAddress]) -> bool {
        let any = |fits: &dyn Fn(&InstanceAddress) -> bool| addresses.iter().any(|a| fits(a));
        let address = self.address.as_ref();
        let resource_type = self.resource_type.as_ref();
        address.is_none_or(|glob| any(&|a| glob.covers(a)))
            && resource_type.is_none_or(|glob| any(&|a| glob.matches(&a.resource.resource_type)))
    }

    fn speaks_of(&self, finding: &Finding, change: Option<&AttributeChange>) -> bool {
        let addresses = [&finding.address, finding.state_address()];
        let about = match change {
            Some(change) => {
                let path = self.path.as_ref();
                path.is_none_or(|path| path.covers(&change.path))
                    && (self.tags.is_empty()
                        || tags::only(change, |key| self.tags.iter().any(|t| t.matches(key))))
            }
            None => self.path.is_none() && self.tags.is_empty(),
        };
        about && self.covers(&addresses)
    }

    fn may_speak_of(&self, unseen: &NotLookedAt) -> bool {
        is_managed(unseen) && self.covers(&[&unseen.address])
    }
}

impl Silencer for IgnoreRules {
    fn silences(&self, finding: &Finding, change: &AttributeChange) -> Option<Hidden> {
        let live = self.0.iter().filter(|rule| !rule.expired);
        live.into_iter()
            .find(|rule| rule.speaks_of(finding, Some(change)))
            .map(|rule| Hidden {
                rule: RULE.to_owned(),
                reason: format!("{} ({})", rule.reason, rule.origin),
            })
    }

    fn outcomes(&self, report: &DriftReport) -> Vec<RuleOutcome> {
        let each = self.0.iter().map(|rule| {
            let tally = if rule.expired {
                Tally::default()
            } else {
                Tally::of(
                    report,
                    |finding, change| rule.speaks_of(finding, change),
                    |unseen| rule.may_speak_of(unseen),
                )
            };
            let mut outcome = tally.outcome(RULE, rule.origin.clone());
            if rule.expired {
                outcome.status = RuleStatus::Expired;
            }
            outcome.until = rule.until.map(|day| day.to_string());
            outcome
        });
        each.collect()
    }
}
