//! What goes wrong on the way and in the store.

use super::*;

const LAST: &str = "PUT /infra/prod/terraform.tfstate";

fn answer(status: u16, code: &str) -> Fault {
    let body = format!(
        "<Error><Code>{code}</Code><Message>No, not you.</Message><RequestId>NWQ1</RequestId><TraceId>x</TraceId></Error>"
    );
    Fault::Answer(status, Vec::new(), body)
}

fn api(code: &str) -> Fault {
    let body = json!({"Response": {"Error": {"Code": code, "Message": "No, not you."}, "RequestId": "7-7"}});
    Fault::Answer(200, Vec::new(), body.to_string())
}

#[tokio::test]
async fn a_refusal_names_place_cause_and_permission() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    for (asked, permission) in [
        ("GET", "cos:GetObject"),
        ("PUT", "cos:PutObject"),
        ("DELETE", "cos:DeleteObject"),
        ("prefix", "cos:GetBucket"),
        ("versions", "cos:GetBucketObjectVersions"),
    ] {
        server.buckets().put(BUCKET, STATE, b"{}");
        let fault = |at: &str| server.gateway.fault(at, answer(403, "AccessDenied"));
        let error = match asked {
            "GET" => {
                fault(asked);
                backend.read(&cx, &at()).await.map(|_| ()).unwrap_err()
            }
            "PUT" => {
                fault(LAST);
                put(&cx, &backend, "new").await.unwrap_err()
            }
            "DELETE" => {
                fault("DELETE /infra/prod/terraform.tfstate");
                let at = at();
                let delete = backend.delete(&cx, &at, WriteOptions::default());
                delete.await.unwrap_err()
            }
            "prefix" => {
                fault("prefix");
                backend.workspaces(&cx).await.map(|_| ()).unwrap_err()
            }
            _ => {
                fault("versions");
                backend.versions(&cx, &at()).await.map(|_| ()).unwrap_err()
            }
        };
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
        assert_eq!(place(&error, "permission"), permission);
        assert_eq!(place(&error, "bucket"), BUCKET);
        assert_eq!(place(&error, "code"), "AccessDenied");
        assert_eq!(place(&error, "server"), "No, not you.");
        assert_eq!(place(&error, "request"), "NWQ1");
        assert!(error.hints()[0].contains(permission));
        assert_eq!(server.gateway.without_faults(), 0, "{asked}");
    }
    assert!(server.tags().is_empty());
    assert_eq!(server.buckets().object(BUCKET, LOCK), None);
}

#[tokio::test]
async fn what_the_tag_service_refuses_is_named() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    for (code, kind) in [
        (
            "AuthFailure.UnauthorizedOperation",
            ErrorKind::PermissionDenied,
        ),
        ("UnauthorizedOperation", ErrorKind::PermissionDenied),
        ("AuthFailure.SecretIdNotFound", ErrorKind::Unauthenticated),
        ("AuthFailure.SignatureExpire", ErrorKind::Unauthenticated),
        ("RequestLimitExceeded", ErrorKind::RateLimited),
        ("InternalError", ErrorKind::Unavailable),
        ("FailedOperation", ErrorKind::Unexpected),
    ] {
        server.gateway.fault("POST /", api(code));
        let error = put(&cx, &backend, "{}").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert_eq!(
            (place(&error, "code"), place(&error, "object")),
            (code, LOCK)
        );
        if kind == ErrorKind::PermissionDenied {
            assert_eq!(place(&error, "permission"), "tag:CreateTag");
        }
    }
    assert_eq!(server.buckets().object(BUCKET, STATE), None);
    put(&cx, &backend, "{}").await.unwrap();
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_no_absent_state() {
    let (server, _) = start(true);
    let cx = cx(&server);
    for call in ["read", "write", "delete", "versions", "workspaces"] {
        let backend = open_with(&cx, "other-1250000000", &json!({})).unwrap();
        let error = match call {
            "read" => backend.read(&cx, &at()).await.map(|_| ()),
            "write" => put(&cx, &backend, "{}").await,
            "delete" => backend.delete(&cx, &at(), WriteOptions::default()).await,
            "versions" => backend.versions(&cx, &at()).await.map(|_| ()),
            _ => backend.workspaces(&cx).await.map(|_| ()),
        };
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{call}: {error:?}");
        assert_eq!(place(&error, "bucket"), "other-1250000000");
    }
    assert!(server.tags().is_empty());
}

#[tokio::test]
async fn passing_failures_are_outlived() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    for fault in [
        answer(503, "SlowDown"),
        answer(500, "InternalError"),
        Fault::LoseRequest,
        Fault::LoseAnswer,
    ] {
        for asked in ["GET", LAST, "PUT", "DELETE"] {
            server.gateway.fault(asked, fault.clone());
        }
        put(&cx, &backend, "one").await.unwrap();
        put(&cx, &backend, "two").await.unwrap();
        assert_eq!(get(&cx, &backend).await.unwrap().unwrap(), "two");
    }
    server.gateway.fault("GET", Fault::CutBody);
    assert_eq!(get(&cx, &backend).await.unwrap().unwrap(), "two");
    assert!(server.tags().is_empty());
    assert_eq!(server.buckets().object(BUCKET, LOCK), None);
}

