//! Format v4 as Terraform prints it.

use std::cmp::Ordering;

use super::fields::{self, FORGOTTEN, Field};
use super::splice;
use crate::address::InstanceKey;
use crate::state::model::{Instance, Resource, State};
use crate::state::text::{escape_html, indent_into, normal};

pub(super) fn state(state: &State) -> String {
    let outputs: Vec<(&str, String)> = state
        .outputs
        .iter()
        .map(|(name, output)| {
            let mut all = written(fields::output(output), output.origin.text());
            // Terraform decodes these, unlike attributes, and so writes them in its own form.
            if let Some((_, value)) = all.iter_mut().find(|(name, _)| name == "value")
                && let Ok(json) = serde_json::from_str(value)
            {
                *value = normal(json).to_string();
            }
            (name.as_str(), object(&all))
        })
        .collect();
    let mut file = fields::file(state);
    let checks = file.pop();
    let mut all: Vec<(String, String)> = vec![("version".into(), "4".into())];
    for (name, json) in file {
        all.push((name.into(), json.unwrap_or_else(|| "\"0.0.0\"".into())));
    }
    all.push(("outputs".into(), object(&outputs)));
    all.push(("resources".into(), resources(&state.resources)));
    let checks = checks.and_then(|(_, json)| json);
    all.push((
        "check_results".into(),
        checks.unwrap_or_else(|| "null".into()),
    ));
    if let (Some(source), 4) = (&state.source, state.format_version) {
        unknown_fields(&mut all, &source.text);
    }
    let mut out = String::new();
    indent_into(&mut out, &escape_html(&object(&all)), 0);
    out.push('\n');
    out
}

fn object<K: AsRef<str>>(fields: &[(K, String)]) -> String {
    let mut out = String::from("{");
    for (i, (name, json)) in fields.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(&serde_json::Value::from(name.as_ref()).to_string());
        out.push(':');
        out.push_str(json);
    }
    out.push('}');
    out
}

/// The fields that Terraform writes, then those that nobody knows.
pub(super) fn written(fields: Vec<Field>, origin: Option<&str>) -> Vec<(String, String)> {
    let known: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let mut all: Vec<(String, String)> = fields
        .into_iter()
        .filter(|(name, _)| !FORGOTTEN.contains(name))
        .filter_map(|(name, json)| Some((name.to_owned(), json?)))
        .collect();
    if let Some(origin) = origin {
        for (name, json) in splice::members(origin) {
            let is_known = known.iter().any(|k| k.eq_ignore_ascii_case(&name));
            // Newer programs write the version of an identity that is not there, too.
            let of_identity = name == "identity_schema_version" && json != "null";
            let missing = !all.iter().any(|(known, _)| *known == name);
            if name != "instances" && missing && (!is_known || of_identity) {
                all.push((name, json.to_owned()));
            }
        }
    }
    all
}

/// The file but for outputs and resources.
pub(super) fn file(state: &State) -> Vec<(String, String)> {
    let known = fields::file(state).into_iter();
    let mut all: Vec<(String, String)> = known
        .filter_map(|(name, json)| Some((name.to_owned(), json?)))
        .collect();
    if let (Some(source), 4) = (&state.source, state.format_version) {
        unknown_fields(&mut all, &source.text);
    }
    let elsewhere = ["version", "outputs", "resources"];
    all.retain(|(name, _)| !elsewhere.iter().any(|e| e.eq_ignore_ascii_case(name)));
    all
}

fn unknown_fields(all: &mut Vec<(String, String)>, origin: &str) {
    for (name, json) in splice::members(origin) {
        if !all
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(&name))
        {
            all.push((name, json.to_owned()));
        }
    }
}

/// The compact JSON of a resource that was made in memory.
pub(super) fn resource(resource: &Resource) -> String {
    merged(&[resource])
}

/// The compact JSON of an instance.
pub(super) fn instance(instance: &Instance) -> String {
    object(&written(fields::instance(instance), instance.origin.text()))
}

fn resources(resources: &[Resource]) -> String {
    let mut sorted: Vec<(String, &Resource)> = resources
        .iter()
        .map(|r| (r.address.module.to_string(), r))
        .collect();
    // Terraform sorts modules by their text here, unlike in lists.
    let key = |(module, r): &(String, &Resource)| {
        let a = &r.address;
        (
            module.clone(),
            a.mode,
            a.resource_type.clone(),
            a.name.clone(),
        )
    };
    sorted.sort_by_cached_key(key);
    let groups = sorted.chunk_by(|a, b| a.1.address == b.1.address);
    let texts: Vec<String> = groups
        .map(|group| merged(&group.iter().map(|(_, r)| *r).collect::<Vec<_>>()))
        .collect();
    format!("[{}]", texts.join(","))
}

fn merged(resources: &[&Resource]) -> String {
    let Some(last) = resources.last() else {
        return String::new();
    };
    let mut all = written(fields::resource(last), last.origin.text());
    let mut instances: Vec<&Instance> = resources.iter().flat_map(|r| &r.instances).collect();
    instances.sort_by(|a, b| order(a, b));
    let texts: Vec<String> = instances.into_iter().map(instance).collect();
    let at = all
        .iter()
        .position(|(name, _)| name == "provider")
        .map_or_else(
            || {
                all.iter()
                    .position(|(name, _)| name == "name")
                    .map_or(all.len(), |at| at + 1)
            },
            |at| at + 1,
        );
    all.insert(at, ("instances".into(), format!("[{}]", texts.join(","))));
    object(&all)
}

fn order(a: &Instance, b: &Instance) -> Ordering {
    let key = |i: &Instance| i.key.clone();
    Option::<InstanceKey>::cmp(&key(a), &key(b)).then_with(|| a.deposed.cmp(&b.deposed))
}
