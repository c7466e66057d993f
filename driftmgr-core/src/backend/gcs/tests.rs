//! The arguments; what goes over the wire is tested beside a server, in `tests/backends/gcs`.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::config::Name;
use super::credentials::{Format, Impersonation, Key, Source, Subject};
use super::*;
use crate::env::Environment;

fn config_in(environment: &Environment, arguments: Json) -> Result<GcsConfig> {
    let arguments: BTreeMap<String, Json> = serde_json::from_value(arguments).unwrap();
    let spec = BackendSpec::from_block("gcs", arguments, "main.tf:3");
    GcsConfig::from_spec(environment, &spec)
}

fn config(arguments: Json) -> Result<GcsConfig> {
    config_in(&Environment::default(), arguments)
}

fn with_variables(variables: &[(&str, &str)], arguments: Json) -> GcsConfig {
    let environment = Environment::from_variables(variables.iter().copied());
    config_in(&environment, arguments).unwrap()
}

fn token(config: &GcsConfig) -> Option<&str> {
    match &config.identity.source {
        Source::Token(token) => Some(token.expose()),
        Source::Key(_) | Source::Ambient => None,
    }
}

/// 32 bytes.
const KEY: &str = "c2VjcmV0IGtleSBvZiB0aGlydHktdHdvIGJ5dGVzISE=";

#[test]
fn defaults_are_the_programs() {
    let config = config(json!({"bucket": "b"})).unwrap();
    assert_eq!(config.bucket(), "b");
    assert_eq!(
        config.state_name(&WorkspaceName::default_name()),
        "default.tfstate"
    );
    assert_eq!(
        config.endpoint.to_string(),
        "https://storage.googleapis.com/storage/v1/"
    );
    assert!(matches!(config.identity.source, Source::Ambient));
    assert!(config.identity.impersonation.is_none());
    assert!(config.customer_key.is_none() && config.kms_key.is_none());
}

#[test]
fn names_are_joined_as_the_programs_join_them() {
    let blue: WorkspaceName = "blue".parse().unwrap();
    for (prefix, expected) in [
        ("", "blue.tfstate"),
        ("/", "blue.tfstate"),
        ("a", "a/blue.tfstate"),
        ("a/", "a/blue.tfstate"),
        ("/a/b", "a/b/blue.tfstate"),
        ("a//b/./c/../d", "a/b/d/blue.tfstate"),
    ] {
        let config = config(json!({"bucket": "b", "prefix": prefix})).unwrap();
        assert_eq!(config.state_name(&blue), expected, "{prefix}");
        let lock = expected.replace(".tfstate", ".tflock");
        let name = Name {
            text: lock,
            sealed: false,
        };
        assert_eq!(config.lock(&blue), name);
        assert_eq!(config.workspace_of(expected), Some(blue.clone()));
        for other in [
            "blue.tflock",
            "x/blue.tfstate",
            "blue.tfstate.backup",
            ".tfstate",
        ] {
            let name = format!("{}{other}", config.folder);
            assert_eq!(config.workspace_of(&name), None, "{name}");
        }
    }
}

