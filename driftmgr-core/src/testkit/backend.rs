//! The contract of [`Backend`].

use std::sync::Arc;

use bytes::Bytes;

use crate::backend::{
    Backend, IfChanged, IfMatch, LockId, LockInfo, LockedBy, StateRef, WorkspaceName, WriteOptions,
};
use crate::context::Context;
use crate::env::Environment;
use crate::error::ErrorKind;

/// Opens another client of one store.
pub type Open = Box<dyn Fn() -> Arc<dyn Backend>>;

/// Runs the whole contract. `fresh` makes an empty store and answers with what opens clients of it.
///
/// # Panics
/// When the backend breaks the contract.
pub async fn suite(fresh: impl Fn() -> Open) {
    bytes_are_kept(fresh()).await;
    of_any_content(fresh).await;
}

/// The same for a store that keeps text only: other bytes are refused with `InvalidInput`, and change nothing.
///
/// # Panics
/// When the backend breaks the contract.
pub async fn suite_of_text(fresh: impl Fn() -> Open) {
    text_is_kept(fresh()).await;
    of_any_content(fresh).await;
}

async fn of_any_content(fresh: impl Fn() -> Open) {
    starts_empty(fresh()).await;
    workspaces_are_apart(fresh()).await;
    one_lock_for_two_clients(fresh()).await;
    a_lock_keeps_writers_out(fresh()).await;
    a_lock_that_is_gone_admits_nothing(fresh()).await;
    conditions_are_checked(fresh()).await;
    asking_again_tells_what_changed(fresh()).await;
    the_former_state_can_be_had(fresh()).await;
    deleting_leaves_nothing(fresh()).await;
    the_lock_outlives_changes(fresh()).await;
    only_the_current_state_is_changed(fresh()).await;
    cancelled_work_does_nothing(fresh()).await;
    many_writers_lose_nothing(fresh()).await;
}

fn cx() -> Context {
    Context::new(Environment::from_variables([
        ("USER", "tester"),
        ("HOSTNAME", "bench"),
    ]))
}

fn at(workspace: &str) -> StateRef {
    StateRef::current(workspace.parse().expect("a workspace name"))
}

fn default() -> StateRef {
    StateRef::default()
}

fn info() -> LockInfo {
    LockInfo::new(&cx(), "contract")
}

fn with_lock(id: &LockId) -> WriteOptions {
    WriteOptions {
        lock: Some(id.clone()),
        ..WriteOptions::default()
    }
}

fn only_if(condition: IfMatch) -> WriteOptions {
    WriteOptions {
        if_match: Some(condition),
        ..WriteOptions::default()
    }
}

async fn put(backend: &Arc<dyn Backend>, at: &StateRef, text: &'static str) {
    let bytes = Bytes::from_static(text.as_bytes());
    let cx = cx();
    let written = backend.write(&cx, at, bytes, WriteOptions::default());
    written.await.expect("the state is written");
}

async fn text(backend: &Arc<dyn Backend>, at: &StateRef) -> Option<String> {
    let state = backend.read(&cx(), at).await.expect("the state is read");
    state.map(|s| String::from_utf8(s.bytes.to_vec()).expect("text"))
}

async fn starts_empty(open: Open) {
    let backend = open();
    assert_eq!(text(&backend, &default()).await, None);
    if backend.capability().workspaces {
        assert_eq!(text(&backend, &at("prod")).await, None);
    }
    let workspaces = backend.workspaces(&cx()).await.unwrap();
    assert_eq!(workspaces, [WorkspaceName::default_name()]);
    match backend.versions(&cx(), &default()).await {
        Ok(versions) => assert!(versions.is_empty() && backend.capability().versions),
        Err(e) => {
            assert_eq!(e.kind(), ErrorKind::Unsupported);
            assert!(!backend.capability().versions);
        }
    }
    assert!(!backend.info().kind.is_empty());
}

async fn bytes_are_kept(open: Open) {
    let (backend, other) = (open(), open());
    // Neither text nor JSON, and longer than any buffer; then shorter than before.
    let long: Vec<u8> = (0..3_000_000u32).map(|i| (i % 251) as u8).collect();
    for bytes in [
        Bytes::from(long),
        Bytes::from_static(b"\xff\x00\r\n"),
        Bytes::from_static(b"{}\n"),
    ] {
        let written = backend
            .write(&cx(), &default(), bytes.clone(), WriteOptions::default())
            .await
            .unwrap();
        let read = other.read(&cx(), &default()).await.unwrap().unwrap();
        assert_eq!(read.bytes, bytes);
        assert_eq!(read.etag, written.etag);
    }
}

