//! What the user sees: data on standard output, talk on standard error.

pub(crate) mod color;
pub(crate) mod live;
pub(crate) mod log;
pub(crate) mod printer;
pub(crate) mod progress;
