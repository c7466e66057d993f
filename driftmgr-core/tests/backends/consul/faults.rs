//! What goes wrong, told with its place, its cause and a way out; and nothing is lost by it.

use std::time::Duration;

use super::*;

fn answer(status: u16, text: &str) -> Fault {
    Fault::Answer(status, Vec::new(), text.to_owned())
}

/// A deadline so near that nothing is repeated.
fn hurried() -> Context {
    cx().with_timeout(Duration::from_millis(150))
}

#[tokio::test]
async fn each_refusal_has_its_kind_and_names_what_is_missing() {
    let server = Consul::start(Behaviour::default());
    let backend = open(&server);
    for (fault, kind, says, hint) in [
        (
            answer(401, ""),
            ErrorKind::Unauthenticated,
            "who asks",
            "CONSUL_HTTP_AUTH",
        ),
        (
            answer(403, "ACL not found"),
            ErrorKind::Unauthenticated,
            "does not know the token",
            "CONSUL_HTTP_TOKEN",
        ),
        (
            answer(403, "Permission denied"),
            ErrorKind::PermissionDenied,
            "does not allow it",
            "`key:read`",
        ),
        (
            answer(
                403,
                "Permission denied: token with AccessorID 'x' lacks permission 'key:list' on \"tf\"",
            ),
            ErrorKind::PermissionDenied,
            "permission key:list",
            "`key:list`",
        ),
        (
            answer(500, "No path to datacenter"),
            ErrorKind::InvalidConfig,
            "no such datacenter",
            "`datacenter`",
        ),
        (
            answer(400, "Bad request"),
            ErrorKind::InvalidConfig,
            "server Bad request",
            "",
        ),
        (
            answer(200, "<html>"),
            ErrorKind::Unexpected,
            "not one of Consul",
            "a proxy",
        ),
        (
            answer(200, "[]"),
            ErrorKind::Unexpected,
            "not one of Consul",
            "`address`",
        ),
    ] {
        server.server.fault("GET", fault);
        // What an error of the server is repeated for has to go by.
        let error = match kind {
            ErrorKind::InvalidConfig if says.contains("datacenter") => {
                for _ in 0..4 {
                    server
                        .server
                        .fault("GET", answer(500, "No path to datacenter"));
                }
                backend.read(&cx(), &at()).await.unwrap_err()
            }
            _ => backend.read(&cx(), &at()).await.unwrap_err(),
        };
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.hints().join(" ").contains(hint), "{error:?}");
        assert!(
            place(&error, "address").contains("/v1/kv/tf/net"),
            "{error}"
        );
        assert_eq!(error.operation(), Some("backend.read"));
    }
}

#[tokio::test]
async fn a_missing_permission_is_named_by_the_server() {
    let server = Consul::start(Behaviour {
        denied: Some("session"),
        ..Behaviour::default()
    });
    let error = write(&open(&server), &b"{}"[..]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(place(&error, "permission"), "session:write");
    let server = Consul::start(Behaviour {
        denied: Some("tf/"),
        ..Behaviour::default()
    });
    let error = read(&open(&server)).await.unwrap_err();
    assert_eq!(place(&error, "permission"), "key:read");
    assert!(place(&error, "server").contains("lacks permission"));
}

#[tokio::test]
async fn what_is_passing_is_asked_again() {
    let server = Consul::start(Behaviour::default());
    let backend = open(&server);
    write(&backend, &b"{}"[..]).await.unwrap();
    for fault in [
        answer(500, "No cluster leader"),
        answer(429, ""),
        Fault::LoseRequest,
        Fault::LoseAnswer,
        Fault::CutBody,
    ] {
        server.server.fault("GET", fault);
        assert_eq!(read(&backend).await.unwrap().unwrap(), "{}");
    }
    server.server.fault("GET", answer(503, ""));
    let error = backend.read(&hurried(), &at()).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout),
        "{error:?}"
    );
}

/// Faults at each request of a write, one after the other: the state is the old or the new one, and in the end nobody holds the lock.
#[tokio::test]
async fn a_write_that_fails_anywhere_leaves_the_old_or_the_new_state() {
    for fault in [
        answer(500, "x"),
        answer(403, "x"),
        Fault::LoseRequest,
        Fault::LoseAnswer,
        Fault::CutBody,
    ] {
        for size in [10, 600_000] {
            let server = Consul::start(Behaviour::default());
            let backend = open(&server);
            let (old, new) = (noise(size), noise(size + 1));
            write(&backend, old.clone()).await.unwrap();
            let mut met = 0;
            for asked in [
                "PUT /v1/session/create",
                "PUT /v1/txn",
                "GET /v1/kv/tf/net",
                "PUT /v1/kv/",
                "PUT /v1/session/destroy",
                "DELETE",
            ] {
                server.server.fault(asked, fault.clone());
                let done = write(&backend, new.clone()).await;
                met += 1 - server.server.without_faults();
                let seen = read(&backend).await.unwrap().unwrap();
                match done {
                    Ok(()) => assert!(seen == new, "{asked}"),
                    Err(_) => assert!(seen == old || seen == new, "{asked}"),
                }
                assert_eq!(server.session("tf/net/.lock"), None, "{asked}");
                write(&backend, old.clone()).await.unwrap();
            }
            assert!(met >= 4, "only {met} were met");
        }
    }
}

#[tokio::test]
async fn a_state_whose_answer_was_lost_is_written_once() {
    let server = Consul::start(Behaviour::default());
    let backend = open_with(&server, json!({"lock": false}));
    let condition = |condition| WriteOptions {
        if_match: Some(condition),
        ..WriteOptions::default()
    };
    server.server.fault("PUT /v1/txn", Fault::LoseAnswer);
    let one = Bytes::from_static(b"one");
    let written = backend
        .write(&cx(), &at(), one, condition(IfMatch::Absent))
        .await
        .unwrap();
    let etag = backend.read(&cx(), &at()).await.unwrap().unwrap().etag;
    assert_eq!(written.etag, etag);
    server.server.fault("PUT /v1/txn", Fault::LoseAnswer);
    let etag = IfMatch::Etag(etag.unwrap());
    backend.delete(&cx(), &at(), condition(etag)).await.unwrap();
    assert_eq!(read(&backend).await.unwrap(), None);
}

#[tokio::test]
async fn cancellation_reaches_every_request() {
    let server = Consul::start(Behaviour::default());
    let backend = open(&server);
    write(&backend, &b"{}"[..]).await.unwrap();
    let cancelled = cx();
    cancelled.cancellation().cancel();
    server.server.seen();
    let late = |error: Error| assert_eq!(error.kind(), ErrorKind::Cancelled);
    late(backend.read(&cancelled, &at()).await.unwrap_err());
    late(backend.workspaces(&cancelled).await.unwrap_err());
    late(backend.lock(&cancelled, &at(), info()).await.unwrap_err());
    let options = WriteOptions::default();
    late(
        backend
            .delete(&cancelled, &at(), options)
            .await
            .unwrap_err(),
    );
    assert_eq!(server.server.seen(), []);
}
