//! A state's address as one text: `s3://bucket/key?region=…`, `https://…`, `pg://…` and the like.

use std::collections::BTreeMap;
use std::path::Path;

use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};
use url::Url;

use super::BackendSpec;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::SafeUrl;

/// What driftctl writes before the scheme of a state.
const DRIFTCTL: &str = "tfstate+";

const FORMS: &str = "addresses of states are s3://BUCKET/KEY, gs://BUCKET/PREFIX, azurerm://ACCOUNT/CONTAINER/KEY, pg://HOST/DATABASE, \
     consul://HOST/PATH, cos://BUCKET/KEY, oss://BUCKET/KEY, tfc://ORGANIZATION/WORKSPACE, https://… and file:///…; parameters are arguments of the backend";

/// Whether a text is an address of a state, and no path: it begins with a scheme and `://`.
pub fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

/// A target as it is named in messages and results: an address without what can be a secret in it, everything else as it is.
///
/// ```
/// use driftmgr_core::backend::shown_target;
///
/// assert_eq!(shown_target("infra".as_ref()), "infra");
/// assert_eq!(shown_target("https://me:hunter2@host/x".as_ref()), "https://***:***@host/x");
/// ```
pub fn shown_target(target: &Path) -> String {
    let text = target.display().to_string();
    if !is_url(&text) {
        return text;
    }
    let bare = text.strip_prefix(DRIFTCTL).unwrap_or(&text);
    match bare.parse() {
        Ok(url) => SafeUrl::new(url).to_string(),
        // Nobody knows where the password is.
        Err(_) => format!("{}://***", text.split("://").next().unwrap_or_default()),
    }
}

impl BackendSpec {
    /// The backend that an address names. Parameters of the address are arguments of the backend's block, but for `http` and `pg`, whose
    /// addresses have parameters of their own; `tfstate+` before the scheme is driftctl's way to write it.
    ///
    /// ```
    /// use driftmgr_core::backend::BackendSpec;
    ///
    /// # fn main() -> driftmgr_core::Result<()> {
    /// let spec = BackendSpec::from_url("s3://acme-tf/prod/terraform.tfstate?region=eu-west-1")?;
    /// assert_eq!(spec.kind, "s3");
    /// assert_eq!(spec.string("key")?, Some("prod/terraform.tfstate"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for a text that is no such address; the message never shows what can be a secret in it.
    pub fn from_url(text: &str) -> Result<Self> {
        let text = text.strip_prefix(DRIFTCTL).unwrap_or(text);
        let url: Url = text.parse().map_err(|_| {
            // The text can hold a password, and so can the parser's words.
            Error::new(ErrorKind::InvalidInput, "this is no address of a state").with_hint(FORMS)
        })?;
        let address = Address {
            shown: SafeUrl::new(url.clone()),
            url,
        };
        let (kind, own) = address.own(text)?;
        let mut config: BTreeMap<String, Json> = own.into_iter().collect();
        if !matches!(kind, "http" | "pg") {
            address.parameters(&mut config)?;
        }
        Ok(Self::from_block(kind, config, address.shown.to_string()))
    }
}

struct Address {
    url: Url,
    shown: SafeUrl,
}

