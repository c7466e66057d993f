//! Both programs' locks: advisory locks of the server, which last as long as the connection that took them
//! (<https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS>).
//!
//! The key of a state's lock is the number of its row. A state that has no row yet is locked by a key of creation: -1 for Terraform, and
//! for OpenTofu, since its tables have names, one for each table. Both are taken here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::types::Type;

use super::config::PgConfig;
use super::error::Action;
use super::holder;
use super::session::Session;
use super::store::Store;
use crate::backend::lock::not_held;
use crate::backend::task::last_words;
use crate::backend::{LockId, LockInfo, WorkspaceName};
use crate::context::Context;
use crate::error::{Error, Result};

/// Terraform takes the key of creation for a moment whenever it locks; so long it is waited for.
const MOMENT: Duration = Duration::from_millis(600);
/// A state is deleted under a lock when its key of creation can be had within this time.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that does not answer within this time is none any more.
const ECHO: Duration = Duration::from_secs(5);

/// The keys that are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    None,
    /// That of a row.
    Row(i64),
    /// Those of creation.
    Creation,
}

/// A lock with its connection.
pub(super) struct Held {
    pub(super) session: Session,
    pub(super) workspace: WorkspaceName,
    pub(super) id: LockId,
    pub(super) keys: Keys,
    /// What became of its connection is not known any more.
    pub(super) broken: bool,
}

/// A lock that calls of one client share; `None` once it was given back.
pub(super) type Shared = Arc<tokio::sync::Mutex<Option<Held>>>;

/// The locks that a client holds.
#[derive(Default)]
pub(super) struct Locks(Mutex<BTreeMap<(WorkspaceName, LockId), Shared>>);

impl Locks {
    fn all(&self) -> std::sync::MutexGuard<'_, BTreeMap<(WorkspaceName, LockId), Shared>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, held: Held) {
        let key = (held.workspace.clone(), held.id.clone());
        let shared = Arc::new(tokio::sync::Mutex::new(Some(held)));
        self.all().insert(key, shared);
    }

    /// # Errors
    /// `Conflict` when there is none with this id.
    pub(super) fn get(&self, workspace: &WorkspaceName, id: &LockId) -> Result<Shared> {
        let key = (workspace.clone(), id.clone());
        self.all().get(&key).cloned().ok_or_else(|| not_held(id))
    }

    pub(super) fn remove(&self, workspace: &WorkspaceName, id: &LockId) -> Result<Shared> {
        let key = (workspace.clone(), id.clone());
        self.all().remove(&key).ok_or_else(|| not_held(id))
    }
}

/// The keys under which states of a table are created: Terraform's and OpenTofu's.
pub(super) fn creation_keys(config: &PgConfig) -> [i64; 2] {
    let names = [config.schema.as_bytes(), b"\0", config.table.as_bytes()].concat();
    // FNV-1 of 32 bits, as a negative number.
    let hash = names.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        hash.wrapping_mul(0x0100_0193) ^ u32::from(*byte)
    });
    [-1, -i64::from(hash)]
}

/// What came of one attempt.
enum Attempt {
    Taken,
    /// Somebody has the key of the row.
    Refused(i64),
    /// Somebody has a key of creation, or the row changed meanwhile.
    Again(i64),
}

/// How long to wait before the next attempt: not the same for all that wait.
fn pause() -> Duration {
    let mut byte = [0];
    // Without randomness all wait the same.
    let _ = getrandom::fill(&mut byte);
    Duration::from_millis(20 + u64::from(byte[0]) / 6)
}

/// The error of a lock whose connection was lost.
pub(super) fn lost(id: &LockId) -> Error {
    not_held(id)
        .with("reason", "its connection to the server was lost")
        .with_hint("read the state again and repeat the change under a new lock")
}

impl Held {
    /// Takes the lock. Connections are used again where `reuse` says so; a lock that is held for long gets one of its own.
    pub(super) async fn take(
        store: &Store,
        cx: &Context,
        workspace: &WorkspaceName,
        info: &LockInfo,
        reuse: bool,
    ) -> Result<Self> {
        let (session, mut row) = store.begin(cx, workspace, reuse).await?;
        let mut held = Self {
            session,
            workspace: workspace.clone(),
            id: info.lock_id(),
            keys: Keys::None,
            broken: false,
        };
        // Named before it is taken, so that nobody sees a lock without a name.
        held.rename(store, cx, &holder::name_of(info)).await?;
        let until = Instant::now() + MOMENT;
        loop {
            let key = match held.attempt(store, cx, row).await? {
                Attempt::Taken => return Ok(held),
                Attempt::Again(_) if Instant::now() < until => {
                    cx.run(async {
                        tokio::time::sleep(pause()).await;
                        Ok(())
                    })
                    .await?;
                    row = store.row(cx, &held.session, workspace).await?;
                    continue;
                }
                Attempt::Refused(key) | Attempt::Again(key) => key,
            };
            let holder = store.holder(cx, &held.session, key).await?;
            let error =
                holder::locked(holder.as_ref(), key).with("server", store.config.location());
            held.release(store, cx).await;
            return Err(error);
        }
    }

