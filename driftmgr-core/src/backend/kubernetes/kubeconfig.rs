//! Kubeconfig files, merged and chosen from as Kubernetes' own client does it
//! (<https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/>).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use yaml_rust2::{Yaml, YamlLoader};

use super::exec::Plugin;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// A cluster, as far as it matters here; files are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cluster {
    pub(super) server: Option<String>,
    pub(super) authorities: Option<String>,
    pub(super) insecure: bool,
    pub(super) server_name: Option<String>,
    pub(super) proxy: Option<Sensitive<String>>,
}

/// A user; files but for tokens are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct User {
    pub(super) certificate: Option<String>,
    pub(super) key: Option<Sensitive<String>>,
    pub(super) credentials: Credentials,
    /// Headers, with their values.
    pub(super) impersonation: Vec<(String, String)>,
}

/// How a user proves who it is, beside a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) token: Option<Sensitive<String>>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) username: Option<String>,
    pub(super) password: Option<Sensitive<String>>,
    pub(super) exec: Option<Plugin>,
}

/// What is asked for by name.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) context: Option<String>,
    pub(super) user: Option<String>,
    pub(super) cluster: Option<String>,
}

/// An entry, and the file that it stands in. No `Debug`: it can hold secrets.
struct Entry {
    value: Yaml,
    file: PathBuf,
}

/// Several files as one.
#[derive(Default)]
pub(super) struct Kubeconfig {
    current: Option<String>,
    clusters: BTreeMap<String, Entry>,
    contexts: BTreeMap<String, Entry>,
    users: BTreeMap<String, Entry>,
}

/// Reads files; of an entry that stands in several the first one counts. Of several files, those that are not there are left out.
///
/// # Errors
/// `InvalidConfig` for what is no kubeconfig; the kinds of [`Error::io`].
pub(super) fn read(paths: &[PathBuf]) -> Result<Kubeconfig> {
    let mut all = Kubeconfig::default();
    for path in paths {
        if paths.len() > 1 && !path.exists() {
            continue;
        }
        let text = file("read the kubeconfig", path)?;
        // The parser's words can repeat what is secret.
        let documents = YamlLoader::load_from_str(&text)
            .map_err(|_| wrong(path, "the kubeconfig is no YAML"))?;
        let document = documents.into_iter().next().unwrap_or(Yaml::Null);
        if !matches!(document, Yaml::Hash(_) | Yaml::Null | Yaml::BadValue) {
            return Err(wrong(path, "the kubeconfig is no map"));
        }
        if all.current.is_none() {
            all.current = text_of(&document, "current-context", path)?;
        }
        for (list, inner, into) in [
            ("clusters", "cluster", &mut all.clusters),
            ("contexts", "context", &mut all.contexts),
            ("users", "user", &mut all.users),
        ] {
            let items = document[list].as_vec().into_iter().flatten();
            for item in items {
                let Some(name) = item["name"].as_str() else {
                    let reason = format!("an entry of the kubeconfig's `{list}` has no name");
                    return Err(wrong(path, &reason));
                };
                into.entry(name.to_owned()).or_insert_with(|| Entry {
                    value: item[inner].clone(),
                    file: path.clone(),
                });
            }
        }
    }
    Ok(all)
}

/// The text of a file.
pub(super) fn file(action: &str, path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| Error::io(action, path, e))
}

fn wrong(path: &Path, reason: &str) -> Error {
    Error::new(ErrorKind::InvalidConfig, reason).with("file", path.display())
}

fn text_of(map: &Yaml, name: &str, path: &Path) -> Result<Option<String>> {
    match &map[name] {
        Yaml::BadValue | Yaml::Null => Ok(None),
        Yaml::String(text) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        _ => Err(wrong(
            path,
            &format!("the kubeconfig's `{name}` is no text"),
        )),
    }
}

impl Kubeconfig {
    /// The cluster and the user that are meant.
    ///
    /// # Errors
    /// `InvalidConfig` for a name that is not there, and for an entry that makes no sense; `Unsupported` for an `auth-provider`.
    pub(super) fn choose(&self, chosen: &Chosen) -> Result<(Cluster, User)> {
        let name = chosen.context.as_ref().or(self.current.as_ref());
        let context = match name {
            None => None,
            Some(name) => Some(named(&self.contexts, name, "context")?),
        };
        let of_context = |part: &str| match context {
            Some(entry) => text_of(&entry.value, part, &entry.file),
            None => Ok(None),
        };
        let cluster = match &chosen.cluster {
            Some(name) => Some(named(&self.clusters, name, "cluster")?),
            None => of_context("cluster")?.and_then(|name| self.clusters.get(&name)),
        };
        let user = match &chosen.user {
            Some(name) => Some(named(&self.users, name, "user")?),
            None => of_context("user")?.and_then(|name| self.users.get(&name)),
        };
        Ok((
            cluster.map(Entry::cluster).transpose()?.unwrap_or_default(),
            user.map(Entry::user).transpose()?.unwrap_or_default(),
        ))
    }
}

