//! DriftMgr's core: what a Terraform or OpenTofu state says, what is really there, and what to do about the difference.
#![forbid(unsafe_code)]

pub mod address;
pub mod backend;
pub mod blocking;
pub mod cli_config;
pub mod client;
pub mod configuration;
pub mod context;
pub mod drift;
pub mod env;
pub mod error;
pub mod event;
pub mod file;
pub mod history;
pub mod provider;
pub mod redact;
pub mod report;
pub mod settings;
pub mod state;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
pub mod value;

pub use context::Context;
pub use error::{Error, ErrorKind, Partial, Result};

/// The README's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// So do those of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/library.md")]
pub struct Guide;
