//! Providers that fail in every way the test providers know. A clear error, no hang, and nothing called clean or deleted that
//! was not looked at.

use std::collections::BTreeSet;

use driftmgr_core::ErrorKind;
use driftmgr_core::provider::plugin::Concurrency;

use super::*;

/// Which of the reads failed.
fn failed(reads: &[Result<Refreshed>]) -> Vec<usize> {
    let failed = reads.iter().enumerate().filter(|(_, read)| read.is_err());
    failed.map(|(i, _)| i).collect()
}

fn assert_present(reads: &[Result<Refreshed>]) {
    for read in reads.iter().flatten() {
        assert_eq!(read.current.as_ref(), Some(&read.prior));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_parallel_reads_only_the_one_that_panics_fails() {
    for kind in [FIVE, SIX] {
        let world = World::new(kind, 20);
        world.fault("n7", "panic");
        let reader = world.reader().await;
        let reads = world.read_all(&reader, 20).await;
        assert_eq!(failed(&reads), [7], "{reads:?}");
        assert_present(&reads);
        let error = reads[7].as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ToolFailed);
        let message = error.message();
        assert!(
            message.contains("panic: fault on demand: panic in read"),
            "{message}"
        );
        world.pool.shutdown().await;
        assert!(all_end(&world.processes()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_culprits_are_told_apart_from_the_rest() {
    let world = World::new(SIX, 20);
    world.fault("n3", "kill");
    world.fault("n12", "exit:7");
    let reader = world.reader().await;
    let reads = world.read_all(&reader, 20).await;
    assert_eq!(failed(&reads), [3, 12], "{reads:?}");
    assert_present(&reads);
    let message = |i: usize| reads[i].as_ref().unwrap_err().message().to_owned();
    assert!(message(3).contains("signal: 9"), "{}", message(3));
    assert!(message(12).contains("exit status: 7"), "{}", message(12));
    world.pool.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_that_does_not_come_again_is_nobodys_fault() {
    for fault in ["panic-once", "kill-once"] {
        let world = World::new(FIVE, 20);
        let marker = world.dir.path().join("marker");
        world.fault("n5", &format!("{fault}:{}", marker.display()));
        let reader = world.reader().await;
        let reads = world.read_all(&reader, 20).await;
        assert_eq!(failed(&reads), [0; 0], "{fault}: {reads:?}");
        assert_present(&reads);
        // Configured once, and once more after the crash.
        assert_eq!(world.processes().len(), 2, "{fault}");
        world.pool.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_from_outside_in_the_middle_of_reads() {
    let world = World::new(SIX, 10);
    for i in 0..10 {
        world.fault(&format!("n{i}"), "sleep:0.3");
    }
    let reader = world.reader().await;
    let pid = world.processes()[0];
    let kill = async {
        while world.begun("read").is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    };
    let (reads, ()) = tokio::join!(world.read_all(&reader, 10), kill);
    assert_eq!(failed(&reads), [0; 0], "{reads:?}");
    assert_present(&reads);
    world.pool.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_always_crashes_is_given_up() {
    let world = World::new(SIX, 40);
    let reader = world.try_reader(&world.with_fault("panic")).await.unwrap();
    let reads = world.read_all(&reader, 40).await;
    assert_eq!(failed(&reads).len(), 40);
    let started = world.processes().len();
    assert!(started <= 10, "started {started} times");
    let last = world.read(&reader, "n0").await.unwrap_err();
    assert!(last.message().contains("not started again"), "{last}");
    world.pool.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_read_that_hangs_ends_with_its_deadline_and_harms_no_other() {
    for kind in [FIVE, SIX] {
        let options = PoolOptions {
            answer_timeout: Duration::from_secs(2),
            ..PoolOptions::default()
        };
        let world = World::with_options(kind, 20, options);
        world.fault("n4", "sleep:100");
        world.fault("n9", "retry:100");
        let reader = world.reader().await;
        let start = Instant::now();
        let reads = world.read_all(&reader, 20).await;
        assert_eq!(failed(&reads), [4, 9], "{reads:?}");
        assert_present(&reads);
        for i in [4, 9] {
            assert_eq!(reads[i].as_ref().unwrap_err().kind(), ErrorKind::Timeout);
        }
        // The provider still works.
        assert!(world.read(&reader, "n0").await.is_ok());
        assert_eq!(world.processes().len(), 1);
        world.pool.shutdown().await;
        assert!(start.elapsed() < Duration::from_secs(30));
        assert!(all_end(&world.processes()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_operation_ends_at_once() {
    let world = World::new(SIX, 1);
    world.fault("n0", "sleep:100");
    let reader = world.reader().await;
    let cx = world.cx().with_timeout(Duration::from_millis(300));
    let start = Instant::now();
    let error = reader.refresh(&cx, stored(SIX, "n0")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    world.pool.shutdown().await;
    assert!(start.elapsed() < Duration::from_secs(10));
    assert!(all_end(&world.processes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn printing_ten_megabytes_does_not_hang() {
    for kind in [FIVE, SIX] {
        let world = World::new(kind, 3);
        world.fault("n1", "print:10485760");
        let reader = world.reader().await;
        let reads = tokio::time::timeout(Duration::from_secs(60), world.read_all(&reader, 3));
        let reads = reads.await.expect("no hang");
        assert_eq!(failed(&reads), [0; 0], "{reads:?}");
        world.pool.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_the_cloud_keep_their_kind() {
    for kind in [FIVE, SIX] {
        let world = World::new(kind, 2);
        world.fault("n0", "denied");
        world.fault("n1", "throttled");
        let reader = world.reader().await;
        let reads = world.read_all(&reader, 2).await;
        let kinds: Vec<_> = reads
            .iter()
            .map(|r| r.as_ref().unwrap_err().kind())
            .collect();
        assert_eq!(kinds, [ErrorKind::PermissionDenied, ErrorKind::RateLimited]);
        let error = reads[0].as_ref().unwrap_err();
        assert_eq!(error.context_value("resource type"), Some(kind.type_name));
        assert!(
            error
                .context_value("provider")
                .unwrap()
                .ends_with(kind.source)
        );
        world.pool.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_starts_are_named_and_leave_nothing_behind() {
    for (fault, error_kind, words) in [
        ("crash", ErrorKind::ToolFailed, "crash at start"),
        ("garbage", ErrorKind::ToolFailed, "not a plugin handshake"),
        (
            "binary-garbage",
            ErrorKind::ToolFailed,
            "not a plugin handshake",
        ),
        (
            "endless-line",
            ErrorKind::ToolFailed,
            "not a plugin handshake",
        ),
        ("silent", ErrorKind::Timeout, "did not shake hands"),
        (
            "wrong-protocol",
            ErrorKind::Unsupported,
            "provider protocol 4",
        ),
        (
            "wrong-core",
            ErrorKind::Unsupported,
            "version 2 of the plugin framework",
        ),
        ("net-rpc", ErrorKind::Unsupported, "net/rpc"),
        ("no-certificate", ErrorKind::ToolFailed, "does not encrypt"),
    ] {
        let options = PoolOptions {
            start_timeout: Duration::from_secs(3),
            ..PoolOptions::default()
        };
        let world = World::with_options(SIX, 1, options).env("DRIFTMGR_TEST_FAULT", fault);
        let result = world.try_reader(&world.configuration()).await;
        let error = result.err().unwrap();
        assert_eq!(error.kind(), error_kind, "{fault}: {error}");
        assert!(error.message().contains(words), "{fault}: {error}");
        assert!(error.context_value("file").is_some(), "{fault}");
        assert_eq!(world.sockets(), 0, "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_configurations_are_named() {
    for kind in [FIVE, SIX] {
        let world = World::new(kind, 1);
        for (fault, error_kind, words) in [
            (
                "configure/panic",
                ErrorKind::ToolFailed,
                "panic in configure",
            ),
            (
                "configure/denied",
                ErrorKind::PermissionDenied,
                "AccessDenied",
            ),
            ("configure/kill", ErrorKind::ToolFailed, "signal: 9"),
        ] {
            let result = world.try_reader(&world.with_fault(fault)).await;
            let error = result.err().unwrap();
            assert_eq!(error.kind(), error_kind, "{fault}: {error}");
            assert!(error.message().contains(words), "{fault}: {error}");
        }
        let misspelt: Value = [("clowd", "x")].into_iter().collect();
        for (configuration, place) in [(misspelt, "clowd"), (Value::Null, "cloud")] {
            let error = world.try_reader(&configuration).await.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
            let shown = error.to_string();
            assert!(shown.contains(place), "{shown}");
        }
        assert_eq!(world.sockets(), 0);
        world.pool.shutdown().await;
        assert!(all_end(&world.processes()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_a_hundred_megabytes() {
    for kind in [FIVE, SIX] {
        let world = World::new(kind, 1).env("DRIFTMGR_TEST_FAULT", "big-schema");
        let reader = world.reader().await;
        assert!(world.read(&reader, "n0").await.is_ok());
        world.pool.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_reads_at_a_time_than_allowed() {
    let options = PoolOptions {
        concurrency: Concurrency::Fixed(3),
        ..PoolOptions::default()
    };
    let world = World::with_options(FIVE, 12, options);
    for i in 0..12 {
        world.fault(&format!("n{i}"), "sleep:0.1");
    }
    let reader = world.reader().await;
    world.read_all(&reader, 12).await;
    let log = std::fs::read_to_string(world.log()).unwrap();
    let mut now: i32 = 0;
    let most = log.lines().filter(|l| l.contains(" read ")).map(|line| {
        now += if line.ends_with("begin") { 1 } else { -1 };
        now
    });
    assert_eq!(most.max(), Some(3));
    world.pool.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_for_each_configuration() {
    let world = World::new(SIX, 1);
    let plain = world.configuration();
    let other = world.with_fault("plan/denied");
    let readers = (0..20).map(|i| world.try_reader(if i % 2 == 0 { &plain } else { &other }));
    let readers = futures::future::join_all(readers).await;
    for (i, reader) in readers.iter().enumerate() {
        let same = readers[i % 2].as_ref().unwrap();
        assert!(Arc::ptr_eq(reader.as_ref().unwrap(), same));
    }
    let processes: BTreeSet<u32> = world.processes().into_iter().collect();
    assert_eq!(processes.len(), 2);
    assert_eq!(world.processes().len(), 2);
    world.pool.shutdown().await;
    assert!(all_end(&world.processes()));
}

/// Marked values of the configuration and of the state must not come back in any error, however the provider fails.
#[tokio::test(flavor = "multi_thread")]
async fn planted_secrets_do_not_show() {
    let kind = Kind {
        type_name: "cloudfive_server",
        ..FIVE
    };
    let (token, password) = ("planted-token-7413", "planted-password-2958");
    for fault in [token, password, "denied", "panic", "kill"] {
        let world = World::new(kind, 0);
        world.write(json!({"objects": {"cloudfive_server": {"a": {
            "name": "a", "image": "i", "password": password
        }}}}));
        let Value::Map(mut settings) = world.with_fault(fault) else {
            unreachable!()
        };
        settings.insert("token".to_owned(), token.into());
        let reader = world.try_reader(&Value::Map(settings)).await.unwrap();
        let request = ReadRequest {
            schema_version: 1,
            attributes: RawAttributes::Json(raw(
                json!({"id": "a", "name": "a", "image": "i", "password": password}),
            )),
            ..stored(kind, "a")
        };
        let shown = format!("{request:?}");
        assert!(!shown.contains("planted"), "{shown}");
        let error = reader.refresh(&world.cx(), request).await.unwrap_err();
        let mut shown = format!("{error} {error:?}");
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            shown += &format!("{cause} {cause:?}");
            source = cause.source();
        }
        assert!(!shown.contains("planted"), "{fault}: {shown}");
        world.pool.shutdown().await;
    }
}
