//! What is declared twice: inline in one object, and by a resource of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use super::fake::*;
use crate::address::ProviderConfigAddress;
use crate::configuration::RootModule;
use crate::context::Context;
use crate::drift::{
    AttributeChange, DriftInput, DriftReport, InstanceRef, Observation, Observed, Reality,
    Sensitivity, Severity, Support, SurveyOptions, survey,
};
use crate::error::{Error, ErrorKind};
use crate::provider::plan_back::Verdict;
use crate::provider::testing::{attribute, block};
use crate::provider::{Attribute, Block, ReaderInfo, ResourceSchema};
use crate::state::{Instance, RawAttributes, Resource};
use crate::value::json;

/// What is really there, where it is not as the state says.
#[derive(Clone)]
enum Really {
    With(Json),
    Gone,
    Denied,
}

/// Types with their schemas, and a world that a state is held against. Apply would change everything that differs.
#[derive(Default, Clone)]
struct World {
    types: BTreeMap<&'static str, Block>,
    objects: Vec<(String, &'static str, Json)>,
    really: BTreeMap<String, Really>,
    configuration: Option<Arc<RootModule>>,
}

impl World {
    fn knows<const N: usize>(mut self, name: &'static str, attributes: [(&str, &str); N]) -> Self {
        let attributes = attributes.map(|(n, ty)| {
            (
                n,
                Attribute {
                    optional: true,
                    ..attribute(ty)
                },
            )
        });
        self.types.insert(name, block(attributes));
        self
    }

    /// An object of the first state, or of another one.
    fn holds(self, address: &str, attributes: Json) -> Self {
        self.holds_in("a", address, attributes)
    }

    fn holds_in(mut self, target: &'static str, address: &str, attributes: Json) -> Self {
        self.objects.push((address.to_owned(), target, attributes));
        self
    }

    fn really(mut self, address: &str, really: Really) -> Self {
        self.really.insert(address.to_owned(), really);
        self
    }

    fn with(self, address: &str, changes: Json) -> Self {
        self.really(address, Really::With(changes))
    }

    fn full(&self, address: &str, attributes: &Json) -> Json {
        let name = address.split('.').next().unwrap();
        let mut full = json::encode_plain(&self.types[name].empty_object());
        for (key, value) in attributes.as_object().unwrap() {
            full[key] = value.clone();
        }
        full
    }

    fn report(self, sensitivity: Sensitivity) -> DriftReport {
        let mut states: BTreeMap<&str, Vec<(Resource, Instance)>> = BTreeMap::new();
        for (address, target, attributes) in &self.objects {
            let object = stored(address, self.full(address, attributes));
            states.entry(target).or_default().push(object);
        }
        let configuration = self.configuration.clone();
        let reality: Arc<dyn Reality> = Arc::new(self);
        let inputs: Vec<DriftInput> = states
            .into_iter()
            .map(|(target, objects)| DriftInput {
                configuration: configuration.clone(),
                ..input(target, state(objects), reality.clone())
            })
            .collect();
        let mut options = SurveyOptions::default();
        options.filter.sensitivity = sensitivity;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let report = runtime.block_on(survey(&context(), &inputs, &options));
        adds_up(&report, &inputs);
        report
    }

    fn changes(self, address: &str) -> Vec<AttributeChange> {
        let report = self.report(Sensitivity::Medium);
        let finding = report
            .findings
            .iter()
            .find(|f| f.address.to_string() == address);
        finding.unwrap().changes.clone()
    }

    /// Every difference of the object is declared elsewhere.
    #[track_caller]
    fn declared(self, address: &str) {
        for change in self.changes(address) {
            let rule = change.noise.map(|n| n.rule);
            assert_eq!(
                rule.as_deref(),
                Some("declared-elsewhere"),
                "{}",
                change.path
            );
        }
    }

    /// None is.
    #[track_caller]
    fn real(self, address: &str) {
        for change in self.changes(address) {
            assert_eq!(change.noise, None, "{}", change.path);
        }
    }
}

#[async_trait]
impl Reality for World {
    fn reader_info(&self, _: &ProviderConfigAddress) -> Option<&ReaderInfo> {
        None
    }

    fn support(&self, _: &ProviderConfigAddress, _: &str) -> Support {
        Support::Attributes
    }

