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
