use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::condition::{Members, Wanted, When};
use super::*;
use crate::value::{Path, Step, Value};

fn path(names: &str) -> Path {
    let steps = names.split('.').map(|n| Step::Attribute(n.to_owned()));
    Path(steps.collect())
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Number(number.to_string().parse().unwrap()),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(entries) => {
            Value::Map(entries.iter().map(|(k, v)| (k.clone(), value(v))).collect())
        }
    }
}

/// A change between two JSON values; null is nothing at that path.
fn judged<'a>(rules: &'a Rules, ty: &str, at: &Path, sides: [Json; 2], current: Json) -> &'a Rule {
    let [before, after] = sides.map(|side| Some(value(&side)).filter(|v| !v.is_null()));
    rules.changed(&Changed {
        resource_type: ty,
        path: at,
        before: before.as_ref(),
        after: after.as_ref(),
        current: &value(&current),
    })
}

fn severity(ty: &str, names: &str, before: Json, after: Json) -> Severity {
    let rules = Rules::default();
    judged(&rules, ty, &path(names), [before, after], json!({})).severity
}

/// Both sides of a change.
type Pair = [Json; 2];

/// Changes that a condition holds for, and an object that it holds in. Without a condition: every way a change can go.
fn examples(when: Option<&When>) -> (Vec<Pair>, Json) {
    let mut current = json!({});
    let Some(when) = when else {
        return (any_direction(), current);
    };
    for (names, wanted) in &when.beside {
        let mut at = &mut current;
        for name in names.split('.') {
            at = &mut at[name];
        }
        *at = wanted.0[0].clone();
    }
    let text = |members: &Members| match members {
        Members::Any => json!("something"),
        Members::Texts(texts) => json!(texts[0]),
    };
    let one = |wanted: &Wanted| wanted.0[0].clone();
    let sides = match when {
        When { lowers: true, .. } => [json!(2), json!(1)],
        When { raises: true, .. } => [json!(1), json!(2)],
        When {
            required_tag: true, ..
        } => [json!({"owner": "a"}), json!({"owner": "b"})],
        When {
            to: Some(to),
            from: None,
            ..
        } => [json!("a"), one(to)],
        When {
            from: Some(from),
            to: None,
            ..
        } => [one(from), json!("b")],
        When {
            adds: Some(adds), ..
        } => [json!("a"), text(adds)],
        When {
            removes: Some(removes),
            ..
        } => [text(removes), json!(null)],
        When {
            to: None,
            from: None,
            ..
        } => return (any_direction(), current),
        other => panic!("say what this condition holds for: {other:?}"),
    };
    (vec![sides], current)
}

fn any_direction() -> Vec<Pair> {
    vec![
        [json!("a"), json!("b")],
        [json!(null), json!("b")],
        [json!("a"), json!(null)],
        [json!(1), json!(2)],
        [json!(true), json!(false)],
        [json!(false), json!(true)],
    ]
}

fn spelled(pattern: &Pattern) -> Vec<String> {
    let alternatives = pattern.alternatives();
    alternatives.map(|a| a.replace('*', "x")).collect()
}

fn all_built_in() -> Vec<(&'static str, Vec<Rule>)> {
    BUILT_IN
        .iter()
        .map(|(name, json)| {
            let rules = serde_json::from_str(json);
            (*name, rules.unwrap_or_else(|e| panic!("{name}: {e}")))
        })
        .collect()
}

#[test]
fn the_built_in_rules_are_sound() {
    let files = all_built_in();
    assert_eq!(
        files.iter().map(|(_, r)| r.len()).sum::<usize>(),
        built_in().len()
    );
    assert!(built_in().len() >= 200, "{}", built_in().len());
    let mut seen = BTreeSet::new();
    for (file, rules) in &files {
        assert!(rules.len() >= 20, "{file} has {}", rules.len());
        for rule in rules {
            assert!(rule.reason.len() > 10, "a rule without reason: {rule:?}");
            let same = format!("{:?}{:?}{:?}", rule.resource_type, rule.path, rule.when);
            assert!(seen.insert(same), "twice: {rule:?}");
        }
    }
}

