use super::*;
use crate::address::ProviderConfigAddress;
use crate::drift::{
    AttributeChange, Category, Class, Effect, EffectAction, Hidden, Kind, NotLookedAt,
    NotLookedAtKind, Severity, Summary,
};
use crate::error::{Error, ErrorKind};
use crate::report::text::Style;
use crate::value::{Path, PathSet, Step, Value};

const SECRET: &str = "planted-secret";

fn provider() -> ProviderConfigAddress {
    "provider[\"registry.terraform.io/hashicorp/aws\"]"
        .parse()
        .unwrap()
}

fn finding(target: &str, address: &str, kind: Kind) -> Finding {
    let before: Value = [("id", Value::from("i-1")), ("password", SECRET.into())]
        .into_iter()
        .collect();
    Finding {
        target: target.to_owned(),
        address: address.parse().unwrap(),
        previous_address: None,
        deposed: None,
        provider: provider(),
        kind,
        class: Class::Material,
        severity: Severity::Important,
        category: Category::Other,
        reasons: vec![],
        effect: Some(Effect {
            action: match kind {
                Kind::Missing => EffectAction::Create,
                _ => EffectAction::Update,
            },
            replace_because: vec![],
        }),
        changes: vec![],
        before,
        after: None,
        sensitive: [Path::attribute_of_root("password")].into_iter().collect(),
        declared: None,
        hidden: None,
    }
}

fn change(path: Path, before: Option<Value>, after: Option<Value>) -> AttributeChange {
    AttributeChange {
        path,
        before,
        after,
        sensitive: false,
        material: true,
        severity: Severity::Informational,
        category: Category::Other,
        reason: String::new(),
        configured: None,
        noise: None,
        hidden: None,
    }
}

fn attribute(name: &str) -> Path {
    Path::attribute_of_root(name)
}

/// Everything a report can hold, once.
fn full() -> DriftReport {
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
    let member = Value::from("a");
    let set = change(
        attribute("zones").join(Step::Element(Box::new(member.clone()))),
        Some(member),
        None,
    );
    open.changes = vec![cidr, password, tag, set];
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
        targets: vec!["infra".to_owned()],
        findings: vec![open, noise, replaced, gone],
        not_looked_at,
        rules: Vec::new(),
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
    }
}

fn options() -> TextOptions {
    TextOptions {
        folders: vec!["infra".to_owned()],
        ..TextOptions::plain()
    }
}

#[test]
fn a_whole_report() {
    insta::assert_snapshot!(drift(&full(), &options()));
}

#[test]
fn a_whole_report_in_a_narrow_terminal() {
    let options = TextOptions {
        width: 48,
        ..options()
    };
    insta::assert_snapshot!(drift(&full(), &options));
}

#[test]
fn every_address_and_every_value() {
    let options = TextOptions {
        wide: true,
        every_address: true,
        ..options()
    };
    insta::assert_snapshot!(drift(&full(), &options));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let coloured = TextOptions {
        style: Style::coloured(),
        ..options()
    };
    let text = drift(&full(), &coloured);
    assert!(text.contains('\u{1b}'));
    let mut bare = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        bare.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    bare.push_str(rest);
    assert_eq!(bare, drift(&full(), &options()));
}

#[test]
fn nothing_secret_and_nothing_active_gets_out() {
    for wide in [false, true] {
        let options = TextOptions {
            wide,
            every_address: wide,
            ..options()
        };
        let text = drift(&full(), &options);
        assert!(!text.contains(SECRET));
        assert!(!text.contains('\u{1b}'));
        assert!(text.contains("\\u001b[2J"));
    }
}

#[test]
fn a_clean_report_says_so_in_one_sentence() {
    let clean = DriftReport {
        summary: Summary {
            checked: 3,
            same: 3,
            ..Summary::default()
        },
        ..DriftReport::default()
    };
    insta::assert_snapshot!(drift(&clean, &options()), @r"In sync: all 3 objects are as their state says.");
}

#[test]
fn the_sentence_of_check() {
    let sentence = |summary: Summary| {
        check::check(&DriftReport {
            summary,
            ..DriftReport::default()
        })
    };
    let s = Summary::default();
    let cases = [
        s,
        Summary {
            checked: 1,
            same: 1,
            ..s
        },
        Summary {
            checked: 9,
            same: 8,
            hidden: 1,
            skipped: 2,
            ..s
        },
        Summary {
            checked: 9,
            same: 9,
            unverifiable: 1,
            ..s
        },
        Summary {
            unverifiable: 4,
            ..s
        },
    ]
    .map(sentence)
    .join("\n");
    insta::assert_snapshot!(format!("{cases}\n{}", check::check(&full())), @r"
Nothing to look at: the states hold no objects that a provider manages.
In sync: the one object is as its state says.
In sync: all 9 objects are as their state says (1 differs only in ways that do not matter, 2 skipped).
No drift in the 9 objects that could be looked at; 1 could not be looked at.
None of 4 objects could be looked at.
Drift: 3 of 16 objects differ from the state (2 modified, 1 deleted, 1 critical); 6 could not be looked at (1 differs only in ways that do not matter, 1 skipped).
");
    let broken = DriftReport {
        problems: full().problems,
        ..DriftReport::default()
    };
    assert_eq!(
        check::check(&broken),
        "Nothing could be looked at: 1 problem was met."
    );
}

#[test]
fn cosmetic_drift_needs_no_apply() {
    let mut only = finding(".", "aws_vpc.main", Kind::Modified);
    only.effect = Some(Effect {
        action: EffectAction::None,
        replace_because: vec![],
    });
    only.class = Class::Cosmetic;
    only.sensitive = PathSet::default();
    only.provider = "provider[\"registry.opentofu.org/hashicorp/aws\"]"
        .parse()
        .unwrap();
    only.changes = vec![change(attribute("x"), Some(1.into()), Some(2.into()))];
    let report = DriftReport {
        summary: Summary {
            checked: 1,
            drifted: 1,
            ..Summary::default()
        },
        findings: vec![only],
        ..DriftReport::default()
    };
    let options = TextOptions {
        folders: vec![".".into()],
        ..options()
    };
    insta::assert_snapshot!(drift(&report, &options), @r"
.
  ~ aws_vpc.main  modified, important
      x: 1 → 2
      apply would change nothing

Drift: 1 of 1 object differs from the state (1 modified).

Next
  look closer       driftmgr explain aws_vpc.main .
  update the state  tofu apply -refresh-only
");
}
