//! Random changes with random faults at random calls. At every point the old or the new state is whole, or a backup holds the old one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use driftmgr_core::backend::local::{LocalBackend, LocalConfig};
use driftmgr_core::backend::memory::{MemoryBackend, MemoryStore};
use driftmgr_core::backend::{
    Backend, BackendInfo, Capability, LockId, LockInfo, RawState, StateRef, StateVersion,
    WorkspaceName, WriteOptions, Written,
};
use driftmgr_core::client::{Keeper, ManagedState};
use driftmgr_core::context::{CancelToken, Context};
use driftmgr_core::env::Environment;
use driftmgr_core::state::State;
use driftmgr_core::{Error, ErrorKind, Result};
use futures::{StreamExt as _, stream};
use tempfile::TempDir;

use super::*;

const RUNS: u64 = 1000;
const AT_ONCE: usize = 8;

/// Numbers that a run can be repeated with (splitmix64).
#[derive(Debug)]
struct Dice(AtomicU64);

impl Dice {
    fn below(&self, end: u64) -> u64 {
        let step = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.0.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing happens, and an error says so.
    Refuse(ErrorKind),
    /// It happens, and an error says that it did not.
    LoseAnswer,
    /// Of what is written only the beginning is stored, and the answer says that all is well.
    Cut,
    /// One byte of what is written is stored as another.
    Flip,
    /// A read answers with what was there before the last write.
    Stale,
    /// The caller gives up while the call is under way.
    Cancel,
    /// Somebody breaks the lock and writes.
    LoseLock,
}

const FAULTS: [Fault; 9] = [
    Fault::Refuse(ErrorKind::Unavailable),
    Fault::Refuse(ErrorKind::RateLimited),
    Fault::Refuse(ErrorKind::Unauthenticated),
    Fault::LoseAnswer,
    Fault::Cut,
    Fault::Flip,
    Fault::Stale,
    Fault::Cancel,
    Fault::LoseLock,
];

/// A store of which a share of the calls fails.
#[derive(Debug)]
struct Shaky {
    inner: Arc<dyn Backend>,
    dice: Dice,
    /// One call of so many.
    one_of: AtomicU64,
    cancel: Mutex<CancelToken>,
    /// The lock that is held.
    held: Mutex<Option<LockId>>,
    /// What stood there before the last write.
    earlier: Mutex<Option<RawState>>,
    /// What somebody else wrote.
    theirs: Mutex<Vec<Bytes>>,
    met: Mutex<Vec<Fault>>,
}

impl Shaky {
    fn fault(&self, of: &[Fault]) -> Option<Fault> {
        let one_of = self.one_of.load(Ordering::Relaxed);
        if one_of == 0 || self.dice.below(one_of) > 0 {
            return None;
        }
        let count = u64::try_from(of.len()).unwrap();
        let fault = of[usize::try_from(self.dice.below(count)).unwrap()];
        self.met.lock().unwrap().push(fault);
        Some(fault)
    }

    async fn through<T>(
        &self,
        fault: Option<Fault>,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let lost = |kind| Err(Error::new(kind, "the fault"));
        match fault {
            Some(Fault::Refuse(kind)) => lost(kind),
            Some(Fault::LoseAnswer) => {
                work.await?;
                lost(ErrorKind::Unavailable)
            }
            Some(Fault::Cancel) => {
                self.cancel.lock().unwrap().cancel();
                work.await?;
                lost(ErrorKind::Cancelled)
            }
            _ => work.await,
        }
    }

