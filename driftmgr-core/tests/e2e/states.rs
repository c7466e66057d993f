//! States that are broken, half written, old, too new, or hold objects that a failed apply left.

use std::time::{Duration, Instant};

use driftmgr_core::ErrorKind;
use driftmgr_core::drift::Kind as FindingKind;
use driftmgr_core::state::State;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::lab::{BOTH, FIVE, Kind, Lab, SIX, applied};

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_cut_off_anywhere_is_refused() {
    let lab = Lab::new(SIX);
    let whole = lab.read("terraform.tfstate");
    let text = whole.trim_end();
    for end in 0..text.len() {
        let error = State::parse(&text.as_bytes()[..end]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidState, "{end}: {error}");
    }
    assert!(State::parse(text.as_bytes()).is_ok());
    for end in (0..text.len()).step_by(997) {
        lab.write("terraform.tfstate", &text[..end]);
        let error = lab.client().open(lab.dir()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidState, "{end}: {error}");
        assert!(error.context_value("file").is_some(), "{error}");
        assert_eq!(
            lab.read("terraform.tfstate"),
            text[..end],
            "nothing is written"
        );
    }
}

proptest! {
    #[test]
    fn random_bytes_are_no_state(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(State::parse(&bytes).is_err());
    }

    #[test]
    fn flipped_bytes_do_not_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = SMALL.as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(state) = State::parse(&bytes) {
            let _ = state.json_view(driftmgr_core::state::Secrets::Masked);
            let _ = state.analyze();
        }
    }
}

