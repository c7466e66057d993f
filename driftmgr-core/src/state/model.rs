//! A state in memory, always in terms of format v4.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::raw::RawJson;
use super::source::{Origin, Source};
use crate::address::{InstanceAddress, InstanceKey, ProviderConfigAddress, ResourceAddress};
use crate::value::{PathSet, Type};

/// A state.
///
/// It remembers the bytes it was read from, so that [`State::to_bytes`] changes nothing that was not changed. `Debug` shows no values.
#[derive(Clone, Default)]
pub struct State {
    /// The format it was read from, 1 to 4.
    pub format_version: u64,
    /// The Terraform or OpenTofu version that wrote it.
    pub terraform_version: Option<String>,
    /// Grows by one with each write.
    pub serial: u64,
    /// Names the history that the state belongs to.
    pub lineage: String,
    /// Root module outputs.
    pub outputs: BTreeMap<String, Output>,
    /// Resources in the order of the file.
    pub resources: Vec<Resource>,
    /// Results of check blocks and conditions.
    pub check_results: Option<CheckResults>,
    pub(super) source: Option<Source>,
}

/// Check results, verbatim: they are shown, not judged.
#[derive(Clone)]
pub struct CheckResults(pub RawJson);

/// A root module output. `Debug` does not show the value.
#[derive(Clone)]
pub struct Output {
    /// The value, verbatim. Secret when `sensitive`.
    pub value: RawJson,
    /// Its type.
    pub output_type: Type,
    /// Marked sensitive.
    pub sensitive: bool,
    pub(super) origin: Origin,
}

/// Whether instances carry keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Each {
    /// From `count`.
    List,
    /// From `for_each`.
    Map,
}

/// A resource or data source and its instances.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its address.
    pub address: ResourceAddress,
    /// `count` or `for_each`, where an old state says so.
    pub each: Option<Each>,
    /// The provider configuration that manages it; `None` where OpenTofu puts it on each instance.
    ///
    /// The namespace is `-` where a state from before Terraform 0.13 names the provider by its type alone.
    pub provider: Option<Arc<ProviderConfigAddress>>,
    /// Its instances, deposed objects included.
    pub instances: Vec<Instance>,
    pub(super) origin: Origin,
}

/// Whether the object is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InstanceStatus {
    /// Created completely.
    #[default]
    Ready,
    /// Must be replaced at the next apply.
    Tainted,
}

/// Stored attributes of an instance, as the state has them.
#[derive(Clone)]
pub enum RawAttributes {
    /// The JSON object, verbatim.
    Json(RawJson),
    /// Dotted keys from before Terraform 0.12.
    Flatmap(BTreeMap<String, String>),
}

/// One object: the current one of an instance, or a deposed one that still has to be destroyed.
///
/// `Debug` does not show attribute values.
#[derive(Clone)]
pub struct Instance {
    /// Which instance.
    pub key: Option<InstanceKey>,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// Ready or tainted.
    pub status: InstanceStatus,
    /// Version of the schema the attributes were written with.
    pub schema_version: u64,
    /// The object, unparsed.
    pub attributes: RawAttributes,
    /// Parts that were sensitive when it was written.
    pub sensitive: PathSet,
    /// The provider's private data, base64 as stored.
    pub private: Option<Arc<str>>,
    /// Its identity and the version of the identity's schema.
    pub identity: Option<(u64, RawJson)>,
    /// Addresses of what it depends on, transitive and without keys, as stored.
    pub dependencies: Arc<[Arc<str>]>,
    /// `depends_on` of states before Terraform 0.12.14: what it refers to, not transitive, relative to its module. Terraform reads
    /// and forgets it, so it is not written by [`State::to_v4_bytes`].
    pub depends_on: Vec<String>,
    /// Its replacement is created first.
    pub create_before_destroy: bool,
    /// The provider configuration, where OpenTofu puts it on the instance.
    pub provider: Option<Arc<ProviderConfigAddress>>,
    pub(super) origin: Origin,
}

