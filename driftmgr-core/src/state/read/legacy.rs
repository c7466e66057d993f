//! Formats v1 to v3: Terraform up to 0.11. Addresses are keys of maps, attributes are flatmaps, providers are inferred.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::json::{Document, Object};
use super::scalars::{broken, legacy_provider, metadata, provider_of_type};
use crate::address::{
    InstanceAddress, InstanceKey, ModulePath, ProviderConfigAddress, ResourceAddress, ResourceMode,
};
use crate::error::Result;
use crate::state::model::{Each, Instance, InstanceStatus, Output, RawAttributes, Resource, State};
use crate::state::raw::RawJson;
use crate::state::text::{escape_html, sorted};
use crate::value::Type;

pub(super) fn read(document: &Document<'_>, top: &Object<'_>, version: u64) -> Result<State> {
    let mut state = metadata(document, top, version)?;
    let reader = Reader { document, version };
    let modules: Vec<&RawValue> = match top.get("modules") {
        Some(raw) => document.value(raw, "`modules`", "a list")?,
        None => {
            return Err(broken(document.error_at(
                0,
                format!("the state of format {version} has no `modules`"),
            )));
        }
    };
    for raw in modules.into_iter().map(RawValue::get) {
        let module = document.member(raw, "a module")?;
        let path = reader.module_path(raw, &module)?;
        if let (Some(raw), true) = (module.get("outputs"), path.is_root()) {
            for (name, raw) in &document.member(raw, "`outputs`")?.fields {
                state
                    .outputs
                    .insert(name.to_string(), reader.output(name, raw)?);
            }
        }
        if let Some(raw) = module.get("resources") {
            for (key, raw) in &document.member(raw, "`resources`")?.fields {
                reader.resource(&mut state.resources, &path, key, raw)?;
            }
        }
    }
    for resource in &mut state.resources {
        let counted = resource
            .instances
            .iter()
            .any(|i| matches!(i.key, Some(InstanceKey::Int(_))));
        resource.each = counted.then_some(Each::List);
    }
    Ok(state)
}

struct Reader<'d, 'a> {
    document: &'d Document<'a>,
    version: u64,
}

