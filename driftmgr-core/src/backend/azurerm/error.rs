//! What a refusal of the store means (<https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes>).

use reqwest::header::HeaderMap;
use url::form_urlencoded;

use super::config::{Access, AzureConfig};
use crate::backend::transport::Answer;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::redact::MASK;

/// What was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Read,
    List,
    Write,
    Delete,
    Snapshot,
    Lock,
    Unlock,
}

impl Action {
    fn words(self) -> &'static str {
        match self {
            Self::Read => "read the state",
            Self::List => "list states",
            Self::Write => "write the state",
            Self::Delete => "delete the state",
            Self::Snapshot => "keep the former state as a snapshot",
            Self::Lock => "lock the state",
            Self::Unlock => "unlock the state",
        }
    }

    /// The permission of a shared access signature: its letter and its name.
    fn letter(self) -> (char, &'static str) {
        match self {
            Self::Read => ('r', "read"),
            Self::List => ('l', "list"),
            Self::Delete => ('d', "delete"),
            Self::Snapshot => ('c', "create"),
            Self::Write | Self::Lock | Self::Unlock => ('w', "write"),
        }
    }

    /// The smallest role of Entra ID that allows it, and the action in it.
    fn role(self) -> (&'static str, &'static str) {
        match self {
            Self::Read | Self::List => ("Storage Blob Data Reader", "read"),
            Self::Delete => ("Storage Blob Data Contributor", "delete"),
            _ => ("Storage Blob Data Contributor", "write"),
        }
    }
}

/// A refusal, whose error is not needed where the code says enough.
pub(super) struct Refusal {
    /// Such as `LeaseAlreadyPresent`; empty when the server names none.
    pub(super) code: String,
    pub(super) error: Error,
}

impl Refusal {
    /// There is no such blob. A container that is not there is something else.
    pub(super) fn is_missing_blob(&self) -> bool {
        self.code == "BlobNotFound"
    }

    /// The lease that was named is not the one on the blob.
    pub(super) fn is_lost_lease(&self) -> bool {
        matches!(
            self.code.as_str(),
            "LeaseIdMismatchWithBlobOperation"
                | "LeaseIdMismatchWithLeaseOperation"
                | "LeaseIdMismatchWithContainerOperation"
                | "LeaseLost"
                | "LeaseNotPresentWithBlobOperation"
                | "LeaseNotPresentWithLeaseOperation"
                | "LeaseAlreadyBroken"
                | "LeaseIsBrokenAndCannotBeRenewed"
        )
    }

    /// Somebody else has a lease on the blob.
    pub(super) fn is_held(&self) -> bool {
        matches!(
            self.code.as_str(),
            "LeaseAlreadyPresent"
                | "LeaseIdMissing"
                | "LeaseIsBreakingAndCannotBeAcquired"
                | "LeaseIsBreakingAndCannotBeChanged"
        )
    }
}

