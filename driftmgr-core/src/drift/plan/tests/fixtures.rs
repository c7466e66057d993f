//! What is reported of every plan at hand is what stands in its `resource_drift`.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use super::*;
use crate::drift::{DriftInput, NotLookedAtKind, PlanReality, Renames, SurveyOptions, survey};
use crate::state::State;

fn folder() -> Option<PathBuf> {
    let root = std::env::var_os("DRIFTMGR_FIXTURES").map_or_else(
        || FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"),
        PathBuf::from,
    );
    let plans = root.join("plans");
    if !plans.is_dir() {
        println!("skipped: there is no {}", plans.display());
        return None;
    }
    Some(plans)
}

fn files(folder: &FilePath, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
    into.sort();
}

/// What makes two entries the same.
fn essence(entries: &Json) -> Vec<Json> {
    let entries = entries.as_array().cloned().unwrap_or_default();
    let mut all: Vec<Json> = entries
        .iter()
        .map(|entry| {
            let change = &entry["change"];
            json!([
                entry["address"],
                entry["previous_address"],
                entry["mode"],
                entry["type"],
                entry["name"],
                entry["index"],
                entry["provider_name"],
                change["actions"],
                change["before"],
                change["after"]
            ])
        })
        .collect();
    all.sort_by_key(ToString::to_string);
    all
}

#[tokio::test]
async fn every_plan_is_read_and_reported_as_its_resource_drift() {
    let Some(folder) = folder() else { return };
    let mut all = Vec::new();
    files(&folder, &mut all);
    let (mut plans, mut drifted) = (0, 0);
    let mut refusals: BTreeMap<String, usize> = BTreeMap::new();
    for file in &all {
        let bytes = std::fs::read(file).unwrap();
        match Plan::parse(&bytes) {
            Ok(plan) => {
                let text = String::from_utf8(bytes).unwrap();
                let json: Json = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
                let report = report::json::drift(&report(plan).await);
                let (want, got) = (
                    essence(&json["resource_drift"]),
                    essence(&report["resource_drift"]),
                );
                assert_eq!(got, want, "{}", file.display());
                plans += 1;
                drifted += want.len();
            }
            Err(error) => {
                assert!(!error.hints().is_empty(), "{}: {error}", file.display());
                *refusals.entry(error.message().to_owned()).or_default() += 1;
            }
        }
    }
    println!("{plans} plans, {drifted} drifted objects, refused: {refusals:#?}");
    assert_eq!(plans + refusals.values().sum::<usize>(), all.len());
    let is_plan = |file: &&PathBuf| {
        let bytes = std::fs::read(file).unwrap();
        let json = serde_json::from_slice::<Json>(&bytes).ok();
        json.is_some_and(|j| {
            j.get("planned_values").is_some() || j.get("resource_changes").is_some()
        })
    };
    assert_eq!(plans, all.iter().filter(is_plan).count());
}

/// The same from the state that the plan was made from, and the plan beside it.
#[tokio::test]
async fn a_state_and_its_plan_give_the_same_as_the_plan_alone() {
    let Some(folder) = folder() else { return };
    let mut pairs = Vec::new();
    for case in std::fs::read_dir(folder.join("opentofu-equivalence")).unwrap() {
        let case = case.unwrap().path();
        pairs.push((
            case.join("given/terraform.tfstate"),
            case.join("expected/plan.json"),
        ));
    }
    for case in std::fs::read_dir(folder.join("opentofu-show-json")).unwrap() {
        let case = case.unwrap().path();
        pairs.push((case.join("terraform.tfstate"), case.join("output.json")));
    }
    pairs.retain(|(state, plan)| state.is_file() && plan.is_file());
    pairs.sort();
    assert!(pairs.len() > 15, "{}", pairs.len());
    for (state, file) in pairs {
        let bytes = std::fs::read(&file).unwrap();
        let plan = Arc::new(Plan::parse(&bytes).unwrap());
        let state = State::parse(&std::fs::read(&state).unwrap()).unwrap();
        let input = DriftInput {
            target: "x".to_owned(),
            state: Arc::new(PlanReality::marked(&plan, &state)),
            reality: Arc::new(PlanReality::new(plan.clone())),
            renames: Renames::default().and(PlanReality::moves(&plan)),
            configuration: None,
        };
        let cx = Context::new(Environment::default());
        let report = survey(&cx, &[input], &SurveyOptions::default()).await;
        let open: Vec<_> = report
            .not_looked_at
            .iter()
            .filter(|n| n.kind == NotLookedAtKind::Unverifiable)
            .collect();
        assert!(open.is_empty(), "{}: {open:?}", file.display());
        let json: Json = serde_json::from_slice(&bytes).unwrap();
        let got = report::json::drift(&report);
        assert_eq!(
            essence(&got["resource_drift"]),
            essence(&json["resource_drift"]),
            "{}",
            file.display()
        );
    }
}
