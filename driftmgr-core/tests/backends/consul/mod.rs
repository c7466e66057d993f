//! The backend `consul` beside a server of Consul's HTTP API, Terraform and OpenTofu.

mod faults;
mod locks;
mod oracle;
mod secrets;
mod storage;
mod target;
mod tls;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use driftmgr_core::backend::consul::ConsulBackend;
use driftmgr_core::backend::{
    Backend, BackendSpec, IfMatch, LockId, LockInfo, LockedBy, StateRef, WriteOptions,
};
use driftmgr_core::context::Context;
use driftmgr_core::env::Environment;
use driftmgr_core::testkit::backend::suite;
use driftmgr_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::support::consul::{Behaviour, Consul};
use super::support::wire::Fault;

const PATH: &str = "tf/net";

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

/// A backend with more arguments; `null` takes one away.
fn open_in(cx: &Context, server: &Consul, more: Value) -> Result<Arc<dyn Backend>> {
    let mut arguments = BTreeMap::from([
        ("address".to_owned(), json!(server.authority())),
        ("path".to_owned(), json!(PATH)),
    ]);
    for (name, value) in more.as_object().expect("arguments") {
        arguments.insert(name.clone(), value.clone());
    }
    let spec = BackendSpec::from_block("consul", arguments, "main.tf:1");
    Ok(Arc::new(ConsulBackend::from_spec(cx, &spec)?))
}

fn open_with(server: &Consul, more: Value) -> Arc<dyn Backend> {
    open_in(&cx(), server, more).expect("a backend")
}

fn open(server: &Consul) -> Arc<dyn Backend> {
    open_with(server, json!({}))
}

async fn read(backend: &Arc<dyn Backend>) -> Result<Option<Bytes>> {
    let state = backend.read(&cx(), &at()).await?;
    Ok(state.map(|s| s.bytes))
}

async fn write(backend: &Arc<dyn Backend>, bytes: impl Into<Bytes>) -> Result<()> {
    let options = WriteOptions::default();
    let written = backend.write(&cx(), &at(), bytes.into(), options).await;
    written.map(|_| ())
}

async fn write_under(
    backend: &Arc<dyn Backend>,
    lock: &LockId,
    bytes: impl Into<Bytes>,
) -> Result<()> {
    let options = WriteOptions {
        lock: Some(lock.clone()),
        ..WriteOptions::default()
    };
    let written = backend.write(&cx(), &at(), bytes.into(), options).await;
    written.map(|_| ())
}

async fn delete(backend: &Arc<dyn Backend>) -> Result<()> {
    backend.delete(&cx(), &at(), WriteOptions::default()).await
}

fn place(error: &Error, key: &str) -> String {
    error.context_value(key).unwrap_or_default().to_owned()
}

/// Text that does not get shorter by compressing it.
fn noise(length: usize) -> Bytes {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        b'!' + (seed % 90) as u8
    };
    (0..length).map(|_| next()).collect()
}

async fn keeps_the_contract(behaviour: Behaviour, more: Value) {
    suite(|| {
        let server = Consul::start(behaviour.clone());
        let more = more.clone();
        Box::new(move || open_with(&server, more.clone()))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_as_it_is() {
    keeps_the_contract(Behaviour::default(), json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_compressed() {
    keeps_the_contract(Behaviour::default(), json!({"gzip": true})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_without_locks() {
    keeps_the_contract(Behaviour::default(), json!({"lock": false})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_behind_a_prefix_with_a_slash_at_the_end() {
    let behaviour = Behaviour {
        prefix: "/consul",
        token: Some("a token"),
        ..Behaviour::default()
    };
    suite(|| {
        let server = Consul::start(behaviour.clone());
        Box::new(move || {
            let address = format!("http://{}/consul/", server.authority());
            open_with(
                &server,
                json!({"address": address, "path": "a b/ü/", "access_token": "a token"}),
            )
        })
    })
    .await;
}