impl<'a> Reader<'_, 'a> {
    /// `["root","a","b"]` is `module.a.module.b`.
    fn module_path(&self, raw: &str, module: &Object<'a>) -> Result<ModulePath> {
        let path: Vec<String> = match module.get("path") {
            Some(path) => {
                self.document
                    .value(path, "the `path` of a module", "a list of strings")?
            }
            None => Vec::new(),
        };
        let Some((_, calls)) = path.split_first().filter(|(root, _)| *root == "root") else {
            return Err(broken(
                self.document
                    .error(raw, "a module has no `path` that begins with \"root\""),
            ));
        };
        let path = calls
            .iter()
            .fold(ModulePath::root(), |path, call| path.child(call, None));
        // Today's format names it by its address, which has to be read back.
        if path.to_string().parse().as_ref() != Ok(&path) {
            return Err(broken(
                self.document
                    .error(raw, "a module has a `path` with a name that is none"),
            ));
        }
        Ok(path)
    }

    fn output(&self, name: &str, raw: &'a str) -> Result<Output> {
        let what = format!("output `{name}`");
        if !raw.starts_with('{') {
            let _: String = self.document.value(raw, &what, "a string or an object")?;
            return Ok(Output::new(RawJson::of(raw.into()), Type::String, false));
        }
        let object = self.document.member(raw, &what)?;
        let Some(value) = object.get("value") else {
            return Err(broken(
                self.document.error(raw, format!("{what} has no value")),
            ));
        };
        let sensitive = match object.get("sensitive") {
            Some(raw) => self.document.value(raw, &what, "true or false")?,
            None => false,
        };
        let json: Json = self
            .document
            .value(value, &what, "JSON that nests less deeply")?;
        Ok(Output::new(
            RawJson::of(value.into()),
            inferred(&json),
            sensitive,
        ))
    }

    fn resource(
        &self,
        resources: &mut Vec<Resource>,
        module: &ModulePath,
        key: &str,
        raw: &'a str,
    ) -> Result<()> {
        let what = format!("resource `{key}`");
        let object = self.document.member(raw, &what)?;
        let Some((address, index)) = address(module, key) else {
            let message = format!("`{key}` is no resource address of format {}", self.version);
            return Err(broken(self.document.error(raw, message)));
        };
        let provider = self.provider(&object, &address, &what)?;
        let depends_on: Vec<String> = self.list(&object, "depends_on", &what)?;
        let depends_on: Vec<String> = depends_on.iter().filter_map(|d| dependency(d)).collect();

        let primary = self.one(object.get("primary"), &what)?;
        let mut deposed = self.many(&object, "deposed", &what)?;
        // Up to Terraform 0.6 a tainted object stood in a list of its own.
        let mut tainted = self.many(&object, "tainted", &what)?;
        for instance in &mut tainted {
            instance.status = InstanceStatus::Tainted;
        }
        let current = primary.or_else(|| tainted.pop());
        deposed.append(&mut tainted);
        for (number, instance) in deposed.iter_mut().enumerate() {
            instance.deposed = Some(format!("{:08x}", number + 1));
        }
        let objects = current.into_iter().chain(deposed).map(|mut instance| {
            instance.key = index.clone();
            instance.depends_on.clone_from(&depends_on);
            instance
        });
        match resources.iter_mut().find(|r| r.address == address) {
            Some(resource) => resource.instances.extend(objects),
            None => {
                let mut resource = Resource::new(address, Some(provider));
                resource.instances = objects.collect();
                resources.push(resource);
            }
        }
        Ok(())
    }

    /// `provider.aws.west` and `module.a.provider.aws` are absolute, `aws.west` stands in the module, nothing means the one that the
    /// type begins with.
    fn provider(
        &self,
        object: &Object<'a>,
        address: &ResourceAddress,
        what: &dyn fmt::Display,
    ) -> Result<ProviderConfigAddress> {
        let text: String = match object.get("provider") {
            Some(raw) => {
                self.document
                    .value(raw, format_args!("`provider` of {what}"), "a string")?
            }
            None => String::new(),
        };
        let parsed = if text.is_empty() {
            let source = provider_of_type(&address.resource_type);
            if source.provider_type.is_empty() {
                // A type such as `_b` names nobody: refused here, as it would be once it was upgraded.
                "provider.".parse().map(legacy_provider)
            } else {
                Ok(legacy_provider(ProviderConfigAddress::default_of(source)))
            }
        } else if text.contains("provider.") {
            text.parse().map(legacy_provider)
        } else {
            format!("provider.{text}").parse().map(legacy_provider)
        };
        let mut provider = parsed.map_err(|e: crate::address::AddressError| {
            let message = format!("the provider of {what}: {e}");
            broken(match object.get("provider") {
                Some(raw) => self.document.error(raw, message),
                None => self.document.error_at(0, message),
            })
        })?;
        if !text.contains("provider.") {
            provider.module.clone_from(&address.module);
        }
        Ok(provider)
    }

    fn list<T: serde::Deserialize<'a>>(
        &self,
        object: &Object<'a>,
        name: &str,
        what: &dyn fmt::Display,
    ) -> Result<Vec<T>> {
        match object.get(name) {
            Some(raw) => self
                .document
                .value(raw, format_args!("`{name}` of {what}"), "a list"),
            None => Ok(Vec::new()),
        }
    }

    fn many(
        &self,
        object: &Object<'a>,
        name: &str,
        what: &dyn fmt::Display,
    ) -> Result<Vec<Instance>> {
        let list: Vec<&'a RawValue> = self.list(object, name, what)?;
        let read = list.into_iter().map(|raw| self.one(Some(raw.get()), what));
        Ok(read
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .flatten()
            .collect())
    }

    fn one(&self, raw: Option<&'a str>, what: &dyn fmt::Display) -> Result<Option<Instance>> {
        let Some(raw) = raw.filter(|raw| *raw != "null") else {
            return Ok(None);
        };
        let what = format!("an instance of {what}");
        let object = self.document.member(raw, &what)?;
        let mut attributes: BTreeMap<String, String> = match object.get("attributes") {
            Some(raw) => self.document.value(
                raw,
                format_args!("`attributes` of {what}"),
                "an object of strings",
            )?,
            None => BTreeMap::new(),
        };
        if self.version < 3 {
            name_counts_of_maps(&mut attributes);
        }
        if let Some(raw) = object.get("id") {
            let id: String =
                self.document
                    .value(raw, format_args!("`id` of {what}"), "a string")?;
            attributes.entry("id".to_owned()).or_insert(id);
        }
        let (schema_version, private) = match object.get("meta") {
            Some(raw) => meta(self.document.value(
                raw,
                format_args!("`meta` of {what}"),
                "an object",
            )?),
            None => (0, None),
        };
        let tainted = match object.get("tainted") {
            Some(raw) => {
                self.document
                    .value(raw, format_args!("`tainted` of {what}"), "true or false")?
            }
            None => false,
        };
        let mut instance = Instance::new(None, schema_version, RawAttributes::Flatmap(attributes));
        instance.private = private.map(Into::into);
        if tainted {
            instance.status = InstanceStatus::Tainted;
        }
        Ok(Some(instance))
    }
}

