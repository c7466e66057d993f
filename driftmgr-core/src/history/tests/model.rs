//! The store against a list of runs.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::support::*;
use crate::history::{
    FindingState, FindingStatus, HistoryStore as _, Look, Moment, Outcome, Question, Run, Seen,
    SqliteHistory, TargetHistory, answer,
};

const ADDRESSES: [&str; 3] = ["demo.a", "demo.b[0]", "module.m[\"k\"].other.c"];

fn arbitrary_object(
    lineage: &'static str,
    address: &'static str,
) -> impl Strategy<Value = Option<Seen>> {
    prop_oneof![
        2 => Just(None),
        4 => Just(Some((Outcome::Same, vec![]))),
        2 => Just(Some((Outcome::Modified, vec!["size"]))),
        1 => Just(Some((Outcome::Modified, vec!["size", "tags*"]))),
        1 => Just(Some((Outcome::Hidden, vec!["tags*"]))),
        1 => Just(Some((Outcome::Missing, vec![""]))),
        1 => Just(Some((Outcome::Unverifiable, vec![]))),
        1 => Just(Some((Outcome::Skipped, vec![]))),
    ]
    .prop_map(move |seen| seen.map(|(outcome, paths)| object(lineage, address, outcome, &paths)))
}

fn arbitrary_look(lineage: &'static str) -> impl Strategy<Value = Look> {
    let of = |i: usize| arbitrary_object(lineage, ADDRESSES[i]);
    (of(0), of(1), of(2))
        .prop_map(move |(a, b, c)| look(lineage, [a, b, c].into_iter().flatten().collect()))
}

/// One run each minute over one or two states.
pub(super) fn arbitrary_runs() -> impl Strategy<Value = Vec<Run>> {
    let looks = prop_oneof![
        arbitrary_look("l").prop_map(|a| vec![a]),
        arbitrary_look("m").prop_map(|b| vec![b]),
        (arbitrary_look("l"), arbitrary_look("m")).prop_map(|(a, b)| vec![a, b]),
    ];
    prop::collection::vec(looks, 0..12).prop_map(|all| {
        (1..)
            .zip(all)
            .map(|(n, looks)| run(minute(n), looks))
            .collect()
    })
}

fn shuffled_runs() -> impl Strategy<Value = (Vec<Run>, Vec<Run>)> {
    arbitrary_runs().prop_flat_map(|runs| (Just(runs.clone()), Just(runs).prop_shuffle()))
}

pub(super) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

pub(super) async fn recorded(runs: &[Run]) -> SqliteHistory {
    let cx = context();
    let store = SqliteHistory::in_memory(&cx).await.unwrap();
    for run in runs {
        store.record(&cx, run.clone()).await.unwrap();
    }
    store
}

pub(super) async fn all(store: &SqliteHistory) -> Vec<TargetHistory> {
    store.load(&context(), Vec::new()).await.unwrap()
}

/// What each look at a state says of one object and one of its findings.
type Told = Vec<(Moment, Option<Outcome>, Option<FindingState>)>;

/// By lineage, address and id of the finding; of the object alone without an id.
fn told_by_runs(runs: &[Run]) -> BTreeMap<(String, String, String), Told> {
    let mut told = BTreeMap::new();
    let looks = || {
        runs.iter()
            .flat_map(|r| r.looks.iter().map(move |l| (r.ended, l)))
    };
    let key =
        |l: &Look, o: &Seen, id: &str| (l.lineage.clone(), o.address.to_string(), id.to_owned());
    for (_, look) in looks() {
        for object in &look.objects {
            told.insert(key(look, object, ""), Told::new());
            for finding in &object.findings {
                told.insert(key(look, object, &finding.id), Told::new());
            }
        }
    }
    for ((lineage, address, id), told) in &mut told {
        for (at, look) in looks().filter(|(_, look)| look.lineage == *lineage) {
            let object = look
                .objects
                .iter()
                .find(|o| o.address.to_string() == *address);
            let finding = object.and_then(|o| o.findings.iter().find(|f| f.id == *id));
            told.push((at, object.map(|o| o.outcome), finding.map(|f| f.state)));
        }
    }
    told
}

