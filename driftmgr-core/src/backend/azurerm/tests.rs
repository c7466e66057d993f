//! What needs no store: the arguments.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::cloud::CloudSource;
use super::config::Access;
use super::identity::{Identity, ManagedEndpoint, Proof};
use super::*;
use crate::env::Environment;

fn config_in(variables: &[(&str, &str)], more: Json) -> Result<AzureConfig> {
    let mut all = BTreeMap::from([
        ("storage_account_name".to_owned(), json!("acme")),
        ("container_name".to_owned(), json!("states")),
        ("key".to_owned(), json!("a/prod.tfstate")),
    ]);
    all.extend(more.as_object().unwrap().clone());
    let spec = BackendSpec::from_block("azurerm", all, "main.tf:3");
    let environment = Environment::from_variables(variables.iter().copied());
    AzureConfig::from_spec(&environment, &spec)
}

fn config(more: Json) -> Result<AzureConfig> {
    config_in(&[], more)
}

fn identity_in(variables: &[(&str, &str)], more: Json) -> Identity {
    let mut all = json!({"use_azuread_auth": true});
    all.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    match config_in(variables, all).unwrap().access {
        Access::Token(identity) => identity,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_admits_has_an_order() {
    let all = json!({"access_key": "a2V5", "sas_token": "sig=x", "use_azuread_auth": true});
    assert!(matches!(config(all).unwrap().access, Access::Key(_)));
    let two = json!({"sas_token": " ?sp=r&sig=x", "use_azuread_auth": true});
    match config(two).unwrap().access {
        Access::Signature(query) => assert_eq!(query.expose(), "sp=r&sig=x"),
        other => panic!("{other:?}"),
    }
    let variables = [("ARM_ACCESS_KEY", "a2V5"), ("ARM_SAS_TOKEN", "sig=x")];
    let from = config_in(&variables, json!({})).unwrap();
    assert!(matches!(from.access, Access::Key(_)));
    let listed = json!({"resource_group_name": "g"});
    let listed = config_in(&[("ARM_SUBSCRIPTION_ID", "s")], listed).unwrap();
    assert_eq!(listed.access, Access::ListedKey);
    assert_eq!(listed.lookup.unwrap().subscription.as_deref(), Some("s"));
    // Only with `az` the subscription may be left out.
    let more = json!({"resource_group_name": "g", "use_msi": true});
    let error = config(more).unwrap_err();
    assert!(error.message().contains("`subscription_id`"), "{error}");
    let error = config(json!({})).unwrap_err();
    assert!(error.message().contains("`access_key`"), "{error}");
    let more = json!({"access_key": "a2V5", "lookup_blob_endpoint": true});
    let error = config(more).unwrap_err();
    assert!(error.message().contains("`resource_group_name`"), "{error}");
}

#[test]
fn who_asks_has_an_order() {
    let app = [("ARM_TENANT_ID", "t"), ("ARM_CLIENT_ID", "c")];
    let with = |more: &[(&'static str, &'static str)]| [&app[..], more].concat();
    let proof = |variables: &[(&str, &str)], more: Json| match identity_in(variables, more) {
        Identity::Application {
            proof,
            tenant,
            client,
        } => {
            assert_eq!((tenant.as_str(), client.as_str()), ("t", "c"));
            proof
        }
        other => panic!("{other:?}"),
    };
    let all = with(&[("ARM_CLIENT_SECRET", "s"), ("ARM_OIDC_TOKEN", "o")]);
    assert!(matches!(
        proof(&all, json!({"use_oidc": true})),
        Proof::Secret(_)
    ));
    let foreign = with(&[("ARM_OIDC_TOKEN", "o"), ("ARM_USE_OIDC", "1")]);
    assert!(matches!(proof(&foreign, json!({})), Proof::Assertion(_)));
    let github = with(&[
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://x/"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "o"),
    ]);
    assert!(matches!(
        proof(&github, json!({"use_oidc": true})),
        Proof::Exchange { .. }
    ));
    let devops = with(&[
        ("SYSTEM_OIDCREQUESTURI", "https://x/"),
        ("SYSTEM_ACCESSTOKEN", "o"),
        ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "s"),
    ]);
    assert!(matches!(
        proof(&devops, json!({"use_oidc": true})),
        Proof::Pipeline { .. }
    ));
    let aks = [
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_FEDERATED_TOKEN_FILE", "/token"),
    ];
    let more = json!({"use_aks_workload_identity": true});
    assert!(matches!(proof(&aks, more), Proof::AssertionFile(_)));
    // Without a proof the machine is asked, and then `az`.
    let machine = with(&[("IDENTITY_ENDPOINT", "http://x/"), ("IDENTITY_HEADER", "h")]);
    match identity_in(&machine, json!({"use_msi": true})) {
        Identity::Managed {
            endpoint: ManagedEndpoint::App { .. },
            client,
        } => {
            assert_eq!(client.as_deref(), Some("c"));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(identity_in(&app, json!({})), Identity::Cli { .. }));
    let error = config(json!({"use_azuread_auth": true, "use_cli": false})).unwrap_err();
    assert!(error.hints()[0].contains("`use_msi`"), "{error:?}");
}

#[test]
fn places_that_say_different_things_are_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, " from-file\n").unwrap();
    let with = |secret: Json| {
        config(json!({
            "use_azuread_auth": true, "tenant_id": "t", "client_id": "c",
            "client_secret": secret, "client_secret_file_path": file,
        }))
    };
    assert!(with(json!("from-file")).is_ok());
    assert!(with(Json::Null).is_ok());
    let error = with(json!("another-secret")).unwrap_err();
    assert!(error.message().contains("`client_secret`"));
    assert!(!format!("{error:?}").contains("another-secret"));
}

