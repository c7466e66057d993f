use serde_json::Value as Json;

use super::files;
use crate::state::State;

fn v4(state: &State) -> Json {
    let mut json: Json = serde_json::from_slice(&state.to_v4_bytes()).unwrap();
    json.as_object_mut()
        .unwrap()
        .shift_remove("terraform_version");
    json
}

#[test]
fn an_unchanged_state_comes_back_byte_by_byte() {
    for folder in ["states", "backends"] {
        for (name, bytes) in files(folder) {
            if let (true, Ok(state)) = (name.contains("tfstate"), State::parse(&bytes)) {
                assert!(state.to_bytes() == bytes, "{name}");
            }
        }
    }
}

#[test]
fn old_formats_upgrade_as_opentofu_upgrades_them() {
    for (name, bytes) in files("states/opentofu-roundtrip") {
        let Some(stem) = name.strip_suffix(".in.tfstate") else {
            continue;
        };
        let all = files("states/opentofu-roundtrip");
        let (_, want) = all
            .iter()
            .find(|(n, _)| *n == format!("{stem}.out.tfstate"))
            .unwrap();
        // OpenTofu's registry stands in for the one that old states leave open, and one of the expected files is itself not upgraded.
        let host = |text: &[u8]| {
            String::from_utf8_lossy(text).replace("registry.opentofu.org", "registry.terraform.io")
        };
        let got = State::parse(host(&bytes).as_bytes()).unwrap();
        let want = State::parse(host(want).as_bytes()).unwrap();
        assert_eq!(v4(&got), v4(&want), "{name}");
        let depends_on = |state: &State| -> Vec<Vec<String>> {
            state
                .instances()
                .map(|(_, i)| i.depends_on.clone())
                .collect()
        };
        assert_eq!(depends_on(&got), depends_on(&want), "{name}");
    }
}

#[test]
fn v4_is_stable() {
    for (name, bytes) in files("states") {
        if let (true, Ok(state)) = (name.contains("tfstate"), State::parse(&bytes)) {
            let once = state.to_v4_bytes();
            let again = State::parse(&once).unwrap().to_v4_bytes();
            assert!(once == again, "{name}");
        }
    }
}

const PRETTY: &str = r#"{
  "version": 4,
  "zeta": {"kept": 1.500},
  "serial": 7,
  "lineage": "l",
  "outputs": {
    "a": {
      "value": 1.50,
      "type": "number"
    }
  },
  "resources": [
    {
      "mode": "managed",
      "type": "t",
      "name": "n",
      "provider": "provider[\"a/b/c\"]",
      "future": [1,  2],
      "instances": [
        {
          "schema_version": 0,
          "attributes": {"z": 1e3, "a": "<&>"},
          "later": null,
          "sensitive_attributes": []
        }
      ]
    }
  ],
  "check_results": null
}
"#;

fn edited(change: impl FnOnce(&mut State)) -> String {
    let mut state = State::parse(PRETTY.as_bytes()).unwrap();
    change(&mut state);
    String::from_utf8(state.to_bytes()).unwrap()
}

#[test]
fn a_change_changes_nothing_else() {
    let serial = edited(|s| s.serial = 8);
    assert_eq!(serial, PRETTY.replace("\"serial\": 7", "\"serial\": 8"));

    let tainted = edited(|s| {
        s.resources[0].instances[0].status = crate::state::InstanceStatus::Tainted;
    });
    let want = PRETTY.replace(
        "\"sensitive_attributes\": []\n",
        "\"sensitive_attributes\": [],\n          \"status\": \"tainted\"\n",
    );
    assert_eq!(tainted, want);

    let renamed = edited(|s| s.resources[0].address.name = "m".into());
    assert_eq!(
        renamed,
        PRETTY.replace("\"name\": \"n\"", "\"name\": \"m\"")
    );

    let without = edited(|s| s.resources.clear());
    let state: Json = serde_json::from_str(&without).unwrap();
    assert_eq!(state["resources"], serde_json::json!([]));
    assert!(without.contains("\"zeta\": {\"kept\": 1.500},"));

    let without = edited(|s| drop(s.outputs.remove("a")));
    assert!(
        without.contains("\"outputs\": {},\n  \"resources\": ["),
        "{without}"
    );
}

#[test]
fn what_is_added_takes_the_layout_of_its_neighbours() {
    use crate::state::{Instance, RawAttributes, Resource};
    let added = edited(|s| {
        let address = "t.new"
            .parse::<crate::address::InstanceAddress>()
            .unwrap()
            .resource;
        let mut resource = Resource::new(address, s.resources[0].provider.as_deref().cloned());
        let raw = serde_json::value::RawValue::from_string("{\"id\":\"<\"}".into()).unwrap();
        resource
            .instances
            .push(Instance::new(None, 1, RawAttributes::Json(raw.into())));
        s.resources.push(resource);
    });
    assert!(added.starts_with(PRETTY.split("    }\n  ],").next().unwrap()));
    assert!(added.contains("\n    {\n      \"mode\": \"managed\",\n      \"type\": \"t\",\n      \"name\": \"new\","), "{added}");
    assert!(
        added.contains("\n            \"id\": \"\\u003c\"\n"),
        "{added}"
    );
    let again = State::parse(added.as_bytes()).unwrap();
    assert_eq!(again.list().len(), 2);
}

#[test]
fn unknown_fields_survive_the_upgrade_too() {
    let v4 = String::from_utf8(State::parse(PRETTY.as_bytes()).unwrap().to_v4_bytes()).unwrap();
    for kept in [
        "\"zeta\"",
        "\"future\"",
        "\"later\"",
        "1e3",
        "\\u003c\\u0026\\u003e",
    ] {
        assert!(v4.contains(kept), "{kept}: {v4}");
    }
}
