//! From "this provider" to a connection over which it can be asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use driftmgr_plugin::Message as _;
use driftmgr_plugin::cache::Schemas;

use super::handshake::Protocol;
use super::process::{self, Process, Start};
use super::reattach::Reattach;
use super::scrub::Scrubber;
use super::wire::{Call, Said, Wire, WireError};
use super::{channel, client, diagnostics, schema};
use crate::address::ProviderSource;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::provider::reader::{Origin, ReaderInfo};
use crate::provider::schema::ProviderSchema;

/// Keeps encoded schemas between runs, so that a process need not be asked for them (`get_provider_schema_optional`).
///
/// The bytes are opaque and checked when they are used. A cache that fails is a cache that has nothing.
pub trait SchemaCache: Send + Sync {
    /// What was stored for this provider, version and package hash (`h1:…`).
    fn load(&self, source: &ProviderSource, version: Option<&str>, hash: &str) -> Option<Bytes>;
    /// Stores the schemas of a provider.
    fn store(&self, source: &ProviderSource, version: Option<&str>, hash: &str, schemas: &Bytes);
}

/// How to come by a running provider.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LaunchHow {
    /// Start this binary.
    Binary(PathBuf),
    /// Attach to a provider that runs already.
    Reattach(Reattach),
}

/// A provider that can be started.
#[derive(Clone)]
pub struct PluginLaunch {
    /// The provider.
    pub source: ProviderSource,
    /// Its version, when it is known.
    pub version: Option<String>,
    /// How to come by it.
    pub how: LaunchHow,
    /// The hash of its package (`h1:…`). Without it schemas are not cached.
    pub hash: Option<String>,
    /// Where its schemas are kept.
    pub schema_cache: Option<Arc<dyn SchemaCache>>,
    /// The folder that relative paths in the provider's attributes start from; the context's folder when it is `None`.
    pub working_dir: Option<PathBuf>,
    /// The Terraform version that the provider is told. The version that wrote the state is the honest choice.
    pub terraform_version: String,
}

impl PluginLaunch {
    /// A provider binary of unknown version.
    pub fn new(
        source: ProviderSource,
        how: LaunchHow,
        terraform_version: impl Into<String>,
    ) -> Self {
        Self {
            source,
            version: None,
            how,
            hash: None,
            schema_cache: None,
            working_dir: None,
            terraform_version: terraform_version.into(),
        }
    }

    pub(crate) fn info(&self) -> ReaderInfo {
        ReaderInfo {
            source: self.source.clone(),
            version: self.version.clone(),
            origin: match &self.how {
                LaunchHow::Binary(path) => Origin::Plugin { path: path.clone() },
                LaunchHow::Reattach(_) => Origin::Reattached,
            },
        }
    }

    /// Names the provider in an error.
    pub(crate) fn named(&self, error: Error) -> Error {
        if error.context_value("provider").is_some() {
            return error;
        }
        match &self.version {
            Some(version) => error.with("provider", format_args!("{} {version}", self.source)),
            None => error.with("provider", &self.source),
        }
    }

    pub(crate) fn cached_schema(&self) -> Option<ProviderSchema> {
        let hash = self.hash.as_deref()?;
        let cache = self.schema_cache.as_ref()?;
        let bytes = cache.load(&self.source, self.version.as_deref(), hash)?;
        // What cannot be read is as good as nothing, and is overwritten soon.
        let schema = schema::decode(&Schemas::decode(bytes).ok()?).ok()?;
        schema.schema_optional.then_some(schema)
    }

    fn store_schema(&self, schemas: &Schemas) {
        if let (Some(hash), Some(cache)) = (&self.hash, &self.schema_cache) {
            let bytes = schemas.encode_to_vec().into();
            cache.store(&self.source, self.version.as_deref(), hash, &bytes);
        }
    }
}

/// What a connection needs from outside: environment and observer, and the limits.
pub(crate) struct Surroundings {
    pub(crate) context: Context,
    pub(crate) start_timeout: Duration,
    /// For each answer during set-up and for each read.
    pub(crate) answer_timeout: Duration,
}

/// A provider that can be asked.
pub(crate) struct Connection {
    pub(crate) wire: Arc<dyn Wire>,
    process: Option<Process>,
    broken: AtomicBool,
    schemas_sent: AtomicBool,
}

impl Connection {
    /// Starts or attaches; the provider is not configured yet.
    pub(crate) async fn open(launch: &PluginLaunch, around: &Surroundings) -> Result<Self> {
        let (process, protocol, channel) = match &launch.how {
            LaunchHow::Binary(binary) => {
                let (process, protocol) = start(launch, binary, around).await?;
                let channel = process.channel();
                (Some(process), protocol, channel)
            }
            LaunchHow::Reattach(reattach) => {
                let channel = channel::connect(reattach.endpoint.clone(), None)
                    .await
                    .map_err(|e| {
                        let what = "cannot attach to the running provider";
                        let error = Error::new(ErrorKind::Unavailable, what)
                            .with("address", &reattach.endpoint)
                            .with_hint(format!(
                                "unset {} or start the provider again",
                                crate::env::TF_REATTACH_PROVIDERS
                            ));
                        launch.named(error.with_source(e))
                    })?;
                (None, reattach.protocol, channel)
            }
        };
        Ok(Self {
            wire: client::new(protocol, channel),
            process,
            broken: AtomicBool::new(false),
            schemas_sent: AtomicBool::new(false),
        })
    }