#[test]
fn every_class_has_rules_for_every_family_of_providers() {
    use Category::*;
    for (file, rules) in all_built_in() {
        let classes: BTreeSet<Category> = rules.iter().map(|r| r.category).collect();
        for class in [
            Exposure,
            Encryption,
            PublicAccess,
            Authentication,
            Logging,
            Backup,
            Capacity,
            Network,
            Version,
        ] {
            // Nothing is public in a cluster by itself, and no common name tells who can reach or use something.
            let none = match file {
                "kubernetes" => matches!(class, PublicAccess | Logging),
                "common" => matches!(class, Exposure | Authentication),
                _ => false,
            };
            assert_eq!(classes.contains(&class), !none, "{file}: {class:?}");
        }
    }
}

/// A rule that others always win over, or whose pattern nothing fits, says nothing. Each alternative of a rule is held to that.
#[test]
fn every_alternative_of_every_built_in_rule_decides_something() {
    let rules = Rules::default();
    let mut idle = Vec::new();
    for rule in built_in() {
        let types = spelled(&rule.resource_type);
        let Some(pattern) = &rule.path else {
            for ty in types {
                if !std::ptr::eq(rules.deleted(&ty), rule) {
                    idle.push(format!("deletion of {ty}: {}", rule.reason));
                }
            }
            continue;
        };
        let (changes, current) = examples(rule.when.as_ref());
        let paths = spelled(pattern);
        let decides = |ty: &str, names: &str| {
            changes.iter().any(|sides| {
                let at = path(names);
                std::ptr::eq(
                    judged(&rules, ty, &at, sides.clone(), current.clone()),
                    rule,
                )
            })
        };
        for ty in &types {
            if !paths.iter().any(|names| decides(ty, names)) {
                idle.push(format!("{ty}, any of {paths:?}: {}", rule.reason));
            }
        }
        for names in &paths {
            if !types.iter().any(|ty| decides(ty, names)) {
                idle.push(format!("{names} of any of {types:?}: {}", rule.reason));
            }
        }
    }
    assert!(
        idle.is_empty(),
        "{} decide nothing:\n{}",
        idle.len(),
        idle.join("\n")
    );
}

