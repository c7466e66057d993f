//! Holds what a server answers against the published description of the API.

use std::sync::OnceLock;

use serde_json::Value;

/// The description; `None` where the fixtures are not there.
pub(crate) fn description() -> Option<&'static Description> {
    static READ: OnceLock<Option<Description>> = OnceLock::new();
    READ.get_or_init(|| {
        let fixtures =
            std::env::var("DRIFTMGR_FIXTURES").unwrap_or_else(|_| "../../shared/fixtures".into());
        let path = std::path::Path::new(&fixtures).join("openapi/hcp-terraform/spec.json");
        let Ok(text) = std::fs::read(&path) else {
            println!("skipped: no description at {}", path.display());
            return None;
        };
        Some(Description(
            serde_json::from_slice(&text).expect("a JSON file"),
        ))
    })
    .as_ref()
}

/// An OpenAPI document.
pub(crate) struct Description(Value);

impl Description {
    /// What is wrong with an answer. `None` when the description has no such operation.
    pub(crate) fn check(
        &self,
        method: &str,
        path: &str,
        status: u16,
        body: &[u8],
    ) -> Option<Vec<String>> {
        let operation = self.operation(method, path)?;
        let responses = &operation["responses"];
        let number = status.to_string();
        let described = match responses.get(&number) {
            Some(response) => response,
            None if status < 400 => {
                return Some(vec![format!("{method} {path} answers no {status}")]);
            }
            None => responses.get("default")?,
        };
        let described = self.resolved(described);
        let schema = &described["content"]["application/vnd.api+json"]["schema"];
        let mut wrong = Vec::new();
        if !schema.is_null() {
            let value: Value = serde_json::from_slice(body).unwrap_or_default();
            self.compare(schema, &value, &format!("{method} {path}"), &mut wrong);
        } else if !body.is_empty() {
            wrong.push(format!("{method} {path} answers {status} with a body"));
        }
        Some(wrong)
    }

    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let parts: Vec<&str> = path.split('/').collect();
        let paths = self.0["paths"].as_object().expect("paths");
        let fits = |template: &str| {
            let names: Vec<&str> = template.split('/').collect();
            let mut both = names.iter().zip(&parts);
            names.len() == parts.len() && both.all(|(n, p)| n.starts_with('{') || n == p)
        };
        // A path without parameters is meant before one with.
        let mut found: Vec<(&String, &Value)> = paths.iter().filter(|(t, _)| fits(t)).collect();
        found.sort_by_key(|(template, _)| template.matches('{').count());
        found.first()?.1.get(method.to_ascii_lowercase())
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.strip_prefix('#').expect("a reference inside");
                self.resolved(self.0.pointer(pointer).expect("what it refers to"))
            }
            None => schema,
        }
    }

    /// Types, required fields, values of enumerations, and that there is nothing which the description does not have.
    fn compare(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let schema = self.resolved(schema);
        if value.is_null() {
            if schema["nullable"] != true && schema.get("type").is_some() {
                wrong.push(format!("{at} is null"));
            }
            return;
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.compare(part, value, at, wrong);
        }
        let fits = match schema["type"].as_str() {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("integer") => value.is_u64() || value.is_i64(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            _ => true,
        };
        if !fits {
            wrong.push(format!("{at} is no {}", schema["type"]));
            return;
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            wrong.push(format!("{at} is {value}, and not one of {allowed:?}"));
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().expect("a name");
            if value.get(name).is_none() {
                wrong.push(format!("{at} has no {name}"));
            }
        }
        let items = value.as_array().into_iter().flatten();
        for (number, item) in items.enumerate() {
            self.compare(&schema["items"], item, &format!("{at}[{number}]"), wrong);
        }
        let properties = schema["properties"].as_object();
        for (name, inner) in value.as_object().into_iter().flatten() {
            match properties.and_then(|all| all.get(name)) {
                Some(property) => self.compare(property, inner, &format!("{at}.{name}"), wrong),
                None if properties.is_some() && at.ends_with("attributes") => {
                    wrong.push(format!("{at}.{name} is not in the description"));
                }
                None => {}
            }
        }
        if properties.is_some_and(|all| all.get("attributes").is_some())
            && value.get("id").is_none()
        {
            wrong.push(format!("{at} has no id"));
        }
    }
}

#[test]
fn answers_that_drift_are_seen() {
    let Some(description) = description() else {
        return;
    };
    let path = "/workspaces/ws-1";
    let check = |value: Value| {
        let body = value.to_string();
        description
            .check("GET", path, 200, body.as_bytes())
            .unwrap()
    };
    let good = serde_json::json!({"data": {"id": "ws-1", "type": "workspaces", "attributes": {"name": "a", "locked": true, "locked-reason": null}}});
    assert_eq!(check(good.clone()), Vec::<String>::new());
    for (pointer, value, part) in [
        ("/data/type", serde_json::json!("workspace"), "data.type is"),
        (
            "/data/attributes/locked",
            serde_json::json!("yes"),
            "locked is no",
        ),
        ("/data/attributes/name", Value::Null, "name is null"),
        ("/data", serde_json::json!({"id": "ws-1"}), "has no type"),
        (
            "/data/attributes",
            serde_json::json!({"lock": 1}),
            "not in the description",
        ),
        ("", serde_json::json!({}), "has no data"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        let wrong = check(bad).join("; ");
        assert!(wrong.contains(part), "{pointer}: {wrong}");
    }
    assert_eq!(description.check("GET", "/no/such", 200, b""), None);
    assert!(!description.check("GET", path, 299, b"").unwrap().is_empty());
}