async fn text_is_kept(open: Open) {
    let (backend, other) = (open(), open());
    let mut kept = None;
    let long: String = (0..600_000u32)
        .map(|i| ["a", "ü", "\n", "€", "\u{1f980}"][i as usize % 5])
        .collect();
    for (bytes, is_text) in [
        (Bytes::from(long), true),
        (Bytes::from_static(b"\xff\r\n"), false),
        (Bytes::from_static("\u{feff}\r\n\t\u{1} ".as_bytes()), true),
        (Bytes::from_static(b"{}\0"), false),
        (Bytes::from_static(b"{}\n"), true),
    ] {
        let (cx, at) = (cx(), default());
        let write = backend.write(&cx, &at, bytes.clone(), WriteOptions::default());
        match write.await {
            Ok(written) => {
                assert!(is_text, "what is no text is refused");
                kept = Some((bytes, written.etag));
            }
            Err(error) => {
                assert!(!is_text, "{error:?}");
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
            }
        }
        let read = other.read(&cx, &at).await.unwrap();
        assert_eq!(read.map(|read| (read.bytes, read.etag)), kept);
    }
}

async fn workspaces_are_apart(open: Open) {
    let backend = open();
    if !backend.capability().workspaces {
        return;
    }
    put(&backend, &at("b"), "in b").await;
    put(&backend, &at("a"), "in a").await;
    put(&backend, &default(), "in default").await;
    for (name, expected) in [("default", "in default"), ("a", "in a"), ("b", "in b")] {
        assert_eq!(text(&backend, &at(name)).await.as_deref(), Some(expected));
    }
    let names = open().workspaces(&cx()).await.unwrap();
    let names: Vec<&str> = names.iter().map(WorkspaceName::as_str).collect();
    assert_eq!(names, ["default", "a", "b"]);
    if backend.capability().lock {
        // A lock is of one workspace.
        let id = backend.lock(&cx(), &at("a"), info()).await.unwrap();
        put(&open(), &at("b"), "still open").await;
        backend.unlock(&cx(), &at("a"), &id).await.unwrap();
    } else {
        put(&open(), &at("b"), "still open").await;
    }
    backend
        .delete(&cx(), &at("a"), WriteOptions::default())
        .await
        .unwrap();
    assert_eq!(text(&backend, &at("a")).await, None);
    assert_eq!(
        text(&backend, &at("b")).await.as_deref(),
        Some("still open")
    );
}

async fn one_lock_for_two_clients(open: Open) {
    let (first, second) = (open(), open());
    if !first.capability().lock {
        return;
    }
    let holder = info();
    let id = first.lock(&cx(), &default(), holder.clone()).await.unwrap();
    for backend in [&first, &second] {
        let error = backend.lock(&cx(), &default(), info()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked);
        let seen = LockedBy::of(&error).expect("the holder is named");
        assert_eq!(
            (&seen.id, &seen.who, &seen.operation),
            (&id.0, &holder.who, &holder.operation)
        );
    }
    let foreign = LockId("another".to_owned());
    let error = first.unlock(&cx(), &default(), &foreign).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(
        second.lock(&cx(), &default(), info()).await.is_err(),
        "a wrong id opens nothing"
    );
    first.unlock(&cx(), &default(), &id).await.unwrap();
    let next = second.lock(&cx(), &default(), info()).await.unwrap();
    assert_ne!(next, id);
    second.unlock(&cx(), &default(), &next).await.unwrap();
    assert!(
        second.unlock(&cx(), &default(), &next).await.is_err(),
        "it is given back once"
    );
    assert_eq!(
        text(&first, &default()).await,
        None,
        "locking makes no state"
    );
}

async fn a_lock_keeps_writers_out(open: Open) {
    let (holder, other) = (open(), open());
    if !holder.capability().lock {
        return;
    }
    put(&holder, &default(), "before").await;
    let id = holder.lock(&cx(), &default(), info()).await.unwrap();
    for backend in [&holder, &other] {
        let new = Bytes::from_static(b"intruder");
        let error = backend
            .write(&cx(), &default(), new, WriteOptions::default())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked);
        assert!(LockedBy::of(&error).is_some());
        let error = backend
            .delete(&cx(), &default(), WriteOptions::default())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked);
    }
    assert_eq!(
        text(&other, &default()).await.as_deref(),
        Some("before"),
        "reading takes no lock"
    );
    let new = Bytes::from_static(b"after");
    holder
        .write(&cx(), &default(), new, with_lock(&id))
        .await
        .unwrap();
    assert_eq!(text(&other, &default()).await.as_deref(), Some("after"));
    holder.unlock(&cx(), &default(), &id).await.unwrap();
    put(&other, &default(), "free again").await;
}

