//! The requests of the protocol.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use reqwest::{Method, Url};

use super::config::{Endpoint, HttpConfig};
use super::error::refused;
use crate::backend::transport::{
    Answer, CONTENT_MD5, Request, STATE_LIMIT, Transport, content_md5,
};
use crate::backend::{LockId, LockInfo, content_etag};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// A successful answer to a change or to a lock has no long body.
const SHORT: usize = 1 << 20;

/// Speaks with the server.
pub(super) struct HttpClient {
    pub(super) config: HttpConfig,
    transport: Transport,
    /// The state that was read last: our etag, which is a digest, and the server's for the same bytes.
    seen: Mutex<Option<(String, HeaderValue)>>,
}

/// What came of reading a state that may be known.
pub(super) enum Got {
    /// There is none.
    Nothing,
    /// It is the one whose etag was named.
    Known,
    /// It is this one.
    State(Bytes),
}

/// What came of asking for the lock.
pub(super) enum LockAnswer {
    /// It is ours, by this request or by an earlier one whose answer was lost.
    Taken,
    /// Somebody has it; `None` when the server does not say who.
    Held(Option<LockInfo>),
}

impl HttpClient {
    pub(super) fn new(cx: &Context, config: HttpConfig) -> Result<Self> {
        let retry = config.retry.clone();
        Ok(Self {
            transport: Transport::new(cx.environment(), &config.tls, retry)?,
            config,
            seen: Mutex::default(),
        })
    }

    /// The state; `None` when there is none.
    pub(super) async fn get(&self, cx: &Context) -> Result<Option<Bytes>> {
        match self.get_unless(cx, None).await? {
            Got::State(bytes) => Ok(Some(bytes)),
            Got::Nothing | Got::Known => Ok(None),
        }
    }

