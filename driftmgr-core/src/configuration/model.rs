//! What a module declares, before anything is evaluated.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::syntax::{Block, Body, Expression, Location};
use super::types::TypeConstraint;
use crate::address::{ModulePath, ProviderSource, ResourceAddress, ResourceMode};

/// A root module with the child modules that could be found.
#[derive(Debug, Clone)]
pub struct RootModule {
    /// The folder, as it was asked for.
    pub dir: PathBuf,
    /// The folder, absolute.
    pub absolute_dir: PathBuf,
    /// What it declares.
    pub module: Module,
}

impl RootModule {
    /// The module at a path; instance keys do not matter. `None` when no call leads there or its source is not installed.
    pub fn module_at(&self, path: &ModulePath) -> Option<&Module> {
        path.0
            .iter()
            .try_fold(&self.module, |module, step| module.children.get(&step.name))
    }

    /// The block that declares a resource.
    pub fn resource(&self, address: &ResourceAddress) -> Option<&ResourceBlock> {
        let key = ResourceKey {
            mode: address.mode,
            resource_type: address.resource_type.clone(),
            name: address.name.clone(),
        };
        self.module_at(&address.module)?.resources.get(&key)
    }
}

/// One module.
#[derive(Debug, Clone, Default)]
pub struct Module {
    /// What `path.module` gives: the folder, relative to the root module's; `.` for the root itself.
    pub path: String,
    /// The names of the files that were read, override files last.
    pub files: Vec<String>,
    /// Something of the module could not be read: what is not found in it may be there all the same.
    pub has_problems: bool,
    /// Version constraints on Terraform itself.
    pub required_version: Vec<String>,
    /// The `backend` block.
    pub backend: Option<Backend>,
    /// The `cloud` block.
    pub cloud: Option<Block>,
    /// The `encryption` block of OpenTofu.
    pub encryption: Option<Block>,
    /// Entries of `required_providers`, by local name.
    pub required_providers: BTreeMap<String, RequiredProvider>,
    /// `provider` blocks.
    pub providers: Vec<ProviderBlock>,
    /// Input variables.
    pub variables: BTreeMap<String, Variable>,
    /// Local values.
    pub locals: BTreeMap<String, Expression>,
    /// Outputs.
    pub outputs: BTreeMap<String, Output>,
    /// Calls of other modules.
    pub module_calls: BTreeMap<String, ModuleCall>,
    /// Resources and data sources.
    pub resources: BTreeMap<ResourceKey, ResourceBlock>,
    /// `moved` blocks.
    pub moved: Vec<Block>,
    /// `import` blocks.
    pub imports: Vec<Block>,
    /// `removed` blocks.
    pub removed: Vec<Block>,
    /// `check` blocks.
    pub checks: Vec<Block>,
    /// The called modules that could be read, by the name of the call.
    pub children: BTreeMap<String, Module>,
}

/// The `backend` block.
#[derive(Debug, Clone)]
pub struct Backend {
    /// Its label, such as `s3`.
    pub kind: String,
    /// Its arguments. What `-backend-config` adds is not here.
    pub body: Body,
    /// Where it begins.
    pub location: Location,
}

/// An entry of `required_providers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredProvider {
    /// Where the provider comes from; `None` where the entry is a bare version or the source cannot be read.
    pub source: Option<ProviderSource>,
    /// The version constraint as written.
    pub version: Option<String>,
    /// Configurations that a caller has to pass: `aws.west`.
    pub configuration_aliases: Vec<String>,
}

/// A `provider` block.
#[derive(Debug, Clone)]
pub struct ProviderBlock {
    /// Its label, the local name.
    pub local_name: String,
    /// `alias`.
    pub alias: Option<String>,
    /// `for_each` (OpenTofu).
    pub for_each: Option<Expression>,
    /// The legacy `version` argument.
    pub version: Option<String>,
    /// What is left for the provider itself.
    pub body: Body,
    /// Where it begins.
    pub location: Location,
}