impl Address {
    /// The kind, and the arguments that stand in the address itself.
    fn own(&self, text: &str) -> Result<(&'static str, Vec<(String, Json)>)> {
        let url = &self.url;
        Ok(match url.scheme() {
            "http" | "https" => ("http", vec![argument("address", text)]),
            "s3" => {
                let key = self.path("the key of an object")?;
                ("s3", vec![self.host("bucket")?, argument("key", key)])
            }
            "gs" | "gcs" => {
                let prefix = self.decoded(url.path().trim_matches('/'))?;
                (
                    "gcs",
                    vec![self.host("bucket")?, argument("prefix", prefix)],
                )
            }
            "azurerm" => {
                let path = self.path("a container and a key")?;
                let (container, key) = path
                    .split_once('/')
                    .ok_or_else(|| self.wrong("names no container and key"))?;
                let own = vec![
                    self.host("storage_account_name")?,
                    argument("container_name", container),
                    argument("key", key),
                ];
                ("azurerm", own)
            }
            "pg" | "postgres" | "postgresql" => {
                let rest = text.split_once("://").map_or("", |(_, rest)| rest);
                let address = format!("postgres://{rest}");
                ("pg", vec![argument("conn_str", address)])
            }
            "consul" => {
                let host = url.host_str().ok_or_else(|| self.wrong("names no host"))?;
                let port = url.port().map(|port| format!(":{port}"));
                let address = format!("{host}{}", port.unwrap_or_default());
                let path = self.path("a path")?;
                (
                    "consul",
                    vec![argument("address", address), argument("path", path)],
                )
            }
            kind @ ("cos" | "oss") => {
                let path = self.path("the key of an object")?;
                // Workspaces are beside it, in folders of their names.
                let (prefix, key) = path.rsplit_once('/').unwrap_or(("", &path));
                let own = vec![
                    self.host("bucket")?,
                    argument("prefix", prefix),
                    argument("key", key),
                ];
                (if kind == "cos" { "cos" } else { "oss" }, own)
            }
            "tfc" => {
                let workspace = self.path("a workspace")?;
                let own = vec![
                    self.host("organization")?,
                    ("workspaces".to_owned(), json!([{ "name": workspace }])),
                ];
                ("remote", own)
            }
            // A path as it is: driftctl's way to write it.
            "tfstate" => {
                let (_, path) = text.split_once("://").unwrap_or_default();
                ("local", vec![argument("path", path)])
            }
            "file" => {
                let path = url
                    .to_file_path()
                    .map_err(|()| self.wrong("names no file of this machine"))?;
                let path = path
                    .to_str()
                    .ok_or_else(|| self.wrong("names a file that is no text"))?;
                ("local", vec![argument("path", path)])
            }
            _ => return Err(self.wrong("has a scheme that is not known")),
        })
    }

    fn host(&self, name: &str) -> Result<(String, Json)> {
        match self.url.host_str() {
            // Everything else is an argument, and not part of the name.
            Some(host) if self.url.username().is_empty() && self.url.port().is_none() => {
                Ok(argument(name, host))
            }
            Some(_) => Err(self.wrong("has a user or a port, which belongs into the parameters")),
            None => Err(self.wrong(&format!("names no {name}"))),
        }
    }

    fn path(&self, what: &str) -> Result<String> {
        let path = self.decoded(self.url.path().strip_prefix('/').unwrap_or_default())?;
        if path.is_empty() || path.ends_with('/') {
            return Err(self.wrong(&format!("does not name {what}")));
        }
        Ok(path)
    }

    fn decoded(&self, text: &str) -> Result<String> {
        let decoded = percent_decode_str(text).decode_utf8();
        Ok(decoded
            .map_err(|_| self.wrong("is no text where it is decoded"))?
            .into_owned())
    }

    /// The parameters, each once. `true` and `false` are no texts in a block.
    fn parameters(&self, config: &mut BTreeMap<String, Json>) -> Result<()> {
        for (name, value) in self.url.query_pairs() {
            let value = match &*value {
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                text => text.into(),
            };
            if config.insert(name.clone().into_owned(), value).is_some() {
                return Err(self.wrong(&format!("says `{}` twice", name.escape_debug())));
            }
        }
        Ok(())
    }

    fn wrong(&self, why: &str) -> Error {
        Error::new(
            ErrorKind::InvalidInput,
            format!("the address of a state {why}"),
        )
        .with("address", &self.shown)
        .with_hint(FORMS)
    }
}

