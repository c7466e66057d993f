//! What is not to be shown: files, flags, proposals.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{folder, resource, run, state, write};

/// A folder whose only file is gone.
fn stack(dir: &Path) {
    let file = resource(
        ["local_file", "a"],
        json!({"filename": "a.txt", "content": "one\n", "id": "c7059bb19433cc3cabaa6236c83d56668a843dd2",
               "directory_permission": "0777", "file_permission": "0777"}),
    );
    write(dir, "infra/terraform.tfstate", &state(1, &[file]));
}

/// The rules of a report, as `origin status`.
fn rules(report: &Value) -> Vec<String> {
    let rules = report["rules"].as_array().unwrap().iter();
    rules
        .map(|r| {
            let line = r["origin"]["line"].as_u64().map(|l| format!(":{l}"));
            let file = r["origin"]["file"].as_str().unwrap();
            let status = r["status"].as_str().unwrap();
            format!("{file}{} {status}", line.unwrap_or_default())
        })
        .collect()
}

#[test]
fn a_driftignore_is_read_and_hides_no_deletion() {
    let dir = folder();
    stack(dir.path());
    write(dir.path(), ".driftignore", "aws_vpc.*\nlocal_file.*\n");
    let drift = run(
        dir.path(),
        &["drift", "infra", "-detailed-exitcode", "--json"],
    );
    assert_eq!(drift.code, Some(2), "{drift:?}");
    let report = drift.json();
    assert_eq!(report["summary"]["deleted"], 1);
    assert_eq!(
        rules(&report),
        [".driftignore:1 dead", ".driftignore:2 refused"]
    );
    assert_eq!(report["rules"][1]["refused"], json!(["local_file.a"]));
    assert_eq!(run(dir.path(), &["check", "infra"]).code, Some(2));
    let text = run(dir.path(), &["drift", "infra"]).out;
    assert!(
        text.contains(".driftignore:2 (driftignore) did not apply to local_file.a"),
        "{text}"
    );
    for (args, want) in [
        (&["--no-driftignore"][..], &[][..]),
        (&["--driftignore", "other"], &["other:1 dead"]),
    ] {
        write(dir.path(), "other", "x.y");
        let args = [&["drift", "infra", "--json"][..], args].concat();
        assert_eq!(rules(&run(dir.path(), &args).json()), want, "{args:?}");
    }
}

/// Wherever a state is held against reality, the same rules hold.
#[test]
fn the_rules_reach_every_command_that_looks() {
    let dir = folder();
    stack(dir.path());
    write(dir.path(), ".driftignore", "local_file.*\nx.[\n");
    let file = "infra/terraform.tfstate";
    for (target, args, report) in [
        (
            "infra",
            &["explain", "local_file.a", "infra"][..],
            "/report",
        ),
        (file, &["state", "compare", "--file", file], ""),
        (file, &["state", "analyze", "--file", file], "/drift"),
    ] {
        let known = ["--write-baseline", "known.json", "--reason", "the move"];
        let written = run(dir.path(), &[&["drift", target][..], &known].concat());
        assert_eq!(written.code, Some(0), "{written:?}");
        let report_of = |more: &[&str]| {
            let run = run(dir.path(), &[args, more].concat());
            run.json().pointer(report).unwrap().clone()
        };
        let found = report_of(&["--json", "--baseline", "known.json"]);
        let refused = [".driftignore:1 refused", "known.json refused"];
        assert_eq!(rules(&found), refused, "{args:?}");
        let problems = found["problems"].as_array().unwrap();
        assert_eq!(problems.len(), 1, "{args:?}: {problems:?}");
        assert_eq!(rules(&report_of(&["--json", "--no-driftignore"])), [""; 0]);
    }
    let text = run(dir.path(), &["explain", "local_file.a", "infra"]).out;
    assert!(
        text.contains(".driftignore:1 (driftignore) did not apply to local_file.a"),
        "{text}"
    );
    let two = [
        "state",
        "compare",
        "--files",
        "infra/terraform.tfstate,infra/terraform.tfstate",
    ];
    let wrong = run(
        dir.path(),
        &[&two[..], &["--baseline", "known.json"]].concat(),
    );
    assert_eq!(wrong.code, Some(1), "two states have no rules: {wrong:?}");
}

