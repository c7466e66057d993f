//! Whether stored states can be reached, with which configuration, and what gave it. Names of credentials, never their values.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use futures::{StreamExt as _, stream};
use serde::Serialize;
use serde_json::Value as Json;

use super::doctor::{Machine, selected_by};
use super::encryption::decrypted;
use super::open::{Located, locate};
use super::pattern::Match;
use super::{Client, OpenOptions};
use crate::backend::{BackendSpec, Capability, shown_target};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::redact::Sensitive;
use crate::report::text::{self, Section, TextOptions, count};
use crate::state::State;

/// So many targets are asked at a time.
const AT_ONCE: usize = 16;

/// Arguments that say where a state is. Of all others only the names are shown: what is new in a backend may be a secret.
const PLACES: &[&str] = &[
    "acl",
    "bucket",
    "container_name",
    "dynamodb_table",
    "encrypt",
    "environment",
    "hostname",
    "key",
    "namespace",
    "organization",
    "path",
    "prefix",
    "profile",
    "region",
    "resource_group_name",
    "schema_name",
    "secret_suffix",
    "storage_account_name",
    "subscription_id",
    "tenant_id",
    "use_lockfile",
    "use_path_style",
    "workspace_dir",
    "workspace_key_prefix",
    "workspaces",
];

/// What targets are stored in, and whether it answers. In JSON as `driftmgr status --format json` prints it.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Names of variables with credentials that are set, by what they are for.
    pub credentials: Vec<(String, Vec<String>)>,
    /// Files with credentials that are there.
    pub credential_files: Vec<PathBuf>,
    /// The targets, in the order in which they were named.
    pub targets: Vec<TargetStatus>,
}

/// One target.
#[derive(Debug, Clone, Serialize)]
pub struct TargetStatus {
    /// As the caller named it, without what is secret in it.
    pub target: String,
    /// Where its state is stored; `None` when that is not known.
    pub backend: Option<BackendStatus>,
    /// Whether the store answered.
    pub reachable: bool,
    /// Its state; `None` when there is none, or it could not be read.
    pub state: Option<StateStatus>,
    /// Why the store could not be reached, or what it holds not be read.
    pub problem: Option<Error>,
}

/// Where a state is stored, and what says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackendStatus {
    /// The kind, such as `s3`.
    pub kind: String,
    /// The place, for people.
    pub location: String,
    /// What names the backend: `main.tf:3`, an initialised folder, an address.
    pub origin: String,
    /// Its arguments, sorted by name.
    pub arguments: Vec<ArgumentStatus>,
    /// Names of the environment variables that were read for it and are set, sorted.
    pub variables: Vec<String>,
    /// The workspace.
    pub workspace: String,
    /// What selected it, for people.
    pub workspace_origin: String,
    /// What it can do.
    pub capability: Capability,
}

/// One argument of a backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArgumentStatus {
    /// Its name.
    pub name: String,
    /// Its value, as JSON unless it is text; `None` for one that is not shown, since it could be a secret.
    pub value: Option<String>,
    /// What gave it: a file and line, `-backend-config`, an initialised folder.
    pub origin: String,
}

/// What stands in a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StateStatus {
    /// Its serial.
    pub serial: u64,
    /// Its lineage.
    pub lineage: String,
    /// The program's version that wrote it.
    pub terraform_version: Option<String>,
    /// Its size as it is stored, in bytes.
    pub bytes: u64,
    /// When it was written, where the store says so.
    #[serde(serialize_with = "super::json::moment_of")]
    pub modified: Option<SystemTime>,
    /// How many resources it holds.
    pub resources: usize,
    /// How many instances.
    pub instances: usize,
}

impl Client {
    /// Whether each target's state can be read, and what its backend is configured by. No lock is taken and nothing is written.
    ///
    /// # Errors
    /// Only cancellation and the deadline. What is wrong with a target stands in its status.
    ///
    /// ```no_run
    /// use driftmgr_core::client::{Client, OpenOptions};
    ///
    /// # async fn example() -> driftmgr_core::Result<()> {
    /// let client = Client::builder().build()?;
    /// for target in client.status(&["./network", "./shop"], &OpenOptions::default()).await?.targets {
    ///     println!("{}: {}", target.target, if target.reachable { "reachable" } else { "not reachable" });
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn status<T: AsRef<Path>>(
        &self,
        targets: &[T],
        options: &OpenOptions,
    ) -> Result<Status> {
        let machine = Machine::examine(&self.cx, &self.backends);
        let mut asked = Vec::new();
        for target in targets {
            asked.extend(self.places(target.as_ref(), options).await);
        }
        let asked: Vec<_> = asked
            .into_iter()
            .map(|(target, options)| self.status_of(target, options))
            .collect();
        let targets = stream::iter(asked).buffered(AT_ONCE).collect().await;
        self.cx.check()?;
        Ok(Status {
            credentials: machine.credentials,
            credential_files: machine.credential_files,
            targets,
        })
    }

    /// The states that a target means. What is wrong with it, its status tells.
    async fn places(&self, target: &Path, options: &OpenOptions) -> Vec<(PathBuf, OpenOptions)> {
        let Ok(Some(found)) = self.matches(target, options).await else {
            return vec![(target.to_owned(), options.clone())];
        };
        let place = |one: Match| {
            let of_one = OpenOptions {
                workspace: one.workspace.or_else(|| options.workspace.clone()),
                ..options.clone()
            };
            (one.target, of_one)
        };
        found.into_iter().map(place).collect()
    }