#[test]
fn variables_stand_in_for_arguments_and_lose_against_them() {
    let one = || json!({"bucket": "b"});
    let config = with_variables(
        &[
            ("GOOGLE_OAUTH_ACCESS_TOKEN", "t"),
            ("GOOGLE_IMPERSONATE_SERVICE_ACCOUNT", "last@p"),
            ("GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT", "first@p"),
            ("GOOGLE_KMS_ENCRYPTION_KEY", "k"),
            ("GOOGLE_STORAGE_CUSTOM_ENDPOINT", "https://last/x/"),
            ("GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT", "https://first/x/"),
        ],
        one(),
    );
    assert_eq!(token(&config), Some("t"));
    assert_eq!(
        config.identity.impersonation,
        Impersonation::of_account("first@p", Vec::new(), "googleapis.com")
    );
    assert_eq!(config.kms_key.as_deref(), Some("k"));
    assert_eq!(config.endpoint.to_string(), "https://first/x/");
    let given = json!({"bucket": "b", "access_token": "mine", "kms_encryption_key": "mine"});
    let variables = [
        ("GOOGLE_OAUTH_ACCESS_TOKEN", "t"),
        ("GOOGLE_KMS_ENCRYPTION_KEY", "k"),
    ];
    let config = with_variables(&variables, given);
    assert_eq!(token(&config), Some("mine"));
    assert_eq!(config.kms_key.as_deref(), Some("mine"));
    // An empty argument keeps the variable out.
    let config = with_variables(&variables, json!({"bucket": "b", "access_token": ""}));
    assert_eq!(token(&config), None);
    let config = with_variables(&[("GOOGLE_ENCRYPTION_KEY", KEY)], one());
    assert_eq!(config.customer_key.unwrap().key.expose(), KEY);
    let config = with_variables(&[("GOOGLE_BACKEND_UNIVERSE_DOMAIN", "u.example")], one());
    assert_eq!(
        config.endpoint.to_string(),
        "https://storage.u.example/storage/v1/"
    );
}

#[test]
fn an_endpoint_is_read_as_googles_libraries_read_it() {
    let cx = Context::new(Environment::default());
    for (given, expected) in [
        (
            "https://storage-psc.p.googleapis.com/storage/v1/b",
            "https://storage-psc.p.googleapis.com/storage/v1/b/x/o/a%2Fb",
        ),
        (
            "http://127.0.0.1:8/storage/v1/",
            "http://127.0.0.1:8/storage/v1/b/x/o/a%2Fb",
        ),
        ("host:8", "https://host:8/storage/v1/b/x/o/a%2Fb"),
        ("https://host", "https://host/b/x/o/a%2Fb"),
    ] {
        let arguments = json!({"bucket": "x", "storage_custom_endpoint": given});
        let client = Client::new(&cx, config(arguments).unwrap()).unwrap();
        let name = Name {
            text: "a/b".to_owned(),
            sealed: true,
        };
        assert_eq!(client.object(&name).unwrap().as_str(), expected, "{given}");
    }
}

#[test]
fn the_account_that_is_acted_as_is_part_of_an_address() {
    let given = json!({
        "bucket": "b", "access_token": "t", "impersonate_service_account": "sa@p",
        "impersonate_service_account_delegates": ["z@p", "a@p"], "universe_domain": "u.example",
    });
    let acting = config(given).unwrap().identity.impersonation.unwrap();
    assert_eq!(
        acting.url.to_string(),
        "https://iamcredentials.u.example/v1/projects/-/serviceAccounts/sa@p:generateAccessToken"
    );
    assert_eq!(acting.delegates, ["z@p", "a@p"], "a chain has an order");
}