/// An input variable.
#[derive(Debug, Clone)]
pub struct Variable {
    /// The declared type.
    pub constraint: Option<TypeConstraint>,
    /// The value when none is given.
    pub default: Option<Expression>,
    /// `description`.
    pub description: Option<String>,
    /// Its values are secrets.
    pub sensitive: bool,
    /// False when null stands for the default.
    pub nullable: bool,
    /// Where it begins.
    pub location: Location,
}

/// An output.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its value.
    pub value: Option<Expression>,
    /// `description`.
    pub description: Option<String>,
    /// Its value is a secret.
    pub sensitive: bool,
    /// Where it begins.
    pub location: Location,
}

/// How many instances a block makes.
#[derive(Debug, Clone)]
pub enum Repetition {
    /// One, without a key.
    Single,
    /// `count`.
    Count(Expression),
    /// `for_each`.
    ForEach(Expression),
}

/// A `module` block.
#[derive(Debug, Clone)]
pub struct ModuleCall {
    /// The source as written; `None` when it is not a literal.
    pub source: Option<String>,
    /// The version constraint as written.
    pub version: Option<String>,
    /// `providers`: the name in the called module and the name here, such as `aws` and `aws.west`.
    pub providers: BTreeMap<String, String>,
    /// `count` or `for_each`.
    pub repetition: Repetition,
    /// The values of the called module's variables.
    pub arguments: Body,
    /// Where it begins.
    pub location: Location,
}

/// Which resource of a module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceKey {
    /// Resource or data source.
    pub mode: ResourceMode,
    /// Its type.
    pub resource_type: String,
    /// Its name.
    pub name: String,
}

/// `lifecycle.ignore_changes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IgnoreChanges {
    /// The keyword `all`.
    All,
    /// Attributes as written: `tags`, `tags["env"]`, `ebs_block_device[0].size`.
    Paths(Vec<String>),
}

/// A `resource` or `data` block.
#[derive(Debug, Clone)]
pub struct ResourceBlock {
    /// The `provider` argument as written, such as `aws.west`.
    pub provider: Option<String>,
    /// `count` or `for_each`.
    pub repetition: Repetition,
    /// Changes that are not drift in the eyes of its owner.
    pub ignore_changes: IgnoreChanges,
    /// Its arguments.
    pub body: Body,
    /// Where it begins.
    pub location: Location,
}

impl Module {
    /// The provider that a local name stands for.
    pub fn source_of(&self, local_name: &str) -> ProviderSource {
        self.required_providers
            .get(local_name)
            .and_then(|required| required.source.clone())
            .unwrap_or_else(|| ProviderSource::implied(local_name))
    }

    /// The local name of a provider; several can stand for one source, the first by name is given.
    pub fn local_name_of(&self, source: &ProviderSource) -> Option<&str> {
        let required = self.required_providers.keys().map(String::as_str);
        let blocks = self.providers.iter().map(|b| b.local_name.as_str());
        required
            .chain(blocks)
            .find(|name| self.source_of(name) == *source)
    }

    /// The local name and alias of the provider configuration of a resource: its `provider` argument, else the first word of its type.
    pub fn provider_for_resource(&self, key: &ResourceKey) -> (String, Option<String>) {
        let written = self
            .resources
            .get(key)
            .and_then(|resource| resource.provider.as_deref());
        match written {
            Some(reference) => split_reference(reference),
            None => {
                let implied = key.resource_type.split('_').next().unwrap_or_default();
                (implied.to_owned(), None)
            }
        }
    }
}

/// `aws.west` as local name and alias. A key in brackets (OpenTofu) is dropped.
pub(super) fn split_reference(reference: &str) -> (String, Option<String>) {
    let plain = reference.split('[').next().unwrap_or_default();
    match plain.split_once('.') {
        Some((name, alias)) => (name.to_owned(), Some(alias.to_owned())),
        None => (plain.to_owned(), None),
    }
}