    async fn status_of(&self, target: PathBuf, options: OpenOptions) -> TargetStatus {
        let (environment, seen) = self.cx.environment().seeing();
        let cx = self.cx.clone().with_environment(environment);
        let located = match locate(&cx, &self.backends, &target, &options).await {
            Ok(located) => located,
            Err(error) => {
                return TargetStatus {
                    target: shown_target(&target),
                    backend: None,
                    reachable: false,
                    state: None,
                    problem: Some(error),
                };
            }
        };
        let raw = located.backend.read(&cx, &located.at).await;
        let reachable = raw.is_ok();
        let state = match raw {
            Ok(Some(raw)) => read(&cx, &located, raw).await.map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        let (state, problem) = match state {
            Ok(state) => (state, None),
            Err(error) => (None, Some(error)),
        };
        TargetStatus {
            target: located.label.clone(),
            backend: Some(BackendStatus {
                kind: located.spec.kind.clone(),
                location: located.location.display().to_string(),
                origin: located.spec.origin.clone(),
                arguments: arguments(&located.spec),
                variables: seen.names(),
                workspace: located.workspace.name.clone(),
                workspace_origin: selected_by(&located.workspace.origin),
                capability: located.backend.capability(),
            }),
            reachable,
            state,
            problem,
        }
    }
}

async fn read(
    cx: &Context,
    located: &Located,
    raw: crate::backend::RawState,
) -> Result<StateStatus> {
    let (bytes, modified) = (raw.bytes.len() as u64, raw.modified);
    let plain = decrypted(cx, &located.around, &located.workspace, raw.bytes).await?;
    let state = State::from_bytes(plain)?;
    Ok(StateStatus {
        serial: state.serial,
        lineage: state.lineage.clone(),
        terraform_version: state.terraform_version.clone(),
        bytes,
        modified,
        resources: state.resources.len(),
        instances: state.instances().count(),
    })
}

fn arguments(spec: &BackendSpec) -> Vec<ArgumentStatus> {
    let set = spec.config.iter().filter(|(_, v)| !v.expose().is_null());
    set.map(|(name, value)| ArgumentStatus {
        name: name.clone(),
        value: harmless(name, value),
        origin: spec.origin_of(name).to_owned(),
    })
    .collect()
}

fn harmless(name: &str, value: &Sensitive<Json>) -> Option<String> {
    let text = match value.expose() {
        _ if !PLACES.contains(&name) => return None,
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    // An address can hold a password wherever it stands.
    (!text.contains("://")).then_some(text)
}

impl Status {
    /// Whether every target could be read.
    pub fn is_good(&self) -> bool {
        let mut all = self.targets.iter();
        all.all(|target| target.problem.is_none())
    }

    /// The facts under their titles.
    pub fn sections(&self) -> Vec<Section> {
        let mut credentials = Section::new("Credentials");
        for (label, names) in &self.credentials {
            credentials.row(label, names.join(", "));
        }
        for file in &self.credential_files {
            credentials.row("file", file.display().to_string());
        }
        let targets = self.targets.iter().map(TargetStatus::section);
        targets.chain([credentials]).collect()
    }

    /// A page for people, as `driftmgr status` prints it.
    pub fn text(&self, options: &TextOptions) -> String {
        text::sections(&self.sections(), options)
    }
}

impl TargetStatus {
    fn section(&self) -> Section {
        let mut section = Section::new(format!("Target {}", self.target));
        section.row("reachable", if self.reachable { "yes" } else { "no" });
        if let Some(problem) = &self.problem {
            section.row("problem", problem.to_string());
            for hint in problem.hints() {
                section.row("", hint);
            }
        }
        match &self.state {
            Some(state) => section.row("state", state.line()),
            None if self.reachable && self.problem.is_none() => section.row("state", "none yet"),
            None => &mut section,
        };
        if let Some(backend) = &self.backend {
            backend.rows(&mut section);
        }
        section
    }
}

impl BackendStatus {
    fn rows(&self, section: &mut Section) {
        section.row("backend", format!("{} ({})", self.kind, self.origin));
        section.row("location", &self.location);
        section.row(
            "workspace",
            format!("{} ({})", self.workspace, self.workspace_origin),
        );
        let can = self.capability;
        let words = [
            (true, "read"),
            (can.write, "write"),
            (can.lock, "lock"),
            (can.workspaces, "workspaces"),
            (can.versions, "old versions"),
        ];
        let words: Vec<&str> = words.iter().filter(|(is, _)| *is).map(|w| w.1).collect();
        section.row("can", words.join(", "));
        for argument in &self.arguments {
            let value = argument.value.as_deref().unwrap_or("(set, not shown)");
            section.row(&argument.name, format!("{value} ({})", argument.origin));
        }
        if !self.variables.is_empty() {
            section.row("variables", self.variables.join(", "));
        }
    }
}

impl StateStatus {
    fn line(&self) -> String {
        let version = self.terraform_version.as_deref().unwrap_or("?");
        format!(
            "serial {}, {}, {}, {}, written by {version}",
            self.serial,
            count(self.resources as u64, "resource", "resources"),
            count(self.instances as u64, "instance", "instances"),
            count(self.bytes, "byte", "bytes"),
        )
    }
}
