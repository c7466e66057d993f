//! The severity rules for AWS beside the schema of the real provider: a rule about an attribute that there is not says nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::tools::{Program, Terraform};

const RULES: &str = include_str!("../../src/drift/severity/rules/aws.json");

/// Types and attributes that came after the version of the provider that is installed, or went before it, each with its reason.
const ELSEWHERE: &[(&str, &str)] = &[
    ("aws_inspector2_enabler", "provider 4: Inspector v2"),
    (
        "aws_kms_key_policy",
        "provider 4: the key's policy as a resource of its own",
    ),
    ("aws_lambda_function_url", "provider 4: function URLs"),
    (
        "aws_opensearch_domain",
        "provider 4: the successor of Elasticsearch",
    ),
    (
        "aws_opensearch_domain_policy",
        "provider 4: the successor of Elasticsearch",
    ),
    ("aws_s3_bucket_acl", "provider 4 took the bucket apart"),
    (
        "aws_s3_bucket_server_side_encryption_configuration",
        "provider 4 took the bucket apart",
    ),
    (
        "aws_s3_bucket_versioning",
        "provider 4 took the bucket apart",
    ),
    (
        "aws_vpc_security_group_egress_rule",
        "provider 4: one rule, one resource",
    ),
    (
        "aws_vpc_security_group_ingress_rule",
        "provider 4: one rule, one resource",
    ),
    ("cidr_ipv4", "of aws_vpc_security_group_ingress_rule"),
    ("cidr_ipv6", "of aws_vpc_security_group_ingress_rule"),
    (
        "shared_accounts",
        "provider 4: whom a snapshot is shared with",
    ),
    (
        "versioning_configuration.mfa_delete",
        "of aws_s3_bucket_versioning",
    ),
    (
        "versioning_configuration.status",
        "of aws_s3_bucket_versioning",
    ),
];

fn schemas() -> BTreeMap<String, BTreeSet<String>> {
    let module =
        "terraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\" }\n  }\n}\n";
    let lab = Terraform::new(Program::Terraform).with("main.tf", module);
    lab.init();
    let text = lab.ok(&["providers", "schema", "-json"]);
    let mut all: Value = serde_json::from_str(&text).unwrap();
    let providers = all["provider_schemas"].as_object_mut().unwrap();
    let provider = providers.values().next().unwrap();
    let types = provider["resource_schemas"].as_object().unwrap();
    let paths = |schema: &Value| {
        let mut found = BTreeSet::new();
        collect(&schema["block"], "", &mut found);
        found
    };
    types
        .iter()
        .map(|(name, schema)| (name.clone(), paths(schema)))
        .collect()
}

/// Every attribute and block with its full name.
fn collect(block: &Value, at: &str, found: &mut BTreeSet<String>) {
    for (name, attribute) in block["attributes"].as_object().into_iter().flatten() {
        found.insert(format!("{at}{name}"));
        of_type(&attribute["type"], &format!("{at}{name}"), found);
    }
    for (name, nested) in block["block_types"].as_object().into_iter().flatten() {
        found.insert(format!("{at}{name}"));
        collect(&nested["block"], &format!("{at}{name}."), found);
    }
}

/// Attributes of objects that stand in a type, such as `["list", ["object", {…}]]`.
fn of_type(ty: &Value, at: &str, found: &mut BTreeSet<String>) {
    match (ty[0].as_str(), &ty[1]) {
        (Some("object"), attributes) => {
            for (name, ty) in attributes.as_object().into_iter().flatten() {
                found.insert(format!("{at}.{name}"));
                of_type(ty, &format!("{at}.{name}"), found);
            }
        }
        (Some(_), of) => of_type(of, at, found),
        (None, _) => {}
    }
}

/// The types that a pattern fits, with their attributes.
fn matching<'a>(
    schemas: &'a BTreeMap<String, BTreeSet<String>>,
    pattern: &str,
) -> Vec<&'a BTreeSet<String>> {
    if !pattern.contains('*') {
        return schemas.get(pattern).into_iter().collect();
    }
    let expression = format!("^{}$", regex::escape(pattern).replace("\\*", ".*"));
    let expression = regex::Regex::new(&expression).unwrap();
    let fitting = schemas.iter().filter(|(name, _)| expression.is_match(name));
    fitting.map(|(_, attributes)| attributes).collect()
}

#[test]
fn every_rule_for_aws_is_about_an_attribute_of_the_real_provider() {
    let schemas = schemas();
    assert!(schemas.len() > 500, "{}", schemas.len());
    let rules: Vec<Value> = serde_json::from_str(RULES).unwrap();
    let mut elsewhere = BTreeSet::new();
    let mut wrong = Vec::new();
    let mut excuse = |name: &str| {
        let listed = ELSEWHERE.iter().any(|(listed, _)| *listed == name);
        if listed {
            elsewhere.insert(name.to_owned());
        }
        listed
    };
    let mut paths = 0;
    for rule in &rules {
        let alternatives = |field: &str| {
            rule[field]
                .as_str()
                .into_iter()
                .flat_map(|text| text.split('|'))
        };
        let mut matched: Vec<&BTreeSet<String>> = Vec::new();
        for pattern in alternatives("type") {
            let of_pattern = matching(&schemas, pattern);
            if of_pattern.is_empty() && !excuse(pattern) {
                wrong.push(format!("there is no type {pattern}"));
            }
            matched.extend(of_pattern);
        }
        for path in alternatives("path").filter(|path| !path.contains('*')) {
            paths += 1;
            let there = matched.iter().any(|attributes| attributes.contains(path));
            // A rule for newer types alone cannot be held against this version.
            if !there && !matched.is_empty() && !excuse(path) {
                wrong.push(format!("{} has no {path}", rule["type"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(paths > 400, "{paths}");
    let idle: Vec<&str> = ELSEWHERE
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !elsewhere.contains(*name))
        .collect();
    assert!(idle.is_empty(), "excused for nothing: {idle:?}");
}
