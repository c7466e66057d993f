//! What is measured: a process that lists the workspaces and reads the first states, so many at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use driftmgr_core::backend::StateRef;
use driftmgr_core::backend::layers::{BackendOptions, CacheKey, CacheOptions, DiskCacheOptions};
use driftmgr_core::client::{BackendHandle, Client};
use driftmgr_core::{Context, env::Environment};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::bucket::{BUCKET, KEY, USER, client};

/// The first argument of a process that is a side.
pub(crate) const CHILD: &str = "--side";
/// Both sides read so many at a time: what the backend says is useful.
const CONCURRENCY: usize = 64;

pub(crate) fn runtime() -> Runtime {
    Runtime::new().unwrap()
}

/// `SIDE URL STATES BYTES [FOLDER]`: fails unless it read so many states with so many bytes.
pub(crate) fn child(args: &[String]) {
    let [side, url, states, bytes, folder @ ..] = args else {
        panic!("a side has at least four arguments");
    };
    let states: usize = states.parse().unwrap();
    let cache = folder.first().map(|folder| CacheOptions {
        ttl: match side.as_str() {
            "trust" => Duration::from_secs(24 * 3600),
            _ => Duration::ZERO,
        },
        memory: 0,
        disk: Some(DiskCacheOptions {
            folder: PathBuf::from(folder),
            max_bytes: 8 << 30,
            key: Some(CacheKey::new([1; 32])),
        }),
    });
    let read = match side.as_str() {
        "bare" => runtime().block_on(bare(url, states)),
        _ => runtime().block_on(ours(url, states, cache)),
    };
    assert_eq!(read, (states, bytes.parse().unwrap()), "{side}");
}

/// The library's backend.
pub(crate) fn handle(url: &str, cache: Option<CacheOptions>) -> BackendHandle {
    let options = BackendOptions {
        cache,
        ..BackendOptions::default()
    };
    let arguments = BTreeMap::from([
        ("bucket".to_owned(), json!(BUCKET)),
        ("key".to_owned(), json!(KEY)),
        ("region".to_owned(), json!("us-east-1")),
        ("access_key".to_owned(), json!(USER)),
        ("secret_key".to_owned(), json!(USER)),
        ("use_path_style".to_owned(), json!(true)),
        ("endpoints".to_owned(), json!({"s3": url})),
    ]);
    let client = Client::builder()
        .context(Context::new(Environment::default()))
        .backend_options(options)
        .build();
    client.unwrap().backend("s3", arguments, ".").unwrap()
}

async fn ours(url: &str, states: usize, cache: Option<CacheOptions>) -> (usize, u64) {
    let handle = handle(url, cache);
    assert_eq!(handle.capability().concurrency, CONCURRENCY);
    let names = handle.workspaces().await.unwrap();
    // The first is `default`, which has no state.
    let names = names.into_iter().skip(1).take(states);
    futures::stream::iter(names.map(|name| {
        let handle = &handle;
        async move {
            let at = StateRef::current(name.parse().unwrap());
            let state = handle.read(&at).await.unwrap().unwrap();
            state.bytes.len() as u64
        }
    }))
    .buffer_unordered(CONCURRENCY)
    .fold((0, 0), async |(count, sum), bytes| (count + 1, sum + bytes))
    .await
}

async fn bare(url: &str, states: usize) -> (usize, u64) {
    let client = client(url);
    let mut keys: Vec<String> = Vec::new();
    let mut pages = client
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix("env:/")
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let contents = page.unwrap().contents.unwrap_or_default();
        keys.extend(contents.into_iter().filter_map(|object| object.key));
    }
    let reads = keys.into_iter().take(states).map(|key| {
        let request = client.get_object().bucket(BUCKET).key(key).send();
        async {
            let body = request.await.map_err(|e| e.to_string())?.body;
            let bytes = body.collect().await.map_err(|e| e.to_string())?;
            Ok::<_, String>(bytes.into_bytes().len() as u64)
        }
    });
    futures::stream::iter(reads)
        .buffer_unordered(CONCURRENCY)
        .try_fold((0, 0), async |(count, sum), bytes| {
            Ok((count + 1, sum + bytes))
        })
        .await
        .unwrap()
}