/// Which way a change goes decides. Null is nothing at that path.
#[test]
fn directions() {
    use Severity::*;
    let world = json!("0.0.0.0/0");
    for (ty, names, before, after, want) in [
        (
            "aws_db_instance",
            "storage_encrypted",
            json!(true),
            json!(false),
            Critical,
        ),
        (
            "aws_db_instance",
            "storage_encrypted",
            json!(false),
            json!(true),
            Important,
        ),
        (
            "aws_db_instance",
            "storage_encrypted",
            json!(true),
            json!(null),
            Critical,
        ),
        (
            "aws_db_instance",
            "publicly_accessible",
            json!(false),
            json!(true),
            Critical,
        ),
        (
            "aws_db_instance",
            "publicly_accessible",
            json!(true),
            json!(false),
            Important,
        ),
        (
            "aws_db_instance",
            "deletion_protection",
            json!(true),
            json!(false),
            Critical,
        ),
        (
            "aws_db_instance",
            "backup_retention_period",
            json!(7),
            json!(0),
            Critical,
        ),
        (
            "aws_db_instance",
            "backup_retention_period",
            json!(7),
            json!(3),
            Important,
        ),
        (
            "aws_db_instance",
            "backup_retention_period",
            json!(7),
            json!(14),
            Informational,
        ),
        (
            "aws_db_instance",
            "backup_retention_period",
            json!(7),
            json!(null),
            Critical,
        ),
        (
            "aws_db_instance",
            "engine_version",
            json!("13.4"),
            json!("13.10"),
            Important,
        ),
        (
            "aws_db_instance",
            "description",
            json!("a"),
            json!("b"),
            Informational,
        ),
        (
            "aws_security_group",
            "ingress.cidr_blocks",
            json!(null),
            world.clone(),
            Critical,
        ),
        (
            "aws_security_group",
            "ingress.cidr_blocks",
            world.clone(),
            json!(null),
            Important,
        ),
        (
            "aws_security_group",
            "ingress",
            json!(null),
            json!({"cidr_blocks": ["10.0.0.0/8"]}),
            Critical,
        ),
        (
            "aws_security_group",
            "ingress",
            json!({"cidr_blocks": ["10.0.0.0/8"]}),
            json!(null),
            Important,
        ),
        (
            "aws_security_group",
            "tags.colour",
            json!("a"),
            json!("b"),
            Informational,
        ),
        (
            "aws_security_group",
            "tags.Environment",
            json!("a"),
            json!("b"),
            Important,
        ),
        (
            "aws_security_group",
            "tags.Environment",
            json!("a"),
            json!(null),
            Important,
        ),
        (
            "aws_security_group",
            "tags.Environment",
            json!(null),
            json!("a"),
            Informational,
        ),
        (
            "aws_security_group",
            "name",
            json!("a"),
            json!("b"),
            Important,
        ),
        (
            "aws_instance",
            "metadata_options.http_tokens",
            json!("required"),
            json!("optional"),
            Critical,
        ),
        (
            "aws_instance",
            "metadata_options.http_tokens",
            json!("optional"),
            json!("required"),
            Important,
        ),
        (
            "aws_cognito_user_pool",
            "mfa_configuration",
            json!("ON"),
            json!("OFF"),
            Critical,
        ),
        (
            "aws_s3_bucket",
            "versioning.mfa_delete",
            json!(true),
            json!(false),
            Critical,
        ),
        (
            "aws_s3_bucket",
            "acl",
            json!("private"),
            json!("public-read"),
            Critical,
        ),
        (
            "aws_ecs_service",
            "desired_count",
            json!(2),
            json!(5),
            Informational,
        ),
        (
            "aws_autoscaling_group",
            "desired_capacity",
            json!(2),
            json!(5),
            Informational,
        ),
        (
            "aws_autoscaling_group",
            "max_size",
            json!(2),
            json!(5),
            Important,
        ),
        (
            "aws_cloudwatch_log_group",
            "retention_in_days",
            json!(30),
            json!(7),
            Important,
        ),
        (
            "aws_cloudwatch_log_group",
            "retention_in_days",
            json!(7),
            json!(30),
            Informational,
        ),
        (
            "aws_cloudtrail",
            "enable_logging",
            json!(true),
            json!(false),
            Critical,
        ),
        (
            "azurerm_storage_account",
            "min_tls_version",
            json!("TLS1_2"),
            json!("TLS1_0"),
            Critical,
        ),
        (
            "azurerm_storage_account",
            "min_tls_version",
            json!("TLS1_0"),
            json!("TLS1_2"),
            Important,
        ),
        (
            "azurerm_storage_account",
            "allow_nested_items_to_be_public",
            json!(false),
            json!(true),
            Critical,
        ),
        (
            "azurerm_network_security_rule",
            "source_address_prefix",
            json!("10.0.0.0/8"),
            json!("*"),
            Critical,
        ),
        (
            "google_compute_firewall",
            "source_ranges",
            json!(null),
            world,
            Critical,
        ),
        (
            "google_storage_bucket_iam_member",
            "member",
            json!("user:a"),
            json!("allUsers"),
            Critical,
        ),
        (
            "kubernetes_service",
            "spec.type",
            json!("ClusterIP"),
            json!("LoadBalancer"),
            Critical,
        ),
        (
            "kubernetes_service",
            "spec.type",
            json!("LoadBalancer"),
            json!("ClusterIP"),
            Important,
        ),
        (
            "kubernetes_deployment",
            "spec.replicas",
            json!(3),
            json!(5),
            Informational,
        ),
        (
            "kubernetes_deployment",
            "spec.replicas",
            json!(3),
            json!(0),
            Critical,
        ),
        (
            "digitalocean_droplet",
            "backups",
            json!(true),
            json!(false),
            Critical,
        ),
        (
            "somebody_elses_type",
            "labels.colour",
            json!("a"),
            json!("b"),
            Informational,
        ),
        (
            "somebody_elses_type",
            "whatever",
            json!("a"),
            json!("b"),
            Important,
        ),
    ] {
        let got = severity(ty, names, before.clone(), after.clone());
        assert_eq!(got, want, "{ty}.{names}: {before} to {after}");
    }
}

#[test]
fn a_rule_looks_into_a_block_that_came_as_a_whole() {
    let disk = |encrypted: bool| json!({"device_name": "/dev/sdb", "encrypted": encrypted});
    let block = "ebs_block_device";
    let at = |before, after| severity("aws_instance", block, before, after);
    assert_eq!(at(json!(null), disk(false)), Severity::Critical);
    assert_eq!(at(json!(null), disk(true)), Severity::Important);
    assert_eq!(
        at(disk(true), json!(null)),
        Severity::Important,
        "it is gone, not unencrypted"
    );
    // Tags are not blocks: their keys are anybody's words.
    let tags = json!({"encrypted": "false", "publicly_accessible": "true"});
    assert_eq!(
        severity("aws_instance", "tags", json!(null), tags),
        Severity::Informational
    );
}

