//! Format v4: Terraform since 0.12 and OpenTofu.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use bytestring::ByteString;
use foldhash::fast::RandomState;
use serde_json::Value as Json;

use super::json::{Document, Object, kind};
use super::scalars::{broken, metadata, provider};
use super::scan::{Cursor, Stop, plain};
use crate::address::{
    InstanceKey, ModulePath, ProviderConfigAddress, ResourceAddress, ResourceMode,
};
use crate::error::{Error, Result};
use crate::state::model::{
    CheckResults, Each, Instance, InstanceStatus, Output, RawAttributes, Resource, State,
};
use crate::state::raw::RawJson;
use crate::state::sensitive;
use crate::state::source::Origin;
use crate::value::Type;

pub(super) fn read<'a>(
    document: &Document<'a>,
    top: &Object<'a>,
    resources: Resources<'a>,
) -> Result<State> {
    let mut state = metadata(document, top, 4)?;
    if let Some(raw) = top.get("outputs") {
        let reader = &resources.reader;
        let outputs = document.member(raw, "`outputs`")?;
        for (name, raw) in &outputs.fields {
            state
                .outputs
                .insert(name.to_string(), reader.output(name, raw)?);
        }
    }
    let results = top.get("check_results");
    state.check_results = results.map(|raw| CheckResults(resources.reader.share(raw)));
    state.resources = resources.finish(top)?;
    refuse_duplicates(&state)?;
    Ok(state)
}

/// The resources of a state, read while its text is walked through. To keep the fields of all of them until then takes as much memory as the
/// resources themselves.
pub(super) struct Resources<'a> {
    reader: Reader<'a>,
    read: Vec<Resource>,
    /// The first that could not be read. The rest of the text may be worse: no JSON, or no state.
    failed: Option<Error>,
}

impl<'a> Resources<'a> {
    pub(super) fn new(text: &'a ByteString) -> Self {
        Self {
            reader: Reader::new(text),
            read: Vec::new(),
            failed: None,
        }
    }

    pub(super) fn are_none(&self) -> bool {
        self.read.is_empty() && self.failed.is_none()
    }

    /// The value of `resources` comes next. The last one counts.
    pub(super) fn walk(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Stop> {
        self.read.clear();
        self.failed = None;
        cursor.elements(|cursor| {
            let part = Part::scan(cursor, Some("instances"))?;
            if self.failed.is_none() {
                match self.reader.resource(&part) {
                    Ok(resource) => self.read.push(resource),
                    Err(error) => self.failed = Some(error),
                }
            }
            Ok(())
        })
    }

    fn finish(self, top: &Object<'_>) -> Result<Vec<Resource>> {
        if let Some(raw) = top.get("resources") {
            return Err(self.reader.no_list(raw, &"`resources`"));
        }
        self.failed.map_or(Ok(self.read), Err)
    }
}

/// A resource with its instances, or an instance, as the text has it. What is no object has no fields.
struct Part<'a> {
    raw: &'a str,
    object: Object<'a>,
    parts: Vec<Part<'a>>,
}

impl<'a> Part<'a> {
    /// `list` names the field whose elements are parts in turn.
    fn scan(cursor: &mut Cursor<'a>, list: Option<&str>) -> Result<Self, Stop> {
        let mut fields = Vec::new();
        let mut parts = Vec::new();
        let raw = cursor.walked(|cursor| {
            if cursor.peek() != Some(b'{') {
                return cursor.value().map(drop);
            }
            fields.reserve(8);
            cursor.members(|cursor, name| {
                if list.is_some_and(|list| name.eq_ignore_ascii_case(list)) {
                    parts.clear();
                    if cursor.peek() == Some(b'[') {
                        return cursor.elements(|cursor| {
                            parts.push(Self::scan(cursor, None)?);
                            Ok(())
                        });
                    }
                }
                fields.push((name, cursor.value()?));
                Ok(())
            })
        })?;
        Ok(Self {
            raw,
            object: Object { fields },
            parts,
        })
    }
}

/// One resource of a v4 state by itself.
pub(in crate::state) fn one_resource(text: &str) -> Result<Resource> {
    alone(text, Some("instances"), |reader, part| {
        reader.resource(part)
    })
}

/// One instance of a v4 state by itself.
pub(in crate::state) fn one_instance(text: &str) -> Result<Instance> {
    alone(text, None, |reader, part| {
        reader.instance(part, &"the resource")
    })
}

/// One output of a v4 state by itself.
pub(in crate::state) fn one_output(text: &str) -> Result<Output> {
    alone(text, None, |reader, part| reader.output("", part.raw))
}

