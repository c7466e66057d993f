//! The check that JSON is as a schema in `schemas/` describes it.

use serde_json::Value as Json;

/// Every word that the schemas use and `Check` knows. Another one would go unchecked.
pub const KEYWORDS: [&str; 14] = [
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "enum",
    "pattern",
    "minimum",
    "required",
    "properties",
    "additionalProperties",
    "items",
    "oneOf",
];

/// A value against a schema: what is there is described, and what is required is there.
///
/// The schemas let readers meet unknown fields; this check does not, so that no field comes without a description.
#[derive(Debug)]
pub struct Check {
    schema: Json,
    wrong: Vec<String>,
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas");
const SUFFIX: &str = ".schema.json";

impl Check {
    /// The schemas that there are, by name, sorted.
    pub fn names() -> Vec<String> {
        let files = std::fs::read_dir(FOLDER).unwrap();
        let mut names: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(SUFFIX).map(str::to_owned))
            .collect();
        names.sort();
        names
    }

    /// The schema of this name in `schemas/`.
    pub fn of(name: &str) -> Self {
        let schema = std::fs::read_to_string(format!("{FOLDER}/{name}{SUFFIX}")).unwrap();
        Self {
            schema: serde_json::from_str(&schema).unwrap(),
            wrong: Vec::new(),
        }
    }

    /// The schema itself.
    pub fn schema(&self) -> &Json {
        &self.schema
    }

    /// What is wrong with the value, each with its place; nothing when it is as described.
    pub fn run(mut self, value: &Json) -> Vec<String> {
        let schema = self.schema.clone();
        self.value(&schema, value, "");
        self.wrong
    }

    fn value(&mut self, schema: &Json, value: &Json, at: &str) {
        if let Some(target) = schema["$ref"].as_str() {
            let (file, pointer) = target.split_once('#').unwrap_or((target, ""));
            let found = |whole: &Json| whole.pointer(pointer).unwrap().clone();
            if file.is_empty() {
                let target = found(&self.schema);
                return self.value(&target, value, at);
            }
            let mut other = Self::of(file.strip_suffix(SUFFIX).unwrap());
            let target = found(&other.schema);
            other.value(&target, value, at);
            self.wrong.append(&mut other.wrong);
            return;
        }
        if let Some(ways) = schema["oneOf"].as_array() {
            let mut tried = Vec::new();
            for way in ways {
                let mut one = Self {
                    schema: self.schema.clone(),
                    wrong: Vec::new(),
                };
                one.value(way, value, at);
                tried.push(one.wrong);
            }
            // The last way says most: null comes first.
            if !tried.iter().any(Vec::is_empty) {
                self.wrong.extend(tried.pop().unwrap_or_default());
            }
            return;
        }
        let mut require = |holds: bool, what: &str| {
            if !holds {
                self.wrong.push(format!("{at}: {what}: {value}"));
            }
        };
        let types: Vec<&str> = match &schema["type"] {
            Json::String(one) => vec![one],
            Json::Array(several) => several.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        require(
            types.is_empty() || types.iter().any(|ty| is(ty, value)),
            "the type",
        );
        if let Some(words) = schema["enum"].as_array() {
            require(words.contains(value), "none of the values");
        }
        if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str()) {
            require(
                regex::Regex::new(pattern).unwrap().is_match(text),
                "the pattern",
            );
        }
        if let (Some(least), Some(number)) = (schema["minimum"].as_i64(), value.as_i64()) {
            require(number >= least, "too little");
        }
        if let Some(object) = value.as_object() {
            for name in schema["required"].as_array().into_iter().flatten() {
                require(
                    object.contains_key(name.as_str().unwrap()),
                    &format!("{name} is missing"),
                );
            }
            for (name, member) in object {
                match (&schema["properties"][name], &schema["additionalProperties"]) {
                    (Json::Null, Json::Bool(true)) => {}
                    (Json::Null, Json::Null) if types.is_empty() => {}
                    (Json::Null, Json::Null) => {
                        self.wrong.push(format!("{at}: {name} is not described"));
                    }
                    (Json::Null, rest) => {
                        self.value(&rest.clone(), member, &format!("{at}/{name}"))
                    }
                    (described, _) => {
                        self.value(&described.clone(), member, &format!("{at}/{name}"))
                    }
                }
            }
        }
        if let (Some(items), Json::Object(_)) = (value.as_array(), &schema["items"]) {
            for (i, item) in items.iter().enumerate() {
                self.value(&schema["items"].clone(), item, &format!("{at}/{i}"));
            }
        }
    }
}

fn is(ty: &str, value: &Json) -> bool {
    match ty {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        other => panic!("the schema has a type {other}"),
    }
}
