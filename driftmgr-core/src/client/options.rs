//! What a caller can choose.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::address::ProviderSource;
use crate::configuration::VariableInput;
use crate::drift::{Comparators, Filter};

/// How a target is opened.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// The workspace, instead of the selected one. For directories only: a state file is one workspace.
    pub workspace: Option<String>,
    /// Values of root module variables, as `-var` and `-var-file` give them. Later ones win.
    pub variables: Vec<VariableInput>,
}

/// How drift is looked for.
#[derive(Debug, Clone)]
pub struct DriftOptions {
    /// Reads that one provider configuration serves at a time. Clouds throttle by account, so more is not always faster.
    pub parallelism: usize,
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
}

impl Default for DriftOptions {
    /// Ten reads at a time, five minutes each, plugins allowed.
    fn default() -> Self {
        Self {
            parallelism: 10,
            read_timeout: Duration::from_secs(5 * 60),
            plugins: true,
            targets: Vec::new(),
            exclude: Vec::new(),
            comparators: Comparators::default(),
            filter: Filter::default(),
            provider_paths: BTreeMap::new(),
            driftignore: None,
            baseline: None,
        }
    }
}
