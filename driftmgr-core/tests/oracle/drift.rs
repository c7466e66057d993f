//! The same state, configuration and provider, asked by Terraform, by OpenTofu and by driftmgr.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::differences::Differences;
use super::lab::Lab;
use super::plan::{actions, differences};
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
pub(super) fn agree_on_differences(lab: &Lab, about: &str) {
    let mut theirs = differences(&lab.terraform.plan_refresh_only());
    let ours = differences(&lab.ask());
    // Without a differing value it is only a mark that changed: rule `marks-only`.
    theirs.retain(|_, difference| difference.action != "update" || !difference.paths().is_empty());
    assert_eq!(
        ours.keys().collect::<Vec<_>>(),
        theirs.keys().collect::<Vec<_>>(),
        "{about}: other objects differ"
    );
    for (address, theirs) in &theirs {
        let ours = &ours[address];
        assert_eq!(ours.action, theirs.action, "{about}: {address}");
        assert_eq!(ours.paths(), theirs.paths(), "{about}: {address}");
        assert_eq!(ours.before, theirs.before, "{about}: {address}");
        assert_eq!(ours.after, theirs.after, "{about}: {address}");
    }
}

/// What a full plan would do, and what plan-back says without any configuration.
pub(super) fn agree_on_actions(lab: &Lab, about: &str, differences: &mut Differences) {
    let theirs = actions(&lab.terraform.plan());
    let report = lab.ask();
    let ours: BTreeMap<&str, &str> = report["resource_drift"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["address"].as_str().unwrap(),
                entry["drift"]["effect"]["action"].as_str().unwrap(),
            )
        })
        .collect();
    for (address, theirs) in theirs {
        let ours = ours.get(address.as_str()).copied().unwrap_or("none");
        let theirs = match theirs.as_str() {
            "no-op" => "none",
            "create+delete" => "replace",
            other => other,
        };
        if ours != theirs && !differences.explains("not-configured", &address) {
            panic!("{about}: {address}: driftmgr says {ours}, a full plan {theirs}");
        }
    }
}

fn agree(program: Program, files: &[(&str, &str)], change: fn(&mut Value)) -> Differences {
    let lab = Lab::apply(program, files);
    let mut list = Differences::load();
    agree_on_differences(&lab, "untouched");
    agree_on_actions(&lab, "untouched", &mut list);
    lab.edit(change);
    agree_on_differences(&lab, "changed");
    agree_on_actions(&lab, "changed", &mut list);
    list
}

#[test]
fn protocol_5_as_terraform_says() {
    agree(Program::Terraform, FIVE, change_five).all_used("not-configured");
}

#[test]
fn protocol_5_as_opentofu_says() {
    agree(Program::OpenTofu, FIVE, change_five).all_used("not-configured");
}

#[test]
fn protocol_6_as_terraform_says() {
    agree(Program::Terraform, SIX, change_six);
}

#[test]
fn protocol_6_as_opentofu_says() {
    agree(Program::OpenTofu, SIX, change_six);
}

type Change = fn(&mut Value);
/// Object, change of its cloud object, and the exact paths of the one finding; none for a change that must stay hidden.
type Mutation = (&'static str, &'static str, Change, &'static [&'static str]);

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

fn exactly_one_finding_each(lab: &Lab, type_name: &str, mutations: &[Mutation]) {
    assert_eq!(visible(&lab.ask()), BTreeMap::new(), "untouched");
    for (n, (address, id, change, paths)) in mutations.iter().enumerate() {
        let report = lab.with(|cloud| change(&mut cloud["objects"][type_name][id]));
        let want: BTreeMap<String, BTreeSet<String>> = match paths {
            [] => BTreeMap::new(),
            paths => [(
                (*address).to_owned(),
                paths.iter().map(|p| (*p).to_owned()).collect(),
            )]
            .into(),
        };
        assert_eq!(visible(&report), want, "mutation {n}");
        assert!(
            !report.to_string().contains("MARKER"),
            "mutation {n} shows a secret"
        );
    }
    assert_eq!(visible(&lab.ask()), BTreeMap::new(), "put back");
}

