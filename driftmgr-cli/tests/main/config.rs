//! Settings on the command line.

use serde_json::{Value, json};

use crate::support::{Run, command, folder, resource, run, state, write};

fn with(dir: &std::path::Path, variables: &[(&str, &str)], args: &[&str]) -> Run {
    let mut command = command(dir, args);
    command
        .envs(variables.iter().copied())
        .output()
        .unwrap()
        .into()
}

fn shown(run: &Run, key: &str) -> Value {
    let all = run.json();
    let all = all["settings"].as_array().unwrap();
    let one = all.iter().find(|s| s["key"] == key).unwrap();
    json!([one["value"], one["origin"]])
}

#[test]
fn show_says_what_holds_and_why() {
    let dir = folder();
    write(
        dir.path(),
        ".config/driftmgr/driftmgr.yaml",
        "performance: {workers: 3}\napp: {name: users}\n",
    );
    write(
        dir.path(),
        "a/driftmgr.yaml",
        "app:\n  name: shop\nvisualizations:\n  enable_3d: true\n",
    );
    let work = dir.path().join("a/b");
    std::fs::create_dir_all(&work).unwrap();
    let show = ["--color=never", "config", "show", "--format", "json"];
    let mut command = command(&work, &show);
    command
        .env("HOME", dir.path())
        .env("DRIFTMGR_SENSITIVITY", "low");
    let run: Run = command.output().unwrap().into();
    assert_eq!(run.code, Some(0), "{run:?}");
    let above = work.parent().unwrap().join("driftmgr.yaml");
    assert_eq!(
        shown(&run, "app.name"),
        json!(["shop", {"kind": "file", "file": above, "line": 2, "column": 3}])
    );
    assert_eq!(shown(&run, "performance.workers")[1]["line"], 1);
    assert_eq!(
        shown(&run, "drift.sensitivity"),
        json!(["low", {"kind": "variable", "name": "DRIFTMGR_SENSITIVITY"}])
    );
    assert_eq!(
        shown(&run, "output.color"),
        json!(["never", {"kind": "flag", "name": "--color"}])
    );
    assert_eq!(
        shown(&run, "drift.plugins"),
        json!([true, {"kind": "default"}])
    );
    assert!(
        run.err
            .contains("no effect yet: visualizations.enable_3d (line 4)"),
        "{}",
        run.err
    );
    assert_eq!(run.json()["files"].as_array().unwrap().len(), 2);
}

