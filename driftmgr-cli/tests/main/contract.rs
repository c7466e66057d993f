//! What every command keeps to: exit codes, streams, colour.

use std::process::Stdio;

use serde_json::json;

use crate::support::{command, folder, resource, run, state, write};

#[test]
fn a_wrong_command_line_is_an_error_and_not_drift() {
    let dir = folder();
    for args in [
        &["nonsense"][..],
        &[],
        &["state"],
        &["state", "list"],
        &["state", "list", "--file", "x", "--format", "yaml"],
        &["state", "list", "--nope"],
        &["-q", "-v", "man"],
    ] {
        let run = run(dir.path(), args);
        assert_eq!(run.code, Some(1), "{args:?} {run:?}");
        assert_eq!(run.out, "", "{args:?}");
        assert!(!run.err.is_empty(), "{args:?}");
    }
}

#[test]
fn help_and_version_are_answers() {
    let dir = folder();
    for args in [
        &["--help"][..],
        &["-help"],
        &["state", "list", "-h"],
        &["--version"],
        &["-version", "-json"],
    ] {
        let run = run(dir.path(), args);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{args:?}");
        assert!(!run.out.is_empty(), "{args:?}");
    }
    assert!(run(dir.path(), &["--version", "--json"]).json()["features"].is_array());
}

#[test]
fn bad_input_is_one_clear_error() {
    let dir = folder();
    write(dir.path(), "empty", "");
    write(dir.path(), "text", "hello");
    write(
        dir.path(),
        "plan.json",
        r#"{"format_version": "1.2", "planned_values": {}}"#,
    );
    for (file, word) in [
        ("missing", "No such file"),
        ("empty", "empty"),
        ("text", "JSON"),
        ("plan.json", "state"),
        (".", "directory"),
    ] {
        let run = run(dir.path(), &["state", "list", "--file", file]);
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{file}");
        assert!(
            run.err.starts_with(&format!("error: {file}:")),
            "{file}: {}",
            run.err
        );
        assert!(run.err.contains(word), "{file}: {}", run.err);
        assert!(run.err.contains("\nhint: "), "{file}: {}", run.err);
    }
}

#[test]
fn chdir_moves_the_work() {
    let dir = folder();
    write(
        dir.path(),
        "infra/a.tfstate",
        &state(1, &[resource(["demo_x", "a"], json!({}))]),
    );
    for flag in ["-chdir=infra", "--chdir=infra"] {
        let run = run(dir.path(), &[flag, "state", "list", "--file", "a.tfstate"]);
        assert_eq!(
            (run.code, run.out.as_str()),
            (Some(0), "demo_x.a\n"),
            "{run:?}"
        );
    }
    let run = run(
        dir.path(),
        &["-chdir=nowhere", "state", "list", "--file", "a.tfstate"],
    );
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("nowhere"), "{}", run.err);
}

#[test]
fn no_escape_codes_unless_asked_for() {
    let dir = folder();
    write(
        dir.path(),
        "a.tfstate",
        &state(1, &[resource(["demo_x", "a"], json!({}))]),
    );
    let inspect = ["state", "inspect", "--file", "a.tfstate"];
    let coloured = |extra: &[&str], environment: &[(&str, &str)]| {
        let args: Vec<&str> = inspect.iter().chain(extra).copied().collect();
        let output = command(dir.path(), &args)
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        output.stdout.contains(&0x1b)
    };
    assert!(!coloured(&[], &[]));
    assert!(coloured(&["--color=always"], &[]));
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(
        &[],
        &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]
    ));
    assert!(!coloured(&["-no-color"], &[("CLICOLOR_FORCE", "1")]));
    // The same words without colour.
    let plain = run(dir.path(), &inspect).out;
    let colour = run(
        dir.path(),
        &["state", "inspect", "--file", "a.tfstate", "--color=always"],
    )
    .out;
    assert_eq!(
        plain.split_whitespace().count(),
        colour.split_whitespace().count()
    );
}

#[test]
#[cfg(unix)]
fn a_reader_that_has_seen_enough_is_no_error() {
    let dir = folder();
    let many: Vec<_> = (0..20_000)
        .map(|i| resource(["demo_x", &format!("r{i}")], json!({})))
        .collect();
    write(dir.path(), "a.tfstate", &state(1, &many));
    let left_out: Vec<_> = (0..20_000)
        .map(|i| json!({"address": format!("demo_x.r{i}"), "kind": "skipped", "reason": "r", "target": "t"}))
        .collect();
    let report = json!({"format_version": "1.0", "targets": [], "resource_drift": [], "not_looked_at": left_out,
        "summary": {"checked": 0, "same": 0, "drifted": 0, "deleted": 0, "unmanaged": 0, "unverifiable": 0, "skipped": 20_000, "hidden": 0}});
    write(dir.path(), "r.json", &report.to_string());
    for args in [
        &["state", "list", "--file", "a.tfstate"][..],
        &["state", "inspect", "--file", "a.tfstate"],
        &["report", "convert", "r.json", "--format", "html"],
        &["report", "convert", "r.json", "--format", "csv"],
        &["man"],
        &["completions", "bash"],
    ] {
        let mut child = command(dir.path(), args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?} {output:?}");
        assert!(output.stderr.is_empty(), "{args:?} {output:?}");
    }
}

#[test]
fn outside_strings_cannot_steer_the_terminal() {
    let dir = folder();
    let mut hostile = resource(["demo_x", "a"], json!({}));
    hostile["instances"][0]["index_key"] = json!("\u{1b}[2Jx");
    write(dir.path(), "a\u{1b}.tfstate", &state(1, &[hostile]));
    for args in [
        &["state", "inspect", "--file", "a\u{1b}.tfstate"][..],
        &["state", "list", "--file", "b\u{1b}.tfstate"],
    ] {
        let run = run(dir.path(), args);
        assert!(!(run.out.clone() + &run.err).contains('\u{1b}'), "{run:?}");
    }
}
