//! What goes wrong, told with its place, its cause and a way out.

use super::*;

/// A deadline so near that nothing is repeated.
fn hurried() -> Context {
    cx().with_timeout(Duration::from_millis(450))
}

fn refusal(code: u16, reason: &str, message: &str) -> Fault {
    let body = json!({"error": {"code": code, "message": message, "errors": [
        {"domain": "global", "reason": reason, "message": message}
    ]}});
    Fault::Answer(code, Vec::new(), body.to_string())
}

async fn read_after(fault: Fault) -> Error {
    let server = StateServer::start(Behaviour::default());
    server.fault("GET", fault);
    let backend = told(&hurried(), &server, &json!({})).unwrap();
    backend.read(&hurried(), &at()).await.unwrap_err()
}

#[tokio::test]
async fn a_bucket_that_is_missing_is_named() {
    let server = FakeGcs::start();
    let gone = open(&server, "gone");
    for error in [
        gone.read(&cx(), &at()).await.unwrap_err(),
        gone.workspaces(&cx()).await.unwrap_err(),
        gone.versions(&cx(), &at()).await.unwrap_err(),
        gone.ask_versioning(&cx()).await.unwrap_err(),
        put(&gone, "x").await.unwrap_err(),
        gone.delete(&cx(), &at(), WriteOptions::default())
            .await
            .unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
        assert!(
            error.message().contains("the bucket does not exist"),
            "{error}"
        );
        assert_eq!(place(&error, "bucket"), "gone");
        assert!(error.hints()[0].contains("create the bucket"));
    }
}

#[tokio::test]
async fn a_404_is_of_the_object_where_the_server_says_so_or_the_bucket_is_there() {
    // Answers of Cloud Storage, the first in words only, as for `alt=media`.
    for (first, second, absent) in [
        (
            Fault::Answer(404, Vec::new(), "No such object: states/x".to_owned()),
            None,
            true,
        ),
        (
            Fault::Answer(404, Vec::new(), "Not Found".to_owned()),
            Some(Fault::Answer(200, Vec::new(), "{}".to_owned())),
            true,
        ),
        (
            Fault::Answer(404, Vec::new(), "Not Found".to_owned()),
            Some(Fault::status(403)),
            true,
        ),
        (
            refusal(404, "notFound", "The specified bucket does not exist."),
            Some(Fault::status(404)),
            false,
        ),
    ] {
        let server = StateServer::start(Behaviour::default());
        server.fault("GET", first);
        if let Some(second) = second {
            server.fault("GET", second);
        }
        let backend = told(&cx(), &server, &json!({})).unwrap();
        match backend.read(&cx(), &at()).await {
            Ok(state) => assert!(absent && state.is_none()),
            Err(error) => {
                assert!(!absent, "{error}");
                assert_eq!(error.kind(), ErrorKind::NotFound);
                assert_eq!(
                    place(&error, "server"),
                    "The specified bucket does not exist."
                );
            }
        }
    }
}

