//! Providers as plugins: native programs that speak the plugin protocol 5 or 6 over a local connection.
//!
//! [`ProviderPool`] starts them and hands out [`PluginReader`]s. Inside: `process` starts a binary, `handshake` and `tls` connect to
//! it, `wire` is the protocol in one form for both versions, `supervisor` survives crashes, `reader` asks about objects.

mod channel;
mod client;
mod configure;
mod connection;
mod diagnostics;
#[cfg(test)]
#[cfg(unix)]
mod fake;
mod handshake;
mod limit;
mod listing;
mod output;
mod pool;
mod process;
mod reader;
mod reattach;
mod schema;
mod scrub;
mod socket_dir;
mod stdio;
mod subject;
mod supervisor;
mod tls;
mod wire;

pub use connection::{LaunchHow, PluginLaunch, SchemaCache};
pub use handshake::{Endpoint, Protocol};
pub use limit::Concurrency;
pub use pool::{PoolOptions, ProviderPool};
pub use reader::PluginReader;
pub use reattach::{Reattach, reattached};
pub(crate) use scrub::{Scrubber, untyped};

/// What reads bytes of a provider, for the fuzz targets.
#[cfg(any(test, feature = "testkit"))]
pub(crate) mod hostile {
    pub(crate) use super::diagnostics::kind_of;
    pub(crate) use super::handshake::{Endpoint, parse as handshake};
    pub(crate) use super::output::Tail;
}
