use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;

use super::*;
use crate::backend::memory::{MemoryBackend, MemoryStore};
use crate::backend::{
    LockId, LockInfo, LockedBy, StateVersion, WorkspaceName, WriteOptions, Written,
};
use crate::env::{DRIFTMGR_BACKUPS, Environment};

const PROVIDER: &str = r#"provider["registry.terraform.io/hashicorp/null"]"#;

fn text(serial: u64, lineage: &str, names: &[&str]) -> String {
    let resources: Vec<String> = names
        .iter()
        .map(|name| {
            format!(
                r#"{{"mode": "managed", "type": "null_resource", "name": "{name}", "provider": {PROVIDER:?}, "instances": [{{"schema_version": 0, "attributes": {{"id": "{name}", "triggers": null}}}}]}}"#
            )
        })
        .collect();
    format!(
        r#"{{"version": 4, "terraform_version": "1.9.0", "serial": {serial}, "lineage": "{lineage}", "outputs": {{}}, "resources": [{}]}}"#,
        resources.join(", ")
    )
}

/// A folder with a state file and one for backups.
struct Place {
    folder: tempfile::TempDir,
    client: Client,
}

impl Place {
    fn new(state: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.tfstate"), state).unwrap();
        let backups = folder.path().join("backups").display().to_string();
        let cx = Context::new(
            Environment::default()
                .with_variable(DRIFTMGR_BACKUPS, backups)
                .with_variable("USER", "me"),
        );
        let client = Client::builder().context(cx).build().unwrap();
        Self { folder, client }
    }

    async fn state(&self) -> ManagedState {
        let file = self.folder.path().join("a.tfstate");
        self.client.manage(file).await.unwrap()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("a.tfstate")).unwrap()
    }
}

async fn names(state: &ManagedState) -> Vec<String> {
    let state = state.state(None).await.unwrap();
    state.list().iter().map(ToString::to_string).collect()
}

fn options() -> ChangeOptions {
    ChangeOptions::default()
}

#[tokio::test]
async fn an_edit_is_the_next_serial_and_its_past_can_be_had() {
    let before = text(7, "l", &["a", "b"]);
    let place = Place::new(&before);
    let state = place.state().await;
    let moved = state
        .mv("null_resource.a", "module.m.null_resource.c", &options())
        .await
        .unwrap();
    assert!(moved.written);
    assert_eq!((moved.serial_before, moved.serial), (Some(7), 8));
    assert_eq!(moved.changes.len(), 1);
    assert_eq!(
        names(&state).await,
        ["null_resource.b", "module.m.null_resource.c"]
    );
    let backup = moved.backup.unwrap();
    let then = state.state(Some(&backup)).await.unwrap();
    assert_eq!(then.state().to_bytes(), before.as_bytes());
    let versions = state.versions().await.unwrap();
    let kept: Vec<_> = versions.iter().map(|v| (v.kept_by, v.latest)).collect();
    assert_eq!(kept[0], (Keeper::Backend, true));
    assert!(kept.contains(&(Keeper::Backup, false)), "{kept:?}");
    let diff = state.diff(Some(&backup), None).await.unwrap();
    assert!(!serde_json::to_string(&diff.value).unwrap().is_empty());

    let back = state.rollback(&backup, &options()).await.unwrap();
    assert_eq!((back.serial_before, back.serial), (Some(8), 9));
    assert_eq!(names(&state).await, ["null_resource.a", "null_resource.b"]);
    // What is as it was already is not written again.
    let again = state.rollback(&backup, &options()).await.unwrap();
    assert!(!again.written && again.serial == 9 && again.backup.is_none());
}

#[cfg(unix)]
#[tokio::test]
async fn backups_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new(&text(1, "l", &["a"]));
    let id = place.state().await.snapshot().await.unwrap();
    assert!(id.starts_with(BACKUP));
    let mut looked_at = 0;
    let mut folders = vec![place.folder.path().join("backups")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 });
            looked_at += 1;
            folders.extend(path.is_dir().then_some(path));
        }
    }
    assert_eq!(looked_at, 2);
    // The same bytes are kept once.
    assert_eq!(place.state().await.snapshot().await.unwrap(), id);
}

