//! Many writers of one state: every accepted change is in it, once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use driftmgr_core::ErrorKind;
use driftmgr_core::backend::local::{LocalBackend, LocalConfig};
use driftmgr_core::backend::memory::{MemoryBackend, MemoryStore};
use driftmgr_core::backend::{Backend, StateRef, WriteOptions};
use driftmgr_core::client::{Changed, ManagedState};
use driftmgr_core::context::Context;
use driftmgr_core::env::Environment;

use super::*;

/// So many clients at once.
const WRITERS: usize = 50;

/// Tries until nobody else holds the lock; how often both programs would wait in between is tested elsewhere.
async fn insist(state: ManagedState, name: String) -> Changed {
    let mut wait = Duration::from_millis(10);
    loop {
        match state.rm(&[address(&name)], &options()).await {
            Ok(done) => return done,
            Err(e)
                if matches!(
                    e.kind(),
                    // So many clients may be more than a server takes at once.
                    ErrorKind::Locked | ErrorKind::Conflict | ErrorKind::RateLimited
                ) =>
            {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(Duration::from_millis(500));
            }
            Err(e) => panic!("{name}: {e:?}"),
        }
    }
}

/// Each writer has a client of its own and forgets one instance. `open` gives each its own connection to the one state.
pub(crate) async fn all_at_once(open: impl Fn() -> Arc<dyn Backend>) {
    let folder = tempfile::tempdir().unwrap();
    let backups = tempfile::tempdir().unwrap();
    let cx = Context::new(Environment::from_variables([("USER", "me")]));
    let at = StateRef::default();
    let all: Vec<String> = (0..=WRITERS).map(|n| format!("r{n:02}")).collect();
    let first = Bytes::from(text(1, &all));
    let store = open();
    store
        .write(&cx, &at, first, WriteOptions::default())
        .await
        .unwrap();
    let mut writers = Vec::new();
    for name in all.iter().skip(1) {
        let client = client(folder.path(), backups.path(), open());
        let state = client.manage(folder.path()).await.unwrap();
        writers.push(tokio::spawn(insist(state, name.clone())));
    }
    let mut serials = BTreeSet::new();
    for writer in writers {
        let done = writer.await.unwrap();
        assert!(done.written);
        assert_eq!(
            Some(done.serial),
            done.serial_before.map(|before| before + 1)
        );
        assert!(serials.insert(done.serial), "serial {} twice", done.serial);
    }
    let expected: Vec<u64> = (2..=WRITERS as u64 + 1).collect();
    assert!(serials.iter().eq(&expected), "{serials:?}");
    let last = store.read(&cx, &at).await.unwrap().unwrap();
    let last = State::from_bytes(last.bytes).unwrap();
    assert_eq!(
        (last.serial, names(&last)),
        (WRITERS as u64 + 1, vec![all[0].clone()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_memory() {
    let store = MemoryStore::default();
    all_at_once(|| Arc::new(MemoryBackend::new(store.clone()))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    all_at_once(|| Arc::new(LocalBackend::new(LocalConfig::of_directory(folder.path())))).await;
}
