use proptest::prelude::*;

use super::files;
use crate::error::ErrorKind;
use crate::state::State;

fn refused(bytes: &[u8]) -> crate::Error {
    State::parse(bytes).expect_err("refused")
}

#[test]
fn each_wrong_file_is_named() {
    for (text, kind, message) in [
        ("", "invalid_state", "empty"),
        (" \n\t ", "invalid_state", "white space"),
        ("hello", "invalid_state", "not JSON"),
        ("[1]", "invalid_state", "it is a list"),
        ("\"x\"", "invalid_state", "it is a string"),
        ("17", "invalid_state", "it is a number"),
        ("{}", "invalid_state", "no `version`"),
        ("{} x", "invalid_state", "not JSON"),
        ("{\"version\":4", "invalid_state", "truncated"),
        ("{\"version\":0}", "invalid_state", "version 0"),
        ("{\"version\":5}", "invalid_state", "version 5"),
        (
            "{\"version\":\"4\"}",
            "invalid_state",
            "a string and no positive",
        ),
        (
            "{\"version\":4.5}",
            "invalid_state",
            "a number and no positive",
        ),
        (
            "{\"version\":-4}",
            "invalid_state",
            "a number and no positive",
        ),
        (
            "{\"version\":4,\"serial\":-1}",
            "invalid_state",
            "`serial` is a number",
        ),
        (
            "{\"version\":4,\"terraform_version\":\"x\"}",
            "invalid_state",
            "no version number",
        ),
        (
            "{\"version\":4,\"resources\":{}}",
            "invalid_state",
            "`resources`",
        ),
        (
            "{\"version\":4,\"resources\":[1]}",
            "invalid_state",
            "a resource is a number",
        ),
        ("{\"version\":3}", "invalid_state", "no `modules`"),
        (
            "{\"version\":3,\"modules\":[{\"path\":[\"root\"],\"resources\":{\"_b.c\":{\"type\":\"_b\",\"primary\":{\"id\":\"i\"}}}}]}",
            "invalid_state",
            "the provider of resource `_b.c`",
        ),
        (
            "{\"version\":3,\"modules\":[{\"path\":[\"root\"],\"resources\":{\"`_b.c\":{\"type\":\"a_b\",\"primary\":{\"id\":\"i\"}}}}]}",
            "invalid_state",
            "is no resource address",
        ),
        (
            "{\"version\":3,\"modules\":[{\"path\":[\"root\",\"a b\"]}]}",
            "invalid_state",
            "a name that is none",
        ),
        (
            "{\"version\":3,\"modules\":[{\"path\":[]}]}",
            "invalid_state",
            "no `path`",
        ),
        (
            "{\"encrypted_data\":\"x\"}",
            "unsupported",
            "encrypted OpenTofu",
        ),
        (
            "{\"format_version\":\"1.2\",\"planned_values\":{}}",
            "invalid_state",
            "a plan in JSON",
        ),
        (
            "{\"format_version\":\"1.0\"}",
            "invalid_state",
            "show -json",
        ),
        (
            "{\"version\":3,\"backend\":{\"type\":\"s3\",\"config\":{}},\"modules\":[]}",
            "invalid_state",
            "backend pointer: the state itself is in the backend `s3`",
        ),
        (
            "{\"version\":1,\"remote\":{\"type\":\"atlas\"}}",
            "invalid_state",
            "legacy remote pointer",
        ),
        (
            "{\"ID\":\"x\",\"Operation\":\"y\"}",
            "invalid_state",
            "a lock",
        ),
        (
            "version https://git-lfs.github.com/spec/v1\noid x",
            "invalid_state",
            "Git LFS",
        ),
        ("PK\u{3}\u{4}rest", "invalid_state", "zip"),
        ("a\0b", "invalid_state", "binary"),
    ] {
        let error = refused(text.as_bytes());
        assert_eq!(error.kind().as_str(), kind, "{text}: {error}");
        assert!(error.message().contains(message), "{text}: {error}");
    }
    assert!(refused(&[0x1F, 0x8B, 8]).message().contains("gzip"));
    assert_eq!(
        refused(b"{\"a\":\"\xFF\"}").context_value("byte"),
        Some("6")
    );
}

#[test]
fn places_are_exact() {
    let error = refused(b"{\"version\":4,\n  \"serial\": \"x\"}");
    assert_eq!(error.context_value("byte"), Some("26"));
    assert_eq!(error.context_value("line"), Some("2"));
    assert_eq!(error.context_value("column"), Some("13"));
    let error = refused(
        b"{\n\"version\":4,\n\"resources\":[{\"mode\":\"x\",\"type\":\"a\",\"name\":\"b\"}]}",
    );
    assert_eq!(error.context_value("line"), Some("3"));
}

#[test]
fn pointers_among_the_fixtures() {
    for (name, bytes) in files("backends/opentofu-command") {
        if name.ends_with(".terraform/terraform.tfstate") {
            if let Err(error) = State::parse(&bytes) {
                assert!(error.message().contains("pointer"), "{name}: {error}");
            } else {
                panic!("{name} is read");
            }
        }
    }
}

#[test]
fn truncated_at_every_byte() {
    let text = include_bytes!("show/everything.tfstate").trim_ascii();
    for end in 0..text.len() {
        assert!(State::parse(&text[..end]).is_err(), "{end}");
    }
    for (name, bytes) in files("states/opentofu-roundtrip") {
        let bytes = bytes.trim_ascii();
        for end in 0..bytes.len() {
            assert!(State::parse(&bytes[..end]).is_err(), "{name} {end}");
        }
    }
}