async fn a_lock_that_is_gone_admits_nothing(open: Open) {
    let backend = open();
    if !backend.capability().lock {
        return;
    }
    let id = backend.lock(&cx(), &default(), info()).await.unwrap();
    backend.unlock(&cx(), &default(), &id).await.unwrap();
    let new = Bytes::from_static(b"late");
    let error = backend
        .write(&cx(), &default(), new, with_lock(&id))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(text(&backend, &default()).await, None);
}

async fn conditions_are_checked(open: Open) {
    let backend = open();
    if !backend.capability().if_match {
        return;
    }
    let write = async |text: &'static str, condition: IfMatch| {
        let bytes = Bytes::from_static(text.as_bytes());
        backend
            .write(&cx(), &default(), bytes, only_if(condition))
            .await
    };
    let etag = |e: &Option<String>| IfMatch::Etag(e.clone().expect("an etag"));
    let nothing = IfMatch::Etag("never".to_owned());
    assert_eq!(
        write("x", nothing).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    let one = write("one", IfMatch::Absent).await.unwrap().etag;
    assert_eq!(
        write("x", IfMatch::Absent).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    let two = write("two", etag(&one)).await.unwrap().etag;
    assert_ne!(one, two);
    assert_eq!(
        write("x", etag(&one)).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    let error = backend
        .delete(&cx(), &default(), only_if(etag(&one)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(text(&backend, &default()).await.as_deref(), Some("two"));
    backend
        .delete(&cx(), &default(), only_if(etag(&two)))
        .await
        .unwrap();
    write("three", IfMatch::Absent).await.unwrap();
}

async fn asking_again_tells_what_changed(open: Open) {
    let (backend, other) = (open(), open());
    let again = async |etag: &str| {
        let asked = backend.read_if_changed(&cx(), &default(), etag).await;
        match asked.expect("the state is asked for") {
            IfChanged::Unchanged => Err(()),
            IfChanged::Changed(state) => {
                Ok(state.map(|s| (String::from_utf8(s.bytes.to_vec()).expect("text"), s.etag)))
            }
        }
    };
    assert_eq!(again("never").await, Ok(None), "there is none");
    put(&other, &default(), "one").await;
    let one = backend.read(&cx(), &default()).await.unwrap().unwrap();
    let etag = one.etag.expect("an etag");
    let found = again("never").await.expect("another one");
    assert_eq!(found, Some(("one".to_owned(), Some(etag.clone()))));
    assert_eq!(again(&etag).await, Err(()), "it is the same");
    put(&other, &default(), "two").await;
    let found = again(&etag).await.expect("it changed");
    let (text, two) = found.expect("a state");
    assert_eq!(text, "two");
    assert_eq!(again(&two.expect("an etag")).await, Err(()));
    let written = WriteOptions::default();
    other.delete(&cx(), &default(), written).await.unwrap();
    assert_eq!(again(&etag).await, Ok(None), "it is gone");
}

async fn the_former_state_can_be_had(open: Open) {
    let backend = open();
    if !backend.capability().versions {
        return;
    }
    put(&backend, &default(), "one").await;
    let new = Bytes::from_static(b"two");
    let written = backend
        .write(&cx(), &default(), new.clone(), WriteOptions::default())
        .await
        .unwrap();
    let backup = written.backup.expect("what was there is kept");
    let again = backend
        .write(&cx(), &default(), new, WriteOptions::default())
        .await
        .unwrap();
    assert_eq!(again.backup, None, "the same bytes change nothing");
    let versions = backend.versions(&cx(), &default()).await.unwrap();
    let ids: Vec<&str> = versions.iter().map(|v| v.id.as_str()).collect();
    assert_eq!(versions.iter().filter(|v| v.latest).count(), 1);
    assert!(
        versions[0].latest && ids.contains(&backup.as_str()),
        "{versions:?}"
    );
    assert_eq!(
        text(&backend, &default().at_version(&backup))
            .await
            .as_deref(),
        Some("one")
    );
    assert_eq!(
        text(&backend, &default().at_version(ids[0]))
            .await
            .as_deref(),
        Some("two")
    );
    let error = backend
        .read(&cx(), &default().at_version("no such"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

async fn deleting_leaves_nothing(open: Open) {
    let backend = open();
    backend
        .delete(&cx(), &default(), WriteOptions::default())
        .await
        .unwrap();
    put(&backend, &default(), "one").await;
    backend
        .delete(&cx(), &default(), WriteOptions::default())
        .await
        .unwrap();
    assert_eq!(text(&open(), &default()).await, None);
    if backend.deletion_is_final() {
        if backend.capability().versions {
            let versions = backend.versions(&cx(), &default()).await.unwrap();
            assert!(versions.is_empty(), "{versions:?}");
        }
    } else if backend.capability().versions {
        let versions = backend.versions(&cx(), &default()).await.unwrap();
        assert!(versions.iter().all(|v| !v.latest));
        let kept = default().at_version(&versions[0].id);
        assert_eq!(text(&backend, &kept).await.as_deref(), Some("one"));
    }
    put(&backend, &default(), "two").await;
    assert_eq!(text(&open(), &default()).await.as_deref(), Some("two"));
}

async fn the_lock_outlives_changes(open: Open) {
    let (holder, other) = (open(), open());
    if !holder.capability().lock {
        return;
    }
    let id = holder.lock(&cx(), &default(), info()).await.unwrap();
    let refused = async || {
        let error = other.lock(&cx(), &default(), info()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked);
    };
    for round in ["one", "two"] {
        let new = Bytes::from_static(round.as_bytes());
        holder
            .write(&cx(), &default(), new, with_lock(&id))
            .await
            .unwrap();
        refused().await;
        if holder.deletion_is_final() {
            continue;
        }
        holder
            .delete(&cx(), &default(), with_lock(&id))
            .await
            .unwrap();
        refused().await;
        assert_eq!(text(&other, &default()).await, None);
        assert_eq!(text(&holder, &default()).await, None);
    }
    if holder.deletion_is_final() {
        holder
            .delete(&cx(), &default(), with_lock(&id))
            .await
            .unwrap();
        let again = holder.unlock(&cx(), &default(), &id).await;
        assert_eq!(again.unwrap_err().kind(), ErrorKind::Conflict);
    } else {
        holder.unlock(&cx(), &default(), &id).await.unwrap();
    }
    assert_eq!(text(&other, &default()).await, None);
    let id = other.lock(&cx(), &default(), info()).await.unwrap();
    other.unlock(&cx(), &default(), &id).await.unwrap();
}

async fn only_the_current_state_is_changed(open: Open) {
    let backend = open();
    let old = default().at_version("1");
    let new = Bytes::from_static(b"x");
    let write = backend
        .write(&cx(), &old, new, WriteOptions::default())
        .await;
    assert_eq!(write.unwrap_err().kind(), ErrorKind::InvalidInput);
    if backend.capability().lock {
        let lock = backend.lock(&cx(), &old, info()).await;
        assert_eq!(lock.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

async fn cancelled_work_does_nothing(open: Open) {
    let backend = open();
    let cancelled = cx();
    cancelled.cancellation().cancel();
    let new = Bytes::from_static(b"x");
    let write = backend
        .write(&cancelled, &default(), new, WriteOptions::default())
        .await;
    assert_eq!(write.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(text(&backend, &default()).await, None);
}

/// Each adds one line to what it read; whoever meets a lock or a change tries again. In the end all lines are there.
async fn many_writers_lose_nothing(open: Open) {
    if !open().capability().if_match {
        return;
    }
    let writers = (0..8).map(|n| {
        let backend = open();
        async move {
            loop {
                let read = backend
                    .read(&cx(), &default())
                    .await
                    .expect("the state is read");
                let mut bytes = read.as_ref().map_or_else(Vec::new, |s| s.bytes.to_vec());
                bytes.extend(format!("{n}\n").bytes());
                let condition = match read {
                    Some(state) => IfMatch::Etag(state.etag.expect("an etag")),
                    None => IfMatch::Absent,
                };
                match backend
                    .write(&cx(), &default(), bytes.into(), only_if(condition))
                    .await
                {
                    Ok(_) => return,
                    Err(e) => assert!(
                        matches!(e.kind(), ErrorKind::Locked | ErrorKind::Conflict),
                        "{e}"
                    ),
                }
                tokio::task::yield_now().await;
            }
        }
    });
    futures::future::join_all(writers).await;
    let all = text(&open(), &default()).await.expect("a state");
    let mut lines: Vec<&str> = all.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}
