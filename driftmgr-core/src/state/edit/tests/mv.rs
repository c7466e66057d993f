use super::*;
use crate::error::ErrorKind;

fn moved(lines: &[&str], from: &str, to: &str) -> Result<Vec<String>> {
    let before = state(lines);
    let edited = mv(&before, &target(from), &target(to))?;
    assert_eq!(edited.state.serial, 8);
    Ok(super::lines(&written(&before, &edited)))
}

#[test]
fn what_may_become_what() {
    for (lines, from, to, want) in [
        (&["t.x"][..], "t.x", "t.y", &["t.y"][..]),
        (&["t.x"], "t.x", "t.x[0]", &["t.x[0]"]),
        (&["t.x"], "t.x", "t.x[\"a b\"]", &["t.x[\"a b\"]"]),
        (&["t.x[0]"], "t.x[0]", "t.x", &["t.x"]),
        (&["t.x", "t.x!"], "t.x", "t.y[1]", &["t.y[1]", "t.y[1]!"]),
        (&["t.x!"], "t.x", "t.y", &["t.y!"]),
        (
            &["t.x[0]", "t.x[1]"],
            "t.x",
            "module.m.t.y",
            &["module.m.t.y[0]", "module.m.t.y[1]"],
        ),
        (&["t.x[0]", "t.x[1]"], "t.x[1]", "t.y", &["t.x[0]", "t.y"]),
        (&["t.x", "t.y[0]"], "t.x", "t.y[1]", &["t.y[0]", "t.y[1]"]),
        (&["t.x", "t.y[0]"], "t.x", "t.y", &["t.y", "t.y[0]"]),
        (&["t.x", "t.x[0]"], "t.x", "t.y", &["t.x[0]", "t.y"]),
        (&["data.t.x"], "data.t.x", "data.t.y", &["data.t.y"]),
        (&["t.x=empty"], "t.x", "t.y", &["t.y=empty"]),
        (&["t.x", "t.y=empty"], "t.x", "t.y[0]", &["t.y[0]"]),
        (
            &["module.a.t.x", "module.a.module.b.t.x[0]", "module.ab.t.x"],
            "module.a",
            "module.c[\"k\"]",
            &[
                "module.ab.t.x",
                "module.c[\"k\"].module.b.t.x[0]",
                "module.c[\"k\"].t.x",
            ],
        ),
        (
            &["module.a[0].t.x", "module.a[1].t.x"],
            "module.a[0]",
            "module.b.module.a",
            &["module.a[1].t.x", "module.b.module.a.t.x"],
        ),
        // Only children: the module itself is not there, and so not in the way either.
        (
            &["module.a.module.b.t.x", "module.c.module.d.t.x"],
            "module.a",
            "module.c",
            &["module.c.module.b.t.x", "module.c.module.d.t.x"],
        ),
        (
            &["module.a.t.x"],
            "module.a",
            "module.a.module.a",
            &["module.a.module.a.t.x"],
        ),
        (&["module.a.t.x"], "module.a.t.x", "t.x", &["t.x"]),
    ] {
        let got = moved(lines, from, to).unwrap_or_else(|e| panic!("{from} -> {to}: {e}"));
        assert_eq!(got, want, "{from} -> {to}");
    }
}

#[test]
fn what_is_refused_and_why() {
    for (lines, from, to, kind, says) in [
        (
            &["t.x"][..],
            "t.x",
            "u.x",
            ErrorKind::InvalidInput,
            "types differ",
        ),
        (
            &["t.x"],
            "t.x",
            "data.t.x",
            ErrorKind::InvalidInput,
            "only become a resource",
        ),
        (
            &["data.t.x"],
            "data.t.x",
            "t.x",
            ErrorKind::InvalidInput,
            "only become a data source",
        ),
        (
            &["t.x", "t.y"],
            "t.x",
            "t.y",
            ErrorKind::Conflict,
            "already",
        ),
        (&["t.x"], "t.x", "t.x", ErrorKind::Conflict, "already"),
        (
            &["t.x", "t.y!"],
            "t.x",
            "t.y",
            ErrorKind::Conflict,
            "already",
        ),
        (
            &["t.x[0]", "t.y=empty"],
            "t.x",
            "t.y",
            ErrorKind::Conflict,
            "already",
        ),
        (
            &["t.x[0]"],
            "t.x",
            "t.y[0]",
            ErrorKind::InvalidInput,
            "has none",
        ),
        (
            &["t.x"],
            "t.x",
            "module.m",
            ErrorKind::InvalidInput,
            "an instance can only",
        ),
        (
            &["t.x[0]"],
            "t.x",
            "module.m",
            ErrorKind::InvalidInput,
            "has none",
        ),
        (
            &["module.m.t.x"],
            "module.m",
            "t.x",
            ErrorKind::InvalidInput,
            "a module can only",
        ),
        (
            &["module.a.t.x", "module.b.t.x"],
            "module.a",
            "module.b",
            ErrorKind::Conflict,
            "already",
        ),
        (
            &["module.a.t.x", "module.b.t.y=empty"],
            "module.a",
            "module.b",
            ErrorKind::Conflict,
            "already",
        ),
        (
            &["t.web"],
            "t.wev",
            "t.y",
            ErrorKind::NotFound,
            "nothing at t.wev",
        ),
        (
            &["t.x[0]"],
            "t.x[1]",
            "t.y",
            ErrorKind::NotFound,
            "nothing at t.x[1]",
        ),
        (
            &["module.a[\"x\"].t.x"],
            "module.a",
            "module.b",
            ErrorKind::NotFound,
            "nothing at module.a",
        ),
        (
            &["t.x"],
            "t.x",
            "t.y[-1]",
            ErrorKind::InvalidInput,
            "not negative",
        ),
        (
            &["t.x"],
            "t.x",
            "module.m[-1].t.y",
            ErrorKind::InvalidInput,
            "not negative",
        ),
        // Whichever of the two modules went first would decide; nothing is left to chance.
        (
            &["module.a.t.x", "module.a.module.a.t.x"],
            "module.a",
            "module.a.module.a",
            ErrorKind::Conflict,
            "already",
        ),
    ] {
        let error = moved(lines, from, to).expect_err(&format!("{from} -> {to}"));
        assert_eq!(error.kind(), kind, "{from} -> {to}: {error}");
        assert!(error.message().contains(says), "{from} -> {to}: {error}");
    }
}

