use super::{AWS, Case, text};
use crate::configuration::ConfigurationOrigin;
use crate::value::Value;

#[test]
fn a_block_with_nested_and_dynamic_blocks() {
    let case = Case::main(
        r#"
variable "roles" {
  default = ["one", "two"]
}
locals {
  env = terraform.workspace
}
provider "aws" {
  region  = "eu-${local.env}-1"
  alias   = "main"
  version = "~> 5.0"
  max     = 3
  default_tags {
    tags = { env = local.env }
  }
  dynamic "assume_role" {
    for_each = var.roles
    content {
      role_arn = "arn:${assume_role.value}"
      order    = assume_role.key
    }
  }
  dynamic "endpoints" {
    for_each = { s3 = "http://s3" }
    iterator = it
    content {
      name = it.key
      inner {
        url = it.value
      }
    }
  }
  features {}
}
"#,
    )
    .env("TF_WORKSPACE", "blue");
    let provider = case.provider(&format!("{AWS}.main"));
    assert!(provider.unresolved.is_empty(), "{:?}", provider.unresolved);
    assert!(!provider.sensitive);
    let map = |entries: Vec<(&str, Value)>| entries.into_iter().collect::<Value>();
    let expected = map(vec![
        ("region", text("eu-blue-1")),
        ("max", Value::from(3)),
        (
            "default_tags",
            Value::List(vec![map(vec![("tags", map(vec![("env", text("blue"))]))])]),
        ),
        (
            "assume_role",
            Value::List(vec![
                map(vec![
                    ("role_arn", text("arn:one")),
                    ("order", Value::from(0)),
                ]),
                map(vec![
                    ("role_arn", text("arn:two")),
                    ("order", Value::from(1)),
                ]),
            ]),
        ),
        (
            "endpoints",
            Value::List(vec![map(vec![
                ("name", text("s3")),
                (
                    "inner",
                    Value::List(vec![map(vec![("url", text("http://s3"))])]),
                ),
            ])]),
        ),
        ("features", Value::List(vec![map(vec![])])),
    ]);
    assert!(provider.body == expected);
}

#[test]
fn a_provider_without_a_block_is_implicit_and_a_lost_alias_is_missing() {
    let case = Case::main("provider \"aws\" {\n  alias = \"west\"\n}\n");
    let implicit = case.provider(AWS);
    assert_eq!(implicit.origin, ConfigurationOrigin::Implicit);
    assert!(implicit.unresolved.is_empty());
    let missing = case.provider(&format!("{AWS}.east"));
    assert_eq!(missing.origin, ConfigurationOrigin::Missing);
    assert_eq!(missing.unresolved.len(), 1);
    assert!(matches!(
        case.provider(&format!("{AWS}.west")).origin,
        ConfigurationOrigin::Block(_)
    ));
}

#[test]
fn what_a_broken_file_may_hold_is_not_taken_for_absent() {
    let case = Case::new(&[
        ("main.tf", "locals {}\n"),
        ("providers.tf", "provider \"aws\" {"),
    ]);
    assert_eq!(case.provider(AWS).origin, ConfigurationOrigin::Missing);
}

#[test]
fn both_registries_and_old_states_name_the_same_provider() {
    let case = Case::main("provider \"aws\" {\n  x = 1\n}\n");
    for address in [
        "provider[\"registry.opentofu.org/hashicorp/aws\"]",
        "provider[\"registry.terraform.io/-/aws\"]",
        "provider.aws",
    ] {
        assert!(
            case.provider(address).body == [("x", 1)].into_iter().collect(),
            "{address}"
        );
    }
    let other = "provider[\"registry.example.org/hashicorp/aws\"]";
    assert_eq!(case.provider(other).origin, ConfigurationOrigin::Implicit);
}

#[test]
fn a_renamed_provider_is_found_by_its_source() {
    let case = Case::main(
        "terraform {\n  required_providers {\n    cloud = { source = \"acme/thing\" }\n  }\n}\nprovider \"cloud\" {\n  x = 1\n}\n",
    );
    let provider = case.provider("provider[\"registry.terraform.io/acme/thing\"]");
    assert!(provider.body.attribute("x") == Some(&Value::from(1)));
}