fn named<'a>(entries: &'a BTreeMap<String, Entry>, name: &str, what: &str) -> Result<&'a Entry> {
    entries.get(name).ok_or_else(|| {
        let known: Vec<&str> = entries.keys().map(String::as_str).collect();
        let error = Error::new(
            ErrorKind::InvalidConfig,
            format!("the kubeconfig has no {what} `{}`", name.escape_debug()),
        );
        match known.is_empty() {
            true => error.with_hint(
                "name the file by `config_path` or KUBE_CONFIG_PATH; KUBECONFIG is not read",
            ),
            false => error.with_hint(format!("it has: {}", known.join(", "))),
        }
    })
}

impl Entry {
    fn text(&self, name: &str) -> Result<Option<String>> {
        text_of(&self.value, name, &self.file)
    }

    /// A path, which starts from the folder of the file.
    fn path(&self, name: &str) -> Result<Option<PathBuf>> {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        Ok(self.text(name)?.map(|path| folder.join(path)))
    }

    /// PEM, either as base64 or in a file; the former wins.
    fn pem(&self, name: &str) -> Result<Option<String>> {
        let data = format!("{name}-data");
        if let Some(text) = self.text(&data)? {
            let compact: String = text.split_whitespace().collect();
            let bytes = BASE64_STANDARD.decode(compact).ok();
            let pem = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            return pem.map(Some).ok_or_else(|| {
                wrong(
                    &self.file,
                    &format!("the kubeconfig's `{data}` is no base64 of PEM"),
                )
            });
        }
        let path = self.path(name)?;
        path.map(|path| file(&format!("read the kubeconfig's {name}"), &path))
            .transpose()
    }

    fn flag(&self, name: &str) -> Result<bool> {
        match &self.value[name] {
            Yaml::BadValue | Yaml::Null => Ok(false),
            Yaml::Boolean(value) => Ok(*value),
            _ => Err(wrong(
                &self.file,
                &format!("the kubeconfig's `{name}` is neither true nor false"),
            )),
        }
    }

    fn cluster(&self) -> Result<Cluster> {
        Ok(Cluster {
            server: self.text("server")?,
            authorities: self.pem("certificate-authority")?,
            insecure: self.flag("insecure-skip-tls-verify")?,
            server_name: self.text("tls-server-name")?,
            proxy: self.text("proxy-url")?.map(Sensitive::new),
        })
    }

    fn user(&self) -> Result<User> {
        if !matches!(self.value["auth-provider"], Yaml::BadValue | Yaml::Null) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the kubeconfig's `auth-provider` is not supported",
            )
            .with("file", self.file.display())
            .with_hint("use a credential plugin (`exec`) or a token"));
        }
        Ok(User {
            certificate: self.pem("client-certificate")?,
            key: self.pem("client-key")?.map(Sensitive::new),
            credentials: Credentials {
                token: self.text("token")?.map(Sensitive::new),
                token_file: self.path("tokenFile")?,
                username: self.text("username")?,
                password: self.text("password")?.map(Sensitive::new),
                exec: self.exec()?,
            },
            impersonation: self.impersonation()?,
        })
    }

    fn impersonation(&self) -> Result<Vec<(String, String)>> {
        let mut headers = Vec::new();
        let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
        if let Some(user) = self.text("as")? {
            add("Impersonate-User", &user);
        }
        if let Some(uid) = self.text("as-uid")? {
            add("Impersonate-Uid", &uid);
        }
        for group in self.value["as-groups"].as_vec().into_iter().flatten() {
            add("Impersonate-Group", group.as_str().unwrap_or_default());
        }
        let extra = self.value["as-user-extra"].as_hash().into_iter().flatten();
        for (name, values) in extra {
            let name = format!("Impersonate-Extra-{}", name.as_str().unwrap_or_default());
            for value in values.as_vec().into_iter().flatten() {
                add(&name, value.as_str().unwrap_or_default());
            }
        }
        Ok(headers)
    }

    fn exec(&self) -> Result<Option<Plugin>> {
        let exec = &self.value["exec"];
        if matches!(exec, Yaml::BadValue | Yaml::Null) {
            return Ok(None);
        }
        let text = |name: &str| text_of(exec, name, &self.file);
        let required = |name: &str| {
            text(name)?.ok_or_else(|| {
                let reason = format!("the kubeconfig's `exec` has no `{name}`");
                wrong(&self.file, &reason)
            })
        };
        if text("interactiveMode")?.as_deref() == Some("Always") {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the kubeconfig's `exec` wants to talk with a person, which is not supported",
            )
            .with("file", self.file.display()));
        }
        if exec["provideClusterInfo"].as_bool() == Some(true) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the kubeconfig's `provideClusterInfo` is not supported",
            )
            .with("file", self.file.display()));
        }
        let words = exec["args"].as_vec().into_iter().flatten();
        let words = words.map(|word| word.as_str().map(str::to_owned));
        let words: Option<Vec<String>> = words.collect();
        let variables = exec["env"].as_vec().into_iter().flatten();
        let variables = variables.map(|one| {
            Some((
                one["name"].as_str()?.to_owned(),
                one["value"].as_str()?.to_owned(),
            ))
        });
        let variables: Option<Vec<(String, String)>> = variables.collect();
        let (Some(words), Some(variables)) = (words, variables) else {
            let reason = "the kubeconfig's `exec` has an argument or a variable that is no text";
            return Err(wrong(&self.file, reason));
        };
        let folder = self.file.parent().map(Path::to_path_buf);
        Plugin::new(
            &required("apiVersion")?,
            required("command")?,
            words,
            variables,
            folder,
        )
        .map(Some)
    }
}