#[test]
fn what_matches_nothing_names_what_was_probably_meant() {
    let before = state(&[
        "aws_vpc.main",
        "aws_vpc.other[0]",
        "module.network.aws_vpc.main",
    ]);
    for (from, near) in [
        ("aws_vpc.mian", "did you mean `aws_vpc.main`?"),
        ("aws_vpc.other[1]", "`aws_vpc.other[0]`"),
        ("module.netwrok", "did you mean `module.network`?"),
        ("zzz.yyyyyyyyyyyy", "driftmgr state list"),
    ] {
        let error = mv(&before, &target(from), &target("aws_vpc.new")).unwrap_err();
        assert!(error.hints()[0].contains(near), "{from}: {error:?}");
    }
}

#[test]
fn dependencies_on_what_was_moved_are_dropped_and_others_stay() {
    let before = [
        "t.base",
        "t.free < u.other",
        "t.user < t.base < u.other",
        "t.user! < t.base",
        "u.other",
        "module.m.t.in < t.base",
        "module.m.t.out < module.m.t.in",
        "module.k[0].t.out < module.k.t.in",
        "module.k[0].t.in",
    ];
    let got = |from: &str, to: &str| moved(&before, from, to).unwrap();
    let changed = |from: &str, to: &str, changes: &[(&str, &str)]| {
        let mut want: Vec<String> = before
            .iter()
            .map(|line| {
                let new = changes.iter().find(|(old, _)| old == line);
                new.map_or(*line, |(_, new)| new).to_owned()
            })
            .collect();
        want.sort();
        assert_eq!(got(from, to), want, "{from} -> {to}");
    };
    changed(
        "t.base",
        "t.base[0]",
        &[
            ("t.base", "t.base[0]"),
            ("t.user < t.base < u.other", "t.user"),
            ("module.m.t.in < t.base", "module.m.t.in"),
        ],
    );
    changed(
        "module.m",
        "module.n",
        &[
            ("module.m.t.in < t.base", "module.n.t.in < t.base"),
            ("module.m.t.out < module.m.t.in", "module.n.t.out"),
        ],
    );
    // A resource of one module instance counts as that of all; a whole module instance does not.
    changed(
        "module.k[0].t.in",
        "t.in",
        &[
            ("module.k[0].t.in", "t.in"),
            ("module.k[0].t.out < module.k.t.in", "module.k[0].t.out"),
        ],
    );
    changed(
        "module.k[0]",
        "module.k[1]",
        &[
            ("module.k[0].t.in", "module.k[1].t.in"),
            (
                "module.k[0].t.out < module.k.t.in",
                "module.k[1].t.out < module.k.t.in",
            ),
        ],
    );
}

#[test]
fn the_changes_are_told_by_instance() {
    let before = state(&["t.x[0]", "t.x[1]", "t.x[1]!", "t.user < t.x"]);
    let edited = mv(&before, &target("t.x"), &target("module.m.t.y")).unwrap();
    let address = |text: &str| text.parse::<InstanceAddress>().unwrap();
    let moved = |from, to| Change::Moved {
        from: address(from),
        to: address(to),
    };
    assert_eq!(
        edited.changes,
        [
            moved("t.x[0]", "module.m.t.y[0]"),
            moved("t.x[1]", "module.m.t.y[1]"),
            Change::DependenciesDropped {
                address: address("t.user")
            },
        ]
    );
}

