//! The backend `gcs` on a pretended Cloud Storage: the contract, what goes wrong there, and the real programs beside it.

mod credentials;
mod faults;
mod oracle;
mod protocol;
mod secrets;
mod target;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use driftmgr_core::backend::gcs::GcsBackend;
use driftmgr_core::backend::{
    Backend, BackendSpec, IfChanged, IfMatch, LockId, LockInfo, LockedBy, StateRef, WriteOptions,
    Written,
};
use driftmgr_core::context::Context;
use driftmgr_core::env::Environment;
use driftmgr_core::testkit::backend::{Open, suite};
use driftmgr_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::support::gcs::FakeGcs;
use super::support::state_server::{Behaviour, Fault, Seen, StateServer};

const FOLDER: &str = "infra/prod";
const STATE: &str = "infra/prod/default.tfstate";
const LOCK: &str = "infra/prod/default.tflock";

fn environment() -> Environment {
    Environment::from_variables([("USER", "tester"), ("HOSTNAME", "bench")])
}

fn cx() -> Context {
    Context::new(environment())
}

fn at() -> StateRef {
    StateRef::default()
}

fn workspace(name: &str) -> StateRef {
    StateRef::current(name.parse().unwrap())
}

/// A backend at this endpoint with more arguments; `null` takes one away.
fn open_at(cx: &Context, endpoint: &str, bucket: &str, more: &Value) -> Result<GcsBackend> {
    let mut all = json!({
        "bucket": bucket, "prefix": FOLDER, "storage_custom_endpoint": endpoint, "access_token": "fake",
    });
    let more = more.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(more);
    let arguments: BTreeMap<String, Value> = serde_json::from_value(all).unwrap();
    let spec = BackendSpec::from_block("gcs", arguments, "main.tf:1");
    GcsBackend::from_spec(cx, &spec)
}

fn open(server: &FakeGcs, bucket: &str) -> GcsBackend {
    open_at(&cx(), &server.endpoint(), bucket, &json!({})).unwrap()
}

/// A backend on a server whose every answer the test says.
fn told(cx: &Context, server: &StateServer, more: &Value) -> Result<GcsBackend> {
    open_at(cx, &server.url("/storage/v1/"), "states", more)
}

async fn write_with(backend: &dyn Backend, state: &str, with: WriteOptions) -> Result<Written> {
    let new = Bytes::from(state.to_owned());
    backend.write(&cx(), &at(), new, with).await
}

async fn put(backend: &dyn Backend, state: &str) -> Result<()> {
    let written = write_with(backend, state, WriteOptions::default());
    written.await.map(|_| ())
}

fn under(lock: LockId) -> WriteOptions {
    WriteOptions {
        lock: Some(lock),
        ..WriteOptions::default()
    }
}

async fn get(backend: &dyn Backend) -> Option<String> {
    let state = backend.read(&cx(), &at()).await.unwrap()?;
    Some(String::from_utf8(state.bytes.to_vec()).unwrap())
}

fn place<'a>(error: &'a Error, key: &str) -> &'a str {
    error.context_value(key).unwrap_or_default()
}

/// The whole contract, each case in a bucket of its own.
async fn contract(versioned: bool, more: Value) {
    let server = Arc::new(FakeGcs::start());
    let next = AtomicUsize::new(0);
    suite(|| {
        let bucket = format!("bucket-{}", next.fetch_add(1, Ordering::Relaxed));
        server.bucket(&bucket, versioned);
        let (server, more) = (Arc::clone(&server), more.clone());
        let clients: Open = Box::new(move || {
            let backend = open_at(&cx(), &server.endpoint(), &bucket, &more).unwrap();
            // Only the bucket knows whether it keeps versions.
            let asked = tokio::task::block_in_place(|| {
                let runtime = tokio::runtime::Handle::current();
                runtime.block_on(backend.ask_versioning(&cx()))
            });
            assert_eq!(asked.unwrap(), versioned);
            assert_eq!(backend.capability().versions, versioned);
            Arc::new(backend)
        });
        clients
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_in_a_bucket_with_versions() {
    contract(true, json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_in_a_bucket_without_versions() {
    contract(false, json!({"prefix": "/a//b/"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_without_a_prefix_and_with_a_key_of_ones_own() {
    let key = "c2VjcmV0IGtleSBvZiB0aGlydHktdHdvIGJ5dGVzISE=";
    contract(true, json!({"prefix": null, "encryption_key": key})).await;
}
