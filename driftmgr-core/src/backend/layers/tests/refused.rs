//! Reading only.

use bytes::Bytes;

use super::support::{Faulty, at, cx, get, layers, put, spec};
use crate::backend::layers::BackendOptions;
use crate::backend::memory::MemoryStore;
use crate::backend::{BackendSpec, LockId, LockInfo, WriteOptions};
use crate::error::{Error, ErrorKind};

fn options() -> BackendOptions {
    BackendOptions {
        read_only: true,
        ..BackendOptions::default()
    }
}

#[tokio::test]
async fn no_change_reaches_the_store_and_everything_is_read() {
    let store = MemoryStore::default();
    let plain = Faulty::of(store.clone()).below(&layers(BackendOptions::default()), &spec());
    put(&plain, "one").await;
    put(&plain, "two").await;
    let below = Faulty::of(store);
    let backend = below.below(&layers(options()), &spec());
    let (cx, at) = (cx(), at());
    let lock = LockId("x".to_owned());
    let none = WriteOptions::default;
    let new = Bytes::from_static(b"three");
    let refused: Vec<Error> = vec![
        backend.write(&cx, &at, new, none()).await.unwrap_err(),
        backend.delete(&cx, &at, none()).await.unwrap_err(),
        backend
            .forget_workspace(&cx, &"w".parse().unwrap())
            .await
            .unwrap_err(),
        backend
            .lock(&cx, &at, LockInfo::new(&cx, "x"))
            .await
            .unwrap_err(),
        backend.unlock(&cx, &at, &lock).await.unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.context_value("layer"), Some("read_only"));
        assert_eq!(error.context_value("location"), Some("memory"));
        assert!(error.hints()[0].contains("read_only"));
    }
    assert!(below.asked().is_empty());
    assert!(!backend.capability().write && !backend.capability().lock);
    assert!(backend.capability().versions);

    assert_eq!(get(&backend).await.as_deref(), Some("two"));
    let versions = backend.versions(&cx, &at).await.unwrap();
    assert_eq!(versions.len(), 2);
    assert_eq!(backend.workspaces(&cx).await.unwrap().len(), 1);
    assert_eq!(get(&plain).await.as_deref(), Some("two"));
}

#[tokio::test]
async fn files_are_not_written_either() {
    let dir = tempfile::tempdir().unwrap();
    let spec = BackendSpec {
        root: dir.path().to_owned(),
        ..BackendSpec::default_local()
    };
    let registry = crate::backend::BackendRegistry::builtin().with_layers(layers(options()));
    let backend = registry.open(&cx(), &spec).unwrap();
    let new = Bytes::from_static(b"{}");
    let written = backend
        .write(&cx(), &at(), new, WriteOptions::default())
        .await;
    assert_eq!(written.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
