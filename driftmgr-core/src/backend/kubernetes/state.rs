//! How a state lies in secrets: compressed, in one or, as Terraform does it, in parts of 1 MiB.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use serde_json::{Value as Json, json};

use super::client::{Client, Outcome, Resource};
use super::{Place, STATE, lock};
use crate::backend::gzip;
use crate::backend::task::last_words;
use crate::backend::transport::STATE_LIMIT;
use crate::backend::{IfMatch, LockId, LockInfo, RawState, WriteOptions, Written};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// A server takes no more in a secret (bytes); every part but the last has this length.
const PART: usize = 1 << 20;
/// So often a state may be replaced while it is read part by part.
const ATTEMPTS: usize = 4;

/// A secret with the bytes that it has of a state. No `Debug`: they are secret.
struct Part {
    secret: Json,
    /// `None` when there are none, as between two requests of the programs.
    bytes: Option<Bytes>,
}

impl Part {
    fn of(secret: Json) -> Result<Self> {
        let bytes = match secret["data"][STATE].as_str() {
            None => None,
            Some(text) => Some(BASE64_STANDARD.decode(text).map_err(|_| {
                Error::new(
                    ErrorKind::InvalidState,
                    "the stored state is damaged: the secret has no base64",
                )
            })?),
        };
        Ok(Self {
            secret,
            bytes: bytes.map(Bytes::from),
        })
    }

    fn version(&self) -> &str {
        let version = &self.secret["metadata"]["resourceVersion"];
        version.as_str().unwrap_or_default()
    }

    /// Whether another part may follow.
    fn is_full(&self) -> bool {
        self.bytes.as_ref().is_some_and(|bytes| bytes.len() >= PART)
    }
}

/// What the versions of secrets are together; `None` for no state.
fn etag(parts: &[Part]) -> Option<String> {
    parts.first()?.bytes.as_ref()?;
    let versions: Vec<&str> = parts.iter().map(Part::version).collect();
    Some(versions.join("."))
}

/// The secrets of a state, as many as belong together.
async fn parts(client: &Client, cx: &Context, place: &Place) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    while let Some(secret) = client
        .get(cx, Resource::Secret, &place.part(parts.len()))
        .await?
    {
        let part = Part::of(secret).map_err(|e| e.with("secret", &place.secret))?;
        let is_full = part.is_full();
        parts.push(part);
        if !is_full {
            break;
        }
        if parts.len() > STATE_LIMIT / PART {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the stored state is larger than any that is read",
            )
            .with("secret", &place.secret));
        }
    }
    Ok(parts)
}

/// Reads a state.
pub(super) async fn read(client: &Client, cx: &Context, place: &Place) -> Result<Option<RawState>> {
    let mut last = None;
    loop {
        let parts = parts(client, cx, place).await?;
        let Some(etag) = etag(&parts) else {
            return Ok(None);
        };
        let mut packed = BytesMut::new();
        for part in &parts {
            packed.extend_from_slice(part.bytes.as_deref().unwrap_or_default());
        }
        match gzip::expanded(&packed, STATE_LIMIT) {
            Ok(bytes) => {
                return Ok(Some(RawState {
                    bytes,
                    etag: Some(etag),
                    version: None,
                    modified: None,
                }));
            }
            Err(error) => {
                // Parts of two states, while one takes the other's place; or damaged, as a second look tells.
                let (looks, before) = last.take().unwrap_or((0, String::new()));
                let is_torn = parts.len() > 1 && looks < ATTEMPTS && before != etag;
                if !is_torn {
                    return Err(error
                        .with("secret", &place.secret)
                        .with("namespace", &client.config.namespace));
                }
                last = Some((looks + 1, etag));
                cx.run(async {
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    Ok(())
                })
                .await?;
            }
        }
    }
}

/// Writes or, without bytes, deletes; under the lock that the caller holds, or under one of its own.
pub(super) async fn change(
    client: &Client,
    cx: &Context,
    place: &Place,
    new: Option<Bytes>,
    options: &WriteOptions,
    own: LockInfo,
) -> Result<Written> {
    cx.check()?;
    let condition = options.if_match.as_ref();
    if let Some(id) = &options.lock {
        return under(client, cx, place, new, condition, id).await;
    }
    lock::take(client, cx, place, &own).await?;
    let id = own.lock_id();
    let done = under(client, cx, place, new, condition, &id).await;
    let back = lock::release(client, &last_words(cx), place, &id).await;
    let written = done?;
    match back {
        Ok(()) => Ok(written),
        Err(error) => Err(error
            .with("lock", &id)
            .with_hint("the change was made; give the lock back with `terraform force-unlock`")),
    }
}

async fn under(
    client: &Client,
    cx: &Context,
    place: &Place,
    new: Option<Bytes>,
    condition: Option<&IfMatch>,
    lock: &LockId,
) -> Result<Written> {
    // First what is there, then the lock: whoever breaks it in between and writes, changes what is there.
    let there = parts(client, cx, place).await?;
    lock::confirm(client, cx, place, lock).await?;
    if let Some(condition) = condition {
        let checked = condition.check(etag(&there).as_deref());
        checked.map_err(|e| e.with("secret", &place.secret))?;
    }
    let change = Change {
        client,
        cx,
        place,
        there,
    };
    let etag = match new {
        Some(new) => Some(change.write(&new).await?),
        None => {
            change.delete().await?;
            None
        }
    };
    Ok(Written {
        etag,
        version: None,
        backup: None,
    })
}

