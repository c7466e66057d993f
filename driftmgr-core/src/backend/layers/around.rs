//! What a layer is that does something around every call, and the one backend that is made of such a layer and what lies below it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::backend::{
    Backend, BackendInfo, Capability, IfChanged, LockId, LockInfo, RawState, StateRef,
    StateVersion, WorkspaceName, WriteOptions, Written,
};
use crate::context::Context;
use crate::error::Result;

/// Which method is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Method {
    Workspaces,
    Objects,
    Read,
    Versions,
    Write,
    Delete,
    ForgetWorkspace,
    Lock,
    Unlock,
}

impl Method {
    /// The name in spans, figures and messages.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Workspaces => "workspaces",
            Self::Objects => "objects",
            Self::Read => "read",
            Self::Versions => "versions",
            Self::Write => "write",
            Self::Delete => "delete",
            Self::ForgetWorkspace => "forget_workspace",
            Self::Lock => "lock",
            Self::Unlock => "unlock",
        }
    }

    /// It leaves the store as it was, so that a second time does no harm.
    pub(super) fn only_reads(self) -> bool {
        matches!(
            self,
            Self::Workspaces | Self::Objects | Self::Read | Self::Versions
        )
    }
}

/// A call, as far as layers look at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// The workspace it is about.
    pub(super) workspace: Option<&'a WorkspaceName>,
    /// The size of the state that goes to the store, in bytes.
    pub(super) sent: u64,
    /// What is asked.
    pub(super) to: &'a BackendInfo,
}

/// What a call answers with.
pub(super) trait Answer: Send {
    /// The size of the state that came from the store, in bytes.
    fn received(&self) -> u64 {
        0
    }
}

impl Answer for () {}
impl Answer for LockId {}
impl Answer for Vec<StateVersion> {}
impl Answer for Vec<WorkspaceName> {}
impl Answer for Vec<String> {}
impl Answer for Written {}

impl Answer for Option<RawState> {
    fn received(&self) -> u64 {
        self.as_ref().map_or(0, |state| state.bytes.len() as u64)
    }
}

impl Answer for IfChanged {
    fn received(&self) -> u64 {
        match self {
            Self::Unchanged => 0,
            Self::Changed(state) => state.received(),
        }
    }
}

/// A layer that does the same around every call.
pub(super) trait Around: fmt::Debug + Send + Sync + 'static {
    /// What is left of what the backend can do.
    fn capability(&self, below: Capability) -> Capability {
        below
    }

    /// Makes the call by `work`: once, more often, or not at all.
    fn around<'a, T, F, W>(
        &'a self,
        cx: &'a Context,
        call: Call<'a>,
        work: W,
    ) -> impl Future<Output = Result<T>> + Send + 'a
    where
        T: Answer + 'a,
        F: Future<Output = Result<T>> + Send + 'a,
        W: Fn() -> F + Send + Sync + 'a;
}

/// A backend with a layer around it.
#[derive(Debug)]
pub(super) struct Layered<L> {
    layer: L,
    below: Arc<dyn Backend>,
}

impl<L: Around> Layered<L> {
    pub(super) fn over(below: Arc<dyn Backend>, layer: L) -> Arc<dyn Backend> {
        Arc::new(Self { layer, below })
    }

    fn call<'a>(&'a self, method: Method, workspace: Option<&'a WorkspaceName>) -> Call<'a> {
        Call {
            method,
            workspace,
            sent: 0,
            to: self.below.info(),
        }
    }
}

#[async_trait]
impl<L: Around> Backend for Layered<L> {
    fn info(&self) -> &BackendInfo {
        self.below.info()
    }

    fn capability(&self) -> Capability {
        self.layer.capability(self.below.capability())
    }

    fn deletion_is_final(&self) -> bool {
        self.below.deletion_is_final()
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        let call = self.call(Method::Workspaces, None);
        let work = || self.below.workspaces(cx);
        self.layer.around(cx, call, work).await
    }

    async fn objects(&self, cx: &Context, prefix: &str) -> Result<Vec<String>> {
        let call = self.call(Method::Objects, None);
        let work = || self.below.objects(cx, prefix);
        self.layer.around(cx, call, work).await
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        let call = self.call(Method::Read, Some(&at.workspace));
        let work = || self.below.read(cx, at);
        self.layer.around(cx, call, work).await
    }

    async fn read_if_changed(&self, cx: &Context, at: &StateRef, etag: &str) -> Result<IfChanged> {
        let call = self.call(Method::Read, Some(&at.workspace));
        let work = || self.below.read_if_changed(cx, at, etag);
        self.layer.around(cx, call, work).await
    }

    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        let call = self.call(Method::Versions, Some(&at.workspace));
        let work = || self.below.versions(cx, at);
        self.layer.around(cx, call, work).await
    }

    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        let call = Call {
            sent: new.len() as u64,
            ..self.call(Method::Write, Some(&at.workspace))
        };
        let work = || self.below.write(cx, at, new.clone(), options.clone());
        self.layer.around(cx, call, work).await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        let call = self.call(Method::Delete, Some(&at.workspace));
        let work = || self.below.delete(cx, at, options.clone());
        self.layer.around(cx, call, work).await
    }

    async fn forget_workspace(&self, cx: &Context, name: &WorkspaceName) -> Result<()> {
        let call = self.call(Method::ForgetWorkspace, Some(name));
        let work = || self.below.forget_workspace(cx, name);
        self.layer.around(cx, call, work).await
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        let call = self.call(Method::Lock, Some(&at.workspace));
        let work = || self.below.lock(cx, at, info.clone());
        self.layer.around(cx, call, work).await
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        let call = self.call(Method::Unlock, Some(&at.workspace));
        let work = || self.below.unlock(cx, at, id);
        self.layer.around(cx, call, work).await
    }
}
