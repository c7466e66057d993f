//! What the contract suite takes for granted and the API does not have: any bytes, and a workspace `default`. Both are put around the backend:
//! bytes travel inside a state, and `default` is the workspace `main` where the backend has none of that name.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use driftmgr_core::Result;
use driftmgr_core::backend::{
    Backend, BackendInfo, Capability, LockId, LockInfo, RawState, StateRef, StateVersion,
    WorkspaceName, WriteOptions, Written,
};
use driftmgr_core::context::Context;
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct Plain {
    inner: Arc<dyn Backend>,
    /// The backend has other names than `default`.
    renames: bool,
}

impl Plain {
    pub(super) fn of(inner: Arc<dyn Backend>) -> Arc<dyn Backend> {
        let renames = inner.capability().workspaces || inner.info().kind == "cloud";
        Arc::new(Self { inner, renames })
    }

    fn at(&self, at: &StateRef) -> StateRef {
        let mut at = at.clone();
        if self.renames && at.workspace.is_default() {
            at.workspace = "main".parse().unwrap();
        }
        at
    }
}

fn packed(serial: u64, bytes: &[u8]) -> Bytes {
    let payload = BASE64_STANDARD.encode(bytes);
    let state = json!({"version": 4, "serial": serial, "lineage": "l", "payload": payload});
    Bytes::from(state.to_string())
}

fn unpacked(state: &Bytes) -> (u64, Bytes) {
    let state: Value = serde_json::from_slice(state).expect("a state");
    let payload = BASE64_STANDARD.decode(state["payload"].as_str().unwrap());
    (state["serial"].as_u64().unwrap(), payload.unwrap().into())
}

#[async_trait]
impl Backend for Plain {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    fn deletion_is_final(&self) -> bool {
        self.inner.deletion_is_final()
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        let mut names = self.inner.workspaces(cx).await?;
        if self.renames {
            names.retain(|name| name.as_str() != "main");
            names.insert(0, WorkspaceName::default_name());
        }
        Ok(names)
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        let read = self.inner.read(cx, &self.at(at)).await?;
        Ok(read.map(|state| RawState {
            bytes: unpacked(&state.bytes).1,
            ..state
        }))
    }

    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        self.inner.versions(cx, &self.at(at)).await
    }

    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        at.only_current()?;
        let at = self.at(at);
        let stored = self.inner.read(cx, &at).await?;
        let serial = match stored.map(|s| unpacked(&s.bytes)) {
            None => 1,
            Some((serial, bytes)) if bytes == new => serial,
            Some((serial, _)) => serial + 1,
        };
        let new = packed(serial, &new);
        self.inner.write(cx, &at, new, options).await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        self.inner.delete(cx, &self.at(at), options).await
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        self.inner.lock(cx, &self.at(at), info).await
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        self.inner.unlock(cx, &self.at(at), id).await
    }
}
