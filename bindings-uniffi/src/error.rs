//! Errors: one case for each kind, all with the same details.

use driftmgr_core::{Error, ErrorKind};

use crate::typed::Facts;

/// What a failed call says.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Details {
    /// What is wrong, in a sentence without a final stop.
    pub message: String,
    /// The operation that failed, such as `state.read`.
    pub operation: Option<String>,
    /// Where, and with what: `file`, `line`, `address`, `target` and others.
    pub place: Facts,
    /// Ways out.
    pub hints: Vec<String>,
    /// The same call may succeed later.
    pub retryable: bool,
    /// The errors behind this one, the nearest first.
    pub causes: Vec<String>,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, uniffi::Error)]
pub enum Failure {
    /// The thing asked for does not exist.
    NotFound {
        /// What is known of it.
        details: Details,
    },
    /// The credentials are known and do not allow this.
    PermissionDenied {
        /// What is known of it.
        details: Details,
    },
    /// There are no credentials, or they are not accepted.
    Unauthenticated {
        /// What is known of it.
        details: Details,
    },
    /// Somebody else holds the lock.
    Locked {
        /// What is known of it.
        details: Details,
    },
    /// The stored thing is not the one that was expected.
    Conflict {
        /// What is known of it.
        details: Details,
    },
    /// The other side asks to slow down.
    RateLimited {
        /// What is known of it.
        details: Details,
    },
    /// The deadline passed.
    Timeout {
        /// What is known of it.
        details: Details,
    },
    /// The caller cancelled.
    Cancelled {
        /// What is known of it.
        details: Details,
    },
    /// This build or this kind of thing cannot do it.
    Unsupported {
        /// What is known of it.
        details: Details,
    },
    /// A configuration is wrong: Terraform's or ours.
    InvalidConfig {
        /// What is known of it.
        details: Details,
    },
    /// A state cannot be read or is not a state.
    InvalidState {
        /// What is known of it.
        details: Details,
    },
    /// An argument is wrong.
    InvalidInput {
        /// What is known of it.
        details: Details,
    },
    /// The other side is down or unreachable.
    Unavailable {
        /// What is known of it.
        details: Details,
    },
    /// A program that was started, a provider, failed.
    ToolFailed {
        /// What is known of it.
        details: Details,
    },
    /// A defect of this library, or something that no rule foresaw.
    Unexpected {
        /// What is known of it.
        details: Details,
    },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let details = details(&error);
        match error.kind() {
            ErrorKind::NotFound => Self::NotFound { details },
            ErrorKind::PermissionDenied => Self::PermissionDenied { details },
            ErrorKind::Unauthenticated => Self::Unauthenticated { details },
            ErrorKind::Locked => Self::Locked { details },
            ErrorKind::Conflict => Self::Conflict { details },
            ErrorKind::RateLimited => Self::RateLimited { details },
            ErrorKind::Timeout => Self::Timeout { details },
            ErrorKind::Cancelled => Self::Cancelled { details },
            ErrorKind::Unsupported => Self::Unsupported { details },
            ErrorKind::InvalidConfig => Self::InvalidConfig { details },
            ErrorKind::InvalidState => Self::InvalidState { details },
            ErrorKind::InvalidInput => Self::InvalidInput { details },
            ErrorKind::Unavailable => Self::Unavailable { details },
            ErrorKind::ToolFailed => Self::ToolFailed { details },
            // The enum may grow; a kind that this binding does not know yet is none of the others.
            _ => Self::Unexpected { details },
        }
    }
}

fn details(error: &Error) -> Details {
    let place = error.context().iter();
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    Details {
        message: error.message().to_owned(),
        operation: error.operation().map(str::to_owned),
        place: Facts(place.map(|(k, v)| ((*k).to_owned(), v.clone())).collect()),
        hints: error.hints().to_vec(),
        retryable: error.retry() == driftmgr_core::error::Retry::Later,
        causes,
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::NotFound { details }
        | Self::PermissionDenied { details }
        | Self::Unauthenticated { details }
        | Self::Locked { details }
        | Self::Conflict { details }
        | Self::RateLimited { details }
        | Self::Timeout { details }
        | Self::Cancelled { details }
        | Self::Unsupported { details }
        | Self::InvalidConfig { details }
        | Self::InvalidState { details }
        | Self::InvalidInput { details }
        | Self::Unavailable { details }
        | Self::ToolFailed { details }
        | Self::Unexpected { details }) = self;
        f.write_str(&details.message)
    }
}

impl std::error::Error for Failure {}
