//! Types that live in the state alone: what was drawn once, points in time, keys and certificates.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::*;
use crate::context::Clock;

/// 2025-06-01T12:00:00Z.
const NOON: u64 = 1_748_779_200;

struct At(u64);

impl Clock for At {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0)
    }
}

fn at(seconds: u64) -> Context {
    context().with_clock(Arc::new(At(seconds)))
}

async fn read(seconds: u64, type_name: &str, attributes: &serde_json::Value) -> Result<Refreshed> {
    let provider = type_name.split('_').next().unwrap();
    reader(&format!("hashicorp/{provider}"), FilePath::new("."))
        .refresh(&at(seconds), request(type_name, &attributes.to_string()))
        .await
}

/// A minimal object of each type that reads as stored.
fn examples() -> Vec<(&'static str, serde_json::Value)> {
    vec![
        (
            "random_bytes",
            json!({"length": 2, "base64": "AAA=", "hex": "0000", "keepers": null}),
        ),
        (
            "random_id",
            json!({"id": "AA", "byte_length": 1, "hex": "00", "dec": "0", "keepers": {"a": "b"}}),
        ),
        (
            "random_integer",
            json!({"id": "3", "min": 1, "max": 5, "result": 3}),
        ),
        (
            "random_password",
            json!({"id": "none", "length": 3, "result": "a!b", "bcrypt_hash": "x", "special": true}),
        ),
        (
            "random_pet",
            json!({"id": "a-b", "length": 2, "separator": "-"}),
        ),
        (
            "random_shuffle",
            json!({"id": "-", "input": ["a", "b"], "result": ["b", "a"]}),
        ),
        (
            "random_string",
            json!({"id": "ab", "length": 2, "result": "ab", "min_lower": 0}),
        ),
        ("random_uuid", json!({"id": "u", "result": "u"})),
        ("random_uuid4", json!({"id": "u", "result": "u"})),
        ("random_uuid7", json!({"id": "u", "result": "u"})),
        (
            "time_offset",
            json!({"id": "2025-01-01T00:00:00Z", "offset_days": 3, "unix": 1}),
        ),
        (
            "time_sleep",
            json!({"id": "2025-01-01T00:00:00Z", "create_duration": "1s"}),
        ),
        (
            "time_static",
            json!({"id": "2025-01-01T00:00:00Z", "rfc3339": "2025-01-01T00:00:00Z", "year": 2025}),
        ),
        (
            "tls_private_key",
            json!({"id": "k", "algorithm": "RSA", "rsa_bits": 2048, "private_key_pem": "p"}),
        ),
        (
            "tls_cert_request",
            json!({"id": "r", "private_key_pem": "p", "dns_names": ["a"], "subject": [{"common_name": "a"}]}),
        ),
    ]
}

#[tokio::test]
async fn what_was_made_once_stays_as_it_is() {
    for (type_name, attributes) in examples() {
        for seconds in [0, NOON, 4_000_000_000] {
            let read = read(seconds, type_name, &attributes).await.unwrap();
            assert!(read.current.as_ref() == Some(&read.prior), "{type_name}");
            assert!(read.warnings.is_empty());
            for (name, value) in attributes.as_object().unwrap() {
                let kept = json::encode(read.prior.attribute(name).unwrap());
                if name != "subject" {
                    assert_eq!(&kept, value, "{type_name}.{name}");
                }
            }
        }
    }
}

#[tokio::test]
async fn every_type_has_an_example_or_a_clock() {
    let clocked = [
        "time_rotating",
        "tls_self_signed_cert",
        "tls_locally_signed_cert",
    ];
    let known = ["random", "time", "tls"];
    let types = schemas::TYPES
        .iter()
        .filter(|t| known.contains(&t.split('_').next().unwrap()));
    for name in types {
        let tested = clocked.contains(name) || examples().iter().any(|(t, _)| t == name);
        assert!(tested, "{name}");
    }
}

