//! The arguments, kubeconfigs and plugins; what goes over the wire is tested beside a server, in `tests/backends/kubernetes`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::config::Credentials;
use super::*;
use crate::env::Environment;

const KUBECONFIG: &str = "
apiVersion: v1
kind: Config
current-context: one
clusters:
- name: c1
  cluster: {server: 'https://c1:6443', certificate-authority-data: Q0E=}
- name: c2
  cluster: {server: 'https://c2/prefix', insecure-skip-tls-verify: true, proxy-url: 'http://proxy:3128'}
- name: clear
  cluster: {server: 'http://clear:8080'}
contexts:
- name: one
  context: {cluster: c1, user: token, namespace: elsewhere}
- name: two
  context: {cluster: c2, user: certificate}
- name: clear
  context: {cluster: clear, user: token}
- name: lost
  context: {cluster: none, user: none}
users:
- name: token
  user: {token: of-the-file, as: jane, as-groups: [a, b], as-user-extra: {reason: [x]}}
- name: file
  user: {token: stale, tokenFile: token}
- name: certificate
  user: {client-certificate: crt, client-key-data: S0VZ}
- name: basic
  user: {username: me, password: secret-pw}
- name: plugin
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./plugin
      args: [a, 'b c']
      env: [{name: X, value: secret-of-plugin}]
      interactiveMode: IfAvailable
- name: old
  user: {auth-provider: {name: gcp}}
";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("config", KUBECONFIG),
            ("crt", "CRT"),
            ("token", "of-token-file\n"),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn put(&self, name: &str, text: &str) -> &Self {
        std::fs::write(self.0.path().join(name), text).unwrap();
        self
    }

    fn config(&self, variables: &[(&str, &str)], arguments: Json) -> Result<KubernetesConfig> {
        let mut arguments: BTreeMap<String, Json> = serde_json::from_value(arguments).unwrap();
        arguments
            .entry("secret_suffix".to_owned())
            .or_insert(json!("net"));
        let spec = BackendSpec::from_block("kubernetes", arguments, "main.tf:3");
        let environment = Environment::from_variables(variables.iter().copied());
        let environment = environment
            .with_current_dir(self.0.path())
            .with_home(self.0.path());
        KubernetesConfig::in_pod(&environment, &spec, &self.0.path().join("pod"))
    }

    fn user(&self, name: &str) -> Result<Credentials> {
        let arguments = json!({"config_path": "config", "config_context_auth_info": name});
        Ok(self.config(&[], arguments)?.access.credentials)
    }
}

fn token(config: &KubernetesConfig) -> &str {
    match &config.access.credentials {
        Credentials::Token(token) => token.expose(),
        other => panic!("no token but {other:?}"),
    }
}

fn server(config: &KubernetesConfig) -> String {
    config.access.server.to_string()
}

#[test]
fn names_and_labels_are_those_of_the_programs() {
    let folder = Folder::new();
    let config = folder
        .config(
            &[],
            json!({"host": "h", "labels": {"team": "red", "tfstateWorkspace": "own"}}),
        )
        .unwrap();
    assert_eq!(config.namespace, "default");
    let prod: WorkspaceName = "prod".parse().unwrap();
    assert_eq!(config.secret_name(&prod).unwrap(), "tfstate-prod-net");
    let labels = config.labels_of(&prod);
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    assert_eq!(
        labels,
        [
            ("app.kubernetes.io/managed-by", "terraform"),
            ("team", "red"),
            ("tfstate", "true"),
            ("tfstateSecretSuffix", "net"),
            ("tfstateWorkspace", "own"),
        ]
    );
    for name in ["Prod", "a_b", "ü", "-", "a.", &"x".repeat(64)] {
        let error = config.secret_name(&name.parse().unwrap()).err();
        // A hyphen at the beginning is in the middle of the secret's name.
        assert_eq!(
            error.map(|e| e.kind()),
            (name != "-").then_some(ErrorKind::InvalidInput),
            "{name}"
        );
    }
}

