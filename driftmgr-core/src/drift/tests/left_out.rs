//! What is not looked at, and why.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::json;

use super::fake::*;
use crate::address::ResourceMode;
use crate::drift::{
    EffectAction, Kind, NotLookedAtKind, Readers, Routes, Selection, SurveyOptions, Verdict, survey,
};
use crate::error::{Error, ErrorKind};
use crate::report::text::{self, TextOptions};
use crate::state::InstanceStatus;

#[tokio::test]
async fn data_sources_are_skipped_and_leave_the_answer_whole() {
    let (mut data, instance) = object("demo_thing.d", "d");
    data.address.mode = ResourceMode::Data;
    let fake = Arc::new(Fake::new([]));
    let state = state([(data, instance), object("demo_thing.a", "a")]);
    let report = look_with(
        &context(),
        &SurveyOptions::default(),
        state,
        reality(Ok(fake.clone())),
    )
    .await;
    assert_eq!(fake.reads.load(Ordering::SeqCst), 1);
    let left_out = &report.not_looked_at[0];
    assert_eq!(left_out.address.to_string(), "data.demo_thing.d");
    assert_eq!(left_out.kind, NotLookedAtKind::Skipped);
    assert_eq!(
        (report.summary.skipped, report.summary.unverifiable),
        (1, 0)
    );
    assert_eq!(report.verdict(), Verdict::InSync);
}

#[tokio::test]
async fn the_selection_decides_what_is_read() {
    let state = || {
        state([
            object("demo_thing.a[0]", "a0"),
            object("demo_thing.a[1]", "a1"),
            object("module.m.demo_thing.b", "b"),
        ])
    };
    for (only, without, want) in [
        (
            vec!["demo_thing.a"],
            vec![],
            vec!["demo_thing.a[0]", "demo_thing.a[1]"],
        ),
        (
            vec!["demo_thing.a"],
            vec!["demo_thing.a[1]"],
            vec!["demo_thing.a[0]"],
        ),
        (vec!["module.m"], vec![], vec!["module.m.demo_thing.b"]),
        (
            vec![],
            vec!["module.m", "demo_thing.a[0]"],
            vec!["demo_thing.a[1]"],
        ),
    ] {
        let options = SurveyOptions {
            selection: Selection::new(&only, &without).unwrap(),
            ..SurveyOptions::default()
        };
        let all_odd = ["a0", "a1", "b"].map(|id| (id, Answer::With(json!({"size": 9}))));
        let report = look_with(&context(), &options, state(), Fake::new(all_odd).reality()).await;
        let found: Vec<String> = report
            .findings
            .iter()
            .map(|f| f.address.to_string())
            .collect();
        assert_eq!(found, want);
        assert!(
            report
                .not_looked_at
                .iter()
                .all(|n| n.kind == NotLookedAtKind::Skipped)
        );
    }
}

#[tokio::test]
async fn without_a_provider_everything_is_open() {
    let none = Arc::new(Readers::new(Routes::new()));
    let missing = Error::new(ErrorKind::NotFound, "no plugin").with_hint("run terraform init");
    for (reality, reason) in [
        (none as _, "nobody answers for this provider configuration"),
        (reality(Err(missing)), "no plugin"),
    ] {
        let state = things(["a", "b"]);
        let report = look_with(&context(), &SurveyOptions::default(), state, reality).await;
        assert_eq!(report.summary.unverifiable, 2);
        assert!(
            report
                .not_looked_at
                .iter()
                .all(|n| n.reason.starts_with(reason))
        );
        assert!(report.providers.is_empty());
        assert_eq!(report.verdict(), Verdict::Incomplete);
    }
}

#[tokio::test]
async fn an_object_without_a_provider_is_open() {
    let (mut resource, instance) = object("demo_thing.a", "a");
    resource.provider = None;
    let report = look(state([(resource, instance)]), Fake::new([])).await;
    assert_eq!(report.summary.unverifiable, 1);
    assert!(report.not_looked_at[0].reason.contains("which provider"));
}

#[tokio::test]
async fn the_provider_of_an_instance_comes_before_that_of_its_resource() {
    let (mut resource, mut instance) = object("demo_thing.a", "a");
    resource.provider = Some(Arc::new(format!("{PROVIDER}.west").parse().unwrap()));
    instance.provider = Some(Arc::new(provider()));
    let report = look(state([(resource, instance)]), Fake::new([])).await;
    assert_eq!(report.summary.same, 1);
}

#[tokio::test]
async fn private_data_that_is_not_base64_is_named() {
    let (resource, mut instance) = object("demo_thing.a", "a");
    instance.private = Some("planted-private!".into());
    let report = look(state([(resource, instance)]), Fake::new([])).await;
    let reason = &report.not_looked_at[0].reason;
    assert!(reason.contains("not base64"), "{reason}");
    assert!(!reason.contains("planted"), "{reason}");
}

