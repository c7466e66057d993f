use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::*;
use crate::drift::model::Kind;
use crate::drift::tests::fake::*;
use crate::drift::{Move, Renames, survey};
use crate::state::{Instance, Resource};

/// An object that depends on resources, with attributes of its own.
fn child(address: &str, attributes: Json, dependencies: &[&str]) -> (Resource, Instance) {
    let (resource, mut instance) = stored(address, attributes);
    instance.dependencies = dependencies.iter().map(|d| (*d).into()).collect();
    (resource, instance)
}

fn lines(groups: &[Group]) -> Vec<String> {
    let line = |group: &Group| {
        let members: Vec<String> = group
            .members
            .iter()
            .map(|m| m.address.to_string())
            .collect();
        let cause = match &group.cause {
            Cause::DeletedParent(parent) => format!("deleted {}", parent.address),
            Cause::SameChange => "same".to_owned(),
            Cause::MovesTogether => "together".to_owned(),
        };
        let paths: Vec<String> = group.paths.iter().map(ToString::to_string).collect();
        format!("{cause}: {} {}", members.join(" "), paths.join(" "))
            .trim_end()
            .to_owned()
    };
    groups.iter().map(line).collect()
}

async fn grouped(state: Arc<State>, fake: Fake) -> Vec<Group> {
    look(state, fake).await.groups
}

#[test]
fn the_table_of_what_moves_together_is_sound() {
    let table = together::read(include_str!("together.json")).unwrap();
    assert!(table.len() >= 20);
    assert_eq!(table.len(), together::table().len());
    assert!(table.iter().all(|t| t.paths.len() > 1));
}

#[tokio::test]
async fn the_same_change_on_several_instances_is_one_group() {
    let red = || Answer::With(json!({"tags": {"env": "prod", "team": "red"}, "size": 5}));
    let fake = Fake::new([
        ("a", red()),
        ("b", red()),
        ("c", Answer::With(json!({"size": 5}))),
    ])
    .answering("d", Answer::With(json!({"size": 6})));
    let groups = grouped(things(["a", "b", "c", "d"]), fake).await;
    assert_eq!(
        lines(&groups),
        [
            "same: demo_thing.a demo_thing.b tags[\"team\"]",
            "same: demo_thing.a demo_thing.b demo_thing.c size"
        ]
    );
    assert_eq!(groups[1].reason, "demo_thing: size became 5");
}

#[tokio::test]
async fn changes_that_the_same_instances_share_are_one_group() {
    let both = || Answer::With(json!({"size": 5, "name": "m"}));
    let fake = Fake::new([("a", both()), ("b", both())]);
    let groups = grouped(things(["a", "b"]), fake).await;
    assert_eq!(
        lines(&groups),
        ["same: demo_thing.a demo_thing.b name size"]
    );
    assert_eq!(
        groups[0].reason,
        "demo_thing: name became \"m\", and 1 more alike"
    );
}

#[tokio::test]
async fn another_value_another_type_or_one_instance_is_no_group() {
    let state = state([
        object("demo_thing.a", "a"),
        object("demo_thing.b", "b"),
        object("aws_instance.c", "c"),
    ]);
    let size = |n: u32| Answer::With(json!({"size": n}));
    let fake = Fake::new([("a", size(5)), ("b", size(6)), ("c", size(5))]);
    assert_eq!(lines(&grouped(state, fake).await), [""; 0]);
}

#[tokio::test]
async fn equal_secrets_are_nobodys_business() {
    let secret = || Answer::With(json!({"password": "planted-secret"}));
    let fake = Fake::new([("a", secret()), ("b", secret())]);
    let report = look(things(["a", "b"]), fake).await;
    assert_eq!(report.findings.len(), 2);
    assert_eq!(lines(&report.groups), [""; 0]);
    assert!(!format!("{:?}", report.groups).contains("planted"));
}

#[tokio::test]
async fn noise_makes_no_group() {
    let moved = || Answer::With(json!({"arn": "elsewhere"}));
    let fake = Fake::new([("a", moved()), ("b", moved())]);
    let report = look(things(["a", "b"]), fake).await;
    assert_eq!(report.findings.len(), 2);
    assert_eq!(lines(&report.groups), [""; 0]);
}

/// A network, a part of it, a machine in that, and one that only depends on it.
fn network() -> Arc<State> {
    let depends = ["module.m.demo_thing.net"];
    state([
        stored(
            "module.m.demo_thing.net[0]",
            json!({"id": "net-0", "name": "n"}),
        ),
        stored(
            "module.m.demo_thing.net[1]",
            json!({"id": "net-1", "name": "n"}),
        ),
        child(
            "module.m.demo_thing.part",
            json!({"id": "part", "name": "net-0"}),
            &depends,
        ),
        child(
            "demo_thing.machine",
            json!({"id": "machine", "name": "n", "zones": ["part"]}),
            &["module.m.demo_thing.net", "module.m.demo_thing.part"],
        ),
        child(
            "demo_thing.unrelated",
            json!({"id": "unrelated", "name": "other"}),
            &depends,
        ),
        child(
            "demo_thing.chance",
            json!({"id": "chance", "name": "net-0"}),
            &[],
        ),
        object("demo_thing.there", "there"),
    ])
}

#[tokio::test]
async fn what_referred_to_a_deleted_object_stands_with_it() {
    let fake = ["net-0", "net-1", "part", "machine", "unrelated", "chance"]
        .into_iter()
        .fold(Fake::new([]), |fake, id| fake.answering(id, Answer::Gone));
    let groups = grouped(network(), fake).await;
    assert_eq!(
        lines(&groups),
        [
            "deleted module.m.demo_thing.net[0]: demo_thing.machine module.m.demo_thing.net[0] module.m.demo_thing.part"
        ]
    );
    assert_eq!(
        groups[0].reason,
        "module.m.demo_thing.net[0] was deleted, and 2 others referred to it"
    );
}

