//! Reports in every format: what the command writes where, and that formats change nothing else.

use std::path::Path;

use serde_json::{Value, json};

use crate::schema::Check;
use crate::support::{Run, SECRET, folder, resource, run, state, write};

/// A file that is there, one that is gone, and an instance of a provider that is not on this machine.
fn drifted(dir: &Path) {
    let file = |name: &str, id: &str| {
        resource(
            ["local_file", name],
            json!({"filename": format!("{name}.txt"), "content": "one\n", "id": id,
                   "directory_permission": "0777", "file_permission": "0777"}),
        )
    };
    let id = "c7059bb19433cc3cabaa6236c83d56668a843dd2";
    let unreachable = resource(["demo_login", "x"], json!({"id": "1", "password": SECRET}));
    let resources = [file("a", id), file("gone", id), unreachable];
    write(dir, "repo/infra/terraform.tfstate", &state(1, &resources));
    write(dir, "repo/infra/a.txt", "one\n");
    write(
        dir,
        "repo/infra/main.tf",
        "\nresource \"local_file\" \"gone\" {\n  filename = \"gone.txt\"\n}\n",
    );
    write(dir, "repo/.git/HEAD", "ref: refs/heads/main\n");
}

const FORMATS: [&str; 10] = [
    "text", "json", "ndjson", "markdown", "html", "sarif", "junit", "github", "gitlab", "csv",
];

fn report(dir: &Path, args: &[&str]) -> Run {
    let all: Vec<&str> = ["-chdir=repo/infra", "-q"]
        .iter()
        .chain(args)
        .copied()
        .collect();
    run(dir, &all)
}

#[test]
fn exit_codes_do_not_depend_on_the_format() {
    let dir = folder();
    drifted(dir.path());
    for format in FORMATS {
        for (args, code) in [
            (&["check"][..], 2),
            (&["drift"], 0),
            (&["drift", "--detailed-exitcode"], 2),
        ] {
            let args: Vec<&str> = args.iter().copied().chain(["--format", format]).collect();
            let run = report(dir.path(), &args);
            assert_eq!(run.code, Some(code), "{args:?} {run:?}");
            assert!(!run.out.is_empty() && !run.out.contains(SECRET), "{args:?}");
        }
    }
}

#[test]
fn one_run_writes_many_files() {
    let dir = folder();
    drifted(dir.path());
    let outputs: Vec<String> = FORMATS.iter().map(|f| format!("{f}=out.{f}")).collect();
    let mut args = vec!["drift"];
    for output in &outputs {
        args.extend(["--output", output]);
    }
    let run = report(dir.path(), &args);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
    for format in FORMATS {
        let file = dir.path().join(format!("repo/infra/out.{format}"));
        let text = std::fs::read_to_string(file).unwrap();
        assert!(!text.contains(SECRET), "{format}");
        // `check --format text` is a sentence; each of these is the whole report.
        assert!(text.contains("local_file.gone"), "{format}: {text}");
    }
}

#[test]
fn a_stream_says_what_the_report_says() {
    let dir = folder();
    drifted(dir.path());
    let run = report(
        dir.path(),
        &["drift", "--format", "ndjson", "--output", "json=whole.json"],
    );
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
    let whole = std::fs::read_to_string(dir.path().join("repo/infra/whole.json")).unwrap();
    let whole: Value = serde_json::from_str(&whole).unwrap();
    let lines: Vec<Value> = run
        .out
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let told = |ty: &str, name: &str| -> Vec<Value> {
        let lines = lines.iter().filter(|l| l["type"] == ty);
        lines.map(|l| l[name].clone()).collect()
    };
    let part = |name: &str| whole[name].as_array().unwrap().clone();
    assert_eq!(told("resource_drift", "finding"), part("resource_drift"));
    assert_eq!(
        told("not_looked_at", "not_looked_at"),
        part("not_looked_at")
    );
    assert_eq!(told("provider", "provider"), part("providers"));
    assert_eq!(told("diagnostic", "problem"), part("problems"));
    assert!(!part("resource_drift").is_empty() && !part("not_looked_at").is_empty());
    assert_eq!(lines[0]["type"], "version");
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["type"], &last["summary"]),
        (&json!("summary"), &whole["summary"])
    );
}

