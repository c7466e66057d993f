//! What is no plan is refused by name, and what is one is read however a shell wrote it.

use super::*;
use crate::error::ErrorKind;

fn small() -> String {
    plan(
        &[object("a", json!({"id": "1", "name": "ä"}))],
        &[],
        &[entry(
            "a",
            &["no-op"],
            json!({"id": "1"}),
            json!({"id": "1"}),
        )],
    )
    .to_string()
}

fn refusal(bytes: &[u8]) -> String {
    let error = Plan::parse(bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    let hints = error.hints().join("\n");
    assert!(!hints.is_empty());
    error.to_string()
}

#[test]
fn byte_order_marks_and_utf_16_are_read() {
    let text = small();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [
        text.clone().into_bytes(),
        [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        [b"\xFF\xFE", little.as_slice()].concat(),
        [b"\xFE\xFF", big.as_slice()].concat(),
        little,
        big,
        format!("\r\n {text}\r\n").into_bytes(),
    ] {
        let plan = Plan::parse(&bytes).unwrap();
        let object = plan.objects().next().unwrap();
        let name = object.current.as_ref().and_then(|c| c.attribute("name"));
        assert_eq!(name.and_then(Value::as_str), Some("ä"));
    }
}

#[test]
fn what_it_is_instead_is_named() {
    let state = r#"{"version":4,"serial":1,"lineage":"x","resources":[]}"#;
    let shown = r#"{"format_version":"1.0","values":{"root_module":{}}}"#;
    let message = r#"{"@level":"info","@message":"OpenTofu 1.9.0","type":"version"}"#;
    let stream = format!("{message}\n{message}\n");
    let list = format!("[{message}]");
    let logged = format!("2025-01-01T00:00:00Z [INFO] x\nwarning\n{}", small());
    let spoken = "\nTerraform will perform the following actions:\n\n  # a.b will be updated\n";
    let twice = format!("{0}\n{0}", small());
    let newer_state = r#"{"driftmgr_snapshot":"1.0"}"#;
    for (bytes, want) in [
        (&b""[..], "empty"),
        (b" \n", "empty"),
        (b"PK\x03\x04 and more", "a saved plan file"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\0\0\0", "binary"),
        (b"{\"a\": \xff}", "not UTF-8"),
        (state.as_bytes(), "a state"),
        (shown.as_bytes(), "for a state"),
        (stream.as_bytes(), "message stream"),
        (list.as_bytes(), "message stream"),
        (logged.as_bytes(), "log lines stand before the JSON"),
        (spoken.as_bytes(), "as text for people"),
        (twice.as_bytes(), "something follows"),
        (b"[1]", "a JSON array"),
        (b"null", "text"),
        (b"{\"a\":1}", "no `resource_changes`"),
        (b"{\"resource_changes\":", "truncated"),
        (b"{\"resource_changes\":]}", "not valid JSON"),
        (b"{\"resource_changes\":[]}", "without `format_version`"),
        (
            b"{\"resource_changes\":[],\"format_version\":\"x\"}",
            "no version",
        ),
        (
            br#"{"resource_changes":[{"type":"a"}],"format_version":"1.2"}"#,
            "no `name`",
        ),
        (
            br#"{"resource_changes":[{"type":"a b","name":"c","change":{}}],"format_version":"1.2"}"#,
            "type or name of a resource",
        ),
        (
            br#"{"resource_drift":[{"type":"_a","name":"c","change":{}}],"format_version":"1.2"}"#,
            "names no provider",
        ),
        (
            br#"{"resource_changes":5,"format_version":"1.2"}"#,
            "cannot be read",
        ),
        (newer_state.as_bytes(), "a snapshot of driftmgr"),
        (
            br#"{"provider_schemas":{},"format_version":"1.0"}"#,
            "providers schema",
        ),
        (b"\xFF\xFE{\0x", "half a character"),
        (b"\xFF\xFE\x00\xD8{\0", "broken UTF-16"),
    ] {
        let got = refusal(bytes);
        assert!(got.contains(want), "{got:?} and not {want:?}");
    }
}

#[test]
fn the_line_where_the_json_begins_is_named() {
    let text = format!("one\ntwo\n{}", small());
    assert_eq!(
        refusal(text.as_bytes()),
        "log lines stand before the JSON (JSON from line 3)"
    );
}

#[test]
fn a_newer_major_version_is_refused_and_a_newer_minor_read() {
    let mut json: Json = small().parse().unwrap();
    for version in ["0.1", "0.2", "1.0", "1.2", "1.99"] {
        json["format_version"] = version.into();
        json["something_new"] = json!({"deep": [1]});
        assert_eq!(parse(&json).format_version, version);
    }
    for version in ["2.0", "10.1"] {
        json["format_version"] = version.into();
        let error = Plan::parse(json.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains(version));
    }
}

#[test]
fn no_value_is_quoted() {
    for text in [
        r#"{"resource_changes": [planted-secret]}"#,
        r#"{"format_version":"1.2","resource_changes":"planted-secret"}"#,
        r#"{"format_version":"1.2","resource_changes":[{"type":"a","name":"b","change":"planted-secret"}]}"#,
        "planted-secret: {",
    ] {
        let error = Plan::parse(text.as_bytes()).unwrap_err();
        let all = format!("{error} {error:?} {:?}", error.hints());
        assert!(!all.contains("planted-secret"), "{all}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = Plan::parse(&bytes);
    }

    #[test]
    fn any_damage_to_a_plan_is_read_or_refused(at in 0usize..400, with in "[\\[\\]{}\",:0a ]{0,3}") {
        let mut text = small();
        let at = at % text.len();
        if text.is_char_boundary(at) {
            text.insert_str(at, &with);
            let _ = Plan::parse(text.as_bytes());
            text.truncate(at);
            let _ = Plan::parse(text.as_bytes());
        }
    }
}
