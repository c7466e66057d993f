//! What is asked of the server: states, workspaces, and who holds a lock.

use bytes::Bytes;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

use super::config::{PgConfig, quoted};
use super::error::{Action, failed};
use super::holder::Holder;
use super::lock::Locks;
use super::session::{Pool, Session};
use crate::backend::{RawState, WorkspaceName, content_etag};
use crate::context::Context;
use crate::error::{Error, Result};

/// The sequence that numbers the states of all tables of a database: their numbers are the keys of locks, which are the database's.
const SEQUENCE: &str = "public.global_states_id_seq";

/// Values of a statement with their types.
pub(super) type Values<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

/// The states of one table.
pub(super) struct Store {
    pub(super) config: PgConfig,
    pub(super) pool: Pool,
    pub(super) locks: Locks,
}

/// Rows, or none where there is no such table.
fn or_no_table(
    answer: std::result::Result<Vec<Row>, tokio_postgres::Error>,
) -> std::result::Result<Vec<Row>, tokio_postgres::Error> {
    match answer {
        Err(e)
            if e.code() == Some(&SqlState::UNDEFINED_TABLE)
                || e.code() == Some(&SqlState::INVALID_SCHEMA_NAME) =>
        {
            Ok(Vec::new())
        }
        answer => answer,
    }
}

impl Store {
    pub(super) fn new(config: PgConfig) -> Self {
        Self {
            config,
            pool: Pool::default(),
            locks: Locks::default(),
        }
    }

    /// Runs a statement whose answer has no rows that count.
    pub(super) async fn run(
        &self,
        cx: &Context,
        session: &Session,
        action: Action,
        sql: &str,
    ) -> Result<()> {
        let client = session.client()?;
        cx.run(async {
            let done = client.batch_execute(sql).await;
            done.map_err(|e| failed(&self.config, action, &e))
        })
        .await
    }

    /// Runs a statement.
    pub(super) async fn ask(
        &self,
        cx: &Context,
        session: &Session,
        action: Action,
        sql: &str,
        values: Values<'_>,
    ) -> Result<Vec<Row>> {
        let client = session.client()?;
        cx.run(async {
            let rows = client.query_typed(sql, values).await;
            rows.map_err(|e| failed(&self.config, action, &e))
        })
        .await
    }

    /// A value of a row.
    pub(super) fn value<'r, T: tokio_postgres::types::FromSql<'r>>(
        &self,
        row: &'r Row,
        column: usize,
        action: Action,
    ) -> Result<T> {
        row.try_get(column)
            .map_err(|e| failed(&self.config, action, &e))
    }

    /// Runs a query that may find no table, on a connection that is kept or made.
    async fn look(
        &self,
        cx: &Context,
        action: Action,
        sql: &str,
        name: Option<&str>,
        reuse: bool,
    ) -> Result<(Session, Vec<Row>)> {
        let work = |session: Session| async move {
            let answer = match session.client() {
                Ok(client) => match &name {
                    Some(name) => client.query_typed(sql, &[(name, Type::TEXT)]).await,
                    None => client.query_typed(sql, &[]).await,
                },
                Err(_) => Ok(Vec::new()),
            };
            (session, or_no_table(answer))
        };
        self.pool
            .reading(cx, &self.config, action, reuse, work)
            .await
    }

    /// The state of a workspace; `None` where there is no row, no table or no schema.
    pub(super) async fn read(
        &self,
        cx: &Context,
        workspace: &WorkspaceName,
    ) -> Result<Option<RawState>> {
        let sql = format!(
            "SELECT data FROM {} WHERE name = $1",
            self.config.quoted_table()
        );
        let name = Some(workspace.as_str());
        let (session, rows) = self.look(cx, Action::Read, &sql, name, true).await?;
        self.pool.keep(session);
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let text: Option<String> = self.value(row, 0, Action::Read)?;
        Ok(text.filter(|t| !t.is_empty()).map(|text| {
            let bytes = Bytes::from(text);
            RawState {
                etag: Some(content_etag(&bytes)),
                bytes,
                version: None,
                modified: None,
            }
        }))
    }

