use super::*;
use crate::error::ErrorKind;

const ALL: [&str; 10] = [
    "data.t.d",
    "t.x[0]",
    "t.x[1]",
    "t.x[1]!",
    "t.y",
    "module.a.t.x",
    "module.a.module.b.t.x",
    "module.k[0].t.x",
    "module.k[0].module.b.t.x",
    "module.k[0].module.b.module.c.t.x",
];

#[test]
fn what_each_address_removes() {
    for (addresses, want) in [
        (&["t.y"][..], &["t.y"][..]),
        (&["t.x"], &["t.x[0]", "t.x[1]"]),
        (&["t.x[1]"], &["t.x[1]"]),
        (&["data.t.d"], &["data.t.d"]),
        (&["module.a"], &["module.a.module.b.t.x", "module.a.t.x"]),
        (&["module.a.module.b"], &["module.a.module.b.t.x"]),
        (
            &["module.k"],
            &[
                "module.k[0].module.b.module.c.t.x",
                "module.k[0].module.b.t.x",
                "module.k[0].t.x",
            ],
        ),
        // Both programs let a key that is left out in front match what is deeper, and only that.
        (
            &["module.k.module.b"],
            &["module.k[0].module.b.module.c.t.x"],
        ),
        (&["t.y", "t.x[0]", "t.y"], &["t.x[0]", "t.y"]),
        (
            &["module.a", "module.a.t.x"],
            &["module.a.module.b.t.x", "module.a.t.x"],
        ),
    ] {
        let before = state(&ALL);
        let edited = rm(&before, &targets(addresses)).unwrap();
        let mut removed: Vec<String> = edited
            .changes
            .iter()
            .map(|change| match change {
                Change::Removed { address } => address.to_string(),
                other => panic!("{other:?}"),
            })
            .collect();
        removed.sort();
        assert_eq!(removed, want, "{addresses:?}");
        let after = lines(&written(&before, &edited));
        let left = |line: &&&str| !want.contains(&line.trim_end_matches('!'));
        let mut want: Vec<&str> = ALL.iter().filter(left).copied().collect();
        want.sort_unstable();
        assert_eq!(after, want, "{addresses:?}");
        assert!(edited.unmatched.is_empty());
        assert_eq!(edited.state.serial, 8);
    }
}

#[test]
fn what_matches_nothing_is_an_error_alone_and_told_beside_others() {
    let before = state(&ALL);
    for nothing in [
        "t.z",
        "t.y[0]",
        "module.q",
        "module.k.t.x",
        "data.t.y",
        "t.d",
    ] {
        let error = rm(&before, &targets(&[nothing])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{nothing}");
        let edited = rm(&before, &targets(&["t.y", nothing, nothing])).unwrap();
        assert_eq!(edited.unmatched, targets(&[nothing]));
    }
    assert_eq!(
        rm(&before, &[]).unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
}

#[test]
fn a_resource_goes_with_its_last_instance_and_one_that_had_none_stays() {
    let before = state(&[
        "t.x[0]",
        "t.x[1]",
        "t.y=empty",
        "module.m.t.z=empty",
        "module.m.t.x",
    ]);
    let error = rm(&before, &targets(&["t.y"])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let edited = rm(&before, &targets(&["t.x[0]", "t.x[1]"])).unwrap();
    assert_eq!(
        lines(&written(&before, &edited)),
        ["module.m.t.x", "module.m.t.z=empty", "t.y=empty"]
    );
    let edited = rm(&before, &targets(&["module.m"])).unwrap();
    assert_eq!(
        lines(&written(&before, &edited)),
        ["module.m.t.z=empty", "t.x[0]", "t.x[1]", "t.y=empty"]
    );
}

#[test]
fn dependencies_on_what_was_removed_stay() {
    let before = state(&["t.x", "t.user < t.x"]);
    let edited = rm(&before, &targets(&["t.x"])).unwrap();
    assert_eq!(lines(&written(&before, &edited)), ["t.user < t.x"]);
}
