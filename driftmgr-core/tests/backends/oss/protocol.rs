//! What is asked, and what is noted.

use super::*;

#[tokio::test]
async fn the_digest_of_a_state_is_noted_beside_its_lock() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    put(&cx, &backend, "one").await.unwrap();
    // printf one | md5sum
    let digest = server.rows().get(DIGEST, "Digest");
    assert_eq!(digest.as_deref(), Some("f97c5d29941bfb1b2fdab0874906ab82"));
    backend
        .delete(&cx, &at(), WriteOptions::default())
        .await
        .unwrap();
    assert_eq!(server.rows().keys().len(), 0);
}

#[tokio::test]
async fn a_state_that_does_not_fit_its_digest_is_read_again() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    put(&cx, &backend, "one").await.unwrap();
    let wrong = "00000000000000000000000000000000";
    server.rows().put(DIGEST, "Digest", wrong);
    let hurried = cx.clone().with_timeout(Duration::from_millis(300));
    let error = get(&hurried, &backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    // What comes late is waited for.
    let late = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        server
            .rows()
            .put(DIGEST, "Digest", "f97c5d29941bfb1b2fdab0874906ab82");
    };
    let (read, ()) = tokio::join!(get(&cx, &backend), late);
    assert_eq!(read.unwrap().unwrap(), "one");
    // And what is no digest counts for nothing.
    server.rows().put(DIGEST, "Digest", "none");
    assert_eq!(get(&cx, &backend).await.unwrap().unwrap(), "one");
}

#[tokio::test]
async fn a_table_that_cannot_be_read_keeps_nobody_from_the_state() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    put(&cx, &backend, "one").await.unwrap();
    server.table_fault("/GetRow", refusal(403, "OTSNoPermissionAccess"));
    assert_eq!(get(&cx, &backend).await.unwrap().unwrap(), "one");
    assert_eq!(server.without_faults(), 0);
}

#[tokio::test]
async fn without_a_table_nothing_is_locked() {
    let (server, _) = start(true);
    let cx = cx(&server);
    let backend = open(&server, &json!({"tablestore_table": null}));
    let error = backend
        .lock(&cx, &at(), LockInfo::new(&cx, "x"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.hints()[0].contains("tablestore_table"));
    let late = write_with(&cx, &backend, "{}", under(LockId("x".to_owned()))).await;
    assert_eq!(late.unwrap_err().kind(), ErrorKind::Conflict);
    put(&cx, &backend, "one").await.unwrap();
    assert!(server.table_seen().is_empty() && server.rows().keys().is_empty());
}

#[tokio::test]
async fn requests_are_signed_for_the_region_that_is_known() {
    let (server, backend) = start(true);
    put(&cx(&server), &backend, "one").await.unwrap();
    for seen in server.gateway.seen() {
        let signature = &seen.headers["authorization"];
        assert!(
            signature.starts_with("OSS4-HMAC-SHA256 Credential=LTAI"),
            "{signature}"
        );
        assert_eq!(
            seen.headers["host"],
            format!("{BUCKET}.oss-{REGION}.aliyuncs.com")
        );
    }
}

#[tokio::test]
async fn names_of_any_kind_are_signed() {
    let (server, _) = start(true);
    let cx = cx(&server);
    for (prefix, key) in [
        ("env:", "a b+c.tfstate"),
        ("ü/€", "%41*(~)!'.tfstate"),
        ("", "x=y&z?.tfstate"),
    ] {
        let backend = open(&server, &json!({"prefix": prefix, "key": key}));
        put(&cx, &backend, key).await.unwrap();
        assert_eq!(get(&cx, &backend).await.unwrap().unwrap(), key);
        assert_eq!(backend.versions(&cx, &at()).await.unwrap().len(), 1);
        assert_eq!(backend.workspaces(&cx).await.unwrap().len(), 1);
        let name = [prefix, key].join("/");
        let name = name.trim_start_matches('/');
        assert_eq!(
            server.buckets().object(BUCKET, name).unwrap(),
            key.as_bytes()
        );
    }
}
