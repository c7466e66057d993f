//! What goes wrong on the way and in the store.

use super::*;

const LAST: &str = "PUT /infra/prod/terraform.tfstate";

fn answer(status: u16, code: &str, more: &str) -> Fault {
    let body = format!(
        "<Error><Code>{code}</Code><Message>No, not you.</Message><RequestId>5C3D</RequestId><HostId>states.oss.test</HostId>{more}</Error>"
    );
    Fault::Answer(status, Vec::new(), body)
}

#[tokio::test]
async fn a_refusal_names_place_cause_and_permission() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    let named =
        "<AccessDeniedDetail><AuthAction>oss:PutObjectAcl</AuthAction></AccessDeniedDetail>";
    for (more, permission) in [("", "oss:PutObject"), (named, "oss:PutObjectAcl")] {
        server
            .gateway
            .fault(LAST, answer(403, "AccessDenied", more));
        let error = put(&cx, &backend, "new").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
        for (name, text) in [
            ("permission", permission),
            ("bucket", BUCKET),
            ("object", STATE),
            ("code", "AccessDenied"),
            ("server", "No, not you."),
            ("request", "5C3D"),
            ("host", "states.oss.test"),
        ] {
            assert_eq!(place(&error, name), text);
        }
        assert!(error.hints()[0].contains(permission));
        assert_eq!(
            server.rows().get(LOCK, "Info"),
            None,
            "the lock is given back"
        );
    }
}

#[tokio::test]
async fn what_the_table_refuses_is_named() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    for (status, code, kind) in [
        (403, "OTSNoPermissionAccess", ErrorKind::PermissionDenied),
        (403, "OTSAuthFailed", ErrorKind::Unauthenticated),
        (404, "OTSObjectNotExist", ErrorKind::NotFound),
        (400, "OTSInvalidPK", ErrorKind::InvalidConfig),
        (403, "OTSQuotaExhausted", ErrorKind::RateLimited),
    ] {
        server.table_fault("/PutRow", refusal(status, code));
        let error = put(&cx, &backend, "{}").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert_eq!(
            (place(&error, "code"), place(&error, "table")),
            (code, TABLE)
        );
        if kind == ErrorKind::PermissionDenied {
            assert_eq!(place(&error, "permission"), "ots:PutRow");
        }
        assert_eq!(place(&error, "server"), "No, not you.");
    }
    assert_eq!(server.buckets().object(BUCKET, STATE), None);
    put(&cx, &backend, "{}").await.unwrap();
    let other = open(&server, &json!({"tablestore_table": "other"}));
    let error = put(&cx, &other, "{}").await.unwrap_err();
    assert_eq!(
        (error.kind(), place(&error, "table")),
        (ErrorKind::NotFound, "other")
    );
}

#[tokio::test]
async fn passing_failures_are_outlived() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    for fault in [
        answer(503, "SlowDown", ""),
        Fault::LoseRequest,
        Fault::LoseAnswer,
    ] {
        for asked in ["GET", LAST, "HEAD"] {
            server.gateway.fault(asked, fault.clone());
        }
        server.table_fault("/GetRow", Fault::LoseAnswer);
        server.table_fault("/DeleteRow", Fault::LoseAnswer);
        put(&cx, &backend, "one").await.unwrap();
        put(&cx, &backend, "two").await.unwrap();
        assert_eq!(get(&cx, &backend).await.unwrap().unwrap(), "two");
    }
    assert_eq!(server.rows().get(LOCK, "Info"), None);
}

#[tokio::test]
async fn a_lock_whose_answer_was_lost_is_given_back() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    server.table_fault("/PutRow", Fault::LoseAnswer);
    let error = put(&cx, &backend, "one").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(server.rows().get(LOCK, "Info"), None);
    put(&cx, &backend, "one").await.unwrap();
}

#[tokio::test]
async fn somebody_elses_lock_is_not_given_back() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    let id = backend
        .lock(&cx, &at(), LockInfo::new(&cx, "x"))
        .await
        .unwrap();
    let other = LockInfo::new(&cx, "theirs");
    let json = serde_json::to_string(&other).unwrap();
    server.rows().put(LOCK, "Info", &json);
    let error = backend.unlock(&cx, &at(), &id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let error = write_with(&cx, &backend, "{}", under(id))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(server.rows().get(LOCK, "Info"), Some(json));
    // A row that is none of the programs' keeps out, too.
    server.rows().put(LOCK, "Info", "by hand");
    let error = put(&cx, &backend, "{}").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(LockedBy::of(&error).is_none());
}

#[tokio::test]
async fn a_digest_that_could_not_be_noted_is_told() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    let id = backend
        .lock(&cx, &at(), LockInfo::new(&cx, "x"))
        .await
        .unwrap();
    server.table_fault("/PutRow", refusal(403, "OTSNoPermissionAccess"));
    let error = write_with(&cx, &backend, "one", under(id.clone()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(
        error.hints().iter().any(|hint| hint.contains("digest")),
        "{error:?}"
    );
    // To write the same once more notes it.
    write_with(&cx, &backend, "one", under(id)).await.unwrap();
    assert!(server.rows().get(DIGEST, "Digest").is_some());
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_no_absent_state() {
    let (server, _) = start(true);
    let cx = cx(&server);
    let other = || open_with(&cx, &server, "other", &json!({})).unwrap();
    let error = get(&cx, &other()).await.unwrap_err();
    assert_eq!(
        (error.kind(), place(&error, "bucket")),
        (ErrorKind::NotFound, "other")
    );
    let error = put(&cx, &other(), "{}").await.unwrap_err();
    assert_eq!(
        (error.kind(), place(&error, "bucket")),
        (ErrorKind::NotFound, "other")
    );
    let deleted = other().delete(&cx, &at(), WriteOptions::default()).await;
    assert_eq!(deleted.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_lock_that_nobody_waits_for_is_given_back() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    for milliseconds in [0, 1, 3, 6, 10] {
        let at = at();
        let lock = backend.lock(&cx, &at, LockInfo::new(&cx, "x"));
        let patience = Duration::from_millis(milliseconds);
        if let Ok(taken) = tokio::time::timeout(patience, lock).await {
            backend.unlock(&cx, &at, &taken.unwrap()).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut tries = 0;
        while server.rows().get(LOCK, "Info").is_some() {
            tries += 1;
            assert!(tries < 500, "a lock is left behind");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
