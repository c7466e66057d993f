//! An address as a target.

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
    let server = Consul::start(Behaviour {
        token: Some("hunter2"),
        ..Behaviour::default()
    });
    server.put(PATH, STATE.as_bytes());
    let url = format!(
        "consul://{}/{PATH}?access_token=hunter2",
        server.authority()
    );
    let options = client().drift_options();
    let found = client()
        .detect_drift_at(&[url.as_str()], &OpenOptions::default(), &options)
        .await
        .unwrap();
    let report = &found.report;
    assert_eq!((report.summary.same, report.problems.len()), (1, 0));
    assert!(!report.to_json().to_string().contains("hunter"));
    let absent = client().open(url.replace("tf/net", "tf/absent")).await;
    assert_eq!(absent.unwrap_err().kind(), ErrorKind::NotFound);
    let denied = client()
        .open(url.replace("hunter2", "hunter3"))
        .await
        .unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::Unauthenticated);
    assert!(!format!("{denied:?}").contains("hunter"), "{denied:?}");
}