#[tokio::test]
async fn a_damaged_object_is_not_taken_for_a_state() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    for header in ["x-cos-meta-md5", "x-cos-hash-crc64ecma"] {
        let wrong = vec![(header, "17".to_owned())];
        server
            .gateway
            .fault("GET", Fault::Answer(200, wrong, "{}".to_owned()));
        let error = get(&cx, &backend).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().contains("damaged"), "{error}");
    }
    let page = Fault::Answer(200, Vec::new(), "<html>Hello</html>".to_owned());
    server.gateway.fault("GET", page);
    let error = backend.workspaces(&cx).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
}

#[tokio::test]
async fn a_tag_whose_answer_was_lost_is_named() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    server.gateway.fault("POST /", Fault::LoseRequest);
    let error = put(&cx, &backend, "{}").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(place(&error, "tag"), "", "nothing was made");
    server.gateway.fault("POST /", Fault::LoseAnswer);
    let error = put(&cx, &backend, "{}").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let (key, value) = server.tags().into_iter().next().unwrap();
    assert_eq!(place(&error, "tag"), format!("{key}={value}"));
    // Whose it is cannot be seen; so it keeps everybody out, and the error says which.
    let error = put(&cx, &backend, "{}").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert_eq!(place(&error, "tag"), format!("{key}={value}"));
}

#[tokio::test]
async fn the_tag_of_somebody_who_is_taking_the_lock_keeps_others_out() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    let lock = backend
        .lock(&cx, &at(), LockInfo::new(&cx, "x"))
        .await
        .unwrap();
    // printf 'states-1250000000:infra/prod/terraform.tfstate.tflock' | md5sum
    server.tag(
        "tencentcloud-terraform-lock",
        "92426433f5d09b2fdbf01baae6ebb362",
    );
    // Giving a lock back leaves the tag alone.
    backend.unlock(&cx, &at(), &lock).await.unwrap();
    assert_eq!(server.tags().len(), 1);
    let error = put(&cx, &backend, "{}").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error:?}");
    assert!(LockedBy::of(&error).is_none());
}

#[tokio::test]
async fn a_tag_that_could_not_be_taken_away_is_taken_away_with_the_lock() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    let info = LockInfo::new(&cx, "x");
    // Creating goes well, deleting five times not.
    let at = at();
    let creating = backend.lock(&cx, &at, info);
    let failing = async {
        // The first call is let through before the faults are there.
        while server.tags().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        for _ in 0..5 {
            server.gateway.fault("POST /", api("InternalError"));
        }
    };
    let (lock, ()) = tokio::join!(creating, failing);
    let lock = lock.unwrap();
    backend.unlock(&cx, &at, &lock).await.unwrap();
    server.gateway.without_faults();
    assert!(server.tags().is_empty());
}

#[tokio::test]
async fn a_lock_that_is_not_there_after_it_was_made_is_not_held() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    // As it is when a program that gives its lock back takes our tag away, and somebody else's lock takes the place of ours.
    let made = Fault::Answer(200, Vec::new(), String::new());
    server
        .gateway
        .fault("PUT /infra/prod/terraform.tfstate.tflock", made);
    let lock = backend.lock(&cx, &at(), LockInfo::new(&cx, "ours")).await;
    assert_eq!(lock.unwrap_err().kind(), ErrorKind::Locked);
    assert!(server.tags().is_empty());
}

#[tokio::test]
async fn a_lock_that_nobody_waits_for_is_given_back() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    for milliseconds in [0, 1, 3, 6, 10, 20] {
        let at = at();
        let lock = backend.lock(&cx, &at, LockInfo::new(&cx, "x"));
        let patience = std::time::Duration::from_millis(milliseconds);
        if let Ok(taken) = tokio::time::timeout(patience, lock).await {
            backend.unlock(&cx, &at, &taken.unwrap()).await.unwrap();
        }
        let mut tries = 0;
        while !server.tags().is_empty() || server.buckets().object(BUCKET, LOCK).is_some() {
            tries += 1;
            assert!(tries < 500, "a lock is left behind");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn conditions_are_checked_under_the_lock() {
    let (server, backend) = start(false);
    let cx = cx(&server);
    put(&cx, &backend, "one").await.unwrap();
    let only = WriteOptions {
        if_match: Some(IfMatch::Absent),
        ..WriteOptions::default()
    };
    let error = write_with(&cx, &backend, "x", only).await.unwrap_err();
    assert_eq!(
        (error.kind(), place(&error, "object")),
        (ErrorKind::Conflict, STATE)
    );
    assert!(server.tags().is_empty());
}
