//! Many states in one run.

use std::collections::BTreeSet;

use driftmgr_core::client::Stack;
use serde_json::{Value as Json, json};

use super::lab::{FIVE, Kind, Lab, SIX};
use crate::support::options::showing_all;

const STACKS: usize = 200;
const EACH: usize = 5;

/// An instance as the template has it, under another name.
fn renamed(kind: Kind, instance: &Json, index: usize, name: &str) -> Json {
    let mut instance = instance.clone();
    instance["index_key"] = json!(index);
    let (old, id) = (kind.id(0), format!("{}{name}", kind.prefix));
    rename(&mut instance["attributes"], &old, &id, name);
    rename(&mut instance["identity"], &old, &id, name);
    instance
}

/// The object `n0` under another id and name.
fn rename(object: &mut Json, old: &str, id: &str, name: &str) {
    for (_, value) in object.as_object_mut().into_iter().flatten() {
        let renamed = match value.as_str() {
            Some(text) if text == old => id.to_owned(),
            Some("n0") => name.to_owned(),
            Some(text) if text.ends_with("/n0") => text.replace("n0", name),
            _ => continue,
        };
        *value = renamed.into();
    }
    // Where id and name are spelt alike, both rules say the same.
}

/// Two hundred root modules that configure the provider alike, and all their objects in one cloud.
async fn many(kind: Kind) -> (Lab, Vec<Stack>) {
    let lab = Lab::new(kind);
    let state: Json = serde_json::from_str(&lab.read("terraform.tfstate")).unwrap();
    let first = state["resources"][0]["instances"][0].clone();
    let mut stacks = Vec::new();
    for stack in 0..STACKS {
        let name = |i: usize| format!("s{stack}-{i}");
        let instances = (0..EACH).map(|i| renamed(kind, &first, i, &name(i)));
        let mut state = state.clone();
        state["resources"][0]["instances"] = instances.collect();
        lab.write(&format!("{stack}/terraform.tfstate"), &state.to_string());
        for file in ["main.tf", "terraform.tfvars", ".terraform.lock.hcl"] {
            lab.write(&format!("{stack}/{file}"), &lab.read(file));
        }
        let folder = lab.file(&stack.to_string());
        stacks.push(lab.client().open(folder).await.unwrap());
    }
    lab.objects(|all| {
        let object = all[&kind.id(0)].clone();
        all.clear();
        for (stack, i) in (0..STACKS).flat_map(|s| (0..EACH).map(move |i| (s, i))) {
            let name = format!("s{stack}-{i}");
            let id = format!("{}{name}", kind.prefix);
            let mut object = object.clone();
            rename(&mut object, &kind.id(0), &id, &name);
            all.insert(id, object);
        }
    });
    (lab, stacks)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_stacks_share_one_process() {
    let (lab, stacks) = many(FIVE).await;
    let look = lab.look_at(&lab.client(), &stacks, &showing_all()).await;
    look.assert_in_sync();
    assert_eq!(look.report.summary.same, (STACKS * EACH) as u64);
    let reads = lab.reads();
    assert_eq!(reads.len(), STACKS * EACH);
    assert_eq!(reads.into_iter().collect::<BTreeSet<_>>().len(), 1);
    assert_eq!(lab.processes().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_change_among_a_thousand_is_found() {
    let (lab, stacks) = many(SIX).await;
    let id = format!("{}s123-4", SIX.prefix);
    lab.objects(|all| SIX.change(&mut all[&id]));
    let look = lab.look_at(&lab.client(), &stacks, &showing_all()).await;
    assert_eq!(look.findings(), [SIX.address(4)]);
    let target = lab.file("123").display().to_string();
    assert_eq!(look.report.findings[0].target, target);
    assert_eq!(look.report.summary.same, (STACKS * EACH) as u64 - 1);
    assert_eq!(lab.processes().len(), 1);
}