    async fn attempt(&mut self, store: &Store, cx: &Context, row: Option<i64>) -> Result<Attempt> {
        let creation = creation_keys(&store.config);
        let Some(id) = row else {
            for (n, key) in creation.iter().enumerate() {
                if !self.try_key(store, cx, *key).await? {
                    for taken in creation.iter().take(n) {
                        self.give_key(store, cx, *taken).await?;
                    }
                    return Ok(Attempt::Again(*key));
                }
            }
            self.keys = Keys::Creation;
            return match store.row(cx, &self.session, &self.workspace).await? {
                None => Ok(Attempt::Taken),
                Some(id) => {
                    self.give_keys(store, cx).await?;
                    Ok(Attempt::Again(id))
                }
            };
        };
        if !self.try_key(store, cx, id).await? {
            return Ok(Attempt::Refused(id));
        }
        self.keys = Keys::Row(id);
        // Whoever creates the row holds a key of creation until it is written.
        for key in creation {
            if store.holder(cx, &self.session, key).await?.is_some() {
                self.give_keys(store, cx).await?;
                return Ok(Attempt::Again(key));
            }
        }
        if store.row(cx, &self.session, &self.workspace).await? != row {
            self.give_keys(store, cx).await?;
            return Ok(Attempt::Again(id));
        }
        Ok(Attempt::Taken)
    }

    /// Takes the keys of creation beside that of the row: the row is to be deleted, the lock is to stay. All or none.
    pub(super) async fn add_creation(&self, store: &Store, cx: &Context) -> Result<()> {
        let added = self.wait_for_creation(store, cx).await;
        if added.is_err() {
            let cx = last_words(cx);
            for key in creation_keys(&store.config) {
                // Of one that is not held the server says so.
                self.give_key(store, &cx, key).await?;
            }
        }
        added
    }

    async fn wait_for_creation(&self, store: &Store, cx: &Context) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        for key in creation_keys(&store.config) {
            while !self.try_key(store, cx, key).await? {
                if Instant::now() < until {
                    cx.run(async {
                        tokio::time::sleep(pause()).await;
                        Ok(())
                    })
                    .await?;
                    continue;
                }
                let holder = store.holder(cx, &self.session, key).await?;
                return Err(holder::locked(holder.as_ref(), key)
                    .with("server", store.config.location())
                    .with_hint(
                        "a state that is locked is deleted when no other is being created",
                    ));
            }
        }
        Ok(())
    }

    pub(super) async fn try_key(&self, store: &Store, cx: &Context, key: i64) -> Result<bool> {
        let sql = "SELECT pg_try_advisory_lock($1)";
        self.key(store, cx, Action::Lock, sql, key).await
    }

    pub(super) async fn give_key(&self, store: &Store, cx: &Context, key: i64) -> Result<bool> {
        let sql = "SELECT pg_advisory_unlock($1)";
        self.key(store, cx, Action::Unlock, sql, key).await
    }

    async fn key(
        &self,
        store: &Store,
        cx: &Context,
        action: Action,
        sql: &str,
        key: i64,
    ) -> Result<bool> {
        let values = [(
            &key as &(dyn tokio_postgres::types::ToSql + Sync),
            Type::INT8,
        )];
        let rows = store.ask(cx, &self.session, action, sql, &values).await?;
        match rows.first() {
            Some(row) => store.value(row, 0, action),
            None => Ok(false),
        }
    }

    async fn give_keys(&mut self, store: &Store, cx: &Context) -> Result<()> {
        match self.keys {
            Keys::None => {}
            Keys::Row(id) => {
                self.give_key(store, cx, id).await?;
            }
            Keys::Creation => {
                for key in creation_keys(&store.config) {
                    self.give_key(store, cx, key).await?;
                }
            }
        }
        self.keys = Keys::None;
        Ok(())
    }

    /// What the connection is called, unless the user wants it to be called something else.
    async fn rename(&self, store: &Store, cx: &Context, name: &str) -> Result<()> {
        if store.config.server.application_name.is_some() {
            return Ok(());
        }
        let sql = "SELECT set_config('application_name', $1, false)";
        let values = [(
            &name as &(dyn tokio_postgres::types::ToSql + Sync),
            Type::TEXT,
        )];
        store
            .ask(cx, &self.session, Action::Lock, sql, &values)
            .await?;
        Ok(())
    }

    /// Whether the lock is still there, as far as this side knows.
    pub(super) fn is_held(&self) -> bool {
        !self.broken && self.session.is_open()
    }

    /// Whether the server still answers on the connection.
    pub(super) async fn answers(&self, cx: &Context) -> bool {
        let cx = cx.detached().with_timeout(ECHO);
        let Ok(client) = self.session.client() else {
            return false;
        };
        let asked = cx.run(async { Ok(client.check_connection().await) }).await;
        !self.broken && matches!(asked, Ok(Ok(())))
    }

    /// Gives everything back, also when the rest was cancelled; false when the lock was lost before. The connection is used again.
    pub(super) async fn release(self, store: &Store, cx: &Context) -> bool {
        let cx = last_words(cx);
        if !self.is_held() {
            return false;
        }
        // Whatever a change left behind goes, too.
        let all = "SELECT pg_advisory_unlock_all()";
        let given = match store.run(&cx, &self.session, Action::Unlock, all).await {
            Ok(()) => self.rename(store, &cx, super::session::NAME).await,
            Err(error) => Err(error),
        };
        match given {
            Ok(()) => {
                store.pool.keep(self.session);
                true
            }
            // Without its connection there is no lock.
            Err(error) => {
                tracing::debug!(%error, "a lock ends with its connection");
                let held = self.session.is_open();
                self.session.close().await;
                held
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::backend::BackendSpec;
    use crate::env::Environment;

    #[test]
    fn the_keys_of_creation_are_those_of_both_programs() {
        let environment = Environment::from_variables([("PGUSER", "me")]);
        let spec = BackendSpec::from_block("pg", BTreeMap::new(), "main.tf:1");
        let config = PgConfig::from_spec(&environment, &spec).unwrap();
        // The second is what Go's `fnv.New32` makes of the names with a zero byte between them.
        assert_eq!(creation_keys(&config), [-1, -3_797_183_428]);
    }
}
