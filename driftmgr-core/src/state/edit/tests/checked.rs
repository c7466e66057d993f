use super::*;
use crate::error::ErrorKind;
use crate::state::{InstanceStatus, RawAttributes};

/// One thing more than the edit says is found, whatever it is.
#[test]
fn each_other_change_is_found() {
    let before = state(&[
        "t.x",
        "t.y[0]",
        "t.y[1] < u.z",
        "u.z",
        "u.z!",
        "u.empty=empty",
    ]);
    let edited = mv(&before, &target("t.x"), &target("module.m.t.x[0]")).unwrap();
    check(&before, &edited.state, &edited.changes).unwrap();
    let resource = |state: &mut State, name: &str| {
        state
            .resources
            .iter()
            .position(|r| r.address.name == name)
            .unwrap()
    };
    type Mutation = Box<dyn Fn(&mut State)>;
    let y = |state: &State| {
        state
            .resources
            .iter()
            .position(|r| r.address.name == "y")
            .unwrap()
    };
    let mutations: Vec<(&str, Mutation)> = vec![
        ("a serial", Box::new(|s| s.serial += 1)),
        ("no serial", Box::new(|s| s.serial -= 1)),
        ("a lineage", Box::new(|s| s.lineage = "m".into())),
        (
            "a version",
            Box::new(|s| s.terraform_version = Some("1.0.0".into())),
        ),
        ("an output less", Box::new(|s| s.outputs.clear())),
        (
            "an output's mark",
            Box::new(|s| s.outputs.get_mut("o").unwrap().sensitive = true),
        ),
        (
            "an output's value",
            Box::new(|s| s.outputs.get_mut("o").unwrap().value = "1.5".parse().unwrap()),
        ),
        (
            "an output more",
            Box::new(|s| {
                let output = s.outputs["o"].clone();
                s.outputs.insert("p".into(), output);
            }),
        ),
        (
            "an instance less",
            Box::new(move |s| {
                let y = y(s);
                s.resources[y].instances.pop();
            }),
        ),
        (
            "an instance more",
            Box::new(move |s| {
                let y = y(s);
                let mut more = s.resources[y].instances[0].clone();
                more.key = Some(crate::address::InstanceKey::Int(9));
                s.resources[y].instances.push(more);
            }),
        ),
        (
            "a key",
            Box::new(move |s| {
                let y = y(s);
                s.resources[y].instances[0].key = None;
            }),
        ),
        (
            "a number's text",
            Box::new(move |s| {
                let y = y(s);
                s.resources[y].instances[0].attributes =
                    RawAttributes::Json(r#"{"id":1,"n":1.5}"#.parse().unwrap());
            }),
        ),
        (
            "a taint",
            Box::new(move |s| {
                let y = y(s);
                s.resources[y].instances[0].status = InstanceStatus::Tainted;
            }),
        ),
        (
            "private data",
            Box::new(move |s| {
                let y = y(s);
                s.resources[y].instances[0].private = Some("aa".into());
            }),
        ),
        (
            "a schema version",
            Box::new(move |s| {
                let y = y(s);
                s.resources[y].instances[0].schema_version = 9;
            }),
        ),
        (
            "dependencies",
            Box::new(move |s| {
                let y = y(s);
                s.resources[y].instances[1].dependencies = Default::default();
            }),
        ),
        (
            "a provider",
            Box::new(move |s| {
                let y = y(s);
                s.resources[y].provider =
                    Some(std::sync::Arc::new("provider[\"a/b/c\"]".parse().unwrap()));
            }),
        ),
        (
            "a deposed object less",
            Box::new(move |s| {
                let z = resource(s, "z");
                s.resources[z].instances.retain(|i| i.deposed.is_none());
            }),
        ),
        (
            "an empty resource less",
            Box::new(move |s| s.resources.retain(|r| !r.instances.is_empty())),
        ),
        (
            "the moved object's attributes",
            Box::new(move |s| {
                let x = resource(s, "x");
                s.resources[x].instances[0].attributes = RawAttributes::Json("{}".parse().unwrap());
            }),
        ),
        (
            "the moved object's place",
            Box::new(move |s| {
                let x = resource(s, "x");
                s.resources[x].address.module = crate::address::ModulePath::root();
            }),
        ),
    ];
    for (what, mutate) in mutations {
        let mut after = edited.state.clone();
        mutate(&mut after);
        let error = check(&before, &after, &edited.changes).expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Conflict, "{what}");
        let again = State::parse(&after.to_bytes());
        if let Ok(again) = again {
            check(&before, &again, &edited.changes).expect_err(what);
        }
    }
}

#[test]
fn unknown_fields_are_looked_at() {
    let before = state(&["t.x", "t.y"]);
    let edited = mv(&before, &target("t.x"), &target("t.z")).unwrap();
    let text = String::from_utf8(edited.state.to_bytes()).unwrap();
    for (old, new) in [
        ("\"a\": 1\n", "\"a\": 2\n"),
        ("\"later\": [", "\"sooner\": ["),
    ] {
        assert!(text.contains(old), "{text}");
        let after = State::parse(text.replacen(old, new, 1).as_bytes()).unwrap();
        assert!(check(&before, &after, &edited.changes).is_err(), "{new}");
    }
    // White space is none of it.
    let compact: Json = serde_json::from_str(&text).unwrap();
    let after = State::parse(compact.to_string().as_bytes()).unwrap();
    check(&before, &after, &edited.changes).unwrap();
}

#[test]
fn changes_that_were_not_made_are_found() {
    let before = state(&["t.x", "t.y"]);
    let edited = mv(&before, &target("t.x"), &target("t.z")).unwrap();
    let more = rm(&before, &targets(&["t.x", "t.y"])).unwrap();
    assert!(check(&before, &edited.state, &more.changes).is_err());
    assert!(check(&before, &before, &edited.changes).is_err());
    assert!(check(&before, &edited.state, &[]).is_err());
    assert!(check(&before, &before, &[]).is_ok());
}

#[test]
fn a_state_of_an_old_format_is_edited_too() {
    let mut edited = 0;
    for (name, bytes) in crate::state::tests::files("states/opentofu-roundtrip") {
        let Ok(before) = State::parse(&bytes) else {
            continue;
        };
        let Some(first) = before.list().into_iter().next() else {
            continue;
        };
        let removed = rm(&before, &[first.clone().into()]).unwrap();
        let after = State::parse(&removed.state.to_bytes()).unwrap();
        check(&before, &after, &removed.changes).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        let mut to = first.clone();
        to.resource.name = "moved_elsewhere".into();
        let moved = mv(&before, &first.into(), &to.into()).unwrap();
        let after = State::parse(&moved.state.to_bytes()).unwrap();
        check(&before, &after, &moved.changes).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        edited += 1;
    }
    assert!(edited > 10 || crate::state::tests::files("states").is_empty());
}