#[test]
fn what_is_wrong_is_named() {
    let both = json!({"bucket": "b", "encryption_key": "", "kms_encryption_key": ""});
    for (arguments, part) in [
        (json!({}), "`bucket`"),
        (json!({"bucket": ""}), "`bucket`"),
        (json!({"bucket": ["b"]}), "`bucket`"),
        (both, "also `kms_encryption_key`"),
        (
            json!({"bucket": "b", "encryption_key": "AAAA"}),
            "`encryption_key`",
        ),
        (
            json!({"bucket": "b", "credentials": "no/such/file"}),
            "`credentials`",
        ),
        (json!({"bucket": "b", "credentials": "{}"}), "no `type`"),
        (
            json!({"bucket": "b", "credentials": "{\"type\": \"service_account\"}"}),
            "no `client_email`",
        ),
        (
            json!({"bucket": "b", "impersonate_service_account_delegates": "a"}),
            "`impersonate_service_account_delegates`",
        ),
        (
            json!({"bucket": "b", "impersonate_service_account_delegates": [1]}),
            "`impersonate_service_account_delegates`",
        ),
        (
            json!({"bucket": "b", "impersonate_service_account": "a", "universe_domain": "no host"}),
            "`impersonate_service_account`",
        ),
        (
            json!({"bucket": "b", "storage_custom_endpoint": "ftp://h"}),
            "`storage_custom_endpoint`",
        ),
    ] {
        let error = config(arguments.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert_eq!(error.context_value("backend"), Some("main.tf:3"));
        assert!(error.message().contains(part), "{arguments}: {error}");
    }
    let environment = Environment::from_variables([("GOOGLE_ENCRYPTION_KEY", KEY)]);
    let one = json!({"bucket": "b", "kms_encryption_key": "k"});
    assert!(config_in(&environment, one).is_err());
    let error = config(json!({"bucket": "b", "prefx": "p"})).unwrap_err();
    assert_eq!(error.hints(), ["did you mean `prefix`?"]);
}

#[test]
fn a_key_and_credentials_can_stand_in_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), format!("{KEY}\n")).unwrap();
    let user = json!({"type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "r"});
    std::fs::write(folder.path().join("user.json"), user.to_string()).unwrap();
    let here = Environment::default()
        .with_current_dir("/")
        .with_home(folder.path());
    let given = json!({"bucket": "b", "encryption_key": "~/key", "credentials": "~/user.json"});
    let config = config_in(&here, given).unwrap();
    assert_eq!(config.customer_key.unwrap().key.expose(), KEY);
    match config.identity.source {
        Source::Key(key) => match *key {
            Key::User { token_uri, .. } => {
                assert_eq!(token_uri.to_string(), "https://oauth2.googleapis.com/token");
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn parse(file: Json) -> Result<Key> {
    credentials::parse(&file.to_string(), None)
}

#[test]
fn kinds_of_credentials_that_are_not_supported_are_named() {
    for (file, part) in [
        (
            json!({"type": "gdch_service_account"}),
            "`gdch_service_account`",
        ),
        (
            json!({"type": "external_account", "credential_source": {"environment_id": "aws1"}}),
            "neither a file nor a URL",
        ),
        (
            json!({"type": "external_account", "credential_source": {"executable": {"command": "x"}}}),
            "neither a file nor a URL",
        ),
        (
            json!({"type": "external_account", "workforce_pool_user_project": "p"}),
            "workforce pool",
        ),
    ] {
        let error = parse(file.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{file}");
        assert!(error.message().contains(part), "{error}");
        assert!(error.hints()[0].contains("service account's key"));
    }
}

#[test]
fn a_workload_can_act_as_an_account() {
    let key = parse(json!({
        "type": "external_account", "audience": "a", "subject_token_type": "t", "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"file": "/f", "format": {"type": "json", "subject_token_field_name": "x"}},
        "service_account_impersonation_url": "https://iam/x:generateAccessToken",
    }))
    .unwrap();
    let Key::External(external) = key else {
        panic!("{key:?}");
    };
    match &external.subject {
        Subject::File(path, Format(Some(field))) => {
            assert_eq!((path.to_str(), field.as_str()), (Some("/f"), "x"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        external.impersonation.unwrap().url.to_string(),
        "https://iam/x:generateAccessToken"
    );
}

#[test]
fn a_service_account_is_of_one_cloud() {
    let file = json!({"type": "service_account", "client_email": "a@b", "private_key": "k", "universe_domain": "u.example"});
    let error = parse(file.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert_eq!(error.context_value("credentials"), Some("u.example"));
    assert!(credentials::parse(&file.to_string(), Some("u.example")).is_ok());
}

#[test]
fn debug_shows_no_secret() {
    let config = with_variables(
        &[("GOOGLE_OAUTH_ACCESS_TOKEN", "planted")],
        json!({"bucket": "b", "encryption_key": KEY, "storage_custom_endpoint": "http://u:planted@h/"}),
    );
    let shown = format!("{config:?}");
    assert!(
        !shown.contains("planted") && !shown.contains(KEY),
        "{shown}"
    );
}
