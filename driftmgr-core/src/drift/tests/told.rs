//! What a survey tells before it has ended.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::fake::*;
use crate::drift::{
    DriftInput, DriftItem, DriftReport, Finding, NotLookedAt, Sink, SurveyOptions, Verdict, survey,
};
use crate::error::{Error, ErrorKind};
use crate::report::json as machine;

/// Writes down what it is told.
#[derive(Debug, Default)]
struct Heard(Mutex<(Vec<Finding>, Vec<NotLookedAt>, Vec<String>)>);

impl Sink for Heard {
    fn tell(&self, item: DriftItem) {
        let mut heard = self.0.lock().unwrap();
        match item {
            DriftItem::Finding(finding) => {
                let line = format!("{} {}", finding.target, finding.address);
                heard.2.push(line);
                heard.0.push(*finding);
            }
            DriftItem::NotLookedAt(left_out) => {
                let line = format!("{} {}", left_out.target, left_out.address);
                heard.2.push(line);
                heard.1.push(left_out);
            }
            _ => {}
        }
    }
}

impl Heard {
    fn order(&self, target: &str) -> Vec<String> {
        let heard = self.0.lock().unwrap();
        let of = heard.2.iter().filter(|line| line.starts_with(target));
        of.cloned().collect()
    }

    /// As a report that has nothing else.
    fn report(&self) -> DriftReport {
        let (findings, not_looked_at, _) = self.0.lock().unwrap().clone();
        DriftReport {
            findings,
            not_looked_at,
            ..DriftReport::default()
        }
    }
}

fn options(heard: &Arc<Heard>, in_flight: usize) -> SurveyOptions {
    SurveyOptions {
        in_flight,
        sink: Some(heard.clone()),
        ..SurveyOptions::default()
    }
}

fn sorted(report: &DriftReport, part: &str) -> Vec<String> {
    let json = machine::drift(report);
    let mut all: Vec<String> = json[part]
        .as_array()
        .unwrap()
        .iter()
        .map(Json::to_string)
        .collect();
    all.sort();
    all
}

/// Two differ, one is gone, one cannot be read, two are as stated; each answers after its time.
fn fake(times: [u64; 6]) -> Fake {
    let odd = || Answer::With(json!({"size": 2}));
    let denied = Error::new(ErrorKind::PermissionDenied, "denied");
    let [a, f] = [times[0], times[5]].map(|ms| Answer::After(Duration::from_millis(ms)));
    Fake::new([
        ("a", a),
        ("b", odd()),
        ("c", Answer::Gone),
        ("d", Answer::Fails(denied)),
        ("e", odd()),
        ("f", f),
    ])
}

fn inputs(times: [u64; 6]) -> [DriftInput; 2] {
    let ids = ["a", "b", "c", "d", "e", "f"];
    let gone = Fake::new(["a", "b", "c"].map(|id| (id, Answer::Gone)));
    [
        input("one", things(ids), fake(times).reality()),
        input("two", things(["a", "b", "c"]), gone.reality()),
    ]
}

#[tokio::test]
async fn all_that_the_report_says_is_told_once() {
    let heard = Arc::new(Heard::default());
    let inputs = inputs([3, 1, 1, 1, 1, 2]);
    let report = survey(&context(), &inputs, &options(&heard, 4)).await;
    adds_up(&report, &inputs);
    assert_eq!(report.findings.len(), 3);
    assert_eq!(
        report.not_looked_at.len(),
        4,
        "one denied, three suspicious"
    );
    for part in ["resource_drift", "not_looked_at"] {
        assert_eq!(
            sorted(&heard.report(), part),
            sorted(&report, part),
            "{part}"
        );
    }
    // And nobody listening changes nothing.
    let silent = survey(&context(), &inputs, &SurveyOptions::default()).await;
    assert_eq!(machine::drift(&silent), machine::drift(&report));
    assert_eq!(silent.verdict(), Verdict::Drift);
}

#[tokio::test]
async fn a_deletion_is_told_once_something_proves_that_it_was_looked_for_in_the_right_place() {
    let heard = Arc::new(Heard::default());
    survey(
        &context(),
        &inputs([9, 0, 0, 0, 0, 20]),
        &options(&heard, 1),
    )
    .await;
    let told = heard.order("one");
    assert_eq!(
        told,
        ["b", "c", "d", "e"].map(|id| format!("one demo_thing.{id}"))
    );
    // Of the other state all is gone: nothing is believed, and that is known at the end.
    assert_eq!(heard.order("two").len(), 3);
}

#[tokio::test]
async fn a_survey_that_is_cut_off_has_told_what_it_knew() {
    let heard = Arc::new(Heard::default());
    let slow = Answer::After(Duration::from_secs(3600));
    let fake = Fake::new([
        ("a", Answer::With(json!({"size": 2}))),
        ("b", slow),
        ("c", Answer::With(json!({"size": 2}))),
    ]);
    let inputs = [input("t", things(["a", "b", "c"]), fake.reality())];
    let (cx, options) = (context(), options(&heard, 2));
    let work = survey(&cx, &inputs, &options);
    let ended = tokio::time::timeout(Duration::from_millis(200), work).await;
    assert!(ended.is_err());
    let known = ["a", "c"].map(|id| format!("t demo_thing.{id}"));
    assert_eq!(heard.order("t"), known);
}
