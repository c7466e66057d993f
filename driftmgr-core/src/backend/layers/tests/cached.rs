//! What the cache answers, when it asks, and what it leaves on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use tempfile::TempDir;

use super::support::{Fault, Faulty, Hand, at, cx, get, get_in, layers, put, spec, spec_of};
use crate::backend::layers::{
    BackendOptions, CacheKey, CacheMetrics, CacheOptions, DiskCacheOptions, Layers,
};
use crate::backend::memory::MemoryStore;
use crate::backend::{IfMatch, LockInfo, RawState, StateRef, WriteOptions};
use crate::env::{Environment, XDG_STATE_HOME};
use crate::error::ErrorKind;

const HOUR: Duration = Duration::from_secs(3600);

fn cache(ttl: Duration, memory: u64, disk: Option<&Path>) -> Layers {
    layers(BackendOptions {
        cache: Some(CacheOptions {
            ttl,
            memory,
            disk: disk.map(|folder| disk_of(folder, 1 << 20)),
        }),
        ..BackendOptions::default()
    })
}

fn disk_of(folder: &Path, max_bytes: u64) -> DiskCacheOptions {
    DiskCacheOptions {
        folder: folder.to_owned(),
        max_bytes,
        key: Some(CacheKey::new([1; 32])),
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    all.sort();
    all
}

fn figures(layers: &Layers) -> (u64, u64, u64) {
    let CacheMetrics {
        fresh,
        revalidated,
        missed,
        ..
    } = layers.metrics().cache;
    (fresh, revalidated, missed)
}

#[tokio::test]
async fn without_a_ttl_every_read_asks_and_bytes_come_once() {
    let dir = tempfile::tempdir().unwrap();
    for layers in [
        cache(Duration::ZERO, 1 << 20, None),
        cache(Duration::ZERO, 0, Some(dir.path())),
    ] {
        let store = MemoryStore::default();
        let (below, other) = (Faulty::of(store.clone()), Faulty::of(store));
        let backend = below.below(&layers, &spec());
        let plain = other.below(&Layers::default(), &spec());
        put(&plain, "one").await;
        for _ in 0..3 {
            assert_eq!(get(&backend).await.as_deref(), Some("one"));
        }
        put(&plain, "two").await;
        for _ in 0..2 {
            assert_eq!(get(&backend).await.as_deref(), Some("two"));
        }
        assert_eq!(
            below.asked(),
            [
                "read",
                "read_if_changed",
                "read_if_changed",
                "read_if_changed",
                "read_if_changed"
            ]
        );
        assert_eq!(figures(&layers), (0, 3, 2));
        assert_eq!(layers.metrics().calls["memory"]["read"].received, 6);
        let (cx, at) = (cx(), at());
        let gone = plain.delete(&cx, &at, WriteOptions::default());
        gone.await.unwrap();
        assert_eq!(get(&backend).await, None);
        assert_eq!(get(&backend).await, None);
        assert_eq!(below.asked(), ["read_if_changed", "read"]);
    }
}

#[tokio::test]
async fn within_the_ttl_nothing_is_asked_and_after_it_once() {
    let dir = tempfile::tempdir().unwrap();
    for (memory, disk) in [(1 << 20, None), (0, Some(dir.path()))] {
        let layers = cache(Duration::from_secs(60), memory, disk);
        let clock = Arc::new(Hand::default());
        let cx = cx().with_clock(clock.clone());
        let store = MemoryStore::default();
        let below = Faulty::of(store.clone());
        let backend = below.below(&layers, &spec());
        let plain = Faulty::of(store).below(&Layers::default(), &spec());
        put(&plain, "one").await;
        assert_eq!(get_in(&backend, &cx).await.as_deref(), Some("one"));
        put(&plain, "two").await;
        clock.advance(Duration::from_secs(59));
        assert_eq!(get_in(&backend, &cx).await.as_deref(), Some("one"));
        assert_eq!(below.asked(), ["read"]);
        clock.advance(Duration::from_secs(1));
        assert_eq!(get_in(&backend, &cx).await.as_deref(), Some("two"));
        assert_eq!(below.asked(), ["read_if_changed"]);
        // What was confirmed counts from then on.
        clock.advance(Duration::from_secs(60));
        assert_eq!(get_in(&backend, &cx).await.as_deref(), Some("two"));
        clock.advance(Duration::from_secs(59));
        assert_eq!(get_in(&backend, &cx).await.as_deref(), Some("two"));
        assert_eq!(below.asked(), ["read_if_changed"]);
        assert_eq!(figures(&layers), (2, 1, 2));
    }
}

#[tokio::test]
async fn an_entry_of_the_future_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let (early, late) = (Arc::new(Hand::default()), Arc::new(Hand::default()));
    late.advance(10 * HOUR);
    let below = Faulty::new();
    let open = || below.below(&cache(HOUR, 0, Some(dir.path())), &spec());
    put(&open(), "x").await;
    get_in(&open(), &cx().with_clock(late)).await;
    below.asked();
    get_in(&open(), &cx().with_clock(early)).await;
    assert_eq!(below.asked(), ["read_if_changed"]);
}

