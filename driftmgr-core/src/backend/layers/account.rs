//! What backends have in common: the account whose server they ask, and what they are told apart by.

use sha2::{Digest, Sha256};
use url::Url;

use crate::backend::{BackendInfo, BackendSpec};
use crate::context::Context;
use crate::env::TF_HTTP_ADDRESS;

/// Arguments that say where in an account a state is, or how it is written; the others say which account.
const WITHIN: &[(&str, &[&str])] = &[
    (
        "azurerm",
        &[
            "container_name",
            "key",
            "snapshot",
            "encryption_key",
            "encryption_scope",
        ],
    ),
    ("cloud", &["organization", "workspaces"]),
    ("consul", &["path", "gzip", "lock"]),
    ("cos", &["bucket", "prefix", "key", "encrypt", "acl"]),
    (
        "gcs",
        &["bucket", "prefix", "encryption_key", "kms_encryption_key"],
    ),
    ("kubernetes", &["secret_suffix", "namespace", "labels"]),
    (
        "oss",
        &[
            "bucket",
            "prefix",
            "key",
            "encrypt",
            "acl",
            "tablestore_table",
        ],
    ),
    (
        "pg",
        &[
            "schema_name",
            "table_name",
            "index_name",
            "skip_schema_creation",
            "skip_table_creation",
            "skip_index_creation",
        ],
    ),
    ("remote", &["organization", "workspaces"]),
    (
        "s3",
        &[
            "acl",
            "bucket",
            "dynamodb_table",
            "encrypt",
            "key",
            "kms_key_id",
            "sse_customer_key",
            "use_lockfile",
            "workspace_key_prefix",
        ],
    ),
];

/// Beginnings of variables by which backends find a server, or are allowed in. With another of them the answer may be another one.
const SURROUNDINGS: &[&str] = &[
    "ACTIONS_ID_TOKEN",
    "ALIBABA_",
    "ALICLOUD_",
    "ARM_",
    "AWS_",
    "AZURE_",
    "CLOUDSDK_",
    "CONSUL_",
    "GOOGLE_",
    "KUBE",
    "PG",
    "STORAGE_EMULATOR_HOST",
    "TENCENTCLOUD_",
    "TF_CLOUD_",
    "TF_HTTP_",
    "TF_TOKEN_",
];

/// A digest, since arguments can be secrets.
pub(super) type Fingerprint = [u8; 32];

struct Collected(Sha256);

impl Collected {
    fn new(purpose: &str) -> Self {
        let mut all = Self(Sha256::new());
        all.add(purpose);
        all
    }

    /// With its length, so that no two lists are the same bytes.
    fn add(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
    }

    fn done(self) -> Fingerprint {
        self.0.finalize().into()
    }
}

/// The account of a backend: those of one account share their limits.
pub(super) fn account(cx: &Context, spec: &BackendSpec) -> Fingerprint {
    let mut all = Collected::new("account");
    all.add(&spec.kind);
    if spec.kind == "http" {
        all.add(&server(cx, spec));
        return all.done();
    }
    let within = WITHIN.iter().find(|(kind, _)| *kind == spec.kind);
    let within = within.map_or(&[][..], |(_, names)| names);
    for (name, value) in &spec.config {
        if !within.contains(&name.as_str()) {
            all.add(name);
            all.add(&value.expose().to_string());
        }
    }
    all.done()
}

/// The server of an address.
fn server(cx: &Context, spec: &BackendSpec) -> String {
    let written = spec.config.get("address").and_then(|v| v.expose().as_str());
    let address = written.or_else(|| cx.environment().get(TF_HTTP_ADDRESS));
    let url = address.and_then(|address| Url::parse(address).ok());
    url.map_or_else(String::new, |url| url.origin().ascii_serialization())
}

