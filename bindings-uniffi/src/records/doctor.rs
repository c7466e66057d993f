//! What a machine offers.

use super::record;
use crate::typed::{as_pair, json_form, pair};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

record! {
    /// What this machine offers, and what targets would use of it.
    Diagnosis {
        /// The settings that apply.
        settings: UsedSettings,
        /// This machine.
        machine: Machine,
        /// The targets, in the order in which they were named.
        targets: Vec<TargetFacts>,
    }
}

record! {
    /// The settings that apply.
    UsedSettings {
        /// The files that were read, the weaker one first.
        files: Vec<String>,
        /// `app.name`.
        name: Option<String>,
        /// `app.environment`.
        environment: Option<String>,
    }
}

record! {
    /// This machine. Variables and credentials are named, and their values are not shown.
    Machine {
        /// The version of this build.
        version: String,
        /// Optional parts that it has.
        features: Vec<String>,
        /// The operating system.
        os: String,
        /// The architecture.
        arch: String,
        /// The folder that relative paths start from.
        current_dir: String,
        /// Kinds of backends that states can be read from.
        backends: Vec<String>,
        /// Names of variables that Terraform and driftmgr read.
        variables: Vec<String>,
        /// The CLI configurations of Terraform and OpenTofu.
        cli_config: Vec<CliConfigFacts>,
        /// driftmgr's own cache; null where there is no home folder.
        cache: Option<CacheFacts>,
        /// Names of variables that are set, by what they are for.
        credentials: Vec<CredentialNames>,
        /// Files with credentials that are there.
        credential_files: Vec<String>,
    }
}

record! {
    /// The CLI configuration of one program.
    CliConfigFacts {
        /// `terraform` or `tofu`.
        program: String,
        /// The files that were read.
        files: Vec<String>,
        /// Why they could not be.
        problem: Option<String>,
    }
}

record! {
    /// A folder of caches.
    CacheFacts {
        /// The folder.
        folder: String,
        /// How many files lie in it.
        files: i64,
        /// How large they are together, in bytes.
        bytes: i64,
    }
}

/// Variables that are set, and what they are for.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct CredentialNames {
    /// What they are for.
    pub purpose: String,
    /// Their names.
    pub variables: Vec<String>,
}

impl<'de> Deserialize<'de> for CredentialNames {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        pair(from).map(|(purpose, variables)| Self { purpose, variables })
    }
}

impl Serialize for CredentialNames {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        as_pair(&self.purpose, &self.variables, to)
    }
}

record! {
    /// One target.
    TargetFacts {
        /// As the caller named it.
        target: String,
        /// The folder of its root module.
        root: String,
        /// The selected workspace.
        workspace: String,
        /// What selected it, for people.
        workspace_origin: String,
        /// The kind of backend that the configuration declares.
        backend: Option<String>,
        /// The providers that it needs, sorted by source.
        providers: Vec<ProviderFacts>,
        /// What could not be read of it.
        problems: Vec<String>,
    }
}

record! {
    /// One provider that a target needs.
    ProviderFacts {
        /// Its source address.
        source: String,
        /// Who wants it: `configuration`, `lock file`, `state`.
        wanted_by: Vec<String>,
        /// The binary that would run.
        path: Option<String>,
        /// Its version.
        version: Option<String>,
        /// What kind of place it was found in, for people.
        place: Option<String>,
        /// What it was checked against, for people.
        verified: Option<String>,
        /// Some of its types are read without a binary.
        native: bool,
        /// Why there is no binary.
        problem: Option<String>,
        /// Where it was looked for.
        looked: Vec<String>,
        /// Ways out.
        hints: Vec<String>,
    }
}

json_form!(Diagnosis);
