//! Settings: what holds, and where it comes from.

use std::sync::Arc;

use driftmgr_core::{Partial, settings};

use crate::error::Failure;
use crate::records::{Problem, SettingsData};
use crate::typed::{JsonValue, typed};

/// The settings that hold in a folder.
#[derive(uniffi::Object)]
pub struct Settings {
    pub(crate) inner: settings::Settings,
    problems: Vec<driftmgr_core::Error>,
}

/// A value that wins over files and variables.
#[derive(Debug, Clone, uniffi::Record)]
pub struct SettingOverride {
    /// The key, such as `drift.timeout`.
    pub key: String,
    /// The value as text, such as `10m`.
    pub value: String,
}

impl Settings {
    fn of(read: Partial<settings::Settings>) -> Arc<Self> {
        Arc::new(Self {
            inner: read.value,
            problems: read.problems,
        })
    }
}

/// Reads the settings that hold in a folder: a `driftmgr.yaml` there or above, the user's file, the environment of this process, and
/// over all of them `overrides`. Every mistake is a problem; the settings hold what is right.
#[uniffi::export]
pub fn load_settings(folder: String, overrides: Vec<SettingOverride>) -> Arc<Settings> {
    let overrides: Vec<(&str, &str)> = overrides
        .iter()
        .map(|o| (o.key.as_str(), o.value.as_str()))
        .collect();
    Settings::of(settings::Settings::load_at(&folder, &overrides))
}

/// Reads one file over the defaults and nothing else.
#[uniffi::export]
pub fn validate_settings(file: String) -> Arc<Settings> {
    Settings::of(settings::Settings::validate(file))
}

#[uniffi::export]
impl Settings {
    /// Fails with the first of the problems.
    pub fn require(&self) -> Result<(), Failure> {
        match self.problems.first() {
            Some(problem) => Err(problem.clone().into()),
            None => Ok(()),
        }
    }

    /// What is wrong with them, each with its place.
    pub fn problems(&self) -> Result<Vec<Problem>, Failure> {
        typed(&self.problems)
    }

    /// Every key with its value and where that comes from.
    pub fn data(&self) -> Result<SettingsData, Failure> {
        typed(&self.inner)
    }

    /// As `driftmgr config show --format json` prints them.
    pub fn to_json(&self) -> JsonValue {
        JsonValue(self.inner.json())
    }
}

/// The JSON Schema of `driftmgr.yaml`.
#[uniffi::export]
pub fn settings_schema() -> JsonValue {
    JsonValue(settings::Settings::schema())
}
