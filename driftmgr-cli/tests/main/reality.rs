//! Commands that look at what is really there. `local_file` needs no provider binary: reality is a file beside the state.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{SECRET, folder, resource, run, state, write};

/// A file of the given content, and the resource that made it. The id is the SHA-1 of the content.
fn file(dir: &Path, name: &str, content: &str, id: &str) -> Value {
    write(dir, &format!("infra/{name}.txt"), content);
    resource(
        ["local_file", name],
        json!({"filename": format!("{name}.txt"), "content": content, "id": id,
               "directory_permission": "0777", "file_permission": "0777"}),
    )
}

/// A folder with two files and the state that made them, and what else is given.
fn stack(dir: &Path, more: &[Value]) {
    let mut resources = vec![
        file(
            dir,
            "a",
            "one\n",
            "c7059bb19433cc3cabaa6236c83d56668a843dd2",
        ),
        file(
            dir,
            "b",
            "two\n",
            "7bbef45b3bc70855010e02460717643125c3beca",
        ),
    ];
    resources.extend_from_slice(more);
    write(dir, "infra/terraform.tfstate", &state(1, &resources));
}

/// An instance of a provider that is not on this machine.
fn unreachable() -> Value {
    resource(["demo_login", "x"], json!({"id": "1", "password": SECRET}))
}

#[test]
fn check_follows_reality() {
    let dir = folder();
    stack(dir.path(), &[]);
    for target in ["infra", "infra/terraform.tfstate"] {
        let clean = run(dir.path(), &["check", target]);
        assert_eq!(clean.code, Some(0), "{clean:?}");
        assert_eq!(
            clean.out,
            "In sync: all 2 objects are as their state says.\n"
        );
        assert_eq!(clean.err, "");
    }
    std::fs::remove_file(dir.path().join("infra/a.txt")).unwrap();
    let drifted = run(dir.path(), &["-chdir=infra", "check"]);
    assert_eq!(drifted.code, Some(2), "{drifted:?}");
    assert!(
        drifted.out.starts_with("Drift: 1 of 2 objects differs"),
        "{drifted:?}"
    );
    assert!(
        drifted.err.starts_with("hint: driftmgr drift . "),
        "{drifted:?}"
    );
    assert_eq!(run(dir.path(), &["-q", "check", "infra"]).err, "");
    let machine = run(dir.path(), &["check", "infra", "--json"]);
    assert_eq!(
        (
            machine.code,
            &machine.json()["safe"],
            &machine.json()["exit"]
        ),
        (Some(2), &json!(false), &json!(2))
    );
    write(dir.path(), "infra/a.txt", "one\n");
    assert_eq!(run(dir.path(), &["check", "infra"]).code, Some(0));
}

#[test]
fn what_was_not_looked_at_is_never_clean() {
    let dir = folder();
    stack(dir.path(), &[unreachable()]);
    let open = run(dir.path(), &["check", "infra", "-json"]);
    assert_eq!(
        (open.code, &open.json()["safe"], &open.json()["exit"]),
        (Some(3), &json!(null), &json!(3)),
        "{open:?}"
    );
    let text = run(dir.path(), &["drift", "infra", "-v"]);
    assert_eq!(text.code, Some(0));
    assert!(
        text.out.contains("demo_login.x") && text.out.contains("Not looked at"),
        "{}",
        text.out
    );
    assert_eq!(
        run(dir.path(), &["drift", "infra", "-detailed-exitcode"]).code,
        Some(3)
    );
    // Left out on purpose is not open.
    assert_eq!(
        run(dir.path(), &["check", "infra", "--exclude", "demo_login.x"]).code,
        Some(0)
    );
    assert_eq!(
        run(dir.path(), &["check", "infra", "-target=local_file.a"]).code,
        Some(0)
    );
}

#[test]
fn drift_says_what_and_never_a_secret() {
    let dir = folder();
    stack(dir.path(), &[unreachable()]);
    std::fs::remove_file(dir.path().join("infra/a.txt")).unwrap();
    let mut seen = String::new();
    for args in [
        &["drift", "infra"][..],
        &["drift", "infra", "--wide", "-v"],
        &["drift", "infra", "--json"],
        &[
            "state",
            "compare",
            "--file",
            "infra/terraform.tfstate",
            "--json",
        ],
        &["explain", "local_file.a", "infra"],
        &["explain", "demo_login.x", "infra"],
        &["explain", "local_file.a", "infra", "--json"],
        &["doctor", "infra"],
        &["doctor", "infra", "--json"],
    ] {
        let run = run(dir.path(), args);
        assert_eq!(run.code, Some(0), "{args:?} {run:?}");
        assert!(!run.out.contains('\u{1b}') && !run.err.contains('\u{1b}'));
        if args.contains(&"--json") {
            run.json();
        }
        seen.push_str(&run.out);
        seen.push_str(&run.err);
    }
    assert!(!seen.contains(SECRET));
    let report = run(dir.path(), &["drift", "infra", "--json"]).json();
    assert_eq!(report["resource_drift"].as_array().unwrap().len(), 1);
    assert_eq!(report["resource_drift"][0]["address"], "local_file.a");
    assert_eq!(report["resource_drift"][0]["drift"]["kind"], "missing");
    assert_eq!(report["summary"]["same"], 1);
}

#[test]
fn the_exit_code_is_for_who_asks() {
    let dir = folder();
    stack(dir.path(), &[]);
    std::fs::remove_file(dir.path().join("infra/a.txt")).unwrap();
    for (flags, want) in [
        (&[][..], 0),
        (&["-detailed-exitcode"], 2),
        (&["-detailed-exitcode", "-json"], 2),
        (&["--fail-on", "informational"], 2),
        (&["--parallelism", "0"], 1),
        (&["--timeout", "soon"], 1),
        (&["--target", "nonsense"], 1),
    ] {
        let args: Vec<&str> = ["drift", "infra"].iter().chain(flags).copied().collect();
        let run = run(dir.path(), &args);
        assert_eq!(run.code, Some(want), "{flags:?} {run:?}");
    }
}

#[test]
fn one_broken_target_among_several_is_an_error_and_hides_nothing() {
    let dir = folder();
    stack(dir.path(), &[]);
    write(dir.path(), "broken.tfstate", "{");
    let both = run(dir.path(), &["check", "infra", "broken.tfstate", "--json"]);
    assert_eq!(both.code, Some(1), "{both:?}");
    assert_eq!(
        (&both.json()["safe"], &both.json()["exit"]),
        (&json!(null), &json!(1))
    );
    assert_eq!(both.json()["summary"]["same"], 2);
    assert!(both.err.contains("broken.tfstate"), "{}", both.err);
    let alone = run(dir.path(), &["check", "broken.tfstate"]);
    assert_eq!((alone.code, alone.out.as_str()), (Some(1), ""), "{alone:?}");
    assert!(alone.err.starts_with("error: "), "{}", alone.err);
}

#[test]
fn an_address_that_is_not_there_is_named() {
    let dir = folder();
    stack(dir.path(), &[]);
    let missing = run(dir.path(), &["explain", "local_file.c", "infra"]);
    assert_eq!((missing.code, missing.out.as_str()), (Some(1), ""));
    assert!(
        missing.err.contains("local_file.c is not in the state"),
        "{}",
        missing.err
    );
    let fine = run(dir.path(), &["explain", "local_file.a", "infra"]);
    assert!(fine.out.contains("as the state says"), "{}", fine.out);
}
