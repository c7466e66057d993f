//! Provider blocks: which one an address means, and what it says.

use std::collections::BTreeMap;
use std::fmt;

use super::node::elements;
use super::{Evaluator, Scope, Unresolved};
use crate::address::{InstanceKey, ModulePath, ProviderConfigAddress, ProviderSource};
use crate::configuration::model::{Module, ProviderBlock, split_reference};
use crate::configuration::syntax::{Block, Body, Location};
use crate::value::Value;

/// Hosts under which Terraform and OpenTofu know the same public providers.
const PUBLIC_HOSTS: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

/// Where a provider configuration comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigurationOrigin {
    /// A `provider` block.
    Block(Location),
    /// There is no block: the provider is configured by its environment alone.
    Implicit,
    /// There should be a block, and it was not found. The configuration must not be used.
    Missing,
}

/// What a provider block says, evaluated. It is a secret as a whole: `Debug` shows names and no values.
#[derive(Clone)]
pub struct ProviderConfiguration {
    /// The address it was asked for.
    pub address: ProviderConfigAddress,
    /// Where it comes from.
    pub origin: ConfigurationOrigin,
    /// Arguments that are set, as a map: attributes by name; nested blocks as a list of maps for each type. In the JSON spelling a
    /// nested block can be a map without the list around it, since only the provider's schema tells blocks from attributes there.
    pub body: Value,
    /// What could not be evaluated. It is left out of the body.
    pub unresolved: Vec<Unresolved>,
    /// Something sensitive went into it.
    pub sensitive: bool,
}

impl ProviderConfiguration {
    /// The configuration of a provider that no block configures: its environment alone does.
    pub fn implicit(address: ProviderConfigAddress) -> Self {
        Self {
            address,
            origin: ConfigurationOrigin::Implicit,
            body: Value::Map(BTreeMap::new()),
            unresolved: Vec::new(),
            sensitive: false,
        }
    }
}

impl fmt::Debug for ProviderConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self
            .body
            .as_map()
            .into_iter()
            .flatten()
            .map(|e| e.0)
            .collect();
        f.debug_struct("ProviderConfiguration")
            .field("address", &self.address.to_string())
            .field("origin", &self.origin)
            .field("arguments", &names)
            .field("unresolved", &self.unresolved)
            .field("sensitive", &self.sensitive)
            .finish()
    }
}

/// An evaluated body of any block, such as a backend's.
#[derive(Debug, Clone, Default)]
pub struct EvaluatedBody {
    /// Attributes by name; nested blocks as a list of maps for each type.
    pub value: BTreeMap<String, Value>,
    /// What could not be evaluated and is left out.
    pub unresolved: Vec<Unresolved>,
    /// Something sensitive went into it.
    pub sensitive: bool,
}

