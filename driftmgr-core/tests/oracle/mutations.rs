//! Single facts, each changed on an object of its own, so that one plan of each sort judges the whole table: terraform's entry for the object is
//! ours, and exactly one finding with exactly the paths that the table says becomes visible.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::differences::Differences;
use super::drift::{agree, visible};
use super::lab::Lab;
use super::plan::entries;
use super::schema::Shapes;
use super::states::printed_alike;
use crate::support::tools::Program;

/// One line of the table.
struct Mutation {
    name: &'static str,
    /// Such as `cloudfive_server.full`.
    resource: &'static str,
    /// A JSON pointer into the object; the object itself when empty.
    at: &'static str,
    value: Value,
    /// Paths of the visible finding.
    paths: BTreeSet<String>,
    /// The object is missing.
    gone: bool,
}

impl Mutation {
    fn parse(line: &'static str) -> Self {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let [name, resource, at, value, paths] = parts[..] else {
            panic!("not `name | resource | where | value | paths`: {line}")
        };
        let gone = paths == "gone";
        let paths = paths
            .split(';')
            .map(str::trim)
            .filter(|p| !gone && !p.is_empty());
        Self {
            name,
            resource,
            at,
            value: serde_json::from_str(value).unwrap_or_else(|error| panic!("{line}: {error}")),
            paths: paths.map(str::to_owned).collect(),
            gone,
        }
    }

    fn address(&self) -> String {
        format!("{}[\"{}\"]", self.resource, self.name)
    }

    /// Changes the fact in the cloud.
    fn apply(&self, cloud: &mut Value) {
        let (kind, _) = self.resource.split_once('.').unwrap();
        let prefix = match kind {
            "cloudfive_server" => "srv-",
            "cloudsix_widget" => "wid-",
            other => panic!("{other} has no prefix here"),
        };
        let pointer = format!("/objects/{kind}/{prefix}{}{}", self.name, self.at);
        let before = cloud.pointer(&pointer).cloned();
        assert_ne!(
            before.as_ref().unwrap_or(&Value::Null),
            &self.value,
            "{} changes nothing",
            self.name
        );
        let (parent, last) = pointer.rsplit_once('/').unwrap();
        let last = last.replace("~1", "/");
        match cloud.pointer_mut(parent) {
            Some(Value::Object(entries)) if self.value.is_null() => drop(entries.remove(&last)),
            Some(Value::Object(entries)) => drop(entries.insert(last, self.value.clone())),
            Some(Value::Array(items)) if last == items.len().to_string() => {
                items.push(self.value.clone());
            }
            Some(Value::Array(items)) => items[last.parse::<usize>().unwrap()] = self.value.clone(),
            _ => panic!("{}: there is no {parent}", self.name),
        }
    }

    /// What is to be visible: the kind and the paths of its finding.
    fn visible(&self) -> Option<(String, (String, BTreeSet<String>))> {
        let kind = match (self.gone, self.paths.is_empty()) {
            (true, _) => "missing",
            (false, false) => "modified",
            (false, true) => return None,
        };
        Some((self.address(), (kind.to_owned(), self.paths.clone())))
    }
}

fn table() -> Vec<Mutation> {
    let lines = include_str!("labs/mutations.cases").lines();
    lines
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(Mutation::parse)
        .collect()
}

/// The visible findings with their kinds; an object has at most one.
fn found(report: &Value) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let kinds: BTreeMap<&str, &str> = entries(report)
        .iter()
        .map(|entry| {
            let kind = entry["drift"]["kind"].as_str().unwrap();
            (entry["address"].as_str().unwrap(), kind)
        })
        .collect();
    assert_eq!(
        kinds.len(),
        entries(report).len(),
        "two findings of one object"
    );
    visible(report)
        .into_iter()
        .map(|(address, paths)| {
            let kind = kinds[address.as_str()].to_owned();
            (address, (kind, paths))
        })
        .collect()
}

fn judge(program: Program) {
    let table = table();
    let mut rows: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for mutation in &table {
        rows.entry(mutation.resource)
            .or_default()
            .push(mutation.name);
    }
    let rows = json!({ "rows": rows }).to_string();
    let lab = Lab::apply(
        program,
        &[
            ("main.tf", include_str!("labs/mutations.tf")),
            ("rows.auto.tfvars.json", &rows),
        ],
    );
    let shapes = Shapes::of(&lab.terraform);
    let mut list = Differences::of("mutations");
    printed_alike(&lab.terraform, &mut list);
    let untouched = lab.terraform.json("cloud.json");

    let report = agree(&lab, &shapes, "untouched", &mut list);
    assert_eq!(found(&report), BTreeMap::new(), "untouched");

    lab.edit(|cloud| table.iter().for_each(|mutation| mutation.apply(cloud)));
    let report = agree(&lab, &shapes, "changed", &mut list);
    let want = table.iter().filter_map(Mutation::visible).collect();
    let found = found(&report);
    let wrong: Vec<String> = table
        .iter()
        .map(|m| (m.address(), m.visible().map(|(_, v)| v)))
        .filter(|(address, want)| found.get(address) != want.as_ref())
        .map(|(address, want)| format!("{address}: {:?}, not {want:?}", found.get(&address)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(found, want, "findings of no line");
    assert!(!report.to_string().contains("MARKER"), "shows a secret");
    list.all_used(&["marks", "not-configured"]);

    lab.terraform.write("cloud.json", &untouched.to_string());
    assert_eq!(self::found(&lab.ask()), BTreeMap::new(), "put back");
}

#[test]
fn one_fact_one_finding_as_terraform_says() {
    judge(Program::Terraform);
}

#[test]
fn one_fact_one_finding_as_opentofu_says() {
    judge(Program::OpenTofu);
}
