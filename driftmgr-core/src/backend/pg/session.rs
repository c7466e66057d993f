//! Connections: made when a call needs one, kept for the next call.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::config::PgConfig;
use super::error::{Action, failed, is_lost};
use super::tls::Connector;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// What connections are called that hold no lock.
pub(super) const NAME: &str = "driftmgr";
/// So many connections are kept without use.
pub(super) const KEPT: usize = 4;
/// A read is begun so often when its connection gets lost.
const ATTEMPTS: usize = 3;
/// The server has so long to take a goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// An open connection. It ends with this value, at once and without a goodbye.
pub(super) struct Session {
    client: Option<Client>,
    driver: JoinHandle<()>,
    runtime: Option<runtime::Id>,
    connector: Connector,
    /// The server's process for it.
    pub(super) pid: i32,
    /// It has been used before.
    pub(super) used: bool,
}

impl Session {
    /// Connects.
    async fn open(cx: &Context, config: &PgConfig) -> Result<Self> {
        let connector = config.server.tls.connector()?;
        let settings = config.server.connection();
        let connecting = async {
            let (client, connection) = settings
                .connect(connector.clone())
                .await
                .map_err(|e| failed(config, Action::Connect, &e))?;
            // Its end is seen by the client; notices of the server are of no use here.
            let driver = tokio::spawn(async move {
                let _ = connection.await;
            });
            let mut session = Self {
                client: Some(client),
                driver,
                runtime: current_runtime(),
                connector,
                pid: 0,
                used: false,
            };
            let row = session
                .client()?
                .query_typed_one("SELECT pg_backend_pid()", &[])
                .await
                .and_then(|row| row.try_get(0))
                .map_err(|e| failed(config, Action::Connect, &e))?;
            session.pid = row;
            Ok(session)
        };
        cx.run(async {
            let Some(limit) = config.server.connect_timeout else {
                return connecting.await;
            };
            // The client's own limit does not cover what comes after the first packets.
            tokio::time::timeout(limit, connecting)
                .await
                .unwrap_or_else(|_| {
                    Err(Error::new(
                        ErrorKind::Unavailable,
                        format!("the server did not answer within {} s", limit.as_secs()),
                    )
                    .with("server", config.server.place())
                    .with_hint("`connect_timeout` in `conn_str` says how long to wait"))
                })
        })
        .await
    }

    /// What speaks to the server.
    ///
    /// # Errors
    /// Never: it is there until the session ends.
    pub(super) fn client(&self) -> Result<&Client> {
        self.client
            .as_ref()
            .ok_or_else(|| Error::new(ErrorKind::Unexpected, "a connection was used after its end"))
    }

    /// False when it is known to be lost.
    pub(super) fn is_open(&self) -> bool {
        self.runtime == current_runtime() && self.client.as_ref().is_some_and(|c| !c.is_closed())
    }

    /// Asks the server to give up what it does for this connection.
    pub(super) async fn interrupt(&self) {
        if let Some(client) = &self.client {
            let token = client.cancel_token();
            let asked = token.cancel_query(self.connector.clone());
            // The connection is looked at right after this.
            let _ = tokio::time::timeout(GOODBYE, asked).await;
        }
    }

    /// Ends it in order.
    pub(super) async fn close(mut self) {
        self.client = None;
        // Who does not take the goodbye finds the connection closed.
        let _ = tokio::time::timeout(GOODBYE, &mut self.driver).await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

fn current_runtime() -> Option<runtime::Id> {
    runtime::Handle::try_current().ok().map(|h| h.id())
}

/// The connections of one backend that nobody uses now.
#[derive(Default)]
pub(super) struct Pool {
    idle: Mutex<Vec<Session>>,
}

impl Pool {
    /// A connection that was used before, if one is still open.
    fn kept(&self) -> Option<Session> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(Session::is_open);
        idle.pop()
    }

    /// A connection of its own.
    pub(super) async fn fresh(&self, cx: &Context, config: &PgConfig) -> Result<Session> {
        Session::open(cx, config).await
    }

    /// Keeps a connection on which nothing is open: no transaction, no lock.
    pub(super) fn keep(&self, mut session: Session) {
        session.used = true;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(Session::is_open);
        if session.is_open() && idle.len() < KEPT {
            idle.push(session);
        }
    }

    /// Runs what only reads, on any connection; a connection that gets lost is made anew. The connection is given back with the answer:
    /// the caller keeps it, or works on. Without `reuse` it is a new one.
    pub(super) async fn reading<T, W>(
        &self,
        cx: &Context,
        config: &PgConfig,
        action: Action,
        reuse: bool,
        work: impl Fn(Session) -> W,
    ) -> Result<(Session, T)>
    where
        W: Future<Output = (Session, std::result::Result<T, tokio_postgres::Error>)>,
    {
        let mut attempt = 0;
        loop {
            cx.check()?;
            let kept = if reuse { self.kept() } else { None };
            let session = match kept {
                Some(session) => session,
                None => self.fresh(cx, config).await?,
            };
            // One that was kept may have been lost long ago.
            attempt += usize::from(!session.used);
            let (session, answer) = cx.run(async { Ok(work(session).await) }).await?;
            match answer {
                Ok(answer) => return Ok((session, answer)),
                Err(error) if is_lost(&error) && attempt < ATTEMPTS => {
                    tracing::debug!("a connection to PostgreSQL was lost and is made anew");
                }
                Err(error) => {
                    let failure = failed(config, action, &error);
                    if !is_lost(&error) {
                        self.keep(session);
                    }
                    return Err(failure);
                }
            }
        }
    }
}
