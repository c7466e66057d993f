//! Runs that are kept, and what is said of them. Reality is a file beside the state.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Run, SECRET, command, folder, resource, state, write};

const ONE: &str = "c7059bb19433cc3cabaa6236c83d56668a843dd2";

fn stack(dir: &Path) {
    write(dir, "infra/a.txt", "one\n");
    let file = resource(
        ["local_file", "a"],
        json!({"filename": "a.txt", "content": "one\n", "id": ONE,
               "directory_permission": "0777", "file_permission": "0777"}),
    );
    let unreachable = resource(["demo_login", "x"], json!({"id": "1", "password": SECRET}));
    write(
        dir,
        "infra/terraform.tfstate",
        &state(1, &[file, unreachable]),
    );
}

fn run(dir: &Path, args: &[&str]) -> Run {
    let mut command = command(dir, args);
    command
        .env_remove("XDG_STATE_HOME")
        .output()
        .unwrap()
        .into()
}

/// A run that is kept; the file is there, or not.
fn kept(dir: &Path, there: bool) {
    let file = dir.join("infra/a.txt");
    if there {
        write(dir, "infra/a.txt", "one\n");
    } else {
        let _ = std::fs::remove_file(file);
    }
    let run = run(dir, &["drift", "infra", "--record"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
}

fn asked(dir: &Path, more: &[&str]) -> Value {
    let args: Vec<&str> = ["drift", "history", "--json"]
        .iter()
        .chain(more)
        .copied()
        .collect();
    let run = run(dir, &args);
    assert_eq!(run.code, Some(0), "{run:?}");
    run.json()
}

#[test]
fn a_finding_is_followed_from_run_to_run() {
    let dir = folder();
    stack(dir.path());
    let dir = dir.path();
    kept(dir, true);
    assert_eq!(asked(dir, &[])["findings"], json!([]));
    kept(dir, false);
    kept(dir, false);
    let history = asked(dir, &["infra"]);
    let finding = &history["findings"][0];
    assert_eq!(finding["address"], "local_file.a");
    assert_eq!(
        (&finding["status"], &finding["times_seen"]),
        (&json!("open"), &json!(2))
    );
    assert_eq!(finding["last_seen"], history["runs"][0]["ended"]);
    assert_eq!(finding["first_seen"], history["runs"][1]["ended"]);
    let summary = &history["runs"][0]["targets"][0]["summary"];
    assert_eq!(
        (&summary["missing"], &summary["unverifiable"]),
        (&json!(1), &json!(1))
    );
    let text = run(dir, &["drift", "history"]);
    assert!(text.out.contains("Open\n  local_file.a"), "{}", text.out);
    assert!(text.out.contains("not enough runs to say"), "{}", text.out);
    kept(dir, true);
    kept(dir, false);
    kept(dir, true);
    let history = asked(dir, &["--address", "local_file.a"]);
    let again = &history["findings"][0];
    assert_eq!(
        (&again["status"], &again["id"]),
        (&json!("resolved"), &finding["id"])
    );
    assert_eq!(again["transitions"], json!({"came": 2, "went": 2}));
    assert_eq!(again["flapping"], true);
    assert_eq!(
        history["objects"][0]["changes"].as_array().unwrap().len(),
        5
    );
    let text = run(dir, &["drift", "history"]);
    assert!(text.out.contains("Comes and goes"), "{}", text.out);
    // The unreachable object was never looked at, so nothing is said of it, and no secret is anywhere.
    assert_eq!(asked(dir, &[])["rates"].as_array().unwrap().len(), 1);
    let file = std::fs::read(dir.join(".local/state/driftmgr/history.sqlite")).unwrap();
    assert!(!file.windows(SECRET.len()).any(|w| w == SECRET.as_bytes()));
}

#[test]
fn nothing_is_kept_unless_asked() {
    let dir = folder();
    stack(dir.path());
    assert_eq!(run(dir.path(), &["drift", "infra"]).code, Some(0));
    let none = run(dir.path(), &["drift", "history"]);
    assert_eq!((none.code, none.out.as_str()), (Some(1), ""));
    assert!(
        none.err
            .contains("hint: `driftmgr drift --record` begins a history"),
        "{none:?}"
    );
    assert!(!dir.path().join(".local").exists());
}

#[test]
fn a_history_can_be_named_and_old_runs_forgotten() {
    let dir = folder();
    stack(dir.path());
    let dir = dir.path();
    let at = ["--history", "h/own.sqlite"];
    for _ in 0..3 {
        let run = run(
            dir,
            &["drift", "infra/terraform.tfstate", "--record", at[0], at[1]],
        );
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    assert!(!dir.join(".local").exists());
    let lineage = "11111111-2222-3333-4444-555555555555";
    assert_eq!(
        asked(dir, &[lineage, at[0], at[1]])["targets"][0]["runs"],
        3
    );
    let unknown = run(dir, &["drift", "history", "elsewhere", at[0], at[1]]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.err.contains("infra/terraform.tfstate"),
        "{}",
        unknown.err
    );
    let pruned = run(dir, &["drift", "history", "--prune", "0d", at[0], at[1]]);
    assert_eq!(pruned.code, Some(0));
    assert!(pruned.err.contains("forgot 2 old runs"), "{}", pruned.err);
    assert_eq!(asked(dir, &at)["targets"][0]["runs"], 1);
}

#[test]
fn a_history_that_cannot_be_written_takes_no_answer_away() {
    let dir = folder();
    stack(dir.path());
    write(dir.path(), "text", &"no database ".repeat(100));
    std::fs::remove_file(dir.path().join("infra/a.txt")).unwrap();
    let run = run(
        dir.path(),
        &[
            "drift",
            "infra",
            "--record",
            "--history",
            "text",
            "--detailed-exitcode",
        ],
    );
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.out.contains("local_file.a"), "{run:?}");
    assert!(run.err.contains("no history of drift"), "{run:?}");
}
