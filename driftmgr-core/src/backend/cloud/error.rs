//! What a server's refusal means (<https://developer.hashicorp.com/terraform/cloud-docs/api-docs#response-codes>).

use super::session::Session;
use crate::backend::transport::{Answer, words};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::redact::SafeUrl;

/// What is done, and which permission the token needs for it
/// (<https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/permissions>).
#[derive(Clone, Copy)]
pub(super) struct Action {
    /// Such as `read the state`.
    pub(super) what: &'static str,
    permission: &'static str,
}

impl Action {
    pub(super) const FIND: Self = Self {
        what: "find the workspace",
        permission: "to see the workspace",
    };
    pub(super) const LIST: Self = Self {
        what: "list the workspaces",
        permission: "to see workspaces of the organization",
    };
    pub(super) const ORGANIZATION: Self = Self {
        what: "find the organization",
        permission: "to see the organization",
    };
    pub(super) const READ: Self = Self {
        what: "read the state",
        permission: "\"Read state versions\" of the workspace",
    };
    pub(super) const WRITE: Self = Self {
        what: "write the state",
        permission: "\"Read and write state versions\" of the workspace",
    };
    pub(super) const LOCK: Self = Self {
        what: "lock the workspace",
        permission: "\"Lock/unlock workspaces\" of the workspace",
    };
    pub(super) const UNLOCK: Self = Self {
        what: "unlock the workspace",
        permission: "\"Lock/unlock workspaces\" of the workspace, and \"Admin\" for somebody else's lock",
    };
    pub(super) const CREATE: Self = Self {
        what: "create the workspace",
        permission: "\"Manage all workspaces\" of the organization or of the project",
    };
    pub(super) const DELETE: Self = Self {
        what: "delete the workspace",
        permission: "\"Admin\" of the workspace",
    };

    /// The hint of what a token may not do.
    pub(super) fn needs(self) -> String {
        format!("the token needs the permission {}", self.permission)
    }

    /// The error when the server says beforehand that it may not be done.
    pub(super) fn denied(self) -> Error {
        Error::new(
            ErrorKind::PermissionDenied,
            format!("the token is not allowed to {}", self.what),
        )
        .with_hint(self.needs())
    }
}

/// The error of an answer that is no success. `sent` is what was sent.
pub(super) fn refused(
    cx: &Context,
    answer: &Answer,
    url: &SafeUrl,
    action: Action,
    session: &Session,
    sent: &[u8],
) -> Error {
    let (status, what) = (answer.status, action.what);
    let (kind, message) = match status.as_u16() {
        401 => (
            ErrorKind::Unauthenticated,
            format!("the server does not accept the token to {what}"),
        ),
        403 => (
            ErrorKind::PermissionDenied,
            format!("the token is not allowed to {what}"),
        ),
        404 | 410 => (
            ErrorKind::NotFound,
            format!("the server has nothing there to {what}, or does not show it to this token"),
        ),
        408 | 500..=599 => (
            ErrorKind::Unavailable,
            format!("the server failed to {what}"),
        ),
        409 | 412 => (
            ErrorKind::Conflict,
            format!("the workspace is not in the state to {what}"),
        ),
        413 | 422 => (
            ErrorKind::InvalidInput,
            format!("the server does not take what was sent to {what}"),
        ),
        429 => (
            ErrorKind::RateLimited,
            format!("the server asks to slow down and did not {what}"),
        ),
        _ => (
            ErrorKind::Unexpected,
            format!("the server's answer makes no sense when asked to {what}"),
        ),
    };
    let mut error = Error::new(kind, message)
        .with("address", url)
        .with("status", status);
    if let Some(words) = words(answer, &session.secrets, sent) {
        error = error.with("server", words);
    }
    if kind == ErrorKind::Unauthenticated {
        error = error.with("token from", &session.origin);
    }
    if let Some(wait) = answer.retry_after(cx.now()) {
        error = error.with("retry after seconds", wait.as_secs());
    }
    match kind {
        ErrorKind::Unauthenticated => error.with_hint(
            "the token may be wrong or no longer valid; `terraform login` gets a new one",
        ),
        // The server tells not who may not see something from what is not there.
        ErrorKind::PermissionDenied | ErrorKind::NotFound => error.with_hint(action.needs()),
        ErrorKind::RateLimited => error.with_hint("repeat it later"),
        _ => error,
    }
}
