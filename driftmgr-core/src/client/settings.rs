//! From settings to what the other rooms take.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::Value as Json;

use super::DriftOptions;
use crate::context::Context;
use crate::drift::ignore::{self, IgnoreRule, IgnoreRules, IgnoreTags};
use crate::drift::{Comparators, EqualityRule, Filter, Rules, Sensitivity, Silencer};
use crate::env::Environment;
use crate::error::{Error, Partial};
use crate::settings::{self, Entry, Setting, Settings, SeverityLevel, Sources};

impl DriftOptions {
    /// What the settings say; targets and what else belongs to one call are left to the caller. `now` decides which ignore rules have
    /// expired. Rules that cannot be followed are left out: [`settings_problems`] names them.
    ///
    /// Without the smart filter, driftmgr compares nothing on its own: only what the provider itself plans no change for is hidden, and what
    /// the settings' own rules name.
    pub fn from_settings(settings: &Settings, now: SystemTime) -> Self {
        let drift = &settings.drift;
        let defaults = Self::default();
        let (comparators, sensitivity) = if drift.smart_filter {
            (defaults.comparators, drift.sensitivity.into())
        } else {
            (Comparators::none(), Sensitivity::High)
        };
        Self {
            parallelism: drift.parallelism,
            workers: settings.performance.workers,
            read_timeout: drift.read_timeout,
            plugins: drift.plugins,
            comparators: comparators.with_rules(equalities(settings).value),
            filter: Filter {
                sensitivity,
                silencers: silencers(settings, now).value,
            },
            baseline: drift.baseline.clone(),
            ..defaults
        }
    }
}

impl Settings {
    /// Reads the settings that hold in a folder: a `driftmgr.yaml` there or above, the user's file, the environment of this process, and over
    /// all of them `overrides`, each a key with its value as text: `("drift.timeout", "10m")`.
    ///
    /// Every mistake is a problem that names its place, also what only its reader sees to be wrong; the value holds what is right.
    ///
    /// ```
    /// use driftmgr_core::settings::Settings;
    ///
    /// # fn main() -> driftmgr_core::Result<()> {
    /// let folder = std::env::temp_dir();
    /// let settings = Settings::load_at(&folder, &[("drift.parallelism", "4")]).into_result()?;
    /// assert_eq!(settings.drift.parallelism, Some(4));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load_at<P: AsRef<Path>>(folder: P, overrides: &[(&str, &str)]) -> Partial<Self> {
        let mut sources = Sources::default();
        for (key, value) in overrides {
            sources = sources.with_flag(*key, *value, *key);
        }
        judged(Self::load(&in_folder(folder.as_ref()), &sources))
    }

    /// Reads one file over the defaults and nothing else. Every mistake is a problem that names its place, also what only its reader sees to be
    /// wrong.
    pub fn validate<P: AsRef<Path>>(file: P) -> Partial<Self> {
        judged(Self::load_file(&Context::from_process(), file.as_ref()))
    }

    /// Every key with its value, where that comes from, and whether it does anything yet; in the order of [`settings::KEYS`].
    ///
    /// ```
    /// use driftmgr_core::settings::Settings;
    ///
    /// let settings = Settings::default();
    /// let timeout = settings.entries().into_iter().find(|e| e.key == "drift.read_timeout").unwrap();
    /// assert_eq!(timeout.origin.to_string(), "default");
    /// ```
    pub fn entries(&self) -> Vec<SettingEntry<'_>> {
        let keys = settings::KEYS.iter();
        keys.map(|key| SettingEntry {
            key: key.name,
            value: self.values().get(key.name).map(|set| &set.value),
            origin: self.origin(key.name),
            has_effect: key.has_effect,
        })
        .collect()
    }

    /// The JSON Schema of `driftmgr.yaml`, for editors.
    pub fn schema() -> Json {
        settings::schema()
    }
}

/// A key of the settings with its value.
#[derive(Debug, Clone, Serialize)]
pub struct SettingEntry<'a> {
    /// The key, such as `drift.timeout`.
    pub key: &'static str,
    /// Its value; `None` for one that nobody set and that has no default.
    pub value: Option<&'a Setting>,
    /// Where the value comes from.
    pub origin: &'a settings::Origin,
    /// It does something in this version.
    pub has_effect: bool,
}

fn in_folder(folder: &Path) -> Context {
    let environment = Environment::from_process();
    let folder = environment.current_dir().join(folder);
    Context::new(environment.with_current_dir(folder))
}

/// With what only its reader can see to be wrong.
fn judged(mut read: Partial<Settings>) -> Partial<Settings> {
    read.problems.extend(settings_problems(&read.value));
    read
}

