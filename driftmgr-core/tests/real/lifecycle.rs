//! Nothing is left behind, however the end comes: no process, no socket.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use driftmgr_core::provider::Origin;
use driftmgr_core::provider::plugin::reattached;

use super::*;

/// Tells a copy of this test program which folder to work in.
const FOLDER: &str = "DRIFTMGR_TEST_FOLDER";

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_has_no_name_while_the_provider_runs_and_shutdown_ends_it() {
    for kind in [FIVE, SIX] {
        let world = World::new(kind, 1);
        let reader = world.reader().await;
        assert_eq!(world.sockets(), 0);
        assert!(world.read(&reader, "n0").await.is_ok());
        let processes = world.processes();
        assert!(is_running(processes[0]));
        world.pool.shutdown().await;
        // Ended already, not soon.
        assert!(!is_running(processes[0]));
        assert!(world.read(&reader, "n0").await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_everything_kills_the_provider() {
    let world = World::new(SIX, 1);
    let reader = world.reader().await;
    let processes = world.processes();
    drop((world.pool, reader));
    assert!(all_end(&processes));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_one_process_wherever_its_copies_lie() {
    let world = World::new(SIX, 1);
    let binary = Tools::get().provider(SIX.source);
    let copy = world.dir.path().join("copy");
    std::fs::copy(&binary, &copy).unwrap();
    let launch = |path: &std::path::Path, hash: Option<&str>| {
        let mut launch = world.launch();
        launch.how = LaunchHow::Binary(path.to_owned());
        launch.hash = hash.map(str::to_owned);
        launch
    };
    // The same package twice, another package, and two binaries of which nothing is known but their paths.
    for (path, hash, processes) in [
        (&binary, Some("h1:one"), 1),
        (&copy, Some("h1:one"), 1),
        (&copy, Some("h1:two"), 2),
        (&binary, None, 3),
        (&copy, None, 4),
    ] {
        let launch = launch(path, hash);
        let reader = world
            .pool
            .reader(&world.cx(), &launch, &world.configuration())
            .await
            .unwrap();
        assert!(world.read(&reader, "n0").await.is_ok());
        assert_eq!(world.processes().len(), processes, "{path:?} {hash:?}");
    }
    world.pool.shutdown().await;
}

#[test]
fn the_end_of_the_runtime_kills_the_provider() {
    let world = World::new(FIVE, 1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let reader = runtime.block_on(world.reader());
    let processes = world.processes();
    assert!(is_running(processes[0]));
    drop(runtime);
    assert!(all_end(&processes));
    drop(reader);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_the_host_kills_the_provider() {
    let world = World::new(FIVE, 1);
    let pids = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = pids.clone();
    let task = tokio::spawn(async move {
        let _reader = world.reader().await;
        *seen.lock().unwrap() = world.processes();
        panic!("the host program has a defect");
    });
    assert!(task.await.is_err());
    assert!(all_end(&pids.lock().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_tmpdir_is_no_obstacle() {
    let world = World::new(SIX, 1);
    let long = world.dir.path().join("x".repeat(150));
    std::fs::create_dir(&long).unwrap();
    let world = world.env("TMPDIR", long.to_str().unwrap());
    let reader = world.reader().await;
    assert!(world.read(&reader, "n0").await.is_ok());
    world.pool.shutdown().await;
    assert_eq!(names(&long), [""; 0]);
}

/// Starts a provider, says so, and waits to be killed. Run by the tests below, in a process of its own.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of other tests"]
async fn a_host_that_waits() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut world = World::new(SIX, 20);
    for i in 0..20 {
        world.fault(&format!("n{i}"), "sleep:100");
    }
    world.environment = world
        .environment
        .clone()
        .with_variable("TMPDIR", folder.to_str().unwrap());
    let reader = world.reader().await;
    println!(
        "\nprovider {} in {}",
        world.processes()[0],
        world.dir.path().display()
    );
    world.read_all(&reader, 20).await;
}

/// A host process, and its provider.
fn host(folder: &Path) -> (std::process::Child, u32, PathBuf) {
    let mut host = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "real::lifecycle::a_host_that_waits",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(host.stdout.take().unwrap()).lines();
    let line = lines
        .map(Result::unwrap)
        .find(|line| line.starts_with("provider "))
        .expect("the host starts a provider");
    let words: Vec<&str> = line.split(' ').collect();
    (host, words[1].parse().unwrap(), words[3].into())
}

#[test]
#[cfg(target_os = "linux")]
fn sigkill_of_the_host_leaves_no_orphan_and_no_socket() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let (mut host, provider, world) = host(folder.path());
    assert!(is_running(provider));
    host.kill().unwrap();
    host.wait().unwrap();
    assert!(all_end(&[provider]));
    assert_eq!(names(folder.path()), [""; 0]);
    std::fs::remove_dir_all(world).unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_to_end_leaves_no_orphan_either() {
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::INT] {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let (mut host, provider, world) = host(folder.path());
        let pid = rustix::process::Pid::from_child(&host);
        rustix::process::kill_process(pid, signal).unwrap();
        host.wait().unwrap();
        assert!(all_end(&[provider]));
        assert_eq!(names(folder.path()), [""; 0]);
        std::fs::remove_dir_all(world).unwrap();
    }
}

/// The death signal follows the thread that forked; a runtime whose threads come and go must not lose its providers.
#[test]
fn a_provider_outlives_the_thread_that_asked_for_it() {
    let world = World::new(SIX, 1);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let handle = runtime.handle().clone();
    let asking = std::thread::scope(|scope| {
        let world = &world;
        scope
            .spawn(move || handle.block_on(world.reader()))
            .join()
            .unwrap()
    });
    std::thread::sleep(Duration::from_millis(200));
    assert!(is_running(world.processes()[0]));
    let read = runtime.block_on(world.read(&asking, "n0"));
    assert!(read.is_ok());
    runtime.block_on(world.pool.shutdown());
}

/// A provider that somebody else runs is asked like any other, and goes on when we are done.
#[tokio::test(flavor = "multi_thread")]
async fn an_attached_provider_is_never_stopped() {
    for kind in [FIVE, SIX] {
        let world = World::new(kind, 1);
        let mut running = Command::new(provider(kind.source))
            .arg("-debug")
            .env("TMPDIR", world.dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Open to the end: the provider goes on printing.
        let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
        let printed = lines
            .by_ref()
            .map(Result::unwrap)
            .find_map(|line| Some(line.split_once("TF_REATTACH_PROVIDERS='")?.1.to_owned()))
            .expect("it prints how to attach");
        let environment = Environment::from_variables([(
            "TF_REATTACH_PROVIDERS",
            printed.trim_end_matches('\''),
        )]);
        let mut all = reattached(&environment).unwrap();
        let reattach = all.remove(&kind.source.parse().unwrap()).unwrap();
        let launch = PluginLaunch {
            how: LaunchHow::Reattach(reattach),
            ..world.launch()
        };
        for _ in 0..2 {
            let pool = ProviderPool::new(PoolOptions::default());
            let reader = pool
                .reader(&world.cx(), &launch, &world.configuration())
                .await;
            let reader = reader.unwrap();
            assert_eq!(reader.info().origin, Origin::Reattached);
            assert!(world.read(&reader, "n0").await.unwrap().current.is_some());
            pool.shutdown().await;
            assert!(is_running(running.id()));
        }
        running.kill().unwrap();
        running.wait().unwrap();
    }
}
