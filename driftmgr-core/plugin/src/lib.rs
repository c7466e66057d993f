//! Messages and clients of the provider plugin protocol, and the start of a plugin process.
//!
//! An own crate, since generated code is slow to build and never changes, and since [`spawn`] needs the one `unsafe` block of
//! the project.

pub mod spawn;

/// Provider plugin protocol 5.
#[allow(missing_docs, clippy::all)]
pub mod tfplugin5 {
    tonic::include_proto!("tfplugin5");
}

/// Provider plugin protocol 6.
#[allow(missing_docs, clippy::all)]
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// What go-plugin offers beside the provider protocol: shutdown and the provider's output.
#[allow(missing_docs, clippy::all)]
pub mod go_plugin {
    tonic::include_proto!("plugin");
}

/// The form in which schemas are kept on disk.
#[allow(missing_docs, clippy::all)]
pub mod cache {
    tonic::include_proto!("cache");
}

pub use prost::{DecodeError, Message};
