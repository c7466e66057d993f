//! What a refusal of the Kubernetes API means (`Status`,
//! <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/>).

use reqwest::Url;
use serde_json::Value as Json;

use super::config::{Credentials, KubernetesConfig};
use crate::backend::transport::{Answer, words};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::redact::SafeUrl;

/// A request, as errors call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    /// After "cannot".
    pub(super) what: &'static str,
    /// What a role has to allow: verb and resource.
    pub(super) permission: &'static str,
}

/// The other side of a request, and what it could repeat.
pub(super) struct Speaker<'a> {
    pub(super) config: &'a KubernetesConfig,
    pub(super) url: &'a Url,
    /// Secrets beside those of the configuration.
    pub(super) secrets: &'a [String],
    /// What was sent of the state.
    pub(super) sent: &'a [u8],
}

/// The error of an answer that is no success.
pub(super) fn refused(cx: &Context, speaker: &Speaker<'_>, call: Call, answer: &Answer) -> Error {
    let config = speaker.config;
    let mut secrets = speaker.secrets.to_vec();
    secrets.extend(config.secrets.expose().iter().cloned());
    let said = words(answer, &secrets, speaker.sent);
    let text = said.as_deref().unwrap_or_default();
    let status: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    let new = |kind, reason: &str| Error::new(kind, format!("cannot {}: {reason}", call.what));
    let error = match answer.status.as_u16() {
        401 => new(
            ErrorKind::Unauthenticated,
            "the server does not accept the credentials",
        )
        .with_hint(how_to_renew(config)),
        403 if is_ending(&status) => new(ErrorKind::Conflict, "the namespace is being deleted")
            .with_hint("use another `namespace`"),
        403 => denied(call, text, config),
        404 if text.starts_with("namespaces ") => {
            new(ErrorKind::NotFound, "the namespace does not exist").with_hint(format!(
                "create the namespace `{}`, or correct `namespace`",
                config.namespace
            ))
        }
        404 => new(ErrorKind::NotFound, "there is nothing at the address")
            .with_hint("see whether `host`, or the kubeconfig's `server`, is a Kubernetes API"),
        409 => new(ErrorKind::Conflict, "it was changed at the same time")
            .with_hint("read the state again and repeat the change on it"),
        413 => new(ErrorKind::InvalidInput, "it is too large for the server"),
        422 => new(
            ErrorKind::InvalidInput,
            "the server does not take it as it is",
        ),
        429 => new(ErrorKind::RateLimited, "the server asks to slow down"),
        408 | 500 | 502..=599 => new(ErrorKind::Unavailable, "the server failed"),
        400..=499 | 501 => new(ErrorKind::InvalidConfig, "the server refused the request"),
        _ => new(ErrorKind::Unexpected, "the answer is not one of Kubernetes"),
    };
    let mut error = error
        .with("address", SafeUrl::new(speaker.url.clone()))
        .with("namespace", &config.namespace)
        .with("status", answer.status.as_u16());
    if let Some(said) = said {
        error = error.with("server", said);
    }
    if let Some(wait) = answer.retry_after(cx.now()) {
        error = error.with("retry after seconds", wait.as_secs());
    }
    error
}

/// The error of a success that is not one of Kubernetes: a proxy's page, or another server.
pub(super) fn not_kubernetes(call: Call, url: &Url) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        format!("cannot {}: the answer is not one of Kubernetes", call.what),
    )
    .with("address", SafeUrl::new(url.clone()))
    .with_hint("see whether a proxy answers in its place, and correct `host` or the kubeconfig")
}

fn how_to_renew(config: &KubernetesConfig) -> &'static str {
    match config.access.credentials {
        Credentials::None if config.access.tls.identity.is_none() => {
            "name a user of the kubeconfig by `config_context`, or set `token` or KUBE_TOKEN"
        }
        Credentials::None => "the client's certificate may have expired",
        Credentials::Exec(_) => "the credential plugin may need a new log-in",
        Credentials::Token(_) | Credentials::File(_) => {
            "the token may have expired: set a new one by `token`, KUBE_TOKEN or in the kubeconfig"
        }
        Credentials::Basic(_) => {
            "servers since Kubernetes 1.19 take no passwords: use a token or a certificate"
        }
    }
}

/// Whether something is refused because its namespace is on its way out.
fn is_ending(status: &Json) -> bool {
    let causes = status.pointer("/details/causes").and_then(Json::as_array);
    causes.is_some_and(|causes| {
        causes
            .iter()
            .any(|cause| cause["reason"] == "NamespaceTerminating")
    })
}

/// The server's sentence is such as `… User "bob" cannot get resource "secrets" in API group "" in the namespace "default"`.
fn denied(call: Call, said: &str, config: &KubernetesConfig) -> Error {
    let permission = named(said).unwrap_or_else(|| call.permission.to_owned());
    Error::new(
        ErrorKind::PermissionDenied,
        format!("cannot {}: it is not allowed", call.what),
    )
    .with_hint(format!(
        "bind a role to the user that allows `{permission}` in the namespace `{}`",
        config.namespace
    ))
    .with("permission", permission)
}

fn named(said: &str) -> Option<String> {
    let (_, rest) = said.split_once(" cannot ")?;
    let (verb, rest) = rest.split_once(" resource \"")?;
    let (resource, _) = rest.split_once('"')?;
    Some(format!("{verb} {resource}"))
}
