//! Format v4: Terraform since 0.12 and OpenTofu.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::json::{Document, Object, kind};
use super::scalars::{broken, metadata, own, provider};
use crate::address::{
    InstanceKey, ModulePath, ProviderConfigAddress, ResourceAddress, ResourceMode,
};
use crate::error::Result;
use crate::state::model::{
    CheckResults, Each, Instance, InstanceStatus, Output, RawAttributes, Resource, State,
};
use crate::state::sensitive;
use crate::state::source::Origin;
use crate::value::Type;

pub(super) fn read(document: &Document<'_>, top: &Object<'_>, text: &Arc<str>) -> Result<State> {
    let reader = Reader { document, text };
    let mut state = metadata(document, top, 4)?;
    if let Some(raw) = top.get("outputs") {
        let outputs = document.member(raw, "`outputs`", "")?;
        for (name, raw) in &outputs.fields {
            state
                .outputs
                .insert(name.to_string(), reader.output(name, raw)?);
        }
    }
    state.resources.reserve(top.elements.len());
    for raw in &top.elements {
        state.resources.push(reader.resource(raw)?);
    }
    state.check_results = top.get("check_results").map(|raw| CheckResults(own(raw)));
    refuse_duplicates(&state)?;
    Ok(state)
}

/// One resource of a v4 state by itself.
pub(in crate::state) fn one_resource(text: &str) -> Result<Resource> {
    alone(text, |reader, raw| reader.resource(raw))
}

/// One instance of a v4 state by itself.
pub(in crate::state) fn one_instance(text: &str) -> Result<Instance> {
    alone(text, |reader, raw| reader.instance(raw, &"the resource"))
}

/// One output of a v4 state by itself.
pub(in crate::state) fn one_output(text: &str) -> Result<Output> {
    alone(text, |reader, raw| reader.output("", raw))
}

fn alone<'a, T>(
    text: &'a str,
    read: impl FnOnce(&Reader<'_, 'a>, &'a RawValue) -> Result<T>,
) -> Result<T> {
    let document = Document { text };
    let raw =
        serde_json::from_str::<&RawValue>(text).map_err(|_| document.error_at(0, "not JSON"))?;
    let reader = Reader {
        document: &document,
        text: &Arc::from(text),
    };
    read(&reader, raw)
}

struct Reader<'d, 'a> {
    document: &'d Document<'a>,
    text: &'d Arc<str>,
}

