//! The `http` backend beside a server of its protocol, Terraform and OpenTofu.

mod faults;
mod oracle;
mod protocol;
mod secrets;
mod target;
mod tls;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use driftmgr_core::backend::http::HttpBackend;
use driftmgr_core::backend::{
    Backend, BackendSpec, IfChanged, LockId, LockInfo, StateRef, WriteOptions,
};
use driftmgr_core::context::Context;
use driftmgr_core::env::Environment;
use driftmgr_core::testkit::backend::suite;
use driftmgr_core::{Error, Result};
use serde_json::{Value, json};

use super::support::state_server::{Behaviour, Fault, Seen, StateServer};

const PATH: &str = "/state/prod";

fn cx() -> Context {
    Context::new(Environment::from_variables([
        ("USER", "me"),
        ("HOSTNAME", "here"),
    ]))
}

fn at() -> StateRef {
    StateRef::default()
}

fn info() -> LockInfo {
    LockInfo::new(&cx(), "test")
}

/// Arguments for a server, with locks.
fn arguments(server: &StateServer) -> BTreeMap<String, Value> {
    let url = server.url(PATH);
    BTreeMap::from([
        ("address".to_owned(), json!(url)),
        ("lock_address".to_owned(), json!(url)),
        ("unlock_address".to_owned(), json!(url)),
        ("retry_wait_min".to_owned(), json!(0)),
        ("retry_wait_max".to_owned(), json!(0)),
    ])
}

/// A backend with more arguments; `null` takes one away.
fn open_with(cx: &Context, server: &StateServer, more: Value) -> Result<Arc<dyn Backend>> {
    let mut arguments = arguments(server);
    for (name, value) in more.as_object().expect("arguments") {
        arguments.insert(name.clone(), value.clone());
    }
    let spec = BackendSpec::from_block("http", arguments, "main.tf:1");
    Ok(Arc::new(HttpBackend::from_spec(cx, &spec)?))
}

fn open(server: &StateServer) -> Arc<dyn Backend> {
    open_with(&cx(), server, json!({})).expect("a backend")
}

async fn read(backend: &Arc<dyn Backend>) -> Result<Option<String>> {
    let state = backend.read(&cx(), &at()).await?;
    Ok(state.map(|s| String::from_utf8(s.bytes.to_vec()).expect("text")))
}

async fn write(backend: &Arc<dyn Backend>, text: &str) -> Result<()> {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    let written = backend
        .write(&cx(), &at(), bytes, WriteOptions::default())
        .await;
    written.map(|_| ())
}

async fn write_under(backend: &Arc<dyn Backend>, lock: &LockId, text: &str) -> Result<()> {
    let options = WriteOptions {
        lock: Some(lock.clone()),
        ..WriteOptions::default()
    };
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    backend
        .write(&cx(), &at(), bytes, options)
        .await
        .map(|_| ())
}

fn place(error: &Error, key: &str) -> String {
    error.context_value(key).unwrap_or_default().to_owned()
}

async fn keeps_the_contract(behaviour: Behaviour, more: Value) {
    suite(|| {
        let server = StateServer::start(behaviour.clone());
        let more = more.clone();
        Box::new(move || open_with(&cx(), &server, more.clone()).expect("a backend"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_with_a_server_that_does_all() {
    keeps_the_contract(Behaviour::default(), json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_with_a_server_that_compares_no_ids() {
    let behaviour = Behaviour {
        compares_ids: false,
        refusal: 409,
        absent: 204,
        written: 204,
        ..Behaviour::default()
    };
    keeps_the_contract(behaviour, json!({"update_method": "PUT"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_without_locks() {
    let behaviour = Behaviour {
        absent: 200,
        written: 201,
        ..Behaviour::default()
    };
    let none = json!({"lock_address": null, "unlock_address": null});
    keeps_the_contract(behaviour, none).await;
}