#[test]
fn what_stands_beside_decides() {
    let rules = Rules::default();
    for (autoscaling, want) in [
        (
            json!({"auto_scaling_enabled": true}),
            Severity::Informational,
        ),
        (json!({"auto_scaling_enabled": false}), Severity::Important),
        (json!({}), Severity::Important),
    ] {
        let current = json!({"default_node_pool": [autoscaling]});
        let sides = [json!(2), json!(5)];
        let at = path("default_node_pool.node_count");
        let rule = judged(
            &rules,
            "azurerm_kubernetes_cluster",
            &at,
            sides,
            current.clone(),
        );
        assert_eq!(rule.severity, want, "{current}");
    }
}

#[test]
fn deletions_are_important_at_least() {
    let rules = Rules::default();
    for (ty, want) in [
        ("aws_db_instance", Severity::Critical),
        ("aws_s3_bucket", Severity::Critical),
        ("aws_kms_key", Severity::Critical),
        ("aws_eks_cluster", Severity::Critical),
        ("aws_cloudtrail", Severity::Critical),
        ("azurerm_key_vault", Severity::Critical),
        ("google_sql_database_instance", Severity::Critical),
        ("kubernetes_namespace", Severity::Critical),
        ("digitalocean_volume", Severity::Critical),
        ("aws_iam_role", Severity::Important),
        ("aws_sns_topic_subscription", Severity::Important),
        ("random_id", Severity::Important),
    ] {
        assert_eq!(rules.deleted(ty).severity, want, "{ty}");
    }
    let deletions = || built_in().iter().filter(|r| r.path.is_none());
    assert!(deletions().all(|r| r.severity >= Severity::Important));
}

#[test]
fn the_caller_names_the_tags_that_are_required() {
    let at = |rules: &Rules, tag: &str| {
        let at = Path(vec![Step::Attribute("tags".into()), Step::Key(tag.into())]);
        judged(rules, "aws_vpc", &at, [json!("a"), json!("b")], json!({})).severity
    };
    let usual = Rules::default();
    for tag in [
        "environment",
        "Environment",
        "ENV",
        "Owner",
        "cost-center",
        "CostCentre",
        "cost_center",
        "cost:code",
    ] {
        assert_eq!(at(&usual, tag), Severity::Important, "{tag}");
    }
    for tag in ["Name", "team", "environments", "ownership"] {
        assert_eq!(at(&usual, tag), Severity::Informational, "{tag}");
    }
    let own = Rules::default().with_required_tags(["Data Class"]);
    assert_eq!(at(&own, "data-class"), Severity::Important);
    assert_eq!(at(&own, "owner"), Severity::Informational);
    let none = Rules::default().with_required_tags::<&str>([]);
    assert_eq!(at(&none, "owner"), Severity::Informational);
}

#[test]
fn required_tags_are_found_in_every_form_of_tags() {
    let at = |ty: &str, names: &str, before: Json, after: Json| severity(ty, names, before, after);
    let tag = |value: &str| json!({"key": "Owner", "value": value, "propagate_at_launch": true});
    use Severity::*;
    for (ty, names, before, after, want) in [
        (
            "aws_vpc",
            "tags",
            json!({"owner": "a"}),
            json!(null),
            Important,
        ),
        (
            "aws_vpc",
            "tags",
            json!({"colour": "a"}),
            json!(null),
            Informational,
        ),
        (
            "aws_vpc",
            "tags",
            json!(null),
            json!({"owner": "a"}),
            Informational,
        ),
        (
            "aws_autoscaling_group",
            "tag",
            tag("a"),
            json!(null),
            Important,
        ),
        (
            "aws_autoscaling_group",
            "tag",
            json!(null),
            tag("b"),
            Informational,
        ),
        (
            "kubernetes_deployment",
            "metadata.labels.env",
            json!("a"),
            json!("b"),
            Important,
        ),
        (
            "google_compute_instance",
            "labels.cost_center",
            json!("a"),
            json!("b"),
            Important,
        ),
    ] {
        assert_eq!(at(ty, names, before, after), want, "{ty}.{names}");
    }
}

fn rule(path: &str, severity: &str, when: Option<Json>) -> Json {
    let mut rule = json!({"type": "aws_*", "path": path, "severity": severity, "category": "metadata", "reason": "an operator's own rule"});
    if let Some(when) = when {
        rule["when"] = when;
    }
    rule
}

