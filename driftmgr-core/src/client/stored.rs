//! A state as it was stored, and what can be said of it without asking anybody.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value as Json;

use super::encryption;
use crate::address::{InstanceAddress, InstanceKey, ResourceMode};
use crate::drift::{DriftReport, Selection};
use crate::error::{Error, Partial, Result};
use crate::report::text::{self, TextOptions};
use crate::state::{
    Analysis, Comparison, Health, HealthInputs, Instance, InstanceStatus, RawAttributes, Resource,
    Secrets, State, compare,
};

/// A state as it was stored: its content, with its name, size and age. Cloning is cheap. `Debug` shows no values.
///
/// ```
/// use driftmgr_core::client::StoredState;
///
/// # fn main() -> driftmgr_core::Result<()> {
/// let bytes = br#"{"version": 4, "serial": 7, "lineage": "3f1c", "outputs": {}, "resources": []}"#;
/// let state = StoredState::parse("prod", bytes)?;
/// assert_eq!(state.state().serial, 7);
/// assert_eq!(state.health().score, 100);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct StoredState {
    name: String,
    place: HealthInputs,
    state: Arc<State>,
}

impl StoredState {
    /// Reads a state file. An encrypted one of OpenTofu is decrypted as `TF_ENCRYPTION` and the root module that the file lies in say, with
    /// the environment of this process.
    ///
    /// # Errors
    /// - `NotFound`, `PermissionDenied` and `Unavailable` for a file that cannot be read.
    /// - Those of [`StoredState::parse`], and for an encrypted state those of
    ///   [`RootModule::encryption`](crate::configuration::RootModule::encryption) and
    ///   [`Encryption::decrypt`](crate::state::encryption::Encryption::decrypt).
    ///
    /// ```no_run
    /// use driftmgr_core::client::StoredState;
    ///
    /// # fn main() -> driftmgr_core::Result<()> {
    /// for address in StoredState::read("prod.tfstate")?.list() {
    ///     println!("{address}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn read<P: AsRef<Path>>(file: P) -> Result<Self> {
        let file = file.as_ref();
        let bytes = std::fs::read(file).map_err(|e| unreadable(file, e))?;
        let place = HealthInputs {
            bytes: bytes.len() as u64,
            age: age(file),
            is_local: true,
            // Terraform keeps one backup beside a local state, and no versions.
            versioning: Some(false),
        };
        let name = file.display().to_string();
        let state = encryption::read(&name, Some(file), bytes.into())?;
        Ok(Self::of(&name, Arc::new(state), place))
    }

    /// Reads the bytes of a state of any format from 1 to 4. `name` is what messages and results call it. An encrypted one of OpenTofu is
    /// decrypted as `TF_ENCRYPTION` in the environment of this process says.
    ///
    /// # Errors
    /// `InvalidState` and `Unsupported` for what cannot be read; see [`State::parse`].
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self> {
        let place = HealthInputs {
            bytes: bytes.len() as u64,
            ..HealthInputs::default()
        };
        let state = encryption::read(name, None, Bytes::copy_from_slice(bytes))?;
        Ok(Self::of(name, Arc::new(state), place))
    }

    pub(super) fn of(name: &str, state: Arc<State>, place: HealthInputs) -> Self {
        Self {
            name: name.to_owned(),
            place,
            state,
        }
    }

    /// What messages and results call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The state itself.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Its size as stored, in bytes.
    pub fn bytes(&self) -> u64 {
        self.place.bytes
    }

    /// What is known of it from outside of it: size, age when it was read, where it is kept.
    pub fn place(&self) -> &HealthInputs {
        &self.place
    }

    /// All instance addresses, once each, sorted as `terraform state list` prints them.
    pub fn list(&self) -> Vec<InstanceAddress> {
        self.state.list()
    }

    /// The same for those that one of `addresses` is or lies above: `module.a`, `aws_vpc.main`, `aws_vpc.main["x"]`. All when there is none.
    ///
    /// # Errors
    /// `InvalidInput` for a text that is no address.
    pub fn list_only<S: AsRef<str>>(&self, addresses: &[S]) -> Result<Vec<InstanceAddress>> {
        Ok(self.addresses(addresses)?.collect())
    }

    /// [`StoredState::list_only`], one at a time.
    ///
    /// # Errors
    /// `InvalidInput` for a text that is no address.
    pub fn addresses<S: AsRef<str>>(
        &self,
        addresses: &[S],
    ) -> Result<impl Iterator<Item = InstanceAddress>> {
        let selection = Selection::new(addresses, &[])?;
        let all = self.state.addresses();
        Ok(all.filter(move |address| selection.contains(address)))
    }

    /// What it is, and a row for every object in it. No attribute value is in it.
    pub fn inspect(&self) -> Inspection {
        Inspection::of(self)
    }

    /// A page about it for people, as `driftmgr state inspect` prints it. Sensitive outputs are masked.
    pub fn text(&self, options: &TextOptions) -> String {
        text::inspect(&self.state, &self.name, Some(self.place.bytes), options)
    }

    /// The outputs of the root module, by name.
    ///
    /// # Errors
    /// `InvalidState` naming the output whose value cannot be read.
    pub fn outputs(&self, secrets: Secrets) -> Result<BTreeMap<String, OutputValue>> {
        let view = self.state.json_view(secrets)?;
        let outputs = view.pointer("/values/outputs").and_then(Json::as_object);
        let one = |(name, output): (&String, &Json)| {
            let part = |key: &str| output.get(key).cloned().unwrap_or_default();
            let value = OutputValue {
                sensitive: part("sensitive") == Json::Bool(true),
                value: part("value"),
                output_type: part("type"),
            };
            (name.clone(), value)
        };
        Ok(outputs.into_iter().flatten().map(one).collect())
    }

    /// The state as `terraform show -json` prints it (format 1.0); see [`State::json_view`].
    ///
    /// # Errors
    /// `InvalidState` naming the address of an object that cannot be read.
    pub fn view(&self, secrets: Secrets) -> Result<Json> {
        let view = self.state.json_view(secrets);
        view.map_err(|e| e.with("file", &self.name))
    }

    /// A score of how well it is kept, 0 to 100, with what was taken off.
    pub fn health(&self) -> Health {
        self.state.health(&self.place)
    }

    /// Everything that can be said of it without asking anybody: health, counts, hints.
    pub fn analyze(&self) -> StateAnalysis {
        StateAnalysis {
            state: self.name.clone(),
            health: self.health(),
            analysis: self.state.analyze(),
            offline: true,
            drift: None,
        }
    }

    /// What changed from this state to another one. Objects that cannot be compared are problems.
    pub fn compare(&self, after: &Self) -> Partial<Comparison> {
        compare(&self.state, &after.state)
    }

    /// The bytes of the state in format 4, as `terraform state pull` prints it.
    pub fn upgrade(&self) -> Vec<u8> {
        self.state.to_v4_bytes()
    }
}

