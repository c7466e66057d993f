//! From the blocks of a module's files to its model.

use std::collections::BTreeMap;

use super::model::{
    Backend, IgnoreChanges, Module, ModuleCall, Output, ProviderBlock, Repetition,
    RequiredProvider, ResourceBlock, ResourceKey, Variable,
};
use super::syntax::{Block, Body, Expression, Location, NodeKind, to_text};
use super::types::TypeConstraint;
use crate::address::ResourceMode;
use crate::error::{Error, ErrorKind};
use crate::value::Value;

/// Arguments of a `module` block that are not variables of the called module.
const MODULE_ARGUMENTS: [&str; 8] = [
    "source",
    "version",
    "providers",
    "count",
    "for_each",
    "depends_on",
    "enabled",
    "lifecycle",
];

/// Block types of the language that say nothing about providers, states or resources.
const IGNORED_BLOCKS: [&str; 4] = ["ephemeral", "language", "action", "run"];

/// Turns blocks into a module; what is wrong is told and left out.
pub(super) fn module_from_blocks(blocks: Vec<Block>, problems: &mut Vec<Error>) -> Module {
    let mut builder = Builder {
        module: Module::default(),
        problems,
    };
    for block in blocks {
        builder.add(block);
    }
    builder.module
}

/// An error about a place of the configuration.
pub(super) fn problem_at(location: &Location, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidConfig, message)
        .with("file", location.file.display())
        .with("line", location.line)
        .with("column", location.column)
}

struct Builder<'a> {
    module: Module,
    problems: &'a mut Vec<Error>,
}

