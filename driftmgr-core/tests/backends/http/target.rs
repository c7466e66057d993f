//! An address as a target.

use driftmgr_core::ErrorKind;
use driftmgr_core::client::{Client, OpenOptions};

use super::*;

const STATE: &str = r#"{"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {}, "resources": [
    {"mode": "managed", "type": "null_resource", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/null\"]",
     "instances": [{"schema_version": 0, "attributes": {"id": "1", "triggers": null}}]}]}"#;

fn client() -> Client {
    Client::builder().context(cx()).build().expect("a client")
}

#[tokio::test]
async fn a_state_behind_an_address_is_looked_at() {
    let server = StateServer::start(Behaviour::default());
    server.put(PATH, STATE.as_bytes());
    let url = server.url(PATH).replace("http://", "http://me:hunter2@") + "?token=hunter3";
    let targets = [url.as_str(), "infra-that-is-not-there"];
    let options = client().drift_options();
    let found = client()
        .detect_drift_at(&targets, &OpenOptions::default(), &options)
        .await
        .unwrap();
    let report = &found.report;
    assert_eq!((report.summary.same, report.problems.len()), (1, 1));
    let named = server.url(PATH).replace("http://", "http://***:***@") + "?token=***";
    assert_eq!(report.targets[0].target, named);
    assert!(!report.to_json().to_string().contains("hunter"));
    let explained = found.stacks[0]
        .explain("null_resource.a", &options)
        .await
        .unwrap();
    let place = ("address".to_owned(), named);
    assert!(explained.facts.state.contains(&place), "{explained:?}");
    // Another address of the server has no state.
    let absent = client().open(server.url("/state/absent")).await;
    assert_eq!(absent.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_refusal_names_the_address_and_not_the_password() {
    let server = StateServer::start(Behaviour::default());
    server.fault("GET", Fault::status(403));
    let url = server.url(PATH).replace("http://", "http://me:hunter2@");
    let error = client().open(&url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(
        place(&error, "address"),
        server.url(PATH).replace("http://", "http://***:***@")
    );
    assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
}
