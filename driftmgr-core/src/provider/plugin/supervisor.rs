//! Keeps one configured provider process alive for as long as it can answer.
//!
//! A provider that crashes takes all calls down that are under way. They are made again, one at a time, in a new process: whoever
//! crashes it alone is the culprit and gets the blame; the others get their answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Mutex, RwLock};

use super::connection::{Connection, PluginLaunch, Surroundings, timed_out};
use super::scrub::Scrubber;
use super::wire::{Wire, WireError};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::schema::ProviderSchema;

/// After so many crashes without a single answer in between, the provider is not started again.
const MAX_CRASHES: u32 = 5;
/// How long to wait for other calls to end before a `Stop` is left out, and how long the `Stop` may take.
const STOP_PATIENCE: Duration = Duration::from_millis(50);
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a call ended without an answer.
pub(crate) enum Failure {
    /// The call itself failed; the provider may be gone.
    Wire(WireError),
    /// The provider answered, and the answer is an error.
    Said(Error),
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Said(error)
    }
}

/// A provider with one configuration.
pub(crate) struct Supervisor {
    launch: PluginLaunch,
    around: Surroundings,
    schema: Arc<ProviderSchema>,
    configuration: Bytes,
    scrubber: Scrubber,
    /// Calls hold it shared, a retry after a crash alone.
    gate: Arc<RwLock<()>>,
    slot: Mutex<Slot>,
    crashes: AtomicU32,
    /// A call was given up while the provider may still work on it.
    abandoned: AtomicBool,
}

struct Slot {
    connection: Option<Arc<Connection>>,
    closed: bool,
}

/// Gathers what an error must not show; asked for only when there is one.
pub(crate) type Secrets<'a> = dyn Fn() -> Scrubber + Sync + 'a;

enum Attempt<T> {
    Done(Result<T>),
    Died(Error),
}

impl Supervisor {
    /// Configures a fresh connection.
    pub(crate) async fn start(
        launch: PluginLaunch,
        around: Surroundings,
        schema: Arc<ProviderSchema>,
        configuration: Bytes,
        scrubber: Scrubber,
        fresh: Option<Connection>,
    ) -> Result<Arc<Self>> {
        let supervisor = Self {
            launch,
            around,
            schema,
            configuration,
            scrubber,
            gate: Arc::default(),
            slot: Mutex::new(Slot {
                connection: None,
                closed: false,
            }),
            crashes: AtomicU32::new(0),
            abandoned: AtomicBool::new(false),
        };
        let connection = supervisor.configured(fresh).await?;
        supervisor.slot.lock().await.connection = Some(Arc::new(connection));
        Ok(Arc::new(supervisor))
    }

    async fn configured(&self, fresh: Option<Connection>) -> Result<Connection> {
        let connection = match fresh.filter(Connection::is_alive) {
            Some(connection) => connection,
            None => Connection::open(&self.launch, &self.around).await?,
        };
        let configured = connection
            .configure(
                &self.launch,
                &self.around,
                &self.schema,
                &self.configuration,
                &self.scrubber,
            )
            .await;
        match configured {
            Ok(()) => Ok(connection),
            Err(e) => {
                connection.shut_down(&self.launch, &self.around).await;
                Err(self.launch.named(e.with_operation("provider.configure")))
            }
        }
    }

    pub(crate) fn launch(&self) -> &PluginLaunch {
        &self.launch
    }

    pub(crate) fn schema(&self) -> &Arc<ProviderSchema> {
        &self.schema
    }

    /// Secrets of the provider configuration.
    pub(crate) fn scrubber(&self) -> &Scrubber {
        &self.scrubber
    }

    /// The longest time to wait for an answer.
    pub(crate) fn answer_timeout(&self) -> Duration {
        self.around.answer_timeout
    }

    /// Makes a call, and makes it again alone if the provider crashed under it. `secrets` must not show in its error.
    pub(crate) async fn call<T, F>(
        self: &Arc<Self>,
        cx: &Context,
        secrets: &Secrets<'_>,
        work: impl Fn(Arc<dyn Wire>) -> F + Send + Sync,
    ) -> Result<T>
    where
        F: Future<Output = Result<T, Failure>> + Send,
    {
        cx.run(async {
            {
                let _shared = self.gate.read().await;
                if let Attempt::Done(result) = self.attempt(secrets, &work).await {
                    return result;
                }
            }
            let _alone = self.gate.write().await;
            match self.attempt(secrets, &work).await {
                Attempt::Done(result) => result,
                Attempt::Died(death) => {
                    self.crashes.fetch_add(1, Ordering::Relaxed);
                    Err(death)
                }
            }
        })
        .await
        .map_err(|e| self.launch.named(e))
    }

