//! Paths as a state's `sensitive_attributes` writes them: an array of steps
//! `{"type":"get_attr","value":NAME}` and `{"type":"index","value":{"value":KEY,"type":TYPE}}`.

use serde_json::{Value as Json, json};

use super::codec::DecodeError;
use super::{Path, PathSet, Step, Type, Value, json};

impl Path {
    /// Reads one path of `sensitive_attributes`.
    ///
    /// # Errors
    /// When it is not an array of steps that this version knows.
    pub fn from_state_json(json: &Json) -> Result<Self, DecodeError> {
        let steps = json
            .as_array()
            .ok_or_else(|| DecodeError::new("a path is not an array of steps"))?;
        let steps = steps
            .iter()
            .enumerate()
            .map(|(i, step)| Step::from_state_json(step).map_err(|e| e.inside(Step::Index(i))));
        steps.collect::<Result<_, _>>().map(Path)
    }

    /// The form that [`Path::from_state_json`] reads.
    pub fn to_state_json(&self) -> Json {
        self.steps().iter().map(Step::to_state_json).collect()
    }
}

impl PathSet {
    /// Reads `sensitive_attributes`; null is the empty set.
    ///
    /// # Errors
    /// When it is not an array of paths. A mark that cannot be read is never dropped: what it hides would be shown.
    pub fn from_state_json(json: &Json) -> Result<Self, DecodeError> {
        let paths = match json {
            Json::Null => return Ok(Self::default()),
            Json::Array(paths) => paths,
            _ => return Err(DecodeError::new("the paths are not an array")),
        };
        let paths = paths
            .iter()
            .enumerate()
            .map(|(i, path)| Path::from_state_json(path).map_err(|e| e.inside(Step::Index(i))));
        paths.collect()
    }

    /// The form that [`PathSet::from_state_json`] reads, sorted.
    pub fn to_state_json(&self) -> Json {
        self.iter().map(Path::to_state_json).collect()
    }
}

impl Step {
    fn from_state_json(json: &Json) -> Result<Self, DecodeError> {
        let value = json.get("value").unwrap_or(&Json::Null);
        match (json.get("type").and_then(Json::as_str), value) {
            (Some("get_attr"), Json::String(name)) => Ok(Self::Attribute(name.clone())),
            (Some("index"), Json::Object(_)) => match json::decode_parsed(value, &Type::Dynamic)? {
                Value::Dynamic(inner) => Self::of_key(inner.1),
                _ => Err(DecodeError::new("an index has no value")),
            },
            _ => Err(DecodeError::new("not a step of a path")),
        }
    }

    fn of_key(key: Value) -> Result<Self, DecodeError> {
        match key {
            Value::String(key) => Ok(Self::Key(key)),
            Value::Number(n) => match n.as_u64().map(usize::try_from) {
                Some(Ok(index)) => Ok(Self::Index(index)),
                _ => Err(DecodeError::new("an index is not a whole number")),
            },
            // Sets are entered by the member itself.
            member => Ok(Self::Element(Box::new(member))),
        }
    }

    fn to_state_json(&self) -> Json {
        let index =
            |key: Json, ty: Json| json!({"type": "index", "value": {"value": key, "type": ty}});
        match self {
            Self::Attribute(name) => json!({"type": "get_attr", "value": name}),
            Self::Key(key) => index(json!(key), json!("string")),
            Self::Index(i) => index(json!(i), json!("number")),
            Self::Element(member) => index(json::encode(member), Type::infer(member).to_json()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_what_a_state_holds() {
        let text = r#"[[{"type":"get_attr","value":"list"},{"type":"index","value":{"value":0,"type":"number"}},{"type":"get_attr","value":"tags"},{"type":"index","value":{"value":"a b","type":"string"}}],[{"type":"get_attr","value":"password"}]]"#;
        let set = PathSet::from_state_json(&text.parse().unwrap()).unwrap();
        let shown: Vec<String> = set.iter().map(ToString::to_string).collect();
        assert_eq!(shown, [r#"list[0].tags["a b"]"#, "password"]);
        assert_eq!(set.to_state_json().to_string(), text);
    }

    #[test]
    fn a_member_of_a_set_is_its_own_index() {
        let text = r#"[{"type":"get_attr","value":"set"},{"type":"index","value":{"value":{"a":"x"},"type":["object",{"a":"string"}]}}]"#;
        let path = Path::from_state_json(&text.parse().unwrap()).unwrap();
        assert_eq!(path.to_string(), "set[…]");
        assert_eq!(path.to_state_json().to_string(), text);
    }

    #[test]
    fn no_mark_is_dropped_silently() {
        assert_eq!(
            PathSet::from_state_json(&Json::Null)
                .unwrap()
                .iter()
                .count(),
            0
        );
        for text in [
            "{}",
            r#"["password"]"#,
            r#"[[{"type":"splat"}]]"#,
            r#"[[{"type":"get_attr"}]]"#,
            r#"[[{"type":"index","value":0}]]"#,
            r#"[[{"type":"index","value":{"value":-1,"type":"number"}}]]"#,
            r#"[[{"type":"index","value":{"value":1.5,"type":"number"}}]]"#,
            r#"[[{"type":"index","value":{"value":null,"type":"dynamic"}}]]"#,
        ] {
            let json: Json = text.parse().unwrap();
            assert!(PathSet::from_state_json(&json).is_err(), "{text}");
        }
    }
}
