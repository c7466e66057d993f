//! A backend that does what a real one does only now and then, and a clock that is set by hand.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;

use crate::backend::layers::{BackendOptions, Layers};
use crate::backend::memory::{MemoryBackend, MemoryStore};
use crate::backend::{
    Backend, BackendInfo, BackendSpec, Capability, IfChanged, LockId, LockInfo, RawState, StateRef,
    StateVersion, WorkspaceName, WriteOptions, Written,
};
use crate::context::{Clock, Context};
use crate::env::Environment;
use crate::error::{Error, ErrorKind, Result};

pub(super) fn cx() -> Context {
    Context::new(Environment::from_variables([
        ("USER", "tester"),
        ("HOSTNAME", "bench"),
    ]))
}

pub(super) fn at() -> StateRef {
    StateRef::default()
}

/// Of a kind that nobody knows, so that every layer is put over it.
pub(super) fn spec() -> BackendSpec {
    spec_of("a")
}

/// One of an account of its own.
pub(super) fn spec_of(account: &str) -> BackendSpec {
    let config = BTreeMap::from([("account".to_owned(), account.into())]);
    BackendSpec::from_block("own", config, "main.tf:1")
}

pub(super) fn layers(options: BackendOptions) -> Layers {
    Layers::new(options).unwrap()
}

#[derive(Debug, Default)]
pub(super) struct Hand(AtomicU64);

impl Hand {
    pub(super) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_millis() as u64, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> SystemTime {
        let since = Duration::from_secs(1_700_000_000)
            + Duration::from_millis(self.0.load(Ordering::Relaxed));
        SystemTime::UNIX_EPOCH + since
    }
}

/// What the next calls come to, before they get to the store.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    Error(ErrorKind),
    /// There is no answer.
    Silence,
}

/// A store in memory whose calls fail as they are told to, and are counted.
#[derive(Debug, Clone)]
pub(super) struct Faulty {
    store: MemoryBackend,
    pub(super) faults: Arc<Mutex<Vec<Fault>>>,
    pub(super) asked: Arc<Mutex<Vec<&'static str>>>,
}

impl Faulty {
    pub(super) fn new() -> Self {
        Self::of(MemoryStore::default())
    }

    pub(super) fn of(store: MemoryStore) -> Self {
        Self {
            store: MemoryBackend::new(store),
            faults: Arc::default(),
            asked: Arc::default(),
        }
    }

    pub(super) fn below(&self, layers: &Layers, spec: &BackendSpec) -> Arc<dyn Backend> {
        layers.over(&cx(), spec, Arc::new(self.clone())).unwrap()
    }

    /// Fails the next calls so, one each.
    pub(super) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap().extend(faults);
    }

    pub(super) fn fail_with(&self, kind: ErrorKind, times: usize) {
        self.fail(std::iter::repeat_n(Fault::Error(kind), times));
    }

    /// The calls since this was asked last.
    pub(super) fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    async fn meet(&self, method: &'static str) -> Result<()> {
        self.asked.lock().unwrap().push(method);
        let fault = {
            let mut faults = self.faults.lock().unwrap();
            (!faults.is_empty()).then(|| faults.remove(0))
        };
        match fault {
            None => Ok(()),
            Some(Fault::Error(kind)) => Err(Error::new(kind, "it is told to fail")),
            Some(Fault::Silence) => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Backend for Faulty {
    fn info(&self) -> &BackendInfo {
        self.store.info()
    }

    fn capability(&self) -> Capability {
        self.store.capability()
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        self.meet("workspaces").await?;
        self.store.workspaces(cx).await
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        self.meet("read").await?;
        self.store.read(cx, at).await
    }

    async fn read_if_changed(&self, cx: &Context, at: &StateRef, etag: &str) -> Result<IfChanged> {
        self.meet("read_if_changed").await?;
        self.store.read_if_changed(cx, at, etag).await
    }

    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        self.meet("versions").await?;
        self.store.versions(cx, at).await
    }

    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        self.meet("write").await?;
        self.store.write(cx, at, new, options).await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        self.meet("delete").await?;
        self.store.delete(cx, at, options).await
    }

    async fn forget_workspace(&self, cx: &Context, name: &WorkspaceName) -> Result<()> {
        self.meet("forget_workspace").await?;
        self.store.forget_workspace(cx, name).await
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        self.meet("lock").await?;
        self.store.lock(cx, at, info).await
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        self.meet("unlock").await?;
        self.store.unlock(cx, at, id).await
    }
}

pub(super) async fn put(backend: &Arc<dyn Backend>, text: &str) {
    let bytes = Bytes::from(text.to_owned());
    let (cx, at) = (cx(), at());
    let written = backend.write(&cx, &at, bytes, WriteOptions::default());
    written.await.unwrap();
}

pub(super) async fn get(backend: &Arc<dyn Backend>) -> Option<String> {
    get_in(backend, &cx()).await
}

pub(super) async fn get_in(backend: &Arc<dyn Backend>, cx: &Context) -> Option<String> {
    let state = backend.read(cx, &at()).await.unwrap()?;
    Some(String::from_utf8(state.bytes.to_vec()).unwrap())
}
