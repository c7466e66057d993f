//! `driftmgr status`, backends that are configured from outside, and drift across workspaces.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::schema::Check;
use crate::support::{Run, SECRET, command, folder, resource, run, state, write};

/// A root module with a partial backend and the states of two workspaces beside that of `default`, which was never applied.
fn module() -> TempDir {
    let dir = folder();
    write(
        dir.path(),
        "main.tf",
        "terraform {\n  backend \"local\" {\n    workspace_dir = \"old\"\n  }\n}\n",
    );
    write(
        dir.path(),
        "prod.tfbackend",
        "workspace_dir = \"prod\" # of this environment\n",
    );
    for name in ["blue", "green"] {
        let resources = [resource(
            ["demo_x", name],
            json!({"id": name, "secret": SECRET}),
        )];
        write(
            dir.path(),
            &format!("prod/{name}/terraform.tfstate"),
            &state(3, &resources),
        );
    }
    dir
}

fn arguments(status: &Value) -> Vec<(String, String, String)> {
    let arguments = status["targets"][0]["backend"]["arguments"]
        .as_array()
        .unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("hidden").to_owned();
    let told = |a: &Value| (text(&a["name"]), text(&a["value"]), text(&a["origin"]));
    arguments.iter().map(told).collect()
}

fn told(name: &str, value: &str, origin: &str) -> (String, String, String) {
    (name.to_owned(), value.to_owned(), origin.to_owned())
}

fn described(status: &Value) {
    assert_eq!(Check::of("status").run(status), [""; 0], "{status:#}");
}

fn problem(dir: &Path, args: &[&str]) -> Value {
    let failed = run(dir, args);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    failed.json()["targets"][0]["problem"].clone()
}

#[test]
fn each_argument_tells_what_gave_it_and_later_ones_win() {
    let dir = module();
    let status = |more: &[&str]| {
        let mut all = vec!["status", "--json", "--workspace", "blue"];
        all.extend(more);
        run(dir.path(), &all).json()
    };
    let plain = status(&[]);
    described(&plain);
    assert_eq!(
        arguments(&plain),
        [told("workspace_dir", "old", "main.tf:3:21")]
    );
    assert_eq!(plain["targets"][0]["reachable"], true);
    assert_eq!(plain["targets"][0]["state"], Value::Null, "there is none");
    let file = status(&["--backend-config", "prod.tfbackend"]);
    described(&file);
    assert_eq!(
        arguments(&file),
        [told("workspace_dir", "prod", "prod.tfbackend:1:17")]
    );
    assert_eq!(file["targets"][0]["state"]["serial"], 3);
    assert_eq!(file["targets"][0]["state"]["instances"], 1);
    // As Terraform spells it.
    let both = status(&[
        "-backend-config=workspace_dir=none",
        "-backend-config=prod.tfbackend",
        "-backend-config=path=x",
    ]);
    assert_eq!(
        arguments(&both),
        [
            told("path", "x", "-backend-config"),
            told("workspace_dir", "prod", "prod.tfbackend:1:17")
        ]
    );
    let text = run(
        dir.path(),
        &[
            "status",
            "--workspace",
            "green",
            "--backend-config",
            "prod.tfbackend",
        ],
    );
    assert_eq!(text.code, Some(0), "{text:?}");
    for part in [
        "reachable",
        "serial 3, 1 resource, 1 instance",
        "local (main.tf:2:3)",
        "green (the command line)",
        "prod (prod.tfbackend:1:17)",
    ] {
        assert!(text.out.contains(part), "{part}: {}", text.out);
    }
}

