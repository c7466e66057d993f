//! How drift is looked for: what a call says, over what the settings say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use driftmgr_core::Result;
use driftmgr_core::client::DriftOptions;
use driftmgr_core::drift::{Filter, Sensitivity};
use serde::Deserialize;

use crate::call::milliseconds;

/// Options of a call; what is not given stays as the client has it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DriftChoices {
    parallelism: Option<usize>,
    read_timeout: Option<f64>,
    plugins: Option<bool>,
    targets: Vec<String>,
    exclude: Vec<String>,
    sensitivity: Option<Sensitivity>,
    provider_paths: BTreeMap<String, PathBuf>,
    driftignore: Option<PathBuf>,
    baseline: Option<PathBuf>,
}

impl DriftChoices {
    pub(crate) fn over(self, base: DriftOptions) -> Result<DriftOptions> {
        let paths = self.provider_paths.into_iter();
        let paths = paths.map(|(source, path)| Ok((source.parse()?, path)));
        Ok(DriftOptions {
            parallelism: self.parallelism.or(base.parallelism),
            read_timeout: self.read_timeout.map_or(base.read_timeout, milliseconds),
            plugins: self.plugins.unwrap_or(base.plugins),
            targets: self.targets,
            exclude: self.exclude,
            filter: Filter {
                sensitivity: self.sensitivity.unwrap_or(base.filter.sensitivity),
                ..base.filter
            },
            provider_paths: paths.collect::<Result<_>>()?,
            comparators: base.comparators,
            workers: base.workers,
            sink: base.sink,
            driftignore: self.driftignore.or(base.driftignore),
            baseline: self.baseline.or(base.baseline),
        })
    }
}
