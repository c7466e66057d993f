//! An address as a target.

use driftmgr_core::client::{Client, OpenOptions};

use super::*;

const STATE: &str = r#"{"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {}, "resources": [
    {"mode": "managed", "type": "null_resource", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/null\"]",
     "instances": [{"schema_version": 0, "attributes": {"id": "1", "triggers": null}}]}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_state_behind_an_address_is_looked_at() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let url = server.url("postgres");
    put(&open(&url), STATE).await.unwrap();
    let client = Client::builder().context(cx()).build().unwrap();
    let short = url.replace("postgres://", "pg://");
    let targets = [short.as_str(), "infra-that-is-not-there"];
    let options = client.drift_options();
    let found = client
        .detect_drift_at(&targets, &OpenOptions::default(), &options)
        .await
        .unwrap();
    let report = &found.report;
    assert_eq!((report.summary.same, report.problems.len()), (1, 1));
    assert!(
        report.targets[0]
            .target
            .contains(&server.address().to_string())
    );
    assert!(!report.to_json().to_string().contains(ADMIN_PASSWORD));
    // A database without a state.
    let absent = client.open(server.url("template1")).await.unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NotFound);
    assert!(
        !format!("{absent:?}").contains(ADMIN_PASSWORD),
        "{absent:?}"
    );
    let refused = client
        .open(short.replace(ADMIN_PASSWORD, "wrong"))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
}
