//! The one interface through which the drift engine sees a provider: a plugin process, a native reader, or a fake.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use super::schema::{ProviderSchema, ResourceSchema};
use crate::address::ProviderSource;
use crate::context::Context;
use crate::error::Result;
use crate::state::{RawAttributes, RawJson};
use crate::value::{Path, Value};

/// Where the answers of a reader come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A plugin binary that this run started.
    Plugin {
        /// The binary.
        path: PathBuf,
    },
    /// A plugin that somebody else started (`TF_REATTACH_PROVIDERS`).
    Reattached,
    /// Code of this library.
    Native,
}

impl Origin {
    /// The word in reports and snapshots.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Plugin { .. } => "plugin",
            Self::Reattached => "reattached",
            Self::Native => "native",
        }
    }

    /// The binary, where this run started one.
    pub fn path(&self) -> Option<&std::path::Path> {
        match self {
            Self::Plugin { path } => Some(path),
            Self::Reattached | Self::Native => None,
        }
    }
}

/// What a reader says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderInfo {
    /// The provider it reads for.
    pub source: ProviderSource,
    /// The provider's version, when it is known.
    pub version: Option<String>,
    /// Where the answers come from.
    pub origin: Origin,
}

/// One instance to be read.
#[derive(Debug, Clone)]
pub struct ReadRequest {
    /// Resource type.
    pub type_name: String,
    /// The state's `schema_version` of the object.
    pub schema_version: u64,
    /// The stored object.
    pub attributes: RawAttributes,
    /// The provider's private data, decoded.
    pub private: Bytes,
    /// The stored identity and its schema version.
    pub identity: Option<(u64, RawJson)>,
}

/// What reading an instance gave.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// The stored object in the provider's current schema (after `UpgradeResourceState`).
    pub prior: Value,
    /// The object as it really is; `None` when it does not exist.
    pub current: Option<Value>,
    /// Private data after the read, for plan-back.
    pub private: Bytes,
    /// Identity after the read.
    pub identity: Option<Value>,
    /// Warnings of the provider.
    pub warnings: Vec<Diagnostic>,
}

/// Asks what apply would do to an object whose configuration is its old value.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    /// Resource type.
    pub type_name: String,
    /// The object as it really is.
    pub prior: Value,
    /// What the configuration says (see `provider::plan_back`).
    pub configuration: Value,
    /// Configuration merged with what the provider computed.
    pub proposed: Value,
    /// Private data of the read.
    pub private: Bytes,
    /// Identity of the read.
    pub identity: Option<Value>,
}

/// What apply would do.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The object that apply would leave.
    pub planned: Value,
    /// The attributes whose change destroys and creates anew.
    pub requires_replace: Vec<Path>,
}

/// How severe a provider's diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiagnosticSeverity {
    /// The call failed.
    Error,
    /// The call succeeded.
    Warning,
}

/// A message of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: DiagnosticSeverity,
    /// One line.
    pub summary: String,
    /// The rest, maybe empty.
    pub detail: String,
    /// The attribute concerned.
    pub attribute: Option<Path>,
}

/// What to import.
#[derive(Debug, Clone)]
pub enum ImportTarget {
    /// By the provider's id string.
    Id(String),
    /// By identity.
    Identity(Value),
}

/// An object that an import found; mostly nulls until it is read.
#[derive(Debug, Clone)]
pub struct Imported {
    /// Resource type.
    pub type_name: String,
    /// The object.
    pub object: Value,
    /// Private data.
    pub private: Bytes,
    /// Identity.
    pub identity: Option<Value>,
}

/// Asks for all objects of a type.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// The list resource's type.
    pub type_name: String,
    /// The listing's configuration; attributes that are left out are null.
    pub configuration: Value,
    /// Whether each event carries the whole object.
    pub include_object: bool,
    /// At most so many.
    pub limit: Option<u64>,
}

/// One listed object.
#[derive(Debug, Clone)]
pub struct Listed {
    /// What identifies it.
    pub identity: Value,
    /// A name for people.
    pub display_name: String,
    /// The object, when it was asked for.
    pub object: Option<Value>,
    /// What the provider had to say about it.
    pub diagnostics: Vec<Diagnostic>,
}

/// A configured provider that can be asked about objects.
///
/// # Behavior
/// - Calls run in parallel; the reader itself limits how many reach its provider at a time.
/// - An error of kind `PermissionDenied`, `RateLimited`, `Timeout`, `ToolFailed` … means: not known. It never means: not there.
/// - Nothing is written to the cloud, ever.
#[async_trait]
pub trait ResourceReader: Send + Sync {
    /// Who answers.
    fn info(&self) -> &ReaderInfo;

    /// All schemas.
    fn schema(&self) -> &Arc<ProviderSchema>;

    /// The schema of one managed resource type.
    fn resource_schema(&self, type_name: &str) -> Option<&Arc<ResourceSchema>> {
        self.schema().resources.get(type_name)
    }

    /// Upgrades a stored object to the current schema and reads the real one.
    async fn refresh(&self, cx: &Context, request: ReadRequest) -> Result<Refreshed>;

    /// Asks what apply would do.
    async fn plan(&self, cx: &Context, request: PlanRequest) -> Result<Planned>;

    /// Finds an object by id or identity. Read it afterwards: an import mostly knows the id only.
    async fn import(
        &self,
        cx: &Context,
        type_name: &str,
        target: ImportTarget,
    ) -> Result<Vec<Imported>>;

    /// Lists the objects of a type.
    async fn list(
        &self,
        cx: &Context,
        request: ListRequest,
    ) -> Result<BoxStream<'static, Result<Listed>>>;
}
