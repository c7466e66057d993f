//! Reports for the tests of all formats.

use proptest::prelude::*;

use crate::address::ProviderConfigAddress;
use crate::configuration::Location;
use crate::drift::ignore::{self, RuleOutcome, RuleStatus};
use crate::drift::{
    AttributeChange, Cause, Certainty, Class, DriftReport, Effect, EffectAction, Finding, Group,
    Hidden, Kind, Member, Noise, NotLookedAt, NotLookedAtKind, Severity, Summary, SurveyedProvider,
    SurveyedTarget, testing,
};
use crate::error::{Error, ErrorKind};
use crate::value::generate::value_of;
use crate::value::{Path, Step, Type, Value, diff};

pub(super) const SECRET: &str = "planted-secret";

fn provider() -> ProviderConfigAddress {
    "provider[\"registry.terraform.io/hashicorp/aws\"]"
        .parse()
        .unwrap()
}

/// A finding without changes.
pub(super) fn finding(target: &str, address: &str, kind: Kind) -> Finding {
    let before: Value = [("id", Value::from("i-1")), ("password", SECRET.into())]
        .into_iter()
        .collect();
    Finding {
        provider: provider(),
        effect: Some(Effect {
            action: match kind {
                Kind::Missing => EffectAction::Create,
                _ => EffectAction::Update,
            },
            replace_because: vec![],
        }),
        before,
        sensitive: [Path::attribute_of_root("password")].into_iter().collect(),
        ..testing::finding(target, address, kind)
    }
}

/// As the engine names them, for a state of this lineage.
fn fingerprinted(mut findings: Vec<Finding>) -> Vec<Finding> {
    for finding in &mut findings {
        finding.assign_fingerprints("lineage");
    }
    findings
}

/// A change that matters to nobody.
pub(super) fn change(path: Path, before: Option<Value>, after: Option<Value>) -> AttributeChange {
    AttributeChange {
        before,
        after,
        severity: Severity::Informational,
        ..testing::change(path)
    }
}

/// A top-level attribute.
pub(super) fn attribute(name: &str) -> Path {
    Path::attribute_of_root(name)
}

fn named(address: &str) -> Member {
    Member {
        target: "infra".to_owned(),
        address: address.parse().unwrap(),
        deposed: None,
    }
}