/// The code of a refusal: a header, and for those without a body the only place; else it stands in the body.
fn code(answer: &Answer) -> String {
    let header = header(&answer.headers, "x-ms-error-code").map(str::to_owned);
    let code = header.or_else(|| {
        let text = std::str::from_utf8(&answer.body).ok()?;
        let (_, rest) = text.split_once("<Code>")?;
        let (code, _) = rest.split_once("</Code>")?;
        Some(code.to_owned())
    });
    // What is no code can be anything, also what was sent.
    let plain = |code: &String| code.len() <= 80 && code.chars().all(|c| c.is_ascii_alphanumeric());
    code.filter(plain).unwrap_or_default()
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The refusal that an answer is. The server's sentences are not quoted: they can repeat what was sent.
pub(super) fn refused(
    cx: &Context,
    config: &AzureConfig,
    action: Action,
    blob: Option<&str>,
    answer: &Answer,
) -> Refusal {
    let status = answer.status.as_u16();
    let mut code = code(answer);
    // An answer to HEAD has no body, and not every store sends the header.
    if code.is_empty() && status == 404 && blob.is_some() {
        code = "BlobNotFound".to_owned();
    }
    let (kind, message, hint) = meaning(cx, config, action, &code, status);
    let mut error = Error::new(kind, message)
        .with("account", &config.account)
        .with("container", &config.container);
    if let Some(blob) = blob {
        error = error.with("blob", blob);
    }
    error = error.with("status", answer.status);
    if !code.is_empty() {
        error = error.with("code", &code);
    }
    let request = header(&answer.headers, "x-ms-request-id");
    if let Some(id) = request.filter(|id| uuid::Uuid::try_parse(id).is_ok()) {
        error = error.with("request", id);
    }
    if let Some(wait) = answer.retry_after(cx.now()) {
        error = error.with("retry after seconds", wait.as_secs());
    }
    if let Some(hint) = hint {
        error = error.with_hint(hint);
    }
    Refusal { code, error }
}

fn meaning(
    cx: &Context,
    config: &AzureConfig,
    action: Action,
    code: &str,
    status: u16,
) -> (ErrorKind, String, Option<String>) {
    let wanted = action.words();
    match code {
        "ContainerNotFound" | "ContainerBeingDeleted" | "ContainerDisabled" => (
            ErrorKind::NotFound,
            "there is no such container in the storage account".to_owned(),
            Some("compare `container_name` with the account's containers, or create it".to_owned()),
        ),
        "BlobNotFound" => (
            ErrorKind::NotFound,
            format!("there is no such blob to {wanted}"),
            None,
        ),
        "AuthenticationFailed" | "InvalidAuthenticationInfo" | "NoAuthenticationInformation" => {
            unauthenticated(cx, config, wanted)
        }
        "AuthorizationPermissionMismatch" | "InsufficientAccountPermissions" => {
            let (message, hint) = missing_permission(config, action);
            (ErrorKind::PermissionDenied, message, Some(hint))
        }
        "KeyBasedAuthenticationNotPermitted" => (
            ErrorKind::PermissionDenied,
            "the storage account admits no access keys".to_owned(),
            Some("set `use_azuread_auth`, or allow key access for the account".to_owned()),
        ),
        "AuthorizationFailure" if is_over(cx, config) => unauthenticated(cx, config, wanted),
        "AuthorizationFailure" => (
            ErrorKind::PermissionDenied,
            format!("the storage account does not let this machine {wanted}"),
            Some("see the account's network rules, and whether the credentials are of this account".to_owned()),
        ),
        "AuthorizationSourceIPMismatch" => limited(config, "for other addresses (`sip`)"),
        "AuthorizationProtocolMismatch" => limited(config, "for another protocol (`spr`)"),
        "AuthorizationServiceMismatch" => limited(config, "for another service; it needs `ss=b`"),
        "AuthorizationResourceTypeMismatch" => {
            limited(config, "for other resources; it needs `srt=co`")
        }
        "PublicAccessNotPermitted" | "ResourceNotFound" => (
            ErrorKind::Unauthenticated,
            format!("the storage account does not let strangers {wanted}"),
            Some("set `access_key`, `sas_token` or `use_azuread_auth`".to_owned()),
        ),
        "AccountIsDisabled" => (
            ErrorKind::PermissionDenied,
            "the storage account is disabled".to_owned(),
            None,
        ),
        "InvalidResourceName" | "OutOfRangeInput" => (
            ErrorKind::InvalidConfig,
            "the name of the container or of the blob is none that the store knows".to_owned(),
            Some("compare `container_name` and `key` with the rules for such names".to_owned()),
        ),
        "BlobUsesCustomerSpecifiedEncryption" | "BlobCustomerSpecifiedEncryptionMismatch" => (
            ErrorKind::InvalidConfig,
            "the state is encrypted with another key of the customer's".to_owned(),
            Some("set `customer_provided_key` to the key that it was written with".to_owned()),
        ),
        "BlobArchived" | "BlobBeingRehydrated" => (
            ErrorKind::Conflict,
            "the state lies in the archive tier".to_owned(),
            Some("move the blob to the hot or cool tier, and exempt states from the rule that archives".to_owned()),
        ),
        "BlobImmutableDueToPolicy" => (
            ErrorKind::PermissionDenied,
            format!("a policy of the container forbids to {wanted}"),
            Some("exempt states from the container's policy against changes".to_owned()),
        ),
        "Md5Mismatch" | "InvalidMd5" => (
            ErrorKind::Unavailable,
            "the state was damaged on its way to the store; nothing was written".to_owned(),
            None,
        ),
        "SnapshotCountExceeded" => (
            ErrorKind::Conflict,
            "the state has as many snapshots as a blob can have".to_owned(),
            Some("delete old snapshots of the blob".to_owned()),
        ),
        "ServerBusy" | "SnapshotOperationRateExceeded" => (
            ErrorKind::RateLimited,
            format!("the store asks to slow down and did not {wanted}"),
            Some("repeat it later".to_owned()),
        ),
        _ => by_status(status, wanted),
    }
}

fn by_status(status: u16, wanted: &str) -> (ErrorKind, String, Option<String>) {
    let (kind, message) = match status {
        401 => (
            ErrorKind::Unauthenticated,
            format!("the store does not accept the credentials to {wanted}"),
        ),
        403 => (
            ErrorKind::PermissionDenied,
            format!("the store does not allow to {wanted}"),
        ),
        404 => (
            ErrorKind::NotFound,
            format!("the store has nothing to {wanted}"),
        ),
        409 | 412 => (
            ErrorKind::Conflict,
            format!("the store is not in the state to {wanted}"),
        ),
        413 => (
            ErrorKind::InvalidInput,
            format!("it is too large for the store to {wanted}"),
        ),
        429 => (
            ErrorKind::RateLimited,
            format!("the store asks to slow down and did not {wanted}"),
        ),
        408 | 500..=599 => (
            ErrorKind::Unavailable,
            format!("the store failed to {wanted}"),
        ),
        _ => (
            ErrorKind::Unexpected,
            format!("the store's answer makes no sense when asked to {wanted}"),
        ),
    };
    (kind, message, None)
}

fn unauthenticated(
    cx: &Context,
    config: &AzureConfig,
    wanted: &str,
) -> (ErrorKind, String, Option<String>) {
    let refused = format!("the store does not accept the credentials to {wanted}");
    let (message, hint) = match &config.access {
        Access::Key(_) | Access::ListedKey => (
            refused,
            "see whether `access_key` is a key of this account, and whether this machine's clock is right",
        ),
        Access::Token(_) => (
            refused,
            "see whether the identity is one of the storage account's tenant",
        ),
        Access::Signature(query) => match term(cx, query.expose()) {
            Some(term) => (
                format!("{refused}: the shared access signature {term}"),
                "make a new one for `sas_token` or ARM_SAS_TOKEN",
            ),
            None => (
                refused,
                "see whether `sas_token` is whole and of this account, and whether the key that signed it is still valid",
            ),
        },
    };
    (ErrorKind::Unauthenticated, message, Some(hint.to_owned()))
}

/// A shared access signature whose time has passed, or has not come.
fn is_over(cx: &Context, config: &AzureConfig) -> bool {
    match &config.access {
        Access::Signature(query) => term(cx, query.expose()).is_some(),
        _ => false,
    }
}

/// What is wrong with the time of a shared access signature, as it says itself.
fn term(cx: &Context, query: &str) -> Option<String> {
    let at = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let (_, text) = pairs.find(|(key, _)| key == name)?;
        // A day is one, too.
        let full = match text.len() {
            10 => format!("{text}T00:00:00Z"),
            17 => text.replace('Z', ":00Z"),
            _ => text.into_owned(),
        };
        full.parse::<jiff::Timestamp>().ok()
    };
    let now = jiff::Timestamp::try_from(cx.now()).ok()?;
    if let Some(end) = at("se").filter(|end| *end <= now) {
        return Some(format!("expired at {end}"));
    }
    let start = at("st").filter(|start| *start > now)?;
    Some(format!("is not valid before {start}"))
}

