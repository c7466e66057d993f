use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value as Json;

use super::{fixtures, folder, listed, load};
use crate::address::ResourceMode;
use crate::configuration::syntax::{SourceFile, parse_file};
use crate::configuration::{Location, Module};

const DIFFERENCES: &str = include_str!("differences.txt");

/// Problems of a folder that holds just this file.
fn problems_of_file(path: &Path) -> Vec<String> {
    let name = path.file_name().unwrap().to_str().unwrap();
    let dir = folder(&[(name, &std::fs::read_to_string(path).unwrap())]);
    let loaded = load(dir.path());
    loaded.problems.iter().map(ToString::to_string).collect()
}

fn entries(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    paths
}

#[test]
fn published_modules_load_or_fail_as_published() {
    let Some(root) = fixtures("hcl/opentofu-configs") else {
        return;
    };
    let listed: BTreeMap<_, _> = listed(DIFFERENCES).into_iter().collect();
    let mut wrong = Vec::new();
    let mut differing = BTreeSet::new();
    for (group, valid) in [
        ("valid-files", true),
        ("valid-modules", true),
        ("invalid-files", false),
        ("error-files", false),
        ("warning-files", true),
    ] {
        let paths = entries(&root.join(group));
        assert!(!paths.is_empty());
        for path in paths {
            let problems = if path.is_dir() {
                let loaded = load(&path);
                loaded.problems.iter().map(ToString::to_string).collect()
            } else {
                problems_of_file(&path)
            };
            let name = format!("{group}/{}", path.file_name().unwrap().to_str().unwrap());
            if problems.is_empty() != valid {
                if !listed.contains_key(name.as_str()) {
                    wrong.push(format!("{name}: {problems:?}"));
                }
                differing.insert(name);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let here = |name: &&&str| !name.starts_with("terraform-config-inspect");
    for name in listed.keys().filter(here) {
        assert!(differing.contains(*name), "{name} no longer differs");
    }
}

fn place(location: &Location) -> (String, u64) {
    let file = location.file.file_name().unwrap().to_str().unwrap();
    (file.to_owned(), location.line as u64)
}

fn expected_place(entry: &Json) -> (String, u64) {
    let file = entry["pos"]["filename"].as_str().unwrap();
    let file = file.rsplit('/').next().unwrap();
    (file.to_owned(), entry["pos"]["line"].as_u64().unwrap())
}

fn json_of(value: &crate::value::Value) -> Json {
    use crate::value::Value;
    match value {
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => serde_json::from_str(&number.to_string()).unwrap(),
        Value::String(text) => text.clone().into(),
        Value::List(items) => items.iter().map(json_of).collect(),
        Value::Map(entries) => entries
            .iter()
            .map(|(k, v)| (k.clone(), json_of(v)))
            .collect(),
        _ => Json::Null,
    }
}

/// Everything in which our reading of a module differs from the published one.
fn compare(module: &Module, expected: &Json) -> Vec<String> {
    let mut out = Vec::new();
    let mut same = |what: String, ours: String, theirs: String| {
        if ours != theirs {
            out.push(format!("{what}: {ours}, published {theirs}"));
        }
    };
    let none = serde_json::Map::new();
    let section = |name: &str| expected[name].as_object().unwrap_or(&none);
    let text = |entry: &Json, name: &str| entry[name].as_str().map(str::to_owned);

    let names: BTreeSet<&String> = module.variables.keys().collect();
    let theirs: BTreeSet<&String> = section("variables").keys().collect();
    same(
        "variables".into(),
        format!("{names:?}"),
        format!("{theirs:?}"),
    );
    for (name, entry) in section("variables") {
        let Some(ours) = module.variables.get(name) else {
            continue;
        };
        let default = ours.default.as_ref().and_then(|d| d.as_literal());
        let default = default.as_ref().map_or(Json::Null, json_of);
        let what = |part: &str| format!("variable {name} {part}");
        same(
            what("default"),
            default.to_string(),
            entry["default"].to_string(),
        );
        let required = entry["required"].as_bool().unwrap();
        same(
            what("required"),
            ours.default.is_none().to_string(),
            required.to_string(),
        );
        let sensitive = entry["sensitive"].as_bool().unwrap_or_default();
        same(
            what("sensitive"),
            ours.sensitive.to_string(),
            sensitive.to_string(),
        );
        same(
            what("place"),
            format!("{:?}", place(&ours.location)),
            format!("{:?}", expected_place(entry)),
        );
    }

    let mut needed: BTreeSet<String> = module.required_providers.keys().cloned().collect();
    needed.extend(module.providers.iter().map(|p| p.local_name.clone()));
    let published = section("managed_resources").len() + section("data_resources").len();
    same(
        "resources".into(),
        module.resources.len().to_string(),
        published.to_string(),
    );
    for (key, ours) in &module.resources {
        let (kind, prefix) = match key.mode {
            ResourceMode::Managed => ("managed_resources", ""),
            ResourceMode::Data => ("data_resources", "data."),
        };
        let address = format!("{prefix}{}.{}", key.resource_type, key.name);
        let entry = &expected[kind][&address];
        let (local, alias) = module.provider_for_resource(key);
        let theirs = (
            text(&entry["provider"], "name"),
            text(&entry["provider"], "alias"),
        );
        same(
            format!("{address} provider"),
            format!("{:?}", (Some(&local), &alias)),
            format!("{:?}", (theirs.0.as_ref(), &theirs.1)),
        );
        same(
            format!("{address} place"),
            format!("{:?}", place(&ours.location)),
            format!("{:?}", expected_place(entry)),
        );
        needed.insert(local);
    }

    let theirs: BTreeSet<String> = section("required_providers").keys().cloned().collect();
    same(
        "providers".into(),
        format!("{needed:?}"),
        format!("{theirs:?}"),
    );
    for (name, entry) in section("required_providers") {
        let ours = module.required_providers.get(name);
        let source = ours.and_then(|r| r.source.as_ref());
        let source = source.map(|s| format!("{}/{}", s.namespace, s.provider_type));
        same(
            format!("{name} source"),
            format!("{source:?}"),
            format!("{:?}", text(entry, "source")),
        );
        let versions: BTreeSet<String> = ours
            .and_then(|r| r.version.clone())
            .into_iter()
            .chain(
                module
                    .providers
                    .iter()
                    .filter(|p| p.local_name == *name)
                    .filter_map(|p| p.version.clone()),
            )
            .collect();
        let theirs: BTreeSet<String> = entry["version_constraints"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|v| v.as_str().unwrap().to_owned())
            .collect();
        same(
            format!("{name} versions"),
            format!("{versions:?}"),
            format!("{theirs:?}"),
        );
        let aliases = ours.map_or(0, |r| r.configuration_aliases.len());
        let theirs = entry["aliases"].as_array().map_or(0, Vec::len);
        same(
            format!("{name} aliases"),
            aliases.to_string(),
            theirs.to_string(),
        );
    }

    let names: BTreeSet<&String> = module.module_calls.keys().collect();
    let theirs: BTreeSet<&String> = section("module_calls").keys().collect();
    same(
        "modules".into(),
        format!("{names:?}"),
        format!("{theirs:?}"),
    );
    for (name, ours) in &module.module_calls {
        let entry = &expected["module_calls"][name];
        same(
            format!("module {name}"),
            format!("{:?}", (&ours.source, &ours.version, place(&ours.location))),
            format!(
                "{:?}",
                (
                    text(entry, "source"),
                    text(entry, "version"),
                    expected_place(entry)
                )
            ),
        );
    }
    out
}

#[test]
fn published_modules_hold_what_is_published() {
    let Some(root) = fixtures("hcl/terraform-config-inspect") else {
        return;
    };
    let listed: BTreeMap<_, _> = listed(DIFFERENCES).into_iter().collect();
    let mut wrong = Vec::new();
    for dir in entries(&root) {
        let case = dir.file_name().unwrap().to_str().unwrap();
        let expected = std::fs::read(dir.join(format!("{case}.out.json"))).unwrap();
        let expected: Json = serde_json::from_slice(&expected).unwrap();
        let loaded = load(&dir);
        let mut differences = compare(&loaded.value.module, &expected);
        let bad = expected.get("diagnostics").is_some();
        if bad == loaded.problems.is_empty() {
            differences.push(format!("problems: {:?}", loaded.problems));
        }
        let name = format!("terraform-config-inspect/{case}");
        match (listed.contains_key(name.as_str()), differences.is_empty()) {
            (false, false) => wrong.push(format!("{name}: {differences:#?}")),
            (true, true) => wrong.push(format!("{name} no longer differs")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn published_backends_are_found() {
    let Some(root) = fixtures("backends") else {
        return;
    };
    let mut found = 0;
    let mut folders = vec![root];
    while let Some(dir) = folders.pop() {
        folders.extend(entries(&dir).into_iter().filter(|p| p.is_dir()));
        let written: Vec<String> = entries(&dir)
            .iter()
            .filter(|p| p.extension().is_some_and(|e| e == "tf"))
            .flat_map(|p| {
                let text = std::fs::read_to_string(p).unwrap();
                let lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines
            })
            .filter_map(|line| {
                let kind = line.trim().strip_prefix("backend \"")?.split('"').next()?;
                Some(kind.to_owned())
            })
            .collect();
        let loaded = load(&dir);
        let backend = loaded.value.module.backend;
        assert_eq!(
            backend.as_ref().map(|b| b.kind.as_str()),
            written.first().map(String::as_str),
            "{}",
            dir.display()
        );
        found += usize::from(backend.is_some());
    }
    assert!(found > 10);
}

#[test]
fn the_specification_suite_reads_or_fails_as_it_says() {
    let Some(root) = fixtures("hcl/hcl-specsuite") else {
        return;
    };
    let mut read = 0;
    let mut folders = vec![root];
    while let Some(dir) = folders.pop() {
        for path in entries(&dir) {
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().ends_with(".hcl") {
                let text = std::fs::read_to_string(&path).unwrap();
                let expectation = std::fs::read_to_string(path.with_extension("t")).unwrap();
                let source = SourceFile::new("case.tf", &text);
                // The suite's diagnostics are mostly about schemas; only a clean case must be readable.
                if !expectation.contains("diagnostics") {
                    parse_file(&source).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
                    read += 1;
                }
            }
        }
    }
    assert!(read > 0);
}
