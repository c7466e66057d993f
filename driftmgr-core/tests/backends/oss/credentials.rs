//! Keys of roles.

use super::*;

#[tokio::test]
async fn a_role_is_assumed_once_for_many_requests() {
    let (server, _) = start(true);
    let cx = cx(&server);
    let more = json!({
        "assume_role_role_arn": ROLE, "assume_role_session_name": "nightly", "assume_role_session_expiration": 900,
        "assume_role_policy": "{\"a\": \"*\"}",
    });
    let backend = open(&server, &more);
    put(&cx, &backend, "one").await.unwrap();
    assert_eq!(get(&cx, &backend).await.unwrap().unwrap(), "one");
    let sessions = server.sessions();
    assert_eq!(sessions.len(), 1);
    for (name, text) in [
        ("RoleSessionName", "nightly"),
        ("DurationSeconds", "900"),
        ("Policy", "{\"a\": \"*\"}"),
    ] {
        assert_eq!(sessions[0][name], text);
    }
}

#[tokio::test]
async fn a_machine_has_keys_of_its_role() {
    let (server, _) = start(false);
    let cx = cx(&server);
    let machine =
        |name: &str| json!({"ecs_role_name": name, "access_key": null, "secret_key": null});
    let backend = open(&server, &machine("machine"));
    put(&cx, &backend, "one").await.unwrap();
    let error = get(&cx, &open(&server, &machine("other")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(place(&error, "role"), "other");
}

#[tokio::test]
async fn keys_that_are_missing_or_wrong_are_named() {
    let (server, _) = start(false);
    let cx = cx(&server);
    for (more, code) in [
        (json!({"access_key": null, "secret_key": null}), ""),
        (json!({"access_key": "LTAIother"}), "InvalidAccessKeyId"),
        (
            json!({"secret_key": "planted-other"}),
            "SignatureDoesNotMatch",
        ),
        (
            json!({"security_token": "planted-token"}),
            "InvalidSecurityToken",
        ),
        (
            json!({"access_key": "LTAIother", "assume_role_role_arn": ROLE}),
            "InvalidAccessKeyId.NotFound",
        ),
        (
            json!({"secret_key": "planted-other", "assume_role_role_arn": ROLE}),
            "SignatureDoesNotMatch",
        ),
    ] {
        let error = get(&cx, &open(&server, &more)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
        assert_eq!(place(&error, "code"), code);
        assert_eq!(place(&error, "bucket"), BUCKET);
        assert!(!error.hints().is_empty());
        assert!(!format!("{error:?}").contains("planted"), "{error:?}");
    }
    let other = json!({"assume_role_role_arn": "acs:ram::1:role/other"});
    let error = get(&cx, &open(&server, &other)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(place(&error, "role"), "acs:ram::1:role/other");
}
