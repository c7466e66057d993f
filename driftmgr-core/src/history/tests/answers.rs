//! What follows from runs.

use serde_json::json;

use super::support::*;
use crate::drift::Selection;
use crate::drift::tests::schemas::complaints;
use crate::history::{FindingStatus, FlapCount, HistoryStore as _, Outcome, Question};

#[tokio::test]
async fn a_finding_is_open_from_the_first_run_that_saw_it() {
    let history = said("==~~~").await;
    let finding = size(&history);
    assert_eq!(finding.status, FindingStatus::Open);
    assert_eq!(
        (finding.first_seen, finding.last_seen),
        (minute(3), minute(5))
    );
    assert_eq!((finding.times_seen, finding.age_seconds), (3, Some(180)));
    assert_eq!((finding.open_since, finding.ended), (Some(minute(3)), None));
}

#[tokio::test]
async fn it_is_resolved_by_a_look_that_does_not_find_it() {
    let history = said("~~==").await;
    let finding = size(&history);
    assert_eq!(finding.status, FindingStatus::Resolved);
    assert_eq!(
        (finding.ended, finding.age_seconds),
        (Some(minute(3)), None)
    );
    assert_eq!(
        (finding.last_seen, finding.last_looked_at),
        (minute(2), minute(4))
    );
}

#[tokio::test]
async fn runs_that_could_not_look_neither_resolve_nor_extend() {
    for unknown in ["?", "??", "s", "s?s"] {
        let history = said(&format!("=~{unknown}")).await;
        let finding = size(&history);
        assert_eq!(finding.status, FindingStatus::Open, "{unknown}");
        assert_eq!((finding.last_seen, finding.times_seen), (minute(2), 1));
        assert_eq!(finding.last_looked_at, minute(2));
        let resolved = said(&format!("=~{unknown}=")).await;
        let at = minute(3 + unknown.len() as i64);
        assert_eq!(size(&resolved).ended, Some(at), "{unknown}");
        let again = said(&format!("=~{unknown}~")).await;
        assert_eq!(size(&again).open_since, Some(minute(2)), "{unknown}");
        assert_eq!(size(&again).transitions, FlapCount { came: 1, went: 0 });
    }
}

#[tokio::test]
async fn an_object_that_left_the_state_is_not_resolved() {
    let history = said("=~ ").await;
    assert_eq!(size(&history).status, FindingStatus::LeftState);
    assert_eq!(size(&history).ended, Some(minute(3)));
    // It comes back with the difference: open anew, but nobody saw it gone.
    let back = said("=~ ~").await;
    assert_eq!(size(&back).open_since, Some(minute(4)));
    assert_eq!(size(&back).first_seen, minute(2));
    assert_eq!(size(&back).transitions, FlapCount { came: 1, went: 0 });
    // An object that comes to the address later is another one.
    assert_eq!(size(&said("=~ =").await).status, FindingStatus::LeftState);
}

#[tokio::test]
async fn a_deleted_object_and_a_changed_one_are_two_findings() {
    let history = said("~-").await;
    assert_eq!(
        statuses(&history),
        [FindingStatus::Open, FindingStatus::Resolved]
    );
    assert_eq!(history.findings[0].path, "");
}

#[tokio::test]
async fn hiding_is_not_resolving() {
    let history = said("~h").await;
    let finding = size(&history);
    assert_eq!(
        (finding.status, finding.hidden),
        (FindingStatus::Open, true)
    );
    assert_eq!(finding.times_seen, 2);
    assert!(!size(&said("h~").await).hidden);
}

#[tokio::test]
async fn flapping_is_counted_in_goings_that_were_seen() {
    for (signs, came, went, flapping) in [
        ("~=~=", 1, 2, true),
        ("=~=~=", 2, 2, true),
        ("=~=~", 2, 1, false),
        ("~?~?~", 0, 0, false),
        ("~?=?~?=", 1, 2, true),
        ("~ ~ ~", 0, 0, false),
        ("~h~h=", 0, 1, false),
    ] {
        let history = said(signs).await;
        let finding = size(&history);
        assert_eq!(finding.transitions, FlapCount { came, went }, "{signs:?}");
        assert_eq!(finding.flapping, flapping, "{signs:?}");
    }
}

#[tokio::test]
async fn the_time_asked_about_bounds_all_but_what_is_open() {
    let store = history("~=~=~~====").await;
    let since = |minute: u64| Question {
        since: Some(time(minute)),
        ..Question::new(time(20))
    };
    let all = asked(&store, &Question::new(time(20))).await;
    assert_eq!(size(&all).transitions, FlapCount { came: 2, went: 3 });
    assert_eq!((all.runs.len(), all.rates[0].looks), (10, 10));
    let late = asked(&store, &since(4)).await;
    assert_eq!(size(&late).transitions, FlapCount { came: 1, went: 2 });
    assert_eq!((late.runs.len(), late.rates[0].looks), (7, 7));
    assert_eq!(size(&late).first_seen, minute(1));
    let latest = asked(&store, &since(8)).await;
    assert!(latest.findings.is_empty());
    let open = history("~=~").await;
    assert_eq!(size(&asked(&open, &since(10)).await).first_seen, minute(1));
}