#[test]
fn every_variable_stands_in_for_its_argument_and_loses_against_it() {
    let folder = Folder::new();
    let pairs = [
        ("KUBE_NAMESPACE", "namespace", "team"),
        ("KUBE_HOST", "host", "https://h:1"),
        ("KUBE_TOKEN", "token", "a-token"),
        ("KUBE_CLIENT_CERT_DATA", "client_certificate", "CRT"),
        ("KUBE_CLIENT_KEY_DATA", "client_key", "KEY"),
        ("KUBE_CLUSTER_CA_CERT_DATA", "cluster_ca_certificate", "CA"),
        ("KUBE_CONFIG_PATH", "config_path", "config"),
        ("KUBE_CTX", "config_context", "one"),
        ("KUBE_CTX_AUTH_INFO", "config_context_auth_info", "token"),
        ("KUBE_CTX_CLUSTER", "config_context_cluster", "c1"),
        ("KUBE_PROXY_URL", "proxy_url", "http://p:1"),
    ];
    let variables = pairs.map(|(variable, _, value)| (variable, value));
    let arguments = pairs.map(|(_, name, value)| (name.to_owned(), json!(value)));
    let arguments = Json::Object(arguments.into_iter().collect());
    let expected = folder.config(&[], arguments.clone()).unwrap();
    assert_eq!(folder.config(&variables, json!({})).unwrap(), expected);
    assert_eq!(
        expected.access.proxy.as_ref().unwrap().expose(),
        "http://p:1"
    );
    assert_eq!(
        expected.access.tls.identity.as_ref().unwrap().expose(),
        "CRT\nKEY"
    );
    let others = pairs.map(|(variable, _, _)| (variable, "other"));
    assert_eq!(folder.config(&others, arguments).unwrap(), expected);
    let basic = [
        ("KUBE_USER", "me"),
        ("KUBE_PASSWORD", "pw"),
        ("KUBE_INSECURE", "true"),
        ("KUBE_HOST", "h"),
    ];
    let basic = folder.config(&basic, json!({})).unwrap();
    assert!(basic.access.tls.skip_verification);
    assert_eq!(server(&basic), "https://h/");
    let Credentials::Basic(pair) = &basic.access.credentials else {
        panic!("{basic:?}");
    };
    assert_eq!(pair.expose(), "bWU6cHc=");
}

#[test]
fn a_kubeconfig_is_followed() {
    let folder = Folder::new();
    let one = folder
        .config(&[], json!({"config_path": "config"}))
        .unwrap();
    assert_eq!(
        (server(&one).as_str(), token(&one)),
        ("https://c1:6443/", "of-the-file")
    );
    assert_eq!(one.access.tls.authorities.as_deref(), Some("CA"));
    // Neither program takes the context's namespace.
    assert_eq!(one.namespace, "default");
    let groups: Vec<_> = one
        .access
        .impersonation
        .get_all("impersonate-group")
        .iter()
        .collect();
    assert_eq!(groups, ["a", "b"]);
    assert_eq!(one.access.impersonation["impersonate-user"], "jane");
    assert_eq!(one.access.impersonation["impersonate-extra-reason"], "x");
    let two = json!({"config_path": "~/config", "config_context": "two"});
    let two = folder.config(&[], two).unwrap();
    assert_eq!(server(&two), "https://c2/prefix");
    assert!(two.access.tls.skip_verification);
    assert_eq!(
        two.access.tls.identity.as_ref().unwrap().expose(),
        "CRT\nKEY"
    );
    assert_eq!(
        two.access.proxy.as_ref().unwrap().expose(),
        "http://proxy:3128"
    );
    let mixed = json!({"config_path": "config", "config_context_cluster": "c2", "token": "own"});
    let mixed = folder.config(&[], mixed).unwrap();
    assert_eq!(
        (server(&mixed).as_str(), token(&mixed)),
        ("https://c2/prefix", "own")
    );
    // In the clear, what a kubeconfig says of the user is kept.
    let clear = json!({"config_path": "config", "config_context": "clear"});
    let clear = folder.config(&[], clear).unwrap();
    assert_eq!(clear.access.credentials, Credentials::None);
}

