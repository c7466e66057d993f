//! An address as a target, and a pattern as several.

use driftmgr_core::ErrorKind;
use driftmgr_core::client::{Client, OpenOptions};

use super::*;

const STATE: &[u8] = br#"{"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {}, "resources": [
    {"mode": "managed", "type": "null_resource", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/null\"]",
     "instances": [{"schema_version": 0, "attributes": {"id": "1", "triggers": null}}]}]}"#;

const QUERY: &str = "?region=us-east-1&use_path_style=true";

fn client(moto: &Moto) -> Client {
    let environment = environment().with_variable("AWS_ENDPOINT_URL_S3", moto.url());
    let cx = Context::new(environment);
    Client::builder().context(cx).build().unwrap()
}

#[tokio::test]
async fn a_pattern_is_every_state_that_it_matches() {
    let moto = Moto::start();
    moto.bucket("states", false);
    for key in ["a.tfstate", "eu/b.tfstate", "eu/deep/c%20d.tfstate"] {
        moto.put("states", key, STATE);
    }
    for key in ["eu/b.tfstate.tflock", "eu/notes.txt", "b.tfstate/x"] {
        moto.put("states", key, b"no state");
    }
    let client = client(&moto);
    let options = client.drift_options();
    let open = OpenOptions::default();
    let names = async |pattern: &str| {
        let url = format!("tfstate+s3://states/{pattern}{QUERY}");
        let found = client.detect_drift_at(&[url], &open, &options).await?;
        let name = |target: &str| {
            let target = target.strip_prefix("s3://states/")?;
            Some(target.split_once('?')?.0.to_owned())
        };
        let targets = found.report.targets.iter();
        let names = targets.map(|t| name(&t.target));
        let names: Vec<String> = names.map(Option::unwrap).collect();
        Ok::<_, driftmgr_core::Error>((names, found.report.problems.len()))
    };
    let found = |keys: &[&str], problems| {
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        (keys, problems)
    };
    let all = ["a.tfstate", "eu/b.tfstate", "eu/deep/c%20d.tfstate"];
    assert_eq!(names("**/*.tfstate").await.unwrap(), found(&all, 0));
    assert_eq!(names("*.tfstate").await.unwrap(), found(&all[..1], 0));
    assert_eq!(names("eu/*.tfstate").await.unwrap(), found(&all[1..2], 0));
    // Not every file is a state.
    assert_eq!(names("eu/**").await.unwrap(), found(&all[1..], 1));
    let error = names("us/*.tfstate").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::NotFound, "no state matches the pattern")
    );
    let status = client
        .status(&[format!("s3://states/**/*.tfstate{QUERY}")], &open)
        .await
        .unwrap();
    assert_eq!(status.targets.len(), 3);
    assert!(status.is_good());
    // A bucket that is not there is told once.
    let url = format!("s3://absent/*.tfstate{QUERY}");
    let status = client.status(&[url], &open).await.unwrap();
    assert_eq!(status.targets.len(), 1);
    assert!(!status.is_good());
}