#[tokio::test]
async fn own_changes_and_locks_drop_the_entry() {
    let dir = tempfile::tempdir().unwrap();
    let layers = cache(HOUR, 1 << 20, Some(dir.path()));
    let below = Faulty::new();
    let backend = below.below(&layers, &spec());
    let again = below.below(&layers, &spec());
    let (cx, at) = (cx(), at());
    put(&backend, "one").await;
    assert_eq!(get(&again).await.as_deref(), Some("one"));
    put(&backend, "two").await;
    assert_eq!(files(dir.path()).len(), 0);
    assert_eq!(get(&again).await.as_deref(), Some("two"));
    assert_eq!(files(dir.path()).len(), 1);
    // A change that failed may have been made.
    below.fail_with(ErrorKind::Unavailable, 1);
    let new = Bytes::from_static(b"x");
    let written = backend.write(&cx, &at, new, WriteOptions::default());
    assert!(written.await.is_err());
    below.asked();
    get(&again).await;
    let id = backend
        .lock(&cx, &at, LockInfo::new(&cx, "x"))
        .await
        .unwrap();
    get(&again).await;
    backend.unlock(&cx, &at, &id).await.unwrap();
    get(&again).await;
    assert_eq!(below.asked(), ["read", "lock", "read", "unlock"]);
    let deleted = backend.delete(&cx, &at, WriteOptions::default());
    deleted.await.unwrap();
    assert_eq!(get(&again).await, None);
}

#[tokio::test]
async fn what_was_read_before_a_change_is_not_kept_after_it() {
    let below = Faulty::new();
    let backend = below.below(&cache(HOUR, 1 << 20, None), &spec());
    put(&backend, "one").await;
    let (cx, at) = (cx(), at());
    // A write that nobody waits for any more may still arrive; until then the old state must not be taken for fresh.
    get(&backend).await;
    below.fail([Fault::Silence]);
    let new = Bytes::from_static(b"two");
    {
        let write = backend.write(&cx, &at, new, WriteOptions::default());
        let stopped = tokio::time::timeout(Duration::from_millis(20), write);
        assert!(stopped.await.is_err());
    }
    below.asked();
    get(&backend).await;
    assert_eq!(below.asked(), ["read"]);
}

