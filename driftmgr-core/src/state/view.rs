//! The state as `terraform show -json` prints it.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::checks;
use super::model::{Instance, InstanceStatus, Output, Resource, State};
use crate::address::{InstanceKey, ModulePath, ResourceMode};
use crate::error::{Error, ErrorKind, Result};
use crate::redact::MASK;
use crate::value::{Path, PathSet, Step, Value, json, mask};

/// Whether secrets are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Secrets {
    /// [`MASK`] stands in their place.
    #[default]
    Masked,
    /// As they are, which is what Terraform prints.
    Revealed,
}

impl State {
    /// The JSON of `terraform show -json` (format 1.0), with its keys in the same order.
    ///
    /// Terraform asks the providers for their schemas; this does not. So attributes that the state does not have are absent and not null,
    /// sets stand in the order of the state, what only a schema calls sensitive is not marked in `sensitive_values`, and the attributes of
    /// states before Terraform 0.12 are text. Values of dynamic type are unwrapped where the state tells that they are.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] naming the address of an object that cannot be parsed.
    pub fn json_view(&self, secrets: Secrets) -> Result<Json> {
        let mut view = Map::new();
        view.insert("format_version".into(), "1.0".into());
        if !self.outputs.is_empty() || !self.resources.is_empty() {
            if let Some(version) = &self.terraform_version {
                view.insert("terraform_version".into(), version.as_str().into());
            }
            view.insert("values".into(), self.values(secrets)?);
        }
        if let Some(checks) = self.check_results.as_ref().and_then(checks::view) {
            view.insert("checks".into(), checks);
        }
        Ok(Json::Object(view))
    }

    fn values(&self, secrets: Secrets) -> Result<Json> {
        let mut values = Map::new();
        if !self.outputs.is_empty() {
            let shown =
                |(name, output)| Ok((String::clone(name), output_view(name, output, secrets)?));
            let outputs: Result<Map<_, _>> = self.outputs.iter().map(shown).collect();
            values.insert("outputs".into(), Json::Object(outputs?));
        }
        let mut modules = Modules::default();
        let mut resources: Vec<&Resource> = self.resources.iter().collect();
        resources.sort_by(|a, b| a.address.cmp(&b.address));
        let groups = resources.chunk_by(|a, b| a.address == b.address);
        for group in groups {
            let Some(first) = group.first() else { continue };
            let module = modules.entry(&first.address.module);
            let mut objects: Vec<(&Resource, &Instance)> = group
                .iter()
                .flat_map(|r| r.instances.iter().map(|i| (*r, i)))
                .collect();
            objects.sort_by(|(_, a), (_, b)| (&a.key, &a.deposed).cmp(&(&b.key, &b.deposed)));
            for (resource, instance) in objects {
                module.push(resource_view(resource, instance, secrets)?);
            }
        }
        values.insert("root_module".into(), modules.tree(&ModulePath::root()));
        Ok(Json::Object(values))
    }
}

/// Resources by module; modules that only lead to others are there too.
#[derive(Default)]
struct Modules(BTreeMap<ModulePath, Vec<Json>>);

impl Modules {
    fn entry(&mut self, path: &ModulePath) -> &mut Vec<Json> {
        let mut above = path.parent();
        while let Some(parent) = above {
            above = parent.parent();
            self.0.entry(parent).or_default();
        }
        self.0.entry(path.clone()).or_default()
    }

    fn tree(&self, path: &ModulePath) -> Json {
        let mut module = Map::new();
        match self.0.get(path) {
            Some(resources) if !resources.is_empty() => {
                module.insert("resources".into(), resources.clone().into());
            }
            _ => {}
        }
        if !path.is_root() {
            module.insert("address".into(), path.to_string().into());
        }
        // Here Terraform sorts modules by their text.
        let mut children: Vec<(String, &ModulePath)> = self
            .0
            .keys()
            .filter(|p| p.parent().as_ref() == Some(path))
            .map(|p| (p.to_string(), p))
            .collect();
        children.sort();
        if !children.is_empty() {
            let children: Vec<Json> = children.iter().map(|(_, p)| self.tree(p)).collect();
            module.insert("child_modules".into(), children.into());
        }
        Json::Object(module)
    }
}

