//! The settings as the program uses them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::entries::Entry;
use super::layer::Layer;
use super::origin::{Origin, Sourced};
use super::value::Setting;
use super::words::{Colour, LogLevel, OutputFormat, Sensitivity, SeverityLevel};

/// All settings, each with its value; [`Settings::origin`] says where that comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `app`.
    pub app: App,
    /// `drift`.
    pub drift: Drift,
    /// `output`.
    pub output: Output,
    /// `history`.
    pub history: History,
    /// `performance`.
    pub performance: Performance,
    layer: Layer,
    files: Vec<PathBuf>,
    warnings: Vec<String>,
}

/// What the project is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its name.
    pub name: Option<String>,
    /// Its environment, such as `production`.
    pub environment: Option<String>,
    /// What is logged.
    pub log_level: LogLevel,
}

/// How drift is looked for, judged and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// How much is shown.
    pub sensitivity: Sensitivity,
    /// Whether differences that mean nothing are recognised.
    pub smart_filter: bool,
    /// Keys of tags whose changes are not shown.
    pub ignore_tags: Vec<Sourced<String>>,
    /// Tags that a policy requires.
    pub required_tags: Vec<Sourced<String>>,
    /// Differences that are expected.
    pub ignore: Vec<Entry>,
    /// Severity rules before the built-in ones.
    pub severity: Vec<Entry>,
    /// Notations in which different values mean the same.
    pub equal: Vec<Entry>,
    /// The file of known differences.
    pub baseline: Option<PathBuf>,
    /// The severity from which drift makes the exit code.
    pub fail_on: Option<SeverityLevel>,
    /// Reads at a time from each provider configuration; as many as make it faster unless set.
    pub parallelism: Option<usize>,
    /// How long a run may take.
    pub timeout: Option<Duration>,
    /// How long one read may take.
    pub read_timeout: Duration,
    /// Whether provider plugins may be run.
    pub plugins: bool,
}

/// How results are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The format on standard output.
    pub format: OutputFormat,
    /// When there is colour.
    pub color: Colour,
}

/// Whether runs are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// They are.
    pub enabled: bool,
    /// The file, instead of the one in the user's state folder.
    pub path: Option<PathBuf>,
}

/// How much is done at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Performance {
    /// Reads at a time from each provider configuration, to begin with.
    pub workers: usize,
}

impl Default for Settings {
    /// What holds when nothing is set.
    fn default() -> Self {
        Self::new(Layer::defaults(), Vec::new(), Vec::new())
    }
}

impl Settings {
    pub(super) fn new(layer: Layer, files: Vec<PathBuf>, warnings: Vec<String>) -> Self {
        let values = Values(&layer);
        let word = |name| values.text(name);
        Self {
            app: App {
                name: values.text("app.name").map(str::to_owned),
                environment: values.text("app.environment").map(str::to_owned),
                log_level: word("app.log_level")
                    .and_then(LogLevel::of)
                    .unwrap_or_default(),
            },
            drift: Drift {
                sensitivity: word("drift.sensitivity")
                    .and_then(Sensitivity::of)
                    .unwrap_or_default(),
                smart_filter: values.flag("drift.smart_filter"),
                ignore_tags: values.texts("drift.ignore_tags"),
                required_tags: values.texts("drift.required_tags"),
                ignore: values.entries("drift.ignore"),
                severity: values.entries("drift.severity"),
                equal: values.entries("drift.equal"),
                baseline: values.path("drift.baseline"),
                fail_on: word("drift.fail_on").and_then(SeverityLevel::of),
                parallelism: values.count("drift.parallelism"),
                timeout: values.duration("drift.timeout"),
                read_timeout: values.duration("drift.read_timeout").unwrap_or_default(),
                plugins: values.flag("drift.plugins"),
            },
            output: Output {
                format: word("output.format")
                    .and_then(OutputFormat::of)
                    .unwrap_or_default(),
                color: word("output.color")
                    .and_then(Colour::of)
                    .unwrap_or_default(),
            },
            history: History {
                enabled: values.flag("history.enabled"),
                path: values.path("history.path"),
            },
            performance: Performance {
                workers: values.count("performance.workers").unwrap_or(1),
            },
            layer,
            files,
            warnings,
        }
    }

    /// Where the value of a key comes from; the default for a key that nobody set.
    pub fn origin(&self, name: &str) -> &Origin {
        static DEFAULT: Origin = Origin::Default;
        self.layer.get(name).map_or(&DEFAULT, |set| &set.origin)
    }

    /// Every value that is set or has a default, those without effect included.
    pub fn values(&self) -> &Layer {
        &self.layer
    }

    /// The files that were read, the weaker one first.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(PathBuf::as_path)
    }

    /// What is right and does nothing: keys without effect yet, variables that nobody reads.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Values by their type.
struct Values<'a>(&'a Layer);

impl Values<'_> {
    fn get(&self, name: &str) -> Option<&Setting> {
        self.0.get(name).map(|set| &set.value)
    }

    fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Setting::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Setting::Flag(true)))
    }

    fn count(&self, name: &str) -> Option<usize> {
        match self.get(name) {
            Some(Setting::Whole(number)) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    fn duration(&self, name: &str) -> Option<Duration> {
        match self.get(name) {
            Some(Setting::Duration(duration)) => Some(*duration),
            _ => None,
        }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        match self.get(name) {
            Some(Setting::Path(path)) => Some(path.clone()),
            _ => None,
        }
    }

    fn texts(&self, name: &str) -> Vec<Sourced<String>> {
        match self.get(name) {
            Some(Setting::Texts(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    fn entries(&self, name: &str) -> Vec<Entry> {
        match self.get(name) {
            Some(Setting::Entries(entries)) => entries.clone(),
            _ => Vec::new(),
        }
    }
}
