//! What has to hold for any bytes at all: one function for each parser of outside bytes, for the fuzz targets and for replaying what they found.
//!
//! Each refuses or understands what it is given; it never panics, and what it understood it can say again. What it refuses, it refuses with
//! the place and a way out, and what it cannot read never hides anything.

mod address;
mod baseline;
mod configuration;
mod dependencies;
mod documents;
mod driftignore;
mod encryption;
mod folder;
mod plan;
mod plugin;
mod refused;
mod report;
mod sample;
mod settings;
mod snapshot;
mod state;
mod survey;
mod values;

pub use address::address;
pub use baseline::baseline;
pub use configuration::configuration;
pub use dependencies::dependencies;
pub use documents::documents;
pub use driftignore::driftignore;
pub use encryption::encryption;
pub use plan::plan;
pub use plugin::plugin;
pub use report::report;
pub use settings::settings;
pub use snapshot::snapshot;
pub use state::state;
pub use values::{msgpack, values};

/// A parser, and what has to hold for it.
pub type Target = fn(&[u8]);

/// All of them, each under the name of its fuzz target.
pub const TARGETS: &[(&str, Target)] = &[
    ("address", address),
    ("baseline", baseline),
    ("configuration", configuration),
    ("dependencies", dependencies),
    ("documents", documents),
    ("driftignore", driftignore),
    ("encryption", encryption),
    ("msgpack", msgpack),
    ("plan", plan),
    ("plugin", plugin),
    ("report", report),
    ("settings", settings),
    ("snapshot", snapshot),
    ("state", state),
    ("values", values),
];

#[cfg(test)]
mod tests;