fn output_view(name: &str, output: &Output, secrets: Secrets) -> Result<Json> {
    let value = json::decode_untyped(output.value.get()).map_err(|cause| {
        let message = format!("output `{name}` cannot be read: {cause}");
        Error::new(ErrorKind::InvalidState, message).with_operation("state.view")
    })?;
    let value = match secrets {
        Secrets::Masked if output.sensitive && !value.is_null() => MASK.into(),
        _ => json::encode_plain(&value),
    };
    Ok(Json::from_iter([
        ("sensitive", output.sensitive.into()),
        ("value", value),
        ("type", output.output_type.to_json()),
    ]))
}

fn resource_view(resource: &Resource, instance: &Instance, secrets: Secrets) -> Result<Json> {
    let at = &resource.address;
    let address = resource.instance_address(instance);
    let mut view = Map::new();
    let mut put = |name: &str, value: Json| {
        view.insert(name.to_owned(), value);
    };
    put("address", address.to_string().into());
    let mode = match at.mode {
        ResourceMode::Data => "data",
        ResourceMode::Managed => "managed",
    };
    put("mode", mode.into());
    put("type", at.resource_type.as_str().into());
    put("name", at.name.as_str().into());
    match &instance.key {
        Some(InstanceKey::Int(index)) => put("index", (*index).into()),
        Some(InstanceKey::String(key)) => put("index", key.as_str().into()),
        None => {}
    }
    let provider = resource.provider_of(instance);
    if let Some(provider) = provider {
        put("provider_name", provider.source.to_string().into());
    }
    put("schema_version", instance.schema_version.into());

    let attributes = instance
        .attributes_plain(provider)
        .map_err(|e| e.with("address", &address))?;
    let values = match secrets {
        Secrets::Masked => json::encode_plain(&mask(&attributes, &instance.sensitive)),
        Secrets::Revealed => json::encode_plain(&attributes),
    };
    put("values", values);
    put(
        "sensitive_values",
        marks(&attributes, &Path::root(), &instance.sensitive),
    );
    if let Some((version, raw)) = &instance.identity
        && let Ok(identity) = json::decode_untyped(raw.get())
    {
        put("identity_schema_version", (*version).into());
        put("identity", json::encode_plain(&identity));
    }
    if !instance.dependencies.is_empty() {
        put(
            "depends_on",
            instance.dependencies.iter().map(AsRef::as_ref).collect(),
        );
    }
    if instance.status == InstanceStatus::Tainted {
        put("tainted", true.into());
    }
    if let Some(key) = &instance.deposed {
        put("deposed_key", key.as_str().into());
    }
    Ok(Json::Object(view))
}

/// `true` for what is marked; else the shape of collections, in which false attributes are left out and false elements are not.
fn marks(value: &Value, at: &Path, sensitive: &PathSet) -> Json {
    // Members of a set have no position; a mark in one is a mark on the set.
    let in_set = |marked: &Path| {
        at.contains(marked)
            && matches!(marked.steps().get(at.steps().len()), Some(Step::Element(_)))
    };
    if sensitive.covers(at) || sensitive.iter().any(in_set) {
        return true.into();
    }
    match value {
        Value::Map(entries) => {
            let marked = entries.iter().map(|(key, value)| {
                let marks = marks(value, &at.join(Step::Key(key.clone())), sensitive);
                (key.clone(), marks)
            });
            Json::Object(
                marked
                    .filter(|(_, marks)| *marks != Json::Bool(false))
                    .collect(),
            )
        }
        Value::List(items) | Value::Set(items) => items
            .iter()
            .enumerate()
            .map(|(i, item)| marks(item, &at.join(Step::Index(i)), sensitive))
            .collect(),
        _ => false.into(),
    }
}
