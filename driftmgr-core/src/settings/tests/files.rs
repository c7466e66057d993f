//! Which files are read, and what is no file of settings.

use super::{Project, is_inside, load, wrong};
use crate::env::{DRIFTMGR_CONFIG, XDG_CONFIG_HOME};
use crate::error::ErrorKind;
use crate::settings::{Settings, Sources};

fn name(project: &Project, variables: &[(&str, &str)], sources: &Sources) -> Option<String> {
    let read = project.load(variables, sources);
    assert!(read.problems.is_empty(), "{:?}", read.problems);
    read.value.app.name
}

fn named(text: &str) -> String {
    format!("app: {{name: {text}}}\n")
}

#[test]
fn the_nearest_file_upward_is_the_projects() {
    let project = Project::new();
    let none = Sources::default();
    assert_eq!(name(&project, &[], &none), None);
    project.write("driftmgr.yaml", &named("above"));
    assert_eq!(name(&project, &[], &none).as_deref(), Some("above"));
    project.write("project/driftmgr.yaml", &named("here"));
    assert_eq!(name(&project, &[], &none).as_deref(), Some("here"));
    project.write("project/deep/driftmgr.yaml", &named("below"));
    assert_eq!(name(&project, &[], &none).as_deref(), Some("here"));
}

#[test]
fn a_folder_of_that_name_is_no_file() {
    let project = Project::new();
    project.write("driftmgr.yaml", &named("above"));
    std::fs::create_dir(project.path("project/driftmgr.yaml")).unwrap();
    assert_eq!(
        name(&project, &[], &Sources::default()).as_deref(),
        Some("above")
    );
}

#[test]
fn the_users_file_is_where_xdg_says() {
    let project = Project::new();
    let none = Sources::default();
    project.write("home/.config/driftmgr/driftmgr.yaml", &named("home"));
    project.write("xdg/driftmgr/driftmgr.yaml", &named("xdg"));
    assert_eq!(name(&project, &[], &none).as_deref(), Some("home"));
    let xdg = project.path("xdg");
    let set = [(XDG_CONFIG_HOME, xdg.to_str().unwrap())];
    assert_eq!(name(&project, &set, &none).as_deref(), Some("xdg"));
    // A relative one is none, by the specification.
    let relative = [(XDG_CONFIG_HOME, "../xdg")];
    assert_eq!(name(&project, &relative, &none).as_deref(), Some("home"));
}

#[test]
fn a_file_that_is_named_stands_in_the_place_of_the_projects() {
    let project = Project::with(&named("project"));
    project.write(
        "home/.config/driftmgr/driftmgr.yaml",
        "performance: {workers: 3}\n",
    );
    project.write("project/other.yaml", &named("other"));
    project.write("project/third.yaml", "{}\n");
    let named = |file: &str| Sources::default().with_config(file);
    assert_eq!(
        name(&project, &[], &named("other.yaml")).as_deref(),
        Some("other")
    );
    let variable = [(DRIFTMGR_CONFIG, "other.yaml")];
    assert_eq!(
        name(&project, &variable, &Sources::default()).as_deref(),
        Some("other")
    );
    assert_eq!(name(&project, &variable, &named("third.yaml")), None);
    // The user's own is still below it.
    let settings = project.load(&[], &named("third.yaml")).value;
    assert_eq!(settings.performance.workers, 3);
}

#[test]
fn a_named_file_has_to_be_there() {
    let project = Project::with(&named("project"));
    let read = project.load(&[], &Sources::default().with_config("nowhere.yaml"));
    assert_eq!(read.problems[0].kind(), ErrorKind::NotFound);
    assert_eq!(read.problems[0].context_value("file"), Some("nowhere.yaml"));
}

#[test]
fn one_file_is_read_once() {
    let project = Project::new();
    project.write("home/.config/driftmgr/driftmgr.yaml", &named("home"));
    let environment = project
        .environment(&[])
        .with_current_dir(project.path("home/.config/driftmgr"));
    let cx = crate::Context::new(environment);
    let settings = Settings::load(&cx, &Sources::default()).value;
    assert_eq!(settings.files().count(), 1);
}

#[test]
fn relative_paths_start_from_the_file_that_holds_them() {
    let project = Project::new();
    project.write("driftmgr.yaml", "drift: {baseline: known.json}\n");
    let settings = project.load(&[], &Sources::default()).value;
    assert_eq!(settings.drift.baseline, Some(project.path("known.json")));
    // Those of variables and flags start from the working folder.
    let variable = [("DRIFTMGR_BASELINE", "known.json")];
    let settings = project.load(&variable, &Sources::default()).value;
    let baseline = settings.drift.baseline.unwrap();
    assert!(
        is_inside(&baseline, &project.path("project")),
        "{baseline:?}"
    );
    // A file above the working folder is named in full.
    let read = Project::new();
    read.write("driftmgr.yaml", "x: 1");
    let problems = read.load(&[], &Sources::default()).problems;
    let file = problems[0].context_value("file").unwrap();
    assert_eq!(file, read.path("driftmgr.yaml").to_str().unwrap());
}

#[test]
fn nothing_in_the_file_sets_nothing() {
    for text in [
        "",
        "\n# only words\n",
        "{}",
        "~",
        "drift:\n",
        "---\ndrift: {}\n...\n",
    ] {
        let read = load(text);
        assert!(read.problems.is_empty(), "{text:?} {:?}", read.problems);
        assert_eq!(read.value.drift, Settings::default().drift, "{text:?}");
    }
}

#[test]
fn what_is_no_yaml_of_settings_is_refused_with_its_line() {
    for (text, line, word) in [
        ("a: [", 1, "not YAML"),
        ("app:\n\tname: x", 2, "not YAML"),
        ("- a\n- b", 1, "expected a block of keys, found a list"),
        ("just words", 1, "expected a block of keys"),
        ("app: {name: a}\n---\napp: {name: b}", 2, "second document"),
        ("app: {name: !env NAME}", 1, "tag"),
        ("app: &a\n  name: *a\n", 2, "alias"),
        ("app: {<<: {name: x}}", 1, "unknown key"),
    ] {
        let told = wrong(text);
        assert!(
            told.iter()
                .any(|(at, said, _)| *at == line && said.contains(word)),
            "{text}: {told:?}"
        );
    }
}

#[test]
fn what_is_no_text_or_has_no_end_is_refused() {
    let project = Project::new();
    let file = project.path("project/driftmgr.yaml");
    std::fs::write(&file, b"app:\n  name: \xff\n").unwrap();
    let read = project.load(&[], &Sources::default());
    assert_eq!(read.problems[0].message(), "not UTF-8 text");
    assert_eq!(read.problems[0].context_value("line"), Some("2"));
    std::fs::write(&file, "#".repeat(2 << 20)).unwrap();
    let read = project.load(&[], &Sources::default());
    assert!(read.problems[0].message().contains("bytes"));
    #[cfg(unix)]
    {
        let sources = Sources::default().with_config("/dev/zero");
        assert_eq!(project.load(&[], &sources).problems.len(), 1);
    }
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_be_read_is_not_taken_for_none() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::with(&named("x"));
    let file = project.path("project/driftmgr.yaml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o0)).unwrap();
    if std::fs::read(&file).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    let read = project.load(&[], &Sources::default());
    assert_eq!(read.problems[0].kind(), ErrorKind::PermissionDenied);
}