impl State {
    /// An empty state of format v4, at serial 0.
    pub fn new(lineage: impl Into<String>) -> Self {
        Self {
            format_version: 4,
            lineage: lineage.into(),
            ..Self::default()
        }
    }

    /// Every object with its resource, in the order of the file; deposed ones included.
    pub fn instances(&self) -> impl Iterator<Item = (&Resource, &Instance)> {
        self.resources
            .iter()
            .flat_map(|r| r.instances.iter().map(move |i| (r, i)))
    }

    /// The current object of an instance.
    pub fn instance(&self, address: &InstanceAddress) -> Option<(&Resource, &Instance)> {
        self.objects(address).find(|(_, i)| i.deposed.is_none())
    }

    /// All objects of an instance: the current one and the deposed ones.
    pub fn objects<'a>(
        &'a self,
        address: &InstanceAddress,
    ) -> impl Iterator<Item = (&'a Resource, &'a Instance)> {
        self.resources
            .iter()
            .filter(move |r| r.address == address.resource)
            .flat_map(|r| r.instances.iter().map(move |i| (r, i)))
            .filter(move |(_, i)| i.key == address.key)
    }

    /// All instance addresses, once each, sorted as `terraform state list` prints them. An instance that has only deposed objects is
    /// among them.
    pub fn list(&self) -> Vec<InstanceAddress> {
        self.addresses().collect()
    }

    /// [`State::list`], one at a time.
    pub fn addresses(&self) -> impl Iterator<Item = InstanceAddress> {
        let mut instances: Vec<_> = self
            .instances()
            .map(|(r, i)| (&r.address, &i.key))
            .collect();
        // States are nearly sorted.
        instances.sort();
        instances.dedup();
        let instances = instances.into_iter();
        instances.map(|(resource, key)| resource.instance(key.clone()))
    }
}

impl Resource {
    /// A resource without instances.
    pub fn new(address: ResourceAddress, provider: Option<ProviderConfigAddress>) -> Self {
        Self {
            address,
            each: None,
            provider: provider.map(Arc::new),
            instances: Vec::new(),
            origin: Origin::default(),
        }
    }

    /// The address of one of its instances.
    pub fn instance_address(&self, instance: &Instance) -> InstanceAddress {
        self.address.instance(instance.key.clone())
    }

    /// The provider configuration of one of its instances.
    pub fn provider_of<'a>(&'a self, instance: &'a Instance) -> Option<&'a ProviderConfigAddress> {
        let provider = instance.provider.as_ref().or(self.provider.as_ref());
        provider.map(Arc::as_ref)
    }
}

impl Instance {
    /// A current, whole object without metadata.
    pub fn new(key: Option<InstanceKey>, schema_version: u64, attributes: RawAttributes) -> Self {
        Self {
            key,
            deposed: None,
            status: InstanceStatus::Ready,
            schema_version,
            attributes,
            sensitive: PathSet::default(),
            private: None,
            identity: None,
            dependencies: Arc::default(),
            depends_on: Vec::new(),
            create_before_destroy: false,
            provider: None,
            origin: Origin::default(),
        }
    }
}

impl Output {
    /// An output.
    pub fn new(value: RawJson, output_type: Type, sensitive: bool) -> Self {
        Self {
            value,
            output_type,
            sensitive,
            origin: Origin::default(),
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("format_version", &self.format_version)
            .field("terraform_version", &self.terraform_version)
            .field("serial", &self.serial)
            .field("lineage", &self.lineage)
            .field("outputs", &self.outputs)
            .field("resources", &self.resources)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CheckResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckResults({} bytes)", self.0.get().len())
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("output_type", &self.output_type)
            .field("sensitive", &self.sensitive)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RawAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(raw) => write!(f, "Json({} bytes)", raw.get().len()),
            Self::Flatmap(map) => write!(f, "Flatmap({} keys)", map.len()),
        }
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("key", &self.key)
            .field("deposed", &self.deposed)
            .field("status", &self.status)
            .field("schema_version", &self.schema_version)
            .finish_non_exhaustive()
    }
}
