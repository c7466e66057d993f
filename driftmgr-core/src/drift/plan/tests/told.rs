//! What follows from what a plan tells, and from what it leaves out.

use super::*;

fn was() -> Json {
    json!({"id": "1", "size": 1, "note": "x"})
}

fn is() -> Json {
    json!({"id": "1", "size": 2, "note": "x"})
}

/// One object that drifted, and these actions about it.
fn drifted(actions: &[&str], after: Json) -> Json {
    plan(
        &[object("a", is())],
        &[entry("a", &["update"], was(), is())],
        &[entry("a", actions, is(), after)],
    )
}

fn with_expressions(mut plan: Json, expressions: Json) -> Json {
    plan["configuration"] = json!({"root_module": {"resources": [
        {"address": "demo_thing.a", "mode": "managed", "type": "demo_thing", "name": "a", "expressions": expressions}
    ]}});
    plan
}

fn reasons(report: &Json) -> Vec<String> {
    let open = report["not_looked_at"].as_array().unwrap().iter();
    open.map(|n| {
        format!(
            "{}: {}",
            n["address"].as_str().unwrap(),
            n["reason"].as_str().unwrap()
        )
    })
    .collect()
}

#[tokio::test]
async fn an_update_is_material_and_named() {
    let report = drift(&drifted(&["update"], was())).await;
    let entry = &report["resource_drift"][0];
    assert_eq!(entry["change"]["before"], was());
    assert_eq!(entry["change"]["after"], is());
    assert_eq!(entry["drift"]["class"], "material");
    assert_eq!(
        entry["drift"]["effect"],
        json!({"action": "update", "replace_because": []})
    );
    assert_eq!(entry["drift"]["changes"][0]["path"], "size");
    assert_eq!(entry["drift"]["changes"][0]["material"], true);
    assert_eq!(report["summary"]["drifted"], 1);
}

#[tokio::test]
async fn the_actions_say_what_apply_would_do() {
    for (actions, after, want) in [
        (&["delete", "create"][..], was(), "replace"),
        (&["create", "delete"], was(), "replace"),
        (&["delete"], Json::Null, "destroy"),
        (&["forget"], Json::Null, "none"),
        (&["no-op"], is(), "none"),
    ] {
        let report = drift(&drifted(actions, after)).await;
        let effect = &report["resource_drift"][0]["drift"]["effect"]["action"];
        assert_eq!(effect, want, "{actions:?}");
    }
}

#[tokio::test]
async fn paths_that_force_a_replacement_are_named() {
    let mut plan = drifted(&["delete", "create"], was());
    plan["resource_changes"][0]["change"]["replace_paths"] = json!([["size"]]);
    let report = drift(&plan).await;
    assert_eq!(
        report["resource_drift"][0]["drift"]["effect"],
        json!({"action": "replace", "replace_because": ["size"]})
    );
}