    /// The names of the rows.
    pub(super) async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        let sql = format!("SELECT name FROM {}", self.config.quoted_table());
        let (session, rows) = self.look(cx, Action::List, &sql, None, true).await?;
        self.pool.keep(session);
        let mut names = Vec::new();
        for row in &rows {
            let name: Option<String> = self.value(row, 0, Action::List)?;
            // Neither program makes a row whose name is none.
            names.extend(name.and_then(|n| n.parse::<WorkspaceName>().ok()));
        }
        names.retain(|name| !name.is_default());
        names.sort();
        names.insert(0, WorkspaceName::default_name());
        Ok(names)
    }

    fn row_query(&self) -> String {
        // Old versions numbered the rows with smaller integers.
        format!(
            "SELECT id::bigint FROM {} WHERE name = $1",
            self.config.quoted_table()
        )
    }

    /// A connection, and the number of a workspace's row if there is one.
    pub(super) async fn begin(
        &self,
        cx: &Context,
        workspace: &WorkspaceName,
        reuse: bool,
    ) -> Result<(Session, Option<i64>)> {
        let name = Some(workspace.as_str());
        let sql = self.row_query();
        let (session, rows) = self.look(cx, Action::Lock, &sql, name, reuse).await?;
        let id = rows.first().map(|row| self.value(row, 0, Action::Lock));
        Ok((session, id.transpose()?))
    }

    /// The number of a workspace's row, on this connection.
    pub(super) async fn row(
        &self,
        cx: &Context,
        session: &Session,
        workspace: &WorkspaceName,
    ) -> Result<Option<i64>> {
        let client = session.client()?;
        let sql = self.row_query();
        let name = workspace.as_str();
        let rows = cx
            .run(async {
                let answer = client.query_typed(&sql, &[(&name, Type::TEXT)]).await;
                or_no_table(answer).map_err(|e| failed(&self.config, Action::Lock, &e))
            })
            .await?;
        let id = rows.first().map(|row| self.value(row, 0, Action::Lock));
        id.transpose()
    }

    /// Another session that holds an advisory lock (<https://www.postgresql.org/docs/current/view-pg-locks.html>).
    pub(super) async fn holder(
        &self,
        cx: &Context,
        session: &Session,
        key: i64,
    ) -> Result<Option<Holder>> {
        let sql = "SELECT l.pid, a.application_name, a.usename::text, host(a.client_addr), \
             to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
             FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
             WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
             AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) \
             AND l.classid::bigint = $1 AND l.objid::bigint = $2 AND l.pid <> pg_backend_pid() \
             ORDER BY l.pid LIMIT 1";
        // A key of 64 bits is shown as two of 32.
        let (high, low) = ((key >> 32) & 0xffff_ffff, key & 0xffff_ffff);
        let values: Values<'_> = &[(&high, Type::INT8), (&low, Type::INT8)];
        let rows = self.ask(cx, session, Action::Lock, sql, values).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(Holder {
            pid: self.value(row, 0, Action::Lock)?,
            application: self.value(row, 1, Action::Lock)?,
            user: self.value(row, 2, Action::Lock)?,
            client: self.value(row, 3, Action::Lock)?,
            since: self.value(row, 4, Action::Lock)?,
        }))
    }

    /// Makes schema, sequence, table and index where they are missing and may be made, as both programs do.
    pub(super) async fn prepare(&self, cx: &Context, session: &Session) -> Result<()> {
        let config = &self.config;
        let table = config.quoted_table();
        let rows = self
            .ask(
                cx,
                session,
                Action::Write,
                "SELECT to_regclass($1) IS NOT NULL",
                &[(&table, Type::TEXT)],
            )
            .await?;
        let there = match rows.first() {
            Some(row) => self.value(row, 0, Action::Write)?,
            None => false,
        };
        if there {
            return Ok(());
        }
        if config.create.schema {
            let sql = "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = $1";
            let values: Values<'_> = &[(&config.schema, Type::TEXT)];
            let rows = self
                .ask(cx, session, Action::CreateSchema, sql, values)
                .await?;
            let count: i64 = match rows.first() {
                Some(row) => self.value(row, 0, Action::CreateSchema)?,
                None => 0,
            };
            // `IF NOT EXISTS` wants the right also where there is nothing to do.
            if count == 0 {
                let sql = format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(&config.schema));
                self.create(cx, session, Action::CreateSchema, &sql).await?;
            }
        }
        if config.create.table {
            let sql = format!("CREATE SEQUENCE IF NOT EXISTS {SEQUENCE} AS bigint");
            self.create(cx, session, Action::CreateSequence, &sql)
                .await?;
            let sql = format!(
                "CREATE TABLE IF NOT EXISTS {table} \
                 (id bigint NOT NULL DEFAULT nextval('{SEQUENCE}') PRIMARY KEY, name text UNIQUE, data text)"
            );
            self.create(cx, session, Action::CreateTable, &sql).await?;
        }
        if config.create.index {
            let sql = format!(
                "CREATE UNIQUE INDEX IF NOT EXISTS {} ON {table} (name)",
                quoted(&config.index)
            );
            self.create(cx, session, Action::CreateIndex, &sql).await?;
        }
        Ok(())
    }

    /// Makes one thing. Two programs that make it at a time get in each other's way even with `IF NOT EXISTS`; once more, it is there.
    async fn create(
        &self,
        cx: &Context,
        session: &Session,
        action: Action,
        sql: &str,
    ) -> Result<()> {
        let mut result = self.run(cx, session, action, sql).await;
        for _ in 0..2 {
            let code = |e: &Error| e.context_value("code").map(str::to_owned);
            let raced = result.as_ref().err().and_then(code);
            if !raced.is_some_and(|c| matches!(c.as_str(), "23505" | "42P06" | "42P07" | "XX000")) {
                break;
            }
            result = self.run(cx, session, action, sql).await;
        }
        result
    }
}
