//! What goes over the wire, and what each answer means.

use driftmgr_core::ErrorKind;
use driftmgr_core::backend::{IfMatch, LockedBy};

use super::*;

#[tokio::test]
async fn a_read_is_one_get() {
    let server = StateServer::start(Behaviour::default());
    server.put(PATH, b"{\"version\": 4}");
    let backend = open(&server);
    assert_eq!(read(&backend).await.unwrap().unwrap(), "{\"version\": 4}");
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].method.as_str(), seen[0].target.as_str()),
        ("GET", PATH)
    );
    assert!(seen[0].headers["user-agent"].starts_with("driftmgr/"));
    assert!(!seen[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_write_is_locked_named_and_digested() {
    let server = StateServer::start(Behaviour::default());
    let backend = open_with(
        &cx(),
        &server,
        json!({"address": server.url("/state/prod?a=1&ID=x")}),
    );
    let backend = backend.unwrap();
    write(&backend, "{}").await.unwrap();
    let seen = server.seen();
    let methods: Vec<&str> = seen.iter().map(|s| s.method.as_str()).collect();
    assert_eq!(methods, ["LOCK", "POST", "UNLOCK"]);
    let lock: Value = serde_json::from_slice(&seen[0].body).unwrap();
    let back: Value = serde_json::from_slice(&seen[2].body).unwrap();
    assert_eq!(lock, back);
    assert_eq!(lock["Who"], "me@here");
    let id = lock["ID"].as_str().unwrap();
    assert_eq!(seen[1].target, format!("/state/prod?a=1&ID={id}"));
    // printf '{}' | openssl md5 -binary | base64
    assert_eq!(seen[1].headers["content-md5"], "mZFLkyvTelC5g8XnyQrpOw==");
    assert_eq!(seen[1].headers["content-type"], "application/json");
    assert_eq!(server.state(PATH).unwrap(), b"{}");
    assert_eq!(server.holder(PATH), None);
}

#[tokio::test]
async fn methods_and_addresses_are_the_arguments() {
    let server = StateServer::start(Behaviour::default());
    let backend = open_with(
        &cx(),
        &server,
        json!({"update_method": "PUT", "lock_method": "POST", "unlock_method": "DELETE",
               "lock_address": server.url("/lock"), "unlock_address": server.url("/unlock")}),
    )
    .unwrap();
    server.fault("POST", Fault::status(200));
    server.fault("PUT", Fault::status(200));
    server.fault("DELETE", Fault::status(200));
    write(&backend, "x").await.unwrap();
    let seen = server.seen();
    let places: Vec<String> = seen
        .iter()
        .map(|s| format!("{} {}", s.method, s.target.split('?').next().unwrap()))
        .collect();
    assert_eq!(places, ["POST /lock", "PUT /state/prod", "DELETE /unlock"]);
}

#[tokio::test]
async fn credentials_go_with_every_request() {
    let basic = ("Authorization".to_owned(), "Basic bWU6cHc6MQ==".to_owned());
    let server = StateServer::start(Behaviour {
        wanted: vec![basic, ("X-Team".to_owned(), "red".to_owned())],
        ..Behaviour::default()
    });
    let headers = json!({"x-team": "red"});
    let with = |more: Value| {
        let mut all = json!({"headers": headers});
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        open_with(&cx(), &server, all).unwrap()
    };
    let named = with(json!({"username": "me", "password": "pw:1"}));
    write(&named, "one").await.unwrap();
    let user = |path: &str| format!("http://me:pw%3A1@{}{path}", server.authority());
    let in_address = with(json!({
        "address": user(PATH), "lock_address": user(PATH), "unlock_address": user(PATH)
    }));
    write(&in_address, "two").await.unwrap();
    let header = open_with(
        &cx(),
        &server,
        json!({"headers": {"X-Team": "red", "Authorization": "Basic bWU6cHc6MQ=="}}),
    );
    assert_eq!(read(&header.unwrap()).await.unwrap().unwrap(), "two");
    let variables = [("TF_HTTP_USERNAME", "me"), ("TF_HTTP_PASSWORD", "pw:1")];
    let cx = Context::new(Environment::from_variables(variables));
    let from_environment = open_with(&cx, &server, json!({"headers": headers})).unwrap();
    assert_eq!(read(&from_environment).await.unwrap().unwrap(), "two");
    let error = read(&open(&server)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.hints()[0].contains("TF_HTTP_USERNAME"), "{error:?}");
}

#[tokio::test]
async fn refusals_name_place_cause_and_way_out() {
    let server = StateServer::start(Behaviour::default());
    let backend = open_with(&cx(), &server, json!({"retry_max": 0})).unwrap();
    for (status, kind) in [
        (400, ErrorKind::Unexpected),
        (401, ErrorKind::Unauthenticated),
        (403, ErrorKind::PermissionDenied),
        (405, ErrorKind::InvalidConfig),
        (418, ErrorKind::Unexpected),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Unavailable),
        (503, ErrorKind::Unavailable),
    ] {
        let said = json!({"message": "needs role Maintainer"}).to_string();
        for method in ["GET", "POST", "LOCK"] {
            let headers = vec![("Retry-After", "7".to_owned())];
            server.fault(method, Fault::Answer(status, headers, said.clone()));
            let error = match method {
                "GET" => read(&backend).await.unwrap_err(),
                _ => write(&backend, "{}").await.unwrap_err(),
            };
            assert_eq!(error.kind(), kind, "{method} {status}");
            assert_eq!(place(&error, "address"), server.url(PATH));
            assert!(place(&error, "status").starts_with(&status.to_string()));
            assert_eq!(place(&error, "server"), "needs role Maintainer");
            assert_eq!(place(&error, "retry after seconds"), "7");
            assert!(error.operation().unwrap().starts_with("backend."));
            assert_eq!(server.holder(PATH), None, "no lock is left behind");
        }
    }
    server.fault("GET", Fault::status(206));
    assert_eq!(
        read(&backend).await.unwrap_err().kind(),
        ErrorKind::Unexpected
    );
    server.fault("POST", Fault::status(202));
    assert_eq!(
        write(&backend, "{}").await.unwrap_err().kind(),
        ErrorKind::Unexpected
    );
    assert_eq!(server.state(PATH), None);
}

#[tokio::test]
async fn a_holder_that_left_nothing_is_met_all_the_same() {
    for body in ["", "not JSON", "{}", "[]"] {
        let server = StateServer::start(Behaviour {
            tells_holder: false,
            ..Behaviour::default()
        });
        let backend = open(&server);
        let id = backend.lock(&cx(), &at(), info()).await.unwrap();
        server.fault("LOCK", Fault::Answer(423, Vec::new(), body.to_owned()));
        let error = backend.lock(&cx(), &at(), info()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked, "{body}");
        assert_eq!(LockedBy::of(&error), None);
        // The id goes along, and the server decides.
        write_under(&backend, &id, "{}").await.unwrap();
        let other = LockId("other".to_owned());
        let error = write_under(&backend, &other, "x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        let error = backend.unlock(&cx(), &at(), &other).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        backend.unlock(&cx(), &at(), &id).await.unwrap();
        assert_eq!(server.holder(PATH), None);
    }
}

#[tokio::test]
async fn a_lost_lock_is_noticed_even_where_the_server_compares_nothing() {
    let server = StateServer::start(Behaviour {
        compares_ids: false,
        ..Behaviour::default()
    });
    let backend = open(&server);
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    // Somebody forced it open, and somebody else has it now.
    let other = json!({"ID": "theirs", "Who": "you@there"});
    for holder in [Some(other), None] {
        server.set_lock(PATH, holder.clone());
        let error = write_under(&backend, &id, "late").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        let error = backend.unlock(&cx(), &at(), &id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(server.state(PATH), None);
        assert_eq!(server.holder(PATH), holder, "theirs is not touched");
    }
}

#[tokio::test]
async fn without_locks_nothing_pretends_to_be_safe() {
    let server = StateServer::start(Behaviour::default());
    let none = json!({"lock_address": "", "unlock_address": ""});
    let backend = open_with(&cx(), &server, none).unwrap();
    assert!(!backend.capability().lock && !backend.capability().if_match);
    write(&backend, "one").await.unwrap();
    assert_eq!(server.methods(), ["POST"]);
    let error = backend.lock(&cx(), &at(), info()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let options = WriteOptions {
        if_match: Some(IfMatch::Absent),
        ..WriteOptions::default()
    };
    let new = Bytes::from_static(b"two");
    let error = backend.write(&cx(), &at(), new, options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(server.state(PATH).unwrap(), b"one");
}

#[tokio::test]
async fn half_a_lock_is_for_reading_only() {
    let server = StateServer::start(Behaviour::default());
    server.put(PATH, b"there");
    let backend = open_with(&cx(), &server, json!({"unlock_address": null})).unwrap();
    assert!(!backend.capability().write && !backend.capability().lock);
    assert_eq!(read(&backend).await.unwrap().unwrap(), "there");
    let error = write(&backend, "new").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(server.methods(), ["GET"]);
}

#[tokio::test]
async fn there_is_one_state() {
    let server = StateServer::start(Behaviour::default());
    let backend = open(&server);
    let other = StateRef::current("prod".parse().unwrap());
    let error = backend.read(&cx(), &other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let error = backend.lock(&cx(), &other, info()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let error = backend
        .read(&cx(), &at().at_version("1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = backend.versions(&cx(), &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let empty = backend
        .write(&cx(), &at(), Bytes::new(), WriteOptions::default())
        .await;
    assert_eq!(empty.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(server.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_writers_lose_nothing() {
    let server = StateServer::start(Behaviour::default());
    crate::managed::writers::all_at_once(|| open(&server)).await;
}

#[tokio::test]
async fn what_was_there_is_put_back() {
    let server = StateServer::start(Behaviour::default());
    crate::managed::damaged::what_was_there_is_put_back(open(&server)).await;
}

#[tokio::test]
async fn a_state_that_the_server_knows_by_a_strong_etag_is_not_sent_again() {
    for (etag, asks) in [(Some(""), true), (Some("W/"), false), (None, false)] {
        let server = StateServer::start(Behaviour {
            etag,
            ..Behaviour::default()
        });
        let backend = open(&server);
        server.put(PATH, b"one");
        let one = backend.read(&cx(), &at()).await.unwrap().unwrap();
        let known = one.etag.unwrap();
        let again = backend.read_if_changed(&cx(), &at(), &known).await.unwrap();
        assert_eq!(again, IfChanged::Unchanged);
        let conditional = |seen: &Seen| seen.headers.contains_key("if-none-match");
        assert_eq!(
            server.seen().iter().filter(|s| conditional(s)).count(),
            usize::from(asks)
        );
        server.put(PATH, b"two");
        let again = backend.read_if_changed(&cx(), &at(), &known).await.unwrap();
        let IfChanged::Changed(Some(two)) = again else {
            panic!("{etag:?}: {again:?}");
        };
        assert_eq!(&*two.bytes, b"two");
        // What was read before the last is not what the server is asked for.
        server.put(PATH, b"one");
        let again = backend.read_if_changed(&cx(), &at(), &known).await.unwrap();
        assert_eq!(again, IfChanged::Unchanged);
    }
}
