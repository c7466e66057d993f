//! `Settings`: what `driftmgr.yaml`, the environment and the program say.

use std::collections::BTreeMap;

use driftmgr_core::error::{Error, Partial};
use driftmgr_core::settings;
use napi::Env;
use napi::bindgen_prelude::PromiseRaw;
use napi_derive::napi;

use crate::exchange::{options, text};
use crate::run::{heavy, now};

/// See `ts/settings.ts`.
#[napi]
pub struct Settings {
    inner: settings::Settings,
    problems: Vec<Error>,
}

impl Settings {
    fn of(read: Partial<settings::Settings>) -> Self {
        Self {
            inner: read.value,
            problems: read.problems,
        }
    }

    pub(crate) fn inner(&self) -> &settings::Settings {
        &self.inner
    }

    /// What is wrong with them.
    pub(crate) fn wrong(&self) -> Option<&Error> {
        self.problems.first()
    }
}

#[napi]
impl Settings {
    /// The settings that hold in a folder, under values by key.
    #[napi]
    pub fn load<'env>(
        env: &'env Env,
        folder: String,
        values: String,
    ) -> napi::Result<PromiseRaw<'env, Settings>> {
        heavy(env, move || {
            let values: BTreeMap<String, String> = options(&values)?;
            let values: Vec<(&str, &str)> = values
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str()))
                .collect();
            Ok(Self::of(settings::Settings::load_at(folder, &values)))
        })
    }

    /// The settings of one file alone.
    #[napi]
    pub fn validate<'env>(
        env: &'env Env,
        file: String,
    ) -> napi::Result<PromiseRaw<'env, Settings>> {
        heavy(env, move || {
            Ok(Self::of(settings::Settings::validate(file)))
        })
    }

    /// The JSON Schema of the file.
    #[napi]
    pub fn schema() -> napi::Result<String> {
        now(|| text(&settings::Settings::schema()))
    }

    /// Every mistake.
    #[napi]
    pub fn problems(&self) -> napi::Result<String> {
        now(|| text(&self.problems))
    }

    /// Every key with its value and origin.
    #[napi]
    pub fn entries(&self) -> napi::Result<String> {
        now(|| text(&self.inner.entries()))
    }

    /// All of them as one document.
    #[napi]
    pub fn document(&self) -> napi::Result<String> {
        now(|| text(&self.inner))
    }
}
