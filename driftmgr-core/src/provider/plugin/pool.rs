//! One process for all who share a provider configuration.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::configure;
use super::connection::{Connection, LaunchHow, PluginLaunch, Surroundings};
use super::limit::Concurrency;
use super::reader::PluginReader;
use super::scrub::Scrubber;
use super::supervisor::Supervisor;
use crate::address::ProviderSource;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::schema::ProviderSchema;
use crate::value::{Value, msgpack};

/// Limits of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolOptions {
    /// How long a provider may take from its start to its handshake. One minute, as in Terraform.
    pub start_timeout: Duration,
    /// How long a provider may take for one answer: its configuration, a read, a plan. Retries on throttling take place inside
    /// the provider and can last minutes, so five minutes unless set.
    pub answer_timeout: Duration,
    /// How many calls one provider configuration is given at a time.
    pub concurrency: Concurrency,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            start_timeout: Duration::from_secs(60),
            answer_timeout: Duration::from_secs(300),
            concurrency: Concurrency::default(),
        }
    }
}

/// Starts providers, and shares each process among all instances, and all states of a run, that use the same provider
/// configuration.
///
/// What fails to start or to be configured is not tried again before [`ProviderPool::forget_failures`]: a provider that hangs does so
/// once, and not once for every state.
///
/// Processes get the environment of the first context that asks for them. They end with [`ProviderPool::shutdown`]; a pool that is
/// dropped kills them, and on Linux the kernel does if this process dies.
pub struct ProviderPool {
    options: PoolOptions,
    binaries: Mutex<HashMap<BinaryKey, Arc<Binary>>>,
    readers: Mutex<HashMap<ReaderKey, ReaderCell>>,
}

type ReaderCell = Arc<OnceCell<Result<Arc<PluginReader>>>>;

#[derive(Clone, PartialEq, Eq, Hash)]
struct BinaryKey {
    source: ProviderSource,
    version: Option<String>,
    program: Program,
    working_dir: Option<PathBuf>,
}

/// What makes two launches start the same program.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Program {
    /// The hash of the package. Every root module has a package at a path of its own, `.terraform/providers`, and most hold the same.
    Package(String),
    /// Nothing is known of the package.
    How(LaunchHow),
}

