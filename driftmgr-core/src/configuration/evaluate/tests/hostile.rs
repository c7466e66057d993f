use proptest::prelude::*;

use super::{AWS, Case, WITH_X, text, with_x};
use crate::configuration::{RootModule, Variables};
use crate::context::Context;
use crate::env::Environment;
use crate::value::{Path, Value};

#[test]
fn long_chains_of_locals_end_without_a_crash() {
    let mut rest = String::from("locals {\n  a0 = 1\n");
    for i in 1..5000 {
        rest.push_str(&format!("  a{i} = [local.a{}]\n", i - 1));
    }
    rest.push_str("}\n");
    assert!(with_x("local.a4999", &rest).x().unwrap_err()[0].contains("too deep"));
    assert!(with_x("length(local.a40)", &rest).x() == Ok(Value::from(1)));
}

#[test]
fn values_that_explode_are_refused() {
    let mut rest =
        String::from("locals {\n  a0 = [\"0123456789abcdef\"]\n  t0 = \"0123456789abcdef\"\n");
    for i in 1..60 {
        let before = i - 1;
        rest.push_str(&format!("  a{i} = [local.a{before}, local.a{before}]\n"));
        rest.push_str(&format!(
            "  t{i} = \"${{local.t{before}}}${{local.t{before}}}\"\n"
        ));
    }
    rest.push_str("}\n");
    for huge in [
        "local.a59",
        "local.t59",
        "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]",
    ] {
        assert_eq!(
            with_x(huge, &rest).x().unwrap_err(),
            ["its value is too large"],
            "{huge}"
        );
    }
    // Deeper with each argument, since what was evaluated before is not evaluated again.
    let mut text = String::from("locals {\n  a0 = 1\n");
    for i in 1..3000 {
        text.push_str(&format!("  a{i} = [local.a{}]\n", i - 1));
    }
    text.push_str("}\nprovider \"aws\" {\n");
    for i in (50..3000).step_by(50) {
        text.push_str(&format!("  x{i} = local.a{i}\n"));
    }
    text.push_str("}\n");
    let provider = Case::main(&text).provider(AWS);
    assert!(provider.body.attribute("x350").is_some());
    assert!(provider.body.attribute("x450").is_none());
}

#[test]
fn yaml_does_not_end_at_a_zero() {
    for text in [r#""a: 1\u0000b: [""#, r#""a: \u001b""#] {
        assert_eq!(
            with_x(&format!("yamldecode({text})"), "").x().unwrap_err(),
            ["`yamldecode`: not YAML: control characters are not allowed"],
            "{text}"
        );
    }
}

#[test]
fn yaml_that_nests_without_end_is_refused() {
    for yaml in [
        "[".repeat(20_000),
        "- ".repeat(20_000),
        "? ".repeat(20_000),
        "{a: ".repeat(20_000),
    ] {
        let case = Case::new(&[
            (
                "main.tf",
                &format!("{WITH_X}yamldecode(file(\"y.yaml\"))\n}}\n"),
            ),
            ("y.yaml", &yaml),
        ]);
        assert_eq!(
            case.x().unwrap_err(),
            ["`yamldecode`: the YAML is nested too deep"]
        );
    }
    let deep: String = (0..5000)
        .map(|i| format!("{}a:\n", " ".repeat(i)))
        .collect();
    let case = Case::new(&[
        (
            "main.tf",
            &format!("{WITH_X}yamldecode(file(\"y.yaml\"))\n}}\n"),
        ),
        ("y.yaml", &deep),
    ]);
    assert!(case.x().is_err());
}

