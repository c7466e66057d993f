use super::{Case, WITH_X, text, texts, with_x};
use crate::value::Value;

#[test]
fn resources_answer_from_the_state() {
    let state = [
        (
            "aws_eks_cluster.one",
            r#"{"endpoint": "https://k8s", "port": 30000000000000000000000000001}"#,
        ),
        ("aws_instance.counted[0]", r#"{"id": "i-0"}"#),
        ("aws_instance.counted[1]", r#"{"id": "i-1"}"#),
        ("aws_instance.keyed[\"a\"]", r#"{"id": "i-a"}"#),
        ("data.aws_region.current", r#"{"name": "eu-west-1"}"#),
        ("aws_instance.gap[1]", r#"{"id": "i-1"}"#),
    ];
    let resolved = [
        ("aws_eks_cluster.one.endpoint", text("https://k8s")),
        ("resource.aws_eks_cluster.one.endpoint", text("https://k8s")),
        (
            "aws_eks_cluster.one.port",
            Value::Number("30000000000000000000000000001".parse().unwrap()),
        ),
        ("aws_instance.counted[1].id", text("i-1")),
        ("aws_instance.counted[*].id", texts(&["i-0", "i-1"])),
        ("aws_instance.counted.*.id", texts(&["i-0", "i-1"])),
        (
            "[for i in aws_instance.counted : upper(i.id)]",
            texts(&["I-0", "I-1"]),
        ),
        ("aws_instance.keyed[\"a\"].id", text("i-a")),
        ("data.aws_region.current.name", text("eu-west-1")),
        ("length(aws_instance.counted)", Value::from(2)),
        ("try(aws_eks_cluster.one.gone, \"none\")", text("none")),
        ("true ? \"x\" : aws_vpc.gone.id", text("x")),
        ("false && aws_vpc.gone.enabled", Value::Bool(false)),
        ("aws_vpc.gone.enabled || true", Value::Bool(true)),
    ];
    for (expression, expected) in resolved {
        assert!(
            with_x(expression, "").state(&state).x() == Ok(expected),
            "{expression}"
        );
    }
    for (expression, reason) in [
        ("aws_vpc.gone.id", "aws_vpc.gone: it is not in the state"),
        (
            "upper(aws_vpc.gone.id)",
            "aws_vpc.gone: it is not in the state",
        ),
        (
            "try(aws_vpc.gone.id, \"guess\")",
            "aws_vpc.gone: it is not in the state",
        ),
        (
            "aws_instance.gap[1].id",
            "aws_instance.gap: some of its instances are not in the state",
        ),
        ("aws_eks_cluster.one.gone", "there is no `gone`"),
        ("timestamp()", "`timestamp` gives another value each time"),
        (
            "provider::aws::x(1)",
            "`provider::aws::x` is a function of a provider",
        ),
        ("nosuch(1)", "`nosuch`: there is no such function"),
        ("each.key", "there is no `for_each` around it"),
        ("self.id", "it does not name anything here"),
    ] {
        let reasons = with_x(expression, "").state(&state).x().unwrap_err();
        assert_eq!(reasons, [reason], "{expression}");
    }
    let reasons = with_x("aws_vpc.gone.id", "").x().unwrap_err();
    assert_eq!(reasons, ["there is no state to look it up in"]);
}

#[test]
fn module_outputs_are_evaluated_in_their_module() {
    let case = |expression: &str| {
        Case::new(&[
            (
                "main.tf",
                &format!(
                    r#"
{WITH_X}{expression}
}}
module "one" {{
  source = "./net"
  name   = "single"
}}
module "each" {{
  source   = "./net"
  for_each = {{ a = "alpha", b = "beta" }}
  name     = "${{each.key}}-${{each.value}}"
}}
module "count" {{
  source = "./net"
  count  = 2
  name   = "n${{count.index}}"
}}
module "far" {{
  source = "acme/net/aws"
}}
"#
                ),
            ),
            (
                "net/main.tf",
                "variable \"name\" {}\noutput \"name\" {\n  value = upper(var.name)\n}\noutput \"id\" {\n  value = aws_vpc.this.id\n}\noutput \"path\" {\n  value = path.module\n}\n",
            ),
        ])
        .state(&[
            ("module.one.aws_vpc.this", r#"{"id": "vpc-1"}"#),
            ("module.each[\"a\"].aws_vpc.this", r#"{"id": "vpc-a"}"#),
        ])
    };
    for (expression, expected) in [
        ("module.one.id", text("vpc-1")),
        ("module.one.name", text("SINGLE")),
        ("module.one.path", text("net")),
        ("path.module", text(".")),
        ("module.each[\"b\"].name", text("B-BETA")),
        ("module.each[\"a\"].id", text("vpc-a")),
        ("module.count[1].name", text("N1")),
        ("module.count[*].name", texts(&["N0", "N1"])),
        (
            "[for k, m in module.each : m.name]",
            texts(&["A-ALPHA", "B-BETA"]),
        ),
    ] {
        assert!(case(expression).x() == Ok(expected), "{expression}");
    }
    assert!(case("module.each[\"b\"].id").x().unwrap_err()[0].contains("not in the state"));
    assert!(case("module.far.id").x().unwrap_err()[0].contains("not installed"));
    assert!(case("module.one.gone").x().unwrap_err()[0].contains("no output `gone`"));
}

#[test]
fn templates_see_their_own_variables_alone() {
    let case = |expression: &str| {
        Case::new(&[
            (
                "main.tf",
                &format!("{WITH_X}{expression}\n}}\nlocals {{\n  t = \"<$${{v}}>\"\n}}\n"),
            ),
            (
                "t.tpl",
                "%{ for n in names ~}\n${n},\n%{ endfor ~}\nend ${upper(last)}",
            ),
            ("outside.tpl", "${path.module}"),
            (
                "lines.tpl",
                "x %{ if true ~}\n\n  a\n  %{~ endif }\nb\n\n${~ 1 }",
            ),
            ("again.tpl", "${templatefile(\"t.tpl\", {})}"),
        ])
    };
    let rendered =
        case("templatefile(\"${path.module}/t.tpl\", { names = [\"a\", \"b\"], last = \"x\" })");
    assert!(rendered.x() == Ok(text("a,\nb,\nend X")));
    assert!(case("templatefile(\"lines.tpl\", {})").x() == Ok(text("x \n  a\n\nb\n1")));
    assert!(case("templatestring(local.t, { v = 1 })").x() == Ok(text("<1>")));
    for refused in ["outside.tpl", "again.tpl", "gone.tpl"] {
        assert!(
            case(&format!("templatefile(\"{refused}\", {{}})"))
                .x()
                .is_err(),
            "{refused}"
        );
    }
}

#[test]
fn what_would_read_differently_is_not_guessed() {
    for body in ["%{ if true }a%{ endif }", "${~ 1 }"] {
        let heredoc = format!("<<-EOT\n    {body}\n    b\n  EOT\n");
        let reasons = with_x(&heredoc, "").x().unwrap_err();
        assert!(reasons[0].contains("indented heredoc"), "{reasons:?}");
    }
}
