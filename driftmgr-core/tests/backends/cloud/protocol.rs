//! What is asked of the server, and who holds a lock.

use super::*;

fn asked(server: &Tfe) -> Vec<String> {
    let seen = server.server.seen();
    let path = |target: &str| target.split('?').next().unwrap_or_default().to_owned();
    seen.iter()
        .map(|s| format!("{} {}", s.method, path(&s.target)))
        .collect()
}

#[tokio::test]
async fn answers_fit_the_published_description() {
    let server = Tfe::start(Behaviour::default());
    let backend = open(&server);
    write(&backend, state(1, "one")).await.unwrap();
    let _ = backend.versions(&cx(), &at()).await.unwrap();
    let _ = read(&backend).await.unwrap();
    // Where the description is not there, nothing was compared.
    let there = super::super::support::tfe::description::description().is_some();
    assert_eq!(server.checked() > 5, there);
}

#[tokio::test]
async fn reading_takes_three_requests_after_the_first_two() {
    let server = Tfe::start(Behaviour::default());
    let backend = open(&server);
    assert_eq!(read(&backend).await.unwrap(), None);
    write(&backend, state(1, "one")).await.unwrap();
    asked(&server);
    assert_eq!(read(&backend).await.unwrap(), Some(state(1, "one")));
    let asked = asked(&server);
    assert_eq!(asked.len(), 3, "{asked:?}");
    let fresh = open(&server);
    read(&fresh).await.unwrap();
    let first = self::asked(&server);
    assert_eq!(first[0], "GET /.well-known/terraform.json");
}

#[tokio::test]
async fn serials_grow_unless_what_is_replaced_is_named() {
    let server = Tfe::start(Behaviour::default());
    let backend = open(&server);
    write(&backend, state(5, "five")).await.unwrap();
    let error = write(&backend, state(4, "four")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.hints()[0].contains("serial"), "{error:?}");
    assert_eq!(read(&backend).await.unwrap(), Some(state(5, "five")));
    let etag = backend.read(&cx(), &at()).await.unwrap().unwrap().etag;
    let options = WriteOptions {
        if_match: etag.map(IfMatch::Etag),
        ..WriteOptions::default()
    };
    backend
        .write(&cx(), &at(), state(4, "four"), options)
        .await
        .unwrap();
    assert_eq!(read(&backend).await.unwrap(), Some(state(4, "four")));
    for text in ["", "{}", "[1]", "{\"serial\": \"planted\"}"] {
        let error = write(&backend, Bytes::from_static(text.as_bytes())).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput, "{text}");
    }
    server.store(|store| assert!(store.workspaces[0].lock.is_none()));
}

#[tokio::test]
async fn a_long_state_is_uploaded_by_itself() {
    for takes_uploads in [true, false] {
        let server = Tfe::start(Behaviour {
            takes_uploads,
            ..Behaviour::default()
        });
        let backend = open(&server);
        let long = state(1, &"x".repeat(2 << 20));
        write(&backend, long.clone()).await.unwrap();
        assert_eq!(read(&backend).await.unwrap(), Some(long));
        let uploads = asked(&server);
        let uploads = uploads.iter().filter(|a| a.starts_with("PUT /bytes/"));
        assert_eq!(uploads.count(), usize::from(takes_uploads));
    }
}

#[tokio::test]
async fn the_holder_of_a_lock_is_named() {
    let server = Tfe::start(Behaviour::default());
    let backend = open(&server);
    write(&backend, state(1, "one")).await.unwrap();
    let user = (
        Holder::User("bob".to_owned()),
        "Locked by Terraform".to_owned(),
    );
    let run = (Holder::Run("run-1".to_owned()), String::new());
    for (lock, who, since, reason) in [
        (user, "user bob", "", "Locked by Terraform"),
        (run, "run run-1", "2026-01-02T03:04:05.678Z", ""),
    ] {
        server.store(|store| store.workspaces[0].lock = Some(lock.clone()));
        for error in [
            backend.lock(&cx(), &at(), info()).await.unwrap_err(),
            write(&backend, state(2, "two")).await.unwrap_err(),
            delete(&backend).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Locked);
            let holder = LockedBy::of(&error).unwrap();
            assert_eq!(holder.who, who);
            assert_eq!(holder.created, since);
            assert_eq!(holder.info, reason);
            assert_eq!(holder.id, "acme/prod");
        }
        server.store(|store| assert_eq!(store.workspaces[0].lock, Some(lock)));
        // By the id of both programs it is forced open.
        let id = LockId("acme/prod".to_owned());
        backend.unlock(&cx(), &at(), &id).await.unwrap();
        server.store(|store| assert_eq!(store.workspaces[0].lock, None));
        let error = backend.unlock(&cx(), &at(), &id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }
    assert_eq!(read(&backend).await.unwrap(), Some(state(1, "one")));
}

