//! The parts of a plan's JSON that are read. What is not named here may be anything.

use serde::Deserialize;
use serde_json::Value as Json;

#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    pub(super) terraform_version: Option<String>,
    #[serde(default)]
    pub(super) timestamp: Option<String>,
    #[serde(default)]
    pub(super) errored: Option<bool>,
    #[serde(default)]
    pub(super) complete: Option<bool>,
    #[serde(default)]
    pub(super) prior_state: Option<PriorState>,
    #[serde(default)]
    pub(super) resource_changes: Option<Vec<Entry>>,
    #[serde(default)]
    pub(super) resource_drift: Option<Vec<Entry>>,
    #[serde(default)]
    pub(super) deferred_changes: Option<Vec<Deferred>>,
    #[serde(default)]
    pub(super) relevant_attributes: Option<Vec<Relevant>>,
    #[serde(default)]
    pub(super) configuration: Option<Configuration>,
}

#[derive(Deserialize)]
pub(super) struct PriorState {
    #[serde(default)]
    pub(super) values: Option<Values>,
}

#[derive(Deserialize)]
pub(super) struct Values {
    #[serde(default)]
    pub(super) root_module: Option<Module>,
}

/// A module of a state's representation.
#[derive(Deserialize)]
pub(super) struct Module {
    #[serde(default)]
    pub(super) address: Option<String>,
    #[serde(default)]
    pub(super) resources: Option<Vec<Object>>,
    #[serde(default)]
    pub(super) child_modules: Option<Vec<Module>>,
}

/// An object of a state's representation.
#[derive(Deserialize)]
pub(super) struct Object {
    #[serde(default)]
    pub(super) mode: Option<String>,
    #[serde(rename = "type")]
    pub(super) resource_type: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) index: Option<Json>,
    #[serde(default)]
    pub(super) provider_name: Option<String>,
    #[serde(default)]
    pub(super) schema_version: Option<u64>,
    #[serde(default)]
    pub(super) values: Option<Json>,
    #[serde(default)]
    pub(super) sensitive_values: Option<Json>,
    #[serde(default)]
    pub(super) deposed_key: Option<String>,
    #[serde(default)]
    pub(super) tainted: Option<bool>,
}

/// An entry of `resource_changes` and of `resource_drift`.
#[derive(Deserialize)]
pub(super) struct Entry {
    #[serde(default)]
    pub(super) previous_address: Option<String>,
    #[serde(default)]
    pub(super) module_address: Option<String>,
    #[serde(default)]
    pub(super) mode: Option<String>,
    #[serde(rename = "type")]
    pub(super) resource_type: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) index: Option<Json>,
    #[serde(default)]
    pub(super) provider_name: Option<String>,
    #[serde(default)]
    pub(super) deposed: Option<String>,
    #[serde(default)]
    pub(super) action_reason: Option<String>,
    pub(super) change: Change,
}

#[derive(Deserialize)]
pub(super) struct Change {
    #[serde(default)]
    pub(super) actions: Vec<String>,
    #[serde(default)]
    pub(super) before: Json,
    #[serde(default)]
    pub(super) after: Json,
    #[serde(default)]
    pub(super) after_unknown: Json,
    #[serde(default)]
    pub(super) before_sensitive: Option<Json>,
    #[serde(default)]
    pub(super) after_sensitive: Option<Json>,
    #[serde(default)]
    pub(super) replace_paths: Option<Vec<Vec<Json>>>,
    #[serde(default)]
    pub(super) importing: Option<Json>,
}

#[derive(Deserialize)]
pub(super) struct Deferred {
    #[serde(default)]
    pub(super) reason: Option<String>,
    pub(super) resource_change: Entry,
}

#[derive(Deserialize)]
pub(super) struct Relevant {
    pub(super) resource: String,
    #[serde(default)]
    pub(super) attribute: Vec<Json>,
}

#[derive(Deserialize)]
pub(super) struct Configuration {
    #[serde(default)]
    pub(super) root_module: Option<ConfiguredModule>,
}

/// A module of the configuration's representation.
#[derive(Deserialize)]
pub(super) struct ConfiguredModule {
    #[serde(default)]
    pub(super) resources: Option<Vec<ConfiguredResource>>,
    #[serde(default)]
    pub(super) module_calls: Option<std::collections::BTreeMap<String, ModuleCall>>,
}

#[derive(Deserialize)]
pub(super) struct ModuleCall {
    #[serde(default)]
    pub(super) module: Option<ConfiguredModule>,
}

#[derive(Deserialize)]
pub(super) struct ConfiguredResource {
    #[serde(default)]
    pub(super) mode: Option<String>,
    #[serde(rename = "type")]
    pub(super) resource_type: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) expressions: Option<serde_json::Map<String, Json>>,
}