/// What tells a backend from all others, also in other processes: where it is, as whom it is asked, and everything that has a say in both.
pub(super) fn identity(cx: &Context, spec: &BackendSpec, info: &BackendInfo) -> Fingerprint {
    let mut all = Collected::new("identity");
    let environment = cx.environment();
    all.add(&spec.kind);
    all.add(&info.location);
    all.add(&spec.root.to_string_lossy());
    let home = environment.home().map(std::path::Path::to_string_lossy);
    all.add(&home.unwrap_or_default());
    for (name, value) in &spec.config {
        all.add(name);
        all.add(&value.expose().to_string());
    }
    let has_a_say = |name: &str| SURROUNDINGS.iter().any(|begin| name.starts_with(begin));
    for (name, value) in environment.variables() {
        if has_a_say(name) {
            all.add(name);
            all.add(value);
        }
    }
    all.done()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;
    use crate::env::Environment;

    fn cx(variables: &[(&str, &str)]) -> Context {
        Context::new(Environment::from_variables(variables.iter().copied()))
    }

    fn spec(kind: &str, config: &Value) -> BackendSpec {
        let config: BTreeMap<String, Value> = serde_json::from_value(config.clone()).unwrap();
        BackendSpec::from_block(kind, config, "main.tf:1")
    }

    fn same_account(kind: &str, one: Value, other: Value) -> bool {
        let of = |config: &Value| account(&cx(&[]), &spec(kind, config));
        of(&one) == of(&other)
    }

    #[test]
    fn states_of_one_server_share_an_account() {
        assert!(same_account(
            "s3",
            json!({"bucket": "a", "key": "x", "region": "r"}),
            json!({"bucket": "b", "key": "y", "region": "r"}),
        ));
        assert!(!same_account(
            "s3",
            json!({"bucket": "a", "key": "x", "region": "r"}),
            json!({"bucket": "a", "key": "x", "region": "r", "access_key": "k"}),
        ));
        assert!(same_account(
            "http",
            json!({"address": "https://me:pw@example.com/a"}),
            json!({"address": "https://example.com:443/b", "lock_address": "https://example.com/l"}),
        ));
        assert!(!same_account(
            "http",
            json!({"address": "https://example.com/a"}),
            json!({"address": "https://example.org/a"}),
        ));
        // Of a kind that nobody told us about every argument may say where.
        assert!(!same_account(
            "own",
            json!({"key": "a"}),
            json!({"key": "b"})
        ));
    }

    #[test]
    fn the_variable_of_an_address_counts_as_its_argument() {
        let written = spec("http", &json!({"address": "https://example.com/a"}));
        let variable = cx(&[(TF_HTTP_ADDRESS, "https://example.com/b")]);
        let empty = spec("http", &json!({}));
        assert_eq!(account(&cx(&[]), &written), account(&variable, &empty));
    }

    #[test]
    fn whatever_can_lead_elsewhere_makes_another_identity() {
        let info = |location: &str| BackendInfo {
            kind: "s3".to_owned(),
            location: location.to_owned(),
        };
        let plain = spec("s3", &json!({"bucket": "b", "key": "k"}));
        let here = identity(&cx(&[]), &plain, &info("s3://b/k"));
        assert_eq!(
            here,
            identity(&cx(&[("LANG", "C")]), &plain, &info("s3://b/k"))
        );
        let other_root = BackendSpec {
            root: "elsewhere".into(),
            ..plain.clone()
        };
        for (what, other) in [
            ("location", identity(&cx(&[]), &plain, &info("s3://b/l"))),
            ("root", identity(&cx(&[]), &other_root, &info("s3://b/k"))),
            (
                "argument",
                identity(
                    &cx(&[]),
                    &spec("s3", &json!({"bucket": "b", "key": "k", "region": "r"})),
                    &info("s3://b/k"),
                ),
            ),
            (
                "credentials",
                identity(&cx(&[("AWS_PROFILE", "p")]), &plain, &info("s3://b/k")),
            ),
            (
                "server",
                identity(&cx(&[("AWS_ENDPOINT_URL", "u")]), &plain, &info("s3://b/k")),
            ),
        ] {
            assert_ne!(here, other, "{what}");
        }
    }
}
