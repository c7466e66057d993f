#![doc = include_str!("docs.md")]

mod client;
mod config;
mod credentials;
mod error;
mod lock;
mod sign;

use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use url::Url;

use self::credentials::Credentials;
use super::objects::client::{Client, value};
use super::objects::engine::Engine;
use super::objects::error::Action;
use super::objects::keys::Keys;
use super::objects::layout::Layout;
use super::objects::{Vendor, md5_hex};
use super::transport::{Request, Transport};
use super::{
    Backend, BackendInfo, BackendSpec, Capability, LockId, LockInfo, RawState, StateRef,
    StateVersion, WorkspaceName, WriteOptions, Written,
};
use crate::context::Context;
use crate::error::Result;

pub use config::CosConfig;

/// The programs' own digest of an object, in hexadecimal digits. They read no object without it.
const META_MD5: &str = "x-cos-meta-md5";

/// States in the buckets of Tencent Cloud's object storage, as Terraform's and OpenTofu's `cos` backend keeps them. Clones are one client.
#[derive(Clone)]
pub struct CosBackend {
    info: BackendInfo,
    engine: Engine<Cos>,
}

/// What is COS's own.
struct Cos {
    config: CosConfig,
    credentials: Credentials,
    left: lock::Left,
}

impl CosBackend {
    /// Its kind.
    pub const KIND: &'static str = "cos";

    /// A client of this configuration; nothing is asked yet.
    ///
    /// # Errors
    /// `InvalidConfig` for the variables of proxies.
    pub fn new(cx: &Context, config: CosConfig) -> Result<Self> {
        Ok(Self {
            info: BackendInfo {
                kind: Self::KIND.to_owned(),
                location: format!(
                    "cos://{}/{}",
                    config.bucket,
                    config.layout.state(&WorkspaceName::default_name())
                ),
            },
            engine: Engine::new(
                cx,
                Cos {
                    config,
                    credentials: Credentials::default(),
                    left: lock::Left::default(),
                },
            )?,
        })
    }

    /// The backend of a specification.
    ///
    /// # Errors
    /// Those of [`CosConfig::from_spec`] and [`Self::new`].
    pub fn from_spec(cx: &Context, spec: &BackendSpec) -> Result<Self> {
        Self::new(cx, CosConfig::from_spec(cx.environment(), spec)?)
            .map_err(|e| e.with("backend", &spec.origin))
    }

    /// Asks whether the bucket keeps versions. From then on [`Capability::versions`] is what it answered.
    ///
    /// # Errors
    /// Those of reaching the store; `PermissionDenied` without `cos:GetBucketVersioning`.
    pub async fn ask_versioning(&self, cx: &Context) -> Result<bool> {
        self.engine.ask_versioning(cx).await
    }
}

impl std::fmt::Debug for CosBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CosBackend")
            .field("config", &self.engine.vendor().config)
            .finish_non_exhaustive()
    }
}

impl Vendor for Cos {
    const HEADERS: &'static str = "x-cos-";

    fn bucket(&self) -> &str {
        &self.config.bucket
    }

    fn root(&self) -> &Url {
        self.config.root.expose()
    }

    fn layout(&self) -> &Layout {
        &self.config.layout
    }

    fn object_headers(&self, bytes: &Bytes) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(META_MD5, value(&md5_hex(bytes))?);
        headers.insert("x-cos-acl", value(&self.config.acl)?);
        if self.config.encrypt {
            let algorithm = HeaderValue::from_static("AES256");
            headers.insert("x-cos-server-side-encryption", algorithm);
        }
        Ok(headers)
    }

    fn is_whole(&self, headers: &HeaderMap, body: &Bytes) -> bool {
        let digest = headers.get(META_MD5);
        digest.is_none_or(|digest| digest.as_bytes() == md5_hex(body).as_bytes())
    }

    fn permission(action: Action) -> &'static str {
        match action {
            Action::Look => "cos:HeadObject",
            Action::Read | Action::ReadVersion => "cos:GetObject",
            Action::Write => "cos:PutObject",
            Action::Delete => "cos:DeleteObject",
            Action::List => "cos:GetBucket",
            Action::ListVersions => "cos:GetBucketObjectVersions",
            Action::Versioning => "cos:GetBucketVersioning",
        }
    }

    fn secrets(&self) -> &[String] {
        self.config.secrets.expose()
    }

    async fn keys(&self, cx: &Context, transport: &Transport) -> Result<Keys> {
        self.credentials.get(cx, &self.config, transport).await
    }

    fn forget_keys(&self) {
        self.credentials.forget();
    }

    fn sign(&self, keys: &Keys, request: &mut Request, now: SystemTime) -> Result<()> {
        sign::sign(keys, request, now)
    }

    fn can_lock(&self) -> bool {
        true
    }

    async fn take(
        &self,
        client: &Client<Self>,
        cx: &Context,
        state: &str,
        info: &LockInfo,
    ) -> Result<LockId> {
        lock::take(client, cx, state, info).await
    }

    async fn confirm(
        &self,
        client: &Client<Self>,
        cx: &Context,
        state: &str,
        id: &LockId,
    ) -> Result<()> {
        lock::confirm(client, cx, state, id).await
    }

    async fn release(
        &self,
        client: &Client<Self>,
        cx: &Context,
        state: &str,
        id: &LockId,
    ) -> Result<()> {
        lock::release(client, cx, state, id).await
    }
}

#[async_trait]
impl Backend for CosBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    /// Whether the bucket keeps versions is not known before it answered once; until then `versions` is set.
    fn capability(&self) -> Capability {
        self.engine.capability()
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        self.engine.workspaces(cx).await
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        self.engine.read(cx, at).await
    }

    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        self.engine.versions(cx, at).await
    }

    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        self.engine.write(cx, at, new, options).await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        self.engine.delete(cx, at, options).await
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        self.engine.lock(cx, at, info).await
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        self.engine.unlock(cx, at, id).await
    }
}

#[cfg(test)]
mod tests;
