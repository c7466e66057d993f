//! The backend `kubernetes` beside the API server of Kubernetes, Terraform and OpenTofu.

mod access;
mod faults;
mod oracle;
mod secrets;
mod storage;
mod target;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use driftmgr_core::backend::kubernetes::KubernetesBackend;
use driftmgr_core::backend::{
    Backend, BackendSpec, IfMatch, LockId, LockInfo, LockedBy, StateRef, WriteOptions,
};
use driftmgr_core::context::Context;
use driftmgr_core::env::Environment;
use driftmgr_core::testkit::backend::suite;
use driftmgr_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::support::kubernetes::{Cluster, OTHER_TOKEN, TOKEN};
use super::support::wire::Fault;

const SECRET: &str = "tfstate-default-net";

fn cx() -> Context {
    Context::new(Environment::from_variables([
        ("USER", "me"),
        ("HOSTNAME", "here"),
        ("PATH", "/usr/bin:/bin"),
    ]))
}

fn at() -> StateRef {
    StateRef::default()
}

fn info() -> LockInfo {
    LockInfo::new(&cx(), "test")
}

/// Arguments that reach the server, with more; `null` takes one away.
fn arguments(cluster: &Cluster, namespace: &str, more: Value) -> BTreeMap<String, Value> {
    let mut arguments = BTreeMap::from([
        ("secret_suffix".to_owned(), json!("net")),
        ("namespace".to_owned(), json!(namespace)),
        ("host".to_owned(), json!(cluster.url())),
        ("token".to_owned(), json!(TOKEN)),
        (
            "cluster_ca_certificate".to_owned(),
            json!(cluster.authority()),
        ),
    ]);
    for (name, value) in more.as_object().expect("arguments") {
        arguments.insert(name.clone(), value.clone());
    }
    arguments
}

fn open_in(
    cx: &Context,
    cluster: &Cluster,
    namespace: &str,
    more: Value,
) -> Result<Arc<dyn Backend>> {
    let arguments = arguments(cluster, namespace, more);
    let spec = BackendSpec::from_block("kubernetes", arguments, "main.tf:1");
    Ok(Arc::new(KubernetesBackend::from_spec(cx, &spec)?))
}

fn open_with(cluster: &Cluster, namespace: &str, more: Value) -> Arc<dyn Backend> {
    open_in(&cx(), cluster, namespace, more).expect("a backend")
}

fn open(cluster: &Cluster, namespace: &str) -> Arc<dyn Backend> {
    open_with(cluster, namespace, json!({}))
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

/// Bytes that do not get shorter by compressing them.
fn noise(length: usize, mut seed: u64) -> Bytes {
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 11) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    let Some(cluster) = Cluster::start().map(Arc::new) else {
        return;
    };
    suite(|| {
        let (cluster, namespace) = (Arc::clone(&cluster), cluster.namespace());
        Box::new(move || open(&cluster, &namespace))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_writers_lose_nothing() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let writers = (0..20).map(|n| {
        let backend = open(&cluster, "default");
        async move {
            loop {
                let state = backend.read(&cx(), &at()).await.unwrap();
                let mut bytes = state.as_ref().map_or_else(Vec::new, |s| s.bytes.to_vec());
                bytes.extend(format!("{n}\n").bytes());
                let condition = state.map_or(IfMatch::Absent, |s| IfMatch::Etag(s.etag.unwrap()));
                let options = WriteOptions {
                    if_match: Some(condition),
                    ..WriteOptions::default()
                };
                match backend.write(&cx(), &at(), bytes.into(), options).await {
                    Ok(_) => return,
                    Err(error) => assert!(
                        matches!(error.kind(), ErrorKind::Locked | ErrorKind::Conflict),
                        "{error}"
                    ),
                }
            }
        }
    });
    futures::future::join_all(writers).await;
    let all = read(&open(&cluster, "default")).await.unwrap().unwrap();
    let text = String::from_utf8(all.to_vec()).unwrap();
    let mut lines: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, (0..20).collect::<Vec<_>>());
    assert_eq!(
        cluster.leases("default"),
        [(format!("lock-{SECRET}"), None)]
    );
}