const SMALL: &str = r#"{"version": 4, "terraform_version": "1.9.0", "serial": 7, "lineage": "l", "outputs": {"o":
{"value": ["a", 1], "type": ["tuple", ["string", "number"]]}}, "resources": [{"mode": "managed", "type": "t", "name": "n",
"provider": "provider[\"registry.terraform.io/a/b\"]", "instances": [{"index_key": "k", "schema_version": 0, "attributes":
{"id": "x", "list": [1, null]}, "sensitive_attributes": [[{"type": "get_attr", "value": "id"}]], "private": "bnVsbA=="}]}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn deep_nesting_is_refused_fast() {
    const DEEP: usize = 50_000_000;
    let lab = Lab::new(FIVE);
    let start = Instant::now();
    let inside = |text: String| SMALL.replace("[1, null]", &text);
    for text in [
        "[".repeat(DEEP),
        "{\"a\":".repeat(DEEP / 5),
        inside("[".repeat(DEEP)),
    ] {
        lab.write("deep.tfstate", &text);
        let error = lab
            .client()
            .open(lab.file("deep.tfstate"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidState);
        assert!(error.to_string().len() < 2000);
    }
    assert!(
        start.elapsed() < Duration::from_secs(40),
        "{:?}",
        start.elapsed()
    );
}

/// Well formed, but deeper than anything that parses attributes can go: the state is read, the object stays open.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_nested_too_deep_is_open() {
    const DEEP: usize = 1_000_000;
    for kind in BOTH {
        let lab = Lab::new(kind);
        let deep = "[".repeat(DEEP) + &"]".repeat(DEEP);
        lab.edit("terraform.tfstate", |state| {
            state["resources"][0]["instances"][0]["attributes"]["name"] = json!("DEEP");
        });
        let text = lab.read("terraform.tfstate").replace("\"DEEP\"", &deep);
        lab.write("terraform.tfstate", &text);
        match lab.client().open(lab.dir()).await {
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidState, "{error}"),
            Ok(_) => lab.look().await.assert_only_open(kind, &[0], &[]),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deposed_and_tainted_objects_are_looked_at() {
    let bucket = |label: &str, name: &str| {
        format!(
            "resource \"cloudfive_bucket\" \"{label}\" {{
  name = \"{name}\"
  tags = {{ of = \"lab\" }}
  lifecycle {{ create_before_destroy = true }}
}}
"
        )
    };
    let head = FIVE.head() + &FIVE.block("");
    let terraform = applied(&(head.clone() + &bucket("a", "old")), "");
    let fails = |target: &str, fault: &str| {
        let (target, fault) = (format!("-target={target}"), format!("-var=fault={fault}"));
        let words = ["apply", "-auto-approve", "-no-color", "-refresh=false"];
        terraform.fails(&[&words[..], &[&target, &fault]].concat());
    };
    terraform.write("main.tf", &(head + &bucket("a", "new") + &bucket("t", "t")));
    // One is created, but its creation ends with an error; of the other the old object cannot be deleted.
    fails("cloudfive_bucket.t", "read/denied");
    fails("cloudfive_bucket.a", "delete/denied");
    let state = terraform.json("terraform.tfstate");
    let text = state.to_string();
    assert!(
        text.contains("\"deposed\"") && text.contains("\"tainted\""),
        "{text}"
    );

    let lab = Lab::of(FIVE, &terraform);
    let look = lab.look().await;
    assert_eq!(look.open(), []);
    let objects = lab.stack().await.state().instances().count() as u64;
    assert_eq!(look.report.summary.checked, objects);
    let noise = look.findings();
    assert!(!noise.iter().any(|a| a.ends_with(".a")), "{noise:?}");

    lab.objects(|all| all["old"]["arn"] = "changed".into());
    let look = lab.look().await;
    let deposed: Vec<_> = look
        .report
        .findings
        .iter()
        .filter(|f| f.deposed.is_some())
        .collect();
    assert_eq!(deposed.len(), 1, "{:?}", look.findings());
    assert_eq!(deposed[0].address.to_string(), "cloudfive_bucket.a");
    assert_eq!(deposed[0].kind, FindingKind::Modified);

    lab.objects(|all| {
        all.remove("t").unwrap();
    });
    let look = lab.look().await;
    let gone: Vec<_> = look
        .report
        .findings
        .iter()
        .filter(|f| f.kind == FindingKind::Missing)
        .collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].address.to_string(), "cloudfive_bucket.t");
}

/// A type with a schema of version 1, and its resource.
fn versioned(kind: Kind) -> (Kind, String) {
    let (type_name, more) = match kind {
        FIVE => (
            "cloudfive_server",
            "image = \"i\"\n  cpus = 2\n  tags = { a = \"1\" }\n  aliases = [\"x\"]\n  groups = [\"g\"]",
        ),
        _ => ("cloudsix_widget", "size = 7"),
    };
    let resource = format!("resource \"{type_name}\" \"x\" {{\n  name = \"x\"\n  {more}\n}}\n");
    (Kind { type_name, ..kind }, resource)
}

/// The stored object as version 0 had it.
fn older(attributes: &mut serde_json::Map<String, Json>) {
    attributes.insert("legacy".into(), json!(true));
    if attributes.remove("cpus").is_some() {
        attributes.insert("cpu_count".into(), json!("2"));
    } else {
        let name = attributes.remove("name").unwrap();
        attributes.insert("title".into(), name);
        attributes.insert("size".into(), json!("7"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_schema_versions_are_upgraded_and_newer_ones_refused() {
    for kind in BOTH {
        let (kind, resource) = versioned(kind);
        let terraform = applied(&(kind.head() + &kind.block("") + &resource), "");
        let lab = Lab::of(kind, &terraform);
        lab.look().await.assert_in_sync();
        lab.edit("terraform.tfstate", |state| {
            let instance = &mut state["resources"][0]["instances"][0];
            assert_eq!(instance["schema_version"], 1);
            instance["schema_version"] = json!(0);
            older(instance["attributes"].as_object_mut().unwrap());
        });
        let look = lab.look().await;
        look.assert_in_sync();
        assert_eq!(look.report.summary.same, 1);
        lab.edit("terraform.tfstate", |state| {
            state["resources"][0]["instances"][0]["schema_version"] = json!(99);
        });
        let look = lab.look().await;
        let open = look.open();
        assert_eq!(open.len(), 1);
        assert!(open[0].1.contains("newer"), "{open:?}");
        assert_eq!(look.report.verdict().exit_code(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_that_do_not_fit_the_schema_are_open() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        lab.edit("terraform.tfstate", |state| {
            let instances = &mut state["resources"][0]["instances"];
            instances[0]["attributes"]["name"] = json!({"not": ["text"]});
            instances[1]["private"] = json!("not base64!");
        });
        lab.look().await.assert_only_open(kind, &[0, 1], &[]);
    }
}
