//! The arguments; what goes over the wire is tested beside a server, in `tests/backends/consul`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::*;
use crate::env::Environment;

fn config_in(environment: &Environment, arguments: Json) -> Result<ConsulConfig> {
    let arguments: BTreeMap<String, Json> = serde_json::from_value(arguments).unwrap();
    let spec = BackendSpec::from_block("consul", arguments, "main.tf:3");
    ConsulConfig::from_spec(environment, &spec)
}

fn config(variables: &[(&str, &str)], arguments: Json) -> Result<ConsulConfig> {
    let environment = Environment::from_variables(variables.iter().copied());
    config_in(&environment, arguments)
}

fn token(config: &ConsulConfig) -> Option<&str> {
    let header = config.credentials.expose().get("x-consul-token")?;
    header.to_str().ok()
}

#[test]
fn defaults_are_terraforms() {
    let config = config(&[], json!({"path": "tf/net"})).unwrap();
    assert_eq!(config.address.to_string(), "http://localhost:8500/");
    assert!(config.lock && !config.gzip);
    assert!(config.credentials.expose().is_empty() && config.parameters.is_empty());
    assert_eq!(config.tls, super::super::transport::Tls::default());
    assert_eq!(config.key(&WorkspaceName::default()), "tf/net");
    assert_eq!(config.key(&"prod".parse().unwrap()), "tf/net-env:prod");
}

#[test]
fn the_address_is_read_as_consuls_client_reads_it() {
    for (variables, arguments, expected) in [
        (&[][..], json!({"address": "h:1"}), "http://h:1/"),
        (
            &[],
            json!({"address": "h", "scheme": "https"}),
            "https://h/",
        ),
        (&[], json!({"address": "https://h:1"}), "https://h:1/"),
        (
            &[],
            json!({"address": "http://h:1", "scheme": "https"}),
            "https://h:1/",
        ),
        (
            &[],
            json!({"address": "https://h:1", "scheme": "http"}),
            "https://h:1/",
        ),
        (
            &[],
            json!({"address": "http://h:1/consul"}),
            "http://h:1/consul",
        ),
        (&[("CONSUL_HTTP_ADDR", "v:2")], json!({}), "http://v:2/"),
        (
            &[("CONSUL_HTTP_ADDR", "v:2")],
            json!({"address": ""}),
            "http://v:2/",
        ),
        (
            &[("CONSUL_HTTP_ADDR", "v:2")],
            json!({"address": "h:1"}),
            "http://h:1/",
        ),
        (
            &[("CONSUL_HTTP_SSL", "true")],
            json!({}),
            "https://localhost:8500/",
        ),
        (
            &[("CONSUL_HTTP_SSL", "0")],
            json!({}),
            "http://localhost:8500/",
        ),
        (
            &[("CONSUL_HTTP_SSL", "1")],
            json!({"scheme": "http"}),
            "http://localhost:8500/",
        ),
        (&[], json!({"address": "[::1]:8500"}), "http://[::1]:8500/"),
    ] {
        let mut arguments = arguments;
        arguments["path"] = json!("p");
        let config = config(variables, arguments.clone()).unwrap();
        assert_eq!(config.address.to_string(), expected, "{arguments}");
    }
}

#[test]
fn tokens_are_chosen_as_consuls_client_chooses_them() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), " of-file\n").unwrap();
    std::fs::write(folder.path().join("empty"), "\n").unwrap();
    let of = |variables: &[(&str, &str)], given: Option<&str>| {
        let environment = Environment::from_variables(variables.iter().copied());
        let environment = environment.with_current_dir(folder.path());
        let config = config_in(&environment, json!({"path": "p", "access_token": given}));
        token(&config.unwrap()).map(str::to_owned)
    };
    let variable = ("CONSUL_HTTP_TOKEN", "of-variable");
    let file = ("CONSUL_HTTP_TOKEN_FILE", "token");
    let empty = ("CONSUL_HTTP_TOKEN_FILE", "empty");
    assert_eq!(of(&[], None), None);
    assert_eq!(of(&[variable], None).unwrap(), "of-variable");
    assert_eq!(of(&[variable, file], None).unwrap(), "of-file");
    assert_eq!(of(&[variable, empty], None).unwrap(), "of-variable");
    assert_eq!(of(&[variable, file], Some("given")).unwrap(), "given");
    assert_eq!(of(&[variable], Some("")).unwrap(), "of-variable");
    // What is no other token than the variable's is not one's own.
    assert_eq!(
        of(&[variable, file], Some("of-variable")).unwrap(),
        "of-file"
    );
}

#[test]
fn who_asks_and_where_goes_along() {
    let config = config(
        &[("CONSUL_NAMESPACE", "team"), ("CONSUL_PARTITION", "eu")],
        json!({"path": "p", "datacenter": "dc2", "http_auth": "me:pw:1"}),
    )
    .unwrap();
    let named: Vec<(&str, &str)> = config
        .parameters
        .iter()
        .map(|(k, v)| (*k, v.as_str()))
        .collect();
    assert_eq!(named, [("dc", "dc2"), ("ns", "team"), ("partition", "eu")]);
    assert_eq!(
        config.credentials.expose()["authorization"],
        "Basic bWU6cHc6MQ=="
    );
    assert!(!format!("{config:?}").contains("pw:1"));
}

