//! The `azurerm` backend on a pretended Azure: the contract, what goes wrong there, and the real programs beside it.

mod faults;
mod identity;
mod oracle;
mod secrets;
mod target;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use driftmgr_core::backend::azurerm::AzureBackend;
use driftmgr_core::backend::{
    Backend, BackendSpec, IfMatch, LockId, LockInfo, LockedBy, StateRef, WorkspaceName,
    WriteOptions, Written,
};
use driftmgr_core::context::Context;
use driftmgr_core::env::Environment;
use driftmgr_core::testkit::backend::suite;
use driftmgr_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::support::azurite::{self, ACCOUNT, Azure, FRONT};
use super::support::state_server::{Fault, StateServer};

const KEY: &str = "a/prod.tfstate";

fn cx(azure: &Azure) -> Context {
    let who = [
        ("USER", "tester".to_owned()),
        ("HOSTNAME", "bench".to_owned()),
    ];
    Context::new(Environment::from_variables(
        who.into_iter().chain(azure.variables()),
    ))
}

fn at() -> StateRef {
    StateRef::default()
}

fn workspace(name: &str) -> StateRef {
    StateRef::current(name.parse().unwrap())
}

/// Arguments for a container, with the account's key.
fn arguments(container: &str) -> Value {
    json!({
        "storage_account_name": ACCOUNT,
        "container_name": container,
        "key": KEY,
        "metadata_host": FRONT,
        "access_key": azurite::KEY,
    })
}

/// A backend with more arguments; `null` takes one away.
fn open_with(cx: &Context, container: &str, more: Value) -> Result<Arc<dyn Backend>> {
    let mut all = arguments(container);
    let all = all.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        all.insert(name.clone(), value.clone());
    }
    let arguments: BTreeMap<String, Value> = all.clone().into_iter().collect();
    let spec = BackendSpec::from_block("azurerm", arguments, "main.tf:1");
    Ok(Arc::new(AzureBackend::from_spec(cx, &spec)?))
}

fn open(azure: &Azure, container: &str) -> Arc<dyn Backend> {
    open_with(&cx(azure), container, json!({})).unwrap()
}

async fn read(cx: &Context, backend: &Arc<dyn Backend>, at: &StateRef) -> Result<Option<String>> {
    let state = backend.read(cx, at).await?;
    Ok(state.map(|s| String::from_utf8(s.bytes.to_vec()).unwrap()))
}

async fn write(
    cx: &Context,
    backend: &Arc<dyn Backend>,
    at: &StateRef,
    text: &str,
) -> Result<Written> {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    backend.write(cx, at, bytes, WriteOptions::default()).await
}

async fn write_under(
    cx: &Context,
    backend: &Arc<dyn Backend>,
    lock: &LockId,
    text: &str,
) -> Result<Written> {
    let options = WriteOptions {
        lock: Some(lock.clone()),
        ..WriteOptions::default()
    };
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    backend.write(cx, &at(), bytes, options).await
}

async fn keeps_the_contract(more: Value) {
    let azure = Azure::start();
    suite(|| {
        let (container, cx, more) = (azure.container(), cx(&azure), more.clone());
        Box::new(move || open_with(&cx, &container, more.clone()).unwrap())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_with_an_access_key() {
    keeps_the_contract(json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_with_snapshots() {
    keeps_the_contract(json!({"snapshot": true})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_with_a_signature() {
    let signature = azurite::signature("rwdlc", "2030-01-01T00:00:00Z");
    keeps_the_contract(json!({"access_key": null, "sas_token": format!("?{signature}")})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_writers_lose_nothing() {
    let azure = Azure::start();
    let (cx, container) = (cx(&azure), azure.container());
    let open = || open_with(&cx, &container, json!({})).unwrap();
    crate::managed::writers::all_at_once(open).await;
}

#[tokio::test]
async fn what_was_there_is_put_back() {
    let azure = Azure::start();
    let backend = open_with(&cx(&azure), &azure.container(), json!({})).unwrap();
    crate::managed::damaged::what_was_there_is_put_back(backend).await;
}
