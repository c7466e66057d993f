//! State versions: reading, listing, writing, and the deletion of a workspace with all of them.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use md5::{Digest, Md5};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::api::{One, Version};
use super::client::{Call, CloudClient};
use super::error::Action;
use super::lock::Holder;
use super::not_held;
use super::workspace::Found;
use crate::backend::{LockId, LockInfo, RawState, StateRef, StateVersion, WriteOptions, Written};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// A longer state is uploaded by itself, so that the document of its version stays short. In bytes.
const INLINE: usize = 1 << 20;

/// The server takes a moment to finalize a version after its upload.
const LOOKS: u32 = 40;
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// What the API wants to know of a state. The rest of it is none of a backend's business.
#[derive(Deserialize)]
struct Head {
    serial: u64,
    #[serde(default)]
    lineage: String,
}

impl Head {
    fn of(state: &[u8]) -> Result<Self> {
        // The message of the JSON reader can show values, and a list would be taken for the fields in their order.
        let is_object = state.trim_ascii_start().starts_with(b"{");
        let head = serde_json::from_slice(state).ok();
        head.filter(|_| is_object).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                "what is to be written is no state: the server wants its serial and its lineage",
            )
        })
    }
}

impl CloudClient {
    pub(super) async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        let found = self.find(cx, at).await?;
        if let Some(found) = &found {
            found.may_read()?;
        }
        let version = match (&found, &at.version) {
            (Some(found), Some(id)) => Some(self.version(cx, found, id).await?),
            (None, Some(id)) => return Err(no_version(id)),
            (Some(found), None) => self.current(cx, found).await?,
            (None, None) => None,
        };
        match version {
            None => Ok(None),
            Some(version) => {
                let state = self.bytes(cx, version).await?;
                Ok(Some(state).filter(|s| !s.bytes.is_empty()))
            }
        }
    }

    /// The current version of a workspace; `None` when there is none.
    async fn current(&self, cx: &Context, found: &Found) -> Result<Option<Version>> {
        let call = Call {
            path: &["workspaces", found.id(), "current-state-version"],
            ..Call::NOTHING
        };
        let answered = self.call(cx, call).await?;
        if answered.status() == 404 {
            return Ok(None);
        }
        let one: One<Version> = answered.document(cx).map_err(|e| found.named(e))?;
        Ok(Some(one.data))
    }

    /// A version of a workspace.
    async fn version(&self, cx: &Context, found: &Found, id: &str) -> Result<Version> {
        let call = Call {
            path: &["state-versions", id],
            ..Call::NOTHING
        };
        let answered = self.call(cx, call).await?;
        if answered.status() == 404 {
            return Err(found.named(no_version(id)));
        }
        let one: One<Version> = answered.document(cx).map_err(|e| found.named(e))?;
        let of = one.data.relationships.workspace.data.as_ref();
        match of {
            Some(of) if of.id != found.id() => Err(found.named(no_version(id))),
            _ => Ok(one.data),
        }
    }

    async fn bytes(&self, cx: &Context, version: Version) -> Result<RawState> {
        let attributes = &version.attributes;
        let Some(address) = &attributes.hosted_state_download_url else {
            let error = match attributes.encrypted_state_download_url {
                Some(_) => Error::new(
                    ErrorKind::Unsupported,
                    "the state is encrypted with a key of the organization's own",
                ),
                None => Error::new(
                    ErrorKind::NotFound,
                    "the server does not have the state's bytes any more",
                ),
            };
            return Err(error.with("version", &version.id));
        };
        let bytes = self
            .download(cx, address)
            .await
            .map_err(|e| e.with("version", &version.id))?;
        Ok(RawState {
            bytes,
            modified: time(attributes.created_at.as_deref()),
            etag: Some(version.id.clone()),
            version: Some(version.id),
        })
    }

    /// The versions whose bytes are there, newest first, as the server lists them.
    pub(super) async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        let Some(found) = self.find(cx, at).await? else {
            return Ok(Vec::new());
        };
        found.may_read()?;
        let query = [
            (
                "filter[workspace][name]",
                found.workspace.attributes.name.as_str(),
            ),
            ("filter[organization][name]", &self.config.organization),
        ];
        let pages = self.pages::<Version>(cx, Action::READ, &["state-versions"], &query);
        let all = pages.await?.unwrap_or_default();
        let kept = all.into_iter().filter(Version::is_finalized);
        Ok(kept
            .enumerate()
            .map(|(number, version)| StateVersion {
                modified: time(version.attributes.created_at.as_deref()),
                size: version.attributes.size,
                latest: number == 0,
                id: version.id,
            })
            .collect())
    }

    pub(super) async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: &WriteOptions,
    ) -> Result<Written> {
        let head = Head::of(&new)?;
        cx.check()?;
        if let Some(id) = &options.lock {
            let Some(found) = self.find(cx, at).await? else {
                return Err(not_held(id));
            };
            self.check_held(&found, id)?;
            return self.put(cx, &found, new, &head, options).await;
        }
        let found = self.find_or_create(cx, at).await?;
        let info = LockInfo::new(cx, "write state");
        let found = self.take(cx, at, found, &info).await?;
        let result = self.put(cx, &found, new, &head, options).await;
        self.finish(cx, &found, &info, result).await
    }

    /// Writes under a lock that is held.
    async fn put(
        &self,
        cx: &Context,
        found: &Found,
        new: Bytes,
        head: &Head,
        options: &WriteOptions,
    ) -> Result<Written> {
        found.may_write()?;
        let current = self.current(cx, found).await?;
        let before = current.as_ref().map(|version| version.id.clone());
        if let Some(condition) = &options.if_match {
            let checked = condition.check(before.as_deref());
            checked.map_err(|e| found.named(e))?;
        }
        if let Some(current) = current
            && current.attributes.serial == Some(head.serial)
            && self.bytes(cx, current).await?.bytes == new
        {
            return Ok(Written {
                etag: before.clone(),
                version: before,
                backup: None,
            });
        }
        let made = match self.create(cx, found, &new, head, options).await {
            // The server may have made the version although nobody saw its answer.
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                let made = self.made(cx, found, before.as_deref(), &new).await;
                made.ok_or(error)
            }
            made => made,
        };
        let id = made.map_err(|e| found.named(e))?;
        Ok(Written {
            etag: Some(id.clone()),
            version: Some(id),
            backup: before,
        })
    }

    /// The id of the current version, when it is a new one with these bytes.
    async fn made(
        &self,
        cx: &Context,
        found: &Found,
        before: Option<&str>,
        new: &Bytes,
    ) -> Option<String> {
        let current = self.current(cx, found).await.ok()??;
        let id = current.id.clone();
        let is_new = before != Some(id.as_str());
        let same = is_new && self.bytes(cx, current).await.ok()?.bytes == *new;
        same.then_some(id)
    }

    /// Makes a new version; answers with its id.
    async fn create(
        &self,
        cx: &Context,
        found: &Found,
        new: &Bytes,
        head: &Head,
        options: &WriteOptions,
    ) -> Result<String> {
        let mut attributes = json!({"serial": head.serial, "md5": md5_of(new)});
        if !head.lineage.is_empty() {
            set(&mut attributes, "lineage", json!(head.lineage));
        }
        // Who names what is replaced may replace it with any serial; for all others the server sees that serials grow.
        if options.if_match.is_some() {
            set(&mut attributes, "force", json!(true));
        }
        if new.len() > INLINE {
            let answered = self.post(cx, found, &attributes, new, options).await;
            match answered {
                Ok(version) => return self.fill(cx, found, version, new).await,
                // Servers before the uploads want the state in the document.
                Err(error) if error.kind() == ErrorKind::InvalidInput => {}
                Err(error) => return Err(error),
            }
        }
        set(&mut attributes, "state", json!(BASE64_STANDARD.encode(new)));
        Ok(self.post(cx, found, &attributes, new, options).await?.id)
    }

    async fn post(
        &self,
        cx: &Context,
        found: &Found,
        attributes: &Json,
        new: &Bytes,
        options: &WriteOptions,
    ) -> Result<Version> {
        let call = Call {
            action: Action::WRITE,
            method: Method::POST,
            path: &["workspaces", found.id(), "state-versions"],
            body: Some(json!({"data": {"type": "state-versions", "attributes": attributes}})),
            state: new.clone(),
            repeatable: false,
            ..Call::NOTHING
        };
        let answered = self.call(cx, call).await?;
        match (answered.status(), &options.lock) {
            (409, Some(id)) => Err(answered.refused(cx).with("lock", id).with_hint(
                "the lock was lost, or the state has a serial that is not above the current one",
            )),
            (409, None) => Err(answered
                .refused(cx)
                .with_hint("the state may have a serial that is not above the current one")),
            _ => Ok(answered.document::<One<Version>>(cx)?.data),
        }
    }

    /// Uploads the bytes of a version that was made without them, and waits until it is the current one.
    async fn fill(
        &self,
        cx: &Context,
        found: &Found,
        version: Version,
        new: &Bytes,
    ) -> Result<String> {
        let id = version.id;
        let Some(address) = &version.attributes.hosted_state_upload_url else {
            return Err(Error::new(
                ErrorKind::Unexpected,
                "the server does not say where the state is to be uploaded to",
            )
            .with("version", &id));
        };
        self.upload(cx, address, new.clone())
            .await
            .map_err(|e| e.with("version", &id))?;
        for _ in 0..LOOKS {
            let version = self.version(cx, found, &id).await?;
            match version.attributes.status.as_deref() {
                Some("pending") => {}
                None | Some("finalized") => return Ok(id),
                Some(other) => {
                    return Err(Error::new(
                        ErrorKind::Conflict,
                        "the server did not keep the state that was uploaded",
                    )
                    .with("version", &id)
                    .with("status", other.escape_debug()));
                }
            }
            cx.run(async {
                tokio::time::sleep(BETWEEN_LOOKS).await;
                Ok(())
            })
            .await?;
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            "the server does not finalize the state that was uploaded",
        )
        .with("version", &id))
    }

    /// Deletes a workspace with its states, if it manages nothing.
    pub(super) async fn delete(
        &self,
        cx: &Context,
        at: &StateRef,
        options: &WriteOptions,
    ) -> Result<()> {
        cx.check()?;
        let Some(found) = self.find(cx, at).await? else {
            return match (&options.lock, &options.if_match) {
                (Some(id), _) => Err(not_held(id)),
                (None, Some(condition)) => condition.check(None),
                (None, None) => Ok(()),
            };
        };
        let info = match &options.lock {
            Some(id) => self.held(&found, id)?,
            None => LockInfo::new(cx, "delete state"),
        };
        let found = match &options.lock {
            Some(_) => found,
            None => self.take(cx, at, found, &info).await?,
        };
        let allowed = self.deletable(cx, &found, options).await;
        if let Err(error) = allowed {
            return match &options.lock {
                Some(_) => Err(error),
                None => self.finish(cx, &found, &info, Err(error)).await,
            };
        }
        // The server deletes nothing that is locked, and sees itself that nobody locked it meanwhile.
        let cx = &cx.detached();
        if !self.release(cx, &found, "unlock").await? {
            return Err(found.named(not_held(&info.lock_id())));
        }
        let deleted = self.safe_delete(cx, at, &found).await;
        if deleted.is_err() && options.lock.is_some() {
            // What was held before the failure is held after it.
            self.take(cx, at, found, &info).await?;
        }
        deleted
    }

    /// What stands in the lock that is held.
    fn held(&self, found: &Found, id: &LockId) -> Result<LockInfo> {
        self.check_held(found, id)?;
        Ok(match self.holder(found) {
            Holder::Known(info) => info,
            _ => LockInfo {
                id: id.0.clone(),
                ..LockInfo::default()
            },
        })
    }

    async fn deletable(&self, cx: &Context, found: &Found, options: &WriteOptions) -> Result<()> {
        let permissions = found.workspace.attributes.permissions.as_ref();
        if permissions.is_some_and(|p| p.can_force_delete.is_none()) {
            return Err(found.named(Error::new(
                ErrorKind::Unsupported,
                "the server cannot delete a workspace on the condition that it manages nothing",
            )));
        }
        let Some(condition) = &options.if_match else {
            return Ok(());
        };
        let current = self.current(cx, found).await?;
        let checked = condition.check(current.as_ref().map(|version| version.id.as_str()));
        checked.map_err(|e| found.named(e))
    }

    async fn safe_delete(&self, cx: &Context, at: &StateRef, found: &Found) -> Result<()> {
        let call = Call {
            action: Action::DELETE,
            method: Method::POST,
            path: &["workspaces", found.id(), "actions", "safe-delete"],
            ..Call::NOTHING
        };
        let answered = self.call(cx, call).await?;
        match answered.status() {
            200..=299 => return Ok(()),
            404 | 409 => {}
            _ => return Err(found.named(answered.refused(cx))),
        }
        let Some(now) = self.find(cx, at).await? else {
            return Ok(());
        };
        if now.workspace.attributes.locked {
            return Err(self.locked_by(&now));
        }
        let count = now.workspace.attributes.resource_count;
        let error = now.named(answered.refused(cx));
        Err(match count.filter(|count| *count > 0) {
            Some(count) => error.with("resources", count).with_hint(
                "a workspace that manages resources is not deleted; destroy them before",
            ),
            None => error,
        })
    }
}

fn set(object: &mut Json, name: &str, value: Json) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

fn md5_of(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Md5::digest(bytes)
        .iter()
        .fold(String::new(), |mut out, byte| {
            // Writing to a string does not fail.
            let _ = write!(out, "{byte:02x}");
            out
        })
}

fn time(text: Option<&str>) -> Option<SystemTime> {
    let timestamp: jiff::Timestamp = text?.parse().ok()?;
    Some(timestamp.into())
}

fn no_version(id: &str) -> Error {
    Error::new(ErrorKind::NotFound, "there is no such version of the state")
        .with("version", id.escape_debug())
}