#[test]
fn nesting_is_refused_at_once_or_survived() {
    let deep = |open: &str, levels: usize| {
        format!("{{\"version\":4,\"resources\":{}", open.repeat(levels))
    };
    for text in [
        deep("[", 50_000_000),
        deep("{\"a\":", 1_000_000),
        "[".repeat(20_000),
    ] {
        let error = refused(text.as_bytes());
        assert!(
            error.message().contains("nested more than 10000"),
            "{error}"
        );
    }
    let attributes = format!("{}{}", "[".repeat(9_000), "]".repeat(9_000));
    let state = format!(
        r#"{{"version":4,"resources":[{{"mode":"managed","type":"a","name":"b","provider":"provider[\"a/b/c\"]","instances":[{{"attributes":{{"x":{attributes}}}}}]}}]}}"#
    );
    let state = State::parse(state.as_bytes()).unwrap();
    assert_eq!(state.list().len(), 1);
    let (_, instance) = state.instances().next().unwrap();
    assert_eq!(
        instance.attributes_untyped().unwrap_err().kind(),
        ErrorKind::InvalidState
    );
    assert!(state.json_view(Default::default()).is_err());
}

#[test]
fn marks_and_utf16_are_read_and_written_back() {
    let text = "{\"version\":4,\"lineage\":\"ü\u{1F600}\"}";
    let le = std::iter::once(0xFEFFu16)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes);
    let be = std::iter::once(0xFEFFu16)
        .chain(text.encode_utf16())
        .flat_map(u16::to_be_bytes);
    for bytes in [
        [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        le.collect(),
        be.collect(),
    ] {
        let mut state = State::parse(&bytes).unwrap();
        assert_eq!(state.lineage, "ü\u{1F600}");
        assert_eq!(state.to_bytes(), bytes);
        state.serial = 3;
        assert_eq!(State::parse(&state.to_bytes()).unwrap().serial, 3);
    }
}

#[test]
fn as_lenient_as_terraform() {
    let instances = |list: &str| {
        let text = format!(
            r#"{{"version":4,"terraform_version":"999.0.0-beta1","serial":1,"serial":7,"resources":[{{"mode":"managed","type":"a","name":"b","provider":"provider[\"a/b/c\"]","instances":[{list}]}}]}}"#
        );
        State::parse(text.as_bytes())
    };
    let state =
        instances(r#"{"index_key":1.5},{"index_key":2e0},{"index_key":-3},{"index_key":1e30}"#)
            .unwrap();
    assert_eq!(state.serial, 7);
    assert_eq!(
        super::addresses(&state),
        ["a.b[-9223372036854775808]", "a.b[-3]", "a.b[1]", "a.b[2]"]
    );
    assert!(instances(r#"{"attributes":{"id":"1","id":"2"}}"#).is_ok());
    for broken in [
        r#"{"index_key":true}"#,
        r#"{"status":"weird"}"#,
        "{},{}",
        r#"{"index_key":1},{"index_key":1.2}"#,
    ] {
        assert!(instances(broken).is_err(), "{broken}");
    }
}

#[test]
fn no_secret_in_debug_or_errors() {
    const MARKER: &str = "hunter2";
    let text = format!(
        r#"{{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"l","outputs":{{"o":{{"value":"{MARKER}","type":"string","sensitive":true}}}},"resources":[{{"mode":"managed","type":"a","name":"b","provider":"provider[\"a/b/c\"]","instances":[{{"attributes":{{"p":"{MARKER}"}},"identity":{{"x":"{MARKER}"}},"private":"{MARKER}","sensitive_attributes":[[{{"type":"get_attr","value":"p"}}]]}}]}}],"check_results":[{{"{MARKER}":1}}],"unknown":"{MARKER}"}}"#
    );
    let state = State::parse(text.as_bytes()).unwrap();
    assert!(!format!("{state:?}").contains(MARKER));
    let (_, instance) = state.instances().next().unwrap();
    let private = instance.private_bytes().map_err(|e| format!("{e:?}"));
    assert!(
        !private
            .map_or_else(|e| e, |_| String::new())
            .contains(MARKER)
    );
    let masked = state.json_view(crate::state::Secrets::Masked).unwrap();
    assert!(
        !masked["values"]["root_module"]["resources"][0]["values"]
            .to_string()
            .contains(MARKER)
    );
    assert!(!masked["values"]["outputs"].to_string().contains(MARKER));
    // Every field of a wrong type, with the secret as its value.
    for field in [
        "version",
        "serial",
        "resources",
        "outputs",
        "attributes_flat",
        "schema_version",
        "status",
        "mode",
        "create_before_destroy",
        "dependencies",
    ] {
        for value in [
            format!("\"{MARKER}\""),
            format!("[\"{MARKER}\"]"),
            format!("{{\"{MARKER}\":1}}"),
        ] {
            // The name of an output is no secret, and errors say it.
            if field == "outputs" && value.starts_with('{') {
                continue;
            }
            let broken = format!(
                r#"{{"version":4,"resources":[{{"mode":"managed","type":"a","name":"b","instances":[{{"{field}":{value}}}],"{field}":{value}}}],"{field}":{value}}}"#
            );
            if let Err(error) = State::parse(broken.as_bytes()) {
                assert!(
                    !format!("{error} {error:?}").contains(MARKER),
                    "{broken}: {error:?}"
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = State::parse(&bytes);
    }

    #[test]
    fn a_state_with_any_bytes_overwritten(at in 0usize..4000, with in prop::collection::vec(any::<u8>(), 1..8)) {
        let mut bytes = include_bytes!("show/everything.tfstate").to_vec();
        let at = at % (bytes.len() - 8);
        bytes[at..at + with.len()].copy_from_slice(&with);
        if let Ok(state) = State::parse(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes);
            let _ = state.json_view(Default::default());
            let _ = state.analyze();
            prop_assert!(State::parse(&state.to_v4_bytes()).is_ok());
        }
    }
}
