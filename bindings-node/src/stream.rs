//! `DriftStream`: drift as it is found.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use driftmgr_core::Result;
use driftmgr_core::client::{self, Client, DriftItem, Stack};
use futures::channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use futures::{FutureExt as _, StreamExt as _};
use napi::Env;
use napi::bindgen_prelude::PromiseRaw;
use napi::tokio::sync::Mutex as AsyncMutex;
use napi_derive::napi;
use serde_json::{Value, json};

use crate::drift::DriftChoices;
use crate::exchange::{options, text};
use crate::failure::panicked;
use crate::report::DriftReport;
use crate::run::promise;

/// How many items travel at once: a step of the iteration costs more than an item.
const BATCH: usize = 64;

/// See `ts/stream.ts`.
#[napi]
pub struct DriftStream {
    items: Arc<AsyncMutex<UnboundedReceiver<Result<DriftItem>>>>,
    end: Arc<Mutex<Option<DriftReport>>>,
    stacks: Vec<Stack>,
    task: napi::tokio::task::AbortHandle,
}

impl DriftStream {
    /// Begins a run. It goes on by itself, however slowly the items are taken: reads have deadlines.
    pub(crate) fn begin(client: &Client, stacks: &[Stack], given: &str) -> Result<Self> {
        let given = options::<DriftChoices>(given)?.over(client.drift_options())?;
        let stream = client.drift_stream(stacks, &given);
        let (told, items) = mpsc::unbounded();
        let task = napi::bindgen_prelude::spawn(feed(stream, told));
        Ok(Self {
            items: Arc::new(AsyncMutex::new(items)),
            end: Arc::default(),
            stacks: stacks.to_vec(),
            task: task.abort_handle(),
        })
    }
}

async fn feed(mut stream: client::DriftStream, told: UnboundedSender<Result<DriftItem>>) {
    let all = async {
        while let Some(item) = stream.next().await {
            if told.unbounded_send(item).is_err() {
                return;
            }
        }
    };
    if let Err(payload) = AssertUnwindSafe(all).catch_unwind().await {
        drop(told.unbounded_send(Err(panicked(payload.as_ref()))));
    }
}

#[napi]
impl DriftStream {
    /// The next items as one document; null after the last.
    #[napi]
    pub fn next<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, Option<String>>> {
        let (items, end, stacks) = (self.items.clone(), self.end.clone(), self.stacks.clone());
        promise(env, async move {
            let mut items = items.lock().await;
            let Some(first) = items.next().await else {
                return Ok(None);
            };
            let mut ready = vec![first?];
            while ready.len() < BATCH
                && let Ok(item) = items.try_recv()
            {
                ready.push(item?);
            }
            let mut document = Vec::with_capacity(ready.len());
            for item in ready {
                match item {
                    DriftItem::Report(report) => {
                        let report = DriftReport::of(*report, stacks.clone());
                        *end.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
                    }
                    item => document.extend(told(&item)),
                }
            }
            Ok(Some(text(&document)?))
        })
    }

    /// The report, after the last item.
    #[napi]
    pub fn report(&self) -> Option<DriftReport> {
        self.end
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Ends the run.
    #[napi]
    pub fn close(&self) {
        self.task.abort();
    }
}

/// An item as a document: its word, and the item under that word. `None` for one that this binding does not know.
fn told(item: &DriftItem) -> Option<Value> {
    let word = item.word();
    match item {
        DriftItem::Looked(looked) => Some(json!({"type": word, word: looked})),
        DriftItem::Finding(finding) => Some(json!({"type": word, word: finding})),
        DriftItem::NotLookedAt(open) => Some(json!({"type": word, word: open})),
        _ => None,
    }
}

impl Drop for DriftStream {
    fn drop(&mut self) {
        self.task.abort();
    }
}
