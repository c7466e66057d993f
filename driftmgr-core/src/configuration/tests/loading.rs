use super::{context, folder, load, load_files};
use crate::address::{InstanceAddress, ModulePath, ProviderSource, ResourceMode};
use crate::configuration::{IgnoreChanges, Repetition, ResourceKey, RootModule};
use crate::env::Environment;
use crate::error::ErrorKind;
use crate::value::Value;
use crate::{Context, configuration};

fn managed(resource_type: &str, name: &str) -> ResourceKey {
    ResourceKey {
        mode: ResourceMode::Managed,
        resource_type: resource_type.into(),
        name: name.into(),
    }
}

const EVERYTHING: &str = r#"
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws   = { source = "hashicorp/aws", version = "~> 5.0", configuration_aliases = [aws.peer] }
    acme  = { source = "registry.acme.example/infra/acme" }
    local = "~> 2.0"
  }
  backend "s3" {
    bucket = "state"
  }
}
provider "aws" {
  region = "eu-west-1"
}
provider "aws" {
  alias  = "west"
  region = "us-west-1"
}
variable "names" {
  type      = list(string)
  default   = ["a"]
  sensitive = true
  nullable  = false
}
locals {
  prefix = "x"
}
output "id" {
  value     = aws_vpc.main.id
  sensitive = true
}
module "net" {
  source    = "acme/net/aws"
  version   = "1.2.3"
  for_each  = toset(["a"])
  providers = { aws = aws.west }
  cidr      = "10.0.0.0/8"
}
resource "aws_vpc" "main" {
  count    = 2
  provider = aws.west
  lifecycle {
    ignore_changes = [tags["env"], cidr_block]
  }
}
data "aws_ami" "all" {
  lifecycle { ignore_changes = all }
}
moved {
  from = a.b
  to   = a.c
}
import {
  to = a.b
  id = "x"
}
removed {
  from = a.d
}
check "health" {
}
"#;

#[test]
fn everything_is_found_with_its_place() {
    let root = load_files(&[("main.tf", EVERYTHING)]);
    let module = &root.module;
    assert_eq!(module.required_version, [">= 1.5"]);
    let aws = &module.required_providers["aws"];
    assert_eq!(aws.version.as_deref(), Some("~> 5.0"));
    assert_eq!(aws.configuration_aliases, ["aws.peer"]);
    assert_eq!(
        module.source_of("acme").to_string(),
        "registry.acme.example/infra/acme"
    );
    assert_eq!(
        module.required_providers["local"].version.as_deref(),
        Some("~> 2.0")
    );
    assert_eq!(module.source_of("local"), ProviderSource::implied("local"));
    let backend = module.backend.as_ref().unwrap();
    assert_eq!(backend.kind, "s3");
    assert_eq!(
        backend.body.attribute("bucket").unwrap().as_literal(),
        Some("state".into())
    );
    assert!(backend.location.to_string().ends_with("main.tf:9:3"));
    let aliases: Vec<_> = module
        .providers
        .iter()
        .map(|p| p.alias.as_deref())
        .collect();
    assert_eq!(aliases, [None, Some("west")]);
    let names = &module.variables["names"];
    assert!(names.sensitive && !names.nullable);
    assert!(names.location.to_string().ends_with("main.tf:20:1"));
    assert!(module.locals.contains_key("prefix"));
    assert!(module.outputs["id"].sensitive);
    let net = &module.module_calls["net"];
    assert_eq!(net.source.as_deref(), Some("acme/net/aws"));
    assert_eq!(net.providers["aws"], "aws.west");
    assert!(matches!(net.repetition, Repetition::ForEach(_)));
    let arguments: Vec<_> = net.arguments.attributes.iter().map(|a| &a.name).collect();
    assert_eq!(arguments, ["cidr"]);
    let vpc = &module.resources[&managed("aws_vpc", "main")];
    assert!(matches!(vpc.repetition, Repetition::Count(_)));
    assert_eq!(
        vpc.ignore_changes,
        IgnoreChanges::Paths(vec!["tags[\"env\"]".into(), "cidr_block".into()])
    );
    assert_eq!(
        module.provider_for_resource(&managed("aws_vpc", "main")),
        ("aws".into(), Some("west".into()))
    );
    let ami = module
        .resources
        .keys()
        .find(|k| k.mode == ResourceMode::Data);
    assert_eq!(
        module.resources[ami.unwrap()].ignore_changes,
        IgnoreChanges::All
    );
    let recorded = [
        &module.moved,
        &module.imports,
        &module.removed,
        &module.checks,
    ];
    assert!(recorded.iter().all(|blocks| blocks.len() == 1));
}