#[tokio::test]
async fn each_refusal_has_its_kind_and_names_what_is_missing() {
    for (fault, kind, says, hint) in [
        (
            refusal(401, "authError", "Invalid Credentials"),
            ErrorKind::Unauthenticated,
            "the access token is not accepted",
            "set `access_token`, or GOOGLE_OAUTH_ACCESS_TOKEN, to a new one",
        ),
        (
            refusal(
                403,
                "forbidden",
                "sa@p.iam.gserviceaccount.com does not have storage.objects.get access to the Google Cloud Storage object. Permission 'storage.objects.get' denied on resource (or it may not exist).",
            ),
            ErrorKind::PermissionDenied,
            "permission storage.objects.get",
            "grant `storage.objects.get`",
        ),
        (
            refusal(
                403,
                "forbidden",
                "Permission denied on Cloud KMS key. Permission 'cloudkms.cryptoKeyVersions.useToDecrypt' denied on resource 'k' (or it may not exist).",
            ),
            ErrorKind::PermissionDenied,
            "permission cloudkms.cryptoKeyVersions.useToDecrypt",
            "grant `cloudkms.cryptoKeyVersions.useToDecrypt`",
        ),
        (
            Fault::status(403),
            ErrorKind::PermissionDenied,
            "permission storage.objects.get",
            "grant `storage.objects.get`",
        ),
        (
            refusal(
                400,
                "resourceIsEncryptedWithCustomerEncryptionKey",
                "The target object is encrypted by a customer-supplied encryption key.",
            ),
            ErrorKind::InvalidConfig,
            "another customer's key",
            "set `encryption_key`",
        ),
        (
            refusal(
                429,
                "rateLimitExceeded",
                "The object exceeded the rate limit for object mutation operations.",
            ),
            ErrorKind::RateLimited,
            "slow down",
            "",
        ),
        (
            refusal(403, "userRateLimitExceeded", "Rate limit exceeded"),
            ErrorKind::RateLimited,
            "slow down",
            "",
        ),
        (
            refusal(
                400,
                "UserProjectMissing",
                "Bucket is a requester pays bucket but no user project provided.",
            ),
            ErrorKind::Unsupported,
            "requester pay",
            "",
        ),
        (
            Fault::status(503),
            ErrorKind::Unavailable,
            "the server failed",
            "",
        ),
        (
            Fault::Answer(
                502,
                Vec::new(),
                "<html><b>Bad Gateway</b></html>".to_owned(),
            ),
            ErrorKind::Unavailable,
            "status 502",
            "",
        ),
        (
            Fault::Answer(200, Vec::new(), "<html>Please sign in</html>".to_owned()),
            ErrorKind::Unexpected,
            "the answer is not one of Cloud Storage",
            "whether a proxy answers",
        ),
    ] {
        let error = read_after(fault).await;
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(!error.to_string().contains('<'), "{error}");
        assert_eq!(place(&error, "bucket"), "states");
        assert_eq!(place(&error, "object"), STATE);
        assert_eq!(error.operation(), Some("backend.read"));
        if !hint.is_empty() {
            assert!(error.hints()[0].contains(hint), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_page_is_no_list_and_no_object() {
    let server = StateServer::start(Behaviour::default());
    let page = || Fault::Answer(200, Vec::new(), "<html>Please sign in</html>".to_owned());
    let backend = told(&cx(), &server, &json!({})).unwrap();
    server.fault("GET", page());
    let error = backend.workspaces(&cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected, "{error:?}");
    server.fault("GET", page());
    let error = backend.ask_versioning(&cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected, "{error:?}");
    server.fault("POST", page());
    let error = put(&backend, "{}").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected, "{error:?}");
}

#[tokio::test]
async fn bytes_that_do_not_fit_their_checksum_are_no_state() {
    for hash in [
        // That of nothing at all.
        "crc32c=AAAAAA==",
        "md5=1B2M2Y8AsgTpgAmY7PhCfg==",
    ] {
        let headers = vec![
            ("x-goog-generation", "1".to_owned()),
            ("x-goog-hash", hash.to_owned()),
        ];
        let error = read_after(Fault::Answer(200, headers, "{}".to_owned())).await;
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().contains("damaged"), "{error}");
    }
}

#[tokio::test]
async fn what_was_stored_is_what_was_sent_or_it_is_said() {
    let server = StateServer::start(Behaviour::default());
    let answer = |body: Value| Fault::Answer(200, Vec::new(), body.to_string());
    server.fault("GET", answer(json!({"name": "x", "generation": "11"})));
    server.fault("GET", answer(json!({"name": "x", "generation": "5"})));
    server.fault(
        "POST",
        answer(json!({"name": "x", "generation": "6", "crc32c": "AAAAAA=="})),
    );
    let backend = told(&cx(), &server, &json!({})).unwrap();
    let options = under(LockId("11".to_owned()));
    let written = write_with(&backend, "{}", options);
    let error = written.await.unwrap_err();
    assert!(error.message().contains("checksums differ"), "{error}");
    assert_eq!(place(&error, "object"), STATE);
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_again() {
    let server = StateServer::start(Behaviour::default());
    server.fault("GET", Fault::LoseRequest);
    server.fault("GET", Fault::status(503));
    let headers = vec![("x-goog-generation", "1".to_owned())];
    server.fault("GET", Fault::Answer(200, headers, "there".to_owned()));
    let backend = told(&cx(), &server, &json!({})).unwrap();
    assert_eq!(get(&backend).await.as_deref(), Some("there"));
    drop(server);
    let error = backend.read(&hurried(), &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert_eq!(place(&error, "bucket"), "states");
}

#[tokio::test]
async fn a_call_ends_with_its_context() {
    let server = StateServer::start(Behaviour::default());
    let backend = told(&cx(), &server, &json!({})).unwrap();
    server.fault("GET", Fault::Delay(Duration::from_secs(2)));
    let start = Instant::now();
    let error = backend.read(&hurried(), &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    server.fault("GET", Fault::Delay(Duration::from_secs(2)));
    let cx = cx();
    let stop = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        cx.cancellation().cancel();
    };
    let at = at();
    let (read, ()) = tokio::join!(backend.read(&cx, &at), stop);
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(start.elapsed() < Duration::from_secs(2));
}
