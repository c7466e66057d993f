use std::collections::BTreeSet;

use super::*;

fn path(names: &str) -> Path {
    Path(
        names
            .split('.')
            .map(|n| Step::Attribute(n.to_owned()))
            .collect(),
    )
}

#[test]
fn the_built_in_rules_are_sound() {
    let rules = read(BUILT_IN).unwrap();
    assert!(rules.len() >= 60, "{}", rules.len());
    let mut seen = BTreeSet::new();
    for rule in &rules {
        assert!(rule.reason.len() > 10, "a rule without reason: {rule:?}");
        assert!(
            seen.insert(format!("{:?}{:?}", rule.resource_type, rule.path)),
            "twice: {rule:?}"
        );
    }
}

/// A rule that others always win over, or whose pattern nothing fits, says nothing.
#[test]
fn every_built_in_rule_decides_something() {
    let rules = Rules::default();
    let samples = |rule: &Rule| {
        let spelled = |p: &Pattern| {
            p.alternatives()
                .map(|a| a.replace('*', "x"))
                .collect::<Vec<_>>()
        };
        let types = spelled(&rule.resource_type);
        let paths = rule.path.as_ref().map(spelled);
        (types, paths)
    };
    for rule in built_in() {
        let (types, paths) = samples(rule);
        let decides = types.iter().any(|ty| match &paths {
            Some(paths) => paths
                .iter()
                .any(|names| std::ptr::eq(rules.changed(ty, &path(names)), rule)),
            None => std::ptr::eq(rules.deleted(ty), rule),
        });
        assert!(decides, "decides nothing: {rule:?}");
    }
}

#[test]
fn every_severity_is_reached_and_one_word_decides() {
    let rules = Rules::default();
    for (ty, names, want) in [
        (
            "aws_security_group",
            "ingress.cidr_blocks",
            Severity::Critical,
        ),
        ("aws_security_group", "tags.env", Severity::Informational),
        ("aws_security_group", "name", Severity::Important),
        ("aws_db_instance", "publicly_accessible", Severity::Critical),
        ("aws_db_instance", "storage_encrypted", Severity::Critical),
        (
            "aws_db_instance",
            "backup_retention_period",
            Severity::Important,
        ),
        ("aws_db_instance", "description", Severity::Informational),
        (
            "azurerm_storage_account",
            "allow_nested_items_to_be_public",
            Severity::Critical,
        ),
        (
            "google_compute_firewall",
            "source_ranges",
            Severity::Critical,
        ),
        ("kubernetes_service", "spec.type", Severity::Critical),
        (
            "somebody_elses_type",
            "labels.team",
            Severity::Informational,
        ),
        ("somebody_elses_type", "whatever", Severity::Important),
    ] {
        assert_eq!(
            rules.changed(ty, &path(names)).severity,
            want,
            "{ty}.{names}"
        );
    }
}

#[test]
fn deletions_are_important_at_least() {
    let rules = Rules::default();
    assert_eq!(rules.deleted("aws_sqs_queue").severity, Severity::Important);
    assert_eq!(
        rules.deleted("aws_db_instance").severity,
        Severity::Critical
    );
    let built_in = built_in();
    assert!(
        built_in
            .iter()
            .filter(|r| r.path.is_none())
            .all(|r| r.severity >= Severity::Important)
    );
}

#[test]
fn user_rules_win() {
    let rules = Rules::with_user_rules(
        r#"[{"type": "aws_*", "path": "ingress", "severity": "informational", "category": "metadata", "reason": "opened by an operator"}]"#,
    )
    .unwrap();
    assert_eq!(
        rules
            .changed("aws_security_group", &path("ingress.cidr_blocks"))
            .severity,
        Severity::Informational
    );
    assert_eq!(
        rules
            .changed("aws_security_group", &path("egress"))
            .severity,
        Severity::Critical
    );
}

#[test]
fn wrong_rules_are_refused_with_their_place() {
    for text in [
        "{}",
        r#"[{"type": "a"}]"#,
        r#"[{"type": "", "path": "a", "severity": "critical", "category": "other", "reason": "x"}]"#,
    ] {
        let error = Rules::with_user_rules(text).unwrap_err();
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
