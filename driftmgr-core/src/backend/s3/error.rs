//! What the services answer, as errors with place, cause and way out.
//!
//! The codes are those of "Error responses" in the Amazon S3 API reference, of "Error handling with DynamoDB" in its developer guide
//! and of the common errors of STS.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::config::S3Config;
use crate::error::{Error, ErrorKind};
use crate::redact::MASK;

/// The header that names the region of a bucket, also in answers without a body.
const REGION_HEADER: &str = "x-amz-bucket-region";
/// Texts of servers are cut at so many characters.
const LONGEST: usize = 400;

/// A request, as errors call it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// After "cannot".
    pub(super) what: &'static str,
    /// The permission that it needs.
    pub(super) action: &'static str,
}

/// The name under which a server knows a cause, with what else the answer tells.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) code: String,
    message: String,
    region: Option<String>,
}

impl Answer {
    pub(super) fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<Self> {
        let response = error.raw_response()?;
        let header = response.headers().get(REGION_HEADER);
        let (code, message) = match error.as_service_error() {
            Some(error) => (error.code(), error.message()),
            None => (None, None),
        };
        Some(Self {
            status: response.status().as_u16(),
            code: code.unwrap_or_default().to_owned(),
            message: message.unwrap_or_default().to_owned(),
            region: header.map(str::to_owned),
        })
    }

    /// The object is not there. Any other 404 may be that of a proxy, or of a missing bucket.
    pub(super) fn is_absent(&self) -> bool {
        self.code == "NoSuchKey"
    }

    /// The version of the object is not there: never given out, or that of a deletion.
    pub(super) fn is_absent_version(&self) -> bool {
        matches!(
            self.code.as_str(),
            "NoSuchKey" | "NoSuchVersion" | "InvalidArgument" | "MethodNotAllowed"
        ) || self.status == 405
    }

    /// The same for an answer without a body.
    pub(super) fn is_absent_head(&self) -> bool {
        self.status == 404
    }

    /// A condition did not hold, or somebody changed the object at the same time.
    pub(super) fn is_refused(&self) -> bool {
        self.status == 412
            || matches!(
                self.code.as_str(),
                "PreconditionFailed"
                    | "ConditionalRequestConflict"
                    | "ConditionalCheckFailedException"
            )
    }

    /// The store does not know the request, or one of its headers.
    pub(super) fn is_unknown_to_store(&self) -> bool {
        self.status == 501 || self.code == "NotImplemented"
    }
}

/// The error of a request that failed. No text of it holds a secret of the configuration.
pub(super) fn failed<E>(config: &S3Config, call: Call, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let described = match Answer::of(error) {
        Some(answer) => answered(config, call, &answer),
        None => unanswered(call, error),
    };
    without_secrets(config, described)
}