#[test]
fn users_prove_themselves_in_many_ways() {
    let folder = Folder::new();
    assert!(
        matches!(folder.user("file").unwrap(), Credentials::File(path) if path.ends_with("token"))
    );
    assert!(matches!(
        folder.user("basic").unwrap(),
        Credentials::Basic(_)
    ));
    assert!(matches!(
        folder.user("plugin").unwrap(),
        Credentials::Exec(_)
    ));
    assert_eq!(
        folder.user("old").unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    std::fs::remove_file(folder.0.path().join("token")).unwrap();
    assert!(
        matches!(folder.user("file").unwrap(), Credentials::Token(token) if token.expose() == "stale")
    );
}

#[test]
fn of_several_kubeconfigs_the_first_entry_counts() {
    let folder = Folder::new();
    folder.put(
        "first",
        "clusters: [{name: c1, cluster: {server: 'https://first'}}]\nusers: []\n",
    );
    for (variables, arguments) in [
        (vec![], json!({"config_paths": ["first", "none", "config"]})),
        (vec![("KUBE_CONFIG_PATHS", "first:none:config")], json!({})),
    ] {
        let config = folder.config(&variables, arguments).unwrap();
        assert_eq!(
            (server(&config).as_str(), token(&config)),
            ("https://first/", "of-the-file")
        );
    }
    let none = json!({"config_path": "none", "host": "https://h", "token": "own"});
    assert_eq!(server(&folder.config(&[], none).unwrap()), "https://h/");
    let both = json!({"config_path": "config", "config_paths": ["first"]});
    assert_eq!(
        server(&folder.config(&[], both).unwrap()),
        "https://c1:6443/"
    );
}

#[test]
fn a_pod_has_its_service_account() {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.path().join("pod")).unwrap();
    folder.put("pod/token", "of-pod").put("pod/ca.crt", "CA");
    let pod = [
        ("KUBERNETES_SERVICE_HOST", "fd00::1"),
        ("KUBERNETES_SERVICE_PORT", "443"),
    ];
    for arguments in [json!({}), json!({"in_cluster_config": true})] {
        let config = folder.config(&pod, arguments).unwrap();
        assert_eq!(server(&config), "https://[fd00::1]/");
        assert_eq!(config.access.tls.authorities.as_deref(), Some("CA"));
        assert!(matches!(config.access.credentials, Credentials::File(_)));
    }
    // A kubeconfig comes first, unless it is said otherwise.
    let config = folder
        .config(&pod, json!({"config_path": "config"}))
        .unwrap();
    assert_eq!(server(&config), "https://c1:6443/");
    let error = folder
        .config(&[], json!({"in_cluster_config": "true"}))
        .unwrap_err();
    assert!(
        error.message().contains("KUBERNETES_SERVICE_HOST"),
        "{error}"
    );
}

#[test]
fn what_is_wrong_is_named() {
    let folder = Folder::new();
    folder
        .put("no-yaml", "token: [planted")
        .put("list", "- planted")
        .put("number", "current-context: a\ncontexts: [{name: a, context: {user: u}}]\nusers: [{name: u, user: {token: 12}}]")
        .put("base64", "current-context: a\ncontexts: [{name: a, context: {user: u}}]\nusers: [{name: u, user: {client-key-data: '!planted'}}]");
    for (arguments, kind, part) in [
        (json!({}), ErrorKind::InvalidConfig, "names no cluster"),
        (
            json!({"secret_suffix": ""}),
            ErrorKind::InvalidConfig,
            "`secret_suffix`",
        ),
        (
            json!({"secret_suffix": "A_b"}),
            ErrorKind::InvalidConfig,
            "`secret_suffix`",
        ),
        (
            json!({"host": "h", "namespace": "A b"}),
            ErrorKind::InvalidConfig,
            "`namespace`",
        ),
        (json!({"hosts": "h"}), ErrorKind::InvalidConfig, "`hosts`"),
        (
            json!({"host": "ftp://planted@h"}),
            ErrorKind::InvalidConfig,
            "`host`",
        ),
        (
            json!({"host": "https://u:planted@h"}),
            ErrorKind::InvalidConfig,
            "`host`",
        ),
        (
            json!({"host": "h", "insecure": "maybe"}),
            ErrorKind::InvalidConfig,
            "`insecure`",
        ),
        (
            json!({"host": "h", "load_config_file": "maybe"}),
            ErrorKind::InvalidConfig,
            "`load_config_file`",
        ),
        (
            json!({"host": "h", "token": "planted", "username": "u"}),
            ErrorKind::InvalidConfig,
            "`username`",
        ),
        (
            json!({"host": "h", "client_key": "planted"}),
            ErrorKind::InvalidConfig,
            "`client_certificate`",
        ),
        (
            json!({"host": "h", "insecure": true, "cluster_ca_certificate": "x"}),
            ErrorKind::InvalidConfig,
            "`insecure`",
        ),
        (
            json!({"host": "h", "config_paths": "x"}),
            ErrorKind::InvalidConfig,
            "`config_paths`",
        ),
        (
            json!({"host": "h", "exec": {"command": "x"}}),
            ErrorKind::InvalidConfig,
            "`exec.api_version`",
        ),
        (
            json!({"host": "h", "exec": {"command": "x", "api_version": "v1", "comand": 1}}),
            ErrorKind::InvalidConfig,
            "`exec.comand`",
        ),
        (
            json!({"host": "h", "exec": {"command": "x", "api_version": "client.authentication.k8s.io/v1alpha1"}}),
            ErrorKind::Unsupported,
            "v1alpha1",
        ),
        (
            json!({"config_path": "none"}),
            ErrorKind::NotFound,
            "kubeconfig",
        ),
        (
            json!({"config_path": "no-yaml"}),
            ErrorKind::InvalidConfig,
            "no YAML",
        ),
        (
            json!({"config_path": "list"}),
            ErrorKind::InvalidConfig,
            "no map",
        ),
        (
            json!({"config_path": "number"}),
            ErrorKind::InvalidConfig,
            "`token`",
        ),
        (
            json!({"config_path": "base64"}),
            ErrorKind::InvalidConfig,
            "`client-key-data`",
        ),
        (
            json!({"config_path": "config", "config_context": "three"}),
            ErrorKind::InvalidConfig,
            "no context `three`",
        ),
        (
            json!({"config_path": "config", "config_context_cluster": "x"}),
            ErrorKind::InvalidConfig,
            "no cluster `x`",
        ),
        (
            json!({"config_path": "config", "config_context_auth_info": "x"}),
            ErrorKind::InvalidConfig,
            "no user `x`",
        ),
        (
            json!({"config_path": "config", "config_context": "lost"}),
            ErrorKind::InvalidConfig,
            "names no cluster",
        ),
    ] {
        let error = folder.config(&[], arguments.clone()).unwrap_err();
        assert_eq!(error.kind(), kind, "{arguments}: {error:?}");
        assert!(error.to_string().contains(part), "{arguments}: {error}");
        assert_eq!(
            error.context_value("backend"),
            Some("main.tf:3"),
            "{arguments}"
        );
        assert!(!format!("{error:?}").contains("planted"), "{error:?}");
    }
}

