//! Configurations, workspaces, backends, the library itself.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Place, record};
use crate::typed::{Moment, json_form};

record! {
    /// What a root module declares, its child modules included. No value of an argument is in it.
    ConfigurationSummary {
        /// The folder of the root module.
        root: String,
        /// Version constraints on Terraform itself.
        required_version: Vec<String>,
        /// The `backend` or `cloud` block.
        backend: Option<DeclaredBackend>,
        /// Entries of `required_providers` of the root module, by local name.
        required_providers: DeclaredProviders,
        /// `provider` blocks of all modules, sorted by module and place.
        provider_configurations: Vec<DeclaredConfiguration>,
        /// Calls of modules, sorted by address.
        modules: Vec<DeclaredModule>,
        /// Resources and data sources of all modules, sorted by address.
        resources: Vec<DeclaredResource>,
        /// Names of the root module's variables, sorted.
        variables: Vec<String>,
        /// Names of the root module's outputs, sorted.
        outputs: Vec<String>,
        /// What could not be read, each a sentence with its place.
        problems: Vec<String>,
    }
}

record! {
    /// A `backend` or `cloud` block.
    DeclaredBackend {
        /// Its label, such as `s3`; `cloud` for a `cloud` block.
        kind: String,
        /// Where it begins.
        declared: Place,
    }
}

record! {
    /// An entry of `required_providers`.
    DeclaredProvider {
        /// The source address.
        source: String,
        /// The version constraint as written.
        version: Option<String>,
    }
}

/// Entries of `required_providers` by local name, in their order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeclaredProviders(pub IndexMap<String, DeclaredProvider>);

/// An entry of `required_providers` with its local name.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct NamedProvider {
    /// The local name.
    pub key: String,
    /// The entry.
    pub value: DeclaredProvider,
}

uniffi::custom_type!(DeclaredProviders, Vec<NamedProvider>, {
    try_lift: |all| Ok(DeclaredProviders(all.into_iter().map(|p| (p.key, p.value)).collect())),
    lower: |all| all.0.into_iter().map(|(key, value)| NamedProvider { key, value }).collect(),
});

record! {
    /// A `provider` block.
    DeclaredConfiguration {
        /// The module that it stands in; empty for the root module.
        module: String,
        /// Its label, the local name.
        name: String,
        /// `alias`.
        alias: Option<String>,
        /// The source address of the provider.
        source: String,
        /// Where it begins.
        declared: Place,
    }
}

record! {
    /// A `module` block.
    DeclaredModule {
        /// Its address, such as `module.network`.
        address: String,
        /// The source as written; null when it is not a literal.
        source: Option<String>,
        /// The version constraint as written.
        version: Option<String>,
        /// Its files could be read.
        installed: bool,
        /// Where it begins.
        declared: Place,
    }
}

record! {
    /// A `resource` or `data` block.
    DeclaredResource {
        /// Its address, without keys.
        address: String,
        /// `managed` or `data`.
        mode: String,
        /// The resource type.
        #[serde(rename = "type")]
        resource_type: String,
        /// Its name.
        name: String,
        /// The source address of its provider.
        provider: String,
        /// Where it begins.
        declared: Place,
    }
}

record! {
    /// The workspace of a stack, and what selected it.
    WorkspaceInfo {
        /// Its name.
        name: String,
        /// What selected it: `explicit`, `TF_WORKSPACE`, a file, or `default`.
        origin: String,
    }
}

record! {
    /// What a backend can do.
    Capability {
        /// States can be written and deleted.
        write: bool,
        /// States can be locked.
        lock: bool,
        /// There can be more than the workspace `default`.
        workspaces: bool,
        /// Old versions can be read.
        versions: bool,
        /// Conditions on a write are checked by the store itself, or under its lock.
        if_match: bool,
        /// So many calls at a time are useful.
        concurrency: i32,
    }
}

record! {
    /// A kind of backend that can be opened.
    BackendKind {
        /// Its name, such as `local`.
        kind: String,
        /// What it can do; null where that depends on how it is configured.
        capability: Option<Capability>,
    }
}

record! {
    /// What a backend says of itself.
    BackendInfo {
        /// Its kind, such as `local`.
        kind: String,
        /// Where it keeps states, for people; without secrets.
        location: String,
    }
}

record! {
    /// What is known of the bytes of a state.
    StoredBytes {
        /// How many there are.
        bytes: i64,
        /// Changes when the bytes change.
        etag: Option<String>,
        /// The version that was read.
        version: Option<String>,
        /// When it was written.
        modified: Option<Moment>,
    }
}

record! {
    /// A version of a state that can be read.
    StateVersion {
        /// Its id.
        id: String,
        /// When it was written.
        modified: Option<Moment>,
        /// Its size in bytes.
        size: Option<i64>,
        /// It is the current one.
        latest: bool,
    }
}

record! {
    /// What a write gave.
    Written {
        /// The etag of the new state.
        etag: Option<String>,
        /// Its version.
        version: Option<String>,
        /// The version that keeps what was there before; null when there was nothing or nothing changed.
        backup: Option<String>,
    }
}

record! {
    /// What this build is.
    Version {
        /// The version, as in Semantic Versioning.
        version: String,
        /// Optional parts that it has, sorted.
        features: Vec<String>,
        /// The operating system, such as `linux`.
        os: String,
        /// The architecture, such as `x86_64`.
        arch: String,
    }
}

json_form!(
    ConfigurationSummary,
    WorkspaceInfo,
    BackendKind,
    BackendInfo,
    Capability,
    StoredBytes,
    StateVersion,
    Written,
    Version
);
