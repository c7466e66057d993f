//! The schemas say what the reader does.

use serde_json::{Value as Json, json};

use super::{Project, good, load};
use crate::settings::key::{KEYS, Kind};
use crate::settings::{Sources, schema};

/// What of JSON Schema 2020-12 the schemas use. Another word would go unchecked, so it is refused.
fn fits(schema: &Json, value: &Json) -> bool {
    let Some(schema) = schema.as_object() else {
        return schema.as_bool().unwrap();
    };
    schema.iter().all(|(word, rule)| match word.as_str() {
        "$schema" | "title" | "description" | "default" => true,
        "type" => match rule {
            Json::Array(types) => types.iter().any(|ty| is(ty.as_str().unwrap(), value)),
            ty => is(ty.as_str().unwrap(), value),
        },
        "enum" => rule.as_array().unwrap().contains(value),
        "pattern" => value.as_str().is_none_or(|text| {
            regex::Regex::new(rule.as_str().unwrap())
                .unwrap()
                .is_match(text)
        }),
        "minimum" => value.as_i64().is_none_or(|n| n >= rule.as_i64().unwrap()),
        "maximum" => value.as_i64().is_none_or(|n| n <= rule.as_i64().unwrap()),
        "items" => value
            .as_array()
            .is_none_or(|items| items.iter().all(|i| fits(rule, i))),
        "required" => value.as_object().is_none_or(|object| {
            rule.as_array()
                .unwrap()
                .iter()
                .all(|name| object.contains_key(name.as_str().unwrap()))
        }),
        "anyOf" => rule
            .as_array()
            .unwrap()
            .iter()
            .any(|each| fits(each, value)),
        "properties" => value.as_object().is_none_or(|object| {
            object
                .iter()
                .all(|(name, member)| rule.get(name).is_none_or(|r| fits(r, member)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|object| {
            let known = schema.get("properties").and_then(Json::as_object).unwrap();
            object
                .iter()
                .all(|(name, member)| known.contains_key(name) || fits(rule, member))
        }),
        other => panic!("the schema uses {other}"),
    })
}

fn is(ty: &str, value: &Json) -> bool {
    match ty {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("the type {other}"),
    }
}

fn checked_in(name: &str) -> Json {
    let file = format!(
        "{}/../schemas/{name}.schema.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn the_schema_that_is_shipped_is_the_one_of_the_keys() {
    assert_eq!(
        checked_in("driftmgr-settings"),
        schema(),
        "write it anew: driftmgr config schema > schemas/driftmgr-settings.schema.json"
    );
}

/// Values of every kind, right and wrong ones.
fn values() -> Vec<Json> {
    let rule = json!({"type": "t", "path": "p", "reason": "r"});
    vec![
        json!("x"),
        json!(" "),
        json!(""),
        json!("10m"),
        json!("1h30m5s10ms"),
        json!("m5"),
        json!("90"),
        json!("high"),
        json!("json"),
        json!("auto"),
        json!("critical"),
        json!("aggressive"),
        json!(true),
        json!(0),
        json!(7),
        json!(-7),
        json!(2_000_000),
        json!(null),
        json!([]),
        json!(["a"]),
        json!([""]),
        json!([1]),
        json!({}),
        json!({"name": "x"}),
        json!([{}]),
        json!([rule]),
        json!([{"type": "t", "reason": "r", "until": "2030-01-31"}]),
        json!([{"type": "t", "reason": "r", "until": "31.1.2030"}]),
        json!([{"tags": ["a"], "reason": "r"}]),
        json!([{"tags": "a", "reason": "r"}]),
        json!([{"reason": "r"}]),
        json!([{"type": "t", "reason": "r", "x": 1}]),
        json!([{"type": "t", "path": "p", "as": "json", "reason": "r"}]),
        json!([{"type": "t", "severity": "critical", "category": "backup", "reason": "r", "when": {"to": false}}]),
        json!([{"type": "t", "severity": "high", "category": "backup", "reason": "r"}]),
        json!([{"type": "t", "severity": "critical", "category": "backup", "reason": "r", "when": 1}]),
    ]
}

#[test]
fn the_schema_takes_what_the_reader_takes() {
    let schema = schema();
    let mut taken = 0;
    for key in KEYS {
        for value in values() {
            let nested = key
                .name
                .rsplit('.')
                .fold(value, |inner, part| json!({part: inner}));
            // JSON is YAML.
            let text = nested.to_string();
            let reads = load(&text).problems.is_empty();
            assert_eq!(fits(&schema, &nested), reads, "{text}");
            taken += usize::from(reads);
        }
    }
    assert!(taken > KEYS.len(), "{taken}");
    for text in [
        r#"{"x": 1}"#,
        r#"{"drift": 1}"#,
        "[]",
        "{}",
        r#"{"drift": {}}"#,
        r#"{"drift": null}"#,
    ] {
        let value = serde_json::from_str(text).unwrap();
        assert_eq!(
            fits(&schema, &value),
            load(text).problems.is_empty(),
            "{text}"
        );
    }
}

#[test]
fn every_key_stands_in_the_documentation() {
    let page = format!("{}/../docs/settings.md", env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(page).unwrap();
    for key in KEYS {
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{}` |", key.name)))
            .unwrap_or_else(|| panic!("{} is not described", key.name));
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let default = key.default.map_or(String::new(), |d| format!("`{d}`"));
        assert_eq!(cells[3], default, "{row}");
        let variable = key.variable.map_or(String::new(), |v| format!("`{v}`"));
        assert_eq!(cells[4], variable, "{row}");
        assert_eq!(row.contains("no effect yet"), !key.has_effect, "{row}");
    }
}

#[test]
fn what_is_shown_is_as_its_schema_says() {
    let schema = checked_in("config");
    let shown = good("drift: {ignore_tags: [a], severity: [{type: t, severity: critical, category: other, reason: r}]}\nperspective: {cache_ttl: 90}").json();
    assert!(fits(&schema, &shown), "{shown:#}");
    let project = Project::new();
    let sources = Sources::default().with_flag("drift.plugins", "false", "--no-plugins");
    let shown = project
        .load(&[("DRIFTMGR_WORKERS", "2")], &sources)
        .value
        .json();
    assert!(fits(&schema, &shown), "{shown:#}");
    let of = |key: &str| {
        let all = shown["settings"].as_array().unwrap();
        all.iter().find(|s| s["key"] == key).unwrap().clone()
    };
    assert_eq!(
        of("performance.workers"),
        json!({"key": "performance.workers", "value": 2, "origin": {"kind": "variable", "name": "DRIFTMGR_WORKERS"}, "has_effect": true})
    );
    assert_eq!(
        of("drift.plugins")["origin"],
        json!({"kind": "flag", "name": "--no-plugins"})
    );
    assert_eq!(of("drift.read_timeout")["value"], "5m");
    assert_eq!(of("drift.timeout")["value"], Json::Null);
    assert!(KEYS.iter().any(|k| matches!(k.kind, Kind::Entries { .. })));
}