/// A state file that cannot be read, with what to do.
pub(super) fn unreadable(file: &Path, error: std::io::Error) -> Error {
    let is_folder = file.is_dir();
    let missing = error.kind() == std::io::ErrorKind::NotFound;
    let error = Error::io("read the state", file, error);
    if is_folder {
        error.with_hint(format!(
            "{} is a folder: name the state file in it, such as {}",
            file.display(),
            file.join("terraform.tfstate").display()
        ))
    } else if missing {
        error.with_hint("give the path of a state file; `terraform state pull > FILE` makes one of a remote state")
    } else {
        error
    }
}

fn age(file: &Path) -> Option<Duration> {
    let modified = std::fs::metadata(file).and_then(|m| m.modified()).ok()?;
    SystemTime::now().duration_since(modified).ok()
}

/// An output of a root module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutputValue {
    /// It is marked sensitive.
    pub sensitive: bool,
    /// The value; [`crate::redact::MASK`] in the place of a secret, unless secrets were asked for.
    pub value: Json,
    /// Its type in Terraform's JSON, such as `"string"` or `["list", "string"]`.
    #[serde(rename = "type")]
    pub output_type: Json,
}

/// Everything that can be said of a state. In JSON as `driftmgr state analyze --format json` prints it.
#[derive(Debug, Serialize)]
pub struct StateAnalysis {
    /// What the state is called.
    pub state: String,
    /// The score with its reasons.
    pub health: Health,
    /// Counts and hints.
    pub analysis: Analysis,
    /// Drift was not looked at.
    pub offline: bool,
    /// What was found when it was.
    pub drift: Option<DriftReport>,
}