#[test]
fn show_for_people() {
    let dir = folder();
    write(
        dir.path(),
        "driftmgr.yaml",
        "drift:\n  timeout: 90\n  severity:\n    - {type: t, severity: critical, category: other, reason: they pay us}\n",
    );
    let run = with(dir.path(), &[], &["config", "show", "--origin"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(run.out);
}

#[test]
fn all_mistakes_end_every_command_that_uses_settings_and_doctor_goes_on() {
    let dir = folder();
    write(
        dir.path(),
        "driftmgr.yaml",
        "drift:\n  sensitivity: hihg\n  timeout: soon\nworkers: 3\n",
    );
    write(dir.path(), "a.tfstate", &state(1, &[]));
    for args in [
        &["check", "a.tfstate"][..],
        &["state", "list", "--file", "a.tfstate"],
        &["config", "show"],
    ] {
        let run = run(dir.path(), args);
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{args:?}");
        for place in [
            "driftmgr.yaml:2:16:",
            "driftmgr.yaml:3:12:",
            "driftmgr.yaml:4:1:",
        ] {
            assert!(run.err.contains(&format!("error: {place}")), "{}", run.err);
        }
        assert!(
            run.err.contains("hint: did you mean `high`?"),
            "{}",
            run.err
        );
    }
    let doctor = run(dir.path(), &["doctor"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    assert!(doctor.err.contains("driftmgr.yaml:2:16:"), "{}", doctor.err);
    for args in [
        &["man"][..],
        &["--version"],
        &["config", "schema"],
        &["completions", "bash"],
    ] {
        let run = run(dir.path(), args);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn validate_names_every_mistake_or_the_files() {
    let dir = folder();
    write(dir.path(), "driftmgr.yaml", "app: {name: x}\n");
    write(
        dir.path(),
        "bad.yaml",
        "drift:\n  severity:\n    - {type: '|', severity: critical, category: other, reason: r}\nx: 1\n",
    );
    let good = with(dir.path(), &[], &["config", "validate"]);
    assert_eq!(
        (good.code, good.out.as_str(), good.err.as_str()),
        (Some(0), "driftmgr.yaml is right\n", "")
    );
    for args in [
        &["config", "validate", "bad.yaml"][..],
        &["--config", "bad.yaml", "config", "validate"],
    ] {
        let bad = with(dir.path(), &[], args);
        assert_eq!((bad.code, bad.out.as_str()), (Some(1), ""), "{args:?}");
        assert!(bad.err.contains("error: bad.yaml:3:"), "{}", bad.err);
        assert!(
            bad.err.contains("error: bad.yaml:4:1: unknown key `x`"),
            "{}",
            bad.err
        );
    }
    let variable = with(
        dir.path(),
        &[("DRIFTMGR_WORKERS", "many")],
        &["config", "validate"],
    );
    assert_eq!(variable.code, Some(1));
    assert!(
        variable
            .err
            .contains("DRIFTMGR_WORKERS: expected a whole number"),
        "{}",
        variable.err
    );
    let missing = with(dir.path(), &[], &["config", "validate", "nowhere.yaml"]);
    assert_eq!(missing.code, Some(1));
    let nothing = folder();
    let run = with(nothing.path(), &[], &["config", "validate"]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), ""));
    assert!(run.err.contains("no driftmgr.yaml"), "{}", run.err);
}

#[test]
fn the_schema_is_the_one_that_is_shipped() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../schemas/driftmgr-settings.schema.json"
    );
    let printed = run(folder().path(), &["config", "schema"]);
    assert_eq!(printed.out, std::fs::read_to_string(file).unwrap());
}

/// A folder with a state whose file is missing, and one that was changed.
fn drifted() -> tempfile::TempDir {
    let dir = folder();
    let file = resource(
        ["local_file", "a"],
        json!({"id": "x", "filename": "gone.txt", "content": "x"}),
    );
    write(dir.path(), "a.tfstate", &state(1, &[file]));
    dir
}

#[test]
fn each_setting_is_seen_from_outside() {
    let dir = drifted();
    let drift = ["drift", "a.tfstate", "--no-plugins"];
    let set = |text: &str| write(dir.path(), "driftmgr.yaml", text);
    let plain = with(dir.path(), &[], &drift);
    assert_eq!(plain.code, Some(0), "{plain:?}");
    assert!(!plain.out.starts_with('{'));

    set("output: {format: json}\n");
    let run = with(dir.path(), &[], &drift);
    assert_eq!(run.json()["summary"]["deleted"], 1);
    // A flag wins; and secrets of a state are shown to nobody who did not ask.
    let run = with(
        dir.path(),
        &[],
        &["drift", "a.tfstate", "--no-plugins", "--format", "text"],
    );
    assert_eq!(run.out, plain.out);
    let run = with(
        dir.path(),
        &[],
        &["state", "inspect", "--file", "a.tfstate"],
    );
    assert!(!run.out.contains(crate::support::SECRET), "{}", run.out);

    set("output: {color: always}\n");
    assert!(with(dir.path(), &[], &drift).out.contains('\u{1b}'));
    assert!(
        !with(dir.path(), &[("NO_COLOR", "1")], &drift)
            .out
            .contains('\u{1b}')
    );

    set("drift: {fail_on: important}\n");
    assert_eq!(with(dir.path(), &[], &drift).code, Some(2));
    let critical = [
        "drift",
        "a.tfstate",
        "--no-plugins",
        "--fail-on",
        "critical",
    ];
    assert_eq!(with(dir.path(), &[], &critical).code, Some(0));
    assert_eq!(
        with(dir.path(), &[("DRIFTMGR_FAIL_ON", "critical")], &drift).code,
        Some(0)
    );
    let analyze = ["state", "analyze", "--file", "a.tfstate", "--offline"];
    assert_eq!(with(dir.path(), &[], &analyze).code, Some(0));

    set(
        "drift:\n  severity:\n    - {type: local_file, severity: critical, category: backup, reason: the only copy}\n",
    );
    let run = with(
        dir.path(),
        &[],
        &["drift", "a.tfstate", "--no-plugins", "--json"],
    );
    let finding = &run.json()["resource_drift"][0]["drift"];
    assert_eq!(
        (&finding["severity"], &finding["category"]),
        (&json!("critical"), &json!("backup"))
    );

    set("drift: {timeout: 1ms}\n");
    let run = with(dir.path(), &[], &drift);
    assert!(
        run.out.contains("the time was over") || run.err.contains("deadline"),
        "{run:?}"
    );

    set("app: {name: shop, environment: test, log_level: debug}\n");
    let run = with(dir.path(), &[], &drift);
    assert!(
        run.err.contains("run{app=\"shop\" environment=\"test\"}"),
        "{}",
        run.err
    );
    assert!(run.err.contains("settings were read"), "{}", run.err);
    let doctor = with(
        dir.path(),
        &[("DRIFTMGR_LOG_LEVEL", "off")],
        &["doctor", "--json"],
    );
    assert_eq!(doctor.err, "");
    assert_eq!(
        doctor.json()["settings"],
        json!({"files": ["driftmgr.yaml"], "name": "shop", "environment": "test"})
    );
}

#[test]
fn plugins_can_be_switched_off_for_a_project() {
    let dir = folder();
    let other = resource(["demo_x", "a"], json!({"id": "x"}));
    write(dir.path(), "a.tfstate", &state(1, &[other]));
    let reason =
        |args: &[&str]| with(dir.path(), &[], args).json()["not_looked_at"][0]["reason"].clone();
    let drift = ["drift", "a.tfstate", "--json"];
    assert!(!reason(&drift).as_str().unwrap().contains("switched off"));
    write(dir.path(), "driftmgr.yaml", "drift: {plugins: false}\n");
    assert!(reason(&drift).as_str().unwrap().contains("switched off"));
}

#[test]
fn sensitivity_comes_from_flag_variable_or_file() {
    let dir = drifted();
    write(dir.path(), "driftmgr.yaml", "drift: {sensitivity: high}\n");
    let at = |variables: &[(&str, &str)], args: &[&str]| with(dir.path(), variables, args);
    let wrong = at(&[("DRIFTMGR_SENSITIVITY", "loud")], &["check", "a.tfstate"]);
    assert_eq!(wrong.code, Some(1));
    assert!(
        wrong
            .err
            .contains("DRIFTMGR_SENSITIVITY: expected low, medium or high"),
        "{}",
        wrong.err
    );
    // A deletion is shown whatever the sensitivity.
    for level in ["low", "medium", "high"] {
        let run = at(
            &[],
            &["check", "a.tfstate", "--no-plugins", "--sensitivity", level],
        );
        assert_eq!(run.code, Some(2), "{run:?}");
    }
}
