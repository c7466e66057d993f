//! Reports: data in, bytes out. Secrets are masked in every format.

mod csv;
mod format;
mod github;
mod gitlab;
pub mod json;
mod junit;
pub mod markdown;
mod ndjson;
mod row;
mod sarif;
pub mod text;

pub use format::{Format, RenderOptions, render};

#[cfg(test)]
mod tests;
