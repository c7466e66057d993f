//! A plan's JSON as what it tells about each object.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::configured::Arguments;
use super::document::{Deferred, Document, Entry, Module, Object, Relevant};
use super::{Action, Key, Plan, PlannedChange, PlannedObject, Seen, marks, text};
use crate::address::{
    InstanceAddress, InstanceKey, ModulePath, ProviderSource, ResourceAddress, ResourceMode,
};
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Path, Value, json};

/// The newest major version of the format that is known.
const MAJOR: u64 = 1;
/// The first version of Terraform that writes `resource_drift`.
const RECORDS_DRIFT: [u64; 3] = [0, 15, 4];

impl Plan {
    /// Reads a plan of format 0.1 to 1.x: UTF-8 or UTF-16, with or without a byte order mark.
    ///
    /// # Errors
    /// `InvalidInput` for what is no plan in JSON: it names what it is instead, and the command that makes the right file. `Unsupported` for
    /// a format of a newer major version. No value of the plan is quoted.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text = text::decode(bytes)?;
        let json = text::parse(&text)?;
        let version = supported(&json)?;
        let document: Document = serde_json::from_value(json)
            .map_err(|e| unreadable(&e).with("format_version", &version))?;
        Reading::of(document)?.plan(version)
    }
}

/// The format's version, when this version of the library reads it.
fn supported(json: &Json) -> Result<String> {
    let Some(version) = json.get("format_version").and_then(Json::as_str) else {
        return Err(text::refused("a plan without `format_version`"));
    };
    let major = version
        .split('.')
        .next()
        .and_then(|m| m.parse::<u64>().ok());
    match major {
        Some(major) if major <= MAJOR => Ok(version.to_owned()),
        Some(_) => Err(Error::new(
            ErrorKind::Unsupported,
            format!("a plan of format {version}, which is newer than this version of driftmgr"),
        )
        .with_operation("plan.read")
        .with("newest known format", format!("{MAJOR}.x"))
        .with_hint("update driftmgr, or make the plan with an older Terraform")),
        None => Err(text::refused("a plan whose `format_version` is no version")),
    }
}

/// The error of a part that does not have the shape of a plan. The parser's sentence can quote a value, so only its kind is kept.
fn unreadable(error: &serde_json::Error) -> Error {
    let sentence = error.to_string();
    let missing = sentence
        .strip_prefix("missing field ")
        .and_then(|rest| rest.split('`').nth(1))
        .map(|field| format!(": an entry has no `{field}`"));
    text::refused(format!(
        "a plan that cannot be read{}",
        missing.unwrap_or_default()
    ))
}

/// An object of `prior_state`.
struct Prior {
    address: InstanceAddress,
    object: Object,
}

/// A plan on the way to what it tells.
struct Reading {
    document: Document,
    prior: Vec<Prior>,
    changes: BTreeMap<Key, Entry>,
    drift: BTreeMap<InstanceAddress, Entry>,
    deferred: BTreeMap<Key, Option<String>>,
    relevant: BTreeMap<InstanceAddress, Vec<Path>>,
    arguments: Arguments,
    marked: bool,
}

