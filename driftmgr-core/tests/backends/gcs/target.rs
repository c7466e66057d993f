//! An address as a target.

use driftmgr_core::client::{Client, OpenOptions};

use super::*;

const TEXT: &str = r#"{"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {}, "resources": [
    {"mode": "managed", "type": "null_resource", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/null\"]",
     "instances": [{"schema_version": 0, "attributes": {"id": "1", "triggers": null}}]}]}"#;

fn client(server: &FakeGcs) -> Client {
    let environment = environment()
        .with_variable("GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT", server.endpoint())
        .with_variable("GOOGLE_OAUTH_ACCESS_TOKEN", "hunter2");
    let cx = Context::new(environment);
    Client::builder().context(cx).build().unwrap()
}

#[tokio::test]
async fn a_state_in_a_bucket_is_looked_at() {
    let server = FakeGcs::start();
    server.bucket("states", false);
    server.put("states", STATE, TEXT.as_bytes());
    let client = client(&server);
    let url = "gs://states/infra/prod";
    let found = client
        .detect_drift_at(&[url], &OpenOptions::default(), &client.drift_options())
        .await
        .unwrap();
    let report = &found.report;
    assert_eq!(
        (report.summary.same, report.problems.len()),
        (1, 0),
        "{:?}",
        report.problems
    );
    assert_eq!(report.targets[0].target, url);
    // Another folder has no state, and what is no state is named.
    let absent = client.open("gs://states/absent").await;
    assert_eq!(absent.unwrap_err().kind(), ErrorKind::NotFound);
    server.put("states", "page/default.tfstate", b"<html></html>");
    let page = client.open("gs://states/page").await.unwrap_err();
    assert_eq!(page.kind(), ErrorKind::InvalidState, "{page:?}");
}

#[tokio::test]
async fn parameters_of_the_address_are_arguments() {
    let server = FakeGcs::start();
    server.bucket("states", false);
    server.put("states", STATE, TEXT.as_bytes());
    let endpoint: String =
        url::form_urlencoded::byte_serialize(server.endpoint().as_bytes()).collect();
    let url =
        format!("gs://states/infra/prod?storage_custom_endpoint={endpoint}&access_token=hunter2");
    let client = Client::builder().context(cx()).build().unwrap();
    assert!(client.open(&url).await.is_ok());
    let wrong = format!("{url}&acces_token=hunter3");
    let error = client.open(&wrong).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert_eq!(error.hints()[0], "did you mean `access_token`?");
    assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
}

#[tokio::test]
async fn a_pattern_is_every_state_that_it_matches() {
    let server = FakeGcs::start();
    server.bucket("states", false);
    for name in [
        "infra/prod/blue.tfstate",
        "infra/prod/default.tfstate",
        "infra/deep/x/green.tfstate",
    ] {
        server.put("states", name, TEXT.as_bytes());
    }
    server.put("states", "infra/prod/blue.tflock", b"{}");
    let client = client(&server);
    let options = client.drift_options();
    let url = "gs://states/infra/**/*.tfstate";
    let found = client
        .detect_drift_at(&[url], &OpenOptions::default(), &options)
        .await
        .unwrap();
    let names: Vec<&str> = found
        .report
        .targets
        .iter()
        .map(|t| t.target.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "gs://states/infra/deep/x (green)",
            "gs://states/infra/prod (blue)",
            "gs://states/infra/prod (default)"
        ]
    );
    assert_eq!(
        (found.report.summary.same, found.report.problems.len()),
        (3, 0)
    );
}
