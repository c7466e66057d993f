//! `driftmgr.yaml`.

use std::path::Path;
use std::time::SystemTime;

use serde_json::{Map, Value as Json};

use super::folder::in_folder;
use super::refused::{line, refused};
use super::sample::{hidden, shown_by};
use crate::client::{Client, DriftOptions, settings_problems};
use crate::context::Context;
use crate::env::Environment;
use crate::error::Partial;
use crate::settings::{Layer, Origin, Setting, Settings};

/// Longer words are no keys of one line in YAML.
const LONGEST_KEY: usize = 1000;

/// A file of settings: every mistake names its place, and what was understood, written as JSON, is understood the same and hides the same.
pub fn settings(bytes: &[u8]) {
    let read = load(bytes);
    let text = String::from_utf8_lossy(bytes);
    for problem in &read.problems {
        refused(problem);
        assert_eq!(problem.context_value("file"), Some("driftmgr.yaml"));
        assert!(line(problem, &text).is_some(), "{problem} names no line");
    }
    let rules = settings_problems(&read.value);
    for problem in &rules {
        refused(problem);
        assert!(line(problem, &text).is_some(), "{problem} names no line");
    }
    let client = Client::builder()
        .context(Context::new(Environment::default()))
        .settings(read.value.clone())
        .build();
    assert_eq!(client.is_ok(), rules.is_empty());

    let written = written(read.value.values());
    if has_long_key(&written) {
        return;
    }
    let mut text = String::new();
    flow(&written, &mut text);
    let again = load(text.as_bytes());
    assert!(again.is_complete(), "{written}: {:?}", again.problems);
    assert_eq!(self::written(again.value.values()), written);
    assert_eq!(settings_problems(&again.value).len(), rules.len());
    let shown = |settings: &Settings| {
        let options = DriftOptions::from_settings(settings, SystemTime::UNIX_EPOCH);
        hidden(&shown_by(&options.filter))
    };
    assert_eq!(shown(&again.value), shown(&read.value));
}

fn load(bytes: &[u8]) -> Partial<Settings> {
    in_folder(|folder| {
        let file = folder.join("driftmgr.yaml");
        std::fs::write(&file, bytes).expect("a writable folder");
        let environment = Environment::default().with_current_dir(folder);
        Settings::load_file(&Context::new(environment), Path::new("driftmgr.yaml"))
    })
}

/// What a file has set.
fn written(layer: &Layer) -> Json {
    let mut root = Map::new();
    for (name, set) in layer.iter() {
        if set.origin == Origin::Default {
            continue;
        }
        let value = match &set.value {
            Setting::Entries(entries) => entries.iter().map(|entry| entry.json()).collect(),
            value => serde_json::to_value(value).expect("a value of JSON"),
        };
        let mut block = &mut root;
        let (blocks, leaf) = name.rsplit_once('.').unwrap_or(("", name));
        for part in blocks.split('.').filter(|part| !part.is_empty()) {
            let below = block
                .entry(part)
                .or_insert_with(|| Json::Object(Map::new()));
            block = below.as_object_mut().expect("a block of keys");
        }
        block.insert(leaf.to_owned(), value);
    }
    Json::Object(root)
}

/// YAML in the form of JSON, with nothing in it but ASCII: characters have other escapes there.
fn flow(json: &Json, out: &mut String) {
    let quoted = |text: &str, out: &mut String| {
        out.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                ' '..='~' => out.push(c),
                c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
            }
        }
        out.push('"');
    };
    match json {
        Json::String(text) => quoted(text, out),
        Json::Array(items) => {
            out.push('[');
            for item in items {
                flow(item, out);
                out.push_str(", ");
            }
            out.push(']');
        }
        Json::Object(entries) => {
            out.push('{');
            for (key, value) in entries {
                quoted(key, out);
                out.push_str(": ");
                flow(value, out);
                out.push_str(", ");
            }
            out.push('}');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

fn has_long_key(json: &Json) -> bool {
    match json {
        Json::Object(entries) => entries
            .iter()
            .any(|(key, value)| key.len() > LONGEST_KEY || has_long_key(value)),
        Json::Array(items) => items.iter().any(has_long_key),
        _ => false,
    }
}