    async fn attempt<T, F>(
        self: &Arc<Self>,
        secrets: &Secrets<'_>,
        work: &(impl Fn(Arc<dyn Wire>) -> F + Send + Sync),
    ) -> Attempt<T>
    where
        F: Future<Output = Result<T, Failure>> + Send,
    {
        let connection = match self.connection().await {
            Ok(connection) => connection,
            Err(e) => return Attempt::Done(Err(e)),
        };
        let mut under_way = UnderWay {
            supervisor: self,
            answered: false,
        };
        let limit = self.answer_timeout();
        let Ok(result) = tokio::time::timeout(limit, work(connection.wire.clone())).await else {
            drop(under_way);
            return Attempt::Done(Err(timed_out(limit)));
        };
        under_way.answered = true;
        let failure = match result {
            Ok(answer) => {
                self.crashes.store(0, Ordering::Relaxed);
                return Attempt::Done(Ok(answer));
            }
            Err(Failure::Said(error)) => {
                self.crashes.store(0, Ordering::Relaxed);
                return Attempt::Done(Err(error));
            }
            Err(Failure::Wire(failure)) => failure,
        };
        let error = connection.failure(&failure, &secrets()).await;
        if connection.is_ours() && !connection.is_alive() {
            Attempt::Died(error)
        } else {
            Attempt::Done(Err(error))
        }
    }

    /// The living connection, for calls that cannot be made twice, such as a stream; starts the provider again when it is gone.
    pub(crate) async fn connection(&self) -> Result<Arc<Connection>> {
        let mut slot = self.slot.lock().await;
        if slot.closed {
            return Err(Error::new(
                ErrorKind::Cancelled,
                "the provider was shut down",
            ));
        }
        if let Some(connection) = slot.connection.as_ref().filter(|c| c.is_alive()) {
            return Ok(connection.clone());
        }
        if self.crashes.load(Ordering::Relaxed) >= MAX_CRASHES {
            return Err(Error::new(
                ErrorKind::ToolFailed,
                format!(
                    "the provider crashed {MAX_CRASHES} times in a row and is not started again"
                ),
            ));
        }
        // Should this one not come up either, the next call must not find the dead one.
        slot.connection = None;
        match self.configured(None).await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                slot.connection = Some(connection.clone());
                Ok(connection)
            }
            Err(e) => {
                self.crashes.fetch_add(1, Ordering::Relaxed);
                Err(e)
            }
        }
    }

    /// Tells the provider to stop what it still does for calls that were given up. `Stop` ends all calls of a provider, so it is
    /// left out while others are under way; the next call that is given up, or the shutdown, brings it.
    fn stop_if_idle(self: &Arc<Self>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let supervisor = self.clone();
        runtime.spawn(async move {
            let alone = supervisor.gate.clone().write_owned();
            if let Ok(_alone) = tokio::time::timeout(STOP_PATIENCE, alone).await {
                supervisor.stop().await;
            }
        });
    }

    async fn stop(&self) {
        if !self.abandoned.swap(false, Ordering::Relaxed) {
            return;
        }
        let connection = self.slot.lock().await.connection.clone();
        if let Some(connection) = connection.filter(|c| c.is_alive() && c.is_ours()) {
            let _ = tokio::time::timeout(STOP_TIMEOUT, connection.wire.stop()).await;
        }
    }

    /// Ends the process. Later calls fail.
    pub(crate) async fn shut_down(&self) {
        if self.gate.try_write().is_err() {
            self.abandoned.store(true, Ordering::Relaxed);
        }
        self.stop().await;
        let connection = {
            let mut slot = self.slot.lock().await;
            slot.closed = true;
            slot.connection.take()
        };
        if let Some(connection) = connection {
            connection.shut_down(&self.launch, &self.around).await;
        }
    }
}

/// Notices when a call is dropped before it was answered.
struct UnderWay<'a> {
    supervisor: &'a Arc<Supervisor>,
    answered: bool,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.supervisor.abandoned.store(true, Ordering::Relaxed);
            self.supervisor.stop_if_idle();
        }
    }
}
