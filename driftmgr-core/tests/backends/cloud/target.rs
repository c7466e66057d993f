//! An address and a block as targets.

use driftmgr_core::client::{Client, OpenOptions};

use super::*;

const STATE: &str = r#"{"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {}, "resources": [
    {"mode": "managed", "type": "null_resource", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/null\"]",
     "instances": [{"schema_version": 0, "attributes": {"id": "1", "triggers": null}}]}]}"#;

async fn same(server: &Tfe, target: &str) -> u64 {
    let variable = format!("TF_TOKEN_{}", server.host());
    let cx = cx_with(&[(&variable, TOKEN)]);
    let client = Client::builder().context(cx).build().expect("a client");
    let options = client.drift_options();
    let found = client
        .detect_drift_at(&[target], &OpenOptions::default(), &options)
        .await
        .unwrap();
    assert_eq!(
        found.report.problems.len(),
        0,
        "{:?}",
        found.report.problems
    );
    found.report.summary.same
}

#[tokio::test]
async fn a_state_is_looked_at_by_its_address_and_by_its_block() {
    let server = Tfe::start(Behaviour::default());
    let bytes = Bytes::from_static(STATE.as_bytes());
    write(&open(&server), bytes).await.unwrap();
    let address = format!("tfc://{ORGANIZATION}/prod?hostname={}", server.host());
    assert_eq!(same(&server, &address).await, 1);
    for inside in [
        format!(
            "cloud {{\n hostname = \"{}\"\n organization = \"{ORGANIZATION}\"\n workspaces {{\n name = \"prod\"\n }}\n}}",
            server.host()
        ),
        format!(
            "backend \"remote\" {{\n hostname = \"{}\"\n organization = \"{ORGANIZATION}\"\n workspaces {{\n name = \"prod\"\n }}\n}}",
            server.host()
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let module = format!("terraform {{\n{inside}\n}}\n");
        std::fs::write(folder.path().join("main.tf"), module).unwrap();
        assert_eq!(same(&server, folder.path().to_str().unwrap()).await, 1);
    }
}
