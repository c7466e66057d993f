//! The backend `s3` on a pretended AWS: the contract, what goes wrong there, and the real programs beside it.

mod minio;
mod oracle;
mod target;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use driftmgr_core::ErrorKind;
use driftmgr_core::backend::s3::S3Backend;
use driftmgr_core::backend::{Backend, BackendSpec, IfMatch, LockInfo, StateRef, WriteOptions};
use driftmgr_core::context::Context;
use driftmgr_core::env::Environment;
use driftmgr_core::testkit::backend::{Open, suite};
use serde_json::{Value, json};

use super::support::moto::Moto;
use crate::managed::writers::all_at_once;

const KEY: &str = "a/terraform.tfstate";
const TABLE: &str = "locks";

fn environment() -> Environment {
    Environment::from_variables([
        ("USER", "tester"),
        ("HOSTNAME", "bench"),
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
    ])
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

/// The arguments of a bucket on this server, with others added.
fn arguments(moto: &Moto, bucket: &str, more: &Value) -> BTreeMap<String, Value> {
    let url = moto.url();
    let mut all = json!({
        "bucket": bucket, "key": KEY, "region": "us-east-1", "use_path_style": true,
        "endpoints": {"s3": url, "dynamodb": url, "sts": url},
    });
    let more = more.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(more);
    serde_json::from_value(all).unwrap()
}

fn open(moto: &Moto, bucket: &str, more: &Value) -> S3Backend {
    let spec = BackendSpec::from_block("s3", arguments(moto, bucket, more), "main.tf:1");
    S3Backend::from_spec(&cx(), &spec).unwrap()
}

fn text(bytes: &'static str) -> Bytes {
    Bytes::from_static(bytes.as_bytes())
}

async fn put(backend: &dyn Backend, state: &str) -> driftmgr_core::Result<()> {
    let new = Bytes::from(state.to_owned());
    let written = backend
        .write(&cx(), &at(), new, WriteOptions::default())
        .await;
    written.map(|_| ())
}

async fn get(backend: &dyn Backend) -> Option<String> {
    let state = backend.read(&cx(), &at()).await.unwrap()?;
    Some(String::from_utf8(state.bytes.to_vec()).unwrap())
}

/// The whole contract, each case in a bucket of its own.
async fn contract(versioned: bool, more: Value) {
    let moto = Arc::new(Moto::start());
    moto.lock_table(TABLE);
    let next = AtomicUsize::new(0);
    suite(|| {
        let bucket = format!("bucket-{}", next.fetch_add(1, Ordering::Relaxed));
        moto.bucket(&bucket, versioned);
        let (moto, more) = (Arc::clone(&moto), more.clone());
        let clients: Open = Box::new(move || {
            let backend = open(&moto, &bucket, &more);
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
async fn the_contract_holds_with_lock_files_in_a_versioned_bucket() {
    contract(true, json!({"use_lockfile": true})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_with_lock_files_in_a_bucket_without_versions() {
    let more = json!({"use_lockfile": true, "workspace_key_prefix": "teams/x", "encrypt": true});
    contract(false, more).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_with_a_lock_table() {
    contract(
        true,
        json!({"dynamodb_table": TABLE, "workspace_key_prefix": ""}),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_with_both_locks() {
    contract(true, json!({"dynamodb_table": TABLE, "use_lockfile": true})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_without_locks() {
    contract(true, json!({"skip_s3_checksum": true})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_writers_lose_nothing() {
    let moto = Moto::start();
    moto.bucket("shared", true);
    let lock = json!({"use_lockfile": true});
    all_at_once(|| Arc::new(open(&moto, "shared", &lock))).await;
}

#[tokio::test]
async fn workspaces_are_listed_over_pages_and_nothing_else_is_one() {
    let moto = Moto::start();
    moto.bucket("many", false);
    for n in 0..1010 {
        moto.put("many", &format!("env%3A/w{n:04}/{KEY}"), b"{}");
    }
    for key in [
        "env%3A/w0000/other",
        "env%3A/x/a/terraform.tfstate.tflock",
        "stray",
    ] {
        moto.put("many", key, b"{}");
    }
    let backend = open(&moto, "many", &json!({}));
    let names = backend.workspaces(&cx()).await.unwrap();
    assert_eq!(names.len(), 1011);
    assert!(names[0].is_default());
    assert_eq!(names[1010].as_str(), "w1009");
}

#[tokio::test]
async fn versions_are_of_one_object_and_deletions_are_none() {
    let moto = Moto::start();
    moto.bucket("versions", true);
    let backend = open(&moto, "versions", &json!({"use_lockfile": true}));
    // Each write takes and gives back a lock file, which leaves versions and deletions of its own.
    put(&backend, "one").await.unwrap();
    put(&backend, "two").await.unwrap();
    backend
        .delete(&cx(), &at(), WriteOptions::default())
        .await
        .unwrap();
    put(&backend, "three").await.unwrap();
    moto.put("versions", &format!("{KEY}.backup"), b"other");
    let versions = backend.versions(&cx(), &at()).await.unwrap();
    let latest: Vec<bool> = versions.iter().map(|v| v.latest).collect();
    assert_eq!(latest, [true, false, false]);
    let sizes: Vec<_> = versions.iter().map(|v| v.size).collect();
    assert_eq!(sizes, [Some(5), Some(3), Some(3)]);
    for (version, expected) in versions.iter().zip(["three", "two", "one"]) {
        let old = at().at_version(&version.id);
        let read = backend.read(&cx(), &old).await.unwrap().unwrap();
        assert_eq!(read.bytes, expected.as_bytes());
        assert_eq!(read.version.as_deref(), Some(version.id.as_str()));
    }
}

#[tokio::test]
async fn a_bucket_without_versions_is_known_by_its_first_answer() {
    let moto = Moto::start();
    moto.bucket("plain", false);
    let backend = open(&moto, "plain", &json!({}));
    assert!(backend.capability().versions, "nobody asked yet");
    moto.put("plain", KEY, b"{}");
    let read = backend.read(&cx(), &at()).await.unwrap().unwrap();
    assert_eq!(read.version, None);
    assert!(!backend.capability().versions);
    let error = backend.versions(&cx(), &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.hints()[0].contains("enable versioning"), "{error:?}");
    // Once there were versions, those are still there.
    moto.bucket("once", true);
    let backend = open(&moto, "once", &json!({}));
    put(&backend, "one").await.unwrap();
    moto.versioning("once", "Suspended");
    assert!(!backend.ask_versioning(&cx()).await.unwrap());
    assert_eq!(backend.versions(&cx(), &at()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_digest_is_kept_and_a_state_with_another_one_is_refused() {
    let moto = Moto::start();
    moto.bucket("digests", false);
    moto.lock_table(TABLE);
    let backend = open(&moto, "digests", &json!({"dynamodb_table": TABLE}));
    put(&backend, "one").await.unwrap();
    let item = json!({"TableName": TABLE, "Key": {"LockID": {"S": format!("digests/{KEY}-md5")}}});
    let kept = moto.dynamodb("GetItem", &item.to_string());
    // md5 of "one"
    assert!(kept.contains("f97c5d29941bfb1b2fdab0874906ab82"), "{kept}");
    moto.put("digests", KEY, b"two");
    let start = Instant::now();
    let error = backend.read(&cx(), &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(
        start.elapsed() >= Duration::from_secs(10),
        "its writer may be on the way"
    );
    assert_eq!(
        error.context_value("expected"),
        Some("f97c5d29941bfb1b2fdab0874906ab82")
    );
    assert_eq!(
        error.context_value("actual"),
        Some("b8a9f715dbb64fd5c56e7783c6820a61")
    );
    // A write of ours puts it right, and deleting takes it away.
    put(&backend, "two").await.unwrap();
    assert_eq!(get(&backend).await.as_deref(), Some("two"));
    backend
        .delete(&cx(), &at(), WriteOptions::default())
        .await
        .unwrap();
    assert!(
        !moto
            .dynamodb("GetItem", &item.to_string())
            .contains("Digest")
    );
    assert_eq!(get(&backend).await, None);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let moto = Moto::start();
    moto.bucket("there", false);
    let gone = open(&moto, "gone", &json!({"use_lockfile": true}));
    for error in [
        gone.read(&cx(), &at()).await.unwrap_err(),
        gone.workspaces(&cx()).await.unwrap_err(),
        gone.versions(&cx(), &at()).await.unwrap_err(),
        put(&gone, "x").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
        assert!(
            error.message().contains("the bucket does not exist"),
            "{error}"
        );
        assert_eq!(error.context_value("bucket"), Some("gone"));
    }
    let no_table = open(&moto, "there", &json!({"dynamodb_table": "none"}));
    let error = put(&no_table, "x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert_eq!(error.context_value("table"), Some("none"));
    // Where both lock, neither is left behind.
    let both = json!({"dynamodb_table": "none", "use_lockfile": true});
    put(&open(&moto, "there", &both), "x").await.unwrap_err();
    assert_eq!(moto.object("there", &format!("{KEY}.tflock")), None);
    assert_eq!(moto.object("there", KEY), None);
}

#[tokio::test]
async fn an_account_that_is_not_allowed_is_refused_before_anything_is_read() {
    let moto = Moto::start();
    moto.bucket("states", false);
    moto.put("states", KEY, b"{}");
    // The account of moto's callers.
    let ours = "123456789012";
    let allowed = open(&moto, "states", &json!({"allowed_account_ids": [ours]}));
    assert!(get(&allowed).await.is_some());
    for arguments in [
        json!({"allowed_account_ids": ["000000000000"]}),
        json!({"forbidden_account_ids": [ours]}),
    ] {
        let backend = open(&moto, "states", &arguments);
        let error = backend.read(&cx(), &at()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert_eq!(error.context_value("account"), Some(ours));
    }
}

#[tokio::test]
async fn a_role_is_taken_with_the_credentials_or_with_a_token() {
    let moto = Moto::start();
    moto.bucket("states", false);
    let arn = "arn:aws:iam::123456789012:role/states";
    for more in [
        json!({"assume_role": {"role_arn": arn, "duration": "1h", "external_id": "outside", "tags": {"a": "b"}}}),
        json!({"assume_role_with_web_identity": {"role_arn": arn, "session_name": "s", "web_identity_token": "token"}}),
        json!({"access_key": "mine", "secret_key": "mine", "role_arn": arn}),
    ] {
        let backend = open(&moto, "states", &more);
        put(&backend, "through a role").await.unwrap();
        assert_eq!(get(&backend).await.as_deref(), Some("through a role"));
    }
}

#[tokio::test]
async fn a_profile_of_a_file_is_found() {
    let moto = Moto::start();
    moto.bucket("states", false);
    moto.put("states", KEY, b"{}");
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    let file = home.path().join(".aws/credentials");
    let keys = "[work]\naws_access_key_id = a\naws_secret_access_key = b\n";
    std::fs::write(&file, keys).unwrap();
    let cx = Context::new(Environment::default().with_home(home.path()));
    let open = |more: Value| {
        let spec = BackendSpec::from_block("s3", arguments(&moto, "states", &more), "main.tf:1");
        S3Backend::from_spec(&cx, &spec).unwrap()
    };
    let found = open(json!({"profile": "work"}));
    assert!(found.read(&cx, &at()).await.unwrap().is_some());
    let none = open(json!({"profile": "play", "max_retries": 0}));
    let error = none.read(&cx, &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
}

#[tokio::test]
async fn a_lock_that_a_stopped_caller_took_is_given_back() {
    let moto = Moto::start();
    moto.bucket("states", false);
    let backend = open(&moto, "states", &json!({"use_lockfile": true}));
    for wait in [0, 1, 3, 10, 30] {
        let cx = cx();
        let token = cx.cancellation().clone();
        let info = LockInfo::new(&cx, "stopped");
        let at = workspace("w");
        let taking = backend.lock(&cx, &at, info);
        let stop = async {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            token.cancel();
        };
        let (taken, ()) = tokio::join!(taking, stop);
        if let Ok(id) = taken {
            backend.unlock(&cx, &at, &id).await.unwrap();
        }
        let lock = format!("env%3A/w/{KEY}.tflock");
        // Whether or not it had been taken: soon it is not there, and stays so.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let start = Instant::now();
        while moto.object("states", &lock).is_some() {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "stopped after {wait} ms"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn a_lock_that_was_broken_admits_no_write() {
    let moto = Moto::start();
    moto.bucket("states", false);
    let backend = open(&moto, "states", &json!({"use_lockfile": true}));
    let id = backend
        .lock(&cx(), &at(), LockInfo::new(&cx(), "first"))
        .await
        .unwrap();
    let other = LockInfo::new(&cx(), "second");
    let lock = serde_json::to_vec(&other).unwrap();
    moto.put("states", &format!("{KEY}.tflock"), &lock);
    let options = WriteOptions {
        lock: Some(id.clone()),
        ..WriteOptions::default()
    };
    let error = backend
        .write(&cx(), &at(), text("{}"), options)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(moto.object("states", KEY), None);
    let error = backend.unlock(&cx(), &at(), &id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    backend
        .unlock(&cx(), &at(), &other.lock_id())
        .await
        .unwrap();
}

#[tokio::test]
async fn the_etag_is_checked_by_the_store_as_well() {
    let moto = Moto::start();
    moto.bucket("states", false);
    let backend = open(&moto, "states", &json!({}));
    put(&backend, "one").await.unwrap();
    let read = backend.read(&cx(), &at()).await.unwrap().unwrap();
    moto.put("states", KEY, b"theirs");
    let options = WriteOptions {
        if_match: read.etag.map(IfMatch::Etag),
        ..WriteOptions::default()
    };
    let error = backend
        .write(&cx(), &at(), text("ours"), options)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.context_value("key"), Some(KEY));
    assert_eq!(get(&backend).await.as_deref(), Some("theirs"));
}

#[tokio::test]
async fn what_was_there_is_put_back() {
    let moto = Moto::start();
    moto.bucket("shared", true);
    let backend = open(&moto, "shared", &json!({"use_lockfile": true}));
    crate::managed::damaged::what_was_there_is_put_back(Arc::new(backend)).await;
}
