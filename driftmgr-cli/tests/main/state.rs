//! Commands about state files.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::json;

use crate::support::{Run, SECRET, command, folder, resource, run, secretive, state, write};

#[test]
fn list_prints_addresses_as_terraform_spells_them() {
    let dir = folder();
    let mut each = resource(["demo_x", "each"], json!({}));
    each["module"] = json!("module.m[\"a b\"]");
    each["instances"] = json!([
        {"index_key": 10, "schema_version": 0, "attributes": {}},
        {"index_key": 9, "schema_version": 0, "attributes": {}},
    ]);
    let mut data = resource(["demo_ami", "d"], json!({}));
    data["mode"] = json!("data");
    write(
        dir.path(),
        "a.tfstate",
        &state(1, &[each, resource(["demo_x", "a"], json!({})), data]),
    );
    let listed = run(dir.path(), &["state", "list", "--file", "a.tfstate"]);
    assert_eq!(
        listed.out,
        "data.demo_ami.d\ndemo_x.a\nmodule.m[\"a b\"].demo_x.each[9]\nmodule.m[\"a b\"].demo_x.each[10]\n"
    );
    let as_json = run(
        dir.path(),
        &["state", "list", "--file", "a.tfstate", "-json"],
    )
    .json();
    assert_eq!(as_json[3], "module.m[\"a b\"].demo_x.each[10]");
}