#[tokio::test]
async fn a_type_that_the_provider_does_not_know_is_open() {
    let state = state([object("demo_unknown.a", "a"), object("demo_thing.b", "b")]);
    let report = look(state, Fake::new([])).await;
    assert_eq!((report.summary.unverifiable, report.summary.same), (1, 1));
    let reason = &report.not_looked_at[0].reason;
    assert!(
        reason.contains("does not know the resource type `demo_unknown`"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_deposed_object_is_an_object_of_its_own() {
    let (mut resource, current) = object("demo_thing.a", "a");
    let (_, mut deposed) = object("demo_thing.a", "old");
    deposed.deposed = Some("00000001".to_owned());
    resource.instances.push(deposed);
    let fake = Fake::new([("old", Answer::Gone)]);
    let report = look(state([(resource, current)]), fake).await;
    let finding = only(&report);
    assert_eq!(finding.deposed.as_deref(), Some("00000001"));
    assert_eq!(finding.kind, Kind::Missing);
    assert_eq!(
        finding.effect.as_ref().unwrap().action,
        EffectAction::None,
        "nothing creates it again"
    );
    assert_eq!(report.summary.same, 1);
}

#[tokio::test]
async fn apply_destroys_a_deposed_object_whatever_differs() {
    let plans = [
        Plan::Restore,
        Plan::Replace("size"),
        Plan::Nothing,
        Plan::Fails(ErrorKind::Timeout),
    ];
    for plan in plans {
        let (mut resource, current) = object("demo_thing.a", "a");
        let (_, mut deposed) = object("demo_thing.a", "old");
        deposed.deposed = Some("00000001".to_owned());
        resource.instances.push(deposed);
        let fake = Fake::new([("old", Answer::With(json!({"size": 9})))]).planning(plan);
        let report = look(state([(resource, current)]), fake).await;
        let effect = only(&report).effect.as_ref().unwrap();
        assert_eq!(effect.action, EffectAction::Destroy);
        assert!(effect.replace_because.is_empty());
        if only(&report).hidden.is_none() {
            let text = text::drift(&report, &TextOptions::default());
            assert!(text.contains("apply would destroy it"), "{text}");
        }
    }
}

#[tokio::test]
async fn apply_replaces_a_tainted_object_whatever_differs() {
    for (plan, because) in [
        (Plan::Restore, vec![]),
        (Plan::Replace("size"), vec!["size"]),
        (Plan::Nothing, vec![]),
        (Plan::Fails(ErrorKind::Timeout), vec![]),
    ] {
        let (resource, mut instance) = object("demo_thing.a", "a");
        instance.status = InstanceStatus::Tainted;
        let fake = Fake::new([("a", Answer::With(json!({"size": 9})))]).planning(plan);
        let report = look(state([(resource, instance)]), fake).await;
        let effect = only(&report).effect.as_ref().unwrap();
        assert_eq!(effect.action, EffectAction::Replace);
        let named: Vec<String> = effect
            .replace_because
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(named, because);
        let told = only(&report).reasons.iter().any(|r| r.contains("tainted"));
        assert!(told, "{:?}", only(&report).reasons);
    }
}

#[tokio::test]
async fn a_tainted_object_that_is_gone_is_created() {
    let (resource, mut instance) = object("demo_thing.a", "a");
    instance.status = InstanceStatus::Tainted;
    let report = look(
        state([(resource, instance)]),
        Fake::new([("a", Answer::Gone)]),
    )
    .await;
    let effect = only(&report).effect.as_ref().unwrap();
    assert_eq!(effect.action, EffectAction::Create);
}

#[tokio::test]
async fn many_states_share_a_reader() {
    let fake = Arc::new(Fake::new([("b", Answer::With(json!({"size": 7})))]));
    let shared = reality(Ok(fake.clone()));
    let inputs = [
        input("one", things(["a", "b"]), shared.clone()),
        input("two", things(["b", "c"]), shared.clone()),
        input("three", things([]), shared),
    ];
    let report = survey(&context(), &inputs, &SurveyOptions::default()).await;
    adds_up(&report, &inputs);
    assert_eq!(fake.reads.load(Ordering::SeqCst), 4);
    let found: Vec<&str> = report.findings.iter().map(|f| f.target.as_str()).collect();
    assert_eq!(found, ["one", "two"]);
    assert_eq!(report.providers.len(), 1);
    let effect = report.findings[0].effect.as_ref().unwrap();
    assert_eq!(effect.action, EffectAction::Update);
}