fn argument(name: &str, value: impl Into<Json>) -> (String, Json) {
    (name.to_owned(), value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Json) {
        let spec = BackendSpec::from_url(text).unwrap();
        let config = spec.config.iter();
        let config: Json = config
            .map(|(name, value)| (name.clone(), value.expose().clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        (spec.kind, config)
    }

    #[test]
    fn each_form_is_a_block() {
        for (text, kind, config) in [
            (
                "s3://b/a/b.tfstate?region=eu-west-1&use_lockfile=true",
                "s3",
                json!({"bucket": "b", "key": "a/b.tfstate", "region": "eu-west-1", "use_lockfile": true}),
            ),
            (
                "tfstate+s3://b/a%20b.tfstate",
                "s3",
                json!({"bucket": "b", "key": "a b.tfstate"}),
            ),
            (
                "https://u:p@host/state?x=1",
                "http",
                json!({"address": "https://u:p@host/state?x=1"}),
            ),
            (
                "tfstate+http://host:8/state",
                "http",
                json!({"address": "http://host:8/state"}),
            ),
            ("gs://b", "gcs", json!({"bucket": "b", "prefix": ""})),
            (
                "gs://b/env/prod/",
                "gcs",
                json!({"bucket": "b", "prefix": "env/prod"}),
            ),
            (
                "azurerm://acc/tf/a/b.tfstate",
                "azurerm",
                json!({"storage_account_name": "acc", "container_name": "tf", "key": "a/b.tfstate"}),
            ),
            (
                "pg://u:p@host:5432/db?sslmode=require",
                "pg",
                json!({"conn_str": "postgres://u:p@host:5432/db?sslmode=require"}),
            ),
            (
                "consul://host:8500/a/b?scheme=https",
                "consul",
                json!({"address": "host:8500", "path": "a/b", "scheme": "https"}),
            ),
            (
                "cos://b-1/a/b/c.tfstate?region=ap-x",
                "cos",
                json!({"bucket": "b-1", "prefix": "a/b", "key": "c.tfstate", "region": "ap-x"}),
            ),
            (
                "oss://b/c.tfstate",
                "oss",
                json!({"bucket": "b", "prefix": "", "key": "c.tfstate"}),
            ),
            (
                "tfc://acme/prod?hostname=tfe.acme.io",
                "remote",
                json!({"organization": "acme", "workspaces": [{"name": "prod"}], "hostname": "tfe.acme.io"}),
            ),
            (
                "file:///a/b.tfstate",
                "local",
                json!({"path": "/a/b.tfstate"}),
            ),
        ] {
            assert_eq!(read(text), (kind.to_owned(), config), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_without_its_secrets() {
        for (text, why) in [
            ("s3://b", "does not name the key"),
            ("s3://b/", "does not name the key"),
            ("s3://b/folder/", "does not name the key"),
            ("s3:///key", "names no bucket"),
            ("s3://u:hunter2@b/key", "has a user or a port"),
            ("s3://b/k?token=hunter2&token=hunter2", "says `token` twice"),
            ("azurerm://a/container", "names no container and key"),
            ("ftp://hunter2@x/y", "has a scheme that is not known"),
            ("https://[hunter2", "this is no address of a state"),
            ("tfc://acme", "does not name a workspace"),
        ] {
            let error = BackendSpec::from_url(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
            assert!(error.message().contains(why), "{text}: {error}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        let spec = BackendSpec::from_url("https://u:hunter2@h/s?sig=hunter2").unwrap();
        assert_eq!(spec.origin, "https://***:***@h/s?sig=***");
        assert!(!format!("{spec:?}").contains("hunter2"));
    }

    #[test]
    fn a_path_is_no_address() {
        for text in ["s3://b/k", "tfstate+s3://b/k", "https://x", "file:///x"] {
            assert!(is_url(text), "{text}");
        }
        for text in [
            "",
            "infra",
            "./a://b",
            "C://x",
            "://x",
            "a b://x",
            "/x/s3://b",
        ] {
            assert!(!is_url(text), "{text}");
        }
    }
}
