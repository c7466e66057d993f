//! What Python gives: options, paths, seconds. A value that is wrong is an error that names its parameter.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use driftmgr_core::Result;
use driftmgr_core::client::{Client, DriftOptions, OpenOptions};
use driftmgr_core::configuration::VariableInput;
use driftmgr_core::context::CancelToken;
use pyo3::prelude::*;
use serde::de::DeserializeOwned;

use crate::call::Terms;
use crate::error::invalid;

/// What every call that takes its time is given: the seconds that it may take, and who is told of events.
#[derive(FromPyObject)]
pub(crate) struct GivenTerms(Option<f64>, Option<Py<PyAny>>);

impl GivenTerms {
    /// The terms; `within` ends the call too.
    pub(crate) fn terms(self, within: Option<CancelToken>) -> Result<Terms> {
        let timeout = self.0.map(|given| seconds(given, "timeout")).transpose()?;
        Ok(Terms {
            timeout,
            on_event: self.1,
            within,
        })
    }
}

/// How drift is looked for; what is `None` is as the client's settings have it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct DriftArguments {
    targets: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
    parallelism: Option<usize>,
    read_timeout: Option<f64>,
    plugins: Option<bool>,
    sensitivity: Option<String>,
    provider_paths: Option<BTreeMap<String, PathBuf>>,
    driftignore: Option<PathBuf>,
    baseline: Option<PathBuf>,
}

impl DriftArguments {
    pub(crate) fn options(self, client: &Client) -> Result<DriftOptions> {
        let mut options = client.drift_options();
        options.targets = self.targets.unwrap_or(options.targets);
        options.exclude = self.exclude.unwrap_or(options.exclude);
        options.parallelism = self.parallelism.or(options.parallelism);
        options.plugins = self.plugins.unwrap_or(options.plugins);
        options.driftignore = self.driftignore.or(options.driftignore);
        options.baseline = self.baseline.or(options.baseline);
        if let Some(given) = self.read_timeout {
            options.read_timeout = seconds(given, "read_timeout")?;
        }
        if let Some(given) = self.sensitivity {
            options.filter.sensitivity = word(&given, "sensitivity")?;
        }
        for (source, path) in self.provider_paths.unwrap_or_default() {
            options.provider_paths.insert(source.parse()?, path);
        }
        Ok(options)
    }
}

/// How a target is opened.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct OpenArguments {
    workspace: Option<String>,
    variables: Vec<(String, String)>,
    variable_files: Vec<PathBuf>,
    backend_config: Vec<String>,
    every_workspace: bool,
}

impl OpenArguments {
    /// Files come first: a value that is given by name is meant.
    pub(crate) fn options(self) -> OpenOptions {
        let files = self.variable_files.into_iter().map(VariableInput::File);
        let values = self.variables.into_iter();
        let values = values.map(|(name, value)| VariableInput::Value { name, value });
        let backend_config = self.backend_config.iter().map(|text| text.parse());
        let backend_config = backend_config.map(|input| input.unwrap_or_else(|e| match e {}));
        OpenOptions {
            workspace: self.workspace,
            variables: files.chain(values).collect(),
            backend_config: backend_config.collect(),
            every_workspace: self.every_workspace,
        }
    }
}

/// A time that is no negative number.
pub(crate) fn seconds(given: f64, parameter: &'static str) -> Result<Duration> {
    Duration::try_from_secs_f64(given).map_err(|_| {
        invalid(
            format!("`{given}` is no number of seconds from 0 on"),
            parameter,
        )
    })
}

/// One of the words that serde knows a type by.
pub(crate) fn word<T: DeserializeOwned>(given: &str, parameter: &'static str) -> Result<T> {
    serde_json::from_value(given.into()).map_err(|error| invalid(error.to_string(), parameter))
}
