use std::collections::BTreeSet;

use super::*;
use crate::drift::Kind;
use crate::drift::ignore::tests::{change, finding, noise};
use crate::value::Value;

fn of(finding: &Finding) -> String {
    fingerprint("lineage", finding, None)
}

fn of_change(finding: &Finding, i: usize) -> String {
    fingerprint("lineage", finding, Some(&finding.changes[i]))
}

#[test]
fn a_fingerprint_is_written_down_for_good() {
    let finding = finding(
        "module.m[\"k\"].demo_thing.a[0]",
        vec![change("size"), change("name")],
    );
    assert_eq!(of(&finding), "v1-ce393a8de24bd8ee8f886937c866819f");
    assert_eq!(
        of_change(&finding, 0),
        "v1-1133afe310e645f0c2199d92dcd064c9"
    );
}

#[test]
fn what_it_is_about_makes_the_fingerprint() {
    let mut all = BTreeSet::new();
    let plain = finding("demo_thing.a", vec![change("size"), change("name")]);
    let alter: [fn(&mut Finding); 5] = [
        |_| {},
        |f| f.deposed = Some("00000001".to_owned()),
        |f| f.kind = Kind::Missing,
        |f| f.address = "demo_thing.b".parse().unwrap(),
        |f| f.changes.push(change("open")),
    ];
    for alter in alter {
        let mut other = plain.clone();
        alter(&mut other);
        assert!(all.insert(of(&other)));
    }
    assert!(all.insert(fingerprint("another", &plain, None)));
    assert!(all.insert(of_change(&plain, 0)));
    assert!(all.insert(of_change(&plain, 1)));
}

#[test]
fn what_was_found_and_where_it_runs_does_not() {
    let plain = finding("demo_thing.a", vec![change("size"), noise("etag")]);
    let alter: [fn(&mut Finding); 8] = [
        |f| f.target = "elsewhere".to_owned(),
        |f| f.reasons = vec!["why".to_owned()],
        |f| f.before = Value::from("x"),
        |f| f.changes[0].after = Some(Value::from("another")),
        |f| f.changes[0].severity = crate::drift::Severity::Critical,
        |f| f.changes.reverse(),
        // A moved block is no other finding until it is applied.
        |f| {
            f.previous_address = Some(f.address.clone());
            f.address = "demo_thing.new".parse().unwrap();
        },
        // Nor is noise that was not there before.
        |f| f.changes.push(noise("revision")),
    ];
    for alter in alter {
        let mut other = plain.clone();
        alter(&mut other);
        assert_eq!(of(&plain), of(&other), "{other:?}");
    }
}

#[test]
fn a_finding_of_one_attribute_is_named_like_its_change() {
    let finding = finding("demo_thing.a", vec![noise("etag"), change("size")]);
    assert_eq!(of(&finding), of_change(&finding, 1));
    assert_ne!(of(&finding), of_change(&finding, 0));
}

#[test]
fn parts_do_not_run_into_each_other() {
    assert_ne!(digest("p", ["ab", "c"]), digest("p", ["a", "bc"]));
    assert_ne!(digest("p", ["", "a"]), digest("p", ["a", ""]));
    let plain = finding("demo_thing.a", vec![change("size")]);
    let mut deposed = plain.clone();
    deposed.deposed = Some("modified".to_owned());
    assert_ne!(of(&plain), of(&deposed));
}