fn missing_permission(config: &AzureConfig, action: Action) -> (String, String) {
    let wanted = action.words();
    match &config.access {
        Access::Signature(_) => {
            let (letter, name) = action.letter();
            (
                format!("the shared access signature does not allow to {wanted}: it has no permission {name} (`{letter}`)"),
                "make one with `sp=rwdlc` for the container: reading needs r and l, locking and writing r, w and c, deleting d".to_owned(),
            )
        }
        _ => {
            let (role, verb) = action.role();
            (
                format!(
                    "the identity is not allowed to {wanted}: it has no role with Microsoft.Storage/storageAccounts/blobServices/containers/blobs/{verb}"
                ),
                format!(
                    "give it the role `{role}` on the container; roles of the management plane such as Owner do not open blobs"
                ),
            )
        }
    }
}

fn limited(config: &AzureConfig, what: &str) -> (ErrorKind, String, Option<String>) {
    let who = match config.access {
        Access::Signature(_) => "the shared access signature",
        _ => "what was shown to the store",
    };
    (
        ErrorKind::PermissionDenied,
        format!("{who} is {what}"),
        Some("make another `sas_token`".to_owned()),
    )
}

/// The same error without anything secret, whoever put it there.
pub(super) fn masked(config: &AzureConfig, error: Error) -> Error {
    let secrets = config.secrets.expose();
    error.map_text(|text| {
        secrets.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.as_str(), MASK)
        })
    })
}
