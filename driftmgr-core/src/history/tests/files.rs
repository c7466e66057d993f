//! The file: who may read it, what is refused, who waits for whom.

use super::model::all;
use super::support::*;
use crate::error::ErrorKind;
use crate::history::{HistoryStore as _, Outcome, Question, Seen, SqliteHistory, Wanted};

#[tokio::test]
async fn what_was_recorded_is_there_for_the_next_program() {
    let cx = context();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/history.sqlite");
    let absent = SqliteHistory::open_existing(&cx, &path).await.unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NotFound);
    assert!(absent.hints()[0].contains("--record"));
    let first = SqliteHistory::open(&cx, &path).await.unwrap();
    first
        .record(&cx, run(minute(1), vec![sign('~')]))
        .await
        .unwrap();
    let kept = all(&first).await;
    drop(first);
    let second = SqliteHistory::open_existing(&cx, &path).await.unwrap();
    assert_eq!(all(&second).await, kept);
}

#[cfg(unix)]
#[tokio::test]
async fn it_is_for_the_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let cx = context();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("own/history.sqlite");
    let store = SqliteHistory::open(&cx, &path).await.unwrap();
    store
        .record(&cx, run(minute(1), vec![sign('=')]))
        .await
        .unwrap();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let mut files = 0;
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
        files += 1;
    }
    assert!(files >= 2, "the write-ahead log is beside it");
}

#[tokio::test]
async fn what_is_no_history_is_refused_and_left_as_it_is() {
    let cx = context();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::write(
        path("text"),
        "not a database, but long enough to be one".repeat(20),
    )
    .unwrap();
    rusqlite::Connection::open(path("foreign"))
        .unwrap()
        .execute_batch("CREATE TABLE people (name TEXT)")
        .unwrap();
    let newer = SqliteHistory::open(&cx, path("newer")).await.unwrap();
    drop(newer);
    rusqlite::Connection::open(path("newer"))
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    for (name, kind) in [
        ("text", ErrorKind::InvalidInput),
        ("foreign", ErrorKind::InvalidInput),
        ("newer", ErrorKind::Unsupported),
    ] {
        let before = std::fs::read(path(name)).unwrap();
        let error = SqliteHistory::open(&cx, path(name)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(
            error.to_string().contains(name) && !error.hints().is_empty(),
            "{error}"
        );
        if name == "text" {
            assert_eq!(std::fs::read(path(name)).unwrap(), before);
        }
    }
    let people: i64 = rusqlite::Connection::open(path("foreign"))
        .unwrap()
        .query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))
        .unwrap();
    assert_eq!(people, 1);
}

#[tokio::test]
async fn damage_is_named() {
    let cx = context();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.sqlite");
    let store = SqliteHistory::open(&cx, &path).await.unwrap();
    let objects = (0..500).map(|i| object("l", &format!("demo.a{i}"), Outcome::Same, &[]));
    let run = run(minute(1), vec![look("l", objects.collect())]);
    store.record(&cx, run).await.unwrap();
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    // All pages but the first, which names the tables.
    for byte in bytes.iter_mut().skip(4096) {
        *byte = 0xa5;
    }
    std::fs::write(&path, bytes).unwrap();
    let error = async {
        SqliteHistory::open(&cx, &path)
            .await?
            .load(&cx, Vec::new())
            .await
    };
    let error = error.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(error.to_string().contains("damaged"), "{error}");
}

