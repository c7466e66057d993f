//! What is told while a call is under way.

use serde::{Deserialize, Serialize};

/// Something that happened during a long operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, uniffi::Enum)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A step with a known or unknown amount of work begins.
    Started {
        /// What is done, such as `reading instances`.
        step: String,
        /// How many items it has, when that is known.
        total: Option<i64>,
    },
    /// Part of the current step is done.
    Progressed {
        /// Items done so far.
        done: i64,
        /// Items in all, when that is known.
        total: Option<i64>,
    },
    /// A provider process is about to run native code with the user's credentials.
    ProviderStarted {
        /// Source address, such as `registry.terraform.io/hashicorp/aws`.
        source: String,
        /// Version, when it is known.
        version: Option<String>,
        /// The binary.
        path: String,
    },
    /// A provider process ended.
    ProviderStopped {
        /// Source address.
        source: String,
    },
    /// One instance was looked at.
    InstanceRead {
        /// Its address.
        address: String,
        /// `same`, `drifted`, `deleted`, `unverifiable` or `skipped`.
        outcome: String,
    },
    /// Something a person should know, that is no error.
    Warning {
        /// The sentence.
        message: String,
    },
}
