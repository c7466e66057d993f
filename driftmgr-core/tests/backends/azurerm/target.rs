//! An address as a target.

use driftmgr_core::client::{Client, OpenOptions};

use super::*;

const STATE: &str = r#"{"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {}, "resources": [
    {"mode": "managed", "type": "null_resource", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/null\"]",
     "instances": [{"schema_version": 0, "attributes": {"id": "1", "triggers": null}}]}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_state_behind_an_address_is_looked_at() {
    let azure = Azure::start();
    let (container, cx) = (azure.container(), cx(&azure));
    write(&cx, &open(&azure, &container), &at(), STATE)
        .await
        .unwrap();
    let signature = azurite::signature("rl", "2030-01-01T00:00:00Z");
    let environment = cx.environment().clone();
    let cx = Context::new(environment.with_variable("ARM_SAS_TOKEN", &signature));
    let client = Client::builder().context(cx).build().unwrap();
    let place = format!("azurerm://{ACCOUNT}/{container}/{KEY}?metadata_host={FRONT}");
    let options = client.drift_options();
    let found = client
        .detect_drift_at(&[&place], &OpenOptions::default(), &options)
        .await
        .unwrap();
    let report = &found.report;
    assert_eq!((report.summary.same, report.problems.len()), (1, 0));
    assert!(!report.to_json().to_string().contains(&signature));
    let absent = place.replace(KEY, "absent");
    let error = client.open(&absent).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_is_every_state_that_it_matches() {
    let azure = Azure::start();
    let (container, cx) = (azure.container(), cx(&azure));
    for key in ["a.tfstate", "eu/b.tfstate", "eu/notes"] {
        let backend = open_with(&cx, &container, json!({"key": key})).unwrap();
        write(&cx, &backend, &at(), STATE).await.unwrap();
    }
    let environment = cx.environment().clone();
    let cx = Context::new(environment.with_variable("ARM_ACCESS_KEY", azurite::KEY));
    let client = Client::builder().context(cx).build().unwrap();
    let place = |key: &str| format!("azurerm://{ACCOUNT}/{container}/{key}?metadata_host={FRONT}");
    let options = client.drift_options();
    let found = client
        .detect_drift_at(&[place("**/*.tfstate")], &OpenOptions::default(), &options)
        .await
        .unwrap();
    let names: Vec<&str> = found
        .report
        .targets
        .iter()
        .map(|t| t.target.as_str())
        .collect();
    let shown = |key: &str| format!("azurerm://{ACCOUNT}/{container}/{key}?metadata_host=***");
    assert_eq!(names, [shown("a.tfstate"), shown("eu/b.tfstate")]);
    assert_eq!(
        (found.report.summary.same, found.report.problems.len()),
        (2, 0)
    );
}
