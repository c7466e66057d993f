//! An address as a target.

use driftmgr_core::client::{Client, OpenOptions};

use super::*;

const TEXT: &str = r#"{"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {}, "resources": [
    {"mode": "managed", "type": "null_resource", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/null\"]",
     "instances": [{"schema_version": 0, "attributes": {"id": "1", "triggers": null}}]}]}"#;

#[tokio::test]
async fn a_state_in_a_bucket_is_looked_at() {
    let (server, _) = start(false);
    server.buckets().put(BUCKET, STATE, TEXT.as_bytes());
    let environment = environment(&server)
        .with_variable("TENCENTCLOUD_SECRET_ID", ID)
        .with_variable("TENCENTCLOUD_SECRET_KEY", SECRET);
    let client = Client::builder()
        .context(Context::new(environment))
        .build()
        .unwrap();
    let url = format!("cos://{BUCKET}/{STATE}?region={REGION}");
    let found = client
        .detect_drift_at(
            &[url.as_str()],
            &OpenOptions::default(),
            &client.drift_options(),
        )
        .await
        .unwrap();
    let report = &found.report;
    assert_eq!(
        (report.summary.same, report.problems.len()),
        (1, 0),
        "{:?}",
        report.problems
    );
    assert_eq!(
        report.targets[0].target,
        format!("cos://{BUCKET}/{STATE}?region=***")
    );
    let absent = client
        .open(&format!("cos://{BUCKET}/absent?region={REGION}"))
        .await;
    assert_eq!(absent.unwrap_err().kind(), ErrorKind::NotFound);
    let wrong = client
        .open(&format!("{url}&secret_kye=planted"))
        .await
        .unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::InvalidConfig);
    assert_eq!(wrong.hints()[0], "did you mean `secret_key`?");
    assert!(!format!("{wrong:?}").contains("planted"), "{wrong:?}");
}
