//! Each part of a v4 state as a list of fields in Terraform's order, each with its compact JSON or nothing where it is left out.

use serde_json::Value as Json;

use crate::address::{InstanceKey, ResourceMode};
use crate::state::model::{Each, Instance, InstanceStatus, Output, RawAttributes, Resource, State};

pub(super) type Field = (&'static str, Option<String>);

/// Terraform reads these and does not write them.
pub(super) const FORGOTTEN: [&str; 2] = ["each", "depends_on"];

fn quoted(text: &str) -> String {
    Json::from(text).to_string()
}

fn unless_empty<T: AsRef<str>>(list: &[T]) -> Option<String> {
    let json = || list.iter().map(AsRef::as_ref).collect::<Json>().to_string();
    (!list.is_empty()).then(json)
}

/// The fields of the file but for outputs and resources.
pub(super) fn file(state: &State) -> Vec<Field> {
    vec![
        (
            "terraform_version",
            state.terraform_version.as_deref().map(quoted),
        ),
        ("serial", Some(state.serial.to_string())),
        ("lineage", Some(quoted(&state.lineage))),
        (
            "check_results",
            state.check_results.as_ref().map(|c| c.0.get().to_owned()),
        ),
    ]
}

pub(super) fn output(output: &Output) -> Vec<Field> {
    vec![
        ("value", Some(output.value.get().to_owned())),
        ("type", Some(output.output_type.to_json().to_string())),
        ("sensitive", output.sensitive.then(|| "true".to_owned())),
    ]
}

/// The fields of a resource but for its instances.
pub(super) fn resource(resource: &Resource) -> Vec<Field> {
    let address = &resource.address;
    let module = (!address.module.is_root()).then(|| quoted(&address.module.to_string()));
    let mode = match address.mode {
        ResourceMode::Data => "data",
        ResourceMode::Managed => "managed",
    };
    let each = resource.each.map(|each| match each {
        Each::List => quoted("list"),
        Each::Map => quoted("map"),
    });
    let provider = resource.provider.as_ref().map(|p| quoted(&p.to_string()));
    vec![
        ("module", module),
        ("mode", Some(quoted(mode))),
        ("type", Some(quoted(&address.resource_type))),
        ("name", Some(quoted(&address.name))),
        ("each", each),
        ("provider", provider),
    ]
}

pub(super) fn instance(instance: &Instance) -> Vec<Field> {
    let key = instance.key.as_ref().map(|key| match key {
        InstanceKey::Int(index) => index.to_string(),
        InstanceKey::String(key) => quoted(key),
    });
    let tainted = instance.status == InstanceStatus::Tainted;
    let (attributes, flat) = match &instance.attributes {
        RawAttributes::Json(raw) => (Some(raw.get().to_owned()), None),
        RawAttributes::Flatmap(map) => {
            let map: serde_json::Map<String, Json> = map
                .iter()
                .map(|(k, v)| (k.clone(), Json::from(v.as_str())))
                .collect();
            (None, Some(Json::Object(map).to_string()))
        }
    };
    let identity = instance.identity.as_ref();
    vec![
        ("index_key", key),
        ("status", tainted.then(|| quoted("tainted"))),
        ("deposed", instance.deposed.as_deref().map(quoted)),
        (
            "provider",
            instance.provider.as_ref().map(|p| quoted(&p.to_string())),
        ),
        ("schema_version", Some(instance.schema_version.to_string())),
        ("attributes", attributes),
        ("attributes_flat", flat),
        (
            "sensitive_attributes",
            Some(instance.sensitive.to_state_json().to_string()),
        ),
        (
            "identity_schema_version",
            identity.map(|(version, _)| version.to_string()),
        ),
        ("identity", identity.map(|(_, raw)| raw.get().to_owned())),
        ("private", instance.private.as_deref().map(quoted)),
        ("dependencies", unless_empty(&instance.dependencies)),
        ("depends_on", unless_empty(&instance.depends_on)),
        (
            "create_before_destroy",
            instance.create_before_destroy.then(|| "true".to_owned()),
        ),
    ]
}