    async fn observe(&self, _: &Context, object: &InstanceRef) -> Observed {
        let address = object.address.to_string();
        let block = &self.types[object.address.resource.resource_type.as_str()];
        let schema = Arc::new(ResourceSchema {
            version: 1,
            block: block.clone(),
            identity: None,
        });
        let RawAttributes::Json(raw) = &object.instance.attributes else {
            panic!("not JSON")
        };
        let json: Json = serde_json::from_str(raw.get()).unwrap();
        let decode = |json: &Json| json::decode_parsed(json, &block.implied_type()).unwrap();
        let prior = decode(&json);
        let (current, verdict) = match self.really.get(&address) {
            None => (prior.clone(), None),
            Some(Really::Gone) => {
                return Observed::Absent {
                    stored: prior,
                    schema,
                    notes: Vec::new(),
                    effect: None,
                };
            }
            Some(Really::Denied) => {
                return Observed::Unreadable(Error::new(ErrorKind::PermissionDenied, "denied"));
            }
            Some(Really::With(changes)) => {
                let mut json = json;
                for (key, value) in changes.as_object().unwrap() {
                    json[key] = value.clone();
                }
                let current = decode(&json);
                let changes = crate::value::diff(&current, &prior, Some(&block.comparison_shape()));
                let verdict = Verdict::Change {
                    changes,
                    requires_replace: Vec::new(),
                };
                (current, Some(Ok(verdict)))
            }
        };
        Observed::Present(Box::new(Observation {
            stored: prior,
            current,
            schema,
            verdict,
            notes: Vec::new(),
            basis: Default::default(),
        }))
    }
}

const GROUP: &str = "aws_security_group.g";
const RULE: &str = "aws_security_group_rule.r";
const TEXTS: &str = r#"["list","string"]"#;

fn inline(port: u16, sources: &[&str]) -> Json {
    json!({
        "from_port": port, "to_port": port, "protocol": "tcp", "description": "", "cidr_blocks": sources,
        "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": [], "self": false,
    })
}

fn rule(port: u16, sources: &[&str]) -> Json {
    json!({
        "security_group_id": "sg-12345678", "type": "ingress", "from_port": port, "to_port": port, "protocol": "tcp",
        "description": null, "cidr_blocks": sources, "self": false,
    })
}

/// A group that was stored with these inline rules, and really has those.
fn group(stored: &[Json], really: &[Json]) -> World {
    let rules = r#"["set",["object",{"from_port":"number","to_port":"number","protocol":"string","description":"string",
        "cidr_blocks":["list","string"],"ipv6_cidr_blocks":["list","string"],"prefix_list_ids":["list","string"],
        "security_groups":["set","string"],"self":"bool"}]]"#;
    let rules: String = rules.split_whitespace().collect();
    World::default()
        .knows(
            "aws_security_group",
            [
                ("id", "string"),
                ("name", "string"),
                ("ingress", &rules),
                ("egress", &rules),
            ],
        )
        .knows(
            "aws_security_group_rule",
            [
                ("security_group_id", "string"),
                ("type", "string"),
                ("from_port", "number"),
                ("to_port", "number"),
                ("protocol", "string"),
                ("description", "string"),
                ("cidr_blocks", TEXTS),
                ("ipv6_cidr_blocks", TEXTS),
                ("prefix_list_ids", TEXTS),
                ("self", "bool"),
                ("source_security_group_id", "string"),
            ],
        )
        .holds(GROUP, json!({"id": "sg-12345678", "ingress": stored}))
        .with(GROUP, json!({"ingress": really}))
}

#[test]
fn a_rule_of_its_own_is_no_drift_of_the_group() {
    let world =
        || group(&[], &[inline(443, &["10.0.0.0/8"])]).holds(RULE, rule(443, &["10.0.0.0/8"]));
    world().declared(GROUP);
    let report = world().report(Sensitivity::Medium);
    let finding = only(&report);
    assert_eq!(finding.severity, Severity::Informational);
    let hidden = finding.hidden.as_ref().unwrap();
    assert_eq!(hidden.rule, "declared-elsewhere");
    assert_eq!(
        hidden.reason,
        "declared by a resource of its own (aws_security_group_rule), which is as its state says"
    );
    assert_eq!((report.summary.same, report.summary.hidden), (1, 1));
    assert!(
        only(&world().report(Sensitivity::High)).hidden.is_none(),
        "it is known, not proven"
    );
}