#[tokio::test]
async fn a_parent_that_is_there_makes_no_group() {
    let fake = Fake::new([("part", Answer::Gone), ("net-1", Answer::Gone)]);
    assert_eq!(lines(&grouped(network(), fake).await), [""; 0]);
}

#[tokio::test]
async fn what_changed_since_its_parent_is_gone_stands_with_it() {
    let fake = Fake::new([
        ("net-0", Answer::Gone),
        ("part", Answer::With(json!({"size": 2}))),
    ]);
    assert_eq!(
        lines(&grouped(network(), fake).await),
        ["deleted module.m.demo_thing.net[0]: module.m.demo_thing.net[0] module.m.demo_thing.part"]
    );
}

#[tokio::test]
async fn dependencies_of_old_states_are_relative_to_their_module() {
    let (resource, mut instance) = stored(
        "module.m.demo_thing.part",
        json!({"id": "part", "name": "net"}),
    );
    instance.depends_on = vec!["demo_thing.net".to_owned()];
    let state = state([
        stored("module.m.demo_thing.net", json!({"id": "net", "name": "n"})),
        stored("demo_thing.net", json!({"id": "net", "name": "n"})),
        (resource, instance),
        object("demo_thing.there", "there"),
    ]);
    let fake = Fake::new([("net", Answer::Gone), ("part", Answer::Gone)]);
    assert_eq!(
        lines(&grouped(state, fake).await),
        ["deleted module.m.demo_thing.net: module.m.demo_thing.net module.m.demo_thing.part"]
    );
}

#[tokio::test]
async fn states_do_not_share_their_parents() {
    let (a, b) = (
        state([
            stored("demo_thing.net", json!({"id": "net", "name": "n"})),
            object("demo_thing.there", "there"),
        ]),
        state([
            child(
                "demo_thing.part",
                json!({"id": "part", "name": "net"}),
                &["demo_thing.net"],
            ),
            object("demo_thing.there", "there"),
        ]),
    );
    let fake = || Fake::new([("net", Answer::Gone), ("part", Answer::Gone)]).reality();
    let inputs = [input("a", a, fake()), input("b", b, fake())];
    let report = survey(&context(), &inputs, &showing_all()).await;
    assert_eq!(report.summary.deleted, 2);
    assert_eq!(lines(&report.groups), [""; 0]);
}

#[tokio::test]
async fn a_renamed_parent_is_found_by_its_address_in_the_state() {
    let state = state([
        stored("demo_thing.net", json!({"id": "net", "name": "n"})),
        child(
            "demo_thing.part",
            json!({"id": "part", "name": "net"}),
            &["demo_thing.net"],
        ),
        object("demo_thing.there", "there"),
    ]);
    let renames = Renames::new(
        &[Move::new(&[], "demo_thing.net", "demo_thing.new").unwrap()],
        &state.list(),
    );
    let fake = Fake::new([("net", Answer::Gone), ("part", Answer::Gone)]);
    let mut inputs = [input("t", state, fake.reality())];
    inputs[0].renames = renames;
    let report = survey(&context(), &inputs, &showing_all()).await;
    assert_eq!(
        lines(&report.groups),
        ["deleted demo_thing.new: demo_thing.new demo_thing.part"]
    );
}

#[tokio::test]
async fn a_circle_of_deleted_objects_is_no_end_of_it() {
    let state = state([
        child(
            "demo_thing.a",
            json!({"id": "a", "name": "b"}),
            &["demo_thing.b"],
        ),
        child(
            "demo_thing.b",
            json!({"id": "b", "name": "a"}),
            &["demo_thing.a"],
        ),
        object("demo_thing.there", "there"),
    ]);
    let fake = Fake::new([("a", Answer::Gone), ("b", Answer::Gone)]);
    assert_eq!(lines(&grouped(state, fake).await), [""; 0]);
}

/// A finding with changes of these attributes.
async fn changed(resource_type: &str, names: &[&str]) -> Finding {
    let fake = Fake::new([("a", Answer::With(json!({"size": 2})))]);
    let mut finding = only(&look(things(["a"]), fake).await).clone();
    assert_eq!(finding.kind, Kind::Modified);
    finding.address.resource.resource_type = resource_type.to_owned();
    let one = finding.changes[0].clone();
    let change = |name: &&str| {
        let mut change = one.clone();
        change.path = Path(
            name.split('.')
                .map(|n| crate::value::Step::Attribute(n.to_owned()))
                .collect(),
        );
        change
    };
    finding.changes = names.iter().map(change).collect();
    finding
}

#[tokio::test]
async fn what_the_cloud_changes_together_is_one_group() {
    for (ty, names, want) in [
        (
            "aws_vpc",
            vec!["tags.a", "tags_all.a"],
            Some("tags.a tags_all.a"),
        ),
        ("aws_vpc", vec!["tags.a", "tags.b"], None),
        ("aws_vpc", vec!["tags", "cidr_block"], None),
        ("demo_thing", vec!["tags.a", "tags_all.a"], None),
        (
            "aws_instance",
            vec!["ami", "instance_state", "public_dns", "public_ip"],
            Some("instance_state public_dns public_ip"),
        ),
        (
            "digitalocean_droplet",
            vec!["memory", "size", "vcpus"],
            Some("memory size vcpus"),
        ),
    ] {
        let finding = changed(ty, &names).await;
        let groups = group(&[finding], &[]);
        let want: Vec<String> = want
            .iter()
            .map(|paths| format!("together: {ty}.a {paths}"))
            .collect();
        assert_eq!(lines(&groups), want, "{ty}: {names:?}");
    }
}