#[test]
fn no_value_that_could_be_a_secret_is_shown() {
    let dir = folder();
    write(
        dir.path(),
        "main.tf",
        "terraform {\n  backend \"pg\" {}\n}\n",
    );
    let url = format!("postgres://me:{SECRET}@127.0.0.1:1/x?sslmode=disable");
    let file = format!("schema_name = \"ours\"\nconn_str = \"{url}\"\n");
    write(dir.path(), "pg.tfbackend", &file);
    for given in ["pg.tfbackend".to_owned(), format!("conn_str={url}")] {
        for form in ["--json", "--wide"] {
            let status = run(dir.path(), &["status", form, "--backend-config", &given]);
            assert_eq!(status.code, Some(1), "nobody listens: {status:?}");
            assert!(!format!("{status:?}").contains(SECRET), "{status:?}");
        }
    }
    let status = run(
        dir.path(),
        &["status", "--json", "--backend-config=pg.tfbackend"],
    )
    .json();
    described(&status);
    assert_eq!(
        arguments(&status),
        [
            told("conn_str", "hidden", "pg.tfbackend:2:12"),
            told("schema_name", "ours", "pg.tfbackend:1:15")
        ]
    );
    assert_eq!(status["targets"][0]["reachable"], false);
    // From the environment: by name.
    let mut named = command(dir.path(), &["status", "--json"]);
    let named = named
        .env("PG_CONN_STR", &url)
        .env("AWS_SECRET_ACCESS_KEY", SECRET);
    let named = Run::from(named.output().unwrap());
    assert!(!format!("{named:?}").contains(SECRET), "{named:?}");
    let named = named.json();
    assert_eq!(
        named["targets"][0]["backend"]["variables"],
        json!(["PG_CONN_STR"])
    );
    assert!(
        named["credentials"]
            .to_string()
            .contains("AWS_SECRET_ACCESS_KEY")
    );
    // Nor in the name of a target that cannot be read.
    let target = format!("http://me:{SECRET}@127.0.0.1:1/x?token={SECRET}");
    for verb in [
        &["status"][..],
        &["check"],
        &["drift", "--json"],
        &["state", "pull", "--file"],
        &["snapshot", "save", "--to=x"],
    ] {
        let mut args = verb.to_vec();
        args.push(&target);
        let mut failed = command(dir.path(), &args);
        let failed = failed.env("TF_HTTP_RETRY_MAX", "0").output().unwrap();
        let failed = Run::from(failed);
        assert_eq!(failed.code, Some(1), "{failed:?}");
        assert!(!format!("{failed:?}").contains(SECRET), "{failed:?}");
    }
}

#[test]
fn what_cannot_be_configured_says_why() {
    let dir = module();
    let said = problem(
        dir.path(),
        &["status", "--json", "--backend-config", "none.tfbackend"],
    );
    assert_eq!(
        (&said["kind"], &said["place"]["file"]),
        (&json!("not_found"), &json!("none.tfbackend"))
    );
    write(
        dir.path(),
        "wrong.tfbackend",
        &format!("workspace_dir = var.{SECRET}\n"),
    );
    let said = problem(
        dir.path(),
        &["status", "--json", "--backend-config", "wrong.tfbackend"],
    );
    assert_eq!(said["place"]["line"], "1");
    let said = problem(
        dir.path(),
        &["status", "--json", "--backend-config", "workspace_dirs=x"],
    );
    let message = said["message"].as_str().unwrap();
    assert!(message.contains("no argument `workspace_dirs`"), "{said}");
    let said = problem(
        dir.path(),
        &[
            "status",
            "--json",
            "--backend-config",
            "path=x",
            "prod/blue/terraform.tfstate",
        ],
    );
    assert_eq!(said["kind"], "invalid_input");
    std::fs::remove_file(dir.path().join("main.tf")).unwrap();
    let said = problem(
        dir.path(),
        &["status", "--json", "--backend-config", "path=x"],
    );
    assert!(
        said["hints"][0].as_str().unwrap().contains("backend"),
        "{said}"
    );
}

