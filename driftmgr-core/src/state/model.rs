//! A state in memory, always in terms of format v4.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::address::{InstanceAddress, InstanceKey, ProviderConfigAddress, ResourceAddress};
use crate::value::{PathSet, Type};

/// A state.
#[derive(Debug, Clone)]
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
}

/// Check results, verbatim: they are shown, not judged.
#[derive(Debug, Clone)]
pub struct CheckResults(pub Arc<RawValue>);

/// A root module output.
#[derive(Debug, Clone)]
pub struct Output {
    /// The value, verbatim. Secret when `sensitive`.
    pub value: Arc<RawValue>,
    /// Its type.
    pub output_type: Type,
    /// Marked sensitive.
    pub sensitive: bool,
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
    pub provider: Option<ProviderConfigAddress>,
    /// Its instances, deposed objects included.
    pub instances: Vec<Instance>,
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
    Json(Arc<RawValue>),
    /// Dotted keys from before Terraform 0.12.
    Flatmap(BTreeMap<String, String>),
}

impl std::fmt::Debug for RawAttributes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Json(raw) => write!(f, "Json({} bytes)", raw.get().len()),
            Self::Flatmap(map) => write!(f, "Flatmap({} keys)", map.len()),
        }
    }
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
    pub private: Option<String>,
    /// Its identity and the version of the identity's schema.
    pub identity: Option<(u64, Arc<RawValue>)>,
    /// Addresses of what it depends on, transitive and without keys, as stored.
    pub dependencies: Vec<String>,
    /// Its replacement is created first.
    pub create_before_destroy: bool,
    /// The provider configuration, where OpenTofu puts it on the instance.
    pub provider: Option<ProviderConfigAddress>,
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance")
            .field("key", &self.key)
            .field("deposed", &self.deposed)
            .field("status", &self.status)
            .field("schema_version", &self.schema_version)
            .finish_non_exhaustive()
    }
}

impl Resource {
    /// The address of one of its instances.
    pub fn instance_address(&self, instance: &Instance) -> InstanceAddress {
        self.address.instance(instance.key.clone())
    }

    /// The provider configuration of one of its instances.
    pub fn provider_of<'a>(&'a self, instance: &'a Instance) -> Option<&'a ProviderConfigAddress> {
        instance.provider.as_ref().or(self.provider.as_ref())
    }
}
