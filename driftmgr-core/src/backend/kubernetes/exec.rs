//! Credential plugins: programs that answer who asks
//! (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>).

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;

use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// A plugin that says nothing for so long is ended.
const PATIENCE: Duration = Duration::from_secs(60);
const GROUP: &str = "client.authentication.k8s.io/";

/// A program, and how it is called. `Debug` shows no value of a variable and no argument.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Plugin {
    version: String,
    command: String,
    words: Vec<String>,
    variables: Vec<(String, String)>,
    /// A relative path of the program starts from here.
    folder: Option<PathBuf>,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("command", &self.command)
            .finish_non_exhaustive()
    }
}

/// What a plugin answered. No `Debug`: all of it is secret.
pub(super) struct Granted {
    pub(super) token: Option<Sensitive<String>>,
    /// Certificate and key, as PEM one after the other.
    pub(super) identity: Option<Sensitive<String>>,
    pub(super) until: Option<SystemTime>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    api_version: String,
    kind: String,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<String>,
}

impl Plugin {
    /// # Errors
    /// `Unsupported` for a version of the protocol that is not spoken.
    pub(super) fn new(
        version: &str,
        command: String,
        words: Vec<String>,
        variables: Vec<(String, String)>,
        folder: Option<PathBuf>,
    ) -> Result<Self> {
        let spoken = version.strip_prefix(GROUP);
        if !matches!(spoken, Some("v1" | "v1beta1")) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "a credential plugin of version `{}` is not supported",
                    version.escape_debug()
                ),
            )
            .with_hint(format!("it is {GROUP}v1 or {GROUP}v1beta1")));
        }
        Ok(Self {
            version: version.to_owned(),
            command,
            words,
            variables,
            folder,
        })
    }

    /// What must not stand in any text.
    pub(super) fn secrets(&self) -> impl Iterator<Item = String> {
        self.variables.iter().map(|(_, value)| value.clone())
    }

    /// Runs the program. What it says is never shown.
    ///
    /// # Errors
    /// `InvalidConfig` when there is no such program, `Unauthenticated` when it grants nothing, `Timeout` when it takes too long.
    pub(super) async fn run(&self, cx: &Context) -> Result<Granted> {
        let info = json!({
            "kind": "ExecCredential", "apiVersion": self.version, "spec": {"interactive": false},
        });
        let program = self.program(cx)?;
        let mut command = Command::new(&program);
        command
            .args(&self.words)
            .current_dir(cx.environment().current_dir())
            .env_clear()
            .envs(cx.environment().variables())
            .envs(self.variables.iter().map(|(k, v)| (k, v)))
            .env("KUBERNETES_EXEC_INFO", info.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let patient = cx.clone().with_timeout(PATIENCE);
        let output = patient.run(async {
            command.output().await.map_err(|e| {
                let message = "the credential plugin cannot be run";
                Error::new(ErrorKind::InvalidConfig, message).with_source(e)
            })
        });
        let output = output.await.map_err(|e| e.with("command", &self.command))?;
        if !output.status.success() {
            return Err(self
                .useless("fails")
                .with("status", output.status)
                .with_hint("run it by hand and see what it says; you may have to log in"));
        }
        self.granted(&output.stdout)
    }

    fn granted(&self, answer: &[u8]) -> Result<Granted> {
        let answer: Credential = serde_json::from_slice(answer)
            .map_err(|_| self.useless("does not answer with an ExecCredential in JSON"))?;
        if answer.kind != "ExecCredential" || answer.api_version != self.version {
            return Err(self.useless("answers in another version of the protocol"));
        }
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let status = answer
            .status
            .ok_or_else(|| self.useless("grants nothing"))?;
        let token = filled(status.token);
        let certificate = filled(status.client_certificate_data);
        let key = filled(status.client_key_data);
        let identity = match (certificate, key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some(Sensitive::new(format!("{certificate}\n{key}"))),
            _ => return Err(self.useless("answers with one of certificate and key")),
        };
        if token.is_none() && identity.is_none() {
            return Err(self.useless("grants nothing"));
        }
        let until = match filled(status.expiration_timestamp) {
            None => None,
            Some(text) => {
                let time: Option<jiff::Timestamp> = text.parse().ok();
                Some(time.ok_or_else(|| self.useless("answers with an end that is no time"))?)
            }
        };
        Ok(Granted {
            token: token.map(Sensitive::new),
            identity,
            until: until.map(SystemTime::from),
        })
    }

    fn useless(&self, how: &str) -> Error {
        Error::new(
            ErrorKind::Unauthenticated,
            format!("the credential plugin {how}"),
        )
        .with("command", &self.command)
    }

    /// Where the program is: a path as it stands, a name in the folders of `PATH`.
    fn program(&self, cx: &Context) -> Result<PathBuf> {
        let environment = cx.environment();
        let found = match self.command.contains(std::path::is_separator) {
            true => {
                let base = self.folder.as_deref().unwrap_or(Path::new(""));
                let path = environment.current_dir().join(base).join(&self.command);
                Some(path).filter(|path| path.is_file())
            }
            false => {
                let path = environment.get("PATH").unwrap_or_default();
                std::env::split_paths(path)
                    .map(|folder| environment.current_dir().join(folder).join(&self.command))
                    .find(|file| file.is_file())
            }
        };
        found.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidConfig,
                "the kubernetes backend asks a credential plugin who asks, and there is no such program",
            )
            .with("command", &self.command)
            .with_hint("install it, or correct `command` of `exec`")
        })
    }
}