fn alone<T>(
    text: &str,
    list: Option<&str>,
    read: impl for<'a> FnOnce(&Reader<'a>, &Part<'a>) -> Result<T>,
) -> Result<T> {
    let text = ByteString::from(text);
    let reader = Reader::new(&text);
    let mut cursor = Cursor::new(&text);
    let part = Part::scan(&mut cursor, list).and_then(|part| cursor.end().map(|()| part));
    let part = part.map_err(|stop| reader.document.stopped(stop))?;
    read(&reader, &part)
}

type Dependencies = Arc<[Arc<str>]>;

struct Reader<'a> {
    document: Document<'a>,
    text: &'a ByteString,
    // Thousands of instances say the same; it is kept once.
    providers: RefCell<HashMap<&'a str, Arc<ProviderConfigAddress>, RandomState>>,
    texts: RefCell<HashSet<Arc<str>, RandomState>>,
    /// By their JSON.
    lists: RefCell<HashMap<&'a str, Dependencies, RandomState>>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a ByteString) -> Self {
        Self {
            document: Document { text },
            text,
            providers: RefCell::default(),
            texts: RefCell::default(),
            lists: RefCell::default(),
        }
    }

    /// A part of the text, to be kept.
    fn share(&self, part: &'a str) -> RawJson {
        RawJson::of(self.text.slice_ref(part))
    }

    fn no_list(&self, raw: &str, what: &dyn fmt::Display) -> Error {
        let kind = kind(raw);
        let message = format!("{what} cannot be read: it is {kind} and no list");
        broken(self.document.error(raw, message))
    }

    fn output(&self, name: &str, raw: &'a str) -> Result<Output> {
        let what = format!("output `{name}`");
        let object = self.document.member(raw, &what)?;
        // Null is a value here, and not the absence of one.
        let Some(value) = object.get_or_null("value") else {
            return Err(broken(
                self.document.error(raw, format!("{what} has no value")),
            ));
        };
        let Some(type_raw) = object.get("type") else {
            return Err(broken(
                self.document.error(raw, format!("{what} has no type")),
            ));
        };
        let ty = serde_json::from_str::<Json>(type_raw).ok();
        let Some(output_type) = ty.as_ref().and_then(|ty| Type::from_json_value(ty).ok()) else {
            let message = format!("{what} has a type that cannot be read");
            return Err(broken(self.document.error(type_raw, message)));
        };
        Ok(Output {
            value: self.share(value),
            output_type,
            sensitive: self.flag(&object, "sensitive", &what)?,
            origin: Origin::of(self.share(raw)),
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

    /// A text; nothing when it is empty.
    fn text(
        &self,
        object: &Object<'a>,
        name: &str,
        what: &dyn fmt::Display,
    ) -> Result<Option<Cow<'a, str>>> {
        let Some(raw) = object.get(name) else {
            return Ok(None);
        };
        let text = match plain(raw) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(self.document.value(
                raw,
                format_args!("`{name}` of {what}"),
                "a string",
            )?),
        };
        Ok(Some(text).filter(|t| !t.is_empty()))
    }

    fn string(
        &self,
        object: &Object<'a>,
        name: &str,
        what: &dyn fmt::Display,
    ) -> Result<Option<String>> {
        Ok(self.text(object, name, what)?.map(Cow::into_owned))
    }

    fn resource(&self, part: &Part<'a>) -> Result<Resource> {
        let Part { raw, object, parts } = part;
        if !raw.starts_with('{') {
            return Err(self.document.no_object(raw, "a resource"));
        }
        let address = self.address(raw, object)?;
        let what = &address;
        let each = match self.text(object, "each", &what)?.as_deref() {
            Some("list") => Some(Each::List),
            Some("map") => Some(Each::Map),
            _ => None,
        };
        let provider = self.provider(object, &what)?;
        if let Some(raw) = object.get("instances") {
            return Err(self.no_list(raw, &format_args!("`instances` of {what}")));
        }
        let mut instances = Vec::with_capacity(parts.len());
        for part in parts {
            instances.push(self.instance(part, what)?);
        }
        Ok(Resource {
            address,
            each,
            provider,
            instances,
            origin: Origin::of(self.share(raw)),
        })
    }

    fn address(&self, raw: &str, object: &Object<'a>) -> Result<ResourceAddress> {
        let what = &"a resource";
        let resource_type = self.string(object, "type", what)?.unwrap_or_default();
        let name = self.string(object, "name", what)?.unwrap_or_default();
        if resource_type.is_empty() || name.is_empty() {
            return Err(broken(
                self.document
                    .error(raw, "a resource has no type or no name"),
            ));
        }
        let mode = match self.text(object, "mode", what)?.as_deref() {
            Some("managed") => ResourceMode::Managed,
            Some("data") => ResourceMode::Data,
            _ => {
                let message = format!(
                    "resource `{resource_type}.{name}` has a `mode` that is neither managed nor data"
                );
                return Err(broken(self.document.error(raw, message)));
            }
        };
        let module = match self.text(object, "module", what)? {
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
    ) -> Result<Option<Arc<ProviderConfigAddress>>> {
        let Some(raw) = object.get("provider") else {
            return Ok(None);
        };
        if let Some(known) = self.providers.borrow().get(raw) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(text) = self.text(object, "provider", what)? else {
            return Ok(None);
        };
        // Terraform drops such a resource without a word; a check must not.
        let provider = provider(&text).map_err(|e| {
            let message = format!("the provider of {what}: {e}");
            broken(self.document.error(raw, message))
        })?;
        let provider = Arc::new(provider);
        let mut known = self.providers.borrow_mut();
        known.insert(raw, Arc::clone(&provider));
        Ok(Some(provider))
    }

    fn instance(&self, part: &Part<'a>, resource: &dyn fmt::Display) -> Result<Instance> {
        let what = &format_args!("an instance of {resource}");
        let Part { raw, object, .. } = part;
        if !raw.starts_with('{') {
            return Err(self.document.no_object(raw, what));
        }
        let status = match self.text(object, "status", &what)?.as_deref() {
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
            Some(raw) => Some((number("identity_schema_version")?, self.share(raw))),
            None => None,
        };
        let sensitive = match object.get("sensitive_attributes") {
            Some(raw) => sensitive::read(raw),
            None => Default::default(),
        };
        Ok(Instance {
            key: self.key(object, &what)?,
            deposed: self.string(object, "deposed", &what)?,
            status,
            schema_version: number("schema_version")?,
            attributes: self.attributes(object, &what)?,
            sensitive,
            private: self
                .text(object, "private", &what)?
                .map(|text| self.shared(&text)),
            identity,
            dependencies: self.dependencies(object, &what)?,
            depends_on: self.strings(object, "depends_on", &what)?,
            create_before_destroy: self.flag(object, "create_before_destroy", &what)?,
            provider: self.provider(object, &what)?,
            origin: Origin::of(self.share(raw)),
        })
    }

    fn key(&self, object: &Object<'a>, what: &dyn fmt::Display) -> Result<Option<InstanceKey>> {
        let Some(raw) = object.get("index_key") else {
            return Ok(None);
        };
        match raw.as_bytes().first() {
            Some(b'"') => {
                let key =
                    self.document
                        .value(raw, format_args!("`index_key` of {what}"), "a string")?;
                Ok(Some(InstanceKey::String(key)))
            }
            Some(b'-' | b'0'..=b'9') => Ok(Some(InstanceKey::Int(whole(raw)))),
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
            return Ok(RawAttributes::Json(self.share(raw)));
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
        Ok(RawAttributes::Json(RawJson::of(ByteString::from_static(
            "{}",
        ))))
    }

    /// One list for all instances that depend on the same, as those of a resource do.
    fn dependencies(&self, object: &Object<'a>, what: &dyn fmt::Display) -> Result<Dependencies> {
        let raw = object.get("dependencies").unwrap_or("[]");
        if let Some(known) = self.lists.borrow().get(raw) {
            return Ok(Arc::clone(known));
        }
        let texts = self.strings(object, "dependencies", what)?;
        let list: Dependencies = texts.iter().map(|text| self.shared(text)).collect();
        self.lists.borrow_mut().insert(raw, Arc::clone(&list));
        Ok(list)
    }

    fn shared(&self, text: &str) -> Arc<str> {
        let mut known = self.texts.borrow_mut();
        if let Some(known) = known.get(text) {
            return Arc::clone(known);
        }
        let text = Arc::<str>::from(text);
        known.insert(Arc::clone(&text));
        text
    }

    fn strings(
        &self,
        object: &Object<'a>,
        name: &str,
        what: &dyn fmt::Display,
    ) -> Result<Vec<String>> {
        match object.get(name) {
            None | Some("[]") => Ok(Vec::new()),
            Some(raw) => {
                self.document
                    .value(raw, format_args!("`{name}` of {what}"), "a list of strings")
            }
        }
    }
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
    let mut seen = HashSet::with_hasher(RandomState::default());
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
