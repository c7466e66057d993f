//! The backend `oss` on a pretended Alibaba Cloud: the contract, what goes wrong there, and the real programs beside it.

mod credentials;
mod faults;
mod oracle;
mod protocol;
mod secrets;
mod target;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use driftmgr_core::backend::oss::OssBackend;
use driftmgr_core::backend::{
    Backend, BackendSpec, LockId, LockInfo, LockedBy, StateRef, WorkspaceName, WriteOptions,
    Written,
};
use driftmgr_core::context::Context;
use driftmgr_core::env::Environment;
use driftmgr_core::testkit::backend::{Open, suite};
use driftmgr_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::support::oss::{FakeOss, ID, REGION, ROLE, SECRET, TABLE};
use super::support::rows;
use super::support::wire::{Fault, Reply};

const BUCKET: &str = "states";
const STATE: &str = "infra/prod/terraform.tfstate";
const LOCK: &str = "states/infra/prod/terraform.tfstate";
const DIGEST: &str = "states/infra/prod/terraform.tfstate-md5";

fn environment(server: &FakeOss) -> Environment {
    let base = Environment::from_variables([("USER", "tester"), ("HOSTNAME", "bench")]);
    let variables = server.gateway.variables().into_iter();
    variables.fold(base, |it, (name, value)| it.with_variable(name, value))
}

fn cx(server: &FakeOss) -> Context {
    Context::new(environment(server))
}

fn at() -> StateRef {
    StateRef::default()
}

fn workspace(name: &str) -> StateRef {
    StateRef::current(name.parse().unwrap())
}

/// Arguments of a bucket with a table.
fn arguments(server: &FakeOss, bucket: &str) -> Value {
    json!({
        "bucket": bucket, "region": REGION, "prefix": "infra/prod", "access_key": ID, "secret_key": SECRET,
        "tablestore_endpoint": server.local(), "tablestore_table": TABLE,
    })
}

/// A backend with more arguments; `null` takes one away.
fn open_with(cx: &Context, server: &FakeOss, bucket: &str, more: &Value) -> Result<OssBackend> {
    let mut all = arguments(server, bucket);
    let more = more.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(more);
    let arguments: BTreeMap<String, Value> = serde_json::from_value(all).unwrap();
    let spec = BackendSpec::from_block("oss", arguments, "main.tf:1");
    OssBackend::from_spec(cx, &spec)
}

fn open(server: &FakeOss, more: &Value) -> OssBackend {
    open_with(&cx(server), server, BUCKET, more).unwrap()
}

/// A server with the bucket, and a backend on it.
fn start(versioned: bool) -> (FakeOss, OssBackend) {
    let server = FakeOss::start();
    server.buckets().make(BUCKET, versioned);
    let backend = open(&server, &json!({}));
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

/// A refusal of the table.
fn refusal(status: u16, code: &str) -> Fault {
    let Reply { status, body, .. } = rows::failure(status, code, "No, not you.");
    Fault::Answer(status, Vec::new(), String::from_utf8(body).unwrap())
}

/// The whole contract, each case in a bucket of its own.
async fn contract(versioned: bool, more: Value) {
    let server = Arc::new(FakeOss::start());
    let next = AtomicUsize::new(0);
    let locks = more.get("tablestore_table").is_none();
    suite(|| {
        let bucket = format!("states-{}", next.fetch_add(1, Ordering::Relaxed));
        server.buckets().make(&bucket, versioned);
        let (server, more) = (Arc::clone(&server), more.clone());
        let clients: Open = Box::new(move || {
            let cx = cx(&server);
            let backend = open_with(&cx, &server, &bucket, &more).unwrap();
            // Only the bucket knows whether it keeps versions.
            let asked = tokio::task::block_in_place(|| {
                let runtime = tokio::runtime::Handle::current();
                runtime.block_on(backend.ask_versioning(&cx))
            });
            assert_eq!(asked.unwrap(), versioned);
            let capability = backend.capability();
            assert_eq!((capability.versions, capability.lock), (versioned, locks));
            Arc::new(backend)
        });
        clients
    })
    .await;
    let left = server.rows().keys();
    assert!(left.iter().all(|key| key.ends_with("-md5")), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_in_a_bucket_with_versions() {
    contract(true, json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_by_the_address_and_the_old_signature() {
    let server = FakeOss::start();
    server.buckets().make(BUCKET, true);
    let old = json!({"region": null, "endpoint": server.local(), "prefix": "a//b/", "key": "x/y z.tfstate"});
    let backend = open(&server, &old);
    put(&cx(&server), &backend, "one").await.unwrap();
    let seen = server.table_seen();
    let written = seen.iter().find(|seen| seen.method == "PUT").unwrap();
    assert!(written.headers["authorization"].starts_with("OSS LTAI"));
    assert_eq!(written.target, "/states/a/b/x/y%20z.tfstate");
    contract_by_address().await;
}

/// The endpoint is known with the server only.
async fn contract_by_address() {
    let server = Arc::new(FakeOss::start());
    let next = AtomicUsize::new(0);
    suite(|| {
        let bucket = format!("states-{}", next.fetch_add(1, Ordering::Relaxed));
        server.buckets().make(&bucket, true);
        let server = Arc::clone(&server);
        let clients: Open = Box::new(move || {
            let more = json!({"region": null, "endpoint": server.local()});
            Arc::new(open_with(&cx(&server), &server, &bucket, &more).unwrap())
        });
        clients
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_without_versions_and_for_an_assumed_role() {
    let role = json!({"assume_role_role_arn": ROLE, "prefix": ""});
    contract(false, role).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_without_a_table() {
    contract(true, json!({"tablestore_table": null})).await;
}
