//! What the configuration of a stack declares, as data.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Stack;
use crate::configuration::{Location, Module, RootModule, WorkspaceOrigin};

/// What a root module declares, its child modules included. No value of an argument is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigurationSummary {
    /// The folder of the root module.
    pub root: String,
    /// Version constraints on Terraform itself.
    pub required_version: Vec<String>,
    /// The `backend` or `cloud` block.
    pub backend: Option<DeclaredBackend>,
    /// Entries of `required_providers` of the root module, by local name.
    pub required_providers: BTreeMap<String, DeclaredProvider>,
    /// `provider` blocks of all modules, sorted by module and place.
    pub provider_configurations: Vec<DeclaredConfiguration>,
    /// Calls of modules, sorted by address.
    pub modules: Vec<DeclaredModule>,
    /// Resources and data sources of all modules, sorted by address.
    pub resources: Vec<DeclaredResource>,
    /// Names of the root module's variables, sorted.
    pub variables: Vec<String>,
    /// Names of the root module's outputs, sorted.
    pub outputs: Vec<String>,
    /// What could not be read, each a sentence with its place.
    pub problems: Vec<String>,
}

/// A place in a file of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file, as it was reached from the folder that was asked for.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// A `backend` or `cloud` block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeclaredBackend {
    /// Its label, such as `s3`; `cloud` for a `cloud` block.
    pub kind: String,
    /// Where it begins.
    pub declared: Place,
}

/// An entry of `required_providers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeclaredProvider {
    /// The source address.
    pub source: String,
    /// The version constraint as written.
    pub version: Option<String>,
}

/// A `provider` block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeclaredConfiguration {
    /// The module that it stands in; empty for the root module.
    pub module: String,
    /// Its label, the local name.
    pub name: String,
    /// `alias`.
    pub alias: Option<String>,
    /// The source address of the provider.
    pub source: String,
    /// Where it begins.
    pub declared: Place,
}

/// A `module` block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeclaredModule {
    /// Its address, such as `module.network`.
    pub address: String,
    /// The source as written; `None` when it is not a literal.
    pub source: Option<String>,
    /// The version constraint as written.
    pub version: Option<String>,
    /// Its files could be read.
    pub installed: bool,
    /// Where it begins.
    pub declared: Place,
}

/// A `resource` or `data` block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeclaredResource {
    /// Its address, without keys.
    pub address: String,
    /// `managed` or `data`.
    pub mode: crate::address::ResourceMode,
    /// The resource type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Its name.
    pub name: String,
    /// The source address of its provider.
    pub provider: String,
    /// Where it begins.
    pub declared: Place,
}

/// The workspace of a stack, and what selected it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkspaceInfo {
    /// Its name.
    pub name: String,
    /// What selected it: `explicit`, `TF_WORKSPACE`, a file, or `default`.
    pub origin: String,
}

impl Stack {
    /// What the configuration of the root module declares; `None` when the folder holds none.
    ///
    /// ```no_run
    /// # fn example(stack: driftmgr_core::client::Stack) {
    /// for resource in stack.configuration().iter().flat_map(|c| &c.resources) {
    ///     println!("{} at {}:{}", resource.address, resource.declared.file, resource.declared.line);
    /// }
    /// # }
    /// ```
    pub fn configuration(&self) -> Option<ConfigurationSummary> {
        let root = self.root_module()?;
        Some(summary(root, self))
    }

    /// The workspace with what selected it, as data.
    pub fn workspace_info(&self) -> WorkspaceInfo {
        let workspace = self.workspace();
        WorkspaceInfo {
            name: workspace.name.clone(),
            origin: match &workspace.origin {
                WorkspaceOrigin::Explicit => "explicit".to_owned(),
                WorkspaceOrigin::Environment => crate::env::TF_WORKSPACE.to_owned(),
                WorkspaceOrigin::File(path) => path.display().to_string(),
                WorkspaceOrigin::Default => "default".to_owned(),
            },
        }
    }
}

fn summary(root: &RootModule, stack: &Stack) -> ConfigurationSummary {
    let module = &root.module;
    let block = module.backend.as_ref().map(|backend| DeclaredBackend {
        kind: backend.kind.clone(),
        declared: place(&backend.location),
    });
    let cloud = module.cloud.as_ref().map(|cloud| DeclaredBackend {
        kind: "cloud".to_owned(),
        declared: place(&cloud.location),
    });
    let mut all = ConfigurationSummary {
        root: root.dir.display().to_string(),
        required_version: module.required_version.clone(),
        backend: block.or(cloud),
        required_providers: required(module),
        provider_configurations: Vec::new(),
        modules: Vec::new(),
        resources: Vec::new(),
        variables: module.variables.keys().cloned().collect(),
        outputs: module.outputs.keys().cloned().collect(),
        problems: stack.problems().iter().map(ToString::to_string).collect(),
    };
    gather(module, "", &mut all);
    all.provider_configurations
        .sort_by(|a, b| (&a.module, &a.declared).cmp(&(&b.module, &b.declared)));
    all.modules.sort_by(|a, b| a.address.cmp(&b.address));
    all.resources.sort_by(|a, b| a.address.cmp(&b.address));
    all
}

fn required(module: &Module) -> BTreeMap<String, DeclaredProvider> {
    let each = module.required_providers.iter();
    each.map(|(name, required)| {
        let provider = DeclaredProvider {
            source: module.source_of(name).to_string(),
            version: required.version.clone(),
        };
        (name.clone(), provider)
    })
    .collect()
}

/// Adds what the module declares, and what the modules below it do. `at` is its address.
fn gather(module: &Module, at: &str, into: &mut ConfigurationSummary) {
    let below = |rest: String| match at {
        "" => rest,
        at => format!("{at}.{rest}"),
    };
    let blocks = module.providers.iter().map(|block| DeclaredConfiguration {
        module: at.to_owned(),
        name: block.local_name.clone(),
        alias: block.alias.clone(),
        source: module.source_of(&block.local_name).to_string(),
        declared: place(&block.location),
    });
    into.provider_configurations.extend(blocks);
    for (key, block) in &module.resources {
        let (name, _) = module.provider_for_resource(key);
        let prefix = match key.mode {
            crate::address::ResourceMode::Data => "data.",
            _ => "",
        };
        into.resources.push(DeclaredResource {
            address: below(format!("{prefix}{}.{}", key.resource_type, key.name)),
            mode: key.mode,
            resource_type: key.resource_type.clone(),
            name: key.name.clone(),
            provider: module.source_of(&name).to_string(),
            declared: place(&block.location),
        });
    }
    for (name, call) in &module.module_calls {
        let address = below(format!("module.{name}"));
        let child = module.children.get(name);
        if let Some(child) = child {
            gather(child, &address, into);
        }
        into.modules.push(DeclaredModule {
            source: call.source.clone(),
            version: call.version.clone(),
            installed: child.is_some(),
            declared: place(&call.location),
            address,
        });
    }
}

fn place(location: &Location) -> Place {
    Place {
        file: location.file.display().to_string(),
        line: location.line,
    }
}