/// What a rule of its own declares is settled after the attributes are compared, so that nothing is said of it before.
#[test]
fn only_a_critical_change_that_is_left_is_said_to_be_shown_all_the_same() {
    let open = || [inline(22, &["0.0.0.0/0"])];
    let ignoring = || World {
        configuration: Some(configuration(
            "resource \"aws_security_group\" \"g\" {\n  lifecycle {\n    ignore_changes = [ingress]\n  }\n}\n",
        )),
        ..group(&[], &open())
    };
    let said = |world: World| {
        let report = world.report(Sensitivity::Medium);
        let reasons = &only(&report).reasons;
        reasons
            .iter()
            .filter(|r| r.contains("ignore_changes"))
            .count()
    };
    assert_eq!(said(ignoring()), 1);
    assert_eq!(said(ignoring().holds(RULE, rule(22, &["0.0.0.0/0"]))), 0);
}

#[test]
fn a_rule_that_nobody_declares_stays_critical() {
    let open = inline(22, &["0.0.0.0/0"]);
    let world =
        group(&[], &[inline(443, &["10.0.0.0/8"]), open]).holds(RULE, rule(443, &["10.0.0.0/8"]));
    let report = world.report(Sensitivity::Low);
    let finding = only(&report);
    assert_eq!(finding.severity, Severity::Critical);
    assert!(finding.hidden.is_none());
    let shown = finding.changes.iter().filter(|c| c.hidden.is_none());
    assert_eq!(shown.count(), 1);
}

#[test]
fn a_rule_counts_only_as_it_is_declared() {
    let really = || [inline(443, &["10.0.0.0/8"])];
    for other in [
        rule(80, &["10.0.0.0/8"]),
        rule(443, &["10.0.0.0/9"]),
        rule(443, &[]),
        json!({"security_group_id": "sg-87654321", "type": "ingress", "from_port": 443, "to_port": 443, "protocol": "tcp", "cidr_blocks": ["10.0.0.0/8"]}),
        json!({"security_group_id": "sg-12345678", "type": "egress", "from_port": 443, "to_port": 443, "protocol": "tcp", "cidr_blocks": ["10.0.0.0/8"]}),
        json!({"security_group_id": "sg-12345678", "type": "ingress", "from_port": 443, "to_port": 443, "protocol": "udp", "cidr_blocks": ["10.0.0.0/8"]}),
        json!({"security_group_id": "sg-12345678", "type": "ingress", "from_port": 443, "to_port": 443, "protocol": "tcp", "cidr_blocks": ["10.0.0.0/8"], "description": "x"}),
    ] {
        group(&[], &really()).holds(RULE, other).real(GROUP);
    }
    // More networks than the rule names, in the same member.
    group(&[], &[inline(443, &["10.0.0.0/8", "0.0.0.0/0"])])
        .holds(RULE, rule(443, &["10.0.0.0/8"]))
        .real(GROUP);
}

#[test]
fn a_rule_that_is_not_as_its_state_says_explains_nothing() {
    let world =
        || group(&[], &[inline(443, &["10.0.0.0/8"])]).holds(RULE, rule(443, &["10.0.0.0/8"]));
    world().really(RULE, Really::Denied).real(GROUP);
    world().really(RULE, Really::Gone).real(GROUP);
    world()
        .with(RULE, json!({"cidr_blocks": ["10.0.0.0/8", "0.0.0.0/0"]}))
        .real(GROUP);
    // A difference that means nothing does not count.
    world()
        .with(RULE, json!({"protocol": "6", "description": ""}))
        .declared(GROUP);
}

#[test]
fn the_cloud_puts_rules_of_one_port_together() {
    let stored = [inline(443, &["10.0.0.0/8"])];
    let really = [inline(443, &["10.0.0.0/8", "192.168.0.0/16"])];
    let world = || group(&stored, &really);
    world()
        .holds(RULE, rule(443, &["192.168.0.0/16"]))
        .declared(GROUP);
    world()
        .holds(RULE, rule(443, &["172.16.0.0/12"]))
        .changes(GROUP);
    let wrong = world()
        .holds(RULE, rule(443, &["172.16.0.0/12"]))
        .changes(GROUP);
    assert!(wrong.iter().all(|c| c.noise.is_none()));
    // What was inline and is gone is real, whatever else is declared.
    let gone = group(&stored, &[inline(443, &["192.168.0.0/16"])])
        .holds(RULE, rule(443, &["192.168.0.0/16"]))
        .changes(GROUP);
    let real: Vec<bool> = gone
        .iter()
        .map(|c| c.before.is_some() && c.noise.is_none())
        .collect();
    assert_eq!(real.iter().filter(|r| **r).count(), 1);
}