#[test]
fn a_resource_that_is_there_keeps_its_provider_and_gives_it_to_who_comes() {
    let text = String::from_utf8(state(&["t.x", "t.y[0]"]).to_bytes()).unwrap();
    let (first, rest) = text.split_once("\"name\": \"y\"").unwrap();
    let west = rest.replace("hashicorp/aws\\\"]", "hashicorp/aws\\\"].west");
    let before = State::parse(format!("{first}\"name\": \"y\"{west}").as_bytes()).unwrap();
    let edited = mv(&before, &target("t.x"), &target("t.y[1]")).unwrap();
    let after = written(&before, &edited);
    assert!(
        after
            .instances()
            .all(|(r, i)| r.provider_of(i).unwrap().alias.as_deref() == Some("west"))
    );
    assert!(
        matches!(&edited.changes[1], Change::ProviderChanged { to: Some(to), .. } if to.alias.is_some())
    );
}

#[test]
fn keys_of_opentofus_provider_configurations_stay_with_their_instances() {
    let text = String::from_utf8(state(&["t.x[0]", "t.x[1]", "t.y[0]"]).to_bytes()).unwrap();
    let mut json: Json = serde_json::from_str(&text).unwrap();
    let provider = json["resources"][0]["provider"].take();
    for (i, key) in ["eu", "us"].iter().enumerate() {
        let keyed = format!("{}.by[\"{key}\"]", provider.as_str().unwrap());
        json["resources"][0]["instances"][i]["provider"] = keyed.into();
    }
    json["resources"][0]
        .as_object_mut()
        .unwrap()
        .remove("provider");
    let before = State::parse(json.to_string().as_bytes()).unwrap();
    let providers = |state: &State| -> Vec<String> {
        let all = state.instances();
        all.map(|(r, i)| format!("{} {}", r.instance_address(i), r.provider_of(i).unwrap()))
            .collect()
    };
    let own = "provider[\"registry.terraform.io/hashicorp/aws\"]";
    for (from, to, want) in [
        (
            "t.x[1]",
            "t.z",
            vec![
                format!("t.x[0] {own}.by[\"eu\"]"),
                format!("t.y[0] {own}"),
                format!("t.z {own}.by[\"us\"]"),
            ],
        ),
        // Of two configurations that of the resource counts, for each with its own key.
        (
            "t.x[1]",
            "t.y[1]",
            vec![
                format!("t.x[0] {own}.by[\"eu\"]"),
                format!("t.y[0] {own}"),
                format!("t.y[1] {own}[\"us\"]"),
            ],
        ),
        (
            "t.y[0]",
            "t.x[2]",
            vec![
                format!("t.x[0] {own}.by[\"eu\"]"),
                format!("t.x[1] {own}.by[\"us\"]"),
                format!("t.x[2] {own}.by"),
            ],
        ),
    ] {
        let edited = mv(&before, &target(from), &target(to)).unwrap();
        assert_eq!(
            providers(&written(&before, &edited)),
            want,
            "{from} -> {to}"
        );
    }
}

#[test]
fn from_one_state_to_another() {
    let source = state(&["t.x[0]", "t.x[1]", "t.user < t.x"]);
    let other = state(&["t.a", "t.z < t.x", "u.a"]);
    let both = mv_between(&source, &other, &target("t.x"), &target("t.y")).unwrap();
    assert_eq!(lines(&both.source), ["t.user < t.x"]);
    // Dependencies are those of the target, where the old address means something else, too.
    assert_eq!(
        lines(&both.target),
        ["t.a", "t.y[0]", "t.y[1]", "t.z", "u.a"]
    );
    assert_eq!((both.source.serial, both.target.serial), (8, 8));
    let again = [&both.source, &both.target].map(|s| State::parse(&s.to_bytes()).unwrap());
    check_between((&source, &other), (&again[0], &again[1]), &both.changes).unwrap();

    let new = State::new("fresh");
    let both = mv_between(&source, &new, &target("t.x[1]"), &target("module.m.t.y")).unwrap();
    assert_eq!(lines(&both.target), ["module.m.t.y"]);
    assert_eq!(
        (both.target.serial, both.target.lineage.as_str()),
        (1, "fresh")
    );
    let again = State::parse(&both.target.to_bytes()).unwrap();
    check_between((&source, &new), (&both.source, &again), &both.changes).unwrap();
    // In the target it stands where Terraform would write it, with the text that it had.
    let names: Vec<&str> = both
        .source
        .resources
        .iter()
        .map(|r| r.address.name.as_str())
        .collect();
    assert_eq!(names, ["x", "user"]);
    assert!(mv_between(&source, &other, &target("t.user"), &target("t.a")).is_err());
    assert!(mv_between(&source, &other, &target("t.a"), &target("t.b")).is_err());
}

#[test]
fn each_of_old_states_does_not_lie() {
    let text = String::from_utf8(state(&["t.x[0]", "t.x[1]"]).to_bytes()).unwrap();
    let text = text.replace(
        "\"name\": \"x\",",
        "\"name\": \"x\",\n      \"each\": \"list\",",
    );
    let before = State::parse(text.as_bytes()).unwrap();
    assert_eq!(before.resources[0].each, Some(crate::state::Each::List));
    for (to, each) in [
        ("t.x[7]", Some(crate::state::Each::List)),
        ("t.x[\"a\"]", None),
    ] {
        let edited = mv(&before, &target("t.x[0]"), &target(to)).unwrap();
        assert_eq!(edited.state.resources[0].each, each, "{to}");
    }
}