fn told_by_store(past: &[TargetHistory]) -> BTreeMap<(String, String, String), Told> {
    let mut told = BTreeMap::new();
    for target in past {
        for object in &target.objects {
            let outcomes: Vec<_> = object.outcomes.at_each(target.moments()).collect();
            let mut put = |id: &str, states: Vec<Option<FindingState>>| {
                let each = target.moments().zip(&outcomes).zip(states);
                told.insert(
                    (
                        target.lineage.clone(),
                        object.address.to_string(),
                        id.to_owned(),
                    ),
                    each.map(|((at, outcome), state)| (at, *outcome, state))
                        .collect::<Told>(),
                );
            };
            put("", vec![None; outcomes.len()]);
            for finding in &object.findings {
                put(
                    &finding.id,
                    finding.states.at_each(target.moments()).collect(),
                );
            }
        }
    }
    told
}

/// The status and the times of a finding, from what each look says, spelled out as plainly as possible.
fn expected(told: &Told) -> Option<(FindingStatus, Moment, Moment, u64)> {
    let there: Vec<usize> = (0..told.len()).filter(|i| told[*i].2.is_some()).collect();
    let (first, last) = (*there.first()?, *there.last()?);
    let after = &told[last + 1..];
    let gone = |(_, outcome, _): &&(Moment, Option<Outcome>, _)| {
        matches!(
            outcome,
            Some(
                Outcome::Same
                    | Outcome::Hidden
                    | Outcome::Modified
                    | Outcome::Missing
                    | Outcome::Moved
            )
        )
    };
    // The first look that says anything.
    let status = after
        .iter()
        .find_map(|look| match look.1 {
            None => Some(FindingStatus::LeftState),
            Some(_) if gone(&look) => Some(FindingStatus::Resolved),
            Some(_) => None,
        })
        .unwrap_or(FindingStatus::Open);
    Some((status, told[first].0, told[last].0, there.len() as u64))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_kept_is_what_each_run_said((runs, order) in shuffled_runs()) {
        let past = block_on(async { all(&recorded(&order).await).await });
        prop_assert_eq!(told_by_store(&past), told_by_runs(&runs));
    }

    #[test]
    fn the_order_of_recording_does_not_matter((runs, order) in shuffled_runs()) {
        let (straight, shuffled) = block_on(async {
            (all(&recorded(&runs).await).await, all(&recorded(&order).await).await)
        });
        // Also what is stored is the same, change by change.
        prop_assert_eq!(straight, shuffled);
    }

    #[test]
    fn recording_again_changes_nothing(runs in arbitrary_runs()) {
        let twice: Vec<Run> = runs.iter().chain(&runs).cloned().collect();
        let (once, twice) = block_on(async {
            (all(&recorded(&runs).await).await, all(&recorded(&twice).await).await)
        });
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn a_run_that_says_the_same_as_the_one_before_adds_no_change(runs in arbitrary_runs()) {
        let changes = |past: &[TargetHistory]| -> usize {
            let objects = || past.iter().flat_map(|t| &t.objects);
            let findings = objects().flat_map(|o| &o.findings);
            objects().map(|o| o.outcomes.changes().len()).sum::<usize>()
                + findings.map(|f| f.states.changes().len()).sum::<usize>()
        };
        let doubled: Vec<Run> = runs
            .iter()
            .flat_map(|first| {
                let mut second = first.clone();
                second.ended = Moment::from_millis(first.ended.millis() + 30_000);
                [first.clone(), second]
            })
            .collect();
        let (once, twice) = block_on(async {
            (all(&recorded(&runs).await).await, all(&recorded(&doubled).await).await)
        });
        prop_assert_eq!(changes(&once), changes(&twice));
    }

    #[test]
    fn findings_are_followed_as_a_plain_reading_of_the_runs_does(runs in arbitrary_runs()) {
        let past = block_on(async { all(&recorded(&runs).await).await });
        let history = answer(&past, &Question::new(time(99)));
        let followed: BTreeMap<&str, _> = history
            .findings
            .iter()
            .map(|f| (f.id.as_str(), (f.status, f.first_seen, f.last_seen, f.times_seen)))
            .collect();
        let told = told_by_runs(&runs);
        let plain: BTreeMap<&str, _> = told
            .iter()
            .filter_map(|((_, _, id), told)| Some((id.as_str(), expected(told)?)))
            .collect();
        prop_assert_eq!(followed, plain);
    }
}
