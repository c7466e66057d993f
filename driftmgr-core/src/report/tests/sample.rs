//! A report that holds everything once, for the tests of all formats.

use crate::address::ProviderConfigAddress;
use crate::drift::{
    AttributeChange, Category, Class, DriftReport, Effect, EffectAction, Finding, Hidden, Kind,
    NotLookedAt, NotLookedAtKind, Severity, Summary, SurveyedProvider,
};
use crate::error::{Error, ErrorKind};
use crate::value::{Path, Step, Value};

pub(crate) const SECRET: &str = "planted-secret";

pub(crate) fn provider() -> ProviderConfigAddress {
    "provider[\"registry.terraform.io/hashicorp/aws\"]"
        .parse()
        .unwrap()
}

pub(crate) fn finding(target: &str, address: &str, kind: Kind) -> Finding {
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

pub(crate) fn change(path: Path, before: Option<Value>, after: Option<Value>) -> AttributeChange {
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

pub(crate) fn attribute(name: &str) -> Path {
    Path::attribute_of_root(name)
}

/// Everything a report can hold, once.
pub(crate) fn full() -> DriftReport {
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
        groups: vec![],
        rules: vec![],
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
    }
}
