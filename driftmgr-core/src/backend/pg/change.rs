//! A change of a state: one transaction on the connection that holds the lock, so that a lost lock changes nothing.

use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::types::{ToSql, Type};

use super::error::Action;
use super::lock::{Held, Keys, creation_keys, lost};
use super::store::Store;
use crate::backend::lock::not_held;
use crate::backend::task::last_words;
use crate::backend::{IfMatch, content_etag};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result, Retry};

/// What is to become of a state.
#[derive(Clone, Copy)]
pub(super) enum Change<'a> {
    Write(&'a str),
    Delete,
}

impl Change<'_> {
    fn action(self) -> Action {
        match self {
            Self::Write(_) => Action::Write,
            Self::Delete => Action::Delete,
        }
    }
}

/// After a lost connection the server has so long to end what it did there.
const SETTLING: Duration = Duration::from_secs(15);

impl Held {
    /// Makes the change. With `keeps` the lock stays until it is given back.
    pub(super) async fn change(
        &mut self,
        store: &Store,
        cx: &Context,
        condition: Option<&IfMatch>,
        change: Change<'_>,
        keeps: bool,
    ) -> Result<()> {
        if !self.is_held() {
            return Err(lost(&self.id));
        }
        let result = self.prepared(store, cx, condition, change, keeps).await;
        let Err(error) = result else {
            return Ok(());
        };
        // Nothing was changed, and another try could help: if there were a connection.
        let passing = error.kind() == ErrorKind::Unavailable && error.retry() == Retry::Later;
        if passing && !self.answers(cx).await {
            self.broken = true;
            // The caller's lock went with it; one that was taken for this call alone is no news.
            if keeps {
                return Err(lost(&self.id).with_source(error));
            }
        }
        Err(error)
    }

    async fn prepared(
        &mut self,
        store: &Store,
        cx: &Context,
        condition: Option<&IfMatch>,
        change: Change<'_>,
        keeps: bool,
    ) -> Result<()> {
        if matches!(change, Change::Write(_)) {
            store.prepare(cx, &self.session).await?;
        }
        let mut creation = self.keys == Keys::Creation;
        if matches!((change, self.keys), (Change::Delete, Keys::Row(_))) && keeps {
            self.add_creation(store, cx).await?;
            creation = true;
        }
        let begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
        store.run(cx, &self.session, change.action(), begin).await?;
        // Whose key was taken in the transaction.
        let mut taken = None;
        let inside = self.inside(store, cx, condition, change, &mut taken).await;
        let last = last_words(cx);
        let done = match inside {
            Ok(()) => self.commit(store, &last, change).await,
            Err(error) => {
                self.roll_back(store, &last, &error).await;
                Err(error)
            }
        };
        self.settle_keys(store, &last, change, done.is_ok(), taken, creation)
            .await;
        done
    }

    /// The statements between begin and commit.
    async fn inside(
        &self,
        store: &Store,
        cx: &Context,
        condition: Option<&IfMatch>,
        change: Change<'_>,
        taken: &mut Option<i64>,
    ) -> Result<()> {
        let action = change.action();
        let table = store.config.quoted_table();
        let name = self.workspace.as_str();
        let data = match condition {
            Some(_) => "data",
            None => "NULL::text",
        };
        let sql = format!("SELECT id::bigint, {data} FROM {table} WHERE name = $1 FOR UPDATE");
        let rows = store
            .ask(cx, &self.session, action, &sql, &[(&name, Type::TEXT)])
            .await;
        let rows = match rows {
            // Nothing is there to delete.
            Err(e) if e.kind() == ErrorKind::NotFound && matches!(change, Change::Delete) => {
                return check(store, condition, None);
            }
            rows => rows?,
        };
        let mut row = None;
        let mut stored = None;
        if let Some(found) = rows.first() {
            row = Some(store.value::<i64>(found, 0, action)?);
            stored = store.value::<Option<String>>(found, 1, action)?;
        }
        check(store, condition, stored.filter(|s| !s.is_empty()))?;
        match (row, self.keys) {
            (Some(id), Keys::Row(ours)) if id != ours => {
                return Err(
                    not_held(&self.id).with("reason", "the state was deleted and made anew")
                );
            }
            // Who made it did not ask for the key of creation.
            (Some(id), Keys::Creation) => self.take_row(store, cx, id, taken).await?,
            _ => {}
        }
        match (change, row) {
            (Change::Write(new), Some(id)) => {
                let sql = format!("UPDATE {table} SET data = $1 WHERE id = $2");
                let values = [(&new as &(dyn ToSql + Sync), Type::TEXT), (&id, Type::INT8)];
                store.ask(cx, &self.session, action, &sql, &values).await?;
            }
            (Change::Write(new), None) => {
                let sql = format!(
                    "INSERT INTO {table} (name, data) VALUES ($1, $2) RETURNING id::bigint"
                );
                let values = [
                    (&name as &(dyn ToSql + Sync), Type::TEXT),
                    (&new, Type::TEXT),
                ];
                let rows = store.ask(cx, &self.session, action, &sql, &values).await?;
                // Nobody else sees the row yet, so the lock goes over to it without a gap.
                if let Some(row) = rows.first() {
                    let id = store.value(row, 0, action)?;
                    self.take_row(store, cx, id, taken).await?;
                }
            }
            (Change::Delete, Some(id)) => {
                let sql = format!("DELETE FROM {table} WHERE id = $1");
                store
                    .ask(cx, &self.session, action, &sql, &[(&id, Type::INT8)])
                    .await?;
            }
            (Change::Delete, None) => {}
        }
        Ok(())
    }