#[test]
fn the_json_spelling_says_the_same() {
    let root = load_files(&[(
        "main.tf.json",
        r#"{
  "//": "a comment",
  "terraform": {"backend": {"s3": {"bucket": "state"}}, "required_providers": {"aws": {"source": "hashicorp/aws"}}},
  "provider": {"aws": [{"region": "eu-west-1"}, {"alias": "west", "region": "${var.region}"}]},
  "variable": {"region": {"type": "string", "default": "x"}},
  "resource": {"aws_vpc": {"main": {"provider": "aws.west",
     "lifecycle": {"ignore_changes": ["tags"]}}}}
}"#,
    )]);
    let module = &root.module;
    assert_eq!(module.backend.as_ref().unwrap().kind, "s3");
    assert_eq!(module.providers.len(), 2);
    let vpc = &module.resources[&managed("aws_vpc", "main")];
    assert_eq!(
        vpc.ignore_changes,
        IgnoreChanges::Paths(vec!["tags".into()])
    );
    assert!(vpc.location.to_string().ends_with("main.tf.json:6:36"));
    assert_eq!(
        module.variables["region"].constraint,
        Some(configuration::TypeConstraint::String)
    );
}

#[test]
fn a_broken_file_is_one_problem_and_the_rest_is_read() {
    let dir = folder(&[
        ("a.tf", "locals {\n  x = \n}\n"),
        ("b.tf", "locals {\n  y = 1\n}\n"),
        ("c.tf.json", "{\n  \"locals\": {,}\n}"),
        ("d.tf", "x = 1\n"),
        ("e.tf", "varyable \"x\" {}\n"),
    ]);
    let loaded = load(dir.path());
    assert!(loaded.value.module.locals.contains_key("y"));
    let places: Vec<_> = loaded
        .problems
        .iter()
        .map(|p| {
            let file = p.context_value("file").unwrap().rsplit('/').next().unwrap();
            let value = |key| p.context_value(key).unwrap().to_owned();
            format!("{file}:{}:{}", value("line"), value("column"))
        })
        .collect();
    assert_eq!(
        places,
        ["a.tf:2:7", "c.tf.json:2:14", "d.tf:1:5", "e.tf:1:1"]
    );
}

#[test]
fn bytes_that_are_not_text_are_named() {
    let dir = folder(&[]);
    std::fs::write(dir.path().join("a.tf"), b"x = \"\xff\"").unwrap();
    let loaded = load(dir.path());
    assert_eq!(loaded.problems[0].context_value("byte"), Some("5"));
}

