//! The requests: secrets (<https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/>), leases
//! (<https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/>), and what all resources have in common
//! (<https://kubernetes.io/docs/reference/using-api/api-concepts/>).

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde_json::{Value as Json, json};

use super::config::KubernetesConfig;
use super::error::{Call, Speaker, not_kubernetes, refused};
use super::identity::Identity;
use crate::backend::transport::{Answer, Request, RetryPolicy};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// A server keeps no object of more than some 1.5 MB; in JSON it is a third longer.
const LIMIT: usize = 16 << 20;
/// So many objects are listed by one request.
const PAGE: u32 = 500;
/// So often a list may run out of date while it is read page by page.
const ATTEMPTS: usize = 3;
/// Names and labels alone, without what is in the secrets.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

const RETRY: RetryPolicy = RetryPolicy {
    max: 4,
    wait_min: Duration::from_millis(200),
    wait_max: Duration::from_secs(10),
};

/// A resource that is kept in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Secret,
    Lease,
}

impl Resource {
    fn path(self) -> [&'static str; 3] {
        match self {
            Self::Secret => ["api", "v1", "secrets"],
            Self::Lease => ["apis", "coordination.k8s.io/v1", "leases"],
        }
    }

    fn call(self, verb: Verb) -> Call {
        let (what, permission) = match (verb, self) {
            (Verb::Get, Self::Secret) => ("read a secret", "get secrets"),
            (Verb::Get, Self::Lease) => ("look at the lock", "get leases"),
            (Verb::Create, Self::Secret) => ("create a secret", "create secrets"),
            (Verb::Create, Self::Lease) => ("take the lock", "create leases"),
            (Verb::Update, Self::Secret) => ("write a secret", "update secrets"),
            (Verb::Update, Self::Lease) => ("change the lock", "update leases"),
            (Verb::Delete, Self::Secret) => ("delete a secret", "delete secrets"),
            (Verb::Delete, Self::Lease) => ("delete the lock", "delete leases"),
            (Verb::List, _) => ("list the workspaces", "list secrets"),
        };
        Call { what, permission }
    }
}

#[derive(Debug, Clone, Copy)]
enum Verb {
    Get,
    Create,
    Update,
    Delete,
    List,
}

/// What came of a change.
pub(super) enum Outcome<T> {
    Done(T),
    /// Somebody else was faster.
    Refused,
}

/// Speaks with the server.
pub(super) struct Client {
    pub(super) config: KubernetesConfig,
    identity: Identity,
}

impl Client {
    pub(super) fn new(cx: &Context, config: KubernetesConfig) -> Result<Self> {
        Ok(Self {
            identity: Identity::new(cx, config.access.clone(), RETRY)?,
            config,
        })
    }

    /// An object; `None` when it is not there.
    pub(super) async fn get(
        &self,
        cx: &Context,
        resource: Resource,
        name: &str,
    ) -> Result<Option<Json>> {
        let call = resource.call(Verb::Get);
        let request = self.request(Method::GET, resource, Some(name), None)?;
        let (answer, url) = self.send(cx, call, request, &[404], &[]).await?;
        match answer.status.as_u16() {
            404 if is_status(&answer) => Ok(None),
            404 => Err(not_kubernetes(call, &url)),
            _ => object(call, &url, &answer).map(Some),
        }
    }

    /// Makes an object, unless it is there. `sent` is what no error may repeat.
    pub(super) async fn create(
        &self,
        cx: &Context,
        resource: Resource,
        new: &Json,
        sent: &[u8],
    ) -> Result<Outcome<Json>> {
        let call = resource.call(Verb::Create);
        let request = self.request(Method::POST, resource, None, Some(new))?;
        let (answer, url) = self.send(cx, call, request, &[409], sent).await?;
        outcome(call, &url, &answer)
    }

    /// Replaces an object, unless it was changed since it was read.
    pub(super) async fn replace(
        &self,
        cx: &Context,
        resource: Resource,
        name: &str,
        new: &Json,
        sent: &[u8],
    ) -> Result<Outcome<Json>> {
        let call = resource.call(Verb::Update);
        let request = self.request(Method::PUT, resource, Some(name), Some(new))?;
        let (answer, url) = self.send(cx, call, request, &[404, 409], sent).await?;
        outcome(call, &url, &answer)
    }