    /// Somebody breaks the lock, writes the next serial and is gone.
    async fn another_writer(&self, at: &StateRef) {
        let cx = Context::new(Environment::from_variables([("USER", "other")]));
        let held = self.held.lock().unwrap().take();
        if let Some(held) = held {
            self.inner.unlock(&cx, at, &held).await.unwrap();
        }
        if let Some(raw) = self.inner.read(&cx, at).await.unwrap()
            && let Ok(state) = State::from_bytes(raw.bytes)
        {
            let mut all = names(&state);
            all.push("theirs".to_owned());
            let new = Bytes::from(text(state.serial + 1, &all));
            self.theirs.lock().unwrap().push(new.clone());
            let written = self.inner.write(&cx, at, new, WriteOptions::default());
            written.await.unwrap();
        }
    }
}

#[async_trait]
impl Backend for Shaky {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        self.inner.workspaces(cx).await
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        let fault = self.fault(&[FAULTS[0], FAULTS[1], FAULTS[2], Fault::Stale, Fault::Cancel]);
        if fault == Some(Fault::Stale) && self.earlier.lock().unwrap().is_some() {
            return Ok(self.earlier.lock().unwrap().clone());
        }
        self.through(fault, self.inner.read(cx, at)).await
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
        let fault = self.fault(&FAULTS);
        let stored = match fault {
            Some(Fault::Cut) => new.slice(..new.len() / 2),
            Some(Fault::Flip) => {
                let mut bytes = new.to_vec();
                let place = usize::try_from(self.dice.below(bytes.len() as u64)).unwrap();
                bytes[place] ^= 1;
                bytes.into()
            }
            _ => new,
        };
        if fault == Some(Fault::LoseLock) {
            self.another_writer(at).await;
        }
        let before = self
            .inner
            .read(&Context::new(Environment::default()), at)
            .await?;
        let written = self
            .through(fault, self.inner.write(cx, at, stored, options))
            .await;
        *self.earlier.lock().unwrap() = before;
        written
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        self.through(self.fault(&FAULTS), self.inner.delete(cx, at, options))
            .await
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        let id = self
            .through(self.fault(&FAULTS[..3]), self.inner.lock(cx, at, info))
            .await?;
        *self.held.lock().unwrap() = Some(id.clone());
        Ok(id)
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        self.through(self.fault(&FAULTS[..3]), self.inner.unlock(cx, at, id))
            .await
    }
}

/// A change, by addresses.
enum Step {
    Rm(String),
    Mv(String, String),
    Import(String),
}

impl Step {
    fn random(dice: &Dice, names: &[String], number: u64) -> Self {
        let one = &names[usize::try_from(dice.below(names.len() as u64)).unwrap()];
        match dice.below(3) {
            0 => Self::Rm(address(one)),
            1 => Self::Mv(address(one), address(&format!("m{number}"))),
            _ => Self::Import(address(&format!("i{number}"))),
        }
    }

    async fn make(&self, state: &ManagedState) -> Result<()> {
        let options = options();
        let object = r#"{"schema_version": 0, "attributes": {"id": "1", "triggers": null}}"#;
        let made = match self {
            Self::Rm(one) => state.rm(&[one], &options).await,
            Self::Mv(from, to) => state.mv(from, to, &options).await,
            Self::Import(to) => state.import_object(to, PROVIDER, object, &options).await,
        };
        made.map(|_| ())
    }
}

/// Where every change is made without faults: what it has to come to.
struct Calm {
    folder: TempDir,
    store: MemoryBackend,
    client: Client,
}

impl Calm {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = MemoryBackend::new(MemoryStore::default());
        let backups = folder.path().join("backups");
        let client = client(folder.path(), &backups, Arc::new(store.clone()));
        Self {
            folder,
            store,
            client,
        }
    }

    async fn after(&self, step: &Step, old: Bytes) -> Bytes {
        let (cx, at) = (Context::new(Environment::default()), StateRef::default());
        let written = self.store.write(&cx, &at, old, WriteOptions::default());
        written.await.unwrap();
        let state = self.client.manage(self.folder.path()).await.unwrap();
        step.make(&state).await.unwrap();
        self.store.read(&cx, &at).await.unwrap().unwrap().bytes
    }
}

/// What one run met.
#[derive(Default)]
struct Met {
    faults: Vec<Fault>,
    done: usize,
    refused: usize,
}

