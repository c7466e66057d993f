//! Backends that are written in Python. Their methods are called on threads that may block, one call at a time for each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use driftmgr_core::backend::{
    Backend, BackendFactory, BackendInfo, Capability, IfMatch, LockId, LockInfo, RawState,
    StateRef, StateVersion, WorkspaceName, WriteOptions, Written,
};
use driftmgr_core::{Context, Result};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::{host, json};

/// A factory that calls `make(config, root)`.
pub(crate) fn factory(kind: String, make: Py<PyAny>) -> BackendFactory {
    let make = Arc::new(make);
    Arc::new(move |_, spec| {
        let (kind, make) = (kind.clone(), make.clone());
        let (config, root) = (spec.config.clone(), spec.root.clone());
        let made = host::call_blocking(move |py| {
            let config = config.iter();
            let config: BTreeMap<&String, &serde_json::Value> =
                config.map(|(name, value)| (name, value.expose())).collect();
            let object = make.call1(py, (json::to_python(py, &config)?, root))?;
            PythonBackend::of(py, kind, object)
        });
        let made = made.map_err(|error| {
            error
                .with("backend", &spec.origin)
                .with_operation("backend.open")
        })?;
        Ok(Arc::new(made))
    })
}

struct PythonBackend {
    info: BackendInfo,
    capability: Capability,
    object: Arc<Py<PyAny>>,
}

impl std::fmt::Debug for PythonBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PythonBackend")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

#[derive(FromPyObject)]
struct GivenCapability {
    write: bool,
    lock: bool,
    workspaces: bool,
    versions: bool,
    if_match: bool,
    concurrency: usize,
}

impl PythonBackend {
    fn of(py: Python<'_>, kind: String, object: Py<PyAny>) -> PyResult<Self> {
        let capability: GivenCapability = object.getattr(py, "capability")?.extract(py)?;
        Ok(Self {
            info: BackendInfo {
                kind,
                location: object.getattr(py, "location")?.extract(py)?,
            },
            capability: Capability {
                write: capability.write,
                lock: capability.lock,
                workspaces: capability.workspaces,
                versions: capability.versions,
                if_match: capability.if_match,
                concurrency: capability.concurrency,
            },
            object: Arc::new(object),
        })
    }

    async fn call<T: Send + 'static>(
        &self,
        cx: &Context,
        work: impl FnOnce(Python<'_>, &Bound<'_, PyAny>) -> PyResult<T> + Send + 'static,
    ) -> Result<T> {
        let object = self.object.clone();
        let called = host::call(move |py| work(py, object.bind(py)));
        cx.run(called).await
    }
}

/// The keywords of a write.
fn keywords<'py>(py: Python<'py>, options: &WriteOptions) -> PyResult<Bound<'py, PyDict>> {
    let keywords = PyDict::new(py);
    let if_match = match &options.if_match {
        None => None,
        Some(IfMatch::Absent) => Some(""),
        Some(IfMatch::Etag(etag)) => Some(etag.as_str()),
    };
    keywords.set_item("if_match", if_match)?;
    keywords.set_item("lock", options.lock.as_ref().map(ToString::to_string))?;
    Ok(keywords)
}

#[derive(FromPyObject)]
struct GivenState {
    bytes: Vec<u8>,
    etag: Option<String>,
    version: Option<String>,
    modified: Option<SystemTime>,
}

#[derive(FromPyObject)]
struct GivenVersion {
    id: String,
    modified: Option<SystemTime>,
    size: Option<u64>,
    latest: bool,
}

#[derive(FromPyObject)]
struct GivenWritten {
    etag: Option<String>,
    version: Option<String>,
    backup: Option<String>,
}

#[async_trait]
impl Backend for PythonBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn capability(&self) -> Capability {
        self.capability
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        let names = self.call(cx, |_, backend| {
            backend.call_method0("workspaces")?.extract::<Vec<String>>()
        });
        let names = names.await?;
        names.iter().map(|name| name.parse()).collect()
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        let at = at.clone();
        let read = self.call(cx, move |_, backend| {
            let arguments = (at.workspace.as_str(), at.version);
            let state = backend.call_method1("read", arguments)?;
            if state.is_none() {
                return Ok(None);
            }
            // Bytes alone are a state without anything beside it.
            if let Ok(bytes) = state.cast::<PyBytes>() {
                return Ok(Some(GivenState {
                    bytes: bytes.as_bytes().to_vec(),
                    etag: None,
                    version: None,
                    modified: None,
                }));
            }
            state.extract().map(Some)
        });
        Ok(read.await?.map(|state: GivenState| RawState {
            bytes: state.bytes.into(),
            etag: state.etag,
            version: state.version,
            modified: state.modified,
        }))
    }

    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        let at = at.clone();
        let versions = self.call(cx, move |_, backend| {
            let versions = backend.call_method1("versions", (at.workspace.as_str(),))?;
            versions.extract::<Vec<GivenVersion>>()
        });
        let versions = versions.await?.into_iter();
        Ok(versions
            .map(|version| StateVersion {
                id: version.id,
                modified: version.modified,
                size: version.size,
                latest: version.latest,
            })
            .collect())
    }

    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        let at = at.clone();
        let written = self.call(cx, move |py, backend| {
            let arguments = (at.workspace.as_str(), PyBytes::new(py, &new));
            let keywords = keywords(py, &options)?;
            let written = backend.call_method("write", arguments, Some(&keywords))?;
            match written.is_none() {
                true => Ok(None),
                false => written.extract::<GivenWritten>().map(Some),
            }
        });
        let written = written.await?;
        Ok(Written {
            etag: written.as_ref().and_then(|w| w.etag.clone()),
            version: written.as_ref().and_then(|w| w.version.clone()),
            backup: written.and_then(|w| w.backup),
        })
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        let at = at.clone();
        let deleted = self.call(cx, move |py, backend| {
            let keywords = keywords(py, &options)?;
            let arguments = (at.workspace.as_str(),);
            backend
                .call_method("delete", arguments, Some(&keywords))
                .map(drop)
        });
        deleted.await
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        let at = at.clone();
        let locked = self.call(cx, move |py, backend| {
            let info = json::to_python(py, &info)?;
            let id = backend.call_method1("lock", (at.workspace.as_str(), info))?;
            id.extract::<String>()
        });
        Ok(LockId(locked.await?))
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        let (at, id) = (at.clone(), id.to_string());
        let unlocked = self.call(cx, move |_, backend| {
            let arguments = (at.workspace.as_str(), id);
            backend.call_method1("unlock", arguments).map(drop)
        });
        unlocked.await
    }
}
