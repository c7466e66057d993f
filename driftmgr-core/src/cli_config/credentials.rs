//! Tokens of hosts, found as both programs find them
//! (<https://developer.hashicorp.com/terraform/cli/config/config-file#credentials>).
//!
//! The order is: a variable `TF_TOKEN_<host>`, the `credentials` blocks of the CLI configuration with `credentials.tfrc.json` among its
//! files, then the program that `credentials_helper` names.

mod helper;

use std::collections::BTreeMap;
use std::path::Path;

use url::Url;

use self::helper::Helper;
use super::{Entry, Files, Node, Program, children, invalid};
use crate::context::Context;
use crate::env::{Environment, TF_TOKEN_PREFIX};
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// A token, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostToken {
    /// The token.
    pub token: Sensitive<String>,
    /// `TF_TOKEN_app_terraform_io`, a file with its line, or a helper's name.
    pub origin: String,
}

/// The tokens of hosts that this machine knows. `Debug` shows no token.
#[derive(Debug, Clone, Default)]
pub struct HostCredentials {
    variables: BTreeMap<String, HostToken>,
    files: BTreeMap<String, HostToken>,
    helper: Option<Helper>,
}

impl HostCredentials {
    /// Reads the variables and the CLI configuration: Terraform's files, and OpenTofu's where those name no token for a host.
    ///
    /// # Errors
    /// `InvalidConfig` with file and line for what cannot be read as such a configuration; the kinds of [`Error::io`].
    pub fn load(environment: &Environment) -> Result<Self> {
        let mut this = Self {
            variables: variables(environment),
            ..Self::default()
        };
        for program in [Program::Terraform, Program::OpenTofu] {
            let mut found = Self::default();
            for (path, entries) in Files::read(environment, program)?.found {
                for entry in &entries {
                    found.add(&path, entry, environment)?;
                }
            }
            for (host, token) in found.files {
                this.files.entry(host).or_insert(token);
            }
            this.helper = this.helper.or(found.helper);
        }
        Ok(this)
    }

    /// The token of a host; `None` where there is none. `host` may have a port, and need not be in small letters.
    ///
    /// # Errors
    /// `InvalidInput` for what is no host; `Unauthenticated` when the helper cannot be run or fails; `Cancelled` and `Timeout` by the
    /// context.
    pub async fn token(&self, cx: &Context, host: &str) -> Result<Option<HostToken>> {
        let Some(name) = comparable(host) else {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!("`{}` is no name of a host", host.escape_debug()),
            ));
        };
        let known = self.variables.get(&name).or_else(|| self.files.get(&name));
        match (known, &self.helper) {
            (Some(token), _) => Ok(Some(token.clone())),
            (None, Some(helper)) => helper.token(cx, &name).await,
            (None, None) => Ok(None),
        }
    }

    fn add(&mut self, path: &Path, entry: &Entry, environment: &Environment) -> Result<()> {
        match (entry.name(), entry.keys.as_slice()) {
            // HCL has the host as a label, JSON as a key. Of two blocks the later one counts.
            ("credentials", [_, host]) => self.add_host(path, host, entry),
            ("credentials", [_]) => children(path, entry)?
                .into_iter()
                .try_for_each(|host| self.add_host(path, host.name(), host)),
            ("credentials_helper", [_, name]) => self.add_helper(path, name, entry, environment),
            ("credentials_helper", [_]) => children(path, entry)?
                .into_iter()
                .try_for_each(|helper| self.add_helper(path, helper.name(), helper, environment)),
            ("credentials" | "credentials_helper", _) => {
                Err(invalid(path, entry.line, "one label must stand here"))
            }
            _ => Ok(()),
        }
    }

    fn add_host(&mut self, path: &Path, host: &str, entry: &Entry) -> Result<()> {
        let host = comparable(host)
            .ok_or_else(|| invalid(path, entry.line, "credentials are for the name of a host"))?;
        let token = entries(&entry.value).into_iter().find_map(|inner| {
            let text = match &inner.value {
                Node::String(text) if inner.name() == "token" => text,
                _ => return None,
            };
            Some(HostToken {
                token: Sensitive::new(text.clone()),
                origin: format!("{}:{}", path.display(), inner.line),
            })
        });
        if let Some(token) = token.filter(|t| !t.token.expose().is_empty()) {
            self.files.insert(host, token);
        }
        Ok(())
    }

    fn add_helper(
        &mut self,
        path: &Path,
        name: &str,
        entry: &Entry,
        environment: &Environment,
    ) -> Result<()> {
        if self.helper.is_some() {
            return Err(invalid(
                path,
                entry.line,
                "there may be only one credentials_helper block in all CLI configuration",
            ));
        }
        let mut arguments = Vec::new();
        for inner in entries(&entry.value) {
            let (Node::List(items), "args") = (&inner.value, inner.name()) else {
                continue;
            };
            for item in items {
                let Node::String(text) = item else {
                    return Err(invalid(path, inner.line, "args is a list of strings"));
                };
                arguments.push(text.clone());
            }
        }
        self.helper = Some(Helper::new(name, arguments, environment));
        Ok(())
    }
}

/// The entries of a block; JSON may wrap it in lists.
fn entries(node: &Node) -> Vec<&Entry> {
    match node {
        Node::Object(entries) => entries.iter().collect(),
        Node::List(items) => items.iter().flat_map(entries).collect(),
        _ => Vec::new(),
    }
}

/// The tokens in variables. `_` stands for a dot and `__` for a hyphen, since shells have neither in names; a host is spelled in
/// letters or in punycode. What names no host is passed over.
fn variables(environment: &Environment) -> BTreeMap<String, HostToken> {
    let mut found = BTreeMap::new();
    for (name, value) in environment.variables() {
        let host = name.strip_prefix(TF_TOKEN_PREFIX);
        let host = host.map(|h| h.replace("__", "-").replace('_', "."));
        if let Some(host) = host.as_deref().and_then(comparable)
            && environment.get(name).is_some()
        {
            let token = HostToken {
                token: Sensitive::new(value.to_owned()),
                origin: name.to_owned(),
            };
            found.insert(host, token);
        }
    }
    found
}

/// The form in which hosts are compared: small letters, punycode, without the port 443. `None` for what is no host with an optional
/// port.
pub(crate) fn comparable(host: &str) -> Option<String> {
    let plain = |c: char| !(c.is_whitespace() || c.is_control() || "/?#@\\".contains(c));
    if host.is_empty() || !host.chars().all(plain) {
        return None;
    }
    let url: Url = format!("https://{host}/").parse().ok()?;
    let name = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    })
}

#[cfg(test)]
mod tests;