    async fn take_row(
        &self,
        store: &Store,
        cx: &Context,
        id: i64,
        taken: &mut Option<i64>,
    ) -> Result<()> {
        match self.try_key(store, cx, id).await? {
            true => {
                *taken = Some(id);
                Ok(())
            }
            false => {
                Err(not_held(&self.id).with("reason", "somebody else made and locked the state"))
            }
        }
    }

    async fn roll_back(&mut self, store: &Store, cx: &Context, error: &Error) {
        if matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Timeout) {
            // It may wait for somebody else's transaction.
            self.session.interrupt().await;
        }
        let rolled = store
            .run(cx, &self.session, Action::Unlock, "ROLLBACK")
            .await;
        if let Err(error) = rolled {
            tracing::debug!(%error, "a transaction ends with its connection");
            self.broken = true;
        }
    }

    /// Commits, and finds out what became of it when the answer does not come.
    async fn commit(&mut self, store: &Store, cx: &Context, change: Change<'_>) -> Result<()> {
        let committed = store
            .run(cx, &self.session, change.action(), "COMMIT")
            .await;
        let Err(error) = committed else {
            return Ok(());
        };
        self.broken = true;
        let gone = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout);
        if !gone {
            return Err(error);
        }
        match self.outcome(store, cx, change).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(error.with_hint("the state was not changed")),
            Err(cause) => Err(Error::new(
                ErrorKind::Unavailable,
                "the connection was lost while the change was made, and whether it was made is not known",
            )
            .with("server", store.config.location())
            .with_hint("read the state before anything else is written")
            .with_retry(Retry::Never)
            .with_source(cause)),
        }
    }

    /// Whether the change is there, once the server has ended the lost session.
    async fn outcome(&self, store: &Store, cx: &Context, change: Change<'_>) -> Result<bool> {
        let until = Instant::now() + SETTLING;
        let sql = "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE pid = $1";
        let session = store.pool.fresh(cx, &store.config).await?;
        loop {
            let values = [(&self.session.pid as &(dyn ToSql + Sync), Type::INT4)];
            let rows = store
                .ask(cx, &session, change.action(), sql, &values)
                .await?;
            let there: i64 = match rows.first() {
                Some(row) => store.value(row, 0, change.action())?,
                None => 0,
            };
            if there == 0 {
                break;
            }
            if Instant::now() > until {
                return Err(Error::new(
                    ErrorKind::Unavailable,
                    "the server still works for the connection that was lost",
                )
                .with("session", self.session.pid));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        store.pool.keep(session);
        let stored = store.read(cx, &self.workspace).await?;
        Ok(match (change, stored) {
            (Change::Write(new), Some(state)) => state.bytes == new.as_bytes(),
            (Change::Delete, None) => true,
            _ => false,
        })
    }

    /// Gives back the keys that are not needed after the change, or after it failed.
    async fn settle_keys(
        &mut self,
        store: &Store,
        cx: &Context,
        change: Change<'_>,
        done: bool,
        taken: Option<i64>,
        creation: bool,
    ) {
        if !self.is_held() {
            return;
        }
        let mut surplus = Vec::new();
        let creation_keys = creation_keys(&store.config);
        match (done, change, taken, self.keys) {
            // The lock is the row's from now on.
            (true, Change::Write(_), Some(id), before) => {
                match before {
                    Keys::Creation => surplus.extend(creation_keys),
                    Keys::Row(old) => surplus.push(old),
                    Keys::None => {}
                }
                self.keys = Keys::Row(id);
            }
            // The lock is that of creation from now on.
            (true, Change::Delete, taken, before) if creation => {
                if let Keys::Row(old) = before {
                    surplus.push(old);
                }
                surplus.extend(taken);
                self.keys = Keys::Creation;
            }
            // All is as before.
            (false, _, taken, before) => {
                surplus.extend(taken);
                if creation && matches!(before, Keys::Row(_)) {
                    surplus.extend(creation_keys);
                }
            }
            _ => {}
        }
        for key in surplus {
            if let Err(error) = self.give_key(store, cx, key).await {
                tracing::debug!(%error, "a key ends with its connection");
                self.broken = true;
                return;
            }
        }
    }
}

fn check(store: &Store, condition: Option<&IfMatch>, stored: Option<String>) -> Result<()> {
    let Some(condition) = condition else {
        return Ok(());
    };
    let etag = stored.map(|s| content_etag(s.as_bytes()));
    condition
        .check(etag.as_deref())
        .map_err(|e| e.with("server", store.config.location()))
}