#[tokio::test]
async fn a_code_of_another_version_is_damage_and_no_guess() {
    let cx = context();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.sqlite");
    let store = SqliteHistory::open(&cx, &path).await.unwrap();
    store
        .record(&cx, run(minute(1), vec![sign('~')]))
        .await
        .unwrap();
    for wrong in [
        "UPDATE object_change SET outcome = 99",
        "UPDATE object_change SET outcome = 1; UPDATE finding_change SET state = 7",
        "UPDATE finding_change SET state = 1; UPDATE object SET address = 'no address'",
    ] {
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch(wrong).unwrap();
        let error = store.load(&cx, Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{wrong}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_wait_for_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.sqlite");
    let writers = (0..8).map(|writer| {
        let path = path.clone();
        tokio::spawn(async move {
            let cx = context();
            // Each has its own connection, as a program of its own would.
            let store = SqliteHistory::open(&cx, &path).await.unwrap();
            for n in 0..10 {
                let at = minute(n * 8 + writer + 1);
                let each = if writer % 2 == 0 { '=' } else { '~' };
                store.record(&cx, run(at, vec![sign(each)])).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let store = SqliteHistory::open_existing(&context(), &path)
        .await
        .unwrap();
    let history = asked(&store, &Question::new(time(99))).await;
    assert_eq!(history.runs.len(), 80);
    let finding = size(&history);
    assert_eq!((finding.times_seen, finding.transitions.went), (40, 39));
}

fn wanted(name: &&str) -> Wanted {
    Wanted {
        name: (*name).to_owned(),
        location: (*name).to_owned(),
    }
}

#[tokio::test]
async fn targets_are_found_by_lineage_and_place() {
    let cx = context();
    let store = history("=").await;
    let other = run(minute(5), vec![look("m", Vec::new())]);
    store.record(&cx, other).await.unwrap();
    for (names, want) in [
        (&[][..], 2),
        (&["l"], 1),
        (&["/infra/m"], 1),
        (&["l", "/infra/l"], 1),
        (&["/infra/m", "l"], 2),
    ] {
        let names = names.iter().map(wanted).collect();
        assert_eq!(store.load(&cx, names).await.unwrap().len(), want);
    }
    let error = store.load(&cx, vec![wanted(&"nowhere")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.hints()[0].contains("/infra/l, /infra/m"), "{error:?}");
}

#[tokio::test]
async fn two_runs_that_end_at_once_are_both_kept() {
    let cx = context();
    let store = history("=").await;
    let mut second = run(minute(1), vec![sign('~')]);
    second.started = minute(0);
    assert!(store.record(&cx, second).await.unwrap().new);
    let past = all(&store).await;
    assert_eq!(past[0].looks.len(), 2);
    assert_eq!(
        size(&asked(&store, &Question::new(time(2))).await).times_seen,
        1
    );
}

#[tokio::test]
async fn a_cancelled_call_says_so() {
    let cx = context();
    let store = history("=").await;
    cx.cancellation().cancel();
    let error = store.load(&cx, Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

/// How large a history gets; the figures in `docs/history.md` come from running it.
#[tokio::test]
#[ignore = "takes minutes"]
async fn how_large_ten_thousand_objects_in_a_thousand_runs_get() {
    let cx = context();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.sqlite");
    let all: Vec<Seen> = (0..10_000)
        .map(|i| {
            let address = format!("module.m[\"{}\"].aws_instance.web[{i}]", i / 100);
            object("l", &address, Outcome::Same, &[])
        })
        .collect();
    let mut size = 0;
    for (from, to) in [(1, 1), (2, 10), (11, 100), (101, 1000)] {
        let store = SqliteHistory::open(&cx, &path).await.unwrap();
        for n in from..=to {
            // One object of a hundred drifts in each run, and is mended before the next.
            let mut objects = all.clone();
            for seen in objects.iter_mut().skip(n % 100).step_by(100) {
                let address = seen.address.to_string();
                *seen = object("l", &address, Outcome::Modified, &["size"]);
            }
            let run = run(minute(i64::try_from(n).unwrap()), vec![look("l", objects)]);
            store.record(&cx, run).await.unwrap();
        }
        // The log goes into the file when the last connection ends.
        drop(store);
        size = std::fs::metadata(&path).unwrap().len();
        println!("{to} runs: {} kB", size / 1000);
    }
    let store = SqliteHistory::open(&cx, &path).await.unwrap();
    let history = asked(&store, &Question::new(time(1001))).await;
    assert_eq!(history.rates[0].looks, 10_000_000);
    assert!(size < 32_000_000, "{size}");
}

#[tokio::test]
async fn runs_in_which_nothing_changes_take_next_to_no_room() {
    let cx = context();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.sqlite");
    let objects: Vec<_> = (0..1000)
        .map(|i| object("l", &format!("demo.a{i}"), Outcome::Same, &[]))
        .collect();
    let mut sizes = Vec::new();
    for runs in [1, 51] {
        let store = SqliteHistory::open(&cx, &path).await.unwrap();
        for n in 1..=runs {
            let run = run(minute(n), vec![look("l", objects.clone())]);
            store.record(&cx, run).await.unwrap();
        }
        // The log goes into the file when the last connection ends.
        drop(store);
        sizes.push(std::fs::metadata(&path).unwrap().len());
    }
    let each = (sizes[1] - sizes[0]) / 50;
    assert!(
        each < 1000,
        "{each} bytes for a run over 1000 objects: {sizes:?}"
    );
}