#[tokio::test]
async fn a_dry_run_tells_and_writes_nothing() {
    let before = text(7, "l", &["a", "b"]);
    let place = Place::new(&before);
    let dry = ChangeOptions {
        dry_run: true,
        ..options()
    };
    let state = place.state().await;
    let told = state.rm(&["null_resource.a"], &dry).await.unwrap();
    assert!(!told.written && told.backup.is_none());
    assert_eq!((told.serial, told.changes.len()), (8, 1));
    assert_eq!(place.text(), before);
    assert!(!place.folder.path().join("backups").exists());
    let done = state.rm(&["null_resource.a"], &options()).await.unwrap();
    assert_eq!(done.changes, told.changes);
}

#[tokio::test]
async fn what_matches_nothing_changes_nothing() {
    let before = text(7, "l", &["a"]);
    let place = Place::new(&before);
    let state = place.state().await;
    let error = state
        .mv("null_resource.x", "null_resource.y", &options())
        .await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
    let from = "registry.terraform.io/hashicorp/aws";
    let done = state
        .replace_provider(from, "example.com/x/aws", &options())
        .await;
    assert!(!done.unwrap().written);
    assert_eq!(place.text(), before);
}

#[tokio::test]
async fn a_push_keeps_the_rules_of_the_programs() {
    let place = Place::new(&text(7, "l", &["a"]));
    let state = place.state().await;
    let force = ChangeOptions {
        force: true,
        ..options()
    };
    for (new, may) in [
        (text(7, "l", &["a"]), true),
        (text(7, "l", &["b"]), false),
        (text(6, "l", &["a"]), false),
        (text(9, "other", &["a"]), false),
        ("{}".to_owned(), false),
        ("no state".to_owned(), false),
        (text(9, "l", &["b"]), true),
    ] {
        let before = place.text();
        let pushed = state.push(new.as_bytes(), &options()).await;
        assert_eq!(pushed.is_ok(), may, "{new}");
        if !may {
            assert_eq!(place.text(), before);
        }
    }
    assert_eq!(place.text(), text(9, "l", &["b"]), "byte for byte");
    assert!(state.push(b"{}", &force).await.is_err());
    let other = text(1, "other", &["z"]);
    let forced = state.push(other.as_bytes(), &force).await.unwrap();
    assert!(forced.written);
}

#[tokio::test]
async fn a_state_of_another_lineage_is_restored_by_force_alone() {
    let place = Place::new(&text(7, "l", &["a"]));
    let state = place.state().await;
    let kept = text(3, "other", &["z"]);
    let error = state.restore(kept.as_bytes(), &options()).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Conflict);
    let force = ChangeOptions {
        force: true,
        ..options()
    };
    let done = state.restore(kept.as_bytes(), &force).await.unwrap();
    assert_eq!(done.serial, 8);
    let now = state.state(None).await.unwrap();
    assert_eq!(now.state().lineage, "l");
}

#[tokio::test]
async fn a_foreign_lock_is_waited_for_and_named() {
    let place = Place::new(&text(7, "l", &["a"]));
    let (one, other) = (place.state().await, place.state().await);
    let id = one.lock("test", Duration::ZERO).await.unwrap();
    let begun = Instant::now();
    let error = other
        .rm(&["null_resource.a"], &options())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert_eq!(error.context_value("operation"), Some("test"));
    assert!(begun.elapsed() < Duration::from_secs(1));
    let waiting = ChangeOptions {
        lock_timeout: Duration::from_secs(30),
        ..options()
    };
    let soon = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        one.unlock(&id).await.unwrap();
    };
    let (done, ()) = tokio::join!(other.rm(&["null_resource.a"], &waiting), soon);
    assert!(done.unwrap().written);
}

/// Does to its calls what is asked for; keeps to the contract otherwise.
#[derive(Debug)]
struct Faulty {
    inner: MemoryBackend,
    calls: AtomicUsize,
    fault: Mutex<Option<(usize, Fault)>>,
    locks: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing happens, and an error says so.
    Refuse,
    /// It happens, and an error says that it did not.
    LoseAnswer,
    /// Other bytes are stored than those that were given.
    Garble,
}

impl Faulty {
    fn now(&self) -> Option<Fault> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let fault = self.fault.lock().unwrap();
        fault.filter(|(at, _)| *at == call).map(|(_, fault)| fault)
    }

    async fn through<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let lost = || Err(Error::new(ErrorKind::Unavailable, "the fault"));
        match self.now() {
            Some(Fault::Refuse) => lost(),
            Some(Fault::LoseAnswer) => {
                work.await?;
                lost()
            }
            Some(Fault::Garble) | None => work.await,
        }
    }
}