#[tokio::test]
async fn a_rotation_is_over_once_its_time_has_passed() {
    let rotating = |time: &str| json!({"id": "2025-05-01T12:00:00Z", "rotation_rfc3339": time, "rotation_days": 31});
    let passed = "2025-06-01T12:00:00Z";
    for (seconds, there) in [(NOON - 1, true), (NOON, true), (NOON + 1, false)] {
        let read = read(seconds, "time_rotating", &rotating(passed))
            .await
            .unwrap();
        assert_eq!(read.current.is_some(), there, "{seconds}");
        assert_eq!(read.warnings.is_empty(), there);
    }
    // Another offset is the same moment.
    let read_offset = read(
        NOON + 1,
        "time_rotating",
        &rotating("2025-06-01T14:00:00+02:00"),
    )
    .await
    .unwrap();
    assert!(read_offset.current.is_none());
    for empty in [json!(null), json!("")] {
        let attributes = json!({"id": "x", "rotation_rfc3339": empty});
        assert!(
            read(NOON, "time_rotating", &attributes)
                .await
                .unwrap()
                .current
                .is_some()
        );
    }
    let error = read(NOON, "time_rotating", &rotating("planted-secret"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState);
    assert!(!error.to_string().contains("planted"));
}

fn certificate(early: serde_json::Value, ready: bool) -> serde_json::Value {
    json!({
        "id": "1", "validity_end_time": "2025-06-01T12:00:00Z", "validity_period_hours": 720,
        "early_renewal_hours": early, "ready_for_renewal": ready, "allowed_uses": ["server_auth"],
        "private_key_pem": "p", "cert_pem": "c",
    })
}

#[tokio::test]
async fn a_certificate_is_due_when_its_early_renewal_begins() {
    for type_name in ["tls_self_signed_cert", "tls_locally_signed_cert"] {
        for (seconds, early, due) in [
            (NOON - 1, json!(0), false),
            (NOON, json!(0), true),
            (NOON, json!(null), true),
            (NOON - 7200, json!(2), true),
            (NOON - 7201, json!(2), false),
            (NOON + 1_000_000, json!(0), true),
        ] {
            let read = read(seconds, type_name, &certificate(early, false))
                .await
                .unwrap();
            let ready = read
                .current
                .as_ref()
                .and_then(|c| c.attribute("ready_for_renewal"));
            assert_eq!(ready, Some(&Value::Bool(due)), "{type_name} {seconds}");
            assert_eq!(read.current.as_ref() == Some(&read.prior), !due);
        }
        // The state knows already.
        let read = read(NOON, type_name, &certificate(json!(0), true))
            .await
            .unwrap();
        assert!(read.current.as_ref() == Some(&read.prior));
    }
}

#[tokio::test]
async fn a_certificate_that_is_due_would_be_made_anew() {
    let tls = reader("hashicorp/tls", FilePath::new("."));
    for type_name in ["tls_self_signed_cert", "tls_locally_signed_cert"] {
        let (stored, real) = (certificate(json!(0), false), certificate(json!(0), true));
        let mut stored = stored;
        let mut real = real;
        for side in [&mut stored, &mut real] {
            let side = side.as_object_mut().unwrap();
            if type_name == "tls_locally_signed_cert" {
                side.remove("private_key_pem");
            } else {
                side.insert("subject".into(), json!([{"common_name": "a"}]));
            }
        }
        let verdict = verdict(
            &tls,
            type_name,
            &stored.to_string(),
            Some(&real.to_string()),
        )
        .await;
        let ready = vec!["ready_for_renewal".to_owned()];
        assert_eq!(shown(verdict), (ready.clone(), ready), "{type_name}");
    }
}

#[test]
fn secrets_are_known() {
    let cases = [
        ("random_password", &["bcrypt_hash", "result"][..]),
        ("random_bytes", &["base64", "hex"]),
        ("random_string", &[]),
        (
            "tls_private_key",
            &[
                "private_key_openssh",
                "private_key_pem",
                "private_key_pem_pkcs8",
            ],
        ),
        ("tls_cert_request", &["private_key_pem"]),
        ("tls_self_signed_cert", &["private_key_pem"]),
        ("tls_locally_signed_cert", &["ca_private_key_pem"]),
    ];
    for (type_name, want) in cases {
        let provider = type_name.split('_').next().unwrap();
        let reader = reader(&format!("hashicorp/{provider}"), FilePath::new("."));
        let block = &reader.schema().resources[type_name].block;
        let secret = block.attributes.iter().filter(|(_, a)| a.sensitive);
        let secret: Vec<&str> = secret.map(|(name, _)| name.as_str()).collect();
        assert_eq!(secret, want, "{type_name}");
    }
}

#[tokio::test]
async fn attributes_of_old_states_become_numbers_and_lists() {
    let flat = [
        ("id", "x"),
        ("validity_end_time", "2025-06-01T12:00:00Z"),
        ("early_renewal_hours", "2"),
        ("allowed_uses.#", "2"),
        ("allowed_uses.0", "a"),
        ("allowed_uses.1", "b"),
        ("subject.#", "1"),
        ("subject.0.common_name", "c"),
    ];
    let flat = flat
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into_iter()
        .collect();
    let mut request = request("tls_self_signed_cert", "{}");
    request.attributes = RawAttributes::Flatmap(flat);
    let read = reader("hashicorp/tls", FilePath::new("."))
        .refresh(&at(NOON - 7200), request)
        .await
        .unwrap();
    let kept = json::encode(&read.prior);
    assert_eq!(kept["allowed_uses"], json!(["a", "b"]));
    assert_eq!(kept["early_renewal_hours"], json!(2));
    assert_eq!(kept["subject"][0]["common_name"], "c");
    assert!(read.current != Some(read.prior));
}

#[tokio::test]
async fn a_state_of_a_newer_provider_is_not_guessed_at() {
    let mut request = request("random_password", r#"{"id":"none"}"#);
    request.schema_version = 4;
    let read = reader("hashicorp/random", FilePath::new("."))
        .refresh(&context(), request)
        .await;
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Unsupported);
}
