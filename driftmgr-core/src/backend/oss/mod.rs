#![doc = include_str!("docs.md")]

mod client;
mod config;
mod credentials;
mod error;
mod lock;
mod plain;
mod sign;
mod table;

use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use url::Url;

use self::credentials::Credentials;
use super::objects::Vendor;
use super::objects::client::{Client, value};
use super::objects::engine::Engine;
use super::objects::error::Action;
use super::objects::keys::Keys;
use super::objects::layout::Layout;
use super::transport::{Request, Transport};
use super::{
    Backend, BackendInfo, BackendSpec, Capability, LockId, LockInfo, RawState, StateRef,
    StateVersion, WorkspaceName, WriteOptions, Written,
};
use crate::context::Context;
use crate::error::Result;

pub use config::OssConfig;

/// States in the buckets of Alibaba Cloud's object storage, as Terraform's and OpenTofu's `oss` backend keeps them. Clones are one client.
#[derive(Clone)]
pub struct OssBackend {
    info: BackendInfo,
    engine: Engine<Oss>,
}

/// What is OSS's own.
struct Oss {
    config: OssConfig,
    credentials: Credentials,
}

impl OssBackend {
    /// Its kind.
    pub const KIND: &'static str = "oss";

    /// A client of this configuration; nothing is asked yet.
    ///
    /// # Errors
    /// `InvalidConfig` for the variables of proxies.
    pub fn new(cx: &Context, config: OssConfig) -> Result<Self> {
        Ok(Self {
            info: BackendInfo {
                kind: Self::KIND.to_owned(),
                location: format!(
                    "oss://{}/{}",
                    config.bucket,
                    config.layout.state(&WorkspaceName::default_name())
                ),
            },
            engine: Engine::new(
                cx,
                Oss {
                    config,
                    credentials: Credentials::default(),
                },
            )?,
        })
    }

    /// The backend of a specification.
    ///
    /// # Errors
    /// Those of [`OssConfig::from_spec`] and [`Self::new`].
    pub fn from_spec(cx: &Context, spec: &BackendSpec) -> Result<Self> {
        Self::new(cx, OssConfig::from_spec(cx.environment(), spec)?)
            .map_err(|e| e.with("backend", &spec.origin))
    }

    /// Asks whether the bucket keeps versions. From then on [`Capability::versions`] is what it answered.
    ///
    /// # Errors
    /// Those of reaching the store; `PermissionDenied` without `oss:GetBucketVersioning`.
    pub async fn ask_versioning(&self, cx: &Context) -> Result<bool> {
        self.engine.ask_versioning(cx).await
    }
}

impl std::fmt::Debug for OssBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OssBackend")
            .field("config", &self.engine.vendor().config)
            .finish_non_exhaustive()
    }
}

impl Vendor for Oss {
    const HEADERS: &'static str = "x-oss-";

    fn bucket(&self) -> &str {
        &self.config.bucket
    }

    fn root(&self) -> &Url {
        self.config.root.expose()
    }

    fn layout(&self) -> &Layout {
        &self.config.layout
    }

    fn object_headers(&self, _: &Bytes) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(acl) = &self.config.acl {
            // The programs' header, not `x-oss-object-acl`: no state gets readable by others that is not so for them.
            headers.insert("x-oss-acl", value(acl)?);
        }
        if self.config.encrypt {
            let algorithm = HeaderValue::from_static("AES256");
            headers.insert("x-oss-server-side-encryption", algorithm);
        }
        Ok(headers)
    }

    fn permission(action: Action) -> &'static str {
        match action {
            Action::Look | Action::Read => "oss:GetObject",
            Action::ReadVersion => "oss:GetObjectVersion",
            Action::Write => "oss:PutObject",
            Action::Delete => "oss:DeleteObject",
            Action::List => "oss:ListObjects",
            Action::ListVersions => "oss:ListObjectVersions",
            Action::Versioning => "oss:GetBucketVersioning",
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
        let place = sign::Place {
            bucket: &self.config.bucket,
            in_path: self.root().path() != "/",
            region: self.config.region.as_deref(),
        };
        sign::sign(&place, keys, request, now)
    }

    fn can_lock(&self) -> bool {
        self.config.table.is_some()
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

    async fn note(
        &self,
        client: &Client<Self>,
        cx: &Context,
        state: &str,
        md5: Option<&str>,
    ) -> Result<()> {
        lock::note(client, cx, state, md5).await
    }

    async fn noted(
        &self,
        client: &Client<Self>,
        cx: &Context,
        state: &str,
    ) -> Result<Option<String>> {
        lock::noted(client, cx, state).await
    }
}

#[async_trait]
impl Backend for OssBackend {
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
