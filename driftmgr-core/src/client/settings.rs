//! From settings to what the other rooms take.

use super::DriftOptions;
use crate::drift::{Comparators, Filter, Rules, Sensitivity};
use crate::error::{Error, Partial};
use crate::settings::{self, Entry, Settings, SeverityLevel};

impl DriftOptions {
    /// What the settings say; targets and what else belongs to one call are left to the caller.
    ///
    /// Without the smart filter, driftmgr compares nothing on its own: only what the provider itself plans no change for is hidden.
    pub fn from_settings(settings: &Settings) -> Self {
        let drift = &settings.drift;
        let defaults = Self::default();
        Self {
            parallelism: drift.parallelism,
            read_timeout: drift.read_timeout,
            plugins: drift.plugins,
            comparators: if drift.smart_filter {
                defaults.comparators
            } else {
                Comparators::none()
            },
            filter: Filter {
                sensitivity: if drift.smart_filter {
                    drift.sensitivity.into()
                } else {
                    Sensitivity::High
                },
                ..defaults.filter
            },
            ..defaults
        }
    }
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
        let read = read(std::slice::from_ref(entry));
        let error = read.err().map(|e| placed(entry, &e));
        let is_good = error.is_none();
        problems.extend(error);
        is_good
    });
    let good: Vec<&Entry> = good.collect();
    match read(&good) {
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

fn read(entries: &[&Entry]) -> Result<Rules, Error> {
    let json = serde_json::Value::Array(entries.iter().map(|entry| entry.json()).collect());
    Rules::with_user_rules(&json.to_string())
}

fn placed(entry: &Entry, error: &Error) -> Error {
    let placed = entry.origin.error(error.message());
    let placed = error.hints().iter().cloned().fold(placed, Error::with_hint);
    placed.with_source(error.clone())
}

/// Everything in the settings that could be read and cannot be followed: rules that contradict themselves, patterns that match nothing
/// by their form. [`ClientBuilder::build`](super::ClientBuilder::build) fails with the first of them.
pub fn settings_problems(settings: &Settings) -> Vec<Error> {
    rules(settings).problems
}

#[cfg(test)]
mod tests;
