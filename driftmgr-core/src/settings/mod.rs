//! Settings: `driftmgr.yaml`, environment variables and flags, one over the other. Each value knows where it comes from.
//!
//! From the strongest to the weakest: flags, `DRIFTMGR_*`, the file of the project (or of `--config`), the user's file, defaults. A key
//! is taken whole from the strongest layer that sets it: lists are not joined. [`KEYS`] is the list of everything that can be set; the
//! reader, the JSON Schema and the documentation follow from it.
//!
//! ```
//! use driftmgr_core::Context;
//! use driftmgr_core::env::Environment;
//! use driftmgr_core::settings::{Settings, Sources};
//!
//! # fn main() -> driftmgr_core::Result<()> {
//! let environment = Environment::from_variables([("DRIFTMGR_WORKERS", "4")]);
//! let sources = Sources::default().with_flag("drift.timeout", "10m", "--timeout");
//! let settings = Settings::load(&Context::new(environment), &sources).into_result()?;
//! assert_eq!(settings.performance.workers, 4);
//! assert_eq!(settings.origin("drift.timeout").to_string(), "--timeout");
//! # Ok(())
//! # }
//! ```

mod duration;
mod entries;
mod find;
mod key;
mod layer;
mod load;
mod nearest;
mod node;
mod origin;
mod read;
mod schema;
mod show;
mod typed;
mod value;
mod watch;
mod words;

pub use duration::parse_duration;
pub use entries::{Entry, Field, Shape};
pub use find::FILE_NAME;
pub use key::{KEYS, Key, Kind};
pub use layer::Layer;
pub use load::Sources;
pub(crate) use nearest::nearest;
pub use origin::{Origin, Sourced};
pub use schema::schema;
pub use typed::{App, Drift, History, Output, Performance, Settings};
pub use value::Setting;
pub use watch::{Current, Watcher};
pub use words::{Colour, LogLevel, OutputFormat, Sensitivity, SeverityLevel};

#[cfg(test)]
mod tests;