#[tokio::test]
async fn a_stale_state_is_not_written_over() {
    let store = MemoryStore::default();
    let backend = Faulty::of(store.clone()).below(&cache(HOUR, 1 << 20, None), &spec());
    let other = Faulty::of(store).below(&Layers::default(), &spec());
    put(&other, "one").await;
    let read = backend.read(&cx(), &at()).await.unwrap().unwrap();
    put(&other, "two").await;
    let options = WriteOptions {
        if_match: read.etag.map(IfMatch::Etag),
        ..WriteOptions::default()
    };
    let new = Bytes::from_static(b"three");
    let error = backend.write(&cx(), &at(), new, options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(get(&backend).await.as_deref(), Some("two"));
}

#[tokio::test]
async fn versions_and_other_places_are_apart() {
    let layers = cache(HOUR, 1 << 20, None);
    let (one, two) = (Faulty::new(), Faulty::new());
    let (first, second) = (
        one.below(&layers, &spec_of("a")),
        two.below(&layers, &spec_of("b")),
    );
    put(&first, "old").await;
    put(&first, "first").await;
    put(&second, "second").await;
    assert_eq!(get(&first).await.as_deref(), Some("first"));
    assert_eq!(get(&second).await.as_deref(), Some("second"));
    let old = first
        .read(&cx(), &at().at_version("0"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&*old.bytes, b"old");
    assert_eq!(get(&first).await.as_deref(), Some("first"));
    let blue = StateRef::current("blue".parse().unwrap());
    assert_eq!(first.read(&cx(), &blue).await.unwrap(), None);
}

#[tokio::test]
async fn processes_share_a_folder_and_another_key_finds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let below = Faulty::new();
    put(&below.below(&Layers::default(), &spec()), "shared").await;
    below.asked();
    for _ in 0..3 {
        let process = below.below(&cache(HOUR, 0, Some(dir.path())), &spec());
        assert_eq!(get(&process).await.as_deref(), Some("shared"));
    }
    assert_eq!(below.asked(), ["read"]);
    let mut disk = disk_of(dir.path(), 1 << 20);
    disk.key = Some(CacheKey::new([2; 32]));
    let layers = layers(BackendOptions {
        cache: Some(CacheOptions {
            ttl: HOUR,
            memory: 0,
            disk: Some(disk),
        }),
        ..BackendOptions::default()
    });
    let stranger = below.below(&layers, &spec());
    assert_eq!(get(&stranger).await.as_deref(), Some("shared"));
    assert_eq!(below.asked(), ["read"]);
    assert_eq!(files(dir.path()).len(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn files_show_nothing_and_are_the_users_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let environment =
        Environment::from_variables([(XDG_STATE_HOME, home.path().to_str().unwrap())])
            .with_current_dir(home.path());
    let cx = crate::context::Context::new(environment);
    let layers = layers(BackendOptions {
        cache: Some(CacheOptions {
            disk: Some(DiskCacheOptions {
                folder: "cache/states".into(),
                max_bytes: 1 << 20,
                key: None,
            }),
            ..CacheOptions::default()
        }),
        ..BackendOptions::default()
    });
    let below = Faulty::new();
    let backend = layers.over(&cx, &spec(), Arc::new(below)).unwrap();
    put(&backend, &"hunter2 ".repeat(100)).await;
    get(&backend).await;
    let folder = home.path().join("cache/states");
    let file = files(&folder).remove(0);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    let bytes = fs::read(&file).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"));
    assert!(bytes.len() < 300, "{}", bytes.len());
    assert!(home.path().join("driftmgr/cache.key").is_file());
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_an_error_and_one_that_vanishes_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let layers = cache(HOUR, 0, Some(&file.join("x")));
    let error = layers
        .over(&cx(), &spec(), Arc::new(Faulty::new()))
        .unwrap_err();
    assert!(error.context_value("file").is_some(), "{error}");

    let folder = dir.path().join("folder");
    let backend = Faulty::new().below(&cache(HOUR, 0, Some(&folder)), &spec());
    put(&backend, "x").await;
    fs::remove_dir_all(&folder).unwrap();
    for _ in 0..2 {
        assert_eq!(get(&backend).await.as_deref(), Some("x"));
    }
}

#[tokio::test]
async fn the_folder_keeps_its_size_and_what_was_current_longest_ago_goes() {
    let dir = tempfile::tempdir().unwrap();
    let most = 40_000;
    let layers = layers(BackendOptions {
        cache: Some(CacheOptions {
            ttl: HOUR,
            memory: 0,
            disk: Some(disk_of(dir.path(), most)),
        }),
        ..BackendOptions::default()
    });
    let clock = Arc::new(Hand::default());
    let cx = cx().with_clock(clock.clone());
    let below = Faulty::new();
    let backend = below.below(&layers, &spec());
    for n in 0..40 {
        clock.advance(Duration::from_secs(1));
        let at = StateRef::current(format!("w{n}").parse().unwrap());
        // Nothing that can be compressed.
        let mut bytes = vec![0; 4_000];
        getrandom::fill(&mut bytes).unwrap();
        let written = backend.write(&cx, &at, bytes.into(), WriteOptions::default());
        written.await.unwrap();
        backend.read(&cx, &at).await.unwrap();
        let sum: u64 = files(dir.path())
            .iter()
            .map(|f| fs::metadata(f).unwrap().len())
            .sum();
        assert!(sum <= most, "{sum} after {n}");
    }
    assert!(layers.metrics().cache.evicted >= 30);
    below.asked();
    for (n, asked) in [(39, 0), (0, 1)] {
        let at = StateRef::current(format!("w{n}").parse().unwrap());
        backend.read(&cx, &at).await.unwrap();
        assert_eq!(below.asked().len(), asked, "w{n}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// By the cached client, or by another one.
    Write {
        own: bool,
        workspace: u8,
        text: u8,
    },
    Delete {
        own: bool,
        workspace: u8,
    },
    Read {
        workspace: u8,
    },
    /// Something happens to the files.
    Damage {
        how: u8,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let workspace = 0_u8..3;
    prop_oneof![
        2 => (any::<bool>(), workspace.clone(), 0_u8..4).prop_map(|(own, workspace, text)| Step::Write { own, workspace, text }),
        1 => (any::<bool>(), workspace.clone()).prop_map(|(own, workspace)| Step::Delete { own, workspace }),
        4 => workspace.prop_map(|workspace| Step::Read { workspace }),
        1 => (0_u8..5).prop_map(|how| Step::Damage { how }),
    ]
}

fn damage(dir: &TempDir, how: u8) {
    let all = files(dir.path());
    for file in &all {
        let bytes = fs::read(file).unwrap();
        match how {
            0 => fs::remove_file(file).unwrap(),
            1 => fs::write(file, b"").unwrap(),
            2 => fs::write(file, &bytes[..bytes.len() / 2]).unwrap(),
            3 => fs::write(file, bytes.iter().map(|b| b ^ 1).collect::<Vec<_>>()).unwrap(),
            // Each under the name of another.
            _ => fs::write(&all[0], &bytes).unwrap(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// With a cache that asks, and with a ttl while nobody else writes, every answer is that of the store.
    #[test]
    fn a_cached_backend_answers_as_the_store_does(
        steps in prop::collection::vec(step(), 1..40),
        ttl in prop::sample::select(vec![Duration::ZERO, HOUR]),
        memory in prop::sample::select(vec![0_u64, 1_200, 1 << 20]),
        on_disk: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let store = MemoryStore::default();
        let cached = Faulty::of(store.clone())
            .below(&cache(ttl, memory, on_disk.then_some(dir.path())), &spec());
        let plain = Faulty::of(store).below(&Layers::default(), &spec());
        let at = |n: u8| StateRef::current(format!("w{n}").parse().unwrap());
        let writer = |own: bool| if own || !ttl.is_zero() { &cached } else { &plain };
        for step in steps {
            match step {
                Step::Write { own, workspace, text } => {
                    let new = Bytes::from(vec![b'a' + text; 300]);
                    let cx = cx();
                    let at = at(workspace);
                    let written = writer(own).write(&cx, &at, new, WriteOptions::default());
                    runtime.block_on(written).unwrap();
                }
                Step::Delete { own, workspace } => {
                    let (cx, at) = (cx(), at(workspace));
                    let deleted = writer(own).delete(&cx, &at, WriteOptions::default());
                    runtime.block_on(deleted).unwrap();
                }
                Step::Read { workspace } => {
                    let (cx, at) = (cx(), at(workspace));
                    let ours = runtime.block_on(cached.read(&cx, &at)).unwrap();
                    let theirs = runtime.block_on(plain.read(&cx, &at)).unwrap();
                    // When the same bytes were written again, only the store's own list of versions tells.
                    let content = |state: &Option<RawState>| {
                        state.as_ref().map(|s| (s.bytes.clone(), s.etag.clone()))
                    };
                    prop_assert_eq!(content(&ours), content(&theirs));
                    if let Some(etag) = ours.and_then(|state| state.etag) {
                        let again = cached.read_if_changed(&cx, &at, &etag);
                        let again = runtime.block_on(again).unwrap();
                        prop_assert_eq!(again, crate::backend::IfChanged::Unchanged);
                    }
                }
                Step::Damage { how } => damage(&dir, how),
            }
        }
    }
}