#[test]
fn other_commands_take_the_configuration_too() {
    let dir = module();
    let at = ["--backend-config", "prod.tfbackend", "--workspace", "blue"];
    let with = |command: &[&str]| {
        let args: Vec<&str> = command.iter().chain(&at).copied().collect();
        let done = run(dir.path(), &args);
        assert_eq!(done.code, Some(0), "{args:?}: {done:?}");
        done.out
    };
    assert!(with(&["state", "pull"]).contains("\"serial\": 3"));
    with(&["state", "mv", "demo_x.blue", "demo_x.navy"]);
    assert!(with(&["state", "pull"]).contains("navy"));
    let listed = run(
        dir.path(),
        &["workspace", "list", "--backend-config", "prod.tfbackend"],
    );
    assert_eq!(listed.out, "* default\n  blue\n  green\n");
    // To another backend, which has a configuration of its own.
    with(&[
        "state",
        "migrate",
        ".",
        "--to-workspace",
        "blue",
        "--to-backend-config",
        "workspace_dir=copy",
    ]);
    assert!(dir.path().join("copy/blue/terraform.tfstate").exists());
}

#[test]
fn every_workspace_that_has_a_state_is_a_target() {
    let dir = module();
    let names = |args: &[&str]| {
        let mut all = args.to_vec();
        all.extend([
            "--backend-config",
            "prod.tfbackend",
            "--no-plugins",
            "--json",
        ]);
        let report = run(dir.path(), &all).json();
        let targets = report["targets"].as_array().unwrap();
        let name = |t: &Value| t["target"].as_str().unwrap().to_owned();
        targets.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(
        names(&["workspace", "--path", "."]),
        [". (blue)", ". (green)"]
    );
    assert_eq!(
        names(&["drift", ".", "--all-workspaces"]),
        [". (blue)", ". (green)"]
    );
    assert_eq!(
        names(&["workspace", "--path=.", "--workspace", "blue"]),
        ["."]
    );
    // What was never applied anywhere is no answer.
    let none = run(dir.path(), &["workspace", "--path", ".", "--no-plugins"]);
    assert_eq!(none.code, Some(1), "{none:?}");
}

#[test]
fn a_pattern_is_every_state_that_it_matches() {
    let dir = module();
    let lock = "prod/blue/.terraform.tfstate.lock.info";
    for (name, text) in [
        (lock, "{}"),
        ("prod/blue/terraform.tfstate.backup", "{}"),
        ("prod/.terraform/x/terraform.tfstate", "{}"),
    ] {
        write(dir.path(), name, text);
    }
    let report = run(
        dir.path(),
        &[
            "drift",
            "tfstate://prod/**/*.tfstate",
            "--no-plugins",
            "--json",
        ],
    )
    .json();
    let names: Vec<&str> = report["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["target"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "prod/blue/terraform.tfstate",
            "prod/green/terraform.tfstate"
        ]
    );
    let none = run(dir.path(), &["check", "tfstate://none/**/*.tfstate"]);
    assert_eq!(none.code, Some(1));
    assert!(
        none.err.contains("no state matches the pattern"),
        "{none:?}"
    );
}

#[test]
fn with_read_only_nothing_is_written() {
    let dir = module();
    let at = [
        "--backend-config=prod.tfbackend",
        "--workspace=blue",
        "--read-only",
    ];
    for verb in [
        &["state", "mv", "demo_x.blue", "demo_x.navy"][..],
        &["state", "rm", "demo_x.blue"],
    ] {
        let args: Vec<&str> = verb.iter().chain(&at).copied().collect();
        let refused = run(dir.path(), &args);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("read"), "{refused:?}");
    }
    let args: Vec<&str> = ["state", "pull"].iter().chain(&at).copied().collect();
    assert!(run(dir.path(), &args).out.contains("\"serial\": 3"));
}

#[test]
fn what_is_proposed_names_the_workspace() {
    let dir = module();
    let page = resource(
        ["local_file", "page"],
        json!({"id": "0", "filename": "gone.txt", "content": "x"}),
    );
    write(
        dir.path(),
        "prod/blue/terraform.tfstate",
        &state(3, &[page]),
    );
    let found = run(
        dir.path(),
        &[
            "workspace",
            "--path=.",
            "--backend-config=prod.tfbackend",
            "--no-plugins",
        ],
    );
    for part in [
        "driftmgr explain local_file.page . --workspace blue",
        "TF_WORKSPACE=blue terraform apply",
    ] {
        assert!(found.out.contains(part), "{part}: {}", found.out);
    }
}
