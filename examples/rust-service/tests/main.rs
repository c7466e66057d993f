//! The routes, asked about the quick start.

use std::path::Path;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use driftmgr_core::client::Client;
use driftmgr_example_service::{Stacks, app};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

async fn ask(path: &str) -> (StatusCode, String) {
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../quickstart");
    let stacks = Stacks::from([
        ("site".to_owned(), quickstart),
        ("gone".to_owned(), "/nowhere".into()),
    ]);
    let client = Client::builder().build().unwrap();
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = app(client, stacks).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn stacks_are_listed() {
    let (status, body) = ask("/stacks").await;
    assert_eq!(
        (status, json(&body)),
        (StatusCode::OK, serde_json::json!(["gone", "site"]))
    );
}

#[tokio::test]
async fn drift_is_a_conflict() {
    let (status, body) = ask("/stacks/site/check").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(json(&body)["safe"], false);
}

#[tokio::test]
async fn the_report_comes_as_json_and_as_a_page() {
    let (_, body) = ask("/stacks/site/drift").await;
    assert_eq!(json(&body)["summary"]["deleted"], 2);
    let (_, page) = ask("/stacks/site/page").await;
    assert!(
        page.starts_with("<!doctype html>") && page.contains("local_file.page"),
        "{page}"
    );
}

#[tokio::test]
async fn findings_come_one_by_one_and_the_summary_last() {
    let (_, body) = ask("/stacks/site/live").await;
    let events: Vec<&str> = body
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    assert_eq!(events, ["finding", "finding", "summary"]);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    for path in ["/stacks/gone/check", "/stacks/other/drift"] {
        let (status, body) = ask(path).await;
        assert_eq!(
            (status, &json(&body)["kind"]),
            (StatusCode::NOT_FOUND, &"not_found".into()),
            "{path}"
        );
    }
}