impl StateAnalysis {
    /// The same with drift.
    #[must_use]
    pub fn with_drift(mut self, report: DriftReport) -> Self {
        self.offline = false;
        self.drift = Some(report);
        self
    }
}

/// What a state is, and a row for every object in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// What the state is called.
    pub name: String,
    /// Its size as stored, in bytes.
    pub bytes: u64,
    /// The format it was read from, 1 to 4.
    pub format_version: u64,
    /// The Terraform or OpenTofu version that wrote it.
    pub terraform_version: Option<String>,
    /// Grows by one with each write.
    pub serial: u64,
    /// Names the history that the state belongs to; empty where it has none.
    pub lineage: String,
    /// Names of root module outputs, sorted.
    pub outputs: Vec<String>,
    /// Every object, sorted by address; deposed ones after the current one.
    pub objects: Vec<ObjectRow>,
}

/// One object of a state, without its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectRow {
    /// The instance.
    pub address: InstanceAddress,
    /// `managed` or `data`.
    pub mode: ResourceMode,
    /// The resource type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// The resource's name.
    pub name: String,
    /// The module's address; empty for the root module.
    pub module: String,
    /// The key of `count` or `for_each`.
    pub key: Option<InstanceKey>,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// The provider configuration that manages it.
    pub provider: Option<String>,
    /// `ready` or `tainted`.
    pub status: &'static str,
    /// Version of the schema that it was written with.
    pub schema_version: u64,
    /// Size of its attributes as stored, in bytes.
    pub bytes: u64,
    /// Some of its attributes were secret when it was written.
    pub has_secrets: bool,
    /// Its replacement is created first.
    pub create_before_destroy: bool,
    /// Addresses of what it depends on, as stored.
    pub dependencies: Vec<String>,
}

impl Inspection {
    fn of(stored: &StoredState) -> Self {
        let state = &stored.state;
        let mut objects: Vec<ObjectRow> = state.instances().map(row).collect();
        objects.sort_by(|a, b| (&a.address, &a.deposed).cmp(&(&b.address, &b.deposed)));
        Self {
            name: stored.name.clone(),
            bytes: stored.place.bytes,
            format_version: state.format_version,
            terraform_version: state.terraform_version.clone(),
            serial: state.serial,
            lineage: state.lineage.clone(),
            outputs: state.outputs.keys().cloned().collect(),
            objects,
        }
    }
}

fn row((resource, instance): (&Resource, &Instance)) -> ObjectRow {
    let at = &resource.address;
    let module = match at.module.is_root() {
        true => String::new(),
        false => at.module.to_string(),
    };
    let bytes = match &instance.attributes {
        RawAttributes::Json(raw) => raw.get().len(),
        RawAttributes::Flatmap(map) => map.iter().map(|(k, v)| k.len() + v.len()).sum(),
    };
    ObjectRow {
        address: resource.instance_address(instance),
        mode: at.mode,
        resource_type: at.resource_type.clone(),
        name: at.name.clone(),
        module,
        key: instance.key.clone(),
        deposed: instance.deposed.clone(),
        provider: resource.provider_of(instance).map(ToString::to_string),
        status: match instance.status {
            InstanceStatus::Ready => "ready",
            InstanceStatus::Tainted => "tainted",
        },
        schema_version: instance.schema_version,
        bytes: bytes as u64,
        has_secrets: !instance.sensitive.is_empty(),
        create_before_destroy: instance.create_before_destroy,
        dependencies: instance
            .dependencies
            .iter()
            .map(ToString::to_string)
            .collect(),
    }
}
