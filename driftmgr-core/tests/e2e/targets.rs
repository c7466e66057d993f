//! What can be opened: folders and state files, workspaces, backends.

use driftmgr_core::ErrorKind;
use driftmgr_core::client::{Client, OpenOptions};
use driftmgr_core::error::Error;

use super::lab::{COUNT, FIVE, Lab, SIX, workspace};
use crate::support::options::showing_all;

const PROD: &str = "terraform.tfstate.d/prod/terraform.tfstate";

/// Moves the state to another place below the root module.
fn move_state(lab: &Lab, to: &str) {
    lab.write(to, &lab.read("terraform.tfstate"));
    std::fs::remove_file(lab.file("terraform.tfstate")).unwrap();
}

async fn in_sync(lab: &Lab, target: &str, options: &OpenOptions) -> String {
    let client = lab.client();
    let stack = client.open_with(lab.file(target), options).await.unwrap();
    let name = stack.workspace().name.clone();
    let look = lab.look_at(&client, &[stack], &showing_all()).await;
    look.assert_in_sync();
    assert_eq!(look.report.summary.same, COUNT as u64);
    name
}

async fn refused(lab: &Lab, target: &str) -> Error {
    lab.client().open(lab.file(target)).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_file_finds_the_configuration_beside_it() {
    let lab = Lab::new(FIVE);
    let default = OpenOptions::default();
    assert_eq!(
        in_sync(&lab, "terraform.tfstate", &default).await,
        "default"
    );
    lab.write("copy of it.json", &lab.read("terraform.tfstate"));
    assert_eq!(in_sync(&lab, "copy of it.json", &default).await, "default");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relative_target_starts_from_the_working_folder() {
    let lab = Lab::new(SIX);
    for target in [".", "terraform.tfstate", "./terraform.tfstate"] {
        let client = lab.client();
        let stack = client.open(target).await.unwrap();
        let look = lab.look_at(&client, &[stack], &showing_all()).await;
        assert_eq!(
            look.report.summary.same,
            COUNT as u64,
            "{target}: {:?}",
            look.open().first()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_file_without_configuration_is_not_guessed_about() {
    let lab = Lab::new(FIVE);
    lab.write("elsewhere/prod.tfstate", &lab.read("terraform.tfstate"));
    let client = lab.client();
    let stack = client
        .open(lab.file("elsewhere/prod.tfstate"))
        .await
        .unwrap();
    assert!(stack.root_module().is_none());
    let look = lab.look_at(&client, &[stack], &showing_all()).await;
    look.assert_all_open(FIVE, &["cloud"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn workspaces_are_found_wherever_they_are_selected() {
    let lab = Lab::new(SIX);
    move_state(&lab, PROD);
    let default = OpenOptions::default();
    assert_eq!(in_sync(&lab, PROD, &default).await, "prod");
    assert_eq!(in_sync(&lab, ".", &workspace("prod")).await, "prod");

    let error = refused(&lab, ".").await;
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("`default`"), "{error}");
    assert!(
        error
            .context_value("looked at")
            .unwrap()
            .ends_with("terraform.tfstate"),
        "{error}"
    );

    lab.write(".terraform/environment", "prod");
    assert_eq!(in_sync(&lab, ".", &default).await, "prod");

    // The variable wins over the file.
    let lab = lab.env("TF_WORKSPACE", "staging");
    let error = refused(&lab, ".").await;
    assert!(error.message().contains("`staging`"), "{error}");
    lab.write(
        "terraform.tfstate.d/staging/terraform.tfstate",
        &lab.read(PROD),
    );
    assert_eq!(in_sync(&lab, ".", &default).await, "staging");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_backend_with_a_path() {
    let lab = Lab::new(FIVE);
    move_state(&lab, "states/x.tfstate");
    lab.write(
        "backend.tf",
        "terraform {\n  backend \"local\" {\n    path = \"states/x.tfstate\"\n  }\n}\n",
    );
    in_sync(&lab, ".", &OpenOptions::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn remote_backends_say_which_kinds_there_are() {
    let lab = Lab::new(FIVE);
    for (block, kind) in [
        ("backend \"swift\" {\n    container = \"b\"\n  }", "swift"),
        ("backend \"etcdv3\" {\n    prefix = \"k\"\n  }", "etcdv3"),
    ] {
        lab.write("backend.tf", &format!("terraform {{\n  {block}\n}}\n"));
        let error = refused(&lab, ".").await;
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        let all = format!("{error} {}", error.hints().join(" "));
        assert!(all.contains(kind) && all.contains("local"), "{all}");
        assert!(all.contains("backend.tf"), "{all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_target_is_named() {
    let lab = Lab::new(FIVE);
    std::fs::create_dir(lab.file("empty")).unwrap();
    for target in ["nowhere", "empty"] {
        let error = refused(&lab, target).await;
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(error.to_string().contains(target), "{error}");
        assert!(!error.hints().is_empty(), "{error}");
    }
    let error = refused(&lab, "main.tf").await;
    assert_eq!(error.kind(), ErrorKind::InvalidState, "{error}");
    assert!(error.to_string().contains("main.tf"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_cannot_be_read_is_a_problem_and_no_drift() {
    let lab = Lab::new(SIX);
    lab.write("broken.tf", "resource \"x\" {{{\n");
    let client = Client::builder().context(lab.cx()).build().unwrap();
    let stack = client.open(lab.dir()).await.unwrap();
    assert!(stack.problems()[0].to_string().contains("broken.tf"));
    let look = lab.look_at(&client, &[stack], &showing_all()).await;
    assert_eq!(look.findings(), [""; 0]);
    assert_eq!(look.report.verdict().exit_code(), 3);
    assert!(look.report.problems[0].to_string().contains("broken.tf"));
}
