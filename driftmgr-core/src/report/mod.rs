//! Reports: data in, bytes out. [`render`] writes a drift report in any [`Format`].

#[cfg(feature = "columnar")]
mod columnar;
mod csv;
mod format;
mod github;
mod gitlab;
mod html;
pub mod json;
mod junit;
mod markdown;
mod ndjson;
mod places;
mod render;
mod rows;
mod sarif;
mod shown;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod text;

pub use format::Format;
pub use ndjson::Lines;
pub use places::Repository;
pub use render::{RenderOptions, render};

/// What to do about a finding, whatever it is.
const RULES_HELP: &str = "Undo the drift with terraform apply, or write it into the configuration and take it over with terraform apply -refresh-only. driftmgr explain ADDRESS shows everything about one instance.";
