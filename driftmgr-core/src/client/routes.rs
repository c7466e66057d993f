//! From a provider configuration address of a state to the reader that answers for it, or to the reason why there is none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::options::DriftOptions;
use super::stack::Stack;
use crate::address::{ProviderConfigAddress, ProviderSource, ResourceMode};
use crate::configuration::{ConfigurationOrigin, Evaluator, ProviderConfiguration};
use crate::context::Context;
use crate::drift::{Renames, Routes, Selection};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::provider::ResourceReader;
use crate::provider::find::{
    DiskSchemaCache, Found, SchemaKey, SearchRequest, Verified, Version, VersionConstraints, find,
};
use crate::provider::native;
use crate::provider::plugin::{
    LaunchHow, PluginLaunch, ProviderPool, Reattach, SchemaCache, reattached,
};

/// What Terraform is called towards a provider when a state does not say which version wrote it.
const UNKNOWN_TERRAFORM: &str = "1.0.0";

/// Providers whose objects can be named by relative paths. Their processes start in the root module's folder and so serve one folder
/// only; those of all others serve every root module of the run that configures them alike.
const READ_RELATIVE_PATHS: &[&str] = &["archive", "external", "local", "template"];

/// Where a provider's answers can come from.
enum Place {
    Native(Arc<dyn ResourceReader>),
    Running(Reattach),
    Binary(Box<Found>),
}

/// Finds, configures and, where needed, starts the readers of one stack.
pub(super) async fn routes(
    cx: &Context,
    stack: &Stack,
    (selection, renames): (&Selection, &Renames),
    options: &DriftOptions,
    pool: &ProviderPool,
) -> Routes {
    let addresses = managed_by(stack, selection, renames);
    let mut places = BTreeMap::new();
    for source in addresses.iter().map(|a| &a.source).collect::<BTreeSet<_>>() {
        places.insert(source.clone(), place(cx, stack, options, source).await);
    }
    let plugins = addresses
        .iter()
        .filter(|a| !matches!(places.get(&a.source), Some(Ok(Place::Native(_)))));
    let mut configurations = configurations(cx, stack, plugins);
    let mut routes = Routes::new();
    for address in addresses {
        let route = match places.get(&address.source) {
            Some(Ok(Place::Native(reader))) => Ok(reader.clone()),
            Some(Ok(place)) => match configurations.remove(&address) {
                Some(Ok(configuration)) => {
                    start(cx, stack, pool, place, &address.source, configuration).await
                }
                Some(Err(error)) => Err(error),
                None => Err(Error::new(
                    ErrorKind::Unexpected,
                    "a provider configuration was not evaluated",
                )),
            },
            Some(Err(error)) => Err(error.clone()),
            None => Err(Error::new(
                ErrorKind::Unexpected,
                "a provider was not searched",
            )),
        };
        let route = route.map_err(|e| e.with("provider", &address));
        routes.insert(address, route);
    }
    routes
}

fn managed_by(
    stack: &Stack,
    selection: &Selection,
    renames: &Renames,
) -> BTreeSet<ProviderConfigAddress> {
    let managed = stack
        .state()
        .instances()
        .filter(|(r, _)| r.address.mode == ResourceMode::Managed);
    let managed = managed.filter(|(r, i)| {
        let address = r.instance_address(i);
        selection.contains_renamed(&address, renames.get(&address))
    });
    managed
        .filter_map(|(r, i)| r.provider_of(i).cloned())
        .collect()
}