    /// Deletes an object, unless it was changed since it was read.
    pub(super) async fn delete(
        &self,
        cx: &Context,
        resource: Resource,
        there: &Json,
    ) -> Result<Outcome<()>> {
        let call = resource.call(Verb::Delete);
        let metadata = &there["metadata"];
        let options = json!({
            "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background",
            "preconditions": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]},
        });
        let name = metadata["name"].as_str().unwrap_or_default();
        let request = self.request(Method::DELETE, resource, Some(name), Some(&options))?;
        let (answer, _) = self.send(cx, call, request, &[404, 409], &[]).await?;
        Ok(match answer.status.as_u16() {
            409 => Outcome::Refused,
            _ => Outcome::Done(()),
        })
    }

    /// The labels of all secrets that these labels select.
    pub(super) async fn labels(&self, cx: &Context, selector: &str) -> Result<Vec<Json>> {
        for _ in 0..ATTEMPTS {
            if let Some(labels) = self.pages(cx, selector).await? {
                return Ok(labels);
            }
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            "the list of workspaces ran out of date again and again while it was read",
        )
        .with("namespace", &self.config.namespace))
    }

    /// The same, page by page; `None` when the server has forgotten where the next page begins.
    async fn pages(&self, cx: &Context, selector: &str) -> Result<Option<Vec<Json>>> {
        let call = Resource::Secret.call(Verb::List);
        let mut labels = Vec::new();
        let mut next = String::new();
        loop {
            let mut request = self.request(Method::GET, Resource::Secret, None, None)?;
            request
                .headers
                .insert(ACCEPT, HeaderValue::from_static(METADATA));
            {
                let mut query = request.url.query_pairs_mut();
                query
                    .append_pair("labelSelector", selector)
                    .append_pair("limit", &PAGE.to_string());
                if !next.is_empty() {
                    query.append_pair("continue", &next);
                }
            }
            let (answer, url) = self.send(cx, call, request, &[410], &[]).await?;
            if answer.status == 410 {
                return Ok(None);
            }
            let mut list = object(call, &url, &answer)?;
            // Of nothing, some servers make no list.
            let items = match list["items"].take() {
                Json::Array(items) => items,
                Json::Null => Vec::new(),
                _ => return Err(not_kubernetes(call, &url)),
            };
            labels.extend(
                items
                    .into_iter()
                    .map(|mut item| item["metadata"]["labels"].take()),
            );
            match list.pointer("/metadata/continue").and_then(Json::as_str) {
                Some(token) if !token.is_empty() => next = token.to_owned(),
                _ => return Ok(Some(labels)),
            }
        }
    }

    fn request(
        &self,
        method: Method,
        resource: Resource,
        name: Option<&str>,
        body: Option<&Json>,
    ) -> Result<Request> {
        let mut url = self.config.access.server.expose().clone();
        let [api, version, plural] = resource.path();
        // An HTTP address has segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .pop_if_empty()
                .push(api)
                .extend(version.split('/'))
                .extend(["namespaces", &self.config.namespace, plural])
                .extend(name);
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let body = match body {
            None => None,
            Some(body) => {
                let json = HeaderValue::from_static("application/json");
                headers.insert(CONTENT_TYPE, json);
                let bytes = serde_json::to_vec(body).map_err(|e| {
                    Error::new(ErrorKind::Unexpected, "an object cannot be written as JSON")
                        .with_source(e)
                })?;
                Some(Bytes::from(bytes))
            }
        };
        Ok(Request {
            repeatable: method == Method::GET,
            method,
            url,
            headers,
            credentials: HeaderMap::new(),
            body,
            limit: LIMIT,
        })
    }

    /// An answer that is a success or has one of these statuses.
    async fn send(
        &self,
        cx: &Context,
        call: Call,
        mut request: Request,
        wanted: &[u16],
        sent: &[u8],
    ) -> Result<(Answer, Url)> {
        cx.check()?;
        let mut proof = self.identity.proof(cx).await?;
        request.credentials = proof.headers.clone();
        let mut answer = proof.transport.send(cx, &request).await?;
        if answer.status == 401 && proof.renewable {
            proof = self.identity.another(cx, &proof).await?;
            request.credentials = proof.headers.clone();
            answer = proof.transport.send(cx, &request).await?;
        }
        let status = answer.status.as_u16();
        // A namespace that is not there is not what was asked for.
        let is_namespace = status == 404 && request.method != Method::GET && {
            let said: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
            said.pointer("/details/kind").and_then(Json::as_str) == Some("namespaces")
        };
        if answer.status.is_success() || (wanted.contains(&status) && !is_namespace) {
            return Ok((answer, request.url));
        }
        let speaker = Speaker {
            config: &self.config,
            url: &request.url,
            secrets: &proof.secrets,
            sent,
        };
        Err(refused(cx, &speaker, call, &answer))
    }
}

fn is_status(answer: &Answer) -> bool {
    let said: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    said["kind"] == "Status"
}

fn object(call: Call, url: &Url, answer: &Answer) -> Result<Json> {
    let object: Option<Json> = serde_json::from_slice(&answer.body).ok();
    object
        .filter(|object| object["metadata"].is_object())
        .ok_or_else(|| not_kubernetes(call, url))
}

fn outcome(call: Call, url: &Url, answer: &Answer) -> Result<Outcome<Json>> {
    match answer.status.as_u16() {
        404 | 409 => Ok(Outcome::Refused),
        _ => object(call, url, answer).map(Outcome::Done),
    }
}
