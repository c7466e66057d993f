//! Drift against a plan, a snapshot and another state.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{SECRET, folder, resource, run, secretive, state, write};

fn login(size: i64, password: &str) -> Value {
    json!({"id": "1", "size": size, "password": password})
}

fn entry(actions: &[&str], before: Value, after: Value) -> Value {
    json!({
        "address": "demo_login.x", "mode": "managed", "type": "demo_login", "name": "x",
        "provider_name": "registry.terraform.io/hashicorp/demo",
        "change": {"actions": actions, "before": before, "after": after, "after_unknown": {},
                   "before_sensitive": {"password": true}, "after_sensitive": {"password": true}},
    })
}

/// A plan in which one object has another size and another password.
fn plan() -> String {
    let (was, is) = (login(1, SECRET), login(2, "planted-other"));
    let prior = json!({
        "address": "demo_login.x", "mode": "managed", "type": "demo_login", "name": "x",
        "provider_name": "registry.terraform.io/hashicorp/demo", "schema_version": 0,
        "values": is, "sensitive_values": {"password": true},
    });
    json!({
        "format_version": "1.2", "terraform_version": "1.9.5",
        "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": [prior]}}},
        "resource_drift": [entry(&["update"], was.clone(), is.clone())],
        "resource_changes": [entry(&["update"], is, was)],
    })
    .to_string()
}

fn stack(dir: &Path) {
    let mut stored = resource(["demo_login", "x"], login(1, SECRET));
    stored["instances"][0]["sensitive_attributes"] =
        json!([[{"type": "get_attr", "value": "password"}]]);
    write(dir, "infra/terraform.tfstate", &state(1, &[stored]));
    write(dir, "plan.json", &plan());
}

#[test]
fn a_plan_alone_and_beside_its_state_say_the_same() {
    let dir = folder();
    stack(dir.path());
    let mut entries = Vec::new();
    for args in [
        &[
            "drift",
            "--plan",
            "plan.json",
            "--json",
            "-detailed-exitcode",
        ][..],
        &[
            "drift",
            "infra",
            "--plan",
            "plan.json",
            "--json",
            "-detailed-exitcode",
        ],
    ] {
        let run = run(dir.path(), args);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(!run.out.contains(SECRET) && !run.out.contains("planted-other"));
        let mut entry = run.json()["resource_drift"][0].take();
        assert_eq!(entry["change"]["after"]["size"], 2);
        assert_eq!(entry["drift"]["effect"]["action"], "update");
        // A plan alone tells no lineage, so that its findings have names of their own.
        for part in ["target", "fingerprint"] {
            entry["drift"][part].take();
        }
        for change in entry["drift"]["changes"].as_array_mut().unwrap() {
            change["fingerprint"].take();
        }
        entries.push(entry);
    }
    assert_eq!(entries[0], entries[1]);
    let text = run(dir.path(), &["drift", "--plan", "plan.json"]);
    assert_eq!(text.code, Some(0));
    assert!(
        text.out.contains("plan.json") && text.out.contains("demo_login.x"),
        "{}",
        text.out
    );
    assert!(!text.out.contains("driftmgr explain"), "{}", text.out);
    let check = run(dir.path(), &["check", "--plan", "plan.json"]);
    assert_eq!(check.code, Some(2));
    assert!(
        check.err.contains("driftmgr drift --plan plan.json"),
        "{}",
        check.err
    );
}

#[test]
fn a_plan_of_another_state_proves_nothing() {
    let dir = folder();
    stack(dir.path());
    let other = resource(["demo_login", "x"], login(7, SECRET));
    write(dir.path(), "infra/terraform.tfstate", &state(1, &[other]));
    let run = run(
        dir.path(),
        &["check", "infra", "--plan", "plan.json", "--json"],
    );
    assert_eq!(
        (run.code, &run.json()["safe"]),
        (Some(3), &Value::Null),
        "{run:?}"
    );
}

#[test]
fn utf_16_as_powershell_writes_it_is_read() {
    let dir = folder();
    let text = "\u{feff}".to_owned() + &plan();
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(dir.path().join("plan.json"), bytes).unwrap();
    assert_eq!(
        run(dir.path(), &["check", "--plan", "plan.json"]).code,
        Some(2)
    );
}

