//! Sessions: renewed while they are held, gone with their holder, and given back by their id.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn the_lock_is_a_session_and_leaves_nothing() {
    let server = Consul::start(Behaviour::default());
    let backend = open(&server);
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    assert_eq!(server.session("tf/net/.lock"), Some(id.0.clone()));
    let info: Value = serde_json::from_slice(&server.value("tf/net/.lockinfo").unwrap()).unwrap();
    assert_eq!(info["ID"], json!(id.0));
    assert_eq!(info["Info"], json!(format!("consul session: {id}")));
    assert_eq!(info["Path"], json!(PATH));
    // From another process.
    open(&server).unlock(&cx(), &at(), &id).await.unwrap();
    assert_eq!((server.keys().len(), server.sessions()), (0, 0));
    write(&backend, &b"{}"[..]).await.unwrap();
    assert_eq!(server.sessions(), 0);
}

#[tokio::test]
async fn a_lock_is_renewed_while_it_is_held() {
    let server = Consul::start(Behaviour::default());
    let backend = open(&server);
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    // Longer than its session lives by itself.
    tokio::time::sleep(Duration::from_secs(17)).await;
    write_under(&backend, &id, &b"{}"[..]).await.unwrap();
    drop(backend);
    // And no longer than its holder, by much.
    tokio::time::sleep(Duration::from_secs(16)).await;
    assert_eq!(server.sessions(), 0);
    assert_eq!(server.session("tf/net/.lock"), None);
}

#[tokio::test]
async fn a_lock_that_was_lost_admits_nothing() {
    let server = Consul::start(Behaviour::default());
    let backend = open(&server);
    write(&backend, &b"before"[..]).await.unwrap();
    for bytes in [Bytes::from_static(b"late"), noise(600_000)] {
        let id = backend.lock(&cx(), &at(), info()).await.unwrap();
        server.end_sessions();
        let error = write_under(&backend, &id, bytes).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
        assert_eq!(place(&error, "lock"), id.0);
        let options = WriteOptions {
            lock: Some(id.clone()),
            ..WriteOptions::default()
        };
        let error = backend.delete(&cx(), &at(), options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        // Nobody holds it, and nobody gets it yet.
        let error = backend.lock(&cx(), &at(), info()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked);
        assert!(LockedBy::of(&error).is_none());
        assert!(error.hints().iter().any(|hint| hint.contains("5 s more")));
        server.without_delays();
    }
    assert_eq!(read(&backend).await.unwrap().unwrap(), "before");
    write(&backend, &b"after"[..]).await.unwrap();
}

#[tokio::test]
async fn a_session_without_a_word_is_named_by_its_id() {
    let server = Consul::start(Behaviour::default());
    let backend = open(&server);
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    server.put("tf/net/.lockinfo", b"damaged");
    let error = write(&backend, &b"{}"[..]).await.unwrap_err();
    assert_eq!(LockedBy::of(&error).unwrap().id, id.0);
}

#[tokio::test]
async fn without_locks_nothing_is_locked() {
    let server = Consul::start(Behaviour::default());
    let backend = open_with(&server, json!({"lock": false}));
    let error = backend.lock(&cx(), &at(), info()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    write(&backend, &b"{}"[..]).await.unwrap();
    assert_eq!(server.keys(), [PATH]);
    let id = LockId("x".to_owned());
    let error = write_under(&backend, &id, &b"{}"[..]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_writers_lose_nothing() {
    let server = Arc::new(Consul::start(Behaviour::default()));
    let writers = (0..50).map(|n| {
        let backend = open(&server);
        async move {
            loop {
                let state = backend.read(&cx(), &at()).await.unwrap();
                let mut bytes = state.as_ref().map_or_else(Vec::new, |s| s.bytes.to_vec());
                bytes.extend(format!("{n}\n").bytes());
                let condition = state.map_or(IfMatch::Absent, |s| IfMatch::Etag(s.etag.unwrap()));
                let options = WriteOptions {
                    if_match: Some(condition),
                    ..WriteOptions::default()
                };
                match backend.write(&cx(), &at(), bytes.into(), options).await {
                    Ok(_) => return,
                    Err(error) => assert!(
                        matches!(error.kind(), ErrorKind::Locked | ErrorKind::Conflict),
                        "{error}"
                    ),
                }
            }
        }
    });
    futures::future::join_all(writers).await;
    let all = read(&open(&server)).await.unwrap().unwrap();
    let text = String::from_utf8(all.to_vec()).unwrap();
    let mut lines: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, (0..50).collect::<Vec<_>>());
    assert_eq!(server.sessions(), 0);
}
