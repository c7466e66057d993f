//! Exit codes. They depend on what was found, never on how it is shown.

use std::process::ExitCode;

use driftmgr_core::error::{Error, ErrorKind};

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// In sync, or done.
    Ok = 0,
    /// An error; also a wrong command line, so that 2 always means drift.
    Error = 1,
    /// Drift.
    Drift = 2,
    /// No drift was found, and something could not be looked at.
    Open = 3,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// The number the process ends with.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command ends early.
#[derive(Debug)]
pub enum Failure {
    /// Something went wrong, and the user has to know.
    Error(Error),
    /// Whoever read our output has seen enough. That is no error.
    BrokenPipe,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<std::io::Error> for Failure {
    /// For writing to standard output.
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::BrokenPipe
        } else {
            Self::Error(
                Error::new(
                    ErrorKind::Unavailable,
                    format!("cannot write to standard output: {error}"),
                )
                .with_source(error),
            )
        }
    }
}