impl BinaryKey {
    fn of(launch: &PluginLaunch) -> Self {
        let program = match (&launch.how, &launch.hash) {
            (LaunchHow::Binary(_), Some(hash)) => Program::Package(hash.clone()),
            (how, _) => Program::How(how.clone()),
        };
        Self {
            source: launch.source.clone(),
            version: launch.version.clone(),
            program,
            working_dir: launch.working_dir.clone(),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct ReaderKey {
    binary: BinaryKey,
    /// Of the encoded configuration: the configuration itself is a secret.
    configuration: [u8; 32],
}

/// What all configurations of a binary share.
struct Binary {
    schema: OnceCell<Result<Arc<ProviderSchema>>>,
    /// The process that was asked for the schema; the first configuration takes it.
    fresh: tokio::sync::Mutex<Option<Connection>>,
    /// The one configuration of a provider that we are attached to.
    attached: Mutex<Option<[u8; 32]>>,
}

impl ProviderPool {
    /// An empty pool.
    pub fn new(options: PoolOptions) -> Self {
        Self {
            options,
            binaries: Mutex::default(),
            readers: Mutex::default(),
        }
    }

    /// The reader for a provider with a configuration: the attributes and blocks that are set, by name; blocks are lists of maps.
    /// The first call for a configuration starts the process, and others that come meanwhile wait for it.
    ///
    /// # Errors
    /// - `InvalidConfig` when the configuration does not fit the provider's schema, or the provider refuses it;
    /// - `NotFound`, `ToolFailed`, `Timeout` or `Unsupported` when the provider cannot be started or talked to, with the end of what
    ///   it printed;
    /// - whatever the provider's own complaint about its configuration amounts to, such as `Unauthenticated`.
    pub async fn reader(
        &self,
        cx: &Context,
        launch: &PluginLaunch,
        configuration: &Value,
    ) -> Result<Arc<PluginReader>> {
        let work = self.find_or_start(cx, launch, configuration);
        cx.run(work).await.map_err(|e| launch.named(e))
    }

    async fn find_or_start(
        &self,
        cx: &Context,
        launch: &PluginLaunch,
        configuration: &Value,
    ) -> Result<Arc<PluginReader>> {
        let key = BinaryKey::of(launch);
        let binary = lock(&self.binaries)
            .entry(key.clone())
            .or_insert_with(|| Arc::new(Binary::new()))
            .clone();
        let schema = binary.schema(launch, || self.surroundings(cx)).await?;

        let object = configure::complete(configuration, &schema.provider).map_err(|e| {
            e.into_error()
                .with_operation("provider.configure")
                .with_hint("see the provider's documentation for its settings")
        })?;
        let ty = schema.provider.implied_type();
        let encoded: Bytes = msgpack::encode(&object, &ty)
            .map_err(|e| {
                let message = format!("the provider configuration cannot be encoded: {e}");
                Error::new(ErrorKind::InvalidConfig, message).with_source(e)
            })?
            .into();
        let digest: [u8; 32] = Sha256::digest(&encoded).into();
        binary.attach(launch, digest)?;

        let key = ReaderKey {
            binary: key,
            configuration: digest,
        };
        let cell = lock(&self.readers).entry(key).or_default().clone();
        let start = || async {
            let mut scrubber = Scrubber::default();
            scrubber.add_object(&object, &schema.provider);
            let fresh = binary.fresh.lock().await.take();
            let supervisor = Supervisor::start(
                launch.clone(),
                self.surroundings(cx),
                schema.clone(),
                encoded,
                scrubber,
                fresh,
            )
            .await?;
            let reader = PluginReader::new(supervisor, self.options.concurrency);
            Ok::<_, Error>(Arc::new(reader))
        };
        cell.get_or_init(start).await.clone()
    }

    fn surroundings(&self, cx: &Context) -> Surroundings {
        Surroundings {
            context: cx.clone(),
            start_timeout: self.options.start_timeout,
            answer_timeout: self.options.answer_timeout,
        }
    }

    /// Whatever failed to start or to be configured is tried again when it is asked for next.
    pub fn forget_failures(&self) {
        lock(&self.readers).retain(|_, cell| !matches!(cell.get(), Some(Err(_))));
        lock(&self.binaries).retain(|_, binary| !matches!(binary.schema.get(), Some(Err(_))));
    }

    /// Ends all processes: asks each to exit and kills it when it has not done so after two seconds. Readers that are still held
    /// fail from then on. Providers that were attached to go on.
    pub async fn shutdown(&self) {
        let readers = std::mem::take(&mut *lock(&self.readers));
        let readers = readers
            .into_values()
            .filter_map(|cell| cell.get()?.clone().ok());
        let ending = readers.map(|reader| async move { reader.supervisor().shut_down().await });
        futures::future::join_all(ending).await;
        let binaries = std::mem::take(&mut *lock(&self.binaries));
        let unused = binaries.into_values().map(|binary| async move {
            if let Some(connection) = binary.fresh.lock().await.take() {
                connection.end().await;
            }
        });
        futures::future::join_all(unused).await;
    }
}

impl Binary {
    fn new() -> Self {
        Self {
            schema: OnceCell::new(),
            fresh: tokio::sync::Mutex::new(None),
            attached: Mutex::new(None),
        }
    }

    async fn schema(
        &self,
        launch: &PluginLaunch,
        around: impl FnOnce() -> Surroundings,
    ) -> Result<Arc<ProviderSchema>> {
        let ask = || async {
            if let Some(schema) = launch.cached_schema() {
                return Ok(Arc::new(schema));
            }
            let around = around();
            let connection = Connection::open(launch, &around).await?;
            let schema = connection.schema(launch, &around).await?;
            *self.fresh.lock().await = Some(connection);
            Ok::<_, Error>(Arc::new(schema))
        };
        self.schema.get_or_init(ask).await.clone()
    }

    /// A process that somebody else runs holds one configuration; a second one would silently replace the first.
    fn attach(&self, launch: &PluginLaunch, configuration: [u8; 32]) -> Result<()> {
        if !matches!(launch.how, LaunchHow::Reattach(_)) {
            return Ok(());
        }
        let mut attached = lock(&self.attached);
        if *attached.get_or_insert(configuration) == configuration {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Unsupported,
            "a running provider can be attached to with one configuration only",
        )
        .with_hint("let the provider be started instead, or check one configuration at a time"))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
