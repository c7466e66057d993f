//! What can be said about one state by itself: its health and what stands out.

use super::page::count;
use super::section::{Section, sections};
use super::{TextOptions, size};
use crate::state::{AgeBand, Analysis, Health, HealthBand};

/// Types that are listed unless everything is wanted.
const TYPES: usize = 10;

/// The score of a state and every reason for it.
pub fn health(health: &Health, options: &TextOptions) -> String {
    sections(&[health_section(health)], options)
}

/// Health, counts and what stands out. `name` is the state as the caller named it.
pub fn analysis(name: &str, judged: &Health, analysis: &Analysis, options: &TextOptions) -> String {
    let all = [
        holdings(name, analysis),
        by_type(analysis, options.every_address),
        health_section(judged),
        remarkable(analysis, options.every_address),
        heaviest(analysis),
    ];
    sections(&all, options)
}

fn health_section(health: &Health) -> Section {
    let mut section = Section::new("Health");
    let word = match health.band {
        HealthBand::Healthy => "healthy",
        HealthBand::Warning => "warning",
        HealthBand::Critical => "critical",
    };
    section.row("score", format!("{} of 100, {word}", health.score));
    if let Some(age) = health.age {
        let age = match age {
            AgeBand::Fresh => "fresh, written less than a day ago",
            AgeBand::Recent => "recent, written less than a week ago",
            AgeBand::Stale => "stale, written less than thirty days ago",
            AgeBand::Abandoned => "abandoned, written thirty days ago or longer",
        };
        section.row("age", age);
    }
    for reason in &health.reasons {
        section.row(format!("{:+}", reason.points), &reason.reason);
    }
    section
}

fn holdings(name: &str, analysis: &Analysis) -> Section {
    let n = |n: usize, one, many| count(n as u64, one, many);
    let mut section = Section::new(name);
    section
        .row("resources", analysis.resources.to_string())
        .row("data sources", analysis.data_sources.to_string())
        .row("instances", analysis.instances.to_string())
        .row("modules", analysis.by_module.len().to_string());
    for (i, (provider, objects)) in analysis.by_provider.iter().enumerate() {
        let label = if i == 0 { "providers" } else { "" };
        section.row(
            label,
            format!("{provider}: {}", n(*objects, "instance", "instances")),
        );
    }
    let mut outputs = n(analysis.outputs, "output", "outputs");
    if analysis.sensitive_outputs > 0 {
        outputs.push_str(&format!(", {} sensitive", analysis.sensitive_outputs));
    }
    section.row("outputs", outputs);
    section.row(
        "secrets",
        format!(
            "in {}",
            n(analysis.instances_with_secrets, "instance", "instances")
        ),
    );
    section
}

fn by_type(analysis: &Analysis, all: bool) -> Section {
    let mut types: Vec<_> = analysis.by_type.iter().collect();
    types.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let shown = if all { types.len() } else { TYPES };
    let mut section = Section::new("Types");
    for (name, n) in types.iter().take(shown) {
        section.row(n.to_string(), name.as_str());
    }
    if types.len() > shown {
        section.row("", format!("and {} more types", types.len() - shown));
    }
    section
}

fn remarkable(analysis: &Analysis, all: bool) -> Section {
    let mut section = Section::new("What stands out");
    let mut list = |label: &str, lines: Vec<String>| {
        let shown = if all { lines.len() } else { 5 };
        let mut text = lines
            .iter()
            .take(shown)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n");
        if lines.len() > shown {
            text.push_str(&format!("\nand {} more", lines.len() - shown));
        }
        if !lines.is_empty() {
            section.row(label, text);
        }
    };
    list(
        "tainted",
        analysis.tainted.iter().map(ToString::to_string).collect(),
    );
    list(
        "deposed",
        analysis
            .deposed
            .iter()
            .map(|(a, key)| format!("{a} ({key})"))
            .collect(),
    );
    list("no instances", analysis.empty_resources.clone());
    list("split entries", analysis.split_resources.clone());
    list(
        "dangling",
        analysis
            .orphaned_dependencies
            .iter()
            .map(|o| {
                format!(
                    "{} depends on {}, which is not in the state",
                    o.address, o.dependency
                )
            })
            .collect(),
    );
    list("note", analysis.hints.clone());
    section
}

fn heaviest(analysis: &Analysis) -> Section {
    let mut section = Section::new("Largest objects");
    for object in &analysis.heaviest {
        section.row(size(object.bytes as u64), object.address.to_string());
    }
    section
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::state::{HealthInputs, State};

    #[test]
    fn a_state_that_needs_care() {
        let state = State::parse(
            br#"{"version": 4, "serial": 1, "lineage": "l", "outputs": {"k": {"value": "planted", "type": "string", "sensitive": true}},
              "resources": [{"mode": "managed", "type": "demo_x", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/demo\"]",
                "instances": [{"schema_version": 0, "status": "tainted", "attributes": {"id": "planted"}, "dependencies": ["demo_x.gone"]},
                              {"schema_version": 0, "deposed": "deadbeef", "attributes": {"id": "planted"}}]},
                {"mode": "managed", "type": "demo_y", "name": "none", "provider": "provider[\"registry.terraform.io/hashicorp/demo\"]", "instances": []}]}"#,
        )
        .unwrap();
        let inputs = HealthInputs {
            bytes: 12_000_000,
            age: Some(Duration::from_secs(40 * 86_400)),
            is_local: true,
            versioning: Some(false),
        };
        let text = analysis(
            "prod.tfstate",
            &state.health(&inputs),
            &state.analyze(),
            &TextOptions::plain(),
        );
        assert!(!text.contains("planted"));
        insta::assert_snapshot!(text, @r"
prod.tfstate
  resources     2
  data sources  0
  instances     1
  modules       1
  providers     registry.terraform.io/hashicorp/demo: 1 instance
  outputs       1 output, 1 sensitive
  secrets       in 0 instances

Types
  1             demo_x

Health
  score         30 of 100, critical
  age           abandoned, written thirty days ago or longer
  -40           abandoned: last written 40 days ago
  -10           larger than 10 MB: 12.0 MB
  -10           kept in a local file, without locks between machines
  -10           no earlier versions are kept

What stands out
  tainted       demo_x.a
  deposed       demo_x.a (deadbeef)
  no instances  demo_y.none
  dangling      demo_x.a depends on demo_x.gone, which is not in the state

Largest objects
  17 B          demo_x.a
  17 B          demo_x.a
");
    }
}
