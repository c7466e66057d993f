use serde_json::Value as Json;

use super::files;
use crate::state::{Secrets, State};

fn read(folder: &str, name: &str) -> Option<Vec<u8>> {
    files(folder)
        .into_iter()
        .find(|(n, _)| n == name)
        .map(|(_, bytes)| bytes)
}

fn view(bytes: &[u8]) -> Json {
    State::parse(bytes)
        .unwrap()
        .json_view(Secrets::Revealed)
        .unwrap()
}

/// Takes out what only a schema knows: attributes that are null.
fn without_nulls(json: &mut Json) {
    match json {
        Json::Object(entries) => {
            entries.retain(|_, value| !value.is_null());
            entries.values_mut().for_each(without_nulls);
        }
        Json::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

#[test]
fn as_opentofu_shows_it() {
    for case in ["basic", "sensitive-variables"] {
        let folder = "states/opentofu-show-json-state";
        let Some(bytes) = read(folder, &format!("{case}/terraform.tfstate")) else {
            return;
        };
        let want = read(folder, &format!("{case}/output.json")).unwrap();
        let mut want: Json = serde_json::from_slice(&want).unwrap();
        without_nulls(&mut want);
        assert_eq!(view(&bytes), want, "{case}");
    }
}

#[test]
fn as_terraform_1_1_showed_it() {
    let folder = "states/terraform-json-110-sensitive-values";
    let Some(bytes) = read(folder, "terraform.tfstate") else {
        return;
    };
    let mut want: Json = serde_json::from_slice(&read(folder, "state.json").unwrap()).unwrap();
    let mut got = view(&bytes);
    // Types of outputs and format 1.0 came later.
    for json in [&mut got, &mut want] {
        json["format_version"] = "".into();
        for output in json["values"]["outputs"]
            .as_object_mut()
            .unwrap()
            .values_mut()
        {
            output.as_object_mut().unwrap().shift_remove("type");
        }
    }
    assert_eq!(got, want);
}

#[test]
fn key_by_key_as_terraform_1_11_shows_what_is_built_in() {
    let want = include_str!("show/everything.show.json");
    let state = State::parse(include_bytes!("show/everything.tfstate")).unwrap();
    let got = state.json_view(Secrets::Revealed).unwrap().to_string();
    assert_eq!(crate::state::text::escape_html(&got), want.trim_end());
}

#[test]
fn empty_states() {
    for (rest, want) in [
        (
            r#""outputs":{},"resources":[]"#,
            r#"{"format_version":"1.0"}"#,
        ),
        (
            r#""outputs":{"a":{"value":"x","type":"string"}},"resources":[]"#,
            r#"{"format_version":"1.0","terraform_version":"1.10.4","values":{"outputs":{"a":{"sensitive":false,"value":"x","type":"string"}},"root_module":{}}}"#,
        ),
        (
            r#""outputs":{},"resources":[{"module":"module.a","mode":"managed","type":"terraform_data","name":"a","provider":"provider[\"terraform.io/builtin/terraform\"]","instances":[]}]"#,
            r#"{"format_version":"1.0","terraform_version":"1.10.4","values":{"root_module":{"child_modules":[{"address":"module.a"}]}}}"#,
        ),
    ] {
        let state = format!(r#"{{"version":4,"terraform_version":"1.10.4","serial":1,{rest}}}"#);
        assert_eq!(view(state.as_bytes()).to_string(), want);
    }
}

#[test]
fn secrets_are_masked_unless_asked_for() {
    let state = State::parse(include_bytes!("show/everything.tfstate")).unwrap();
    let masked = state.json_view(Secrets::Masked).unwrap();
    assert_eq!(
        masked["values"]["outputs"]["a"]["value"],
        crate::redact::MASK
    );
    let shown = state.json_view(Secrets::Revealed).unwrap();
    assert_eq!(shown["values"]["outputs"]["a"]["value"][1], "x");
}