#[async_trait]
impl Backend for Faulty {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }
    fn capability(&self) -> Capability {
        Capability {
            lock: self.locks,
            ..self.inner.capability()
        }
    }
    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        self.inner.workspaces(cx).await
    }
    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        self.through(self.inner.read(cx, at)).await
    }
    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        self.inner.versions(cx, at).await
    }
    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        let call = self.calls.load(Ordering::Relaxed);
        let garbles =
            matches!(*self.fault.lock().unwrap(), Some((at, Fault::Garble)) if at == call);
        let new = match garbles {
            true => Bytes::from_static(b"{\"version\": 4, \"serial\": 99, \"lineage\": \"x\"}"),
            false => new,
        };
        self.through(self.inner.write(cx, at, new, options)).await
    }
    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        self.through(self.inner.delete(cx, at, options)).await
    }
    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        self.through(self.inner.lock(cx, at, info)).await
    }
    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        self.through(self.inner.unlock(cx, at, id)).await
    }
}

/// A state in a store whose calls can fail.
struct Shaken {
    _backups: tempfile::TempDir,
    store: MemoryBackend,
    faulty: Arc<Faulty>,
    state: ManagedState,
}

async fn shaken(state: &str, fault: Option<(usize, Fault)>, locks: bool) -> Shaken {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::default()
        .with_variable(DRIFTMGR_BACKUPS, folder.path().display().to_string())
        .with_variable("USER", "me");
    let cx = Context::new(environment);
    let store = MemoryBackend::new(MemoryStore::default());
    let bytes = Bytes::copy_from_slice(state.as_bytes());
    let at = StateRef::default();
    store
        .write(&cx, &at, bytes, WriteOptions::default())
        .await
        .unwrap();
    let faulty = Arc::new(Faulty {
        inner: store.clone(),
        calls: AtomicUsize::new(0),
        fault: Mutex::new(fault),
        locks,
    });
    let state = ManagedState {
        cx,
        inner: Arc::new(Inner {
            label: "shaken".to_owned(),
            backend: faulty.clone(),
            at,
            encryption: None,
        }),
    };
    Shaken {
        _backups: folder,
        store,
        faulty,
        state,
    }
}

#[tokio::test]
async fn at_every_call_that_fails_the_old_or_the_new_state_is_whole() {
    let before = text(7, "l", &["a", "b"]);
    let mut outcomes = [0; 2];
    // Lock, read, write, read, unlock; and the way back.
    for call in 0..8 {
        for fault in [Fault::Refuse, Fault::LoseAnswer, Fault::Garble] {
            let shaken = shaken(&before, Some((call, fault)), true).await;
            let done = shaken.state.rm(&["null_resource.a"], &options()).await;
            let at = StateRef::default();
            let raw = shaken.store.read(&shaken.state.cx, &at).await;
            let now = State::from_bytes(raw.unwrap().unwrap().bytes).unwrap();
            let kept: Vec<String> = now.list().iter().map(ToString::to_string).collect();
            let is_new = match now.serial {
                7 => kept == ["null_resource.a", "null_resource.b"],
                8 => kept == ["null_resource.b"],
                _ => false,
            };
            assert!(is_new, "{call} {fault:?}: {kept:?} {}", now.serial);
            outcomes[usize::from(now.serial == 8)] += 1;
            if done.is_ok() {
                assert_eq!(now.serial, 8, "{call} {fault:?}");
            }
        }
    }
    assert!(outcomes.iter().all(|n| *n > 3), "{outcomes:?}");
}

#[tokio::test]
async fn what_was_stored_wrong_is_put_back() {
    let before = text(7, "l", &["a"]);
    // The lock and the read come first.
    let shaken = shaken(&before, Some((2, Fault::Garble)), true).await;
    let error = shaken
        .state
        .rm(&["null_resource.a"], &options())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(
        error.hints().iter().any(|hint| hint.contains("put back")),
        "{error:?}"
    );
    let pulled = shaken.state.pull().await.unwrap().unwrap();
    assert_eq!(pulled, before.as_bytes());
    // And the lock is free again.
    let id = shaken.state.lock("test", Duration::ZERO).await.unwrap();
    shaken.state.unlock(&id).await.unwrap();
}

#[tokio::test]
async fn without_a_lock_nothing_is_written_unless_that_is_allowed() {
    let before = text(7, "l", &["a"]);
    let shaken = shaken(&before, None, false).await;
    let error = shaken.state.rm(&["null_resource.a"], &options()).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(shaken.faulty.calls.load(Ordering::Relaxed), 0);
    let allowed = ChangeOptions {
        without_lock: true,
        ..options()
    };
    let done = shaken.state.rm(&["null_resource.a"], &allowed).await;
    assert!(done.unwrap().written);
}