impl Reading {
    fn of(mut document: Document) -> Result<Self> {
        let mut prior = Vec::new();
        let values = document.prior_state.take().and_then(|p| p.values);
        if let Some(root) = values.and_then(|v| v.root_module) {
            collect(root, &mut prior)?;
        }
        let mut changes = BTreeMap::new();
        for entry in document.resource_changes.take().into_iter().flatten() {
            if managed(entry.mode.as_deref()) {
                changes.insert((address_of(&entry)?, entry.deposed.clone()), entry);
            }
        }
        let mut drift = BTreeMap::new();
        for entry in document.resource_drift.take().into_iter().flatten() {
            if managed(entry.mode.as_deref()) {
                drift.insert(address_of(&entry)?, entry);
            }
        }
        let mut deferred = BTreeMap::new();
        for each in document.deferred_changes.take().into_iter().flatten() {
            let Deferred {
                reason,
                resource_change: entry,
            } = each;
            deferred.insert((address_of(&entry)?, entry.deposed.clone()), reason);
        }
        let mut relevant: BTreeMap<InstanceAddress, Vec<Path>> = BTreeMap::new();
        for each in document.relevant_attributes.take().into_iter().flatten() {
            let Relevant {
                resource,
                attribute,
            } = each;
            // A hint for people: one that cannot be read is none.
            if let Ok(address) = resource.parse() {
                relevant
                    .entry(address)
                    .or_default()
                    .push(marks::path(&attribute));
            }
        }
        let arguments = Arguments::read(document.configuration.as_ref());
        let marked = prior.iter().any(|p| p.object.sensitive_values.is_some())
            || changes
                .values()
                .chain(drift.values())
                .any(|e| e.change.before_sensitive.is_some() || e.change.after_sensitive.is_some());
        Ok(Self {
            document,
            prior,
            changes,
            drift,
            deferred,
            relevant,
            arguments,
            marked,
        })
    }

    fn plan(mut self, format_version: String) -> Result<Plan> {
        let version = self.document.terraform_version.as_deref();
        let records_drift = !self.drift.is_empty()
            || format_version != "0.1"
            || version.is_some_and(|v| numbers(v) >= Some(RECORDS_DRIFT));
        let created = self.changes.iter().filter(|(_, entry)| {
            let actions = actions(entry);
            actions == [Action::Create]
        });
        let created: BTreeSet<InstanceAddress> =
            created.map(|((address, _), _)| address.clone()).collect();
        let mut plan = Plan {
            format_version,
            terraform_version: self.document.terraform_version.clone(),
            timestamp: self.document.timestamp.clone(),
            errored: self.document.errored == Some(true),
            complete: self.document.complete,
            refresh_only: self.changes.is_empty() && self.deferred.is_empty(),
            records_drift,
            objects: BTreeMap::new(),
            created,
        };
        for prior in std::mem::take(&mut self.prior) {
            let object = self.present(&plan, prior)?;
            if let Some(object) = object {
                plan.objects
                    .insert((object.address.clone(), object.deposed.clone()), object);
            }
        }
        // What a refresh did not find any more is no part of the prior state, and some plans come without one.
        for (address, drift) in &self.drift {
            let object = self.drifted(address, drift)?;
            let key = (object.address.clone(), None);
            plan.objects.entry(key).or_insert(object);
        }
        Ok(plan)
    }

    /// What the plan tells about an object of its prior state; nothing about one that apply would only import.
    fn present(&self, plan: &Plan, prior: Prior) -> Result<Option<PlannedObject>> {
        let Prior { address, object } = prior;
        let deposed = object.deposed_key.clone();
        let key = (address.clone(), deposed.clone());
        let entry = self.changes.get(&key);
        let drift = deposed
            .is_none()
            .then(|| self.drift.get(&address))
            .flatten();
        if entry.is_some_and(|e| e.change.importing.as_ref().is_some_and(|i| !i.is_null())) {
            return Ok(None);
        }
        let current = json::untyped(object.values.unwrap_or_default());
        let mut sensitive = object
            .sensitive_values
            .as_ref()
            .map(marks::paths)
            .unwrap_or_default();
        let stored = match drift {
            Some(drift) => {
                sensitive.extend(&secrets(drift));
                Some(json::untyped(drift.change.before.clone()))
            }
            // No entry means no drift; but deposed objects never have one.
            None if plan.records_drift && deposed.is_none() => Some(current.clone()),
            None => None,
        };
        if !self.marked {
            sensitive.extend(&marks::by_name(&current));
            if let Some(stored) = &stored {
                sensitive.extend(&marks::by_name(stored));
            }
        }
        if let Some(entry) = entry {
            sensitive.extend(&secrets(entry));
        }
        let (before, moved_to) = moved(&address, drift, entry)?;
        let provider = object
            .provider_name
            .or_else(|| entry?.provider_name.clone());
        Ok(Some(PlannedObject {
            seen: self.seen(plan, &key, drift.is_some()),
            provider: source(provider.as_deref(), &address)?,
            configured: self.arguments.of(&address.resource).cloned(),
            relevant: self.relevant_of(&address),
            address: before,
            moved_to,
            deposed,
            schema_version: object.schema_version,
            tainted: object.tainted == Some(true),
            stored,
            current: Some(current),
            change: entry.map(change),
            sensitive,
        }))
    }

