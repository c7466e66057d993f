//! The same state, configuration and provider, asked by Terraform, by OpenTofu and by driftmgr.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::differences::Differences;
use super::lab::Lab;
use super::plan::{Steps, actions, by_name, differences, entries, key, listed, same_places};
use super::schema::Shapes;
use super::states::printed_alike;
use crate::support::tools::Program;

pub(super) const FIVE: &[(&str, &str)] = &[
    ("main.tf", include_str!("labs/cloudfive.tf")),
    ("network/main.tf", include_str!("labs/network/main.tf")),
];
pub(super) const SIX: &[(&str, &str)] = &[("main.tf", include_str!("labs/cloudsix.tf"))];

/// Many facts at once, each on an object of its own, so that one plan judges them all.
pub(super) fn change_five(cloud: &mut Value) {
    let objects = &mut cloud["objects"];
    objects["cloudfive_server"]["srv-full"]["cpus"] = json!(8);
    objects["cloudfive_server"]["srv-full"]["tags"]["env"] = json!("other");
    objects["cloudfive_server"]["srv-bare"]["image"] = json!("debian-13");
    objects["cloudfive_server"]["srv-counted-0"]["policy"] = json!("{}");
    objects["cloudfive_server"]["srv-counted-1"]["zone"] = json!("zone-b");
    objects["cloudfive_bucket"]["logs"]["versioned"] = json!(true);
    objects["cloudfive_bucket"]
        .as_object_mut()
        .unwrap()
        .remove("flow-logs");
}

pub(super) fn change_six(cloud: &mut Value) {
    let objects = &mut cloud["objects"];
    objects["cloudsix_widget"]["wid-full"]["endpoint"]["port"] = json!(5433);
    objects["cloudsix_widget"]["wid-full"]["limits"]["cpu"]["max"] = json!(5);
    objects["cloudsix_widget"]["wid-bare"]["kind"] = json!("small");
    objects["cloudsix_note"]["note-note-0"]["text"] = json!("edited");
    objects["cloudsix_note"]
        .as_object_mut()
        .unwrap()
        .remove("note-note-1");
}

/// Terraform's raw differences and ours, object by object and attribute by attribute.
fn agree_on_differences(
    lab: &Lab,
    report: &Value,
    shapes: &Shapes,
    about: &str,
    list: &mut Differences,
) {
    let mut theirs = differences(&lab.terraform.plan_refresh_only(), shapes);
    let ours = differences(report, shapes);
    // Terraform reports an object of which only the marks changed. Values are compared, not marks.
    theirs.retain(|address, difference| {
        let marks_only = difference.action == "update" && difference.changed.is_empty();
        !(marks_only && !ours.contains_key(address) && list.explains("marks", address))
    });
    assert_eq!(
        ours.keys().collect::<Vec<_>>(),
        theirs.keys().collect::<Vec<_>>(),
        "{about}: other objects differ"
    );
    let listed: BTreeMap<String, BTreeSet<Steps>> = entries(report)
        .iter()
        .map(|entry| (key(entry), listed(entry, shapes)))
        .collect();
    let mut wrong = Vec::new();
    for (address, theirs) in &theirs {
        let (ours, listed) = (&ours[address], &listed[address]);
        if ours.action != theirs.action {
            wrong.push(format!("{address}: {}, not {}", ours.action, theirs.action));
        }
        for (side, ours, theirs) in [
            ("before", &ours.before, &theirs.before),
            ("after", &ours.after, &theirs.after),
        ] {
            if ours != theirs {
                wrong.push(format!("{address}: {side} is\n  {ours}, not\n  {theirs}"));
            }
        }
        let shape = shapes.get(theirs.resource_type.as_str());
        let changed = theirs.changed.iter().map(|c| by_name(c, shape)).collect();
        if theirs.action == "update" && !same_places(listed, &changed) {
            wrong.push(format!("{address}: lists {listed:?}, not {changed:?}"));
        }
    }
    assert!(wrong.is_empty(), "{about}: {}", wrong.join("\n"));
}