#[test]
fn a_state_can_come_from_standard_input() {
    let dir = folder();
    let mut child = command(dir.path(), &["state", "list", "--file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let bytes = state(1, &[resource(["demo_x", "a"], json!({}))]);
    child
        .stdin
        .take()
        .unwrap()
        .write_all(bytes.as_bytes())
        .unwrap();
    let run: Run = child.wait_with_output().unwrap().into();
    assert_eq!((run.code, run.out.as_str()), (Some(0), "demo_x.a\n"));
}

#[test]
fn inspect_for_people_shows_no_secret() {
    let dir = folder();
    write(
        dir.path(),
        "a.tfstate",
        &state(7, &[secretive("a", SECRET)]),
    );
    let run = run(
        dir.path(),
        &["state", "inspect", "--file", "a.tfstate", "--wide", "-v"],
    );
    assert_eq!(run.code, Some(0));
    assert!(
        run.out.contains("demo_login.a") && run.out.contains("(sensitive value)"),
        "{}",
        run.out
    );
    assert!(!(run.out + &run.err).contains(SECRET));
}

#[test]
fn results_can_go_to_files_as_well() {
    let dir = folder();
    write(
        dir.path(),
        "a.tfstate",
        &state(1, &[resource(["demo_x", "a"], json!({}))]),
    );
    let args = [
        "state",
        "inspect",
        "--file",
        "a.tfstate",
        "--output",
        "text=a.txt",
    ];
    let run = run(dir.path(), &args);
    assert_eq!(run.code, Some(0), "{run:?}");
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(read("a.txt"), run.out);
}

#[test]
fn inspect_as_json_is_the_representation_of_terraform_show() {
    let dir = folder();
    write(
        dir.path(),
        "a.tfstate",
        &state(1, &[secretive("a", SECRET)]),
    );
    let args = [
        "state",
        "inspect",
        "--file",
        "a.tfstate",
        "--format",
        "json",
        "--output",
        "json=a.json",
    ];
    let run = run(dir.path(), &args);
    let view = run.json();
    let resource = &view["values"]["root_module"]["resources"][0];
    assert_eq!(resource["address"], "demo_login.a");
    // Values are part of it, as Terraform prints them, and so is what is secret about them.
    assert_eq!(resource["values"]["password"], SECRET);
    assert_eq!(resource["sensitive_values"]["password"], true);
    let file = std::fs::read_to_string(dir.path().join("a.json")).unwrap();
    assert_eq!(file, run.out);
}

#[test]
fn list_can_be_narrowed() {
    let dir = folder();
    let resources = [
        resource(["demo_x", "a"], json!({})),
        resource(["demo_x", "b"], json!({})),
    ];
    write(dir.path(), "a.tfstate", &state(1, &resources));
    let listed = run(
        dir.path(),
        &["state", "list", "--file", "a.tfstate", "demo_x.b"],
    );
    assert_eq!(listed.out, "demo_x.b\n");
    let wrong = run(
        dir.path(),
        &["state", "list", "--file", "a.tfstate", "nonsense"],
    );
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
}

#[test]
fn two_states_are_compared() {
    let dir = folder();
    let before = [
        secretive("a", SECRET),
        resource(["demo_x", "gone"], json!({"id": "1"})),
    ];
    let after = [
        secretive("a", "planted-secret-too"),
        resource(["demo_x", "new"], json!({"id": "2"})),
    ];
    write(dir.path(), "a", &state(1, &before));
    write(dir.path(), "b", &state(2, &after));
    let compare = |extra: &[&str]| {
        let mut args = vec!["state", "compare", "--files", "a,b"];
        args.extend(extra);
        run(dir.path(), &args)
    };
    let text = compare(&[]);
    assert_eq!(text.code, Some(0), "{text:?}");
    assert!(text.out.contains("- demo_x.gone  removed"), "{}", text.out);
    let found = compare(&["-json"]);
    assert_eq!(found.json()["added"], json!(["demo_x.new"]));
    assert_eq!(found.json()["removed"], json!(["demo_x.gone"]));
    assert_eq!(found.json()["changed"][0]["changes"][0]["path"], "password");
    for run in [text, found, compare(&["--wide"])] {
        assert!(!(run.out + &run.err).contains("planted-secret"));
    }
    assert_eq!(compare(&["-detailed-exitcode"]).code, Some(2));
    assert_eq!(compare(&["-detailed-exitcode", "--json"]).code, Some(2));
    assert_eq!(compare(&["--fail-on", "critical"]).code, Some(1));
    let same = run(
        dir.path(),
        &["state", "compare", "--files", "a,a", "--detailed-exitcode"],
    );
    assert_eq!(
        (same.code, same.out.as_str()),
        (Some(0), "No differences between a and a.\n")
    );
    assert_eq!(
        run(dir.path(), &["state", "compare", "--files", "a"]).code,
        Some(1)
    );
}

const OLD_STATE: &str = r#"{
  "version": 3, "terraform_version": "0.11.14", "serial": 5, "lineage": "l",
  "modules": [{"path": ["root"], "outputs": {}, "resources": {
    "null_resource.a": {"type": "null_resource", "depends_on": [], "provider": "provider.null",
      "primary": {"id": "42", "attributes": {"id": "42"}, "meta": {}, "tainted": false}, "deposed": []}
  }, "depends_on": []}]
}
"#;

#[test]
fn an_old_state_is_upgraded() {
    let dir = folder();
    write(dir.path(), "old", OLD_STATE);
    let printed = run(dir.path(), &["state", "upgrade", "--file", "old"]);
    assert_eq!(
        (
            printed.json()["version"].as_u64(),
            printed.json()["serial"].as_u64()
        ),
        (Some(4), Some(5))
    );
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(read("old"), OLD_STATE, "printing writes nothing");

    let replaced = run(
        dir.path(),
        &["state", "upgrade", "--file", "old", "--in-place"],
    );
    assert_eq!(
        (replaced.code, replaced.out.as_str()),
        (Some(0), ""),
        "{replaced:?}"
    );
    assert_eq!(read("old"), printed.out);
    assert_eq!(read("old.backup"), OLD_STATE);
    assert!(!dir.path().join(".old.lock.info").exists());

    let again = run(
        dir.path(),
        &["state", "upgrade", "--file", "old", "--in-place"],
    );
    assert_eq!(again.code, Some(0));
    assert!(again.err.contains("nothing was written"), "{}", again.err);
    assert_eq!(read("old.backup"), OLD_STATE);
}

#[test]
fn what_cannot_be_upgraded_is_left_alone() {
    let dir = folder();
    write(dir.path(), "broken", "{");
    for file in ["broken", "missing"] {
        let run = run(
            dir.path(),
            &["state", "upgrade", "--file", file, "--in-place"],
        );
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{run:?}");
        assert!(run.err.starts_with("error: "), "{}", run.err);
    }
    let mut left: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["broken"]);
    assert_eq!(
        std::fs::read_to_string(dir.path().join("broken")).unwrap(),
        "{"
    );
}

#[test]
fn analyze_offline_says_what_it_left_out() {
    let dir = folder();
    write(
        dir.path(),
        "a.tfstate",
        &state(1, &[secretive("a", SECRET)]),
    );
    let analyze = |extra: &[&str]| {
        let mut args = vec!["state", "analyze", "--file", "a.tfstate", "--offline"];
        args.extend(extra);
        run(dir.path(), &args)
    };
    let text = analyze(&[]);
    assert_eq!(text.code, Some(0), "{text:?}");
    assert!(text.out.contains("Drift was not looked at"), "{}", text.out);
    assert!(!(text.out + &text.err).contains(SECRET));
    let found = analyze(&["--json"]).json();
    assert_eq!(
        (&found["offline"], &found["drift"]),
        (&json!(true), &json!(null))
    );
    assert_eq!(found["analysis"]["resources"], 1);
    assert_eq!(analyze(&["--detailed-exitcode"]).code, Some(3));
}
