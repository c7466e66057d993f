//! The backend `cos` on a pretended Tencent Cloud: the contract, what goes wrong there, and the real programs beside it.

mod credentials;
mod faults;
mod oracle;
mod protocol;
mod secrets;
mod target;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use driftmgr_core::backend::cos::CosBackend;
use driftmgr_core::backend::{
    Backend, BackendSpec, IfMatch, LockId, LockInfo, LockedBy, StateRef, WorkspaceName,
    WriteOptions, Written,
};
use driftmgr_core::context::Context;
use driftmgr_core::env::Environment;
use driftmgr_core::testkit::backend::{Open, suite};
use driftmgr_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::support::cos::{FakeCos, ID, REGION, ROLE, SECRET};
use super::support::wire::Fault;

const BUCKET: &str = "states-1250000000";
const STATE: &str = "infra/prod/terraform.tfstate";
const LOCK: &str = "infra/prod/terraform.tfstate.tflock";

fn environment(server: &FakeCos) -> Environment {
    let base = Environment::from_variables([("USER", "tester"), ("HOSTNAME", "bench")]);
    let variables = server.gateway.variables().into_iter();
    variables.fold(base, |it, (name, value)| it.with_variable(name, value))
}

fn cx(server: &FakeCos) -> Context {
    Context::new(environment(server))
}

fn at() -> StateRef {
    StateRef::default()
}

fn workspace(name: &str) -> StateRef {
    StateRef::current(name.parse().unwrap())
}

/// A backend with more arguments; `null` takes one away.
fn open_with(cx: &Context, bucket: &str, more: &Value) -> Result<CosBackend> {
    let mut all = json!({
        "bucket": bucket, "region": REGION, "prefix": "infra/prod", "secret_id": ID, "secret_key": SECRET,
    });
    let more = more.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(more);
    let arguments: BTreeMap<String, Value> = serde_json::from_value(all).unwrap();
    let spec = BackendSpec::from_block("cos", arguments, "main.tf:1");
    CosBackend::from_spec(cx, &spec)
}

fn open(server: &FakeCos) -> CosBackend {
    open_with(&cx(server), BUCKET, &json!({})).unwrap()
}

/// A server with the bucket, and a backend on it.
fn start(versioned: bool) -> (FakeCos, CosBackend) {
    let server = FakeCos::start();
    server.buckets().make(BUCKET, versioned);
    let backend = open(&server);
    (server, backend)
}

async fn write_with(
    cx: &Context,
    backend: &dyn Backend,
    state: &str,
    with: WriteOptions,
) -> Result<Written> {
    let new = Bytes::from(state.to_owned());
    backend.write(cx, &at(), new, with).await
}

async fn put(cx: &Context, backend: &dyn Backend, state: &str) -> Result<()> {
    let written = write_with(cx, backend, state, WriteOptions::default());
    written.await.map(|_| ())
}

async fn get(cx: &Context, backend: &dyn Backend) -> Result<Option<String>> {
    let state = backend.read(cx, &at()).await?;
    Ok(state.map(|state| String::from_utf8(state.bytes.to_vec()).unwrap()))
}

fn under(lock: LockId) -> WriteOptions {
    WriteOptions {
        lock: Some(lock),
        ..WriteOptions::default()
    }
}

fn place<'a>(error: &'a Error, key: &str) -> &'a str {
    error.context_value(key).unwrap_or_default()
}

/// The whole contract, each case in a bucket of its own.
async fn contract(versioned: bool, more: Value) {
    let server = Arc::new(FakeCos::start());
    let next = AtomicUsize::new(0);
    suite(|| {
        let bucket = format!("states{}-1250000000", next.fetch_add(1, Ordering::Relaxed));
        server.buckets().make(&bucket, versioned);
        let (server, more) = (Arc::clone(&server), more.clone());
        let clients: Open = Box::new(move || {
            let cx = cx(&server);
            let backend = open_with(&cx, &bucket, &more).unwrap();
            // Only the bucket knows whether it keeps versions.
            let asked = tokio::task::block_in_place(|| {
                let runtime = tokio::runtime::Handle::current();
                runtime.block_on(backend.ask_versioning(&cx))
            });
            assert_eq!(asked.unwrap(), versioned);
            assert_eq!(backend.capability().versions, versioned);
            Arc::new(backend)
        });
        clients
    })
    .await;
    assert!(server.tags().is_empty(), "no tag is left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_in_a_bucket_with_versions() {
    contract(true, json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_in_a_bucket_without_versions() {
    contract(false, json!({"prefix": "a//b/", "key": "x/y.tfstate"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_without_a_prefix_and_for_an_assumed_role() {
    let role = json!({"role_arn": ROLE, "session_name": "contract"});
    contract(true, json!({"prefix": null, "assume_role": [role]})).await;
}