/// What a full plan would do, and what plan-back says without any configuration.
fn agree_on_actions(lab: &Lab, report: &Value, about: &str, list: &mut Differences) {
    let theirs = actions(&lab.terraform.plan());
    let mut ours: BTreeMap<String, &str> = entries(report)
        .iter()
        .map(|entry| {
            (
                key(entry),
                entry["drift"]["effect"]["action"].as_str().unwrap(),
            )
        })
        .collect();
    let mut wrong = Vec::new();
    for (address, theirs) in theirs {
        let ours = ours.remove(&address).unwrap_or("none");
        let theirs = match theirs.as_str() {
            "no-op" => "none",
            "create+delete" => "replace",
            other => other,
        };
        let explained = match (ours, theirs) {
            _ if ours == theirs => true,
            (_, "none") => list.explains("not-configured", &address),
            ("none", _) => list.explains("marks", &address),
            _ => false,
        };
        if !explained {
            wrong.push(format!(
                "{address}: driftmgr says {ours}, a full plan {theirs}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{about}: {}", wrong.join("\n"));
    assert!(ours.is_empty(), "{about}: no plan knows {ours:?}");
}

/// Both, of a lab as it is; the report that was compared.
pub(super) fn agree(lab: &Lab, shapes: &Shapes, about: &str, list: &mut Differences) -> Value {
    let report = lab.ask();
    agree_on_differences(lab, &report, shapes, about, list);
    agree_on_actions(lab, &report, about, list);
    report
}

fn untouched_and_changed(
    program: Program,
    name: &'static str,
    files: &[(&str, &str)],
    change: fn(&mut Value),
    mark: Mark,
) {
    let lab = Lab::apply(program, files);
    let shapes = Shapes::of(&lab.terraform);
    let mut list = Differences::of(name);
    printed_alike(&lab.terraform, &mut list);
    agree(&lab, &shapes, "untouched", &mut list);
    lab.edit(change);
    lab.terraform
        .edit("terraform.tfstate", |state| add_mark(state, mark));
    agree(&lab, &shapes, "changed", &mut list);
    list.all_used(&["marks", "not-configured"]);
}

/// Type, name, key and attribute of an object.
type Mark = (&'static str, &'static str, fn() -> Value, &'static str);

const MARK_FIVE: Mark = ("cloudfive_bucket", "each", || json!("back up"), "name");
const MARK_SIX: Mark = ("cloudsix_note", "many", || json!(4), "text");

/// Marks the attribute as sensitive, as a configuration does that once had a secret there.
fn add_mark(state: &mut Value, (kind, name, key, attribute): Mark) {
    let mut resources = state["resources"].as_array_mut().unwrap().iter_mut();
    let resource = resources
        .find(|r| r["type"] == kind && r["name"] == name)
        .unwrap();
    let mut instances = resource["instances"].as_array_mut().unwrap().iter_mut();
    let instance = instances.find(|i| i["index_key"] == key()).unwrap();
    let marks = instance["sensitive_attributes"].as_array_mut().unwrap();
    marks.push(json!([{"type": "get_attr", "value": attribute}]));
}

#[test]
fn protocol_5_as_terraform_says() {
    untouched_and_changed(
        Program::Terraform,
        "cloudfive",
        FIVE,
        change_five,
        MARK_FIVE,
    );
}

#[test]
fn protocol_5_as_opentofu_says() {
    untouched_and_changed(Program::OpenTofu, "cloudfive", FIVE, change_five, MARK_FIVE);
}

#[test]
fn protocol_6_as_terraform_says() {
    untouched_and_changed(Program::Terraform, "cloudsix", SIX, change_six, MARK_SIX);
}

#[test]
fn protocol_6_as_opentofu_says() {
    untouched_and_changed(Program::OpenTofu, "cloudsix", SIX, change_six, MARK_SIX);
}

/// The addresses and paths of the visible findings.
pub(super) fn visible(report: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let entries = report["resource_drift"].as_array().unwrap().iter();
    entries
        .filter(|entry| entry["drift"]["hidden"].is_null())
        .map(|entry| {
            let changes = entry["drift"]["changes"].as_array().unwrap().iter();
            let material = changes.filter(|c| c["material"] == true);
            let paths = material
                .map(|c| c["path"].as_str().unwrap().to_owned())
                .collect();
            (entry["address"].as_str().unwrap().to_owned(), paths)
        })
        .collect()
}

#[test]
fn a_deleted_object_is_missing_and_comes_back() {
    let lab = Lab::apply(Program::Terraform, SIX);
    let report = lab.with(|cloud| {
        drop(
            cloud["objects"]["cloudsix_note"]
                .as_object_mut()
                .unwrap()
                .remove("note-note-3"),
        )
    });
    let entry = &report["resource_drift"].as_array().unwrap()[0];
    assert_eq!(entry["address"], "cloudsix_note.many[3]");
    assert_eq!(entry["change"]["actions"], json!(["delete"]));
    assert_eq!(report["summary"]["deleted"], 1);
    assert_eq!(lab.ask()["summary"]["deleted"], 0);
}