#[test]
fn secrets_stay_secret() {
    const SECRET: &str = "planted-marker-5678";
    let case = Case::new(&[
        (
            "main.tf",
            r#"
variable "token" {
  sensitive = true
}
variable "plain" {
  type = number
}
locals {
  token = "t-${var.token}"
  wrong = { (local.token) = 1 }[upper(local.token)]
  list  = tonumber(local.token)
}
provider "aws" {
  token = local.token
  wrong = local.wrong
  list  = local.list
  file  = file(local.token)
  regex = regex(local.token, "x")
  json  = jsondecode(local.token)
  plain = var.plain
  each  = templatefile("/${local.token}", {})
}
provider "other" {
  x = aws_secret.s.value
}
provider "third" {
  x = 1
}
"#,
        ),
        (
            "terraform.tfvars",
            &format!("token = \"{SECRET}\"\nplain = \"{SECRET}\"\n"),
        ),
    ])
    .state(&[("aws_secret.s", &format!("{{\"value\": \"{SECRET}\"}}"))]);
    let mut case = case;
    let state = case.state.as_mut().unwrap();
    state.resources[0].instances[0].sensitive =
        [Path::attribute_of_root("value")].into_iter().collect();
    let cx = Context::new(case.environment.clone());
    let root = RootModule::load(&cx, case.dir.path()).unwrap();
    let variables = Variables::gather(&cx, &root.value, &case.inputs);
    assert!(root.is_complete() && variables.is_complete());
    let mut shown = format!("{root:?} {variables:?} {:?}", case.inputs);
    let provider = case.provider(AWS);
    assert!(provider.sensitive);
    assert!(provider.body.attribute("token") == Some(&text(&format!("t-{SECRET}"))));
    assert_eq!(provider.unresolved.len(), 7);
    for unresolved in &provider.unresolved {
        shown.push_str(&unresolved.to_string());
    }
    shown.push_str(&format!("{provider:?}"));
    let other = case.provider("provider[\"registry.terraform.io/hashicorp/other\"]");
    assert!(other.sensitive && other.unresolved.is_empty());
    shown.push_str(&format!("{other:?} {:?}", other.body));
    let third = case.provider("provider[\"registry.terraform.io/hashicorp/third\"]");
    assert!(!third.sensitive);
    case.with(|evaluator| shown.push_str(&format!("{evaluator:?}")));
    assert!(!shown.contains(SECRET), "{shown}");

    let cx = Context::new(Environment::default().with_variable("TF_VAR_l", format!("[{SECRET}")));
    let case = with_x("var.l", "variable \"l\" {\n  type = list(string)\n}\n");
    let root = RootModule::load(&cx, case.dir.path()).unwrap().value;
    let problems = Variables::gather(&cx, &root, &[]).problems;
    assert_eq!(problems.len(), 1);
    assert!(!format!("{problems:?}").contains(SECRET));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[ -~\n]{0,80}") {
        let case = with_x(&text, "");
        case.provider(AWS);
    }

    #[test]
    fn any_expression_like_text_is_evaluated_or_refused(
        tokens in proptest::collection::vec(
            prop::sample::select(vec![
                "a", "local.a", "var.v", "1", "\"s\"", "[", "]", "{", "}", "(", ")", ",", "=", "=>", ":", "?",
                "for", "in", "if", "...", "*", ".*", "[*]", ".0", "-", "!", "&&", "==", "%", "/", "\"${", "}\"",
                "upper", "range", "format(\"%d\",", "substr(\"x\",", "cidrsubnet(\"::/0\",", "\"%{if", "null",
                "<<EOT\n", "\nEOT\n", "setproduct", "1e400", "99999999999999999999", " ",
            ]),
            0..24,
        )
    ) {
        let case = with_x(&tokens.concat(), "locals {\n  a = [1, { b = null }]\n}\nvariable \"v\" {}\n");
        case.provider(AWS);
    }

    #[test]
    fn any_json_like_text_is_read_or_refused(
        tokens in proptest::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ":", ",", "\"provider\"", "\"aws\"", "\"x\"", "\"${var.v}\"", "\"${\"", "null",
                "1", "true", "\"resource\"", "\"terraform\"", "\"//\"", "\"dynamic\"",
            ]),
            0..24,
        )
    ) {
        let case = Case::new(&[("main.tf.json", &tokens.concat())]);
        case.provider(AWS);
    }
}
