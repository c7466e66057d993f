//! DriftMgr for Kotlin and Swift. It converts and calls; every rule is in the core.
//!
//! Results are records: [`typed`] fills them from the core's JSON form, the one of `--format json`, so there is no converter per type. What
//! keeps something open or can be asked more is an object. A [`job::Job`] carries what a call needs of its caller: cancellation, timeout and
//! a listener.
//!
//! The library exports everything here to other languages; Rust programs use `driftmgr-core` itself.

// What crosses to the other language crosses with all its fields: UniFFI has no boxes. `isEmpty` would be one more call over the border.
#![allow(
    clippy::large_enum_variant,
    clippy::len_without_is_empty,
    clippy::result_large_err
)]

pub mod backend;
pub mod client;
pub mod error;
pub mod history;
pub mod job;
pub mod managed;
pub mod options;
pub mod plan;
pub mod reality;
pub mod records;
pub mod report;
pub mod settings;
pub mod snapshot;
pub mod stack;
pub mod state;
pub mod typed;

pub use error::Failure;
pub use job::{Job, Listener};

uniffi::setup_scaffolding!("driftmgr");