    /// What the entry of an object in `resource_drift` tells by itself.
    fn drifted(&self, address: &InstanceAddress, drift: &Entry) -> Result<PlannedObject> {
        let entry = self.changes.get(&(address.clone(), None));
        let stored = json::untyped(drift.change.before.clone());
        let current = match actions(drift).contains(&Action::Delete) {
            true => None,
            false => Some(json::untyped(drift.change.after.clone())),
        };
        let mut sensitive = secrets(drift);
        if !self.marked {
            for side in current.iter().chain([&stored]) {
                sensitive.extend(&marks::by_name(side));
            }
        }
        let (before, moved_to) = moved(address, Some(drift), entry)?;
        Ok(PlannedObject {
            address: before,
            moved_to,
            deposed: None,
            provider: source(drift.provider_name.as_deref(), address)?,
            schema_version: None,
            tainted: false,
            stored: Some(stored),
            current,
            seen: Seen::Yes,
            change: entry.map(change),
            sensitive,
            configured: self.arguments.of(&address.resource).cloned(),
            relevant: self.relevant_of(address),
        })
    }

    fn seen(&self, plan: &Plan, key: &Key, drifted: bool) -> Seen {
        if let Some(reason) = self.deferred.get(key) {
            let reason = reason
                .as_deref()
                .unwrap_or("unknown reason")
                .replace('_', " ");
            return Seen::No(format!("the plan puts it off: {reason}"));
        }
        if drifted || self.changes.contains_key(key) {
            return Seen::Yes;
        }
        if plan.errored {
            return Seen::No(
                "an error broke the plan off before it came to this object".to_owned(),
            );
        }
        if !plan.refresh_only {
            return Seen::No(
                "the plan says nothing about it, as with -target: it may not have been refreshed"
                    .to_owned(),
            );
        }
        if plan.complete == Some(false) {
            return Seen::No(
                "the plan is not complete, and says nothing about it: it may not have been refreshed"
                    .to_owned(),
            );
        }
        Seen::Yes
    }

    /// Attributes of the instance, or of the whole resource, that are named as relevant.
    fn relevant_of(&self, address: &InstanceAddress) -> Vec<Path> {
        let whole = address.resource.instance(None);
        let mut found = self.relevant.get(address).cloned().unwrap_or_default();
        if whole != *address {
            found.extend(self.relevant.get(&whole).into_iter().flatten().cloned());
        }
        found.retain(|path| !path.steps().is_empty());
        found.sort();
        found.dedup();
        found
    }
}

fn managed(mode: Option<&str>) -> bool {
    mode != Some("data")
}

fn collect(module: Module, into: &mut Vec<Prior>) -> Result<()> {
    let path = module_path(module.address.as_deref())?;
    for object in module.resources.into_iter().flatten() {
        if !managed(object.mode.as_deref()) {
            continue;
        }
        let address = instance(
            &path,
            &object.resource_type,
            &object.name,
            object.index.as_ref(),
        )?;
        into.push(Prior { address, object });
    }
    for child in module.child_modules.into_iter().flatten() {
        collect(child, into)?;
    }
    Ok(())
}

fn module_path(text: Option<&str>) -> Result<ModulePath> {
    match text {
        None | Some("") => Ok(ModulePath::root()),
        Some(text) => text.parse().map_err(|_| {
            text::refused("a plan with the address of a module that is none").with("address", text)
        }),
    }
}

