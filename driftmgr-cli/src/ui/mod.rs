//! What the user sees: data on standard output, talk on standard error.

pub(crate) mod color;
pub(crate) mod live;
pub(crate) mod log;
pub(crate) mod printer;
pub(crate) mod progress;

/// `1 change`, `2 changes`.
pub(crate) fn count(n: u64, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {what}{s}")
}
