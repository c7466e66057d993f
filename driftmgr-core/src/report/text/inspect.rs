//! What is in a state, for people. Values of sensitive outputs are masked; attributes are not shown at all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::page::{Page, count};
use super::section::{self, Section};
use super::style::paint;
use super::{TextOptions, safe, value};
use crate::address::{ModulePath, ResourceMode};
use crate::redact::MASK;
use crate::state::{CheckResults, InstanceStatus, Resource, State};
use crate::value::{Path, PathSet, json};

/// A summary of a state: what it is, what it holds by module, its outputs, and checks that do not pass. `name` is the state as the
/// caller named it, `bytes` its size as stored.
pub fn inspect(state: &State, name: &str, bytes: Option<u64>, options: &TextOptions) -> String {
    let mut page = Page::new(options);
    section::write(&mut page, &[facts(state, name, bytes), providers(state)]);
    resources(&mut page, state);
    outputs(&mut page, state);
    checks(&mut page, state.check_results.as_ref());
    page.finish()
}

fn facts(state: &State, name: &str, bytes: Option<u64>) -> Section {
    let mut facts = Section::new(name);
    let format = match state.format_version {
        4 => "4".to_owned(),
        old => format!("{old}, read as format 4"),
    };
    facts.row("format", format);
    if let Some(version) = &state.terraform_version {
        facts.row("written by", format!("version {version}"));
    }
    facts.row("serial", state.serial.to_string());
    let lineage = if state.lineage.is_empty() {
        "(none)"
    } else {
        &state.lineage
    };
    facts.row("lineage", lineage);
    if let Some(bytes) = bytes {
        facts.row("size", super::size(bytes));
    }
    facts.row("holds", holdings(state));
    facts
}

/// `14 instances of 9 resources in 3 modules, 2 data sources, 1 tainted, 1 deposed object`.
fn holdings(state: &State) -> String {
    let of = |mode| {
        state
            .resources
            .iter()
            .filter(move |r| r.address.mode == mode)
    };
    let managed = of(ResourceMode::Managed).count() as u64;
    let data = of(ResourceMode::Data).count() as u64;
    let objects = || of(ResourceMode::Managed).flat_map(|r| &r.instances);
    let instances = objects().filter(|i| i.deposed.is_none()).count() as u64;
    let modules: BTreeSet<&ModulePath> =
        state.resources.iter().map(|r| &r.address.module).collect();
    let mut text = format!(
        "{} of {}",
        count(instances, "instance", "instances"),
        count(managed, "resource", "resources")
    );
    if modules.len() > 1 {
        text.push_str(&format!(" in {} modules", modules.len()));
    }
    let tainted = objects()
        .filter(|i| i.status == InstanceStatus::Tainted)
        .count();
    let deposed = objects().filter(|i| i.deposed.is_some()).count() as u64;
    for part in [
        (data > 0).then(|| count(data, "data source", "data sources")),
        (tainted > 0).then(|| format!("{tainted} tainted")),
        (deposed > 0).then(|| count(deposed, "deposed object", "deposed objects")),
    ]
    .into_iter()
    .flatten()
    {
        text.push_str(", ");
        text.push_str(&part);
    }
    text
}

fn providers(state: &State) -> Section {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for resource in &state.resources {
        for instance in &resource.instances {
            if let Some(provider) = resource.provider_of(instance) {
                *counts.entry(provider.to_string()).or_default() += 1;
            }
        }
    }
    let mut section = Section::new("Providers");
    for (provider, n) in counts {
        section.row(count(n, "object", "objects"), provider);
    }
    section
}

fn resources(page: &mut Page<'_>, state: &State) {
    let mut by_module: BTreeMap<&ModulePath, Vec<&Resource>> = BTreeMap::new();
    for resource in &state.resources {
        by_module
            .entry(&resource.address.module)
            .or_default()
            .push(resource);
    }
    for (module, mut resources) in by_module {
        resources.sort_by(|a, b| a.address.cmp(&b.address));
        let title = if module.is_root() {
            "Root module".to_owned()
        } else {
            safe::one_line(&module.to_string())
        };
        page.heading(0, &title);
        let style = *page.style();
        let rows: Vec<Vec<String>> = resources
            .iter()
            .map(|r| {
                let data = match r.address.mode {
                    ResourceMode::Data => "data.",
                    ResourceMode::Managed => "",
                };
                let name = format!("{data}{}.{}", r.address.resource_type, r.address.name);
                vec![safe::one_line(&name), remarks(r, &style)]
            })
            .collect();
        page.table(2, &rows, true);
    }
}

/// How many instances, when it is not simply one, and what is unusual about them.
fn remarks(resource: &Resource, style: &super::Style) -> String {
    let current = resource
        .instances
        .iter()
        .filter(|i| i.deposed.is_none())
        .count() as u64;
    let mut parts = Vec::new();
    if current != 1 || resource.instances.iter().any(|i| i.key.is_some()) {
        parts.push(count(current, "instance", "instances"));
    }
    let tainted = resource
        .instances
        .iter()
        .filter(|i| i.status == InstanceStatus::Tainted)
        .count();
    if tainted > 0 {
        parts.push(paint(style.important, format!("{tainted} tainted")));
    }
    let deposed = resource.instances.len() as u64 - current;
    if deposed > 0 {
        parts.push(paint(style.important, format!("{deposed} deposed")));
    }
    parts.join(", ")
}

