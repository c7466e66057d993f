//! What a caller can choose.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use driftmgr_core::client;
use driftmgr_core::configuration::{BackendInput, VariableInput};
use driftmgr_core::report;
use driftmgr_core::{Error, ErrorKind};

use crate::error::Failure;
use crate::records::{Sensitivity, Severity, words};
use crate::typed::typed;

/// A value of a root module variable.
#[derive(Debug, Clone, uniffi::Enum)]
pub enum Variable {
    /// As `-var NAME=VALUE`.
    Value {
        /// The variable.
        name: String,
        /// Its value: the text itself for primitive types, an expression for the others.
        value: String,
    },
    /// As `-var-file PATH`, relative to the working folder.
    File {
        /// The file.
        path: String,
    },
}

/// How a target is opened.
#[derive(Debug, Clone, Default, uniffi::Record)]
pub struct OpenOptions {
    /// The workspace, instead of the selected one. For folders only: a state file is one workspace.
    #[uniffi(default = None)]
    pub workspace: Option<String>,
    /// Values of root module variables. Later ones win.
    #[uniffi(default = [])]
    pub variables: Vec<Variable>,
    /// Arguments of the backend beside its block, as `terraform init` takes them with `-backend-config`: each `NAME=VALUE`, or a file.
    #[uniffi(default = [])]
    pub backend_config: Vec<String>,
    /// Every workspace that exists and has a state, instead of one. Only `detectDriftAt` knows it.
    #[uniffi(default = false)]
    pub every_workspace: bool,
}

/// How drift is looked for. What is null follows the client's settings.
#[derive(Debug, Clone, Default, uniffi::Record)]
pub struct DriftOptions {
    /// Only instances whose address is, or lies below, one of these: `module.a`, `aws_vpc.main`, `aws_vpc.main["x"]`.
    #[uniffi(default = [])]
    pub targets: Vec<String>,
    /// No instances whose address is, or lies below, one of these.
    #[uniffi(default = [])]
    pub exclude: Vec<String>,
    /// Reads that one provider configuration serves at a time, from 1.
    #[uniffi(default = None)]
    pub parallelism: Option<i32>,
    /// How long one read may take.
    #[uniffi(default = None)]
    pub read_timeout: Option<Duration>,
    /// Whether provider plugins may be run. They are native code and run with this process's credentials.
    #[uniffi(default = None)]
    pub plugins: Option<bool>,
    /// How much is shown of what was found.
    #[uniffi(default = None)]
    pub sensitivity: Option<Sensitivity>,
    /// Binaries of providers by source address, instead of the installed ones.
    #[uniffi(default)]
    pub provider_paths: HashMap<String, String>,
    /// A file in driftctl's `.driftignore` form whose changes are not shown.
    #[uniffi(default = None)]
    pub driftignore: Option<String>,
    /// A file of differences that are known, which are not shown.
    #[uniffi(default = None)]
    pub baseline: Option<String>,
}

/// How a stored state is changed. The default waits for no lock, forces nothing and writes.
#[derive(Debug, Clone, Default, uniffi::Record)]
pub struct ChangeOptions {
    /// Only say what would change.
    #[uniffi(default = false)]
    pub dry_run: bool,
    /// So long somebody else's lock is waited for; null waits for none.
    #[uniffi(default = None)]
    pub lock_timeout: Option<Duration>,
    /// Change a state that cannot be locked, or although somebody holds the lock elsewhere: only when nobody else writes it.
    #[uniffi(default = false)]
    pub without_lock: bool,
    /// Write a state of another lineage, or an older one, over what is there; delete one that is not empty. Nothing else is forced.
    #[uniffi(default = false)]
    pub force: bool,
}

words! {
    /// A form in which a drift report can be written.
    Format {
        /// For people, on a terminal.
        Text,
        /// For programs: one document.
        Json,
        /// For programs: one JSON object a line.
        Ndjson,
        /// For people, as a comment on a pull request.
        Markdown,
        /// For people: one page that needs nothing else.
        Html,
        /// Code scanning: SARIF 2.1.0.
        Sarif,
        /// Test reports: JUnit XML.
        Junit,
        /// Annotations: GitHub's workflow commands.
        Github,
        /// GitLab's code quality report.
        Gitlab,
        /// Tables: one row for each change of an attribute, RFC 4180.
        Csv,
    }
}