impl Builder<'_> {
    fn problem(&mut self, location: &Location, message: impl Into<String>) {
        self.problems.push(problem_at(location, message));
    }

    fn add(&mut self, block: Block) {
        match block.block_type.as_str() {
            "terraform" => self.terraform(block),
            "provider" => self.provider(block),
            "variable" => self.variable(block),
            "locals" => self.locals(block),
            "output" => self.output(block),
            "module" => self.module_call(block),
            "resource" => self.resource(block, ResourceMode::Managed),
            "data" => self.resource(block, ResourceMode::Data),
            "moved" => self.module.moved.push(block),
            "import" => self.module.imports.push(block),
            "removed" => self.module.removed.push(block),
            "check" => self.module.checks.push(block),
            other if IGNORED_BLOCKS.contains(&other) => {}
            other => {
                let message = format!("unknown block type `{other}`");
                self.problem(&block.location, message);
            }
        }
    }

    /// The labels, when there are as many as the block type has.
    fn labels<const N: usize>(&mut self, block: &Block) -> Option<[String; N]> {
        let labels: Result<[String; N], _> = block.labels.clone().try_into();
        if labels.is_err() {
            let message = format!("a `{}` block has {N} label(s)", block.block_type);
            self.problem(&block.location, message);
        }
        labels.ok()
    }

    fn insert<K: Ord, V>(
        &mut self,
        what: &str,
        place: Location,
        into: fn(&mut Module) -> &mut BTreeMap<K, V>,
        key: K,
        value: V,
    ) {
        match into(&mut self.module).entry(key) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(value);
            }
            std::collections::btree_map::Entry::Occupied(_) => {
                self.problem(&place, format!("{what} is declared twice"));
            }
        }
    }

    fn terraform(&mut self, block: Block) {
        for attribute in &block.body.attributes {
            if attribute.name == "required_version"
                && let Some(constraint) = attribute.value.as_literal().as_ref().and_then(to_text)
            {
                self.module.required_version.push(constraint);
            }
        }
        for inner in block.body.blocks {
            match inner.block_type.as_str() {
                "backend" => {
                    let Some([kind]) = self.labels(&inner) else {
                        continue;
                    };
                    if self.module.backend.is_some() {
                        self.problem(&inner.location, "a second `backend` block");
                        continue;
                    }
                    self.module.backend = Some(Backend {
                        kind,
                        body: inner.body,
                        location: inner.location,
                    });
                }
                "cloud" => self.module.cloud = Some(inner),
                "encryption" if self.module.encryption.is_some() => {
                    self.problem(&inner.location, "a second `encryption` block");
                }
                "encryption" => self.module.encryption = Some(inner),
                "required_providers" => self.required_providers(&inner),
                _ => {}
            }
        }
        if let (Some(backend), Some(_)) = (&self.module.backend, &self.module.cloud) {
            let location = backend.location.clone();
            self.problem(&location, "both a `backend` and a `cloud` block");
        }
    }

    fn required_providers(&mut self, block: &Block) {
        for attribute in &block.body.attributes {
            let place = attribute.value.location();
            let required = self.required_provider(&attribute.name, &attribute.value);
            self.insert(
                &format!("required provider `{}`", attribute.name),
                place,
                |module| &mut module.required_providers,
                attribute.name.clone(),
                required,
            );
        }
    }

    fn required_provider(&mut self, name: &str, value: &Expression) -> RequiredProvider {
        let mut required = RequiredProvider {
            source: None,
            version: None,
            configuration_aliases: Vec::new(),
        };
        match &value.node.kind {
            NodeKind::Literal(version) => required.version = to_text(version),
            NodeKind::Object(items) => {
                for (key, item) in items {
                    let Some(Value::String(key)) = key.as_literal() else {
                        continue;
                    };
                    let text = item.as_literal().as_ref().and_then(to_text);
                    match (key.as_str(), text) {
                        ("version", Some(version)) => required.version = Some(version),
                        ("source", Some(source)) => match source.parse() {
                            Ok(source) => required.source = Some(source),
                            Err(e) => {
                                let place = value.with_node(item).location();
                                self.problem(&place, format!("required provider `{name}`: {e}"));
                            }
                        },
                        ("configuration_aliases", _) => {
                            required.configuration_aliases = references(&value.with_node(item));
                        }
                        _ => {}
                    }
                }
            }
            _ => self.problem(
                &value.location(),
                format!("required provider `{name}` is neither an object nor a version"),
            ),
        }
        required
    }

    fn provider(&mut self, block: Block) {
        let Some([local_name]) = self.labels(&block) else {
            return;
        };
        let body = block.body;
        let alias = match body.attribute("alias") {
            Some(alias) => match alias.as_reference() {
                Some(name) => Some(name).filter(|name| !name.is_empty()),
                None => {
                    self.problem(&alias.location(), "`alias` is a literal string");
                    return;
                }
            },
            None => None,
        };
        let twice = self
            .module
            .providers
            .iter()
            .any(|p| p.local_name == local_name && p.alias == alias);
        if twice {
            let name = alias.map_or(local_name.clone(), |a| format!("{local_name}.{a}"));
            self.problem(
                &block.location,
                format!("provider `{name}` is configured twice"),
            );
            return;
        }
        self.module.providers.push(ProviderBlock {
            for_each: body.attribute("for_each").cloned(),
            version: body.string("version"),
            body: Body {
                attributes: body
                    .attributes
                    .into_iter()
                    .filter(|a| !matches!(a.name.as_str(), "alias" | "version" | "for_each"))
                    .collect(),
                blocks: body.blocks,
            },
            local_name,
            alias,
            location: block.location,
        });
    }

    fn variable(&mut self, block: Block) {
        let Some([name]) = self.labels(&block) else {
            return;
        };
        let body = block.body;
        let constraint = body.attribute("type").and_then(|declared| {
            TypeConstraint::parse(declared)
                .map_err(|e| {
                    let message = format!("the type of variable `{name}` cannot be read: {e}");
                    self.problem(&declared.location(), message);
                })
                .ok()
        });
        let mut flag = |argument: &str, default: bool| match body.attribute(argument) {
            None => default,
            Some(value) => match value.as_literal().as_ref().map(super::types::to_bool) {
                Some(Ok(Value::Bool(flag))) => flag,
                _ => {
                    let message = format!("`{argument}` of variable `{name}` is not a bool");
                    self.problem(&value.location(), message);
                    default
                }
            },
        };
        let variable = Variable {
            sensitive: flag("sensitive", false),
            nullable: flag("nullable", true),
            constraint,
            default: body.attribute("default").cloned(),
            description: body.string("description"),
            location: block.location.clone(),
        };
        self.insert(
            &format!("variable `{name}`"),
            block.location,
            |module| &mut module.variables,
            name,
            variable,
        );
    }

    fn locals(&mut self, block: Block) {
        for attribute in block.body.attributes {
            self.insert(
                &format!("local value `{}`", attribute.name),
                attribute.value.location(),
                |module| &mut module.locals,
                attribute.name,
                attribute.value,
            );
        }
    }

    fn output(&mut self, block: Block) {
        let Some([name]) = self.labels(&block) else {
            return;
        };
        let body = &block.body;
        let output = Output {
            value: body.attribute("value").cloned(),
            description: body.string("description"),
            sensitive: body
                .attribute("sensitive")
                .is_some_and(|s| s.as_literal() != Some(Value::Bool(false))),
            location: block.location.clone(),
        };
        self.insert(
            &format!("output `{name}`"),
            block.location,
            |module| &mut module.outputs,
            name,
            output,
        );
    }

    fn module_call(&mut self, block: Block) {
        let Some([name]) = self.labels(&block) else {
            return;
        };
        let body = block.body;
        let call = ModuleCall {
            source: body.string("source"),
            version: body.string("version"),
            providers: body
                .attribute("providers")
                .map(provider_map)
                .unwrap_or_default(),
            repetition: repetition(&body),
            arguments: Body {
                attributes: body
                    .attributes
                    .into_iter()
                    .filter(|a| !MODULE_ARGUMENTS.contains(&a.name.as_str()))
                    .collect(),
                blocks: Vec::new(),
            },
            location: block.location.clone(),
        };
        self.insert(
            &format!("module `{name}`"),
            block.location,
            |module| &mut module.module_calls,
            name,
            call,
        );
    }

    fn resource(&mut self, block: Block, mode: ResourceMode) {
        let Some([resource_type, name]) = self.labels(&block) else {
            return;
        };
        let body = block.body;
        let both = body.attribute("count").is_some() && body.attribute("for_each").is_some();
        if both {
            let message = format!("`{resource_type}.{name}` has both `count` and `for_each`");
            self.problem(&block.location, message);
        }
        let resource = ResourceBlock {
            provider: body
                .attribute("provider")
                .and_then(Expression::as_reference),
            repetition: repetition(&body),
            ignore_changes: ignore_changes(&body),
            location: block.location.clone(),
            body,
        };
        let key = ResourceKey {
            mode,
            resource_type,
            name,
        };
        self.insert(
            &format!("`{}.{}`", key.resource_type, key.name),
            block.location,
            |module| &mut module.resources,
            key,
            resource,
        );
    }
}

