use super::{AWS, Case, text, texts, with_x};
use crate::configuration::{RootModule, VariableInput, Variables};
use crate::context::Context;
use crate::env::Environment;
use crate::value::Value;

#[test]
fn values_come_from_the_last_place_that_gives_one() {
    let files = |more: &[(&'static str, &'static str)]| {
        let mut all = vec![(
            "main.tf",
            "variable \"v\" {\n  default = \"default\"\n}\nprovider \"aws\" {\n  x = var.v\n}\n",
        )];
        all.extend_from_slice(more);
        Case::new(&all)
    };
    let places = [
        ("terraform.tfvars", "v = \"tfvars\"\n"),
        ("terraform.tfvars.json", "{\"v\": \"json\"}"),
        ("b.auto.tfvars", "v = \"b\"\n"),
        ("c.auto.tfvars.json", "{\"v\": \"${c}\"}"),
        ("given.tfvars", "v = \"file\"\n"),
    ];
    assert!(files(&[]).x() == Ok(text("default")));
    assert!(files(&[]).env("TF_VAR_v", "env").x() == Ok(text("env")));
    for (upto, expected) in [(1, "tfvars"), (2, "json"), (3, "b"), (4, "${c}")] {
        let case = files(&places[..upto]).env("TF_VAR_v", "env");
        assert!(case.x() == Ok(text(expected)), "{expected}");
    }
    let case = files(&places).var("v", "first").var_file("given.tfvars");
    assert!(case.x() == Ok(text("file")));
    let case = files(&places).var_file("given.tfvars").var("v", "last");
    assert!(case.x() == Ok(text("last")));
}

#[test]
fn values_get_the_declared_type() {
    let list = texts(&["1", "true"]);
    let object: Value = [("a", text("x")), ("b", Value::from(2))]
        .into_iter()
        .collect();
    for (declared, given, expected) in [
        ("", "[1]", text("[1]")),
        ("type = string", "[1]", text("[1]")),
        ("type = number", "12", Value::from(12)),
        ("type = bool", "true", Value::Bool(true)),
        ("type = any", "[\"1\", \"true\"]", list.clone()),
        ("type = list(string)", "[1, true]", list),
        (
            "type = set(string)",
            "[\"b\", \"a\", \"b\"]",
            Value::set([text("a"), text("b")]),
        ),
        (
            "type = map(number)",
            "{ a = \"1\" }",
            [("a", 1)].into_iter().collect(),
        ),
        (
            "type = tuple([string, number])",
            "[1, 2]",
            Value::List(vec![text("1"), Value::from(2)]),
        ),
        (
            "type = object({ a = string, b = optional(number, 2) })",
            "{ a = \"x\", other = 1 }",
            object,
        ),
        (
            "type = string\n  default = \"d\"\n  nullable = false",
            "null",
            text("null"),
        ),
    ] {
        let case = with_x("var.v", &format!("variable \"v\" {{\n  {declared}\n}}\n"));
        assert!(
            case.env("TF_VAR_v", given).x() == Ok(expected),
            "{declared}"
        );
    }
    let case = Case::new(&[
        (
            "main.tf",
            "variable \"v\" {\n  default = \"d\"\n  nullable = false\n}\nprovider \"aws\" {\n  x = var.v\n}\n",
        ),
        ("terraform.tfvars", "v = null\n"),
    ]);
    assert!(case.x() == Ok(text("d")));
    let case = with_x("var.v", "variable \"v\" {\n  type = number\n}\n").env("TF_VAR_v", "many");
    assert!(case.x().unwrap_err()[0].contains("has not its type"));
}

#[test]
fn missing_values_matter_only_where_they_are_needed() {
    let case = Case::main(
        "variable \"needed\" {}\nvariable \"idle\" {}\nprovider \"aws\" {\n  x = 1\n  y = \"a-${var.needed}\"\n}\n",
    );
    let provider = case.provider(AWS);
    assert!(provider.body == [("x", 1)].into_iter().collect());
    let [missing] = provider.unresolved.as_slice() else {
        panic!("{:?}", provider.unresolved)
    };
    assert_eq!(missing.argument, "y");
    assert_eq!(missing.expression, "var.needed");
    assert!(
        missing
            .location
            .as_ref()
            .unwrap()
            .to_string()
            .ends_with("main.tf:5:12")
    );
    assert!(
        missing
            .reason
            .contains("no value is given for variable `needed`")
    );
}

#[test]
fn a_source_of_values_that_cannot_be_read_leaves_none_of_them_sure() {
    let case = Case::new(&[
        (
            "main.tf",
            "variable \"v\" {\n  default = 1\n}\nprovider \"aws\" {\n  x = var.v\n}\n",
        ),
        ("terraform.tfvars", "v = \n"),
    ]);
    assert!(case.x().unwrap_err()[0].contains("could not be read"));
    let cx = Context::new(Environment::default());
    let root = RootModule::load(&cx, case.dir.path()).unwrap().value;
    let gathered = Variables::gather(&cx, &root, &[]);
    assert_eq!(gathered.problems[0].context_value("line"), Some("1"));
    let undeclared = VariableInput::Value {
        name: "typo".into(),
        value: "1".into(),
    };
    let case = with_x("1", "");
    let root = RootModule::load(&cx, case.dir.path()).unwrap().value;
    assert_eq!(
        Variables::gather(&cx, &root, &[undeclared]).problems.len(),
        1
    );
}

#[test]
fn locals_are_lazy_and_cycles_end() {
    let rest = "locals {\n  a = local.b\n  b = local.a\n  c = { known = 1, lost = data.x.y.z }\n  bad = tonumber(\"x\")\n}\n";
    assert!(with_x("local.a", rest).x().unwrap_err()[0].contains("refers to itself"));
    assert!(with_x("local.c.known", rest).x() == Ok(Value::from(1)));
    assert!(with_x("try(local.bad, 7)", rest).x() == Ok(Value::from(7)));
    // What is only unknown may be anything, so `try` does not skip it.
    assert!(with_x("try(local.c.lost, 7)", rest).x().is_err());
    assert!(with_x("local.gone", rest).x().unwrap_err()[0].contains("no local value `gone`"));
}