#[test]
fn a_wrong_line_is_a_problem_with_its_place_and_costs_no_finding() {
    let dir = folder();
    stack(dir.path());
    write(dir.path(), ".driftignore", "# fine\nx.y\n\nx.[\n");
    let drift = run(dir.path(), &["drift", "infra", "--json"]);
    assert_eq!(drift.code, Some(0), "{drift:?}");
    let report = drift.json();
    assert_eq!(report["problems"].as_array().unwrap().len(), 1);
    assert_eq!(
        report["problems"][0]["place"],
        json!({"file": ".driftignore", "line": "4"})
    );
    assert_eq!(report["resource_drift"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_known_is_written_and_found_again() {
    let dir = folder();
    stack(dir.path());
    let write_it = ["drift", "infra", "--write-baseline", "known.json"];
    let run_with = |args: &[&str], more: &[&str]| run(dir.path(), &[args, more].concat());
    assert_eq!(
        run_with(&write_it, &[]).code,
        Some(1),
        "a reason is required"
    );
    let written = run_with(&write_it, &["--reason", "the move"]);
    assert_eq!(written.code, Some(0), "{written:?}");
    assert!(
        written.err.contains("known.json knows 1 difference now"),
        "{}",
        written.err
    );
    let text = std::fs::read_to_string(dir.path().join("known.json")).unwrap();
    assert!(text.contains("the move") && !text.contains("one"), "{text}");
    // From another folder, too.
    for (args, file) in [
        (
            &["drift", "infra", "--json", "--baseline", "known.json"][..],
            "known.json",
        ),
        (
            &[
                "-chdir=infra",
                "drift",
                "--json",
                "--baseline",
                "../known.json",
            ],
            "../known.json",
        ),
    ] {
        let report = run(dir.path(), args).json();
        assert_eq!(
            report["summary"]["deleted"], 1,
            "a deletion is shown, known or not"
        );
        assert_eq!(rules(&report), [format!("{file} refused")]);
        assert_eq!(report["rules"][0]["refused"], json!(["local_file.a"]));
    }
    write(dir.path(), "infra/a.txt", "one\n");
    let text = run(dir.path(), &["drift", "infra", "--baseline", "known.json"]).out;
    assert!(
        text.contains("1 entry is no longer needed: local_file.a"),
        "{text}"
    );
}

#[test]
fn a_baseline_that_is_not_there_is_an_error_and_a_broken_one_hides_nothing() {
    let dir = folder();
    stack(dir.path());
    let missing = run(dir.path(), &["drift", "infra", "--baseline", "known.json"]);
    assert_eq!((missing.code, missing.out.as_str()), (Some(1), ""));
    assert!(
        missing.err.contains("known.json") && missing.err.contains("--write-baseline"),
        "{}",
        missing.err
    );
    write(dir.path(), "known.json", "{");
    let report = run(
        dir.path(),
        &["drift", "infra", "--json", "--baseline", "known.json"],
    );
    assert_eq!(report.json()["summary"]["deleted"], 1);
    assert_eq!(report.json()["problems"][0]["place"]["file"], "known.json");
}

/// A report with one object whose size differs and whose encryption is off.
fn report() -> Value {
    let change = |path: &str, severity: &str| {
        json!({
            "path": path, "before": 1, "after": 2, "sensitive": false, "material": true, "severity": severity, "category": "other",
            "reason": "it matters", "configured": null, "noise": null, "hidden": null,
        })
    };
    let changes = [
        change("size", "important"),
        change("storage_encrypted", "critical"),
    ];
    json!({
        "format_version": "1.0",
        "summary": {
            "checked": 1, "same": 0, "drifted": 1, "deleted": 0, "unmanaged": 0, "unverifiable": 0, "skipped": 0, "hidden": 0,
        },
        "targets": [],
        "resource_drift": [{
            "address": "module.m[\"k\"].aws_db_instance.main",
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {
                "before": {"id": "db*1", "size": 1}, "after": {"id": "db*1", "size": 2}, "before_sensitive": {}, "after_sensitive": {},
            },
            "drift": {
                "target": "infra", "kind": "modified", "class": "material", "severity": "critical", "category": "encryption",
                "reasons": [], "changes": changes, "effect": null, "declared": null, "hidden": null,
            },
        }],
        "not_looked_at": [],
    })
}

#[test]
fn proposals_wait_for_a_reason() {
    let dir = folder();
    write(dir.path(), "report.json", &report().to_string());
    let text = run(dir.path(), &["ignore", "suggest", "--from", "report.json"]);
    assert_eq!((text.code, text.err.as_str()), (Some(0), ""), "{text:?}");
    let want = "\
# For driftmgr.yaml. A rule without a reason is refused: say why each difference is expected.
drift:
  ignore:
    - address: \"module.m[\\\"k\\\"].aws_db_instance.main\"
      path: \"size\"
      reason: \"\" # hides 1 change of 1 object

# The same for .driftignore, where a comment above a line is its reason.

#
aws_db_instance.db\\*1.size
";
    assert_eq!(text.out, want);
    let machine = run(
        dir.path(),
        &["ignore", "suggest", "--from", "report.json", "--json"],
    );
    assert_eq!(machine.json()["rules"][0]["path"], "size");
    assert_eq!(machine.json()["rules"].as_array().unwrap().len(), 1);
}

#[test]
fn proposals_come_from_a_run_too_and_never_for_a_deletion() {
    let dir = folder();
    stack(dir.path());
    let none = run(dir.path(), &["ignore", "suggest", "infra"]);
    assert_eq!(
        (none.code, none.out.as_str()),
        (Some(0), "Nothing is shown that a rule may hide.\n"),
        "{none:?}"
    );
    write(dir.path(), "text", "hello");
    for args in [
        &["ignore", "suggest", "--from", "text"][..],
        &["ignore", "suggest", "--from", "nowhere"],
        &["ignore", "suggest", "infra", "--from", "text"],
        &["ignore"],
    ] {
        let wrong = run(dir.path(), args);
        assert_eq!((wrong.code, wrong.out.as_str()), (Some(1), ""), "{args:?}");
        assert!(!wrong.err.is_empty());
    }
}