#[test]
fn code_hosts_get_paths_from_the_top_of_the_repository() {
    let dir = folder();
    drifted(dir.path());
    let sarif = report(dir.path(), &["check", "--format", "sarif"]).json();
    let place = sarif.pointer("/runs/0/results/0/locations/0/physicalLocation");
    assert_eq!(
        place,
        Some(&json!({"artifactLocation": {"uri": "infra/main.tf"}, "region": {"startLine": 2}})),
        "{sarif:#}"
    );
    let github = report(dir.path(), &["check", "--format", "github"]).out;
    assert!(
        github.contains("::warning file=infra/main.tf,line=2,title="),
        "{github}"
    );
}

#[test]
fn a_report_is_converted_without_looking_again() {
    let dir = folder();
    drifted(dir.path());
    let json = report(
        dir.path(),
        &["drift", "--output", "json=old.json", "--json"],
    );
    // What was true then stays what the report says.
    write(dir.path(), "repo/infra/gone.txt", "one\n");
    let again = report(dir.path(), &["report", "convert", "old.json", "--json"]);
    assert_eq!((again.code, &again.out), (Some(0), &json.out));
    let text = report(dir.path(), &["report", "convert", "old.json"]);
    assert!(text.out.contains("local_file.gone  deleted"), "{text:?}");
    let junit = report(
        dir.path(),
        &[
            "report",
            "convert",
            "old.json",
            "--format",
            "junit",
            "--output",
            "csv=old.csv",
        ],
    );
    assert!(junit.out.contains("<failure"), "{junit:?}");
    assert!(dir.path().join("repo/infra/old.csv").is_file());
    for (file, word) in [
        ("main.tf", "main.tf:2:"),
        ("terraform.tfstate", "format_version"),
        ("none", "No such file"),
    ] {
        let run = report(dir.path(), &["report", "convert", file]);
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{run:?}");
        assert!(run.err.contains(word), "{run:?}");
    }
}

#[test]
fn what_has_no_report_is_refused_before_the_work() {
    let dir = folder();
    drifted(dir.path());
    for args in [
        &[
            "state",
            "list",
            "--file",
            "terraform.tfstate",
            "--format",
            "sarif",
        ][..],
        &["doctor", "--output", "sarif=x"],
        &[
            "state",
            "analyze",
            "--offline",
            "--file",
            "terraform.tfstate",
            "--format",
            "csv",
        ],
        &[
            "state",
            "compare",
            "--files",
            "terraform.tfstate,terraform.tfstate",
            "--output",
            "junit=x",
        ],
        &["drift", "--format", "pdf"],
        &["drift", "--output", "pdf=x"],
    ] {
        let run = report(dir.path(), args);
        assert_eq!(
            (run.code, run.out.as_str()),
            (Some(1), ""),
            "{args:?} {run:?}"
        );
        assert!(!dir.path().join("repo/infra/x").exists(), "{args:?}");
    }
    let part = report(
        dir.path(),
        &[
            "state",
            "analyze",
            "--file",
            "terraform.tfstate",
            "--format",
            "csv",
        ],
    );
    assert!(part.out.starts_with("target,address,"), "{part:?}");
}

fn described(name: &str, value: &Value) {
    assert_eq!(Check::of(name).run(value), [""; 0], "{name}: {value:#}");
}

#[test]
fn what_commands_print_as_json_is_as_described() {
    let dir = folder();
    drifted(dir.path());
    let json = |args: &[&str]| report(dir.path(), args).json();
    described("drift-report", &json(&["drift", "--json"]));
    described("check", &json(&["check", "--json"]));
    let analyze = ["state", "analyze", "--file", "terraform.tfstate", "--json"];
    described("state-analyze", &json(&analyze));
    let offline = json(&[&analyze[..], &["--offline"]].concat());
    assert!(offline["drift"].is_null() && offline["offline"] == true);
    described("state-analyze", &offline);
    described("explain", &json(&["explain", "local_file.gone", "--json"]));
    let doctor = json(&["doctor", "--json"]);
    assert!(
        !doctor["targets"][0]["providers"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    described("doctor", &doctor);
    for line in report(dir.path(), &["drift", "--format", "ndjson"])
        .out
        .lines()
    {
        described("drift-stream", &serde_json::from_str(line).unwrap());
    }
}
