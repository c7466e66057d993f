//! The result of a drift check. What was not looked at is part of it.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::group::Group;
use super::ignore::RuleOutcome;
use super::noise::{Noise, Sensitivity};
use super::severity::Category;
use crate::address::{InstanceAddress, ProviderConfigAddress};
use crate::configuration::Location;
use crate::error::Error;
use crate::value::{Path, PathSet, Value};

/// How reality differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// In the state, and not in reality.
    Missing,
    /// In both, with other attributes.
    Modified,
    /// As the state says, at an address that a `moved` block of the configuration has changed since.
    ///
    /// Nothing is to be done about the object, so apply counts no change: it only writes the address. The state is behind all the
    /// same, and who reads its addresses reads wrong ones: the finding is shown and counted as drifted, cosmetic and informational.
    /// An object that also differs is [`Kind::Modified`] or [`Kind::Missing`] with a previous address, as in Terraform's plans.
    Moved,
}

impl Kind {
    /// The word in JSON, in fingerprints and in files that are kept.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Modified => "modified",
            Self::Moved => "moved",
        }
    }
}

/// What plan-back says of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The provider calls both the same: apply would change nothing.
    Cosmetic,
    /// Apply would change something.
    Material,
    /// The provider could not be asked.
    Unclassified,
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Tags, descriptions, metadata.
    Informational,
    /// Backup, capacity, network, version.
    Important,
    /// Exposure, encryption, public access, authentication.
    Critical,
}

/// What apply would do about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectAction {
    /// Nothing.
    None,
    /// Change the object in place.
    Update,
    /// Destroy it and create it anew.
    Replace,
    /// Create it.
    Create,
    /// Destroy it: a deposed object.
    Destroy,
}

/// What apply would do, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The action.
    pub action: EffectAction,
    /// The attributes whose change makes it a replacement.
    pub replace_because: Vec<Path>,
}

/// One attribute that differs. Values are unmasked in memory; every output masks them by [`AttributeChange::sensitive`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeChange {
    /// Its name, the same in every run and every output: [`fingerprint`](super::fingerprint()).
    pub fingerprint: String,
    /// Where.
    pub path: Path,
    /// What the state says; `None` where there is nothing at that path.
    pub before: Option<Value>,
    /// What is really there.
    pub after: Option<Value>,
    /// Either side is a secret, or holds one.
    pub sensitive: bool,
    /// Apply would change it.
    pub material: bool,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub category: Category,
    /// The rule's reason for the severity.
    pub reason: String,
    /// The configuration sets this attribute; `None` without a configuration.
    pub configured: Option<bool>,
    /// Why both sides mean the same; `None` for a real change. It does not depend on what is shown.
    pub noise: Option<Noise>,
    /// Why it is not shown; `None` for a visible change.
    pub hidden: Option<Hidden>,
}

/// Why a finding is not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// The rule's name.
    pub rule: String,
    /// Its reason.
    pub reason: String,
}

/// One difference between a state and reality.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Its name, the same in every run and every output: [`fingerprint`](super::fingerprint()).
    pub fingerprint: String,
    /// The state it concerns, as the caller named the target.
    pub target: String,
    /// The instance, by the address that the configuration gives it.
    pub address: InstanceAddress,
    /// Its address in the state, where a `moved` block of the configuration has changed it.
    pub previous_address: Option<InstanceAddress>,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// The provider configuration that manages it.
    pub provider: ProviderConfigAddress,
    /// How reality differs.
    pub kind: Kind,
    /// What plan-back says.
    pub class: Class,
    /// The highest severity of its changes.
    pub severity: Severity,
    /// What the most severe change is about.
    pub category: Category,
    /// Why, one sentence each.
    pub reasons: Vec<String>,
    /// What apply would do, when that is known.
    pub effect: Option<Effect>,
    /// The attributes that differ; empty for a missing object.
    pub changes: Vec<AttributeChange>,
    /// The object in the state.
    pub before: Value,
    /// The object in reality.
    pub after: Option<Value>,
    /// Secret parts of both.
    pub sensitive: PathSet,
    /// The block that declares it; `None` without a configuration, or when it holds no such block.
    pub declared: Option<Location>,
    /// Why it is not shown; `None` for a visible finding.
    pub hidden: Option<Hidden>,
}

impl Finding {
    /// The instance, by its address in the state: what commands about the state take.
    pub fn state_address(&self) -> &InstanceAddress {
        self.previous_address.as_ref().unwrap_or(&self.address)
    }
}

/// Why an instance was not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotLookedAtKind {
    /// It should have been looked at, and could not: the answer is open.
    Unverifiable,
    /// There is nothing to look at (a data source, an object that lives in the state only), or the caller left it out.
    Skipped,
}

/// An instance that was not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotLookedAt {
    /// The state it concerns.
    pub target: String,
    /// The instance, by its address in the state.
    pub address: InstanceAddress,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// Open or without interest.
    pub kind: NotLookedAtKind,
    /// Why, for people.
    pub reason: String,
}

/// Counts. `checked = same + drifted + deleted + hidden`; with `unverifiable` and `skipped` it is every instance of the states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Instances compared with reality.
    pub checked: u64,
    /// No difference.
    pub same: u64,
    /// At least one visible difference.
    pub drifted: u64,
    /// In the state, not in reality.
    pub deleted: u64,
    /// In reality, in no state.
    pub unmanaged: u64,
    /// Could not be compared.
    pub unverifiable: u64,
    /// Not to be compared.
    pub skipped: u64,
    /// Only hidden differences.
    pub hidden: u64,
}

/// A state that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyedTarget {
    /// The target, as the caller named it.
    pub target: String,
    /// What the report counts of it.
    pub summary: Summary,
}

/// A provider that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedProvider {
    /// Its configuration's address.
    pub address: ProviderConfigAddress,
    /// Version, when known.
    pub version: Option<String>,
    /// `plugin`, `reattached` or `native`.
    pub origin: &'static str,
    /// The binary of a plugin.
    pub path: Option<std::path::PathBuf>,
}

/// When and how a report was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// When the run began.
    pub started: SystemTime,
    /// When it ended.
    pub ended: SystemTime,
    /// How much it shows.
    pub sensitivity: Sensitivity,
}

/// The whole answer for one or many states.
#[derive(Debug, Default)]
pub struct DriftReport {
    /// Counts.
    pub summary: Summary,
    /// The states that it is about, sorted.
    pub targets: Vec<SurveyedTarget>,
    /// Differences, hidden ones included, sorted by target and address.
    pub findings: Vec<Finding>,
    /// Findings with one cause. They stand in [`DriftReport::findings`] too.
    pub groups: Vec<Group>,
    /// Instances that were not compared, sorted likewise.
    pub not_looked_at: Vec<NotLookedAt>,
    /// Who answered.
    pub providers: Vec<SurveyedProvider>,
    /// What users' rules did: which hide something, and which do not and why.
    pub rules: Vec<RuleOutcome>,
    /// What could not be read or done, each naming its place.
    pub problems: Vec<Error>,
    /// When and how it was made; `None` for a report that was read back.
    pub made: Option<Circumstances>,
}
