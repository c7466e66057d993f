//! What the library tells while it works. It never prints: a host observes.

use serde::Serialize;

use crate::address::InstanceAddress;

/// Something that happened during a long operation. In JSON the `type` says what: `{"type": "progressed", "done": 3, "total": 10}`.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A step with a known or unknown amount of work begins.
    Started {
        /// What is done, such as `reading instances`.
        step: String,
        /// How many items it has, when that is known.
        total: Option<u64>,
    },
    /// Part of the current step is done.
    Progressed {
        /// Items done so far.
        done: u64,
        /// Items in all, when that is known.
        total: Option<u64>,
    },
    /// A provider process is about to run native code with the user's credentials.
    ProviderStarted {
        /// Source address, such as `registry.terraform.io/hashicorp/aws`.
        source: String,
        /// Version, when it is known.
        version: Option<String>,
        /// The binary.
        path: std::path::PathBuf,
    },
    /// A provider process ended.
    ProviderStopped {
        /// Source address.
        source: String,
    },
    /// One instance was looked at.
    InstanceRead {
        /// Its address.
        address: InstanceAddress,
        /// `same`, `drifted`, `deleted`, `unverifiable` or `skipped`.
        outcome: &'static str,
    },
    /// Something a person should know, that is no error.
    Warning {
        /// The sentence.
        message: String,
    },
}

/// Receives events. Every method has an empty default; calls come from any thread and must return quickly.
pub trait Observer: Send + Sync {
    /// Called for each event, in the order in which the library learnt of it.
    fn on_event(&self, _event: &Event) {}
}

/// An observer that ignores everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}
