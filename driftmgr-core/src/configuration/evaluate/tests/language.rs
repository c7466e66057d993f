//! One module that uses most of the language; `terraform console` 1.11.4 gave the expected values of its locals, as JSON.

use super::Case;

#[test]
fn locals_have_the_values_that_terraform_gives_them() {
    let case = Case::new(&[
        ("main.tf", include_str!("language/main.tf")),
        ("child/main.tf", include_str!("language/child.tf")),
        (
            "terraform.tfvars",
            include_str!("language/terraform.tfvars"),
        ),
    ])
    .env("TF_VAR_from_env", "{a = \"true\"}");
    let mut wrong = Vec::new();
    case.with(|evaluator| {
        for line in include_str!("language/expected.txt").lines() {
            let (name, expected) = line.split_once(" => ").unwrap();
            let local = &evaluator.root.module.locals[name];
            let ours = match evaluator.evaluate(local) {
                Ok((value, _)) => crate::configuration::functions::to_json(&value).unwrap(),
                Err(reasons) => format!("{reasons:?}"),
            };
            if ours != expected {
                wrong.push(format!("{name}\n  {ours}\n  {expected}"));
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
