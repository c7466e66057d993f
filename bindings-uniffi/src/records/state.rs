//! States.

use super::ReportData;
use super::{record, words};
use crate::typed::{Counts, JsonValue, as_pair, json_form, pair};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

record! {
    /// What a state is, and a row for every object in it.
    Inspection {
        /// What the state is called.
        name: String,
        /// Its size as stored, in bytes.
        bytes: i64,
        /// The format it was read from, 1 to 4.
        format_version: i32,
        /// The Terraform or OpenTofu version that wrote it.
        terraform_version: Option<String>,
        /// Grows by one with each write.
        serial: i64,
        /// Names the history that the state belongs to; empty where it has none.
        lineage: String,
        /// Names of root module outputs, sorted.
        outputs: Vec<String>,
        /// Every object, sorted by address; deposed ones after the current one.
        objects: Vec<ObjectRow>,
    }
}

record! {
    /// One object of a state, without its values.
    ObjectRow {
        /// The instance.
        address: String,
        /// `managed` or `data`.
        mode: String,
        /// The resource type.
        #[serde(rename = "type")]
        resource_type: String,
        /// The resource's name.
        name: String,
        /// The module's address; empty for the root module.
        module: String,
        /// The key of `count` or `for_each`: a number or a text.
        key: Option<JsonValue>,
        /// The key of a deposed object.
        deposed: Option<String>,
        /// The provider configuration that manages it.
        provider: Option<String>,
        /// `ready` or `tainted`.
        status: String,
        /// Version of the schema that it was written with.
        schema_version: i64,
        /// Size of its attributes as stored, in bytes.
        bytes: i64,
        /// Some of its attributes were secret when it was written.
        has_secrets: bool,
        /// Its replacement is created first.
        create_before_destroy: bool,
        /// Addresses of what it depends on, as stored.
        dependencies: Vec<String>,
    }
}

record! {
    /// An output of a root module.
    OutputValue {
        /// It is marked sensitive.
        sensitive: bool,
        /// The value; masked where it is secret, unless secrets were asked for.
        value: JsonValue,
        /// Its type in Terraform's JSON, such as `"string"` or `["list", "string"]`.
        #[serde(rename = "type")]
        output_type: JsonValue,
    }
}

words! {
    /// How long ago a state was written.
    AgeBand {
        /// Less than a day.
        Fresh,
        /// Less than a week.
        Recent,
        /// Less than thirty days.
        Stale,
        /// Thirty days or more.
        Abandoned,
    }
}

words! {
    /// What a health score means.
    HealthBand {
        /// 80 points or more.
        Healthy,
        /// 60 points or more.
        Warning,
        /// Fewer.
        Critical,
    }
}

record! {
    /// Points that were taken off, and why.
    HealthReason {
        /// Points, a negative number.
        points: i32,
        /// Why, in a sentence without a final stop.
        reason: String,
    }
}

record! {
    /// The score of a state with its reasons.
    Health {
        /// 0 to 100.
        score: i32,
        /// What the score means.
        band: HealthBand,
        /// How old the state is, when that is known.
        age: Option<AgeBand>,
        /// What was taken off; empty for a full score.
        reasons: Vec<HealthReason>,
    }
}

/// A deposed object.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct DeposedObject {
    /// The instance.
    pub address: String,
    /// The key of the object.
    pub key: String,
}

impl<'de> Deserialize<'de> for DeposedObject {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        pair(from).map(|(address, key)| Self { address, key })
    }
}

impl Serialize for DeposedObject {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        as_pair(&self.address, &self.key, to)
    }
}

record! {
    /// A dependency that names nothing in the state.
    OrphanedDependency {
        /// Who depends.
        address: String,
        /// On what.
        dependency: String,
    }
}

record! {
    /// A large object.
    Heaviest {
        /// The instance.
        address: String,
        /// Bytes of its attributes in the state.
        bytes: i64,
    }
}

record! {
    /// Facts about a state. Lists are sorted.
    Analysis {
        /// Managed resources.
        resources: i64,
        /// Data sources.
        data_sources: i64,
        /// Current objects of managed resources and data sources.
        instances: i64,
        /// Instances of managed resources by type.
        by_type: Counts,
        /// Instances of managed resources by provider source.
        by_provider: Counts,
        /// Instances of managed resources by module; `root` is the root module.
        by_module: Counts,
        /// Instances that must be replaced.
        tainted: Vec<String>,
        /// Deposed objects that still have to be destroyed.
        deposed: Vec<DeposedObject>,
        /// Addresses of resources that stand in more than one entry.
        split_resources: Vec<String>,
        /// Managed resources that have no instance any more.
        empty_resources: Vec<String>,
        /// Dependencies on what is not in the state.
        orphaned_dependencies: Vec<OrphanedDependency>,
        /// Outputs.
        outputs: i64,
        /// Outputs marked sensitive.
        sensitive_outputs: i64,
        /// Instances with attributes marked sensitive.
        instances_with_secrets: i64,
        /// The objects with the largest attributes, the largest first.
        heaviest: Vec<Heaviest>,
        /// What to know before working with the state, one sentence each.
        hints: Vec<String>,
    }
}

record! {
    /// Everything that can be said of a state.
    StateAnalysis {
        /// What the state is called.
        state: String,
        /// The score with its reasons.
        health: Health,
        /// Counts and hints.
        analysis: Analysis,
        /// Drift was not looked at.
        offline: bool,
        /// What was found when it was.
        drift: Option<ReportData>,
    }
}

record! {
    /// What changed from one state to another. Secrets are masked.
    Comparison {
        /// Instances that only the second state has.
        added: Vec<String>,
        /// Instances that only the first state has.
        removed: Vec<String>,
        /// Objects of instances in both states that differ.
        changed: Vec<ChangedInstance>,
        /// Instances that are the same object under another address; both addresses also stand in `removed` and `added`.
        moved: Vec<MovedInstance>,
        /// Outputs that differ.
        outputs: ComparedOutputs,
    }
}

record! {
    /// Outputs that differ.
    ComparedOutputs {
        /// Those that only the second state has.
        added: Vec<String>,
        /// Those that only the first state has.
        removed: Vec<String>,
        /// Those in both.
        changed: Vec<ChangedOutput>,
    }
}

record! {
    /// An object that differs.
    ChangedInstance {
        /// The instance.
        address: String,
        /// The key of a deposed object.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deposed: Option<String>,
        /// Its attributes that differ. An object that came or went while its instance stayed is one change at the empty path.
        changes: Vec<StateChange>,
        /// What else differs.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        metadata: Vec<MetadataChange>,
    }
}

record! {
    /// An attribute that differs.
    StateChange {
        /// Where.
        path: String,
        /// In the first state; JSON null where there is nothing.
        before: JsonValue,
        /// In the second state; JSON null where there is nothing.
        after: JsonValue,
        /// One of both is a secret, or holds one.
        sensitive: bool,
    }
}

record! {
    /// A difference beside the attributes.
    MetadataChange {
        /// `status`, `schema_version` or `provider`.
        field: String,
        /// In the first state.
        before: String,
        /// In the second state.
        after: String,
    }
}

record! {
    /// An object under another address.
    MovedInstance {
        /// The address in the first state.
        from: String,
        /// The address in the second state.
        to: String,
    }
}

record! {
    /// An output that differs.
    ChangedOutput {
        /// Its name.
        name: String,
        /// In the first state.
        before: JsonValue,
        /// In the second state.
        after: JsonValue,
        /// Either is a secret.
        sensitive: bool,
    }
}

json_form!(Inspection, OutputValue, Health, StateAnalysis, Comparison);