#[tokio::test]
async fn a_rate_counts_each_drift_once_and_only_where_one_could_happen() {
    for (signs, looks, drifted_looks, chances, drifts) in [
        ("", 0, 0, 0, 0),
        ("=", 1, 0, 0, 0),
        ("~~~~", 4, 4, 0, 0),
        ("=~~~~", 5, 4, 1, 1),
        ("=~=~", 4, 2, 2, 2),
        ("=?~", 2, 1, 1, 1),
        ("= ~", 2, 1, 0, 0),
        ("===", 3, 0, 2, 0),
        ("=h~", 3, 1, 2, 1),
        ("=-", 2, 1, 1, 1),
        ("???", 0, 0, 0, 0),
    ] {
        let history = said(signs).await;
        let Some(rate) = history.rates.first() else {
            assert_eq!(looks, 0, "{signs}");
            continue;
        };
        let counted = (rate.looks, rate.drifted_looks, rate.chances, rate.drifts);
        assert_eq!(counted, (looks, drifted_looks, chances, drifts), "{signs}");
        assert_eq!(rate.rate.is_some(), chances > 0, "{signs}");
        assert_eq!((rate.resource_type.as_str(), rate.objects), ("demo", 1));
    }
}

#[tokio::test]
async fn seeing_more_is_no_drift() {
    let store = history("===").await;
    let mut high = run(minute(4), vec![sign('~')]);
    high.sensitivity = crate::drift::Sensitivity::High;
    store.record(&context(), high).await.unwrap();
    let history = asked(&store, &Question::new(time(5))).await;
    assert_eq!((history.rates[0].chances, history.rates[0].drifts), (2, 0));
}

#[tokio::test]
async fn nothing_is_foretold_from_few_runs() {
    let nine = said("=~=~=~=~=").await;
    assert!(nine.outlook.ranking.is_empty());
    assert_eq!(
        (nine.outlook.most_looks, nine.outlook.too_few_looks),
        (9, 1)
    );
    let ten = said("=~=~=~=~==").await;
    let [tendency] = ten.outlook.ranking.as_slice() else {
        panic!("{:?}", ten.outlook);
    };
    assert_eq!((tendency.drifts, tendency.chances), (4, 5));
    assert_eq!(tendency.drifted_at[0], minute(8));
    assert_eq!(tendency.attributes[0].path, "size");
    assert_eq!(tendency.attributes[0].times, 4);
    assert!(tendency.interval.low < 0.5 && tendency.interval.high > 0.9);
    // Looks that saw nothing do not count.
    assert!(said("=~=~=~?????=").await.outlook.ranking.is_empty());
    // What is drifted now, never drifted or is not in the state any more has no place in the ranking.
    for signs in ["==========~", "==========", "~~~~~~~~~=", "=~=~=~=~=== "] {
        assert!(said(signs).await.outlook.ranking.is_empty(), "{signs:?}");
    }
}

#[tokio::test]
async fn the_likeliest_comes_first_with_its_evidence() {
    let cx = context();
    let store = history("").await;
    for n in 1..=20 {
        let every = |k: i64| {
            if n % k == 0 && n < 20 {
                (Outcome::Modified, &["size"][..])
            } else {
                (Outcome::Same, &[][..])
            }
        };
        let objects = [("demo.often", 2), ("demo.rarely", 9), ("other.never", 100)];
        let objects = objects.map(|(address, k)| {
            let (outcome, paths) = every(k);
            object("l", address, outcome, paths)
        });
        let run = run(minute(n), vec![look("l", objects.into())]);
        store.record(&cx, run).await.unwrap();
    }
    let history = asked(&store, &Question::new(time(21))).await;
    let ranked: Vec<(String, u64, u64)> = history
        .outlook
        .ranking
        .iter()
        .map(|t| (t.address.to_string(), t.drifts, t.others_drifts))
        .collect();
    assert_eq!(
        ranked,
        [
            ("demo.often".to_owned(), 9, 2),
            ("demo.rarely".to_owned(), 2, 9)
        ]
    );
    assert_eq!(history.outlook.ranking[0].drifted_at.len(), 5);
    // Another object of the type, and no other type, weighs in.
    assert_eq!(history.outlook.ranking[1].others_chances, 10);
}

#[tokio::test]
async fn one_object_can_be_asked_about() {
    let cx = context();
    let store = history("").await;
    for n in 1..=3 {
        let objects = vec![
            object("l", "demo.a", Outcome::Modified, &["size"]),
            object("l", "module.m.demo.b", Outcome::Missing, &[""]),
        ];
        let run = run(minute(n), vec![look("l", objects)]);
        store.record(&cx, run).await.unwrap();
    }
    let question = |only: &str| Question {
        only: Selection::new(&[only], &[]).unwrap(),
        timelines: true,
        ..Question::new(time(9))
    };
    let addresses = |history: &crate::history::History| -> Vec<String> {
        let findings = history.findings.iter().map(|f| f.address.to_string());
        let timelines = history.objects.iter().flatten();
        findings
            .chain(timelines.map(|o| o.address.to_string()))
            .collect()
    };
    for (only, want) in [("demo.a", "demo.a"), ("module.m", "module.m.demo.b")] {
        let history = asked(&store, &question(only)).await;
        assert_eq!(addresses(&history), [want, want]);
        assert_eq!(history.rates.len(), 1);
        let changes = &history.objects.as_ref().unwrap()[0].changes;
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].at, minute(1));
    }
}

#[tokio::test]
async fn the_answer_is_as_its_schema_says() {
    for signs in ["", "=", "~?=-~ ~", "=~=~=~=~=="] {
        let store = history(signs).await;
        for question in [
            Question::new(time(30)),
            Question {
                since: Some(time(2)),
                timelines: true,
                ..Question::new(time(30))
            },
        ] {
            let history = serde_json::to_value(asked(&store, &question).await).unwrap();
            let wrong = complaints("drift-history", &history);
            assert!(wrong.is_empty(), "{signs:?}: {wrong:#?}");
        }
    }
    assert!(!complaints("drift-history", &json!({})).is_empty());
}