impl<'a> Reader<'_, 'a> {
    fn origin(&self, raw: &RawValue) -> Origin {
        Origin::new(self.text, self.document.range(raw.get()))
    }

    fn output(&self, name: &str, raw: &'a RawValue) -> Result<Output> {
        let what = format!("output `{name}`");
        let object = self.document.member(raw, &what, "")?;
        // Null is a value here, and not the absence of one.
        let value = object
            .fields
            .iter()
            .rev()
            .find(|(key, _)| key.eq_ignore_ascii_case("value"));
        let Some((_, value)) = value else {
            return Err(broken(
                self.document.error(raw, format!("{what} has no value")),
            ));
        };
        let Some(type_raw) = object.get("type") else {
            return Err(broken(
                self.document.error(raw, format!("{what} has no type")),
            ));
        };
        let ty = serde_json::from_str::<Json>(type_raw.get()).ok();
        let Some(output_type) = ty.as_ref().and_then(|ty| Type::from_json_value(ty).ok()) else {
            let message = format!("{what} has a type that cannot be read");
            return Err(broken(self.document.error(type_raw, message)));
        };
        Ok(Output {
            value: own(value),
            output_type,
            sensitive: self.flag(&object, "sensitive", &what)?,
            origin: self.origin(raw),
        })
    }

    fn flag(&self, object: &Object<'a>, name: &str, what: &dyn fmt::Display) -> Result<bool> {
        match object.get(name) {
            Some(raw) => {
                self.document
                    .value(raw, format_args!("`{name}` of {what}"), "true or false")
            }
            None => Ok(false),
        }
    }

    fn string(
        &self,
        object: &Object<'a>,
        name: &str,
        what: &dyn fmt::Display,
    ) -> Result<Option<String>> {
        let Some(raw) = object.get(name) else {
            return Ok(None);
        };
        let text: String =
            self.document
                .value(raw, format_args!("`{name}` of {what}"), "a string")?;
        Ok(Some(text).filter(|t| !t.is_empty()))
    }

    fn resource(&self, raw: &'a RawValue) -> Result<Resource> {
        let object = self.document.member(raw, "a resource", "instances")?;
        let address = self.address(raw, &object)?;
        let what = &address;
        let each = match self.string(&object, "each", &what)?.as_deref() {
            Some("list") => Some(Each::List),
            Some("map") => Some(Each::Map),
            _ => None,
        };
        let provider = self.provider(&object, &what)?;
        let mut instances = Vec::with_capacity(object.elements.len());
        for raw in &object.elements {
            instances.push(self.instance(raw, what)?);
        }
        Ok(Resource {
            address,
            each,
            provider,
            instances,
            origin: self.origin(raw),
        })
    }

    fn address(&self, raw: &RawValue, object: &Object<'a>) -> Result<ResourceAddress> {
        let what = &"a resource";
        let resource_type = self.string(object, "type", what)?.unwrap_or_default();
        let name = self.string(object, "name", what)?.unwrap_or_default();
        if resource_type.is_empty() || name.is_empty() {
            return Err(broken(
                self.document
                    .error(raw, "a resource has no type or no name"),
            ));
        }
        let mode = match self.string(object, "mode", what)?.as_deref() {
            Some("managed") => ResourceMode::Managed,
            Some("data") => ResourceMode::Data,
            _ => {
                let message = format!(
                    "resource `{resource_type}.{name}` has a `mode` that is neither managed nor data"
                );
                return Err(broken(self.document.error(raw, message)));
            }
        };
        let module = match self.string(object, "module", what)? {
            Some(text) => text.parse().map_err(|e: crate::address::AddressError| {
                let message = format!("the module of resource `{resource_type}.{name}`: {e}");
                broken(self.document.error(raw, message))
            })?,
            None => ModulePath::root(),
        };
        Ok(ResourceAddress {
            module,
            mode,
            resource_type,
            name,
        })
    }

    fn provider(
        &self,
        object: &Object<'a>,
        what: &dyn fmt::Display,
    ) -> Result<Option<ProviderConfigAddress>> {
        let Some(text) = self.string(object, "provider", what)? else {
            return Ok(None);
        };
        // Terraform drops such a resource without a word; a check must not.
        provider(&text).map(Some).map_err(|e| {
            let raw = object.get("provider");
            let message = format!("the provider of {what}: {e}");
            broken(match raw {
                Some(raw) => self.document.error(raw, message),
                None => self.document.error_at(0, message),
            })
        })
    }

    fn instance(&self, raw: &'a RawValue, resource: &dyn fmt::Display) -> Result<Instance> {
        let what = &format_args!("an instance of {resource}");
        let object = self.document.member(raw, what, "")?;
        let status = match self.string(&object, "status", &what)?.as_deref() {
            None => InstanceStatus::Ready,
            Some("tainted") => InstanceStatus::Tainted,
            Some(_) => {
                let message = format!("{what} has a `status` that is neither empty nor tainted");
                return Err(broken(self.document.error(raw, message)));
            }
        };
        let number = |name: &str| -> Result<u64> {
            object.get(name).map_or(Ok(0), |raw| {
                self.document.value(
                    raw,
                    format_args!("`{name}` of {what}"),
                    "a whole number that is not negative",
                )
            })
        };
        let identity = match object.get("identity") {
            Some(raw) => Some((number("identity_schema_version")?, own(raw))),
            None => None,
        };
        let sensitive = match object.get("sensitive_attributes") {
            Some(raw) => sensitive::read(raw),
            None => Default::default(),
        };
        Ok(Instance {
            key: self.key(&object, &what)?,
            deposed: self.string(&object, "deposed", &what)?,
            status,
            schema_version: number("schema_version")?,
            attributes: self.attributes(&object, &what)?,
            sensitive,
            private: self.string(&object, "private", &what)?,
            identity,
            dependencies: self.strings(&object, "dependencies", &what)?,
            depends_on: self.strings(&object, "depends_on", &what)?,
            create_before_destroy: self.flag(&object, "create_before_destroy", &what)?,
            provider: self.provider(&object, &what)?,
            origin: self.origin(raw),
        })
    }

    fn key(&self, object: &Object<'a>, what: &dyn fmt::Display) -> Result<Option<InstanceKey>> {
        let Some(raw) = object.get("index_key") else {
            return Ok(None);
        };
        match raw.get().as_bytes().first() {
            Some(b'"') => {
                let key =
                    self.document
                        .value(raw, format_args!("`index_key` of {what}"), "a string")?;
                Ok(Some(InstanceKey::String(key)))
            }
            Some(b'-' | b'0'..=b'9') => Ok(Some(InstanceKey::Int(whole(raw.get())))),
            _ => {
                let kind = kind(raw);
                let message =
                    format!("`index_key` of {what} is {kind} and neither a number nor a string");
                Err(broken(self.document.error(raw, message)))
            }
        }
    }

    fn attributes(&self, object: &Object<'a>, what: &dyn fmt::Display) -> Result<RawAttributes> {
        if let Some(raw) = object.get("attributes") {
            return Ok(RawAttributes::Json(own(raw)));
        }
        if let Some(raw) = object.get("attributes_flat") {
            let map: BTreeMap<String, Option<String>> = self.document.value(
                raw,
                format_args!("`attributes_flat` of {what}"),
                "an object of strings",
            )?;
            return Ok(RawAttributes::Flatmap(
                map.into_iter()
                    .map(|(k, v)| (k, v.unwrap_or_default()))
                    .collect(),
            ));
        }
        // Terraform takes an object without attributes for an empty one.
        Ok(RawAttributes::Json(empty_object()))
    }

    fn strings(
        &self,
        object: &Object<'a>,
        name: &str,
        what: &dyn fmt::Display,
    ) -> Result<Vec<String>> {
        match object.get(name) {
            Some(raw) => {
                self.document
                    .value(raw, format_args!("`{name}` of {what}"), "a list of strings")
            }
            None => Ok(Vec::new()),
        }
    }
}

fn empty_object() -> Arc<RawValue> {
    RawValue::from_string("{}".to_owned()).map_or_else(|_| own(RawValue::NULL), Arc::from)
}

/// Terraform reads keys as floats and cuts the fraction off; what does not fit becomes the smallest integer.
fn whole(text: &str) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    let float: f64 = text.parse().unwrap_or(f64::NAN);
    if (-LIMIT..LIMIT).contains(&float) {
        #[allow(clippy::cast_possible_truncation)] // The fraction goes, and the range was checked.
        {
            float as i64
        }
    } else {
        i64::MIN
    }
}

/// Terraform refuses the same object twice; one of them would be judged for the other.
fn refuse_duplicates(state: &State) -> Result<()> {
    let mut seen = HashSet::new();
    for (resource, instance) in state.instances() {
        if !seen.insert((&resource.address, &instance.key, &instance.deposed)) {
            let address = resource.instance_address(instance);
            let error = crate::Error::new(
                crate::ErrorKind::InvalidState,
                format!("{address} stands in the state more than once"),
            )
            .with_operation("state.read")
            .with("address", &address);
            return Err(broken(match &instance.deposed {
                Some(key) => error.with("deposed", key),
                None => error,
            }));
        }
    }
    Ok(())
}