/// The error of an answer that began well and could not be read to its end.
pub(super) fn broken_off(
    config: &S3Config,
    call: Call,
    cause: &(dyn std::error::Error + 'static),
) -> Error {
    let reason = chain(cause);
    let error = Error::new(
        ErrorKind::Unavailable,
        format!(
            "cannot {}: the answer broke off, or is not the one of its checksum: {reason}",
            call.what
        ),
    );
    without_secrets(config, error)
}

fn without_secrets(config: &S3Config, error: Error) -> Error {
    let secrets = config.secrets();
    error.map_text(|text| {
        let mut text = text.to_owned();
        for secret in &secrets {
            // Shorter ones would take words out of sentences.
            if secret.len() >= 8 {
                text = text.replace(secret, MASK);
            }
        }
        text
    })
}

fn unanswered<E>(call: Call, error: &SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + 'static,
{
    if let Some(cause) = find::<CredentialsError>(error) {
        return no_credentials(call, cause);
    }
    let reason = chain(error);
    let what = call.what;
    match error {
        SdkError::TimeoutError(_) => Error::new(
            ErrorKind::Timeout,
            format!("cannot {what}: no answer in time"),
        ),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Error::new(
            ErrorKind::Timeout,
            format!("cannot {what}: no connection in time"),
        ),
        SdkError::DispatchFailure(_) => Error::new(
            ErrorKind::Unavailable,
            format!("cannot {what}: the server cannot be reached: {reason}"),
        )
        .with_hint("check the endpoint, the region and the proxies"),
        SdkError::ConstructionFailure(_) => Error::new(
            ErrorKind::InvalidConfig,
            format!("cannot {what}: the request cannot be made: {reason}"),
        ),
        _ => Error::new(
            ErrorKind::Unavailable,
            format!("cannot {what}: the answer cannot be read: {reason}"),
        ),
    }
}

fn no_credentials(call: Call, cause: &CredentialsError) -> Error {
    let what = call.what;
    let reason = match cause {
        CredentialsError::CredentialsNotLoaded(_) => "there are no credentials".to_owned(),
        CredentialsError::ProviderTimedOut(_) => {
            "the credentials were not handed out in time".to_owned()
        }
        other => format!("the credentials cannot be had: {}", chain(other)),
    };
    Error::new(
        ErrorKind::Unauthenticated,
        format!("cannot {what}: {reason}"),
    )
    .with_hint(
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or sign in with `aws sso login`",
    )
}

fn answered(config: &S3Config, call: Call, answer: &Answer) -> Error {
    let what = call.what;
    let new = |kind, reason: &str| Error::new(kind, format!("cannot {what}: {reason}"));
    let said = clean(&answer.message);
    let code = clean(&answer.code);
    let error = match answer.code.as_str() {
        "NoSuchBucket" => new(ErrorKind::NotFound, "the bucket does not exist")
            .with_hint("create the bucket, or correct the argument `bucket`"),
        "ResourceNotFoundException" => new(ErrorKind::NotFound, "the lock table does not exist")
            .with_hint("create the DynamoDB table, or correct `dynamodb_table` and `region`"),
        "PermanentRedirect"
        | "TemporaryRedirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException" => elsewhere(config, call, answer),
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
            new(ErrorKind::Unauthenticated, "the credentials have expired")
                .with_hint("sign in again, or renew the session's token")
        }
        "RequestTimeTooSkewed" => new(
            ErrorKind::Unauthenticated,
            "this machine's clock differs too much from the server's",
        )
        .with_hint("set the clock"),
        "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidToken"
        | "InvalidSecurity"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => new(
            ErrorKind::Unauthenticated,
            "the server does not accept the credentials",
        )
        .with_hint("check which credentials are used, and that they are still valid"),
        "KMS.NotFoundException" | "KMS.DisabledException" | "KMS.KMSInvalidStateException" => {
            new(ErrorKind::InvalidConfig, "the KMS key cannot be used")
                .with_hint("check `kms_key_id`, and that the key is enabled in this region")
        }
        code if is_denial(code) => denied(call, &said),
        code if is_throttling(code) => slow_down(call),
        _ => match answer.status {
            301 | 307 => elsewhere(config, call, answer),
            401 | 403 => denied(call, &said),
            429 => slow_down(call),
            500.. if !answer.is_unknown_to_store() => {
                new(ErrorKind::Unavailable, "the server failed")
            }
            _ if answer.is_unknown_to_store() => {
                new(ErrorKind::Unsupported, "the store does not support it")
            }
            404 => new(ErrorKind::NotFound, "it does not exist"),
            400..500 => new(ErrorKind::InvalidConfig, "the server refused the request"),
            _ => new(ErrorKind::Unexpected, "the answer is not understood"),
        },
    };
    let mut error = error.with("status", answer.status);
    if !code.is_empty() {
        error = error.with("code", code);
    }
    if !said.is_empty() {
        error = error.with("server", said);
    }
    error
}

fn is_denial(code: &str) -> bool {
    matches!(
        code,
        "AccessDenied" | "AccessDeniedException" | "AllAccessDisabled" | "AccountProblem"
    )
}

fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "SlowDown"
            | "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestLimitExceeded"
            | "ProvisionedThroughputExceededException"
            | "TooManyRequestsException"
            | "BandwidthLimitExceeded"
    )
}

fn slow_down(call: Call) -> Error {
    Error::new(
        ErrorKind::RateLimited,
        format!("cannot {}: the server asks to slow down", call.what),
    )
}

fn denied(call: Call, said: &str) -> Error {
    // The server names the permission in "… is not authorized to perform: s3:GetObject on resource …".
    let named = said
        .split_once("perform: ")
        .and_then(|(_, rest)| rest.split_whitespace().next())
        .filter(|action| action.contains(':'));
    let action = named.unwrap_or(call.action);
    let error = Error::new(
        ErrorKind::PermissionDenied,
        format!("cannot {}: it is not allowed", call.what),
    )
    .with("permission", action)
    .with_hint(format!(
        "allow `{action}` to these credentials, in their policies and in the bucket's"
    ));
    match action {
        "s3:GetObject" => error.with_hint(
            "without `s3:ListBucket` a state that does not exist is answered the same way",
        ),
        _ => error,
    }
}

fn elsewhere(config: &S3Config, call: Call, answer: &Answer) -> Error {
    let asked = &config.access.region;
    let error = Error::new(
        ErrorKind::InvalidConfig,
        format!("cannot {}: the bucket is in another region", call.what),
    )
    .with("asked", asked);
    // "the region 'us-east-1' is wrong; expecting 'eu-west-1'"
    let expected = answer.message.split("expecting '").nth(1);
    let expected = expected.and_then(|rest| rest.split('\'').next());
    match answer.region.as_deref().or(expected) {
        Some(region) => {
            let region = clean(region);
            error
                .with("region", &region)
                .with_hint(format!("set the argument `region` to `{region}`"))
        }
        None => error.with_hint("set the argument `region` to the bucket's"),
    }
}

/// A server's text as part of one line.
fn clean(text: &str) -> String {
    let text: String = text.chars().take(LONGEST).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace(char::is_control, "")
}

fn find<'a, T: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The causes of an error from the outside in, each said once.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if texts.last().is_none_or(|last| !last.contains(&text)) {
            texts.push(text);
        }
        next = error.source();
    }
    clean(&texts.join(": "))
}