/// A running provider, then an installed binary, then a native reader. A binary that is not the locked one is refused, and nothing stands
/// in for it.
async fn place(
    cx: &Context,
    stack: &Stack,
    options: &DriftOptions,
    source: &ProviderSource,
) -> Result<Place> {
    let source = &source.with_namespace();
    let native = || native::reader_for(source, &absolute_root(cx, stack)).map(Place::Native);
    if source.is_builtin() {
        return native().ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                "this built-in provider is part of Terraform and has no plugin to ask",
            )
        });
    }
    if !options.plugins {
        return native().ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "provider plugins are switched off, and there is no native reader for this provider")
                .with_hint("allow plugins: they are what `terraform init` installed, and run with your credentials")
        });
    }
    if let Some(running) = reattached(cx.environment())?.remove(source) {
        return Ok(Place::Running(running));
    }
    match find(cx, search(cx, stack, options, source)).await {
        Ok(Some(found)) => {
            if let Verified::Unlocked(warning) = &found.verified {
                cx.emit(&Event::Warning {
                    message: warning.clone(),
                });
            }
            Ok(Place::Binary(Box::new(found)))
        }
        Ok(None) => {
            native().ok_or_else(|| Error::new(ErrorKind::NotFound, "the provider has no plugin"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => native().ok_or(error),
        Err(error) => Err(error),
    }
}

fn search(
    cx: &Context,
    stack: &Stack,
    options: &DriftOptions,
    source: &ProviderSource,
) -> SearchRequest {
    let root = absolute_root(cx, stack);
    let mut request = SearchRequest::new(root, source.clone());
    request.settings.clone_from(&options.provider_paths);
    let required = stack
        .root_module()
        .into_iter()
        .flat_map(|root| root.module.required_providers.values());
    for entry in required.filter(|entry| entry.source.as_ref() == Some(source)) {
        // A constraint that cannot be read is the configuration's problem; the lock file decides in any case.
        if let Some(constraints) = entry
            .version
            .as_deref()
            .and_then(|text| text.parse::<VersionConstraints>().ok())
        {
            request.constraints = request.constraints.and(&constraints);
        }
    }
    request
}

/// What the provider blocks say. Whatever is unresolved makes a configuration unusable: a guess could ask the wrong region, where nothing
/// exists.
fn configurations<'a>(
    cx: &Context,
    stack: &Stack,
    addresses: impl Iterator<Item = &'a ProviderConfigAddress>,
) -> BTreeMap<ProviderConfigAddress, Result<ProviderConfiguration>> {
    let inner = &stack.inner;
    let Some(root) = &inner.root_module else {
        return addresses
            .map(|a| (a.clone(), Ok(ProviderConfiguration::implicit(a.clone()))))
            .collect();
    };
    let evaluator = Evaluator::new(
        cx,
        root,
        &inner.variables,
        &inner.workspace,
        Some(&inner.state),
    );
    addresses
        .map(|address| (address.clone(), usable(evaluator.resolve_provider(address))))
        .collect()
}

fn usable(configuration: ProviderConfiguration) -> Result<ProviderConfiguration> {
    let Some(first) = configuration.unresolved.first() else {
        return match &configuration.origin {
            ConfigurationOrigin::Missing => Err(Error::new(
                ErrorKind::InvalidConfig,
                "the provider block that the state names is not there",
            )),
            _ => Ok(configuration),
        };
    };
    let argument = if first.argument.is_empty() {
        String::new()
    } else {
        format!("`{}` = ", first.argument)
    };
    let error = Error::new(
        ErrorKind::InvalidConfig,
        format!("the provider configuration is not known: {argument}{first}"),
    )
    .with_hint("give the value: -var NAME=VALUE, -var-file FILE or TF_VAR_NAME");
    let others = configuration.unresolved.len() - 1;
    Err(if others == 0 {
        error
    } else {
        error.with("more unresolved", others)
    })
}

async fn start(
    cx: &Context,
    stack: &Stack,
    pool: &ProviderPool,
    place: &Place,
    source: &ProviderSource,
    configuration: ProviderConfiguration,
) -> Result<Arc<dyn ResourceReader>> {
    let how = match place {
        Place::Native(reader) => return Ok(reader.clone()),
        Place::Running(running) => LaunchHow::Reattach(running.clone()),
        Place::Binary(found) => LaunchHow::Binary(found.path.clone()),
    };
    let version = stack
        .state()
        .terraform_version
        .as_deref()
        .unwrap_or(UNKNOWN_TERRAFORM);
    let mut launch = PluginLaunch::new(source.clone(), how, version);
    if let Place::Binary(found) = place {
        launch.version = found.version.as_ref().map(ToString::to_string);
        launch.hash.clone_from(&found.hash);
        launch.schema_cache = Some(Arc::new(SchemasOnDisk(DiskSchemaCache::new(cx))));
    }
    launch.working_dir = working_dir(cx, stack, source, &configuration);
    let reader = pool.reader(cx, &launch, &configuration.body).await?;
    Ok(reader)
}

/// The root module's folder, without `.` in it.
fn absolute_root(cx: &Context, stack: &Stack) -> PathBuf {
    let dir = cx.environment().current_dir().join(stack.root_dir());
    std::path::absolute(&dir).unwrap_or(dir)
}

/// The root module's folder where it makes a difference, so that a process is shared wherever it can be.
fn working_dir(
    cx: &Context,
    stack: &Stack,
    source: &ProviderSource,
    configuration: &ProviderConfiguration,
) -> Option<PathBuf> {
    let dir = absolute_root(cx, stack);
    let relative = READ_RELATIVE_PATHS.contains(&source.provider_type.as_str())
        || strings(&configuration.body).any(|text| {
            !text.is_empty() && dir.join(text).exists() && std::path::Path::new(text).is_relative()
        });
    relative.then_some(dir)
}

fn strings(value: &crate::value::Value) -> Box<dyn Iterator<Item = &str> + '_> {
    use crate::value::Value;
    match value {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::List(items) | Value::Set(items) => Box::new(items.iter().flat_map(strings)),
        Value::Map(entries) => Box::new(entries.values().flat_map(strings)),
        Value::Dynamic(inner) => strings(&inner.1),
        _ => Box::new(std::iter::empty()),
    }
}

/// The disk cache as the plugin client asks for it.
struct SchemasOnDisk(DiskSchemaCache);

impl SchemasOnDisk {
    fn key(source: &ProviderSource, version: Option<&str>, hash: &str) -> Option<SchemaKey> {
        let version: Version = version?.parse().ok()?;
        Some(SchemaKey {
            source: source.clone(),
            version,
            hash: hash.to_owned(),
        })
    }
}

impl SchemaCache for SchemasOnDisk {
    fn load(&self, source: &ProviderSource, version: Option<&str>, hash: &str) -> Option<Bytes> {
        self.0.load(&Self::key(source, version, hash)?)
    }

    fn store(&self, source: &ProviderSource, version: Option<&str>, hash: &str, schemas: &Bytes) {
        if let Some(key) = Self::key(source, version, hash) {
            self.0.store(&key, schemas);
        }
    }
}
