//! The requests: keys and their values (<https://developer.hashicorp.com/consul/api-docs/kv>), transactions
//! (<https://developer.hashicorp.com/consul/api-docs/txn>) and sessions (<https://developer.hashicorp.com/consul/api-docs/session>).

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::config::ConsulConfig;
use super::error::{Call, LIST, READ, SESSION, WRITE, not_consul, refused};
use crate::backend::transport::{Answer, Request, RetryPolicy, STATE_LIMIT, Transport};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// A successful answer that is no value has no long body.
const SHORT: usize = 16 << 20;

const RETRY: RetryPolicy = RetryPolicy {
    max: 4,
    wait_min: Duration::from_millis(200),
    wait_max: Duration::from_secs(10),
};

/// A session ends so long after it was renewed last, or somewhat later.
pub(super) const TTL: Duration = Duration::from_secs(15);

/// Speaks with the server.
pub(super) struct Client {
    pub(super) config: ConsulConfig,
    transport: Transport,
}

/// A key with its value. No `Debug`: it can hold a state.
pub(super) struct Entry {
    pub(super) value: Bytes,
    /// Changes with each change of the key.
    pub(super) index: u64,
    /// The session that has locked the key.
    pub(super) session: Option<String>,
}

/// An operation of a transaction.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Operation {
    verb: &'static str,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

impl Operation {
    fn new(verb: &'static str, key: &str) -> Self {
        Self {
            verb,
            key: key.to_owned(),
            value: None,
            index: None,
            flags: None,
            session: None,
        }
    }

    /// Writes a key whose index is this one; 0 is that there is none.
    pub(super) fn put_if(key: &str, value: &[u8], index: u64) -> Self {
        Self {
            value: Some(BASE64_STANDARD.encode(value)),
            index: Some(index),
            ..Self::new("cas", key)
        }
    }

    /// Writes a key.
    pub(super) fn put(key: &str, value: &[u8]) -> Self {
        Self {
            value: Some(BASE64_STANDARD.encode(value)),
            ..Self::new("set", key)
        }
    }

    /// Deletes a key whose index is this one.
    pub(super) fn delete_if(key: &str, index: u64) -> Self {
        Self {
            index: Some(index),
            ..Self::new("delete-cas", key)
        }
    }

    /// Deletes a key, if it is there.
    pub(super) fn delete(key: &str) -> Self {
        Self::new("delete", key)
    }

    /// Holds when the session has locked the key.
    pub(super) fn check_session(key: &str, session: &str) -> Self {
        Self {
            session: Some(session.to_owned()),
            ..Self::new("check-session", key)
        }
    }

    /// Locks a key for a session.
    pub(super) fn lock(key: &str, session: &str, flags: u64) -> Self {
        Self {
            value: Some(String::new()),
            flags: Some(flags),
            session: Some(session.to_owned()),
            ..Self::new("lock", key)
        }
    }

    /// Gives a key back that the session has locked.
    pub(super) fn unlock(key: &str, session: &str, flags: u64) -> Self {
        Self {
            verb: "unlock",
            ..Self::lock(key, session, flags)
        }
    }
}

/// A request that is ready to be sent.
pub(super) struct Transaction(Bytes);

impl Transaction {
    /// Operations that are done together or not at all.
    pub(super) fn of(operations: &[Operation]) -> Result<Self> {
        let all: Vec<_> = operations.iter().map(|op| json!({ "KV": op })).collect();
        let body = serde_json::to_vec(&all).map_err(|e| {
            Error::new(
                ErrorKind::Unexpected,
                "a transaction cannot be written as JSON",
            )
            .with_source(e)
        })?;
        Ok(Self(body.into()))
    }

    /// Its length in bytes, of which servers take so many and no more.
    pub(super) fn length(&self) -> usize {
        self.0.len()
    }
}