#[test]
fn user_rules_win() {
    let rules = Rules::with_user_values(vec![rule("ingress", "informational", None)]).unwrap();
    let at = |names: &str| {
        let sides = [json!("a"), json!("b")];
        judged(&rules, "aws_security_group", &path(names), sides, json!({})).severity
    };
    assert_eq!(at("ingress.cidr_blocks"), Severity::Informational);
    assert_eq!(at("egress"), Severity::Critical);
}

/// Where it cannot be told whether a rule applies, the stricter of both answers counts.
#[test]
fn an_open_condition_never_makes_it_milder() {
    let with = |severity: &str| {
        let own = rule("storage_encrypted", severity, Some(json!({"to": false})));
        Rules::with_user_values(vec![own]).unwrap()
    };
    let at = |rules: &Rules, ty: &str, after: Json| {
        let sides = [json!(true), after];
        judged(rules, ty, &path("storage_encrypted"), sides, json!({})).severity
    };
    let mild = with("informational");
    assert_eq!(at(&mild, "aws_x", json!(false)), Severity::Informational);
    assert_eq!(
        at(&mild, "aws_x", json!(null)),
        Severity::Critical,
        "the built-in rule is stricter"
    );
    let strict = Rules::with_user_values(vec![
        rule("size", "critical", Some(json!({"lowers": true}))),
        rule("size", "informational", None),
    ])
    .unwrap();
    let size = |before: Json, after: Json| {
        judged(&strict, "aws_x", &path("size"), [before, after], json!({})).severity
    };
    assert_eq!(size(json!(2), json!(1)), Severity::Critical);
    assert_eq!(size(json!(1), json!(2)), Severity::Informational);
    assert_eq!(size(json!(2), json!(null)), Severity::Critical);
}