#[test]
fn one_fact_one_finding_protocol_5() {
    const FULL: &str = "cloudfive_server.full";
    let lab = Lab::apply(Program::Terraform, FIVE);
    let mutations: &[Mutation] = &[
        (FULL, "srv-full", |o| o["name"] = json!("x"), &["name"]),
        (
            FULL,
            "srv-full",
            |o| o["description"] = json!("x"),
            &["description"],
        ),
        (
            FULL,
            "srv-full",
            |o| o["description"] = Value::Null,
            &["description"],
        ),
        (FULL, "srv-full", |o| o["cpus"] = json!(5), &["cpus"]),
        (FULL, "srv-full", |o| o["price"] = json!(0.0126), &["price"]),
        (
            FULL,
            "srv-full",
            |o| o["enabled"] = json!(false),
            &["enabled"],
        ),
        (
            FULL,
            "srv-full",
            |o| o["tags"]["env"] = json!("x"),
            &["tags[\"env\"]"],
        ),
        (
            FULL,
            "srv-full",
            |o| o["tags"]["new"] = json!("x"),
            &["tags[\"new\"]"],
        ),
        (
            FULL,
            "srv-full",
            |o| drop(o["tags"].as_object_mut().unwrap().remove("owner")),
            &["tags[\"owner\"]"],
        ),
        (
            FULL,
            "srv-full",
            |o| o["aliases"][1] = json!("x"),
            &["aliases[1]"],
        ),
        (
            FULL,
            "srv-full",
            |o| o["aliases"] = json!(["zero", "one", "two", "three"]),
            &["aliases[0]"],
        ),
        (
            FULL,
            "srv-full",
            |o| o["aliases"] = json!(["one", "two"]),
            &["aliases[2]"],
        ),
        (
            FULL,
            "srv-full",
            |o| o["groups"] = json!(["blue", "green", "red"]),
            &["groups[\"red\"]"],
        ),
        (
            FULL,
            "srv-full",
            |o| o["groups"] = json!(["green"]),
            &["groups[\"blue\"]"],
        ),
        (
            FULL,
            "srv-full",
            |o| o["groups"] = json!(["green", "blue"]),
            &[],
        ),
        (
            FULL,
            "srv-full",
            |o| {
                o["policy"] = json!(
                    "{ \"Version\": \"2012\", \"Statement\": [{\"Action\": [\"read\", \"list\"], \"Effect\": \"Allow\"}] }"
                )
            },
            &[],
        ),
        (FULL, "srv-full", |o| o["policy"] = json!("{}"), &["policy"]),
        (
            FULL,
            "srv-full",
            |o| o["password"] = json!("MARKER-new"),
            &["password"],
        ),
        (FULL, "srv-full", |o| o["zone"] = json!("zone-z"), &["zone"]),
        (
            FULL,
            "srv-full",
            |o| o["image"] = json!("other"),
            &["image"],
        ),
        (
            FULL,
            "srv-full",
            |o| o["disk"][1]["size_gb"] = json!(101),
            &["disk[1].size_gb"],
        ),
        (
            FULL,
            "srv-full",
            |o| o["disk"][0]["key"] = json!("MARKER-new"),
            &["disk[0].key"],
        ),
        (
            "cloudfive_server.bare",
            "srv-bare",
            |o| o["cpus"] = json!(1),
            &["cpus"],
        ),
        (
            "cloudfive_server.bare",
            "srv-bare",
            |o| o["tags"] = json!({}),
            &[],
        ),
    ];
    exactly_one_finding_each(&lab, "cloudfive_server", mutations);
}

#[test]
fn one_fact_one_finding_protocol_6() {
    const FULL: &str = "cloudsix_widget.full";
    let lab = Lab::apply(Program::Terraform, SIX);
    let mutations: &[Mutation] = &[
        (FULL, "wid-full", |o| o["name"] = json!("x"), &["name"]),
        (FULL, "wid-full", |o| o["size"] = json!(13), &["size"]),
        (FULL, "wid-full", |o| o["ratio"] = json!(0.2), &["ratio"]),
        (
            FULL,
            "wid-full",
            |o| o["exact"] = serde_json::from_str("123456789012345678901234567890.126").unwrap(),
            &["exact"],
        ),
        (
            FULL,
            "wid-full",
            |o| o["enabled"] = json!(false),
            &["enabled"],
        ),
        (
            FULL,
            "wid-full",
            |o| o["labels"]["cost/centre"] = json!("43"),
            &["labels[\"cost/centre\"]"],
        ),
        (
            FULL,
            "wid-full",
            |o| o["aliases"][0] = json!("x"),
            &["aliases[0]"],
        ),
        (
            FULL,
            "wid-full",
            |o| o["zones"] = json!(["a", "b", "c", "d"]),
            &["zones[\"d\"]"],
        ),
        (
            FULL,
            "wid-full",
            |o| o["zones"] = json!(["c", "a", "b"]),
            &[],
        ),
        (
            FULL,
            "wid-full",
            |o| o["policy"] = json!("{\"deny\":[],  \"allow\":[\"read\"]}"),
            &[],
        ),
        (FULL, "wid-full", |o| o["policy"] = json!("{}"), &["policy"]),
        (
            FULL,
            "wid-full",
            |o| o["password"] = json!("MARKER-new"),
            &["password"],
        ),
        (
            FULL,
            "wid-full",
            |o| o["endpoint"]["port"] = json!(1),
            &["endpoint.port"],
        ),
        (
            FULL,
            "wid-full",
            |o| o["endpoint"]["token"] = json!("MARKER-new"),
            &["endpoint.token"],
        ),
        (
            FULL,
            "wid-full",
            |o| o["volumes"][1]["gb"] = json!(101),
            &["volumes[1].gb"],
        ),
        (
            FULL,
            "wid-full",
            |o| o["volumes"][1]["key"] = json!("MARKER-new"),
            &["volumes[1].key"],
        ),
        (
            FULL,
            "wid-full",
            |o| o["limits"]["memory"]["note"] = json!("GB"),
            &["limits[\"memory\"].note"],
        ),
        (
            FULL,
            "wid-full",
            |o| o["setting"][0]["value"] = json!("slow"),
            &["setting[0].value"],
        ),
        (
            FULL,
            "wid-full",
            |o| o["logging"]["bucket"] = json!("other"),
            &["logging.bucket"],
        ),
        (FULL, "wid-full", |o| o["kind"] = json!("small"), &["kind"]),
        (
            "cloudsix_widget.bare",
            "wid-bare",
            |o| o["size"] = json!(1),
            &["size"],
        ),
    ];
    exactly_one_finding_each(&lab, "cloudsix_widget", mutations);
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