    /// Asks for the schemas, and caches them if the provider allows it.
    pub(crate) async fn schema(
        &self,
        launch: &PluginLaunch,
        around: &Surroundings,
    ) -> Result<ProviderSchema> {
        let scrubber = Scrubber::default();
        let said = self.ask(around, &scrubber, self.wire.schemas()).await?;
        let schemas = answer(said, &scrubber)?;
        self.schemas_sent.store(true, Ordering::Relaxed);
        let schema = schema::decode(&schemas).map_err(|e| {
            Error::new(
                ErrorKind::ToolFailed,
                format!("cannot use the provider: {e}"),
            )
            .with_source(e)
        })?;
        if schema.schema_optional {
            launch.store_schema(&schemas);
        }
        Ok(schema)
    }

    /// Validates the configuration and configures the provider with it.
    pub(crate) async fn configure(
        &self,
        launch: &PluginLaunch,
        around: &Surroundings,
        schema: &ProviderSchema,
        configuration: &Bytes,
        scrubber: &Scrubber,
    ) -> Result<()> {
        if !schema.schema_optional && !self.schemas_sent.swap(true, Ordering::Relaxed) {
            // Such a provider does not work in a process that was not asked for its schemas first.
            let said = self.ask(around, scrubber, self.wire.schemas()).await?;
            answer(said, scrubber)?;
        }
        let validated = self.wire.validate(configuration.clone());
        let said = self.ask(around, scrubber, validated).await?;
        answer(said, scrubber).map_err(invalid)?;
        let version = launch.terraform_version.clone();
        let configured = self.wire.configure(version, configuration.clone());
        answer(self.ask(around, scrubber, configured).await?, scrubber)
    }

    /// One answer of the set-up. A provider that dies is an error.
    async fn ask<T>(
        &self,
        around: &Surroundings,
        scrubber: &Scrubber,
        call: impl Future<Output = Call<Said<T>>>,
    ) -> Result<Said<T>> {
        match tokio::time::timeout(around.answer_timeout, call).await {
            Err(_) => {
                self.give_up();
                Err(timed_out(around.answer_timeout))
            }
            Ok(Err(error)) => Err(self.failure(&error, scrubber).await),
            Ok(Ok(said)) => Ok(said),
        }
    }

    /// The error for a call that failed. If the provider is gone, it tells of its death, and the connection is dead from then on.
    pub(crate) async fn failure(&self, error: &WireError, scrubber: &Scrubber) -> Error {
        if !self.is_gone(error) {
            return diagnostics::refused(error, scrubber);
        }
        self.give_up();
        match &self.process {
            Some(process) => process.autopsy(scrubber).await,
            None => Error::new(ErrorKind::Unavailable, "the provider closed its connection"),
        }
    }

    fn is_gone(&self, error: &WireError) -> bool {
        let WireError::Status(status) = error else {
            return false;
        };
        // A status that the server sent has no source; one that the transport made up has, and so has an answer that is too large.
        let transport = std::error::Error::source(status.as_ref()).is_some();
        (transport && status.code() != tonic::Code::OutOfRange) || !self.is_alive()
    }

    /// False when calls cannot succeed any more.
    pub(crate) fn is_alive(&self) -> bool {
        let ended = self.process.as_ref().is_some_and(Process::has_ended);
        !ended && !self.broken.load(Ordering::Relaxed)
    }

    fn give_up(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    /// Ends a process that we started; leaves one alone that we attached to.
    pub(crate) async fn shut_down(&self, launch: &PluginLaunch, around: &Surroundings) {
        if self.process.is_some() {
            self.end().await;
            around.context.emit(&Event::ProviderStopped {
                source: launch.source.to_string(),
            });
        }
    }

    /// Ends the process, if it is ours, and waits for that.
    pub(crate) async fn end(&self) {
        if let Some(process) = &self.process {
            process.shut_down().await;
        }
    }

    /// True for a process that can be started again.
    pub(crate) fn is_ours(&self) -> bool {
        self.process.is_some()
    }
}

async fn start(
    launch: &PluginLaunch,
    binary: &Path,
    around: &Surroundings,
) -> Result<(Process, Protocol)> {
    let environment = around.context.environment();
    // A relative path would be looked for in the child's folder.
    let binary = &environment.current_dir().join(binary);
    let working_dir = environment
        .current_dir()
        .join(launch.working_dir.as_deref().unwrap_or(Path::new("")));
    around.context.emit(&Event::ProviderStarted {
        source: launch.source.to_string(),
        version: launch.version.clone(),
        path: binary.clone(),
    });
    process::start(Start {
        binary,
        environment,
        working_dir: &working_dir,
        timeout: around.start_timeout,
    })
    .await
    .map_err(|e| launch.named(e))
}

/// The answer, unless the provider calls it a failure.
fn answer<T>(said: Said<T>, scrubber: &Scrubber) -> Result<T> {
    match diagnostics::to_error(&said.diagnostics, scrubber) {
        Some(error) => Err(error),
        None => Ok(said.answer),
    }
}

/// The error for an answer that did not come in time.
pub(crate) fn timed_out(limit: Duration) -> Error {
    let seconds = limit.as_secs_f32();
    let message = format!("the provider did not answer within {seconds} seconds");
    Error::new(ErrorKind::Timeout, message)
        .with_hint("give the provider more time, or see whether its API is slow or throttles")
}

/// What validation complains about is the fault of the configuration, unless the provider says otherwise.
fn invalid(error: Error) -> Error {
    if error.kind() != ErrorKind::ToolFailed {
        return error;
    }
    let mut invalid = Error::new(ErrorKind::InvalidConfig, error.message().to_owned());
    if let Some(attribute) = error.context_value("attribute") {
        invalid = invalid.with("attribute", attribute);
    }
    invalid
}