#[tokio::test]
async fn a_lock_that_was_taken_over_admits_nothing() {
    let server = Tfe::start(Behaviour::default());
    let backend = open(&server);
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    // The same user, another process.
    let other = (
        Holder::User("alice".to_owned()),
        "Locked by OpenTofu".to_owned(),
    );
    server.store(|store| store.workspaces[0].lock = Some(other.clone()));
    let error = write_under(&backend, &id, state(1, "late"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let error = backend.unlock(&cx(), &at(), &id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    server.store(|store| assert_eq!(store.workspaces[0].lock, Some(other)));
    assert_eq!(read(&backend).await.unwrap(), None);
}

#[tokio::test]
async fn a_server_without_reasons_decides_itself() {
    let server = Tfe::start(Behaviour {
        keeps_reasons: false,
        ..Behaviour::default()
    });
    let backend = open(&server);
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    write_under(&backend, &id, state(1, "one")).await.unwrap();
    let error = backend.lock(&cx(), &at(), info()).await.unwrap_err();
    assert_eq!(LockedBy::of(&error).unwrap().who, "user alice");
    server.store(|store| {
        store.workspaces[0].lock = Some((Holder::User("bob".to_owned()), String::new()));
    });
    let error = write_under(&backend, &id, state(2, "late"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let error = backend.unlock(&cx(), &at(), &id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.hints()[0].contains("acme/prod"), "{error:?}");
    assert_eq!(read(&backend).await.unwrap(), Some(state(1, "one")));
}

#[tokio::test]
async fn deleting_is_safe() {
    let server = Tfe::start(Behaviour::default());
    let backend = open(&server);
    write(&backend, state(1, "one")).await.unwrap();
    server.store(|store| store.workspaces[0].resources = 3);
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    let under = WriteOptions {
        lock: Some(id.clone()),
        ..WriteOptions::default()
    };
    let error = backend
        .delete(&cx(), &at(), under.clone())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(place(&error, "resources"), "3");
    // What was held is held.
    write_under(&backend, &id, state(2, "two")).await.unwrap();
    server.store(|store| store.workspaces[0].resources = 0);
    backend.delete(&cx(), &at(), under).await.unwrap();
    server.store(|store| assert!(store.workspaces.is_empty()));
    let server = Tfe::start(Behaviour {
        deletes_safely: false,
        ..Behaviour::default()
    });
    let backend = open(&server);
    write(&backend, state(1, "one")).await.unwrap();
    let error = delete(&backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(read(&backend).await.unwrap(), Some(state(1, "one")));
    server.store(|store| assert!(store.workspaces[0].lock.is_none()));
}

#[tokio::test]
async fn a_version_is_one_of_its_workspace() {
    let server = Tfe::start(Behaviour {
        page: 2,
        ..Behaviour::default()
    });
    let (one, other) = (
        open(&server),
        open_as(&server, "cloud", json!({"name": "dev"})),
    );
    for serial in 1..=5 {
        write(&one, state(serial, "prod")).await.unwrap();
    }
    write(&other, state(1, "dev")).await.unwrap();
    let versions = one.versions(&cx(), &at()).await.unwrap();
    assert_eq!(versions.len(), 5);
    for (version, serial) in versions.iter().zip((1..=5).rev()) {
        let old = at().at_version(&version.id);
        let read = one.read(&cx(), &old).await.unwrap().unwrap();
        assert_eq!(read.bytes, state(serial, "prod"));
        assert_eq!(version.size, Some(read.bytes.len() as u64));
        assert!(version.modified.is_some());
        let error = other.read(&cx(), &old).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn a_token_is_found_where_the_programs_find_it() {
    let server = Tfe::start(Behaviour::default());
    write(&open(&server), state(1, "one")).await.unwrap();
    let mut spec = block(&server, "remote", json!({"name": "prod"}));
    spec.config.remove("token");
    let ask = async |cx: Context| {
        let backend: Arc<dyn Backend> = Arc::new(CloudBackend::from_spec(&cx, &spec)?);
        read(&backend).await
    };
    let error = ask(cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(
        error.hints()[0].contains("terraform login localhost"),
        "{error:?}"
    );
    let variable = format!("TF_TOKEN_{}", server.host());
    let found = ask(cx_with(&[(&variable, TOKEN)])).await.unwrap();
    assert_eq!(found, Some(state(1, "one")));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rc");
    let text = format!(
        "credentials \"{}\" {{\n token = \"{TOKEN}\"\n}}\n",
        server.host()
    );
    std::fs::write(&file, text).unwrap();
    let cx = cx_with(&[("TF_CLI_CONFIG_FILE", file.to_str().unwrap())]);
    assert_eq!(ask(cx).await.unwrap(), Some(state(1, "one")));
}