/// `null_resource.foo.0`, `data.aws_ami.x`: mode, type, name and, for `count`, the index.
fn address(module: &ModulePath, key: &str) -> Option<(ResourceAddress, Option<InstanceKey>)> {
    let (mode, rest) = match key.strip_prefix("data.") {
        Some(rest) => (ResourceMode::Data, rest),
        None => (ResourceMode::Managed, key),
    };
    let mut parts = rest.split('.');
    let (resource_type, name) = (parts.next()?, parts.next()?);
    let index = match parts.next() {
        Some(number) => Some(InstanceKey::Int(number.parse().ok()?)),
        None => None,
    };
    if resource_type.is_empty() || name.is_empty() || parts.next().is_some() {
        return None;
    }
    let address = ResourceAddress {
        module: module.clone(),
        mode,
        resource_type: resource_type.to_owned(),
        name: name.to_owned(),
    };
    // What is no name today was none then.
    let read: InstanceAddress = address.to_string().parse().ok()?;
    (read.resource == address).then_some((address, index))
}

/// A dependency in today's spelling; `None` for what is no reference.
fn dependency(text: &str) -> Option<String> {
    let mut parts: Vec<&str> = text.split('.').collect();
    let mut suffix = String::new();
    match parts.last()?.parse::<u32>() {
        Ok(index) => {
            suffix = format!("[{index}]");
            parts.pop();
        }
        Err(_) if parts.last() == Some(&"*") => {
            parts.pop();
        }
        Err(_) => {}
    }
    let identifier = |part: &&str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    };
    (parts.len() >= 2 && parts.iter().all(identifier)).then(|| parts.join(".") + &suffix)
}

/// Before format v3 the number of entries of a map stood under `.#`, as for lists. Empty ones are dropped: nobody can tell them apart.
fn name_counts_of_maps(attributes: &mut BTreeMap<String, String>) {
    let counts: Vec<String> = attributes
        .keys()
        .filter(|k| k.ends_with(".#"))
        .cloned()
        .collect();
    for count_key in counts {
        let Some(prefix) = count_key.strip_suffix('#') else {
            continue;
        };
        if attributes.get(&count_key).is_some_and(|count| count == "0") {
            attributes.remove(&count_key);
            continue;
        }
        let is_map = attributes
            .range(prefix.to_owned()..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .filter_map(|(key, _)| key.strip_prefix(prefix)?.split('.').next())
            .any(|step| step != "#" && step.parse::<u64>().is_err());
        if is_map {
            let renamed = format!("{prefix}%");
            if let Some(count) = attributes.remove(&count_key) {
                attributes.insert(renamed, count);
            }
        }
    }
}

/// The schema version stood among the provider's private data.
fn meta(mut meta: serde_json::Map<String, Json>) -> (u64, Option<String>) {
    let version = match meta.shift_remove("schema_version") {
        Some(Json::String(text)) => text.parse().unwrap_or(0),
        Some(Json::Number(number)) => number.as_u64().unwrap_or(0),
        _ => 0,
    };
    let private = (!meta.is_empty()).then(|| {
        let text = sorted(Json::Object(meta)).to_string();
        base64::engine::general_purpose::STANDARD.encode(escape_html(&text).as_bytes())
    });
    (version, private)
}

/// The type that Terraform infers for an output: lists and maps where all elements are of one type, else tuples and objects with
/// everything in them.
fn inferred(json: &Json) -> Type {
    unified(&structural(json))
}

fn structural(json: &Json) -> Type {
    match json {
        Json::Null => Type::Dynamic,
        Json::Bool(_) => Type::Bool,
        Json::Number(_) => Type::Number,
        Json::String(_) => Type::String,
        Json::Array(items) => Type::Tuple(items.iter().map(structural).collect()),
        Json::Object(entries) => Type::Object(
            entries
                .iter()
                .map(|(k, v)| (k.clone(), structural(v)))
                .collect(),
        ),
    }
}

fn unified(ty: &Type) -> Type {
    fn common<'t>(mut types: impl Iterator<Item = &'t Type>) -> Option<Box<Type>> {
        let first = types.next()?;
        types
            .all(|ty| ty == first)
            .then(|| Box::new(unified(first)))
    }
    match ty {
        Type::Tuple(types) => common(types.iter()).map_or_else(|| ty.clone(), Type::List),
        Type::Object(types) => common(types.values()).map_or_else(|| ty.clone(), Type::Map),
        other => other.clone(),
    }
}
