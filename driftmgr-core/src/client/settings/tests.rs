//! Each setting that is about drift reaches the survey.

use std::path::Path;
use std::time::Duration;
use std::time::SystemTime;

use crate::address::InstanceAddress;
use crate::client::{Client, DriftOptions, settings_problems};
use crate::context::Context;
use crate::drift::Severity;
use crate::env::Environment;
use crate::settings::{Settings, Sources};

fn context(folder: &Path) -> Context {
    Context::new(Environment::from_variables([("", ""); 0]).with_current_dir(folder))
}

/// Settings of a file with this text.
fn settings(text: &str) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("driftmgr.yaml"), text).unwrap();
    Settings::load(&context(folder.path()), &Sources::default())
        .into_result()
        .unwrap()
}

#[test]
fn without_settings_the_options_are_the_defaults() {
    let ours = DriftOptions::from_settings(&Settings::default(), SystemTime::UNIX_EPOCH);
    assert_eq!(
        format!("{ours:?}"),
        format!("{:?}", DriftOptions::default())
    );
}

#[test]
fn each_key_changes_its_option_and_no_other() {
    type Change = fn(&mut DriftOptions);
    let cases: [(&str, Change); 7] = [
        ("performance: {workers: 3}", |o| o.workers = 3),
        ("drift: {parallelism: 4}", |o| o.parallelism = Some(4)),
        (
            "{drift: {parallelism: 4}, performance: {workers: 3}}",
            |o| (o.parallelism, o.workers) = (Some(4), 3),
        ),
        ("drift: {read_timeout: 2s}", |o| {
            o.read_timeout = Duration::from_secs(2)
        }),
        ("drift: {plugins: false}", |o| o.plugins = false),
        ("drift: {sensitivity: low}", |o| {
            o.filter.sensitivity = crate::drift::Sensitivity::Low;
        }),
        ("drift: {smart_filter: false}", |o| {
            o.filter.sensitivity = crate::drift::Sensitivity::High;
            o.comparators = crate::drift::Comparators::none();
        }),
    ];
    for (text, change) in cases {
        let mut want = DriftOptions::default();
        change(&mut want);
        let got = DriftOptions::from_settings(&settings(text), SystemTime::UNIX_EPOCH);
        assert_eq!(format!("{got:?}"), format!("{want:?}"), "{text}");
    }
}

/// A state with one file that is not there, beside the settings.
async fn deletion(text: &str) -> Severity {
    let folder = tempfile::tempdir().unwrap();
    let state = serde_json::json!({
        "version": 4, "terraform_version": "1.5.7", "serial": 1, "lineage": "l", "outputs": {},
        "resources": [{
            "mode": "managed", "type": "local_file", "name": "a",
            "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
            "instances": [{"schema_version": 0, "attributes": {"id": "x", "filename": "gone.txt", "content": "x"}}],
        }],
    });
    let file = folder.path().join("a.tfstate");
    std::fs::write(&file, state.to_string()).unwrap();
    let client = Client::builder()
        .context(context(folder.path()))
        .settings(settings(text))
        .build()
        .unwrap();
    let stack = client.open(&file).await.unwrap();
    let report = stack.detect_drift(&client.drift_options()).await.unwrap();
    let address: InstanceAddress = "local_file.a".parse().unwrap();
    assert_eq!(report.findings.len(), 1, "{report:?}");
    assert_eq!(report.findings[0].address, address);
    report.findings[0].severity
}

#[tokio::test]
async fn severity_rules_of_the_settings_decide() {
    let rule = |severity: &str| {
        format!(
            "drift:\n  plugins: false\n  severity:\n    - {{type: local_file, severity: {severity}, category: backup, reason: it is a backup}}\n"
        )
    };
    assert_eq!(deletion(&rule("critical")).await, Severity::Critical);
    assert_eq!(
        deletion(&rule("informational")).await,
        Severity::Informational
    );
}

#[test]
fn a_rule_that_cannot_be_followed_is_named_by_its_place() {
    let broken = settings(
        "drift:\n  severity:\n    - {type: 'a||b', severity: critical, category: other, reason: r}\n    - {type: ok, severity: critical, category: other, reason: r}\n    - {type: '|', severity: critical, category: other, reason: r}\n",
    );
    let problems = settings_problems(&broken);
    let lines: Vec<_> = problems.iter().map(|p| p.context_value("line")).collect();
    assert_eq!(lines, [Some("3"), Some("5")]);
    let error = Client::builder().settings(broken).build().unwrap_err();
    assert_eq!(error.context_value("line"), Some("3"));
}

#[test]
fn every_category_that_the_settings_know_is_one() {
    for category in crate::settings::KEYS
        .iter()
        .filter(|key| key.name == "drift.severity")
        .flat_map(|key| match key.kind {
            crate::settings::Kind::Entries { fields, .. } => fields,
            _ => &[],
        })
        .filter(|field| field.name == "category")
        .flat_map(|field| match field.shape {
            crate::settings::Shape::Word(words) => words,
            _ => &[],
        })
    {
        let text = format!(
            "drift: {{severity: [{{type: t, path: p, severity: important, category: {category}, reason: r}}]}}"
        );
        assert!(settings_problems(&settings(&text)).is_empty(), "{category}");
    }
}
