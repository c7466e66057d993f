//! The program that keeps tokens for Terraform (<https://developer.hashicorp.com/terraform/internals/credentials-helpers>):
//! `terraform-credentials-NAME ARGS… get HOST` writes `{"token": "…"}`, or `{}` when it knows none.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use super::HostToken;
use crate::cli_config::configuration_folder;
use crate::context::Context;
use crate::env::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// A helper that asks a person would wait for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// Both programs look for helpers under this name.
const PREFIX: &str = "terraform-credentials-";

/// A helper. `Debug` leaves out its arguments, which can hold anything.
#[derive(Clone)]
pub(super) struct Helper {
    name: String,
    arguments: Vec<String>,
    /// Where it may be, in order.
    folders: Vec<PathBuf>,
    environment: Vec<(String, String)>,
}

impl std::fmt::Debug for Helper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Helper").field("name", &self.name).finish()
    }
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
}

impl Helper {
    pub(super) fn new(name: &str, arguments: Vec<String>, environment: &Environment) -> Self {
        let plugins = configuration_folder(environment).map(|folder| folder.join("plugins"));
        let variables = environment.variables();
        Self {
            name: name.to_owned(),
            arguments,
            folders: plugins
                .into_iter()
                .flat_map(|folder| [folder.join(platform()), folder])
                .collect(),
            environment: variables
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
        }
    }

    /// Asks for the token of a host.
    pub(super) async fn token(&self, cx: &Context, host: &str) -> Result<Option<HostToken>> {
        let program = self.program().ok_or_else(|| {
            self.failed("is not installed").with_hint(format!(
                "put {PREFIX}{} into the folder `plugins` of the CLI configuration",
                self.name
            ))
        })?;
        let run = Command::new(&program)
            .args(&self.arguments)
            .args(["get", host])
            .env_clear()
            .envs(self.environment.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = cx
            .run(async {
                let output = tokio::time::timeout(PATIENCE, run).await;
                let output = output.map_err(|_| self.failed("did not answer within 60 s"))?;
                output.map_err(|e| self.failed("cannot be started").with_source(e))
            })
            .await?;
        // What it writes can hold the token, so it is not shown.
        if !output.status.success() {
            return Err(self
                .failed("failed")
                .with("status", output.status)
                .with("host", host));
        }
        let answer: Answer = serde_json::from_slice(&output.stdout).map_err(|_| {
            self.failed("did not answer with a JSON object")
                .with("host", host)
        })?;
        Ok(answer
            .token
            .filter(|token| !token.is_empty())
            .map(|token| HostToken {
                token: Sensitive::new(token),
                origin: format!("credentials helper {}", self.name),
            }))
    }

    fn failed(&self, what: &str) -> Error {
        Error::new(
            ErrorKind::Unauthenticated,
            format!("the credentials helper {what}"),
        )
        .with("helper", &self.name)
    }

    /// The executable; of several versions the last one.
    fn program(&self) -> Option<PathBuf> {
        let wanted = format!("{PREFIX}{}", self.name);
        let fits = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let stem = name.strip_suffix(".exe").unwrap_or(&name);
            let rest = stem.strip_prefix(wanted.as_str());
            path.is_file() && rest.is_some_and(|r| r.is_empty() || r.starts_with("_v"))
        };
        self.folders.iter().find_map(|folder| {
            let entries = std::fs::read_dir(folder).ok()?;
            let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
            paths.filter(fits).max()
        })
    }
}

/// The folder of this platform's plugins, as Go names it.
fn platform() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        arch => arch,
    };
    format!("{os}_{arch}")
}