#[test]
fn certificates_come_from_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("cas")).unwrap();
    for (name, text) in [
        ("ca", "CA"),
        ("crt", "CRT"),
        ("key", "KEY"),
        ("cas/b", "B"),
        ("cas/a", "A"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let of = |variables: &[(&str, &str)], arguments: Json| {
        let environment = Environment::from_variables(variables.iter().copied());
        config_in(&environment.with_current_dir(folder.path()), arguments).map(|config| config.tls)
    };
    let given = json!({"path": "p", "ca_file": "ca", "cert_file": "crt", "key_file": "key"});
    let tls = of(&[], given).unwrap();
    assert_eq!(tls.authorities.as_deref(), Some("CA"));
    assert_eq!(tls.identity.as_ref().unwrap().expose(), "CRT\nKEY");
    let variables = [
        ("CONSUL_CACERT", "ca"),
        ("CONSUL_CLIENT_CERT", "crt"),
        ("CONSUL_CLIENT_KEY", "key"),
    ];
    assert_eq!(of(&variables, json!({"path": "p"})).unwrap(), tls);
    let folder_of = of(&[("CONSUL_CAPATH", "cas")], json!({"path": "p"})).unwrap();
    assert_eq!(folder_of.authorities.as_deref(), Some("A\nB\n"));
    let any = of(&[("CONSUL_HTTP_SSL_VERIFY", "false")], json!({"path": "p"})).unwrap();
    assert!(any.skip_verification);
    let missing = of(&[], json!({"path": "p", "ca_file": "none"})).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert_eq!(missing.context_value("backend"), Some("main.tf:3"));
    assert!(!Path::new("none").exists());
}

#[test]
fn what_is_wrong_is_named() {
    for (variables, arguments, kind, part) in [
        (&[][..], json!({}), ErrorKind::InvalidConfig, "`path`"),
        (&[], json!({"path": ""}), ErrorKind::InvalidConfig, "`path`"),
        (
            &[],
            json!({"path": "/a"}),
            ErrorKind::InvalidConfig,
            "begins with `/`",
        ),
        (
            &[],
            json!({"path": "a/../b"}),
            ErrorKind::InvalidConfig,
            "`..`",
        ),
        (
            &[],
            json!({"path": "a", "adress": "x"}),
            ErrorKind::InvalidConfig,
            "`adress`",
        ),
        (
            &[],
            json!({"path": "a", "address": "ftp://x"}),
            ErrorKind::InvalidConfig,
            "`address`",
        ),
        (
            &[],
            json!({"path": "a", "address": "u:planted@x"}),
            ErrorKind::InvalidConfig,
            "`address`",
        ),
        (
            &[],
            json!({"path": "a", "scheme": "ftp"}),
            ErrorKind::InvalidConfig,
            "`scheme`",
        ),
        (
            &[],
            json!({"path": "a", "address": "unix:///x"}),
            ErrorKind::Unsupported,
            "a socket",
        ),
        (
            &[],
            json!({"path": "a", "access_token": "planted\n"}),
            ErrorKind::InvalidConfig,
            "`access_token`",
        ),
        (
            &[],
            json!({"path": "a", "http_auth": ["planted"]}),
            ErrorKind::InvalidConfig,
            "`http_auth`",
        ),
        (
            &[],
            json!({"path": "a", "gzip": "maybe"}),
            ErrorKind::InvalidConfig,
            "`gzip`",
        ),
        (
            &[],
            json!({"path": "a", "cert_file": "x"}),
            ErrorKind::InvalidConfig,
            "`key_file`",
        ),
        (
            &[("CONSUL_HTTP_SSL", "yes")],
            json!({"path": "a"}),
            ErrorKind::InvalidConfig,
            "CONSUL_HTTP_SSL",
        ),
        (
            &[("CONSUL_HTTP_SSL_VERIFY", "no")],
            json!({"path": "a"}),
            ErrorKind::InvalidConfig,
            "CONSUL_HTTP_SSL_VERIFY",
        ),
        (
            &[("CONSUL_TLS_SERVER_NAME", "x"), ("CONSUL_HTTP_SSL", "1")],
            json!({"path": "a"}),
            ErrorKind::Unsupported,
            "CONSUL_TLS_SERVER_NAME",
        ),
    ] {
        let error = config(variables, arguments.clone()).unwrap_err();
        assert_eq!(error.kind(), kind, "{arguments}");
        assert!(error.message().contains(part), "{arguments}: {error}");
        assert_eq!(
            error.context_value("backend"),
            Some("main.tf:3"),
            "{arguments}"
        );
        assert!(!format!("{error:?}").contains("planted"), "{error:?}");
    }
    let error = config(&[], json!({"path": "a", "adress": "x"})).unwrap_err();
    assert_eq!(error.hints(), ["did you mean `address`?"]);
}
