//! Which areas a finding touches.

use serde_json::{Value as Json, json};

use super::fake::*;
use crate::drift::Area::{self, *};
use crate::drift::Finding;

async fn areas(answer: Answer, plan: Plan) -> Vec<Area> {
    let finding: Finding = {
        let fake = Fake::new([("a", answer)]).planning(plan);
        only(&look(things(["a", "b"]), fake).await).clone()
    };
    finding.impact().into_iter().collect()
}

#[tokio::test]
async fn areas_come_from_what_changed_and_what_apply_does() {
    let with = |changes: Json| Answer::With(changes);
    for (answer, plan, want) in [
        (
            with(json!({"storage_encrypted": false})),
            Plan::Restore,
            vec![Security, Compliance],
        ),
        (
            with(json!({"size": 2})),
            Plan::Restore,
            vec![Cost, Availability],
        ),
        (
            with(json!({"size": 2, "storage_encrypted": false})),
            Plan::Restore,
            vec![Security, Cost, Availability, Compliance],
        ),
        (
            with(json!({"zones": ["a", "c"]})),
            Plan::Restore,
            vec![Availability],
        ),
        (with(json!({"name": "m"})), Plan::Restore, vec![]),
        (
            with(json!({"name": "m"})),
            Plan::Replace("name"),
            vec![Availability],
        ),
        (
            with(json!({"tags": {"env": "test"}})),
            Plan::Restore,
            vec![Cost, Compliance],
        ),
        (
            with(json!({"tags": {"env": "prod", "colour": "red"}})),
            Plan::Restore,
            vec![],
        ),
        (with(json!({"size": 2})), Plan::Nothing, vec![]),
        (Answer::Gone, Plan::Restore, vec![Availability]),
    ] {
        let got = areas(answer, plan.clone()).await;
        assert_eq!(got, want);
    }
}
