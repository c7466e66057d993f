//! What is asked, and how often.

use super::*;

#[tokio::test]
async fn workspaces_are_listed_page_by_page() {
    let (server, backend) = start(false);
    let buckets = server.buckets();
    buckets.pages_of(2);
    for name in ["a", "b", "c", "d e", "ü"] {
        buckets.put(
            BUCKET,
            &format!("infra/prod/{name}/terraform.tfstate"),
            b"{}",
        );
    }
    for other in [
        STATE,
        LOCK,
        "infra/prod/a/terraform.tfstate.tflock",
        "infra/production/x/terraform.tfstate",
    ] {
        buckets.put(BUCKET, other, b"{}");
    }
    server.gateway.seen();
    let names = backend.workspaces(&cx(&server)).await.unwrap();
    let names: Vec<&str> = names.iter().map(WorkspaceName::as_str).collect();
    assert_eq!(names, ["default", "a", "b", "c", "d e", "ü"]);
    // Eight objects below the folder, two in each answer.
    assert_eq!(server.gateway.seen().len(), 4);
}

#[tokio::test]
async fn versions_are_listed_page_by_page() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    for n in 0..5 {
        put(&cx, &backend, &format!("state {n}")).await.unwrap();
    }
    server.buckets().pages_of(2);
    let versions = backend.versions(&cx, &at()).await.unwrap();
    assert_eq!(versions.len(), 5, "and none of the lock");
    for (n, version) in versions.iter().rev().enumerate() {
        let at = at().at_version(&version.id);
        let state = backend.read(&cx, &at).await.unwrap().unwrap();
        assert_eq!(state.bytes, format!("state {n}"));
        assert_eq!(version.size, Some(7));
    }
}

#[tokio::test]
async fn an_object_that_was_put_there_by_other_means_is_read() {
    let (server, backend) = start(false);
    server.buckets().put(BUCKET, STATE, b"by hand");
    assert_eq!(
        get(&cx(&server), &backend).await.unwrap().unwrap(),
        "by hand"
    );
}

#[tokio::test]
async fn arguments_are_headers_of_the_objects() {
    let (server, _) = start(false);
    let cx = cx(&server);
    for (more, acl, encrypted) in [
        (json!({}), "private", Some("AES256")),
        (
            json!({"encrypt": false, "acl": "public-read"}),
            "public-read",
            None,
        ),
    ] {
        let backend = open_with(&cx, BUCKET, &more).unwrap();
        put(&cx, &backend, acl).await.unwrap();
        let header = |name| server.buckets().header(BUCKET, STATE, name);
        assert_eq!(header("x-cos-acl").as_deref(), Some(acl));
        assert_eq!(header("x-cos-server-side-encryption").as_deref(), encrypted);
        assert_eq!(header("x-cos-meta-md5").unwrap().len(), 32);
    }
}

#[tokio::test]
async fn a_write_takes_few_requests() {
    let (server, backend) = start(false);
    let cx = cx(&server);
    put(&cx, &backend, "one").await.unwrap();
    server.gateway.seen();
    put(&cx, &backend, "other").await.unwrap();
    let seen = server.gateway.seen();
    let asked: Vec<String> = seen
        .iter()
        .map(|seen| match seen.headers.get("x-tc-action") {
            Some(action) => action.clone(),
            None => format!(
                "{} {}",
                seen.method,
                seen.target.rsplit('/').next().unwrap()
            ),
        })
        .collect();
    assert_eq!(
        asked,
        [
            "CreateTag",
            "GET terraform.tfstate.tflock",
            "PUT terraform.tfstate.tflock",
            "GET terraform.tfstate.tflock",
            "DeleteTag",
            "HEAD terraform.tfstate",
            "PUT terraform.tfstate",
            "GET terraform.tfstate.tflock",
            "DELETE terraform.tfstate.tflock",
        ]
    );
}

#[tokio::test]
async fn the_internal_address_is_used() {
    let (server, _) = start(false);
    let endpoint = format!("https://cos-internal.{REGION}.tencentcos.cn");
    let backend = open_with(&cx(&server), BUCKET, &json!({ "endpoint": endpoint })).unwrap();
    put(&cx(&server), &backend, "one").await.unwrap();
    let seen = server.gateway.seen();
    let host = format!("{BUCKET}.cos-internal.{REGION}.tencentcos.cn");
    assert!(seen.iter().any(|seen| seen.headers["host"] == host));
}