#[tokio::test]
async fn somebody_elses_write_in_between_is_kept() {
    let before = text(7, "l", &["a"]);
    let shaken = shaken(&before, None, true).await;
    let theirs = Bytes::from(text(8, "l", &["theirs"]));
    let error = shaken
        .state
        .change("test", &options(), |there| {
            let edited = crate::state::edit::rm(there.unwrap(), &["null_resource.a".parse()?])?;
            let (store, cx) = (shaken.store.clone(), shaken.state.cx.clone());
            let at = StateRef::default();
            let theirs = theirs.clone();
            // A program that does not ask for the lock.
            futures::executor::block_on(async {
                let met = store.lock(&cx, &at, LockInfo::default()).await.unwrap_err();
                let held = WriteOptions {
                    lock: LockedBy::of(&met).map(LockInfo::lock_id),
                    ..WriteOptions::default()
                };
                store.write(&cx, &at, theirs, held).await
            })?;
            Ok(change::Next::of(edited))
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(shaken.state.pull().await.unwrap().unwrap(), theirs);
}

#[tokio::test]
async fn a_copy_has_the_lineage_and_serial_and_its_source_stays() {
    let (from, to) = (Place::new(&text(7, "l", &["a", "b"])), Place::new(""));
    std::fs::remove_file(to.folder.path().join("a.tfstate")).unwrap();
    std::fs::write(to.folder.path().join("main.tf"), "").unwrap();
    let there = to.client.manage(to.folder.path()).await.unwrap();
    let here = from.state().await;
    let dry = ChangeOptions {
        dry_run: true,
        ..options()
    };
    assert!(!here.copy_to(&there, &dry).await.unwrap().written);
    assert!(there.pull().await.unwrap().is_none());
    let copied = here.copy_to(&there, &options()).await.unwrap();
    assert_eq!((copied.serial_before, copied.serial), (None, 7));
    assert_eq!(there.pull().await.unwrap(), here.pull().await.unwrap());
    // A newer state is not replaced by an older one.
    there.rm(&["null_resource.a"], &options()).await.unwrap();
    let error = here.copy_to(&there, &options()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let error = here.copy_to(&here, &options()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_copy_locks_where_it_comes_from() {
    let (from, to) = (
        Place::new(&text(7, "l", &["a"])),
        Place::new(&text(1, "l", &[])),
    );
    let here = from.state().await;
    let id = here.lock("hold", Duration::ZERO).await.unwrap();
    let (again, there) = (from.state().await, to.state().await);
    let error = again.copy_to(&there, &options()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert_eq!(to.text(), text(1, "l", &[]));
    here.unlock(&id).await.unwrap();
}

#[tokio::test]
async fn what_is_deleted_is_kept_on_this_machine() {
    let before = text(7, "l", &["a"]);
    let place = Place::new(&before);
    let state = place.state().await;
    let error = state.delete(&options()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.context_value("resources"), Some("1"));
    let forced = ChangeOptions {
        force: true,
        ..options()
    };
    let backup = state.delete(&forced).await.unwrap().unwrap();
    assert!(state.pull().await.unwrap().is_none());
    assert_eq!(state.delete(&forced).await.unwrap(), None);
    let kept = state.state(Some(&backup)).await.unwrap();
    assert_eq!(kept.state().to_bytes(), before.as_bytes());
    state.restore(before.as_bytes(), &options()).await.unwrap();
    assert_eq!(place.text(), before);
}

#[tokio::test]
async fn a_prepared_object_is_taken_in() {
    let place = Place::new(&text(7, "l", &["a"]));
    let state = place.state().await;
    let object = r#"{"schema_version": 0, "attributes": {"id": "b", "triggers": null}}"#;
    let to = "null_resource.b";
    let import = |object: &'static str| {
        let state = state.clone();
        async move { state.import_object(to, PROVIDER, object, &options()).await }
    };
    assert_eq!(
        import("[]").await.unwrap_err().kind(),
        ErrorKind::InvalidState
    );
    let taken = import(object).await.unwrap();
    assert_eq!((taken.serial, taken.changes.len()), (8, 1));
    assert_eq!(names(&state).await, ["null_resource.a", "null_resource.b"]);
    assert_eq!(
        import(object).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
}