/// The address from its parts: Terraform 0.12 leaves the key out of the address in `prior_state`.
fn instance(
    module: &ModulePath,
    resource_type: &str,
    name: &str,
    index: Option<&Json>,
) -> Result<InstanceAddress> {
    let key = match index {
        None | Some(Json::Null) => None,
        Some(Json::String(key)) => Some(InstanceKey::String(key.clone())),
        Some(index) => {
            let number = index.to_string().parse().map_err(|_| {
                text::refused("a plan with an `index` that is neither text nor a whole number")
                    .with("resource", format!("{resource_type}.{name}"))
            })?;
            Some(InstanceKey::Int(number))
        }
    };
    let resource = ResourceAddress {
        module: module.clone(),
        mode: ResourceMode::Managed,
        resource_type: resource_type.to_owned(),
        name: name.to_owned(),
    };
    let address = resource.instance(key);
    // A report names it by its address, and has to be read back.
    if address.to_string().parse().as_ref() != Ok(&address) {
        return Err(
            text::refused("a plan with the type or name of a resource that is none")
                .with("resource", format!("{resource_type}.{name}")),
        );
    }
    Ok(address)
}

fn address_of(entry: &Entry) -> Result<InstanceAddress> {
    let module = module_path(entry.module_address.as_deref())?;
    instance(
        &module,
        &entry.resource_type,
        &entry.name,
        entry.index.as_ref(),
    )
}

/// The address before the plan. Where the plan records drift or nothing at all besides the move, the address after it is told as well.
fn moved(
    address: &InstanceAddress,
    drift: Option<&Entry>,
    entry: Option<&Entry>,
) -> Result<(InstanceAddress, Option<InstanceAddress>)> {
    let read = |text: &String| {
        text.parse::<InstanceAddress>().map_err(|_| {
            text::refused("a plan with a `previous_address` that is no address")
                .with("address", text)
        })
    };
    let recorded = drift.and_then(|d| d.previous_address.as_ref());
    if let Some(before) = recorded.map(read).transpose()? {
        return Ok((before, Some(address.clone())));
    }
    let planned = entry.and_then(|e| e.previous_address.as_ref());
    let before = planned.map(read).transpose()?;
    Ok((before.unwrap_or_else(|| address.clone()), None))
}

fn source(name: Option<&str>, address: &InstanceAddress) -> Result<ProviderSource> {
    let Some(name) = name else {
        let prefix = address.resource.resource_type.split('_').next();
        let prefix = prefix.filter(|p| !p.is_empty()).ok_or_else(|| {
            text::refused("a plan with a type that names no provider").with("address", address)
        })?;
        return Ok(ProviderSource::implied(prefix));
    };
    name.parse().map_err(|_| {
        text::refused("a plan with a provider name that is none").with("address", address)
    })
}

fn secrets(entry: &Entry) -> crate::value::PathSet {
    let mut paths = crate::value::PathSet::default();
    let marked = [
        &entry.change.before_sensitive,
        &entry.change.after_sensitive,
    ];
    for mark in marked.into_iter().flatten() {
        paths.extend(&marks::paths(mark));
    }
    paths
}

fn actions(entry: &Entry) -> Vec<Action> {
    let action = |text: &String| match text.as_str() {
        "no-op" => Action::NoOp,
        "create" => Action::Create,
        "read" => Action::Read,
        "update" => Action::Update,
        "delete" => Action::Delete,
        "forget" => Action::Forget,
        _ => Action::Other,
    };
    entry.change.actions.iter().map(action).collect()
}

fn change(entry: &Entry) -> PlannedChange {
    let after = json::untyped(entry.change.after.clone());
    let after = match after {
        // Nothing is known of an object that will be gone.
        Value::Null => Value::Null,
        after => marks::with_unknown(after, &entry.change.after_unknown),
    };
    let paths = entry.change.replace_paths.iter().flatten();
    PlannedChange {
        actions: actions(entry),
        after,
        replace_paths: paths.map(|steps| marks::path(steps)).collect(),
        reason: entry.action_reason.clone(),
    }
}

/// The three numbers of a version, whatever follows them.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let core = version.split(['-', '+']).next()?;
    let mut parts = core.split('.').map(str::parse);
    let mut next = || parts.next()?.ok();
    Some([next()?, next()?, next()?])
}