async fn run(seed: u64) -> Met {
    let folder = tempfile::tempdir().unwrap();
    let backups = tempfile::tempdir().unwrap();
    let quiet = Context::new(Environment::from_variables([("USER", "me")]));
    let inner: Arc<dyn Backend> = match seed % 2 {
        0 => Arc::new(MemoryBackend::new(MemoryStore::default())),
        _ => Arc::new(LocalBackend::new(LocalConfig::of_directory(folder.path()))),
    };
    let at = StateRef::default();
    let first: Vec<String> = (0..4).map(|n| format!("r{n}")).collect();
    let bytes = Bytes::from(text(1, &first));
    inner
        .write(&quiet, &at, bytes, WriteOptions::default())
        .await
        .unwrap();
    let shaky = Arc::new(Shaky {
        inner: inner.clone(),
        dice: Dice(AtomicU64::new(seed)),
        one_of: AtomicU64::new(0),
        cancel: Mutex::default(),
        held: Mutex::default(),
        earlier: Mutex::default(),
        theirs: Mutex::default(),
        met: Mutex::default(),
    });
    let client = client(folder.path(), backups.path(), shaky.clone());
    let managed = client.manage(folder.path()).await.unwrap();
    let calm = Calm::new();
    let mut met = Met::default();
    for number in 0..5 {
        let old = inner.read(&quiet, &at).await.unwrap().unwrap().bytes;
        let Ok(parsed) = State::from_bytes(old.clone()) else {
            // Two faults in a row: what was written wrong could not be taken back. The backup is checked below.
            break;
        };
        let all = names(&parsed);
        if all.is_empty() {
            break;
        }
        let step = Step::random(&shaky.dice, &all, number);
        let next = calm.after(&step, old.clone()).await;
        shaky.theirs.lock().unwrap().clear();
        let token = CancelToken::new();
        *shaky.cancel.lock().unwrap() = token.clone();
        shaky.one_of.store(3 + seed % 5, Ordering::Relaxed);
        let cx = managed.context().clone().with_cancellation(token);
        let done = step.make(&managed.with_context(cx)).await;
        shaky.one_of.store(0, Ordering::Relaxed);

        let now = inner.read(&quiet, &at).await.unwrap().unwrap().bytes;
        let theirs = shaky.theirs.lock().unwrap().clone();
        let says = format!(
            "seed {seed}, step {number}: {done:?}, {:?}",
            shaky.met.lock().unwrap()
        );
        match done {
            Ok(()) => {
                met.done += 1;
                assert_eq!(now, next, "{says}");
            }
            Err(_) => met.refused += 1,
        }
        // Somebody else's state is as whole as ours.
        if now != old && now != next && !theirs.contains(&now) {
            let versions = managed.versions().await.unwrap();
            let mut found = false;
            for version in versions.iter().filter(|v| v.kept_by == Keeper::Backup) {
                let kept = managed.state(Some(&version.id)).await.unwrap();
                found |= kept.state().to_bytes() == old;
            }
            assert!(found, "{says}\n{}", String::from_utf8_lossy(&now));
        }
        // A lock that could not be given back is what its error said; the next step breaks it.
        let probe = LockInfo::new(&quiet, "probe");
        match inner.lock(&quiet, &at, probe).await {
            Ok(id) => inner.unlock(&quiet, &at, &id).await.unwrap(),
            Err(_) => {
                let held = shaky.held.lock().unwrap().take().unwrap();
                inner.unlock(&quiet, &at, &held).await.unwrap();
            }
        }
    }
    met.faults.clone_from(&shaky.met.lock().unwrap());
    met
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_thousand_random_runs_nothing_is_lost() {
    let mut all = Met::default();
    let mut runs = stream::iter(0..RUNS)
        .map(|seed| tokio::spawn(run(seed)))
        .buffer_unordered(AT_ONCE);
    while let Some(met) = runs.next().await {
        let met = met.unwrap();
        all.faults.extend(met.faults);
        all.done += met.done;
        all.refused += met.refused;
    }
    // Each fault came up often, and neither outcome is the only one.
    for fault in FAULTS {
        let times = all.faults.iter().filter(|met| **met == fault).count();
        assert!(times >= 50, "{fault:?} came up {times} times");
    }
    assert!(
        all.done > 500 && all.refused > 500,
        "{} {}",
        all.done,
        all.refused
    );
}

#[tokio::test]
async fn where_no_backup_can_be_kept_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = MemoryBackend::new(MemoryStore::default());
    let cx = Context::new(Environment::from_variables([("USER", "me")]));
    let at = StateRef::default();
    let before = Bytes::from(text(1, &["a".to_owned()]));
    store
        .write(&cx, &at, before.clone(), WriteOptions::default())
        .await
        .unwrap();
    // A file where the folder should be, as a full disk refuses it.
    let blocked = folder.path().join("blocked");
    std::fs::write(&blocked, "").unwrap();
    let client = client(
        folder.path(),
        &blocked.join("backups"),
        Arc::new(store.clone()),
    );
    let state = client.manage(folder.path()).await.unwrap();
    let error = state.rm(&[address("a")], &options()).await.unwrap_err();
    assert!(
        error.context_value("folder").is_some() || error.context_value("file").is_some(),
        "{error:?}"
    );
    assert_eq!(store.read(&cx, &at).await.unwrap().unwrap().bytes, before);
    // The lock was given back.
    let id = state.lock("after", Duration::ZERO).await.unwrap();
    state.unlock(&id).await.unwrap();
}
