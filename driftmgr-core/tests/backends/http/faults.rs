//! Servers and networks that fail, and clients that stop waiting.

use std::time::{Duration, Instant};

use driftmgr_core::ErrorKind;

use super::*;

fn methods_after(server: &StateServer) -> String {
    server.methods().join(" ")
}

#[tokio::test]
async fn what_passes_is_asked_again() {
    let server = StateServer::start(Behaviour::default());
    server.put(PATH, b"state");
    let backend = open(&server);
    let soon = || vec![("Retry-After", "0".to_owned())];
    for fault in [
        Fault::Answer(429, soon(), String::new()),
        Fault::Answer(503, soon(), String::new()),
        Fault::status(500),
        Fault::status(502),
        Fault::status(504),
        Fault::LoseRequest,
        Fault::LoseAnswer,
        Fault::CutBody,
        Fault::LieAboutDigest,
    ] {
        server.fault("GET", fault.clone());
        server.fault("GET", fault);
        assert_eq!(read(&backend).await.unwrap().unwrap(), "state");
        assert_eq!(methods_after(&server), "GET GET GET");
    }
}

#[tokio::test]
async fn what_does_not_pass_ends_after_retry_max() {
    let server = StateServer::start(Behaviour::default());
    server.put(PATH, b"state");
    let backend = open_with(&cx(), &server, json!({"retry_max": 1})).unwrap();
    for (fault, said) in [
        (Fault::status(500), "failed to read the state"),
        (Fault::LoseRequest, "the connection was lost"),
        (Fault::CutBody, "the connection was lost"),
        (Fault::LieAboutDigest, "does not fit its Content-MD5"),
    ] {
        server.fault("GET", fault.clone());
        server.fault("GET", fault);
        let error = read(&backend).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().contains(said), "{error}");
        assert_eq!(place(&error, "address"), server.url(PATH));
        assert_eq!(methods_after(&server), "GET GET");
    }
}

#[tokio::test]
async fn lasting_answers_are_not_asked_again() {
    let server = StateServer::start(Behaviour::default());
    let backend = open(&server);
    for status in [400, 401, 403, 418, 501] {
        server.fault("GET", Fault::status(status));
        read(&backend).await.unwrap_err();
        assert_eq!(methods_after(&server), "GET");
    }
}

