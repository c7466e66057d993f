//! Snapshots.

use super::record;
use crate::typed::{Moment, json_form};

record! {
    /// What a snapshot holds, without any value.
    SnapshotInfo {
        /// The version of the format.
        #[serde(rename = "driftmgr_snapshot")]
        format_version: String,
        /// The version of driftmgr that wrote it.
        driftmgr_version: String,
        /// When the run began.
        created_at: Moment,
        /// When it ended.
        finished_at: Moment,
        /// The states, sorted by target.
        targets: Vec<SnapshotTargetInfo>,
    }
}

record! {
    /// One state of a snapshot.
    SnapshotTargetInfo {
        /// The target as the caller named it.
        target: String,
        /// The state's lineage.
        lineage: String,
        /// The state's serial.
        serial: i64,
        /// Who answered.
        providers: Vec<SnapshotProvider>,
        /// How many objects there are.
        objects: FoundCounts,
        /// The objects that could not be looked at.
        not_looked_at: Vec<OpenObject>,
    }
}

record! {
    /// A provider that was asked.
    SnapshotProvider {
        /// Its configuration's address.
        address: String,
        /// Its source address.
        source: String,
        /// Its version, when known.
        version: Option<String>,
        /// `plugin`, `reattached` or `native`.
        origin: String,
        /// The binary of a plugin.
        path: Option<String>,
    }
}

record! {
    /// Objects by what was found.
    FoundCounts {
        /// They were there.
        present: i64,
        /// They were looked for, and not there.
        absent: i64,
        /// They could not be looked at.
        unreadable: i64,
    }
}

record! {
    /// An object that could not be looked at.
    OpenObject {
        /// Its address in the state.
        address: String,
        /// The key of a deposed object.
        deposed: Option<String>,
        /// Why, for people.
        reason: String,
    }
}

json_form!(SnapshotInfo);
