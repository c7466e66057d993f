//! Which layer wins.

use super::Project;
use crate::error::ErrorKind;
use crate::settings::key::{KEYS, Kind};
use crate::settings::{Settings, Sources};

#[test]
fn each_layer_wins_over_all_below_it() {
    let project = Project::new();
    let none = Sources::default();
    let at = |variables: &[(&str, &str)], sources: &Sources| {
        let settings = project.load(variables, sources).into_result().unwrap();
        let origin = settings.origin("performance.workers").to_string();
        (settings.performance.workers, origin)
    };
    assert_eq!(at(&[], &none), (10, "default".to_owned()));
    project.write(
        "home/.config/driftmgr/driftmgr.yaml",
        "\nperformance: {workers: 2}\n",
    );
    let user = project.path("home/.config/driftmgr/driftmgr.yaml");
    assert_eq!(at(&[], &none), (2, format!("{}:2", user.display())));
    project.write("project/driftmgr.yaml", "performance:\n  workers: 3\n");
    assert_eq!(at(&[], &none), (3, "driftmgr.yaml:2".to_owned()));
    let variable = [("DRIFTMGR_WORKERS", "4")];
    assert_eq!(at(&variable, &none), (4, "DRIFTMGR_WORKERS".to_owned()));
    let flag = Sources::default().with_flag("performance.workers", "5", "--workers");
    assert_eq!(at(&variable, &flag), (5, "--workers".to_owned()));
    // An empty variable counts as unset.
    assert_eq!(at(&[("DRIFTMGR_WORKERS", "")], &none).0, 3);
}

#[test]
fn layers_are_joined_by_key_and_a_list_is_one_value() {
    let project = Project::with("drift: {ignore_tags: [c]}\n");
    project.write(
        "home/.config/driftmgr/driftmgr.yaml",
        "drift: {ignore_tags: [a, b], sensitivity: low}\n",
    );
    let settings = project.load(&[], &Sources::default()).value;
    let tags: Vec<&str> = settings
        .drift
        .ignore_tags
        .iter()
        .map(|t| t.value.as_str())
        .collect();
    assert_eq!(tags, ["c"]);
    assert_eq!(settings.drift.sensitivity.as_str(), "low");
    assert_eq!(settings.files().count(), 2);
}

#[test]
fn a_wrong_variable_is_named_and_changes_nothing() {
    let project = Project::with("performance: {workers: 3}\n");
    for key in KEYS
        .iter()
        .filter(|key| !matches!(key.kind, Kind::Text | Kind::Texts | Kind::Path))
    {
        let Some(variable) = key.variable else {
            continue;
        };
        let read = project.load(&[(variable, "no such thing")], &Sources::default());
        let [problem] = read.problems.as_slice() else {
            panic!("{variable}: {:?}", read.problems)
        };
        assert_eq!(problem.kind(), ErrorKind::InvalidInput);
        assert!(
            problem
                .message()
                .starts_with(&format!("{variable}: expected ")),
            "{problem}"
        );
        assert_eq!(problem.context_value("setting"), Some(key.name));
    }
}

#[test]
fn every_variable_sets_its_key() {
    let project = Project::new();
    for key in KEYS {
        let Some(variable) = key.variable else {
            continue;
        };
        let text = match key.kind {
            Kind::Text | Kind::Path => "x",
            Kind::Flag => "1",
            Kind::Whole { .. } => "7",
            Kind::Duration => "7m",
            Kind::Word(words) => words[0],
            Kind::Texts => "a, b,,",
            Kind::Entries { .. } => panic!("rules have no variable"),
        };
        let settings = project
            .load(&[(variable, text)], &Sources::default())
            .into_result()
            .unwrap();
        assert_eq!(settings.origin(key.name).to_string(), variable);
        let told = settings.warnings().iter().any(|w| w.contains(key.name));
        assert_eq!(told, !key.has_effect, "{variable}");
        if let Kind::Texts = key.kind {
            let json = serde_json::to_value(&settings.values().get(key.name).unwrap().value);
            assert_eq!(json.unwrap(), serde_json::json!(["a", "b"]));
        }
    }
}

#[test]
fn wrong_flags_are_named() {
    let project = Project::new();
    let flag = |key: &str, text: &str| Sources::default().with_flag(key, text, "--flag");
    let read = project.load(&[], &flag("drift.timeout", "soon"));
    assert!(
        read.problems[0]
            .message()
            .starts_with("--flag: expected a duration")
    );
    assert_eq!(read.value.drift.timeout, None);
    let read = project.load(&[], &flag("drift.nothing", "1"));
    assert_eq!(read.problems[0].context_value("flag"), Some("--flag"));
}

#[test]
fn a_variable_that_was_mistyped_is_told() {
    let project = Project::new();
    let told = |name: &str| {
        let read = project.load(&[(name, "high")], &Sources::default());
        read.value.warnings().join("\n")
    };
    assert_eq!(
        told("DRIFTMGR_SENSITVITY"),
        "the variable DRIFTMGR_SENSITVITY is not known: did you mean DRIFTMGR_SENSITIVITY?"
    );
    for name in [
        "DRIFTMGR_SENSITIVITY",
        "DRIFTMGR_CACHE_DIR",
        "DRIFTMGR_SOMETHING_ELSE",
        "SENSITVITY",
    ] {
        assert_eq!(told(name), "", "{name}");
    }
}

#[test]
fn the_workers_are_a_beginning_and_parallelism_is_a_number_for_good() {
    let project = Project::with("performance: {workers: 3}\n");
    let load = |variables: &[(&str, &str)]| project.load(variables, &Sources::default()).value;
    let both = |s: &Settings| (s.drift.parallelism, s.performance.workers);
    assert_eq!(both(&load(&[])), (None, 3));
    assert_eq!(both(&load(&[("DRIFTMGR_PARALLELISM", "9")])), (Some(9), 3));
    assert_eq!(both(&Settings::default()), (None, 10));
}
