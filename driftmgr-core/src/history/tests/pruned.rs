//! Forgetting old runs.

use proptest::prelude::*;

use super::model::{all, arbitrary_runs, block_on, recorded};
use super::support::*;
use crate::history::{FindingStatus, HistoryStore as _, Pruned, Question, TrackedFinding, answer};

#[tokio::test]
async fn old_runs_go_and_open_findings_stay() {
    let store = history("=~~?~~").await;
    let pruned = store.prune(&context(), minute(5)).await.unwrap();
    assert_eq!(
        pruned,
        Pruned {
            runs: 4,
            findings: 0
        }
    );
    let history = asked(&store, &Question::new(time(7))).await;
    assert_eq!((history.runs.len(), history.rates[0].looks), (2, 2));
    let finding = size(&history);
    assert_eq!(
        (finding.first_seen, finding.open_since),
        (minute(2), Some(minute(2)))
    );
    assert_eq!((finding.times_seen, finding.last_seen), (4, minute(6)));
}

#[tokio::test]
async fn an_open_finding_that_nobody_could_look_at_since_stays() {
    let store = history("=~??").await;
    store.prune(&context(), minute(4)).await.unwrap();
    let history = asked(&store, &Question::new(time(7))).await;
    assert_eq!(size(&history).status, FindingStatus::Open);
    assert_eq!(
        (size(&history).last_seen, size(&history).times_seen),
        (minute(2), 1)
    );
}

#[tokio::test]
async fn the_last_run_of_a_state_is_never_forgotten() {
    let store = history("=~=").await;
    let pruned = store.prune(&context(), minute(1000)).await.unwrap();
    assert_eq!(
        pruned,
        Pruned {
            runs: 2,
            findings: 0
        }
    );
    // It was over at the run that stays; the next time it goes.
    let again = run(minute(9), vec![sign('=')]);
    store.record(&context(), again).await.unwrap();
    let pruned = store.prune(&context(), minute(1000)).await.unwrap();
    assert_eq!(
        pruned,
        Pruned {
            runs: 1,
            findings: 1
        }
    );
}

#[tokio::test]
async fn a_run_from_the_forgotten_time_is_refused_with_its_reason() {
    let store = history("===").await;
    store.prune(&context(), minute(3)).await.unwrap();
    let late = run(minute(2), vec![sign('~'), look("m", Vec::new())]);
    let recorded = store.record(&context(), late).await.unwrap();
    let [problem] = recorded.problems.as_slice() else {
        panic!("{recorded:?}");
    };
    assert!(problem.to_string().contains("/infra/l"), "{problem}");
    assert!(recorded.new, "the other state is recorded");
    let history = asked(&store, &Question::new(time(9))).await;
    assert!(history.findings.is_empty());
    assert_eq!(history.targets.len(), 2);
}

/// What is said of a finding but for how it flaps, which needs the forgotten runs.
fn standing(finding: &TrackedFinding) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        finding.id.clone(),
        (finding.status, finding.ended, finding.open_since),
        (finding.first_seen, finding.last_seen, finding.times_seen),
        (finding.severity, finding.hidden, finding.last_looked_at),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_that_is_open_or_was_over_later_is_said_differently(
        runs in arbitrary_runs(), cuts in prop::collection::vec(0i64..13, 1..4),
    ) {
        let cut = cuts.iter().copied().max().unwrap_or(0);
        let (whole, pruned) = block_on(async {
            let store = recorded(&runs).await;
            let whole = all(&store).await;
            for cut in cuts {
                store.prune(&context(), minute(cut)).await.unwrap();
            }
            (whole, all(&store).await)
        });
        let question = Question {
            since: Some(time(cut.unsigned_abs())),
            ..Question::new(time(99))
        };
        let said = |past| -> Vec<_> {
            answer(past, &question).findings.iter().map(standing).collect()
        };
        prop_assert_eq!(said(&whole), said(&pruned));
        for target in &pruned {
            let kept = target.looks.len();
            prop_assert!(kept == 1 || target.looks.iter().all(|l| l.at >= minute(cut)));
            let last = |looks: &[crate::history::PastLook]| looks.last().map(|l| l.at);
            let before = whole.iter().find(|t| t.lineage == target.lineage).unwrap();
            prop_assert_eq!(last(&target.looks), last(&before.looks));
        }
    }
}
