//! A folder as a target: there is no address for this kind.

use driftmgr_core::client::{Client, OpenOptions};

use super::*;

const STATE: &str = r#"{"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {}, "resources": [
    {"mode": "managed", "type": "null_resource", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/null\"]",
     "instances": [{"schema_version": 0, "attributes": {"id": "1", "triggers": null}}]}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_state_in_a_cluster_is_looked_at() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    write(&open(&cluster, "default"), STATE).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let block = "terraform {\n  backend \"kubernetes\" {\n    secret_suffix = \"net\"\n  }\n}\n";
    std::fs::write(folder.path().join("main.tf"), block).unwrap();
    let authority = cluster.authority();
    let url = cluster.url();
    let environment = Environment::from_variables([
        ("KUBE_HOST", url.as_str()),
        ("KUBE_TOKEN", TOKEN),
        ("KUBE_CLUSTER_CA_CERT_DATA", authority.as_str()),
    ]);
    let client = Client::builder()
        .context(Context::new(environment))
        .build()
        .unwrap();
    let options = client.drift_options();
    let target = folder.path().to_str().unwrap();
    let found = client
        .detect_drift_at(&[target], &OpenOptions::default(), &options)
        .await
        .unwrap();
    let report = &found.report;
    assert_eq!(
        (report.summary.same, report.problems.len()),
        (1, 0),
        "{}",
        report.to_json()
    );
    assert!(!report.to_json().to_string().contains(TOKEN));
    let error = client
        .open(format!("kubernetes://{}", &url[8..]))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
