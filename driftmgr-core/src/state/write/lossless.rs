//! Puts what was changed into the text that was read.

use super::canonical;
use super::fields::{self, Field};
use super::splice::{self, Names, Text};
use crate::state::model::{Instance, Output, Resource, State};
use crate::state::read::v4;
use crate::state::text::escape_html;

pub(super) fn state(state: &State, text: &str) -> String {
    // Blank space around the object stays.
    let start = text.len() - text.trim_start().len();
    let (before, rest) = text.split_at(start);
    let (object, after) = rest.split_at(rest.trim_end().len());
    let Ok(old) = State::parse(text.as_bytes()) else {
        return String::from_utf8_lossy(&state.to_v4_bytes()).into_owned();
    };
    let mut changes = changed(fields::file(&old), fields::file(state));
    let members = splice::members(object);
    let find = |name: &str| {
        let found = members
            .iter()
            .rev()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    };
    if let Some(outputs) = outputs(state, &old, find("outputs").unwrap_or("{}")) {
        changes.push(("outputs".into(), Some(outputs)));
    }
    let old_list = find("resources").unwrap_or("[]");
    let texts: Vec<Text> = state.resources.iter().map(resource).collect();
    if let Some(list) = relisted(old_list, object, texts) {
        changes.push(("resources".into(), Some(list)));
    }
    let object = splice::object(object, Names::Fields, changes);
    format!("{before}{object}{after}")
}

fn changed(old: Vec<Field>, new: Vec<Field>) -> Vec<(String, Option<Text>)> {
    old.into_iter()
        .zip(new)
        .filter(|(old, new)| old != new)
        .map(|(_, (name, json))| {
            (
                name.to_owned(),
                json.map(|json| Text::Made(escape_html(&json))),
            )
        })
        .collect()
}

/// `None` when the list is as it was.
fn relisted(old: &str, within: &str, new: Vec<Text>) -> Option<Text> {
    let before = splice::elements(old);
    let same = before.len() == new.len()
        && before
            .iter()
            .zip(&new)
            .all(|(old, new)| matches!(new, Text::Verbatim(new) if new == old));
    (!same).then(|| Text::Verbatim(splice::list(old, within, new)))
}

fn resource(resource: &Resource) -> Text {
    let made = || Text::Made(escape_html(&canonical::resource(resource)));
    let Some(text) = resource.origin.text() else {
        return made();
    };
    let Ok(old) = v4::one_resource(text) else {
        return made();
    };
    let mut changes = changed(fields::resource(&old), fields::resource(resource));
    let members = splice::members(text);
    let instances = members
        .iter()
        .rev()
        .find(|(key, _)| key.eq_ignore_ascii_case("instances"));
    let old_list = instances.map_or("[]", |(_, list)| *list);
    let texts = resource.instances.iter().map(instance).collect();
    if let Some(list) = relisted(old_list, text, texts) {
        changes.push(("instances".into(), Some(list)));
    }
    Text::Verbatim(splice::object(text, Names::Fields, changes))
}

fn instance(instance: &Instance) -> Text {
    let made = || Text::Made(escape_html(&canonical::instance(instance)));
    let Some(text) = instance.origin.text() else {
        return made();
    };
    let Ok(old) = v4::one_instance(text) else {
        return made();
    };
    let changes = changed(fields::instance(&old), fields::instance(instance));
    Text::Verbatim(splice::object(text, Names::Fields, changes))
}

fn output(output: &Output) -> Text {
    let new = fields::output(output);
    let made = |new: &[Field]| {
        let fields = new
            .iter()
            .filter_map(|(name, json)| Some((*name, json.as_deref()?)));
        let parts: Vec<String> = fields
            .map(|(name, json)| format!("\"{name}\":{json}"))
            .collect();
        Text::Made(escape_html(&format!("{{{}}}", parts.join(","))))
    };
    let Some(text) = output.origin.text() else {
        return made(&new);
    };
    match v4::one_output(text) {
        Ok(old) => {
            let changes = changed(fields::output(&old), new);
            Text::Verbatim(splice::object(text, Names::Fields, changes))
        }
        Err(_) => made(&new),
    }
}

fn outputs(state: &State, old: &State, text: &str) -> Option<Text> {
    let mut changes = Vec::new();
    for name in old.outputs.keys() {
        if !state.outputs.contains_key(name) {
            changes.push((name.clone(), None));
        }
    }
    for (name, new) in &state.outputs {
        let same = old
            .outputs
            .get(name)
            .is_some_and(|old| fields::output(old) == fields::output(new));
        if !same {
            changes.push((name.clone(), Some(output(new))));
        }
    }
    (!changes.is_empty()).then(|| Text::Verbatim(splice::object(text, Names::Exact, changes)))
}
