//! Reality, written down: what a survey found, to compare with later and without any provider.
//!
//! # Secrets
//! A snapshot holds no secret. In the place of each stands a keyed hash of it (HMAC-SHA-256), so that equal secrets are equal in a comparison and
//! different ones differ. The key is drawn anew for each snapshot and stands in the file: who has the file cannot read a secret out of it, but can
//! test guesses, and so weak secrets can be found. The file is therefore written for its owner alone. What is secret is what the provider's schema
//! and the state mark. Lists and maps inside a secret keep their shape.
//!
//! # Comparison
//! An object that the state still holds as it was then is judged as it was then, with the provider's verdict. Where the state has changed since, the
//! object is compared with what the snapshot found, and what apply would do is not known. What the snapshot does not hold is unverifiable.

mod codec;
mod file;
mod record;
mod replay;
mod schema;
mod seal;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub use record::Recorder;
pub(crate) use record::Recording;
pub use replay::SnapshotReality;

use crate::provider::ResourceSchema;

/// The version of the format that this library writes. A newer minor version is read, a newer major one is not.
pub const FORMAT_VERSION: &str = "1.0";

/// What was found in one run. `Debug` shows no values.
#[derive(Clone, Serialize, Deserialize)]
pub struct Snapshot {
    /// The format's version.
    pub driftmgr_snapshot: String,
    /// The version of driftmgr that wrote it.
    pub driftmgr_version: String,
    /// When the run began, in RFC 3339.
    pub created_at: String,
    /// When it ended.
    pub finished_at: String,
    /// The key of the hashes, in base64.
    key: String,
    /// Schemas of the resource types, by position.
    schemas: Vec<Json>,
    /// The states that were looked at, sorted by target.
    pub targets: Vec<SnapshotTarget>,
    #[serde(skip)]
    decoded: Vec<Arc<ResourceSchema>>,
}

/// One state and what was found for it.
#[derive(Clone, Serialize, Deserialize)]
pub struct SnapshotTarget {
    /// The target as the caller named it.
    pub target: String,
    /// The state's lineage.
    pub lineage: String,
    /// The state's serial.
    pub serial: u64,
    /// Who answered.
    pub providers: Vec<SnapshotProvider>,
    /// Objects, sorted by address.
    pub objects: Vec<SnapshotObject>,
}

/// A provider that was asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SnapshotProvider {
    /// Its configuration's address.
    pub address: String,
    /// Its source address.
    pub source: String,
    /// Its version, when known.
    pub version: Option<String>,
    /// `plugin`, `reattached` or `native`.
    pub origin: String,
    /// The binary of a plugin.
    pub path: Option<std::path::PathBuf>,
}

/// One object and what was found.
#[derive(Clone, Serialize, Deserialize)]
pub struct SnapshotObject {
    /// Its address in the state.
    pub address: String,
    /// The key of a deposed object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposed: Option<String>,
    /// When it was read, in RFC 3339.
    pub read_at: String,
    /// A keyed hash of the object in the state.
    digest: String,
    /// What was found.
    pub found: Found,
}

/// What was found for an object.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Found {
    /// It is there.
    Present {
        /// Position of its schema.
        schema: usize,
        /// The object in the state, in that schema, without secrets.
        stored: Json,
        /// The object in reality; left out when it is as stored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        current: Option<Json>,
        /// What apply would do about a difference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verdict: Option<StoredVerdict>,
        /// What the provider had to say.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<String>,
    },
    /// It was looked for, and is not there.
    Absent {
        /// Position of its schema.
        schema: usize,
        /// The object in the state, in that schema, without secrets.
        stored: Json,
        /// What the provider had to say.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<String>,
    },
    /// It could not be looked at.
    Unreadable {
        /// The kind of error.
        kind: String,
        /// Why, for people.
        reason: String,
    },
}

/// A verdict of plan-back. Of the changes it keeps where they are: that is all a comparison asks for.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "apply", rename_all = "snake_case")]
pub enum StoredVerdict {
    /// Apply would do nothing.
    Nothing,
    /// It would change these.
    Changes {
        /// Where.
        paths: Vec<Json>,
        /// The attributes whose change makes it a replacement.
        requires_replace: Vec<Json>,
    },
    /// The provider could not say.
    Unknown {
        /// Why, for people.
        reason: String,
    },
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("driftmgr_snapshot", &self.driftmgr_snapshot)
            .field("created_at", &self.created_at)
            .field("targets", &self.targets)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SnapshotTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SnapshotTarget")
            .field("target", &self.target)
            .field("serial", &self.serial)
            .field("objects", &self.objects.len())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SnapshotObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SnapshotObject")
            .field("address", &self.address)
            .field("found", &self.found.word())
            .finish_non_exhaustive()
    }
}

impl Found {
    /// What was found, in a word: `present`, `absent` or `unreadable`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Present { .. } => "present",
            Self::Absent { .. } => "absent",
            Self::Unreadable { .. } => "unreadable",
        }
    }
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

impl std::fmt::Debug for StoredVerdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "nothing",
            Self::Changes { .. } => "changes",
            Self::Unknown { .. } => "unknown",
        })
    }
}
