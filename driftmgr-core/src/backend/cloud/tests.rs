use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::config::{CloudConfig, Kind};
use super::mapping::Mapping;
use crate::backend::BackendSpec;
use crate::env::Environment;
use crate::error::{ErrorKind, Result};

fn config(kind: &str, arguments: Json, variables: &[(&str, &str)]) -> Result<CloudConfig> {
    let arguments: BTreeMap<String, Json> =
        arguments.as_object().unwrap().clone().into_iter().collect();
    let spec = BackendSpec::from_block(kind, arguments, "main.tf:1");
    CloudConfig::from_spec(&Environment::from_variables(variables.to_vec()), &spec)
}

#[test]
fn arguments_win_over_variables() {
    let variables = [
        ("TF_CLOUD_HOSTNAME", "TFE.acme.io:443"),
        ("TF_CLOUD_ORGANIZATION", "of-variable"),
        ("TF_CLOUD_PROJECT", "project-of-variable"),
    ];
    let from_variables = config("cloud", json!({"workspaces": {"name": "a"}}), &variables).unwrap();
    assert_eq!(from_variables.kind, Kind::Cloud);
    assert_eq!(from_variables.host, "tfe.acme.io");
    assert_eq!(from_variables.organization, "of-variable");
    assert_eq!(
        from_variables.project.as_deref(),
        Some("project-of-variable")
    );
    assert_eq!(from_variables.location(), "tfe.acme.io/of-variable/a");
    let given = json!({"hostname": "münchen.example:8443", "organization": "o", "token": "t", "workspaces": [{"name": "a", "project": "p"}]});
    let given = config("cloud", given, &variables).unwrap();
    assert_eq!(given.host, "xn--mnchen-3ya.example:8443");
    assert_eq!(given.organization, "o");
    assert_eq!(given.project.as_deref(), Some("p"));
    assert_eq!(given.token.unwrap().expose(), "t");
    // `remote` reads none of them.
    let remote = json!({"organization": "o", "workspaces": {"name": "a"}});
    let remote = config("remote", remote, &variables).unwrap();
    assert_eq!(
        (remote.host.as_str(), remote.service),
        ("app.terraform.io", "tfe.v2")
    );
    let forced = json!({"organization": "o", "workspaces": {"name": "a"}});
    let forced = config("remote", forced, &[("TF_FORCE_LOCAL_BACKEND", "1")]).unwrap();
    assert_eq!(forced.service, "state.v2");
}

#[test]
fn a_block_says_its_workspaces_in_one_way() {
    let set = |tags: &[&str]| Mapping::Tags(tags.iter().map(|t| (*t).to_owned()).collect());
    for (kind, workspaces, selected, expected) in [
        (
            "remote",
            json!({"name": "a"}),
            "",
            Mapping::Default("a".into()),
        ),
        (
            "remote",
            json!({"name": "a", "prefix": ""}),
            "",
            Mapping::Default("a".into()),
        ),
        (
            "remote",
            json!({"prefix": "a-"}),
            "x",
            Mapping::Prefix("a-".into()),
        ),
        (
            "cloud",
            json!({"name": "a"}),
            "a",
            Mapping::Name("a".into()),
        ),
        ("cloud", json!({"tags": ["b", "a"]}), "x", set(&["a", "b"])),
        (
            "cloud",
            json!({"tags": [], "name": "a"}),
            "",
            Mapping::Name("a".into()),
        ),
        (
            "cloud",
            json!({"tags": {"k": "v"}}),
            "",
            Mapping::KeyValues(BTreeMap::from([("k".into(), "v".into())])),
        ),
        ("cloud", json!({}), "x", Mapping::Name("x".into())),
        ("cloud", json!(null), "x", Mapping::Name("x".into())),
        ("cloud", json!([]), "x", Mapping::Name("x".into())),
    ] {
        let arguments = json!({"organization": "o", "workspaces": workspaces});
        let variables = [("TF_WORKSPACE", selected)];
        let got = config(kind, arguments, &variables).unwrap();
        assert_eq!(got.mapping, expected, "{kind} {workspaces}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let ok = json!({"name": "a"});
    for (kind, arguments, selected, part) in [
        ("cloud", json!({"workspaces": ok}), "", "no `organization`"),
        (
            "remote",
            json!({"workspaces": ok}),
            "",
            "`organization` is missing",
        ),
        (
            "remote",
            json!({"organization": "o"}),
            "x",
            "neither `name` nor `prefix`",
        ),
        (
            "remote",
            json!({"organization": "o", "workspaces": {"name": "a", "prefix": "b"}}),
            "",
            "both `name` and `prefix`",
        ),
        (
            "remote",
            json!({"organization": "o", "workspaces": {"tags": ["a"]}}),
            "",
            "no argument `workspaces.tags`",
        ),
        (
            "cloud",
            json!({"organization": "o"}),
            "",
            "neither `name` nor `tags`",
        ),
        (
            "cloud",
            json!({"organization": "o", "workspaces": {"name": "a", "tags": ["b"]}}),
            "",
            "both `name` and `tags`",
        ),
        (
            "cloud",
            json!({"organization": "o", "workspaces": ok}),
            "b",
            "TF_WORKSPACE selects another workspace",
        ),
        (
            "cloud",
            json!({"organization": "o", "workspaces": {"tags": [1]}}),
            "",
            "`workspaces.tags` is not a list",
        ),
        (
            "cloud",
            json!({"organization": "o", "workspaces": [ok, ok]}),
            "",
            "is not one block",
        ),
        (
            "cloud",
            json!({"organization": "o", "hostname": "https://x", "workspaces": ok}),
            "",
            "no name of a host",
        ),
        (
            "cloud",
            json!({"organisation": "o"}),
            "",
            "no argument `organisation`",
        ),
    ] {
        let error = config(kind, arguments.clone(), &[("TF_WORKSPACE", selected)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{arguments}");
        assert!(error.message().contains(part), "{arguments}: {error}");
        assert_eq!(error.context_value("backend"), Some("main.tf:1"));
    }
}

#[test]
fn debug_shows_no_token() {
    let given = json!({"organization": "o", "token": "hunter2", "workspaces": {"name": "a"}});
    let config = config("cloud", given, &[]).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}
