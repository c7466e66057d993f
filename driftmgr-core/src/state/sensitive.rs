//! `sensitive_attributes`: paths as steps `{"type":"get_attr"|"index","value":…}`.

use serde_json::value::RawValue;
use serde_json::{Value as Json, json};

use crate::value::{Path, PathSet, Step};

/// The paths. One that cannot be read hides everything from the step on that is not understood: a secret more is better than one less.
pub(super) fn read(raw: &RawValue) -> PathSet {
    match serde_json::from_str::<Json>(raw.get()) {
        Ok(Json::Array(paths)) => paths.iter().map(path).collect(),
        _ => [Path::root()].into_iter().collect(),
    }
}

fn path(json: &Json) -> Path {
    let steps = json.as_array().map(Vec::as_slice).unwrap_or_default();
    Path(steps.iter().map_while(step).collect())
}

fn step(json: &Json) -> Option<Step> {
    let value = json.get("value")?;
    match json.get("type")?.as_str()? {
        "get_attr" => Some(Step::Attribute(value.as_str()?.to_owned())),
        "index" => match value.get("value")? {
            Json::String(key) => Some(Step::Key(key.clone())),
            Json::Number(index) => Some(Step::Index(usize::try_from(index.as_u64()?).ok()?)),
            _ => None,
        },
        _ => None,
    }
}

/// The paths as JSON. A member of a set has no spelling in a state; the path ends above it.
pub(super) fn write(paths: &PathSet) -> Json {
    let step = |step: &Step| {
        Some(match step {
            Step::Attribute(name) => json!({"type": "get_attr", "value": name}),
            Step::Key(key) => {
                json!({"type": "index", "value": {"value": key, "type": "string"}})
            }
            Step::Index(index) => {
                json!({"type": "index", "value": {"value": index, "type": "number"}})
            }
            Step::Element(_) => return None,
        })
    };
    paths
        .iter()
        .map(|path| Json::Array(path.steps().iter().map_while(step).collect()))
        .collect()
}