#[test]
fn a_broken_rule_is_one_error_that_names_it() {
    for (text, names) in [
        ("{}", "line 1"),
        ("[", "line 1"),
        (r#"[{"type": "a"}]"#, "missing field"),
        (
            r#"[{"type": "", "path": "a", "severity": "critical", "category": "other", "reason": "x"}]"#,
            "empty alternative",
        ),
        (
            r#"[{"type": "a", "severity": "worst", "category": "other", "reason": "x"}]"#,
            "expected one of",
        ),
        (
            r#"[{"type": "a", "severity": "critical", "category": "other", "reason": "x", "level": 1}]"#,
            "unknown field `level`",
        ),
        (
            r#"[{"type": "a", "severity": "critical", "category": "other", "reason": " "}]"#,
            "`reason` is empty",
        ),
        (
            r#"[{"type": "a", "when": {"to": 1}, "severity": "critical", "category": "other", "reason": "x"}]"#,
            "needs `path`",
        ),
        (
            r#"[{"type": "a", "path": "b", "when": {}, "severity": "critical", "category": "other", "reason": "x"}]"#,
            "`when` is empty",
        ),
        (
            r#"[{"type": "a", "path": "b", "when": {"lowers": false}, "severity": "critical", "category": "other", "reason": "x"}]"#,
            "expected true",
        ),
        (
            r#"[{"type": "a", "path": "b", "when": {"adds": 1}, "severity": "critical", "category": "other", "reason": "x"}]"#,
            "a list of texts",
        ),
        (
            r#"[{"type": "a", "path": "b", "when": {"to": []}, "severity": "critical", "category": "other", "reason": "x"}]"#,
            "one at least",
        ),
        (
            r#"[{"type": "a", "path": "b", "when": {"becomes": 1}, "severity": "critical", "category": "other", "reason": "x"}]"#,
            "unknown field `becomes`",
        ),
    ] {
        let error = Rules::with_user_rules(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert!(error.to_string().contains(names), "{text}: {error}");
    }
    let good = rule("a", "critical", None);
    let mut bad = rule("b.c", "critical", None);
    bad["category"] = json!("colour");
    let error = Rules::with_user_values(vec![good, bad]).unwrap_err();
    assert!(error.message().contains("severity rule 2"), "{error}");
    assert!(
        error
            .context()
            .iter()
            .any(|(k, v)| *k == "path" && v == "b.c"),
        "{error}"
    );
}

fn any_json() -> impl Strategy<Value = Json> {
    let text = prop_oneof![
        Just("0.0.0.0/0"),
        Just("TLS1_0"),
        Just("TLS1_2"),
        Just(""),
        Just("x")
    ];
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (0i64..3).prop_map(Json::from),
        text.prop_map(Json::from),
        Just(json!(["0.0.0.0/0"])),
        Just(json!({"cidr_blocks": ["0.0.0.0/0"], "encrypted": false})),
    ]
}

fn any_change() -> impl Strategy<Value = (&'static str, &'static str, Json, Json)> {
    let types = prop::sample::select(vec![
        "aws_db_instance",
        "aws_security_group",
        "azurerm_storage_account",
        "google_x",
        "demo_thing",
    ]);
    let names = prop::sample::select(vec![
        "ingress",
        "ingress.cidr_blocks",
        "storage_encrypted",
        "min_tls_version",
        "tags.owner",
        "tags",
        "size",
        "backup_retention_period",
    ]);
    (types, names, any_json(), any_json())
}

fn any_rule() -> impl Strategy<Value = Json> {
    let types = prop::sample::select(vec!["aws_*", "aws_db_instance", "azurerm_*|google_*", "*"]);
    let paths = prop::sample::select(vec!["ingress", "storage_encrypted|size", "tags", "*"]);
    let severities = prop::sample::select(vec!["critical", "important", "informational"]);
    let whens = prop::sample::select(vec![
        None,
        Some(json!({"to": false})),
        Some(json!({"adds": ["0.0.0.0/0"]})),
        Some(json!({"lowers": true})),
        Some(json!({"removes": true})),
        Some(json!({"required_tag": true})),
    ]);
    (types, paths, severities, whens).prop_map(|(ty, path, severity, when)| {
        let mut written = rule(path, severity, when);
        written["type"] = json!(ty);
        written
    })
}

proptest! {
    /// A user's rule changes nothing that it does not match.
    #[test]
    fn a_user_rule_leaves_others_alone(own in any_rule(), change in any_change()) {
        let (ty, names, before, after) = change;
        let plain = Rules::default();
        let rules = Rules::with_user_values(vec![own.clone()]).unwrap();
        let at = path(names);
        let sides = [before, after];
        let without = judged(&plain, ty, &at, sides.clone(), json!({}));
        let with = judged(&rules, ty, &at, sides.clone(), json!({}));
        let [before, after] = sides.map(|side| Some(value(&side)).filter(|v| !v.is_null()));
        let changed = Changed {
            resource_type: ty,
            path: &at,
            before: before.as_ref(),
            after: after.as_ref(),
            current: &Value::Null,
        };
        match rules.user[0].applies(&changed, &Parts::of(&changed), &rules.required_tags) {
            Some(true) => prop_assert!(std::ptr::eq(with, &rules.user[0])),
            Some(false) => prop_assert!(std::ptr::eq(with, without)),
            None => prop_assert!(with.severity >= without.severity),
        }
    }

    /// A built-in answer does not depend on how often, or in what company, it is asked for.
    #[test]
    fn the_same_change_gets_the_same_rule(change in any_change()) {
        let (ty, names, before, after) = change;
        let rules = Rules::default();
        let once = judged(&rules, ty, &path(names), [before.clone(), after.clone()], json!({}));
        let again = judged(&rules, ty, &path(names), [before, after], json!({}));
        prop_assert!(std::ptr::eq(once, again));
    }
}

#[test]
fn rules_are_listed_as_they_are_written() {
    let user = r#"[{"type": "a_*|b", "path": "x.y", "when": {"to": null, "beside": {"z": [1, "*"]}, "adds": "q"}, "severity": "critical", "category": "network", "reason": "why"}]"#;
    let rules = Rules::with_user_rules(user).unwrap();
    let listed: Vec<_> = rules.list().collect();
    assert_eq!(listed.len(), 1 + built_in().len());
    assert_eq!(
        serde_json::to_value(listed[0]).unwrap(),
        serde_json::json!({
            "origin": "settings", "type": "a_*|b", "path": "x.y",
            "when": {"to": [null], "adds": ["q"], "beside": {"z": [1, "*"]}},
            "severity": "critical", "category": "network", "reason": "why",
        })
    );
    // What is listed can be given back as rules, and then says the same.
    let values = listed.iter().map(|l| serde_json::to_value(l.rule).unwrap());
    let values: Vec<_> = values.collect();
    let again = Rules::with_user_values(values.clone()).unwrap();
    let listed = again.list().take(values.len());
    let listed: Vec<_> = listed
        .map(|l| serde_json::to_value(l.rule).unwrap())
        .collect();
    assert_eq!(listed, values);
}