impl From<settings::Sensitivity> for Sensitivity {
    fn from(sensitivity: settings::Sensitivity) -> Self {
        match sensitivity {
            settings::Sensitivity::Low => Self::Low,
            settings::Sensitivity::Medium => Self::Medium,
            settings::Sensitivity::High => Self::High,
        }
    }
}

impl From<SeverityLevel> for crate::drift::Severity {
    fn from(level: SeverityLevel) -> Self {
        match level {
            SeverityLevel::Informational => Self::Informational,
            SeverityLevel::Important => Self::Important,
            SeverityLevel::Critical => Self::Critical,
        }
    }
}

/// The severity rules of the settings. A rule that cannot be followed is left out and is a problem that names its place.
pub(super) fn rules(settings: &Settings) -> Partial<Rules> {
    let mut problems = Vec::new();
    let good = settings.drift.severity.iter().filter(|entry| {
        // One by one, so that each mistake is said, and where.
        let read = read(std::slice::from_ref(entry), settings);
        let error = read.err().map(|e| placed(entry, &e));
        let is_good = error.is_none();
        problems.extend(error);
        is_good
    });
    let good: Vec<&Entry> = good.collect();
    match read(&good, settings) {
        Ok(value) => Partial { value, problems },
        Err(error) => {
            problems.push(error);
            Partial {
                value: Rules::default(),
                problems,
            }
        }
    }
}

fn read(entries: &[&Entry], settings: &Settings) -> Result<Rules, Error> {
    let values = entries.iter().map(|entry| entry.json()).collect();
    let rules = Rules::with_user_values(values)?;
    let tags = &settings.drift.required_tags;
    Ok(if tags.is_empty() {
        rules
    } else {
        rules.with_required_tags(tags.iter().map(|tag| &tag.value))
    })
}

/// The notations of the settings in which two values mean the same.
fn equalities(settings: &Settings) -> Partial<Vec<EqualityRule>> {
    let mut read = Partial::complete(Vec::new());
    for entry in &settings.drift.equal {
        match serde_json::from_value(entry.json()) {
            Ok(rule) => read.value.push(rule),
            Err(error) => read.problems.push(
                entry
                    .origin
                    .error(format!("a rule of `drift.equal` cannot be read: {error}")),
            ),
        }
    }
    read
}

/// What the settings do not want to see.
fn silencers(settings: &Settings, now: SystemTime) -> Partial<Vec<Arc<dyn Silencer>>> {
    let mut problems = Vec::new();
    let mut rules = Vec::new();
    for entry in &settings.drift.ignore {
        match serde_json::from_value::<IgnoreRule>(entry.json()) {
            Ok(rule) => rules.push(IgnoreRule {
                origin: place(&entry.origin),
                ..rule
            }),
            Err(error) => problems.push(
                entry
                    .origin
                    .error(format!("a rule of `drift.ignore` cannot be read: {error}")),
            ),
        }
    }
    let tags: Vec<(String, ignore::Origin)> = settings
        .drift
        .ignore_tags
        .iter()
        .map(|key| (key.value.clone(), place(&key.origin)))
        .collect();
    let mut silencers: Vec<Arc<dyn Silencer>> = Vec::new();
    if !rules.is_empty() {
        let read = IgnoreRules::new(&rules, now);
        silencers.push(Arc::new(read.value));
        problems.extend(read.problems);
    }
    if !tags.is_empty() {
        let read = IgnoreTags::new(&tags);
        silencers.push(Arc::new(read.value));
        problems.extend(read.problems);
    }
    Partial {
        value: silencers,
        problems,
    }
}

fn place(origin: &settings::Origin) -> ignore::Origin {
    match origin {
        settings::Origin::File { file, line, .. } => {
            ignore::Origin::new(file.display().to_string(), *line)
        }
        other => ignore::Origin {
            file: other.to_string(),
            line: None,
        },
    }
}

fn placed(entry: &Entry, error: &Error) -> Error {
    let placed = entry.origin.error(error.message());
    let placed = error.hints().iter().cloned().fold(placed, Error::with_hint);
    placed.with_source(error.clone())
}

/// Everything in the settings that could be read and cannot be followed: rules that contradict themselves, patterns that match nothing
/// by their form. [`ClientBuilder::build`](super::ClientBuilder::build) fails with the first of them.
pub fn settings_problems(settings: &Settings) -> Vec<Error> {
    let mut problems = rules(settings).problems;
    problems.extend(equalities(settings).problems);
    problems.extend(silencers(settings, SystemTime::UNIX_EPOCH).problems);
    problems
}

#[cfg(test)]
mod tests;
