//! What this machine offers. Names of credentials, never their values.

mod machine;
mod target;

use std::path::Path;

use serde::Serialize;

use super::Client;
use crate::backend::BackendRegistry;
use crate::context::{Context, blocking};
use crate::error::Result;
use crate::report::text::{self, Section, TextOptions};
use crate::settings::Settings;

pub use machine::{CacheFacts, CliConfigFacts, Machine};
pub(super) use target::selected_by;
pub use target::{ProviderFacts, TargetFacts};

/// What this machine offers, and what targets would use of it. In JSON as `driftmgr doctor --format json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The settings that apply.
    pub settings: UsedSettings,
    /// This machine.
    pub machine: Machine,
    /// The targets, in the order in which they were named.
    pub targets: Vec<TargetFacts>,
}

/// The settings that apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsedSettings {
    /// The files that were read, the weaker one first.
    pub files: Vec<String>,
    /// `app.name`.
    pub name: Option<String>,
    /// `app.environment`.
    pub environment: Option<String>,
}

impl Client {
    /// What this machine offers: the program, the environment, caches, and for each target the binary of every provider with what it was
    /// checked against. Nothing is started and nothing is written.
    ///
    /// # Errors
    /// `NotFound` and `PermissionDenied` for a target that cannot be looked at.
    ///
    /// ```no_run
    /// # async fn example() -> driftmgr_core::Result<()> {
    /// let client = driftmgr_core::client::Client::builder().build()?;
    /// for provider in &client.doctor(&["./infra"]).await?.targets[0].providers {
    ///     println!("{}: {:?}", provider.source, provider.path);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn doctor<T: AsRef<Path>>(&self, targets: &[T]) -> Result<Diagnosis> {
        let client = self.clone();
        let targets: Vec<_> = targets.iter().map(|t| t.as_ref().to_owned()).collect();
        // Hashing binaries takes a while, and would keep a thread of the runtime from its work.
        let work =
            move || Diagnosis::examine(&client.cx, &client.settings, &client.backends, &targets);
        blocking(&self.cx, "the examination", work).await
    }
}

impl Diagnosis {
    /// The same on the caller's thread and without a client, so that it can be made where settings keep a client from being made.
    ///
    /// # Errors
    /// Those of [`Client::doctor`].
    pub fn examine<T: AsRef<Path>>(
        cx: &Context,
        settings: &Settings,
        backends: &BackendRegistry,
        targets: &[T],
    ) -> Result<Self> {
        Ok(Self {
            settings: UsedSettings::of(settings),
            machine: Machine::examine(cx, backends),
            targets: targets
                .iter()
                .map(|target| TargetFacts::examine(cx, target.as_ref()))
                .collect::<Result<_>>()?,
        })
    }

    /// The facts under their titles.
    pub fn sections(&self, options: &TextOptions) -> Vec<Section> {
        let mut sections = self.machine.sections();
        sections.push(self.settings.section());
        for target in &self.targets {
            sections.extend(target.sections(options.every_address));
        }
        sections
    }

    /// A page for people, as `driftmgr doctor` prints it.
    pub fn text(&self, options: &TextOptions) -> String {
        text::sections(&self.sections(options), options)
    }
}

impl UsedSettings {
    fn of(settings: &Settings) -> Self {
        Self {
            files: settings.files().map(|f| f.display().to_string()).collect(),
            name: settings.app.name.clone(),
            environment: settings.app.environment.clone(),
        }
    }

    fn section(&self) -> Section {
        let mut section = Section::new("Settings");
        match self.files.split_first() {
            None => section.row("files", "none; driftmgr config show lists what holds"),
            Some((first, rest)) => {
                section.row("files", first);
                rest.iter()
                    .fold(&mut section, |section, file| section.row("", file))
            }
        };
        for (label, text) in [("project", &self.name), ("environment", &self.environment)] {
            if let Some(text) = text {
                section.row(label, text);
            }
        }
        section
    }
}