#[tokio::test]
async fn unknown_values_are_no_drift() {
    let mut plan = drifted(&["update"], json!({"id": "1", "note": "x"}));
    plan["resource_changes"][0]["change"]["after_unknown"] = json!({"size": true});
    let report = drift(&plan).await;
    let changes = report["resource_drift"][0]["drift"]["changes"]
        .as_array()
        .unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(
        (&changes[0]["before"], &changes[0]["after"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(report["resource_drift"][0]["drift"]["class"], "material");
}

#[tokio::test]
async fn a_plan_without_change_proves_only_what_is_configured() {
    let silent = drifted(&["no-op"], is());
    let noise = |report: &Json| report["resource_drift"][0]["drift"]["changes"][0]["noise"].clone();
    // The configuration was brought in line, or the provider calls both the same.
    let set = drift(&with_expressions(
        silent.clone(),
        json!({"size": {"constant_value": 2}}),
    ))
    .await;
    assert_eq!(noise(&set)["rule"], "plan-back");
    // Nobody asked for it: that apply does nothing says nothing.
    let unset = drift(&with_expressions(silent.clone(), json!({"note": {}}))).await;
    assert_eq!(noise(&unset), Json::Null);
    assert_eq!(unset["summary"]["drifted"], 1);
    let reasons = unset["resource_drift"][0]["drift"]["reasons"].to_string();
    assert!(
        reasons.contains("your configuration does not set it: size"),
        "{reasons}"
    );
    assert_eq!(noise(&drift(&silent).await), Json::Null);
}

#[tokio::test]
async fn what_a_targeted_plan_leaves_out_is_open() {
    let mut plan = drifted(&["update"], was());
    plan["prior_state"]["values"]["root_module"]["resources"] =
        json!([object("a", is()), object("b", was())]);
    let report = drift(&plan).await;
    assert_eq!(report["summary"]["unverifiable"], 1);
    let open = reasons(&report);
    assert!(
        open[0].starts_with("demo_thing.b: the plan says nothing about it"),
        "{open:?}"
    );
}

#[tokio::test]
async fn a_broken_off_plan_tells_only_what_it_reached() {
    let mut plan = plan(
        &[object("a", was()), object("b", was())],
        &[],
        &[entry("a", &["no-op"], was(), was())],
    );
    plan["errored"] = true.into();
    let report = drift(&plan).await;
    assert_eq!(
        (
            &report["summary"]["same"],
            &report["summary"]["unverifiable"]
        ),
        (&json!(1), &json!(1))
    );
    assert!(reasons(&report)[0].contains("an error broke the plan off"));
}

#[tokio::test]
async fn a_refresh_only_plan_is_believed_unless_it_calls_itself_incomplete() {
    let mut plan = plan(
        &[object("a", is()), object("b", was())],
        &[entry("a", &["update"], was(), is())],
        &[],
    );
    let report = drift(&plan).await;
    assert_eq!(
        (&report["summary"]["same"], &report["summary"]["drifted"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        report["resource_drift"][0]["drift"]["class"],
        "unclassified"
    );
    plan["complete"] = false.into();
    let report = drift(&plan).await;
    assert_eq!(
        (
            &report["summary"]["unverifiable"],
            &report["summary"]["drifted"]
        ),
        (&json!(1), &json!(1))
    );
    plan["complete"] = true.into();
    assert_eq!(drift(&plan).await["summary"]["unverifiable"], 0);
}

#[tokio::test]
async fn what_is_put_off_is_open() {
    let mut plan = plan(&[object("a", was())], &[], &[]);
    plan["deferred_changes"] = json!([{"reason": "provider_config_unknown", "resource_change": entry("a", &["update"], was(), is())}]);
    let report = drift(&plan).await;
    assert_eq!(
        reasons(&report),
        ["demo_thing.a: the plan puts it off: provider config unknown"]
    );
}

#[tokio::test]
async fn a_deleted_object_is_missing_and_says_whether_apply_brings_it_back() {
    let gone = || entry("a", &["delete"], was(), Json::Null);
    for (changes, want) in [
        (
            vec![
                entry("a", &["create"], Json::Null, was()),
                entry("b", &["no-op"], was(), was()),
            ],
            "create",
        ),
        (vec![entry("b", &["no-op"], was(), was())], "none"),
    ] {
        let report = drift(&plan(&[object("b", was())], &[gone()], &changes)).await;
        let entry = &report["resource_drift"][0];
        assert_eq!(
            (&entry["change"]["actions"], &entry["drift"]["kind"]),
            (&json!(["delete"]), &json!("missing"))
        );
        assert_eq!(entry["drift"]["effect"]["action"], want);
        assert_eq!(
            (&report["summary"]["deleted"], &report["summary"]["same"]),
            (&json!(1), &json!(1))
        );
    }
}

#[tokio::test]
async fn an_object_to_be_imported_is_in_no_state() {
    let mut import = entry("a", &["no-op"], was(), was());
    import["change"]["importing"] = json!({"id": "1"});
    let report = drift(&plan(&[object("a", was())], &[], &[import])).await;
    assert_eq!(report["summary"]["checked"], 0);
    assert_eq!(report["not_looked_at"], json!([]));
}

#[tokio::test]
async fn deposed_objects_are_open() {
    let mut deposed = object("a", was());
    deposed["deposed_key"] = "00000001".into();
    let mut delete = entry("a", &["delete"], was(), Json::Null);
    delete["deposed"] = "00000001".into();
    let report = drift(&plan(
        &[object("a", was()), deposed],
        &[],
        &[entry("a", &["no-op"], was(), was()), delete],
    ))
    .await;
    assert_eq!(
        (
            &report["summary"]["same"],
            &report["summary"]["unverifiable"]
        ),
        (&json!(1), &json!(1))
    );
    assert_eq!(report["not_looked_at"][0]["deposed"], "00000001");
}

#[tokio::test]
async fn old_plans_record_no_drift() {
    let mut old = plan(
        &[object("a", was())],
        &[],
        &[entry("a", &["no-op"], was(), was())],
    );
    old["format_version"] = "0.1".into();
    for (version, open) in [
        ("0.12.31", 1),
        ("0.15.3", 1),
        ("0.15.4", 0),
        ("1.0.0-beta1", 0),
    ] {
        old["terraform_version"] = version.into();
        assert_eq!(
            drift(&old).await["summary"]["unverifiable"],
            open,
            "{version}"
        );
    }
    old["terraform_version"] = Json::Null;
    let report = drift(&old).await;
    assert!(reasons(&report)[0].contains("before 0.15.4"), "{report}");
}

#[tokio::test]
async fn secrets_are_masked() {
    let secret =
        |value: &str| json!({"id": "1", "password": value, "list": [{"key": value, "open": 1}]});
    let mut drifted = entry(
        "a",
        &["update"],
        secret("planted-one"),
        secret("planted-two"),
    );
    drifted["change"]["after_sensitive"] = json!({"password": true, "list": [{"key": true}]});
    let changes = [entry(
        "a",
        &["update"],
        secret("planted-two"),
        secret("planted-one"),
    )];
    let marked = plan(
        &[object("a", secret("planted-two"))],
        &[drifted.clone()],
        &changes,
    );
    let report = drift(&marked).await;
    assert!(!report.to_string().contains("planted"), "{report}");
    assert_eq!(
        report["resource_drift"][0]["change"]["before_sensitive"]["password"],
        true
    );
    assert_eq!(
        report["resource_drift"][0]["change"]["before"]["list"][0]["open"],
        1
    );

    // Before Terraform 0.14 nothing was marked.
    let mut unmarked = marked;
    for list in ["resource_drift", "resource_changes"] {
        let change = unmarked[list][0]["change"].as_object_mut().unwrap();
        change.remove("before_sensitive");
        change.remove("after_sensitive");
    }
    unmarked["prior_state"]["values"]["root_module"]["resources"][0]
        .as_object_mut()
        .unwrap()
        .remove("sensitive_values");
    let report = drift(&unmarked).await;
    let entry = &report["resource_drift"][0];
    assert_eq!(
        entry["change"]["before_sensitive"],
        json!({"password": true})
    );
    assert!(!format!("{:?}", parse(&unmarked)).contains("planted"));
}

#[tokio::test]
async fn addresses_come_from_their_parts() {
    // Terraform 0.12 leaves the key out of the address.
    let mut prior = object("a", was());
    prior["index"] = json!(0);
    let mut in_module = object("a", was());
    in_module["index"] = json!("x.y\"");
    let mut change = entry("a", &["no-op"], was(), was());
    change["index"] = json!(0);
    let mut other = entry("a", &["no-op"], was(), was());
    other["index"] = json!("x.y\"");
    other["module_address"] = "module.m[\"k\"]".into();
    let mut plan = plan(&[prior], &[], &[change, other]);
    plan["prior_state"]["values"]["root_module"]["child_modules"] =
        json!([{"address": "module.m[\"k\"]", "resources": [in_module]}]);
    let plan = parse(&plan);
    let addresses: Vec<String> = plan.objects().map(|o| o.address.to_string()).collect();
    assert_eq!(
        addresses,
        ["demo_thing.a[0]", r#"module.m["k"].demo_thing.a["x.y\""]"#]
    );
    assert!(plan.objects().all(|o| o.seen == Seen::Yes));
}

#[tokio::test]
async fn one_fact_changed_is_one_finding() {
    let names = ["a", "b", "c", "d"];
    for wrong in names {
        let prior: Vec<Json> = names
            .map(|n| object(n, if n == wrong { is() } else { was() }))
            .into();
        let changes: Vec<Json> = names.map(|n| entry(n, &["no-op"], was(), was())).into();
        let report = drift(&plan(
            &prior,
            &[entry(wrong, &["update"], was(), is())],
            &changes,
        ))
        .await;
        let found = report["resource_drift"].as_array().unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["address"], format!("demo_thing.{wrong}"));
        assert_eq!(report["summary"]["same"], 3);
    }
}

#[tokio::test]
async fn drift_is_told_without_a_prior_state_too() {
    let mut plan = drifted(&["update"], was());
    plan.as_object_mut().unwrap().remove("prior_state");
    let report = drift(&plan).await;
    assert_eq!(report["resource_drift"][0]["change"]["after"], is());
    assert_eq!(report["summary"]["drifted"], 1);
}
