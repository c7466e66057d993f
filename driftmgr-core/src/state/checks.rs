//! Results of checks as `terraform show -json` prints them.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::model::CheckResults;
use crate::address::{InstanceAddress, InstanceKey, ResourceMode};

#[derive(Deserialize)]
struct Check {
    object_kind: String,
    config_addr: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    objects: Option<Vec<Object>>,
}

#[derive(Deserialize)]
struct Object {
    object_addr: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    failure_messages: Option<Vec<String>>,
}

/// `None` when there are none, or they are not what is known.
pub(super) fn view(results: &CheckResults) -> Option<Json> {
    let mut checks: Vec<Check> = serde_json::from_str(results.0.get()).ok()?;
    checks.sort_by(|a, b| a.config_addr.cmp(&b.config_addr));
    let shown: Option<Vec<Json>> = checks.into_iter().map(check).collect();
    shown.filter(|checks| !checks.is_empty()).map(Json::from)
}

fn check(check: Check) -> Option<Json> {
    let mut address = Map::new();
    let kind = match check.object_kind.as_str() {
        "output" => "output_value",
        kind => kind,
    };
    address.insert("kind".into(), kind.into());
    let parts = Parts::of(&check.config_addr, kind)?;
    if let Some(resource) = &parts.resource {
        let mode = match resource.resource.mode {
            ResourceMode::Data => "data",
            ResourceMode::Managed => "managed",
        };
        address.insert("mode".into(), mode.into());
        address.insert(
            "type".into(),
            resource.resource.resource_type.as_str().into(),
        );
    }
    address.insert("name".into(), parts.name.into());
    if !parts.module.is_empty() {
        address.insert("module".into(), parts.module.into());
    }
    address.insert("to_display".into(), check.config_addr.as_str().into());
    address.sort_keys();

    let mut view = Map::new();
    view.insert("address".into(), Json::Object(address));
    view.insert("status".into(), check.status.into());
    let mut objects = check.objects.unwrap_or_default();
    objects.sort_by(|a, b| a.object_addr.cmp(&b.object_addr));
    let objects: Option<Vec<Json>> = objects.into_iter().map(|o| object(o, kind)).collect();
    let objects = objects?;
    if !objects.is_empty() {
        view.insert("instances".into(), objects.into());
    }
    Some(Json::Object(view))
}

fn object(object: Object, kind: &str) -> Option<Json> {
    let parts = Parts::of(&object.object_addr, kind)?;
    let mut address = Map::new();
    match parts.resource.and_then(|r| r.key) {
        Some(InstanceKey::Int(index)) => {
            address.insert("instance_key".into(), index.into());
        }
        Some(InstanceKey::String(key)) => {
            address.insert("instance_key".into(), key.into());
        }
        None => {}
    }
    if !parts.module.is_empty() {
        address.insert("module".into(), parts.module.into());
    }
    address.insert("to_display".into(), object.object_addr.as_str().into());
    let mut view = Map::new();
    view.insert("address".into(), Json::Object(address));
    view.insert("status".into(), object.status.into());
    let problems: Vec<Json> = object
        .failure_messages
        .unwrap_or_default()
        .into_iter()
        .map(|message| Json::from_iter([("message", message)]))
        .collect();
    if !problems.is_empty() {
        view.insert("problems".into(), problems.into());
    }
    Some(Json::Object(view))
}

struct Parts {
    module: String,
    name: String,
    resource: Option<InstanceAddress>,
}

impl Parts {
    /// `module.a[0].check.b`, `output.c`, `module.x.var.y`, or the address of a resource.
    fn of(text: &str, kind: &str) -> Option<Self> {
        if kind == "resource" {
            let address: InstanceAddress = text.parse().ok()?;
            return Some(Self {
                module: address.resource.module.to_string(),
                name: address.resource.name.clone(),
                resource: Some(address),
            });
        }
        let (rest, name) = text.rsplit_once('.')?;
        let module = rest.rsplit_once('.').map_or("", |(module, _)| module);
        Some(Self {
            module: module.to_owned(),
            name: name.to_owned(),
            resource: None,
        })
    }
}
