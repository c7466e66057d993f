//! What goes wrong: the store's refusals, lost leases, damage on the way.

use std::time::{Duration, Instant};

use super::*;

/// A server in the place of the store.
fn instead(azure: &Azure) -> StateServer {
    let server = azure.scripted();
    azure.blobs_at(&server);
    server
}

/// A refusal as the store words it.
fn refusal(status: u16, code: &str) -> Fault {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>No.\nRequestId:1\nTime:2</Message></Error>"
    );
    let headers = vec![
        ("x-ms-error-code", code.to_owned()),
        (
            "x-ms-request-id",
            "d1b6e0a4-001e-0000-0000-000000000000".to_owned(),
        ),
    ];
    Fault::Answer(status, headers, body)
}

fn hint(error: &Error) -> String {
    error.hints().join("; ")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named() {
    let azure = Azure::start();
    let cx = cx(&azure);
    let backend = open(&azure, "not-there");
    for error in [
        read(&cx, &backend, &at()).await.unwrap_err(),
        backend.workspaces(&cx).await.unwrap_err(),
        write(&cx, &backend, &at(), "{}").await.unwrap_err(),
        backend
            .lock(&cx, &at(), LockInfo::new(&cx, "x"))
            .await
            .unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
        assert_eq!(error.context_value("account"), Some(ACCOUNT));
        assert_eq!(error.context_value("container"), Some("not-there"));
        assert!(hint(&error).contains("container_name"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_not_taken_are_told_apart() {
    let azure = Azure::start();
    let (container, cx) = (azure.container(), cx(&azure));
    let expired = azurite::signature("rwdlc", "2026-01-01T00:00:00Z");
    let more = json!({"access_key": null, "sas_token": expired});
    let expired = open_with(&cx, &container, more).unwrap();
    let error = read(&cx, &expired, &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
    assert!(
        error.message().contains("expired at 2026-01-01"),
        "{error:?}"
    );
    // One that may read and nothing else.
    let reader = azurite::signature("rl", "2030-01-01T00:00:00Z");
    let more = json!({"access_key": null, "sas_token": reader});
    let reader = open_with(&cx, &container, more).unwrap();
    write(&cx, &open(&azure, &container), &at(), "{}")
        .await
        .unwrap();
    assert_eq!(read(&cx, &reader, &at()).await.unwrap().unwrap(), "{}");
    let error = write(&cx, &reader, &at(), "{\"a\":1}").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
    assert!(
        error.message().contains("no permission write (`w`)"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_name_cause_and_way_out() {
    let azure = Azure::start();
    let server = instead(&azure);
    let cx = cx(&azure);
    for (status, code, kind, way) in [
        (
            403,
            "KeyBasedAuthenticationNotPermitted",
            ErrorKind::PermissionDenied,
            "use_azuread_auth",
        ),
        (
            403,
            "AuthorizationFailure",
            ErrorKind::PermissionDenied,
            "network rules",
        ),
        (
            403,
            "AuthorizationPermissionMismatch",
            ErrorKind::PermissionDenied,
            "Storage Blob Data Reader",
        ),
        (
            403,
            "AuthenticationFailed",
            ErrorKind::Unauthenticated,
            "`access_key`",
        ),
        (409, "BlobArchived", ErrorKind::Conflict, "archive"),
        (
            409,
            "PublicAccessNotPermitted",
            ErrorKind::Unauthenticated,
            "access_key",
        ),
        (
            409,
            "BlobUsesCustomerSpecifiedEncryption",
            ErrorKind::InvalidConfig,
            "customer_provided_key",
        ),
        (
            400,
            "InvalidResourceName",
            ErrorKind::InvalidConfig,
            "container_name",
        ),
        (400, "SomethingNew", ErrorKind::Unexpected, ""),
    ] {
        server.fault("GET", refusal(status, code));
        let backend = open(&azure, "states");
        let error = read(&cx, &backend, &at()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{code}: {error:?}");
        assert!(hint(&error).contains(way), "{code}: {error:?}");
        for (key, value) in [
            ("account", ACCOUNT),
            ("container", "states"),
            ("blob", KEY),
            ("code", code),
            ("request", "d1b6e0a4-001e-0000-0000-000000000000"),
        ] {
            assert_eq!(error.context_value(key), Some(value), "{code}");
        }
        assert_eq!(error.operation(), Some("backend.read"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_asked_again_and_damage_is_not_read() {
    let azure = Azure::start();
    let server = instead(&azure);
    let cx = cx(&azure);
    let path = format!("/states/{KEY}");
    server.put(&path, b"{}");
    let backend = open(&azure, "states");
    for fault in [
        refusal(503, "ServerBusy"),
        refusal(500, "InternalError"),
        Fault::LoseRequest,
        Fault::LoseAnswer,
        Fault::CutBody,
        Fault::LieAboutDigest,
    ] {
        server.fault("GET", fault);
        let state = read(&cx, &backend, &at()).await.unwrap();
        assert_eq!(state.as_deref(), Some("{}"));
        // The metadata's host was asked elsewhere.
        assert_eq!(server.methods(), ["GET", "GET"]);
    }
    // It does not end: the deadline does.
    for _ in 0..5 {
        server.fault("GET", Fault::Delay(Duration::from_secs(3)));
    }
    let start = Instant::now();
    let short = cx.clone().with_timeout(Duration::from_millis(300));
    let error = read(&short, &backend, &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_was_broken_admits_nothing() {
    let azure = Azure::start();
    let (container, cx) = (azure.container(), cx(&azure));
    let backend = open(&azure, &container);
    write(&cx, &backend, &at(), "{\"n\":1}").await.unwrap();
    let info = LockInfo::new(&cx, "test");
    let id = backend.lock(&cx, &at(), info).await.unwrap();
    azure.break_lease(&container, KEY);
    for error in [
        write_under(&cx, &backend, &id, "{\"n\":2}")
            .await
            .unwrap_err(),
        backend.unlock(&cx, &at(), &id).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
        assert_eq!(error.context_value("lock"), Some(id.0.as_str()));
    }
    // What is left of it in the metadata locks nobody out.
    write(&cx, &backend, &at(), "{\"n\":3}").await.unwrap();
    assert_eq!(azure.blob(&container, KEY).unwrap(), b"{\"n\":3}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_blob_is_no_state_and_no_workspace() {
    let azure = Azure::start();
    let (container, cx) = (azure.container(), cx(&azure));
    let backend = open(&azure, &container);
    let blue = workspace("blue");
    let info = LockInfo::new(&cx, "test");
    let id = backend.lock(&cx, &blue, info).await.unwrap();
    let name = format!("{KEY}env:blue");
    assert_eq!(azure.blob(&container, &name).unwrap(), b"");
    assert_eq!(backend.workspaces(&cx).await.unwrap().len(), 1);
    assert_eq!(read(&cx, &backend, &blue).await.unwrap(), None);
    backend.unlock(&cx, &blue, &id).await.unwrap();
    assert_eq!(
        azure.blob(&container, &name),
        None,
        "nothing is left behind"
    );
    // Deleting what is not there makes nothing, and has conditions.
    backend
        .delete(&cx, &blue, WriteOptions::default())
        .await
        .unwrap();
    let only = WriteOptions {
        if_match: Some(IfMatch::Etag("md5:x".to_owned())),
        ..WriteOptions::default()
    };
    let error = backend.delete(&cx, &blue, only).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(azure.blob(&container, &name), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_caller_leaves_no_lock() {
    let azure = Azure::start();
    let (container, cx) = (azure.container(), cx(&azure));
    let backend = open(&azure, &container);
    write(&cx, &backend, &at(), "{}").await.unwrap();
    for millis in [1, 3, 6, 10, 15, 25, 40] {
        let at = at();
        let locking = backend.lock(&cx, &at, LockInfo::new(&cx, "stopped"));
        let taken = tokio::time::timeout(Duration::from_millis(millis), locking).await;
        if let Ok(taken) = taken {
            backend.unlock(&cx, &at, &taken.unwrap()).await.unwrap();
        }
        let start = Instant::now();
        loop {
            let info = LockInfo::new(&cx, "next");
            match backend.lock(&cx, &at, info).await {
                Ok(id) => break backend.unlock(&cx, &at, &id).await.unwrap(),
                Err(e) => assert_eq!(e.kind(), ErrorKind::Locked, "{e:?}"),
            }
            assert!(start.elapsed() < Duration::from_secs(20), "a lock is left");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_of_others_stays() {
    let azure = Azure::start();
    let server = instead(&azure);
    let cx = cx(&azure);
    let head = |more: &[(&'static str, &str)]| {
        let mut headers = vec![
            ("x-ms-meta-team", "red".to_owned()),
            ("x-ms-lease-status", "unlocked".to_owned()),
        ];
        headers.extend(
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        Fault::Answer(200, headers, String::new())
    };
    // Before the lock, under it, and when it is given back.
    server.fault("HEAD", head(&[]));
    server.fault("HEAD", head(&[]));
    server.fault("HEAD", head(&[("x-ms-meta-terraformlockid", "e30=")]));
    let backend = open(&azure, "states");
    write(&cx, &backend, &at(), "{}").await.unwrap();
    let seen = server.seen();
    let puts: Vec<_> = seen.iter().filter(|s| s.method == "PUT").collect();
    // Lease, who has it, the state, nobody has it, no lease.
    let changed: Vec<_> = puts
        .iter()
        .map(|s| {
            (
                s.headers.get("x-ms-meta-team").map(String::as_str),
                s.headers.contains_key("x-ms-meta-terraformlockid"),
                s.headers.contains_key("x-ms-lease-id"),
                s.body.len(),
            )
        })
        .collect();
    assert_eq!(
        changed,
        [
            (None, false, false, 0),
            (Some("red"), true, true, 0),
            (Some("red"), true, true, 2),
            (Some("red"), false, true, 0),
            (None, false, true, 0),
        ]
    );
    assert!(puts[2].headers.contains_key("content-md5"));
}
