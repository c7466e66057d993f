//! What implementations are tested with: the contracts of the library's traits in runnable form. Behind the feature `testkit`.
//!
//! Everything here panics when a contract is broken: it is for tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod backend;
pub mod hostile;
pub mod proxy;
pub mod schema;
