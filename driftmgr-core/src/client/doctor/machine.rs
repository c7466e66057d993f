//! What does not depend on a target: this program, the environment, caches, credentials.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::backend::BackendRegistry;
use crate::client::version;
use crate::context::Context;
use crate::env::Environment;
use crate::provider::find::{CliConfig, Program, cache_folder};
use crate::report::text::{self, Section};

/// Variables that providers and backends take credentials and places from, by the prefix of their names.
const CREDENTIAL_PREFIXES: &[(&str, &[&str])] = &[
    ("Alibaba Cloud", &["ALIBABA_CLOUD_", "ALICLOUD_"]),
    ("AWS", &["AWS_"]),
    ("Azure", &["ARM_", "AZURE_"]),
    ("Cloudflare", &["CLOUDFLARE_"]),
    ("DigitalOcean", &["DIGITALOCEAN_", "SPACES_"]),
    ("GitHub", &["GITHUB_TOKEN", "GITHUB_APP_"]),
    ("GitLab", &["GITLAB_TOKEN"]),
    ("Google Cloud", &["GOOGLE_", "GCLOUD_", "CLOUDSDK_"]),
    ("Kubernetes", &["KUBE_", "KUBECONFIG"]),
    ("Terraform registries", &["TF_TOKEN_"]),
    ("Vault", &["VAULT_"]),
];

/// Files with credentials, under the home folder.
const CREDENTIAL_FILES: &[&str] = &[
    ".aws/config",
    ".aws/credentials",
    ".azure/azureProfile.json",
    ".config/gcloud/application_default_credentials.json",
    ".kube/config",
    ".terraform.d/credentials.tfrc.json",
];

/// This machine. Variables and credentials are named, and their values are not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// The version of this build.
    pub version: &'static str,
    /// Optional parts that it has.
    pub features: &'static [&'static str],
    /// The operating system.
    pub os: &'static str,
    /// The architecture.
    pub arch: &'static str,
    /// The folder that relative paths start from.
    pub current_dir: PathBuf,
    /// Kinds of backends that states can be read from.
    pub backends: Vec<String>,
    /// Names of variables that Terraform and driftmgr read.
    pub variables: Vec<String>,
    /// The CLI configurations of Terraform and OpenTofu.
    pub cli_config: Vec<CliConfigFacts>,
    /// driftmgr's own cache; `None` where there is no home folder.
    pub cache: Option<CacheFacts>,
    /// Names of variables that are set, by what they are for.
    pub credentials: Vec<(String, Vec<String>)>,
    /// Files with credentials that are there.
    pub credential_files: Vec<PathBuf>,
}

/// The CLI configuration of one program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CliConfigFacts {
    /// `terraform` or `tofu`.
    pub program: &'static str,
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// Why they could not be.
    pub problem: Option<String>,
}

/// A folder of caches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CacheFacts {
    /// The folder.
    pub folder: PathBuf,
    /// How many files lie in it.
    pub files: u64,
    /// How large they are together, in bytes.
    pub bytes: u64,
}

impl Machine {
    pub(in crate::client) fn examine(cx: &Context, backends: &BackendRegistry) -> Self {
        let environment = cx.environment();
        let set: Vec<&str> = environment
            .variables()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, _)| name)
            .collect();
        let named = |prefixes: &[&str]| -> Vec<String> {
            set.iter()
                .filter(|name| prefixes.iter().any(|p| name.starts_with(p)))
                .map(|name| (*name).to_owned())
                .collect()
        };
        let build = version();
        Self {
            version: build.version,
            features: build.features,
            os: build.os,
            arch: build.arch,
            current_dir: environment.current_dir().to_owned(),
            backends: backends.kinds().map(str::to_owned).collect(),
            variables: named(&["TF_", "TOFU_", "DRIFTMGR_"]),
            cli_config: [
                (Program::Terraform, "terraform"),
                (Program::OpenTofu, "tofu"),
            ]
            .map(|(program, name)| cli_config(environment, program, name))
            .into(),
            cache: cache_folder(environment).map(measure),
            credentials: CREDENTIAL_PREFIXES
                .iter()
                .map(|(label, prefixes)| ((*label).to_owned(), named(prefixes)))
                .filter(|(_, names)| !names.is_empty())
                .collect(),
            credential_files: environment
                .home()
                .map(|home| {
                    CREDENTIAL_FILES
                        .iter()
                        .map(|file| home.join(file))
                        .filter(|path| path.is_file())
                        .collect()
                })
                .unwrap_or_default(),
        }
    }

    pub(super) fn sections(&self) -> Vec<Section> {
        let mut program = Section::new("driftmgr");
        program.row("version", self.version);
        if !self.features.is_empty() {
            program.row("features", self.features.join(", "));
        }
        program.row("system", format!("{} {}", self.os, self.arch));
        program.row("folder", self.current_dir.display().to_string());
        program.row("backends", self.backends.join(", "));
        match &self.cache {
            Some(cache) => program.row(
                "cache",
                format!(
                    "{} ({} files, {})",
                    cache.folder.display(),
                    cache.files,
                    text::size(cache.bytes)
                ),
            ),
            None => program.row("cache", "none: there is no home folder"),
        };

        let mut terraform = Section::new("Terraform's settings");
        for config in &self.cli_config {
            let label = format!("CLI config ({})", config.program);
            let files = match (&config.problem, config.files.as_slice()) {
                (Some(problem), _) => problem.clone(),
                (None, []) => "none".to_owned(),
                (None, files) => join(files),
            };
            terraform.row(label, files);
        }
        let variables = if self.variables.is_empty() {
            "none".to_owned()
        } else {
            self.variables.join(", ")
        };
        terraform.row("variables set", variables);

        let mut credentials = Section::new("Credentials and cloud settings (names only)");
        for (label, names) in &self.credentials {
            credentials.row(label, names.join(", "));
        }
        if !self.credential_files.is_empty() {
            credentials.row("files", join(&self.credential_files));
        }
        if credentials.rows.is_empty() {
            credentials.row("none", "no variable or file that is known to hold one");
        }
        vec![program, terraform, credentials]
    }
}

fn join(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|p| p.display().to_string())
        .collect::<Vec<_>>()
        .join("\n")
}

fn cli_config(environment: &Environment, program: Program, name: &'static str) -> CliConfigFacts {
    let (files, problem) = match CliConfig::load(environment, program) {
        Ok(config) => (config.files, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    CliConfigFacts {
        program: name,
        files,
        problem,
    }
}

fn measure(folder: PathBuf) -> CacheFacts {
    let mut facts = CacheFacts {
        folder,
        files: 0,
        bytes: 0,
    };
    let mut folders = vec![facts.folder.clone()];
    while let Some(folder) = folders.pop() {
        for (path, metadata) in entries(&folder) {
            if metadata.is_dir() {
                folders.push(path);
            } else {
                facts.files += 1;
                facts.bytes += metadata.len();
            }
        }
    }
    facts
}

/// What is in a folder; links are not followed.
fn entries(folder: &Path) -> Vec<(PathBuf, std::fs::Metadata)> {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.path(), entry.metadata().ok()?))
        })
        .collect()
}