/// What came of a transaction.
pub(super) enum Outcome {
    /// All was done; the index of the last key that was written, 0 where none was.
    Done(u64),
    /// Nothing was done, because of the operation with this number.
    Refused(usize),
    /// Nothing was done, since the server takes no request of this size.
    TooLarge,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pair {
    value: Option<String>,
    modify_index: u64,
    session: Option<String>,
}

#[derive(Deserialize)]
struct Results {
    #[serde(rename = "Results", default)]
    results: Option<Vec<One>>,
}

#[derive(Deserialize)]
struct One {
    #[serde(rename = "KV")]
    pair: Option<Pair>,
}

#[derive(Deserialize)]
struct Refusals {
    #[serde(rename = "Errors")]
    errors: Vec<Refusal>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refusal {
    op_index: usize,
}

#[derive(Deserialize)]
struct Session {
    #[serde(rename = "ID")]
    id: String,
}

impl Client {
    pub(super) fn new(cx: &Context, config: ConsulConfig) -> Result<Self> {
        Ok(Self {
            transport: Transport::new(cx.environment(), &config.tls, RETRY)?,
            config,
        })
    }

    /// A key; `None` when it is not there.
    pub(super) async fn get(&self, cx: &Context, key: &str) -> Result<Option<Entry>> {
        let request = Request {
            limit: STATE_LIMIT,
            ..self.request(Method::GET, &format!("kv/{key}"), &[])
        };
        let answer = self.transport.send(cx, &request).await?;
        match answer.status.as_u16() {
            200 => {}
            404 => return Ok(None),
            _ => return Err(self.refuse(cx, READ, &request, &answer, &[])),
        }
        let wrong = || not_consul(READ, &request.url);
        let mut pairs: Vec<Pair> = serde_json::from_slice(&answer.body).map_err(|_| wrong())?;
        let pair = pairs.pop().ok_or_else(wrong)?;
        let value = BASE64_STANDARD.decode(pair.value.unwrap_or_default());
        Ok(Some(Entry {
            value: value.map_err(|_| wrong())?.into(),
            index: pair.modify_index,
            session: pair.session.filter(|session| !session.is_empty()),
        }))
    }

    /// The keys that begin so, each cut after the next `/`.
    pub(super) async fn keys(&self, cx: &Context, prefix: &str) -> Result<Vec<String>> {
        let parameters = [("keys", ""), ("separator", "/")];
        let request = self.request(Method::GET, &format!("kv/{prefix}"), &parameters);
        let answer = self.transport.send(cx, &request).await?;
        match answer.status.as_u16() {
            200 => serde_json::from_slice(&answer.body).map_err(|_| not_consul(LIST, &request.url)),
            404 => Ok(Vec::new()),
            _ => Err(self.refuse(cx, LIST, &request, &answer, &[])),
        }
    }

    /// Writes a key, whatever is there.
    pub(super) async fn put(&self, cx: &Context, key: &str, value: Bytes) -> Result<()> {
        let request = Request {
            body: Some(value.clone()),
            ..self.request(Method::PUT, &format!("kv/{key}"), &[])
        };
        let answer = self.transport.send(cx, &request).await?;
        match (answer.status.as_u16(), answer.body.trim_ascii()) {
            (200, b"true") => Ok(()),
            (200, _) => Err(not_consul(WRITE, &request.url)),
            _ => Err(self.refuse(cx, WRITE, &request, &answer, &value)),
        }
    }

    /// Deletes all keys that begin so.
    pub(super) async fn delete_tree(&self, cx: &Context, prefix: &str) -> Result<()> {
        let request = self.request(Method::DELETE, &format!("kv/{prefix}"), &[("recurse", "")]);
        let answer = self.transport.send(cx, &request).await?;
        match answer.status.as_u16() {
            200 => Ok(()),
            _ => Err(self.refuse(cx, WRITE, &request, &answer, &[])),
        }
    }

