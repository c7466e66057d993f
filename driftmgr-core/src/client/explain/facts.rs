//! What is known of an instance without asking anybody: its state, and where its provider's configuration comes from.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::address::{InstanceAddress, ProviderConfigAddress};
use crate::backend::is_url;
use crate::client::Stack;
use crate::configuration::{ConfigurationOrigin, Evaluator, ProviderConfiguration, VariableOrigin};
use crate::context::Context;
use crate::drift::DriftReport;
use crate::report::text::Section;
use crate::state::{Instance, InstanceStatus};

/// What is known of an instance without asking anybody, each fact as a label and a text for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Of its state, and of its objects in it.
    pub state: Vec<(String, String)>,
    /// Of its provider and where that one's configuration comes from. Values of arguments and variables are not shown.
    pub provider: Vec<(String, String)>,
}

impl Facts {
    pub(super) fn gather(
        cx: &Context,
        stack: &Stack,
        address: &InstanceAddress,
        report: &DriftReport,
    ) -> Self {
        let objects: Vec<_> = stack.state().objects(address).collect();
        let provider = objects
            .iter()
            .find_map(|(resource, instance)| resource.provider_of(instance));
        let instances: Vec<&Instance> = objects.iter().map(|(_, instance)| *instance).collect();
        Self {
            state: state_facts(stack, &instances),
            provider: provider
                .map(|p| provider_facts(cx, stack, p, report))
                .unwrap_or_default(),
        }
    }

    /// The facts under their titles.
    pub fn sections(&self) -> Vec<Section> {
        [("State", &self.state), ("Provider", &self.provider)]
            .map(|(title, rows)| Section {
                title: title.to_owned(),
                rows: rows.clone(),
            })
            .into()
    }
}

/// Where the state is: a path without `.` in it, or an address.
fn place(path: &Path) -> (&'static str, String) {
    match path.to_str().filter(|text| is_url(text)) {
        Some(address) => ("address", address.to_owned()),
        None => {
            let tidy: PathBuf = path.components().collect();
            ("file", tidy.display().to_string())
        }
    }
}

fn row(label: &str, text: impl ToString) -> (String, String) {
    (label.to_owned(), text.to_string())
}

fn state_facts(stack: &Stack, instances: &[&Instance]) -> Vec<(String, String)> {
    let state = stack.state();
    let (label, place) = place(stack.state_path());
    let mut rows = vec![
        row(label, place),
        row("workspace", &stack.workspace().name),
        row("serial", state.serial),
        row("lineage", &state.lineage),
    ];
    if let Some(version) = &state.terraform_version {
        rows.push(row("written by", format!("version {version}")));
    }
    for instance in instances {
        if let Some(key) = &instance.deposed {
            rows.push(row("deposed object", key));
            continue;
        }
        rows.push(row("schema version", instance.schema_version));
        if instance.status == InstanceStatus::Tainted {
            rows.push(row("status", "tainted: the next apply replaces it"));
        }
        if instance.create_before_destroy {
            rows.push(row(
                "replacement",
                "is created before this one is destroyed",
            ));
        }
        if !instance.dependencies.is_empty() {
            rows.push(row("depends on", instance.dependencies.join("\n")));
        }
    }
    rows
}

fn provider_facts(
    cx: &Context,
    stack: &Stack,
    address: &ProviderConfigAddress,
    report: &DriftReport,
) -> Vec<(String, String)> {
    let mut rows = vec![row("address", address)];
    if let Some(root) = stack.root_module() {
        let variables = &stack.inner.variables;
        let evaluator = Evaluator::new(cx, root, variables, stack.workspace(), Some(stack.state()));
        rows.extend(configuration(&evaluator.resolve_provider(address)));
        for name in root.module.variables.keys() {
            if let Some((_, origin)) = variables.get(name) {
                rows.push(row(
                    &format!("var.{name}"),
                    format!("from {}", origin_of(origin, name)),
                ));
            }
        }
    } else {
        rows.push(row(
            "configured by",
            "its environment alone: the folder has no configuration",
        ));
    }
    let answered = report.providers.iter().filter(|p| p.address == *address);
    for provider in answered {
        let by = match (&provider.path, provider.origin) {
            (Some(path), _) => path.display().to_string(),
            (None, "native") => "driftmgr itself".to_owned(),
            (None, origin) => origin.to_owned(),
        };
        rows.push(row("read by", by));
        if let Some(version) = &provider.version {
            rows.push(row("version", version));
        }
    }
    rows
}

/// Where the configuration stands, which arguments it sets, and what of it is not known. Values can be secrets and are not shown.
fn configuration(found: &ProviderConfiguration) -> Vec<(String, String)> {
    let mut rows = vec![row(
        "configured by",
        match &found.origin {
            ConfigurationOrigin::Block(location) => format!("the block at {location}"),
            ConfigurationOrigin::Implicit => "its environment alone: there is no block".to_owned(),
            ConfigurationOrigin::Missing => "a block that was not found".to_owned(),
        },
    )];
    let names: Vec<&str> = found
        .body
        .as_map()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    if !names.is_empty() {
        rows.push(row("arguments set", names.join(", ")));
    }
    for open in &found.unresolved {
        rows.push(row("not known", open));
    }
    rows
}

fn origin_of(origin: &VariableOrigin, name: &str) -> String {
    match origin {
        VariableOrigin::Environment => format!("TF_VAR_{name}"),
        VariableOrigin::File(path) => path.display().to_string(),
        VariableOrigin::Explicit => "the command line".to_owned(),
    }
}