impl Evaluator<'_> {
    /// Evaluates a block's arguments in the root module.
    pub fn evaluate_body(&self, body: &Body) -> EvaluatedBody {
        let path = ModulePath::root();
        let mut out = EvaluatedBody::default();
        let scope = self.scope_in(&self.root.module, &path);
        out.value = self.body(body, &scope, "", &mut out.unresolved, &mut out.sensitive);
        out
    }

    /// The configuration that an address of a state means: the block in its module, or the one that the callers of the module
    /// pass to it, or, where there is none for a provider without alias, an empty one.
    pub fn resolve_provider(&self, address: &ProviderConfigAddress) -> ProviderConfiguration {
        let mut result = ProviderConfiguration {
            address: address.clone(),
            origin: ConfigurationOrigin::Missing,
            body: Value::Map(BTreeMap::new()),
            unresolved: Vec::new(),
            sensitive: false,
        };
        match self.find_block(&address.module, &address.source, address.alias.as_deref()) {
            Ok(Some((path, module, block))) => {
                result.origin = ConfigurationOrigin::Block(block.location.clone());
                self.configure(&mut result, module, &path, block);
            }
            Ok(None) => result.origin = ConfigurationOrigin::Implicit,
            Err(reason) => result.unresolved.push(Unresolved {
                argument: String::new(),
                expression: address.to_string(),
                location: None,
                reason,
            }),
        }
        result
    }

    /// Every configuration that the blocks of the root module make, instances of `for_each` included, in the order of the blocks.
    pub fn root_providers(&self) -> Vec<ProviderConfiguration> {
        let module = &self.root.module;
        let path = ModulePath::root();
        let mut all = Vec::new();
        for block in &module.providers {
            let keys = match &block.for_each {
                None => vec![None],
                Some(each) => match self.settle(each, &self.scope_in(module, &path)) {
                    Ok((value, _)) => provider_keys(&value).into_keys().map(Some).collect(),
                    // The block stands for itself, with the reason.
                    Err(_) => vec![None],
                },
            };
            for key in keys {
                all.push(self.resolve_provider(&ProviderConfigAddress {
                    module: path.clone(),
                    source: module.source_of(&block.local_name),
                    alias: block.alias.clone(),
                    key,
                }));
            }
        }
        all
    }

    /// Follows an address to its block. `Ok(None)` means that there is none and need not be one.
    fn find_block(
        &self,
        path: &ModulePath,
        source: &ProviderSource,
        alias: Option<&str>,
    ) -> Result<Option<(ModulePath, &Module, &ProviderBlock)>, String> {
        let Some(module) = self.root.module_at(path) else {
            return Err(format!(
                "{path} is not in the configuration, or its source is not installed"
            ));
        };
        let block = module.providers.iter().find(|block| {
            block.alias.as_deref() == alias
                && same_provider(&module.source_of(&block.local_name), source)
        });
        if let Some(block) = block {
            return Ok(Some((path.clone(), module, block)));
        }
        if let Some((step, parent_path)) = path.0.last().zip(path.parent())
            && let Some(parent) = self.root.module_at(&parent_path)
            && let Some(call) = parent.module_calls.get(&step.name)
        {
            for (inner, outer) in &call.providers {
                let (inner_name, inner_alias) = split_reference(inner);
                let passed = inner_alias.as_deref() == alias
                    && same_provider(&module.source_of(&inner_name), source);
                if passed {
                    let (outer_name, outer_alias) = split_reference(outer);
                    let outer_source = parent.source_of(&outer_name);
                    return self.find_block(&parent_path, &outer_source, outer_alias.as_deref());
                }
            }
            // A configuration without alias is inherited, the others are passed by name.
            if alias.is_none() {
                return self.find_block(&parent_path, source, None);
            }
        }
        match (alias, module.has_problems) {
            (_, true) => Err(
                "a part of the configuration could not be read, and its block may be there"
                    .to_owned(),
            ),
            (Some(alias), false) => Err(format!(
                "there is no provider block with the alias `{alias}`"
            )),
            (None, false) => Ok(None),
        }
    }

    fn configure(
        &self,
        result: &mut ProviderConfiguration,
        module: &Module,
        path: &ModulePath,
        block: &ProviderBlock,
    ) {
        let mut each: Option<(Value, Value)> = None;
        if let Some(for_each) = &block.for_each {
            match self.settle(for_each, &self.scope_in(module, path)) {
                Err(reasons) => return add(&mut result.unresolved, "for_each", reasons),
                Ok((value, sensitive)) => {
                    result.sensitive |= sensitive;
                    let key = result.address.key.clone();
                    each = key.and_then(|key| {
                        let value = provider_keys(&value).remove(&key)?;
                        Some((key_text(&key), value))
                    });
                }
            }
            if each.is_none() {
                return result.unresolved.push(Unresolved {
                    argument: "for_each".to_owned(),
                    expression: result.address.to_string(),
                    location: Some(block.location.clone()),
                    reason: "the block's `for_each` has no such instance".to_owned(),
                });
            }
        }
        let scope = Scope {
            each: each.as_ref().map(|(key, value)| (key, value)),
            ..self.scope_in(module, path)
        };
        let value = self.body(
            &block.body,
            &scope,
            "",
            &mut result.unresolved,
            &mut result.sensitive,
        );
        result.body = Value::Map(value);
    }

    fn body(
        &self,
        body: &Body,
        scope: &Scope<'_>,
        prefix: &str,
        unresolved: &mut Vec<Unresolved>,
        sensitive: &mut bool,
    ) -> BTreeMap<String, Value> {
        let mut out = BTreeMap::new();
        for attribute in &body.attributes {
            match self.settle(&attribute.value, scope) {
                Ok((value, marked)) => {
                    *sensitive |= marked;
                    out.insert(attribute.name.clone(), value);
                }
                Err(reasons) => add(unresolved, &format!("{prefix}{}", attribute.name), reasons),
            }
        }
        let mut blocks: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for block in &body.blocks {
            let name = match (block.block_type.as_str(), block.labels.first()) {
                ("dynamic", Some(label)) => label,
                (name, _) => name,
            };
            let made = blocks.entry(name).or_default();
            if block.block_type == "dynamic" {
                self.dynamic(block, name, scope, prefix, made, unresolved, sensitive);
            } else {
                let inner = format!("{prefix}{name}[{}].", made.len());
                let value = self.body(&block.body, scope, &inner, unresolved, sensitive);
                made.push(Value::Map(value));
            }
        }
        out.extend(
            blocks
                .into_iter()
                .map(|(name, made)| (name.to_owned(), Value::List(made))),
        );
        out
    }

    /// One block for each element of the collection of a `dynamic` block.
    #[expect(clippy::too_many_arguments, reason = "the state of one recursion")]
    fn dynamic(
        &self,
        block: &Block,
        name: &str,
        scope: &Scope<'_>,
        prefix: &str,
        made: &mut Vec<Value>,
        unresolved: &mut Vec<Unresolved>,
        sensitive: &mut bool,
    ) {
        let argument = format!("{prefix}{name}");
        let content = block.body.blocks_of("content").next();
        let (Some(for_each), Some(content)) = (block.body.attribute("for_each"), content) else {
            return unresolved.push(Unresolved {
                argument,
                expression: format!("dynamic \"{name}\""),
                location: Some(block.location.clone()),
                reason: "it has no `for_each` or no `content`".to_owned(),
            });
        };
        let items = match self.settle(for_each, scope) {
            Ok((value, marked)) => {
                *sensitive |= marked;
                elements(&value).unwrap_or_default()
            }
            Err(reasons) => return add(unresolved, &argument, reasons),
        };
        let iterator = block
            .body
            .attribute("iterator")
            .and_then(|i| i.as_reference());
        let iterator = iterator.as_deref().unwrap_or(name);
        for (key, value) in items {
            let element: Value = [("key", key), ("value", value)].into_iter().collect();
            let inner = format!("{argument}[{}].", made.len());
            let body = self.bound(scope, None, Value::Null, iterator, element, |scope| {
                self.body(&content.body, scope, &inner, unresolved, sensitive)
            });
            made.push(Value::Map(body));
        }
    }
}

fn add(unresolved: &mut Vec<Unresolved>, argument: &str, reasons: Vec<Unresolved>) {
    unresolved.extend(reasons.into_iter().map(|reason| Unresolved {
        argument: argument.to_owned(),
        ..reason
    }));
}

/// The instances that a provider's `for_each` makes.
fn provider_keys(value: &Value) -> BTreeMap<InstanceKey, Value> {
    elements(value)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(key, value)| Some((InstanceKey::String(key.as_str()?.to_owned()), value)))
        .collect()
}

fn key_text(key: &InstanceKey) -> Value {
    match key {
        InstanceKey::Int(index) => Value::from(*index),
        InstanceKey::String(text) => Value::from(text.as_str()),
    }
}

/// The same provider, also where one side names Terraform's registry and the other OpenTofu's, or an old state no namespace.
fn same_provider(configured: &ProviderSource, wanted: &ProviderSource) -> bool {
    let public = |source: &ProviderSource| PUBLIC_HOSTS.contains(&source.host.as_str());
    let same_host = configured.host == wanted.host || (public(configured) && public(wanted));
    configured.provider_type == wanted.provider_type
        && (wanted.namespace == "-" || (same_host && configured.namespace == wanted.namespace))
}