    /// The same, without the bytes of the state that has this etag of ours.
    pub(super) async fn get_unless(&self, cx: &Context, etag: Option<&str>) -> Result<Got> {
        let state = &self.config.state;
        let mut request = Request {
            method: Method::GET,
            limit: STATE_LIMIT,
            ..self.request(state, None, true)?
        };
        let seen = self.seen().clone();
        let theirs = seen.filter(|(ours, _)| Some(ours.as_str()) == etag);
        let is_known = theirs.is_some();
        if let Some((_, theirs)) = theirs {
            request.headers.insert(IF_NONE_MATCH, theirs);
        }
        let answer = self.transport.send(cx, &request).await?;
        match answer.status.as_u16() {
            304 if is_known => Ok(Got::Known),
            200 if !answer.body.is_empty() => {
                *self.seen() =
                    strong_etag(&answer.headers).map(|theirs| (content_etag(&answer.body), theirs));
                Ok(Got::State(answer.body))
            }
            200 | 204 | 404 => Ok(Got::Nothing),
            _ => Err(self.refuse(cx, state, "read the state", &answer, &[])),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Option<(String, HeaderValue)>> {
        // It is replaced as a whole.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the state. Under a lock a second time does no harm.
    pub(super) async fn put(&self, cx: &Context, new: Bytes, lock: Option<&LockId>) -> Result<()> {
        let state = &self.config.state;
        let request = Request {
            url: with_lock(state.url.expose(), lock),
            ..self.request(state, Some(new.clone()), lock.is_some())?
        };
        let answer = self.transport.send(cx, &request).await?;
        match answer.status.as_u16() {
            200 | 201 | 204 => Ok(()),
            409 | 412 | 423 => Err(self.in_the_way(cx, "write the state", &answer, lock, &new)),
            _ => Err(self.refuse(cx, state, "write the state", &answer, &new)),
        }
    }

    /// Deletes the state, if there is one.
    pub(super) async fn delete(&self, cx: &Context, lock: Option<&LockId>) -> Result<()> {
        let state = &self.config.state;
        let request = Request {
            method: Method::DELETE,
            url: with_lock(state.url.expose(), lock),
            ..self.request(state, None, lock.is_some())?
        };
        let answer = self.transport.send(cx, &request).await?;
        match answer.status.as_u16() {
            200 | 204 | 404 => Ok(()),
            409 | 412 | 423 => Err(self.in_the_way(cx, "delete the state", &answer, lock, &[])),
            _ => Err(self.refuse(cx, state, "delete the state", &answer, &[])),
        }
    }

    /// Asks for the lock. It may be asked for twice: the holder's id tells whether that is us.
    pub(super) async fn lock(
        &self,
        cx: &Context,
        endpoint: &Endpoint,
        info: &LockInfo,
    ) -> Result<LockAnswer> {
        let request = self.request(endpoint, Some(json(info)?), true)?;
        let answer = self.transport.send(cx, &request).await?;
        match answer.status.as_u16() {
            200 => Ok(LockAnswer::Taken),
            409 | 423 => Ok(match holder(&answer) {
                Some(holder) if holder.id == info.id => LockAnswer::Taken,
                holder => LockAnswer::Held(holder),
            }),
            _ => Err(self.refuse(cx, endpoint, "lock the state", &answer, &[])),
        }
    }

    /// Gives the lock back; false when the server says that it is not the one that is held.
    pub(super) async fn unlock(
        &self,
        cx: &Context,
        endpoint: &Endpoint,
        info: &LockInfo,
    ) -> Result<bool> {
        let request = self.request(endpoint, Some(json(info)?), false)?;
        let answer = self.transport.send(cx, &request).await?;
        match answer.status.as_u16() {
            200..=299 => Ok(true),
            404 | 409 | 412 | 423 => Ok(false),
            _ => Err(self.refuse(cx, endpoint, "unlock the state", &answer, &[])),
        }
    }

    /// A request with the endpoint's method; what is sent is JSON with its digest.
    fn request(
        &self,
        endpoint: &Endpoint,
        body: Option<Bytes>,
        repeatable: bool,
    ) -> Result<Request> {
        let mut headers = HeaderMap::new();
        if let Some(body) = &body {
            let digest = HeaderValue::try_from(content_md5(body)).map_err(|e| {
                Error::new(ErrorKind::Unexpected, "a digest cannot be sent").with_source(e)
            })?;
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CONTENT_MD5, digest);
        }
        Ok(Request {
            method: endpoint.method.clone(),
            url: endpoint.url.expose().clone(),
            headers,
            credentials: endpoint.credentials.expose().clone(),
            body,
            repeatable,
            limit: SHORT,
        })
    }

    fn refuse(
        &self,
        cx: &Context,
        endpoint: &Endpoint,
        action: &str,
        answer: &Answer,
        sent: &[u8],
    ) -> Error {
        refused(cx, &self.config, endpoint, action, answer, sent)
    }

    /// The error of a change that a lock is in the way of: with a lock of ours, that one is not held any more.
    fn in_the_way(
        &self,
        cx: &Context,
        action: &str,
        answer: &Answer,
        lock: Option<&LockId>,
        sent: &[u8],
    ) -> Error {
        match lock {
            Some(id) => super::not_held(id).with("address", &self.config.state.url),
            None if answer.status.as_u16() == 423 => {
                crate::backend::LockedBy::error(holder(answer))
                    .with("address", &self.config.state.url)
            }
            None => self.refuse(cx, &self.config.state, action, answer, sent),
        }
    }
}

/// The server's etag, if it promises the same bytes (RFC 9110, section 8.8.1): a weak one does not.
fn strong_etag(headers: &HeaderMap) -> Option<HeaderValue> {
    let etag = headers.get(ETAG)?;
    (!etag.as_bytes().starts_with(b"W/")).then(|| etag.clone())
}

/// The address of a change under a lock: its id is the parameter `ID`, other parameters stay.
fn with_lock(url: &Url, lock: Option<&LockId>) -> Url {
    let mut url = url.clone();
    if let Some(lock) = lock {
        let others: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| name != "ID")
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut()
            .clear()
            .extend_pairs(others)
            .append_pair("ID", &lock.0);
    }
    url
}

fn json(info: &LockInfo) -> Result<Bytes> {
    serde_json::to_vec(info).map(Bytes::from).map_err(|e| {
        Error::new(
            ErrorKind::Unexpected,
            "the lock's information cannot be written as JSON",
        )
        .with_source(e)
    })
}

/// Who holds the lock, if the body says so.
fn holder(answer: &Answer) -> Option<LockInfo> {
    let info: LockInfo = serde_json::from_slice(&answer.body).ok()?;
    (!info.id.is_empty()).then_some(info)
}
