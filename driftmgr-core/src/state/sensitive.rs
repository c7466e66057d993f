//! `sensitive_attributes` of a state that may hold steps nobody knows.

use serde_json::Value as Json;

use crate::value::{Path, PathSet};

/// The paths. One that cannot be read ends above the step that is not understood: a secret more is better than one less.
pub(super) fn read(raw: &str) -> PathSet {
    if raw == "[]" {
        return PathSet::default();
    }
    match serde_json::from_str::<Json>(raw) {
        Ok(Json::Array(paths)) => paths.iter().map(path).collect(),
        Ok(Json::Null) => PathSet::default(),
        _ => [Path::root()].into_iter().collect(),
    }
}

fn path(json: &Json) -> Path {
    let steps = json.as_array().map(Vec::as_slice).unwrap_or_default();
    (0..=steps.len())
        .rev()
        .filter_map(|known| steps.get(..known))
        .find_map(|known| Path::from_state_json(&Json::from(known)).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_hides_more() {
        for (text, want) in [
            ("null", vec![]),
            ("[]", vec![]),
            (r#"[[{"type":"get_attr","value":"a"}]]"#, vec!["a"]),
            (
                r#"[[{"type":"get_attr","value":"a"},{"type":"new","value":1},{"type":"get_attr","value":"b"}]]"#,
                vec!["a"],
            ),
            (r#"[{"new":1}]"#, vec![""]),
            ("17", vec![""]),
        ] {
            let shown: Vec<String> = read(text).iter().map(ToString::to_string).collect();
            assert_eq!(shown, want, "{text}");
        }
    }
}