/// A plugin that is this script.
async fn granted(script: &str, version: &str) -> Result<super::exec::Granted> {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("plugin");
    std::fs::write(&program, format!("#!/bin/sh\n{script}")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let plugin = super::exec::Plugin::new(
        &format!("client.authentication.k8s.io/{version}"),
        "./plugin".to_owned(),
        vec!["word".to_owned()],
        vec![("SET".to_owned(), "planted-value".to_owned())],
        Some(folder.path().to_path_buf()),
    )?;
    assert!(!format!("{plugin:?}").contains("planted"));
    let environment = Environment::from_variables([("PATH", "/usr/bin:/bin"), ("OTHER", "there")]);
    let cx = Context::new(environment.with_current_dir("/"));
    plugin
        .run(&cx.with_timeout(std::time::Duration::from_secs(5)))
        .await
}

fn answer(version: &str, status: &str) -> String {
    format!(
        "echo '{{\"kind\": \"ExecCredential\", \"apiVersion\": \"client.authentication.k8s.io/{version}\", \"status\": {status}}}'\n"
    )
}

#[cfg(unix)]
#[tokio::test]
async fn a_plugin_is_told_what_it_needs_and_grants_for_a_while() {
    let check = r#"[ "$1$SET$OTHER" = wordplanted-valuethere ] || exit 1
case "$KUBERNETES_EXEC_INFO" in *'"interactive":false'*) ;; *) exit 2;; esac
"#;
    for version in ["v1", "v1beta1"] {
        let status = r#"{"token": "t", "expirationTimestamp": "2030-01-02T03:04:05Z"}"#;
        let script = format!("{check}{}", answer(version, status));
        let granted = granted(&script, version).await.unwrap();
        assert_eq!(granted.token.unwrap().expose(), "t");
        let until = granted
            .until
            .unwrap()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        assert_eq!(until.as_secs(), 1_893_553_445);
    }
    let status = r#"{"clientCertificateData": "CRT", "clientKeyData": "KEY"}"#;
    let granted = granted(&answer("v1", status), "v1").await.unwrap();
    assert_eq!(granted.identity.unwrap().expose(), "CRT\nKEY");
    assert!(granted.token.is_none() && granted.until.is_none());
}

#[cfg(unix)]
#[tokio::test]
async fn a_plugin_that_grants_nothing_is_named_and_not_quoted() {
    for (script, part) in [
        ("echo planted-token; exit 3\n".to_owned(), "fails"),
        ("echo planted-token\n".to_owned(), "does not answer"),
        (
            answer("v1beta1", r#"{"token": "planted"}"#),
            "another version",
        ),
        (answer("v1", "null"), "grants nothing"),
        (answer("v1", "{}"), "grants nothing"),
        (
            answer("v1", r#"{"clientKeyData": "planted"}"#),
            "one of certificate and key",
        ),
        (
            answer(
                "v1",
                r#"{"token": "planted", "expirationTimestamp": "planted"}"#,
            ),
            "no time",
        ),
    ] {
        let Err(error) = granted(&script, "v1").await else {
            panic!("{script}");
        };
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert!(error.message().contains(part), "{error}");
        assert_eq!(error.context_value("command"), Some("./plugin"));
        assert!(!format!("{error:?}").contains("planted"), "{error:?}");
    }
    let Err(error) = granted("sleep 60\n", "v1").await else {
        panic!("it does not end");
    };
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(!Path::new("planted").exists());
}
