//! Settings: what holds, and where it comes from.

use std::path::Path;
use std::sync::Arc;

use driftmgr_core::settings;

use crate::error::Failure;
use crate::records::{Problem, SettingsData};
use crate::typed::{Json, typed};

/// The settings that hold in a folder.
#[derive(uniffi::Object)]
pub struct Settings {
    pub(crate) inner: settings::Settings,
    problems: Vec<Problem>,
}

/// A value that wins over files and variables.
#[derive(Debug, Clone, uniffi::Record)]
pub struct Override {
    /// The key, such as `drift.timeout`.
    pub key: String,
    /// The value as text, such as `10m`.
    pub value: String,
}

#[uniffi::export]
impl Settings {
    /// Reads the settings that hold in a folder: a `driftmgr.yaml` there or above, the user's file, the environment of this process, and
    /// over all of them `overrides`. Every mistake is a problem; the settings hold what is right.
    #[uniffi::constructor]
    pub fn load(folder: String, overrides: Vec<Override>) -> Result<Arc<Self>, Failure> {
        let overrides: Vec<(&str, &str)> = overrides
            .iter()
            .map(|o| (o.key.as_str(), o.value.as_str()))
            .collect();
        let read = settings::Settings::load_at(Path::new(&folder), &overrides);
        Ok(Arc::new(Self {
            problems: typed(&read.problems)?,
            inner: read.value,
        }))
    }

    /// What is wrong with them, each with its place.
    pub fn problems(&self) -> Vec<Problem> {
        self.problems.clone()
    }

    /// Every key with its value and where that comes from.
    pub fn data(&self) -> Result<SettingsData, Failure> {
        typed(&self.inner)
    }

    /// As `driftmgr config show --format json` prints them.
    pub fn to_json(&self) -> Json {
        Json(self.inner.json())
    }
}

/// The JSON Schema of `driftmgr.yaml`.
#[uniffi::export]
pub fn settings_schema() -> Json {
    Json(settings::schema())
}