/// The format of a name, such as `sarif`.
#[uniffi::export]
pub fn format_of(name: String) -> Result<Format, Failure> {
    let format: report::Format = name.parse()?;
    typed(&format.name())
}

/// How a report is written.
#[derive(Debug, Clone, Default, uniffi::Record)]
pub struct RenderOptions {
    /// When the report was made; now unless given.
    #[uniffi(default = None)]
    pub timestamp: Option<SystemTime>,
    /// Show hidden findings and changes also in formats that only count them.
    #[uniffi(default = false)]
    pub hidden: bool,
}

fn backend_inputs(given: &[String]) -> Vec<BackendInput> {
    let all = given.iter().map(|text| text.parse());
    all.map(|input| input.unwrap_or_else(|e| match e {}))
        .collect()
}

impl From<OpenOptions> for client::OpenOptions {
    fn from(options: OpenOptions) -> Self {
        let variables = options
            .variables
            .into_iter()
            .map(|variable| match variable {
                Variable::Value { name, value } => VariableInput::Value { name, value },
                Variable::File { path } => VariableInput::File(path.into()),
            });
        Self {
            workspace: options.workspace,
            variables: variables.collect(),
            backend_config: backend_inputs(&options.backend_config),
            every_workspace: options.every_workspace,
        }
    }
}

impl From<ChangeOptions> for client::ChangeOptions {
    fn from(options: ChangeOptions) -> Self {
        Self {
            dry_run: options.dry_run,
            lock_timeout: options.lock_timeout.unwrap_or_default(),
            without_lock: options.without_lock,
            force: options.force,
        }
    }
}

impl DriftOptions {
    /// Over what the settings say.
    pub(crate) fn over(
        self,
        mut options: client::DriftOptions,
    ) -> Result<client::DriftOptions, Failure> {
        options.targets = self.targets;
        options.exclude = self.exclude;
        if let Some(parallelism) = self.parallelism {
            options.parallelism = Some(positive("parallelism", parallelism)?);
        }
        if let Some(timeout) = self.read_timeout {
            options.read_timeout = timeout;
        }
        if let Some(plugins) = self.plugins {
            options.plugins = plugins;
        }
        if let Some(sensitivity) = self.sensitivity {
            options.filter.sensitivity = sensitivity.into();
        }
        for (source, path) in self.provider_paths {
            options.provider_paths.insert(
                source.parse().map_err(driftmgr_core::Error::from)?,
                path.into(),
            );
        }
        if let Some(file) = self.driftignore {
            options.driftignore = Some(file.into());
        }
        if let Some(file) = self.baseline {
            options.baseline = Some(file.into());
        }
        Ok(options)
    }
}

fn positive(name: &str, number: i32) -> Result<usize, Failure> {
    match usize::try_from(number) {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(
            Error::new(ErrorKind::InvalidInput, "a number from 1 was expected")
                .with("option", name)
                .with("value", number)
                .into(),
        ),
    }
}

impl From<RenderOptions> for report::RenderOptions {
    fn from(options: RenderOptions) -> Self {
        Self {
            hidden: options.hidden,
            ..Self::new(options.timestamp.unwrap_or_else(SystemTime::now))
        }
    }
}

impl From<Format> for report::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Json => Self::Json,
            Format::Ndjson => Self::Ndjson,
            Format::Markdown => Self::Markdown,
            Format::Html => Self::Html,
            Format::Sarif => Self::Sarif,
            Format::Junit => Self::Junit,
            Format::Github => Self::Github,
            Format::Gitlab => Self::Gitlab,
            Format::Csv => Self::Csv,
        }
    }
}

impl From<Sensitivity> for driftmgr_core::drift::Sensitivity {
    fn from(sensitivity: Sensitivity) -> Self {
        match sensitivity {
            Sensitivity::Low => Self::Low,
            Sensitivity::Medium => Self::Medium,
            Sensitivity::High => Self::High,
        }
    }
}

impl From<Severity> for driftmgr_core::drift::Severity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Informational => Self::Informational,
            Severity::Important => Self::Important,
            Severity::Critical => Self::Critical,
        }
    }
}
