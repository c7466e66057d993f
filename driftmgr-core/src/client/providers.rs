//! Provider processes: ended with each run, or kept for the next one.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::Client;
use super::options::DriftOptions;
use crate::env::Environment;
use crate::provider::plugin::{PoolOptions, ProviderPool};

/// What a client that keeps its providers has of them.
#[derive(Default)]
pub(super) struct Kept(Mutex<Option<KeptPool>>);

/// Processes that were started in an environment. In another one they may have other credentials, and so see another cloud.
struct KeptPool {
    environment: Environment,
    options: PoolOptions,
    pool: Arc<ProviderPool>,
}

impl Kept {
    fn pool(&self, environment: &Environment, options: PoolOptions) -> Arc<ProviderPool> {
        let mut kept = self.lock();
        if let Some(kept) = &*kept
            && kept.environment == *environment
            && kept.options == options
        {
            return kept.pool.clone();
        }
        let pool = Arc::new(ProviderPool::new(options.clone()));
        // Who still uses what was kept before goes on with it; its processes end with the last of them.
        *kept = Some(KeptPool {
            environment: environment.clone(),
            options,
            pool: pool.clone(),
        });
        pool
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<KeptPool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("any", &self.lock().is_some())
            .finish()
    }
}

impl Client {
    /// The providers of one run.
    pub(super) fn providers(&self, options: &DriftOptions) -> Arc<ProviderPool> {
        let options = PoolOptions {
            concurrency: options.concurrency(),
            answer_timeout: options.read_timeout,
            ..PoolOptions::default()
        };
        match &self.kept {
            Some(kept) => kept.pool(self.cx.environment(), options),
            None => Arc::new(ProviderPool::new(options)),
        }
    }

    /// The end of a run, for its providers.
    pub(super) async fn done_with(&self, pool: &ProviderPool) {
        match self.kept {
            Some(_) => pool.forget_failures(),
            None => pool.shutdown().await,
        }
    }

    /// Ends the provider processes that a client with [`keep_providers`](super::ClientBuilder::keep_providers) has kept: asks each to exit and
    /// kills it when it has not done so after two seconds. Runs that are still going on cannot read from then on. The next run starts and
    /// configures them anew. Does nothing for other clients, whose processes have ended with each run.
    ///
    /// ```no_run
    /// # async fn example() -> driftmgr_core::Result<()> {
    /// use driftmgr_core::client::Client;
    ///
    /// let client = Client::builder().keep_providers(true).build()?;
    /// for folder in ["network", "shop"] {
    ///     let stack = client.open(folder).await?;
    ///     println!("{:?}", stack.detect_drift(&client.drift_options()).await?.summary);
    /// }
    /// client.end_providers().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn end_providers(&self) {
        let kept = self.kept.as_ref().and_then(|kept| kept.lock().take());
        if let Some(kept) = kept {
            kept.pool.shutdown().await;
        }
    }
}
