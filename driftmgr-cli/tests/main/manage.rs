//! Commands that change a stored state, and those that look at its past.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::schema::Check;
use crate::support::{Run, SECRET, command, folder, resource, run, state, write};

/// A folder of a root module with a state of two instances at serial 1.
fn module() -> TempDir {
    let dir = folder();
    write(dir.path(), "main.tf", "");
    let resources =
        ["a", "b"].map(|name| resource(["demo_x", name], json!({"id": name, "secret": SECRET})));
    write(dir.path(), "terraform.tfstate", &state(1, &resources));
    dir
}

fn stored(dir: &Path) -> Value {
    let text = std::fs::read_to_string(dir.join("terraform.tfstate")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn addresses(dir: &Path) -> String {
    run(dir, &["state", "list", "--file", "terraform.tfstate"]).out
}

/// The id of the version in `What was there is version …`.
fn version(run: &Run) -> &str {
    let (_, rest) = run.out.split_once("What was there is version ").unwrap();
    rest.trim().trim_end_matches('.')
}

/// Each kind of change is as the schema describes it.
#[test]
fn every_change_fits_its_schema() {
    let dir = module();
    for change in [
        &["mv", "demo_x.a", "module.m.demo_x.a"][..],
        &["replace-provider", "hashicorp/demo", "acme/demo"],
        &["rm", "demo_x.b", "demo_x.none"],
        &["push", "terraform.tfstate"],
    ] {
        let words = [&["state"], change, &["--json"]].concat();
        fits("state-change", &run(dir.path(), &words).json());
    }
}

fn fits(schema: &str, answer: &Value) {
    assert_eq!(Check::of(schema).run(answer), [""; 0], "{answer:#}");
}

#[test]
fn a_change_says_what_it_did_and_can_be_taken_back() {
    let dir = module();
    let before = addresses(dir.path());
    let moved = run(
        dir.path(),
        &["state", "mv", "demo_x.a", "module.m.demo_x.a"],
    );
    assert_eq!(moved.code, Some(0), "{moved:?}");
    assert!(
        moved
            .out
            .starts_with("demo_x.a -> module.m.demo_x.a\nWritten: serial 1 -> 2.\n")
    );
    assert_eq!(addresses(dir.path()), "demo_x.b\nmodule.m.demo_x.a\n");
    let was = version(&moved).to_owned();

    let past = run(dir.path(), &["state", "history", "--json"]).json();
    fits("state-history", &past);
    let ids: Vec<&str> = past
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(&was.as_str()), "{past}");
    let diff = run(dir.path(), &["state", "diff", &was, "--detailed-exitcode"]);
    assert_eq!(diff.code, Some(2), "{diff:?}");
    assert!(diff.out.contains("module.m.demo_x.a"), "{diff:?}");

    let back = run(dir.path(), &["state", "rollback", &was]);
    assert!(
        back.out.starts_with("Written: serial 2 -> 3.\n"),
        "{back:?}"
    );
    assert_eq!(addresses(dir.path()), before);
    for text in [&moved, &diff, &back] {
        assert!(!format!("{text:?}").contains(SECRET));
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let dir = module();
    let before = stored(dir.path());
    let told = run(
        dir.path(),
        &["state", "rm", "demo_x.a", "demo_x.zz", "--dry-run"],
    );
    assert_eq!(
        told.out,
        "demo_x.a is forgotten\nnothing at demo_x.zz\nWould be written: serial 1 -> 2. Nothing was changed.\n"
    );
    assert_eq!(stored(dir.path()), before);
    let done = run(dir.path(), &["state", "rm", "demo_x.a", "--json"]).json();
    fits("state-change", &done);
    assert_eq!(done["written"], true);
    assert_eq!(
        done["changes"],
        json!([{"change": "removed", "address": "demo_x.a"}])
    );
}

#[test]
fn what_is_pulled_can_be_pushed_and_an_older_one_only_by_force() {
    let dir = module();
    let pulled = run(dir.path(), &["state", "pull"]);
    write(dir.path(), "old.tfstate", &pulled.out);
    run(dir.path(), &["state", "rm", "demo_x.a"]);
    let refused = run(dir.path(), &["state", "push", "old.tfstate"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("serial"), "{refused:?}");
    let forced = run(dir.path(), &["state", "push", "old.tfstate", "--force"]);
    assert_eq!(forced.code, Some(0), "{forced:?}");
    assert_eq!(run(dir.path(), &["state", "pull"]).out, pulled.out);
}

#[test]
fn a_state_moves_to_another_place_with_lineage_and_serial() {
    let (dir, other) = (module(), folder());
    write(other.path(), "main.tf", "");
    let there = other.path().display().to_string();
    let copied = run(dir.path(), &["state", "migrate", &there]);
    assert_eq!(copied.out, "Written with serial 1.\n", "{copied:?}");
    assert_eq!(stored(other.path()), stored(dir.path()));
    let same = run(dir.path(), &["state", "migrate", "."]);
    assert!(same.err.contains("where it is"), "{same:?}");
}

#[test]
fn workspaces_come_and_go() {
    let dir = module();
    let of = |args: &[&str]| run(dir.path(), &[&["workspace"], args].concat());
    assert_eq!(of(&["show"]).out, "default\n");
    assert_eq!(of(&["new", "prod"]).code, Some(0));
    assert_eq!(of(&["list"]).out, "* default\n  prod\n");
    assert!(of(&["create", "prod"]).err.contains("of this name"));
    let resources = [resource(["demo_x", "a"], json!({}))];
    write(dir.path(), "one.tfstate", &state(9, &resources));
    let pushed = run(
        dir.path(),
        &[
            "state",
            "push",
            "one.tfstate",
            "--workspace",
            "prod",
            "--force",
        ],
    );
    assert_eq!(pushed.code, Some(0), "{pushed:?}");
    let refused = of(&["delete", "prod"]);
    assert!(refused.err.contains("not empty"), "{refused:?}");
    assert_eq!(of(&["delete", "prod", "--force"]).code, Some(0));
    let listed = of(&["list", "--json"]).json();
    fits("workspace-list", &listed);
    assert_eq!(
        listed,
        json!({"selected": "default", "workspaces": ["default"]})
    );
    assert!(of(&["delete", "default"]).err.contains("cannot be deleted"));
    assert!(of(&["delete", "dev"]).err.contains("there are: default"));
}

#[test]
fn a_local_lock_is_not_taken_for_somebody_who_is_gone() {
    let dir = module();
    let locked = run(dir.path(), &["state", "lock"]);
    assert_eq!(locked.code, Some(1));
    assert!(locked.err.contains("ends with the program"), "{locked:?}");
}

/// Whatever moment a change is killed at: the state is whole, and the next change is made.
#[test]
fn a_change_that_is_killed_leaves_the_old_or_the_new_state() {
    let dir = module();
    let start = Instant::now();
    for (from, to) in [("demo_x.a", "demo_x.c"), ("demo_x.c", "demo_x.a")] {
        let moved = run(dir.path(), &["state", "mv", from, to]);
        assert_eq!(moved.code, Some(0), "{moved:?}");
    }
    let whole = start.elapsed() / 2;
    let mut outcomes = [0; 2];
    // From its beginning to well after its end.
    for n in 0..60 {
        let old = std::fs::read(dir.path().join("terraform.tfstate")).unwrap();
        let (from, to) = match addresses(dir.path()).contains("demo_x.a\n") {
            true => ("demo_x.a", "demo_x.c"),
            false => ("demo_x.c", "demo_x.a"),
        };
        let mut change = command(dir.path(), &["state", "mv", from, to])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * n / 40);
        // It may have ended by itself.
        let _ = change.kill();
        change.wait().unwrap();
        let new = std::fs::read(dir.path().join("terraform.tfstate")).unwrap();
        outcomes[usize::from(new != old)] += 1;
        if new != old {
            let (old, new): (Value, Value) = (
                serde_json::from_slice(&old).unwrap(),
                serde_json::from_slice(&new).unwrap(),
            );
            assert_eq!(
                new["serial"].as_u64(),
                old["serial"].as_u64().map(|serial| serial + 1)
            );
            assert_eq!(addresses(dir.path()).lines().count(), 2);
        }
    }
    assert!(outcomes.iter().all(|times| *times > 0), "{outcomes:?}");
    let moved = run(dir.path(), &["state", "rm", "demo_x.b"]);
    assert_eq!(moved.code, Some(0), "{moved:?}");
}
