use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::*;

#[test]
fn what_is_no_address_is_refused() {
    for text in [
        "",
        " ",
        ".",
        "t",
        "t.",
        ".x",
        "t.x.",
        "t.x.y",
        "t.x[",
        "t.x[]",
        "t.x[*]",
        "t.x[0",
        "t.x[1.5]",
        "t.x[0][1]",
        "t.x[99999999999999999999]",
        "t.x[\"a]",
        "t.x[a]",
        "t..x",
        "module",
        "module.",
        "module.a.",
        "module.a.t",
        "module.a[*]",
        "module.a.module",
        "data",
        "data.x",
        "data.t",
        "ephemeral.t",
        "ephemeral.t.x",
        "1t.x",
        "t.1x",
        "-t.x",
        "t.x ",
        "t.x\n",
        "t.x\0",
        "t/x",
        "${t.x}",
        "t.x[\"${a}\"",
        "module.1.t.x",
    ] {
        assert!(text.parse::<Target>().is_err(), "{text:?}");
    }
    for (text, want) in [
        ("module.a", Target::Module("module.a".parse().unwrap())),
        (
            "module.a[\"x\"].module.b[0]",
            Target::Module("module.a[\"x\"].module.b[0]".parse().unwrap()),
        ),
        (
            "module.a.t.x",
            Target::Resource("module.a.t.x".parse::<InstanceAddress>().unwrap().resource),
        ),
        (
            "data.t.x",
            Target::Resource("data.t.x".parse::<InstanceAddress>().unwrap().resource),
        ),
        ("t.x[0]", Target::Instance("t.x[0]".parse().unwrap())),
        (
            "t._x-1",
            Target::Resource("t._x-1".parse::<InstanceAddress>().unwrap().resource),
        ),
    ] {
        assert_eq!(text.parse::<Target>().unwrap(), want);
        assert_eq!(want.to_string(), text);
    }
}

#[test]
fn an_index_that_no_count_has_can_be_removed_and_moved_away() {
    let before = state(&["t.x[-1]", "t.x[-9223372036854775808]"]);
    let edited = rm(&before, &targets(&["t.x[-1]"])).unwrap();
    assert_eq!(
        lines(&written(&before, &edited)),
        ["t.x[-9223372036854775808]"]
    );
    let edited = mv(&before, &target("t.x[-1]"), &target("t.y")).unwrap();
    assert_eq!(
        lines(&written(&before, &edited)),
        ["t.x[-9223372036854775808]", "t.y"]
    );
}

#[test]
fn the_last_serial_cannot_be_followed() {
    let mut before = state(&["t.x"]);
    before.serial = u64::MAX;
    assert!(mv(&before, &target("t.x"), &target("t.y")).is_err());
    assert!(rm(&before, &targets(&["t.x"])).is_err());
}

/// Quadratic work would take hours here, in a build that is not optimised.
#[test]
fn twenty_thousand_instances() {
    let mut text = String::from(
        "{\"version\":4,\"serial\":1,\"lineage\":\"l\",\"outputs\":{},\"resources\":[",
    );
    let mut resource = |module: &str, name: &str, count: usize| {
        let comma = if text.ends_with('[') { "" } else { "," };
        write!(text, "{comma}{{\"module\":\"{module}\",\"mode\":\"managed\",\"type\":\"t\",\"name\":\"{name}\",\"provider\":\"provider[\\\"a/b/c\\\"]\",\"instances\":[").unwrap();
        for i in 0..count {
            let comma = if i == 0 { "" } else { "," };
            write!(text, "{comma}{{\"index_key\":{i},\"schema_version\":0,\"attributes\":{{\"id\":\"{i}\"}},\"dependencies\":[\"t.base\",\"module.m.t.x\"]}}").unwrap();
        }
        text.push_str("]}");
    };
    resource("module.m", "wide", 10_000);
    for i in 0..10_000 {
        resource("module.n", &format!("r{i:05}"), 1);
    }
    text.push_str("]}");
    let before = State::parse(text.as_bytes()).unwrap();
    let start = Instant::now();
    let moved = mv(&before, &target("module.m"), &target("module.o")).unwrap();
    assert_eq!(moved.changes.len(), 30_000);
    let one = mv(
        &before,
        &target("module.m.t.wide[7]"),
        &target("module.n.t.r00008[1]"),
    )
    .unwrap();
    let gone = rm(&before, &targets(&["module.n", "module.m.t.wide[3]"])).unwrap();
    assert_eq!(gone.changes.len(), 10_001);
    let many: Vec<Target> = (0..10_000)
        .map(|i| target(&format!("module.m.t.wide[{i}]")))
        .collect();
    assert_eq!(rm(&before, &many).unwrap().changes.len(), 10_000);
    let both = mv_between(
        &before,
        &State::new("l"),
        &target("module.n"),
        &target("module.p"),
    )
    .unwrap();
    assert_eq!(both.target.resources.len(), 10_000);
    let replaced = replace_provider(
        &before,
        &"a/b/c".parse().unwrap(),
        &"d/e/f".parse().unwrap(),
    )
    .unwrap();
    assert!(rm(&before, &targets(&["module.n.t.r00000[9]"])).is_err());
    for edited in [&moved, &one, &gone, &replaced] {
        check(&before, &edited.state, &edited.changes).unwrap();
    }
    let took = start.elapsed();
    println!("took {took:?}");
    assert!(took < Duration::from_secs(100), "{took:?}");
}