#[test]
fn rules_of_the_newer_kind_and_of_the_group_itself() {
    let mut own = inline(443, &[]);
    own["self"] = json!(true);
    let world = |referenced: &str| {
        group(&[], std::slice::from_ref(&own))
            .knows(
                "aws_vpc_security_group_ingress_rule",
                [
                    ("security_group_id", "string"), ("from_port", "number"), ("to_port", "number"), ("ip_protocol", "string"),
                    ("cidr_ipv4", "string"), ("cidr_ipv6", "string"), ("prefix_list_id", "string"),
                    ("referenced_security_group_id", "string"), ("description", "string"),
                ],
            )
            .holds(
                "aws_vpc_security_group_ingress_rule.r",
                json!({"security_group_id": "sg-12345678", "from_port": 443, "to_port": 443, "ip_protocol": "tcp", "referenced_security_group_id": referenced}),
            )
    };
    world("sg-12345678").declared(GROUP);
    world("sg-87654321").real(GROUP);
}

#[test]
fn an_id_is_known_in_all_states_and_a_name_in_its_own_only() {
    let other =
        group(&[], &[inline(443, &["10.0.0.0/8"])]).holds_in("b", RULE, rule(443, &["10.0.0.0/8"]));
    other.declared(GROUP);
    let role = |target| {
        World::default()
            .knows(
                "aws_iam_role",
                [
                    ("name", "string"),
                    ("managed_policy_arns", r#"["set","string"]"#),
                ],
            )
            .knows(
                "aws_iam_role_policy_attachment",
                [("role", "string"), ("policy_arn", "string")],
            )
            .holds(
                "aws_iam_role.r",
                json!({"name": "app", "managed_policy_arns": []}),
            )
            .with(
                "aws_iam_role.r",
                json!({"managed_policy_arns": ["arn:aws:iam::aws:policy/X"]}),
            )
            .holds_in(
                target,
                "aws_iam_role_policy_attachment.a",
                json!({"role": "app", "policy_arn": "arn:aws:iam::aws:policy/X"}),
            )
    };
    role("a").declared("aws_iam_role.r");
    // In another account there can be a role of the same name.
    role("b").real("aws_iam_role.r");
}

/// One relation: the parent's attribute before and after, and the child that declares it.
struct Pair {
    parent: (&'static str, Vec<(&'static str, &'static str)>, Json),
    attribute: (&'static str, Json, Json),
    child: (&'static str, Vec<(&'static str, &'static str)>, Json),
    /// Another value of the child, which does not explain the difference.
    other: (&'static str, Json),
}

impl Pair {
    fn world(&self, child: &Json) -> World {
        let typed = |attributes: &[(&str, &str)]| -> Block {
            let mut all = block([]);
            for (name, ty) in attributes {
                let attribute = Attribute {
                    optional: true,
                    ..attribute(ty)
                };
                all.attributes.insert((*name).to_owned(), attribute);
            }
            all
        };
        let mut world = World::default();
        world.types.insert(self.parent.0, typed(&self.parent.1));
        world.types.insert(self.child.0, typed(&self.child.1));
        let (name, before, after) = &self.attribute;
        let mut parent = self.parent.2.clone();
        parent[*name] = before.clone();
        let address = self.address();
        world
            .holds(&address, parent)
            .with(&address, json!({*name: after}))
            .holds(&format!("{}.c", self.child.0), child.clone())
    }

    fn address(&self) -> String {
        format!("{}.p", self.parent.0)
    }

    fn check(&self) {
        self.world(&self.child.2).declared(&self.address());
        let mut other = self.child.2.clone();
        other[self.other.0] = self.other.1.clone();
        self.world(&other).real(&self.address());
    }
}

#[test]
fn parts_of_networks() {
    let route = r#"["set",["object",{"cidr_block":"string","gateway_id":"string","nat_gateway_id":"string"}]]"#;
    Pair {
        parent: ("aws_route_table", vec![("id", "string"), ("route", route)], json!({"id": "rtb-12345678"})),
        attribute: ("route", json!([]), json!([{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1", "nat_gateway_id": ""}])),
        child: (
            "aws_route",
            vec![("route_table_id", "string"), ("destination_cidr_block", "string"), ("gateway_id", "string"), ("nat_gateway_id", "string")],
            json!({"route_table_id": "rtb-12345678", "destination_cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"}),
        ),
        other: ("gateway_id", json!("igw-2")),
    }
    .check();
    let entry = r#"["set",["object",{"rule_no":"number","action":"string","protocol":"string","from_port":"number","to_port":"number","cidr_block":"string","ipv6_cidr_block":"string","icmp_type":"number","icmp_code":"number"}]]"#;
    Pair {
        parent: ("aws_network_acl", vec![("id", "string"), ("ingress", entry)], json!({"id": "acl-12345678"})),
        attribute: (
            "ingress",
            json!([]),
            json!([{"rule_no": 100, "action": "allow", "protocol": "-1", "from_port": 0, "to_port": 0, "cidr_block": "10.0.0.0/8", "ipv6_cidr_block": "", "icmp_type": 0, "icmp_code": 0}]),
        ),
        child: (
            "aws_network_acl_rule",
            vec![
                ("network_acl_id", "string"), ("egress", "bool"), ("rule_number", "number"), ("rule_action", "string"),
                ("protocol", "string"), ("cidr_block", "string"), ("from_port", "number"), ("to_port", "number"),
            ],
            json!({"network_acl_id": "acl-12345678", "egress": false, "rule_number": 100, "rule_action": "allow", "protocol": "all", "cidr_block": "10.0.0.0/8"}),
        ),
        other: ("rule_action", json!("deny")),
    }
    .check();
}

#[test]
fn parts_of_identities() {
    let policy = |action: &str| {
        json!({"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}).to_string()
    };
    let listed =
        json!({"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"}]})
            .to_string();
    Pair {
        parent: (
            "aws_iam_role",
            vec![
                ("name", "string"),
                (
                    "inline_policy",
                    r#"["set",["object",{"name":"string","policy":"string"}]]"#,
                ),
            ],
            json!({"name": "app"}),
        ),
        attribute: (
            "inline_policy",
            json!([]),
            json!([{"name": "read", "policy": listed}]),
        ),
        child: (
            "aws_iam_role_policy",
            vec![("role", "string"), ("name", "string"), ("policy", "string")],
            json!({"role": "app", "name": "read", "policy": policy("s3:GetObject")}),
        ),
        other: ("policy", json!(policy("s3:*"))),
    }
    .check();
    Pair {
        parent: (
            "aws_iam_group_membership",
            vec![("group", "string"), ("users", r#"["set","string"]"#)],
            json!({"group": "admins"}),
        ),
        attribute: ("users", json!(["a"]), json!(["a", "b"])),
        child: (
            "aws_iam_user_group_membership",
            vec![("user", "string"), ("groups", r#"["set","string"]"#)],
            json!({"user": "b", "groups": ["admins", "users"]}),
        ),
        other: ("groups", json!(["users"])),
    }
    .check();
    Pair {
        parent: (
            "google_project_iam_binding",
            vec![("project", "string"), ("role", "string"), ("members", r#"["set","string"]"#), ("condition", r#"["list",["object",{"title":"string"}]]"#)],
            json!({"project": "p", "role": "roles/viewer", "condition": []}),
        ),
        attribute: ("members", json!(["user:a@b.c"]), json!(["user:a@b.c", "user:d@b.c"])),
        child: (
            "google_project_iam_member",
            vec![("project", "string"), ("role", "string"), ("member", "string"), ("condition", r#"["list",["object",{"title":"string"}]]"#)],
            json!({"project": "p", "role": "roles/viewer", "member": "user:d@b.c", "condition": []}),
        ),
        other: ("condition", json!([{"title": "at night"}])),
    }
    .check();
}

#[test]
fn parts_of_buckets() {
    let policy = |action: &str| {
        json!({"Statement": {"Effect": "Allow", "Action": action, "Resource": "*", "Principal": "*"}}).to_string()
    };
    Pair {
        parent: (
            "aws_s3_bucket",
            vec![("bucket", "string"), ("policy", "string")],
            json!({"bucket": "b"}),
        ),
        attribute: ("policy", json!(""), json!(policy("s3:getobject"))),
        child: (
            "aws_s3_bucket_policy",
            vec![("bucket", "string"), ("policy", "string")],
            json!({"bucket": "b", "policy": policy("s3:GetObject")}),
        ),
        other: ("policy", json!(policy("s3:*"))),
    }
    .check();
    Pair {
        parent: (
            "aws_s3_bucket",
            vec![("bucket", "string"), ("versioning", r#"["list",["object",{"enabled":"bool","mfa_delete":"bool"}]]"#)],
            json!({"bucket": "b"}),
        ),
        attribute: ("versioning", json!([{"enabled": false, "mfa_delete": false}]), json!([{"enabled": true, "mfa_delete": false}])),
        child: (
            "aws_s3_bucket_versioning",
            vec![("bucket", "string"), ("versioning_configuration", r#"["list",["object",{"status":"string","mfa_delete":"string"}]]"#)],
            json!({"bucket": "b", "versioning_configuration": [{"status": "Enabled", "mfa_delete": ""}]}),
        ),
        other: ("versioning_configuration", json!([{"status": "Suspended", "mfa_delete": ""}])),
    }
    .check();
}

#[test]
fn a_policy_of_its_own_does_not_excuse_that_an_inline_one_changed() {
    let types = World::default()
        .knows(
            "aws_s3_bucket",
            [("bucket", "string"), ("policy", "string")],
        )
        .knows(
            "aws_s3_bucket_policy",
            [("bucket", "string"), ("policy", "string")],
        );
    types
        .holds(
            "aws_s3_bucket.b",
            json!({"bucket": "b", "policy": "{\"a\":1}"}),
        )
        .with("aws_s3_bucket.b", json!({"policy": "{\"a\":2}"}))
        .holds(
            "aws_s3_bucket_policy.p",
            json!({"bucket": "b", "policy": "{\"a\":2}"}),
        )
        .real("aws_s3_bucket.b");
}

#[test]
fn parts_of_groups_of_machines_and_of_azure() {
    Pair {
        parent: (
            "aws_autoscaling_group",
            vec![
                ("name", "string"),
                ("target_group_arns", r#"["set","string"]"#),
            ],
            json!({"name": "g"}),
        ),
        attribute: ("target_group_arns", json!([]), json!(["arn:aws:elb:e:1:t"])),
        child: (
            "aws_autoscaling_attachment",
            vec![
                ("autoscaling_group_name", "string"),
                ("alb_target_group_arn", "string"),
                ("elb", "string"),
            ],
            json!({"autoscaling_group_name": "g", "alb_target_group_arn": "arn:aws:elb:e:1:t"}),
        ),
        other: ("autoscaling_group_name", json!("h")),
    }
    .check();
    let named = vec![
        ("id", "string"),
        ("name", "string"),
        ("resource_group_name", "string"),
    ];
    let and = |more: &[(&'static str, &'static str)]| [named.as_slice(), more].concat();
    let subnet = r#"["set",["object",{"id":"string","name":"string","address_prefix":"string","security_group":"string"}]]"#;
    Pair {
        parent: ("azurerm_virtual_network", and(&[("subnet", subnet)]), json!({"name": "n", "resource_group_name": "g"})),
        attribute: ("subnet", json!([]), json!([{"id": "/subscriptions/s", "name": "a", "address_prefix": "10.0.1.0/24", "security_group": ""}])),
        child: (
            "azurerm_subnet",
            and(&[("virtual_network_name", "string"), ("address_prefixes", TEXTS)]),
            json!({"id": "/subscriptions/S", "name": "a", "resource_group_name": "g", "virtual_network_name": "n", "address_prefixes": ["10.0.1.0/24"]}),
        ),
        other: ("resource_group_name", json!("h")),
    }
    .check();
    let rule = r#"["set",["object",{"name":"string","priority":"number","access":"string","direction":"string","protocol":"string","source_address_prefix":"string","source_address_prefixes":["set","string"],"destination_port_range":"string"}]]"#;
    Pair {
        parent: ("azurerm_network_security_group", and(&[("security_rule", rule)]), json!({"name": "n", "resource_group_name": "g"})),
        attribute: (
            "security_rule",
            json!([]),
            json!([{"name": "ssh", "priority": 100, "access": "Allow", "direction": "Inbound", "protocol": "Tcp", "source_address_prefix": "10.0.0.0/8", "source_address_prefixes": [], "destination_port_range": "22"}]),
        ),
        child: (
            "azurerm_network_security_rule",
            and(&[
                ("network_security_group_name", "string"), ("priority", "number"), ("access", "string"), ("direction", "string"),
                ("protocol", "string"), ("source_address_prefix", "string"), ("destination_port_range", "string"),
            ]),
            json!({"name": "ssh", "resource_group_name": "g", "network_security_group_name": "n", "priority": 100, "access": "Allow", "direction": "Inbound", "protocol": "TCP", "source_address_prefix": "10.0.0.0/8", "destination_port_range": "22"}),
        ),
        other: ("source_address_prefix", json!("*")),
    }
    .check();
}