/// Everything a report can hold, once.
pub(super) fn full() -> DriftReport {
    let mut open = finding("infra", "aws_security_group.web", Kind::Modified);
    open.severity = Severity::Critical;
    let mut cidr = change(
        attribute("ingress")
            .join(Step::Index(0))
            .join(Step::Attribute("cidr_blocks".into())),
        Some(Value::List(vec!["10.0.0.0/8".into()])),
        Some(Value::List(vec!["0.0.0.0/0".into()])),
    );
    cidr.severity = Severity::Critical;
    cidr.reason = "the group lets the whole internet in".into();
    let tag = change(
        attribute("tags").join(Step::Key("owner".into())),
        None,
        Some("eve\u{1b}[2J".into()),
    );
    let mut password = change(
        attribute("password"),
        Some(SECRET.into()),
        Some("other".into()),
    );
    password.sensitive = true;
    let mut quiet = change(
        attribute("tags_all").join(Step::Key("owner".into())),
        None,
        Some("eve".into()),
    );
    quiet.noise = Some(Noise {
        rule: "default-tags".into(),
        reason: "it repeats what tags say".into(),
        certainty: Certainty::Known,
    });
    quiet.hidden = Some(Hidden {
        rule: "default-tags".into(),
        reason: "it repeats what tags say".into(),
    });
    let member = Value::from("a");
    let set = change(
        attribute("zones").join(Step::Element(Box::new(member.clone()))),
        Some(member),
        None,
    );
    open.changes = vec![cidr, password, tag, quiet, set];
    open.declared = Some(Location {
        file: "infra/web,1.tf".into(),
        line: 12,
        column: 1,
    });
    open.reasons = vec!["the group lets the whole internet in".into()];

    let mut replaced = finding(
        "infra",
        "module.db[\"eu\"].aws_db_instance.main",
        Kind::Modified,
    );
    replaced.effect = Some(Effect {
        action: EffectAction::Replace,
        replace_because: vec![attribute("engine")],
    });
    replaced.changes = vec![
        change(
            attribute("engine"),
            Some("mysql".into()),
            Some("postgres".into()),
        ),
        change(
            attribute("policy"),
            Some(r#"{"Statement":[{"Effect":"Allow"}]}"#.into()),
            Some(r#"{"Statement":[{"Effect":"Deny"}]}"#.into()),
        ),
    ];
    let mut gone = finding("other/prod.tfstate", "aws_instance.web[0]", Kind::Missing);
    gone.deposed = Some("deadbeef".into());
    gone.effect = None;
    gone.class = Class::Unclassified;
    let mut noise = finding("infra", "aws_vpc.main", Kind::Modified);
    noise.class = Class::Cosmetic;
    noise.severity = Severity::Informational;
    noise.effect = None;
    noise.changes = vec![change(
        attribute("tags"),
        Some(Value::Null),
        Some(Value::Map(Default::default())),
    )];
    noise.hidden = Some(Hidden {
        rule: "cosmetic".into(),
        reason: "the provider calls both the same".into(),
    });
    let open_answer = |address: &str, reason: &str| NotLookedAt {
        target: "infra".into(),
        address: address.parse().unwrap(),
        deposed: None,
        kind: NotLookedAtKind::Unverifiable,
        reason: reason.into(),
    };
    let no_binary = "no binary of registry.terraform.io/hashicorp/google was found";
    let mut not_looked_at: Vec<NotLookedAt> = (0..5)
        .map(|i| open_answer(&format!("google_dns_record_set.r[{i}]"), no_binary))
        .collect();
    not_looked_at.push(open_answer("aws_iam_role.x", "access denied: iam:GetRole"));
    not_looked_at.push(NotLookedAt {
        kind: NotLookedAtKind::Skipped,
        ..open_answer("data.aws_ami.a", "a data source is read anew by every plan")
    });
    DriftReport {
        summary: Summary {
            checked: 10,
            same: 6,
            drifted: 2,
            deleted: 1,
            unmanaged: 0,
            unverifiable: 6,
            skipped: 1,
            hidden: 1,
        },
        targets: vec![
            SurveyedTarget {
                target: "infra".to_owned(),
                summary: Summary {
                    checked: 9,
                    same: 6,
                    drifted: 2,
                    unverifiable: 6,
                    skipped: 1,
                    hidden: 1,
                    ..Summary::default()
                },
            },
            SurveyedTarget {
                target: "other/prod.tfstate".to_owned(),
                summary: Summary {
                    checked: 1,
                    deleted: 1,
                    ..Summary::default()
                },
            },
        ],
        groups: vec![Group {
            cause: Cause::DeletedParent(named("aws_instance.web[0]")),
            members: vec![named("aws_instance.web[0]"), named("aws_vpc.main")],
            paths: vec![attribute("tags").join(Step::Key("owner".into()))],
            reason: "what it stood on is gone".into(),
        }],
        rules: vec![RuleOutcome {
            rule: "ignore".into(),
            origin: ignore::Origin::new("driftmgr.yaml", 7),
            hidden: 1,
            status: RuleStatus::Active,
            until: Some("2026-12-31".into()),
            refused: vec!["aws_instance.web[0]".into()],
            unneeded: vec![],
        }],
        findings: fingerprinted(vec![open, noise, replaced, gone]),
        not_looked_at,
        providers: vec![SurveyedProvider {
            address: provider(),
            version: Some("5.31.0".into()),
            origin: "plugin",
            path: Some("infra/.terraform/providers/terraform-provider-aws_v5.31.0_x5".into()),
        }],
        problems: vec![
            Error::new(ErrorKind::NotFound, no_binary)
                .with("target", "infra")
                .with_hint("run terraform -chdir=infra init"),
        ],
        made: None,
    }
}

/// Texts that mean something to one of the formats.
pub(super) const HOSTILE: &str = "=cmd|' /C calc'!A0\"`</script><img src=x onerror=alert(1)>@team #1 -- ]]> %0A::error::x\r\n\u{1b}[2J\u{202e}";

/// A report in which every text is hostile.
pub(super) fn hostile() -> DriftReport {
    let mut report = full();
    for finding in &mut report.findings {
        finding.target = HOSTILE.to_owned();
        finding.address.key = Some(crate::address::InstanceKey::String(HOSTILE.to_owned()));
        finding.reasons = vec![HOSTILE.to_owned()];
        let mut more = change(
            attribute("tags").join(Step::Key(HOSTILE.to_owned())),
            Some(HOSTILE.into()),
            Some(format!("{HOSTILE}\n{HOSTILE}").into()),
        );
        more.reason = HOSTILE.to_owned();
        finding.changes.push(more);
    }
    for item in &mut report.not_looked_at {
        item.reason = HOSTILE.to_owned();
        item.target = HOSTILE.to_owned();
    }
    report.problems = vec![
        Error::new(ErrorKind::NotFound, HOSTILE)
            .with("file", HOSTILE)
            .with_hint(HOSTILE),
    ];
    report
}

/// So many findings, of all severities, none like another.
pub(super) fn many(n: usize) -> DriftReport {
    let severities = [
        Severity::Informational,
        Severity::Important,
        Severity::Critical,
    ];
    let findings: Vec<Finding> = (0..n)
        .map(|i| {
            let address = format!("module.m{}.aws_instance.web[{i}]", i % 7);
            let mut each = finding("infra", &address, Kind::Modified);
            each.severity = severities[i % 3];
            let mut size = change(
                attribute("instance_type"),
                Some("t3.small".into()),
                Some(format!("t3.{i}").into()),
            );
            size.severity = each.severity;
            size.reason = "the capacity is another".into();
            each.changes = vec![size];
            each
        })
        .collect();
    let findings = fingerprinted(findings);
    DriftReport {
        summary: Summary {
            checked: n as u64,
            drifted: n as u64,
            ..Summary::default()
        },
        findings,
        ..DriftReport::default()
    }
}

/// Findings from two values of one type, some paths of them secret, some changes hidden.
pub(super) fn any_report() -> impl Strategy<Value = DriftReport> {
    let ty = prop::collection::btree_map("[a-z_]{1,4}", crate::value::generate::value_type(), 1..4);
    let finding = ty
        .prop_map(Type::Object)
        .prop_flat_map(|ty| (value_of(&ty), value_of(&ty), any::<u64>()))
        .prop_map(|(before, after, seed)| arbitrary(before, after, seed));
    prop::collection::vec(finding, 0..3).prop_map(|findings| DriftReport { findings, ..full() })
}

fn arbitrary(before: Value, after: Value, seed: u64) -> Finding {
    let bit = |n: usize| seed >> (n % 64) & 1 == 1;
    let mut made = finding("t", "module.m[\"k\"].a.b[0]", Kind::Modified);
    let differences = diff(&before, &after, None);
    let in_a_set =
        |d: &crate::value::Difference| d.path.steps().iter().any(|s| matches!(s, Step::Element(_)));
    let through_sets = differences.iter().any(in_a_set);
    made.sensitive = differences
        .iter()
        .enumerate()
        .filter(|(i, _)| bit(*i))
        .map(|(i, d)| {
            let steps = d.path.steps();
            let kept = steps.len().saturating_sub(usize::from(bit(i + 7))).max(1);
            let mut path = Path(steps.iter().take(kept).cloned().collect());
            // In a set no name leads on: a mark inside one hides the whole.
            if bit(i + 13) && !through_sets {
                path = path.join(attribute("deeper").0.remove(0));
            }
            path
        })
        .collect();
    made.changes = differences
        .into_iter()
        .enumerate()
        .map(|(i, d)| AttributeChange {
            sensitive: made.sensitive.hides(&d.path),
            hidden: bit(i + 21).then(|| Hidden {
                rule: "r".into(),
                reason: "because".into(),
            }),
            configured: bit(i + 3).then(|| bit(i + 4)),
            ..change(d.path, d.before, d.after)
        })
        .collect();
    made.before = before;
    made.after = bit(40).then_some(after);
    made.assign_fingerprints("lineage");
    made
}
