//! What is asked again, and what is not.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::support::{Fault, Faulty, at, cx, get, layers, put, spec};
use crate::backend::layers::{BackendOptions, RetryOptions};
use crate::backend::{BackendSpec, LockInfo, WriteOptions};
use crate::error::ErrorKind;

fn options(max: u32) -> BackendOptions {
    BackendOptions {
        retry: Some(RetryOptions {
            max,
            wait_min: Duration::from_millis(1),
            wait_max: Duration::from_millis(4),
        }),
        ..BackendOptions::default()
    }
}

#[tokio::test]
async fn reads_are_repeated_so_often_as_the_options_say() {
    for (max, failures, asked, good) in [(0, 1, 1, false), (2, 2, 3, true), (2, 3, 3, false)] {
        let below = Faulty::new();
        let layers = layers(options(max));
        let backend = below.below(&layers, &spec());
        below.fail_with(ErrorKind::Unavailable, failures);
        let read = backend.read(&cx(), &at()).await;
        assert_eq!(read.is_ok(), good, "{max} {failures}");
        assert_eq!(below.asked().len(), asked);
        let metrics = layers.metrics();
        assert_eq!(metrics.retries, asked as u64 - 1);
        assert_eq!(metrics.calls["memory"]["read"].calls, asked as u64);
    }
}

#[tokio::test]
async fn what_will_fail_again_is_not_repeated() {
    for kind in [
        ErrorKind::NotFound,
        ErrorKind::PermissionDenied,
        ErrorKind::Locked,
        ErrorKind::Unexpected,
    ] {
        let below = Faulty::new();
        let backend = below.below(&layers(options(3)), &spec());
        below.fail_with(kind, 1);
        let error = backend.versions(&cx(), &at()).await.unwrap_err();
        assert_eq!((error.kind(), below.asked().len()), (kind, 1));
    }
}

#[tokio::test]
async fn a_change_is_made_once_whatever_became_of_it() {
    for kind in [ErrorKind::Unavailable, ErrorKind::RateLimited] {
        let below = Faulty::new();
        let backend = below.below(&layers(options(3)), &spec());
        let (cx, at) = (cx(), at());
        let id = backend
            .lock(&cx, &at, LockInfo::new(&cx, "x"))
            .await
            .unwrap();
        below.asked();
        below.fail_with(kind, 5);
        let held = || WriteOptions {
            lock: Some(id.clone()),
            ..WriteOptions::default()
        };
        let new = Bytes::from_static(b"x");
        assert!(backend.write(&cx, &at, new, held()).await.is_err());
        assert!(backend.delete(&cx, &at, held()).await.is_err());
        let workspace = "w".parse().unwrap();
        assert!(backend.forget_workspace(&cx, &workspace).await.is_err());
        assert!(backend.unlock(&cx, &at, &id).await.is_err());
        let info = LockInfo::new(&cx, "y");
        assert!(backend.lock(&cx, &at, info).await.is_err());
        assert_eq!(
            below.asked(),
            ["write", "delete", "forget_workspace", "unlock", "lock"]
        );
    }
}

#[tokio::test]
async fn kinds_that_ask_again_by_themselves_are_left_alone() {
    for kind in ["s3", "http", "cloud"] {
        let below = Faulty::new();
        let spec = BackendSpec {
            kind: kind.to_owned(),
            ..spec()
        };
        let backend = below.below(&layers(options(3)), &spec);
        below.fail_with(ErrorKind::Unavailable, 1);
        assert!(backend.read(&cx(), &at()).await.is_err());
        assert_eq!(below.asked().len(), 1);
    }
}

#[tokio::test]
async fn no_wait_outlives_the_caller() {
    let below = Faulty::new();
    let mut options = options(3);
    options.retry = Some(RetryOptions {
        wait_min: Duration::from_secs(60),
        wait_max: Duration::from_secs(60),
        ..RetryOptions::default()
    });
    let backend = below.below(&layers(options), &spec());
    let start = Instant::now();
    below.fail_with(ErrorKind::Unavailable, 1);
    let hurried = cx().with_timeout(Duration::from_secs(10));
    let error = backend.read(&hurried, &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);

    below.fail([Fault::Error(ErrorKind::Unavailable)]);
    let stopped = cx();
    let token = stopped.cancellation().clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        token.cancel();
    });
    let error = backend.read(&stopped, &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(start.elapsed() < Duration::from_secs(9));

    put(&backend, "x").await;
    assert_eq!(get(&backend).await.as_deref(), Some("x"));
}
