//! The `pg` backend on a real PostgreSQL: the contract, what goes wrong there, and the real programs beside it.

mod faults;
mod locks;
mod oracle;
mod secrets;
mod target;
mod tls;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use driftmgr_core::backend::pg::PgBackend;
use driftmgr_core::backend::{
    Backend, BackendSpec, IfMatch, LockId, LockInfo, LockedBy, StateRef, WriteOptions,
};
use driftmgr_core::context::Context;
use driftmgr_core::env::Environment;
use driftmgr_core::testkit::backend::{Open, suite_of_text};
use driftmgr_core::testkit::proxy::{Direction, TcpFault, TcpProxy};
use driftmgr_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::support::postgres::{ADMIN, ADMIN_PASSWORD, Postgres};

/// The table where nothing else is said.
const TABLE: &str = "terraform_remote_state.states";

fn cx() -> Context {
    Context::new(Environment::from_variables([
        ("USER", "tester"),
        ("HOSTNAME", "bench"),
    ]))
}

fn at() -> StateRef {
    StateRef::default()
}

fn workspace(name: &str) -> StateRef {
    StateRef::current(name.parse().unwrap())
}

fn info() -> LockInfo {
    LockInfo::new(&cx(), "test")
}

fn spec(conn_str: &str, more: &Value) -> BackendSpec {
    let mut arguments = BTreeMap::from([("conn_str".to_owned(), json!(conn_str))]);
    for (name, value) in more.as_object().unwrap() {
        arguments.insert(name.clone(), value.clone());
    }
    BackendSpec::from_block("pg", arguments, "main.tf:1")
}

fn open_with(conn_str: &str, more: &Value) -> Arc<dyn Backend> {
    Arc::new(PgBackend::from_spec(&cx(), &spec(conn_str, more)).unwrap())
}

fn open(conn_str: &str) -> Arc<dyn Backend> {
    open_with(conn_str, &json!({}))
}

/// The same server behind a proxy.
fn through(proxy: &TcpProxy, conn_str: &str) -> String {
    let (before, rest) = conn_str.split_once('@').unwrap();
    let (_, after) = rest.split_once('/').unwrap();
    format!("{before}@{}/{after}", proxy.address())
}

async fn get_at(backend: &Arc<dyn Backend>, at: &StateRef) -> Result<Option<String>> {
    let state = backend.read(&cx(), at).await?;
    Ok(state.map(|s| String::from_utf8(s.bytes.to_vec()).unwrap()))
}

async fn get(backend: &Arc<dyn Backend>) -> Result<Option<String>> {
    get_at(backend, &at()).await
}

async fn put_as(backend: &Arc<dyn Backend>, text: &str, options: WriteOptions) -> Result<()> {
    let new = Bytes::from(text.to_owned());
    backend.write(&cx(), &at(), new, options).await.map(|_| ())
}

async fn put(backend: &Arc<dyn Backend>, text: &str) -> Result<()> {
    put_as(backend, text, WriteOptions::default()).await
}

fn under(lock: &LockId) -> WriteOptions {
    WriteOptions {
        lock: Some(lock.clone()),
        ..WriteOptions::default()
    }
}

/// Waits until something is so.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn contract(conn_str: &str, more: Value) {
    let next = AtomicUsize::new(0);
    suite_of_text(|| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let (conn_str, mut more) = (conn_str.to_owned(), more.clone());
        more["schema_name"] = json!(format!("of \"case\" {number}"));
        let clients: Open = Box::new(move || open_with(&conn_str, &more));
        clients
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_with_a_password() {
    let Some(server) = Postgres::start() else {
        return;
    };
    contract(&server.url("postgres"), json!({})).await;
    let words = format!(
        "host=127.0.0.1 port={} user={ADMIN} password={ADMIN_PASSWORD} dbname=postgres sslmode=prefer",
        server.address().port()
    );
    let more = json!({"table_name": "other table", "index_name": "by name"});
    contract(&words, more).await;
}

#[tokio::test]
async fn reading_and_locking_make_nothing() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let backend = open(&server.url("postgres"));
    assert_eq!(get(&backend).await.unwrap(), None);
    assert_eq!(backend.workspaces(&cx()).await.unwrap().len(), 1);
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    backend.delete(&cx(), &at(), under(&id)).await.unwrap();
    backend.unlock(&cx(), &at(), &id).await.unwrap();
    let wrong = WriteOptions {
        if_match: Some(IfMatch::Etag("never".to_owned())),
        ..WriteOptions::default()
    };
    let error = backend.delete(&cx(), &at(), wrong).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let made = || {
        let sql = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'terraform%' \
             UNION ALL SELECT count(*) FROM pg_class WHERE relname LIKE 'global_states%'";
        server.sql("postgres", sql)
    };
    assert_eq!(made(), "0\n0");
    put(&backend, "{}").await.unwrap();
    assert_eq!(made(), "1\n1");
    let indexes =
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'terraform_remote_state' ORDER BY 1";
    assert_eq!(
        server.sql("postgres", indexes),
        "states_by_name\nstates_name_key\nstates_pkey"
    );
}

#[tokio::test]
async fn what_is_skipped_is_not_made() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let url = server.url("postgres");
    let backend = open_with(&url, &json!({"skip_schema_creation": true}));
    let error = put(&backend, "{}").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert!(
        error.hints()[0].contains("skip_schema_creation"),
        "{error:?}"
    );
    // As an administrator prepares it; with the numbers of old versions.
    server.sql(
        "postgres",
        "CREATE SCHEMA mine; CREATE TABLE mine.states (id serial PRIMARY KEY, name text UNIQUE, data text)",
    );
    let skip = json!({
        "schema_name": "mine", "skip_schema_creation": true, "skip_table_creation": "1", "skip_index_creation": true,
    });
    let backend = open_with(&url, &skip);
    put(&backend, "one").await.unwrap();
    put(&backend, "two").await.unwrap();
    assert_eq!(
        server.state("postgres", "mine.states", "default").unwrap(),
        b"two"
    );
    let tables = "SELECT relname FROM pg_class WHERE relname = 'states_by_name'";
    assert_eq!(server.sql("postgres", tables), "");
}

#[tokio::test]
async fn connections_are_made_when_needed_and_used_again() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let proxy = TcpProxy::start(server.address()).await.unwrap();
    let backend = open(&through(&proxy, &server.url("postgres")));
    assert_eq!(proxy.connections(), 0);
    for round in 0..5 {
        put(&backend, &format!("{round}")).await.unwrap();
        get(&backend).await.unwrap();
    }
    assert_eq!(proxy.connections(), 1);
    let reads = (0..4).map(|_| get(&backend));
    let read = futures::future::join_all(reads).await;
    assert!(
        read.iter()
            .all(|r| r.as_ref().unwrap().as_deref() == Some("4"))
    );
    assert!(proxy.connections() <= 4, "{}", proxy.connections());
    // Nothing of ours is left open in them.
    let idle = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'driftmgr%' \
         AND (state <> 'idle' OR application_name <> 'driftmgr')";
    assert_eq!(server.sql("postgres", idle), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_writers_lose_nothing() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let url = server.url("postgres");
    crate::managed::writers::all_at_once(|| open(&url)).await;
}

#[tokio::test]
async fn what_was_there_is_put_back() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let backend = open(&server.url("postgres"));
    crate::managed::damaged::what_was_there_is_put_back(backend).await;
}