#[tokio::test]
async fn more_than_a_state_can_be_is_not_read() {
    let server = StateServer::start(Behaviour::default());
    server.put(PATH, b"state");
    server.fault("GET", Fault::LieAboutLength((1 << 30) + 1));
    let error = read(&open(&server)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(place(&error, "limit in bytes"), (1_u64 << 30).to_string());
    // An answer that is compressed all the same would be no state.
    let headers = vec![("Content-Encoding", "gzip".to_owned())];
    server.fault("GET", Fault::Answer(200, headers, "\u{1f}".to_owned()));
    let error = read(&open(&server)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_repeated_under_its_lock_only() {
    let server = StateServer::start(Behaviour::default());
    let backend = open(&server);
    server.fault("POST", Fault::LoseAnswer);
    write(&backend, "one").await.unwrap();
    assert_eq!(methods_after(&server), "LOCK POST POST UNLOCK");
    let none = json!({"lock_address": null, "unlock_address": null});
    let backend = open_with(&cx(), &server, none).unwrap();
    server.fault("POST", Fault::LoseAnswer);
    let error = write(&backend, "two").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(methods_after(&server), "POST");
    // Where the server says that it did nothing, it can be asked again.
    server.fault("POST", Fault::status(503));
    write(&backend, "three").await.unwrap();
    assert_eq!(server.state(PATH).unwrap(), b"three");
    server.fault("POST", Fault::status(500));
    write(&backend, "four").await.unwrap_err();
    assert_eq!(server.state(PATH).unwrap(), b"three");
}

#[tokio::test]
async fn a_lock_whose_answer_is_lost_is_ours_all_the_same() {
    let server = StateServer::start(Behaviour::default());
    let backend = open(&server);
    server.fault("LOCK", Fault::LoseAnswer);
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    assert_eq!(server.holder(PATH).unwrap()["ID"], json!(id.0));
    backend.unlock(&cx(), &at(), &id).await.unwrap();
    // Lost for good, it is given back.
    let once = open_with(&cx(), &server, json!({"retry_max": 0})).unwrap();
    server.seen();
    server.fault("LOCK", Fault::LoseAnswer);
    let error = once.lock(&cx(), &at(), info()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(server.holder(PATH), None);
    assert_eq!(methods_after(&server), "LOCK LOCK UNLOCK");
}

#[tokio::test]
async fn a_failed_write_gives_its_lock_back_and_leaves_the_old_state() {
    let server = StateServer::start(Behaviour::default());
    server.put(PATH, b"old");
    let backend = open(&server);
    for fault in [Fault::status(403), Fault::status(413), Fault::status(400)] {
        server.fault("POST", fault);
        write(&backend, "new").await.unwrap_err();
        assert_eq!(server.state(PATH).unwrap(), b"old");
        assert_eq!(server.holder(PATH), None);
    }
}

#[tokio::test]
async fn a_lock_that_cannot_be_given_back_is_told() {
    let server = StateServer::start(Behaviour::default());
    let backend = open(&server);
    server.fault("UNLOCK", Fault::status(403));
    let error = write(&backend, "new").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    let id = server.holder(PATH).unwrap()["ID"].clone();
    assert_eq!(json!(place(&error, "lock")), id);
    assert!(error.hints().iter().any(|h| h.contains("force-unlock")));
    assert_eq!(server.state(PATH).unwrap(), b"new");
}

#[tokio::test]
async fn deadlines_and_cancellation_reach_every_request() {
    let server = StateServer::start(Behaviour::default());
    server.put(PATH, b"old");
    let backend = open(&server);
    let slow = Duration::from_secs(3);
    let start = Instant::now();
    server.fault("GET", Fault::Delay(slow));
    let cx = cx().with_timeout(Duration::from_millis(50));
    let error = backend.read(&cx, &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let cx = super::cx();
    let token = cx.cancellation().clone();
    server.fault("POST", Fault::Delay(slow));
    let soon = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        token.cancel();
    };
    let new = Bytes::from_static(b"new");
    let at = at();
    let write = backend.write(&cx, &at, new, WriteOptions::default());
    let (result, ()) = tokio::join!(write, soon);
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(server.holder(PATH), None, "the lock is given back");
    assert!(start.elapsed() < slow, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_cancelled_lock_leaves_none_behind() {
    let server = StateServer::start(Behaviour::default());
    let backend = open(&server);
    server.fault("LOCK", Fault::Delay(Duration::from_millis(400)));
    let cx = cx().with_timeout(Duration::from_millis(100));
    let error = backend.lock(&cx, &at(), info()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(server.holder(PATH), None);
}

#[tokio::test]
async fn whoever_stops_waiting_leaves_no_lock() {
    let server = StateServer::start(Behaviour::default());
    let backend = open(&server);
    for method in ["LOCK", "POST"] {
        server.fault(method, Fault::Delay(Duration::from_millis(200)));
        let brief = Duration::from_millis(50);
        if method == "LOCK" {
            let (cx, at) = (cx(), at());
            let lock = backend.lock(&cx, &at, info());
            tokio::time::timeout(brief, lock).await.unwrap_err();
        } else {
            tokio::time::timeout(brief, write(&backend, "x"))
                .await
                .unwrap_err();
        }
        let start = Instant::now();
        while server.methods().last().is_none_or(|m| m != "UNLOCK") {
            assert!(start.elapsed() < Duration::from_secs(20), "{method}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let start = Instant::now();
        while server.holder(PATH).is_some() {
            assert!(start.elapsed() < Duration::from_secs(20), "{method}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    assert_eq!(server.state(PATH).unwrap(), b"x");
}

#[tokio::test]
async fn redirects_take_no_credentials_to_another_server() {
    let near = StateServer::start(Behaviour::default());
    let far = StateServer::start(Behaviour::default());
    far.put("/moved", b"moved");
    near.put("/moved", b"near");
    let secret = json!({"username": "me", "password": "pw", "headers": {"X-Token": "tok"}});
    let backend = open_with(&cx(), &near, secret).unwrap();
    let to = |url: String| vec![("Location", url)];
    near.fault(
        "GET",
        Fault::Answer(302, to(far.url("/moved")), String::new()),
    );
    assert_eq!(read(&backend).await.unwrap().unwrap(), "moved");
    let seen = far.seen();
    assert!(!seen[0].headers.contains_key("authorization"));
    assert!(!seen[0].headers.contains_key("x-token"));
    near.seen();
    near.fault(
        "GET",
        Fault::Answer(307, to("/moved".to_owned()), String::new()),
    );
    assert_eq!(read(&backend).await.unwrap().unwrap(), "near");
    let seen = near.seen();
    assert!(
        seen[1].headers.contains_key("authorization") && seen[1].headers.contains_key("x-token")
    );
    // A state goes nowhere else, and is never turned into a GET.
    for (status, url) in [
        (307, far.url("/x")),
        (301, near.url("/x")),
        (302, near.url("/x")),
    ] {
        near.fault("POST", Fault::Answer(status, to(url), String::new()));
        let error = write(&backend, "new").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert!(place(&error, "redirected to").ends_with("/x"));
    }
    assert!(far.seen().is_empty());
    near.seen();
    near.fault(
        "POST",
        Fault::Answer(308, to("/next".to_owned()), String::new()),
    );
    near.set_lock("/next", None);
    let moved = open_with(
        &cx(),
        &near,
        json!({"lock_address": null, "unlock_address": null}),
    );
    write(&moved.unwrap(), "new").await.unwrap();
    assert_eq!(near.state("/next").unwrap(), b"new");
    for _ in 0..11 {
        near.fault(
            "GET",
            Fault::Answer(302, to("/round".to_owned()), String::new()),
        );
    }
    let error = read(&backend).await.unwrap_err();
    assert!(error.message().contains("without an end"), "{error}");
}

#[tokio::test]
async fn nobody_at_home_is_told_with_the_place() {
    let server = StateServer::start(Behaviour::default());
    let url = server.url(PATH);
    let backend = open(&server);
    drop(server);
    let error = read(&backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("cannot be reached"), "{error}");
    assert_eq!(place(&error, "address"), url);
}
