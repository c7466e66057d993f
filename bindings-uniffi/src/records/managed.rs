//! Changes of stored states, and their past.

use serde::{Deserialize, Serialize};

use super::{record, words};
use crate::typed::{Moment, json_form};

/// One thing that an edit changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, uniffi::Enum)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// An instance, with its deposed objects, stands at another address.
    Moved {
        /// Where it was.
        from: String,
        /// Where it is.
        to: String,
    },
    /// A resource without any instance stands at another address.
    MovedEmpty {
        /// Where it was.
        from: String,
        /// Where it is.
        to: String,
    },
    /// An instance, with its deposed objects, is no longer in the state. The real object is left alone.
    Removed {
        /// Where it was.
        address: String,
    },
    /// A resource and all of its instances belong to another provider.
    ProviderReplaced {
        /// The resource.
        resource: String,
        /// The provider configuration before.
        from: String,
        /// The provider configuration after: module, alias and key stay.
        to: String,
    },
    /// An instance was moved into a resource of another provider configuration, which it belongs to now.
    ProviderChanged {
        /// Its new address.
        address: String,
        /// The provider configuration before.
        from: Option<String>,
        /// The provider configuration after.
        to: Option<String>,
    },
    /// An object was taken in.
    Imported {
        /// Where it is.
        address: String,
    },
    /// The dependencies that were stored with an instance's current object name what was moved, and are dropped: the next apply of
    /// Terraform writes them anew.
    DependenciesDropped {
        /// The instance, at its new address.
        address: String,
    },
}

record! {
    /// What a change did, or would do.
    Changed {
        /// Whether anything was written.
        written: bool,
        /// The serial before; null when there was no state.
        serial_before: Option<i64>,
        /// The serial after.
        serial: i64,
        /// What changed, for edits; what a push, a restore or a rollback changes, `diff` tells.
        changes: Vec<Change>,
        /// Addresses that were asked for beside others and match nothing.
        unmatched: Vec<String>,
        /// The version that keeps what was there before, for `rollback`; null when nothing was written or nothing was there.
        backup: Option<String>,
    }
}

words! {
    /// Who keeps a version of a state.
    Keeper {
        /// The backend: a version of the object, a backup beside the file.
        Backend,
        /// This machine: what was there before a change, or a snapshot.
        Backup,
    }
}

record! {
    /// A version of a state that can be read again.
    HistoricVersion {
        /// Its id.
        id: String,
        /// Who keeps it.
        kept_by: Keeper,
        /// When it was written.
        modified: Option<Moment>,
        /// Its size in bytes.
        size: Option<i64>,
        /// It is the current one.
        latest: bool,
    }
}

json_form!(Changed, HistoricVersion);
