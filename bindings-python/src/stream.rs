//! Drift as it is found, for `for` and `async for`.

use std::pin::Pin;
use std::sync::Arc;

use driftmgr_core::client::{Client, DriftItem, DriftOptions, DriftStream, Stack};
use driftmgr_core::context::CancelToken;
use driftmgr_core::{Context, Error, ErrorKind, Result};
use futures::StreamExt as _;
use pyo3::prelude::*;
use tokio::sync::Mutex;

use crate::call::{Call, Terms};
use crate::json;
use crate::report::Report;

/// A run whose items are asked for one by one. It goes on only while somebody asks.
#[pyclass(frozen, module = "driftmgr._native")]
pub(crate) struct Stream {
    run: Arc<Mutex<Run>>,
    cancel: CancelToken,
    process: u32,
}

enum Run {
    /// The terms count from the first question on.
    New {
        client: Client,
        stacks: Vec<Stack>,
        options: Box<DriftOptions>,
        timeout: Option<std::time::Duration>,
    },
    Going(Pin<Box<DriftStream>>),
}

impl Run {
    /// The next item; nothing more after the report.
    async fn next(&mut self, cancel: &CancelToken) -> Result<Option<DriftItem>> {
        if let Self::New {
            client,
            stacks,
            options,
            timeout,
        } = self
        {
            let mut cx = Context::from_process().with_cancellation(cancel.clone());
            if let Some(timeout) = timeout {
                cx = cx.with_timeout(*timeout);
            }
            let stream = client.with_context(cx).drift_stream(stacks, options);
            *self = Self::Going(Box::pin(stream));
        }
        match self {
            Self::Going(stream) => stream.next().await.transpose(),
            Self::New { .. } => Ok(None),
        }
    }
}

impl Stream {
    pub(crate) fn new(
        client: Client,
        stacks: Vec<Stack>,
        options: DriftOptions,
        terms: Terms,
    ) -> Self {
        let within = terms.within.unwrap_or_default();
        Self {
            run: Arc::new(Mutex::new(Run::New {
                client,
                stacks,
                options: Box::new(options),
                timeout: terms.timeout,
            })),
            cancel: within.child(),
            process: std::process::id(),
        }
    }
}

#[pymethods]
impl Stream {
    /// The next item, as its kind and content; `None` at the end. Whoever stops waiting for it ends the run.
    fn next(&self) -> Call {
        let run = self.run.clone();
        let cancel = self.cancel.clone();
        let is_forked = self.process != std::process::id();
        let terms = Terms {
            within: Some(self.cancel.clone()),
            ..Terms::default()
        };
        Call::new(
            terms,
            async move |cx| {
                if is_forked {
                    return Err(forked());
                }
                let mut run = run.lock().await;
                let cancelled = cx.cancellation().clone();
                let stop = async {
                    cancelled.cancelled().await;
                    // What was found so far is told by the run itself, once it knows.
                    cancel.cancel();
                    std::future::pending().await
                };
                tokio::select! {
                    item = run.next(&cancel) => item,
                    () = stop => Ok(None),
                }
            },
            answer,
        )
    }

    /// Ends the run.
    fn close(&self) {
        self.cancel.cancel();
    }
}

fn answer(py: Python<'_>, item: Option<DriftItem>) -> PyResult<Py<PyAny>> {
    let Some(item) = item else {
        return Ok(py.None());
    };
    let word = item.word();
    let content = match item {
        DriftItem::Looked(looked) => json::to_python(py, &looked)?,
        DriftItem::Finding(finding) => json::to_python(py, &finding)?,
        DriftItem::NotLookedAt(left_out) => json::to_python(py, &left_out)?,
        DriftItem::Report(report) => Report::answer(py, *report)?,
        _ => py.None(),
    };
    Ok((word, content).into_pyobject(py)?.into_any().unbind())
}

fn forked() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "a stream that began before the process forked",
    )
    .with_hint("begin it in the process that reads it")
}