#[test]
fn what_is_given_by_mistake_is_named() {
    let dir = folder();
    stack(dir.path());
    write(
        dir.path(),
        "logged.json",
        &format!("a log line\n{}", plan()),
    );
    write(dir.path(), "zip", "PK\u{3}\u{4}");
    for (args, want) in [
        (
            &["drift", "--plan", "infra/terraform.tfstate"][..],
            "a state, and not a plan",
        ),
        (
            &["drift", "--plan", "logged.json"],
            "a log line stands before the JSON",
        ),
        (&["drift", "--plan", "zip"], "a saved plan file"),
        (&["drift", "--plan", "nowhere.json"], "nowhere.json"),
        (
            &[
                "drift",
                "--plan",
                "plan.json",
                "infra",
                "infra/terraform.tfstate",
            ],
            "one target",
        ),
        (
            &["drift", "--snapshot", "plan.json", "infra"],
            "a plan (give it with --plan FILE)",
        ),
        (
            &["drift", "infra", "--against", "plan.json"],
            "a plan in JSON",
        ),
        (
            &["drift", "--plan", "plan.json", "--snapshot", "x"],
            "cannot be used with",
        ),
        (
            &["snapshot", "show", "infra/terraform.tfstate"],
            "a state (give it with --against FILE)",
        ),
        (
            &["snapshot", "save", "nowhere", "--to", "x.json"],
            "nowhere",
        ),
    ] {
        let run = run(dir.path(), args);
        assert_eq!(
            (run.code, run.out.as_str()),
            (Some(1), ""),
            "{args:?} {run:?}"
        );
        assert!(run.err.contains(want), "{args:?} {}", run.err);
    }
    assert!(!dir.path().join("x.json").exists());
}

/// Files that exist, one that is gone, and one type that nobody can read.
fn files(dir: &Path) {
    let file = |name: &str, id: &str| {
        resource(
            ["local_file", name],
            json!({"filename": format!("{name}.txt"), "content": "one\n", "id": id}),
        )
    };
    const ONE: &str = "c7059bb19433cc3cabaa6236c83d56668a843dd2";
    write(dir, "infra/a.txt", "one\n");
    let secret = secretive("x", SECRET);
    let due = resource(
        ["time_rotating", "due"],
        json!({"id": "2020-01-01T00:00:00Z", "rotation_rfc3339": "2020-02-01T00:00:00Z"}),
    );
    let password = resource(
        ["random_password", "p"],
        json!({"id": "none", "length": 3, "result": SECRET, "bcrypt_hash": SECRET}),
    );
    let all = [file("a", ONE), file("b", ONE), secret, due, password];
    write(dir, "infra/terraform.tfstate", &state(1, &all));
}

#[test]
fn a_snapshot_gives_the_report_of_the_run_that_made_it() {
    let dir = folder();
    files(dir.path());
    let live = run(dir.path(), &["drift", "infra", "--json"]);
    assert_eq!(live.json()["summary"]["deleted"], 2, "{}", live.out);
    assert_eq!(live.json()["summary"]["same"], 2, "{}", live.out);
    let saved = run(
        dir.path(),
        &["snapshot", "save", "infra", "--to", "then.json"],
    );
    assert_eq!(saved.code, Some(0), "{saved:?}");
    assert_eq!(
        saved.out,
        "Saved then.json: 5 objects of 1 state, 2 of them gone, 1 could not be looked at.\n"
    );
    let written = std::fs::read_to_string(dir.path().join("then.json")).unwrap();
    assert!(!written.contains(SECRET));
    // Reality changes; what was found does not.
    std::fs::remove_file(dir.path().join("infra/a.txt")).unwrap();
    let args = ["drift", "infra", "--snapshot", "then.json", "--json"];
    assert_eq!(run(dir.path(), &args).json(), live.json());
    assert_eq!(
        run(dir.path(), &["drift", "infra", "--json"]).json()["summary"]["deleted"],
        3
    );

    let shown = run(dir.path(), &["snapshot", "show", "then.json"]);
    assert!(
        shown.out.contains("not looked at: demo_login.x"),
        "{}",
        shown.out
    );
    assert!(!shown.out.contains(SECRET));
    let shown = run(dir.path(), &["snapshot", "show", "then.json", "--json"]).json();
    assert_eq!(
        shown["targets"][0]["objects"],
        json!({"present": 2, "absent": 2, "unreadable": 1})
    );
}

#[test]
fn another_state_is_reality() {
    let dir = folder();
    let thing =
        |name: &str, size: i64| resource(["demo_thing", name], json!({"id": name, "size": size}));
    write(
        dir.path(),
        "a.tfstate",
        &state(
            1,
            &[thing("same", 1), thing("changed", 1), thing("gone", 1)],
        ),
    );
    write(
        dir.path(),
        "b.tfstate",
        &state(2, &[thing("same", 1), thing("changed", 2), thing("new", 1)]),
    );
    let run = run(
        dir.path(),
        &["drift", "a.tfstate", "--against", "b.tfstate", "--json"],
    );
    let report = run.json();
    assert_eq!(
        report["summary"],
        json!({"checked": 3, "same": 1, "drifted": 1, "deleted": 1, "unmanaged": 1, "unverifiable": 0, "skipped": 0, "hidden": 0})
    );
}