fn outputs(page: &mut Page<'_>, state: &State) {
    if state.outputs.is_empty() {
        return;
    }
    page.heading(0, "Outputs");
    let rows: Vec<Vec<String>> = state
        .outputs
        .iter()
        .map(|(name, output)| {
            let shown = if output.sensitive {
                MASK.to_owned()
            } else {
                match json::decode_untyped(output.value.get()) {
                    Ok(v) => value::inline(&v, &Path::root(), &PathSet::default()),
                    // What cannot be read cannot be judged harmless either.
                    Err(_) => "(not readable)".to_owned(),
                }
            };
            vec![format!("{} =", safe::one_line(name)), shown]
        })
        .collect();
    page.table(2, &rows, true);
}

/// Checks that failed or could not be decided, as the last run of Terraform left them.
fn checks(page: &mut Page<'_>, results: Option<&CheckResults>) {
    let Some(Json::Array(results)) =
        results.and_then(|results| serde_json::from_str(results.0.get()).ok())
    else {
        return;
    };
    let text = |json: &Json, key: &str| {
        json.get(key)
            .and_then(Json::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let notable: Vec<&Json> = results
        .iter()
        .filter(|r| !matches!(text(r, "status").as_str(), "pass" | ""))
        .collect();
    if notable.is_empty() {
        return;
    }
    page.heading(0, "Checks that did not pass in the last run");
    for result in notable {
        let line = format!(
            "{}: {}",
            text(result, "config_addr"),
            text(result, "status")
        );
        page.line(2, safe::one_line(&line));
        let objects = result.get("objects").and_then(Json::as_array);
        for object in objects.into_iter().flatten() {
            let messages = object.get("failure_messages").and_then(Json::as_array);
            for message in messages.into_iter().flatten().filter_map(Json::as_str) {
                page.prose(6, 0, page.style().quiet, message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = r#"{
      "version": 4, "terraform_version": "1.5.7", "serial": 7, "lineage": "3f1c", "outputs": {
        "password": {"value": "planted-secret", "type": "string", "sensitive": true},
        "zones": {"value": ["a", "b\u001b[2J"], "type": ["list", "string"]}
      },
      "resources": [
        {"mode": "data", "type": "aws_ami", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
         "instances": [{"schema_version": 0, "attributes": {"id": "planted-secret"}}]},
        {"mode": "managed", "type": "aws_instance", "name": "web", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
         "instances": [
           {"index_key": 0, "schema_version": 1, "status": "tainted", "attributes": {"id": "i-0"}},
           {"index_key": 1, "schema_version": 1, "attributes": {"id": "i-1"}},
           {"index_key": 1, "deposed": "deadbeef", "schema_version": 1, "attributes": {"id": "i-9"}}]},
        {"module": "module.net[\"eu\"]", "mode": "managed", "type": "aws_vpc", "name": "this",
         "provider": "module.net.provider[\"registry.terraform.io/hashicorp/aws\"].west",
         "instances": [{"schema_version": 1, "attributes": {"id": "vpc-1"}}]}
      ],
      "check_results": [
        {"object_kind": "resource", "config_addr": "aws_instance.web", "status": "fail",
         "objects": [{"object_addr": "aws_instance.web[0]", "status": "fail", "failure_messages": ["It is too small."]}]},
        {"object_kind": "resource", "config_addr": "aws_vpc.this", "status": "pass", "objects": []}
      ]
    }"#;

    #[test]
    fn a_state_at_a_glance() {
        let state = State::parse(STATE.as_bytes()).unwrap();
        let text = inspect(&state, "prod.tfstate", Some(12_345), &TextOptions::plain());
        assert!(!text.contains("planted-secret") && !text.contains('\u{1b}'));
        insta::assert_snapshot!(text, @r#"
prod.tfstate
  format      4
  written by  version 1.5.7
  serial      7
  lineage     3f1c
  size        12.3 kB
  holds       3 instances of 2 resources in 2 modules, 1 data source, 1 tainted, 1 deposed object

Providers
  1 object    module.net.provider["registry.terraform.io/hashicorp/aws"].west
  4 objects   provider["registry.terraform.io/hashicorp/aws"]

Root module
  data.aws_ami.a
  aws_instance.web  2 instances, 1 tainted, 1 deposed

module.net["eu"]
  aws_vpc.this

Outputs
  password =  (sensitive value)
  zones =     ["a", "b\u001b[2J"]

Checks that did not pass in the last run
  aws_instance.web: fail
      It is too small.
"#);
    }

    #[test]
    fn an_empty_state_says_that_it_holds_nothing() {
        let text = inspect(&State::new("x"), "empty", None, &TextOptions::plain());
        assert!(text.contains("0 instances of 0 resources"), "{text}");
    }
}