#[test]
fn an_argument_that_is_not_known_names_the_near_one() {
    let error = config(json!({"acces_key": "x"})).unwrap_err();
    assert_eq!(error.hints(), ["did you mean `access_key`?"]);
}

#[test]
fn names_of_accounts_containers_and_blobs_are_checked() {
    for (name, value, good) in [
        ("storage_account_name", "a1b", true),
        ("storage_account_name", "ab", false),
        ("storage_account_name", "Acme", false),
        ("storage_account_name", "acme.evil.example", false),
        ("container_name", "a-1", true),
        ("container_name", "$web", true),
        ("container_name", "a--1", false),
        ("container_name", "-a1", false),
        ("container_name", "a/b", false),
        ("key", "a/b c?#%.tfstate", true),
        ("key", "../b", false),
        ("key", "a/./b", false),
        ("key", "", false),
    ] {
        let mut more = json!({"access_key": "a2V5"});
        more.as_object_mut()
            .unwrap()
            .insert(name.to_owned(), json!(value));
        assert_eq!(config(more).is_ok(), good, "{name} {value}");
    }
}

#[test]
fn the_host_of_the_metadata_wins() {
    let variables = [
        ("ARM_METADATA_HOST", "old"),
        ("ARM_METADATA_HOSTNAME", "new:8443"),
    ];
    let more = json!({"access_key": "a2V5", "environment": "china"});
    let described = config_in(&variables, more.clone()).unwrap().cloud;
    assert_eq!(described, CloudSource::Described("new:8443".to_owned()));
    match config(more).unwrap().cloud {
        CloudSource::Known(cloud) => assert_eq!(cloud.storage_suffix, "core.chinacloudapi.cn"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn workspaces_have_the_blobs_of_both_programs() {
    let config = config(json!({"access_key": "a2V5"})).unwrap();
    let blob = |name: &str| config.blob(&name.parse().unwrap());
    assert_eq!(blob("default"), "a/prod.tfstate");
    assert_eq!(blob("blue"), "a/prod.tfstateenv:blue");
}

#[test]
fn no_debug_shows_a_secret() {
    let more = json!({
        "access_key": "aHVudGVyMg==", "sas_token": "sig=hunter2",
        "customer_provided_key": "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnQ=",
    });
    let text = format!("{:?}", config(more).unwrap());
    assert!(
        !text.contains("hunter2") && !text.contains("aHVudGVy"),
        "{text}"
    );
}