#[test]
fn configurations_reach_modules_by_name_or_by_inheritance() {
    let case = Case::new(&[
        (
            "main.tf",
            r#"
provider "aws" {
  which = "default"
}
provider "aws" {
  alias = "west"
  which = "west"
}
module "inherits" {
  source = "./leaf"
}
module "passed" {
  source    = "./leaf"
  providers = { aws = aws.west, aws.peer = aws }
}
module "own" {
  source = "./own"
  region = "mine"
}
"#,
        ),
        (
            "leaf/main.tf",
            "module \"below\" {\n  source = \"../below\"\n}\n",
        ),
        ("below/main.tf", "locals {}\n"),
        (
            "own/main.tf",
            "variable \"region\" {}\nprovider \"aws\" {\n  which = var.region\n}\n",
        ),
    ]);
    for (address, which) in [
        (AWS.to_owned(), "default"),
        (format!("module.inherits.{AWS}"), "default"),
        (format!("module.inherits.module.below.{AWS}"), "default"),
        (format!("module.passed.{AWS}"), "west"),
        (format!("module.passed.{AWS}.peer"), "default"),
        (format!("module.passed.module.below.{AWS}"), "west"),
        (format!("module.own.{AWS}"), "mine"),
    ] {
        let provider = case.provider(&address);
        assert!(
            provider.body.attribute("which") == Some(&text(which)),
            "{address}"
        );
    }
    assert_eq!(
        case.provider(&format!("module.gone.{AWS}")).origin,
        ConfigurationOrigin::Missing
    );
}

#[test]
fn instances_of_a_provider_have_their_each() {
    let case = Case::main(
        r#"
provider "aws" {
  alias    = "by"
  for_each = { eu = "eu-west-1", us = "us-east-1" }
  x        = "${each.key}:${each.value}"
}
"#,
    );
    let provider = case.provider(&format!("{AWS}.by[\"us\"]"));
    assert!(provider.body.attribute("x") == Some(&text("us:us-east-1")));
    assert_eq!(
        case.provider(&format!("{AWS}.by[\"ap\"]")).unresolved.len(),
        1
    );
    let all = case.with(|e| {
        let all = e.root_providers();
        all.iter()
            .map(|p| p.address.to_string())
            .collect::<Vec<_>>()
    });
    assert_eq!(
        all,
        [format!("{AWS}.by[\"eu\"]"), format!("{AWS}.by[\"us\"]")]
    );
}

#[test]
fn the_json_spelling_evaluates_alike() {
    let case = Case::new(&[(
        "main.tf.json",
        r#"{"variable": {"v": {"default": "d\u00e9"}},
 "provider": {"aws": {"x": "<${upper(\"a\")}-${var.v}>", "list": ["${1 + 1}", "plain"],
   "assume_role": {"role_arn": "${var.gone}"}, "n": 1.10,
   "dynamic": {"tags": {"for_each": ["t"], "content": {"k": "${tags.value}"}}}}}}"#,
    )]);
    let provider = case.provider(AWS);
    let body = provider.body.as_map().unwrap();
    assert!(body["x"] == text("<A-d\u{e9}>"));
    assert!(body["list"] == Value::List(vec![Value::from(2), text("plain")]));
    assert!(body["tags"] == Value::List(vec![[("k", text("t"))].into_iter().collect()]));
    assert_eq!(provider.unresolved.len(), 1);
    let place = provider.unresolved[0]
        .location
        .as_ref()
        .unwrap()
        .to_string();
    assert!(place.ends_with("main.tf.json:3:32"), "{place}");
}

#[test]
fn backends_are_evaluated_like_any_body() {
    let case = Case::main(
        "variable \"b\" {\n  default = \"bucket\"\n}\nterraform {\n  backend \"s3\" {\n    bucket = var.b\n    key = var.gone\n  }\n}\n",
    );
    case.with(|evaluator| {
        let backend = evaluator.root.module.backend.as_ref().unwrap();
        let body = evaluator.evaluate_body(&backend.body);
        assert!(body.value["bucket"] == text("bucket"));
        assert_eq!(body.unresolved[0].argument, "key");
    });
}
