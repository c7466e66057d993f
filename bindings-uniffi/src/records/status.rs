//! Whether states can be reached.

use super::record;
use super::{Capability, CredentialNames, Problem};
use crate::typed::{Moment, json_form};

record! {
    /// What targets are stored in, and whether it answers.
    Status {
        /// Names of variables with credentials that are set, by what they are for.
        credentials: Vec<CredentialNames>,
        /// Files with credentials that are there.
        credential_files: Vec<String>,
        /// The targets, in the order in which they were named.
        targets: Vec<TargetStatus>,
    }
}

record! {
    /// One target.
    TargetStatus {
        /// As the caller named it, without what is secret in it.
        target: String,
        /// Where its state is stored; null when that is not known.
        backend: Option<BackendStatus>,
        /// Whether the store answered.
        reachable: bool,
        /// Its state; null when there is none, or it could not be read.
        state: Option<StateStatus>,
        /// Why the store could not be reached, or what it holds not be read.
        problem: Option<Problem>,
    }
}

record! {
    /// Where a state is stored, and what says so.
    BackendStatus {
        /// The kind, such as `s3`.
        kind: String,
        /// The place, for people.
        location: String,
        /// What names the backend: `main.tf:3`, an initialised folder, an address.
        origin: String,
        /// Its arguments, sorted by name.
        arguments: Vec<ArgumentStatus>,
        /// Names of the environment variables that were read for it and are set, sorted.
        variables: Vec<String>,
        /// The workspace.
        workspace: String,
        /// What selected it, for people.
        workspace_origin: String,
        /// What it can do.
        capability: Capability,
    }
}

record! {
    /// One argument of a backend.
    ArgumentStatus {
        /// Its name.
        name: String,
        /// Its value, as JSON unless it is text; null for one that is not shown, since it could be a secret.
        value: Option<String>,
        /// What gave it: a file and line, `-backend-config`, an initialised folder.
        origin: String,
    }
}

record! {
    /// What stands in a state.
    StateStatus {
        /// Its serial.
        serial: i64,
        /// Its lineage.
        lineage: String,
        /// The program's version that wrote it.
        terraform_version: Option<String>,
        /// Its size as it is stored, in bytes.
        bytes: i64,
        /// When it was written, where the store says so.
        modified: Option<Moment>,
        /// How many resources it holds.
        resources: i64,
        /// How many instances.
        instances: i64,
    }
}

json_form!(Status);
