//! Change one fact of any object: exactly that is found. Change it back: nothing.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::fake::*;
use crate::drift::{Class, DriftReport, Kind};

fn word() -> impl Strategy<Value = String> {
    "[a-z]{1,6}"
}

/// An object of the type, every attribute set to something.
fn any_object() -> impl Strategy<Value = Map<String, Json>> {
    let rule = (word(), word()).prop_map(|(cidr, note)| json!({"cidr": cidr, "note": note}));
    (
        word(),
        0i64..1000,
        any::<bool>(),
        proptest::collection::btree_map(word(), word(), 1..4),
        proptest::collection::btree_set(1u16..1000, 1..5),
        proptest::collection::vec(word(), 1..4),
        proptest::collection::vec(rule, 1..4),
    )
        .prop_map(|(name, size, flag, tags, ports, zones, rules)| {
            let object = json!({
                "id": "x", "name": name, "size": size, "password": "p", "storage_encrypted": flag,
                "publicly_accessible": flag, "tags": tags, "ports": ports, "zones": zones, "rule": rules,
            });
            object.as_object().unwrap().clone()
        })
}

/// Changes one fact to a value that nothing generated has, and says where.
fn mutate(object: &mut Map<String, Json>, fact: usize, pick: prop::sample::Index) -> Vec<String> {
    let one = |path: &str| vec![path.to_owned()];
    match fact {
        0 => {
            object["name"] = json!("CHANGED");
            one("name")
        }
        1 => {
            object["size"] = json!(1_000_000);
            one("size")
        }
        2 => {
            object["size"] = Json::Null;
            one("size")
        }
        3 => {
            let flag = object["storage_encrypted"].as_bool().unwrap();
            object["storage_encrypted"] = json!(!flag);
            one("storage_encrypted")
        }
        4 => {
            object["tags"]["CHANGED"] = json!("new");
            one("tags[\"CHANGED\"]")
        }
        5 => {
            let tags = object["tags"].as_object_mut().unwrap();
            let key = tags.keys().nth(pick.index(tags.len())).unwrap().clone();
            tags[&key] = json!("CHANGED");
            vec![format!("tags[\"{key}\"]")]
        }
        6 => {
            object["ports"].as_array_mut().unwrap().push(json!(65_000));
            one("ports[65000]")
        }
        7 => {
            let ports = object["ports"].as_array_mut().unwrap();
            let port = ports.remove(pick.index(ports.len()));
            vec![format!("ports[{port}]")]
        }
        8 => {
            let zones = object["zones"].as_array_mut().unwrap();
            let at = pick.index(zones.len());
            zones[at] = json!("CHANGED");
            vec![format!("zones[{at}]")]
        }
        _ => {
            let rules = object["rule"].as_array_mut().unwrap();
            let at = pick.index(rules.len());
            rules[at]["note"] = json!("CHANGED");
            vec![format!("rule[{at}].note")]
        }
    }
}

fn report(stored_as: &Map<String, Json>, really: Map<String, Json>) -> DriftReport {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let fake = Fake::new([("x", Answer::With(Json::Object(really)))]);
    let state = state([
        stored("demo_thing.x", Json::Object(stored_as.clone())),
        object("demo_thing.other", "other"),
    ]);
    runtime.block_on(look(state, fake))
}

proptest! {
    #[test]
    fn one_fact_is_one_finding(object in any_object(), fact in 0usize..10, pick: prop::sample::Index) {
        let mut really = object.clone();
        let want = mutate(&mut really, fact, pick);
        let report = report(&object, really);
        prop_assert_eq!(report.findings.len(), 1);
        let finding = &report.findings[0];
        prop_assert_eq!(finding.address.to_string(), "demo_thing.x");
        prop_assert_eq!((finding.kind, finding.class), (Kind::Modified, Class::Material));
        prop_assert_eq!(paths(finding), want);
        prop_assert!(finding.changes.iter().all(|c| c.material));
    }

    #[test]
    fn no_changed_fact_is_no_finding(object in any_object()) {
        let report = report(&object, object.clone());
        prop_assert!(report.findings.is_empty());
        prop_assert_eq!(report.summary.same, 2);
    }

    /// Every object is counted once, whatever becomes of it.
    #[test]
    fn every_object_is_accounted_for(answers in proptest::collection::vec(0u8..6, 0..12)) {
        let ids: Vec<String> = (0..answers.len()).map(|i| format!("i{i}")).collect();
        let mut expected = [0u64; 6];
        let mut fake = Fake::new([]);
        for (id, answer) in ids.iter().zip(&answers) {
            expected[usize::from(*answer)] += 1;
            fake = match answer {
                0 => fake,
                1 => fake.answering(id, Answer::Gone),
                2 => fake.answering(id, Answer::With(json!({"size": 77}))),
                3 => fake.answering(id, Answer::Fails(crate::Error::new(crate::ErrorKind::Timeout, "late"))),
                4 => fake.answering(id, Answer::With(json!({"publicly_accessible": true}))),
                _ => fake.answering(id, Answer::With(json!({"id": format!("{id}-new")}))),
            };
        }
        let objects = ids.iter().map(|id| object(&format!("demo_thing.{id}"), id));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // `look` checks the sums.
        let report = runtime.block_on(look(state(objects), fake));
        let [same, gone, odd, failed, exposed, renumbered] = expected;
        let there = same + odd + exposed + renumbered;
        let suspicious = gone >= 3 && there == 0;
        prop_assert_eq!(report.summary.same, same);
        prop_assert_eq!(report.summary.deleted, if suspicious { 0 } else { gone });
        prop_assert_eq!(report.summary.unverifiable, if suspicious { failed + gone } else { failed });
        prop_assert_eq!(report.summary.drifted, odd + exposed);
        prop_assert_eq!(report.summary.hidden, renumbered);
    }
}