/// One change of secrets that were looked at.
struct Change<'a> {
    client: &'a Client,
    cx: &'a Context,
    place: &'a Place,
    there: Vec<Part>,
}

impl Change<'_> {
    fn conflict(&self) -> Error {
        Error::new(
            ErrorKind::Conflict,
            "the state was changed at the same time",
        )
        .with("secret", &self.place.secret)
        .with_hint("read the state again and repeat the change on it")
    }

    /// Writes the last part first: until the first one is there and full, nobody looks for others. What fails in the middle is put back.
    async fn write(&self, new: &Bytes) -> Result<String> {
        let packed = gzip::compressed(new)?;
        let chunks: Vec<&[u8]> = packed.chunks(PART).collect();
        let mut versions = vec![String::new(); chunks.len()];
        let mut done = Vec::new();
        for (at, chunk) in chunks.iter().enumerate().rev() {
            match self.put(at, chunk).await {
                Ok(secret) => {
                    let part = Part {
                        secret,
                        bytes: None,
                    };
                    if let Some(version) = versions.get_mut(at) {
                        *version = part.version().to_owned();
                    }
                    done.push((at, part.secret));
                }
                Err(error) => {
                    self.put_back(done).await;
                    return Err(error);
                }
            }
        }
        self.sweep(chunks.len()).await;
        Ok(versions.join("."))
    }

    /// Writes one part; the secret as it is then.
    async fn put(&self, at: usize, chunk: &[u8]) -> Result<Json> {
        let (client, cx) = (self.client, self.cx);
        let name = self.place.part(at);
        let data = BASE64_STANDARD.encode(chunk);
        let there = match self.there.get(at) {
            Some(part) => Some(part.secret.clone()),
            // A part that was left behind, or none. The first one was looked at.
            None if at > 0 => client.get(cx, Resource::Secret, &name).await?,
            None => None,
        };
        let outcome = match there {
            Some(mut secret) => {
                secret["data"][STATE] = json!(data);
                client
                    .replace(cx, Resource::Secret, &name, &secret, data.as_bytes())
                    .await
            }
            None => {
                let secret = json!({
                    "kind": "Secret", "apiVersion": "v1", "type": "Opaque",
                    "metadata": {
                        "name": name, "namespace": client.config.namespace,
                        "labels": self.place.labels, "annotations": {"encoding": "gzip"},
                    },
                    "data": {STATE: data},
                });
                client
                    .create(cx, Resource::Secret, &secret, data.as_bytes())
                    .await
            }
        };
        match outcome {
            Ok(Outcome::Done(secret)) => Ok(secret),
            Ok(Outcome::Refused) => Err(self.conflict()),
            // The server may have done it although nobody saw its answer.
            Err(error) if lock::is_open(&error) => {
                let cx = last_words(cx);
                match client.get(&cx, Resource::Secret, &name).await {
                    Ok(Some(secret)) if secret["data"][STATE] == data => Ok(secret),
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Makes parts what they were; those that were not there are deleted.
    async fn put_back(&self, done: Vec<(usize, Json)>) {
        let cx = last_words(self.cx);
        for (at, mut secret) in done {
            let name = self.place.part(at);
            let back = match self.there.get(at) {
                None => self
                    .client
                    .delete(&cx, Resource::Secret, &secret)
                    .await
                    .map(|_| ()),
                Some(part) => {
                    secret["data"] = part.secret["data"].clone();
                    self.client
                        .replace(&cx, Resource::Secret, &name, &secret, &[])
                        .await
                        .map(|_| ())
                }
            };
            if let Err(error) = back {
                tracing::error!(%error, secret = name, "a part of the former state could not be put back");
            }
        }
    }

    /// Deletes the parts from this one on, those that another program left behind included.
    async fn sweep(&self, from: usize) {
        let cx = last_words(self.cx);
        for at in from.max(1).. {
            let name = self.place.part(at);
            let gone = async {
                let Some(secret) = self.client.get(&cx, Resource::Secret, &name).await? else {
                    return Ok(false);
                };
                if !is_ours(&secret) {
                    return Ok(false);
                }
                self.client.delete(&cx, Resource::Secret, &secret).await?;
                Ok::<bool, Error>(true)
            };
            match gone.await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, secret = name, "a part of the former state is left behind");
                    return;
                }
            }
        }
    }

    /// Deletes the first part, with which the state is gone, and then the others.
    async fn delete(&self) -> Result<()> {
        if let Some(first) = self.there.first() {
            if !is_ours(&first.secret) {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "the secret has the name of a state's, and not its label: it is not deleted",
                )
                .with("secret", &self.place.secret)
                .with("label", format!("{STATE}=true")));
            }
            let (client, cx) = (self.client, self.cx);
            match client.delete(cx, Resource::Secret, &first.secret).await {
                Ok(Outcome::Done(())) => {}
                Ok(Outcome::Refused) => return Err(self.conflict()),
                Err(error) if lock::is_open(&error) => {
                    let cx = last_words(cx);
                    let there = client.get(&cx, Resource::Secret, &self.place.secret).await;
                    if !matches!(there, Ok(None)) {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.sweep(1).await;
        Ok(())
    }
}

/// Whether a secret says that it is one of a state.
fn is_ours(secret: &Json) -> bool {
    secret["metadata"]["labels"][STATE] == "true"
}
