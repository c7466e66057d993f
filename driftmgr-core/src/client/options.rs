//! What a caller can choose.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::address::ProviderSource;
use crate::configuration::{BackendInput, VariableInput};
use crate::drift::{Comparators, Filter, Sink};
use crate::provider::plugin::Concurrency;

/// How a target is opened.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// The workspace, instead of the selected one. For directories only: a state file is one workspace.
    pub workspace: Option<String>,
    /// Values of root module variables, as `-var` and `-var-file` give them. Later ones win.
    pub variables: Vec<VariableInput>,
    /// Arguments of the backend beside its block, as `init` takes them with `-backend-config`. With any of them the block of the
    /// configuration counts, and what was initialised before only where there is no block.
    pub backend_config: Vec<BackendInput>,
    /// Every workspace that exists and has a state, instead of one: each is a target of the report, as `infra (prod)`. Only
    /// [`Client::detect_drift_at`](super::Client::detect_drift_at) and what is made of it know it.
    pub every_workspace: bool,
}

/// How drift is looked for.
#[derive(Debug, Clone)]
pub struct DriftOptions {
    /// Reads that one provider configuration serves at a time: always this many. `None`: as many as make it faster, from
    /// [`DriftOptions::workers`] on.
    pub parallelism: Option<usize>,
    /// Reads that one provider configuration serves at a time to begin with. Clouds throttle by account, so there are more, up to ten times
    /// as many, only while the provider answers faster for it.
    pub workers: usize,
    /// How long one read may take.
    pub read_timeout: Duration,
    /// Whether provider plugins may be run. They are native code and run with this process's credentials. Without them, only types
    /// with a native reader are looked at.
    pub plugins: bool,
    /// Only instances whose address is, or lies below, one of these: `module.a`, `aws_vpc.main`, `aws_vpc.main["x"]`.
    pub targets: Vec<String>,
    /// No instances whose address is, or lies below, one of these.
    pub exclude: Vec<String>,
    /// What knows when two values mean the same.
    pub comparators: Comparators,
    /// What is shown of what was found.
    pub filter: Filter,
    /// Binaries of providers, instead of the installed ones.
    pub provider_paths: BTreeMap<ProviderSource, PathBuf>,
    /// A file in driftctl's `.driftignore` form whose changes are not shown. Lines that are wrong are problems of the report.
    pub driftignore: Option<PathBuf>,
    /// A file of differences that are known, which are not shown; [`DriftReport::baseline`](crate::drift::DriftReport::baseline) makes one.
    pub baseline: Option<PathBuf>,
    /// Who is told of each result while the run goes on; [`Client::drift_stream`](super::Client::drift_stream) is made of it.
    pub sink: Option<Arc<dyn Sink>>,
}

impl Default for DriftOptions {
    /// Ten reads at a time or more, five minutes each, plugins allowed.
    fn default() -> Self {
        Self {
            parallelism: None,
            workers: 10,
            read_timeout: Duration::from_secs(5 * 60),
            plugins: true,
            targets: Vec::new(),
            exclude: Vec::new(),
            comparators: Comparators::default(),
            filter: Filter::default(),
            provider_paths: BTreeMap::new(),
            driftignore: None,
            baseline: None,
            sink: None,
        }
    }
}

impl DriftOptions {
    /// What a provider configuration is given at a time.
    pub(super) fn concurrency(&self) -> Concurrency {
        match self.parallelism {
            Some(number) => Concurrency::Fixed(number),
            None => Concurrency::Adaptive {
                start: self.workers,
                most: self.workers.saturating_mul(10),
            },
        }
    }
}
