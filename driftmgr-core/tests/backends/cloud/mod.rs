//! The backends `remote` and `cloud` beside a server of HCP Terraform's API, Terraform and OpenTofu.

mod faults;
mod oracle;
mod plain;
mod protocol;
mod secrets;
mod target;
mod workspaces;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use driftmgr_core::backend::cloud::CloudBackend;
use driftmgr_core::backend::{
    Backend, BackendSpec, IfMatch, LockId, LockInfo, LockedBy, StateRef, WriteOptions,
};
use driftmgr_core::context::Context;
use driftmgr_core::env::Environment;
use driftmgr_core::testkit::backend::suite;
use driftmgr_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::support::tfe::{Behaviour, Holder, ORGANIZATION, OTHER_TOKEN, TOKEN, Tfe, authority};
use super::support::wire::Fault;

fn cx_with(variables: &[(&str, &str)]) -> Context {
    let file = authority().file();
    let mut all = vec![
        ("USER", "me"),
        ("HOSTNAME", "here"),
        ("SSL_CERT_FILE", file.to_str().expect("a path")),
    ];
    all.extend(variables);
    Context::new(Environment::from_variables(all))
}

fn cx() -> Context {
    cx_with(&[])
}

fn at() -> StateRef {
    StateRef::default()
}

fn of(workspace: &str) -> StateRef {
    StateRef::current(workspace.parse().expect("a name"))
}

fn info() -> LockInfo {
    LockInfo::new(&cx(), "test")
}

/// A block with these arguments; host, organization and token are put in.
fn block(server: &Tfe, kind: &str, workspaces: Value) -> BackendSpec {
    let arguments = BTreeMap::from([
        ("hostname".to_owned(), json!(server.host())),
        ("organization".to_owned(), json!(ORGANIZATION)),
        ("token".to_owned(), json!(TOKEN)),
        ("workspaces".to_owned(), json!([workspaces])),
    ]);
    BackendSpec::from_block(kind, arguments, "main.tf:1")
}

fn open_as(server: &Tfe, kind: &str, workspaces: Value) -> Arc<dyn Backend> {
    let spec = block(server, kind, workspaces);
    Arc::new(CloudBackend::from_spec(&cx(), &spec).expect("a backend"))
}

/// `remote` with the workspace `prod` as `default`.
fn open(server: &Tfe) -> Arc<dyn Backend> {
    open_as(server, "remote", json!({"name": "prod"}))
}

/// A state with this serial.
fn state(serial: u64, what: &str) -> Bytes {
    let state = json!({"version": 4, "terraform_version": "1.9.0", "serial": serial, "lineage": "l", "outputs": {}, "resources": [], "x": what});
    Bytes::from(state.to_string())
}

async fn read(backend: &Arc<dyn Backend>) -> Result<Option<Bytes>> {
    let state = backend.read(&cx(), &at()).await?;
    Ok(state.map(|s| s.bytes))
}

async fn write(backend: &Arc<dyn Backend>, bytes: Bytes) -> Result<()> {
    let options = WriteOptions::default();
    backend
        .write(&cx(), &at(), bytes, options)
        .await
        .map(|_| ())
}

async fn write_under(backend: &Arc<dyn Backend>, lock: &LockId, bytes: Bytes) -> Result<()> {
    let options = WriteOptions {
        lock: Some(lock.clone()),
        ..WriteOptions::default()
    };
    backend
        .write(&cx(), &at(), bytes, options)
        .await
        .map(|_| ())
}

async fn delete(backend: &Arc<dyn Backend>) -> Result<()> {
    backend.delete(&cx(), &at(), WriteOptions::default()).await
}

fn place(error: &Error, key: &str) -> String {
    error.context_value(key).unwrap_or_default().to_owned()
}

async fn keeps_the_contract(behaviour: Behaviour, kind: &'static str, workspaces: Value) {
    suite(|| {
        let server = Tfe::start(behaviour.clone());
        let workspaces = workspaces.clone();
        Box::new(move || plain::Plain::of(open_as(&server, kind, workspaces.clone())))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn remote_keeps_the_contract_with_one_workspace() {
    keeps_the_contract(Behaviour::default(), "remote", json!({"name": "prod"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn remote_keeps_the_contract_with_a_prefix() {
    let behaviour = Behaviour {
        page: 2,
        elsewhere: true,
        ..Behaviour::default()
    };
    keeps_the_contract(behaviour, "remote", json!({"prefix": "net-"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cloud_keeps_the_contract_with_one_workspace() {
    let behaviour = Behaviour {
        takes_uploads: false,
        ..Behaviour::default()
    };
    keeps_the_contract(behaviour, "cloud", json!({"name": "main"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cloud_keeps_the_contract_with_tags() {
    let behaviour = Behaviour {
        page: 2,
        ..Behaviour::default()
    };
    keeps_the_contract(behaviour, "cloud", json!({"tags": ["net", "eu"]})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_writers_lose_nothing() {
    let server = Tfe::start(Behaviour::default());
    crate::managed::writers::all_at_once(|| open(&server)).await;
}

#[tokio::test]
async fn what_was_there_is_put_back() {
    let server = Tfe::start(Behaviour::default());
    crate::managed::damaged::what_was_there_is_put_back(open(&server)).await;
}
