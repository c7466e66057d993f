//! Which workspaces a block means.

use super::*;

fn names(backend: &[driftmgr_core::backend::WorkspaceName]) -> Vec<&str> {
    backend.iter().map(|name| name.as_str()).collect()
}

/// A server with a few workspaces, two on a page.
fn server() -> Tfe {
    let server = Tfe::start(Behaviour {
        page: 2,
        ..Behaviour::default()
    });
    server.store(|store| {
        for name in [
            "net-prod",
            "net-dev",
            "app",
            "old-net-x",
            "net-eu",
            "net-us",
        ] {
            store.add(name);
        }
        for (name, tag, value) in [
            ("net-prod", "net", ""),
            ("net-prod", "prod", ""),
            ("net-dev", "net", ""),
            ("app", "team", "red"),
            ("net-eu", "team", "blue"),
        ] {
            let tags = &mut store.workspace(name).unwrap().tags;
            tags.insert(tag.to_owned(), value.to_owned());
        }
        store.projects = vec![
            ("prj-0".to_owned(), "other".to_owned()),
            ("prj-1".to_owned(), "base".to_owned()),
        ];
        store.workspace("net-dev").unwrap().project = Some("prj-1".to_owned());
    });
    server
}

#[tokio::test]
async fn each_block_lists_its_own() {
    let server = server();
    for (kind, workspaces, expected) in [
        ("remote", json!({"name": "app"}), vec!["default"]),
        (
            "remote",
            json!({"prefix": "net-"}),
            vec!["dev", "eu", "prod", "us"],
        ),
        ("remote", json!({"prefix": "no-such-"}), vec![]),
        ("cloud", json!({"name": "app"}), vec!["app"]),
        (
            "cloud",
            json!({"tags": ["net"]}),
            vec!["net-dev", "net-prod"],
        ),
        ("cloud", json!({"tags": ["net", "prod"]}), vec!["net-prod"]),
        ("cloud", json!({"tags": {"team": "red"}}), vec!["app"]),
        (
            "cloud",
            json!({"tags": ["net"], "project": "base"}),
            vec!["net-dev"],
        ),
    ] {
        let backend = open_as(&server, kind, workspaces.clone());
        let listed = backend.workspaces(&cx()).await.unwrap();
        assert_eq!(names(&listed), expected, "{kind} {workspaces}");
    }
    // Two on a page.
    let pages = server.server.seen();
    assert!(
        pages
            .iter()
            .any(|s| s.target.contains("page%5Bnumber%5D=3"))
    );
}

#[tokio::test]
async fn a_new_workspace_is_found_by_its_block_again() {
    let server = server();
    for (workspaces, tags, project) in [
        (
            json!({"tags": ["net", "new"]}),
            vec![("net", ""), ("new", "")],
            None,
        ),
        (
            json!({"tags": {"team": "green"}, "project": "base"}),
            vec![("team", "green")],
            Some("prj-1"),
        ),
    ] {
        let backend = open_as(&server, "cloud", workspaces.clone());
        let options = WriteOptions::default();
        let name = format!("made-{}", tags.len());
        backend
            .write(&cx(), &of(&name), state(1, "x"), options)
            .await
            .unwrap();
        let listed = backend.workspaces(&cx()).await.unwrap();
        assert_eq!(names(&listed), [name.as_str()], "{workspaces}");
        server.store(|store| {
            let made = store.workspace(&name).unwrap();
            let pairs = tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
            assert_eq!(made.tags, pairs.collect::<BTreeMap<_, _>>());
            assert_eq!(made.project.as_deref(), project);
        });
    }
    let missing = json!({"tags": ["x"], "project": "no such"});
    let backend = open_as(&server, "cloud", missing);
    let error = backend.workspaces(&cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(place(&error, "project"), "no such");
}

#[tokio::test]
async fn a_name_means_the_same_on_both_sides() {
    let server = server();
    for (kind, workspaces, name, on_server) in [
        ("remote", json!({"name": "app"}), "default", "app"),
        ("remote", json!({"prefix": "net-"}), "prod", "net-prod"),
        ("remote", json!({"prefix": "net-"}), "net-prod", "net-prod"),
        ("cloud", json!({"name": "app"}), "app", "app"),
        ("cloud", json!({"name": "app"}), "default", "app"),
        ("cloud", json!({"tags": ["net"]}), "net-dev", "net-dev"),
    ] {
        server.store(|store| store.versions.clear());
        let backend = open_as(&server, kind, workspaces.clone());
        let options = WriteOptions::default();
        backend
            .write(&cx(), &of(name), state(1, name), options)
            .await
            .unwrap();
        let stored = server.store(|store| store.state(on_server));
        assert_eq!(
            stored.as_deref(),
            Some(&*state(1, name)),
            "{kind} {workspaces}"
        );
    }
    for (kind, workspaces, name, error_kind) in [
        (
            "remote",
            json!({"name": "app"}),
            "app",
            ErrorKind::Unsupported,
        ),
        (
            "remote",
            json!({"prefix": "net-"}),
            "default",
            ErrorKind::InvalidInput,
        ),
        (
            "cloud",
            json!({"name": "app"}),
            "other",
            ErrorKind::Unsupported,
        ),
        (
            "cloud",
            json!({"tags": ["net"]}),
            "default",
            ErrorKind::InvalidInput,
        ),
    ] {
        let backend = open_as(&server, kind, workspaces);
        let error = backend.read(&cx(), &of(name)).await.unwrap_err();
        assert_eq!(error.kind(), error_kind, "{error}");
        assert!(!error.hints().is_empty());
    }
}