fn repetition(body: &Body) -> Repetition {
    match (body.attribute("for_each"), body.attribute("count")) {
        (Some(each), _) => Repetition::ForEach(each.clone()),
        (None, Some(count)) => Repetition::Count(count.clone()),
        (None, None) => Repetition::Single,
    }
}

fn references(list: &Expression) -> Vec<String> {
    match &list.node.kind {
        NodeKind::Array(items) => items
            .iter()
            .filter_map(|item| item.as_reference(&list.file))
            .collect(),
        _ => Vec::new(),
    }
}

fn provider_map(map: &Expression) -> BTreeMap<String, String> {
    match &map.node.kind {
        NodeKind::Object(items) => items
            .iter()
            .filter_map(|(key, value)| {
                Some((key.as_reference(&map.file)?, value.as_reference(&map.file)?))
            })
            .collect(),
        // Terraform 0.11 also took a list of names that are the same on both sides.
        _ => references(map)
            .into_iter()
            .map(|n| (n.clone(), n))
            .collect(),
    }
}

fn ignore_changes(body: &Body) -> IgnoreChanges {
    let declared = body
        .blocks_of("lifecycle")
        .filter_map(|lifecycle| lifecycle.body.attribute("ignore_changes"))
        .last();
    let Some(declared) = declared else {
        return IgnoreChanges::Paths(Vec::new());
    };
    let paths = references(declared);
    let all = declared.as_reference().is_some_and(|word| word == "all")
        || paths.iter().any(|path| path == "*");
    if all {
        IgnoreChanges::All
    } else {
        IgnoreChanges::Paths(paths)
    }
}
