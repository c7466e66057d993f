//! Keys of roles.

use super::*;

#[tokio::test]
async fn a_role_is_assumed_once_for_many_requests() {
    let (server, _) = start(true);
    let cx = cx(&server);
    let role = json!({
        "role_arn": ROLE, "session_name": "nightly", "session_duration": 900, "policy": "{\"a\": 1}", "external_id": "x-1",
    });
    let backend = open_with(&cx, BUCKET, &json!({ "assume_role": role })).unwrap();
    put(&cx, &backend, "one").await.unwrap();
    assert_eq!(get(&cx, &backend).await.unwrap().unwrap(), "one");
    let asked = json!({
        "RoleArn": ROLE, "RoleSessionName": "nightly", "DurationSeconds": 900, "Policy": "%7B%22a%22%3A+1%7D", "ExternalId": "x-1",
    });
    assert_eq!(server.sessions(), [asked]);
}

#[tokio::test]
async fn keys_that_end_are_asked_for_anew() {
    let (server, _) = start(false);
    let cx = cx(&server);
    // Shorter than what is spared before their end.
    let role = json!({"role_arn": ROLE, "session_name": "s", "session_duration": 1});
    let backend = open_with(&cx, BUCKET, &json!({ "assume_role": role })).unwrap();
    assert_eq!(get(&cx, &backend).await.unwrap(), None);
    let before = server.sessions().len();
    assert_eq!(get(&cx, &backend).await.unwrap(), None);
    assert!(server.sessions().len() > before);
}

#[tokio::test]
async fn a_machine_has_keys_of_its_role() {
    let (server, _) = start(false);
    let cx = cx(&server);
    let more = json!({"cam_role_name": "machine", "secret_id": null, "secret_key": null});
    let backend = open_with(&cx, BUCKET, &more).unwrap();
    put(&cx, &backend, "one").await.unwrap();
    let more = json!({"cam_role_name": "other"});
    let backend = open_with(&cx, BUCKET, &more).unwrap();
    let error = get(&cx, &backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(place(&error, "role"), "other");
}

#[tokio::test]
async fn keys_that_are_missing_or_wrong_are_named() {
    let (server, _) = start(false);
    let cx = cx(&server);
    for (more, code) in [
        (json!({"secret_id": null, "secret_key": null}), ""),
        (json!({"secret_id": "AKIDother"}), "InvalidAccessKeyId"),
        (
            json!({"secret_key": "planted-other"}),
            "SignatureDoesNotMatch",
        ),
        (
            json!({"security_token": "planted-token"}),
            "InvalidSecurityToken",
        ),
        (
            json!({"secret_key": "planted-other", "assume_role": {"role_arn": ROLE, "session_name": "s"}}),
            "AuthFailure.SignatureFailure",
        ),
    ] {
        let backend = open_with(&cx, BUCKET, &more).unwrap();
        let error = get(&cx, &backend).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
        assert_eq!(place(&error, "code"), code);
        assert_eq!(place(&error, "bucket"), BUCKET);
        assert!(!error.hints().is_empty());
        assert!(!format!("{error:?}").contains("planted"), "{error:?}");
    }
    let role = json!({"assume_role": {"role_arn": "qcs::other", "session_name": "s"}});
    let backend = open_with(&cx, BUCKET, &role).unwrap();
    let error = get(&cx, &backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(place(&error, "role"), "qcs::other");
}