    /// Does all operations, or none. `sent` is what no error may repeat; `repeatable`, whether doing them twice is as good as once.
    pub(super) async fn commit(
        &self,
        cx: &Context,
        transaction: Transaction,
        sent: &[u8],
        repeatable: bool,
    ) -> Result<Outcome> {
        let request = Request {
            body: Some(transaction.0),
            headers: json_headers(),
            repeatable,
            ..self.request(Method::PUT, "txn", &[])
        };
        let answer = self.transport.send(cx, &request).await?;
        let wrong = |_| not_consul(WRITE, &request.url);
        match answer.status.as_u16() {
            200 => {
                let results: Results = serde_json::from_slice(&answer.body).map_err(wrong)?;
                let pairs = results.results.unwrap_or_default().into_iter();
                let last = pairs.filter_map(|one| one.pair).next_back();
                Ok(Outcome::Done(last.map_or(0, |pair| pair.modify_index)))
            }
            409 => {
                let refusals: Refusals = serde_json::from_slice(&answer.body).map_err(wrong)?;
                let first = refusals.errors.iter().map(|e| e.op_index).min();
                Ok(Outcome::Refused(first.unwrap_or_default()))
            }
            413 => Ok(Outcome::TooLarge),
            _ => Err(self.refuse(cx, WRITE, &request, &answer, sent)),
        }
    }

    /// A new session. It ends by itself when it is not renewed; what it has locked stays locked for `delay` more.
    pub(super) async fn begin_session(&self, cx: &Context, delay: Duration) -> Result<String> {
        let body = json!({
            "Name": "Consul API Lock",
            "TTL": format!("{}s", TTL.as_secs()),
            "LockDelay": format!("{}s", delay.as_secs()),
            "Behavior": "release",
        });
        let request = Request {
            body: Some(body.to_string().into()),
            headers: json_headers(),
            ..self.request(Method::PUT, "session/create", &[])
        };
        let answer = self.transport.send(cx, &request).await?;
        match answer.status.as_u16() {
            200 => serde_json::from_slice::<Session>(&answer.body)
                .map(|session| session.id)
                .map_err(|_| not_consul(SESSION, &request.url)),
            _ => Err(self.refuse(cx, SESSION, &request, &answer, &[])),
        }
    }

    /// Keeps a session for another [`TTL`]; false when it has ended.
    pub(super) async fn renew_session(&self, cx: &Context, id: &str) -> Result<bool> {
        let request = self.request(Method::PUT, &format!("session/renew/{id}"), &[]);
        let answer = self.transport.send(cx, &request).await?;
        match answer.status.as_u16() {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(self.refuse(cx, SESSION, &request, &answer, &[])),
        }
    }

    /// Ends a session, if there is one.
    pub(super) async fn end_session(&self, cx: &Context, id: &str) -> Result<()> {
        let request = self.request(Method::PUT, &format!("session/destroy/{id}"), &[]);
        let answer = self.transport.send(cx, &request).await?;
        match answer.status.as_u16() {
            200 | 404 => Ok(()),
            _ => Err(self.refuse(cx, SESSION, &request, &answer, &[])),
        }
    }

    /// A request that may be repeated, with nothing in it.
    fn request(&self, method: Method, path: &str, parameters: &[(&str, &str)]) -> Request {
        Request {
            method,
            url: self.url(path, parameters),
            headers: HeaderMap::new(),
            credentials: self.config.credentials.expose().clone(),
            body: None,
            repeatable: true,
            limit: SHORT,
        }
    }

    fn url(&self, path: &str, parameters: &[(&str, &str)]) -> Url {
        let mut url = self.config.address.expose().clone();
        // An HTTP address has segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(path.split('/'));
        }
        let own = self.config.parameters.iter();
        let own = own.map(|(name, value)| (*name, value.as_str()));
        let all: Vec<_> = own.chain(parameters.iter().copied()).collect();
        if !all.is_empty() {
            url.query_pairs_mut().extend_pairs(all);
        }
        url
    }

    fn refuse(
        &self,
        cx: &Context,
        call: Call,
        request: &Request,
        answer: &Answer,
        sent: &[u8],
    ) -> Error {
        refused(cx, &self.config, call, &request.url, answer, sent)
    }
}

fn json_headers() -> HeaderMap {
    let json = HeaderValue::from_static("application/json");
    HeaderMap::from_iter([(CONTENT_TYPE, json)])
}