#[test]
fn a_tofu_file_stands_in_the_place_of_a_tf_file() {
    let root = load_files(&[
        ("main.tf", "locals {\n  which = \"tf\"\n}"),
        ("main.tofu", "\u{feff}locals {\n  which = \"tofu\"\n}"),
        ("other.tf.json", r#"{"locals": {"json": "tf"}}"#),
        ("other.tofu.json", r#"{"locals": {"json": "tofu"}}"#),
        (".hidden.tf", "!"),
        ("backup.tf~", "!"),
        ("#main.tf#", "!"),
        ("notes.txt", "!"),
    ]);
    let local = |name: &str| root.module.locals[name].as_literal();
    assert_eq!(local("which"), Some("tofu".into()));
    assert_eq!(local("json"), Some("tofu".into()));
    assert_eq!(root.module.files, ["main.tofu", "other.tofu.json"]);
}

#[test]
fn override_files_replace_argument_by_argument() {
    let root = load_files(&[
        (
            "main.tf",
            r#"
terraform {
  required_providers {
    aws = "~> 4.0"
    tls = "~> 1.0"
  }
  backend "s3" {}
}
provider "aws" {
  region = "a"
  profile = "p"
  assume_role { role_arn = "one" }
}
provider "aws" {
  alias  = "west"
  region = "w"
}
variable "x" {
  type    = string
  default = "1"
}
locals {
  a = 1
  b = 1
}
"#,
        ),
        (
            "override.tf",
            r#"
terraform {
  required_providers {
    aws = "~> 5.0"
  }
  backend "local" {}
}
provider "aws" {
  region = "b"
  assume_role { role_arn = "two" }
}
variable "x" {
  default = "2"
}
"#,
        ),
        ("z_override.tf", "locals {\n  b = 2\n}\n"),
    ]);
    let module = &root.module;
    assert_eq!(module.backend.as_ref().unwrap().kind, "local");
    assert_eq!(
        module.required_providers["aws"].version.as_deref(),
        Some("~> 5.0")
    );
    assert_eq!(
        module.required_providers["tls"].version.as_deref(),
        Some("~> 1.0")
    );
    let aws = &module.providers[0].body;
    assert_eq!(aws.string("region").as_deref(), Some("b"));
    assert_eq!(aws.string("profile").as_deref(), Some("p"));
    let roles: Vec<_> = aws
        .blocks
        .iter()
        .map(|b| b.body.string("role_arn"))
        .collect();
    assert_eq!(roles, [Some("two".into())]);
    assert_eq!(
        module.providers[1].body.string("region").as_deref(),
        Some("w")
    );
    let x = &module.variables["x"];
    assert_eq!(x.default.as_ref().unwrap().as_literal(), Some("2".into()));
    assert!(x.constraint.is_some());
    assert_eq!(module.locals["b"].as_literal(), Some(Value::from(2)));
    assert_eq!(module.locals["a"].as_literal(), Some(Value::from(1)));
}

#[test]
fn called_modules_are_read_where_they_are() {
    let root = load_files(&[
        (
            "main.tf",
            "module \"near\" {\n  source = \"./near\"\n}\nmodule \"far\" {\n  source = \"acme/far/aws\"\n}\nmodule \"gone\" {\n  source = \"acme/gone/aws\"\n}\n",
        ),
        (
            "near/main.tf",
            "module \"below\" {\n  source = \"../shared\"\n}\n",
        ),
        ("shared/main.tf", "resource \"null_resource\" \"deep\" {}\n"),
        (".terraform/modules/far/main.tf", "locals {\n  x = 1\n}\n"),
        (
            ".terraform/modules/modules.json",
            r#"{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"far","Source":"x","Version":"1.0.0","Dir":".terraform/modules/far"}]}"#,
        ),
    ]);
    let at = |path: &str| root.module_at(&path.parse::<ModulePath>().unwrap());
    let deep = at("module.near[\"x\"].module.below").unwrap();
    assert_eq!(deep.path, "shared");
    let place = &deep.resources[&managed("null_resource", "deep")].location;
    assert!(place.to_string().ends_with("shared/main.tf:1:1"));
    let address = "module.near[0].module.below.null_resource.deep";
    let address: InstanceAddress = address.parse().unwrap();
    assert_eq!(&root.resource(&address.resource).unwrap().location, place);
    assert_eq!(at("module.far").unwrap().path, ".terraform/modules/far");
    assert!(at("module.gone").is_none());
}

#[test]
fn modules_that_contain_themselves_end() {
    let dir = folder(&[("main.tf", "module \"me\" {\n  source = \"./.\"\n}\n")]);
    let loaded = load(dir.path());
    assert_eq!(loaded.problems.len(), 1);
    assert!(loaded.problems[0].message().contains("contains itself"));
    let dir = folder(&[(
        "main.tf",
        "module \"lost\" {\n  source = \"./nowhere\"\n}\n",
    )]);
    assert_eq!(
        load(dir.path()).problems[0].context_value("line"),
        Some("1")
    );
}

#[test]
fn what_is_declared_twice_is_a_problem() {
    let twice = |text: &str| {
        let dir = folder(&[("a.tf", text), ("b.tf", text)]);
        load(dir.path()).problems.len()
    };
    assert_eq!(twice("variable \"x\" {}\n"), 1);
    assert_eq!(twice("provider \"x\" {}\n"), 1);
    assert_eq!(twice("terraform {\n  backend \"s3\" {}\n}\n"), 1);
    assert_eq!(twice("moved {\n  from = a.b\n  to = a.c\n}\n"), 0);
}

#[test]
fn folders_that_are_not_there_and_empty_ones() {
    let dir = folder(&[]);
    assert!(load(dir.path()).is_complete());
    let missing = RootModule::load(&context(), &dir.path().join("x")).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let cx = Context::new(Environment::default().with_current_dir(dir.path()));
    std::fs::write(dir.path().join("a.tf"), "locals {\n  a = 1\n}\n").unwrap();
    let here = RootModule::load(&cx, std::path::Path::new("."))
        .unwrap()
        .value;
    assert_eq!(here.module.locals["a"].location().to_string(), "a.tf:2:7");
}

#[test]
fn deep_nesting_is_refused_with_its_place() {
    for (open, close) in [
        ("[", "]"),
        ("{a=", "}"),
        ("(", ")"),
        ("\"${", "}\""),
        ("!", ""),
        ("-", ""),
    ] {
        let text = format!(
            "locals {{\n  x = {}1{}\n}}\n",
            open.repeat(5000),
            close.repeat(5000)
        );
        let dir = folder(&[("a.tf", &text)]);
        let loaded = load(dir.path());
        assert_eq!(
            loaded.problems[0].context_value("line"),
            Some("2"),
            "{open}"
        );
    }
    for text in [
        format!("locals {{\n  x = {}\n}}\n", vec!["1"; 5000].join("+")),
        format!("locals {{\n  x = {} 1\n}}\n", "true ? 1 : ".repeat(5000)),
        "a {\n".repeat(5000),
    ] {
        let dir = folder(&[("a.tf", &text)]);
        assert!(!load(dir.path()).is_complete());
    }
    let dir = folder(&[(
        "a.tf.json",
        &format!("{{\"locals\": {}", "[".repeat(100_000)),
    )]);
    assert!(!load(dir.path()).is_complete());
    // Nesting that is allowed is read without trying every way to read it.
    let open_close = [
        ("[", "]"),
        ("{a=", "}"),
        ("(", ")"),
        ("\"${", "}\""),
        ("[for x in ", " : x]"),
        ("f(", ")"),
        ("!", ""),
    ];
    for (open, close) in open_close {
        let text = format!(
            "locals {{\n  x = {}1{}\n}}\n",
            open.repeat(50),
            close.repeat(50)
        );
        let dir = folder(&[("a.tf", &text)]);
        assert!(load(dir.path()).is_complete(), "{open}");
    }
    // Long is not deep.
    let dir = folder(&[(
        "a.tf",
        &format!("locals {{\n  x = a{}\n}}\n", ".b".repeat(5000)),
    )]);
    assert!(load(dir.path()).is_complete());
}
